/* A request of the turn under what the faults decided: held, run, swallowed, cut. What reaches beyond the
 * connection's bytes (reset, cable) is only noted here, and done when the turn stands. */
#include "server_impl.h"
#include "service_time.h"

#include "protocol/pdu.h"
#include "protocol/var.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_US INT64_C(1000)

/* ---- running it ---- */

static enum sim_fn fn_of(const struct sim_step *step)
{
    const struct s7_pdu *pdu = step->pdu;

    if (pdu == NULL)
        return SIM_FN_CONNECT;
    if (pdu->rosctr == S7_ROSCTR_USERDATA)
        return SIM_FN_USERDATA;
    switch (pdu->param_len > 0 ? pdu->param[0] : 0) {
    case S7_FN_SETUP:
        return SIM_FN_SETUP;
    case S7_FN_READ_VAR:
        return SIM_FN_READ;
    case S7_FN_WRITE_VAR:
        return SIM_FN_WRITE;
    default:
        return SIM_FN_OTHER;
    }
}

static enum sim_role role_of(const struct s7_cotp *cr)
{
    const struct s7_cotp_param *called = s7_cotp_find(cr, S7_COTP_PARAM_CALLED_TSAP);

    if (called == NULL || called->len != 2 || called->value[0] >= SIM_ROLES)
        return SIM_ROLE_OTHER;
    return (enum sim_role)called->value[0];
}

static void count_connect(struct sim_conn *conn, bool was_open)
{
    struct sim_tally *tally = &conn->station->now;

    if (was_open)
        return;
    sim_conn_keep_alive(conn);
    if (!sim_session_is_open(conn->session)) {
        tally->stats.refused++;
        return;
    }
    tally->stats.admitted++;
    tally->admitted[conn->turn.role]++;
    conn->turn.counted = true;
    if (conn->station->plc.n_connections > tally->stats.sessions_max)
        tally->stats.sessions_max = conn->station->plc.n_connections;
}

static void keep_tsap(struct sim_conn_turn *turn, const struct s7_cotp *cr)
{
    const struct s7_cotp_param *called = s7_cotp_find(cr, S7_COTP_PARAM_CALLED_TSAP);
    size_t len = called == NULL ? 0 : called->len < SIM_TSAP_CAP ? called->len : SIM_TSAP_CAP;

    turn->tsap_len = (uint8_t)len;
    if (len > 0)
        memcpy(turn->tsap, called->value, len);
}

static void count_job(struct sim_conn *conn, enum sim_fn fn)
{
    struct sim_plc_stats *stats = &conn->station->now.stats;

    conn->turn.jobs++;
    stats->setups += fn == SIM_FN_SETUP;
    stats->reads += fn == SIM_FN_READ;
    stats->writes += fn == SIM_FN_WRITE;
    stats->userdata += fn == SIM_FN_USERDATA;
}

void sim_serve(struct sim_conn *conn, enum sim_writes writes, struct sim_step *step)
{
    bool was_open = sim_session_is_open(conn->session);

    if (step->cr != NULL && !conn->turn.counted) {
        conn->turn.role = role_of(step->cr);
        keep_tsap(&conn->turn, step->cr);
    }
    sim_session_run(conn->session, writes, step);
    if (step->result == SIM_STEP_BLOCKED)
        return;
    if (step->cr != NULL)
        count_connect(conn, was_open);
    else
        count_job(conn, fn_of(step));
}

/* ---- the words ---- */

static const char *fn_name(enum sim_fn fn)
{
    switch (fn) {
    case SIM_FN_CONNECT:
        return "connection request";
    case SIM_FN_SETUP:
        return "setup";
    case SIM_FN_READ:
        return "read";
    case SIM_FN_WRITE:
        return "write";
    case SIM_FN_USERDATA:
        return "userdata";
    default:
        return "job";
    }
}

