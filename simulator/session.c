#include "session.h"

#include "job.h"

#include "protocol/tpkt.h"

#include <stdio.h>
#include <stdlib.h>

/* A frame is at most a TPKT header and the largest TPDU. */
#define FRAME_MAX (S7_TPKT_HEADER_LEN + 8192)

/* Room for a largest frame behind a good number of usual ones. */
#define RX_CAP (2 * 8192)
#define TX_CAP (2 * 8192)

/* Joined fragments: no client PDU may exceed the granted length, so what is longer is only counted; at 64 KiB
 * the connection ends, since no PDU that long exists. */
#define JOINED_MAX 65536

/* The smallest TPDU carries 125 bytes; an answer is cut into at most this many DTs. */
#define TPDU_MIN      128
#define DT_HEADER_LEN 3
#define FRAGMENTS_MAX (S7_PDU_LEN_MAX / (TPDU_MIN - DT_HEADER_LEN) + 1)
#define ANSWER_ROOM   (S7_PDU_LEN_MAX + FRAGMENTS_MAX * S7_DT_OVERHEAD)
#define DEFAULT_TPDU  0x0A
#define TPDU_CODE_MIN 0x07
#define TPDU_CODE_MAX 0x0D

#define NEVER_NS INT64_MAX

enum state { SIM_WAIT_CR, SIM_OPEN, SIM_ENDED };

/* What a turn can change and a rewind must put back. */
struct turn_state {
    enum state state;
    size_t at;     /* next frame to run in rx */
    size_t tx_len; /* end of the answers in tx */
    struct sim_link link;
    size_t tpdu_len;
    uint16_t client_ref;
    size_t joined_len; /* fragments so far; may exceed the buffer, then only counted */
    bool joining;
    bool mute;
    bool joined_ran; /* the joined buffer was run in this turn: it must stay as it is until the turn stands */
    int64_t joining_since_ns;
};

struct sim_session {
    struct sim_plc *plc;
    struct sim_session_options options;
    struct turn_state now, mark;
    bool admitted; /* counted in plc->n_connections */
    bool asked;    /* a connection request came, though it may not be answered yet */
    bool bad;      /* what follows the whole frames is no frame */
    char bad_why[64];
    unsigned may_write; /* frames between now.at and framed that may be writes */
    size_t framed;      /* end of the whole frames in rx */
    size_t rx_len;
    size_t tx_sent; /* tx up to here is sent */
    int64_t connect_by_ns;
    int64_t partial_since_ns; /* when the frame began that is not whole yet; NEVER_NS: none */
    int64_t received_ns;      /* when bytes came last */
    /* the last step: its frame, and how things were before it */
    struct s7_cotp tpdu;
    struct s7_pdu pdu;
    size_t frame_len;
    struct turn_state before;
    size_t answer_at; /* where its answer begins in tx */
    uint8_t rx[RX_CAP];
    uint8_t tx[TX_CAP];
    uint8_t joined[S7_PDU_LEN_MAX];
    uint8_t answer[S7_PDU_LEN_MAX]; /* only when it must be cut into fragments */
};

s7_status sim_session_new(struct sim_plc *plc, const struct sim_session_options *options, int64_t now_ns,
                          sim_session **out)
{
    sim_session *session = calloc(1, sizeof *session);

    if (session == NULL)
        return S7_E_NOMEM;
    session->plc = plc;
    session->options = *options;
    session->now.state = SIM_WAIT_CR;
    session->now.link.pdu_len = S7_PDU_LEN_MIN;
    session->now.tpdu_len = s7_cotp_tpdu_bytes(DEFAULT_TPDU);
    session->connect_by_ns = now_ns + options->connect_ns;
    session->partial_since_ns = NEVER_NS;
    *out = session;
    return S7_OK;
}

void sim_session_free(sim_session *session)
{
    if (session != NULL && session->admitted)
        session->plc->n_connections--;
    free(session);
}

bool sim_session_is_open(const sim_session *session)
{
    return session->now.state == SIM_OPEN;
}

/* ---- framing ---- */

size_t sim_session_room(sim_session *session, uint8_t **room)
{
    *room = session->rx + session->rx_len;
    return session->bad || session->now.state == SIM_ENDED ? 0 : RX_CAP - session->rx_len;
}

