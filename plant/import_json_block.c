/* Objects of JSON that are bytes: blocks, status lists, downloaded blocks. */
#include "import_json.h"

/* ---- blocks ---- */

enum { KIND, BLOCK_NUMBER, LENGTH, DATA, OPTIMIZED, WRITE_PROTECTED, N_BLOCK };

static bool block_place(struct import *im, const struct json_slot *slots, s7_area *area, uint32_t *number)
{
    const struct import_field kind = json_named(slots[KIND].name), at = json_named(slots[BLOCK_NUMBER].name);

    *number = 0;
    if (slots[KIND].to->kind != JSON_TEXT || !mirror_area(slots[KIND].to->text, area))
        return import_problem(im, &kind, 0, "expected DB, I, Q, M, T or C, got %.40s",
                              slots[KIND].to->kind != JSON_NOTHING ? slots[KIND].to->text : "nothing");
    if (slots[BLOCK_NUMBER].to->kind != JSON_NOTHING &&
        !json_expect_number(im, &slots[BLOCK_NUMBER], UINT16_MAX, number))
        return false;
    return (*area == S7_AREA_DB) == (*number > 0) ||
           import_problem(im, &at, 0, "a DB has a number 1..65535, the others have none");
}

/* What the text says of a block. */
struct told {
    uint32_t len;
    bool given; /* im->bytes has its first n_data bytes */
    uint32_t n_data;
};

static bool set_bytes(struct import *im, struct import_block *block, const struct told *told)
{
    if (told->len > block->len && !import_block_grow(im, block, told->len))
        return false;
    if (!told->given)
        return true;
    memset(im->bytes + told->n_data, 0, told->len - told->n_data);
    if (memcmp(block->bytes, im->bytes, told->len) != 0) {
        memcpy(block->bytes, im->bytes, told->len);
        block->dirty = true;
    }
    block->given = true;
    return true;
}

/* A switch of 0 or 1, if it is given. */
static bool set_switch(struct import *im, const struct json_slot *slot, struct import_block *block, bool *to)
{
    uint32_t on = slot->to->kind == JSON_TRUTH && slot->to->text[0] == '1';

    if (slot->to->kind == JSON_NOTHING)
        return true;
    if (slot->to->kind != JSON_TRUTH && !json_expect_number(im, slot, 1, &on))
        return false;
    block->dirty = block->dirty || *to != (on != 0);
    *to = on != 0;
    return true;
}

static void put_block(struct import *im, struct import_plc *plc, s7_area area, uint16_t number,
                      const struct told *told, const struct json_slot *slots)
{
    struct import_block *block = import_block_find(im, plc, area, number);
    const struct import_field length = json_named("length");
    bool fresh = block == NULL;

    if (fresh && im->status == S7_OK)
        block = import_block_add(im, plc, area, number);
    if (block == NULL || (fresh && !import_block_grow(im, block, 0)))
        return;
    if (told->len < block->len) {
        import_problem(im, &length, 0, "%s%.0u has %u bytes in the plant: an import makes no block shorter",
                       mirror_kind(area), number, block->len);
        return;
    }
    if (!set_bytes(im, block, told) || !set_switch(im, &slots[OPTIMIZED], block, &block->optimized) ||
        !set_switch(im, &slots[WRITE_PROTECTED], block, &block->write_protected))
        return;
    *(fresh          ? &im->result->blocks.fresh
      : block->dirty ? &im->result->blocks.changed
                     : &im->result->blocks.unchanged) += 1;
}

void json_block(struct import *im, struct import_plc *plc, const char *text, size_t len)
{
    struct json values[N_BLOCK] = {{JSON_NOTHING, NULL, 0}};
    const struct json_slot slots[N_BLOCK] = {
        {"kind", &values[KIND]},           {"number", &values[BLOCK_NUMBER]},
        {"length", &values[LENGTH]},       {"data", &values[DATA]},
        {"optimized", &values[OPTIMIZED]}, {"write_protected", &values[WRITE_PROTECTED]}};
    const struct import_field whole = {.text = NULL};
    struct told told = {.len = 0};
    s7_area area;
    uint32_t number;

    bool good = json_object(im, text, len, slots, N_BLOCK) && block_place(im, slots, &area, &number);
    bool sized = values[LENGTH].kind != JSON_NOTHING;
    told.given = values[DATA].kind != JSON_NOTHING;
    if (good && !told.given && !sized)
        good = import_problem(im, &whole, 0, "expected the block's length, its data, or both");
    if (good && sized)
        good = json_expect_number(im, &slots[LENGTH], PLANT_BLOCK_MAX, &told.len);
    if (good && told.given)
        good = json_hex(im, &slots[DATA], sized ? told.len : PLANT_BLOCK_MAX, &told.n_data);
    if (good && !sized)
        told.len = told.n_data;
    if (good)
        put_block(im, plc, area, (uint16_t)number, &told, slots);
    json_forget(values, N_BLOCK);
}

/* ---- rows that are there or are put ---- */

