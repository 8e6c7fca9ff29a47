#include "schema.h"

#include "builtin.h"
#include "plant_impl.h"
#include "schema_tables.h"

/* Tables that are no longer as the step left them that made them. */
static const char new_tables[] = PLC(PLC_OF_4(AT_ONCE) PLC_OF_5(AT_ONCE)) BLOCK(BLOCK_OF_5(AT_ONCE))
    EVENT(EVENT_OF_6(AT_ONCE)) CHANGE("change", CHANGE_OF_5);

static const struct plant_schema_step *const steps[PLANT_SCHEMA_VERSION] = {
    &plant_schema_1, &plant_schema_2, &plant_schema_3, &plant_schema_4,
    &plant_schema_5, &plant_schema_6, &plant_schema_7};

static int run(sqlite3 *db, const char *sql)
{
    return sql != NULL ? sqlite3_exec(db, sql, NULL, NULL, NULL) : SQLITE_OK;
}

int plant_schema_migrate(sqlite3 *db, int from, int to)
{
    bool at_once = from == 0 && to == PLANT_SCHEMA_VERSION;
    int rc = run(db, at_once ? new_tables : NULL);
    char pragma[96];

    for (int version = from; version < to && rc == SQLITE_OK; version++) {
        rc = run(db, at_once ? NULL : steps[version]->older);
        if (rc == SQLITE_OK)
            rc = run(db, steps[version]->every);
    }
    if (rc == SQLITE_OK && to == PLANT_SCHEMA_VERSION)
        rc = plant_builtins_add(db);
    if (rc == SQLITE_OK) {
        snprintf(pragma, sizeof pragma, "PRAGMA application_id=%d; PRAGMA user_version=%d",
                 PLANT_APPLICATION_ID, to);
        rc = run(db, pragma);
    }
    return rc;
}

/* An integer pragma; -1 with *rc when it cannot be read. */
static int pragma_int(sqlite3 *db, const char *sql, int *rc)
{
    sqlite3_stmt *q;
    int value = -1;

    *rc = sqlite3_prepare_v2(db, sql, -1, &q, NULL);
    if (*rc != SQLITE_OK)
        return -1;
    *rc = sqlite3_step(q);
    if (*rc == SQLITE_ROW) {
        value = sqlite3_column_int(q, 0);
        *rc = SQLITE_OK;
    }
    sqlite3_finalize(q);
    return value;
}

s7_status plant_schema_check(sqlite3 *db, const char *path, int *version, struct plant_error *error)
{
    int rc, application = pragma_int(db, "PRAGMA application_id", &rc);

    if (rc == SQLITE_NOTADB)
        return plant_fail(error, S7_E_PLANT_SCHEMA, "%s: not a plant file: it is no SQLite database", path);
    if (rc == SQLITE_OK)
        *version = pragma_int(db, "PRAGMA user_version", &rc);
    if (rc != SQLITE_OK)
        return plant_fail(error, plant_sql_status(rc), "%s: cannot read it: %s", path, sqlite3_errmsg(db));
    if (application != PLANT_APPLICATION_ID)
        return plant_fail(error, S7_E_PLANT_SCHEMA,
                          "%s: a SQLite database, but not a plant file; make one with s7rig plant new FILE",
                          path);
    if (*version < 1)
        return plant_fail(error, S7_E_PLANT_SCHEMA, "%s: damaged plant file: its schema is %d", path,
                          *version);
    if (*version > PLANT_SCHEMA_VERSION)
        return plant_fail(error, S7_E_PLANT_SCHEMA,
                          "%s: made by a newer s7rig: its schema is %d, this one knows 1 to %d", path,
                          *version, PLANT_SCHEMA_VERSION);
    return S7_OK;
}
