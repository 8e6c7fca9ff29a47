#include "cli/cli.h"

#include <stdlib.h>

/* ---- one value ---- */

static void print_json(const struct cli_tag *tag, const s7_item *item)
{
    printf("{");
    if (tag->symbol != NULL) {
        printf("\"name\": ");
        cli_json_utf8(stdout, tag->symbol);
        printf(", ");
    }
    printf("\"address\": \"%s\", \"status\": \"%s\"", tag->text, s7_errname(item->status));
    if (item->status == S7_OK) {
        printf(", \"value\": ");
        cli_print_values(stdout, item, true);
    } else {
        printf(", \"code\": %u, \"error\": \"%s\"", item->code, s7_strerror(item->status));
    }
    printf("}");
}

static void print_line(const struct cli_command *self, const struct cli_tag *tag, const s7_item *item)
{
    if (item->status != S7_OK) {
        fprintf(stderr, "s7rig %s: ", self->name);
        cli_print_utf8(stderr, cli_tag_name(tag));
        fprintf(stderr, ": %s\n", s7_strerror(item->status));
        return;
    }
    cli_print_utf8(stdout, cli_tag_name(tag));
    printf(" = ");
    cli_print_values(stdout, item, false);
    printf("\n");
}

static bool print_csv(const struct cli_tag *tag, const s7_item *item)
{
    char *text = item->status == S7_OK ? cli_values_text(item) : NULL;

    if (item->status == S7_OK && text == NULL)
        return false;
    cli_csv_utf8(stdout, cli_tag_name(tag));
    printf(",%s,", s7_errname(item->status));
    cli_csv_utf8(stdout, text != NULL ? text : "");
    printf(",%s\n", item->status == S7_OK ? "" : s7_strerror(item->status));
    free(text);
    return true;
}

/* ---- all values ---- */

/* What was asked for on the command line. */
struct reading {
    struct cli_connection connection;
    enum cli_format format;
    const char *symbols;
    struct cli_tag *tags;
    s7_item *items;
    size_t n;
};

static void print_lines(const struct cli_command *self, const struct reading *reading)
{
    for (size_t i = 0; i < reading->n; i++)
        print_line(self, &reading->tags[i], &reading->items[i]);
}

static void print_array(const struct reading *reading)
{
    for (size_t i = 0; i < reading->n; i++) {
        printf(i > 0 ? ",\n " : "[");
        print_json(&reading->tags[i], &reading->items[i]);
    }
    printf("]\n");
}

static int print_table(const struct cli_command *self, const struct reading *reading)
{
    printf("tag,status,value,error\n");
    for (size_t i = 0; i < reading->n; i++)
        if (!print_csv(&reading->tags[i], &reading->items[i]))
            return cli_fail_nomem(self);
    return -1;
}

/* All or nothing: in bytes without names nobody would find the hole. */
static void print_raw(const struct cli_command *self, const struct reading *reading, bool whole)
{
    for (size_t i = 0; i < reading->n; i++) {
        const s7_item *item = &reading->items[i];

        if (whole)
            fwrite(item->data, 1, item->len, stdout);
        else if (item->status != S7_OK)
            print_line(self, &reading->tags[i], item);
    }
    if (!whole)
        fprintf(stderr, "s7rig %s: with --raw nothing is written unless all values were read\n", self->name);
}

/* Returns -1, or the exit status (said on stderr). */
static int print_all(const struct cli_command *self, const struct reading *reading, bool whole)
{
    switch (reading->format) {
    case CLI_JSON:
        print_array(reading);
        return -1;
    case CLI_CSV:
        return print_table(self, reading);
    case CLI_RAW:
        print_raw(self, reading, whole);
        return -1;
    default:
        print_lines(self, reading);
        return -1;
    }
}

static int read_items(const struct cli_command *self, s7_client *client, const struct reading *reading)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    s7_status status = s7_read_multi(client, &ctx, reading->items, reading->n);

    if (status != S7_OK && status != S7_E_PARTIAL)
        return cli_fail(self, status, &err);
    int printed = print_all(self, reading, status == S7_OK);
    if (printed >= 0)
        return printed;
    if (status == S7_OK)
        return CLI_OK;
    if (err.hint[0] != '\0')
        fprintf(stderr, "s7rig %s: try: %s\n", self->name, err.hint);
    return CLI_FAILED;
}

