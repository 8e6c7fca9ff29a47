#include "client/mux_core_rig.h"

struct fake_plc plc; /* too large for a stack */
struct rig rig;
struct caller callers[REQUESTS];

void up(unsigned pdu_len, unsigned amq, int64_t coalesce_ns)
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

void lend(unsigned lane)
{
    struct s7_session_options options = usual_options();

    rig.sessions[lane] = ready_session(&options, rig.amq, rig.amq, rig.pdu_len);
    rig.answers[lane].n = 0;
    s7_mux_lane_add(rig.mux, &rig.lanes[lane], rig.sessions[lane], rig.now);
}

int leave(void **state)
{
    (void)state;
    s7_mux_core_free(rig.mux);
    for (unsigned i = 0; i < LANES; i++)
        s7_session_free(rig.sessions[i]);
    memset(&rig, 0, sizeof rig);
    return 0;
}

void take_outcomes(void)
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

void take_events(unsigned lane)
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

void deliver(unsigned lane, unsigned which)
{
    struct answers *answers = &rig.answers[lane];
    struct bytes *answer = &answers->at[which];

    give(rig.sessions[lane], answer->at, answer->len);
    take_events(lane);
    memmove(answer, answer + 1, (--answers->n - which) * sizeof *answer);
}

void feed_lanes(void)
{
    s7_mux_feed(rig.mux, rig.now);
    take_outcomes();
    for (unsigned i = 0; i < LANES; i++)
        if (rig.sessions[i] != NULL && !rig.lanes[i].lost)
            plc_takes(i);
}

void run(void)
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

void submit(unsigned i, bool write, const char *text)
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

void expect_good(unsigned i)
{
    const struct caller *c = &callers[i];

    if (c->told != 1 || c->status != S7_OK)
        fail_msg("caller %u was told %u times, %s", i, c->told, s7_errname(c->status));
    for (size_t n = 0; n < c->item.len; n++)
        assert_int_equal(c->data[n], plc.db1[c->item.address.byte + n]);
}
