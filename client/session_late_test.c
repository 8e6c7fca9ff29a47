#include "client/session_script.h"
#include "client/test_names.h"

/* ---- late answers and those that never come ---- */

/* P01: read n asks for byte n and gets 10n; one answer comes after its deadline, at every place among the
 * later ones. */
static void p01_a_late_answer_never_becomes_the_value_of_another_read(void **state)
{
    (void)state;
    for (unsigned amq = 2; amq <= 8; amq++) {
        for (unsigned delay = 0; delay < 12; delay++) {
            s7_session *session = usual_ready(amq);
            struct record record = {.n = 0};

            must_read(session, 1, 1, 100 * MS);
            take_sent(session);
            s7_session_tick(session, 100 * MS);
            drain(session, &record);
            assert_int_equal(record.n, 1);
            expect_event(&record, 0, S7_EVENT_FAILED, S7_E_TIMEOUT, 1);
            assert_int_equal(s7_session_owed(session), 1);
            for (unsigned n = 2; n < 14; n++) {
                must_read(session, n, n, S7_NEVER_NS);
                struct bytes sent = take_sent(session);
                if (delay == n - 2)
                    feed_bytes(session, byte_answer(2, 10), &record);
                feed_bytes(session, byte_answer(sent_ref(&sent, 0), (uint8_t)(10 * n)), &record);
                assert_int_equal(record.n, n);
                expect_event(&record, n - 1, S7_EVENT_ANSWER, S7_OK, n);
                if (record.events[n - 1].data[4] != 10 * n)
                    fail_msg("AmQ %u, delay %u: read %u got %u", amq, delay, n, record.events[n - 1].data[4]);
            }
            assert_int_equal(s7_session_stats(session)->late_answers, 1);
            assert_int_equal(s7_session_owed(session), 0);
            assert_int_equal(s7_session_window(session), amq);
            s7_session_free(session);
        }
    }
}

static void s7_153_at_amq_1_nothing_is_sent_until_the_owed_answer_came(void **state)
{
    s7_session *session = usual_ready(1);
    struct s7_var_item item = db1(0, 1);

    (void)state;
    must_read(session, 0, 1, 100 * MS);
    take_sent(session);
    s7_session_tick(session, 100 * MS);
    drain(session, NULL);
    assert_int_equal(s7_session_window(session), 0);
    assert_int_equal(s7_session_read(session, &item, 1, 2, S7_NEVER_NS), S7_E_MISUSE);
    feed_bytes(session, pdu(S7_ROSCTR_ACK, 2, 0x8302, "", ""), NULL); /* a refusal is an answer too */
    assert_int_equal(s7_session_owed(session), 0);
    assert_int_equal(s7_session_window(session), 1);
    assert_int_equal(s7_session_stats(session)->late_answers, 1);
    s7_session_free(session);
}

static void p22_one_withheld_answer_fails_one_job_of_eight(void **state)
{
    (void)state;
    for (unsigned withheld = 0; withheld < 8; withheld++) {
        s7_session *session = usual_ready(8);
        struct record record = {.n = 0};

        for (unsigned i = 0; i < 8; i++)
            must_read(session, i, i, 100 * MS);
        take_sent(session);
        for (unsigned i = 0; i < 8; i++)
            if (i != withheld)
                feed_bytes(session, byte_answer((uint16_t)(2 + i), (uint8_t)i), &record);
        assert_int_equal(record.n, 7);
        assert_int_equal(s7_session_deadline(session), 100 * MS);
        s7_session_tick(session, 100 * MS);
        drain(session, &record);
        assert_int_equal(record.n, 8);
        expect_event(&record, 7, S7_EVENT_FAILED, S7_E_TIMEOUT, withheld);
        assert_int_equal(s7_session_state(session), S7_SESSION_READY);
        assert_int_equal(s7_session_owed(session), 1);
        assert_int_equal(s7_session_window(session), 7);
        s7_session_free(session);
    }
}

static void references_skip_those_in_quarantine_and_zero(void **state)
{
    struct s7_session_options options = usual_options();
    s7_session *session;

    (void)state;
    options.first_ref = 0xFFFD;
    session = ready_session(&options, 8, 8, 240); /* setup took FFFD */
    must_read(session, 0, 1, 100 * MS);
    struct bytes sent = take_sent(session);
    assert_int_equal(sent_ref(&sent, 0), 0xFFFE);
    s7_session_tick(session, 100 * MS);
    drain(session, NULL);
    for (uint32_t n = 0; n < 65536 + 10; n++) {
        must_read(session, 0, 2, S7_NEVER_NS);
        sent = take_sent(session);
        uint16_t ref = sent_ref(&sent, 0);
        if (ref == 0 || ref == 0xFFFE)
            fail_msg("reference %04X was used in job %u", ref, n);
        feed_bytes(session, byte_answer(ref, 1), NULL);
    }
    assert_int_equal(s7_session_owed(session), 1);
    assert_int_equal(s7_session_stats(session)->answers, 65536 + 10);
    s7_session_free(session);
}

/* ---- jobs given up ---- */

