/* Pools, clients and workers with threads: whatever may block is a chore of the crew. */
#include "client/report.h"
#include "scenarios/adapter_impl.h"
#include "scenarios/workers_impl.h"

#include <s7rig/pool_direct.h>

#include <stdlib.h>

/* ---- on a thread: the call is its own until it is over ---- */

static s7_ctx ctx_of(struct sc_job *job)
{
    return (s7_ctx){.struct_size = sizeof(s7_ctx),
                    .timeout_ms = job->timeout_ms < INT32_MAX ? (int32_t)job->timeout_ms : INT32_MAX,
                    .label = job->label,
                    .cancel = job->token,
                    .err = &job->call->err};
}

static s7_status get(const struct sc_job *job, const s7_ctx *ctx)
{
    s7_client *client;
    s7_status status = s7_pool_get(job->pool->how.thread, ctx, &client);

    if (status == S7_OK)
        job->call->lease = (struct sc_lease){.client = client, .pool = job->pool};
    return status;
}

static s7_status submit(const struct sc_job *job, s7_client *client, const s7_ctx *ctx)
{
    return job->write ? s7_write_multi(client, ctx, job->items, job->n_items)
                      : s7_read_multi(client, ctx, job->items, job->n_items);
}

static s7_status direct(const struct sc_job *job, const s7_ctx *ctx)
{
    s7_pool *pool = job->pool->how.thread;

    return job->write ? s7_pool_write_multi(pool, ctx, job->items, job->n_items)
                      : s7_pool_read_multi(pool, ctx, job->items, job->n_items);
}

static s7_status do_job(const struct sc_job *job, const s7_ctx *ctx)
{
    switch (job->kind) {
    case SC_POOL_START:
        return s7_pool_start(job->pool->how.thread, ctx);
    case SC_POOL_PAUSE:
        return s7_pool_pause(job->pool->how.thread, ctx);
    case SC_POOL_CLOSE:
        return s7_pool_close(job->pool->how.thread, ctx);
    case SC_POOL_GET:
        return get(job, ctx);
    case SC_POOL_SUBMIT:
        return submit(job, job->lease.client, ctx);
    case SC_POOL_DIRECT:
        return direct(job, ctx);
    case SC_CLIENT_CONNECT:
        return s7_client_connect(job->client->how.thread, ctx);
    case SC_CLIENT_SUBMIT:
        return submit(job, job->client->how.thread, ctx);
    case SC_CLIENT_CLOSE:
        s7_client_close(job->client->how.thread);
        break;
    }
    return S7_OK;
}

static struct sc_job *job_of(struct sc_chore *chore)
{
    return (struct sc_job *)(void *)((char *)chore - offsetof(struct sc_job, how.chore));
}

static void run(struct sc_chore *chore)
{
    struct sc_job *job = job_of(chore);
    s7_ctx ctx = ctx_of(job);

    job->call->status = do_job(job, &ctx);
}

/* ---- on the loop ---- */

static void over(struct sc_chore *chore)
{
    struct sc_job *job = job_of(chore);

    sc_job_end(job, job->call->status, &job->call->err);
}

/* Pools and clients need descriptors, too: without a token a call goes well all the same. */
#define TOKENS_MAX 200

static void give_token(struct sc_job *job)
{
    bool can = job->kind != SC_POOL_START && job->kind != SC_POOL_PAUSE && job->kind != SC_POOL_CLOSE &&
               job->kind != SC_CLIENT_CLOSE;

    if (!can || job->adapter->tokens == TOKENS_MAX || s7_token_new(&job->token) != S7_OK)
        job->token = NULL;
    job->adapter->tokens += job->token != NULL;
}

static bool cancel(struct sc_job *job)
{
    s7_token_cancel(job->token);
    return job->token != NULL;
}

static void begin(struct sc_job *job)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    give_token(job);
    job->call->err = err;
    job->how.chore = (struct sc_chore){.run = run, .over = over};
    s7_status status = sc_crew_do(job->adapter->crew, &job->how.chore);
    if (status == S7_OK)
        return;
    s7_report_came(&err, status, "no thread is left for the call");
    sc_job_refuse(job, status, &err);
}

static s7_status pool_new(struct sc_pool *pool, const char *endpoint, const s7_pool_options *options,
                          s7_errinfo *err)
{
    return s7_pool_new(endpoint, options, &pool->how.thread, err);
}

static void pool_free(struct sc_pool *pool)
{
    s7_pool_free(pool->how.thread);
}

static s7_status put(struct sc_pool *pool, struct sc_lease lease)
{
    return s7_pool_put(pool->how.thread, lease.client);
}

static s7_status discard(struct sc_pool *pool, struct sc_lease lease, s7_status why)
{
    return s7_pool_discard(pool->how.thread, lease.client, why);
}

static s7_status resize(struct sc_pool *pool, unsigned size)
{
    return s7_pool_resize(pool->how.thread, size);
}

static s7_status resume(struct sc_pool *pool)
{
    return s7_pool_resume(pool->how.thread);
}

static s7_status refresh(struct sc_pool *pool)
{
    return s7_pool_refresh(pool->how.thread);
}

static void pool_stats(struct sc_pool *pool, s7_pool_stats *stats)
{
    (void)s7_pool_stats_get(pool->how.thread, stats);
}

static s7_status client_new(struct sc_client *client, const char *endpoint, const s7_client_options *options,
                            s7_errinfo *err)
{
    return s7_client_new(endpoint, options, &client->how.thread, err);
}

static void client_free(struct sc_client *client)
{
    s7_client_free(client->how.thread);
}

static bool client_is_up(const struct sc_client *client)
{
    return s7_client_is_connected(client->how.thread);
}

/* A closed pool lets everybody go: its waiters, and by shutting their sockets down those who hold its
 * connections. */
static void halt(struct sc_adapter *adapter)
{
    static const s7_ctx at_once = {.struct_size = sizeof at_once, .deadline_ns = 1};

    for (struct sc_workers *workers = adapter->workers; workers != NULL; workers = workers->next)
        sc_workers_stop(workers);
    for (struct sc_pool *pool = adapter->pools; pool != NULL; pool = pool->next)
        (void)s7_pool_close(pool->how.thread, &at_once);
    sc_crew_dismiss(adapter->crew);
}

static const struct sc_adapter_ops ops = {
    .pool_new = pool_new,
    .client_new = client_new,
    .begin = begin,
    .cancel = cancel,
    .put = put,
    .discard = discard,
    .resize = resize,
    .resume = resume,
    .refresh = refresh,
    .pool_stats = pool_stats,
    .client_is_up = client_is_up,
    .workers_begin = sc_workers_thread_begin,
    .workers_wake = sc_workers_thread_wake,
    .halt = halt,
    .pool_free = pool_free,
    .client_free = client_free,
};

s7_status sc_adapter_thread(s7_loop *loop, struct sc_adapter **out)
{
    struct sc_adapter *adapter;
    s7_status status = sc_adapter_new(&ops, loop, &adapter);

    if (status != S7_OK)
        return status;
    status = sc_crew_new(loop, &adapter->crew);
    if (status != S7_OK) {
        sc_events_free(adapter->events);
        free(adapter);
        return status;
    }
    *out = adapter;
    return S7_OK;
}
