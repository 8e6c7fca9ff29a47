/* personality.h - what of a request the PLC's personality (plant/personality.h) settles before any service
 * runs. */
#ifndef SIMULATOR_PERSONALITY_H
#define SIMULATOR_PERSONALITY_H

#include "plant/personality.h"

/* How a connection request is turned away, and how a connection ends. */
enum sim_refusal {
    SIM_REFUSE_DR = PLANT_REFUSE_DR,          /* COTP disconnect request, then FIN */
    SIM_REFUSE_FIN = PLANT_REFUSE_FIN,        /* FIN without a word */
    SIM_REFUSE_RST = PLANT_REFUSE_RST,        /* reset */
    SIM_REFUSE_SILENCE = PLANT_REFUSE_SILENCE /* nothing; the connection stays, and is deaf */
};

struct sim_job;

/* Does this CPU not do this job (8104 for the whole of it), or this service of userdata? */
bool sim_lacks_job(const struct sim_job *job);
bool sim_lacks_userdata(const struct sim_job *job, uint8_t group, uint8_t subfunction);

#endif
