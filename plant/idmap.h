/* idmap.h - rowid to object: a sorted array. Rows come in the order of their ids, so adding is appending. */
#ifndef PLANT_IDMAP_H
#define PLANT_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idmap {
    struct idmap_entry {
        int64_t id;
        void *object;
    } * entries;
    size_t len, cap;
};

void *idmap_find(const struct idmap *map, int64_t id);
bool idmap_put(struct idmap *map, int64_t id,
               void *object); /* false: out of memory; an id that is there is replaced */
void idmap_remove(struct idmap *map, int64_t id);
void idmap_free(struct idmap *map);

#endif
