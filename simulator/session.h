/* session.h - the server's side of one S7 connection as a state machine: bytes and now in, answers out.
 *
 *                CR admitted              DR, bad frame, deadline, DT before CR, S7comm-plus
 *   SIM_WAIT_CR ------------> SIM_OPEN -----------------------------------------------------> SIM_ENDED
 *        |  CR refused                    (a CR in OPEN is confirmed again and resets the S7 state)
 *        +----------------------------------------------------------------------------------^
 *
 * Received bytes are cut into frames at once, but frames are run one by one by sim_session_step, inside the
 * turn of the plant file. A turn can be undone: sim_session_mark remembers where the turn began,
 * sim_session_rewind goes back there, so that the same frames can be run again with their writes refused.
 * Until sim_session_turn_done frees them, the turn's frames stay in the receive buffer.
 *
 * No socket, no clock, no allocation after sim_session_new. The buffers bound what one connection can occupy:
 * a peer that sends without reading is not read any more. */
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
    SIM_STEP_DONE,    /* one frame was run */
    SIM_STEP_BLOCKED, /* the next frame is a write and must wait */
    SIM_STEP_ENDED    /* the session is over: send what is pending, then close as `close` says */
};

struct sim_step {
    enum sim_step_result result;
    enum sim_refusal close; /* ENDED: how the TCP connection ends (DR: its frame is pending, then FIN) */
    const char
        *kind; /* what happened, for the event table: "connect", "refuse", "warn", "close"; NULL: nothing */
    char note[SIM_NOTE_CAP]; /* and its words */
};

void sim_session_step(sim_session *session, enum sim_writes writes, struct sim_step *step);

/* ---- bytes out ---- */
size_t sim_session_pending(const sim_session *session,
                           const uint8_t **bytes);       /* a view, until the next call */
void sim_session_sent(sim_session *session, size_t len); /* len <= pending; not inside a turn */

/* ---- time ---- */
int64_t sim_session_deadline(const sim_session *session); /* INT64_MAX: none */

/* True: the deadline passed; the connection is to be reset, *why says which. */
bool sim_session_overdue(const sim_session *session, int64_t now_ns, const char **why);

/* ---- state ---- */
bool sim_session_is_open(const sim_session *session); /* an admitted S7 connection */

#endif
