#include "client/pool_loop.h"

#include "client/pool_group.h"
#include "client/pool_settings.h"
#include "client/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS INT64_C(1000000)

/* Events go to the core as they come; what it wants done is done by the timer's function, armed for now after
 * each of them. Nothing is decided here. */

struct member {
    s7_pool_loop *pool;
    s7_conn *conn; /* for all the pool's life, up or not */
    bool open;     /* between s7_conn_open and the report of its end */
};

struct s7_pool_loop {
    s7_loop *loop;
    struct s7_pool_settings settings;
    s7_pool_core *core;
    s7_timer timer;
    s7_turn_hook hook, called_hook;
    struct s7_pool_share share; /* of the group */
    bool called;                /* it may have something for us */
    bool listening;             /* the hook is there: late answers are waited for */
    bool working, freed;        /* inside the timer's function; freed there */
    s7_errinfo dial;            /* the last dial that failed */
    uint64_t misuse;            /* stale calls */
    s7_pool_ended_fn *start_fn, *pause_fn, *close_fn;
    void *start_arg, *pause_arg, *close_arg;
    unsigned n_members; /* that were made: one for each place there ever was */
    struct member members[S7_POOL_SIZE_MAX];
};

static void work(s7_timer *timer, void *arg);

static int64_t now_of(const s7_pool_loop *pool)
{
    return s7_loop_now_ns(pool->loop);
}

static void wake(s7_pool_loop *pool)
{
    if (!pool->working)
        s7_timer_set(pool->loop, &pool->timer, now_of(pool));
}

static int64_t in_ms(const s7_pool_loop *pool, uint32_t ms)
{
    return now_of(pool) + ms * NS_PER_MS;
}

static unsigned number_of(const struct member *member)
{
    return (unsigned)(member - member->pool->members);
}

/* ---- what connections report ---- */

static void on_up(struct member *member)
{
    const struct s7_setup *granted = s7_session_granted(s7_conn_session(member->conn));
    unsigned jobs = granted->amq_calling < granted->amq_called ? granted->amq_calling : granted->amq_called;

    s7_pool_share_dialed(&member->pool->share, number_of(member));
    s7_pool_core_dialed(member->pool->core, number_of(member), jobs, s7_loop_random(member->pool->loop),
                        now_of(member->pool));
}

static void dial_failed(struct member *member, s7_status why, const s7_errinfo *err)
{
    s7_pool_loop *pool = member->pool;

    pool->dial = *err;
    s7_pool_share_give(&pool->share, number_of(member));
    s7_pool_core_dial_failed(pool->core, number_of(member), why, s7_loop_random(pool->loop), now_of(pool));
}

static void closed(struct member *member)
{
    s7_pool_share_give(&member->pool->share, number_of(member));
    s7_pool_core_closed(member->pool->core, number_of(member), now_of(member->pool));
}

static void on_end(struct member *member, s7_status why, const s7_errinfo *err)
{
    s7_pool_loop *pool = member->pool;
    unsigned conn = number_of(member);

    member->open = false;
    switch (s7_pool_core_state(pool->core, conn)) {
    case S7_POOL_DIALING:
        dial_failed(member, why, err);
        break;
    case S7_POOL_CLOSING:
        closed(member);
        break;
    default:
        s7_pool_core_ended(pool->core, conn, why, now_of(pool));
    }
}

static void on_state(s7_conn *conn, bool up, s7_status why, const s7_errinfo *err, void *arg)
{
    struct member *member = arg;

    (void)conn;
    if (up)
        on_up(member);
    else
        on_end(member, why, err);
    wake(member->pool);
}

/* When the connection ended instead, that is reported next. */
static void on_alive(s7_conn *conn, s7_status status, void *arg)
{
    struct member *member = arg;

    (void)conn;
    if (status != S7_OK)
        return;
    s7_pool_core_checked(member->pool->core, number_of(member), now_of(member->pool));
    wake(member->pool);
}

