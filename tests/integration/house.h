/* house.h - a whole house for tests: a plant in a temporary folder, its PLC served on a loop, client
 * connections to it on the same loop. Works over libev and in virtual time alike. */
#ifndef TESTS_INTEGRATION_HOUSE_H
#define TESTS_INTEGRATION_HOUSE_H

#include "client/conn.h"
#include "loop/loop.h"
#include "plant/plant.h"
#include "simulator/server.h"

#define HOUSE_NS_PER_MS INT64_C(1000000)

struct house {
    s7_loop *loop;
    plant *plant;
    sim_server *server;
    char folder[64], path[96];
    char endpoint[96]; /* of the first PLC */
    bool abandoned;    /* the plant was replaced: its log is left to whoever has the name now */
};

/* cpu NULL: generic. DB1 has 256 bytes, DB2 4000. Takes the loop over. */
void house_open(struct house *house, s7_loop *loop, const char *cpu);
/* The same, but for where it listens [127.0.0.1:0], and when writes are in the file [PLANT_COMMIT]. */
void house_open_at(struct house *house, s7_loop *loop, const char *cpu, const char *listen,
                   enum plant_durability durability);
void house_close(struct house *house);

/* A client connection with a call at a time, run to its end: the loop runs until it is answered. */
struct guest {
    struct house *house;
    s7_conn *conn;
    bool up, waiting;
    s7_status last; /* of the last call, or why the connection ended */
    s7_errinfo err;
};

/* Connected when it returns, or last says why not. options NULL: defaults. */
void guest_open(struct guest *guest, struct house *house, const s7_client_options *options);
void guest_close(struct guest *guest);

/* Begin a call; guest->waiting until it is done. */
void guest_begin(struct guest *guest, bool write, s7_item *items, size_t n_items, uint32_t timeout_ms);
/* Run the loop until it is done. */
s7_status guest_finish(struct guest *guest);

s7_status guest_read(struct guest *guest, uint16_t db, uint32_t byte, void *dst, size_t len);
/* Four bytes of DB1, as one call. */
s7_status guest_read_within(struct guest *guest, uint32_t timeout_ms);
s7_status guest_write(struct guest *guest, uint16_t db, uint32_t byte, const void *src, size_t len);
s7_item house_item(uint16_t db, uint32_t byte, const void *data, size_t len);

#endif
