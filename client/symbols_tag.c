#include "client/symbols_impl.h"

#include "client/client_impl.h"
#include "client/plan_tag.h"
#include "client/report.h"
#include "client/single.h"

#include <stdio.h>
#include <string.h>

/* ---- one item ---- */

struct tag {
    const s7_symbol *symbol;
    struct s7_single single;
};

/* Find it and make room for its bytes; then tag_done. */
static s7_status tag_begin(struct tag *tag, const s7_ctx *ctx, const s7_symbols *symbols, const char *name,
                           const char *verb)
{
    tag->symbol = s7_symbols_need(symbols, name, -1, verb, s7_ctx_err(ctx));
    if (tag->symbol == NULL)
        return S7_E_ARG;
    if (s7_single_begin(&tag->single, &tag->symbol->address) != S7_OK)
        return s7_symbols_refuse(s7_ctx_err(ctx), S7_E_NOMEM, SIZE_MAX, name, "", "");
    return S7_OK;
}

static void tag_done(struct tag *tag)
{
    if (tag->symbol != NULL)
        s7_single_done(&tag->single);
}

/* "read DB1.DBD0:REAL from ..." becomes "read Motor1.Speed at DB1.DBD0:REAL from ...". */
static void name_symbol(s7_errinfo *err, const char *name)
{
    char asked[S7_ASKED_CAP];
    size_t verb = strcspn(err->asked, " ");

    if (strncmp(err->asked, "read ", 5) != 0 && strncmp(err->asked, "write ", 6) != 0)
        return;
    snprintf(asked, sizeof asked, "%.*s %.60s at%s", (int)verb, err->asked, name, err->asked + verb);
    memcpy(err->asked, asked, sizeof asked);
}

/* Run a call that reports to ctx, and put the name into its report. */
static s7_status tag_call(s7_client *client, const s7_ctx *ctx, struct tag *tag, bool write)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    if (s7_ctx_err(ctx) == NULL)
        return s7_client_call(client, ctx, write, &tag->single.item, 1, false);
    s7_ctx told = *ctx;
    told.err = &err;
    s7_status status = s7_client_call(client, &told, write, &tag->single.item, 1, false);
    if (status == S7_OK)
        return S7_OK;
    name_symbol(&err, tag->symbol->name);
    s7_report_give(ctx->err, &err);
    return status;
}

/* The value is not one that the caller or the tag takes. */
static s7_status misfit(const s7_ctx *ctx, const struct tag *tag, s7_status status, const char *verb)
{
    char asked[S7_ASKED_CAP], came[S7_CAME_CAP], address[S7_ADDRESS_TEXT_CAP];

    if (status == S7_OK)
        return S7_OK;
    s7_address_format(&tag->symbol->address, address, sizeof address);
    snprintf(asked, sizeof asked, "%s %.60s at %s", verb, tag->symbol->name, address);
    snprintf(came, sizeof came, "%s", s7_strerror(status));
    return s7_symbols_refuse(s7_ctx_err(ctx), status, SIZE_MAX, asked, came, "");
}

/* ---- reading ---- */

/* S7_OK: the item holds the tag's bytes. */
static s7_status read_tag(s7_client *client, const s7_ctx *ctx, const s7_symbols *symbols, const char *name,
                          const void *value, struct tag *tag)
{
    tag->symbol = NULL;
    if (value == NULL)
        return s7_client_refuse(client, ctx, "value is NULL");
    s7_status status = tag_begin(tag, ctx, symbols, name, "read");
    return status == S7_OK ? tag_call(client, ctx, tag, false) : status;
}

s7_status s7_read_tag_int(s7_client *client, const s7_ctx *ctx, const s7_symbols *symbols, const char *name,
                          int64_t *value)
{
    struct tag tag;
    s7_status status = read_tag(client, ctx, symbols, name, value, &tag);

    if (status == S7_OK)
        status =
            misfit(ctx, &tag,
                   tag.single.item.address.count == 1 ? s7_tag_int(&tag.single.item, 0, value) : S7_E_CONVERT,
                   "read");
    tag_done(&tag);
    return status;
}

s7_status s7_read_tag_real(s7_client *client, const s7_ctx *ctx, const s7_symbols *symbols, const char *name,
                           double *value)
{
    struct tag tag;
    s7_status status = read_tag(client, ctx, symbols, name, value, &tag);

    if (status == S7_OK)
        status = misfit(ctx, &tag,
                        tag.single.item.address.count == 1 ? s7_tag_real(&tag.single.item, 0, value)
                                                           : S7_E_CONVERT,
                        "read");
    tag_done(&tag);
    return status;
}

s7_status s7_read_tag_text(s7_client *client, const s7_ctx *ctx, const s7_symbols *symbols, const char *name,
                           char *text, size_t cap)
{
    struct tag tag;
    s7_status status = read_tag(client, ctx, symbols, name, cap > 0 ? text : NULL, &tag);

    if (status == S7_OK)
        status = misfit(ctx, &tag, s7_tag_text(&tag.single.item, text, cap), "read");
    tag_done(&tag);
    return status;
}

/* ---- writing ---- */

s7_status s7_write_tag_int(s7_client *client, const s7_ctx *ctx, const s7_symbols *symbols, const char *name,
                           int64_t value)
{
    struct tag tag;
    s7_status status = tag_begin(&tag, ctx, symbols, name, "write");

    if (status == S7_OK)
        status = misfit(ctx, &tag,
                        tag.single.item.address.count == 1 ? s7_tag_set_int(&tag.single.item, 0, value)
                                                           : S7_E_CONVERT,
                        "write");
    if (status == S7_OK)
        status = tag_call(client, ctx, &tag, true);
    tag_done(&tag);
    return status;
}

s7_status s7_write_tag_real(s7_client *client, const s7_ctx *ctx, const s7_symbols *symbols, const char *name,
                            double value)
{
    struct tag tag;
    s7_status status = tag_begin(&tag, ctx, symbols, name, "write");

    if (status == S7_OK)
        status = misfit(ctx, &tag,
                        tag.single.item.address.count == 1 ? s7_tag_set_real(&tag.single.item, 0, value)
                                                           : S7_E_CONVERT,
                        "write");
    if (status == S7_OK)
        status = tag_call(client, ctx, &tag, true);
    tag_done(&tag);
    return status;
}

s7_status s7_write_tag_text(s7_client *client, const s7_ctx *ctx, const s7_symbols *symbols, const char *name,
                            const char *text)
{
    struct tag tag;

    if (text == NULL)
        return s7_client_refuse(client, ctx, "text is NULL");
    s7_status status = tag_begin(&tag, ctx, symbols, name, "write");
    if (status == S7_OK)
        status = misfit(ctx, &tag, s7_tag_set_text(&tag.single.item, text), "write");
    if (status == S7_OK) {
        s7_single_leave_maximum(&tag.single.item);
        status = tag_call(client, ctx, &tag, true);
    }
    tag_done(&tag);
    return status;
}