/* At the end of each turn in which late answers may have come. */
static void look_for_drained(s7_loop *loop, void *arg)
{
    s7_pool_loop *pool = arg;
    unsigned dirty = 0;

    (void)loop;
    for (unsigned i = 0; i < pool->n_members; i++) {
        if (s7_pool_core_state(pool->core, i) != S7_POOL_DIRTY)
            continue;
        if (s7_session_owed(s7_conn_session(pool->members[i].conn)) > 0) {
            dirty++;
            continue;
        }
        s7_pool_core_drained(pool->core, i, now_of(pool));
        wake(pool);
    }
    if (dirty == 0) {
        s7_turn_hook_remove(&pool->hook);
        pool->listening = false;
    }
}

/* ---- what the core wants done ---- */

static void dial(struct member *member)
{
    s7_pool_loop *pool = member->pool;
    s7_errinfo err = S7_ERRINFO_INIT;
    enum s7_pool_grant grant = s7_pool_share_take(&pool->share, number_of(member));

    if (grant != S7_POOL_GRANTED) {
        s7_pool_core_denied(pool->core, number_of(member), grant == S7_POOL_NO_PLACE, now_of(pool));
        return;
    }
    s7_pool_core_dialing(pool->core, number_of(member), now_of(pool));
    s7_status status = s7_conn_open(member->conn, &err);
    if (status == S7_OK)
        member->open = true;
    else
        dial_failed(member, status, &err);
}

static void close_member(struct member *member)
{
    if (member->open)
        s7_conn_close(member->conn); /* its end is reported */
    else
        closed(member);
}

static void listen_to(s7_pool_loop *pool)
{
    if (pool->listening)
        return;
    pool->listening = true;
    s7_turn_hook_add(pool->loop, &pool->hook, look_for_drained, pool);
}

static void tell_waiter(s7_pool_loop *pool, const struct s7_pool_action *action)
{
    struct s7_pool_request *request =
        (struct s7_pool_request *)(void *)((char *)action->waiter - offsetof(struct s7_pool_request, waiter));
    s7_errinfo err = S7_ERRINFO_INIT;

    request->lease = action->lease;
    if (action->status != S7_OK) {
        s7_pool_report_get(&pool->settings, pool->core, &pool->dial, action->status, now_of(pool), &err);
        s7_pool_report_wait(action->waiter, now_of(pool), &err);
    }
    request->fn(pool, request, action->status, action->status == S7_OK ? NULL : &err, request->arg);
}

static void tell_started(s7_pool_loop *pool, s7_status status)
{
    s7_pool_ended_fn *fn = pool->start_fn;
    s7_errinfo err = pool->dial;

    pool->start_fn = NULL;
    if (fn == NULL)
        return;
    if (status != err.status) {
        err = (s7_errinfo)S7_ERRINFO_INIT;
        s7_settings_asked(&pool->settings.client, &err);
        s7_report_came(&err, status, "");
    }
    fn(pool, status, status == S7_OK ? NULL : &err, pool->start_arg);
}

/* The end of what (close or pause) was asked; detail: why it is not a good one. */
static void tell_ended(s7_pool_loop *pool, s7_pool_ended_fn *fn, void *arg, const char *what,
                       s7_status status, const char *detail)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    if (fn == NULL)
        return;
    snprintf(err.asked, sizeof err.asked, "%s the pool of %.80s", what, pool->settings.client.where);
    if (status == S7_E_TIMEOUT)
        snprintf(err.hint, sizeof err.hint, "%s", S7_POOL_NOT_BACK_HINT);
    s7_report_came(&err, status, detail);
    fn(pool, status, status == S7_OK ? NULL : &err, arg);
}

static void tell_closed(s7_pool_loop *pool, s7_status status)
{
    s7_pool_ended_fn *fn = pool->close_fn;

    pool->close_fn = NULL;
    tell_ended(pool, fn, pool->close_arg, "close", status,
               "clients had not been put back and were taken away");
}

static void tell_paused(s7_pool_loop *pool, s7_status status)
{
    s7_pool_ended_fn *fn = pool->pause_fn;

    pool->pause_fn = NULL;
    tell_ended(pool, fn, pool->pause_arg, "pause", status,
               status == S7_E_TIMEOUT ? "clients have not been put back yet" : "");
}

