#include "job.h"

#include "protocol/dbread.h"

void sim_value_tell(const struct sim_plc *plc, const struct sim_range *range, uint8_t *to)
{
    if (range->size->item_size == S7_SIZE_BIT)
        *to = *to >> range->bit & 1;
    if (sim_counts_binary(plc, range))
        sim_counters_to_wire(to, range->len);
}

void sim_value_copy(const struct sim_plc *plc, const struct sim_range *range, uint8_t *to)
{
    memcpy(to, range->block->data + range->offset, range->len);
    sim_value_tell(plc, range, to);
}

static void copy_bytes(const struct sim_job *job, unsigned n, const struct plant_block *block,
                       uint32_t offset, uint32_t len, uint8_t *to)
{
    if (job->overlays != NULL)
        sim_overlays_read(job->overlays, n, block, offset, len, to);
    else
        memcpy(to, block->data + offset, len);
}

/* The block as it was; what it has got since then, or without an image, is as it is. */
static struct plant_block as_it_was(const struct sim_job *job, const struct sim_range *range)
{
    const struct sim_quirk *quirk = job->quirk;
    struct plant_block block = *range->block;

    if (range->offset < quirk->image_len && range->len <= quirk->image_len - range->offset) {
        block.data = quirk->image;
        block.len = quirk->image_len;
    }
    return block;
}

static void copy_spoilt(const struct sim_job *job, const struct sim_range *range, unsigned n, uint8_t *to)
{
    struct plant_block block = *range->block;

    if (sim_quirk_hits(job->quirk, SIM_FAULT_FROZEN, n))
        block = as_it_was(job, range);
    copy_bytes(job, n, &block, range->offset, range->len, to);
    if (sim_quirk_hits(job->quirk, SIM_FAULT_TORN_READ, n) && range->len > job->quirk->own->n) {
        block = as_it_was(job, range);
        copy_bytes(job, n, &block, range->offset, job->quirk->own->n, to);
    }
    sim_value_tell(job->plc, range, to);
}

static void append_good(struct sim_job *job, const struct sim_range *range, unsigned n, bool last)
{
    struct s7_wr *answer = job->answer;
    uint8_t *room = s7_data_append_room(answer, S7_ITEM_OK, range->size->data_size, range->len);

    if (room == NULL)
        return;
    if (job->quirk != NULL || job->overlays != NULL)
        copy_spoilt(job, range, n, room);
    else
        sim_value_copy(job->plc, range, room);
    if (!last)
        s7_data_fill(answer, range->len);
}

static void append_bad(struct s7_wr *answer, uint8_t code)
{
    s7_data_append(answer, &(struct s7_data_unit){.code = code}, true);
}

/* ---- DBREAD: parts of data blocks, all in one unit ---- */

bool sim_knows_dbread(const struct sim_plc *plc)
{
    return (plc->who->lacks & PLANT_LACKS_DBREAD) == 0;
}

static void append_part(struct s7_wr *answer, struct sim_plc *plc, const struct s7_db_part *part)
{
    struct s7_var_item item = s7_dbread_item(part);
    struct sim_range range;
    uint8_t code = sim_locate(plc, &item, false, &range);

    s7_dbread_value_append(answer, code, code == S7_ITEM_OK ? range.block->data + range.offset : NULL,
                           part->len);
}

static void append_parts(struct s7_wr *answer, struct sim_plc *plc, const struct s7_var_item *item, bool last)
{
    struct s7_db_part part;
    struct s7_rd parts;
    unsigned n;

    if (!sim_knows_dbread(plc) || s7_dbread_decode(item, &n, &parts) != S7_OK || n == 0) {
        append_bad(answer, S7_ITEM_MISSING);
        return;
    }
    size_t begin = answer->len;
    s7_wr_be(answer, 4, (uint32_t)S7_ITEM_OK << 24 | S7_DATA_OCTETS << 16);
    while (s7_dbread_part(&parts, &part))
        append_part(answer, plc, &part);
    size_t len = answer->len - begin - 4;
    s7_wr_patch16(answer, begin + 2, len);
    if (!last)
        s7_data_fill(answer, len);
}

static void append_item(struct sim_job *job, const struct s7_var_item *item, unsigned n, bool last)
{
    struct s7_wr *answer = job->answer;
    struct sim_plc *plc = job->plc;
    struct sim_range range;
    uint8_t code = sim_item_code(job, n);

    if (code != 0) {
        append_bad(answer, code);
        return;
    }
    if (item->syntax_id == S7_SYNTAX_DBREAD) {
        append_parts(answer, plc, item, last);
        return;
    }
    code = sim_locate(plc, item, false, &range);
    if (code == S7_ITEM_OK)
        append_good(job, &range, n, last);
    else
        append_bad(answer, code);
}

void sim_read_var(struct sim_job *job)
{
    struct s7_item_walk walk;
    struct s7_var_item item;
    struct s7_wr *answer = job->answer;
    uint8_t count = job->pdu->param_len > 1 ? job->pdu->param[1] : 0;
    bool more;

    if (s7_item_walk_begin(job->pdu, &walk) != S7_OK ||
        (job->plc->who->max_items > 0 && count > job->plc->who->max_items)) {
        sim_job_refuse(job, S7_ERR_FRAME_SIZE);
        return;
    }
    size_t begin = s7_pdu_begin(answer, S7_ROSCTR_ACK_DATA, job->pdu->ref, 0);
    s7_wr_be(answer, 1, S7_FN_READ_VAR);
    s7_wr_be(answer, 1, count);
    s7_pdu_param_end(answer, begin);
    for (unsigned n = 0;; n++) {
        if (s7_item_walk_next(&walk, &item, &more) != S7_OK) {
            sim_job_refuse(job, S7_ERR_FRAME_SIZE);
            return;
        }
        if (!more)
            break;
        append_item(job, &item, n, walk.left == 0);
    }
    s7_pdu_end(answer, begin);
}
