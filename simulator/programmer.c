/* Group 1, test functions of programming devices: variable tables that are watched (02) and values that are
 * changed (08), as jobs which are enabled, fire, and are deleted.
 *
 * A job that fires at once, or is triggered, tells its result behind the answer of the request that had it
 * fire: a triggered one once for each time it is enabled. A modification is done with that request, in its
 * turn; what its image has are the return codes. */
#include "protocol/programmer.h"

#include "told.h"
#include "userdata.h"

#include <stdlib.h>

/* A 300 gives its jobs this number first. */
#define FIRST_JOB 2

/* slot->due_ns */
#define ARMED    0
#define DISARMED INT64_MAX

#define RESULT_HEAD_LEN 2 /* the number of items */

/* ---- what a job has ---- */

struct table {
    struct s7_test test;
    uint16_t n;
    struct s7_rd items;
    struct s7_data_walk values; /* of a modification: behind the items */
};

/* false: it is shorter than it says. */
static bool open_table(const uint8_t *payload, size_t len, struct table *table)
{
    const uint8_t *items;

    if (s7_test_decode(payload, len, &table->test) != S7_OK)
        return false;
    struct s7_rd rd = table->test.data;
    if (!s7_rd_u16(&rd, &table->n) || !s7_rd_view(&rd, (size_t)table->n * S7_TEST_ITEM_LEN, &items))
        return false;
    table->items = (struct s7_rd){items, (size_t)table->n * S7_TEST_ITEM_LEN};
    table->values = (struct s7_data_walk){.rd = rd};
    return true;
}

static bool table_of(const struct sim_slot *slot, struct table *table)
{
    return open_table(slot->task->bytes, slot->task->list_len, table);
}

static size_t even(size_t len)
{
    return len + len % 2;
}

static size_t bytes_of(const struct s7_var_item *item)
{
    return (size_t)item->count * s7_size_find(item->size)->element_bytes;
}

/* The result of a table when all is well; a modification's values must be there. */
static uint16_t measure(const struct table *table, bool modifies, size_t *result)
{
    struct s7_rd items = table->items;
    struct s7_data_walk values = table->values;
    struct s7_var_item item;
    struct s7_data_unit unit;

    *result = S7_TEST_PUSH_HEAD_LEN + RESULT_HEAD_LEN + (modifies ? even(table->n) : 0);
    for (uint16_t i = 0; i < table->n; i++) {
        if (s7_test_item_next(&items, &item) != S7_OK || item.count == 0)
            return SIM_ERR_TAG;
        if (modifies && s7_data_walk_next(&values, i + 1 == table->n, &unit) != S7_OK)
            return SIM_ERR_CODING;
        if (!modifies)
            *result += S7_USERDATA_DATA_HEADER + even(bytes_of(&item));
    }
    return table->n == 0 ? SIM_ERR_CODING : 0;
}

static bool is_trigger(uint16_t trigger, bool modifies)
{
    return trigger <= (modifies ? S7_TEST_CYCLE_END : S7_TEST_ON_STOP) && (trigger & 0xFF) == 0;
}

/* ---- firing ---- */

static void modify(struct sim_job *job, struct sim_slot *slot)
{
    uint8_t *codes = sim_task_image(slot->task, slot->which);
    struct s7_var_item item;
    struct s7_data_unit unit;
    struct table table;

    if (!table_of(slot, &table))
        return;
    for (uint16_t i = 0; i < table.n && s7_test_item_next(&table.items, &item) == S7_OK &&
                         s7_data_walk_next(&table.values, i + 1 == table.n, &unit) == S7_OK;
         i++)
        codes[i] = sim_write_item(job, &item, &unit);
}

static void arm(struct sim_job *job, struct sim_slot *slot)
{
    slot->due_ns = ARMED;
    if (slot->made_by == S7_TEST_MODIFY)
        modify(job, slot);
}

static bool fires(const struct sim_plc *plc, const struct sim_slot *slot)
{
    struct table table;

    return slot->task != NULL && slot->due_ns == ARMED && table_of(slot, &table) &&
           (table.test.trigger != S7_TEST_ON_STOP || plc->mode == PLANT_STOP);
}

