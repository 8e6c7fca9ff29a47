/* session_impl.h - what session.c (state, jobs, events), session_in.c (bytes in), session_out.c (bytes out)
 * and session_memory.c (slots and buffers) share. For these only. */
#ifndef CLIENT_SESSION_IMPL_H
#define CLIENT_SESSION_IMPL_H

#include "client/session.h"
#include "loop/never.h"
#include "protocol/cotp.h"

/* The buffer for what comes holds two frames of the granted PDU length, and is not smaller than this, with
 * which a session begins: many short answers come with one receive, and a peer that sends somewhat more than
 * it granted is put up with. */
#define S7_SESSION_RX_MIN 720

/* TPDU size that is asked for, and used when the CC does not say one: a PDU of 960 bytes needs no fragments.
 */
#define S7_SESSION_TPDU_CODE 0x0A
#define S7_SESSION_TPDU_LEN  1024

/*   FREE --submit--> OPEN --answer--> FREE
 *                    OPEN --deadline, cancel, connection's end--> FAILED --its event is taken--> FREE
 *                                                                   or, when an answer is owed, OWED
 * --answer--> FREE */
enum s7_slot_state { S7_SLOT_FREE, S7_SLOT_OPEN, S7_SLOT_FAILED, S7_SLOT_OWED };

/* What an answer must be like. */
struct s7_shape {
    uint8_t rosctr;   /* of the request */
    uint8_t function; /* job: its function; userdata: group */
    uint8_t sub;      /* reads and writes: number of items; userdata: subfunction */
};

/* Reads and writes say how many items they have, and so do their answers. */
static inline bool s7_function_counts_items(uint8_t function)
{
    return function == S7_FN_READ_VAR || function == S7_FN_WRITE_VAR;
}

struct s7_slot {
    enum s7_slot_state state;
    bool changes; /* what it asks for may have been done although no answer came */
    bool owed;    /* FAILED: bytes of it left, so that the PLC may still answer */
    struct s7_shape shape;
    uint16_t ref;
    s7_status status; /* FAILED: what the event says */
    s7_status cause;  /* FAILED: why, when status is OUTCOME_UNKNOWN */
    uint64_t id;
    int64_t deadline_ns;
    uint64_t tx_begin, tx_end; /* its bytes as positions in the stream that we send */
};

/* Who expects jobs of the peer.
 *   FREE --expect--> OPEN --expect_end--> FREE
 *                    OPEN --the session's end--> FAILED --its event is taken--> FREE */
struct s7_expectation {
    enum s7_slot_state state;
    uint64_t id;
    int64_t deadline_ns;
};

struct s7_session {
    struct s7_session_options options;
    enum s7_session_state state;
    struct s7_setup granted;
    size_t tpdu_len; /* granted, COTP header included */
    uint16_t src_ref, next_ref, setup_ref;
    int64_t handshake_deadline_ns;
    bool wants_pushes;
    struct s7_expectation peer;
    struct s7_slot *slots;
    unsigned slots_cap, n_slots; /* that were used so far, the first ones first: the rest is free */

    bool closed_event_due;
    s7_status closed_why;
    enum s7_session_state closed_in;
    uint8_t closed_cotp_reason;
    uint16_t closed_plc_error;
    char closed_detail[96];

    struct s7_session_stats stats;

    size_t rx_cap, rx_at, rx_end; /* [rx_at, rx_end) is still to be cut into frames */
    size_t join_at, join_len;     /* a fragmented PDU so far: in rx, before rx_at */
    size_t tx_cap, tx_at, tx_end; /* [tx_at, tx_end) is still to be sent */
    uint64_t tx_base;             /* stream position of tx[0] */
    uint8_t *rx, *tx;             /* in the memory of slots */
};

/* Longest frame that is taken in; a PDU joined from fragments is no longer than the one in such a frame. */
static inline size_t s7_session_frame_cap(const struct s7_session *session)
{
    return session->rx_cap / 2;
}

/* Jobs that may be open or owed at a time. */
static inline unsigned s7_session_limit(const struct s7_session *session)
{
    const struct s7_setup *granted = &session->granted;

    return granted->amq_calling < granted->amq_called ? granted->amq_calling : granted->amq_called;
}

/* ---- session_memory.c ---- */

/* Slots and buffers for what was granted, or for the handshake while nothing is; never less than there is.
 * S7_E_NOMEM: all is as before. */
S7_MUST_CHECK s7_status s7_session_make_room(struct s7_session *session);

/* ---- session.c ---- */

/* The session is over: every job fails with why, and the events are due. */
void s7_session_close(struct s7_session *session, s7_status why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The slot that waits for an answer with this reference (open, failed or owed), or NULL. */
struct s7_slot *s7_session_slot_of_ref(struct s7_session *session, uint16_t ref);

/* A reference that no slot holds; never 0, which pushes of a PLC carry. */
uint16_t s7_session_take_ref(struct s7_session *session);

/* ---- session_in.c ---- */

/* Cut and handle frames until one gives an event; false: no whole frame is left, or the session is over. */
bool s7_session_parse(struct s7_session *session, struct s7_event *event);

/* ---- session_out.c ---- */
void s7_session_send_cr(struct s7_session *session);
void s7_session_send_setup(struct s7_session *session);

/* Most bytes on the wire that a job may take with the granted lengths. */
size_t s7_session_job_cap(const struct s7_session *session);

/* Bytes that may still be queued. */
size_t s7_session_tx_room(const struct s7_session *session);

/* Stream position of the first byte that was not sent yet. */
uint64_t s7_session_tx_position(const struct s7_session *session);

/* Take the slot's bytes out of the queue; none of them was sent. */
void s7_session_tx_remove(struct s7_session *session, const struct s7_slot *slot);

#endif
