/* pool_core_impl.h - what pool_core.c (policy), pool_events.c (events), pool_edges.c, pool_lists.c (lists),
 * pool_turnover.c, pool_tell.c (what users are told) and pool_stats.c (questions) share. For these only. */
#ifndef CLIENT_POOL_CORE_IMPL_H
#define CLIENT_POOL_CORE_IMPL_H

#include "client/histogram.h"
#include "client/pool_core.h"

#include <stddef.h>

#define NOTHING_TO_DO (-1)

#define S7_POOL_EVENTS_KEPT 128 /* as pool.h says */

struct s7_pool_conn {
    unsigned index;                   /* by which adapters know it */
    struct s7_pool_conn *next, *prev; /* in the list of its state */
    enum s7_pool_state state;
    int todo; /* enum s7_pool_action_kind that the adapter has not taken yet, or NOTHING_TO_DO */
    struct s7_pool_conn *todo_next, *todo_prev;

    bool was_up;
    bool shareable;              /* the PLC granted two jobs or more */
    bool check_open;             /* a check's answer is to come: CHECKING, or lent meanwhile, or dirty */
    bool condemned;              /* LEASED: it ended or failed its check, close it when it is put */
    bool evicted;                /* LEASED: s7_pool_core_refresh came, close it when it is put */
    s7_pool_close_reason reason; /* condemned, CLOSING */
    s7_status why;               /* CLOSING, discarded: what the borrower said */
    int64_t renew_at_ns;         /* from then on it is replaced when that costs nobody anything, */
    int64_t dies_at_ns;          /* from then on at any cost, but to a borrower */
    int64_t idle_since_ns;       /* the last put: where idle time counts from */
    int64_t check_at_ns;         /* IDLE: its moment of the period */
    int64_t until_ns;            /* CHECKING, DIRTY: when the answer must have come */

    uint64_t number;  /* LEASED: of the lease; 0 otherwise */
    uint64_t revoked; /* the lease that close took away; 0: none */
    int64_t leased_ns;
    bool leak_told;   /* LEASED: for too long, as was told */
    int64_t since_ns; /* DIALING: since when; later: since when it is up */
    const char *label;
};

struct s7_pool_list {
    struct s7_pool_conn *first, *last;
    unsigned n;
};

enum s7_pool_phase {
    S7_POOL_NEW,
    S7_POOL_STARTING,
    S7_POOL_OPEN,
    S7_POOL_FAILING,  /* the start failed; what it made is being closed, then NEW again */
    S7_POOL_DRAINING, /* close was called */
    S7_POOL_SHUT
};

enum { S7_WAITER_FREE, S7_WAITER_WAITING, S7_WAITER_SETTLED };

struct s7_pool_waiters {
    struct s7_pool_waiter *first, *last;
    unsigned n;
};

/* Places that were made together. */
struct s7_pool_block {
    struct s7_pool_block *next;
    struct s7_pool_conn conns[];
};

struct s7_pool_core {
    struct s7_pool_rules rules;
    struct s7_pool_conn *conns[S7_POOL_SIZE_MAX]; /* the first n_places */
    unsigned n_places;                            /* the largest size so far: there are no more */
    struct s7_pool_block *blocks;
    struct s7_pool_list lists[S7_POOL_STATES];
    struct s7_pool_conn *todo_first, *todo_last;

    struct s7_pool_waiters waiting, settled;
    struct s7_heap_node *due; /* the waiting ones by deadline */
    uint64_t due_seq;

    enum s7_pool_phase phase;
    unsigned start_want; /* connections that the start asks for */
    s7_status start_status, close_status;
    bool start_due, close_due; /* actions STARTED and CLOSED */
    int64_t start_deadline_ns, close_deadline_ns;
    bool paused, pausing; /* pausing: somebody waits until all are closed */
    bool pause_due;       /* action PAUSED */
    s7_status pause_status;
    int64_t pause_deadline_ns;
    bool renewing;      /* a connection waits for its replacement */
    int64_t now_ns;     /* of the last event */
    int64_t slept_ns;   /* that the machine had slept, as was told last; S7_NEVER_NS: nothing was */
    int64_t soonest_ns; /* s7_pool_settle has nothing to do before, unless something happens */
    int64_t origin_ns;  /* where the periods of the checks count from */

    unsigned n_condemned;
    bool down;             /* dialing failed and nothing is up: true until a dial goes well */
    bool denied, no_place; /* no dial until allowed; for want of a place */
    unsigned yields;       /* connections that the group still asks for */
    bool stumbled;  /* the last dial failed with others up, and not by the PLC: it waits for dial_at_ns */
    bool told_down; /* event DOWN, and UP not yet */
    int64_t told_down_ns;
    s7_status dial_error; /* of the last dial */
    s7_status cause; /* why the last dial failed or the last connection ended; S7_OK since a dial went well */
    int64_t down_since_ns;          /* nothing is up since then, for cause; S7_NEVER_NS otherwise */
    int64_t dial_at_ns, backoff_ns; /* while the PLC is down, or stumbled */
    unsigned limit;                 /* what the PLC seems to allow; size: nothing known */
    int64_t grow_at_ns, grow_ns;    /* the next attempt past the limit */

