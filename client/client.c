#include "client/client_impl.h"

#include "client/report.h"
#include "client/settings.h"
#include "client/transfer.h"
#include "loop/blocking.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define NS_PER_MS 1000000

struct s7_client {
    atomic_flag busy; /* a call is inside: one owner at a time */
    atomic_bool up;
    struct s7_settings settings;
    s7_session *session;
    int fd; /* -1: no TCP connection */
    uint64_t connects;
    int64_t owed_until_ns;  /* when answers are owed: how long they are waited for; S7_NEVER_NS otherwise */
    struct s7_event closed; /* how the last connection ended */
};

static bool enter(s7_client *client)
{
    return !atomic_flag_test_and_set_explicit(&client->busy, memory_order_acquire);
}

static void leave(s7_client *client)
{
    atomic_flag_clear_explicit(&client->busy, memory_order_release);
}

/* ---- context ---- */

static s7_errinfo *ctx_err(const s7_ctx *ctx)
{
    return ctx != NULL && ctx->struct_size >= sizeof *ctx ? ctx->err : NULL;
}

static int64_t after_ms(int64_t now_ns, int64_t ms)
{
    return ms > (S7_NEVER_NS - now_ns) / NS_PER_MS ? S7_NEVER_NS : now_ns + ms * NS_PER_MS;
}

/* S7_E_ARG: not a context. */
static s7_status ctx_deadline(const s7_ctx *ctx, int64_t now_ns, int64_t default_ms, int64_t *deadline_ns)
{
    if (ctx != NULL && (ctx->struct_size < sizeof *ctx || ctx->timeout_ms < -1))
        return S7_E_ARG;
    if (ctx != NULL && ctx->deadline_ns != 0)
        *deadline_ns = ctx->deadline_ns;
    else if (ctx != NULL && ctx->timeout_ms == -1)
        *deadline_ns = S7_NEVER_NS;
    else
        *deadline_ns = after_ms(now_ns, ctx != NULL && ctx->timeout_ms > 0 ? ctx->timeout_ms : default_ms);
    return S7_OK;
}

static s7_status fail(const s7_ctx *ctx, s7_errinfo *err, s7_status status, const char *detail)
{
    s7_report_came(err, status, detail);
    s7_report_give(ctx_err(ctx), err);
    return status;
}

s7_status s7_client_refuse(const s7_client *client, const s7_ctx *ctx, const char *what)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    snprintf(err.asked, sizeof err.asked, "a call to %.80s",
             client != NULL ? client->settings.where : "no client");
    return fail(ctx, &err, S7_E_ARG, what);
}

/* ---- life ---- */

s7_status s7_client_new(const char *endpoint, const s7_client_options *options, s7_client **out,
                        s7_errinfo *err)
{
    struct s7_settings settings;
    s7_status status = s7_settings_make(endpoint, options, &settings, err);

    if (status != S7_OK)
        return status;
    s7_client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return S7_E_NOMEM;
    status = s7_settings_session(&settings, 1, &client->session);
    if (status != S7_OK) {
        free(client);
        return status;
    }
    atomic_flag_clear(&client->busy);
    atomic_init(&client->up, false);
    client->settings = settings;
    client->fd = -1;
    client->owed_until_ns = S7_NEVER_NS;
    *out = client;
    return S7_OK;
}

/* ---- bytes ---- */

static void disconnect(s7_client *client)
{
    s7_tcp_close(client->fd);
    client->fd = -1;
    client->owed_until_ns = S7_NEVER_NS;
    atomic_store(&client->up, false);
}

/* Carry the session's events to the transfer (NULL: none is running). */
static void drain(s7_client *client, struct s7_transfer *transfer)
{
    struct s7_event event;

    while (s7_session_next(client->session, &event)) {
        if (transfer != NULL)
            s7_transfer_event(transfer, &event);
        if (event.kind != S7_EVENT_CLOSED)
            continue;
        client->closed = event;
        disconnect(client);
        if (transfer != NULL)
            s7_transfer_cancel(transfer, client->session, event.status, event.detail);
    }
    if (s7_session_owed(client->session) == 0)
        client->owed_until_ns = S7_NEVER_NS;
}

static s7_status flush(s7_client *client, int64_t until_ns)
{
    const uint8_t *bytes;

    for (size_t len; (len = s7_session_pending(client->session, &bytes)) > 0;) {
        size_t sent;
        s7_status status = s7_tcp_send(client->fd, bytes, len, until_ns, &sent, NULL);

        if (status != S7_OK)
            return status;
        s7_session_sent(client->session, sent);
    }
    return S7_OK;
}

static s7_status receive(s7_client *client, int64_t until_ns)
{
    uint8_t *room;
    size_t cap = s7_session_room(client->session, &room), got;
    s7_status status = s7_tcp_recv(client->fd, room, cap, until_ns, &got, NULL);

    if (status == S7_OK)
        s7_session_received(client->session, got, s7_now_ns());
    return status;
}

/* Send what is queued, wait for an answer, take what came. The session itself decides what has run out of
 * time by until_ns. */
