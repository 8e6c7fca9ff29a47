#include "client/push_call.h"

#include "protocol/alarm.h"
#include "protocol/messages.h"

#include <stdio.h>
#include <stdlib.h>

static struct s7_push_call *of(struct s7_service *service)
{
    return (struct s7_push_call *)service;
}

static s7_status refuse(struct s7_push_call *call, s7_status status, const char *why)
{
    snprintf(call->detail, sizeof call->detail, "%s", why);
    return status;
}

/* ---- the work ---- */

static struct s7_push_call *call_of(struct s7_work *work)
{
    return (struct s7_push_call *)(void *)work;
}

static s7_status make(struct s7_push_call *call, s7_session *session)
{
    s7_status status = S7_OK;

    call->detail[0] = '\0';
    if (call->pushes != NULL && *call->pushes == NULL)
        status = s7_pushes_new(session, call->pushes);
    if (status == S7_OK && call->make != NULL)
        status = call->make(call, session);
    return status;
}

/* The service is done: what follows for what is subscribed. */
static void settle(struct s7_push_call *call)
{
    s7_status status = call->service.status;

    if (!call->asked || !call->inner->done(&call->service.work))
        return;
    call->asked = false;
    call->result = call->ended != NULL ? call->ended(call, status) : status;
}

static void pump(struct s7_work *work, s7_session *session)
{
    struct s7_push_call *call = call_of(work);

    if (!call->asked && !call->service.done && s7_session_window(session) > 0) {
        s7_status status = make(call, session);

        call->asked = status == S7_OK;
        if (status != S7_OK) {
            call->inner->cancel(work, session, status, call->detail);
            call->result = status;
        }
    }
    call->inner->pump(work, session);
    settle(call);
}

static bool event(struct s7_work *work, const struct s7_event *event)
{
    struct s7_push_call *call = call_of(work);
    bool taken = call->inner->event(work, event);

    settle(call);
    return taken;
}

static void cancel(struct s7_work *work, s7_session *session, s7_status why, const char *detail)
{
    struct s7_push_call *call = call_of(work);

    if (!call->service.done && !call->asked)
        call->result = why;
    call->inner->cancel(work, session, why, detail);
    settle(call);
}

static bool waits(const struct s7_work *work)
{
    return ((const struct s7_push_call *)(const void *)work)->inner->waits(work);
}

static bool done(const struct s7_work *work)
{
    return ((const struct s7_push_call *)(const void *)work)->inner->done(work);
}

static const struct s7_work_ops ops = {pump, event, cancel, waits, done};

/* The service is begun already. */
static void wrap(struct s7_push_call *call)
{
    call->inner = call->service.work.ops;
    call->service.work.ops = &ops;
}

s7_status s7_push_call_result(const struct s7_push_call *call, uint16_t *plc_error, const char **detail)
{
    s7_service_result(&call->service, plc_error, detail);
    if (call->detail[0] != '\0')
        *detail = call->detail;
    return call->result;
}

void s7_push_call_release(struct s7_push_call *call)
{
    s7_image_free(call->image);
    free(call->made);
    free(call->answer);
    call->image = NULL;
    call->made = NULL;
    call->answer = NULL;
}

/* ---- lists ---- */

#define PARAM_LEN 8

/* Does the request fit a PDU, and will the answer, which is as long as the longest push? */
static s7_status fits(struct s7_push_call *call, size_t pdu_len, size_t request_len)
{
    size_t ask = S7_PDU_HEADER_LEN + PARAM_LEN + S7_USERDATA_DATA_HEADER + request_len;
    size_t told = S7_PDU_HEADER_LEN + S7_USERDATA_PARAM_LONG + S7_USERDATA_DATA_HEADER +
                  s7_image_answer_len(call->image);

    if (ask <= pdu_len && told <= pdu_len)
        return S7_OK;
    snprintf(call->detail, sizeof call->detail,
             "%zu items take PDUs of %zu and %zu bytes, the PLC granted %zu: subscribe to fewer",
             call->image->n_items, ask, told, pdu_len);
    return S7_E_TOO_LARGE;
}

