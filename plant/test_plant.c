#include "test_plant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

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

/* ---- the foreign program ---- */

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

const char *rig_select(struct rig *rig, const char *format, ...)
{
    static char answer[512];
    char sql[512];
    sqlite3_stmt *q;
    va_list args;

    va_start(args, format);
    vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    if (sqlite3_prepare_v2(rig->foreign, sql, -1, &q, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(rig->foreign));
    if (sqlite3_step(q) != SQLITE_ROW)
        strcpy(answer, "(no row)");
    else
        snprintf(answer, sizeof answer, "%s",
                 sqlite3_column_type(q, 0) == SQLITE_NULL ? "NULL" : (const char *)sqlite3_column_text(q, 0));
    sqlite3_finalize(q);
    return answer;
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

s7_status rig_store(struct rig *rig, uint32_t offset, const void *src, uint32_t len)
{
    s7_status begun = plant_turn_begin(rig->plant, true), stored = S7_OK, ended;

    if (begun == S7_OK)
        stored = plant_store(rig->plant, rig_block(rig, S7_AREA_DB, 1), offset, src, len);
    ended = plant_turn_end(rig->plant);
    if (begun != S7_OK)
        return begun;
    return stored != S7_OK ? stored : ended;
}

const uint8_t *rig_db1(struct rig *rig)
{
    return rig_block(rig, S7_AREA_DB, 1)->data;
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
