/* shelf.h - blocks that a connection was given and that are not inserted yet, and the one that it is being
 * given: bytes in RAM, a bounded number, lost with the connection.
 *
 * What a turn changes is in the link, which a rewind puts back: which places are in use, how many bytes of
 * the one that comes are there. So the shelf has to keep what the link knew when the turn began: a place that
 * was in use then is not given away before the turn stands. */
#ifndef SIMULATOR_SHELF_H
#define SIMULATOR_SHELF_H

#include <stdbool.h>
#include <stdint.h>

#define SIM_SHELF_PLACES 32

struct sim_link;

struct sim_shelved {
    uint8_t type; /* the letter */
    uint16_t number;
    uint32_t len;
    uint8_t *bytes; /* len, or NULL: nothing was here yet */
};

struct sim_shelf {
    struct sim_shelved places[SIM_SHELF_PLACES];
    uint32_t held; /* bit n: place n was in use when the turn began */
};

/* The bits of those that the link uses. */
uint32_t sim_shelf_used(const struct sim_link *link);

/* A place for a block of that length, all of it free to be written. S7_ERR_RESOURCES: no memory, or ERR_MANY;
 * 0: *place is one. */
uint16_t sim_shelf_take(struct sim_shelf *shelf, const struct sim_link *link, uint8_t type, uint16_t number,
                        uint32_t len, uint8_t *place);

/* The whole block of that name; NULL: there is none. *place: its place. */
const struct sim_shelved *sim_shelf_find(const struct sim_shelf *shelf, const struct sim_link *link,
                                         uint8_t type, uint32_t number, uint8_t *place);

/* The turn begins; it stands: places that are not used any more are cleared. */
void sim_shelf_mark(struct sim_shelf *shelf, const struct sim_link *link);
void sim_shelf_tidy(struct sim_shelf *shelf, const struct sim_link *link);

void sim_shelf_clear(struct sim_shelf *shelf);

#endif
