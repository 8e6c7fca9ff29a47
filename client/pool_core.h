/* pool_core.h - the policy of the connection pool as a state machine: events and now in, actions out.
 *
 * Decides who is lent which connection, when one is dialed, checked, closed, and who has waited in vain.
 * Knows no socket, clock, lock or thread, draws no random numbers (they are arguments), allocates nothing
 * after s7_pool_core_new, but where a resize makes it larger than it ever was. Adapters (pool_thread.c,
 * pool_loop.c) carry out what it says and decide nothing.
 *
 * An adapter does the same three things around every event: call the function of the event; take actions with
 * s7_pool_core_next until there is none; come back at s7_pool_core_deadline with s7_pool_core_tick.
 *
 * Connections are numbered from 0 to one below the largest size so far; the number says nothing about the TCP
 * connection behind it, which the adapter makes on DIAL and unmakes before s7_pool_core_dial_failed or
 * s7_pool_core_closed. Events that come too late (a check's answer for a connection that is being closed by
 * now) are ignored.
 *
 * Not thread-safe. Times are CLOCK_MONOTONIC in int64_t nanoseconds; now must not go backwards. */
#ifndef CLIENT_POOL_CORE_H
#define CLIENT_POOL_CORE_H

#include "loop/heap.h"
#include "loop/never.h"

#include <s7rig/pool.h>

typedef struct s7_pool_core s7_pool_core;

struct s7_pool_rules {
    unsigned size, min_idle, max_waiters, max_connecting;
    int64_t max_idle_ns;        /* S7_NEVER_NS: idle connections stay */
    int64_t max_lifetime_ns;    /* S7_NEVER_NS: however old */
    int64_t lifetime_jitter_ns; /* by which lives are shortened, at most max_lifetime_ns */
    int64_t health_check_ns;    /* S7_NEVER_NS: no checks */
    int64_t health_timeout_ns;
    int64_t dirty_ns;                       /* how long a late answer is waited for: request_ms */
    int64_t backoff_min_ns, backoff_max_ns; /* bounds of the pauses between dials while the PLC is down */
    int64_t probe_min_ns, probe_max_ns;     /* and before one more connection to a PLC that is full */
    s7_pool_start_policy start;
    bool fail_when_exhausted, fail_fast_when_down, lend_oldest, tell_all;
    int64_t leak_ns;                         /* S7_NEVER_NS: leases may be out for as long as they like */
    unsigned backoff_factor, backoff_jitter; /* percent */
    int64_t turn_ns;                         /* how long the only connection is kept when the group asks */
    bool tells;                              /* events are kept for s7_pool_core_next_event */
};

/* A connection that is lent, by value. A lease is current until it is put, discarded or revoked; the numbers
 * of a connection's leases never repeat. */
struct s7_pool_lease {
    uint32_t conn;
    uint64_t number; /* 0: no lease */
};

/* Somebody who wants a connection; embedded by the caller of s7_pool_core_get, and must stay until its
 * outcome was taken by s7_pool_core_next or it was cancelled. */
struct s7_pool_waiter {
    struct s7_pool_waiter *next, *prev; /* private from here on */
    struct s7_heap_node due;
    int64_t since_ns;
    const char *label;
    int state;
    bool waited; /* it was not served at once */
    s7_status status;
    struct s7_pool_lease lease;
};

/* Rules are trusted here (s7_pool_settings_make checks the user's). S7_E_NOMEM. */
S7_MUST_CHECK s7_status s7_pool_core_new(const struct s7_pool_rules *rules, s7_pool_core **out);
void s7_pool_core_free(s7_pool_core *core); /* NULL is fine */

/* ---- what the adapter is to do ---- */

enum s7_pool_action_kind {
    S7_POOL_DIAL,    /* make connection conn: denied, or dialing and then dialed or dial_failed */
    S7_POOL_CHECK,   /* ask conn for a sign of life: then checked; its time is the core's business */
    S7_POOL_LISTEN,  /* nobody holds conn, and answers are to come on it: then drained, checked */
    S7_POOL_CLOSE,   /* close conn, or give up dialing it (reason): then closed */
    S7_POOL_REVOKE,  /* as CLOSE, but its borrower may be using it: make his calls fail first */
    S7_POOL_GRANT,   /* waiter gets lease */
    S7_POOL_FAIL,    /* waiter gets status */
    S7_POOL_STARTED, /* the start is over, with status */
    S7_POOL_PAUSED,  /* what s7_pool_core_pause waited for is over, with status */
    S7_POOL_CLOSED   /* the close is over, with status: S7_E_TIMEOUT when leases were revoked */
};

struct s7_pool_action {
    enum s7_pool_action_kind kind;
    unsigned conn;
    s7_pool_close_reason reason;
    struct s7_pool_waiter *waiter;
    struct s7_pool_lease lease;
    s7_status status;
};

