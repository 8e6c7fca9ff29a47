/* The audit's tables for who knows no SQL: rows as texts. */
#include "plant_impl.h"

static const char *const queries[] = {
    [PLANT_AUDIT_WRITES] = "SELECT * FROM last_writes LIMIT ?1",
    [PLANT_AUDIT_EVENTS] =
        ("SELECT e.time, p.name AS plc, e.kind, e.conn, e.peer, e.fn, e.items, e.error, e.latency_us, e.text"
         " FROM event e LEFT JOIN plc p ON p.id = e.plc ORDER BY e.id DESC LIMIT ?1"),
    [PLANT_AUDIT_CONNECTIONS] = "SELECT * FROM connections LIMIT ?1",
    [PLANT_AUDIT_SLOW] = "SELECT * FROM slow LIMIT ?1",
};

/* False: no memory for a text. */
static bool take_cells(sqlite3_stmt *q, struct plant_cell *cells, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int type = sqlite3_column_type(q, (int)i);
        cells[i].name = sqlite3_column_name(q, (int)i);
        cells[i].is_number = type == SQLITE_INTEGER;
        cells[i].text = type == SQLITE_NULL ? NULL : (const char *)sqlite3_column_text(q, (int)i);
        if (cells[i].name == NULL || (type != SQLITE_NULL && cells[i].text == NULL))
            return false;
    }
    return true;
}

static s7_status look(plant *p, sqlite3_stmt *q, plant_audit_fn *fn, void *arg)
{
    struct plant_cell cells[PLANT_AUDIT_CELLS];
    size_t n = (size_t)sqlite3_column_count(q);
    int rc;

    if (n > PLANT_AUDIT_CELLS)
        return plant_fail(&p->last_error, S7_E_PLANT_SCHEMA, "%s: damaged plant file: a view has %zu columns",
                          p->path, n);
    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        if (!take_cells(q, cells, n))
            return plant_fail(&p->last_error, S7_E_NOMEM, "%s: out of memory", p->path);
        fn(cells, n, arg);
    }
    return rc == SQLITE_DONE ? S7_OK : plant_sql_fail(p, "read what was noted");
}

s7_status plant_audit_rows(plant *p, enum plant_audit_table which, uint32_t most, plant_audit_fn *fn,
                           void *arg)
{
    sqlite3_stmt *q;
    s7_status status;

    if (sqlite3_prepare_v2(p->db, queries[which], -1, &q, NULL) != SQLITE_OK)
        return plant_sql_fail(p, "read what was noted");
    sqlite3_bind_int64(q, 1, most);
    status = look(p, q, fn, arg);
    sqlite3_finalize(q);
    return status;
}