/* Ask for call->image. */
static s7_status ask_for_list(struct s7_push_call *call, const s7_session *session, uint8_t subfunction,
                              uint8_t sequence)
{
    uint8_t payload[S7_PDU_LEN_MAX];
    struct s7_wr wr = {.buf = payload, .cap = sizeof payload};
    size_t pdu_len = s7_session_granted(session)->pdu_len;

    s7_cyclic_request_append(&wr, call->cycle, s7_image_n_items(call->image));
    s7_image_append(&wr, call->image);
    s7_status status = fits(call, pdu_len, wr.full ? SIZE_MAX / 2 : wr.len);
    if (status != S7_OK)
        return status;
    struct s7_userdata request = s7_userdata_request(S7_GROUP_CYCLIC, subfunction, payload, wr.len);
    request.sequence = sequence;
    s7_service_ask_long(&call->service, &request, call->data, sizeof call->data);
    return S7_OK;
}

/* NULL, or what is wrong. The values must be those of call->image. */
static const char *decode_values(const struct s7_push_call *call, const struct s7_pdu *answer,
                                 struct s7_userdata *values)
{
    if (s7_userdata_decode(answer, values) != S7_OK)
        return "userdata whose lengths do not add up";
    if (values->last_unit != 0)
        return "values in several units";
    if (!s7_image_fits(call->image, values->payload, values->payload_len))
        return "values that are not those that were asked for";
    return NULL;
}

static void tell_values(struct s7_pushes *pushes, struct s7_subscription *subscription,
                        const struct s7_userdata *values)
{
    s7_pushes_answer(pushes, subscription, values->payload, values->payload_len);
}

static s7_status make_image(struct s7_push_call *call, const s7_address *items, size_t n_items, bool compact,
                            s7_errinfo *err)
{
    if (items == NULL || n_items == 0)
        return refuse(call, S7_E_ARG, "no items are given");
    s7_status status = s7_image_new(items, n_items, compact, &call->image, err);
    if (status == S7_E_TOO_LARGE)
        return refuse(call, status, "more items or bytes than any PDU takes: subscribe to fewer");
    return refuse(call, status, status == S7_E_ARG ? "the address is out of range" : "");
}

static const char bad_period[] =
    "a period is a multiple of 100 ms up to 25.5 s, of 1 s up to 255 s, or of 10 s up to 2550 s";

/* ---- subscribe ---- */

void s7_subscribe_options_init(s7_subscribe_options *options)
{
    if (options == NULL)
        return;
    *options = (s7_subscribe_options){
        .struct_size = sizeof *options, .kind = S7_SUBSCRIBE_CHANGE, .period_ms = 1000};
}

bool s7_subscribe_options_take(s7_subscribe_options *full, const s7_subscribe_options *given)
{
    s7_subscribe_options_init(full);
    if (given != NULL && given->struct_size < sizeof given->struct_size)
        return false;
    if (given != NULL)
        memcpy(full, given, given->struct_size < sizeof *full ? given->struct_size : sizeof *full);
    return true;
}

static const char *take_subscribed(struct s7_service *service, const struct s7_pdu *answer, bool *more)
{
    struct s7_push_call *call = of(service);
    struct s7_subscription *made = call->made;
    struct s7_userdata values;

    *more = false;
    const char *why = decode_values(call, answer, &values);
    if (why != NULL)
        return why;
    made->job = values.sequence;
    made->cycle = call->cycle;
    if (!s7_pushes_add(*call->pushes, made))
        return "a job number that another subscription has";
    made->image = call->image;
    call->image = NULL;
    call->made = NULL;
    *call->to = made->id;
    tell_values(*call->pushes, made, &values);
    return NULL;
}

static s7_status make_subscribe(struct s7_push_call *call, const s7_session *session)
{
    return ask_for_list(call, session, call->made->made_by, 0);
}

