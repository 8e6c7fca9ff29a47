#include "job.h"

static uint16_t least(uint16_t asked, uint16_t most)
{
    return asked < most ? asked : most;
}

/* What a fault has left of it. */
static void grant_less(struct sim_job *job, struct s7_setup *grant)
{
    const struct sim_quirk *quirk = job->quirk;
    uint16_t most = quirk == NULL ? 0 : (uint16_t)quirk->own->n;

    job->link->extra = SIM_EXTRA_QUEUE;
    if (sim_quirk_is(quirk, SIM_FAULT_PDU_SHRINK))
        grant->pdu_len = least(grant->pdu_len, most);
    if (!sim_quirk_is(quirk, SIM_FAULT_AMQ_LOW))
        return;
    grant->amq_calling = least(grant->amq_calling, most);
    grant->amq_called = least(grant->amq_called, most);
    job->link->extra = (enum sim_extra_choice)quirk->own->choice;
}

/* Each value is the smaller of wish and limit; a wish below 240 bytes is raised to 240, the one case where
 * more is granted than asked. May come again at any time: new values win. */
void sim_setup(struct sim_job *job)
{
    struct s7_setup wish, grant;

    if (s7_setup_decode(job->pdu, &wish) != S7_OK) {
        sim_job_refuse(job, S7_ERR_FRAME_SIZE);
        return;
    }
    grant.amq_calling = least(wish.amq_calling, sim_plc_amq_calling(job->plc));
    grant.amq_called = least(wish.amq_called, sim_plc_amq_called(job->plc));
    grant.pdu_len = least(wish.pdu_len, sim_plc_pdu_len(job->plc));
    if (grant.pdu_len < S7_PDU_LEN_MIN)
        grant.pdu_len = S7_PDU_LEN_MIN;
    grant_less(job, &grant);

    job->link->setup_done = true;
    job->link->pdu_len = grant.pdu_len;
    job->link->amq_calling = grant.amq_calling;
    job->link->amq_called = grant.amq_called;
    s7_setup_encode(job->answer, S7_ROSCTR_ACK_DATA, job->pdu->ref, &grant);
}
