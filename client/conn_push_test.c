/* Subscriptions and pushes of async.h against the fake PLC, which has the code of push_client_test.c
 * underneath. */
#include "client/conn_impl.h"
#include "client/conn_user.h"
#include "client/test_names.h"

#define HEARD_MAX 200

/* What the push function was told. */
static struct {
    unsigned n;
    struct {
        s7_push_kind kind;
        uint32_t subscription;
        s7_cpu_mode mode;
        char texts[2][24];
        bool changed[2];
        unsigned ends, done; /* of the connection, and of the first request, at that time */
        uint64_t dropped;
    } of[HEARD_MAX];
} heard;

static struct told told[8];
static uint32_t id;
static void (*trick)(void);

static void on_push(s7_conn *conn, const s7_push *push, void *arg)
{
    assert_ptr_equal(conn, user.conn);
    assert_ptr_equal(arg, &heard);
    assert_true(heard.n < HEARD_MAX);
    unsigned i = heard.n++;
    heard.of[i].kind = push->kind;
    heard.of[i].subscription = push->subscription;
    heard.of[i].mode = push->mode;
    heard.of[i].ends = user.ends;
    heard.of[i].done = told[0].times;
    heard.of[i].dropped = push->dropped;
    for (size_t k = 0; push->kind == S7_PUSH_VALUES && k < 2 && k < push->n_items; k++) {
        assert_int_equal(s7_push_text(push, k, heard.of[i].texts[k], 24), S7_OK);
        heard.of[i].changed[k] = push->changed[k];
    }
    if (trick != NULL)
        trick();
}

static void up_with(bool auto_reconnect)
{
    s7_client_options options;

    memset(&heard, 0, sizeof heard);
    memset(told, 0, sizeof told);
    id = 0;
    trick = NULL;
    user_options(&options);
    options.auto_reconnect = auto_reconnect;
    options.allow_control = true;
    world_up(NULL);
    memset(world.plc.db1 + 100, 0, 8);
    user_up(&options);
    s7_conn_on_push(user.conn, on_push, &heard);
}

static void up(void)
{
    up_with(false);
}

static void down(void)
{
    user_down();
    world_down();
}

static s7_status subscribe(unsigned slot, uint32_t *to)
{
    s7_address tags[2];

    assert_int_equal(s7_address_parse("DB1.DBW100", &tags[0], NULL), S7_OK);
    assert_int_equal(s7_address_parse("DB1.DBW102:INT", &tags[1], NULL), S7_OK);
    return s7_conn_subscribe(user.conn, S7_THEN(told_fn, &told[slot]), NULL, tags, 2, to);
}

/* Its first values are told. */
static void subscribed(void)
{
    assert_int_equal(subscribe(0, &id), S7_OK);
    run_for(100);
    expect_told(&told[0], S7_OK);
    assert_int_equal(heard.n, 1);
}

static void s7_142_values_are_told_behind_the_end_of_the_request(void **state)
{
    (void)state;
    up();
    subscribed();
    assert_int_not_equal(id, 0);
    assert_int_equal(heard.of[0].subscription, id);
    assert_int_equal(heard.of[0].done, 1);
    assert_true(heard.of[0].changed[0] && heard.of[0].changed[1]);
    world.plc.db1[103] = 7;
    peer_cycle();
    run_for(10);
    assert_int_equal(heard.n, 2);
    assert_string_equal(heard.of[1].texts[0], "0");
    assert_string_equal(heard.of[1].texts[1], "7");
    assert_false(heard.of[1].changed[0]);
    assert_true(heard.of[1].changed[1]);
    peer_cycle(); /* nothing changed */
    run_for(1000);
    assert_int_equal(heard.n, 2);
    down();
}

static void s7_178_and_181_a_subscription_is_modified_and_ended_in_turn(void **state)
{
    s7_address tag;

    (void)state;
    up();
    subscribed();
    assert_int_equal(s7_address_parse("DB1.DBW104", &tag, NULL), S7_OK);
    assert_int_equal(s7_conn_subscription_modify(user.conn, S7_THEN(told_fn, &told[1]), id, 0, &tag, 1),
                     S7_OK);
    assert_int_equal(s7_conn_unsubscribe(user.conn, S7_THEN(told_fn, &told[2]), id), S7_OK);
    assert_int_equal(s7_conn_unsubscribe(user.conn, S7_THEN(told_fn, &told[3]), id), S7_OK);
    assert_int_equal(subscribe(4, &id), S7_OK);
    run_for(100);
    expect_told(&told[1], S7_OK);
    expect_told(&told[2], S7_OK);
    expect_told(&told[3], S7_E_ARG); /* it was ended when its turn came */
    expect_text(told[3].err.came, "there is no such subscription");
    expect_told(&told[4], S7_OK);
    world.plc.db1[100] = 1;
    peer_cycle();
    run_for(10);
    assert_int_equal(heard.of[heard.n - 1].subscription, id);
    down();
}

