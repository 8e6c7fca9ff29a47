/* fault.h - the catalogue of faults: what can be broken, by which name, with which parameters; and one fault
 * as it was asked for.
 *
 * A fault is asked for by a name and words "key=value", the same in the table `fault` of a plant file, in a
 * scenario and from C:
 *
 *     cut      fn=read db=1 nth=3 bytes=12 then=rst
 *     slow     time=uniform(100ms,2s) p=0.25
 *     refuse   for=10s
 *
 * Every fault takes the common matchers and triggers (sim_fault_common) beside its own parameters. Times are
 * milliseconds, or have a unit: us, ms, s, min, h. What a fault decides is said in verdict.h; sessions,
 * server and loop obey. */
#ifndef SIMULATOR_FAULT_H
#define SIMULATOR_FAULT_H

#include "simulator/recording.h"

#include "loop/never.h"
#include "plant/plant.h" /* struct plant_error */

struct sim_fault;

/* A value into its place in the fault; false: not what the parameter takes. */
typedef bool sim_take_fn(const char *text, struct sim_fault *fault);

struct sim_fault_param {
    const char *name;
    const char *takes;  /* "TIME", "N", "rst|fin|hang" */
    const char *preset; /* in words, what holds without it; NULL: it is required */
    const char *help;   /* one line */
    sim_take_fn *take;
};

/* Where a fault looks for its matches. */
enum sim_fault_place {
    SIM_AT_REQUEST,
    SIM_AT_ACCEPT,  /* TCP connections that come */
    SIM_AT_CONNECT, /* connection requests only */
    SIM_AT_SETUP,   /* setup communication only */
    SIM_AT_END,     /* connections that their client closed */
    SIM_AT_IDLE,    /* connections on which nothing comes or goes */
    SIM_AT_DOOR,    /* none: it begins at a time, whoever dials */
    SIM_AT_PLC      /* none: it happens to the PLC at a time, whoever asks */
};

struct sim_fault_kind {
    const char *name;
    const char *level; /* "TCP connect", "TCP stream", "TPKT/COTP", "S7", "CPU", "value", "host" */
    const char *help;  /* one line: what happens on the wire */
    const char *field; /* the event in the field that it reproduces */
    enum sim_fault_place place;
    unsigned fns; /* AT_REQUEST: set of sim_fn that it looks at unless told; 0: all but connect */
    const struct sim_fault_param *params; /* its own, ends with a name of NULL */
};

/* The table, in the order of levels. */
size_t sim_fault_kinds(const struct sim_fault_kind **kinds);
/* What all take: matchers and triggers; ends with a name of NULL. */
const struct sim_fault_param *sim_fault_common(void);

/* ---- one fault, as it was asked for ---- */

/* Rows of the table. */
enum sim_fault_type {
    SIM_FAULT_REFUSE,
    SIM_FAULT_BLACKHOLE_SYN,
    SIM_FAULT_UNREACHABLE,
    SIM_FAULT_SLOW_ACCEPT,
    SIM_FAULT_ACCEPT_CLOSE,
    SIM_FAULT_CONN_LIMIT,
    SIM_FAULT_SLOT_LEAK,
    SIM_FAULT_RATE_LIMIT_CONNECT,
    SIM_FAULT_PORT_FLAP,
    SIM_FAULT_RST_NOW,
    SIM_FAULT_RST_AFTER_REPLY,
    SIM_FAULT_FIN_NOW,
    SIM_FAULT_FIN_HALF,
    SIM_FAULT_CUT,
    SIM_FAULT_HALF_OPEN,
    SIM_FAULT_RESURRECT,
    SIM_FAULT_ZERO_WINDOW,
    SIM_FAULT_DRIBBLE,
    SIM_FAULT_COALESCE,
    SIM_FAULT_SPLIT,
    SIM_FAULT_BANDWIDTH,
    SIM_FAULT_LATENCY,
    SIM_FAULT_LOSS_STALL,
    SIM_FAULT_KEEPALIVE_SILENT,
    SIM_FAULT_IDLE_KILL,
    SIM_FAULT_TPKT_VERSION,
    SIM_FAULT_TPKT_LEN_SHORT,
    SIM_FAULT_TPKT_LEN_LONG,
    SIM_FAULT_COTP_NO_CC,
    SIM_FAULT_COTP_DR,
    SIM_FAULT_CC_SHORT,
    SIM_FAULT_TPDU_SMALL,
    SIM_FAULT_EOT_MISSING,
    SIM_FAULT_COTP_ER,
    SIM_FAULT_DR_MID,
    SIM_FAULT_SETUP_REFUSE,
    SIM_FAULT_PDU_SHRINK,
    SIM_FAULT_AMQ_LOW,
    SIM_FAULT_SLOW,
    SIM_FAULT_LATE_AFTER_TIMEOUT,
    SIM_FAULT_HANG,
    SIM_FAULT_WRONG_REF,
    SIM_FAULT_WRONG_FUNCTION,
    SIM_FAULT_REF_COLLISION,
    SIM_FAULT_DUPLICATE,
    SIM_FAULT_REORDER,
    SIM_FAULT_UNSOLICITED,
    SIM_FAULT_ITEM_ERROR,
    SIM_FAULT_JOB_ERROR,
    SIM_FAULT_SHORT_ITEM,
    SIM_FAULT_PAD_WRONG,
    SIM_FAULT_TRANSPORT_WRONG,
    SIM_FAULT_BITFLIP,
    SIM_FAULT_GARBAGE,
    SIM_FAULT_ACK_NO_DATA,
    SIM_FAULT_SZL_PARTIAL,
    SIM_FAULT_SZL_MISSING,
    SIM_FAULT_STOP,
    SIM_FAULT_POWER_CYCLE,
    SIM_FAULT_DEFECT,
    SIM_FAULT_DOWNLOAD,
    SIM_FAULT_CYCLE_JITTER,
    SIM_FAULT_FROZEN,
    SIM_FAULT_TORN_READ,
    SIM_FAULT_STUCK_BIT,
    SIM_FAULT_SPIKE,
    SIM_FAULT_DRIFT,
    SIM_FAULT_NOISE,
    SIM_FAULT_WRITE_IGNORED,
    SIM_FAULT_WRITE_DELAYED,
    SIM_FAULT_CLOCK_SKEW,
    SIM_FAULT_PASSWORD,
    SIM_FAULT_OPTIMIZED_DB,
    SIM_FAULT_DISK_FULL,
    SIM_FAULT_DB_LOCKED,
    SIM_FAULT_PROC_PAUSE,
    SIM_FAULT_TYPES
};

