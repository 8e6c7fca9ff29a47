/* tasks.h - what a connection had its PLC begin and that goes on behind the answer: cyclic jobs, jobs of test
 * functions. They end with the connection, and with a new one on it (a second CR).
 *
 * They are what a turn can change and a rewind must put back: slots are marked and put back as a whole, a
 * task itself stays as it was made until no slot has it, before or after the turn. What it told last is an
 * image in it, of which there are two, so that a push makes the other one: no task tells twice in a turn. */
#ifndef SIMULATOR_TASKS_H
#define SIMULATOR_TASKS_H

#include "protocol/wire.h"

#define SIM_TASKS_MAX 16 /* of a kind; a 315 has that many cyclic jobs */

struct sim_task {
    unsigned n; /* items of its list */
    size_t list_len, image_len;
    uint8_t bytes[]; /* the list, then two images */
};

struct sim_slot {
    struct sim_task *task; /* NULL: free */
    int64_t period_ns, due_ns;
    uint8_t made_by, subfunction; /* of the request that made it, and of the last one for it */
    uint8_t which;                /* image that it told last */
    bool fresh;                   /* the next push is complete */
};

/* Those of one kind; their numbers on the wire begin with 1. */
struct sim_tasks {
    struct sim_slot now[SIM_TASKS_MAX], mark[SIM_TASKS_MAX];
};

/* All functions take NULL for those of a connection that never had any. */
void sim_tasks_free(struct sim_tasks *tasks);
void sim_tasks_mark(struct sim_tasks *tasks);
void sim_tasks_rewind(struct sim_tasks *tasks);
void sim_tasks_turn_done(struct sim_tasks *tasks);
void sim_tasks_end_all(struct sim_tasks *tasks); /* inside a turn */

/* Uninitialised. NULL: no memory. */
struct sim_task *sim_task_new(size_t list_len, size_t image_len);

static inline uint8_t *sim_task_image(struct sim_task *task, uint8_t which)
{
    return task->bytes + task->list_len + which * task->image_len;
}

/* The lowest number that is free, from this one on; 0: none is. */
uint8_t sim_tasks_free_number(const struct sim_tasks *tasks, uint8_t first);

/* NULL: no such task. */
struct sim_slot *sim_tasks_find(struct sim_tasks *tasks, uint8_t number);

/* Inside a turn: the slot of this number has this task now; task NULL: it is free. */
void sim_tasks_put(struct sim_tasks *tasks, uint8_t number, struct sim_slot slot);

/* When one of them is due; INT64_MAX: none is ever. */
int64_t sim_tasks_due(const struct sim_tasks *tasks);

#endif
