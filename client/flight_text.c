/* A frame in one line. Its end may not be kept, so what is read here is only what is there. */
#include "client/flight.h"

#include "protocol/blocks.h"
#include "protocol/control.h"
#include "protocol/cotp.h"
#include "protocol/errors.h"
#include "protocol/tpkt.h"
#include "protocol/var.h"

#include <stdarg.h>
#include <stdio.h>

struct line {
    char *text;
    size_t len;
};

static void __attribute__((format(printf, 2, 3))) say(struct line *line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(line->text + line->len, S7_FLIGHT_TEXT_CAP - line->len, format, args);
    va_end(args);
    if (n > 0)
        line->len += (size_t)n;
    if (line->len >= S7_FLIGHT_TEXT_CAP)
        line->len = S7_FLIGHT_TEXT_CAP - 1;
}

static const char *function_name(uint8_t function)
{
    switch (function) {
    case S7_FN_READ_VAR:
        return "read";
    case S7_FN_WRITE_VAR:
        return "write";
    case S7_FN_SETUP:
        return "setup";
    case S7_FN_DOWNLOAD_START:
        return "download begin";
    case S7_FN_DOWNLOAD:
        return "download";
    case S7_FN_DOWNLOAD_END:
        return "download end";
    case S7_FN_UPLOAD_START:
        return "upload begin";
    case S7_FN_UPLOAD:
        return "upload";
    case S7_FN_UPLOAD_END:
        return "upload end";
    case S7_FN_PI_SERVICE:
        return "PI service";
    case S7_FN_PLC_STOP:
        return "stop";
    default:
        return "function";
    }
}

static void say_first_item(struct line *line, const struct s7_pdu *pdu)
{
    struct s7_item_walk walk;
    struct s7_var_item item;
    bool more;

    if (s7_item_walk_begin(pdu, &walk) != S7_OK || s7_item_walk_next(&walk, &item, &more) != S7_OK || !more ||
        item.syntax_id != S7_SYNTAX_S7ANY)
        return;
    const char *area = s7_area_name((s7_area)item.area);
    if (item.area == S7_AREA_T || item.area == S7_AREA_C)
        say(line, ", first %s%u", area, item.bit_addr);
    else if (item.area == S7_AREA_DB || item.area == S7_AREA_DI)
        say(line, ", first %s%u.DBX%u.%u", area, item.db, item.bit_addr / 8, item.bit_addr % 8);
    else
        say(line, ", first %s%u.%u", area, item.bit_addr / 8, item.bit_addr % 8);
    say(line, " x %u", item.count);
}

static void say_function(struct line *line, const struct s7_pdu *pdu)
{
    if (pdu->param_len == 0)
        return;
    uint8_t function = pdu->param[0];
    say(line, " %s", function_name(function));
    if (function_name(function)[0] == 'f')
        say(line, " %02X", function);
    if ((function == S7_FN_READ_VAR || function == S7_FN_WRITE_VAR) && pdu->param_len > 1)
        say(line, ", %u item%s", pdu->param[1], pdu->param[1] == 1 ? "" : "s");
    if (pdu->rosctr == S7_ROSCTR_JOB)
        say_first_item(line, pdu);
}

/* The header is read by hand: lengths that reach past what is kept are no fault here. */
static void say_pdu(struct line *line, const uint8_t *at, size_t len)
{
    if (len < S7_PDU_HEADER_LEN || at[0] != S7_PROTOCOL_ID) {
        say(line, len > 0 && at[0] == S7_PROTOCOL_ID_PLUS ? "S7comm-plus" : "data that is no S7");
        return;
    }
    bool acknowledges = at[1] == S7_ROSCTR_ACK || at[1] == S7_ROSCTR_ACK_DATA;
    size_t header = acknowledges ? S7_ACK_HEADER_LEN : S7_PDU_HEADER_LEN;
    size_t room = len > header ? len - header : 0, param_len = (size_t)at[6] << 8 | at[7];
    struct s7_pdu pdu = {.rosctr = at[1],
                         .ref = (uint16_t)(at[4] << 8 | at[5]),
                         .param = at + header,
                         .param_len = param_len < room ? param_len : room};

    if (acknowledges && len >= S7_ACK_HEADER_LEN)
        pdu.error = (uint16_t)(at[10] << 8 | at[11]);
    say(line, "%s %04X",
        pdu.rosctr == S7_ROSCTR_JOB        ? "job"
        : acknowledges                     ? "answer"
        : pdu.rosctr == S7_ROSCTR_USERDATA ? "userdata"
                                           : "PDU of unknown kind",
        pdu.ref);
    if (pdu.rosctr == S7_ROSCTR_JOB || acknowledges)
        say_function(line, &pdu);
    if (pdu.error != 0)
        say(line, ", error %04X %s", pdu.error, s7_plc_error_text(pdu.error));
}

static void say_tpdu(struct line *line, const struct s7_cotp *tpdu)
{
    switch (tpdu->code) {
    case S7_COTP_CR:
        say(line, "connection request (CR), reference %04X", tpdu->src_ref);
        break;
    case S7_COTP_CC:
        say(line, "connection confirmed (CC)");
        break;
    case S7_COTP_DR:
        say(line, "disconnect (DR), reason %02X: %s", tpdu->reason, s7_cotp_reason_text(tpdu->reason));
        break;
    default:
        say(line, "TPDU %02X", tpdu->code);
    }
}

void s7_flight_text(const uint8_t *bytes, size_t kept, size_t len, char text[S7_FLIGHT_TEXT_CAP])
{
    struct line line = {text, 0};
    struct s7_cotp tpdu;

    text[0] = '\0';
    if (kept < S7_DT_OVERHEAD || bytes[0] != S7_TPKT_VERSION) {
        say(&line, "%zu bytes that are no TPKT", len);
        return;
    }
    if (bytes[5] == S7_COTP_DT && bytes[4] < kept - 5)
        say_pdu(&line, bytes + 5 + bytes[4], kept - 5 - bytes[4]);
    else if (kept == len && s7_cotp_decode(bytes, kept, &tpdu) == S7_OK)
        say_tpdu(&line, &tpdu);
    else
        say(&line, "a TPDU that does not add up");
    if (((size_t)bytes[2] << 8 | bytes[3]) > len)
        say(&line, ", cut off after %zu bytes", len);
}
