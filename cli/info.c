#include "cli/cli.h"

#include <s7rig/services.h>

#include <string.h>

/* All that is asked for. */
struct facts {
    s7_cpu_info cpu;
    s7_order_code code;
    s7_cpu_mode mode;
    s7_datetime since;
    s7_protection protection;
    s7_comm_info limits;
    s7_client_info granted;
};

/* ---- asking ---- */

static s7_status get_cpu(s7_client *client, const s7_ctx *ctx, struct facts *facts)
{
    return s7_cpu_info_get(client, ctx, &facts->cpu);
}

static s7_status get_code(s7_client *client, const s7_ctx *ctx, struct facts *facts)
{
    return s7_order_code_get(client, ctx, &facts->code);
}

static s7_status get_mode(s7_client *client, const s7_ctx *ctx, struct facts *facts)
{
    return s7_cpu_mode_get(client, ctx, &facts->mode, &facts->since);
}

static s7_status get_protection(s7_client *client, const s7_ctx *ctx, struct facts *facts)
{
    return s7_protection_get(client, ctx, &facts->protection);
}

static s7_status get_limits(s7_client *client, const s7_ctx *ctx, struct facts *facts)
{
    s7_status status = s7_comm_info_get(client, ctx, &facts->limits);

    return status == S7_OK ? s7_client_info_get(client, &facts->granted) : status;
}

/* ---- printing ---- */

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

/* What has a name and a text. */
static void show_texts(bool json, const char *const *names, const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (json ? member : line)(names[i], texts[i]);
}

static void show_cpu(const struct facts *facts, bool json)
{
    static const char *const names[] = {"module", "serial",   "station",     "module name",
                                        "plant",  "location", "memory card", "copyright"};
    static const char *const keys[] = {"module_type", "serial",   "as_name", "module_name",
                                       "plant",       "location", "card",    "copyright"};
    const s7_cpu_info *cpu = &facts->cpu;
    const char *const texts[] = {cpu->module_type, cpu->serial,   cpu->as_name, cpu->module_name,
                                 cpu->plant,       cpu->location, cpu->card,    cpu->copyright};

    show_texts(json, json ? keys : names, texts, sizeof texts / sizeof texts[0]);
}

static void show_code(const struct facts *facts, bool json)
{
    static const char *const names[] = {"order code", "firmware"};
    static const char *const keys[] = {"order_code", "firmware"};
    const char *const texts[] = {facts->code.order_code, facts->code.firmware};

    show_texts(json, json ? keys : names, texts, sizeof texts / sizeof texts[0]);
}

static void show_mode(const struct facts *facts, bool json)
{
    char since[CLI_DATETIME_CAP];
    const char *name = s7_cpu_mode_name(facts->mode);
    bool known = facts->since.year != 0;

    cli_datetime_text(&facts->since, since);
    if (json) {
        member("mode", name);
        member("mode_since", known ? since : "");
    } else {
        printf("%-13s %s%s%s\n", "mode", name, known ? " since " : "", known ? since : "");
    }
}

static void show_protection(const struct facts *facts, bool json)
{
    static const char *const switches[] = {"unknown", "RUN", "RUN-P", "STOP", "MRES"};
    const s7_protection *p = &facts->protection;
    const char *at = switches[p->mode_switch < 5 ? p->mode_switch : 0];

    if (json)
        printf(",\n \"protection\": {\"level\": %u, \"configured\": %u, \"by_switch\": %u, \"mode_switch\": "
               "\"%s\"}",
               p->valid_level, p->set_level, p->key_level, at);
    else
        printf("%-13s level %u (configured %u, by the switch %u), mode switch %s\n", "protection",
               p->valid_level, p->set_level, p->key_level, at);
}

static void show_limits(const struct facts *facts, bool json)
{
    const s7_comm_info *limits = &facts->limits;
    const s7_client_info *granted = &facts->granted;

    if (json)
        printf(",\n \"limits\": {\"pdu_len\": %u, \"connections\": %u, \"mpi_bps\": %u, \"bus_bps\": %u, "
               "\"ethernet_bps\": %u}",
               limits->max_pdu_len, limits->max_connections, limits->mpi_bps, limits->bus_bps,
               limits->ethernet_bps);
    else
        printf("%-13s PDU length %u (granted here: %u), %u connections, MPI %u bit/s\n", "limits",
               limits->max_pdu_len, granted->pdu_len, limits->max_connections, limits->mpi_bps);
}

