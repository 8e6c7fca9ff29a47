/* server_impl.h - shared by server.c (life of listeners and connections) and turn.c (what a turn does). */
#ifndef SIMULATOR_SERVER_IMPL_H
#define SIMULATOR_SERVER_IMPL_H

#include "simulator/server.h"
#include "simulator/session.h"

#define SIM_LISTEN_CAP (PLANT_LISTEN_CAP + 8)

struct sim_conn {
    sim_server *server;
    struct sim_station *station;
    s7_stream *stream;
    sim_session *session;
    s7_timer deadline;
    struct sim_conn *prev, *next; /* all connections */
    struct sim_conn *next_active; /* the turn's list */
    bool active;                  /* in the turn's list */
    bool ending;                  /* the session is over: close when what is pending is sent */
    enum sim_refusal end_how;
    int64_t parked_ns; /* since when its next frame, a write, waits for the lock; S7_NEVER_NS: it does not */
};

/* One PLC and its listener. */
struct sim_station {
    sim_server *server;
    struct sim_plc plc;
    s7_listener *listener;
    char address[SIM_LISTEN_CAP];
};

struct sim_server {
    s7_loop *loop;
    plant *plant;
    struct sim_server_options options;
    struct sim_station *stations;
    size_t n_stations;
    struct sim_conn *conns;
    struct sim_conn *active_head, **active_tail;
    s7_turn_hook hook;
    s7_timer upkeep;
    s7_timer retry; /* parked writes */
    bool refusing;  /* the last turn had to refuse its writes */
    bool replaced;  /* the plant file is another one now */
    struct sim_server_stats stats;
};

/* server.c */
void sim_server_note(sim_server *server, const char *kind, const char *text);
void sim_conn_note(struct sim_conn *conn, const char *kind, const char *text);
void sim_conn_close(struct sim_conn *conn, enum s7_close_how how); /* frees conn */

/* turn.c */
void sim_turn_activate(struct sim_conn *conn);   /* its frames are to be run in this turn */
void sim_turn_deactivate(struct sim_conn *conn); /* it goes */
void sim_turn_unpark(struct sim_conn *conn);
void sim_turn_settle(struct sim_conn *conn); /* send on, or close when it ended and all is sent */
s7_turn_fn sim_turn;                         /* the hook */
s7_timer_fn sim_turn_retry;                  /* the timer that tries parked writes again */

#endif
