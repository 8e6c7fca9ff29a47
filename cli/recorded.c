#include "cli/recorded.h"

#include "protocol/userdata.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

void recorded_connection_free(struct recorded_connection *connection)
{
    for (size_t i = 0; i < connection->n_pdus; i++)
        free(connection->pdus[i].bytes);
    free(connection->pdus);
}

void recorded_free(struct recorded *recorded)
{
    for (size_t i = 0; i < recorded->n; i++)
        recorded_connection_free(&recorded->connections[i]);
    free(recorded->connections);
    recorded->connections = NULL;
    recorded->n = 0;
}

/* ---- requests and answers ---- */

static uint16_t ref_of(const struct recorded_pdu *pdu)
{
    return (uint16_t)(pdu->bytes[4] << 8 | pdu->bytes[5]);
}

/* The half byte that tells requests, answers and pushes apart; 0xFF: no userdata. */
static uint8_t userdata_type(const struct recorded_pdu *pdu)
{
    if (pdu->bytes[1] != S7_ROSCTR_USERDATA || pdu->len < S7_PDU_HEADER_LEN + S7_USERDATA_PARAM_SHORT)
        return 0xFF;
    return pdu->bytes[S7_PDU_HEADER_LEN + 5] >> 4;
}

bool recorded_is_request(const struct recorded_pdu *pdu)
{
    return pdu->asked && (pdu->bytes[1] == S7_ROSCTR_JOB || userdata_type(pdu) == S7_USERDATA_REQUEST);
}

static bool answers(const struct recorded_pdu *request, const struct recorded_pdu *pdu)
{
    if (pdu->asked || ref_of(pdu) != ref_of(request))
        return false;
    if (request->bytes[1] == S7_ROSCTR_JOB)
        return pdu->bytes[1] == S7_ROSCTR_ACK || pdu->bytes[1] == S7_ROSCTR_ACK_DATA;
    return userdata_type(pdu) == S7_USERDATA_ANSWER || pdu->bytes[1] == S7_ROSCTR_ACK;
}

/* A later request of the same reference takes the answers behind it. */
const struct recorded_pdu *recorded_answer(const struct recorded_connection *connection,
                                           const struct recorded_pdu *request)
{
    const struct recorded_pdu *end = connection->pdus + connection->n_pdus;

    for (const struct recorded_pdu *pdu = request + 1; pdu < end; pdu++) {
        if (answers(request, pdu))
            return pdu;
        if (recorded_is_request(pdu) && ref_of(pdu) == ref_of(request) && pdu->bytes[1] == request->bytes[1])
            return NULL;
    }
    return NULL;
}

void recorded_place(const uint8_t address[16], uint16_t port, char text[RECORDED_PLACE_CAP])
{
    static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    char host[INET6_ADDRSTRLEN] = "?";

    if (memcmp(address, mapped, sizeof mapped) == 0) {
        inet_ntop(AF_INET, address + 12, host, sizeof host);
        snprintf(text, RECORDED_PLACE_CAP, "%s:%u", host, port);
    } else {
        inet_ntop(AF_INET6, address, host, sizeof host);
        snprintf(text, RECORDED_PLACE_CAP, "[%s]:%u", host, port);
    }
}
