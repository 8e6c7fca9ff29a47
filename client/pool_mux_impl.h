/* pool_mux_impl.h - what pool_mux.c (connections) and pool_mux_call.c (callers) share. For these two only.
 *
 * One mutex guards all of it, and is taken before the pool's. Sockets are touched with it held, but never
 * waited for. Who holds it is inside the clients of all lanes (mux_enter), so that nobody else touches their
 * sessions. */
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

struct s7_mux_caller {
    struct s7_mux_request request;
    struct s7_mux_caller *next, *prev; /* of those that sleep */
    pthread_cond_t cond;
    bool over, sleeping, withdrawn;
    bool keeps; /* it wakes up in time for all */
    int64_t deadline_ns;
    s7_token *cancel;
    struct s7_pool_mux *mux;
};

struct s7_pool_mux {
    s7_pool *pool;
    pthread_mutex_t mutex;
    int wake_fd; /* of the leader */
    s7_mux_core *core;
    struct s7_pool_mux_lane *spare;
    bool closing;

    /* the connection that we have asked the pool for */
    bool asking;
    struct s7_pool_caller ask;
    atomic_bool told;
    int64_t ask_again_ns; /* after one that was refused while we had others */

    /* the callers */
    struct s7_mux_caller *leader; /* who waits for the sockets; NULL: nobody */
    struct s7_mux_caller *sleepers;
    int64_t leader_until_ns; /* when the leader wakes up by itself */
    int64_t kept_until_ns;   /* or somebody else does: the earlier of both */
};

/* ---- pool_mux.c ---- */

void s7_mux_enter(struct s7_pool_mux *mux); /* the mutex is held */
void s7_mux_leave(struct s7_pool_mux *mux);

/* Do what can be done without waiting: send, borrow, give back, and tell those who are over. */
void s7_mux_drive(struct s7_pool_mux *mux);

/* Take what came for a lane. */
void s7_mux_receive(struct s7_pool_mux_lane *lane);

/* The leader looks again. */
void s7_mux_wake_leader(const struct s7_pool_mux *mux);

static inline struct s7_pool_mux_lane *s7_mux_lane_of(struct s7_mux_lane *lane)
{
    return (struct s7_pool_mux_lane *)(void *)((char *)lane - offsetof(struct s7_pool_mux_lane, lane));
}

/* ---- pool_mux_call.c ---- */

/* A request is over: its caller may go. */
void s7_mux_tell(struct s7_pool_mux *mux, struct s7_mux_request *request);

#endif
