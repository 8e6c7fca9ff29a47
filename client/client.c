#include "client/client_impl.h"

#include "client/facts.h"
#include "client/guard.h"
#include "client/report.h"
#include "client/transfer_work.h"
#include "loop/blocking.h"

#include <stdio.h>
#include <stdlib.h>

#define NS_PER_MS INT64_C(1000000)

/* ---- who is inside ---- */

bool s7_direct_enter(struct s7_direct *direct)
{
    return !atomic_flag_test_and_set(&direct->busy);
}

void s7_direct_leave(struct s7_direct *direct)
{
    atomic_flag_clear(&direct->busy);
}

static struct s7_direct *find(const s7_client *client, s7_status *why)
{
    return client->lease != NULL ? client->lease->find(client, why) : (struct s7_direct *)(uintptr_t)client;
}

const char *s7_client_where(const s7_client *client)
{
    return client->lease != NULL ? client->lease->where(client)
                                 : ((const struct s7_direct *)client)->settings->where;
}

static bool enter(s7_client *client, struct s7_direct *direct)
{
    return client->lease != NULL ? client->lease->enter(client, direct) : s7_direct_enter(direct);
}

static void leave(s7_client *client, struct s7_direct *direct)
{
    s7_direct_leave(direct);
    if (client->lease != NULL)
        client->lease->left(client);
}

/* A lease may be put and its connection lent to somebody else at any moment: it counts what it is once we are
 * inside. */
s7_status s7_client_enter(s7_client *client, struct s7_direct **out)
{
    s7_status why = S7_OK;
    struct s7_direct *direct = find(client, &why);

    if (direct == NULL)
        return why;
    if (!enter(client, direct))
        return find(client, &why) == direct ? S7_E_MISUSE : why;
    if (find(client, &why) != direct) {
        leave(client, direct);
        return why;
    }
    *out = direct;
    return S7_OK;
}

static void close_inside(struct s7_direct *direct)
{
    direct->redial.wanted = false;
    if (direct->fd < 0)
        return;
    s7_session_lost(direct->session, S7_E_CANCELLED);
    s7_direct_drain(direct, NULL);
    if (direct->pushes != NULL)
        s7_pushes_clear(direct->pushes);
}

/* Not a pool's: the settings are its own. */
static void free_client(struct s7_direct *direct)
{
    struct s7_settings *own = (struct s7_settings *)(uintptr_t)direct->settings;

    s7_direct_free(direct);
    free(own);
}

void s7_client_leave(s7_client *client, struct s7_direct *direct)
{
    direct->cancel = NULL;
    s7_direct_tell(direct);
    if (direct->dying) {
        close_inside(direct);
        s7_direct_tell(direct);
        free_client(direct);
        return;
    }
    leave(client, direct);
}

const char *s7_client_enter_detail(s7_status status)
{
    return status == S7_E_MISUSE ? "another call is inside this client" : "";
}

/* ---- failing ---- */

s7_status s7_client_fail(const s7_ctx *ctx, s7_errinfo *err, s7_status status, const char *detail)
{
    s7_report_came(err, status, detail);
    s7_report_give(s7_ctx_err(ctx), err);
    return status;
}

s7_status s7_client_refuse(const s7_client *client, const s7_ctx *ctx, const char *what)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    snprintf(err.asked, sizeof err.asked, "a call to %.80s",
             client != NULL ? s7_client_where(client) : "no client");
    return s7_client_fail(ctx, &err, S7_E_ARG, what);
}

/* ---- life ---- */

s7_status s7_direct_new(const struct s7_settings *settings, struct s7_direct **out)
{
    struct s7_direct *direct = calloc(1, sizeof *direct);

    if (direct == NULL)
        return S7_E_NOMEM;
    s7_status status = s7_settings_session(settings, 1, &direct->session);
    if (status == S7_OK)
        status =
            s7_flight_new(settings->options.flight_frames, settings->options.flight_bytes, &direct->flight);
    if (status != S7_OK) {
        s7_session_free(direct->session);
        free(direct);
        return status;
    }
    atomic_flag_clear(&direct->busy);
    atomic_init(&direct->up, false);
    direct->settings = settings;
    direct->fd = -1;
    direct->owed_until_ns = S7_NEVER_NS;
    *out = direct;
    return S7_OK;
}

void s7_direct_free(struct s7_direct *direct)
{
    if (direct == NULL)
        return;
    s7_pushes_free(direct->pushes);
    s7_session_free(direct->session);
    s7_flight_free(direct->flight);
    free(direct);
}

