#include "client/mux_loop.h"

#include "client/conn_impl.h"
#include "client/guard.h"
#include "client/mux_rules.h"
#include "client/report.h"

#include <stdio.h>
#include <stdlib.h>

#define FOREVER UINT32_MAX /* as a time in milliseconds */

/* A borrowed connection is driven by its s7_conn, for which a lane is a work that ends when the lane is given
 * back. All else is done by the timer's function, armed for now after each event. */

struct lane {
    struct s7_work work; /* the first: one address for both */
    struct s7_mux_lane lane;
    s7_mux_loop *mux;
    s7_conn *conn;
    struct s7_pool_lease lease;
    bool added;        /* its s7_conn has begun it: the core has it */
    bool left;         /* the core is done with it */
    bool over;         /* so is the connection */
    struct lane *next; /* of those that left, or spare */
};

struct s7_mux_loop {
    s7_loop *loop;
    s7_pool_loop *pool;
    struct s7_pool_loop_view view;
    s7_mux_core *core;
    s7_timer timer;
    bool working, freed, closing;
    struct lane *coming, *left, *spare; /* coming: lent, and not added yet */
    struct s7_pool_request ask;
    bool asking;
    bool refused; /* while there were others; until one of them goes */
};

static void work(s7_timer *timer, void *arg);

static int64_t now_of(const s7_mux_loop *mux)
{
    return s7_loop_now_ns(mux->loop);
}

static void wake(s7_mux_loop *mux)
{
    if (!mux->working)
        s7_timer_set(mux->loop, &mux->timer, now_of(mux));
}

static struct lane *lane_of(struct s7_mux_lane *lane)
{
    return (struct lane *)(void *)((char *)lane - offsetof(struct lane, lane));
}

/* ---- life ---- */

s7_status s7_mux_loop_new(s7_pool_loop *pool, s7_mux_loop **out)
{
    s7_mux_loop *mux = calloc(1, sizeof *mux);

    if (mux == NULL)
        return S7_E_NOMEM;
    mux->pool = pool;
    mux->view = s7_pool_loop_look(pool);
    mux->loop = mux->view.loop;
    s7_timer_init(&mux->timer, work, mux);
    struct s7_mux_rules rules = s7_mux_rules_of(mux->view.settings);
    s7_status status = s7_mux_core_new(&rules, &mux->core);
    if (status != S7_OK) {
        free(mux);
        return status;
    }
    *out = mux;
    return S7_OK;
}

static void free_lanes(struct lane *first)
{
    for (struct lane *next; first != NULL; first = next) {
        next = first->next;
        free(first);
    }
}

static void destroy(s7_mux_loop *mux)
{
    struct s7_mux_lane *next, *lane = s7_mux_first_lane(mux->core);

    s7_mux_core_free(mux->core);
    for (; lane != NULL; lane = next) {
        next = lane->next;
        free(lane_of(lane));
    }
    free(mux->coming);
    free_lanes(mux->left);
    free_lanes(mux->spare);
    free(mux);
}

void s7_mux_loop_free(s7_mux_loop *mux)
{
    if (mux == NULL || mux->freed)
        return;
    mux->freed = true;
    s7_timer_stop(&mux->timer);
    if (mux->asking)
        s7_pool_loop_forgo(mux->pool, &mux->ask);
    if (!mux->working)
        destroy(mux);
}

/* ---- a lane as a work ---- */

/* Begun: from now on the events of the session are ours. */
static void lane_pump(struct s7_work *its, s7_session *session)
{
    struct lane *lane = (struct lane *)its;
    s7_mux_loop *mux = lane->mux;

    if (lane->added)
        return;
    lane->added = true;
    mux->coming = NULL;
    s7_mux_lane_add(mux->core, &lane->lane, session, now_of(mux));
    wake(mux);
}

static bool lane_event(struct s7_work *its, const struct s7_event *event)
{
    struct lane *lane = (struct lane *)its;

    if (lane->left || !s7_mux_event(lane->mux->core, &lane->lane, event))
        return false;
    wake(lane->mux);
    return true;
}

static void lane_cancel(struct s7_work *its, s7_session *session, s7_status why, const char *detail)
{
    struct lane *lane = (struct lane *)its;

    (void)session;
    if (lane->added && !lane->left)
        s7_mux_lane_lost(lane->mux->core, &lane->lane, why, detail);
    wake(lane->mux);
}

static bool lane_waits(const struct s7_work *its)
{
    return ((const struct lane *)its)->lane.in_flight > 0;
}

static bool lane_done(const struct s7_work *its)
{
    const struct lane *lane = (const struct lane *)its;

    return lane->left || lane->lane.lost;
}

static const struct s7_work_ops lane_ops = {lane_pump, lane_event, lane_cancel, lane_waits, lane_done};

static s7_status lane_end(struct s7_work *its, const char *where, s7_errinfo *err)
{
    (void)its;
    (void)where;
    (void)err;
    return S7_OK;
}

