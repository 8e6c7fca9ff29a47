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

/* DB1 (64 bytes), DB2 (300), M (32), T (8); opened for serving. options NULL: defaults. */
void rig_make(struct rig *rig); /* the file only */
void rig_open(struct rig *rig, const struct plant_options *options);
void rig_close_plant(struct rig *rig);
void rig_remove(struct rig *rig); /* all of it; fails when other files than the plant are left */

/* The foreign program. sql must succeed; rig_try tells. */
void rig_sql(struct rig *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));
int rig_try(struct rig *rig, const char *sql);
/* First column of the first row as text ("NULL", "(no row)"); lives until the next call. */
const char *rig_select(struct rig *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The server. */
struct plant_block *rig_block(struct rig *rig, s7_area area, uint16_t number);
void rig_look(struct rig *rig); /* a turn that only reads */
s7_status rig_store(struct rig *rig, uint32_t offset, const void *src,
                    uint32_t len); /* a turn that writes DB1 */
const uint8_t *rig_db1(struct rig *rig);

/* assert with both texts in the message */
void rig_same(const char *got, const char *expected);
void rig_has(const char *text, const char *part);

#endif