static void reads_go_on_beside_pushes(void **state)
{
    static uint8_t bytes[20][10];
    static struct told reads[20];

    (void)state;
    memset(reads, 0, sizeof reads);
    up();
    subscribed();
    for (unsigned i = 0; i < 20; i++) {
        world.plc.db1[100] = (uint8_t)(i + 1);
        assert_int_equal(s7_conn_read_db(user.conn, S7_THEN(told_fn, &reads[i]), 1, i, bytes[i], 10), S7_OK);
        peer_cycle();
        run_for(i % 3);
    }
    run_for(100);
    assert_int_equal(heard.n, 21);
    for (unsigned i = 0; i < 20; i++) {
        expect_told(&reads[i], S7_OK);
        assert_int_equal(bytes[i][9], db_byte(i + 9));
    }
    down();
}

/* More in one turn than the queue takes: all are told. */
static void a_burst_of_pushes_is_told_in_full(void **state)
{
    (void)state;
    up();
    subscribed();
    for (unsigned i = 1; i <= 2 * S7_PUSH_QUEUE; i++) {
        world.plc.db1[101] = (uint8_t)i;
        fake_cycle(&world.plc.push, &world.plc);
    }
    peer_cycle();
    run_for(100);
    assert_int_equal(heard.n, 1 + 2 * S7_PUSH_QUEUE);
    for (unsigned i = 1; i < heard.n; i++) {
        char want[24];

        snprintf(want, sizeof want, "%u", i);
        assert_string_equal(heard.of[i].texts[0], want);
        assert_int_equal(heard.of[i].dropped, 0);
    }
    down();
}

static void s7_184_events_are_told_behind_the_answer_that_caused_them(void **state)
{
    s7_pending_alarm alarms[2];
    size_t n = 9;

    (void)state;
    up();
    assert_int_equal(
        s7_conn_events_enable(user.conn, S7_THEN(told_fn, &told[1]), S7_EVENTS_MODE | S7_EVENTS_DIAG), S7_OK);
    assert_int_equal(s7_conn_plc_stop(user.conn, S7_THEN(told_fn, &told[0])), S7_OK);
    assert_int_equal(s7_conn_alarms_query(user.conn, S7_THEN(told_fn, &told[2]), S7_ALARMS_S, alarms, 2, &n),
                     S7_OK);
    run_for(100);
    for (unsigned i = 0; i < 3; i++)
        expect_told(&told[i], S7_OK);
    assert_int_equal(n, 0);
    assert_int_equal(heard.n, 2);
    assert_int_equal(heard.of[0].kind, S7_PUSH_DIAG);
    assert_int_equal(heard.of[0].done, 1);
    assert_int_equal(heard.of[1].kind, S7_PUSH_MODE);
    assert_int_equal(heard.of[1].mode, S7_MODE_STOP);
    down();
}

static void s7_144_what_came_is_told_before_the_end_and_nothing_is_subscribed_after(void **state)
{
    (void)state;
    up_with(true);
    subscribed();
    world.plc.db1[100] = 1;
    peer_cycle();
    peer_close(&world.peer, S7_CLOSE_FIN);
    run_for(60000); /* it connects again by itself */
    assert_int_equal(user.ends, 1);
    assert_int_equal(user.ups, 2);
    assert_int_equal(heard.n, 2);
    assert_int_equal(heard.of[1].ends, 0);
    uint32_t old = id;
    assert_int_equal(s7_conn_unsubscribe(user.conn, S7_THEN(told_fn, &told[1]), old), S7_OK);
    assert_int_equal(subscribe(2, &id), S7_OK);
    run_for(100);
    expect_told(&told[1], S7_E_ARG);
    expect_told(&told[2], S7_OK);
    assert_int_not_equal(id, old);
    down();
}

