/* Borrowing and giving back with the mutex: where the warm place (pool_place.c) will not do. */
#include "client/pool_thread_impl.h"

#include "client/report.h"
#include "loop/blocking.h"

#define NS_PER_MS INT64_C(1000000)

/* ---- borrowing ---- */

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
        (void)s7_pool_core_put(pool->core, lent->lease, S7_POOL_PUT_CLEAN, S7_OK, s7_now_ns());
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
        return s7_pool_complain(ctx, pool, "borrow from the pool", S7_E_ARG,
                                "not a call context: set struct_size, and a timeout_ms of -1 or more");
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
    return s7_pool_complain(ctx, pool, "borrow from the pool", S7_E_MISUSE,
                            "no connection is idle, and the pool's own thread cannot wait for itself");
}

/* Mostly without the mutex. */
static s7_status take_what_was_told(s7_pool *pool, struct s7_pool_caller *caller, s7_client **out)
{
    if (caller->status != S7_OK)
        return caller->status;
    if (!caller->handled && atomic_load(&caller->lent->state) == S7_LENT_OUT) {
        *out = &caller->lent->head;
        return S7_OK;
    }
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

/* ---- giving back ---- */

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

static s7_status put_locked(s7_pool *pool, s7_client *client, bool discard, s7_status why)
{
    s7_status misuse;
    struct s7_pool_lent *lent = s7_pool_lent_of(pool, client, &misuse);

    if (lent == NULL)
        return misused(pool, misuse);
    struct s7_pool_lease lease = lent->lease;
    struct s7_direct *direct = pool->members[lease.conn].direct;
    if (atomic_load(&lent->state) == S7_LENT_TAKEN_AWAY) {
        s7_pool_lent_end(pool, lent, S7_LENT_FREE);
        return s7_pool_core_put(pool->core, lease, S7_POOL_PUT_CLEAN, S7_OK, s7_now_ns());
    }
    if (!client->lease->enter(client, direct))
        return misused(pool, S7_E_MISUSE);
    enum s7_pool_condition condition = condition_of(pool, lent);
    s7_pool_lent_end(pool, lent, S7_LENT_FREE);
    s7_direct_leave(direct);
    int64_t now_ns = s7_now_ns();
    s7_status status =
        s7_pool_core_put(pool->core, lease, discard ? S7_POOL_PUT_DISCARD : condition, why, now_ns);
    s7_pool_place_heat(pool, lease.conn, lent->label, now_ns);
    s7_pool_after_event(pool);
    return status;
}

s7_status s7_pool_put_slowly(s7_pool *pool, s7_client *client, bool discard, s7_status why)
{
    s7_pool_lock(pool);
    s7_status status = put_locked(pool, client, discard, why);
    s7_pool_unlock(pool);
    return status;
}

s7_status s7_pool_discard(s7_pool *pool, s7_client *client, s7_status why)
{
    if (pool == NULL)
        return S7_E_ARG;
    return s7_pool_is_forked(pool) ? S7_E_FORKED : s7_pool_put_slowly(pool, client, true, why);
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