    uint64_t numbers; /* leases given so far */
    uint64_t gets, gets_waited, gets_failed, puts, misuse, health_checks, health_check_failures;
    uint64_t gets_timed_out, gets_cancelled, leaks, dials, denials, outages, reconnects;
    uint64_t connects, connect_failures, closed[S7_POOL_CLOSE_REASONS];
    uint64_t dial_failures[S7_POOL_DIAL_FAILURES];
    struct s7_histogram wait, lease, connect;

    s7_pool_event *events; /* a ring of S7_POOL_EVENTS_KEPT; NULL: nobody listens */
    unsigned events_first, n_events;
    uint64_t events_lost;
    s7_pool_event unheard; /* where one that is not kept is written */
};

static inline unsigned s7_pool_n(const s7_pool_core *core, enum s7_pool_state state)
{
    return core->lists[state].n;
}

/* Connections of which the PLC knows, but for those being made. */
static inline unsigned s7_pool_total(const s7_pool_core *core)
{
    return core->n_places - s7_pool_n(core, S7_POOL_FREE) - s7_pool_n(core, S7_POOL_DIALING);
}

/* Connections that are up as far as anybody knows. */
static inline unsigned s7_pool_up(const s7_pool_core *core)
{
    return s7_pool_total(core) - s7_pool_n(core, S7_POOL_CLOSING) - core->n_condemned;
}

/* Those that hold a place: being made as well. */
static inline unsigned s7_pool_taken(const s7_pool_core *core)
{
    return s7_pool_total(core) + s7_pool_n(core, S7_POOL_DIALING);
}

/* Connections above the size that are not being closed. */
static inline unsigned s7_pool_excess(const s7_pool_core *core)
{
    unsigned held = s7_pool_taken(core) - s7_pool_n(core, S7_POOL_CLOSING);

    return held > core->rules.size ? held - core->rules.size : 0;
}

/* Those that could be lent, now or when their check was answered. */
static inline unsigned s7_pool_ready(const s7_pool_core *core)
{
    return s7_pool_n(core, S7_POOL_IDLE) + s7_pool_n(core, S7_POOL_CHECKING);
}

/* ---- pool_core.c ---- */

/* The policy: do whatever follows from the state that an event left behind. */
void s7_pool_settle(s7_pool_core *core, int64_t now_ns);
/* Nothing follows from a lease that is given or comes back now, but that its connection's own time comes:
 * s7_pool_note_lease instead of s7_pool_settle is enough. */
bool s7_pool_is_quiet(const s7_pool_core *core, int64_t now_ns);
void s7_pool_note_lease(s7_pool_core *core, const struct s7_pool_conn *conn);
void s7_pool_note_warm(s7_pool_core *core, int64_t now_ns);
void s7_pool_end_start(s7_pool_core *core, s7_status status);

/* Is there an edge in the picture? */
bool s7_pool_is_edge(enum s7_pool_state from, enum s7_pool_state to);

/* ---- pool_edges.c ---- */

int64_t s7_pool_later(int64_t now_ns, int64_t by_ns); /* S7_NEVER_NS if either is */

void s7_pool_dial(s7_pool_core *core, struct s7_pool_conn *conn);
void s7_pool_give(s7_pool_core *core, struct s7_pool_conn *conn, const char *label, int64_t now_ns);
void s7_pool_lend(s7_pool_core *core, struct s7_pool_conn *conn, struct s7_pool_waiter *waiter,
                  int64_t now_ns);
void s7_pool_fail(s7_pool_core *core, struct s7_pool_waiter *waiter, s7_status status);
void s7_pool_begin_check(s7_pool_core *core, struct s7_pool_conn *conn, int64_t now_ns);
void s7_pool_check_failed(s7_pool_core *core, struct s7_pool_conn *conn);

/* Each connection has its own moment in the period, so that checks are spread evenly over it. */
int64_t s7_pool_next_check_ns(const s7_pool_core *core, const struct s7_pool_conn *conn, int64_t now_ns);

/* Nobody holds it and no answer of a borrower is owed: to IDLE, or to CHECKING when that goes on. */
void s7_pool_rest(s7_pool_core *core, struct s7_pool_conn *conn, int64_t now_ns);

