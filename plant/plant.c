/* Opening and closing a plant. */
#include "plant.h"

#include "plant_impl.h"
#include "schema.h"

#include <stdarg.h>

/* How long opening waits for another program's lock; nothing is served yet. */
#define OPEN_PATIENCE_MS 1000

void plant_options_init(struct plant_options *options)
{
    *options = (struct plant_options){.struct_size = sizeof *options, .durability = PLANT_COMMIT};
}

s7_status plant_fail(struct plant_error *error, s7_status status, const char *format, ...)
{
    va_list args;

    error->status = status;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return status;
}

s7_status plant_sql_fail(plant *p, const char *doing)
{
    int rc = sqlite3_errcode(p->db) & 0xFF;
    s7_status status = rc == SQLITE_NOMEM ? S7_E_NOMEM : rc == SQLITE_BUSY ? S7_E_PLANT_BUSY : S7_E_PLANT_IO;

    return plant_fail(&p->last_error, status, "%s: cannot %s: %s", p->path, doing, sqlite3_errmsg(p->db));
}

const struct plant_error *plant_last_error(const plant *p)
{
    return &p->last_error;
}

/* ---- opening ---- */

static s7_status open_database(plant *p)
{
    int flags = (p->options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX;

    if (sqlite3_open_v2(p->path, &p->db, flags, NULL) != SQLITE_OK)
        return plant_sql_fail(p, "open");
    sqlite3_busy_timeout(p->db, OPEN_PATIENCE_MS);
    /* The file is foreign data: its schema may not do more than tables and triggers do, and its triggers do
     * not fire on what we write. */
    sqlite3_db_config(p->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(p->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(p->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(p->db, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
    return S7_OK;
}

static s7_status migrate(plant *p)
{
    int version, rc;
    s7_status status = plant_schema_check(p->db, p->path, &version, &p->last_error);

    if (status != S7_OK || version == PLANT_SCHEMA_VERSION)
        return status;
    if (p->options.read_only)
        return plant_fail(&p->last_error, S7_E_PLANT_SCHEMA,
                          "%s: its schema %d is older than %d; s7rig serve brings it up to date", p->path,
                          version, PLANT_SCHEMA_VERSION);
    rc = sqlite3_exec(p->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = plant_schema_migrate(p->db, version, PLANT_SCHEMA_VERSION);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(p->db, "COMMIT", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        return S7_OK;
    status = plant_sql_fail(p, "bring its schema up to date");
    sqlite3_exec(p->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static s7_status set_modes(plant *p)
{
    static const char *const synchronous[] = {
        [PLANT_MEMORY] = "PRAGMA synchronous=OFF",
        [PLANT_COMMIT] = "PRAGMA synchronous=NORMAL",
        [PLANT_FSYNC] = "PRAGMA synchronous=FULL",
    };
    const char *mode = p->options.journal_delete ? "PRAGMA journal_mode=DELETE" : "PRAGMA journal_mode=WAL";

    if (p->options.read_only)
        return S7_OK;
    if (sqlite3_exec(p->db, mode, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(p->db, synchronous[p->options.durability], NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(p->db, "PRAGMA wal_autocheckpoint=0", NULL, NULL, NULL) != SQLITE_OK)
        return plant_sql_fail(p, "set its journal mode");
    return S7_OK;
}

static s7_status allocate(plant *p)
{
    p->scratch = malloc(PLANT_BLOCK_MAX);
    p->text = malloc(PLANT_TEXT_CAP);
    p->utf8 = malloc(PLANT_TEXT_CAP);
    p->events = calloc(PLANT_EVENTS_CAP, sizeof *p->events);
    if (p->scratch != NULL && p->text != NULL && p->utf8 != NULL && p->events != NULL)
        return S7_OK;
    return plant_fail(&p->last_error, S7_E_NOMEM, "out of memory");
}

/* The mirror, and what was edited while nobody served, in one transaction. */
static s7_status load(plant *p)
{
    s7_status status = S7_OK;

    if (plant_sql_prepare(p) != SQLITE_OK)
        return plant_fail(&p->last_error, S7_E_PLANT_SCHEMA, "%s: damaged plant file: %s", p->path,
                          sqlite3_errmsg(p->db));
    if (plant_sql_run(p, p->options.read_only ? SQL_BEGIN : SQL_BEGIN_IMMEDIATE) != SQLITE_OK)
        return plant_sql_fail(p, "begin to read");
    status = mirror_load(p);
    if (status != S7_OK) {
        plant_sql_run(p, SQL_ROLLBACK);
        if (status == S7_E_NOMEM)
            plant_fail(&p->last_error, status, "out of memory");
        return status;
    }
    return turn_first(p);
}

static s7_status open_steps(plant *p)
{
    s7_status status = plant_file_check(p->path, !p->options.journal_delete, &p->last_error);

    if (status == S7_OK && !p->options.read_only)
        status = plant_file_lock(p, &p->last_error);
    if (status == S7_OK)
        status = allocate(p);
    if (status == S7_OK)
        status = open_database(p);
    if (status == S7_OK)
        status = migrate(p);
    if (status == S7_OK)
        status = set_modes(p);
    if (status == S7_OK)
        status = plant_file_identify(p);
    if (status == S7_OK)
        status = load(p);
    if (status == S7_OK)
        sqlite3_busy_timeout(p->db, 0);
    if (status == S7_OK && !p->options.read_only && !p->options.journal_delete)
        status = checkpoint_start(p);
    return status;
}

static void release(plant *p)
{
    checkpoint_stop(p);
    plant_sql_finalize(p);
    sqlite3_close(p->db);
    plant_file_unlock(p);
    mirror_free(p);
    free(p->undo);
    free(p->undo_bytes);
    free(p->events);
    free(p->scratch);
    free(p->text);
    free(p->utf8);
    free(p->path);
    free(p);
}

s7_status plant_open(const char *path, const struct plant_options *options, plant **out,
                     struct plant_error *error)
{
    plant *p = calloc(1, sizeof *p);
    s7_status status;

    if (p == NULL)
        return plant_fail(error, S7_E_NOMEM, "out of memory");
    p->lock_fd = -1;
    plant_options_init(&p->options);
    if (options != NULL)
        p->options = *options;
    p->path = strdup(path);
    status = p->path == NULL ? plant_fail(&p->last_error, S7_E_NOMEM, "out of memory") : open_steps(p);
    if (status != S7_OK) {
        *error = p->last_error;
        release(p);
        return status;
    }
    *out = p;
    return S7_OK;
}

void plant_close(plant *p)
{
    if (p == NULL)
        return;
    if (!p->options.read_only)
        (void)plant_upkeep(p);
    release(p);
}
