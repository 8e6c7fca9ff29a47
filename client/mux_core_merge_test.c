/* Many requests over few sessions: which reads travel together, and what becomes of them when they are
 * refused. */
#include "client/mux_core_rig.h"

static void reads_gather_for_as_long_as_they_may(void **state)
{
    (void)state;
    up(240, 4, MS);
    lend(0);
    submit(0, false, "DB1.DBB7");
    rig.now += MS - 1;
    submit(1, false, "DB1.DBB7");
    run();
    assert_int_equal(plc.jobs, 0);
    assert_int_equal(s7_mux_deadline(rig.mux), rig.now + 1);
    assert_false(s7_mux_wants_lane(rig.mux, (struct s7_mux_demand){0, 1}, rig.now));
    rig.now += 1;
    run();
    expect_good(0);
    expect_good(1);
    assert_int_equal(plc.jobs, 1);
    assert_int_equal(plc.n_items, 1);
    assert_int_equal(s7_mux_deadline(rig.mux), S7_NEVER_NS);
}

static void neighbours_become_one_item_and_others_one_job(void **state)
{
    (void)state;
    up(240, 4, MS);
    lend(0);
    submit(0, false, "DB1.DBW10");
    submit(1, false, "DB1.DBD28"); /* 16 bytes further */
    submit(2, false, "DB1.DBW49"); /* 17 bytes further */
    submit(3, false, "DB1.DBX11.3");
    submit(4, false, "MB5");
    submit(5, false, "DB1.DBW30");
    rig.now += MS;
    run();
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(callers[i].status, S7_OK);
    assert_int_equal(plc.jobs, 1);
    assert_int_equal(plc.n_items, 3);
    expect_good(0);
    expect_good(1);
    expect_good(2);
    expect_good(5);
    assert_int_equal(callers[3].data[0], plc.db1[11] >> 3 & 1);
    assert_int_equal(callers[4].data[0], plc.m[5]);
}

static void it_does_not_matter_which_neighbour_came_first(void **state)
{
    (void)state;
    up(240, 4, MS);
    lend(0);
    submit(0, false, "DB1.DBW30");
    submit(1, false, "DB1.DBW12"); /* 16 bytes before */
    submit(2, false, "DB1.DBW100");
    submit(3, false, "DB1.DBW81"); /* 17 bytes before */
    rig.now += MS;
    run();
    for (unsigned i = 0; i < 4; i++)
        expect_good(i);
    assert_int_equal(plc.n_items, 3);
}

static void reads_that_gathered_wait_for_room_without_a_time(void **state)
{
    (void)state;
    up(240, 1, MS);
    lend(0);
    submit(0, true, "DB1.DBW10");
    feed_lanes();
    submit(1, false, "DB1.DBW12");
    assert_int_equal(s7_mux_deadline(rig.mux), rig.now + MS);
    rig.now += MS;
    feed_lanes();
    assert_int_equal(s7_mux_deadline(rig.mux), S7_NEVER_NS);
    submit(2, false, "DB1.DBW14"); /* just in time */
    run();
    expect_good(1);
    expect_good(2);
    assert_int_equal(plc.jobs, 2);
}

static void what_must_not_be_merged_is_sent_at_once(void **state)
{
    (void)state;
    up(240, 8, MS);
    lend(0);
    submit(0, true, "DB1.DBW10");
    submit(1, false, "T3");
    submit(2, false, "DB1.DBB0:BYTE[1000]"); /* more than a job */
    run();
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(callers[i].status, S7_OK);
    submit(3, false, "PIB0"); /* to read it may do something */
    submit(4, false, "PIB0");
    run();
    assert_int_equal(callers[3].told + callers[4].told, 2);
    assert_int_equal(plc.jobs, 1 + 1 + 5 + 2);
}

