#include "cli/cli.h"

#include "protocol/value.h"

#include <stdlib.h>
#include <string.h>

static bool is_number(s7_type type)
{
    enum s7_kind kind = s7_type_kind(type);

    return kind == S7_KIND_UINT || kind == S7_KIND_INT || kind == S7_KIND_FLOAT;
}

/* JSON has no dates, and no numbers for NaN, infinities and bytes that are no value: these are strings. */
static void print_plain(FILE *out, const struct s7_value *value, bool json)
{
    char text[64];

    s7_value_format(value, text, sizeof text);
    bool number = is_number(value->type) && !value->broken && strpbrk(text, "in") == NULL;
    fprintf(out, json && !number ? "\"%s\"" : "%s", text);
}

/* One value, or an array in brackets; both JSON if asked for. */
static void print_values(FILE *out, const s7_item *item, bool json)
{
    s7_address address = cli_item_address(item);

    bool array = item->address.count > 1;

    if (array)
        fputc('[', out);
    for (unsigned i = 0; i < item->address.count; i++) {
        struct s7_value value = s7_value_load(&address, item->data, i);

        if (i > 0)
            fputc(',', out);
        if (!s7_type_is_text(value.type))
            print_plain(out, &value, json);
        else if (json)
            cli_json_text(out, &value);
        else
            cli_print_text(out, &value, array);
    }
    if (array)
        fputc(']', out);
}

/* As a line has it, to be freed; NULL: out of memory. */
static char *values_text(const s7_item *item)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL)
        return NULL;
    print_values(out, item, false);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static void print_json(const s7_item *item)
{
    char address[S7_ADDRESS_TEXT_CAP];

    s7_address_format(&item->address, address, sizeof address);
    printf("{\"address\": \"%s\", \"status\": \"%s\"", address, s7_errname(item->status));
    if (item->status == S7_OK) {
        printf(", \"value\": ");
        print_values(stdout, item, true);
    } else {
        printf(", \"code\": %u, \"error\": \"%s\"", item->code, s7_strerror(item->status));
    }
    printf("}");
}

static void print_line(const struct cli_command *self, const s7_item *item)
{
    char address[S7_ADDRESS_TEXT_CAP];

    s7_address_format(&item->address, address, sizeof address);
    if (item->status != S7_OK) {
        fprintf(stderr, "s7rig %s: %s: %s\n", self->name, address, s7_strerror(item->status));
        return;
    }
    printf("%s = ", address);
    print_values(stdout, item, false);
    printf("\n");
}

static bool print_csv(const s7_item *item)
{
    char address[S7_ADDRESS_TEXT_CAP];
    char *text = item->status == S7_OK ? values_text(item) : NULL;

    if (item->status == S7_OK && text == NULL)
        return false;
    s7_address_format(&item->address, address, sizeof address);
    cli_csv_utf8(stdout, address);
    printf(",%s,", s7_errname(item->status));
    cli_csv_utf8(stdout, text != NULL ? text : "");
    printf(",%s\n", item->status == S7_OK ? "" : s7_strerror(item->status));
    free(text);
    return true;
}

/* ---- all values ---- */

static void print_lines(const struct cli_command *self, const s7_item *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        print_line(self, &items[i]);
}

static void print_array(const s7_item *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        printf(i > 0 ? ",\n " : "[");
        print_json(&items[i]);
    }
    printf("]\n");
}

static int print_table(const struct cli_command *self, const s7_item *items, size_t n)
{
    printf("address,status,value,error\n");
    for (size_t i = 0; i < n; i++)
        if (!print_csv(&items[i]))
            return cli_fail_nomem(self);
    return -1;
}

/* All or nothing: in bytes without names nobody would find the hole. */
static void print_raw(const struct cli_command *self, const s7_item *items, size_t n, bool whole)
{
    for (size_t i = 0; i < n; i++)
        if (whole)
            fwrite(items[i].data, 1, items[i].len, stdout);
        else if (items[i].status != S7_OK)
            print_line(self, &items[i]);
    if (!whole)
        fprintf(stderr, "s7rig %s: with --raw nothing is written unless all values were read\n", self->name);
}

