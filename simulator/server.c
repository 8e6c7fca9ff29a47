#include "server.h"

#include "server_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS    INT64_C(1000000)
#define UPKEEP_NS    (1000 * NS_PER_MS)
#define PROBE_MS     1000 /* between those of keep-alive, of which three may stay without answer */
#define DEFAULT_HOST "127.0.0.1"
#define DEFAULT_PORT 10102

void sim_server_options_init(struct sim_server_options *options)
{
    *options = (struct sim_server_options){.struct_size = sizeof *options,
                                           .frame_ms = 5000,
                                           .connect_ms = 30000,
                                           .busy_ms = 2000,
                                           .seed = 1,
                                           .time_scale = 1};
}

/* ---- what happened ---- */

static void say(sim_server *server, const struct plant_plc *row, const char *kind, const char *peer,
                const char *text)
{
    if (server->options.log != NULL)
        server->options.log(row != NULL ? row->name : "", kind, peer, text, server->options.log_arg);
}

static void record(sim_server *server, const struct plant_plc *row, const char *kind, const char *text)
{
    say(server, row, kind, "", text);
    plant_event(server->plant, s7_loop_wall_ms(server->loop), row, kind, "", text);
}

void sim_server_note(sim_server *server, const char *kind, const char *text)
{
    record(server, NULL, kind, text);
}

void sim_station_note(struct sim_station *station, const char *kind, const char *text)
{
    record(station->server, station->plc.row, kind, text);
}

/* What a fault did is noted whether connections are or not. */
void sim_conn_note(struct sim_conn *conn, const char *kind, const char *text)
{
    sim_server *server = conn->server;
    bool is_fault = strcmp(kind, "fault") == 0;
    const struct plant_event event = {.wall_ms = s7_loop_wall_ms(server->loop),
                                      .plc = conn->station->plc.row,
                                      .kind = kind,
                                      .peer = s7_stream_peer(conn->stream),
                                      .text = text,
                                      .conn = conn->ordinal,
                                      .fn = "",
                                      .latency_us = -1};

    say(server, event.plc, kind, event.peer, text);
    if (is_fault || strcmp(kind, "close") == 0)
        snprintf(conn->why, sizeof conn->why, "%s", text);
    if (is_fault || plant_audit_settings(server->plant)->connections)
        plant_event_add(server->plant, &event);
}

/* ---- connections ---- */

void sim_conn_close(struct sim_conn *conn, enum s7_close_how how)
{
    sim_server *server = conn->server;

    sim_turn_deactivate(conn);
    sim_turn_unpark(conn);
    s7_timer_stop(&conn->deadline);
    s7_timer_stop(&conn->hold);
    sim_audit_close(conn);
    s7_timer_stop(&conn->tell);
    if (conn->turn.counted)
        conn->station->now.admitted[conn->turn.role]--;
    conn->station->now.stats.connections--;
    if (conn->prev != NULL)
        conn->prev->next = conn->next;
    else
        server->conns = conn->next;
    if (conn->next != NULL)
        conn->next->prev = conn->prev;
    server->stats.connections--;
    sim_session_free(conn->session);
    s7_stream_close(conn->stream, how);
    if (conn->shape != NULL)
        s7_timer_stop(&conn->shape->timer);
    free(conn->shape);
    free(conn->torn.bytes);
    free(conn);
}

/* status: S7_OK for its FIN. */
void sim_conn_lost(struct sim_conn *conn, s7_status status)
{
    struct sim_plc_stats *stats = &conn->station->now.stats;

    if (sim_session_is_open(conn->session)) {
        stats->closed_by_peer += status == S7_OK;
        stats->reset_by_peer += status == S7_E_RESET;
        sim_conn_note(conn, "close", status == S7_OK ? "closed by the peer" : s7_strerror(status));
        sim_ghost_keep(conn);
    }
    sim_conn_close(conn, status == S7_OK ? S7_CLOSE_FIN : S7_CLOSE_RST);
}

