#include "client/pool_core_impl.h"

#include "loop/random.h"

#include <stdlib.h>

/* ---- life ---- */

s7_status s7_pool_core_new(const struct s7_pool_rules *rules, s7_pool_core **out)
{
    s7_pool_core *core = calloc(1, sizeof *core);

    if (core == NULL)
        return S7_E_NOMEM;
    if (rules->tells)
        core->events = calloc(S7_POOL_EVENTS_KEPT, sizeof core->events[0]);
    if ((rules->tells && core->events == NULL) || s7_pool_make_places(core, rules->size) != S7_OK) {
        s7_pool_core_free(core);
        return S7_E_NOMEM;
    }
    core->rules = *rules;
    core->limit = rules->size;
    core->backoff_ns = core->rules.backoff_min_ns;
    core->grow_ns = core->rules.probe_min_ns;
    core->start_deadline_ns = core->close_deadline_ns = core->pause_deadline_ns = S7_NEVER_NS;
    core->down_since_ns = core->soonest_ns = core->slept_ns = S7_NEVER_NS;
    *out = core;
    return S7_OK;
}

void s7_pool_core_free(s7_pool_core *core)
{
    if (core == NULL)
        return;
    s7_pool_free_places(core);
    free(core->events);
    free(core);
}

s7_status s7_pool_core_start(s7_pool_core *core, int64_t deadline_ns, int64_t now_ns)
{
    if (core->phase == S7_POOL_DRAINING || core->phase == S7_POOL_SHUT)
        return S7_E_POOL_CLOSED;
    if (core->phase != S7_POOL_NEW)
        return S7_E_MISUSE;
    core->origin_ns = now_ns;
    core->start_want = core->rules.start == S7_POOL_START_ALL ? core->rules.size : 1;
    core->start_deadline_ns = deadline_ns;
    core->start_due = false;
    core->cause = S7_OK;
    core->down = false;
    core->phase = S7_POOL_STARTING;
    if (core->rules.start == S7_POOL_START_BACKGROUND) {
        core->phase = S7_POOL_OPEN;
        s7_pool_end_start(core, S7_OK);
        core->start_want = 1; /* until the first dial ended */
    }
    s7_pool_settle(core, now_ns);
    return S7_OK;
}

s7_status s7_pool_core_close(s7_pool_core *core, int64_t deadline_ns, int64_t now_ns)
{
    if (core->phase == S7_POOL_SHUT)
        core->close_due = true;
    if (core->phase == S7_POOL_SHUT)
        return S7_OK;
    if (core->phase == S7_POOL_STARTING || core->phase == S7_POOL_FAILING)
        s7_pool_end_start(core, S7_E_POOL_CLOSED);
    core->start_want = 0;
    core->paused = false;
    s7_pool_end_pause(core, S7_E_POOL_CLOSED);
    if (core->phase != S7_POOL_DRAINING || deadline_ns < core->close_deadline_ns)
        core->close_deadline_ns = deadline_ns;
    core->phase = S7_POOL_DRAINING;
    s7_pool_settle(core, now_ns);
    return S7_OK;
}

void s7_pool_core_tick(s7_pool_core *core, int64_t now_ns)
{
    s7_pool_settle(core, now_ns);
}

/* ---- users ---- */

static s7_status refuse(s7_pool_core *core, s7_status status)
{
    core->misuse += status == S7_E_MISUSE || status == S7_E_FOREIGN;
    return status;
}

s7_status s7_pool_core_get(s7_pool_core *core, struct s7_pool_waiter *waiter, const char *label,
                           int64_t deadline_ns, int64_t now_ns)
{
    if (core->phase == S7_POOL_DRAINING || core->phase == S7_POOL_SHUT)
        return refuse(core, S7_E_POOL_CLOSED);
    if (core->phase != S7_POOL_OPEN)
        return refuse(core, S7_E_MISUSE);
    if (core->rules.max_waiters != 0 && core->waiting.n >= core->rules.max_waiters) {
        core->gets_failed++;
        return S7_E_POOL_QUEUE_FULL;
    }
    waiter->label = label;
    waiter->waited = false;
    waiter->since_ns = now_ns;
    struct s7_pool_conn *idle = s7_pool_is_quiet(core, now_ns) ? core->lists[S7_POOL_IDLE].first : NULL;
    s7_pool_wait(core, waiter, deadline_ns);
    if (idle != NULL) {
        s7_pool_lend(core, idle, waiter, now_ns);
        core->now_ns = now_ns;
        s7_pool_note_lease(core, idle);
        return S7_OK;
    }
    s7_pool_settle(core, now_ns);
    if (waiter->state != S7_WAITER_WAITING)
        return S7_OK;
    waiter->waited = true;
    s7_pool_event *event = s7_pool_tell(core, S7_POOL_EVENT_WAIT_BEGAN, NULL, now_ns);
    event->label = label;
    event->count = core->waiting.n;
    return S7_OK;
}

