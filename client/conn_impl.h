/* conn_impl.h - what the files of a connection on a loop share: conn.c (the connection), conn_redial.c (when
 * it is dialed again), conn_queue.c (requests from queue to end), conn_call.c and conn_services.c (how they
 * are made), conn_probe.c (signs of life), conn_push.c (what the PLC tells by itself), conn_info.c
 * (questions), plan_conn.c, mux_loop.c. For these only. */
#ifndef CLIENT_CONN_IMPL_H
#define CLIENT_CONN_IMPL_H

#include "client/conn.h"
#include "client/flight.h"
#include "client/meter.h"
#include "client/push.h"
#include "client/services.h"
#include "client/settings.h"
#include "client/transfer_work.h"

/* One request, from its call to its function; then spare, for a later one. */
struct s7_request {
    struct s7_request *next, *prev;
    uint64_t id;
    bool begun;       /* on this connection */
    bool kept;        /* while the connection ends: it will be repeated on the next one */
    unsigned repeats; /* after connections that broke */
    int64_t made_ns;
    s7_conn_done_fn *done;
    void *arg;
    struct s7_work *work; /* its own, or somebody else's */
    const struct s7_conn_kind *kind;
    union {
        struct {
            struct s7_transfer_work work;
            bool list;        /* items; else pieces of one place */
            bool ping;        /* any answer is a good one */
            s7_item *results; /* the caller's */
        } transfer;
        struct {
            struct s7_errand errand;
            struct s7_service first; /* as it was when it was made, to be repeated */
        } service;
        struct s7_download download; /* of a block in own */
    } its;                           /* all begin with the work */
    uint8_t *own;                    /* memory for items, data, a block */
    size_t own_cap;
};

struct s7_probe {
    bool open;
    s7_conn_alive_fn *fn; /* NULL: a heartbeat of ours */
    void *arg;
    uint8_t bytes[S7_PROBE_LEN];
    s7_item item;
    struct s7_transfer transfer;
};

struct s7_conn {
    s7_loop *loop;
    const struct s7_settings *settings;
    struct s7_settings *own; /* the same; NULL: they are the pool's */
    s7_session *session;
    s7_conn_state_fn *fn;
    void *arg;

    s7_conn_state state;
    s7_stream *stream;
    bool blocked;          /* the stream took less than was pending: wait for WRITE */
    bool closing;          /* s7_conn_close was called */
    s7_status closing_why; /* then: what requests are told */
    bool redialed;         /* this attempt is not the one of s7_conn_open */
    bool was_up;           /* this connection */
    bool working, freed;   /* inside the timer's function; freed there: its end gives the memory back */
    s7_timer timer;
    int64_t due_ns;        /* DIALING: give up; WAITING: dial again */
    int64_t owed_until_ns; /* answers are owed: end the connection then; S7_NEVER_NS otherwise */
    unsigned failures;     /* attempts, since the last setup that was finished */
    s7_errinfo end;        /* why the connection ends, as far as it is known */
    s7_errinfo last;       /* why the last one ended */

    struct s7_request *head, *tail;
    struct s7_request *spare;
    unsigned n_begun;
    uint64_t last_id;
    int64_t queue_deadline_ns; /* no request that does not wait for an answer is due before; a lower bound */
    struct s7_probe probe;

    bool pooled;              /* lent to others */
    struct s7_pushes *pushes; /* NULL: the PLC was never asked to tell anything */
    s7_conn_push_fn *push_fn; /* NULL: nobody is told */
    void *push_arg;

    uint64_t connects, reconnects;
    int64_t up_since_ns;
    struct s7_meter meter;
    struct s7_flight *flight; /* NULL: nothing is recorded */
};

/* ---- conn.c ---- */
void s7_conn_wake(s7_conn *conn); /* its work is done in the next turn */

/* Dial; the state is DIALING then. Any status but S7_OK: nothing has changed. */
S7_MUST_CHECK s7_status s7_conn_dial(s7_conn *conn, const char **detail);

