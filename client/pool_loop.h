/* pool_loop.h - the pool on a loop, for event-driven callers and the scenario engine: the same policy as
 * pool.h, the same statuses, over s7_conn. Works the same over libev and in virtual time.
 *
 * One thread: the loop's. Functions are called from the loop, never from inside a call to this header. The
 * pool may be freed in any of them. options->on_event is called likewise, with NULL for the pool. */
#ifndef CLIENT_POOL_LOOP_H
#define CLIENT_POOL_LOOP_H

#include "client/conn.h"
#include "client/pool_core.h"

typedef struct s7_pool_loop s7_pool_loop;

/* The end of a start or a close; err (NULL when well) lives for the call. */
typedef void s7_pool_ended_fn(s7_pool_loop *pool, s7_status status, const s7_errinfo *err, void *arg);

struct s7_pool_request;
/* The end of a get: a lease, or why there is none. */
typedef void s7_pool_got_fn(s7_pool_loop *pool, struct s7_pool_request *request, s7_status status,
                            const s7_errinfo *err, void *arg);

/* Somebody who asks; embedded by the caller, and must stay until fn was called or it was cancelled. */
struct s7_pool_request {
    struct s7_pool_lease lease; /* what was got */
    /* private from here on */
    struct s7_pool_waiter waiter;
    s7_pool_got_fn *fn;
    void *arg;
};

/* endpoint as for s7_pool_new, its host numeric. options NULL: defaults. All memory is taken here and in
 * s7_pool_loop_resize, but for what requests need and for buffers of what the PLC grants, when a connection
 * comes up. S7_E_SYNTAX, S7_E_ARG, S7_E_NOMEM. */
S7_MUST_CHECK s7_status s7_pool_loop_new(s7_loop *loop, const char *endpoint, const s7_pool_options *options,
                                         s7_pool_loop **out, s7_errinfo *err);

/* Close everything without any more calls, and free. NULL is fine. */
void s7_pool_loop_free(s7_pool_loop *pool);

/* timeout_ms 0: none. S7_E_MISUSE, S7_E_POOL_CLOSED: fn will not be called. fn may be NULL. */
S7_MUST_CHECK s7_status s7_pool_loop_start(s7_pool_loop *pool, uint32_t timeout_ms, s7_pool_ended_fn *fn,
                                           void *arg);

/* timeout_ms 0: revoke what is lent at once. fn (may be NULL) is called when all is closed: S7_E_TIMEOUT when
 * something was revoked. The last call's fn counts. */
void s7_pool_loop_close(s7_pool_loop *pool, uint32_t timeout_ms, s7_pool_ended_fn *fn, void *arg);

/* Maintenance as in s7rig/pool.h, with its statuses. timeout_ms 0: the option's acquire_ms. fn (may be NULL)
 * is called at the end of the pause's waiting; not, unless S7_OK. */
s7_status s7_pool_loop_resize(s7_pool_loop *pool, unsigned size);
S7_MUST_CHECK s7_status s7_pool_loop_pause(s7_pool_loop *pool, uint32_t timeout_ms, s7_pool_ended_fn *fn,
                                           void *arg);
s7_status s7_pool_loop_resume(s7_pool_loop *pool);
s7_status s7_pool_loop_refresh(s7_pool_loop *pool);

/* timeout_ms 0: the option's acquire_ms. label: a static string or NULL. Any status but S7_OK: refused, fn
 * will not be called (S7_E_MISUSE: not started; S7_E_POOL_CLOSED; S7_E_POOL_QUEUE_FULL). */
S7_MUST_CHECK s7_status s7_pool_loop_get(s7_pool_loop *pool, struct s7_pool_request *request,
                                         uint32_t timeout_ms, const char *label, s7_pool_got_fn *fn,
                                         void *arg, s7_errinfo *err);

/* Withdraw a request whose fn was not called; it will not be. */
void s7_pool_loop_cancel(s7_pool_loop *pool, struct s7_pool_request *request);

/* The same of one who can do without: no failure. */
void s7_pool_loop_forgo(s7_pool_loop *pool, struct s7_pool_request *request);

/* A call on a lent connection, as s7_conn_submit. S7_E_STALE_LEASE: it is not lent under this lease. Calls
 * that are outstanding when a lease is discarded or revoked end as those of a closed connection. */
S7_MUST_CHECK s7_status s7_pool_loop_submit(s7_pool_loop *pool, struct s7_pool_lease lease, bool write,
                                            s7_item *items, size_t n_items, uint32_t timeout_ms,
                                            s7_conn_done_fn *done, void *arg, s7_errinfo *err);

/* Give it back: statuses as s7_pool_put. S7_E_MISUSE as well: calls are outstanding (discard takes it then).
 */
s7_status s7_pool_loop_put(s7_pool_loop *pool, struct s7_pool_lease lease);
s7_status s7_pool_loop_discard(s7_pool_loop *pool, struct s7_pool_lease lease, s7_status why);

/* Fill in struct_size. S7_E_ARG. */
s7_status s7_pool_loop_stats(const s7_pool_loop *pool, s7_pool_stats *stats);

/* What calls without a lease (mux_loop.h) go by; views that live as long as the pool. */
struct s7_pool_settings;
struct s7_pool_loop_view {
    s7_loop *loop;
    const struct s7_pool_settings *settings;
    const s7_pool_core *core;
    const s7_errinfo *dial; /* the last one that failed */
};
struct s7_pool_loop_view s7_pool_loop_look(const s7_pool_loop *pool);

/* For traces and tests: connection number conn of the pool, one of those that were ever needed. */
s7_conn *s7_pool_loop_conn(const s7_pool_loop *pool, unsigned conn);
enum s7_pool_state s7_pool_loop_state(const s7_pool_loop *pool, unsigned conn);

#endif