/* The next thing to do; false: none. An action is said once. Outcomes are for users (GRANT, FAIL, STARTED,
 * PAUSED, CLOSED), chores are about connections: an adapter may have them taken in different places. A chore
 * that was not taken yet is withdrawn when it is not needed any more. */
bool s7_pool_core_next(s7_pool_core *core, struct s7_pool_action *action);
bool s7_pool_core_next_outcome(s7_pool_core *core, struct s7_pool_action *action);
bool s7_pool_core_next_chore(s7_pool_core *core, struct s7_pool_action *action);
bool s7_pool_core_has_chore(const s7_pool_core *core);

/* The next event to tell the user, but for name and err; false: none. */
bool s7_pool_core_next_event(s7_pool_core *core, s7_pool_event *event);
bool s7_pool_core_has_event(const s7_pool_core *core);

/* When to call tick: S7_NEVER_NS: no need. _deadline counts waiters' deadlines, _chores does not: for
 * adapters whose waiters look after themselves (tick with their own deadline as now). */
int64_t s7_pool_core_deadline(const s7_pool_core *core);
int64_t s7_pool_core_chores(const s7_pool_core *core);
int64_t s7_pool_core_soonest(const s7_pool_core *core); /* as _chores, perhaps earlier, and known already */
void s7_pool_core_tick(s7_pool_core *core, int64_t now_ns);

/* As tick, of an adapter that knows for how long the machine has slept so far, while now stood still. If that
 * was more by a check's patience since it was told last, each idle connection is checked soon. */
void s7_pool_core_slept(s7_pool_core *core, int64_t so_far_ns, int64_t now_ns);

/* ---- what users want ---- */

/* S7_OK: an action STARTED follows. S7_E_MISUSE: started already. S7_E_POOL_CLOSED. */
S7_MUST_CHECK s7_status s7_pool_core_start(s7_pool_core *core, int64_t deadline_ns, int64_t now_ns);

/* S7_OK: an action GRANT or FAIL follows for this waiter, perhaps at once. Anything else: refused, and the
 * waiter is free: S7_E_MISUSE (not started), S7_E_POOL_CLOSED, S7_E_POOL_QUEUE_FULL. label: a static string
 * or NULL. */
S7_MUST_CHECK s7_status s7_pool_core_get(s7_pool_core *core, struct s7_pool_waiter *waiter, const char *label,
                                         int64_t deadline_ns, int64_t now_ns);

/* Withdraw a waiter whose outcome was not taken; no action follows, and a connection that it had been granted
 * goes to the next. */
void s7_pool_core_cancel(s7_pool_core *core, struct s7_pool_waiter *waiter, int64_t now_ns);

/* The same of one who can do without: it is no failure, and not counted as one. */
void s7_pool_core_forgo(s7_pool_core *core, struct s7_pool_waiter *waiter, int64_t now_ns);

/* In which state a connection comes back. */
enum s7_pool_condition {
    S7_POOL_PUT_CLEAN,
    S7_POOL_PUT_DIRTY,  /* an answer is owed */
    S7_POOL_PUT_DISCARD /* the borrower says so */
};

/* why: what the borrower has to say of it, for events. S7_E_FOREIGN: no connection of this pool. S7_E_MISUSE:
 * not current. S7_E_POOL_CLOSED: revoked by close. */
s7_status s7_pool_core_put(s7_pool_core *core, struct s7_pool_lease lease, enum s7_pool_condition condition,
                           s7_status why, int64_t now_ns);

/* Connection conn has just come back, and nothing else follows: may it be left to its borrowers? It is WARM
 * then, lent and given back without a word to the core, so idle or lent. That ends with one of the two below,
 * which come before any other event and before any question. */
bool s7_pool_core_warm(s7_pool_core *core, unsigned conn, int64_t now_ns);

/* Of the WARM one: n leases came and went, each of them so long. */
void s7_pool_core_warm_leases(s7_pool_core *core, uint64_t n, int64_t each_ns);

/* It is idle, since the last put; it is lent, since_ns ago. */
void s7_pool_core_cool_idle(s7_pool_core *core, int64_t since_ns);
struct s7_pool_lease s7_pool_core_cool_lent(s7_pool_core *core, const char *label, int64_t since_ns);

/* Is it lent under this number? */
bool s7_pool_core_is_current(const s7_pool_core *core, struct s7_pool_lease lease);

/* S7_OK: an action CLOSED follows. deadline_ns: for leases to come back. While closing, and after it: S7_OK
 * as well, and the earlier deadline counts. */
s7_status s7_pool_core_close(s7_pool_core *core, int64_t deadline_ns, int64_t now_ns);

/* Let there be `size` connections at most, 1..S7_POOL_SIZE_MAX: surplus ones that nobody holds are closed at
 * once, lent ones as they come back. S7_E_POOL_CLOSED; S7_E_NOMEM: all is as before. */
s7_status s7_pool_core_resize(s7_pool_core *core, unsigned size, int64_t now_ns);

