/* What of a fault lasts beyond a request, or comes at a time: cables that are out, resets, connections that
 * nobody reads, idle ones. One timer per fault. */
#include "server_impl.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_MS INT64_C(1000000)

static int64_t now_of(const struct sim_armed *armed)
{
    return s7_loop_now_ns(armed->station->server->loop);
}

static int64_t later(int64_t at_ns, int64_t by_ns)
{
    return by_ns == S7_NEVER_NS ? S7_NEVER_NS : at_ns + by_ns;
}

/* ", for 10000 ms", or nothing when it has no end */
static const char *how_long(const struct sim_armed *armed, char *text, size_t cap)
{
    int64_t for_ns = armed->fault.own.for_ns;

    text[0] = '\0';
    if (for_ns != S7_NEVER_NS)
        snprintf(text, cap, ", for %lld ms", (long long)(for_ns / NS_PER_MS));
    return text;
}

/* ---- connections at a time ---- */

static void reset(struct sim_conn *conn, const struct sim_armed *armed)
{
    char text[64];

    snprintf(text, sizeof text, "%s: connection reset", armed->fault.kind->name);
    sim_conn_note(conn, "fault", text);
    sim_conn_close(conn, S7_CLOSE_RST);
}

static void finish(struct sim_conn *conn, const struct sim_armed *armed)
{
    char text[64];

    snprintf(text, sizeof text, "%s: connection closed", armed->fault.kind->name);
    sim_conn_note(conn, "fault", text);
    sim_conn_close(conn, S7_CLOSE_FIN);
}

static struct sim_conn *oldest(sim_server *server)
{
    struct sim_conn *conn = server->conns;

    while (conn != NULL && conn->next != NULL)
        conn = conn->next;
    return conn;
}

/* ---- ears ---- */

void sim_conn_hear_again(struct sim_conn *conn)
{
    conn->deaf = false;
    sim_session_resume(conn->session, s7_loop_now_ns(conn->server->loop));
    sim_conn_note(conn, "fault", "it is read again");
    sim_turn_activate(conn);
    s7_loop_wake(conn->server->loop);
}

static bool is_deaf_by(const struct sim_conn *conn, const struct sim_armed *armed)
{
    return conn->deaf && conn->deaf_by == armed->id;
}

static void deafen(struct sim_conn *conn, const struct sim_armed *armed)
{
    char text[96], end[48];

    conn->deaf = true;
    conn->deaf_by = armed->id;
    conn->hears_ns = later(now_of(armed), armed->fault.own.for_ns);
    if (armed->fault.own.bytes > 0)
        s7_stream_set_buffer(conn->stream, armed->fault.own.bytes);
    snprintf(text, sizeof text, "zero_window: nothing is read any more%s", how_long(armed, end, sizeof end));
    sim_conn_note(conn, "fault", text);
}

void sim_lasting_deafen(struct sim_conn *conn)
{
    const struct sim_armed *armed = sim_armed_find(conn->server, conn->turn.deafen_by);

    conn->turn.deafen = false;
    if (armed != NULL && !conn->deaf)
        deafen(conn, armed);
}

static void let_hear(struct sim_armed *armed)
{
    for (struct sim_conn *conn = armed->station->server->conns; conn != NULL; conn = conn->next)
        if (is_deaf_by(conn, armed))
            sim_conn_hear_again(conn);
}

/* ---- cables ---- */

static void wind(struct sim_armed *armed)
{
    int64_t next_ns = S7_NEVER_NS;

    for (struct sim_conn *conn = armed->station->server->conns; conn != NULL; conn = conn->next)
        if (conn->cable_out && conn->cable_by == armed->id && conn->cable_back_ns < next_ns)
            next_ns = conn->cable_back_ns;
    s7_timer_set(armed->station->server->loop, &armed->timer, next_ns);
}

