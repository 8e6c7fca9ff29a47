/* Opening and closing a plant. */
#include "plant.h"

#include "plant_impl.h"
#include "schema.h"

#include <stdarg.h>

/* How long opening and closing wait for another program's lock; nothing is served then. */
#define OPEN_PATIENCE_MS  1000
#define CLOSE_PATIENCE_MS 1000

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
    s7_status status = plant_sql_status(sqlite3_extended_errcode(p->db));

    return plant_fail(&p->last_error, status, "%s: cannot %s: %s", p->path, doing, sqlite3_errmsg(p->db));
}

s7_status plant_sql_status(int rc)
{
    if (rc == SQLITE_IOERR_NOMEM)
        return S7_E_NOMEM;
    switch (rc & 0xFF) {
    case SQLITE_NOMEM:
        return S7_E_NOMEM;
    case SQLITE_BUSY:
        return S7_E_PLANT_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return S7_E_PLANT_SCHEMA;
    default:
        return S7_E_PLANT_IO;
    }
}

int plant_utf8_clip(const char *text, size_t max)
{
    size_t len = strnlen(text, max + 1);

    if (len <= max)
        return (int)len;
    while (max > 0 && ((unsigned char)text[max] & 0xC0) == 0x80)
        max--;
    return (int)max;
}

bool plant_grow(void **array, size_t *cap, size_t need, size_t size)
{
    size_t fresh_cap = *cap == 0 ? 64 : *cap;
    void *grown;

    if (need <= *cap)
        return true;
    while (fresh_cap < need)
        fresh_cap *= 2;
    grown = reallocarray(*array, fresh_cap, size);
    if (grown == NULL)
        return false;
    *array = grown;
    *cap = fresh_cap;
    return true;
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

/* SQLite answers with the mode that it has then; where WAL does not work, that is the old one, without an
 * error. */
static s7_status set_journal(plant *p)
{
    const char *mode = p->options.journal_delete ? "delete" : "wal";
    sqlite3_stmt *q;
    char sql[40];
    bool is_set;
    int rc;

    snprintf(sql, sizeof sql, "PRAGMA journal_mode=%s", mode);
    if (sqlite3_prepare_v2(p->db, sql, -1, &q, NULL) != SQLITE_OK)
        return plant_sql_fail(p, "set its journal mode");
    rc = sqlite3_step(q);
    is_set = rc == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(q, 0), mode) == 0;
    if (rc == SQLITE_ROW && !is_set)
        plant_fail(&p->last_error, S7_E_PLANT_IO, "%s: cannot set its journal mode to %s, it stays %s%s",
                   p->path, mode, sqlite3_column_text(q, 0),
                   p->options.journal_delete ? "" : "; use --journal delete");
    else if (!is_set)
        plant_sql_fail(p, "set its journal mode");
    sqlite3_finalize(q);
    return is_set ? S7_OK : p->last_error.status;
}

static s7_status set_modes(plant *p)
{
    static const char *const synchronous[] = {
        [PLANT_MEMORY] = "PRAGMA synchronous=OFF",
        [PLANT_COMMIT] = "PRAGMA synchronous=NORMAL",
        [PLANT_FSYNC] = "PRAGMA synchronous=FULL",
    };
    if (p->options.read_only)
        return S7_OK;
    enum plant_durability durability = p->options.temporary ? PLANT_MEMORY : p->options.durability;
    if (sqlite3_exec(p->db, synchronous[durability], NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(p->db, "PRAGMA wal_autocheckpoint=0", NULL, NULL, NULL) != SQLITE_OK)
        return plant_sql_fail(p, "set its durability");
    return set_journal(p);
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

    int rc = plant_sql_prepare(p);

    if ((rc & 0xFF) == SQLITE_ERROR) /* no such table, or column */
        return plant_fail(&p->last_error, S7_E_PLANT_SCHEMA, "%s: damaged plant file: %s", p->path,
                          sqlite3_errmsg(p->db));
    if (rc != SQLITE_OK)
        return plant_sql_fail(p, "read its schema");
    if (plant_sql_run(p, p->options.read_only ? SQL_BEGIN : SQL_BEGIN_IMMEDIATE) != SQLITE_OK)
        return plant_sql_fail(p, "begin to read");
    status = mirror_load(p);
    if (status == S7_OK)
        status = audit_reread(p, 1);
    if (status != S7_OK) {
        plant_sql_run(p, SQL_ROLLBACK);
        if (status == S7_E_NOMEM)
            plant_fail(&p->last_error, status, "%s: out of memory", p->path);
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
    log_free(p);
    conn_free_all(p);
    free(p->moves);
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
    p->log.peer = "";
    plant_clock(p, p->options.wall_ms);
    p->dirty_conns_end = &p->dirty_conns;
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
    if (!p->options.read_only) {
        sqlite3_busy_timeout(p->db, CLOSE_PATIENCE_MS);
        plant_let_go(p);
        (void)plant_upkeep(p);
    }
    release(p);
}
