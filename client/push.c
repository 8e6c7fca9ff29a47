#include "client/push_impl.h"

#include "protocol/messages.h"
#include "protocol/szl.h"
#include "protocol/userdata.h"

#include <stdlib.h>

s7_status s7_pushes_new(s7_session *session, struct s7_pushes **out)
{
    struct s7_pushes *pushes = calloc(1, sizeof *pushes);

    if (pushes == NULL)
        return S7_E_NOMEM;
    pushes->session = session;
    s7_session_want_pushes(session, true);
    *out = pushes;
    return S7_OK;
}

void s7_pushes_free(struct s7_pushes *pushes)
{
    if (pushes != NULL)
        s7_pushes_clear(pushes);
    free(pushes);
}

/* ---- the queue ---- */

static struct waiting *waiting_at(struct s7_pushes *pushes, unsigned i)
{
    return &pushes->queue[(pushes->first + i) % S7_PUSH_QUEUE];
}

static void pop(struct s7_pushes *pushes)
{
    pushes->first = (pushes->first + 1) % S7_PUSH_QUEUE;
    pushes->n--;
    if (pushes->end_at > 0)
        pushes->end_at--;
}

static void take_values(struct waiting *waiting, bool taken)
{
    struct s7_subscription *of = waiting->head.of;

    if (of == NULL)
        return;
    s7_image_take(of->image, waiting->bytes, waiting->len, of->dropped);
    of->dropped = !taken;
}

/* The oldest goes, but what it says of values is not lost. */
static void drop_oldest(struct s7_pushes *pushes)
{
    take_values(waiting_at(pushes, 0), false);
    pop(pushes);
    pushes->dropped++;
}

static void queue(struct s7_pushes *pushes, struct head head, const uint8_t *payload, size_t len)
{
    if (len > S7_PDU_LEN_MAX)
        return;
    if (pushes->n == S7_PUSH_QUEUE)
        drop_oldest(pushes);
    struct waiting *waiting = waiting_at(pushes, pushes->n++);
    waiting->head = head;
    waiting->at_ns = s7_session_stats(pushes->session)->last_in_ns;
    waiting->len = len;
    if (len > 0)
        memcpy(waiting->bytes, payload, len);
}

void s7_pushes_forget(struct s7_pushes *pushes, const struct s7_subscription *subscription)
{
    unsigned kept = 0, kept_before_end = 0;

    for (unsigned i = 0; i < pushes->n; i++) {
        if (waiting_at(pushes, i)->head.of == subscription)
            continue;
        if (kept != i)
            *waiting_at(pushes, kept) = *waiting_at(pushes, i);
        kept++;
        kept_before_end += i < pushes->end_at;
    }
    pushes->n = kept;
    pushes->end_at = kept_before_end;
}

/* ---- what is asked for ---- */

struct s7_subscription *s7_pushes_find(const struct s7_pushes *pushes, uint32_t id)
{
    for (struct s7_subscription *s = pushes->subscriptions; s != NULL; s = s->next)
        if (s->id == id && !s->over)
            return s;
    return NULL;
}

static struct s7_subscription *find_job(const struct s7_pushes *pushes, uint8_t job)
{
    for (struct s7_subscription *s = pushes->subscriptions; s != NULL; s = s->next)
        if (s->job == job && !s->over)
            return s;
    return NULL;
}

bool s7_pushes_add(struct s7_pushes *pushes, struct s7_subscription *subscription)
{
    if (find_job(pushes, subscription->job) != NULL)
        return false;
    subscription->id = ++pushes->last_id;
    subscription->next = pushes->subscriptions;
    pushes->subscriptions = subscription;
    return true;
}

void s7_pushes_remove(struct s7_pushes *pushes, struct s7_subscription *subscription)
{
    struct s7_subscription **at = &pushes->subscriptions;

    s7_pushes_forget(pushes, subscription);
    while (*at != subscription)
        at = &(*at)->next;
    *at = subscription->next;
    s7_image_free(subscription->image);
    free(subscription);
}

/* Those of the connection that ended, or all. */
static void remove_subscriptions(struct s7_pushes *pushes, bool over_only)
{
    for (struct s7_subscription *s = pushes->subscriptions, *next; s != NULL; s = next) {
        next = s->next;
        if (s->over || !over_only)
            s7_pushes_remove(pushes, s);
    }
}

uint32_t s7_pushes_events(const struct s7_pushes *pushes)
{
    return pushes->events;
}

void s7_pushes_set_events(struct s7_pushes *pushes, uint32_t events)
{
    pushes->events = s7_session_state(pushes->session) == S7_SESSION_READY ? events : 0;
}

bool s7_pushes_expected(const struct s7_pushes *pushes)
{
    for (const struct s7_subscription *s = pushes->subscriptions; s != NULL; s = s->next)
        if (!s->over)
            return true;
    return pushes->events != 0;
}

/* ---- what comes ---- */

static bool wants(const struct s7_pushes *pushes, uint32_t events)
{
    return (pushes->events & events) != 0;
}

/* After a modification pushes are of 07. */
static bool tells_of(const struct s7_subscription *of, uint8_t subfunction)
{
    return subfunction == of->made_by || (subfunction == S7_CYCLIC_MODIFY && of->made_by == S7_CYCLIC_CHANGE);
}