static void s7_154_timed_out_writes_are_unknown_if_any_byte_left(void **state)
{
    s7_session *whole = usual_ready(1);
    must_write(whole, 0, 1, 1, S7_NEVER_NS);
    size_t frame_len = take_sent(whole).len;

    (void)state;
    s7_session_free(whole);
    for (size_t sent = 0; sent <= frame_len; sent++) {
        s7_session *session = usual_ready(2);
        struct record record = {.n = 0};
        const uint8_t *bytes;

        must_write(session, 0, 1, 1, 100 * MS);
        s7_session_sent(session, sent);
        s7_session_tick(session, 100 * MS);
        drain(session, &record);
        assert_int_equal(record.n, 1);
        expect_event(&record, 0, S7_EVENT_FAILED, sent == 0 ? S7_E_TIMEOUT : S7_E_OUTCOME_UNKNOWN, 1);
        assert_int_equal(s7_session_owed(session), sent == 0 ? 0 : 1);
        /* nothing left: nothing will; a part left: the rest follows, or the next frame would be taken for it
         */
        assert_int_equal(s7_session_pending(session, &bytes), sent == 0 ? 0 : frame_len - sent);
        s7_session_free(session);
    }
}

static void a_job_that_never_left_is_taken_out_of_the_middle_of_the_queue(void **state)
{
    (void)state;
    for (unsigned victim = 0; victim < 3; victim++) {
        s7_session *session = usual_ready(4);
        struct record record = {.n = 0};

        for (unsigned i = 0; i < 3; i++)
            must_read(session, i, i, i == victim ? 100 * MS : S7_NEVER_NS);
        must_write(session, 9, 9, 3, S7_NEVER_NS);
        s7_session_tick(session, 100 * MS);
        drain(session, &record);
        assert_int_equal(record.n, 1);
        expect_event(&record, 0, S7_EVENT_FAILED, S7_E_TIMEOUT, victim);
        assert_int_equal(s7_session_owed(session), 0);
        s7_session_cancel(session, 3); /* the last one, after the positions moved */
        struct bytes sent = take_sent(session);
        assert_int_equal(sent.len, 2 * 31);
        for (unsigned i = 0, nth = 0; i < 3; i++) {
            if (i == victim)
                continue;
            assert_int_equal(sent_ref(&sent, nth), 2 + i);
            feed_bytes(session, byte_answer((uint16_t)(2 + i), (uint8_t)i), &record);
            nth++;
        }
        assert_int_equal(record.n, 4);
        expect_event(&record, 1, S7_EVENT_FAILED, S7_E_CANCELLED, 3);
        s7_session_free(session);
    }
}

/* P02: cancelled after every number of sent bytes, then the answer comes, or does not. */
static void p02_a_cancelled_job_leaves_the_session_clean_at_every_byte(void **state)
{
    (void)state;
    for (size_t sent = 0; sent <= 31; sent++) {
        s7_session *session = usual_ready(1);
        struct record record = {.n = 0};

        must_read(session, 1, 1, S7_NEVER_NS);
        s7_session_sent(session, sent);
        s7_session_cancel(session, 1);
        s7_session_cancel(session, 1); /* twice is once */
        s7_session_cancel(session, 42);
        drain(session, &record);
        assert_int_equal(record.n, 1);
        expect_event(&record, 0, S7_EVENT_FAILED, S7_E_CANCELLED, 1);
        take_sent(session);
        assert_int_equal(s7_session_window(session), sent == 0 ? 1 : 0);
        if (sent > 0)
            feed_bytes(session, byte_answer(2, 10), &record);
        must_read(session, 2, 2, S7_NEVER_NS);
        feed_bytes(session, byte_answer(3, 20), &record);
        assert_int_equal(record.n, 2);
        expect_event(&record, 1, S7_EVENT_ANSWER, S7_OK, 2);
        assert_int_equal(record.events[1].data[4], 20);
        s7_session_free(session);
    }
}

static void the_end_fails_every_job_once_and_comes_last(void **state)
{
    s7_session *session = usual_ready(8);
    struct record record = {.n = 0};

    (void)state;
    must_read(session, 0, 1, S7_NEVER_NS);
    must_write(session, 0, 1, 2, S7_NEVER_NS);
    must_read(session, 0, 3, 100 * MS);
    take_sent(session);
    must_write(session, 0, 1, 4, S7_NEVER_NS); /* nothing of it left */
    s7_session_tick(session, 100 * MS);
    drain(session, &record);
    assert_int_equal(record.n, 1); /* job 3 */
    s7_session_lost(session, S7_E_RESET);
    s7_session_lost(session, S7_E_CLOSED);
    drain(session, &record);
    assert_int_equal(record.n, 5);
    expect_event(&record, 1, S7_EVENT_FAILED, S7_E_RESET, 1);
    expect_event(&record, 2, S7_EVENT_FAILED, S7_E_OUTCOME_UNKNOWN, 2);
    expect_event(&record, 3, S7_EVENT_FAILED, S7_E_RESET, 4);
    expect_event(&record, 4, S7_EVENT_CLOSED, S7_E_RESET, 0);
    assert_int_equal(s7_session_owed(session), 0);
    assert_int_equal(s7_session_open(session), 0);
    assert_int_equal(s7_session_window(session), 0);
    assert_int_equal(take_sent(session).len, 0);
    assert_int_equal(s7_session_deadline(session), S7_NEVER_NS);
    s7_session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p01_a_late_answer_never_becomes_the_value_of_another_read),
        cmocka_unit_test(s7_153_at_amq_1_nothing_is_sent_until_the_owed_answer_came),
        cmocka_unit_test(p22_one_withheld_answer_fails_one_job_of_eight),
        cmocka_unit_test(references_skip_those_in_quarantine_and_zero),
        cmocka_unit_test(s7_154_timed_out_writes_are_unknown_if_any_byte_left),
        cmocka_unit_test(a_job_that_never_left_is_taken_out_of_the_middle_of_the_queue),
        cmocka_unit_test(p02_a_cancelled_job_leaves_the_session_clean_at_every_byte),
        cmocka_unit_test(the_end_fails_every_job_once_and_comes_last),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.session_late");
}
