#include "cli/sizes.h"

#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_DB 1
#define LAST_DB  1000 /* probed unless told otherwise: some 55 jobs at PDU length 240 */

struct scan {
    const struct cli_command *self;
    struct cli_connection connection;
    enum cli_format format;
    uint32_t from, to; /* 0: not given */
    uint32_t rate;
    bool areas, probe, verbose;
    struct sizes sizes;
    struct probe *probes; /* DBs, then areas */
    size_t n;
    bool listed;         /* by the PLC's block list */
    uint16_t list_error; /* why not; 0: not asked for, or answered with something else */
};

static const s7_area areas[] = {S7_AREA_M, S7_AREA_I, S7_AREA_Q};

#define N_AREAS (sizeof areas / sizeof areas[0])

/* ---- finding ---- */

/* Room for that many DBs, and for the areas. */
static bool make_room(struct scan *scan, size_t n_dbs)
{
    scan->probes = calloc(n_dbs + N_AREAS, sizeof *scan->probes);
    return scan->probes != NULL;
}

static struct probe *add(struct scan *scan, s7_area area, uint16_t db)
{
    struct probe *probe = &scan->probes[scan->n++];

    probe_init(probe, area, db);
    return probe;
}

/* Those of the list that are in the range. A block whose size the PLC does not tell is left to be probed. */
static s7_status add_listed(struct scan *scan, const uint16_t *numbers, size_t n)
{
    s7_status status = make_room(scan, n) ? S7_OK : S7_E_NOMEM;

    for (size_t i = 0; i < n && (status == S7_OK || sizes_untold(status)); i++) {
        uint32_t size;

        if (numbers[i] < scan->from || (scan->to > 0 && numbers[i] > scan->to))
            continue;
        struct probe *probe = add(scan, S7_AREA_DB, numbers[i]);
        status = sizes_told(&scan->sizes, numbers[i], &size);
        if (status == S7_OK && size != SIZES_UNTOLD)
            probe_tell(probe, size);
    }
    return sizes_untold(status) ? S7_OK : status;
}

static s7_status add_range(struct scan *scan)
{
    if (scan->from == 0)
        scan->from = FIRST_DB;
    if (scan->to == 0)
        scan->to = scan->from > LAST_DB ? 65535 : LAST_DB;
    if (!make_room(scan, scan->to - scan->from + 1))
        return S7_E_NOMEM;
    for (uint32_t db = scan->from; db <= scan->to; db++)
        add(scan, S7_AREA_DB, (uint16_t)db);
    return S7_OK;
}

/* By the block list where there is one, else all numbers of the range. */
static s7_status add_dbs(struct scan *scan)
{
    uint16_t *numbers = NULL;
    size_t n = 0;

    if (scan->probe)
        return add_range(scan);
    s7_status status = sizes_list(&scan->sizes, &numbers, &n);
    if (sizes_untold(status)) {
        scan->list_error = scan->sizes.err.plc_error;
        return add_range(scan);
    }
    if (status != S7_OK)
        return status;
    scan->listed = true;
    status = add_listed(scan, numbers, n);
    free(numbers);
    return status;
}

static s7_status find(struct scan *scan)
{
    s7_status status = add_dbs(scan);

    for (size_t i = 0; status == S7_OK && scan->areas && i < N_AREAS; i++)
        add(scan, areas[i], 0);
    return status == S7_OK ? sizes_probe(&scan->sizes, scan->probes, scan->n) : status;
}

/* ---- telling ---- */

/* A number that the PLC has no block of; in a list it is told of. */
static bool is_missing(const struct scan *scan, const struct probe *probe)
{
    return !scan->listed && probe->area == S7_AREA_DB && probe->status == S7_E_ITEM_MISSING;
}

/* Neither there nor missing: the PLC does not let it be read. */
static bool is_refused(const struct probe *probe)
{
    return probe->status != S7_OK && probe->status != S7_E_ITEM_MISSING && probe->status != S7_E_ITEM_ADDRESS;
}

