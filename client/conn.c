#include "client/conn_impl.h"

#include "client/facts.h"
#include "client/report.h"

#include <stdlib.h>

/*          open             CONNECTED            setup granted
 *   CLOSED --------> DIALING -----------> HANDSHAKE -------------> UP
 *   WAITING ---------^
 *   any but CLOSED --(s7_conn_end)--> ENDING --(requests told, then the end)--> CLOSED, or WAITING
 *
 * The loop's functions only take bytes in and note what happened. Everything else is done by the timer's
 * function, armed for now: once per turn it carries events home, submits, writes, and calls the user. A call
 * to <s7rig/async.h> does no more than note and arm, so the user is never called from inside one. */

static void work(s7_timer *timer, void *arg);

void s7_conn_wake(s7_conn *conn)
{
    s7_timer_set(conn->loop, &conn->timer, s7_loop_now_ns(conn->loop));
}

/* ---- life ---- */

static s7_status parts_new(s7_conn *conn)
{
    const s7_client_options *options = &conn->settings->options;
    s7_status status = s7_settings_session(conn->settings, 1, &conn->session);

    if (status != S7_OK)
        return status;
    return s7_flight_new(options->flight_frames, options->flight_bytes, &conn->flight);
}

static void destroy(s7_conn *conn)
{
    s7_conn_free_queue(conn);
    s7_pushes_free(conn->pushes);
    s7_flight_free(conn->flight);
    s7_session_free(conn->session);
    free(conn->own);
    free(conn);
}

s7_status s7_conn_new_pooled(s7_loop *loop, const struct s7_settings *settings, s7_conn_state_fn *fn,
                             void *arg, s7_conn **out)
{
    s7_conn *conn = calloc(1, sizeof *conn);

    if (conn == NULL)
        return S7_E_NOMEM;
    conn->settings = settings;
    conn->pooled = true;
    s7_status status = parts_new(conn);
    if (status != S7_OK) {
        destroy(conn);
        return status;
    }
    conn->loop = loop;
    conn->fn = fn;
    conn->arg = arg;
    conn->end = conn->last = (s7_errinfo)S7_ERRINFO_INIT;
    conn->owed_until_ns = conn->queue_deadline_ns = S7_NEVER_NS;
    s7_timer_init(&conn->timer, work, conn);
    *out = conn;
    return S7_OK;
}

s7_status s7_conn_new(s7_loop *loop, const char *endpoint, const s7_client_options *options,
                      s7_conn_state_fn *fn, void *arg, s7_conn **out, s7_errinfo *err)
{
    struct s7_settings settings;

    if (loop == NULL || fn == NULL || out == NULL)
        return s7_report_argument(err, "make a connection",
                                  loop == NULL ? "loop is NULL"
                                  : fn == NULL ? "fn is NULL"
                                               : "out is NULL");
    s7_status status = s7_settings_make(endpoint, options, &settings, err);
    if (status != S7_OK)
        return status;
    struct s7_settings *own = s7_settings_keep(&settings);
    status = own != NULL ? s7_conn_new_pooled(loop, own, fn, arg, out) : S7_E_NOMEM;
    if (status != S7_OK) {
        free(own);
        return status;
    }
    (*out)->own = own;
    (*out)->pooled = false;
    return S7_OK;
}

void s7_conn_free(s7_conn *conn)
{
    if (conn == NULL || conn->freed)
        return;
    conn->freed = true;
    s7_timer_stop(&conn->timer);
    s7_stream_close(conn->stream, S7_CLOSE_FIN);
    conn->stream = NULL;
    if (!conn->working)
        destroy(conn);
}

/* ---- the end of a connection ---- */

static void drop_stream(s7_conn *conn)
{
    s7_stream_close(conn->stream, S7_CLOSE_FIN);
    conn->stream = NULL;
    conn->blocked = false;
}

/* The rest is done by the timer's function. */
static void end_with(s7_conn *conn, s7_status why, const char *detail, uint32_t facts)
{
    if (conn->state == S7_CONN_ENDING || conn->state == S7_CONN_CLOSED)
        return;
    if (conn->state == S7_CONN_WAITING) /* why the attempt before failed was told with its own end */
        conn->end = (s7_errinfo)S7_ERRINFO_INIT;
    s7_settings_asked(conn->settings, &conn->end);
    s7_report_why(&conn->end, why, detail, facts | (conn->connects > 0 ? S7_FACT_WORKED : 0U));
    conn->last = conn->end;
    conn->state = S7_CONN_ENDING;
    drop_stream(conn);
    s7_conn_wake(conn);
}

void s7_conn_end(s7_conn *conn, s7_status why, const char *detail)
{
    uint32_t tcp = conn->state == S7_CONN_DIALING ? S7_FACT_TCP : 0U;

    end_with(conn, why, detail, s7_facts_of(conn->settings) | tcp);
}

void s7_conn_lost(s7_conn *conn, s7_status why)
{
    if (conn->state == S7_CONN_HANDSHAKE || conn->state == S7_CONN_UP)
        s7_session_lost(conn->session, why); /* its CLOSED event ends the connection */
    else
        s7_conn_end(conn, why, why == S7_E_TIMEOUT ? "no answer to the TCP connection request" : "");
}

