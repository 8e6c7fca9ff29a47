#include "client/pool_thread_impl.h"

#include "client/pool_mux.h"
#include "client/report.h"
#include "loop/blocking.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* Callers turn what they want into events of the core, and sleep until it has decided. Nothing is decided
 * here. */

/* ---- fork ---- */

atomic_uint s7_pool_forks;
static pthread_once_t forks_once = PTHREAD_ONCE_INIT;

static void count_fork(void)
{
    atomic_fetch_add(&s7_pool_forks, 1);
}

static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, count_fork);
}

bool s7_pool_is_own_thread(const s7_pool *pool)
{
    return pool->running && pthread_equal(pthread_self(), pool->thread);
}

bool s7_pool_asks_itself(s7_pool *pool)
{
    s7_pool_lock(pool);
    bool own = s7_pool_is_own_thread(pool);
    s7_pool_unlock(pool);
    return own;
}

/* ---- the mutex ---- */

void s7_pool_lock(s7_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    s7_pool_place_recall(pool);
}

/* Who wakes up is gone at once: the bell is the last that is touched. */
static void wake_up(struct s7_pool_caller *caller)
{
    while (caller != NULL) {
        struct s7_pool_caller *next = caller->next;

        s7_bell_ring(&caller->bell, S7_CALLER_TOLD);
        caller = next;
    }
}

static struct s7_pool_caller *take_sleepers(s7_pool *pool)
{
    struct s7_pool_caller *first = pool->to_wake;

    pool->to_wake = NULL;
    return first;
}

void s7_pool_unlock(s7_pool *pool)
{
    struct s7_pool_caller *first = take_sleepers(pool);

    pthread_mutex_unlock(&pool->mutex);
    wake_up(first);
}

void s7_pool_wait_for_change(s7_pool *pool)
{
    wake_up(take_sleepers(pool));
    pthread_cond_wait(&pool->changed, &pool->mutex);
    s7_pool_place_recall(pool);
}

/* ---- outcomes ---- */

static void report_in_vain(s7_pool *pool, const struct s7_pool_action *action, s7_errinfo *err)
{
    int64_t now_ns = s7_now_ns();

    s7_pool_report_get(&pool->settings, pool->core, &pool->dial, action->status, now_ns, err);
    s7_pool_report_wait(action->waiter, now_ns, err);
}

static void tell(s7_pool *pool, const struct s7_pool_action *action)
{
    struct s7_pool_caller *caller =
        (struct s7_pool_caller *)(void *)((char *)action->waiter - offsetof(struct s7_pool_caller, waiter));

    caller->done = true;
    caller->status = action->status;
    caller->handled = action->status == S7_OK && pool->members[action->lease.conn].handled;
    if (action->status == S7_OK)
        caller->lent = s7_pool_lent_new(pool, action->lease, action->waiter->label);
    else
        report_in_vain(pool, action, caller->err);
    if (caller->sleeping) {
        caller->next = pool->to_wake;
        pool->to_wake = caller;
    }
    if (caller->told != NULL)
        caller->told(caller);
}

void s7_pool_after_event(s7_pool *pool)
{
    struct s7_pool_action action;

    while (s7_pool_core_next_outcome(pool->core, &action)) {
        if (action.kind == S7_POOL_STARTED) {
            pool->start_over = true;
            pool->start_status = action.status;
            pthread_cond_broadcast(&pool->changed);
        } else if (action.kind == S7_POOL_PAUSED) {
            pool->pause_over = true;
            pool->pause_status = action.status;
            pthread_cond_broadcast(&pool->changed);
        } else if (action.kind == S7_POOL_CLOSED) {
            pool->closed = true;
            pool->close_status = action.status;
            pthread_cond_broadcast(&pool->changed);
        } else {
            tell(pool, &action);
        }
    }
    if (pool->sleeping_until_ns == INT64_MIN) /* awake: it looks before it sleeps */
        return;
    if (s7_pool_core_has_chore(pool->core) || s7_pool_core_has_event(pool->core) ||
        s7_pool_core_soonest(pool->core) < pool->sleeping_until_ns) {
        pool->sleeping_until_ns = INT64_MIN;
        s7_watch_wake(pool->watch);
    }
}

/* ---- life ---- */

