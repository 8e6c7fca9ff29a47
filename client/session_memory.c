/* Slots and buffers of a session, in one block of memory: little for the handshake, then what the PLC granted
 * asks for. A later connection that is granted no more does with what there is. */
#include "client/session_impl.h"

#include <stdlib.h>

#define HANDSHAKE_TX 64 /* a CR and a setup, of 47 bytes */

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* What is still to be cut into frames, and to be sent, moves along; no PDU is being joined. */
static s7_status move(struct s7_session *session, unsigned slots_cap, size_t rx_cap, size_t tx_cap)
{
    struct s7_slot *slots = malloc(slots_cap * sizeof *slots + rx_cap + tx_cap);

    if (slots == NULL)
        return S7_E_NOMEM;
    uint8_t *rx = (uint8_t *)(slots + slots_cap), *tx = rx + rx_cap;
    if (session->slots != NULL) {
        memcpy(rx + session->rx_at, session->rx + session->rx_at, session->rx_end - session->rx_at);
        memcpy(tx + session->tx_at, session->tx + session->tx_at, session->tx_end - session->tx_at);
    }
    free(session->slots);
    session->slots = slots;
    session->rx = rx;
    session->tx = tx;
    session->slots_cap = slots_cap;
    session->rx_cap = rx_cap;
    session->tx_cap = tx_cap;
    return S7_OK;
}

s7_status s7_session_make_room(struct s7_session *session)
{
    unsigned limit = s7_session_limit(session);
    size_t frame_len = session->granted.pdu_len + (size_t)S7_DT_OVERHEAD;
    size_t jobs_len = ((size_t)limit + 1) * s7_session_job_cap(session); /* one is for an answer of ours */
    size_t rx_cap = larger(larger(2 * frame_len, S7_SESSION_RX_MIN), session->rx_cap);
    size_t tx_cap = larger(larger(jobs_len, HANDSHAKE_TX), session->tx_cap);
    unsigned slots_cap = (unsigned)larger(limit, session->slots_cap);

    if (slots_cap == session->slots_cap && rx_cap == session->rx_cap && tx_cap == session->tx_cap)
        return S7_OK;
    return move(session, slots_cap, rx_cap, tx_cap);
}
