/* A service at a session, answer by answer. */
#include "client/service.h"

#include "client/session_script.h"
#include "client/test_names.h"
#include "protocol/userdata.h"

#define SZL "04 24 00 00"

/* A list read into 64 bytes, its head apart, on a session whose next reference is 2. */
struct rig {
    s7_session *session;
    struct s7_service service;
    uint8_t out[64];
    struct record others; /* events that were not the service's */
};

static void pump(struct rig *rig)
{
    rig->service.work.ops->pump(&rig->service.work, rig->session);
}

static void rig_drain(struct rig *rig)
{
    struct s7_event event;

    while (s7_session_next(rig->session, &event))
        if (!rig->service.work.ops->event(&rig->service.work, &event) && rig->others.n < 128)
            rig->others.events[rig->others.n++].kind = event.kind;
}

static void answer(struct rig *rig, struct bytes bytes)
{
    give(rig->session, bytes.at, bytes.len);
    rig_drain(rig);
    pump(rig);
}

static void rig_new(struct rig *rig, unsigned amq)
{
    struct bytes payload = hex(SZL);

    *rig = (struct rig){.session = usual_ready(amq)};
    s7_service_userdata(&rig->service, S7_GROUP_CPU, S7_CPU_READ_SZL, payload.at, payload.len, rig->out,
                        sizeof rig->out);
    rig->service.work.deadline_ns = 1000 * MS;
}

static void rig_begin(struct rig *rig, unsigned amq)
{
    rig_new(rig, amq);
    pump(rig);
    take_sent(rig->session);
}

static void rig_end(struct rig *rig)
{
    s7_session_free(rig->session);
}

static bool rig_done(const struct rig *rig)
{
    return rig->service.work.ops->done(&rig->service.work);
}

static void expect_result(const struct rig *rig, s7_status status, uint16_t plc_error)
{
    uint16_t error;
    const char *detail;

    assert_true(rig_done(rig));
    s7_status got = s7_service_result(&rig->service, &error, &detail);
    if (got != status || error != plc_error)
        fail_msg("%s, error %04X (%s); expected %s, %04X", s7_errname(got), error, detail, s7_errname(status),
                 plc_error);
}

/* A unit of the answer: sequence 7. */
static struct bytes unit(uint16_t ref, unsigned unit_ref, unsigned more, const char *data)
{
    char param[64];

    snprintf(param, sizeof param, "00 01 12 08 12 84 01 07 %02x %02x 00 00", unit_ref, more);
    return pdu(S7_ROSCTR_USERDATA, ref, 0, param, data);
}

/* ---- what it is for ---- */

static void s7_100_a_list_is_asked_for_and_answered(void **state)
{
    struct rig rig;

    (void)state;
    rig_new(&rig, 1);
    pump(&rig);
    struct bytes sent = take_sent(rig.session);
    expect_bytes(&sent, "03 00 00 21 02 f0 80 32 07 00 00 00 02 00 08 00 08 00 01 12 04 11 44 01 00 "
                        "ff 09 00 04 04 24 00 00");
    answer(&rig, unit(2, 0, 0, "ff 09 00 03 aa bb cc"));
    expect_result(&rig, S7_OK, 0);
    assert_int_equal(rig.service.len, 3);
    assert_memory_equal(rig.out, "\xaa\xbb\xcc", 3);
    assert_int_equal(take_sent(rig.session).len, 0);
    assert_int_equal(s7_session_open(rig.session), 0);
    rig_end(&rig);
}

static void s7_105_units_are_followed_up_by_the_sequence_of_the_last_answer(void **state)
{
    struct rig rig;

    (void)state;
    rig_begin(&rig, 1);
    rig.service.head_len = 2;
    answer(&rig, unit(2, 0xD5, 1, "ff 09 00 03 01 02 03"));
    struct bytes sent = take_sent(rig.session);
    expect_bytes(&sent,
                 "03 00 00 21 02 f0 80 32 07 00 00 00 03 00 0c 00 04 00 01 12 08 12 44 01 07 00 00 00 00 "
                 "0a 00 00 00");
    assert_false(rig_done(&rig));
    answer(&rig, unit(3, 0xD5, 1, "ff 09 00 01 04"));
    sent = take_sent(rig.session);
    assert_int_equal(sent_ref(&sent, 0), 4);
    answer(&rig, unit(4, 0xD5, 0, "ff 09 00 02 05 06"));
    expect_result(&rig, S7_OK, 0);
    assert_int_equal(rig.service.len, 6);
    assert_memory_equal(rig.service.head, "\1\2", 2);
    assert_memory_equal(rig.out, "\3\4\5\6", 4);
    rig_end(&rig);
}

