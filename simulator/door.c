/* Doors: what of a fault happens where connections come in, before a word is said. One timer per fault. */
#include "door.h"

#include "loop/random.h"

#include <errno.h>
#include <stdarg.h>
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

void sim_door_note(const struct sim_armed *armed, const char *format, ...)
{
    char text[128];
    va_list args;

    int used = snprintf(text, sizeof text, "%s: ", armed->fault.kind->name);
    va_start(args, format);
    vsnprintf(text + used, sizeof text - (size_t)used, format, args);
    va_end(args);
    sim_station_note(armed->station, "fault", text);
}

/* ", for 10000 ms", or nothing when it has no end */
static const char *how_long(int64_t ns, char *text, size_t cap)
{
    text[0] = '\0';
    if (ns != S7_NEVER_NS)
        snprintf(text, cap, ", for %lld ms", (long long)(ns / NS_PER_MS));
    return text;
}

/* ---- shut and open ---- */

static s7_status move_door(struct sim_station *station, const char *why)
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
    snprintf(text, sizeof text, "%s: the door cannot be %s: %s", why, shut ? "shut" : "opened",
             os_errno != 0 ? strerror(os_errno) : s7_strerror(status));
    sim_station_note(station, "error", text);
    return status;
}

void sim_door_upkeep(sim_server *server)
{
    for (size_t i = 0; i < server->n_stations; i++)
        (void)move_door(&server->stations[i], "refuse");
}

/* False: the operating system does not do it. */
bool sim_door_shut(struct sim_armed *armed, int64_t for_ns)
{
    char end[48];

    armed->began_ns = now_of(armed);
    armed->now.matched++;
    armed->now.fired++;
    armed->station->shut_by++;
    armed->stage = SIM_ARMED_ACTS;
    sim_rows_commit(armed->station->server);
    armed->unsupported = move_door(armed->station, armed->fault.kind->name);
    if (armed->unsupported != S7_OK) {
        armed->now.fired--;
        armed->station->shut_by--;
        armed->stage = SIM_ARMED_OVER;
        return false;
    }
    sim_rows_watch_door(armed->station->server);
    sim_door_note(armed, "the door is shut%s", how_long(for_ns, end, sizeof end));
    return true;
}

void sim_door_open(struct sim_armed *armed, bool over)
{
    armed->stage = over ? SIM_ARMED_OVER : SIM_ARMED_WAITS;
    armed->station->shut_by--;
    if (move_door(armed->station, armed->fault.kind->name) == S7_OK && !armed->station->shut)
        sim_door_note(armed, "the door is open again");
}

/* ---- who is there when it is shut ---- */

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
    return armed->fault.type == SIM_FAULT_REFUSE && conn->accepted_ns >= armed->began_ns &&
           !sim_session_is_open(conn->session);
}

void sim_door_sweep(struct sim_armed *armed)
{
    struct sim_conn *conn = oldest(armed->station->server), *prev;
    char text[64];

    snprintf(text, sizeof text, "%s: connection reset", armed->fault.kind->name);
    for (; conn != NULL; conn = prev) {
        prev = conn->prev;
        if (conn->station != armed->station ||
            (!armed->fault.own.drop_all && !stands_in_the_door(conn, armed)))
            continue;
        sim_conn_note(conn, "fault", text);
        sim_conn_close(conn, S7_CLOSE_RST);
    }
}

/* ---- refuse: shut once ---- */

/* Connections are closed when it comes back. */
static int64_t begin_refuse(struct sim_armed *armed)
{
    return sim_door_shut(armed, armed->fault.own.for_ns) ? armed->began_ns : S7_NEVER_NS;
}

static void open_for_good(struct sim_armed *armed)
{
    sim_door_open(armed, true);
}

static int64_t tick_refuse(struct sim_armed *armed)
{
    int64_t end_ns = later(armed->began_ns, armed->fault.own.for_ns);

    sim_door_sweep(armed);
    if (end_ns > now_of(armed))
        return end_ns;
    sim_door_open(armed, true);
    return S7_NEVER_NS;
}

/* ---- port_flap: open and shut in turn ---- */

static int64_t flap_end(const struct sim_armed *armed)
{
    return later(armed->armed_ns + armed->fault.trigger.from_ns, armed->fault.own.for_ns);
}

static int64_t draw_phase(struct sim_armed *armed, const struct sim_dist *dist)
{
    uint64_t seed = armed->station->server->options.seed;
    int64_t ns = sim_dist_draw(dist, s7_draw(seed, armed->id, 0, armed->n_times++));

    return ns > 0 ? ns : 1;
}

static int64_t begin_flap(struct sim_armed *armed)
{
    return now_of(armed) + draw_phase(armed, &armed->fault.own.time);
}

