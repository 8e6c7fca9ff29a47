/* Bugs of other connection pools (P03, P04 ...: the numbers of our list) that the pool's policy must not
 * have. */
#include "client/pool_core_rig.h"
#include "loop/random.h"

static int started(void **state)
{
    (void)state;
    rig_rules();
    rig_start();
    return 0;
}

static int rules_only(void **state)
{
    (void)state;
    rig_rules();
    return 0;
}

static void p03_cancelled_gets_leak_no_connection(void **state)
{
    uint64_t draws = 0;

    (void)state;
    rig.rules.size = 3;
    rig_start();
    for (int i = 0; i < 100000; i++) {
        unsigned who = (unsigned)s7_draw_range(s7_draw(3, 3, 3, draws++), 0, 9);
        struct rig_caller *caller = &rig.callers[who];

        if (caller->waiter.state == 0 && !caller->done) {
            s7_status status = s7_pool_core_get(rig.core, &caller->waiter, NULL, rig.now + 40 * MS,
                                                rig.now); /* not taken yet */
            assert_int_equal(status, S7_OK);
        } else if (caller->done) {
            if (caller->status == S7_OK)
                put(caller->lease);
            memset(caller, 0, sizeof *caller);
        } else {
            s7_pool_core_cancel(rig.core, &caller->waiter, rig.now);
            memset(caller, 0, sizeof *caller);
        }
        if (s7_draw_range(s7_draw(3, 3, 4, draws++), 0, 2) == 0)
            act();
        if (s7_draw_range(s7_draw(3, 3, 5, draws++), 0, 2) == 0) {
            act();
            run_for(10 * MS);
        }
    }
    act();
    for (unsigned i = 0; i < 10; i++) {
        if (!rig.callers[i].done)
            s7_pool_core_cancel(rig.core, &rig.callers[i].waiter, rig.now);
        else if (rig.callers[i].status == S7_OK)
            put(rig.callers[i].lease);
    }
    assert_int_equal(stats().in_use, 0);
    assert_int_equal(stats().waiting, 0);
    assert_in_range(stats().total_connections, 0, 3);
    assert_int_equal(stats().gets, stats().puts);
    borrow(0);
}

/* One connection, and every borrower breaks it. */
static void each_is_served_although_every_return_is(enum s7_pool_condition condition, bool ended)
{
    rig.rules.size = 1;
    rig_start();
    for (unsigned i = 0; i < 50; i++)
        get(i, S7_NEVER_NS);
    for (unsigned i = 0; i < 50; i++) {
        expect_told(i, S7_OK);
        if (ended)
            s7_pool_core_ended(rig.core, 0, S7_E_RESET, rig.now);
        put_as(rig.callers[i].lease, condition);
    }
    AT(0);
    assert_int_equal(rig.dials, 50);
}

static void p04_no_waiter_sleeps_while_returns_are_broken(void **state)
{
    (void)state;
    each_is_served_although_every_return_is(S7_POOL_PUT_CLEAN, true);
}

static void p04_no_waiter_sleeps_while_returns_are_discarded(void **state)
{
    (void)state;
    each_is_served_although_every_return_is(S7_POOL_PUT_DISCARD, false);
}

static void p04_no_waiter_sleeps_while_returns_are_dirty(void **state)
{
    (void)state;
    rig.rules.size = 1;
    rig_start();
    for (unsigned i = 0; i < 50; i++)
        get(i, S7_NEVER_NS);
    for (unsigned i = 0; i < 50; i++) {
        expect_told(i, S7_OK);
        put_as(rig.callers[i].lease, S7_POOL_PUT_DIRTY);
    }
    AT(0);
    assert_int_equal(rig.dials, 50); /* the last stays dirty */
    assert_int_equal(stats().dirty, 1);
}

/* 20 callers, 5 seconds of refusals: deadlines of 0.5, 1, ... 10 s. */
static void p05_an_outage_is_never_called_exhaustion(void **state)
{
    (void)state;
    s7_pool_core_ended(rig.core, 0, S7_E_CLOSED, rig.now);
    act();
    rig.refuse = S7_E_COTP_REFUSED;
    for (unsigned i = 0; i < 20; i++)
        get(i, (i + 1) * 500 * MS);
    run_to(T0 + 5 * SECOND);
    rig.refuse = S7_OK;
    run_to(T0 + 8 * SECOND); /* the backoff's next attempt: 7.75 s */
    for (unsigned i = 0; i < 20; i++) {
        int64_t deadline = T0 + (i + 1) * 500 * MS;

        if (deadline >= T0 + 7750 * MS)
            continue;
        expect_told(i, S7_E_PLC_DOWN);
        assert_int_equal(rig.callers[i].at, deadline);
    }
    for (unsigned i = 15; i < 20; i++)
        expect_told(i, S7_OK);
}

