#include "cli/hunt.h"

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct cli_hunt hunt = CLI_HUNT_INIT;
    uint32_t seeds = 100;
    const struct cli_option accepted[] = {{.name = "seeds", .number = &seeds, .min = 1, .max = 1000000000},
                                          {.name = "seed", .text = &hunt.seed},
                                          {.name = "jobs", .letter = 'j', .text = &hunt.jobs},
                                          {.name = "out", .letter = 'o', .text = &hunt.out},
                                          {.name = NULL}};
    int status = cli_options(self, accepted, &argc, argv);

    if (status < 0)
        status = cli_hunt_check(self, &hunt, argc, argv);
    if (status >= 0)
        return status;
    hunt.options.seeds = seeds;
    return cli_hunt_run(self, &hunt, sc_hunt_seeds);
}

const struct cli_command cli_search = {
    .name = "search",
    .summary = "break a scenario in ways that nobody thought of, shrink what fails",
    .usage = "[OPTION...] FILE.lua",
    .help = "Run a scenario that says search {...} (docs/scenarios.md) again and again in\n"
            "virtual time. Each seed draws a schedule of faults, which are on for a while and\n"
            "then off; what must hold meanwhile and afterwards is checked after every event.\n"
            "The first seed that fails is shrunk: the shortest list of faults that still fails\n"
            "in the same way is written before the scenario's text, as a scenario that\n"
            "`s7rig run` repeats. The same seeds give the same output.\n"
            "\n"
            "  --seeds N       how many seeds (100)\n"
            "  --seed N        the first of them (1)\n"
            "  -o, --out FILE  what was found goes there, and its report to standard output;\n"
            "                  without it the scenario goes to standard output, the report to\n"
            "                  standard error\n"
            "  -j, --jobs N    N at a time (1); auto, or 0: one per processor. The outcome is\n"
            "                  the same\n"
            "\n"
            "Exit status: 0 all seeds passed, 1 one failed, 2 usage, 3 the file is no Lua or\n"
            "cannot be read, 4 no memory, or FILE cannot be written, 5 the scenario says no\n"
            "search, 6 a seed failed and then did not.\n",
    .run = run,
};
