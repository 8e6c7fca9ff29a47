/* What the plant's audit is told: connections as they come, agree and go; jobs with what they took, when the
 * table `audit` asks for them. Jobs are collected while a turn runs and told when it stands, since only then
 * their answers leave. */
#include "server_impl.h"

#include "job.h"

#include "protocol/control.h"
#include "protocol/userdata.h"

#include <stdio.h>
#include <stdlib.h>

#define NS_PER_US INT64_C(1000)

/* Rows of connection that one upkeep refreshes; with more connections each has its turn every few seconds. */
#define REFRESH_MAX 256

struct sim_seen {
    struct sim_conn *conn;
    const char *fn;
    unsigned items;
    bool answered;
    uint16_t error;    /* as in struct plant_event */
    unsigned bad_item; /* from 1: the error is its code; 0: it is the job's */
    int64_t since_ns;  /* the request was whole */
};

/* ---- what was asked ---- */

static const char *fn_of_job(uint8_t function)
{
    static const struct {
        uint8_t function;
        const char *name;
    } names[] = {
        {S7_FN_SETUP, "setup"},         {S7_FN_READ_VAR, "read"}, {S7_FN_WRITE_VAR, "write"},
        {S7_FN_UPLOAD_START, "upload"}, {S7_FN_UPLOAD, "upload"}, {S7_FN_UPLOAD_END, "upload"},
        {S7_FN_PI_SERVICE, "control"},  {S7_FN_PLC_STOP, "stop"}, {S7_FN_DOWNLOAD_START, "download"}};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].function == function)
            return names[i].name;
    return "job";
}

static const char *fn_of_group(uint8_t group)
{
    switch (group) {
    case S7_GROUP_CPU:
        return "cpu";
    case S7_GROUP_BLOCKS:
        return "blocks";
    case S7_GROUP_SECURITY:
        return "security";
    case S7_GROUP_CLOCK:
        return "clock";
    default:
        return "userdata";
    }
}

static const char *fn_of(const struct s7_pdu *pdu)
{
    if (pdu->rosctr == S7_ROSCTR_USERDATA)
        return fn_of_group(pdu->param_len > 5 ? pdu->param[5] & 0xF : 0);
    return fn_of_job(pdu->param_len > 0 ? pdu->param[0] : 0);
}

static unsigned items_of(const struct s7_pdu *pdu)
{
    bool has_items = pdu->rosctr == S7_ROSCTR_JOB && pdu->param_len > 1 &&
                     (pdu->param[0] == S7_FN_READ_VAR || pdu->param[0] == S7_FN_WRITE_VAR);

    return has_items ? pdu->param[1] : 0;
}

/* ---- what was answered ---- */

static void item_failed(struct sim_seen *seen, unsigned item, uint8_t code)
{
    seen->bad_item = item;
    seen->error = code;
}

static void look_at_writes(struct sim_seen *seen, const struct s7_pdu *answer)
{
    for (size_t i = 0; i < answer->data_len; i++)
        if (answer->data[i] != S7_ITEM_OK) {
            item_failed(seen, (unsigned)i + 1, answer->data[i]);
            return;
        }
}

static void look_at_reads(struct sim_seen *seen, const struct s7_pdu *answer)
{
    struct s7_data_walk walk;
    struct s7_data_unit unit;

    s7_data_walk_begin(answer, true, &walk);
    for (unsigned i = 1; i <= seen->items; i++) {
        if (s7_data_walk_next(&walk, i == seen->items, &unit) != S7_OK)
            return;
        if (unit.code != S7_ITEM_OK) {
            item_failed(seen, i, unit.code);
            return;
        }
    }
}

static uint16_t userdata_error(const struct s7_pdu *answer)
{
    const size_t at = 10;

    if (answer->param_len < at + 2)
        return 0;
    return (uint16_t)(answer->param[at] << 8 | answer->param[at + 1]);
}

/* An answer that was cut into fragments, or cut off by a fault, is not looked into. */
static void look_at_answer(struct sim_seen *seen, const uint8_t *frame, size_t len)
{
    struct s7_pdu answer;

    if (len < S7_DT_OVERHEAD || s7_pdu_decode(frame + S7_DT_OVERHEAD, len - S7_DT_OVERHEAD, &answer) != S7_OK)
        return;
    seen->error = answer.rosctr == S7_ROSCTR_USERDATA ? userdata_error(&answer) : answer.error;
    if (seen->error != 0 || answer.rosctr != S7_ROSCTR_ACK_DATA || answer.param_len == 0)
        return;
    if (answer.param[0] == S7_FN_READ_VAR)
        look_at_reads(seen, &answer);
    else if (answer.param[0] == S7_FN_WRITE_VAR)
        look_at_writes(seen, &answer);
}

/* ---- jobs ---- */

void sim_audit_begin(sim_server *server)
{
    const struct plant_audit *audit = plant_audit_settings(server->plant);

    server->watches = audit->jobs || audit->errors || audit->slow_us >= 0;
}

static struct sim_seen *one_more(sim_server *server)
{
    if (server->n_seen == server->cap_seen) {
        size_t cap = server->cap_seen > 0 ? 2 * server->cap_seen : 64;
        struct sim_seen *more = realloc(server->seen, cap * sizeof *more);
        if (more == NULL)
            return NULL; /* a job less in the table */
        server->seen = more;
        server->cap_seen = cap;
    }
    return &server->seen[server->n_seen++];
}

/* To a job of the CPU: no request of the client. */
static bool is_answer(const struct s7_pdu *pdu)
{
    return pdu->rosctr == S7_ROSCTR_ACK || pdu->rosctr == S7_ROSCTR_ACK_DATA;
}

