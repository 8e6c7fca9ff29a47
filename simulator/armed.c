/* Faults of a running server: arming and dropping them, and what they did. */
#include "server_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sim_armed *sim_armed_find(const sim_server *server, uint64_t id)
{
    for (size_t i = 0; i < server->n_stations; i++)
        for (struct sim_armed *armed = server->stations[i].armed; armed != NULL; armed = armed->next)
            if (armed->id == id && !armed->gone)
                return armed;
    return NULL;
}

static void reap(sim_server *server)
{
    for (size_t i = 0; i < server->n_stations; i++) {
        struct sim_armed **link = &server->stations[i].armed, *armed;
        while ((armed = *link) != NULL) {
            if (!armed->gone) {
                link = &armed->next;
                continue;
            }
            *link = armed->next;
            server->once_used &= ~armed->once;
            s7_timer_stop(&armed->timer);
            free(armed->times_ns);
            free(armed->image.bytes);
            sim_scope_free(&armed->scope);
            free(armed);
        }
    }
    server->any_gone = false;
}

void sim_armed_enter(sim_server *server)
{
    server->busy++;
}

void sim_armed_leave(sim_server *server)
{
    if (--server->busy == 0 && server->any_gone)
        reap(server);
}

static int64_t now_of(const struct sim_armed *armed)
{
    return s7_loop_now_ns(armed->station->server->loop);
}

/* ---- arming ---- */

static s7_status wrong(struct plant_error *error, const char *format, unsigned long long n)
{
    error->status = S7_E_ARG;
    snprintf(error->text, sizeof error->text, format, n);
    return S7_E_ARG;
}

/* Each fault with once=conn has a bit of its own on every connection. */
static bool give_once_bit(struct sim_armed *armed)
{
    sim_server *server = armed->station->server;

    if (!armed->fault.trigger.once_conn)
        return true;
    if (server->once_used == UINT64_MAX)
        return false;
    armed->once = ~server->once_used & (server->once_used + 1);
    server->once_used |= armed->once;
    for (struct sim_conn *conn = server->conns; conn != NULL; conn = conn->next) {
        conn->turn.once &= ~armed->once;
        conn->mark.once &= ~armed->once;
    }
    return true;
}

struct search {
    const char *name;
    s7_address at;
    bool found;
};

static void look_at_tag(const struct plant_tag_view *tag, void *arg)
{
    struct search *search = arg;
    s7_address_error error;

    if (!search->found && strcmp(tag->name, search->name) == 0)
        search->found = s7_address_parse(tag->address, &search->at, &error) == S7_OK;
}

/* Where is the tag that the fault is about? */
static bool find_tag(const struct sim_plc *plc, struct sim_fault *fault, struct plant_error *error)
{
    struct search search = {.name = fault->value.tag};
    const char *of = "neither an address nor the name of a tag";

    plant_tags(plc->plant, plc->row, look_at_tag, &search);
    if (search.found) {
        fault->value.at = search.at;
        of = sim_fault_settle_value(fault);
    }
    if (of == NULL)
        return true;
    error->status = S7_E_ARG;
    snprintf(error->text, sizeof error->text, "fault %s: value=%s is %s", fault->kind->name, fault->value.tag,
             of);
    return false;
}

static s7_status find_some(sim_server *server, const char *table, struct sim_dist *dist,
                           struct plant_error *error)
{
    if (table[0] == '\0')
        return S7_OK;
    s7_status status =
        sim_recording_load(server->options.recordings, table, &server->samples, &dist->samples, error);
    if (status != S7_OK)
        return status;
    dist->low_ns = dist->high_ns = dist->samples->ns[0];
    for (size_t i = 1; i < dist->samples->n; i++) {
        int64_t ns = dist->samples->ns[i];
        dist->low_ns = ns < dist->low_ns ? ns : dist->low_ns;
        dist->high_ns = ns > dist->high_ns ? ns : dist->high_ns;
    }
    return S7_OK;
}

static s7_status find_samples(sim_server *server, struct sim_fault *fault, struct plant_error *error)
{
    s7_status status = find_some(server, fault->time_table, &fault->own.time, error);

    return status == S7_OK ? find_some(server, fault->down_table, &fault->own.down, error) : status;
}

