#include "cli/probe.h"

void probe_init(struct probe *probe, s7_area area, uint16_t db)
{
    *probe = (struct probe){.area = area, .db = db, .limit = PROBE_MAX, .status = S7_OK};
}

void probe_tell(struct probe *probe, uint32_t size)
{
    probe->size = probe->limit = size;
    probe->told = true;
}

bool probe_next(const struct probe *probe, uint32_t *byte)
{
    if (probe->size == probe->limit)
        return false;
    if (probe->size == 0)
        *byte = 0;
    else if (probe->limit == PROBE_MAX) /* nothing was refused yet */
        *byte = (probe->size < PROBE_MAX / 2 ? 2 * probe->size : PROBE_MAX) - 1;
    else
        *byte = probe->size + (probe->limit - probe->size) / 2;
    return true;
}

void probe_take(struct probe *probe, s7_status status)
{
    uint32_t byte;

    if (!probe_next(probe, &byte))
        return;
    if (byte == 0)
        probe->status = status;
    if (status == S7_OK)
        probe->size = byte + 1;
    else
        probe->limit = byte;
}
