#include "client/guard.h"

#include "client/report.h"

#include <stdio.h>

#define UNSET_READ_ONLY                                                                                      \
    "unset read_only in the options of this client (read-only=yes in its endpoint, S7_READ_ONLY in the "     \
    "environment)"

/* The places that an item takes: bytes, or numbers of timers and counters. */
static void places_of(const s7_address *address, uint64_t *first, uint64_t *last)
{
    uint64_t n = s7_address_size(address);

    if (address->area == S7_AREA_T || address->area == S7_AREA_C)
        n = address->count;
    else if (address->type == S7_TYPE_BOOL)
        n = (address->bit + (uint64_t)address->count + 7) / 8;
    *first = address->byte;
    *last = address->byte + n - 1;
}

static bool has_number(s7_area area)
{
    return area == S7_AREA_DB || area == S7_AREA_DI;
}

static bool within(const s7_write_range *range, const s7_address *address)
{
    uint64_t first, last;

    places_of(address, &first, &last);
    return range->area == address->area && (!has_number(address->area) || range->db == address->db) &&
           first >= range->first && last <= range->last;
}

static bool may_write(const struct s7_settings *settings, const s7_address *address)
{
    if (settings->options.read_only)
        return false;
    if (settings->options.write_ranges == NULL)
        return true;
    for (size_t i = 0; i < settings->options.n_write_ranges; i++)
        if (within(&settings->options.write_ranges[i], address))
            return true;
    return false;
}

/* The range of the same area (and DB) to name in the report: where the writer probably meant to be. */
static const s7_write_range *near_range(const struct s7_settings *settings, const s7_address *address)
{
    for (size_t i = 0; i < settings->options.n_write_ranges; i++)
        if (settings->options.write_ranges[i].area == address->area &&
            (!has_number(address->area) || settings->options.write_ranges[i].db == address->db))
            return &settings->options.write_ranges[i];
    return NULL;
}

static void name_rule(const struct s7_settings *settings, const s7_address *address, s7_errinfo *err)
{
    char why[120];
    const s7_write_range *near = near_range(settings, address);
    const char *area = s7_area_name(address->area);

    if (settings->options.read_only)
        snprintf(why, sizeof why, "this client is read_only: nothing was sent");
    else if (near != NULL && has_number(near->area))
        snprintf(why, sizeof why, "outside write_ranges (%s%u: %u..%u ...): nothing was sent", area, near->db,
                 near->first, near->last);
    else if (near != NULL)
        snprintf(why, sizeof why, "outside write_ranges (%s: %u..%u ...): nothing was sent", area,
                 near->first, near->last);
    else
        snprintf(why, sizeof why,
                 "outside write_ranges (nothing of this %s may be written): nothing was sent",
                 has_number(address->area) ? "DB" : "area");
    snprintf(err->hint, sizeof err->hint, "%s",
             settings->options.read_only ? UNSET_READ_ONLY
                                         : "add the place to write_ranges in the options of this client");
    s7_report_came(err, S7_E_GUARDED, why);
}

s7_status s7_guard_items(const struct s7_settings *settings, s7_item *items, size_t n_items, s7_errinfo *err)
{
    s7_status status = S7_OK;

    if (!settings->options.read_only && settings->options.write_ranges == NULL)
        return S7_OK;
    for (size_t i = 0; i < n_items; i++) {
        if (may_write(settings, &items[i].address))
            continue;
        if (status == S7_OK) {
            err->item = (int32_t)i;
            name_rule(settings, &items[i].address, err);
        }
        items[i].status = status = S7_E_GUARDED;
    }
    for (size_t i = 0; status != S7_OK && i < n_items; i++)
        if (items[i].status == S7_OK)
            items[i].status = S7_E_CANCELLED;
    return status;
}

s7_status s7_guard_control(const struct s7_settings *settings, const char **detail, s7_errinfo *err)
{
    if (settings->options.read_only) {
        snprintf(err->hint, sizeof err->hint, UNSET_READ_ONLY);
        *detail = "this client is read_only: nothing was sent";
        return S7_E_GUARDED;
    }
    if (!settings->options.allow_control) {
        snprintf(err->hint, sizeof err->hint, "set allow_control in the options of this client");
        *detail = "this client may not control its PLC";
        return S7_E_MISUSE;
    }
    return S7_OK;
}
