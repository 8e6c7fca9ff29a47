/* control.h - job 28 has two files: control.c, the CPU as a whole; control_block.c, single blocks. */
#ifndef SIMULATOR_CONTROL_H
#define SIMULATOR_CONTROL_H

#include "simulator/job.h"

#include "protocol/block_jobs.h"

/* Done, or refused with an error and why. */
void sim_control_answer(struct sim_job *job, uint16_t error, uint8_t why);

void sim_control_blocks(struct sim_job *job, enum s7_block_control control, struct s7_rd names);

#endif