s7_status s7_client_new(const char *endpoint, const s7_client_options *options, s7_client **out,
                        s7_errinfo *err)
{
    struct s7_settings settings;
    struct s7_direct *direct;

    if (out == NULL)
        return s7_report_argument(err, "make a client", "out is NULL");
    s7_status status = s7_settings_make(endpoint, options, &settings, err);

    if (status != S7_OK)
        return status;
    struct s7_settings *own = s7_settings_keep(&settings);
    status = own != NULL ? s7_direct_new(own, &direct) : S7_E_NOMEM;
    if (status != S7_OK) {
        free(own);
        return s7_report_unmade(err, "client", endpoint, status);
    }
    *out = &direct->head;
    return S7_OK;
}

/* ---- connecting ---- */

static s7_status connect_inside(struct s7_direct *client, const s7_ctx *ctx, s7_errinfo *err)
{
    const s7_client_options *options = &client->settings->options;
    int64_t now_ns = s7_now_ns(), deadline_ns;

    if (client->fd >= 0)
        return s7_client_fail(ctx, err, S7_E_MISUSE, "the client is connected already");
    s7_status status = s7_ctx_deadline(
        ctx, now_ns, ((int64_t)options->connect_ms + options->handshake_ms) * NS_PER_MS, &deadline_ns);
    if (status != S7_OK)
        return s7_client_fail(ctx, err, status,
                              "not a call context: set struct_size, and a timeout_ms of -1 or more");
    client->cancel = s7_ctx_cancel(ctx);
    client->redial.wanted = true;
    status = s7_direct_dial(client, deadline_ns, err);
    if (status != S7_OK)
        s7_report_give(s7_ctx_err(ctx), err);
    return status;
}

s7_status s7_client_connect(s7_client *client, const s7_ctx *ctx)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    struct s7_direct *direct;

    if (client == NULL)
        return s7_client_refuse(NULL, ctx, "client is NULL");
    s7_status status = s7_client_enter(client, &direct);
    if (status != S7_OK) {
        snprintf(err.asked, sizeof err.asked, "connect to %.80s", s7_client_where(client));
        return s7_client_fail(ctx, &err, status, s7_client_enter_detail(status));
    }
    s7_settings_asked(direct->settings, &err);
    if (client->lease != NULL)
        status = s7_client_fail(ctx, &err, S7_E_MISUSE,
                                "the pool connects its clients; put this one back and get another");
    else
        status = connect_inside(direct, ctx, &err);
    s7_client_leave(client, direct);
    return status;
}

void s7_client_close(s7_client *client)
{
    struct s7_direct *direct;

    if (client == NULL || client->lease != NULL || s7_client_enter(client, &direct) != S7_OK)
        return;
    close_inside(direct);
    s7_client_leave(client, direct);
}

void s7_client_free(s7_client *client)
{
    struct s7_direct *direct = (struct s7_direct *)client;

    if (client == NULL || client->lease != NULL)
        return;
    if (s7_direct_enter(direct)) {
        direct->dying = true;
        s7_client_leave(client, direct);
    } else if (direct->telling) { /* by its own callback: the call around that is the last */
        direct->dying = true;
    }
}

bool s7_client_is_connected(const s7_client *client)
{
    s7_status why;
    const struct s7_direct *direct = client != NULL ? find(client, &why) : NULL;

    return direct != NULL && atomic_load(&direct->up);
}

s7_status s7_client_info_get(const s7_client *client, s7_client_info *info)
{
    s7_client *self = (s7_client *)(uintptr_t)client; /* only the flag changes */
    struct s7_direct *direct;

    if (client == NULL || info == NULL || info->struct_size < sizeof info->struct_size)
        return S7_E_ARG;
    s7_status status = s7_client_enter(self, &direct);
    if (status != S7_OK)
        return status;
    const struct s7_setup *granted = s7_session_granted(direct->session);
    const struct s7_session_stats *stats = s7_session_stats(direct->session);
    s7_client_info now = {.struct_size = info->struct_size,
                          .pdu_len = granted->pdu_len,
                          .amq_calling = granted->amq_calling,
                          .amq_called = granted->amq_called,
                          .requests = stats->jobs,
                          .late_answers = stats->late_answers,
                          .connects = direct->connects};
    s7_client_leave(self, direct);
    memcpy(info, &now, info->struct_size < sizeof now ? info->struct_size : sizeof now);
    return S7_OK;
}

/* ---- calls ---- */

struct call {
    const s7_ctx *ctx;
    bool write, list;
    s7_item *items;
    size_t n_items;
};

