/* The CPUs that can be played: those of a new plant file, or of one that is there. */
#include "cli/cli.h"

#include "plant/plant.h"

#include <string.h>

/* ---- words ---- */

static const char *refusal_name(enum plant_refusal refusal)
{
    static const char *const names[] = {[PLANT_REFUSE_DR] = "DR",
                                        [PLANT_REFUSE_FIN] = "FIN",
                                        [PLANT_REFUSE_RST] = "RST",
                                        [PLANT_REFUSE_SILENCE] = "silence"};

    return names[refusal];
}

/* "2", "0 1", "any" */
static void slots_text(const struct plant_personality *who, char *text, size_t cap)
{
    size_t used = 0;

    snprintf(text, cap, "%s", who->slots == PLANT_ANY_SLOT ? "any" : "");
    for (unsigned slot = 0; slot < 32 && who->slots != PLANT_ANY_SLOT; slot++)
        if ((who->slots >> slot & 1) != 0 && used < cap)
            used += (size_t)snprintf(text + used, cap - used, "%s%u", used > 0 ? " " : "", slot);
}

/* ---- the form for people ---- */

static void print_number(int32_t number, int width)
{
    if (number >= 0)
        printf("%*d", width, number);
    else
        printf("%*s", width, "-");
}

static void print_row(const struct plant_personality *who, void *arg)
{
    char slots[80], amq[16];

    (void)arg;
    slots_text(who, slots, sizeof slots);
    snprintf(amq, sizeof amq, "%d/%d", who->amq_calling, who->amq_called);
    cli_print_utf8(stdout, who->name);
    printf("%*s %-6s %4d %5s", (int)(strlen(who->name) < 14 ? 14 - strlen(who->name) : 0), "", slots,
           who->pdu_len, amq);
    print_number(who->connections, 6);
    printf("  %-8s ", refusal_name(who->full));
    cli_print_utf8(stdout, who->title);
    printf("\n");
}

/* ---- JSON ---- */

static void json_number(const char *name, int32_t number)
{
    if (number >= 0)
        printf(", \"%s\": %d", name, number);
    else
        printf(", \"%s\": null", name);
}

static void json_row(const struct plant_personality *who, void *arg)
{
    bool *first = arg;
    char slots[80];

    slots_text(who, slots, sizeof slots);
    printf("%s{\"name\": ", *first ? "" : ",\n ");
    *first = false;
    cli_json_utf8(stdout, who->name);
    printf(", \"title\": ");
    cli_json_utf8(stdout, who->title);
    printf(", \"order_code\": ");
    cli_json_utf8(stdout, who->order_code);
    printf(", \"firmware\": ");
    cli_json_utf8(stdout, who->firmware);
    printf(", \"slots\": \"%s\"", slots);
    json_number("rack", who->rack);
    json_number("pdu_length", who->pdu_len);
    json_number("amq_calling", who->amq_calling);
    json_number("amq_called", who->amq_called);
    json_number("connections", who->connections);
    json_number("reserved_pg", who->reserved[PLANT_PG]);
    json_number("reserved_op", who->reserved[PLANT_OP]);
    json_number("reserved_basic", who->reserved[PLANT_BASIC]);
    json_number("inputs", who->memory.inputs);
    json_number("outputs", who->memory.outputs);
    json_number("markers", who->memory.markers);
    json_number("timers", who->memory.timers);
    json_number("counters", who->memory.counters);
    json_number("db1", who->memory.db1);
    printf(", \"wrong_tsap\": \"%s\", \"when_full\": \"%s\", \"put_get\": %s}", refusal_name(who->wrong_tsap),
           refusal_name(who->full), who->put_get ? "true" : "false");
}

/* ---- both ---- */

static int run(const struct cli_command *self, int argc, char **argv)
{
    bool json = false, first = true;
    const struct cli_option options[] = {{.name = "json", .flag = &json}, {.name = NULL}};
    struct plant_error error;
    int status = cli_options(self, options, &argc, argv);

    if (status >= 0)
        return status;
    if (argc > 2)
        return cli_usage_error(self, "one plant file, or none for those of a new one");
    if (json)
        printf("[");
    else
        printf("%-14s %-6s %4s %5s %5s  %-8s %s\n", "NAME", "SLOTS", "PDU", "AMQ", "CONN", "FULL", "CPU");
    if (plant_personalities(argc == 2 ? argv[1] : NULL, json ? json_row : print_row, &first, &error) != S7_OK)
        return cli_fail_plant(self, &error);
    if (json)
        printf("]\n");
    return CLI_OK;
}

const struct cli_command cli_personalities = {
    .name = "personalities",
    .summary = "the CPUs that can be played",
    .usage = "[FILE] [--json]",
    .help = "Lists what `s7rig plant new --cpu` takes or, with a plant file, the rows of its\n"
            "table personality: those that every file has, and your own. What each column\n"
            "is, and how to make a CPU of your own by copying rows: docs/personalities.md.\n"
            "\n"
            "  SLOTS  that it may be reached at     PDU   largest PDU that it grants\n"
            "  AMQ    jobs at once, both fields     CONN  connections at once\n"
            "  FULL   what a connection beyond these meets\n"
            "\n"
            "  --json   machine-readable output, with more of each\n"
            "\n"
            "Exit status: 0 listed, 2 usage, 3 not a plant file or of another s7rig,\n"
            "4 missing or unreadable.\n",
    .run = run,
};
