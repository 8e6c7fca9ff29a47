/* Connections that go although nothing is wrong with them: age, resize, refresh, pause. At exact times. */
#include "client/pool_core_rig.h"
#include "loop/random.h"

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

/* Lives of 100 s to 90 s; max_idle and checks out of the way. */
static void live_for(int64_t lifetime_ns, int64_t jitter_ns)
{
    rig.rules.max_lifetime_ns = lifetime_ns;
    rig.rules.lifetime_jitter_ns = jitter_ns;
    rig.rules.max_idle_ns = rig.rules.health_check_ns = S7_NEVER_NS;
}

static void lend_all(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        borrow(i);
}

static uint64_t closed_for(s7_pool_close_reason reason)
{
    return stats().closed[reason];
}

/* ---- age ---- */

static void an_idle_connection_is_closed_when_its_life_is_over(void **state)
{
    (void)state;
    live_for(100 * SECOND, 0);
    rig_start();
    run_to(T0 + 50 * SECOND);
    put(borrow(0)); /* use is no reason to stay */
    run_to(T0 + 100 * SECOND - 1);
    assert_int_equal(stats().available, 1);
    run_to(T0 + 100 * SECOND);
    assert_int_equal(stats().total_connections, 0);
    assert_int_equal(closed_for(S7_POOL_CLOSE_LIFETIME), 1);
    run_for(3600 * SECOND);
    assert_int_equal(rig.dials, 1); /* nobody asked for another */
    borrow(0);
}

static void the_draw_shortens_a_life_by_half_to_all_of_the_jitter(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        rig_rules();
        live_for(100 * SECOND, 10 * SECOND);
        rig.random = i == 0 ? UINT64_MAX : 0;
        rig_start();
        int64_t at = T0 + (i == 0 ? 90 : 95) * SECOND;
        run_to(at - 1);
        assert_int_equal(stats().available, 1);
        run_to(at);
        assert_int_equal(closed_for(S7_POOL_CLOSE_LIFETIME), 1);
        if (i == 0)
            rig_free(state);
    }
}

static void a_lent_connection_that_became_too_old_is_closed_when_it_comes_back(void **state)
{
    (void)state;
    live_for(100 * SECOND, 10 * SECOND);
    rig_start();
    borrow(0);
    run_for(1000 * SECOND);
    assert_int_equal(stats().in_use, 1);
    put(rig.callers[0].lease);
    assert_int_equal(closed_for(S7_POOL_CLOSE_LIFETIME), 1);
    assert_int_equal(stats().total_connections, 0);
}

/* Two borrowers keep one connection busy all the time: each waits while the other holds it. */
static void p10_on_a_busy_pool_none_is_older_than_its_life_and_one_lease(void **state)
{
    int64_t lease_ns = 30 * MS, born = T0, oldest = 0;
    unsigned holder = 0;

    (void)state;
    live_for(SECOND, 100 * MS);
    rig.rules.size = 1;
    rig_start();
    borrow(0);
    get(1, 10 * SECOND);
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t connects = stats().connects;

        run_for(lease_ns);
        oldest = rig.now - born > oldest ? rig.now - born : oldest;
        put(rig.callers[holder].lease);
        if (stats().connects > connects)
            born = rig.now;
        holder = 1 - holder;
        expect_told(holder, S7_OK);
        get(1 - holder, 10 * SECOND);
    }
    assert_true(oldest > SECOND / 2);
    assert_true(oldest <= SECOND + lease_ns);
    assert_in_range(closed_for(S7_POOL_CLOSE_LIFETIME), 30000 / 1030, 30000 / 870);
}

/* All are needed all the time, and each dial takes 100 ms. */
static void p11_sixteen_that_were_born_together_are_replaced_one_at_a_time(void **state)
{
    unsigned closed_before = 0, least = 16;

    (void)state;
    live_for(1000 * SECOND, 100 * SECOND);
    rig.rules.size = rig.rules.min_idle = 16;
    rig.rules.start = S7_POOL_START_ALL;
    rig_start();
    assert_int_equal(stats().available, 16);
    rig.prompt = false;
    for (int64_t at = rig.now; at < T0 + 1100 * SECOND; at += 100 * MS) {
        run_to(at);
        s7_pool_stats s = stats();
        assert_in_range(rig.closes - closed_before, 0, 1);
        assert_in_range(s.connecting + s.closing, 0, 1);
        closed_before = rig.closes;
        least = s.available < least ? s.available : least;
        for (unsigned i = 0; i < 16; i++) {
            if (s7_pool_core_state(rig.core, i) == S7_POOL_CLOSING)
                s7_pool_core_closed(rig.core, i, rig.now);
            else
                s7_pool_core_dialed(rig.core, i, 1, s7_draw(1, 2, i, rig.dials), rig.now);
            act();
        }
    }
    assert_int_equal(closed_for(S7_POOL_CLOSE_LIFETIME), 16);
    assert_int_equal(rig.dials, 32);
    assert_int_equal(least, 15);
}