/* False: this loop cannot do it; or somebody else has the cable already. */
static bool take_out(struct sim_conn *conn, struct sim_armed *armed)
{
    const char *name = armed->fault.kind->name;
    char text[96], end[48];
    unsigned directions = armed->fault.own.directions;

    if (conn->cable_out)
        return false;
    armed->unsupported = s7_stream_vanish(conn->stream, directions);
    if (armed->unsupported != S7_OK) {
        snprintf(text, sizeof text, "%s: cannot be done over this network", name);
        sim_conn_note(conn, "error", text);
        return false;
    }
    conn->cable_out = true;
    conn->cable_by = armed->id;
    conn->cable_back_ns = later(now_of(armed), armed->fault.own.for_ns);
    snprintf(text, sizeof text, "%s: nothing %s any more%s", name,
             directions == S7_VANISH_IN    ? "comes in"
             : directions == S7_VANISH_OUT ? "goes out"
                                           : "comes or goes",
             how_long(armed, end, sizeof end));
    sim_conn_note(conn, "fault", text);
    return true;
}

static void put_back(struct sim_conn *conn)
{
    bool back = s7_stream_vanish(conn->stream, 0) == S7_OK;

    conn->cable_out = !back;
    conn->cable_back_ns = S7_NEVER_NS;
    sim_tell_later(conn);
    sim_conn_note(conn, back ? "fault" : "error",
                  back ? "the cable is back" : "the cable cannot be put back");
}

static void put_back_until(struct sim_armed *armed, int64_t until_ns)
{
    for (struct sim_conn *conn = oldest(armed->station->server); conn != NULL; conn = conn->prev)
        if (conn->cable_out && conn->cable_by == armed->id && conn->cable_back_ns <= until_ns)
            put_back(conn);
}

void sim_lasting_vanish(struct sim_conn *conn)
{
    struct sim_armed *armed = sim_armed_find(conn->server, conn->turn.vanish_by);

    conn->turn.vanish = false;
    if (armed == NULL)
        return;
    if (take_out(conn, armed)) {
        wind(armed);
        return;
    }
    armed->now.fired--;
    sim_rows_commit(armed->station->server);
}

/* ---- timers ---- */

static bool is_hit(const struct sim_conn *conn, struct sim_armed *armed)
{
    int64_t now_ns = now_of(armed);

    return conn->station == armed->station &&
           sim_armed_fits_conn(armed, s7_stream_peer(conn->stream), conn->ordinal, conn->turn.role) &&
           sim_armed_is_live(armed, now_ns) &&
           sim_armed_trigger(armed, armed->station->server->options.seed, conn->ordinal, now_ns);
}

static void act_on(struct sim_conn *conn, struct sim_armed *armed)
{
    enum sim_fault_type type = armed->fault.type;
    enum sim_ending ending = armed->fault.own.ending;

    if (type == SIM_FAULT_RST_NOW || (type == SIM_FAULT_IDLE_KILL && ending == SIM_END_RST)) {
        reset(conn, armed);
    } else if (type == SIM_FAULT_FIN_NOW || (type == SIM_FAULT_IDLE_KILL && ending == SIM_END_FIN)) {
        finish(conn, armed);
    } else if (type == SIM_FAULT_ZERO_WINDOW) {
        deafen(conn, armed);
        sim_turn_activate(conn); /* it wants something else of its stream */
        s7_loop_wake(conn->server->loop);
    } else if (!take_out(conn, armed)) {
        armed->now.fired--;
    }
}

/* All are counted before the first one sees it. */
static void act_on_hit(struct sim_armed *armed)
{
    sim_server *server = armed->station->server;
    struct sim_conn *conn, *prev;

    sim_rows_commit(server);
    for (conn = oldest(server); conn != NULL; conn = prev) {
        prev = conn->prev;
        if (conn->hit)
            act_on(conn, armed);
    }
}

static void act_at(struct sim_armed *armed)
{
    for (struct sim_conn *conn = oldest(armed->station->server); conn != NULL; conn = conn->prev)
        conn->hit = is_hit(conn, armed);
    armed->stage = SIM_ARMED_OVER;
    act_on_hit(armed);
}

