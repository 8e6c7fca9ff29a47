/* Values of any type and number, by address: on a client, and on a pool without a lease. */
#include <s7rig/typed.h>

#include "client/client_impl.h"
#include "client/plan_tag.h"
#include "client/pool_call.h"
#include "client/report.h"
#include "client/single.h"
#include "protocol/value.h"

#include <stdio.h>

/* ---- whose values ---- */

/* Either of them. */
struct target {
    bool pooled;
    s7_client *client;
    s7_pool *pool;
};

static struct target a_client(s7_client *client)
{
    return (struct target){.client = client};
}

static struct target a_pool(s7_pool *pool)
{
    return (struct target){.pooled = true, .pool = pool};
}

static bool is_none(const struct target *of)
{
    return of->pooled ? of->pool == NULL : of->client == NULL;
}

static const char *where(const struct target *of)
{
    return of->pooled ? s7_pool_where(of->pool) : s7_client_where(of->client);
}

static s7_status refuse(const struct target *of, const s7_ctx *ctx, const char *what)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    const char *none = of->pooled ? "no pool" : "no client";

    snprintf(err.asked, sizeof err.asked, "a call to %.80s", is_none(of) ? none : where(of));
    return s7_client_fail(ctx, &err, S7_E_ARG, what);
}

static s7_status refuse_none(const struct target *of, const s7_ctx *ctx)
{
    return refuse(of, ctx, of->pooled ? "pool is NULL" : "client is NULL");
}

/* ---- one call ---- */

/* The caller's side of it: native values, or a text, of which a written one ends by its zero. */
struct native {
    bool is_text;
    void *into;
    const void *from;
    size_t size;
};

static s7_status encode(const struct native *native, s7_item *item)
{
    s7_address layout = s7_single_layout(item);

    return native->is_text ? s7_tag_set_text(item, native->from)
                           : s7_encode(&layout, item->data, native->from, native->size);
}

static s7_status decode(const struct native *native, const s7_item *item)
{
    s7_address layout = s7_single_layout(item);

    return native->is_text ? s7_tag_text(item, native->into, native->size)
                           : s7_decode(&layout, item->data, native->into, native->size);
}

static s7_status call(const struct target *of, const s7_ctx *ctx, bool write, s7_item *item)
{
    if (write)
        s7_single_leave_maximum(item);
    return of->pooled ? s7_pool_call_one(of->pool, ctx, write, item)
                      : s7_client_call(of->client, ctx, write, item, 1, false);
}

/* Nothing is sent of what does not fit. */
static s7_status exchange(const struct target *of, const s7_ctx *ctx, bool write, const s7_address *address,
                          const struct native *native)
{
    struct s7_single single;
    s7_item *item = &single.item;
    s7_status status = s7_single_begin(&single, address);

    if (status == S7_OK && write)
        status = encode(native, item);
    status = s7_single_misfit_at(where(of), ctx, write, item, status);
    if (status == S7_OK)
        status = call(of, ctx, write, item);
    if (status == S7_OK && !write)
        status = s7_single_misfit_at(where(of), ctx, write, item, decode(native, item));
    s7_single_done(&single);
    return status;
}

/* ---- native values ---- */

static s7_status wrong_size(const struct target *of, const s7_ctx *ctx, bool write, const s7_address *address,
                            size_t size)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_item item = {.address = *address};
    size_t native = s7_native_size(address->type);
    char came[S7_CAME_CAP];

    if (native != 0)
        snprintf(came, sizeof came, "the array has %zu bytes, expected %u times %zu", size, address->count,
                 native);
    else
        snprintf(came, sizeof came, "%zu bytes are no %u equal shares for texts", size, address->count);
    s7_report_place(&err, write, &item, 1, where(of));
    return s7_client_fail(ctx, &err, S7_E_ARG, came);
}

/* May it begin? */
static s7_status check(const struct target *of, const s7_ctx *ctx, bool write, const s7_address *address,
                       const void *values, size_t size)
{
    if (is_none(of))
        return refuse_none(of, ctx);
    if (address == NULL || values == NULL)
        return refuse(of, ctx, address == NULL ? "address is NULL" : "values is NULL");
    return s7_values_fit(address, size) ? S7_OK : wrong_size(of, ctx, write, address, size);
}

static s7_status values(const struct target *of, const s7_ctx *ctx, bool write, const s7_address *address,
                        const struct native *native)
{
    s7_status status = check(of, ctx, write, address, write ? native->from : native->into, native->size);

    return status == S7_OK ? exchange(of, ctx, write, address, native) : status;
}

static s7_status read_values(struct target of, const s7_ctx *ctx, const s7_address *address, void *into,
                             size_t size)
{
    return values(&of, ctx, false, address, &(struct native){.into = into, .size = size});
}

