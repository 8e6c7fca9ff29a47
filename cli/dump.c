#include "cli/cli.h"

#include "cli/memory.h"
#include "cli/replace.h"
#include "cli/sizes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define UNSET    UINT32_MAX
#define AT_ONCE  4096 /* bytes read by one call, which has one deadline */
#define PER_LINE 16
#define MOST     2097152U /* an address of the wire ends there */

/* One stretch of memory, and what was read of it. */
struct piece {
    struct memory memory;
    uint8_t *data;
    s7_status status;
};

struct dump {
    const struct cli_command *self;
    struct cli_connection connection;
    enum cli_format format;
    uint32_t from, len; /* UNSET: not given */
    const char *path;   /* NULL: stdout */
    struct sizes sizes;
    struct piece *pieces;
    size_t n;
};

/* ---- reading ---- */

/* As the PLC says, else by probing. What cannot be read is not asked about: some answer that with nonsense.
 */
static s7_status find_size(struct dump *dump, const struct memory *memory, uint32_t *size)
{
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &dump->sizes.err};
    struct probe probe;
    uint8_t byte;
    s7_status status = s7_read_area(dump->sizes.client, &ctx, memory->area, memory->db, 0, &byte, 1);

    if (status != S7_OK)
        return status;
    if (memory->area == S7_AREA_DB) {
        status = sizes_told(&dump->sizes, memory->db, size);
        if (!sizes_untold(status) && (status != S7_OK || *size != SIZES_UNTOLD))
            return status;
    }
    probe_init(&probe, memory->area, memory->db);
    status = sizes_probe(&dump->sizes, &probe, 1);
    *size = probe.size;
    return status == S7_OK ? probe.status : status;
}

static void say(const struct dump *dump, const struct memory *memory, const char *what)
{
    char name[MEMORY_NAME_CAP];

    fprintf(stderr, "s7rig %s: %s%s\n", dump->self->name, memory_name(memory->area, memory->db, name), what);
}

/* A block of which not even the first byte can be read. */
static s7_status say_unreadable(const struct dump *dump, const struct memory *memory, s7_status status)
{
    char text[128];

    snprintf(text, sizeof text, ": not one byte can be read: %s", s7_strerror(status));
    say(dump, memory, text);
    fprintf(stderr,
            "s7rig %s: try: s7rig doctor with --db, which tells why; s7rig scan, which tells what there is\n",
            dump->self->name);
    return status;
}

/* Where a stretch "to the end" ends. */
static s7_status settle_len(struct dump *dump, struct memory *memory)
{
    char text[96];
    uint32_t size = 0;
    s7_status status = find_size(dump, memory, &size);

    if (status <= S7_E_ITEM_HARDWARE && status >= S7_E_ITEM_OTHER)
        return say_unreadable(dump, memory, status);
    if (status != S7_OK) {
        cli_fail(dump->self, status, &dump->sizes.err);
        return status;
    }
    if (size == PROBE_MAX)
        say(dump, memory, " may go on: the end is looked for in 65536 bytes only (--len N reads more)");
    if (memory->byte < size) {
        memory->len = size - memory->byte;
        return S7_OK;
    }
    snprintf(text, sizeof text, " has %u bytes, byte %u is behind its end", size, memory->byte);
    say(dump, memory, text);
    return S7_E_ITEM_ADDRESS;
}

/* What was refused ends somewhere: where? */
static void say_size(struct dump *dump, const struct memory *memory)
{
    char text[64];
    uint32_t size = 0;

    if (find_size(dump, memory, &size) != S7_OK)
        return;
    snprintf(text, sizeof text, " has %u bytes", size);
    say(dump, memory, text);
}

static s7_status read_bytes(struct dump *dump, const struct piece *piece)
{
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &dump->sizes.err};
    const struct memory *memory = &piece->memory;
    s7_status status = S7_OK;

    for (uint32_t at = 0; at < memory->len && status == S7_OK; at += AT_ONCE) {
        uint32_t left = memory->len - at;

        status = s7_read_area(dump->sizes.client, &ctx, memory->area, memory->db, memory->byte + at,
                              piece->data + at, left < AT_ONCE ? left : AT_ONCE);
    }
    if (status != S7_OK)
        cli_fail(dump->self, status, &dump->sizes.err);
    if (status == S7_E_ITEM_ADDRESS)
        say_size(dump, memory);
    return status;
}

