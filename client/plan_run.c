#include "client/plan_impl.h"

#include "client/client_impl.h"
#include "client/report.h"
#include "loop/blocking.h"

#include <stdio.h>

/* One call is one or more rounds of items that are sent together. Reading: all spans; then, one by one, the
 * tags of spans that were refused. Writing: a round for each stage. A round that fails as a whole is the
 * last. */

const char *s7_plan_fault(const struct s7_plan *plan, bool write)
{
    if (plan == NULL)
        return "plan is NULL";
    if (plan->write != write)
        return write ? "this plan is for reading" : "this plan is for writing";
    for (size_t i = 0; write && i < plan->n_tags; i++)
        if (!plan->marks[i].set)
            return "a tag was never given a value";
    return NULL;
}

void s7_plan_name_unset(const struct s7_plan *plan, const char *where, s7_errinfo *err)
{
    size_t i = 0;

    while (i < plan->n_tags && plan->marks[i].set)
        i++;
    if (!plan->write || i == plan->n_tags)
        return;
    err->item = (int32_t)i;
    s7_report_list(err, true, plan->tags, plan->n_tags, err->item, where);
}

static s7_status refuse(const s7_client *client, const s7_ctx *ctx, const struct s7_plan *plan, bool write,
                        const char *fault)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    if (client == NULL || plan == NULL || plan->write != write)
        return s7_client_refuse(client, ctx, fault);
    s7_plan_name_unset(plan, s7_client_where(client), &err);
    return s7_client_fail(ctx, &err, S7_E_ARG, fault);
}

/* ---- the beginning ---- */

/* Give the items the bytes that they write. */
static void load_items(struct s7_plan *plan)
{
    for (size_t i = 0; i < plan->n_needs; i++) {
        const struct s7_plan_need *need = &plan->needs[i];
        const s7_item *tag = &plan->tags[need->tag];
        uint8_t *to = plan->items[need->span].data;

        if (!s7_plan_whole_tag(plan, tag))
            memcpy(to + (need->place - plan->spans[need->span].place), (uint8_t *)tag->data + need->tag_at,
                   need->len);
    }
}

void s7_plan_begin(struct s7_plan *plan, size_t pdu_len, unsigned max_items)
{
    s7_plan_prepare(plan, pdu_len != 0 ? pdu_len : plan->budget.pdu_len,
                    max_items != 0 ? max_items : plan->max_items);
    for (size_t i = 0; i < plan->n_tags; i++) {
        plan->tags[i].status = S7_OK;
        plan->tags[i].code = S7_ITEM_OK;
        plan->tags[i].time_ns = 0;
        plan->marks[i].again = false;
    }
    if (plan->write)
        load_items(plan);
    plan->begun = plan->asking = false;
    plan->sent = plan->in_round = plan->n_again = 0;
    plan->failed = S7_OK;
    plan->why = (s7_errinfo)S7_ERRINFO_INIT;
}

/* ---- rounds ---- */

static size_t round_end(const struct s7_plan *plan)
{
    size_t end = plan->sent;

    while (end < plan->n_spans && plan->spans[end].stage == plan->spans[plan->sent].stage)
        end++;
    return end;
}

bool s7_plan_round(struct s7_plan *plan, s7_item **items, size_t *n_items)
{
    bool first =
        !plan->begun; /* that of a plan without tags is empty, but asks whether there is a connection */

    if (plan->failed != S7_OK)
        return false;
    plan->begun = true;
    plan->asking = plan->n_again > 0;
    *items = plan->asking ? plan->again : plan->items + plan->sent;
    *n_items = plan->asking ? plan->n_again : round_end(plan) - plan->sent;
    plan->in_round = *n_items;
    return *n_items > 0 || first;
}

static void tag_failed(s7_item *tag, const s7_item *item)
{
    if (tag->status != S7_OK)
        return;
    tag->status = item->status;
    tag->code = item->code;
}

/* The bytes of a need from its item to its tag. */
static void store_need(struct s7_plan *plan, const struct s7_plan_need *need)
{
    const uint8_t *from = plan->items[need->span].data;
    s7_item *tag = &plan->tags[need->tag];
    uint8_t *to = tag->data;

    from += need->place - plan->spans[need->span].place;
    if (s7_item_is_bit(&tag->address))
        to[0] = from[0] >> tag->address.bit & 1;
    else
        memcpy(to + need->tag_at, from, need->len);
}

