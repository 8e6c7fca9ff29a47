/* Reads and writes on a pool without a lease, from the caller's arguments to the report of their outcome. */
#include "client/area.h"
#include "client/guard.h"
#include "client/pool_call.h"
#include "client/pool_mux.h"
#include "client/report.h"
#include "loop/blocking.h"

#include <s7rig/pool_direct.h>

#include <stdio.h>
#include <string.h>

#define NS_PER_MS INT64_C(1000000)

/* list false: the items are pieces of one place, and the status of the first bad one is that of the call. */
struct call {
    s7_pool *pool;
    const s7_ctx *ctx;
    struct s7_mux_ask ask;
    bool list;
    int64_t since_ns;
};

/* ---- failing ---- */

static void name(const struct call *call, s7_errinfo *err)
{
    const struct s7_mux_ask *ask = &call->ask;
    const char *where = call->pool->settings.client.where;

    if (call->list)
        s7_report_list(err, ask->write, ask->items, ask->items != NULL ? ask->n_items : 0, err->item, where);
    else
        s7_report_place(err, ask->write, ask->items, ask->n_items, where);
    if (!call->list)
        err->item = -1;
}

/* What the pool says of its connections. */
static void why_unserved(s7_pool *pool, s7_status status, s7_errinfo *err)
{
    s7_errinfo why = S7_ERRINFO_INIT;

    s7_pool_lock(pool);
    s7_pool_report_get(&pool->settings, pool->core, &pool->dial, status, s7_now_ns(), &why);
    s7_pool_unlock(pool);
    why.item = err->item;
    *err = why;
}

static s7_status failed(const struct call *call, s7_status status, bool unserved, s7_errinfo *err)
{
    if (unserved)
        why_unserved(call->pool, status, err);
    if (!call->list && status == S7_E_PARTIAL)
        status = call->ask.items[err->item].status;
    err->status = status;
    name(call, err);
    if (unserved)
        s7_pool_report_waited(s7_now_ns() - call->since_ns, err);
    s7_report_give(s7_ctx_err(call->ctx), err);
    return status;
}

static s7_status refused(const struct call *call, s7_status status, const char *detail)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    for (size_t i = 0; call->ask.items != NULL && i < call->ask.n_items; i++) {
        call->ask.items[i].status = status;
        call->ask.items[i].code = 0;
    }
    s7_report_came(&err, status, detail);
    return failed(call, status, false, &err);
}

/* An argument is at fault, before there are items. */
static s7_status refuse_argument(s7_pool *pool, const s7_ctx *ctx, s7_status status, const char *asked,
                                 const char *fault)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    snprintf(err.asked, sizeof err.asked, "%.63s %.60s", asked,
             pool != NULL ? pool->settings.client.where : "no pool");
    s7_report_came(&err, status, fault);
    s7_report_give(s7_ctx_err(ctx), &err);
    return status;
}

/* ---- one call ---- */

/* What the options forbid to write; the items are checked for it. */
static s7_status guard(const struct call *call, s7_errinfo *err)
{
    struct s7_transfer checked;
    s7_status status =
        s7_transfer_begin(&checked, true, call->ask.items, call->ask.n_items, S7_NEVER_NS, err);

    if (status != S7_OK)
        return status;
    return s7_guard_items(&call->pool->settings.client, call->ask.items, call->ask.n_items, err);
}

static s7_status run(struct call *call)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    bool unserved = false;
    s7_status status = call->ask.write ? guard(call, &err) : S7_OK;

    if (status == S7_OK)
        status = s7_pool_mux_call(call->pool->mux, &call->ask, &err, &unserved);
    return status == S7_OK ? S7_OK : failed(call, status, unserved, &err);
}

static bool says_when(const s7_ctx *ctx)
{
    return ctx != NULL && (ctx->timeout_ms != 0 || ctx->deadline_ns != 0);
}

