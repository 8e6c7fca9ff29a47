/* run_impl.h - what the files share that run scenarios and tell of them. */
#ifndef SCENARIOS_RUN_IMPL_H
#define SCENARIOS_RUN_IMPL_H

#include "scenarios/run.h"

/* One scenario's run, or the one of several that counts. */
struct sc_attempt {
    struct sc_report report;
    uint32_t scale;   /* of the run that counts */
    unsigned repeats; /* runs before it that did not count */
    bool differed;    /* run twice, and the second trace was another */
    bool crashed; /* its process ended before it did; the outcome is SC_FAILED and only the text is there */
};

/* ---- attempt.c ---- */

/* The report is the caller's. */
void sc_attempt(const char *path, const struct sc_run_options *options, struct sc_attempt *try);

/* ---- tell.c ---- */

void sc_tell_plan(const struct sc_run_options *options, unsigned n);
void sc_tell(unsigned number, const char *path, const struct sc_attempt *try,
             const struct sc_run_options *options);
void sc_tell_total(const struct sc_totals *totals, const struct sc_run_options *options, int64_t scenario_ns,
                   int64_t wall_ns);

/* Notes, the report's text and, unless all is well, how to run it again; `before` stands before every line.
 */
void sc_tell_details(FILE *out, const char *before, const char *path, const struct sc_attempt *try,
                     const struct sc_run_options *options);

/* The options that choose the world, " --seed 1 --real --scale 100". */
void sc_tell_world(FILE *out, const struct sc_options *one, uint32_t scale);

bool sc_is_good(const struct sc_attempt *try);

/* ---- jobs.c: each scenario in a process of its own, several at a time ---- */

struct sc_jobs;

/* files and options must outlive it. NULL: out of memory. */
struct sc_jobs *sc_jobs_new(char *const *files, unsigned n, const struct sc_run_options *options);

/* Wait until the i-th has ended, and meanwhile start others as they fit. Its attempt, owned by the jobs;
 * NULL: a signal came that ends the command. */
const struct sc_attempt *sc_jobs_await(struct sc_jobs *jobs, unsigned i);

/* Append what the i-th, which has ended, wrote as its trace. False: some of it was lost on the way. */
bool sc_jobs_trace(struct sc_jobs *jobs, unsigned i, FILE *to);

/* The attempt of one that has ended. */
const struct sc_attempt *sc_jobs_attempt(const struct sc_jobs *jobs, unsigned i);

/* Ends what still runs, and removes what it left in files. NULL is fine. */
void sc_jobs_free(struct sc_jobs *jobs);

/* ---- junit.c ---- */

/* One test suite with all n files, which have ended. False: out of memory, a report is not whole; what the
 * stream could not take, ferror says. */
bool sc_junit(FILE *out, char *const *files, unsigned n, const struct sc_jobs *jobs,
              const struct sc_run_options *options);

#endif
