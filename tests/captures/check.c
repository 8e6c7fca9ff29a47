#include "check_impl.h"

#include "protocol/blocks.h"
#include "protocol/control.h"
#include "protocol/cotp.h"
#include "protocol/tpkt.h"
#include "protocol/var.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX 256

/* ---- what was wrong ---- */

void check_fail(struct check *check, const char *format, ...)
{
    va_list args;

    if (check->failed)
        return;
    check->failed = true;
    va_start(args, format);
    vsnprintf(check->why, sizeof check->why, format, args);
    va_end(args);
}

bool check_is_hw(const struct check *check)
{
    return strcmp(table_cell(check->row, "class"), "hw") == 0;
}

/* Numbers of one column, in the order in which the frame has them. */
struct list {
    unsigned long numbers[LIST_MAX];
    unsigned n;
};

static void add(struct list *list, unsigned long number)
{
    if (list->n < LIST_MAX)
        list->numbers[list->n++] = number;
}

/* "1,0x1d,3" */
static struct list parse_list(const char *text)
{
    struct list list = {.n = 0};

    while (*text != '\0') {
        char *end;

        add(&list, strtoul(text, &end, 0));
        text = *end == ',' ? end + 1 : "";
    }
    return list;
}

static void expect_list(struct check *check, const char *column, const struct list *got)
{
    const char *cell = table_cell(check->row, column);
    struct list want = parse_list(cell);

    if (want.n != got->n) {
        check_fail(check, "%s: %u values, expected \"%.80s\"", column, got->n, cell);
        return;
    }
    for (unsigned i = 0; i < want.n; i++)
        if (want.numbers[i] != got->numbers[i])
            check_fail(check, "%s: value %u is %lu, expected %lu", column, i, got->numbers[i],
                       want.numbers[i]);
}

void check_expect(struct check *check, const char *column, unsigned long got)
{
    struct list list = {.numbers = {got}, .n = 1};

    expect_list(check, column, &list);
}

void check_expect_first(struct check *check, const char *column, unsigned long got)
{
    struct list want = parse_list(table_cell(check->row, column));

    if (want.n == 0 || want.numbers[0] != got)
        check_fail(check, "%s: %lu, expected \"%.80s\"", column, got, table_cell(check->row, column));
}

static void expect_frame(struct check *check, const struct s7_wr *wr)
{
    if (wr->full || wr->len != check->len) {
        check_fail(check, "encoded again it has %zu bytes, expected %zu", wr->len, check->len);
        return;
    }
    for (size_t i = 0; i < wr->len; i++)
        if (wr->buf[i] != check->frame[i])
            check_fail(check, "encoded again byte %zu is %02X, expected %02X", i, wr->buf[i],
                       check->frame[i]);
}

/* ---- COTP ---- */

static void expect_tsap(struct check *check, const char *column, const struct s7_cotp *tpdu, uint8_t code)
{
    const struct s7_cotp_param *param = s7_cotp_find(tpdu, code);
    char hex[2 * S7_COTP_TSAP_CAP + 1] = "";

    for (unsigned i = 0; param != NULL && i < param->len && i < S7_COTP_TSAP_CAP; i++)
        snprintf(hex + 2 * (size_t)i, 3, "%02x", param->value[i]);
    if (strcmp(hex, table_cell(check->row, column)) != 0)
        check_fail(check, "%s: %s, expected %s", column, hex, table_cell(check->row, column));
}

static void check_connect(struct check *check, const struct s7_cotp *tpdu)
{
    const struct s7_cotp_param *size = s7_cotp_find(tpdu, S7_COTP_PARAM_TPDU_SIZE);

    expect_tsap(check, "cotp_src-tsap-bytes", tpdu, S7_COTP_PARAM_CALLING_TSAP);
    expect_tsap(check, "cotp_dst-tsap-bytes", tpdu, S7_COTP_PARAM_CALLED_TSAP);
    if (size != NULL && size->len == 1)
        check_expect(check, "cotp_tpdu_size", s7_cotp_tpdu_bytes(size->value[0]));
}

static const char *tpdu_name(uint8_t code)
{
    switch (code) {
    case S7_COTP_CR:
        return "CR";
    case S7_COTP_CC:
        return "CC";
    case S7_COTP_DR:
        return "DR";
    case S7_COTP_DC:
        return "DC";
    case S7_COTP_DT:
        return "DT empty";
    case S7_COTP_ER:
        return "ER";
    default:
        return "TPDU unknown";
    }
}

/* The frame that carries pdu as the frame under test carries its own. */
static void encode_around(struct s7_wr *wr, const struct s7_cotp *tpdu, const struct s7_wr *pdu)
{
    struct s7_cotp carrier = *tpdu;

    carrier.data = pdu->buf;
    carrier.data_len = pdu->len;
    wr->full = pdu->full;
    s7_cotp_encode(wr, &carrier);
}

