/* The calls of s7rig/push.h against the fake PLC. */
#include "client/plc_thread.h"
#include "client/test_names.h"

#include <s7rig/pool.h>
#include <s7rig/push.h>

static s7_client *client;
static s7_push push;

static s7_client *client_with(bool auto_reconnect)
{
    s7_client_options options;
    s7_client *made = NULL;

    s7_client_options_init(&options);
    options.request_ms = PATIENCE_MS;
    options.allow_control = true;
    options.auto_reconnect = auto_reconnect;
    assert_int_equal(s7_client_new(server.endpoint, &options, &made, NULL), S7_OK);
    assert_int_equal(s7_client_connect(made, S7_WITHIN(PATIENCE_MS)), S7_OK);
    return made;
}

static void begin_with(bool auto_reconnect, unsigned amq, enum act act, unsigned act_frame)
{
    server_start(240, amq, act, act_frame);
    client = client_with(auto_reconnect);
    push = (s7_push){.struct_size = sizeof push};
}

static void begin(void)
{
    begin_with(false, 1, ANSWER, 0);
}

static void end(void)
{
    s7_client_free(client);
    server_stop();
}

static s7_status subscribe(s7_subscribe_kind kind, const char *const *texts, uint32_t *id)
{
    s7_subscribe_options options;
    s7_address addresses[8];
    size_t n = 0;

    s7_subscribe_options_init(&options);
    options.kind = kind;
    for (; texts[n] != NULL; n++)
        assert_int_equal(s7_address_parse(texts[n], &addresses[n], NULL), S7_OK);
    return s7_subscribe(client, NULL, &options, addresses, n, id);
}

#define TWO_TAGS ((const char *const[]){"DB1.DBD100:REAL", "DB1.DBW108:INT", NULL})

/* Two tags, 1.5 and -3, whose first values are taken. */
static uint32_t subscribed(void)
{
    uint32_t id = 0;

    assert_int_equal(s7_write_f32(client, NULL, S7_AREA_DB, 1, 100, 1.5F), S7_OK);
    assert_int_equal(s7_write_i16(client, NULL, S7_AREA_DB, 1, 108, -3), S7_OK);
    assert_int_equal(subscribe(S7_SUBSCRIBE_CHANGE, TWO_TAGS, &id), S7_OK);
    assert_int_equal(s7_push_next(client, NULL, &push), S7_OK);
    assert_int_equal(push.subscription, id);
    return id;
}

/* What is there, without waiting. */
static s7_status now(void)
{
    return s7_push_next(client, &(s7_ctx){.struct_size = sizeof(s7_ctx), .deadline_ns = 1}, &push);
}

static void expect_texts(const char *speed, bool speed_changed, const char *count, bool count_changed)
{
    char text[40];

    assert_int_equal(push.kind, S7_PUSH_VALUES);
    assert_int_equal(push.n_items, 2);
    assert_int_equal(s7_push_text(&push, 0, text, sizeof text), S7_OK);
    assert_string_equal(text, speed);
    assert_int_equal(s7_push_text(&push, 1, text, sizeof text), S7_OK);
    assert_string_equal(text, count);
    assert_int_equal(push.changed[0], speed_changed);
    assert_int_equal(push.changed[1], count_changed);
}

/* ---- subscriptions ---- */

static void s7_142_the_values_of_now_come_first_then_what_changed(void **state)
{
    double speed;
    int64_t count;

    (void)state;
    begin();
    subscribed();
    expect_texts("1.5", true, "-3", true);
    assert_true(push.at_ns > 0);
    assert_int_equal(s7_write_i16(client, NULL, S7_AREA_DB, 1, 108, 7), S7_OK);
    server_cycle();
    assert_int_equal(s7_push_next(client, NULL, &push), S7_OK);
    expect_texts("1.5", false, "7", true);
    assert_int_equal(s7_write_f32(client, NULL, S7_AREA_DB, 1, 100, 2.5F), S7_OK);
    server_cycle();
    assert_int_equal(s7_push_next(client, NULL, &push), S7_OK);
    expect_texts("2.5", true, "7", false);
    assert_int_equal(s7_push_real(&push, 0, 0, &speed), S7_OK);
    assert_true(speed == 2.5);
    assert_int_equal(s7_push_int(&push, 1, 0, &count), S7_OK);
    assert_int_equal(count, 7);
    assert_int_equal(s7_push_int(&push, 2, 0, &count), S7_E_ARG);
    assert_int_equal(s7_push_int(&push, 1, 1, &count), S7_E_ARG);
    assert_int_equal(s7_push_int(&push, 0, 0, &count), S7_E_CONVERT);
    end();
}

