/* Making a new plant file. */
#include "plant_impl.h"
#include "schema.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool is_db(const struct plant_new_block *block)
{
    return block->area == S7_AREA_DB;
}

/* taken: a bit for each DB by its number, and behind them one for each other area by its code. */
static bool take_place(uint8_t *taken, const struct plant_new_block *block)
{
    size_t at = is_db(block) ? block->number : 65536U + (unsigned)block->area;
    uint8_t bit = (uint8_t)(1U << at % 8);

    if ((taken[at / 8] & bit) != 0)
        return false;
    taken[at / 8] |= bit;
    return true;
}

static s7_status check(const struct plant_new_plc *plc, struct plant_error *error)
{
    uint8_t taken[(65536 + 256) / 8] = {0};
    size_t name_len = strlen(plc->name);

    if (name_len == 0 || name_len >= PLANT_NAME_CAP)
        return plant_fail(error, S7_E_ARG, "a PLC's name has 1 to %d bytes, \"%s\" has %zu",
                          PLANT_NAME_CAP - 1, plc->name, name_len);
    for (size_t i = 0; i < plc->n_blocks; i++) {
        const struct plant_new_block *b = &plc->blocks[i];
        const char *kind = mirror_kind(b->area);
        if (kind == NULL || is_db(b) != (b->number > 0))
            return plant_fail(error, S7_E_ARG,
                              "a block is DB 1..65535, or I, Q, M, T, C without a number; got %s %u",
                              kind != NULL ? kind : "?", b->number);
        if (b->len > PLANT_BLOCK_MAX)
            return plant_fail(error, S7_E_ARG, "%s: a block has at most %d bytes, got %u", kind,
                              PLANT_BLOCK_MAX, b->len);
        if (!take_place(taken, b))
            return plant_fail(error, S7_E_ARG, "%s%.0u is there twice", kind, b->number);
    }
    return S7_OK;
}

static int add_block(sqlite3_stmt *q, sqlite3_int64 plc, const struct plant_new_block *block)
{
    int rc;

    sqlite3_bind_int64(q, 1, plc);
    sqlite3_bind_text(q, 2, mirror_kind(block->area), -1, SQLITE_STATIC);
    sqlite3_bind_int(q, 3, block->number);
    sqlite3_bind_zeroblob(q, 4, (int)block->len);
    rc = sqlite3_step(q);
    sqlite3_reset(q);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* -1, as the personality says, is NULL in the file. */
static void bind_limits(sqlite3_stmt *q, const struct plant_plc *limits)
{
    const int32_t values[] = {limits->rack, limits->slot, limits->pdu_len, limits->amq, limits->connections};

    for (int i = 0; i < (int)(sizeof values / sizeof values[0]); i++)
        if (values[i] >= 0)
            sqlite3_bind_int(q, 4 + i, values[i]);
}

/* What the CPU has by itself, as far as no block takes its place. An area that it does not have gets none. */
static int add_memory(sqlite3 *db, sqlite3_int64 plc)
{
    static const char sql[] =
        "WITH who AS (SELECT * FROM personality WHERE name = (SELECT cpu FROM plc WHERE id = ?1)),"
        " area(kind, number, bytes) AS ("
        "  SELECT 'DB', 1, db1 FROM who UNION ALL SELECT 'I', 0, inputs FROM who"
        "  UNION ALL SELECT 'Q', 0, outputs FROM who UNION ALL SELECT 'M', 0, markers FROM who"
        "  UNION ALL SELECT 'T', 0, 2 * timers FROM who UNION ALL SELECT 'C', 0, 2 * counters FROM who)"
        "INSERT OR IGNORE INTO block (plc, kind, number, data)"
        " SELECT ?1, kind, number, zeroblob(bytes) FROM area WHERE bytes > 0";
    sqlite3_stmt *q;
    int rc = sqlite3_prepare_v2(db, sql, -1, &q, NULL);

    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(q, 1, plc);
        rc = sqlite3_step(q);
    }
    sqlite3_finalize(q);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int add_plc(sqlite3_stmt *q, const struct plant_new_plc *plc)
{
    int rc;

    sqlite3_bind_text(q, 1, plc->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 2, plc->cpu, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 3, plc->listen, -1, SQLITE_STATIC); /* NULL binds NULL */
    if (plc->limits != NULL)
        bind_limits(q, plc->limits);
    rc = sqlite3_step(q);
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int fill(sqlite3 *db, const struct plant_new_plc *plcs, size_t n_plcs)
{
    sqlite3_stmt *plc = NULL, *block = NULL;
    int rc =
        sqlite3_prepare_v2(db,
                           "INSERT INTO plc (name, cpu, listen, rack, slot, pdu_length, amq, connections)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                           -1, &plc, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(db, "INSERT INTO block (plc, kind, number, data) VALUES (?1, ?2, ?3, ?4)", -1,
                                &block, NULL);
    for (size_t i = 0; i < n_plcs && rc == SQLITE_OK; i++) {
        rc = add_plc(plc, &plcs[i]);
        sqlite3_int64 id = sqlite3_last_insert_rowid(db);
        for (size_t k = 0; k < plcs[i].n_blocks && rc == SQLITE_OK; k++)
            rc = add_block(block, id, &plcs[i].blocks[k]);
        if (rc == SQLITE_OK && plcs[i].has_memory)
            rc = add_memory(db, id);
    }
    sqlite3_finalize(plc);
    sqlite3_finalize(block);
    return rc;
}

static s7_status make(const char *path, const struct plant_new_plc *plcs, size_t n_plcs, bool temporary,
                      struct plant_error *error)
{
    sqlite3 *db;
    s7_status status = S7_OK;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc == SQLITE_OK && temporary)
        rc = sqlite3_exec(db, "PRAGMA synchronous=OFF", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc == SQLITE_OK) /* nothing of this is an edit */
        rc = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    if (rc == SQLITE_OK)
        rc = plant_schema_migrate(db, 0, PLANT_SCHEMA_VERSION);
    if (rc == SQLITE_OK)
        rc = fill(db, plcs, n_plcs);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        status = plant_fail(error, (rc & 0xFF) == SQLITE_CONSTRAINT ? S7_E_ARG : plant_sql_status(rc),
                            "%s: %s", path, sqlite3_errmsg(db));
    sqlite3_close(db);
    return status;
}

static s7_status create(const char *path, const struct plant_new_plc *plcs, size_t n_plcs, bool temporary,
                        struct plant_error *error)
{
    s7_status status = S7_OK;
    int fd;

    for (size_t i = 0; i < n_plcs && status == S7_OK; i++)
        status = check(&plcs[i], error);
    if (status != S7_OK)
        return status;
    fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666);
    if (fd < 0)
        return plant_fail(error, errno == EEXIST ? S7_E_ARG : S7_E_PLANT_IO, "%s: %s", path,
                          errno == EEXIST ? "exists already; a new plant needs a new file" : strerror(errno));
    close(fd);
    status = make(path, plcs, n_plcs, temporary, error);
    if (status != S7_OK)
        unlink(path);
    return status;
}

s7_status plant_create(const char *path, const struct plant_new_plc *plcs, size_t n_plcs,
                       struct plant_error *error)
{
    return create(path, plcs, n_plcs, false, error);
}

s7_status plant_create_temporary(const char *path, const struct plant_new_plc *plcs, size_t n_plcs,
                                 struct plant_error *error)
{
    return create(path, plcs, n_plcs, true, error);
}
