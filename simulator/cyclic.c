/* Group 2, cyclic services: values of a list, told every so often (01) or when they changed (05, 07).
 *
 * What is looked at is an image: for each item, or part of a DBREAD item, its return code and room for its
 * bytes. Answers and pushes are made of images alone. */
#include "protocol/cyclic.h"

#include "protocol/dbread.h"

#include "service_time.h"
#include "told.h"
#include "userdata.h"

#include <stdlib.h>

#define NS_PER_MS INT64_C(1000000)

/* ---- lists ---- */

/* One value of a list. */
struct value {
    struct s7_var_item item; /* S7ANY; a part of a DBREAD item as the bytes that it is */
    size_t len;              /* of its bytes */
    bool part, first, last;  /* of a unit */
    bool last_unit;
};

struct walk {
    struct s7_item_walk items;
    struct s7_rd parts;
    unsigned parts_left;
    struct value value; /* the one that the walk is at */
};

static void begin(struct walk *walk, const uint8_t *list, size_t len, unsigned n)
{
    *walk = (struct walk){.items = {.rd = {list, len}, .left = n}};
}

static bool next_part(struct walk *walk, bool first)
{
    struct s7_db_part part;

    if (!s7_dbread_part(&walk->parts, &part))
        return false;
    walk->parts_left--;
    walk->value = (struct value){.item = s7_dbread_item(&part),
                                 .len = part.len,
                                 .part = true,
                                 .first = first,
                                 .last = walk->parts_left == 0,
                                 .last_unit = walk->items.left == 0};
    return true;
}

static bool next_item(struct walk *walk, const struct s7_var_item *item)
{
    const struct s7_size_info *size = s7_size_find(item->size);

    if (item->syntax_id == S7_SYNTAX_DBREAD)
        return s7_dbread_decode(item, &walk->parts_left, &walk->parts) == S7_OK && next_part(walk, true);
    if (item->syntax_id != S7_SYNTAX_S7ANY || size == NULL)
        return false;
    walk->value = (struct value){.item = *item,
                                 .len = (size_t)item->count * size->element_bytes,
                                 .first = true,
                                 .last = true,
                                 .last_unit = walk->items.left == 0};
    return true;
}

/* S7_OK with *more false: that was all. S7_E_FRAME: what comes is no address. */
static s7_status next(struct walk *walk, bool *more)
{
    struct s7_var_item item;

    *more = true;
    if (walk->parts_left > 0)
        return next_part(walk, false) ? S7_OK : S7_E_FRAME;
    s7_status status = s7_item_walk_next(&walk->items, &item, more);
    if (status != S7_OK || !*more)
        return status;
    return next_item(walk, &item) ? S7_OK : S7_E_FRAME;
}

static bool is_address(const struct sim_plc *plc, const struct value *value)
{
    bool many_bits = value->item.size == S7_SIZE_BIT && value->item.count > 1;

    return value->len > 0 && value->len <= S7_PDU_LEN_MAX && !many_bits &&
           (!value->part || sim_knows_dbread(plc));
}

/* What a list takes: its image, and an answer in which every value is there. */
struct extent {
    size_t image, payload;
    unsigned n; /* values */
};

static uint16_t measure(const struct sim_plc *plc, const struct s7_item_walk *items, struct extent *extent)
{
    struct walk walk = {.items = *items};
    bool more;

    *extent = (struct extent){.payload = S7_CYCLIC_VALUES_LEN};
    if (items->left == 0)
        return SIM_ERR_NO_ADDRESS;
    for (;;) {
        if (next(&walk, &more) != S7_OK || (more && !is_address(plc, &walk.value)))
            return SIM_ERR_NO_ADDRESS;
        if (!more)
            return 0;
        const struct value *value = &walk.value;
        extent->n++;
        extent->image += 1 + value->len;
        extent->payload += value->len + (value->part ? 1 : 0) + (value->first ? 4 : 0);
        if (value->last && !value->last_unit)
            extent->payload += extent->payload % 2;
        if (extent->image > UINT16_MAX)
            return S7_ERR_FRAME_SIZE;
    }
}

/* ---- images ---- */

static void look_at(struct sim_plc *plc, const struct value *value, uint8_t *image)
{
    struct sim_range range;

    image[0] = sim_locate(plc, &value->item, false, &range);
    if (image[0] == S7_ITEM_OK)
        sim_value_copy(plc, &range, image + 1);
    else
        memset(image + 1, 0, value->len);
}

