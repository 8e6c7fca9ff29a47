/* The CPU's clock: it runs beside the wall clock, as far from it as it was set. */
#include "protocol/clock.h"

#include "userdata.h"

#include "protocol/civil.h"

#define MS_PER_DAY INT64_C(86400000)

static int64_t ms_of(const s7_datetime *at)
{
    const struct s7_civil civil = {.year = at->year,
                                   .month = at->month,
                                   .day = at->day,
                                   .hour = at->hour,
                                   .minute = at->minute,
                                   .second = at->second,
                                   .ns = at->millisecond * 1000000U};

    return s7_civil_days(&civil) * MS_PER_DAY + s7_civil_clock(&civil) / S7_NS_PER_MS;
}

/* What a PLC cannot tell becomes the nearest that it can. */
static int64_t within_years(int64_t ms)
{
    static const s7_datetime first = {.year = 1990, .month = 1, .day = 1};
    static const s7_datetime last = {
        .year = 2089, .month = 12, .day = 31, .hour = 23, .minute = 59, .second = 59, .millisecond = 999};

    if (ms < ms_of(&first))
        return ms_of(&first);
    return ms > ms_of(&last) ? ms_of(&last) : ms;
}

s7_datetime sim_plc_clock(const struct sim_plc *plc)
{
    int64_t drift_ms = (plc->wall_ms - plc->skew_since_ms) * plc->skew_ppm / 1000000;
    int64_t ms = within_years(plc->wall_ms + plc->row->state.clock_ms + plc->skew_ms + drift_ms);
    struct s7_civil civil = {0};

    s7_civil_set_days(&civil, ms / MS_PER_DAY);
    s7_civil_set_clock(&civil, ms % MS_PER_DAY * S7_NS_PER_MS);
    return (s7_datetime){.year = civil.year,
                         .month = civil.month,
                         .day = civil.day,
                         .hour = civil.hour,
                         .minute = civil.minute,
                         .second = civil.second,
                         .weekday = (uint8_t)s7_civil_weekday(&civil),
                         .millisecond = (uint16_t)(civil.ns / 1000000)};
}

uint16_t sim_clock_read(struct sim_call *call)
{
    s7_datetime now = sim_plc_clock(call->job->plc);

    if (!sim_call_room(call, S7_CLOCK_LEN))
        return S7_ERR_RESOURCES;
    s7_clock_encode(&call->wr, &now);
    return 0;
}

uint16_t sim_clock_set(struct sim_call *call)
{
    struct sim_plc *plc = call->job->plc;
    struct plant_state state = plc->row->state;
    s7_datetime wanted;

    if (sim_job_is_barred(call->job, 1))
        return SIM_ERR_PASSWORD;
    if (s7_clock_decode(call->request->payload, call->request->payload_len, &wanted) != S7_OK)
        return SIM_ERR_DATE;
    state.clock_ms = ms_of(&wanted) - plc->wall_ms;
    if (call->job->refuse_writes || plant_set_state(plc->plant, plc->row, &state) != S7_OK)
        return S7_ERR_RESOURCES;
    return 0;
}