bool s7_pool_core_is_current(const s7_pool_core *core, struct s7_pool_lease lease)
{
    return lease.number != 0 && lease.conn < core->n_places &&
           core->conns[lease.conn]->number == lease.number;
}

s7_status s7_pool_core_put(s7_pool_core *core, struct s7_pool_lease lease, enum s7_pool_condition condition,
                           s7_status why, int64_t now_ns)
{
    if (lease.conn >= core->n_places || lease.number == 0)
        return refuse(core, S7_E_FOREIGN);
    s7_pool_close_reason reason;
    struct s7_pool_conn *conn = core->conns[lease.conn];
    if (conn->revoked == lease.number) { /* said once */
        conn->revoked = 0;
        return S7_E_POOL_CLOSED;
    }
    if (conn->number != lease.number)
        return refuse(core, S7_E_MISUSE);

    s7_pool_note_return(core, conn, why, now_ns);
    conn->number = 0;
    conn->label = NULL;
    conn->idle_since_ns = now_ns;
    if (condition == S7_POOL_PUT_DISCARD && !conn->condemned) {
        conn->why = why;
        s7_pool_retire(core, conn, S7_POOL_CLOSE_BORROWER);
    } else if (s7_pool_must_go(core, conn, now_ns, &reason)) {
        s7_pool_retire(core, conn, reason);
    } else {
        bool dirty = condition == S7_POOL_PUT_DIRTY;

        conn->until_ns = s7_pool_later(now_ns, dirty ? core->rules.dirty_ns : core->rules.health_timeout_ns);
        if (dirty)
            s7_pool_move(core, conn, S7_POOL_DIRTY);
        else
            s7_pool_rest(core, conn, now_ns);
        if (conn->state != S7_POOL_IDLE)
            s7_pool_ask(core, conn, S7_POOL_LISTEN);
    }
    if (conn->state == S7_POOL_IDLE && s7_pool_is_quiet(core, now_ns)) {
        core->now_ns = now_ns;
        s7_pool_note_lease(core, conn);
    } else {
        s7_pool_settle(core, now_ns);
    }
    return S7_OK;
}

void s7_pool_core_cancel(s7_pool_core *core, struct s7_pool_waiter *waiter, int64_t now_ns)
{
    if (waiter->state == S7_WAITER_WAITING) {
        core->gets_failed++;
        core->gets_cancelled++;
    }
    s7_pool_core_forgo(core, waiter, now_ns);
}

void s7_pool_core_forgo(s7_pool_core *core, struct s7_pool_waiter *waiter, int64_t now_ns)
{
    bool granted = waiter->state == S7_WAITER_SETTLED && waiter->status == S7_OK;

    if (waiter->state == S7_WAITER_WAITING)
        s7_pool_tell_wait(core, waiter, NULL, S7_E_CANCELLED, now_ns);
    if (waiter->state != S7_WAITER_FREE)
        s7_pool_forget_waiter(core, waiter);
    if (granted && s7_pool_core_is_current(core, waiter->lease)) {
        struct s7_pool_conn *conn = core->conns[waiter->lease.conn];
        s7_pool_close_reason reason;

        s7_pool_tell_return(core, conn, S7_E_CANCELLED, now_ns);
        core->gets--; /* it was not used: its idle time goes on */
        core->gets_waited -= waiter->waited;
        s7_histogram_take_back(&core->wait, conn->leased_ns - waiter->since_ns);
        conn->number = 0;
        conn->label = NULL;
        if (s7_pool_must_go(core, conn, now_ns, &reason))
            s7_pool_retire(core, conn, reason);
        else
            s7_pool_rest(core, conn, now_ns);
        if (conn->state == S7_POOL_CHECKING)
            s7_pool_ask(core, conn, S7_POOL_LISTEN);
    }
    s7_pool_settle(core, now_ns);
}

/* ---- connections ---- */

/* One was made: what was known of an outage or of the PLC's limit is over. */
static void note_success(s7_pool_core *core, struct s7_pool_conn *conn, int64_t now_ns)
{
    s7_pool_tell(core, S7_POOL_EVENT_CONNECTED, conn, now_ns)->took_ns = now_ns - conn->since_ns;
    s7_histogram_add(&core->connect, now_ns - conn->since_ns);
    core->connects++;
    core->reconnects += core->down_since_ns != S7_NEVER_NS;
    if (core->told_down)
        s7_pool_tell(core, S7_POOL_EVENT_UP, conn, now_ns)->took_ns = now_ns - core->told_down_ns;
    core->down = core->told_down = core->stumbled = false;
    core->cause = core->dial_error = S7_OK;
    core->backoff_ns = core->rules.backoff_min_ns;
    conn->since_ns = now_ns;
}

