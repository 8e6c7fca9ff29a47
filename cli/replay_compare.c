/* Requests in words, and how two answers to one of them differ. */
#include "cli/replay.h"

#include "client/flight.h"
#include "protocol/blocks.h"
#include "protocol/control.h"
#include "protocol/errors.h"
#include "protocol/szl.h"
#include "protocol/userdata.h"
#include "protocol/var.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- requests ---- */

static const char *group_name(const struct s7_userdata *userdata)
{
    switch (userdata->group) {
    case S7_GROUP_PROGRAMMER:
        return "programming device";
    case S7_GROUP_CYCLIC:
        return "cyclic data";
    case S7_GROUP_BLOCKS:
        return "blocks";
    case S7_GROUP_CPU:
        return "CPU";
    case S7_GROUP_SECURITY:
        return "security";
    case S7_GROUP_CLOCK:
        return "clock";
    default:
        return "unknown group";
    }
}

static void userdata_text(const struct s7_userdata *userdata, char text[REPLAY_TEXT_CAP])
{
    const uint8_t *payload = userdata->payload;

    if (userdata->group == S7_GROUP_CPU && userdata->subfunction == S7_CPU_READ_SZL &&
        userdata->payload_len >= 4)
        snprintf(text, REPLAY_TEXT_CAP, "status list (SZL) %02X%02X index %02X%02X", payload[0], payload[1],
                 payload[2], payload[3]);
    else
        snprintf(text, REPLAY_TEXT_CAP, "userdata, %s %02X%s", group_name(userdata), userdata->subfunction,
                 userdata->sequence != 0 ? ", next part" : "");
}

/* The flight recorder words frames; its reference says nothing here. */
static void job_text(const struct s7_pdu *request, char text[REPLAY_TEXT_CAP])
{
    uint8_t frame[S7_FLIGHT_KEPT] = {0x03, 0, 0, 0, 0x02, 0xF0, 0x80};
    char words[S7_FLIGHT_TEXT_CAP];
    struct s7_wr wr = {.buf = frame, .cap = sizeof frame, .len = 7};
    struct s7_pdu head = *request;

    head.data_len = 0;
    if (head.param_len > sizeof frame - 7 - S7_PDU_HEADER_LEN)
        head.param_len = sizeof frame - 7 - S7_PDU_HEADER_LEN;
    s7_pdu_encode(&wr, &head);
    s7_wr_patch16(&wr, 2, wr.len);
    s7_flight_text(frame, wr.len, wr.len, words);
    snprintf(text, REPLAY_TEXT_CAP, "%s",
             strncmp(words, "job ", 4) == 0 && strlen(words) > 9 ? words + 9 : words);
}

void replay_request_text(const struct s7_pdu *request, char text[REPLAY_TEXT_CAP])
{
    struct s7_userdata userdata;

    if (request->rosctr == S7_ROSCTR_JOB)
        job_text(request, text);
    else if (s7_userdata_decode(request, &userdata) == S7_OK)
        userdata_text(&userdata, text);
    else
        snprintf(text, REPLAY_TEXT_CAP, "userdata that does not decode");
}

bool replay_only_reads(const struct s7_pdu *request)
{
    struct s7_userdata userdata;

    if (request->rosctr == S7_ROSCTR_JOB) {
        uint8_t function = request->param_len > 0 ? request->param[0] : 0;

        return function == S7_FN_READ_VAR || function == S7_FN_UPLOAD_START || function == S7_FN_UPLOAD ||
               function == S7_FN_UPLOAD_END;
    }
    if (s7_userdata_decode(request, &userdata) != S7_OK)
        return false;
    return userdata.group == S7_GROUP_BLOCKS ||
           (userdata.group == S7_GROUP_CPU && userdata.subfunction == S7_CPU_READ_SZL) ||
           (userdata.group == S7_GROUP_CLOCK && userdata.subfunction == S7_CLOCK_READ);
}

/* ---- what the PLC chooses ---- */

/* Where in parameters it stands. */
#define UPLOAD_ID_AT 4 /* of 1D's answer, and of the requests 1E and 1F */
#define SEQUENCE_AT  7 /* of userdata: sequence number, then data unit reference */

static bool is_function(const struct s7_pdu *pdu, uint8_t function)
{
    return pdu->rosctr != S7_ROSCTR_USERDATA && pdu->param_len >= UPLOAD_ID_AT + 4 &&
           pdu->param[0] == function;
}

static bool has_sequence(const struct s7_pdu *pdu)
{
    return pdu->rosctr == S7_ROSCTR_USERDATA && pdu->param_len >= S7_USERDATA_PARAM_LONG;
}