static void s7_180_silence_is_no_error(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = 30, .err = &err};
    uint8_t value;

    (void)state;
    begin();
    subscribed();
    for (unsigned i = 0; i < 3; i++) {
        server_cycle();
        assert_int_equal(s7_push_next(client, &ctx, &push), S7_E_TIMEOUT);
        expect_text(err.asked, "wait for what is told by 127.0.0.1:");
        expect_text(err.hint, "nothing, if nothing changed");
    }
    assert_true(s7_client_is_connected(client));
    assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_OK);
    assert_int_equal(info_of(client).late_answers, 0);
    end();
}

static void time_driven_subscriptions_tell_every_cycle(void **state)
{
    uint32_t id;

    (void)state;
    begin();
    assert_int_equal(subscribe(S7_SUBSCRIBE_TIME, (const char *const[]){"MW100", "M10.3", NULL}, &id), S7_OK);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(s7_push_next(client, NULL, &push), S7_OK);
        assert_int_equal(push.subscription, id);
        assert_int_equal(push.n_items, 2);
        assert_int_equal(push.items[0].status, S7_OK);
        assert_int_equal(push.changed[0], i == 0);
        server_cycle();
    }
    assert_int_equal(s7_subscription_modify(client, NULL, id, 0, &push.items[0].address, 1),
                     S7_E_UNSUPPORTED);
    assert_int_equal(s7_unsubscribe(client, NULL, id), S7_OK);
    assert_int_equal(now(), S7_E_MISUSE);
    end();
}

static void s7_178_a_subscription_is_given_another_list(void **state)
{
    s7_address address;
    char text[40];

    (void)state;
    begin();
    uint32_t id = subscribed();
    assert_int_equal(s7_address_parse("DB1.DBB7", &address, NULL), S7_OK);
    assert_int_equal(s7_subscription_modify(client, NULL, id, 2000, &address, 1), S7_OK);
    assert_int_equal(s7_push_next(client, NULL, &push), S7_OK);
    assert_int_equal(push.subscription, id);
    assert_int_equal(push.n_items, 1);
    assert_int_equal(s7_write_u8(client, NULL, S7_AREA_DB, 1, 7, 99), S7_OK);
    server_cycle();
    assert_int_equal(s7_push_next(client, NULL, &push), S7_OK);
    assert_int_equal(s7_push_text(&push, 0, text, sizeof text), S7_OK);
    assert_string_equal(text, "99");
    assert_int_equal(s7_subscription_modify(client, NULL, id, 150, &address, 1), S7_E_ARG);
    assert_int_equal(s7_subscription_modify(client, NULL, id + 1, 0, &address, 1), S7_E_ARG);
    end();
    assert_int_equal(server.plc.push.jobs[0].cycle.factor, 2);
}

static void s7_143_an_ended_subscription_tells_nothing_and_cannot_be_ended_twice(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    uint32_t second;

    (void)state;
    begin();
    uint32_t id = subscribed();
    assert_int_equal(subscribe(S7_SUBSCRIBE_CHANGE, TWO_TAGS, &second), S7_OK);
    assert_int_not_equal(second, id);
    assert_int_equal(s7_push_next(client, NULL, &push), S7_OK);
    assert_int_equal(s7_write_i16(client, NULL, S7_AREA_DB, 1, 108, 8), S7_OK);
    server_cycle(); /* both */
    assert_int_equal(s7_unsubscribe(client, &ctx, id), S7_OK);
    assert_int_equal(s7_unsubscribe(client, &ctx, id), S7_E_ARG);
    expect_text(err.asked, "end subscription");
    expect_text(err.came, "there is no such subscription");
    assert_int_equal(s7_push_next(client, NULL, &push), S7_OK);
    assert_int_equal(push.subscription, second);
    assert_int_equal(now(), S7_E_TIMEOUT);
    end();
}

