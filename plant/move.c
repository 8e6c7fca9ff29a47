/* Blocks that come and go in a turn because a client loads or deletes them. Rows and RAM change at once: the
 * turn holds the write lock, so that rolling back takes the rows back, and `moves` what RAM had. */
#include "plant_impl.h"

/* What one operation put out of its place and put there. The tags of a block that goes stay in its list. */
struct move {
    struct mirror_plc *plc;
    struct mirror_block *gone, *came; /* NULL: no block */
    struct plant_code *code_gone, *code_came;
    bool was_dirty; /* the block that went */
};

static struct mirror_plc *mirror_of(const struct plant_plc *plc)
{
    return (struct mirror_plc *)(uintptr_t)plc; /* pub is its first member */
}

/* ---- places in RAM ---- */

static void take_out(plant *p, struct move *move)
{
    struct mirror_block *block = move->gone;

    move->was_dirty = block->dirty;
    for (size_t i = 0; i < block->n_tags; i++)
        block->tags[i]->block = NULL;
    mirror_block_unlink(p, block);
}

/* The room for it is there. */
static void put_back(plant *p, const struct move *move)
{
    struct mirror_block *block = move->gone;
    s7_status status = mirror_block_link(p, move->plc, block);

    assert(status == S7_OK);
    (void)status;
    for (size_t i = 0; i < block->n_tags; i++)
        block->tags[i]->block = block;
    if (move->was_dirty)
        mirror_block_dirty(p, block, 0, block->pub.len);
}

static void take_back(plant *p, struct move *move)
{
    if (move->came != NULL) {
        tag_unbind_all(move->came);
        mirror_block_unlink(p, move->came);
        mirror_block_free(move->came);
    }
    if (move->gone != NULL)
        put_back(p, move);
    if (move->code_came != NULL) {
        code_unlink(&move->plc->codes, move->code_came);
        free(move->code_came);
    }
    if (move->code_gone != NULL)
        code_link(&move->plc->codes, move->code_gone);
}

void move_undo(plant *p)
{
    if (p->n_moves == 0)
        return;
    while (p->n_moves > 0)
        take_back(p, &p->moves[--p->n_moves]);
    tag_errors_restore(p);
}

void move_turn_done(plant *p)
{
    for (size_t i = 0; i < p->n_moves; i++) {
        mirror_block_free(p->moves[i].gone);
        free(p->moves[i].code_gone);
    }
    p->n_moves = 0;
    p->move_failed = S7_OK;
    tag_errors_forget(p);
}

/* Tags find their blocks last, when nothing moves any more. */
s7_status move_settle(plant *p)
{
    s7_status status = p->move_failed;

    if (status == S7_OK && p->n_moves > 0)
        status = tag_rebind_kept(p);
    if (status == S7_E_NOMEM)
        plant_fail(&p->last_error, status, "%s: out of memory", p->path);
    return status;
}

/* ---- may it begin? ---- */

/* With memory durability the turn has no lock yet, and nothing may have been committed since it looked. */
static s7_status hold_lock(plant *p)
{
    if (!p->may_store)
        return S7_E_MISUSE;
    return p->can_write ? S7_OK : turn_lock_late(p);
}

static struct move *next_move(plant *p)
{
    size_t cap = p->cap_moves == 0 ? 8 : p->cap_moves * 2;
    struct move *grown;

    if (p->n_moves == p->cap_moves) {
        grown = reallocarray(p->moves, cap, sizeof *grown);
        if (grown == NULL)
            return NULL;
        p->moves = grown;
        p->cap_moves = cap;
    }
    memset(&p->moves[p->n_moves], 0, sizeof *p->moves);
    return &p->moves[p->n_moves];
}

/* What the client asked for is done in part, or SQLite may have given up the transaction: the turn cannot be
 * committed. */
static s7_status fail(plant *p, s7_status status)
{
    p->move_failed = status;
    return status;
}

/* ---- rows ---- */

static void bind_name(sqlite3_stmt *q, const struct mirror_plc *plc, enum plant_kind kind, uint16_t number)
{
    sqlite3_bind_int64(q, 1, plc->pub.id);
    sqlite3_bind_text(q, 2, plant_kind_name(kind), -1, SQLITE_STATIC);
    sqlite3_bind_int(q, 3, number);
}

static s7_status run(plant *p, enum plant_sql which, const char *doing)
{
    int rc = plant_sql_run(p, which);

    sqlite3_clear_bindings(p->sql[which]);
    return rc == SQLITE_OK ? S7_OK : fail(p, plant_sql_fail(p, doing));
}

static s7_status write_code(plant *p, const struct mirror_plc *plc, const struct plant_code *code)
{
    sqlite3_stmt *q = p->sql[SQL_CODE_PUT];

    bind_name(q, plc, code->kind, code->number);
    sqlite3_bind_blob(q, 4, code->file, (int)code->len, SQLITE_STATIC);
    return run(p, SQL_CODE_PUT, "write a block that was loaded");
}

static s7_status delete_code(plant *p, const struct mirror_plc *plc, enum plant_kind kind, uint16_t number)
{
    bind_name(p->sql[SQL_CODE_DELETE], plc, kind, number);
    return run(p, SQL_CODE_DELETE, "delete a block that was loaded");
}

/* The row that has the name already keeps its id. */
static s7_status write_block(plant *p, const struct mirror_plc *plc, struct mirror_block *block)
{
    sqlite3_stmt *q = p->sql[SQL_BLOCK_PUT];
    int rc;

    bind_name(q, plc, PLANT_DB, block->pub.number);
    sqlite3_bind_blob(q, 4, block->bytes, (int)block->pub.len, SQLITE_STATIC);
    rc = sqlite3_step(q);
    if (rc == SQLITE_ROW) {
        block->pub.id = sqlite3_column_int64(q, 0);
        rc = sqlite3_step(q);
    }
    if (sqlite3_reset(q) != SQLITE_OK || rc != SQLITE_DONE)
        return fail(p, plant_sql_fail(p, "write a block"));
    sqlite3_clear_bindings(q);
    return S7_OK;
}

