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

struct sim_server_stats {
    unsigned connections; /* TCP connections now */
    unsigned sessions;    /* of them admitted S7 connections */
    unsigned parked;      /* connections with a write that waits for a foreign lock */
    uint64_t turns;       /* turns in which frames were run */
    uint64_t frames;      /* frames run */
    uint64_t writes;      /* stream writes: at most one per connection and turn */
    uint64_t commits_failed;
};
void sim_server_stats_get(const sim_server *server, struct sim_server_stats *stats);

#endif
