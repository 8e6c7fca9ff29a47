/* transfer_plan.h - which parts of which items the next job carries, and how they look on the wire. Pure
 * functions, for transfer.c and the plans of tags (plan_impl.h). */
#ifndef CLIENT_TRANSFER_PLAN_H
#define CLIENT_TRANSFER_PLAN_H

#include "client/transfer.h"

/* A piece of an item that one wire item carries. Offset and length count bytes; of a bit array that is
 * written bit by bit they count bits. */
struct s7_part {
    s7_item *item;
    size_t offset, len;
};

bool s7_item_by_number(const s7_address *address); /* timers and counters */
bool s7_item_is_bit(const s7_address *address);    /* one BOOL */
bool s7_item_bit_by_bit(const s7_item *item, bool write);

/* Bytes of the item, or bits if it is written bit by bit. */
size_t s7_item_extent(const s7_item *item, bool write);

/* Cuts fall between elements, every so many bytes; an element that is longer than a job's most (a long
 * STRING) is cut anywhere. */
size_t s7_item_cut_unit(const s7_address *address, size_t most);

/* Fill parts with what the next job of at most max_items carries and move the cursor behind it; returns their
 * number. pdu_len is at most S7_PDU_LEN_MAX. */
unsigned s7_plan_job(const struct s7_transfer *transfer, size_t pdu_len, unsigned max_items,
                     struct s7_part parts[S7_ITEMS_PER_PDU], size_t *item_at, size_t *offset_at);

/* The address on the wire of a part. */
s7_address s7_part_address(const struct s7_part *part, bool write);

/* The data unit that writes a part. bit: where the value of a single bit is put; it must live as long as the
 * unit. */
struct s7_data_unit s7_part_unit(const struct s7_part *part, uint8_t *bit);

#endif
