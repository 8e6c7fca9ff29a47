#include "cli/hunt.h"

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct cli_hunt hunt = CLI_HUNT_INIT;
    const struct cli_option accepted[] = {
        {.name = "seed", .text = &hunt.seed},
        {.name = "runs", .number = &hunt.options.max_runs, .min = 1, .max = 1000000},
        {.name = "out", .letter = 'o', .text = &hunt.out},
        {.name = NULL}};
    int status = cli_options(self, accepted, &argc, argv);

    if (status < 0)
        status = cli_hunt_check(self, &hunt, argc, argv);
    if (status >= 0)
        return status;
    hunt.options.run.one.own_seed = hunt.seed == NULL;
    return cli_hunt_run(self, &hunt, sc_hunt_again);
}

const struct cli_command cli_shrink = {
    .name = "shrink",
    .summary = "the shortest list of faults with which a scenario still fails",
    .usage = "[OPTION...] FILE.lua",
    .help = "Shrink what fails: the faults of the scenario's own replay {...}, as `s7rig search`\n"
            "wrote it or with your changes, or, where it has none, those that its search {...}\n"
            "draws with --seed. Faults go first, then words, then numbers become small, as long\n"
            "as the scenario fails in the same way. The result is written as `s7rig search`\n"
            "writes it.\n"
            "\n"
            "  --seed N        the seed (that of the replay {...}, or 1)\n"
            "  --runs N        run it so many times at most (500)\n"
            "  -o, --out FILE  the result goes there, its report to standard output; without it\n"
            "                  the scenario goes to standard output, the report to standard error\n"
            "\n"
            "Exit status: 0 it does not fail, there is nothing to shrink; 1 it fails, and what is\n"
            "left was written; 2 to 6 as `s7rig search`.\n",
    .run = run,
};