static void what_does_not_fit_the_buffer_is_counted_and_dropped(void **state)
{
    struct rig rig;

    (void)state;
    rig_begin(&rig, 1);
    rig.service.head_len = 1;
    rig.service.cap = 2;
    answer(&rig, unit(2, 9, 1, "ff 09 00 05 01 02 03 04 05"));
    take_sent(rig.session);
    answer(&rig, unit(3, 9, 0, "ff 09 00 02 06 07"));
    expect_result(&rig, S7_OK, 0);
    assert_int_equal(rig.service.len, 7);
    assert_memory_equal(rig.out, "\2\3\0\0", 4);
    rig_end(&rig);
}

/* ---- refusals ---- */

static void s7_102_and_110_the_error_of_userdata_is_a_refusal(void **state)
{
    struct rig rig;

    (void)state;
    rig_begin(&rig, 1);
    answer(&rig, pdu(S7_ROSCTR_USERDATA, 2, 0, "00 01 12 08 12 84 01 00 00 00 d4 01", "0a 00 00 00"));
    expect_result(&rig, S7_E_PLC, 0xD401);
    assert_int_equal(s7_session_state(rig.session), S7_SESSION_READY);
    rig_end(&rig);
}

static void s7_040_a_header_error_is_a_refusal_in_either_kind_of_acknowledgement(void **state)
{
    struct rig rig;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        rig_begin(&rig, 1);
        answer(&rig, pdu(i == 0 ? S7_ROSCTR_ACK : S7_ROSCTR_ACK_DATA, 2, 0x8104, "", ""));
        expect_result(&rig, S7_E_PLC, 0x8104);
        rig_end(&rig);
    }
}

static void control_begin(struct rig *rig, enum s7_control control)
{
    rig_new(rig, 1);
    s7_service_control(&rig->service, control);
    rig->service.work.deadline_ns = 1000 * MS;
    pump(rig);
}

static void s7_131_and_196_a_control_job_is_done_or_refused(void **state)
{
    struct rig rig;

    (void)state;
    control_begin(&rig, S7_CONTROL_STOP);
    struct bytes sent = take_sent(rig.session);
    expect_bytes(&sent,
                 "03 00 00 21 02 f0 80 32 01 00 00 00 02 00 10 00 00 29 00 00 00 00 00 09 50 5f 50 52 4f "
                 "47 52 41 4d");
    answer(&rig, pdu(S7_ROSCTR_ACK_DATA, 2, 0, "29", ""));
    expect_result(&rig, S7_OK, 0);
    rig_end(&rig);
    control_begin(&rig, S7_CONTROL_STOP);
    answer(&rig, pdu(S7_ROSCTR_ACK_DATA, 2, 0x8402, "29 07", ""));
    expect_result(&rig, S7_E_PLC, 0x8402);
    rig_end(&rig);
    control_begin(&rig, S7_CONTROL_WARM);
    answer(&rig, pdu(S7_ROSCTR_ACK_DATA, 2, 0xD2A9, "28 02", ""));
    expect_result(&rig, S7_E_PLC, 0xD2A9);
    rig_end(&rig);
}

static void s7_122_an_error_that_means_nothing_there_is_none(void **state)
{
    struct rig rig;

    (void)state;
    rig_begin(&rig, 1);
    rig.service.empty_error = 0xD20E;
    answer(&rig, pdu(S7_ROSCTR_USERDATA, 2, 0, "00 01 12 08 12 84 01 00 00 00 d2 0e", "0a 00 00 00"));
    expect_result(&rig, S7_OK, 0);
    assert_int_equal(rig.service.len, 0);
    rig_end(&rig);
}

/* ---- answers that are none ---- */