s7_status s7_pool_complain(const s7_ctx *ctx, const s7_pool *pool, const char *what, s7_status status,
                           const char *detail)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    snprintf(err.asked, sizeof err.asked, "%s of %.80s", what, pool->settings.client.where);
    if (status == S7_E_TIMEOUT && detail[0] != '\0') /* the pool's borrowers are late, not the PLC */
        snprintf(err.hint, sizeof err.hint, "%s", S7_POOL_NOT_BACK_HINT);
    s7_report_came(&err, status, detail);
    s7_report_give(s7_ctx_err(ctx), &err);
    return status;
}

s7_status s7_pool_make_members(s7_pool *pool, unsigned size)
{
    while (pool->n_members < size) {
        s7_status status = s7_direct_new(&pool->settings.client, &pool->members[pool->n_members].direct);

        if (status != S7_OK)
            return status;
        pool->n_members++;
    }
    return S7_OK;
}

static void give_memory_back(s7_pool *pool)
{
    if (!s7_pool_is_forked(pool))
        s7_pool_share_leave(&pool->share);
    for (unsigned i = 0; i < pool->n_members; i++)
        s7_direct_free(pool->members[i].direct);
    s7_pool_mux_free(pool->mux);
    s7_watch_free(pool->watch);
    s7_pool_core_free(pool->core);
    free(pool->leases);
    free(pool);
}

/* Both wait on CLOCK_MONOTONIC. */
bool s7_pool_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    if (pthread_condattr_init(&attr) != 0)
        return false;
    bool good = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(cond, &attr) == 0;
    pthread_condattr_destroy(&attr);
    return good;
}

/* On any thread: the group may have something for us. */
static void wake_chores(void *arg)
{
    s7_watch_wake(((s7_pool *)arg)->watch);
}

static s7_status make_parts(s7_pool *pool)
{
    s7_status status = s7_pool_core_new(&pool->settings.rules, &pool->core);

    if (status == S7_OK)
        status = s7_watch_new(&pool->watch, NULL);
    if (status == S7_OK)
        status = s7_pool_share_join(&pool->share, pool->settings.options.group, &pool->settings.client,
                                    wake_chores, pool);
    if (status == S7_OK)
        status = s7_pool_leases_new(pool);
    if (status == S7_OK)
        status = s7_pool_make_members(pool, pool->settings.rules.size);
    if (status == S7_OK)
        status = s7_pool_mux_new(pool, &pool->mux);
    if (status == S7_OK && pthread_mutex_init(&pool->mutex, NULL) != 0)
        status = S7_E_NOMEM;
    if (status == S7_OK && !s7_pool_cond_init(&pool->changed)) {
        pthread_mutex_destroy(&pool->mutex);
        status = S7_E_NOMEM;
    }
    return status;
}

s7_status s7_pool_new(const char *endpoint, const s7_pool_options *options, s7_pool **out, s7_errinfo *err)
{
    struct s7_pool_settings settings;

    if (out == NULL)
        return s7_report_argument(err, "make a pool", "out is NULL");
    s7_status status = s7_pool_settings_make(endpoint, options, &settings, err);

    if (status != S7_OK)
        return status;
    s7_pool *pool = calloc(1, sizeof *pool + s7_settings_ranges_len(&settings.client));
    if (pool == NULL)
        return s7_report_unmade(err, "pool", endpoint, S7_E_NOMEM);
    pthread_once(&forks_once, watch_forks);
    pool->forks = atomic_load(&s7_pool_forks);
    pool->settings = settings;
    s7_settings_move_ranges(&pool->settings.client, pool + 1);
    pool->dial = (s7_errinfo)S7_ERRINFO_INIT;
    pool->sleeping_until_ns = INT64_MIN;
    s7_pool_place_init(pool);
    for (unsigned i = 0; i < S7_POOL_SIZE_MAX; i++)
        pool->members[i].fd = -1;
    status = make_parts(pool);
    if (status != S7_OK) {
        give_memory_back(pool);
        return s7_report_unmade(err, "pool", endpoint, status);
    }
    *out = pool;
    return S7_OK;
}

/* In a child: nothing of the parent's is told, locked or waited for. */
static void free_forked(s7_pool *pool)
{
    for (unsigned i = 0; i < pool->n_members; i++)
        s7_tcp_close(pool->members[i].fd);
    give_memory_back(pool);
}

void s7_pool_free(s7_pool *pool)
{
    static const s7_ctx at_once = {.struct_size = sizeof at_once, .deadline_ns = 1};

    if (pool == NULL)
        return;
    if (s7_pool_is_forked(pool)) {
        free_forked(pool);
        return;
    }
    (void)s7_pool_close(pool, &at_once);
    s7_pool_lock(pool);
    bool running = pool->running;
    pool->stop = true;
    s7_watch_wake(pool->watch);
    s7_pool_unlock(pool);
    if (running)
        pthread_join(pool->thread, NULL);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->mutex);
    give_memory_back(pool);
}

