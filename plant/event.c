/* Events wait in RAM for the next transaction. */
#include "plant_impl.h"

#include <time.h>

static void copy_text(char *dst, size_t cap, const char *src)
{
    snprintf(dst, cap, "%.*s", plant_utf8_clip(src, cap - 1), src);
}

void plant_event_add(plant *p, const struct plant_event *event)
{
    if (p->options.read_only)
        return;
    if (p->n_events == PLANT_EVENTS_CAP) {
        p->events_lost++;
        return;
    }
    struct plant_event_row *row = &p->events[p->n_events++];
    row->wall_ms = event->wall_ms;
    row->plc = event->plc != NULL ? event->plc->id : 0;
    row->conn = event->conn;
    row->items = event->items;
    row->error = event->error;
    row->latency_us = event->latency_us;
    copy_text(row->kind, sizeof row->kind, event->kind);
    copy_text(row->peer, sizeof row->peer, event->peer);
    copy_text(row->fn, sizeof row->fn, event->fn);
    copy_text(row->text, sizeof row->text, event->text);
}

void plant_event(plant *p, int64_t wall_ms, const struct plant_plc *plc, const char *kind, const char *peer,
                 const char *text)
{
    plant_event_add(p, &(struct plant_event){.wall_ms = wall_ms,
                                             .plc = plc,
                                             .kind = kind,
                                             .peer = peer,
                                             .text = text,
                                             .fn = "",
                                             .latency_us = -1});
}

void plant_time_text(int64_t wall_ms, char *out, size_t cap)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    size_t len = strftime(out, cap, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + len, cap - len, ".%03dZ", (int)(wall_ms % 1000));
}

static void bind_unless(sqlite3_stmt *q, int column, int64_t value, int64_t none)
{
    if (value != none)
        sqlite3_bind_int64(q, column, value);
}

/* As the field writes them: 8104 for a job, 0A for an item. */
static void bind_error(sqlite3_stmt *q, int column, uint16_t error, char *text, size_t cap)
{
    if (error == 0)
        return;
    snprintf(text, cap, error < 0x100 ? "%02X" : "%04X", error);
    sqlite3_bind_text(q, column, text, -1, SQLITE_STATIC);
}

static int add(plant *p, const struct plant_event_row *row)
{
    sqlite3_stmt *q = p->sql[SQL_EVENT_ADD];
    char time_text[PLANT_TIME_CAP], error[8];

    plant_time_text(row->wall_ms, time_text, sizeof time_text);
    /* Static: they outlive the step, and binding them cannot fail. What is not bound is NULL. */
    sqlite3_bind_text(q, 1, time_text, -1, SQLITE_STATIC);
    bind_unless(q, 2, row->plc, 0);
    sqlite3_bind_text(q, 3, row->kind, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 4, row->peer, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 5, row->text, -1, SQLITE_STATIC);
    bind_unless(q, 6, row->conn, 0);
    if (row->fn[0] != '\0')
        sqlite3_bind_text(q, 7, row->fn, -1, SQLITE_STATIC);
    bind_unless(q, 8, row->items, 0);
    bind_error(q, 9, row->error, error, sizeof error);
    if (row->latency_us >= 0)
        sqlite3_bind_int64(q, 10, row->latency_us);
    int rc = plant_sql_run(p, SQL_EVENT_ADD);
    sqlite3_clear_bindings(q);
    return rc;
}

static int prune(plant *p)
{
    sqlite3_bind_int64(p->sql[SQL_EVENT_PRUNE], 1, p->audit.keep_events);
    sqlite3_bind_int64(p->sql[SQL_EVENT_PRUNE], 2, PRUNE_BATCH - 1);
    int rc = plant_sql_run(p, SQL_EVENT_PRUNE);
    p->log.prune_on = p->log.prune_on || (rc == SQLITE_OK && sqlite3_changes(p->db) == PRUNE_BATCH);
    return rc;
}

/* Leaves the queue as it is: it is emptied when the commit succeeded. */
int event_flush(plant *p)
{
    int rc = SQLITE_OK;

    for (size_t i = 0; i < p->n_events && rc == SQLITE_OK; i++)
        rc = add(p, &p->events[i]);
    if (rc == SQLITE_OK && p->events_lost > 0) {
        struct plant_event_row row = {
            .wall_ms = p->events[p->n_events - 1].wall_ms, .kind = "dropped", .latency_us = -1};
        snprintf(row.text, sizeof row.text, "%u events came faster than they could be written",
                 p->events_lost);
        rc = add(p, &row);
    }
    if (rc == SQLITE_OK && (p->n_events > 0 || p->log.prune))
        rc = prune(p);
    return rc;
}

void event_clean(plant *p)
{
    p->n_events = 0;
    p->events_lost = 0;
}
