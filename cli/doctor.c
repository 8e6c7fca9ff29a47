#include "cli/doctor.h"

#include <s7rig/services.h>

#include <stdarg.h>
#include <string.h>

/* One examination. */
struct patient {
    const struct cli_command *self;
    struct cli_connection connection;
    uint32_t db; /* 0: none */
    char place[DOCTOR_PLACE_CAP];
    s7_client *client;
    size_t n_told;
    int worst; /* exit status so far */
};

/* ---- telling ---- */

static void step_name(const struct patient *patient, enum doctor_step step, char text[16])
{
    static const char *const names[] = {"TCP", "COTP", "S7 setup", "MB0", "", "identity"};

    if (step == DOCTOR_DB)
        snprintf(text, 16, "DB%u", patient->db);
    else
        snprintf(text, 16, "%s", names[step]);
}

static void tell_json(size_t nth, const char *name, const struct doctor_finding *finding)
{
    static const char *const ends[] = {"ok", "absent", "failed"};

    printf("%s\n  {\"step\": \"%s\", \"result\": \"%s\", \"text\": ", nth > 0 ? "," : "", name,
           ends[finding->end]);
    cli_json_utf8(stdout, finding->came);
    if (finding->hint[0] != '\0') {
        printf(", \"hint\": ");
        cli_json_utf8(stdout, finding->hint);
    }
    printf("}");
}

static void tell_people(const char *name, const struct doctor_finding *finding)
{
    static const char *const ends[] = {"ok", "absent", "FAILED"};

    printf("%-9s %-7s ", name, ends[finding->end]);
    cli_print_utf8(stdout, finding->came);
    printf("\n");
    if (finding->hint[0] != '\0')
        printf("%17s try: %s\n", "", finding->hint);
    fflush(stdout); /* the next step may take its time */
}

static void tell(struct patient *patient, const struct doctor_finding *finding)
{
    char name[16];

    step_name(patient, finding->step, name);
    if (patient->connection.json)
        tell_json(patient->n_told, name, finding);
    else
        tell_people(name, finding);
    patient->n_told++;
}

static void __attribute__((format(printf, 4, 5)))
tell_end(struct patient *patient, enum doctor_step step, enum doctor_end end, const char *format, ...)
{
    struct doctor_finding finding = {.step = step, .end = end};
    va_list args;

    va_start(args, format);
    vsnprintf(finding.came, sizeof finding.came, format, args);
    va_end(args);
    tell(patient, &finding);
}

static void count(struct patient *patient, s7_status status)
{
    int status_here = cli_exit_of(status);

    if (status_here > patient->worst)
        patient->worst = status_here;
}

static void tell_failed(struct patient *patient, enum doctor_step step, s7_status status,
                        const s7_errinfo *err)
{
    struct doctor_finding finding = doctor_failed(step, status, err);

    count(patient, status);
    tell(patient, &finding);
}

/* ---- the way in ---- */

static void tell_passed(struct patient *patient, enum doctor_step step)
{
    const s7_client_options *options = &patient->connection.options;
    s7_client_info info = {.struct_size = sizeof info};

    if (step == DOCTOR_TCP) {
        tell_end(patient, step, DOCTOR_OK, "%s takes connections", patient->place);
    } else if (step == DOCTOR_COTP && options->remote_tsap != 0) {
        tell_end(patient, step, DOCTOR_OK, "TSAP %02X.%02X", options->remote_tsap >> 8,
                 options->remote_tsap & 0xFF);
    } else if (step == DOCTOR_COTP) {
        tell_end(patient, step, DOCTOR_OK, "type %s, rack %u, slot %u", doctor_type_name(options->conn_type),
                 options->rack, options->slot);
    } else if (s7_client_info_get(patient->client, &info) == S7_OK) {
        tell_end(patient, step, DOCTOR_OK,
                 "granted: PDU length %u (asked: %u), jobs in flight %u (asked: %u)", info.pdu_len,
                 options->pdu_len, info.amq_calling, options->max_jobs);
    }
}

/* "--type op --slot 2, --type pg --slot 2" */
static void ways_text(const struct doctor_way *ways, size_t n, char *text, size_t cap)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < n && used < cap; i++)
        used += (size_t)snprintf(text + used, cap - used, "%s--type %s --slot %u", i > 0 ? ", " : "",
                                 doctor_type_name(ways[i].conn_type), ways[i].slot);
}

/* A refusal says little: what else the PLC would take says more. */
static void tell_refused(struct patient *patient, s7_status status, const s7_errinfo *err)
{
    const s7_client_options *options = &patient->connection.options;
    struct doctor_way ways[DOCTOR_MAX_WAYS];
    char would[DOCTOR_TEXT_CAP / 2];
    struct doctor_finding finding = doctor_failed(DOCTOR_COTP, status, err);
    size_t n = doctor_other_ways(patient->place, options, ways);

    ways_text(ways, n < 4 ? n : 4, would, sizeof would);
    if (n == 0)
        snprintf(
            finding.hint, sizeof finding.hint,
            "slots 0 to 5 of rack %u are refused with every connection type: another rack, all "
            "connections of the PLC are taken (close some, or wait a minute for dead ones), or no S7 PLC",
            options->rack);
    else if (ways[0].slot == options->slot)
        snprintf(finding.hint, sizeof finding.hint,
                 "connections of type %s are taken or not allowed; these work: %s",
                 doctor_type_name(options->conn_type), would);
    else
        snprintf(finding.hint, sizeof finding.hint, "wrong slot; these work: %s", would);
    count(patient, status);
    tell(patient, &finding);
}

