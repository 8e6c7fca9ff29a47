/* conn_impl.h - what conn.c and conn_probe.c (signs of life) share. For these two only. */
#ifndef CLIENT_CONN_IMPL_H
#define CLIENT_CONN_IMPL_H

#include "client/conn.h"
#include "client/settings.h"

enum conn_state { IDLE, DIALING, HANDSHAKE, UP, ENDING };

struct pending {
    struct pending *next;
    bool begun; /* it is the head and has been pumped */
    s7_conn_done_fn *done;
    void *arg;
    struct s7_transfer transfer;
};

struct probe {
    bool open;
    s7_conn_alive_fn *fn;
    void *arg;
    uint8_t byte;
    s7_item item;
    struct s7_transfer transfer;
};

struct s7_conn {
    s7_loop *loop;
    struct s7_settings settings;
    s7_session *session;
    s7_conn_state_fn *fn;
    void *arg;

    enum conn_state state;
    s7_stream *stream;
    bool blocked;        /* the stream took less than was pending: wait for WRITE */
    bool worked;         /* it has been up: a PLC that refuses it now is full */
    bool closing;        /* s7_conn_close was called */
    bool working, freed; /* inside the timer's function; freed there: its end gives the memory back */
    s7_timer timer;
    int64_t dial_deadline_ns;
    int64_t owed_until_ns; /* answers are owed: end the connection then; S7_NEVER_NS otherwise */

    struct pending *head, *tail;
    struct pending *spare; /* the last one done, for the next submit */
    struct probe probe;
    int64_t queue_deadline_ns; /* no pending transfer is due before; a lower bound */

    s7_errinfo end; /* why the connection ended */
};

/* ---- conn.c ---- */
void s7_conn_wake(s7_conn *conn); /* its work is done in the next turn */

/* ---- conn_probe.c ---- */

/* Send it when the window allows; report it when it is answered. false: nothing was reported. */
bool s7_conn_step_probe(s7_conn *conn);

#endif
