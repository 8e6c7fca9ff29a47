#include "cli/block.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES_CAP 16384

struct asked {
    struct cli_connection connection;
    const char *endpoint;
    const char *deleted; /* NULL: nothing is deleted */
    bool named, yes;
    s7_block_type type; /* one block: of --delete, or whose details are asked for */
    uint16_t number;
};

/* ---- lists ---- */

static int by_number(const void *a, const void *b)
{
    return ((const s7_block_entry *)a)->number - ((const s7_block_entry *)b)->number;
}

/* " 1..3 7" */
static void print_ranges(const s7_block_entry *entries, size_t n)
{
    for (size_t i = 0, last; i < n; i = last + 1) {
        for (last = i; last + 1 < n && entries[last + 1].number <= entries[last].number + 1; last++)
            continue;
        printf(" %u", entries[i].number);
        if (last > i)
            printf("%s%u", last == i + 1 ? " " : "..", entries[last].number);
    }
}

static void print_numbers(const s7_block_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++)
        printf("%s%u", i > 0 ? ", " : "", entries[i].number);
}

static void print_list(const char *name, unsigned count, const s7_block_entry *entries, size_t n, bool json)
{
    if (json) {
        printf(",\n \"%s\": {\"count\": %u, \"numbers\": [", name, count);
        print_numbers(entries, n);
        printf("]}");
    } else {
        printf("%-4s %5u%s", name, count, n > 0 ? " " : "");
        print_ranges(entries, n);
        printf("\n");
    }
}

static s7_status list(s7_client *client, const s7_ctx *ctx, s7_block_type type, unsigned count, bool json)
{
    static s7_block_entry entries[ENTRIES_CAP];
    size_t n = 0;

    if (count > 0) {
        s7_status status = s7_blocks_list(client, ctx, type, entries, ENTRIES_CAP, &n);
        if (status != S7_OK)
            return status;
    }
    qsort(entries, n, sizeof entries[0], by_number);
    print_list(s7_block_type_name(type), count, entries, n, json);
    return S7_OK;
}

static s7_status list_all(s7_client *client, const s7_ctx *ctx, const s7_block_counts *c, bool json)
{
    const struct {
        s7_block_type type;
        unsigned count;
    } types[] = {{S7_BLOCK_OB, c->ob},   {S7_BLOCK_FB, c->fb},   {S7_BLOCK_FC, c->fc},  {S7_BLOCK_DB, c->db},
                 {S7_BLOCK_SDB, c->sdb}, {S7_BLOCK_SFC, c->sfc}, {S7_BLOCK_SFB, c->sfb}};
    s7_status status = S7_OK;

    for (size_t i = 0; i < sizeof types / sizeof types[0] && status == S7_OK; i++)
        status = list(client, ctx, types[i].type, types[i].count, json);
    return status;
}

/* What is there before a failure is told, and JSON stays whole. */
static s7_status tell_lists(s7_client *client, const s7_ctx *ctx, const struct asked *asked)
{
    s7_block_counts counts = {.struct_size = sizeof counts};
    s7_status status = s7_blocks_count(client, ctx, &counts);
    bool json = asked->connection.json;

    if (status != S7_OK)
        return status;
    if (json) {
        printf("{\"endpoint\": ");
        cli_json_utf8(stdout, asked->endpoint);
    }
    status = list_all(client, ctx, &counts, json);
    if (json)
        printf("}\n");
    return status;
}

/* ---- one block ---- */

static const char *language_of(uint8_t language)
{
    static const char *const names[] = {"?", "STL", "LAD", "FBD", "SCL", "DB", "GRAPH", "SDB"};

    return names[language < sizeof names / sizeof names[0] ? language : 0];
}

static void line(const char *name, const char *text)
{
    char utf8[CLI_LATIN1_CAP];

    if (text[0] == '\0')
        return;
    printf("%-13s ", name);
    cli_print_utf8(stdout, cli_latin1_utf8(text, utf8));
    printf("\n");
}

static void member(const char *name, const char *text)
{
    char utf8[CLI_LATIN1_CAP];

    printf(",\n \"%s\": ", name);
    cli_json_utf8(stdout, cli_latin1_utf8(text, utf8));
}

static void date(const s7_datetime *datetime, char text[CLI_DATETIME_CAP])
{
    text[0] = '\0';
    if (datetime->year != 0)
        cli_datetime_text(datetime, text);
}

/* What has a name and a text. */
static void print_texts(const s7_block_info *info, bool json)
{
    char code[CLI_DATETIME_CAP], interface[CLI_DATETIME_CAP];
    const struct {
        const char *name, *key, *text;
    } facts[] = {{"name", "name", info->name},
                 {"family", "family", info->family},
                 {"author", "author", info->author},
                 {"changed", "code_time", code},
                 {"interface", "interface_time", interface}};

    date(&info->code_time, code);
    date(&info->interface_time, interface);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        (json ? member : line)(json ? facts[i].key : facts[i].name, facts[i].text);
}

static void print_details(const struct asked *asked, const char *name, const s7_block_info *info)
{
    bool db = asked->type == S7_BLOCK_DB;

    printf("%-13s %s\n", "block", name);
    printf("%-13s %s\n", "language", language_of(info->language));
    printf("%-13s %u bytes\n", db ? "data" : "code", info->data_len);
    printf("%-13s %u bytes of load memory\n", "size", info->load_len);
    if (!db)
        printf("%-13s %u bytes\n", "local data", info->local_len);
    printf("%-13s %u.%u\n", "version", info->version >> 4, info->version & 15);
    printf("%-13s %04X\n", "checksum", info->checksum);
    printf("%-13s %s\n", "protection", info->protected_block ? "know-how protected" : "none");
    print_texts(info, false);
}