static s7_status read_piece(struct dump *dump, struct piece *piece)
{
    s7_status status = piece->memory.len == 0 ? settle_len(dump, &piece->memory) : S7_OK;

    if (status != S7_OK)
        return status;
    piece->data = calloc(1, piece->memory.len);
    if (piece->data == NULL) {
        cli_fail_nomem(dump->self);
        return S7_E_NOMEM;
    }
    return read_bytes(dump, piece);
}

/* A refusal leaves the others to be read. Returns the exit status. */
static int read_all(struct dump *dump)
{
    int worst = CLI_OK;

    for (size_t i = 0; i < dump->n; i++) {
        struct piece *piece = &dump->pieces[i];

        piece->status = s7_client_is_connected(dump->sizes.client) ? read_piece(dump, piece) : S7_E_CLOSED;
        if (piece->status != S7_OK && cli_exit_of(piece->status) > worst)
            worst = cli_exit_of(piece->status);
    }
    return worst;
}

/* ---- writing ---- */

static void put_line(FILE *out, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < PER_LINE; i++) {
        if (i % 8 == 0)
            fputc(' ', out);
        if (i < n)
            fprintf(out, " %02X", bytes[i]);
        else
            fputs("   ", out);
    }
    fputs("  |", out);
    for (size_t i = 0; i < n; i++)
        fputc(bytes[i] >= 0x20 && bytes[i] < 0x7F ? bytes[i] : '.', out);
    fputs("|\n", out);
}

static void put_text(FILE *out, const struct piece *piece)
{
    const struct memory *memory = &piece->memory;
    char name[MEMORY_NAME_CAP];

    fprintf(out, "%s, %u byte%s from byte %u\n", memory_name(memory->area, memory->db, name), memory->len,
            memory->len == 1 ? "" : "s", memory->byte);
    for (uint32_t at = 0; at < memory->len; at += PER_LINE) {
        uint32_t left = memory->len - at;

        fprintf(out, "%6u", memory->byte + at);
        put_line(out, piece->data + at, left < PER_LINE ? left : PER_LINE);
    }
}

static void put_json(FILE *out, const struct piece *piece)
{
    const struct memory *memory = &piece->memory;
    char name[MEMORY_NAME_CAP];

    fprintf(out, "{\"block\": \"%s\", \"from\": %u, ", memory_name(memory->area, memory->db, name),
            memory->byte);
    if (piece->status != S7_OK) {
        fprintf(out, "\"status\": \"%s\", \"error\": \"%s\"}", s7_errname(piece->status),
                s7_strerror(piece->status));
        return;
    }
    fprintf(out, "\"bytes\": %u, \"hex\": \"", memory->len);
    for (uint32_t i = 0; i < memory->len; i++)
        fprintf(out, "%02X", piece->data[i]);
    fputs("\"}", out);
}

static void put_all(const struct dump *dump, FILE *out)
{
    for (size_t i = 0; i < dump->n; i++) {
        const struct piece *piece = &dump->pieces[i];

        if (dump->format == CLI_JSON) {
            fputs(i > 0 ? ",\n " : "[", out);
            put_json(out, piece);
        } else if (dump->format == CLI_RAW) {
            fwrite(piece->data, 1, piece->memory.len, out);
        } else if (piece->status == S7_OK) {
            put_text(out, piece);
        }
    }
    if (dump->format == CLI_JSON)
        fputs("]\n", out);
}

static int put_file(const struct dump *dump)
{
    struct cli_replacement to;
    bool written = cli_replace_begin(&to, dump->path);

    if (written) {
        put_all(dump, to.file);
        written = cli_replace_end(&to, true);
    }
    if (written)
        return CLI_OK;
    fprintf(stderr, "s7rig %s: cannot write %s: %s\n", dump->self->name, dump->path, strerror(errno));
    return CLI_ENVIRONMENT;
}

/* Returns the exit status. */
static int put(const struct dump *dump, int status)
{
    if (status != CLI_OK && dump->format == CLI_RAW) {
        fprintf(stderr, "s7rig %s: with --raw nothing is written unless all was read\n", dump->self->name);
        return status;
    }
    if (dump->path == NULL) {
        put_all(dump, stdout);
        return status;
    }
    int file = put_file(dump);
    return file != CLI_OK ? file : status;
}

/* ---- the command ---- */

