#include "client/pool_core_impl.h"

#include "loop/random.h"

/* Connections that go although nothing is wrong with them: too old, too many, replaced, paused.
 *
 * Old ones go one at a time, and one that min_idle needs goes when its replacement is there. So that those
 * born together do not go together, each one's time is drawn: between renew_at and dies_at it waits for its
 * turn; from dies_at on it is closed whatever that costs, but to a borrower. */

/* ---- age ---- */

void s7_pool_be_born(const s7_pool_core *core, struct s7_pool_conn *conn, uint64_t random, int64_t now_ns)
{
    int64_t half_ns = core->rules.lifetime_jitter_ns / 2;

    conn->dies_at_ns = s7_pool_later(now_ns, core->rules.max_lifetime_ns);
    if (conn->dies_at_ns != S7_NEVER_NS)
        conn->dies_at_ns -= s7_draw_range(random, 0, half_ns);
    conn->renew_at_ns = conn->dies_at_ns == S7_NEVER_NS ? S7_NEVER_NS : conn->dies_at_ns - half_ns;
}

/* Its turn: no other one is being replaced, and without it there are enough, or no place for one more.
 * others: that are ready. */
static bool may_renew(const s7_pool_core *core, unsigned others)
{
    if (s7_pool_n(core, S7_POOL_DIALING) > 0 || s7_pool_n(core, S7_POOL_CLOSING) > 0)
        return false;
    return others >= core->rules.min_idle || s7_pool_taken(core) >= core->rules.size;
}

static bool is_old(const s7_pool_core *core, const struct s7_pool_conn *conn, unsigned others, int64_t now_ns)
{
    return now_ns >= conn->dies_at_ns || (now_ns >= conn->renew_at_ns && may_renew(core, others));
}

static struct s7_pool_conn *next_old(const s7_pool_core *core, enum s7_pool_state state, int64_t now_ns)
{
    for (struct s7_pool_conn *conn = core->lists[state].first; conn != NULL; conn = conn->next)
        if (is_old(core, conn, s7_pool_ready(core) - 1, now_ns))
            return conn;
    return NULL;
}

static void expire(s7_pool_core *core, int64_t now_ns)
{
    struct s7_pool_conn *conn;

    while ((conn = next_old(core, S7_POOL_IDLE, now_ns)) != NULL ||
           (conn = next_old(core, S7_POOL_CHECKING, now_ns)) != NULL)
        s7_pool_retire(core, conn, S7_POOL_CLOSE_LIFETIME);
}

static bool has_overaged(const s7_pool_core *core, enum s7_pool_state state, int64_t now_ns)
{
    for (const struct s7_pool_conn *conn = core->lists[state].first; conn != NULL; conn = conn->next)
        if (now_ns >= conn->renew_at_ns)
            return true;
    return false;
}

void s7_pool_note_renewal(s7_pool_core *core, int64_t now_ns)
{
    core->renewing =
        s7_pool_ready(core) <= core->rules.min_idle &&
        (has_overaged(core, S7_POOL_IDLE, now_ns) || has_overaged(core, S7_POOL_CHECKING, now_ns));
}

static int64_t earliest(const s7_pool_core *core, enum s7_pool_state state, int64_t at_ns)
{
    for (const struct s7_pool_conn *conn = core->lists[state].first; conn != NULL; conn = conn->next) {
        int64_t due_ns = conn->renew_at_ns > core->now_ns ? conn->renew_at_ns : conn->dies_at_ns;

        at_ns = due_ns < at_ns ? due_ns : at_ns;
    }
    return at_ns;
}

int64_t s7_pool_turnover_at_ns(const s7_pool_core *core)
{
    int64_t at_ns = core->pausing ? core->pause_deadline_ns : S7_NEVER_NS;

    if (core->rules.max_lifetime_ns == S7_NEVER_NS)
        return at_ns;
    return earliest(core, S7_POOL_CHECKING, earliest(core, S7_POOL_IDLE, at_ns));
}

/* ---- size ---- */

/* The one that is missed least. */
static struct s7_pool_conn *most_superfluous(const s7_pool_core *core)
{
    static const enum s7_pool_state states[] = {S7_POOL_DIALING, S7_POOL_DIRTY, S7_POOL_IDLE,
                                                S7_POOL_CHECKING};

    for (unsigned i = 0; i < sizeof states / sizeof states[0]; i++)
        if (core->lists[states[i]].last != NULL)
            return core->lists[states[i]].last;
    return NULL;
}

static void shrink(s7_pool_core *core)
{
    struct s7_pool_conn *conn;

    while (s7_pool_excess(core) > 0 && (conn = most_superfluous(core)) != NULL)
        s7_pool_retire(core, conn, S7_POOL_CLOSE_SHRINK);
}

static bool is_closed(const s7_pool_core *core)
{
    return core->phase == S7_POOL_DRAINING || core->phase == S7_POOL_SHUT;
}