static s7_status delete_block(plant *p, const struct mirror_block *block)
{
    sqlite3_bind_int64(p->sql[SQL_BLOCK_DELETE], 1, block->pub.id);
    return run(p, SQL_BLOCK_DELETE, "delete a block");
}

/* ---- loading ---- */

/* Another block takes the place of the one that is there, if any. */
static s7_status replace_block(plant *p, struct move *move, struct mirror_block *fresh)
{
    s7_status status = write_block(p, move->plc, fresh);

    if (status != S7_OK) {
        mirror_block_free(fresh);
        return status;
    }
    move->gone = mirror_block_find(move->plc, S7_AREA_DB, fresh->pub.number);
    if (move->gone != NULL) {
        fresh->pub.optimized = move->gone->pub.optimized;
        fresh->pub.write_protected = move->gone->pub.write_protected;
        take_out(p, move);
    }
    if (mirror_block_link(p, move->plc, fresh) == S7_OK) {
        p->blocks_moved = true;
        move->came = fresh;
        log_load(p, move->gone, fresh);
        return S7_OK;
    }
    mirror_block_free(fresh);
    if (move->gone != NULL)
        put_back(p, move);
    move->gone = NULL;
    return fail(p, S7_E_NOMEM);
}

/* Of the same length: only its bytes change. */
static s7_status load_bytes(plant *p, struct move *move, uint16_t number, const uint8_t *data, uint32_t len)
{
    struct mirror_block *there = mirror_block_find(move->plc, S7_AREA_DB, number), *fresh;

    if (there != NULL && there->pub.len == len)
        return plant_store(p, &there->pub, 0, data, len);
    fresh = mirror_block_new(S7_AREA_DB, number, data, len);
    return fresh != NULL ? replace_block(p, move, fresh) : S7_E_NOMEM;
}

static void replace_code(struct move *move, struct plant_code *fresh)
{
    struct code_list *list = &move->plc->codes;

    move->code_gone = code_find(list, fresh->kind, fresh->number);
    if (move->code_gone != NULL)
        code_unlink(list, move->code_gone);
    code_link(list, fresh);
    move->code_came = fresh;
}

static s7_status load(plant *p, struct move *move, struct plant_code *fresh, const uint8_t *data,
                      uint32_t data_len)
{
    s7_status status = write_code(p, move->plc, fresh);

    if (status == S7_OK && fresh->kind == PLANT_DB)
        status = load_bytes(p, move, fresh->number, data, data_len);
    if (status != S7_OK) /* the row of code may be written already */
        return fail(p, status);
    replace_code(move, fresh);
    p->n_moves++;
    return S7_OK;
}

static bool is_loadable(const struct plant_plc *plc, const struct plant_code *code, uint32_t data_len)
{
    return !plc->gone && code->len >= PLANT_FILE_MIN && code->len <= PLANT_FILE_MAX &&
           (code->kind != PLANT_DB || (code->number > 0 && data_len <= PLANT_BLOCK_MAX));
}

s7_status plant_load(plant *p, const struct plant_plc *plc, const struct plant_code *code,
                     const uint8_t *data, uint32_t data_len)
{
    struct mirror_plc *mirror = mirror_of(plc);
    struct plant_code *fresh;
    struct move *move;
    s7_status status;

    assert(p->in_turn);
    if (!is_loadable(plc, code, data_len))
        return S7_E_ARG;
    status = hold_lock(p);
    if (status != S7_OK)
        return status;
    move = next_move(p);
    fresh = code_new(code->kind, code->number, code->file, code->len);
    if (move == NULL || fresh == NULL || !code_room(&mirror->codes)) {
        free(fresh);
        return fail(p, S7_E_NOMEM);
    }
    move->plc = mirror;
    status = load(p, move, fresh, data, data_len);
    if (status != S7_OK)
        free(fresh);
    return status;
}

/* ---- deleting ---- */

static s7_status delete_rows(plant *p, const struct move *move, enum plant_kind kind, uint16_t number)
{
    s7_status status = move->gone != NULL ? delete_block(p, move->gone) : S7_OK;

    return status == S7_OK ? delete_code(p, move->plc, kind, number) : status;
}

s7_status plant_delete(plant *p, const struct plant_plc *plc, enum plant_kind kind, uint16_t number)
{
    struct mirror_plc *mirror = mirror_of(plc);
    struct move *move;
    s7_status status = hold_lock(p);

    assert(p->in_turn);
    if (status != S7_OK)
        return status;
    move = next_move(p);
    if (move == NULL)
        return fail(p, S7_E_NOMEM);
    move->plc = mirror;
    move->gone = kind == PLANT_DB ? mirror_block_find(mirror, S7_AREA_DB, number) : NULL;
    move->code_gone = code_find(&mirror->codes, kind, number);
    if (plc->gone || (kind == PLANT_DB ? move->gone == NULL : move->code_gone == NULL))
        return S7_E_ARG;
    status = delete_rows(p, move, kind, number);
    if (status != S7_OK)
        return status;
    if (move->gone != NULL) {
        log_load(p, move->gone, NULL);
        take_out(p, move);
    }
    if (move->code_gone != NULL)
        code_unlink(&mirror->codes, move->code_gone);
    p->n_moves++;
    return S7_OK;
}
