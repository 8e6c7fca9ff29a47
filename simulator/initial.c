#include "initial.h"

#include "block_file.h"

#include "protocol/blocks.h"

#include <stdlib.h>

struct walk {
    struct sim_plc *plc;
    s7_status status;
};

static bool has_other_values(const struct sim_block *block)
{
    return block->code != NULL && block->db->len > 0 &&
           memcmp(block->code->file + S7_BLOCK_FILE_HEAD, block->db->data, block->db->len) != 0;
}

static void restore(const struct sim_block *block, void *arg)
{
    struct walk *walk = arg;
    plant *p = walk->plc->plant;

    if (walk->status == S7_OK && has_other_values(block))
        walk->status = plant_store(p, plant_block_find(p, walk->plc->row, S7_AREA_DB, block->number), 0,
                                   block->code->file + S7_BLOCK_FILE_HEAD, block->db->len);
}

static s7_status keep_one(struct sim_plc *plc, const struct sim_block *block)
{
    struct plant_code code = *block->code;
    uint8_t *file = malloc(code.len);

    if (file == NULL)
        return S7_E_NOMEM;
    memcpy(file, code.file, code.len);
    memcpy(file + S7_BLOCK_FILE_HEAD, block->db->data, block->db->len);
    code.file = file;
    s7_status status = plant_load(plc->plant, plc->row, &code, file + S7_BLOCK_FILE_HEAD, block->db->len);
    free(file);
    return status;
}

/* DBs keep their places while this is done, since none gets another length. */
static void keep(const struct sim_block *block, void *arg)
{
    struct walk *walk = arg;

    if (walk->status == S7_OK && has_other_values(block))
        walk->status = keep_one(walk->plc, block);
}

static s7_status each(struct sim_plc *plc, sim_block_fn *fn)
{
    struct walk walk = {plc, S7_OK};

    sim_blocks(plc, SIM_BLOCK_DB, fn, &walk);
    return walk.status;
}

s7_status sim_initial_restore(struct sim_plc *plc)
{
    return each(plc, restore);
}

s7_status sim_initial_keep(struct sim_plc *plc)
{
    return each(plc, keep);
}