static s7_status direct_call(s7_pool *pool, const s7_ctx *ctx, bool write, s7_item *items, size_t n_items,
                             bool list)
{
    struct call call = {
        .pool = pool, .ctx = ctx, .ask = {.write = write, .items = items, .n_items = n_items}, .list = list};

    if (pool == NULL)
        return refuse_argument(NULL, ctx, S7_E_ARG, "a call to", "pool is NULL");
    if (s7_pool_is_forked(pool))
        return refused(&call, S7_E_FORKED, "");
    if (s7_pool_asks_itself(pool))
        return refused(&call, S7_E_MISUSE, "the pool's own thread may not wait for it");
    int64_t usual_ms = (int64_t)pool->settings.options.acquire_ms + pool->settings.client.options.request_ms;
    call.since_ns = s7_now_ns();
    if (s7_ctx_deadline(ctx, call.since_ns, usual_ms * NS_PER_MS, &call.ask.deadline_ns) != S7_OK)
        return refused(&call, S7_E_ARG,
                       "not a call context: set struct_size, and a timeout_ms of -1 or more");
    call.ask.answer_ns = says_when(ctx) ? S7_NEVER_NS : pool->settings.client.options.request_ms * NS_PER_MS;
    call.ask.cancel = s7_ctx_cancel(ctx);
    return run(&call);
}

const char *s7_pool_where(const s7_pool *pool)
{
    return pool->settings.client.where;
}

s7_status s7_pool_call_one(s7_pool *pool, const s7_ctx *ctx, bool write, s7_item *item)
{
    return direct_call(pool, ctx, write, item, 1, false);
}

/* ---- areas ---- */

/* data is written to by reads only. */
static s7_status area_call(s7_pool *pool, const s7_ctx *ctx, bool write, s7_area area, uint16_t db,
                           uint32_t start, void *data, size_t len)
{
    s7_item items[S7_AREA_PIECES_MAX];
    size_t n = 0;
    const char *fault = s7_area_pieces(area, db, start, data, len, items, &n);

    if (fault != NULL)
        return refuse_argument(pool, ctx, S7_E_ARG, "a call to", fault);
    return direct_call(pool, ctx, write, items, n, false);
}

s7_status s7_pool_read_area(s7_pool *pool, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                            void *dst, size_t len)
{
    return area_call(pool, ctx, false, area, db, start, dst, len);
}

s7_status s7_pool_write_area(s7_pool *pool, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                             const void *src, size_t len)
{
    return area_call(pool, ctx, true, area, db, start, (void *)(uintptr_t)src, len);
}

s7_status s7_pool_read_db(s7_pool *pool, const s7_ctx *ctx, uint16_t db, uint32_t start, void *dst,
                          size_t len)
{
    return area_call(pool, ctx, false, S7_AREA_DB, db, start, dst, len);
}

s7_status s7_pool_write_db(s7_pool *pool, const s7_ctx *ctx, uint16_t db, uint32_t start, const void *src,
                           size_t len)
{
    return area_call(pool, ctx, true, S7_AREA_DB, db, start, (void *)(uintptr_t)src, len);
}

/* ---- lists ---- */

s7_status s7_pool_read_multi(s7_pool *pool, const s7_ctx *ctx, s7_item *items, size_t n_items)
{
    return direct_call(pool, ctx, false, items, n_items, true);
}

s7_status s7_pool_write_multi(s7_pool *pool, const s7_ctx *ctx, s7_item *items, size_t n_items)
{
    return direct_call(pool, ctx, true, items, n_items, true);
}

/* ---- one place by its text ---- */

static s7_status at_call(s7_pool *pool, const s7_ctx *ctx, bool write, const char *text, void *data,
                         size_t len)
{
    s7_item item = {.data = data, .len = len};
    s7_address_error error;
    char asked[64];

    if (text == NULL)
        return refuse_argument(pool, ctx, S7_E_ARG, "a call to", "address is NULL");
    if (s7_address_parse(text, &item.address, &error) == S7_OK)
        return s7_pool_call_one(pool, ctx, write, &item);
    snprintf(asked, sizeof asked, "%s \"%.40s\" %s", write ? "write" : "read", text, write ? "to" : "from");
    return refuse_argument(pool, ctx, S7_E_SYNTAX, asked, error.text);
}

s7_status s7_pool_read_at(s7_pool *pool, const s7_ctx *ctx, const char *address, void *dst, size_t len)
{
    return at_call(pool, ctx, false, address, dst, len);
}

s7_status s7_pool_write_at(s7_pool *pool, const s7_ctx *ctx, const char *address, const void *src, size_t len)
{
    return at_call(pool, ctx, true, address, (void *)(uintptr_t)src, len);
}
