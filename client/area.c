#include "client/area.h"
#include "client/client_impl.h"

const char *s7_area_pieces(s7_area area, uint16_t db, uint32_t start, void *data, size_t len,
                           s7_item items[S7_AREA_PIECES_MAX], size_t *n_items)
{
    bool by_number = area == S7_AREA_T || area == S7_AREA_C;
    size_t element = by_number ? 2 : 1, left = len / element, n = 0;
    s7_type type = area == S7_AREA_T ? S7_TYPE_TIMER : area == S7_AREA_C ? S7_TYPE_COUNTER : S7_TYPE_BYTE;

    if (len == 0 || len % element != 0)
        return len == 0 ? "len is 0" : "timers and counters have 2 bytes each";
    if (data == NULL)
        return "no memory is given (NULL)";
    if (start > 2097151 || left > 2097152 - start)
        return "the place reaches past byte 2097151";
    for (uint8_t *at = data; left > 0; n++) {
        uint16_t count = (uint16_t)(left < S7_AREA_PIECE ? left : S7_AREA_PIECE);
        bool is_db = area == S7_AREA_DB || area == S7_AREA_DI;

        items[n] = (s7_item){
            .address = {.area = area, .db = is_db ? db : 0, .byte = start, .type = type, .count = count},
            .data = at,
            .len = count * element};
        at += items[n].len;
        start += count;
        left -= count;
    }
    *n_items = n;
    return NULL;
}

/* data is written to by reads only. */
static s7_status area_call(s7_client *client, const s7_ctx *ctx, bool write, s7_area area, uint16_t db,
                           uint32_t start, void *data, size_t len)
{
    s7_item items[S7_AREA_PIECES_MAX];
    size_t n = 0;
    const char *fault = s7_area_pieces(area, db, start, data, len, items, &n);

    if (fault != NULL)
        return s7_client_refuse(client, ctx, fault);
    return s7_client_call(client, ctx, write, items, n, false);
}

s7_status s7_read_area(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                       void *dst, size_t len)
{
    return area_call(client, ctx, false, area, db, start, dst, len);
}

s7_status s7_write_area(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                        const void *src, size_t len)
{
    return area_call(client, ctx, true, area, db, start, (void *)(uintptr_t)src, len);
}

s7_status s7_read_db(s7_client *client, const s7_ctx *ctx, uint16_t db, uint32_t start, void *dst, size_t len)
{
    return area_call(client, ctx, false, S7_AREA_DB, db, start, dst, len);
}

s7_status s7_write_db(s7_client *client, const s7_ctx *ctx, uint16_t db, uint32_t start, const void *src,
                      size_t len)
{
    return area_call(client, ctx, true, S7_AREA_DB, db, start, (void *)(uintptr_t)src, len);
}

s7_status s7_read_multi(s7_client *client, const s7_ctx *ctx, s7_item *items, size_t n_items)
{
    return s7_client_call(client, ctx, false, items, n_items, true);
}

s7_status s7_write_multi(s7_client *client, const s7_ctx *ctx, s7_item *items, size_t n_items)
{
    return s7_client_call(client, ctx, true, items, n_items, true);
}
