/* The catalogue of faults, as the code has it. */
#include "cli/cli.h"

#include "protocol/nearest.h"
#include "simulator/fault.h"

#include <string.h>

#define COLUMN 28 /* where what a parameter does begins */
#define WIDTH  100

/* Words from column at on, further lines from COLUMN on. */
static void print_wrapped(const char *text, size_t at)
{
    while (*text != '\0') {
        size_t len = strcspn(text, " ");

        if (at > COLUMN && at + 1 + len > WIDTH) {
            printf("\n%*s", COLUMN, "");
            at = COLUMN;
        } else if (at > COLUMN) {
            putchar(' ');
            at++;
        }
        printf("%.*s", (int)len, text);
        at += len;
        text += len + (text[len] == ' ');
    }
    printf("\n");
}

static void print_params(const struct sim_fault_param *params)
{
    for (; params->name != NULL; params++) {
        char text[400];
        int used = printf("    %s%s%s", params->name, params->takes != NULL ? "=" : "",
                          params->takes != NULL ? params->takes : "");

        if (used < COLUMN)
            printf("%*s", COLUMN - used, "");
        else
            printf("\n%*s", COLUMN, "");
        if (params->preset == NULL)
            snprintf(text, sizeof text, "%s (required)", params->help);
        else
            snprintf(text, sizeof text, params->preset[0] != '\0' ? "%s [%s]" : "%s", params->help,
                     params->preset);
        print_wrapped(text, COLUMN);
    }
}

static void print_kind(const struct sim_fault_kind *kind)
{
    printf("%s   (%s)\n  %s\n  in the field: %s\n", kind->name, kind->level, kind->help, kind->field);
    print_params(kind->params);
    printf("\n");
}

static int print_one(const struct cli_command *self, const struct sim_fault_kind *kinds, size_t n,
                     const char *name)
{
    struct s7_nearest nearest = {.word = name};

    for (size_t i = 0; i < n; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            print_kind(&kinds[i]);
            return CLI_OK;
        }
        s7_nearest_try(&nearest, kinds[i].name);
    }
    if (nearest.best != NULL)
        return cli_usage_error(self, "no such fault: %s; did you mean %s?", name, nearest.best);
    char known[400];
    size_t used = 0;
    for (size_t i = 0; i < n && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", kinds[i].name);
    return cli_usage_error(self, "no such fault: %s; there are %s", name, known);
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    const struct sim_fault_kind *kinds;
    size_t n = sim_fault_kinds(&kinds);
    const struct cli_option accepted[] = {{.name = NULL}};
    int status = cli_options(self, accepted, &argc, argv);

    if (status >= 0)
        return status;
    if (argc > 2)
        return cli_usage_error(self, "one fault, or none for all");
    if (argc == 2)
        return print_one(self, kinds, n, argv[1]);
    for (size_t i = 0; i < n; i++)
        print_kind(&kinds[i]);
    printf("Every fault takes these as well, to say what it matches and when it fires\n"
           "(refuse acts on the listener and takes from, to and optional only):\n");
    print_params(sim_fault_common());
    return CLI_OK;
}

const struct cli_command cli_faults = {
    .name = "faults",
    .summary = "the catalogue of faults and their parameters",
    .usage = "[FAULT]",
    .help = "Print what can be broken in a simulated PLC. The same words work in a scenario,\n"
            "  plc:fault(\"slow\", \"fn=read time=2s count=3\")\n"
            "and as a row of the plant file while it is served:\n"
            "  INSERT INTO fault (name, args) VALUES ('slow', 'fn=read time=2s count=3');\n",
    .run = run,
};
