#include "client/conn_impl.h"

#include "client/facts.h"
#include "client/guard.h"
#include "client/report.h"

#include <stdlib.h>

#define NS_PER_MS 1000000

/*          open             CONNECTED            setup granted
 *   IDLE --------> DIALING -----------> HANDSHAKE -------------> UP
 *   any but IDLE --(conn_end)--> ENDING --(transfers reported, then the end)--> IDLE
 *
 * The loop's functions only take bytes in and note what happened. Everything else is done by the timer's
 * function, armed for now: once per turn it carries events home, submits, writes, and calls the user. A call
 * to this header does no more than note and arm, so the user is never called from inside one. */

static void work(s7_timer *timer, void *arg);

void s7_conn_wake(s7_conn *conn)
{
    s7_timer_set(conn->loop, &conn->timer, s7_loop_now_ns(conn->loop));
}

static int64_t after_ms(int64_t now_ns, uint32_t ms)
{
    return now_ns + (int64_t)ms * NS_PER_MS;
}

/* ---- life ---- */

s7_status s7_conn_new(s7_loop *loop, const char *endpoint, const s7_client_options *options,
                      s7_conn_state_fn *fn, void *arg, s7_conn **out, s7_errinfo *err)
{
    struct s7_settings settings;
    s7_status status = s7_settings_make(endpoint, options, &settings, err);

    if (status != S7_OK)
        return status;
    s7_conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL)
        return S7_E_NOMEM;
    status = s7_settings_session(&settings, 1, &conn->session);
    if (status != S7_OK) {
        free(conn);
        return status;
    }
    conn->loop = loop;
    conn->settings = settings;
    conn->fn = fn;
    conn->arg = arg;
    conn->owed_until_ns = conn->queue_deadline_ns = S7_NEVER_NS;
    s7_timer_init(&conn->timer, work, conn);
    *out = conn;
    return S7_OK;
}

