/* The tags of a plant as CSV. */
#include "export_impl.h"

struct table {
    FILE *out;
    const char *plc; /* NULL: the table has no such column */
};

static void put(const struct table *table, const char *text)
{
    fputc(',', table->out);
    if (text != NULL && text[0] != '\0')
        export_csv_text(table->out, text, strlen(text));
}

static void line(plant *p, const struct mirror_tag *tag, sqlite3_stmt *row, void *arg)
{
    const struct table *table = arg;
    struct export_place place;

    export_place(&place, tag, row);
    export_csv_text(table->out, tag->name, strlen(tag->name));
    put(table, place.text);
    put(table, place.type);
    fputc(',', table->out);
    if (tag->block != NULL) {
        size_t len = tag_utf8(p, tag);
        export_csv_text(table->out, p->utf8, len);
    }
    put(table, row != NULL ? export_column(row, 2) : NULL);
    if (table->plc != NULL)
        put(table, table->plc);
    fputc('\n', table->out);
}

s7_status export_csv(plant *p, FILE *out)
{
    bool several = plant_plc_count(p) > 1;
    s7_status status = S7_OK;

    fprintf(out, "name,address,type,value,comment%s\n", several ? ",plc" : "");
    for (size_t i = 0; i < plant_plc_count(p) && status == S7_OK; i++) {
        const struct plant_plc *plc = plant_plc_at(p, i);
        struct table table = {out, several ? plc->name : NULL};
        status = export_tags(p, plc, line, &table);
    }
    return status;
}
