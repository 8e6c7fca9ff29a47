/* The pool's policies one by one, at exact times. */
#include "client/pool_core_rig.h"

static int defaults(void **state)
{
    (void)state;
    rig_rules();
    return 0;
}

static int started(void **state)
{
    defaults(state);
    rig_start();
    return 0;
}

/* `n` connections are up and lent to callers 0..n-1. */
static void lend_all(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        borrow(i);
}

static void give_all_back(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        put(rig.callers[i].lease);
}

/* ---- start ---- */

static void start_makes_one_connection_and_more_come_on_demand(void **state)
{
    (void)state;
    rig_start();
    assert_true(rig.started);
    assert_int_equal(rig.start_status, S7_OK);
    assert_int_equal(stats().total_connections, 1);
    lend_all(3);
    assert_int_equal(stats().in_use, 3);
    assert_int_equal(rig.dials, 3);
}

static void a_start_that_fails_says_why_and_may_be_tried_again(void **state)
{
    (void)state;
    rig.refuse = S7_E_REFUSED;
    rig_start();
    assert_int_equal(rig.start_status, S7_E_REFUSED);
    assert_int_equal(get(0, SECOND), S7_E_MISUSE);
    run_for(60 * SECOND);
    assert_int_equal(rig.dials, 1); /* nobody asked for more */
    rig.refuse = S7_OK;
    assert_int_equal(s7_pool_core_start(rig.core, S7_NEVER_NS, rig.now), S7_OK);
    act();
    assert_int_equal(rig.start_status, S7_OK);
    assert_int_equal(s7_pool_core_start(rig.core, S7_NEVER_NS, rig.now), S7_E_MISUSE);
    borrow(0);
}

static void start_all_makes_all_connections_one_after_the_other(void **state)
{
    (void)state;
    rig.rules.start = S7_POOL_START_ALL;
    rig.prompt = false;
    rig_start();
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(rig.dials, i + 1);
        assert_false(rig.started);
        s7_pool_core_dialed(rig.core, i, 1, rig.random, rig.now);
        act();
    }
    assert_true(rig.started);
    assert_int_equal(stats().available, 5);
}

static void start_all_that_gets_too_few_closes_what_it_has(void **state)
{
    (void)state;
    rig.rules.start = S7_POOL_START_ALL;
    rig.places = 3;
    rig_start();
    assert_int_equal(rig.start_status, S7_E_COTP_REFUSED);
    assert_int_equal(stats().total_connections, 0);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_SHUTDOWN], 3);
}

static void start_in_the_background_returns_at_once(void **state)
{
    (void)state;
    rig.rules.start = S7_POOL_START_BACKGROUND;
    rig.prompt = false;
    rig_start();
    assert_true(rig.started);
    assert_int_equal(rig.start_status, S7_OK);
    assert_int_equal(rig.dials, 1);
    s7_pool_core_dialed(rig.core, 0, 1, rig.random, rig.now);
    borrow(0);
}

static void start_ends_at_its_deadline(void **state)
{
    (void)state;
    rig.prompt = false;
    assert_int_equal(s7_pool_core_new(&rig.rules, &rig.core), S7_OK);
    assert_int_equal(s7_pool_core_start(rig.core, T0 + 700 * MS, rig.now), S7_OK);
    act();
    run_to(T0 + 700 * MS - 1);
    assert_int_equal(rig.closes, 0);
    run_to(T0 + 700 * MS);
    assert_int_equal(rig.closes, 1); /* the dial is given up */
    s7_pool_core_closed(rig.core, 0, rig.now);
    act();
    assert_int_equal(rig.start_status, S7_E_TIMEOUT);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_SHUTDOWN], 0); /* it had never been up */
}

/* ---- idle ---- */

static void an_idle_connection_is_closed_at_exactly_5_minutes_despite_health_checks(void **state)
{
    (void)state;
    run_for(7 * SECOND);
    put(borrow(0));
    run_to(T0 + 307 * SECOND - 1);
    assert_int_equal(stats().available, 1);
    assert_int_equal(rig.checks, 5);
    run_to(T0 + 307 * SECOND);
    assert_int_equal(stats().total_connections, 0);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_IDLE], 1);
    assert_false(stats().down);
    run_for(3600 * SECOND);
    assert_int_equal(rig.dials, 1); /* nothing to do until somebody asks */
    borrow(0);
    assert_int_equal(rig.dials, 2);
}