static void look(struct sim_plc *plc, const struct sim_task *task, uint8_t *image)
{
    struct walk walk;
    bool more;

    begin(&walk, task->bytes, task->list_len, task->n);
    while (next(&walk, &more) == S7_OK && more) {
        look_at(plc, &walk.value, image);
        image += 1 + walk.value.len;
    }
}

/* ---- what is told ---- */

static void append_part(struct s7_wr *wr, const struct value *value, const uint8_t *image, bool same,
                        size_t *unit)
{
    if (value->first) {
        *unit = wr->len;
        s7_wr_be(wr, 4, (uint32_t)S7_ITEM_OK << 24 | S7_DATA_OCTETS << 16);
    }
    s7_dbread_value_append(wr, same ? S7_ITEM_UNCHANGED : image[0], image + 1, (uint8_t)value->len);
    if (!value->last)
        return;
    s7_wr_patch16(wr, *unit + 2, wr->len - *unit - 4);
    if (!value->last_unit)
        s7_data_fill(wr, wr->len - *unit);
}

static void append_item(struct s7_wr *wr, const struct value *value, const uint8_t *image, bool same)
{
    struct s7_data_unit unit = {.code = same ? S7_ITEM_UNCHANGED : image[0]};

    if (unit.code == S7_ITEM_OK) {
        unit.size = s7_size_find(value->item.size)->data_size;
        unit.length = s7_data_length(unit.size, value->len);
        unit.payload = image + 1;
        unit.payload_len = value->len;
    }
    s7_data_append(wr, &unit, value->last_unit);
}

/* The payload of an answer or a push. old NULL: all values, else those that are not as they were there. */
static void append_values(struct s7_wr *wr, const struct sim_task *task, const uint8_t *image,
                          const uint8_t *old)
{
    struct walk walk;
    size_t unit = 0;
    bool more;

    begin(&walk, task->bytes, task->list_len, task->n);
    s7_cyclic_values_append(wr, (uint8_t)task->n);
    while (next(&walk, &more) == S7_OK && more) {
        const struct value *value = &walk.value;
        bool same = old != NULL && memcmp(old, image, 1 + value->len) == 0;
        if (value->part)
            append_part(wr, value, image, same, &unit);
        else
            append_item(wr, value, image, same);
        image += 1 + value->len;
        old = old != NULL ? old + 1 + value->len : NULL;
    }
}

/* ---- requests ---- */

/* A task with the values of now, told as the answer. */
static uint16_t make(struct sim_call *call, const struct s7_item_walk *items, int64_t period_ns,
                     struct sim_task **out)
{
    struct sim_job *job = call->job;
    struct extent extent;
    uint16_t error = measure(job->plc, items, &extent);

    if (error != 0)
        return error;
    if (extent.payload > s7_userdata_room(job->link->pdu_len))
        return S7_ERR_FRAME_SIZE;
    if (sim_service_read_ns(job->plc, extent.n) > period_ns)
        return SIM_ERR_OVERLOAD;
    struct sim_task *task = sim_task_new(items->rd.left, extent.image);
    if (task == NULL || !sim_call_room(call, extent.payload)) {
        free(task);
        return S7_ERR_RESOURCES;
    }
    task->n = items->left;
    memcpy(task->bytes, items->rd.at, items->rd.left);
    look(job->plc, task, sim_task_image(task, 0));
    append_values(&call->wr, task, sim_task_image(task, 0), NULL);
    *out = task;
    return 0;
}

/* Begin a task of this number, or give a living one another list. */
static uint16_t put(struct sim_call *call, struct sim_tasks *tasks, uint8_t number, uint8_t made_by)
{
    const struct s7_userdata *request = call->request;
    struct s7_cycle cycle;
    struct s7_item_walk items;
    struct sim_task *task;

    if (s7_cyclic_request_decode(request->payload, request->payload_len, &cycle, &items) != S7_OK)
        return SIM_ERR_SYNTAX;
    if (s7_cycle_ms(cycle) == 0)
        return SIM_ERR_CYCLE;
    int64_t period_ns = s7_cycle_ms(cycle) * NS_PER_MS;
    uint16_t error = make(call, &items, period_ns, &task);
    if (error != 0)
        return error;
    sim_tasks_put(tasks, number,
                  (struct sim_slot){.task = task,
                                    .period_ns = period_ns,
                                    .due_ns = call->job->plc->now_ns + period_ns,
                                    .made_by = made_by,
                                    .subfunction = request->subfunction,
                                    .fresh = true});
    call->job->link->tells |= SIM_TELLS_CYCLIC;
    call->sequence = number;
    return 0;
}

