/* What a simulated PLC tells by itself, to our own client, in virtual time: who is told, when, and how often.
 */
#include "raw.h"

#include "protocol/tpkt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* One way takes 50 to 150 us. */
#define ONE_WAY_NS (150 * HOUSE_NS_PER_MS / 1000)

/* ---- clients that listen ---- */

struct listener {
    struct guest guest;
    unsigned values, modes, diags, changed; /* pushes; items that changed in them */
    s7_cpu_mode mode;
    uint16_t diag;
    int64_t last_ns;  /* of values; */
    int64_t least_ns; /* between two of them */
    uint64_t last;    /* first byte of the first item */
    uint64_t dropped;
    bool waiting;
    s7_status status;
    uint16_t plc_error;
};

static void on_push(s7_conn *conn, const s7_push *push, void *arg)
{
    struct listener *listener = arg;

    (void)conn;
    listener->dropped += push->dropped;
    if (push->kind == S7_PUSH_MODE) {
        listener->modes++;
        listener->mode = push->mode;
    } else if (push->kind == S7_PUSH_DIAG) {
        assert_int_equal(listener->modes % 2, 0); /* before the mode that it explains */
        listener->diags++;
        listener->diag = push->diag.event;
    } else {
        int64_t gap_ns = now_ns() - listener->last_ns;
        assert_int_equal(push->kind, S7_PUSH_VALUES);
        if (listener->values > 1 && gap_ns < listener->least_ns)
            listener->least_ns = gap_ns;
        listener->last_ns = now_ns();
        listener->values++;
        listener->last = *(const uint8_t *)push->items[0].data;
        for (size_t i = 0; i < push->n_items; i++)
            listener->changed += push->changed[i];
    }
}

static void on_done(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    struct listener *listener = arg;

    (void)conn;
    listener->waiting = false;
    listener->status = status;
    listener->plc_error = err != NULL ? err->plc_error : 0;
}

static void listener_open(struct listener *listener)
{
    s7_client_options options;

    *listener = (struct listener){.least_ns = INT64_MAX};
    s7_client_options_init(&options);
    options.allow_control = true;
    guest_open(&listener->guest, &house, &options);
    assert_int_equal(listener->guest.last, S7_OK);
    s7_conn_on_push(listener->guest.conn, on_push, listener);
}

/* Until the call is over. */
static void finish(struct listener *listener, s7_status accepted)
{
    assert_int_equal(accepted, S7_OK);
    listener->waiting = true;
    while (listener->waiting)
        s7_virtual_run_until(house.loop, now_ns() + HOUSE_NS_PER_MS / 100);
}

static void done(struct listener *listener, s7_status accepted)
{
    finish(listener, accepted);
    assert_int_equal(listener->status, S7_OK);
}

static void listens_to(struct listener *listener, uint32_t events)
{
    done(listener, s7_conn_events_enable(listener->guest.conn, S7_THEN(on_done, listener), events));
}

static void stop(struct listener *listener)
{
    done(listener, s7_conn_plc_stop(listener->guest.conn, S7_THEN(on_done, listener)));
}

static void start(struct listener *listener)
{
    done(listener, s7_conn_plc_start_warm(listener->guest.conn, S7_THEN(on_done, listener)));
}

/* Tags like "DB1.DBB0". */
static s7_status subscribe(struct listener *listener, s7_subscribe_kind kind, uint32_t period_ms,
                           const char *const *tags, size_t n, uint32_t *id)
{
    s7_subscribe_options options;
    s7_address addresses[8];

    s7_subscribe_options_init(&options);
    options.kind = kind;
    options.period_ms = period_ms;
    for (size_t i = 0; i < n; i++)
        assert_int_equal(s7_address_parse(tags[i], &addresses[i], NULL), S7_OK);
    finish(listener,
           s7_conn_subscribe(listener->guest.conn, S7_THEN(on_done, listener), &options, addresses, n, id));
    return listener->status;
}

static void expect_told(const struct listener *listener, unsigned diags, unsigned modes)
{
    assert_int_equal(listener->diags, diags);
    assert_int_equal(listener->modes, modes);
}

/* ---- modes ---- */

