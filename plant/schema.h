/* schema.h - the tables of a plant file and the numbered steps that led to them. */
#ifndef PLANT_SCHEMA_H
#define PLANT_SCHEMA_H

#include "plant/plant.h"

#include <sqlite3.h>

/* PRAGMA application_id of a plant file: "S7rg". */
#define PLANT_APPLICATION_ID 0x53377267

/* Steps with a file of their own. */
extern const char plant_schema_5[]; /* personalities */
extern const char plant_schema_6[]; /* audit */
extern const char plant_schema_7[]; /* blocks as they were downloaded */

/* Bring a database from schema `from` to schema `to`, each step and its user_version in one transaction of
 * the caller. The newest schema gets the personalities that it lacks. The empty database is schema 0. Returns
 * SQLite's result. */
int plant_schema_migrate(sqlite3 *db, int from, int to);

/* What is this file? S7_OK: a plant of a schema that this program knows, *version its number.
 * S7_E_PLANT_SCHEMA: anything else, error says what. path is for the message. */
S7_MUST_CHECK s7_status plant_schema_check(sqlite3 *db, const char *path, int *version,
                                           struct plant_error *error);

#endif