/* An event "cut: ...". */
__attribute__((format(printf, 3, 4))) static void tell(struct sim_conn *conn, bool first_run,
                                                       const char *format, ...)
{
    char text[SIM_NOTE_CAP];
    va_list args;

    if (!first_run)
        return;
    va_start(args, format);
    int used = snprintf(text, sizeof text, "%s: ", conn->turn.verdict.fault);
    vsnprintf(text + used, sizeof text - (size_t)used, format, args);
    va_end(args);
    sim_conn_note(conn, "fault", text);
}

static const char *ending_name(enum sim_ending ending)
{
    static const char *const names[] = {[SIM_END_RST] = "reset",
                                        [SIM_END_FIN] = "closed",
                                        [SIM_END_DR] = "disconnect request",
                                        [SIM_END_SILENCE] = "silence"};

    return names[ending];
}

/* ---- the deeds ---- */

static void swallow(struct sim_conn *conn, struct sim_step *step)
{
    sim_session_swallow(conn->session, step);
    conn->station->now.stats.swallowed++;
}

static void stop(struct sim_conn *conn, enum sim_refusal how, struct sim_step *step)
{
    sim_session_end(conn->session);
    step->result = SIM_STEP_ENDED;
    step->close = how;
}

static void silence(struct sim_conn *conn)
{
    sim_session_mute(conn->session);
    conn->turn.muted_by = conn->turn.verdict.fault;
}

static void reset(struct sim_conn *conn, enum sim_writes writes, bool first_run, struct sim_step *step)
{
    bool run = conn->turn.verdict.own.run;

    if (run)
        sim_serve(conn, writes, step);
    else
        swallow(conn, step);
    if (step->result == SIM_STEP_BLOCKED)
        return;
    sim_session_cut(conn->session, 0);
    tell(conn, first_run, "%s %s, connection reset instead of an answer", fn_name(fn_of(step)),
         run ? "run" : "not run");
    stop(conn, SIM_REFUSE_RST, step);
}

static void finish(struct sim_conn *conn, enum sim_writes writes, bool first_run, struct sim_step *step)
{
    enum sim_ending ending = conn->turn.verdict.own.ending;

    sim_serve(conn, writes, step);
    if (step->result == SIM_STEP_BLOCKED || step->result == SIM_STEP_ENDED)
        return;
    tell(conn, first_run, "%s answered, then %s", fn_name(fn_of(step)), ending_name(ending));
    stop(conn, ending == SIM_END_RST ? SIM_REFUSE_RST : SIM_REFUSE_FIN, step);
}

static void half_close(struct sim_conn *conn, enum sim_writes writes, bool first_run, struct sim_step *step)
{
    (void)writes;
    tell(conn, first_run, "%s not answered, nor anything that follows: the own direction is closed",
         fn_name(fn_of(step)));
    swallow(conn, step);
    silence(conn);
    conn->turn.half_close = true;
}

/* Does it stand for the answer, so that the request is not run? */
static bool is_instead(enum sim_fault_type type)
{
    return type == SIM_FAULT_DR_MID || type == SIM_FAULT_COTP_ER || type == SIM_FAULT_GARBAGE;
}

/* The block as it was; bytes NULL: it is as it is. */
static struct sim_image image_of(const struct sim_conn *conn)
{
    const struct sim_armed *armed = sim_armed_find(conn->server, conn->turn.verdict.id);

    if (conn->turn.verdict.type == SIM_FAULT_TORN_READ)
        return conn->torn;
    return armed != NULL ? armed->image : (struct sim_image){NULL, 0};
}

/* Where the request's writes wait, if they are to, and for how long. */
static struct sim_late *late_of(struct sim_conn *conn)
{
    const struct sim_verdict *verdict = &conn->turn.verdict;
    struct sim_late *late = &conn->station->late;

    if (verdict->type != SIM_FAULT_WRITE_DELAYED)
        return NULL;
    late->fault = verdict->id;
    late->due_ns = s7_loop_now_ns(conn->server->loop) + sim_dist_draw(&verdict->own.time, verdict->bits);
    late->peer = s7_stream_peer(conn->stream);
    late->conn = conn->ordinal;
    return late;
}