void s7_pool_core_dialing(s7_pool_core *core, unsigned index, int64_t now_ns)
{
    if (core->conns[index]->state != S7_POOL_DIALING)
        return;
    core->dials++;
    if (core->rules.tell_all)
        (void)s7_pool_tell(core, S7_POOL_EVENT_CONNECTING, core->conns[index], now_ns);
}

void s7_pool_core_dialed(s7_pool_core *core, unsigned index, unsigned jobs, uint64_t random, int64_t now_ns)
{
    struct s7_pool_conn *conn = core->conns[index];

    if (conn->state != S7_POOL_DIALING)
        return;
    note_success(core, conn, now_ns);
    conn->was_up = true;
    conn->shareable = jobs >= 2;
    conn->idle_since_ns = now_ns;
    s7_pool_be_born(core, conn, random, now_ns);
    s7_pool_rest(core, conn, now_ns);
    if (s7_pool_total(core) > core->limit && core->limit < core->rules.size) { /* the PLC has places again */
        s7_pool_tell(core, S7_POOL_EVENT_ROOM, conn, now_ns)->count = core->rules.size;
        core->limit = core->rules.size;
        core->grow_ns = core->rules.probe_min_ns;
    }
    if (core->phase == S7_POOL_OPEN)
        core->start_want = 0;
    s7_pool_settle(core, now_ns);
}

static int64_t grown(int64_t pause_ns, unsigned percent, int64_t most_ns)
{
    return pause_ns / 100 < most_ns / percent ? pause_ns / 100 * percent : most_ns;
}

/* Try again after a time drawn below a bound that grows. */
static void back_off(s7_pool_core *core, uint64_t random, int64_t now_ns)
{
    int64_t bound_ns = core->backoff_ns, least_ns = bound_ns / 100 * (100 - core->rules.backoff_jitter);

    core->dial_at_ns = s7_pool_later(now_ns, s7_draw_range(random, least_ns, bound_ns));
    if (s7_pool_n(core, S7_POOL_DIALING) == 0)
        core->backoff_ns = grown(bound_ns, core->rules.backoff_factor, core->rules.backoff_max_ns);
}

/* Nothing is up. */
static void go_down(s7_pool_core *core, s7_status why, int64_t now_ns)
{
    if (!core->told_down) {
        core->outages++;
        core->told_down = true;
        core->told_down_ns = core->down_since_ns != S7_NEVER_NS ? core->down_since_ns : now_ns;
        s7_pool_tell(core, S7_POOL_EVENT_DOWN, NULL, now_ns)->status = why;
    }
    core->down = true;
}

/* Others are up: the PLC has no more to give. */
static void settle_for_less(s7_pool_core *core, s7_status why, uint64_t random, int64_t now_ns)
{
    unsigned total = s7_pool_total(core), limit = total < core->rules.size ? total : core->rules.size;

    if (limit != core->limit) {
        s7_pool_event *event = s7_pool_tell(core, S7_POOL_EVENT_FULL, NULL, now_ns);

        event->count = limit;
        event->status = why;
    }
    core->limit = limit;
    core->grow_at_ns = s7_pool_later(now_ns, s7_draw_range(random, core->grow_ns / 2, core->grow_ns));
    core->grow_ns = grown(core->grow_ns, 200, core->rules.probe_max_ns);
}

void s7_pool_core_dial_failed(s7_pool_core *core, unsigned index, s7_status why, uint64_t random,
                              int64_t now_ns)
{
    struct s7_pool_conn *conn = core->conns[index];

    if (conn->state != S7_POOL_DIALING)
        return;
    s7_pool_ask(core, conn, NOTHING_TO_DO);
    s7_pool_move(core, conn, S7_POOL_FREE);
    s7_pool_note_failure(core, conn, why, now_ns);
    core->yields -= core->yields > 0; /* its place is given back as well */
    core->stumbled = s7_pool_up(core) > 0 && !s7_pool_is_refusal(why);
    if (s7_pool_up(core) == 0)
        go_down(core, why, now_ns);
    if (core->down || core->stumbled)
        back_off(core, random, now_ns);
    else
        settle_for_less(core, why, random, now_ns);
    if (core->phase == S7_POOL_STARTING) {
        core->phase = S7_POOL_FAILING;
        core->start_status = why;
    } else if (core->phase == S7_POOL_OPEN)
        core->start_want = 0;
    s7_pool_settle(core, now_ns);
}

static s7_pool_close_reason reason_of(s7_status why)
{
    switch (why) {
    case S7_E_TIMEOUT:
        return S7_POOL_CLOSE_TIMEOUT;
    case S7_E_FRAME:
    case S7_E_PROTOCOL:
        return S7_POOL_CLOSE_PROTOCOL;
    default:
        return S7_POOL_CLOSE_PEER;
    }
}