static void exchange(s7_client *client, struct s7_transfer *transfer, int64_t until_ns)
{
    s7_status status = flush(client, until_ns);

    if (status == S7_OK)
        status = receive(client, until_ns);
    if (status == S7_E_TIMEOUT)
        s7_session_tick(client->session, until_ns);
    else if (status != S7_OK)
        s7_session_lost(client->session, status);
    drain(client, transfer);
}

/* ---- connecting ---- */

static void handshake(s7_client *client, int64_t deadline_ns)
{
    s7_session_start(client->session, s7_now_ns());
    for (;;) {
        enum s7_session_state state = s7_session_state(client->session);
        int64_t until_ns = s7_session_deadline(client->session);

        if (state == S7_SESSION_READY || state == S7_SESSION_CLOSED)
            return;
        if (until_ns > deadline_ns) {
            if (s7_now_ns() >= deadline_ns)
                s7_session_tick(client->session,
                                until_ns); /* the caller's time is up: so is the handshake's */
            until_ns = deadline_ns;
        }
        exchange(client, NULL, until_ns);
    }
}

static s7_status dial(s7_client *client, int64_t now_ns, int64_t deadline_ns, int *os_errno)
{
    const s7_client_options *options = &client->settings.options;
    struct s7_tcp_options tcp = {.user_timeout_ms = options->user_timeout_ms,
                                 .keepalive_idle_ms = options->keepalive_idle_ms,
                                 .keepalive_interval_ms = options->keepalive_interval_ms};
    int64_t limit_ns = after_ms(now_ns, options->connect_ms);

    return s7_tcp_dial(client->settings.endpoint.host, client->settings.endpoint.port,
                       limit_ns < deadline_ns ? limit_ns : deadline_ns, &tcp, &client->fd, os_errno);
}

static s7_status connect_inside(s7_client *client, const s7_ctx *ctx, s7_errinfo *err)
{
    const s7_client_options *options = &client->settings.options;
    int64_t now_ns = s7_now_ns(), deadline_ns;

    if (client->fd >= 0)
        return fail(ctx, err, S7_E_MISUSE, "the client is connected already");
    s7_status status =
        ctx_deadline(ctx, now_ns, (int64_t)options->connect_ms + options->handshake_ms, &deadline_ns);
    if (status != S7_OK)
        return fail(ctx, err, status, "not a call context: set struct_size");
    status = dial(client, now_ns, deadline_ns, &err->os_errno);
    if (status != S7_OK) {
        client->fd = -1;
        return fail(ctx, err, status,
                    status == S7_E_TIMEOUT ? "no answer to the TCP connection request" : "");
    }
    handshake(client, deadline_ns);
    if (s7_session_state(client->session) != S7_SESSION_READY) {
        err->plc_error = client->closed.plc_error;
        return fail(ctx, err, client->closed.status, client->closed.detail);
    }
    client->connects++;
    atomic_store(&client->up, true);
    return S7_OK;
}

s7_status s7_client_connect(s7_client *client, const s7_ctx *ctx)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    if (client == NULL)
        return s7_client_refuse(NULL, ctx, "client is NULL");
    s7_settings_asked(&client->settings, &err);
    if (!enter(client))
        return fail(ctx, &err, S7_E_MISUSE, "another call is inside this client");
    s7_status status = connect_inside(client, ctx, &err);
    leave(client);
    return status;
}

void s7_client_close(s7_client *client)
{
    if (client == NULL || !enter(client))
        return;
    if (client->fd >= 0) {
        s7_session_lost(client->session, S7_E_CANCELLED);
        drain(client, NULL);
    }
    leave(client);
}

void s7_client_free(s7_client *client)
{
    if (client == NULL)
        return;
    s7_client_close(client);
    s7_session_free(client->session);
    free(client);
}

bool s7_client_is_connected(const s7_client *client)
{
    return client != NULL && atomic_load(&client->up);
}

s7_status s7_client_info_get(const s7_client *client, s7_client_info *info)
{
    s7_client *self = (s7_client *)client; /* only the flag changes */

    if (client == NULL || info == NULL || info->struct_size < sizeof info->struct_size)
        return S7_E_ARG;
    if (!enter(self))
        return S7_E_MISUSE;
    const struct s7_setup *granted = s7_session_granted(client->session);
    const struct s7_session_stats *stats = s7_session_stats(client->session);
    s7_client_info now = {.struct_size = info->struct_size,
                          .pdu_len = granted->pdu_len,
                          .amq_calling = granted->amq_calling,
                          .amq_called = granted->amq_called,
                          .requests = stats->jobs,
                          .late_answers = stats->late_answers,
                          .connects = client->connects};
    leave(self);
    memcpy(info, &now, info->struct_size < sizeof now ? info->struct_size : sizeof now);
    return S7_OK;
}

/* ---- calls ---- */

static const char never_came[] =
    "the answer to an earlier request that timed out never came: the connection was dropped";