static void p05_the_cause_and_the_duration_are_known(void **state)
{
    int64_t since;

    (void)state;
    run_for(3 * SECOND);
    s7_pool_core_ended(rig.core, 0, S7_E_CLOSED, rig.now);
    act();
    assert_int_equal(s7_pool_core_cause(rig.core, &since), S7_E_CLOSED);
    rig.refuse = S7_E_REFUSED;
    run_for(SECOND);
    get(0, SECOND);
    assert_int_equal(s7_pool_core_cause(rig.core, &since), S7_E_REFUSED);
    assert_int_equal(since - T0, 3 * SECOND);
    rig.refuse = S7_OK;
    run_for(SECOND);
    expect_told(0, S7_OK);
    assert_int_equal(s7_pool_core_cause(rig.core, &since), S7_OK);
    assert_true(since == S7_NEVER_NS);
}

static void p06_a_second_put_a_foreign_put_and_no_lease_change_nothing(void **state)
{
    struct s7_pool_lease foreign = {.conn = 5, .number = 1}, none = {0};

    (void)state;
    struct s7_pool_lease first = borrow(0);
    put(first);
    struct s7_pool_lease second = borrow(1);
    assert_int_equal(second.conn, first.conn); /* the same connection, another borrower */
    s7_pool_stats before = stats();
    assert_int_equal(put_as(first, S7_POOL_PUT_CLEAN), S7_E_MISUSE);
    assert_int_equal(put_as(first, S7_POOL_PUT_DIRTY), S7_E_MISUSE);
    assert_int_equal(put_as(foreign, S7_POOL_PUT_CLEAN), S7_E_FOREIGN);
    assert_int_equal(put_as(none, S7_POOL_PUT_CLEAN), S7_E_FOREIGN);
    s7_pool_stats after = stats();
    assert_int_equal(after.misuse, before.misuse + 4);
    assert_int_equal(after.in_use, before.in_use);
    assert_int_equal(after.total_connections, before.total_connections);
    assert_int_equal(after.puts, before.puts);
    assert_true(s7_pool_core_is_current(rig.core, second));
    put(second);
}

static void p07_of_put_and_discard_exactly_one_wins(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct s7_pool_lease lease = borrow(0);

        assert_int_equal(put_as(lease, i == 0 ? S7_POOL_PUT_CLEAN : S7_POOL_PUT_DISCARD), S7_OK);
        assert_int_equal(put_as(lease, i == 0 ? S7_POOL_PUT_DISCARD : S7_POOL_PUT_CLEAN), S7_E_MISUSE);
        assert_int_equal(stats().total_connections, i == 0 ? 1 : 0);
    }
    assert_int_equal(stats().puts, 2);
}

static void p08_a_lease_is_not_current_after_its_put_whoever_has_the_connection_now(void **state)
{
    struct s7_pool_lease last = {0};

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        struct s7_pool_lease lease = borrow(0);

        assert_true(s7_pool_core_is_current(rig.core, lease));
        assert_false(s7_pool_core_is_current(rig.core, last));
        put(lease);
        assert_false(s7_pool_core_is_current(rig.core, lease));
        last = lease;
    }
}

static void p09_reaping_stops_at_min_idle_and_does_not_saw(void **state)
{
    (void)state;
    rig.rules.min_idle = 2;
    rig_start();
    for (unsigned i = 0; i < 5; i++)
        borrow(i);
    for (unsigned i = 0; i < 5; i++)
        put(rig.callers[i].lease);
    rig.dials = 0;
    for (int i = 0; i < 7200; i++) {
        run_for(SECOND);
        if (stats().total_connections < 2)
            fail_msg("%u connections after %d s", stats().total_connections, i);
    }
    assert_int_equal(stats().available, 2);
    assert_int_equal(rig.dials, 0);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_IDLE], 3);
}

