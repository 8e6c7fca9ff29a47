#include "client/pool_core_impl.h"

#include <assert.h>

/* One list per state. Edges are named after the function that takes them; s7_pool_move does the moving.
 *
 *                                      WARM ---------- cool -----------------+
 *                                 warm ^  | cool                             |
 *                                      |  v                                  v
 *             dial             dialed  |  |         lend
 *      FREE --------> DIALING --------> IDLE ---------------------------> LEASED
 *       ^ ^              |              |  ^ ^                            ^  | | |
 *       | +- dial_failed-+  begin_check |  | |         put, forgo         |  | | |
 *       |    denied                     |  | +----------------------------|--+ | |
 *       |    retire (not begun)         v  | checked                      |    | |
 *       |                             CHECKING ----------- lend ----------+    | |
 *       |                                  ^ ^--------- put, forgo ------------+ |
 *       |                                  |  (the check's answer still to come) |
 *       |                           drained|                                     |
 *       |                    IDLE <--------+---- DIRTY <---------- put ----------+
 *       | closed
 *    CLOSING <-- retire: from IDLE (reap, yield_idle), CHECKING (drop_overdue, reap), DIRTY (drop_overdue,
 * sacrifice_dirty), LEASED (put or forgo of one that ended, is discarded or must go; revoke_all), any of them
 * (ended, wind_down), all that nobody holds, DIALING included (wind_down; turnover: resize, refresh, pause,
 * age)
 *
 * WARM (pool_warm.c): idle or lent, its borrowers know which. It is cooled before anything else happens, so
 * that no other edge leads there or away.
 *
 * An event (pool_events.c) moves one connection along an edge (pool_edges.c) and then calls s7_pool_settle,
 * which is the policy: it does whatever follows, until nothing does. What is to be done outside lies in lists
 * that s7_pool_core_next takes from. */

#define TO(state) (1U << S7_POOL_##state)

/* The edges of the picture. s7_pool_move asks in debug builds; that none is missing or too many is what
 * pool_edges_test.c is for. */
static const unsigned edges[S7_POOL_STATES] = {
    [S7_POOL_FREE] = TO(DIALING),
    [S7_POOL_DIALING] = TO(IDLE) | TO(FREE) | TO(CLOSING),
    [S7_POOL_IDLE] = TO(LEASED) | TO(CHECKING) | TO(WARM) | TO(CLOSING),
    [S7_POOL_CHECKING] = TO(IDLE) | TO(LEASED) | TO(CLOSING),
    [S7_POOL_LEASED] = TO(IDLE) | TO(CHECKING) | TO(DIRTY) | TO(CLOSING),
    [S7_POOL_WARM] = TO(IDLE) | TO(LEASED),
    [S7_POOL_DIRTY] = TO(IDLE) | TO(CHECKING) | TO(CLOSING),
    [S7_POOL_CLOSING] = TO(FREE),
};

bool s7_pool_is_edge(enum s7_pool_state from, enum s7_pool_state to)
{
    return (edges[from] & 1U << to) != 0;
}

/* ---- the policy: what s7_pool_settle() is made of, in its order ---- */

static void give_up_dirty(s7_pool_core *core, struct s7_pool_conn *conn)
{
    core->cause = S7_E_TIMEOUT;
    s7_pool_retire(core, conn, S7_POOL_CLOSE_TIMEOUT);
}

/* Answers that must have come by now. */
static void drop_overdue(s7_pool_core *core, int64_t now_ns)
{
    struct s7_pool_conn *next;

    for (struct s7_pool_conn *conn = core->lists[S7_POOL_CHECKING].first; conn != NULL; conn = next) {
        next = conn->next;
        if (now_ns >= conn->until_ns)
            s7_pool_check_failed(core, conn);
    }
    for (struct s7_pool_conn *conn = core->lists[S7_POOL_DIRTY].first; conn != NULL; conn = next) {
        next = conn->next;
        if (now_ns >= conn->until_ns)
            give_up_dirty(core, conn);
    }
}

/* First come, first served; the last put is lent first, or the first one. One under check is lent when the
 * PLC takes a second job beside the check's. */
