/* job.h - the services of the PLC: one request PDU in, one answer PDU out.
 *
 * Each function code has one file and one row in the table of job.c. A service reads the request through the
 * protocol's cursors and appends its answer to a writer whose capacity is the granted PDU length: what does
 * not fit there is refused as a CPU refuses it. Services know no socket, no time and no other connection. */
#ifndef SIMULATOR_JOB_H
#define SIMULATOR_JOB_H

#include "simulator/overlay.h"
#include "simulator/plc.h"
#include "simulator/shelf.h"
#include "simulator/spoil.h"
#include "simulator/tasks.h"

#include "protocol/blocks.h"
#include "protocol/errors.h"
#include "protocol/var.h"

/* An answer of userdata in several units: what is not asked for yet. */
struct sim_chain {
    const void *service; /* a row of userdata.c */
    bool open;
    uint8_t which, unit_ref, sequence;
    size_t len, at; /* bytes of replies[which] */
    bool refuses;   /* what is not asked for yet */
};

/* A block that is being read. */
struct sim_upload {
    uint32_t id; /* 0: none */
    uint8_t type;
    uint16_t number;
    uint32_t len, at; /* of the file */
};

/* A block that is given to the PLC, see download.c. */
enum sim_download_step {
    SIM_DOWNLOAD_NONE,
    SIM_DOWNLOAD_PIECES, /* the PLC asks for them */
    SIM_DOWNLOAD_END     /* it has all that it wants, and says so */
};

struct sim_download {
    enum sim_download_step step;
    uint8_t place; /* on the shelf */
    uint8_t type;
    uint16_t number;
    uint32_t len, mc7_len; /* as announced */
    uint32_t have;         /* bytes */
    uint16_t error;        /* END: why it does not take the block; 0: it does */
    bool asked;            /* the PLC's job is out, */
    int64_t by_ns;         /* and to be answered before */
};

/* What a connection is in the middle of. pdu_len and AmQ are what setup communication agreed on. */
struct sim_link {
    bool setup_done;
    bool legitimate;  /* it gave the password */
    uint16_t pdu_len; /* 240 before setup */
    uint16_t amq_calling, amq_called;
    unsigned tells; /* what it may be told: enum sim_tells */
    uint8_t events; /* of the message service, enum s7_messages_event without alarms */
    uint8_t alarms; /* bit n: alarms of type 4 * n */
    uint64_t news;  /* the number of the next one that it is told */
    struct sim_chain chain;
    struct sim_upload upload;
    struct sim_download download;
    uint32_t shelved;            /* bit n: a whole block, not inserted, is at place n of the shelf */
    enum sim_extra_choice extra; /* what becomes of jobs beyond amq_calling */
    uint16_t own_ref;            /* of the PLC's last job; 0: it had none */
};

/* Bytes of an answer while it is made, and until its last unit is asked for. */
struct sim_reply {
    uint8_t *bytes;
    size_t cap;
};

/* What goes on behind its answer. */
enum sim_task_kind { SIM_TASKS_CYCLIC, SIM_TASKS_PROGRAMMER, SIM_TASK_KINDS };

struct sim_job {
    struct sim_plc *plc;
    struct sim_link *link;
    struct sim_tasks **tasks; /* by kind, the connection's; NULL: it never had any */
    const struct s7_pdu *pdu;
    struct s7_wr *answer;                /* empty, link->pdu_len bytes of room */
    struct sim_shelf *shelf;             /* the connection's */
    struct sim_reply *replies;           /* two, the connection's: one may hold a chain, the other is free */
    const struct sim_quirk *quirk;       /* what is to be wrong; NULL: nothing */
    const struct sim_overlays *overlays; /* what lies over values that are read; NULL: nothing */
    bool ignore_write;                   /* the item that is written now is acknowledged only */
    struct sim_late *late;               /* the item that is written now waits here; NULL: it is done */
    bool refuse_writes; /* the plant cannot take writes now: every item of a write is answered with 01 */
    bool chained;       /* out: both replies are in use until the turn stands */
};

