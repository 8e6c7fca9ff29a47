/* meter.h - what a direct client counts of its calls. */
#ifndef CLIENT_METER_H
#define CLIENT_METER_H

#include "client/histogram.h"

#include <s7rig/metrics.h>

struct s7_meter {
    uint64_t calls, successes, errors[S7_ERROR_KINDS];
    struct s7_histogram latency; /* of calls that were answered */
};

/* A call is over. */
void s7_meter_call(struct s7_meter *meter, s7_status status, int64_t took_ns);

#endif
