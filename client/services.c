/* The way of every call of a service: enter, check, drive, report. */
#include "client/services.h"

#include "client/facts.h"
#include "client/guard.h"
#include "client/report.h"
#include "loop/blocking.h"

#include <stdio.h>

#define NS_PER_MS INT64_C(1000000)

const char s7_services_short[] = "the answer is shorter than what it should carry";

/* ---- reports ---- */

s7_status s7_services_report(const char *what, const char *where, s7_errinfo *err, s7_status status,
                             const char *detail)
{
    snprintf(err->asked, sizeof err->asked, "%s %.80s", what, where);
    s7_report_why(err, status, detail, S7_FACT_SERVICE);
    return status;
}

static s7_status report(const struct s7_service_call *call, s7_errinfo *err, s7_status status,
                        const char *detail)
{
    s7_services_report(call->what, s7_client_where(call->client), err, status, detail);
    s7_report_give(s7_ctx_err(call->ctx), err);
    return status;
}

s7_status s7_services_fail(const struct s7_service_call *call, s7_status status, const char *detail)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    return report(call, &err, status, detail);
}

/* ---- errands ---- */

void s7_errand_init(struct s7_errand *errand, const char *what, bool control)
{
    *errand = (struct s7_errand){.control = control};
    snprintf(errand->what, sizeof errand->what, "%s", what);
}

s7_status s7_errand_bad(char detail[S7_ERRAND_DETAIL_CAP], const char *why)
{
    snprintf(detail, S7_ERRAND_DETAIL_CAP, "%s", why);
    return S7_E_PROTOCOL;
}

s7_status s7_errand_too_large(char detail[S7_ERRAND_DETAIL_CAP], const char *of_what, size_t there,
                              size_t cap)
{
    snprintf(detail, S7_ERRAND_DETAIL_CAP, "there are %zu %s, and room for %zu", there, of_what, cap);
    return S7_E_TOO_LARGE;
}

s7_status s7_errand_end(struct s7_errand *errand, const char *where, s7_errinfo *err)
{
    char finished[S7_ERRAND_DETAIL_CAP] = "";
    const char *detail;
    s7_status status = s7_service_result(&errand->service, &err->plc_error, &detail);

    if (status == S7_OK && errand->finish != NULL) {
        status = errand->finish(errand, finished);
        detail = finished;
    }
    return status == S7_OK ? S7_OK : s7_services_report(errand->what, where, err, status, detail);
}

s7_status s7_errand_run(s7_client *client, const s7_ctx *ctx, struct s7_errand *errand, const char *fault)
{
    char detail[S7_ERRAND_DETAIL_CAP];

    if (fault != NULL)
        return s7_client_refuse(client, ctx, fault);
    struct s7_service_call call = {client, ctx, errand->what, errand->control};
    s7_status status = s7_services_call(&call, &errand->service);
    if (status != S7_OK || errand->finish == NULL)
        return status;
    status = errand->finish(errand, detail);
    return status == S7_OK ? S7_OK : s7_services_fail(&call, status, detail);
}

/* ---- structs ---- */

void s7_services_give(void *to, const void *from, size_t size)
{
    uint32_t known;

    memcpy(&known, to, sizeof known);
    if (known > sizeof known)
        memcpy((char *)to + sizeof known, (const char *)from + sizeof known,
               (known < size ? known : size) - sizeof known);
}

/* What a call carries out: the one or the other. */
struct task {
    struct s7_service *service;
    struct s7_download *download;
};

static struct s7_work *work_of(const struct task *task)
{
    return task->service != NULL ? &task->service->work : &task->download->work;
}

static s7_status result_of(const struct task *task, uint16_t *plc_error, const char **detail)
{
    return task->service != NULL ? s7_service_result(task->service, plc_error, detail)
                                 : s7_download_result(task->download, plc_error, detail);
}

/* Carry it out once; *again: it may be begun once more. Reports unless so. */
static s7_status attempt(const struct s7_service_call *call, struct s7_direct *direct,
                         const struct task *task, int64_t now_ns, unsigned repeats, bool *again)
{
    struct s7_work *work = work_of(task);
    s7_errinfo err = S7_ERRINFO_INIT;
    const char *detail;

    *again = false;
    s7_status status = s7_direct_ready(direct, now_ns, work->deadline_ns, &detail);
    if (status != S7_OK) {
        s7_direct_advise(direct, status, &err);
        return report(call, &err, status, detail);
    }
    s7_direct_drive(direct, work);
    status = result_of(task, &err.plc_error, &detail);
    if (status == S7_OK)
        return S7_OK;
    *again = task->service != NULL && !call->control && !task->service->changes &&
             s7_direct_may_repeat(direct, status, repeats);
    err.status = status;
    s7_report_hint(&err, S7_FACT_SERVICE | s7_facts_of(direct->settings));
    return *again ? status : report(call, &err, status, detail);
}

static s7_status repeat(const struct s7_service_call *call, struct s7_direct *direct, const struct task *task)
{
    struct s7_service first = {.len = 0};
    bool again;

    if (task->service != NULL)
        first = *task->service;
    for (unsigned repeats = 0;; repeats++) {
        int64_t now_ns = repeats == 0 ? direct->begun_ns : s7_now_ns();
        s7_status status = attempt(call, direct, task, now_ns, repeats, &again);

        if (!again)
            return status;
        *task->service = first;
    }
}

static s7_status call_inside(const struct s7_service_call *call, struct s7_direct *direct,
                             const struct task *task)
{
    const s7_client_options *options = &direct->settings->options;
    s7_errinfo err = S7_ERRINFO_INIT;
    const char *detail;

    direct->begun_ns = s7_now_ns();
    s7_status guarded = call->control ? s7_guard_control(direct->settings, &detail, &err) : S7_OK;
    if (guarded != S7_OK)
        return report(call, &err, guarded, detail);
    if (s7_ctx_deadline(call->ctx, direct->begun_ns, options->request_ms * NS_PER_MS,
                        &work_of(task)->deadline_ns) != S7_OK)
        return report(call, &err, S7_E_ARG,
                      "not a call context: set struct_size, and a timeout_ms of -1 or more");
    direct->cancel = s7_ctx_cancel(call->ctx);
    return repeat(call, direct, task);
}

static s7_status carry_out(const struct s7_service_call *call, const struct task *task)
{
    struct s7_direct *direct;

    if (call->client == NULL)
        return s7_client_refuse(NULL, call->ctx, "client is NULL");
    s7_status status = s7_client_enter(call->client, &direct);
    if (status != S7_OK)
        return s7_services_fail(call, status, s7_client_enter_detail(status));
    status = call_inside(call, direct, task);
    s7_meter_call(&direct->meter, status, s7_now_ns() - direct->begun_ns);
    s7_client_leave(call->client, direct);
    return status;
}

s7_status s7_services_call(const struct s7_service_call *call, struct s7_service *service)
{
    return carry_out(call, &(struct task){.service = service});
}

s7_status s7_services_download(const struct s7_service_call *call, struct s7_download *download)
{
    return carry_out(call, &(struct task){.download = download});
}