static void an_idle_connection_is_closed_in_time_even_while_it_is_checked(void **state)
{
    (void)state;
    run_for(1 * SECOND);
    put(borrow(0));
    run_to(T0 + 299 * SECOND);
    rig.prompt = false;
    run_to(T0 + 300 * SECOND + 500 * MS);
    expect_state(0, S7_POOL_CHECKING);
    run_to(T0 + 301 * SECOND);
    expect_state(0, S7_POOL_CLOSING);
    assert_int_equal(rig.reason[0], S7_POOL_CLOSE_IDLE);
    assert_int_equal(rig.closed_at[0] - T0, 301 * SECOND);
    assert_int_equal(stats().health_check_failures, 0);
}

static void the_last_put_is_lent_first_so_that_surplus_ones_are_reaped(void **state)
{
    (void)state;
    lend_all(5);
    give_all_back(5); /* caller 4 is the last */
    for (int i = 0; i < 400; i++) {
        run_for(SECOND);
        struct s7_pool_lease lease = borrow(0);
        assert_int_equal(lease.conn, 4);
        put(lease);
    }
    assert_int_equal(stats().total_connections, 1);
}

static void with_lend_oldest_all_are_used_alike_and_stay(void **state)
{
    (void)state;
    rig.rules.lend_oldest = true;
    rig_start();
    lend_all(3);
    give_all_back(3);
    for (unsigned i = 0; i < 600; i++) { /* ten minutes, one lease a second */
        run_for(SECOND);
        struct s7_pool_lease lease = borrow(0);
        assert_int_equal(lease.conn, i % 3);
        put(lease);
    }
    assert_int_equal(stats().total_connections, 3);
    assert_int_equal(rig.dials, 3);
    run_for(300 * SECOND);
    assert_int_equal(stats().total_connections, 0);
}

static void min_idle_connections_stay_and_are_replaced(void **state)
{
    (void)state;
    rig.rules.min_idle = 2;
    rig_start();
    assert_int_equal(stats().available, 2);
    lend_all(2);
    assert_int_equal(stats().available, 2); /* two more were made */
    give_all_back(2);
    assert_int_equal(stats().available, 4);
    run_for(3600 * SECOND);
    assert_int_equal(stats().available, 2);
    s7_pool_core_ended(rig.core, 0, S7_E_CLOSED, rig.now);
    s7_pool_core_ended(rig.core, 1, S7_E_CLOSED, rig.now);
    act();
    assert_int_equal(stats().available, 2);
}

static void max_idle_never_means_never(void **state)
{
    (void)state;
    rig.rules.max_idle_ns = rig.rules.health_check_ns = S7_NEVER_NS;
    rig_start();
    assert_true(s7_pool_core_deadline(rig.core) == S7_NEVER_NS);
    run_for(1000000 * SECOND);
    assert_int_equal(stats().available, 1);
    assert_int_equal(rig.checks, 0);
}

/* ---- health ---- */

static void checks_are_spread_evenly_over_the_period(void **state)
{
    (void)state;
    lend_all(5);
    give_all_back(5);
    for (int period = 0; period < 4; period++) {
        run_to(T0 + (period + 1) * 60 * SECOND);
        for (unsigned i = 0; i < 5; i++) {
            int64_t at = (i == 0 ? period + 1 : period) * 60 * SECOND + i * 12 * SECOND;
            assert_int_equal(rig.checked_at[i] - T0, at);
        }
    }
    assert_int_equal(rig.checks, 20);
    assert_int_equal(stats().health_checks, 20);
}

static void a_check_without_an_answer_closes_after_2_seconds_and_is_counted(void **state)
{
    (void)state;
    rig.prompt = false;
    run_to(T0 + 62 * SECOND - 1);
    expect_state(0, S7_POOL_CHECKING);
    assert_int_equal(rig.checked_at[0] - T0, 60 * SECOND);
    run_to(T0 + 62 * SECOND);
    expect_state(0, S7_POOL_CLOSING);
    assert_int_equal(rig.reason[0], S7_POOL_CLOSE_HEALTH);
    assert_int_equal(stats().health_check_failures, 1);
    s7_pool_core_checked(rig.core, 0, rig.now); /* too late */
    expect_state(0, S7_POOL_CLOSING);
}

