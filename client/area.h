/* area.h - a place of any length as items, for the calls that read and write areas. */
#ifndef CLIENT_AREA_H
#define CLIENT_AREA_H

#include <s7rig/client.h>

/* An address counts 65535 elements at most; the wire reaches byte 2097151. */
#define S7_AREA_PIECE      65535U
#define S7_AREA_PIECES_MAX (2097152U / S7_AREA_PIECE + 1)

/* Cut it; NULL, or which argument is at fault. */
const char *s7_area_pieces(s7_area area, uint16_t db, uint32_t start, void *data, size_t len,
                           s7_item items[S7_AREA_PIECES_MAX], size_t *n_items);

#endif
