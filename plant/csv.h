/* csv.h - records of a CSV text, one after the other. No allocation; what exchange.h says of the dialect. */
#ifndef PLANT_CSV_H
#define PLANT_CSV_H

#include <stdbool.h>
#include <stddef.h>

#define CSV_FIELDS_MAX 64 /* of a record; those behind are skipped */

struct csv_field {
    const char *text; /* without its quotes; in csv.room, not zero-terminated */
    size_t len;
    size_t at; /* offset in the source of the field's first character, behind its quote */
    bool quoted;
};

struct csv {
    const char *source;
    size_t len, at;
    char *room;     /* of the caller, len bytes: the fields' texts */
    char separator; /* '\0': not known yet */
    struct csv_field fields[CSV_FIELDS_MAX];
    size_t n_fields;
    const char *broken; /* why there is no next record, if it is not the end: at says where */
};

/* room lives as long as the fields. */
void csv_init(struct csv *csv, const char *source, size_t len, char *room);

/* The next record that is neither empty nor a comment, in csv->fields; at least one. False: no more, or what
 * follows is none: csv->broken. */
bool csv_next(struct csv *csv);

#endif
