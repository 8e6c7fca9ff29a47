/* Requests of a connection, from queue to end. */
#include "client/conn_impl.h"

#include "client/facts.h"
#include "client/report.h"

#include <stdio.h>
#include <stdlib.h>

#define NS_PER_MS INT64_C(1000000)
#define LOOK_NOW  INT64_MIN /* as queue_deadline_ns */

/* ---- making ---- */

bool s7_is_then(const s7_then *then)
{
    return then == NULL || (then->struct_size >= sizeof *then && then->timeout_ms >= -1);
}

int64_t s7_request_deadline(const s7_conn *conn, const s7_then *then)
{
    int64_t ms = then != NULL ? then->timeout_ms : 0;

    if (ms == 0)
        ms = conn->settings->options.request_ms;
    return ms < 0 ? S7_NEVER_NS : s7_after_ms(s7_loop_now_ns(conn->loop), ms);
}

static s7_status not_up(const s7_conn *conn, s7_errinfo *why)
{
    char text[S7_CAME_CAP];

    s7_conn_why_down(conn, text, sizeof text);
    if (s7_conn_redials(conn))
        snprintf(why->hint, sizeof why->hint, "%s", conn->last.hint);
    s7_report_came(why, S7_E_NOT_CONNECTED, text);
    return S7_E_NOT_CONNECTED;
}

static struct s7_request *take_spare(s7_conn *conn)
{
    struct s7_request *request = conn->spare;

    if (request == NULL)
        return calloc(1, sizeof *request);
    conn->spare = request->next;
    request->next = request->prev = NULL;
    request->id = 0;
    request->begun = request->kept = false;
    request->repeats = 0;
    return request;
}

s7_status s7_request_new(s7_conn *conn, const s7_then *then, struct s7_request **out, s7_errinfo *why)
{
    if (!s7_is_then(then)) {
        s7_report_came(why, S7_E_ARG, "not a struct s7_then: set struct_size");
        return S7_E_ARG;
    }
    if (conn->state != S7_CONN_UP || conn->closing)
        return not_up(conn, why);
    *out = take_spare(conn);
    if (*out != NULL)
        return S7_OK;
    s7_report_came(why, S7_E_NOMEM, "");
    return S7_E_NOMEM;
}

void s7_request_give_back(s7_conn *conn, struct s7_request *request)
{
    request->next = conn->spare;
    conn->spare = request;
}

/* Another one's memory, which is spare and large enough. */
static bool swap_room(s7_conn *conn, struct s7_request *request, size_t cap)
{
    struct s7_request *other = conn->spare;

    while (other != NULL && other->own_cap < cap)
        other = other->next;
    if (other == NULL)
        return false;
    uint8_t *small = request->own;
    size_t small_cap = request->own_cap;
    request->own = other->own;
    request->own_cap = other->own_cap;
    other->own = small;
    other->own_cap = small_cap;
    if (small_cap > 0)
        memcpy(request->own, small, small_cap);
    return true;
}

s7_status s7_request_room(s7_conn *conn, struct s7_request *request, size_t cap)
{
    if (cap <= request->own_cap || swap_room(conn, request, cap))
        return S7_OK;
    uint8_t *grown = realloc(request->own, cap);
    if (grown == NULL)
        return S7_E_NOMEM;
    request->own = grown;
    request->own_cap = cap;
    return S7_OK;
}

static void append(s7_conn *conn, struct s7_request *request)
{
    request->prev = conn->tail;
    if (conn->tail == NULL)
        conn->head = request;
    else
        conn->tail->next = request;
    conn->tail = request;
}

void s7_request_queue(s7_conn *conn, const s7_then *then, struct s7_request *request)
{
    if (request->id == 0)
        request->id = ++conn->last_id;
    request->made_ns = s7_loop_now_ns(conn->loop);
    request->done = then != NULL ? then->done : NULL;
    request->arg = then != NULL ? then->arg : NULL;
    append(conn, request);
    if (request->work->deadline_ns < conn->queue_deadline_ns)
        conn->queue_deadline_ns = request->work->deadline_ns;
    if (then != NULL && then->id != NULL)
        *then->id = request->id;
    s7_conn_wake(conn);
}

