/* import_impl.h - what the files of the import share.
 *
 * A connection of its own, one transaction. Functions that return bool are false when something was wrong:
 * either a problem of the text, which was told and counted, so that whoever reads the text goes on with what
 * comes next; or im->status is set, and all stop. */
#ifndef PLANT_IMPORT_IMPL_H
#define PLANT_IMPORT_IMPL_H

#include "exchange.h"
#include "idmap.h"
#include "plant_impl.h"

/* A piece of the text, and where it is: at in CSV; the member of the object that im->where names in JSON. */
struct import_field {
    const char *text; /* not zero-terminated; NULL: null of JSON, or not there */
    size_t len;
    size_t at;
    const char *member;
    bool given;
};

struct import_plc {
    int64_t id;
    char *name;
    bool seen; /* the text had it */
};

/* A block as it is in the transaction; bytes that changed are written at the end. */
struct import_block {
    struct import_plc *plc;
    int64_t id; /* 0: not in the file yet */
    s7_area area;
    uint16_t number;
    uint8_t *bytes;
    uint32_t len, len_before; /* now; in the file */
    bool given;               /* the text has its bytes: tags need not say them again */
    bool optimized, write_protected;
    bool dirty, grown;
};

struct import_tag {
    struct import_plc *plc;
    struct import_field name, address, type, value, comment;
    s7_address parsed;
};

enum import_sql {
    IMPORT_PENDING,
    IMPORT_PLC_ALL,
    IMPORT_PLC_ADD,
    IMPORT_PLC_COLUMNS,
    IMPORT_PERSONALITY_COLUMNS,
    IMPORT_PERSONALITY_FIND,
    IMPORT_PERSONALITY_ADD,
    IMPORT_PERSONALITY_SZL_FIND,
    IMPORT_PERSONALITY_SZL_PUT,
    IMPORT_BLOCK_FIND,
    IMPORT_BLOCK_ADD,
    IMPORT_BLOCK_SET,
    IMPORT_SZL_PUT,
    IMPORT_SZL_FIND,
    IMPORT_CODE_PUT,
    IMPORT_CODE_FIND,
    IMPORT_TAG_SEE,
    IMPORT_TAG_SEEN,
    IMPORT_TAG_FIND,
    IMPORT_TAG_ADD,
    IMPORT_TAG_SET_ADDRESS,
    IMPORT_TAG_SET_COMMENT,
    IMPORT_TAG_SET_VALUE,
    IMPORT_JSON_ROWS,
    IMPORT_JSON_LIST,
    IMPORT_JSON_ROW,
    IMPORT_JSON_MEMBERS,
    IMPORT_JSON_ELEMENTS,
    IMPORT_SQL_COUNT
};

#define IMPORT_NOWHERE   SIZE_MAX
#define IMPORT_BYTES_MAX PLANT_FILE_MAX /* longer than a block */

struct import {
    const char *path, *source;
    size_t source_len;
    const struct plant_import_options *options;
    struct plant_import_result *result;
    struct plant_error *error;
    s7_status status; /* what went wrong beside the text */

    sqlite3 *db;
    sqlite3_stmt *sql[IMPORT_SQL_COUNT];
    struct import_plc **plcs;
    size_t n_plcs;
    struct import_block **blocks;
    size_t n_blocks, cap_blocks;
    struct idmap blocks_by_key;
    bool pending; /* the file has edits that no server applied yet: a row may look other than its block */

    struct {              /* JSON: which object is looked at */
        const char *root; /* "plcs" */
        size_t object;    /* of the root's */
        const char *list; /* of the object's; NULL: itself */
        size_t item;
    } where;
    char *text, *other; /* PLANT_TEXT_CAP bytes each */
    uint8_t *bytes;     /* IMPORT_BYTES_MAX */
};

/* ---- import.c ---- */
/* Tell a problem `skip` bytes into a field (NULL: of the text as a whole); false. */
bool import_problem(struct import *im, const struct import_field *field, size_t skip, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool import_problem_at(struct import *im, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
size_t import_offset(const struct import *im, const struct import_field *field);
size_t import_line(const struct import *im, size_t at);
/* What SQLite said, or no memory, is im->status; false. */
bool import_fail(struct import *im, const char *doing);
bool import_nomem(struct import *im);
/* Run a statement that gives no rows, and reset it. What the tables' checks refuse is the field's problem. */
bool import_run(struct import *im, sqlite3_stmt *q, const struct import_field *field);
/* The PLC of that name; NULL: none. */
struct import_plc *import_plc_find(struct import *im, const char *name, size_t len);
struct import_plc *import_plc_add(struct import *im, int64_t id, const char *name); /* NULL: no memory */

/* ---- import_block.c ---- */
struct import_block *import_block_find(struct import *im, struct import_plc *plc, s7_area area,
                                       uint16_t number); /* NULL: none, or im->status */
/* A new one of no bytes, which is not there yet; NULL: im->status. */
struct import_block *import_block_add(struct import *im, struct import_plc *plc, s7_area area,
                                      uint16_t number);
/* Zeros behind its bytes, up to len. */
bool import_block_grow(struct import *im, struct import_block *block, uint32_t len);
/* The tag's block, as long as the tag needs it; NULL: a problem. *offset: where in it. */
struct import_block *import_block_need(struct import *im, const struct import_tag *tag, uint32_t *offset);
bool import_blocks_write(struct import *im);
void import_blocks_tell(const struct import *im);
void import_blocks_free(struct import *im);

/* ---- import_tag.c ---- */
/* name, address and type to tag->parsed. */
bool import_tag_define(struct import *im, struct import_tag *tag);
/* The row, after import_tag_define. item: of which line or element it is, for import_tag_seen. */
bool import_tag_put(struct import *im, struct import_tag *tag, size_t item);

/* ---- import_csv.c, import_json.c: read the text and put all that it has ---- */
void import_csv(struct import *im);
void import_json(struct import *im);

#endif
