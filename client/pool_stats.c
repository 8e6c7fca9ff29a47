#include "client/pool_core_impl.h"

enum s7_pool_state s7_pool_core_state(const s7_pool_core *core, unsigned conn)
{
    return conn < core->n_places ? core->conns[conn]->state : S7_POOL_FREE;
}

static unsigned leaking(const s7_pool_core *core)
{
    unsigned n = 0;

    for (const struct s7_pool_conn *conn = core->lists[S7_POOL_LEASED].first; conn != NULL; conn = conn->next)
        n += conn->leak_told;
    return n;
}

void s7_pool_core_stats(const s7_pool_core *core, s7_pool_stats *stats)
{
    *stats = (s7_pool_stats){
        .struct_size = sizeof *stats,
        .total_connections = s7_pool_total(core),
        .available = s7_pool_n(core, S7_POOL_IDLE),
        .in_use = s7_pool_n(core, S7_POOL_LEASED),
        .health_check_failures = core->health_check_failures,
        .checking = s7_pool_n(core, S7_POOL_CHECKING),
        .dirty = s7_pool_n(core, S7_POOL_DIRTY),
        .closing = s7_pool_n(core, S7_POOL_CLOSING),
        .connecting = s7_pool_n(core, S7_POOL_DIALING),
        .waiting = core->waiting.n,
        .size = core->rules.size,
        .limit = core->limit,
        .down = core->down,
        .paused = core->paused,
        .leaking = leaking(core),
        .leaks = core->leaks,
        .gets_timed_out = core->gets_timed_out,
        .gets_cancelled = core->gets_cancelled,
        .dials = core->dials,
        .denied = core->no_place,
        .denials = core->denials,
        .outages = core->outages,
        .reconnects = core->reconnects,
        .events_lost = core->events_lost,
        .last_connect_error = core->dial_error,
        .gets = core->gets,
        .gets_waited = core->gets_waited,
        .gets_failed = core->gets_failed,
        .puts = core->puts,
        .misuse = core->misuse,
        .health_checks = core->health_checks,
        .connects = core->connects,
        .connect_failures = core->connect_failures,
    };
    for (int i = 0; i < S7_POOL_CLOSE_REASONS; i++)
        stats->closed[i] = core->closed[i];
    for (int i = 0; i < S7_POOL_DIAL_FAILURES; i++)
        stats->dial_failures[i] = core->dial_failures[i];
}

static s7_pool_times times_of(const struct s7_histogram *histogram)
{
    return (s7_pool_times){.count = histogram->count,
                           .sum_ns = histogram->sum_ns,
                           .p50_ns = s7_histogram_quantile(histogram, 500),
                           .p95_ns = s7_histogram_quantile(histogram, 950),
                           .p99_ns = s7_histogram_quantile(histogram, 990),
                           .max_ns = histogram->max_ns};
}

void s7_pool_core_times(const s7_pool_core *core, s7_pool_stats *stats)
{
    stats->wait = times_of(&core->wait);
    stats->lease = times_of(&core->lease);
    stats->connect = times_of(&core->connect);
}

bool s7_pool_core_holder(const s7_pool_core *core, unsigned nth, const char **label, int64_t *since_ns)
{
    const struct s7_pool_conn *conn = core->lists[S7_POOL_LEASED].first; /* in the order of lending */

    while (conn != NULL && nth-- > 0)
        conn = conn->next;
    if (conn == NULL)
        return false;
    *label = conn->label;
    *since_ns = conn->leased_ns;
    return true;
}

s7_status s7_pool_core_cause(const s7_pool_core *core, int64_t *down_since_ns)
{
    *down_since_ns = core->down_since_ns;
    return core->cause;
}

const char *s7_pool_close_reason_name(s7_pool_close_reason reason)
{
    static const char *const names[S7_POOL_CLOSE_REASONS] = {"idle",   "health",   "borrower", "timeout",
                                                             "peer",   "protocol", "shutdown", "lifetime",
                                                             "shrink", "evicted",  "pause",    "yielded"};

    return reason >= 0 && reason < S7_POOL_CLOSE_REASONS ? names[reason] : "?";
}

struct s7_pool_load s7_pool_core_load(const s7_pool_core *core)
{
    return (struct s7_pool_load){.waiting = core->waiting.n, .up = s7_pool_up(core)};
}

bool s7_pool_core_is_waiting(const struct s7_pool_waiter *waiter)
{
    return waiter->state == S7_WAITER_WAITING;
}

bool s7_pool_core_wants_back(const s7_pool_core *core, struct s7_pool_lease lease, int64_t now_ns)
{
    s7_pool_close_reason reason;

    return s7_pool_core_is_current(core, lease) &&
           s7_pool_must_go(core, core->conns[lease.conn], now_ns, &reason);
}