static void carry_out(s7_pool_loop *pool, const struct s7_pool_action *action)
{
    struct member *member = &pool->members[action->conn];

    switch (action->kind) {
    case S7_POOL_DIAL:
        dial(member);
        break;
    case S7_POOL_CHECK: /* one that cannot be sent has no answer: the core's time for it runs */
        (void)!s7_conn_probe(member->conn, &pool->settings.check, on_alive, member);
        break;
    case S7_POOL_LISTEN:
        listen_to(pool);
        break;
    case S7_POOL_CLOSE:
        close_member(member);
        break;
    case S7_POOL_REVOKE:
        s7_conn_take_away(member->conn);
        close_member(member);
        break;
    case S7_POOL_GRANT:
    case S7_POOL_FAIL:
        tell_waiter(pool, action);
        break;
    case S7_POOL_STARTED:
        tell_started(pool, action->status);
        break;
    case S7_POOL_PAUSED:
        tell_paused(pool, action->status);
        break;
    case S7_POOL_CLOSED:
        tell_closed(pool, action->status);
        break;
    }
}

static void destroy(s7_pool_loop *pool)
{
    s7_pool_core_free(pool->core);
    free(pool);
}

static void tell_user(s7_pool_loop *pool, s7_pool_event *event)
{
    s7_errinfo dial = pool->dial;

    s7_pool_complete_event(&pool->settings, event, &dial);
    pool->settings.options.on_event(NULL, event, pool->settings.options.user);
}

/* false: there is nothing to do. */
static bool work_once(s7_pool_loop *pool)
{
    struct s7_pool_action action;
    s7_pool_event event;

    if (s7_pool_core_next(pool->core, &action))
        carry_out(pool, &action);
    else if (s7_pool_core_next_event(pool->core, &event))
        tell_user(pool, &event);
    else
        return false;
    return true;
}

static void answer_group(s7_pool_loop *pool)
{
    unsigned asked = s7_pool_share_asked(&pool->share);

    if (asked > 0)
        s7_pool_core_yield(pool->core, asked, now_of(pool));
    s7_pool_core_allowed(pool->core, now_of(pool));
}

static void work(s7_timer *timer, void *arg)
{
    s7_pool_loop *pool = arg;

    (void)timer;
    pool->working = true;
    if (pool->called)
        answer_group(pool);
    s7_pool_core_slept(pool->core, s7_loop_slept_ns(pool->loop), now_of(pool));
    while (!pool->freed && work_once(pool)) {
    }
    if (pool->called && !pool->freed)
        s7_pool_share_pass(&pool->share);
    pool->called = false;
    pool->working = false;
    if (pool->freed)
        destroy(pool);
    else
        s7_timer_set(pool->loop, &pool->timer, s7_pool_core_deadline(pool->core));
}

/* ---- the group ---- */

static void wake_loop(void *arg)
{
    s7_loop_wake(((s7_pool_loop *)arg)->loop);
}

static void look_whether_called(s7_loop *loop, void *arg)
{
    s7_pool_loop *pool = arg;

    (void)loop;
    if (!s7_pool_share_is_called(&pool->share))
        return;
    pool->called = true;
    wake(pool);
}

static s7_status join_group(s7_pool_loop *pool)
{
    s7_pool_group *group = pool->settings.options.group;

    if (group != NULL)
        s7_turn_hook_add(pool->loop, &pool->called_hook, look_whether_called, pool);
    return s7_pool_share_join(&pool->share, group, &pool->settings.client, wake_loop, pool);
}

/* ---- life ---- */

static s7_status make_members(s7_pool_loop *pool, unsigned size)
{
    while (pool->n_members < size) {
        struct member *member = &pool->members[pool->n_members];

        member->pool = pool;
        s7_status status =
            s7_conn_new_pooled(pool->loop, &pool->settings.client, on_state, member, &member->conn);
        if (status != S7_OK)
            return status;
        pool->n_members++;
    }
    return S7_OK;
}

