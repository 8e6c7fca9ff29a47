/* transfer_rig.h - for tests: one transfer on a session against the fake PLC, job by job, with the answers in
 * the hands of the test. */
#ifndef CLIENT_TRANSFER_RIG_H
#define CLIENT_TRANSFER_RIG_H

#include "client/fake_plc.h"
#include "client/transfer.h"

struct rig {
    struct fake_plc plc;
    s7_session *session;
    struct s7_transfer transfer;
    struct bytes answers[S7_SESSION_MAX_JOBS]; /* executed, not delivered yet */
    unsigned n_answers, most_open;
    unsigned max_items; /* of the session */
    bool shuffle;       /* run: deliver in an order drawn from seed */
    uint32_t seed;
};

extern struct rig rig; /* too large for a stack */

void rig_up(unsigned pdu_len, unsigned amq); /* 20 items a job */
void rig_up_items(unsigned pdu_len, unsigned amq, unsigned max_items);
void rig_down(void);

/* The first step of a transfer that must be accepted: its jobs are in the session, not sent yet. */
void begin(bool write, s7_item *items, size_t n_items, int64_t deadline_ns);

/* The PLC takes what the session sends, and executes it. */
void plc_takes(void);

/* One of the kept answers arrives. */
void deliver(unsigned which);

/* The transfer takes the session's events; each must be its own. */
void take_events(void);

/* The whole way; status of begin or of the result. Checks the limits that were granted. */
s7_status run(bool write, s7_item *items, size_t n_items, s7_errinfo *err);

void expect_items_good(const s7_item *items, size_t n);

#endif
