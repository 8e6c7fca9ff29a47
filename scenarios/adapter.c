#include "scenarios/adapter_impl.h"

#include "client/report.h"
#include "scenarios/workers_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- jobs ---- */

static void append(struct sc_jobs *jobs, struct sc_job *job)
{
    job->in = jobs;
    job->next = NULL;
    job->prev = jobs->last;
    *(job->prev != NULL ? &job->prev->next : &jobs->first) = job;
    jobs->last = job;
}

static void take_out(struct sc_job *job)
{
    *(job->prev != NULL ? &job->prev->next : &job->in->first) = job->next;
    *(job->next != NULL ? &job->next->prev : &job->in->last) = job->prev;
}

static void free_job(struct sc_job *job)
{
    job->adapter->tokens -= job->token != NULL;
    s7_token_free(job->token);
    free(job);
}

static void free_jobs(struct sc_jobs *jobs)
{
    for (struct sc_job *job = jobs->first, *next; job != NULL; job = next) {
        next = job->next;
        free_job(job);
    }
}

/* ---- the end of a call ---- */

void sc_call_end(struct sc_adapter *adapter, struct sc_call *call)
{
    call->next = NULL;
    if (adapter->ended_first == NULL)
        adapter->ended_first = call;
    else
        adapter->ended_last->next = call;
    adapter->ended_last = call;
    s7_timer_set(adapter->loop, &adapter->timer, s7_loop_now_ns(adapter->loop));
}

static const char *words_of(enum sc_job_kind kind)
{
    static const char *const words[] = {[SC_POOL_START] = "start the pool of",
                                        [SC_POOL_PAUSE] = "pause the pool of",
                                        [SC_POOL_CLOSE] = "close the pool of",
                                        [SC_POOL_GET] = "borrow a connection to",
                                        [SC_POOL_SUBMIT] = "a call to",
                                        [SC_POOL_DIRECT] = "a call to",
                                        [SC_CLIENT_CONNECT] = "connect to",
                                        [SC_CLIENT_SUBMIT] = "a call to",
                                        [SC_CLIENT_CLOSE] = "close the connection to"};

    return words[kind];
}

static const char *where_of(const struct sc_job *job)
{
    return job->pool != NULL ? job->pool->where : job->client->where;
}

/* Those who know more have said it: err may be NULL, or without words. */
static void say(const struct sc_job *job, s7_status status, const s7_errinfo *err, const char *detail)
{
    s7_errinfo words = S7_ERRINFO_INIT;

    if (status != S7_OK && err != NULL && err->status != S7_OK)
        words = *err;
    else if (status != S7_OK)
        s7_report_came(&words, status, detail);
    if (status != S7_OK && words.asked[0] == '\0')
        snprintf(words.asked, sizeof words.asked, "%s %s", words_of(job->kind), where_of(job));
    job->call->status = status;
    job->call->err = words;
}

void sc_job_end(struct sc_job *job, s7_status status, const s7_errinfo *err)
{
    say(job, status, err, "");
    job->over = true;
    sc_call_end(job->adapter, job->call);
}

static void mark_items(s7_item *items, size_t n_items, s7_status status)
{
    for (size_t i = 0; items != NULL && i < n_items; i++) {
        items[i].status = status;
        items[i].code = 0;
    }
}

void sc_job_refuse(struct sc_job *job, s7_status status, const s7_errinfo *err)
{
    mark_items(job->items, job->n_items, status);
    sc_job_end(job, status, err);
}

static void forget(struct sc_job *job)
{
    if (job == NULL)
        return;
    if (job->client != NULL)
        job->client->job = NULL;
    take_out(job);
    free_job(job);
}

/* Those that ended before this turn, in their order. Each may do anything. */
static void tell(s7_timer *timer, void *arg)
{
    struct sc_adapter *adapter = arg;
    struct sc_call *call = adapter->ended_first;

    (void)timer;
    adapter->ended_first = NULL;
    adapter->telling = true;
    while (call != NULL && !adapter->freed) {
        struct sc_call *next = call->next;

        forget(call->job);
        call->job = NULL;
        call->fn(call);
        call = next;
    }
    adapter->telling = false;
    if (adapter->freed)
        free(adapter);
}

