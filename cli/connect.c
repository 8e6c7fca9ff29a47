#include "cli/cli.h"

#include <string.h>

void cli_connection_init(struct cli_connection *connection)
{
    *connection = (struct cli_connection){.type = "op"};
    s7_client_options_init(&connection->options);
    connection->rack = connection->options.rack;
    connection->slot = connection->options.slot;
    connection->timeout_ms = connection->options.request_ms;
    connection->pdu_len = connection->options.pdu_len;
}

static bool conn_type(const char *name, uint8_t *type)
{
    static const struct {
        const char *name;
        s7_conn_type type;
    } types[] = {{"pg", S7_CONN_PG}, {"op", S7_CONN_OP}, {"basic", S7_CONN_BASIC}};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, name) == 0) {
            *type = (uint8_t)types[i].type;
            return true;
        }
    return false;
}

int cli_connect(const struct cli_command *self, struct cli_connection *connection, const char *endpoint,
                s7_client **client)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_client_options *options = &connection->options;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = (int32_t)connection->timeout_ms, .err = &err};

    if (!conn_type(connection->type, &options->conn_type))
        return cli_usage_error(self, "--type takes pg, op or basic, got \"%s\"", connection->type);
    options->rack = (uint8_t)connection->rack;
    options->slot = (uint8_t)connection->slot;
    options->request_ms = connection->timeout_ms;
    options->pdu_len = (uint16_t)connection->pdu_len;
    s7_status status = s7_client_new(endpoint, options, client, &err);
    if (status != S7_OK)
        return cli_fail(self, status, &err);
    status = s7_client_connect(*client, &ctx);
    if (status != S7_OK) {
        s7_client_free(*client);
        return cli_fail(self, status, &err);
    }
    return -1;
}

/* The text again, with a mark under the character at `at`. */
static void point(const char *text, size_t at)
{
    fprintf(stderr, "  %s\n  ", text);
    for (size_t i = 0; i < at && text[i] != '\0'; i++)
        if (((unsigned char)text[i] & 0xC0) != 0x80) /* a character of many bytes is one column wide */
            fputc(text[i] == '\t' ? '\t' : ' ', stderr);
    fprintf(stderr, "^\n");
}

bool cli_address(const struct cli_command *self, const char *text, s7_address *address)
{
    s7_address_error error;

    if (s7_address_parse(text, address, &error) == S7_OK)
        return true;
    fprintf(stderr, "s7rig %s: wrong address: %s\n", self->name, error.text);
    point(text, error.at);
    return false;
}

s7_address cli_item_address(const s7_item *item)
{
    s7_address address = item->address;

    if (address.type == S7_TYPE_BOOL && address.count == 1)
        address.bit = 0;
    return address;
}
