#include "cli/symbols.h"

#include "cli/file.h"
#include "plant/plant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SYMBOLS_FILE_MAX ((size_t)64 << 20)
#define SQLITE_MAGIC     "SQLite format 3" /* and a zero */

/* ---- CSV ---- */

static int from_csv(const struct cli_command *self, const char *path, s7_symbols **symbols)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    const char *why;
    size_t len;
    uint8_t *text = cli_load(path, SYMBOLS_FILE_MAX, &len, &why);

    if (text == NULL) {
        fprintf(stderr, "s7rig %s: cannot read the symbols in %s: %s\n", self->name, path, why);
        return CLI_ENVIRONMENT;
    }
    s7_status status = s7_symbols_parse((const char *)text, len, symbols, &err);
    free(text);
    if (status == S7_OK)
        return -1;
    fprintf(stderr, "s7rig %s: %s: %s\n", self->name, path, err.came);
    return status == S7_E_NOMEM ? CLI_ENVIRONMENT : CLI_PARSE;
}

/* ---- the tags of a plant ---- */

struct tags {
    const char *plc; /* NULL: there is one only */
    s7_symbol *list;
    size_t n, cap;
    bool failed; /* out of memory */
};

static char *joined(const char *plc, const char *name)
{
    size_t cap = (plc != NULL ? strlen(plc) + 1 : 0) + strlen(name) + 1;
    char *text = malloc(cap);

    if (text != NULL)
        snprintf(text, cap, "%s%s%s", plc != NULL ? plc : "", plc != NULL ? "/" : "", name);
    return text;
}

static bool has_room(struct tags *tags)
{
    if (tags->n < tags->cap)
        return true;
    size_t cap = tags->cap > 0 ? tags->cap * 2 : 64;
    s7_symbol *list = realloc(tags->list, cap * sizeof *list);
    if (list == NULL)
        return false;
    tags->list = list;
    tags->cap = cap;
    return true;
}

static void add(const struct plant_tag_view *view, void *arg)
{
    struct tags *tags = arg;
    s7_symbol symbol = {0};

    if (tags->failed || view->name[0] == '\0' ||
        s7_address_parse(view->address, &symbol.address, NULL) != S7_OK)
        return;
    symbol.name = has_room(tags) ? joined(tags->plc, view->name) : NULL;
    if (symbol.name == NULL)
        tags->failed = true;
    else
        tags->list[tags->n++] = symbol;
}

static s7_status collect(plant *p, struct tags *tags, s7_symbols **symbols, s7_errinfo *err)
{
    size_t n = plant_plc_count(p);

    for (size_t i = 0; i < n; i++) {
        const struct plant_plc *plc = plant_plc_at(p, i);

        tags->plc = n > 1 ? plc->name : NULL;
        plant_tags(p, plc, add, tags);
    }
    return tags->failed ? S7_E_NOMEM : s7_symbols_new(tags->list, tags->n, symbols, err);
}

static int from_plant(const struct cli_command *self, const char *path, s7_symbols **symbols)
{
    struct plant_options options;
    struct plant_error error;
    struct tags tags = {0};
    s7_errinfo err = S7_ERRINFO_INIT;
    plant *p;

    plant_options_init(&options);
    options.read_only = true;
    if (plant_open(path, &options, &p, &error) != S7_OK)
        return cli_fail_plant(self, &error);
    s7_status status = collect(p, &tags, symbols, &err);
    plant_close(p);
    for (size_t i = 0; i < tags.n; i++)
        free((void *)(uintptr_t)tags.list[i].name);
    free(tags.list);
    if (status == S7_OK)
        return -1;
    fprintf(stderr, "s7rig %s: %s: %s\n", self->name, path,
            err.came[0] != '\0' ? err.came : s7_strerror(status));
    return CLI_ENVIRONMENT;
}

/* A plant is told by how it begins, since it may have any name. What a pipe gave would be gone. */
static bool is_sqlite(const char *path)
{
    char head[sizeof SQLITE_MAGIC] = "";
    struct stat about;
    FILE *file = stat(path, &about) == 0 && S_ISREG(about.st_mode) ? fopen(path, "rb") : NULL;
    size_t len = file != NULL ? fread(head, 1, sizeof head, file) : 0;

    if (file != NULL)
        fclose(file);
    return len == sizeof head && memcmp(head, SQLITE_MAGIC, sizeof head) == 0;
}

int cli_symbols(const struct cli_command *self, const char *path, s7_symbols **symbols)
{
    *symbols = NULL;
    if (path == NULL)
        return -1;
    return is_sqlite(path) ? from_plant(self, path, symbols) : from_csv(self, path, symbols);
}
