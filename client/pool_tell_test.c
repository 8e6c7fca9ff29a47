/* What a pool tells and counts: events, leaks, times. At exact times. */
#include "client/pool_core_rig.h"

static s7_pool_event told[S7_POOL_SIZE_MAX * 4];
static unsigned n_told;

static int defaults(void **state)
{
    (void)state;
    rig_rules();
    n_told = 0;
    return 0;
}

static int started(void **state)
{
    defaults(state);
    rig_start();
    return 0;
}

static void take_events(void)
{
    for (n_told = 0; s7_pool_core_next_event(rig.core, &told[n_told]);)
        n_told++;
    assert_false(s7_pool_core_has_event(rig.core));
}

/* Everything that was told since the last time, in order: "connected up wait_ended ...". */
static void expect_events(const char *names)
{
    char text[1024] = "";

    take_events();
    for (unsigned i = 0; i < n_told; i++) {
        strcat(text, i > 0 ? " " : "");
        strcat(text, s7_pool_event_name(told[i].kind));
    }
    if (strcmp(text, names) != 0)
        fail_msg("expected events \"%s\", got \"%s\"", names, text);
}

/* ---- events ---- */

static void a_wait_and_the_connection_made_for_it_are_told_in_order(void **state)
{
    (void)state;
    take_events();
    borrow(0);
    expect_events(""); /* who need not wait is no event */
    rig.prompt = false;
    assert_int_equal(s7_pool_core_get(rig.core, &rig.callers[1].waiter, "second", S7_NEVER_NS, rig.now),
                     S7_OK);
    act();
    run_for(30 * MS);
    s7_pool_core_dialed(rig.core, 1, 1, rig.random, rig.now);
    act();
    expect_events("wait_began connected wait_ended");
    assert_string_equal(told[0].label, "second");
    assert_int_equal(told[0].count, 1);
    assert_int_equal(told[1].took_ns, 30 * MS);
    assert_int_equal(told[2].took_ns, 30 * MS);
    assert_int_equal(told[2].status, S7_OK);
    assert_int_equal(told[2].conn, 1);
    assert_int_equal(told[2].at_ns, rig.now);
}

static void the_end_of_a_wait_that_was_given_up_is_told(void **state)
{
    (void)state;
    rig.rules.size = 1;
    rig_start();
    borrow(0);
    take_events();
    get(1, S7_NEVER_NS);
    s7_pool_core_forgo(rig.core, &rig.callers[1].waiter, rig.now);
    expect_events("wait_began wait_ended");
    assert_int_equal(told[1].status, S7_E_CANCELLED);
    assert_int_equal(stats().gets_failed, 0);
}

static void waits_in_vain_are_told_as_well(void **state)
{
    (void)state;
    rig.rules.size = 1;
    rig_start();
    borrow(0);
    take_events();
    get(1, 10 * MS);
    get(2, S7_NEVER_NS);
    run_for(10 * MS);
    s7_pool_core_cancel(rig.core, &rig.callers[2].waiter, rig.now);
    expect_events("wait_began wait_began wait_ended wait_ended");
    assert_int_equal(told[1].count, 2);
    assert_int_equal(told[2].status, S7_E_POOL_EXHAUSTED);
    assert_int_equal(told[3].status, S7_E_CANCELLED);
    assert_int_equal(stats().gets_timed_out, 1);
    assert_int_equal(stats().gets_cancelled, 1);
    assert_int_equal(stats().gets_failed, 2);
}

