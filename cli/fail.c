/* Failures in words, and the exit status that fits each. */
#include "cli/cli.h"

#include "plant/plant.h"

int cli_exit_of(s7_status status)
{
    switch (status) {
    case S7_E_ARG:
    case S7_E_SYNTAX:
    case S7_E_CONVERT:
    case S7_E_UNSUPPORTED:
    case S7_E_GUARDED:
        return CLI_USAGE;
    case S7_E_PLANT_SCHEMA:
        return CLI_PARSE;
    default:
        /* S7_E_PLC and the item codes: the PLC answered, with a refusal */
        return status <= S7_E_PLC && status > S7_E_TOO_LARGE ? CLI_FAILED : CLI_ENVIRONMENT;
    }
}

int cli_fail(const struct cli_command *self, s7_status status, const s7_errinfo *err)
{
    char line[S7_ASKED_CAP + S7_CAME_CAP + S7_HINT_CAP + 32];

    s7_errinfo_format(err, line, sizeof line);
    fprintf(stderr, "s7rig %s: %s\n", self->name, line);
    return cli_exit_of(status);
}

int cli_fail_plant(const struct cli_command *self, const struct plant_error *error)
{
    fprintf(stderr, "s7rig %s: %s\n", self->name, error->text);
    return cli_exit_of(error->status);
}

int cli_fail_nomem(const struct cli_command *self)
{
    fprintf(stderr, "s7rig %s: out of memory\n", self->name);
    return CLI_ENVIRONMENT;
}