static void s7_184_a_stop_and_a_start_are_told_to_everybody_who_logged_on(void **state)
{
    struct listener listeners[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        listener_open(&listeners[i]);
    listens_to(&listeners[0], S7_EVENTS_MODE | S7_EVENTS_DIAG);
    listens_to(&listeners[1], S7_EVENTS_MODE | S7_EVENTS_DIAG);
    listens_to(&listeners[2], S7_EVENTS_MODE);
    stop(&listeners[0]);
    run_for_ms(1);
    expect_told(&listeners[0], 1, 1);
    expect_told(&listeners[1], 1, 1);
    expect_told(&listeners[2], 0, 1);
    expect_told(&listeners[3], 0, 0);
    assert_int_equal(listeners[1].diag, 0x4304);
    assert_int_equal(listeners[1].mode, S7_MODE_STOP);
    start(&listeners[3]);
    run_for_ms(1);
    expect_told(&listeners[0], 1, 2);
    expect_told(&listeners[1], 1, 2);
    expect_told(&listeners[2], 0, 2);
    expect_told(&listeners[3], 0, 0);
    assert_int_equal(listeners[1].mode, S7_MODE_RUN);
    listens_to(&listeners[1], 0);
    guest_close(&listeners[2].guest);
    stop(&listeners[3]);
    run_for_ms(1);
    expect_told(&listeners[0], 2, 3);
    expect_told(&listeners[1], 1, 2);
    for (int i = 0; i < 4; i++)
        guest_close(&listeners[i].guest);
}

static void s7_184_a_mode_that_is_edited_in_the_file_is_told_within_a_second(void **state)
{
    struct listener listener;

    (void)state;
    listener_open(&listener);
    listens_to(&listener, S7_EVENTS_MODE | S7_EVENTS_DIAG);
    sql("UPDATE plc SET mode = 'STOP'");
    run_for_ms(1001);
    expect_told(&listener, 1, 1);
    assert_int_equal(listener.diag, 0x4303);
    assert_int_equal(listener.mode, S7_MODE_STOP);
    sql("UPDATE plc SET mode = 'RUN'");
    run_for_ms(1001);
    expect_told(&listener, 1, 2);
    assert_int_equal(listener.mode, S7_MODE_RUN);
    run_for_ms(60000);
    expect_told(&listener, 1, 2);
    guest_close(&listener.guest);
}

/* ---- cyclic services ---- */

static void s7_142_ten_minutes_of_values_every_100_ms_come_each_in_its_time(void **state)
{
    static const char *const tags[] = {"DB1.DBB0", "DB1.DBW2"};
    struct listener listener;
    uint32_t id;

    (void)state;
    listener_open(&listener);
    assert_int_equal(subscribe(&listener, S7_SUBSCRIBE_TIME, 100, tags, 2, &id), S7_OK);
    run_for_ms(600001);
    assert_int_equal(listener.values, 1 + 6000);
    assert_in_range(listener.least_ns, 100 * HOUSE_NS_PER_MS - ONE_WAY_NS, 100 * HOUSE_NS_PER_MS);
    assert_int_equal(listener.changed, 2); /* at first */
    assert_int_equal(listener.dropped, 0);
    sql("UPDATE block SET data = CAST(x'2A' || substr(data, 2) AS BLOB) WHERE kind = 'DB' AND number = 1");
    run_for_ms(100);
    assert_int_equal(listener.values, 1 + 6001);
    assert_int_equal(listener.last, 0x2A); /* the value of that turn */
    assert_int_equal(listener.changed, 3);
    done(&listener, s7_conn_unsubscribe(listener.guest.conn, S7_THEN(on_done, &listener), id));
    run_for_ms(1000);
    assert_int_equal(listener.values, 1 + 6001);
    guest_close(&listener.guest);
}

static void s7_180_ten_minutes_of_changes_are_told_once_each(void **state)
{
    static const char *const tags[] = {"DB1.DBB0", "DB1.DBW2"};
    struct listener listener;
    struct guest writer;
    uint32_t id;

    (void)state;
    listener_open(&listener);
    guest_open(&writer, &house, NULL);
    assert_int_equal(subscribe(&listener, S7_SUBSCRIBE_CHANGE, 1000, tags, 2, &id), S7_OK);
    for (uint8_t i = 1; i <= 100; i++) { /* two changes in one period are one push */
        uint8_t before = 0xFF;
        assert_int_equal(guest_write(&writer, 1, 0, &before, 1), S7_OK);
        assert_int_equal(guest_write(&writer, 1, 0, &i, 1), S7_OK);
        run_for_ms(6000);
        assert_int_equal(listener.values, 1 + i);
        assert_int_equal(listener.last, i);
    }
    assert_int_equal(listener.changed, 2 + 100);
    assert_true(listener.least_ns >= 5000 * HOUSE_NS_PER_MS);
    guest_close(&writer);
    guest_close(&listener.guest);
}

static void s7_178_and_182_jobs_are_told_apart_and_modified_while_they_live(void **state)
{
    static const char *const first[] = {"DB1.DBB0"}, *const second[] = {"MB1"}, *const other[] = {"DB2.DBB7"};
    struct listener listener;
    struct guest writer;
    s7_address address;
    uint32_t ids[2];
    uint8_t one = 1;

    (void)state;
    listener_open(&listener);
    guest_open(&writer, &house, NULL);
    assert_int_equal(subscribe(&listener, S7_SUBSCRIBE_CHANGE, 1000, first, 1, &ids[0]), S7_OK);
    assert_int_equal(subscribe(&listener, S7_SUBSCRIBE_CHANGE, 2000, second, 1, &ids[1]), S7_OK);
    run_for_ms(10000);
    assert_int_equal(listener.values, 2);
    assert_int_equal(s7_address_parse(other[0], &address, NULL), S7_OK);
    done(&listener, s7_conn_subscription_modify(listener.guest.conn, S7_THEN(on_done, &listener), ids[0], 500,
                                                &address, 1));
    assert_int_equal(guest_write(&writer, 1, 0, &one, 1), S7_OK); /* not in the list any more */
    run_for_ms(10000);
    assert_int_equal(listener.values, 3);
    assert_int_equal(guest_write(&writer, 2, 7, &one, 1), S7_OK);
    run_for_ms(500);
    assert_int_equal(listener.values, 4);
    assert_int_equal(listener.last, 1);
    guest_close(&writer);
    guest_close(&listener.guest);
}

static void counters_are_told_as_they_are_read(void **state)
{
    static const char *const tags[] = {"C0"};
    struct listener listener;
    uint32_t id;

    (void)state;
    sql("INSERT INTO block (kind, number, data) VALUES ('C', 0, x'0299')");
    listener_open(&listener);
    assert_int_equal(subscribe(&listener, S7_SUBSCRIBE_TIME, 100, tags, 1, &id), S7_OK);
    assert_int_equal(listener.last, 0x02); /* three digits */
    sql("UPDATE personality SET counters_binary = 1");
    run_for_ms(1100);
    assert_int_equal(listener.last, 0x01); /* 299 */
    guest_close(&listener.guest);
}

static void s7_144_nobody_is_told_after_the_end(void **state)
{
    static const char *const tags[] = {"DB1.DBB0"};
    struct listener listener;
    struct sim_server_stats before, after;
    uint32_t id;

    (void)state;
    listener_open(&listener);
    assert_int_equal(subscribe(&listener, S7_SUBSCRIBE_TIME, 100, tags, 1, &id), S7_OK);
    run_for_ms(1000);
    guest_close(&listener.guest);
    run_for_ms(10);
    sim_server_stats_get(house.server, &before);
    run_for_ms(10000);
    sim_server_stats_get(house.server, &after);
    assert_int_equal(after.turns, before.turns); /* nothing keeps the server busy */
}

static void a_thousand_subscriptions_are_told_each_in_its_time(void **state)
{
    static struct listener listeners[63];
    static const char *const tags[] = {"DB1.DBB0", "DB2.DBB0:BYTE[200]"};
    uint32_t id;

    (void)state;
    for (size_t i = 0; i < 63; i++) {
        listener_open(&listeners[i]);
        for (int k = 0; k < 16; k++)
            assert_int_equal(subscribe(&listeners[i], S7_SUBSCRIBE_TIME, 1000, tags, 2, &id), S7_OK);
        assert_int_equal(subscribe(&listeners[i], S7_SUBSCRIBE_TIME, 1000, tags, 2, &id), S7_E_PLC);
        assert_int_equal(listeners[i].plc_error, 0xD805);
    }
    unsigned before = 0, after = 0;
    for (size_t i = 0; i < 63; i++)
        before += listeners[i].values;
    run_for_ms(10000);
    for (size_t i = 0; i < 63; i++)
        after += listeners[i].values;
    assert_int_equal(after - before, 63 * 16 * 10);
    for (size_t i = 0; i < 63; i++)
        guest_close(&listeners[i].guest);
}

/* ---- raw connections ---- */

static void send(struct raw *raw, const char *hex)
{
    uint8_t bytes[512];
    size_t n = 0;

    for (; *hex != '\0'; hex += *hex == ' ' ? 1 : 2) {
        unsigned byte;
        if (*hex != ' ' && sscanf(hex, "%2x", &byte) == 1)
            bytes[n++] = (uint8_t)byte;
    }
    raw_send(raw, bytes, n);
    run_for_ms(2);
}

#define SETUP_960 "03000019 02f080 3201 0000 0000 0008 0000 f000 0001 0001 03c0"
#define LOG_ON                                                                                               \
    "03000027 02f080 3207 0000 0100 0008 000e 00011204 11 44 02 00 ff09 000a 03 00 486d6952746d2020"
#define SUBSCRIBE /* DB2.DBB0, 900 bytes, every 100 ms */                                                    \
    "0300002d 02f080 3207 0000 0200 0008 0014 00011204 11 42 01 00 ff09 0010 0001 00 01"                     \
    "120a1002 0384 0002 84 000000"
#define WATCH /* DB1.DBB0 every second */                                                                    \
    "0300002d 02f080 3207 0000 0200 0008 0014 00011204 11 42 01 00 ff09 0010 0001 01 01"                     \
    "120a1002 0001 0001 84 000000"
#define WRITE_11 "03000024 02f080 3201 0000 0300 000e 0005 0501 120a1002 0001 0001 84 000000 0004 0008 11"
#define STOP     "03000021 02f080 3201 0000 1400 0010 0000 290000000000 09 505f50524f4752414d"
#define READ_4   "0300001f 02f080 3201 0000 0500 000e 0000 0401 120a1002 0004 0001 84 000000"

static void enter(struct raw *raw)
{
    raw_dial(raw);
    SEND(raw, CR);
    send(raw, SETUP_960);
    assert_int_equal(raw->len, CC_LEN + SETUP_ANSWER_LEN);
    raw->len = 0;
}

/* Pushes among what came, which must be whole frames. */
static unsigned pushes_of(const struct raw *raw)
{
    unsigned pushes = 0;
    size_t at = 0, len;

    for (; at < raw->len; at += len) {
        assert_int_equal(s7_tpkt_peek(raw->got + at, raw->len - at, 8192, &len), S7_OK);
        pushes += raw->got[at + 8] == 7 && raw->got[at + 22] >> 4 == 0;
    }
    assert_int_equal(at, raw->len);
    return pushes;
}

static void who_does_not_read_his_pushes_hurts_nobody_and_gets_later_ones(void **state)
{
    static const char *const tags[] = {"DB1.DBB0"};
    static struct raw raw;
    struct listener listener;
    uint8_t got[4];
    uint32_t id;

    (void)state;
    enter(&raw);
    listener_open(&listener);
    for (int i = 0; i < 4; i++)
        send(&raw, SUBSCRIBE);
    assert_int_equal(subscribe(&listener, S7_SUBSCRIBE_TIME, 100, tags, 1, &id), S7_OK);
    raw.deaf = true;
    s7_stream_want(raw.stream, 0);
    struct sim_server_stats before, after;
    sim_server_stats_get(house.server, &before);
    for (int second = 0; second < 60; second++) {
        run_for_ms(1000);
        assert_int_equal(guest_read(&listener.guest, 1, 0, got, sizeof got), S7_OK);
    }
    sim_server_stats_get(house.server, &after);
    assert_in_range(listener.values, 600, 602);
    assert_true(after.turns - before.turns < 1400); /* a full buffer is not tried again and again */
    raw.deaf = false;
    s7_stream_want(raw.stream, S7_READY_READ);
    run_for_ms(90);
    unsigned kept = pushes_of(&raw); /* what the buffers held */
    assert_in_range(kept, 60, 120);
    run_for_ms(1000);
    assert_in_range(pushes_of(&raw) - kept, 40, 44); /* and it goes on in the present */
    s7_stream_close(raw.stream, S7_CLOSE_RST);
    run_for_ms(10);
    guest_close(&listener.guest);
}

static void a_silenced_connection_is_told_nothing_and_a_slow_one_in_time(void **state)
{
    static struct raw silent, slow;
    struct listener listener;

    (void)state;
    enter(&silent);
    enter(&slow);
    listener_open(&listener);
    send(&silent, LOG_ON WATCH);
    send(&slow, LOG_ON WATCH);
    arm(1, "cut", "conn=1 fn=read bytes=10 then=hang");
    arm(2, "slow", "conn=2 fn=read time=3500ms");
    silent.len = slow.len = 0;
    send(&silent, READ_4);
    send(&slow, READ_4);
    assert_int_equal(silent.len, 10);
    stop(&listener);
    run_for_ms(3000);
    assert_int_equal(silent.len, 10);
    assert_int_equal(pushes_of(&slow), 2 + 3);
    run_for_ms(1000);
    assert_int_equal(pushes_of(&slow), 2 + 4); /* and its answer */
    raw_close(&silent);
    raw_close(&slow);
    guest_close(&listener.guest);
}

static void while_a_cable_is_out_nothing_is_told_and_afterwards_the_present(void **state)
{
    static struct raw raw;

    (void)state;
    enter(&raw);
    send(&raw, LOG_ON WATCH);
    raw.len = 0;
    run_for_ms(2500);
    assert_int_equal(pushes_of(&raw), 2);
    arm(1, "half_open", "at=0 for=10s");
    run_for_ms(9900);
    assert_int_equal(pushes_of(&raw), 2);
    run_for_ms(5000);
    assert_in_range(pushes_of(&raw), 2 + 4, 2 + 5);
    raw_close(&raw);
}

static void a_turn_that_is_run_again_begins_and_tells_once(void **state)
{
    static struct raw raw;

    (void)state;
    enter(&raw);
    send(&raw, LOG_ON);
    raw.len = 0;
    sql("INSERT INTO tag (name, address, type) VALUES ('n', 'DB1.DBB0', 'BYTE')");
    sql("ALTER TABLE tag RENAME TO away"); /* so that no commit of this byte succeeds */
    send(&raw, WATCH STOP WRITE_11);
    sql("ALTER TABLE away RENAME TO tag");
    assert_int_equal(pushes_of(&raw), 0); /* it did not stop */
    assert_int_equal(raw.got[21 + 3], 1); /* job 1 */
    assert_int_equal(raw.got[raw.len - 1], 0x01);
    raw.len = 0;
    run_for_ms(3000);
    assert_int_equal(pushes_of(&raw), 3);
    raw.len = 0;
    send(&raw, WATCH);
    assert_int_equal(raw.got[21 + 3], 2);
    raw_close(&raw);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_house, close_house)
    const struct CMUnitTest tests[] = {
        TEST(s7_184_a_stop_and_a_start_are_told_to_everybody_who_logged_on),
        TEST(s7_184_a_mode_that_is_edited_in_the_file_is_told_within_a_second),
        TEST(s7_142_ten_minutes_of_values_every_100_ms_come_each_in_its_time),
        TEST(s7_180_ten_minutes_of_changes_are_told_once_each),
        TEST(s7_178_and_182_jobs_are_told_apart_and_modified_while_they_live),
        TEST(counters_are_told_as_they_are_read),
        TEST(s7_144_nobody_is_told_after_the_end),
        TEST(a_thousand_subscriptions_are_told_each_in_its_time),
        TEST(who_does_not_read_his_pushes_hurts_nobody_and_gets_later_ones),
        TEST(a_silenced_connection_is_told_nothing_and_a_slow_one_in_time),
        TEST(while_a_cable_is_out_nothing_is_told_and_afterwards_the_present),
        TEST(a_turn_that_is_run_again_begins_and_tells_once),
    };

    return cmocka_run_group_tests_name("integration.push", tests, NULL, NULL);
}