static void serve(s7_pool_core *core, int64_t now_ns)
{
    while (core->waiting.first != NULL) {
        const struct s7_pool_list *idle = &core->lists[S7_POOL_IDLE];
        struct s7_pool_conn *conn = core->rules.lend_oldest ? idle->last : idle->first;

        if (conn == NULL)
            conn = core->lists[S7_POOL_CHECKING].first;
        while (conn != NULL && conn->state == S7_POOL_CHECKING && !conn->shareable &&
               conn->todo != S7_POOL_CHECK)
            conn = conn->next;
        if (conn == NULL)
            return;
        s7_pool_lend(core, conn, core->waiting.first, now_ns);
    }
}

/* What somebody whose time is up is told: never that all are taken when the PLC is to blame. */
s7_status s7_pool_core_in_vain(const s7_pool_core *core)
{
    if (core->paused)
        return S7_E_POOL_PAUSED;
    if (s7_pool_up(core) > 0)
        return S7_E_POOL_EXHAUSTED;
    if (core->no_place)
        return S7_E_BUDGET;
    return core->cause != S7_OK ? S7_E_PLC_DOWN : S7_E_TIMEOUT;
}

static void fail_overdue(s7_pool_core *core, int64_t now_ns)
{
    struct s7_pool_waiter *waiter;

    if (core->rules.fail_fast_when_down && core->down && !core->paused)
        while (core->waiting.first != NULL)
            s7_pool_fail(core, core->waiting.first, S7_E_PLC_DOWN);
    for (; (waiter = s7_pool_next_due(core, now_ns)) != NULL; core->gets_timed_out++)
        s7_pool_fail(core, waiter, s7_pool_core_in_vain(core));
}

/* The connection that was idle longest, under check or not, when there are more than min_idle. One under
 * check is not surplus when somebody waits for it. */
static struct s7_pool_conn *surplus(const s7_pool_core *core)
{
    struct s7_pool_conn *oldest = core->lists[S7_POOL_IDLE].last;

    if (s7_pool_ready(core) <= core->rules.min_idle || core->waiting.n > 0)
        return NULL;
    for (struct s7_pool_conn *conn = core->lists[S7_POOL_CHECKING].first; conn != NULL; conn = conn->next)
        if (oldest == NULL || conn->idle_since_ns < oldest->idle_since_ns)
            oldest = conn;
    return oldest;
}

static void reap(s7_pool_core *core, int64_t now_ns)
{
    struct s7_pool_conn *conn;

    while ((conn = surplus(core)) != NULL &&
           now_ns >= s7_pool_later(conn->idle_since_ns, core->rules.max_idle_ns)) {
        s7_pool_retire(core, conn, S7_POOL_CLOSE_IDLE);
    }
}

static void check_due(s7_pool_core *core, int64_t now_ns)
{
    struct s7_pool_conn *next;

    for (struct s7_pool_conn *conn = core->lists[S7_POOL_IDLE].first; conn != NULL; conn = next) {
        next = conn->next;
        if (now_ns >= conn->check_at_ns)
            s7_pool_begin_check(core, conn, now_ns);
    }
}

/* Connections that may be made now before the limit is reached. */
static unsigned room(const s7_pool_core *core)
{
    unsigned taken = s7_pool_taken(core);

    return taken < core->limit && !core->stumbled && !core->no_place ? core->limit - taken : 0;
}

/* Callers for whom nothing is being made, and nothing can be. */
static unsigned unprovided(const s7_pool_core *core)
{
    unsigned coming = s7_pool_n(core, S7_POOL_DIALING) + s7_pool_n(core, S7_POOL_CLOSING) + room(core);

    return core->waiting.n > coming ? core->waiting.n - coming : 0;
}

/* A late answer is not worth a caller's time: its connection makes room for a new one. It might have come, so
 * that says nothing against the PLC. */
static void sacrifice_dirty(s7_pool_core *core)
{
    for (unsigned n = unprovided(core); n > 0 && s7_pool_n(core, S7_POOL_DIRTY) > 0; n--)
        s7_pool_retire(core, core->lists[S7_POOL_DIRTY].first, S7_POOL_CLOSE_TIMEOUT);
}

/* With fail_when_exhausted, those for whom even that makes no room; the last to come first. */
static void turn_away(s7_pool_core *core)
{
    while (core->rules.fail_when_exhausted && s7_pool_up(core) > 0 && !core->paused &&
           unprovided(core) > s7_pool_n(core, S7_POOL_CHECKING))
        s7_pool_fail(core, core->waiting.last, S7_E_POOL_EXHAUSTED);
}

/* How many connections should be in the making. While the PLC is down one always is, so that its return is
 * noticed even if nobody waits. */
