#include "scenarios/hunt.h"

#include "scenarios/run_impl.h"
#include "scenarios/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 64 /* seeds whose results are kept at a time */

/* How a scenario that was found begins, and what ends the part that is not the file's own. */
#define FIRST_LINE "-- found by s7rig search: "
#define LAST_LINE  "-- and this is the scenario\n"

/* ---- runs ---- */

/* What one run, or one of several, is to be. */
struct wanted {
    const struct sc_schedule *given; /* NULL: as the options say */
    bool plan_only, one_after_the_other;
};

static void vary(unsigned i, void *arg, struct sc_options *one)
{
    const struct wanted *wanted = arg;

    one->plan_only = wanted->plan_only;
    if (wanted->one_after_the_other)
        one->seed += i;
    if (wanted->given == NULL)
        return;
    one->breaks = SC_BREAKS_GIVEN;
    one->given = wanted->given;
}

/* n of them; files: room for n + 1 paths. NULL: no memory. */
static struct sc_jobs *begin(const struct sc_hunt_options *options, struct sc_run_options *run,
                             struct wanted *wanted, unsigned n, char **files)
{
    for (unsigned i = 0; i < n; i++)
        files[i] = (char *)options->path;
    files[n] = NULL;
    *run = options->run;
    run->vary = vary;
    run->vary_arg = wanted;
    return sc_jobs_new(files, n, run);
}

/* The report is moved to the caller. False: a signal came, or there is no memory, which *hunt says. */
static bool run_one(const struct sc_hunt_options *options, struct wanted *wanted, struct sc_hunt *hunt,
                    struct sc_attempt *attempt)
{
    struct sc_run_options run;
    char *files[2];
    struct sc_jobs *jobs = begin(options, &run, wanted, 1, files);
    const struct sc_attempt *came = jobs != NULL ? sc_jobs_await(jobs, 0) : NULL;

    hunt->end = jobs == NULL ? SC_HUNT_NO_WORLD : SC_HUNT_INTERRUPTED;
    if (came != NULL) {
        *attempt = *came;
        attempt->report.text = came->report.text != NULL ? strdup(came->report.text) : NULL;
    }
    sc_jobs_free(jobs);
    return came != NULL;
}

/* Crashes are the same when they end their processes in the same way: the first line says how. */
static void key_of(const struct sc_attempt *attempt, char key[SC_KEY_CAP])
{
    const char *text = attempt->report.text != NULL ? attempt->report.text : "";

    if (attempt->crashed)
        snprintf(key, SC_KEY_CAP, "%.*s", (int)strcspn(text, "\n"), text);
    else
        snprintf(key, SC_KEY_CAP, "%s", attempt->report.key);
}

/* ---- shrinking ---- */

struct shrinking {
    const struct sc_hunt_options *options;
    struct sc_hunt *hunt;
    bool interrupted;
};

static bool fails_again(const struct sc_schedule *schedule, void *arg)
{
    struct shrinking *shrinking = arg;
    struct sc_hunt_options options = *shrinking->options;
    struct wanted wanted = {.given = schedule};
    struct sc_attempt attempt;
    char key[SC_KEY_CAP];

    options.run.one.seed = shrinking->hunt->seed;
    options.run.one.own_seed = false;
    if (shrinking->interrupted || !run_one(&options, &wanted, shrinking->hunt, &attempt)) {
        shrinking->interrupted = true;
        return false;
    }
    key_of(&attempt, key);
    bool same = attempt.report.outcome == SC_FAILED && strcmp(key, shrinking->hunt->key) == 0;
    if (same) { /* what is told is what fails */
        free(shrinking->hunt->text);
        shrinking->hunt->text = attempt.report.text;
    } else {
        sc_report_free(&attempt.report);
    }
    return same;
}

static void shrink(const struct sc_hunt_options *options, struct sc_hunt *hunt)
{
    struct shrinking shrinking = {.options = options, .hunt = hunt};

    hunt->shrunk = hunt->drawn;
    bool same = fails_again(&hunt->shrunk, &shrinking);
    if (same)
        hunt->runs = sc_shrink(&hunt->shrunk, fails_again, &shrinking, options->max_runs);
    if (!shrinking.interrupted)
        hunt->end = same ? SC_HUNT_FOUND : SC_HUNT_UNSTEADY;
}

