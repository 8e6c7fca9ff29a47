/* hunt.h - what `search` and `shrink` share: their options, and telling what was found. */
#ifndef CLI_HUNT_H
#define CLI_HUNT_H

#include "cli/cli.h"

#include "scenarios/hunt.h"

struct cli_hunt {
    const char *seed, *jobs, *out; /* as given; out NULL: standard output */
    struct sc_hunt_options options;
};

#define CLI_HUNT_INIT                                                                                        \
    {                                                                                                        \
        .jobs = "1", .options = {.run = {.one = {.scale = 1}}, .seeds = 1, .max_runs = 500 }                 \
    }

/* One file, and the options that are texts. Returns -1, or the exit status (said on stderr). */
int cli_hunt_check(const struct cli_command *self, struct cli_hunt *hunt, int argc, char **argv);

typedef void cli_hunt_fn(const struct sc_hunt_options *options, struct sc_hunt *hunt);

/* Hunt, tell, and write what was found. Returns the exit status; a signal that came ends the process. */
int cli_hunt_run(const struct cli_command *self, struct cli_hunt *hunt, cli_hunt_fn *fn);

#endif
