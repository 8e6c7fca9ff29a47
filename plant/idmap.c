#include "idmap.h"

#include <stdlib.h>
#include <string.h>

/* Index of the first entry whose id is not below. */
static size_t lower(const struct idmap *map, int64_t id)
{
    size_t low = 0, high = map->len;

    if (map->len > 0 && map->entries[map->len - 1].id < id)
        return map->len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (map->entries[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool is_at(const struct idmap *map, size_t at, int64_t id)
{
    return at < map->len && map->entries[at].id == id;
}

void *idmap_find(const struct idmap *map, int64_t id)
{
    size_t at = lower(map, id);

    return is_at(map, at, id) ? map->entries[at].object : NULL;
}

static bool grow(struct idmap *map)
{
    size_t cap = map->cap == 0 ? 16 : map->cap * 2;
    struct idmap_entry *grown = reallocarray(map->entries, cap, sizeof *grown);

    if (grown == NULL)
        return false;
    map->entries = grown;
    map->cap = cap;
    return true;
}

bool idmap_put(struct idmap *map, int64_t id, void *object)
{
    size_t at = lower(map, id);

    if (is_at(map, at, id)) {
        if (map->entries[at].object == NULL)
            map->n_removed--;
        map->entries[at].object = object;
        return true;
    }
    if (map->len == map->cap && !grow(map))
        return false;
    memmove(&map->entries[at + 1], &map->entries[at], (map->len - at) * sizeof *map->entries);
    map->entries[at] = (struct idmap_entry){id, object};
    map->len++;
    return true;
}

static void compact(struct idmap *map)
{
    size_t kept = 0;

    for (size_t i = 0; i < map->len; i++)
        if (map->entries[i].object != NULL)
            map->entries[kept++] = map->entries[i];
    map->len = kept;
    map->n_removed = 0;
}

void idmap_remove(struct idmap *map, int64_t id)
{
    size_t at = lower(map, id);

    if (!is_at(map, at, id) || map->entries[at].object == NULL)
        return;
    map->entries[at].object = NULL;
    if (++map->n_removed > map->len / 2)
        compact(map);
}

void idmap_free(struct idmap *map)
{
    free(map->entries);
    *map = (struct idmap){NULL, 0, 0, 0};
}