/* ---- requests ---- */

static uint16_t make(const struct sim_call *call, const struct table *table, struct sim_task **out)
{
    const struct s7_userdata *request = call->request;
    bool modifies = request->subfunction == S7_TEST_MODIFY;
    size_t result;
    uint16_t error = measure(table, modifies, &result);

    if (error != 0)
        return error;
    if (!is_trigger(table->test.trigger, modifies))
        return SIM_ERR_TRIGGER;
    if (result > s7_userdata_room(call->job->link->pdu_len))
        return SIM_ERR_RESULT;
    *out = sim_task_new(request->payload_len, table->n);
    if (*out == NULL)
        return S7_ERR_RESOURCES;
    (*out)->n = table->n;
    memcpy((*out)->bytes, request->payload, request->payload_len);
    memset(sim_task_image(*out, 0), 0, 2 * (*out)->image_len);
    return 0;
}

uint16_t sim_test_begin(struct sim_call *call)
{
    const struct s7_userdata *request = call->request;
    struct sim_tasks *tasks = sim_job_tasks(call->job, SIM_TASKS_PROGRAMMER);
    uint8_t number = tasks != NULL ? sim_tasks_free_number(tasks, FIRST_JOB) : 0;
    struct sim_slot slot = {
        .made_by = request->subfunction, .subfunction = request->subfunction, .due_ns = DISARMED};
    struct table table;

    if (tasks == NULL)
        return S7_ERR_RESOURCES;
    if (number == 0)
        return SIM_ERR_JOBS_FULL;
    if (!open_table(request->payload, request->payload_len, &table))
        return SIM_ERR_JOB_LENGTH;
    uint16_t error = make(call, &table, &slot.task);
    if (error != 0)
        return error;
    if (table.test.trigger == S7_TEST_AT_ONCE)
        arm(call->job, &slot);
    sim_tasks_put(tasks, number, slot);
    call->job->link->tells |= SIM_TELLS_PROGRAMMER;
    call->sequence = number;
    return 0;
}

/* The job that a request means, or the error. */
static uint16_t find(const struct sim_call *call, struct sim_slot **slot, uint8_t *number)
{
    const struct s7_userdata *request = call->request;
    struct s7_test test;
    uint8_t function;

    if (s7_test_decode(request->payload, request->payload_len, &test) != S7_OK ||
        s7_test_job_decode(request->subfunction, test.data, &function, number) != S7_OK)
        return SIM_ERR_JOB_LENGTH;
    *slot = sim_tasks_find(call->job->tasks[SIM_TASKS_PROGRAMMER], *number);
    return *slot == NULL || (*slot)->made_by != function ? SIM_ERR_JOB_GONE : 0;
}

uint16_t sim_test_enable(struct sim_call *call)
{
    struct sim_slot *slot;
    uint8_t number;
    uint16_t error = find(call, &slot, &number);

    if (error == 0)
        arm(call->job, slot);
    return error;
}

/* One that has fired is no longer there for it. */
uint16_t sim_test_disable(struct sim_call *call)
{
    struct sim_slot *slot;
    uint8_t number;
    uint16_t error = find(call, &slot, &number);

    if (error == 0 && slot->due_ns != ARMED)
        error = SIM_ERR_JOB_GONE;
    if (error == 0)
        slot->due_ns = DISARMED;
    return error;
}

uint16_t sim_test_delete(struct sim_call *call)
{
    struct sim_slot *slot;
    uint8_t number;
    uint16_t error = find(call, &slot, &number);

    if (error == 0)
        sim_tasks_put(call->job->tasks[SIM_TASKS_PROGRAMMER], number, (struct sim_slot){0});
    return error;
}

static void append_job(struct s7_wr *wr, uint8_t function, uint8_t number)
{
    s7_wr_be(wr, 4, (uint32_t)function << 24 | (uint32_t)number << 16);
}

/* The list is a job itself and the first one in it; nothing but that was seen. Then those of this connection.
 */
