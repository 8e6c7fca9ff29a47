/* pool.h - connections to one S7 PLC, shared by any number of threads.
 *
 * A pool lends connections. s7_pool_get gives a lease: an s7_client that is connected, belongs to the caller
 * alone, and works with every call of client.h and services.h until s7_pool_put or s7_pool_discard takes it
 * back.
 *
 *   s7_pool *pool;
 *   s7_pool_new("192.168.0.1", NULL, &pool, NULL);
 *   s7_pool_start(pool, NULL);
 *   if (s7_pool_get(pool, S7_WITHIN(1000), &plc) == S7_OK) {
 *       s7_read_db(plc, S7_WITHIN(500), 1, 0, data, 10);
 *       s7_pool_put(pool, plc);
 *   }
 *
 * Who only reads and writes need not borrow: the calls of pool_direct.h share connections.
 *
 * Size. `size` is a maximum. s7_pool_start makes one connection; more are dialed when somebody waits for one,
 * one at a time (max_connecting). A connection that ended is replaced when somebody waits for one, or
 * min_idle asks for it.
 *
 * Times are in milliseconds, at most 2147483647 (24 days): what is more was a negative number, and is
 * S7_E_ARG.
 *
 * Waiting. Who finds no idle connection waits: first come, first served, until the deadline of the context
 * (acquire_ms when it has none). Idle connections are lent last in, first out, so that surplus ones become
 * idle (lend_oldest: first in, first out). A caller that gives up does not stop the dial that was begun for
 * it.
 *
 * Idle time. It runs from the last put (or from the end of the dial), and a health check is neither use nor a
 * reason to stay: at exactly max_idle_ms a connection is closed, unless fewer than min_idle would be left. By
 * default a pool that nobody uses holds no connection after five minutes, and the next get dials.
 *
 * Age. With max_lifetime_ms a connection is closed when it becomes that old, and one that is lent when it
 * comes back: none is older than that and one lease. Each one's life is shortened at random, by up to
 * lifetime_jitter_percent, and they are replaced one at a time, so that those born together do not go
 * together. Where min_idle would be left short, the new connection is made before the old one is closed.
 *
 * Health. Each idle connection is asked for one byte (MB0, or health_check_at) once per health_check_ms, each
 * at its own moment of the period. Any well-formed answer of the PLC proves life, a refusal too. No answer
 * within health_timeout_ms: closed, and counted. A borrower that finds only connections under check shares
 * one when the PLC granted two jobs or more; otherwise it waits for the check, or gets a fresh connection
 * where the pool may grow. The end of a connection (FIN, RST) is noticed at once, idle or not.
 *
 * Dirty. A connection on which an answer is still owed (a call timed out) is never lent. It comes back when
 * the late answer arrived and was discarded, is closed when it does not come within another request_ms, and
 * is closed at once when somebody would have to wait for it. So a late answer never reaches the next
 * borrower.
 *
 * Outage. When dialing fails and no connection is up, the PLC is down: one attempt at a time, after 250 ms,
 * 500 ms ... 5 s at most (backoff_min_ms, backoff_max_ms), each drawn between zero and that (full jitter),
 * until an S7 setup was finished; this goes on whether somebody waits or not. Those who wait stay until their
 * deadline and then get S7_E_PLC_DOWN with the last cause; with fail_fast_when_down they get it at once.
 *
 * Asleep. When the process did not run for longer than a check may take (it was stopped), nothing that is
 * overdue is held against a connection: that time is not idle time, and each idle connection is checked once,
 * one after the other, eight in health_timeout_ms. While the machine sleeps the monotonic clock stands still,
 * so that nothing becomes overdue; the checks come as soon as the pool has something to do.
 *
 * PLC full. When dialing fails while other connections are up, the PLC has no more to give: the pool settles
 * for those it has and tries one more now and then (5 s, 10 s ... 60 s apart: probe_min_ms, probe_max_ms).
 * What the PLC cannot be blamed for (S7_E_NOMEM, S7_E_IO: this machine has no more; S7_E_RESOLVE,
 * S7_E_UNREACHABLE: nothing arrived there) says nothing of that: it is tried again with the pauses of an
 * outage, and as soon as a connection was closed.
 *
 * Maintenance. s7_pool_pause lends nothing, closes everything and leaves the PLC alone until s7_pool_resume;
 * callers wait meanwhile. s7_pool_refresh replaces all connections, s7_pool_resize changes their number; what
 * is lent stays lent, and is closed when it comes back.
 *
 * Misuse is an error code and leaves the pool intact: S7_E_MISUSE (put twice, put while a call is inside),
 * S7_E_FOREIGN (not of this pool), S7_E_STALE_LEASE (a call on a client after its put), S7_E_POOL_CLOSED.
 * Leases are recognised for at least 1024 later ones. On a lease, s7_client_connect is misuse, and
 * s7_client_close and s7_client_free do nothing. NULL where something must be, a struct whose struct_size is
 * not set, and a timeout_ms below -1 are S7_E_ARG. A deadline that has passed already is none of these: what
 * needs no waiting is done, an idle connection lent, and anything else fails at once.
 *
 * Threads. Every call may be made from any thread, but for s7_pool_free, which must be the last one. A lease
 * has one user at a time, like any client. One thread per pool does the chores (dialing, checking, closing);
 * it is started by s7_pool_start, blocks all signals, and calls nothing of the user's but on_event.
 *
 * Speed. A connection that comes back when nobody waits and no other one is lent is lent again, to whoever
 * says the same label, without a lock: that costs about as much as locking and unlocking a mutex twice. Of a
 * lease on which nothing was called the pool then knows the time to some milliseconds only (two ticks of the
 * kernel's clock, 8 ms at 250 Hz): it counts as up to that much shorter, and idle time as beginning that much
 * later, never earlier. With min_idle, max_lifetime_ms, lend_oldest or tell_all all leases go the way by the
 * lock.
 *
 * Fork. In a child process every call on the pool and its leases returns S7_E_FORKED and touches neither
 * locks nor sockets; s7_pool_free closes the descriptors and disturbs nothing of the parent's. The child
 * makes a pool of its own. */
