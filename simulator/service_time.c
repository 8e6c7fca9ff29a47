#include "service_time.h"

#include "loop/random.h"
#include "protocol/szl.h"
#include "protocol/userdata.h"
#include "protocol/var.h"

#define NS_PER_US INT64_C(1000)

/* Tells these draws from those of faults, whose keys are small numbers. */
#define DRAWS UINT64_C(0x5E21CE0000000000)

/* ---- how much there is to do ---- */

static uint8_t items_of(const struct s7_pdu *pdu)
{
    bool has_items = pdu->rosctr == S7_ROSCTR_JOB && pdu->param_len > 1 &&
                     (pdu->param[0] == S7_FN_READ_VAR || pdu->param[0] == S7_FN_WRITE_VAR);

    return has_items ? pdu->param[1] : 0;
}

static bool reads_szl(const struct s7_pdu *pdu)
{
    return pdu->rosctr == S7_ROSCTR_USERDATA && pdu->param_len > 6 &&
           (pdu->param[5] & 0x0F) == S7_GROUP_CPU && pdu->param[6] == S7_CPU_READ_SZL;
}

/* ---- chance ---- */

/* -1000 * ln(1 - i / 32) for the lower half; the upper half is the whole once more, ln 2 further. */
static const uint16_t quantiles[] = {0,   32,  65,  98,  134, 170, 208, 247, 288,
                                     330, 375, 421, 470, 521, 575, 633, 693};

#define LN_2   693
#define HALVES 10 /* as far as the tail goes: 7 times the average */

/* In 1/1000 of the average. */
static int64_t exponential(uint64_t bits)
{
    int64_t far = 0;

    for (unsigned i = 0; i < HALVES && bits >> 63 != 0; i++, bits <<= 1)
        far += LN_2;
    unsigned at = bits >> 59 & 0xF, between = bits >> 51 & 0xFF;
    return far + quantiles[at] + (int64_t)(quantiles[at + 1] - quantiles[at]) * between / 256;
}

static int64_t jitter_ns(const struct plant_personality *who, uint64_t bits)
{
    int64_t most = who->service.jitter_us * NS_PER_US;

    if (who->service.jitter == PLANT_EXPONENTIAL)
        return most / 1000 * exponential(bits);
    return s7_draw_range(bits, 0, most);
}

int64_t sim_service_read_ns(const struct sim_plc *plc, unsigned n_items)
{
    if (!plc->row->service_time)
        return 0;
    return (plc->who->service.base_us + (int64_t)plc->who->service.per_item_us * n_items) * NS_PER_US;
}

int64_t sim_service_ns(const struct sim_plc *plc, const struct s7_pdu *pdu, uint64_t seed, unsigned conn,
                       uint64_t nth)
{
    const struct plant_personality *who = plc->who;

    if (pdu == NULL || !plc->row->service_time)
        return 0;
    int64_t ns = sim_service_read_ns(plc, items_of(pdu));
    if (reads_szl(pdu))
        ns += who->service.szl_us * NS_PER_US;
    return ns + jitter_ns(who, s7_draw(seed, DRAWS + (uint64_t)plc->row->id, conn, nth));
}