/* A process that crashed has told nobody what it had drawn. */
static bool plan_again(const struct sc_hunt_options *options, struct sc_hunt *hunt)
{
    struct sc_hunt_options of_seed = *options;
    struct wanted wanted = {.plan_only = true};
    struct sc_attempt attempt;

    of_seed.run.one.seed = hunt->seed;
    if (!run_one(&of_seed, &wanted, hunt, &attempt))
        return false;
    hunt->drawn = attempt.report.schedule;
    hunt->seed = attempt.report.seed;
    sc_report_free(&attempt.report);
    return true;
}

static void found(const struct sc_hunt_options *options, struct sc_hunt *hunt,
                  const struct sc_attempt *attempt, uint64_t seed)
{
    hunt->seed = attempt->crashed ? seed : attempt->report.seed;
    hunt->crashed = attempt->crashed;
    hunt->drawn = attempt->report.schedule;
    key_of(attempt, hunt->key);
    if (!attempt->crashed || plan_again(options, hunt))
        shrink(options, hunt);
}

/* ---- hunting ---- */

/* False: what there is to say is in *hunt. The scenario may be searched, or has failed as it is. */
static bool look_at(const struct sc_attempt *attempt, struct sc_hunt *hunt)
{
    const char *text = attempt->report.text;

    switch (attempt->report.outcome) {
    case SC_NO_PARSE:
    case SC_NO_WORLD:
        hunt->end = attempt->report.outcome == SC_NO_PARSE ? SC_HUNT_NO_PARSE : SC_HUNT_NO_WORLD;
        hunt->text = text != NULL ? strdup(text) : NULL;
        return false;
    case SC_FAILED:
        return true;
    default:
        hunt->end = SC_HUNT_NO_SEARCH;
        return attempt->report.searched;
    }
}

/* One after the other, until one fails. True: go on. */
static bool hunt_batch(const struct sc_hunt_options *options, struct sc_hunt *hunt, uint64_t first,
                       unsigned n)
{
    struct wanted wanted = {.one_after_the_other = true};
    const struct sc_attempt *attempt = NULL;
    struct sc_hunt_options of_batch = *options;
    struct sc_run_options run;
    char *files[BATCH + 1];
    bool failed = false;

    of_batch.run.one.seed = first;
    struct sc_jobs *jobs = begin(&of_batch, &run, &wanted, n, files);
    hunt->end = jobs == NULL ? SC_HUNT_NO_WORLD : SC_HUNT_INTERRUPTED;
    for (unsigned i = 0; jobs != NULL && i < n && !failed && (attempt = sc_jobs_await(jobs, i)) != NULL;
         i++) {
        failed = !sc_is_good(attempt);
        hunt->passed += !failed;
        if (failed && look_at(attempt, hunt))
            found(options, hunt, attempt, first + i);
    }
    sc_jobs_free(jobs);
    return attempt != NULL && !failed;
}

/* Without any fault, as far as search can say: what fails then needs none. */
static bool hunt_calm(const struct sc_hunt_options *options, struct sc_hunt *hunt)
{
    const struct sc_schedule none = {0};
    struct wanted wanted = {.given = &none};
    struct sc_attempt attempt;
    bool good;

    if (!run_one(options, &wanted, hunt, &attempt))
        return false;
    good = look_at(&attempt, hunt);
    if (good && attempt.report.outcome == SC_FAILED) {
        found(options, hunt, &attempt, options->run.one.seed);
        good = false;
    }
    sc_report_free(&attempt.report);
    return good;
}

void sc_hunt_seeds(const struct sc_hunt_options *options, struct sc_hunt *hunt)
{
    struct sc_hunt_options all = *options;

    *hunt = (struct sc_hunt){.end = SC_HUNT_PASSED};
    all.run.one.breaks = SC_BREAKS_DRAWN;
    all.run.one.own_seed = false;
    if (!hunt_calm(&all, hunt))
        return;
    for (uint32_t done = 0; done < all.seeds; done += BATCH) {
        unsigned left = all.seeds - done;

        if (!hunt_batch(&all, hunt, all.run.one.seed + done, left < BATCH ? left : BATCH))
            return;
    }
    hunt->end = SC_HUNT_PASSED;
}