static void an_outage_is_told_from_its_beginning_to_its_end(void **state)
{
    (void)state;
    take_events();
    rig.refuse = S7_E_REFUSED;
    s7_pool_core_ended(rig.core, 0, S7_E_RESET, rig.now);
    act();
    expect_events("lost closed");
    assert_int_equal(told[0].status, S7_E_RESET);
    assert_int_equal(told[1].reason, S7_POOL_CLOSE_PEER);
    run_for(SECOND);
    get(0, S7_NEVER_NS);
    expect_events("wait_began connect_failed down");
    assert_int_equal(told[2].status, S7_E_REFUSED);
    run_for(10 * SECOND);
    rig.refuse = S7_OK;
    run_for(10 * SECOND);
    take_events();
    assert_int_equal(told[n_told - 3].kind, S7_POOL_EVENT_CONNECTED);
    assert_int_equal(told[n_told - 2].kind, S7_POOL_EVENT_UP);
    assert_int_equal(told[n_told - 2].took_ns, rig.callers[0].at - T0); /* since it was lost */
    assert_int_equal(stats().outages, 1);
    assert_int_equal(stats().reconnects, 1);
    assert_int_equal(stats().dial_failures[S7_POOL_DIAL_REFUSED], stats().connect_failures);
    assert_int_equal(stats().dials, stats().connects + stats().connect_failures);
}

static void a_full_PLC_is_told_once_and_when_it_has_room_again(void **state)
{
    (void)state;
    rig.places = 2;
    borrow(0);
    borrow(1);
    take_events();
    get(2, S7_NEVER_NS);
    expect_events("wait_began connect_failed full");
    assert_int_equal(told[2].count, 2);
    assert_int_equal(told[2].status, S7_E_COTP_REFUSED);
    run_for(200 * SECOND);
    take_events();
    for (unsigned i = 0; i < n_told; i++)
        assert_int_equal(told[i].kind, S7_POOL_EVENT_CONNECT_FAILED);
    rig.places = 3;
    run_for(60 * SECOND);
    expect_events("connected room wait_ended");
    assert_int_equal(told[1].count, 5);
    assert_true(stats().dial_failures[S7_POOL_DIAL_COTP] > 1);
}

static void a_discard_tells_why_when_it_comes_back_and_when_it_is_closed(void **state)
{
    (void)state;
    rig.rules.leak_ns = SECOND;
    rig_start();
    take_events();
    rig.why = S7_E_OUTCOME_UNKNOWN;
    struct s7_pool_lease lease = borrow(0);
    run_for(SECOND);
    assert_int_equal(put_as(lease, S7_POOL_PUT_DISCARD), S7_OK);
    expect_events("leak returned closed");
    assert_int_equal(told[1].status, S7_E_OUTCOME_UNKNOWN);
    assert_int_equal(told[2].reason, S7_POOL_CLOSE_BORROWER);
    assert_int_equal(told[2].status, S7_E_OUTCOME_UNKNOWN);
    lease = borrow(0);
    rig.why = S7_OK;
    take_events();
    s7_pool_core_refresh(rig.core, rig.now);
    assert_int_equal(put_as(lease, S7_POOL_PUT_CLEAN), S7_OK);
    expect_events("refreshed closed"); /* nothing is left of what was said of the last one there */
    assert_int_equal(told[1].reason, S7_POOL_CLOSE_EVICTED);
    assert_int_equal(told[1].status, S7_OK);
}

/* ---- tell_all ---- */

static void tell_all(void)
{
    rig.rules.tell_all = true;
    rig_start();
}

static void each_dial_borrow_and_return_is_told_to_who_wants_all(void **state)
{
    (void)state;
    tell_all();
    expect_events("connecting connected");
    struct s7_pool_lease lease = borrow(0);
    expect_events("borrowed");
    assert_int_equal(told[0].took_ns, 0);
    assert_int_equal(told[0].conn, 0);
    run_for(SECOND);
    put(lease);
    expect_events("returned");
    assert_int_equal(told[0].took_ns, SECOND);
    assert_int_equal(told[0].status, S7_OK);
}

