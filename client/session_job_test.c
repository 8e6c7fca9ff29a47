#include "client/session_script.h"
#include "client/test_names.h"

/* ---- requests ---- */

static void the_read_request_has_the_bytes_of_the_wire(void **state)
{
    s7_session *session = usual_ready(1);
    struct s7_var_item item = db1(0, 4);

    (void)state;
    assert_int_equal(s7_session_read(session, &item, 1, 1, S7_NEVER_NS), S7_OK);
    struct bytes sent = take_sent(session);
    expect_bytes(
        &sent,
        "03 00 00 1f 02 f0 80 32 01 00 00 00 02 00 0e 00 00 04 01 12 0a 10 02 00 04 00 01 84 00 00 00");
    s7_session_free(session);
}

static void the_write_request_has_the_bytes_of_the_wire(void **state)
{
    s7_session *session = usual_ready(1);
    struct s7_var_item items[2] = {db1(0, 3),
                                   {.syntax_id = S7_SYNTAX_S7ANY,
                                    .size = S7_SIZE_WORD,
                                    .count = 1,
                                    .db = 1,
                                    .area = S7_AREA_DB,
                                    .bit_addr = 0x20}};
    static const uint8_t first[] = {0xAA, 0xBB, 0xCC}, second[] = {0x12, 0x34};
    struct s7_data_unit units[2] = {
        {.size = S7_DATA_BYTE, .length = 24, .payload = first, .payload_len = 3},
        {.size = S7_DATA_BYTE, .length = 16, .payload = second, .payload_len = 2}};

    (void)state;
    assert_int_equal(s7_session_write(session, items, units, 2, 1, S7_NEVER_NS), S7_OK);
    struct bytes sent = take_sent(session);
    expect_bytes(
        &sent, "03 00 00 39 02 f0 80 32 01 00 00 00 02 00 1a 00 0e 05 02 12 0a 10 02 00 03 00 01 84 00 00 00"
               "12 0a 10 04 00 01 00 01 84 00 00 20 00 04 00 18 aa bb cc 00 00 04 00 10 12 34");
    s7_session_free(session);
}

static void s7_033_jobs_past_the_granted_length_are_refused_in_both_directions(void **state)
{
    s7_session *session = usual_ready(1); /* granted 480 */
    struct s7_var_item items[21];
    uint8_t payload[480] = {0};
    struct s7_data_unit unit = {.size = S7_DATA_BYTE, .payload = payload};

    (void)state;
    items[0] = db1(0, 463);
    assert_int_equal(s7_session_read(session, items, 1, 1, S7_NEVER_NS), S7_E_TOO_LARGE);
    unit.payload_len = 453;
    unit.length = s7_data_length(S7_DATA_BYTE, 453);
    assert_int_equal(s7_session_write(session, items, &unit, 1, 1, S7_NEVER_NS), S7_E_TOO_LARGE);
    for (unsigned i = 0; i < 21; i++)
        items[i] = db1(i, 20);
    assert_int_equal(s7_session_read(session, items, 20, 1, S7_NEVER_NS), S7_E_TOO_LARGE);
    assert_int_equal(s7_session_read(session, items, 21, 1, S7_NEVER_NS), S7_E_ARG);
    assert_int_equal(s7_session_read(session, items, 0, 1, S7_NEVER_NS), S7_E_ARG);
    assert_int_equal(take_sent(session).len, 0);
    assert_int_equal(s7_session_window(session), 1);
    items[0] = db1(0, 462); /* S7-067: exactly L - 18 */
    assert_int_equal(s7_session_read(session, items, 1, 1, S7_NEVER_NS), S7_OK);
    assert_int_equal(take_sent(session).len, 31);
    s7_session_free(session);

    session = usual_ready(1);
    unit.payload_len = 452; /* S7-069: exactly L - 28 */
    unit.length = s7_data_length(S7_DATA_BYTE, 452);
    items[0] = db1(0, 452);
    assert_int_equal(s7_session_write(session, items, &unit, 1, 1, S7_NEVER_NS), S7_OK);
    assert_int_equal(take_sent(session).len, 487);
    s7_session_free(session);
}

/* ---- answers ---- */