s7_status s7_push_call_subscribe(struct s7_push_call *call, struct s7_pushes **pushes,
                                 const s7_subscribe_options *options, const s7_address *items, size_t n_items,
                                 uint32_t *subscription, s7_errinfo *err)
{
    *call = (struct s7_push_call){.make = make_subscribe, .pushes = pushes, .to = subscription};
    s7_service_begin(&call->service, take_subscribed);
    wrap(call);
    snprintf(call->what, sizeof call->what, "subscribe to %zu items of", n_items);
    if (options->kind != S7_SUBSCRIBE_TIME && options->kind != S7_SUBSCRIBE_CHANGE)
        return refuse(call, S7_E_ARG, "a subscription is of S7_SUBSCRIBE_TIME or S7_SUBSCRIBE_CHANGE");
    if (!s7_cycle_from_ms(options->period_ms, &call->cycle))
        return refuse(call, S7_E_ARG, bad_period);
    s7_status status = make_image(call, items, n_items, options->kind == S7_SUBSCRIBE_CHANGE, err);
    if (status != S7_OK)
        return status;
    call->made = calloc(1, sizeof *call->made);
    if (call->made == NULL)
        return S7_E_NOMEM;
    call->made->made_by = (uint8_t)options->kind;
    return S7_OK;
}

/* ---- modify ---- */

static const char gone[] = "there is no such subscription: it was ended, or its connection has";

static const char *take_modified(struct s7_service *service, const struct s7_pdu *answer, bool *more)
{
    struct s7_push_call *call = of(service);
    struct s7_subscription *subscription = s7_pushes_find(*call->pushes, call->id);
    struct s7_userdata values;

    *more = false;
    const char *why = decode_values(call, answer, &values);
    if (why != NULL)
        return why;
    if (subscription == NULL || values.sequence != subscription->job)
        return "the answer for another job";
    s7_pushes_forget(*call->pushes, subscription);
    s7_image_free(subscription->image);
    subscription->image = call->image;
    subscription->cycle = call->cycle;
    subscription->dropped = false;
    call->image = NULL;
    tell_values(*call->pushes, subscription, &values);
    return NULL;
}

static s7_status make_modify(struct s7_push_call *call, const s7_session *session)
{
    const struct s7_subscription *subscription = s7_pushes_find(*call->pushes, call->id);

    if (subscription == NULL)
        return refuse(call, S7_E_ARG, gone);
    if (subscription->made_by != S7_CYCLIC_CHANGE)
        return refuse(call, S7_E_UNSUPPORTED, "only change-driven subscriptions can be modified");
    if (call->cycle.factor == 0)
        call->cycle = subscription->cycle;
    return ask_for_list(call, session, S7_CYCLIC_MODIFY, subscription->job);
}

/* Whether its pushes are of the old list or the new one is known after an answer only. */
static s7_status ended_modify(struct s7_push_call *call, s7_status status)
{
    struct s7_subscription *subscription = s7_pushes_find(*call->pushes, call->id);

    if (subscription == NULL || status == S7_E_PLC)
        return status;
    subscription->in_doubt = status != S7_OK;
    if (subscription->in_doubt)
        s7_pushes_forget(*call->pushes, subscription);
    return status;
}

s7_status s7_push_call_modify(struct s7_push_call *call, struct s7_pushes **pushes, uint32_t subscription,
                              uint32_t period_ms, const s7_address *items, size_t n_items, s7_errinfo *err)
{
    *call = (struct s7_push_call){
        .make = make_modify, .ended = ended_modify, .pushes = pushes, .id = subscription};
    s7_service_begin(&call->service, take_modified);
    wrap(call);
    snprintf(call->what, sizeof call->what, "modify subscription %u of", subscription);
    if (period_ms != 0 && !s7_cycle_from_ms(period_ms, &call->cycle))
        return refuse(call, S7_E_ARG, bad_period);
    return make_image(call, items, n_items, true, err);
}

/* ---- unsubscribe ---- */

#define JOB_MISSING 0xD802

static const char *take_end(struct s7_service *service, const struct s7_pdu *answer, bool *more)
{
    (void)service;
    (void)answer;
    *more = false;
    return NULL;
}

