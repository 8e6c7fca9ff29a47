/* async.h - the connection of client.h for programs with an event loop: no call waits, and what came is told
 * by a function. Same endpoints, options, items, plans, services and statuses as the blocking calls, and the
 * same session underneath; a connection never takes a thread, not even to connect.
 *
 * The loop is libev's (libev.h) or any other that can watch a descriptor and keep a deadline (loop.h). All
 * calls on a connection are made on its loop's thread. Functions of the user are called from the loop, never
 * from inside a call to this header; in them anything may be called, and the connection closed or freed.
 *
 * What ends, ends once: each request that was accepted has its function called exactly once, whatever
 * happens, unless the connection is freed before; and all requests are told before the end of their
 * connection is.
 *
 * What must live. Writes: the bytes and the items are copied before the call returns. Reads: the memory that
 * is read into, and the array of items, until the function was called; services: what they fill in, likewise;
 * plans: the plan, which nobody else may use meanwhile. Memory of requests that are over serves the next
 * ones: once as many as ever wait together have been made, no request allocates.
 *
 * Requests are begun in the order in which they were made and share the window of jobs that the PLC granted:
 * when the earlier ones have nothing more to send, the next one's jobs go out. Answers may come in any order,
 * so a request may be over before an earlier one. Who needs an order, of two writes to one place, makes the
 * second one when the first was told.
 *
 * A request that times out does not disturb the others. Its answer is owed, as client.h says; when it does
 * not come another request_ms later, and no job is in flight, the connection ends with S7_E_TIMEOUT. */
#ifndef S7RIG_ASYNC_H
#define S7RIG_ASYNC_H

#include <s7rig/client.h>
#include <s7rig/flight.h>
#include <s7rig/loop.h>
#include <s7rig/metrics.h>
#include <s7rig/plan.h>
#include <s7rig/push.h>
#include <s7rig/services.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct s7_conn s7_conn;

/* ---- life ---- */

/*   CLOSED --open--> DIALING --TCP--> HANDSHAKE --setup granted--> UP
 *      ^                ^                 |                         |
 *      |                +-- WAITING <--+--+-------------------------+   auto_reconnect: the pause was over
 *      +---------------------------- ENDING                             close, or no auto_reconnect
 */
typedef enum s7_conn_state {
    S7_CONN_CLOSED,
    S7_CONN_DIALING,
    S7_CONN_HANDSHAKE,
    S7_CONN_UP,
    S7_CONN_ENDING, /* it is over, but not everybody has been told */
    S7_CONN_WAITING /* auto_reconnect: for the next attempt */
} s7_conn_state;

/* Called with up when the setup is done, and without when an attempt failed or a connection that was up has
 * ended: each attempt has exactly one end, and before it at most one up. why (S7_OK with up) and err (NULL
 * with up; lives for the call) have the reason; S7_E_CANCELLED: closed by s7_conn_close. Whether it goes on
 * by itself is what s7_conn_state_get says in it: S7_CONN_WAITING or S7_CONN_CLOSED. */
typedef void s7_conn_state_fn(s7_conn *conn, bool up, s7_status why, const s7_errinfo *err, void *arg);

/* Make a connection for an endpoint; no I/O. endpoint and options as for s7_client_new, but its host is a
 * numeric address, since looking names up would block the loop. options NULL: defaults. Of no effect here are
 * on_connect and on_disconnect (fn tells) and user.
 * S7_E_SYNTAX, S7_E_ARG: err (may be NULL) says what. S7_E_NOMEM. */
S7_MUST_CHECK s7_status s7_conn_new(s7_loop *loop, const char *endpoint, const s7_client_options *options,
                                    s7_conn_state_fn *fn, void *arg, s7_conn **out, s7_errinfo *err);

