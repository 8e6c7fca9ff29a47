#include "cli/cli.h"

#include <s7rig/services.h>

#include <string.h>

struct asked {
    struct cli_connection connection;
    bool yes, cold;
};

static s7_status act(s7_client *client, const s7_ctx *ctx, bool stop, bool cold)
{
    if (stop)
        return s7_plc_stop(client, ctx);
    return cold ? s7_plc_start_cold(client, ctx) : s7_plc_start_warm(client, ctx);
}

static int act_and_tell(const struct cli_command *self, s7_client *client, const struct asked *asked,
                        bool stop)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_status status = act(client, &(s7_ctx){.struct_size = sizeof(s7_ctx), .err = &err}, stop, asked->cold);

    if (status != S7_OK)
        return cli_fail(self, status, &err);
    if (asked->connection.json)
        printf("{\"status\": \"%s\"}\n", s7_errname(status));
    else
        printf("the PLC %s\n", stop ? "goes to STOP" : "starts");
    return CLI_OK;
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    bool stop = strcmp(self->name, "stop") == 0;
    struct asked asked = {.yes = false};
    s7_client *client;

    cli_connection_init(&asked.connection);
    asked.connection.options.allow_control = true;
    const struct cli_option options[] = {CLI_CONNECTION_OPTIONS(asked.connection),
                                         {.name = "yes", .flag = &asked.yes},
                                         {.name = stop ? NULL : "cold", .flag = &asked.cold},
                                         {.name = NULL}};
    int status = cli_options(self, options, &argc, argv);
    if (status >= 0)
        return status;
    if (argc != 2)
        return cli_usage_error(self, "expected one endpoint");
    if (!asked.yes)
        return cli_usage_error(self, "this changes what the PLC does: say --yes if that is meant");
    status = cli_connect(self, &asked.connection, argv[1], &client);
    if (status >= 0)
        return status;
    status = act_and_tell(self, client, &asked, stop);
    s7_client_free(client);
    return status;
}

#define EXIT_HELP                                                                                            \
    "\n"                                                                                                     \
    "Exit status: 0 done, 1 the PLC refused, 2 usage, 4 cannot connect, or the answer\n"                     \
    "did not come and the outcome is not known.\n"

const struct cli_command cli_start = {
    .name = "start",
    .summary = "start a PLC",
    .usage = "ENDPOINT --yes [--cold]",
    .help = "Asks the CPU to go to RUN: warm restart, retentive data stay.\n"
            "\n"
            "  --cold          cold restart: everything begins with its initial value\n"
            "  --yes           yes, change the PLC\n"
            "\n" CLI_CONNECTION_HELP EXIT_HELP,
    .run = run,
};

const struct cli_command cli_stop = {
    .name = "stop",
    .summary = "stop a PLC",
    .usage = "ENDPOINT --yes",
    .help = "Asks the CPU to go to STOP.\n"
            "\n"
            "  --yes           yes, change the PLC\n"
            "\n" CLI_CONNECTION_HELP EXIT_HELP,
    .run = run,
};
