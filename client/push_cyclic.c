/* Lists that the PLC reads and tells in a cycle: subscribe, modify, unsubscribe. */
#include "client/push_call_impl.h"

#include <stdio.h>
#include <stdlib.h>

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
        return s7_push_call_refuse(call, S7_E_ARG, "no items are given");
    s7_status status = s7_image_new(items, n_items, compact, &call->image, err);
    if (status == S7_E_TOO_LARGE)
        return s7_push_call_refuse(call, status,
                                   "more items or bytes than any PDU takes: subscribe to fewer");
    return s7_push_call_refuse(call, status, status == S7_E_ARG ? "the address is out of range" : "");
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
    struct s7_push_call *call = s7_push_call_of(service);
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
    s7_push_call_wrap(call);
    snprintf(call->what, sizeof call->what, "subscribe to %zu items of", n_items);
    if (options->kind != S7_SUBSCRIBE_TIME && options->kind != S7_SUBSCRIBE_CHANGE)
        return s7_push_call_refuse(call, S7_E_ARG,
                                   "a subscription is of S7_SUBSCRIBE_TIME or S7_SUBSCRIBE_CHANGE");
    if (!s7_cycle_from_ms(options->period_ms, &call->cycle))
        return s7_push_call_refuse(call, S7_E_ARG, bad_period);
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
    struct s7_push_call *call = s7_push_call_of(service);
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
        return s7_push_call_refuse(call, S7_E_ARG, gone);
    if (subscription->made_by != S7_CYCLIC_CHANGE)
        return s7_push_call_refuse(call, S7_E_UNSUPPORTED,
                                   "only change-driven subscriptions can be modified");
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
    s7_push_call_wrap(call);
    snprintf(call->what, sizeof call->what, "modify subscription %u of", subscription);
    if (period_ms != 0 && !s7_cycle_from_ms(period_ms, &call->cycle))
        return s7_push_call_refuse(call, S7_E_ARG, bad_period);
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
        return s7_push_call_refuse(call, S7_E_ARG, gone);
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
    s7_push_call_wrap(call);
    call->service.empty_error = JOB_MISSING;
    snprintf(call->what, sizeof call->what, "end subscription %u of", subscription);
}
