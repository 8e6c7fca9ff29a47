/* auto_reconnect and heartbeat of a connection on a loop. */
#include "client/conn_impl.h"
#include "client/conn_user.h"
#include "client/test_names.h"

static struct told told[8];
static uint8_t data[8][1000];

static void redialing(s7_client_options *options)
{
    user_options(options);
    options->auto_reconnect = true;
    options->request_ms = 20000;
}

static void up_with(const s7_client_options *options)
{
    memset(told, 0, sizeof told);
    world_up(NULL);
    world.plc.amq = 2;
    user_up(options);
}

static void up(void)
{
    s7_client_options options;

    redialing(&options);
    up_with(&options);
    run_for(2000); /* it lasted */
}

static void down(void)
{
    user_down();
    world_down();
}

static void door(enum s7_virtual_dial how)
{
    s7_virtual_set_dial(world.loop, "127.0.0.1", 10102, how);
}

static void break_it(void)
{
    world.act = ANSWER;
    peer_close(&world.peer, S7_CLOSE_RST);
}

static void read_for(unsigned i, int32_t timeout_ms)
{
    s7_then then = {.struct_size = sizeof then, .done = told_fn, .arg = &told[i], .timeout_ms = timeout_ms};

    assert_int_equal(s7_conn_read_db(user.conn, &then, 1, i * 1000, data[i], 10), S7_OK);
}

/* ---- connecting again ---- */

static void a_connection_that_broke_is_dialed_again_at_once(void **state)
{
    s7_client_metrics metrics = {.struct_size = sizeof metrics};

    (void)state;
    up();
    break_it();
    run_for(10);
    assert_int_equal(user.ends, 1);
    assert_int_equal(user.end, S7_E_RESET);
    assert_int_equal(user.at_end, S7_CONN_WAITING);
    assert_int_equal(user.ups, 2);
    assert_int_equal(world.accepted, 2);
    read_for(0, 0);
    run_for(10);
    expect_told(&told[0], S7_OK);
    assert_int_equal(s7_conn_metrics_get(user.conn, &metrics), S7_OK);
    assert_int_equal(metrics.connects, 2);
    assert_int_equal(metrics.reconnects, 1);
    down();
}

/* Pauses between attempts, in ms, as the user sees them. */
static unsigned outage(int64_t *pauses, unsigned n, int64_t ms)
{
    int64_t end_ns = s7_loop_now_ns(world.loop) + ms * MS, last_ns = s7_loop_now_ns(world.loop);
    unsigned seen = 0, ends = user.ends;

    while (s7_loop_now_ns(world.loop) < end_ns) {
        run_for(1);
        if (user.ends == ends)
            continue;
        assert_int_equal(user.ends, ends + 1);
        ends = user.ends;
        if (seen < n)
            pauses[seen] = (s7_loop_now_ns(world.loop) - last_ns) / MS;
        seen++;
        last_ns = s7_loop_now_ns(world.loop);
    }
    return seen;
}

static void s7_152_attempts_that_fail_are_told_each_and_come_ever_more_rarely(void **state)
{
    int64_t pauses[400] = {0}, bound = 1000, longest = 0;

    (void)state;
    up();
    door(S7_DIAL_REFUSE);
    break_it();
    run_for(2);
    assert_int_equal(user.end, S7_E_REFUSED); /* broken, dialed, refused */
    unsigned n = outage(pauses, 400, 3600 * 1000);
    assert_true(n >= 120 && n <= 480); /* 15 s on average */
    for (unsigned i = 0; i < n && i < 400; i++) {
        if (pauses[i] > bound + 2)
            fail_msg("pause %u lasted %lld ms, at most %lld", i, (long long)pauses[i], (long long)bound);
        bound = bound * 2 < 30000 ? bound * 2 : 30000;
        longest = pauses[i] > longest ? pauses[i] : longest;
    }
    assert_true(longest > 20000);
    assert_int_equal(user.ups, 1);
    assert_int_equal(user.end, S7_E_REFUSED);
    door(S7_DIAL_ACCEPT);
    run_for(30100);
    assert_int_equal(user.ups, 2);
    unsigned ends = user.ends;
    run_for(5000); /* the setup was finished: it begins anew */
    door(S7_DIAL_REFUSE);
    break_it();
    run_for(1010);
    assert_true(user.ends - ends >= 3); /* the end, an attempt at once, the next within a second */
    down();
}