/* Kinds of requests, as a set. */
enum sim_fn {
    SIM_FN_CONNECT = 1,
    SIM_FN_SETUP = 2,
    SIM_FN_READ = 4,
    SIM_FN_WRITE = 8,
    SIM_FN_USERDATA = 16,
    SIM_FN_OTHER = 32 /* jobs that the PLC does not know */
};

/* Connection types by the high byte of the called TSAP; 0: another, or not known yet. */
enum sim_role { SIM_ROLE_OTHER, SIM_ROLE_PG, SIM_ROLE_OP, SIM_ROLE_BASIC, SIM_ROLES };

/* From low to high, both included. */
struct sim_span {
    uint32_t low, high;
};

#define SIM_PAYLOAD_MAX 16

/* What a request must look like. */
struct sim_fault_match {
    char peer[64]; /* as a stream's peer is written, without the port when `peer_port` is false; "": any */
    bool peer_port;
    struct sim_span conn;                          /* ordinals at this PLC, from 1 */
    enum sim_role role;                            /* SIM_ROLE_OTHER: any */
    unsigned fns;                                  /* set of sim_fn */
    bool by_item;                                  /* one item must fit area, db and range */
    uint8_t area;                                  /* S7_AREA_..., 0: any */
    int32_t db;                                    /* -1: any */
    struct sim_span range;                         /* bytes inside the area or DB */
    uint32_t item;                                 /* this one, from 1; 0: any */
    struct sim_span items;                         /* how many */
    int32_t ref;                                   /* -1: any */
    uint8_t rosctr;                                /* enum s7_rosctr, 0: any */
    uint8_t payload[SIM_PAYLOAD_MAX], payload_len; /* bytes that are somewhere in the PDU; 0: any */
};

/* A probability of 1. */
#define SIM_P_ONE (UINT64_C(1) << 32)

enum sim_scope_kind { SIM_SCOPE_PLC, SIM_SCOPE_CONN, SIM_SCOPE_DB, SIM_SCOPE_ITEM };

/* Which of the matches it fires at, and when. */
struct sim_fault_trigger {
    uint64_t nth, after, every, count; /* 0: not asked for */
    uint64_t p;                        /* of SIM_P_ONE */
    uint64_t p_enter, p_leave;         /* burst: of SIM_P_ONE */
    bool bursts;                       /* it fires in bursts only: two states, p_enter and p_leave between */
    int64_t from_ns, to_ns;            /* since arming; S7_NEVER_NS: no end */
    bool once_conn;
    enum sim_scope_kind scope; /* what nth, after, every and count count for each apart */
    int32_t prio;
    bool optional;
};

/* Where an answer is cut. */
enum sim_cut_at {
    SIM_CUT_BYTES,
    SIM_CUT_PERCENT,
    SIM_CUT_TPKT,
    SIM_CUT_COTP,
    SIM_CUT_HEADER,
    SIM_CUT_PARAM,
    SIM_CUT_DATA
};

/* How a connection goes on after a fault: reset, orderly end, disconnect request and end, or silence. */
enum sim_ending { SIM_END_RST, SIM_END_FIN, SIM_END_DR, SIM_END_SILENCE };

/* What one of several is: the choice of wrong_ref, wrong_function, pad_wrong, bitflip, unsolicited, amq_low
 * and cc_short. */