void s7_conn_give_up(s7_conn *conn, const char *detail)
{
    s7_conn_end(conn, S7_E_TIMEOUT, detail);
    s7_session_lost(conn->session, S7_E_TIMEOUT);
}

/* ---- the loop's functions ---- */

static void read_once(s7_conn *conn)
{
    uint8_t *room;
    size_t cap = s7_session_room(conn->session, &room);
    int64_t now_ns = s7_loop_now_ns(conn->loop);

    if (cap == 0)
        return;
    ssize_t got = s7_stream_read(conn->stream, room, cap);
    if (got > 0) {
        s7_flight_bytes(conn->flight, false, room, (size_t)got, now_ns);
        s7_session_received(conn->session, (size_t)got, now_ns);
    } else if (got == 0) {
        s7_conn_lost(conn, S7_E_CLOSED);
    } else if (got != S7_AGAIN) {
        conn->end.os_errno = s7_stream_errno(conn->stream);
        s7_conn_lost(conn, s7_stream_error(conn->stream));
    }
}

static void on_ready(s7_stream *stream, unsigned ready, void *arg)
{
    s7_conn *conn = arg;

    if (ready & S7_READY_FAILED) {
        conn->end.os_errno = s7_stream_errno(stream);
        s7_conn_lost(conn, s7_stream_error(stream));
        return;
    }
    if (ready & S7_READY_CONNECTED) {
        struct s7_tcp_options tcp = s7_settings_tcp(conn->settings);

        s7_stream_set_options(stream, &tcp);
        conn->state = S7_CONN_HANDSHAKE;
        s7_flight_connection(conn->flight);
        s7_session_start(conn->session, s7_loop_now_ns(conn->loop));
    }
    if (ready & S7_READY_WRITE)
        conn->blocked = false;
    if ((ready & S7_READY_READ) && conn->state != S7_CONN_DIALING)
        read_once(conn);
    s7_conn_wake(conn);
}

s7_status s7_conn_dial(s7_conn *conn, const char **detail)
{
    const struct s7_client_endpoint *to = &conn->settings->endpoint;
    s7_status status = s7_loop_dial(conn->loop, to->host, to->port, on_ready, conn, &conn->stream);

    *detail = status == S7_E_RESOLVE ? "a connection on a loop needs a numeric address" : "";
    if (status != S7_OK)
        return status;
    conn->state = S7_CONN_DIALING;
    conn->was_up = false;
    conn->end = (s7_errinfo)S7_ERRINFO_INIT;
    conn->due_ns = s7_after_ms(s7_loop_now_ns(conn->loop), conn->settings->options.connect_ms);
    s7_conn_wake(conn);
    return S7_OK;
}

s7_status s7_conn_open(s7_conn *conn, s7_errinfo *err)
{
    const char *detail = "the connection is open already";
    s7_errinfo why = S7_ERRINFO_INIT;
    s7_status status = S7_E_MISUSE;

    if (conn == NULL) {
        s7_report_came(&why, S7_E_ARG, "connection is NULL");
        s7_report_give(err, &why);
        return S7_E_ARG;
    }
    if (conn->state == S7_CONN_CLOSED) {
        conn->closing = conn->redialed = false;
        conn->failures = 0;
        status = s7_conn_dial(conn, &detail);
    }
    if (status == S7_OK)
        return S7_OK;
    s7_settings_asked(conn->settings, &why);
    s7_report_came(&why, status, detail);
    s7_report_give(err, &why);
    return status;
}

void s7_conn_close(s7_conn *conn)
{
    if (conn == NULL || conn->state == S7_CONN_CLOSED)
        return;
    if (!conn->closing)
        conn->closing_why = S7_E_CANCELLED;
    conn->closing = true;
    s7_conn_wake(conn);
}

void s7_conn_take_away(s7_conn *conn)
{
    s7_conn_close(conn);
    conn->closing_why = S7_E_POOL_CLOSED;
}

/* ---- what happened ---- */

static void come_up(s7_conn *conn)
{
    conn->state = S7_CONN_UP;
    conn->was_up = true;
    conn->failures = 0;
    conn->connects++;
    conn->reconnects += conn->redialed;
    conn->up_since_ns = s7_loop_now_ns(conn->loop);
    conn->fn(conn, true, S7_OK, NULL, conn->arg);
}

/* One event of the session; false: none. */
static bool take_event(s7_conn *conn)
{
    struct s7_event event;

    if (!s7_session_next(conn->session, &event))
        return false;
    switch (event.kind) {
    case S7_EVENT_READY:
        come_up(conn);
        break;
    case S7_EVENT_PUSH:
        s7_pushes_take(conn->pushes, &event.pdu);
        break;
    case S7_EVENT_CLOSED:
        conn->end.plc_error = event.plc_error;
        end_with(conn, event.status, event.detail, s7_facts_ended(conn->settings, &event));
        break;
    default:
        s7_conn_take_event(conn, &event);
    }
    return true;
}

