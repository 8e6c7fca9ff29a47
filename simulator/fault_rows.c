/* Faults as rows of the plant's table `fault`: what the rows say is armed before the turn's requests are
 * judged, and what the faults did is in the file before anybody can see it done.
 *
 * Rows are taken between turns of the plant, since a door that is shut by one has its counts committed first.
 * A turn that finds edited rows is therefore ended with nothing in it, and begun again. */
#include "server_impl.h"

#include <stdio.h>
#include <stdlib.h>

/* Nobody can knock at a door that is shut: how soon it is found out that its row is gone. */
#define LOOK_NS (INT64_C(10) * 1000 * 1000)

/* What a row was told last. */
struct told {
    uint64_t matched, fired;
    bool in_force;
    s7_status unsupported;
};

struct sim_row {
    struct plant_fault fault; /* as it was read; plant_fault_at's may go in the middle of taking them */
    bool known;               /* not new: taken already */
    bool wanted;              /* it is armed, or about to be */
    struct sim_armed *armed;
    struct told told;
};

/* In the order of rows, negative ones too, and away from the numbers of others. */
static uint64_t engine_id(int64_t row_id)
{
    return (uint64_t)row_id ^ SIM_ROW_IDS;
}

static size_t station_of(const sim_server *server, const struct plant_plc *plc)
{
    size_t i = 0;

    while (i < server->n_stations && server->stations[i].plc.row != plc)
        i++;
    return i;
}

/* ---- what they did ---- */

/* While it is armed, nobody but us lets go of it. */
static struct sim_armed *armed_of(sim_server *server, struct sim_row *row)
{
    if (row->wanted && row->armed == NULL)
        row->armed = sim_armed_find(server, engine_id(row->fault.id));
    return row->armed;
}

/* What this network or operating system cannot do stays armed, like what is misspelt: error says why it is
 * not in force. */
static struct told state_of(const struct sim_armed *armed)
{
    return (struct told){.matched = armed->now.matched,
                         .fired = armed->now.fired,
                         .in_force = sim_armed_in_force(armed) || armed->unsupported != S7_OK,
                         .unsupported = armed->unsupported};
}

static void report(sim_server *server, struct sim_row *row, const struct told *now, bool urgent)
{
    char text[128] = "";

    if (now->unsupported != S7_OK)
        snprintf(text, sizeof text, "%s cannot be done here: %s", row->fault.name,
                 s7_strerror(now->unsupported));
    row->told = *now;
    plant_fault_report(server->plant, &row->fault, now->matched, now->fired, now->in_force, text, urgent);
}

/* True: something is to be written at once. A match alone shows nowhere. */
static bool report_row(sim_server *server, struct sim_row *row)
{
    const struct sim_armed *armed = armed_of(server, row);
    const struct told *told = &row->told;

    if (armed == NULL)
        return false;
    struct told now = state_of(armed);
    bool urgent =
        now.fired != told->fired || now.in_force != told->in_force || now.unsupported != told->unsupported;
    if (urgent || now.matched != told->matched)
        report(server, row, &now, urgent);
    return urgent;
}

static bool report_all(sim_server *server)
{
    struct sim_rows *rows = &server->rows;
    bool urgent = false;

    for (size_t i = 0; rows->n_wanted > 0 && i < rows->n; i++)
        urgent = report_row(server, &rows->rows[i]) || urgent;
    return urgent;
}

/* A turn of the plant with nothing in it but what waits to be written or read. */
static bool empty_turn(sim_server *server)
{
    plant_clock(server->plant, s7_loop_wall_ms(server->loop));
    return plant_turn_begin(server->plant, false) == S7_OK && plant_turn_end(server->plant) == S7_OK;
}

void sim_rows_commit(sim_server *server)
{
    if (report_all(server) && !server->in_turn)
        empty_turn(server);
}

/* ---- what they say ---- */

static bool has_moved(const sim_server *server)
{
    return plant_faults_version(server->plant) != server->rows.version;
}

/* Rows that nobody edited go on as they are. Both lists are in the order of ids. */
static void carry_over(struct sim_rows *old, struct sim_rows *fresh)
{
    size_t at = 0;

    for (size_t i = 0; i < fresh->n; i++) {
        const struct plant_fault *fault = &fresh->rows[i].fault;
        while (at < old->n && old->rows[at].fault.id < fault->id)
            at++;
        if (at == old->n || old->rows[at].fault.id != fault->id ||
            old->rows[at].fault.version != fault->version)
            continue;
        fresh->rows[i] = old->rows[at];
        fresh->n_wanted += fresh->rows[i].wanted;
        old->rows[at].armed = NULL;
    }
}