static void bring_home(struct s7_plan *plan)
{
    for (size_t i = 0; i < plan->n_needs; i++) {
        const struct s7_plan_need *need = &plan->needs[i];
        const s7_item *item = &plan->items[need->span];

        if (item->time_ns > plan->tags[need->tag].time_ns)
            plan->tags[need->tag].time_ns = item->time_ns;
        if (item->status != S7_OK)
            tag_failed(&plan->tags[need->tag], item);
        else if (!plan->write)
            store_need(plan, need);
    }
}

/* Nothing of the items from here on was sent, and nothing will be. */
static void mark_unsent(struct s7_plan *plan, size_t first, s7_status why)
{
    for (size_t i = first; i < plan->n_spans; i++) {
        plan->items[i].status = why == S7_E_OUTCOME_UNKNOWN ? S7_E_CANCELLED : why;
        plan->items[i].code = 0;
        plan->items[i].time_ns = 0;
    }
}

/* ---- spans that were refused ---- */

static bool refused(s7_status status)
{
    return status <= S7_E_ITEM_HARDWARE && status > S7_E_PARTIAL;
}

/* The needs of a span. */
static const struct s7_plan_need *needs_of(const struct s7_plan *plan, size_t span, size_t *n)
{
    const struct s7_plan_atom *first = &plan->atoms[plan->spans[span].first_atom];
    const struct s7_plan_atom *last = first + plan->spans[span].n_atoms - 1;

    *n = last->first_need + last->n_needs - first->first_need;
    return &plan->needs[first->first_need];
}

/* Was it refused, and may tags have been refused for what others asked for? */
static bool refused_together(const struct s7_plan *plan, size_t span)
{
    size_t n;

    needs_of(plan, span, &n);
    return n > 1 && refused(plan->items[span].status);
}

static void ask_again(struct s7_plan *plan, uint32_t tag)
{
    if (plan->marks[tag].again)
        return;
    plan->marks[tag].again = true;
    plan->again_tags[plan->n_again] = tag;
    plan->again[plan->n_again++] = plan->tags[tag];
}

static void ask_apart(struct s7_plan *plan)
{
    size_t n;

    for (size_t i = 0; i < plan->n_spans; i++) {
        if (!refused_together(plan, i))
            continue;
        const struct s7_plan_need *needs = needs_of(plan, i, &n);
        for (size_t k = 0; k < n; k++)
            ask_again(plan, needs[k].tag);
    }
}

static void take_apart(struct s7_plan *plan)
{
    for (size_t i = 0; i < plan->n_again; i++) {
        s7_item *tag = &plan->tags[plan->again_tags[i]];

        tag->status = plan->again[i].status;
        tag->code = plan->again[i].code;
        tag->time_ns = plan->again[i].time_ns;
    }
}

/* ---- learning ---- */

static void keep_apart(struct s7_plan *plan, uint32_t tag, enum s7_company company)
{
    struct s7_plan_mark *mark = &plan->marks[tag];

    if (company > mark->company)
        mark->company = company;
    plan->learnt = true;
}

/* What to make of a refused span. Tags that were refused on their own are to blame; if none was, a gap is; if
 * there was none, we do not know what, and separate them all. Writing, nobody was asked on his own. */
static void learn_span(struct s7_plan *plan, size_t span)
{
    size_t n, bad = 0, asked = 0;
    const struct s7_plan_need *needs = needs_of(plan, span, &n);
    bool gaps = false;

    for (size_t k = 0; k < n && !plan->write; k++)
        if (refused(plan->tags[needs[k].tag].status)) {
            keep_apart(plan, needs[k].tag, S7_COMPANY_NONE);
            bad++;
        }
    if (bad > 0)
        return;
    for (size_t k = 0; k < plan->spans[span].n_atoms; k++)
        asked += plan->atoms[plan->spans[span].first_atom + k].len;
    gaps = asked < plan->spans[span].len;
    for (size_t k = 0; k < n; k++)
        keep_apart(plan, needs[k].tag, gaps ? S7_COMPANY_TOUCHING : S7_COMPANY_NONE);
}

static void learn(struct s7_plan *plan)
{
    for (size_t i = 0; i < plan->n_spans; i++)
        if (refused_together(plan, i))
            learn_span(plan, i);
}