/* find: is the row there, and the same? Both are bound. */
static bool put_row(struct import *im, sqlite3_stmt *find, sqlite3_stmt *put,
                    struct plant_import_count *count, const struct import_field *whole)
{
    bool there = sqlite3_step(find) == SQLITE_ROW, same = there && sqlite3_column_int(find, 0) != 0;

    if (sqlite3_reset(find) != SQLITE_OK)
        return import_fail(im, "read a row");
    *(!there ? &count->fresh : same ? &count->unchanged : &count->changed) += 1;
    return same || import_run(im, put, whole);
}

/* ---- status lists ---- */

enum { LIST, INDEX, RECORD_LEN, SZL_DATA, N_SZL };

static bool bind_szl(sqlite3_stmt *q, const struct import_plc *plc, const uint32_t numbers[3],
                     const uint8_t *bytes, uint32_t len)
{
    int rc = sqlite3_bind_int64(q, 1, plc->id);

    for (int i = 0; i < 3 && rc == SQLITE_OK; i++)
        rc = sqlite3_bind_int64(q, 2 + i, numbers[i]);
    return rc == SQLITE_OK && sqlite3_bind_blob(q, 5, bytes, (int)len, SQLITE_STATIC) == SQLITE_OK;
}

static bool put_szl(struct import *im, struct import_plc *plc, const uint32_t numbers[3], uint32_t len)
{
    bool of_plc = strcmp(im->where.root, "plcs") == 0;
    sqlite3_stmt *find = im->sql[of_plc ? IMPORT_SZL_FIND : IMPORT_PERSONALITY_SZL_FIND];
    sqlite3_stmt *put = im->sql[of_plc ? IMPORT_SZL_PUT : IMPORT_PERSONALITY_SZL_PUT];
    const struct import_field whole = {.text = NULL};

    if (!bind_szl(find, plc, numbers, im->bytes, len) || !bind_szl(put, plc, numbers, im->bytes, len))
        return import_nomem(im);
    return put_row(im, find, put, &im->result->szls, &whole);
}

void json_szl(struct import *im, struct import_plc *plc, const char *text, size_t len)
{
    struct json values[N_SZL] = {{JSON_NOTHING, NULL, 0}};
    const struct json_slot slots[N_SZL] = {{"list", &values[LIST]},
                                           {"index", &values[INDEX]},
                                           {"record_len", &values[RECORD_LEN]},
                                           {"data", &values[SZL_DATA]}};
    uint32_t numbers[3], n_data;

    bool good = json_object(im, text, len, slots, N_SZL) && json_expect_all(im, slots, N_SZL);
    for (int i = LIST; i <= RECORD_LEN && good; i++)
        good = json_expect_number(im, &slots[i], UINT16_MAX, &numbers[i]);
    if (good && json_hex(im, &slots[SZL_DATA], PLANT_SZL_MAX, &n_data))
        (void)put_szl(im, plc, numbers, n_data);
    json_forget(values, N_SZL);
}

/* ---- downloaded blocks ---- */

enum { CODE_KIND, CODE_NUMBER, CODE_FILE, N_CODE };

static bool bind_code(sqlite3_stmt *q, const struct import_plc *plc, const char *kind, uint32_t number,
                      const uint8_t *file, uint32_t len)
{
    return sqlite3_bind_int64(q, 1, plc->id) == SQLITE_OK &&
           sqlite3_bind_text(q, 2, kind, -1, SQLITE_STATIC) == SQLITE_OK &&
           sqlite3_bind_int64(q, 3, number) == SQLITE_OK &&
           sqlite3_bind_blob(q, 4, file, (int)len, SQLITE_STATIC) == SQLITE_OK;
}

void json_code(struct import *im, struct import_plc *plc, const char *text, size_t len)
{
    struct json values[N_CODE] = {{JSON_NOTHING, NULL, 0}};
    const struct json_slot slots[N_CODE] = {
        {"kind", &values[CODE_KIND]}, {"number", &values[CODE_NUMBER]}, {"file", &values[CODE_FILE]}};
    sqlite3_stmt *find = im->sql[IMPORT_CODE_FIND], *put = im->sql[IMPORT_CODE_PUT];
    const struct import_field whole = {.text = NULL};
    uint32_t number, n_file;

    bool good = json_object(im, text, len, slots, N_CODE) && json_expect_all(im, slots, N_CODE) &&
                json_expect_text(im, &slots[CODE_KIND]) &&
                json_expect_number(im, &slots[CODE_NUMBER], UINT16_MAX, &number) &&
                json_hex(im, &slots[CODE_FILE], PLANT_FILE_MAX, &n_file);
    if (good && (!bind_code(find, plc, values[CODE_KIND].text, number, im->bytes, n_file) ||
                 !bind_code(put, plc, values[CODE_KIND].text, number, im->bytes, n_file)))
        good = import_nomem(im);
    if (good)
        (void)put_row(im, find, put, &im->result->codes, &whole);
    json_forget(values, N_CODE);
}