/* ---- idleness ---- */

static int64_t idle_until(const struct sim_conn *conn, const struct sim_armed *armed)
{
    int64_t heard_ns = sim_session_received_ns(conn->session), from_ns = armed->armed_ns;

    if (heard_ns < conn->sent_ns)
        heard_ns = conn->sent_ns;
    from_ns += armed->fault.trigger.from_ns;
    return (heard_ns > from_ns ? heard_ns : from_ns) + armed->fault.own.span_ns;
}

/* Whoever stirs meanwhile is found to have when its time would have come. A forgotten connection, which is
 * silent for good, is hit once. */
static void act_on_idle(struct sim_armed *armed)
{
    int64_t now_ns = now_of(armed), next_ns = now_ns + armed->fault.own.span_ns, until_ns;
    struct sim_conn *conn;

    for (conn = oldest(armed->station->server); conn != NULL; conn = conn->prev) {
        conn->hit = false;
        if (conn->station != armed->station || conn->cable_out)
            continue;
        until_ns = idle_until(conn, armed);
        if (until_ns <= now_ns)
            conn->hit = is_hit(conn, armed);
        else if (until_ns < next_ns)
            next_ns = until_ns;
    }
    act_on_hit(armed);
    s7_timer_set(armed->station->server->loop, &armed->timer, next_ns);
}

void sim_lasting_timer(s7_timer *timer, void *arg)
{
    struct sim_armed *armed = arg;
    sim_server *server = armed->station->server;

    (void)timer;
    sim_armed_enter(server);
    if (sim_fault_comes_at_a_time(&armed->fault)) {
        sim_door_tick(armed);
    } else if (sim_fault_waits_for_idleness(&armed->fault)) {
        act_on_idle(armed);
    } else {
        if (armed->fault.own.at_ns >= 0 && armed->stage == SIM_ARMED_WAITS)
            act_at(armed);
        put_back_until(armed, now_of(armed));
        wind(armed);
    }
    sim_rows_commit(server);
    sim_armed_leave(server);
}

void sim_lasting_start(struct sim_armed *armed)
{
    s7_loop *loop = armed->station->server->loop;
    const struct sim_fault *fault = &armed->fault;

    if (sim_fault_comes_at_a_time(fault))
        sim_door_start(armed);
    else if (sim_fault_waits_for_idleness(fault))
        s7_timer_set(loop, &armed->timer, armed->armed_ns + fault->trigger.from_ns + fault->own.span_ns);
    else if (fault->own.at_ns >= 0)
        s7_timer_set(loop, &armed->timer, armed->armed_ns + fault->own.at_ns);
}

void sim_lasting_stop(struct sim_armed *armed)
{
    s7_timer_stop(&armed->timer);
    if (sim_fault_comes_at_a_time(&armed->fault))
        sim_door_stop(armed);
    put_back_until(armed, S7_NEVER_NS);
    let_hear(armed);
    sim_ghosts_leave(armed->station->server, armed->id);
}

static bool holds(const struct sim_conn *conn, const struct sim_armed *armed)
{
    return is_deaf_by(conn, armed) || (conn->cable_out && conn->cable_by == armed->id) ||
           (conn->turn.deafen && conn->turn.deafen_by == armed->id) || /* when the turn stands */
           (conn->turn.vanish && conn->turn.vanish_by == armed->id);
}

bool sim_lasting_acts(const struct sim_armed *armed)
{
    if (sim_fault_comes_at_a_time(&armed->fault))
        return armed->stage == SIM_ARMED_ACTS;
    if (armed->fault.type == SIM_FAULT_WRITE_DELAYED)
        return sim_late_has(&armed->station->late, armed->id);
    if (armed->fault.type == SIM_FAULT_SLOT_LEAK)
        return sim_ghosts_are(armed->station->server, armed->id);
    for (const struct sim_conn *conn = armed->station->server->conns; conn != NULL; conn = conn->next)
        if (holds(conn, armed))
            return true;
    return false;
}
