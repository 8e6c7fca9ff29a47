/* Many requests over few sessions: what becomes of requests when their lane is lost, and when time is up. */
#include "client/mux_core_rig.h"

/* ---- lanes that are lost ---- */

static void a_lane_that_is_taken_away_leaves_writes_unknown_and_reads_to_others(void **state)
{
    (void)state;
    for (int64_t coalesce_ns = 0; coalesce_ns <= MS; coalesce_ns += MS) {
        up(240, 4, coalesce_ns);
        lend(0);
        submit(0, true, "DB1.DBW10");
        submit(1, false, "DB1.DBW12");
        submit(2, false, "DB1.DBW14");
        rig.now += MS;
        feed_lanes();
        s7_mux_lane_lost(rig.mux, &rig.lanes[0], S7_E_CLOSED, "taken away");
        take_outcomes();
        assert_int_equal(callers[0].status, S7_E_OUTCOME_UNKNOWN);
        assert_int_equal(rig.over, 1);
        assert_ptr_equal(s7_mux_next_leaver(rig.mux), &rig.lanes[0]);
        unsigned jobs = plc.jobs;
        lend(1);
        rig.answers[0].n = 0;
        run();
        expect_good(1);
        expect_good(2);
        assert_int_equal(plc.jobs - jobs, coalesce_ns == 0 ? 2 : 1); /* the write was not repeated */
        leave(state);
    }
}

static void a_read_is_begun_anew_three_times_and_then_fails(void **state)
{
    (void)state;
    up(240, 4, 0);
    submit(0, false, "DB1.DBW10");
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(callers[0].told, 0);
        lend(0);
        feed_lanes();
        s7_mux_lane_lost(rig.mux, &rig.lanes[0], S7_E_RESET, "reset");
        take_outcomes();
        assert_ptr_equal(s7_mux_next_leaver(rig.mux), &rig.lanes[0]);
        s7_session_free(rig.sessions[0]);
        rig.sessions[0] = NULL;
    }
    assert_int_equal(callers[0].told, 1);
    assert_int_equal(callers[0].status, S7_E_RESET);
}

/* ---- time ---- */

static void submit_timed(unsigned i, bool write, const char *text, int64_t deadline_ns, int64_t answer_ns)
{
    struct caller *c = &callers[i];

    assert_int_equal(s7_address_parse(text, &c->item.address, NULL), S7_OK);
    c->item.data = c->data;
    c->item.len = s7_address_size(&c->item.address);
    assert_int_equal(s7_mux_prepare(&c->request, write, &c->item, 1, NULL), S7_OK);
    s7_mux_submit(rig.mux, &c->request, deadline_ns, answer_ns, rig.now);
}

static void submit_until(unsigned i, bool write, const char *text, int64_t deadline_ns)
{
    submit_timed(i, write, text, deadline_ns, S7_NEVER_NS);
}

/* A request that waits for each of its answers no longer than 100 ms, and for all for an hour. */
static void submit_patiently(unsigned i, bool write, const char *text)
{
    submit_timed(i, write, text, rig.now + 3600000 * MS, 100 * MS);
}

static void tick_at(int64_t now)
{
    rig.now = now;
    s7_mux_tick(rig.mux, S7_E_PLC_DOWN, now);
    for (unsigned i = 0; i < LANES; i++)
        if (rig.sessions[i] != NULL)
            take_events(i);
}

static void from_a_lane_that_does_not_answer_reads_go_to_another_one(void **state)
{
    (void)state;
    up(240, 2, 0);
    submit_patiently(0, false, "DB1.DBW10");
    tick_at(rig.now + 200 * MS); /* it has not been sent: that is not the answer's time */
    assert_int_equal(rig.over, 0);
    lend(0);
    feed_lanes();
    int64_t sent = rig.now;
    assert_int_equal(s7_mux_deadline(rig.mux), sent + 100 * MS);
    rig.now += 50 * MS;
    submit_patiently(1, true, "DB1.DBW20");
    feed_lanes();
    tick_at(sent + 100 * MS - 1);
    assert_int_equal(rig.over, 0);
    tick_at(sent + 100 * MS);
    assert_true(rig.lanes[0].leaving);
    submit_patiently(2, false, "DB1.DBW30");
    feed_lanes();
    assert_int_equal(rig.answers[0].n, 2); /* the third one was not sent there */
    assert_true(s7_mux_wants_lane(rig.mux, (struct s7_mux_demand){0, 2}, rig.now));
    tick_at(sent + 150 * MS);
    assert_int_equal(callers[1].status, S7_E_OUTCOME_UNKNOWN); /* a write is sent once */
    assert_int_equal(rig.over, 1);
    assert_ptr_equal(s7_mux_next_leaver(rig.mux), &rig.lanes[0]);
    lend(1);
    run();
    expect_good(0);
    expect_good(2);
    assert_true(callers[0].order < callers[2].order);
}

