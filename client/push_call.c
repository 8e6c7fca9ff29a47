#include "client/push_call_impl.h"

#include <stdio.h>
#include <stdlib.h>

s7_status s7_push_call_refuse(struct s7_push_call *call, s7_status status, const char *why)
{
    snprintf(call->detail, sizeof call->detail, "%s", why);
    return status;
}

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

void s7_push_call_wrap(struct s7_push_call *call)
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
