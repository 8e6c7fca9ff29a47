#include "cli/cli.h"

#include <s7rig/services.h>

#define TOLD_IN_RUN 10 /* many CPUs tell no more while they run */

/* ---- words ---- */

/* The upper four bits of an event. */
static const char *class_text(uint16_t event)
{
    static const char *const texts[16] = {
        "event",
        "event of an OB",
        "synchronous error",
        "asynchronous error",
        "change of the mode",
        "event at run time",
        "event of communication",
        "event of a fail-safe or redundant system",
        "diagnostic data of a module",
        "event of the user program",
        "event of the user program",
        "event of the user program",
        "event",
        "event",
        "event",
        "event of a module",
    };

    return texts[event >> 12];
}

/* What is known of the event; what is not has its class at least. */
static const char *event_text(uint16_t event, char text[80])
{
    const char *known = s7_diag_text(event);

    if (known[0] != '\0')
        return known;
    snprintf(text, 80, "%s, %s", class_text(event), (event & 0x0100) != 0 ? "coming" : "going");
    return text;
}

static const char *time_text(const s7_datetime *time, char text[CLI_DATETIME_CAP])
{
    if (time->year == 0)
        return "";
    cli_datetime_text(time, text);
    return text;
}

/* ---- printing ---- */

static void print_line(const s7_diag_entry *entry)
{
    char time[CLI_DATETIME_CAP], text[80];

    printf("%-23s  %04X  %s\n", time_text(&entry->time, time), entry->event, event_text(entry->event, text));
}

static void print_json(const s7_diag_entry *entry, bool first)
{
    char time[CLI_DATETIME_CAP], text[80];

    printf("%s{\"time\": \"%s\", \"event\": \"%04X\", \"text\": \"%s\", ", first ? "" : ",\n ",
           time_text(&entry->time, time), entry->event, event_text(entry->event, text));
    printf("\"priority\": %u, \"ob\": %u, \"data_id\": \"%04X\", \"info1\": \"%04X\", \"info2\": \"%08X\"}",
           entry->priority, entry->ob, entry->data_id, entry->info1, entry->info2);
}

static void print_csv(const s7_diag_entry *entry)
{
    char time[CLI_DATETIME_CAP], text[80];

    printf("%s,%04X,", time_text(&entry->time, time), entry->event);
    cli_csv_utf8(stdout, event_text(entry->event, text));
    printf(",%u,%u,%04X,%04X,%08X\n", entry->priority, entry->ob, entry->data_id, entry->info1, entry->info2);
}

static void print_all(const s7_diag_entry *entries, size_t n, enum cli_format format)
{
    if (format == CLI_CSV)
        printf("time,event,text,priority,ob,data_id,info1,info2\n");
    if (format == CLI_JSON)
        printf("[");
    for (size_t i = 0; i < n; i++) {
        if (format == CLI_JSON)
            print_json(&entries[i], i == 0);
        else if (format == CLI_CSV)
            print_csv(&entries[i]);
        else
            print_line(&entries[i]);
    }
    if (format == CLI_JSON)
        printf("]\n");
}

/* ---- the command ---- */

static int ask_and_print(const struct cli_command *self, s7_client *client, size_t cap,
                         enum cli_format format)
{
    static s7_diag_entry entries[S7_DIAG_MAX];
    s7_errinfo err = S7_ERRINFO_INIT;
    size_t n = 0;
    s7_status status =
        s7_diag_read(client, &(s7_ctx){.struct_size = sizeof(s7_ctx), .err = &err}, entries, cap, &n);

    if (status != S7_OK)
        return cli_fail_service(self, "tell its diagnostic buffer", status, &err);
    print_all(entries, n, format);
    fflush(stdout); /* before what is said of it */
    if (n == 0)
        fprintf(stderr, "s7rig %s: the diagnostic buffer is empty\n", self->name);
    if (n == TOLD_IN_RUN && cap > n)
        fprintf(stderr, "s7rig %s: a CPU in RUN may tell the newest %d only; in STOP it tells all\n",
                self->name, TOLD_IN_RUN);
    return CLI_OK;
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct cli_connection connection;
    enum cli_format format = CLI_TEXT;
    uint32_t cap = S7_DIAG_MAX;
    s7_client *client;
    bool csv = false;

    cli_connection_init(&connection);
    const struct cli_option options[] = {
        CLI_CONNECTION_OPTIONS(connection),
        {.name = "newest", .letter = 'n', .number = &cap, .min = 1, .max = S7_DIAG_MAX},
        {.name = "csv", .flag = &csv},
        {.name = NULL}};
    int status = cli_options(self, options, &argc, argv);
    if (status < 0)
        status = cli_one_format(self, connection.json, csv, false, &format);
    if (status >= 0)
        return status;
    int next;
    const char *endpoint = cli_endpoint(argc, argv, CLI_NOTHING_MORE, &next);
    if (endpoint == NULL || next != argc)
        return cli_usage_error(self, "expected one endpoint");
    status = cli_connect(self, &connection, endpoint, &client);
    if (status >= 0)
        return status;
    status = ask_and_print(self, client, cap, format);
    s7_client_free(client);
    return status;
}

const struct cli_command cli_diag = {
    .name = "diag",
    .summary = "show the diagnostic buffer of a PLC",
    .usage = "ENDPOINT [-n N]",
    .help = "Prints what the CPU noted of itself, the newest first: when, the number of the\n"
            "event, and what it means where that is known.\n"
            "\n"
            "  -n, --newest N  only the newest N of at most 512\n"
            "  --csv           a table: time, event, text, priority, ob, data_id, info1, info2\n"
            "\n" CLI_CONNECTION_HELP "\n"
            "Without ENDPOINT it is S7_ENDPOINT of the environment.\n"
            "\n"
            "S7-300 and S7-400 tell it; S7-1200 and S7-1500 show it in TIA Portal and on\n"
            "their web page only.\n"
            "\n"
            "Exit status: 0 done, 1 the PLC refused, 2 usage, 4 cannot connect.\n"
            "\n"
            "  s7rig diag 's7://192.168.0.1?slot=2' -n 20\n",
    .run = run,
};