static void where_min_idle_asks_the_new_one_is_made_before_the_old_one_is_closed(void **state)
{
    (void)state;
    live_for(100 * SECOND, 10 * SECOND);
    rig.rules.min_idle = 1;
    rig_start();
    rig.prompt = false;
    run_to(T0 + 90 * SECOND);
    assert_int_equal(stats().available, 1);
    assert_int_equal(stats().connecting, 1);
    run_to(T0 + 91 * SECOND);
    s7_pool_core_dialed(rig.core, 1, 1, rig.random, rig.now);
    act();
    expect_state(0, S7_POOL_CLOSING);
    expect_state(1, S7_POOL_IDLE);
    assert_int_equal(rig.reason[0], S7_POOL_CLOSE_LIFETIME);
}

static void one_whose_replacement_does_not_come_goes_at_the_end_of_its_life(void **state)
{
    (void)state;
    live_for(100 * SECOND, 10 * SECOND);
    rig.rules.min_idle = 1;
    rig_start();
    rig.refuse = S7_E_COTP_REFUSED;
    run_to(T0 + 95 * SECOND - 1);
    assert_int_equal(stats().available, 1);
    assert_true(rig.dials > 1);
    run_to(T0 + 95 * SECOND);
    assert_int_equal(stats().available, 0);
    assert_int_equal(closed_for(S7_POOL_CLOSE_LIFETIME), 1);
}

/* ---- resize ---- */

static s7_status resize(unsigned size)
{
    s7_status status = s7_pool_core_resize(rig.core, size, rig.now);

    act();
    return status;
}

static void a_smaller_pool_closes_what_nobody_holds_now_and_what_is_lent_when_it_comes_back(void **state)
{
    (void)state;
    lend_all(5);
    put(rig.callers[3].lease);
    put(rig.callers[4].lease);
    assert_int_equal(resize(2), S7_OK);
    assert_int_equal(closed_for(S7_POOL_CLOSE_SHRINK), 2);
    assert_int_equal(stats().in_use, 3);
    get(10, S7_NEVER_NS);
    put(rig.callers[0].lease); /* not for the one who waits: there are two others */
    assert_false(rig.callers[10].done);
    assert_int_equal(closed_for(S7_POOL_CLOSE_SHRINK), 3);
    put(rig.callers[1].lease);
    expect_told(10, S7_OK);
    assert_int_equal(stats().total_connections, 2);
    assert_int_equal(stats().size, 2);
}

static void a_larger_pool_serves_those_who_wait_at_once(void **state)
{
    (void)state;
    lend_all(5);
    for (unsigned i = 10; i < 14; i++)
        get(i, S7_NEVER_NS);
    assert_int_equal(resize(8), S7_OK);
    for (unsigned i = 10; i < 13; i++)
        expect_told(i, S7_OK);
    assert_false(rig.callers[13].done);
    assert_int_equal(resize(64), S7_OK);
    expect_told(13, S7_OK);
    assert_int_equal(stats().in_use, 9);
}

static void a_smaller_pool_gives_up_dials_before_connections(void **state)
{
    (void)state;
    rig.prompt = false;
    lend_all(1);
    get(1, S7_NEVER_NS);
    expect_state(1, S7_POOL_DIALING);
    assert_int_equal(resize(1), S7_OK);
    expect_state(1, S7_POOL_CLOSING);
    s7_pool_core_closed(rig.core, 1, rig.now);
    act();
    put(rig.callers[0].lease);
    expect_told(1, S7_OK);
    assert_int_equal(closed_for(S7_POOL_CLOSE_SHRINK), 0); /* it had never been up */
}

static void what_the_PLC_allows_is_still_known_after_a_resize(void **state)
{
    (void)state;
    rig.places = 3;
    lend_all(3);
    get(3, 10 * MS);
    run_for(10 * MS);
    assert_int_equal(stats().limit, 3);
    resize(10);
    assert_int_equal(stats().limit, 3);
    resize(2);
    assert_int_equal(stats().limit, 2);
    resize(4);
    assert_int_equal(stats().limit, 4); /* forgotten by now */
}