static void spoil(struct sim_conn *conn, enum sim_writes writes, bool first_run, struct sim_step *step)
{
    const struct sim_verdict *verdict = &conn->turn.verdict;
    const struct sim_image image = image_of(conn);
    const struct sim_quirk quirk = {.type = verdict->type,
                                    .own = &verdict->own,
                                    .items = verdict->items,
                                    .bits = verdict->bits,
                                    .late = late_of(conn),
                                    .image = image.bytes,
                                    .image_len = image.len};
    uint8_t *bytes;
    size_t cap;

    step->quirk = &quirk;
    if (is_instead(quirk.type))
        swallow(conn, step);
    else
        sim_serve(conn, writes, step);
    step->quirk = NULL;
    if (step->result == SIM_STEP_BLOCKED)
        return;
    if (quirk.late != NULL)
        s7_timer_set(conn->server->loop, &conn->station->late_timer, sim_late_due_ns(quirk.late));
    size_t len = sim_session_answer_room(conn->session, &bytes, &cap);
    sim_session_cut(conn->session,
                    sim_spoil_frames(&quirk, sim_session_client_ref(conn->session), bytes, len, cap));
    tell(conn, first_run, "%s", fn_name(fn_of(step)));
    if (quirk.type == SIM_FAULT_DR_MID)
        stop(conn, SIM_REFUSE_FIN, step);
}

static void deafen(struct sim_conn *conn, enum sim_writes writes, bool first_run, struct sim_step *step)
{
    (void)first_run; /* told when it is done */
    sim_serve(conn, writes, step);
    if (step->result == SIM_STEP_BLOCKED)
        return;
    conn->turn.deafen = true;
    conn->turn.deafen_by = conn->turn.verdict.id;
}

/* Where the parameters of the first DT's PDU begin; its data begin behind them. */
static size_t param_at(const uint8_t *answer, size_t len)
{
    bool acknowledges = len > S7_DT_OVERHEAD + 1 && (answer[S7_DT_OVERHEAD + 1] == S7_ROSCTR_ACK ||
                                                     answer[S7_DT_OVERHEAD + 1] == S7_ROSCTR_ACK_DATA);

    return S7_DT_OVERHEAD + (size_t)(acknowledges ? S7_ACK_HEADER_LEN : S7_PDU_HEADER_LEN);
}

static size_t param_len(const uint8_t *answer, size_t len)
{
    const size_t at = S7_DT_OVERHEAD + 6;

    return len < at + 2 ? 0 : (size_t)answer[at] << 8 | answer[at + 1];
}

static size_t kept(enum sim_cut_at at, uint32_t n, const uint8_t *answer, size_t len)
{
    size_t keep = n;

    if (at == SIM_CUT_PERCENT)
        keep = len * n / 100;
    else if (at == SIM_CUT_TPKT)
        keep = 0;
    else if (at == SIM_CUT_COTP)
        keep = 4;
    else if (at == SIM_CUT_HEADER)
        keep = S7_DT_OVERHEAD;
    else if (at == SIM_CUT_PARAM)
        keep = param_at(answer, len);
    else if (at == SIM_CUT_DATA)
        keep = param_at(answer, len) + param_len(answer, len);
    if (len == 0)
        return 0;
    return keep < len ? keep : len - 1;
}

static void cut(struct sim_conn *conn, enum sim_writes writes, bool first_run, struct sim_step *step)
{
    const struct sim_fault_own *own = &conn->turn.verdict.own;
    const uint8_t *answer;

    sim_serve(conn, writes, step);
    if (step->result == SIM_STEP_BLOCKED)
        return;
    size_t len = sim_session_answer(conn->session, &answer),
           keep = kept(own->cut_at, own->cut_n, answer, len);
    sim_session_cut(conn->session, keep);
    tell(conn, first_run, "answer to %s ended after %zu of %zu bytes, then %s", fn_name(fn_of(step)), keep,
         len, ending_name(own->ending));
    if (own->ending != SIM_END_SILENCE)
        stop(conn, own->ending == SIM_END_RST ? SIM_REFUSE_RST : SIM_REFUSE_FIN, step);
    else if (step->result != SIM_STEP_ENDED)
        silence(conn);
}