/* Lend nothing and hold no connection until resumed. S7_OK: an action PAUSED follows, when all are closed
 * (S7_OK), at the deadline (S7_E_TIMEOUT: it stays paused), when it is resumed (S7_E_CANCELLED) or closed
 * (S7_E_POOL_CLOSED) meanwhile. S7_E_MISUSE: not started, or an earlier pause still waits. S7_E_POOL_CLOSED.
 */
S7_MUST_CHECK s7_status s7_pool_core_pause(s7_pool_core *core, int64_t deadline_ns, int64_t now_ns);
s7_status s7_pool_core_resume(s7_pool_core *core, int64_t now_ns); /* S7_E_POOL_CLOSED */

/* Replace all connections: those that nobody holds are closed at once, lent ones as they come back.
 * S7_E_POOL_CLOSED. */
s7_status s7_pool_core_refresh(s7_pool_core *core, int64_t now_ns);

/* ---- what happened to connections ---- */

/* It is being made. */
void s7_pool_core_dialing(s7_pool_core *core, unsigned conn, int64_t now_ns);

/* S7 setup is done. jobs: how many the PLC granted in parallel. random: 64 bits, for its lifetime. */
void s7_pool_core_dialed(s7_pool_core *core, unsigned conn, unsigned jobs, uint64_t random, int64_t now_ns);

/* random: 64 bits, for the backoff. */
void s7_pool_core_dial_failed(s7_pool_core *core, unsigned conn, s7_status why, uint64_t random,
                              int64_t now_ns);

/* Dialing was not begun: the group allows no connection more (no_place), or no dial now. No dial is wanted
 * until it was asked again after allowed. */
void s7_pool_core_denied(s7_pool_core *core, unsigned conn, bool no_place, int64_t now_ns);
void s7_pool_core_allowed(s7_pool_core *core, int64_t now_ns);

/* The group asks for n connections, for a pool that has none: idle ones are closed at once, lent ones as they
 * come back, and those that end meanwhile count. The only one that is up not before it was up for
 * rules.turn_ns. */
void s7_pool_core_yield(s7_pool_core *core, unsigned n, int64_t now_ns);

/* The check's answer came: the connection lives. */
void s7_pool_core_checked(s7_pool_core *core, unsigned conn, int64_t now_ns);

/* No answer is owed any more. */
void s7_pool_core_drained(s7_pool_core *core, unsigned conn, int64_t now_ns);

/* The connection ended by itself: any state. why as the client says it. */
void s7_pool_core_ended(s7_pool_core *core, unsigned conn, s7_status why, int64_t now_ns);

/* What CLOSE or REVOKE asked for is done. */
void s7_pool_core_closed(s7_pool_core *core, unsigned conn, int64_t now_ns);

/* ---- questions ---- */

/* One list per state; the diagram is in pool_core.c. */
enum s7_pool_state {
    S7_POOL_FREE, /* no connection, no slot of the PLC */
    S7_POOL_DIALING,
    S7_POOL_IDLE,
    S7_POOL_CHECKING,
    S7_POOL_LEASED,
    S7_POOL_WARM,  /* idle or lent, as its borrowers know: s7_pool_core_warm */
    S7_POOL_DIRTY, /* an answer is owed */
    S7_POOL_CLOSING,
    S7_POOL_STATES
};
enum s7_pool_state s7_pool_core_state(const s7_pool_core *core, unsigned conn); /* FREE: or there is none */

/* Everything but late_answers and misuse by stale calls, which adapters see. *stats is written whole; the
 * times cost some microseconds and are left to another call. */
void s7_pool_core_stats(const s7_pool_core *core, s7_pool_stats *stats);
void s7_pool_core_times(const s7_pool_core *core, s7_pool_stats *stats);

/* For error texts: the lease number nth (from 0, the longest first; false: there are fewer), and what is
 * known of an outage. */
bool s7_pool_core_holder(const s7_pool_core *core, unsigned nth, const char **label, int64_t *since_ns);
s7_status s7_pool_core_cause(const s7_pool_core *core,
                             int64_t *down_since_ns); /* last failure; since: when the
                                                         last connection was up */

/* For a borrower who holds several connections and may give back any of them: what others ask for, and is
 * this one to be closed when it comes back? */
struct s7_pool_load {
    unsigned waiting; /* callers that wait */
    unsigned up;      /* connections that are up, lent or not */
};
struct s7_pool_load s7_pool_core_load(const s7_pool_core *core);
bool s7_pool_core_wants_back(const s7_pool_core *core, struct s7_pool_lease lease, int64_t now_ns);

/* Was it asked for, and is its outcome not known yet? */
bool s7_pool_core_is_waiting(const struct s7_pool_waiter *waiter);

/* What somebody is told whose time is up while he waits for a connection. */
s7_status s7_pool_core_in_vain(const s7_pool_core *core);

/* NULL, or which invariant does not hold. Debug builds ask after every event. */
const char *s7_pool_core_fault(const s7_pool_core *core);

#endif