static void a_lent_connection_is_not_checked(void **state)
{
    (void)state;
    borrow(0);
    run_for(600 * SECOND);
    assert_int_equal(rig.checks, 0);
    put(rig.callers[0].lease);
    run_for(60 * SECOND);
    assert_int_equal(rig.checks, 1);
}

static void who_finds_only_checked_connections_shares_one_when_two_jobs_are_granted(void **state)
{
    (void)state;
    rig.prompt = false;
    run_to(T0 + 60 * SECOND);
    expect_state(0, S7_POOL_CHECKING);
    struct s7_pool_lease lease = borrow(0);
    assert_int_equal(lease.conn, 0);
    s7_pool_core_checked(rig.core, 0, rig.now); /* answered while it is lent */
    put(lease);
    expect_state(0, S7_POOL_IDLE);

    run_to(T0 + 120 * SECOND);
    lease = borrow(0);
    run_for(30 * SECOND); /* nobody reads for so long: the check's time stands still */
    put(lease);
    expect_state(0, S7_POOL_CHECKING);
    assert_int_equal(rig.listens, 1);
    run_for(2 * SECOND - 1);
    expect_state(0, S7_POOL_CHECKING);
    run_for(1);
    expect_state(0, S7_POOL_CLOSING);
    assert_int_equal(stats().health_check_failures, 1);
}

static void a_check_that_was_not_begun_gives_way(void **state)
{
    (void)state;
    rig.jobs = 1;
    rig_start();
    rig.now = T0 + 60 * SECOND;
    s7_pool_core_tick(rig.core, rig.now); /* CHECK waits to be taken */
    memset(&rig.callers[0], 0, sizeof rig.callers[0]);
    assert_int_equal(s7_pool_core_get(rig.core, &rig.callers[0].waiter, NULL, S7_NEVER_NS, rig.now), S7_OK);
    act();
    expect_told(0, S7_OK);
    assert_int_equal(rig.checks, 0);
    assert_int_equal(stats().health_checks, 0);
}

static void with_one_job_granted_it_gets_a_fresh_connection_or_waits_for_the_check(void **state)
{
    (void)state;
    rig.rules.size = 2;
    rig.jobs = 1;
    rig_start();
    rig.prompt = false;
    run_to(T0 + 60 * SECOND);
    assert_int_equal(get(0, 10 * SECOND), S7_OK);
    assert_int_equal(rig.dials, 2);
    assert_int_equal(get(1, 10 * SECOND), S7_OK); /* for this one there is no room */
    s7_pool_core_dialed(rig.core, 1, 1, rig.random, rig.now);
    act();
    expect_told(0, S7_OK);
    assert_int_equal(rig.callers[0].lease.conn, 1);
    assert_false(rig.callers[1].done);
    run_for(SECOND);
    s7_pool_core_checked(rig.core, 0, rig.now);
    act();
    expect_told(1, S7_OK);
    assert_int_equal(rig.callers[1].lease.conn, 0);
}

static void a_connection_under_check_is_not_reaped_while_somebody_waits_for_it(void **state)
{
    (void)state;
    rig.rules.size = 1;
    rig.jobs = 1;
    rig_start();
    run_for(SECOND);
    put(borrow(0));
    run_to(T0 + 299 * SECOND);
    rig.prompt = false;
    run_to(T0 + 300 * SECOND);
    get(0, 10 * SECOND);
    run_to(T0 + 301 * SECOND); /* five minutes idle */
    s7_pool_core_checked(rig.core, 0, rig.now);
    act();
    expect_told(0, S7_OK);
}

/* ---- dirty ---- */

static void a_dirty_connection_is_lent_again_only_after_the_late_answer(void **state)
{
    (void)state;
    assert_int_equal(put_as(borrow(0), S7_POOL_PUT_DIRTY), S7_OK);
    expect_state(0, S7_POOL_DIRTY);
    assert_int_equal(rig.listens, 1);
    struct s7_pool_lease fresh = borrow(1);
    assert_int_equal(fresh.conn, 1); /* there is room for another */
    put(fresh);
    run_for(SECOND);
    s7_pool_core_drained(rig.core, 0, rig.now);
    expect_state(0, S7_POOL_IDLE);
    assert_int_equal(stats().total_connections, 2);
}

