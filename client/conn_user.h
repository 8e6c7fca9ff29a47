/* conn_user.h - for tests: one user of a connection on the rig's loop, who counts what he is told. */
#ifndef CLIENT_CONN_USER_H
#define CLIENT_CONN_USER_H

#include "client/conn_rig.h"

/* What one request's function was told. */
struct told {
    unsigned times;
    s7_status status;
    s7_errinfo err;
};

struct conn_user {
    s7_conn *conn;
    unsigned calls; /* of any function */
    unsigned ups, ends;
    s7_status end;
    s7_errinfo end_err;
    s7_conn_state at_end; /* the state that was seen in it */
    unsigned trick_at;    /* in this call, counted from 0 ... */
    void (*trick)(void);  /* ... do this */
};

extern struct conn_user user;

void user_options(s7_client_options *options); /* short times */

/* Make a connection and open it; the loop does not run yet. */
void user_open(const s7_client_options *options);
/* The same, until it is up. */
void user_up(const s7_client_options *options);
void user_down(void);

/* For s7_then: arg is a struct told. */
void told_fn(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg);

void expect_told(const struct told *told, s7_status status);

#endif
