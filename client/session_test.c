#include "client/session_script.h"
#include "client/test_names.h"

#include "loop/never.h"

/* ---- helpers ---- */

static s7_session *usual_ready(unsigned amq)
{
    struct s7_session_options options = usual_options();

    return ready_session(&options, amq, amq, 480);
}

static s7_session *usual_connecting(void)
{
    struct s7_session_options options = usual_options();
    s7_session *session = new_session(&options);

    s7_session_start(session, 0);
    take_sent(session);
    return session;
}

static s7_session *usual_negotiating(void)
{
    s7_session *session = usual_connecting();

    feed_bytes(session, cc(), NULL);
    take_sent(session);
    return session;
}

static void expect_event(const struct record *record, unsigned i, enum s7_event_kind kind, s7_status status,
                         uint64_t id)
{
    if (i >= record->n)
        fail_msg("event %u is missing: only %u came", i, record->n);
    const struct seen *seen = &record->events[i];
    if (seen->kind != kind || seen->status != status || seen->id != id)
        fail_msg("event %u: kind %d, %s, id %llu (%s); expected kind %d, %s, id %llu", i, (int)seen->kind,
                 s7_errname(seen->status), (unsigned long long)seen->id, seen->detail, (int)kind,
                 s7_errname(status), (unsigned long long)id);
}

static void expect_closed(s7_session *session, const struct record *record, s7_status status)
{
    assert_int_equal(record->n, 1);
    expect_event(record, 0, S7_EVENT_CLOSED, status, 0);
    assert_int_equal(s7_session_state(session), S7_SESSION_CLOSED);
    assert_true(record->events[0].detail[0] != '\0');
}

static void expect_bytes(const struct bytes *got, const char *expected)
{
    struct bytes want = hex(expected);

    assert_int_equal(got->len, want.len);
    assert_memory_equal(got->at, want.at, want.len);
}

/* Feed to a ready session, which must then be closed by it. */
static void closes_ready(struct bytes bytes, s7_status status, const char *word)
{
    s7_session *session = usual_ready(1);
    struct record record = {.n = 0};

    feed_bytes(session, bytes, &record);
    expect_closed(session, &record, status);
    if (strstr(record.events[0].detail, word) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", record.events[0].detail, word);
    s7_session_free(session);
}

/* Feed to a ready session, which must ignore it, answer nothing and still work. */
static void ready_ignores(struct bytes bytes)
{
    s7_session *session = usual_ready(1);
    struct record record = {.n = 0};

    feed_bytes(session, bytes, &record);
    assert_int_equal(record.n, 0);
    assert_int_equal(take_sent(session).len, 0);
    must_read(session, 0, 7, S7_NEVER_NS);
    feed_bytes(session, bytes, &record);
    feed_bytes(session, byte_answer(2, 0x2A), &record);
    assert_int_equal(record.n, 1);
    expect_event(&record, 0, S7_EVENT_ANSWER, S7_OK, 7);
    s7_session_free(session);
}

/* ---- handshake ---- */

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
    struct s7_session_options bad[4];
    s7_session *session = NULL;

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        bad[i] = usual_options();
    bad[0].pdu_len = 239;
    bad[1].pdu_len = 961;
    bad[2].max_jobs = 0;
    bad[3].max_jobs = S7_SESSION_MAX_JOBS + 1;
    for (unsigned i = 0; i < 4; i++)
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
    assert_non_null(strstr(record.events[0].detail, "echo"));
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
    assert_non_null(strstr(record.events[0].detail, "setup"));
    s7_session_free(session);

    record.n = 0;
    session = usual_negotiating();
    feed_bytes(session, hex("03 00 00 0b 06 80 00 01 00 00 01"), &record);
    expect_closed(session, &record, S7_E_COTP_REFUSED);
    s7_session_free(session);
}

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

/* ---- answers ---- */

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

static void s7_003_frames_of_one_segment_are_handled_in_order(void **state)
{
    s7_session *session = usual_ready(3);
    struct record record = {.n = 0};
    struct bytes segment = byte_answer(2, 1), ack = hex("03 00 00 07 02 f0 00"), second = byte_answer(4, 3),
                 third = byte_answer(3, 2);

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        must_read(session, i, i, S7_NEVER_NS);
    append(&segment, &ack);
    append(&segment, &second);
    append(&segment, &third);
    feed_bytes(session, segment, &record);
    assert_int_equal(record.n, 3);
    expect_event(&record, 0, S7_EVENT_ANSWER, S7_OK, 0);
    expect_event(&record, 1, S7_EVENT_ANSWER, S7_OK, 2);
    expect_event(&record, 2, S7_EVENT_ANSWER, S7_OK, 1);
    s7_session_free(session);
}

/* ---- deadlines, quarantine ---- */

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

/* ---- small TPDUs ---- */

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