static const char *name_of(const struct probe *probe, char name[16])
{
    if (probe->area == S7_AREA_DB)
        snprintf(name, 16, "DB%u", probe->db);
    else
        snprintf(name, 16, "%s", s7_area_name(probe->area));
    return name;
}

static void tell_line(const struct probe *probe)
{
    char name[16];

    printf("%-8s ", name_of(probe, name));
    if (probe->status == S7_OK)
        printf("%6u byte%s%s\n", probe->size, probe->size == 1 ? "" : "s",
               !probe->told && probe->size == PROBE_MAX ? " or more" : "");
    else
        printf("     ? not one byte can be read: %s%s\n", s7_strerror(probe->status),
               probe->area == S7_AREA_DB && !is_refused(probe) ? " (empty, or with optimized access?)" : "");
}

static void tell_json(const struct probe *probe)
{
    char name[16];

    printf("{\"block\": \"%s\", ", name_of(probe, name));
    if (probe->status == S7_OK)
        printf("\"bytes\": %u, \"by\": \"%s\"}", probe->size, probe->told ? "list" : "reads");
    else
        printf("\"status\": \"%s\", \"error\": \"%s\"}", s7_errname(probe->status),
               s7_strerror(probe->status));
}

static void tell_csv(const struct probe *probe)
{
    char name[16];

    if (probe->status == S7_OK)
        printf("%s,%u,%s,\n", name_of(probe, name), probe->size, probe->told ? "list" : "reads");
    else
        printf("%s,,reads,%s\n", name_of(probe, name), s7_strerror(probe->status));
}

static void tell_begin(const struct scan *scan, const char *endpoint)
{
    if (scan->format == CLI_CSV)
        printf("block,bytes,by,error\n");
    if (scan->format != CLI_JSON)
        return;
    printf("{\"endpoint\": ");
    cli_json_utf8(stdout, endpoint);
    if (!scan->listed)
        printf(", \"from\": %u, \"to\": %u", scan->from, scan->to);
    printf(", \"blocks\": [");
}

static void tell_one(const struct scan *scan, const struct probe *probe, bool first)
{
    if (scan->format == CLI_CSV) {
        tell_csv(probe);
    } else if (scan->format == CLI_TEXT) {
        tell_line(probe);
    } else {
        printf(first ? "\n " : ",\n ");
        tell_json(probe);
    }
}

/* What is said beside the table. */
static void tell_limits(const struct scan *scan, bool none)
{
    const char *name = scan->self->name;

    if (none)
        fprintf(stderr, "s7rig %s: found no DB\n", name);
    if (scan->list_error != 0)
        fprintf(stderr,
                "s7rig %s: this PLC tells no list of its blocks (error %04X), their numbers were tried\n",
                name, scan->list_error);
    if (!scan->listed)
        fprintf(stderr,
                "s7rig %s: DB%u to DB%u (--from, --to); what has optimized access (S7-1200, S7-1500) looks "
                "missing\n",
                name, scan->from, scan->to);
    if (scan->verbose)
        fprintf(stderr, "s7rig %s: %llu jobs\n", name, (unsigned long long)sizes_jobs(&scan->sizes));
}

/* Returns the exit status. */
static int tell_refused(const struct scan *scan)
{
    size_t n = 0, first = 0;
    char name[16];

    for (size_t i = scan->n; i-- > 0;)
        if (is_refused(&scan->probes[i])) {
            first = i;
            n++;
        }
    if (n == 0)
        return CLI_OK;
    fprintf(stderr, "s7rig %s: %zu may not be read, the first is %s: %s\n", scan->self->name, n,
            name_of(&scan->probes[first], name), s7_strerror(scan->probes[first].status));
    fprintf(stderr, "s7rig %s: try: s7rig doctor, which tells what to permit in the PLC\n", scan->self->name);
    return CLI_FAILED;
}

