#include "client/pool_thread_impl.h"

#include "client/pool_mux.h"
#include "client/report.h"
#include "loop/blocking.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

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
        s7_pool_report_get(&pool->settings, pool->core, &pool->dial, action->status, s7_now_ns(),
                           caller->err);
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
    s7_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return S7_E_NOMEM;
    pthread_once(&forks_once, watch_forks);
    pool->forks = atomic_load(&s7_pool_forks);
    pool->settings = settings;
    pool->dial = (s7_errinfo)S7_ERRINFO_INIT;
    pool->sleeping_until_ns = INT64_MIN;
    s7_pool_place_init(pool);
    for (unsigned i = 0; i < S7_POOL_SIZE_MAX; i++)
        pool->members[i].fd = -1;
    status = make_parts(pool);
    if (status != S7_OK) {
        give_memory_back(pool);
        return status;
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
        return s7_pool_complain(ctx, pool, "start the pool", status, "");
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
                                                   : "");
}

/* ---- lending ---- */

/* On the thread that cancels. */
static void wake_caller(void *arg)
{
    s7_bell_tap(&((struct s7_pool_caller *)arg)->bell, S7_CALLER_LOOKS);
}

/* Its time is up, or it was cancelled. What the core has decided already stands. */
static void look_again(s7_pool *pool, struct s7_pool_caller *caller)
{
    int64_t now_ns = s7_now_ns();

    if (caller->done)
        return;
    if (s7_token_is_cancelled(caller->cancel)) {
        s7_pool_core_cancel(pool->core, &caller->waiter, now_ns);
        caller->done = true;
        caller->sleeping = false;
        caller->status =
            s7_pool_report_get(&pool->settings, pool->core, &pool->dial, S7_E_CANCELLED, now_ns, caller->err);
    } else {
        s7_pool_core_tick(pool->core, now_ns);
    }
    s7_pool_after_event(pool);
}

/* The mutex is released, and not taken again by who is told: one that was told is woken up by it, even if it
 * woke up by itself meanwhile, so it waits for that. */
static void sleep_until_told(s7_pool *pool, struct s7_pool_caller *caller, int64_t deadline_ns)
{
    caller->sleeping = true;
    s7_pool_unlock(pool);
    while (s7_bell_wait(&caller->bell, deadline_ns) != S7_CALLER_TOLD) {
        s7_bell_silence(&caller->bell, S7_CALLER_LOOKS);
        s7_pool_lock(pool);
        look_again(pool, caller);
        bool gone = caller->done && !caller->sleeping, told = caller->done;
        s7_pool_unlock(pool);
        if (gone)
            return;
        if (told)
            deadline_ns = S7_NEVER_NS;
    }
}

/* The pool's thread may be about to take its hands off what was lent to us. */
s7_status s7_pool_take_lease(s7_pool *pool, struct s7_pool_caller *caller, s7_client **out)
{
    struct s7_pool_lent *lent = caller->lent;

    while (atomic_load(&lent->state) == S7_LENT_OUT && pool->members[lent->lease.conn].handled)
        s7_pool_wait_for_change(pool);
    if (atomic_load(&lent->state) != S7_LENT_OUT) { /* taken away before it arrived */
        (void)s7_pool_core_put(pool->core, lent->lease, S7_POOL_PUT_CLEAN, s7_now_ns());
        s7_pool_lent_end(pool, lent, S7_LENT_FREE);
        return s7_pool_report_get(&pool->settings, pool->core, &pool->dial, S7_E_POOL_CLOSED, s7_now_ns(),
                                  caller->err);
    }
    *out = &lent->head;
    return S7_OK;
}

/* S7_OK: granted, or it has to wait. */
static s7_status ask(s7_pool *pool, const s7_ctx *ctx, struct s7_pool_caller *caller, int64_t *deadline_ns)
{
    int64_t now_ns = s7_now_ns();

    if (s7_ctx_deadline(ctx, now_ns, pool->settings.options.acquire_ms * NS_PER_MS, deadline_ns) != S7_OK)
        return S7_E_ARG;
    if (s7_token_is_cancelled(caller->cancel))
        return s7_pool_report_get(&pool->settings, pool->core, &pool->dial, S7_E_CANCELLED, now_ns,
                                  caller->err);
    s7_status status =
        s7_pool_core_get(pool->core, &caller->waiter, ctx != NULL ? ctx->label : NULL, *deadline_ns, now_ns);
    if (status != S7_OK)
        return s7_pool_report_get(&pool->settings, pool->core, &pool->dial, status, now_ns, caller->err);
    s7_pool_after_event(pool);
    if (caller->done || !s7_pool_is_own_thread(pool))
        return S7_OK;
    s7_pool_core_cancel(pool->core, &caller->waiter, now_ns);
    return S7_E_MISUSE;
}