static void answers_that_do_not_fit_the_request_are_none(void **state)
{
    static const struct {
        uint8_t rosctr;
        const char *param, *data;
    } bad[] = {
        {S7_ROSCTR_USERDATA, "00 01 12 08 12 83 01 07 00 00 00 00", "ff 09 00 01 aa"}, /* another group */
        {S7_ROSCTR_USERDATA, "00 01 12 08 12 84 02 07 00 00 00 00",
         "ff 09 00 01 aa"}, /* another subfunction */
        {S7_ROSCTR_USERDATA, "00 01 12 08 12 44 01 07 00 00 00 00",
         "ff 09 00 01 aa"},                                                /* a request: an echo */
        {S7_ROSCTR_USERDATA, "00 01 12 04 11 84 01 07", "ff 09 00 01 aa"}, /* too short */
        {S7_ROSCTR_USERDATA, "00 01 12 08 12 84 01", "ff 09 00 01 aa"},    /* cut */
        {S7_ROSCTR_USERDATA, "", ""},                                      /* nothing */
        {S7_ROSCTR_USERDATA, "00 01 12 08 12 84 01 07 00 00 00 00", "ff 09 00 02 aa"}, /* longer than it is */
        {S7_ROSCTR_USERDATA, "00 01 12 08 12 84 01 07 00 00 00 00", "ff 09 ff ff aa"},
        {S7_ROSCTR_USERDATA, "00 01 12 08 12 84 01 07 00 00 00 00", "ff"},
        {S7_ROSCTR_USERDATA, "00 01 12 08 12 84 01 07 09 01 00 00", "0a 00 00 00"}, /* more of nothing */
        {S7_ROSCTR_ACK_DATA, "04 01", "ff 04 00 08 aa"},                            /* a read's */
        {S7_ROSCTR_ACK_DATA, "", ""},
        {S7_ROSCTR_ACK, "", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct rig rig;

        rig_begin(&rig, 1);
        answer(&rig, pdu(bad[i].rosctr, 2, 0, bad[i].param, bad[i].data));
        if (!rig_done(&rig))
            fail_msg("answer %zu was ignored", i);
        expect_result(&rig, S7_E_PROTOCOL, 0);
        assert_int_equal(take_sent(rig.session).len, 0);
        assert_int_equal(s7_session_state(rig.session), S7_SESSION_READY);
        rig_end(&rig);
    }
}

static void a_job_is_not_answered_by_userdata_nor_by_another_job(void **state)
{
    static const char *const bad[] = {"28", "04 01", ""};
    struct rig rig;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        control_begin(&rig, S7_CONTROL_STOP);
        answer(&rig, pdu(S7_ROSCTR_ACK_DATA, 2, 0, bad[i], ""));
        expect_result(&rig, S7_E_PROTOCOL, 0);
        rig_end(&rig);
    }
    control_begin(&rig, S7_CONTROL_STOP);
    answer(&rig, unit(2, 0, 0, "0a 00 00 00"));
    expect_result(&rig, S7_E_PROTOCOL, 0);
    rig_end(&rig);
}

static void a_unit_of_another_answer_is_refused(void **state)
{
    struct rig rig;

    (void)state;
    rig_begin(&rig, 1);
    answer(&rig, unit(2, 0xD5, 1, "ff 09 00 01 01"));
    answer(&rig, unit(3, 0xD6, 0, "ff 09 00 01 02"));
    expect_result(&rig, S7_E_PROTOCOL, 0);
    rig_end(&rig);
}

static void units_without_end_end_at_64_kib(void **state)
{
    struct rig rig;
    char data[4096] = "ff 09 01 00";
    unsigned units = 0;

    (void)state;
    for (unsigned i = 0; i < 256; i++)
        strcat(data, " 55");
    rig_begin(&rig, 1);
    while (!rig_done(&rig) && units < 1000) {
        answer(&rig, unit((uint16_t)(2 + units), 1, 1, data));
        take_sent(rig.session);
        units++;
    }
    expect_result(&rig, S7_E_PROTOCOL, 0);
    assert_int_equal(units, S7_SERVICE_MAX / 256 + 1);
    rig_end(&rig);
}

/* Pieces of 200 bytes until the service has had enough, and the end that it asks for; how many. */
static unsigned upload_pieces(struct rig *rig, unsigned last)
{
    char data[1024] = "00 c8 00 fb";
    unsigned n = 0;

    for (unsigned i = 0; i < 200; i++)
        strcat(data, " 55");
    *rig = (struct rig){.session = usual_ready(1)};
    s7_service_upload(&rig->service, 'A', 1, rig->out, sizeof rig->out);
    rig->service.work.deadline_ns = 1000 * MS;
    pump(rig);
    answer(rig, pdu(S7_ROSCTR_ACK_DATA, 2, 0, "1d 00 01 00 00 00 00 07 00", ""));
    take_sent(rig->session);
    while (!rig_done(rig) && n < last) {
        n++;
        answer(rig, pdu(S7_ROSCTR_ACK_DATA, (uint16_t)(2 + n), 0, n == last ? "1e 00" : "1e 01", data));
        take_sent(rig->session);
    }
    if (!rig_done(rig))
        answer(rig, pdu(S7_ROSCTR_ACK_DATA, (uint16_t)(3 + n), 0, "1f", ""));
    return n;
}