static void more_than_fits_a_job_makes_another_one(void **state)
{
    (void)state;
    up(240, 8, MS);
    lend(0);
    for (unsigned i = 0; i < 30; i++) {
        char text[32];

        snprintf(text, sizeof text, "DB1.DBB%u:BYTE[10]", 100 * i);
        submit(i, false, text);
    }
    rig.now += MS;
    run();
    for (unsigned i = 0; i < 30; i++)
        expect_good(i);
    assert_int_equal(plc.jobs, 2); /* 16 items of 14 bytes in 226, the rest */
    assert_true(plc.longest_answer <= 240);
    assert_true(plc.longest_request <= 240);
}

static void who_is_refused_together_is_asked_alone(void **state)
{
    (void)state;
    up(240, 4, MS);
    plc.hole = 100;
    plc.hole_len = 10;
    lend(0);
    submit(0, false, "DB1.DBW98");
    submit(1, false, "DB1.DBW104");
    submit(2, false, "DB1.DBW110");
    submit(3, false, "DB1.DBW500");
    submit(4, false, "DB9.DBW0");
    submit(5, false, "DB9.DBW0");
    rig.now += MS;
    run();
    expect_good(0);
    assert_int_equal(callers[1].status, S7_E_PARTIAL);
    assert_int_equal(callers[1].item.status, S7_E_ITEM_ADDRESS);
    expect_good(2);
    expect_good(3);
    assert_int_equal(callers[4].item.status, S7_E_ITEM_MISSING); /* both asked for just that */
    assert_int_equal(callers[5].item.status, S7_E_ITEM_MISSING);
    assert_int_equal(plc.jobs, 1 + 3);
}

static void a_job_that_is_refused_as_a_whole_is_asked_again_for_each(void **state)
{
    (void)state;
    up(240, 4, MS);
    lend(0);
    plc.refuse = 0x8500;
    submit(0, false, "DB1.DBW98");
    submit(1, false, "DB1.DBW104");
    rig.now += MS;
    feed_lanes();
    plc.refuse = 0;
    run();
    expect_good(0);
    expect_good(1);
    assert_int_equal(plc.jobs, 2); /* beside the one that was refused */
}

static void a_batch_goes_with_its_last_member(void **state)
{
    (void)state;
    up(240, 1, MS);
    lend(0);
    submit(0, false, "DB1.DBW10");
    submit(1, false, "DB1.DBW12");
    rig.now += MS;
    feed_lanes();
    s7_mux_withdraw(rig.mux, &callers[0].request, S7_E_CANCELLED, "");
    take_outcomes();
    assert_int_equal(callers[0].status, S7_E_CANCELLED); /* at once: nobody writes to its memory */
    assert_int_equal(s7_session_open(rig.sessions[0]), 1);
    s7_mux_withdraw(rig.mux, &callers[1].request, S7_E_CANCELLED, "");
    take_events(0);
    assert_int_equal(s7_session_owed(rig.sessions[0]), 1);
    assert_int_equal(rig.lanes[0].in_flight, 0);
    assert_true(s7_mux_is_idle(rig.mux));
    memset(callers[1].data, 0xEE, 2);
    deliver(0, 0); /* late */
    assert_int_equal(callers[1].data[0], 0xEE);
}

#define TEST(f) cmocka_unit_test_teardown(f, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_gather_for_as_long_as_they_may),
        TEST(neighbours_become_one_item_and_others_one_job),
        TEST(it_does_not_matter_which_neighbour_came_first),
        TEST(reads_that_gathered_wait_for_room_without_a_time),
        TEST(what_must_not_be_merged_is_sent_at_once),
        TEST(more_than_fits_a_job_makes_another_one),
        TEST(who_is_refused_together_is_asked_alone),
        TEST(a_job_that_is_refused_as_a_whole_is_asked_again_for_each),
        TEST(a_batch_goes_with_its_last_member),
    };

    return cmocka_run_group_tests_name("reads that travel together", tests, NULL, NULL);
}
