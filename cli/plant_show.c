#include "cli/cli.h"

#include "plant/plant.h"
#include "protocol/value.h"

#include <string.h>

/* ---- the form for people ---- */

/* How wide the columns must be, found in a first pass. */
struct widths {
    size_t name, address;
};

static void widen(size_t *width, const char *text)
{
    size_t len = cli_print_utf8(NULL, text);

    if (len > *width)
        *width = len;
}

static void measure(const struct plant_tag_view *tag, void *arg)
{
    struct widths *widths = arg;

    widen(&widths->name, tag->name);
    widen(&widths->address, tag->address);
}

static void cell(const char *text, size_t width)
{
    size_t len = cli_print_utf8(stdout, text);

    printf("%*s", len < width ? (int)(width - len) : 0, "");
}

static void print_tag(const struct plant_tag_view *tag, void *arg)
{
    const struct widths *widths = arg;

    printf("  ");
    cell(tag->name, widths->name + 2);
    cell(tag->address, widths->address + 2);
    cli_print_utf8(stdout, tag->value);
    if (tag->error[0] != '\0') {
        printf("%serror: ", tag->value[0] != '\0' ? "  " : "");
        cli_print_utf8(stdout, tag->error);
    }
    printf("\n");
}

static void block_name(const struct plant_block *block, char *text, size_t cap)
{
    if (block->area == S7_AREA_DB)
        snprintf(text, cap, "DB%u", block->number);
    else
        snprintf(text, cap, "%s", s7_area_name(block->area));
}

static void print_block(const struct plant_block *block, void *arg)
{
    bool words = block->area == S7_AREA_T || block->area == S7_AREA_C;
    char name[16];

    (void)arg;
    block_name(block, name, sizeof name);
    printf("  %-8s %6u bytes", name, block->len);
    if (words)
        printf(", %u %s", block->len / 2, block->area == S7_AREA_T ? "timers" : "counters");
    printf("\n");
}

/* A DB was printed with the memory, which has its bytes. */
static void print_code(const struct plant_code *code, void *arg)
{
    char name[16];

    (void)arg;
    snprintf(name, sizeof name, "%s%u", plant_kind_name(code->kind), code->number);
    if (code->kind != PLANT_DB)
        printf("  %-8s %6u bytes, as it was downloaded\n", name, code->len);
}

static void print_plc(plant *p, const struct plant_plc *plc)
{
    struct widths widths = {0, 0};

    printf("PLC ");
    cli_print_utf8(stdout, plc->name);
    printf(", cpu ");
    cli_print_utf8(stdout, plc->cpu);
    printf(", listens on ");
    cli_print_utf8(stdout,
                   plc->listen[0] != '\0' ? plc->listen : "the next free place from 127.0.0.1:10102 up");
    printf("\n");
    plant_blocks(p, plc, print_block, NULL);
    plant_codes(p, plc, print_code, NULL);
    plant_tags(p, plc, measure, &widths);
    if (widths.address > 0)
        printf("\n");
    plant_tags(p, plc, print_tag, &widths);
}

/* ---- JSON ---- */

/* A value is a JSON number, or an array of them, where its type is a finite number; everything else is a
 * string. */
static bool is_json_number(const struct plant_tag_view *tag)
{
    s7_address address;

    if (s7_address_parse(tag->address, &address, NULL) != S7_OK || s7_type_is_text(address.type) ||
        s7_type_kind(address.type) == S7_KIND_TIME)
        return false;
    return tag->value[0] != '\0' && strpbrk(tag->value, "in#") == NULL; /* inf, nan, 16#F000 */
}

static void json_tag(const struct plant_tag_view *tag, void *arg)
{
    bool *first = arg;

    printf("%s\n    {\"name\": ", *first ? "" : ",");
    *first = false;
    cli_json_utf8(stdout, tag->name);
    printf(", \"address\": ");
    cli_json_utf8(stdout, tag->address);
    if (tag->error[0] == '\0' || tag->value[0] != '\0') { /* the place can be read */
        printf(", \"value\": ");
        if (is_json_number(tag))
            fputs(tag->value, stdout);
        else
            cli_json_utf8(stdout, tag->value);
    }
    if (tag->error[0] != '\0') {
        printf(", \"error\": ");
        cli_json_utf8(stdout, tag->error);
    }
    printf("}");
}

static void json_block(const struct plant_block *block, void *arg)
{
    bool *first = arg;
    char name[16];

    block_name(block, name, sizeof name);
    printf("%s\n    {\"block\": \"%s\", \"bytes\": %u}", *first ? "" : ",", name, block->len);
    *first = false;
}

static void json_code(const struct plant_code *code, void *arg)
{
    bool *first = arg;

    printf("%s\n    {\"block\": \"%s%u\", \"bytes\": %u}", *first ? "" : ",", plant_kind_name(code->kind),
           code->number, code->len);
    *first = false;
}

static void json_plc(plant *p, const struct plant_plc *plc)
{
    bool first = true;

    printf("{\"name\": ");
    cli_json_utf8(stdout, plc->name);
    printf(", \"cpu\": ");
    cli_json_utf8(stdout, plc->cpu);
    printf(", \"listen\": ");
    if (plc->listen[0] != '\0')
        cli_json_utf8(stdout, plc->listen);
    else
        printf("null");
    printf(",\n   \"blocks\": [");
    plant_blocks(p, plc, json_block, &first);
    printf("],\n   \"code\": [");
    first = true;
    plant_codes(p, plc, json_code, &first);
    printf("],\n   \"tags\": [");
    first = true;
    plant_tags(p, plc, json_tag, &first);
    printf("]}");
}

/* ---- both ---- */

static void show(plant *p, bool json)
{
    size_t n = plant_plc_count(p);

    if (json)
        printf("[");
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            printf(json ? ",\n " : "\n");
        if (json)
            json_plc(p, plant_plc_at(p, i));
        else
            print_plc(p, plant_plc_at(p, i));
    }
    if (json)
        printf("]\n");
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    bool json = false;
    const struct cli_option options[] = {{.name = "json", .flag = &json}, {.name = NULL}};
    struct plant_options plant_options;
    struct plant_error error;
    plant *p;
    int status = cli_options(self, options, &argc, argv);

    if (status >= 0)
        return status;
    if (argc != 2)
        return cli_usage_error(self, "expected one plant file, got %d", argc - 1);
    plant_options_init(&plant_options);
    plant_options.read_only = true;
    if (plant_open(argv[1], &plant_options, &p, &error) != S7_OK)
        return cli_fail_plant(self, &error);
    show(p, json);
    plant_close(p);
    return CLI_OK;
}

const struct cli_command cli_plant_show = {
    .name = "plant show",
    .summary = "show the PLCs, blocks and tags of a plant file",
    .usage = "FILE [--json]",
    .help = "Looks only: works beside a running `s7rig serve`, and changes nothing. Edits\n"
            "that no server has applied yet are shown as if they had been; what cannot be\n"
            "applied is shown with its reason.\n"
            "\n"
            "  --json   machine-readable output\n"
            "\n"
            "Exit status: 0 shown, 2 usage, 3 not a plant file or of a newer s7rig, 4 missing\n"
            "or locked.\n",
    .run = run,
};
