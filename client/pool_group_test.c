/* Groups: who may dial when pools share a PLC's connections. */
#include "client/pool_core_rig.h"
#include "client/pool_group.h"

static s7_pool_group *group;

static void make_group(unsigned connections, unsigned reserved, unsigned dials)
{
    s7_pool_group_options options;

    s7_pool_group_options_init(&options);
    options.plc_connections = (uint16_t)connections;
    options.plc_reserved = (uint16_t)reserved;
    options.max_dials = (uint16_t)dials;
    assert_int_equal(s7_pool_group_new(&options, &group, NULL), S7_OK);
}

/* ---- shares, as pools use them ---- */

static struct s7_pool_share shares[3];
static unsigned calls[3];

static void count_call(void *arg)
{
    ++*(unsigned *)arg;
}

static void join_at(unsigned i, const char *endpoint)
{
    struct s7_settings settings;

    assert_int_equal(s7_settings_make(endpoint, NULL, &settings, NULL), S7_OK);
    memset(&shares[i], 0, sizeof shares[i]);
    calls[i] = 0;
    assert_int_equal(s7_pool_share_join(&shares[i], group, &settings, count_call, &calls[i]), S7_OK);
}

static void join_all(void)
{
    for (unsigned i = 0; i < 3; i++)
        join_at(i, "192.168.0.1");
}

static int leave_all(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        s7_pool_share_leave(&shares[i]);
    s7_pool_group_free(group);
    group = NULL;
    return 0;
}

static void expect_calls(unsigned a, unsigned b, unsigned c)
{
    assert_int_equal(calls[0], a);
    assert_int_equal(calls[1], b);
    assert_int_equal(calls[2], c);
}

static void pools_of_a_group_never_have_more_than_a_PLC_gives_them(void **state)
{
    (void)state;
    make_group(4, 1, 0);
    join_all();
    assert_int_equal(s7_pool_share_take(&shares[0], 0), S7_POOL_GRANTED);
    assert_int_equal(s7_pool_share_take(&shares[0], 1), S7_POOL_GRANTED);
    assert_int_equal(s7_pool_share_take(&shares[1], 0), S7_POOL_GRANTED);
    assert_int_equal(s7_pool_share_take(&shares[1], 1), S7_POOL_NO_PLACE); /* one is for others */
    s7_pool_share_dialed(&shares[0], 0);                                   /* that is no place */
    expect_calls(0, 0, 0);
    s7_pool_share_give(&shares[0], 0);
    expect_calls(0, 1, 0);
    assert_true(s7_pool_share_is_called(&shares[1]));
    assert_false(s7_pool_share_is_called(&shares[1]));
    assert_int_equal(s7_pool_share_take(&shares[1], 1), S7_POOL_GRANTED);
}

static void another_CPU_has_connections_of_its_own(void **state)
{
    (void)state;
    make_group(1, 0, 0);
    join_at(0, "192.168.0.1");
    join_at(1, "s7://192.168.0.1?rack=0&slot=2");
    join_at(2, "s7://192.168.0.1:102?rack=0&slot=1&type=pg"); /* the first one, in other words */
    assert_int_equal(s7_pool_share_take(&shares[0], 0), S7_POOL_GRANTED);
    assert_int_equal(s7_pool_share_take(&shares[1], 0), S7_POOL_GRANTED);
    assert_int_equal(s7_pool_share_take(&shares[2], 0), S7_POOL_NO_PLACE);
}

static void who_asked_first_is_called_first_and_nobody_overtakes_him(void **state)
{
    (void)state;
    make_group(1, 0, 0);
    join_all();
    assert_int_equal(s7_pool_share_take(&shares[0], 0), S7_POOL_GRANTED);
    assert_int_equal(s7_pool_share_take(&shares[1], 0), S7_POOL_NO_PLACE);
    assert_int_equal(s7_pool_share_take(&shares[2], 0), S7_POOL_NO_PLACE);
    expect_calls(1, 0, 0); /* it was asked for its only one */
    s7_pool_share_give(&shares[0], 0);
    expect_calls(1, 1, 0);
    assert_int_equal(s7_pool_share_take(&shares[0], 0), S7_POOL_NO_PLACE);
    assert_int_equal(s7_pool_share_take(&shares[1], 0), S7_POOL_GRANTED);
    s7_pool_share_give(&shares[1], 0);
    expect_calls(1, 2, 1);
}

