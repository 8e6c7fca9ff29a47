#include "protocol/var.h"

#define VARIABLE_SPEC   0x12
#define S7ANY_REST_LEN  (S7_ITEM_LEN - 2) /* what an S7ANY item's length byte counts */
#define DATA_HEADER_LEN 4
#define BYTE_MAX        2097151 /* 24 bits of bit address */

/* Answer sizes as real CPUs send them; TOD, TIME, S5TIME and DATE_AND_TIME were never seen and are best
 * judgement. */
static const struct s7_size_info sizes[] = {
    {S7_SIZE_BIT, 1, S7_DATA_BIT, "BIT"},        {S7_SIZE_BYTE, 1, S7_DATA_BYTE, "BYTE"},
    {S7_SIZE_CHAR, 1, S7_DATA_OCTETS, "CHAR"},   {S7_SIZE_WORD, 2, S7_DATA_BYTE, "WORD"},
    {S7_SIZE_INT, 2, S7_DATA_INT, "INT"},        {S7_SIZE_DWORD, 4, S7_DATA_BYTE, "DWORD"},
    {S7_SIZE_DINT, 4, S7_DATA_INT, "DINT"},      {S7_SIZE_REAL, 4, S7_DATA_REAL, "REAL"},
    {S7_SIZE_TOD, 4, S7_DATA_BYTE, "TOD"},       {S7_SIZE_TIME, 4, S7_DATA_BYTE, "TIME"},
    {S7_SIZE_S5TIME, 2, S7_DATA_BYTE, "S5TIME"}, {S7_SIZE_DATE_AND_TIME, 8, S7_DATA_BYTE, "DATE_AND_TIME"},
    {S7_SIZE_WCHAR, 2, S7_DATA_OCTETS, "WCHAR"}, {S7_SIZE_COUNTER, 2, S7_DATA_OCTETS, "COUNTER"},
    {S7_SIZE_TIMER, 2, S7_DATA_OCTETS, "TIMER"},
};

const struct s7_size_info *s7_size_find(uint8_t item_size)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (sizes[i].item_size == item_size)
            return &sizes[i];
    return NULL;
}

static bool counts_bits(uint8_t data_size)
{
    return data_size >= S7_DATA_BIT && data_size <= S7_DATA_DINT;
}

size_t s7_data_bytes(uint8_t data_size, uint16_t length)
{
    if (data_size == S7_DATA_NULL)
        return 0;
    return counts_bits(data_size) ? ((size_t)length + 7) / 8 : length;
}

uint16_t s7_data_length(uint8_t data_size, size_t bytes)
{
    if (data_size == S7_DATA_NULL)
        return 0;
    if (data_size == S7_DATA_BIT || !counts_bits(data_size))
        return (uint16_t)bytes;
    return (uint16_t)(bytes * 8);
}

s7_status s7_item_status(uint8_t code)
{
    switch (code) {
    case S7_ITEM_OK:
        return S7_OK;
    case S7_ITEM_HARDWARE:
        return S7_E_ITEM_HARDWARE;
    case S7_ITEM_ACCESS:
        return S7_E_ITEM_ACCESS;
    case S7_ITEM_ADDRESS:
        return S7_E_ITEM_ADDRESS;
    case S7_ITEM_TYPE:
        return S7_E_ITEM_TYPE;
    case S7_ITEM_INCONSISTENT:
        return S7_E_ITEM_INCONSISTENT;
    case S7_ITEM_MISSING:
        return S7_E_ITEM_MISSING;
    default:
        return S7_E_ITEM_OTHER;
    }
}

/* ---- items ---- */

s7_status s7_item_walk_begin(const struct s7_pdu *pdu, struct s7_item_walk *walk)
{
    struct s7_rd rd = {pdu->param, pdu->param_len};
    uint8_t function, count = 0;

    if (!s7_rd_u8(&rd, &function) || (function != S7_FN_READ_VAR && function != S7_FN_WRITE_VAR))
        return S7_E_FRAME;
    if (rd.left > 0 && !s7_rd_u8(&rd, &count))
        return S7_E_FRAME;
    *walk = (struct s7_item_walk){.rd = rd, .left = count};
    return S7_OK;
}

static bool read_s7any(struct s7_rd *rd, struct s7_var_item *item)
{
    return rd->left == S7ANY_REST_LEN - 1 && s7_rd_u8(rd, &item->size) && s7_rd_u16(rd, &item->count) &&
           s7_rd_u16(rd, &item->db) && s7_rd_u8(rd, &item->area) && s7_rd_be(rd, 3, &item->bit_addr);
}

static s7_status read_item(struct s7_rd *rd, struct s7_var_item *item)
{
    const uint8_t *start = rd->at, *rest;
    uint8_t spec, rest_len;

    if (!s7_rd_u8(rd, &spec) || spec != VARIABLE_SPEC || !s7_rd_u8(rd, &rest_len) || rest_len == 0 ||
        !s7_rd_view(rd, rest_len, &rest))
        return S7_E_FRAME;
    *item = (struct s7_var_item){.syntax_id = rest[0], .raw = start, .raw_len = 2 + (size_t)rest_len};
    struct s7_rd fields = {rest + 1, (size_t)rest_len - 1};
    if (item->syntax_id == S7_SYNTAX_S7ANY && !read_s7any(&fields, item))
        return S7_E_FRAME;
    return S7_OK;
}