static void vanish(struct sim_conn *conn, enum sim_writes writes, bool first_run, struct sim_step *step)
{
    (void)first_run; /* told when it is done: the loop may not be able to */
    sim_serve(conn, writes, step);
    if (step->result == SIM_STEP_BLOCKED)
        return;
    conn->turn.vanish = true;
    conn->turn.vanish_by = conn->turn.verdict.id;
}

static void turn_away(struct sim_conn *conn, enum sim_writes writes, bool first_run, struct sim_step *step)
{
    static const enum sim_refusal refusals[] = {
        [SIM_END_RST] = SIM_REFUSE_RST, [SIM_END_FIN] = SIM_REFUSE_FIN, [SIM_END_DR] = SIM_REFUSE_DR};
    const struct sim_fault_own *own = &conn->turn.verdict.own;

    (void)writes;
    if (conn->turn.verdict.type == SIM_FAULT_COTP_DR)
        tell(conn, first_run, "disconnect request, reason %u", own->n);
    else
        tell(conn, first_run, "all %u connections%s are taken, %s", own->max,
             own->per_role ? " of this type" : "", ending_name(own->ending));
    conn->station->now.stats.refused++;
    if (own->ending != SIM_END_SILENCE) {
        sim_session_turn_away(
            conn->session, refusals[own->ending],
            conn->turn.verdict.type == SIM_FAULT_COTP_DR ? (uint8_t)own->n : S7_COTP_REASON_CONGESTION, step);
        return;
    }
    sim_session_swallow(conn->session, step);
    silence(conn);
}

static void hang(struct sim_conn *conn, enum sim_writes writes, bool first_run, struct sim_step *step)
{
    (void)writes;
    tell(conn, first_run, "%s swallowed", fn_name(fn_of(step)));
    swallow(conn, step);
}

static void serve(struct sim_conn *conn, enum sim_writes writes, bool first_run, struct sim_step *step)
{
    (void)first_run;
    sim_serve(conn, writes, step);
}

/* ---- how the answer leaves ---- */

/* Without memory it leaves as it is. */
static struct sim_shape *shape_of(struct sim_conn *conn)
{
    if (conn->shape == NULL && (conn->shape = calloc(1, sizeof *conn->shape)) != NULL)
        s7_timer_init(&conn->shape->timer, sim_turn_leave, conn);
    return conn->shape;
}

/* The second of two comes later. */
static bool is_doubled_later(const struct sim_verdict *verdict)
{
    return verdict->type == SIM_FAULT_DUPLICATE && verdict->own.time.high_ns > 0;
}

static bool leaves_as_usual(const struct sim_conn *conn, int64_t now_ns)
{
    const struct sim_verdict *verdict = &conn->turn.verdict;

    if (is_doubled_later(verdict) || (conn->shape != NULL && sim_shape_has_group(conn->shape, now_ns)))
        return false;
    return sim_leaving_is_usual(&verdict->leaving) && verdict->late_ns == 0 && !verdict->splits &&
           verdict->bucket == 0;
}

