#include "client/typed.h"

#include "client/client_impl.h"
#include "client/single.h"
#include "protocol/value.h"

#include <string.h>

static s7_item one(s7_area area, uint16_t db, uint32_t start, s7_type type, void *data, size_t len)
{
    bool is_db = area == S7_AREA_DB || area == S7_AREA_DI;

    if (area == S7_AREA_T && len == 2)
        type = S7_TYPE_TIMER;
    if (area == S7_AREA_C && len == 2)
        type = S7_TYPE_COUNTER;
    return (s7_item){.address = {.area = area, .db = is_db ? db : 0, .byte = start, .type = type, .count = 1},
                     .data = data,
                     .len = len};
}

s7_status s7_typed_read(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                        s7_type type, void *value)
{
    uint8_t bytes[S7_VALUE_RAW_MAX] = {0};
    s7_item item = one(area, db, start, type, bytes, s7_type_size(type, 0));
    s7_address layout = {.type = type, .count = 1};

    if (value == NULL)
        return s7_client_refuse(client, ctx, "value is NULL");
    s7_status status = s7_client_call(client, ctx, false, &item, 1, false);
    if (status != S7_OK)
        return status;
    status = s7_decode(&layout, bytes, value, s7_native_size(type));
    return s7_single_misfit(client, ctx, false, &item, status);
}

s7_status s7_typed_write(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                         s7_type type, const void *value)
{
    uint8_t bytes[S7_VALUE_RAW_MAX] = {0};
    s7_item item = one(area, db, start, type, bytes, s7_type_size(type, 0));
    s7_address layout = {.type = type, .count = 1};

    if (client == NULL || value == NULL)
        return s7_client_refuse(client, ctx, client == NULL ? "client is NULL" : "value is NULL");
    s7_status status = s7_encode(&layout, bytes, value, s7_native_size(type));
    if (status != S7_OK)
        return s7_single_misfit(client, ctx, true, &item, status);
    return s7_client_call(client, ctx, true, &item, 1, false);
}

s7_status s7_read_bool(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t byte,
                       uint8_t bit, bool *value)
{
    uint8_t data = 0;
    s7_item item = one(area, db, byte, S7_TYPE_BOOL, &data, 1);

    if (value == NULL)
        return s7_client_refuse(client, ctx, "value is NULL");
    item.address.bit = bit;
    s7_status status = s7_client_call(client, ctx, false, &item, 1, false);
    if (status == S7_OK)
        *value = data != 0;
    return status;
}

s7_status s7_write_bool(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t byte,
                        uint8_t bit, bool value)
{
    uint8_t data = value;
    s7_item item = one(area, db, byte, S7_TYPE_BOOL, &data, 1);

    item.address.bit = bit;
    return s7_client_call(client, ctx, true, &item, 1, false);
}

/* ---- numbers ---- */

s7_status s7_read_u8(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                     uint8_t *value)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_BYTE, value);
}

s7_status s7_write_u8(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                      uint8_t value)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_BYTE, &value);
}

s7_status s7_read_i8(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                     int8_t *value)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_SINT, value);
}

s7_status s7_write_i8(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                      int8_t value)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_SINT, &value);
}

s7_status s7_read_u16(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                      uint16_t *value)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_WORD, value);
}

s7_status s7_write_u16(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                       uint16_t value)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_WORD, &value);
}

s7_status s7_read_i16(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                      int16_t *value)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_INT, value);
}

s7_status s7_write_i16(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                       int16_t value)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_INT, &value);
}

s7_status s7_read_u32(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                      uint32_t *value)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_DWORD, value);
}

s7_status s7_write_u32(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                       uint32_t value)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_DWORD, &value);
}

s7_status s7_read_i32(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                      int32_t *value)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_DINT, value);
}

s7_status s7_write_i32(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                       int32_t value)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_DINT, &value);
}

s7_status s7_read_u64(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                      uint64_t *value)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_LWORD, value);
}

s7_status s7_write_u64(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                       uint64_t value)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_LWORD, &value);
}

s7_status s7_read_i64(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                      int64_t *value)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_LINT, value);
}

s7_status s7_write_i64(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                       int64_t value)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_LINT, &value);
}

s7_status s7_read_f32(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                      float *value)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_REAL, value);
}

s7_status s7_write_f32(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                       float value)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_REAL, &value);
}

s7_status s7_read_f64(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                      double *value)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_LREAL, value);
}

s7_status s7_write_f64(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                       double value)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_LREAL, &value);
}

s7_status s7_read_char(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                       char *value)
{
    return s7_typed_read(client, ctx, area, db, start, S7_TYPE_CHAR, value);
}

s7_status s7_write_char(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                        char value)
{
    return s7_typed_write(client, ctx, area, db, start, S7_TYPE_CHAR, &value);
}

/* ---- STRING: maximum, actual length, characters ---- */

#define STRING_HEADER_LEN 2
#define STRING_MAX        254

s7_status s7_read_string(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                         uint8_t max, char *text, size_t cap)
{
    uint8_t bytes[STRING_HEADER_LEN + STRING_MAX + 1]; /* max is checked with the address */
    s7_item item = one(area, db, start, S7_TYPE_STRING, bytes, (size_t)max + STRING_HEADER_LEN);

    if (text == NULL || cap == 0)
        return s7_client_refuse(client, ctx, "no room for the text");
    item.address.string_cap = max;
    s7_status status = s7_client_call(client, ctx, false, &item, 1, false);
    if (status != S7_OK)
        return status;
    size_t len = bytes[1] < max ? bytes[1] : max; /* a length above the maximum is damage: clip */
    size_t fits = len < cap - 1 ? len : cap - 1;
    memcpy(text, bytes + STRING_HEADER_LEN, fits);
    text[fits] = '\0';
    return fits == len ? S7_OK : S7_E_TOO_LARGE;
}

s7_status s7_write_string(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                          uint8_t max, const char *text)
{
    uint8_t bytes[1 + STRING_MAX];

    if (text == NULL || max == 0 || max > STRING_MAX)
        return s7_client_refuse(client, ctx,
                                text == NULL ? "text is NULL" : "a STRING has 1..254 characters");
    size_t len = strlen(text);
    if (len > max)
        return S7_E_TOO_LARGE;
    bytes[0] = (uint8_t)len;
    memcpy(bytes + 1, text, len);
    return s7_write_area(client, ctx, area, db, start + 1, bytes, len + 1);
}
