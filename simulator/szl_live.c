/* What of the status lists changes while the PLC runs: one function for each list that has such parts. */
#include "szl.h"

#include "protocol/clock.h"
#include "protocol/szl.h"

#define LED_RUN  0x04
#define LED_STOP 0x05

/* Of a real CPU in RUN, whose buffer moves on while it is read. */
#define DIAG_IN_RUN 10

#define CLOCK_AT 22 /* in 0132/8 */

#define MODE_RUN      0x08
#define MODE_STOP     0x04
#define EVENT_IS_MODE 0x43

struct frame {
    struct sim_call *call;
    const struct sim_szl_asked *asked;
    uint8_t *records; /* of the row */
    size_t len;       /* bytes of them */
};

static void put16(const struct frame *frame, size_t at, uint32_t value)
{
    if (at + 2 > frame->len)
        return;
    frame->records[at] = (uint8_t)(value >> 8);
    frame->records[at + 1] = (uint8_t)value;
}

static bool is_running(const struct frame *frame)
{
    return frame->call->job->plc->row->state.mode == PLANT_RUN;
}

/* ---- 0000: the ids that are answered, where the row does not have them ---- */

static bool has_whole(const struct plant_szl *rows, size_t n, uint16_t list)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].list == list && rows[i].index == 0)
            return true;
    return false;
}

static void ids(const struct frame *frame)
{
    const struct sim_plc *plc = frame->call->job->plc;
    const struct sim_szl_extract *extract;
    struct s7_wr *wr = &frame->call->wr;
    size_t n;
    const struct plant_szl *rows = plant_szl(plc->plant, plc->row, &n);

    for (size_t i = 0; i < n && frame->len == 0; i++)
        if (i == 0 || rows[i].list != rows[i - 1].list) {
            s7_wr_be(wr, 2, rows[i].list);
            if (rows[i].list <= 0xFF && rows[i].index == 0)
                s7_wr_be(wr, 2, rows[i].list | 0x0F00U);
        }
    for (size_t i = 0; frame->len == 0 && (extract = sim_szl_extract_at(i)) != NULL; i++)
        if (has_whole(rows, n, extract->id & 0xFF))
            s7_wr_be(wr, 2, extract->id);
}

/* ---- 0019, 0074: LEDs ---- */

static void leds(const struct frame *frame)
{
    for (uint8_t *led = frame->records; led + 4 <= frame->records + frame->len; led += 4)
        if (led[1] == LED_RUN || led[1] == LED_STOP)
            led[2] = (led[1] == LED_RUN) == is_running(frame);
}

/* ---- 00A0: the diagnostic buffer, newest first ---- */

static size_t n_entries(const struct sim_call *call, const struct sim_szl_asked *asked)
{
    const struct sim_plc *plc = call->job->plc;
    size_t n = plant_diag_count(plc->plant, plc->row), most = n;

    if (asked->pick == SIM_SZL_NEWEST)
        most = asked->index;
    else if (asked->pick == SIM_SZL_ALL && plc->row->state.mode == PLANT_RUN)
        most = DIAG_IN_RUN;
    return n < most ? n : most;
}

/* The head says how many there can be. */
static void diag(const struct frame *frame)
{
    const struct sim_plc *plc = frame->call->job->plc;
    size_t n = frame->asked->pick == SIM_SZL_HEAD ? 0 : n_entries(frame->call, frame->asked);

    for (size_t i = 0; i < n; i++)
        s7_wr_bytes(&frame->call->wr, plant_diag_at(plc->plant, plc->row, i), PLANT_DIAG_LEN);
    if (frame->asked->pick == SIM_SZL_HEAD)
        (void)s7_wr_room(&frame->call->wr, (size_t)PLANT_DIAG_MAX * PLANT_DIAG_LEN);
}

/* ---- 0124, 0424: the mode, and since when ---- */

static const uint8_t *last_change(const struct sim_plc *plc)
{
    size_t n = plant_diag_count(plc->plant, plc->row);

    for (size_t i = 0; i < n; i++) {
        const uint8_t *entry = plant_diag_at(plc->plant, plc->row, i);
        if (entry[0] == EVENT_IS_MODE)
            return entry;
    }
    return NULL;
}

static void mode(const struct frame *frame)
{
    const uint8_t *entry = last_change(frame->call->job->plc);

    if (frame->len < PLANT_DIAG_LEN)
        return;
    frame->records[3] = is_running(frame) ? MODE_RUN : MODE_STOP;
    if (entry != NULL)
        memcpy(frame->records + 12, entry + 12, 8);
}

