/* Workers on the loop:
 *
 *   begin --timer--> get --got--> read or write --answer--> put --> pause --timer--> get ...
 *                     ^                                                |
 *                     '--------- refused, failed: pause <--------------' no pause: at once
 *
 * Without a lease there is neither get nor put. */
#include "scenarios/workers_impl.h"

static void on_got(struct sc_call *call);
static void on_answer(struct sc_call *call);
static void on_direct_answer(struct sc_call *call);

static void begin_iteration(struct sc_worker *worker)
{
    struct sc_pool *pool = worker->workers->pool;
    const struct sc_work *work = &worker->workers->work;
    struct sc_call *call = &worker->how.loop.call;

    if (!sc_worker_goes_on(worker)) {
        sc_worker_is_done(worker);
    } else if (work->direct) {
        sc_worker_aim(worker);
        call->fn = on_direct_answer;
        sc_pool_direct(pool, work->write, &worker->item, 1, work->request_ms, call);
    } else {
        call->fn = on_got;
        sc_pool_get(pool, work->acquire_ms, SC_WORKER_LABEL, call);
    }
}

static void end_iteration(struct sc_worker *worker, s7_status status, const s7_errinfo *err)
{
    s7_loop *loop = worker->workers->pool->adapter->loop;

    sc_worker_note(worker, status, err);
    if (worker->workers->work.pause_ns > 0 && sc_worker_goes_on(worker))
        s7_timer_set(loop, &worker->how.loop.timer, sc_worker_pause_until(worker, s7_loop_now_ns(loop)));
    else
        begin_iteration(worker);
}

static void on_got(struct sc_call *call)
{
    struct sc_worker *worker = call->arg;
    const struct sc_work *work = &worker->workers->work;

    if (call->status != S7_OK) {
        end_iteration(worker, call->status, &call->err);
        return;
    }
    worker->how.loop.lease = call->lease;
    sc_worker_aim(worker);
    call->fn = on_answer;
    sc_pool_submit(worker->workers->pool, call->lease, work->write, &worker->item, 1, work->request_ms, call);
}

static void on_answer(struct sc_call *call)
{
    struct sc_worker *worker = call->arg;
    s7_status status = sc_worker_judge(worker, call->status, &call->err);
    s7_status put = sc_pool_put(worker->workers->pool, worker->how.loop.lease);

    end_iteration(worker, status != S7_OK ? status : put, &call->err);
}

static void on_direct_answer(struct sc_call *call)
{
    struct sc_worker *worker = call->arg;
    s7_status status = sc_worker_judge(worker, call->status, &call->err);

    end_iteration(worker, status, &call->err);
}

static void on_timer(s7_timer *timer, void *arg)
{
    (void)timer;
    begin_iteration(arg);
}

/* ---- all of them ---- */

s7_status sc_workers_loop_begin(struct sc_workers *workers)
{
    s7_loop *loop = workers->pool->adapter->loop;

    for (unsigned i = 0; i < workers->work.count; i++) {
        struct sc_worker *worker = &workers->all[i];

        worker->how.loop.call.arg = worker;
        s7_timer_init(&worker->how.loop.timer, on_timer, worker);
        s7_timer_set(loop, &worker->how.loop.timer, s7_loop_now_ns(loop));
    }
    return S7_OK;
}

void sc_workers_loop_wake(struct sc_workers *workers)
{
    s7_loop *loop = workers->pool->adapter->loop;

    for (unsigned i = 0; i < workers->work.count; i++)
        if (s7_timer_is_set(&workers->all[i].how.loop.timer))
            s7_timer_set(loop, &workers->all[i].how.loop.timer, s7_loop_now_ns(loop));
}

void sc_workers_loop_halt(struct sc_workers *workers)
{
    for (unsigned i = 0; i < workers->work.count; i++)
        s7_timer_stop(&workers->all[i].how.loop.timer);
}
