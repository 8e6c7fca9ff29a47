#include "scenarios/run.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- finding ---- */

struct list {
    char **at;
    size_t n, cap;
};

static bool add(struct list *list, const char *folder, const char *name)
{
    size_t len = strlen(folder) + strlen(name) + 2;

    if (list->n + 1 >= list->cap) {
        size_t cap = list->cap == 0 ? 16 : list->cap * 2;
        char **at = realloc(list->at, cap * sizeof *at);
        if (at == NULL)
            return false;
        list->at = at;
        list->cap = cap;
    }
    char *path = malloc(len);
    if (path == NULL)
        return false;
    size_t folder_len = strlen(folder);
    bool slash = folder_len > 0 && folder[folder_len - 1] != '/';
    snprintf(path, len, "%s%s%s", folder, slash ? "/" : "", name);
    list->at[list->n++] = path;
    list->at[list->n] = NULL;
    return true;
}

static bool is_scenario(const char *name)
{
    size_t len = strlen(name);

    return len > 4 && name[0] != '.' && strcmp(name + len - 4, ".lua") == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_folder(struct list *list, const char *folder)
{
    DIR *dir = opendir(folder);
    size_t first = list->n;
    bool good = dir != NULL;

    for (struct dirent *entry; good && (entry = readdir(dir)) != NULL;)
        if (is_scenario(entry->d_name))
            good = add(list, folder, entry->d_name);
    if (dir != NULL)
        closedir(dir);
    if (list->n > first)
        qsort(list->at + first, list->n - first, sizeof list->at[0], by_name);
    return good;
}

static bool add_path(struct list *list, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return false;
    return S_ISDIR(st.st_mode) ? add_folder(list, path) : add(list, "", path);
}

char **sc_find_files(const char *const *paths, size_t n_paths, char *error, size_t cap)
{
    struct list list = {NULL, 0, 0};

    for (size_t i = 0; i < n_paths; i++) {
        errno = ENOMEM;
        if (!add_path(&list, paths[i])) {
            snprintf(error, cap, "%s: %s", paths[i], strerror(errno));
            sc_free_files(list.at);
            return NULL;
        }
    }
    if (list.at == NULL) {
        list.at = calloc(1, sizeof *list.at);
        snprintf(error, cap, "out of memory");
    }
    return list.at;
}

void sc_free_files(char **files)
{
    for (size_t i = 0; files != NULL && files[i] != NULL; i++)
        free(files[i]);
    free(files);
}

/* ---- one, again where the machine or the trace ask for it ---- */

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

struct attempt {
    struct sc_report report;
    uint32_t scale;   /* of the run that counts */
    unsigned repeats; /* runs before it that did not count */
    bool differed;
};

static void attempt(const char *path, const struct sc_run_options *options, struct attempt *try)
{
    struct sc_options one = options->one;

    *try = (struct attempt){.scale = one.scale};
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

static void count(const struct attempt *try, struct sc_totals *totals)
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

/* ---- telling ---- */

static const char *word(const struct attempt *try)
{
    static const char *const words[] = {"ok", "FAILED", "skipped", "NO LUA", "NO WORLD"};

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

static void print_notes(FILE *out, const char *before, const struct attempt *try,
                        const struct sc_run_options *options)
{
    if (try->repeats > 0)
        fprintf(out, "%srun again at scale %u: at scale %u this machine stood still for too long\n", before,
                try->scale, options->one.scale);
    if (try->differed)
        fprintf(out, "%sthe same seed gave another trace the second time\n", before);
}

static void print_again(FILE *out, const char *before, const char *path, const struct attempt *try,
                        const struct sc_run_options *options)
{
    const struct sc_options *one = &options->one;

    fprintf(out, "%sagain: s7rig run %s --seed %" PRIu64, before, path, one->seed);
    if (one->real)
        fprintf(out, " --real --scale %u%s", try->scale, one->threads ? " --adapter thread" : "");
    fprintf(out, "\n");
}

static void tell_people(const char *path, const struct attempt *try, const struct sc_run_options *options)
{
    const struct sc_report *report = &try->report;
    FILE *out = options->out;

    fprintf(out, "%-8s %s", word(try), path);
    if (report->title[0] != '\0')
        fprintf(out, ": %s", report->title);
    if (report->outcome == SC_PASSED || report->outcome == SC_FAILED) {
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
    print_notes(out, "    ", try, options);
    print_indented(out, "    ", report->text);
    if (report->outcome == SC_FAILED || try->differed)
        print_again(out, "    ", path, try, options);
}

static void tell_tap(unsigned number, const char *path, const struct attempt *try,
                     const struct sc_run_options *options)
{
    const struct sc_report *report = &try->report;
    bool good = !try->differed && (report->outcome == SC_PASSED || report->outcome == SC_SKIPPED);
    FILE *out = options->out;

    fprintf(out, "%s %u - %s", good ? "ok" : "not ok", number, path);
    if (report->outcome == SC_SKIPPED) { /* one line: TAP has room for no more */
        size_t len = strcspn(report->text != NULL ? report->text : "", "\n");
        fprintf(out, " # SKIP %.*s\n", (int)len, report->text != NULL ? report->text : "");
        return;
    }
    fprintf(out, "\n");
    if (report->outcome != SC_NO_PARSE && report->outcome != SC_NO_WORLD && !options->one.real)
        fprintf(out, "# trace %016" PRIx64 "\n", report->trace_hash);
    print_notes(out, "# ", try, options);
    print_indented(out, "# ", report->text);
    if (!good)
        print_again(out, "# ", path, try, options);
}

static void tell_total(const struct sc_totals *totals, const struct sc_run_options *options,
                       int64_t scenario_ns, int64_t wall_ns)
{
    FILE *out = options->out;
    unsigned bad = totals->failed + totals->unparsed + totals->no_world + totals->unsteady;

    fprintf(out, "\n%u passed, %u failed, %u skipped; ", totals->passed, bad, totals->skipped);
    print_time(out, scenario_ns);
    fprintf(out, " of scenario time in %.2f s, seed %" PRIu64 "\n", (double)wall_ns / 1e9, options->one.seed);
}

void sc_run_all(char *const *files, const struct sc_run_options *options, struct sc_totals *totals)
{
    int64_t scenario_ns = 0, wall_ns = 0;
    unsigned n = 0;

    *totals = (struct sc_totals){0};
    while (files[n] != NULL)
        n++;
    if (options->tap)
        fprintf(options->out, "TAP version 13\n1..%u\n", n);
    for (unsigned i = 0; i < n; i++) {
        struct attempt try;

        if (options->one.trace != NULL)
            fprintf(options->one.trace, "# %s seed %" PRIu64 "\n", files[i], options->one.seed);
        attempt(files[i], options, &try);
        count(&try, totals);
        if (options->tap)
            tell_tap(i + 1, files[i], &try, options);
        else
            tell_people(files[i], &try, options);
        fflush(options->out);
        scenario_ns += try.report.scenario_ns;
        wall_ns += try.report.wall_ns;
        sc_report_free(&try.report);
    }
    if (!options->tap)
        tell_total(totals, options, scenario_ns, wall_ns);
}