/* Take late answers that are here already; give the connection up when one is overdue. */
static s7_status settle_owed(s7_client *client, int64_t now_ns, const char **detail)
{
    while (client->fd >= 0 && s7_session_owed(client->session) > 0) {
        s7_status status = receive(client, now_ns); /* no waiting: its time is now */

        if (status == S7_E_TIMEOUT && now_ns < client->owed_until_ns)
            return S7_OK;
        *detail = client->closed.detail;
        if (status == S7_E_TIMEOUT)
            *detail = never_came;
        if (status != S7_OK)
            s7_session_lost(client->session, status);
        drain(client, NULL);
    }
    return client->fd >= 0 ? S7_OK : client->closed.status;
}

/* No job is in flight and none may be sent: wait for owed answers, and give the connection up when they do
 * not come. */
static void wait_for_owed(s7_client *client, struct s7_transfer *transfer, int64_t deadline_ns)
{
    int64_t until_ns = client->owed_until_ns < deadline_ns ? client->owed_until_ns : deadline_ns;

    exchange(client, transfer, until_ns);
    if (s7_transfer_done(transfer) || s7_session_window(client->session) > 0 || s7_now_ns() < until_ns)
        return;
    s7_transfer_cancel(transfer, client->session, S7_E_TIMEOUT, never_came);
    s7_session_lost(client->session, S7_E_TIMEOUT);
    drain(client, transfer);
}

static void drive(s7_client *client, struct s7_transfer *transfer)
{
    for (;;) {
        s7_transfer_pump(transfer, client->session);
        if (s7_transfer_done(transfer))
            return;
        if (transfer->in_flight > 0)
            exchange(client, transfer, transfer->deadline_ns);
        else
            wait_for_owed(client, transfer, transfer->deadline_ns);
    }
}

struct call {
    const s7_ctx *ctx;
    bool write, list;
    s7_item *items;
    size_t n_items;
};

static void call_name(const s7_client *client, const struct call *call, s7_errinfo *err)
{
    const char *where = client->settings.where;

    if (call->list)
        s7_report_list(err, call->write, call->items, call->items != NULL ? call->n_items : 0, err->item,
                       where);
    else
        s7_report_place(err, call->write, call->items, call->n_items, where);
}

/* The call fails before anything was sent. */
static s7_status call_refused(const s7_client *client, const struct call *call, s7_status status,
                              const char *detail)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    for (size_t i = 0; call->items != NULL && i < call->n_items; i++) {
        call->items[i].status = status;
        call->items[i].code = 0;
    }
    call_name(client, call, &err);
    return fail(call->ctx, &err, status, detail);
}

static s7_status call_failed(const s7_client *client, const struct call *call, struct s7_transfer *transfer)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_status status = s7_transfer_result(transfer, &err);

    if (!call->list && status == S7_E_PARTIAL)
        status = call->items[err.item].status;
    if (!call->list)
        err.item = -1;
    err.status = status;
    call_name(client, call, &err);
    s7_report_give(ctx_err(call->ctx), &err);
    return status;
}

static s7_status call_inside(s7_client *client, const struct call *call)
{
    struct s7_transfer transfer;
    s7_errinfo err = S7_ERRINFO_INIT;
    int64_t now_ns = s7_now_ns(), deadline_ns;
    const char *detail = "";

    if (ctx_deadline(call->ctx, now_ns, client->settings.options.request_ms, &deadline_ns) != S7_OK)
        return call_refused(client, call, S7_E_ARG, "not a call context: set struct_size");
    if (s7_transfer_begin(&transfer, call->write, call->items, call->n_items, deadline_ns, &err) != S7_OK) {
        call_name(client, call, &err);
        s7_report_give(ctx_err(call->ctx), &err);
        return S7_E_ARG;
    }
    if (client->fd < 0)
        return call_refused(client, call, S7_E_NOT_CONNECTED, "");
    if (deadline_ns <= now_ns)
        return call_refused(client, call, S7_E_TIMEOUT,
                            "the deadline had passed before the call: nothing was sent");
    s7_status status = settle_owed(client, now_ns, &detail);
    if (status != S7_OK)
        return call_refused(client, call, status, detail);

    drive(client, &transfer);
    if (client->owed_until_ns == S7_NEVER_NS && s7_session_owed(client->session) > 0)
        client->owed_until_ns = after_ms(s7_now_ns(), client->settings.options.request_ms);
    status = s7_transfer_result(&transfer, NULL);
    return status == S7_OK ? S7_OK : call_failed(client, call, &transfer);
}

s7_status s7_client_call(s7_client *client, const s7_ctx *ctx, bool write, s7_item *items, size_t n_items,
                         bool list)
{
    struct call call = {ctx, write, list, items, n_items};

    if (client == NULL)
        return s7_client_refuse(NULL, ctx, "client is NULL");
    if (!enter(client))
        return call_refused(client, &call, S7_E_MISUSE, "another call is inside this client");
    s7_status status = call_inside(client, &call);
    leave(client);
    return status;
}

s7_status s7_read_multi(s7_client *client, const s7_ctx *ctx, s7_item *items, size_t n_items)
{
    return s7_client_call(client, ctx, false, items, n_items, true);
}

s7_status s7_write_multi(s7_client *client, const s7_ctx *ctx, s7_item *items, size_t n_items)
{
    return s7_client_call(client, ctx, true, items, n_items, true);
}
