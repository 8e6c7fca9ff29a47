#include "table.h"

#include <stdlib.h>
#include <string.h>

/* Cuts a line at its tabs; missing cells at the end are empty. Returns how many there were. */
static unsigned cut(char *line, const char *cells[TABLE_COLUMNS_MAX])
{
    unsigned n = 0;

    line[strcspn(line, "\r\n")] = '\0';
    while (n < TABLE_COLUMNS_MAX) {
        char *tab = strchr(line, '\t');

        cells[n++] = line;
        if (tab == NULL)
            break;
        *tab = '\0';
        line = tab + 1;
    }
    for (unsigned i = n; i < TABLE_COLUMNS_MAX; i++)
        cells[i] = "";
    return n;
}

bool table_open(struct table *table, const char *path)
{
    *table = (struct table){.file = fopen(path, "r")};

    if (table->file == NULL)
        return false;
    if (getline(&table->header, &table->header_cap, table->file) < 0) {
        table_close(table);
        return false;
    }
    table->n = cut(table->header, table->names);
    return true;
}

void table_close(struct table *table)
{
    fclose(table->file);
    free(table->header);
    free(table->line);
}

bool table_next(struct table *table)
{
    if (getline(&table->line, &table->line_cap, table->file) < 0)
        return false;
    cut(table->line, table->cells);
    return true;
}

const char *table_cell(const struct table *table, const char *column)
{
    for (unsigned i = 0; i < table->n; i++)
        if (strcmp(table->names[i], column) == 0)
            return table->cells[i];
    fprintf(stderr, "the table has no column \"%s\"\n", column);
    exit(1);
}