/* A request that is put back counts from then on: what came behind it meanwhile says nothing of its time. */
static bool waits(struct sim_conn_turn *turn, const struct sim_conn *conn, const struct sim_step *step)
{
    if (step->result != SIM_STEP_BLOCKED)
        return false;
    if (turn->waits_ns == S7_NEVER_NS)
        turn->waits_ns = sim_session_received_ns(conn->session);
    return true;
}

void sim_audit_step(struct sim_conn *conn, const struct sim_step *step)
{
    struct sim_conn_turn *turn = &conn->turn;
    const uint8_t *answer;

    if (waits(turn, conn, step) || is_answer(step->pdu))
        return;
    struct sim_seen *seen = one_more(conn->server);
    if (seen == NULL)
        return;
    size_t len = sim_session_answer(conn->session, &answer);
    *seen = (struct sim_seen){
        .conn = conn,
        .fn = fn_of(step->pdu),
        .items = items_of(step->pdu),
        .answered = len > 0,
        .since_ns = turn->waits_ns != S7_NEVER_NS ? turn->waits_ns : sim_session_received_ns(conn->session)};
    turn->waits_ns = S7_NEVER_NS;
    look_at_answer(seen, answer, len);
}

void sim_audit_forget(sim_server *server)
{
    server->n_seen = 0;
}

static void say_error(const struct sim_seen *seen, char *text, size_t cap)
{
    text[0] = '\0';
    if (!seen->answered)
        snprintf(text, cap, "not answered");
    else if (seen->bad_item > 0)
        snprintf(text, cap, "item %u of %u: %s", seen->bad_item, seen->items,
                 s7_item_code_text((uint8_t)seen->error));
    else if (seen->error != 0)
        snprintf(text, cap, "%s", s7_plc_error_text(seen->error));
}

static void tell_job(sim_server *server, const struct sim_seen *seen, int64_t latency_us)
{
    char text[SIM_NOTE_CAP];

    say_error(seen, text, sizeof text);
    plant_event_add(server->plant, &(struct plant_event){.wall_ms = s7_loop_wall_ms(server->loop),
                                                         .plc = seen->conn->station->plc.row,
                                                         .kind = "job",
                                                         .peer = s7_stream_peer(seen->conn->stream),
                                                         .text = text,
                                                         .conn = seen->conn->ordinal,
                                                         .fn = seen->fn,
                                                         .items = seen->items,
                                                         .error = seen->error,
                                                         .latency_us = seen->answered ? latency_us : -1});
}

static bool is_wanted(const struct plant_audit *audit, const struct sim_seen *seen, int64_t latency_us)
{
    return audit->jobs || (audit->errors && seen->error != 0) ||
           (audit->slow_us >= 0 && seen->answered && latency_us >= audit->slow_us);
}

static void tell_jobs(sim_server *server)
{
    const struct plant_audit *audit = plant_audit_settings(server->plant);
    int64_t now_ns = s7_loop_clock_ns(server->loop);

    for (size_t i = 0; i < server->n_seen; i++) {
        int64_t latency_us = (now_ns - server->seen[i].since_ns) / NS_PER_US;
        if (is_wanted(audit, &server->seen[i], latency_us))
            tell_job(server, &server->seen[i], latency_us);
    }
    server->n_seen = 0;
}

/* ---- connections ---- */

static int64_t accepted_ms(const struct sim_conn *conn)
{
    s7_loop *loop = conn->server->loop;

    return s7_loop_wall_ms(loop) - (s7_loop_now_ns(loop) - conn->accepted_ns) / (1000 * NS_PER_US);
}

static void open_record(struct sim_conn *conn)
{
    char tsap[2 * SIM_TSAP_CAP + 1] = "";

    for (size_t i = 0; i < conn->turn.tsap_len; i++)
        snprintf(tsap + 2 * i, 3, "%02X", conn->turn.tsap[i]);
    conn->record = plant_conn_open(conn->server->plant, accepted_ms(conn), conn->station->plc.row,
                                   conn->ordinal, s7_stream_peer(conn->stream), tsap);
}

static void refresh(struct sim_conn *conn)
{
    const struct sim_link *link = sim_session_link(conn->session);

    plant_conn_set(conn->server->plant, conn->record, link->setup_done ? link->pdu_len : 0, link->amq_calling,
                   conn->turn.jobs);
    conn->told_setup = link->setup_done;
}

void sim_audit_tell(sim_server *server, struct sim_conn *list)
{
    if (server->n_seen > 0)
        tell_jobs(server);
    if (!plant_audit_settings(server->plant)->connections)
        return;
    for (struct sim_conn *conn = list; conn != NULL; conn = conn->next_active) {
        if (conn->record == NULL && conn->turn.counted)
            open_record(conn);
        if (conn->told_setup != sim_session_link(conn->session)->setup_done)
            refresh(conn);
    }
}

void sim_audit_upkeep(sim_server *server)
{
    uint64_t share = 1 + server->stats.connections / REFRESH_MAX;

    server->audits++;
    for (struct sim_conn *conn = server->conns; conn != NULL; conn = conn->next)
        if ((conn->ordinal + server->audits) % share == 0)
            refresh(conn);
}

void sim_audit_close(struct sim_conn *conn)
{
    sim_server *server = conn->server;

    plant_conn_close(server->plant, s7_loop_wall_ms(server->loop), conn->record, conn->turn.jobs,
                     conn->why[0] != '\0' ? conn->why : "closed");
    conn->record = NULL;
}
