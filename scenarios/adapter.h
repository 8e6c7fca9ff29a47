/* adapter.h - how a scenario's pools and clients do their work.
 *
 *   loop     on the scenario's own loop, virtual or real: s7_pool_loop and s7_conn
 *   thread   with the pool for threads and the blocking client: each call that may block is made on a thread
 *            of its own, its end comes back to the scenario's loop
 *
 * The scenario sees no difference. Everything here is called on the loop's thread, and functions are called
 * from the loop, never from inside a call to this header. Times are already scaled.
 *
 * A call that waits is a struct sc_call, embedded by who asks; it must stay until its function was called. It
 * keeps the loop running.
 *
 * A lease and a client have one user at a time, until the end of his call was told: whoever comes meanwhile
 * is refused with S7_E_MISUSE, and nothing happens. So the outcome does not depend on how far a thread has
 * got.
 *
 * Freeing an adapter ends what is under way without any more calls. Threads are woken by closing their pools;
 * a call of a client without a pool ends in its own time: freeing waits for it, at the longest connect_ms +
 * handshake_ms or the request's timeout (and, where names are looked up, the system's resolver). An adapter
 * may be freed in any of its functions. */
#ifndef SCENARIOS_ADAPTER_H
#define SCENARIOS_ADAPTER_H

#include "loop/loop.h"

#include <s7rig/pool.h>

struct sc_adapter;
struct sc_pool;
struct sc_client;
struct sc_workers;

/* What was lent; by value. All zero: nothing. client: thread adapter; conn, number: loop adapter. */
struct sc_lease {
    s7_client *client;
    uint32_t conn;
    uint64_t number;
    const struct sc_pool *pool; /* whose it is */
};

struct sc_job;
struct sc_call;
typedef void sc_ended_fn(struct sc_call *call);

struct sc_call {
    sc_ended_fn *fn; /* set by who asks */
    void *arg;
    s7_status status; /* the outcome, when fn is called */
    s7_errinfo err;
    struct sc_lease lease; /* of sc_pool_get */
    struct sc_job *job;    /* private, this and the next */
    struct sc_call *next;
};

/* S7_E_NOMEM, S7_E_IO. The loop must outlive it. */
S7_MUST_CHECK s7_status sc_adapter_loop(s7_loop *loop, struct sc_adapter **out);
S7_MUST_CHECK s7_status sc_adapter_thread(s7_loop *loop, struct sc_adapter **out);
/* Frees its pools, clients and workers as well. NULL is fine. */
void sc_adapter_free(struct sc_adapter *adapter);

/* Withdraw a call that was begun and whose end was not told: it still ends by its function, with
 * S7_E_CANCELLED (a write that left: S7_E_OUTCOME_UNKNOWN), or with its outcome when that is known already.
 * false: it cannot be withdrawn (start, pause, close; and on threads while hundreds of others are under way).
 */
bool sc_call_cancel(struct sc_call *call);

/* ---- pools: as s7rig/pool.h; options->on_event is called as adapter_events.h says ---- */
S7_MUST_CHECK s7_status sc_pool_new(struct sc_adapter *adapter, const char *endpoint,
                                    const s7_pool_options *options, struct sc_pool **out, s7_errinfo *err);
/* These end by call->fn, always, with whatever status; S7_E_NOMEM, and S7_E_IO (no thread), come that way as
 * well. timeout_ms 0: start none, close request_ms, get and pause acquire_ms, submit
 * request_ms. */
void sc_pool_start(struct sc_pool *pool, uint32_t timeout_ms, struct sc_call *call);
void sc_pool_pause(struct sc_pool *pool, uint32_t timeout_ms, struct sc_call *call);
void sc_pool_close(struct sc_pool *pool, uint32_t timeout_ms, struct sc_call *call);
/* label is copied (cut at 31 bytes) and lives as long as the pool. */
void sc_pool_get(struct sc_pool *pool, uint32_t timeout_ms, const char *label, struct sc_call *call);
/* items and their data must live until the end. S7_E_FOREIGN: another pool's lease, or none. */
void sc_pool_submit(struct sc_pool *pool, struct sc_lease lease, bool write, s7_item *items, size_t n_items,
                    uint32_t timeout_ms, struct sc_call *call);
