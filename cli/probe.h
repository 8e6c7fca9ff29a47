/* probe.h - how large a data block or an area is, found by asking whether single bytes can be read.
 *
 * A state machine without a connection: it names the byte to try next and takes what came. Offsets double
 * until one cannot be read, then the gap is halved: about 2 * log2(size) bytes are tried. What it finds is
 * right where everything below a byte that can be read can be read, too, as it is in a PLC. */
#ifndef CLI_PROBE_H
#define CLI_PROBE_H

#include <s7rig/address.h>

/* Looked at no further: the largest block of a classic PLC, and more than its areas have. */
#define PROBE_MAX 65536U

struct probe {
    s7_area area;
    uint16_t db;
    uint32_t size;    /* bytes that can be read as far as it is known; PROBE_MAX: that or more */
    uint32_t limit;   /* it is no larger than that */
    s7_status status; /* of byte 0 */
    bool told;        /* the PLC said so itself, nothing was tried */
};

void probe_init(struct probe *probe, s7_area area, uint16_t db);

/* Nothing is left to try: it has that size. */
void probe_tell(struct probe *probe, uint32_t size);

/* The byte to try next; false: the size is known, or not even byte 0 can be read. */
bool probe_next(const struct probe *probe, uint32_t *byte);

/* What came for it: S7_OK, or the status of the item. */
void probe_take(struct probe *probe, s7_status status);

#endif
