/* server_impl.h - shared by server.c (life of listeners and connections), turn.c (what a turn does),
 * settle.c (how it ends for a connection), telling.c, obey.c (requests under a fault), armed.c (the life of
 * faults), lasting.c (what of them lasts), door.c and upset.c (those that come at a time), fault_rows.c
 * (those that are rows of the plant), audit.c, ghost.c and tap.c. */
#ifndef SIMULATOR_SERVER_IMPL_H
#define SIMULATOR_SERVER_IMPL_H

#include "simulator/server.h"
#include "simulator/session.h"
#include "simulator/verdict.h"

#define SIM_LISTEN_CAP (PLANT_LISTEN_CAP + 8)

#define SIM_WHY_CAP  96
#define SIM_TSAP_CAP 8 /* bytes that are noted of one */

/* What the requests of a turn can change on a connection; put back when the turn is run again. */
struct sim_conn_turn {
    bool ending; /* the session is over: close when what is pending is sent */
    enum sim_refusal end_how;
    enum sim_role role;   /* asked for in its connection request */
    bool counted;         /* in its station's `admitted` */
    bool judged;          /* the request at the session's head has its verdict */
    bool tapped;          /* and went to the tap */
    int64_t due_ns;       /* judged: not to be run before */
    uint64_t n_judged;    /* requests so far */
    uint64_t once;        /* bits of faults that had their match here */
    bool vanish;          /* the cable is to be taken out before anything is sent, */
    uint64_t vanish_by;   /* by this fault */
    const char *muted_by; /* the fault that silenced it, or NULL */
    bool half_close;      /* the own direction is to be ended when all is sent */
    bool deafen;          /* nothing is to be read any more, */
    uint64_t deafen_by;   /* by this fault */
    uint64_t jobs;        /* run */
    int64_t waits_ns;     /* audited: since when its next request waits; S7_NEVER_NS: it does not */
    uint8_t tsap[SIM_TSAP_CAP], tsap_len; /* called, of its connection request */
    struct sim_verdict verdict;           /* last: only what was judged is marked with it */
};

struct sim_conn {
    sim_server *server;
    struct sim_station *station;
    s7_stream *stream;
    sim_session *session;
    s7_timer deadline;
    struct sim_conn *prev, *next; /* all connections */
    struct sim_conn *next_active; /* the turn's list */
    bool active;                  /* in the turn's list */
    int64_t parked_ns; /* since when its next frame, a write, waits for the lock; S7_NEVER_NS: it does not */
    struct sim_conn_turn turn, mark;
    unsigned ordinal; /* at its PLC, from 1 */
    int64_t accepted_ns;
    s7_timer hold; /* until turn.due_ns */
    s7_timer tell; /* until the PLC has something to tell by itself */
    bool cable_out;
    uint64_t cable_by;
    int64_t cable_back_ns;
    bool hit;                /* by the fault whose time has come */
    bool deaf;               /* nothing is read from it, */
    uint64_t deaf_by;        /* by this fault, */
    int64_t hears_ns;        /* until then */
    int64_t sent_ns;         /* when bytes were sent last, or it was accepted */
    struct sim_shape *shape; /* how what is pending leaves; NULL: as it is */
    struct sim_image torn;   /* torn_read: as the block was when the request came */
    plant_conn *record;      /* its row of `connection`, or NULL */
    bool told_setup;         /* and that has what setup communication agreed on */
    char why[SIM_WHY_CAP];   /* what was noted last of its end */
};

/* What the requests of a turn can change on a PLC, the plant apart. */
struct sim_tally {
    struct sim_plc_stats stats;
    unsigned admitted[SIM_ROLES]; /* connections that are in */
};

/* One PLC and its listener. */
struct sim_station {
    sim_server *server;
    struct sim_plc plc;
    s7_listener *listener;
    char address[SIM_LISTEN_CAP];
    struct sim_armed *armed; /* its faults, in their order */
    struct sim_tally now, mark;
    uint64_t marked_in;      /* turn */
    unsigned shut_by;        /* faults that want the door shut */
    unsigned refuses_writes; /* faults that want that */
    bool shut;
    struct sim_late late; /* writes that were acknowledged and are done later */
    s7_timer late_timer;
};

