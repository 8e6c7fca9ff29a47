#include "job.h"

/* Items and data units of one write, side by side. */
struct pairs {
    struct s7_item_walk items;
    struct s7_data_walk units;
};

static s7_status begin(const struct s7_pdu *pdu, struct pairs *pairs)
{
    s7_data_walk_begin(pdu, false, &pairs->units);
    return s7_item_walk_begin(pdu, &pairs->items);
}

static s7_status next(struct pairs *pairs, struct s7_var_item *item, struct s7_data_unit *unit, bool *more)
{
    s7_status status = s7_item_walk_next(&pairs->items, item, more);

    if (status != S7_OK || !*more)
        return status;
    return s7_data_walk_next(&pairs->units, pairs->items.left == 0, unit);
}

/* Is the whole job well-formed? Asked before anything is written, so that a broken one changes nothing. */
static bool is_whole(const struct s7_pdu *pdu)
{
    struct pairs pairs;
    struct s7_var_item item;
    struct s7_data_unit unit;
    bool more = true;

    if (begin(pdu, &pairs) != S7_OK)
        return false;
    while (more)
        if (next(&pairs, &item, &unit, &more) != S7_OK)
            return false;
    return s7_data_walk_left(&pairs.units) <= 1; /* some clients pad the last unit too */
}

static bool holds_bcd(const struct s7_size_info *size)
{
    return size->item_size == S7_SIZE_TIMER || size->item_size == S7_SIZE_COUNTER;
}

/* Timers and counters hold three BCD digits below their upper four bits. */
static bool is_bcd(const uint8_t *words, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2)
        if ((words[i] & 0x0F) > 9 || words[i + 1] >> 4 > 9 || (words[i + 1] & 0x0F) > 9)
            return false;
    return true;
}

static uint8_t put(struct sim_job *job, const struct sim_range *range, const uint8_t *bytes)
{
    uint8_t merged;

    if (range->size->item_size == S7_SIZE_BIT) {
        merged = sim_with_bit(range->block->data[range->offset], range->bit, *bytes != 0);
        bytes = &merged;
    }
    if (plant_store(job->plc->plant, range->block, range->offset, bytes, range->len) != S7_OK)
        return S7_ITEM_HARDWARE;
    return S7_ITEM_OK;
}

static uint8_t store(struct sim_job *job, const struct sim_range *range, const struct s7_data_unit *unit)
{
    const uint8_t *bytes = unit->payload;
    uint8_t one, counters[S7_PDU_LEN_MAX];

    if (range->size->item_size == S7_SIZE_BIT) {
        one = unit->payload[0] & 1;
        bytes = &one;
    } else if (sim_counts_binary(job->plc, range)) {
        if (range->len > sizeof counters || !sim_counters_from_wire(counters, bytes, range->len))
            return S7_ITEM_ACCESS;
        bytes = counters;
    } else if (holds_bcd(range->size) && !is_bcd(bytes, range->len)) {
        return S7_ITEM_ACCESS;
    }
    if (job->late != NULL)
        return sim_late_keep(job->late, range, bytes) ? S7_ITEM_OK : S7_ITEM_HARDWARE;
    return put(job, range, bytes);
}

uint8_t sim_write_item(struct sim_job *job, const struct s7_var_item *item, const struct s7_data_unit *unit)
{
    struct sim_range range;
    uint8_t code = sim_locate(job->plc, item, true, &range);

    if (code != S7_ITEM_OK)
        return code;
    if (unit->payload_len != range.len)
        return S7_ITEM_INCONSISTENT;
    if (job->ignore_write)
        return S7_ITEM_OK;
    if (job->refuse_writes)
        return S7_ITEM_HARDWARE;
    return store(job, &range, unit);
}

static uint8_t write_item(struct sim_job *job, const struct s7_var_item *item,
                          const struct s7_data_unit *unit, unsigned n)
{
    uint8_t code = sim_item_code(job, n);

    job->late = sim_quirk_hits(job->quirk, SIM_FAULT_WRITE_DELAYED, n) ? job->quirk->late : NULL;
    job->ignore_write = sim_quirk_hits(job->quirk, SIM_FAULT_WRITE_IGNORED, n);
    return code != 0 ? code : sim_write_item(job, item, unit);
}

/* Items are done in order; a bad one does not stop later ones, and earlier ones stay. */
void sim_write_var(struct sim_job *job)
{
    struct pairs pairs;
    struct s7_var_item item;
    struct s7_data_unit unit;
    struct s7_wr *answer = job->answer;
    uint8_t count = job->pdu->param_len > 1 ? job->pdu->param[1] : 0;
    bool more = false;

    if (!is_whole(job->pdu) || (job->plc->who->max_items > 0 && count > job->plc->who->max_items) ||
        begin(job->pdu, &pairs) != S7_OK) {
        sim_job_refuse(job, S7_ERR_FRAME_SIZE);
        return;
    }
    size_t start = s7_pdu_begin(answer, S7_ROSCTR_ACK_DATA, job->pdu->ref, 0);
    s7_wr_be(answer, 1, S7_FN_WRITE_VAR);
    s7_wr_be(answer, 1, count);
    s7_pdu_param_end(answer, start);
    for (unsigned n = 0; next(&pairs, &item, &unit, &more) == S7_OK && more; n++)
        s7_wr_be(answer, 1, write_item(job, &item, &unit, n));
    s7_pdu_end(answer, start);
}