static void s7_182_the_client_tells_its_subscriptions_apart_however_jobs_are_numbered(void **state)
{
    uint32_t ids[4];
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    s7_address address = {.area = S7_AREA_DB, .db = 1, .type = S7_TYPE_BYTE, .count = 1};

    (void)state;
    begin();
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(subscribe(S7_SUBSCRIBE_CHANGE, TWO_TAGS, &ids[i]), S7_OK);
        assert_int_equal(s7_push_next(client, NULL, &push), S7_OK);
        assert_int_equal(push.subscription, ids[i]);
    }
    assert_int_equal(s7_subscribe(client, &ctx, NULL, &address, 1, &ids[3]), S7_E_PLC);
    assert_int_equal(err.plc_error, 0xD805);
    assert_int_equal(s7_unsubscribe(client, NULL, ids[1]), S7_OK);
    assert_int_equal(s7_subscribe(client, &ctx, NULL, &address, 1, &ids[3]), S7_OK);
    assert_int_not_equal(ids[3], ids[1]); /* though it is the PLC's job 2 again */
    assert_int_equal(s7_push_next(client, NULL, &push), S7_OK);
    assert_int_equal(push.subscription, ids[3]);
    assert_int_equal(push.n_items, 1);
    end();
}

static void items_that_do_not_exist_say_so_and_the_others_are_told(void **state)
{
    uint32_t id;
    char text[40];

    (void)state;
    begin();
    assert_int_equal(subscribe(S7_SUBSCRIBE_CHANGE, (const char *const[]){"DB7.DBW0", "DB1.DBW0", NULL}, &id),
                     S7_OK);
    assert_int_equal(s7_push_next(client, NULL, &push), S7_OK);
    assert_int_equal(push.items[0].status, S7_E_ITEM_MISSING);
    assert_int_equal(s7_push_text(&push, 0, text, sizeof text), S7_E_ITEM_MISSING);
    assert_int_equal(push.items[1].status, S7_OK);
    end();
}

static void s7_103_a_plc_without_the_service_says_so(void **state)
{
    static const struct bytes nothing;
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    s7_address address = {.area = S7_AREA_M, .type = S7_TYPE_BYTE, .count = 1};
    uint32_t id;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    server.plc.push.absent = true;
    server_tell(&nothing);
    client = client_with(false);
    assert_int_equal(s7_subscribe(client, &ctx, NULL, &address, 1, &id), S7_E_PLC);
    assert_int_equal(err.plc_error, 0x8104);
    expect_text(err.asked, "subscribe to 1 items of 127.0.0.1:");
    assert_int_equal(s7_events_enable(client, &ctx, S7_EVENTS_MODE), S7_E_PLC);
    assert_int_equal(now(), S7_E_MISUSE);
    end();
}

/* ---- beside other calls ---- */

static void what_comes_during_other_calls_is_kept_in_its_order(void **state)
{
    uint8_t value;
    char text[40], want[40];

    (void)state;
    begin();
    subscribed();
    for (int16_t i = 0; i < 20; i++) {
        assert_int_equal(s7_write_i16(client, NULL, S7_AREA_DB, 1, 108, i), S7_OK);
        server_cycle();
        assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, (uint32_t)i, &value), S7_OK);
        assert_int_equal(value, db_byte((size_t)i));
    }
    for (int i = 0; i < 20; i++) {
        assert_int_equal(s7_push_next(client, NULL, &push), S7_OK);
        assert_int_equal(s7_push_text(&push, 1, text, sizeof text), S7_OK);
        snprintf(want, sizeof want, "%d", i);
        assert_string_equal(text, want);
    }
    assert_int_equal(now(), S7_E_TIMEOUT);
    end();
}

static void s7_146_pushes_that_nobody_asked_for_are_ignored(void **state)
{
    struct bytes frames =
        hex("03 00 00 19 02 f0 80 32 07 00 00 00 00 00 08 00 00 01 00 10 10 00 00 00 00 "
            "03 00 00 25 02 f0 80 32 07 00 00 00 00 00 0c 00 08 00 01 12 08 12 02 05 09 00 00 00 00 "
            "ff 09 00 04 00 01 fe 00");
    uint8_t value;

    (void)state;
    begin();
    frames.at[28] = (uint8_t)(frames.len - 25);
    server_tell(&frames);
    assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_OK);
    assert_int_equal(now(), S7_E_MISUSE);
    subscribed();
    server_tell(&frames);
    assert_int_equal(now(), S7_E_TIMEOUT);
    end();
}

