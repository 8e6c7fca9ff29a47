/* exchange.h - plants as text that other tools read and write: a table of tags (CSV), a whole plant (JSON),
 * and how two plants differ.
 *
 * CSV is a line for each tag with a heading for each column: name; address or logical address; type or data
 * type; value; comment; plc. Others are skipped. Without headings the columns are name, address, type,
 * comment, as s7rig/symbols.h reads them. The separator is what follows the first field: comma, semicolon or
 * tab. A field may be in quotes, with two quotes for one in it, and then go over several lines. An empty
 * field says nothing; "" in the column value is the empty text. Lines that begin with # are skipped.
 *
 * JSON is all that makes a plant but its faults, events, logs and diagnostic buffers:
 *
 *   {"s7rig_plant": 1,
 *    "personalities": [{"name": "mine", ..., "szl": [...]}],
 *    "plcs": [
 *     {"name": "line1", "cpu": "mine", ...
 *      "blocks": [{"kind": "DB", "number": 1, "length": 4, "data": "0102", "optimized": 1}],
 *      "szl": [{"list": 17, "index": 0, "record_len": 28, "data": "..."}],
 *      "code": [{"kind": "OB", "number": 1, "file": "..."}],
 *      "tags": [{"name": "speed", "address": "DB1.DBD0", "type": "REAL", "value": 1.5, "comment": "m/s"}]}]}
 *
 * A PLC and a personality have the columns of their tables. Data and files are hexadecimal; data of a block
 * may be shorter than its length: the rest are zeros; without data the bytes that are there stay. A value is
 * a number, a text as in tag.value, or an array of such. */
#ifndef PLANT_EXCHANGE_H
#define PLANT_EXCHANGE_H

#include "plant/plant.h"

#include <stdio.h>

enum plant_format { PLANT_CSV, PLANT_JSON };

/* ---- import ---- */

#define PLANT_PROBLEMS_MAX 20

/* Something in the text that cannot be taken. */
struct plant_problem {
    size_t line, column; /* from 1; column counts characters. 0: it concerns the text as a whole */
    const char *text;    /* what was expected, and what came */
};

/* A block that was made, or made longer, since a tag lies there. */
struct plant_grown {
    const char *plc, *kind;
    uint16_t number;
    uint32_t from, to; /* bytes; from 0: it was made */
};

struct plant_import_options {
    uint32_t struct_size;
    enum plant_format format;
    const char *plc;      /* whose the tags of CSV are that name no PLC; NULL: of the only one [NULL] */
    bool keep_sizes;      /* a tag beyond its block is a problem instead of making the block longer [false] */
    uint32_t patience_ms; /* how long another program's lock is waited for [5000] */
    /* called for each of the first PLANT_PROBLEMS_MAX problems, in the order of the text, and, when all went
     * well, for each block that was made or grew; either may be NULL */
    void (*problem)(const struct plant_problem *problem, void *arg);
    void (*grown)(const struct plant_grown *grown, void *arg);
    void *arg;
};
void plant_import_options_init(struct plant_import_options *options);

struct plant_import_count {
    size_t fresh, changed, unchanged;
};

struct plant_import_result {
    struct plant_import_count personalities, plcs, blocks, szls, codes, tags; /* what the text has of each */
    size_t problems;
    bool made; /* the plant file was made */
};

/* Take what text[0..len) says into a plant, all of it or nothing, in one transaction of a connection of its
 * own. What the text does not name stays. The plant may be served meanwhile: the edits are like those of any
 * foreign program. A file of an older schema is brought up to date; a plant that is not there is made from
 * JSON. text may be changed by nobody meanwhile.
 * S7_E_SYNTAX: problems, all counted and the first told; error sums up. S7_E_PLANT_MISSING,
 * S7_E_PLANT_SCHEMA, S7_E_PLANT_IO: as plant_open. S7_E_PLANT_BUSY: another program holds the lock.
 * S7_E_NOMEM. On every error the plant is as it was. */
S7_MUST_CHECK s7_status plant_import(const char *path, const char *text, size_t len,
                                     const struct plant_import_options *options,
                                     struct plant_import_result *result, struct plant_error *error);

/* ---- export ---- */

/* Write the plant to `out` as it would be once pending edits are applied; what makes the same plant is the
 * same text. PLCs are in the order of the file, blocks as plant_blocks has them, tags by name. CSV has the
 * column plc if there are several. A text with a zero byte has no value in JSON; the block's data have it.
 * Errors as plant_open for looking only; S7_E_PLANT_IO also when out takes no more. */
S7_MUST_CHECK s7_status plant_export(const char *path, enum plant_format format, FILE *out,
                                     struct plant_error *error);

/* ---- diff ---- */

/* What is compared: two plants with one PLC each are taken to have the same one. */
enum plant_part {
    PLANT_PART_PLC,     /* a PLC that only one has */
    PLANT_PART_SETTING, /* name: a column of plc */
    PLANT_PART_SZL,     /* name: "0011/0"; not compared where the CPUs differ */
    PLANT_PART_CODE,    /* name: "OB1": a downloaded block */
    PLANT_PART_BLOCK,   /* name: "DB2"; a, b: "64 bytes, optimized" */
    PLANT_PART_BYTES,   /* name: "DB2"; bytes that no tag of both covers: from, up to before to; a, b: hex */
    PLANT_PART_TAG,     /* a tag that only one has; a, b: "DB1.DBD0:REAL = 1.5" */
    PLANT_PART_ADDRESS, /* of a tag; the same for the others */
    PLANT_PART_VALUE,
    PLANT_PART_COMMENT,
};
const char *plant_part_name(enum plant_part part); /* "setting" */

struct plant_difference {
    enum plant_part part;
    const char *plc, *name;
    uint32_t from, to;
    const char *a, *b; /* NULL: the plant has none. A zero byte of a value is not shown */
};

/* Tell each difference, PLC by PLC: settings, status lists, blocks, bytes, tags; *n counts them. Pending
 * edits count as applied. Views live for the call. Errors as plant_open for looking only. */
S7_MUST_CHECK s7_status plant_diff(const char *path_a, const char *path_b,
                                   void (*fn)(const struct plant_difference *difference, void *arg),
                                   void *arg, size_t *n, struct plant_error *error);

#endif