/* Mostly without the mutex. */
static s7_status take_what_was_told(s7_pool *pool, struct s7_pool_caller *caller, s7_client **out)
{
    if (caller->status != S7_OK)
        return caller->status;
    *out = &caller->lent->head;
    if (!caller->handled && atomic_load(&caller->lent->state) == S7_LENT_OUT)
        return S7_OK;
    s7_pool_lock(pool);
    s7_status status = s7_pool_take_lease(pool, caller, out);
    s7_pool_unlock(pool);
    return status;
}

s7_status s7_pool_get_slowly(s7_pool *pool, const s7_ctx *ctx, s7_client **out)
{
    struct s7_pool_caller caller;
    struct s7_token_watch watch = {.fn = wake_caller, .arg = &caller};
    int64_t deadline_ns;

    caller.bell = (struct s7_bell){0};
    caller.done = caller.sleeping = false;
    caller.told = NULL;
    caller.err = s7_ctx_err(ctx);
    caller.cancel = s7_ctx_cancel(ctx);
    s7_token_watch(caller.cancel, &watch);
    s7_pool_lock(pool);
    s7_status status = ask(pool, ctx, &caller, &deadline_ns);
    if (status == S7_OK && !caller.done)
        sleep_until_told(pool, &caller, deadline_ns);
    else
        s7_pool_unlock(pool);
    s7_token_unwatch(caller.cancel, &watch);
    return status == S7_OK ? take_what_was_told(pool, &caller, out) : status;
}

/* What its borrower leaves behind, told to the core. Inside the client. */
static enum s7_pool_condition condition_of(s7_pool *pool, struct s7_pool_lent *lent)
{
    unsigned conn = lent->lease.conn;
    struct s7_pool_member *member = &pool->members[conn];
    struct s7_direct *direct = member->direct;
    uint64_t late = s7_session_stats(direct->session)->late_answers;
    s7_status why;

    pool->late_answers += late - member->late_seen;
    member->late_seen = late;
    if (s7_pooled_lost(direct, &why, NULL)) {
        s7_pool_core_ended(pool->core, conn, why, s7_now_ns());
        return S7_POOL_PUT_CLEAN;
    }
    if (direct->alive) {
        direct->alive = false;
        s7_pool_core_checked(pool->core, conn, s7_now_ns());
    }
    return s7_session_owed(direct->session) > 0 ? S7_POOL_PUT_DIRTY : S7_POOL_PUT_CLEAN;
}

bool s7_pool_is_spotless(const struct s7_pool_member *member)
{
    const struct s7_direct *direct = member->direct;

    return direct->fd >= 0 && !direct->alive && s7_session_owed(direct->session) == 0 &&
           s7_session_stats(direct->session)->late_answers == member->late_seen;
}

static s7_status misused(s7_pool *pool, s7_status status)
{
    atomic_fetch_add(&pool->stale, 1);
    return status;
}

static s7_status put_locked(s7_pool *pool, s7_client *client, bool discard)
{
    s7_status why;
    struct s7_pool_lent *lent = s7_pool_lent_of(pool, client, &why);

    if (lent == NULL)
        return misused(pool, why);
    struct s7_pool_lease lease = lent->lease;
    struct s7_direct *direct = pool->members[lease.conn].direct;
    if (atomic_load(&lent->state) == S7_LENT_TAKEN_AWAY) {
        s7_pool_lent_end(pool, lent, S7_LENT_FREE);
        return s7_pool_core_put(pool->core, lease, S7_POOL_PUT_CLEAN, s7_now_ns());
    }
    if (!client->lease->enter(client, direct))
        return misused(pool, S7_E_MISUSE);
    enum s7_pool_condition condition = condition_of(pool, lent);
    s7_pool_lent_end(pool, lent, S7_LENT_FREE);
    s7_direct_leave(direct);
    int64_t now_ns = s7_now_ns();
    s7_status status = s7_pool_core_put(pool->core, lease, discard ? S7_POOL_PUT_DISCARD : condition, now_ns);
    s7_pool_place_heat(pool, lease.conn, lent->label, now_ns);
    s7_pool_after_event(pool);
    return status;
}

s7_status s7_pool_put_slowly(s7_pool *pool, s7_client *client, bool discard)
{
    s7_pool_lock(pool);
    s7_status status = put_locked(pool, client, discard);
    s7_pool_unlock(pool);
    return status;
}

s7_status s7_pool_discard(s7_pool *pool, s7_client *client)
{
    if (pool == NULL)
        return S7_E_ARG;
    return s7_pool_is_forked(pool) ? S7_E_FORKED : s7_pool_put_slowly(pool, client, true);
}

s7_status s7_pool_execute(s7_pool *pool, const s7_ctx *ctx, s7_pool_fn *fn, void *arg)
{
    s7_client *client;

    if (fn == NULL)
        return S7_E_ARG;
    s7_status status = s7_pool_get(pool, ctx, &client);
    if (status != S7_OK)
        return status;
    status = fn(client, arg);
    (void)s7_pool_put(pool, client);
    return status;
}

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
