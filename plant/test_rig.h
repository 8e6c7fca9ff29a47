/* test_rig.h - for the tests of this room: a plant file in a folder of its own, served by the test, and the
 * foreign program that edits it through a connection of its own. Everything that must work and does not fails
 * the test with what SQLite or the plant said. */
#ifndef PLANT_TEST_RIG_H
#define PLANT_TEST_RIG_H

#include "plant_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RIG_PATH_CAP 256
#define RIG_DB1_LEN  64

struct rig {
    char dir[RIG_PATH_CAP], path[RIG_PATH_CAP + 16];
    struct plant_options options; /* of the next rig_serve */
    plant *p;
    sqlite3 *foreign;
};

/* One PLC "plc1" with DB1 (64 bytes), DB2 (256), M (16), T and C (16 each), no tags; nothing is served yet.
 */
void rig_new(struct rig *rig);
void rig_free(struct rig *rig);

/* cmocka setup and teardown: *state is a fresh rig, rig_serving: already served. */
int rig_setup(void **state);
int rig_setup_serving(void **state);
int rig_teardown(void **state);

void rig_serve(struct rig *rig);
void rig_close(struct rig *rig);

/* The foreign program: statements, and the first column of the first row ("NULL" for NULL, "none" without a
 * row; valid for seven more calls). */
void rig_sql(struct rig *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *rig_text(struct rig *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));
int64_t rig_int(struct rig *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Another connection to the file, to be closed by the caller. */
sqlite3 *rig_connect(const struct rig *rig);

const char *rig_tag(struct rig *rig, const char *name);       /* tag.value */
const char *rig_tag_error(struct rig *rig, const char *name); /* tag.error */
const char *rig_db(struct rig *rig, unsigned number);         /* block.data in hex */

/* The server: a turn that only looks, one that stores and must commit, and what it would answer. */
void rig_look(struct rig *rig);
s7_status rig_try_store(struct rig *rig, unsigned db, uint32_t offset, const void *bytes, uint32_t len);
void rig_store(struct rig *rig, unsigned db, uint32_t offset, const void *bytes, uint32_t len);
void rig_upkeep(struct rig *rig);
struct plant_block *rig_block(struct rig *rig, unsigned db); /* NULL: none */
const char *rig_ram(struct rig *rig, unsigned db);           /* bytes in hex; "none" */

#define assert_status(expression, expected)                                                                  \
    rig_assert_status((expression), (expected), #expression, __FILE__, __LINE__)
void rig_assert_status(s7_status got, s7_status expected, const char *what, const char *file, int line);

/* The text has all these parts (up to NULL). */
void rig_assert_says(const char *text, ...) __attribute__((sentinel));

/* Pseudo-random numbers 0..below-1 with a fixed beginning. */
uint32_t rig_random(uint32_t below);

#endif