static void a_plc_that_accepts_and_drops_is_not_dialed_without_a_pause(void **state)
{
    (void)state;
    s7_client_options options;
    redialing(&options);
    memset(told, 0, sizeof told);
    world_up(NULL);
    user_open(&options);
    for (unsigned ms = 0; ms < 60000; ms++) {
        run_for(1);
        if (user.ups > user.ends && world.peer.stream != NULL)
            break_it();
    }
    assert_true(user.ups >= 60 && user.ups <= 240); /* half a second on average */
    assert_true(user.ends + 1 >= user.ups);
    down();
}

static void the_first_attempt_may_fail_as_well(void **state)
{
    s7_client_options options;
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_then then = {.struct_size = sizeof then, .done = told_fn, .arg = &told[0], .err = &err};

    (void)state;
    memset(told, 0, sizeof told);
    redialing(&options);
    world_up(NULL);
    door(S7_DIAL_REFUSE);
    user_open(&options);
    assert_int_equal(s7_conn_read_db(user.conn, &then, 1, 0, data[0], 1), S7_E_NOT_CONNECTED);
    expect_text(err.came, "still connecting");
    run_for(1);
    assert_int_equal(user.ends, 1);
    assert_int_equal(s7_conn_state_get(user.conn), S7_CONN_WAITING);
    assert_int_equal(s7_conn_read_db(user.conn, &then, 1, 0, data[0], 1), S7_E_NOT_CONNECTED);
    expect_text(err.came, "the next attempt is in ");
    expect_text(err.came, "1 failed in a row; last: connection refused");
    expect_text(err.asked, "read DB1.DBB0 from 127.0.0.1:10102");
    assert_true(strstr(err.hint, "listens on this port") != NULL);
    assert_int_equal(s7_conn_open(user.conn, NULL), S7_E_MISUSE);
    door(S7_DIAL_ACCEPT);
    run_for(1100);
    assert_int_equal(user.ups, 1);
    assert_int_equal(told[0].times, 0);
    down();
}

static void without_it_nothing_is_dialed_again(void **state)
{
    (void)state;
    up_with(NULL);
    break_it();
    run_for(100000);
    assert_int_equal(user.ends, 1);
    assert_int_equal(user.at_end, S7_CONN_CLOSED);
    assert_int_equal(world.accepted, 1);
    down();
}

static void in_a_pool_it_neither_dials_nor_beats_by_itself(void **state)
{
    s7_client_options options;

    (void)state;
    redialing(&options);
    options.heartbeat_ms = 1000;
    up_with(&options);
    user.conn->pooled = true;
    run_for(10000);
    assert_int_equal(world.plc.jobs, 0);
    break_it();
    run_for(100000);
    assert_int_equal(user.ends, 1);
    assert_int_equal(user.at_end, S7_CONN_CLOSED);
    down();
}

static void closing_ends_it_whatever_it_is_doing_and_is_told_once(void **state)
{
    (void)state;
    for (unsigned ms = 0; ms < 4000; ms += 37) {
        up();
        door(ms % 2 ? S7_DIAL_REFUSE : S7_DIAL_VANISH);
        read_for(0, 60000);
        break_it();
        run_for(ms);
        unsigned ends = user.ends;
        s7_conn_close(user.conn);
        assert_int_equal(user.ends, ends);
        run_for(1);
        assert_int_equal(user.ends, ends + 1);
        assert_int_equal(user.at_end, S7_CONN_CLOSED);
        assert_int_equal(user.end_err.os_errno, 0);
        assert_string_equal(user.end_err.hint, ""); /* none of an attempt that failed before */
        expect_told(&told[0], ms == 0 ? told[0].status : S7_E_CANCELLED);
        run_for(100000);
        assert_int_equal(user.ends, ends + 1);
        door(S7_DIAL_ACCEPT);
        assert_int_equal(s7_conn_open(user.conn, NULL), S7_OK);
        run_for(10);
        assert_int_equal(user.ups, 2);
        down();
    }
}

/* ---- requests whose connection broke ---- */