/* To CLOSING; condemn: a lent one not before it is put. */
void s7_pool_retire(s7_pool_core *core, struct s7_pool_conn *conn, s7_pool_close_reason reason);
void s7_pool_retire_held(s7_pool_core *core, s7_pool_close_reason reason); /* all that is not lent */
void s7_pool_condemn(s7_pool_core *core, struct s7_pool_conn *conn, s7_pool_close_reason reason);

/* ---- pool_turnover.c: connections that go although nothing is wrong with them ---- */

/* Draw how long a new one may live. */
void s7_pool_be_born(const s7_pool_core *core, struct s7_pool_conn *conn, uint64_t random, int64_t now_ns);

/* One that comes back: must it be closed rather than lent again? */
bool s7_pool_must_go(const s7_pool_core *core, const struct s7_pool_conn *conn, int64_t now_ns,
                     s7_pool_close_reason *reason);

/* Close those that nobody holds and that are too many or too old; all of them while paused. */
void s7_pool_turn_over(s7_pool_core *core, int64_t now_ns);
void s7_pool_note_renewal(s7_pool_core *core, int64_t now_ns); /* sets renewing */
int64_t s7_pool_turnover_at_ns(const s7_pool_core *core);      /* when it has something to do next */
void s7_pool_end_pause(s7_pool_core *core, s7_status status);  /* if anybody waits for it */
void s7_pool_watch_pause(s7_pool_core *core, int64_t now_ns);

/* ---- pool_denied.c ---- */

/* Close idle connections that the group asks for; when there is one to close next. */
void s7_pool_yield_idle(s7_pool_core *core, int64_t now_ns);
int64_t s7_pool_yield_at_ns(const s7_pool_core *core);
bool s7_pool_may_yield(const s7_pool_core *core, const struct s7_pool_conn *conn, int64_t now_ns);

/* ---- pool_leap.c ---- */

/* If the process did not run since the last event: go on as if no time had passed for connections, and ask
 * each that is idle whether it lives. */
void s7_pool_note_leap(s7_pool_core *core, int64_t now_ns);

/* ---- pool_tell.c ---- */

/* Note an event; the rest may be filled in until the next one. conn NULL: it concerns none. */
s7_pool_event *s7_pool_tell(s7_pool_core *core, s7_pool_event_kind kind, const struct s7_pool_conn *conn,
                            int64_t now_ns);

void s7_pool_tell_wait(s7_pool_core *core, const struct s7_pool_waiter *waiter,
                       const struct s7_pool_conn *conn, s7_status status, int64_t now_ns); /* its end */
void s7_pool_tell_leaks(s7_pool_core *core, int64_t now_ns);
int64_t s7_pool_leak_at_ns(const s7_pool_core *core); /* when the next one has to be told */

/* A lease is given; is over. */
void s7_pool_tell_borrow(s7_pool_core *core, const struct s7_pool_conn *conn, int64_t waited_ns,
                         int64_t now_ns);
void s7_pool_note_return(s7_pool_core *core, const struct s7_pool_conn *conn, s7_status why, int64_t now_ns);
void s7_pool_tell_return(s7_pool_core *core, const struct s7_pool_conn *conn, s7_status why, int64_t now_ns);

/* Does a dial that failed say anything of the PLC? */
bool s7_pool_is_refusal(s7_status why);

/* A dial has failed. */
void s7_pool_note_failure(s7_pool_core *core, const struct s7_pool_conn *conn, s7_status why, int64_t now_ns);

/* ---- pool_lists.c ---- */

/* Let there be places for so many connections, at least; new ones are FREE. S7_E_NOMEM: all is as before. */
S7_MUST_CHECK s7_status s7_pool_make_places(s7_pool_core *core, unsigned size);
void s7_pool_free_places(s7_pool_core *core);

/* The only function that moves a connection between lists. IDLE is ordered by the last put, the latest
 * first; FREE by number. */
void s7_pool_move(s7_pool_core *core, struct s7_pool_conn *conn, enum s7_pool_state to);

/* Say what the adapter is to do with a connection; takes the place of what it has not taken yet. */
void s7_pool_ask(s7_pool_core *core, struct s7_pool_conn *conn, int todo);
struct s7_pool_conn *s7_pool_asked(s7_pool_core *core, int *todo); /* NULL: nothing */

/* Waiting until deadline; settled with what waiter->status and ->lease say; taken back from either. */
void s7_pool_wait(s7_pool_core *core, struct s7_pool_waiter *waiter, int64_t deadline_ns);
void s7_pool_settle_waiter(s7_pool_core *core, struct s7_pool_waiter *waiter);
void s7_pool_forget_waiter(s7_pool_core *core, struct s7_pool_waiter *waiter);
struct s7_pool_waiter *s7_pool_next_due(const s7_pool_core *core, int64_t now_ns); /* NULL: none */

#endif