static void each_check_that_is_answered_is_told_to_who_wants_all(void **state)
{
    (void)state;
    rig.rules.size = 1;
    tell_all();
    put(borrow(0));
    take_events();
    run_for(60 * SECOND);
    expect_events("checked");
    assert_int_equal(told[0].conn, 0);
    rig.prompt = false;
    run_for(61 * SECOND);
    struct s7_pool_lease lease = borrow(0); /* beside the check */
    s7_pool_core_checked(rig.core, 0, rig.now);
    s7_pool_core_checked(rig.core, 0, rig.now); /* nobody asked */
    put(lease);
    expect_events("borrowed checked returned");
    run_for(62 * SECOND);
    expect_events("check_failed");
}

static void who_waited_is_told_of_with_its_label_and_for_how_long(void **state)
{
    (void)state;
    rig.rules.size = 1;
    tell_all();
    struct s7_pool_lease lease = borrow(0);
    assert_int_equal(s7_pool_core_get(rig.core, &rig.callers[1].waiter, "second", S7_NEVER_NS, rig.now),
                     S7_OK);
    take_events();
    run_for(3 * SECOND);
    put(lease);
    expect_events("returned wait_ended borrowed");
    assert_string_equal(told[2].label, "second");
    assert_int_equal(told[2].took_ns, 3 * SECOND);
}

static void what_is_taken_away_comes_back_as_well(void **state)
{
    (void)state;
    tell_all();
    borrow(0);
    assert_int_equal(s7_pool_core_get(rig.core, &rig.callers[1].waiter, NULL, S7_NEVER_NS, rig.now), S7_OK);
    take_events();
    s7_pool_core_cancel(rig.core, &rig.callers[1].waiter, rig.now);
    act();
    take_events();
    assert_int_equal(told[n_told - 1].kind, S7_POOL_EVENT_CONNECTED); /* the dial goes on without it */
    assert_int_equal(s7_pool_core_get(rig.core, &rig.callers[1].waiter, NULL, S7_NEVER_NS, rig.now), S7_OK);
    s7_pool_core_cancel(rig.core, &rig.callers[1].waiter,
                        rig.now); /* it had been served, and did not know yet */
    expect_events("borrowed returned");
    assert_int_equal(told[1].status, S7_E_CANCELLED);
    s7_pool_core_close(rig.core, rig.now, rig.now);
    act();
    expect_events("returned closed closed shut");
    assert_int_equal(told[0].status, S7_E_POOL_CLOSED);
}

static void a_dial_that_the_group_denies_was_none(void **state)
{
    (void)state;
    rig.rules.size = 2;
    tell_all();
    borrow(0);
    rig.prompt = false;
    get(1, S7_NEVER_NS);
    take_events();
    s7_pool_core_denied(rig.core, 1, true, rig.now);
    expect_events("denied");
}

static void nothing_is_warm_where_all_is_told(void **state)
{
    (void)state;
    rig.rules.health_check_ns = S7_NEVER_NS;
    for (int i = 0; i < 2; i++) {
        rig.rules.tell_all = i == 1;
        rig_start();
        put(borrow(0));
        assert_int_equal(s7_pool_core_warm(rig.core, 0, rig.now), i == 0);
        if (i == 0) {
            s7_pool_core_cool_idle(rig.core, rig.now);
            rig_free(state);
        }
    }
}

static void maintenance_is_told(void **state)
{
    (void)state;
    take_events();
    s7_pool_core_resize(rig.core, 3, rig.now);
    s7_pool_core_refresh(rig.core, rig.now);
    act();
    assert_int_equal(s7_pool_core_pause(rig.core, rig.now + SECOND, rig.now), S7_OK);
    s7_pool_core_resume(rig.core, rig.now);
    s7_pool_core_resume(rig.core, rig.now); /* no event: nothing happened */
    s7_pool_core_close(rig.core, rig.now, rig.now);
    act();
    expect_events("resized refreshed closed paused resumed shut");
    assert_int_equal(told[0].count, 3);
    assert_int_equal(told[2].reason, S7_POOL_CLOSE_EVICTED);
    assert_int_equal(told[2].took_ns, 0); /* its age */
    assert_int_equal(told[5].status, S7_OK);
}

