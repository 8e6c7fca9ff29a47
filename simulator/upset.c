/* What happens to a whole PLC, or to the computer that plays it, at a time and for a time. */
#include "door.h"
#include "mode.h"

#include "loop/random.h"

#include <stdlib.h>
#include <string.h>

#define RESET_MS                                                                                             \
    INT64_C(757382400000) /* 1994-01-01, what the clock of an S7-300 without a battery begins with */
#define NS_PER_MS INT64_C(1000000)

static int64_t end_ns(const struct sim_armed *armed)
{
    int64_t for_ns = armed->fault.own.for_ns;

    return for_ns == S7_NEVER_NS ? S7_NEVER_NS : armed->began_ns + for_ns;
}

/* It counts, and acts from now on; returns when it ends. */
static int64_t begun(struct sim_armed *armed, const char *text)
{
    armed->began_ns = sim_armed_now(armed);
    armed->now.matched++;
    armed->now.fired++;
    armed->stage = SIM_ARMED_ACTS;
    sim_door_note(armed, "%s", text);
    sim_rows_commit(armed->station->server);
    return end_ns(armed);
}

static void over(struct sim_armed *armed, const char *text)
{
    armed->stage = SIM_ARMED_OVER;
    sim_door_note(armed, "%s", text);
}

/* ---- stop ---- */

static s7_status stop(struct sim_plc *plc, const struct sim_armed *armed)
{
    (void)armed;
    return plc->mode == PLANT_STOP ? S7_OK : sim_mode_change(plc, SIM_STOP_BY_SWITCH);
}

static s7_status start(struct sim_plc *plc, const struct sim_armed *armed)
{
    (void)armed;
    return plc->mode == PLANT_RUN ? S7_OK : sim_mode_change(plc, SIM_START_WARM);
}

int64_t sim_upset_stop(struct sim_armed *armed)
{
    sim_turn_upset(armed, stop);
    if (armed->fault.own.refuses_writes)
        armed->station->refuses_writes++;
    return begun(armed, "the CPU is in STOP");
}

void sim_upset_stop_end(struct sim_armed *armed)
{
    if (armed->fault.own.refuses_writes)
        armed->station->refuses_writes--;
    sim_turn_upset(armed, start);
    over(armed, "the CPU is in RUN again");
}

/* ---- power_cycle ---- */

static s7_status power_on(struct sim_plc *plc, const struct sim_armed *armed)
{
    struct plant_state state = plc->row->state;
    s7_status status = sim_mode_power_cycle(plc, armed->fault.own.retain);

    state.mode = plc->mode;
    state.clock_ms = RESET_MS - plc->wall_ms;
    if (status == S7_OK && armed->fault.own.resets_clock)
        status = plant_set_state(plc->plant, plc->row, &state);
    return status;
}

/* What was wrong with the CPU is over. */
static void heal(struct sim_station *station)
{
    for (struct sim_armed *armed = station->armed; armed != NULL; armed = armed->next)
        armed->now.defect = armed->mark.defect = false;
}

/* Connections go by the timer, since who arms may stand in one's call. */
int64_t sim_upset_power_off(struct sim_armed *armed)
{
    uint64_t bits = s7_draw(armed->station->server->options.seed, armed->id, 0, armed->n_times++);
    int64_t boot_ns = sim_dist_draw(&armed->fault.own.time, bits);

    armed->fault.own.drop_all = true;
    sim_late_forget(&armed->station->late);
    if (!sim_door_shut(armed, boot_ns))
        return S7_NEVER_NS;
    armed->hears_again_ns = armed->began_ns + boot_ns;
    return armed->began_ns;
}

int64_t sim_upset_power_tick(struct sim_armed *armed)
{
    sim_door_sweep(armed);
    if (armed->hears_again_ns > sim_armed_now(armed))
        return armed->hears_again_ns;
    sim_upset_power_on(armed);
    return S7_NEVER_NS;
}