s7_status s7_item_walk_next(struct s7_item_walk *walk, struct s7_var_item *item, bool *more)
{
    struct s7_rd rd = walk->rd;
    struct s7_var_item found;
    uint8_t fill;

    if (walk->left == 0) {
        if (rd.left != 0)
            return S7_E_FRAME;
        *more = false;
        return S7_OK;
    }
    s7_status status = read_item(&rd, &found);
    if (status != S7_OK)
        return status;
    if (found.raw_len % 2 != 0 && walk->left > 1 && !s7_rd_u8(&rd, &fill))
        return S7_E_FRAME;
    walk->rd = rd;
    walk->left--;
    *item = found;
    *more = true;
    return S7_OK;
}

void s7_item_append(struct s7_wr *wr, const struct s7_var_item *item, bool last)
{
    if (item->syntax_id != S7_SYNTAX_S7ANY) {
        s7_wr_bytes(wr, item->raw, item->raw_len);
        if (item->raw_len % 2 != 0 && !last)
            s7_wr_be(wr, 1, 0);
        return;
    }
    s7_wr_be(wr, 3, (uint32_t)VARIABLE_SPEC << 16 | S7ANY_REST_LEN << 8 | S7_SYNTAX_S7ANY);
    s7_wr_be(wr, 1, item->size);
    s7_wr_be(wr, 2, item->count);
    s7_wr_be(wr, 2, item->db);
    s7_wr_be(wr, 1, item->area);
    s7_wr_be(wr, 3, item->bit_addr);
}

/* ---- data units ---- */

void s7_data_walk_begin(const struct s7_pdu *pdu, bool answer, struct s7_data_walk *walk)
{
    *walk = (struct s7_data_walk){.rd = {pdu->data, pdu->data_len}, .answer = answer};
}

s7_status s7_data_walk_next(struct s7_data_walk *walk, bool last, struct s7_data_unit *unit)
{
    struct s7_rd rd = walk->rd;
    struct s7_data_unit found = {0};
    uint8_t fill;

    if (!s7_rd_u8(&rd, &found.code) || !s7_rd_u8(&rd, &found.size) || !s7_rd_u16(&rd, &found.length))
        return S7_E_FRAME;
    if (!walk->answer || found.code == S7_ITEM_OK) {
        found.payload_len = s7_data_bytes(found.size, found.length);
        if (!s7_rd_view(&rd, found.payload_len, &found.payload))
            return S7_E_FRAME;
        if (found.payload_len % 2 != 0 && !last && !s7_rd_u8(&rd, &fill))
            return S7_E_FRAME;
    }
    walk->rd = rd;
    *unit = found;
    return S7_OK;
}

void s7_data_append(struct s7_wr *wr, const struct s7_data_unit *unit, bool last)
{
    s7_wr_be(wr, 1, unit->code);
    s7_wr_be(wr, 1, unit->size);
    s7_wr_be(wr, 2, unit->length);
    s7_wr_bytes(wr, unit->payload, unit->payload_len);
    if (!last)
        s7_data_fill(wr, unit->payload_len);
}

uint8_t *s7_data_append_room(struct s7_wr *wr, uint8_t code, uint8_t data_size, size_t payload_len)
{
    size_t unit_bits = counts_bits(data_size) && data_size != S7_DATA_BIT ? 8 : 1;

    if (payload_len > UINT16_MAX / unit_bits)
        wr->full = true;
    s7_wr_be(wr, 1, code);
    s7_wr_be(wr, 1, data_size);
    s7_wr_be(wr, 2, s7_data_length(data_size, payload_len));
    return s7_wr_room(wr, payload_len);
}

void s7_data_fill(struct s7_wr *wr, size_t payload_len)
{
    if (payload_len % 2 != 0)
        s7_wr_be(wr, 1, 0);
}

/* ---- addresses on the wire ---- */

static bool address_fits_the_wire(const s7_address *address)
{
    if (address->byte > BYTE_MAX || address->bit > 7 || address->count == 0)
        return false;
    return (address->area != S7_AREA_DB && address->area != S7_AREA_DI) || address->db != 0;
}

s7_status s7_item_from_address(const s7_address *address, struct s7_var_item *item)
{
    size_t size = s7_address_size(address);
    struct s7_var_item found = {
        .syntax_id = S7_SYNTAX_S7ANY, .db = address->db, .area = (uint8_t)address->area};

    if (!address_fits_the_wire(address))
        return S7_E_ARG;
    if (address->area == S7_AREA_T || address->area == S7_AREA_C) {
        if (size != (size_t)address->count * 2)
            return S7_E_ARG;
        found.size = address->area == S7_AREA_T ? S7_SIZE_TIMER : S7_SIZE_COUNTER;
        found.count = address->count;
        found.bit_addr = address->byte;
    } else if (address->type == S7_TYPE_BOOL && address->count == 1) {
        found.size = S7_SIZE_BIT;
        found.count = 1;
        found.bit_addr = address->byte * 8 + address->bit;
    } else {
        if (size > UINT16_MAX)
            return S7_E_ARG;
        found.size = S7_SIZE_BYTE;
        found.count = (uint16_t)size;
        found.bit_addr = address->byte * 8;
    }
    *item = found;
    return S7_OK;
}
