/* Jobs 28 and 29: stop, start, and what keeps the memory in order; control_block.c: single blocks. */
#include "protocol/control.h"

#include "control.h"
#include "initial.h"
#include "mode.h"
#include "userdata.h"

#define ERR_STATE      0x8402
#define ERR_PARAMETERS 0xD202

/* What the second parameter byte of a refusal says. */
#define ALREADY_RUNS  0x03
#define ALREADY_STOPS 0x07
#define NOT_POSSIBLE  0x02

void sim_control_answer(struct sim_job *job, uint16_t error, uint8_t why)
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
        sim_control_answer(job, ERR_STATE, to == PLANT_STOP ? ALREADY_STOPS : ALREADY_RUNS);
    else if (job->refuse_writes || sim_mode_change(job->plc, how) != S7_OK)
        sim_job_refuse(job, S7_ERR_RESOURCES);
    else
        sim_control_answer(job, 0, 0);
}

static void copy_ram_to_rom(struct sim_job *job)
{
    if (job->refuse_writes || sim_initial_keep(job->plc) != S7_OK)
        sim_job_refuse(job, S7_ERR_RESOURCES);
    else
        sim_control_answer(job, 0, 0);
}

/* Neither the CPU's nor a block's: no such service. */
static void control_blocks(struct sim_job *job)
{
    enum s7_block_control control;
    struct s7_rd names;
    s7_status status = s7_block_control_decode(job->pdu, &control, &names);

    if (status != S7_OK && status != S7_E_SYNTAX)
        sim_job_refuse(job, S7_ERR_NOT_IMPLEMENTED);
    else if (sim_job_is_barred(job, 1))
        sim_job_refuse(job, SIM_ERR_PASSWORD);
    else if (status != S7_OK)
        sim_control_answer(job, ERR_PARAMETERS, NOT_POSSIBLE);
    else
        sim_control_blocks(job, control, names);
}

void sim_control(struct sim_job *job)
{
    enum s7_control control;

    if (s7_control_decode(job->pdu, &control) != S7_OK)
        sim_job_refuse(job, S7_ERR_FRAME_SIZE);
    else if (control == S7_CONTROL_OTHER)
        control_blocks(job);
    else if (sim_job_is_barred(job, 1))
        sim_job_refuse(job, SIM_ERR_PASSWORD);
    else if (control == S7_CONTROL_STOP)
        change(job, SIM_STOP_BY_SERVICE, PLANT_STOP);
    else if (control == S7_CONTROL_WARM)
        change(job, SIM_START_WARM, PLANT_RUN);
    else if (control == S7_CONTROL_COLD)
        change(job, SIM_START_COLD, PLANT_RUN);
    else if (control == S7_CONTROL_RAM_TO_ROM)
        copy_ram_to_rom(job);
    else /* compress: the file has no holes */
        sim_control_answer(job, 0, 0);
}
