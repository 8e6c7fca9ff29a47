/* The calls of <s7rig/push.h> on a direct client. */
#include "client/push_call.h"
#include "client/services.h"

#include "client/plan_tag.h"
#include "client/report.h"
#include "loop/blocking.h"

#include <stdio.h>

#define NS_PER_MS INT64_C(1000000)

static const char not_lent[] =
    "what a PLC tells by itself would go to the next borrower: make a client of your own for it";

/* ---- asking ---- */

/* Where a client of one's own has its pushes. */
static struct s7_pushes **pushes_of(s7_client *client)
{
    return client != NULL && client->lease == NULL ? &((struct s7_direct *)client)->pushes : NULL;
}

/* made: what making the call came to; err names the item at fault. */
static s7_status run(const struct s7_service_call *said, struct s7_push_call *call, s7_status made,
                     s7_errinfo *err)
{
    uint16_t plc_error;
    const char *detail;

    if (said->client == NULL)
        return s7_client_refuse(NULL, said->ctx, "client is NULL");
    if (call->pushes == NULL && call->answer == NULL && made == S7_OK)
        return s7_services_fail(said, S7_E_MISUSE, not_lent);
    if (made != S7_OK) {
        s7_services_report(said->what, s7_client_where(said->client), err, made, call->detail);
        s7_report_give(s7_ctx_err(said->ctx), err);
        return made;
    }
    s7_status status = s7_services_call(said, &call->service);
    if (status != S7_OK) /* reported already */
        return status;
    status = s7_push_call_result(call, &plc_error, &detail);
    return status == S7_OK ? S7_OK : s7_services_fail(said, status, detail);
}

static s7_status carry_out(s7_client *client, const s7_ctx *ctx, struct s7_push_call *call, s7_status made,
                           s7_errinfo *err)
{
    struct s7_service_call said = {client, ctx, call->what, false};
    s7_status status = run(&said, call, made, err);

    s7_push_call_release(call);
    return status;
}

s7_status s7_subscribe(s7_client *client, const s7_ctx *ctx, const s7_subscribe_options *options,
                       const s7_address *items, size_t n_items, uint32_t *subscription)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    struct s7_push_call call;
    s7_subscribe_options full;

    if (subscription == NULL || !s7_subscribe_options_take(&full, options))
        return s7_client_refuse(client, ctx, "subscription is NULL, or options have no struct_size");
    s7_status status =
        s7_push_call_subscribe(&call, pushes_of(client), &full, items, n_items, subscription, &err);

    return carry_out(client, ctx, &call, status, &err);
}

s7_status s7_subscription_modify(s7_client *client, const s7_ctx *ctx, uint32_t subscription,
                                 uint32_t period_ms, const s7_address *items, size_t n_items)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    struct s7_push_call call;
    s7_status status =
        s7_push_call_modify(&call, pushes_of(client), subscription, period_ms, items, n_items, &err);

    return carry_out(client, ctx, &call, status, &err);
}

s7_status s7_unsubscribe(s7_client *client, const s7_ctx *ctx, uint32_t subscription)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    struct s7_push_call call;

    s7_push_call_unsubscribe(&call, pushes_of(client), subscription);
    return carry_out(client, ctx, &call, S7_OK, &err);
}

s7_status s7_events_enable(s7_client *client, const s7_ctx *ctx, uint32_t events)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    struct s7_push_call call;
    s7_status status = s7_push_call_events(&call, pushes_of(client), events);

    return carry_out(client, ctx, &call, status, &err);
}

s7_status s7_alarms_query(s7_client *client, const s7_ctx *ctx, s7_alarm_kind kind, s7_pending_alarm *alarms,
                          size_t cap, size_t *n)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    struct s7_push_call call;
    s7_status status = s7_push_call_alarms(&call, kind, alarms, cap, n);

    return carry_out(client, ctx, &call, status, &err);
}

/* ---- taking ---- */