/* The connection, or the attempt, has ended because of why. The first reason counts. */
void s7_conn_end(s7_conn *conn, s7_status why, const char *detail);

/* The same, of the TCP connection; the session is told. */
void s7_conn_lost(s7_conn *conn, s7_status why);

/* The PLC has been silent for too long. */
void s7_conn_give_up(s7_conn *conn, const char *detail);

/* Jobs in flight that belong to requests. */
unsigned s7_conn_in_flight(const s7_conn *conn);

/* ---- conn_redial.c ---- */

bool s7_conn_redials(const s7_conn *conn); /* auto_reconnect, and nobody closed it */
void s7_conn_wait(s7_conn *conn);          /* the state is WAITING from here on */
void s7_conn_redial(s7_conn *conn);        /* the time has come */

/* Why there is no connection, for who asks something of it meanwhile. */
void s7_conn_why_down(const s7_conn *conn, char *text, size_t cap);

/* ---- conn_queue.c ---- */

/* A request to be filled in: either queued then, or given back. S7_E_ARG (then), S7_E_NOT_CONNECTED,
 * S7_E_NOMEM: why has it in words. */
S7_MUST_CHECK s7_status s7_request_new(s7_conn *conn, const s7_then *then, struct s7_request **out,
                                       s7_errinfo *why);
void s7_request_give_back(s7_conn *conn, struct s7_request *request);

/* At least cap bytes at request->own, which keep what was there. S7_E_NOMEM. */
S7_MUST_CHECK s7_status s7_request_room(s7_conn *conn, struct s7_request *request, size_t cap);

bool s7_is_then(const s7_then *then); /* or NULL; else S7_E_ARG */

/* When the request is to be over. */
int64_t s7_request_deadline(const s7_conn *conn, const s7_then *then);

/* Work, kind and deadline are set. */
void s7_request_queue(s7_conn *conn, const s7_then *then, struct s7_request *request);

/* The user has no connection: S7_E_ARG, reported. */
s7_status s7_request_no_conn(const s7_then *then);

/* The call itself refuses: count it, tell then->err, and return status. why is worded but for its item. */
s7_status s7_request_refuse(s7_conn *conn, const s7_then *then, s7_status status, const s7_errinfo *why);

/* Carry an event to whose it is, and let requests send what the window allows. */
void s7_conn_take_event(s7_conn *conn, const struct s7_event *event);
void s7_conn_pump(s7_conn *conn);

/* Tell one request its end, if there is one; false: nobody was told. Requests that are begun and over; that
 * are overdue or withdrawn; of which nothing can become any more, since the connection ended (false then:
 * those that are left are repeated). */
bool s7_conn_report_done(s7_conn *conn, int64_t now_ns);
bool s7_conn_report_overdue(s7_conn *conn, int64_t now_ns);
bool s7_conn_report_ended(s7_conn *conn, int64_t now_ns);

void s7_conn_free_queue(s7_conn *conn);

/* ---- conn_push.c ---- */

/* Tell one push, if there is one; false: nobody was told. */
bool s7_conn_tell_push(s7_conn *conn);

/* ---- conn_call.c ---- */

/* A list of items as it is; id 0: a new one. */
S7_MUST_CHECK s7_status s7_conn_items(s7_conn *conn, const s7_then *then, bool write, s7_item *items,
                                      size_t n_items, uint64_t id);

/* ---- conn_probe.c ---- */

/* Send it when the window allows; report it when it is answered. false: nothing was reported. */
bool s7_conn_step_probe(s7_conn *conn);

/* The connection has ended: the probe has its answer. */
void s7_conn_end_probe(s7_conn *conn);

/* Begin one if it is time; when the next one may be due. */
void s7_conn_heartbeat(s7_conn *conn, int64_t now_ns);
int64_t s7_conn_heartbeat_due(const s7_conn *conn);

#endif
