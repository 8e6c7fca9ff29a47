/* Dates, times, counters and wide texts by area and offset. */
#include "client/client_impl.h"
#include "client/typed.h"

s7_status s7_read_date(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                       s7_moment *value)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_DATE, value);
}

s7_status s7_write_date(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                        const s7_moment *value)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_DATE, value);
}

s7_status s7_read_dt(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                     s7_moment *value)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_DT, value);
}

s7_status s7_write_dt(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                      const s7_moment *value)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_DT, value);
}

s7_status s7_read_ldt(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                      s7_moment *value)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_LDT, value);
}

s7_status s7_write_ldt(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                       const s7_moment *value)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_LDT, value);
}

s7_status s7_read_dtl(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                      s7_moment *value)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_DTL, value);
}

s7_status s7_write_dtl(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                       const s7_moment *value)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_DTL, value);
}

s7_status s7_read_tod(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                      uint32_t *ms)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_TOD, ms);
}

s7_status s7_write_tod(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                       uint32_t ms)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_TOD, &ms);
}

s7_status s7_read_ltod(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                       uint64_t *ns)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_LTOD, ns);
}

s7_status s7_write_ltod(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                        uint64_t ns)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_LTOD, &ns);
}

s7_status s7_read_time(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                       int32_t *ms)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_TIME, ms);
}

s7_status s7_write_time(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                        int32_t ms)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_TIME, &ms);
}

s7_status s7_read_ltime(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                        int64_t *ns)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_LTIME, ns);
}

s7_status s7_write_ltime(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                         int64_t ns)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_LTIME, &ns);
}

s7_status s7_read_s5time(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                         uint32_t *ms)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_S5TIME, ms);
}

s7_status s7_write_s5time(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                          uint32_t ms)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_S5TIME, &ms);
}

/* ---- by number ---- */

s7_status s7_read_timer(s7_client *client, const s7_ctx *ctx, uint16_t number, uint32_t *ms)
{
    return s7_typed_read(client, ctx, S7_AREA_T, 0, number, S7_TYPE_TIMER, ms);
}

s7_status s7_write_timer(s7_client *client, const s7_ctx *ctx, uint16_t number, uint32_t ms)
{
    return s7_typed_write(client, ctx, S7_AREA_T, 0, number, S7_TYPE_TIMER, &ms);
}

s7_status s7_read_counter(s7_client *client, const s7_ctx *ctx, uint16_t number, uint16_t *value)
{
    return s7_typed_read(client, ctx, S7_AREA_C, 0, number, S7_TYPE_COUNTER, value);
}

s7_status s7_write_counter(s7_client *client, const s7_ctx *ctx, uint16_t number, uint16_t value)
{
    return s7_typed_write(client, ctx, S7_AREA_C, 0, number, S7_TYPE_COUNTER, &value);
}

/* ---- WSTRING ---- */

static bool wstring_at(s7_area area, uint16_t db, uint32_t start, uint16_t max, s7_address *address)
{
    bool is_db = area == S7_AREA_DB || area == S7_AREA_DI;

    *address = (s7_address){.area = area,
                            .db = is_db ? db : 0,
                            .byte = start,
                            .type = S7_TYPE_WSTRING,
                            .string_cap = max,
                            .count = 1};
    return max >= 1 && max <= 16382;
}

s7_status s7_read_wstring(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                          uint16_t max, char *text, size_t cap)
{
    s7_address address;

    if (text == NULL || cap == 0)
        return s7_client_refuse(client, ctx, "no room for the text");
    if (!wstring_at(area, db, start, max, &address))
        return s7_client_refuse(client, ctx, "a WSTRING has 1..16382 characters");
    return s7_read_values(client, ctx, &address, text, cap);
}

s7_status s7_write_wstring(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                           uint16_t max, const char *text)
{
    s7_address address;

    if (text == NULL)
        return s7_client_refuse(client, ctx, "text is NULL");
    if (!wstring_at(area, db, start, max, &address))
        return s7_client_refuse(client, ctx, "a WSTRING has 1..16382 characters");
    return s7_write_values(client, ctx, &address, text, strlen(text) + 1);
}