/* Returns -1, or the exit status (said on stderr). */
static int make_items(const struct cli_command *self, struct reading *reading)
{
    reading->items = calloc(reading->n, sizeof *reading->items);
    if (reading->items == NULL)
        return cli_fail_nomem(self);
    for (size_t i = 0; i < reading->n; i++) {
        s7_item *item = &reading->items[i];

        item->address = reading->tags[i].address;
        item->len = s7_address_size(&item->address);
        item->data = calloc(1, item->len);
        if (item->data == NULL)
            return cli_fail_nomem(self);
    }
    return -1;
}

static int read_all(const struct cli_command *self, struct reading *reading, const char *endpoint,
                    char **texts)
{
    s7_client *client;
    int status = cli_tags(self, reading->symbols, texts, reading->n, &reading->tags);

    if (status < 0)
        status = make_items(self, reading);
    if (status < 0)
        status = cli_connect(self, &reading->connection, endpoint, &client);
    if (status < 0) {
        status = read_items(self, client, reading);
        s7_client_free(client);
    }
    for (size_t i = 0; reading->items != NULL && i < reading->n; i++)
        free(reading->items[i].data);
    free(reading->items);
    free(reading->tags);
    return status;
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct reading reading = {.format = CLI_TEXT};
    bool csv = false, raw = false;

    cli_connection_init(&reading.connection);
    const struct cli_option options[] = {CLI_CONNECTION_OPTIONS(reading.connection),
                                         {.name = "csv", .flag = &csv},
                                         {.name = "raw", .flag = &raw},
                                         {.name = "symbols", .text = &reading.symbols},
                                         {.name = NULL}};
    int status = cli_options(self, options, &argc, argv);
    if (status < 0)
        status = cli_one_format(self, reading.connection.json, csv, raw, &reading.format);
    if (status < 0 && raw)
        status = cli_raw_output(self);
    if (status >= 0)
        return status;
    int next;
    const char *endpoint = cli_endpoint(argc, argv, CLI_ADDRESSES, &next);
    if (endpoint == NULL || next >= argc)
        return cli_usage_error(self, "expected an endpoint and at least one address");
    reading.n = (size_t)(argc - next);
    return read_all(self, &reading, endpoint, argv + next);
}

const struct cli_command cli_read = {
    .name = "read",
    .summary = "read values from a PLC, simulated or real",
    .usage = "ENDPOINT ADDRESS...",
    .help = "Reads all addresses in as few jobs as possible and prints one line each.\n"
            "\n" CLI_CONNECTION_HELP "  --csv           a table: address, status, value, error\n"
            "  --raw           the bytes as in the PLC, one value after the other and nothing else;\n"
            "                  not to a terminal, and only if all were read\n" CLI_SYMBOLS_HELP "\n"
            "An address is DB1.DBX0.3, DB1.DBW2, DB1.DBD4:REAL, DB1.DBB10:STRING(20),\n"
            "DB1.DBW12:INT[3], DB1.DBB40:DTL, M10.3, MW4, IB0, T5, C2, or as nodes7 writes it:\n"
            "DB1,REAL4 DB1,X14.0 DB1,S20.10; s7rig(1) has all styles and types.\n"
            "\n"
            "With --symbols a name of the file stands for its address.\n"
            "\n"
            "Without ENDPOINT it is S7_ENDPOINT of the environment.\n"
            "\n"
            "Exit status: 0 all read, 1 the PLC refused some, 2 usage, 3 not a\n"
            "file of symbols, 4 cannot connect.\n"
            "\n"
            "  s7rig read 127.0.0.1:10102 DB1.DBW0 DB1.DBD4:REAL\n"
            "  s7rig read 127.0.0.1:10102 --symbols line.csv Motor1.Speed\n"
            "  s7rig read 127.0.0.1:10102 --raw DB1.DBB0:BYTE[256] > db1.bin\n",
    .run = run,
};
