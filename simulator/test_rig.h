/* test_rig.h - a plant in a temporary folder, one PLC, and one session fed with bytes written as hex. */
#ifndef SIMULATOR_TEST_RIG_H
#define SIMULATOR_TEST_RIG_H

#include "simulator/session.h"

/* The wall clock of a rig: 2026-11-24 19:03:25.478, a Tuesday. */
#define RIG_WALL_MS INT64_C(1795547005478)

struct rig {
    char folder[64], path[96];
    plant *plant;
    struct sim_plc plc;
    sim_session *session;
    int64_t now_ns;
    bool ended;
    struct sim_step last; /* the step that ended it, or the last one */
    const char *what;     /* the exchange that is tried, for messages; NULL: the test says enough */
};

/* A PLC of that personality with DB1 (256 bytes: byte n holds n), DB2 (1000 bytes, zeros) and the
 * personality's own areas. */
void rig_open(struct rig *rig, const char *cpu);

/* The same with these DBs only; DB1 must be among them. */
void rig_open_dbs(struct rig *rig, const char *cpu, const struct plant_new_block *dbs, size_t n);
void rig_close(struct rig *rig);

/* A fresh TCP connection. */
void rig_connect(struct rig *rig);

/* Feed bytes (hex, blanks ignored) and run one turn. */
void rig_feed(struct rig *rig, const char *hex);
void rig_feed_bytes(struct rig *rig, const uint8_t *bytes, size_t len);

/* A turn at now_ns without new bytes. */
void rig_turn(struct rig *rig);

/* What is pending must be these bytes exactly; takes them. "" : nothing. */
void rig_expect(struct rig *rig, const char *hex);
size_t rig_take(struct rig *rig, uint8_t *out, size_t cap);

/* feed, then expect. */
void rig_ask(struct rig *rig, const char *request, const char *answer);

/* Connection request and setup with these values, answers checked for shape only. */
void rig_handshake(struct rig *rig, uint16_t pdu_len, uint16_t amq);

/* A PDU in hex wrapped into TPKT and DT both ways. */
void rig_ask_pdu(struct rig *rig, const char *request, const char *answer);

/* The next frame that is pending must have this PDU; takes it. */
void rig_expect_pdu(struct rig *rig, const char *pdu);

/* Many of them, one after the other. */
struct rig_exchange {
    const char *what, *request, *answer; /* PDUs in hex; answer "": none */
};
void rig_ask_all(struct rig *rig, const struct rig_exchange *exchanges, size_t n);
#define RIG_ASK_ALL(rig, exchanges) rig_ask_all(rig, exchanges, sizeof(exchanges) / sizeof((exchanges)[0]))

size_t rig_hex(const char *hex, uint8_t *out, size_t cap);
const uint8_t *rig_db(struct rig *rig, uint16_t number);

#endif
