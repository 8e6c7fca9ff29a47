/* pool_mux_impl.h - what pool_mux.c (connections), pool_mux_serve.c (who serves all) and pool_mux_call.c
 * (callers) share. For these only.
 *
 * One mutex guards all of it but the inbox, and is taken before the pool's. Sockets are touched with it held,
 * but never waited for. Who holds it is inside the clients of all lanes (mux_enter), so that nobody else
 * touches their sessions. It is given back by s7_mux_release only: what others put into the inbox meanwhile,
 * without waiting for it, is served before. */
#ifndef CLIENT_POOL_MUX_IMPL_H
#define CLIENT_POOL_MUX_IMPL_H

#include "client/pool_mux.h"

struct s7_pool_mux_lane {
    struct s7_work work; /* how a client's events come to us */
    struct s7_mux_lane lane;
    struct s7_pool_mux *mux;
    s7_client *client;
    struct s7_direct *direct;      /* inside; NULL: not */
    int poll_at;                   /* its place in what the leader waits for; -1: none */
    struct s7_pool_mux_lane *next; /* spare */
};

/* What wakes up a caller that sleeps: its request is over; it is the leader now; its token may have been
 * cancelled. */
enum { S7_MUX_RING_OVER = 1, S7_MUX_RING_LEAD, S7_MUX_RING_LOOK };

/* On its thread's stack. Who waits is in `waiting` from when its request was taken out of the inbox until it
 * is over; it goes when it was rung OVER, or has seen to its end itself. */
struct s7_mux_caller {
    struct s7_mux_request request;
    struct s7_mux_caller *next, *prev; /* of the inbox, or of those that wait; next: to be rung */
    struct s7_bell bell;
    bool over;
    bool saw;   /* its own thread found it over: nobody rings */
    bool keeps; /* it wakes up in time for all */
    int64_t deadline_ns, answer_ns;
    int64_t until_ns; /* when it wakes up by itself; its own thread's */
    s7_token *cancel;
};

struct s7_pool_mux {
    s7_pool *pool;
    pthread_mutex_t mutex;
    _Atomic(struct s7_mux_caller *) inbox; /* the last one first */
    atomic_int wake_fd;                    /* of the leader; -1: nobody was inside yet */
    s7_mux_core *core;
    struct s7_pool_mux_lane *spare;
    bool closing;

    /* the connection that we have asked the pool for */
    bool asking;
    struct s7_pool_caller ask;
    atomic_bool told;
    int64_t ask_again_ns; /* after one that was refused while we had others */

    /* the callers */
    struct s7_mux_caller *serving; /* who has the mutex; NULL: none of them */
    struct s7_mux_caller *waiting; /* the last one first */
    struct s7_mux_caller *to_ring; /* when the mutex is released */
    struct s7_mux_caller *leader;  /* who waits for the sockets, or has been told to; NULL: nobody */
    bool leader_sleeps;
    int64_t leader_until_ns; /* when the leader wakes up by itself; INT64_MIN: it is awake, and will look */
    int64_t kept_until_ns;   /* or somebody else does: the earlier of both */
};

/* ---- pool_mux.c ---- */

void s7_mux_enter(struct s7_pool_mux *mux); /* the mutex is held */
void s7_mux_leave(struct s7_pool_mux *mux);

/* Do what can be done without waiting: send, borrow, give back, and tell those who are over. */
void s7_mux_drive(struct s7_pool_mux *mux);

/* Take what came for a lane. */
void s7_mux_receive(struct s7_pool_mux_lane *lane);

/* Make what wakes a leader, unless it is there; false: no descriptor is left. Without the mutex. */
bool s7_mux_can_wake(struct s7_pool_mux *mux);

/* The leader looks again. */
void s7_mux_wake_leader(struct s7_pool_mux *mux);

static inline struct s7_pool_mux_lane *s7_mux_lane_of(struct s7_mux_lane *lane)
{
    return (struct s7_pool_mux_lane *)(void *)((char *)lane - offsetof(struct s7_pool_mux_lane, lane));
}

/* ---- pool_mux_serve.c ---- */

/* Take the mutex, on behalf of a caller or of none (NULL). try: false if somebody else has it, who will look
 * into the inbox before he goes. */
void s7_mux_acquire(struct s7_pool_mux *mux, struct s7_mux_caller *caller);
S7_MUST_CHECK bool s7_mux_try_acquire(struct s7_pool_mux *mux, struct s7_mux_caller *caller);

/* Do all that can be done now, for all; release the mutex; and while nobody else waits for the sockets, wait
 * for them until the caller's request is over. */
void s7_mux_serve(struct s7_pool_mux *mux);

/* A request is over: its caller may go. */
void s7_mux_tell(struct s7_pool_mux *mux, struct s7_mux_request *request);

#endif
