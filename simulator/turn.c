/* The loop turn of the plant file, steps 2 to 5 (step 1, receiving and framing, is done by the stream
 * functions before the turn hook runs; step 6, sending, is in settle.c). See plant/plant.h for the order and
 * why it has no alternative. */
#include "mode.h"
#include "server_impl.h"

#include <stddef.h>
#include <string.h>

/* How soon parked writes try for the lock again. */
#define RETRY_NS (INT64_C(5) * 1000 * 1000)

void sim_turn_activate(struct sim_conn *conn)
{
    sim_server *server = conn->server;

    if (conn->active)
        return;
    conn->active = true;
    conn->next_active = NULL;
    *server->active_tail = conn;
    server->active_tail = &conn->next_active;
}

void sim_turn_deactivate(struct sim_conn *conn)
{
    struct sim_conn **link = &conn->server->active_head;

    if (!conn->active)
        return;
    while (*link != conn)
        link = &(*link)->next_active;
    *link = conn->next_active;
    if (*link == NULL)
        conn->server->active_tail = link;
    conn->active = false;
}

/* Detach the list, so that connections activated from now on belong to the next turn. */
static struct sim_conn *take_active(sim_server *server)
{
    struct sim_conn *head = server->active_head;

    server->active_head = NULL;
    server->active_tail = &server->active_head;
    for (struct sim_conn *conn = head; conn != NULL; conn = conn->next_active)
        conn->active = false;
    return head;
}

static bool any_write(const struct sim_conn *list)
{
    for (; list != NULL; list = list->next_active)
        if (!sim_conn_is_held(list) && sim_session_may_write(list->session))
            return true;
    return false;
}

/* ---- writes that wait for a foreign program's lock ---- */

static void park(struct sim_conn *conn)
{
    if (conn->parked_ns != S7_NEVER_NS)
        return;
    conn->parked_ns = s7_loop_now_ns(conn->server->loop);
    conn->server->stats.parked++;
}

void sim_turn_unpark(struct sim_conn *conn)
{
    if (conn->parked_ns == S7_NEVER_NS)
        return;
    conn->parked_ns = S7_NEVER_NS;
    conn->server->stats.parked--;
}

/* ---- step 4 ---- */

static void ended(struct sim_conn *conn, const struct sim_step *step)
{
    conn->turn.ending = true;
    conn->turn.end_how = step->close;
}

/* A write that waited for the lock longer than busy_ms is refused instead of waiting on. */
static enum sim_writes writes_of(const struct sim_conn *conn, enum sim_writes turn)
{
    int64_t patience_ns = (int64_t)conn->server->options.busy_ms * 1000 * 1000;

    if (conn->station->refuses_writes > 0)
        return SIM_WRITES_REFUSE;
    if (turn != SIM_WRITES_WAIT || conn->parked_ns == S7_NEVER_NS)
        return turn;
    return s7_loop_now_ns(conn->server->loop) - conn->parked_ns >= patience_ns ? SIM_WRITES_REFUSE
                                                                               : SIM_WRITES_WAIT;
}

/* Without a fault, a verdict that stands, a time to take and a tap, a request costs no more than this
 * question. */
static void request(struct sim_conn *conn, enum sim_writes writes, bool first_run, struct sim_step *step)
{
    const struct sim_station *station = conn->station;

    if (station->armed == NULL && !conn->turn.judged && !station->plc.row->service_time &&
        conn->server->options.tap == NULL)
        sim_serve(conn, writes, step);
    else
        sim_obey(conn, writes, first_run, step);
}

static void run_frame(struct sim_conn *conn, enum sim_writes writes, bool first_run, struct sim_step *step)
{
    sim_session_step(conn->session, step);
    if (step->result == SIM_STEP_REQUEST)
        request(conn, writes, first_run, step);
    if (conn->server->watches && step->pdu != NULL)
        sim_audit_step(conn, step);
    if (step->kind != NULL && first_run)
        sim_conn_note(conn, step->kind, step->note);
    if (step->result == SIM_STEP_ENDED)
        ended(conn, step);
    if (step->result == SIM_STEP_MUTED)
        conn->station->now.stats.swallowed++;
    if (step->result == SIM_STEP_DONE && first_run)
        conn->server->stats.frames++;
    if (conn->server->options.tap != NULL)
        sim_tap_step(conn, step);
    if (step->result == SIM_STEP_DONE)
        sim_tell(conn);
}