static void a_dirty_connection_is_closed_after_another_request_ms(void **state)
{
    (void)state;
    put_as(borrow(0), S7_POOL_PUT_DIRTY);
    run_to(T0 + 5 * SECOND - 1);
    expect_state(0, S7_POOL_DIRTY);
    run_to(T0 + 5 * SECOND);
    assert_int_equal(stats().total_connections, 0);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_TIMEOUT], 1);
}

static void a_dirty_connection_is_closed_at_once_when_somebody_would_wait_for_it(void **state)
{
    (void)state;
    lend_all(5);
    for (unsigned i = 0; i < 3; i++)
        put_as(rig.callers[i].lease, S7_POOL_PUT_DIRTY);
    assert_int_equal(stats().dirty, 3);
    rig.prompt = false;
    get(10, SECOND);
    get(11, SECOND);
    assert_int_equal(stats().dirty, 1);
    assert_int_equal(stats().closing, 2);
    assert_int_equal(stats().connecting, 0); /* not before the PLC has its place back */
    s7_pool_core_closed(rig.core, 0, rig.now);
    act();
    assert_int_equal(stats().connecting, 1);
}

static void who_waits_for_the_place_of_a_dirty_one_is_not_told_that_the_PLC_is_down(void **state)
{
    int64_t since;

    (void)state;
    put_as(borrow(0), S7_POOL_PUT_DIRTY);
    rig.rules.size = 1;
    s7_pool_core_resize(rig.core, 1, rig.now);
    rig.prompt = false;
    get(1, SECOND);
    assert_int_equal(stats().total_connections, 1);
    assert_int_equal(stats().closing, 1);
    s7_pool_core_closed(rig.core, 0, rig.now);
    act();
    run_for(SECOND);
    expect_told(1, S7_E_TIMEOUT);
    assert_int_equal(s7_pool_core_cause(rig.core, &since), S7_OK);
    assert_int_equal(stats().outages, 0);
}

/* ---- the PLC is down ---- */

static void while_down_one_probe_at_a_time_backs_off_to_5_seconds(void **state)
{
    static const int64_t at_ms[] = {0, 250, 750, 1750, 3750, 7750, 12750, 17750, 22750};

    (void)state;
    s7_pool_core_ended(rig.core, 0, S7_E_RESET, rig.now);
    rig.refuse = S7_E_REFUSED;
    rig.dials = 0;
    for (unsigned i = 0; i < 20; i++)
        get(i, S7_NEVER_NS);
    run_for(23 * SECOND);
    assert_int_equal(rig.dials, 9);
    for (unsigned i = 0; i < 9; i++)
        assert_int_equal(rig.dialed_at[i] - T0, at_ms[i] * MS);
    assert_true(stats().down);
    assert_int_equal(stats().last_connect_error, S7_E_REFUSED);
    rig.refuse = S7_OK;
    run_for(5 * SECOND);
    assert_int_equal(stats().in_use, 5);
    assert_false(stats().down);
}

static void full_jitter_draws_from_zero(void **state)
{
    (void)state;
    s7_pool_core_ended(rig.core, 0, S7_E_RESET, rig.now);
    rig.refuse = S7_E_REFUSED;
    rig.random = UINT64_MAX / 2;
    rig.dials = 0;
    get(0, S7_NEVER_NS);
    run_for(4 * SECOND);
    assert_int_equal(rig.dialed_at[1] - T0, 125 * MS);
    assert_in_range(rig.dials, 5, 6);
}

static void only_a_finished_setup_resets_the_backoff(void **state)
{
    (void)state;
    s7_pool_core_ended(rig.core, 0, S7_E_RESET, rig.now);
    rig.refuse = S7_E_NEGOTIATION; /* TCP and COTP are well */
    get(0, S7_NEVER_NS);
    run_for(60 * SECOND);
    rig.dials = 0;
    run_for(50 * SECOND);
    assert_int_equal(rig.dials, 10);
    rig.refuse = S7_OK;
    run_for(5 * SECOND);
    expect_told(0, S7_OK);
    s7_pool_core_ended(rig.core, 0, S7_E_RESET, rig.now);
    put(rig.callers[0].lease);
    rig.refuse = S7_E_REFUSED;
    rig.dials = 0;
    get(0, S7_NEVER_NS);
    run_for(250 * MS);
    assert_int_equal(rig.dials, 2);
}

