#include "job.h"

/* Area codes that exist on a CPU but give nothing to a client. */
#define AREA_LOCAL          0x86
#define AREA_LOCAL_PREVIOUS 0x87

static bool is_timer_or_counter(uint8_t area)
{
    return area == S7_AREA_T || area == S7_AREA_C;
}

/* A timer is read as TIMER in area T only, a counter as COUNTER in area C only, and nothing else there. */
static bool size_fits_area(const struct s7_size_info *size, uint8_t area)
{
    if (size->item_size == S7_SIZE_TIMER)
        return area == S7_AREA_T;
    if (size->item_size == S7_SIZE_COUNTER)
        return area == S7_AREA_C;
    return !is_timer_or_counter(area);
}

static uint8_t check_area(uint8_t area)
{
    switch (area) {
    case S7_AREA_DB:
    case S7_AREA_DI:
    case S7_AREA_I:
    case S7_AREA_Q:
    case S7_AREA_M:
    case S7_AREA_T:
    case S7_AREA_C:
        return S7_ITEM_OK;
    case S7_AREA_P: /* no module is plugged */
        return S7_ITEM_HARDWARE;
    case AREA_LOCAL:
    case AREA_LOCAL_PREVIOUS:
        return S7_ITEM_ADDRESS;
    default:
        return S7_ITEM_MISSING;
    }
}

/* Timers and counters are addressed by number, everything else by bit. */
static uint8_t check_address(const struct s7_var_item *item, struct sim_range *range)
{
    uint64_t bytes = (uint64_t)item->count * range->size->element_bytes;

    if (range->size->item_size == S7_SIZE_BIT) {
        if (item->count > 1)
            return S7_ITEM_TYPE;
        range->bit = (uint8_t)(item->bit_addr % 8);
    } else if (!is_timer_or_counter(item->area) && item->bit_addr % 8 != 0) {
        return S7_ITEM_ADDRESS;
    }
    range->offset = is_timer_or_counter(item->area) ? item->bit_addr * 2 : item->bit_addr / 8;
    range->len = (uint32_t)bytes;
    return bytes == 0 ? S7_ITEM_ADDRESS : S7_ITEM_OK;
}

/* S7 clients do not find optimized blocks, though they are there. */
static uint8_t find_block(struct sim_plc *plc, const struct s7_var_item *item, bool write,
                          struct sim_range *range)
{
    uint8_t code = check_area(item->area);

    if (code != S7_ITEM_OK)
        return code;
    if ((item->area == S7_AREA_DB || item->area == S7_AREA_DI) && sim_plc_is_away(plc, item->db))
        return (uint8_t)plc->who->absent_code;
    range->block = plant_block_find(plc->plant, plc->row, (s7_area)item->area, item->db);
    if (range->block == NULL)
        return (uint8_t)plc->who->absent_code;
    if (range->block->optimized)
        return (uint8_t)plc->who->optimized_code;
    return write && range->block->write_protected ? S7_ITEM_ACCESS : S7_ITEM_OK;
}

static const struct s7_size_info *find_size(const struct sim_plc *plc, uint8_t size)
{
    if (size == S7_SIZE_WCHAR && (plc->who->lacks & PLANT_LACKS_WCHAR) != 0)
        return NULL;
    return s7_size_find(size);
}

uint8_t sim_item_code(const struct sim_job *job, unsigned item)
{
    if (sim_quirk_hits(job->quirk, SIM_FAULT_ITEM_ERROR, item))
        return (uint8_t)job->quirk->own->error;
    if (sim_quirk_hits(job->quirk, SIM_FAULT_OPTIMIZED_DB, item))
        return (uint8_t)job->plc->who->optimized_code;
    return 0;
}

uint8_t sim_locate(struct sim_plc *plc, const struct s7_var_item *item, bool write, struct sim_range *range)
{
    uint8_t code;

    if (item->syntax_id != S7_SYNTAX_S7ANY)
        return S7_ITEM_MISSING;
    code = find_block(plc, item, write, range);
    if (code != S7_ITEM_OK)
        return code;
    range->size = find_size(plc, item->size);
    if (range->size == NULL)
        return write ? S7_ITEM_TYPE : S7_ITEM_ADDRESS;
    if (!size_fits_area(range->size, item->area))
        return S7_ITEM_ADDRESS;
    code = check_address(item, range);
    if (code != S7_ITEM_OK)
        return code;
    if (range->offset > range->block->len || range->len > range->block->len - range->offset)
        return S7_ITEM_ADDRESS;
    return S7_ITEM_OK;
}
