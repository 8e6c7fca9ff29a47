#include "check_impl.h"

#include "protocol/alarm.h"
#include "protocol/blocks.h"
#include "protocol/clock.h"
#include "protocol/control.h"
#include "protocol/password.h"
#include "protocol/szl.h"
#include "protocol/userdata.h"
#include "protocol/var.h"

#include <stdlib.h>

/* ---- status lists ---- */

/* Does the decoder of the list, if there is one, take the record? */
static bool record_decodes(const struct s7_szl *szl, struct s7_rd record)
{
    struct s7_szl_module module;
    struct s7_szl_component component;
    struct s7_szl_led led;
    struct s7_szl_comm comm;
    struct s7_szl_protection protection;
    struct s7_szl_mode mode;
    struct s7_szl_diag diag;

    switch (szl->id & 0xFF) {
    case S7_SZL_MODULE & 0xFF:
        return s7_szl_module_decode(record, &module) && record.left == 28;
    case S7_SZL_COMPONENT & 0xFF:
        return s7_szl_component_decode(record, &component) && record.left == 34;
    case S7_SZL_LEDS & 0xFF:
    case S7_SZL_LEDS_ALL & 0xFF:
        return s7_szl_led_decode(record, &led) && record.left == 4;
    case S7_SZL_COMM & 0xFF:
        return szl->index != 1 || (s7_szl_comm_decode(record, &comm) && comm.pdu_len >= 240);
    case S7_SZL_PROTECTION & 0xFF:
        return szl->index != 4 ||
               (s7_szl_protection_decode(record, &protection) && protection.valid_level <= 3);
    case S7_SZL_MODE & 0xFF:
        return s7_szl_mode_decode(record, &mode) && mode.since.year != 0;
    case S7_SZL_DIAG & 0xFF:
        return s7_szl_diag_decode(record, &diag) && diag.time.year != 0;
    default:
        return true;
    }
}

static void check_szl(struct check *check, const struct s7_userdata *answer)
{
    struct s7_szl szl;
    struct s7_rd record;
    size_t n = 0;

    if (s7_szl_decode(answer->payload, answer->payload_len, &szl) != S7_OK) {
        check_fail(check, "a status list does not decode");
        return;
    }
    if (szl.records.left > 0)
        check_expect(check, "data_userdata_szl_id", szl.id);
    for (; s7_szl_record(&szl, n, &record); n++)
        if (check_is_hw(check) && !record_decodes(&szl, record))
            check_fail(check, "record %zu of SZL %04X/%04X does not decode", n, szl.id, szl.index);
    if (check_is_hw(check) && n * szl.record_len != szl.records.left)
        check_fail(check, "SZL %04X/%04X has %zu records of %u bytes in %zu", szl.id, szl.index, n,
                   szl.record_len, szl.records.left);
}

/* ---- blocks ---- */

static void check_counts(struct check *check, const struct s7_userdata *answer)
{
    struct s7_rd rd = {answer->payload, answer->payload_len};
    unsigned n = 0;
    uint8_t type;
    uint16_t count;

    while (rd.left > 0 && s7_block_count_decode(&rd, &type, &count))
        n++;
    if (rd.left > 0 || n != 7)
        check_fail(check, "%u counts of blocks, then %zu bytes", n, rd.left);
}

static void check_listed(struct check *check, const struct s7_userdata *answer)
{
    if (answer->payload_len % S7_BLOCK_ENTRY_LEN != 0)
        check_fail(check, "a list of blocks of %zu bytes", answer->payload_len);
}

static void check_details(struct check *check, const struct s7_userdata *answer)
{
    struct s7_block_details details;

    if (!s7_block_details_decode(answer->payload, answer->payload_len, &details)) {
        check_fail(check, "the details of a block do not decode");
        return;
    }
    size_t whole = (size_t)72 + details.mc7_len + details.ssb_len + details.add_len;
    bool loaded = details.load_len > 0 && details.mc7_len > 0;
    if (check_is_hw(check) && loaded && details.load_len != whole)
        check_fail(check, "load length %u, its parts are %zu", details.load_len, whole);
    if (check_is_hw(check) && details.code_time.year == 0)
        check_fail(check, "the time of a block does not decode");
}

/* ---- clock and password ---- */

/* Encoded again, its time is the same; centuries and weekdays differ from writer to writer. */
static void check_clock(struct check *check, const struct s7_userdata *userdata)
{
    uint8_t buf[S7_CLOCK_LEN];
    struct s7_wr wr = {buf, sizeof buf, 0, false};
    s7_datetime datetime;

    if (s7_clock_decode(userdata->payload, userdata->payload_len, &datetime) != S7_OK) {
        check_fail(check, "a clock does not decode");
        return;
    }
    s7_clock_encode(&wr, &datetime);
    if (wr.len != S7_CLOCK_LEN || memcmp(buf + 2, userdata->payload + 2, 7) != 0)
        check_fail(check, "a clock encoded again is another");
    bool of_cpu = check_is_hw(check) && userdata->type == S7_USERDATA_ANSWER;
    if (of_cpu && memcmp(buf, userdata->payload, sizeof buf) != 0)
        check_fail(check, "a CPU's clock encoded again has another century or weekday");
}