static void a_read_is_not_repeated_for_ever(void **state)
{
    (void)state;
    up(240, 1, 0);
    submit_patiently(0, false, "DB1.DBW10");
    for (unsigned i = 0; i < 4; i++) { /* once, and three times more */
        assert_int_equal(rig.over, 0);
        lend(i % LANES);
        feed_lanes();
        assert_int_equal(rig.answers[i % LANES].n, 1);
        tick_at(rig.now + 100 * MS);
        assert_ptr_equal(s7_mux_next_leaver(rig.mux), &rig.lanes[i % LANES]);
        s7_session_free(rig.sessions[i % LANES]);
        rig.sessions[i % LANES] = NULL;
    }
    assert_int_equal(rig.over, 1);
    assert_int_equal(callers[0].status, S7_E_TIMEOUT);
}

static void each_answer_has_its_time(void **state)
{
    (void)state;
    up(240, 1, 0);
    lend(0);
    submit_patiently(0, false, "DB1.DBB0:BYTE[1110]");
    for (unsigned i = 0; i < 4; i++) { /* five jobs of 222 bytes */
        feed_lanes();
        tick_at(rig.now + 90 * MS);
        deliver(0, 0);
    }
    assert_int_equal(rig.over, 0);
    tick_at(rig.now + 200 * MS); /* it waits for its turn */
    assert_int_equal(rig.over, 0);
    run();
    expect_good(0);
}

static void merged_reads_wait_for_their_answer_together(void **state)
{
    (void)state;
    up(240, 1, 10 * MS);
    lend(0);
    submit_patiently(0, false, "DB1.DBW10");
    submit_patiently(1, false, "DB1.DBW12");
    rig.now += 10 * MS;
    feed_lanes();
    assert_int_equal(rig.answers[0].n, 1);
    tick_at(rig.now + 100 * MS);
    assert_int_equal(rig.over, 0);
    assert_true(rig.lanes[0].leaving);
    lend(1);
    run();
    expect_good(0);
    expect_good(1);
}

static void who_is_due_without_a_lane_is_told_why(void **state)
{
    (void)state;
    up(240, 1, 0);
    submit(0, false, "DB1.DBW10");
    callers[1].item = callers[0].item;
    assert_int_equal(s7_mux_prepare(&callers[1].request, false, &callers[1].item, 1, NULL), S7_OK);
    s7_mux_submit(rig.mux, &callers[1].request, rig.now + MS, S7_NEVER_NS, rig.now);
    assert_true(s7_mux_wants_lane(rig.mux, (struct s7_mux_demand){3, 0}, rig.now));
    assert_int_equal(s7_mux_deadline(rig.mux), rig.now + MS);
    s7_mux_tick(rig.mux, S7_E_PLC_DOWN, rig.now + MS - 1);
    take_outcomes();
    assert_int_equal(rig.over, 0);
    s7_mux_tick(rig.mux, S7_E_PLC_DOWN, rig.now + MS);
    take_outcomes();
    assert_int_equal(callers[1].status, S7_E_PLC_DOWN);
    assert_true(callers[1].request.unserved);
    s7_mux_fail_waiting(rig.mux, S7_E_POOL_CLOSED);
    take_outcomes();
    assert_int_equal(callers[0].status, S7_E_POOL_CLOSED);
    assert_true(s7_mux_is_idle(rig.mux));
}