static const struct s7_conn_kind lane_kind = {.end = lane_end};

static void on_lane_over(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    struct lane *lane = arg;

    (void)conn;
    (void)status;
    (void)err;
    lane->over = true;
    if (!lane->added) {
        lane->mux->coming = NULL;
        lane->next = lane->mux->left;
        lane->mux->left = lane;
    }
    wake(lane->mux);
}

/* ---- borrowing ---- */

/* Those who wait for it learn why there is none, unless others work for them. */
static void refuse_waiting(s7_mux_loop *mux, s7_status status)
{
    if (s7_mux_lanes(mux->core) == 0)
        s7_mux_fail_waiting(mux->core, status);
    else
        mux->refused = true;
}

static struct lane *spare_lane(s7_mux_loop *mux)
{
    struct lane *lane = mux->spare;

    if (lane == NULL)
        return malloc(sizeof *lane);
    mux->spare = lane->next;
    return lane;
}

static s7_status use(s7_mux_loop *mux, struct s7_pool_lease lease)
{
    struct lane *lane = spare_lane(mux);
    const s7_then then = {.struct_size = sizeof then, .timeout_ms = -1, .done = on_lane_over, .arg = lane};

    if (lane == NULL)
        return S7_E_NOMEM;
    *lane = (struct lane){.work = {&lane_ops, S7_NEVER_NS},
                          .mux = mux,
                          .conn = s7_pool_loop_conn(mux->pool, lease.conn),
                          .lease = lease};
    s7_status status = s7_conn_work(lane->conn, &then, "share the connection to", &lane->work, &lane_kind);
    if (status != S7_OK) {
        lane->next = mux->spare;
        mux->spare = lane;
        return status == S7_E_NOMEM ? status : S7_OK; /* ended before it came to us: the pool knows */
    }
    mux->coming = lane;
    return S7_OK;
}

static void on_granted(s7_pool_loop *pool, struct s7_pool_request *request, s7_status status,
                       const s7_errinfo *err, void *arg)
{
    s7_mux_loop *mux = arg;

    (void)err;
    mux->asking = false;
    if (status == S7_OK) {
        status = use(mux, request->lease);
        if (mux->coming == NULL)
            (void)s7_pool_loop_put(pool, request->lease);
    }
    if (status != S7_OK)
        refuse_waiting(mux, status);
    wake(mux);
}

static struct s7_mux_demand demand(const s7_mux_loop *mux)
{
    struct s7_pool_load load = s7_pool_core_load(mux->view.core);

    return (struct s7_mux_demand){.waiting = load.waiting - s7_pool_core_is_waiting(&mux->ask.waiter),
                                  .up = load.up};
}

static void borrow(s7_mux_loop *mux)
{
    bool wanted = s7_mux_wants_lane(mux->core, demand(mux), now_of(mux));

    if (mux->asking && !wanted) {
        s7_pool_loop_forgo(mux->pool, &mux->ask);
        mux->asking = false;
    }
    if (mux->asking || !wanted || mux->coming != NULL || mux->left != NULL ||
        (mux->refused && s7_mux_lanes(mux->core) > 0))
        return;
    mux->refused = false;
    s7_status status = s7_pool_loop_get(mux->pool, &mux->ask, FOREVER, S7_MUX_LABEL, on_granted, mux, NULL);
    mux->asking = status == S7_OK;
    if (status != S7_OK)
        refuse_waiting(mux, status);
}

/* ---- giving back ---- */

static void review(s7_mux_loop *mux)
{
    int64_t now_ns = now_of(mux);

    for (struct s7_mux_lane *lane = s7_mux_first_lane(mux->core); lane != NULL; lane = lane->next)
        lane->leaving |= s7_pool_core_wants_back(mux->view.core, lane_of(lane)->lease, now_ns);
    s7_mux_review(mux->core, demand(mux), now_ns);
}

/* What has run empty; its s7_conn says when it is through with it. */
static void part(s7_mux_loop *mux)
{
    struct s7_mux_lane *next;

    while ((next = s7_mux_next_leaver(mux->core)) != NULL) {
        struct lane *lane = lane_of(next);

        lane->left = true;
        lane->next = mux->left;
        mux->left = lane;
        if (!lane->over)
            s7_conn_wake(lane->conn);
    }
}

static void put_back(s7_mux_loop *mux)
{
    for (struct lane **at = &mux->left, *lane; (lane = *at) != NULL;) {
        if (!lane->over) {
            at = &lane->next;
            continue;
        }
        *at = lane->next;
        lane->next = mux->spare;
        mux->spare = lane;
        (void)s7_pool_loop_put(mux->pool, lane->lease);
    }
}

/* ---- the turn's work ---- */

/* What the pool says of its connections. */
static void why_unserved(const s7_mux_loop *mux, s7_status status, s7_errinfo *err)
{
    s7_errinfo why = S7_ERRINFO_INIT;

    s7_pool_report_get(mux->view.settings, mux->view.core, mux->view.dial, status, now_of(mux), &why);
    why.item = err->item;
    *err = why;
}

