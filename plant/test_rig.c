#include "test_rig.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#define TEXT_CAP   (256 * 1024)
#define TEXT_SLOTS 8

void rig_assert_status(s7_status got, s7_status expected, const char *what, const char *file, int line)
{
    if (got != expected) {
        print_error("%s: expected %s, got %s\n", what, s7_errname(expected), s7_errname(got));
        _fail(file, line);
    }
}

/* ---- life ---- */

void rig_new(struct rig *rig)
{
    static const struct plant_new_block blocks[] = {{S7_AREA_DB, 1, RIG_DB1_LEN},
                                                    {S7_AREA_DB, 2, 256},
                                                    {S7_AREA_M, 0, 16},
                                                    {S7_AREA_T, 0, 16},
                                                    {S7_AREA_C, 0, 16}};
    const struct plant_new_plc plc = {
        .name = "plc1", .cpu = "generic", .blocks = blocks, .n_blocks = sizeof blocks / sizeof blocks[0]};
    const char *tmp = getenv("TMPDIR");
    struct plant_error error = {S7_OK, ""};

    memset(rig, 0, sizeof *rig);
    plant_options_init(&rig->options);
    snprintf(rig->dir, sizeof rig->dir, "%s/s7rig-plant-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(rig->dir) == NULL)
        fail_msg("cannot make the folder %s", rig->dir);
    snprintf(rig->path, sizeof rig->path, "%s/a.plant", rig->dir);
    if (plant_create(rig->path, &plc, 1, &error) != S7_OK)
        fail_msg("%s", error.text);
}

static void remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.' && unlinkat(dirfd(dir), entry->d_name, 0) != 0)
            unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
    if (dir != NULL)
        closedir(dir);
    rmdir(path);
}

void rig_free(struct rig *rig)
{
    plant_close(rig->p);
    sqlite3_close(rig->foreign);
    remove_folder(rig->dir);
}

int rig_setup(void **state)
{
    struct rig *rig = malloc(sizeof *rig);

    if (rig == NULL)
        return -1;
    rig_new(rig);
    *state = rig;
    return 0;
}

int rig_setup_serving(void **state)
{
    int rc = rig_setup(state);

    if (rc == 0)
        rig_serve(*state);
    return rc;
}

int rig_teardown(void **state)
{
    rig_free(*state);
    free(*state);
    return 0;
}

void rig_serve(struct rig *rig)
{
    struct plant_error error = {S7_OK, ""};

    if (plant_open(rig->path, &rig->options, &rig->p, &error) != S7_OK)
        fail_msg("plant_open: %s", error.text);
}

void rig_close(struct rig *rig)
{
    plant_close(rig->p);
    rig->p = NULL;
}

/* ---- the foreign program ---- */