static void a_subscription_whose_connection_breaks_is_told_so_and_not_repeated(void **state)
{
    (void)state;
    up_with(true);
    world.act = RST;
    world.act_frame = 2;
    assert_int_equal(subscribe(0, &id), S7_OK);
    run_for(60000);
    expect_told(&told[0], S7_E_RESET);
    assert_int_equal(user.ups, 2);
    assert_int_equal(heard.n, 0);
    assert_int_equal(world.peer.frames, 2);
    down();
}

static void s7_146_nothing_is_told_that_nobody_asked_for(void **state)
{
    struct bytes frame = hex("03 00 00 19 02 f0 80 32 07 00 00 00 00 00 08 00 00 01 00 10 10 00 00 00 00");

    (void)state;
    up();
    peer_tell(&frame);
    subscribed();
    peer_tell(&frame);
    run_for(10);
    assert_int_equal(heard.n, 1);
    assert_int_equal(user.ends, 0);
    down();
}

static void close_in_it(void)
{
    s7_conn_close(user.conn);
}

static void free_in_it(void)
{
    s7_conn_free(user.conn);
    user.conn = NULL;
}

static void the_connection_may_be_closed_or_freed_in_the_function(void **state)
{
    static void (*const tricks[])(void) = {close_in_it, free_in_it};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        up();
        subscribed();
        assert_int_equal(subscribe(1, &id), S7_OK); /* waits in the queue, and is told or freed */
        for (unsigned k = 1; k <= 3; k++) {
            world.plc.db1[101] = (uint8_t)k;
            fake_cycle(&world.plc.push, &world.plc);
        }
        peer_cycle();
        trick = tricks[i];
        run_for(1000);
        assert_int_equal(heard.n, 2);
        assert_int_equal(user.ends, i == 0);
        down();
    }
}

static void it_is_refused_where_nobody_can_be_told(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_then then = {.struct_size = sizeof then, .err = &err};
    s7_address tag = {.area = S7_AREA_DB, .type = S7_TYPE_BYTE, .count = 1};

    (void)state;
    up();
    assert_int_equal(s7_conn_subscribe(user.conn, &then, NULL, &tag, 1, &id), S7_E_ARG);
    assert_int_equal(err.item, 0);
    expect_text(err.asked, "subscribe to 1 items of 127.0.0.1:10102");
    tag.db = 1;
    assert_int_equal(s7_conn_subscribe(user.conn, &then, NULL, &tag, 1, NULL), S7_E_ARG);
    assert_int_equal(s7_conn_events_enable(user.conn, &then, 0x80), S7_E_ARG);
    s7_conn_on_push(user.conn, NULL, NULL);
    assert_int_equal(s7_conn_subscribe(user.conn, &then, NULL, &tag, 1, &id), S7_E_MISUSE);
    expect_text(err.came, "s7_conn_on_push");
    s7_conn_on_push(user.conn, on_push, &heard);
    user.conn->pooled = true;
    assert_int_equal(s7_conn_events_enable(user.conn, &then, S7_EVENTS_MODE), S7_E_MISUSE);
    expect_text(err.came, "the next borrower");
    s7_conn_close(user.conn);
    assert_int_equal(s7_conn_unsubscribe(user.conn, &then, 1), S7_E_NOT_CONNECTED);
    expect_text(err.asked, "end subscription 1 of 127.0.0.1:10102");
    run_for(10);
    down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_142_values_are_told_behind_the_end_of_the_request),
        cmocka_unit_test(s7_178_and_181_a_subscription_is_modified_and_ended_in_turn),
        cmocka_unit_test(reads_go_on_beside_pushes),
        cmocka_unit_test(a_burst_of_pushes_is_told_in_full),
        cmocka_unit_test(s7_184_events_are_told_behind_the_answer_that_caused_them),
        cmocka_unit_test(s7_144_what_came_is_told_before_the_end_and_nothing_is_subscribed_after),
        cmocka_unit_test(a_subscription_whose_connection_breaks_is_told_so_and_not_repeated),
        cmocka_unit_test(s7_146_nothing_is_told_that_nobody_asked_for),
        cmocka_unit_test(the_connection_may_be_closed_or_freed_in_the_function),
        cmocka_unit_test(it_is_refused_where_nobody_can_be_told),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.conn_push");
}