/* Connect; the outcome comes to the state function, at the latest after connect_ms + handshake_ms. With
 * auto_reconnect it is tried again and again until s7_conn_close: at once when a connection was up for
 * backoff_min_ms or longer, else after a pause as client.h says. S7_E_MISUSE: the state is not CLOSED.
 * S7_E_RESOLVE: not a numeric address. S7_E_NOMEM, S7_E_IO. */
S7_MUST_CHECK s7_status s7_conn_open(s7_conn *conn, s7_errinfo *err);

/* Close: requests are told S7_E_CANCELLED (writes that left: S7_E_OUTCOME_UNKNOWN) in the next turn of the
 * loop, then the end with S7_E_CANCELLED, in WAITING too. In ENDING the end keeps its reason. No further
 * attempt is made; s7_conn_open may be called when the end was told. Closed already: nothing happens. */
void s7_conn_close(s7_conn *conn);

/* Close without any more calls of functions, and free. NULL is fine. */
void s7_conn_free(s7_conn *conn);

s7_conn_state s7_conn_state_get(const s7_conn *conn);

/* "127.0.0.1:102"; lives as long as the connection. */
const char *s7_conn_where(const s7_conn *conn);

/* Granted values and counts; see client.h. Fill in struct_size. S7_E_ARG. */
s7_status s7_conn_info_get(const s7_conn *conn, s7_client_info *info);

/* The same numbers as for a blocking client (metrics.h): a call is a request that was accepted, or refused at
 * once. A plan's rounds count one each. Fill in struct_size. S7_E_ARG. */
s7_status s7_conn_metrics_get(const s7_conn *conn, s7_client_metrics *metrics);

/* The flight recorder; see flight.h. fn may not use the connection. S7_E_ARG, S7_E_IO. */
s7_status s7_conn_flight_each(const s7_conn *conn, s7_flight_fn *fn, void *arg);
s7_status s7_conn_flight_pcapng(const s7_conn *conn, int fd);

/* ---- requests ---- */

/* The end of a request; err (NULL when well) lives for the call. */
typedef void s7_conn_done_fn(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg);

/* What happens at the end of a request; only read. NULL where one is asked for: all zeros. */
typedef struct s7_then {
    uint32_t struct_size;  /* sizeof(s7_then) */
    int32_t timeout_ms;    /* from now to the end; 0: the option's request_ms, -1: none */
    s7_conn_done_fn *done; /* NULL: nobody is told */
    void *arg;
    uint64_t *id;     /* takes the request's id, for s7_conn_cancel, never 0. NULL: not asked for */
    s7_item *results; /* of s7_conn_write: as many items, whose status, code and time are filled in before
                         done is called, and which live until then; most often those that are written. NULL:
                         not asked for */
    s7_errinfo *err;  /* filled when the call itself refuses. Set err->struct_size (S7_ERRINFO_INIT). NULL:
                         not asked for */
} s7_then;

/* S7_THEN(on_read, plc): call on_read(conn, status, err, plc). */
#ifdef __cplusplus
#define S7_THEN(fn, p)                                                                                       \
    (&static_cast<const s7_then &>(s7_then{sizeof(s7_then), 0, (fn), (p), nullptr, nullptr, nullptr}))
#else
#define S7_THEN(fn, p) (&(s7_then){.struct_size = sizeof(s7_then), .done = (fn), .arg = (p)})
#endif

/* Every call below asks for something. S7_OK: it was accepted, and then->done will be called. Anything else:
 * it was refused, nothing was sent, and then->done is not called: S7_E_ARG, S7_E_NOMEM, S7_E_GUARDED,
 * S7_E_NOT_CONNECTED (the state is not UP: err has the last cause, and with auto_reconnect when it is tried
 * again). What done is told is what the blocking call would return.
 *
 * With auto_reconnect, a read (or a service that changes nothing) whose connection broke stays a request: it
 * is repeated when a connection is up again, within its time and read_retries. A write never is: when its
 * bytes left it is S7_E_OUTCOME_UNKNOWN, else it fails with the cause. */