void sim_conn_keep_alive(struct sim_conn *conn)
{
    int64_t idle_ms = conn->station->plc.who->keepalive_s * INT64_C(1000);
    uint32_t scale = conn->server->options.time_scale;
    struct s7_tcp_options options = {.keepalive_idle_ms = (uint32_t)(idle_ms / scale),
                                     .keepalive_interval_ms = PROBE_MS / scale};

    s7_stream_set_options(conn->stream, &options);
}

static void receive(struct sim_conn *conn)
{
    uint8_t *room;
    size_t cap = sim_session_room(conn->session, &room);

    if (cap == 0)
        return;
    ssize_t got = s7_stream_read(conn->stream, room, cap);
    if (got == S7_AGAIN)
        return;
    if (got <= 0) {
        sim_conn_lost(conn, got == 0 ? S7_OK : s7_stream_error(conn->stream));
        return;
    }
    sim_session_received(conn->session, (size_t)got, s7_loop_now_ns(conn->server->loop));
    sim_turn_activate(conn);
}

static void on_stream(s7_stream *stream, unsigned ready, void *arg)
{
    struct sim_conn *conn = arg;

    (void)stream;
    if (conn->server->paused > 0)
        return;
    if (ready & S7_READY_WRITE)
        sim_turn_activate(conn); /* sent at the end of the turn, with what the turn adds */
    if (ready & S7_READY_READ && !conn->deaf)
        receive(conn);
}

static void on_deadline(s7_timer *timer, void *arg)
{
    struct sim_conn *conn = arg;
    const char *why;

    (void)timer;
    if (conn->server->paused > 0) /* settled anew when it goes on */
        return;
    if (conn->turn.ending) { /* it does not take the last bytes */
        sim_conn_close(conn, S7_CLOSE_RST);
        return;
    }
    if (!sim_session_overdue(conn->session, s7_loop_now_ns(conn->server->loop), &why))
        return;
    sim_conn_note(conn, "close", why);
    sim_conn_close(conn, S7_CLOSE_RST);
}

static void on_accept(s7_listener *listener, s7_stream *stream, void *arg)
{
    struct sim_station *station = arg;
    sim_server *server = station->server;
    struct sim_session_options options = {.frame_ns = server->options.frame_ms * NS_PER_MS,
                                          .connect_ns = server->options.connect_ms * NS_PER_MS};
    struct sim_conn *conn = station->shut ? NULL : calloc(1, sizeof *conn);

    (void)listener;
    station->now.stats.accepted += !station->shut;
    if (conn == NULL ||
        sim_session_new(&station->plc, &options, s7_loop_now_ns(server->loop), &conn->session) != S7_OK) {
        free(conn);
        s7_stream_close(stream, S7_CLOSE_RST);
        return;
    }
    conn->server = server;
    conn->station = station;
    conn->stream = stream;
    conn->parked_ns = S7_NEVER_NS;
    conn->turn.waits_ns = S7_NEVER_NS;
    conn->ordinal = (unsigned)station->now.stats.accepted;
    conn->accepted_ns = conn->sent_ns = s7_loop_now_ns(server->loop);
    conn->next = server->conns;
    if (conn->next != NULL)
        conn->next->prev = conn;
    server->conns = conn;
    server->stats.connections++;
    station->now.stats.connections++;
    s7_timer_init(&conn->deadline, on_deadline, conn);
    s7_timer_init(&conn->hold, sim_turn_due, conn);
    s7_timer_init(&conn->tell, sim_tell_timer, conn);
    if (station->armed != NULL)
        sim_door_accepted(conn);
    s7_timer_set(server->loop, &conn->deadline, sim_session_deadline(conn->session));
    s7_stream_set_fn(stream, on_stream, conn);
    if (server->paused > 0)
        s7_stream_want(stream, 0);
    sim_turn_activate(conn); /* a row of `fault` may have shut the door before it came */
}

/* ---- listening ---- */

struct place {
    char host[PLANT_LISTEN_CAP];
    uint16_t port;
};

