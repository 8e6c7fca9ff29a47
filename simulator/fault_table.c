/* The table of faults. */
#include "fault_field.h"

#define DIST "TIME|uniform(A,B)|normal(M,S)|lognormal(M,SIGMA)|pareto(MIN,A)|exp(M)"

static const struct sim_fault_param common[] = {
    {"peer", "ADDR|ADDR:PORT", "any", "client's address, or address and port", sim_take_peer},
    {"conn", "N|A..B", "any", "ordinal of the TCP connection at this PLC since its start, from 1",
     sim_take_conn},
    {"role", "pg|op|basic", "any", "connection type asked for in the called TSAP", sim_take_role},
    {"fn", "connect|setup|read|write|userdata", "all but connect", "kind of request; several are joined by |",
     sim_take_kinds},
    {"area", "DB|DI|I|Q|M|T|C", "any", "an item in this area", sim_take_area},
    {"db", "N", "any", "an item in this data block", sim_take_db},
    {"range", "N|A..B", "any", "an item that overlaps these bytes of its area or DB", sim_take_range},
    {"item", "N", "any", "which item must match area, db and range, from 1", sim_take_item},
    {"items", "N|A..B", "any", "number of items in the request", sim_take_items},
    {"ref", "N", "any", "PDU reference, 0..65535 or 0x0..0xFFFF", sim_take_ref},
    {"rosctr", "job|userdata", "any", "kind of PDU", sim_take_rosctr},
    {"payload", "HEX", "any", "bytes that are somewhere in the PDU, at most 16", sim_take_payload},
    {"nth", "N", "each", "fire at this match only, from 1", sim_take_nth},
    {"after", "N", "0", "let so many matches pass first", sim_take_after},
    {"every", "N", "1", "fire at each N-th match after those", sim_take_every},
    {"count", "N", "no limit", "fire so many times at most, then be disarmed", sim_take_count},
    {"burst", "P,P", "no",
     "fire in bursts: probability of a match to begin one, and of a later one to end it, also burst(P,P)",
     sim_take_burst},
    {"p", "0..1", "1", "probability of a match to fire, at most 9 decimals", sim_take_p},
    {"from", "TIME", "0", "look at nothing earlier, counted from arming", sim_take_from},
    {"to", "TIME", "no end", "look at nothing later, counted from arming", sim_take_to},
    {"for", "TIME", "no end", "to = from + this", sim_take_for},
    {"once", "conn", "no", "count the first match on each connection only", sim_take_once},
    {"prio", "N", "0",
     "order among faults, the lowest first, then by id: delays add up until one decides how the "
     "request ends; -1000000..1000000",
     sim_take_prio},
    {"optional", "yes|no", "no", "it need not fire; the bare word means yes", sim_take_optional},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param refuse[] = {
    {"for", "TIME", "until dropped", "how long the door is shut", sim_take_for},
    {"drop", "none|all", "none", "what happens to connections that are there: they stay, or are reset",
     sim_take_drop},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param conn_limit[] = {
    {"max", "N", NULL, "connections that are let in", sim_take_max},
    {"how", "rst|fin|dr|silence", "rst",
     "what the next one meets: reset, orderly end, disconnect request, no answer", sim_take_how},
    {"per", "all|role", "all", "count all connections, or PG, OP and basic apart", sim_take_per},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param slot_leak[] = {
    {"hold", "TIME", NULL, "how long the place of a connection that its client closed stays taken",
     sim_take_hold},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param rst_now[] = {
    {"run", "yes|no", "no", "is the request run, and what it writes committed, before the reset",
     sim_take_run},
    {"at", "TIME", "at a request", "reset all connections that match at this time after arming instead",
     sim_take_at},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param fin_now[] = {
    {"at", "TIME", "at a request", "close all connections that match at this time after arming instead",
     sim_take_at},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param cut[] = {
    {"bytes", "N|N%|tpkt|cotp|header|param|data", NULL,
     "how much of the answer is sent: bytes, a share, or up to where a part of it begins: tpkt 0, cotp 4, "
     "header 7, "
     "param behind the S7 header (19 for acknowledged jobs), data behind the parameters; at least its last "
     "byte is lost",
     sim_take_bytes},
    {"then", "rst|fin|hang", "rst", "what follows: reset, orderly end, or silence for good", sim_take_then},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param half_open[] = {
    {"dir", "both|in|out", "both", "what is lost: what the PLC sends (out), what is sent to it (in)",
     sim_take_dir},
    {"at", "TIME", "at a request", "do it to all connections that match at this time after arming instead",
     sim_take_at},
    {"for", "TIME", "until dropped", "the cable is back after this time", sim_take_for},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param slow[] = {
    {"dist", DIST, NULL, "how long the request is held before it is run; time= is the same", sim_take_dist},
    {"per_item", "TIME", "0", "so much more for each item", sim_take_per_item},
    {"per_byte", "TIME", "0", "so much more for each byte that is read or written", sim_take_per_byte},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param hang[] = {
    {"for", "TIME", "no such time: it fires as its triggers say",
     "from its first firing each match fires for so long, then it is disarmed", sim_take_for},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_kind kinds[SIM_FAULT_TYPES] = {
    [SIM_FAULT_REFUSE] = {"refuse", "TCP connect", "the listener is shut: who dials is refused at once",
                          "CPU reboots, CP not loaded, firewall rejects", SIM_AT_DOOR, 0, refuse},
    [SIM_FAULT_CONN_LIMIT] = {"conn_limit", "TCP connect",
                              "connection requests beyond a number are turned away",
                              "8 connections of a CP 343-1 Lean are taken; another program holds them",
                              SIM_AT_CONNECT, 0, conn_limit},
    [SIM_FAULT_SLOT_LEAK] =
        {"slot_leak", "TCP connect", "a connection that its client closed goes on to count as one",
         "the CPU saw no FIN, or cleans up at its next keep-alive: who reconnects is refused", SIM_AT_END, 0,
         slot_leak},
    [SIM_FAULT_RST_NOW] = {"rst_now", "TCP stream", "the connection is reset instead of an answer",
                           "power cycle of the PLC, NAT entry that expired with a reset", SIM_AT_REQUEST, 0,
                           rst_now},
    [SIM_FAULT_FIN_NOW] = {"fin_now", "TCP stream",
                           "the connection is closed in good order, after the answer or between telegrams",
                           "download to the CPU, orderly stop", SIM_AT_REQUEST, 0, fin_now},
    [SIM_FAULT_CUT] = {"cut", "TCP stream", "the answer ends in its middle, then reset, end or silence",
                       "power lost in mid telegram: \"TPKT is incomplete\"", SIM_AT_REQUEST, 0, cut},
    [SIM_FAULT_HALF_OPEN] =
        {"half_open", "TCP stream", "the peer disappears: no FIN, no RST, no ACK",
         "cable pulled between two switches, radio lost; the client still thinks it is connected",
         SIM_AT_REQUEST, 0, half_open},
    [SIM_FAULT_SLOW] = {"slow", "S7", "the request is held before it is run and answered",
                        "answers wait for the scan cycle; loaded CPU", SIM_AT_REQUEST, 0, slow},
    [SIM_FAULT_HANG] = {"hang", "S7",
                        "the request is taken and acknowledged by TCP, never run, never answered",
                        "CPU firmware hangs, OB blocked", SIM_AT_REQUEST, 0, hang},
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