/* Run a job or userdata request: a complete answer is left always. Or take the answer to a job of the PLC
 * (sim_download_awaits): nothing is left. */
void sim_job_run(struct sim_job *job);

/* Does this request change the plant (so that the turn must hold its write lock)? */
bool sim_job_writes(const struct s7_pdu *pdu);

/* May it, by the first bytes of its PDU? True when that does not show in them. */
bool sim_job_may_write(const uint8_t *bytes, size_t len);

/* Does the PLC's protection keep this connection from what wants that level at most (1, 2, 3)? */
bool sim_job_is_barred(const struct sim_job *job, uint8_t level);

/* Those of a kind, made when they are not there. NULL: no memory. */
struct sim_tasks *sim_job_tasks(struct sim_job *job, enum sim_task_kind kind);

/* Answer with a refusal of the whole job, dropping what was appended so far. */
void sim_job_refuse(struct sim_job *job, uint16_t error);

/* ---- the services ---- */
void sim_setup(struct sim_job *job);          /* F0 */
void sim_read_var(struct sim_job *job);       /* 04 */
void sim_write_var(struct sim_job *job);      /* 05 */
void sim_control(struct sim_job *job);        /* 28, 29 */
void sim_download_start(struct sim_job *job); /* 1A */
void sim_upload_start(struct sim_job *job);   /* 1D */
void sim_upload(struct sim_job *job);         /* 1E */
void sim_upload_end(struct sim_job *job);     /* 1F */
void sim_userdata(struct sim_job *job);       /* ROSCTR 07, see userdata.h */

/* Is this the answer to the job that the PLC has open? And what becomes of it. */
bool sim_download_awaits(const struct sim_link *link, const struct s7_pdu *pdu);
void sim_download_answer(struct sim_job *job);

/* ---- memory access, shared by reads and writes ---- */

/* Where an item lies. */
struct sim_range {
    struct plant_block *block;
    uint32_t offset; /* bytes */
    uint32_t len;    /* bytes of payload; BIT: 1 */
    uint8_t bit;     /* BIT only */
    const struct s7_size_info *size;
};

/* Find what an item names, with the checks and refusals of a CPU in their order: area, transport size,
 * timer/counter fit, count, alignment, bounds. Returns S7_ITEM_OK and fills *range, or the return code of the
 * refusal. */
uint8_t sim_locate(struct sim_plc *plc, const struct s7_var_item *item, bool write, struct sim_range *range);

/* A value as it is told: range->len bytes. sim_value_tell: they are in `to` already, as they are in the
 * block.
 */
void sim_value_copy(const struct sim_plc *plc, const struct sim_range *range, uint8_t *to);
void sim_value_tell(const struct sim_plc *plc, const struct sim_range *range, uint8_t *to);

/* Does this CPU take DBREAD items? */
bool sim_knows_dbread(const struct sim_plc *plc);

/* The return code that a fault wants for an item (from 0), instead of what is there; 0: none. */
uint8_t sim_item_code(const struct sim_job *job, unsigned item);

/* Write it, inside a turn that may. Returns the return code. */
uint8_t sim_write_item(struct sim_job *job, const struct s7_var_item *item, const struct s7_data_unit *unit);

static inline uint8_t sim_with_bit(uint8_t byte, unsigned bit, bool high)
{
    unsigned mask = 1U << bit;

    return (uint8_t)(high ? byte | mask : byte & ~mask);
}

/* counters.c: does this CPU have numbers on the wire there, and the way there and back. from_wire: false if
 * one is more than 999. */
bool sim_counts_binary(const struct sim_plc *plc, const struct sim_range *range);
void sim_counters_to_wire(uint8_t *words, size_t len);
bool sim_counters_from_wire(uint8_t *words, const uint8_t *wire, size_t len);

#endif
