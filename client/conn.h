/* conn.h - a client connection on a loop, for event-driven callers: dial, handshake, transfers with a
 * function called at the end of each. Works the same over libev and in virtual time.
 *
 * One thread: the loop's. Functions are called from the loop, never from inside a call to this header. A
 * connection may be closed and freed in any of them. */
#ifndef CLIENT_CONN_H
#define CLIENT_CONN_H

#include "client/transfer.h"
#include "loop/loop.h"

typedef struct s7_conn s7_conn;

/* Called once for each open: with S7_OK when the setup is done; and exactly once at the end of the connection
 * with the reason (also when it never came up). err lives for the call. */
typedef void s7_conn_state_fn(s7_conn *conn, bool up, s7_status why, const s7_errinfo *err, void *arg);

/* Called once for each submitted transfer. */
typedef void s7_conn_done_fn(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg);

/* endpoint as for s7_client_new, its host numeric. options NULL: defaults. auto_reconnect, on_connect and
 * on_disconnect have no effect here: fn tells, and s7_conn_open dials again. */
S7_MUST_CHECK s7_status s7_conn_new(s7_loop *loop, const char *endpoint, const s7_client_options *options,
                                    s7_conn_state_fn *fn, void *arg, s7_conn **out, s7_errinfo *err);

/* Dial; the outcome comes to the state function, at the latest after connect_ms + handshake_ms. S7_E_MISUSE:
 * already up or dialing. May be called again after the end was reported. */
S7_MUST_CHECK s7_status s7_conn_open(s7_conn *conn, s7_errinfo *err);

/* A job that times out owes an answer: see client.h. When owed answers have not come another request_ms
 * later, and no job is in flight, the connection ends with S7_E_TIMEOUT.
 *
 * Queue a transfer; items and their data must live until done is called. Transfers run one after the other.
 * timeout_ms 0: the option's request_ms, counted from now. S7_E_NOT_CONNECTED: not up. S7_E_ARG.
 * S7_E_GUARDED. S7_E_NOMEM.
 */
S7_MUST_CHECK s7_status s7_conn_submit(s7_conn *conn, bool write, s7_item *items, size_t n_items,
                                       uint32_t timeout_ms, s7_conn_done_fn *done, void *arg,
                                       s7_errinfo *err);

/* Ask the PLC for a sign of life, one byte of MB0, beside whatever is queued: it takes one place of the
 * window of jobs. fn is called once: with S7_OK when a well-formed answer came (a refusal is one), or with
 * why none can come any more. There is no deadline. S7_E_NOT_CONNECTED. S7_E_MISUSE: the last one's answer is
 * still to come. */
typedef void s7_conn_alive_fn(s7_conn *conn, s7_status status, void *arg);
S7_MUST_CHECK s7_status s7_conn_probe(s7_conn *conn, s7_conn_alive_fn *fn, void *arg);

/* Are transfers queued that were not reported yet? */
bool s7_conn_busy(const s7_conn *conn);

/* Close now: waiting transfers are reported as S7_E_CANCELLED (writes that left: S7_E_OUTCOME_UNKNOWN) in the
 * next turn, then the end as S7_E_CANCELLED. */
void s7_conn_close(s7_conn *conn);

/* Close without any more calls, and free. NULL is fine. */
void s7_conn_free(s7_conn *conn);

const s7_session *s7_conn_session(const s7_conn *conn);

/* The TCP connection, for traces and faults; NULL: there is none. */
s7_stream *s7_conn_stream(const s7_conn *conn);

#endif
