/* session.h - the client's side of one S7 connection as a state machine: bytes and now in, bytes and events
 * out.
 *
 *                start               CC                    setup granted
 *   S7_SESSION_NEW ----> CONNECTING ----> NEGOTIATING ----------------> READY
 *        any state but NEW --(DR, bad frame, deadline of the handshake, s7_session_lost)--> CLOSED
 *
 * No socket, no clock, no callback. Memory is allocated by s7_session_new, for the handshake, and once more
 * when the PLC has granted PDU length and jobs, for these; never by a job. For want of it the session is
 * CLOSED with S7_E_NOMEM and may be started again. Events are polled, so any event may be answered by freeing
 * the session. Not thread-safe; sessions share nothing.
 *
 * Jobs are matched to answers by PDU reference only. References count up and skip those that are in use or
 * quarantined: a job that timed out or was cancelled keeps its reference (quarantine) until its late answer
 * came, which is counted and dropped. Userdata requests are jobs like others. Jobs of the peer are ignored
 * unless somebody expects them. While any answer is owed the
 * connection is dirty: s7_session_owed() > 0. */
#ifndef CLIENT_SESSION_H
#define CLIENT_SESSION_H

#include "protocol/var.h"

typedef struct s7_session s7_session;

#define S7_SESSION_MAX_JOBS 32

/* The least PDU length that a peer may grant: a header, one item and some bytes. CPUs grant 240 or more. */
#define S7_SESSION_PDU_LEN_MIN 64

enum s7_session_state {
    S7_SESSION_NEW,
    S7_SESSION_CONNECTING,  /* CR sent */
    S7_SESSION_NEGOTIATING, /* CC came, setup sent */
    S7_SESSION_READY,
    S7_SESSION_CLOSED
};

struct s7_session_options {
    uint16_t local_tsap, remote_tsap;
    uint16_t pdu_len;     /* asked for, 240..960 */
    uint16_t max_jobs;    /* asked for in both AmQ fields, 1..S7_SESSION_MAX_JOBS */
    uint8_t max_items;    /* of one job, at least S7_ITEMS_PER_JOB */
    int64_t handshake_ns; /* from start to READY */
    uint16_t first_ref;   /* where references start */
};

/* S7_E_ARG: an option out of its range. S7_E_NOMEM. */
S7_MUST_CHECK s7_status s7_session_new(const struct s7_session_options *options, s7_session **out);
void s7_session_free(s7_session *session); /* NULL is fine */

/* The TCP connection is up: queue the CR. May be called again in CLOSED, for the next TCP connection:
 * everything of the old one is forgotten, statistics stay. */
void s7_session_start(s7_session *session, int64_t now_ns);

/* ---- bytes in ---- */

/* Where to receive to: room for what is missing of a frame, at least, unless events are waiting to be taken.
 * Then tell how many bytes came, and take the events until none is left: frames are cut and answered only
 * there. */
size_t s7_session_room(s7_session *session, uint8_t **room);
void s7_session_received(s7_session *session, size_t len, int64_t now_ns);

/* The TCP connection ended (S7_E_CLOSED, S7_E_RESET, S7_E_TIMEOUT ...): every job fails, then EVENT_CLOSED
 * comes. During CONNECTING FIN and RST mean that the PLC refused: S7_E_COTP_REFUSED. Take the events of what
 * was received before. */
void s7_session_lost(s7_session *session, s7_status why);

/* A READY session is given up with S7_E_TIMEOUT, for what detail says. */
void s7_session_give_up(s7_session *session, const char *detail);

/* ---- bytes out ---- */
size_t s7_session_pending(const s7_session *session, const uint8_t **bytes); /* a view, until the next call */
void s7_session_sent(s7_session *session, size_t len);                       /* len <= pending */

/* ---- time ---- */
int64_t s7_session_deadline(const s7_session *session);    /* S7_NEVER_NS (INT64_MAX): none */
void s7_session_tick(s7_session *session, int64_t now_ns); /* fails what is overdue; then take the events */

/* ---- jobs ---- */

/* How many more jobs may be submitted now: the granted window (min of both AmQ fields) less open and owed
 * ones, limited by the room to send. 0 unless READY. */
unsigned s7_session_window(const s7_session *session);

/* How many items a job may have: max_items, or fewer when the granted PDU length has no room for them. */
unsigned s7_session_max_items(const s7_session *session);

/* Submit one Read Var job of 1..max_items items that fits the granted PDU length in both directions (the
 * caller packed it). id comes back in the events; no two open jobs may share one. S7_E_MISUSE: no window.
 * S7_E_TOO_LARGE: does not fit. S7_E_ARG: number of items. */
S7_MUST_CHECK s7_status s7_session_read(s7_session *session, const struct s7_var_item *items,
                                        unsigned n_items, uint64_t id, int64_t deadline_ns);

