#include "fault.h"

static const struct sim_fault_param common[] = {
    {"peer", "ADDR|ADDR:PORT", "any", "client's address, or address and port"},
    {"conn", "N|A..B", "any", "ordinal of the TCP connection at this PLC since its start, from 1"},
    {"role", "pg|op|basic", "any", "connection type asked for in the called TSAP"},
    {"fn", "connect|setup|read|write|userdata", "all but connect",
     "kind of request; several are joined by |"},
    {"area", "DB|DI|I|Q|M|T|C", "any", "an item in this area"},
    {"db", "N", "any", "an item in this data block"},
    {"range", "N|A..B", "any", "an item that overlaps these bytes of its area or DB"},
    {"item", "N", "any", "which item must match area, db and range, from 1"},
    {"items", "N|A..B", "any", "number of items in the request"},
    {"ref", "N", "any", "PDU reference, 0..65535 or 0x0..0xFFFF"},
    {"nth", "N", "each", "fire at this match only, from 1"},
    {"after", "N", "0", "let so many matches pass first"},
    {"every", "N", "1", "fire at each N-th match after those"},
    {"count", "N", "no limit", "fire so many times at most, then be disarmed"},
    {"p", "0..1", "1", "probability of a match to fire, at most 9 decimals"},
    {"from", "TIME", "0", "look at nothing earlier, counted from arming"},
    {"to", "TIME", "no end", "look at nothing later, counted from arming"},
    {"for", "TIME", "no end", "to = from + this"},
    {"once", "conn", "no", "count the first match on each connection only"},
    {"prio", "N", "0",
     "order among faults, the lowest first, then by id: delays add up until one decides how the "
     "request ends; -1000000..1000000"},
    {"optional", "yes|no", "no", "it need not fire; the bare word means yes"},
    {NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param refuse[] = {
    {"for", "TIME", "until dropped", "how long the door is shut"},
    {"drop", "none|all", "none", "what happens to connections that are there: they stay, or are reset"},
    {NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param conn_limit[] = {
    {"max", "N", NULL, "connections that are let in"},
    {"how", "rst|fin|dr|silence", "rst",
     "what the next one meets: reset, orderly end, disconnect request, no answer"},
    {"per", "all|role", "all", "count all connections, or PG, OP and basic apart"},
    {NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param slot_leak[] = {
    {"hold", "TIME", NULL, "how long the place of a connection that its client closed stays taken"},
    {NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param rst_now[] = {
    {"run", "yes|no", "no", "is the request run, and what it writes committed, before the reset"},
    {"at", "TIME", "at a request", "reset all connections that match at this time after arming instead"},
    {NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param fin_now[] = {
    {"at", "TIME", "at a request", "close all connections that match at this time after arming instead"},
    {NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param cut[] = {
    {"bytes", "N|N%|tpkt|cotp|header|param|data", NULL,
     "how much of the answer is sent: bytes, a share, or up to where a part of it begins: tpkt 0, cotp 4, "
     "header 7, "
     "param behind the S7 header (19 for acknowledged jobs), data behind the parameters; at least its last "
     "byte is lost"},
    {"then", "rst|fin|hang", "rst", "what follows: reset, orderly end, or silence for good"},
    {NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param half_open[] = {
    {"dir", "both|in|out", "both", "what is lost: what the PLC sends (out), what is sent to it (in)"},
    {"at", "TIME", "at a request", "do it to all connections that match at this time after arming instead"},
    {"for", "TIME", "until dropped", "the cable is back after this time"},
    {NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param slow[] = {
    {"time", "TIME|fixed(TIME)|uniform(TIME,TIME)", NULL, "how long the request is held before it is run"},
    {"per_item", "TIME", "0", "so much more for each item"},
    {"per_byte", "TIME", "0", "so much more for each byte that is read or written"},
    {NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param hang[] = {
    {"for", "TIME", "no such time: it fires as its triggers say",
     "from its first firing each match fires for so long, then it is disarmed"},
    {NULL, NULL, NULL, NULL},
};

static const struct sim_fault_kind kinds[] = {
    [SIM_FAULT_REFUSE] = {"refuse", "TCP connect", "the listener is shut: who dials is refused at once",
                          "CPU reboots, CP not loaded, firewall rejects", refuse},
    [SIM_FAULT_CONN_LIMIT] = {"conn_limit", "TCP connect",
                              "connection requests beyond a number are turned away",
                              "8 connections of a CP 343-1 Lean are taken; another program holds them",
                              conn_limit},
    [SIM_FAULT_SLOT_LEAK] =
        {"slot_leak", "TCP connect", "a connection that its client closed goes on to count as one",
         "the CPU saw no FIN, or cleans up at its next keep-alive: who reconnects is refused", slot_leak},
    [SIM_FAULT_RST_NOW] = {"rst_now", "TCP stream", "the connection is reset instead of an answer",
                           "power cycle of the PLC, NAT entry that expired with a reset", rst_now},
    [SIM_FAULT_FIN_NOW] = {"fin_now", "TCP stream",
                           "the connection is closed in good order, after the answer or between telegrams",
                           "download to the CPU, orderly stop", fin_now},
    [SIM_FAULT_CUT] = {"cut", "TCP stream", "the answer ends in its middle, then reset, end or silence",
                       "power lost in mid telegram: \"TPKT is incomplete\"", cut},
    [SIM_FAULT_HALF_OPEN] =
        {"half_open", "TCP stream", "the peer disappears: no FIN, no RST, no ACK",
         "cable pulled between two switches, radio lost; the client still thinks it is connected", half_open},
    [SIM_FAULT_SLOW] = {"slow", "S7", "the request is held before it is run and answered",
                        "answers wait for the scan cycle; loaded CPU", slow},
    [SIM_FAULT_HANG] = {"hang", "S7",
                        "the request is taken and acknowledged by TCP, never run, never answered",
                        "CPU firmware hangs, OB blocked", hang},
};

size_t sim_fault_kinds(const struct sim_fault_kind **out)
{
    *out = kinds;
    return sizeof kinds / sizeof kinds[0];
}

const struct sim_fault_param *sim_fault_common(void)
{
    return common;
}

static void divide(int64_t *ns, uint32_t by)
{
    if (*ns > 0 && *ns != S7_NEVER_NS)
        *ns /= by;
}

void sim_fault_scale(struct sim_fault *fault, uint32_t time_scale)
{
    int64_t *const times[] = {&fault->trigger.from_ns, &fault->trigger.to_ns,   &fault->own.for_ns,
                              &fault->own.at_ns,       &fault->own.time.low_ns, &fault->own.time.high_ns,
                              &fault->own.per_item_ns, &fault->own.per_byte_ns, &fault->own.hold_ns};

    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        divide(times[i], time_scale);
}