static void s7_154_a_read_is_repeated_and_a_write_never(void **state)
{
    static const uint8_t value[10] = {1, 2, 3};

    (void)state;
    up();
    world.act = SILENT;
    world.act_frame = world.peer.frames + 1;
    assert_int_equal(s7_conn_write_db(user.conn, S7_THEN(told_fn, &told[0]), 1, 5000, value, 10), S7_OK);
    read_for(1, 0); /* in flight, unanswered */
    run_for(10);
    expect_told(&told[0], S7_OK);
    memset(told, 0, sizeof told);
    world.act_frame = world.peer.frames;
    assert_int_equal(s7_conn_write_db(user.conn, S7_THEN(told_fn, &told[0]), 1, 6000, value, 10), S7_OK);
    read_for(2, 0); /* waits behind them */
    assert_int_equal(s7_conn_write_db(user.conn, S7_THEN(told_fn, &told[3]), 1, 7000, value, 10), S7_OK);
    run_for(10);
    unsigned jobs = world.plc.jobs;
    break_it();
    run_for(20);
    assert_int_equal(user.ups, 2);
    expect_told(&told[0], S7_E_OUTCOME_UNKNOWN);
    expect_told(&told[1], S7_OK);
    expect_told(&told[2], S7_OK);
    expect_told(&told[3], S7_E_RESET); /* nothing of it left */
    assert_int_equal(world.plc.jobs, jobs + 2);
    assert_memory_equal(data[1], world.plc.db1 + 1000, 10);
    assert_memory_equal(data[2], world.plc.db1 + 2000, 10);
    assert_int_equal(world.plc.db1[7000], db_byte(7000));
    down();
}

static void services_that_change_nothing_are_repeated_from_their_begin(void **state)
{
    static s7_cpu_info info;

    (void)state;
    info.struct_size = sizeof info;
    up();
    world.act = SILENT;
    world.act_frame = world.peer.frames + 1; /* the second of two units */
    assert_int_equal(s7_conn_cpu_info(user.conn, S7_THEN(told_fn, &told[0]), &info), S7_OK);
    run_for(10);
    assert_int_equal(told[0].times, 0);
    break_it();
    run_for(20);
    expect_told(&told[0], S7_OK);
    assert_string_equal(info.location, "over there");
    down();
}

static void a_read_is_repeated_so_many_times_and_no_more(void **state)
{
    s7_client_options options;

    (void)state;
    redialing(&options);
    options.read_retries = 2;
    up_with(&options);
    run_for(2000);
    read_for(0, 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(told[0].times, 0);
        world.act = RST; /* each first job */
        world.act_frame = world.peer.stream != NULL && i == 0 ? world.peer.frames : 2;
        while (user.ends == i)
            run_for(1);
    }
    expect_told(&told[0], S7_E_RESET);
    assert_int_equal(world.plc.jobs, 3);
    down();
}

static void what_waits_for_a_connection_keeps_its_deadline(void **state)
{
    (void)state;
    up();
    world.act = SILENT;
    world.act_frame = world.peer.frames;
    read_for(0, 5000);
    run_for(10);
    door(S7_DIAL_REFUSE);
    break_it();
    run_for(4980);
    assert_int_equal(told[0].times, 0);
    run_for(11);
    expect_told(&told[0], S7_E_TIMEOUT);
    expect_text(told[0].err.came, "was not up again in time: connection refused");
    down();
}

static void what_waits_for_a_connection_may_be_withdrawn(void **state)
{
    uint64_t id = 0;
    s7_then then = {.struct_size = sizeof then, .done = told_fn, .arg = &told[0], .id = &id};

    (void)state;
    up();
    world.act = SILENT;
    world.act_frame = world.peer.frames;
    assert_int_equal(s7_conn_read_db(user.conn, &then, 1, 0, data[0], 10), S7_OK);
    run_for(10);
    door(S7_DIAL_REFUSE);
    break_it();
    run_for(10);
    assert_true(s7_conn_busy(user.conn));
    assert_true(s7_conn_cancel(user.conn, id));
    run_for(1);
    expect_told(&told[0], S7_E_CANCELLED);
    assert_false(s7_conn_busy(user.conn));
    down();
}

static void close_it(void)
{
    s7_conn_close(user.conn);
}

static void free_it(void)
{
    user_down();
}

static void a_connection_may_be_closed_or_freed_in_every_function_while_it_reconnects(void **state)
{
    static const uint8_t value[10] = {1};

    (void)state;
    for (unsigned frees = 0; frees < 2; frees++) {
        bool more = true;

        for (unsigned k = 1; more; k++) {
            up();
            user.trick_at = k;
            user.trick = frees ? free_it : close_it;
            world.keeps = true;
            read_for(0, 0);
            assert_int_equal(s7_conn_write_db(user.conn, S7_THEN(told_fn, &told[1]), 1, 6000, value, 10),
                             S7_OK);
            read_for(2, 0);
            run_for(10);
            assert_int_equal(world.n_kept, 2);
            world.keeps = false;
            break_it();
            run_for(10);
            if (user.conn != NULL && user.ups == 2) {
                door(S7_DIAL_REFUSE);
                break_it();
            }
            run_for(10000);
            more = user.calls > k;
            if (frees)
                assert_int_equal(user.calls, more ? k + 1 : k);
            else if (more)
                assert_int_equal(s7_conn_state_get(user.conn), S7_CONN_CLOSED);
            for (unsigned i = 0; i < 3; i++)
                assert_true(told[i].times == 1 || (frees && more && told[i].times == 0));
            unsigned calls = user.calls;
            run_for(100000);
            if (more)
                assert_int_equal(user.calls, calls);
            down();
            if (k > 12)
                break; /* attempts go on for ever */
        }
    }
}