static void who_has_no_time_to_gather_is_sent_at_once(void **state)
{
    (void)state;
    up(240, 1, 10 * MS);
    lend(0);
    submit_until(0, false, "DB1.DBW10", rig.now + 20 * MS - 1);
    submit_until(1, false, "DB1.DBW12", rig.now + 20 * MS);
    feed_lanes();
    assert_int_equal(rig.answers[0].n, 1);
    deliver(0, 0);
    expect_good(0);
    rig.now += 10 * MS;
    run();
    expect_good(1);
}

static void a_write_that_is_given_up_says_how_long_no_answer_came(void **state)
{
    (void)state;
    up(240, 2, 0);
    lend(0);
    submit_patiently(0, true, "DB1.DBW10");
    rig.now += 30 * MS;
    feed_lanes();
    tick_at(rig.now + 100 * MS);
    assert_int_equal(callers[0].status, S7_E_OUTCOME_UNKNOWN);
    assert_non_null(strstr(callers[0].err.came, ": no answer within 100 ms"));
    lend(1);
    submit_until(1, true, "DB1.DBW10", rig.now + 50 * MS);
    rig.now += 10 * MS;
    feed_lanes();
    tick_at(rig.now + 40 * MS);
    assert_int_equal(callers[1].status, S7_E_OUTCOME_UNKNOWN);
    assert_non_null(strstr(callers[1].err.came, ": no answer within 40 ms"));
}

static void who_withdraws_a_write_is_told_so(void **state)
{
    (void)state;
    up(240, 2, 0);
    lend(0);
    submit(0, true, "DB1.DBW10");
    feed_lanes();
    s7_mux_withdraw(rig.mux, &callers[0].request, S7_E_CANCELLED, "");
    take_events(0);
    assert_int_equal(callers[0].status, S7_E_OUTCOME_UNKNOWN);
    assert_non_null(strstr(callers[0].err.came, ": withdrawn before the answer came"));
}

static void a_read_that_was_repeated_says_how_often_it_was_asked_for(void **state)
{
    (void)state;
    up(240, 1, 0);
    submit_patiently(0, false, "DB1.DBW10");
    for (unsigned i = 0; i < 4; i++) {
        lend(0);
        feed_lanes();
        tick_at(rig.now + 100 * MS);
        assert_ptr_equal(s7_mux_next_leaver(rig.mux), &rig.lanes[0]);
        s7_session_free(rig.sessions[0]);
        rig.sessions[0] = NULL;
    }
    assert_string_equal(callers[0].err.came, "no answer within 100 ms; it was asked for 4 times");
}

static void what_had_no_room_says_whether_it_was_sent(void **state)
{
    (void)state;
    up(240, 1, 0);
    lend(0);
    submit_until(0, true, "DB1.DBB0:BYTE[400]", rig.now + 50 * MS); /* two jobs */
    submit_patiently(1, false, "DB1.DBW500");                       /* between them */
    submit_until(2, true, "DB1.DBW600", rig.now + 60 * MS);
    feed_lanes();
    deliver(0, 0);
    feed_lanes();
    tick_at(rig.now + 60 * MS);
    assert_int_equal(callers[0].status, S7_E_TIMEOUT);
    assert_string_equal(callers[0].err.came,
                        "only a part of it was sent within 60 ms: no connection had room for it");
    assert_int_equal(callers[2].status, S7_E_TIMEOUT);
    assert_string_equal(callers[2].err.came, "it was not sent within 60 ms: no connection had room for it");
}

#define TEST(f) cmocka_unit_test_teardown(f, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lane_that_is_taken_away_leaves_writes_unknown_and_reads_to_others),
        TEST(a_read_is_begun_anew_three_times_and_then_fails),
        TEST(from_a_lane_that_does_not_answer_reads_go_to_another_one),
        TEST(a_read_is_not_repeated_for_ever),
        TEST(each_answer_has_its_time),
        TEST(merged_reads_wait_for_their_answer_together),
        TEST(who_is_due_without_a_lane_is_told_why),
        TEST(who_has_no_time_to_gather_is_sent_at_once),
        TEST(a_write_that_is_given_up_says_how_long_no_answer_came),
        TEST(who_withdraws_a_write_is_told_so),
        TEST(a_read_that_was_repeated_says_how_often_it_was_asked_for),
        TEST(what_had_no_room_says_whether_it_was_sent),
    };

    return cmocka_run_group_tests_name("lanes that are lost, time that is up", tests, NULL, NULL);
}