static void s7_027_and_157_answers_find_their_jobs_in_any_order(void **state)
{
    uint32_t seed = 2026;

    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        s7_session *session = usual_ready(8);
        struct record record = {.n = 0};
        unsigned order[8];

        for (unsigned i = 0; i < 8; i++) {
            must_read(session, i, 100 + i, S7_NEVER_NS);
            order[i] = i;
        }
        struct bytes sent = take_sent(session);
        for (unsigned i = 7; i > 0; i--) {
            unsigned j = draw(&seed) % (i + 1), swap = order[i];

            order[i] = order[j];
            order[j] = swap;
        }
        for (unsigned i = 0; i < 8; i++)
            feed_bytes(session, byte_answer(sent_ref(&sent, order[i]), (uint8_t)(order[i] * 10)), &record);
        assert_int_equal(record.n, 8);
        for (unsigned i = 0; i < 8; i++) {
            expect_event(&record, i, S7_EVENT_ANSWER, S7_OK, 100 + order[i]);
            assert_int_equal(record.events[i].data[4], order[i] * 10);
        }
        s7_session_free(session);
    }
}

static void s7_028_unknown_and_doubled_references_are_dropped_and_the_session_stays(void **state)
{
    s7_session *session = usual_ready(1);
    struct record record = {.n = 0};

    (void)state;
    must_read(session, 0, 1, S7_NEVER_NS);
    feed_bytes(session, byte_answer(77, 1), &record);
    feed_bytes(session, pdu(S7_ROSCTR_ACK, 0, 0x8104, "", ""), &record);
    assert_int_equal(record.n, 0);
    feed_bytes(session, byte_answer(2, 1), &record);
    feed_bytes(session, byte_answer(2, 1), &record);
    assert_int_equal(record.n, 1);
    assert_int_equal(s7_session_stats(session)->unknown_refs, 3);
    assert_int_equal(s7_session_state(session), S7_SESSION_READY);
    s7_session_free(session);
}

static void s7_039_040_and_196_header_errors_are_refusals_in_rosctr_2_and_3(void **state)
{
    struct bytes answers[4];

    (void)state;
    answers[0] = pdu(S7_ROSCTR_ACK, 2, 0x8104, "", "");
    answers[1] = pdu(S7_ROSCTR_ACK_DATA, 2, 0x8104, "04 01", "ff 04 00 08 2a");
    answers[2] = pdu(S7_ROSCTR_ACK_DATA, 2, 0x8104, "04", "");
    answers[3] = pdu(S7_ROSCTR_ACK_DATA, 2, 0x8104, "28 02", "");
    for (unsigned i = 0; i < 4; i++) {
        s7_session *session = usual_ready(1);
        struct record record = {.n = 0};

        must_read(session, 0, 9, S7_NEVER_NS);
        feed_bytes(session, answers[i], &record);
        assert_int_equal(record.n, 1);
        expect_event(&record, 0, S7_EVENT_ANSWER, S7_E_PLC, 9);
        assert_int_equal(record.events[0].plc_error, 0x8104);
        assert_int_equal(s7_session_window(session), 1);
        s7_session_free(session);
    }
}

static void s7_087_answers_of_another_shape_fail_the_job_and_only_the_job(void **state)
{
    struct bytes answers[5];

    (void)state;
    answers[0] = pdu(S7_ROSCTR_ACK_DATA, 2, 0, "04 02", "ff 04 00 08 2a 00 ff 04 00 08 2a");
    answers[1] = pdu(S7_ROSCTR_ACK_DATA, 2, 0, "05 01", "ff");
    answers[2] = pdu(S7_ROSCTR_ACK_DATA, 2, 0, "04", "");
    answers[3] = pdu(S7_ROSCTR_ACK_DATA, 2, 0, "", "");
    answers[4] = pdu(S7_ROSCTR_ACK, 2, 0, "", "");
    for (unsigned i = 0; i < 5; i++) {
        s7_session *session = usual_ready(1);
        struct record record = {.n = 0};

        must_read(session, 0, 9, S7_NEVER_NS);
        feed_bytes(session, answers[i], &record);
        assert_int_equal(record.n, 1);
        expect_event(&record, 0, S7_EVENT_FAILED, S7_E_PROTOCOL, 9);
        assert_true(record.events[0].detail[0] != '\0');
        must_read(session, 0, 10, S7_NEVER_NS);
        feed_bytes(session, byte_answer(3, 1), &record);
        expect_event(&record, 1, S7_EVENT_ANSWER, S7_OK, 10);
        s7_session_free(session);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_read_request_has_the_bytes_of_the_wire),
        cmocka_unit_test(the_write_request_has_the_bytes_of_the_wire),
        cmocka_unit_test(s7_033_jobs_past_the_granted_length_are_refused_in_both_directions),
        cmocka_unit_test(s7_027_and_157_answers_find_their_jobs_in_any_order),
        cmocka_unit_test(s7_028_unknown_and_doubled_references_are_dropped_and_the_session_stays),
        cmocka_unit_test(s7_039_040_and_196_header_errors_are_refusals_in_rosctr_2_and_3),
        cmocka_unit_test(s7_087_answers_of_another_shape_fail_the_job_and_only_the_job),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.session_job");
}
