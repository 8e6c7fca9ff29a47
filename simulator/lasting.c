/* What of a fault lasts beyond a request, or comes at a time: doors that are shut, cables that are out,
 * resets. One timer per fault. */
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

/* ---- doors ---- */

static s7_status move_door(struct sim_station *station)
{
    bool shut = station->shut_by > 0;
    int os_errno = 0;
    char text[96];

    if (shut == station->shut)
        return S7_OK;
    s7_status status = s7_listener_refuse(station->listener, shut, &os_errno);
    if (status == S7_OK) {
        station->shut = shut;
        return S7_OK;
    }
    snprintf(text, sizeof text, "refuse: the door cannot be %s: %s", shut ? "shut" : "opened",
             os_errno != 0 ? strerror(os_errno) : s7_strerror(status));
    sim_station_note(station, "error", text);
    return status;
}

void sim_lasting_upkeep(sim_server *server)
{
    for (size_t i = 0; i < server->n_stations; i++)
        (void)move_door(&server->stations[i]);
}

static void shut_door(struct sim_armed *armed)
{
    char text[96], end[48];

    armed->began_ns = now_of(armed);
    armed->now.matched++;
    armed->now.fired++;
    armed->station->shut_by++;
    armed->stage = SIM_ARMED_ACTS;
    sim_rows_commit(armed->station->server);
    armed->unsupported = move_door(armed->station);
    if (armed->unsupported != S7_OK) {
        armed->now.fired--;
        armed->station->shut_by--;
        armed->stage = SIM_ARMED_OVER;
        return;
    }
    sim_rows_watch_door(armed->station->server);
    snprintf(text, sizeof text, "refuse: the door is shut%s", how_long(armed, end, sizeof end));
    sim_station_note(armed->station, "fault", text);
}

static void open_door(struct sim_armed *armed)
{
    armed->stage = SIM_ARMED_OVER;
    armed->station->shut_by--;
    if (move_door(armed->station) == S7_OK && !armed->station->shut)
        sim_station_note(armed->station, "fault", "refuse: the door is open again");
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

/* Who came through the door before it was shut, in the same turn, and has not said a word: the kernel had
 * accepted it already, the PLC had not. */
static bool stands_in_the_door(const struct sim_conn *conn, const struct sim_armed *armed)
{
    return conn->accepted_ns >= armed->began_ns && !sim_session_is_open(conn->session);
}

static void sweep(struct sim_armed *armed)
{
    struct sim_conn *conn = oldest(armed->station->server), *prev;

    for (; conn != NULL; conn = prev) {
        prev = conn->prev;
        if (conn->station == armed->station && (armed->fault.own.drop_all || stands_in_the_door(conn, armed)))
            reset(conn, armed);
    }
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
    char text[96], end[48];
    unsigned directions = armed->fault.own.directions;

    if (conn->cable_out)
        return false;
    armed->unsupported = s7_stream_vanish(conn->stream, directions);
    if (armed->unsupported != S7_OK) {
        sim_conn_note(conn, "error", "half_open: cannot be done over this network");
        return false;
    }
    conn->cable_out = true;
    conn->cable_by = armed->id;
    conn->cable_back_ns = later(now_of(armed), armed->fault.own.for_ns);
    snprintf(text, sizeof text, "half_open: nothing %s any more%s",
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
                  back ? "half_open: the cable is back" : "half_open: the cable cannot be put back");
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

/* All are counted before the first one sees it. */
static void act_at(struct sim_armed *armed)
{
    sim_server *server = armed->station->server;
    struct sim_conn *conn, *prev;

    for (conn = oldest(server); conn != NULL; conn = conn->prev)
        conn->hit = is_hit(conn, armed);
    armed->stage = SIM_ARMED_OVER;
    sim_rows_commit(server);
    for (conn = oldest(server); conn != NULL; conn = prev) {
        prev = conn->prev;
        if (!conn->hit)
            continue;
        if (armed->fault.type == SIM_FAULT_RST_NOW)
            reset(conn, armed);
        else if (armed->fault.type == SIM_FAULT_FIN_NOW)
            finish(conn, armed);
        else if (!take_out(conn, armed))
            armed->now.fired--;
    }
}

static void tick_refuse(struct sim_armed *armed)
{
    int64_t end_ns = later(armed->began_ns, armed->fault.own.for_ns);

    if (armed->stage == SIM_ARMED_WAITS) {
        shut_door(armed);
        end_ns = later(armed->began_ns, armed->fault.own.for_ns);
    }
    if (armed->stage != SIM_ARMED_ACTS)
        return;
    sweep(armed);
    if (end_ns <= now_of(armed))
        open_door(armed);
    else
        s7_timer_set(armed->station->server->loop, &armed->timer, end_ns);
}

void sim_lasting_timer(s7_timer *timer, void *arg)
{
    struct sim_armed *armed = arg;
    sim_server *server = armed->station->server;

    (void)timer;
    sim_armed_enter(server);
    if (armed->fault.type == SIM_FAULT_REFUSE) {
        tick_refuse(armed);
    } else {
        if (armed->fault.own.at_ns >= 0 && armed->stage == SIM_ARMED_WAITS)
            act_at(armed);
        put_back_until(armed, now_of(armed));
        wind(armed);
    }
    sim_rows_commit(server);
    sim_armed_leave(server);
}

/* A door is shut at once; connections are closed by the timer, since who arms may stand in one's call. */
void sim_lasting_start(struct sim_armed *armed)
{
    s7_loop *loop = armed->station->server->loop;
    const struct sim_fault *fault = &armed->fault;

    if (fault->type == SIM_FAULT_REFUSE) {
        if (fault->trigger.from_ns == 0)
            shut_door(armed);
        s7_timer_set(loop, &armed->timer, armed->armed_ns + fault->trigger.from_ns);
    } else if (fault->own.at_ns >= 0) {
        s7_timer_set(loop, &armed->timer, armed->armed_ns + fault->own.at_ns);
    }
}

void sim_lasting_stop(struct sim_armed *armed)
{
    s7_timer_stop(&armed->timer);
    if (armed->fault.type == SIM_FAULT_REFUSE && armed->stage == SIM_ARMED_ACTS)
        open_door(armed);
    put_back_until(armed, S7_NEVER_NS);
    sim_ghosts_leave(armed->station->server, armed->id);
}

bool sim_lasting_acts(const struct sim_armed *armed)
{
    if (armed->fault.type == SIM_FAULT_REFUSE)
        return armed->stage == SIM_ARMED_ACTS;
    if (armed->fault.type == SIM_FAULT_SLOT_LEAK)
        return sim_ghosts_are(armed->station->server, armed->id);
    if (armed->fault.type != SIM_FAULT_HALF_OPEN)
        return false;
    for (const struct sim_conn *conn = armed->station->server->conns; conn != NULL; conn = conn->next)
        if ((conn->cable_out && conn->cable_by == armed->id) ||
            (conn->turn.vanish && conn->turn.vanish_by == armed->id)) /* when the turn stands */
            return true;
    return false;
}
