#include "cli/cli.h"

#include "protocol/value.h"

#include <stdlib.h>
#include <string.h>

/* One ADDRESS=VALUE of the command line. */
struct assignment {
    s7_address address;
    const char *value; /* as it was typed */
};

static int wrong_value(const struct cli_command *self, const struct assignment *assignment)
{
    const s7_address *address = &assignment->address;
    char text[S7_ADDRESS_TEXT_CAP];

    s7_address_format(address, text, sizeof text);
    return cli_usage_error(self, "%s takes %s%s, got \"%s\"", text, s7_type_range(address->type),
                           address->count > 1 ? ", as a list [a,b,...] of all elements" : "",
                           assignment->value);
}

/* A STRING is sent as its actual length and its characters: its maximum in front and what lies behind them
 * are none of our business. */
static void cut_string(s7_item *item)
{
    size_t unit = item->address.type == S7_TYPE_WSTRING ? 2 : 1;
    uint8_t *bytes = item->data;
    size_t actual = unit == 2 ? (size_t)bytes[2] << 8 | bytes[3] : bytes[1];

    item->len = unit + actual * unit;
    memmove(bytes, bytes + unit, item->len);
    item->address.byte += (uint32_t)unit;
    item->address.type = S7_TYPE_BYTE;
    item->address.string_cap = 0;
    item->address.count = (uint16_t)item->len;
}

static bool encode_value(const char *text, s7_item *item)
{
    s7_address own = cli_item_address(item);

    return s7_values_parse(&own, text, strlen(text), item->data) == S7_OK;
}

/* The assignment as an item with data of its own. Returns -1, or the exit status (said on stderr). */
static int encode(const struct cli_command *self, const struct assignment *assignment, s7_item *item)
{
    item->address = assignment->address;
    item->len = s7_address_size(&item->address);
    item->data = calloc(1, item->len);
    if (item->data == NULL)
        return cli_fail_nomem(self);
    if (!encode_value(assignment->value, item))
        return wrong_value(self, assignment);
    if (item->address.string_cap > 0 && item->address.count == 1)
        cut_string(item);
    return -1;
}

static int parse(const struct cli_command *self, char *text, struct assignment *assignment)
{
    char *equals = strchr(text, '=');

    if (equals == NULL)
        return cli_usage_error(self, "expected ADDRESS=VALUE, got \"%s\"", text);
    *equals = '\0';
    assignment->value = equals + 1;
    return cli_address(self, text, &assignment->address) ? -1 : CLI_USAGE;
}

static void report(const struct cli_command *self, const struct assignment *assignment, const s7_item *item,
                   bool json)
{
    char address[S7_ADDRESS_TEXT_CAP];

    s7_address_format(&assignment->address, address, sizeof address);
    if (json && item->status == S7_OK)
        printf("{\"address\": \"%s\", \"status\": \"S7_OK\"}", address);
    else if (json)
        printf("{\"address\": \"%s\", \"status\": \"%s\", \"code\": %u, \"error\": \"%s\"}", address,
               s7_errname(item->status), item->code, s7_strerror(item->status));
    else if (item->status == S7_OK)
        printf("%s = %s\n", address, assignment->value);
    else
        fprintf(stderr, "s7rig %s: %s: %s\n", self->name, address, s7_strerror(item->status));
}

static void report_all(const struct cli_command *self, const struct assignment *assignments,
                       const s7_item *items, size_t n, bool json)
{
    for (size_t i = 0; i < n; i++) {
        if (json)
            printf(i > 0 ? ",\n " : "[");
        report(self, &assignments[i], &items[i], json);
    }
    if (json)
        printf("]\n");
}

static int write_items(const struct cli_command *self, s7_client *client,
                       const struct assignment *assignments, s7_item *items, size_t n, bool json)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_status status =
        s7_write_multi(client, &(s7_ctx){.struct_size = sizeof(s7_ctx), .err = &err}, items, n);

    if (status != S7_OK && status != S7_E_PARTIAL)
        return cli_fail(self, status, &err);
    report_all(self, assignments, items, n, json);
    if (status == S7_OK)
        return CLI_OK;
    if (err.hint[0] != '\0')
        fprintf(stderr, "s7rig %s: try: %s\n", self->name, err.hint);
    return CLI_FAILED;
}

static int write_all(const struct cli_command *self, struct cli_connection *connection, const char *endpoint,
                     bool yes, char **texts, size_t n)
{
    struct assignment *assignments = calloc(n, sizeof *assignments);
    s7_item *items = calloc(n, sizeof *items);
    s7_client *client;
    int status = assignments != NULL && items != NULL ? -1 : cli_fail_nomem(self);

    for (size_t i = 0; i < n && status < 0; i++) {
        status = parse(self, texts[i], &assignments[i]);
        if (status < 0)
            status = encode(self, &assignments[i], &items[i]);
    }
    if (status < 0)
        status = cli_consent(self, endpoint, yes);
    if (status < 0)
        status = cli_connect(self, connection, endpoint, &client);
    if (status < 0) {
        status = write_items(self, client, assignments, items, n, connection->json);
        s7_client_free(client);
    }
    for (size_t i = 0; items != NULL && i < n; i++)
        free(items[i].data);
    free(items);
    free(assignments);
    return status;
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct cli_connection connection;
    bool yes = false;

    cli_connection_init(&connection);
    const struct cli_option options[] = {
        CLI_CONNECTION_OPTIONS(connection), {.name = "yes", .flag = &yes}, {.name = NULL}};
    int status = cli_options(self, options, &argc, argv);
    if (status >= 0)
        return status;
    int next;
    const char *endpoint = cli_endpoint(argc, argv, CLI_ASSIGNMENTS, &next);
    if (endpoint == NULL || next >= argc)
        return cli_usage_error(self, "expected an endpoint and at least one ADDRESS=VALUE");
    return write_all(self, &connection, endpoint, yes, argv + next, (size_t)(argc - next));
}

const struct cli_command cli_write = {
    .name = "write",
    .summary = "write values to a PLC, simulated or real",
    .usage = "ENDPOINT ADDRESS=VALUE... [--yes]",
    .help = "Writes all values in the order given, in as few jobs as possible.\n"
            "\n" CLI_CONNECTION_HELP CLI_CONSENT_HELP "\n"
            "Addresses are those of `s7rig read`. Values: 0 1 true false for BOOL; 42, -3,\n"
            "16#FF, 0xFF for whole numbers; 1.5 for REAL; text for CHAR and STRING, whose\n"
            "maximum length stays as it is; T#1h2m3s4ms or milliseconds for TIME, S5T#2m10s for\n"
            "S5TIME and timers, 2026-01-31 for DATE, 12:34:56.789 for TOD, 2026-01-31T12:34:56\n"
            "for DT, LDT and DTL; 16#... for the bytes of a date or time themselves; [1,2,3] or\n"
            "[\"a\",\"b\"] for arrays.\n"
            "\n"
            "Without ENDPOINT it is S7_ENDPOINT of the environment.\n"
            "\n"
            "Exit status: 0 all written, 1 the PLC refused some, 2 usage, 4 cannot connect or\n"
            "outcome unknown.\n"
            "\n"
            "  s7rig write 127.0.0.1:10102 DB1.DBW0=42 DB1.DBD4:REAL=1.5\n"
            "  s7rig write 127.0.0.1:10102 'DB1.DBB10:STRING(20)=Hello'\n",
    .run = run,
};