static void after_a_resize_checks_are_spread_over_the_period_again(void **state)
{
    (void)state;
    rig.rules.size = 2;
    rig.rules.start = S7_POOL_START_ALL;
    rig_start();
    run_to(T0 + 31 * SECOND);
    assert_int_equal(rig.checked_at[1], T0 + 30 * SECOND);
    resize(4);
    run_to(T0 + 121 * SECOND);
    assert_int_equal(rig.checked_at[0], T0 + 120 * SECOND);
    assert_int_equal(rig.checked_at[1], T0 + 75 * SECOND);
}

static void a_closed_pool_stays_as_it_is(void **state)
{
    (void)state;
    s7_pool_core_close(rig.core, rig.now, rig.now);
    act();
    assert_int_equal(resize(3), S7_E_POOL_CLOSED);
    assert_int_equal(s7_pool_core_refresh(rig.core, rig.now), S7_E_POOL_CLOSED);
    assert_int_equal(s7_pool_core_pause(rig.core, rig.now, rig.now), S7_E_POOL_CLOSED);
    assert_int_equal(s7_pool_core_resume(rig.core, rig.now), S7_E_POOL_CLOSED);
    assert_int_equal(stats().size, 5);
}

/* ---- refresh ---- */

static void refresh_closes_idle_ones_now_and_lent_ones_when_they_come_back(void **state)
{
    (void)state;
    lend_all(3);
    put(rig.callers[2].lease);
    assert_int_equal(s7_pool_core_refresh(rig.core, rig.now), S7_OK);
    act();
    assert_int_equal(closed_for(S7_POOL_CLOSE_EVICTED), 1);
    assert_true(s7_pool_core_is_current(rig.core, rig.callers[0].lease)); /* calls go on */
    get(10, S7_NEVER_NS);
    expect_told(10, S7_OK); /* with a fresh one */
    assert_int_equal(rig.dials, 4);
    put(rig.callers[0].lease);
    put(rig.callers[1].lease);
    assert_int_equal(closed_for(S7_POOL_CLOSE_EVICTED), 3);
    put(rig.callers[10].lease);
    assert_int_equal(stats().available, 1);
}

static void refresh_begins_a_dial_that_is_under_way_anew(void **state)
{
    (void)state;
    rig.prompt = false;
    rig_start();
    expect_state(0, S7_POOL_DIALING);
    assert_int_equal(s7_pool_core_refresh(rig.core, rig.now), S7_OK);
    act();
    expect_state(0, S7_POOL_CLOSING);
    expect_state(1, S7_POOL_DIALING);
    s7_pool_core_dialed(rig.core, 1, 1, rig.random, rig.now);
    act();
    assert_true(rig.started);
    assert_int_equal(rig.start_status, S7_OK);
}

static void refresh_tries_a_PLC_that_is_down_at_once(void **state)
{
    (void)state;
    rig.refuse = S7_E_REFUSED;
    s7_pool_core_ended(rig.core, 0, S7_E_RESET, rig.now);
    act();
    get(0, 100 * SECOND);
    run_for(30 * SECOND);
    unsigned dials = rig.dials;
    rig.refuse = S7_OK;
    assert_int_equal(s7_pool_core_refresh(rig.core, rig.now), S7_OK);
    act();
    assert_int_equal(rig.dials, dials + 1);
    expect_told(0, S7_OK);
}

/* ---- pause ---- */

static s7_status pause_for(int64_t ns)
{
    s7_status status = s7_pool_core_pause(rig.core, rig.now + ns, rig.now);

    act();
    return status;
}

static void a_paused_pool_has_no_connection_and_makes_none(void **state)
{
    (void)state;
    lend_all(2);
    put(rig.callers[1].lease);
    assert_int_equal(pause_for(10 * SECOND), S7_OK);
    assert_int_equal(closed_for(S7_POOL_CLOSE_PAUSE), 1);
    assert_false(rig.paused);
    run_for(3 * SECOND);
    put(rig.callers[0].lease);
    assert_true(rig.paused);
    assert_int_equal(rig.pause_status, S7_OK);
    assert_int_equal(stats().total_connections, 0);
    assert_true(stats().paused);
    unsigned dials = rig.dials;
    get(2, S7_NEVER_NS);
    run_for(3600 * SECOND);
    assert_int_equal(rig.dials, dials);
    assert_false(rig.callers[2].done);
    assert_int_equal(s7_pool_core_resume(rig.core, rig.now), S7_OK);
    act();
    expect_told(2, S7_OK);
    assert_false(stats().paused);
}

