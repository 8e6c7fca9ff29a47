/* Many requests over few sessions, in the hands of the test: whose job goes where, what goes when others
 * wait, and that everybody gets his own, whatever happens. */
#include "client/mux_core_rig.h"

/* ---- order ---- */

static void a_long_request_goes_behind_the_others_after_each_job(void **state)
{
    (void)state;
    up(240, 1, 0); /* 222 bytes a job */
    lend(0);
    submit(0, false, "DB1.DBB0:BYTE[1110]"); /* 5 jobs */
    submit(1, false, "DB1.DBB0");
    submit(2, false, "DB1.DBB0:BYTE[444]"); /* 2 jobs */
    submit(3, false, "DB1.DBB1");
    run();
    for (unsigned i = 0; i < 4; i++)
        expect_good(i);
    assert_int_equal(callers[1].order, 1);
    assert_int_equal(callers[3].order, 2);
    assert_int_equal(callers[2].order, 3);
    assert_int_equal(callers[0].order, 4);
    assert_int_equal(plc.jobs, 9);
}

static void the_first_lane_is_filled_first_and_the_rest_is_given_back(void **state)
{
    (void)state;
    up(240, 4, 0);
    lend(0);
    lend(1);
    for (unsigned i = 0; i < 4; i++)
        submit(i, false, "DB1.DBB7");
    feed_lanes();
    assert_int_equal(rig.lanes[0].in_flight, 4);
    assert_int_equal(rig.lanes[1].in_flight, 0);
    assert_ptr_equal(s7_mux_next_leaver(rig.mux), &rig.lanes[1]);
    assert_null(s7_mux_next_leaver(rig.mux));
    assert_false(s7_mux_wants_lane(rig.mux, (struct s7_mux_demand){0, 1}, rig.now));
    submit(4, false, "DB1.DBB7");
    feed_lanes();
    assert_true(s7_mux_wants_lane(rig.mux, (struct s7_mux_demand){0, 1}, rig.now));
    assert_false(s7_mux_wants_lane(rig.mux, (struct s7_mux_demand){1, 2}, rig.now)); /* others wait */
    run();
    for (unsigned i = 0; i < 5; i++)
        expect_good(i);
}

static void jobs_of_one_write_stay_in_one_lane(void **state)
{
    (void)state;
    up(240, 2, 0);
    lend(0);
    lend(1);
    submit(0, true, "DB1.DBB0:BYTE[2000]");     /* 10 jobs */
    submit(1, false, "DB1.DBB3000:BYTE[2000]"); /* 10 jobs */
    while (callers[0].told == 0) {
        feed_lanes();
        const struct s7_mux_lane *at = callers[0].request.unit.at;
        for (unsigned lane = 0; lane < 2; lane++)
            for (unsigned i = 0; i < S7_SESSION_MAX_JOBS; i++)
                assert_true(rig.lanes[lane].slots[i].id == 0 || at == &rig.lanes[lane] ||
                            rig.lanes[lane].slots[i].unit != &callers[0].request.unit);
        for (unsigned lane = 0; lane < 2; lane++)
            if (rig.answers[lane].n > 0)
                deliver(lane, 0);
    }
    run();
    expect_good(0);
    expect_good(1);
}

/* ---- beside others ---- */

static void all_lanes_but_one_go_while_others_wait(void **state)
{
    (void)state;
    up(240, 1, 0);
    for (unsigned i = 0; i < LANES; i++)
        lend(i);
    for (unsigned i = 0; i < 10; i++)
        submit(i, false, "DB1.DBB7");
    s7_mux_review(rig.mux, (struct s7_mux_demand){9, 5}, rig.now); /* they have just come */
    for (unsigned i = 0; i < LANES; i++)
        assert_false(rig.lanes[i].leaving);
    feed_lanes();
    s7_mux_review(rig.mux, (struct s7_mux_demand){1, 5}, rig.now);
    assert_int_equal(rig.lanes[0].leaving + rig.lanes[1].leaving + rig.lanes[2].leaving, 1);
    s7_mux_review(rig.mux, (struct s7_mux_demand){9, 5}, rig.now);
    assert_int_equal(rig.lanes[0].leaving + rig.lanes[1].leaving + rig.lanes[2].leaving, 2);
    s7_mux_review(rig.mux, (struct s7_mux_demand){9, 1}, rig.now); /* there is no other connection */
    assert_int_equal(rig.lanes[0].leaving + rig.lanes[1].leaving + rig.lanes[2].leaving, 3);
    assert_null(s7_mux_next_leaver(rig.mux)); /* not before their answers came */
    run();
    for (unsigned i = 0; i < LANES; i++)
        assert_non_null(s7_mux_next_leaver(rig.mux));
    assert_int_equal(rig.over, 3);
    assert_true(s7_mux_wants_lane(rig.mux, (struct s7_mux_demand){9, 1}, rig.now)); /* in our turn */
}

static void a_lane_goes_when_it_was_held_or_owed_for_long_enough(void **state)
{
    (void)state;
    up(240, 2, 0);
    lend(0);
    submit(0, false, "DB1.DBB7");
    feed_lanes();
    s7_mux_withdraw(rig.mux, &callers[0].request, S7_E_TIMEOUT, "");
    take_events(0);
    assert_int_equal(callers[0].status, S7_E_TIMEOUT);
    submit(1, false, "DB1.DBB8");
    feed_lanes();
    s7_mux_review(rig.mux, (struct s7_mux_demand){0, 1}, rig.now);
    s7_mux_review(rig.mux, (struct s7_mux_demand){0, 1}, rig.now += 1000 * MS - 1);
    assert_false(rig.lanes[0].leaving);
    s7_mux_review(rig.mux, (struct s7_mux_demand){0, 1}, rig.now += 1);
    assert_true(rig.lanes[0].leaving);
    lend(1);
    submit(2, false, "DB1.DBB8");
    feed_lanes();
    s7_mux_review(rig.mux, (struct s7_mux_demand){0, 2}, rig.now += 5000 * MS - 1);
    assert_false(rig.lanes[1].leaving);
    s7_mux_review(rig.mux, (struct s7_mux_demand){0, 2}, rig.now += 1);
    assert_true(rig.lanes[1].leaving);
    run();
    expect_good(1);
    expect_good(2);
}

