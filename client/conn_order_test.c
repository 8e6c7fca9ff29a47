/* Several requests at once: who gets which part of the window, and when. */
#include "client/conn_user.h"
#include "client/test_names.h"

#define N_TOLD 64

static struct told told[N_TOLD];
static uint8_t data[N_TOLD][1000];
static unsigned n_told, order[N_TOLD]; /* in which order they were told */

static void done(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    order[n_told++] = (unsigned)((struct told *)arg - told);
    told_fn(conn, status, err, arg);
}

static void up_on(const struct s7_virtual_options *options, unsigned amq)
{
    memset(told, 0, sizeof told);
    n_told = 0;
    world_up(options);
    world.plc.amq = amq;
    user_up(NULL);
}

static void up(unsigned amq)
{
    up_on(NULL, amq);
    world.keeps = true;
}

static void down(void)
{
    user_down();
    world_down();
}

/* 200 bytes are one job. */
static void read_jobs(unsigned i, unsigned jobs)
{
    assert_int_equal(
        s7_conn_read_db(user.conn, S7_THEN(done, &told[i]), 1, i * 1000, data[i], (size_t)jobs * 200), S7_OK);
}

static unsigned request_of_item(unsigned n)
{
    return world.plc.items[n].bit_addr / 8 / 1000;
}

static void later_requests_fill_the_window_that_earlier_ones_leave(void **state)
{
    (void)state;
    up(4);
    read_jobs(0, 1);
    read_jobs(1, 2);
    read_jobs(2, 1);
    read_jobs(3, 1);
    run_for(10);
    assert_int_equal(world.n_kept, 4);
    assert_int_equal(request_of_item(3), 2);
    peer_deliver(3); /* answers come as they like */
    run_for(10);
    assert_int_equal(n_told, 1);
    assert_int_equal(order[0], 2);
    assert_int_equal(world.n_kept, 4); /* the window is full again */
    assert_int_equal(request_of_item(4), 3);
    while (world.n_kept > 0)
        peer_deliver(world.n_kept - 1);
    run_for(10);
    for (unsigned i = 0; i < 4; i++) {
        expect_told(&told[i], S7_OK);
        assert_memory_equal(data[i], world.plc.db1 + i * 1000, i == 1 ? 400 : 200);
    }
    down();
}

static void an_earlier_request_goes_on_before_a_later_one_begins(void **state)
{
    (void)state;
    up(2);
    read_jobs(0, 4);
    read_jobs(1, 1);
    read_jobs(2, 1);
    while (told[2].times == 0) {
        run_for(10);
        if (world.n_kept > 0)
            peer_deliver(0);
    }
    for (unsigned n = 0; n < 4; n++)
        assert_int_equal(request_of_item(n), 0);
    assert_int_equal(request_of_item(4), 1);
    assert_int_equal(request_of_item(5), 2);
    down();
}

static void a_service_of_many_steps_keeps_its_turn_and_lets_others_use_the_rest(void **state)
{
    static uint8_t block[4096];
    size_t len = 0;

    (void)state;
    up(2);
    world.keeps = false;
    assert_int_equal(
        s7_conn_block_upload(user.conn, S7_THEN(done, &told[0]), S7_BLOCK_DB, 1, block, sizeof block, &len),
        S7_OK);
    for (unsigned i = 1; i < 12; i++)
        read_jobs(i, 1);
    run_for(100);
    for (unsigned i = 0; i < 12; i++)
        expect_told(&told[i], S7_OK);
    assert_true(len > 240);
    assert_true(order[0] != 0); /* some were done meanwhile */
    unsigned at = 0;
    while (order[at] != 0)
        at++;
    assert_true(at < 11); /* it did not have to wait for all */
    down();
}

static void s7_035_a_window_of_one_is_never_overrun(void **state)
{
    (void)state;
    up(1);
    for (unsigned i = 0; i < 10; i++)
        read_jobs(i, 1 + i % 3);
    s7_datetime clock;
    assert_int_equal(s7_conn_clock_get(user.conn, S7_THEN(done, &told[10]), &clock), S7_OK);
    assert_int_equal(s7_conn_ping(user.conn, S7_THEN(done, &told[11])), S7_OK);
    while (told[11].times == 0) {
        run_for(5);
        assert_true(world.n_kept <= 1);
        if (world.n_kept > 0)
            peer_deliver(0);
    }
    for (unsigned i = 0; i < 12; i++)
        assert_int_equal(order[i], i);
    assert_int_equal(world.most_kept, 1);
    down();
}