/* Dials take 100 ms, callers wait 100 ms at most. */
static void p13_what_was_dialed_is_used(void **state)
{
    unsigned next = 0, who = 0;

    (void)state;
    s7_pool_core_ended(rig.core, 0, S7_E_CLOSED, rig.now);
    act();
    rig.prompt = false;
    rig.dials = 0;
    for (int i = 0; i < 1000; i++) {
        get(who, 90 * MS + (i % 3) * 10 * MS);
        who = (who + 1) % RIG_CALLERS;
        run_for(50 * MS);
        for (unsigned conn = 0; conn < 5; conn++)
            if (s7_pool_core_state(rig.core, conn) == S7_POOL_DIALING && i % 2 == 1) {
                s7_pool_core_dialed(rig.core, conn, 1, rig.random, rig.now);
                act();
            }
        for (; next != who && rig.callers[next].done; next = (next + 1) % RIG_CALLERS)
            if (rig.callers[next].status == S7_OK)
                put(rig.callers[next].lease);
    }
    if (rig.dials > 5)
        fail_msg("%u dials, although 5 connections were never closed", rig.dials);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_IDLE], 0);
}

static void p17_100_workers_on_10_connections_are_served_in_order_and_evenly(void **state)
{
    int64_t asked[100], longest = 0, hold = 200 * MS, ideal = 100 / 10 * hold - hold;
    unsigned ring[100], head = 0;

    (void)state;
    rig.rules.size = 10;
    rig.rules.start = S7_POOL_START_ALL;
    rig_start();
    for (unsigned i = 0; i < 100; i++) {
        get(i, S7_NEVER_NS);
        asked[i] = rig.now;
        ring[i] = i;
    }
    for (int round = 0; round < 30000; round++) { /* ten minutes: each turn ten come back */
        if (round % 10 == 0)
            run_for(hold);
        unsigned who = ring[head];
        expect_told(who, S7_OK); /* never somebody behind it first */
        int64_t waited = rig.callers[who].at - asked[who];
        longest = waited > longest ? waited : longest;
        put(rig.callers[who].lease);
        get(who, S7_NEVER_NS); /* asks again, at the end */
        asked[who] = rig.now;
        head = (head + 1) % 100;
    }
    if (longest * 100 > ideal * 105)
        fail_msg("the longest wait was %.3f s, evenly it were %.3f s", (double)longest / 1e9,
                 (double)ideal / 1e9);
}

static void p18_a_burst_never_makes_more_than_size(void **state)
{
    (void)state;
    rig.rules.max_connecting = 5;
    rig.prompt = false;
    rig_start();
    s7_pool_core_dialed(rig.core, 0, 1, rig.random, rig.now);
    act();
    for (unsigned i = 0; i < 100; i++) {
        get(i, S7_NEVER_NS);
        if (stats().total_connections + stats().connecting > 5)
            fail_msg("%u up and %u being made", stats().total_connections, stats().connecting);
    }
    assert_int_equal(stats().connecting, 4);
    s7_pool_core_ended(rig.core, 0, S7_E_RESET, rig.now); /* lent: its place is taken until it is closed */
    put(rig.callers[0].lease);
    assert_int_equal(stats().closing, 1);
    assert_int_equal(stats().connecting, 4);
    s7_pool_core_closed(rig.core, 0, rig.now);
    act();
    assert_int_equal(stats().connecting, 5);
}

static void p19_ticks_and_events_do_not_move_a_deadline(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++)
        borrow(i);
    get(5, SECOND);
    for (int i = 0; i < 999; i++) {
        rig.now += MS;
        s7_pool_core_tick(rig.core, rig.now);
        s7_pool_core_checked(rig.core, 0, rig.now);
        act();
        assert_false(rig.callers[5].done);
    }
    run_for(SECOND);
    expect_told(5, S7_E_POOL_EXHAUSTED);
    assert_int_equal(rig.callers[5].at - T0, SECOND);
}

static void p25_exhausted_names_who_has_held_a_connection_longest(void **state)
{
    const char *label;
    int64_t since;

    (void)state;
    assert_false(s7_pool_core_holder(rig.core, 0, &label, &since));
    for (unsigned i = 0; i < 5; i++) {
        struct rig_caller *caller = &rig.callers[i];
        assert_int_equal(s7_pool_core_get(rig.core, &caller->waiter, i == 2 ? "leaky report" : "other",
                                          S7_NEVER_NS, rig.now),
                         S7_OK);
        act();
        run_for(SECOND);
    }
    for (unsigned i = 0; i < 5; i++)
        if (i != 2)
            put(rig.callers[i].lease);
    for (unsigned i = 5; i < 9; i++)
        borrow(i);
    get(9, SECOND);
    run_for(SECOND);
    expect_told(9, S7_E_POOL_EXHAUSTED);
    assert_true(s7_pool_core_holder(rig.core, 0, &label, &since));
    assert_non_null(label);
    assert_string_equal(label, "leaky report");
    assert_int_equal(since - T0, 2 * SECOND);
}