#ifndef S7RIG_POOL_H
#define S7RIG_POOL_H

#include <s7rig/client.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct s7_pool s7_pool;

#define S7_POOL_SIZE_MAX 64

/* Why a connection that had been up was closed. */
typedef enum s7_pool_close_reason {
    S7_POOL_CLOSE_IDLE,     /* max_idle_ms */
    S7_POOL_CLOSE_HEALTH,   /* a check failed */
    S7_POOL_CLOSE_BORROWER, /* s7_pool_discard */
    S7_POOL_CLOSE_TIMEOUT,  /* an owed answer never came, or somebody waited for the place; TCP gave up */
    S7_POOL_CLOSE_PEER,     /* the PLC or the network ended it */
    S7_POOL_CLOSE_PROTOCOL, /* what came was no S7 */
    S7_POOL_CLOSE_SHUTDOWN, /* s7_pool_close */
    S7_POOL_CLOSE_LIFETIME, /* max_lifetime_ms */
    S7_POOL_CLOSE_SHRINK,   /* s7_pool_resize */
    S7_POOL_CLOSE_EVICTED,  /* s7_pool_refresh */
    S7_POOL_CLOSE_PAUSE,    /* s7_pool_pause */
    S7_POOL_CLOSE_YIELDED,  /* for another pool of the group that had none */
    S7_POOL_CLOSE_REASONS   /* their number */
} s7_pool_close_reason;

/* "idle", "health" ...; a static string, never NULL. */
const char *s7_pool_close_reason_name(s7_pool_close_reason reason);

/* ---- events ---- */

