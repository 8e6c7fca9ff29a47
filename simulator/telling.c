/* When connections are told what their PLC tells by itself (told.h), and by which turn. */
#include "server_impl.h"

/* A cable that is out, or about to be taken out, is told nothing. */
void sim_tell(struct sim_conn *conn)
{
    if (conn->turn.ending || conn->turn.vanish || conn->cable_out)
        return;
    while (sim_session_tell(conn->session))
        if (conn->server->options.tap != NULL)
            sim_tap_told(conn);
}

void sim_tell_later(struct sim_conn *conn)
{
    bool never = conn->turn.ending || conn->cable_out;
    int64_t due_ns = never ? S7_NEVER_NS : sim_session_due(conn->session);

    if (due_ns != S7_NEVER_NS || s7_timer_is_set(&conn->tell))
        s7_timer_set(conn->server->loop, &conn->tell, due_ns);
}

void sim_tell_others(sim_server *server)
{
    if (!server->news)
        return;
    server->news = false;
    for (struct sim_conn *conn = server->conns; conn != NULL; conn = conn->next)
        sim_tell_later(conn);
}

void sim_tell_timer(s7_timer *timer, void *arg)
{
    (void)timer;
    sim_turn_activate(arg);
}