/* A quarter of an hour of refusals, with and without somebody who waits. */
static void p26_after_a_long_outage_the_first_success_comes_within_the_cap(void **state)
{
    (void)state;
    for (int waits = 0; waits < 2; waits++) {
        unsigned conn;

        for (conn = 0; s7_pool_core_state(rig.core, conn) != S7_POOL_IDLE;)
            conn++;
        s7_pool_core_ended(rig.core, conn, S7_E_RESET, rig.now);
        act();
        rig.refuse = S7_E_TIMEOUT;
        get(0, waits ? S7_NEVER_NS : SECOND); /* somebody must find out */
        for (int64_t end = rig.now + 900 * SECOND; rig.now < end;) {
            rig.random = s7_draw(26, 0, 0, (uint64_t)rig.now);
            run_for(50 * MS);
        }
        rig.refuse = S7_OK;
        run_for(5 * SECOND);
        assert_int_equal(stats().total_connections, 1);
        if (waits)
            expect_told(0, S7_OK);
    }
}

/* Connections die while others are lent and dead as well: no slow growth, as if the PLC were full. */
static void p26_dead_leases_do_not_make_an_outage_look_like_a_full_PLC(void **state)
{
    (void)state;
    borrow(0);
    borrow(1);
    s7_pool_core_ended(rig.core, 0, S7_E_RESET, rig.now);
    s7_pool_core_ended(rig.core, 1, S7_E_RESET, rig.now);
    rig.refuse = S7_E_REFUSED;
    get(2, S7_NEVER_NS);
    run_for(60 * SECOND);
    assert_true(stats().down);
    assert_int_equal(stats().limit, 5);
    rig.refuse = S7_OK;
    run_for(5 * SECOND);
    expect_told(2, S7_OK);
}

static void p27_a_connection_that_owes_an_answer_is_never_lent(void **state)
{
    (void)state;
    rig.rules.size = 2;
    rig_start();
    put_as(borrow(0), S7_POOL_PUT_DIRTY);
    for (int i = 0; i < 40; i++) {
        struct s7_pool_lease lease = borrow(1);

        assert_int_equal(lease.conn, 1);
        run_for(100 * MS);
        put(lease);
    }
    expect_state(0, S7_POOL_DIRTY);
    s7_pool_core_drained(rig.core, 0, rig.now);
    borrow(0);
    borrow(1);
    assert_int_equal(rig.dials, 2);
}

static void p27_a_check_that_was_open_at_a_dirty_put_must_be_answered_too(void **state)
{
    (void)state;
    rig.prompt = false;
    run_to(T0 + 60 * SECOND);
    put_as(borrow(0), S7_POOL_PUT_DIRTY);
    run_for(SECOND);
    s7_pool_core_drained(rig.core, 0, rig.now);
    expect_state(0, S7_POOL_CHECKING);
    s7_pool_core_checked(rig.core, 0, rig.now);
    expect_state(0, S7_POOL_IDLE);
}

#define TEST(name)    cmocka_unit_test_setup_teardown(name, rules_only, rig_free)
#define RUNNING(name) cmocka_unit_test_setup_teardown(name, started, rig_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(p03_cancelled_gets_leak_no_connection),
        TEST(p04_no_waiter_sleeps_while_returns_are_broken),
        TEST(p04_no_waiter_sleeps_while_returns_are_discarded),
        TEST(p04_no_waiter_sleeps_while_returns_are_dirty),
        RUNNING(p05_an_outage_is_never_called_exhaustion),
        RUNNING(p05_the_cause_and_the_duration_are_known),
        RUNNING(p06_a_second_put_a_foreign_put_and_no_lease_change_nothing),
        RUNNING(p07_of_put_and_discard_exactly_one_wins),
        RUNNING(p08_a_lease_is_not_current_after_its_put_whoever_has_the_connection_now),
        TEST(p09_reaping_stops_at_min_idle_and_does_not_saw),
        RUNNING(p13_what_was_dialed_is_used),
        TEST(p17_100_workers_on_10_connections_are_served_in_order_and_evenly),
        TEST(p18_a_burst_never_makes_more_than_size),
        RUNNING(p19_ticks_and_events_do_not_move_a_deadline),
        RUNNING(p25_exhausted_names_who_has_held_a_connection_longest),
        RUNNING(p26_after_a_long_outage_the_first_success_comes_within_the_cap),
        RUNNING(p26_dead_leases_do_not_make_an_outage_look_like_a_full_PLC),
        TEST(p27_a_connection_that_owes_an_answer_is_never_lent),
        RUNNING(p27_a_check_that_was_open_at_a_dirty_put_must_be_answered_too),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "pool bugs");
}
