/* Parameters of faults of values: where the value is, and how far it is off. */
#include "fault_field.h"

#include "fault_value.h"

#include <stdio.h>
#include <string.h>

/* An address, or else the name of a tag, which only the plant knows. */
bool sim_take_value(const char *text, struct sim_fault *fault)
{
    struct sim_fault_value *value = &fault->value;
    s7_address_error error;

    if (*text == '\0' || strlen(text) >= sizeof value->tag)
        return false;
    if (s7_address_parse(text, &value->at, &error) == S7_OK)
        return true;
    value->at = (s7_address){.count = 0};
    snprintf(value->tag, sizeof value->tag, "%s", text);
    return true;
}

static bool take_amount(const char *text, bool may_be_minus, int64_t *out)
{
    bool minus = may_be_minus && *text == '-';

    if (!sim_value_amount(text + (minus ? 1 : 0), out))
        return false;
    *out = minus ? -*out : *out;
    return true;
}

bool sim_take_amp(const char *text, struct sim_fault *fault)
{
    return take_amount(text, false, &fault->value.amp) && fault->value.amp > 0;
}

bool sim_take_drift_rate(const char *text, struct sim_fault *fault)
{
    return take_amount(text, true, &fault->value.rate);
}

bool sim_take_bit(const char *text, struct sim_fault *fault)
{
    uint32_t bit;

    if (!sim_value_number32(text, 0, 63, &bit))
        return false;
    fault->value.bit = (uint8_t)bit;
    return true;
}

bool sim_take_state(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"0", 0}, {"1", 1}, {NULL, 0}};
    int state;

    if (!sim_value_choose(text, choices, &state))
        return false;
    fault->value.high = state == 1;
    return true;
}

bool sim_take_way(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"both", SIM_WAY_BOTH}, {"up", SIM_WAY_UP}, {"down", SIM_WAY_DOWN}, {NULL, 0}};
    int way;

    if (!sim_value_choose(text, choices, &way))
        return false;
    fault->value.way = (enum sim_way)way;
    return true;
}

bool sim_take_noise(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"uniform", 0}, {"normal", 1}, {NULL, 0}};
    int normal;

    if (!sim_value_choose(text, choices, &normal))
        return false;
    fault->value.normal = normal == 1;
    return true;
}

/* ---- what the value is ---- */

static bool is_number(s7_type type)
{
    switch (type) {
    case S7_TYPE_BYTE:
    case S7_TYPE_USINT:
    case S7_TYPE_SINT:
    case S7_TYPE_WORD:
    case S7_TYPE_UINT:
    case S7_TYPE_INT:
    case S7_TYPE_DWORD:
    case S7_TYPE_UDINT:
    case S7_TYPE_DINT:
    case S7_TYPE_REAL:
    case S7_TYPE_LWORD:
    case S7_TYPE_ULINT:
    case S7_TYPE_LINT:
    case S7_TYPE_LREAL:
    case S7_TYPE_TIME:
        return true;
    default:
        return false;
    }
}

static const char *trouble(const struct sim_fault *fault)
{
    const struct sim_fault_value *value = &fault->value;

    if (!sim_fault_is_of_value(fault))
        return NULL;
    if (value->at.type == S7_TYPE_BOOL)
        return fault->type != SIM_FAULT_STUCK_BIT ? "of a BOOL, which can be stuck only (stuck_bit)"
               : value->bit != 0                  ? "of a BOOL, which has no other bit than 0"
                                                  : NULL;
    if (!is_number(value->at.type))
        return "of no number";
    return value->bit >= 8 * s7_type_size(value->at.type, 0) ? "of a value that has no such bit" : NULL;
}

const char *sim_fault_settle_value(struct sim_fault *fault)
{
    const s7_address *at = &fault->value.at;
    struct sim_fault_match *match = &fault->match;
    bool in_db = at->area == S7_AREA_DB || at->area == S7_AREA_DI;

    match->by_item = true;
    match->area = in_db ? 0 : (uint8_t)at->area;
    match->db = in_db ? at->db : -1;
    match->range = (struct sim_span){at->byte, at->byte + (uint32_t)s7_address_size(at) - 1};
    return trouble(fault);
}
