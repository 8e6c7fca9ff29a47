/* What is printed of runs: lines for people, or TAP. */
#include "scenarios/run_impl.h"

#include <inttypes.h>
#include <string.h>

static const char *word(const struct sc_attempt *try)
{
    static const char *const words[] = {"ok", "FAILED", "skipped", "NO LUA", "NO WORLD"};

    if (try->crashed)
        return "CRASHED";
    return try->differed ? "DIFFERS" : words[try->report.outcome];
}

static void print_time(FILE *out, int64_t ns)
{
    double seconds = (double)ns / 1e9;

    if (seconds >= 60)
        fprintf(out, "%5.1f min", seconds / 60);
    else
        fprintf(out, "%7.3f s", seconds);
}

/* Every line of a text with something before it. */
static void print_indented(FILE *out, const char *before, const char *text)
{
    for (const char *line = text; line != NULL && *line != '\0';) {
        const char *newline = strchr(line, '\n');
        int len = (int)(newline != NULL ? newline - line : (long)strlen(line));
        fprintf(out, "%s%.*s\n", before, len, line);
        line = newline != NULL ? newline + 1 : NULL;
    }
}

static void print_notes(FILE *out, const char *before, const struct sc_attempt *try,
                        const struct sc_run_options *options)
{
    if (try->repeats > 0)
        fprintf(out, "%srun again at scale %u: at scale %u this machine stood still for too long\n", before,
                try->scale, options->one.scale);
    if (try->differed)
        fprintf(out, "%sthe same seed gave another trace the second time\n", before);
}

void sc_tell_world(FILE *out, const struct sc_options *one, uint32_t scale)
{
    fprintf(out, " --seed %" PRIu64, one->seed);
    if (one->real)
        fprintf(out, " --real --scale %u%s", scale, one->threads ? " --adapter thread" : "");
}

bool sc_is_good(const struct sc_attempt *try)
{
    return !try->differed && (try->report.outcome == SC_PASSED || try->report.outcome == SC_SKIPPED);
}

void sc_tell_details(FILE *out, const char *before, const char *path, const struct sc_attempt *try,
                     const struct sc_run_options *options)
{
    print_notes(out, before, try, options);
    print_indented(out, before, try->report.text);
    if (sc_is_good(try))
        return;
    struct sc_options one = options->one;
    one.seed = try->report.seed; /* a file may say its own */
    fprintf(out, "%sagain: s7rig run %s", before, path);
    sc_tell_world(out, &one, try->scale);
    fprintf(out, "\n");
}

static void tell_people(const char *path, const struct sc_attempt *try, const struct sc_run_options *options)
{
    const struct sc_report *report = &try->report;
    FILE *out = options->out;

    fprintf(out, "%-8s %s", word(try), path);
    if (report->title[0] != '\0')
        fprintf(out, ": %s", report->title);
    if ((report->outcome == SC_PASSED || report->outcome == SC_FAILED) && !try->crashed) {
        fprintf(out, "\n        ");
        print_time(out, report->scenario_ns);
        fprintf(out, " in %.1f ms, %u expectations", (double)report->wall_ns / 1e6, report->expectations);
        if (report->n_faults > 0)
            fprintf(out, ", %u fault%s fired %" PRIu64 " time%s", report->n_faults,
                    report->n_faults == 1 ? "" : "s", report->fired, report->fired == 1 ? "" : "s");
        if (!options->one.real)
            fprintf(out, ", trace %016" PRIx64, report->trace_hash);
    }
    fprintf(out, "\n");
    sc_tell_details(out, "    ", path, try, options);
}

static void tell_tap(unsigned number, const char *path, const struct sc_attempt *try,
                     const struct sc_run_options *options)
{
    const struct sc_report *report = &try->report;
    FILE *out = options->out;

    fprintf(out, "%s %u - %s", sc_is_good(try) ? "ok" : "not ok", number, path);
    if (report->outcome == SC_SKIPPED) { /* one line: TAP has room for no more */
        size_t len = strcspn(report->text != NULL ? report->text : "", "\n");
        fprintf(out, " # SKIP %.*s\n", (int)len, report->text != NULL ? report->text : "");
        return;
    }
    fprintf(out, "\n");
    if (report->outcome != SC_NO_PARSE && report->outcome != SC_NO_WORLD && !try->crashed &&
        !options->one.real)
        fprintf(out, "# trace %016" PRIx64 "\n", report->trace_hash);
    sc_tell_details(out, "# ", path, try, options);
}

void sc_tell_plan(const struct sc_run_options *options, unsigned n)
{
    if (options->tap)
        fprintf(options->out, "TAP version 13\n1..%u%s\n", n,
                n == 0 ? " # SKIP no scenario in this part" : "");
    fflush(options->out);
}

void sc_tell(unsigned number, const char *path, const struct sc_attempt *try,
             const struct sc_run_options *options)
{
    if (options->tap)
        tell_tap(number, path, try, options);
    else
        tell_people(path, try, options);
}

void sc_tell_total(const struct sc_totals *totals, const struct sc_run_options *options, int64_t scenario_ns,
                   int64_t wall_ns)
{
    FILE *out = options->out;
    unsigned bad = totals->failed + totals->unparsed + totals->no_world + totals->unsteady;

    if (options->tap)
        return;
    fprintf(out, "\n%u passed, %u failed, %u skipped; ", totals->passed, bad, totals->skipped);
    print_time(out, scenario_ns);
    fprintf(out, " of scenario time in %.2f s, seed %" PRIu64 "\n", (double)wall_ns / 1e9, options->one.seed);
}
