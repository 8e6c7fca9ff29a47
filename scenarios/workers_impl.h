/* workers_impl.h - workers as both adapters have them: what one does next, and what is counted. For
 * workers*.c and adapter*.c only.
 *
 * A worker belongs to whoever drives it: a timer and calls on the loop (workers_loop.c), a thread of its own
 * (workers_thread.c). What they share is guarded by the mutex. */
#ifndef SCENARIOS_WORKERS_IMPL_H
#define SCENARIOS_WORKERS_IMPL_H

#include "scenarios/adapter_impl.h"

#include <pthread.h>

#define SC_WORKER_LABEL "worker"

struct sc_worker {
    struct sc_workers *workers;
    unsigned number;
    uint64_t iteration; /* of this many it is over */
    s7_item item;
    uint8_t *bytes; /* what a read brings */
    bool wrong;     /* and that was not what it must be */
    union {
        struct {
            struct sc_call call;
            struct sc_lease lease;
            s7_timer timer; /* begins the next iteration */
        } loop;
        struct sc_chore chore; /* thread */
    } how;
};

struct sc_workers {
    struct sc_workers *next;
    struct sc_pool *pool;
    struct sc_call *call;
    struct sc_work work; /* with copies of its own */
    uint8_t *bytes;      /* of all reads */
    pthread_mutex_t mutex;
    pthread_cond_t stopped; /* CLOCK_MONOTONIC */
    bool stop;
    struct sc_work_stats stats;
    struct sc_worker all[];
};

/* ---- workers.c ---- */

void sc_workers_free_all(struct sc_adapter *adapter);

/* Is there a next iteration? */
bool sc_worker_goes_on(struct sc_worker *worker);

/* Set item for this iteration. */
void sc_worker_aim(struct sc_worker *worker);

/* What the answer is worth: its status; of the item, where that failed; S7_E_PROTOCOL, and err says it, when
 * a read brought the wrong bytes. */
s7_status sc_worker_judge(struct sc_worker *worker, s7_status status, s7_errinfo *err);

/* The iteration is over. */
void sc_worker_note(struct sc_worker *worker, s7_status status, const s7_errinfo *err);

/* On the loop's thread: it does not go on. The last one ends the call. */
void sc_worker_is_done(struct sc_worker *worker);

/* now plus the pause. */
int64_t sc_worker_pause_until(const struct sc_worker *worker, int64_t now_ns);

/* ---- workers_loop.c, workers_thread.c: see struct sc_adapter_ops ---- */

s7_status sc_workers_loop_begin(struct sc_workers *workers);
void sc_workers_loop_wake(struct sc_workers *workers);
void sc_workers_loop_halt(struct sc_workers *workers);

s7_status sc_workers_thread_begin(struct sc_workers *workers);
void sc_workers_thread_wake(struct sc_workers *workers);

#endif