/* Without a lease, as s7rig/pool_direct.h; timeout_ms 0: acquire_ms and request_ms. */
void sc_pool_direct(struct sc_pool *pool, bool write, s7_item *items, size_t n_items, uint32_t timeout_ms,
                    struct sc_call *call);
/* At once. Statuses as s7_pool_put. */
s7_status sc_pool_put(struct sc_pool *pool, struct sc_lease lease);
s7_status sc_pool_discard(struct sc_pool *pool, struct sc_lease lease, s7_status why);
/* At once. Statuses as s7_pool_resize. */
s7_status sc_pool_resize(struct sc_pool *pool, unsigned size);
s7_status sc_pool_resume(struct sc_pool *pool);
s7_status sc_pool_refresh(struct sc_pool *pool);
/* *stats is written whole. */
void sc_pool_stats(struct sc_pool *pool, s7_pool_stats *stats);
/* What its core finds wrong with itself, a static text; NULL: nothing, or it cannot be asked (threads). */
const char *sc_pool_fault(struct sc_pool *pool);
const char *sc_pool_endpoint(const struct sc_pool *pool);
uint32_t sc_pool_request_ms(const struct sc_pool *pool); /* how long it waits for an answer */
/* Its statistics for people, under this name (cut at 95 bytes; until then its endpoint). */
#define SC_STATUS_CAP 2304
void sc_pool_name(struct sc_pool *pool, const char *name);
void sc_pool_status(struct sc_pool *pool, char status[SC_STATUS_CAP]);
/* All pools there are, NULL: the first; NULL: there are no more. */
struct sc_pool *sc_pool_after(const struct sc_adapter *adapter, const struct sc_pool *pool);

/* ---- clients without a pool ---- */
S7_MUST_CHECK s7_status sc_client_new(struct sc_adapter *adapter, const char *endpoint,
                                      const s7_client_options *options, struct sc_client **out,
                                      s7_errinfo *err);
void sc_client_connect(struct sc_client *client, struct sc_call *call);
void sc_client_submit(struct sc_client *client, bool write, s7_item *items, size_t n_items,
                      uint32_t timeout_ms, struct sc_call *call);
/* S7_OK, connected or not. */
void sc_client_close(struct sc_client *client, struct sc_call *call);
/* As far as is known: the loop is told of the other side's end when it comes, a thread by its next call. */
bool sc_client_is_up(const struct sc_client *client);
const char *sc_client_endpoint(const struct sc_client *client);

/* ---- workers: many callers of one pool, each get, read or write, put, pause, again ---- */

struct sc_work {
    unsigned count; /* workers, 1..1000 */
    uint64_t times; /* iterations of each */
    bool write;
    bool direct;                 /* without a lease: sc_pool_direct; acquire_ms is not used */
    const s7_address *addresses; /* copied; worker w's iteration k (both from 0) uses number (w + k) % n */
    size_t n_addresses;
    const uint8_t *values; /* copied; n_addresses times value_len bytes: what is written, or what a read must
                              bring (NULL: anything) */
    size_t value_len;      /* bytes of each address's item */
    int64_t pause_ns;      /* between put (direct: the answer) and the next get */
    uint32_t acquire_ms, request_ms; /* 0: the pool's */
};

struct sc_work_stats {
    unsigned running; /* workers that are not done */
    uint64_t ok;      /* iterations that went well */
    uint64_t failed;  /* and those that did not */
    uint64_t wrong;   /* of them: a read brought another address's bytes, or anything but values */
    s7_status last;   /* status of the last failure; wrong bytes: S7_E_PROTOCOL */
    s7_errinfo last_err;
};

/* call ends, with S7_OK, when all workers are done. S7_E_ARG (a number is out of range, a write without
 * values), S7_E_NOMEM, S7_E_IO (no thread): nothing was begun. */
S7_MUST_CHECK s7_status sc_workers_start(struct sc_pool *pool, const struct sc_work *work,
                                         struct sc_call *call, struct sc_workers **out);
/* At any time until the adapter is freed. */
void sc_workers_stats(const struct sc_workers *workers, struct sc_work_stats *stats);
/* They end after what they are doing; call's function still comes. */
void sc_workers_stop(struct sc_workers *workers);

#endif
