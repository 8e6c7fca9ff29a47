/* session.h - the server's side of one S7 connection as a state machine: bytes and now in, answers out.
 *
 *                CR admitted              DR, bad frame, deadline, DT before CR, S7comm-plus
 *   SIM_WAIT_CR ------------> SIM_OPEN -----------------------------------------------------> SIM_ENDED
 *        |  CR refused                    (a CR in OPEN is confirmed again and resets the S7 state)
 *        +----------------------------------------------------------------------------------^
 *
 * Received bytes are cut into frames at once, but frames are run one by one, inside the turn of the plant
 * file: sim_session_step takes frames until they make a request, and whoever drives it decides whether that
 * is run, put back or swallowed. A turn can be undone: sim_session_mark remembers where the turn began,
 * sim_session_rewind goes back there, so that the same frames can be run again with their writes refused.
 * Until sim_session_turn_done frees them, the turn's frames stay in the receive buffer.
 *
 * No socket, no clock; no allocation after sim_session_new but for answers of userdata. The buffers bound
 * what one connection can occupy: a peer that sends without reading is not read any more. */
#ifndef SIMULATOR_SESSION_H
#define SIMULATOR_SESSION_H

#include "simulator/plc.h"

typedef struct sim_session sim_session;

struct sim_session_options {
    int64_t frame_ns;   /* a frame that began must be whole after this time */
    int64_t connect_ns; /* a TCP connection must have sent its CR after this time */
};

/* plc must outlive the session. The admitted connection counts in plc->n_connections until sim_session_free.
 */
S7_MUST_CHECK s7_status sim_session_new(struct sim_plc *plc, const struct sim_session_options *options,
                                        int64_t now_ns, sim_session **out);
void sim_session_free(sim_session *session); /* NULL is fine */

/* ---- bytes in ---- */

/* Where to receive to; 0 bytes while the buffer is full of frames that wait for their turn. */
size_t sim_session_room(sim_session *session, uint8_t **room);
void sim_session_received(sim_session *session, size_t len, int64_t now_ns);

/* Is there something that sim_session_step could do now? */
bool sim_session_ready(const sim_session *session);

/* May a write be among the frames that wait? (True for joined fragments too: what they are shows when they
 * are run.) */
bool sim_session_may_write(const sim_session *session);

/* ---- the turn ---- */
void sim_session_mark(sim_session *session);      /* the turn begins here */
void sim_session_rewind(sim_session *session);    /* as it was at the mark; answers since then are gone */
void sim_session_turn_done(sim_session *session); /* the turn stands */

enum sim_writes {
    SIM_WRITES_RUN,   /* the turn holds the write lock */
    SIM_WRITES_WAIT,  /* leave a write, and what is behind it, for a later turn */
    SIM_WRITES_REFUSE /* answer its items with 01 */
};

enum sim_step_result {
    SIM_STEP_IDLE,    /* nothing to run now, or no room for an answer */
    SIM_STEP_DONE,    /* one frame is done with */
    SIM_STEP_REQUEST, /* a request is whole: run it, put it back or swallow it before the next step */
    SIM_STEP_BLOCKED, /* the request was put back: it must wait */
    SIM_STEP_MUTED,   /* one frame was dropped, see sim_session_mute */
    SIM_STEP_ENDED    /* the session is over: send what is pending, then close as `close` says */
};

struct sim_step {
    enum sim_step_result result;
    enum sim_refusal close; /* ENDED: how the TCP connection ends (DR: its frame is pending, then FIN) */
    /* The frame that was looked at (NULL: none) and, with REQUEST, what it asks for: a connection request, or
     * the PDU that it ends. Views, until sim_session_turn_done. */
    const uint8_t *frame;
    size_t frame_len;
    const struct s7_cotp *cr;
    const struct s7_pdu *pdu;
    const struct sim_quirk *quirk; /* what is to be wrong with how it is run; NULL: nothing. Set by the caller
                                      between step and run */
    const struct sim_overlays
        *overlays; /* what is to lie over the values that it reads; NULL: nothing. As quirk */
    const char
        *kind; /* what happened, for the event table: "connect", "refuse", "warn", "close"; NULL: nothing */
    char note[SIM_NOTE_CAP]; /* and its words */
};

void sim_session_step(sim_session *session, struct sim_step *step);

/* What becomes of the request of the last step; each updates the step's result.
 *   run         DONE, ENDED, or BLOCKED: a write that must wait
 *   put_back    BLOCKED: the next step finds it again
 *   swallow     DONE, as if it had not come
 *   turn_away   ENDED, for a connection request: refused as `how` says; reason: of the DR, if it is one */
void sim_session_run(sim_session *session, enum sim_writes writes, struct sim_step *step);
void sim_session_put_back(sim_session *session, struct sim_step *step);
void sim_session_swallow(sim_session *session, struct sim_step *step);
void sim_session_turn_away(sim_session *session, enum sim_refusal how, uint8_t reason, struct sim_step *step);

/* Append one PDU that answers nothing but is due now (told.h); false: there is none, or no room for it. To be
 * asked for behind each request that was run, and at the end of the turn. */
bool sim_session_tell(sim_session *session);

/* What the last step and its run, or the last PDU told, appended to the bytes that are pending: whole frames.
 */
size_t sim_session_answer(const sim_session *session, const uint8_t **bytes);

/* The same, to be changed in its place, of which there are *cap bytes: twice the longest answer at least.
 * Then cut says how many of them are the answer. What is in front of it, and pending, may be changed as well.
 */
size_t sim_session_answer_room(sim_session *session, uint8_t **bytes, size_t *cap);
void sim_session_cut(sim_session *session, size_t keep);

uint16_t sim_session_client_ref(const sim_session *session); /* of its connection request */

/* It is over for a reason outside the protocol: nothing is received and run any more, what is pending may
 * still be sent. */
void sim_session_end(sim_session *session);

/* From now on nothing is answered, and no time limit holds: frames are dropped whatever they are. */
void sim_session_mute(sim_session *session);

/* ---- bytes out ---- */
size_t sim_session_pending(const sim_session *session,
                           const uint8_t **bytes);       /* a view, until the next call */
uint8_t *sim_session_unsent(sim_session *session);       /* the same bytes, to be put into another order */
void sim_session_sent(sim_session *session, size_t len); /* len <= pending; not inside a turn */

/* ---- time ---- */
int64_t sim_session_deadline(const sim_session *session); /* INT64_MAX: none */

/* True: the deadline passed; the connection is to be reset, *why says which. */
bool sim_session_overdue(const sim_session *session, int64_t now_ns, const char **why);

/* When it is to be given a turn since it has something to tell; in the past: now. INT64_MAX: not before it
 * got a turn for another reason, or could send. */
int64_t sim_session_due(sim_session *session);

/* Frames were held back and nothing was read: that time is not the peer's. */
void sim_session_resume(sim_session *session, int64_t now_ns);

/* What is sent is not looked at for so long: the time for the connection request begins later. */
void sim_session_wait(sim_session *session, int64_t ns);

int64_t sim_session_received_ns(const sim_session *session); /* when bytes came last */

/* ---- state ---- */
bool sim_session_is_open(const sim_session *session); /* an admitted S7 connection */
struct sim_link;
const struct sim_link *sim_session_link(const sim_session *session); /* what its setup agreed on; job.h */

#endif