static void a_late_answer_is_not_mistaken_for_a_push_and_an_overdue_one_ends_the_connection(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = PATIENCE_MS, .err = &err};
    s7_client_options options;
    uint8_t value;

    (void)state;
    server_start(240, 2, SILENT, 5);
    s7_client_options_init(&options);
    options.request_ms = 50;
    assert_int_equal(s7_client_new(server.endpoint, &options, &client, NULL), S7_OK);
    assert_int_equal(s7_client_connect(client, S7_WITHIN(PATIENCE_MS)), S7_OK);
    push = (s7_push){.struct_size = sizeof push};
    subscribed();
    assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_E_TIMEOUT);
    assert_int_equal(s7_push_next(client, &ctx, &push), S7_E_TIMEOUT);
    expect_text(err.came, "an earlier request that timed out never came");
    assert_false(s7_client_is_connected(client));
    assert_int_equal(s7_push_next(client, &ctx, &push), S7_E_NOT_CONNECTED);
    end();
}

/* ---- events ---- */

static void s7_184_a_stop_is_told_behind_its_answer_as_diagnosis_then_mode(void **state)
{
    (void)state;
    begin();
    assert_int_equal(s7_events_enable(client, NULL, S7_EVENTS_MODE | S7_EVENTS_DIAG), S7_OK);
    assert_int_equal(s7_plc_stop(client, NULL), S7_OK);
    assert_int_equal(s7_plc_start_warm(client, NULL), S7_OK);
    assert_int_equal(s7_push_next(client, NULL, &push), S7_OK);
    assert_int_equal(push.kind, S7_PUSH_DIAG);
    assert_int_equal(push.diag.event, 0x4304);
    assert_string_equal(s7_diag_text(push.diag.event), "STOP by a programming device or SFB 20");
    assert_int_equal(s7_push_next(client, NULL, &push), S7_OK);
    assert_int_equal(push.kind, S7_PUSH_MODE);
    assert_int_equal(push.mode, S7_MODE_STOP);
    assert_int_equal(s7_push_next(client, NULL, &push), S7_OK);
    assert_int_equal(push.mode, S7_MODE_RUN);
    assert_int_equal(s7_events_enable(client, NULL, 0), S7_OK);
    assert_int_equal(s7_plc_stop(client, NULL), S7_OK);
    assert_int_equal(now(), S7_E_MISUSE);
    end();
    assert_int_equal(server.plc.push.logons, 2);
}

static void s7_183_alarms_are_begun_once_and_left_alone_after(void **state)
{
    (void)state;
    begin();
    assert_int_equal(s7_events_enable(client, NULL, S7_EVENTS_MODE | S7_EVENTS_ALARM), S7_OK);
    assert_int_equal(s7_events_enable(client, NULL, S7_EVENTS_MODE | S7_EVENTS_ALARM | S7_EVENTS_ALARM_S),
                     S7_OK); /* a second begin of the first would be D403 */
    assert_int_equal(s7_events_enable(client, NULL, S7_EVENTS_DIAG | S7_EVENTS_ALARM), S7_OK);
    assert_int_equal(s7_events_enable(client, NULL, 0x100), S7_E_ARG);
    end();
    assert_int_equal(server.plc.push.alarms, 1U << S7_MESSAGES_ALARM / 4);
}

static void s7_186_pending_alarms_are_asked_for(void **state)
{
    static const struct bytes nothing;
    s7_pending_alarm alarms[2];
    size_t n = 9;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    server.plc.push.pending[0] =
        (struct s7_alarm_entry){.type = 2, .event = 0x2F, .ack_going = 0xCF, .ack_coming = 0xCF};
    server.plc.push.pending[1] = (struct s7_alarm_entry){.type = 2, .event = 0xAF, .state = 1};
    server.plc.push.n_pending = 2;
    server_tell(&nothing);
    client = client_with(false);
    assert_int_equal(s7_alarms_query(client, NULL, S7_ALARMS_8, alarms, 2, &n), S7_OK);
    assert_int_equal(n, 2);
    assert_int_equal(alarms[0].event, 0x2F);
    assert_int_equal(alarms[0].ack_going, 0xCF);
    assert_int_equal(alarms[1].state, 1);
    assert_int_equal(s7_alarms_query(client, NULL, S7_ALARMS_8, alarms, 1, &n), S7_E_TOO_LARGE);
    assert_int_equal(n, 2);
    assert_int_equal(s7_alarms_query(client, NULL, S7_ALARMS_S, alarms, 2, &n), S7_OK);
    assert_int_equal(n, 0);
    end();
}

/* ---- the end, time, callers ---- */