static void take_cyclic(struct s7_pushes *pushes, const struct s7_userdata *push)
{
    struct s7_subscription *of = find_job(pushes, push->sequence);
    struct head head = {.kind = S7_PUSH_VALUES, .of = of, .what = push->subfunction};

    if (of == NULL || of->in_doubt || !tells_of(of, push->subfunction))
        return;
    if (s7_image_fits(of->image, push->payload, push->payload_len))
        queue(pushes, head, push->payload, push->payload_len);
}

static bool alarms_fit(const uint8_t *payload, size_t len)
{
    struct s7_alarm_walk walk;
    struct s7_alarm_object object;
    bool more = true;

    if (s7_alarm_begin(payload, len, &walk) != S7_OK || walk.left == 0)
        return false;
    while (more)
        if (s7_alarm_next(&walk, &object, &more) != S7_OK)
            return false;
    return true;
}

static void take_cpu(struct s7_pushes *pushes, const struct s7_userdata *push)
{
    struct head head = {.what = push->subfunction};
    uint32_t events = S7_EVENTS_ALARM | S7_EVENTS_ALARM_S;

    if (push->subfunction == S7_CPU_DIAG_PUSH) {
        events = S7_EVENTS_DIAG | S7_EVENTS_USER_DIAG;
        head.kind = push->payload_len >= S7_SZL_DIAG_LEN ? S7_PUSH_DIAG : 0;
    } else if (push->subfunction == S7_CPU_SCAN) {
        events = S7_EVENTS_SCAN;
        head.kind = S7_PUSH_OTHER;
    } else if (s7_alarm_is_indication(push->subfunction)) {
        head.kind = alarms_fit(push->payload, push->payload_len) ? S7_PUSH_ALARM : 0;
    }
    if (head.kind != 0 && wants(pushes, events))
        queue(pushes, head, push->payload, push->payload_len);
}

void s7_pushes_take(struct s7_pushes *pushes, const struct s7_pdu *pdu)
{
    struct head head = {.kind = S7_PUSH_MODE};
    struct s7_userdata push;

    if (s7_mode_push_decode(pdu, &head.what)) {
        if (wants(pushes, S7_EVENTS_MODE))
            queue(pushes, head, NULL, 0);
        return;
    }
    if (s7_userdata_decode(pdu, &push) != S7_OK || push.type != S7_USERDATA_PUSH)
        return;
    if (push.group == S7_GROUP_CYCLIC)
        take_cyclic(pushes, &push);
    else if (push.group == S7_GROUP_CPU)
        take_cpu(pushes, &push);
}

void s7_pushes_answer(struct s7_pushes *pushes, struct s7_subscription *subscription, const uint8_t *payload,
                      size_t len)
{
    struct head head = {.kind = S7_PUSH_VALUES, .of = subscription, .what = subscription->made_by};

    queue(pushes, head, payload, len);
}

/* ---- the end of the connection ---- */

/* An end that nobody took, and what came before it, are old news. */
static void forget_end(struct s7_pushes *pushes)
{
    while (pushes->end_at > 0)
        pop(pushes);
    pushes->end_due = false;
    remove_subscriptions(pushes, true);
}

void s7_pushes_end(struct s7_pushes *pushes, const struct s7_event *closed)
{
    if (!s7_pushes_expected(pushes))
        return;
    forget_end(pushes);
    for (struct s7_subscription *s = pushes->subscriptions; s != NULL; s = s->next)
        s->over = true;
    pushes->events = 0;
    pushes->end = *closed;
    pushes->end_due = true;
    pushes->end_at = pushes->n;
}

void s7_pushes_clear(struct s7_pushes *pushes)
{
    remove_subscriptions(pushes, false);
    pushes->events = 0;
    pushes->n = pushes->end_at = 0;
    pushes->end_due = false;
    pushes->alarms.left = 0;
    pushes->dropped = 0;
}

/* ---- taking ---- */

bool s7_pushes_full(const struct s7_pushes *pushes)
{
    return pushes->n == S7_PUSH_QUEUE;
}

bool s7_pushes_ready(const struct s7_pushes *pushes)
{
    return pushes->alarms.left > 0 || pushes->n > 0 || pushes->end_due;
}

bool s7_pushes_next(struct s7_pushes *pushes, s7_push *push)
{
    if (pushes->alarms.left == 0) {
        if (pushes->n == 0 || (pushes->end_due && pushes->end_at == 0))
            return false;
        pushes->taken = *waiting_at(pushes, 0);
        pop(pushes);
        take_values(&pushes->taken, true);
        if (pushes->taken.head.kind == S7_PUSH_ALARM &&
            s7_alarm_begin(pushes->taken.bytes, pushes->taken.len, &pushes->alarms) != S7_OK)
            pushes->alarms.left = 0;
    }
    s7_pushes_give(pushes, push);
    return true;
}

bool s7_pushes_next_end(struct s7_pushes *pushes, struct s7_event *closed)
{
    if (!pushes->end_due || pushes->end_at > 0 || pushes->alarms.left > 0)
        return false;
    *closed = pushes->end;
    forget_end(pushes);
    return true;
}
