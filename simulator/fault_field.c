#include "fault_field.h"

#include "fault_value.h"

#include "loop/ip_addr.h"
#include "loop/loop.h"
#include "protocol/pdu.h"

#include <stdio.h>
#include <string.h>

#define NUMBER_MAX  UINT32_MAX
#define PRIO_MAX    1000000
#define ADDRESS_MAX 0x1FFFFF /* bytes that 24 bits of bit address reach */
#define HOST_CAP    64

/* ---- matchers ---- */

/* Brackets mark an IPv6 address with a port; the address alone may have them too. */
bool sim_take_peer(const char *text, struct sim_fault *fault)
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

bool sim_take_conn(const char *text, struct sim_fault *fault)
{
    return sim_value_span(text, 1, NUMBER_MAX, &fault->match.conn);
}

bool sim_take_role(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"pg", SIM_ROLE_PG}, {"op", SIM_ROLE_OP}, {"basic", SIM_ROLE_BASIC}, {NULL, 0}};
    int role;

    if (!sim_value_choose(text, choices, &role))
        return false;
    fault->match.role = (enum sim_role)role;
    return true;
}

bool sim_take_kinds(const char *text, struct sim_fault *fault)
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

bool sim_take_area(const char *text, struct sim_fault *fault)
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

bool sim_take_db(const char *text, struct sim_fault *fault)
{
    uint32_t db;

    if (!sim_value_number32(text, 1, UINT16_MAX, &db))
        return false;
    fault->match.db = (int32_t)db;
    return true;
}

bool sim_take_range(const char *text, struct sim_fault *fault)
{
    return sim_value_span(text, 0, ADDRESS_MAX, &fault->match.range);
}

bool sim_take_item(const char *text, struct sim_fault *fault)
{
    return sim_value_number32(text, 1, UINT8_MAX, &fault->match.item);
}

bool sim_take_items(const char *text, struct sim_fault *fault)
{
    return sim_value_span(text, 0, UINT8_MAX, &fault->match.items);
}

bool sim_take_ref(const char *text, struct sim_fault *fault)
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

bool sim_take_rosctr(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"job", S7_ROSCTR_JOB}, {"userdata", S7_ROSCTR_USERDATA}, {NULL, 0}};
    int rosctr;

    if (!sim_value_choose(text, choices, &rosctr))
        return false;
    fault->match.rosctr = (uint8_t)rosctr;
    return true;
}

bool sim_take_payload(const char *text, struct sim_fault *fault)
{
    size_t len;

    if (!sim_value_hex(text, fault->match.payload, SIM_PAYLOAD_MAX, &len))
        return false;
    fault->match.payload_len = (uint8_t)len;
    return len > 0;
}

bool sim_take_stream(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"tx", S7_VANISH_OUT}, {"rx", S7_VANISH_IN}, {NULL, 0}};
    int directions;

    if (!sim_value_choose(text, choices, &directions))
        return false;
    fault->own.directions = (unsigned)directions;
    return true;
}

/* ---- triggers ---- */

bool sim_take_nth(const char *text, struct sim_fault *fault)
{
    return sim_value_number(text, 1, NUMBER_MAX, &fault->trigger.nth);
}

bool sim_take_after(const char *text, struct sim_fault *fault)
{
    return sim_value_number(text, 0, NUMBER_MAX, &fault->trigger.after);
}

bool sim_take_every(const char *text, struct sim_fault *fault)
{
    return sim_value_number(text, 1, NUMBER_MAX, &fault->trigger.every);
}

bool sim_take_count(const char *text, struct sim_fault *fault)
{
    return sim_value_number(text, 1, NUMBER_MAX, &fault->trigger.count);
}

bool sim_take_p(const char *text, struct sim_fault *fault)
{
    return sim_value_p(text, &fault->trigger.p);
}

bool sim_take_burst(const char *text, struct sim_fault *fault)
{
    struct sim_fault_trigger *trigger = &fault->trigger;

    trigger->bursts = true;
    return sim_value_p_pair(text, &trigger->p_enter, &trigger->p_leave);
}

bool sim_take_from(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->trigger.from_ns);
}

bool sim_take_to(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->trigger.to_ns);
}

bool sim_take_for(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->own.for_ns);
}

bool sim_take_once(const char *text, struct sim_fault *fault)
{
    fault->trigger.once_conn = true;
    return strcmp(text, "conn") == 0;
}

bool sim_take_scope(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"plc", SIM_SCOPE_PLC},
                                                {"conn", SIM_SCOPE_CONN},
                                                {"db", SIM_SCOPE_DB},
                                                {"item", SIM_SCOPE_ITEM},
                                                {NULL, 0}};
    int scope;

    if (!sim_value_choose(text, choices, &scope))
        return false;
    fault->trigger.scope = (enum sim_scope_kind)scope;
    return true;
}

bool sim_take_prio(const char *text, struct sim_fault *fault)
{
    bool minus = *text == '-';
    uint64_t value;

    if (!sim_value_number(text + (minus ? 1 : 0), 0, PRIO_MAX, &value))
        return false;
    fault->trigger.prio = minus ? -(int32_t)value : (int32_t)value;
    return true;
}

bool sim_take_optional(const char *text, struct sim_fault *fault)
{
    return sim_value_yes_no(text, &fault->trigger.optional);
}
