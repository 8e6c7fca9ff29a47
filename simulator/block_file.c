#include "block_file.h"

#include "protocol/blocks.h"

#define MARK          0x7070
#define FLAG_LINKED   0x01
#define LANGUAGE_DB   0x05
#define LANGUAGE_AT   4
#define SUBTYPE_DB    0x0A
#define BLOCK_VERSION 0x01

/* ---- which blocks there are ---- */

static const struct {
    uint8_t type;
    enum plant_kind kind;
} kinds[] = {{'8', PLANT_OB}, {'E', PLANT_FB}, {'C', PLANT_FC}, {SIM_BLOCK_DB, PLANT_DB}, {'B', PLANT_SDB}};

bool sim_block_kind(uint8_t type, enum plant_kind *kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].type == type) {
            *kind = kinds[i].kind;
            return true;
        }
    return false;
}

/* Somebody may have given the DB another length since, or have typed in the file. */
static bool fits(const struct plant_code *code, const struct plant_block *db)
{
    struct s7_block_file head;

    return s7_block_file_decode((struct s7_rd){code->file, code->len}, &head) && head.mc7_len == db->len &&
           S7_BLOCK_FILE_HEAD + db->len + S7_BLOCK_FILE_FOOT <= code->len;
}

static struct sim_block of_db(const struct sim_plc *plc, const struct plant_block *db)
{
    const struct plant_code *code = plant_code_find(plc->plant, plc->row, PLANT_DB, db->number);

    return (struct sim_block){.type = SIM_BLOCK_DB,
                              .number = db->number,
                              .db = db,
                              .code = code != NULL && fits(code, db) ? code : NULL};
}

bool sim_block_find(const struct sim_plc *plc, uint8_t type, uint32_t number, struct sim_block *out)
{
    const struct plant_block *db;
    enum plant_kind kind;

    if (number > UINT16_MAX || !sim_block_kind(type, &kind))
        return false;
    if (kind != PLANT_DB) {
        *out = (struct sim_block){.type = type, .number = (uint16_t)number};
        out->code = plant_code_find(plc->plant, plc->row, kind, (uint16_t)number);
        return out->code != NULL;
    }
    db = plant_block_find(plc->plant, plc->row, S7_AREA_DB, (uint16_t)number);
    if (db == NULL || sim_plc_is_away(plc, (uint16_t)number))
        return false;
    *out = of_db(plc, db);
    return true;
}

struct walk {
    const struct sim_plc *plc;
    uint8_t type;
    enum plant_kind kind;
    sim_block_fn *fn;
    void *arg;
};

static void on_block(const struct plant_block *block, void *arg)
{
    const struct walk *walk = arg;

    if (block->area != S7_AREA_DB || sim_plc_is_away(walk->plc, block->number))
        return;
    struct sim_block db = of_db(walk->plc, block);
    walk->fn(&db, walk->arg);
}

static void on_code(const struct plant_code *code, void *arg)
{
    const struct walk *walk = arg;

    if (code->kind == walk->kind)
        walk->fn(&(struct sim_block){.type = walk->type, .number = code->number, .code = code}, walk->arg);
}

void sim_blocks(const struct sim_plc *plc, uint8_t type, sim_block_fn *fn, void *arg)
{
    struct walk walk = {.plc = plc, .type = type, .fn = fn, .arg = arg};

    if (!sim_block_kind(type, &walk.kind))
        return;
    if (walk.kind == PLANT_DB)
        plant_blocks(plc->plant, plc->row, on_block, &walk);
    else
        plant_codes(plc->plant, plc->row, on_code, &walk);
}

/* ---- their files ---- */

static uint32_t tail_len(const struct sim_block *block)
{
    uint32_t body = block->db != NULL ? block->db->len : 0;

    return block->code != NULL ? block->code->len - S7_BLOCK_FILE_HEAD - body
                               : SIM_BLOCK_INTERFACE_LEN + S7_BLOCK_FILE_FOOT;
}

uint32_t sim_block_file_len(const struct sim_block *block)
{
    return S7_BLOCK_FILE_HEAD + (block->db != NULL ? block->db->len : 0) + tail_len(block);
}