static s7_status make_unsubscribe(struct s7_push_call *call, const s7_session *session)
{
    const struct s7_subscription *subscription = s7_pushes_find(*call->pushes, call->id);
    uint8_t payload[2];
    struct s7_wr wr = {.buf = payload, .cap = sizeof payload};

    (void)session;
    if (subscription == NULL)
        return refuse(call, S7_E_ARG, gone);
    s7_cyclic_end_append(&wr, subscription->made_by, subscription->job);
    struct s7_userdata request = s7_userdata_request(S7_GROUP_CYCLIC, S7_CYCLIC_END, payload, wr.len);
    s7_service_ask(&call->service, &request);
    return S7_OK;
}

static s7_status ended_unsubscribe(struct s7_push_call *call, s7_status status)
{
    struct s7_subscription *subscription = s7_pushes_find(*call->pushes, call->id);

    if (status == S7_OK && subscription != NULL)
        s7_pushes_remove(*call->pushes, subscription);
    return status;
}

void s7_push_call_unsubscribe(struct s7_push_call *call, struct s7_pushes **pushes, uint32_t subscription)
{
    *call = (struct s7_push_call){
        .make = make_unsubscribe, .ended = ended_unsubscribe, .pushes = pushes, .id = subscription};
    s7_service_begin(&call->service, take_end);
    wrap(call);
    call->service.empty_error = JOB_MISSING;
    snprintf(call->what, sizeof call->what, "end subscription %u of", subscription);
}

/* ---- events ---- */

#define USER_NAME "s7rig"

static const struct {
    uint32_t event;
    uint8_t alarms;
} alarm_types[] = {{S7_EVENTS_SCAN, S7_MESSAGES_SCAN},
                   {S7_EVENTS_ALARM, S7_MESSAGES_ALARM},
                   {S7_EVENTS_ALARM_S, S7_MESSAGES_ALARM_S}};
#define N_ALARM_TYPES (sizeof alarm_types / sizeof alarm_types[0])

#define EVENTS_PLAIN (S7_EVENTS_MODE | S7_EVENTS_DIAG | S7_EVENTS_USER_DIAG) /* the bits of the wire */
#define EVENTS_ALL   (EVENTS_PLAIN | S7_EVENTS_SCAN | S7_EVENTS_ALARM | S7_EVENTS_ALARM_S)

/* A request begins or ends alarms of one type. Those that stay as they are are left alone: a PLC may refuse
 * to begin twice. */
static void plan_steps(struct s7_push_call *call)
{
    uint8_t plain = (uint8_t)(call->events & EVENTS_PLAIN);
    uint32_t differ = call->events ^ call->events_before;

    call->step = call->n_steps = 0;
    if (plain == 0 && (differ & EVENTS_PLAIN) != 0)
        call->steps[call->n_steps++] = (struct s7_events_step){0, 0};
    for (size_t i = 0; i < N_ALARM_TYPES; i++) {
        bool begins = (call->events & alarm_types[i].event) != 0;

        if (differ & alarm_types[i].event)
            call->steps[call->n_steps++] =
                (struct s7_events_step){(uint8_t)(plain | S7_MESSAGES_ALARMS),
                                        (uint8_t)(alarm_types[i].alarms | (begins ? S7_MESSAGES_BEGIN : 0))};
    }
    if (call->n_steps == 0)
        call->steps[call->n_steps++] = (struct s7_events_step){plain, 0};
}

static void ask_step(struct s7_push_call *call)
{
    const struct s7_events_step *step = &call->steps[call->step];
    struct s7_messages messages = {.events = step->events, .name = USER_NAME, .alarms = step->alarms};
    uint8_t payload[S7_MESSAGES_REQUEST_MAX];
    struct s7_wr wr = {.buf = payload, .cap = sizeof payload};

    s7_messages_append(&wr, &messages);
    struct s7_userdata request = s7_userdata_request(S7_GROUP_CPU, S7_CPU_MESSAGES, payload, wr.len);
    s7_service_ask(&call->service, &request);
}

static const char *take_events(struct s7_service *service, const struct s7_pdu *answer, bool *more)
{
    struct s7_push_call *call = of(service);

    (void)answer;
    call->step++;
    *more = call->step < call->n_steps;
    if (*more)
        ask_step(call);
    return NULL;
}