/* A write shows in the first fragment's function byte; a frame whose kind does not show there may be one. */
static bool may_be_write(const uint8_t *frame, size_t len)
{
    const size_t function_at = S7_DT_OVERHEAD + S7_PDU_HEADER_LEN;

    if (len <= S7_DT_OVERHEAD || frame[5] >> 4 != S7_COTP_DT >> 4)
        return false;
    return (frame[6] & 0x80) == 0 || len <= function_at || frame[function_at] == S7_FN_WRITE_VAR;
}

static void frame_received(sim_session *session)
{
    size_t frame_len;

    while (!session->bad) {
        const uint8_t *frame = session->rx + session->framed;
        s7_status status = s7_tpkt_peek(frame, session->rx_len - session->framed, FRAME_MAX, &frame_len);

        if (status == S7_E_TRUNCATED)
            return;
        if (status != S7_OK) { /* of a muted session dropped by sim_session_turn_done */
            session->bad = true;
            snprintf(session->bad_why, sizeof session->bad_why, "no TPKT frame: bytes %02X %02X %02X %02X",
                     frame[0], frame[1], frame[2], frame[3]);
            return;
        }
        if (may_be_write(frame, frame_len))
            session->may_write++;
        session->framed += frame_len;
    }
}

void sim_session_received(sim_session *session, size_t len, int64_t now_ns)
{
    size_t framed_before = session->framed;

    session->received_ns = now_ns;
    session->rx_len += len;
    frame_received(session);
    if (session->rx_len == session->framed)
        session->partial_since_ns = NEVER_NS;
    else if (session->framed > framed_before || session->partial_since_ns == NEVER_NS)
        session->partial_since_ns = now_ns;
}

bool sim_session_ready(const sim_session *session)
{
    if (session->now.state == SIM_ENDED || session->now.joined_ran)
        return false;
    return session->now.at < session->framed || (session->bad && !session->now.mute);
}

bool sim_session_may_write(const sim_session *session)
{
    return !session->now.mute && (session->may_write > 0 || session->now.joining);
}

/* ---- the turn ---- */

void sim_session_mark(sim_session *session)
{
    session->mark = session->now;
}

void sim_session_rewind(sim_session *session)
{
    session->now = session->mark;
}

static unsigned count_may_write(const sim_session *session)
{
    unsigned count = 0;
    size_t at = 0, len;

    while (at < session->framed &&
           s7_tpkt_peek(session->rx + at, session->framed - at, FRAME_MAX, &len) == S7_OK) {
        if (may_be_write(session->rx + at, len))
            count++;
        at += len;
    }
    return count;
}

void sim_session_turn_done(sim_session *session)
{
    size_t done = session->now.at;

    session->now.joined_ran = false;
    if (session->now.mute && session->bad) { /* what is no frame is dropped as well */
        session->bad = false;
        session->rx_len = session->framed;
    }
    if (done == 0)
        return;
    if (done < session->rx_len)
        memmove(session->rx, session->rx + done, session->rx_len - done);
    session->rx_len -= done;
    session->framed -= done;
    session->now.at = 0;
    session->may_write = session->framed == 0 ? 0 : count_may_write(session);
}

/* ---- out ---- */

size_t sim_session_pending(const sim_session *session, const uint8_t **bytes)
{
    *bytes = session->tx + session->tx_sent;
    return session->now.tx_len - session->tx_sent;
}

void sim_session_sent(sim_session *session, size_t len)
{
    session->tx_sent += len;
    if (session->tx_sent < session->now.tx_len)
        return;
    session->tx_sent = 0;
    session->now.tx_len = 0;
}

static void append_tpdu(sim_session *session, const struct s7_cotp *tpdu)
{
    struct s7_wr wr = {session->tx, TX_CAP, session->now.tx_len, false};

    s7_cotp_encode(&wr, tpdu);
    if (!wr.full) /* step asked for ANSWER_ROOM before */
        session->now.tx_len = wr.len;
}

/* Cut an answer into DTs of the agreed TPDU size; all but the last have EOT 0. */
static void append_fragments(sim_session *session, const uint8_t *pdu, size_t len)
{
    size_t most = session->now.tpdu_len - DT_HEADER_LEN;

    for (size_t at = 0; at < len;) {
        size_t part = len - at < most ? len - at : most;
        append_tpdu(session,
                    &(struct s7_cotp){
                        .code = S7_COTP_DT, .eot = at + part == len, .data = pdu + at, .data_len = part});
        at += part;
    }
}

