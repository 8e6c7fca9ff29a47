/* szl.h - status lists: rows of data, and what of them changes while the PLC runs.
 *
 * A row (plant.h) holds all records of a list. Extracts (0111, 0F1C ...) are made from the row of the whole
 * list, so nobody has to keep them in step. A row whose list has live parts (the mode, LEDs, the diagnostic
 * buffer, limits) is a frame for these: without the row there is no such list. */
#ifndef SIMULATOR_SZL_H
#define SIMULATOR_SZL_H

#include "simulator/userdata.h"

/* What is asked of a list. */
enum sim_szl_pick {
    SIM_SZL_ALL,
    SIM_SZL_HEAD,   /* how long and how many, no records */
    SIM_SZL_RECORD, /* those whose first word is the index */
    SIM_SZL_GROUP,  /* those whose first word is in the index's group */
    SIM_SZL_NEWEST  /* so many as the index says */
};

struct sim_szl_asked {
    const struct plant_szl *row;
    uint16_t id, index; /* as they are answered: an index that does not matter is 0 */
    enum sim_szl_pick pick;
};

/* szl_live.c: most bytes that the live parts add to the row's, and what puts them in. records: those of the
 * row, at the end of call->wr. */
size_t sim_szl_live_room(const struct sim_call *call, const struct sim_szl_asked *asked);
void sim_szl_live(struct sim_call *call, const struct sim_szl_asked *asked, uint8_t *records);

/* szl_identity.c: what the PLC is, put into records of 0011 and 001C. */
void sim_szl_modules(const struct sim_plc *plc, uint8_t *records, size_t len);
void sim_szl_components(const struct sim_plc *plc, uint8_t *records, size_t len);

/* szl.c: extracts that can be made from whole lists. */
struct sim_szl_extract {
    uint16_t id;
    enum sim_szl_pick pick;
};
const struct sim_szl_extract *sim_szl_extract_at(size_t i); /* NULL past the end */

#endif