/* See s7_read_multi, s7_write_multi. */
S7_MUST_CHECK s7_status s7_conn_read(s7_conn *conn, const s7_then *then, s7_item *items, size_t n_items);
S7_MUST_CHECK s7_status s7_conn_write(s7_conn *conn, const s7_then *then, const s7_item *items,
                                      size_t n_items);

/* See s7_read_area, s7_write_area. */
S7_MUST_CHECK s7_status s7_conn_read_area(s7_conn *conn, const s7_then *then, s7_area area, uint16_t db,
                                          uint32_t start, void *dst, size_t len);
S7_MUST_CHECK s7_status s7_conn_write_area(s7_conn *conn, const s7_then *then, s7_area area, uint16_t db,
                                           uint32_t start, const void *src, size_t len);
S7_MUST_CHECK s7_status s7_conn_read_db(s7_conn *conn, const s7_then *then, uint16_t db, uint32_t start,
                                        void *dst, size_t len);
S7_MUST_CHECK s7_status s7_conn_write_db(s7_conn *conn, const s7_then *then, uint16_t db, uint32_t start,
                                         const void *src, size_t len);

/* One place by its text, "DB1.DBD4:REAL" (s7_address_parse): its bytes as in the PLC, len of them
 * (s7_address_size). S7_E_SYNTAX as well. */
S7_MUST_CHECK s7_status s7_conn_read_at(s7_conn *conn, const s7_then *then, const char *address, void *dst,
                                        size_t len);
S7_MUST_CHECK s7_status s7_conn_write_at(s7_conn *conn, const s7_then *then, const char *address,
                                         const void *src, size_t len);

/* Read or write all tags of a plan, as it was made for; see s7_plan_read, s7_plan_write. */
S7_MUST_CHECK s7_status s7_conn_plan_run(s7_conn *conn, const s7_then *then, s7_plan *plan);

/* Ask for a sign of life, one byte of MB0; any well-formed answer is one, a refusal too. */
S7_MUST_CHECK s7_status s7_conn_ping(s7_conn *conn, const s7_then *then);

/* Withdraw a request: its function is called in the next turn, with S7_E_CANCELLED, or S7_E_OUTCOME_UNKNOWN
 * for a write of which bytes left; or with its outcome when that is known already. false: there is no such
 * request, its function was called. */
bool s7_conn_cancel(s7_conn *conn, uint64_t id);

/* Are there requests whose function was not called yet? */
bool s7_conn_busy(const s7_conn *conn);

/* ---- services: see services.h for what each does. One at a time, beside reads and writes ---- */

S7_MUST_CHECK s7_status s7_conn_szl_read(s7_conn *conn, const s7_then *then, uint16_t id, uint16_t index,
                                         s7_szl_head *head, void *dst, size_t cap, size_t *len);
S7_MUST_CHECK s7_status s7_conn_cpu_info(s7_conn *conn, const s7_then *then, s7_cpu_info *info);
S7_MUST_CHECK s7_status s7_conn_order_code(s7_conn *conn, const s7_then *then, s7_order_code *code);
S7_MUST_CHECK s7_status s7_conn_comm_info(s7_conn *conn, const s7_then *then, s7_comm_info *info);
S7_MUST_CHECK s7_status s7_conn_protection(s7_conn *conn, const s7_then *then, s7_protection *protection);
S7_MUST_CHECK s7_status s7_conn_cpu_mode(s7_conn *conn, const s7_then *then, s7_cpu_mode *mode,
                                         s7_datetime *since);
S7_MUST_CHECK s7_status s7_conn_leds(s7_conn *conn, const s7_then *then, s7_led *leds, size_t cap, size_t *n);
S7_MUST_CHECK s7_status s7_conn_diag_read(s7_conn *conn, const s7_then *then, s7_diag_entry *entries,
                                          size_t cap, size_t *n);

