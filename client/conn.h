/* conn.h - what the rooms and files around a connection on a loop use of it beside <s7rig/async.h>. */
#ifndef CLIENT_CONN_H
#define CLIENT_CONN_H

#include "client/work.h"
#include "loop/loop.h"

#include <s7rig/async.h>

/* A list of items as it is: of a write too, items and data must live until done is called. timeout_ms 0: the
 * option's request_ms. Else as s7_conn_read and s7_conn_write. */
S7_MUST_CHECK s7_status s7_conn_submit(s7_conn *conn, bool write, s7_item *items, size_t n_items,
                                       uint32_t timeout_ms, s7_conn_done_fn *done, void *arg,
                                       s7_errinfo *err);

/* As s7_conn_cancel, of the request whose function is called with arg; false: there is none. */
bool s7_conn_cancel_of(s7_conn *conn, const void *arg);

/* ---- other works ---- */

/* What a connection does with a work beside driving it. */
struct s7_conn_kind {
    /* The outcome of a work that is done; fills err on failure. Called once, before the request's function.
     */
    s7_status (*end)(struct s7_work *work, const char *where, s7_errinfo *err);
    /* The work is done, since its connection ended because of why: make it as if it had never begun, so that
     * it can be repeated. false: it failed of something else, or must not be repeated. NULL: never. */
    bool (*again)(struct s7_work *work, s7_status why);
    /* Its steps belong together in a way that the PLC keeps account of (units of a list, pieces of a block):
     * one such work at a time, beside any number of others. */
    bool in_turn;
    /* The request is over, or the connection is freed: free what the work owns. NULL: nothing. */
    void (*drop)(struct s7_work *work);
    /* What a failed work asked for, as facts of hint.h. NULL: nothing is added to what end reported. */
    uint32_t (*facts)(const struct s7_work *work);
};

/* Queue a work, whose deadline is set here from then; it must live, and stay where it is, until the request's
 * function was called or the connection freed. what: in words, for refusals ("download DB1 to"). */
S7_MUST_CHECK s7_status s7_conn_work(s7_conn *conn, const s7_then *then, const char *what,
                                     struct s7_work *work, const struct s7_conn_kind *kind);

/* ---- for pools ---- */

/* The pool dials and checks by its own rules: auto_reconnect and heartbeat_ms have no effect. The settings
 * must stay until s7_conn_free was called. S7_E_NOMEM. */
struct s7_settings;
S7_MUST_CHECK s7_status s7_conn_new_pooled(s7_loop *loop, const struct s7_settings *settings,
                                           s7_conn_state_fn *fn, void *arg, s7_conn **out);

/* As s7_conn_close, of one that a pool takes away from its borrower: requests are told S7_E_POOL_CLOSED. */
void s7_conn_take_away(s7_conn *conn);

/* Ask the PLC for a sign of life, a read of at (S7_PROBE_LEN bytes at most), beside whatever is queued: it
 * takes one place of the window of jobs. fn is called once: with S7_OK when a well-formed answer came (a
 * refusal is one), or with why none can come any more. There is no deadline. S7_E_NOT_CONNECTED. S7_E_MISUSE:
 * the last one's answer is still to come. */
typedef void s7_conn_alive_fn(s7_conn *conn, s7_status status, void *arg);
S7_MUST_CHECK s7_status s7_conn_probe(s7_conn *conn, const s7_address *at, s7_conn_alive_fn *fn, void *arg);

const s7_session *s7_conn_session(const s7_conn *conn);

/* The TCP connection, for traces and faults; NULL: there is none. */
s7_stream *s7_conn_stream(const s7_conn *conn);

#endif