/* Rows of the plant's table `fault`. */
struct sim_rows {
    struct sim_row *rows; /* fault_rows.c; in the order of their ids */
    size_t n;
    size_t n_wanted;  /* of them armed */
    uint64_t version; /* plant_faults_version when they were read */
    s7_timer look;    /* while a door is shut */
};

struct sim_server {
    struct sim_ghost *ghosts; /* ghost.c */
    s7_loop *loop;
    plant *plant;
    struct sim_server_options options;
    struct sim_station *stations;
    size_t n_stations;
    struct sim_conn *conns;
    struct sim_conn *active_head, **active_tail;
    s7_turn_hook hook;
    s7_timer upkeep;
    s7_timer retry;        /* parked writes */
    bool refusing;         /* the last turn had to refuse its writes */
    uint64_t plcs_version; /* of the plant, when the modes were looked at; 0: look again */
    bool news;             /* this turn brought some that others are to be told */
    bool followed;         /* this turn did what follows from a foreign change of a mode */
    bool replaced;         /* the plant file is another one now */
    bool failing;          /* commits fail */
    bool watches;          /* this turn's jobs are looked at */
    struct sim_seen *seen; /* audit.c; those of this turn, until it stands */
    size_t n_seen, cap_seen;
    uint64_t audits; /* upkeeps, counted */
    struct sim_server_stats stats;
    struct sim_rows rows;
    bool in_turn;                /* of the plant */
    unsigned paused;             /* faults that let nothing happen here */
    unsigned busy;               /* inside a turn or a fault's timer: dropped faults are kept */
    bool any_gone;               /* there are some */
    struct sim_samples *samples; /* of all tables that faults had */
    uint64_t once_used;          /* bits given to faults */
    struct sim_tap *taps;        /* of this turn, until it stands */
    size_t n_taps, cap_taps;
};

/* server.c */
void sim_server_note(sim_server *server, const char *kind, const char *text);
void sim_station_note(struct sim_station *station, const char *kind, const char *text);
void sim_conn_note(struct sim_conn *conn, const char *kind, const char *text);
void sim_conn_close(struct sim_conn *conn, enum s7_close_how how); /* frees conn */
/* As the CPU says now: who is gone without a word frees its place when the silence was long enough. */
void sim_conn_keep_alive(struct sim_conn *conn);
void sim_conn_lost(struct sim_conn *conn, s7_status status); /* the peer ended it; frees conn */

/* turn.c */
void sim_turn_activate(struct sim_conn *conn);   /* its frames are to be run in this turn */
void sim_turn_deactivate(struct sim_conn *conn); /* it goes */
void sim_turn_unpark(struct sim_conn *conn);
void sim_turn_follow(sim_server *server);   /* modes that a foreign program changed, when nobody asks */
void sim_turn_power_on(sim_server *server); /* everybody listens */
/* A turn in which something is done to a PLC; it is noted when it cannot be stored. */
void sim_turn_upset(struct sim_armed *armed,
                    s7_status (*fn)(struct sim_plc *plc, const struct sim_armed *armed));
s7_turn_fn sim_turn;        /* the hook */
s7_timer_fn sim_turn_retry; /* the timer that tries parked writes again */

/* settle.c */
void sim_turn_settle(struct sim_conn *conn); /* send on, or close when it ended and all is sent */
s7_timer_fn sim_turn_due;                    /* the timer of a request that was held */
s7_timer_fn sim_turn_leave;                  /* the timer of an answer that was */

/* Is a request held at its head that is not due yet? */
static inline bool sim_conn_is_held(const struct sim_conn *conn)
{
    return conn->turn.judged && conn->turn.due_ns > s7_loop_now_ns(conn->server->loop);
}

/* telling.c: what the PLC tells by itself. others: what a turn brought, in the next one, which is at once. */
void sim_tell(struct sim_conn *conn);       /* in the turn */
void sim_tell_later(struct sim_conn *conn); /* set its timer */
void sim_tell_others(sim_server *server);
s7_timer_fn sim_tell_timer;

