/* verdict.h - what the armed faults decide about one request.
 *
 * A list of armed faults belongs to one PLC and is asked once for each request, in the order of prio, then
 * id. Each fault that fits the request counts a match; those whose trigger says so fire: delays add up, until
 * one decides how the request ends. Faults after that one only count.
 *
 * A decision is a function of the fault's counters, the time, and draws keyed by (seed, id, connection,
 * match number), so that a turn that is run again decides the same, and without one fault the draws of all
 * others are as they were. Nothing here acts: see obey.c for requests, lasting.c for what lasts. */
#ifndef SIMULATOR_VERDICT_H
#define SIMULATOR_VERDICT_H

#include "simulator/overlay.h"
#include "simulator/scope.h"
#include "simulator/shape.h"
#include "simulator/spoil.h"

#include "loop/loop.h"
#include "protocol/pdu.h"

/* What a turn can change and a rewind must put back. */
struct sim_fault_counts {
    uint64_t matched, fired;
    bool in_burst;
    bool defect;                    /* it has begun, and goes on until the power does not */
    int64_t tx_free_ns, rx_free_ns; /* bandwidth: when its bucket is full again */
    int64_t cycle_ns;               /* cycle_jitter: when the cycle ends, */
    uint64_t n_cycles;              /* and how many there were */
    int64_t until_ns; /* hang with `for`: fires at each match until then; S7_NEVER_NS: not begun */
};

struct sim_station;

/* A copy of a block; bytes NULL: none. */
struct sim_image {
    uint8_t *bytes;
    uint32_t len;
};

struct sim_armed {
    struct sim_armed *next;
    uint64_t id;
    struct sim_fault fault; /* its times divided by the time scale */
    int64_t armed_ns;
    struct sim_fault_counts now, mark;
    struct sim_scope scope; /* counts of each, when they are counted apart */
    uint64_t once;          /* its bit in sim_asked.once; 0: it does not ask for it */
    bool gone;              /* dropped; freed when nobody can hold it any more */
    /* armed.c and lasting.c */
    struct sim_station *station;
    s7_timer timer;
    enum { SIM_ARMED_WAITS, SIM_ARMED_ACTS, SIM_ARMED_OVER } stage; /* refuse, and faults with at= */
    bool begun;                                                     /* a door's: it was time for it once */
    int64_t began_ns;
    s7_status unsupported;
    int64_t *times_ns;      /* rate_limit_connect: when the last own.n connections came, a ring; owned */
    int64_t hears_again_ns; /* power_cycle */
    struct sim_image image; /* frozen: the block as it was; owned */
    uint64_t n_times;       /* port_flap: how often it moved */
};

/* A request and who asks it. */
struct sim_asked {
    const char *peer; /* as s7_stream_peer says */
    unsigned conn;    /* ordinal at its PLC */
    enum sim_role role;
    enum sim_fn fn;
    const struct s7_pdu *pdu; /* NULL: a connection request */
    bool again;               /* on a connection that is in already */
    int64_t now_ns;
    const unsigned *admitted; /* connections that are in, by role: SIM_ROLES numbers */
    bool cable_out;           /* half_open has it already */
    int64_t came_ns;          /* when the request came, or the last of what came with it */
};

enum sim_deed {
    SIM_DEED_SERVE,   /* run it and answer */
    SIM_DEED_SWALLOW, /* neither run nor answer */
    SIM_DEED_RESET,   /* run it or not, then reset */
    SIM_DEED_FINISH,  /* run it, answer, then close */
    SIM_DEED_CUT,     /* run it, answer in part */
    SIM_DEED_VANISH,  /* take the cable out, run it, answer into whatever is left */
    SIM_DEED_TURN_AWAY,
    SIM_DEED_HALF_CLOSE, /* neither run nor answer, end the own direction */
    SIM_DEED_SPOIL,      /* run it, or answer it, as its quirk says */
    SIM_DEED_DEAFEN      /* run it, answer, then do not read any more */
};

struct sim_verdict {
    enum sim_deed deed;
    int64_t delay_ns;               /* before any of it */
    const char *fault;              /* the name of the one that did something, or NULL; static */
    uint64_t id;                    /* of the one that chose the deed */
    enum sim_fault_type type;       /* what it is */
    uint64_t bits;                  /* what it draws from */
    uint64_t items[SIM_ITEM_WORDS]; /* those that fit it, from 0 */
    struct sim_fault_own own;       /* its parameters: it may be dropped while the request is held */
    /* how the answer leaves */
    struct sim_leaving leaving;
    int64_t late_ns; /* so much later than it would */
    bool splits, reorders;
    enum sim_cut_at split_at;
    uint32_t split_n;
    struct sim_overlays overlays;
    uint64_t bucket; /* the id of the fault `bandwidth` that it has to pass; 0: none */
};

/* An answer of len bytes passes the bucket of a fault `bandwidth`. */
void sim_armed_pour(struct sim_armed *armed, size_t len, int64_t now_ns, struct sim_leaving *leaving);

/* Put it in its place. */
void sim_armed_insert(struct sim_armed **list, struct sim_armed *armed);

/* once: the connection's set of bits, marked and rewound by its owner. */
void sim_judge(struct sim_armed *list, uint64_t seed, const struct sim_asked *asked, uint64_t *once,
               struct sim_verdict *out);

/* Does it fit the connection? (role SIM_ROLE_OTHER: not known.) */
bool sim_armed_fits_conn(const struct sim_armed *armed, const char *peer, unsigned conn, enum sim_role role);

/* Count a match that was found on connection conn, and say whether it fires. */
bool sim_armed_trigger(struct sim_armed *armed, uint64_t seed, unsigned conn, int64_t now_ns);

/* Count a match that something before it has decided already. */
void sim_armed_pass(struct sim_armed *armed, unsigned conn);

/* Counts as they were at the beginning of the turn, and the other way round. */
void sim_armed_mark(struct sim_armed *armed);
void sim_armed_rewind(struct sim_armed *armed);

/* May it fire again? */
bool sim_armed_is_live(const struct sim_armed *armed, int64_t now_ns);

#endif