uint16_t sim_cyclic_begin(struct sim_call *call)
{
    struct sim_tasks *tasks = sim_job_tasks(call->job, SIM_TASKS_CYCLIC);
    uint8_t number = tasks != NULL ? sim_tasks_free_number(tasks, 1) : 0;

    if (tasks == NULL)
        return S7_ERR_RESOURCES;
    return number == 0 ? SIM_ERR_TOO_MANY : put(call, tasks, number, call->request->subfunction);
}

uint16_t sim_cyclic_modify(struct sim_call *call)
{
    struct sim_tasks *tasks = call->job->tasks[SIM_TASKS_CYCLIC];
    uint8_t number = call->request->sequence;
    const struct sim_slot *slot = sim_tasks_find(tasks, number);

    call->sequence = number;
    if (slot == NULL || slot->made_by != S7_CYCLIC_CHANGE)
        return SIM_ERR_NO_JOB;
    return put(call, tasks, number, S7_CYCLIC_CHANGE);
}

uint16_t sim_cyclic_end(struct sim_call *call)
{
    struct sim_tasks *tasks = call->job->tasks[SIM_TASKS_CYCLIC];
    const struct s7_userdata *request = call->request;
    uint8_t made_by, number;

    if (s7_cyclic_end_decode(request->payload, request->payload_len, &made_by, &number) != S7_OK)
        return SIM_ERR_SYNTAX;
    const struct sim_slot *slot = sim_tasks_find(tasks, number);
    call->sequence = number;
    if (slot == NULL || slot->made_by != made_by)
        return SIM_ERR_NO_JOB;
    sim_tasks_put(tasks, number, (struct sim_slot){0});
    return 0;
}

/* ---- pushes ---- */

static void append_push(struct s7_wr *wr, const struct sim_slot *slot, uint8_t number, const uint8_t *image,
                        const uint8_t *old)
{
    uint8_t payload[S7_PDU_LEN_MAX];
    struct s7_wr values = {.buf = payload, .cap = sizeof payload};

    append_values(&values, slot->task, image, old);
    struct s7_userdata push = s7_userdata_request(S7_GROUP_CYCLIC, slot->subfunction, payload, values.len);
    push.is_long = true;
    push.method = S7_METHOD_ANSWER;
    push.type = S7_USERDATA_PUSH;
    push.sequence = number;
    s7_userdata_encode(wr, 0, &push);
}

/* At its time. false: there is nothing to tell. */
static bool tell(struct sim_telling *telling, struct sim_slot *slot, uint8_t number)
{
    uint8_t other = !slot->which;
    uint8_t *old = sim_task_image(slot->task, slot->which), *image = sim_task_image(slot->task, other);
    bool timed = slot->made_by == S7_CYCLIC_TIME;

    look(telling->plc, slot->task, image);
    if (!timed && memcmp(old, image, slot->task->image_len) == 0) {
        slot->fresh = true;
        return false;
    }
    append_push(telling->wr, slot, number, image, timed || slot->fresh ? NULL : old);
    slot->which = other;
    slot->fresh = false;
    return true;
}

/* The time of a task has come: set the next one. false: that one has passed as well, since nothing could be
 * sent; values that nobody waits for any more are not told. */
static bool tick(struct sim_slot *slot, int64_t now_ns)
{
    int64_t periods = (now_ns - slot->due_ns) / slot->period_ns + 1;

    slot->due_ns += periods * slot->period_ns;
    return periods == 1;
}

bool sim_cyclic_tell(struct sim_telling *telling)
{
    struct sim_tasks *tasks = telling->tasks[SIM_TASKS_CYCLIC];
    int64_t now_ns = telling->plc->now_ns;

    for (uint8_t number = 1; number <= SIM_TASKS_MAX; number++) {
        struct sim_slot *slot = sim_tasks_find(tasks, number);
        if (slot != NULL && slot->due_ns <= now_ns && tick(slot, now_ns) && tell(telling, slot, number))
            return true;
    }
    return false;
}

int64_t sim_cyclic_due(const struct sim_telling *telling)
{
    return sim_tasks_due(telling->tasks[SIM_TASKS_CYCLIC]);
}
