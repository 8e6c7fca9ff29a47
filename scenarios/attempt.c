/* One scenario, again where the machine or the trace ask for it. */
#include "scenarios/run_impl.h"

/* For real, a machine that does not run us for some milliseconds makes minutes of a scenario pass unseen: a
 * failure then says nothing. The scenario is repeated more slowly, and a failure counts only if the machine
 * was awake, or the scale is down to this. */
#define SCALE_MIN     4
#define STALL_TIMES   20                  /* a stall counts when it is longer than a 20th of */
#define STALL_PART_NS INT64_C(5000000000) /* this much scenario time: the longest default timeout */

static bool machine_slept(const struct sc_report *report, const struct sc_options *options)
{
    return report->stalled_ns * options->scale > STALL_PART_NS / STALL_TIMES;
}

/* As long as it lasted already it would not end in time at half the scale. */
static bool would_end(const struct sc_report *report, const struct sc_options *options)
{
    return report->scenario_ns / options->scale * 2 < SC_LIMIT_WALL_NS;
}

void sc_attempt(const char *path, const struct sc_run_options *options, struct sc_attempt *try)
{
    struct sc_options one = options->one;

    *try = (struct sc_attempt){.scale = one.scale};
    sc_run_file(path, &one, &try->report);
    while (one.real && try->report.outcome == SC_FAILED && !try->report.slip &&
           machine_slept(&try->report, &one) && would_end(&try->report, &one) && one.scale > SCALE_MIN) {
        one.scale = one.scale / 2 > SCALE_MIN ? one.scale / 2 : SCALE_MIN;
        sc_report_free(&try->report);
        try->scale = one.scale;
        try->repeats++;
        sc_run_file(path, &one, &try->report);
    }
    if (options->twice && !one.real) {
        struct sc_report again;

        one.trace = NULL;
        sc_run_file(path, &one, &again);
        try->differed = again.outcome != try->report.outcome || again.trace_hash != try->report.trace_hash;
        sc_report_free(&again);
    }
}
