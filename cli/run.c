#include "cli/cli.h"
#include "cli/seeds.h"

#include "cli/replace.h"
#include "scenarios/run.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct wish {
    const char *adapter, *trace, *seed_text, *junit, *shard, *jobs;
    uint32_t part, n_parts; /* of shard */
    uint32_t scale;
    bool real, tap, twice;
};

/* "2/3", the second of three. */
static bool parse_shard(const char *text, struct wish *wish)
{
    char part[12] = "";
    size_t len = strcspn(text, "/");

    if (text[len] != '/' || len >= sizeof part)
        return false;
    memcpy(part, text, len);
    return cli_number(text + len + 1, 1, 1000000, &wish->n_parts) &&
           cli_number(part, 1, wish->n_parts, &wish->part);
}

/* Returns -1, or the exit status (said on stderr). */
static int check(const struct cli_command *self, struct wish *wish, struct sc_run_options *options)
{
    struct sc_options *one = &options->one;

    one->real = wish->real;
    one->scale = wish->scale != 0 ? wish->scale : 1;
    one->threads = strcmp(wish->adapter, "thread") == 0;
    options->tap = wish->tap;
    options->twice = wish->twice;
    one->own_seed = wish->seed_text == NULL;
    if (!cli_seed(one->own_seed ? "1" : wish->seed_text, &one->seed))
        return cli_usage_error(self, "--seed takes " CLI_SEED_TAKES ", got \"%s\"", wish->seed_text);
    if (!parse_shard(wish->shard, wish))
        return cli_usage_error(self, "--shard takes I/N, the I-th of N parts, as 1/3; got \"%s\"",
                               wish->shard);
    if (!cli_jobs(wish->jobs, &options->jobs))
        return cli_usage_error(self, "--jobs takes " CLI_JOBS_TAKES ", got \"%s\"", SC_JOBS_MAX, wish->jobs);
    if (!one->threads && strcmp(wish->adapter, "loop") != 0)
        return cli_usage_error(self, "--adapter takes loop or thread, got \"%s\"", wish->adapter);
    if (!one->real && (wish->scale != 0 || one->threads))
        return cli_usage_error(
            self, "--scale and --adapter thread need --real: virtual time is not scaled and has no threads");
    if (one->real && wish->twice)
        return cli_usage_error(self, "--twice compares traces of virtual time; --real has none");
    return -1;
}

static int exit_of(const struct sc_totals *totals)
{
    if (totals->unparsed > 0)
        return CLI_PARSE;
    if (totals->no_world > 0)
        return CLI_ENVIRONMENT;
    if (totals->failed > 0)
        return CLI_FAILED;
    if (totals->unsteady > 0)
        return CLI_UNSTEADY;
    return totals->passed == 0 && totals->skipped > 0 ? CLI_SKIPPED : CLI_OK;
}

/* ---- the files that are written ---- */

struct written {
    const char *path; /* NULL: none is wanted */
    struct cli_replacement to;
};

static int cannot_write(const struct cli_command *self, const char *path, int why)
{
    fprintf(stderr, "s7rig %s: cannot write %s%s%s\n", self->name, path, why != 0 ? ": " : "",
            why != 0 ? strerror(why) : "");
    return CLI_ENVIRONMENT;
}

/* Returns -1, or the exit status (said on stderr). */
static int open_trace(const struct cli_command *self, const char *path, FILE **trace)
{
    if (path == NULL)
        return -1;
    *trace = cli_open_straight(path);
    return *trace != NULL ? -1 : cannot_write(self, path, errno);
}

/* A trace that is not whole is none. */
static int close_trace(const struct cli_command *self, const char *path, FILE *trace, bool lost, int status)
{
    if (trace == NULL)
        return status;
    lost = ferror(trace) != 0 || lost;
    if (fclose(trace) != 0)
        lost = true;
    if (!lost)
        return status;
    cannot_write(self, path, 0);
    return status != CLI_OK ? status : CLI_ENVIRONMENT;
}

/* /dev/stdout, or the file that the shell has made of it. */
static bool is_standard_output(const char *path)
{
    struct stat st, output;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && fstat(STDOUT_FILENO, &output) == 0 &&
           output.st_dev == st.st_dev && output.st_ino == st.st_ino;
}

/* What will be written. Returns -1, or the exit status (said on stderr). */
static int find_junit(const struct cli_command *self, struct written *junit)
{
    if (junit->path == NULL)
        return -1;
    if (is_standard_output(junit->path))
        return cli_usage_error(self, "--junit %s is standard output, where the results are told",
                               junit->path);
    return cli_replace_find(&junit->to, junit->path) ? -1 : cannot_write(self, junit->path, errno);
}

/* Before anything runs, so that who cannot have it learns so at once. Returns -1, or the exit status (said on
 * stderr). */
static int open_junit(const struct cli_command *self, struct written *junit)
{
    if (junit->path == NULL)
        return -1;
    return cli_replace_open(&junit->to) ? -1 : cannot_write(self, junit->path, errno);
}

/* wanted: all has been told, and the report was written; otherwise what was at its path stays. */
static int close_junit(const struct cli_command *self, struct written *junit, bool wanted, bool lost,
                       int status)
{
    if (junit->to.file == NULL)
        return status;
    errno = 0;
    bool good = cli_replace_end(&junit->to, wanted && !lost);
    int why = errno;
    return wanted && (lost || !good) ? cannot_write(self, junit->path, lost ? 0 : why) : status;
}

