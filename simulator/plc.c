#include "plc.h"

#include "protocol/pdu.h"

#include <stdio.h>
#include <string.h>

/* As a 315 counts. */
#define FIRST_UNIT_REF 0xD5
#define FIRST_UPLOAD   7

s7_status sim_plc_init(struct sim_plc *plc, plant *p, const struct plant_plc *row, struct plant_error *error)
{
    char known[144];

    *plc = (struct sim_plc){.plant = p,
                            .row = row,
                            .who = row->who,
                            .mode = row->state.mode,
                            .mode_stands = row->state.mode,
                            .unit_ref = FIRST_UNIT_REF - 1,
                            .upload_id = FIRST_UPLOAD - 1};
    if (plc->who != NULL)
        return S7_OK;
    plant_personality_names(p, known, sizeof known);
    error->status = S7_E_ARG;
    snprintf(error->text, sizeof error->text, "PLC %s: there is no CPU \"%s\"; plc.cpu may be %s", row->name,
             row->cpu, known);
    return S7_E_ARG;
}

static int32_t limit(int32_t own, int32_t usual)
{
    return own >= 0 ? own : usual;
}

/* ---- DBs that are away ---- */

bool sim_plc_take_away(struct sim_plc *plc, uint16_t db)
{
    if (plc->n_away == SIM_AWAY_MAX)
        return false;
    plc->away[plc->n_away++] = db;
    return true;
}

void sim_plc_bring_back(struct sim_plc *plc, uint16_t db)
{
    for (unsigned i = 0; i < plc->n_away; i++)
        if (plc->away[i] == db) {
            plc->away[i] = plc->away[--plc->n_away];
            return;
        }
}

bool sim_plc_is_away(const struct sim_plc *plc, uint16_t db)
{
    for (unsigned i = 0; i < plc->n_away; i++)
        if (plc->away[i] == db)
            return true;
    return false;
}

/* ---- limits ---- */

uint16_t sim_plc_pdu_len(const struct sim_plc *plc)
{
    int32_t len = limit(plc->row->pdu_len, plc->who->pdu_len);

    return len < S7_PDU_LEN_MAX ? (uint16_t)len : S7_PDU_LEN_MAX;
}

uint16_t sim_plc_amq_calling(const struct sim_plc *plc)
{
    return (uint16_t)limit(plc->row->amq, plc->who->amq_calling);
}

uint16_t sim_plc_amq_called(const struct sim_plc *plc)
{
    return (uint16_t)limit(plc->row->amq, plc->who->amq_called);
}

/* ---- how many ---- */

int32_t sim_plc_connections(const struct sim_plc *plc)
{
    return limit(plc->row->connections, plc->who->connections);
}

uint32_t sim_plc_reserved(const struct sim_plc *plc, enum plant_class of)
{
    return plc->row->connections >= 0 ? 0 : (uint32_t)plc->who->reserved[of];
}

int32_t sim_plc_shared(const struct sim_plc *plc)
{
    int32_t left = sim_plc_connections(plc);

    if (left < 0)
        return -1;
    for (size_t i = 0; i < PLANT_CLASSES; i++)
        left -= (int32_t)sim_plc_reserved(plc, (enum plant_class)i);
    return left > 0 ? left : 0;
}

uint32_t sim_plc_shared_used(const struct sim_plc *plc)
{
    uint32_t used = 0;

    for (size_t i = 0; i < PLANT_CLASSES; i++)
        if (plc->n_of[i] > sim_plc_reserved(plc, (enum plant_class)i))
            used += plc->n_of[i] - sim_plc_reserved(plc, (enum plant_class)i);
    return used;
}

static int32_t may_have(const struct sim_plc *plc, enum plant_class of)
{
    int32_t most = sim_plc_connections(plc), all = (int32_t)sim_plc_reserved(plc, of) + sim_plc_shared(plc);

    return all < most ? all : most;
}

/* A class has what is reserved for it, and behind that what nobody reserved: it is lent nothing else. */
static bool is_full(const struct sim_plc *plc, enum plant_class of)
{
    int32_t most = sim_plc_connections(plc), shared = sim_plc_shared(plc);

    if (most < 0)
        return false;
    if (plc->n_connections >= (uint32_t)most)
        return true;
    return plc->n_of[of] >= sim_plc_reserved(plc, of) && sim_plc_shared_used(plc) >= (uint32_t)shared;
}

/* ---- admission ---- */