/* ---- one frame ---- */

static void note(struct sim_step *step, const char *kind, const char *text)
{
    step->kind = kind;
    snprintf(step->note, sizeof step->note, "%s", text);
}

static void end(sim_session *session, struct sim_step *step, enum sim_refusal how, const char *kind,
                const char *why)
{
    session->now.state = SIM_ENDED;
    step->result = SIM_STEP_ENDED;
    step->close = how;
    note(step, kind, why);
}

static uint8_t granted_tpdu(const struct s7_cotp *cr)
{
    const struct s7_cotp_param *asked = s7_cotp_find(cr, S7_COTP_PARAM_TPDU_SIZE);
    uint8_t code = asked != NULL && asked->len == 1 ? asked->value[0] : DEFAULT_TPDU;

    if (code < TPDU_CODE_MIN)
        return TPDU_CODE_MIN;
    return code > TPDU_CODE_MAX ? TPDU_CODE_MAX : code;
}

/* The answer carries C0, C1, C2 in this order whatever the request's order, the TSAPs not swapped: 22 bytes
 * for the usual two-byte TSAPs, which some clients count. */
static void confirm(sim_session *session, const struct s7_cotp *cr)
{
    const uint8_t codes[] = {S7_COTP_PARAM_CALLING_TSAP, S7_COTP_PARAM_CALLED_TSAP};
    uint8_t tpdu_code = granted_tpdu(cr);
    struct s7_cotp cc = {.code = S7_COTP_CC, .dst_ref = cr->src_ref, .src_ref = 3, .n_params = 1};

    cc.params[0] = (struct s7_cotp_param){S7_COTP_PARAM_TPDU_SIZE, 1, &tpdu_code};
    for (size_t i = 0; i < sizeof codes; i++) {
        const struct s7_cotp_param *tsap = s7_cotp_find(cr, codes[i]);
        if (tsap != NULL)
            cc.params[cc.n_params++] = *tsap;
    }
    append_tpdu(session, &cc);
    session->now.tpdu_len = s7_cotp_tpdu_bytes(tpdu_code);
    session->now.client_ref = cr->src_ref;
    session->now.link = (struct sim_link){.pdu_len = S7_PDU_LEN_MIN};
    session->now.joining = false;
    session->now.joined_len = 0;
    session->now.state = SIM_OPEN;
}

static void turn_away(sim_session *session, enum sim_refusal how, uint8_t reason)
{
    if (how == SIM_REFUSE_DR)
        append_tpdu(session, &(struct s7_cotp){
                                 .code = S7_COTP_DR, .dst_ref = session->tpdu.src_ref, .reason = reason});
}

static void run_connect_request(sim_session *session, struct sim_step *step)
{
    const struct s7_cotp *cr = &session->tpdu;
    struct sim_admission admission;

    if (session->now.state == SIM_OPEN) { /* again: a new session on the same TCP connection */
        confirm(session, cr);
        return;
    }
    sim_plc_admit(session->plc, s7_cotp_find(cr, S7_COTP_PARAM_CALLED_TSAP), &admission);
    if (!admission.admitted && !session->admitted) {
        turn_away(session, admission.refusal, admission.cotp_reason);
        end(session, step, admission.refusal, "refuse", admission.note);
        return;
    }
    if (!session->admitted) { /* a rewound turn comes here twice */
        session->admitted = true;
        session->plc->n_connections++;
    }
    confirm(session, cr);
    note(step, admission.note[0] != '\0' ? "warn" : "connect", admission.note);
}

static void run_pdu(sim_session *session, enum sim_writes writes)
{
    bool whole = session->now.link.pdu_len + (size_t)DT_HEADER_LEN <= session->now.tpdu_len;
    uint8_t *frame = session->tx + session->now.tx_len;
    struct s7_wr answer = {whole ? frame + S7_DT_OVERHEAD : session->answer, session->now.link.pdu_len, 0,
                           false};
    struct sim_job job = {.plc = session->plc,
                          .link = &session->now.link,
                          .pdu = &session->pdu,
                          .answer = &answer,
                          .refuse_writes = writes == SIM_WRITES_REFUSE};

    sim_job_run(&job);
    if (whole) {
        s7_dt_write(frame, answer.len, true);
        session->now.tx_len += S7_DT_OVERHEAD + answer.len;
    } else {
        append_fragments(session, answer.buf, answer.len);
    }
}