static void fail_fast_tells_at_once_and_still_notices_the_return(void **state)
{
    (void)state;
    rig.rules.fail_fast_when_down = true;
    rig_start();
    s7_pool_core_ended(rig.core, 0, S7_E_RESET, rig.now);
    rig.refuse = S7_E_REFUSED;
    get(0, 30 * SECOND); /* the first finds out */
    expect_told(0, S7_E_PLC_DOWN);
    get(1, 30 * SECOND);
    expect_told(1, S7_E_PLC_DOWN);
    AT(0);
    rig.refuse = S7_OK;
    run_for(5 * SECOND); /* nobody waits, and yet */
    borrow(2);
}

static void who_waits_for_the_first_connection_only_gets_a_timeout(void **state)
{
    (void)state;
    run_for(300 * SECOND); /* reaped */
    rig.prompt = false;
    get(0, SECOND);
    run_for(SECOND);
    expect_told(0, S7_E_TIMEOUT); /* nothing is known to be wrong yet */
    s7_pool_core_dialed(rig.core, 0, 1, rig.random, rig.now);
    act();
    assert_int_equal(stats().available, 1); /* the dial outlives the caller */
}

static void an_old_failure_is_no_outage(void **state)
{
    (void)state;
    lend_all(2);
    s7_pool_core_ended(rig.core, 0, S7_E_RESET, rig.now);
    act();
    give_all_back(2);
    run_for(300 * SECOND); /* the other one is reaped */
    rig.prompt = false;
    get(0, SECOND);
    run_for(SECOND);
    expect_told(0, S7_E_TIMEOUT);
}

/* ---- the PLC is full ---- */

static void a_PLC_with_8_places_and_a_pool_of_10_settle_at_8(void **state)
{
    (void)state;
    rig.rules.size = 10;
    rig.places = 8;
    rig_start();
    for (unsigned i = 0; i < 100; i++)
        get(i, S7_NEVER_NS);
    assert_int_equal(stats().in_use, 8);
    assert_int_equal(stats().limit, 8);
    assert_int_equal(rig.dials, 9);
    for (unsigned i = 0; i < 100; i++) { /* a minute of work */
        run_for(600 * MS);
        put(rig.callers[i].lease);
        expect_told(i + 8 < 100 ? i + 8 : i, S7_OK);
    }
    assert_int_equal(stats().total_connections, 8);
    if (rig.dials > 9 + 4) /* 5, 10, 20 s ... apart */
        fail_msg("%u dials in a minute at a full PLC", rig.dials);
    assert_false(stats().down);
}

static void when_a_full_PLC_has_places_again_the_pool_grows(void **state)
{
    (void)state;
    rig.places = 2;
    lend_all(2);
    for (unsigned i = 2; i < 5; i++)
        get(i, S7_NEVER_NS);
    assert_int_equal(stats().limit, 2);
    rig.places = 5;
    run_for(5 * SECOND);
    assert_int_equal(stats().in_use, 5);
    assert_int_equal(stats().limit, 5);
}

static void when_nothing_is_up_the_limit_is_forgotten(void **state)
{
    (void)state;
    rig.places = 2;
    lend_all(2);
    get(2, S7_NEVER_NS);
    assert_int_equal(stats().limit, 2);
    rig.places = 5;
    s7_pool_core_ended(rig.core, 0, S7_E_RESET, rig.now);
    s7_pool_core_ended(rig.core, 1, S7_E_RESET, rig.now);
    act();
    expect_told(2, S7_OK);
    give_all_back(2);
    for (unsigned i = 3; i < 7; i++)
        get(i, S7_NEVER_NS);
    assert_int_equal(stats().in_use, 5);
    AT(0);
}

static void at_a_full_PLC_a_dirty_connection_makes_room(void **state)
{
    (void)state;
    rig.places = 2;
    lend_all(2);
    get(2, S7_NEVER_NS);
    put_as(rig.callers[0].lease, S7_POOL_PUT_DIRTY);
    expect_told(2, S7_OK);
    assert_int_equal(stats().total_connections, 2);
}

/* ---- limits on waiting ---- */

