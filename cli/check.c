/* Do scenario files parse? Nothing is run. */
#include "cli/cli.h"

#include "scenarios/run.h"

/* Returns how many do not parse. */
static unsigned check_each(char *const *files, unsigned *n)
{
    unsigned wrong = 0;

    for (*n = 0; files[*n] != NULL; (*n)++) {
        struct sc_report report;

        sc_check_file(files[*n], &report);
        if (report.outcome != SC_PASSED) {
            printf("%s", report.text != NULL ? report.text : "out of memory\n");
            wrong++;
        }
        sc_report_free(&report);
    }
    return wrong;
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    const struct cli_option accepted[] = {{.name = NULL}};
    int status = cli_options(self, accepted, &argc, argv);
    char error[512];
    unsigned n;

    if (status >= 0)
        return status;
    if (argc < 2)
        return cli_usage_error(self, "which scenarios? Name files or folders");
    char **files = sc_find_files((const char *const *)argv + 1, (size_t)argc - 1, error, sizeof error);
    if (files == NULL) {
        fprintf(stderr, "s7rig %s: %s\n", self->name, error);
        return CLI_ENVIRONMENT;
    }
    unsigned wrong = check_each(files, &n);
    sc_free_files(files);
    if (n == 0) {
        fprintf(stderr, "s7rig %s: no scenario (*.lua) there\n", self->name);
        return CLI_NOTHING;
    }
    printf("%u of %u scenario%s parse%s\n", n - wrong, n, n == 1 ? "" : "s", n == 1 ? "s" : "");
    return wrong > 0 ? CLI_PARSE : CLI_OK;
}

const struct cli_command cli_check = {
    .name = "check",
    .summary = "do scenarios parse? Runs none of them",
    .usage = "FILE.lua|FOLDER...",
    .help = "Read scenarios as `s7rig run` would, and run none of them: for editors, and for\n"
            "hooks before a commit. What does not parse is told as FILE:LINE: and why.\n"
            "\n"
            "Exit status: 0 all parse, 2 usage, 3 one does not parse or cannot be read,\n"
            "4 no such file or folder, 5 no scenario there.\n",
    .run = run,
};