/* The first event may come before the answer. */
static s7_status make_events(struct s7_push_call *call, const s7_session *session)
{
    (void)session;
    call->events_before = s7_pushes_events(*call->pushes);
    s7_pushes_set_events(*call->pushes, call->events_before | call->events);
    plan_steps(call);
    ask_step(call);
    return S7_OK;
}

static s7_status ended_events(struct s7_push_call *call, s7_status status)
{
    if (status == S7_OK)
        s7_pushes_set_events(*call->pushes, call->events);
    else if (status == S7_E_PLC && call->step == 0)
        s7_pushes_set_events(*call->pushes, call->events_before);
    return status;
}

s7_status s7_push_call_events(struct s7_push_call *call, struct s7_pushes **pushes, uint32_t events)
{
    *call =
        (struct s7_push_call){.make = make_events, .ended = ended_events, .pushes = pushes, .events = events};
    s7_service_begin(&call->service, take_events);
    wrap(call);
    snprintf(call->what, sizeof call->what, "ask for events of");
    return events & ~(uint32_t)EVENTS_ALL ? refuse(call, S7_E_ARG, "events are a sum of enum s7_events")
                                          : S7_OK;
}

/* ---- alarms ---- */

#define ANSWER_CAP 16384

static s7_status too_large(struct s7_push_call *call, const char *what, size_t there, size_t cap)
{
    snprintf(call->detail, sizeof call->detail, "there are %zu %s, and room for %zu", there, what, cap);
    return S7_E_TOO_LARGE;
}

static s7_status ended_alarms(struct s7_push_call *call, s7_status status)
{
    struct s7_alarm_entry entry;
    struct s7_rd rd;
    size_t there = 0;

    if (status != S7_OK)
        return status;
    if (call->service.len > ANSWER_CAP)
        return too_large(call, "bytes of alarms", call->service.len, ANSWER_CAP);
    if (s7_alarm_answer_decode(call->answer, call->service.len, &rd) != S7_OK)
        return refuse(call, S7_E_PROTOCOL, "the answer is no list of alarms");
    for (; s7_alarm_entry_next(&rd, &entry); there++)
        if (there < call->cap)
            call->alarms[there] = (s7_pending_alarm){.event = entry.event,
                                                     .state = entry.state,
                                                     .ack_going = entry.ack_going,
                                                     .ack_coming = entry.ack_coming,
                                                     .coming = entry.coming,
                                                     .going = entry.going};
    if (rd.left > 0)
        return refuse(call, S7_E_PROTOCOL, "the answer has more behind its alarms");
    *call->n = there;
    return there > call->cap ? too_large(call, "alarms", there, call->cap) : S7_OK;
}

s7_status s7_push_call_alarms(struct s7_push_call *call, s7_alarm_kind kind, s7_pending_alarm *alarms,
                              size_t cap, size_t *n)
{
    uint8_t query = kind == S7_ALARMS_8 ? S7_ALARM_QUERY_400 : S7_ALARM_QUERY_BY_TYPE;
    uint8_t payload[S7_ALARM_QUERY_LEN];
    struct s7_wr wr = {.buf = payload, .cap = sizeof payload};

    *call = (struct s7_push_call){.ended = ended_alarms, .alarms = alarms, .cap = cap, .n = n};
    snprintf(call->what, sizeof call->what, "read the alarms of");
    if (n == NULL || (alarms == NULL && cap > 0) || (kind != S7_ALARMS_8 && kind != S7_ALARMS_S))
        return refuse(call, S7_E_ARG, "alarms or n is NULL, or kind is none");
    call->answer = malloc(ANSWER_CAP);
    if (call->answer == NULL)
        return S7_E_NOMEM;
    s7_alarm_query_append(&wr, query, (uint32_t)kind);
    s7_service_userdata(&call->service, S7_GROUP_CPU, S7_CPU_ALARM_QUERY, payload, wr.len, call->answer,
                        ANSWER_CAP);
    wrap(call);
    return S7_OK;
}