typedef enum s7_pool_event_kind {
    S7_POOL_EVENT_CONNECTING,     /* conn is being made (tell_all) */
    S7_POOL_EVENT_CONNECTED,      /* conn was made; took_ns */
    S7_POOL_EVENT_CONNECT_FAILED, /* status, err; took_ns */
    S7_POOL_EVENT_LOST,           /* conn ended by itself: status. CLOSED follows */
    S7_POOL_EVENT_CHECKED,        /* conn has answered a check (tell_all) */
    S7_POOL_EVENT_CHECK_FAILED,   /* conn gave no sign of life. CLOSED follows */
    S7_POOL_EVENT_CLOSED,     /* conn was closed: reason; status: what s7_pool_discard said; took_ns: age */
    S7_POOL_EVENT_WAIT_BEGAN, /* label has to wait; count: so many wait now */
    S7_POOL_EVENT_WAIT_ENDED, /* label got conn (S7_OK) or nothing (status; S7_E_CANCELLED also: calls without
                                 a lease can do without one more); took_ns */
    S7_POOL_EVENT_BORROWED,   /* conn is lent to label; took_ns: it waited so long (tell_all) */
    S7_POOL_EVENT_LEAK,       /* conn is lent to label for longer than leak_ms; took_ns; once per lease */
    S7_POOL_EVENT_RETURNED,   /* and came back at last; took_ns; status: what s7_pool_discard said. Of other
                                 leases as well with tell_all */
    S7_POOL_EVENT_DOWN,       /* no connection is up and none can be made: status, err */
    S7_POOL_EVENT_UP,         /* one was made; took_ns: for so long there was none */
    S7_POOL_EVENT_FULL,       /* the PLC refuses more than count connections: status, err */
    S7_POOL_EVENT_ROOM,       /* it has given one more; count: the pool's size */
    S7_POOL_EVENT_DENIED,     /* the group allows no more than the count connections there are */
    S7_POOL_EVENT_RESIZED,    /* to count */
    S7_POOL_EVENT_REFRESHED,
    S7_POOL_EVENT_PAUSED,
    S7_POOL_EVENT_RESUMED,
    S7_POOL_EVENT_SHUT, /* s7_pool_close is over: status */
    S7_POOL_EVENTS      /* their number */
} s7_pool_event_kind;

/* "connected", "connect_failed" ...; a static string, never NULL. */
const char *s7_pool_event_name(s7_pool_event_kind kind);

/* What does not belong to a kind is zero. It lives for the call. */
typedef struct s7_pool_event {
    uint32_t struct_size;
    s7_pool_event_kind kind;
    int64_t at_ns;    /* CLOCK_MONOTONIC */
    const char *name; /* of the pool; its host and port when it has none */
    uint32_t conn;    /* the connection's place in the pool; used again */
    uint32_t count;
    s7_status status;
    s7_pool_close_reason reason;
    int64_t took_ns;
    const char *label;     /* of the borrower's context; may be NULL */
    const s7_errinfo *err; /* of the last dial that failed; NULL: nothing is known */
    uint64_t lost;         /* events so far that were not told, since too many had not been told yet */
} s7_pool_event;

/* Called one at a time, in the order in which things happened, without any lock, on the pool's thread; never
 * inside a call to the pool. Meanwhile that thread does nothing else: connections are not made, checked or
 * closed, while leases go on. 128 events are kept for it, further ones are dropped and counted. It may call
 * whatever does not wait: statistics, put, resize, resume, refresh. Calls that would wait for the thread
 * (start, pause, close, and get when no connection is idle) are S7_E_MISUSE there; s7_pool_free is
 * forbidden. The last one may come as late as inside s7_pool_free. */
typedef void s7_pool_event_fn(s7_pool *pool, const s7_pool_event *event, void *user);

/* ---- groups: pools that share the PLCs' connections ---- */

/* A PLC has few connections, and each pool takes its own. Pools of a group never have more than
 * plc_connections - plc_reserved to one PLC together, those being made or closed included, and never make
 * more than max_dials at a time to whatever PLC. A pool that gets none waits for its turn, and its callers
 * with it. One that has none is given one by the pool that has most: an idle one at once, else the next that
 * comes back. Where no pool has two, the one that has had its only one for longest gives it up, but not
 * before it was up for turn_ms: so more pools than places take turns. Beyond that nothing is taken away
 * (max_idle_ms does that). One PLC: the same host as it is written, port, rack and slot.
 *
 * Pools without a group know nothing of each other; the library keeps nothing that is not in a handle. At a
 * PLC that has fewer connections than they want, each keeps what it took first, tries for one more as at any
 * full PLC, and shares what it has among its own callers. One that came too late for any knocks as at a PLC
 * that is down, its callers get S7_E_PLC_DOWN with the PLC's refusal as the cause, and it is served within
 * backoff_max_ms after another one let go; there is no bound for that. */
typedef struct s7_pool_group s7_pool_group;