static void who_needs_it_no_more_passes_it_on(void **state)
{
    (void)state;
    who_asked_first_is_called_first_and_nobody_overtakes_him(state);
    s7_pool_share_pass(&shares[2]); /* not yet: it has not heard the call */
    expect_calls(1, 2, 1);
    assert_true(s7_pool_share_is_called(&shares[2]));
    s7_pool_share_pass(&shares[2]);
    expect_calls(2, 2, 1);
    s7_pool_share_leave(&shares[0]); /* and so does one that ends */
    assert_int_equal(s7_pool_share_take(&shares[2], 0), S7_POOL_GRANTED);
}

static void who_has_none_is_given_one_of_who_has_most(void **state)
{
    (void)state;
    make_group(5, 0, 0);
    join_all();
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(s7_pool_share_take(&shares[0], i), S7_POOL_GRANTED);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(s7_pool_share_take(&shares[1], i), S7_POOL_GRANTED);
    assert_int_equal(s7_pool_share_take(&shares[1], 2), S7_POOL_NO_PLACE); /* two are not none */
    expect_calls(0, 0, 0);
    assert_int_equal(s7_pool_share_take(&shares[2], 0), S7_POOL_NO_PLACE);
    expect_calls(1, 0, 0);
    assert_true(s7_pool_share_is_called(&shares[0]));
    assert_int_equal(s7_pool_share_asked(&shares[0]), 1);
    assert_int_equal(s7_pool_share_asked(&shares[0]), 0); /* each is told once */
    assert_int_equal(s7_pool_share_take(&shares[2], 0), S7_POOL_NO_PLACE);
    expect_calls(1, 0, 0); /* that one is on its way */
}

static void for_good_means_that_nobody_gives_up_his_only_one(void **state)
{
    s7_pool_group_options options;

    (void)state;
    s7_pool_group_options_init(&options);
    options.plc_connections = 2;
    options.turn_ms = 0;
    assert_int_equal(s7_pool_group_new(&options, &group, NULL), S7_OK);
    join_all();
    assert_int_equal(s7_pool_share_take(&shares[0], 0), S7_POOL_GRANTED);
    assert_int_equal(s7_pool_share_take(&shares[1], 0), S7_POOL_GRANTED);
    assert_int_equal(s7_pool_share_take(&shares[2], 0), S7_POOL_NO_PLACE);
    expect_calls(0, 0, 0);
    s7_pool_share_give(&shares[0], 0);
    expect_calls(0, 0, 1);
}

/* And so in turn: who gave it up has another one's later. */
static void where_nobody_has_two_who_has_had_his_for_longest_gives_it_up(void **state)
{
    (void)state;
    make_group(2, 0, 0);
    join_all();
    assert_int_equal(s7_pool_share_take(&shares[1], 0), S7_POOL_GRANTED);
    assert_int_equal(s7_pool_share_take(&shares[0], 0), S7_POOL_GRANTED);
    assert_int_equal(s7_pool_share_take(&shares[2], 0), S7_POOL_NO_PLACE);
    expect_calls(0, 1, 0);
    assert_int_equal(s7_pool_share_asked(&shares[1]), 1);
    s7_pool_share_give(&shares[1], 0);
    expect_calls(0, 1, 1);
    assert_int_equal(s7_pool_share_take(&shares[1], 0), S7_POOL_NO_PLACE); /* it is not his turn */
    expect_calls(1, 1, 1);
    assert_int_equal(s7_pool_share_take(&shares[2], 0), S7_POOL_GRANTED);
    expect_calls(1, 1, 1);
    s7_pool_share_give(&shares[0], 0);
    expect_calls(1, 2, 1);
    assert_int_equal(s7_pool_share_take(&shares[1], 0), S7_POOL_GRANTED);
}

/* What two lack is asked of the same one, and as long as he has two. */
static void each_that_has_none_is_given_one(void **state)
{
    (void)state;
    make_group(3, 0, 0);
    join_all();
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(s7_pool_share_take(&shares[0], i), S7_POOL_GRANTED);
    assert_int_equal(s7_pool_share_take(&shares[1], 0), S7_POOL_NO_PLACE);
    assert_int_equal(s7_pool_share_take(&shares[2], 0), S7_POOL_NO_PLACE);
    expect_calls(2, 0, 0);
    assert_int_equal(s7_pool_share_asked(&shares[0]), 2);
    s7_pool_share_give(&shares[0], 1);
    s7_pool_share_give(&shares[0], 2);
    assert_int_equal(s7_pool_share_take(&shares[0], 1), S7_POOL_NO_PLACE); /* those are not for him */
    assert_int_equal(s7_pool_share_take(&shares[1], 0), S7_POOL_GRANTED);
    assert_int_equal(s7_pool_share_take(&shares[2], 0), S7_POOL_GRANTED);
    assert_int_equal(s7_pool_share_asked(&shares[0]), 0);
}