/* ---- all of it ---- */

static const struct part {
    const char *what;
    s7_status (*get)(s7_client *client, const s7_ctx *ctx, struct facts *facts);
    void (*show)(const struct facts *facts, bool json);
} parts[] = {
    {"identification", get_cpu, show_cpu}, {"order code", get_code, show_code},
    {"mode", get_mode, show_mode},         {"protection", get_protection, show_protection},
    {"limits", get_limits, show_limits},
};

#define N_PARTS (sizeof parts / sizeof parts[0])

/* What a PLC knows nothing of: said once, for all of it. */
struct lacks {
    char what[128];
    size_t len;
    s7_errinfo err; /* of the last */
};

static void lack(struct lacks *lacks, const char *what, const s7_errinfo *err)
{
    lacks->len += (size_t)snprintf(lacks->what + lacks->len, sizeof lacks->what - lacks->len, "%s %s",
                                   lacks->len > 0 ? "," : "tell", what);
    lacks->err = *err;
}

/* A refusal leaves the other questions open; anything else ends them. Returns the exit status. */
static int ask(const struct cli_command *self, s7_client *client, struct facts *facts, bool told[N_PARTS])
{
    struct lacks lacks = {.len = 0};
    s7_status status = S7_OK;
    int worst = CLI_OK;

    for (size_t i = 0; i < N_PARTS && (status == S7_OK || status == S7_E_PLC); i++) {
        s7_errinfo err = S7_ERRINFO_INIT;

        status = parts[i].get(client, &(s7_ctx){.struct_size = sizeof(s7_ctx), .err = &err}, facts);
        told[i] = status == S7_OK;
        if (cli_not_offered(status, &err))
            lack(&lacks, parts[i].what, &err);
        else if (!told[i])
            worst = cli_fail(self, status, &err);
    }
    if (lacks.len == 0)
        return worst;
    int lacking = cli_fail_service(self, lacks.what, S7_E_PLC, &lacks.err);
    return worst != CLI_OK ? worst : lacking;
}

static void show(const struct facts *facts, const bool told[N_PARTS], const char *endpoint, bool json)
{
    if (json) {
        printf("{\"endpoint\": ");
        cli_json_utf8(stdout, endpoint);
    }
    for (size_t i = 0; i < N_PARTS; i++)
        if (told[i])
            parts[i].show(facts, json);
    if (json)
        printf("}\n");
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct cli_connection connection;
    struct facts facts = {.cpu.struct_size = sizeof facts.cpu,
                          .code.struct_size = sizeof facts.code,
                          .protection.struct_size = sizeof facts.protection,
                          .limits.struct_size = sizeof facts.limits,
                          .granted.struct_size = sizeof facts.granted};
    bool told[N_PARTS] = {false};
    s7_client *client;

    cli_connection_init(&connection);
    const struct cli_option options[] = {CLI_CONNECTION_OPTIONS(connection), {.name = NULL}};
    int status = cli_options(self, options, &argc, argv);
    if (status >= 0)
        return status;
    int next;
    const char *endpoint = cli_endpoint(argc, argv, CLI_NOTHING_MORE, &next);
    if (endpoint == NULL || next != argc)
        return cli_usage_error(self, "expected one endpoint");
    status = cli_connect(self, &connection, endpoint, &client);
    if (status >= 0)
        return status;
    status = ask(self, client, &facts, told);
    s7_client_free(client);
    show(&facts, told, endpoint, connection.json);
    return status;
}

const struct cli_command cli_info = {
    .name = "info",
    .summary = "tell which CPU a PLC has, its mode, protection and limits",
    .usage = "ENDPOINT",
    .help = "Asks for the CPU's identification, order code, firmware, mode, protection level\n"
            "and communication limits, and prints what it tells.\n"
            "\n" CLI_CONNECTION_HELP "\n"
            "Without ENDPOINT it is S7_ENDPOINT of the environment.\n"
            "\n"
            "S7-300 and S7-400 tell all of it, S7-1200 and S7-1500 little.\n"
            "\n"
            "Exit status: 0 all told, 1 the PLC refused some, 2 usage, 4 cannot connect.\n"
            "\n"
            "  s7rig info 's7://192.168.0.1?rack=0&slot=2'\n",
    .run = run,
};