static void print_json(const struct asked *asked, const char *name, const s7_block_info *info)
{
    printf("{\"endpoint\": ");
    cli_json_utf8(stdout, asked->endpoint);
    printf(",\n \"block\": \"%s\",\n \"language\": \"%s\",\n \"data_len\": %u,\n \"load_len\": %u", name,
           language_of(info->language), info->data_len, info->load_len);
    printf(",\n \"local_len\": %u,\n \"version\": \"%u.%u\",\n \"checksum\": %u,\n \"protected\": %s",
           info->local_len, info->version >> 4, info->version & 15, info->checksum,
           info->protected_block ? "true" : "false");
    print_texts(info, true);
    printf("}\n");
}

static s7_status tell_one(s7_client *client, const s7_ctx *ctx, const struct asked *asked)
{
    s7_block_info info = {.struct_size = sizeof info};
    char name[BLOCK_NAME_CAP];
    s7_status status = s7_block_info_get(client, ctx, asked->type, asked->number, &info);

    block_text(asked->type, asked->number, name);
    if (status == S7_OK)
        (asked->connection.json ? print_json : print_details)(asked, name, &info);
    return status;
}

static s7_status take_away(s7_client *client, const s7_ctx *ctx, const struct asked *asked)
{
    char name[BLOCK_NAME_CAP];
    s7_status status = s7_block_delete(client, ctx, asked->type, asked->number);

    block_text(asked->type, asked->number, name);
    if (status == S7_OK)
        printf(asked->connection.json ? "{\"block\": \"%s\", \"deleted\": true}\n" : "%s is deleted\n", name);
    return status;
}

/* ---- the command ---- */

static int act(const struct cli_command *self, s7_client *client, const struct asked *asked)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    const char *what = "tell its blocks";
    s7_status status;

    if (asked->deleted != NULL) {
        what = "let its blocks be deleted";
        status = take_away(client, &ctx, asked);
    } else {
        status = (asked->named ? tell_one : tell_lists)(client, &ctx, asked);
    }
    return status == S7_OK ? CLI_OK : cli_fail_service(self, what, status, &err);
}

/* The operands. Returns -1, or the exit status. */
static int take_operands(const struct cli_command *self, struct asked *asked, int argc, char **argv)
{
    int next;
    bool alone = argc == 2 && block_parse(argv[1], &asked->type, &asked->number);

    asked->endpoint = block_endpoint(argc, argv, alone, &next);
    if (asked->endpoint == NULL || argc - next > (asked->deleted == NULL))
        return cli_usage_error(self, asked->deleted == NULL ? "expected an endpoint and at most one block"
                                                            : "expected one endpoint");
    asked->named = next < argc;
    const char *name = asked->named ? argv[next] : asked->deleted;
    if (name != NULL && !block_parse(name, &asked->type, &asked->number))
        return cli_usage_error(self, "\"%s\" is no block: expected DB1, OB35, FC10, FB7, SDB0, SFC1 or SFB4",
                               name);
    return asked->deleted != NULL ? block_consent(self, asked->endpoint, next == 2, asked->yes) : -1;
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct asked asked = {.deleted = NULL};
    s7_client *client;

    cli_connection_init(&asked.connection);
    const struct cli_option options[] = {CLI_CONNECTION_OPTIONS(asked.connection),
                                         {.name = "delete", .text = &asked.deleted},
                                         {.name = "yes", .flag = &asked.yes},
                                         {.name = NULL}};
    int status = cli_options(self, options, &argc, argv);
    if (status < 0)
        status = take_operands(self, &asked, argc, argv);
    if (status >= 0)
        return status;
    asked.connection.options.allow_control = asked.deleted != NULL;
    status = cli_connect(self, &asked.connection, asked.endpoint, &client);
    if (status >= 0)
        return status;
    status = act(self, client, &asked);
    s7_client_free(client);
    return status;
}

const struct cli_command cli_blocks = {
    .name = "blocks",
    .summary = "list the blocks of a PLC, tell of one, or delete it",
    .usage = "ENDPOINT [BLOCK | --delete BLOCK [--yes]]",
    .help = "Without BLOCK: how many blocks of each type the PLC has, and their numbers. With\n"
            "BLOCK (DB1, OB35, FC10, FB7, SDB0, SFC1, SFB4): what the PLC tells of it.\n"
            "\n"
            "  --delete BLOCK  delete it in the PLC\n" CLI_CONSENT_HELP "\n" CLI_CONNECTION_HELP "\n"
            "Without ENDPOINT it is S7_ENDPOINT of the environment; to delete, with --yes only.\n"
            "\n"
            "S7-1200 and S7-1500 do not tell their blocks: see s7rig scan.\n"
            "\n"
            "Exit status: 0 done, 1 the PLC refused, 2 usage, 4 cannot connect, or the answer\n"
            "did not come and the outcome is not known.\n"
            "\n"
            "  s7rig blocks 's7://192.168.0.1?rack=0&slot=2' DB1\n",
    .run = run,
};
