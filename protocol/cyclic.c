#include "protocol/cyclic.h"

static const uint32_t base_ms[] = {100, 1000, 10000};
#define N_BASES (sizeof base_ms / sizeof base_ms[0])

bool s7_cycle_from_ms(uint32_t ms, struct s7_cycle *cycle)
{
    for (size_t base = N_BASES; base-- > 0;) {
        uint32_t factor = ms / base_ms[base];

        if (ms % base_ms[base] != 0 || factor == 0 || factor > UINT8_MAX)
            continue;
        *cycle = (struct s7_cycle){(uint8_t)base, (uint8_t)factor};
        return true;
    }
    return false;
}

uint32_t s7_cycle_ms(struct s7_cycle cycle)
{
    return cycle.base < N_BASES ? base_ms[cycle.base] * cycle.factor : 0;
}

/* ---- requests ---- */

void s7_cyclic_request_append(struct s7_wr *wr, struct s7_cycle cycle, uint8_t n_items)
{
    s7_wr_be(wr, 2, n_items);
    s7_wr_be(wr, 1, cycle.base);
    s7_wr_be(wr, 1, cycle.factor);
}

s7_status s7_cyclic_request_decode(const uint8_t *payload, size_t len, struct s7_cycle *cycle,
                                   struct s7_item_walk *items)
{
    struct s7_rd rd = {payload, len};
    struct s7_cycle found;
    uint8_t reserved, n_items;

    if (!s7_rd_u8(&rd, &reserved) || !s7_rd_u8(&rd, &n_items) || !s7_rd_u8(&rd, &found.base) ||
        !s7_rd_u8(&rd, &found.factor))
        return S7_E_FRAME;
    *cycle = found;
    *items = (struct s7_item_walk){.rd = rd, .left = n_items};
    return S7_OK;
}

void s7_cyclic_end_append(struct s7_wr *wr, uint8_t made_by, uint8_t job)
{
    s7_wr_be(wr, 1, made_by);
    s7_wr_be(wr, 1, job);
}

s7_status s7_cyclic_end_decode(const uint8_t *payload, size_t len, uint8_t *made_by, uint8_t *job)
{
    struct s7_rd rd = {payload, len};

    return len == 2 && s7_rd_u8(&rd, made_by) && s7_rd_u8(&rd, job) ? S7_OK : S7_E_FRAME;
}

/* ---- values ---- */

void s7_cyclic_values_append(struct s7_wr *wr, uint8_t n_items)
{
    s7_wr_be(wr, 2, n_items);
}

s7_status s7_cyclic_values_decode(const uint8_t *payload, size_t len, unsigned *n_items,
                                  struct s7_data_walk *units)
{
    struct s7_rd rd = {payload, len};
    uint8_t reserved, count;

    if (!s7_rd_u8(&rd, &reserved) || !s7_rd_u8(&rd, &count))
        return S7_E_FRAME;
    *n_items = count;
    *units = (struct s7_data_walk){.rd = rd, .answer = true};
    return S7_OK;
}
