/* bell.h - one thread sleeps until another one rings: a word of memory that the kernel watches. No mutex is
 * taken by who wakes up. Zeroed memory is a silent bell.
 *
 * Once it has rung, its memory may be gone: nobody who rings looks at it afterwards. */
#ifndef LOOP_BELL_H
#define LOOP_BELL_H

#include "loop/never.h"

#include <stdatomic.h>
#include <stdint.h>

struct s7_bell {
    atomic_uint rung; /* 0: silent */
};

/* what: not 0; takes the place of what was rung before. From any thread. */
void s7_bell_ring(struct s7_bell *bell, unsigned what);

/* Only if it is silent. */
void s7_bell_tap(struct s7_bell *bell, unsigned what);

/* Wait until it rings, by CLOCK_MONOTONIC until_ns. Returns what; 0: nothing by then. One thread at a time.
 */
unsigned s7_bell_wait(struct s7_bell *bell, int64_t until_ns);

/* Silence it, if that is what was rung last. */
void s7_bell_silence(struct s7_bell *bell, unsigned what);

#endif
