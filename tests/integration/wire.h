/* wire.h - a foreign client of raw bytes: a TCP connection to a house's PLC, on the house's loop, real or
 * virtual. */
#ifndef TESTS_INTEGRATION_WIRE_H
#define TESTS_INTEGRATION_WIRE_H

#include "house.h"

#define WIRE_CAP 8192

struct wire {
    struct house *house;
    s7_stream *stream;
    bool connected;
    uint8_t got[WIRE_CAP]; /* what came and was not expected yet */
    size_t len;
    bool over;      /* the PLC's end came, */
    s7_status why;  /* S7_OK: FIN; S7_E_RESET */
    bool timed_out; /* 10 s went by in vain */
};

/* Connected by TCP when it returns. */
void wire_open(struct wire *wire, struct house *house);
void wire_close(struct wire *wire, enum s7_close_how how);

/* Bytes as hex, blanks ignored: in one write, or each byte in a write of its own. */
void wire_send(struct wire *wire, const char *hex);
void wire_send_bytewise(struct wire *wire, const char *hex);

/* The next bytes that come are these. */
void wire_expect(struct wire *wire, const char *hex);

/* Nothing more comes but the end: S7_OK FIN, S7_E_RESET. */
void wire_expect_end(struct wire *wire, s7_status why);

#endif
