/* late.h - writes that were acknowledged and are not done yet: a line of them for each PLC, in the order in
 * which they came. What a turn added is taken back with it. */
#ifndef SIMULATOR_LATE_H
#define SIMULATOR_LATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_range;
struct sim_late_write;

struct sim_late {
    struct sim_late_write **writes; /* owned */
    size_t n, cap;
    size_t mark; /* how many there were when the turn began */
    /* whose the next ones are; set by who runs the request */
    uint64_t fault;
    int64_t due_ns;
    const char *peer;
    unsigned conn;
};

/* bytes: range->len of them as the block is to have them; of a BIT 0 or 1. False: no memory. */
bool sim_late_keep(struct sim_late *late, const struct sim_range *range, const uint8_t *bytes);

/* When the next one is to be done. S7_NEVER_NS: there is none. */
int64_t sim_late_due_ns(const struct sim_late *late);

/* Is one of this fault among them? */
bool sim_late_has(const struct sim_late *late, uint64_t fault);

void sim_late_rewind(struct sim_late *late); /* as it was at the mark */
void sim_late_forget(struct sim_late *late); /* they are never done */

#endif