static int tell(const struct scan *scan, const char *endpoint)
{
    size_t n = 0;

    tell_begin(scan, endpoint);
    for (size_t i = 0; i < scan->n; i++)
        if (!is_missing(scan, &scan->probes[i]))
            tell_one(scan, &scan->probes[i], n++ == 0);
    if (scan->format == CLI_JSON)
        printf("],\n \"jobs\": %llu}\n", (unsigned long long)sizes_jobs(&scan->sizes));
    fflush(stdout); /* before what is said of it */
    tell_limits(scan, n == 0);
    return tell_refused(scan);
}

/* ---- the command ---- */

static int scan_and_tell(struct scan *scan, s7_client *client, const char *endpoint)
{
    sizes_begin(&scan->sizes, client, scan->rate);
    s7_status status = find(scan);
    int told = status == S7_OK ? tell(scan, endpoint) : CLI_OK;

    free(scan->probes);
    if (status == S7_E_NOMEM)
        return cli_fail_nomem(scan->self);
    return status == S7_OK ? told : cli_fail(scan->self, status, &scan->sizes.err);
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct scan scan = {.self = self};
    s7_client *client;
    bool csv = false;

    cli_connection_init(&scan.connection);
    const struct cli_option options[] = {CLI_CONNECTION_OPTIONS(scan.connection),
                                         {.name = "from", .number = &scan.from, .min = 1, .max = 65535},
                                         {.name = "to", .number = &scan.to, .min = 1, .max = 65535},
                                         {.name = "areas", .flag = &scan.areas},
                                         {.name = "probe", .flag = &scan.probe},
                                         {.name = "rate", .number = &scan.rate, .min = 1, .max = 100000},
                                         {.name = "csv", .flag = &csv},
                                         {.name = "verbose", .letter = 'v', .flag = &scan.verbose},
                                         {.name = NULL}};
    int status = cli_options(self, options, &argc, argv);
    if (status < 0)
        status = cli_one_format(self, scan.connection.json, csv, false, &scan.format);
    if (status >= 0)
        return status;
    int next;
    const char *endpoint = cli_endpoint(argc, argv, CLI_NOTHING_MORE, &next);
    if (endpoint == NULL || next != argc)
        return cli_usage_error(self, "expected one endpoint");
    if (scan.to > 0 && scan.from > scan.to)
        return cli_usage_error(self, "--from %u is behind --to %u", scan.from, scan.to);
    status = cli_connect(self, &scan.connection, endpoint, &client);
    if (status >= 0)
        return status;
    status = scan_and_tell(&scan, client, endpoint);
    s7_client_free(client);
    return status;
}

const struct cli_command cli_scan = {
    .name = "scan",
    .summary = "find the data blocks of a PLC and their sizes",
    .usage = "ENDPOINT [--from N] [--to N] [--areas]",
    .help = "Asks for the PLC's list of blocks. Where it tells none (S7-1200, S7-1500,\n"
            "simulators), reads one byte of each DB number of a range, then single bytes\n"
            "further on until the size is known. Writes nothing.\n"
            "\n"
            "  --from N        first number (1)\n"
            "  --to N          last number (all of the list; 1000 where numbers are tried)\n"
            "  --areas         sizes of M, I and Q as well, by reading\n"
            "  --probe         try numbers even if there is a list\n"
            "  --rate N        at most N jobs per second, to spare a busy PLC\n"
            "  --csv           a table: block, bytes, by (list or reads), error\n"
            "  -v, --verbose   tell how many jobs it took\n"
            "\n" CLI_CONNECTION_HELP "\n"
            "Without ENDPOINT it is S7_ENDPOINT of the environment.\n"
            "\n"
            "What cannot be known by reading: a DB with optimized access looks missing or\n"
            "empty, and 65536 bytes stands for that many or more.\n"
            "\n"
            "Exit status: 0 done, also if there is none, 1 the PLC refused reads, 2 usage, 4\n"
            "cannot connect, or the connection was lost.\n"
            "\n"
            "  s7rig scan 127.0.0.1:10102 --areas\n",
    .run = run,
};