/* ---- whatever happens ---- */

#define WRITE_AT 40000 /* reads are below, each write has a place of its own above */

static void submit_random(uint32_t *seed, unsigned i, unsigned nth)
{
    char text[48];
    bool write = draw(seed) % 4 == 0;
    unsigned len = draw(seed) % 8 == 0 ? 1 + draw(seed) % 1500 : 1 + draw(seed) % 12;

    snprintf(text, sizeof text, "DB1.DBB%u:BYTE[%u]", write ? WRITE_AT + 1600 * (nth % 16) : draw(seed) % 300,
             len);
    memset(callers[i].data, (int)(nth | 1), sizeof callers[i].data);
    submit(i, write, text);
}

static void lose(unsigned lane, uint32_t *seed)
{
    if (draw(seed) % 2 == 0) {
        s7_session_lost(rig.sessions[lane], S7_E_RESET);
        take_events(lane);
    } else { /* taken away without a word */
        s7_mux_lane_lost(rig.mux, &rig.lanes[lane], S7_E_CLOSED, "gone");
        take_outcomes();
    }
}

static void replace_leavers(void)
{
    struct s7_mux_lane *lane;

    while ((lane = s7_mux_next_leaver(rig.mux)) != NULL) {
        unsigned i = (unsigned)(lane - rig.lanes);

        s7_session_free(rig.sessions[i]);
        rig.sessions[i] = NULL;
    }
    for (unsigned i = 0; i < LANES; i++)
        if (rig.sessions[i] == NULL && s7_mux_wants_lane(rig.mux, (struct s7_mux_demand){0, 1}, rig.now))
            lend(i);
}

static void check_outcomes(unsigned *live, unsigned *good)
{
    for (unsigned i = 0; i < REQUESTS; i++) {
        if (callers[i].told == 0)
            continue;
        assert_int_equal(callers[i].told, 1);
        assert_true(callers[i].request.where == S7_MUX_FREE);
        if (callers[i].status == S7_OK && !callers[i].request.unit.transfer.write) {
            expect_good(i);
            ++*good;
        }
        if (callers[i].status == S7_OK && callers[i].request.unit.transfer.write)
            ++*good;
        callers[i].told = 0;
        callers[i].item.data = NULL;
        --*live;
    }
}

static unsigned free_caller(void)
{
    unsigned i = 0;

    while (i < REQUESTS && callers[i].item.data != NULL)
        i++;
    return i;
}

static void one_step(uint32_t *seed, unsigned *live, unsigned *nth)
{
    unsigned lane = draw(seed) % LANES, i = free_caller(), which = draw(seed) % REQUESTS;

    switch (draw(seed) % 16) {
    case 0:
        if (callers[which].item.data != NULL)
            s7_mux_withdraw(rig.mux, &callers[which].request, S7_E_CANCELLED, "");
        for (unsigned k = 0; k < LANES; k++)
            if (rig.sessions[k] != NULL && !rig.lanes[k].lost)
                take_events(k);
        take_outcomes();
        break;
    case 1:
        if (draw(seed) % 8 == 0 && rig.sessions[lane] != NULL && !rig.lanes[lane].lost)
            lose(lane, seed);
        break;
    case 2:
        rig.now += draw(seed) % (2 * MS);
        break;
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
        if (i == REQUESTS)
            break;
        submit_random(seed, i, (*nth)++);
        ++*live;
        break;
    default:
        if (rig.sessions[lane] != NULL && !rig.lanes[lane].lost && rig.answers[lane].n > 0)
            deliver(lane, draw(seed) % rig.answers[lane].n);
    }
}

static void everybody_is_told_once_and_gets_his_own(void **state)
{
    unsigned good = 0;

    (void)state;
    for (uint32_t seed = 1; seed <= 40; seed++) {
        uint32_t draws = seed;
        unsigned live = 0, nth = 0;

        up(240, 1 + seed % 5, seed % 3 == 0 ? 0 : MS);
        for (unsigned step = 0; step < 1500; step++) {
            one_step(&draws, &live, &nth);
            s7_mux_review(rig.mux, (struct s7_mux_demand){draw(&draws) % 8 == 0, 2}, rig.now);
            feed_lanes();
            replace_leavers();
            check_outcomes(&live, &good);
        }
        rig.now += 10 * MS;
        for (unsigned i = 0; i < 100 && !s7_mux_is_idle(rig.mux); i++) {
            run();
            replace_leavers();
        }
        check_outcomes(&live, &good);
        assert_int_equal(live, 0);
        assert_true(s7_mux_is_idle(rig.mux));
        leave(state);
    }
    assert_true(good > 40 * 200);
}

#define TEST(f) cmocka_unit_test_teardown(f, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_long_request_goes_behind_the_others_after_each_job),
        TEST(the_first_lane_is_filled_first_and_the_rest_is_given_back),
        TEST(jobs_of_one_write_stay_in_one_lane),
        TEST(all_lanes_but_one_go_while_others_wait),
        TEST(a_lane_goes_when_it_was_held_or_owed_for_long_enough),
        TEST(everybody_is_told_once_and_gets_his_own),
    };

    return cmocka_run_group_tests_name("many requests over few sessions", tests, NULL, NULL);
}
