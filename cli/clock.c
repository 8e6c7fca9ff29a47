#include "cli/cli.h"

#include <s7rig/services.h>

#include <string.h>

struct asked {
    struct cli_connection connection;
    const char *set; /* NULL: only read */
    bool yes;
};

/* "now" is taken when the PLC is connected. */
static bool set_to(const struct asked *asked, s7_datetime *datetime)
{
    return strcmp(asked->set, "now") == 0 ? cli_datetime_now(datetime)
                                          : cli_datetime_parse(asked->set, datetime);
}

static void print(const s7_datetime *datetime, bool json)
{
    static const char *const days[] = {"?", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    char text[CLI_DATETIME_CAP];

    cli_datetime_text(datetime, text);
    if (json)
        printf("{\"clock\": \"%s\", \"weekday\": %u}\n", text, datetime->weekday);
    else
        printf("%s %s\n", text, days[datetime->weekday < 8 ? datetime->weekday : 0]);
}

static int set_and_read(const struct cli_command *self, s7_client *client, const struct asked *asked)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    s7_datetime datetime = {0};
    s7_status status = S7_OK;

    if (asked->set != NULL && !set_to(asked, &datetime))
        return cli_usage_error(self, "this machine's time is none that a PLC can keep");
    if (asked->set != NULL)
        status = s7_clock_set(client, &ctx, &datetime);
    if (status == S7_OK)
        status = s7_clock_get(client, &ctx, &datetime);
    if (status != S7_OK)
        return cli_fail_service(self, asked->set != NULL ? "let its clock be set" : "tell its clock", status,
                                &err);
    print(&datetime, asked->connection.json);
    return CLI_OK;
}

/* Returns -1, or the exit status (said on stderr). */
static int check(const struct cli_command *self, const struct asked *asked, const char *endpoint)
{
    s7_datetime datetime;

    if (asked->set == NULL)
        return -1;
    if (!set_to(asked, &datetime))
        return cli_usage_error(self, "--set takes now or a time like \"2026-11-24 19:03:25\", got \"%s\"",
                               asked->set);
    return cli_consent(self, endpoint, asked->yes);
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct asked asked = {.set = NULL};
    s7_client *client;

    cli_connection_init(&asked.connection);
    const struct cli_option options[] = {CLI_CONNECTION_OPTIONS(asked.connection),
                                         {.name = "set", .text = &asked.set},
                                         {.name = "yes", .flag = &asked.yes},
                                         {.name = NULL}};
    int status = cli_options(self, options, &argc, argv);
    if (status >= 0)
        return status;
    int next;
    const char *endpoint = cli_endpoint(argc, argv, CLI_NOTHING_MORE, &next);
    if (endpoint == NULL || next != argc)
        return cli_usage_error(self, "expected one endpoint");
    status = check(self, &asked, endpoint);
    if (status >= 0)
        return status;
    asked.connection.options.allow_control = asked.set != NULL;
    status = cli_connect(self, &asked.connection, endpoint, &client);
    if (status >= 0)
        return status;
    status = set_and_read(self, client, &asked);
    s7_client_free(client);
    return status;
}

const struct cli_command cli_clock = {
    .name = "clock",
    .summary = "read or set the clock of a PLC",
    .usage = "ENDPOINT [--set now|TIME [--yes]]",
    .help = "Prints the PLC's clock, after setting it if asked to.\n"
            "\n"
            "  --set now       to this machine's local time\n"
            "  --set TIME      to \"2026-11-24 19:03:25\", a date of 1990..2089\n" CLI_CONSENT_HELP
            "\n" CLI_CONNECTION_HELP "\n"
            "Without ENDPOINT it is S7_ENDPOINT of the environment.\n"
            "\n"
            "Exit status: 0 done, 1 the PLC refused, 2 usage, 4 cannot connect.\n"
            "\n"
            "  s7rig clock 's7://192.168.0.1?rack=0&slot=2' --set now --yes\n",
    .run = run,
};
