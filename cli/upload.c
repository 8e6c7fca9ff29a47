#include "cli/block.h"
#include "cli/replace.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct asked {
    struct cli_connection connection;
    const char *endpoint;
    const char *file; /* NULL: to standard output */
    s7_block_type type;
    uint16_t number;
};

static bool write_file(const char *path, const uint8_t *bytes, size_t len)
{
    struct cli_replacement to;

    if (!cli_replace_begin(&to, path))
        return false;
    fwrite(bytes, 1, len, to.file);
    return cli_replace_end(&to, true);
}

static int hand_over(const struct cli_command *self, const struct asked *asked, const uint8_t *block,
                     size_t len)
{
    char name[BLOCK_NAME_CAP];

    if (asked->file == NULL) {
        fwrite(block, 1, len, stdout); /* what is lost shows when stdout is closed */
        return CLI_OK;
    }
    if (!write_file(asked->file, block, len)) {
        fprintf(stderr, "s7rig %s: cannot write %s: %s\n", self->name, asked->file, strerror(errno));
        return CLI_ENVIRONMENT;
    }
    block_text(asked->type, asked->number, name);
    if (!asked->connection.json) {
        printf("%s: %zu bytes to %s\n", name, len, asked->file);
        return CLI_OK;
    }
    printf("{\"block\": \"%s\", \"bytes\": %zu, \"file\": ", name, len);
    cli_json_utf8(stdout, asked->file);
    printf("}\n");
    return CLI_OK;
}

static int upload(const struct cli_command *self, s7_client *client, const struct asked *asked)
{
    static uint8_t block[BLOCK_FILE_CAP];
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    size_t len;
    s7_status status = s7_block_upload(client, &ctx, asked->type, asked->number, block, sizeof block, &len);

    if (status != S7_OK)
        return cli_fail_service(self, "let its blocks be uploaded", status, &err);
    return hand_over(self, asked, block, len);
}

/* Returns -1, or the exit status. */
static int take_operands(const struct cli_command *self, struct asked *asked, int argc, char **argv)
{
    int next;

    asked->endpoint = block_endpoint(argc, argv, true, &next);
    if (asked->endpoint == NULL || argc - next != 1)
        return cli_usage_error(self, "expected an endpoint and one block");
    if (!block_parse(argv[next], &asked->type, &asked->number))
        return cli_usage_error(self, "\"%s\" is no block: expected DB1, OB35, FC10, FB7 or SDB0", argv[next]);
    if (asked->file == NULL && asked->connection.json)
        return cli_usage_error(self, "--json tells of a file: say -o FILE as well");
    if (asked->file == NULL && isatty(STDOUT_FILENO))
        return cli_usage_error(
            self, "a block is not for a terminal: say -o FILE, or send it to a file or a program");
    return -1;
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct asked asked = {.file = NULL};
    s7_client *client;

    cli_connection_init(&asked.connection);
    const struct cli_option options[] = {CLI_CONNECTION_OPTIONS(asked.connection),
                                         {.name = "output", .letter = 'o', .text = &asked.file},
                                         {.name = NULL}};
    int status = cli_options(self, options, &argc, argv);
    if (status < 0)
        status = take_operands(self, &asked, argc, argv);
    if (status < 0)
        status = cli_connect(self, &asked.connection, asked.endpoint, &client);
    if (status >= 0)
        return status;
    status = upload(self, client, &asked);
    s7_client_free(client);
    return status;
}

const struct cli_command cli_upload = {
    .name = "upload",
    .summary = "fetch a block of a PLC into a file",
    .usage = "ENDPOINT BLOCK [-o FILE]",
    .help = "Fetches BLOCK (DB1, OB35, FC10, FB7, SDB0) whole, as the PLC keeps it: head, code\n"
            "or data, interface, foot. s7rig download gives it back.\n"
            "\n"
            "  -o, --output FILE  write it there; without it to standard output\n"
            "\n" CLI_CONNECTION_HELP "\n"
            "Without ENDPOINT it is S7_ENDPOINT of the environment.\n"
            "\n"
            "S7-1200, S7-1500 and protected CPUs do not let their blocks be uploaded.\n"
            "\n"
            "Exit status: 0 done, 1 the PLC refused, 2 usage, 4 cannot connect or write.\n"
            "\n"
            "  s7rig upload 's7://192.168.0.1?rack=0&slot=2' DB1 -o db1.mc7\n",
    .run = run,
};
