#include "odd_plc.h"

#include "protocol/cotp.h"
#include "protocol/cyclic.h"
#include "protocol/dbread.h"
#include "protocol/tpkt.h"
#include "protocol/userdata.h"

#include <sys/socket.h>

#define NOT_IMPLEMENTED 0x8104
#define FRAME_CAP       1024

static void send_pdu(int peer, uint8_t *frame, size_t pdu_len)
{
    s7_dt_write(frame, pdu_len, true);
    send(peer, frame, S7_DT_OVERHEAD + pdu_len, MSG_NOSIGNAL);
}

static struct s7_wr pdu_writer(uint8_t frame[FRAME_CAP])
{
    return (struct s7_wr){.buf = frame + S7_DT_OVERHEAD, .cap = FRAME_CAP - S7_DT_OVERHEAD};
}

static void confirm(int peer, const struct s7_cotp *request)
{
    uint8_t frame[FRAME_CAP];
    struct s7_wr wr = {.buf = frame, .cap = sizeof frame};
    struct s7_cotp cc = {.code = S7_COTP_CC, .dst_ref = request->src_ref, .src_ref = 3};

    s7_cotp_encode(&wr, &cc);
    send(peer, frame, wr.len, MSG_NOSIGNAL);
}

static void grant(int peer, uint16_t ref)
{
    uint8_t frame[FRAME_CAP];
    struct s7_wr wr = pdu_writer(frame);

    s7_setup_encode(&wr, S7_ROSCTR_ACK_DATA, ref,
                    &(struct s7_setup){.amq_calling = 1, .amq_called = 1, .pdu_len = 240});
    send_pdu(peer, frame, wr.len);
}

/* ---- the subscription of a REAL and an INT ---- */

static const uint8_t speeds[][4] = {{0x3F, 0x59, 0x99, 0x9A}, {0x3F, 0x66, 0x66, 0x66}}; /* 0.85, 0.9 */
static const uint8_t counts[][2] = {{0, 3}, {0, 4}};

/* Which of them; -1: as it was told last. */
static const struct {
    int speed, count;
} told[] = {{0, 0}, {-1, 1}, {1, -1}};

static void values_append(struct s7_wr *wr, size_t i)
{
    uint8_t parts[16];
    struct s7_wr inner = {.buf = parts, .cap = sizeof parts};
    bool speed = told[i].speed >= 0, count = told[i].count >= 0;

    s7_dbread_value_append(&inner, speed ? S7_ITEM_OK : S7_ITEM_UNCHANGED,
                           speed ? speeds[told[i].speed] : NULL, 4);
    s7_dbread_value_append(&inner, count ? S7_ITEM_OK : S7_ITEM_UNCHANGED,
                           count ? counts[told[i].count] : NULL, 2);
    s7_cyclic_values_append(wr, 1);
    s7_data_append(
        wr, &(struct s7_data_unit){S7_ITEM_OK, S7_DATA_OCTETS, (uint16_t)inner.len, parts, inner.len}, true);
}

/* The answer to a request, or a push of what it asked for. */
static void tell(int peer, const struct s7_userdata *request, uint16_t ref, uint8_t type, uint16_t error,
                 size_t i)
{
    uint8_t frame[FRAME_CAP], payload[64];
    struct s7_wr wr = pdu_writer(frame), inner = {.buf = payload, .cap = sizeof payload};

    if (error == 0)
        values_append(&inner, i);
    struct s7_userdata userdata =
        s7_userdata_request(request->group, request->subfunction, error == 0 ? payload : NULL, inner.len);
    userdata.is_long = true;
    userdata.method = S7_METHOD_ANSWER;
    userdata.type = type;
    userdata.sequence = 1;
    userdata.error = error;
    s7_userdata_encode(&wr, ref, &userdata);
    send_pdu(peer, frame, wr.len);
}

static void serve_request(int peer, const struct s7_pdu *pdu, bool pushes)
{
    struct s7_userdata request;

    if (pdu->rosctr == S7_ROSCTR_JOB && pdu->param_len > 0 && pdu->param[0] == S7_FN_SETUP) {
        grant(peer, pdu->ref);
        return;
    }
    if (s7_userdata_decode(pdu, &request) != S7_OK)
        return;
    bool subscribes = pushes && request.group == S7_GROUP_CYCLIC && request.subfunction == S7_CYCLIC_CHANGE;
    tell(peer, &request, pdu->ref, S7_USERDATA_ANSWER, subscribes ? 0 : NOT_IMPLEMENTED, 0);
    for (size_t i = 1; subscribes && i < sizeof told / sizeof told[0]; i++)
        tell(peer, &request, 0, S7_USERDATA_PUSH, 0, i);
}

/* false: not the beginning of a frame. */
static bool serve_frame(int peer, const uint8_t *frame, size_t len, bool pushes)
{
    struct s7_cotp tpdu;
    struct s7_pdu pdu;

    if (s7_cotp_decode(frame, len, &tpdu) != S7_OK)
        return false;
    if (tpdu.code == S7_COTP_CR)
        confirm(peer, &tpdu);
    else if (s7_pdu_decode(tpdu.data, tpdu.data_len, &pdu) == S7_OK)
        serve_request(peer, &pdu, pushes);
    return true;
}

void odd_plc_serve(int peer, bool pushes)
{
    uint8_t bytes[FRAME_CAP];
    size_t len = 0, frame_len;

    for (ssize_t got; (got = recv(peer, bytes + len, sizeof bytes - len, 0)) > 0;) {
        len += (size_t)got;
        while (s7_tpkt_peek(bytes, len, sizeof bytes, &frame_len) == S7_OK) {
            if (!serve_frame(peer, bytes, frame_len, pushes))
                return;
            len -= frame_len;
            memmove(bytes, bytes + frame_len, len);
        }
    }
}
