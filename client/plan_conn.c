#include "client/plan_conn.h"

#include "client/conn_impl.h"
#include "client/plan_impl.h"
#include "client/report.h"

#define NS_PER_MS INT64_C(1000000)

static void round_done(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg);

/* What is left of the time, at least a moment: 0 would mean the default. */
static uint32_t left_ms(const struct s7_plan *plan)
{
    int64_t left_ns = plan->deadline_ns - s7_loop_now_ns(plan->conn->loop);
    int64_t ms = (left_ns + NS_PER_MS - 1) / NS_PER_MS;

    return ms < 1 ? 1 : (uint32_t)ms;
}

static void finish(struct s7_plan *plan)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_status status = s7_plan_end(plan, plan->conn->settings.where, &err);

    plan->done(plan->conn, status, status == S7_OK ? NULL : &err, plan->arg);
}

/* Send the next round. A round that cannot be sent has come to its end. false: there is none. */
static bool next_round(struct s7_plan *plan)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_item *items;
    size_t n;

    while (s7_plan_round(plan, &items, &n)) {
        s7_status status =
            s7_conn_submit(plan->conn, plan->write, items, n, left_ms(plan), round_done, plan, &err);
        if (status == S7_OK)
            return true;
        for (size_t i = 0; i < n; i++)
            items[i].status = status;
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

s7_status s7_plan_submit(s7_plan *plan, s7_conn *conn, uint32_t timeout_ms, s7_conn_done_fn *done, void *arg,
                         s7_errinfo *err)
{
    const char *fault = plan != NULL ? s7_plan_fault(plan, plan->write) : "plan is NULL";
    s7_errinfo why = S7_ERRINFO_INIT;

    if (fault != NULL) {
        s7_report_came(&why, S7_E_ARG, fault);
        s7_report_give(err, &why);
        return S7_E_ARG;
    }
    plan->conn = conn;
    plan->done = done;
    plan->arg = arg;
    plan->deadline_ns = s7_loop_now_ns(conn->loop) +
                        (timeout_ms != 0 ? timeout_ms : conn->settings.options.request_ms) * NS_PER_MS;
    s7_plan_begin(plan, s7_session_granted(conn->session)->pdu_len, conn->settings.options.max_items);
    return next_round(plan) ? S7_OK : s7_plan_end(plan, conn->settings.where, err);
}
