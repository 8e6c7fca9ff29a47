#include "cli/cli.h"

#include "cli/memory.h"
#include "client/settings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void cli_connection_init(struct cli_connection *connection)
{
    static const char *const types[] = {"?", "pg", "op", "basic"};

    *connection = (struct cli_connection){.env_err = S7_ERRINFO_INIT};
    s7_client_options_init(&connection->options);
    connection->env_status = s7_options_from_env(&connection->options, &connection->env_err);
    connection->type = types[connection->options.conn_type];
    connection->rack = connection->options.rack;
    connection->slot = connection->options.slot;
    connection->timeout_ms = connection->options.request_ms;
    connection->pdu_len = connection->options.pdu_len;
}

/* "s7://..." may have = in it, and no address has a colon before its type. */
static bool is_no_endpoint(const char *text, enum cli_operands operands)
{
    s7_address address;
    s7_address_error error;
    struct memory memory;

    if (strncasecmp(text, "s7://", 5) == 0)
        return false;
    if (operands == CLI_MEMORY)
        return memory_parse(text, &memory, &error);
    return (operands == CLI_ASSIGNMENTS && strchr(text, '=') != NULL) ||
           (operands == CLI_ADDRESSES && s7_address_parse(text, &address, NULL) != S7_E_SYNTAX);
}

const char *cli_endpoint(int argc, char **argv, enum cli_operands operands, int *next)
{
    const char *env = getenv("S7_ENDPOINT");

    *next = 1;
    if (env != NULL && *env != '\0' && (argc < 2 || is_no_endpoint(argv[1], operands)))
        return env;
    *next = 2;
    return argc < 2 ? NULL : argv[1];
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

/* The options of the command line into those of the client. Returns -1, or the exit status (said on stderr).
 */
static int take_options(const struct cli_command *self, struct cli_connection *connection)
{
    s7_client_options *options = &connection->options;
    uint8_t type = options->conn_type;

    if (connection->env_status != S7_OK)
        return cli_fail(self, connection->env_status, &connection->env_err);
    if (!conn_type(connection->type, &type))
        return cli_usage_error(self, "--type takes pg, op or basic, got \"%s\"", connection->type);
    if (type != options->conn_type || connection->rack != options->rack || connection->slot != options->slot)
        options->remote_tsap = 0; /* of the environment: what is asked for here wins */
    options->conn_type = type;
    options->rack = (uint8_t)connection->rack;
    options->slot = (uint8_t)connection->slot;
    options->request_ms = connection->timeout_ms;
    options->pdu_len = (uint16_t)connection->pdu_len;
    return -1;
}

int cli_client(const struct cli_command *self, struct cli_connection *connection, const char *endpoint,
               s7_client **client)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    int taken = take_options(self, connection);

    if (taken >= 0)
        return taken;
    s7_status status = s7_client_new(endpoint, &connection->options, client, &err);
    return status == S7_OK ? -1 : cli_fail(self, status, &err);
}

int cli_settings(const struct cli_command *self, struct cli_connection *connection, const char *endpoint,
                 struct s7_settings *settings)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    int taken = take_options(self, connection);

    if (taken >= 0)
        return taken;
    s7_status status = s7_settings_make(endpoint, &connection->options, settings, &err);
    return status == S7_OK ? -1 : cli_fail(self, status, &err);
}

int cli_connect(const struct cli_command *self, struct cli_connection *connection, const char *endpoint,
                s7_client **client)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = (int32_t)connection->timeout_ms, .err = &err};
    int made = cli_client(self, connection, endpoint, client);

    if (made >= 0)
        return made;
    s7_status status = s7_client_connect(*client, &ctx);
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

void cli_wrong_address(const struct cli_command *self, const char *text, const s7_address_error *error)
{
    fprintf(stderr, "s7rig %s: wrong address: %s\n", self->name, error->text);
    point(text, error->at);
}

bool cli_address(const struct cli_command *self, const char *text, s7_address *address)
{
    s7_address_error error;

    if (s7_address_parse(text, address, &error) == S7_OK)
        return true;
    cli_wrong_address(self, text, &error);
    return false;
}
