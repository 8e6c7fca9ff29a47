/* fault_match.h - does a fault fit a request, and which of its items. Looks only: counting is verdict.c's. */
#ifndef SIMULATOR_FAULT_MATCH_H
#define SIMULATOR_FAULT_MATCH_H

#include "simulator/verdict.h"

/* What a request holds, counted as far as it is whole. */
struct sim_contents {
    uint32_t items;
    uint64_t bytes;
    bool fits;        /* the match found its item */
    uint64_t longest; /* bytes of the longest item that it fits */
};

void sim_match_contents(const struct s7_pdu *pdu, const struct sim_fault_match *match,
                        struct sim_contents *out);

/* Which items fit, for those that are done something to: bit n of word n / 64. pdu NULL: none. */
void sim_match_items(const struct s7_pdu *pdu, const struct sim_fault_match *match,
                     uint64_t items[SIM_ITEM_WORDS]);

/* once: the connection's set of bits; the fault's is set by its first match there. */
bool sim_match_fits(const struct sim_armed *armed, const struct sim_asked *asked, uint64_t *once);

/* What a match is counted with: the connection, or the first item that fits. */
uint64_t sim_match_key(const struct sim_armed *armed, const struct sim_asked *asked);

#endif
