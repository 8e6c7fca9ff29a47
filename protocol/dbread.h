/* dbread.h - DBREAD (syntax id B0), one item for many short pieces of data blocks; S7-400.
 *
 *   item    12 | length of the rest | B0 | number of parts | parts of: bytes | DB:2 | start:2
 *   answer  one data unit (09, counted in bytes); in it for each part: return code | bytes if it is FF
 *
 * Nothing is filled up to an even length, neither parts nor the unit. */
#ifndef PROTOCOL_DBREAD_H
#define PROTOCOL_DBREAD_H

#include "protocol/var.h"

/* What the length byte of an item can count. */
#define S7_DBREAD_PARTS_MAX 50

#define S7_DBREAD_ITEM_LEN_MAX 254
#define S7_DBREAD_PART_LEN     5

struct s7_db_part {
    uint8_t len; /* bytes */
    uint16_t db;
    uint16_t start; /* byte */
};

/* Append a whole item; too many parts do not fit (wr->full). */
void s7_dbread_append(struct s7_wr *wr, const struct s7_db_part *parts, size_t n_parts);

/* The parts of an item with this syntax id, to be read with s7_dbread_part. S7_E_FRAME: another syntax id, or
 * a number of parts that does not fit its length. */
S7_MUST_CHECK s7_status s7_dbread_decode(const struct s7_var_item *item, unsigned *n_parts,
                                         struct s7_rd *parts);
bool s7_dbread_part(struct s7_rd *parts, struct s7_db_part *part);

/* The item that reads the bytes of a part. */
struct s7_var_item s7_dbread_item(const struct s7_db_part *part);

/* The next part of an answer's unit: its code, and len bytes (a view) when that is FF, else NULL. false: less
 * is left. */
bool s7_dbread_value(struct s7_rd *unit, uint8_t len, uint8_t *code, const uint8_t **bytes);
void s7_dbread_value_append(struct s7_wr *wr, uint8_t code, const uint8_t *bytes, uint8_t len);

#endif
