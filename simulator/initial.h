/* initial.h - load memory: the values that a DB was downloaded with. The plant has them in the DB's file; a
 * DB that nobody downloaded, or that has another length by now, has none.
 *
 * Both inside a turn that may store. Not S7_OK: what the plant said; part of it may be done. */
#ifndef SIMULATOR_INITIAL_H
#define SIMULATOR_INITIAL_H

#include "simulator/plc.h"

/* All DBs get their initial values back. */
S7_MUST_CHECK s7_status sim_initial_restore(struct sim_plc *plc);

/* The values of now are the initial ones from now on. */
S7_MUST_CHECK s7_status sim_initial_keep(struct sim_plc *plc);

#endif
