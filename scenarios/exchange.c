#include "scenarios/exchange.h"

#include "protocol/cotp.h"
#include "protocol/errors.h"
#include "protocol/var.h"

#include <stdio.h>
#include <string.h>

#define HEX_MAX 48 /* bytes of a frame that are shown */

void sc_exchange_note(struct sc_exchange *exchange, const struct sim_tap *tap, int64_t at_ns)
{
    struct sc_frame *frame = tap->from_client ? &exchange->request : &exchange->answer;

    if (tap->from_client)
        exchange->answer.len = 0;
    snprintf(frame->plc, sizeof frame->plc, "%s", tap->plc);
    snprintf(frame->fault, sizeof frame->fault, "%s", tap->fault != NULL ? tap->fault : "");
    frame->conn = tap->conn;
    frame->at_ns = at_ns;
    frame->len = tap->len;
    memcpy(frame->head, tap->frame, tap->len < sizeof frame->head ? tap->len : sizeof frame->head);
}

/* ---- in words ---- */

static void tell_item(const struct s7_var_item *item, struct sc_text *out)
{
    const struct s7_size_info *size = s7_size_find(item->size);

    if (item->syntax_id != S7_SYNTAX_S7ANY) {
        sc_text_add(out, ", syntax %02X", item->syntax_id);
        return;
    }
    bool number = item->area == S7_AREA_T || item->area == S7_AREA_C;
    sc_text_add(out, ", %s", s7_area_name((s7_area)item->area));
    if (item->area == S7_AREA_DB || item->area == S7_AREA_DI)
        sc_text_add(out, "%u", item->db);
    if (number)
        sc_text_add(out, "%u", item->bit_addr);
    else
        sc_text_add(out, " byte %u", item->bit_addr / 8);
    if (item->size == S7_SIZE_BIT)
        sc_text_add(out, " bit %u", item->bit_addr % 8);
    sc_text_add(out, " (%u %s)", item->count, size != NULL ? size->name : "of an unknown size");
}

static void tell_items(const struct s7_pdu *pdu, struct sc_text *out)
{
    struct s7_item_walk walk;
    struct s7_var_item item;
    bool more;

    if (s7_item_walk_begin(pdu, &walk) != S7_OK)
        return;
    while (s7_item_walk_next(&walk, &item, &more) == S7_OK && more)
        tell_item(&item, out);
}

static void tell_codes(const struct s7_pdu *pdu, struct sc_text *out)
{
    struct s7_data_walk walk;
    struct s7_data_unit unit;
    unsigned count = pdu->param_len > 1 ? pdu->param[1] : 0;

    if (pdu->param[0] == S7_FN_WRITE_VAR) { /* one byte per item */
        for (size_t i = 0; i < pdu->data_len; i++)
            sc_text_add(out, " %02X", pdu->data[i]);
        return;
    }
    s7_data_walk_begin(pdu, true, &walk);
    for (unsigned i = 0; i < count && s7_data_walk_next(&walk, i + 1 == count, &unit) == S7_OK; i++)
        sc_text_add(out, ", %02X with %zu bytes", unit.code, unit.payload_len);
}

static const char *function_name(const struct s7_pdu *pdu)
{
    if (pdu->rosctr == S7_ROSCTR_USERDATA)
        return "userdata";
    if (pdu->param_len == 0)
        return "no function";
    switch (pdu->param[0]) {
    case S7_FN_SETUP:
        return "setup";
    case S7_FN_READ_VAR:
        return "read";
    case S7_FN_WRITE_VAR:
        return "write";
    default:
        return "another function";
    }
}

static void tell_pdu(const struct s7_pdu *pdu, struct sc_text *out)
{
    sc_text_add(out, "%s %s, reference %u", function_name(pdu),
                pdu->rosctr == S7_ROSCTR_JOB || pdu->rosctr == S7_ROSCTR_USERDATA ? "job" : "answer",
                pdu->ref);
    if (pdu->error != 0)
        sc_text_add(out, ", error %04X", pdu->error);
    if (pdu->rosctr == S7_ROSCTR_JOB)
        tell_items(pdu, out);
    else if (pdu->rosctr == S7_ROSCTR_ACK_DATA && pdu->param_len > 0 && pdu->param[0] != S7_FN_SETUP)
        tell_codes(pdu, out);
}

static void tell_tpdu(const struct sc_frame *frame, struct sc_text *out)
{
    struct s7_cotp tpdu;
    struct s7_pdu pdu;

    if (frame->len > sizeof frame->head || s7_cotp_decode(frame->head, frame->len, &tpdu) != S7_OK) {
        sc_text_add(out, "no whole frame");
        return;
    }
    if (tpdu.code == S7_COTP_CR)
        sc_text_add(out, "connection request");
    else if (tpdu.code == S7_COTP_CC)
        sc_text_add(out, "connection confirm");
    else if (tpdu.code == S7_COTP_DR)
        sc_text_add(out, "disconnect request, reason %u", tpdu.reason);
    else if (tpdu.code == S7_COTP_DT && tpdu.eot && s7_pdu_decode(tpdu.data, tpdu.data_len, &pdu) == S7_OK)
        tell_pdu(&pdu, out);
    else
        sc_text_add(out, "TPDU %02X", tpdu.code);
}

static void tell_bytes(const struct sc_frame *frame, struct sc_text *out)
{
    size_t shown = frame->len < HEX_MAX ? frame->len : HEX_MAX;

    sc_text_add(out, "    ");
    for (size_t i = 0; i < shown; i++)
        sc_text_add(out, "%02X%s", frame->head[i], i % 4 == 3 && i + 1 < shown ? " " : "");
    sc_text_add(out, "%s (%zu bytes)\n", shown < frame->len ? " ..." : "", frame->len);
}

static void tell_frame(const struct sc_frame *frame, const char *arrow, struct sc_text *out)
{
    sc_text_add(out, "  %s %.6f s  %s connection %u  ", arrow, (double)frame->at_ns / 1e9, frame->plc,
                frame->conn);
    tell_tpdu(frame, out);
    if (frame->fault[0] != '\0')
        sc_text_add(out, "  [%s]", frame->fault);
    sc_text_add(out, "\n");
    tell_bytes(frame, out);
}

void sc_exchange_tell(const struct sc_exchange *exchange, struct sc_text *out)
{
    if (exchange->request.len == 0) {
        sc_text_add(out, "last on the wire: nothing, no frame reached a PLC\n");
        return;
    }
    sc_text_add(out, "last on the wire:\n");
    tell_frame(&exchange->request, "->", out);
    if (exchange->answer.len > 0)
        tell_frame(&exchange->answer, "<-", out);
    else
        sc_text_add(out, "  <- no answer\n");
}