sqlite3 *rig_connect(const struct rig *rig)
{
    sqlite3 *db;

    if (sqlite3_open_v2(rig->path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        fail_msg("foreign open: %s", sqlite3_errmsg(db));
    sqlite3_busy_timeout(db, 5000); /* the checkpoint helper may be at work; the test itself holds no lock */
    return db;
}

static sqlite3 *foreign(struct rig *rig)
{
    if (rig->foreign == NULL)
        rig->foreign = rig_connect(rig);
    return rig->foreign;
}

static char *format_sql(const char *format, va_list args)
{
    char *sql;

    if (vasprintf(&sql, format, args) < 0)
        fail_msg("out of memory");
    return sql;
}

void rig_sql(struct rig *rig, const char *format, ...)
{
    va_list args;
    char *message = NULL;

    va_start(args, format);
    char *sql = format_sql(format, args);
    va_end(args);
    if (sqlite3_exec(foreign(rig), sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("foreign program: %.200s: %s", sql, message);
    free(sql);
}

static const char *first_column(struct rig *rig, const char *sql)
{
    static char texts[TEXT_SLOTS][TEXT_CAP];
    static unsigned next;
    char *text = texts[next++ % TEXT_SLOTS];
    sqlite3_stmt *q;

    if (sqlite3_prepare_v2(foreign(rig), sql, -1, &q, NULL) != SQLITE_OK)
        fail_msg("foreign program: %.200s: %s", sql, sqlite3_errmsg(rig->foreign));
    int rc = sqlite3_step(q);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        fail_msg("foreign program: %.200s: %s", sql, sqlite3_errmsg(rig->foreign));
    const char *value = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(q, 0) : "none";
    snprintf(text, TEXT_CAP, "%s", value != NULL ? value : "NULL");
    sqlite3_finalize(q);
    return text;
}

const char *rig_text(struct rig *rig, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *sql = format_sql(format, args);
    va_end(args);
    const char *text = first_column(rig, sql);
    free(sql);
    return text;
}

int64_t rig_int(struct rig *rig, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *sql = format_sql(format, args);
    va_end(args);
    int64_t value = strtoll(first_column(rig, sql), NULL, 10);
    free(sql);
    return value;
}

const char *rig_tag(struct rig *rig, const char *name)
{
    return rig_text(rig, "SELECT value FROM tag WHERE name = '%s'", name);
}

const char *rig_tag_error(struct rig *rig, const char *name)
{
    return rig_text(rig, "SELECT error FROM tag WHERE name = '%s'", name);
}

const char *rig_db(struct rig *rig, unsigned number)
{
    return rig_text(rig, "SELECT hex(data) FROM block WHERE plc = 1 AND kind = 'DB' AND number = %u", number);
}

/* ---- the server ---- */

void rig_look(struct rig *rig)
{
    assert_status(plant_turn_begin(rig->p, false), S7_OK);
    assert_status(plant_turn_end(rig->p), S7_OK);
}

s7_status rig_try_store(struct rig *rig, unsigned db, uint32_t offset, const void *bytes, uint32_t len)
{
    s7_status status = plant_turn_begin(rig->p, true);
    struct plant_block *block = rig_block(rig, db);

    if (status == S7_OK && block == NULL)
        fail_msg("RAM has no DB%u", db);
    if (status == S7_OK)
        assert_status(plant_store(rig->p, block, offset, bytes, len), S7_OK);
    s7_status ended = plant_turn_end(rig->p);
    return status != S7_OK ? status : ended;
}

void rig_store(struct rig *rig, unsigned db, uint32_t offset, const void *bytes, uint32_t len)
{
    s7_status status = rig_try_store(rig, db, offset, bytes, len);

    if (status != S7_OK)
        fail_msg("a write was not acknowledged: %s: %s", s7_errname(status), plant_last_error(rig->p)->text);
}

void rig_upkeep(struct rig *rig)
{
    s7_status status = plant_upkeep(rig->p);

    if (status != S7_OK)
        fail_msg("plant_upkeep: %s: %s", s7_errname(status), plant_last_error(rig->p)->text);
}

struct plant_block *rig_block(struct rig *rig, unsigned db)
{
    return plant_block_find(rig->p, plant_plc_at(rig->p, 0), S7_AREA_DB, (uint16_t)db);
}

const char *rig_ram(struct rig *rig, unsigned db)
{
    static char texts[2][2 * PLANT_BLOCK_MAX + 1];
    static unsigned next;
    char *text = texts[next++ % 2];
    const struct plant_block *block = rig_block(rig, db);

    if (block == NULL)
        return "none";
    text[0] = '\0';
    for (uint32_t i = 0; i < block->len; i++)
        snprintf(text + 2 * i, 3, "%02X", block->data[i]);
    return text;
}

/* ---- small things ---- */

void rig_assert_says(const char *text, ...)
{
    va_list parts;
    const char *part;

    va_start(parts, text);
    while ((part = va_arg(parts, const char *)) != NULL)
        if (strstr(text, part) == NULL)
            fail_msg("expected a text with \"%s\", got \"%s\"", part, text);
    va_end(parts);
}

uint32_t rig_random(uint32_t below)
{
    static uint64_t x = 88172645463325252U;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return (uint32_t)(x >> 32) % below;
}
