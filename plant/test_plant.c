#include "test_plant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ANSWER_CAP (2 * 65536 + 1)

void rig_make(struct rig *rig)
{
    const struct plant_new_block blocks[] = {
        {S7_AREA_DB, 1, 64}, {S7_AREA_DB, 2, 300}, {S7_AREA_M, 0, 32}, {S7_AREA_T, 0, 8}};
    const struct plant_new_plc plc = {
        .name = "plc1", .cpu = "generic", .blocks = blocks, .n_blocks = sizeof blocks / sizeof blocks[0]};
    const char *tmp = getenv("TMPDIR");
    struct plant_error error;

    memset(rig, 0, sizeof *rig);
    snprintf(rig->folder, sizeof rig->folder, "%s/s7rig-XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(rig->folder));
    snprintf(rig->path, sizeof rig->path, "%s/plant", rig->folder);
    if (plant_create(rig->path, &plc, 1, &error) != S7_OK)
        fail_msg("%s", error.text);
    assert_int_equal(sqlite3_open(rig->path, &rig->foreign), SQLITE_OK);
}

void rig_open(struct rig *rig, const struct plant_options *options)
{
    struct plant_error error;

    if (plant_open(rig->path, options, &rig->plant, &error) != S7_OK)
        fail_msg("%s", error.text);
}

void rig_open_in_memory(struct rig *rig)
{
    struct plant_options options;

    rig_close_plant(rig);
    plant_options_init(&options);
    options.durability = PLANT_MEMORY;
    rig_open(rig, &options);
}

void rig_close_plant(struct rig *rig)
{
    plant_close(rig->plant);
    rig->plant = NULL;
}

void rig_remove(struct rig *rig)
{
    rig_close_plant(rig);
    sqlite3_close(rig->foreign);
    unlink(rig->path);
    if (rmdir(rig->folder) != 0)
        fail_msg("%s: other files than the plant are left", rig->folder);
}

int rig_setup(void **state)
{
    struct rig *rig = malloc(sizeof *rig);

    assert_non_null(rig);
    rig_make(rig);
    *state = rig;
    return 0;
}

int rig_setup_serving(void **state)
{
    rig_setup(state);
    rig_open(*state, NULL);
    return 0;
}

int rig_teardown(void **state)
{
    rig_remove(*state);
    free(*state);
    return 0;
}

/* ---- the foreign program ---- */

sqlite3 *rig_connect(const struct rig *rig)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(rig->path, &db), SQLITE_OK);
    return db;
}

int rig_try(struct rig *rig, const char *sql)
{
    return sqlite3_exec(rig->foreign, sql, NULL, NULL, NULL);
}

void rig_sql(struct rig *rig, const char *format, ...)
{
    char sql[2048];
    va_list args;

    va_start(args, format);
    vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    if (rig_try(rig, sql) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(rig->foreign));
}

/* Space for an answer; comes round after eight. */
static char *answer_text(void)
{
    static char answers[8][ANSWER_CAP];
    static unsigned next;

    return answers[next++ % 8];
}

static const char *select_text(struct rig *rig, const char *format, va_list args)
{
    char sql[512], *answer = answer_text();
    sqlite3_stmt *q;

    vsnprintf(sql, sizeof sql, format, args);
    if (sqlite3_prepare_v2(rig->foreign, sql, -1, &q, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(rig->foreign));
    int rc = sqlite3_step(q);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        fail_msg("%s: %s", sql, sqlite3_errmsg(rig->foreign));
    const char *value = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(q, 0) : "(no row)";
    snprintf(answer, ANSWER_CAP, "%s", value != NULL ? value : "NULL");
    sqlite3_finalize(q);
    return answer;
}

const char *rig_select(struct rig *rig, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const char *text = select_text(rig, format, args);
    va_end(args);
    return text;
}

int64_t rig_int(struct rig *rig, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const char *text = select_text(rig, format, args);
    va_end(args);
    return strtoll(text, NULL, 10);
}

const char *rig_tag(struct rig *rig, const char *name)
{
    return rig_select(rig, "SELECT value FROM tag WHERE name = '%s'", name);
}

const char *rig_tag_error(struct rig *rig, const char *name)
{
    return rig_select(rig, "SELECT error FROM tag WHERE name = '%s'", name);
}

const char *rig_hex(struct rig *rig, unsigned db)
{
    return rig_select(rig, "SELECT hex(data) FROM block WHERE plc = 1 AND kind = 'DB' AND number = %u", db);
}

/* ---- the server ---- */

struct plant_block *rig_block(struct rig *rig, s7_area area, uint16_t number)
{
    return plant_block_find(rig->plant, plant_plc_at(rig->plant, 0), area, number);
}

void rig_look(struct rig *rig)
{
    assert_int_equal(plant_turn_begin(rig->plant, false), S7_OK);
    assert_int_equal(plant_turn_end(rig->plant), S7_OK);
}

const uint8_t *rig_db1(struct rig *rig)
{
    return rig_block(rig, S7_AREA_DB, 1)->data;
}

s7_status rig_try_put(struct rig *rig, uint16_t db, uint32_t offset, const void *src, uint32_t len)
{
    s7_status begun = plant_turn_begin(rig->plant, true), stored = S7_OK, ended;

    if (begun == S7_OK)
        stored = plant_store(rig->plant, rig_block(rig, S7_AREA_DB, db), offset, src, len);
    ended = plant_turn_end(rig->plant);
    if (begun != S7_OK)
        return begun;
    return stored != S7_OK ? stored : ended;
}

s7_status rig_store(struct rig *rig, uint32_t offset, const void *src, uint32_t len)
{
    return rig_try_put(rig, 1, offset, src, len);
}

void rig_put(struct rig *rig, uint16_t db, uint32_t offset, const void *src, uint32_t len)
{
    s7_status status = rig_try_put(rig, db, offset, src, len);

    if (status != S7_OK)
        fail_msg("a write was not acknowledged: %s: %s", s7_errname(status),
                 plant_last_error(rig->plant)->text);
}

void rig_upkeep(struct rig *rig)
{
    s7_status status = plant_upkeep(rig->plant);

    if (status != S7_OK)
        fail_msg("plant_upkeep: %s: %s", s7_errname(status), plant_last_error(rig->plant)->text);
}

const char *rig_ram(struct rig *rig, uint16_t db)
{
    const struct plant_block *block = rig_block(rig, S7_AREA_DB, db);
    char *text = answer_text();

    if (block == NULL)
        return "(no block)";
    text[0] = '\0';
    for (uint32_t i = 0; i < block->len; i++)
        snprintf(text + 2 * i, 3, "%02X", block->data[i]);
    return text;
}

/* ---- small things ---- */

void rig_status(s7_status got, s7_status expected, const char *what, const char *file, int line)
{
    if (got != expected) {
        print_error("%s: expected %s, got %s\n", what, s7_errname(expected), s7_errname(got));
        _fail(file, line);
    }
}

uint32_t rig_random(uint32_t below)
{
    static uint64_t x = 88172645463325252U;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return (uint32_t)(x >> 32) % below;
}

void rig_says(const char *text, ...)
{
    va_list parts;
    const char *part;

    va_start(parts, text);
    while ((part = va_arg(parts, const char *)) != NULL)
        rig_has(text, part);
    va_end(parts);
}

void rig_same(const char *got, const char *expected)
{
    if (strcmp(got, expected) != 0)
        fail_msg("expected \"%s\", got \"%s\"", expected, got);
}

void rig_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", part, text);
}