static int64_t tick_flap(struct sim_armed *armed)
{
    bool over = now_of(armed) >= flap_end(armed), was_shut = armed->stage == SIM_ARMED_ACTS;
    int64_t next_ns = S7_NEVER_NS;

    if (was_shut)
        sim_door_open(armed, over);
    else if (over)
        armed->stage = SIM_ARMED_OVER;
    if (over)
        return S7_NEVER_NS;
    next_ns = now_of(armed) + draw_phase(armed, was_shut ? &armed->fault.own.time : &armed->fault.own.down);
    if (!was_shut && !sim_door_shut(armed, next_ns - now_of(armed)))
        return S7_NEVER_NS;
    return next_ns < flap_end(armed) ? next_ns : flap_end(armed);
}

/* ---- rate_limit_connect: shut for the rest of the window ---- */

static int64_t begin_rate_limit(struct sim_armed *armed)
{
    armed->began_ns = now_of(armed);
    return flap_end(armed);
}

static int64_t *oldest_of_window(struct sim_armed *armed)
{
    return &armed->times_ns[armed->n_times % armed->fault.own.n];
}

static void came(struct sim_armed *armed)
{
    int64_t now_ns = now_of(armed), window_ns = armed->fault.own.span_ns;
    bool waits = armed->stage == SIM_ARMED_WAITS && armed->begun;

    *oldest_of_window(armed) = now_ns;
    armed->n_times++;
    if (!waits || armed->n_times < armed->fault.own.n || now_ns - *oldest_of_window(armed) >= window_ns)
        return;
    int64_t open_ns = *oldest_of_window(armed) + window_ns;
    if (open_ns > flap_end(armed))
        open_ns = flap_end(armed);
    if (sim_door_shut(armed, open_ns - now_ns))
        s7_timer_set(armed->station->server->loop, &armed->timer, open_ns);
}

static int64_t tick_rate_limit(struct sim_armed *armed)
{
    bool over = now_of(armed) >= flap_end(armed);

    if (armed->stage == SIM_ARMED_ACTS)
        sim_door_open(armed, over);
    else if (over)
        armed->stage = SIM_ARMED_OVER;
    return over ? S7_NEVER_NS : flap_end(armed);
}

/* ---- SYNs that are lost ---- */

static struct s7_loss loss_of(const struct sim_armed *armed)
{
    const struct sim_fault *fault = &armed->fault;

    if (fault->type == SIM_FAULT_BLACKHOLE_SYN)
        return (struct s7_loss){.kind = S7_LOSS_SYN, .p = fault->trigger.p};
    return (struct s7_loss){.kind = S7_LOSS_ROUTE,
                            .after_ns = fault->own.span_ns,
                            .os_errno = fault->own.host ? EHOSTUNREACH : ENETUNREACH};
}

static bool loses(const struct sim_armed *armed)
{
    return armed->stage == SIM_ARMED_ACTS && !armed->gone &&
           (armed->fault.type == SIM_FAULT_BLACKHOLE_SYN || armed->fault.type == SIM_FAULT_UNREACHABLE);
}

/* The first that is in force says how. */
static s7_status settle_loss(struct sim_station *station)
{
    const struct sim_armed *armed = station->armed;
    struct s7_loss loss = {.kind = S7_LOSS_NONE};

    while (armed != NULL && !loses(armed))
        armed = armed->next;
    if (armed != NULL)
        loss = loss_of(armed);
    return s7_listener_lose(station->listener, &loss);
}

static int64_t begin_loss(struct sim_armed *armed)
{
    char end[48];

    armed->began_ns = now_of(armed);
    armed->now.matched++;
    armed->now.fired++;
    armed->stage = SIM_ARMED_ACTS;
    sim_rows_commit(armed->station->server);
    armed->unsupported = settle_loss(armed->station);
    if (armed->unsupported != S7_OK) {
        armed->now.fired--;
        armed->stage = SIM_ARMED_OVER;
        return S7_NEVER_NS;
    }
    sim_rows_watch_door(armed->station->server);
    sim_door_note(armed, "nobody can dial any more%s", how_long(armed->fault.own.for_ns, end, sizeof end));
    return later(armed->began_ns, armed->fault.own.for_ns);
}

static void end_loss(struct sim_armed *armed)
{
    armed->stage = SIM_ARMED_OVER;
    if (settle_loss(armed->station) == S7_OK)
        sim_door_note(armed, "the way is there again");
}

/* ---- timers ---- */

