/* pool_thread_impl.h - what pool_thread.c (life), pool_lend.c and pool_place.c (borrowing), pool_care.c
 * (maintenance), pool_lease.c (leases) and pool_chores.c (the pool's thread) share. For these only.
 *
 * One mutex guards everything below that is not said to be otherwise. It is never held while a socket is
 * touched, but for the non-blocking shutdown of a lease that is taken away. It is taken with s7_pool_lock and
 * s7_pool_wait_for_change only, which recall the warm place: so the core is never asked or told anything
 * while it does not know what is lent. Callers that are told something are woken up when it is released, and
 * need it no more.
 *
 * Who may touch a connection's client (struct s7_direct) and socket? Its borrower while it is LEASED, or
 * WARM; the pool's thread in all other states. Where a connection under check is lent, its new borrower waits
 * until the pool's thread has its hands off it (`handled`); that thread, which handles a connection with the
 * mutex released, looks at the state again afterwards. */
#ifndef CLIENT_POOL_THREAD_IMPL_H
#define CLIENT_POOL_THREAD_IMPL_H

#include "client/client_pooled.h"
#include "client/pool_group.h"
#include "client/pool_place.h"
#include "client/pool_settings.h"
#include "loop/bell.h"
#include "loop/watch.h"

#include <pthread.h>

/* Leases are used again in the order of their return, so that a stale one is recognised for as many later
 * ones. */
#define S7_POOL_LEASES_SPARE 1024

struct s7_pool_lent;
struct s7_pool_mux;

struct s7_pool_member {
    struct s7_direct *direct;
    struct s7_pool_lent *lent; /* LEASED: to whom */
    int fd;                    /* -1: none. Written by the pool's thread alone, which also closes it */
    uint32_t dials;            /* so far: tells events of an earlier socket apart */
    bool handled;              /* by the pool's thread, right now */
    bool taken_away;           /* its borrower may still be inside: close it when he is not */
    uint64_t late_seen;        /* late answers that are counted already */
    /* dialing */
    unsigned nth, n_addresses;
    bool tcp_up;
    int64_t dial_until_ns; /* TCP must be up by then, whichever address */
    int64_t until_ns;      /* this address, or the handshake */
};

/* What a borrower holds: the head is his s7_client. state and direct are read without the mutex. */
enum { S7_LENT_FREE, S7_LENT_OUT, S7_LENT_TAKEN_AWAY };
struct s7_pool_lent {
    struct s7_client head;
    s7_pool *pool;
    atomic_int state;
    _Atomic(struct s7_direct *) direct;
    struct s7_pool_lease lease;
    const char *label;
    struct s7_pool_lent *next; /* free */
};

/* What wakes up a caller that sleeps: its outcome, or that its token may have been cancelled. */
enum { S7_CALLER_TOLD = 1, S7_CALLER_LOOKS };

struct s7_pool_caller { /* one that waits in s7_pool_get, or is told without waiting */
    struct s7_pool_waiter waiter;
    struct s7_bell bell;         /* it sleeps, without the mutex */
    struct s7_pool_caller *next; /* to be woken up */
    bool done, sleeping;
    void (*told)(struct s7_pool_caller *caller); /* called with the mutex when it is done; NULL: nobody is */
    s7_status status;
    struct s7_pool_lent *lent;
    bool handled; /* the connection was, when it was lent */
    s7_errinfo *err;
    s7_token *cancel; /* NULL: nothing cancels */
};

struct s7_pool {
    unsigned forks; /* of the process, when it was made */
    struct s7_pool_settings settings;
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* a start or close is over, hands are off a connection */
    s7_pool_core *core;
    s7_watch *watch;
    struct s7_pool_share share; /* of the group, which has a mutex of its own */
    pthread_t thread;
    struct s7_pool_caller *to_wake; /* those that were told since the mutex was taken */
    bool running, stop;             /* the thread: made; is to end */
    int64_t sleeping_until_ns;      /* the thread sleeps; INT64_MIN: it is awake and will look itself */
    bool start_over, pause_over, closed;
    s7_status start_status, pause_status, close_status;
    s7_errinfo dial; /* the last dial that failed */
    uint64_t late_answers;
    atomic_ullong stale; /* calls on stale leases */
    struct s7_pool_mux *mux;
    struct s7_pool_member members[S7_POOL_SIZE_MAX];
    unsigned n_members; /* that were made: one for each place there ever was */
    struct s7_pool_lent *free_first, *free_last, *leases;
    size_t n_leases, n_touched;     /* the first ones, which were lent once */
    struct s7_pool_lent place_lent; /* the lease that was recalled from the place */
    struct s7_pool_place place;     /* guarded by itself */
};

/* ---- pool_thread.c ---- */

extern atomic_uint s7_pool_forks; /* how often this process is somebody's child */

/* Did the process fork since? Asked before any lock. */
static inline bool s7_pool_is_forked(const s7_pool *pool)
{
    return atomic_load_explicit(&s7_pool_forks, memory_order_relaxed) != pool->forks;
}

/* Is this the pool's thread, which must not wait for itself? With the mutex. */
bool s7_pool_is_own_thread(const s7_pool *pool);

void s7_pool_lock(s7_pool *pool);
void s7_pool_unlock(s7_pool *pool);
void s7_pool_wait_for_change(s7_pool *pool);

/* After each event: tell callers what the core decided, and wake the pool's thread if it has something to do.
 */
void s7_pool_after_event(s7_pool *pool);

/* Give err to the context's: "<what> of 192.168.0.1:102: ...". Returns status. */
s7_status s7_pool_complain(const s7_ctx *ctx, const s7_pool *pool, const char *what, s7_status status,
                           const char *detail);

/* Make clients for `size` connections; those there are stay. S7_E_NOMEM. */
s7_status s7_pool_make_members(s7_pool *pool, unsigned size);

/* Does the pool's thread call, from a function of its events? It must not wait for itself. */
bool s7_pool_asks_itself(s7_pool *pool);

bool s7_pool_cond_init(pthread_cond_t *cond); /* of the monotonic clock; false: no memory */

/* ---- pool_lend.c ---- */

/* s7_pool_get and s7_pool_put, or discard, with the mutex. */
s7_status s7_pool_get_slowly(s7_pool *pool, const s7_ctx *ctx, s7_client **out);
s7_status s7_pool_put_slowly(s7_pool *pool, s7_client *client, bool discard, s7_status why);

/* The connection that a caller was granted becomes his. Any status but S7_OK: it was taken away meanwhile. */
S7_MUST_CHECK s7_status s7_pool_take_lease(s7_pool *pool, struct s7_pool_caller *caller, s7_client **out);

/* Nobody is inside, or may be: is there nothing about it that the core would have to be told at its put? */
bool s7_pool_is_spotless(const struct s7_pool_member *member);

/* ---- pool_lease.c ---- */

s7_status s7_pool_leases_new(s7_pool *pool);
struct s7_pool_lent *s7_pool_lent_new(s7_pool *pool, struct s7_pool_lease lease, const char *label);
void s7_pool_lent_end(s7_pool *pool, struct s7_pool_lent *lent, int state);

/* The lease that is out, or was taken away from who has it. NULL: S7_E_MISUSE: it is over; S7_E_FOREIGN: no
 * lease of this pool. */
struct s7_pool_lent *s7_pool_lent_of(s7_pool *pool, const s7_client *client, s7_status *why);

/* ---- pool_chores.c ---- */

void *s7_pool_chores(void *pool);

#endif