static unsigned wanted(const s7_pool_core *core)
{
    unsigned up = s7_pool_up(core), ready = s7_pool_ready(core);
    unsigned n = core->waiting.n + core->renewing;

    if (core->paused)
        return 0;
    if (core->start_want > up && core->start_want - up > n)
        n = core->start_want - up;
    if (core->phase == S7_POOL_OPEN && core->rules.min_idle > ready)
        n += core->rules.min_idle - ready;
    return n == 0 && core->phase == S7_POOL_OPEN && core->down ? 1 : n;
}

/* When the next dial may begin: S7_NEVER_NS: not before something else happens. */
static int64_t dial_at_ns(const s7_pool_core *core)
{
    unsigned dialing = s7_pool_n(core, S7_POOL_DIALING), taken = s7_pool_taken(core);
    bool slowly = core->down || room(core) == 0;

    if (core->denied || wanted(core) <= dialing || taken >= core->rules.size ||
        dialing >= core->rules.max_connecting || (slowly && dialing > 0))
        return S7_NEVER_NS;
    if (core->down || core->stumbled)
        return core->dial_at_ns;
    return room(core) > 0 ? INT64_MIN : core->grow_at_ns;
}

static void dial_due(s7_pool_core *core, int64_t now_ns)
{
    while (now_ns >= dial_at_ns(core))
        s7_pool_dial(core, core->lists[S7_POOL_FREE].first);
}

/* A failure counts as an outage when nothing is left. Then nothing is known of the PLC's limit either. */
static void note_outage(s7_pool_core *core, int64_t now_ns)
{
    if (s7_pool_up(core) > 0) {
        core->cause = S7_OK;
    } else if (core->limit < core->rules.size) {
        core->limit = core->rules.size;
        core->grow_ns = core->rules.probe_min_ns;
    }
    if (core->cause == S7_OK)
        core->down_since_ns = S7_NEVER_NS;
    else if (core->down_since_ns == S7_NEVER_NS)
        core->down_since_ns = now_ns;
}

/* ---- start and close ---- */

void s7_pool_end_start(s7_pool_core *core, s7_status status)
{
    core->start_want = 0;
    core->start_status = status;
    core->start_deadline_ns = S7_NEVER_NS;
    core->start_due = true;
}

static void watch_start(s7_pool_core *core, int64_t now_ns)
{
    if (core->phase != S7_POOL_STARTING)
        return;
    if (s7_pool_up(core) >= core->start_want) {
        core->phase = S7_POOL_OPEN;
        s7_pool_end_start(core, S7_OK);
    } else if (now_ns >= core->start_deadline_ns) {
        core->phase = S7_POOL_FAILING;
        core->start_status = S7_E_TIMEOUT;
    }
}

static void revoke_all(s7_pool_core *core)
{
    for (struct s7_pool_conn *conn; (conn = core->lists[S7_POOL_LEASED].first) != NULL;) {
        s7_pool_tell_return(core, conn, S7_E_POOL_CLOSED, core->now_ns);
        conn->revoked = conn->number;
        core->close_status = S7_E_TIMEOUT;
        s7_pool_retire(core, conn, S7_POOL_CLOSE_SHUTDOWN);
    }
}

/* FAILING or DRAINING: everything goes. */
static void wind_down(s7_pool_core *core, int64_t now_ns)
{
    while (core->waiting.first != NULL)
        s7_pool_fail(core, core->waiting.first, S7_E_POOL_CLOSED);
    s7_pool_retire_held(core, S7_POOL_CLOSE_SHUTDOWN);
    if (now_ns >= core->close_deadline_ns)
        revoke_all(core);
    if (s7_pool_taken(core) > 0)
        return;
    if (core->phase == S7_POOL_FAILING) {
        core->phase = S7_POOL_NEW;
        s7_pool_end_start(core, core->start_status);
    } else {
        core->phase = S7_POOL_SHUT;
        s7_pool_tell(core, S7_POOL_EVENT_SHUT, NULL, now_ns)->status = core->close_status;
        core->close_deadline_ns = S7_NEVER_NS;
        core->close_due = true;
    }
}