/* ---- anything goes ---- */

static struct anything {
    uint32_t seed;
    s7_datetime clock;
    uint64_t ids[N_TOLD];
    bool withdrawn[N_TOLD];
} any;

static void ask_anything(unsigned i)
{
    s7_then then = {
        .struct_size = sizeof then, .done = done, .arg = &told[i], .id = &any.ids[i], .timeout_ms = -1};
    s7_status status;

    switch (draw(&any.seed) % 5) {
    case 0:
        memset(data[i], (int)i, 300); /* places of their own */
        status = s7_conn_write_db(user.conn, &then, 1, i * 1000, data[i], 300);
        break;
    case 1:
        status = s7_conn_clock_get(user.conn, &then, &any.clock);
        break;
    case 2:
        status = s7_conn_read_at(user.conn, &then, "MW2", data[i], 2);
        break;
    default:
        status = s7_conn_read_db(user.conn, &then, 1, i * 1000, data[i], 1 + draw(&any.seed) % 900);
    }
    assert_int_equal(status, S7_OK);
}

static void do_anything(unsigned *asked)
{
    uint32_t what = draw(&any.seed) % 10;

    if (what < 4 && *asked < N_TOLD)
        ask_anything((*asked)++);
    else if (what < 5 && *asked > 0) {
        unsigned i = draw(&any.seed) % *asked;

        any.withdrawn[i] |= s7_conn_cancel(user.conn, any.ids[i]);
    } else if (world.n_kept > 0)
        peer_deliver(draw(&any.seed) % world.n_kept);
    if (draw(&any.seed) % 2 != 0)
        run_for(1);
}

static void expect_sense(unsigned i)
{
    if (told[i].times != 1)
        fail_msg("seed: request %u was told %u times", i, told[i].times);
    if (told[i].status != S7_OK)
        assert_true(any.withdrawn[i] &&
                    (told[i].status == S7_E_CANCELLED || told[i].status == S7_E_OUTCOME_UNKNOWN));
}

static void whatever_is_asked_is_told_once_and_never_more_than_the_window_is_open(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 300; seed++) {
        struct s7_virtual_options options;
        unsigned asked = 0, amq = 1 + seed % 5;

        s7_virtual_options_init(&options);
        options.seed = seed;
        options.split = seed % 2;
        up_on(&options, amq);
        world.keeps = true;
        any = (struct anything){.seed = seed * 7919};
        while (n_told < N_TOLD)
            do_anything(&asked);
        run_for(10);
        for (unsigned i = 0; i < N_TOLD; i++)
            expect_sense(i);
        assert_true(world.most_kept <= amq);
        assert_int_equal(user.ends, 0);
        assert_false(s7_conn_busy(user.conn));
        down();
    }
}

static void twenty_thousand_requests_may_wait_at_once(void **state)
{
    enum { MANY = 20000 };
    static struct told many[MANY];
    static uint8_t byte;

    (void)state;
    up_on(NULL, 1);
    memset(many, 0, sizeof many);
    for (unsigned i = 0; i < MANY; i++) {
        s7_then then = {.struct_size = sizeof then, .done = told_fn, .arg = &many[i], .timeout_ms = -1};

        assert_int_equal(s7_conn_read_db(user.conn, &then, 1, 0, &byte, 1), S7_OK);
    }
    while (s7_conn_busy(user.conn))
        run_for(1000);
    for (unsigned i = 0; i < MANY; i++)
        expect_told(&many[i], S7_OK);
    down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_requests_fill_the_window_that_earlier_ones_leave),
        cmocka_unit_test(an_earlier_request_goes_on_before_a_later_one_begins),
        cmocka_unit_test(a_service_of_many_steps_keeps_its_turn_and_lets_others_use_the_rest),
        cmocka_unit_test(s7_035_a_window_of_one_is_never_overrun),
        cmocka_unit_test(whatever_is_asked_is_told_once_and_never_more_than_the_window_is_open),
        cmocka_unit_test(twenty_thousand_requests_may_wait_at_once),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.conn_order");
}
