#include "client/session_impl.h"

#include "protocol/tpkt.h"
#include "protocol/userdata.h"

#include <stdio.h>

/* What handling one frame led to. */
enum outcome { NOTHING, EVENT };

/* To the front: what was joined, behind it what is still to be cut. */
static void close_gaps(struct s7_session *session)
{
    size_t left = session->rx_end - session->rx_at;

    memmove(session->rx, session->rx + session->join_at, session->join_len);
    memmove(session->rx + session->join_len, session->rx + session->rx_at, left);
    session->join_at = 0;
    session->rx_at = session->join_len;
    session->rx_end = session->rx_at + left;
}

/* A PDU that is being joined and a frame of which a part has come are both shorter than half of the buffer:
 * so there is always room. */
size_t s7_session_room(s7_session *session, uint8_t **room)
{
    if (session->rx_at == session->rx_end && session->join_len == 0)
        session->rx_at = session->rx_end = 0;
    if (session->rx_at > session->join_len &&
        session->rx_cap - session->rx_end < s7_session_frame_cap(session))
        close_gaps(session);
    *room = session->rx + session->rx_end;
    return session->rx_cap - session->rx_end;
}

void s7_session_received(s7_session *session, size_t len, int64_t now_ns)
{
    if (session->state == S7_SESSION_NEW || session->state == S7_SESSION_CLOSED)
        return;
    session->rx_end += len;
    session->stats.bytes_in += len;
    session->stats.last_in_ns = now_ns;
}

/* ---- S7 ---- */

static void setup_refused(struct s7_session *session, uint16_t error)
{
    s7_session_close(session, S7_E_NEGOTIATION, "setup communication was refused with error %04X", error);
    session->closed_plc_error = error;
}

static uint16_t at_most(uint16_t value, uint16_t limit)
{
    return value < limit ? value : limit;
}

static enum outcome setup_answer(struct s7_session *session, const struct s7_pdu *pdu, struct s7_event *event)
{
    struct s7_setup setup;
    uint16_t asked = session->options.max_jobs;

    if (pdu->error != 0) {
        setup_refused(session, pdu->error);
        return NOTHING;
    }
    if (pdu->rosctr != S7_ROSCTR_ACK_DATA || s7_setup_decode(pdu, &setup) != S7_OK) {
        s7_session_close(session, S7_E_NEGOTIATION, "the answer to setup communication grants nothing");
        return NOTHING;
    }
    if (setup.pdu_len < S7_SESSION_PDU_LEN_MIN || setup.pdu_len > session->options.pdu_len) {
        s7_session_close(session, S7_E_NEGOTIATION, "the peer granted a PDU length of %u, expected %u..%u",
                         setup.pdu_len, S7_SESSION_PDU_LEN_MIN, session->options.pdu_len);
        return NOTHING;
    }
    /* 0 jobs would be a connection for nothing, more than asked would not fit our table. */
    setup.amq_calling = setup.amq_calling == 0 ? 1 : at_most(setup.amq_calling, asked);
    setup.amq_called = setup.amq_called == 0 ? 1 : at_most(setup.amq_called, asked);
    session->granted = setup;
    if (s7_session_make_room(session) != S7_OK) {
        s7_session_close(session, S7_E_NOMEM, "no memory for %u jobs of %u bytes, as the PLC granted",
                         s7_session_limit(session), setup.pdu_len);
        return NOTHING;
    }
    session->state = S7_SESSION_READY;
    *event = (struct s7_event){.kind = S7_EVENT_READY, .status = S7_OK};
    return EVENT;
}

static const char *job_misfit(const struct s7_shape *shape, const struct s7_pdu *pdu)
{
    if (pdu->rosctr == S7_ROSCTR_USERDATA)
        return "the answer of a userdata service instead of a job's";
    if (pdu->rosctr != S7_ROSCTR_ACK_DATA)
        return "an acknowledgement without data and without error";
    if (pdu->param_len < (s7_function_counts_items(shape->function) ? 2 : 1))
        return s7_function_counts_items(shape->function) ? "an answer without function and item count"
                                                         : "an answer without function";
    if (pdu->param[0] != shape->function)
        return "the answer of another function";
    if (s7_function_counts_items(shape->function) && pdu->param[1] != shape->sub)
        return "an answer with another number of items";
    return NULL;
}

static const char *userdata_misfit(const struct s7_shape *shape, const struct s7_pdu *pdu, uint16_t *error)
{
    struct s7_userdata userdata;

    if (pdu->rosctr != S7_ROSCTR_USERDATA)
        return "the answer of a job instead of a userdata service's";
    if (s7_userdata_decode(pdu, &userdata) != S7_OK)
        return "userdata whose lengths do not add up";
    if (!userdata.is_long || userdata.type != S7_USERDATA_ANSWER)
        return "userdata that is no answer";
    if (userdata.group != shape->function || userdata.subfunction != shape->sub)
        return "the answer of another userdata service";
    *error = userdata.error;
    return NULL;
}