/* "ADDR:PORT" or "[ADDR]:PORT". */
static bool parse_place(const char *text, struct place *place)
{
    const char *colon = strrchr(text, ':');
    char *end;

    if (colon == NULL || colon == text || colon[1] < '0' || colon[1] > '9')
        return false;
    unsigned long port = strtoul(colon + 1, &end, 10);
    const char *host = text;
    size_t len = (size_t)(colon - text);
    if (*end != '\0' || port > UINT16_MAX)
        return false;
    if (host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof place->host)
        return false;
    memcpy(place->host, host, len);
    place->host[len] = '\0';
    place->port = (uint16_t)port;
    return true;
}

static s7_status fail(struct plant_error *error, s7_status status, const struct sim_station *station,
                      const char *what, const char *detail)
{
    error->status = status;
    snprintf(error->text, sizeof error->text, "PLC %s: %s %s", station->plc.row->name, what, detail);
    return status;
}

static s7_status listen_at(struct sim_station *station, const struct place *place, struct plant_error *error)
{
    int os_errno = 0;
    char detail[2 * PLANT_LISTEN_CAP + 64];
    bool v6 = strchr(place->host, ':') != NULL;
    s7_status status = s7_loop_listen(station->server->loop, place->host, place->port, on_accept, station,
                                      &station->listener, &os_errno);

    if (status == S7_OK) {
        snprintf(station->address, sizeof station->address, v6 ? "[%s]:%u" : "%s:%u", place->host,
                 s7_listener_port(station->listener));
        return S7_OK;
    }
    snprintf(detail, sizeof detail, "%s:%u: %s%s%s", place->host, place->port, s7_strerror(status),
             os_errno != 0 ? ", " : "", os_errno != 0 ? strerror(os_errno) : "");
    return fail(error, status, station, "cannot listen on", detail);
}

/* Where a PLC listens: its own row, else counting up; an override moves the first and everything that counts.
 */
static s7_status choose_place(const struct sim_station *station, const char *override, struct place *counter,
                              struct place *out, struct plant_error *error)
{
    const char *own = station->plc.row->listen;

    if (override == NULL && own[0] != '\0') {
        if (parse_place(own, out))
            return S7_OK;
        return fail(error, S7_E_ARG, station, "plc.listen must be ADDRESS:PORT, is", own);
    }
    *out = *counter;
    if (counter->port == UINT16_MAX)
        return fail(error, S7_E_ARG, station, "no port is left after", counter->host);
    if (counter->port != 0)
        counter->port++;
    return S7_OK;
}

static s7_status listen_all(sim_server *server, struct plant_error *error)
{
    struct place counter = {DEFAULT_HOST, DEFAULT_PORT}, place;
    const char *override = server->options.listen;

    if (override != NULL && !parse_place(override, &counter))
        return fail(error, S7_E_ARG, &server->stations[0], "--listen takes ADDRESS:PORT, got", override);
    for (size_t i = 0; i < server->n_stations; i++) {
        s7_status status = choose_place(&server->stations[i], override, &counter, &place, error);
        if (status == S7_OK)
            status = listen_at(&server->stations[i], &place, error);
        if (status != S7_OK)
            return status;
    }
    return S7_OK;
}

/* ---- life ---- */

static void on_upkeep(s7_timer *timer, void *arg)
{
    sim_server *server = arg;

    sim_audit_upkeep(server);
    plant_clock(server->plant, s7_loop_wall_ms(server->loop));
    s7_status status = plant_upkeep(server->plant);
    if (status == S7_E_PLANT_REPLACED && !server->replaced)
        sim_server_note(server, "error", plant_last_error(server->plant)->text);
    server->replaced = status == S7_E_PLANT_REPLACED;
    sim_door_upkeep(server);
    sim_rows_upkeep(server);
    sim_turn_follow(server);
    s7_timer_set(server->loop, timer, s7_loop_now_ns(server->loop) + UPKEEP_NS);
}

