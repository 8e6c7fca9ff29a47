/* The calls of <s7rig/push.h> on a loop. */
#include "client/conn_impl.h"

#include "client/push_call.h"

#include <stdio.h>

/* ---- telling ---- */

void s7_conn_on_push(s7_conn *conn, s7_conn_push_fn *fn, void *arg)
{
    if (conn == NULL)
        return;
    conn->push_fn = fn;
    conn->push_arg = arg;
}

bool s7_conn_tell_push(s7_conn *conn)
{
    s7_push push;

    if (conn->pushes == NULL || !s7_pushes_next(conn->pushes, &push))
        return false;
    if (conn->push_fn != NULL)
        conn->push_fn(conn, &push, conn->push_arg);
    return true;
}

/* ---- asking ---- */

static struct s7_push_call *call_of(struct s7_work *work)
{
    return (struct s7_push_call *)(void *)work;
}

static s7_status end(struct s7_work *work, const char *where, s7_errinfo *err)
{
    const char *detail;
    s7_status status = s7_push_call_result(call_of(work), &err->plc_error, &detail);

    return status == S7_OK ? S7_OK : s7_services_report(call_of(work)->what, where, err, status, detail);
}

static void drop(struct s7_work *work)
{
    s7_push_call_release(call_of(work));
}

/* Not repeated on another connection: it would be a subscription that nobody knows is another one. */
static const struct s7_conn_kind kind = {.end = end, .in_turn = true, .drop = drop};

/* Queue a copy of the call; why has words unless S7_OK. */
static s7_status queue(s7_conn *conn, const s7_then *then, const struct s7_push_call *call, s7_errinfo *why)
{
    struct s7_request *request;
    s7_status status = s7_request_new(conn, then, &request, why);

    if (status != S7_OK) {
        snprintf(why->asked, sizeof why->asked, "%.40s %.80s", call->what, conn->settings->where);
        return status;
    }
    if (s7_request_room(conn, request, sizeof *call) != S7_OK) {
        s7_request_give_back(conn, request);
        return s7_services_report(call->what, conn->settings->where, why, S7_E_NOMEM, "");
    }
    struct s7_push_call *own = (struct s7_push_call *)(void *)request->own;
    *own = *call;
    request->work = &own->service.work;
    request->kind = &kind;
    request->work->deadline_ns = s7_request_deadline(conn, then);
    s7_request_queue(conn, then, request);
    return S7_OK;
}

static s7_status carry(s7_conn *conn, const s7_then *then, struct s7_push_call *call, s7_status status,
                       s7_errinfo *why)
{
    if (status != S7_OK)
        s7_services_report(call->what, conn->settings->where, why, status, call->detail);
    else
        status = queue(conn, then, call, why);
    if (status == S7_OK)
        return S7_OK;
    s7_push_call_release(call);
    return s7_request_refuse(conn, then, status, why);
}

/* S7_OK, or why nothing may be told here. */
static s7_status may_be_told(const s7_conn *conn, const char **why)
{
    *why = conn->pooled ? "what a PLC tells by itself would go to the next borrower"
                        : "no function is set that it could be told to: s7_conn_on_push";
    return conn->pooled || conn->push_fn == NULL ? S7_E_MISUSE : S7_OK;
}

static s7_status refuse(s7_conn *conn, const s7_then *then, s7_status status, const char *detail)
{
    s7_errinfo why = S7_ERRINFO_INIT;

    s7_services_report("a call to", conn->settings->where, &why, status, detail);
    return s7_request_refuse(conn, then, status, &why);
}

s7_status s7_conn_subscribe(s7_conn *conn, const s7_then *then, const s7_subscribe_options *options,
                            const s7_address *items, size_t n_items, uint32_t *subscription)
{
    s7_errinfo why = S7_ERRINFO_INIT;
    struct s7_push_call call;
    s7_subscribe_options full;
    const char *detail;

    if (conn == NULL)
        return s7_request_no_conn(then);
    s7_status status = may_be_told(conn, &detail);

    if (status != S7_OK)
        return refuse(conn, then, status, detail);
    if (subscription == NULL || !s7_subscribe_options_take(&full, options))
        return refuse(conn, then, S7_E_ARG, "subscription is NULL, or options have no struct_size");
    status = s7_push_call_subscribe(&call, &conn->pushes, &full, items, n_items, subscription, &why);
    return carry(conn, then, &call, status, &why);
}

s7_status s7_conn_subscription_modify(s7_conn *conn, const s7_then *then, uint32_t subscription,
                                      uint32_t period_ms, const s7_address *items, size_t n_items)
{
    s7_errinfo why = S7_ERRINFO_INIT;
    struct s7_push_call call;

    if (conn == NULL)
        return s7_request_no_conn(then);
    s7_status status =
        s7_push_call_modify(&call, &conn->pushes, subscription, period_ms, items, n_items, &why);

    return carry(conn, then, &call, status, &why);
}

s7_status s7_conn_unsubscribe(s7_conn *conn, const s7_then *then, uint32_t subscription)
{
    s7_errinfo why = S7_ERRINFO_INIT;
    struct s7_push_call call;

    if (conn == NULL)
        return s7_request_no_conn(then);
    s7_push_call_unsubscribe(&call, &conn->pushes, subscription);
    return carry(conn, then, &call, S7_OK, &why);
}

s7_status s7_conn_events_enable(s7_conn *conn, const s7_then *then, uint32_t events)
{
    s7_errinfo why = S7_ERRINFO_INIT;
    struct s7_push_call call;
    const char *detail;

    if (conn == NULL)
        return s7_request_no_conn(then);
    s7_status status = may_be_told(conn, &detail);

    if (status != S7_OK)
        return refuse(conn, then, status, detail);
    status = s7_push_call_events(&call, &conn->pushes, events);
    return carry(conn, then, &call, status, &why);
}

s7_status s7_conn_alarms_query(s7_conn *conn, const s7_then *then, s7_alarm_kind alarm_kind,
                               s7_pending_alarm *alarms, size_t cap, size_t *n)
{
    s7_errinfo why = S7_ERRINFO_INIT;
    struct s7_push_call call;

    if (conn == NULL)
        return s7_request_no_conn(then);
    s7_status status = s7_push_call_alarms(&call, alarm_kind, alarms, cap, n);

    return carry(conn, then, &call, status, &why);
}