/* ---- setup ---- */

static void check_setup(struct check *check, const struct s7_pdu *pdu, struct s7_wr *again)
{
    struct s7_setup setup;

    if (s7_setup_decode(pdu, &setup) != S7_OK) {
        check_fail(check, "setup communication does not decode");
        return;
    }
    check_expect(check, "param_maxamq_calling", setup.amq_calling);
    check_expect(check, "param_maxamq_called", setup.amq_called);
    check_expect(check, "param_pdu_length", setup.pdu_len);
    s7_setup_encode(again, pdu->rosctr, pdu->ref, &setup);
    check->modelled = true;
}

/* ---- Read Var and Write Var ---- */

struct items {
    struct s7_var_item list[LIST_MAX];
    unsigned n;
};

static void walk_items(struct check *check, const struct s7_pdu *pdu, struct items *items)
{
    struct s7_item_walk walk;
    bool more = true;
    s7_status status = s7_item_walk_begin(pdu, &walk);

    while (status == S7_OK && more && items->n < LIST_MAX) {
        status = s7_item_walk_next(&walk, &items->list[items->n], &more);
        items->n += status == S7_OK && more;
    }
    if (status != S7_OK)
        check_fail(check, "item %u does not decode", items->n);
}

static void expect_items(struct check *check, const struct items *items)
{
    struct list syntax = {.n = 0}, size = syntax, count = syntax, db = syntax, area = syntax, byte = syntax,
                bit = syntax, number = syntax;

    for (unsigned i = 0; i < items->n; i++) {
        const struct s7_var_item *item = &items->list[i];

        add(&syntax, item->syntax_id);
        add(&size, item->size);
        add(&count, item->count);
        add(&db, item->db);
        add(&area, item->area);
        if (item->area == S7_AREA_T || item->area == S7_AREA_C) {
            add(&number, item->bit_addr);
            continue;
        }
        add(&byte, item->bit_addr / 8);
        add(&bit, item->bit_addr % 8);
    }
    check_expect(check, "param_itemcount", items->n);
    expect_list(check, "param_item_syntaxid", &syntax);
    expect_list(check, "param_item_transp_size", &size);
    expect_list(check, "param_item_length", &count);
    expect_list(check, "param_item_db", &db);
    expect_list(check, "param_item_area", &area);
    expect_list(check, "param_item_address_byte", &byte);
    expect_list(check, "param_item_address_bit", &bit);
    expect_list(check, "param_item_address_number", &number);
}

struct units {
    struct s7_data_unit list[LIST_MAX];
    unsigned n;
    size_t left; /* bytes behind the last unit */
};

static void walk_units(struct check *check, const struct s7_pdu *pdu, unsigned n, struct units *units)
{
    struct s7_data_walk walk;

    s7_data_walk_begin(pdu, pdu->rosctr == S7_ROSCTR_ACK_DATA, &walk);
    for (; units->n < n && units->n < LIST_MAX; units->n++)
        if (s7_data_walk_next(&walk, units->n + 1 == n, &units->list[units->n]) != S7_OK) {
            check_fail(check, "data unit %u of %u does not decode", units->n, n);
            return;
        }
    units->left = s7_data_walk_left(&walk);
    size_t fill = n > 0 ? units->list[n - 1].payload_len % 2 : 0;
    if (units->left > fill)
        check_fail(check, "%zu bytes are left behind the last data unit", units->left);
}

/* The dissector prints lengths in bytes. For a failed item it prints size and length of the item before it,
 * or nothing that the frame has: those are not compared. */
static void expect_units(struct check *check, const struct s7_pdu *pdu, const struct units *units)
{
    struct list want_size = parse_list(table_cell(check->row, "data_transportsize"));
    struct list want_length = parse_list(table_cell(check->row, "data_length"));
    struct list code = {.n = 0}, size = code, length = code;

    for (unsigned i = 0; i < units->n; i++) {
        const struct s7_data_unit *unit = &units->list[i];
        bool failed = pdu->rosctr == S7_ROSCTR_ACK_DATA && unit->code != S7_ITEM_OK;

        add(&code, unit->code);
        add(&size, failed && i < want_size.n ? want_size.numbers[i] : unit->size);
        add(&length, failed && i < want_length.n ? want_length.numbers[i] : unit->payload_len);
        if (failed && check_is_hw(check) && (unit->size != 0 || unit->length != 0))
            check_fail(check, "a CPU gives size %u and length %u to a failed item", unit->size, unit->length);
    }
    expect_list(check, "data_returncode", &code);
    expect_list(check, "data_transportsize", &size);
    expect_list(check, "data_length", &length);
}