static void a_block_may_be_as_long_as_a_download_can_say(void **state)
{
    struct rig rig;

    (void)state;
    assert_int_equal(upload_pieces(&rig, 4999), 4999);
    expect_result(&rig, S7_OK, 0);
    assert_int_equal(rig.service.len, 999800);
    rig_end(&rig);
    assert_int_equal(upload_pieces(&rig, 10000), 5000);
    expect_result(&rig, S7_E_PROTOCOL, 0);
    rig_end(&rig);
}

static void s7_028_and_146_other_references_and_pushes_change_nothing(void **state)
{
    struct rig rig;

    (void)state;
    rig_begin(&rig, 1);
    answer(&rig, unit(3, 0, 0, "ff 09 00 01 01"));
    answer(&rig, pdu(S7_ROSCTR_USERDATA, 0, 0, "00 01 12 04 11 04 03 00", "ff 09 00 02 43 04"));
    answer(&rig, pdu(S7_ROSCTR_USERDATA, 0, 0, "01 00 10 10 00 00 02 00", ""));
    answer(&rig, pdu(S7_ROSCTR_USERDATA, 2, 0, "00 01 12 08 12 04 01 07 00 00 00 00", "ff 09 00 01 02"));
    assert_false(rig_done(&rig));
    assert_int_equal(s7_session_stats(rig.session)->unknown_refs, 1);
    answer(&rig, unit(2, 0, 0, "ff 09 00 01 aa"));
    expect_result(&rig, S7_OK, 0);
    assert_int_equal(rig.out[0], 0xAA);
    rig_end(&rig);
}

/* ---- time and window ---- */

static void s7_035_a_service_waits_for_its_place_in_the_window(void **state)
{
    struct rig rig;

    (void)state;
    rig_new(&rig, 1);
    must_read(rig.session, 0, 99, S7_NEVER_NS);
    take_sent(rig.session);
    pump(&rig);
    assert_int_equal(take_sent(rig.session).len, 0);
    assert_false(rig_done(&rig));
    answer(&rig, byte_answer(2, 1));
    assert_int_equal(rig.others.n, 1);
    struct bytes sent = take_sent(rig.session);
    assert_int_equal(sent_ref(&sent, 0), 3);
    answer(&rig, unit(3, 0, 0, "ff 09 00 01 aa"));
    expect_result(&rig, S7_OK, 0);
    rig_end(&rig);
}

static void a_late_answer_is_never_taken_for_the_next_service(void **state)
{
    struct rig rig;
    struct bytes payload = hex(SZL);

    (void)state;
    rig_begin(&rig, 2);
    s7_session_tick(rig.session, 1000 * MS);
    rig_drain(&rig);
    expect_result(&rig, S7_E_TIMEOUT, 0);
    assert_int_equal(s7_session_owed(rig.session), 1);
    s7_service_userdata(&rig.service, S7_GROUP_CPU, S7_CPU_READ_SZL, payload.at, payload.len, rig.out,
                        sizeof rig.out);
    rig.service.work.deadline_ns = S7_NEVER_NS;
    pump(&rig);
    answer(&rig, unit(2, 0, 0, "ff 09 00 01 01"));
    assert_false(rig_done(&rig));
    assert_int_equal(s7_session_stats(rig.session)->late_answers, 1);
    answer(&rig, unit(3, 0, 0, "ff 09 00 01 02"));
    expect_result(&rig, S7_OK, 0);
    assert_int_equal(rig.out[0], 2);
    rig_end(&rig);
}

