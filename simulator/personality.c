#include "personality.h"

#include "szl.h"

#include <string.h>

#define SLOT(n) (UINT32_C(1) << (n))

/* 300: PDU, AmQ, connections and slot as seen on a 315-2 PN/DP (captures; SZL 0131/1); memory sizes from its
 * data sheet, process images at their default of 128 bytes; a full CPU resets (field reports), a wrong TSAP
 * is told by DR. */
static const struct sim_personality personalities[] = {
    {
        .name = "generic",
        .title = "no particular CPU: any rack and slot, largest limits",
        .pdu_len = 960,
        .amq_calling = 8,
        .amq_called = 8,
        .connections = -1,
        .rack = SIM_ANY_RACK,
        .slots = SIM_ANY_SLOT,
        .any_tsap = true,
        .serves_before_setup = true,
        .max_items = 0,
        .dbread = true,
        .wrong_tsap = SIM_REFUSE_DR,
        .full = SIM_REFUSE_DR,
        .memory = {.inputs = 1024, .outputs = 1024, .markers = 8192, .timers = 512, .counters = 512},
        .retentive = {.markers = 16, .timers = 0, .counters = 8},
        .szl = sim_szl_generic,
        .n_szl = SIM_SZL_GENERIC,
    },
    {
        .name = "s7-300",
        .title = "S7-300, CPU 315-2 PN/DP: slot 2, PDU 240, 16 connections",
        .pdu_len = 240,
        .amq_calling = 1,
        .amq_called = 2,
        .connections = 16,
        .rack = 0,
        .slots = SLOT(2),
        .any_tsap = false,
        .serves_before_setup = false,
        .max_items = 20,
        .wrong_tsap = SIM_REFUSE_DR,
        .full = SIM_REFUSE_RST,
        .memory = {.inputs = 128, .outputs = 128, .markers = 2048, .timers = 256, .counters = 256},
        .retentive = {.markers = 16, .timers = 0, .counters = 8},
        .szl = sim_szl_300,
        .n_szl = SIM_SZL_300,
    },
};

const struct sim_personality *sim_personality_at(size_t index)
{
    return index < sizeof personalities / sizeof personalities[0] ? &personalities[index] : NULL;
}

const struct sim_personality *sim_personality_find(const char *name)
{
    for (size_t i = 0; i < sizeof personalities / sizeof personalities[0]; i++)
        if (strcmp(personalities[i].name, name) == 0)
            return &personalities[i];
    return NULL;
}
