#include "cli/cli.h"

#include "cli/plant_file.h"
#include "cli/replace.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

struct asked {
    const struct cli_command *self;
    const char *plant, *file;
    enum plant_format format;
};

static int cannot_write(const struct asked *asked, int why)
{
    fprintf(stderr, "s7rig %s: cannot write %s: %s\n", asked->self->name, asked->file, strerror(why));
    return CLI_ENVIRONMENT;
}

static int export_file(const struct asked *asked)
{
    struct cli_replacement to;
    struct plant_error error;
    struct stat file, source;

    if (stat(asked->file, &file) == 0 && stat(asked->plant, &source) == 0 && source.st_dev == file.st_dev &&
        source.st_ino == file.st_ino)
        return cli_usage_error(asked->self, "%s is the plant itself", asked->file);
    if (!cli_replace_begin(&to, asked->file))
        return cannot_write(asked, errno);
    s7_status status = plant_export(asked->plant, asked->format, to.file, &error);
    bool written = cli_replace_end(&to, status == S7_OK);
    if (status != S7_OK)
        return cli_fail_plant(asked->self, &error);
    return written ? CLI_OK : cannot_write(asked, errno);
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct asked asked = {.self = self};
    bool json = false, csv = false;
    const struct cli_option options[] = {
        {.name = "json", .flag = &json}, {.name = "csv", .flag = &csv}, {.name = NULL}};
    struct plant_error error;
    int status = cli_options(self, options, &argc, argv);

    if (status >= 0)
        return status;
    if (argc != 2 && argc != 3)
        return cli_usage_error(self, "expected a plant file and, if you like, where to write, got %d",
                               argc - 1);
    if (csv && json)
        return cli_usage_error(self, "--csv and --json cannot be had together: say one");
    asked.plant = argv[1];
    asked.file = argc == 3 && strcmp(argv[2], "-") != 0 ? argv[2] : NULL;
    asked.format = plant_file_format(asked.file, csv, json, NULL, 0);
    if (asked.file != NULL)
        return export_file(&asked);
    return plant_export(asked.plant, asked.format, stdout, &error) == S7_OK ? CLI_OK
                                                                            : cli_fail_plant(self, &error);
}

const struct cli_command cli_plant_export = {
    .name = "plant export",
    .summary = "write a plant file's tags as CSV, or all of it as JSON",
    .usage = "PLANT [FILE] [OPTION]...",
    .help = "CSV has a line for each tag: name, address, type, value, comment and, where there\n"
            "are several PLCs, plc. JSON has whole PLCs: settings, blocks, status lists,\n"
            "downloaded blocks, tags, and the personalities that they play; imported into a\n"
            "new file it makes an equal plant. Without FILE, or with -, it goes to standard\n"
            "output. Works beside a running `s7rig serve`; edits that no server has applied\n"
            "yet are written as if they had been. The same plant gives the same text.\n"
            "\n"
            "  --csv    whatever FILE is called; also where no FILE is given (default)\n"
            "  --json   the same\n"
            "\n"
            "Exit status: 0 written, 2 usage, 3 not a plant file or of a newer s7rig, 4 cannot\n"
            "write, missing or locked.\n",
    .run = run,
};