s7_status s7_request_refuse(s7_conn *conn, const s7_then *then, s7_status status, const s7_errinfo *why)
{
    s7_meter_call(&conn->meter, status, 0);
    if (then != NULL && s7_is_then(then))
        s7_report_give(then->err, why);
    return status;
}

s7_status s7_request_no_conn(const s7_then *then)
{
    s7_errinfo why = S7_ERRINFO_INIT;

    snprintf(why.asked, sizeof why.asked, "a call to a connection");
    s7_report_came(&why, S7_E_ARG, "connection is NULL");
    if (then != NULL && s7_is_then(then))
        s7_report_give(then->err, &why);
    return S7_E_ARG;
}

s7_status s7_conn_work(s7_conn *conn, const s7_then *then, const char *what, struct s7_work *work,
                       const struct s7_conn_kind *kind)
{
    s7_errinfo why = S7_ERRINFO_INIT;
    struct s7_request *request;

    snprintf(why.asked, sizeof why.asked, "%s %.80s", what, conn->settings->where);
    s7_status status = s7_request_new(conn, then, &request, &why);
    if (status != S7_OK)
        return s7_request_refuse(conn, then, status, &why);
    request->work = work;
    request->kind = kind;
    work->deadline_ns = s7_request_deadline(conn, then);
    s7_request_queue(conn, then, request);
    return S7_OK;
}

static void free_all(struct s7_request *first)
{
    for (struct s7_request *next; first != NULL; first = next) {
        next = first->next;
        free(first->own);
        free(first);
    }
}

static void drop(const struct s7_request *request)
{
    if (request->kind->drop != NULL)
        request->kind->drop(request->work);
}

void s7_conn_free_queue(s7_conn *conn)
{
    for (const struct s7_request *r = conn->head; r != NULL; r = r->next)
        drop(r);
    free_all(conn->head);
    free_all(conn->spare);
}

bool s7_conn_busy(const s7_conn *conn)
{
    return conn != NULL && conn->head != NULL;
}

/* ---- under way ---- */

static bool is_over(const struct s7_request *request)
{
    return request->work->ops->done(request->work);
}

void s7_conn_take_event(s7_conn *conn, const struct s7_event *event)
{
    if (conn->probe.open && s7_transfer_event(&conn->probe.transfer, event))
        return;
    unsigned left = conn->n_begun;
    for (struct s7_request *r = conn->head; r != NULL && left > 0; r = r->next) {
        left -= r->begun;
        if (r->begun && r->work->ops->event(r->work, event))
            return;
    }
}

static void pump(s7_conn *conn, struct s7_request *request)
{
    conn->n_begun += !request->begun;
    request->begun = true;
    request->work->ops->pump(request->work, conn->session);
}

/* The earlier ones first: a later one gets what they leave of the window. Those that are begun may have
 * something to say without it (the answer to a job of the PLC). */
void s7_conn_pump(s7_conn *conn)
{
    unsigned left = conn->n_begun;
    bool taken = false; /* the place of the one that is in turn */

    for (struct s7_request *r = conn->head; r != NULL; r = r->next) {
        bool room = s7_session_window(conn->session) > 0;

        if (!room && left == 0)
            return;
        left -= r->begun;
        if (r->begun || (room && !(r->kind->in_turn && taken)))
            pump(conn, r);
        taken |= r->kind->in_turn && !is_over(r);
    }
}

/* The user may not be called from here: what is over is found by report_overdue. */
static bool withdraw(s7_conn *conn, struct s7_request *request)
{
    if (request == NULL)
        return false;
    request->work->ops->cancel(request->work, conn->session, S7_E_CANCELLED, "");
    conn->queue_deadline_ns = LOOK_NOW;
    s7_conn_wake(conn);
    return true;
}

bool s7_conn_cancel(s7_conn *conn, uint64_t id)
{
    struct s7_request *r = conn != NULL ? conn->head : NULL;

    while (r != NULL && r->id != id)
        r = r->next;
    return withdraw(conn, r);
}

bool s7_conn_cancel_of(s7_conn *conn, const void *arg)
{
    struct s7_request *r = conn != NULL ? conn->head : NULL;

    while (r != NULL && r->arg != arg)
        r = r->next;
    return withdraw(conn, r);
}