static void a_grant_that_nobody_took_was_no_lease(void **state)
{
    (void)state;
    rig.rules.size = 1;
    rig_start();
    struct s7_pool_lease lease = borrow(0);
    get(1, 20 * SECOND);
    assert_int_equal(s7_pool_core_put(rig.core, lease, S7_POOL_PUT_CLEAN, S7_OK, rig.now), S7_OK);
    s7_pool_core_cancel(rig.core, &rig.callers[1].waiter, rig.now); /* granted, and not told yet */
    act();
    assert_false(rig.callers[1].done);
    expect_state(0, S7_POOL_IDLE);
    assert_int_equal(stats().gets, 1);
    assert_int_equal(stats().gets_waited, 0);
    assert_int_equal(stats().puts, 1);
}

static void so_many_may_wait_and_no_more(void **state)
{
    (void)state;
    rig.rules.max_waiters = 3;
    rig_start();
    lend_all(5);
    for (unsigned i = 5; i < 8; i++)
        assert_int_equal(get(i, S7_NEVER_NS), S7_OK);
    assert_int_equal(get(8, S7_NEVER_NS), S7_E_POOL_QUEUE_FULL);
    put(rig.callers[0].lease);
    expect_told(5, S7_OK);
    assert_int_equal(get(8, S7_NEVER_NS), S7_OK);
}

static void fail_when_exhausted_waits_for_a_dial_but_not_for_a_put(void **state)
{
    (void)state;
    rig.rules.fail_when_exhausted = true;
    rig_start();
    lend_all(4);
    rig.prompt = false;
    get(4, SECOND);
    assert_false(rig.callers[4].done); /* a dial is under way for it */
    get(5, SECOND);
    expect_told(5, S7_E_POOL_EXHAUSTED);
    AT(0);
    s7_pool_core_dialed(rig.core, 4, 1, rig.random, rig.now);
    act();
    expect_told(4, S7_OK);
}

/* ---- close ---- */

static void close_waits_for_leases_and_wakes_all_who_wait(void **state)
{
    (void)state;
    lend_all(5);
    put(rig.callers[4].lease);
    borrow(4);
    get(5, S7_NEVER_NS);
    put_as(rig.callers[0].lease, S7_POOL_PUT_CLEAN);
    get(6, S7_NEVER_NS);
    assert_int_equal(s7_pool_core_close(rig.core, rig.now + SECOND, rig.now), S7_OK);
    act();
    expect_told(5, S7_OK);
    expect_told(6, S7_E_POOL_CLOSED);
    assert_int_equal(get(7, SECOND), S7_E_POOL_CLOSED);
    assert_false(rig.shut);
    for (unsigned i = 1; i < 6; i++)
        put(rig.callers[i].lease);
    assert_true(rig.shut);
    assert_int_equal(rig.close_status, S7_OK);
    AT(0);
    assert_int_equal(stats().total_connections, 0);
}

static void leases_that_do_not_come_back_are_taken_away_at_the_deadline(void **state)
{
    (void)state;
    lend_all(3);
    s7_pool_core_close(rig.core, rig.now + SECOND, rig.now);
    act();
    put(rig.callers[1].lease);
    run_for(SECOND - 1);
    assert_false(rig.shut);
    run_for(1);
    assert_int_equal(rig.revokes, 2);
    assert_true(rig.shut);
    assert_int_equal(rig.close_status, S7_E_TIMEOUT);
    assert_false(s7_pool_core_is_current(rig.core, rig.callers[0].lease));
    assert_int_equal(put_as(rig.callers[0].lease, S7_POOL_PUT_CLEAN), S7_E_POOL_CLOSED);
    assert_int_equal(put_as(rig.callers[0].lease, S7_POOL_PUT_CLEAN), S7_E_MISUSE);
}

static void only_connections_that_were_up_count_as_closed(void **state)
{
    (void)state;
    s7_pool_core_ended(rig.core, 0, S7_E_RESET, rig.now);
    act();
    rig.prompt = false;
    get(0, S7_NEVER_NS);
    s7_pool_core_close(rig.core, rig.now, rig.now);
    act();
    s7_pool_core_closed(rig.core, 0, rig.now);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_PEER], 1);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_SHUTDOWN], 0);
    assert_int_equal(stats().connects, 1);
}

