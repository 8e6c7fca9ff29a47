/* Every frame of vectors.tsv: decoded, compared with what a dissector says of it, encoded again to the same
 * bytes. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#define SKIP 77

/* Frames that we model field by field. It may only rise: what once decoded must decode for good. */
#define MODELLED_FLOOR 458

/* Peers that break the protocol. A frame of a real CPU is never excused, and an excuse that is not needed
 * fails. */
static const struct excuse {
    const char *id;
    const char *reason;
} excuses[] = {
    {"V01196", "Snap7's server answers a DR with the DR's own bytes, so its DC has a reason byte inside LI"},
    {"V01554",
     "stonenodes7 writes items of odd length without a fill byte; the units behind are out of step"},
};

static const struct excuse *find_excuse(const struct table *row)
{
    if (strcmp(table_cell(row, "class"), "peer") != 0)
        return NULL;
    for (size_t i = 0; i < sizeof excuses / sizeof excuses[0]; i++)
        if (strcmp(excuses[i].id, table_cell(row, "id")) == 0)
            return &excuses[i];
    return NULL;
}

#define KINDS_MAX 64

static struct kind {
    char name[32];
    unsigned frames, modelled;
} kinds[KINDS_MAX];

static void count(const struct check *check)
{
    struct kind *kind = kinds;

    while (kind < kinds + KINDS_MAX - 1 && kind->frames > 0 && strcmp(kind->name, check->kind) != 0)
        kind++;
    memcpy(kind->name, check->kind, sizeof kind->name);
    kind->frames++;
    kind->modelled += check->modelled;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct kind *)a)->name, ((const struct kind *)b)->name);
}

static unsigned print_kinds(void)
{
    unsigned n = 0, frames = 0, modelled = 0;

    while (n < KINDS_MAX && kinds[n].frames > 0)
        n++;
    qsort(kinds, n, sizeof kinds[0], by_name);
    printf("%-16s frames modelled\n", "kind");
    for (unsigned i = 0; i < n; i++) {
        printf("%-16s %6u %8u\n", kinds[i].name, kinds[i].frames, kinds[i].modelled);
        frames += kinds[i].frames;
        modelled += kinds[i].modelled;
    }
    printf("modelled %u of %u\n", modelled, frames);
    return modelled;
}

/* How many frames are wrong. */
static unsigned judge(const struct check *check)
{
    const struct excuse *excuse = find_excuse(check->row);
    const char *id = table_cell(check->row, "id");

    if (check->failed && excuse != NULL) {
        printf("%s excused: %s (%s)\n", id, excuse->reason, check->why);
        return 0;
    }
    if (check->failed)
        printf("%s (%s, %s, frame %s): %s\n", id, table_cell(check->row, "class"),
               table_cell(check->row, "source"), table_cell(check->row, "src_frame"), check->why);
    else if (excuse != NULL)
        printf("%s is excused, but nothing is wrong with it: drop the excuse\n", id);
    return check->failed || excuse != NULL;
}

static unsigned check_all(struct table *table)
{
    static struct check check;
    unsigned wrong = 0, dirty = 0;

    while (table_next(table)) {
        check_frame(&check, table);
        count(&check);
        wrong += judge(&check);
        dirty += check.dirty_fills > 0;
    }
    printf("%u frames of peers have fill bytes that are not 00\n", dirty);
    return wrong;
}

int main(void)
{
    const char *folder = getenv("S7RIG_CAPTURES");
    char path[4096];
    struct table table;

    if (folder == NULL || folder[0] == '\0') {
        printf("skipped: S7RIG_CAPTURES is not set to the folder with vectors.tsv\n");
        return SKIP;
    }
    snprintf(path, sizeof path, "%s/vectors.tsv", folder);
    if (!table_open(&table, path)) {
        printf("skipped: %s cannot be read\n", path);
        return SKIP;
    }
    unsigned wrong = check_all(&table);
    table_close(&table);
    unsigned modelled = print_kinds();
    if (modelled < MODELLED_FLOOR)
        printf("%u frames are modelled, %u were before\n", modelled, (unsigned)MODELLED_FLOOR);
    if (wrong > 0)
        printf("%u frames are wrong\n", wrong);
    return wrong > 0 || modelled < MODELLED_FLOOR;
}