/* Submit one Write Var job; units[i] holds item i's payload (code 00), copied before return. */
S7_MUST_CHECK s7_status s7_session_write(s7_session *session, const struct s7_var_item *items,
                                         const struct s7_data_unit *units, unsigned n_items, uint64_t id,
                                         int64_t deadline_ns);

/* Submit any other job or userdata request: ROSCTR, parameters and data of *request, copied before return;
 * its reference is ours to choose. An answer fits when it is of the same function, or of the same group and
 * subfunction. changes: what it asks for may have been done although no answer came (OUTCOME_UNKNOWN).
 * S7_E_ARG: neither job nor userdata, or parameters that are too short to be one. S7_E_MISUSE,
 * S7_E_TOO_LARGE. */
S7_MUST_CHECK s7_status s7_session_request(s7_session *session, const struct s7_pdu *request, bool changes,
                                           uint64_t id, int64_t deadline_ns);

/* From now on what the PLC tells on its own comes as S7_EVENT_PUSH; it is dropped unless asked for, which is
 * how a session begins. Stays for later connections. Pushes take no place in the window. */
void s7_session_want_pushes(s7_session *session, bool wanted);

/* Withdraw a job: its event comes with S7_E_CANCELLED (or S7_E_OUTCOME_UNKNOWN for a write of which bytes
 * left), its reference is quarantined. Unknown id: nothing happens. */
void s7_session_cancel(s7_session *session, uint64_t id);

/* ---- jobs of the peer: it asks for the pieces of a download ---- */

/* Until s7_session_expect_end the peer's jobs are events (PEER_JOB) with this id, which no open job may have;
 * before and after they are ignored. When the deadline passes, or the id is cancelled, the session is closed:
 * the peer is amid something that nobody goes on with, and its further jobs could be taken for those of the
 * next time. An event FAILED with this id says so, as when the connection ends. S7_E_MISUSE: not READY, or
 * somebody expects already. */
S7_MUST_CHECK s7_status s7_session_expect(s7_session *session, uint64_t id, int64_t deadline_ns);
void s7_session_expect_end(s7_session *session);

/* Queue the answer to a job of the peer: ROSCTR, reference, error, parameters and data of *answer, copied
 * before return. S7_E_MISUSE: none is expected, or no room, since the peer does not take what is sent.
 * S7_E_TOO_LARGE: does not fit the granted PDU length. */
S7_MUST_CHECK s7_status s7_session_answer(s7_session *session, const struct s7_pdu *answer);

/* ---- events ---- */
enum s7_event_kind {
    S7_EVENT_READY,    /* setup done: s7_session_granted */
    S7_EVENT_ANSWER,   /* a job's answer: the same function and item count as asked, or a header error or that
                          of userdata (status S7_E_PLC) */
    S7_EVENT_FAILED,   /* a job without an answer: TIMEOUT, CANCELLED, OUTCOME_UNKNOWN (write of which bytes
                          left), PROTOCOL (an answer came that is none), or why the connection ended. Exactly
                          one event per submitted job. When no byte of the job had left, none will */
    S7_EVENT_PEER_JOB, /* a job of the peer, while somebody expects one */
    S7_EVENT_PUSH,     /* userdata that answers nothing: a push, or what has reference 0; unchecked beyond its
                          lengths. Only when wanted, and READY */
    S7_EVENT_CLOSED    /* the session is over; exactly once, after the events of all jobs */
};

struct s7_event {
    enum s7_event_kind kind;
    s7_status status;
    uint64_t id;         /* ANSWER, FAILED, PEER_JOB */
    bool withdrawn;      /* FAILED, by s7_session_cancel: who did so knows why */
    struct s7_pdu pdu;   /* ANSWER, PEER_JOB, PUSH: views until the next call on the session */
    uint8_t cotp_reason; /* CLOSED by a DR: its reason */
    uint16_t plc_error; /* header or userdata error: of the job, or of setup (CLOSED with S7_E_NEGOTIATION) */
    int64_t time_ns;    /* ANSWER: when its last bytes came */
    enum s7_session_state ended_in; /* CLOSED: the state it ended in */
    char detail[96];                /* what came, for FAILED and CLOSED: "TPKT version 72, expected 3" */
};

/* The next event; false: none now (drain before asking for room again). */
bool s7_session_next(s7_session *session, struct s7_event *event);

/* ---- state ---- */
enum s7_session_state s7_session_state(const s7_session *session);
const struct s7_setup *
s7_session_granted(const s7_session *session);       /* at most what was asked; zeros unless READY */
unsigned s7_session_open(const s7_session *session); /* jobs without answer yet, owed ones not counted */
unsigned s7_session_owed(const s7_session *session); /* quarantined references */

struct s7_session_stats {
    uint64_t jobs, answers, late_answers, unknown_refs, timeouts, bytes_in, bytes_out;
    int64_t last_in_ns; /* when bytes came last: a sign of life */
};
const struct s7_session_stats *s7_session_stats(const s7_session *session);

#endif