static void close_gives_up_dials_and_checks(void **state)
{
    (void)state;
    rig.prompt = false;
    run_to(T0 + 60 * SECOND);
    expect_state(0, S7_POOL_CHECKING);
    lend_all(1);
    get(1, S7_NEVER_NS);
    expect_state(1, S7_POOL_DIALING);
    put(rig.callers[0].lease);
    s7_pool_core_close(rig.core, rig.now, rig.now);
    act();
    expect_state(0, S7_POOL_CLOSING);
    expect_state(1, S7_POOL_CLOSING);
    s7_pool_core_dialed(rig.core, 1, 1, rig.random, rig.now); /* too late */
    expect_state(1, S7_POOL_CLOSING);
    s7_pool_core_closed(rig.core, 0, rig.now);
    s7_pool_core_closed(rig.core, 1, rig.now);
    act();
    assert_true(rig.shut);
    rig.shut = false;
    s7_pool_core_close(rig.core, rig.now, rig.now); /* again: fine */
    act();
    assert_true(rig.shut);
    assert_int_equal(s7_pool_core_start(rig.core, S7_NEVER_NS, rig.now), S7_E_POOL_CLOSED);
}

#define TEST(name)    cmocka_unit_test_setup_teardown(name, defaults, rig_free)
#define RUNNING(name) cmocka_unit_test_setup_teardown(name, started, rig_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(start_makes_one_connection_and_more_come_on_demand),
        TEST(a_start_that_fails_says_why_and_may_be_tried_again),
        TEST(start_all_makes_all_connections_one_after_the_other),
        TEST(start_all_that_gets_too_few_closes_what_it_has),
        TEST(start_in_the_background_returns_at_once),
        TEST(start_ends_at_its_deadline),
        RUNNING(an_idle_connection_is_closed_at_exactly_5_minutes_despite_health_checks),
        RUNNING(an_idle_connection_is_closed_in_time_even_while_it_is_checked),
        RUNNING(the_last_put_is_lent_first_so_that_surplus_ones_are_reaped),
        TEST(with_lend_oldest_all_are_used_alike_and_stay),
        TEST(min_idle_connections_stay_and_are_replaced),
        TEST(max_idle_never_means_never),
        RUNNING(checks_are_spread_evenly_over_the_period),
        RUNNING(a_check_without_an_answer_closes_after_2_seconds_and_is_counted),
        RUNNING(a_lent_connection_is_not_checked),
        RUNNING(who_finds_only_checked_connections_shares_one_when_two_jobs_are_granted),
        TEST(a_check_that_was_not_begun_gives_way),
        TEST(with_one_job_granted_it_gets_a_fresh_connection_or_waits_for_the_check),
        TEST(a_connection_under_check_is_not_reaped_while_somebody_waits_for_it),
        RUNNING(a_dirty_connection_is_lent_again_only_after_the_late_answer),
        RUNNING(a_dirty_connection_is_closed_after_another_request_ms),
        RUNNING(a_dirty_connection_is_closed_at_once_when_somebody_would_wait_for_it),
        RUNNING(who_waits_for_the_place_of_a_dirty_one_is_not_told_that_the_PLC_is_down),
        RUNNING(while_down_one_probe_at_a_time_backs_off_to_5_seconds),
        RUNNING(full_jitter_draws_from_zero),
        RUNNING(only_a_finished_setup_resets_the_backoff),
        TEST(fail_fast_tells_at_once_and_still_notices_the_return),
        RUNNING(who_waits_for_the_first_connection_only_gets_a_timeout),
        RUNNING(an_old_failure_is_no_outage),
        TEST(a_PLC_with_8_places_and_a_pool_of_10_settle_at_8),
        RUNNING(when_a_full_PLC_has_places_again_the_pool_grows),
        RUNNING(when_nothing_is_up_the_limit_is_forgotten),
        RUNNING(at_a_full_PLC_a_dirty_connection_makes_room),
        TEST(a_grant_that_nobody_took_was_no_lease),
        TEST(so_many_may_wait_and_no_more),
        TEST(fail_when_exhausted_waits_for_a_dial_but_not_for_a_put),
        RUNNING(close_waits_for_leases_and_wakes_all_who_wait),
        RUNNING(leases_that_do_not_come_back_are_taken_away_at_the_deadline),
        RUNNING(only_connections_that_were_up_count_as_closed),
        RUNNING(close_gives_up_dials_and_checks),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "pool core");
}
