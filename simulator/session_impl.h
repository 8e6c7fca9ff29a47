/* session_impl.h - shared by session.c (bytes, turns, time) and session_run.c (frames and requests). */
#ifndef SIMULATOR_SESSION_IMPL_H
#define SIMULATOR_SESSION_IMPL_H

#include "simulator/job.h"
#include "simulator/session.h"

#include "protocol/tpkt.h"

/* A frame is at most a TPKT header and the largest TPDU. */
#define SIM_FRAME_MAX (S7_TPKT_HEADER_LEN + 8192)

/* Room for a largest frame behind a good number of usual ones. */
#define SIM_RX_CAP (2 * 8192)
#define SIM_TX_CAP (2 * 8192)

#define SIM_DEFAULT_TPDU 0x0A

enum sim_state { SIM_WAIT_CR, SIM_OPEN, SIM_ENDED };

/* What a turn can change and a rewind must put back. */
struct sim_session_turn {
    enum sim_state state;
    size_t at;     /* next frame to run in rx */
    size_t tx_len; /* end of the answers in tx */
    struct sim_link link;
    size_t tpdu_len;
    uint16_t client_ref;
    struct sim_refs refs; /* of PDUs that were run */
    uint16_t in_turn;     /* jobs that were run in this turn */
    size_t joined_len;    /* fragments so far; may exceed the buffer, then only counted */
    bool joining;
    bool mute;
    bool chained;    /* an answer in several units was begun in this turn: the one before it must stay, too */
    bool joined_ran; /* the joined buffer was run in this turn: it must stay as it is until the turn stands */
    int64_t joining_since_ns;
};

struct sim_session {
    struct sim_plc *plc;
    struct sim_session_options options;
    struct sim_session_turn now, mark;
    bool admitted;       /* counted in plc->n_connections, */
    enum plant_class of; /* in this class */
    bool asked;          /* a connection request came, though it may not be answered yet */
    bool bad;            /* what follows the whole frames is no frame */
    char bad_why[64];
    unsigned may_write; /* frames between now.at and framed that may be writes */
    size_t framed;      /* end of the whole frames in rx */
    size_t rx_len;
    size_t tx_sent; /* tx up to here is sent */
    int64_t connect_by_ns;
    int64_t partial_since_ns; /* when the frame began that is not whole yet; NEVER_NS: none */
    int64_t received_ns;      /* when bytes came last */
    /* the last step: its frame, and how things were before it */
    struct s7_cotp tpdu;
    struct s7_pdu pdu;
    size_t frame_len;
    struct sim_session_turn before;
    size_t answer_at; /* where its answer begins in tx */
    struct sim_reply replies[2];
    struct sim_tasks *tasks[SIM_TASK_KINDS];
    struct sim_shelf shelf;
    uint8_t rx[SIM_RX_CAP];
    uint8_t tx[SIM_TX_CAP];
    uint8_t joined[S7_PDU_LEN_MAX];
    uint8_t answer[S7_PDU_LEN_MAX]; /* only when it must be cut into fragments */
};

#endif
