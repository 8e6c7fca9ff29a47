#include "client/session_script.h"
#include "client/test_names.h"

/* ---- CR, CC and setup ---- */

static void the_handshake_sends_cr_and_setup_as_on_the_wire_of_others(void **state)
{
    struct s7_session_options options = usual_options();
    s7_session *session = new_session(&options);
    struct record record = {.n = 0};

    (void)state;
    assert_int_equal(s7_session_state(session), S7_SESSION_NEW);
    s7_session_start(session, 0);
    struct bytes sent = take_sent(session);
    expect_bytes(&sent, "03 00 00 16 11 e0 00 00 00 01 00 c0 01 0a c1 02 01 00 c2 02 02 01");
    assert_int_equal(s7_session_state(session), S7_SESSION_CONNECTING);
    feed_bytes(session, cc(), &record);
    assert_int_equal(s7_session_state(session), S7_SESSION_NEGOTIATING);
    sent = take_sent(session);
    expect_bytes(&sent, "03 00 00 19 02 f0 80 32 01 00 00 00 01 00 08 00 00 f0 00 00 08 00 08 03 c0");
    feed_bytes(session, setup_grants(1, 3, 3, 240), &record);
    assert_int_equal(record.n, 1);
    expect_event(&record, 0, S7_EVENT_READY, S7_OK, 0);
    assert_int_equal(s7_session_granted(session)->pdu_len, 240);
    assert_int_equal(s7_session_window(session), 3);
    s7_session_free(session);
}

static void options_out_of_range_are_refused(void **state)
{
    struct s7_session_options bad[5];
    s7_session *session = NULL;

    (void)state;
    for (unsigned i = 0; i < 5; i++)
        bad[i] = usual_options();
    bad[0].pdu_len = 239;
    bad[1].pdu_len = 961;
    bad[2].max_jobs = 0;
    bad[3].max_jobs = S7_SESSION_MAX_JOBS + 1;
    bad[4].max_items = 19;
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(s7_session_new(&bad[i], &session), S7_E_ARG);
    assert_null(session);
}

static void a_cc_without_tsaps_or_without_any_parameter_is_taken(void **state)
{
    static const char *const frames[] = {
        "03 00 00 0e 09 d0 00 01 00 03 00 c0 01 0a", "03 00 00 0b 06 d0 00 01 00 03 00",
        "03 00 00 0b 06 d0 00 00 00 00 00", "03 00 00 10 0b d0 00 01 00 03 00 c7 03 01 02 03"};

    (void)state;
    for (unsigned i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        s7_session *session = usual_connecting();

        feed_bytes(session, hex(frames[i]), NULL);
        assert_int_equal(s7_session_state(session), S7_SESSION_NEGOTIATING);
        assert_int_equal(take_sent(session).len, 25);
        s7_session_free(session);
    }
}

static void a_cc_for_another_reference_is_an_error(void **state)
{
    s7_session *session = usual_connecting();
    struct record record = {.n = 0};

    (void)state;
    feed_bytes(session, hex("03 00 00 0b 06 d0 00 02 00 03 00"), &record);
    expect_closed(session, &record, S7_E_FRAME);
    s7_session_free(session);
}

static void a_second_cc_changes_nothing(void **state)
{
    (void)state;
    ready_ignores(cc());
}

static void data_before_the_cc_is_an_error(void **state)
{
    s7_session *session = usual_connecting();
    struct record record = {.n = 0};

    (void)state;
    feed_bytes(session, setup_grants(1, 1, 1, 240), &record);
    expect_closed(session, &record, S7_E_FRAME);
    s7_session_free(session);
}

static void an_echo_is_told_from_a_plc(void **state)
{
    s7_session *session = usual_connecting();
    struct record record = {.n = 0};

    (void)state;
    feed_bytes(session, hex("03 00 00 16 11 e0 00 00 00 01 00 c0 01 0a c1 02 01 00 c2 02 02 01"), &record);
    expect_closed(session, &record, S7_E_FRAME);
    expect_text(record.events[0].detail, "echo");
    s7_session_free(session);
}

static void s7_013_refusal_by_dr_fin_rst_and_silence_all_end_the_handshake(void **state)
{
    struct record record;
    s7_session *session;

    (void)state;
    record.n = 0;
    session = usual_connecting();
    feed_bytes(session, hex("03 00 00 0b 06 80 00 01 00 00 02"), &record);
    expect_closed(session, &record, S7_E_COTP_REFUSED);
    assert_int_equal(record.events[0].cotp_reason, S7_COTP_REASON_NOT_ATTACHED);
    s7_session_free(session);

    static const s7_status ends[] = {S7_E_CLOSED, S7_E_RESET};
    for (unsigned i = 0; i < 2; i++) {
        record.n = 0;
        session = usual_connecting();
        s7_session_lost(session, ends[i]);
        drain(session, &record);
        expect_closed(session, &record, S7_E_COTP_REFUSED);
        s7_session_free(session);
    }

    record.n = 0;
    session = usual_connecting();
    assert_int_equal(s7_session_deadline(session), 3000 * MS);
    s7_session_tick(session, 3000 * MS - 1);
    drain(session, &record);
    assert_int_equal(record.n, 0);
    s7_session_tick(session, 3000 * MS);
    drain(session, &record);
    expect_closed(session, &record, S7_E_TIMEOUT);
    s7_session_free(session);
}

