#include "cli/cli.h"

#include "plant/plant.h"

#include <string.h>

/* ---- the form for people ---- */

/* How wide the columns must be, found in a first pass. */
struct widths {
    size_t of[PLANT_AUDIT_CELLS];
    bool any;
};

static void widen(size_t *width, const char *text)
{
    size_t len = text != NULL ? cli_print_utf8(NULL, text) : 0;

    if (len > *width)
        *width = len;
}

static void measure(const struct plant_cell *cells, size_t n, void *arg)
{
    struct widths *widths = arg;

    for (size_t i = 0; i < n; i++) {
        widen(&widths->of[i], cells[i].name);
        widen(&widths->of[i], cells[i].text);
    }
}

static void print_cell(const char *text, size_t width, bool last)
{
    size_t len = text != NULL ? cli_print_utf8(stdout, text) : 0;

    if (last)
        printf("\n");
    else
        printf("%*s", (int)(width - len + 2), "");
}

static void print_row(const struct plant_cell *cells, size_t n, void *arg)
{
    struct widths *widths = arg;

    for (size_t i = 0; !widths->any && i < n; i++)
        print_cell(cells[i].name, widths->of[i], i + 1 == n);
    widths->any = true;
    for (size_t i = 0; i < n; i++)
        print_cell(cells[i].text, widths->of[i], i + 1 == n);
}

static s7_status print_all(plant *p, enum plant_audit_table which, uint32_t most)
{
    struct widths widths = {{0}, false};
    s7_status status = plant_audit_rows(p, which, most, measure, &widths);

    if (status == S7_OK)
        status = plant_audit_rows(p, which, most, print_row, &widths);
    return status;
}

/* ---- JSON ---- */

static void json_row(const struct plant_cell *cells, size_t n, void *arg)
{
    bool *first = arg;

    printf("%s{", *first ? "" : ",\n ");
    *first = false;
    for (size_t i = 0; i < n; i++) {
        printf("%s\"%s\": ", i > 0 ? ", " : "", cells[i].name);
        if (cells[i].text == NULL)
            printf("null");
        else if (cells[i].is_number)
            printf("%s", cells[i].text);
        else
            cli_json_utf8(stdout, cells[i].text);
    }
    printf("}");
}

static s7_status json_all(plant *p, enum plant_audit_table which, uint32_t most)
{
    bool first = true;

    printf("[");
    s7_status status = plant_audit_rows(p, which, most, json_row, &first);
    printf("]\n");
    return status;
}

/* ---- both ---- */

static int show(const struct cli_command *self, const char *path, enum plant_audit_table which, uint32_t most,
                bool json)
{
    struct plant_options options;
    struct plant_error error;
    plant *p;

    plant_options_init(&options);
    options.read_only = true;
    if (plant_open(path, &options, &p, &error) != S7_OK)
        return cli_fail_plant(self, &error);
    s7_status status = json ? json_all(p, which, most) : print_all(p, which, most);
    if (status != S7_OK)
        error = *plant_last_error(p);
    plant_close(p);
    return status == S7_OK ? CLI_OK : cli_fail_plant(self, &error);
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    bool json = false, wants[] = {[PLANT_AUDIT_WRITES] = false,
                                  [PLANT_AUDIT_EVENTS] = false,
                                  [PLANT_AUDIT_CONNECTIONS] = false,
                                  [PLANT_AUDIT_SLOW] = false};
    uint32_t most = 20;
    const struct cli_option options[] = {
        {.name = "writes", .flag = &wants[PLANT_AUDIT_WRITES]},
        {.name = "events", .flag = &wants[PLANT_AUDIT_EVENTS]},
        {.name = "connections", .flag = &wants[PLANT_AUDIT_CONNECTIONS]},
        {.name = "slow", .flag = &wants[PLANT_AUDIT_SLOW]},
        {.name = "count", .letter = 'n', .number = &most, .min = 1, .max = 10000000},
        {.name = "json", .flag = &json},
        {.name = NULL}};
    enum plant_audit_table which = PLANT_AUDIT_WRITES;
    unsigned n_wanted = 0;
    int status = cli_options(self, options, &argc, argv);

    if (status >= 0)
        return status;
    if (argc != 2)
        return cli_usage_error(self, "expected one plant file, got %d", argc - 1);
    for (size_t i = 0; i < sizeof wants / sizeof wants[0]; i++)
        if (wants[i]) {
            which = (enum plant_audit_table)i;
            n_wanted++;
        }
    if (n_wanted > 1)
        return cli_usage_error(self, "expected one of --writes, --events, --connections, --slow, got %u",
                               n_wanted);
    return show(self, argv[1], which, most, json);
}

const struct cli_command cli_plant_log = {
    .name = "plant log",
    .summary = "show who wrote what, who is connected, and what happened",
    .usage = "FILE [--writes | --events | --connections | --slow] [-n N] [--json]",
    .help = "Looks only: works beside a running `s7rig serve`, and changes nothing. Newest\n"
            "first. What is noted is switched by the row of the table audit in the file:\n"
            "\n"
            "  sqlite3 FILE \"UPDATE audit SET jobs = 1, slow_us = 10000\"\n"
            "\n"
            "  --writes       who wrote what, when, before and after (this, if nothing is said)\n"
            "  --events       connections, refusals, errors, faults; jobs if they are noted\n"
            "  --connections  who is connected, then who was\n"
            "  --slow         jobs that took longest, if they are noted\n"
            "  -n, --count N  so many rows at most (20)\n"
            "  --json         machine-readable output\n"
            "\n"
            "Exit status: 0 shown, 2 usage, 3 not a plant file or of a newer s7rig, 4 missing\n"
            "or locked.\n",
    .run = run,
};