typedef struct s7_pool_group_options {
    uint32_t struct_size;
    uint16_t plc_connections; /* [0: any number] that one PLC has to give */
    uint16_t plc_reserved;    /* [0] of them left to others: HMIs, programming devices */
    uint16_t max_dials;       /* [0: any number] at a time */
    uint32_t turn_ms;         /* [3000] a pool keeps its only connection for so long; 0: for good */
} s7_pool_group_options;
void s7_pool_group_options_init(s7_pool_group_options *options); /* defaults in brackets; NULL: nothing */

/* S7_E_ARG (err, which may be NULL, says what), S7_E_NOMEM. */
S7_MUST_CHECK s7_status s7_pool_group_new(const s7_pool_group_options *options, s7_pool_group **out,
                                          s7_errinfo *err);

/* Its pools may live on: the last one takes it along. NULL is fine. Not to be called in a child process. */
void s7_pool_group_free(s7_pool_group *group);

/* ---- options ---- */

/* What s7_pool_start does before it returns. */
typedef enum s7_pool_start_policy {
    S7_POOL_START_ONE,       /* make one connection; fail if it cannot be made */
    S7_POOL_START_ALL,       /* make all `size` connections; fail if one of them cannot be made */
    S7_POOL_START_BACKGROUND /* nothing: the first connection is made in the background */
} s7_pool_start_policy;

typedef struct s7_pool_options {
    uint32_t struct_size;
    uint16_t size;              /* [5] connections at most, 1..64 */
    uint16_t min_idle;          /* [0] idle connections to keep ready; at most size */
    uint32_t max_idle_ms;       /* [300000] close what was idle for so long; 0: never */
    uint32_t health_check_ms;   /* [60000] check each idle connection once per so long; 0: never */
    uint32_t health_timeout_ms; /* [2000] a check that takes longer has failed; at least 1 */
    uint32_t acquire_ms;        /* [30000] a get whose context says nothing else; at least 1 */
    uint16_t max_waiters;       /* [0] callers that may wait at a time; 0: any number */
    uint16_t max_connecting;    /* [1] dials at a time, 1..size; never more than one while the PLC is down */
    s7_pool_start_policy start; /* [S7_POOL_START_ONE] */
    bool fail_when_exhausted;   /* [false] no waiting when all connections are taken and none may be
                                   added: S7_E_POOL_EXHAUSTED at once */
    bool fail_fast_when_down;   /* [false] no waiting while the PLC is down: S7_E_PLC_DOWN at once */
    uint32_t backoff_min_ms;  /* [250] bound of the first pause between dials while the PLC is down, at least
                                 1; grown by backoff_factor_percent each time up to */
    uint32_t backoff_max_ms;  /* [5000] this one */
    uint32_t probe_min_ms;    /* [5000] bound of the first pause before one connection more is tried at a PLC
                                 that is full, at least 1; doubled each time up to */
    uint32_t probe_max_ms;    /* [60000] this one */
    uint32_t max_lifetime_ms; /* [0: any; an hour where the client's family is one with a CP] close a
                                 connection that is so old */
    uint16_t lifetime_jitter_percent; /* [10] of it by which each one's life is shortened at random, 0..100 */
    uint16_t backoff_factor_percent;  /* [200] by which backoff_min_ms grows each time, 100..1000 */
    uint16_t backoff_jitter_percent;  /* [100] of the bound that is left to chance, 0..100 */
    uint32_t leak_ms;                 /* [0: never] tell of a lease that is out for so long */
    const char *name;                 /* [NULL] for errors and events; copied, cut at 39 bytes or before */
    s7_pool_event_fn *on_event;       /* [NULL] */
    void *user;                       /* for on_event */
    s7_pool_group *group;             /* [NULL] */
    /* Calls without a lease (pool_direct.h). */
    uint16_t mux_connections; /* [0: size] connections that they share at most */
    uint32_t coalesce_us; /* [0: off] reads wait that long for others to travel with in one request; at most
                             1000000 */
    int32_t coalesce_gap; /* [-1: as long as it costs less than asking twice] longest gap between neighbours
                             that is read along, in bytes; 0: none. At most 960 */
    const char *health_check_at; /* [NULL: "MB0"] address of what a check reads, at most 8 bytes; copied */
    bool lend_oldest;     /* [false] lend the connection that was idle longest, so that all are used alike; a
                             pool that is used at all keeps them all, then */
    bool tell_all;        /* [false] on_event is told of each dial, check, borrow and return as well */
    uint32_t reserved[3]; /* 0: places of options to come */
    s7_client_options client; /* of every connection: rack, slot, timeouts ... */
} s7_pool_options;
void s7_pool_options_init(
    s7_pool_options *options); /* defaults in brackets, client's as well; NULL: nothing */