s7_status s7_pool_loop_new(s7_loop *loop, const char *endpoint, const s7_pool_options *options,
                           s7_pool_loop **out, s7_errinfo *err)
{
    struct s7_pool_settings settings;
    s7_status status = s7_pool_settings_make(endpoint, options, &settings, err);

    if (status != S7_OK)
        return status;
    s7_pool_loop *pool = calloc(1, sizeof *pool + s7_settings_ranges_len(&settings.client));
    if (pool == NULL)
        return S7_E_NOMEM;
    pool->loop = loop;
    pool->settings = settings;
    s7_settings_move_ranges(&pool->settings.client, pool + 1);
    pool->dial = (s7_errinfo)S7_ERRINFO_INIT;
    s7_timer_init(&pool->timer, work, pool);
    status = s7_pool_core_new(&settings.rules, &pool->core);
    if (status == S7_OK)
        status = join_group(pool);
    if (status == S7_OK)
        status = make_members(pool, settings.rules.size);
    if (status != S7_OK) {
        s7_pool_loop_free(pool);
        return status;
    }
    *out = pool;
    return S7_OK;
}

void s7_pool_loop_free(s7_pool_loop *pool)
{
    if (pool == NULL || pool->freed)
        return;
    pool->freed = true;
    s7_timer_stop(&pool->timer);
    if (pool->listening)
        s7_turn_hook_remove(&pool->hook);
    s7_turn_hook_remove(&pool->called_hook);
    s7_pool_share_leave(&pool->share);
    for (unsigned i = 0; i < pool->n_members; i++)
        s7_conn_free(pool->members[i].conn);
    if (!pool->working)
        destroy(pool);
}

s7_status s7_pool_loop_start(s7_pool_loop *pool, uint32_t timeout_ms, s7_pool_ended_fn *fn, void *arg)
{
    int64_t deadline_ns = timeout_ms == 0 ? S7_NEVER_NS : in_ms(pool, timeout_ms);
    s7_status status = s7_pool_core_start(pool->core, deadline_ns, now_of(pool));

    if (status != S7_OK)
        return status;
    pool->start_fn = fn;
    pool->start_arg = arg;
    wake(pool);
    return S7_OK;
}

void s7_pool_loop_close(s7_pool_loop *pool, uint32_t timeout_ms, s7_pool_ended_fn *fn, void *arg)
{
    s7_pool_core_close(pool->core, in_ms(pool, timeout_ms), now_of(pool));
    pool->close_fn = fn;
    pool->close_arg = arg;
    wake(pool);
}

/* ---- maintenance ---- */

s7_status s7_pool_loop_resize(s7_pool_loop *pool, unsigned size)
{
    s7_status status = S7_E_ARG;

    if (size >= 1 && size <= S7_POOL_SIZE_MAX)
        status = make_members(pool, size);
    if (status == S7_OK)
        status = s7_pool_core_resize(pool->core, size, now_of(pool));
    wake(pool);
    return status;
}

s7_status s7_pool_loop_pause(s7_pool_loop *pool, uint32_t timeout_ms, s7_pool_ended_fn *fn, void *arg)
{
    uint32_t ms = timeout_ms != 0 ? timeout_ms : pool->settings.options.acquire_ms;
    s7_status status = s7_pool_core_pause(pool->core, in_ms(pool, ms), now_of(pool));

    if (status != S7_OK)
        return status;
    pool->pause_fn = fn;
    pool->pause_arg = arg;
    wake(pool);
    return S7_OK;
}

s7_status s7_pool_loop_resume(s7_pool_loop *pool)
{
    s7_status status = s7_pool_core_resume(pool->core, now_of(pool));

    wake(pool);
    return status;
}

s7_status s7_pool_loop_refresh(s7_pool_loop *pool)
{
    s7_status status = s7_pool_core_refresh(pool->core, now_of(pool));

    wake(pool);
    return status;
}

/* ---- lending ---- */

