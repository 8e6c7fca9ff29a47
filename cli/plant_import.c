#include "cli/cli.h"

#include "cli/file.h"
#include "cli/plant_file.h"
#include "plant/exchange.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX ((size_t)512 << 20)

struct asked {
    const struct cli_command *self;
    const char *plant, *file;
    struct plant_import_options options;
    struct plant_import_result result;
    bool json, csv, headed;
};

/* ---- what happened ---- */

static void print_problem(const struct plant_problem *problem, void *arg)
{
    const struct asked *asked = arg;

    fprintf(stderr, "s7rig %s: ", asked->self->name);
    cli_print_utf8(stderr, asked->file);
    if (problem->line > 0)
        fprintf(stderr, ": line %zu, column %zu", problem->line, problem->column);
    fputs(": ", stderr);
    cli_print_utf8(stderr, problem->text);
    fputc('\n', stderr);
}

/* Once, over what follows. */
static void print_head(struct asked *asked)
{
    if (!asked->headed)
        printf("%s: imported %s%s\n", asked->plant, asked->file,
               asked->result.made ? " into a new plant" : "");
    asked->headed = true;
}

static void print_grown(const struct plant_grown *grown, void *arg)
{
    print_head(arg);
    printf("  %s", grown->kind);
    if (grown->number > 0)
        printf("%u", grown->number);
    printf(" of ");
    cli_print_utf8(stdout, grown->plc);
    if (grown->from == 0)
        printf(" made with %u bytes\n", grown->to);
    else
        printf(" grown from %u to %u bytes\n", grown->from, grown->to);
}

static void print_count(const char *what, const struct plant_import_count *count)
{
    if (count->fresh + count->changed + count->unchanged > 0)
        printf("  %s: %zu new, %zu changed, %zu unchanged\n", what, count->fresh, count->changed,
               count->unchanged);
}

static void print_result(const struct plant_import_result *result)
{
    print_count("personalities", &result->personalities);
    print_count("PLCs", &result->plcs);
    print_count("blocks", &result->blocks);
    print_count("status lists", &result->szls);
    print_count("downloaded blocks", &result->codes);
    printf("  tags: %zu new, %zu changed, %zu unchanged\n", result->tags.fresh, result->tags.changed,
           result->tags.unchanged);
}

/* ---- doing it ---- */

/* A problem of the file is one of parsing, whoever notices it. */
static int fail(const struct asked *asked, struct plant_error *error)
{
    if (asked->result.problems > PLANT_PROBLEMS_MAX)
        fprintf(stderr, "s7rig %s: and %zu more like these\n", asked->self->name,
                asked->result.problems - PLANT_PROBLEMS_MAX);
    if (error->status == S7_E_SYNTAX)
        error->status = S7_E_PLANT_SCHEMA;
    return cli_fail_plant(asked->self, error);
}

static int import(struct asked *asked)
{
    struct plant_error error;
    const char *why;
    size_t len;
    char *text = (char *)cli_load(plant_file_path(asked->file), TEXT_MAX, &len, &why);

    if (text == NULL) {
        fprintf(stderr, "s7rig %s: cannot read %s: %s\n", asked->self->name, asked->file, why);
        return CLI_ENVIRONMENT;
    }
    asked->options.format = plant_file_format(asked->file, asked->csv, asked->json, text, len);
    asked->options.problem = print_problem;
    asked->options.grown = print_grown;
    asked->options.arg = asked;
    s7_status status = plant_import(asked->plant, text, len, &asked->options, &asked->result, &error);
    free(text);
    if (status != S7_OK)
        return fail(asked, &error);
    print_head(asked);
    print_result(&asked->result);
    return CLI_OK;
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct asked asked = {.self = self};
    const struct cli_option options[] = {{.name = "plc", .text = &asked.options.plc},
                                         {.name = "no-grow", .flag = &asked.options.keep_sizes},
                                         {.name = "csv", .flag = &asked.csv},
                                         {.name = "json", .flag = &asked.json},
                                         {.name = NULL}};

    plant_import_options_init(&asked.options);
    int status = cli_options(self, options, &argc, argv);
    if (status >= 0)
        return status;
    if (argc != 3)
        return cli_usage_error(self, "expected a plant file and the file to import, got %d", argc - 1);
    if (asked.csv && asked.json)
        return cli_usage_error(self, "--csv and --json cannot be had together: say one");
    asked.plant = argv[1];
    asked.file = argv[2];
    return import(&asked);
}

const struct cli_command cli_plant_import = {
    .name = "plant import",
    .summary = "put a table of tags, or whole PLCs, into a plant file",
    .usage = "PLANT FILE [OPTION]...",
    .help = "FILE is CSV or JSON, by its ending or, failing that, its first character; - is\n"
            "standard input. What it names is made or changed, everything else stays: all of\n"
            "it, or, if anything is wrong, nothing. PLANT may be served meanwhile; clients\n"
            "see the tags with the next request.\n"
            "\n"
            "CSV is a line for each tag, and a first line that names the columns: name,\n"
            "address, and, in any order, type, value, comment, plc; others are skipped, so\n"
            "that tag tables of the engineering tool are taken as they are. The separator is\n"
            "a comma, semicolon or tab. An empty field says nothing; \"\" is an empty text.\n"
            "\n"
            "JSON is what `s7rig plant export --json` writes: PLCs, blocks, status lists and\n"
            "tags. A PLANT that is not there is made from it.\n"
            "\n"
            "  --plc NAME   whose the tags of CSV are that name no PLC (the only one)\n"
            "  --no-grow    a tag beyond its block is an error; otherwise the block is made,\n"
            "               or made longer, and that is said\n"
            "  --csv        FILE is CSV, whatever it is called\n"
            "  --json       FILE is JSON, whatever it is called\n"
            "\n"
            "Exit status: 0 imported, 2 usage, 3 FILE has errors (they are listed; nothing was\n"
            "imported) or PLANT is no plant file, 4 cannot read, missing or locked.\n",
    .run = run,
};
