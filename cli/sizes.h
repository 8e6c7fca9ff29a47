/* sizes.h - asking a PLC how large its blocks and areas are, for `s7rig scan` and `s7rig dump`. */
#ifndef CLI_SIZES_H
#define CLI_SIZES_H

#include "cli/probe.h"

#include <s7rig/services.h>

struct sizes {
    s7_client *client;
    uint32_t rate;  /* jobs per second at most, on average; 0: as fast as the PLC answers */
    s7_errinfo err; /* of the call that failed */
    /* private */
    int64_t begun_ns;
    uint64_t jobs_before;
};

void sizes_begin(struct sizes *sizes, s7_client *client, uint32_t rate);

/* Jobs since the beginning. */
uint64_t sizes_jobs(const struct sizes *sizes);

/* Bring all probes to their ends: rounds of one byte of each that is not done, packed into as few jobs as
 * possible. A failure of the connection, or a PLC that refuses whole jobs, ends it. S7_E_NOMEM. */
S7_MUST_CHECK s7_status sizes_probe(struct sizes *sizes, struct probe *probes, size_t n);

/* A PLC that has no block lists, or answers something else, can still be read. */
static inline bool sizes_untold(s7_status status)
{
    return status == S7_E_PLC || status == S7_E_PROTOCOL;
}

/* The numbers of all DBs, in *numbers, which the caller frees; ascending. See sizes_untold. */
S7_MUST_CHECK s7_status sizes_list(struct sizes *sizes, uint16_t **numbers, size_t *n);

/* The bytes of a DB as the PLC's block list has them; SIZES_UNTOLD: more than its 16 bits can say, perhaps.
 * See sizes_untold. */
#define SIZES_UNTOLD UINT32_MAX
S7_MUST_CHECK s7_status sizes_told(struct sizes *sizes, uint16_t db, uint32_t *size);

#endif
