/* Many requests over few sessions, in the hands of the test: whose job goes where, what travels together, and
 * that everybody gets his own. */
#include "client/fake_plc.h"
#include "client/mux_core.h"
#include "client/test_names.h"

#include <stdlib.h>

#define LANES    3
#define REQUESTS 64
#define GAP      16

static struct fake_plc plc; /* too large for a stack */

struct answers {
    struct bytes at[S7_SESSION_MAX_JOBS];
    unsigned n;
};

static struct rig {
    s7_mux_core *mux;
    struct s7_mux_lane lanes[LANES];
    s7_session *sessions[LANES];
    struct answers answers[LANES]; /* executed, not delivered yet */
    int64_t now;
    unsigned over; /* outcomes so far */
    unsigned amq, pdu_len;
} rig;

static struct caller {
    struct s7_mux_request request;
    s7_item item;
    uint8_t data[2000];
    unsigned told;
    unsigned order; /* of the outcomes */
    s7_status status;
    s7_errinfo err;
} callers[REQUESTS];

/* ---- the rig ---- */

static void up(unsigned pdu_len, unsigned amq, int64_t coalesce_ns)
{
    struct s7_mux_rules rules = {.max_lanes = LANES,
                                 .coalesce_ns = coalesce_ns,
                                 .gap = GAP,
                                 .read_retries = 3,
                                 .owed_ns = 1000 * MS,
                                 .hold_ns = 5000 * MS};

    memset(&rig, 0, sizeof rig);
    memset(callers, 0, sizeof callers);
    fake_plc_init(&plc, pdu_len, amq);
    rig.now = 1000 * MS;
    rig.amq = amq;
    rig.pdu_len = pdu_len;
    assert_int_equal(s7_mux_core_new(&rules, &rig.mux), S7_OK);
}

static void lend(unsigned lane)
{
    struct s7_session_options options = usual_options();

    rig.sessions[lane] = ready_session(&options, rig.amq, rig.amq, rig.pdu_len);
    rig.answers[lane].n = 0;
    s7_mux_lane_add(rig.mux, &rig.lanes[lane], rig.sessions[lane], rig.now);
}

static int leave(void **state)
{
    (void)state;
    s7_mux_core_free(rig.mux);
    for (unsigned i = 0; i < LANES; i++)
        s7_session_free(rig.sessions[i]);
    memset(&rig, 0, sizeof rig);
    return 0;
}

static void take_outcomes(void)
{
    struct s7_mux_request *request;

    while ((request = s7_mux_next_over(rig.mux)) != NULL) {
        struct caller *caller = (struct caller *)(void *)request; /* its first member */

        caller->told++;
        caller->order = ++rig.over;
        caller->err = (s7_errinfo)S7_ERRINFO_INIT;
        caller->status = s7_mux_result(request, &caller->err);
    }
}

static void take_events(unsigned lane)
{
    struct s7_event event;

    while (s7_session_next(rig.sessions[lane], &event)) {
        if (event.kind == S7_EVENT_CLOSED)
            s7_mux_lane_lost(rig.mux, &rig.lanes[lane], event.status, event.detail);
        else
            assert_true(s7_mux_event(rig.mux, &rig.lanes[lane], &event));
    }
    take_outcomes();
}

/* The PLC takes what a lane's session sends, and executes it. */
static void plc_takes(unsigned lane)
{
    struct bytes sent = take_sent(rig.sessions[lane]);
    struct answers *answers = &rig.answers[lane];

    for (size_t at = 0; at < sent.len;) {
        size_t len = first_frame(sent.at + at, sent.len - at);

        fake_plc_answer(&plc, sent.at + at, len, &answers->at[answers->n++]);
        at += len;
    }
}

static void deliver(unsigned lane, unsigned which)
{
    struct answers *answers = &rig.answers[lane];
    struct bytes *answer = &answers->at[which];

    give(rig.sessions[lane], answer->at, answer->len);
    take_events(lane);
    memmove(answer, answer + 1, (--answers->n - which) * sizeof *answer);
}

static void feed_lanes(void)
{
    s7_mux_feed(rig.mux, rig.now);
    take_outcomes();
    for (unsigned i = 0; i < LANES; i++)
        if (rig.sessions[i] != NULL && !rig.lanes[i].lost)
            plc_takes(i);
}

/* Feed and answer until there is nothing left to answer. */
static void run(void)
{
    for (bool more = true; more;) {
        feed_lanes();
        more = false;
        for (unsigned i = 0; i < LANES; i++) {
            if (rig.answers[i].n == 0)
                continue;
            deliver(i, 0);
            more = true;
        }
    }
}

static void submit(unsigned i, bool write, const char *text)
{
    struct caller *c = &callers[i];

    c->told = 0;
    assert_int_equal(s7_address_parse(text, &c->item.address, NULL), S7_OK);
    c->item.data = c->data;
    c->item.len = s7_address_size(&c->item.address);
    assert_true(c->item.len <= sizeof c->data);
    assert_int_equal(s7_mux_prepare(&c->request, write, &c->item, 1, NULL), S7_OK);
    s7_mux_submit(rig.mux, &c->request, S7_NEVER_NS, S7_NEVER_NS, rig.now);
}

static void expect_good(unsigned i)
{
    const struct caller *c = &callers[i];

    if (c->told != 1 || c->status != S7_OK)
        fail_msg("caller %u was told %u times, %s", i, c->told, s7_errname(c->status));
    for (size_t n = 0; n < c->item.len; n++)
        assert_int_equal(c->data[n], plc.db1[c->item.address.byte + n]);
}

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

/* ---- merging ---- */

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
        TEST(reads_gather_for_as_long_as_they_may),
        TEST(neighbours_become_one_item_and_others_one_job),
        TEST(it_does_not_matter_which_neighbour_came_first),
        TEST(reads_that_gathered_wait_for_room_without_a_time),
        TEST(what_must_not_be_merged_is_sent_at_once),
        TEST(more_than_fits_a_job_makes_another_one),
        TEST(who_is_refused_together_is_asked_alone),
        TEST(a_job_that_is_refused_as_a_whole_is_asked_again_for_each),
        TEST(a_batch_goes_with_its_last_member),
        TEST(a_lane_that_is_taken_away_leaves_writes_unknown_and_reads_to_others),
        TEST(a_read_is_begun_anew_three_times_and_then_fails),
        TEST(from_a_lane_that_does_not_answer_reads_go_to_another_one),
        TEST(a_read_is_not_repeated_for_ever),
        TEST(each_answer_has_its_time),
        TEST(merged_reads_wait_for_their_answer_together),
        TEST(who_is_due_without_a_lane_is_told_why),
        TEST(a_write_that_is_given_up_says_how_long_no_answer_came),
        TEST(who_withdraws_a_write_is_told_so),
        TEST(a_read_that_was_repeated_says_how_often_it_was_asked_for),
        TEST(what_had_no_room_says_whether_it_was_sent),
        TEST(everybody_is_told_once_and_gets_his_own),
    };

    return cmocka_run_group_tests_name("many requests over few sessions", tests, NULL, NULL);
}