static s7_status nothing_came(const struct s7_service_call *said)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    snprintf(err.asked, sizeof err.asked, "%s %.80s", said->what, s7_client_where(said->client));
    snprintf(err.hint, sizeof err.hint, "nothing, if nothing changed: wait again");
    return s7_client_fail(said->ctx, &err, S7_E_TIMEOUT, "the PLC told nothing by then");
}

/* What is there without waiting: a push, or why nothing is there and nothing can come. false: wait. */
static bool look(struct s7_direct *direct, s7_push *push, s7_status *status, struct s7_event *end)
{
    struct s7_pushes *pushes = direct->pushes;

    end->detail[0] = '\0';
    if (pushes != NULL && s7_pushes_next(pushes, push))
        *status = S7_OK;
    else if (pushes != NULL && s7_pushes_next_end(pushes, end))
        *status = end->status;
    else if (direct->fd < 0)
        *status = S7_E_NOT_CONNECTED;
    else if (pushes != NULL && s7_pushes_expected(pushes))
        return false;
    else {
        *status = S7_E_MISUSE;
        snprintf(end->detail, sizeof end->detail, "nothing is subscribed or enabled: nothing can come");
    }
    return true;
}

static s7_status next_inside(const struct s7_service_call *said, struct s7_direct *direct, s7_push *push)
{
    const s7_client_options *options = &direct->settings->options;
    int64_t deadline_ns;
    struct s7_event end;
    s7_status status;

    if (s7_ctx_deadline(said->ctx, s7_now_ns(), options->request_ms * NS_PER_MS, &deadline_ns) != S7_OK)
        return s7_services_fail(said, S7_E_ARG,
                                "not a call context: set struct_size, and a timeout_ms of -1 or more");
    direct->cancel = s7_ctx_cancel(said->ctx);
    for (bool waited = false; !look(direct, push, &status, &end); waited = true) {
        if (waited && s7_now_ns() >= deadline_ns)
            return nothing_came(said);
        if (s7_direct_listen(direct, deadline_ns) == S7_E_CANCELLED)
            return s7_services_fail(said, S7_E_CANCELLED, "");
    }
    return status == S7_OK ? S7_OK : s7_services_fail(said, status, end.detail);
}

s7_status s7_push_next(s7_client *client, const s7_ctx *ctx, s7_push *push)
{
    struct s7_service_call said = {client, ctx, "wait for what is told by", false};
    struct s7_direct *direct;
    s7_push next;

    if (client == NULL || !s7_services_struct(push))
        return s7_client_refuse(client, ctx, "client or push is NULL, or push has no struct_size");
    if (client->lease != NULL)
        return s7_services_fail(&said, S7_E_MISUSE, not_lent);
    s7_status status = s7_client_enter(client, &direct);
    if (status != S7_OK)
        return s7_services_fail(&said, status, s7_client_enter_detail(status));
    status = next_inside(&said, direct, &next);
    if (status == S7_OK)
        s7_services_give(push, &next, sizeof next);
    s7_client_leave(client, direct);
    return status;
}

/* ---- values ---- */

static s7_status has_value(const s7_push *push, size_t item, unsigned index)
{
    if (push == NULL || push->kind != S7_PUSH_VALUES || item >= push->n_items ||
        index >= push->items[item].address.count)
        return S7_E_ARG;
    return push->items[item].status;
}

s7_status s7_push_int(const s7_push *push, size_t item, unsigned index, int64_t *value)
{
    s7_status status = value != NULL ? has_value(push, item, index) : S7_E_ARG;

    return status == S7_OK ? s7_tag_int(&push->items[item], index, value) : status;
}

s7_status s7_push_real(const s7_push *push, size_t item, unsigned index, double *value)
{
    s7_status status = value != NULL ? has_value(push, item, index) : S7_E_ARG;

    return status == S7_OK ? s7_tag_real(&push->items[item], index, value) : status;
}

s7_status s7_push_text(const s7_push *push, size_t item, char *text, size_t cap)
{
    s7_status status = text != NULL && cap > 0 ? has_value(push, item, 0) : S7_E_ARG;

    return status == S7_OK ? s7_tag_text(&push->items[item], text, cap) : status;
}