/* ---- the run ---- */

/* With the signals held that would end it: what it made is removed before they are obeyed. */
static int run_held(const struct cli_command *self, char **files, struct sc_run_options *options,
                    const struct wish *wish, FILE *trace, struct written *junit)
{
    struct sc_totals totals = {0};
    int status = open_junit(self, junit);
    bool runs = status < 0;

    if (runs) {
        options->one.trace = trace;
        options->junit = junit->to.file;
        sc_run_all(files, options, &totals);
        status = exit_of(&totals);
    }
    status = close_trace(self, wish->trace, trace, totals.trace_lost, status);
    return close_junit(self, junit, runs && options->signals->came == 0, totals.junit_lost, status);
}

static int run_files(const struct cli_command *self, char **files, const struct wish *wish,
                     struct sc_run_options *options)
{
    struct written junit = {.path = wish->junit};
    FILE *trace = NULL;
    struct sc_signals signals;
    int status = find_junit(self, &junit);

    if (status < 0)
        status = open_trace(self, wish->trace,
                            &trace); /* may wait for a pipe's reader: signals are not held yet */
    if (status >= 0)
        return close_junit(self, &junit, false, false, status);
    options->signals = &signals;
    sc_signals_hold(&signals);
    status = run_held(self, files, options, wish, trace, &junit);
    if (signals.came != 0 && signals.came != SIGPIPE)
        fprintf(stderr, "s7rig %s: ended by signal %d (%s) before all had run\n", self->name, signals.came,
                strsignal(signals.came));
    sc_signals_release(&signals);
    return status;
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct wish wish = {.adapter = "loop", .shard = "1/1", .jobs = "1"};
    struct sc_run_options options = {.out = stdout};
    char error[512];
    const struct cli_option accepted[] = {{.name = "seed", .text = &wish.seed_text},
                                          {.name = "real", .flag = &wish.real},
                                          {.name = "adapter", .text = &wish.adapter},
                                          {.name = "scale", .number = &wish.scale, .min = 1, .max = 1000},
                                          {.name = "trace", .text = &wish.trace},
                                          {.name = "tap", .flag = &wish.tap},
                                          {.name = "junit", .text = &wish.junit},
                                          {.name = "twice", .flag = &wish.twice},
                                          {.name = "jobs", .letter = 'j', .text = &wish.jobs},
                                          {.name = "shard", .text = &wish.shard},
                                          {.name = NULL}};
    int status = cli_options(self, accepted, &argc, argv);

    if (status < 0)
        status = check(self, &wish, &options);
    if (status >= 0)
        return status;
    if (argc < 2)
        return cli_usage_error(self, "which scenarios? Name files or folders");
    char **files = sc_find_files((const char *const *)argv + 1, (size_t)argc - 1, error, sizeof error);
    if (files == NULL) {
        fprintf(stderr, "s7rig %s: %s\n", self->name, error);
        return CLI_ENVIRONMENT;
    }
    if (files[0] == NULL) {
        fprintf(stderr, "s7rig %s: no scenario (*.lua) there\n", self->name);
        status = CLI_NOTHING;
    } else {
        sc_take_part(files, wish.part, wish.n_parts);
        status = run_files(self, files, &wish, &options);
    }
    sc_free_files(files);
    return status;
}

const struct cli_command cli_run = {
    .name = "run",
    .summary = "run scenarios: break connections, check that clients recover",
    .usage = "[OPTION...] FILE.lua|FOLDER...",
    .help = "Run scenarios (docs/scenarios.md tells how to write one) in virtual time, where\n"
            "five idle minutes take milliseconds and the same seed gives the same run, or\n"
            "for real, over loopback sockets.\n"
            "\n"
            "  --seed N        of network, faults, jitter and random numbers (1)\n"
            "  --real          on the real clock, with kernel TCP on 127.0.0.1\n"
            "  --scale K       with --real: every time of the scenario divided by K (1)\n"
            "  --adapter A     with --real: loop (default), or thread: the pool for threads and\n"
            "                  the blocking client\n"
            "  --trace FILE    write what went over the network, one line per event\n"
            "  --tap           TAP version 13 instead of lines for people\n"
            "  --junit FILE    JUnit XML for CI systems, written when all have ended; also with --tap\n"
            "  --twice         run each twice; traces that differ are an error\n"
            "  -j, --jobs N    N at a time (1); auto, or 0: one per processor. Output and traces\n"
            "                  stay in order. With --real, scenarios disturb each other's times\n"
            "  --shard I/N     only the I-th of N parts, to share the work among N machines: the\n"
            "                  files are dealt out in turn, so parts are equally long, and adding\n"
            "                  a file moves others to other parts. An empty part succeeds\n"
            "\n"
            "Each scenario runs in a process of its own; if that crashes, the others go on.\n"
            "Exit status: 0 all passed, 1 a scenario failed, 2 usage, 3 a file is no Lua or\n"
            "cannot be read, 4 no such file or folder, no memory or socket, or a file cannot be\n"
            "written, 5 no scenario there, 6 two runs with one seed differed, 77 all were skipped.\n",
    .run = run,
};