static bool give_times(struct sim_armed *armed, const struct sim_fault *fault)
{
    if (fault->type != SIM_FAULT_RATE_LIMIT_CONNECT)
        return true;
    armed->times_ns = calloc(fault->own.n, sizeof *armed->times_ns);
    return armed->times_ns != NULL;
}

s7_status sim_server_fault_arm(sim_server *server, size_t plc, uint64_t id, const char *name,
                               const char *args, struct plant_error *error)
{
    struct sim_fault fault;
    s7_status status = sim_fault_parse(name, args, &fault, error);

    if (status != S7_OK)
        return status;
    if (plc >= server->n_stations)
        return wrong(error, "there is no PLC number %llu", plc);
    if (sim_armed_find(server, id) != NULL)
        return wrong(error, "a fault with id %llu is armed already", id);
    if (fault.value.tag[0] != '\0' && !find_tag(&server->stations[plc].plc, &fault, error))
        return S7_E_ARG;
    status = find_samples(server, &fault, error);
    if (status != S7_OK)
        return status;
    struct sim_armed *armed = calloc(1, sizeof *armed);
    if (armed == NULL || !give_times(armed, &fault)) {
        free(armed);
        *error = (struct plant_error){S7_E_NOMEM, "out of memory"};
        return S7_E_NOMEM;
    }
    armed->id = id;
    armed->fault = fault;
    sim_fault_scale(&armed->fault, server->options.time_scale);
    armed->station = &server->stations[plc];
    armed->armed_ns = s7_loop_now_ns(server->loop);
    armed->now.until_ns = S7_NEVER_NS;
    if (!give_once_bit(armed)) {
        free(armed->times_ns);
        free(armed);
        return wrong(error, "%llu faults with once=conn are armed, more there cannot be", 64);
    }
    s7_timer_init(&armed->timer, sim_lasting_timer, armed);
    sim_armed_insert(&armed->station->armed, armed);
    if (fault.type == SIM_FAULT_FROZEN)
        sim_upset_keep(armed, &armed->image);
    sim_armed_enter(server); /* who hears of it may drop it */
    sim_lasting_start(armed);
    sim_armed_mark(armed);
    sim_armed_leave(server);
    return S7_OK;
}

void sim_server_fault_drop(sim_server *server, uint64_t id)
{
    struct sim_armed *armed = sim_armed_find(server, id);

    if (armed == NULL)
        return;
    sim_armed_enter(server);
    armed->gone = true;
    server->any_gone = true;
    sim_lasting_stop(armed);
    sim_armed_leave(server);
}

void sim_armed_free_all(sim_server *server)
{
    for (size_t i = 0; i < server->n_stations; i++)
        for (struct sim_armed *armed = server->stations[i].armed; armed != NULL; armed = armed->next)
            armed->gone = true;
    reap(server);
}

/* ---- what it did ---- */

static bool is_acting(const struct sim_armed *armed)
{
    bool hangs = armed->now.until_ns != S7_NEVER_NS && now_of(armed) < armed->now.until_ns;

    return hangs || sim_lasting_acts(armed);
}

bool sim_armed_in_force(const struct sim_armed *armed)
{
    return sim_armed_is_live(armed, now_of(armed)) || is_acting(armed);
}

bool sim_server_fault_state(const sim_server *server, uint64_t id, struct sim_fault_state *state)
{
    const struct sim_armed *armed = sim_armed_find(server, id);

    if (armed == NULL)
        return false;
    bool waits = !sim_fault_comes_at_a_time(&armed->fault) || armed->stage == SIM_ARMED_WAITS ||
                 armed->fault.type == SIM_FAULT_PORT_FLAP ||
                 armed->fault.type == SIM_FAULT_RATE_LIMIT_CONNECT;
    *state = (struct sim_fault_state){.matched = armed->now.matched,
                                      .fired = armed->now.fired,
                                      .armed = waits && sim_armed_is_live(armed, now_of(armed)),
                                      .acting = is_acting(armed),
                                      .optional = armed->fault.trigger.optional,
                                      .unsupported = armed->unsupported};
    return true;
}
