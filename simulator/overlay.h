/* overlay.h - values that read otherwise than they are, as those of broken sensors do: what value faults lay
 * over the memory of a PLC, which stays as it is.
 *
 * How far a value is off is counted in millionths of its unit. An integer gets the nearest whole number of
 * it, and ends at the limits of its type as a converter does; a float gets it as a double, is rounded once,
 * and ends at its greatest finite values; what is no finite number stays as it is. So the same draw reads
 * the same on every machine. */
#ifndef SIMULATOR_OVERLAY_H
#define SIMULATOR_OVERLAY_H

#include "simulator/fault.h"

#define SIM_OVERLAYS_MAX 8 /* at one request */

/* What one fault does to the values of one request. */
struct sim_overlay {
    enum sim_fault_type type;
    s7_address at;
    uint32_t item;  /* only at this one of the request, from 1; 0: at all */
    int64_t amount; /* of SIM_AMOUNT_ONE: added to each value; noise: how far it goes */
    uint64_t bits;
    uint8_t bit;
    bool high, normal;
};

struct sim_overlays {
    struct sim_overlay of[SIM_OVERLAYS_MAX]; /* the later ones lie over the earlier ones */
    size_t n;
};

/* bits: of the draw; age_ns: how long the fault has been in force. */
void sim_overlay_make(const struct sim_fault *fault, uint64_t bits, int64_t age_ns, struct sim_overlay *out);

/* Bytes [offset, offset + len) of a block, which must lie in it, as item n (from 0) reads them. */
void sim_overlays_read(const struct sim_overlays *overlays, unsigned n, const struct plant_block *block,
                       uint32_t offset, uint32_t len, uint8_t *to);

#endif