static void run_frames(struct sim_conn *conn, enum sim_writes turn, bool first_run)
{
    struct sim_step step;
    enum sim_writes writes = writes_of(conn, turn);

    if (conn->turn.ending || sim_conn_is_held(conn))
        return;
    plant_writer(conn->server->plant, PLANT_BY_S7, s7_stream_peer(conn->stream), conn->ordinal);
    do {
        run_frame(conn, writes, first_run, &step);
    } while (step.result == SIM_STEP_DONE || step.result == SIM_STEP_MUTED);

    if (step.result == SIM_STEP_BLOCKED && !sim_conn_is_held(conn))
        park(conn);
    else
        sim_turn_unpark(conn);
}

static void set_time(struct sim_plc *plc, const s7_loop *loop)
{
    plc->wall_ms = s7_loop_wall_ms(loop);
    plc->now_ns = s7_loop_now_ns(loop);
}

/* The counters of faults are the PLC's, and put back as one. */
static void mark_station(struct sim_station *station)
{
    if (station->marked_in == station->server->stats.turns)
        return;
    station->marked_in = station->server->stats.turns;
    set_time(&station->plc, station->server->loop);
    station->mark = station->now;
    station->late.mark = station->late.n;
    for (struct sim_armed *armed = station->armed; armed != NULL; armed = armed->next)
        sim_armed_mark(armed);
}

/* The verdict is much, and means nothing when there is none. */
static void copy_turn(struct sim_conn_turn *to, const struct sim_conn_turn *from)
{
    memcpy(to, from, from->judged ? sizeof *to : offsetof(struct sim_conn_turn, verdict));
}

static void mark_all(struct sim_conn *list)
{
    for (struct sim_conn *conn = list; conn != NULL; conn = conn->next_active) {
        sim_session_mark(conn->session);
        copy_turn(&conn->mark, &conn->turn);
        if (conn->shape != NULL)
            conn->shape->mark = conn->shape->now;
        mark_station(conn->station);
    }
}

static void rewind_all(struct sim_conn *list)
{
    for (struct sim_conn *conn = list; conn != NULL; conn = conn->next_active) {
        sim_session_rewind(conn->session);
        copy_turn(&conn->turn, &conn->mark);
        if (conn->shape != NULL)
            conn->shape->now = conn->shape->mark;
        conn->station->now = conn->station->mark;
        sim_late_rewind(&conn->station->late);
        for (struct sim_armed *armed = conn->station->armed; armed != NULL; armed = armed->next)
            sim_armed_rewind(armed);
    }
}

static void run_all(struct sim_conn *list, enum sim_writes writes, bool first_run)
{
    for (struct sim_conn *conn = list; conn != NULL; conn = conn->next_active)
        run_frames(conn, writes, first_run);
    for (struct sim_conn *conn = list; conn != NULL; conn = conn->next_active)
        sim_tell(conn);
}

/* ---- modes that a foreign program changed ---- */

static bool any_moved(sim_server *server)
{
    bool moved = false;

    if (server->plcs_version == plant_plcs_version(server->plant))
        return false;
    for (size_t i = 0; i < server->n_stations; i++)
        moved = moved || sim_mode_has_moved(&server->stations[i].plc);
    if (!moved)
        server->plcs_version = plant_plcs_version(server->plant);
    return moved;
}

/* What cannot be stored now is found to be left by the next turn. */
static void follow(sim_server *server)
{
    uint64_t version = plant_plcs_version(server->plant);

    for (size_t i = 0; i < server->n_stations; i++) {
        struct sim_plc *plc = &server->stations[i].plc;
        set_time(plc, server->loop);
        if (sim_mode_has_moved(plc) && sim_mode_follow(plc) != S7_OK)
            version = 0;
    }
    server->followed = true;
    server->plcs_version = version;
}

/* The turn stands, or what it did to the modes is undone and is to be done again. */
static void modes_stand(sim_server *server, const struct sim_conn *list, bool stand)
{
    for (size_t i = 0; (server->followed || !stand) && i < server->n_stations; i++)
        server->news |= sim_plc_mode_stands(&server->stations[i].plc, stand);
    for (; list != NULL; list = list->next_active)
        server->news |= sim_plc_mode_stands(&list->station->plc, stand);
    if (server->followed && !stand)
        server->plcs_version = 0;
    server->followed = false;
}

/* Steps 2 and 3; a turn that finds a mode changed and may not store is begun again as one that may. */
static s7_status begin_plant(sim_server *server, bool writes)
{
    s7_status status = sim_rows_turn_begin(server, writes);

    if (!any_moved(server))
        return status;
    if (!writes) {
        status = plant_turn_end(server->plant);
        if (status == S7_OK) /* it is: nothing was stored */
            status = sim_rows_turn_begin(server, true);
    }
    if (status == S7_OK)
        follow(server);
    return status;
}