uint8_t sim_block_language(const struct sim_block *block)
{
    return block->code != NULL ? block->code->file[LANGUAGE_AT] : LANGUAGE_DB;
}

static void zeros_append(struct s7_wr *wr, size_t len)
{
    uint8_t *room = s7_wr_room(wr, len);

    if (room != NULL)
        memset(room, 0, len);
}

/* Of a DB that was not downloaded. */
static void plain_head_append(struct s7_wr *wr, const struct sim_block *block)
{
    s7_wr_be(wr, 2, MARK);
    s7_wr_be(wr, 1, 0x01);
    s7_wr_be(wr, 1, FLAG_LINKED);
    s7_wr_be(wr, 1, LANGUAGE_DB);
    s7_wr_be(wr, 1, SUBTYPE_DB);
    s7_wr_be(wr, 2, block->number);
    s7_wr_be(wr, 4, sim_block_file_len(block));
    zeros_append(wr, 4 + 6 + 6); /* security, times */
    s7_wr_be(wr, 2, SIM_BLOCK_INTERFACE_LEN);
    s7_wr_be(wr, 2, 0);
    s7_wr_be(wr, 2, 0);
    s7_wr_be(wr, 2, block->db->len <= SIM_BLOCK_BYTES_MAX ? block->db->len : SIM_BLOCK_BYTES_MAX);
}

static void plain_foot_append(struct s7_wr *wr)
{
    zeros_append(wr, 3 * 8);
    s7_wr_be(wr, 1, BLOCK_VERSION);
    zeros_append(wr, 1 + 2 + 8);
}

/* The row of a block may have been copied to another number. */
void sim_block_head_append(struct s7_wr *wr, const struct sim_block *block)
{
    const uint8_t *file;

    if (block->code == NULL) {
        plain_head_append(wr, block);
        return;
    }
    file = block->code->file;
    s7_wr_bytes(wr, file, S7_BLOCK_FILE_NUMBER_AT);
    s7_wr_be(wr, 2, block->number);
    s7_wr_bytes(wr, file + S7_BLOCK_FILE_NUMBER_AT + 2, S7_BLOCK_FILE_HEAD - S7_BLOCK_FILE_NUMBER_AT - 2);
}

void sim_block_foot_append(struct s7_wr *wr, const struct sim_block *block)
{
    if (block->code != NULL)
        s7_wr_bytes(wr, block->code->file + block->code->len - S7_BLOCK_FILE_FOOT, S7_BLOCK_FILE_FOOT);
    else
        plain_foot_append(wr);
}

/* What of the wanted range lies in a part of the file that begins at part_at. */
static void overlap_append(struct s7_wr *wr, uint32_t at, uint32_t len, uint32_t part_at, const uint8_t *part,
                           uint32_t part_len)
{
    uint32_t from = at > part_at ? at : part_at;
    uint32_t to = at + len < part_at + part_len ? at + len : part_at + part_len;

    if (from < to)
        s7_wr_bytes(wr, part + (from - part_at), to - from);
}

void sim_block_file_append(struct s7_wr *wr, const struct sim_block *block, uint32_t at, uint32_t len)
{
    uint8_t head[S7_BLOCK_FILE_HEAD], plain[SIM_BLOCK_INTERFACE_LEN + S7_BLOCK_FILE_FOOT] = {0};
    struct s7_wr head_wr = {.buf = head, .cap = sizeof head};
    struct s7_wr plain_wr = {.buf = plain, .cap = sizeof plain, .len = SIM_BLOCK_INTERFACE_LEN};
    uint32_t tail_at = sim_block_file_len(block) - tail_len(block);

    sim_block_head_append(&head_wr, block);
    plain_foot_append(&plain_wr);
    overlap_append(wr, at, len, 0, head, sizeof head);
    if (block->db != NULL)
        overlap_append(wr, at, len, sizeof head, block->db->data, block->db->len);
    overlap_append(wr, at, len, tail_at, block->code != NULL ? block->code->file + tail_at : plain,
                   tail_len(block));
}
