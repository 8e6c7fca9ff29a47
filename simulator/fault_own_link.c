/* Parameters of faults of doors, connections and streams. */
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

/* A distribution, or the name of a file in which it is; table: where that goes. */
static bool take_dist(const char *text, struct sim_dist *dist, char table[SIM_RECORDING_NAME_CAP])
{
    static const char begin[] = "table(";

    if (strncmp(text, begin, strlen(begin)) != 0)
        return sim_value_dist(text, dist);
    *dist = (struct sim_dist){.kind = SIM_DIST_TABLE, .shape = 1};
    return sim_recording_name(text + strlen(begin), table);
}

bool sim_take_dist(const char *text, struct sim_fault *fault)
{
    return take_dist(text, &fault->own.time, fault->time_table);
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

/* A time that says when something that began ends: resurrect. */
bool sim_take_for_after(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->own.for_ns);
}

bool sim_take_span(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->own.span_ns);
}

/* "5s" or "5s+20ms": a deadline and how far behind it. */
bool sim_take_sum(const char *text, struct sim_fault *fault)
{
    char first[32];
    const char *plus = strchr(text, '+');
    int64_t more_ns = 0;

    if (plus == NULL)
        return sim_value_time(text, &fault->own.span_ns);
    snprintf(first, sizeof first, "%.*s", (int)(plus - text), text);
    if (!sim_value_time(first, &fault->own.span_ns) || !sim_value_time(plus + 1, &more_ns))
        return false;
    fault->own.span_ns += more_ns;
    return true;
}

bool sim_take_errno(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"host", 1},        {"net", 0},          {"ehostunreach", 1},
                                                {"enetunreach", 0}, {"EHOSTUNREACH", 1}, {"ENETUNREACH", 0},
                                                {NULL, 0}};
    int host;

    if (!sim_value_choose(text, choices, &host))
        return false;
    fault->own.host = host == 1;
    return true;
}

bool sim_take_close(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"rst", SIM_END_RST}, {"fin", SIM_END_FIN}, {NULL, 0}};

    return take_ending(text, choices, fault);
}

bool sim_take_idle_how(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"rst", SIM_END_RST}, {"fin", SIM_END_FIN}, {"forget", SIM_END_SILENCE}, {NULL, 0}};

    return take_ending(text, choices, fault);
}

bool sim_take_n(const char *text, struct sim_fault *fault)
{
    return sim_value_number32(text, 1, UINT16_MAX, &fault->own.n);
}

bool sim_take_rate(const char *text, struct sim_fault *fault)
{
    return sim_value_number32(text, 1, 1000000000, &fault->own.n);
}

bool sim_take_rcvbuf(const char *text, struct sim_fault *fault)
{
    return sim_value_number32(text, 1, 1U << 30, &fault->own.bytes);
}

bool sim_take_down(const char *text, struct sim_fault *fault)
{
    return take_dist(text, &fault->own.down, fault->down_table);
}

bool sim_take_gap(const char *text, struct sim_fault *fault)
{
    return sim_take_dist(text, fault);
}

bool sim_take_stream_dir(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"tx", S7_VANISH_OUT}, {"rx", S7_VANISH_IN}, {"both", S7_VANISH_IN | S7_VANISH_OUT}, {NULL, 0}};
    int directions;

    if (!sim_value_choose(text, choices, &directions))
        return false;
    fault->own.directions = (unsigned)directions;
    return true;
}

bool sim_take_own_p(const char *text, struct sim_fault *fault)
{
    return sim_value_p(text, &fault->trigger.p);
}

bool sim_take_gemodel(const char *text, struct sim_fault *fault)
{
    return sim_take_burst(text, fault);
}
