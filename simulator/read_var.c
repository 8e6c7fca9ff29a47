#include "job.h"

static void append_good(struct sim_job *job, const struct sim_range *range, bool last)
{
    struct s7_wr *answer = job->answer;
    const uint8_t *from = range->block->data + range->offset;
    uint8_t *room = s7_data_append_room(answer, S7_ITEM_OK, range->size->data_size, range->len);

    if (room == NULL)
        return;
    if (range->size->item_size == S7_SIZE_BIT)
        *room = from[0] >> range->bit & 1;
    else
        memcpy(room, from, range->len);
    if (sim_counts_binary(job->plc, range))
        sim_counters_to_wire(room, range->len);
    if (!last)
        s7_data_fill(answer, range->len);
}

static void append_bad(struct s7_wr *answer, uint8_t code)
{
    s7_data_append(answer, &(struct s7_data_unit){.code = code}, true);
}

void sim_read_var(struct sim_job *job)
{
    struct s7_item_walk walk;
    struct s7_var_item item;
    struct sim_range range;
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
    for (;;) {
        if (s7_item_walk_next(&walk, &item, &more) != S7_OK) {
            sim_job_refuse(job, S7_ERR_FRAME_SIZE);
            return;
        }
        if (!more)
            break;
        uint8_t code = sim_locate(job->plc, &item, false, &range);
        if (code == S7_ITEM_OK)
            append_good(job, &range, walk.left == 0);
        else
            append_bad(answer, code);
    }
    s7_pdu_end(answer, begin);
}