/* ---- life ---- */

/* Make a pool for an endpoint (as for s7_client_new); no I/O, no thread. options NULL: defaults. S7_E_SYNTAX,
 * S7_E_ARG (err, which may be NULL, says what), S7_E_NOMEM, S7_E_IO (no descriptor left). */
S7_MUST_CHECK s7_status s7_pool_new(const char *endpoint, const s7_pool_options *options, s7_pool **out,
                                    s7_errinfo *err);

/* Start the pool's thread and do what options->start says, within the context's time (none by default: each
 * dial is limited by connect_ms and handshake_ms). S7_E_MISUSE: started already, or being started.
 * S7_E_NOMEM, S7_E_IO: no thread could be made. S7_E_POOL_CLOSED. S7_E_TIMEOUT: not within ctx. S7_E_BUDGET:
 * other pools of the group have all connections that are allowed. Any other: why the connection could not be
 * made, as s7_client_connect tells. After a failure no connection is left, and it may be called again. */
S7_MUST_CHECK s7_status s7_pool_start(s7_pool *pool, const s7_ctx *ctx);

/* Take no more callers: those who wait get S7_E_POOL_CLOSED now. Idle connections are closed; lent ones as
 * they come back. Returns when all are closed; those that are not back at the context's deadline (request_ms
 * by default) are taken away: calls inside fail (S7_E_POOL_CLOSED; S7_E_OUTCOME_UNKNOWN for a write that
 * left), later ones get S7_E_STALE_LEASE, and their put S7_E_POOL_CLOSED. S7_E_TIMEOUT: that happened. A
 * closed pool stays closed; closing it again returns the same. S7_E_MISUSE: the pool's own thread calls
 * (s7_pool_event_fn). S7_E_FORKED. */
s7_status s7_pool_close(s7_pool *pool, const s7_ctx *ctx);

/* Let there be `size` connections at most, 1..64, from now on. Smaller: those that nobody holds are closed,
 * what is lent when it comes back. Larger: those who wait may have more at once. S7_E_ARG, S7_E_NOMEM: all
 * is as before. S7_E_POOL_CLOSED, S7_E_FORKED. */
s7_status s7_pool_resize(s7_pool *pool, unsigned size);

/* Leave the PLC alone: lend no more, close every connection, what is lent as it comes back, and dial none.
 * Returns when all are closed; S7_E_TIMEOUT: not by the context's deadline (acquire_ms by default). Paused it
 * stays in either case, until s7_pool_resume: so a PLC can be loaded or restarted, and all its connections
 * are free for others. Callers of s7_pool_get wait, and get S7_E_POOL_PAUSED at their deadline.
 * S7_E_CANCELLED: resumed meanwhile. S7_E_MISUSE: not started, or another thread waits in it.
 * S7_E_POOL_CLOSED, S7_E_FORKED. */
S7_MUST_CHECK s7_status s7_pool_pause(s7_pool *pool, const s7_ctx *ctx);

/* Go on; connections are made again when they are wanted. Not paused: nothing happens. S7_E_POOL_CLOSED,
 * S7_E_FORKED. */
s7_status s7_pool_resume(s7_pool *pool);

/* Replace all connections: the PLC, or the way to it, is another one now. Those that nobody holds are closed
 * at once and made again when they are wanted; what is lent is closed when it comes back. Calls go on. What
 * was learned of an outage or of the PLC's limit is forgotten. S7_E_POOL_CLOSED, S7_E_FORKED. */
s7_status s7_pool_refresh(s7_pool *pool);

/* Close at once if it is open, and free. NULL is fine. No other call may be inside, and no lease may be used
 * afterwards, not even to put it. */
void s7_pool_free(s7_pool *pool);

/* ---- lending ---- */

