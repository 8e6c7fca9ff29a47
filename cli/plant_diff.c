#include "cli/cli.h"

#include "plant/exchange.h"

#include <string.h>

/* ---- for people ---- */

struct printer {
    char plc[PLANT_NAME_CAP]; /* whose differences are being printed */
    bool any;
};

/* "tag speed", "DB2 bytes 4..7" */
static void print_what(const struct plant_difference *d)
{
    switch (d->part) {
    case PLANT_PART_ADDRESS:
    case PLANT_PART_VALUE:
    case PLANT_PART_COMMENT:
        printf("tag ");
        cli_print_utf8(stdout, d->name);
        printf(" %s", plant_part_name(d->part));
        break;
    case PLANT_PART_BYTES:
        printf("%s byte%s %u", d->name, d->to - d->from > 1 ? "s" : "", d->from);
        if (d->to - d->from > 1)
            printf("..%u", d->to - 1);
        break;
    case PLANT_PART_BLOCK:
        printf("%s", d->name);
        break;
    case PLANT_PART_PLC:
    case PLANT_PART_SETTING:
    case PLANT_PART_SZL:
    case PLANT_PART_CODE:
    case PLANT_PART_TAG:
        if (d->part != PLANT_PART_SETTING)
            printf("%s ", plant_part_name(d->part));
        cli_print_utf8(stdout, d->name);
        break;
    }
}

static void print_side(const char *text)
{
    if (text == NULL)
        printf("(none)");
    else if (text[0] == '\0')
        printf("\"\"");
    else
        cli_print_utf8(stdout, text);
}

/* Is it a thing that may be missing as a whole? */
static bool may_be_missing(enum plant_part part)
{
    return part == PLANT_PART_PLC || part == PLANT_PART_BLOCK || part == PLANT_PART_TAG ||
           part == PLANT_PART_SZL || part == PLANT_PART_CODE;
}

static void print(const struct plant_difference *d, void *arg)
{
    struct printer *printer = arg;

    if (!printer->any || strcmp(printer->plc, d->plc) != 0) {
        printf("%sPLC ", printer->any ? "\n" : "");
        cli_print_utf8(stdout, d->plc);
        printf("\n");
        snprintf(printer->plc, sizeof printer->plc, "%s", d->plc);
        printer->any = true;
    }
    bool one = may_be_missing(d->part) && (d->a == NULL || d->b == NULL);
    printf("%s ", !one ? "  ~" : d->a != NULL ? "  -" : "  +");
    print_what(d);
    printf(": ");
    if (!one) {
        print_side(d->a);
        printf(" -> ");
    }
    print_side(one && d->a != NULL ? d->a : d->b);
    printf("\n");
}

/* ---- JSON ---- */

static void json_side(const char *name, const char *text)
{
    printf(", \"%s\": ", name);
    if (text != NULL)
        cli_json_utf8(stdout, text);
    else
        printf("null");
}

static void print_json(const struct plant_difference *d, void *arg)
{
    struct printer *printer = arg;

    printf("%s{\"plc\": ", printer->any ? ",\n " : "");
    printer->any = true;
    cli_json_utf8(stdout, d->plc);
    printf(", \"what\": \"%s\", \"name\": ", plant_part_name(d->part));
    cli_json_utf8(stdout, d->name);
    if (d->part == PLANT_PART_BYTES)
        printf(", \"byte\": %u, \"length\": %u", d->from, d->to - d->from);
    json_side("a", d->a);
    json_side("b", d->b);
    printf("}");
}

/* ---- both ---- */

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct printer printer = {.any = false};
    struct plant_error error;
    bool json = false;
    const struct cli_option options[] = {{.name = "json", .flag = &json}, {.name = NULL}};
    size_t n;
    int status = cli_options(self, options, &argc, argv);

    if (status >= 0)
        return status;
    if (argc != 3)
        return cli_usage_error(self, "expected two plant files, got %d", argc - 1);
    if (json)
        printf("[");
    s7_status compared = plant_diff(argv[1], argv[2], json ? print_json : print, &printer, &n, &error);
    if (json)
        printf("]\n");
    if (compared != S7_OK)
        return cli_fail_plant(self, &error);
    return n == 0 ? CLI_OK : CLI_FAILED;
}

const struct cli_command cli_plant_diff = {
    .name = "plant diff",
    .summary = "compare two plant files, tag by tag",
    .usage = "A B [--json]",
    .help = "Prints what differs, a line each: - only A has it, + only B has it, ~ A -> B.\n"
            "Compared are PLCs by name (the only ones of both are taken for the same),\n"
            "their settings, status lists, downloaded blocks, blocks, bytes that no tag of\n"
            "both shows, and tags by name: address, value, comment. Faults, events and diagnostic buffers "
            "are not.\n"
            "Looks only: works beside a running `s7rig serve`; edits that no server has\n"
            "applied yet count as applied.\n"
            "\n"
            "  --json   an array of objects: plc, what, name, a, b\n"
            "\n"
            "Exit status: 0 the same, 1 different, 2 usage, 3 not a plant file or of a newer\n"
            "s7rig, 4 missing or locked.\n",
    .run = run,
};
