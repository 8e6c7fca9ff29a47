#include "shelf.h"

#include "job.h"

#include <stdlib.h>

#define ERR_TOO_MANY 0xD208 /* copied blocks */

uint32_t sim_shelf_used(const struct sim_link *link)
{
    uint32_t coming = link->download.step != SIM_DOWNLOAD_NONE ? UINT32_C(1) << link->download.place : 0;

    return link->shelved | coming;
}

uint16_t sim_shelf_take(struct sim_shelf *shelf, const struct sim_link *link, uint8_t type, uint16_t number,
                        uint32_t len, uint8_t *place)
{
    uint32_t used = sim_shelf_used(link) | shelf->held;
    struct sim_shelved *free_one;
    uint8_t *bytes;

    for (*place = 0; *place < SIM_SHELF_PLACES && used >> *place & 1;)
        ++*place;
    if (*place == SIM_SHELF_PLACES)
        return ERR_TOO_MANY;
    free_one = &shelf->places[*place];
    bytes = realloc(free_one->bytes, len);
    if (bytes == NULL)
        return S7_ERR_RESOURCES;
    *free_one = (struct sim_shelved){type, number, len, bytes};
    return 0;
}

const struct sim_shelved *sim_shelf_find(const struct sim_shelf *shelf, const struct sim_link *link,
                                         uint8_t type, uint32_t number, uint8_t *place)
{
    for (uint8_t i = 0; i < SIM_SHELF_PLACES; i++)
        if (link->shelved >> i & 1 && shelf->places[i].type == type && shelf->places[i].number == number) {
            *place = i;
            return &shelf->places[i];
        }
    return NULL;
}

void sim_shelf_mark(struct sim_shelf *shelf, const struct sim_link *link)
{
    shelf->held = sim_shelf_used(link);
}

void sim_shelf_tidy(struct sim_shelf *shelf, const struct sim_link *link)
{
    uint32_t used = sim_shelf_used(link);

    if (used == shelf->held) /* nothing came and nothing went, as nearly always */
        return;
    for (size_t i = 0; i < SIM_SHELF_PLACES; i++)
        if ((used >> i & 1) == 0) {
            free(shelf->places[i].bytes);
            shelf->places[i].bytes = NULL;
        }
}

void sim_shelf_clear(struct sim_shelf *shelf)
{
    for (size_t i = 0; i < SIM_SHELF_PLACES; i++)
        free(shelf->places[i].bytes);
    *shelf = (struct sim_shelf){.held = 0};
}
