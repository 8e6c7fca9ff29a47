/* write_log to the file: by the transaction that writes what its rows tell of. */
#include "plant_impl.h"

#define ROWS_BETWEEN_PRUNINGS 256

static const char *const source_names[] = {[PLANT_BY_SQL] = "sql",
                                           [PLANT_BY_S7] = "s7",
                                           [PLANT_BY_SCRIPT] = "script",
                                           [PLANT_BY_GENERATOR] = "generator"};

static void bind_text(sqlite3_stmt *q, int column, const char *text)
{
    if (text[0] != '\0')
        sqlite3_bind_text(q, column, text, -1, SQLITE_STATIC);
}

/* Tags that are empty texts have values all the same. */
static void bind_tags(sqlite3_stmt *q, const struct log_row *row)
{
    if (row->tag[0] == '\0')
        return;
    sqlite3_bind_text(q, 12, row->tag, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 13, row->before, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 14, row->after, -1, SQLITE_STATIC);
}

/* Static: the row outlives the step. What is not bound is NULL. */
static int write_row(plant *p, const struct log_row *row, const char *time_text)
{
    sqlite3_stmt *q = p->sql[SQL_LOG_ADD];
    const uint8_t *bytes = p->log.bytes + row->at;

    sqlite3_clear_bindings(q);
    sqlite3_bind_text(q, 1, time_text, -1, SQLITE_STATIC);
    sqlite3_bind_int64(q, 2, row->plc);
    bind_text(q, 3, source_names[row->source]);
    bind_text(q, 4, row->peer);
    if (row->conn != 0)
        sqlite3_bind_int64(q, 5, row->conn);
    bind_text(q, 6, mirror_kind(row->area));
    sqlite3_bind_int(q, 7, row->number);
    sqlite3_bind_int64(q, 8, row->offset);
    sqlite3_bind_int64(q, 9, row->len);
    if (row->has_before)
        sqlite3_bind_blob(q, 10, bytes, row->n_before, SQLITE_STATIC);
    if (row->has_after)
        sqlite3_bind_blob(q, 11, bytes + row->n_before, row->n_after, SQLITE_STATIC);
    bind_tags(q, row);
    return plant_sql_run(p, SQL_LOG_ADD);
}

/* In one go for many rows: what was pruned and how often depends on nothing but their number. */
static int prune(plant *p)
{
    sqlite3_bind_int64(p->sql[SQL_LOG_PRUNE], 1, p->audit.keep_writes);
    sqlite3_bind_int64(p->sql[SQL_LOG_PRUNE], 2, PRUNE_BATCH - 1);
    int rc = plant_sql_run(p, SQL_LOG_PRUNE);
    p->log.prune_on = rc == SQLITE_OK && sqlite3_changes(p->db) == PRUNE_BATCH;
    return rc;
}

static bool is_time_to_prune(const struct plant_log *log)
{
    return log->prune || log->unpruned + log->n >= ROWS_BETWEEN_PRUNINGS;
}

/* Told by an event, which waits like any other if this transaction fails. */
static void tell_lost(plant *p)
{
    char text[96];

    if (p->log.lost == 0)
        return;
    snprintf(text, sizeof text, "%llu rows of write_log found no room", (unsigned long long)p->log.lost);
    plant_event(p, p->log.wall_ms, NULL, "dropped", "", text);
    p->log.lost = 0;
}

bool log_waits(const plant *p)
{
    return p->log.n > 0 || p->log.prune;
}

int log_flush(plant *p)
{
    struct plant_log *log = &p->log;
    int64_t wall_ms = INT64_MIN;
    char time_text[PLANT_TIME_CAP];
    int rc = SQLITE_OK;

    for (size_t i = 0; i < log->n && rc == SQLITE_OK; i++) {
        if (log->rows[i].wall_ms != wall_ms)
            plant_time_text(log->rows[i].wall_ms, time_text, sizeof time_text);
        wall_ms = log->rows[i].wall_ms;
        rc = write_row(p, &log->rows[i], time_text);
    }
    tell_lost(p);
    log->prune_on = false;
    if (rc == SQLITE_OK && is_time_to_prune(log))
        rc = prune(p);
    return rc;
}

void log_clean(plant *p)
{
    struct plant_log *log = &p->log;

    log->unpruned = is_time_to_prune(log) ? 0 : log->unpruned + log->n;
    log->prune = log->prune_on;
    log->n = log->n_stored = 0;
    log->n_bytes = 0;
}
