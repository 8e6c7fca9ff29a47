#include "cli/block.h"

#include <errno.h>
#include <string.h>

struct asked {
    struct cli_connection connection;
    const char *endpoint, *file;
    const char *as; /* NULL: under its own number */
    bool typed, yes;
    const uint8_t *block;
    size_t len;
    s7_block_type type;
    uint16_t number;
};

/* ---- the file ---- */

/* Returns -1, or the exit status. */
static int read_file(const struct cli_command *self, struct asked *asked)
{
    static uint8_t block[BLOCK_FILE_CAP];

    errno = 0;
    FILE *file = fopen(asked->file, "rb");
    if (file != NULL)
        asked->len = fread(block, 1, sizeof block, file);
    bool good = file != NULL && !ferror(file);
    if (!good)
        fprintf(stderr, "s7rig %s: cannot read %s: %s\n", self->name, asked->file, strerror(errno));
    if (file != NULL)
        fclose(file);
    asked->block = block;
    return good ? -1 : CLI_ENVIRONMENT;
}

static int not_as(const struct cli_command *self, const struct asked *asked, s7_block_type type,
                  uint16_t number)
{
    char has[BLOCK_NAME_CAP];

    block_text(type, number, has);
    return cli_usage_error(self, "%s has %s, which cannot be loaded as %s: only the number may be another",
                           asked->file, has, asked->as);
}

/* What it is, and what it goes as. Returns -1, or the exit status. */
static int look_into(const struct cli_command *self, struct asked *asked)
{
    s7_block_head head = {.struct_size = sizeof head};
    s7_errinfo err = S7_ERRINFO_INIT;

    if (s7_block_head_get(asked->block, asked->len, &head, &err) != S7_OK) {
        fprintf(stderr, "s7rig %s: %s: %s\n", self->name, asked->file, err.came);
        return CLI_PARSE;
    }
    s7_block_type type = head.type;
    uint16_t number = head.number;
    if (asked->as != NULL && !block_parse(asked->as, &type, &number))
        return cli_usage_error(self, "--as takes a block such as DB7, got \"%s\"", asked->as);
    if (type != head.type)
        return not_as(self, asked, head.type, head.number);
    asked->type = type;
    asked->number = number;
    return -1;
}

/* ---- the command ---- */

static int download(const struct cli_command *self, s7_client *client, const struct asked *asked)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    char name[BLOCK_NAME_CAP];
    s7_status status = s7_block_download(client, &ctx, asked->type, asked->number, asked->block, asked->len);

    if (status != S7_OK)
        return cli_fail_service(self, "let blocks be downloaded", status, &err);
    block_text(asked->type, asked->number, name);
    printf(asked->connection.json ? "{\"block\": \"%s\", \"bytes\": %zu}\n" : "%s: %zu bytes, inserted\n",
           name, asked->len);
    return CLI_OK;
}

/* Returns -1, or the exit status. */
static int take_operands(const struct cli_command *self, struct asked *asked, int argc, char **argv)
{
    int next;

    asked->endpoint = block_endpoint(argc, argv, true, &next);
    if (asked->endpoint == NULL || argc - next != 1)
        return cli_usage_error(self, "expected an endpoint and one file");
    asked->file = argv[next];
    asked->typed = next == 2;
    return -1;
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct asked asked = {.as = NULL};
    s7_client *client;

    cli_connection_init(&asked.connection);
    asked.connection.options.allow_control = true;
    const struct cli_option options[] = {CLI_CONNECTION_OPTIONS(asked.connection),
                                         {.name = "as", .text = &asked.as},
                                         {.name = "yes", .flag = &asked.yes},
                                         {.name = NULL}};
    int status = cli_options(self, options, &argc, argv);
    if (status < 0)
        status = take_operands(self, &asked, argc, argv);
    if (status < 0)
        status = read_file(self, &asked);
    if (status < 0)
        status = look_into(self, &asked);
    if (status < 0)
        status = block_consent(self, asked.endpoint, asked.typed, asked.yes);
    if (status < 0)
        status = cli_connect(self, &asked.connection, asked.endpoint, &client);
    if (status >= 0)
        return status;
    status = download(self, client, &asked);
    s7_client_free(client);
    return status;
}

const struct cli_command cli_download = {
    .name = "download",
    .summary = "give a PLC a block from a file",
    .usage = "ENDPOINT FILE [--as BLOCK] [--yes]",
    .help = "Gives the PLC the block in FILE, as s7rig upload wrote it, and has it inserted in\n"
            "the place of the one it has. A DB begins with the values of the file.\n"
            "\n"
            "  --as BLOCK      under another number, as in --as DB7; of the same type\n" CLI_CONSENT_HELP
            "\n" CLI_CONNECTION_HELP "\n"
            "Without ENDPOINT it is S7_ENDPOINT of the environment, with --yes only.\n"
            "\n"
            "Exit status: 0 done, 1 the PLC refused, 2 usage, 3 FILE is no block, 4 cannot\n"
            "connect, the connection was lost, or the outcome is not known.\n"
            "\n"
            "  s7rig download 's7://192.168.0.1?rack=0&slot=2' db1.mc7 --yes\n",
    .run = run,
};