/* ---- any split, any prefix, any bytes ---- */

/* The PLC's half of handshake and one read; the read is submitted when READY comes. */
static struct bytes whole_exchange(void)
{
    struct bytes all = cc(), setup = setup_grants(1, 1, 1, 240), ack = hex("03 00 00 07 02 f0 00"),
                 answer = byte_answer(2, 0x2A);

    append(&all, &setup);
    append(&all, &ack);
    append(&all, &answer);
    return all;
}

static void feed_reading(s7_session *session, const uint8_t *at, size_t len, struct record *record)
{
    struct s7_event event;
    uint8_t *room;

    if (len == 0)
        return;
    assert_true(s7_session_room(session, &room) >= len);
    memcpy(room, at, len);
    s7_session_received(session, len, 0);
    while (s7_session_next(session, &event)) {
        struct seen *seen = &record->events[record->n++];

        *seen = (struct seen){.kind = event.kind, .status = event.status, .id = event.id};
        if (event.kind == S7_EVENT_ANSWER)
            seen->data[0] = event.pdu.data[4];
        if (event.kind == S7_EVENT_READY)
            must_read(session, 0, 5, S7_NEVER_NS);
    }
}

static void expect_the_exchange(const struct record *record, size_t a, size_t b)
{
    if (record->n != 2 || record->events[0].kind != S7_EVENT_READY ||
        record->events[1].kind != S7_EVENT_ANSWER || record->events[1].data[0] != 0x2A)
        fail_msg("split at %zu and %zu: %u events, first of kind %d", a, b, record->n,
                 (int)record->events[0].kind);
}

static void s7_002_every_split_of_an_exchange_gives_the_same_events(void **state)
{
    struct bytes all = whole_exchange();

    (void)state;
    for (size_t a = 0; a <= all.len; a++) {
        for (size_t b = a; b <= all.len; b++) {
            s7_session *session = usual_connecting();
            struct record record = {.n = 0};

            feed_reading(session, all.at, a, &record);
            feed_reading(session, all.at + a, b - a, &record);
            feed_reading(session, all.at + b, all.len - b, &record);
            expect_the_exchange(&record, a, b);
            s7_session_free(session);
        }
    }
    s7_session *session = usual_connecting();
    struct record record = {.n = 0};
    for (size_t i = 0; i < all.len; i++)
        feed_reading(session, all.at + i, 1, &record);
    expect_the_exchange(&record, 1, 2);
    s7_session_free(session);
}

static void every_prefix_of_a_frame_gives_no_event(void **state)
{
    struct bytes all = whole_exchange();

    (void)state;
    for (size_t n = 0; n < all.len; n++) {
        s7_session *session = usual_connecting();
        struct record record = {.n = 0};

        feed_reading(session, all.at, n, &record);
        unsigned expected = n >= 22 + 27 ? 1 : 0; /* CC and setup answer */
        if (record.n != expected)
            fail_msg("prefix of %zu bytes: %u events", n, record.n);
        s7_session_free(session);
    }
}

/* Mutated streams never crash, never end twice, and give each job one event. */
static void random_bytes_never_break_the_books(void **state)
{
    uint32_t seed = 42;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        s7_session *session = round % 3 == 0 ? usual_connecting() : usual_ready(4);
        struct record record = {.n = 0};
        struct bytes all = {.len = 0};
        unsigned jobs = 0, ends = 0, closed = 0;

        for (unsigned i = 0; i < 4 && s7_session_window(session) > 0; i++, jobs++)
            must_write(session, i, 1, i, 100 * MS);
        s7_session_sent(session, draw(&seed) % (jobs * 36 + 1) % 100);
        for (unsigned i = 0; i < 4; i++) {
            struct bytes frame =
                draw(&seed) % 4 != 0 ? pdu(S7_ROSCTR_ACK_DATA, (uint16_t)(2 + i), 0, "05 01", "ff") : cc();

            append(&all, &frame);
        }
        for (unsigned i = draw(&seed) % 6; i > 0; i--)
            all.at[draw(&seed) % all.len] = (uint8_t)draw(&seed);
        feed(session, all.at, draw(&seed) % (all.len + 1), 0, &record);
        s7_session_tick(session, 200 * MS);
        drain(session, &record);
        s7_session_lost(session, S7_E_CLOSED);
        drain(session, &record);
        for (unsigned i = 0; i < record.n; i++) {
            ends += record.events[i].kind == S7_EVENT_ANSWER || record.events[i].kind == S7_EVENT_FAILED;
            closed += record.events[i].kind == S7_EVENT_CLOSED;
        }
        if (ends != jobs || closed != 1 || record.events[record.n - 1].kind != S7_EVENT_CLOSED)
            fail_msg("round %u: %u jobs, %u ends, %u closed", round, jobs, ends, closed);
        s7_session_free(session);
    }
}