/* ---- the end of a round ---- */

static void took_spans(struct s7_plan *plan, s7_status status)
{
    plan->sent += plan->in_round;
    if (plan->failed != S7_OK)
        mark_unsent(plan, plan->sent, status);
    if (plan->failed == S7_OK && plan->sent < plan->n_spans)
        return;
    bring_home(plan);
    if (plan->failed == S7_OK && !plan->write)
        ask_apart(plan);
    if (plan->failed == S7_OK && plan->write)
        learn(plan);
}

void s7_plan_took(struct s7_plan *plan, s7_status status, const s7_errinfo *err)
{
    if (status != S7_OK && status != S7_E_PARTIAL)
        plan->failed = status;
    if (status != S7_OK && err != NULL)
        plan->why = *err;
    if (!plan->asking) {
        took_spans(plan, status);
        return;
    }
    take_apart(plan);
    plan->n_again = 0;
    if (plan->failed == S7_OK)
        learn(plan);
}

static int32_t first_bad(const struct s7_plan *plan)
{
    for (size_t i = 0; i < plan->n_tags; i++)
        if (plan->tags[i].status != S7_OK)
            return (int32_t)i;
    return -1;
}

s7_status s7_plan_end(struct s7_plan *plan, const char *where, s7_errinfo *err)
{
    int32_t bad = first_bad(plan);
    s7_errinfo why = plan->why;

    if (plan->failed == S7_OK && bad < 0)
        return S7_OK;
    if (plan->failed == S7_OK) { /* the item's own words, not those of the last round */
        why = (s7_errinfo)S7_ERRINFO_INIT;
        why.item_code = plan->tags[bad].code;
        s7_report_why(&why, S7_E_PARTIAL, refused(plan->tags[bad].status) ? "" : plan->why.came,
                      s7_hint_item_facts(plan->write, &plan->tags[bad]));
    }
    why.item = bad;
    s7_report_list(&why, plan->write, plan->tags, plan->n_tags, bad, where);
    s7_report_give(err, &why);
    return why.status;
}

/* ---- blocking ---- */

static const struct s7_direct *direct_of(const s7_client *client)
{
    s7_status why;

    return client->lease != NULL ? client->lease->find(client, &why) : (const struct s7_direct *)client;
}

/* All rounds share the time of one call. */
static s7_status run_until(s7_client *client, const s7_ctx *ctx, s7_plan *plan, unsigned max_items,
                           int64_t deadline_ns)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx within = {.struct_size = sizeof within,
                     .deadline_ns = deadline_ns,
                     .label = ctx != NULL ? ctx->label : NULL,
                     .err = &err};
    s7_client_info info = {.struct_size = sizeof info};
    s7_item *items;
    size_t n;

    if (s7_client_info_get(client, &info) != S7_OK)
        info.pdu_len = 0;
    s7_plan_begin(plan, info.pdu_len, max_items);
    while (s7_plan_round(plan, &items, &n))
        s7_plan_took(plan, s7_client_call(client, &within, plan->write, items, n, true), &err);
    return s7_plan_end(plan, s7_client_where(client), s7_ctx_err(ctx));
}

static s7_status run(s7_client *client, const s7_ctx *ctx, s7_plan *plan, bool write)
{
    const char *fault = client == NULL ? "client is NULL" : s7_plan_fault(plan, write);
    int64_t deadline_ns, default_ns = 0;
    unsigned max_items = 0;

    if (fault != NULL)
        return refuse(client, ctx, plan, write, fault);
    const struct s7_direct *direct = direct_of(client);
    if (direct != NULL) {
        default_ns = direct->settings->options.request_ms * INT64_C(1000000);
        max_items = direct->settings->options.max_items;
    }
    if (s7_ctx_deadline(ctx, s7_now_ns(), default_ns, &deadline_ns) != S7_OK)
        return s7_client_refuse(client, ctx,
                                "not a call context: set struct_size, and a timeout_ms of -1 or more");
    return run_until(client, ctx, plan, max_items, deadline_ns);
}

s7_status s7_plan_read(s7_client *client, const s7_ctx *ctx, s7_plan *plan)
{
    return run(client, ctx, plan, false);
}

s7_status s7_plan_write(s7_client *client, const s7_ctx *ctx, s7_plan *plan)
{
    return run(client, ctx, plan, true);
}
