/* cyclic.h - cyclic services (userdata group 2): a PLC that tells values by itself.
 *
 *   subscribe (01, 05), modify (07)   00 | number of items | time base | factor | items as in var.h
 *   answer and push                   00 | number of items | data units as in the answer to a read
 *   end (04)                          what the job was made by, 01 or 05 | job
 *
 * The number of the job is the sequence of the answer and of each push, and that of a request to modify it.
 * Pushes have PDU reference 0. In those of a change-driven job an item, or a part of a DBREAD item, has the
 * code FE and no data when it did not change. */
#ifndef PROTOCOL_CYCLIC_H
#define PROTOCOL_CYCLIC_H

#include "protocol/var.h"

enum s7_cyclic_subfunction {
    S7_CYCLIC_TIME = 0x01, /* tells all values every so often */
    S7_CYCLIC_END = 0x04,
    S7_CYCLIC_CHANGE = 0x05, /* tells what changed */
    S7_CYCLIC_MODIFY = 0x07  /* another list for a job made by 05; later pushes are of 07 */
};

/* Return code beside those of var.h: as it was told last; no data. */
#define S7_ITEM_UNCHANGED 0xFE

#define S7_CYCLIC_HEAD_LEN   4 /* of a request's payload: what comes before the items */
#define S7_CYCLIC_VALUES_LEN 2 /* of an answer or a push: what comes before the units */

/* ---- the grid ---- */

struct s7_cycle {
    uint8_t base;   /* 0: 100 ms, 1: 1 s, 2: 10 s */
    uint8_t factor; /* 1..255 */
};

/* The coarsest base that has the time exactly; false: none has. */
bool s7_cycle_from_ms(uint32_t ms, struct s7_cycle *cycle);

/* 0: not a base, or factor 0. */
uint32_t s7_cycle_ms(struct s7_cycle cycle);

/* ---- requests ---- */

/* Append the head of a payload; then n_items items with s7_item_append. */
void s7_cyclic_request_append(struct s7_wr *wr, struct s7_cycle cycle, uint8_t n_items);

/* The payload of a request for 01, 05 or 07; items: to be walked with s7_item_walk_next. S7_E_FRAME: shorter
 * than its head. */
S7_MUST_CHECK s7_status s7_cyclic_request_decode(const uint8_t *payload, size_t len, struct s7_cycle *cycle,
                                                 struct s7_item_walk *items);

void s7_cyclic_end_append(struct s7_wr *wr, uint8_t made_by, uint8_t job);

/* S7_E_FRAME: not two bytes. */
S7_MUST_CHECK s7_status s7_cyclic_end_decode(const uint8_t *payload, size_t len, uint8_t *made_by,
                                             uint8_t *job);

/* ---- values ---- */

/* Append the head of an answer or a push; then n_items units with s7_data_append. */
void s7_cyclic_values_append(struct s7_wr *wr, uint8_t n_items);

/* The payload of an answer or a push: n_items units, to be walked with s7_data_walk_next. S7_E_FRAME: shorter
 * than its head. */
S7_MUST_CHECK s7_status s7_cyclic_values_decode(const uint8_t *payload, size_t len, unsigned *n_items,
                                                struct s7_data_walk *units);

#endif