void s7_pool_core_checked(s7_pool_core *core, unsigned index, int64_t now_ns)
{
    struct s7_pool_conn *conn = core->conns[index];

    if (!conn->check_open)
        return;
    conn->check_open = false;
    if (core->rules.tell_all)
        (void)s7_pool_tell(core, S7_POOL_EVENT_CHECKED, conn, now_ns);
    if (conn->state == S7_POOL_CHECKING) {
        s7_pool_ask(core, conn, NOTHING_TO_DO);
        s7_pool_rest(core, conn, now_ns);
    }
    s7_pool_settle(core, now_ns);
}

void s7_pool_core_drained(s7_pool_core *core, unsigned index, int64_t now_ns)
{
    struct s7_pool_conn *conn = core->conns[index];

    if (conn->state != S7_POOL_DIRTY)
        return;
    s7_pool_ask(core, conn, NOTHING_TO_DO);
    conn->until_ns = s7_pool_later(now_ns, core->rules.health_timeout_ns);
    s7_pool_rest(core, conn, now_ns);
    if (conn->state == S7_POOL_CHECKING)
        s7_pool_ask(core, conn, S7_POOL_LISTEN);
    s7_pool_settle(core, now_ns);
}

void s7_pool_core_ended(s7_pool_core *core, unsigned index, s7_status why, int64_t now_ns)
{
    struct s7_pool_conn *conn = core->conns[index];

    if (conn->state == S7_POOL_FREE || conn->state == S7_POOL_DIALING || conn->state == S7_POOL_CLOSING)
        return;
    core->cause = why;
    s7_pool_tell(core, S7_POOL_EVENT_LOST, conn, now_ns)->status = why;
    s7_pool_condemn(core, conn, reason_of(why));
    s7_pool_settle(core, now_ns);
}

void s7_pool_core_closed(s7_pool_core *core, unsigned index, int64_t now_ns)
{
    struct s7_pool_conn *conn = core->conns[index];

    if (conn->state != S7_POOL_CLOSING)
        return;
    s7_pool_ask(core, conn, NOTHING_TO_DO);
    if (conn->was_up) {
        s7_pool_event *event = s7_pool_tell(core, S7_POOL_EVENT_CLOSED, conn, now_ns);

        event->reason = conn->reason;
        event->status = conn->reason == S7_POOL_CLOSE_BORROWER ? conn->why : S7_OK;
        event->took_ns = now_ns - conn->since_ns;
        core->closed[conn->reason]++;
    }
    core->stumbled = false; /* something of this machine is free again */
    conn->was_up = false;
    s7_pool_move(core, conn, S7_POOL_FREE);
    s7_pool_settle(core, now_ns);
}

/* ---- actions ---- */

static bool next_waiter(s7_pool_core *core, struct s7_pool_action *action)
{
    struct s7_pool_waiter *waiter = core->settled.first;

    if (waiter == NULL)
        return false;
    s7_pool_forget_waiter(core, waiter);
    *action = (struct s7_pool_action){.kind = waiter->status == S7_OK ? S7_POOL_GRANT : S7_POOL_FAIL,
                                      .waiter = waiter,
                                      .lease = waiter->lease,
                                      .status = waiter->status};
    return true;
}

static bool take(bool *due)
{
    bool was = *due;

    *due = false;
    return was;
}

bool s7_pool_core_next_outcome(s7_pool_core *core, struct s7_pool_action *action)
{
    if (next_waiter(core, action))
        return true;
    if (take(&core->start_due))
        *action = (struct s7_pool_action){.kind = S7_POOL_STARTED, .status = core->start_status};
    else if (take(&core->pause_due))
        *action = (struct s7_pool_action){.kind = S7_POOL_PAUSED, .status = core->pause_status};
    else if (take(&core->close_due))
        *action = (struct s7_pool_action){.kind = S7_POOL_CLOSED, .status = core->close_status};
    else
        return false;
    return true;
}

bool s7_pool_core_next_chore(s7_pool_core *core, struct s7_pool_action *action)
{
    int todo;
    struct s7_pool_conn *conn = s7_pool_asked(core, &todo);

    if (conn == NULL)
        return false;
    *action = (struct s7_pool_action){
        .kind = (enum s7_pool_action_kind)todo, .conn = conn->index, .reason = conn->reason};
    return true;
}

bool s7_pool_core_has_chore(const s7_pool_core *core)
{
    return core->todo_first != NULL;
}

bool s7_pool_core_next(s7_pool_core *core, struct s7_pool_action *action)
{
    return s7_pool_core_next_outcome(core, action) || s7_pool_core_next_chore(core, action);
}
