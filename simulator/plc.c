#include "plc.h"

#include <stdio.h>
#include <string.h>

/* As a 315 counts. */
#define FIRST_UNIT_REF 0xD5
#define FIRST_UPLOAD   7

s7_status sim_plc_init(struct sim_plc *plc, plant *p, const struct plant_plc *row, struct plant_error *error)
{
    char known[128] = "";

    *plc = (struct sim_plc){.plant = p,
                            .row = row,
                            .who = sim_personality_find(row->cpu),
                            .mode = row->state.mode,
                            .mode_stands = row->state.mode,
                            .unit_ref = FIRST_UNIT_REF - 1,
                            .upload_id = FIRST_UPLOAD - 1};
    if (plc->who != NULL)
        return S7_OK;
    for (size_t i = 0; sim_personality_at(i) != NULL; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", sim_personality_at(i)->name);
    }
    error->status = S7_E_ARG;
    snprintf(error->text, sizeof error->text, "PLC %s: there is no CPU \"%s\"; plc.cpu may be %s", row->name,
             row->cpu, known);
    return S7_E_ARG;
}

static uint16_t limit(int32_t own, uint16_t usual)
{
    return own >= 0 ? (uint16_t)own : usual;
}

uint16_t sim_plc_pdu_len(const struct sim_plc *plc)
{
    return limit(plc->row->pdu_len, plc->who->pdu_len);
}

uint16_t sim_plc_amq_calling(const struct sim_plc *plc)
{
    return limit(plc->row->amq, plc->who->amq_calling);
}

uint16_t sim_plc_amq_called(const struct sim_plc *plc)
{
    return limit(plc->row->amq, plc->who->amq_called);
}

const struct plant_szl *sim_plc_szl(const struct sim_plc *plc, size_t *n)
{
    const struct plant_szl *own = plant_szl(plc->plant, plc->row, n);

    if (*n > 0)
        return own;
    *n = plc->who->n_szl;
    return plc->who->szl;
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
        refuse(out, plc->who->wrong_tsap, S7_COTP_REASON_ADDRESS_UNKNOWN);
    } else if (!plc->who->any_tsap) {
        snprintf(out->note, sizeof out->note, "called TSAP of %u bytes, expected 2",
                 called == NULL ? 0 : called->len);
        refuse(out, plc->who->wrong_tsap, S7_COTP_REASON_NOT_ATTACHED);
    }
}

static bool slot_fits(const struct sim_plc *plc, int rack, int slot)
{
    const struct sim_personality *who = plc->who;
    int32_t own_rack = plc->row->rack >= 0 ? plc->row->rack : who->rack;

    if (own_rack != SIM_ANY_RACK && rack != own_rack)
        return false;
    if (plc->row->slot >= 0)
        return slot == plc->row->slot;
    return (who->slots >> slot & 1) != 0;
}

static void admit_slot(const struct sim_plc *plc, const struct s7_cotp_param *called,
                       struct sim_admission *out)
{
    int type = called->value[0], rack = called->value[1] >> 5, slot = called->value[1] & 0x1F;
    bool usual_type = type >= 1 && type <= 3; /* PG, OP, S7-basic */

    if ((usual_type || plc->who->any_tsap) && slot_fits(plc, rack, slot)) {
        if (plc->who->slots == SIM_ANY_SLOT && plc->row->slot < 0)
            snprintf(out->note, sizeof out->note,
                     "rack %d slot %d taken as it is; a real S7-300 wants slot 2, S7-400 slot 3, "
                     "S7-1200/1500 slot 0 or 1",
                     rack, slot);
        return;
    }
    snprintf(out->note, sizeof out->note, "called TSAP %02X.%02X: nothing at rack %d slot %d", type,
             called->value[1], rack, slot);
    refuse(out, plc->who->wrong_tsap, S7_COTP_REASON_NOT_ATTACHED);
}

void sim_plc_admit(const struct sim_plc *plc, const struct s7_cotp_param *called, struct sim_admission *out)
{
    int32_t most = plc->row->connections >= 0 ? plc->row->connections : plc->who->connections;

    *out = (struct sim_admission){.admitted = true};
    if (called == NULL || called->len != 2)
        admit_unusual_tsap(plc, called, out);
    else
        admit_slot(plc, called, out);
    if (out->admitted && most >= 0 && plc->n_connections >= (uint32_t)most) {
        snprintf(out->note, sizeof out->note, "all %d connections are taken", most);
        refuse(out, plc->who->full, S7_COTP_REASON_CONGESTION);
    }
}
