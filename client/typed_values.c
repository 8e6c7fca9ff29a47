/* Values of any type and number, by address. */
#include <s7rig/typed.h>

#include "client/client_impl.h"
#include "client/plan_tag.h"
#include "client/report.h"
#include "client/single.h"
#include "protocol/value.h"

#include <stdio.h>

/* ---- native values ---- */

static s7_status wrong_size(const s7_client *client, const s7_ctx *ctx, bool write, const s7_address *address,
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
    s7_report_place(&err, write, &item, 1, s7_client_where(client));
    return s7_client_fail(ctx, &err, S7_E_ARG, came);
}

/* May it begin? */
static s7_status check(const s7_client *client, const s7_ctx *ctx, bool write, const s7_address *address,
                       const void *values, size_t size)
{
    if (client == NULL)
        return s7_client_refuse(NULL, ctx, "client is NULL");
    if (address == NULL || values == NULL)
        return s7_client_refuse(client, ctx, address == NULL ? "address is NULL" : "values is NULL");
    return s7_values_fit(address, size) ? S7_OK : wrong_size(client, ctx, write, address, size);
}

s7_status s7_read_values(s7_client *client, const s7_ctx *ctx, const s7_address *address, void *values,
                         size_t size)
{
    struct s7_single single;
    s7_status status = check(client, ctx, false, address, values, size);

    if (status != S7_OK)
        return status;
    status = s7_single_begin(&single, address);
    if (status != S7_OK)
        return s7_single_misfit(client, ctx, false, &single.item, status);
    status = s7_client_call(client, ctx, false, &single.item, 1, false);
    if (status == S7_OK) {
        s7_address layout = s7_single_layout(&single.item);

        status = s7_decode(&layout, single.item.data, values, size);
        status = s7_single_misfit(client, ctx, false, &single.item, status);
    }
    s7_single_done(&single);
    return status;
}

s7_status s7_write_values(s7_client *client, const s7_ctx *ctx, const s7_address *address, const void *values,
                          size_t size)
{
    struct s7_single single;
    s7_status status = check(client, ctx, true, address, values, size);

    if (status != S7_OK)
        return status;
    status = s7_single_begin(&single, address);
    if (status == S7_OK) {
        s7_address layout = s7_single_layout(&single.item);

        status = s7_encode(&layout, single.item.data, values, size);
    }
    status = s7_single_misfit(client, ctx, true, &single.item, status);
    if (status == S7_OK) {
        s7_single_leave_maximum(&single.item);
        status = s7_client_call(client, ctx, true, &single.item, 1, false);
    }
    s7_single_done(&single);
    return status;
}

/* ---- addresses as text ---- */

static s7_status parse(const s7_client *client, const s7_ctx *ctx, bool write, const char *text,
                       s7_address *address)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_address_error error;
    char came[S7_CAME_CAP];

    if (client == NULL || text == NULL)
        return s7_client_refuse(client, ctx, client == NULL ? "client is NULL" : "address is NULL");
    s7_status status = s7_address_parse(text, address, &error);
    if (status == S7_OK)
        return S7_OK;
    snprintf(err.asked, sizeof err.asked, "%s \"%.40s\" %s %.60s", write ? "write" : "read", text,
             write ? "to" : "from", s7_client_where(client));
    snprintf(came, sizeof came, "%s, at character %zu", error.text, error.at + 1);
    return s7_client_fail(ctx, &err, status, came);
}

s7_status s7_read_as(s7_client *client, const s7_ctx *ctx, const char *address, void *values, size_t size)
{
    s7_address at;
    s7_status status = parse(client, ctx, false, address, &at);

    return status == S7_OK ? s7_read_values(client, ctx, &at, values, size) : status;
}

s7_status s7_write_as(s7_client *client, const s7_ctx *ctx, const char *address, const void *values,
                      size_t size)
{
    s7_address at;
    s7_status status = parse(client, ctx, true, address, &at);

    return status == S7_OK ? s7_write_values(client, ctx, &at, values, size) : status;
}

/* ---- values as text ---- */

s7_status s7_read_text(s7_client *client, const s7_ctx *ctx, const char *address, char *text, size_t cap)
{
    struct s7_single single;
    s7_address at;

    if (text == NULL || cap == 0)
        return s7_client_refuse(client, ctx, "no room for the text");
    text[0] = '\0';
    s7_status status = parse(client, ctx, false, address, &at);
    if (status != S7_OK)
        return status;
    status = s7_single_begin(&single, &at);
    if (status != S7_OK)
        return s7_single_misfit(client, ctx, false, &single.item, status);
    status = s7_client_call(client, ctx, false, &single.item, 1, false);
    if (status == S7_OK)
        status = s7_single_misfit(client, ctx, false, &single.item, s7_tag_text(&single.item, text, cap));
    s7_single_done(&single);
    return status;
}

s7_status s7_write_text(s7_client *client, const s7_ctx *ctx, const char *address, const char *text)
{
    struct s7_single single;
    s7_address at;

    if (text == NULL)
        return s7_client_refuse(client, ctx, "text is NULL");
    s7_status status = parse(client, ctx, true, address, &at);
    if (status != S7_OK)
        return status;
    status = s7_single_begin(&single, &at);
    if (status == S7_OK)
        status = s7_tag_set_text(&single.item, text);
    status = s7_single_misfit(client, ctx, true, &single.item, status);
    if (status == S7_OK) {
        s7_single_leave_maximum(&single.item);
        status = s7_client_call(client, ctx, true, &single.item, 1, false);
    }
    s7_single_done(&single);
    return status;
}
