/* builtin.h - the personalities that every plant file has: the text of plant/personalities, put into the
 * program when it is built (cmake/builtin.cmake). */
#ifndef PLANT_BUILTIN_H
#define PLANT_BUILTIN_H

#include <sqlite3.h>

struct plant_builtin {
    const char *name; /* NULL behind the last one */
    const char *sql;  /* makes its rows, in a file of the newest schema */
};
extern const struct plant_builtin plant_builtins[];

/* Add those that a file does not have under their names: what users made or changed stays as it is. Returns
 * SQLite's result. */
int plant_builtins_add(sqlite3 *db);

#endif
