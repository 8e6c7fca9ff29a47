/* Plans on a loop: the same rounds as s7_plan_read and s7_plan_write, one request after the other. */
#include "client/conn_impl.h"
#include "client/plan_impl.h"
#include "client/report.h"

#include <stdio.h>

#define NS_PER_MS INT64_C(1000000)

static void round_done(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg);

/* What is left of the time, at least a moment: 0 would mean the default. */
static int32_t left_ms(const struct s7_plan *plan)
{
    int64_t ms = (plan->deadline_ns - s7_loop_now_ns(plan->conn->loop)) / NS_PER_MS + 1;

    if (plan->deadline_ns == S7_NEVER_NS)
        return -1;
    return ms < 1 ? 1 : ms < INT32_MAX ? (int32_t)ms : INT32_MAX;
}

static void finish(struct s7_plan *plan)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_status status = s7_plan_end(plan, plan->conn->settings->where, &err);

    if (plan->done != NULL)
        plan->done(plan->conn, status, status == S7_OK ? NULL : &err, plan->arg);
}

/* Send the next round. A round that cannot be sent has come to its end. false: there is none. */
static bool next_round(struct s7_plan *plan)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_item *items;
    size_t n;

    while (s7_plan_round(plan, &items, &n)) {
        s7_then then = {.struct_size = sizeof then,
                        .timeout_ms = left_ms(plan),
                        .done = round_done,
                        .arg = plan,
                        .id = &plan->id,
                        .err = &err};
        s7_status status = s7_conn_items(plan->conn, &then, plan->write, items, n, plan->id);

        if (status == S7_OK)
            return true;
        s7_plan_took(plan, status, &err);
    }
    return false;
}

static void round_done(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    struct s7_plan *plan = arg;

    (void)conn;
    s7_plan_took(plan, status, err);
    if (!next_round(plan))
        finish(plan);
}

static s7_status refuse(s7_conn *conn, const s7_then *then, const s7_plan *plan, const char *fault)
{
    s7_errinfo why = S7_ERRINFO_INIT;

    snprintf(why.asked, sizeof why.asked, "run a plan at %.80s", conn->settings->where);
    if (plan != NULL)
        s7_plan_name_unset(plan, conn->settings->where, &why);
    s7_report_came(&why, S7_E_ARG, fault);
    return s7_request_refuse(conn, then, S7_E_ARG, &why);
}

s7_status s7_conn_plan_run(s7_conn *conn, const s7_then *then, s7_plan *plan)
{
    const char *fault = plan != NULL ? s7_plan_fault(plan, plan->write) : "plan is NULL";

    if (conn == NULL)
        return s7_request_no_conn(then);
    if (fault == NULL && !s7_is_then(then))
        fault = "not a struct s7_then: set struct_size";
    if (fault != NULL)
        return refuse(conn, then, plan, fault);
    plan->conn = conn;
    plan->id = 0;
    plan->done = then != NULL ? then->done : NULL;
    plan->arg = then != NULL ? then->arg : NULL;
    plan->deadline_ns = s7_request_deadline(conn, then);
    s7_plan_begin(plan, s7_session_granted(conn->session)->pdu_len, conn->settings->options.max_items);
    if (!next_round(plan))
        return s7_plan_end(plan, conn->settings->where, then != NULL ? then->err : NULL);
    if (then != NULL && then->id != NULL)
        *then->id = plan->id;
    return S7_OK;
}
