#include "scenarios/run_impl.h"

#include "loop/blocking.h"

#include <inttypes.h>

static void count(const struct sc_attempt *try, struct sc_totals *totals)
{
    switch (try->report.outcome) {
    case SC_PASSED:
        totals->passed += !try->differed;
        break;
    case SC_FAILED:
        totals->failed++;
        break;
    case SC_SKIPPED:
        totals->skipped++;
        break;
    case SC_NO_PARSE:
        totals->unparsed++;
        break;
    case SC_NO_WORLD:
        totals->no_world++;
        break;
    }
    totals->unsteady += try->differed && try->report.outcome == SC_PASSED; /* others are counted already */
}

static void pass_trace(struct sc_jobs *jobs, unsigned i, const char *path,
                       const struct sc_run_options *options, struct sc_totals *totals)
{
    if (options->one.trace == NULL)
        return;
    fprintf(options->one.trace, "# %s seed %" PRIu64 "\n", path, sc_jobs_attempt(jobs, i)->report.seed);
    if (!sc_jobs_trace(jobs, i, options->one.trace))
        totals->trace_lost = true;
}

/* Each as soon as it and those before it have ended. Returns how many. */
static unsigned tell_each(struct sc_jobs *jobs, char *const *files, const struct sc_run_options *options,
                          struct sc_totals *totals, int64_t *scenario_ns)
{
    const struct sc_attempt *try;
    unsigned i = 0;

    for (; files[i] != NULL && (try = sc_jobs_await(jobs, i)) != NULL; i++) {
        pass_trace(jobs, i, files[i], options, totals);
        count(try, totals);
        sc_tell(i + 1, files[i], try, options);
        fflush(options->out);
        *scenario_ns += try->report.scenario_ns;
    }
    return i;
}

void sc_run_all(char *const *files, const struct sc_run_options *options, struct sc_totals *totals)
{
    int64_t begin_ns = s7_now_ns(), scenario_ns = 0;
    unsigned n = 0;

    *totals = (struct sc_totals){0};
    while (files[n] != NULL)
        n++;
    struct sc_jobs *jobs = sc_jobs_new(files, n, options);
    if (jobs == NULL) {
        fprintf(options->out, "out of memory\n");
        totals->no_world = n > 0 ? n : 1;
        totals->junit_lost = options->junit != NULL;
        return;
    }
    sc_tell_plan(options, n);
    unsigned told = tell_each(jobs, files, options, totals, &scenario_ns);
    if (told == n) {
        sc_tell_total(totals, options, scenario_ns, s7_now_ns() - begin_ns);
        totals->junit_lost = options->junit != NULL && !sc_junit(options->junit, files, n, jobs, options);
    }
    sc_jobs_free(jobs);
}