/* Signals are the program's business. */
static s7_status start_thread(s7_pool *pool)
{
    sigset_t all, before;

    if (pool->running)
        return S7_OK;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&pool->thread, NULL, s7_pool_chores, pool);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pool->running = error == 0;
    return error == 0 ? S7_OK : S7_E_NOMEM;
}

static s7_status start_locked(s7_pool *pool, int64_t deadline_ns)
{
    s7_status status = s7_pool_is_own_thread(pool) ? S7_E_MISUSE : start_thread(pool);

    if (status == S7_OK)
        status = s7_pool_core_start(pool->core, deadline_ns, s7_now_ns());
    if (status != S7_OK)
        return status;
    pool->start_over = false;
    pool->dial = (s7_errinfo)S7_ERRINFO_INIT;
    s7_pool_after_event(pool);
    while (!pool->start_over)
        s7_pool_wait_for_change(pool);
    return pool->start_status;
}

s7_status s7_pool_start(s7_pool *pool, const s7_ctx *ctx)
{
    int64_t deadline_ns;

    if (pool == NULL)
        return S7_E_ARG;
    if (s7_pool_is_forked(pool))
        return s7_pool_complain(ctx, pool, "start the pool", S7_E_FORKED, "");
    if (s7_ctx_deadline(ctx, s7_now_ns(), S7_NEVER_NS, &deadline_ns) != S7_OK)
        return s7_pool_complain(ctx, pool, "start the pool", S7_E_ARG,
                                "not a call context: set struct_size, and a timeout_ms of -1 or more");
    s7_pool_lock(pool);
    s7_status status = start_locked(pool, deadline_ns);
    s7_errinfo dial = pool->dial;
    s7_pool_unlock(pool);
    if (status == S7_OK)
        return S7_OK;
    if (status != dial.status)
        return s7_pool_complain(ctx, pool, "start the pool", status,
                                status == S7_E_MISUSE ? "it was started already, or is being started" : "");
    s7_report_give(s7_ctx_err(ctx), &dial);
    return status;
}

static s7_status close_locked(s7_pool *pool, int64_t deadline_ns)
{
    if (s7_pool_is_own_thread(pool))
        return S7_E_MISUSE;
    (void)s7_pool_core_close(pool->core, deadline_ns, s7_now_ns());
    s7_pool_after_event(pool);
    while (!pool->closed)
        s7_pool_wait_for_change(pool);
    return pool->close_status;
}

s7_status s7_pool_close(s7_pool *pool, const s7_ctx *ctx)
{
    int64_t deadline_ns;

    if (pool == NULL)
        return S7_E_ARG;
    if (s7_pool_is_forked(pool))
        return s7_pool_complain(ctx, pool, "close the pool", S7_E_FORKED, "");
    if (s7_ctx_deadline(ctx, s7_now_ns(), pool->settings.rules.dirty_ns, &deadline_ns) != S7_OK)
        return s7_pool_complain(ctx, pool, "close the pool", S7_E_ARG,
                                "not a call context: set struct_size, and a timeout_ms of -1 or more");
    if (!s7_pool_asks_itself(pool))
        s7_pool_mux_close(pool->mux);
    s7_pool_lock(pool);
    s7_status status = close_locked(pool, deadline_ns);
    s7_pool_unlock(pool);
    if (status == S7_OK)
        return S7_OK;
    return s7_pool_complain(ctx, pool, "close the pool", status,
                            status == S7_E_TIMEOUT ? "clients had not been put back and were taken away"
                                                   : "its own thread cannot wait for itself");
}

/* ---- statistics ---- */

s7_status s7_pool_stats_get(s7_pool *pool, s7_pool_stats *stats)
{
    s7_pool_stats now;

    if (pool == NULL || stats == NULL)
        return S7_E_ARG;
    if (s7_pool_is_forked(pool))
        return S7_E_FORKED;
    s7_pool_lock(pool);
    s7_pool_core_stats(pool->core, &now);
    s7_pool_core_times(pool->core, &now);
    now.late_answers = pool->late_answers;
    s7_pool_unlock(pool);
    s7_pool_mux_stats(pool->mux, &now);
    now.misuse += atomic_load(&pool->stale);
    return s7_pool_report_stats(&now, stats);
}