static const struct {
    int64_t (*begin)(struct sim_armed *armed); /* both say when to come back; S7_NEVER_NS: not at all */
    int64_t (*tick)(struct sim_armed *armed);  /* NULL: it ends */
    void (*end)(struct sim_armed *armed);
} doors[SIM_FAULT_TYPES] = {
    [SIM_FAULT_REFUSE] = {begin_refuse, tick_refuse, open_for_good},
    [SIM_FAULT_BLACKHOLE_SYN] = {begin_loss, NULL, end_loss},
    [SIM_FAULT_UNREACHABLE] = {begin_loss, NULL, end_loss},
    [SIM_FAULT_RATE_LIMIT_CONNECT] = {begin_rate_limit, tick_rate_limit, open_for_good},
    [SIM_FAULT_PORT_FLAP] = {begin_flap, tick_flap, open_for_good},
    [SIM_FAULT_STOP] = {sim_upset_stop, NULL, sim_upset_stop_end},
    [SIM_FAULT_POWER_CYCLE] = {sim_upset_power_off, sim_upset_power_tick, sim_upset_power_on},
    [SIM_FAULT_DOWNLOAD] = {sim_upset_download, NULL, sim_upset_download_end},
    [SIM_FAULT_PASSWORD] = {sim_upset_password, NULL, sim_upset_password_end},
    [SIM_FAULT_CLOCK_SKEW] = {sim_upset_clock, NULL, sim_upset_clock_end},
    [SIM_FAULT_PROC_PAUSE] = {sim_upset_pause, NULL, sim_upset_pause_end},
    [SIM_FAULT_DISK_FULL] = {sim_upset_fill, NULL, sim_upset_fill_end},
    [SIM_FAULT_DB_LOCKED] = {sim_upset_lock, NULL, sim_upset_lock_end},
};

static void come_back(struct sim_armed *armed, int64_t at_ns)
{
    s7_timer_set(armed->station->server->loop, &armed->timer, at_ns);
}

/* It begins at once, but connections are closed by the timer, since who arms may stand in one's call. */
void sim_door_start(struct sim_armed *armed)
{
    int64_t from_ns = armed->fault.trigger.from_ns;

    if (from_ns > 0) {
        come_back(armed, armed->armed_ns + from_ns);
        return;
    }
    armed->begun = true;
    come_back(armed, doors[armed->fault.type].begin(armed));
}

void sim_door_tick(struct sim_armed *armed)
{
    const enum sim_fault_type type = armed->fault.type;

    if (!armed->begun) {
        armed->begun = true;
        come_back(armed, doors[type].begin(armed));
        return;
    }
    if (doors[type].tick != NULL)
        come_back(armed, doors[type].tick(armed));
    else
        doors[type].end(armed);
}

void sim_door_stop(struct sim_armed *armed)
{
    if (armed->stage == SIM_ARMED_ACTS)
        doors[armed->fault.type].end(armed);
}

/* ---- who comes in ---- */

static bool fits(const struct sim_armed *armed, const struct sim_conn *conn)
{
    int64_t now_ns = now_of(armed);

    return armed->fault.kind->place == SIM_AT_ACCEPT && sim_armed_is_live(armed, now_ns) &&
           now_ns - armed->armed_ns >= armed->fault.trigger.from_ns &&
           sim_armed_fits_conn(armed, s7_stream_peer(conn->stream), conn->ordinal, SIM_ROLE_OTHER);
}

static void close_at_once(struct sim_conn *conn, const struct sim_armed *armed)
{
    bool fin = armed->fault.own.ending == SIM_END_FIN;

    conn->turn.ending = true;
    conn->turn.end_how = fin ? SIM_REFUSE_FIN : SIM_REFUSE_RST;
    sim_session_end(conn->session);
    sim_conn_note(conn, "fault",
                  fin ? "accept_close: closed before any byte" : "accept_close: reset at once");
}

static void hear_later(struct sim_conn *conn, const struct sim_armed *armed)
{
    uint64_t bits = s7_draw(conn->server->options.seed, armed->id, conn->ordinal, armed->now.matched);
    int64_t ns = sim_dist_draw(&armed->fault.own.time, s7_draw(bits, 0, 0, 0));
    char text[64];

    conn->deaf = true;
    conn->deaf_by = armed->id;
    conn->hears_ns = now_of(armed) + ns;
    sim_session_wait(conn->session, ns);
    snprintf(text, sizeof text, "slow_accept: nothing is read for %lld ms", (long long)(ns / NS_PER_MS));
    sim_conn_note(conn, "fault", text);
}

/* Of those that decide, the first does, and the others only count. */
void sim_door_accepted(struct sim_conn *conn)
{
    bool decided = false;

    for (struct sim_armed *armed = conn->station->armed; armed != NULL; armed = armed->next) {
        if (armed->fault.type == SIM_FAULT_RATE_LIMIT_CONNECT && !armed->gone)
            came(armed);
        if (!fits(armed, conn))
            continue;
        if (decided) {
            sim_armed_pass(armed, conn->ordinal);
        } else if (sim_armed_trigger(armed, conn->server->options.seed, conn->ordinal, now_of(armed))) {
            decided = armed->fault.type == SIM_FAULT_ACCEPT_CLOSE;
            (decided ? close_at_once : hear_later)(conn, armed);
        }
    }
}
