/* Parameters that faults do not have in common. */
#include "fault_field.h"

#include "fault_value.h"

#include "loop/loop.h"

#include <stdio.h>
#include <string.h>

#define PERCENT_MAX 100

bool sim_take_drop(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"none", 0}, {"all", 1}, {NULL, 0}};
    int all;

    if (!sim_value_choose(text, choices, &all))
        return false;
    fault->own.drop_all = all == 1;
    return true;
}

bool sim_take_run(const char *text, struct sim_fault *fault)
{
    return sim_value_yes_no(text, &fault->own.run);
}

bool sim_take_at(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->own.at_ns);
}

bool sim_take_bytes(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"tpkt", SIM_CUT_TPKT},     {"cotp", SIM_CUT_COTP},
                                                {"header", SIM_CUT_HEADER}, {"param", SIM_CUT_PARAM},
                                                {"data", SIM_CUT_DATA},     {NULL, 0}};
    int where = SIM_CUT_BYTES;
    uint64_t n = 0;

    if (!sim_value_choose(text, choices, &where) && !sim_value_number(text, 0, UINT16_MAX, &n)) {
        char digits[8];
        size_t len = strlen(text);
        if (len == 0 || len >= sizeof digits || text[len - 1] != '%')
            return false;
        snprintf(digits, sizeof digits, "%.*s", (int)(len - 1), text);
        if (!sim_value_number(digits, 0, PERCENT_MAX, &n))
            return false;
        where = SIM_CUT_PERCENT;
    }
    fault->own.cut_at = (enum sim_cut_at)where;
    fault->own.cut_n = (uint32_t)n;
    return true;
}

static bool take_ending(const char *text, const struct sim_choice *choices, struct sim_fault *fault)
{
    int ending;

    if (!sim_value_choose(text, choices, &ending))
        return false;
    fault->own.ending = (enum sim_ending)ending;
    return true;
}

bool sim_take_then(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"rst", SIM_END_RST}, {"fin", SIM_END_FIN}, {"hang", SIM_END_SILENCE}, {NULL, 0}};

    return take_ending(text, choices, fault);
}

bool sim_take_how(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"rst", SIM_END_RST},
                                                {"fin", SIM_END_FIN},
                                                {"dr", SIM_END_DR},
                                                {"silence", SIM_END_SILENCE},
                                                {NULL, 0}};

    return take_ending(text, choices, fault);
}

bool sim_take_dist(const char *text, struct sim_fault *fault)
{
    return sim_value_dist(text, &fault->own.time);
}

bool sim_take_per_item(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->own.per_item_ns);
}

bool sim_take_per_byte(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->own.per_byte_ns);
}

bool sim_take_dir(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"both", S7_VANISH_IN | S7_VANISH_OUT}, {"in", S7_VANISH_IN}, {"out", S7_VANISH_OUT}, {NULL, 0}};
    int directions;

    if (!sim_value_choose(text, choices, &directions))
        return false;
    fault->own.directions = (unsigned)directions;
    return true;
}

bool sim_take_max(const char *text, struct sim_fault *fault)
{
    return sim_value_number32(text, 0, UINT16_MAX, &fault->own.max);
}

bool sim_take_hold(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->own.hold_ns);
}

bool sim_take_per(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"all", 0}, {"role", 1}, {NULL, 0}};
    int role;

    if (!sim_value_choose(text, choices, &role))
        return false;
    fault->own.per_role = role == 1;
    return true;
}

void sim_fault_own_presets(struct sim_fault *fault)
{
    (void)fault;
}