void s7_pool_settle(s7_pool_core *core, int64_t now_ns)
{
    bool ages = core->rules.max_lifetime_ns != S7_NEVER_NS;

    assert(s7_pool_n(core, S7_POOL_WARM) == 0);
    s7_pool_note_leap(core, now_ns);
    core->now_ns = now_ns;
    watch_start(core, now_ns);
    if (core->phase == S7_POOL_FAILING || core->phase == S7_POOL_DRAINING) {
        wind_down(core, now_ns);
    } else {
        drop_overdue(core, now_ns);
        if (core->paused || ages || s7_pool_excess(core) > 0)
            s7_pool_turn_over(core, now_ns);
        serve(core, now_ns);
        s7_pool_yield_idle(core, now_ns);
        note_outage(core, now_ns);
        fail_overdue(core, now_ns);
        sacrifice_dirty(core);
        turn_away(core);
        reap(core, now_ns);
        check_due(core, now_ns);
        if (ages)
            s7_pool_note_renewal(core, now_ns);
        dial_due(core, now_ns);
        if (core->pausing)
            s7_pool_watch_pause(core, now_ns);
        if (core->rules.leak_ns != S7_NEVER_NS)
            s7_pool_tell_leaks(core, now_ns);
    }
    core->soonest_ns = s7_pool_core_chores(core);
    assert(s7_pool_core_fault(core) == NULL);
}

bool s7_pool_is_quiet(const s7_pool_core *core, int64_t now_ns)
{
    unsigned resting = s7_pool_n(core, S7_POOL_IDLE) + s7_pool_n(core, S7_POOL_LEASED);

    return core->phase == S7_POOL_OPEN && core->waiting.n == 0 && core->start_want == 0 &&
           resting == s7_pool_taken(core) && resting <= core->rules.size && core->n_condemned == 0 &&
           !core->paused && core->yields == 0 && !core->rules.lend_oldest && core->rules.min_idle == 0 &&
           core->rules.max_lifetime_ns == S7_NEVER_NS && now_ns < core->soonest_ns;
}

/* ---- time ---- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t s7_pool_core_chores(const s7_pool_core *core)
{
    int64_t at_ns = core->start_deadline_ns;
    const struct s7_pool_conn *conn = surplus(core);

    if (core->phase != S7_POOL_STARTING && core->phase != S7_POOL_OPEN)
        return s7_pool_n(core, S7_POOL_LEASED) > 0 ? core->close_deadline_ns : S7_NEVER_NS;
    if (conn != NULL)
        at_ns = earlier(at_ns, s7_pool_later(conn->idle_since_ns, core->rules.max_idle_ns));
    for (conn = core->lists[S7_POOL_IDLE].first; conn != NULL; conn = conn->next)
        at_ns = earlier(at_ns, conn->check_at_ns);
    for (conn = core->lists[S7_POOL_CHECKING].first; conn != NULL; conn = conn->next)
        at_ns = earlier(at_ns, conn->until_ns);
    for (conn = core->lists[S7_POOL_DIRTY].first; conn != NULL; conn = conn->next)
        at_ns = earlier(at_ns, conn->until_ns);
    if (core->pausing || core->rules.max_lifetime_ns != S7_NEVER_NS)
        at_ns = earlier(at_ns, s7_pool_turnover_at_ns(core));
    if (core->rules.leak_ns != S7_NEVER_NS)
        at_ns = earlier(at_ns, s7_pool_leak_at_ns(core));
    if (core->yields > 0)
        at_ns = earlier(at_ns, s7_pool_yield_at_ns(core));
    return earlier(at_ns, dial_at_ns(core));
}

int64_t s7_pool_core_soonest(const s7_pool_core *core)
{
    return core->soonest_ns;
}

void s7_pool_note_lease(s7_pool_core *core, const struct s7_pool_conn *conn)
{
    int64_t due_ns = s7_pool_later(conn->leased_ns, core->rules.leak_ns);

    if (conn->state == S7_POOL_IDLE)
        due_ns = earlier(conn->check_at_ns, s7_pool_later(conn->idle_since_ns, core->rules.max_idle_ns));
    core->soonest_ns = earlier(core->soonest_ns, due_ns);
    assert(s7_pool_core_fault(core) == NULL);
}

/* Its time while it is idle is known already; from now on it may be lent at any moment. */
void s7_pool_note_warm(s7_pool_core *core, int64_t now_ns)
{
    core->soonest_ns = earlier(core->soonest_ns, s7_pool_later(now_ns, core->rules.leak_ns));
    assert(s7_pool_core_fault(core) == NULL);
}

int64_t s7_pool_core_deadline(const s7_pool_core *core)
{
    int64_t at_ns = s7_pool_core_chores(core);

    return core->due != NULL ? earlier(at_ns, core->due->at_ns) : at_ns;
}
