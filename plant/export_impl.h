/* export_impl.h - what the files of export and diff share. */
#ifndef PLANT_EXPORT_IMPL_H
#define PLANT_EXPORT_IMPL_H

#include "exchange.h"
#include "plant_impl.h"

/* Open a plant to look only. */
S7_MUST_CHECK s7_status plant_open_to_look(const char *path, plant **out, struct plant_error *error);

/* ---- texts of any length; bytes that are no UTF-8 become U+FFFD ---- */
void export_json_text(FILE *out, const char *text, size_t len);
void export_csv_text(FILE *out, const char *text, size_t len);
void export_hex(FILE *out, const uint8_t *bytes, size_t len);

/* ---- tags ---- */

/* Address and type apart, "DB1.DBD4" and "REAL", as people have them in two columns. */
struct export_place {
    char text[256];
    const char *type; /* in text, or as long as the row */
};
void export_place(struct export_place *place, const struct mirror_tag *tag, sqlite3_stmt *row);

/* Rows of tags: address, type, comment. NULL: p->last_error. */
sqlite3_stmt *export_rows(plant *p);
/* Go to one: SQLITE_ROW; SQLITE_DONE: there is none; else an error, of this one or of reading the one before.
 */
int export_row(sqlite3_stmt *q, int64_t id);
/* Text of a row's column; NULL: none. */
const char *export_column(sqlite3_stmt *q, int column);

/* fn for each tag of a PLC by name, and its row: NULL if it is gone. */
typedef void export_tag_fn(plant *p, const struct mirror_tag *tag, sqlite3_stmt *row, void *arg);
S7_MUST_CHECK s7_status export_tags(plant *p, const struct plant_plc *plc, export_tag_fn *fn, void *arg);

/* ---- the forms; errors in p->last_error ---- */
S7_MUST_CHECK s7_status export_csv(plant *p, FILE *out);
S7_MUST_CHECK s7_status export_json(plant *p, FILE *out);

#endif