static void check_password(struct check *check, const struct s7_userdata *request)
{
    char password[S7_PASSWORD_LEN];
    uint8_t again[S7_PASSWORD_LEN];

    if (request->payload_len != S7_PASSWORD_LEN) {
        check_fail(check, "a password of %zu bytes", request->payload_len);
        return;
    }
    s7_password_unscramble(request->payload, password);
    if (!s7_password_scramble(password, sizeof password, again) ||
        memcmp(again, request->payload, sizeof again) != 0)
        check_fail(check, "a password scrambled again is another");
}

/* ---- userdata ---- */

static const struct content {
    uint8_t type, group, subfunction;
    void (*check)(struct check *check, const struct s7_userdata *userdata);
} contents[] = {
    {S7_USERDATA_ANSWER, S7_GROUP_CPU, S7_CPU_READ_SZL, check_szl},
    {S7_USERDATA_ANSWER, S7_GROUP_BLOCKS, S7_BLOCKS_COUNT, check_counts},
    {S7_USERDATA_ANSWER, S7_GROUP_BLOCKS, S7_BLOCKS_OF_TYPE, check_listed},
    {S7_USERDATA_ANSWER, S7_GROUP_BLOCKS, S7_BLOCKS_INFO, check_details},
    {S7_USERDATA_ANSWER, S7_GROUP_CLOCK, S7_CLOCK_READ, check_clock},
    {S7_USERDATA_REQUEST, S7_GROUP_CLOCK, S7_CLOCK_SET, check_clock},
    {S7_USERDATA_REQUEST, S7_GROUP_SECURITY, S7_SECURITY_PASSWORD, check_password},
    {S7_USERDATA_PUSH, S7_GROUP_CPU, S7_CPU_DIAG_PUSH, check_diag_push},
    {S7_USERDATA_REQUEST, S7_GROUP_CPU, S7_CPU_MESSAGES, check_messages},
    {S7_USERDATA_ANSWER, S7_GROUP_CPU, S7_CPU_MESSAGES, check_messages_answer},
    {S7_USERDATA_ANSWER, S7_GROUP_CPU, S7_CPU_ALARM_QUERY, check_alarms},
};

/* What the payload says, where it is whole and there. */
static void check_content(struct check *check, const struct s7_userdata *userdata)
{
    if (userdata->error != 0 || userdata->code != S7_ITEM_OK || userdata->unit_ref != 0)
        return;
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        const struct content *content = &contents[i];

        if (content->type == userdata->type && content->group == userdata->group &&
            content->subfunction == userdata->subfunction)
            content->check(check, userdata);
    }
}

static void expect_userdata(struct check *check, const struct s7_userdata *userdata)
{
    check_expect(check, "param_userdata_type", userdata->type);
    check_expect(check, "param_userdata_funcgroup", userdata->group);
    check_expect(check, "param_userdata_subfunc", userdata->subfunction);
    check_expect(check, "param_userdata_seq_num", userdata->sequence);
    if (userdata->is_long) {
        check_expect(check, "param_userdata_dataunitref", userdata->unit_ref);
        check_expect(check, "param_userdata_lastdataunit", userdata->last_unit);
        check_expect(check, "param_errcod", userdata->error);
    }
    if (userdata->has_data) {
        check_expect_first(check, "data_returncode", userdata->code);
        check_expect_first(check, "data_transportsize", userdata->size);
        check_expect_first(check, "data_length", userdata->payload_len);
    }
}

void check_userdata(struct check *check, const struct s7_pdu *pdu, struct s7_wr *again)
{
    struct s7_userdata userdata;

    if (s7_userdata_decode(pdu, &userdata) != S7_OK) {
        check_mode_push(check, pdu, again); /* which has a form of its own */
        return;
    }
    snprintf(check->kind, sizeof check->kind, "userdata %X%X/%02X", userdata.type, userdata.group,
             userdata.subfunction);
    expect_userdata(check, &userdata);
    check_content(check, &userdata);
    size_t header = userdata.has_data ? S7_USERDATA_DATA_HEADER : 0;
    if (pdu->data_len != header + userdata.payload_len) {
        if (check_is_hw(check))
            check_fail(check, "bytes are left behind the payload of userdata");
        return; /* Snap7's server leaves old bytes there */
    }
    s7_userdata_encode(again, pdu->ref, &userdata);
    check->modelled = true;
}

/* ---- jobs ---- */

static void check_upload_start(struct check *check, const struct s7_pdu *pdu)
{
    uint32_t id, len;

    if (s7_upload_start_decode(pdu, &id, &len) != S7_OK || id == 0 || (check_is_hw(check) && len == 0))
        check_fail(check, "the start of an upload does not decode");
}