/* Returns -1, or the exit status (said on stderr). */
static int print_all(const struct cli_command *self, const s7_item *items, size_t n, enum cli_format format,
                     bool whole)
{
    switch (format) {
    case CLI_JSON:
        print_array(items, n);
        return -1;
    case CLI_CSV:
        return print_table(self, items, n);
    case CLI_RAW:
        print_raw(self, items, n, whole);
        return -1;
    default:
        print_lines(self, items, n);
        return -1;
    }
}

static int read_items(const struct cli_command *self, s7_client *client, s7_item *items, size_t n,
                      enum cli_format format)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_status status = s7_read_multi(client, &(s7_ctx){.struct_size = sizeof(s7_ctx), .err = &err}, items, n);

    if (status != S7_OK && status != S7_E_PARTIAL)
        return cli_fail(self, status, &err);
    int printed = print_all(self, items, n, format, status == S7_OK);
    if (printed >= 0)
        return printed;
    if (status == S7_OK)
        return CLI_OK;
    if (err.hint[0] != '\0')
        fprintf(stderr, "s7rig %s: try: %s\n", self->name, err.hint);
    return CLI_FAILED;
}

/* Returns -1, or the exit status (said on stderr). */
static int parse(const struct cli_command *self, const char *text, s7_item *item)
{
    if (!cli_address(self, text, &item->address))
        return CLI_USAGE;
    item->len = s7_address_size(&item->address);
    item->data = calloc(1, item->len);
    return item->data != NULL ? -1 : cli_fail_nomem(self);
}

static int read_all(const struct cli_command *self, struct cli_connection *connection, const char *endpoint,
                    char **addresses, size_t n, enum cli_format format)
{
    s7_item *items = calloc(n, sizeof *items);
    s7_client *client;
    int status = -1;

    if (items == NULL)
        return cli_fail_nomem(self);
    for (size_t i = 0; i < n && status < 0; i++)
        status = parse(self, addresses[i], &items[i]);
    if (status < 0)
        status = cli_connect(self, connection, endpoint, &client);
    if (status < 0) {
        status = read_items(self, client, items, n, format);
        s7_client_free(client);
    }
    for (size_t i = 0; i < n; i++)
        free(items[i].data);
    free(items);
    return status;
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct cli_connection connection;
    enum cli_format format = CLI_TEXT;
    bool csv = false, raw = false;

    cli_connection_init(&connection);
    const struct cli_option options[] = {CLI_CONNECTION_OPTIONS(connection),
                                         {.name = "csv", .flag = &csv},
                                         {.name = "raw", .flag = &raw},
                                         {.name = NULL}};
    int status = cli_options(self, options, &argc, argv);
    if (status < 0)
        status = cli_one_format(self, connection.json, csv, raw, &format);
    if (status < 0 && raw)
        status = cli_raw_output(self);
    if (status >= 0)
        return status;
    int next;
    const char *endpoint = cli_endpoint(argc, argv, CLI_ADDRESSES, &next);
    if (endpoint == NULL || next >= argc)
        return cli_usage_error(self, "expected an endpoint and at least one address");
    return read_all(self, &connection, endpoint, argv + next, (size_t)(argc - next), format);
}

const struct cli_command cli_read = {
    .name = "read",
    .summary = "read values from a PLC, simulated or real",
    .usage = "ENDPOINT ADDRESS...",
    .help = "Reads all addresses in as few jobs as possible and prints one line each.\n"
            "\n" CLI_CONNECTION_HELP "  --csv           a table: address, status, value, error\n"
            "  --raw           the bytes as in the PLC, one value after the other and nothing else;\n"
            "                  not to a terminal, and only if all were read\n"
            "\n"
            "An address is DB1.DBX0.3, DB1.DBW2, DB1.DBD4:REAL, DB1.DBB10:STRING(20),\n"
            "DB1.DBW12:INT[3], DB1.DBB40:DTL, M10.3, MW4, IB0, T5, C2, or as nodes7 writes it:\n"
            "DB1,REAL4 DB1,X14.0 DB1,S20.10; s7rig(1) has all styles and types.\n"
            "\n"
            "Without ENDPOINT it is S7_ENDPOINT of the environment.\n"
            "\n"
            "Exit status: 0 all read, 1 the PLC refused some, 2 usage, 4 cannot connect.\n"
            "\n"
            "  s7rig read 127.0.0.1:10102 DB1.DBW0 DB1.DBD4:REAL\n"
            "  s7rig read 127.0.0.1:10102 --raw DB1.DBB0:BYTE[256] > db1.bin\n",
    .run = run,
};
