/* Pools, clients and workers on the loop. */
#include "client/pool_core.h"
#include "scenarios/adapter_impl.h"
#include "scenarios/workers_impl.h"

/* ---- pools ---- */

static s7_status pool_new(struct sc_pool *pool, const char *endpoint, const s7_pool_options *options,
                          s7_errinfo *err)
{
    s7_status status = s7_pool_loop_new(pool->adapter->loop, endpoint, options, &pool->how.loop, err);

    if (status != S7_OK)
        return status;
    status = s7_mux_loop_new(pool->how.loop, &pool->mux);
    if (status != S7_OK)
        s7_pool_loop_free(pool->how.loop);
    return status;
}

static void pool_free(struct sc_pool *pool)
{
    s7_mux_loop_free(pool->mux);
    s7_pool_loop_free(pool->how.loop);
}

static void on_ended(s7_pool_loop *pool, s7_status status, const s7_errinfo *err, void *arg)
{
    (void)pool;
    sc_job_end(arg, status, err);
}

static void start(struct sc_job *job)
{
    s7_status status = s7_pool_loop_start(job->pool->how.loop, job->timeout_ms, on_ended, job);

    if (status != S7_OK)
        sc_job_refuse(job, status, NULL);
}

static void pause_pool(struct sc_job *job)
{
    s7_status status = s7_pool_loop_pause(job->pool->how.loop, job->timeout_ms, on_ended, job);

    if (status != S7_OK)
        sc_job_refuse(job, status, NULL);
}

/* The pool tells one of those who closed it: all of them wait for the same. */
static void on_closed(s7_pool_loop *which, s7_status status, const s7_errinfo *err, void *arg)
{
    struct sc_pool *pool = arg;

    (void)which;
    for (struct sc_job *job = pool->adapter->jobs.first; job != NULL; job = job->next)
        if (job->kind == SC_POOL_CLOSE && job->pool == pool && !job->over)
            sc_job_end(job, status, err);
}

static void on_got(s7_pool_loop *pool, struct s7_pool_request *request, s7_status status,
                   const s7_errinfo *err, void *arg)
{
    struct sc_job *job = arg;

    (void)pool;
    if (status == S7_OK)
        job->call->lease = (struct sc_lease){
            .conn = request->lease.conn, .number = request->lease.number, .pool = job->pool};
    sc_job_end(job, status, err);
}

static void get(struct sc_job *job)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_status status = s7_pool_loop_get(job->pool->how.loop, &job->how.request, job->timeout_ms, job->label,
                                        on_got, job, &err);

    if (status != S7_OK)
        sc_job_refuse(job, status, &err);
}

static struct s7_pool_lease lease_of(struct sc_lease lease)
{
    return (struct s7_pool_lease){.conn = lease.conn, .number = lease.number};
}

static s7_status put(struct sc_pool *pool, struct sc_lease lease)
{
    return s7_pool_loop_put(pool->how.loop, lease_of(lease));
}

static s7_status discard(struct sc_pool *pool, struct sc_lease lease, s7_status why)
{
    return s7_pool_loop_discard(pool->how.loop, lease_of(lease), why);
}

static s7_status resize(struct sc_pool *pool, unsigned size)
{
    return s7_pool_loop_resize(pool->how.loop, size);
}

static s7_status resume(struct sc_pool *pool)
{
    return s7_pool_loop_resume(pool->how.loop);
}

static s7_status refresh(struct sc_pool *pool)
{
    return s7_pool_loop_refresh(pool->how.loop);
}

static const char *pool_fault(struct sc_pool *pool)
{
    return s7_pool_core_fault(s7_pool_loop_look(pool->how.loop).core);
}

static void pool_stats(struct sc_pool *pool, s7_pool_stats *stats)
{
    const struct s7_mux_stats *direct = s7_mux_loop_stats(pool->mux);

    (void)s7_pool_loop_stats(pool->how.loop, stats);
    stats->direct_calls = direct->calls;
    stats->direct_jobs = direct->jobs;
    stats->direct_merged = direct->merged;
}

/* ---- transfers ---- */

static void on_done(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    (void)conn;
    sc_job_end(arg, status, err);
}

/* After S7_E_ARG each item says itself what is wrong. */
static void check_begun(struct sc_job *job, s7_status status, const s7_errinfo *err)
{
    if (status == S7_E_ARG)
        sc_job_end(job, status, err);
    else if (status != S7_OK)
        sc_job_refuse(job, status, err);
}

static void pool_submit(struct sc_job *job)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_status status = s7_pool_loop_submit(job->pool->how.loop, lease_of(job->lease), job->write, job->items,
                                           job->n_items, job->timeout_ms, on_done, job, &err);

    check_begun(job, status, &err);
}

