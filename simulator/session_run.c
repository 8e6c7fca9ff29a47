/* Frames to requests, and requests to answers. */
#include "session_impl.h"

#include "told.h"

#include <stdio.h>

/* Joined fragments: no client PDU may exceed the granted length, so what is longer is only counted; at 64 KiB
 * the connection ends, since no PDU that long exists. */
#define JOINED_MAX 65536

/* The smallest TPDU carries 125 bytes; an answer is cut into at most this many DTs. */
#define TPDU_MIN      128
#define DT_HEADER_LEN 3
#define FRAGMENTS_MAX (S7_PDU_LEN_MAX / (TPDU_MIN - DT_HEADER_LEN) + 1)
#define ANSWER_ROOM   (S7_PDU_LEN_MAX + FRAGMENTS_MAX * S7_DT_OVERHEAD)
#define TPDU_CODE_MIN 0x07
#define TPDU_CODE_MAX 0x0D

/* ---- answers ---- */

static void append_tpdu(sim_session *session, const struct s7_cotp *tpdu)
{
    struct s7_wr wr = {session->tx, SIM_TX_CAP, session->now.tx_len, false};

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

static bool shrinks_tpdu(const struct sim_quirk *quirk)
{
    return sim_quirk_is(quirk, SIM_FAULT_TPDU_SMALL) ||
           (sim_quirk_is(quirk, SIM_FAULT_CC_SHORT) && quirk->own->choice == SIM_CC_OTHER_SIZE);
}

static uint8_t granted_tpdu(const struct s7_cotp *cr, const struct sim_quirk *quirk)
{
    const struct s7_cotp_param *asked = s7_cotp_find(cr, S7_COTP_PARAM_TPDU_SIZE);
    uint8_t code = asked != NULL && asked->len == 1 ? asked->value[0] : SIM_DEFAULT_TPDU;

    if (shrinks_tpdu(quirk) && code > quirk->own->n)
        code = (uint8_t)quirk->own->n;
    if (code < TPDU_CODE_MIN)
        return TPDU_CODE_MIN;
    return code > TPDU_CODE_MAX ? TPDU_CODE_MAX : code;
}

/* The answer carries C0, C1, C2 in this order whatever the request's order, the TSAPs not swapped: 22 bytes
 * for the usual two-byte TSAPs, which some clients count. */
static void confirm(sim_session *session, const struct s7_cotp *cr, const struct sim_quirk *quirk)
{
    const uint8_t codes[] = {S7_COTP_PARAM_CALLING_TSAP, S7_COTP_PARAM_CALLED_TSAP};
    uint8_t tpdu_code = granted_tpdu(cr, quirk);
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
    sim_messages_changed(session->plc, session->now.link.events, 0);
    session->now.link = (struct sim_link){.pdu_len = S7_PDU_LEN_MIN};
    for (size_t i = 0; i < SIM_TASK_KINDS; i++)
        sim_tasks_end_all(session->tasks[i]);
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
        confirm(session, cr, step->quirk);
        return;
    }
    sim_plc_admit(session->plc, s7_cotp_find(cr, S7_COTP_PARAM_CALLED_TSAP), &admission);
    if (!admission.admitted && !session->admitted && admission.refusal == SIM_REFUSE_SILENCE) {
        sim_session_mute(session);
        note(step, "refuse", admission.note);
        return;
    }
    if (!admission.admitted && !session->admitted) {
        turn_away(session, admission.refusal, admission.cotp_reason);
        end(session, step, admission.refusal, "refuse", admission.note);
        return;
    }
    if (!session->admitted) { /* a rewound turn comes here twice */
        session->admitted = true;
        session->of = admission.of;
        sim_plc_enter(session->plc, admission.of);
    }
    confirm(session, cr, step->quirk);
    note(step, admission.note[0] != '\0' ? "warn" : "connect", admission.note);
}

/* Room for a PDU: where it will be sent from, unless it may have to be cut. */
static struct s7_wr begin_pdu(sim_session *session)
{
    bool whole = session->now.link.pdu_len + (size_t)DT_HEADER_LEN <= session->now.tpdu_len;
    uint8_t *frame = session->tx + session->now.tx_len;

    return (struct s7_wr){whole ? frame + S7_DT_OVERHEAD : session->answer, session->now.link.pdu_len, 0,
                          false};
}

static void end_pdu(sim_session *session, const struct s7_wr *pdu)
{
    if (pdu->buf == session->answer) {
        append_fragments(session, pdu->buf, pdu->len);
        return;
    }
    s7_dt_write(session->tx + session->now.tx_len, pdu->len, true);
    session->now.tx_len += S7_DT_OVERHEAD + pdu->len;
}

/* More jobs than were granted, all of them there before the first was answered. */
static enum sim_extra_choice extra(sim_session *session)
{
    struct sim_session_turn *now = &session->now;

    if (session->pdu.rosctr != S7_ROSCTR_JOB || now->link.extra == SIM_EXTRA_QUEUE)
        return SIM_EXTRA_QUEUE;
    return ++now->in_turn > now->link.amq_calling ? now->link.extra : SIM_EXTRA_QUEUE;
}