static void destroy(s7_conn *conn)
{
    for (struct pending *p = conn->head, *next; p != NULL; p = next) {
        next = p->next;
        free(p);
    }
    free(conn->spare);
    s7_session_free(conn->session);
    free(conn);
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

const s7_session *s7_conn_session(const s7_conn *conn)
{
    return conn->session;
}

s7_stream *s7_conn_stream(const s7_conn *conn)
{
    return conn->stream;
}

/* ---- the end of a connection ---- */

static void drop_stream(s7_conn *conn)
{
    s7_stream_close(conn->stream, S7_CLOSE_FIN);
    conn->stream = NULL;
    conn->blocked = false;
}

/* Note why; the rest is done by the timer's function. The first reason counts. */
static void conn_end(s7_conn *conn, s7_status why, const char *detail, uint32_t facts)
{
    if (conn->state == ENDING || conn->state == IDLE)
        return;
    s7_settings_asked(&conn->settings, &conn->end);
    s7_report_why(&conn->end, why, detail, facts | (conn->worked ? S7_FACT_WORKED : 0U));
    conn->state = ENDING;
    drop_stream(conn);
    s7_conn_wake(conn);
}

/* The TCP connection ended, or is given up. */
static void conn_lost(s7_conn *conn, s7_status why)
{
    if (conn->state == DIALING)
        conn_end(conn, why, why == S7_E_TIMEOUT ? "no answer to the TCP connection request" : "",
                 s7_facts_of(&conn->settings) | S7_FACT_TCP);
    else
        s7_session_lost(conn->session, why); /* its CLOSED event ends the connection */
}

/* ---- the loop's functions ---- */

static void read_once(s7_conn *conn)
{
    uint8_t *room;
    size_t cap = s7_session_room(conn->session, &room);

    if (cap == 0)
        return;
    ssize_t got = s7_stream_read(conn->stream, room, cap);
    if (got > 0)
        s7_session_received(conn->session, (size_t)got, s7_loop_now_ns(conn->loop));
    else if (got == 0)
        conn_lost(conn, S7_E_CLOSED);
    else if (got != S7_AGAIN) {
        conn->end.os_errno = s7_stream_errno(conn->stream);
        conn_lost(conn, s7_stream_error(conn->stream));
    }
}

static void on_ready(s7_stream *stream, unsigned ready, void *arg)
{
    s7_conn *conn = arg;

    if (ready & S7_READY_FAILED) {
        conn->end.os_errno = s7_stream_errno(stream);
        conn_lost(conn, s7_stream_error(stream));
        return;
    }
    if (ready & S7_READY_CONNECTED) {
        conn->state = HANDSHAKE;
        s7_session_start(conn->session, s7_loop_now_ns(conn->loop));
    }
    if (ready & S7_READY_WRITE)
        conn->blocked = false;
    if ((ready & S7_READY_READ) && conn->state != DIALING)
        read_once(conn);
    s7_conn_wake(conn);
}

s7_status s7_conn_open(s7_conn *conn, s7_errinfo *err)
{
    const struct s7_client_endpoint *to = &conn->settings.endpoint;
    s7_errinfo why = S7_ERRINFO_INIT;

    s7_settings_asked(&conn->settings, &why);
    s7_status status = conn->state == IDLE
                           ? s7_loop_dial(conn->loop, to->host, to->port, on_ready, conn, &conn->stream)
                           : S7_E_MISUSE;
    if (status != S7_OK) {
        s7_report_came(&why, status,
                       status == S7_E_MISUSE    ? "the connection is open already"
                       : status == S7_E_RESOLVE ? "a connection on a loop needs a numeric address"
                                                : "");
        s7_report_give(err, &why);
        return status;
    }
    conn->state = DIALING;
    conn->closing = false;
    conn->end = (s7_errinfo)S7_ERRINFO_INIT;
    conn->dial_deadline_ns = after_ms(s7_loop_now_ns(conn->loop), conn->settings.options.connect_ms);
    s7_conn_wake(conn);
    return S7_OK;
}

void s7_conn_close(s7_conn *conn)
{
    if (conn->state == IDLE)
        return;
    conn->closing = true;
    s7_conn_wake(conn);
}

/* ---- the queue ---- */

static s7_status refuse(s7_errinfo *err, s7_errinfo *why, s7_status status)
{
    s7_report_came(why, status, "");
    s7_report_give(err, why);
    return status;
}

s7_status s7_conn_submit(s7_conn *conn, bool write, s7_item *items, size_t n_items, uint32_t timeout_ms,
                         s7_conn_done_fn *done, void *arg, s7_errinfo *err)
{
    s7_errinfo why = S7_ERRINFO_INIT;
    struct pending *p = conn->spare;
    int64_t deadline_ns = after_ms(s7_loop_now_ns(conn->loop),
                                   timeout_ms != 0 ? timeout_ms : conn->settings.options.request_ms);

    if (conn->state != UP || conn->closing)
        return refuse(err, &why, S7_E_NOT_CONNECTED);
    conn->spare = NULL;
    if (p == NULL)
        p = malloc(sizeof *p);
    if (p == NULL)
        return refuse(err, &why, S7_E_NOMEM);
    s7_status status = s7_transfer_begin(&p->transfer, write, items, n_items, deadline_ns, &why);
    if (status == S7_OK && write)
        status = s7_guard_items(&conn->settings, items, n_items, &why);
    if (status != S7_OK) {
        conn->spare = p;
        s7_report_list(&why, write, items, items != NULL ? n_items : 0, why.item, conn->settings.where);
        s7_report_give(err, &why);
        return status;
    }
    p->next = NULL;
    p->begun = false;
    p->done = done;
    p->arg = arg;
    if (conn->head == NULL)
        conn->head = p;
    else
        conn->tail->next = p;
    conn->tail = p;
    if (deadline_ns < conn->queue_deadline_ns)
        conn->queue_deadline_ns = deadline_ns;
    s7_conn_wake(conn);
    return S7_OK;
}

bool s7_conn_busy(const s7_conn *conn)
{
    return conn->head != NULL;
}

/* ---- the end of a transfer ---- */

/* Take a done transfer out of the queue, then tell its owner, who may do anything. */
static void report(s7_conn *conn, struct pending *before, struct pending *p)
{
    s7_conn_done_fn *done = p->done;
    void *arg = p->arg;
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_status status = s7_transfer_result(&p->transfer, &err);

    if (status != S7_OK) {
        const s7_item *bad = err.item >= 0 ? &p->transfer.items[err.item] : NULL;

        s7_report_hint(&err, s7_facts_of(&conn->settings) | s7_hint_item_facts(p->transfer.write, bad));
        s7_report_list(&err, p->transfer.write, p->transfer.items, p->transfer.n_items, err.item,
                       conn->settings.where);
    }
    if (before == NULL)
        conn->head = p->next;
    else
        before->next = p->next;
    if (conn->tail == p)
        conn->tail = before;
    free(conn->spare);
    conn->spare = p;
    done(conn, status, status == S7_OK ? NULL : &err, arg);
}

/* Fail the waiting transfers that are overdue, one per call, since the user may change the queue; the head's
 * jobs are the session's business. */
static bool report_overdue(s7_conn *conn, int64_t now_ns)
{
    if (now_ns < conn->queue_deadline_ns)
        return false;
    conn->queue_deadline_ns = S7_NEVER_NS;
    for (struct pending *before = NULL, *p = conn->head; p != NULL; before = p, p = p->next) {
        if (now_ns >= p->transfer.deadline_ns && p->transfer.in_flight == 0) {
            s7_transfer_cancel(&p->transfer, conn->session, S7_E_TIMEOUT,
                               "no answer came in time: it was not sent");
            conn->queue_deadline_ns = now_ns; /* look again */
            report(conn, before, p);
            return true;
        }
        if (p->transfer.deadline_ns < conn->queue_deadline_ns && p->transfer.deadline_ns > now_ns)
            conn->queue_deadline_ns = p->transfer.deadline_ns;
    }
    return false;
}

/* ---- events ---- */

static void note_owed(s7_conn *conn, int64_t now_ns)
{
    if (s7_session_owed(conn->session) == 0)
        conn->owed_until_ns = S7_NEVER_NS;
    else if (conn->owed_until_ns == S7_NEVER_NS)
        conn->owed_until_ns = after_ms(now_ns, conn->settings.options.request_ms);
}

/* One event of the session; false: none. */
static bool take_event(s7_conn *conn)
{
    struct s7_event event;

    if (!s7_session_next(conn->session, &event))
        return false;
    switch (event.kind) {
    case S7_EVENT_READY:
        conn->state = UP;
        conn->worked = true;
        conn->fn(conn, true, S7_OK, NULL, conn->arg);
        break;
    case S7_EVENT_CLOSED:
        conn->end.plc_error = event.plc_error;
        conn_end(conn, event.status, event.detail, s7_facts_ended(&conn->settings, &event));
        break;
    default:
        if (conn->probe.open && s7_transfer_event(&conn->probe.transfer, &event))
            break;
        if (conn->head != NULL)
            s7_transfer_event(&conn->head->transfer, &event);
    }
    return true;
}

/* Report the head when it is done; false: it is not. */
static bool report_head(s7_conn *conn)
{
    if (conn->head == NULL || !conn->head->begun || !s7_transfer_done(&conn->head->transfer))
        return false;
    report(conn, NULL, conn->head);
    return true;
}

/* All transfers, then the end: one call of the user at a time. Always true. */
static bool report_end(s7_conn *conn)
{
    struct pending *p = conn->head;

    if (conn->probe.open)
        s7_transfer_cancel(&conn->probe.transfer, conn->session, conn->end.status, conn->end.came);
    if (s7_conn_step_probe(conn))
        return true;
    if (p == NULL) {
        s7_errinfo end = conn->end;

        conn->state = IDLE;
        conn->closing = false;
        conn->owed_until_ns = conn->queue_deadline_ns = S7_NEVER_NS;
        conn->fn(conn, false, end.status, &end, conn->arg);
        return true;
    }
    s7_transfer_cancel(&p->transfer, conn->session, conn->end.status, conn->end.came);
    report(conn, NULL, p);
    return true;
}

static void give_up_owed(s7_conn *conn)
{
    conn_end(conn, S7_E_TIMEOUT, "the answer to an earlier request that timed out never came", 0);
    s7_session_lost(conn->session, S7_E_TIMEOUT);
}

static void apply_deadlines(s7_conn *conn, int64_t now_ns)
{
    bool idle = conn->head == NULL || conn->head->transfer.in_flight == 0;

    if (conn->closing)
        conn_lost(conn, S7_E_CANCELLED);
    else if (conn->state == DIALING && now_ns >= conn->dial_deadline_ns)
        conn_lost(conn, S7_E_TIMEOUT);
    else if (conn->state == UP && idle && now_ns >= conn->owed_until_ns)
        give_up_owed(conn);
    else if (conn->state == HANDSHAKE || conn->state == UP)
        s7_session_tick(conn->session, now_ns);
}

/* Do the next thing that may call the user; false: nothing is left. */
static bool step(s7_conn *conn, int64_t now_ns)
{
    if (take_event(conn) || report_head(conn))
        return true;
    if (conn->state == ENDING)
        return report_end(conn);
    if (conn->state != UP || conn->closing)
        return false;
    note_owed(conn, now_ns);
    if (s7_conn_step_probe(conn))
        return true;
    if (conn->head != NULL) {
        conn->head->begun = true;
        s7_transfer_pump(&conn->head->transfer, conn->session);
        if (report_head(conn))
            return true;
    }
    return report_overdue(conn, now_ns);
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
        conn_lost(conn, s7_stream_error(conn->stream));
        return false;
    }
    if (sent > 0)
        s7_session_sent(conn->session, (size_t)sent);
    conn->blocked = sent < (ssize_t)len;
    return true;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t next_deadline(const s7_conn *conn)
{
    bool idle = conn->head == NULL || conn->head->transfer.in_flight == 0;

    switch (conn->state) {
    case DIALING:
        return conn->dial_deadline_ns;
    case HANDSHAKE:
        return s7_session_deadline(conn->session);
    case UP:
        return earlier(earlier(s7_session_deadline(conn->session), conn->queue_deadline_ns),
                       idle ? conn->owed_until_ns : S7_NEVER_NS);
    default:
        return S7_NEVER_NS;
    }
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