/* ---- heartbeat ---- */

static void beating_up(bool reconnects)
{
    s7_client_options options;

    user_options(&options);
    options.heartbeat_ms = 2000;
    options.auto_reconnect = reconnects;
    up_with(&options);
}

static void a_silent_connection_is_asked_for_a_sign_of_life_now_and_then(void **state)
{
    (void)state;
    beating_up(false);
    run_for(1990);
    assert_int_equal(world.plc.jobs, 0);
    run_for(8100);
    assert_int_equal(world.plc.jobs, 5);
    assert_false(s7_conn_busy(user.conn));
    world.plc.refuse = 0x8104; /* as good */
    run_for(10000);
    assert_int_equal(user.ends, 0);
    down();
}

static void a_heartbeat_costs_nothing_while_answers_come(void **state)
{
    (void)state;
    beating_up(false);
    for (unsigned i = 0; i < 20; i++) {
        memset(told, 0, sizeof told);
        read_for(0, 0);
        run_for(1900);
        expect_told(&told[0], S7_OK);
    }
    assert_int_equal(world.plc.jobs, 20);
    down();
}

static void a_plc_that_misses_a_heartbeat_is_given_up(void **state)
{
    (void)state;
    for (unsigned reconnects = 0; reconnects < 2; reconnects++) {
        beating_up(reconnects);
        world.act = SILENT;
        world.act_frame = world.peer.frames;
        run_for(2490);
        assert_int_equal(user.ends, 0);
        run_for(20);
        assert_int_equal(user.ends, 1);
        assert_int_equal(user.end, S7_E_TIMEOUT);
        expect_text(user.end_err.came, "no answer to the heartbeat");
        run_for(100);
        assert_int_equal(user.ups, 1 + reconnects);
        down();
    }
}

static void requests_may_be_made_while_a_heartbeat_is_on_its_way(void **state)
{
    (void)state;
    beating_up(false);
    world.plc.amq = 1;
    world.act = HOLD;
    world.act_frame = world.peer.frames;
    run_for(2100);
    read_for(0, 0);
    run_for(100);
    append(&world.peer.tx, &world.held);
    peer_flush(&world.peer);
    run_for(100);
    expect_told(&told[0], S7_OK);
    assert_int_equal(user.ends, 0);
    down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_that_broke_is_dialed_again_at_once),
        cmocka_unit_test(s7_152_attempts_that_fail_are_told_each_and_come_ever_more_rarely),
        cmocka_unit_test(a_plc_that_accepts_and_drops_is_not_dialed_without_a_pause),
        cmocka_unit_test(the_first_attempt_may_fail_as_well),
        cmocka_unit_test(without_it_nothing_is_dialed_again),
        cmocka_unit_test(in_a_pool_it_neither_dials_nor_beats_by_itself),
        cmocka_unit_test(closing_ends_it_whatever_it_is_doing_and_is_told_once),
        cmocka_unit_test(s7_154_a_read_is_repeated_and_a_write_never),
        cmocka_unit_test(services_that_change_nothing_are_repeated_from_their_begin),
        cmocka_unit_test(a_read_is_repeated_so_many_times_and_no_more),
        cmocka_unit_test(what_waits_for_a_connection_keeps_its_deadline),
        cmocka_unit_test(what_waits_for_a_connection_may_be_withdrawn),
        cmocka_unit_test(a_connection_may_be_closed_or_freed_in_every_function_while_it_reconnects),
        cmocka_unit_test(a_silent_connection_is_asked_for_a_sign_of_life_now_and_then),
        cmocka_unit_test(a_heartbeat_costs_nothing_while_answers_come),
        cmocka_unit_test(a_plc_that_misses_a_heartbeat_is_given_up),
        cmocka_unit_test(requests_may_be_made_while_a_heartbeat_is_on_its_way),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.conn_redial");
}