/* Is it an answer to this job? NULL, or what does not fit. *error: what a userdata service says. */
static const char *misfit(const struct s7_slot *slot, const struct s7_pdu *pdu, uint16_t *error)
{
    return slot->shape.rosctr == S7_ROSCTR_JOB ? job_misfit(&slot->shape, pdu)
                                               : userdata_misfit(&slot->shape, pdu, error);
}

static enum outcome job_answer(struct s7_session *session, const struct s7_pdu *pdu, struct s7_event *event)
{
    struct s7_slot *slot = s7_session_slot_of_ref(session, pdu->ref);

    if (slot == NULL) {
        session->stats.unknown_refs++;
        return NOTHING;
    }
    if (slot->state == S7_SLOT_OWED) {
        session->stats.late_answers++;
        slot->state = S7_SLOT_FREE;
        return NOTHING;
    }
    *event = (struct s7_event){.kind = S7_EVENT_ANSWER,
                               .status = S7_OK,
                               .id = slot->id,
                               .pdu = *pdu,
                               .time_ns = session->stats.last_in_ns};
    slot->state = S7_SLOT_FREE;
    session->stats.answers++;
    /* A header error overrides what follows, and refusals come without parameters. */
    event->plc_error = pdu->error;
    const char *why = pdu->error != 0 ? NULL : misfit(slot, pdu, &event->plc_error);
    if (event->plc_error != 0)
        event->status = S7_E_PLC;
    if (why != NULL) {
        event->kind = S7_EVENT_FAILED;
        event->status = S7_E_PROTOCOL;
        snprintf(event->detail, sizeof event->detail, "%s", why);
    }
    return EVENT;
}

static void bad_pdu(struct s7_session *session, const uint8_t *bytes, size_t len)
{
    if (bytes[0] == S7_PROTOCOL_ID_PLUS)
        s7_session_close(session, S7_E_FRAME, "the peer speaks S7comm-plus (72), not classic S7 (32)");
    else if (bytes[0] != S7_PROTOCOL_ID)
        s7_session_close(session, S7_E_FRAME, "S7 protocol id %02X, expected 32", bytes[0]);
    else
        s7_session_close(session, S7_E_FRAME, "an S7 PDU of %zu bytes whose header does not add up", len);
}

/* What the PLC tells on its own: with reference 0 as a rule, in which no answer comes. */
static bool is_push(const struct s7_pdu *pdu)
{
    struct s7_userdata userdata;

    if (pdu->rosctr != S7_ROSCTR_USERDATA)
        return false;
    return pdu->ref == 0 ||
           (s7_userdata_decode(pdu, &userdata) == S7_OK && userdata.type == S7_USERDATA_PUSH);
}

static enum outcome push_in(const struct s7_session *session, const struct s7_pdu *pdu,
                            struct s7_event *event)
{
    if (!session->wants_pushes || session->state != S7_SESSION_READY)
        return NOTHING;
    *event = (struct s7_event){.kind = S7_EVENT_PUSH, .status = S7_OK, .pdu = *pdu};
    return EVENT;
}

/* Nobody asked for a service that makes the peer ask: it is ignored. */
static enum outcome peer_job(const struct s7_session *session, const struct s7_pdu *pdu,
                             struct s7_event *event)
{
    if (session->peer.state != S7_SLOT_OPEN)
        return NOTHING;
    *event =
        (struct s7_event){.kind = S7_EVENT_PEER_JOB, .status = S7_OK, .id = session->peer.id, .pdu = *pdu};
    return EVENT;
}

static enum outcome pdu_in(struct s7_session *session, const uint8_t *bytes, size_t len,
                           struct s7_event *event)
{
    struct s7_pdu pdu;

    if (s7_pdu_decode(bytes, len, &pdu) != S7_OK) {
        bad_pdu(session, bytes, len);
        return NOTHING;
    }
    if (pdu.rosctr == S7_ROSCTR_JOB)
        return peer_job(session, &pdu, event);
    if (is_push(&pdu))
        return push_in(session, &pdu, event);
    if (session->state == S7_SESSION_NEGOTIATING && pdu.ref == session->setup_ref)
        return setup_answer(session, &pdu, event);
    return job_answer(session, &pdu, event);
}

/* ---- COTP ---- */

static size_t joined_cap(const struct s7_session *session)
{
    return s7_session_frame_cap(session) - S7_DT_OVERHEAD;
}

/* The first fragment stays where it came, the others move up to it: there is the space of their headers. */
static void join(struct s7_session *session, const struct s7_cotp *dt)
{
    if (dt->data_len == 0)
        return;
    if (session->join_len == 0)
        session->join_at = (size_t)(dt->data - session->rx);
    else
        memmove(session->rx + session->join_at + session->join_len, dt->data, dt->data_len);
    session->join_len += dt->data_len;
}