/* Borrow a connected client; *out is NULL after a failure. ctx->label says who asks (S7_HERE: where), for the
 * report when the pool is exhausted. Give it back with s7_pool_put or s7_pool_discard. ctx->cancel ends the
 * wait: S7_E_CANCELLED. S7_E_POOL_EXHAUSTED: all connections were taken until the deadline; err says how
 * many, who holds them and for how long, and why there are no more. S7_E_PLC_DOWN: no connection is up and
 * none can be made; err has the last cause. S7_E_TIMEOUT: a connection was still being made at the deadline,
 * and nothing speaks against the PLC. S7_E_POOL_PAUSED: it was paused until the deadline. S7_E_BUDGET: it has
 * none, and other pools of its group have all that are allowed. S7_E_POOL_QUEUE_FULL: max_waiters are
 * waiting. S7_E_POOL_CLOSED. S7_E_MISUSE: not started, or
 * the pool's own thread would have to wait. S7_E_FORKED. */
S7_MUST_CHECK s7_status s7_pool_get(s7_pool *pool, const s7_ctx *ctx, s7_client **out);

/* Give a client back. Never blocks and does no I/O. It goes to whoever waits longest, or becomes idle; one
 * that broke is closed, one that owes an answer is dirty. S7_E_MISUSE: given back already, or a call is
 * inside (it stays lent then). S7_E_FOREIGN: not a lease of this pool, or NULL. S7_E_POOL_CLOSED:
 * s7_pool_close took it away. S7_E_FORKED. */
s7_status s7_pool_put(s7_pool *pool, s7_client *client);

/* Give a client back that must not be lent again: it is closed. why: for events only, whatever the borrower
 * makes of it; S7_OK: nothing to say. Errors as s7_pool_put. */
s7_status s7_pool_discard(s7_pool *pool, s7_client *client, s7_status why);

/* get, fn, put. The client comes back whatever fn returns. Returns the error of get, or what fn returned. ctx
 * is the get's: its deadline does not end fn, and its err has what get failed with; calls inside fn have
 * contexts of their own. fn must not put the client itself. */
typedef s7_status s7_pool_fn(s7_client *client, void *arg);
S7_MUST_CHECK s7_status s7_pool_execute(s7_pool *pool, const s7_ctx *ctx, s7_pool_fn *fn, void *arg);

/* ---- statistics ---- */

/* Why a connection could not be made. */
typedef enum s7_pool_dial_failure {
    S7_POOL_DIAL_REFUSED,     /* nothing listens there */
    S7_POOL_DIAL_UNREACHABLE, /* no route, or no address for the name */
    S7_POOL_DIAL_TIMEOUT,     /* connect_ms or handshake_ms passed */
    S7_POOL_DIAL_ENDED,       /* closed or reset during the handshake */
    S7_POOL_DIAL_COTP,        /* the COTP connection was refused: rack, slot, or no more places */
    S7_POOL_DIAL_S7,          /* S7 setup failed, or what came was no S7 */
    S7_POOL_DIAL_OTHER,
    S7_POOL_DIAL_LOCAL,   /* nothing left of this machine: no descriptor, memory, port */
    S7_POOL_DIAL_FAILURES /* their number */
} s7_pool_dial_failure;

/* "refused", "unreachable" ...; a static string, never NULL. */
const char *s7_pool_dial_failure_name(s7_pool_dial_failure failure);

/* Time spans; percentiles are off by 6.25 % at most, the rest is exact, but for leases on which nothing was
 * called (Speed, above). 0 while count is. */
typedef struct s7_pool_times {
    uint64_t count;
    int64_t sum_ns, p50_ns, p95_ns, p99_ns, max_ns;
} s7_pool_times;

/* One consistent picture. total_connections = available + in_use + checking + dirty + closing: each holds a
 * connection of the PLC. Those being made are in connecting. gets = puts + in_use + leases that s7_pool_close
 * took away; wait.count is gets, lease.count is puts, connect.count is connects; connect_failures is the sum
 * of dial_failures; connects = all closed + total_connections, but for dials that were given up and are among
 * closing. Calls without a lease (pool_direct.h) are among the gets as often as they borrowed. */