bool sc_call_cancel(struct sc_call *call)
{
    struct sc_job *job = call->job;

    return job == NULL || job->over || job->adapter->ops->cancel(job);
}

/* ---- life ---- */

s7_status sc_adapter_new(const struct sc_adapter_ops *ops, s7_loop *loop, struct sc_adapter **out)
{
    struct sc_adapter *adapter = calloc(1, sizeof *adapter);

    if (adapter == NULL)
        return S7_E_NOMEM;
    if (sc_events_new(loop, &adapter->events) != S7_OK) {
        free(adapter);
        return S7_E_NOMEM;
    }
    adapter->ops = ops;
    adapter->loop = loop;
    s7_timer_init(&adapter->timer, tell, adapter);
    *out = adapter;
    return S7_OK;
}

static void free_pool(struct sc_pool *pool)
{
    pool->adapter->ops->pool_free(pool);
    free_jobs(&pool->submits);
    for (struct sc_label *label = pool->labels, *next; label != NULL; label = next) {
        next = label->next;
        free(label);
    }
    free(pool);
}

static void free_client(struct sc_client *client)
{
    client->adapter->ops->client_free(client);
    free(client);
}

void sc_adapter_free(struct sc_adapter *adapter)
{
    if (adapter == NULL || adapter->freed)
        return;
    adapter->freed = true;
    sc_events_hush(adapter->events);
    adapter->ops->halt(adapter);
    s7_timer_stop(&adapter->timer);
    for (struct sc_pool *pool = adapter->pools, *next; pool != NULL; pool = next) {
        next = pool->next;
        free_pool(pool);
    }
    for (struct sc_client *client = adapter->clients, *next; client != NULL; client = next) {
        next = client->next;
        free_client(client);
    }
    sc_workers_free_all(adapter);
    free_jobs(&adapter->jobs);
    sc_crew_free(adapter->crew);
    sc_events_free(adapter->events);
    if (!adapter->telling)
        free(adapter);
}

/* Who wanted to be told is told on the loop's thread. */
static void listen_to(struct sc_pool *pool, s7_pool_options *options)
{
    if (options->on_event == NULL)
        return;
    pool->listener = (struct sc_listener){pool->adapter->events, options->on_event, options->user};
    options->on_event = sc_events_add;
    options->user = &pool->listener;
}

s7_status sc_pool_new(struct sc_adapter *adapter, const char *endpoint, const s7_pool_options *options,
                      struct sc_pool **out, s7_errinfo *err)
{
    struct sc_pool *pool = calloc(1, sizeof *pool);
    s7_pool_options own;

    if (pool == NULL)
        return S7_E_NOMEM;
    s7_pool_options_init(&own);
    if (options != NULL)
        own = *options;
    pool->adapter = adapter;
    pool->request_ms = own.client.request_ms;
    snprintf(pool->where, sizeof pool->where, "%s", endpoint != NULL ? endpoint : "");
    listen_to(pool, &own);
    s7_status status = adapter->ops->pool_new(pool, endpoint, &own, err);
    if (status != S7_OK) {
        free(pool);
        return status;
    }
    pool->next = adapter->pools;
    adapter->pools = pool;
    *out = pool;
    return S7_OK;
}

s7_status sc_client_new(struct sc_adapter *adapter, const char *endpoint, const s7_client_options *options,
                        struct sc_client **out, s7_errinfo *err)
{
    struct sc_client *client = calloc(1, sizeof *client);

    if (client == NULL)
        return S7_E_NOMEM;
    client->adapter = adapter;
    snprintf(client->where, sizeof client->where, "%s", endpoint != NULL ? endpoint : "");
    s7_status status = adapter->ops->client_new(client, endpoint, options, err);
    if (status != S7_OK) {
        free(client);
        return status;
    }
    client->next = adapter->clients;
    adapter->clients = client;
    *out = client;
    return S7_OK;
}

/* ---- the beginning of a call ---- */

