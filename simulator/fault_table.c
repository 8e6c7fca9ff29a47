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
    {"scope", "plc|conn|db|item", "plc",
     "nth, after, every and count are counted together, or for each connection, or the DB or the address of "
     "the first item that matches",
     sim_take_scope},
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
    {"idle", "TIME", "at a request",
     "close each connection that matches when nothing came or went for so long", sim_take_span},
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

static const struct sim_fault_param none[] = {
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param blackhole_syn[] = {
    {"for", "TIME", "until dropped", "how long", sim_take_for},
    {"p", "0..1", "1", "share of the SYNs that are lost", sim_take_own_p},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param unreachable[] = {
    {"for", "TIME", "until dropped", "how long", sim_take_for},
    {"after", "TIME", "0", "how long the router takes to say so", sim_take_span},
    {"errno", "host|net", "host", "what is said to be unreachable", sim_take_errno},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param slow_accept[] = {
    {"dist", DIST, NULL, "how long nothing is read from a connection that came", sim_take_dist},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param accept_close[] = {
    {"close", "fin|rst", "fin", "how it ends", sim_take_close},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param rate_limit_connect[] = {
    {"n", "N", NULL, "connections that are accepted in a window", sim_take_n},
    {"window", "TIME", NULL, "how long the window is", sim_take_span},
    {"for", "TIME", "until dropped", "how long the limit holds", sim_take_for},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param port_flap[] = {
    {"up", DIST, NULL, "how long the port is open each time", sim_take_dist},
    {"down", DIST, NULL, "how long it is shut", sim_take_down},
    {"for", "TIME", "until dropped", "how long all this lasts", sim_take_for},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param resurrect[] = {
    {"after", "TIME", NULL, "the cable is back after this time", sim_take_for_after},
    {"dir", "both|in|out", "both", "what is held: what the PLC sends (out), what is sent to it (in)",
     sim_take_dir},
    {"at", "TIME", "at a request", "do it to all connections that match at this time after arming instead",
     sim_take_at},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param zero_window[] = {
    {"for", "TIME", "until dropped", "reading goes on after this time", sim_take_for},
    {"rcvbuf", "N", "as it is", "bytes of the receive buffer from then on", sim_take_rcvbuf},
    {"at", "TIME", "at a request", "do it to all connections that match at this time after arming instead",
     sim_take_at},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param dribble[] = {
    {"k", "N", "1", "bytes at a time", sim_take_n},
    {"interval", DIST, "10ms", "from one piece to the next", sim_take_gap},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param coalesce[] = {
    {"n", "N", "no limit", "send when so many answers are held", sim_take_n},
    {"window", "TIME", "200ms", "send this time after the first of them at the latest", sim_take_span},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param split[] = {
    {"at", "N|N%|tpkt|cotp|header|param|data", NULL, "where the answer is cut in two", sim_take_bytes},
    {"gap", DIST, "1ms", "from its first part to the second", sim_take_gap},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param bandwidth[] = {
    {"rate", "N", NULL, "bytes per second and direction", sim_take_rate},
    {"burst", "N", "1500", "bytes that pass at once after a pause", sim_take_rcvbuf},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param latency[] = {
    {"dist", DIST, NULL, "how long each telegram is under way", sim_take_dist},
    {"dir", "tx|rx|both", "tx", "what the PLC sends (tx), what is sent to it (rx)", sim_take_stream_dir},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param loss_stall[] = {
    {"gemodel", "P,P", "no", "another word for burst", sim_take_gemodel},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param keepalive_silent[] = {
    {"after", "TIME", NULL, "how long nothing came or went", sim_take_span},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param idle_kill[] = {
    {"idle", "TIME", NULL, "how long nothing came or went", sim_take_span},
    {"how", "rst|fin|forget", "rst", "reset, orderly end, or the peer disappears without a word",
     sim_take_idle_how},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param late_after_timeout[] = {
    {"offset", "TIME|TIME+TIME", NULL,
     "how long after the request it is answered: the client's deadline and a bit more", sim_take_sum},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param cycle_jitter[] = {
    {"dist", DIST, NULL, "how long each cycle is", sim_take_dist},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param tpkt_version[] = {
    {"value", "N", "0", "the byte that should be 3", sim_take_byte},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param tpkt_len[] = {
    {"delta", "N", "1", "how far it is from the truth", sim_take_delta},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param cotp_dr[] = {
    {"reason", "N", "1", "reason of the disconnect request, 0..255 or 0x00..0xFF", sim_take_reason},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param cc_short[] = {
    {"variant", "short|size", "short",
     "no TSAPs in the confirm (14 bytes), or a TPDU size of 512, which holds then", sim_take_cc},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param tpdu_small[] = {
    {"size", "128|256|512|1024|2048", "128", "bytes of a TPDU", sim_take_tpdu_size},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param cotp_er[] = {
    {"cause", "N", "1", "reject cause, 0..255 or 0x00..0xFF", sim_take_reason},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param refusal[] = {
    {"class", "N", "0x81", "error class, 0..255 or 0x00..0xFF", sim_take_class},
    {"code", "N", "0x04", "error code, 0..255 or 0x00..0xFF", sim_take_code},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param pdu_shrink[] = {
    {"size", "N, 64..65535", "240", "PDU length that is granted at most, from 64 on", sim_take_pdu_size},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param amq_low[] = {
    {"amq", "N", "1", "parallel jobs that are granted at most", sim_take_amq},
    {"extra", "queue|error|drop", "queue",
     "what becomes of a job that comes although so many are open: it waits, is refused with 8302, or is "
     "ignored",
     sim_take_extra},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param wrong_ref[] = {
    {"which", "previous|next|random", "previous", "the reference that the answer carries", sim_take_which},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param wrong_function[] = {
    {"pair", "read_for_write|write_for_read", "read_for_write", "which answer comes for which request",
     sim_take_pair},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param duplicate[] = {
    {"gap", DIST, "0", "from the answer to its double", sim_take_gap},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param reorder[] = {
    {"window", "N", "2", "answers that change places: the last comes first", sim_take_window_n},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param unsolicited[] = {
    {"kind", "diag|mode", "diag", "a diagnostic event, or a change to STOP", sim_take_kind},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param item_error[] = {
    {"code", "N", "0x0A", "return code of the items that match, 0..254 or 0x00..0xFE", sim_take_item_code},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param short_item[] = {
    {"delta", "N", "1", "bytes that the items that match lack", sim_take_delta},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param pad_wrong[] = {
    {"how", "missing|extra", "missing", "an odd item has no fill byte, or an even or last one has one",
     sim_take_pad},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param bitflip[] = {
    {"where", "any|header|length|data", "any",
     "in the whole frame; in the S7 header and parameters; in the lengths of TPKT and S7; in the data",
     sim_take_where},
    {"n", "N", "1", "different bits", sim_take_bits},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param garbage[] = {
    {"n", "N", "40", "random bytes", sim_take_n},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param szl[] = {
    {"id", "N|N|...", "all", "the status lists, at most 8", sim_take_ids},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param optimized_db[] = {
    {"db", "N", NULL, "the data block", sim_take_db},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param stop[] = {
    {"for", "TIME", "until dropped", "how long", sim_take_for},
    {"writes", "accept|refuse", "accept", "what becomes of writes: refused with item code 01, or done",
     sim_take_writes},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param power_cycle[] = {
    {"boot", DIST, "10s", "how long nobody can connect", sim_take_dist},
    {"retain", "yes|no", "yes", "keep what is retentive, or everything as after a cold start",
     sim_take_retain},
    {"clock", "keep|reset", "keep", "the clock goes on, or begins with 1994-01-01", sim_take_clock},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param defect[] = {
    {"trigger", "any|read|write|szl", "any",
     "the kind of request that it begins with: szl is a read of a status list", sim_take_trigger},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param clock_skew[] = {
    {"offset", "TIME|-TIME", "0", "how far it is off", sim_take_offset},
    {"ppm", "N|-N", "0", "how fast it goes wrong, millionths", sim_take_ppm},
    {"for", "TIME", "until dropped", "how long", sim_take_for},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param password[] = {
    {"level", "N, 1..3", NULL, "protection: 1 none, 2 against writing, 3 against reading too",
     sim_take_level},
    {"for", "TIME", "until dropped", "how long", sim_take_for},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct sim_fault_param lasts[] = {
    {"for", "TIME", "until dropped", "how long", sim_take_for},
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
    [SIM_FAULT_BLACKHOLE_SYN] = {"blackhole_syn", "TCP connect",
                                 "SYNs are dropped: who dials waits for its whole connect timeout",
                                 "device off, wrong VLAN, cable pulled before the connection", SIM_AT_DOOR, 0,
                                 blackhole_syn},
    [SIM_FAULT_UNREACHABLE] = {"unreachable", "TCP connect",
                               "dialing fails with host or network unreachable (virtual time only)",
                               "router without a route, no answer to ARP", SIM_AT_DOOR, 0, unreachable},
    [SIM_FAULT_SLOW_ACCEPT] = {"slow_accept", "TCP connect",
                               "the connection is there at once, nothing is read from it for a time",
                               "overloaded CP, VPN that wakes up", SIM_AT_ACCEPT, 0, slow_accept},
    [SIM_FAULT_ACCEPT_CLOSE] = {"accept_close", "TCP connect",
                                "the connection is accepted and closed before any byte",
                                "the connection table of the CPU is full: TCP opens, ISO never does",
                                SIM_AT_ACCEPT, 0, accept_close},
    [SIM_FAULT_RATE_LIMIT_CONNECT] =
        {"rate_limit_connect", "TCP connect",
         "after so many new connections in a window the listener is shut until the window has passed",
         "intrusion detection, protection of the CPU", SIM_AT_DOOR, 0, rate_limit_connect},
    [SIM_FAULT_PORT_FLAP] = {"port_flap", "TCP connect", "the listener is open and shut in turn",
                             "loose plug, switch-over of a ring", SIM_AT_DOOR, 0, port_flap},
    [SIM_FAULT_RST_AFTER_REPLY] = {"rst_after_reply", "TCP stream",
                                   "the request is answered, then the connection is reset",
                                   "S7-1200 that resets after the first symbolic read", SIM_AT_REQUEST, 0,
                                   none},
    [SIM_FAULT_FIN_HALF] = {"fin_half", "TCP stream",
                            "the PLC ends its own direction only: it takes requests and never answers",
                            "half-close by a gateway", SIM_AT_REQUEST, 0, none},
    [SIM_FAULT_RESURRECT] = {"resurrect", "TCP stream",
                             "the peer disappears, and comes back with all that was held meanwhile",
                             "cable put back after 30 s", SIM_AT_REQUEST, 0, resurrect},
    [SIM_FAULT_ZERO_WINDOW] = {"zero_window", "TCP stream",
                               "the PLC stops reading: the client can send until the buffers are full",
                               "receive overload of a CP", SIM_AT_REQUEST, 0, zero_window},
    [SIM_FAULT_DRIBBLE] = {"dribble", "TCP stream", "the answer comes in small pieces",
                           "gateway with a serial line behind it", SIM_AT_REQUEST, 0, dribble},
    [SIM_FAULT_COALESCE] = {"coalesce", "TCP stream", "several answers are held and sent at once",
                            "Nagle, VPN that batches", SIM_AT_REQUEST, 0, coalesce},
    [SIM_FAULT_SPLIT] = {"split", "TCP stream", "the answer comes in two parts",
                         "segments that end anywhere: one recv is not one telegram", SIM_AT_REQUEST, 0,
                         split},
    [SIM_FAULT_BANDWIDTH] = {"bandwidth", "TCP stream",
                             "requests and answers pass through a token bucket each", "GPRS or LTE router",
                             SIM_AT_REQUEST, 0, bandwidth},
    [SIM_FAULT_LATENCY] = {"latency", "TCP stream", "each telegram comes later, their order is kept",
                           "WAN, busy CPU", SIM_AT_REQUEST, 0, latency},
    [SIM_FAULT_LOSS_STALL] =
        {"loss_stall", "TCP stream",
         "a lost segment costs one retransmission timeout (200 ms, doubling), nothing is missing", "radio",
         SIM_AT_REQUEST, 0, loss_stall},
    [SIM_FAULT_KEEPALIVE_SILENT] =
        {"keepalive_silent", "TCP stream",
         "the way of an idle connection is forgotten: probes get no answer, nor does what is sent next",
         "firewall that forgets idle flows", SIM_AT_IDLE, 0, keepalive_silent},
    [SIM_FAULT_IDLE_KILL] = {"idle_kill", "TCP stream",
                             "a connection that is idle for a time is ended or forgotten",
                             "connection monitoring of a CP, NAT table", SIM_AT_IDLE, 0, idle_kill},
    [SIM_FAULT_LATE_AFTER_TIMEOUT] = {"late_after_timeout", "S7",
                                      "the answer comes when the client has just given up",
                                      "stale answer that is taken for the next one", SIM_AT_REQUEST, 0,
                                      late_after_timeout},
    [SIM_FAULT_CYCLE_JITTER] = {"cycle_jitter", "CPU", "answers leave at the end of a cycle only",
                                "the scan cycle of a CPU", SIM_AT_REQUEST, 0, cycle_jitter},
    [SIM_FAULT_TPKT_VERSION] = {"tpkt_version", "TPKT/COTP", "the answer begins with another version than 3",
                                "another device answers on port 102", SIM_AT_REQUEST, 0, tpkt_version},
    [SIM_FAULT_TPKT_LEN_SHORT] =
        {"tpkt_len_short", "TPKT/COTP",
         "the TPKT says that it is shorter than it is: the rest is taken for the next one", "buggy gateway",
         SIM_AT_REQUEST, 0, tpkt_len},
    [SIM_FAULT_TPKT_LEN_LONG] = {"tpkt_len_long", "TPKT/COTP",
                                 "the TPKT says that it is longer than it is: the client waits for the rest",
                                 "truncated frame", SIM_AT_REQUEST, 0, tpkt_len},
    [SIM_FAULT_COTP_NO_CC] = {"cotp_no_cc", "TPKT/COTP", "the connection request is never answered",
                              "ISO does not connect after TCP did", SIM_AT_CONNECT, 0, none},
    [SIM_FAULT_COTP_DR] = {"cotp_dr", "TPKT/COTP",
                           "the connection request is answered by a disconnect request",
                           "wrong TSAP, no connection resource", SIM_AT_CONNECT, 0, cotp_dr},
    [SIM_FAULT_CC_SHORT] = {"cc_short", "TPKT/COTP", "the confirm has no TSAPs, or another TPDU size",
                            "CPUs whose confirm is shorter than clients expect", SIM_AT_CONNECT, 0, cc_short},
    [SIM_FAULT_TPDU_SMALL] = {"tpdu_small", "TPKT/COTP",
                              "a small TPDU size is confirmed, and answers come in several TPDUs",
                              "older CPUs", SIM_AT_CONNECT, 0, tpdu_small},
    [SIM_FAULT_EOT_MISSING] = {"eot_missing", "TPKT/COTP", "the last TPDU of the answer never comes",
                               "CPU that crashes in mid telegram", SIM_AT_REQUEST, 0, none},
    [SIM_FAULT_COTP_ER] = {"cotp_er", "TPKT/COTP", "an error TPDU comes instead of the answer",
                           "protocol guard of a gateway", SIM_AT_REQUEST, 0, cotp_er},
    [SIM_FAULT_DR_MID] = {"dr_mid", "TPKT/COTP",
                          "a disconnect request comes instead of the answer, then the end",
                          "the engineering station stops the CPU and removes its connections", SIM_AT_REQUEST,
                          0, none},
    [SIM_FAULT_SETUP_REFUSE] = {"setup_refuse", "S7", "setup communication is refused",
                                "S7 disabled, PUT/GET off", SIM_AT_SETUP, 0, refusal},
    [SIM_FAULT_PDU_SHRINK] = {"pdu_shrink", "S7", "a smaller PDU length is granted",
                              "failover to an older CPU", SIM_AT_SETUP, 0, pdu_shrink},
    [SIM_FAULT_AMQ_LOW] = {"amq_low", "S7", "fewer parallel jobs are granted", "overwhelmed CPU",
                           SIM_AT_SETUP, 0, amq_low},
    [SIM_FAULT_WRONG_REF] = {"wrong_ref", "S7", "the answer carries another PDU reference",
                             "frames that come twice or late", SIM_AT_REQUEST, 0, wrong_ref},
    [SIM_FAULT_WRONG_FUNCTION] = {"wrong_function", "S7",
                                  "the answer has the form of that to another function",
                                  "gateways that mix up answers", SIM_AT_REQUEST, SIM_FN_WRITE,
                                  wrong_function},
    [SIM_FAULT_DUPLICATE] = {"duplicate", "S7", "the answer comes twice", "retransmission by a gateway",
                             SIM_AT_REQUEST, 0, duplicate},
    [SIM_FAULT_REORDER] = {"reorder", "S7", "answers of jobs in parallel come in another order",
                           "CPU with more than one parallel job", SIM_AT_REQUEST, 0, reorder},
    [SIM_FAULT_UNSOLICITED] = {"unsolicited", "S7", "a push that nobody asked for comes before the answer",
                               "another part of the program subscribed to messages", SIM_AT_REQUEST, 0,
                               unsolicited},
    [SIM_FAULT_ITEM_ERROR] = {"item_error", "S7", "items that match are refused, the others are served",
                              "a tag that the new program has no more", SIM_AT_REQUEST,
                              SIM_FN_READ | SIM_FN_WRITE, item_error},
    [SIM_FAULT_JOB_ERROR] = {"job_error", "S7", "the whole job is refused",
                             "protection level, object that is missing", SIM_AT_REQUEST, 0, refusal},
    [SIM_FAULT_SHORT_ITEM] = {"short_item", "S7",
                              "items that match come shorter than asked for, and are said to be good",
                              "CPUs that answer with 15 bytes instead of 19", SIM_AT_REQUEST, SIM_FN_READ,
                              short_item},
    [SIM_FAULT_PAD_WRONG] = {"pad_wrong", "S7", "fill bytes are missing, or too many", "S7 stacks of others",
                             SIM_AT_REQUEST, SIM_FN_READ, pad_wrong},
    [SIM_FAULT_TRANSPORT_WRONG] =
        {"transport_wrong", "S7",
         "an item says that its length counts bits where it counts bytes, or the reverse",
         "firmware of a gateway", SIM_AT_REQUEST, SIM_FN_READ, none},
    [SIM_FAULT_BITFLIP] = {"bitflip", "S7", "bits of the answer are flipped, and TCP does not notice",
                           "memory errors, bad gateway", SIM_AT_REQUEST, 0, bitflip},
    [SIM_FAULT_GARBAGE] = {"garbage", "S7", "random bytes come instead of the answer",
                           "port that is shared with another service", SIM_AT_REQUEST, 0, garbage},
    [SIM_FAULT_ACK_NO_DATA] = {"ack_no_data", "S7",
                               "an acknowledgement without data comes instead of the answer", "busy CPU",
                               SIM_AT_REQUEST, SIM_FN_READ | SIM_FN_WRITE | SIM_FN_SETUP, none},
    [SIM_FAULT_SZL_PARTIAL] = {"szl_partial", "S7",
                               "the first part of a long status list comes, the next one is refused",
                               "long lists over small PDUs", SIM_AT_REQUEST, SIM_FN_USERDATA, szl},
    [SIM_FAULT_SZL_MISSING] = {"szl_missing", "S7", "status lists that this CPU does not have",
                               "S7-1200 and 1500 lack many", SIM_AT_REQUEST, SIM_FN_USERDATA, szl},
    [SIM_FAULT_WRITE_IGNORED] = {"write_ignored", "CPU", "a write is acknowledged and changes nothing",
                                 "forced outputs, safety DB", SIM_AT_REQUEST, SIM_FN_WRITE, none},
    [SIM_FAULT_OPTIMIZED_DB] = {"optimized_db", "CPU", "a data block cannot be reached by address",
                                "optimized access, which TIA presets", SIM_AT_REQUEST,
                                SIM_FN_READ | SIM_FN_WRITE, optimized_db},
    [SIM_FAULT_STOP] =
        {"stop", "CPU",
         "the CPU goes to STOP, and to RUN again by a warm start: mode, LEDs, diagnosis and pushes say so",
         "operator, download", SIM_AT_PLC, 0, stop},
    [SIM_FAULT_POWER_CYCLE] =
        {"power_cycle", "CPU",
         "all connections are reset, nobody is let in while it boots, then memory is as after power-on",
         "breaker", SIM_AT_PLC, 0, power_cycle},
    [SIM_FAULT_DEFECT] = {"defect", "CPU",
                          "from a request on every request of every connection hangs, until a power_cycle",
                          "S7-300 that goes DEFECT at the read of a status list", SIM_AT_REQUEST, 0, defect},
    [SIM_FAULT_FROZEN] = {"frozen", "CPU", "reads give what was there when the fault was armed",
                          "broken task, simulation left on", SIM_AT_REQUEST, SIM_FN_READ, none},
    [SIM_FAULT_CLOCK_SKEW] = {"clock_skew", "CPU", "the clock is off, or goes wrong", "no NTP", SIM_AT_PLC, 0,
                              clock_skew},
    [SIM_FAULT_PASSWORD] = {"password", "CPU", "the protection level is another one",
                            "engineer who sets protection", SIM_AT_PLC, 0, password},
    [SIM_FAULT_DB_LOCKED] =
        {"db_locked", "host",
         "the plant file is locked by another program: writes wait for busy_ms, then they are refused",
         "backup of the file", SIM_AT_PLC, 0, lasts},
    [SIM_FAULT_PROC_PAUSE] =
        {"proc_pause", "host",
         "the whole simulator stands still, as if it got SIGSTOP: TCP goes on, nothing else",
         "virtual machine that is moved", SIM_AT_PLC, 0, lasts},
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