void replay_learn(struct replay_names *names, const struct s7_pdu *was, const struct s7_pdu *is)
{
    if (is_function(was, S7_FN_UPLOAD_START) && is_function(is, S7_FN_UPLOAD_START)) {
        names->has_upload = true;
        memcpy(names->upload_was, was->param + UPLOAD_ID_AT, 4);
        memcpy(names->upload_is, is->param + UPLOAD_ID_AT, 4);
    }
    if (has_sequence(was) && has_sequence(is)) {
        names->has_sequence = true;
        memcpy(names->sequence_was, was->param + SEQUENCE_AT, 2);
        memcpy(names->sequence_is, is->param + SEQUENCE_AT, 2);
    }
}

void replay_rename(const struct replay_names *names, const struct s7_pdu *request, uint8_t *param)
{
    bool of_upload = is_function(request, S7_FN_UPLOAD) || is_function(request, S7_FN_UPLOAD_END);

    if (names->has_upload && of_upload && memcmp(param + UPLOAD_ID_AT, names->upload_was, 4) == 0)
        memcpy(param + UPLOAD_ID_AT, names->upload_is, 4);
    if (names->has_sequence && has_sequence(request) &&
        memcmp(param + SEQUENCE_AT, names->sequence_was, 2) == 0)
        memcpy(param + SEQUENCE_AT, names->sequence_is, 2);
}

/* ---- answers ---- */

struct comparison {
    const struct s7_pdu *was, *is;
    const uint8_t *was_end;
    bool exact;
    char *why;
};

static bool __attribute__((format(printf, 2, 3))) differs(const struct comparison *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(c->why, REPLAY_TEXT_CAP, format, args);
    va_end(args);
    return false;
}

static bool same_number(const struct comparison *c, const char *what, size_t was, size_t is)
{
    return was == is || differs(c, "%s %zu, recorded %zu", what, is, was);
}

/* Only what was captured is compared. */
static bool same_bytes(const struct comparison *c, const char *what, const uint8_t *was, const uint8_t *is,
                       size_t len)
{
    for (size_t i = 0; i < len && was + i < c->was_end; i++)
        if (was[i] != is[i])
            return differs(c, "%s: byte %zu is %02X, recorded %02X", what, i, is[i], was[i]);
    return true;
}

static bool same_code(const struct comparison *c, unsigned item, uint8_t was, uint8_t is)
{
    if (was == is)
        return true;
    return differs(c, "item %u: return code %02X (%s), recorded %02X (%s)", item + 1, is,
                   is == S7_ITEM_OK ? "good" : s7_item_code_text(is), was,
                   was == S7_ITEM_OK ? "good" : s7_item_code_text(was));
}

static bool same_unit(const struct comparison *c, unsigned i, const struct s7_data_unit *was,
                      const struct s7_data_unit *is)
{
    char what[32];

    snprintf(what, sizeof what, "item %u", i + 1);
    if (!same_code(c, i, was->code, is->code))
        return false;
    if (was->payload_len != is->payload_len)
        return differs(c, "item %u: %zu bytes, recorded %zu", i + 1, is->payload_len, was->payload_len);
    return !c->exact || same_bytes(c, what, was->payload, is->payload, was->payload_len);
}

static bool same_units(const struct comparison *c, unsigned n)
{
    struct s7_data_walk was_walk, is_walk;
    struct s7_data_unit was, is;

    s7_data_walk_begin(c->was, true, &was_walk);
    s7_data_walk_begin(c->is, true, &is_walk);
    for (unsigned i = 0; i < n; i++) {
        bool captured = was_walk.rd.at + S7_USERDATA_DATA_HEADER <= c->was_end;

        if (!captured || s7_data_walk_next(&was_walk, i + 1 == n, &was) != S7_OK)
            return true; /* the recorded one is cut, or was no better */
        if (s7_data_walk_next(&is_walk, i + 1 == n, &is) != S7_OK)
            return differs(c, "item %u: its length is past the end of the answer", i + 1);
        if (!same_unit(c, i, &was, &is))
            return false;
    }
    return true;
}

/* The answer to a write is return codes alone. */
static bool same_codes(const struct comparison *c, unsigned n)
{
    for (unsigned i = 0;
         i < n && i < c->was->data_len && i < c->is->data_len && c->was->data + i < c->was_end; i++)
        if (!same_code(c, i, c->was->data[i], c->is->data[i]))
            return false;
    return same_number(c, "bytes of data", c->was->data_len, c->is->data_len);
}

static bool same_parts(const struct comparison *c)
{
    if (!same_number(c, "bytes of parameters", c->was->param_len, c->is->param_len) ||
        !same_number(c, "bytes of data", c->was->data_len, c->is->data_len))
        return false;
    if (!c->exact)
        return true;
    if (!is_function(c->was, S7_FN_UPLOAD_START) &&
        !same_bytes(c, "parameters", c->was->param, c->is->param, c->was->param_len))
        return false;
    return same_bytes(c, "data", c->was->data, c->is->data, c->was->data_len);
}