static void s7_154_control_without_answer_has_an_unknown_outcome(void **state)
{
    struct rig rig;

    (void)state;
    control_begin(&rig, S7_CONTROL_STOP);
    take_sent(rig.session);
    s7_session_tick(rig.session, 1000 * MS);
    rig_drain(&rig);
    expect_result(&rig, S7_E_OUTCOME_UNKNOWN, 0);
    rig_end(&rig);
    control_begin(&rig, S7_CONTROL_STOP); /* nothing left */
    s7_session_tick(rig.session, 1000 * MS);
    rig_drain(&rig);
    expect_result(&rig, S7_E_TIMEOUT, 0);
    rig_end(&rig);
    control_begin(&rig, S7_CONTROL_STOP);
    take_sent(rig.session);
    rig.service.work.ops->cancel(&rig.service.work, rig.session, S7_E_CANCELLED, "");
    assert_false(rig_done(&rig));
    rig_drain(&rig);
    expect_result(&rig, S7_E_OUTCOME_UNKNOWN, 0);
    rig_end(&rig);
}

static void the_end_of_the_connection_ends_the_service(void **state)
{
    struct rig rig;

    (void)state;
    rig_begin(&rig, 1);
    answer(&rig, unit(2, 1, 1, "ff 09 00 01 01"));
    take_sent(rig.session);
    s7_session_lost(rig.session, S7_E_RESET);
    rig_drain(&rig);
    expect_result(&rig, S7_E_RESET, 0);
    rig_end(&rig);
}

/* ---- upload ---- */

static void upload_begin(struct rig *rig)
{
    rig_new(rig, 1);
    s7_service_upload(&rig->service, 'A', 1, rig->out, sizeof rig->out);
    rig->service.work.deadline_ns = 1000 * MS;
    pump(rig);
    take_sent(rig->session);
}

static void s7_134_a_block_comes_in_pieces_and_its_upload_is_ended(void **state)
{
    struct rig rig;

    (void)state;
    upload_begin(&rig);
    answer(&rig, pdu(S7_ROSCTR_ACK_DATA, 2, 0, "1d 00 01 00 00 00 00 07 07 30 30 30 30 30 30 35", ""));
    struct bytes sent = take_sent(rig.session);
    expect_bytes(&sent, "03 00 00 19 02 f0 80 32 01 00 00 00 03 00 08 00 00 1e 00 00 00 00 00 00 07");
    answer(&rig, pdu(S7_ROSCTR_ACK_DATA, 3, 0, "1e 01", "00 03 00 fb 70 70 01"));
    take_sent(rig.session);
    answer(&rig, pdu(S7_ROSCTR_ACK_DATA, 4, 0, "1e 00", "00 02 00 fb 02 03"));
    sent = take_sent(rig.session);
    expect_bytes(&sent, "03 00 00 19 02 f0 80 32 01 00 00 00 05 00 08 00 00 1f 00 00 00 00 00 00 07");
    assert_false(rig_done(&rig));
    answer(&rig, pdu(S7_ROSCTR_ACK_DATA, 5, 0, "1f", ""));
    expect_result(&rig, S7_OK, 0);
    assert_int_equal(rig.service.len, 5);
    assert_memory_equal(rig.out, "\x70\x70\1\2\3", 5);
    rig_end(&rig);
}

static void s7_197_a_refused_upload_leaves_the_connection_usable(void **state)
{
    struct rig rig;

    (void)state;
    upload_begin(&rig);
    answer(&rig, pdu(S7_ROSCTR_ACK, 2, 0xD20C, "", ""));
    expect_result(&rig, S7_E_PLC, 0xD20C);
    assert_int_equal(s7_session_window(rig.session), 1);
    rig_end(&rig);
}

static void pieces_that_lie_or_never_end_are_refused(void **state)
{
    static const char *const bad[] = {"00 04 00 fb 70 70 01", "00 03 00 fa 70 70 01", "00 00 00 fb", "00",
                                      ""};
    struct rig rig;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        upload_begin(&rig);
        answer(&rig, pdu(S7_ROSCTR_ACK_DATA, 2, 0, "1d 00 01 00 00 00 00 07", ""));
        answer(&rig, pdu(S7_ROSCTR_ACK_DATA, 3, 0, "1e 01", bad[i]));
        expect_result(&rig, S7_E_PROTOCOL, 0);
        rig_end(&rig);
    }
    upload_begin(&rig);
    answer(&rig, pdu(S7_ROSCTR_ACK_DATA, 2, 0, "1d 00 01 00 00", ""));
    expect_result(&rig, S7_E_PROTOCOL, 0);
    rig_end(&rig);
}

/* ---- anything ---- */