static void what_is_not_taken_in_time_is_dropped_and_counted(void **state)
{
    (void)state;
    take_events();
    for (unsigned i = 1; i <= 130; i++)
        s7_pool_core_resize(rig.core, 1 + i % 64, rig.now);
    assert_int_equal(stats().events_lost, 2);
    take_events();
    assert_int_equal(n_told, 128);
    assert_int_equal(told[0].count, 2); /* the first ones are kept: how it began */
    assert_int_equal(told[127].count, 1);
    assert_int_equal(told[127].lost, 2);
    s7_pool_core_resize(rig.core, 7, rig.now);
    expect_events("resized");
}

static void without_a_listener_nothing_is_kept_or_counted(void **state)
{
    (void)state;
    rig.rules.tells = false;
    rig_start();
    for (unsigned i = 0; i < 300; i++)
        s7_pool_core_resize(rig.core, 1 + i % 64, rig.now);
    assert_int_equal(stats().events_lost, 0);
    expect_events("");
}

/* ---- leaks ---- */

static void a_leak_is_told_once_per_lease_and_when_it_comes_back(void **state)
{
    (void)state;
    rig.rules.leak_ns = 60 * SECOND;
    rig.rules.health_check_ns = S7_NEVER_NS;
    rig_start();
    take_events();
    assert_int_equal(s7_pool_core_get(rig.core, &rig.callers[0].waiter, "forgetful", S7_NEVER_NS, rig.now),
                     S7_OK);
    act();
    run_to(T0 + 60 * SECOND - 1);
    expect_events("");
    assert_int_equal(stats().leaking, 0);
    run_to(T0 + 60 * SECOND);
    expect_events("leak");
    assert_string_equal(told[0].label, "forgetful");
    assert_int_equal(told[0].took_ns, 60 * SECOND);
    assert_int_equal(stats().leaking, 1);
    run_to(T0 + 100 * SECOND);
    put(rig.callers[0].lease);
    expect_events("returned");
    assert_string_equal(told[0].label, "forgetful");
    assert_int_equal(told[0].took_ns, 100 * SECOND);
    assert_int_equal(stats().leaking, 0);
    borrow(1);
    run_for(60 * SECOND); /* the next lease is another matter */
    expect_events("leak");
    assert_int_equal(stats().leaks, 2);
}

static void each_lease_has_its_own_time(void **state)
{
    (void)state;
    rig.rules.leak_ns = 10 * SECOND;
    rig_start();
    borrow(0);
    run_for(SECOND);
    borrow(1);
    take_events();
    run_to(T0 + 10 * SECOND);
    expect_events("leak");
    put(rig.callers[0].lease);
    take_events();
    run_to(T0 + 11 * SECOND);
    expect_events("leak");
    assert_int_equal(told[0].conn, 1);
}

/* ---- times ---- */

static s7_pool_stats times(void)
{
    s7_pool_stats s = stats();

    s7_pool_core_times(rig.core, &s);
    return s;
}

static void waits_leases_and_dials_are_timed(void **state)
{
    (void)state;
    rig.rules.size = 1;
    rig.prompt = false;
    rig_start();
    run_for(70 * MS);
    s7_pool_core_dialed(rig.core, 0, 1, rig.random, rig.now);
    act();
    borrow(0);
    get(1, S7_NEVER_NS);
    run_for(400 * MS);
    put(rig.callers[0].lease);
    run_for(100 * MS);
    put(rig.callers[1].lease);
    s7_pool_stats s = times();
    assert_int_equal(s.connect.count, 1);
    assert_int_equal(s.connect.max_ns, 70 * MS);
    assert_int_equal(s.wait.count, 2);
    assert_int_equal(s.wait.sum_ns, 400 * MS);
    assert_int_equal(s.wait.max_ns, 400 * MS);
    assert_in_range(s.wait.p50_ns, 0, 1024);
    assert_in_range(s.wait.p99_ns, 375 * MS, 400 * MS);
    assert_int_equal(s.lease.count, 2);
    assert_int_equal(s.lease.sum_ns, 500 * MS);
    assert_in_range(s.lease.p50_ns, 93 * MS, 107 * MS);
}

