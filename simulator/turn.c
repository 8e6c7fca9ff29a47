/* The loop turn of the plant file, steps 2 to 6 (step 1, receiving and framing, is done by the stream
 * functions before the turn hook runs). See plant/plant.h for the order and why it has no alternative. */
#include "server_impl.h"

/* How soon parked writes try for the lock again. */
#define RETRY_NS (INT64_C(5) * 1000 * 1000)

void sim_turn_activate(struct sim_conn *conn)
{
    sim_server *server = conn->server;

    if (conn->active)
        return;
    conn->active = true;
    conn->next_active = NULL;
    *server->active_tail = conn;
    server->active_tail = &conn->next_active;
}

void sim_turn_deactivate(struct sim_conn *conn)
{
    struct sim_conn **link = &conn->server->active_head;

    if (!conn->active)
        return;
    while (*link != conn)
        link = &(*link)->next_active;
    *link = conn->next_active;
    if (*link == NULL)
        conn->server->active_tail = link;
    conn->active = false;
}

/* Detach the list, so that connections activated from now on belong to the next turn. */
static struct sim_conn *take_active(sim_server *server)
{
    struct sim_conn *head = server->active_head;

    server->active_head = NULL;
    server->active_tail = &server->active_head;
    for (struct sim_conn *conn = head; conn != NULL; conn = conn->next_active)
        conn->active = false;
    return head;
}

static bool any_write(const struct sim_conn *list)
{
    for (; list != NULL; list = list->next_active)
        if (sim_session_may_write(list->session))
            return true;
    return false;
}

/* ---- writes that wait for a foreign program's lock ---- */

static void park(struct sim_conn *conn)
{
    if (conn->parked_ns != S7_NEVER_NS)
        return;
    conn->parked_ns = s7_loop_now_ns(conn->server->loop);
    conn->server->stats.parked++;
}

void sim_turn_unpark(struct sim_conn *conn)
{
    if (conn->parked_ns == S7_NEVER_NS)
        return;
    conn->parked_ns = S7_NEVER_NS;
    conn->server->stats.parked--;
}

/* ---- step 4 ---- */

static void ended(struct sim_conn *conn, const struct sim_step *step)
{
    conn->ending = true;
    conn->end_how = step->close;
}

/* A write that waited for the lock longer than busy_ms is refused instead of waiting on. */
static enum sim_writes writes_of(const struct sim_conn *conn, enum sim_writes turn)
{
    int64_t patience_ns = (int64_t)conn->server->options.busy_ms * 1000 * 1000;

    if (turn != SIM_WRITES_WAIT || conn->parked_ns == S7_NEVER_NS)
        return turn;
    return s7_loop_now_ns(conn->server->loop) - conn->parked_ns >= patience_ns ? SIM_WRITES_REFUSE
                                                                               : SIM_WRITES_WAIT;
}

static void run_frames(struct sim_conn *conn, enum sim_writes turn, bool first_run)
{
    struct sim_step step;
    enum sim_writes writes = writes_of(conn, turn);

    do {
        sim_session_step(conn->session, writes, &step);
        if (step.kind != NULL && first_run)
            sim_conn_note(conn, step.kind, step.note);
        if (step.result == SIM_STEP_ENDED)
            ended(conn, &step);
        if (step.result == SIM_STEP_DONE && first_run)
            conn->server->stats.frames++;
    } while (step.result == SIM_STEP_DONE);

    if (step.result != SIM_STEP_BLOCKED)
        sim_turn_unpark(conn);
    else
        park(conn);
}

static void run_all(struct sim_conn *list, enum sim_writes writes, bool first_run)
{
    for (struct sim_conn *conn = list; conn != NULL; conn = conn->next_active) {
        if (first_run) {
            sim_session_mark(conn->session);
        } else {
            sim_session_rewind(conn->session);
            conn->ending = false;
        }
        run_frames(conn, writes, first_run);
    }
}

