/* Jobs of the peer: ignored unless somebody expects them, answered with the peer's own references. */
#include "client/session_script.h"
#include "client/test_names.h"

#define ID 77

static const char asks[] = "1b 00 00 00 00 00 00 00 09 5f 30 41 30 30 30 30 31 50";

static struct bytes peer_asks(uint16_t ref)
{
    return pdu(S7_ROSCTR_JOB, ref, 0, asks, "");
}

/* On a session whose next reference is 2; deadline_ns of what is expected. */
static s7_session *expecting(int64_t deadline_ns)
{
    s7_session *session = usual_ready(1);

    assert_int_equal(s7_session_expect(session, ID, deadline_ns), S7_OK);
    return session;
}

static s7_status answer(s7_session *session, uint16_t ref, size_t data_len)
{
    static const uint8_t param[] = {0x1B, 0x00}, data[600] = {0x00, 0x01, 0x00, 0xFB};
    struct s7_pdu pdu = {.rosctr = S7_ROSCTR_ACK_DATA,
                         .ref = ref,
                         .param = param,
                         .param_len = sizeof param,
                         .data = data,
                         .data_len = data_len};

    return s7_session_answer(session, &pdu);
}

static void s7_137_a_job_of_the_peer_is_answered_with_its_reference(void **state)
{
    static const uint16_t refs[] = {0x6500, 2, 0, 0xFFFF};
    s7_session *session = expecting(S7_NEVER_NS);
    struct record record = {.n = 0};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        feed_bytes(session, peer_asks(refs[i]), &record);
        expect_event(&record, i, S7_EVENT_PEER_JOB, S7_OK, ID);
        assert_int_equal(answer(session, refs[i], 5), S7_OK);
        struct bytes sent = take_sent(session);
        assert_int_equal(sent_ref(&sent, 0), refs[i]);
        assert_int_equal(sent.at[8], S7_ROSCTR_ACK_DATA);
        assert_int_equal(sent.len, S7_DT_OVERHEAD + 12 + 2 + 5);
    }
    s7_session_free(session);
}

static void it_takes_no_place_in_the_window_and_answers_find_their_jobs(void **state)
{
    s7_session *session = expecting(S7_NEVER_NS);
    struct record record = {.n = 0};

    (void)state;
    must_read(session, 0, 1, S7_NEVER_NS);
    feed_bytes(session, peer_asks(2), &record); /* the reference of our own job */
    feed_bytes(session, byte_answer(2, 0x2A), &record);
    expect_event(&record, 0, S7_EVENT_PEER_JOB, S7_OK, ID);
    expect_event(&record, 1, S7_EVENT_ANSWER, S7_OK, 1);
    assert_int_equal(s7_session_window(session), 1);
    s7_session_free(session);
}

static void what_nobody_expects_any_more_is_ignored(void **state)
{
    s7_session *session = expecting(0);
    struct record record = {.n = 0};

    (void)state;
    assert_int_equal(s7_session_expect(session, ID + 1, 0), S7_E_MISUSE);
    s7_session_expect_end(session);
    feed_bytes(session, peer_asks(5), &record);
    s7_session_tick(session, 1000 * MS);
    drain(session, &record);
    assert_int_equal(record.n, 0);
    assert_int_equal(answer(session, 5, 5), S7_E_MISUSE);
    assert_int_equal(take_sent(session).len, 0);
    assert_int_equal(s7_session_expect(session, ID + 1, 0), S7_OK);
    s7_session_free(session);
}

static void answers_fit_the_granted_length_and_the_room(void **state)
{
    struct s7_session_options options = usual_options();
    unsigned n = 0;

    (void)state;
    options.max_jobs = 1;
    s7_session *session = ready_session(&options, 1, 1, 480);
    assert_int_equal(s7_session_expect(session, ID, S7_NEVER_NS), S7_OK);
    assert_int_equal(answer(session, 5, 600), S7_E_TOO_LARGE);
    assert_int_equal(take_sent(session).len, 0);
    while (n < 100 && answer(session, 5, 400) == S7_OK)
        n++;
    assert_in_range(n, 2, 8); /* a peer that takes nothing fills no memory */
    take_sent(session);
    assert_int_equal(answer(session, 5, 400), S7_OK);
    must_read(session, 0, 1, S7_NEVER_NS); /* and leaves room for a job */
    s7_session_free(session);
}

/* Its end as two events; what the session was closed for. */
static void expect_end(s7_session *session, s7_status why)
{
    struct record record = {.n = 0};

    drain(session, &record);
    assert_int_equal(record.n, 2);
    expect_event(&record, 0, S7_EVENT_FAILED, why, ID);
    expect_event(&record, 1, S7_EVENT_CLOSED, why, 0);
    assert_true(record.events[0].detail[0] != '\0');
    assert_int_equal(s7_session_expect(session, ID, 0), S7_E_MISUSE);
    s7_session_start(session, 0);
    assert_int_equal(s7_session_expect(session, ID, 0), S7_E_MISUSE); /* not READY */
    s7_session_free(session);
}

static void what_is_given_up_in_the_middle_closes_the_session(void **state)
{
    s7_session *session = expecting(50 * MS);

    (void)state;
    assert_int_equal(s7_session_deadline(session), 50 * MS);
    s7_session_tick(session, 50 * MS - 1);
    drain(session, NULL);
    assert_int_equal(s7_session_state(session), S7_SESSION_READY);
    s7_session_tick(session, 50 * MS);
    expect_end(session, S7_E_TIMEOUT);
    session = expecting(S7_NEVER_NS);
    s7_session_cancel(session, ID + 1);
    assert_int_equal(s7_session_state(session), S7_SESSION_READY);
    s7_session_cancel(session, ID);
    expect_end(session, S7_E_CANCELLED);
    session = expecting(S7_NEVER_NS);
    s7_session_lost(session, S7_E_RESET);
    expect_end(session, S7_E_RESET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_137_a_job_of_the_peer_is_answered_with_its_reference),
        cmocka_unit_test(it_takes_no_place_in_the_window_and_answers_find_their_jobs),
        cmocka_unit_test(what_nobody_expects_any_more_is_ignored),
        cmocka_unit_test(answers_fit_the_granted_length_and_the_room),
        cmocka_unit_test(what_is_given_up_in_the_middle_closes_the_session),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.session_peer");
}
