/* plc.h - one simulated PLC: a row of the plant with the personality that plays it, and what it lets in. */
#ifndef SIMULATOR_PLC_H
#define SIMULATOR_PLC_H

#include "simulator/news.h"
#include "simulator/personality.h"

#include "plant/plant.h"
#include "protocol/cotp.h"

#include <s7rig/datetime.h>

#define SIM_AWAY_MAX 8

struct sim_plc {
    plant *plant;
    const struct plant_plc *row;
    const struct plant_personality *who; /* row->who */
    unsigned n_connections;              /* S7 connections admitted and not ended, */
    unsigned n_of[PLANT_CLASSES];        /* and those of each class */
    int64_t wall_ms;                     /* now, since 1970 UTC; set by who runs a turn, */
    int64_t now_ns;                      /* and on the loop's clock */
    enum plant_mode mode;                /* what the row's mode was when its effects were done, */
    enum plant_mode mode_stands;         /* and when the last turn that stands was over */
    uint8_t unit_ref;                    /* the last one given to an answer in several units */
    uint32_t upload_id;                  /* the last one given */
    struct sim_newspaper news;           /* for the message service */
    unsigned n_diagnosing;               /* connections that logged on for diagnosis */
    uint16_t away[SIM_AWAY_MAX];         /* DBs that nobody finds at the moment */
    uint8_t n_away;
    uint8_t protection;                       /* other than the row's; 0: as the row says */
    int64_t skew_ms, skew_ppm, skew_since_ms; /* what is wrong with its clock */
};

/* S7_E_ARG: the row names a personality that does not exist; the text lists those that do. */
S7_MUST_CHECK s7_status sim_plc_init(struct sim_plc *plc, plant *p, const struct plant_plc *row,
                                     struct plant_error *error);

/* S7 clients do not find this DB, though the plant has it; bring_back once for each. False: SIM_AWAY_MAX are
 * away already. */
bool sim_plc_take_away(struct sim_plc *plc, uint16_t db);
void sim_plc_bring_back(struct sim_plc *plc, uint16_t db);
bool sim_plc_is_away(const struct sim_plc *plc, uint16_t db);

/* Limits: the row's own where it has one, else the personality's. */
uint16_t sim_plc_pdu_len(const struct sim_plc *plc);
uint16_t sim_plc_amq_calling(const struct sim_plc *plc);
uint16_t sim_plc_amq_called(const struct sim_plc *plc);

int32_t sim_plc_connections(const struct sim_plc *plc); /* -1: no limit */

/* Of them for one class only: as the personality says, none where the row has a number of its own. */
uint32_t sim_plc_reserved(const struct sim_plc *plc, enum plant_class of);

/* Of the connections that are reserved for no class: how many there are (-1: no limit), how many are in use.
 */
int32_t sim_plc_shared(const struct sim_plc *plc);
uint32_t sim_plc_shared_used(const struct sim_plc *plc);

/* The turn stands, or what it did is undone. True: it stands, and there is news of it. */
static inline bool sim_plc_mode_stands(struct sim_plc *plc, bool stand)
{
    if (stand)
        plc->mode_stands = plc->mode;
    else
        plc->mode = plc->mode_stands;
    return sim_news_stand(&plc->news, stand);
}

/* Its clock, which runs from what it was set to; within the years that a PLC knows. */
s7_datetime sim_plc_clock(const struct sim_plc *plc);

#define SIM_NOTE_CAP 160

struct sim_admission {
    bool admitted;
    enum sim_refusal refusal; /* when not admitted */
    uint8_t cotp_reason;      /* for SIM_REFUSE_DR */
    enum plant_class of;      /* when admitted */
    char note[SIM_NOTE_CAP];  /* why not; or what a real CPU would have said; "" */
};

/* May a connection request with this called TSAP (NULL: absent) in? Counts nothing; the caller does when it
 * lets it in. */
void sim_plc_admit(const struct sim_plc *plc, const struct s7_cotp_param *called, struct sim_admission *out);

static inline void sim_plc_enter(struct sim_plc *plc, enum plant_class of)
{
    plc->n_connections++;
    plc->n_of[of]++;
}

static inline void sim_plc_leave(struct sim_plc *plc, enum plant_class of)
{
    plc->n_connections--;
    plc->n_of[of]--;
}

#endif