uint16_t sim_test_jobs(struct sim_call *call)
{
    struct sim_tasks *tasks = call->job->tasks[SIM_TASKS_PROGRAMMER];
    struct s7_test test;

    if (s7_test_decode(call->request->payload, call->request->payload_len, &test) != S7_OK)
        return SIM_ERR_JOB_LENGTH;
    if (!sim_call_room(call, S7_TEST_PUSH_HEAD_LEN + (1 + SIM_TASKS_MAX) * S7_TEST_JOB_LEN))
        return S7_ERR_RESOURCES;
    size_t begin = s7_test_push_begin(&call->wr, false);
    append_job(&call->wr, S7_TEST_JOBS, call->sequence);
    for (uint8_t number = 1; number <= SIM_TASKS_MAX; number++) {
        const struct sim_slot *slot = sim_tasks_find(tasks, number);
        if (slot != NULL)
            append_job(&call->wr, slot->made_by, number);
    }
    s7_test_push_end(&call->wr, begin);
    return 0;
}

/* There is no lamp to be seen blinking. */
uint16_t sim_test_flash(struct sim_call *call)
{
    struct s7_test test;

    return s7_test_decode(call->request->payload, call->request->payload_len, &test) == S7_OK
               ? 0
               : SIM_ERR_JOB_LENGTH;
}

/* ---- results ---- */

static void append_value(struct s7_wr *wr, struct sim_plc *plc, const struct s7_var_item *item)
{
    struct sim_range range;
    uint8_t code = sim_locate(plc, item, false, &range);
    size_t len = code == S7_ITEM_OK ? range.len : 0;
    uint8_t *room = s7_data_append_room(wr, code, len > 0 ? S7_DATA_OCTETS : S7_DATA_NULL, len);

    if (room != NULL && len > 0)
        sim_value_copy(plc, &range, room);
    s7_data_fill(wr, len);
}

static void append_result(struct s7_wr *wr, struct sim_plc *plc, struct sim_slot *slot, struct table *table)
{
    size_t begin = s7_test_push_begin(wr, table->test.trigger != S7_TEST_AT_ONCE);
    struct s7_var_item item;

    s7_wr_be(wr, 2, table->n);
    if (slot->made_by == S7_TEST_MODIFY) {
        s7_wr_bytes(wr, sim_task_image(slot->task, slot->which), table->n);
        s7_data_fill(wr, table->n);
    } else {
        while (table->items.left > 0 && s7_test_item_next(&table->items, &item) == S7_OK)
            append_value(wr, plc, &item);
    }
    s7_test_push_end(wr, begin);
}

static void tell(struct sim_telling *telling, struct sim_slot *slot, uint8_t number)
{
    uint8_t payload[S7_PDU_LEN_MAX];
    struct s7_wr wr = {.buf = payload, .cap = sizeof payload};
    struct table table;

    if (!table_of(slot, &table))
        return;
    append_result(&wr, telling->plc, slot, &table);
    struct s7_userdata push = s7_userdata_request(S7_GROUP_PROGRAMMER, slot->subfunction, payload, wr.len);
    push.is_long = true;
    push.method = S7_METHOD_ANSWER;
    push.type = S7_USERDATA_PUSH;
    push.sequence = number;
    s7_userdata_encode(telling->wr, 0, &push);
    if (table.test.how_often == S7_TEST_ONCE)
        sim_tasks_put(telling->tasks[SIM_TASKS_PROGRAMMER], number, (struct sim_slot){0});
    else
        slot->due_ns = DISARMED;
}

bool sim_test_tell(struct sim_telling *telling)
{
    struct sim_tasks *tasks = telling->tasks[SIM_TASKS_PROGRAMMER];

    for (uint8_t number = 1; number <= SIM_TASKS_MAX; number++) {
        struct sim_slot *slot = sim_tasks_find(tasks, number);
        if (slot == NULL || !fires(telling->plc, slot))
            continue;
        tell(telling, slot, number);
        return true;
    }
    return false;
}

int64_t sim_test_due(const struct sim_telling *telling)
{
    const struct sim_tasks *tasks = telling->tasks[SIM_TASKS_PROGRAMMER];

    for (size_t i = 0; tasks != NULL && i < SIM_TASKS_MAX; i++)
        if (fires(telling->plc, &tasks->now[i]))
            return telling->plc->now_ns;
    return INT64_MAX;
}