static bool get_in(struct patient *patient)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {
        .struct_size = sizeof ctx, .timeout_ms = (int32_t)patient->connection.timeout_ms, .err = &err};
    s7_status status = s7_client_connect(patient->client, &ctx);
    enum doctor_step end = status == S7_OK ? DOCTOR_MEMORY : doctor_step_of(status, &err);

    for (enum doctor_step step = DOCTOR_TCP; step < end; step++)
        tell_passed(patient, step);
    if (status == S7_E_COTP_REFUSED)
        tell_refused(patient, status, &err);
    else if (status != S7_OK)
        tell_failed(patient, end, status, &err);
    return status == S7_OK;
}

/* ---- what it lets us do ---- */

static void read_byte(struct patient *patient, enum doctor_step step)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    uint8_t byte = 0;
    bool db = step == DOCTOR_DB;
    s7_status status =
        s7_read_u8(patient->client, &ctx, db ? S7_AREA_DB : S7_AREA_M, (uint16_t)patient->db, 0, &byte);

    if (status == S7_OK)
        tell_end(patient, step, DOCTOR_OK, "its first byte is %02X", byte);
    else if (!db && (status == S7_E_ITEM_MISSING || status == S7_E_ITEM_ADDRESS))
        tell_end(patient, step, DOCTOR_ABSENT,
                 "%s: no CPU with bit memory (a drive, a gateway?); --db N looks at a data block",
                 s7_strerror(status));
    else
        tell_failed(patient, step, status, &err);
}

/* Parts that a PLC tells of itself, with blanks between those that are there. */
static void tell_identity(struct patient *patient, const s7_cpu_info *cpu, const s7_order_code *code)
{
    char type[CLI_LATIN1_CAP], order[CLI_LATIN1_CAP], firmware[CLI_LATIN1_CAP];

    tell_end(patient, DOCTOR_IDENTITY, DOCTOR_OK, "%s%s%s%s%s", cli_latin1_utf8(cpu->module_type, type),
             cpu->module_type[0] != '\0' ? " " : "", cli_latin1_utf8(code->order_code, order),
             code->firmware[0] != '\0' ? " " : "", cli_latin1_utf8(code->firmware, firmware));
}

/* One that knows neither list tells nothing of itself; that is no illness. */
static void ask_identity(struct patient *patient)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    s7_cpu_info cpu = {.struct_size = sizeof cpu}, no_cpu = cpu;
    s7_order_code code = {.struct_size = sizeof code}, no_code = code;
    s7_status cpu_status = s7_cpu_info_get(patient->client, &ctx, &cpu);
    s7_status status = s7_order_code_get(patient->client, &ctx, &code);

    if (cpu_status == S7_OK || status == S7_OK)
        tell_identity(patient, cpu_status == S7_OK ? &cpu : &no_cpu, status == S7_OK ? &code : &no_code);
    else if (cli_not_offered(status, &err))
        tell_end(patient, DOCTOR_IDENTITY, DOCTOR_ABSENT,
                 "this PLC does not offer status lists (error %04X); reads and writes need none",
                 err.plc_error);
    else
        tell_failed(patient, DOCTOR_IDENTITY, status, &err);
}

static void examine(struct patient *patient)
{
    if (!get_in(patient))
        return;
    read_byte(patient, DOCTOR_MEMORY);
    if (patient->db != 0 && s7_client_is_connected(patient->client))
        read_byte(patient, DOCTOR_DB);
    if (s7_client_is_connected(patient->client))
        ask_identity(patient);
}

/* ---- the command ---- */

static int examine_and_tell(struct patient *patient, const char *endpoint)
{
    bool json = patient->connection.json;

    if (json) {
        printf("{\"endpoint\": ");
        cli_json_utf8(stdout, endpoint);
        printf(", \"steps\": [");
    }
    examine(patient);
    if (json)
        printf("],\n \"status\": \"%s\"}\n", patient->worst == CLI_OK ? "ok" : "failed");
    return patient->worst;
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct patient patient = {.self = self};

    cli_connection_init(&patient.connection);
    const struct cli_option options[] = {CLI_CONNECTION_OPTIONS(patient.connection),
                                         {.name = "db", .number = &patient.db, .min = 1, .max = 65535},
                                         {.name = NULL}};
    int status = cli_options(self, options, &argc, argv);
    if (status >= 0)
        return status;
    int next;
    const char *endpoint = cli_endpoint(argc, argv, CLI_NOTHING_MORE, &next);
    if (endpoint == NULL || next != argc)
        return cli_usage_error(self, "expected one endpoint");
    status = cli_client(self, &patient.connection, endpoint, &patient.client);
    if (status >= 0)
        return status;
    if (doctor_settle(endpoint, &patient.connection.options, patient.place))
        status = examine_and_tell(&patient, endpoint);
    s7_client_free(patient.client);
    return status;
}

const struct cli_command cli_doctor = {
    .name = "doctor",
    .summary = "find out why a PLC cannot be reached or read",
    .usage = "ENDPOINT [--db N]",
    .help = "Goes step by step: TCP, COTP, S7 setup, a byte of MB0 and of a data block,\n"
            "identification; and says what came at each and what to do about it. When the\n"
            "slot or the connection type is refused, tries the others and says which work.\n"
            "Writes nothing.\n"
            "\n"
            "  --db N          read the first byte of this data block as well\n"
            "\n" CLI_CONNECTION_HELP "\n"
            "Without ENDPOINT it is S7_ENDPOINT of the environment.\n"
            "\n"
            "A PLC that does not tell who it is (\"absent\") is not ill.\n"
            "\n"
            "Exit status: 0 all well, 1 the PLC refused a read, 2 usage, 4 cannot connect, or\n"
            "the connection was lost.\n"
            "\n"
            "  s7rig doctor 192.168.0.1 --db 1\n",
    .run = run,
};
