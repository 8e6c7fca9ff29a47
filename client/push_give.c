/* What the user sees of a push. Everything was looked at when it came, so that nothing fails here. */
#include "client/push_impl.h"

#include "protocol/messages.h"
#include "protocol/szl.h"

static s7_cpu_mode mode_of(uint8_t mode)
{
    switch (mode) {
    case S7_MODE_PUSH_STOP:
        return S7_MODE_STOP;
    case S7_MODE_PUSH_WARM:
    case S7_MODE_PUSH_HOT:
    case S7_MODE_PUSH_COLD:
        return S7_MODE_STARTUP;
    case S7_MODE_PUSH_RUN:
    case S7_MODE_PUSH_RUN_REDUNDANT:
        return S7_MODE_RUN;
    case S7_MODE_PUSH_HOLD:
        return S7_MODE_HOLD;
    case S7_MODE_PUSH_LINK_UP:
    case S7_MODE_PUSH_UPDATE:
        return S7_MODE_LINK_UP;
    default:
        return S7_MODE_UNKNOWN;
    }
}

static void give_values(const struct s7_subscription *of, s7_push *push)
{
    push->subscription = of->id;
    push->n_items = of->image->n_items;
    push->items = of->image->items;
    push->changed = of->image->changed;
}

static void give_diag(const struct waiting *taken, s7_push *push)
{
    struct s7_szl_diag said = {0};

    if (!s7_szl_diag_decode((struct s7_rd){taken->bytes, taken->len}, &said))
        return;
    push->diag = (s7_diag_entry){.event = said.event,
                                 .priority = said.priority,
                                 .ob = said.ob,
                                 .data_id = said.data_id,
                                 .info1 = said.info1,
                                 .info2 = said.info2,
                                 .time = said.time};
}

static void give_alarm(struct s7_pushes *pushes, s7_push *push)
{
    struct s7_alarm_object object;
    struct s7_data_unit value;
    s7_alarm *alarm = &push->alarm;
    bool more;

    alarm->time = pushes->alarms.time;
    if (s7_alarm_next(&pushes->alarms, &object, &more) != S7_OK || !more)
        return;
    alarm->call = pushes->taken.head.what;
    alarm->event = object.event;
    alarm->event_state = object.event_state;
    alarm->state = object.state;
    alarm->ack_going = object.ack_going;
    alarm->ack_coming = object.ack_coming;
    while (alarm->n_values < S7_ALARM_VALUES_MAX && s7_alarm_next_value(&object, &value))
        alarm->values[alarm->n_values++] =
            (s7_alarm_value){s7_item_status(value.code), value.payload, value.payload_len};
}

void s7_pushes_give(struct s7_pushes *pushes, s7_push *push)
{
    const struct waiting *taken = &pushes->taken;
    s7_push_kind kind = taken->head.kind;

    *push = (s7_push){.struct_size = sizeof *push,
                      .kind = kind,
                      .at_ns = taken->at_ns,
                      .dropped = pushes->dropped,
                      .bytes = taken->bytes,
                      .len = taken->len};
    pushes->dropped = 0;
    if (kind == S7_PUSH_VALUES)
        give_values(taken->head.of, push);
    else if (kind == S7_PUSH_DIAG)
        give_diag(taken, push);
    else if (kind == S7_PUSH_ALARM)
        give_alarm(pushes, push);
    else if (kind == S7_PUSH_MODE) {
        push->mode = mode_of(taken->head.what);
        push->mode_code = taken->head.what;
    }
}