static void call_name(const char *where, const struct call *call, s7_errinfo *err)
{
    if (call->list)
        s7_report_list(err, call->write, call->items, call->items != NULL ? call->n_items : 0, err->item,
                       where);
    else
        s7_report_place(err, call->write, call->items, call->n_items, where);
}

/* The call fails before anything was sent. */
static s7_status call_refused(const char *where, const struct call *call, s7_errinfo *err, s7_status status,
                              const char *detail)
{
    for (size_t i = 0; call->items != NULL && i < call->n_items; i++) {
        call->items[i].status = status;
        call->items[i].code = 0;
        call->items[i].time_ns = 0;
    }
    call_name(where, call, err);
    return s7_client_fail(call->ctx, err, status, detail);
}

static s7_status call_failed(const struct s7_direct *client, const struct call *call,
                             struct s7_transfer *transfer)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_status status = s7_transfer_result(transfer, &err);
    uint32_t facts = s7_facts_of(client->settings) |
                     s7_hint_item_facts(call->write, err.item >= 0 ? &call->items[err.item] : NULL);

    if (!call->list && status == S7_E_PARTIAL)
        status = call->items[err.item].status;
    if (!call->list)
        err.item = -1;
    err.status = status;
    s7_report_hint(&err, facts);
    call_name(client->settings->where, call, &err);
    s7_report_give(s7_ctx_err(call->ctx), &err);
    return status;
}

/* Check what is asked for, and begin; says what is wrong with it. */
static s7_status begin_in_words(const struct s7_direct *client, const struct call *call,
                                struct s7_transfer_work *job)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_status status =
        s7_transfer_work_begin(job, call->write, call->items, call->n_items, job->work.deadline_ns, &err);

    if (status == S7_OK && call->write)
        status = s7_guard_items(client->settings, call->items, call->n_items, &err);
    if (status == S7_OK)
        return S7_OK;
    call_name(client->settings->where, call, &err);
    if (!call->list)
        err.item = -1;
    s7_report_give(s7_ctx_err(call->ctx), &err);
    return status;
}

/* An errinfo is half a kilobyte, which is not made where all is well. */
static s7_status call_begin(const struct s7_direct *client, const struct call *call,
                            struct s7_transfer_work *job)
{
    if (!call->write &&
        s7_transfer_work_begin(job, false, call->items, call->n_items, job->work.deadline_ns, NULL) == S7_OK)
        return S7_OK;
    return begin_in_words(client, call, job);
}

static s7_status call_inside(struct s7_direct *client, const struct call *call)
{
    struct s7_transfer_work job;
    int64_t now_ns = client->begun_ns = s7_now_ns();
    const char *detail;

    if (s7_ctx_deadline(call->ctx, now_ns, client->settings->options.request_ms * NS_PER_MS,
                        &job.work.deadline_ns) != S7_OK)
        return call_refused(client->settings->where, call, &(s7_errinfo)S7_ERRINFO_INIT, S7_E_ARG,
                            "not a call context: set struct_size, and a timeout_ms of -1 or more");
    client->cancel = s7_ctx_cancel(call->ctx);
    for (unsigned repeats = 0;; repeats++) {
        s7_status status = call_begin(client, call, &job);
        if (status != S7_OK)
            return status;
        status = s7_direct_ready(client, now_ns, job.work.deadline_ns, &detail);
        if (status != S7_OK) {
            s7_errinfo err = S7_ERRINFO_INIT;

            s7_direct_advise(client, status, &err);
            return call_refused(client->settings->where, call, &err, status, detail);
        }
        s7_direct_drive(client, &job.work);
        status = s7_transfer_result(&job.transfer, NULL);
        if (status == S7_OK)
            return S7_OK;
        if (call->write || !s7_direct_may_repeat(client, status, repeats))
            return call_failed(client, call, &job.transfer);
        now_ns = s7_now_ns();
    }
}

s7_status s7_client_call(s7_client *client, const s7_ctx *ctx, bool write, s7_item *items, size_t n_items,
                         bool list)
{
    struct call call = {ctx, write, list, items, n_items};
    struct s7_direct *direct;

    if (client == NULL)
        return s7_client_refuse(NULL, ctx, "client is NULL");
    s7_status status = s7_client_enter(client, &direct);
    if (status != S7_OK)
        return call_refused(s7_client_where(client), &call, &(s7_errinfo)S7_ERRINFO_INIT, status,
                            s7_client_enter_detail(status));
    status = call_inside(direct, &call);
    s7_meter_call(&direct->meter, status, s7_now_ns() - direct->begun_ns);
    s7_client_leave(client, direct);
    return status;
}
