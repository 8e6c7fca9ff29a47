/* doctor.h - the parts of `s7rig doctor`: what is tried, what came, what to do about it. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "cli/cli.h"

/* In the order in which they are tried; each needs those in front of it, the reads do not. */
enum doctor_step { DOCTOR_TCP, DOCTOR_COTP, DOCTOR_SETUP, DOCTOR_MEMORY, DOCTOR_DB, DOCTOR_IDENTITY };

/* How a step ended. ABSENT: the PLC does not have it, and needs it for nothing else. */
enum doctor_end { DOCTOR_OK, DOCTOR_ABSENT, DOCTOR_FAILED };

#define DOCTOR_TEXT_CAP 400

struct doctor_finding {
    enum doctor_step step;
    enum doctor_end end;
    char came[DOCTOR_TEXT_CAP];
    char hint[DOCTOR_TEXT_CAP]; /* what to do; "": nothing */
};

/* Which step a failed s7_client_connect did not pass. */
enum doctor_step doctor_step_of(s7_status status, const s7_errinfo *err);

/* The finding of a step that failed. */
struct doctor_finding doctor_failed(enum doctor_step step, s7_status status, const s7_errinfo *err);

/* One way to be let in. */
struct doctor_way {
    uint8_t conn_type, slot;
};

#define DOCTOR_MAX_WAYS  24
#define DOCTOR_PLACE_CAP 300

/* What the endpoint says goes into *options; place: host and port alone. False: it is no endpoint. */
bool doctor_settle(const char *endpoint, s7_client_options *options, char place[DOCTOR_PLACE_CAP]);

/* Try other connection types and slots than those of options, which were refused, at the same rack; give
 * those that the PLC lets in, the likeliest first. Every one is left at once. Ends early when the PLC stops
 * answering as before. */
size_t doctor_other_ways(const char *place, const s7_client_options *options,
                         struct doctor_way ways[DOCTOR_MAX_WAYS]);

/* "pg", "op", "basic" */
const char *doctor_type_name(uint8_t conn_type);

#endif
