/* pool_mux.h - calls on a pool without a lease, for pool_direct.c: many callers over few connections.
 *
 * Everything is done by the threads that wait. One of them, the leader, waits for all connections that are
 * borrowed for these calls and carries answers to whom they belong; the others sleep. The leader goes when
 * its own answer came, and wakes the next. Nobody is inside: nothing is borrowed. */
#ifndef CLIENT_POOL_MUX_H
#define CLIENT_POOL_MUX_H

#include "client/mux_core.h"
#include "client/pool_thread_impl.h"

/* S7_E_NOMEM. */
S7_MUST_CHECK s7_status s7_pool_mux_new(s7_pool *pool, struct s7_pool_mux **out);
void s7_pool_mux_free(struct s7_pool_mux *mux); /* NULL is fine; nobody is inside */

/* The pool is being closed: who was not begun gets S7_E_POOL_CLOSED, later ones too. */
void s7_pool_mux_close(struct s7_pool_mux *mux);

struct s7_mux_ask {
    bool write;
    s7_item *items;
    size_t n_items;
    int64_t deadline_ns, answer_ns; /* as of s7_mux_submit */
    s7_token *cancel;               /* NULL: nothing cancels */
};

/* Do it. err is filled on failure as by s7_transfer_result; *unserved: the status is the pool's, no
 * connection was there for it. S7_E_ARG as s7_transfer_begin says; S7_E_NOMEM;
 * S7_E_IO: no descriptor is left. */
S7_MUST_CHECK s7_status s7_pool_mux_call(struct s7_pool_mux *mux, const struct s7_mux_ask *ask,
                                         s7_errinfo *err, bool *unserved);

void s7_pool_mux_stats(struct s7_pool_mux *mux, s7_pool_stats *stats);

#endif