static void refuse(struct sim_admission *out, enum sim_refusal how, uint8_t reason)
{
    out->admitted = false;
    out->refusal = how;
    out->cotp_reason = reason;
}

static bool is_simatic_root(const struct s7_cotp_param *called)
{
    static const char root[] = "SIMATIC-ROOT-";

    return called->len >= sizeof root - 1 && memcmp(called->value, root, sizeof root - 1) == 0;
}

/* TSAPs of other kinds: routing (28 bytes), absent, S7comm-plus. Only S7comm-plus is refused by everyone, so
 * that TIA and panels report at once instead of waiting. */
static void admit_unusual_tsap(const struct sim_plc *plc, const struct s7_cotp_param *called,
                               struct sim_admission *out)
{
    if (called != NULL && is_simatic_root(called)) {
        snprintf(out->note, sizeof out->note, "S7comm-plus is not spoken here (called TSAP %.*s)",
                 (int)called->len, (const char *)called->value);
        refuse(out, (enum sim_refusal)plc->who->wrong_tsap, S7_COTP_REASON_ADDRESS_UNKNOWN);
    } else if (!plc->who->any_tsap) {
        snprintf(out->note, sizeof out->note, "called TSAP of %u bytes, expected 2",
                 called == NULL ? 0 : called->len);
        refuse(out, (enum sim_refusal)plc->who->wrong_tsap, S7_COTP_REASON_NOT_ATTACHED);
    }
}

static bool slot_fits(const struct sim_plc *plc, int rack, int slot)
{
    int32_t own_rack = limit(plc->row->rack, plc->who->rack);

    if (own_rack >= 0 && rack != own_rack)
        return false;
    if (plc->row->slot >= 0)
        return slot == plc->row->slot;
    return (plc->who->slots >> slot & 1) != 0;
}

static bool is_listed(const struct sim_plc *plc, const struct s7_cotp_param *called)
{
    uint16_t tsap = (uint16_t)(called->value[0] << 8 | called->value[1]);

    for (size_t i = 0; i < plc->who->n_tsaps; i++)
        if (plc->who->tsaps[i] == tsap)
            return true;
    return false;
}

static enum plant_class class_of(const struct s7_cotp_param *called)
{
    if (called == NULL || called->len != 2 || called->value[0] == 0 || called->value[0] > PLANT_BASIC)
        return PLANT_BASIC;
    return called->value[0] == 1 ? PLANT_PG : PLANT_OP;
}

static void admit_slot(const struct sim_plc *plc, const struct s7_cotp_param *called,
                       struct sim_admission *out)
{
    int type = called->value[0], rack = called->value[1] >> 5, slot = called->value[1] & 0x1F;
    bool usual_type = type >= 1 && type <= 3; /* PG, OP, S7-basic */

    if (is_listed(plc, called))
        return;
    if ((usual_type || plc->who->any_tsap) && slot_fits(plc, rack, slot)) {
        if (plc->who->slots == PLANT_ANY_SLOT && plc->row->slot < 0)
            snprintf(out->note, sizeof out->note,
                     "rack %d slot %d taken as it is; a real S7-300 wants slot 2, S7-400 slot 3, "
                     "S7-1200/1500 slot 0 or 1",
                     rack, slot);
        return;
    }
    snprintf(out->note, sizeof out->note, "called TSAP %02X.%02X: nothing at rack %d slot %d", type,
             called->value[1], rack, slot);
    refuse(out, (enum sim_refusal)plc->who->wrong_tsap, S7_COTP_REASON_NOT_ATTACHED);
}

void sim_plc_admit(const struct sim_plc *plc, const struct s7_cotp_param *called, struct sim_admission *out)
{
    static const char *const names[] = {[PLANT_PG] = "PG", [PLANT_OP] = "OP", [PLANT_BASIC] = "S7 basic"};

    *out = (struct sim_admission){.admitted = true, .of = class_of(called)};
    if (called == NULL || called->len != 2)
        admit_unusual_tsap(plc, called, out);
    else
        admit_slot(plc, called, out);
    if (out->admitted && is_full(plc, out->of)) {
        snprintf(out->note, sizeof out->note, "all %d connections are taken, or what %s may have of them: %d",
                 sim_plc_connections(plc), names[out->of], may_have(plc, out->of));
        refuse(out, (enum sim_refusal)plc->who->full, S7_COTP_REASON_CONGESTION);
    }
}
