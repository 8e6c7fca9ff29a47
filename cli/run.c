#include "cli/cli.h"

#include "scenarios/run.h"

#include <errno.h>
#include <string.h>

struct wish {
    const char *adapter, *trace, *seed_text;
    uint32_t scale;
    bool real, tap, twice;
};

static bool parse_seed(const char *text, uint64_t *seed)
{
    uint64_t n = 0;

    if (*text == '\0' || strlen(text) > 19)
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        n = n * 10 + (uint64_t)(*text - '0');
    }
    *seed = n;
    return true;
}

/* Returns -1, or the exit status (said on stderr). */
static int check(const struct cli_command *self, const struct wish *wish, struct sc_run_options *options)
{
    struct sc_options *one = &options->one;

    one->real = wish->real;
    one->scale = wish->scale != 0 ? wish->scale : 1;
    one->threads = strcmp(wish->adapter, "thread") == 0;
    options->tap = wish->tap;
    options->twice = wish->twice;
    if (!parse_seed(wish->seed_text, &one->seed))
        return cli_usage_error(self, "--seed takes a whole number of at most 19 digits, got \"%s\"",
                               wish->seed_text);
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
    return totals->passed == 0 ? CLI_SKIPPED : CLI_OK;
}

static int run_files(char **files, const struct sc_run_options *options)
{
    struct sc_totals totals;

    sc_run_all(files, options, &totals);
    return exit_of(&totals);
}

static int open_trace(const struct cli_command *self, const char *path, struct sc_run_options *options)
{
    if (path == NULL)
        return -1;
    options->one.trace = fopen(path, "w");
    if (options->one.trace != NULL)
        return -1;
    fprintf(stderr, "s7rig %s: cannot write %s: %s\n", self->name, path, strerror(errno));
    return CLI_ENVIRONMENT;
}

/* A trace that is not whole is none. */
static int close_trace(const struct cli_command *self, const char *path, FILE *trace, int status)
{
    bool lost = trace != NULL && ferror(trace) != 0;

    if (trace != NULL && fclose(trace) != 0)
        lost = true;
    if (!lost)
        return status;
    fprintf(stderr, "s7rig %s: cannot write %s\n", self->name, path);
    return status != CLI_OK ? status : CLI_ENVIRONMENT;
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct wish wish = {.adapter = "loop", .seed_text = "1"};
    struct sc_run_options options = {.out = stdout};
    char error[512];
    const struct cli_option accepted[] = {{.name = "seed", .text = &wish.seed_text},
                                          {.name = "real", .flag = &wish.real},
                                          {.name = "adapter", .text = &wish.adapter},
                                          {.name = "scale", .number = &wish.scale, .min = 1, .max = 1000},
                                          {.name = "trace", .text = &wish.trace},
                                          {.name = "tap", .flag = &wish.tap},
                                          {.name = "twice", .flag = &wish.twice},
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
        status = open_trace(self, wish.trace, &options);
    }
    if (status < 0)
        status = close_trace(self, wish.trace, options.one.trace, run_files(files, &options));
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
            "  --twice         run each twice; traces that differ are an error\n"
            "\n"
            "Exit status: 0 all passed, 1 a scenario failed, 2 usage, 3 a file is no Lua or\n"
            "cannot be read, 4 no such file or folder, no memory or socket, 5 no scenario\n"
            "there, 6 two runs with one seed differed, 77 all were skipped.\n",
    .run = run,
};