static void so_many_dial_at_a_time_whatever_the_PLC(void **state)
{
    (void)state;
    make_group(0, 0, 1);
    join_at(0, "192.168.0.1");
    join_at(1, "192.168.0.2");
    join_at(2, "192.168.0.3");
    assert_int_equal(s7_pool_share_take(&shares[0], 63), S7_POOL_GRANTED);
    assert_int_equal(s7_pool_share_take(&shares[1], 0), S7_POOL_NO_DIAL);
    assert_int_equal(s7_pool_share_take(&shares[2], 0), S7_POOL_NO_DIAL);
    s7_pool_share_dialed(&shares[0], 63);
    s7_pool_share_dialed(&shares[0], 63); /* said twice, done once */
    expect_calls(0, 1, 0);
    assert_int_equal(s7_pool_share_take(&shares[1], 0), S7_POOL_GRANTED);
    s7_pool_share_give(&shares[1], 0); /* it failed */
    expect_calls(0, 1, 1);
}

static void one_that_ends_gives_back_all_it_had(void **state)
{
    (void)state;
    make_group(2, 0, 2);
    join_all();
    assert_int_equal(s7_pool_share_take(&shares[0], 0), S7_POOL_GRANTED);
    assert_int_equal(s7_pool_share_take(&shares[0], 1), S7_POOL_GRANTED);
    assert_int_equal(s7_pool_share_take(&shares[1], 0), S7_POOL_NO_PLACE);
    expect_calls(1, 0, 0); /* it was asked for one */
    s7_pool_share_leave(&shares[0]);
    expect_calls(1, 1, 0);
    assert_int_equal(s7_pool_share_take(&shares[1], 0), S7_POOL_GRANTED);
    assert_int_equal(s7_pool_share_take(&shares[1], 1), S7_POOL_GRANTED);
}

static void without_a_group_everything_is_granted(void **state)
{
    struct s7_pool_share alone = {0};

    (void)state;
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(s7_pool_share_take(&alone, i), S7_POOL_GRANTED);
    s7_pool_share_dialed(&alone, 0);
    s7_pool_share_give(&alone, 0);
    s7_pool_share_pass(&alone);
    assert_false(s7_pool_share_is_called(&alone));
    s7_pool_share_leave(&alone);
}

static void options_of_a_group_are_checked(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_pool_group_options options;

    (void)state;
    s7_pool_group_options_init(&options);
    options.plc_connections = options.plc_reserved = 3;
    assert_int_equal(s7_pool_group_new(&options, &group, &err), S7_E_ARG);
    assert_non_null(strstr(err.came, "plc_reserved is below plc_connections; got 3 of 3"));
    options.plc_reserved = 0;
    options.turn_ms = UINT32_MAX;
    assert_int_equal(s7_pool_group_new(&options, &group, &err), S7_E_ARG);
    assert_non_null(strstr(err.came, "turn_ms"));
    options.struct_size = 0;
    assert_int_equal(s7_pool_group_new(&options, &group, &err), S7_E_ARG);
    assert_int_equal(s7_pool_group_new(NULL, &group, NULL), S7_E_ARG);
    assert_int_equal(s7_pool_group_new(&options, NULL, &err), S7_E_ARG);
    assert_non_null(strstr(err.came, "no place for the group"));
    s7_pool_group_free(NULL);
}

/* ---- what the core makes of it ---- */

static int started(void **state)
{
    (void)state;
    rig_rules();
    rig_start();
    rig.prompt = false;
    return 0;
}