S7_MUST_CHECK s7_status s7_conn_blocks_count(s7_conn *conn, const s7_then *then, s7_block_counts *counts);
S7_MUST_CHECK s7_status s7_conn_blocks_list(s7_conn *conn, const s7_then *then, s7_block_type type,
                                            s7_block_entry *entries, size_t cap, size_t *n);
S7_MUST_CHECK s7_status s7_conn_block_info(s7_conn *conn, const s7_then *then, s7_block_type type,
                                           uint16_t number, s7_block_info *info);
S7_MUST_CHECK s7_status s7_conn_block_upload(s7_conn *conn, const s7_then *then, s7_block_type type,
                                             uint16_t number, void *dst, size_t cap, size_t *len);

S7_MUST_CHECK s7_status s7_conn_clock_get(s7_conn *conn, const s7_then *then, s7_datetime *datetime);

/* Control: refused with S7_E_MISUSE unless the options have allow_control. The block is copied. A download
 * that breaks off ends the connection, as services.h says. */
S7_MUST_CHECK s7_status s7_conn_block_download(s7_conn *conn, const s7_then *then, s7_block_type type,
                                               uint16_t number, const void *block, size_t len);
S7_MUST_CHECK s7_status s7_conn_block_delete(s7_conn *conn, const s7_then *then, s7_block_type type,
                                             uint16_t number);
S7_MUST_CHECK s7_status s7_conn_clock_set(s7_conn *conn, const s7_then *then, const s7_datetime *datetime);
S7_MUST_CHECK s7_status s7_conn_password_set(s7_conn *conn, const s7_then *then, const char *password);
S7_MUST_CHECK s7_status s7_conn_password_clear(s7_conn *conn, const s7_then *then);
S7_MUST_CHECK s7_status s7_conn_plc_stop(s7_conn *conn, const s7_then *then);
S7_MUST_CHECK s7_status s7_conn_plc_start_warm(s7_conn *conn, const s7_then *then);
S7_MUST_CHECK s7_status s7_conn_plc_start_cold(s7_conn *conn, const s7_then *then);
S7_MUST_CHECK s7_status s7_conn_plc_compress(s7_conn *conn, const s7_then *then);
S7_MUST_CHECK s7_status s7_conn_plc_copy_ram_to_rom(s7_conn *conn, const s7_then *then);

/* ---- what the PLC tells by itself: see push.h ---- */

/* Called for each push, behind the functions of requests that are over, and with what came before the end of
 * the connection in front of the state function; s7_conn_close drops what was not told. push and its views
 * live for the call. fn NULL: nobody is told. */
typedef void s7_conn_push_fn(s7_conn *conn, const s7_push *push, void *arg);
void s7_conn_on_push(s7_conn *conn, s7_conn_push_fn *fn, void *arg);

/* See s7_subscribe and its neighbours; S7_E_MISUSE for the first and s7_conn_events_enable while no function
 * is set. Addresses are copied; *subscription is written before anything is told of it. Subscriptions and
 * events end with their connection, also with auto_reconnect, and these requests are not repeated: ask in the
 * state function. In turn with services. */
S7_MUST_CHECK s7_status s7_conn_subscribe(s7_conn *conn, const s7_then *then,
                                          const s7_subscribe_options *options, const s7_address *items,
                                          size_t n_items, uint32_t *subscription);
S7_MUST_CHECK s7_status s7_conn_subscription_modify(s7_conn *conn, const s7_then *then, uint32_t subscription,
                                                    uint32_t period_ms, const s7_address *items,
                                                    size_t n_items);
S7_MUST_CHECK s7_status s7_conn_unsubscribe(s7_conn *conn, const s7_then *then, uint32_t subscription);
S7_MUST_CHECK s7_status s7_conn_events_enable(s7_conn *conn, const s7_then *then, uint32_t events);
S7_MUST_CHECK s7_status s7_conn_alarms_query(s7_conn *conn, const s7_then *then, s7_alarm_kind kind,
                                             s7_pending_alarm *alarms, size_t cap, size_t *n);

#ifdef __cplusplus
}
#endif
#endif
