/* mux_core_rig.h - for tests of many requests over few sessions (mux_core.h): up to three lanes to one fake
 * PLC, whose answers travel when and in which order a test says. */
#ifndef CLIENT_MUX_CORE_RIG_H
#define CLIENT_MUX_CORE_RIG_H

#include "client/fake_plc.h"
#include "client/mux_core.h"
#include "client/test_names.h"

#define LANES    3
#define REQUESTS 64
#define GAP      16 /* reads with no more bytes between them become one item */

struct answers {
    struct bytes at[S7_SESSION_MAX_JOBS];
    unsigned n;
};

extern struct fake_plc plc;

extern struct rig {
    s7_mux_core *mux;
    struct s7_mux_lane lanes[LANES];
    s7_session *sessions[LANES];
    struct answers answers[LANES]; /* executed, not delivered yet */
    int64_t now;
    unsigned over; /* outcomes so far */
    unsigned amq, pdu_len;
} rig;

extern struct caller {
    struct s7_mux_request request;
    s7_item item;
    uint8_t data[2000];
    unsigned told;
    unsigned order; /* of the outcomes */
    s7_status status;
    s7_errinfo err;
} callers[REQUESTS];

/* A PLC with these limits and no lane yet; reads wait so long for others. */
void up(unsigned pdu_len, unsigned amq, int64_t coalesce_ns);
int leave(void **state); /* cmocka teardown */
void lend(unsigned lane);

/* Caller i asks for one item, without a deadline. */
void submit(unsigned i, bool write, const char *text);

void feed_lanes(void);                       /* what may go now goes to the PLC, which executes it */
void deliver(unsigned lane, unsigned which); /* one of the answers that it holds */
void run(void);                              /* feed and answer until there is nothing left to answer */
void take_events(unsigned lane);             /* of its session, and the outcomes */
void take_outcomes(void);

/* Told once, with what the PLC has there. */
void expect_good(unsigned i);

#endif