static void failed_dials_are_counted_by_kind(void **state)
{
    static const struct {
        s7_status status;
        s7_pool_dial_failure failure;
        const char *name;
    } rows[] = {{S7_E_REFUSED, S7_POOL_DIAL_REFUSED, "refused"},
                {S7_E_UNREACHABLE, S7_POOL_DIAL_UNREACHABLE, "unreachable"},
                {S7_E_RESOLVE, S7_POOL_DIAL_UNREACHABLE, "unreachable"},
                {S7_E_TIMEOUT, S7_POOL_DIAL_TIMEOUT, "timeout"},
                {S7_E_RESET, S7_POOL_DIAL_ENDED, "ended"},
                {S7_E_CLOSED, S7_POOL_DIAL_ENDED, "ended"},
                {S7_E_COTP_REFUSED, S7_POOL_DIAL_COTP, "cotp"},
                {S7_E_NEGOTIATION, S7_POOL_DIAL_S7, "s7"},
                {S7_E_FRAME, S7_POOL_DIAL_S7, "s7"},
                {S7_E_IO, S7_POOL_DIAL_LOCAL, "local"},
                {S7_E_NOMEM, S7_POOL_DIAL_LOCAL, "local"},
                {S7_E_CANCELLED, S7_POOL_DIAL_OTHER, "other"}};

    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        defaults(state);
        rig.refuse = rows[i].status;
        rig_start();
        assert_int_equal(stats().dial_failures[rows[i].failure], 1);
        assert_int_equal(stats().connect_failures, 1);
        assert_string_equal(s7_pool_dial_failure_name(rows[i].failure), rows[i].name);
        if (i + 1 < sizeof rows / sizeof rows[0])
            rig_free(state);
    }
}

static void every_event_and_reason_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < S7_POOL_EVENTS; i++)
        assert_non_null(s7_pool_event_name((s7_pool_event_kind)i));
    assert_string_equal(s7_pool_event_name(S7_POOL_EVENT_SHUT), "shut");
    assert_string_equal(s7_pool_event_name(S7_POOL_EVENTS), "?");
    assert_string_equal(s7_pool_close_reason_name(S7_POOL_CLOSE_PAUSE), "pause");
    assert_string_equal(s7_pool_close_reason_name(S7_POOL_CLOSE_REASONS), "?");
    assert_string_equal(s7_pool_dial_failure_name(S7_POOL_DIAL_FAILURES), "?");
}

/* ---- text ---- */

