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
        return cli_fail_service(self, stop ? "let itself be stopped" : "let itself be started", status, &err);
    if (asked->connection.json)
        printf("{\"status\": \"%s\"}\n", s7_errname(status));
    else
        printf("the PLC %s\n", stop ? "goes to STOP" : "starts");
    return CLI_OK;
}

/* An endpoint that nobody typed is acted on only when somebody says so. Returns -1, or the exit status. */
static int consent(const struct cli_command *self, const char *endpoint, bool typed, bool yes)
{
    if (!typed && !yes)
        return cli_usage_error(
            self, "this changes the PLC of S7_ENDPOINT, %s: name it, or say --yes if that is meant",
            endpoint);
    return cli_consent(self, endpoint, yes);
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
    int next;
    const char *endpoint = cli_endpoint(argc, argv, CLI_NOTHING_MORE, &next);
    if (endpoint == NULL || next != argc)
        return cli_usage_error(self, "expected one endpoint");
    status = consent(self, endpoint, next == 2, asked.yes);
    if (status < 0)
        status = cli_connect(self, &asked.connection, endpoint, &client);
    if (status >= 0)
        return status;
    status = act_and_tell(self, client, &asked, stop);
    s7_client_free(client);
    return status;
}

#define EXIT_HELP                                                                                            \
    "\n"                                                                                                     \
    "Without ENDPOINT it is S7_ENDPOINT of the environment, with --yes only.\n"                              \
    "\n"                                                                                                     \
    "Exit status: 0 done, 1 the PLC refused, 2 usage, 4 cannot connect, or the answer\n"                     \
    "did not come and the outcome is not known.\n"

const struct cli_command cli_start = {
    .name = "start",
    .summary = "start a PLC",
    .usage = "ENDPOINT [--cold] [--yes]",
    .help = "Asks the CPU to go to RUN: warm restart, retentive data stay.\n"
            "\n"
            "  --cold          cold restart: everything begins with its initial value\n" CLI_CONSENT_HELP
            "\n" CLI_CONNECTION_HELP EXIT_HELP,
    .run = run,
};

const struct cli_command cli_stop = {
    .name = "stop",
    .summary = "stop a PLC",
    .usage = "ENDPOINT [--yes]",
    .help = "Asks the CPU to go to STOP.\n"
            "\n" CLI_CONSENT_HELP "\n" CLI_CONNECTION_HELP EXIT_HELP,
    .run = run,
};
