/* P24: the process did not run for an hour. At exact times. */
#include "client/pool_core_rig.h"

static int sixteen_idle(void **state)
{
    (void)state;
    rig_rules();
    rig.rules.size = 16;
    rig.rules.start = S7_POOL_START_ALL;
    rig_start();
    return 0;
}

/* Nothing is looked at meanwhile. */
static void sleep_for(int64_t ns)
{
    rig.now += ns;
    s7_pool_core_tick(rig.core, rig.now);
    act();
}

static uint64_t all_closed(void)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < S7_POOL_CLOSE_REASONS; i++)
        n += stats().closed[i];
    return n;
}

static void p24_after_an_hour_asleep_none_is_closed_and_each_is_checked_once(void **state)
{
    unsigned most = 0;

    (void)state;
    run_for(100 * SECOND);
    unsigned before = rig.checks;
    sleep_for(3600 * SECOND);
    for (int i = 0; i < 100; i++) { /* ten seconds */
        unsigned so_far = rig.checks;
        run_for(100 * MS);
        most = rig.checks - so_far > most ? rig.checks - so_far : most;
    }
    if (all_closed() > 0)
        fail_msg("%u of 16 connections were closed", (unsigned)all_closed());
    assert_in_range(rig.checks - before, 16, 16 + 3); /* and those whose moment it is */
    assert_in_range(most, 1, 2);
    assert_int_equal(stats().available, 16);
    assert_int_equal(rig.dials, 16);
}

static void p24_time_asleep_is_not_idle_time(void **state)
{
    (void)state;
    run_for(100 * SECOND);
    sleep_for(3600 * SECOND);
    run_for(180 * SECOND);
    assert_int_equal(stats().available, 16);
    run_for(60 * SECOND);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_IDLE], 16);
}

/* The clock stood still: a machine that sleeps says so by other means. */
static void p24_after_the_machine_slept_each_is_checked_once(void **state)
{
    (void)state;
    s7_pool_core_slept(rig.core, 7 * SECOND, rig.now); /* long ago */
    act();
    assert_int_equal(rig.checks, 0);
    rig.now += SECOND;
    s7_pool_core_slept(rig.core, 9 * SECOND, rig.now); /* no longer than a check may take */
    run_for(SECOND);
    assert_int_equal(rig.checks, 0);
    s7_pool_core_slept(rig.core, 3600 * SECOND, rig.now);
    act();
    assert_int_equal(rig.checks, 1);
    run_for(2 * SECOND); /* what one may take */
    assert_in_range(rig.checks, 8, 9);
    run_for(2 * SECOND);
    assert_in_range(rig.checks, 16, 17);
    s7_pool_core_slept(rig.core, 3600 * SECOND, rig.now);
    run_for(SECOND);
    assert_in_range(rig.checks, 16, 17);
    assert_int_equal(all_closed(), 0);
}

static void p24_those_that_are_dead_are_found_by_the_pass(void **state)
{
    (void)state;
    rig.prompt = false;
    sleep_for(3600 * SECOND);
    run_for(4 * SECOND);
    assert_int_equal(rig.checks, 16);
    run_for(3 * SECOND);
    assert_int_equal(stats().health_check_failures, 16);
}

static void p24_an_answer_that_came_meanwhile_counts(void **state)
{
    unsigned conn = 0;

    (void)state;
    rig.prompt = false;
    while (rig.checks == 0)
        run_for(100 * MS);
    while (s7_pool_core_state(rig.core, conn) != S7_POOL_CHECKING)
        conn++;
    sleep_for(3600 * SECOND);
    expect_state(conn, S7_POOL_CHECKING);
    s7_pool_core_checked(rig.core, conn, rig.now);
    expect_state(conn, S7_POOL_IDLE);
}

static void p24_a_late_answer_is_waited_for_all_the_same(void **state)
{
    (void)state;
    struct s7_pool_lease lease = borrow(0);
    put_as(lease, S7_POOL_PUT_DIRTY);
    sleep_for(3600 * SECOND);
    run_for(4 * SECOND);
    expect_state(lease.conn, S7_POOL_DIRTY);
    run_for(SECOND);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_TIMEOUT], 1);
}

static void p24_those_whose_life_ended_meanwhile_are_replaced_one_at_a_time(void **state)
{
    unsigned most = 0;

    rig_free(state);
    rig.rules.max_lifetime_ns = 1800 * SECOND;
    rig.rules.min_idle = 16;
    rig_start();
    rig.prompt = false;
    sleep_for(3600 * SECOND);
    for (int i = 0; i < 100; i++) {
        run_for(10 * MS);
        unsigned away = stats().closing + stats().connecting;
        most = away > most ? away : most;
    }
    assert_in_range(most, 0, 1);
}

static void p24_who_waited_is_told_at_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 16; i++)
        borrow(i);
    get(16, SECOND);
    sleep_for(3600 * SECOND);
    expect_told(16, S7_E_POOL_EXHAUSTED);
    assert_int_equal(stats().in_use, 16); /* lent ones are their borrowers' business */
}

/* Being late by less than a check may take is a busy machine. */
static void p24_a_short_delay_is_none(void **state)
{
    (void)state;
    run_for(299 * SECOND);
    sleep_for(3 * SECOND);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_IDLE], 16);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sixteen_idle, rig_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(p24_after_an_hour_asleep_none_is_closed_and_each_is_checked_once),
        TEST(p24_time_asleep_is_not_idle_time),
        TEST(p24_after_the_machine_slept_each_is_checked_once),
        TEST(p24_those_that_are_dead_are_found_by_the_pass),
        TEST(p24_an_answer_that_came_meanwhile_counts),
        TEST(p24_a_late_answer_is_waited_for_all_the_same),
        TEST(p24_those_whose_life_ended_meanwhile_are_replaced_one_at_a_time),
        TEST(p24_who_waited_is_told_at_once),
        TEST(p24_a_short_delay_is_none),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "pool after a leap");
}