void sim_turn_follow(sim_server *server)
{
    if (!any_moved(server))
        return;
    s7_status status = begin_plant(server, true);
    s7_status ended = sim_rows_turn_end(server);
    modes_stand(server, NULL, status == S7_OK && ended == S7_OK);
    sim_tell_others(server);
}

void sim_turn_power_on(sim_server *server)
{
    s7_status status = sim_rows_turn_begin(server, true);

    for (size_t i = 0; status == S7_OK && i < server->n_stations; i++) {
        set_time(&server->stations[i].plc, server->loop);
        status = sim_mode_power_on(&server->stations[i].plc);
    }
    s7_status ended = sim_rows_turn_end(server);
    if (status != S7_OK || ended != S7_OK)
        sim_server_note(server, "error", plant_last_error(server->plant)->text);
}

void sim_turn_upset(struct sim_armed *armed,
                    s7_status (*fn)(struct sim_plc *plc, const struct sim_armed *armed))
{
    struct sim_station *station = armed->station;
    sim_server *server = station->server;
    s7_status status = sim_rows_turn_begin(server, true);

    set_time(&station->plc, server->loop);
    if (status == S7_OK)
        status = fn(&station->plc, armed);
    s7_status ended = sim_rows_turn_end(server);
    bool stands = status == S7_OK && ended == S7_OK;
    server->news |= sim_plc_mode_stands(&station->plc, stands);
    if (!stands)
        sim_station_note(station, "error", plant_last_error(server->plant)->text);
    sim_tell_others(server);
}

/* A plant that cannot be written is told once, when it begins to be so. */
static enum sim_writes begin(sim_server *server, bool writes)
{
    s7_status status = begin_plant(server, writes);
    bool refuse = status != S7_OK && status != S7_E_PLANT_BUSY;

    if (refuse && !server->refusing)
        sim_server_note(server, "error", plant_last_error(server->plant)->text);
    server->refusing = refuse;
    if (status == S7_E_PLANT_BUSY)
        return SIM_WRITES_WAIT;
    return refuse ? SIM_WRITES_REFUSE : SIM_WRITES_RUN;
}

/* Commits that fail are told once as well, and so is the first that does not. */
static void tell_commit(sim_server *server, bool stored, s7_status committed)
{
    if (committed != S7_OK && !server->failing)
        sim_server_note(server, "error", plant_last_error(server->plant)->text);
    if (committed == S7_OK && stored && server->failing)
        sim_server_note(server, "recover", "the plant file takes writes again");
    if (committed != S7_OK || stored)
        server->failing = committed != S7_OK;
}

void sim_turn_retry(s7_timer *timer, void *arg)
{
    sim_server *server = arg;

    (void)timer;
    for (struct sim_conn *conn = server->conns; conn != NULL; conn = conn->next)
        if (conn->parked_ns != S7_NEVER_NS)
            sim_turn_activate(conn);
}

void sim_turn(s7_loop *loop, void *arg)
{
    sim_server *server = arg;
    struct sim_conn *list = server->paused > 0 ? NULL : take_active(server), *next;

    (void)loop;
    if (list == NULL)
        return;
    server->stats.turns++;
    enum sim_writes writes = begin(server, any_write(list));
    sim_armed_enter(server);
    sim_audit_begin(server);
    mark_all(list);
    run_all(list, writes, true);
    bool stored = plant_turn_stored(server->plant);
    s7_status committed = sim_rows_turn_end(server);
    tell_commit(server, stored, committed);
    if (committed != S7_OK) {
        server->stats.commits_failed++;
        sim_tap_forget(server);
        sim_audit_forget(server);
        modes_stand(server, list, false);
        rewind_all(list);
        run_all(list, committed == S7_E_PLANT_BUSY ? SIM_WRITES_WAIT : SIM_WRITES_REFUSE, false);
        sim_rows_turn_again(server);
    } else {
        modes_stand(server, list, true);
    }
    if (server->n_taps > 0)
        sim_tap_tell(server);
    sim_audit_tell(server, list);
    for (struct sim_conn *conn = list; conn != NULL; conn = next) {
        next = conn->next_active;
        sim_session_turn_done(conn->session);
        sim_turn_settle(conn);
    }
    if (server->stats.parked > 0 && !s7_timer_is_set(&server->retry)) /* busy readers must not put it off */
        s7_timer_set(server->loop, &server->retry, s7_loop_now_ns(server->loop) + RETRY_NS);
    sim_tell_others(server);
    sim_armed_leave(server);
}
