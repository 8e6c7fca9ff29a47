/* PLCs and blocks in RAM, as the file has them. */
#include "plant_impl.h"

/* ---- kinds ---- */

static const struct {
    s7_area area;
    const char *kind;
} kinds[] = {{S7_AREA_DB, "DB"}, {S7_AREA_I, "I"}, {S7_AREA_Q, "Q"},
             {S7_AREA_M, "M"},   {S7_AREA_T, "T"}, {S7_AREA_C, "C"}};

const char *mirror_kind(s7_area area)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].area == area)
            return kinds[i].kind;
    return NULL;
}

bool mirror_area(const char *kind, s7_area *area)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kind != NULL && strcmp(kinds[i].kind, kind) == 0) {
            *area = kinds[i].area;
            return true;
        }
    return false;
}

/* ---- finding ---- */

/* Blocks are sorted by area and number; only DBs have numbers, and DI is the same storage. */
static uint32_t key_of(s7_area area, uint16_t number)
{
    if (area == S7_AREA_DI)
        area = S7_AREA_DB;
    return (uint32_t)area << 16 | (area == S7_AREA_DB ? number : 0U);
}

static size_t lower_block(const struct mirror_plc *plc, uint32_t key)
{
    size_t low = 0, high = plc->n_blocks;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (key_of(plc->blocks[mid]->pub.area, plc->blocks[mid]->pub.number) < key)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct mirror_block *mirror_block_find(struct mirror_plc *plc, s7_area area, uint16_t number)
{
    uint32_t key = key_of(area, number);
    size_t at = lower_block(plc, key);

    if (at == plc->n_blocks || key_of(plc->blocks[at]->pub.area, plc->blocks[at]->pub.number) != key)
        return NULL;
    return plc->blocks[at];
}

/* ---- PLCs ---- */

static int32_t int_or_none(sqlite3_stmt *q, int column)
{
    return sqlite3_column_type(q, column) == SQLITE_NULL ? -1 : sqlite3_column_int(q, column);
}

static void copy_text(char *dst, size_t cap, sqlite3_stmt *q, int column)
{
    const char *text = (const char *)sqlite3_column_text(q, column);

    snprintf(dst, cap, "%s", text != NULL ? text : "");
}

static void take_identity(struct plant_identity *identity, sqlite3_stmt *q, int column)
{
    copy_text(identity->as_name, sizeof identity->as_name, q, column);
    copy_text(identity->module_name, sizeof identity->module_name, q, column + 1);
    copy_text(identity->plant_name, sizeof identity->plant_name, q, column + 2);
    copy_text(identity->location, sizeof identity->location, q, column + 3);
    copy_text(identity->serial, sizeof identity->serial, q, column + 4);
    copy_text(identity->order_code, sizeof identity->order_code, q, column + 5);
    copy_text(identity->firmware, sizeof identity->firmware, q, column + 6);
}

static void plc_take_row(struct mirror_plc *plc, sqlite3_stmt *q)
{
    char mode[8];

    plc->pub.id = sqlite3_column_int64(q, 0);
    copy_text(plc->pub.name, sizeof plc->pub.name, q, 1);
    copy_text(plc->pub.listen, sizeof plc->pub.listen, q, 2);
    copy_text(plc->pub.cpu, sizeof plc->pub.cpu, q, 3);
    plc->pub.rack = int_or_none(q, 4);
    plc->pub.slot = int_or_none(q, 5);
    plc->pub.pdu_len = int_or_none(q, 6);
    plc->pub.amq = int_or_none(q, 7);
    plc->pub.connections = int_or_none(q, 8);
    copy_text(mode, sizeof mode, q, 9);
    plc->pub.state.mode = strcmp(mode, "STOP") == 0 ? PLANT_STOP : PLANT_RUN;
    plc->pub.state.clock_ms = sqlite3_column_int64(q, 10);
    plc->pub.protection = (uint8_t)sqlite3_column_int(q, 11);
    copy_text(plc->pub.password, sizeof plc->pub.password, q, 12);
    plc->pub.put_get = int_or_none(q, 13);
    plc->pub.service_time = sqlite3_column_int(q, 14) != 0;
    take_identity(&plc->pub.identity, q, 15);
    plc->pub.gone = false;
}

static s7_status plc_add(plant *p, sqlite3_stmt *q)
{
    struct mirror_plc **grown = reallocarray(p->plcs, p->n_plcs + 1, sizeof(*grown));
    struct mirror_plc *plc = calloc(1, sizeof *plc);

    if (grown != NULL)
        p->plcs = grown;
    if (grown == NULL || plc == NULL)
        goto no_memory;
    plc_take_row(plc, q);
    if (!idmap_put(&p->plcs_by_id, plc->pub.id, plc))
        goto no_memory;
    p->plcs[p->n_plcs++] = plc;
    return S7_OK;
no_memory:
    free(plc);
    return S7_E_NOMEM;
}

s7_status mirror_plc_reread(plant *p, int64_t id)
{
    struct mirror_plc *plc = idmap_find(&p->plcs_by_id, id);
    sqlite3_stmt *q = p->sql[SQL_PLC_ONE];
    s7_status status;
    int rc;

    if (plc == NULL) /* added while serving: taken up at the next start */
        return S7_OK;
    sqlite3_bind_int64(q, 1, id);
    rc = sqlite3_step(q);
    if (rc == SQLITE_ROW)
        plc_take_row(plc, q);
    else if (rc == SQLITE_DONE) /* its blocks are hidden, not forgotten: OR REPLACE brings the row back */
        plc->pub.gone = true;
    p->faults_moved = true;
    p->plcs_version++;
    status = plant_sql_end(p, SQL_PLC_ONE, S7_OK, "read a row of plc");
    if (status == S7_OK) /* it may be another one now */
        status = personality_reread(p, plc);
    return status == S7_OK ? szl_reread(p, id) : status;
}

/* ---- blocks ---- */

s7_status mirror_block_link(plant *p, struct mirror_plc *plc, struct mirror_block *block)
{
    size_t at = lower_block(plc, key_of(block->pub.area, block->pub.number));

    if (plc->n_blocks == plc->cap_blocks) {
        size_t cap = plc->cap_blocks == 0 ? 8 : plc->cap_blocks * 2;
        struct mirror_block **grown = reallocarray(plc->blocks, cap, sizeof(*grown));
        if (grown == NULL)
            return S7_E_NOMEM;
        plc->blocks = grown;
        plc->cap_blocks = cap;
    }
    if (!idmap_put(&p->blocks_by_id, block->pub.id, block))
        return S7_E_NOMEM;
    memmove(&plc->blocks[at + 1], &plc->blocks[at], (plc->n_blocks - at) * sizeof(*plc->blocks));
    plc->blocks[at] = block;
    plc->n_blocks++;
    block->plc = plc;
    return S7_OK;
}

void mirror_block_free(struct mirror_block *block)
{
    if (block == NULL)
        return;
    free(block->bytes);
    free(block->tags);
    free(block);
}

static void forget_dirty(plant *p, struct mirror_block *block)
{
    for (struct mirror_block **link = &p->dirty_blocks; *link != NULL; link = &(*link)->next_dirty)
        if (*link == block) {
            *link = block->next_dirty;
            return;
        }
}

void mirror_block_unlink(plant *p, struct mirror_block *block)
{
    struct mirror_plc *plc = block->plc;
    size_t at = lower_block(plc, key_of(block->pub.area, block->pub.number));

    p->blocks_moved = true;
    if (block->dirty)
        forget_dirty(p, block);
    block->dirty = false;
    memmove(&plc->blocks[at], &plc->blocks[at + 1], (plc->n_blocks - at - 1) * sizeof(*plc->blocks));
    plc->n_blocks--;
    idmap_remove(&p->blocks_by_id, block->pub.id);
}

static void block_remove(plant *p, struct mirror_block *block)
{
    tag_unbind_all(block);
    mirror_block_unlink(p, block);
    mirror_block_free(block);
}

struct mirror_block *mirror_block_new(s7_area area, uint16_t number, const void *data, uint32_t len)
{
    struct mirror_block *block = calloc(1, sizeof *block);
    uint8_t *bytes = malloc(len > 0 ? len : 1);

    if (block == NULL || bytes == NULL) {
        free(block);
        free(bytes);
        return NULL;
    }
    if (len > 0)
        memcpy(bytes, data, len);
    block->bytes = bytes;
    block->pub = (struct plant_block){.area = area, .number = number, .len = len, .data = bytes};
    return block;
}

/* A block from a row of SQL_BLOCK_...; *out NULL with S7_OK: the row makes no block (a PLC that is not
 * mirrored, or a value that the table's checks forbid). */
static s7_status block_from_row(plant *p, sqlite3_stmt *q, struct mirror_plc **plc, struct mirror_block **out)
{
    s7_area area;
    int64_t number = sqlite3_column_int64(q, 3);
    const void *data = sqlite3_column_blob(q, 4);
    int len = sqlite3_column_bytes(q, 4);

    *out = NULL;
    *plc = idmap_find(&p->plcs_by_id, sqlite3_column_int64(q, 1));
    if (*plc == NULL || !mirror_area((const char *)sqlite3_column_text(q, 2), &area) || number < 0 ||
        number > UINT16_MAX || sqlite3_column_type(q, 4) != SQLITE_BLOB || len > PLANT_BLOCK_MAX)
        return S7_OK;
    if (len > 0 && data == NULL)
        return S7_E_NOMEM;
    *out = mirror_block_new(area, (uint16_t)number, data, (uint32_t)len);
    if (*out == NULL)
        return S7_E_NOMEM;
    (*out)->pub.id = sqlite3_column_int64(q, 0);
    (*out)->pub.optimized = sqlite3_column_int(q, 5) != 0;
    (*out)->pub.write_protected = sqlite3_column_int(q, 6) != 0;
    return S7_OK;
}

/* Same place and size: only bytes moved. The tags keep their places. */
static bool take_bytes(plant *p, struct mirror_block *old, struct mirror_block *fresh)
{
    if (old->plc != fresh->plc || old->pub.area != fresh->pub.area || old->pub.number != fresh->pub.number ||
        old->pub.len != fresh->pub.len)
        return false;
    log_block_begin(p, old, fresh->bytes);
    memcpy(old->bytes, fresh->bytes, old->pub.len);
    log_end(p, old);
    old->pub.optimized = fresh->pub.optimized;
    old->pub.write_protected = fresh->pub.write_protected;
    tag_touch(p, old, 0, old->pub.len);
    return true;
}

/* Put a row's block where it belongs; what was there under another id moved away or was replaced, and its row
 * of `change` comes later. */
static s7_status block_place(plant *p, struct mirror_plc *plc, struct mirror_block *fresh)
{
    struct mirror_block *there = mirror_block_find(plc, fresh->pub.area, fresh->pub.number);
    s7_status status;

    if (there != NULL)
        block_remove(p, there);
    status = mirror_block_link(p, plc, fresh);
    if (status != S7_OK)
        mirror_block_free(fresh);
    p->blocks_moved = true;
    return status;
}

static s7_status block_replace(plant *p, struct mirror_block *old, struct mirror_plc *plc,
                               struct mirror_block *fresh)
{
    if (fresh != NULL)
        fresh->plc = plc;
    if (old != NULL && fresh != NULL && take_bytes(p, old, fresh)) {
        mirror_block_free(fresh);
        return S7_OK;
    }
    log_blocks(p, old, fresh);
    if (old != NULL)
        block_remove(p, old);
    return fresh != NULL ? block_place(p, plc, fresh) : S7_OK;
}

s7_status mirror_block_reread(plant *p, int64_t id)
{
    sqlite3_stmt *q = p->sql[SQL_BLOCK_ONE];
    struct mirror_block *fresh = NULL;
    struct mirror_plc *plc = NULL;
    s7_status status = S7_OK;

    sqlite3_bind_int64(q, 1, id);
    if (sqlite3_step(q) == SQLITE_ROW)
        status = block_from_row(p, q, &plc, &fresh);
    status = plant_sql_end(p, SQL_BLOCK_ONE, status, "read a row of block");
    if (status != S7_OK) {
        mirror_block_free(fresh);
        return status;
    }
    return block_replace(p, idmap_find(&p->blocks_by_id, id), plc, fresh);
}

/* ---- the whole ---- */

static s7_status load_plcs(plant *p)
{
    sqlite3_stmt *q = p->sql[SQL_PLC_ALL];
    s7_status status = S7_OK;

    while (status == S7_OK && sqlite3_step(q) == SQLITE_ROW)
        status = plc_add(p, q);
    return plant_sql_end(p, SQL_PLC_ALL, status, "read the table plc");
}

static s7_status load_blocks(plant *p)
{
    sqlite3_stmt *q = p->sql[SQL_BLOCK_ALL];
    struct mirror_plc *plc;
    struct mirror_block *block;
    s7_status status = S7_OK;

    while (status == S7_OK && sqlite3_step(q) == SQLITE_ROW) {
        status = block_from_row(p, q, &plc, &block);
        if (status == S7_OK && block != NULL)
            status = mirror_block_link(p, plc, block);
        if (status != S7_OK)
            mirror_block_free(block);
    }
    return plant_sql_end(p, SQL_BLOCK_ALL, status, "read the table block");
}

s7_status mirror_load(plant *p)
{
    s7_status status = load_plcs(p);

    if (status == S7_OK)
        status = load_blocks(p);
    if (status == S7_OK)
        status = cpu_load(p);
    if (status == S7_OK)
        status = code_load(p);
    if (status == S7_OK)
        status = tag_load(p);
    p->plcs_version = 1;
    p->faults_moved = true; /* read with the changes that follow, which have their versions */
    return status;
}

void mirror_free(plant *p)
{
    tag_clean(p, false);
    for (size_t i = 0; i < p->tags_by_id.len; i++)
        tag_free(p->tags_by_id.entries[i].object);
    for (size_t i = 0; i < p->blocks_by_id.len; i++)
        mirror_block_free(p->blocks_by_id.entries[i].object);
    for (size_t i = 0; i < p->n_plcs; i++) {
        free(p->plcs[i]->blocks);
        free(p->plcs[i]->szl);
        free(p->plcs[i]->szl_data);
        free(p->plcs[i]->diag);
        code_list_free(&p->plcs[i]->codes);
        free(p->plcs[i]);
    }
    free(p->plcs);
    free(p->faults.rows);
    idmap_free(&p->plcs_by_id);
    idmap_free(&p->blocks_by_id);
    idmap_free(&p->tags_by_id);
}

void mirror_block_dirty(plant *p, struct mirror_block *block, uint32_t offset, uint32_t len)
{
    if (!block->dirty) {
        block->dirty = true;
        block->dirty_from = offset;
        block->dirty_to = offset + len;
        block->next_dirty = p->dirty_blocks;
        p->dirty_blocks = block;
    } else {
        if (offset < block->dirty_from)
            block->dirty_from = offset;
        if (offset + len > block->dirty_to)
            block->dirty_to = offset + len;
    }
}

void mirror_write(plant *p, struct mirror_block *block, uint32_t offset, const uint8_t *src, uint32_t len)
{
    if (len == 0)
        return;
    memcpy(block->bytes + offset, src, len);
    mirror_block_dirty(p, block, offset, len);
    tag_touch(p, block, offset, len);
}

/* ---- what users of plant.h see ---- */

size_t plant_plc_count(const plant *p)
{
    return p->n_plcs;
}

const struct plant_plc *plant_plc_at(const plant *p, size_t index)
{
    return &p->plcs[index]->pub;
}

static struct mirror_plc *mirror_of(const struct plant_plc *plc)
{
    return (struct mirror_plc *)(uintptr_t)plc; /* pub is its first member */
}

struct plant_block *plant_block_find(plant *p, const struct plant_plc *plc, s7_area area, uint16_t number)
{
    struct mirror_block *block = plc->gone ? NULL : mirror_block_find(mirror_of(plc), area, number);

    (void)p;
    return block != NULL ? &block->pub : NULL;
}

void plant_blocks(plant *p, const struct plant_plc *plc, void (*fn)(const struct plant_block *, void *),
                  void *arg)
{
    struct mirror_plc *mirror = mirror_of(plc);

    (void)p;
    if (plc->gone)
        return;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (size_t i = 0; i < mirror->n_blocks; i++)
            if (mirror->blocks[i]->pub.area == kinds[k].area)
                fn(&mirror->blocks[i]->pub, arg);
}