/* obey.c: a request of the last step. first_run: the turn is not run again, so that what happens is told. */
void sim_serve(struct sim_conn *conn, enum sim_writes writes, struct sim_step *step);
void sim_obey(struct sim_conn *conn, enum sim_writes writes, bool first_run, struct sim_step *step);

/* armed.c */
struct sim_armed *sim_armed_find(const sim_server *server, uint64_t id); /* NULL: there is none */
/* upset.c: the block that the fault is about, as it is now */
void sim_upset_keep(const struct sim_armed *armed, struct sim_image *image);

static inline int64_t sim_armed_now(const struct sim_armed *armed)
{
    return s7_loop_now_ns(armed->station->server->loop);
}

bool sim_armed_in_force(const struct sim_armed *armed); /* it may fire again, or its effect lasts */
void sim_armed_enter(sim_server *server);               /* from here to leave, dropped faults are kept */
void sim_armed_leave(sim_server *server);
void sim_armed_free_all(sim_server *server); /* connections are closed already */

/* door.c: what happens where connections come in, and what comes to a PLC at a time. */
void sim_door_accepted(struct sim_conn *conn); /* it is there, and nothing was read from it */
void sim_door_start(struct sim_armed *armed);
void sim_door_tick(struct sim_armed *armed); /* its timer */
void sim_door_stop(struct sim_armed *armed);
void sim_door_upkeep(sim_server *server); /* doors that could not be opened */

/* lasting.c */
void sim_lasting_start(struct sim_armed *armed);
void sim_lasting_stop(struct sim_armed *armed); /* undo what still holds */
bool sim_lasting_acts(const struct sim_armed *armed);
void sim_lasting_vanish(struct sim_conn *conn); /* as conn->turn.vanish_by says */
void sim_lasting_deafen(struct sim_conn *conn); /* as conn->turn.deafen_by says */
void sim_conn_hear_again(struct sim_conn *conn);
s7_timer_fn sim_lasting_timer;

/* ghost.c: places of connections that are gone. keep: one that its peer ended, if a fault wants it; the
 * connection has no session then. leave: those that this fault holds. */
void sim_ghost_keep(struct sim_conn *conn);
bool sim_ghosts_are(const sim_server *server, uint64_t id);
void sim_ghosts_leave(sim_server *server, uint64_t id);
void sim_ghosts_free(sim_server *server);

/* fault_rows.c: the turn of the plant with what the rows of `fault` say in force, and with what the faults
 * did in its commit. */
void sim_rows_init(sim_server *server);
void sim_rows_start(sim_server *server);                        /* everybody listens */
s7_status sim_rows_turn_begin(sim_server *server, bool writes); /* as plant_turn_begin */
s7_status sim_rows_turn_end(sim_server *server);                /* as plant_turn_end */
void sim_rows_turn_again(sim_server *server); /* the turn was undone, and run again with nothing to store */
void sim_rows_commit(sim_server *server);     /* before anybody sees what a fault did outside a turn */
void sim_rows_watch_door(sim_server *server); /* one was shut */
void sim_rows_upkeep(sim_server *server);
void sim_rows_free(sim_server *server);

s7_timer_fn sim_late_timer; /* late.c: a station's writes that are due */

/* tap.c: what the last step took and answered; told when the turn stands, forgotten when it does not. */
void sim_tap_step(struct sim_conn *conn, const struct sim_step *step);
void sim_tap_told(struct sim_conn *conn); /* what the session told last */
void sim_tap_forget(sim_server *server);
void sim_tap_tell(sim_server *server);

/* audit.c: what the plant's audit is told of connections and jobs. */
void sim_audit_begin(sim_server *server); /* a turn's requests are about to be run */
void sim_audit_step(struct sim_conn *conn, const struct sim_step *step); /* if the server watches */
void sim_audit_forget(sim_server *server);                               /* the turn was undone */
void sim_audit_tell(sim_server *server, struct sim_conn *list);          /* it stands */
void sim_audit_upkeep(sim_server *server);
void sim_audit_close(struct sim_conn *conn);

#endif
