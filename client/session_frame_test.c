#include "client/session_script.h"
#include "client/test_names.h"

/* Feed to a ready session, which must then be closed by it. */
static void closes_ready(struct bytes bytes, s7_status status, const char *word)
{
    s7_session *session = usual_ready(1);
    struct record record = {.n = 0};

    feed_bytes(session, bytes, &record);
    expect_closed(session, &record, status);
    expect_text(record.events[0].detail, word);
    s7_session_free(session);
}

/* ---- TPKT and COTP ---- */

static void s7_001_a_tpkt_version_other_than_3_ends_the_session(void **state)
{
    (void)state;
    closes_ready(hex("48 54 54 50"), S7_E_FRAME, "TPKT version 72");
    closes_ready(hex("02"), S7_E_FRAME, "TPKT version 2");
}

static void s7_004_a_tpkt_length_below_7_or_above_the_buffer_is_a_framing_error(void **state)
{
    (void)state;
    closes_ready(hex("03 00 00 06"), S7_E_FRAME, "TPKT length 6");
    closes_ready(hex("03 00 00 00"), S7_E_FRAME, "TPKT length 0");
    closes_ready(hex("03 00 ff ff"), S7_E_FRAME, "TPKT length 65535");
}

static void s7_005_the_reserved_tpkt_byte_is_ignored(void **state)
{
    s7_session *session = usual_ready(1);
    struct record record = {.n = 0};
    struct bytes answer = byte_answer(2, 1);

    (void)state;
    answer.at[1] = 0xA5;
    must_read(session, 0, 1, S7_NEVER_NS);
    feed_bytes(session, answer, &record);
    expect_event(&record, 0, S7_EVENT_ANSWER, S7_OK, 1);
    s7_session_free(session);
}

static void cotp_headers_that_do_not_fit_their_frame_are_errors(void **state)
{
    (void)state;
    closes_ready(hex("03 00 00 07 03 f0 80"), S7_E_FRAME, "LI 3");
    closes_ready(hex("03 00 00 07 ff f0 80"), S7_E_FRAME, "LI 255");
    closes_ready(hex("03 00 00 07 00 f0 80"), S7_E_FRAME, "LI 0");
}

static void a_disconnect_ends_a_ready_session_and_unknown_tpdus_do_not(void **state)
{
    (void)state;
    closes_ready(hex("03 00 00 0b 06 80 00 01 00 03 80"), S7_E_CLOSED, "reason 80");
    closes_ready(hex("03 00 00 0a 05 c0 00 01 00 03"), S7_E_CLOSED, "DC");
    closes_ready(hex("03 00 00 09 04 70 00 01 02"), S7_E_FRAME, "ER");
    ready_ignores(hex("03 00 00 09 04 60 00 01 02"));
    ready_ignores(hex("03 00 00 07 02 10 80"));
}

static void s7_017_and_018_empty_data_tpdus_are_skipped_without_answer(void **state)
{
    (void)state;
    ready_ignores(hex("03 00 00 07 02 f0 00"));
    ready_ignores(hex("03 00 00 07 02 f0 80"));
    ready_ignores(hex("03 00 00 07 02 f0 00 03 00 00 07 02 f0 80 03 00 00 07 02 f0 00"));
}

/* An answer cut into fragments at every place, with empty fragments in between, joined again. */
static void s7_019_fragments_are_joined(void **state)
{
    struct bytes whole = byte_answer(2, 0x2A);
    const uint8_t *payload = whole.at + S7_DT_OVERHEAD;
    size_t len = whole.len - S7_DT_OVERHEAD;

    (void)state;
    for (size_t a = 0; a <= len; a++) {
        for (size_t b = a; b <= len; b++) {
            s7_session *session = usual_ready(1);
            struct record record = {.n = 0};

            must_read(session, 0, 5, S7_NEVER_NS);
            feed_bytes(session, dt(payload, a, false), &record);
            feed_bytes(session, dt(payload + a, b - a, false), &record);
            feed_bytes(session, hex("03 00 00 07 02 f0 00"), &record);
            feed_bytes(session, dt(payload + b, len - b, true), &record);
            if (record.n != 1 || record.events[0].kind != S7_EVENT_ANSWER || record.events[0].data[4] != 0x2A)
                fail_msg("fragments of %zu, %zu and %zu bytes: %u events", a, b - a, len - b, record.n);
            s7_session_free(session);
        }
    }
}

static void s7_020_too_many_fragment_bytes_end_the_session(void **state)
{
    static const uint8_t zeros[1000];
    s7_session *session = usual_ready(1);
    struct record record = {.n = 0};

    (void)state;
    for (unsigned i = 0; i < 70 && record.n == 0; i++)
        feed_bytes(session, dt(zeros, sizeof zeros, false), &record);
    expect_closed(session, &record, S7_E_FRAME);
    s7_session_free(session);
}

static void s7_169_the_dt_number_is_ignored_and_sent_as_0(void **state)
{
    (void)state;
    for (unsigned nr = 0; nr < 128; nr++) {
        s7_session *session = usual_ready(1);
        struct record record = {.n = 0};
        struct bytes answer = byte_answer(2, 1);

        must_read(session, 0, 1, S7_NEVER_NS);
        assert_int_equal(take_sent(session).at[6], 0x80);
        answer.at[6] = (uint8_t)(0x80 | nr);
        feed_bytes(session, answer, &record);
        expect_event(&record, 0, S7_EVENT_ANSWER, S7_OK, 1);
        s7_session_free(session);
    }
}