/* Everything that real CPUs were seen to send, to whomever, in one stream: nothing of it ends a session. */
static void frames_of_real_cpus_never_end_a_session(void **state)
{
    static char line[16384];
    const char *folder = getenv("S7RIG_CAPTURES");
    char path[512];
    unsigned frames = 0;

    (void)state;
    snprintf(path, sizeof path, "%s/vectors.tsv", folder != NULL ? folder : "");
    FILE *file = folder != NULL && folder[0] != '\0' ? fopen(path, "r") : NULL;
    if (file == NULL) {
        print_message("skipped: S7RIG_CAPTURES names no folder with vectors.tsv\n");
        skip();
    }
    s7_session *session = usual_ready(1);
    while (fgets(line, sizeof line, file) != NULL) {
        char *rest = line, *field[6];

        for (unsigned i = 0; i < 6; i++)
            field[i] = rest != NULL ? strsep(&rest, "\t") : NULL;
        if (field[5] == NULL || strcmp(field[2], "server") != 0 || strcmp(field[5], "hw") != 0)
            continue;
        struct bytes frame = hex(field[4]);
        if (frame.len == 0 || frame.at[0] != 3)
            continue;
        feed_bytes(session, frame, NULL);
        frames++;
        if (s7_session_state(session) != S7_SESSION_READY)
            fail_msg("%s ended the session: %s", field[0], field[3]);
    }
    fclose(file);
    print_message("%u frames\n", frames);
    assert_true(frames > 100);
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
        cmocka_unit_test(s7_001_a_tpkt_version_other_than_3_ends_the_session),
        cmocka_unit_test(s7_002_every_split_of_an_exchange_gives_the_same_events),
        cmocka_unit_test(s7_003_frames_of_one_segment_are_handled_in_order),
        cmocka_unit_test(s7_004_a_tpkt_length_below_7_or_above_the_buffer_is_a_framing_error),
        cmocka_unit_test(s7_005_the_reserved_tpkt_byte_is_ignored),
        cmocka_unit_test(cotp_headers_that_do_not_fit_their_frame_are_errors),
        cmocka_unit_test(a_disconnect_ends_a_ready_session_and_unknown_tpdus_do_not),
        cmocka_unit_test(s7_017_and_018_empty_data_tpdus_are_skipped_without_answer),
        cmocka_unit_test(s7_019_fragments_are_joined),
        cmocka_unit_test(s7_020_too_many_fragment_bytes_end_the_session),
        cmocka_unit_test(s7_169_the_dt_number_is_ignored_and_sent_as_0),
        cmocka_unit_test(s7_022_and_023_other_protocol_ids_end_the_session),
        cmocka_unit_test(s7_024_a_header_that_does_not_add_up_ends_the_session),
        cmocka_unit_test(s7_037_the_redundancy_field_is_sent_as_0_and_ignored),
        cmocka_unit_test(s7_146_pushes_and_the_plcs_own_jobs_are_ignored),
        cmocka_unit_test(the_read_request_has_the_bytes_of_the_wire),
        cmocka_unit_test(the_write_request_has_the_bytes_of_the_wire),
        cmocka_unit_test(s7_027_and_157_answers_find_their_jobs_in_any_order),
        cmocka_unit_test(s7_028_unknown_and_doubled_references_are_dropped_and_the_session_stays),
        cmocka_unit_test(s7_033_jobs_past_the_granted_length_are_refused_in_both_directions),
        cmocka_unit_test(s7_039_040_and_196_header_errors_are_refusals_in_rosctr_2_and_3),
        cmocka_unit_test(s7_087_answers_of_another_shape_fail_the_job_and_only_the_job),
        cmocka_unit_test(p01_a_late_answer_never_becomes_the_value_of_another_read),
        cmocka_unit_test(s7_153_at_amq_1_nothing_is_sent_until_the_owed_answer_came),
        cmocka_unit_test(s7_154_timed_out_writes_are_unknown_if_any_byte_left),
        cmocka_unit_test(a_job_that_never_left_is_taken_out_of_the_middle_of_the_queue),
        cmocka_unit_test(p02_a_cancelled_job_leaves_the_session_clean_at_every_byte),
        cmocka_unit_test(p22_one_withheld_answer_fails_one_job_of_eight),
        cmocka_unit_test(references_skip_those_in_quarantine_and_zero),
        cmocka_unit_test(the_end_fails_every_job_once_and_comes_last),
        cmocka_unit_test(jobs_are_cut_to_the_granted_tpdu_size),
        cmocka_unit_test(every_prefix_of_a_frame_gives_no_event),
        cmocka_unit_test(random_bytes_never_break_the_books),
        cmocka_unit_test(frames_of_real_cpus_never_end_a_session),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.session");
}