/* ---- the end ---- */

static void cancel(s7_conn *conn, struct s7_request *request, s7_status why, const char *detail)
{
    request->work->ops->cancel(request->work, conn->session, why, detail);
}

/* Take a request that is over out of the queue, then tell its owner, who may do anything. */
static void report(s7_conn *conn, struct s7_request *request, int64_t now_ns)
{
    s7_conn_done_fn *done = request->done;
    void *arg = request->arg;
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_status status = request->kind->end(request->work, conn->settings->where, &err);

    if (status != S7_OK && request->kind->facts != NULL)
        s7_report_hint(&err, s7_facts_of(conn->settings) | request->kind->facts(request->work));
    s7_meter_call(&conn->meter, status, now_ns - request->made_ns);
    if (request->prev == NULL)
        conn->head = request->next;
    else
        request->prev->next = request->next;
    if (request->next == NULL)
        conn->tail = request->prev;
    else
        request->next->prev = request->prev;
    conn->n_begun -= request->begun;
    drop(request);
    s7_request_give_back(conn, request);
    if (done != NULL)
        done(conn, status, status == S7_OK ? NULL : &err, arg);
}

bool s7_conn_report_done(s7_conn *conn, int64_t now_ns)
{
    unsigned left = conn->n_begun;

    for (struct s7_request *r = conn->head; r != NULL && left > 0; r = r->next) {
        left -= r->begun;
        if (!r->begun || !is_over(r))
            continue;
        report(conn, r, now_ns);
        return true;
    }
    return false;
}

static void overdue(s7_conn *conn, struct s7_request *request)
{
    char detail[S7_CAME_CAP];

    snprintf(detail, sizeof detail, "no answer came in time: it was not sent");
    if (conn->state != S7_CONN_UP)
        snprintf(detail, sizeof detail, "the connection broke and was not up again in time: %.100s",
                 conn->last.came);
    cancel(conn, request, S7_E_TIMEOUT, detail);
}

/* One per call, since the user may change the queue. What waits for an answer is the session's business. */
bool s7_conn_report_overdue(s7_conn *conn, int64_t now_ns)
{
    if (now_ns < conn->queue_deadline_ns)
        return false;
    conn->queue_deadline_ns = S7_NEVER_NS;
    for (struct s7_request *r = conn->head; r != NULL; r = r->next) {
        int64_t deadline_ns = r->work->deadline_ns;

        if (!is_over(r) && now_ns >= deadline_ns && !r->work->ops->waits(r->work))
            overdue(conn, r);
        if (is_over(r)) {
            conn->queue_deadline_ns = LOOK_NOW;
            report(conn, r, now_ns);
            return true;
        }
        if (deadline_ns > now_ns && deadline_ns < conn->queue_deadline_ns)
            conn->queue_deadline_ns = deadline_ns;
    }
    return false;
}

/* The connection has ended. May the request, which is over for that reason alone, be begun again? */
static bool keep(const s7_conn *conn, struct s7_request *request, int64_t now_ns)
{
    s7_status why = conn->end.status;

    return s7_conn_redials(conn) && request->kind->again != NULL && now_ns < request->work->deadline_ns &&
           (!request->begun || request->repeats < conn->settings->options.read_retries) &&
           request->kind->again(request->work, why);
}

bool s7_conn_report_ended(s7_conn *conn, int64_t now_ns)
{
    for (struct s7_request *r = conn->head; r != NULL; r = r->next) {
        if (r->kept && s7_conn_redials(conn)) /* closed meanwhile: kept no longer */
            continue;
        if (!is_over(r))
            cancel(conn, r, conn->end.status, conn->end.came);
        r->kept = keep(conn, r, now_ns);
        if (!r->kept) {
            report(conn, r, now_ns);
            return true;
        }
        r->repeats += r->begun;
    }
    for (struct s7_request *r = conn->head; r != NULL; r = r->next)
        r->begun = r->kept = false;
    conn->n_begun = 0;
    conn->queue_deadline_ns = conn->head != NULL ? LOOK_NOW : S7_NEVER_NS;
    return false;
}
