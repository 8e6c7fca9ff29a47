/* service_time.h - how long this CPU takes for a request, as its personality says (service_us ...): it
 * answers one request of a connection after the other, so that what is queued waits for what is before it. */
#ifndef SIMULATOR_SERVICE_TIME_H
#define SIMULATOR_SERVICE_TIME_H

#include "simulator/plc.h"

#include "protocol/pdu.h"

/* Of the nth request of a connection, counted from 1; 0 for a PLC without service_time, and for connection
 * requests (pdu NULL). A function of its arguments. */
int64_t sim_service_ns(const struct sim_plc *plc, const struct s7_pdu *pdu, uint64_t seed, unsigned conn,
                       uint64_t nth);

/* Of reading so many items, without what is left to chance. */
int64_t sim_service_read_ns(const struct sim_plc *plc, unsigned n_items);

#endif