static size_t join(const struct bytes *sent, size_t tpdu_len, uint8_t *pdu_bytes)
{
    size_t len = 0, at = 0;

    while (at < sent->len) {
        size_t frame_len = (size_t)sent->at[at + 2] << 8 | sent->at[at + 3];
        bool last = at + frame_len == sent->len;

        assert_true(frame_len - 4 <= tpdu_len);
        assert_int_equal(sent->at[at + 6], last ? 0x80 : 0x00);
        memcpy(pdu_bytes + len, sent->at + at + 7, frame_len - 7);
        len += frame_len - 7;
        at += frame_len;
    }
    return len;
}

static void jobs_are_cut_to_the_granted_tpdu_size(void **state)
{
    uint8_t payload[932];

    (void)state;
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 7);
    for (unsigned code = 7; code <= 0x0A; code++) {
        for (uint16_t len = 1; len <= 932; len++) {
            struct s7_session_options options = usual_options();
            s7_session *session = new_session(&options);
            struct bytes confirm = cc();
            struct s7_var_item item = db1(0, len);
            struct s7_data_unit unit = {
                .size = S7_DATA_BYTE, .length = (uint16_t)(len * 8), .payload = payload, .payload_len = len};
            uint8_t joined[2048];
            struct s7_pdu out;

            confirm.at[13] = (uint8_t)code;
            s7_session_start(session, 0);
            take_sent(session);
            feed_bytes(session, confirm, NULL);
            take_sent(session);
            feed_bytes(session, setup_grants(1, 8, 8, 960), NULL);
            assert_int_equal(s7_session_write(session, &item, &unit, 1, 1, S7_NEVER_NS), S7_OK);
            struct bytes sent = take_sent(session);
            size_t joined_len = join(&sent, (size_t)1 << code, joined);
            assert_int_equal(joined_len, 28 + (size_t)len);
            assert_int_equal(s7_pdu_decode(joined, joined_len, &out), S7_OK);
            assert_memory_equal(out.data + 4, payload, len);
            s7_session_free(session);
        }
    }
}

/* ---- S7 header ---- */

static void s7_022_and_023_other_protocol_ids_end_the_session(void **state)
{
    (void)state;
    closes_ready(hex("03 00 00 0b 02 f0 80 72 01 00 00"), S7_E_FRAME, "S7comm-plus");
    closes_ready(hex("03 00 00 0b 02 f0 80 33 01 00 00"), S7_E_FRAME, "protocol id 33");
}

static void s7_024_a_header_that_does_not_add_up_ends_the_session(void **state)
{
    struct bytes answer = byte_answer(2, 1);

    (void)state;
    answer.at[16]++; /* data length, low byte */
    closes_ready(answer, S7_E_FRAME, "add up");
    closes_ready(hex("03 00 00 0b 02 f0 80 32 03 00 00"), S7_E_FRAME, "add up");
    closes_ready(hex("03 00 00 11 02 f0 80 32 08 00 00 00 02 00 00 00 00"), S7_E_FRAME, "add up");
}

static void s7_037_the_redundancy_field_is_sent_as_0_and_ignored(void **state)
{
    s7_session *session = usual_ready(1);
    struct record record = {.n = 0};
    struct bytes answer = byte_answer(2, 1);

    (void)state;
    must_read(session, 0, 1, S7_NEVER_NS);
    struct bytes sent = take_sent(session);
    assert_int_equal(sent.at[9] << 8 | sent.at[10], 0);
    answer.at[9] = 0xBE;
    answer.at[10] = 0xEF;
    feed_bytes(session, answer, &record);
    expect_event(&record, 0, S7_EVENT_ANSWER, S7_OK, 1);
    s7_session_free(session);
}

static void s7_146_pushes_and_the_plcs_own_jobs_are_ignored(void **state)
{
    (void)state;
    /* userdata push with reference 0, one with the reference of the open job, and a download job of the PLC
     */
    ready_ignores(pdu(S7_ROSCTR_USERDATA, 0, 0, "00 01 12 08 12 02 01 00 00 00 00 00", "ff 09 00 02 12 34"));
    ready_ignores(pdu(S7_ROSCTR_USERDATA, 2, 0, "00 01 12 08 12 02 01 00 00 00 00 00", "ff 09 00 02 12 34"));
    ready_ignores(pdu(S7_ROSCTR_JOB, 2, 0, "1b 00 00 00 00 00 00 00", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_001_a_tpkt_version_other_than_3_ends_the_session),
        cmocka_unit_test(s7_004_a_tpkt_length_below_7_or_above_the_buffer_is_a_framing_error),
        cmocka_unit_test(s7_005_the_reserved_tpkt_byte_is_ignored),
        cmocka_unit_test(cotp_headers_that_do_not_fit_their_frame_are_errors),
        cmocka_unit_test(a_disconnect_ends_a_ready_session_and_unknown_tpdus_do_not),
        cmocka_unit_test(s7_017_and_018_empty_data_tpdus_are_skipped_without_answer),
        cmocka_unit_test(s7_019_fragments_are_joined),
        cmocka_unit_test(s7_020_too_many_fragment_bytes_end_the_session),
        cmocka_unit_test(s7_169_the_dt_number_is_ignored_and_sent_as_0),
        cmocka_unit_test(jobs_are_cut_to_the_granted_tpdu_size),
        cmocka_unit_test(s7_022_and_023_other_protocol_ids_end_the_session),
        cmocka_unit_test(s7_024_a_header_that_does_not_add_up_ends_the_session),
        cmocka_unit_test(s7_037_the_redundancy_field_is_sent_as_0_and_ignored),
        cmocka_unit_test(s7_146_pushes_and_the_plcs_own_jobs_are_ignored),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.session_frame");
}
