/* server.h - the PLCs of a plant file on a loop: listeners, connections, and the loop turn that keeps the
 * plant's promises.
 *
 * One server per plant, one loop, one thread. All PLCs share the turn: everything that became readable in it
 * is run in one transaction and answered with one write per connection. */
#ifndef SIMULATOR_SERVER_H
#define SIMULATOR_SERVER_H

#include "loop/loop.h"
#include "plant/plant.h"

typedef struct sim_server sim_server;

/* What happened, in words, as it goes to the event table as well; for a log. Lives for the call. */
typedef void sim_log_fn(const char *plc, const char *kind, const char *peer, const char *text, void *arg);

/* A frame that came or went, for the last exchange on the wire and traces; told at the end of its turn, once,
 * when what the turn answers is sure. Faults may be armed and dropped in it. Lives for the call. */
struct sim_tap {
    const char *plc;
    unsigned conn; /* ordinal of the connection at this PLC, from 1 */
    bool from_client;
    const uint8_t *frame; /* TPKT and all */
    size_t len;
    const char *fault; /* the fault that acted on it ("slow", "hang" ...), or NULL */
};
typedef void sim_tap_fn(const struct sim_tap *tap, void *arg);

struct sim_server_options {
    uint32_t struct_size;
    uint32_t frame_ms;   /* [5000] a begun frame must be whole after this time */
    uint32_t connect_ms; /* [30000] a TCP connection must have sent its connection request after this time */
    uint32_t busy_ms; /* [2000] how long a write waits for a foreign program's lock before it is refused (item
                         code 01) */
    const char *listen; /* [NULL] "ADDR:PORT" for the first PLC instead of its own; others count up from
                           there. Port 0: free ports for all */
    sim_log_fn *log;    /* [NULL] */
    void *log_arg;
    sim_tap_fn *tap; /* [NULL] */
    void *tap_arg;
    uint64_t seed;          /* [1] of the draws of faults */
    const char *recordings; /* [NULL] folder of the files that table(FILE) in the words of a fault names;
                               NULL: there are none. Lives as long as the server */
    uint32_t time_scale;    /* [1] every time of a fault is divided by it */
};
void sim_server_options_init(struct sim_server_options *options); /* defaults in brackets */

/* Start listening for every PLC of the plant. loop and p must outlive the server. On failure nothing listens.
 * S7_E_ADDRESS_IN_USE, S7_E_ARG (plc.listen or options->listen is no address:port, unknown cpu, no PLC in the
 * plant), S7_E_IO, S7_E_NOMEM; error names the PLC and the address. */
S7_MUST_CHECK s7_status sim_server_new(s7_loop *loop, plant *p, const struct sim_server_options *options,
                                       sim_server **out, struct plant_error *error);

/* Close all connections and listeners. NULL is fine. */
void sim_server_free(sim_server *server);

size_t sim_server_count(const sim_server *server); /* PLCs */
const char *sim_server_name(const sim_server *server, size_t index);
const char *sim_server_address(const sim_server *server,
                               size_t index); /* "127.0.0.1:10102", the port that was got */
uint16_t sim_server_port(const sim_server *server, size_t index);

/* ---- faults: see fault.h for the catalogue ---- */

/* The rows of the plant's table `fault` are armed and dropped by the server itself, before anything is
 * answered that came after they were edited. Their ids here are SIM_ROW_IDS + fault.id; leave these alone. */
#define SIM_ROW_IDS (UINT64_C(1) << 63)

/* Arm a fault at PLC number plc: name and "key=value ..." as in the table `fault` of the plant. id tells it
 * from others, in draws too (a draw is a function of seed, id, connection and match). S7_E_ARG: no such
 * fault, parameter or value, or id is taken (error says what was expected, what came, and the nearest name).
 * S7_E_NOMEM. */
S7_MUST_CHECK s7_status sim_server_fault_arm(sim_server *server, size_t plc, uint64_t id, const char *name,
                                             const char *args, struct plant_error *error);
/* Disarm and forget; what it holds (a shut door, a cable that is out) is undone. What it decided stays: a
 * slow request is run at its time, a silenced connection is silent. Unknown id: nothing happens. */
void sim_server_fault_drop(sim_server *server, uint64_t id);

struct sim_fault_state {
    uint64_t matched, fired;
    bool armed;            /* it may fire again */
    bool acting;           /* its effect lasts: a shut door, a cable that is out */
    bool optional;         /* it says so itself: it need not fire */
    s7_status unsupported; /* not S7_OK: it wanted to fire and this loop cannot do it */
};
bool sim_server_fault_state(const sim_server *server, uint64_t id, struct sim_fault_state *state);

/* What one PLC saw since the start. */
struct sim_plc_stats {
    unsigned connections;                     /* TCP connections now */
    unsigned sessions;                        /* of them admitted S7 connections */
    unsigned sessions_max;                    /* most at a time */
    uint64_t accepted;                        /* TCP connections */
    uint64_t admitted;                        /* connection requests confirmed */
    uint64_t refused;                         /* connection requests refused, by the CPU's rules or a fault */
    uint64_t closed_by_peer, reset_by_peer;   /* ends seen, of admitted connections */
    uint64_t setups, reads, writes, userdata; /* requests run */
    uint64_t swallowed;                       /* requests that a fault kept from being run */
};
void sim_server_plc_stats(const sim_server *server, size_t plc, struct sim_plc_stats *stats);

struct sim_server_stats {
    unsigned connections; /* TCP connections now */
    unsigned sessions;    /* of them admitted S7 connections */
    unsigned parked;      /* connections with a write that waits for a foreign lock */
    uint64_t turns;       /* turns with something to do */
    uint64_t frames;      /* frames run */
    uint64_t writes;      /* stream writes: at most one per connection and turn */
    uint64_t commits_failed;
};
void sim_server_stats_get(const sim_server *server, struct sim_server_stats *stats);

#endif