typedef struct s7_pool_stats {
    uint32_t struct_size;
    uint32_t total_connections;
    uint32_t available; /* idle, ready to be lent */
    uint32_t in_use;    /* lent */
    uint64_t health_check_failures;
    /* now */
    uint32_t checking, dirty, closing, connecting;
    uint32_t waiting;             /* callers inside s7_pool_get */
    uint32_t size;                /* the maximum */
    uint32_t limit;               /* what the PLC seems to allow: below size when it refused more */
    bool down;                    /* dialing failed and nothing is up */
    s7_status last_connect_error; /* S7_OK: the last dial went well */
    /* since s7_pool_new */
    uint64_t gets;          /* leases given */
    uint64_t gets_waited;   /* of them after waiting */
    uint64_t gets_failed;   /* gets that waited in vain or were refused */
    uint64_t puts;          /* put and discard */
    uint64_t misuse;        /* calls refused as misuse, foreign or stale */
    uint64_t health_checks; /* begun */
    uint64_t late_answers;  /* answers that came after their call had timed out, and were discarded */
    uint64_t connects;      /* connections made */
    uint64_t connect_failures;
    uint64_t closed[S7_POOL_CLOSE_REASONS];
    bool paused;             /* now */
    uint32_t leaking;        /* now: leases that are out for longer than leak_ms */
    uint64_t leaks;          /* all of them so far */
    uint64_t gets_timed_out; /* of gets_failed: at their deadline */
    uint64_t gets_cancelled; /* of gets_failed: while they waited */
    uint64_t dials;          /* begun */
    bool denied;             /* now: the group allows no more connections to the PLC */
    uint64_t denials;        /* how often that came */
    uint64_t outages;        /* how often the PLC was down */
    uint64_t reconnects;     /* connections that ended a time without any */
    uint64_t events_lost;    /* not told: see s7_pool_event_fn */
    uint64_t dial_failures[S7_POOL_DIAL_FAILURES];
    uint64_t direct_calls;  /* without a lease (pool_direct.h) */
    uint64_t direct_jobs;   /* requests that were sent for them */
    uint64_t direct_merged; /* reads that shared a request with others */
    s7_pool_times wait;     /* of leases given: from the call of s7_pool_get */
    s7_pool_times lease;    /* of leases that came back */
    s7_pool_times connect;  /* of connections made */
} s7_pool_stats;

/* Fill in struct_size. S7_E_ARG, S7_E_FORKED. */
s7_status s7_pool_stats_get(s7_pool *pool, s7_pool_stats *stats);

/* The same in the text format that Prometheus scrapes, every sample with the label pool="<pool>" (escaped;
 * NULL: no label). At most cap - 1 bytes and a terminating zero go to buf; returns the whole length, as
 * snprintf does. 16384 bytes are enough for a pool of 39 characters; buf may be NULL when cap is 0.
 * U+FFFD stands for bytes of it that are no UTF-8, also in JSON.
 * stats->struct_size must be sizeof(s7_pool_stats), else nothing is written and 0 returned. */
size_t s7_pool_stats_prometheus(const s7_pool_stats *stats, const char *pool, char *buf, size_t cap);

/* The same as JSON: one object in one line, newline included, the struct's fields under their names, "pool"
 * (NULL: null), "closed" and "dial_failures" by kind. 3072 bytes are enough for a pool of 39 characters. */
size_t s7_pool_stats_json(const s7_pool_stats *stats, const char *pool, char *buf, size_t cap);

/* The same for people, five lines or six: state, leases and waits, dials, ends. 2048 bytes are enough for a
 * pool of 39 characters:
 *
 *   press 4: up, 3 of 5 connections (1 idle, 2 in use)
 *     gets    1200, 40 after a wait, 3 in vain (3 timed out); puts 1198
 *     waits   p50 0.4 us, p99 812.0 us, max 1.250 s
 *     leases  p50 1.2 ms, p99 8.0 ms, max 10.4 ms
 *     dials   5, 4 made: p50 3.1 ms, p99 4.0 ms, max 4.0 ms; 1 failed (1 timeout); 1 outages, 1 reconnects
 *     closed  1 (1 peer); checks 61, 0 without an answer */
size_t s7_pool_stats_text(const s7_pool_stats *stats, const char *pool, char *buf, size_t cap);

/* What was counted since an earlier snapshot of the same pool: before's counts, and the counts and sums of
 * times, are taken off stats. Percentiles and max stay those since s7_pool_new. S7_E_ARG: as above. */
s7_status s7_pool_stats_since(s7_pool_stats *stats, const s7_pool_stats *before);

#ifdef __cplusplus
}
#endif
#endif
