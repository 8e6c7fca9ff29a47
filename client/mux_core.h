/* mux_core.h - many callers over few connections, as a state machine: requests, sessions and now in, jobs and
 * outcomes out.
 *
 * Decides whose job goes next into which session, which reads travel together, and when another connection
 * is wanted or one can be given back. Knows no socket, clock, lock or pool. Adapters (pool_mux.c, mux_loop.c)
 * drive the sessions, borrow and give back.
 *
 * Order. First come, first served, one job at a time: a request that needs several jobs goes to the end of
 * the queue after each, so that a long one holds up nobody. The lanes are filled one after the other, in the
 * order in which they were added: those that are not needed run empty. Jobs of one read may travel in several
 * lanes, those of one write only in one, so that the PLC takes them in their order.
 *
 * Merging. With coalesce_ns a read that is short enough waits that long for others, and longer while no lane
 * has room; not one that has less than twice that time. Reads of places that are equal, overlap, or are no
 * further apart than `gap` become one item, as many items as fit become one job. Each request gets its own
 * bytes and statuses. What the PLC refuses for several together is asked again for each alone.
 *
 * A lane from which an answer did not come in time (answer_ns) gets no more jobs, and counts as lost for what
 * waits there: its connection may be dead.
 *
 * A lane that is lost: its reads are begun anew in another one, read_retries times at most; writes fail, with
 * S7_E_OUTCOME_UNKNOWN when bytes of theirs left. Nothing that changes the PLC is sent twice.
 *
 * Allocates only batches of merged reads, which are kept for the next ones; without memory nothing is merged.
 * Not thread-safe. Times as in pool_core.h. */
#ifndef CLIENT_MUX_CORE_H
#define CLIENT_MUX_CORE_H

#include "client/transfer.h"
#include "loop/heap.h"
#include "loop/never.h"

typedef struct s7_mux_core s7_mux_core;

#define S7_MUX_LABEL "multiplexed" /* as a borrower */

/* A gap that is not longer costs no more than asking twice: an item in the request, its head in the answer.
 */
#define S7_MUX_GAP_AUTO (S7_ITEM_LEN + 4)

struct s7_mux_rules {
    unsigned max_lanes;  /* at a time */
    int64_t coalesce_ns; /* 0: nothing is merged */
    uint32_t gap;        /* longest gap that is read along with its neighbours, in bytes */
    unsigned read_retries;
    int64_t owed_ns; /* how long a lane is used on which an answer is owed: request_ms */
    int64_t hold_ns; /* how long a lane is used at a stretch, so that the pool can look after it */
};

struct s7_mux_batch;
struct s7_mux_lane;
struct s7_mux_request;

/* Something that is sent as a sequence of jobs: one request, or a batch of merged ones. Private. */
struct s7_mux_unit {
    struct s7_mux_unit *next, *prev;
    bool ready;             /* in the queue: it has a job to submit */
    uint64_t turn;          /* its place in the queue */
    struct s7_mux_lane *at; /* a write: where jobs of it are in flight; NULL: anywhere */
    s7_status broke;        /* why a lane was lost that had a job of it; S7_OK: none was */
    struct s7_mux_request *request;
    struct s7_mux_batch *batch; /* one of the two */
    struct s7_transfer transfer;
};

enum s7_mux_where {
    S7_MUX_FREE,
    S7_MUX_GATHERING, /* waits for others to be merged with */
    S7_MUX_ALONE,     /* its own unit is ready or in flight */
    S7_MUX_MERGED,    /* in a batch */
    S7_MUX_OVER       /* its outcome was not taken yet */
};

/* One call; embedded by its caller. May not move, nor its items, until its outcome was taken. */
struct s7_mux_request {
    struct s7_mux_unit unit;            /* private, but for transfer.items and what s7_mux_result tells */
    struct s7_mux_request *next, *prev; /* of a queue, a batch, or the outcomes */
    enum s7_mux_where where;
    struct s7_mux_batch *batch;
    struct s7_heap_node due; /* its deadline, or when its answer should be there */
    int64_t deadline_ns, answer_ns;
    int64_t asked_ns, sent_ns; /* when it was submitted, and the last job of it */
    uint64_t turn;             /* GATHERING: its place */
    int64_t since_ns;          /* GATHERING */
    unsigned repeats;          /* after lanes that were lost */
    bool apart;                /* not to be merged (any more) */
    bool withdrawn;
    bool unserved; /* it failed while no connection was there for it */
};

/* A connection that the adapter has borrowed; embedded by it. */
struct s7_mux_slot {
    uint64_t id; /* of a job in flight; 0: free */
    struct s7_mux_unit *unit;
};