static void s7_144_the_end_of_the_connection_is_told_once_behind_what_came(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};

    (void)state;
    begin();
    uint32_t id = subscribed();
    assert_int_equal(s7_write_i16(client, NULL, S7_AREA_DB, 1, 108, 8), S7_OK);
    server_cycle();
    server_drop();
    assert_int_equal(s7_push_next(client, &ctx, &push), S7_OK);
    expect_texts("1.5", false, "8", true);
    assert_int_equal(s7_push_next(client, &ctx, &push), S7_E_CLOSED);
    assert_int_equal(s7_push_next(client, &ctx, &push), S7_E_NOT_CONNECTED);
    assert_int_equal(s7_unsubscribe(client, &ctx, id), S7_E_NOT_CONNECTED);
    assert_int_equal(s7_client_connect(client, NULL), S7_OK);
    assert_int_equal(s7_push_next(client, &ctx, &push), S7_E_MISUSE);
    assert_int_equal(s7_unsubscribe(client, &ctx, id), S7_E_ARG);
    subscribed();
    s7_client_close(client); /* who closes needs not be told */
    assert_int_equal(s7_push_next(client, &ctx, &push), S7_E_NOT_CONNECTED);
    end();
}

static void with_auto_reconnect_the_end_is_told_though_the_connection_is_up_again(void **state)
{
    uint8_t value;
    uint32_t id;

    (void)state;
    begin_with(true, 1, ANSWER, 0);
    uint32_t first = subscribed();
    server_drop();
    assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_OK);
    assert_int_equal(info_of(client).connects, 2);
    assert_int_equal(subscribe(S7_SUBSCRIBE_CHANGE, TWO_TAGS, &id), S7_OK);
    assert_int_not_equal(id, first);
    assert_int_equal(s7_push_next(client, NULL, &push), S7_E_CLOSED);
    assert_int_equal(s7_push_next(client, NULL, &push), S7_OK);
    assert_int_equal(push.subscription, id);
    end();
}

static void *cancel(void *token)
{
    s7_token_cancel(token);
    return NULL;
}

/* Whether it waits already or not yet when the token is cancelled makes no difference. */
static void waiting_is_ended_by_a_token(void **state)
{
    s7_token *token;
    pthread_t thread;

    (void)state;
    begin();
    subscribed();
    assert_int_equal(s7_token_new(&token), S7_OK);
    assert_int_equal(pthread_create(&thread, NULL, cancel, token), 0);
    s7_ctx forever = {.struct_size = sizeof forever, .timeout_ms = -1, .cancel = token};
    assert_int_equal(s7_push_next(client, &forever, &push), S7_E_CANCELLED);
    assert_int_equal(s7_push_next(client, &forever, &push), S7_E_CANCELLED);
    pthread_join(thread, NULL);
    assert_true(s7_client_is_connected(client));
    s7_token_free(token);
    end();
}

static void a_lease_has_no_subscriptions(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = PATIENCE_MS, .err = &err};
    s7_address address = {.area = S7_AREA_M, .type = S7_TYPE_BYTE, .count = 1};
    s7_pool_options options;
    s7_pool *pool;
    uint32_t id;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_pool_options_init(&options);
    assert_int_equal(s7_pool_new(server.endpoint, &options, &pool, NULL), S7_OK);
    assert_int_equal(s7_pool_start(pool, &ctx), S7_OK);
    assert_int_equal(s7_pool_get(pool, &ctx, &client), S7_OK);
    assert_int_equal(s7_subscribe(client, &ctx, NULL, &address, 1, &id), S7_E_MISUSE);
    expect_text(err.came, "make a client of your own");
    assert_int_equal(s7_events_enable(client, &ctx, S7_EVENTS_MODE), S7_E_MISUSE);
    assert_int_equal(s7_push_next(client, &ctx, &push), S7_E_MISUSE);
    s7_pool_free(pool);
    server_stop();
}