static void keep_ref(struct sim_refs *refs, const struct s7_pdu *pdu)
{
    uint8_t function = pdu->rosctr == S7_ROSCTR_JOB && pdu->param_len > 0 ? pdu->param[0] : 0;

    refs->last = pdu->ref;
    if (function == S7_FN_READ_VAR)
        refs->read = pdu->ref;
    if (function == S7_FN_WRITE_VAR)
        refs->write = pdu->ref;
}

static void run_pdu(sim_session *session, enum sim_writes writes, const struct sim_step *step)
{
    const struct sim_quirk *quirk = step->quirk;
    enum sim_extra_choice becomes = extra(session);
    struct s7_wr answer = begin_pdu(session);
    struct sim_job job = {.plc = session->plc,
                          .link = &session->now.link,
                          .tasks = session->tasks,
                          .pdu = &session->pdu,
                          .answer = &answer,
                          .shelf = &session->shelf,
                          .replies = session->replies,
                          .quirk = quirk,
                          .overlays = step->overlays,
                          .refuse_writes = writes == SIM_WRITES_REFUSE};

    if (becomes == SIM_EXTRA_DROP)
        return;
    if (becomes == SIM_EXTRA_ERROR)
        sim_job_refuse(&job, S7_ERR_RESOURCES);
    else
        sim_job_run(&job);
    if (quirk != NULL)
        answer.len = sim_spoil_pdu(quirk, &session->now.refs, answer.buf, answer.len, answer.cap);
    keep_ref(&session->now.refs, &session->pdu);
    session->now.chained = job.chained;
    if (answer.len > 0) /* what the PLC asked for itself is not answered */
        end_pdu(session, &answer);
}

/* The PDU of a last or only fragment. Longer than the joined buffer: its head is enough to refuse it. */
static s7_status assemble(sim_session *session, const struct s7_cotp *dt, struct s7_pdu *pdu)
{
    struct sim_session_turn *now = &session->now;

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
    struct sim_session_turn *now = &session->now;
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

/* Clients ask, and answer what the PLC has asked. */
static bool is_wanted(const sim_session *session, const struct s7_pdu *pdu)
{
    return pdu->rosctr == S7_ROSCTR_JOB || pdu->rosctr == S7_ROSCTR_USERDATA ||
           sim_download_awaits(&session->now.link, pdu);
}

static void on_data(sim_session *session, const struct s7_cotp *dt, struct sim_step *step)
{
    struct sim_session_turn *now = &session->now;
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
    if (status != S7_OK || !is_wanted(session, pdu)) {
        const uint8_t *first = now->joining ? session->joined : dt->data;
        end(session, step, SIM_REFUSE_FIN, "close",
            first[0] == S7_PROTOCOL_ID_PLUS
                ? "S7comm-plus (72) is not spoken here"
                : "no S7 job: header or lengths are wrong, or an answer to nothing");
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
    struct sim_session_turn *now = &session->now;

    *step = (struct sim_step){.result = SIM_STEP_IDLE};
    if (!sim_session_ready(session) || (!now->mute && SIM_TX_CAP - now->tx_len < 2 * ANSWER_ROOM))
        return;
    if (now->at == session->framed) {
        end(session, step, SIM_REFUSE_FIN, "close", session->bad_why);
        return;
    }
    session->before = *now;
    session->answer_at = now->tx_len;
    step->frame = session->rx + now->at;
    if (s7_tpkt_peek(step->frame, session->framed - now->at, SIM_FRAME_MAX, &step->frame_len) != S7_OK)
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
    struct sim_session_turn *now = &session->now;

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
        run_pdu(session, writes, step);
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

void sim_session_turn_away(sim_session *session, enum sim_refusal how, uint8_t reason, struct sim_step *step)
{
    turn_away(session, how, reason);
    session->now.at += session->frame_len;
    session->now.state = SIM_ENDED;
    step->result = SIM_STEP_ENDED;
    step->close = how;
}

/* ---- what answers nothing ---- */

static bool may_tell(const sim_session *session)
{
    const struct sim_session_turn *now = &session->now;

    return now->link.tells != 0 && now->state == SIM_OPEN && !now->mute &&
           SIM_TX_CAP - now->tx_len >= ANSWER_ROOM;
}

bool sim_session_tell(sim_session *session)
{
    struct sim_session_turn *now = &session->now;

    if (!may_tell(session))
        return false;
    struct s7_wr pdu = begin_pdu(session);
    struct sim_telling telling = {
        .plc = session->plc, .link = &now->link, .tasks = session->tasks, .wr = &pdu};
    session->answer_at = now->tx_len;
    if (!sim_told_next(&telling))
        return false;
    end_pdu(session, &pdu);
    return true;
}

int64_t sim_session_due(sim_session *session)
{
    const struct sim_telling telling = {
        .plc = session->plc, .link = &session->now.link, .tasks = session->tasks};

    return may_tell(session) ? sim_told_due(&telling) : INT64_MAX;
}

size_t sim_session_answer(const sim_session *session, const uint8_t **bytes)
{
    *bytes = session->tx + session->answer_at;
    return session->now.tx_len - session->answer_at;
}

size_t sim_session_answer_room(sim_session *session, uint8_t **bytes, size_t *cap)
{
    *bytes = session->tx + session->answer_at;
    *cap = SIM_TX_CAP - session->answer_at;
    return session->now.tx_len - session->answer_at;
}

uint16_t sim_session_client_ref(const sim_session *session)
{
    return session->now.client_ref;
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
