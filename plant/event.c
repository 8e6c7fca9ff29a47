/* Events wait in RAM for the next transaction. */
#include "plant_impl.h"

#include <time.h>

void plant_event(plant *p, int64_t wall_ms, const struct plant_plc *plc, const char *kind, const char *peer,
                 const char *text)
{
    if (p->options.read_only)
        return;
    if (p->n_events == PLANT_EVENTS_CAP) {
        p->events_lost++;
        return;
    }
    struct plant_event_row *row = &p->events[p->n_events++];
    row->wall_ms = wall_ms;
    row->plc = plc != NULL ? plc->id : 0;
    snprintf(row->kind, sizeof row->kind, "%s", kind);
    snprintf(row->peer, sizeof row->peer, "%s", peer);
    snprintf(row->text, sizeof row->text, "%.*s", plant_utf8_clip(text, sizeof row->text - 1), text);
}

static void utc_text(int64_t wall_ms, char *out, size_t cap)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    size_t len = strftime(out, cap, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + len, cap - len, ".%03dZ", (int)(wall_ms % 1000));
}

static int add(plant *p, const struct plant_event_row *row)
{
    sqlite3_stmt *q = p->sql[SQL_EVENT_ADD];
    char time_text[40];

    utc_text(row->wall_ms, time_text, sizeof time_text);
    /* Static: they outlive the step, and binding them cannot fail. */
    sqlite3_bind_text(q, 1, time_text, -1, SQLITE_STATIC);
    if (row->plc != 0)
        sqlite3_bind_int64(q, 2, row->plc);
    else
        sqlite3_bind_null(q, 2);
    sqlite3_bind_text(q, 3, row->kind, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 4, row->peer, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 5, row->text, -1, SQLITE_STATIC);
    int rc = plant_sql_run(p, SQL_EVENT_ADD);
    sqlite3_clear_bindings(q);
    return rc;
}

/* Leaves the queue as it is: it is emptied when the commit succeeded. */
int event_flush(plant *p)
{
    int rc = SQLITE_OK;

    for (size_t i = 0; i < p->n_events && rc == SQLITE_OK; i++)
        rc = add(p, &p->events[i]);
    if (rc == SQLITE_OK && p->events_lost > 0) {
        struct plant_event_row row = {.wall_ms = p->events[p->n_events - 1].wall_ms, .kind = "dropped"};
        snprintf(row.text, sizeof row.text, "%u events came faster than they could be written",
                 p->events_lost);
        rc = add(p, &row);
    }
    if (rc == SQLITE_OK && p->n_events > 0)
        rc = plant_sql_run(p, SQL_EVENT_PRUNE);
    return rc;
}

void event_clean(plant *p)
{
    p->n_events = 0;
    p->events_lost = 0;
}