static void the_end_during_setup_keeps_its_own_reason(void **state)
{
    struct record record = {.n = 0};
    s7_session *session = usual_negotiating();

    (void)state;
    s7_session_lost(session, S7_E_RESET);
    drain(session, &record);
    expect_closed(session, &record, S7_E_RESET);
    s7_session_free(session);

    record.n = 0;
    session = usual_negotiating();
    s7_session_tick(session, 3000 * MS);
    drain(session, &record);
    expect_closed(session, &record, S7_E_TIMEOUT);
    expect_text(record.events[0].detail, "setup");
    s7_session_free(session);

    record.n = 0;
    session = usual_negotiating();
    feed_bytes(session, hex("03 00 00 0b 06 80 00 01 00 00 01"), &record);
    expect_closed(session, &record, S7_E_COTP_REFUSED);
    s7_session_free(session);
}

/* ---- what the PLC grants ---- */

static void grants_outside_the_limits_are_refused(void **state)
{
    static const struct {
        unsigned pdu_len;
        s7_status status;
    } grants[] = {{0, S7_E_NEGOTIATION}, {63, S7_E_NEGOTIATION}, {64, S7_OK},
                  {240, S7_OK},          {960, S7_OK},           {961, S7_E_NEGOTIATION}};

    (void)state;
    for (unsigned i = 0; i < sizeof grants / sizeof grants[0]; i++) {
        s7_session *session = usual_negotiating();
        struct record record = {.n = 0};

        feed_bytes(session, setup_grants(1, 1, 1, grants[i].pdu_len), &record);
        assert_int_equal(record.n, 1);
        expect_event(&record, 0, grants[i].status == S7_OK ? S7_EVENT_READY : S7_EVENT_CLOSED,
                     grants[i].status, 0);
        s7_session_free(session);
    }
}

static void a_refused_or_empty_setup_answer_is_a_failed_negotiation(void **state)
{
    struct bytes answers[3];

    (void)state;
    answers[0] = pdu(S7_ROSCTR_ACK, 1, 0x8104, "", "");
    answers[1] = pdu(S7_ROSCTR_ACK_DATA, 1, 0x8104, "f0 00 00 01 00 01 00 f0", "");
    answers[2] = pdu(S7_ROSCTR_ACK_DATA, 1, 0, "f0 00 00 01", "");
    for (unsigned i = 0; i < 3; i++) {
        s7_session *session = usual_negotiating();
        struct record record = {.n = 0};

        feed_bytes(session, answers[i], &record);
        expect_closed(session, &record, S7_E_NEGOTIATION);
        assert_int_equal(record.events[0].plc_error, i < 2 ? 0x8104 : 0);
        s7_session_free(session);
    }
}

static void s7_035_the_window_is_the_smaller_amq_and_at_least_one(void **state)
{
    static const struct {
        unsigned calling, called, window;
    } grants[] = {{1, 1, 1}, {1, 2, 1}, {2, 1, 1}, {3, 3, 3},
                  {8, 8, 8}, {0, 0, 1}, {0, 5, 1}, {200, 65535, 8}};
    struct s7_session_options options = usual_options();

    (void)state;
    for (unsigned i = 0; i < sizeof grants / sizeof grants[0]; i++) {
        s7_session *session = ready_session(&options, grants[i].calling, grants[i].called, 240);
        struct s7_var_item item = db1(0, 1);

        assert_int_equal(s7_session_window(session), grants[i].window);
        for (unsigned n = 0; n < grants[i].window; n++)
            must_read(session, n, n, S7_NEVER_NS);
        assert_int_equal(s7_session_window(session), 0);
        assert_int_equal(s7_session_read(session, &item, 1, 99, S7_NEVER_NS), S7_E_MISUSE);
        assert_int_equal(s7_session_open(session), grants[i].window);
        s7_session_free(session);
    }
}

/* ---- again ---- */

static void a_session_starts_again_after_its_end_and_keeps_its_statistics(void **state)
{
    s7_session *session = usual_ready(1);
    struct record record = {.n = 0};

    (void)state;
    must_read(session, 0, 1, S7_NEVER_NS);
    take_sent(session);
    s7_session_lost(session, S7_E_RESET);
    drain(session, NULL);
    s7_session_start(session, 10 * MS);
    struct bytes sent = take_sent(session);
    expect_bytes(&sent, "03 00 00 16 11 e0 00 00 00 02 00 c0 01 0a c1 02 01 00 c2 02 02 01");
    feed_bytes(session, hex("03 00 00 0b 06 d0 00 02 00 03 00"), NULL);
    sent = take_sent(session);
    feed_bytes(session, setup_grants(sent_ref(&sent, 0), 1, 1, 240), &record);
    expect_event(&record, 0, S7_EVENT_READY, S7_OK, 0);
    assert_int_equal(s7_session_stats(session)->jobs, 1);
    s7_session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_handshake_sends_cr_and_setup_as_on_the_wire_of_others),
        cmocka_unit_test(options_out_of_range_are_refused),
        cmocka_unit_test(a_cc_without_tsaps_or_without_any_parameter_is_taken),
        cmocka_unit_test(a_cc_for_another_reference_is_an_error),
        cmocka_unit_test(a_second_cc_changes_nothing),
        cmocka_unit_test(data_before_the_cc_is_an_error),
        cmocka_unit_test(an_echo_is_told_from_a_plc),
        cmocka_unit_test(s7_013_refusal_by_dr_fin_rst_and_silence_all_end_the_handshake),
        cmocka_unit_test(the_end_during_setup_keeps_its_own_reason),
        cmocka_unit_test(grants_outside_the_limits_are_refused),
        cmocka_unit_test(a_refused_or_empty_setup_answer_is_a_failed_negotiation),
        cmocka_unit_test(s7_035_the_window_is_the_smaller_amq_and_at_least_one),
        cmocka_unit_test(a_session_starts_again_after_its_end_and_keeps_its_statistics),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.session_connect");
}