static void on_direct_done(s7_mux_loop *mux, struct s7_mux_op *op, s7_status status, const s7_errinfo *err,
                           void *arg)
{
    (void)mux;
    (void)op;
    sc_job_end(arg, status, err);
}

static void pool_direct(struct sc_job *job)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_status status = s7_mux_loop_call(job->pool->mux, &job->how.op, job->write, job->items, job->n_items,
                                        job->timeout_ms, on_direct_done, job, &err);

    check_begun(job, status, &err);
}

static void close_pool(struct sc_job *job)
{
    s7_mux_loop_close(job->pool->mux);
    s7_pool_loop_close(job->pool->how.loop, job->timeout_ms, on_closed, job->pool);
}

static void client_submit(struct sc_job *job)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_status status = s7_conn_submit(job->client->how.loop, job->write, job->items, job->n_items,
                                      job->timeout_ms, on_done, job, &err);

    check_begun(job, status, &err);
}

/* ---- clients ---- */

/* Connecting or closing may have waited for this. */
static void on_state(s7_conn *conn, bool up, s7_status why, const s7_errinfo *err, void *arg)
{
    struct sc_client *client = arg;
    struct sc_job *job = client->job;

    (void)conn;
    client->up = up;
    if (job == NULL || job->over)
        return;
    if (job->kind == SC_CLIENT_CONNECT)
        sc_job_end(job, why, err);
    else if (job->kind == SC_CLIENT_CLOSE)
        sc_job_end(job, S7_OK, NULL);
}

static s7_status client_new(struct sc_client *client, const char *endpoint, const s7_client_options *options,
                            s7_errinfo *err)
{
    return s7_conn_new(client->adapter->loop, endpoint, options, on_state, client, &client->how.loop, err);
}

static void client_free(struct sc_client *client)
{
    s7_conn_free(client->how.loop);
}

static void client_connect(struct sc_job *job)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_status status = s7_conn_open(job->client->how.loop, &err);

    if (status != S7_OK)
        sc_job_refuse(job, status, &err);
}

static void client_close(struct sc_job *job)
{
    if (job->client->up)
        s7_conn_close(job->client->how.loop); /* its end is reported */
    else
        sc_job_end(job, S7_OK, NULL);
}

static bool client_is_up(const struct sc_client *client)
{
    return client->up;
}

/* ---- the adapter ---- */

static void begin(struct sc_job *job)
{
    switch (job->kind) {
    case SC_POOL_START:
        start(job);
        break;
    case SC_POOL_PAUSE:
        pause_pool(job);
        break;
    case SC_POOL_CLOSE:
        close_pool(job);
        break;
    case SC_POOL_GET:
        get(job);
        break;
    case SC_POOL_SUBMIT:
        pool_submit(job);
        break;
    case SC_POOL_DIRECT:
        pool_direct(job);
        break;
    case SC_CLIENT_CONNECT:
        client_connect(job);
        break;
    case SC_CLIENT_SUBMIT:
        client_submit(job);
        break;
    case SC_CLIENT_CLOSE:
        client_close(job);
        break;
    }
}

static bool cancel(struct sc_job *job)
{
    switch (job->kind) {
    case SC_POOL_GET:
        s7_pool_loop_cancel(job->pool->how.loop, &job->how.request);
        sc_job_end(job, S7_E_CANCELLED, NULL);
        return true;
    case SC_POOL_SUBMIT:
        return s7_conn_cancel_of(s7_pool_loop_conn(job->pool->how.loop, job->lease.conn), job);
    case SC_POOL_DIRECT:
        s7_mux_loop_cancel(job->pool->mux, &job->how.op);
        return true;
    case SC_CLIENT_SUBMIT:
        return s7_conn_cancel_of(job->client->how.loop, job);
    case SC_CLIENT_CONNECT:
        s7_conn_close(job->client->how.loop); /* its end is reported */
        return true;
    case SC_POOL_START:
    case SC_POOL_PAUSE:
    case SC_POOL_CLOSE:
    case SC_CLIENT_CLOSE:
        break;
    }
    return false;
}

static void halt(struct sc_adapter *adapter)
{
    for (struct sc_workers *workers = adapter->workers; workers != NULL; workers = workers->next)
        sc_workers_loop_halt(workers);
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
    .pool_fault = pool_fault,
    .client_is_up = client_is_up,
    .workers_begin = sc_workers_loop_begin,
    .workers_wake = sc_workers_loop_wake,
    .halt = halt,
    .pool_free = pool_free,
    .client_free = client_free,
};

s7_status sc_adapter_loop(s7_loop *loop, struct sc_adapter **out)
{
    return sc_adapter_new(&ops, loop, out);
}