/* Returns -1, or the exit status (said on stderr). */
static int parse(const struct dump *dump, const char *text, struct memory *memory)
{
    s7_address_error error = {.at = 0};

    if (!memory_parse(text, memory, &error)) {
        cli_wrong_address(dump->self, text, &error);
        fprintf(stderr, "s7rig %s: try: DB1, DB1.DBB10.. (to the end), DB1.DBB10..29, M, I, Q\n",
                dump->self->name);
        return CLI_USAGE;
    }
    if (!memory->whole && (dump->from != UNSET || dump->len != UNSET))
        return cli_usage_error(dump->self, "--from and --len go with a block or an area, not with %s", text);
    if (dump->from != UNSET)
        memory->byte = dump->from;
    if (dump->len != UNSET)
        memory->len = dump->len;
    if (memory->byte < MOST && memory->len <= MOST - memory->byte)
        return -1;
    return cli_usage_error(dump->self, "%s ends behind byte %u, and no address reaches further", text,
                           MOST - 1);
}

static int dump_all(struct dump *dump, const char *endpoint, char **texts, size_t n)
{
    s7_client *client;
    int status = -1;

    dump->pieces = calloc(n, sizeof *dump->pieces);
    dump->n = n;
    if (dump->pieces == NULL)
        return cli_fail_nomem(dump->self);
    for (size_t i = 0; i < n && status < 0; i++)
        status = parse(dump, texts[i], &dump->pieces[i].memory);
    if (status < 0)
        status = cli_connect(dump->self, &dump->connection, endpoint, &client);
    if (status < 0) {
        sizes_begin(&dump->sizes, client, 0);
        status = put(dump, read_all(dump));
        s7_client_free(client);
    }
    for (size_t i = 0; i < n; i++)
        free(dump->pieces[i].data);
    free(dump->pieces);
    return status;
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct dump dump = {.self = self, .from = UNSET, .len = UNSET};
    bool raw = false;

    cli_connection_init(&dump.connection);
    const struct cli_option options[] = {CLI_CONNECTION_OPTIONS(dump.connection),
                                         {.name = "from", .number = &dump.from, .max = MOST - 1},
                                         {.name = "len", .number = &dump.len, .min = 1, .max = MOST},
                                         {.name = "raw", .flag = &raw},
                                         {.name = "output", .letter = 'o', .text = &dump.path},
                                         {.name = NULL}};
    int status = cli_options(self, options, &argc, argv);
    if (status < 0)
        status = cli_one_format(self, dump.connection.json, false, raw, &dump.format);
    if (status < 0 && raw && dump.path == NULL)
        status = cli_raw_output(self);
    if (status >= 0)
        return status;
    int next;
    const char *endpoint = cli_endpoint(argc, argv, CLI_MEMORY, &next);
    if (endpoint == NULL || next >= argc)
        return cli_usage_error(self, "expected an endpoint and what to dump, as in DB1");
    return dump_all(&dump, endpoint, argv + next, (size_t)(argc - next));
}

const struct cli_command cli_dump = {
    .name = "dump",
    .summary = "show the bytes of a data block or an area of a PLC",
    .usage = "ENDPOINT DB1|DB1.DBB10..29|M|I|Q ... [--from N] [--len N]",
    .help = "Reads bytes and shows them in hexadecimal and as text, behind the number of the\n"
            "first byte of each line.\n"
            "\n"
            "  DB1, M, I, Q    a whole block or area; its size is found as `s7rig scan` does\n"
            "  DB1.DBB10..     from there to the end\n"
            "  DB1.DBB10..29   from byte to byte; MB10..19\n"
            "  DB1.DBD4:REAL   the bytes of any address that `s7rig read` takes\n"
            "\n"
            "  --from N        of a whole block or area: first byte (0)\n"
            "  --len N         of a whole block or area: how many bytes (all)\n"
            "  --raw           the bytes and nothing else; not to a terminal, and only if all\n"
            "                  were read\n"
            "  -o, --output F  into the file F, which is made or replaced when all was read\n"
            "\n" CLI_CONNECTION_HELP "\n"
            "Without ENDPOINT it is S7_ENDPOINT of the environment.\n"
            "\n"
            "Exit status: 0 all read, 1 the PLC refused some, 2 usage, 4 cannot connect, or\n"
            "the file cannot be written.\n"
            "\n"
            "  s7rig dump 127.0.0.1:10102 DB1\n"
            "  s7rig dump 127.0.0.1:10102 DB1 --raw -o db1.bin\n",
    .run = run,
};