/* Good answers with some bytes changed: the service ends or goes on, reads and writes nothing beyond. */
static void damaged_answers_never_break_it(void **state)
{
    uint32_t seed = 20261126;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        struct rig rig;
        struct bytes bytes = unit(2, draw(&seed) % 2, draw(&seed) % 2, "ff 09 00 08 01 02 03 04 05 06 07 08");

        for (uint32_t n = draw(&seed) % 4; n > 0; n--)
            bytes.at[17 + draw(&seed) % (bytes.len - 17)] = (uint8_t)draw(&seed);
        if (round % 2 == 0)
            upload_begin(&rig);
        else
            rig_begin(&rig, 1);
        rig.service.cap = draw(&seed) % 8;
        answer(&rig, bytes);
        assert_true(rig_done(&rig) || rig.service.work.ops->waits(&rig.service.work));
        rig_end(&rig);
    }
}

static void requests_that_are_none_are_refused(void **state)
{
    s7_session *session = usual_ready(1);
    struct bytes read = hex("04 01 12 0a 10 02 00 01 00 00 83 00 00 00"),
                 szl = hex("00 01 12 04 11 44 01 00");
    struct s7_pdu none = {.rosctr = S7_ROSCTR_JOB},
                  job = {.rosctr = S7_ROSCTR_JOB, .param = read.at, .param_len = 14},
                  ack = {.rosctr = S7_ROSCTR_ACK_DATA, .param = read.at, .param_len = 14},
                  good = {.rosctr = S7_ROSCTR_USERDATA, .param = szl.at, .param_len = szl.len};
    static const uint8_t long_data[600] = {0x0A};
    struct s7_pdu large = good, cut = good;

    (void)state;
    cut.param_len--;
    large.data = long_data;
    large.data_len = sizeof long_data;
    assert_int_equal(s7_session_request(session, &none, false, 1, 0), S7_E_ARG);
    assert_int_equal(s7_session_request(session, &job, false, 1, 0), S7_E_ARG);
    assert_int_equal(s7_session_request(session, &ack, false, 1, 0), S7_E_ARG);
    assert_int_equal(s7_session_request(session, &cut, false, 1, 0), S7_E_ARG);
    assert_int_equal(s7_session_request(session, &large, false, 1, 0), S7_E_TOO_LARGE); /* S7-033 */
    assert_int_equal(take_sent(session).len, 0);
    assert_int_equal(s7_session_request(session, &good, false, 1, 0), S7_OK);
    assert_int_equal(s7_session_request(session, &good, false, 2, 0), S7_E_MISUSE);
    s7_session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_100_a_list_is_asked_for_and_answered),
        cmocka_unit_test(s7_105_units_are_followed_up_by_the_sequence_of_the_last_answer),
        cmocka_unit_test(what_does_not_fit_the_buffer_is_counted_and_dropped),
        cmocka_unit_test(s7_102_and_110_the_error_of_userdata_is_a_refusal),
        cmocka_unit_test(s7_040_a_header_error_is_a_refusal_in_either_kind_of_acknowledgement),
        cmocka_unit_test(s7_131_and_196_a_control_job_is_done_or_refused),
        cmocka_unit_test(s7_122_an_error_that_means_nothing_there_is_none),
        cmocka_unit_test(answers_that_do_not_fit_the_request_are_none),
        cmocka_unit_test(a_job_is_not_answered_by_userdata_nor_by_another_job),
        cmocka_unit_test(a_unit_of_another_answer_is_refused),
        cmocka_unit_test(units_without_end_end_at_64_kib),
        cmocka_unit_test(a_block_may_be_as_long_as_a_download_can_say),
        cmocka_unit_test(s7_028_and_146_other_references_and_pushes_change_nothing),
        cmocka_unit_test(s7_035_a_service_waits_for_its_place_in_the_window),
        cmocka_unit_test(a_late_answer_is_never_taken_for_the_next_service),
        cmocka_unit_test(s7_154_control_without_answer_has_an_unknown_outcome),
        cmocka_unit_test(the_end_of_the_connection_ends_the_service),
        cmocka_unit_test(s7_134_a_block_comes_in_pieces_and_its_upload_is_ended),
        cmocka_unit_test(s7_197_a_refused_upload_leaves_the_connection_usable),
        cmocka_unit_test(pieces_that_lie_or_never_end_are_refused),
        cmocka_unit_test(damaged_answers_never_break_it),
        cmocka_unit_test(requests_that_are_none_are_refused),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.service");
}
