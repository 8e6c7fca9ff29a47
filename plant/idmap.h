/* idmap.h - rowid to object: a sorted array. Rows come in the order of their ids, so adding is appending. An
 * id that was removed leaves an entry without object behind, so that removing many is not quadratic: who
 * walks over entries[0..len) skips those. */
#ifndef PLANT_IDMAP_H
#define PLANT_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idmap_entry {
    int64_t id;
    void *object; /* NULL: removed */
};

struct idmap {
    struct idmap_entry *entries;
    size_t len, cap;
    size_t n_removed; /* entries without object */
};

/* The object of an id, or NULL. */
void *idmap_find(const struct idmap *map, int64_t id);
/* object is not NULL; an id that is there is replaced. False: out of memory. */
bool idmap_put(struct idmap *map, int64_t id, void *object);
void idmap_remove(struct idmap *map, int64_t id);
void idmap_free(struct idmap *map);

#endif