static void a_pause_that_waits_in_vain_says_so_and_stays(void **state)
{
    (void)state;
    lend_all(1);
    assert_int_equal(pause_for(SECOND), S7_OK);
    run_for(SECOND - 1);
    assert_false(rig.paused);
    run_for(1);
    assert_int_equal(rig.pause_status, S7_E_TIMEOUT);
    get(1, SECOND);
    put(rig.callers[0].lease);
    assert_int_equal(closed_for(S7_POOL_CLOSE_PAUSE), 1);
    rig.paused = false;
    assert_int_equal(pause_for(SECOND), S7_OK); /* again: it is over at once */
    assert_true(rig.paused);
    assert_int_equal(rig.pause_status, S7_OK);
    run_for(SECOND);
    expect_told(1, S7_E_POOL_PAUSED);
}

static void resume_and_close_end_a_pause_that_waits(void **state)
{
    (void)state;
    lend_all(1);
    assert_int_equal(pause_for(SECOND), S7_OK);
    assert_int_equal(pause_for(SECOND), S7_E_MISUSE); /* one waits already */
    s7_pool_core_resume(rig.core, rig.now);
    act();
    assert_int_equal(rig.pause_status, S7_E_CANCELLED);
    assert_int_equal(pause_for(SECOND), S7_OK);
    s7_pool_core_close(rig.core, rig.now + SECOND, rig.now);
    act();
    assert_int_equal(rig.pause_status, S7_E_POOL_CLOSED);
}

static void pausing_a_pool_that_was_not_started_is_misuse(void **state)
{
    (void)state;
    assert_int_equal(s7_pool_core_new(&rig.rules, &rig.core), S7_OK);
    assert_int_equal(pause_for(SECOND), S7_E_MISUSE);
    assert_int_equal(s7_pool_core_resume(rig.core, rig.now), S7_OK);
    assert_int_equal(resize(7), S7_OK);
}

static void while_paused_nobody_is_told_that_the_PLC_is_down(void **state)
{
    (void)state;
    rig.rules.fail_fast_when_down = true;
    rig_start();
    rig.refuse = S7_E_REFUSED;
    s7_pool_core_ended(rig.core, 0, S7_E_RESET, rig.now);
    act();
    get(0, SECOND);
    expect_told(0, S7_E_PLC_DOWN);
    assert_int_equal(pause_for(SECOND), S7_OK);
    unsigned dials = rig.dials;
    get(1, 60 * SECOND);
    run_for(59 * SECOND);
    assert_false(rig.callers[1].done);
    assert_int_equal(rig.dials, dials);
    rig.refuse = S7_OK;
    s7_pool_core_resume(rig.core, rig.now);
    act();
    expect_told(1, S7_OK);
}

#define TEST(name)    cmocka_unit_test_setup_teardown(name, defaults, rig_free)
#define RUNNING(name) cmocka_unit_test_setup_teardown(name, started, rig_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_idle_connection_is_closed_when_its_life_is_over),
        TEST(the_draw_shortens_a_life_by_half_to_all_of_the_jitter),
        TEST(a_lent_connection_that_became_too_old_is_closed_when_it_comes_back),
        TEST(p10_on_a_busy_pool_none_is_older_than_its_life_and_one_lease),
        TEST(p11_sixteen_that_were_born_together_are_replaced_one_at_a_time),
        TEST(where_min_idle_asks_the_new_one_is_made_before_the_old_one_is_closed),
        TEST(one_whose_replacement_does_not_come_goes_at_the_end_of_its_life),
        RUNNING(a_smaller_pool_closes_what_nobody_holds_now_and_what_is_lent_when_it_comes_back),
        RUNNING(a_larger_pool_serves_those_who_wait_at_once),
        RUNNING(a_smaller_pool_gives_up_dials_before_connections),
        RUNNING(what_the_PLC_allows_is_still_known_after_a_resize),
        TEST(after_a_resize_checks_are_spread_over_the_period_again),
        RUNNING(a_closed_pool_stays_as_it_is),
        RUNNING(refresh_closes_idle_ones_now_and_lent_ones_when_they_come_back),
        TEST(refresh_begins_a_dial_that_is_under_way_anew),
        RUNNING(refresh_tries_a_PLC_that_is_down_at_once),
        RUNNING(a_paused_pool_has_no_connection_and_makes_none),
        RUNNING(a_pause_that_waits_in_vain_says_so_and_stays),
        RUNNING(resume_and_close_end_a_pause_that_waits),
        TEST(pausing_a_pool_that_was_not_started_is_misuse),
        TEST(while_paused_nobody_is_told_that_the_PLC_is_down),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "pool turnover");
}
