/* Step 6 of a turn, for one connection: what leaves now, what is held back and until when, whether more is
 * read, and how it ends when all was sent. */
#include "server_impl.h"

static void close_ended(struct sim_conn *conn)
{
    sim_conn_close(conn, conn->turn.end_how == SIM_REFUSE_RST ? S7_CLOSE_RST : S7_CLOSE_FIN);
}

/* A frame that cannot be finished since nothing is read is not the peer's fault. */
static bool is_full_and_held(const struct sim_conn *conn)
{
    uint8_t *room;

    return sim_conn_is_held(conn) && sim_session_room(conn->session, &room) == 0;
}

/* When the next bytes may leave that are held back. */
static int64_t leave_ns(const struct sim_conn *conn)
{
    const s7_timer *timer = conn->shape != NULL ? &conn->shape->timer : NULL;

    return timer != NULL && s7_timer_is_set(timer) ? timer->node.at_ns : s7_loop_now_ns(conn->server->loop);
}

/* A peer that does not take its last bytes is given as long as one that does not finish its frame. */
static int64_t next_deadline(const struct sim_conn *conn)
{
    const struct sim_server *server = conn->server;

    if (conn->turn.ending)
        return leave_ns(conn) + (int64_t)server->options.frame_ms * 1000 * 1000;
    if (conn->deaf || is_full_and_held(conn))
        return S7_NEVER_NS;
    return sim_session_deadline(conn->session);
}

/* How much of what is pending may be sent now; sets the timer for the rest. */
static size_t may_send(struct sim_conn *conn, size_t *pending)
{
    const uint8_t *bytes;
    int64_t next_ns;

    *pending = sim_session_pending(conn->session, &bytes);
    if (conn->shape == NULL)
        return *pending;
    size_t len = sim_shape_may_send(conn->shape, *pending, s7_loop_now_ns(conn->server->loop), &next_ns);
    s7_timer_set(conn->server->loop, &conn->shape->timer, next_ns);
    return len;
}

/* Until its request is due, or it is read again. */
static int64_t held_until(const struct sim_conn *conn)
{
    int64_t due_ns = sim_conn_is_held(conn) ? conn->turn.due_ns : S7_NEVER_NS;

    return conn->deaf && conn->hears_ns < due_ns ? conn->hears_ns : due_ns;
}

/* Ask for what can be used: bytes while there is room for them, room to send while something is left. */
static void settle(struct sim_conn *conn)
{
    uint8_t *room;
    size_t unsent, sendable = may_send(conn, &unsent);
    bool reads = !conn->turn.ending && !conn->deaf && sim_session_room(conn->session, &room) > 0;

    if (conn->turn.ending && unsent == 0) {
        close_ended(conn);
        return;
    }
    if (conn->turn.half_close && unsent == 0) {
        s7_stream_shutdown(conn->stream);
        conn->turn.half_close = false;
    }
    s7_stream_want(conn->stream, (sendable > 0 ? S7_READY_WRITE : 0U) | (reads ? S7_READY_READ : 0U));
    s7_timer_set(conn->server->loop, &conn->deadline, next_deadline(conn));
    sim_tell_later(conn);
    if (sim_conn_is_held(conn) || conn->deaf) {
        s7_timer_set(conn->server->loop, &conn->hold, held_until(conn));
    } else if (unsent == 0 && conn->parked_ns == S7_NEVER_NS && sim_session_ready(conn->session)) {
        sim_turn_activate(conn); /* more frames than answers had room for */
        s7_loop_wake(conn->server->loop);
    }
}

void sim_turn_settle(struct sim_conn *conn)
{
    const uint8_t *bytes;
    size_t pending, len;

    if (conn->shape != NULL)
        sim_shape_turn_round(conn->shape, sim_session_unsent(conn->session),
                             s7_loop_now_ns(conn->server->loop));
    len = may_send(conn, &pending);
    (void)sim_session_pending(conn->session, &bytes);
    if (conn->turn.vanish)
        sim_lasting_vanish(conn);
    if (conn->turn.deafen)
        sim_lasting_deafen(conn);
    if (len > 0) {
        ssize_t sent = s7_stream_write(conn->stream, bytes, len);
        conn->server->stats.writes++;
        if (sent == -1) {
            sim_conn_lost(conn, s7_stream_error(conn->stream));
            return;
        }
        if (sent > 0) {
            sim_session_sent(conn->session, (size_t)sent);
            conn->sent_ns = s7_loop_now_ns(conn->server->loop);
        }
        if (sent > 0 && conn->shape != NULL)
            sim_shape_sent(conn->shape, (size_t)sent);
    }
    settle(conn);
}

void sim_turn_due(s7_timer *timer, void *arg)
{
    struct sim_conn *conn = arg;
    uint8_t *room;

    (void)timer;
    if (conn->deaf && conn->hears_ns <= s7_loop_now_ns(conn->server->loop))
        sim_conn_hear_again(conn);
    if (sim_session_room(conn->session, &room) == 0)
        sim_session_resume(conn->session, s7_loop_now_ns(conn->server->loop));
    sim_turn_activate(conn);
}

void sim_turn_leave(s7_timer *timer, void *arg)
{
    (void)timer;
    sim_turn_activate(arg);
}
