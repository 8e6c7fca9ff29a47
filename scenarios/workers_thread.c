/* Workers with a thread each. */
#include "scenarios/workers_impl.h"

#include "loop/blocking.h"

#include <s7rig/pool_direct.h>

#include <time.h>

#define NS_PER_S INT64_C(1000000000)

static s7_ctx ctx_of(uint32_t timeout_ms, s7_errinfo *err)
{
    return (s7_ctx){.struct_size = sizeof(s7_ctx),
                    .timeout_ms = timeout_ms < INT32_MAX ? (int32_t)timeout_ms : INT32_MAX,
                    .label = SC_WORKER_LABEL,
                    .err = err};
}

static s7_status read_or_write(struct sc_worker *worker, s7_client *client, s7_errinfo *err)
{
    const struct sc_work *work = &worker->workers->work;
    s7_ctx ctx = ctx_of(work->request_ms, err);

    sc_worker_aim(worker);
    s7_status status = work->write ? s7_write_multi(client, &ctx, &worker->item, 1)
                                   : s7_read_multi(client, &ctx, &worker->item, 1);
    return sc_worker_judge(worker, status, err);
}

static void iterate_direct(struct sc_worker *worker)
{
    const struct sc_work *work = &worker->workers->work;
    s7_pool *pool = worker->workers->pool->how.thread;
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = ctx_of(work->request_ms, &err);

    sc_worker_aim(worker);
    s7_status status = work->write ? s7_pool_write_multi(pool, &ctx, &worker->item, 1)
                                   : s7_pool_read_multi(pool, &ctx, &worker->item, 1);
    sc_worker_note(worker, sc_worker_judge(worker, status, &err), &err);
}

static void iterate(struct sc_worker *worker)
{
    s7_pool *pool = worker->workers->pool->how.thread;
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = ctx_of(worker->workers->work.acquire_ms, &err);
    s7_client *client;
    s7_status status = s7_pool_get(pool, &ctx, &client);

    if (status == S7_OK) {
        status = read_or_write(worker, client, &err);
        s7_status put = s7_pool_put(pool, client);
        if (status == S7_OK)
            status = put;
    }
    sc_worker_note(worker, status, &err);
}

static void pause_or_stop(struct sc_worker *worker)
{
    struct sc_workers *workers = worker->workers;
    int64_t until_ns = sc_worker_pause_until(worker, s7_now_ns());
    struct timespec at = {.tv_sec = (time_t)(until_ns / NS_PER_S), .tv_nsec = (long)(until_ns % NS_PER_S)};

    pthread_mutex_lock(&workers->mutex);
    while (!workers->stop && s7_now_ns() < until_ns)
        pthread_cond_timedwait(&workers->stopped, &workers->mutex, &at);
    pthread_mutex_unlock(&workers->mutex);
}

static struct sc_worker *worker_of(struct sc_chore *chore)
{
    return (struct sc_worker *)(void *)((char *)chore - offsetof(struct sc_worker, how.chore));
}

static void run(struct sc_chore *chore)
{
    struct sc_worker *worker = worker_of(chore);

    while (sc_worker_goes_on(worker)) {
        if (worker->workers->work.direct)
            iterate_direct(worker);
        else
            iterate(worker);
        if (worker->workers->work.pause_ns > 0 && sc_worker_goes_on(worker))
            pause_or_stop(worker);
    }
}

static void over(struct sc_chore *chore)
{
    sc_worker_is_done(worker_of(chore));
}

/* ---- all of them ---- */

s7_status sc_workers_thread_begin(struct sc_workers *workers)
{
    struct sc_crew *crew = workers->pool->adapter->crew;
    s7_status status = sc_crew_reserve(crew, workers->work.count);

    for (unsigned i = 0; status == S7_OK && i < workers->work.count; i++) {
        workers->all[i].how.chore = (struct sc_chore){.run = run, .over = over};
        status = sc_crew_do(crew, &workers->all[i].how.chore);
    }
    return status;
}

void sc_workers_thread_wake(struct sc_workers *workers)
{
    pthread_mutex_lock(&workers->mutex);
    pthread_cond_broadcast(&workers->stopped);
    pthread_mutex_unlock(&workers->mutex);
}
