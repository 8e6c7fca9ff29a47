/* mode.h - RUN and STOP: what a change of the mode does to memory, and what the diagnostic buffer says of it.
 */
#ifndef SIMULATOR_MODE_H
#define SIMULATOR_MODE_H

#include "simulator/plc.h"

enum sim_mode_change {
    SIM_STOP_BY_SERVICE,
    SIM_STOP_BY_SWITCH,
    SIM_START_WARM, /* process images and what is not retentive of markers, timers and counters become 0 */
    SIM_START_COLD  /* the same with all markers, timers and counters; DBs as they were downloaded */
};

/* Inside a turn that may store. Not S7_OK: what plant_store said; part of it may be done. */
S7_MUST_CHECK s7_status sim_mode_change(struct sim_plc *plc, enum sim_mode_change change);

/* A foreign program may have changed the row's mode, which is as if somebody had turned the switch: do what
 * follows from it. Inside a turn; one that may not store leaves it for the next. */
bool sim_mode_has_moved(const struct sim_plc *plc);
s7_status sim_mode_follow(struct sim_plc *plc);

/* Its power was off for a while: what is not retentive is 0, or (retain false) everything is as after a cold
 * start. It is in RUN then. Inside a turn that may store. */
S7_MUST_CHECK s7_status sim_mode_power_cycle(struct sim_plc *plc, bool retain);

/* The PLC was switched on. */
s7_status sim_mode_power_on(struct sim_plc *plc);

#endif
