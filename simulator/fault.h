/* fault.h - the catalogue of faults: what can be broken, by which name, with which parameters; and one fault
 * as it was asked for.
 *
 * A fault is asked for by a name and words "key=value", the same in the table `fault` of a plant file, in a
 * scenario and from C:
 *
 *     cut      fn=read db=1 nth=3 bytes=12 then=rst
 *     slow     time=uniform(100ms,2s) p=0.25
 *     refuse   for=10s
 *
 * Every fault takes the common matchers and triggers (sim_fault_common) beside its own parameters. Times are
 * milliseconds, or have a unit: us, ms, s, min, h. What a fault decides is said in verdict.h; sessions,
 * server and loop obey. */
#ifndef SIMULATOR_FAULT_H
#define SIMULATOR_FAULT_H

#include "plant/plant.h" /* struct plant_error */

struct sim_fault_param {
    const char *name;
    const char *takes;  /* "TIME", "N", "rst|fin|hang" */
    const char *preset; /* in words, what holds without it; NULL: it is required */
    const char *help;   /* one line */
};

struct sim_fault_kind {
    const char *name;
    const char *level; /* "TCP connect", "TCP stream", "TPKT/COTP", "S7", "CPU", "value", "host" */
    const char *help;  /* one line: what happens on the wire */
    const char *field; /* the event in the field that it reproduces */
    const struct sim_fault_param *params; /* its own, ends with a name of NULL */
};

/* The table, in the order of levels. */
size_t sim_fault_kinds(const struct sim_fault_kind **kinds);
/* What all take: matchers and triggers; ends with a name of NULL. */
const struct sim_fault_param *sim_fault_common(void);

#endif
