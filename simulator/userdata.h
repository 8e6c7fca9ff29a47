/* userdata.h - the services of userdata, one file each: a request's payload in, the payload of the answer
 * out.
 *
 * A service asks for room for the longest answer that it may give and appends to call->wr. What it returns is
 * the error word of the answer, 0 for none; with an error nothing of the payload is sent. Answers longer than
 * a PDU are cut into units and kept for the requests that follow, which is not the service's business. */
#ifndef SIMULATOR_USERDATA_H
#define SIMULATOR_USERDATA_H

#include "simulator/job.h"

#include "protocol/userdata.h"

struct sim_call {
    struct sim_job *job;
    const struct s7_userdata *request;
    struct sim_reply *reply; /* what wr writes to */
    struct s7_wr wr;
    uint8_t sequence; /* of the answer: the service's usual one, unless it says another */
};

/* false: no memory; the answer is S7_ERR_RESOURCES then. */
S7_MUST_CHECK bool sim_call_room(struct sim_call *call, size_t most);

/* Does a request that begins with these parameters change the plant? */
bool sim_userdata_writes(const uint8_t *param, size_t len);

/* Names of error words, see errors.h for the words. */
#define SIM_ERR_TRIGGER    0xD00A
#define SIM_ERR_TAG        0xD015
#define SIM_ERR_RESULT     0xD032 /* its length */
#define SIM_ERR_JOB_LENGTH 0xD033
#define SIM_ERR_CODING     0xD05F
#define SIM_ERR_JOBS_FULL  0xD062
#define SIM_ERR_JOB_GONE   0xD0A5
#define SIM_ERR_NAME       0xD201 /* of a block */
#define SIM_ERR_NO_BLOCK   0xD209
#define SIM_ERR_NO_MORE    0xD20E
#define SIM_ERR_PASSWORD   0xD241 /* needed */
#define SIM_ERR_NO_SZL     0xD401
#define SIM_ERR_NO_INDEX   0xD402
#define SIM_ERR_ALREADY    0xD403
#define SIM_ERR_FULL       0xD404 /* of those who are told its diagnosis */
#define SIM_ERR_SYNTAX     0xD405
#define SIM_ERR_NOT_NOW    0xD406
#define SIM_ERR_SECURITY   0xD601
#define SIM_ERR_WRONG      0xD602
#define SIM_ERR_NOTHING    0xD604
#define SIM_ERR_NO_SECRET  0xD605
#define SIM_ERR_NO_ADDRESS 0xD801
#define SIM_ERR_NO_JOB     0xD802
#define SIM_ERR_CYCLE      0xD804
#define SIM_ERR_TOO_MANY   0xD805
#define SIM_ERR_OVERLOAD   0xD807
#define SIM_ERR_DATE       0xDC01

/* ---- the services ---- */
typedef uint16_t sim_call_fn(struct sim_call *call);

sim_call_fn sim_test_begin;     /* 1/02, 1/08 */
sim_call_fn sim_test_disable;   /* 1/0D */
sim_call_fn sim_test_enable;    /* 1/0E */
sim_call_fn sim_test_delete;    /* 1/0F */
sim_call_fn sim_test_jobs;      /* 1/10 */
sim_call_fn sim_test_flash;     /* 1/16 */
sim_call_fn sim_cyclic_begin;   /* 2/01, 2/05 */
sim_call_fn sim_cyclic_modify;  /* 2/07 */
sim_call_fn sim_cyclic_end;     /* 2/04 */
sim_call_fn sim_szl;            /* 4/01 */
sim_call_fn sim_messages;       /* 4/02 */
sim_call_fn sim_alarms;         /* 4/13 */
sim_call_fn sim_block_counts;   /* 3/01 */
sim_call_fn sim_blocks_of_type; /* 3/02 */
sim_call_fn sim_block_info;     /* 3/03 */
sim_call_fn sim_password;       /* 5/01 */
sim_call_fn sim_password_clear; /* 5/02 */
sim_call_fn sim_clock_read;     /* 7/01, 7/03 */
sim_call_fn sim_clock_set;      /* 7/02, 7/04 */

#endif
