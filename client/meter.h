/* meter.h - what a direct client counts of its calls. */
#ifndef CLIENT_METER_H
#define CLIENT_METER_H

#include "client/histogram.h"
#include "client/session.h"

#include <s7rig/metrics.h>

struct s7_meter {
    uint64_t calls, successes, errors[S7_ERROR_KINDS];
    struct s7_histogram latency; /* of calls that were answered */
};

/* A call is over. */
void s7_meter_call(struct s7_meter *meter, s7_status status, int64_t took_ns);

/* Fill in what the meter and the session counted; the rest is the caller's. */
void s7_meter_take(const struct s7_meter *meter, const s7_session *session, s7_client_metrics *now);

/* Hand the caller's struct, of which struct_size is set, what it knows of ours. */
void s7_meter_give(s7_client_metrics *to, const s7_client_metrics *now);

#endif
