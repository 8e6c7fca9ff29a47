/* adapter_impl.h - what stands behind adapter.h. For adapter*.c and workers*.c only.
 *
 * A call is a job from its beginning to its end. adapter.c makes it, refuses what one may not ask, and tells
 * its end; how it is done is what the two tables of functions differ in. */
#ifndef SCENARIOS_ADAPTER_IMPL_H
#define SCENARIOS_ADAPTER_IMPL_H

#include "client/mux_loop.h"
#include "scenarios/adapter.h"
#include "scenarios/adapter_crew.h"
#include "scenarios/adapter_events.h"

#include <s7rig/token.h>

enum sc_job_kind {
    SC_POOL_START,
    SC_POOL_PAUSE,
    SC_POOL_CLOSE,
    SC_POOL_GET,
    SC_POOL_SUBMIT,
    SC_POOL_DIRECT,
    SC_CLIENT_CONNECT,
    SC_CLIENT_SUBMIT,
    SC_CLIENT_CLOSE
};

struct sc_jobs {
    struct sc_job *first, *last;
};

/* A call under way, until its end is told. */
struct sc_job {
    bool over; /* sc_job_end was called */
    struct sc_jobs *in;
    struct sc_job *next, *prev;
    enum sc_job_kind kind;
    struct sc_adapter *adapter;
    struct sc_pool *pool;     /* either this */
    struct sc_client *client; /* or that */
    struct sc_call *call;
    /* what was asked, as far as the kind has it */
    uint32_t timeout_ms;
    const char *label;
    struct sc_lease lease;
    bool write;
    s7_item *items;
    size_t n_items;
    s7_token *token; /* thread; NULL: it cannot be withdrawn */
    union {
        struct s7_pool_request request; /* loop */
        struct s7_mux_op op;            /* loop, SC_POOL_DIRECT */
        struct sc_chore chore;          /* thread */
    } how;
};

#define SC_WHERE_CAP 96 /* of an endpoint, for error texts */
#define SC_LABEL_CAP 32

struct sc_label {
    struct sc_label *next;
    char text[SC_LABEL_CAP];
};

struct sc_pool {
    struct sc_pool *next;
    struct sc_adapter *adapter;
    union {
        s7_pool_loop *loop;
        s7_pool *thread;
    } how;
    struct s7_mux_loop *mux; /* loop */
    struct sc_listener listener;
    char where[SC_WHERE_CAP], name[SC_WHERE_CAP];
    uint32_t request_ms;
    struct sc_label *labels;
    struct sc_jobs submits; /* those of this pool; all other jobs are in the adapter's list */
    uint64_t misuse;        /* calls that were refused before the pool saw them */
};

struct sc_client {
    struct sc_client *next;
    struct sc_adapter *adapter;
    union {
        s7_conn *loop;
        s7_client *thread;
    } how;
    char where[SC_WHERE_CAP];
    struct sc_job *job; /* the call under way */
    bool up;            /* loop */
};

struct sc_adapter_ops {
    /* pool->adapter and client->adapter are set. */
    s7_status (*pool_new)(struct sc_pool *pool, const char *endpoint, const s7_pool_options *options,
                          s7_errinfo *err);
    s7_status (*client_new)(struct sc_client *client, const char *endpoint, const s7_client_options *options,
                            s7_errinfo *err);
    /* Ends by sc_job_end or sc_job_refuse, now or later. */
    void (*begin)(struct sc_job *job);
    /* Of one that is not over; false: it cannot be. */
    bool (*cancel)(struct sc_job *job);
    s7_status (*put)(struct sc_pool *pool, struct sc_lease lease);
    s7_status (*discard)(struct sc_pool *pool, struct sc_lease lease, s7_status why);
    s7_status (*resize)(struct sc_pool *pool, unsigned size);
    s7_status (*resume)(struct sc_pool *pool);
    s7_status (*refresh)(struct sc_pool *pool);
    void (*pool_stats)(struct sc_pool *pool, s7_pool_stats *stats);
    const char *(*pool_fault)(struct sc_pool *pool); /* NULL: it cannot be asked */
    bool (*client_is_up)(const struct sc_client *client);
    /* Nothing was begun unless S7_OK; all end by sc_worker_is_done. */
    s7_status (*workers_begin)(struct sc_workers *workers);
    /* stop is set: wake those that pause. */
    void (*workers_wake)(struct sc_workers *workers);
    /* No job ends and no worker goes on after this. */
    void (*halt)(struct sc_adapter *adapter);
    void (*pool_free)(struct sc_pool *pool);
    void (*client_free)(struct sc_client *client);
};

struct sc_adapter {
    const struct sc_adapter_ops *ops;
    s7_loop *loop;
    struct sc_crew *crew; /* thread */
    unsigned tokens;      /* thread: of jobs; each takes a descriptor */
    struct sc_events *events;
    struct sc_pool *pools;
    struct sc_client *clients;
    struct sc_workers *workers;
    struct sc_jobs jobs;
    struct sc_call *ended_first, *ended_last; /* to be told by the timer */
    s7_timer timer;
    bool telling, freed; /* inside a function; freed there */
};

/* S7_E_NOMEM. */
S7_MUST_CHECK s7_status sc_adapter_new(const struct sc_adapter_ops *ops, s7_loop *loop,
                                       struct sc_adapter **out);

/* The job is over; its call will be told in the next turn. err NULL, or empty: the status in words. */
void sc_job_end(struct sc_job *job, s7_status status, const s7_errinfo *err);

/* The same for a job of which nothing was done: each of its items carries the status. */
void sc_job_refuse(struct sc_job *job, s7_status status, const s7_errinfo *err);

/* For calls without a job: status and err are set. */
void sc_call_end(struct sc_adapter *adapter, struct sc_call *call);

#endif