enum sim_ref_choice { SIM_REF_PREVIOUS, SIM_REF_NEXT, SIM_REF_RANDOM };
enum sim_pair_choice { SIM_PAIR_READ_FOR_WRITE, SIM_PAIR_WRITE_FOR_READ };
enum sim_pad_choice { SIM_PAD_MISSING, SIM_PAD_EXTRA };
enum sim_flip_choice { SIM_FLIP_ANY, SIM_FLIP_HEADER, SIM_FLIP_LENGTH, SIM_FLIP_DATA };
enum sim_push_choice { SIM_PUSH_DIAG, SIM_PUSH_MODE, SIM_PUSH_ALARM };
enum sim_extra_choice { SIM_EXTRA_QUEUE, SIM_EXTRA_ERROR, SIM_EXTRA_DROP };
enum sim_data_choice { SIM_DATA_KEEP, SIM_DATA_ZERO };
enum sim_cc_choice { SIM_CC_NO_TSAPS, SIM_CC_OTHER_SIZE };

#define SIM_IDS_MAX 8
#define SIM_ANY_REF (UINT32_C(1) << 16) /* ref_collision: it begins at any */

/* Its own parameters; those of other kinds are at their presets. */
struct sim_fault_own {
    int64_t for_ns; /* how long its effect lasts; S7_NEVER_NS: until it is dropped */
    int64_t at_ns;  /* since arming, instead of at a request; -1: at a request */
    bool drop_all;  /* refuse */
    bool run;       /* rst_now */
    enum sim_cut_at cut_at;
    uint32_t cut_n;         /* bytes or percent */
    enum sim_ending ending; /* cut (then), conn_limit (how) */
    struct sim_dist time;   /* dist; the `up` of port_flap, the pieces of dribble and the rest of split */
    struct sim_dist down;   /* port_flap */
    int64_t span_ns;        /* after, idle, window, offset */
    uint32_t n;             /* how many, or how much: n, k, rate, delta, size, value, amq, start */
    uint32_t bytes;         /* burst, rcvbuf, shift */
    bool refuses_writes, retain, resets_clock; /* stop, power_cycle */
    int64_t offset_ms;                         /* clock_skew */
    int32_t ppm;
    bool host;                 /* unreachable: the host, not the network */
    unsigned choice;           /* one of the enums above */
    uint16_t error;            /* class and code of a job, code of an item */
    uint16_t ids[SIM_IDS_MAX]; /* of status lists */
    uint8_t n_ids;             /* 0: all */
    int64_t per_item_ns, per_byte_ns;
    unsigned directions; /* enum s7_vanish, of those that act on either stream: rx is IN */
    uint32_t max;        /* conn_limit */
    bool per_role;
    int64_t hold_ns; /* slot_leak */
};

/* Of faults of values: how far they are off. */
#define SIM_AMOUNT_ONE 1000000 /* a unit of the value */
#define SIM_AMOUNT_MAX (INT64_C(1000000000000) * SIM_AMOUNT_ONE)

enum sim_way { SIM_WAY_BOTH, SIM_WAY_UP, SIM_WAY_DOWN };

/* What they take. */
struct sim_fault_value {
    s7_address at;            /* count 0: where the tag is, which is looked up when it is armed */
    char tag[PLANT_NAME_CAP]; /* "": an address was given */
    int64_t amp, rate;        /* of SIM_AMOUNT_ONE, rate in a second; amp 0: not given */
    uint8_t bit;              /* stuck_bit: of the value, 0 is the lowest */
    bool high;                /* it is 1 */
    enum sim_way way;         /* spike */
    bool normal;              /* noise: amp is its deviation, not its end */
};

struct sim_fault {
    enum sim_fault_type type;
    const struct sim_fault_kind *kind;
    struct sim_fault_match match;
    struct sim_fault_trigger trigger;
    struct sim_fault_own own;
    struct sim_fault_value value;
    /* files of own.time and own.down, which get their samples when it is armed; "": they are no tables */
    char time_table[SIM_RECORDING_NAME_CAP], down_table[SIM_RECORDING_NAME_CAP];
};

/* Words to a fault; args NULL is "". S7_E_ARG: error says what was expected, what came and in which word, and
 * the nearest known name. */
S7_MUST_CHECK s7_status sim_fault_parse(const char *name, const char *args, struct sim_fault *out,
                                        struct plant_error *error);

/* idle_kill, and fin_now with idle=: it acts on connections on which nothing happens, at no request. */
static inline bool sim_fault_waits_for_idleness(const struct sim_fault *fault)
{
    return fault->kind->place == SIM_AT_IDLE || (fault->type == SIM_FAULT_FIN_NOW && fault->own.span_ns > 0);
}

/* It begins and ends at a time, by itself. */
static inline bool sim_fault_comes_at_a_time(const struct sim_fault *fault)
{
    return fault->kind->place == SIM_AT_DOOR || fault->kind->place == SIM_AT_PLC;
}

/* Is it a fault of values? */
static inline bool sim_fault_is_of_value(const struct sim_fault *fault)
{
    return fault->type >= SIM_FAULT_STUCK_BIT && fault->type <= SIM_FAULT_NOISE;
}

/* A fault that has value= matches requests for value.at from now on. Returns what that is of, when it is of
 * nothing that the fault can be about, or NULL. */
const char *sim_fault_settle_value(struct sim_fault *fault);

/* Divide all its times. */
void sim_fault_scale(struct sim_fault *fault, uint32_t time_scale);

#endif