static void leave(struct sim_conn *conn, bool first_run, const struct sim_step *step)
{
    const struct sim_verdict *verdict = &conn->turn.verdict;
    struct sim_leaving how = verdict->leaving;
    int64_t now_ns = s7_loop_now_ns(conn->server->loop);
    const uint8_t *bytes;
    size_t len = sim_session_answer(conn->session, &bytes),
           pending = sim_session_pending(conn->session, &bytes);
    struct sim_armed *bucket = verdict->bucket != 0 ? sim_armed_find(conn->server, verdict->bucket) : NULL;

    if (len == 0 || leaves_as_usual(conn, now_ns) || shape_of(conn) == NULL)
        return;
    if (is_doubled_later(verdict))
        how.first = (uint32_t)(len / 2);
    if (verdict->splits)
        how.first = (uint32_t)kept(verdict->split_at, verdict->split_n, bytes + pending - len, len);
    if (how.from_ns < now_ns)
        how.from_ns = now_ns;
    how.from_ns += verdict->late_ns;
    if (bucket != NULL)
        sim_armed_pour(bucket, len, how.from_ns, &how);
    if (verdict->reorders && !sim_shape_has_group(conn->shape, now_ns))
        sim_shape_begin_group(conn->shape, how.hold, how.from_ns);
    if (sim_shape_has_group(conn->shape, now_ns))
        sim_shape_join(conn->shape, pending, len, &how);
    sim_shape_add(conn->shape, &how, pending, len, now_ns);
    tell(conn, first_run, "the answer to %s leaves later or in pieces", fn_name(fn_of(step)));
}

/* ---- the decision ---- */

static void judge(struct sim_conn *conn, bool first_run, const struct sim_step *step)
{
    const sim_server *server = conn->server;
    struct sim_conn_turn *turn = &conn->turn;
    struct sim_asked asked = {.peer = s7_stream_peer(conn->stream),
                              .conn = conn->ordinal,
                              .fn = fn_of(step),
                              .pdu = step->pdu,
                              .again = step->cr != NULL && sim_session_is_open(conn->session),
                              .now_ns = s7_loop_now_ns(server->loop),
                              .admitted = conn->station->now.admitted,
                              .cable_out = conn->cable_out || turn->vanish,
                              .came_ns = sim_session_received_ns(conn->session)};

    if (step->cr != NULL && !turn->counted)
        turn->role = role_of(step->cr);
    asked.role = turn->role;
    turn->tapped = false;
    turn->judged = true;
    sim_judge(conn->station->armed, server->options.seed, &asked, &turn->once, &turn->verdict);
    if (turn->verdict.type == SIM_FAULT_TORN_READ && turn->verdict.deed == SIM_DEED_SPOIL)
        sim_upset_keep(sim_armed_find(server, turn->verdict.id), &conn->torn);
    turn->due_ns = asked.now_ns + turn->verdict.delay_ns +
                   sim_service_ns(&conn->station->plc, step->pdu, server->options.seed, conn->ordinal,
                                  ++turn->n_judged) /
                       server->options.time_scale;
    if (turn->verdict.delay_ns > 0)
        tell(conn, first_run, "%s held for %lld.%03d ms", fn_name(asked.fn),
             (long long)(turn->verdict.delay_ns / (1000 * NS_PER_US)),
             (int)(turn->verdict.delay_ns / NS_PER_US % 1000));
}

void sim_obey(struct sim_conn *conn, enum sim_writes writes, bool first_run, struct sim_step *step)
{
    static void (*const deeds[])(struct sim_conn *, enum sim_writes, bool,
                                 struct sim_step *) = {[SIM_DEED_SERVE] = serve,
                                                       [SIM_DEED_SWALLOW] = hang,
                                                       [SIM_DEED_RESET] = reset,
                                                       [SIM_DEED_FINISH] = finish,
                                                       [SIM_DEED_CUT] = cut,
                                                       [SIM_DEED_VANISH] = vanish,
                                                       [SIM_DEED_TURN_AWAY] = turn_away,
                                                       [SIM_DEED_HALF_CLOSE] = half_close,
                                                       [SIM_DEED_DEAFEN] = deafen,
                                                       [SIM_DEED_SPOIL] = spoil};

    if (!conn->turn.judged)
        judge(conn, first_run, step);
    if (sim_conn_is_held(conn)) {
        sim_session_put_back(conn->session, step);
        return;
    }
    step->overlays = conn->turn.verdict.overlays.n > 0 ? &conn->turn.verdict.overlays : NULL;
    deeds[conn->turn.verdict.deed](conn, writes, first_run, step);
    step->overlays = NULL;
    if (step->result == SIM_STEP_BLOCKED)
        return;
    leave(conn, first_run, step);
    conn->turn.judged = false;
}