/* ---- invariants ---- */

static const char *list_fault(const s7_pool_core *core, enum s7_pool_state state)
{
    const struct s7_pool_list *list = &core->lists[state];
    const struct s7_pool_conn *before = NULL;
    unsigned n = 0;

    for (const struct s7_pool_conn *conn = list->first; conn != NULL; before = conn, conn = conn->next, n++) {
        if (conn->state != state || conn->prev != before || n >= core->n_places)
            return "a list's links or its connections' state";
        if (state == S7_POOL_IDLE && before != NULL && before->idle_since_ns < conn->idle_since_ns)
            return "the idle list is not ordered by the last put";
    }
    return n == list->n && list->last == before ? NULL : "a list's number of connections, or its end";
}

static const char *conn_fault(const struct s7_pool_conn *conn)
{
    enum s7_pool_state state = conn->state;
    int todo = conn->todo;

    if ((state == S7_POOL_LEASED) != (conn->number != 0))
        return "a lease number without a lease, or a lease without one";
    if ((todo == S7_POOL_DIAL && state != S7_POOL_DIALING) ||
        (todo == S7_POOL_CHECK && state != S7_POOL_CHECKING) ||
        (todo == S7_POOL_LISTEN && state != S7_POOL_CHECKING && state != S7_POOL_DIRTY) ||
        ((todo == S7_POOL_CLOSE || todo == S7_POOL_REVOKE) && state != S7_POOL_CLOSING))
        return "something to do that does not belong to the state";
    if (conn->check_open && state != S7_POOL_CHECKING && state != S7_POOL_LEASED && state != S7_POOL_DIRTY)
        return "an open check on a connection that has none";
    if (state == S7_POOL_CHECKING && !conn->check_open)
        return "a connection under check without a check";
    if (conn->evicted && state != S7_POOL_LEASED)
        return "an evicted connection that is not lent";
    if (conn->condemned && state != S7_POOL_LEASED)
        return "a condemned connection that is not lent";
    return NULL;
}

static const char *promise_fault(const s7_pool_core *core)
{
    if (s7_pool_excess(core) > 0 &&
        s7_pool_taken(core) > s7_pool_n(core, S7_POOL_CLOSING) + s7_pool_n(core, S7_POOL_LEASED))
        return "more connections than size";
    if (s7_pool_n(core, S7_POOL_DIALING) > core->rules.max_connecting)
        return "more dials at a time than max_connecting";
    if (core->limit < 1 || core->limit > core->rules.size)
        return "a limit out of 1..size";
    if (core->phase == S7_POOL_OPEN && core->waiting.n > 0 && s7_pool_n(core, S7_POOL_IDLE) > 0)
        return "somebody waits although a connection is idle";
    if (core->phase != S7_POOL_OPEN && core->waiting.n > 0)
        return "somebody waits at a pool that is not open";
    if ((core->phase == S7_POOL_NEW || core->phase == S7_POOL_SHUT) && s7_pool_taken(core) > 0)
        return "a pool that is not open has connections";
    if (core->soonest_ns > s7_pool_core_chores(core))
        return "something has to be done sooner than is known";
    if (core->n_events > S7_POOL_EVENTS_KEPT || (core->n_events > 0 && core->events == NULL))
        return "more events than are kept";
    if (core->paused &&
        s7_pool_taken(core) > s7_pool_n(core, S7_POOL_LEASED) + s7_pool_n(core, S7_POOL_CLOSING))
        return "a paused pool has connections that nobody holds";
    if (core->pausing && !core->paused)
        return "somebody waits for a pause that is over";
    if ((core->waiting.n > 0) != (core->due != NULL))
        return "deadlines without waiters, or the reverse";
    return NULL;
}

/* Lists first: whatever else is asked follows their links. */
const char *s7_pool_core_fault(const s7_pool_core *core)
{
    const char *fault = NULL;
    unsigned n = 0, condemned = 0;

    for (enum s7_pool_state state = S7_POOL_FREE; fault == NULL && state < S7_POOL_STATES; state++) {
        fault = list_fault(core, state);
        n += s7_pool_n(core, state);
    }
    if (fault == NULL && n != core->n_places)
        fault = "a connection is on no list";
    for (unsigned i = 0; fault == NULL && i < core->n_places; i++) {
        fault = conn_fault(core->conns[i]);
        condemned += core->conns[i]->condemned;
    }
    if (fault == NULL && condemned != core->n_condemned)
        fault = "the number of condemned connections";
    return fault != NULL ? fault : promise_fault(core);
}
