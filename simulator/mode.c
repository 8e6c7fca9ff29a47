#include "mode.h"

#include "initial.h"

#include "protocol/clock.h"
#include "protocol/messages.h"
#include "protocol/szl.h"

/* ---- diagnostic buffer ---- */

/* An entry before its time; as a 315 wrote them. */
struct entry {
    uint16_t event;
    uint8_t priority, ob;
    uint16_t data_id, info1;
    uint32_t info2;
};

#define NO_ENTRY                                                                                             \
    {                                                                                                        \
        0, 0, 0, 0, 0, 0                                                                                     \
    }

/* Oldest first. */
static const struct entry entries[][3] = {
    [SIM_STOP_BY_SERVICE] = {{0x4304, 0xFF, 0x84, 0, 0, 0}, NO_ENTRY, NO_ENTRY},
    [SIM_STOP_BY_SWITCH] = {{0x4303, 0xFF, 0x84, 0, 0, 0}, NO_ENTRY, NO_ENTRY},
    [SIM_START_WARM] = {{0x4301, 0xFF, 0x46, 0xC772, 0x4304, 0x08147714},
                        {0x1381, 0x1B, 0x64, 0xC772, 0x4304, 0x08147714},
                        {0x4302, 0xFF, 0x68, 0xC700, 0x0000, 0x08147714}},
    [SIM_START_COLD] = {{0x4301, 0xFF, 0x46, 0xC772, 0x4304, 0x08147714},
                        {0x1385, 0x1B, 0x66, 0xC772, 0x4304, 0x08147714},
                        {0x4302, 0xFF, 0x68, 0xC700, 0x0000, 0x08147714}}};

static const struct entry power_on = {0x4300, 0xFF, 0xF3, 0, 0, 0};
static const struct entry power_on_start[] = {{0x4301, 0xFF, 0x46, 0xC772, 0x494E, 0x08147714},
                                              {0x1382, 0x1B, 0x64, 0xC772, 0x494E, 0x08147714},
                                              {0x4302, 0xFF, 0x68, 0xC700, 0x0000, 0x08147714}};

static void encode(const struct sim_plc *plc, const struct entry *entry, uint8_t bytes[PLANT_DIAG_LEN])
{
    s7_datetime now = sim_plc_clock(plc);
    struct s7_wr wr = {.buf = bytes, .cap = PLANT_DIAG_LEN};

    s7_wr_be(&wr, 2, entry->event);
    s7_wr_be(&wr, 1, entry->priority);
    s7_wr_be(&wr, 1, entry->ob);
    s7_wr_be(&wr, 2, entry->data_id);
    s7_wr_be(&wr, 2, entry->info1);
    s7_wr_be(&wr, 4, entry->info2);
    s7_datetime_encode(&wr, &now);
}

static s7_status record(struct sim_plc *plc, const struct entry *entry)
{
    uint8_t bytes[PLANT_DIAG_LEN];

    if (entry->event == 0)
        return S7_OK;
    encode(plc, entry, bytes);
    return plant_diag_add(plc->plant, plc->row, bytes, s7_diag_event_text(entry->event));
}

static s7_status record_all(struct sim_plc *plc, const struct entry *list, size_t n)
{
    s7_status status = S7_OK;

    for (size_t i = 0; i < n && status == S7_OK; i++)
        status = record(plc, &list[i]);
    return status;
}

/* ---- memory ---- */

/* Zeros from a byte on; an area that is shorter, or not there, has nothing to lose. */
static s7_status clear(struct sim_plc *plc, s7_area area, uint32_t from)
{
    static const uint8_t zeros[1024];
    struct plant_block *block = plant_block_find(plc->plant, plc->row, area, 0);
    s7_status status = S7_OK;

    while (block != NULL && from < block->len && status == S7_OK) {
        uint32_t len = block->len - from < sizeof zeros ? block->len - from : (uint32_t)sizeof zeros;
        status = plant_store(plc->plant, block, from, zeros, len);
        from += len;
    }
    return status;
}

static s7_status clear_for_start(struct sim_plc *plc, bool cold)
{
    const struct plant_personality *who = plc->who;
    const struct {
        s7_area area;
        uint32_t retentive; /* bytes */
    } areas[] = {{S7_AREA_I, 0},
                 {S7_AREA_Q, 0},
                 {S7_AREA_M, cold ? 0 : (uint32_t)who->retentive.markers},
                 {S7_AREA_T, cold ? 0 : 2 * (uint32_t)who->retentive.timers},
                 {S7_AREA_C, cold ? 0 : 2 * (uint32_t)who->retentive.counters}};
    s7_status status = S7_OK;

    for (size_t i = 0; i < sizeof areas / sizeof areas[0] && status == S7_OK; i++)
        status = clear(plc, areas[i].area, areas[i].retentive);
    return status == S7_OK && cold ? sim_initial_restore(plc) : status;
}

/* ---- changes ---- */

/* A real CPU tells the entry of a stop, then the mode; of a start the mode alone. */
static void tell(struct sim_plc *plc, enum sim_mode_change change)
{
    struct sim_news entry = {.event = S7_MESSAGES_DIAG}, mode = {.event = S7_MESSAGES_MODE};

    mode.mode = plc->mode == PLANT_STOP ? S7_MODE_PUSH_STOP : S7_MODE_PUSH_RUN;
    encode(plc, &entries[change][0], entry.entry);
    if (plc->mode == PLANT_STOP)
        sim_news_add(&plc->news, entry);
    sim_news_add(&plc->news, mode);
}

static s7_status effects(struct sim_plc *plc, enum sim_mode_change change)
{
    bool starts = change == SIM_START_WARM || change == SIM_START_COLD;
    s7_status status = starts ? clear_for_start(plc, change == SIM_START_COLD) : S7_OK;

    if (status == S7_OK)
        status = record_all(plc, entries[change], 3);
    if (status == S7_OK)
        plc->mode = starts ? PLANT_RUN : PLANT_STOP;
    return status;
}

s7_status sim_mode_change(struct sim_plc *plc, enum sim_mode_change change)
{
    struct plant_state state = plc->row->state;
    s7_status status = effects(plc, change);

    state.mode = plc->mode;
    if (status == S7_OK)
        status = plant_set_state(plc->plant, plc->row, &state);
    if (status == S7_OK)
        tell(plc, change);
    return status;
}

bool sim_mode_has_moved(const struct sim_plc *plc)
{
    return plc->mode != plc->row->state.mode;
}

s7_status sim_mode_follow(struct sim_plc *plc)
{
    enum sim_mode_change change = plc->row->state.mode == PLANT_STOP ? SIM_STOP_BY_SWITCH : SIM_START_WARM;
    s7_status status = effects(plc, change);

    if (status == S7_OK)
        tell(plc, change);
    return status;
}

s7_status sim_mode_power_cycle(struct sim_plc *plc, bool retain)
{
    struct plant_state state = plc->row->state;
    s7_status status = clear_for_start(plc, !retain);

    state.mode = PLANT_RUN;
    if (status == S7_OK)
        status = plant_set_state(plc->plant, plc->row, &state);
    if (status != S7_OK)
        return status;
    plc->mode = PLANT_RUN;
    return sim_mode_power_on(plc);
}

s7_status sim_mode_power_on(struct sim_plc *plc)
{
    s7_status status = record(plc, &power_on);

    if (status == S7_OK && plc->row->state.mode == PLANT_RUN)
        status = record_all(plc, power_on_start, sizeof power_on_start / sizeof power_on_start[0]);
    return status;
}