static bool same_function(const struct comparison *c)
{
    uint8_t function = c->was->param_len > 0 ? c->was->param[0] : 0;

    if (c->was->param_len > 0 && c->is->param_len > 0 && c->is->param[0] != function)
        return differs(c, "function %02X, recorded %02X", c->is->param[0], function);
    if ((function != S7_FN_READ_VAR && function != S7_FN_WRITE_VAR) || c->was->param_len < 2 ||
        c->is->param_len < 2)
        return same_parts(c);
    if (!same_number(c, "items", c->was->param[1], c->is->param[1]))
        return false;
    return function == S7_FN_READ_VAR ? same_units(c, c->was->param[1]) : same_codes(c, c->was->param[1]);
}

static bool same_error(const struct comparison *c, uint16_t was, uint16_t is)
{
    if (was == is)
        return true;
    return differs(c, "error %04X (%s), recorded %04X (%s)", is, is == 0 ? "none" : s7_plc_error_text(is),
                   was, was == 0 ? "none" : s7_plc_error_text(was));
}

static bool same_userdata(const struct comparison *c)
{
    struct s7_userdata was, is;

    if (s7_userdata_decode(c->was, &was) != S7_OK)
        return true;
    if (s7_userdata_decode(c->is, &is) != S7_OK)
        return differs(c, "userdata that does not decode");
    if (was.group != is.group || was.subfunction != is.subfunction)
        return differs(c, "group %u subfunction %02X, recorded group %u subfunction %02X", is.group,
                       is.subfunction, was.group, was.subfunction);
    if (!same_error(c, was.error, is.error))
        return false;
    if (was.code != is.code)
        return differs(c, "return code %02X, recorded %02X", is.code, was.code);
    if (was.payload_len != is.payload_len || was.last_unit != is.last_unit)
        return differs(c, "%zu bytes%s, recorded %zu%s", is.payload_len, is.last_unit != 0 ? " and more" : "",
                       was.payload_len, was.last_unit != 0 ? " and more" : "");
    return !c->exact || same_bytes(c, "data", was.payload, is.payload, was.payload_len);
}

/* A list's head, as long as there is one. */
static bool record_len(const struct s7_pdu *pdu, uint16_t *len)
{
    struct s7_userdata userdata;
    const uint8_t *head;

    if (s7_userdata_decode(pdu, &userdata) != S7_OK || userdata.error != 0 ||
        userdata.group != S7_GROUP_CPU || userdata.subfunction != S7_CPU_READ_SZL ||
        userdata.payload_len < S7_SZL_HEAD_LEN)
        return false;
    head = userdata.payload;
    *len = (uint16_t)(head[4] << 8 | head[5]);
    return true;
}

bool replay_same_records(const struct s7_pdu *request, const struct s7_pdu *was, const struct s7_pdu *is,
                         char why[REPLAY_TEXT_CAP])
{
    struct comparison c = {was, is, NULL, false, why};
    struct s7_userdata asked;
    uint16_t was_len, is_len;

    if (s7_userdata_decode(request, &asked) != S7_OK || asked.payload_len == 0)
        return true;
    if (!record_len(was, &was_len) || !record_len(is, &is_len) || was_len == is_len)
        return true;
    return differs(&c, "records of %u bytes, recorded %u", is_len, was_len);
}

static const char *kind_name(uint8_t rosctr)
{
    return rosctr == S7_ROSCTR_ACK        ? "an acknowledgement"
           : rosctr == S7_ROSCTR_ACK_DATA ? "an answer with data"
                                          : "userdata";
}

bool replay_same(const struct s7_pdu *was, const uint8_t *was_end, const struct s7_pdu *is, bool exact,
                 char why[REPLAY_TEXT_CAP])
{
    struct comparison c = {was, is, was_end, exact, why};

    why[0] = '\0';
    if (!same_error(&c, was->error, is->error))
        return false;
    if (was->rosctr != is->rosctr)
        return differs(&c, "%s, recorded %s", kind_name(is->rosctr), kind_name(was->rosctr));
    return was->rosctr == S7_ROSCTR_USERDATA ? same_userdata(&c) : same_function(&c);
}

bool replay_is_akin(const struct s7_pdu *was, const struct s7_pdu *is)
{
    struct s7_userdata was_userdata, is_userdata;

    if (was->rosctr != S7_ROSCTR_USERDATA || is->rosctr != S7_ROSCTR_USERDATA)
        return was->rosctr != S7_ROSCTR_USERDATA && is->rosctr != S7_ROSCTR_USERDATA &&
               (was->param_len == 0 || is->param_len == 0 || was->param[0] == is->param[0]);
    return s7_userdata_decode(was, &was_userdata) == S7_OK && s7_userdata_decode(is, &is_userdata) == S7_OK &&
           was_userdata.group == is_userdata.group && was_userdata.subfunction == is_userdata.subfunction;
}
