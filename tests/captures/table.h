/* table.h - a file of tab-separated values whose first line names the columns. */
#ifndef CAPTURES_TABLE_H
#define CAPTURES_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 64

struct table {
    FILE *file;
    char *header, *line; /* zeros in the place of the tabs */
    size_t header_cap, line_cap;
    const char *names[TABLE_COLUMNS_MAX];
    const char *cells[TABLE_COLUMNS_MAX];
    unsigned n;
};

/* False: the file cannot be opened or has no first line. */
bool table_open(struct table *table, const char *path);
void table_close(struct table *table);

/* The next line; false: none left. Cells live until the next call. */
bool table_next(struct table *table);

/* The cell of that column in the current line, "" if it is empty. A column that the file lacks ends the
 * program: the test would compare nothing. */
const char *table_cell(const struct table *table, const char *column);

#endif