static void idle_connections_that_the_group_asks_for_are_closed_at_once(void **state)
{
    (void)state;
    rig.prompt = true;
    borrow(0);
    borrow(1);
    put(rig.callers[0].lease);
    run_for(SECOND);
    put(rig.callers[1].lease);
    s7_pool_core_yield(rig.core, 1, rig.now);
    act();
    expect_state(rig.callers[0].lease.conn, S7_POOL_FREE); /* the one that was idle longest */
    expect_state(rig.callers[1].lease.conn, S7_POOL_IDLE);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_YIELDED], 1);
    run_for(SECOND);
    put(borrow(2)); /* and that is all */
    assert_int_equal(stats().total_connections, 1);
}

static void else_the_next_that_comes_back_is_closed_whoever_waits(void **state)
{
    rig_free(state);
    rig.prompt = true;
    rig.rules.size = 2;
    rig_start();
    borrow(0);
    borrow(1);
    get(2, S7_NEVER_NS);
    s7_pool_core_yield(rig.core, 1, rig.now);
    act();
    assert_int_equal(stats().in_use, 2);
    rig.prompt = false;
    put(rig.callers[0].lease);
    assert_int_equal(rig.reason[rig.callers[0].lease.conn], S7_POOL_CLOSE_YIELDED);
    assert_false(rig.callers[2].done);
    put(rig.callers[1].lease);
    expect_told(2, S7_OK);
}

static void connections_that_end_meanwhile_are_given_up_as_well(void **state)
{
    (void)state;
    rig.prompt = true;
    borrow(0);
    borrow(1);
    borrow(2);
    s7_pool_core_yield(rig.core, 2, rig.now);
    s7_pool_core_ended(rig.core, rig.callers[0].lease.conn, S7_E_RESET, rig.now);
    put(rig.callers[0].lease);
    put_as(rig.callers[1].lease, S7_POOL_PUT_DISCARD);
    put(rig.callers[2].lease);
    assert_int_equal(stats().total_connections, 1);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_YIELDED], 0);
}

static void the_last_one_is_given_up_after_three_seconds(void **state)
{
    (void)state;
    rig.prompt = true;
    run_for(SECOND);
    s7_pool_core_yield(rig.core, 1, rig.now);
    put(borrow(0)); /* whoever wants it may have it until then */
    run_for(2 * SECOND - 1);
    assert_int_equal(stats().total_connections, 1);
    run_for(1);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_YIELDED], 1);
}

static void the_last_one_that_is_lent_is_given_up_when_it_is_back(void **state)
{
    (void)state;
    rig.prompt = true;
    run_for(4 * SECOND);
    struct s7_pool_lease lease = borrow(0);
    s7_pool_core_yield(rig.core, 1, rig.now);
    run_for(SECOND);
    assert_int_equal(stats().in_use, 1);
    put(lease);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_YIELDED], 1);
}

static void who_is_denied_a_place_waits_and_dials_when_it_is_allowed(void **state)
{
    (void)state;
    borrow(0);
    get(1, SECOND);
    get(2, S7_NEVER_NS);
    s7_pool_core_denied(rig.core, 1, true, rig.now);
    act();
    assert_true(stats().denied);
    assert_int_equal(stats().dials, 1); /* the start's */
    run_for(SECOND);
    expect_told(1, S7_E_POOL_EXHAUSTED); /* there are some */
    run_for(3600 * SECOND);
    assert_int_equal(rig.dials, 2);
    s7_pool_core_allowed(rig.core, rig.now);
    act();
    assert_int_equal(rig.dials, 3);
    assert_false(stats().denied);
    assert_int_equal(stats().denials, 1);
    assert_int_equal(stats().connect_failures, 0); /* nothing failed */
    assert_int_equal(stats().limit, 5);
}

/* All places of the group are taken: as if this pool were as large as what it has. */
static void who_is_denied_a_place_does_not_wait_for_a_late_answer(void **state)
{
    (void)state;
    put_as(borrow(0), S7_POOL_PUT_DIRTY);
    get(1, 20 * SECOND);
    expect_state(0, S7_POOL_DIRTY); /* a second one is being made for him */
    s7_pool_core_denied(rig.core, 1, true, rig.now);
    act();
    expect_state(0, S7_POOL_CLOSING);
    s7_pool_core_closed(rig.core, 0, rig.now);
    s7_pool_core_allowed(rig.core, rig.now);
    act();
    s7_pool_core_dialed(rig.core, 0, 1, rig.random, rig.now);
    act();
    expect_told(1, S7_OK);
    AT(0);
}