/* Steps 2 and 3. A plant that cannot be written is told once, when it begins to be so. */
static enum sim_writes begin(sim_server *server, bool writes)
{
    s7_status status = plant_turn_begin(server->plant, writes);
    bool refuse = status != S7_OK && status != S7_E_PLANT_BUSY;

    if (refuse && !server->refusing)
        sim_server_note(server, "error", plant_last_error(server->plant)->text);
    server->refusing = refuse;
    if (status == S7_E_PLANT_BUSY)
        return SIM_WRITES_WAIT;
    return refuse ? SIM_WRITES_REFUSE : SIM_WRITES_RUN;
}

/* ---- step 6 ---- */

static void close_ended(struct sim_conn *conn)
{
    sim_conn_close(conn, conn->end_how == SIM_REFUSE_RST ? S7_CLOSE_RST : S7_CLOSE_FIN);
}

/* A peer that does not take its last bytes is given as long as one that does not finish its frame. */
static int64_t next_deadline(const struct sim_conn *conn)
{
    const struct sim_server *server = conn->server;

    if (conn->ending)
        return s7_loop_now_ns(server->loop) + (int64_t)server->options.frame_ms * 1000 * 1000;
    return sim_session_deadline(conn->session);
}

/* Ask for what can be used: bytes while there is room for them, room to send while something is left. */
static void settle(struct sim_conn *conn)
{
    const uint8_t *bytes;
    uint8_t *room;
    size_t unsent = sim_session_pending(conn->session, &bytes);

    if (conn->ending && unsent == 0) {
        close_ended(conn);
        return;
    }
    s7_stream_want(conn->stream,
                   (unsent > 0 ? S7_READY_WRITE : 0U) |
                       (!conn->ending && sim_session_room(conn->session, &room) > 0 ? S7_READY_READ : 0U));
    s7_timer_set(conn->server->loop, &conn->deadline, next_deadline(conn));
    if (unsent == 0 && conn->parked_ns == S7_NEVER_NS && sim_session_ready(conn->session)) {
        sim_turn_activate(conn); /* more frames than answers had room for */
        s7_loop_wake(conn->server->loop);
    }
}

void sim_turn_settle(struct sim_conn *conn)
{
    const uint8_t *bytes;
    size_t len = sim_session_pending(conn->session, &bytes);

    if (len > 0) {
        ssize_t sent = s7_stream_write(conn->stream, bytes, len);
        conn->server->stats.writes++;
        if (sent == -1) {
            sim_conn_note(conn, "close", s7_strerror(s7_stream_error(conn->stream)));
            sim_conn_close(conn, S7_CLOSE_RST);
            return;
        }
        if (sent > 0)
            sim_session_sent(conn->session, (size_t)sent);
    }
    settle(conn);
}

void sim_turn_retry(s7_timer *timer, void *arg)
{
    sim_server *server = arg;

    (void)timer;
    for (struct sim_conn *conn = server->conns; conn != NULL; conn = conn->next)
        if (conn->parked_ns != S7_NEVER_NS)
            sim_turn_activate(conn);
}

void sim_turn(s7_loop *loop, void *arg)
{
    sim_server *server = arg;
    struct sim_conn *list = take_active(server), *next;

    (void)loop;
    if (list == NULL)
        return;
    server->stats.turns++;
    run_all(list, begin(server, any_write(list)), true);
    s7_status committed = plant_turn_end(server->plant);
    if (committed != S7_OK) {
        server->stats.commits_failed++;
        sim_server_note(server, "error", plant_last_error(server->plant)->text);
        run_all(list, committed == S7_E_PLANT_BUSY ? SIM_WRITES_WAIT : SIM_WRITES_REFUSE, false);
    }
    for (struct sim_conn *conn = list; conn != NULL; conn = next) {
        next = conn->next_active;
        sim_session_turn_done(conn->session);
        sim_turn_settle(conn);
    }
    if (server->stats.parked > 0 && !s7_timer_is_set(&server->retry)) /* busy readers must not put it off */
        s7_timer_set(server->loop, &server->retry, s7_loop_now_ns(server->loop) + RETRY_NS);
}