/* Snap7, client and server, does not clear its buffer: its fill bytes hold what was there before. Those of
 * CPUs are 00. */
static void keep_dirty_fill(struct check *check, struct s7_wr *wr, const struct s7_data_unit *unit)
{
    uint8_t fill = unit->payload[unit->payload_len];

    if (wr->full || fill == 0 || check_is_hw(check))
        return;
    wr->buf[wr->len - 1] = fill;
    check->dirty_fills++;
}

static void append_units(struct check *check, struct s7_wr *wr, const struct units *units)
{
    for (unsigned i = 0; i < units->n; i++) {
        const struct s7_data_unit *unit = &units->list[i];
        bool last = i + 1 == units->n;

        s7_data_append(wr, unit, last);
        if (!last && unit->payload_len % 2 != 0)
            keep_dirty_fill(check, wr, unit);
    }
    if (units->left > 0)
        s7_data_fill(wr, units->left);
}

static void check_var_job(struct check *check, const struct s7_pdu *pdu, struct s7_wr *again)
{
    struct items items = {.n = 0};
    struct units units = {.n = 0};
    bool write = pdu->param[0] == S7_FN_WRITE_VAR;

    walk_items(check, pdu, &items);
    walk_units(check, pdu, write ? items.n : 0, &units);
    if (check->failed)
        return;
    expect_items(check, &items);
    expect_units(check, pdu, &units);

    size_t begin = s7_pdu_begin(again, pdu->rosctr, pdu->ref, 0);
    s7_wr_be(again, 1, pdu->param[0]);
    s7_wr_be(again, 1, items.n);
    for (unsigned i = 0; i < items.n; i++)
        s7_item_append(again, &items.list[i], i + 1 == items.n);
    s7_pdu_param_end(again, begin);
    append_units(check, again, &units);
    s7_pdu_end(again, begin);
    check->modelled = true;
}

static void check_read_answer(struct check *check, const struct s7_pdu *pdu, struct s7_wr *again)
{
    struct units units = {.n = 0};

    walk_units(check, pdu, pdu->param[1], &units);
    if (check->failed)
        return;
    expect_units(check, pdu, &units);
    append_units(check, again, &units);
}

static void check_write_answer(struct check *check, const struct s7_pdu *pdu, struct s7_wr *again)
{
    struct list code = {.n = 0};

    if (pdu->data_len != pdu->param[1])
        check_fail(check, "%zu return codes for %u items", pdu->data_len, pdu->param[1]);
    for (size_t i = 0; i < pdu->data_len; i++) {
        add(&code, pdu->data[i]);
        s7_wr_be(again, 1, pdu->data[i]);
    }
    expect_list(check, "data_returncode", &code);
}

static void check_var_answer(struct check *check, const struct s7_pdu *pdu, struct s7_wr *again)
{
    if (pdu->param_len != 2) {
        check_fail(check, "%zu parameter bytes in an answer", pdu->param_len);
        return;
    }
    check_expect(check, "param_itemcount", pdu->param[1]);
    size_t begin = s7_pdu_begin(again, pdu->rosctr, pdu->ref, pdu->error);
    s7_wr_be(again, 1, pdu->param[0]);
    s7_wr_be(again, 1, pdu->param[1]);
    s7_pdu_param_end(again, begin);
    if (pdu->param[0] == S7_FN_READ_VAR)
        check_read_answer(check, pdu, again);
    else
        check_write_answer(check, pdu, again);
    s7_pdu_end(again, begin);
    check->modelled = true;
}

/* ---- PDUs ---- */

static void expect_header(struct check *check, const struct s7_pdu *pdu)
{
    check_expect(check, "header_rosctr", pdu->rosctr);
    check_expect(check, "header_pduref", pdu->ref);
    check_expect(check, "header_parlg", pdu->param_len);
    check_expect(check, "header_datlg", pdu->data_len);
    if (pdu->rosctr == S7_ROSCTR_ACK || pdu->rosctr == S7_ROSCTR_ACK_DATA) {
        check_expect(check, "header_errcls", pdu->error >> 8);
        check_expect(check, "header_errcod", pdu->error & 0xFF);
    }
    if (pdu->rosctr != S7_ROSCTR_USERDATA && pdu->param_len > 0)
        check_expect(check, "param_func", pdu->param[0]);
}

