/* schema.h - the tables of a plant file and the numbered steps that led to them. */
#ifndef PLANT_SCHEMA_H
#define PLANT_SCHEMA_H

#include "plant/plant.h"

#include <sqlite3.h>

/* PRAGMA application_id of a plant file: "S7rg". */
#define PLANT_APPLICATION_ID 0x53377267

/* A step is SQL in two halves, run one after the other: what only files on the way from an older schema need,
 * and what every file gets. A new file has the tables that `older` makes and changes at once, as they are
 * now. */
struct plant_schema_step {
    const char *older; /* NULL: nothing */
    const char *every; /* tables and triggers that no later step has changed so far; NULL: none */
};
extern const struct plant_schema_step plant_schema_1; /* PLCs, blocks, tags, changes */
extern const struct plant_schema_step plant_schema_2; /* events */
extern const struct plant_schema_step plant_schema_3; /* faults */
extern const struct plant_schema_step plant_schema_4; /* mode, clock, protection, szl, diagnostic */
extern const struct plant_schema_step plant_schema_5; /* personalities */
extern const struct plant_schema_step plant_schema_6; /* audit */
extern const struct plant_schema_step plant_schema_7; /* blocks as they were downloaded */

/* Bring a database from schema `from` to schema `to`, each step and its user_version in one transaction of
 * the caller. The newest schema gets the personalities that it lacks. The empty database is schema 0; from
 * there the newest is made at once. Returns SQLite's result. */
int plant_schema_migrate(sqlite3 *db, int from, int to);

/* What is this file? S7_OK: a plant of a schema that this program knows, *version its number.
 * S7_E_PLANT_SCHEMA: anything else, error says what. path is for the message. */
S7_MUST_CHECK s7_status plant_schema_check(sqlite3 *db, const char *path, int *version,
                                           struct plant_error *error);

#endif
