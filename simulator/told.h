/* told.h - what a PLC tells by itself: PDUs that answer nothing.
 *
 * A link knows by its bits `tells` which sources may have something for it. Behind each request that was run,
 * and at the end of each turn, its session asks for PDUs until there are none or the buffer is full; when a
 * turn is due although nobody asked for anything, sim_told_due says. So what is told has the values of its
 * turn and leaves when that stands.
 *
 * A source is a row in told.c. Whatever it remembers is part of what a rewind puts back (struct sim_link, or
 * tasks.h), so that a turn that is run again tells the same, once. */
#ifndef SIMULATOR_TOLD_H
#define SIMULATOR_TOLD_H

#include "simulator/job.h"

/* Bits of sim_link.tells. */
enum sim_tells {
    SIM_TELLS_NEWS = 0x01,
    SIM_TELLS_CYCLIC = 0x02,
    SIM_TELLS_PROGRAMMER = 0x04,
    SIM_TELLS_DOWNLOAD = 0x08
};

/* Who is told, and where the PDU goes: an empty writer with room for one of link->pdu_len bytes. */
struct sim_telling {
    struct sim_plc *plc;
    struct sim_link *link;
    struct sim_tasks *const *tasks; /* by enum sim_task_kind; NULL: it never had any */
    struct s7_wr *wr;
};

/* The next PDU that is due now; false: there is none. */
S7_MUST_CHECK bool sim_told_next(struct sim_telling *telling);

/* When there is something to tell next: plc->now_ns or before: now; INT64_MAX: not known to be ever. */
int64_t sim_told_due(const struct sim_telling *telling);

/* ---- the sources ---- */
typedef bool sim_tell_fn(struct sim_telling *telling);
typedef int64_t sim_due_fn(const struct sim_telling *telling); /* wr is not there */

sim_tell_fn sim_news_tell; /* messages.c */
sim_due_fn sim_news_due;
sim_tell_fn sim_cyclic_tell; /* cyclic.c */
sim_due_fn sim_cyclic_due;
sim_tell_fn sim_test_tell; /* programmer.c */
sim_due_fn sim_test_due;
sim_tell_fn sim_download_tell; /* download.c */
sim_due_fn sim_download_due;

/* messages.c: a connection, which was logged on for these events, is now for those: 0 when it ends. Also to
 * be called by who puts a link back. */
void sim_messages_changed(struct sim_plc *plc, uint8_t before, uint8_t now);

#endif