static s7_status write_values(struct target of, const s7_ctx *ctx, const s7_address *address,
                              const void *from, size_t size)
{
    return values(&of, ctx, true, address, &(struct native){.from = from, .size = size});
}

/* ---- addresses as text ---- */

static s7_status parse(const struct target *of, const s7_ctx *ctx, bool write, const char *text,
                       s7_address *address)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_address_error error;
    char came[S7_CAME_CAP];

    if (is_none(of))
        return refuse_none(of, ctx);
    if (text == NULL)
        return refuse(of, ctx, "address is NULL");
    s7_status status = s7_address_parse(text, address, &error);
    if (status == S7_OK)
        return S7_OK;
    snprintf(err.asked, sizeof err.asked, "%s \"%.40s\" %s %.60s", write ? "write" : "read", text,
             write ? "to" : "from", where(of));
    snprintf(came, sizeof came, "%s, at character %zu", error.text, error.at + 1);
    return s7_client_fail(ctx, &err, status, came);
}

static s7_status read_as(struct target of, const s7_ctx *ctx, const char *address, void *into, size_t size)
{
    s7_address at;
    s7_status status = parse(&of, ctx, false, address, &at);

    return status == S7_OK ? read_values(of, ctx, &at, into, size) : status;
}

static s7_status write_as(struct target of, const s7_ctx *ctx, const char *address, const void *from,
                          size_t size)
{
    s7_address at;
    s7_status status = parse(&of, ctx, true, address, &at);

    return status == S7_OK ? write_values(of, ctx, &at, from, size) : status;
}

/* ---- values as text ---- */

static s7_status read_text(struct target of, const s7_ctx *ctx, const char *address, char *text, size_t cap)
{
    const struct native native = {.is_text = true, .into = text, .size = cap};
    s7_address at;

    if (text == NULL || cap == 0)
        return refuse(&of, ctx, "no room for the text");
    text[0] = '\0';
    s7_status status = parse(&of, ctx, false, address, &at);
    return status == S7_OK ? exchange(&of, ctx, false, &at, &native) : status;
}

static s7_status write_text(struct target of, const s7_ctx *ctx, const char *address, const char *text)
{
    const struct native native = {.is_text = true, .from = text};
    s7_address at;

    if (text == NULL)
        return refuse(&of, ctx, "text is NULL");
    s7_status status = parse(&of, ctx, true, address, &at);
    return status == S7_OK ? exchange(&of, ctx, true, &at, &native) : status;
}

/* ---- on a client ---- */

s7_status s7_read_values(s7_client *client, const s7_ctx *ctx, const s7_address *address, void *values,
                         size_t size)
{
    return read_values(a_client(client), ctx, address, values, size);
}

s7_status s7_write_values(s7_client *client, const s7_ctx *ctx, const s7_address *address, const void *values,
                          size_t size)
{
    return write_values(a_client(client), ctx, address, values, size);
}

s7_status s7_read_as(s7_client *client, const s7_ctx *ctx, const char *address, void *values, size_t size)
{
    return read_as(a_client(client), ctx, address, values, size);
}

s7_status s7_write_as(s7_client *client, const s7_ctx *ctx, const char *address, const void *values,
                      size_t size)
{
    return write_as(a_client(client), ctx, address, values, size);
}

s7_status s7_read_text(s7_client *client, const s7_ctx *ctx, const char *address, char *text, size_t cap)
{
    return read_text(a_client(client), ctx, address, text, cap);
}

s7_status s7_write_text(s7_client *client, const s7_ctx *ctx, const char *address, const char *text)
{
    return write_text(a_client(client), ctx, address, text);
}

/* ---- on a pool ---- */

s7_status s7_pool_read_values(s7_pool *pool, const s7_ctx *ctx, const s7_address *address, void *values,
                              size_t size)
{
    return read_values(a_pool(pool), ctx, address, values, size);
}

s7_status s7_pool_write_values(s7_pool *pool, const s7_ctx *ctx, const s7_address *address,
                               const void *values, size_t size)
{
    return write_values(a_pool(pool), ctx, address, values, size);
}

s7_status s7_pool_read_as(s7_pool *pool, const s7_ctx *ctx, const char *address, void *values, size_t size)
{
    return read_as(a_pool(pool), ctx, address, values, size);
}

s7_status s7_pool_write_as(s7_pool *pool, const s7_ctx *ctx, const char *address, const void *values,
                           size_t size)
{
    return write_as(a_pool(pool), ctx, address, values, size);
}

s7_status s7_pool_read_text(s7_pool *pool, const s7_ctx *ctx, const char *address, char *text, size_t cap)
{
    return read_text(a_pool(pool), ctx, address, text, cap);
}

s7_status s7_pool_write_text(s7_pool *pool, const s7_ctx *ctx, const char *address, const char *text)
{
    return write_text(a_pool(pool), ctx, address, text);
}