static void drop_rest(sim_server *server, struct sim_rows *old)
{
    for (size_t i = 0; i < old->n; i++)
        if (old->rows[i].armed != NULL)
            sim_server_fault_drop(server, old->rows[i].armed->id);
    free(old->rows);
}

/* Without memory the faults stay as they were before the edit. */
static bool read_rows(sim_server *server, struct sim_rows *fresh)
{
    fresh->version = plant_faults_version(server->plant);
    fresh->n = plant_fault_count(server->plant);
    if (fresh->n == 0)
        return true;
    fresh->rows = calloc(fresh->n, sizeof *fresh->rows);
    for (size_t i = 0; fresh->rows != NULL && i < fresh->n; i++)
        fresh->rows[i].fault = *plant_fault_at(server->plant, i);
    return fresh->rows != NULL;
}

static void arm(sim_server *server, struct sim_row *row)
{
    const struct plant_fault *fault = &row->fault;
    struct told fresh = {.in_force = fault->armed};
    struct plant_error error = {S7_OK, ""};
    struct sim_fault parsed;

    row->known = true;
    row->wanted = fault->armed;
    server->rows.n_wanted += row->wanted;
    s7_status status = row->wanted
                           ? sim_server_fault_arm(server, station_of(server, fault->plc),
                                                  engine_id(fault->id), fault->name, fault->args, &error)
                           : sim_fault_parse(fault->name, fault->args, &parsed, &error);
    if (status == S7_OK && row->wanted) {
        fresh = state_of(armed_of(server, row));
        report(server, row, &fresh, true);
        return;
    }
    server->rows.n_wanted -= row->wanted;
    row->wanted = false;
    plant_fault_report(server->plant, fault, 0, 0, fault->armed, error.text, true);
}

/* Dropped ones first: they make room for what comes instead. */
static void take(sim_server *server)
{
    struct sim_rows *rows = &server->rows, old = *rows, fresh = {0};

    if (!read_rows(server, &fresh)) {
        rows->version = fresh.version;
        sim_server_note(server, "error", "out of memory: edits of the table fault are not taken");
        return;
    }
    carry_over(&old, &fresh);
    rows->rows = fresh.rows;
    rows->n = fresh.n;
    rows->n_wanted = fresh.n_wanted;
    rows->version = fresh.version;
    drop_rest(server, &old);
    for (size_t i = 0; i < rows->n; i++)
        if (!rows->rows[i].known)
            arm(server, &rows->rows[i]);
    empty_turn(server);
}

/* ---- when ---- */

static void look(s7_timer *timer, void *arg)
{
    sim_server *server = arg;

    (void)timer;
    empty_turn(server);
    if (has_moved(server))
        take(server);
    sim_rows_watch_door(server);
}

void sim_rows_watch_door(sim_server *server)
{
    bool shut = false;

    for (size_t i = 0; server->rows.n_wanted > 0 && i < server->n_stations; i++)
        shut = shut || server->stations[i].shut;
    if (shut)
        s7_timer_set(server->loop, &server->rows.look, s7_loop_now_ns(server->loop) + LOOK_NS);
}

void sim_rows_init(sim_server *server)
{
    s7_timer_init(&server->rows.look, look, server);
}

void sim_rows_start(sim_server *server)
{
    take(server);
}

s7_status sim_rows_turn_begin(sim_server *server, bool writes)
{
    plant_clock(server->plant, s7_loop_wall_ms(server->loop));
    s7_status status = plant_turn_begin(server->plant, writes);

    if (has_moved(server)) {
        if (plant_turn_end(server->plant) == S7_OK)
            take(server);
        status = plant_turn_begin(server->plant, writes);
    }
    server->in_turn = true;
    return status;
}

s7_status sim_rows_turn_end(sim_server *server)
{
    report_all(server);
    server->in_turn = false;
    return plant_turn_end(server->plant);
}

void sim_rows_turn_again(sim_server *server)
{
    report_all(server);
    empty_turn(server);
}

void sim_rows_upkeep(sim_server *server)
{
    if (has_moved(server))
        take(server);
    sim_rows_commit(server);
}

void sim_rows_free(sim_server *server)
{
    s7_timer_stop(&server->rows.look);
    free(server->rows.rows);
}