/* The PDU of a last or only fragment. Longer than the joined buffer: its head is enough to refuse it. */
static s7_status assemble(sim_session *session, const struct s7_cotp *dt, struct s7_pdu *pdu)
{
    struct turn_state *now = &session->now;

    if (!now->joining)
        return s7_pdu_decode(dt->data, dt->data_len, pdu);
    if (now->joined_len <= sizeof session->joined)
        return s7_pdu_decode(session->joined, now->joined_len, pdu);
    *pdu = (struct s7_pdu){.rosctr = session->joined[1],
                           .ref = (uint16_t)(session->joined[4] << 8 | session->joined[5]),
                           .param = session->joined + S7_PDU_HEADER_LEN,
                           .param_len = now->joined_len - S7_PDU_HEADER_LEN};
    return session->joined[0] == S7_PROTOCOL_ID && pdu->rosctr == S7_ROSCTR_JOB ? S7_OK : S7_E_FRAME;
}

static void join(sim_session *session, const struct s7_cotp *dt)
{
    struct turn_state *now = &session->now;
    size_t have = now->joining ? now->joined_len : 0;

    if (!now->joining)
        now->joining_since_ns = session->received_ns;
    if (have < sizeof session->joined) {
        size_t room = sizeof session->joined - have;
        memcpy(session->joined + have, dt->data, dt->data_len < room ? dt->data_len : room);
    }
    now->joined_len = have + dt->data_len;
    now->joining = true;
}

static bool is_empty(const struct s7_cotp *dt)
{
    return dt->data_len == 0 && !dt->eot;
}

static void on_data(sim_session *session, const struct s7_cotp *dt, struct sim_step *step)
{
    struct turn_state *now = &session->now;
    struct s7_pdu *pdu = &session->pdu;

    if (now->state != SIM_OPEN) {
        end(session, step, SIM_REFUSE_FIN, "refuse", "data before the connection request");
        return;
    }
    if (is_empty(dt) || (dt->data_len == 0 && !now->joining)) /* fast acknowledge */
        return;
    if (!dt->eot || now->joining)
        join(session, dt);
    if (now->joining && now->joined_len > JOINED_MAX) {
        end(session, step, SIM_REFUSE_FIN, "close", "more than 64 KiB of fragments");
        return;
    }
    if (!dt->eot)
        return;
    s7_status status = assemble(session, dt, pdu);
    if (status != S7_OK || (pdu->rosctr != S7_ROSCTR_JOB && pdu->rosctr != S7_ROSCTR_USERDATA)) {
        const uint8_t *first = now->joining ? session->joined : dt->data;
        end(session, step, SIM_REFUSE_FIN, "close",
            first[0] == S7_PROTOCOL_ID_PLUS ? "S7comm-plus (72) is not spoken here"
                                            : "no S7 job: header or lengths are wrong");
        return;
    }
    step->pdu = pdu;
    step->result = SIM_STEP_REQUEST;
}

static void on_disconnect(sim_session *session, const struct s7_cotp *dr, struct sim_step *step)
{
    append_tpdu(session,
                &(struct s7_cotp){.code = S7_COTP_DC, .dst_ref = dr->src_ref, .src_ref = dr->dst_ref});
    end(session, step, SIM_REFUSE_FIN, "close", "disconnect request");
}

static void take_frame(sim_session *session, struct sim_step *step)
{
    struct s7_cotp *tpdu = &session->tpdu;

    if (s7_cotp_decode(step->frame, step->frame_len, tpdu) != S7_OK) {
        end(session, step, SIM_REFUSE_FIN, "close",
            "no COTP TPDU: its header is longer than the frame or too short");
        return;
    }
    switch (tpdu->code) {
    case S7_COTP_DT:
        on_data(session, tpdu, step);
        break;
    case S7_COTP_CR:
        session->asked = true;
        step->cr = tpdu;
        step->result = SIM_STEP_REQUEST;
        break;
    case S7_COTP_DR:
        on_disconnect(session, tpdu, step);
        break;
    default: /* not of class 0: ignored */
        break;
    }
}

