/* plan_conn.h - plans for event-driven callers: the same rounds as s7_plan_read and s7_plan_write, over a
 * connection on a loop. */
#ifndef CLIENT_PLAN_CONN_H
#define CLIENT_PLAN_CONN_H

#include "client/conn.h"

#include <s7rig/plan.h>

/* Run the plan; it belongs to the connection until done is called, which happens once. timeout_ms 0: the
 * option's request_ms, for all rounds together. S7_E_ARG, S7_E_NOT_CONNECTED, S7_E_NOMEM: done is not called;
 * err (may be NULL) says why. */
S7_MUST_CHECK s7_status s7_plan_submit(s7_plan *plan, s7_conn *conn, uint32_t timeout_ms,
                                       s7_conn_done_fn *done, void *arg, s7_errinfo *err);

#endif