static struct sc_job at_pool(enum sc_job_kind kind, struct sc_pool *pool, uint32_t timeout_ms,
                             struct sc_call *call)
{
    return (struct sc_job){
        .kind = kind, .adapter = pool->adapter, .pool = pool, .timeout_ms = timeout_ms, .call = call};
}

static struct sc_job at_client(enum sc_job_kind kind, struct sc_client *client, struct sc_call *call)
{
    return (struct sc_job){.kind = kind, .adapter = client->adapter, .client = client, .call = call};
}

/* It ends before there was a job. */
static void refuse(const struct sc_job *asked, s7_status status, const char *detail)
{
    mark_items(asked->items, asked->n_items, status);
    asked->call->job = NULL;
    say(asked, status, NULL, detail);
    sc_call_end(asked->adapter, asked->call);
}

static void begin(const struct sc_job *asked, struct sc_jobs *jobs)
{
    struct sc_job *job = malloc(sizeof *job);

    if (job == NULL) {
        refuse(asked, S7_E_NOMEM, "");
        return;
    }
    *job = *asked;
    job->call->job = job;
    append(jobs, job);
    if (job->client != NULL)
        job->client->job = job;
    job->adapter->ops->begin(job);
}

static const char in_use[] = "the end of another call has not been told";

/* ---- pools ---- */

void sc_pool_start(struct sc_pool *pool, uint32_t timeout_ms, struct sc_call *call)
{
    struct sc_job asked = at_pool(SC_POOL_START, pool, timeout_ms, call);

    begin(&asked, &pool->adapter->jobs);
}

void sc_pool_pause(struct sc_pool *pool, uint32_t timeout_ms, struct sc_call *call)
{
    struct sc_job asked = at_pool(SC_POOL_PAUSE, pool, timeout_ms, call);

    begin(&asked, &pool->adapter->jobs);
}

void sc_pool_close(struct sc_pool *pool, uint32_t timeout_ms, struct sc_call *call)
{
    struct sc_job asked = at_pool(SC_POOL_CLOSE, pool, timeout_ms != 0 ? timeout_ms : pool->request_ms, call);

    begin(&asked, &pool->adapter->jobs);
}

/* The pool's own copy of a label, NULL for NULL; false: no memory for it. */
static bool keep_label(struct sc_pool *pool, const char *text, const char **kept)
{
    struct sc_label *label = pool->labels;

    *kept = NULL;
    if (text == NULL)
        return true;
    while (label != NULL && strncmp(label->text, text, SC_LABEL_CAP - 1) != 0)
        label = label->next;
    if (label == NULL) {
        label = malloc(sizeof *label);
        if (label == NULL)
            return false;
        snprintf(label->text, sizeof label->text, "%s", text);
        label->next = pool->labels;
        pool->labels = label;
    }
    *kept = label->text;
    return true;
}

void sc_pool_get(struct sc_pool *pool, uint32_t timeout_ms, const char *label, struct sc_call *call)
{
    struct sc_job asked = at_pool(SC_POOL_GET, pool, timeout_ms, call);

    call->lease = (struct sc_lease){0};
    if (keep_label(pool, label, &asked.label))
        begin(&asked, &pool->adapter->jobs);
    else
        refuse(&asked, S7_E_NOMEM, "");
}

/* S7_OK: nobody uses it. */
static s7_status look_at(struct sc_pool *pool, struct sc_lease lease)
{
    s7_status status = lease.pool == pool ? S7_OK : S7_E_FOREIGN;

    for (struct sc_job *job = pool->submits.first; job != NULL && status == S7_OK; job = job->next)
        if (job->lease.client == lease.client && job->lease.conn == lease.conn &&
            job->lease.number == lease.number)
            status = S7_E_MISUSE;
    pool->misuse += status != S7_OK;
    return status;
}

void sc_pool_submit(struct sc_pool *pool, struct sc_lease lease, bool write, s7_item *items, size_t n_items,
                    uint32_t timeout_ms, struct sc_call *call)
{
    struct sc_job asked = at_pool(SC_POOL_SUBMIT, pool, timeout_ms, call);
    s7_status status = look_at(pool, lease);

    asked.lease = lease;
    asked.write = write;
    asked.items = items;
    asked.n_items = n_items;
    if (status == S7_OK)
        begin(&asked, &pool->submits);
    else
        refuse(&asked, status, status == S7_E_MISUSE ? in_use : "");
}

