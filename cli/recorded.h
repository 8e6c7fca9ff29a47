/* recorded.h - the S7 conversations in a capture: who asked whom, PDU by PDU. */
#ifndef CLI_RECORDED_H
#define CLI_RECORDED_H

#include "cli/capture.h"
#include "protocol/pdu.h"

/* A PDU. What the tool that captured did not keep of it is zero. */
struct recorded_pdu {
    uint32_t packet; /* that brought its last byte */
    bool asked;      /* sent by the client */
    uint8_t *bytes;
    size_t len;
    size_t kept; /* bytes in front of the first that is missing */
};

struct recorded_connection {
    struct capture_flow flow; /* from the client to the PLC */
    bool knows_tsaps, knows_setup;
    uint16_t local_tsap, remote_tsap;
    struct s7_setup setup; /* asked for */
    struct recorded_pdu *pdus;
    size_t n_pdus;
    unsigned gaps; /* places where bytes are missing altogether: what was cut through there is left out */
    unsigned plus; /* PDUs of S7comm-plus, which is another protocol: left out */
};

/* Those in which at least one PDU was seen, in the order in which they began. */
struct recorded {
    struct recorded_connection *connections;
    size_t n;
    struct capture_sum sum;
    enum capture_end end; /* of the file; why says more */
    char why[CAPTURE_WHY_CAP];
};

/* False: out of memory. A file that is no capture has no connections. Free it in any case. */
bool recorded_read(const char *path, struct recorded *out);
bool recorded_parse(const uint8_t *bytes, size_t len, struct recorded *out);
void recorded_free(struct recorded *recorded);

/* What one of them holds; for recorded_read.c. */
void recorded_connection_free(struct recorded_connection *connection);

/* The answer to a job or userdata request; NULL: none was recorded. */
const struct recorded_pdu *recorded_answer(const struct recorded_connection *connection,
                                           const struct recorded_pdu *request);

/* Is it a job, or a userdata request, sent by the client? */
bool recorded_is_request(const struct recorded_pdu *pdu);

/* "192.168.0.10:49152" */
#define RECORDED_PLACE_CAP 64
void recorded_place(const uint8_t address[16], uint16_t port, char text[RECORDED_PLACE_CAP]);

#endif
