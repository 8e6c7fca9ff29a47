#include "protocol/dbread.h"

#define VARIABLE_SPEC 0x12
#define REST_HEAD_LEN 2 /* of what an item's length counts: syntax id and number of parts */

void s7_dbread_append(struct s7_wr *wr, const struct s7_db_part *parts, size_t n_parts)
{
    if (n_parts > S7_DBREAD_PARTS_MAX) {
        wr->full = true;
        return;
    }
    s7_wr_be(wr, 1, VARIABLE_SPEC);
    s7_wr_be(wr, 1, (uint32_t)(REST_HEAD_LEN + n_parts * S7_DBREAD_PART_LEN));
    s7_wr_be(wr, 1, S7_SYNTAX_DBREAD);
    s7_wr_be(wr, 1, (uint32_t)n_parts);
    for (size_t i = 0; i < n_parts; i++) {
        s7_wr_be(wr, 1, parts[i].len);
        s7_wr_be(wr, 2, parts[i].db);
        s7_wr_be(wr, 2, parts[i].start);
    }
}

s7_status s7_dbread_decode(const struct s7_var_item *item, unsigned *n_parts, struct s7_rd *parts)
{
    struct s7_rd rd = {item->raw, item->raw_len};
    uint32_t head;
    uint8_t count;

    if (!s7_rd_be(&rd, 3, &head) || (head & 0xFF) != S7_SYNTAX_DBREAD || !s7_rd_u8(&rd, &count) ||
        rd.left != (size_t)count * S7_DBREAD_PART_LEN)
        return S7_E_FRAME;
    *n_parts = count;
    *parts = rd;
    return S7_OK;
}

bool s7_dbread_part(struct s7_rd *parts, struct s7_db_part *part)
{
    if (parts->left < S7_DBREAD_PART_LEN)
        return false;
    return s7_rd_u8(parts, &part->len) && s7_rd_u16(parts, &part->db) && s7_rd_u16(parts, &part->start);
}

struct s7_var_item s7_dbread_item(const struct s7_db_part *part)
{
    return (struct s7_var_item){.syntax_id = S7_SYNTAX_S7ANY,
                                .size = S7_SIZE_BYTE,
                                .count = part->len,
                                .db = part->db,
                                .area = S7_AREA_DB,
                                .bit_addr = part->start * 8U};
}

bool s7_dbread_value(struct s7_rd *unit, uint8_t len, uint8_t *code, const uint8_t **bytes)
{
    struct s7_rd rd = *unit;

    *bytes = NULL;
    if (!s7_rd_u8(&rd, code) || (*code == S7_ITEM_OK && !s7_rd_view(&rd, len, bytes)))
        return false;
    *unit = rd;
    return true;
}

void s7_dbread_value_append(struct s7_wr *wr, uint8_t code, const uint8_t *bytes, uint8_t len)
{
    s7_wr_be(wr, 1, code);
    if (code == S7_ITEM_OK)
        s7_wr_bytes(wr, bytes, len);
}
