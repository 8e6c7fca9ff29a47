/* download: a DB that is replaced while the CPU runs. Clients do not find it for a while, then it has another
 * size or layout. The plant keeps it as it was until it comes back, so that a server that ends meanwhile
 * loses nothing. */
#include "block_file.h"
#include "door.h"

#include "loop/random.h"

#include <stdlib.h>
#include <string.h>

static struct plant_block *block_of(const struct sim_plc *plc, const struct sim_armed *armed)
{
    return plant_block_find(plc->plant, plc->row, S7_AREA_DB, (uint16_t)armed->fault.match.db);
}

/* ---- the new one ---- */

/* What of the old bytes is kept, where the new layout has it. */
static void fill(const struct sim_fault_own *own, const struct plant_block *old, uint8_t *to, uint32_t len)
{
    uint32_t room = own->bytes < len ? len - own->bytes : 0;

    memset(to, 0, len);
    if (own->choice == SIM_DATA_KEEP && room > 0)
        memcpy(to + own->bytes, old->data, old->len < room ? old->len : room);
}

static s7_status load_file(const struct sim_plc *plc, const struct plant_block *fresh)
{
    const struct sim_block block = {.type = SIM_BLOCK_DB, .number = fresh->number, .db = fresh};
    uint32_t len = sim_block_file_len(&block);
    struct s7_wr wr = {.buf = malloc(len), .cap = len};

    if (wr.buf == NULL)
        return S7_E_NOMEM;
    sim_block_file_append(&wr, &block, 0, len);
    s7_status status = plant_load(
        plc->plant, plc->row,
        &(struct plant_code){.kind = PLANT_DB, .number = fresh->number, .len = len, .file = wr.buf},
        fresh->data, fresh->len);
    free(wr.buf);
    return status;
}

/* One that went meanwhile stays away. */
static s7_status load_new(struct sim_plc *plc, const struct sim_armed *armed)
{
    const struct sim_fault_own *own = &armed->fault.own;
    const struct plant_block *old = block_of(plc, armed);
    struct plant_block fresh;
    uint8_t *bytes;

    if (old == NULL)
        return S7_OK;
    fresh = *old;
    fresh.len = own->n > 0 ? own->n : old->len < SIM_BLOCK_BYTES_MAX ? old->len : SIM_BLOCK_BYTES_MAX;
    fresh.data = bytes = malloc(fresh.len > 0 ? fresh.len : 1);
    if (bytes == NULL)
        return S7_E_NOMEM;
    fill(own, old, bytes, fresh.len);
    s7_status status = load_file(plc, &fresh);
    free(bytes);
    return status;
}

/* ---- when ---- */

/* False: there is nothing to replace. */
static bool takes_away(struct sim_armed *armed)
{
    struct sim_plc *plc = &armed->station->plc;

    if (block_of(plc, armed) == NULL) {
        sim_door_note(armed, "there is no DB%d", (int)armed->fault.match.db);
        return false;
    }
    armed->unsupported = sim_plc_take_away(plc, (uint16_t)armed->fault.match.db) ? S7_OK : S7_E_NOMEM;
    return armed->unsupported == S7_OK;
}

int64_t sim_upset_download(struct sim_armed *armed)
{
    uint64_t bits = s7_draw(armed->station->server->options.seed, armed->id, 0, 0);
    int64_t gap_ns = sim_dist_draw(&armed->fault.own.time, bits);

    armed->now.matched++;
    armed->stage = SIM_ARMED_OVER;
    if (!takes_away(armed))
        return S7_NEVER_NS;
    armed->now.fired++;
    armed->stage = SIM_ARMED_ACTS;
    sim_door_note(armed, "DB%d is not there for %lld ms", (int)armed->fault.match.db,
                  (long long)(gap_ns / 1000000));
    sim_rows_commit(armed->station->server);
    return sim_armed_now(armed) + gap_ns;
}

void sim_upset_download_end(struct sim_armed *armed)
{
    sim_plc_bring_back(&armed->station->plc, (uint16_t)armed->fault.match.db);
    armed->stage = SIM_ARMED_OVER;
    sim_turn_upset(armed, load_new);
    sim_door_note(armed, "DB%d is there again", (int)armed->fault.match.db);
}
