#include "tasks.h"

#include <stdlib.h>

struct sim_task *sim_task_new(size_t list_len, size_t image_len)
{
    struct sim_task *task = malloc(sizeof *task + list_len + 2 * image_len);

    if (task == NULL)
        return NULL;
    task->list_len = list_len;
    task->image_len = image_len;
    return task;
}

/* Free what was in a slot and is nowhere else. */
static void drop(struct sim_slot *slot, const struct sim_slot *other)
{
    if (slot->task != other->task)
        free(slot->task);
    *slot = (struct sim_slot){0};
}

/* In the middle of a turn, too. */
void sim_tasks_free(struct sim_tasks *tasks)
{
    sim_tasks_turn_done(tasks);
    for (size_t i = 0; tasks != NULL && i < SIM_TASKS_MAX; i++)
        free(tasks->now[i].task);
    free(tasks);
}

/* ---- the turn: outside of one, no slot of the mark has a task of its own ---- */

void sim_tasks_mark(struct sim_tasks *tasks)
{
    if (tasks != NULL)
        memcpy(tasks->mark, tasks->now, sizeof tasks->mark);
}

void sim_tasks_rewind(struct sim_tasks *tasks)
{
    for (size_t i = 0; tasks != NULL && i < SIM_TASKS_MAX; i++) {
        drop(&tasks->now[i], &tasks->mark[i]);
        tasks->now[i] = tasks->mark[i];
    }
}

void sim_tasks_turn_done(struct sim_tasks *tasks)
{
    for (size_t i = 0; tasks != NULL && i < SIM_TASKS_MAX; i++)
        drop(&tasks->mark[i], &tasks->now[i]);
}

void sim_tasks_put(struct sim_tasks *tasks, uint8_t number, struct sim_slot slot)
{
    struct sim_slot *here = &tasks->now[number - 1];

    if (here->task != slot.task)
        drop(here, &tasks->mark[number - 1]);
    *here = slot;
}

void sim_tasks_end_all(struct sim_tasks *tasks)
{
    for (uint8_t number = 1; tasks != NULL && number <= SIM_TASKS_MAX; number++)
        sim_tasks_put(tasks, number, (struct sim_slot){0});
}

/* ---- looking ---- */

uint8_t sim_tasks_free_number(const struct sim_tasks *tasks, uint8_t first)
{
    for (uint8_t number = first; number <= SIM_TASKS_MAX; number++)
        if (tasks->now[number - 1].task == NULL)
            return number;
    return 0;
}

struct sim_slot *sim_tasks_find(struct sim_tasks *tasks, uint8_t number)
{
    if (tasks == NULL || number == 0 || number > SIM_TASKS_MAX || tasks->now[number - 1].task == NULL)
        return NULL;
    return &tasks->now[number - 1];
}

int64_t sim_tasks_due(const struct sim_tasks *tasks)
{
    int64_t due_ns = INT64_MAX;

    for (size_t i = 0; tasks != NULL && i < SIM_TASKS_MAX; i++)
        if (tasks->now[i].task != NULL && tasks->now[i].due_ns < due_ns)
            due_ns = tasks->now[i].due_ns;
    return due_ns;
}
