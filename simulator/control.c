/* Jobs 28 and 29: stop, start, and what keeps the memory in order. */
#include "protocol/control.h"

#include "mode.h"
#include "userdata.h"

#define ERR_STATE 0x8402

/* What the second parameter byte of a refusal says. */
#define ALREADY_RUNS  0x03
#define ALREADY_STOPS 0x07

static void answer(struct sim_job *job, uint16_t error, uint8_t why)
{
    size_t begin = s7_pdu_begin(job->answer, S7_ROSCTR_ACK_DATA, job->pdu->ref, error);

    s7_wr_be(job->answer, 1, job->pdu->param[0]);
    if (error != 0)
        s7_wr_be(job->answer, 1, why);
    s7_pdu_param_end(job->answer, begin);
    s7_pdu_end(job->answer, begin);
}

static void change(struct sim_job *job, enum sim_mode_change how, enum plant_mode to)
{
    if (job->plc->row->state.mode == to)
        answer(job, ERR_STATE, to == PLANT_STOP ? ALREADY_STOPS : ALREADY_RUNS);
    else if (job->refuse_writes || sim_mode_change(job->plc, how) != S7_OK)
        sim_job_refuse(job, S7_ERR_RESOURCES);
    else
        answer(job, 0, 0);
}

void sim_control(struct sim_job *job)
{
    enum s7_control control;

    if (s7_control_decode(job->pdu, &control) != S7_OK)
        sim_job_refuse(job, S7_ERR_FRAME_SIZE);
    else if (control == S7_CONTROL_OTHER)
        sim_job_refuse(job, S7_ERR_NOT_IMPLEMENTED);
    else if (sim_job_is_barred(job, 1))
        sim_job_refuse(job, SIM_ERR_PASSWORD);
    else if (control == S7_CONTROL_STOP)
        change(job, SIM_STOP_BY_SERVICE, PLANT_STOP);
    else if (control == S7_CONTROL_WARM)
        change(job, SIM_START_WARM, PLANT_RUN);
    else if (control == S7_CONTROL_COLD)
        change(job, SIM_START_COLD, PLANT_RUN);
    else /* compress, copy RAM to ROM: the file has no holes, and is what stays already */
        answer(job, 0, 0);
}