void sim_session_step(sim_session *session, struct sim_step *step)
{
    struct turn_state *now = &session->now;

    *step = (struct sim_step){.result = SIM_STEP_IDLE};
    if (!sim_session_ready(session) || (!now->mute && TX_CAP - now->tx_len < ANSWER_ROOM))
        return;
    if (now->at == session->framed) {
        end(session, step, SIM_REFUSE_FIN, "close", session->bad_why);
        return;
    }
    session->before = *now;
    session->answer_at = now->tx_len;
    step->frame = session->rx + now->at;
    if (s7_tpkt_peek(step->frame, session->framed - now->at, FRAME_MAX, &step->frame_len) != S7_OK)
        return; /* cannot be: framed ends with a whole frame */
    session->frame_len = step->frame_len;
    step->result = now->mute ? SIM_STEP_MUTED : SIM_STEP_DONE;
    if (!now->mute)
        take_frame(session, step);
    if (step->result != SIM_STEP_REQUEST)
        now->at += step->frame_len;
}

/* ---- the request of the last step ---- */

/* The joined buffer stays as it is until the turn stands: a rewind runs it again. */
static void pdu_done(sim_session *session)
{
    struct turn_state *now = &session->now;

    now->joined_ran = now->joining;
    now->joining = false;
    now->joined_len = 0;
}

void sim_session_run(sim_session *session, enum sim_writes writes, struct sim_step *step)
{
    if (step->pdu != NULL && writes == SIM_WRITES_WAIT && sim_job_writes(step->pdu)) {
        sim_session_put_back(session, step);
        return;
    }
    step->result = SIM_STEP_DONE;
    if (step->cr != NULL) {
        run_connect_request(session, step);
    } else {
        run_pdu(session, writes);
        pdu_done(session);
    }
    session->now.at += session->frame_len;
}

void sim_session_put_back(sim_session *session, struct sim_step *step)
{
    session->now = session->before;
    step->result = SIM_STEP_BLOCKED;
}

void sim_session_swallow(sim_session *session, struct sim_step *step)
{
    if (step->pdu != NULL)
        pdu_done(session);
    session->now.at += session->frame_len;
    step->result = SIM_STEP_DONE;
}

void sim_session_turn_away(sim_session *session, enum sim_refusal how, struct sim_step *step)
{
    turn_away(session, how, S7_COTP_REASON_CONGESTION);
    session->now.at += session->frame_len;
    session->now.state = SIM_ENDED;
    step->result = SIM_STEP_ENDED;
    step->close = how;
}

size_t sim_session_answer(const sim_session *session, const uint8_t **bytes)
{
    *bytes = session->tx + session->answer_at;
    return session->now.tx_len - session->answer_at;
}

void sim_session_cut(sim_session *session, size_t keep)
{
    session->now.tx_len = session->answer_at + keep;
}

void sim_session_end(sim_session *session)
{
    session->now.state = SIM_ENDED;
}

void sim_session_mute(sim_session *session)
{
    session->now.mute = true;
    session->now.joining = false;
}

/* ---- time ---- */

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t frame_deadline(const sim_session *session)
{
    int64_t since = session->partial_since_ns;

    if (session->now.joining)
        since = sooner(since, session->now.joining_since_ns);
    return since == NEVER_NS ? NEVER_NS : since + session->options.frame_ns;
}

int64_t sim_session_deadline(const sim_session *session)
{
    bool waits = session->now.state == SIM_WAIT_CR && !session->asked;

    if (session->now.state == SIM_ENDED || session->now.mute)
        return NEVER_NS;
    return sooner(waits ? session->connect_by_ns : NEVER_NS, frame_deadline(session));
}

bool sim_session_overdue(const sim_session *session, int64_t now_ns, const char **why)
{
    if (now_ns < sim_session_deadline(session))
        return false;
    *why = now_ns >= frame_deadline(session) ? "a frame was begun and not finished"
                                             : "no connection request came";
    return true;
}

void sim_session_resume(sim_session *session, int64_t now_ns)
{
    if (session->partial_since_ns != NEVER_NS)
        session->partial_since_ns = now_ns;
    if (session->now.joining)
        session->now.joining_since_ns = now_ns;
}
