/* The message service: which events and alarms the PLC tells, and which alarms there are. */
#include "client/push_call_impl.h"

#include "protocol/alarm.h"
#include "protocol/messages.h"

#include <stdio.h>
#include <stdlib.h>

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
    struct s7_push_call *call = s7_push_call_of(service);

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
    s7_push_call_wrap(call);
    snprintf(call->what, sizeof call->what, "ask for events of");
    return events & ~(uint32_t)EVENTS_ALL
               ? s7_push_call_refuse(call, S7_E_ARG, "events are a sum of enum s7_events")
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
        return s7_push_call_refuse(call, S7_E_PROTOCOL, "the answer is no list of alarms");
    for (; s7_alarm_entry_next(&rd, &entry); there++)
        if (there < call->cap)
            call->alarms[there] = (s7_pending_alarm){.event = entry.event,
                                                     .state = entry.state,
                                                     .ack_going = entry.ack_going,
                                                     .ack_coming = entry.ack_coming,
                                                     .coming = entry.coming,
                                                     .going = entry.going};
    if (rd.left > 0)
        return s7_push_call_refuse(call, S7_E_PROTOCOL, "the answer has more behind its alarms");
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
        return s7_push_call_refuse(call, S7_E_ARG, "alarms or n is NULL, or kind is none");
    call->answer = malloc(ANSWER_CAP);
    if (call->answer == NULL)
        return S7_E_NOMEM;
    s7_alarm_query_append(&wr, query, (uint32_t)kind);
    s7_service_userdata(&call->service, S7_GROUP_CPU, S7_CPU_ALARM_QUERY, payload, wr.len, call->answer,
                        ANSWER_CAP);
    s7_push_call_wrap(call);
    return S7_OK;
}
