/* A connection that is left to its borrowers, as the core sees it: driven by hand, at exact times. */
#include "client/pool_core_rig.h"

static int start_one(void **state)
{
    (void)state;
    rig_rules();
    rig_start();
    return 0;
}

static unsigned warm_up(void)
{
    struct s7_pool_lease lease = borrow(0);

    put(lease);
    assert_true(s7_pool_core_warm(rig.core, lease.conn, rig.now));
    expect_state(lease.conn, S7_POOL_WARM);
    return lease.conn;
}

static void expect_refused(unsigned conn)
{
    enum s7_pool_state before = s7_pool_core_state(rig.core, conn);

    assert_false(s7_pool_core_warm(rig.core, conn, rig.now));
    expect_state(conn, before);
}

static void one_that_is_lent_or_not_there_is_not_left_to_anybody(void **state)
{
    (void)state;
    struct s7_pool_lease lease = borrow(0);
    expect_refused(lease.conn);
    expect_refused(lease.conn + 1);
    put(lease);
    assert_true(s7_pool_core_warm(rig.core, lease.conn, rig.now));
    s7_pool_core_cool_idle(rig.core, rig.now);
}

static void nor_while_another_one_is_lent(void **state)
{
    (void)state;
    struct s7_pool_lease first = borrow(0), second = borrow(1);
    put(first);
    expect_refused(first.conn);
    put(second);
    assert_true(s7_pool_core_warm(rig.core, second.conn, rig.now));
    s7_pool_core_cool_idle(rig.core, rig.now);
}

static void nor_while_somebody_waits_or_the_pool_is_paused(void **state)
{
    (void)state;
    struct s7_pool_lease lease = borrow(0);
    assert_int_equal(s7_pool_core_resize(rig.core, 1, rig.now), S7_OK);
    get(1, 100 * SECOND);
    put(lease);
    expect_refused(lease.conn); /* it is the next one's */
    put(rig.callers[1].lease);
    assert_int_equal(s7_pool_core_pause(rig.core, S7_NEVER_NS, rig.now), S7_OK);
    act();
    expect_refused(lease.conn);
}

static void nor_when_its_time_has_come(void **state)
{
    (void)state;
    struct s7_pool_lease lease = borrow(0);
    put(lease);
    rig.now = s7_pool_core_soonest(rig.core);
    expect_refused(lease.conn);
}

static void idle_time_counts_from_the_last_put_that_was_told(void **state)
{
    (void)state;
    unsigned conn = warm_up();
    rig.now += 40 * SECOND;
    s7_pool_core_warm_leases(rig.core, 7, 3 * MS);
    s7_pool_core_cool_idle(rig.core, rig.now);
    expect_state(conn, S7_POOL_IDLE);
    run_for(300 * SECOND - 1);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_IDLE], 0);
    run_for(1);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_IDLE], 1);
}

static void its_check_is_due_when_it_was_idle_at_its_moment(void **state)
{
    (void)state;
    unsigned conn = warm_up();
    int64_t put_at = rig.now;
    rig.now += 61 * SECOND; /* who is to come back for it comes late */
    rig.prompt = false;
    s7_pool_core_cool_idle(rig.core, put_at);
    s7_pool_core_tick(rig.core, rig.now);
    act();
    expect_state(conn, S7_POOL_CHECKING);
}

static void its_check_is_not_due_when_it_was_lent_then(void **state)
{
    (void)state;
    unsigned conn = warm_up();
    rig.now += 61 * SECOND;
    s7_pool_core_warm_leases(rig.core, 1, 60 * SECOND);
    s7_pool_core_cool_idle(rig.core, rig.now);
    s7_pool_core_tick(rig.core, rig.now);
    act();
    expect_state(conn, S7_POOL_IDLE);
    assert_int_equal(rig.checks, 0);
}

static void a_lease_that_is_out_is_an_ordinary_one_from_then_on(void **state)
{
    const char *label;
    int64_t since;

    (void)state;
    unsigned conn = warm_up();
    rig.now += SECOND;
    struct s7_pool_lease lease = s7_pool_core_cool_lent(rig.core, "who", rig.now - 5 * MS);
    expect_state(conn, S7_POOL_LEASED);
    assert_true(s7_pool_core_is_current(rig.core, lease));
    assert_true(s7_pool_core_holder(rig.core, 0, &label, &since));
    assert_string_equal(label, "who");
    assert_int_equal(since, rig.now - 5 * MS);
    get(1, SECOND);
    put(lease);
    expect_told(1, S7_OK);
    assert_int_equal(s7_pool_core_put(rig.core, lease, S7_POOL_PUT_CLEAN, S7_OK, rig.now), S7_E_MISUSE);
}

static void a_lease_that_is_out_too_long_is_told_when_it_is(void **state)
{
    s7_pool_event event;
    unsigned leaks = 0;

    rig_free(state);
    rig_rules();
    rig.rules.leak_ns = 10 * SECOND;
    rig_start();
    warm_up();
    int64_t warm_at = rig.now;
    assert_int_equal(s7_pool_core_soonest(rig.core), warm_at + 10 * SECOND); /* it may be lent at once */
    rig.now += 4 * SECOND;
    s7_pool_core_cool_lent(rig.core, "who", warm_at + 3 * SECOND);
    run_to(warm_at + 13 * SECOND - 1);
    assert_int_equal(stats().leaks, 0);
    run_for(1);
    assert_int_equal(stats().leaks, 1);
    while (s7_pool_core_next_event(rig.core, &event))
        if (event.kind == S7_POOL_EVENT_LEAK && strcmp(event.label, "who") == 0)
            leaks++;
    assert_int_equal(leaks, 1);
}

static void every_lease_is_counted(void **state)
{
    (void)state;
    warm_up();
    s7_pool_core_warm_leases(rig.core, 1000, 0);
    s7_pool_core_warm_leases(rig.core, 1, 7 * MS);
    s7_pool_core_warm_leases(rig.core, 0, 9 * MS);
    put(s7_pool_core_cool_lent(rig.core, NULL, rig.now));
    s7_pool_stats s = stats();
    s7_pool_core_times(rig.core, &s);
    assert_int_equal(s.gets, 1003);
    assert_int_equal(s.puts, 1003);
    assert_int_equal(s.wait.count, 1003);
    assert_int_equal(s.wait.max_ns, 0);
    assert_int_equal(s.lease.count, 1003);
    assert_int_equal(s.lease.sum_ns, 7 * MS);
    assert_int_equal(s.lease.max_ns, 7 * MS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_one, rig_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_that_is_lent_or_not_there_is_not_left_to_anybody),
        TEST(nor_while_another_one_is_lent),
        TEST(nor_while_somebody_waits_or_the_pool_is_paused),
        TEST(nor_when_its_time_has_come),
        TEST(idle_time_counts_from_the_last_put_that_was_told),
        TEST(its_check_is_due_when_it_was_idle_at_its_moment),
        TEST(its_check_is_not_due_when_it_was_lent_then),
        TEST(a_lease_that_is_out_is_an_ordinary_one_from_then_on),
        TEST(a_lease_that_is_out_too_long_is_told_when_it_is),
        TEST(every_lease_is_counted),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.pool_warm");
}
