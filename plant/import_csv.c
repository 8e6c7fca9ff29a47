/* A table of tags from CSV. */
#include "csv.h"
#include "import_impl.h"

#include "protocol/names.h"
#include "protocol/nearest.h"

enum column { NAME, ADDRESS, TYPE, VALUE, COMMENT, PLC, N_COLUMNS };

struct table {
    struct import *im;
    struct csv csv;
    int columns[N_COLUMNS]; /* which field; -1: none */
    struct import_plc *plc; /* whose the tags are that name none; NULL: they must */
};

/* ---- the header ---- */

static const struct {
    const char *name; /* upper case */
    enum column column;
} headings[] = {{"NAME", NAME},      {"ADDRESS", ADDRESS}, {"LOGICAL ADDRESS", ADDRESS}, {"TYPE", TYPE},
                {"DATA TYPE", TYPE}, {"VALUE", VALUE},     {"COMMENT", COMMENT},         {"PLC", PLC}};

/* The column of a heading; N_COLUMNS: none that we know. */
static enum column column_of(const struct csv_field *field)
{
    for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++)
        if (s7_name_equal(field->text, field->len, headings[i].name))
            return headings[i].column;
    return N_COLUMNS;
}

/* No tag has an address called "address". */
static bool is_header(const struct csv *csv)
{
    for (size_t i = 0; i < csv->n_fields; i++)
        if (column_of(&csv->fields[i]) == ADDRESS)
            return true;
    return csv->n_fields > 0 && column_of(&csv->fields[0]) == NAME;
}

static bool take_header(struct table *table)
{
    for (int c = 0; c < N_COLUMNS; c++)
        table->columns[c] = -1;
    for (size_t i = 0; i < table->csv.n_fields; i++) {
        enum column c = column_of(&table->csv.fields[i]);
        if (c < N_COLUMNS && table->columns[c] < 0)
            table->columns[c] = (int)i;
    }
    if (table->columns[NAME] >= 0 && table->columns[ADDRESS] >= 0)
        return true;
    return import_problem_at(table->im, table->csv.fields[0].at, "expected a column with the heading \"%s\"",
                             table->columns[NAME] < 0 ? "name" : "address");
}

/* ---- tags ---- */

/* Nothing stands for nothing; in quotes it is a text, where that makes a difference. */
static struct import_field field_of(const struct table *table, enum column column)
{
    int i = table->columns[column];

    if (i < 0 || (size_t)i >= table->csv.n_fields)
        return (struct import_field){.at = table->csv.fields[0].at};
    const struct csv_field *field = &table->csv.fields[i];
    bool given = field->len > 0 || (field->quoted && column == VALUE);
    return (struct import_field){
        .text = given ? field->text : NULL, .len = field->len, .at = field->at, .given = given};
}

/* The field is no PLC of the plant; NULL. */
static struct import_plc *no_plc(struct import *im, const struct import_field *field)
{
    char word[PLANT_NAME_CAP];
    struct s7_nearest nearest = {.word = word};

    snprintf(word, sizeof word, "%.*s", (int)field->len, field->text);
    for (size_t i = 0; i < im->n_plcs; i++)
        s7_nearest_try(&nearest, im->plcs[i]->name);
    import_problem(im, field, 0, "the plant has no PLC %s%s%s%s", word,
                   nearest.best != NULL ? "; did you mean " : "", nearest.best != NULL ? nearest.best : "",
                   nearest.best != NULL ? "?" : "");
    return NULL;
}

static struct import_plc *plc_of(const struct table *table, const struct import_tag *tag)
{
    struct import_field field = field_of(table, PLC);
    struct import_plc *plc = field.given ? import_plc_find(table->im, field.text, field.len) : table->plc;

    if (plc != NULL)
        return plc;
    if (field.given)
        return no_plc(table->im, &field);
    import_problem(table->im, &tag->name, 0,
                   "the plant has %zu PLCs: expected a column plc that says whose it is", table->im->n_plcs);
    return NULL;
}

static void take_tag(struct table *table)
{
    struct import_tag tag = {.name = field_of(table, NAME),
                             .address = field_of(table, ADDRESS),
                             .type = field_of(table, TYPE),
                             .value = field_of(table, VALUE),
                             .comment = field_of(table, COMMENT)};

    tag.plc = plc_of(table, &tag);
    if (tag.plc != NULL && import_tag_define(table->im, &tag))
        (void)import_tag_put(table->im, &tag, table->csv.fields[0].at);
}

/* ---- the table ---- */

/* The PLC of those who name none: as the options say, or the only one. */
static bool choose_plc(struct table *table)
{
    const char *name = table->im->options->plc;

    if (name != NULL) {
        table->plc = import_plc_find(table->im, name, strlen(name));
        return table->plc != NULL ||
               import_problem(table->im, NULL, 0, "the plant has no PLC %s, which was asked for", name);
    }
    table->plc = table->im->n_plcs == 1 ? table->im->plcs[0] : NULL;
    return true;
}

static void take_table(struct table *table)
{
    if (!csv_next(&table->csv) || (is_header(&table->csv) && !take_header(table)))
        return;
    if (!is_header(&table->csv))
        take_tag(table);
    while (table->im->status == S7_OK && csv_next(&table->csv))
        take_tag(table);
}

void import_csv(struct import *im)
{
    struct table table = {.im = im, .columns = {0, 1, 2, -1, 3, -1}};
    char *room = malloc(im->source_len > 0 ? im->source_len : 1);

    if (room == NULL) {
        import_nomem(im);
        return;
    }
    csv_init(&table.csv, im->source, im->source_len, room);
    if (im->source_len >= 3 && memcmp(im->source, "\xEF\xBB\xBF", 3) == 0)
        table.csv.at = 3;
    if (choose_plc(&table)) {
        take_table(&table);
        if (table.csv.broken != NULL)
            import_problem_at(im, table.csv.at, "%s", table.csv.broken);
    }
    free(room);
}
