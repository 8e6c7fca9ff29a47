/* cli.h - the `s7rig` command: one file per subcommand, thin. What they share is here.
 *
 * Results go to stdout, diagnostics to stderr. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <s7rig/client.h>
#include <s7rig/datetime.h>
#include <s7rig/symbols.h>

#include <stdio.h>

/* Exit status of the command. */
enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,      /* the PLC refused, or a check failed */
    CLI_USAGE = 2,       /* wrong option, address or value on the command line */
    CLI_PARSE = 3,       /* a file does not parse */
    CLI_ENVIRONMENT = 4, /* cannot connect, port taken, plant missing or locked */
    CLI_NOTHING = 5,     /* nothing was selected */
    CLI_UNSTEADY = 6,    /* a run was not deterministic */
    CLI_SKIPPED = 77     /* all were skipped */
};

/* One subcommand. Its name may have two words: "plant new". */
struct cli_command {
    const char *name;
    const char *summary; /* one line for the list of commands */
    const char *help;    /* the whole text of --help, without the first line "usage: s7rig ..." */
    const char *usage;   /* "ENDPOINT ADDRESS..." */
    int (*run)(const struct cli_command *self, int argc,
               char **argv); /* argv[0] is the subcommand's last word */
};

extern const struct cli_command cli_serve, cli_plant_new, cli_plant_show, cli_plant_import, cli_plant_export,
    cli_plant_diff, cli_plant_log, cli_read, cli_write, cli_run, cli_faults, cli_personalities, cli_info,
    cli_clock, cli_start, cli_stop, cli_doctor, cli_scan, cli_dump, cli_diag, cli_blocks, cli_upload,
    cli_download, cli_watch, cli_bench, cli_replay, cli_check, cli_search, cli_shrink;

/* ---- options (options.c) ---- */

/* One option of a subcommand. Exactly one target is set. */
struct cli_option {
    const char *name;  /* without the dashes */
    char letter;       /* the same as "-n"; 0: none */
    bool *flag;        /* an option without a value */
    const char **text; /* its value as it is */
    uint32_t *number;  /* its value as a number, min..max */
    uint32_t min, max;
    /* called with every value; false: said on stderr what is wrong */
    bool (*each)(const char *value, void *arg);
    void *arg;
};

/* Take the options (ending with a name of NULL) out of argv, leaving the operands in order; `--` ends
 * options. *argc is what is left, argv[0] included. --help is taken care of. Returns -1 to go on, else the
 * exit status to leave with. */
int cli_options(const struct cli_command *self, const struct cli_option *options, int *argc, char **argv);

/* The whole text of --help to stdout; returns CLI_OK. */
int cli_help(const struct cli_command *self);