static void a_late_answer_is_waited_for_where_only_a_dial_is_denied(void **state)
{
    (void)state;
    put_as(borrow(0), S7_POOL_PUT_DIRTY);
    get(1, 20 * SECOND);
    s7_pool_core_denied(rig.core, 1, false, rig.now);
    act();
    expect_state(0, S7_POOL_DIRTY);
}

static void with_fail_when_exhausted_nobody_waits_for_a_place_of_the_group(void **state)
{
    rig_free(state);
    rig_rules();
    rig.rules.fail_when_exhausted = true;
    rig_start();
    rig.prompt = false;
    borrow(0);
    get(1, 20 * SECOND);
    assert_false(rig.callers[1].done); /* a second one is being made for him */
    s7_pool_core_denied(rig.core, 1, true, rig.now);
    act();
    expect_told(1, S7_E_POOL_EXHAUSTED);
    get(2, 20 * SECOND);
    expect_told(2, S7_E_POOL_EXHAUSTED);
    AT(0);
    s7_pool_core_allowed(rig.core, rig.now);
    act();
    get(3, 20 * SECOND);
    assert_false(rig.callers[3].done);
}

static void who_has_none_and_is_denied_one_is_told_of_the_budget(void **state)
{
    (void)state;
    s7_pool_core_ended(rig.core, 0, S7_E_RESET, rig.now);
    act();
    s7_pool_core_closed(rig.core, 0, rig.now);
    get(0, SECOND);
    s7_pool_core_denied(rig.core, 0, true, rig.now);
    run_for(SECOND);
    expect_told(0, S7_E_BUDGET);
    assert_false(stats().down);
    get(1, SECOND);
    s7_pool_core_allowed(rig.core, rig.now);
    act();
    s7_pool_core_denied(rig.core, 0, false, rig.now); /* a dial is another matter: soon */
    run_for(SECOND);
    expect_told(1, S7_E_PLC_DOWN); /* it ended for a reset */
}

static void a_start_that_is_denied_a_place_fails_but_waits_for_a_dial(void **state)
{
    (void)state;
    rig_rules();
    rig.prompt = false;
    rig_start();
    s7_pool_core_denied(rig.core, 0, false, rig.now);
    act();
    assert_false(rig.started);
    s7_pool_core_allowed(rig.core, rig.now);
    act();
    s7_pool_core_denied(rig.core, 0, true, rig.now);
    act();
    assert_true(rig.started);
    assert_int_equal(rig.start_status, S7_E_BUDGET);
}

#define SHARES(name) cmocka_unit_test_teardown(name, leave_all)
#define CORE(name)   cmocka_unit_test_setup_teardown(name, started, rig_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHARES(pools_of_a_group_never_have_more_than_a_PLC_gives_them),
        SHARES(another_CPU_has_connections_of_its_own),
        SHARES(who_asked_first_is_called_first_and_nobody_overtakes_him),
        SHARES(who_needs_it_no_more_passes_it_on),
        SHARES(who_has_none_is_given_one_of_who_has_most),
        SHARES(for_good_means_that_nobody_gives_up_his_only_one),
        SHARES(where_nobody_has_two_who_has_had_his_for_longest_gives_it_up),
        SHARES(each_that_has_none_is_given_one),
        SHARES(so_many_dial_at_a_time_whatever_the_PLC),
        SHARES(one_that_ends_gives_back_all_it_had),
        cmocka_unit_test(without_a_group_everything_is_granted),
        cmocka_unit_test(options_of_a_group_are_checked),
        CORE(idle_connections_that_the_group_asks_for_are_closed_at_once),
        CORE(else_the_next_that_comes_back_is_closed_whoever_waits),
        CORE(connections_that_end_meanwhile_are_given_up_as_well),
        CORE(the_last_one_is_given_up_after_three_seconds),
        CORE(the_last_one_that_is_lent_is_given_up_when_it_is_back),
        CORE(who_is_denied_a_place_waits_and_dials_when_it_is_allowed),
        CORE(who_is_denied_a_place_does_not_wait_for_a_late_answer),
        CORE(a_late_answer_is_waited_for_where_only_a_dial_is_denied),
        CORE(with_fail_when_exhausted_nobody_waits_for_a_place_of_the_group),
        CORE(who_has_none_and_is_denied_one_is_told_of_the_budget),
        cmocka_unit_test_teardown(a_start_that_is_denied_a_place_fails_but_waits_for_a_dial, rig_free),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "pool group");
}
