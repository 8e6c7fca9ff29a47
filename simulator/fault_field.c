/* How each parameter is read: its value into its place in the fault. */
#include "fault_field.h"

#include "fault_value.h"

#include "loop/ip_addr.h"
#include "loop/loop.h"

#include <stdio.h>
#include <string.h>

#define NUMBER_MAX  UINT32_MAX
#define PRIO_MAX    1000000
#define PERCENT_MAX 100
#define ADDRESS_MAX 0x1FFFFF /* bytes that 24 bits of bit address reach */
#define HOST_CAP    64

/* ---- matchers ---- */

/* Brackets mark an IPv6 address with a port; the address alone may have them too. */
static bool take_peer(const char *text, struct sim_fault *fault)
{
    char host[HOST_CAP];
    const char *colon = strrchr(text, ':'), *bracket = strchr(text, ']');
    bool lone_v6 = bracket == NULL && colon != strchr(text, ':');
    uint64_t port = 0;
    struct s7_ip_addr ip;

    if (lone_v6 || (bracket != NULL && bracket[1] == '\0'))
        colon = NULL;
    fault->match.peer_port = colon != NULL;
    if (colon != NULL && !sim_value_number(colon + 1, 1, UINT16_MAX, &port))
        return false;
    size_t len = colon != NULL ? (size_t)(colon - text) : strlen(text);
    if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    snprintf(host, sizeof host, "%.*s", (int)len, text);
    if (!s7_ip_addr_parse(host, (uint16_t)port, &ip))
        return false;
    s7_ip_addr_format(&ip, fault->match.peer, sizeof fault->match.peer);
    if (!fault->match.peer_port)
        *strrchr(fault->match.peer, ':') = '\0';
    return true;
}

static bool take_conn(const char *text, struct sim_fault *fault)
{
    return sim_value_span(text, 1, NUMBER_MAX, &fault->match.conn);
}

static bool take_role(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"pg", SIM_ROLE_PG}, {"op", SIM_ROLE_OP}, {"basic", SIM_ROLE_BASIC}, {NULL, 0}};
    int role;

    if (!sim_value_choose(text, choices, &role))
        return false;
    fault->match.role = (enum sim_role)role;
    return true;
}

static bool take_fn(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"connect", SIM_FN_CONNECT},   {"setup", SIM_FN_SETUP},
                                                {"read", SIM_FN_READ},         {"write", SIM_FN_WRITE},
                                                {"userdata", SIM_FN_USERDATA}, {NULL, 0}};
    char word[16];
    int fn;

    fault->match.fns = 0;
    for (;;) {
        size_t len = strcspn(text, "|");
        snprintf(word, sizeof word, "%.*s", (int)len, text);
        if (!sim_value_choose(word, choices, &fn))
            return false;
        fault->match.fns |= (unsigned)fn;
        if (text[len] == '\0')
            return true;
        text += len + 1;
    }
}

static bool take_area(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"DB", S7_AREA_DB}, {"DI", S7_AREA_DI}, {"I", S7_AREA_I},
                                                {"Q", S7_AREA_Q},   {"M", S7_AREA_M},   {"T", S7_AREA_T},
                                                {"C", S7_AREA_C},   {NULL, 0}};
    int area;

    if (!sim_value_choose(text, choices, &area))
        return false;
    fault->match.area = (uint8_t)area;
    return true;
}

static bool take_db(const char *text, struct sim_fault *fault)
{
    uint32_t db;

    if (!sim_value_number32(text, 1, UINT16_MAX, &db))
        return false;
    fault->match.db = (int32_t)db;
    return true;
}

static bool take_range(const char *text, struct sim_fault *fault)
{
    return sim_value_span(text, 0, ADDRESS_MAX, &fault->match.range);
}

static bool take_item(const char *text, struct sim_fault *fault)
{
    return sim_value_number32(text, 1, UINT8_MAX, &fault->match.item);
}

static bool take_items(const char *text, struct sim_fault *fault)
{
    return sim_value_span(text, 0, UINT8_MAX, &fault->match.items);
}

static bool take_ref(const char *text, struct sim_fault *fault)
{
    uint32_t ref;
    char end;

    bool hex = strncmp(text, "0x", 2) == 0 && strspn(text + 2, "0123456789abcdefABCDEF") == strlen(text + 2);
    if (hex ? strlen(text) > 6 || sscanf(text + 2, "%x%c", &ref, &end) != 1
            : !sim_value_number32(text, 0, UINT16_MAX, &ref))
        return false;
    fault->match.ref = (int32_t)ref;
    return true;
}

/* ---- triggers ---- */

