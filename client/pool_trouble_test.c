/* Dials that fail without the PLC's doing, while other connections are up: not taken for a PLC that is full.
 */
#include "client/pool_core_rig.h"

static int started(void **state)
{
    (void)state;
    rig_rules();
    rig_start();
    return 0;
}

static void lend_all(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        borrow(i);
}

static void trouble_of_this_machine_says_nothing_of_the_PLCs_limit(void **state)
{
    static const s7_status ours[] = {S7_E_NOMEM, S7_E_IO, S7_E_RESOLVE, S7_E_UNREACHABLE};

    for (unsigned i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        rig_free(state);
        started(state);
        lend_all(2);
        rig.refuse = ours[i];
        get(2, 400 * MS);
        run_for(399 * MS);
        assert_int_equal(stats().limit, 5);
        assert_false(stats().down);
        run_for(MS);
        expect_told(2, S7_E_POOL_EXHAUSTED);
    }
}

static void what_the_PLC_says_itself_is_its_limit(void **state)
{
    static const s7_status theirs[] = {S7_E_COTP_REFUSED, S7_E_REFUSED, S7_E_RESET, S7_E_TIMEOUT,
                                       S7_E_NEGOTIATION};

    for (unsigned i = 0; i < sizeof theirs / sizeof theirs[0]; i++) {
        rig_free(state);
        started(state);
        lend_all(2);
        rig.refuse = theirs[i];
        get(2, S7_NEVER_NS);
        assert_int_equal(stats().limit, 2);
    }
}

/* 250, 500 ms ... 5 s: not at every event, and not as seldom as at a full PLC. */
static void it_is_tried_again_with_the_pauses_of_an_outage(void **state)
{
    (void)state;
    lend_all(2);
    rig.refuse = S7_E_IO;
    get(2, S7_NEVER_NS);
    for (unsigned i = 0; i < 600; i++) { /* a minute of work meanwhile: each of three in turn has to wait */
        run_for(100 * MS);
        put(rig.callers[i % 3].lease);
        expect_told((i + 2) % 3, S7_OK);
        get(i % 3, S7_NEVER_NS);
    }
    if (stats().connect_failures < 10 || stats().connect_failures > 20)
        fail_msg("%u dials in a minute", (unsigned)stats().connect_failures);
    rig.refuse = S7_OK;
    run_for(5 * SECOND);
    assert_int_equal(stats().total_connections, 3);
}

static void the_pauses_begin_anew_after_a_success(void **state)
{
    (void)state;
    lend_all(2);
    rig.refuse = S7_E_NOMEM;
    get(2, S7_NEVER_NS);
    run_for(60 * SECOND);
    rig.refuse = S7_OK;
    run_for(5 * SECOND);
    expect_told(2, S7_OK);
    rig.refuse = S7_E_NOMEM;
    get(3, S7_NEVER_NS);
    uint64_t before = stats().connect_failures;
    run_for(250 * MS);
    assert_int_equal(stats().connect_failures, before + 1);
}

/* Its descriptor and its memory are what was missing. */
static void a_connection_that_is_closed_makes_room_at_once(void **state)
{
    (void)state;
    lend_all(2);
    rig.refuse = S7_E_IO;
    get(2, S7_NEVER_NS);
    run_for(60 * SECOND);
    rig.refuse = S7_OK;
    int64_t now = rig.now;
    put_as(rig.callers[0].lease, S7_POOL_PUT_DISCARD);
    expect_told(2, S7_OK);
    assert_int_equal(rig.callers[2].at, now);
}

static void who_does_not_want_to_wait_is_told_at_once(void **state)
{
    (void)state;
    rig_free(state);
    rig.rules.fail_when_exhausted = true;
    rig_start();
    lend_all(2);
    rig.refuse = S7_E_IO;
    get(2, S7_NEVER_NS);
    expect_told(2, S7_E_POOL_EXHAUSTED);
}

static void when_nothing_is_up_it_is_an_outage_like_any_other(void **state)
{
    (void)state;
    borrow(0);
    rig.refuse = S7_E_IO;
    put_as(rig.callers[0].lease, S7_POOL_PUT_DISCARD);
    get(1, SECOND);
    run_for(SECOND);
    expect_told(1, S7_E_PLC_DOWN);
    rig.refuse = S7_OK;
    run_for(5 * SECOND);
    borrow(2);
    assert_int_equal(stats().dial_failures[S7_POOL_DIAL_LOCAL], stats().connect_failures);
}

#define RUNNING(name) cmocka_unit_test_setup_teardown(name, started, rig_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUNNING(trouble_of_this_machine_says_nothing_of_the_PLCs_limit),
        RUNNING(what_the_PLC_says_itself_is_its_limit),
        RUNNING(it_is_tried_again_with_the_pauses_of_an_outage),
        RUNNING(the_pauses_begin_anew_after_a_success),
        RUNNING(a_connection_that_is_closed_makes_room_at_once),
        RUNNING(who_does_not_want_to_wait_is_told_at_once),
        RUNNING(when_nothing_is_up_it_is_an_outage_like_any_other),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "pool trouble");
}