s7_status s7_pool_core_resize(s7_pool_core *core, unsigned size, int64_t now_ns)
{
    bool full = core->limit < core->rules.size;

    if (is_closed(core))
        return S7_E_POOL_CLOSED;
    if (s7_pool_make_places(core, size) != S7_OK)
        return S7_E_NOMEM;
    core->rules.size = size;
    s7_pool_tell(core, S7_POOL_EVENT_RESIZED, NULL, now_ns)->count = size;
    if (!full || core->limit > size)
        core->limit = size;
    if (core->start_want > size)
        core->start_want = size;
    for (struct s7_pool_conn *conn = core->lists[S7_POOL_IDLE].first; conn != NULL; conn = conn->next)
        conn->check_at_ns = s7_pool_next_check_ns(core, conn, now_ns);
    s7_pool_settle(core, now_ns);
    return S7_OK;
}

/* ---- refresh ---- */

/* What was learned of the PLC's state: it may be another one by now. */
static void forget_outage(s7_pool_core *core)
{
    core->down = core->stumbled = false;
    core->cause = S7_OK;
    core->down_since_ns = S7_NEVER_NS;
    core->backoff_ns = core->rules.backoff_min_ns;
}

s7_status s7_pool_core_refresh(s7_pool_core *core, int64_t now_ns)
{
    if (is_closed(core))
        return S7_E_POOL_CLOSED;
    (void)s7_pool_tell(core, S7_POOL_EVENT_REFRESHED, NULL, now_ns);
    s7_pool_retire_held(core, S7_POOL_CLOSE_EVICTED);
    for (struct s7_pool_conn *conn = core->lists[S7_POOL_LEASED].first; conn != NULL; conn = conn->next)
        conn->evicted = true;
    core->limit = core->rules.size;
    core->grow_ns = core->rules.probe_min_ns;
    forget_outage(core);
    s7_pool_settle(core, now_ns);
    return S7_OK;
}

/* ---- pause ---- */

void s7_pool_end_pause(s7_pool_core *core, s7_status status)
{
    if (!core->pausing)
        return;
    core->pausing = false;
    core->pause_due = true;
    core->pause_status = status;
    core->pause_deadline_ns = S7_NEVER_NS;
}

void s7_pool_watch_pause(s7_pool_core *core, int64_t now_ns)
{
    if (s7_pool_taken(core) == 0)
        s7_pool_end_pause(core, S7_OK);
    else if (now_ns >= core->pause_deadline_ns)
        s7_pool_end_pause(core, S7_E_TIMEOUT);
}

s7_status s7_pool_core_pause(s7_pool_core *core, int64_t deadline_ns, int64_t now_ns)
{
    if (is_closed(core))
        return S7_E_POOL_CLOSED;
    if (core->phase != S7_POOL_OPEN || core->pausing)
        return S7_E_MISUSE;
    if (!core->paused)
        (void)s7_pool_tell(core, S7_POOL_EVENT_PAUSED, NULL, now_ns);
    core->paused = core->pausing = true;
    core->pause_deadline_ns = deadline_ns;
    s7_pool_settle(core, now_ns);
    return S7_OK;
}

s7_status s7_pool_core_resume(s7_pool_core *core, int64_t now_ns)
{
    if (is_closed(core))
        return S7_E_POOL_CLOSED;
    if (core->paused) {
        forget_outage(core);
        (void)s7_pool_tell(core, S7_POOL_EVENT_RESUMED, NULL, now_ns);
    }
    core->paused = false;
    s7_pool_end_pause(core, S7_E_CANCELLED);
    s7_pool_settle(core, now_ns);
    return S7_OK;
}

/* ---- all of it ---- */

bool s7_pool_must_go(const s7_pool_core *core, const struct s7_pool_conn *conn, int64_t now_ns,
                     s7_pool_close_reason *reason)
{
    if (conn->condemned)
        *reason = conn->reason;
    else if (conn->evicted)
        *reason = S7_POOL_CLOSE_EVICTED;
    else if (core->paused)
        *reason = S7_POOL_CLOSE_PAUSE;
    else if (s7_pool_excess(core) > 0)
        *reason = S7_POOL_CLOSE_SHRINK;
    else if (s7_pool_may_yield(core, conn, now_ns))
        *reason = S7_POOL_CLOSE_YIELDED;
    else if (is_old(core, conn, s7_pool_ready(core), now_ns))
        *reason = S7_POOL_CLOSE_LIFETIME;
    else
        return false;
    return true;
}

void s7_pool_turn_over(s7_pool_core *core, int64_t now_ns)
{
    if (core->paused)
        s7_pool_retire_held(core, S7_POOL_CLOSE_PAUSE);
    shrink(core);
    if (core->rules.max_lifetime_ns != S7_NEVER_NS)
        expire(core, now_ns);
}