/* A whole block in one piece begins with its length. */
static void check_upload_piece(struct check *check, const struct s7_pdu *pdu)
{
    struct s7_rd piece, rd;
    const uint8_t *skipped;
    uint32_t len;
    bool last;

    if (s7_upload_decode(pdu, &piece, &last) != S7_OK) {
        check_fail(check, "a piece of a block does not decode");
        return;
    }
    rd = piece;
    if (last && s7_rd_view(&rd, 8, &skipped) && skipped[0] == 0x70 && s7_rd_be(&rd, 4, &len) &&
        len != piece.left)
        check_fail(check, "a block of %zu bytes says it has %u", piece.left, len);
}

/* "1D 00 .. 09 _ 0 type number A": type and number are asked for again. */
static void upload_again(const struct s7_pdu *pdu, struct s7_wr *again)
{
    char number[6] = "";

    if (pdu->param_len != 18)
        return;
    memcpy(number, pdu->param + 12, 5);
    s7_upload_start_append(again, pdu->param[11], (uint16_t)strtoul(number, NULL, 10));
}

/* The decimal digits at `at` of the parameters. */
static uint32_t digits(const struct s7_pdu *pdu, size_t at, size_t n)
{
    char text[8] = "";

    memcpy(text, pdu->param + at, n);
    return (uint32_t)strtoul(text, NULL, 10);
}

/* "1A .. 09 _ 0 type number P 0D 1 load length MC7 length" */
static void download_again(const struct s7_pdu *pdu, struct s7_wr *again)
{
    if (pdu->param_len == 32)
        s7_download_start_append(again, pdu->param[11], (uint16_t)digits(pdu, 12, 5), digits(pdu, 20, 6),
                                 (uint16_t)digits(pdu, 26, 6));
}

/* "28 .. 01 00 0 type number P 05 _INSE": of one block. */
static void block_control_again(const struct s7_pdu *pdu, struct s7_wr *again)
{
    bool insert = pdu->param_len == 26 && memcmp(pdu->param + 21, "_INSE", 5) == 0;

    if (insert || (pdu->param_len == 26 && memcmp(pdu->param + 21, "_DELE", 5) == 0))
        s7_block_control_append(again, insert ? S7_BLOCK_INSERT : S7_BLOCK_DELETE, pdu->param[13],
                                (uint16_t)digits(pdu, 14, 5));
}

static void check_download_job(struct check *check, const struct s7_pdu *pdu)
{
    struct s7_download_job job;

    if (s7_download_decode(pdu, &job) != S7_OK || job.error != 0)
        check_fail(check, "a CPU's job of a download does not decode");
}

/* A piece of a block, or the end of it. */
static void download_answer_again(struct check *check, const struct s7_pdu *pdu, struct s7_wr *again)
{
    size_t begin = s7_pdu_begin(again, pdu->rosctr, pdu->ref, 0);

    s7_download_answer_append(again, pdu->param[0], pdu->param_len > 1 && pdu->param[1] != 0);
    s7_pdu_param_end(again, begin);
    if (pdu->data_len >= 4) {
        s7_download_piece_head_append(again, (uint16_t)(pdu->data_len - 4));
        s7_wr_bytes(again, pdu->data + 4, pdu->data_len - 4);
    }
    s7_pdu_end(again, begin);
    check->modelled = true;
}

static void job_again(struct check *check, const struct s7_pdu *pdu, struct s7_wr *again)
{
    enum s7_control control = S7_CONTROL_OTHER;
    struct s7_rd rd = {pdu->param, pdu->param_len};
    uint32_t head, id = 0;

    switch (pdu->param[0]) {
    case S7_FN_UPLOAD_START:
        upload_again(pdu, again);
        return;
    case S7_FN_DOWNLOAD_START:
        download_again(pdu, again);
        return;
    case S7_FN_DOWNLOAD:
    case S7_FN_DOWNLOAD_END:
        check_download_job(check, pdu);
        return;
    case S7_FN_UPLOAD:
    case S7_FN_UPLOAD_END:
        if (s7_rd_be(&rd, 4, &head) && s7_rd_be(&rd, 4, &id))
            (pdu->param[0] == S7_FN_UPLOAD ? s7_upload_append : s7_upload_end_append)(again, id);
        return;
    default:
        if (s7_control_decode(pdu, &control) != S7_OK)
            check_fail(check, "a control job does not decode");
        s7_control_append(again, control);
        if (control == S7_CONTROL_OTHER)
            block_control_again(pdu, again);
    }
}

void check_service_job(struct check *check, const struct s7_pdu *pdu, struct s7_wr *again)
{
    uint8_t function = pdu->param[0];

    if (pdu->rosctr == S7_ROSCTR_JOB) {
        size_t begin = s7_pdu_begin(again, pdu->rosctr, pdu->ref, 0);
        job_again(check, pdu, again);
        s7_pdu_param_end(again, begin);
        s7_pdu_end(again, begin);
        check->modelled = again->len > begin + S7_PDU_HEADER_LEN;
    } else if (function >= S7_FN_DOWNLOAD_START && function <= S7_FN_DOWNLOAD_END && pdu->error == 0) {
        download_answer_again(check, pdu, again);
    } else if (function == S7_FN_UPLOAD_START && pdu->error == 0) {
        check_upload_start(check, pdu);
    } else if (function == S7_FN_UPLOAD && pdu->error == 0) {
        check_upload_piece(check, pdu);
    }
}