static bool take_nth(const char *text, struct sim_fault *fault)
{
    return sim_value_number(text, 1, NUMBER_MAX, &fault->trigger.nth);
}

static bool take_after(const char *text, struct sim_fault *fault)
{
    return sim_value_number(text, 0, NUMBER_MAX, &fault->trigger.after);
}

static bool take_every(const char *text, struct sim_fault *fault)
{
    return sim_value_number(text, 1, NUMBER_MAX, &fault->trigger.every);
}

static bool take_count(const char *text, struct sim_fault *fault)
{
    return sim_value_number(text, 1, NUMBER_MAX, &fault->trigger.count);
}

static bool take_p(const char *text, struct sim_fault *fault)
{
    return sim_value_p(text, &fault->trigger.p);
}

static bool take_from(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->trigger.from_ns);
}

static bool take_to(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->trigger.to_ns);
}

static bool take_for(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->own.for_ns);
}

static bool take_once(const char *text, struct sim_fault *fault)
{
    fault->trigger.once_conn = true;
    return strcmp(text, "conn") == 0;
}

static bool take_prio(const char *text, struct sim_fault *fault)
{
    bool minus = *text == '-';
    uint64_t value;

    if (!sim_value_number(text + (minus ? 1 : 0), 0, PRIO_MAX, &value))
        return false;
    fault->trigger.prio = minus ? -(int32_t)value : (int32_t)value;
    return true;
}

static bool take_optional(const char *text, struct sim_fault *fault)
{
    return sim_value_yes_no(text, &fault->trigger.optional);
}

/* ---- own parameters ---- */

static bool take_drop(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"none", 0}, {"all", 1}, {NULL, 0}};
    int all;

    if (!sim_value_choose(text, choices, &all))
        return false;
    fault->own.drop_all = all == 1;
    return true;
}

static bool take_run(const char *text, struct sim_fault *fault)
{
    return sim_value_yes_no(text, &fault->own.run);
}

static bool take_at(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->own.at_ns);
}

static bool take_bytes(const char *text, struct sim_fault *fault)
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

static bool take_then(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"rst", SIM_END_RST}, {"fin", SIM_END_FIN}, {"hang", SIM_END_SILENCE}, {NULL, 0}};

    return take_ending(text, choices, fault);
}

static bool take_how(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"rst", SIM_END_RST},
                                                {"fin", SIM_END_FIN},
                                                {"dr", SIM_END_DR},
                                                {"silence", SIM_END_SILENCE},
                                                {NULL, 0}};

    return take_ending(text, choices, fault);
}

static bool take_time(const char *text, struct sim_fault *fault)
{
    return sim_value_dist(text, &fault->own.time);
}

static bool take_per_item(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->own.per_item_ns);
}

static bool take_per_byte(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->own.per_byte_ns);
}

static bool take_dir(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"both", S7_VANISH_IN | S7_VANISH_OUT}, {"in", S7_VANISH_IN}, {"out", S7_VANISH_OUT}, {NULL, 0}};
    int directions;

    if (!sim_value_choose(text, choices, &directions))
        return false;
    fault->own.directions = (unsigned)directions;
    return true;
}

static bool take_max(const char *text, struct sim_fault *fault)
{
    return sim_value_number32(text, 0, UINT16_MAX, &fault->own.max);
}

static bool take_hold(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->own.hold_ns);
}

static bool take_per(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"all", 0}, {"role", 1}, {NULL, 0}};
    int role;

    if (!sim_value_choose(text, choices, &role))
        return false;
    fault->own.per_role = role == 1;
    return true;
}

/* ---- the table ---- */

static const struct sim_fault_field fields[] = {
    {"peer", take_peer},
    {"conn", take_conn},
    {"role", take_role},
    {"fn", take_fn},
    {"area", take_area},
    {"db", take_db},
    {"range", take_range},
    {"item", take_item},
    {"items", take_items},
    {"ref", take_ref},
    {"nth", take_nth},
    {"after", take_after},
    {"every", take_every},
    {"count", take_count},
    {"p", take_p},
    {"from", take_from},
    {"to", take_to},
    {"for", take_for},
    {"once", take_once},
    {"prio", take_prio},
    {"optional", take_optional},
    {"drop", take_drop},
    {"run", take_run},
    {"at", take_at},
    {"bytes", take_bytes},
    {"then", take_then},
    {"time", take_time},
    {"per_item", take_per_item},
    {"per_byte", take_per_byte},
    {"dir", take_dir},
    {"max", take_max},
    {"how", take_how},
    {"per", take_per},
    {"hold", take_hold},
    {NULL, NULL},
};

const struct sim_fault_field *sim_fault_fields(void)
{
    return fields;
}