/* All requests, what the PLC told before, then the end: one call of the user at a time. Always true. */
static bool report_end(s7_conn *conn, int64_t now_ns)
{
    s7_errinfo end = conn->end;

    s7_conn_end_probe(conn);
    if (s7_conn_step_probe(conn) || s7_conn_report_ended(conn, now_ns))
        return true;
    if (!conn->closing && s7_conn_tell_push(conn))
        return true;
    if (conn->pushes != NULL)
        s7_pushes_clear(conn->pushes);
    conn->owed_until_ns = S7_NEVER_NS;
    if (s7_conn_redials(conn))
        s7_conn_wait(conn);
    else
        conn->state = S7_CONN_CLOSED;
    conn->closing = false;
    conn->fn(conn, false, end.status, &end, conn->arg);
    return true;
}

/* ---- time ---- */

unsigned s7_conn_in_flight(const s7_conn *conn)
{
    return s7_session_open(conn->session) - (conn->probe.open ? conn->probe.transfer.in_flight : 0);
}

static void note_owed(s7_conn *conn, int64_t now_ns)
{
    if (s7_session_owed(conn->session) == 0)
        conn->owed_until_ns = S7_NEVER_NS;
    else if (conn->owed_until_ns == S7_NEVER_NS)
        conn->owed_until_ns = s7_after_ms(now_ns, conn->settings->options.request_ms);
}

static void apply_deadlines(s7_conn *conn, int64_t now_ns)
{
    if (conn->closing)
        s7_conn_lost(conn, conn->closing_why);
    else if (conn->state == S7_CONN_DIALING && now_ns >= conn->due_ns)
        s7_conn_lost(conn, S7_E_TIMEOUT);
    else if (conn->state == S7_CONN_WAITING && now_ns >= conn->due_ns)
        s7_conn_redial(conn);
    else if (conn->state == S7_CONN_UP && now_ns >= conn->owed_until_ns && s7_conn_in_flight(conn) == 0)
        s7_conn_give_up(conn, "the answer to an earlier request that timed out never came");
    else if (conn->state == S7_CONN_HANDSHAKE || conn->state == S7_CONN_UP)
        s7_session_tick(conn->session, now_ns);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t next_deadline(const s7_conn *conn)
{
    int64_t at_ns = conn->queue_deadline_ns;

    if (conn->state == S7_CONN_DIALING || conn->state == S7_CONN_WAITING)
        at_ns = earlier(at_ns, conn->due_ns);
    else
        at_ns = earlier(at_ns, s7_session_deadline(conn->session));
    if (conn->state != S7_CONN_UP)
        return at_ns;
    if (s7_conn_in_flight(conn) == 0)
        at_ns = earlier(at_ns, conn->owed_until_ns);
    return earlier(at_ns, s7_conn_heartbeat_due(conn));
}

/* ---- the turn's work ---- */

/* Do the next thing that may call the user; false: nothing is left. */
static bool step(s7_conn *conn, int64_t now_ns)
{
    bool full = conn->pushes != NULL && s7_pushes_full(conn->pushes);

    if ((full && s7_conn_tell_push(conn)) || take_event(conn))
        return true;
    if (conn->state == S7_CONN_ENDING)
        return report_end(conn, now_ns);
    if (conn->closing)
        return false;
    if (conn->state == S7_CONN_UP) {
        note_owed(conn, now_ns);
        s7_conn_heartbeat(conn, now_ns);
        if (s7_conn_step_probe(conn))
            return true;
        s7_conn_pump(conn);
    }
    return s7_conn_report_done(conn, now_ns) || s7_conn_report_overdue(conn, now_ns) ||
           s7_conn_tell_push(conn);
}

/* false: the connection is lost. */
static bool write_once(s7_conn *conn)
{
    const uint8_t *bytes;
    size_t len = s7_session_pending(conn->session, &bytes);

    if (conn->stream == NULL || conn->blocked || len == 0)
        return true;
    ssize_t sent = s7_stream_write(conn->stream, bytes, len);
    if (sent == -1) {
        conn->end.os_errno = s7_stream_errno(conn->stream);
        s7_conn_lost(conn, s7_stream_error(conn->stream));
        return false;
    }
    if (sent > 0) {
        s7_flight_bytes(conn->flight, true, bytes, (size_t)sent, s7_loop_now_ns(conn->loop));
        s7_session_sent(conn->session, (size_t)sent);
    }
    conn->blocked = sent < (ssize_t)len;
    return true;
}

static void work(s7_timer *timer, void *arg)
{
    s7_conn *conn = arg;
    int64_t now_ns = s7_loop_now_ns(conn->loop);

    (void)timer;
    conn->working = true;
    apply_deadlines(conn, now_ns);
    while (!conn->freed && step(conn, now_ns))
        ;
    conn->working = false;
    if (conn->freed) {
        destroy(conn);
        return;
    }
    bool well = write_once(conn);
    if (conn->stream != NULL)
        s7_stream_want(conn->stream, S7_READY_READ | (conn->blocked ? (unsigned)S7_READY_WRITE : 0U));
    if (!well || conn->closing)
        s7_conn_wake(conn);
    else
        s7_timer_set(conn->loop, &conn->timer, next_deadline(conn));
}
