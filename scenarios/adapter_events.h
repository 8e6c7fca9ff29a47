/* adapter_events.h - what pools tell (on_event of s7rig/pool.h), brought to the loop's thread.
 *
 * A pool for threads tells it on a thread of its own, a pool on the loop between two turns. Either way it is
 * copied, and told at the end of a turn, in the order in which it happened. */
#ifndef SCENARIOS_ADAPTER_EVENTS_H
#define SCENARIOS_ADAPTER_EVENTS_H

#include "loop/loop.h"

#include <s7rig/pool.h>

struct sc_events;

/* loop must outlive it. S7_E_NOMEM. */
S7_MUST_CHECK s7_status sc_events_new(s7_loop *loop, struct sc_events **out);

/* Nothing is told any more. What still comes is dropped. */
void sc_events_hush(struct sc_events *events);

/* After all pools were freed. NULL is fine. */
void sc_events_free(struct sc_events *events);

/* Whom a pool tells; embedded in it, and set before the pool is made. */
struct sc_listener {
    struct sc_events *events;
    s7_pool_event_fn *fn; /* on the loop's thread, with NULL for the pool; must not free the adapter */
    void *user;
};

/* An on_event, for any thread; user is a struct sc_listener. Without memory for a copy it adds to the `lost`
 * of the next one. */
void sc_events_add(s7_pool *pool, const s7_pool_event *event, void *user);

#endif
