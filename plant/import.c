/* A text into a plant: the transaction, and what is told of it. */
#include "import_impl.h"

#include "json_at.h"
#include "schema.h"

#include "protocol/utf8.h"

#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#define PATIENCE_MS 5000

void plant_import_options_init(struct plant_import_options *options)
{
    *options = (struct plant_import_options){.struct_size = sizeof *options, .patience_ms = PATIENCE_MS};
}

static const char *const texts[IMPORT_SQL_COUNT] = {
    [IMPORT_PENDING] = "SELECT 1 FROM change WHERE what IN ('block', 'tag', 'value') LIMIT 1",
    [IMPORT_PLC_ALL] = "SELECT id, name FROM plc ORDER BY id",
    [IMPORT_PLC_ADD] = "INSERT INTO plc (name) VALUES (?1)",
    [IMPORT_PLC_COLUMNS] = "SELECT * FROM plc LIMIT 0",
    [IMPORT_PERSONALITY_COLUMNS] = "SELECT * FROM personality LIMIT 0",
    [IMPORT_PERSONALITY_FIND] = "SELECT rowid FROM personality WHERE name = ?1",
    [IMPORT_PERSONALITY_ADD] = "INSERT INTO personality (name) VALUES (?1)",
    [IMPORT_PERSONALITY_SZL_FIND] =
        ("SELECT record_len = ?4 AND data = ?5 FROM personality_szl WHERE list = ?2 AND idx = ?3 AND"
         " personality = (SELECT name FROM personality WHERE rowid = ?1)"),
    [IMPORT_PERSONALITY_SZL_PUT] = ("INSERT INTO personality_szl (personality, list, idx, record_len, data)"
                                    " SELECT name, ?2, ?3, ?4, ?5 FROM personality WHERE rowid = ?1"
                                    " ON CONFLICT (personality, list, idx)"
                                    " DO UPDATE SET record_len = excluded.record_len, data = excluded.data"),
    [IMPORT_BLOCK_FIND] = ("SELECT id, data, optimized, write_protected FROM block"
                           " WHERE plc = ?1 AND kind = ?2 AND number = ?3"),
    [IMPORT_BLOCK_ADD] = ("INSERT INTO block (plc, kind, number, data, optimized, write_protected)"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
    [IMPORT_BLOCK_SET] = "UPDATE block SET data = ?2, optimized = ?3, write_protected = ?4 WHERE id = ?1",
    [IMPORT_SZL_FIND] =
        "SELECT record_len = ?4 AND data = ?5 FROM szl WHERE plc = ?1 AND list = ?2 AND idx = ?3",
    [IMPORT_SZL_PUT] = ("INSERT INTO szl (plc, list, idx, record_len, data) VALUES (?1, ?2, ?3, ?4, ?5)"
                        " ON CONFLICT (plc, list, idx) DO UPDATE SET record_len = excluded.record_len, data "
                        "= excluded.data"),
    [IMPORT_CODE_FIND] = "SELECT file = ?4 FROM code WHERE plc = ?1 AND kind = ?2 AND number = ?3",
    [IMPORT_CODE_PUT] = ("INSERT INTO code (plc, kind, number, file) VALUES (?1, ?2, ?3, ?4)"
                         " ON CONFLICT (plc, kind, number) DO UPDATE SET file = excluded.file"),
    [IMPORT_TAG_SEE] = "INSERT OR IGNORE INTO temp.seen (plc, name, item) VALUES (?1, ?2, ?3)",
    [IMPORT_TAG_SEEN] = "SELECT item FROM temp.seen WHERE plc = ?1 AND name = ?2",
    [IMPORT_TAG_FIND] = ("SELECT id, address, type, comment IS ?3, value IS ?4, error IS NOT NULL FROM tag"
                         " WHERE plc = ?1 AND name = ?2"),
    [IMPORT_TAG_ADD] = ("INSERT INTO tag (plc, name, address, type, comment, value)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
    [IMPORT_TAG_SET_ADDRESS] = "UPDATE tag SET address = ?2, type = ?3 WHERE id = ?1",
    [IMPORT_TAG_SET_COMMENT] = "UPDATE tag SET comment = ?2 WHERE id = ?1",
    [IMPORT_TAG_SET_VALUE] = "UPDATE tag SET value = ?2 WHERE id = ?1",
    [IMPORT_JSON_ROWS] = "SELECT type, value FROM json_each(?1)",
    [IMPORT_JSON_LIST] = "SELECT type, value FROM json_each(?1)",
    [IMPORT_JSON_ROW] = "SELECT key, type, value FROM json_each(?1)",
    /* A number as it is written, twice in an array: SQLite's own are rounded. */
    [IMPORT_JSON_MEMBERS] =
        ("SELECT key, type, CASE WHEN type IN ('integer', 'real') THEN json_extract(?1, fullkey, fullkey)"
         " ELSE value END FROM json_each(?1)"),
    [IMPORT_JSON_ELEMENTS] = "SELECT type, value FROM json_each(?1)",
};

/* ---- problems ---- */

size_t import_offset(const struct import *im, const struct import_field *field)
{
    struct json_at json = {.text = im->source, .len = im->source_len};

    if (im->options->format == PLANT_CSV)
        return field->at;
    if (im->where.object != IMPORT_NOWHERE && json_member(&json, im->where.root) &&
        json_element(&json, im->where.object) && im->where.list != NULL && json_member(&json, im->where.list))
        (void)json_element(&json, im->where.item);
    if (field->member != NULL)
        (void)json_member(&json, field->member);
    return json.at;
}

size_t import_line(const struct import *im, size_t at)
{
    size_t line = 1;

    for (size_t i = 0; i < at; i++)
        line += im->source[i] == '\n';
    return line;
}

/* Characters in front of it on its line, and one; a mark at the text's beginning does not count. */
static size_t column_of(const struct import *im, size_t at)
{
    size_t column = 1, begin = at;

    while (begin > 0 && im->source[begin - 1] != '\n')
        begin--;
    if (begin == 0 && at >= 3 && memcmp(im->source, "\xEF\xBB\xBF", 3) == 0)
        begin = 3;
    for (; begin < at; begin++)
        column += ((unsigned char)im->source[begin] & 0xC0) != 0x80;
    return column;
}

static void tell(struct import *im, size_t line, size_t column, const char *format, va_list args)
{
    char text[512];

    im->result->problems++;
    if (im->options->problem == NULL || im->result->problems > PLANT_PROBLEMS_MAX)
        return;
    vsnprintf(text, sizeof text, format, args);
    text[plant_utf8_clip(text, sizeof text - 4)] = '\0';
    im->options->problem(&(struct plant_problem){line, column, text}, im->options->arg);
}

bool import_problem_at(struct import *im, size_t at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tell(im, import_line(im, at), column_of(im, at), format, args);
    va_end(args);
    return false;
}

bool import_problem(struct import *im, const struct import_field *field, size_t skip, const char *format, ...)
{
    size_t at = field != NULL ? import_offset(im, field) : 0;
    va_list args;

    at = at + skip < im->source_len ? at + skip : im->source_len;
    va_start(args, format);
    tell(im, field != NULL ? import_line(im, at) : 0, field != NULL ? column_of(im, at) : 0, format, args);
    va_end(args);
    return false;
}

bool import_fail(struct import *im, const char *doing)
{
    int rc = sqlite3_extended_errcode(im->db);

    if (im->status != S7_OK)
        return false;
    im->status = plant_sql_status(rc);
    if (im->status == S7_E_PLANT_BUSY)
        plant_fail(im->error, im->status, "%s: another program holds its lock", im->path);
    else
        plant_fail(im->error, im->status, "%s: cannot %s: %s", im->path, doing, sqlite3_errmsg(im->db));
    return false;
}

bool import_nomem(struct import *im)
{
    im->status = S7_E_NOMEM;
    plant_fail(im->error, S7_E_NOMEM, "%s: out of memory", im->path);
    return false;
}

bool import_run(struct import *im, sqlite3_stmt *q, const struct import_field *field)
{
    static const char prefix[] = "CHECK constraint failed: ";
    const char *why;
    int rc = sqlite3_step(q);

    if ((rc & 0xFF) == SQLITE_CONSTRAINT) {
        why = sqlite3_errmsg(im->db);
        if (strncmp(why, prefix, sizeof prefix - 1) == 0)
            why += sizeof prefix - 1;
        import_problem(im, field, 0, "%s", why);
    } else if (rc != SQLITE_DONE) {
        import_fail(im, "write");
    }
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    return rc == SQLITE_DONE;
}

/* ---- PLCs ---- */

struct import_plc *import_plc_find(struct import *im, const char *name, size_t len)
{
    for (size_t i = 0; i < im->n_plcs; i++)
        if (strlen(im->plcs[i]->name) == len && memcmp(im->plcs[i]->name, name, len) == 0)
            return im->plcs[i];
    return NULL;
}

struct import_plc *import_plc_add(struct import *im, int64_t id, const char *name)
{
    struct import_plc **grown = reallocarray(im->plcs, im->n_plcs + 1, sizeof(*grown));
    struct import_plc *plc = calloc(1, sizeof *plc);
    char *copy = name != NULL ? strdup(name) : NULL;

    if (grown != NULL)
        im->plcs = grown;
    if (grown == NULL || plc == NULL || copy == NULL) {
        free(plc);
        free(copy);
        import_nomem(im);
        return NULL;
    }
    *plc = (struct import_plc){.id = id, .name = copy};
    im->plcs[im->n_plcs++] = plc;
    return plc;
}

static bool load_plcs(struct import *im)
{
    sqlite3_stmt *q = im->sql[IMPORT_PLC_ALL];

    while (im->status == S7_OK && sqlite3_step(q) == SQLITE_ROW)
        import_plc_add(im, sqlite3_column_int64(q, 0), (const char *)sqlite3_column_text(q, 1));
    return sqlite3_reset(q) == SQLITE_OK || import_fail(im, "read the table plc");
}

/* ---- the text as a whole ---- */

static bool check_utf8(struct import *im)
{
    uint32_t c;

    if (im->source_len >= 2 &&
        (memcmp(im->source, "\xFF\xFE", 2) == 0 || memcmp(im->source, "\xFE\xFF", 2) == 0))
        return import_problem(im, NULL, 0, "the text is UTF-16; save it as UTF-8");
    for (size_t at = 0, len; at < im->source_len; at += len) {
        len = s7_utf8_take(im->source + at, im->source_len - at, &c);
        if (len == 0)
            return import_problem_at(im, at, "expected UTF-8, got the byte 0x%02X; save the text as UTF-8",
                                     (unsigned char)im->source[at]);
    }
    return true;
}

static void read_source(struct import *im)
{
    if (!check_utf8(im))
        return;
    if (im->options->format == PLANT_CSV)
        import_csv(im);
    else
        import_json(im);
}

/* ---- the transaction ---- */

static bool open_database(struct import *im)
{
    int version;

    im->status = plant_file_check(im->path, false, im->error);
    if (im->status != S7_OK)
        return false;
    if (sqlite3_open_v2(im->path, &im->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return import_fail(im, "open");
    sqlite3_busy_timeout(im->db, (int)im->options->patience_ms);
    sqlite3_db_config(im->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(im->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(im->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    im->status = plant_schema_check(im->db, im->path, &version, im->error);
    return im->status == S7_OK;
}

static bool prepare(struct import *im)
{
    for (int i = 0; i < IMPORT_SQL_COUNT; i++)
        if (sqlite3_prepare_v3(im->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &im->sql[i], NULL) !=
            SQLITE_OK)
            return import_fail(im, "read its schema");
    im->text = malloc(PLANT_TEXT_CAP);
    im->other = malloc(PLANT_TEXT_CAP);
    im->bytes = malloc(IMPORT_BYTES_MAX);
    return (im->text != NULL && im->other != NULL && im->bytes != NULL) || import_nomem(im);
}

/* The version is asked again: somebody may have brought the file up to date before we had the lock. */
static bool begin(struct import *im)
{
    static const char seen[] =
        "PRAGMA temp_store = MEMORY; CREATE TEMP TABLE seen"
        " (plc INTEGER, name TEXT, item INTEGER, PRIMARY KEY (plc, name)) WITHOUT ROWID";
    int version;

    if (sqlite3_exec(im->db, seen, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(im->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return import_fail(im, "begin");
    im->status = plant_schema_check(im->db, im->path, &version, im->error);
    if (im->status != S7_OK)
        return false;
    if (plant_schema_migrate(im->db, version, PLANT_SCHEMA_VERSION) != SQLITE_OK)
        return import_fail(im, "bring its schema up to date");
    if (!prepare(im))
        return false;
    im->pending = sqlite3_step(im->sql[IMPORT_PENDING]) == SQLITE_ROW;
    sqlite3_reset(im->sql[IMPORT_PENDING]);
    return load_plcs(im);
}

static void run(struct import *im)
{
    if (!open_database(im) || !begin(im))
        return;
    read_source(im);
    if (im->status != S7_OK)
        return;
    if (im->result->problems == 0 && import_blocks_write(im) &&
        sqlite3_exec(im->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        import_fail(im, "commit");
    if (im->status == S7_OK && im->result->problems > 0)
        im->status = plant_fail(im->error, S7_E_SYNTAX, "%s: nothing was imported: %zu problem%s", im->path,
                                im->result->problems, im->result->problems == 1 ? "" : "s");
    if (im->status == S7_OK)
        import_blocks_tell(im);
}

static void release(struct import *im)
{
    for (int i = 0; i < IMPORT_SQL_COUNT; i++)
        sqlite3_finalize(im->sql[i]);
    sqlite3_close(im->db); /* an open transaction is rolled back */
    for (size_t i = 0; i < im->n_plcs; i++) {
        free(im->plcs[i]->name);
        free(im->plcs[i]);
    }
    free(im->plcs);
    import_blocks_free(im);
    free(im->text);
    free(im->other);
    free(im->bytes);
}

s7_status plant_import(const char *path, const char *text, size_t len,
                       const struct plant_import_options *options, struct plant_import_result *result,
                       struct plant_error *error)
{
    struct import im = {.path = path,
                        .source = text,
                        .source_len = len,
                        .options = options,
                        .result = result,
                        .error = error,
                        .where = {.object = IMPORT_NOWHERE}};

    *result = (struct plant_import_result){.made = false};
    if (options->format == PLANT_JSON && access(path, F_OK) != 0) {
        s7_status status = plant_create(path, NULL, 0, error);
        if (status != S7_OK)
            return status;
        result->made = true;
    }
    run(&im);
    release(&im);
    if (im.status != S7_OK && result->made)
        unlink(path);
    return im.status;
}
