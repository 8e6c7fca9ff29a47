/* ledger.h - what must hold whatever is broken, as long as a search goes on:
 *
 *   - a read brings nothing but what the PLC held while the call was under way, byte by byte
 *   - a write that was acknowledged was there
 *   - the PLC does no more writes than were asked for, those that were told as not done left out
 *   - pools count right, and their cores find no fault with themselves
 *   - workers that know what a read must bring get nothing else
 *
 * It looks at the PLCs' memory whenever anything may have changed it: after the servers' turns, and after the
 * scenario's own. A value that lasts for less than that is known from the write that brings it. Calls are
 * noted whether a search goes on or not; they cost two pointers then. */
#ifndef SCENARIOS_LEDGER_H
#define SCENARIOS_LEDGER_H

#include <s7rig/client.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sc_engine;
struct sc_plc;
struct sc_sight;
struct sc_late;

/* A call under way; embedded by who makes it, until sc_ledger_end. */
struct sc_watched {
    struct sc_watched *next, **link;
    struct sc_plc *plc; /* NULL: not followed: an array of bits, or no memory for it */
    bool write;
    const s7_item *items;
    size_t n_items, len;     /* len: bytes of all items */
    unsigned jobs;           /* a write: requests that it may take at most */
    struct sc_sight *sights; /* a read: what the PLC held meanwhile, the newest first */
    bool held;               /* a write: the PLC had it */
    bool contested;          /* a write: others go to the same bytes, it may be gone at once */
};

struct sc_ledger {
    bool on;
    struct sc_watched *open;
    struct sc_late *late; /* writes whose outcome is unknown: they may still be done */
    bool blind;           /* somebody writes what is not followed: reads are not compared */
    bool uncounted;       /* workers write: writes are not counted */
};

/* items and their data must stay where they are until the end. endpoint: of the pool or client. */
void sc_ledger_begin(struct sc_engine *engine, struct sc_watched *call, const char *endpoint, bool write,
                     const s7_item *items, size_t n_items);
/* What is not as it must be ends the scenario. what: "pool:read". */
void sc_ledger_end(struct sc_engine *engine, struct sc_watched *call, const char *what, s7_status status);

/* From now on. Calls under way are followed no further than the number of writes. */
void sc_ledger_start(struct sc_engine *engine);
/* After every event; ends the scenario when something is not as it must be. */
void sc_ledger_look(struct sc_engine *engine);
/* The same for pools and workers. */
void sc_ledger_look_at_pools(struct sc_engine *engine);
/* Nothing is looked at any more. Calls under way may end after it. */
void sc_ledger_stop(struct sc_engine *engine);

#endif
