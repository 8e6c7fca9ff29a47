/* What each fault takes: lists of parameters, each ends with a name of NULL. */
#include "fault_params.h"

#include "fault_field.h"

#define DIST "TIME|uniform(A,B)|normal(M,S)|lognormal(M,SIGMA)|pareto(MIN,A)|exp(M)|table(FILE)"

const struct sim_fault_param sim_params_common[] = {
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
    {"stream", "tx|rx", "as the fault says",
     "do it to what is sent to the PLC (rx), or by it (tx): latency, bandwidth, loss_stall, half_open and "
     "resurrect do either, what spoils or shapes answers tx only",
     sim_take_stream},
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

const struct sim_fault_param sim_params_refuse[] = {
    {"for", "TIME", "until dropped", "how long the door is shut", sim_take_for},
    {"drop", "none|all", "none", "what happens to connections that are there: they stay, or are reset",
     sim_take_drop},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_conn_limit[] = {
    {"max", "N", NULL, "connections that are let in", sim_take_max},
    {"how", "rst|fin|dr|silence", "rst",
     "what the next one meets: reset, orderly end, disconnect request, no answer", sim_take_how},
    {"per", "all|role", "all", "count all connections, or PG, OP and basic apart", sim_take_per},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_slot_leak[] = {
    {"hold", "TIME", NULL, "how long the place of a connection that its client closed stays taken",
     sim_take_hold},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_rst_now[] = {
    {"run", "yes|no", "no", "is the request run, and what it writes committed, before the reset",
     sim_take_run},
    {"at", "TIME", "at a request", "reset all connections that match at this time after arming instead",
     sim_take_at},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_fin_now[] = {
    {"at", "TIME", "at a request", "close all connections that match at this time after arming instead",
     sim_take_at},
    {"idle", "TIME", "at a request",
     "close each connection that matches when nothing came or went for so long", sim_take_span},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_cut[] = {
    {"bytes", "N|N%|tpkt|cotp|header|param|data", NULL,
     "how much of the answer is sent: bytes, a share, or up to where a part of it begins: tpkt 0, cotp 4, "
     "header 7, "
     "param behind the S7 header (19 for acknowledged jobs), data behind the parameters; at least its last "
     "byte is lost",
     sim_take_bytes},
    {"then", "rst|fin|hang", "rst", "what follows: reset, orderly end, or silence for good", sim_take_then},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_half_open[] = {
    {"dir", "both|in|out", "both", "what is lost: what the PLC sends (out), what is sent to it (in)",
     sim_take_dir},
    {"at", "TIME", "at a request", "do it to all connections that match at this time after arming instead",
     sim_take_at},
    {"for", "TIME", "until dropped", "the cable is back after this time", sim_take_for},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_slow[] = {
    {"dist", DIST, NULL, "how long the request is held before it is run; time= is the same", sim_take_dist},
    {"per_item", "TIME", "0", "so much more for each item", sim_take_per_item},
    {"per_byte", "TIME", "0", "so much more for each byte that is read or written", sim_take_per_byte},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_hang[] = {
    {"for", "TIME", "no such time: it fires as its triggers say",
     "from its first firing each match fires for so long, then it is disarmed", sim_take_for},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_none[] = {
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_blackhole_syn[] = {
    {"for", "TIME", "until dropped", "how long", sim_take_for},
    {"p", "0..1", "1", "share of the SYNs that are lost", sim_take_own_p},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_unreachable[] = {
    {"for", "TIME", "until dropped", "how long", sim_take_for},
    {"after", "TIME", "0", "how long the router takes to say so", sim_take_span},
    {"errno", "host|net", "host", "what is said to be unreachable", sim_take_errno},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_slow_accept[] = {
    {"dist", DIST, NULL, "how long nothing is read from a connection that came", sim_take_dist},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_accept_close[] = {
    {"close", "fin|rst", "fin", "how it ends", sim_take_close},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_rate_limit_connect[] = {
    {"n", "N", NULL, "connections that are accepted in a window", sim_take_n},
    {"window", "TIME", NULL, "how long the window is", sim_take_span},
    {"for", "TIME", "until dropped", "how long the limit holds", sim_take_for},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_port_flap[] = {
    {"up", DIST, NULL, "how long the port is open each time", sim_take_dist},
    {"down", DIST, NULL, "how long it is shut", sim_take_down},
    {"for", "TIME", "until dropped", "how long all this lasts", sim_take_for},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_resurrect[] = {
    {"after", "TIME", NULL, "the cable is back after this time", sim_take_for_after},
    {"dir", "both|in|out", "both", "what is held: what the PLC sends (out), what is sent to it (in)",
     sim_take_dir},
    {"at", "TIME", "at a request", "do it to all connections that match at this time after arming instead",
     sim_take_at},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_zero_window[] = {
    {"for", "TIME", "until dropped", "reading goes on after this time", sim_take_for},
    {"rcvbuf", "N", "as it is", "bytes of the receive buffer from then on", sim_take_rcvbuf},
    {"at", "TIME", "at a request", "do it to all connections that match at this time after arming instead",
     sim_take_at},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_dribble[] = {
    {"k", "N", "1", "bytes at a time", sim_take_n},
    {"interval", DIST, "10ms", "from one piece to the next", sim_take_gap},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_coalesce[] = {
    {"n", "N", "no limit", "send when so many answers are held", sim_take_n},
    {"window", "TIME", "200ms", "send this time after the first of them at the latest", sim_take_span},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_split[] = {
    {"at", "N|N%|tpkt|cotp|header|param|data", NULL, "where the answer is cut in two", sim_take_bytes},
    {"gap", DIST, "1ms", "from its first part to the second", sim_take_gap},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_bandwidth[] = {
    {"rate", "N", NULL, "bytes per second and direction", sim_take_rate},
    {"burst", "N", "1500", "bytes that pass at once after a pause", sim_take_rcvbuf},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_latency[] = {
    {"dist", DIST, NULL, "how long each telegram is under way", sim_take_dist},
    {"dir", "tx|rx|both", "tx", "what the PLC sends (tx), what is sent to it (rx)", sim_take_stream_dir},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_loss_stall[] = {
    {"gemodel", "P,P", "no", "another word for burst", sim_take_gemodel},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_keepalive_silent[] = {
    {"after", "TIME", NULL, "how long nothing came or went", sim_take_span},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_idle_kill[] = {
    {"idle", "TIME", NULL, "how long nothing came or went", sim_take_span},
    {"how", "rst|fin|forget", "rst", "reset, orderly end, or the peer disappears without a word",
     sim_take_idle_how},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_late_after_timeout[] = {
    {"offset", "TIME|TIME+TIME", NULL,
     "how long after the request it is answered: the client's deadline and a bit more", sim_take_sum},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_cycle_jitter[] = {
    {"dist", DIST, NULL, "how long each cycle is", sim_take_dist},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_tpkt_version[] = {
    {"value", "N", "0", "the byte that should be 3", sim_take_byte},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_tpkt_len[] = {
    {"delta", "N", "1", "how far it is from the truth", sim_take_delta},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_cotp_dr[] = {
    {"reason", "N", "1", "reason of the disconnect request, 0..255 or 0x00..0xFF", sim_take_reason},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_cc_short[] = {
    {"variant", "short|size", "short",
     "no TSAPs in the confirm (14 bytes), or a TPDU size of 512, which holds then", sim_take_cc},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_tpdu_small[] = {
    {"size", "128|256|512|1024|2048", "128", "bytes of a TPDU", sim_take_tpdu_size},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_cotp_er[] = {
    {"cause", "N", "1", "reject cause, 0..255 or 0x00..0xFF", sim_take_reason},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_refusal[] = {
    {"class", "N", "0x81", "error class, 0..255 or 0x00..0xFF", sim_take_class},
    {"code", "N", "0x04", "error code, 0..255 or 0x00..0xFF", sim_take_code},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_pdu_shrink[] = {
    {"size", "N, 64..65535", "240", "PDU length that is granted at most, from 64 on", sim_take_pdu_size},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_amq_low[] = {
    {"amq", "N", "1", "parallel jobs that are granted at most", sim_take_amq},
    {"extra", "queue|error|drop", "queue",
     "what becomes of a job that comes although so many are open: it waits, is refused with 8302, or is "
     "ignored",
     sim_take_extra},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_wrong_ref[] = {
    {"which", "previous|next|random", "previous", "the reference that the answer carries", sim_take_which},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_wrong_function[] = {
    {"pair", "read_for_write|write_for_read", "read_for_write", "which answer comes for which request",
     sim_take_pair},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_ref_collision[] = {
    {"start", "N", "any", "begin with this PDU reference: it and the 32767 behind it, 0 follows 65535",
     sim_take_start},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_duplicate[] = {
    {"gap", DIST, "0", "from the answer to its double", sim_take_gap},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_reorder[] = {
    {"window", "N", "2", "answers that change places: the last comes first", sim_take_window_n},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_unsolicited[] = {
    {"kind", "diag|mode|alarm", "diag", "a diagnostic event, a change to STOP, or an alarm that came",
     sim_take_kind},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_item_error[] = {
    {"code", "N", "0x0A", "return code of the items that match, 0..254 or 0x00..0xFE", sim_take_item_code},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_short_item[] = {
    {"delta", "N", "1", "bytes that the items that match lack", sim_take_delta},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_pad_wrong[] = {
    {"how", "missing|extra", "missing", "an odd item has no fill byte, or an even or last one has one",
     sim_take_pad},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_bitflip[] = {
    {"where", "any|header|length|data", "any",
     "in the whole frame; in the S7 header and parameters; in the lengths of TPKT and S7; in the data",
     sim_take_where},
    {"n", "N", "1", "different bits", sim_take_bits},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_garbage[] = {
    {"n", "N", "40", "random bytes", sim_take_n},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_szl[] = {
    {"id", "N|N|...", "all", "the status lists, at most 8", sim_take_ids},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_optimized_db[] = {
    {"db", "N", NULL, "the data block", sim_take_db},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_stop[] = {
    {"for", "TIME", "until dropped", "how long", sim_take_for},
    {"writes", "accept|refuse", "accept", "what becomes of writes: refused with item code 01, or done",
     sim_take_writes},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_power_cycle[] = {
    {"boot", DIST, "10s", "how long nobody can connect", sim_take_dist},
    {"retain", "yes|no", "yes", "keep what is retentive, or everything as after a cold start",
     sim_take_retain},
    {"clock", "keep|reset", "keep", "the clock goes on, or begins with 1994-01-01", sim_take_clock},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_download[] = {
    {"db", "N", NULL, "the data block", sim_take_db},
    {"gap", DIST, "5s", "how long nobody finds it", sim_take_gap},
    {"size", "N", "as it was", "bytes that it has then, 1..65535", sim_take_size},
    {"shift", "N", "0", "its layout: what was at byte 0 is at this byte then", sim_take_shift},
    {"data", "keep|zero", "keep", "what is in it: what was there, or zeros", sim_take_data},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_torn_read[] = {
    {"db", "N", NULL, "the data block", sim_take_db},
    {"size", "N", "32", "bytes of an item that are copied at once; items up to this are whole",
     sim_take_size},
    {"gap", DIST, "10ms", "from the first part to the rest", sim_take_gap},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_write_delayed[] = {
    {"dist", DIST, NULL, "how long after it was acknowledged it is done", sim_take_dist},
    {NULL, NULL, NULL, NULL, NULL},
};

#define VALUE                                                                                                \
    {                                                                                                        \
        "value", "ADDRESS|TAG", NULL,                                                                        \
            "what it is about: an address with its type (DB1.DBD4:REAL, DB1.DBW0:INT[8]), or a tag whose "   \
            "name has no blanks, as it is when this is armed",                                               \
            sim_take_value                                                                                   \
    }

const struct sim_fault_param sim_params_frozen[] = {
    {"value", "ADDRESS|TAG", "db= or area=", "an address with its type, or a tag whose name has no blanks",
     sim_take_value},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_stuck_bit[] = {
    VALUE,
    {"bit", "N", "0", "of a value that is no BOOL: which bit of it, 0 is the lowest", sim_take_bit},
    {"state", "0|1", "1", "what it is stuck at", sim_take_state},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_spike[] = {
    VALUE,
    {"amp", "N|N.N", NULL, "how far it jumps, when the triggers say so (p=0.01)", sim_take_amp},
    {"way", "both|up|down", "both", "where to: both is drawn", sim_take_way},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_drift[] = {
    VALUE,
    {"rate", "N|N.N|-N", NULL, "how far it goes in a second, from when the fault is in force",
     sim_take_drift_rate},
    {"amp", "N|N.N", "no limit", "how far at most", sim_take_amp},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_noise[] = {
    VALUE,
    {"amp", "N|N.N", NULL, "how far it is off at most, or with shape=normal the deviation", sim_take_amp},
    {"shape", "uniform|normal", "uniform", "how it is drawn", sim_take_noise},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_defect[] = {
    {"trigger", "any|read|write|szl", "any",
     "the kind of request that it begins with: szl is a read of a status list", sim_take_trigger},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_clock_skew[] = {
    {"offset", "TIME|-TIME", "0", "how far it is off", sim_take_offset},
    {"ppm", "N|-N", "0", "how fast it goes wrong, millionths", sim_take_ppm},
    {"for", "TIME", "until dropped", "how long", sim_take_for},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_password[] = {
    {"level", "N, 1..3", NULL, "protection: 1 none, 2 against writing, 3 against reading too",
     sim_take_level},
    {"for", "TIME", "until dropped", "how long", sim_take_for},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct sim_fault_param sim_params_lasts[] = {
    {"for", "TIME", "until dropped", "how long", sim_take_for},
    {NULL, NULL, NULL, NULL, NULL},
};
