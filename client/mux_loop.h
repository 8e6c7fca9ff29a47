/* mux_loop.h - calls without a lease (s7rig/pool_direct.h) on a pool on a loop: the same policy, over
 * s7_conn.
 *
 * One thread: the loop's. Functions are called from the loop, never from inside a call to this header; in
 * them anything may be called. */
#ifndef CLIENT_MUX_LOOP_H
#define CLIENT_MUX_LOOP_H

#include "client/mux_core.h"
#include "client/pool_loop.h"

typedef struct s7_mux_loop s7_mux_loop;

struct s7_mux_op;
/* The end of a call; err (NULL when well) lives for the call. */
typedef void s7_mux_done_fn(s7_mux_loop *mux, struct s7_mux_op *op, s7_status status, const s7_errinfo *err,
                            void *arg);

/* One call; embedded by the caller, and must stay until its function was called. */
struct s7_mux_op {
    struct s7_mux_request request; /* private */
    s7_mux_done_fn *fn;
    void *arg;
};

/* For a pool, which must live longer; its options say how connections are shared. S7_E_NOMEM. */
S7_MUST_CHECK s7_status s7_mux_loop_new(s7_pool_loop *pool, s7_mux_loop **out);

/* Free, without any more calls of functions; the pool is freed next, and before the loop goes on. In one of
 * its functions too. NULL is fine. */
void s7_mux_loop_free(s7_mux_loop *mux);

/* Take no more calls; those that were not begun get S7_E_POOL_CLOSED. Before s7_pool_loop_close. */
void s7_mux_loop_close(s7_mux_loop *mux);

/* Read or write a list; items and data must live until fn was called. timeout_ms 0: acquire_ms and
 * request_ms. Anything but S7_OK: refused, fn will not be called: S7_E_ARG, S7_E_GUARDED, S7_E_POOL_CLOSED.
 */
S7_MUST_CHECK s7_status s7_mux_loop_call(s7_mux_loop *mux, struct s7_mux_op *op, bool write, s7_item *items,
                                         size_t n_items, uint32_t timeout_ms, s7_mux_done_fn *fn, void *arg,
                                         s7_errinfo *err);

/* Withdraw one whose function was not called; it will be, with S7_E_CANCELLED or S7_E_OUTCOME_UNKNOWN, or
 * with its outcome when that is known already. */
void s7_mux_loop_cancel(s7_mux_loop *mux, struct s7_mux_op *op);

const struct s7_mux_stats *s7_mux_loop_stats(const s7_mux_loop *mux);

#endif
