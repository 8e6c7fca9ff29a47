/* test_plant.h - a plant in a temporary folder, and a foreign program that edits it with SQLite of its own.
 */
#ifndef PLANT_TEST_PLANT_H
#define PLANT_TEST_PLANT_H

#include "plant/plant.h"

#include <sqlite3.h>

struct rig {
    char folder[64], path[96];
    plant *plant;
    sqlite3 *foreign;
};

/* cmocka setup and teardown of a rig of its own for each test, in *state: just made, or served already. */
int rig_setup(void **state);
int rig_setup_serving(void **state);
int rig_teardown(void **state);

/* DB1 (64 bytes), DB2 (300), M (32), T (8); opened for serving. options NULL: defaults. */
void rig_make(struct rig *rig); /* the file only */
void rig_open(struct rig *rig, const struct plant_options *options);
void rig_open_in_memory(struct rig *rig); /* with PLANT_MEMORY; opened before: anew */
void rig_close_plant(struct rig *rig);
void rig_remove(struct rig *rig); /* all of it; fails when other files than the plant are left */

/* The foreign program. sql must succeed; rig_try tells. */
void rig_sql(struct rig *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));
int rig_try(struct rig *rig, const char *sql);
/* First column of the first row as text ("NULL", "(no row)"); lives for seven more calls. */
const char *rig_select(struct rig *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));
int64_t rig_int(struct rig *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *rig_tag(struct rig *rig, const char *name);       /* tag.value */
const char *rig_tag_error(struct rig *rig, const char *name); /* tag.error */
const char *rig_hex(struct rig *rig, unsigned db);            /* block.data */
sqlite3 *rig_connect(const struct rig *rig); /* another foreign program; the caller closes it */

/* The server. */
struct plant_block *rig_block(struct rig *rig, s7_area area, uint16_t number);
void rig_look(struct rig *rig); /* a turn that only reads */
s7_status rig_store(struct rig *rig, uint32_t offset, const void *src,
                    uint32_t len); /* a turn that writes DB1 */
const uint8_t *rig_db1(struct rig *rig);
/* A turn that writes any DB; rig_put: it must succeed. */
s7_status rig_try_put(struct rig *rig, uint16_t db, uint32_t offset, const void *src, uint32_t len);
void rig_put(struct rig *rig, uint16_t db, uint32_t offset, const void *src, uint32_t len);
void rig_upkeep(struct rig *rig);                  /* must succeed */
const char *rig_ram(struct rig *rig, uint16_t db); /* a DB's bytes in hex, "(no block)"; as rig_select */

#define assert_status(expression, expected)                                                                  \
    rig_status((expression), (expected), #expression, __FILE__, __LINE__)
void rig_status(s7_status got, s7_status expected, const char *what, const char *file, int line);

/* Pseudo-random numbers 0..below-1, the same in every run. */
uint32_t rig_random(uint32_t below);

/* assert with both texts in the message */
void rig_same(const char *got, const char *expected);
void rig_has(const char *text, const char *part);
void rig_says(const char *text, ...) __attribute__((sentinel)); /* has all these parts, up to NULL */

#endif