static void arguments_are_checked_first(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err}, bad = {.struct_size = 0};
    s7_address addresses[2] = {{.area = S7_AREA_M, .type = S7_TYPE_BYTE, .count = 1},
                               {.area = S7_AREA_DB, .db = 0, .type = S7_TYPE_BYTE, .count = 1}};
    s7_push none = {.struct_size = 0};
    uint32_t id;
    size_t n;

    (void)state;
    begin();
    assert_int_equal(s7_subscribe(client, &ctx, NULL, addresses, 2, &id), S7_E_ARG);
    assert_int_equal(err.item, 1);
    expect_text(err.asked, "subscribe to 2 items of 127.0.0.1:");
    expect_text(err.came, "out of range");
    assert_int_equal(s7_subscribe(client, &ctx, NULL, addresses, 0, &id), S7_E_ARG);
    assert_int_equal(s7_subscribe(client, &ctx, NULL, NULL, 1, &id), S7_E_ARG);
    assert_int_equal(s7_subscribe(client, &ctx, NULL, addresses, 1, NULL), S7_E_ARG);
    assert_int_equal(s7_subscribe(NULL, &ctx, NULL, addresses, 1, &id), S7_E_ARG);
    assert_int_equal(s7_subscribe(client, &bad, NULL, addresses, 1, &id), S7_E_ARG);
    addresses[0].count = 230;
    assert_int_equal(s7_subscribe(client, &ctx, NULL, addresses, 1, &id), S7_E_TOO_LARGE);
    expect_text(err.came, "the PLC granted 240");
    assert_int_equal(s7_push_next(client, &ctx, NULL), S7_E_ARG);
    assert_int_equal(s7_push_next(client, &ctx, &none), S7_E_ARG);
    assert_int_equal(s7_push_next(NULL, &ctx, &push), S7_E_ARG);
    assert_int_equal(s7_alarms_query(client, &ctx, 3, NULL, 0, &n), S7_E_ARG);
    assert_int_equal(info_of(client).requests, 0);
    s7_client_close(client);
    assert_int_equal(s7_push_next(client, &ctx, &push), S7_E_NOT_CONNECTED);
    assert_int_equal(s7_subscribe(client, &ctx, NULL, addresses, 1, &id), S7_E_NOT_CONNECTED);
    end();
}

static void structs_of_older_callers_are_filled_as_far_as_they_go(void **state)
{
    struct {
        s7_push push;
        char behind;
    } got;

    (void)state;
    begin();
    subscribed();
    memset(&got, 0x55, sizeof got);
    got.push.struct_size = offsetof(s7_push, mode);
    assert_int_equal(s7_write_i16(client, NULL, S7_AREA_DB, 1, 108, 8), S7_OK);
    server_cycle();
    assert_int_equal(s7_push_next(client, NULL, &got.push), S7_OK);
    assert_int_equal(got.push.n_items, 2);
    assert_int_equal(((const uint8_t *)&got.push.mode)[0], 0x55);
    got.push.struct_size = sizeof got; /* a newer one */
    assert_int_equal(s7_write_i16(client, NULL, S7_AREA_DB, 1, 108, 9), S7_OK);
    server_cycle();
    assert_int_equal(s7_push_next(client, NULL, &got.push), S7_OK);
    assert_int_equal(got.push.mode, 0);
    assert_int_equal(got.behind, 0x55);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_142_the_values_of_now_come_first_then_what_changed),
        cmocka_unit_test(s7_180_silence_is_no_error),
        cmocka_unit_test(time_driven_subscriptions_tell_every_cycle),
        cmocka_unit_test(s7_178_a_subscription_is_given_another_list),
        cmocka_unit_test(s7_143_an_ended_subscription_tells_nothing_and_cannot_be_ended_twice),
        cmocka_unit_test(s7_182_the_client_tells_its_subscriptions_apart_however_jobs_are_numbered),
        cmocka_unit_test(items_that_do_not_exist_say_so_and_the_others_are_told),
        cmocka_unit_test(s7_103_a_plc_without_the_service_says_so),
        cmocka_unit_test(what_comes_during_other_calls_is_kept_in_its_order),
        cmocka_unit_test(s7_146_pushes_that_nobody_asked_for_are_ignored),
        cmocka_unit_test(a_late_answer_is_not_mistaken_for_a_push_and_an_overdue_one_ends_the_connection),
        cmocka_unit_test(s7_184_a_stop_is_told_behind_its_answer_as_diagnosis_then_mode),
        cmocka_unit_test(s7_183_alarms_are_begun_once_and_left_alone_after),
        cmocka_unit_test(s7_186_pending_alarms_are_asked_for),
        cmocka_unit_test(s7_144_the_end_of_the_connection_is_told_once_behind_what_came),
        cmocka_unit_test(with_auto_reconnect_the_end_is_told_though_the_connection_is_up_again),
        cmocka_unit_test(waiting_is_ended_by_a_token),
        cmocka_unit_test(a_lease_has_no_subscriptions),
        cmocka_unit_test(arguments_are_checked_first),
        cmocka_unit_test(structs_of_older_callers_are_filled_as_far_as_they_go),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.push_client");
}