/* false: there was nobody to tell. */
static bool tell(s7_mux_loop *mux)
{
    struct s7_mux_request *request = s7_mux_next_over(mux->core);
    struct s7_mux_op *op = (struct s7_mux_op *)(void *)request; /* its first member */
    s7_errinfo err = S7_ERRINFO_INIT;

    if (request == NULL)
        return false;
    const struct s7_transfer *transfer = &request->unit.transfer;
    s7_status status = s7_mux_result(request, &err);
    if (status != S7_OK && request->unserved)
        why_unserved(mux, status, &err);
    if (status != S7_OK)
        s7_report_list(&err, transfer->write, transfer->items, transfer->n_items, err.item,
                       mux->view.settings->client.where);
    if (status != S7_OK && request->unserved)
        s7_pool_report_waited(now_of(mux) - request->asked_ns, &err);
    op->fn(mux, op, status, status == S7_OK ? NULL : &err, op->arg);
    return true;
}

static void stir(s7_mux_loop *mux)
{
    for (struct s7_mux_lane *lane = s7_mux_first_lane(mux->core); lane != NULL; lane = lane->next) {
        if (lane->stirred)
            s7_conn_wake(lane_of(lane)->conn);
        lane->stirred = false;
    }
}

static void work(s7_timer *timer, void *arg)
{
    s7_mux_loop *mux = arg;
    bool lanes = s7_mux_lanes(mux->core) > 0;

    (void)timer;
    mux->working = true;
    s7_mux_tick(mux->core, lanes ? S7_E_TIMEOUT : s7_pool_core_in_vain(mux->view.core), now_of(mux));
    review(mux);
    s7_mux_feed(mux->core, now_of(mux));
    stir(mux);
    part(mux);
    put_back(mux);
    borrow(mux);
    while (!mux->freed && tell(mux))
        ;
    mux->working = false;
    if (mux->freed)
        destroy(mux);
    else
        s7_timer_set(mux->loop, &mux->timer, s7_mux_deadline(mux->core));
}

/* ---- calls ---- */

void s7_mux_loop_close(s7_mux_loop *mux)
{
    mux->closing = true;
    s7_mux_fail_waiting(mux->core, S7_E_POOL_CLOSED);
    wake(mux);
}

static s7_status guard(const s7_mux_loop *mux, s7_item *items, size_t n_items, s7_errinfo *why)
{
    struct s7_transfer checked;
    s7_status status = s7_transfer_begin(&checked, true, items, n_items, S7_NEVER_NS, why);

    return status == S7_OK ? s7_guard_items(&mux->view.settings->client, items, n_items, why) : status;
}

static int64_t deadline_of(const s7_mux_loop *mux, uint32_t timeout_ms)
{
    const struct s7_pool_settings *settings = mux->view.settings;
    int64_t usual_ms = (int64_t)settings->options.acquire_ms + settings->client.options.request_ms;

    return s7_after_ms(now_of(mux), timeout_ms != 0 ? timeout_ms : usual_ms);
}

/* Who says nothing waits for an answer as long as any request does. */
static int64_t answer_ns_of(const s7_mux_loop *mux, uint32_t timeout_ms)
{
    return timeout_ms != 0 ? S7_NEVER_NS : mux->view.settings->client.options.request_ms * INT64_C(1000000);
}

s7_status s7_mux_loop_call(s7_mux_loop *mux, struct s7_mux_op *op, bool write, s7_item *items, size_t n_items,
                           uint32_t timeout_ms, s7_mux_done_fn *fn, void *arg, s7_errinfo *err)
{
    s7_errinfo why = S7_ERRINFO_INIT;
    s7_status status = S7_OK;

    op->fn = fn;
    op->arg = arg;
    if (mux->closing) {
        status = S7_E_POOL_CLOSED;
        s7_report_came(&why, status, "");
    }
    if (status == S7_OK && write)
        status = guard(mux, items, n_items, &why);
    if (status == S7_OK)
        status = s7_mux_prepare(&op->request, write, items, n_items, &why);
    if (status == S7_OK) {
        s7_mux_submit(mux->core, &op->request, deadline_of(mux, timeout_ms), answer_ns_of(mux, timeout_ms),
                      now_of(mux));
        wake(mux);
        return S7_OK;
    }
    s7_report_list(&why, write, items, items != NULL ? n_items : 0, why.item,
                   mux->view.settings->client.where);
    s7_report_give(err, &why);
    return status;
}

void s7_mux_loop_cancel(s7_mux_loop *mux, struct s7_mux_op *op)
{
    s7_mux_withdraw(mux->core, &op->request, S7_E_CANCELLED, "");
    wake(mux);
}

const struct s7_mux_stats *s7_mux_loop_stats(const s7_mux_loop *mux)
{
    return s7_mux_stats_of(mux->core);
}