static enum outcome dt_in(struct s7_session *session, const struct s7_cotp *dt, struct s7_event *event)
{
    if (session->state == S7_SESSION_CONNECTING) {
        s7_session_close(session, S7_E_FRAME, "COTP data (DT) before the connection was confirmed (CC)");
        return NOTHING;
    }
    if (session->join_len == 0) {
        if (dt->data_len == 0) /* a "fast acknowledge" says nothing */
            return NOTHING;
        if (dt->eot)
            return pdu_in(session, dt->data, dt->data_len, event);
    }
    if (dt->data_len > joined_cap(session) - session->join_len) {
        s7_session_close(session, S7_E_FRAME, "COTP fragments of more than %zu bytes in all",
                         joined_cap(session));
        return NOTHING;
    }
    join(session, dt);
    if (!dt->eot)
        return NOTHING;
    size_t len = session->join_len;
    session->join_len = 0; /* the bytes stay until more are received: the event's views point at them */
    return pdu_in(session, session->rx + session->join_at, len, event);
}

static void cc_in(struct s7_session *session, const struct s7_cotp *cc)
{
    const struct s7_cotp_param *size = s7_cotp_find(cc, S7_COTP_PARAM_TPDU_SIZE);

    if (session->state != S7_SESSION_CONNECTING) /* said twice */
        return;
    if (cc->dst_ref != 0 && cc->dst_ref != session->src_ref) {
        s7_session_close(session, S7_E_FRAME, "the CC confirms reference %04X, asked was %04X", cc->dst_ref,
                         session->src_ref);
        return;
    }
    if (size != NULL && size->len == 1) {
        size_t granted = s7_cotp_tpdu_bytes(size->value[0]);

        if (granted > 0 && granted < session->tpdu_len)
            session->tpdu_len = granted;
    }
    session->state = S7_SESSION_NEGOTIATING;
    s7_session_send_setup(session);
}

static bool in_handshake(const struct s7_session *session)
{
    return session->state == S7_SESSION_CONNECTING || session->state == S7_SESSION_NEGOTIATING;
}

static void dr_in(struct s7_session *session, uint8_t reason)
{
    s7_session_close(session, in_handshake(session) ? S7_E_COTP_REFUSED : S7_E_CLOSED,
                     "COTP disconnect (DR), reason %02X: %s", reason, s7_cotp_reason_text(reason));
    session->closed_cotp_reason = reason;
}

static enum outcome frame_in(struct s7_session *session, const uint8_t *frame, size_t len,
                             struct s7_event *event)
{
    struct s7_cotp tpdu;

    if (s7_cotp_decode(frame, len, &tpdu) != S7_OK) {
        s7_session_close(session, S7_E_FRAME,
                         "a COTP header (LI %u, code %02X) that does not fit its frame of %zu bytes",
                         frame[4], frame[5], len);
        return NOTHING;
    }
    switch (tpdu.code) {
    case S7_COTP_DT:
        return dt_in(session, &tpdu, event);
    case S7_COTP_CC:
        cc_in(session, &tpdu);
        return NOTHING;
    case S7_COTP_DR:
        dr_in(session, tpdu.reason);
        return NOTHING;
    case S7_COTP_DC:
        s7_session_close(session, S7_E_CLOSED, "COTP disconnect (DC)");
        return NOTHING;
    case S7_COTP_ER:
        s7_session_close(session, S7_E_FRAME, "the peer could not read our TPDU (COTP ER, cause %02X)",
                         tpdu.reason);
        return NOTHING;
    case S7_COTP_CR:
        s7_session_close(session, S7_E_FRAME,
                         "a COTP connection request: the peer is an echo or a client, not a PLC");
        return NOTHING;
    default: /* TPDUs of other classes */
        return NOTHING;
    }
}

/* ---- TPKT ---- */

static void bad_tpkt(struct s7_session *session, const uint8_t *bytes)
{
    if (bytes[0] != S7_TPKT_VERSION)
        s7_session_close(session, S7_E_FRAME, "TPKT version %u, expected %u", bytes[0], S7_TPKT_VERSION);
    else
        s7_session_close(session, S7_E_FRAME, "TPKT length %u, expected %u..%zu", bytes[2] << 8 | bytes[3],
                         S7_TPKT_MIN_LEN, s7_session_frame_cap(session));
}

bool s7_session_parse(struct s7_session *session, struct s7_event *event)
{
    while (session->rx_at < session->rx_end) {
        const uint8_t *at = session->rx + session->rx_at;
        size_t frame_len;
        s7_status status =
            s7_tpkt_peek(at, session->rx_end - session->rx_at, s7_session_frame_cap(session), &frame_len);

        if (status == S7_E_TRUNCATED)
            return false;
        if (status != S7_OK) {
            bad_tpkt(session, at);
            return false;
        }
        session->rx_at += frame_len;
        if (frame_in(session, at, frame_len, event) == EVENT)
            return true;
    }
    return false;
}
