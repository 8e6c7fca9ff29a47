/* Maintenance of a pool for threads: resize, pause, resume, refresh. Each is an event of the core. */
#include "client/pool_thread_impl.h"

#include "loop/blocking.h"

#define NS_PER_MS INT64_C(1000000)

/* What the core said to an event; whatever follows from it is begun. */
static s7_status told(s7_pool *pool, s7_status status)
{
    s7_pool_after_event(pool);
    s7_pool_unlock(pool);
    return status;
}

s7_status s7_pool_resize(s7_pool *pool, unsigned size)
{
    if (pool == NULL || size < 1 || size > S7_POOL_SIZE_MAX)
        return S7_E_ARG;
    if (s7_pool_is_forked(pool))
        return S7_E_FORKED;
    s7_pool_lock(pool);
    s7_status status = s7_pool_make_members(pool, size);
    if (status == S7_OK)
        status = s7_pool_core_resize(pool->core, size, s7_now_ns());
    return told(pool, status);
}

static s7_status pause_locked(s7_pool *pool, int64_t deadline_ns)
{
    s7_status status = S7_E_MISUSE;

    if (!s7_pool_is_own_thread(pool))
        status = s7_pool_core_pause(pool->core, deadline_ns, s7_now_ns());
    if (status != S7_OK)
        return status;
    pool->pause_over = false;
    s7_pool_after_event(pool);
    while (!pool->pause_over)
        s7_pool_wait_for_change(pool);
    return pool->pause_status;
}

static const char *why_no_pause(s7_status status)
{
    switch (status) {
    case S7_E_TIMEOUT:
        return "clients have not been put back yet";
    case S7_E_CANCELLED:
        return "it was resumed meanwhile";
    case S7_E_MISUSE:
        return "it was not started, another thread waits in s7_pool_pause, or it is the pool's own that "
               "calls";
    default:
        return "";
    }
}

s7_status s7_pool_pause(s7_pool *pool, const s7_ctx *ctx)
{
    int64_t deadline_ns;

    if (pool == NULL)
        return S7_E_ARG;
    if (s7_pool_is_forked(pool))
        return s7_pool_complain(ctx, pool, "pause the pool", S7_E_FORKED, "");
    if (s7_ctx_deadline(ctx, s7_now_ns(), pool->settings.options.acquire_ms * NS_PER_MS, &deadline_ns) !=
        S7_OK)
        return s7_pool_complain(ctx, pool, "pause the pool", S7_E_ARG,
                                "not a call context: set struct_size, and a timeout_ms of -1 or more");
    s7_pool_lock(pool);
    s7_status status = told(pool, pause_locked(pool, deadline_ns));
    if (status == S7_OK)
        return S7_OK;
    return s7_pool_complain(ctx, pool, "pause the pool", status, why_no_pause(status));
}

s7_status s7_pool_resume(s7_pool *pool)
{
    if (pool == NULL)
        return S7_E_ARG;
    if (s7_pool_is_forked(pool))
        return S7_E_FORKED;
    s7_pool_lock(pool);
    return told(pool, s7_pool_core_resume(pool->core, s7_now_ns()));
}

s7_status s7_pool_refresh(s7_pool *pool)
{
    if (pool == NULL)
        return S7_E_ARG;
    if (s7_pool_is_forked(pool))
        return S7_E_FORKED;
    s7_pool_lock(pool);
    return told(pool, s7_pool_core_refresh(pool->core, s7_now_ns()));
}
