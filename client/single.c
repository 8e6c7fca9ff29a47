#include "client/single.h"

#include "client/client_impl.h"
#include "client/report.h"
#include "client/transfer_plan.h"
#include "protocol/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

s7_status s7_single_begin(struct s7_single *single, const s7_address *address)
{
    single->item = (s7_item){.address = *address, .data = single->usual};
    single->item.len = s7_address_size(address);
    memset(single->usual, 0, sizeof single->usual);
    if (single->item.len > sizeof single->usual)
        single->item.data = calloc(1, single->item.len);
    return single->item.data != NULL ? S7_OK : S7_E_NOMEM;
}

void s7_single_done(struct s7_single *single)
{
    if (single->item.data != single->usual)
        free(single->item.data);
}

s7_address s7_single_layout(const s7_item *item)
{
    s7_address address = item->address;

    if (s7_item_is_bit(&address))
        address.bit = 0;
    return address;
}

static bool has_maximum(const s7_address *address)
{
    return address->count == 1 && (address->type == S7_TYPE_STRING || address->type == S7_TYPE_WSTRING);
}

void s7_single_leave_maximum(s7_item *item)
{
    if (!has_maximum(&item->address))
        return;
    size_t unit = item->address.type == S7_TYPE_STRING ? 1 : 2;
    uint8_t *bytes = item->data;
    size_t actual = unit == 1 ? bytes[1] : (size_t)bytes[2] << 8 | bytes[3];

    item->address.type = S7_TYPE_BYTE;
    item->address.string_cap = 0;
    item->address.byte += (uint32_t)unit;
    item->address.count = (uint16_t)((actual + 1) * unit);
    item->len = item->address.count;
    memmove(bytes, bytes + unit, item->len);
}

s7_status s7_single_misfit_at(const char *where, const s7_ctx *ctx, bool write, const s7_item *item,
                              s7_status status)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    const char *type = s7_type_name(item->address.type);
    char came[S7_CAME_CAP] = "";

    if (status == S7_OK)
        return S7_OK;
    if (status == S7_E_CONVERT && write)
        snprintf(came, sizeof came, "what is given is no %s: expected %s", type,
                 s7_type_range(item->address.type));
    else if (status == S7_E_CONVERT)
        snprintf(came, sizeof came, "the bytes are no %s: expected %s", type,
                 s7_type_range(item->address.type));
    else if (status == S7_E_TOO_LARGE)
        snprintf(came, sizeof came, "the text does not fit, and is cut");
    s7_report_place(&err, write, item, 1, where);
    return s7_client_fail(ctx, &err, status, came);
}

s7_status s7_single_misfit(const s7_client *client, const s7_ctx *ctx, bool write, const s7_item *item,
                           s7_status status)
{
    return status == S7_OK ? S7_OK : s7_single_misfit_at(s7_client_where(client), ctx, write, item, status);
}
