/* Places that the PLC holds although the connection is gone: slot_leak. A ghost is the connection's session,
 * which counts until it is freed. */
#include "server_impl.h"

#include <stdio.h>
#include <stdlib.h>

#define NS_PER_MS INT64_C(1000000)

struct sim_ghost {
    struct sim_ghost *next;
    struct sim_station *station;
    uint64_t by; /* the fault's id */
    sim_session *session;
    bool counted; /* in its station's `admitted`, under this role */
    enum sim_role role;
    s7_timer timer;
};

static void ghost_free(struct sim_ghost *ghost)
{
    s7_timer_stop(&ghost->timer);
    if (ghost->counted)
        ghost->station->now.admitted[ghost->role]--;
    sim_session_free(ghost->session);
    free(ghost);
}

static void leave(struct sim_ghost *ghost)
{
    struct sim_ghost **link = &ghost->station->server->ghosts;

    while (*link != ghost)
        link = &(*link)->next;
    *link = ghost->next;
    sim_station_note(ghost->station, "fault", "slot_leak: the place is free again");
    ghost_free(ghost);
}

static void on_timer(s7_timer *timer, void *arg)
{
    struct sim_ghost *ghost = arg;
    sim_server *server = ghost->station->server;

    (void)timer;
    leave(ghost);
    sim_rows_commit(server);
}

/* Without memory the place is free. */
static void keep(struct sim_conn *conn, const struct sim_armed *armed)
{
    struct sim_ghost *ghost = calloc(1, sizeof *ghost);
    s7_loop *loop = conn->server->loop;
    char text[96];

    if (ghost == NULL)
        return;
    *ghost = (struct sim_ghost){.next = conn->server->ghosts,
                                .station = conn->station,
                                .by = armed->id,
                                .session = conn->session,
                                .counted = conn->turn.counted,
                                .role = conn->turn.role};
    conn->server->ghosts = ghost;
    conn->session = NULL;
    conn->turn.counted = false;
    s7_timer_init(&ghost->timer, on_timer, ghost);
    s7_timer_set(loop, &ghost->timer, s7_loop_now_ns(loop) + armed->fault.own.hold_ns);
    snprintf(text, sizeof text, "slot_leak: its place is held for %lld ms",
             (long long)(armed->fault.own.hold_ns / NS_PER_MS));
    sim_conn_note(conn, "fault", text);
}

void sim_ghost_keep(struct sim_conn *conn)
{
    int64_t now_ns = s7_loop_now_ns(conn->server->loop);

    for (struct sim_armed *armed = conn->station->armed; armed != NULL; armed = armed->next) {
        if (armed->gone || armed->fault.type != SIM_FAULT_SLOT_LEAK ||
            !sim_armed_fits_conn(armed, s7_stream_peer(conn->stream), conn->ordinal, conn->turn.role) ||
            !sim_armed_is_live(armed, now_ns) || now_ns - armed->armed_ns < armed->fault.trigger.from_ns)
            continue;
        if (sim_armed_trigger(armed, conn->server->options.seed, conn->ordinal, now_ns) &&
            conn->session != NULL)
            keep(conn, armed);
    }
    sim_rows_commit(conn->server);
}

bool sim_ghosts_are(const sim_server *server, uint64_t id)
{
    const struct sim_ghost *ghost = server->ghosts;

    while (ghost != NULL && ghost->by != id)
        ghost = ghost->next;
    return ghost != NULL;
}

void sim_ghosts_leave(sim_server *server, uint64_t id)
{
    struct sim_ghost *ghost = server->ghosts, *next;

    for (; ghost != NULL; ghost = next) {
        next = ghost->next;
        if (ghost->by == id)
            leave(ghost);
    }
}

void sim_ghosts_free(sim_server *server)
{
    struct sim_ghost *next;

    for (struct sim_ghost *ghost = server->ghosts; ghost != NULL; ghost = next) {
        next = ghost->next;
        ghost_free(ghost);
    }
    server->ghosts = NULL;
}
