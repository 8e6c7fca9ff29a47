#include "client/transfer_rig.h"

struct rig rig;

void rig_up(unsigned pdu_len, unsigned amq)
{
    rig_up_items(pdu_len, amq, S7_ITEMS_PER_JOB);
}

void rig_up_items(unsigned pdu_len, unsigned amq, unsigned max_items)
{
    struct s7_session_options options = usual_options();

    options.max_items = (uint8_t)max_items;
    rig.max_items = max_items;
    fake_plc_init(&rig.plc, pdu_len, amq);
    rig.session = ready_session(&options, amq, amq, pdu_len);
    rig.n_answers = rig.most_open = 0;
    rig.shuffle = false;
    rig.seed = 1;
}

void rig_down(void)
{
    s7_session_free(rig.session);
    rig.session = NULL;
}

void begin(bool write, s7_item *items, size_t n_items, int64_t deadline_ns)
{
    assert_int_equal(s7_transfer_begin(&rig.transfer, write, items, n_items, deadline_ns, NULL), S7_OK);
    s7_transfer_pump(&rig.transfer, rig.session);
}

void plc_takes(void)
{
    struct bytes sent = take_sent(rig.session);

    for (size_t at = 0; at < sent.len;) {
        size_t len = first_frame(sent.at + at, sent.len - at);

        assert_true(len > 0 && rig.n_answers < S7_SESSION_MAX_JOBS);
        fake_plc_answer(&rig.plc, sent.at + at, len, &rig.answers[rig.n_answers++]);
        at += len;
    }
    if (rig.n_answers > rig.most_open)
        rig.most_open = rig.n_answers;
}

void take_events(void)
{
    struct s7_event event;

    while (s7_session_next(rig.session, &event))
        assert_true(s7_transfer_event(&rig.transfer, &event));
}

void deliver(unsigned which)
{
    struct bytes *answer = &rig.answers[which];

    give(rig.session, answer->at, answer->len);
    take_events();
    rig.n_answers--;
    memmove(answer, answer + 1, (rig.n_answers - which) * sizeof *answer);
}

s7_status run(bool write, s7_item *items, size_t n_items, s7_errinfo *err)
{
    s7_status status = s7_transfer_begin(&rig.transfer, write, items, n_items, S7_NEVER_NS, err);

    if (status != S7_OK)
        return status;
    for (;;) {
        s7_transfer_pump(&rig.transfer, rig.session);
        plc_takes();
        if (s7_transfer_done(&rig.transfer))
            break;
        assert_true(rig.n_answers > 0);
        deliver(rig.shuffle ? draw(&rig.seed) % rig.n_answers : 0);
    }
    assert_true(rig.most_open <= rig.plc.amq);               /* S7-035 */
    assert_true(rig.plc.longest_request <= rig.plc.pdu_len); /* S7-033 */
    assert_true(rig.plc.longest_answer <= rig.plc.pdu_len);
    assert_true(rig.plc.most_items <= rig.max_items);
    return s7_transfer_result(&rig.transfer, err);
}

void expect_items_good(const s7_item *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (items[i].status != S7_OK || items[i].code != S7_ITEM_OK)
            fail_msg("item %zu: %s, code %02X", i, s7_errname(items[i].status), items[i].code);
}
