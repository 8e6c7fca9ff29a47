/* import_json.h - what the files of the import from JSON share. Functions that return bool: as in
 * import_impl.h. */
#ifndef PLANT_IMPORT_JSON_H
#define PLANT_IMPORT_JSON_H

#include "import_impl.h"

enum json_kind { JSON_NOTHING, JSON_NULL, JSON_TRUTH, JSON_NUMBER, JSON_TEXT, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_kind kind;
    char *text; /* zero-terminated; numbers as they are written, arrays and objects as JSON */
    size_t len;
};

/* A member that an object may have. */
struct json_slot {
    const char *name;
    struct json *to;
};

/* ---- values (import_json_value.c) ---- */
enum json_kind json_kind_of(const char *type);
void json_forget(struct json *values, size_t n);
/* Type and value from two columns; twice: of a number the second has [N,N]. */
bool json_copy(struct import *im, sqlite3_stmt *q, int column, bool twice, struct json *to);
/* A member of the object that im->where names, for problems; NULL: the object. */
struct import_field json_named(const char *member);
struct import_field json_field(const struct json_slot *slot);
bool json_expect_text(struct import *im, const struct json_slot *slot); /* or null, or nothing */
bool json_expect_number(struct import *im, const struct json_slot *slot, uint32_t max, uint32_t *number);
bool json_expect_all(struct import *im, const struct json_slot *slots, size_t n);
/* Hexadecimal digits to im->bytes; max is at most IMPORT_BYTES_MAX. */
bool json_hex(struct import *im, const struct json_slot *slot, uint32_t max, uint32_t *len);

/* All members of an object into their slots. */
bool json_object(struct import *im, const char *text, size_t len, const struct json_slot *slots, size_t n);

/* fn for each object of an array; which: the statement, one for each level. */
typedef void json_element_fn(struct import *im, struct import_plc *plc, const char *text, size_t len);
void json_array(struct import *im, enum import_sql which, const struct json *array, struct import_plc *plc,
                size_t *index, json_element_fn *fn);

/* ---- rows that are set column by column (import_json_row.c) ---- */
#define JSON_LISTS_MAX 4

struct json_kind_of_row {
    const char *table, *noun;
    enum import_sql columns; /* a statement that has the table's */
    size_t n_lists;
    struct {
        const char *name;
        json_element_fn *fn;
    } lists[JSON_LISTS_MAX];
};

/* The row's name and lists; what else there is comes with json_columns, when it is known which row it is. */
bool json_parts(struct import *im, const struct json_kind_of_row *row, const char *text, size_t len,
                struct json *name, struct json parts[JSON_LISTS_MAX]);
/* True: something was changed. Problems are told. */
bool json_columns(struct import *im, const struct json_kind_of_row *row, int64_t id, const char *text,
                  size_t len);
void json_lists(struct import *im, const struct json_kind_of_row *row, struct import_plc *owner,
                const struct json parts[JSON_LISTS_MAX]);

/* ---- elements of lists; the owner of a status list of a personality has its rowid (import_json_block.c,
 * import_json_tag.c) ---- */
json_element_fn json_block, json_szl, json_code, json_tag;

#endif
