#include "cli/hunt.h"

#include "cli/replace.h"
#include "cli/seeds.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

int cli_hunt_check(const struct cli_command *self, struct cli_hunt *hunt, int argc, char **argv)
{
    struct sc_run_options *run = &hunt->options.run;

    if (hunt->seed != NULL && !cli_seed(hunt->seed, &run->one.seed))
        return cli_usage_error(self, "--seed takes " CLI_SEED_TAKES ", got \"%s\"", hunt->seed);
    if (!cli_jobs(hunt->jobs, &run->jobs))
        return cli_usage_error(self, "--jobs takes " CLI_JOBS_TAKES ", got \"%s\"", SC_JOBS_MAX, hunt->jobs);
    if (argc != 2)
        return cli_usage_error(self, "one scenario, got %d files", argc - 1);
    hunt->options.path = argv[1];
    if (hunt->seed == NULL)
        run->one.seed = 1;
    return -1;
}

/* ---- telling ---- */

static void print_indented(FILE *out, const char *text)
{
    while (text != NULL && *text != '\0') {
        size_t len = strcspn(text, "\n");

        fprintf(out, "    %.*s\n", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

static void print_schedule(FILE *out, const char *what, const struct sc_schedule *schedule)
{
    fprintf(out, "  %s:\n", what);
    for (unsigned i = 0; i < schedule->n; i++)
        fprintf(out, "    %s: %s %s\n", schedule->at[i].plc, schedule->at[i].name, schedule->at[i].args);
}

static void print_found(FILE *out, const struct cli_hunt *hunt, const struct sc_hunt *found)
{
    fprintf(out, "FAILED   %s: seed %" PRIu64 ", after %" PRIu32 " that passed\n", hunt->options.path,
            found->seed, found->passed);
    print_indented(out, found->text != NULL ? found->text : found->key);
    if (found->drawn.n > 0)
        print_schedule(out, "what was broken", &found->drawn);
    if (found->shrunk.n > 0)
        print_schedule(out, "what it takes", &found->shrunk);
    else
        fprintf(out, "  it takes no fault\n");
    fprintf(out, "  shrunk in %u runs\n", found->runs);
    if (hunt->out != NULL)
        fprintf(out, "  again: s7rig run %s\n", hunt->out);
}

/* Returns the exit status: that something was found, or that it cannot be written. */
static int write_found(const struct cli_command *self, const struct cli_hunt *hunt,
                       const struct sc_hunt *found)
{
    struct cli_replacement to = {.file = stdout};
    bool read = true, good = hunt->out == NULL || cli_replace_begin(&to, hunt->out);

    if (good) {
        read = sc_hunt_write(to.file, found, hunt->options.path);
        good = hunt->out != NULL ? cli_replace_end(&to, read) : ferror(stdout) == 0;
    }
    int why = errno;
    if (!read)
        fprintf(stderr, "s7rig %s: cannot read %s\n", self->name, hunt->options.path);
    if (!good && hunt->out != NULL)
        fprintf(stderr, "s7rig %s: cannot write %s: %s\n", self->name, hunt->out, strerror(why));
    return read && good ? CLI_FAILED : CLI_ENVIRONMENT;
}

/* Returns the exit status. What is no scenario that goes to standard output has the other one. */
static int tell(const struct cli_command *self, const struct cli_hunt *hunt, const struct sc_hunt *found)
{
    const char *text = found->text != NULL ? found->text : "out of memory\n";

    switch (found->end) {
    case SC_HUNT_PASSED:
        printf("%" PRIu32 " seed%s passed, %" PRIu64 " to %" PRIu64 ": %s\n", found->passed,
               found->passed == 1 ? "" : "s", hunt->options.run.one.seed,
               hunt->options.run.one.seed + hunt->options.seeds - 1, hunt->options.path);
        return CLI_OK;
    case SC_HUNT_FOUND:
        print_found(hunt->out != NULL ? stdout : stderr, hunt, found);
        return write_found(self, hunt, found);
    case SC_HUNT_UNSTEADY:
        fprintf(stderr, "s7rig %s: %s: seed %" PRIu64 " failed, and did not when it was run again: %s\n",
                self->name, hunt->options.path, found->seed, found->key);
        return CLI_UNSTEADY;
    case SC_HUNT_NO_SEARCH:
        fprintf(stderr,
                "s7rig %s: %s never says search {...}: what goes on while things break, and what must hold "
                "then, is the scenario's to say\n",
                self->name, hunt->options.path);
        return CLI_NOTHING;
    case SC_HUNT_NO_PARSE:
        fprintf(stderr, "%s", text);
        return CLI_PARSE;
    default:
        fprintf(stderr, "s7rig %s: %s", self->name, text);
        return CLI_ENVIRONMENT;
    }
}

int cli_hunt_run(const struct cli_command *self, struct cli_hunt *hunt, cli_hunt_fn *fn)
{
    struct sc_signals signals;
    struct sc_hunt found;
    int status = CLI_ENVIRONMENT;

    hunt->options.run.signals = &signals;
    hunt->options.run.out = stdout;
    sc_signals_hold(&signals);
    fn(&hunt->options, &found);
    if (found.end == SC_HUNT_INTERRUPTED)
        fprintf(stderr, "s7rig %s: ended by signal %d (%s) after %" PRIu32 " seeds that passed\n", self->name,
                signals.came, strsignal(signals.came), found.passed);
    else
        status = tell(self, hunt, &found);
    sc_hunt_free(&found);
    fflush(stdout);
    sc_signals_release(&signals);
    return status;
}