void sc_pool_direct(struct sc_pool *pool, bool write, s7_item *items, size_t n_items, uint32_t timeout_ms,
                    struct sc_call *call)
{
    struct sc_job asked = at_pool(SC_POOL_DIRECT, pool, timeout_ms, call);

    asked.write = write;
    asked.items = items;
    asked.n_items = n_items;
    begin(&asked, &pool->adapter->jobs);
}

s7_status sc_pool_put(struct sc_pool *pool, struct sc_lease lease)
{
    s7_status status = look_at(pool, lease);

    return status == S7_OK ? pool->adapter->ops->put(pool, lease) : status;
}

s7_status sc_pool_discard(struct sc_pool *pool, struct sc_lease lease, s7_status why)
{
    s7_status status = look_at(pool, lease);

    return status == S7_OK ? pool->adapter->ops->discard(pool, lease, why) : status;
}

s7_status sc_pool_resize(struct sc_pool *pool, unsigned size)
{
    return pool->adapter->ops->resize(pool, size);
}

s7_status sc_pool_resume(struct sc_pool *pool)
{
    return pool->adapter->ops->resume(pool);
}

s7_status sc_pool_refresh(struct sc_pool *pool)
{
    return pool->adapter->ops->refresh(pool);
}

const char *sc_pool_fault(struct sc_pool *pool)
{
    return pool->adapter->ops->pool_fault != NULL ? pool->adapter->ops->pool_fault(pool) : NULL;
}

const char *sc_pool_endpoint(const struct sc_pool *pool)
{
    return pool->where;
}

uint32_t sc_pool_request_ms(const struct sc_pool *pool)
{
    return pool->request_ms;
}

const char *sc_client_endpoint(const struct sc_client *client)
{
    return client->where;
}

void sc_pool_stats(struct sc_pool *pool, s7_pool_stats *stats)
{
    *stats = (s7_pool_stats){.struct_size = sizeof *stats};
    pool->adapter->ops->pool_stats(pool, stats);
    stats->misuse += pool->misuse;
}

void sc_pool_name(struct sc_pool *pool, const char *name)
{
    snprintf(pool->name, sizeof pool->name, "%s", name);
}

void sc_pool_status(struct sc_pool *pool, char status[SC_STATUS_CAP])
{
    s7_pool_stats stats;

    sc_pool_stats(pool, &stats);
    s7_pool_stats_text(&stats, pool->name[0] != '\0' ? pool->name : pool->where, status, SC_STATUS_CAP);
}

struct sc_pool *sc_pool_after(const struct sc_adapter *adapter, const struct sc_pool *pool)
{
    return pool != NULL ? pool->next : adapter->pools;
}

/* ---- clients ---- */

static void begin_alone(const struct sc_job *asked)
{
    if (asked->client->job == NULL)
        begin(asked, &asked->adapter->jobs);
    else
        refuse(asked, S7_E_MISUSE, in_use);
}

void sc_client_connect(struct sc_client *client, struct sc_call *call)
{
    struct sc_job asked = at_client(SC_CLIENT_CONNECT, client, call);

    begin_alone(&asked);
}

void sc_client_submit(struct sc_client *client, bool write, s7_item *items, size_t n_items,
                      uint32_t timeout_ms, struct sc_call *call)
{
    struct sc_job asked = at_client(SC_CLIENT_SUBMIT, client, call);

    asked.write = write;
    asked.items = items;
    asked.n_items = n_items;
    asked.timeout_ms = timeout_ms;
    begin_alone(&asked);
}

void sc_client_close(struct sc_client *client, struct sc_call *call)
{
    struct sc_job asked = at_client(SC_CLIENT_CLOSE, client, call);

    begin_alone(&asked);
}

bool sc_client_is_up(const struct sc_client *client)
{
    return client->adapter->ops->client_is_up(client);
}