/* Does the file say itself what is broken? */
static bool has_replay(const struct sc_hunt_options *options, struct sc_hunt *hunt, bool *has)
{
    struct wanted wanted = {.plan_only = true};
    struct sc_attempt attempt;

    if (!run_one(options, &wanted, hunt, &attempt))
        return false;
    *has = attempt.report.schedule.n > 0;
    bool good = look_at(&attempt, hunt);
    sc_report_free(&attempt.report);
    return good;
}

void sc_hunt_again(const struct sc_hunt_options *options, struct sc_hunt *hunt)
{
    struct sc_hunt_options own = *options;
    struct wanted wanted = {0};
    struct sc_attempt attempt;
    bool has = false;

    *hunt = (struct sc_hunt){.end = SC_HUNT_PASSED};
    if (!has_replay(&own, hunt, &has))
        return;
    own.run.one.breaks = has ? SC_BREAKS_OF_FILE : SC_BREAKS_DRAWN;
    if (!run_one(&own, &wanted, hunt, &attempt))
        return;
    if (look_at(&attempt, hunt)) {
        hunt->end = SC_HUNT_PASSED;
        hunt->passed = attempt.report.outcome != SC_FAILED;
        if (attempt.report.outcome == SC_FAILED)
            found(&own, hunt, &attempt, own.run.one.seed);
    }
    sc_report_free(&attempt.report);
}

void sc_hunt_free(struct sc_hunt *hunt)
{
    free(hunt->text);
    hunt->text = NULL;
}

/* ---- writing it down ---- */

static void write_word(FILE *out, const char *word, const char *after)
{
    struct sc_text text = {0};

    sc_text_add_quoted(&text, word, strlen(word), strlen(word));
    fprintf(out, "%s%s", text.at != NULL ? text.at : "\"\"", after);
    sc_text_free(&text);
}

static void write_head(FILE *out, const struct sc_hunt *hunt)
{
    const char *text = hunt->text != NULL ? hunt->text : hunt->key;

    fprintf(out, FIRST_LINE "seed %" PRIu64, hunt->seed);
    if (hunt->shrunk.n == 0)
        fprintf(out, " fails without any fault\n");
    else
        fprintf(out, ", %u of %u fault%s\n", hunt->shrunk.n, hunt->drawn.n, hunt->drawn.n == 1 ? "" : "s");
    fprintf(out, "-- %.*s\n", (int)strcspn(text, "\n"), text);
    fprintf(out, "replay { seed = %" PRIu64 ",\n", hunt->seed);
    for (unsigned i = 0; i < hunt->shrunk.n; i++) {
        fprintf(out, "  { ");
        write_word(out, hunt->shrunk.at[i].plc, ", ");
        write_word(out, hunt->shrunk.at[i].name, ", ");
        write_word(out, hunt->shrunk.at[i].args, " },\n");
    }
    fprintf(out, "}\n" LAST_LINE);
}

/* Copy lines; what an earlier hunt wrote before them is left out. */
static void copy_rest(FILE *out, FILE *from)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t len = getline(&line, &cap, from);
    bool skips = len > 0 && strncmp(line, FIRST_LINE, strlen(FIRST_LINE)) == 0;

    for (; len > 0; len = getline(&line, &cap, from)) {
        if (!skips)
            fwrite(line, 1, (size_t)len, out);
        skips = skips && strcmp(line, LAST_LINE) != 0;
    }
    free(line);
}

bool sc_hunt_write(FILE *out, const struct sc_hunt *hunt, const char *path)
{
    FILE *from = fopen(path, "r");

    if (from == NULL)
        return false;
    write_head(out, hunt);
    copy_rest(out, from);
    bool good = ferror(from) == 0;
    return fclose(from) == 0 && good;
}
