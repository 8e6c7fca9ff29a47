#include "late.h"

#include "job.h"
#include "server_impl.h"

#include <stdio.h>
#include <stdlib.h>

#define RETRY_NS (INT64_C(5) * 1000 * 1000)

struct sim_late_write {
    int64_t due_ns;
    uint64_t fault;
    char peer[64];
    unsigned conn;
    s7_area area;
    uint16_t number;
    uint32_t offset, len;
    bool is_bit;
    uint8_t bit;
    uint8_t bytes[];
};

/* ---- the line ---- */

static bool has_room(struct sim_late *late)
{
    if (late->n < late->cap)
        return true;
    size_t cap = late->cap > 0 ? 2 * late->cap : 16;
    struct sim_late_write **writes = realloc(late->writes, cap * sizeof(struct sim_late_write *));
    if (writes == NULL)
        return false;
    late->writes = writes;
    late->cap = cap;
    return true;
}

/* None overtakes one before it. */
static int64_t in_line_ns(const struct sim_late *late)
{
    int64_t last_ns = late->n > 0 ? late->writes[late->n - 1]->due_ns : 0;

    return late->due_ns > last_ns ? late->due_ns : last_ns;
}

bool sim_late_keep(struct sim_late *late, const struct sim_range *range, const uint8_t *bytes)
{
    struct sim_late_write *write;

    if (!has_room(late) || (write = malloc(sizeof *write + range->len)) == NULL)
        return false;
    *write = (struct sim_late_write){.due_ns = in_line_ns(late),
                                     .fault = late->fault,
                                     .conn = late->conn,
                                     .area = range->block->area,
                                     .number = range->block->number,
                                     .offset = range->offset,
                                     .len = range->len,
                                     .is_bit = range->size->item_size == S7_SIZE_BIT,
                                     .bit = range->bit};
    snprintf(write->peer, sizeof write->peer, "%s", late->peer);
    memcpy(write->bytes, bytes, range->len);
    late->writes[late->n++] = write;
    return true;
}

int64_t sim_late_due_ns(const struct sim_late *late)
{
    return late->n > 0 ? late->writes[0]->due_ns : S7_NEVER_NS;
}

bool sim_late_has(const struct sim_late *late, uint64_t fault)
{
    for (size_t i = 0; i < late->n; i++)
        if (late->writes[i]->fault == fault)
            return true;
    return false;
}

void sim_late_rewind(struct sim_late *late)
{
    while (late->n > late->mark)
        free(late->writes[--late->n]);
}

void sim_late_forget(struct sim_late *late)
{
    late->mark = 0;
    sim_late_rewind(late);
    free(late->writes);
    late->writes = NULL;
    late->cap = 0;
}

/* ---- doing them ---- */

/* A block that went meanwhile, or got shorter, takes it with it. */
static s7_status do_one(const struct sim_plc *plc, const struct sim_late_write *write)
{
    struct plant_block *block = plant_block_find(plc->plant, plc->row, write->area, write->number);
    uint8_t byte;

    if (block == NULL || write->offset > block->len || write->len > block->len - write->offset)
        return S7_OK;
    plant_writer(plc->plant, PLANT_BY_S7, write->peer, write->conn);
    if (!write->is_bit)
        return plant_store(plc->plant, block, write->offset, write->bytes, write->len);
    byte = sim_with_bit(block->data[write->offset], write->bit, write->bytes[0] != 0);
    return plant_store(plc->plant, block, write->offset, &byte, 1);
}

static size_t count_due(const struct sim_late *late, int64_t now_ns)
{
    size_t n = 0;

    while (n < late->n && late->writes[n]->due_ns <= now_ns)
        n++;
    return n;
}

static s7_status do_first(struct sim_station *station, size_t n)
{
    sim_server *server = station->server;
    s7_status status = sim_rows_turn_begin(server, true);

    for (size_t i = 0; i < n && status == S7_OK; i++)
        status = do_one(&station->plc, station->late.writes[i]);
    s7_status ended = sim_rows_turn_end(server);
    return status != S7_OK ? status : ended;
}

static void drop_first(struct sim_late *late, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(late->writes[i]);
    late->n -= n;
    if (late->n > 0)
        memmove(late->writes, late->writes + n, late->n * sizeof(struct sim_late_write *));
}

/* While another program holds the lock, or the simulator stands still, they wait. */
void sim_late_timer(s7_timer *timer, void *arg)
{
    struct sim_station *station = arg;
    sim_server *server = station->server;
    int64_t now_ns = s7_loop_now_ns(server->loop);
    size_t n = count_due(&station->late, now_ns);

    sim_armed_enter(server);
    s7_status status = n == 0 ? S7_OK : server->paused > 0 ? S7_E_PLANT_BUSY : do_first(station, n);
    if (status == S7_E_PLANT_BUSY) {
        s7_timer_set(server->loop, timer, now_ns + RETRY_NS);
    } else {
        if (status != S7_OK)
            sim_station_note(station, "error", "write_delayed: what was acknowledged cannot be stored");
        drop_first(&station->late, n);
        s7_timer_set(server->loop, timer, sim_late_due_ns(&station->late));
        sim_rows_commit(server);
    }
    sim_armed_leave(server);
}