static void name_pdu(struct check *check, const struct s7_pdu *pdu)
{
    const char *rosctr = pdu->rosctr == S7_ROSCTR_JOB   ? "job"
                         : pdu->rosctr == S7_ROSCTR_ACK ? "ack"
                                                        : "ack_data";

    if (pdu->rosctr == S7_ROSCTR_USERDATA)
        snprintf(check->kind, sizeof check->kind, "userdata");
    else if (pdu->param_len == 0)
        snprintf(check->kind, sizeof check->kind, "%s bare", rosctr);
    else
        snprintf(check->kind, sizeof check->kind, "%s %02X", rosctr, pdu->param[0]);
}

static bool is_service(uint8_t function)
{
    return function == S7_FN_PI_SERVICE || function == S7_FN_PLC_STOP ||
           (function >= S7_FN_DOWNLOAD_START && function <= S7_FN_UPLOAD_END);
}

/* The PDU from its fields where we model it; nothing is appended where we do not. */
static void check_function(struct check *check, const struct s7_pdu *pdu, struct s7_wr *again)
{
    if (pdu->rosctr == S7_ROSCTR_USERDATA) {
        check_userdata(check, pdu, again);
        return;
    }
    if (pdu->rosctr == S7_ROSCTR_ACK && pdu->param_len == 0) {
        s7_refusal_encode(again, pdu->ref, pdu->error);
        check->modelled = true;
        return;
    }
    if (pdu->param_len == 0)
        return;
    if (pdu->param[0] == S7_FN_SETUP)
        check_setup(check, pdu, again);
    else if (pdu->param[0] == S7_FN_READ_VAR || pdu->param[0] == S7_FN_WRITE_VAR) {
        if (pdu->rosctr == S7_ROSCTR_JOB)
            check_var_job(check, pdu, again);
        else
            check_var_answer(check, pdu, again);
    } else if (is_service(pdu->param[0])) {
        check_service_job(check, pdu, again);
    }
}

static void check_pdu(struct check *check, const struct s7_cotp *tpdu)
{
    uint8_t pdu_bytes[FRAME_CAP], frame[FRAME_CAP];
    struct s7_wr pdu_wr = {pdu_bytes, sizeof pdu_bytes, 0, false}, wr = {frame, sizeof frame, 0, false};
    struct s7_pdu pdu;

    if (s7_pdu_decode(tpdu->data, tpdu->data_len, &pdu) != S7_OK) {
        check_fail(check, "the S7 header does not decode");
        return;
    }
    name_pdu(check, &pdu);
    expect_header(check, &pdu);
    s7_pdu_encode(&pdu_wr, &pdu);
    encode_around(&wr, tpdu, &pdu_wr);
    expect_frame(check, &wr);

    pdu_wr = (struct s7_wr){pdu_bytes, sizeof pdu_bytes, 0, false};
    check_function(check, &pdu, &pdu_wr);
    if (!check->modelled)
        return;
    wr = (struct s7_wr){frame, sizeof frame, 0, false};
    encode_around(&wr, tpdu, &pdu_wr);
    expect_frame(check, &wr);
}

/* ---- frames ---- */

static void check_tpdu(struct check *check, const struct s7_cotp *tpdu)
{
    uint8_t frame[FRAME_CAP];
    struct s7_wr wr = {frame, sizeof frame, 0, false};

    check_expect(check, "cotp_type", tpdu->code >> 4);
    if (tpdu->code == S7_COTP_DT && tpdu->data_len > 0) {
        check_pdu(check, tpdu);
        return;
    }
    snprintf(check->kind, sizeof check->kind, "%s", tpdu_name(tpdu->code));
    if (tpdu->code == S7_COTP_CR || tpdu->code == S7_COTP_CC)
        check_connect(check, tpdu);
    s7_cotp_encode(&wr, tpdu);
    expect_frame(check, &wr);
    check->modelled = true;
}

static void read_hex(struct check *check)
{
    const char *hex = table_cell(check->row, "hex");
    unsigned byte;

    for (; hex[0] != '\0' && check->len < FRAME_CAP; hex += 2) {
        if (sscanf(hex, "%2x", &byte) != 1 || hex[1] == '\0') {
            check_fail(check, "the hex text is damaged at \"%.8s\"", hex);
            return;
        }
        check->frame[check->len++] = (uint8_t)byte;
    }
}

void check_frame(struct check *check, const struct table *row)
{
    struct s7_cotp tpdu;
    size_t frame_len;

    *check = (struct check){.row = row, .kind = "no frame"};
    read_hex(check);
    if (s7_tpkt_peek(check->frame, check->len, FRAME_CAP, &frame_len) != S7_OK || frame_len != check->len)
        check_fail(check, "%zu bytes are not one TPKT frame", check->len);
    else if (s7_cotp_decode(check->frame, check->len, &tpdu) != S7_OK)
        check_fail(check, "the TPDU does not decode");
    else
        check_tpdu(check, &tpdu);
    check->modelled = check->modelled && !check->failed;
}