static s7_status stations_new(sim_server *server, struct plant_error *error)
{
    size_t n = plant_plc_count(server->plant);

    if (n == 0) {
        *error = (struct plant_error){S7_E_ARG, "the plant has no PLC: INSERT INTO plc(name) VALUES('plc1')"};
        return S7_E_ARG;
    }
    server->stations = calloc(n, sizeof *server->stations);
    if (server->stations == NULL) {
        *error = (struct plant_error){S7_E_NOMEM, "out of memory"};
        return S7_E_NOMEM;
    }
    server->n_stations = n;
    for (size_t i = 0; i < n; i++) {
        server->stations[i].server = server;
        s7_timer_init(&server->stations[i].late_timer, sim_late_timer, &server->stations[i]);
        s7_status status =
            sim_plc_init(&server->stations[i].plc, server->plant, plant_plc_at(server->plant, i), error);
        if (status != S7_OK)
            return status;
    }
    return S7_OK;
}

s7_status sim_server_new(s7_loop *loop, plant *p, const struct sim_server_options *options, sim_server **out,
                         struct plant_error *error)
{
    sim_server *server = calloc(1, sizeof *server);
    s7_status status;

    if (server == NULL) {
        *error = (struct plant_error){S7_E_NOMEM, "out of memory"};
        return S7_E_NOMEM;
    }
    server->loop = loop;
    server->plant = p;
    sim_server_options_init(&server->options);
    if (options != NULL)
        server->options = *options;
    if (server->options.time_scale == 0)
        server->options.time_scale = 1;
    server->active_tail = &server->active_head;
    s7_timer_init(&server->upkeep, on_upkeep, server);
    s7_timer_init(&server->retry, sim_turn_retry, server);
    sim_rows_init(server);
    status = stations_new(server, error);
    if (status == S7_OK)
        status = listen_all(server, error);
    if (status != S7_OK) {
        sim_server_free(server);
        return status;
    }
    s7_turn_hook_add(loop, &server->hook, sim_turn, server);
    s7_timer_set(loop, &server->upkeep, s7_loop_now_ns(loop) + UPKEEP_NS);
    sim_rows_start(server);
    sim_turn_power_on(server);
    *out = server;
    return S7_OK;
}

void sim_server_free(sim_server *server)
{
    if (server == NULL)
        return;
    while (server->conns != NULL) {
        if (sim_session_is_open(server->conns->session))
            sim_conn_note(server->conns, "close", "the simulator ends");
        sim_conn_close(server->conns, S7_CLOSE_FIN);
    }
    sim_ghosts_free(server);
    sim_armed_free_all(server);
    sim_rows_free(server);
    for (size_t i = 0; i < server->n_stations; i++) {
        s7_listener_close(server->stations[i].listener);
        s7_timer_stop(&server->stations[i].late_timer);
        sim_late_forget(&server->stations[i].late);
    }
    s7_turn_hook_remove(&server->hook);
    s7_timer_stop(&server->upkeep);
    s7_timer_stop(&server->retry);
    free(server->stations);
    sim_recordings_free(server->samples);
    free(server->taps);
    free(server->seen);
    free(server);
}

size_t sim_server_count(const sim_server *server)
{
    return server->n_stations;
}

const char *sim_server_name(const sim_server *server, size_t index)
{
    return server->stations[index].plc.row->name;
}

const char *sim_server_address(const sim_server *server, size_t index)
{
    return server->stations[index].address;
}

uint16_t sim_server_port(const sim_server *server, size_t index)
{
    return s7_listener_port(server->stations[index].listener);
}

void sim_server_plc_stats(const sim_server *server, size_t plc, struct sim_plc_stats *stats)
{
    const struct sim_station *station = &server->stations[plc];

    *stats = station->now.stats;
    stats->sessions = station->plc.n_connections;
}

void sim_server_stats_get(const sim_server *server, struct sim_server_stats *stats)
{
    *stats = server->stats;
    stats->sessions = 0;
    for (size_t i = 0; i < server->n_stations; i++)
        stats->sessions += server->stations[i].plc.n_connections;
}