/* "s7rig read: <text>" and the usage line to stderr; returns CLI_USAGE. */
int cli_usage_error(const struct cli_command *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A whole decimal number min..max, nothing before or after it; false otherwise. */
bool cli_number(const char *text, uint32_t min, uint32_t max, uint32_t *value);

/* A time with its unit, "500ms", "2s", "1m", 1 ms to 1 h; false otherwise. */
bool cli_duration(const char *text, uint32_t *ms);

/* ---- output (output.c) ---- */

struct s7_value;

/* A CHAR, STRING, WCHAR or WSTRING as UTF-8; control characters as \xHH, surrogates without their partners as
 * \uHHHH. quoted: as `s7rig write` takes the elements of an array. */
void cli_print_text(FILE *out, const struct s7_value *value, bool quoted);
void cli_json_text(FILE *out, const struct s7_value *value); /* in double quotes, escaped */

/* Text of the plant file: UTF-8, though nobody checked it; bytes that are none are written as U+FFFD. Returns
 * the number of characters; out NULL: only counts them. */
size_t cli_print_utf8(FILE *out, const char *text);
void cli_json_utf8(FILE *out, const char *text);

/* One field of a CSV line (RFC 4180): in quotes where it must be; control characters as \xHH, so that a line
 * of text is always one record. The caller writes the commas and the end of the line. */
void cli_csv_utf8(FILE *out, const char *text);

/* How a command prints what it found. */
enum cli_format { CLI_TEXT, CLI_JSON, CLI_CSV, CLI_RAW };

/* The one that was asked for; none: CLI_TEXT. Returns -1, or the exit status when it was more than one. */
int cli_one_format(const struct cli_command *self, bool json, bool csv, bool raw, enum cli_format *format);

/* Raw bytes do not go to a terminal. Returns -1, or the exit status. */
int cli_raw_output(const struct cli_command *self);

/* What a PLC says of itself is Latin-1: as UTF-8 in buf, which it returns; cut where buf is full. */
#define CLI_LATIN1_CAP 128
const char *cli_latin1_utf8(const char *text, char buf[CLI_LATIN1_CAP]);

/* ---- values of items (values.c) ---- */

/* Where the value lies in the item's own bytes: a single BOOL is bit 0 of its one byte. */
s7_address cli_item_address(const s7_item *item);

/* One value, or an array in brackets; both JSON if asked for. */
void cli_print_values(FILE *out, const s7_item *item, bool json);

/* As a line has it, UTF-8, to be freed. NULL: out of memory. */
char *cli_values_text(const s7_item *item);

/* ---- dates (datetime.c) ---- */

/* "2026-11-24 19:03:25.478" */
#define CLI_DATETIME_CAP 40
void cli_datetime_text(const s7_datetime *datetime, char text[CLI_DATETIME_CAP]);

/* "2026-11-24 19:03:25", T instead of the blank is fine. False: no such date. */
bool cli_datetime_parse(const char *text, s7_datetime *datetime);

/* This machine's local time. False: it is none that a PLC can keep. */
bool cli_datetime_now(s7_datetime *datetime);

/* ---- failures (fail.c) ---- */

struct plant_error;

/* The exit status that fits: the caller's text, the PLC's refusal, or the world between them. */
int cli_exit_of(s7_status status);

/* "s7rig read: <what was asked, what came, what to try>" to stderr; returns the exit status that fits. */
int cli_fail(const struct cli_command *self, s7_status status, const s7_errinfo *err);

/* The same for what the plant or the simulator says. */
int cli_fail_plant(const struct cli_command *self, const struct plant_error *error);

int cli_fail_nomem(const struct cli_command *self);

/* ---- connection options shared by the client subcommands (connect.c) ---- */

struct cli_connection {
    s7_client_options options;
    uint32_t rack, slot, timeout_ms, pdu_len;
    const char *type;
    bool json;
    s7_status env_status; /* what the environment says is wrong: env_err */
    s7_errinfo env_err;
};

#define CLI_CONNECTION_OPTIONS(c)                                                                            \
    {.name = "rack", .number = &(c).rack, .max = 7}, {.name = "slot", .number = &(c).slot, .max = 31},       \
        {.name = "type", .text = &(c).type},                                                                 \
        {.name = "timeout", .number = &(c).timeout_ms, .min = 1, .max = 3600000},                            \
        {.name = "pdu", .number = &(c).pdu_len, .min = 240, .max = 960},                                     \
    {                                                                                                        \
        .name = "json", .flag = &(c).json                                                                    \
    }

#define CLI_CONNECTION_HELP                                                                                  \
    "ENDPOINT is HOST, HOST:PORT, [IPV6]:PORT or s7://HOST:PORT?rack=0&slot=1.\n"                            \
    "Without a port: 102, as on a real PLC. S7_RACK, S7_SLOT, S7_TYPE, S7_PDU and\n"                         \
    "S7_TIMEOUT_MS in the environment replace the defaults below.\n"                                         \
    "\n"                                                                                                     \
    "  --rack N        rack of the CPU (0)\n"                                                                \
    "  --slot N        slot of the CPU (1); S7-300: 2, S7-400: 3, S7-1200/1500: 1\n"                         \
    "  --type T        connection type: pg, op or basic (op)\n"                                              \
    "  --timeout MS    for connecting, and again for the job (5000)\n"                                       \
    "  --pdu N         PDU length to ask for, 240..960 (960)\n"                                              \
    "  --json          machine-readable output\n"

/* Defaults, and what the environment says instead. */
void cli_connection_init(struct cli_connection *connection);

/* What follows the endpoint on a command line. */
enum cli_operands { CLI_NOTHING_MORE, CLI_ADDRESSES, CLI_ASSIGNMENTS, CLI_MEMORY };

/* The endpoint: argv[1], or S7_ENDPOINT of the environment where argv[1] can be none: there is no argv[1], it
 * is ADDRESS=VALUE, or it is an address of the PLC ("T5"; a host of such a name needs its port then,
 * "T5:102"), or, for CLI_MEMORY, what memory.h takes. *next: the first operand after it. NULL: there is no
 * endpoint. */
const char *cli_endpoint(int argc, char **argv, enum cli_operands operands, int *next);

/* Make the client, as options and endpoint say; nothing is sent. Returns -1 and *client, or the exit status
 * to leave with (said on stderr). */
int cli_client(const struct cli_command *self, struct cli_connection *connection, const char *endpoint,
               s7_client **client);

struct s7_settings;

/* The same for commands that have no client (line.h): what options and endpoint say. */
int cli_settings(const struct cli_command *self, struct cli_connection *connection, const char *endpoint,
                 struct s7_settings *settings);

/* Make the client and connect. Returns -1 and *client, or the exit status to leave with (said on stderr). */
int cli_connect(const struct cli_command *self, struct cli_connection *connection, const char *endpoint,
                s7_client **client);

/* What is wrong with an address, with a mark under the offending character, to stderr. */
void cli_wrong_address(const struct cli_command *self, const char *text, const s7_address_error *error);

/* Parse a command line address; false: said on stderr, with a mark under the offending character. */
bool cli_address(const struct cli_command *self, const char *text, s7_address *address);

/* ---- tags (tags.c) ---- */

/* For commands that take names as well as addresses, an option
 *     {.name = "symbols", .text = &symbols}
 * and its line of help. */
#define CLI_SYMBOLS_HELP                                                                                     \
    "  --symbols FILE  names for addresses: a plant file, or CSV with name, address and,\n"                  \
    "                  if needed, type\n"

struct cli_tag {
    s7_address address;
    const char *symbol; /* its name in the file, as typed; NULL: it was given as an address */
    char text[S7_ADDRESS_TEXT_CAP];
};

/* Symbol, or address in the usual spelling. */
static inline const char *cli_tag_name(const struct cli_tag *tag)
{
    return tag->symbol != NULL ? tag->symbol : tag->text;
}

/* n tags, each a symbol of the file (symbols_path NULL: there is none) or an address. Returns -1 and *tags,
 * to be freed, which keeps pointers to the texts; or the exit status (said on stderr). */
int cli_tags(const struct cli_command *self, const char *symbols_path, char **texts, size_t n,
             struct cli_tag **tags);

/* ---- consent (consent.c) ---- */

/* For commands that change what a PLC holds or does: before anything is sent, cli_consent(self, endpoint,
 * yes) with the option
 *     {.name = "yes", .flag = &yes}
 * and its line of help. */
#define CLI_CONSENT_HELP "  --yes           yes, change a PLC that is not at a loopback address (127.0.0.1)\n"

/* May the PLC be changed? One at a loopback address is taken for a simulator. For any other the user must
 * have said --yes, or says so now where somebody sits at a terminal. Returns -1, or the exit status (said on
 * stderr). */
int cli_consent(const struct cli_command *self, const char *endpoint, bool yes);

/* ---- services that not every PLC has (services.c) ---- */

/* The PLC answered that it knows nothing of the kind. */
bool cli_not_offered(s7_status status, const s7_errinfo *err);

/* cli_fail, which also tells what that means where the PLC does not know the service. what: "tell its clock".
 */
int cli_fail_service(const struct cli_command *self, const char *what, s7_status status,
                     const s7_errinfo *err);

#endif