void sim_upset_power_on(struct sim_armed *armed)
{
    heal(armed->station);
    sim_turn_upset(armed, power_on);
    sim_door_open(armed, true);
}

/* ---- password ---- */

int64_t sim_upset_password(struct sim_armed *armed)
{
    armed->station->plc.protection = (uint8_t)armed->fault.own.n;
    return begun(armed, "the protection is another one");
}

void sim_upset_password_end(struct sim_armed *armed)
{
    armed->station->plc.protection = 0;
    over(armed, "the protection is as it was");
}

/* ---- clock_skew ---- */

int64_t sim_upset_clock(struct sim_armed *armed)
{
    struct sim_plc *plc = &armed->station->plc;

    plc->skew_ms = armed->fault.own.offset_ms;
    plc->skew_ppm = armed->fault.own.ppm;
    plc->skew_since_ms = s7_loop_wall_ms(armed->station->server->loop);
    return begun(armed, "the clock is off");
}

void sim_upset_clock_end(struct sim_armed *armed)
{
    struct sim_plc *plc = &armed->station->plc;

    plc->skew_ms = plc->skew_ppm = 0;
    over(armed, "the clock is right again");
}

/* ---- frozen, torn_read ---- */

static struct plant_block *block_of(const struct sim_armed *armed)
{
    const struct sim_fault_match *match = &armed->fault.match;
    struct sim_plc *plc = &armed->station->plc;
    s7_area area = match->area != 0 ? (s7_area)match->area : S7_AREA_DB;

    return plant_block_find(plc->plant, plc->row, area, match->db > 0 ? (uint16_t)match->db : 0);
}

/* Without the block, or memory for it, the image is none. */
void sim_upset_keep(const struct sim_armed *armed, struct sim_image *image)
{
    const struct plant_block *block = block_of(armed);

    free(image->bytes);
    *image = (struct sim_image){NULL, 0};
    if (block == NULL || block->len == 0 || (image->bytes = malloc(block->len)) == NULL)
        return;
    memcpy(image->bytes, block->data, block->len);
    image->len = block->len;
}

/* ---- proc_pause ---- */

int64_t sim_upset_pause(struct sim_armed *armed)
{
    sim_server *server = armed->station->server;
    int64_t next_ns = begun(armed, "the simulator stands still");

    server->paused++;
    for (struct sim_conn *conn = server->conns; conn != NULL; conn = conn->next)
        s7_stream_want(conn->stream, 0);
    return next_ns;
}

void sim_upset_pause_end(struct sim_armed *armed)
{
    sim_server *server = armed->station->server;

    server->paused--;
    for (struct sim_conn *conn = server->conns; server->paused == 0 && conn != NULL; conn = conn->next) {
        sim_session_resume(conn->session, sim_armed_now(armed));
        sim_session_wait(conn->session, sim_armed_now(armed) - armed->began_ns);
        sim_turn_activate(conn);
    }
    s7_loop_wake(server->loop);
    over(armed, "the simulator goes on");
}

/* ---- disk_full ---- */

/* Its own counts get there before. */
int64_t sim_upset_fill(struct sim_armed *armed)
{
    int64_t next_ns = begun(armed, "the disk is full");

    plant_fill_disk(armed->station->server->plant, true);
    return next_ns;
}

void sim_upset_fill_end(struct sim_armed *armed)
{
    plant_fill_disk(armed->station->server->plant, false);
    over(armed, "the disk has room again");
}

/* ---- db_locked ---- */

int64_t sim_upset_lock(struct sim_armed *armed)
{
    armed->unsupported = plant_lock(armed->station->server->plant, true);
    if (armed->unsupported != S7_OK) {
        armed->stage = SIM_ARMED_OVER;
        return S7_NEVER_NS;
    }
    return begun(armed, "the plant file is locked");
}

void sim_upset_lock_end(struct sim_armed *armed)
{
    if (plant_lock(armed->station->server->plant, false) == S7_OK)
        over(armed, "the plant file is free again");
}