s7_status s7_pool_loop_get(s7_pool_loop *pool, struct s7_pool_request *request, uint32_t timeout_ms,
                           const char *label, s7_pool_got_fn *fn, void *arg, s7_errinfo *err)
{
    uint32_t ms = timeout_ms != 0 ? timeout_ms : pool->settings.options.acquire_ms;

    request->fn = fn;
    request->arg = arg;
    request->lease = (struct s7_pool_lease){0};
    s7_status status = s7_pool_core_get(pool->core, &request->waiter, label, in_ms(pool, ms), now_of(pool));
    wake(pool);
    if (status == S7_OK)
        return S7_OK;
    return s7_pool_report_get(&pool->settings, pool->core, &pool->dial, status, now_of(pool), err);
}

void s7_pool_loop_cancel(s7_pool_loop *pool, struct s7_pool_request *request)
{
    s7_pool_core_cancel(pool->core, &request->waiter, now_of(pool));
    wake(pool);
}

void s7_pool_loop_forgo(s7_pool_loop *pool, struct s7_pool_request *request)
{
    s7_pool_core_forgo(pool->core, &request->waiter, now_of(pool));
    wake(pool);
}

s7_status s7_pool_loop_submit(s7_pool_loop *pool, struct s7_pool_lease lease, bool write, s7_item *items,
                              size_t n_items, uint32_t timeout_ms, s7_conn_done_fn *done, void *arg,
                              s7_errinfo *err)
{
    if (s7_pool_core_is_current(pool->core, lease))
        return s7_conn_submit(pool->members[lease.conn].conn, write, items, n_items, timeout_ms, done, arg,
                              err);
    s7_errinfo why = S7_ERRINFO_INIT;
    snprintf(why.asked, sizeof why.asked, "a call to %.80s", pool->settings.client.where);
    s7_report_came(&why, S7_E_STALE_LEASE, "");
    s7_report_give(err, &why);
    pool->misuse++;
    return S7_E_STALE_LEASE;
}

static s7_status give_back(s7_pool_loop *pool, struct s7_pool_lease lease, enum s7_pool_condition condition,
                           s7_status why)
{
    s7_status status = s7_pool_core_put(pool->core, lease, condition, why, now_of(pool));

    wake(pool);
    return status;
}

s7_status s7_pool_loop_put(s7_pool_loop *pool, struct s7_pool_lease lease)
{
    enum s7_pool_condition condition = S7_POOL_PUT_CLEAN;

    if (s7_pool_core_is_current(pool->core, lease)) {
        const s7_conn *conn = pool->members[lease.conn].conn;

        if (s7_conn_busy(conn)) {
            pool->misuse++;
            return S7_E_MISUSE;
        }
        if (s7_session_owed(s7_conn_session(conn)) > 0)
            condition = S7_POOL_PUT_DIRTY;
    }
    return give_back(pool, lease, condition, S7_OK);
}

s7_status s7_pool_loop_discard(s7_pool_loop *pool, struct s7_pool_lease lease, s7_status why)
{
    return give_back(pool, lease, S7_POOL_PUT_DISCARD, why);
}

/* ---- questions ---- */

s7_status s7_pool_loop_stats(const s7_pool_loop *pool, s7_pool_stats *stats)
{
    s7_pool_stats now;

    s7_pool_core_stats(pool->core, &now);
    s7_pool_core_times(pool->core, &now);
    now.misuse += pool->misuse;
    for (unsigned i = 0; i < pool->n_members; i++)
        now.late_answers += s7_session_stats(s7_conn_session(pool->members[i].conn))->late_answers;
    return s7_pool_report_stats(&now, stats);
}

s7_conn *s7_pool_loop_conn(const s7_pool_loop *pool, unsigned conn)
{
    return pool->members[conn].conn;
}

enum s7_pool_state s7_pool_loop_state(const s7_pool_loop *pool, unsigned conn)
{
    return s7_pool_core_state(pool->core, conn);
}

struct s7_pool_loop_view s7_pool_loop_look(const s7_pool_loop *pool)
{
    return (struct s7_pool_loop_view){pool->loop, &pool->settings, pool->core, &pool->dial};
}