static void last_event(const struct frame *frame)
{
    const uint8_t *entry = last_change(frame->call->job->plc);

    if (entry != NULL && frame->len >= PLANT_DIAG_LEN)
        memcpy(frame->records, entry, PLANT_DIAG_LEN);
    else
        mode(frame);
}

/* ---- 0131, 0132, 0232: limits, protection ---- */

static void limits(const struct frame *frame)
{
    const struct sim_plc *plc = frame->call->job->plc;

    put16(frame, 2, sim_plc_pdu_len(plc));
    if (sim_plc_connections(plc) >= 0)
        put16(frame, 4, (uint32_t)sim_plc_connections(plc));
}

/* Reserved and used ones of PG and OP, and of those that are reserved for nobody. */
static void connections(const struct frame *frame)
{
    const struct sim_plc *plc = frame->call->job->plc;
    const int32_t *reserved = plc->who->reserved;

    if (sim_plc_connections(plc) < 0)
        return;
    for (unsigned of = PLANT_PG; of <= PLANT_OP; of++) {
        uint32_t most = (uint32_t)reserved[of], used = plc->n_of[of];
        put16(frame, 2 + 2 * of, most);
        put16(frame, 6 + 2 * of, used < most ? used : most);
    }
    put16(frame, 14, (uint32_t)sim_plc_shared(plc));
    put16(frame, 16, sim_plc_shared_used(plc));
}

static void clock_now(const struct frame *frame)
{
    s7_datetime now = sim_plc_clock(frame->call->job->plc);
    struct s7_wr wr = {.buf = frame->records, .cap = frame->len, .len = CLOCK_AT};

    s7_datetime_encode(&wr, &now);
}

static void modules(const struct frame *frame)
{
    sim_szl_modules(frame->call->job->plc, frame->records, frame->len);
}

static void components(const struct frame *frame)
{
    sim_szl_components(frame->call->job->plc, frame->records, frame->len);
}

static void largest_read(const struct frame *frame)
{
    put16(frame, 6, frame->call->job->link->pdu_len);
}

static void protection(const struct frame *frame)
{
    const struct plant_plc *row = frame->call->job->plc->row;
    bool is_open = row->protection == 1 || row->password[0] == '\0';

    put16(frame, 4, is_open ? 0 : row->protection);
    put16(frame, 6, is_open ? 1 : row->protection);
}

/* ---- which ---- */

#define ANY_INDEX (-1)

static const struct {
    uint16_t list;
    int32_t index;
    void (*fill)(const struct frame *frame);
} lives[] = {{S7_SZL_IDS, ANY_INDEX, ids},
             {S7_SZL_LEDS, ANY_INDEX, leds},
             {S7_SZL_LEDS_ALL, ANY_INDEX, leds},
             {S7_SZL_DIAG, ANY_INDEX, diag},
             {0x0124, ANY_INDEX, last_event},
             {S7_SZL_MODE, ANY_INDEX, mode},
             {S7_SZL_COMM, 1, limits},
             {S7_SZL_COMM, 3, largest_read},
             {S7_SZL_MODULE, ANY_INDEX, modules},
             {S7_SZL_COMPONENT, ANY_INDEX, components},
             {0x0132, 1, connections},
             {0x0132, 8, clock_now},
             {0x0132, 4, protection},
             {S7_SZL_PROTECTION, 4, protection}};

size_t sim_szl_live_room(const struct sim_call *call, const struct sim_szl_asked *asked)
{
    size_t n = 0;

    if (asked->row->list == S7_SZL_DIAG)
        return (size_t)PLANT_DIAG_MAX * PLANT_DIAG_LEN;
    if (asked->row->list != S7_SZL_IDS)
        return 0;
    (void)plant_szl(call->job->plc->plant, call->job->plc->row, &n);
    size_t most = 2 * n; /* each with its head */
    while (sim_szl_extract_at(most - 2 * n) != NULL)
        most++;
    return 2 * most;
}

void sim_szl_live(struct sim_call *call, const struct sim_szl_asked *asked, uint8_t *records)
{
    const struct frame frame = {call, asked, records, asked->row->len};

    for (size_t i = 0; i < sizeof lives / sizeof lives[0]; i++)
        if (lives[i].list == asked->row->list &&
            (lives[i].index == ANY_INDEX || lives[i].index == asked->row->index))
            lives[i].fill(&frame);
}
