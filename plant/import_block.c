/* Blocks of an import: as long as its tags need them. */
#include "import_impl.h"

/* ---- finding ---- */

static int64_t key_of(const struct import *im, const struct import_plc *plc, s7_area area, uint16_t number)
{
    int64_t index = 0;

    while (im->plcs[index] != plc)
        index++;
    return index << 32 | (int64_t)area << 16 | number;
}

static bool bind_place(sqlite3_stmt *q, const struct import_plc *plc, s7_area area, uint16_t number)
{
    return sqlite3_bind_int64(q, 1, plc->id) == SQLITE_OK &&
           sqlite3_bind_text(q, 2, mirror_kind(area), -1, SQLITE_STATIC) == SQLITE_OK &&
           sqlite3_bind_int(q, 3, number) == SQLITE_OK;
}

static struct import_block *no_memory(struct import *im, struct import_block *block)
{
    free(block);
    import_nomem(im);
    return NULL;
}

struct import_block *import_block_add(struct import *im, struct import_plc *plc, s7_area area,
                                      uint16_t number)
{
    struct import_block *block = calloc(1, sizeof *block);

    if (block == NULL)
        return no_memory(im, block);
    if (im->n_blocks == im->cap_blocks) {
        size_t cap = im->cap_blocks * 2 + 16;
        struct import_block **grown = reallocarray(im->blocks, cap, sizeof(*grown));
        if (grown == NULL)
            return no_memory(im, block);
        im->blocks = grown;
        im->cap_blocks = cap;
    }
    if (!idmap_put(&im->blocks_by_key, key_of(im, plc, area, number), block))
        return no_memory(im, block);
    block->plc = plc;
    block->area = area;
    block->number = number;
    im->blocks[im->n_blocks++] = block;
    return block;
}

/* A block of the file. */
static struct import_block *load(struct import *im, struct import_plc *plc, s7_area area, uint16_t number,
                                 sqlite3_stmt *q)
{
    const void *data = sqlite3_column_blob(q, 1);
    uint32_t len = (uint32_t)sqlite3_column_bytes(q, 1);
    struct import_block *block = import_block_add(im, plc, area, number);

    if (block == NULL || !import_block_grow(im, block, len))
        return NULL;
    if (len > 0 && data == NULL) {
        import_nomem(im);
        return NULL;
    }
    if (len > 0)
        memcpy(block->bytes, data, len);
    block->id = sqlite3_column_int64(q, 0);
    block->len_before = len;
    block->optimized = sqlite3_column_int(q, 2) != 0;
    block->write_protected = sqlite3_column_int(q, 3) != 0;
    block->dirty = false;
    return block;
}

struct import_block *import_block_find(struct import *im, struct import_plc *plc, s7_area area,
                                       uint16_t number)
{
    struct import_block *block = idmap_find(&im->blocks_by_key, key_of(im, plc, area, number));
    sqlite3_stmt *q = im->sql[IMPORT_BLOCK_FIND];

    if (block != NULL)
        return block;
    if (!bind_place(q, plc, area, number)) {
        import_nomem(im);
        return NULL;
    }
    if (sqlite3_step(q) == SQLITE_ROW)
        block = load(im, plc, area, number, q);
    if (sqlite3_reset(q) != SQLITE_OK)
        import_fail(im, "read a row of block");
    return im->status == S7_OK ? block : NULL;
}

/* ---- growing ---- */

bool import_block_grow(struct import *im, struct import_block *block, uint32_t len)
{
    uint8_t *bytes = realloc(block->bytes, len > 0 ? len : 1);

    if (bytes == NULL)
        return import_nomem(im);
    block->bytes = bytes;
    if (len > block->len)
        memset(bytes + block->len, 0, len - block->len);
    block->len = len;
    block->dirty = true;
    return true;
}

/* DBs end on a whole word. */
static uint32_t rounded(s7_area area, uint32_t len)
{
    return area == S7_AREA_DB ? (len + 1) & ~1U : len;
}

static struct import_block *grow_for(struct import *im, const struct import_tag *tag,
                                     struct import_block *block, uint32_t end)
{
    const s7_address *address = &tag->parsed;

    if (im->options->keep_sizes) {
        if (block == NULL)
            import_problem(im, &tag->address, 0, "the PLC has no block for it, and none is to be made");
        else
            import_problem(im, &tag->address, 0, "it ends at byte %u, the block has %u, and is not to grow",
                           end, block->len);
        return NULL;
    }
    if (block == NULL)
        block = import_block_add(im, tag->plc, address->area, address->db);
    if (block == NULL || !import_block_grow(im, block, rounded(address->area, end)))
        return NULL;
    block->grown = true;
    return block;
}

struct import_block *import_block_need(struct import *im, const struct import_tag *tag, uint32_t *offset)
{
    const s7_address *address = &tag->parsed;
    bool numbered = address->area == S7_AREA_T || address->area == S7_AREA_C;
    uint64_t end;

    *offset = numbered ? address->byte * 2 : address->byte;
    end = (uint64_t)*offset + s7_address_size(address);
    if (mirror_kind(address->area) == NULL) {
        import_problem(im, &tag->address, 0, "a plant has DB, I, Q, M, T and C, no area %s",
                       s7_area_name(address->area));
        return NULL;
    }
    if (end > PLANT_BLOCK_MAX) {
        import_problem(im, &tag->address, 0, "it ends at byte %llu, a block has at most %d",
                       (unsigned long long)end, PLANT_BLOCK_MAX);
        return NULL;
    }
    struct import_block *block = import_block_find(im, tag->plc, address->area, address->db);
    if (im->status != S7_OK || (block != NULL && end <= block->len))
        return block;
    return grow_for(im, tag, block, (uint32_t)end);
}

/* ---- at the end ---- */

static bool write_block(struct import *im, const struct import_block *block)
{
    bool fresh = block->id == 0;
    sqlite3_stmt *q = im->sql[fresh ? IMPORT_BLOCK_ADD : IMPORT_BLOCK_SET];
    int data = fresh ? 4 : 2;
    bool bound = fresh ? bind_place(q, block->plc, block->area, block->number)
                       : sqlite3_bind_int64(q, 1, block->id) == SQLITE_OK;

    if (!bound || sqlite3_bind_blob(q, data, block->bytes, (int)block->len, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_int(q, data + 1, block->optimized) != SQLITE_OK ||
        sqlite3_bind_int(q, data + 2, block->write_protected) != SQLITE_OK)
        return import_nomem(im);
    return import_run(im, q, NULL);
}

bool import_blocks_write(struct import *im)
{
    for (size_t i = 0; i < im->n_blocks; i++)
        if (im->blocks[i]->dirty && !write_block(im, im->blocks[i]))
            return false;
    return true;
}

void import_blocks_tell(const struct import *im)
{
    for (size_t i = 0; i < im->n_blocks; i++) {
        const struct import_block *block = im->blocks[i];
        if (block->grown && im->options->grown != NULL)
            im->options->grown(&(struct plant_grown){block->plc->name, mirror_kind(block->area),
                                                     block->number, block->len_before, block->len},
                               im->options->arg);
    }
}

void import_blocks_free(struct import *im)
{
    for (size_t i = 0; i < im->n_blocks; i++) {
        free(im->blocks[i]->bytes);
        free(im->blocks[i]);
    }
    free(im->blocks);
    idmap_free(&im->blocks_by_key);
}