static void statistics_are_text_for_prometheus(void **state)
{
    static const char *const lines[] = {
        "# TYPE s7_pool_connections gauge\n",
        "s7_pool_connections{pool=\"press \\\"4\\\"\",state=\"in_use\"} 1\n",
        "s7_pool_size{pool=\"press \\\"4\\\"\"} 5\n",
        "s7_pool_gets_failed_total{pool=\"press \\\"4\\\"\",why=\"timeout\"} 0\n",
        "s7_pool_connect_failures_total{pool=\"press \\\"4\\\"\",why=\"cotp\"} 0\n",
        "s7_pool_closed_total{pool=\"press \\\"4\\\"\",reason=\"evicted\"} 0\n",
        "# TYPE s7_pool_wait_seconds summary\n",
        "s7_pool_lease_seconds{pool=\"press \\\"4\\\"\",quantile=\"1\"} 2.500000000\n",
        "s7_pool_lease_seconds_count{pool=\"press \\\"4\\\"\"} 1\n"};
    char text[12288];

    (void)state;
    borrow(0);
    run_for(2500 * MS);
    put(rig.callers[0].lease);
    borrow(0);
    s7_pool_stats s = times();
    size_t len = s7_pool_stats_prometheus(&s, "press \"4\"", text, sizeof text);
    assert_int_equal(len, strlen(text));
    for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (strstr(text, lines[i]) == NULL)
            fail_msg("no line %s in %s", lines[i], text);
    assert_int_equal(s7_pool_stats_prometheus(&s, "press \"4\"", NULL, 0), len);
    assert_int_equal(s7_pool_stats_prometheus(&s, "press \"4\"", text, 10), len);
    assert_int_equal(strlen(text), 9);
    s.struct_size--;
    assert_int_equal(s7_pool_stats_prometheus(&s, NULL, text, sizeof text), 0);
    memset((char *)&s + offsetof(s7_pool_stats, gets), 0xFF,
           offsetof(s7_pool_stats, paused) - offsetof(s7_pool_stats, gets)); /* all counters */
    s.struct_size++;
    s.wait = s.lease = s.connect =
        (s7_pool_times){UINT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
    memset(s.dial_failures, 0xFF, sizeof s.dial_failures);
    assert_in_range(s7_pool_stats_prometheus(&s, "123456789012345678901234567890123456789", NULL, 0), 8000,
                    12287); /* as much as the header says is enough */
}

/* ---- backoff ---- */

static void the_backoff_grows_by_its_factor_and_leaves_its_jitter_to_chance(void **state)
{
    static const int64_t pauses[] = {100, 300, 900, 2000, 2000};

    for (unsigned half = 0; half < 2; half++) {
        defaults(state);
        rig.rules.backoff_min_ns = 100 * MS;
        rig.rules.backoff_max_ns = 2000 * MS;
        rig.rules.backoff_factor = 300;
        rig.rules.backoff_jitter = 50;
        rig.random = half ? 0 : UINT64_MAX; /* the least and the most */
        rig_start();
        rig.refuse = S7_E_REFUSED;
        s7_pool_core_ended(rig.core, 0, S7_E_RESET, rig.now);
        act();
        get(0, S7_NEVER_NS);
        run_for(10 * SECOND);
        for (unsigned i = 0; i < 5; i++)
            assert_int_equal(rig.dialed_at[i + 2] - rig.dialed_at[i + 1], pauses[i] * MS / (half ? 2 : 1));
        if (!half)
            rig_free(state);
    }
}

#define TEST(name)    cmocka_unit_test_setup_teardown(name, defaults, rig_free)
#define RUNNING(name) cmocka_unit_test_setup_teardown(name, started, rig_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUNNING(a_wait_and_the_connection_made_for_it_are_told_in_order),
        TEST(waits_in_vain_are_told_as_well),
        TEST(a_discard_tells_why_when_it_comes_back_and_when_it_is_closed),
        TEST(each_dial_borrow_and_return_is_told_to_who_wants_all),
        TEST(each_check_that_is_answered_is_told_to_who_wants_all),
        TEST(who_waited_is_told_of_with_its_label_and_for_how_long),
        TEST(what_is_taken_away_comes_back_as_well),
        TEST(a_dial_that_the_group_denies_was_none),
        TEST(nothing_is_warm_where_all_is_told),
        TEST(the_end_of_a_wait_that_was_given_up_is_told),
        RUNNING(an_outage_is_told_from_its_beginning_to_its_end),
        RUNNING(a_full_PLC_is_told_once_and_when_it_has_room_again),
        RUNNING(maintenance_is_told),
        RUNNING(what_is_not_taken_in_time_is_dropped_and_counted),
        TEST(without_a_listener_nothing_is_kept_or_counted),
        TEST(a_leak_is_told_once_per_lease_and_when_it_comes_back),
        TEST(each_lease_has_its_own_time),
        TEST(waits_leases_and_dials_are_timed),
        TEST(failed_dials_are_counted_by_kind),
        cmocka_unit_test(every_event_and_reason_has_a_name),
        RUNNING(statistics_are_text_for_prometheus),
        TEST(the_backoff_grows_by_its_factor_and_leaves_its_jitter_to_chance),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "pool tell");
}