struct s7_mux_lane {
    s7_session *session;
    struct s7_mux_lane *next, *prev; /* private from here on, but to look at */
    struct s7_mux_slot slots[S7_SESSION_MAX_JOBS];
    unsigned in_flight;
    int64_t since_ns;
    int64_t owed_since_ns; /* S7_NEVER_NS: no answer is owed */
    bool used;             /* it has had a job */
    bool leaving;          /* no more jobs for it */
    bool lost;
    bool stirred; /* its session has bytes to send or events to be taken; the adapter's to clear */
};

/* S7_E_NOMEM. */
S7_MUST_CHECK s7_status s7_mux_core_new(const struct s7_mux_rules *rules, s7_mux_core **out);
void s7_mux_core_free(s7_mux_core *mux); /* NULL is fine; requests and lanes are forgotten */

/* ---- requests ---- */

/* Check what is asked for, on any thread. S7_E_ARG: as s7_transfer_begin says. */
S7_MUST_CHECK s7_status s7_mux_prepare(struct s7_mux_request *request, bool write, s7_item *items,
                                       size_t n_items, s7_errinfo *err);

/* Queue what was prepared. answer_ns: how long an answer may take from when its job was sent; S7_NEVER_NS:
 * until the deadline. */
void s7_mux_submit(s7_mux_core *mux, struct s7_mux_request *request, int64_t deadline_ns, int64_t answer_ns,
                   int64_t now_ns);

/* Withdraw it because of why. Its outcome follows, at once when none of its jobs is in flight, else when the
 * events of the stirred lanes were taken; S7_E_OUTCOME_UNKNOWN for a write of which bytes left. */
void s7_mux_withdraw(s7_mux_core *mux, struct s7_mux_request *request, s7_status why, const char *detail);

/* All requests of which nothing is in flight fail because of why; unserved. */
void s7_mux_fail_waiting(s7_mux_core *mux, s7_status why);

/* Withdraw what is due. vain: what those are told who wait while there is no lane. */
void s7_mux_tick(s7_mux_core *mux, s7_status vain, int64_t now_ns);

/* When to call tick and feed if nothing else happens; S7_NEVER_NS. */
int64_t s7_mux_deadline(const s7_mux_core *mux);

/* Take an outcome; NULL: none. */
struct s7_mux_request *s7_mux_next_over(s7_mux_core *mux);

/* What it is, as s7_transfer_result. */
s7_status s7_mux_result(struct s7_mux_request *request, s7_errinfo *err);

/* ---- lanes ---- */

/* A session that is READY and that nobody else uses. */
void s7_mux_lane_add(s7_mux_core *mux, struct s7_mux_lane *lane, s7_session *session, int64_t now_ns);

/* Submit what the windows allow. */
void s7_mux_feed(s7_mux_core *mux, int64_t now_ns);

/* An event of a lane's session; false: it is none of ours. */
bool s7_mux_event(s7_mux_core *mux, struct s7_mux_lane *lane, const struct s7_event *event);

/* The lane's connection has ended, or was taken away: whatever is in flight is lost. */
void s7_mux_lane_lost(s7_mux_core *mux, struct s7_mux_lane *lane, s7_status why, const char *detail);

/* What others ask of the pool. */
struct s7_mux_demand {
    unsigned waiting; /* callers that wait for a connection, our own call not counted */
    unsigned up;      /* connections of the pool that are up, lent or not */
};

/* Before feeding: which lanes get no more jobs, and go when they have run empty? Those that were held, or
 * owed an answer, for long enough; and, while others wait, all that they ask for but one. When it is the only
 * connection of the pool, that one goes as well: we take turns. None goes before it had a window of jobs. */
void s7_mux_review(s7_mux_core *mux, struct s7_mux_demand demand, int64_t now_ns);

/* Fed before: a lane without a job in flight, which can be given back, removed; NULL: none. */
struct s7_mux_lane *s7_mux_next_leaver(s7_mux_core *mux);

/* Fed before: is there something to send for which no lane has room, and may one more be borrowed? */
bool s7_mux_wants_lane(const s7_mux_core *mux, struct s7_mux_demand demand, int64_t now_ns);

/* ---- questions ---- */

unsigned s7_mux_lanes(const s7_mux_core *mux);
struct s7_mux_lane *s7_mux_first_lane(const s7_mux_core *mux); /* then ->next; mux NULL: NULL */
bool s7_mux_is_idle(const s7_mux_core *mux);                   /* no request */

struct s7_mux_stats {
    uint64_t calls;  /* requests that were accepted */
    uint64_t jobs;   /* submitted for them */
    uint64_t merged; /* requests that were answered together with others */
};
const struct s7_mux_stats *s7_mux_stats_of(const s7_mux_core *mux);

#endif
