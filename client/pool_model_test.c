/* The pool's policy against a simple model: random events at random times, and after every step the promises
 * of pool.h, worked out anew from what the adapter has been told. The model keeps one record per connection
 * and per caller, and no lists. */
#include "client/pool_core.h"
#include "client/test_names.h"
#include "loop/random.h"

#include <stdlib.h>

#define MS          INT64_C(1000000)
#define SECOND      (1000 * MS)
#define BACKOFF_MAX (5 * SECOND)
#define GROW_MAX    (60 * SECOND)
#define MAX_SIZE    8
#define MAX_CALLERS 24
#define SEEDS       800
#define STEPS       1500 /* a seed: more than a million in all */

enum link { NONE, DIALING, UP, CLOSING };

struct model_conn {
    enum link link;
    bool lent, dirty, checking, told_to_end, ended, old; /* old: refresh came since it was made */
    int64_t born, idle_since, check_since, dirty_since, drained_at, last_check;
    int64_t lent_since;
    bool leak_told; /* of this lease */
    struct s7_pool_lease lease;
};

struct caller {
    bool waiting;
    uint64_t turn; /* order of asking */
    int64_t deadline;
    struct s7_pool_waiter waiter;
};

static struct model {
    uint64_t seed, draws;
    struct s7_pool_rules rules;
    unsigned places; /* the largest size so far */
    s7_pool_core *core;
    int64_t now, started;
    struct model_conn conns[MAX_SIZE];
    struct caller callers[MAX_CALLERS];
    struct s7_pool_lease old[16]; /* leases that are over */
    unsigned n_old;
    uint64_t turns;
    bool open, starting, paused, pausing, closing, closed, down;
    int64_t close_deadline, pause_deadline, failed_at, waited_at; /* waited: when somebody last did */
    struct {
        uint64_t connects, failures, closed[S7_POOL_CLOSE_REASONS], leaks, returned;
        unsigned waiting;
        bool down;
        int64_t at;
    } told;            /* by events */
    uint64_t returned; /* leases that had been told as leaks */
    uint64_t grants, puts, misuse, connects, failures, closes, checks;
    unsigned told_down;               /* in this step: that no connection is up */
    bool denied, no_place;            /* by the group, until it allows */
    unsigned asked;                   /* by the group for connections that were not given up for it yet */
    bool hurried;                     /* somebody waited in this step and withdrew */
    bool resumed, refreshed, granted; /* in this step */
    unsigned warm;                    /* leases that came to be known while they were out */
} m;

#define WRONG(...)                                                                                           \
    do {                                                                                                     \
        char text[160];                                                                                      \
        snprintf(text, sizeof text, __VA_ARGS__);                                                            \
        fail_msg("seed %llu, draw %llu, at %.6f s: %s", (unsigned long long)m.seed,                          \
                 (unsigned long long)m.draws, (double)m.now / 1e9, text);                                    \
    } while (0)

static uint64_t draw(void)
{
    return s7_draw(m.seed, 1, 2, m.draws++);
}

static unsigned below(unsigned n)
{
    return (unsigned)s7_draw_range(draw(), 0, (int64_t)n - 1);
}

static bool one_in(unsigned n)
{
    return below(n) == 0;
}

/* ---- what the model knows ---- */

static bool is_idle(const struct model_conn *conn)
{
    return conn->link == UP && !conn->lent && !conn->dirty && !conn->checking;
}

static unsigned count(bool (*is)(const struct model_conn *))
{
    unsigned n = 0;

    for (unsigned i = 0; i < MAX_SIZE; i++)
        n += is(&m.conns[i]);
    return n;
}

static bool is_dialing(const struct model_conn *conn)
{
    return conn->link == DIALING;
}

static bool is_closing(const struct model_conn *conn)
{
    return conn->link == CLOSING;
}

static bool is_lent(const struct model_conn *conn)
{
    return conn->lent;
}

static bool is_dirty(const struct model_conn *conn)
{
    return conn->link == UP && !conn->lent && conn->dirty;
}

static bool is_checking(const struct model_conn *conn)
{
    return conn->link == UP && !conn->lent && !conn->dirty && conn->checking;
}

static bool is_good(const struct model_conn *conn)
{
    return conn->link == UP && !conn->ended;
}

/* Not lent, and not on its way out. */
static bool is_held(const struct model_conn *conn)
{
    return conn->link == DIALING || (conn->link == UP && !conn->lent);
}

static bool is_staying(const struct model_conn *conn)
{
    return conn->link == DIALING || conn->link == UP;
}

static bool is_taken(const struct model_conn *conn)
{
    return conn->link != NONE;
}

static struct caller *first_waiting(void)
{
    struct caller *first = NULL;

    for (unsigned i = 0; i < MAX_CALLERS; i++)
        if (m.callers[i].waiting && (first == NULL || m.callers[i].turn < first->turn))
            first = &m.callers[i];
    return first;
}

static unsigned waiting(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < MAX_CALLERS; i++)
        n += m.callers[i].waiting;
    return n;
}

/* ---- actions ---- */

/* Not just about to be closed, as we will be told next. */
static bool is_kept(unsigned i)
{
    return s7_pool_core_state(m.core, i) == S7_POOL_IDLE;
}

static void on_grant(const struct s7_pool_action *action)
{
    struct model_conn *conn = &m.conns[action->lease.conn];
    struct caller *first = first_waiting();

    if (first == NULL || &first->waiter != action->waiter)
        WRONG("a caller was served before an earlier one");
    if (conn->link != UP || conn->lent || conn->dirty || conn->ended)
        WRONG("connection %u was lent: link %d, lent %d, dirty %d, ended %d", action->lease.conn, conn->link,
              conn->lent, conn->dirty, conn->ended);
    if (conn->old || m.paused)
        WRONG("lent connection %u: made before the refresh %d, paused %d", action->lease.conn, conn->old,
              m.paused);
    if (m.now - conn->born >= m.rules.max_lifetime_ns)
        WRONG("lent a connection that is %.3f s old", (double)(m.now - conn->born) / 1e9);
    for (unsigned i = 0; i < MAX_SIZE; i++)
        if (is_idle(&m.conns[i]) && &m.conns[i] != conn && !conn->checking && is_kept(i) &&
            (m.rules.lend_oldest ? m.conns[i].idle_since < conn->idle_since
                                 : m.conns[i].idle_since > conn->idle_since))
            WRONG("lent connection %u although it is the turn of %u", action->lease.conn, i);
    first->waiting = false;
    m.waited_at = m.now;
    conn->lent = true;
    conn->lent_since = m.now;
    conn->leak_told = false;
    conn->lease = action->lease;
    m.grants++;
    m.granted = true;
}

static void on_fail(const struct s7_pool_action *action)
{
    struct caller *caller =
        (struct caller *)(void *)((char *)action->waiter - offsetof(struct caller, waiter));

    if (!caller->waiting)
        WRONG("a caller was told twice");
    caller->waiting = false;
    m.waited_at = m.now;
    switch (action->status) {
    case S7_E_POOL_CLOSED:
        if (!m.closing)
            WRONG("told that the pool is closed");
        break;
    case S7_E_POOL_EXHAUSTED:
        if (count(is_good) == 0 || m.paused)
            WRONG("exhausted, although no connection is up");
        if (m.now < caller->deadline && !m.rules.fail_when_exhausted)
            WRONG("failed before its deadline");
        break;
    case S7_E_PLC_DOWN:
        m.told_down++;
        if ((m.now < caller->deadline && !m.rules.fail_fast_when_down) || m.paused)
            WRONG("failed before its deadline, or while the pool is paused");
        break;
    case S7_E_BUDGET:
        m.told_down++;
        if (!m.no_place || m.now < caller->deadline)
            WRONG("told that the group allows no more: %d", m.no_place);
        break;
    case S7_E_POOL_PAUSED:
        if (!m.paused || m.now < caller->deadline)
            WRONG("told that the pool is paused");
        break;
    case S7_E_TIMEOUT:
        m.told_down++;
        if (m.down || m.now < caller->deadline)
            WRONG("timeout: down %d", m.down);
        break;
    default:
        WRONG("failed with %s", s7_errname(action->status));
    }
}

static void on_dial(unsigned index)
{
    if (m.conns[index].link != NONE)
        WRONG("connection %u dialed twice", index);
    m.conns[index] = (struct model_conn){.link = DIALING};
    if (count(is_taken) > m.rules.size || m.paused || m.denied)
        WRONG("dialed connection %u of %u, paused %d, denied %d", count(is_taken), m.rules.size, m.paused,
              m.denied);
    if (count(is_dialing) > m.rules.max_connecting)
        WRONG("%u dials at a time", count(is_dialing));
    if (m.down && count(is_dialing) > 1 && count(is_good) == 0)
        WRONG("more than one dial while the PLC is down");
    if (m.down && m.now > m.failed_at + BACKOFF_MAX && count(is_taken) == 1)
        WRONG("a probe %.3f s after the failure", (double)(m.now - m.failed_at) / 1e9);
}

static void on_check(unsigned index)
{
    struct model_conn *conn = &m.conns[index];
    int64_t period = m.rules.health_check_ns, offset = period / m.rules.size * (index % m.rules.size);

    if (!is_idle(conn))
        WRONG("a check on a connection that is not idle");
    if ((m.now - m.started - offset) % period != 0)
        WRONG("connection %u was checked out of its turn", index);
    if (conn->last_check == m.now)
        WRONG("checked twice");
    conn->last_check = conn->check_since = m.now;
    conn->checking = true;
    m.checks++;
}

/* One that may still wait for its turn goes only when no other is being replaced, and its replacement is
 * there or has no place. What was lent in this step was there when that was decided. */
static void check_lifetime(const struct model_conn *conn)
{
    int64_t age = m.now - conn->born, longest = m.rules.max_lifetime_ns;

    if (conn->link != UP || age < longest - m.rules.lifetime_jitter_ns)
        WRONG("too old after %.9f s", (double)age / 1e9);
    if (age >= longest - m.rules.lifetime_jitter_ns / 2)
        return;
    if (count(is_dialing) > 0 || count(is_closing) > 0)
        WRONG("replaced although %u are being made and %u closed", count(is_dialing), count(is_closing));
    if (count(is_idle) + count(is_checking) - !conn->dirty < m.rules.min_idle &&
        count(is_taken) < m.rules.size && !m.granted)
        WRONG("closed before its replacement was there");
}

/* An event that the driver has just made may be the reason as well. */
static void on_close(const struct s7_pool_action *action)
{
    struct model_conn *conn = &m.conns[action->conn];
    int64_t due;

    if (conn->link == CLOSING || conn->link == NONE)
        WRONG("connection %u closed twice", action->conn);
    if ((action->kind == S7_POOL_REVOKE) != conn->lent)
        WRONG("closed although it is lent, or revoked although it is not");
    switch (action->reason) {
    case S7_POOL_CLOSE_IDLE:
        due = conn->idle_since + m.rules.max_idle_ns;
        if (conn->dirty || m.now < due ||
            (m.rules.min_idle == 0 && m.now != due && m.now != conn->drained_at &&
             !(conn->checking && m.waited_at >= due)))
            WRONG("reaped after %.9f idle seconds", (double)(m.now - conn->idle_since) / 1e9);
        if (count(is_idle) + count(is_checking) - 1 < m.rules.min_idle)
            WRONG("reaped below min_idle");
        break;
    case S7_POOL_CLOSE_HEALTH:
        if (!conn->checking || m.now != conn->check_since + m.rules.health_timeout_ns)
            WRONG("a check failed after %.9f s", (double)(m.now - conn->check_since) / 1e9);
        break;
    case S7_POOL_CLOSE_TIMEOUT:
        if (!conn->ended &&
            (!conn->dirty || (m.now != conn->dirty_since + m.rules.dirty_ns && waiting() == 0 && !m.hurried)))
            WRONG("given up %.9f s after it became dirty", (double)(m.now - conn->dirty_since) / 1e9);
        break;
    case S7_POOL_CLOSE_BORROWER:
    case S7_POOL_CLOSE_PEER:
        if (!conn->ended && !conn->told_to_end)
            WRONG("closed for %s", s7_pool_close_reason_name(action->reason));
        break;
    case S7_POOL_CLOSE_LIFETIME:
        check_lifetime(conn);
        break;
    case S7_POOL_CLOSE_SHRINK:
        if (count(is_staying) <= m.rules.size || conn->lent)
            WRONG("%u connections are not too many", count(is_staying));
        break;
    case S7_POOL_CLOSE_EVICTED:
        if (!conn->old && !(conn->link == DIALING && m.refreshed))
            WRONG("connection %u was not made before the refresh", action->conn);
        break;
    case S7_POOL_CLOSE_PAUSE:
        if (!m.paused)
            WRONG("the pool is not paused");
        break;
    case S7_POOL_CLOSE_YIELDED:
        if (m.asked-- == 0)
            WRONG("given up, and nobody asked");
        break;
    case S7_POOL_CLOSE_SHUTDOWN:
        if ((m.open && !m.closing) || (conn->lent && m.now < m.close_deadline))
            WRONG("shut down");
        break;
    default:
        WRONG("reason %d", (int)action->reason);
    }
    if (conn->lent) { /* revoked: its put is answered once */
        conn->lent = false;
        if (s7_pool_core_put(m.core, conn->lease, S7_POOL_PUT_CLEAN, m.now) != S7_E_POOL_CLOSED)
            WRONG("the put of a revoked lease");
    }
    if (conn->link != DIALING)
        m.closes++;
    conn->link = CLOSING;
}

static void on_paused(s7_status status)
{
    if (!m.pausing)
        WRONG("the pause ended twice");
    m.pausing = false;
    if (status == S7_OK
            ? count(is_taken) > 0
            : !(status == S7_E_TIMEOUT && m.now >= m.pause_deadline && count(is_taken) > 0) &&
                  !(status == S7_E_CANCELLED && m.resumed) && !(status == S7_E_POOL_CLOSED && m.closing))
        WRONG("the pause ended with %s", s7_errname(status));
}

static bool is_leak(const struct model_conn *conn)
{
    return conn->lent && m.now - conn->lent_since >= m.rules.leak_ns;
}

static void on_event(const s7_pool_event *event)
{
    if (!m.rules.tells || event->at_ns < m.told.at || event->at_ns > m.now || event->lost > 0)
        WRONG("event %s out of order", s7_pool_event_name(event->kind));
    m.told.at = event->at_ns;
    switch (event->kind) {
    case S7_POOL_EVENT_CONNECTED:
        m.told.connects++;
        break;
    case S7_POOL_EVENT_CONNECT_FAILED:
        m.told.failures++;
        break;
    case S7_POOL_EVENT_CLOSED:
        m.told.closed[event->reason]++;
        break;
    case S7_POOL_EVENT_WAIT_BEGAN:
        m.told.waiting++;
        break;
    case S7_POOL_EVENT_WAIT_ENDED:
        m.told.waiting--;
        break;
    case S7_POOL_EVENT_LEAK:
        m.told.leaks++;
        if (!is_leak(&m.conns[event->conn]) || m.conns[event->conn].leak_told ||
            event->took_ns < m.rules.leak_ns)
            WRONG("connection %u is no leak, or told twice", event->conn);
        m.conns[event->conn].leak_told = true;
        break;
    case S7_POOL_EVENT_RETURNED:
        m.told.returned++;
        break;
    case S7_POOL_EVENT_DOWN:
        if (m.told.down)
            WRONG("told twice that the PLC is down");
        m.told.down = true;
        break;
    case S7_POOL_EVENT_UP:
        if (!m.told.down)
            WRONG("told that the PLC is up again, but not that it was down");
        m.told.down = false;
        break;
    default:
        break;
    }
}

static void take_events(void)
{
    s7_pool_event event;

    while (s7_pool_core_next_event(m.core, &event))
        on_event(&event);
}

static void take_actions(void)
{
    struct s7_pool_action action;

    m.told_down = 0;
    while (s7_pool_core_next(m.core, &action)) {
        switch (action.kind) {
        case S7_POOL_GRANT:
            on_grant(&action);
            break;
        case S7_POOL_FAIL:
            on_fail(&action);
            break;
        case S7_POOL_DIAL:
            on_dial(action.conn);
            break;
        case S7_POOL_CHECK:
            on_check(action.conn);
            break;
        case S7_POOL_LISTEN:
            if (!is_dirty(&m.conns[action.conn]) && !is_checking(&m.conns[action.conn]))
                WRONG("nothing to listen for");
            break;
        case S7_POOL_CLOSE:
        case S7_POOL_REVOKE:
            on_close(&action);
            break;
        case S7_POOL_STARTED:
            if (!m.starting || (action.status != S7_OK && count(is_taken) > 0 && !m.closing))
                WRONG("the start ended twice, or left connections behind");
            m.starting = false;
            m.open = action.status == S7_OK;
            break;
        case S7_POOL_PAUSED:
            on_paused(action.status);
            break;
        case S7_POOL_CLOSED:
            m.closed = true;
            break;
        }
    }
    take_events();
    if (waiting() > 0)
        m.waited_at = m.now;
    if (m.told_down > 0 && count(is_good) > 0)
        WRONG("somebody was told that nothing is up: %u are", count(is_good));
}

/* ---- events ---- */

static struct model_conn *pick(bool (*is)(const struct model_conn *))
{
    unsigned n = count(is);

    if (n == 0)
        return NULL;
    n = below(n);
    for (unsigned i = 0;; i++)
        if (is(&m.conns[i]) && n-- == 0)
            return &m.conns[i];
}

static unsigned number(const struct model_conn *conn)
{
    return (unsigned)(conn - m.conns);
}

static void ask(void)
{
    struct caller *caller = &m.callers[below(MAX_CALLERS)];
    int64_t wait = one_in(8) ? 0 : s7_draw_range(draw(), 0, one_in(3) ? 60 * SECOND : SECOND);

    if (caller->waiting)
        return;
    caller->waiting = true;
    caller->turn = m.turns++;
    caller->deadline = one_in(20) ? S7_NEVER_NS : m.now + wait;
    s7_status status = s7_pool_core_get(m.core, &caller->waiter, NULL, caller->deadline, m.now);
    s7_status expected = m.closing ? S7_E_POOL_CLOSED : m.open ? S7_OK : S7_E_MISUSE;
    if (status == S7_E_POOL_QUEUE_FULL && m.rules.max_waiters != 0 && waiting() > m.rules.max_waiters)
        expected = status;
    if (status != expected)
        WRONG("get: %s, expected %s", s7_errname(status), s7_errname(expected));
    if (status != S7_OK)
        caller->waiting = false;
    m.misuse += status == S7_E_MISUSE;
}

static void cancel(void)
{
    struct caller *caller = &m.callers[below(MAX_CALLERS)];

    if (!caller->waiting)
        return;
    caller->waiting = false;
    m.waited_at = m.now;
    s7_pool_core_cancel(m.core, &caller->waiter, m.now);
}

/* Ask, and withdraw before the outcome is taken. */
static void ask_and_cancel(void)
{
    struct s7_pool_waiter waiter;

    if (!m.open || m.closing || m.rules.max_waiters != 0)
        return;
    memset(&waiter, 0xAA, sizeof waiter);
    if (s7_pool_core_get(m.core, &waiter, "gone", m.now + SECOND, m.now) != S7_OK)
        WRONG("get");
    m.hurried = true;
    s7_pool_core_cancel(m.core, &waiter, m.now);
}

/* Not beyond the moment at which the core has something to do. */
static void let_pass(int64_t most_ns)
{
    int64_t soonest = s7_pool_core_soonest(m.core), left = soonest - m.now - 1;

    m.now += s7_draw_range(draw(), 0, left < most_ns ? left : most_ns);
}

static void lend_warm(struct model_conn *conn)
{
    int64_t lent_since = m.now;

    let_pass(SECOND);
    s7_pool_core_warm_leases(m.core, 1, m.now - lent_since);
    conn->idle_since = m.now;
    m.grants++;
    m.puts++;
    let_pass(SECOND);
}

/* One that came back may be left to borrowers, without a word to the core until the end. */
static void be_warm(struct model_conn *conn)
{
    if (!s7_pool_core_warm(m.core, number(conn), m.now))
        return;
    if (!is_idle(conn) || count(is_lent) > 0 || waiting() > 0 || !m.open || m.closing || m.paused)
        WRONG("connection %u was left to borrowers: idle %d, others lent %u, waiting %u, open %d, paused %d",
              number(conn), is_idle(conn), count(is_lent), waiting(), m.open, m.paused);
    for (unsigned n = below(5); n > 0; n--)
        lend_warm(conn);
    if (one_in(2)) {
        s7_pool_core_cool_idle(m.core, conn->idle_since);
        return;
    }
    conn->lease = s7_pool_core_cool_lent(m.core, NULL, m.now);
    conn->lent = true;
    conn->lent_since = m.now;
    conn->leak_told = false;
    m.grants++;
    m.warm++;
}

static void give_back(void)
{
    struct model_conn *conn = pick(is_lent);
    enum s7_pool_condition condition = one_in(5)    ? S7_POOL_PUT_DIRTY
                                       : one_in(10) ? S7_POOL_PUT_DISCARD
                                                    : S7_POOL_PUT_CLEAN;

    if (conn == NULL)
        return;
    m.returned += m.open && is_leak(conn);
    conn->lent = false;
    conn->idle_since = conn->dirty_since = conn->check_since = m.now;
    conn->dirty = condition == S7_POOL_PUT_DIRTY;
    conn->told_to_end = condition == S7_POOL_PUT_DISCARD;
    m.old[m.n_old++ % 16] = conn->lease;
    s7_status status = s7_pool_core_put(m.core, conn->lease, condition, m.now);
    if (status != S7_OK)
        WRONG("put: %s", s7_errname(status));
    m.puts++;
    if (condition == S7_POOL_PUT_CLEAN && one_in(2))
        be_warm(conn);
}

static void misuse(void)
{
    struct s7_pool_lease lease = {.conn = below(S7_POOL_SIZE_MAX + 2), .number = 0};
    s7_status expected = S7_E_FOREIGN;

    if (m.n_old > 0 && one_in(2)) {
        lease = m.old[below(m.n_old < 16 ? m.n_old : 16)];
        expected = S7_E_MISUSE;
    }
    if (s7_pool_core_is_current(m.core, lease))
        WRONG("a lease that is over counts as current");
    if (s7_pool_core_put(m.core, lease, S7_POOL_PUT_CLEAN, m.now) != expected)
        WRONG("a second or foreign put");
    m.misuse++;
}

static void end_dial(void)
{
    struct model_conn *conn = pick(is_dialing);

    if (conn == NULL)
        return;
    if (one_in(8)) {
        conn->link = NONE;
        m.denied = true;
        m.no_place = one_in(2);
        s7_pool_core_denied(m.core, number(conn), m.no_place, m.now);
        return;
    }
    if (one_in(3)) {
        conn->link = NONE;
        m.failures++;
        m.failed_at = m.now;
        if (count(is_good) == 0)
            m.down = true;
        s7_pool_core_dial_failed(m.core, number(conn), one_in(2) ? S7_E_REFUSED : S7_E_IO, draw(), m.now);
        return;
    }
    *conn = (struct model_conn){.link = UP, .born = m.now, .idle_since = m.now, .last_check = -1};
    m.down = false;
    m.connects++;
    s7_pool_core_dialed(m.core, number(conn), 1 + below(2), draw(), m.now);
}

/* One of those that there are, whatever became of it. */
static struct model_conn *any(void)
{
    return &m.conns[below(m.places)];
}

static void answer_check(void)
{
    struct model_conn *conn = any();

    if (conn->link != UP || !conn->checking) { /* too late, or nobody asked: no harm */
        s7_pool_core_checked(m.core, number(conn), m.now);
        return;
    }
    conn->checking = false;
    s7_pool_core_checked(m.core, number(conn), m.now);
}

static void answer_late(void)
{
    struct model_conn *conn = any();

    if (!conn->lent && conn->link == UP && conn->dirty) {
        conn->dirty = false;
        conn->drained_at = conn->check_since = m.now;
    }
    s7_pool_core_drained(m.core, number(conn), m.now);
}

static void end_one(void)
{
    struct model_conn *conn = any();

    if (conn->link == UP) {
        conn->ended = true;
        conn->checking = false;
    }
    s7_pool_core_ended(m.core, number(conn), one_in(2) ? S7_E_CLOSED : S7_E_TIMEOUT, m.now);
}

static void finish_close(void)
{
    struct model_conn *conn = pick(is_closing);

    if (conn == NULL)
        return;
    *conn = (struct model_conn){.link = NONE};
    m.failed_at = m.now; /* it may have been the probe */
    s7_pool_core_closed(m.core, number(conn), m.now);
}

static void resize(void)
{
    unsigned size = 1 + below(MAX_SIZE);
    s7_status status, expected = m.closing ? S7_E_POOL_CLOSED : S7_OK;

    if (!m.closing)
        m.rules.size = size;
    if (!m.closing && m.places < size)
        m.places = size;
    status = s7_pool_core_resize(m.core, size, m.now);
    if (status != expected)
        WRONG("resize: %s, expected %s", s7_errname(status), s7_errname(expected));
}

static void refresh(void)
{
    s7_status status, expected = m.closing ? S7_E_POOL_CLOSED : S7_OK;

    for (unsigned i = 0; i < MAX_SIZE && !m.closing; i++)
        m.conns[i].old = m.conns[i].link == UP;
    m.refreshed = true;
    m.down = m.down && m.closing;
    status = s7_pool_core_refresh(m.core, m.now);
    if (status != expected)
        WRONG("refresh: %s, expected %s", s7_errname(status), s7_errname(expected));
}

static void pause_or_resume(void)
{
    bool resume = one_in(2) || (m.paused && one_in(2));
    s7_status status, expected = m.closing ? S7_E_POOL_CLOSED : S7_OK;

    if (!resume && !m.closing && (!m.open || m.pausing))
        expected = S7_E_MISUSE;
    if (resume && !m.closing) {
        m.down = m.down && !m.paused;
        m.paused = false;
        m.resumed = true;
    } else if (expected == S7_OK) {
        m.paused = m.pausing = true;
        m.pause_deadline = m.now + s7_draw_range(draw(), 0, 2 * SECOND);
    }
    status =
        resume ? s7_pool_core_resume(m.core, m.now) : s7_pool_core_pause(m.core, m.pause_deadline, m.now);
    if (status != expected)
        WRONG("%s: %s, expected %s", resume ? "resume" : "pause", s7_errname(status), s7_errname(expected));
}

static void allow(void)
{
    m.denied = m.no_place = false;
    m.failed_at = m.now; /* from here on it is tried again */
    s7_pool_core_allowed(m.core, m.now);
}

static void ask_for_some(void)
{
    unsigned n = 1 + below(3);

    m.asked += n;
    s7_pool_core_yield(m.core, n, m.now);
}

static void maintain(void)
{
    static void (*const events[])(void) = {resize, refresh, pause_or_resume, ask_for_some};

    if (m.denied && one_in(2))
        allow();
    else if (m.paused && one_in(5))
        pause_or_resume();
    else if (one_in(20))
        events[below(4)]();
}

/* Time goes on, at most to the next deadline. */
static void wait_a_while(void)
{
    static const int64_t steps[] = {MS / 7, 20 * MS, SECOND, 20 * SECOND};
    int64_t until = m.now + s7_draw_range(draw(), 0, steps[below(4)]);
    int64_t deadline = s7_pool_core_deadline(m.core);

    if (deadline <= m.now)
        WRONG("the deadline %.9f is not in the future", (double)deadline / 1e9);
    m.now = deadline < until || (one_in(4) && deadline != S7_NEVER_NS) ? deadline : until;
    s7_pool_core_tick(m.core, m.now);
}

/* Nobody wants anything, and the PLC does what it is asked. */
static void be_quiet(void)
{
    for (unsigned i = 0; i < 40; i++) {
        end_dial();
        answer_check();
        finish_close();
        take_actions();
        int64_t deadline = s7_pool_core_deadline(m.core);
        if (deadline == S7_NEVER_NS)
            return;
        m.now = deadline;
        s7_pool_core_tick(m.core, m.now);
        take_actions();
    }
}

static void start(void)
{
    bool may = !m.open && !m.starting && !m.closing;
    s7_status expected = m.closing ? S7_E_POOL_CLOSED : may ? S7_OK : S7_E_MISUSE;

    if (may) {
        m.starting = true;
        m.started = m.now;
        m.down = false;
    }
    s7_status status = s7_pool_core_start(m.core, m.now + s7_draw_range(draw(), 1, 30 * SECOND), m.now);
    if (status != expected)
        WRONG("start: %s, expected %s", s7_errname(status), s7_errname(expected));
}

static void act(void)
{
    static void (*const events[])(void) = {
        ask,      ask,          ask,          give_back,    give_back,   give_back,      end_dial,
        end_dial, misuse,       answer_check, answer_check, answer_late, finish_close,   finish_close,
        end_one,  wait_a_while, wait_a_while, wait_a_while, cancel,      ask_and_cancel, maintain};

    m.hurried = m.resumed = m.refreshed = m.granted = false;
    if (one_in(200))
        be_quiet();
    if (one_in(m.open ? 200 : 3))
        start();
    take_actions();
    events[below(sizeof events / sizeof events[0])]();
}

/* ---- after every step ---- */

/* What was told adds up to what is counted. */
static void check_events(const s7_pool_stats *s)
{
    bool good = m.told.connects == s->connects && m.told.failures == s->connect_failures &&
                m.told.leaks == s->leaks && m.told.waiting == s->waiting && (m.told.down || !s->down) &&
                m.told.returned == m.returned && !(m.told.down && count(is_good) > 0);

    for (unsigned i = 0; i < S7_POOL_CLOSE_REASONS; i++)
        good = good && m.told.closed[i] == s->closed[i];
    if (!good && !m.closing && m.rules.tells)
        WRONG("events say %llu connects, %u waiting, %llu leaks of which %llu of %llu came back, down %d",
              (unsigned long long)m.told.connects, m.told.waiting, (unsigned long long)m.told.leaks,
              (unsigned long long)m.told.returned, (unsigned long long)m.returned, m.told.down);
}

static void check_stats(void)
{
    s7_pool_stats s;
    unsigned closed = 0;

    s7_pool_core_stats(m.core, &s);
    for (unsigned i = 0; i < S7_POOL_CLOSE_REASONS; i++)
        closed += (unsigned)s.closed[i];
    if (s.total_connections != s.available + s.in_use + s.checking + s.dirty + s.closing ||
        s.total_connections + s.connecting > MAX_SIZE || s.paused != (m.paused && !m.closing) ||
        s.denied != m.no_place || s.size != m.rules.size)
        WRONG("total %u: available %u, in use %u, checking %u, dirty %u, closing %u; connecting %u",
              s.total_connections, s.available, s.in_use, s.checking, s.dirty, s.closing, s.connecting);
    if (s.available != count(is_idle) || s.in_use != count(is_lent) || s.dirty != count(is_dirty) ||
        s.checking != count(is_checking) || s.closing != count(is_closing) ||
        s.connecting != count(is_dialing) || s.waiting != waiting() || s.down != m.down)
        WRONG("the pool's numbers are not those of the model");
    if (s.gets != m.grants || s.puts != m.puts || s.misuse != m.misuse || s.connects != m.connects ||
        s.connect_failures != m.failures || closed + s.closing < m.closes || s.health_checks != m.checks)
        WRONG("the pool's counters are not those of the model");
    if (m.open && !m.closing && s.leaking != count(is_leak))
        WRONG("%u leaks, %u were told", count(is_leak), s.leaking);
    check_events(&s);
}

static void check_promises(void)
{
    const char *fault = s7_pool_core_fault(m.core);
    int64_t deadline = s7_pool_core_deadline(m.core);
    unsigned busy = count(is_dialing) + count(is_closing);

    if (fault != NULL)
        WRONG("invariant: %s", fault);
    if (!m.open || m.closing)
        return;
    if (count(is_held) > 0 && (count(is_staying) > m.rules.size || m.paused))
        WRONG("%u connections of %u, of which %u are not lent; paused %d", count(is_staying), m.rules.size,
              count(is_held), m.paused);
    for (unsigned i = 0; i < MAX_SIZE; i++)
        if ((is_idle(&m.conns[i]) || is_checking(&m.conns[i])) &&
            (m.conns[i].old || m.now - m.conns[i].born >= m.rules.max_lifetime_ns))
            WRONG("connection %u is not closed at the age of %.9f s", i,
                  (double)(m.now - m.conns[i].born) / 1e9);
    if (m.paused || m.denied)
        return;
    if (waiting() > 0 && count(is_idle) > 0)
        WRONG("somebody waits although a connection is idle");
    if (m.down && count(is_taken) == 0 && deadline > m.failed_at + BACKOFF_MAX && deadline > m.now)
        WRONG("down, and no probe within the backoff's cap");
    if (waiting() > 0 && busy == 0 && count(is_taken) < m.rules.size && deadline > m.now + GROW_MAX)
        WRONG("somebody waits, there is room, and nothing is being done about it");
    for (unsigned i = 0; i < MAX_SIZE; i++)
        if (m.rules.min_idle == 0 && is_idle(&m.conns[i]) &&
            m.now >= m.conns[i].idle_since + m.rules.max_idle_ns)
            WRONG("connection %u is idle too long", i);
}

static void begin(uint64_t seed)
{
    memset(&m, 0, sizeof m);
    m.seed = seed;
    m.now = m.started = s7_draw_range(draw(), 0, 100 * SECOND);
    m.rules = (struct s7_pool_rules){.size = 1 + below(MAX_SIZE),
                                     .max_idle_ns = (1 + below(300)) * SECOND,
                                     .max_lifetime_ns = S7_NEVER_NS,
                                     .leak_ns = one_in(2) ? S7_NEVER_NS : (1 + below(30)) * SECOND,
                                     .backoff_factor = 100 + below(301),
                                     .backoff_jitter = below(101),
                                     .tells = one_in(2),
                                     .health_check_ns = (2 + below(60)) * SECOND,
                                     .health_timeout_ns = (1 + below(2000)) * MS,
                                     .dirty_ns = (1 + below(5000)) * MS,
                                     .backoff_min_ns = 250 * MS,
                                     .backoff_max_ns = 5000 * MS,
                                     .probe_min_ns = 5000 * MS,
                                     .probe_max_ns = 60000 * MS,
                                     .start = (s7_pool_start_policy)below(3),
                                     .fail_when_exhausted = one_in(5),
                                     .fail_fast_when_down = one_in(5),
                                     .lend_oldest = one_in(4)};
    m.places = m.rules.size;
    m.rules.min_idle = one_in(3) ? below(m.rules.size + 1) : 0;
    m.rules.max_connecting = one_in(3) ? 1 + below(m.rules.size) : 1;
    m.rules.max_waiters = one_in(5) ? 1 + below(5) : 0;
    if (one_in(2)) {
        m.rules.max_lifetime_ns = (1 + below(100)) * SECOND;
        m.rules.lifetime_jitter_ns = m.rules.max_lifetime_ns / 100 * below(101);
    }
    assert_int_equal(s7_pool_core_new(&m.rules, &m.core), S7_OK);
}

/* Whatever state it is in: closing ends, and everybody is told. */
static void close_down(void)
{
    m.closing = true;
    m.close_deadline = m.now + s7_draw_range(draw(), 0, 10 * SECOND);
    assert_int_equal(s7_pool_core_close(m.core, m.close_deadline, m.now), S7_OK);
    take_actions();
    if (waiting() > 0)
        WRONG("somebody still waits at a closed pool");
    for (unsigned i = 0; i < 400 && !m.closed; i++) {
        act();
        take_actions();
        check_stats();
    }
    while (count(is_closing) > 0) {
        finish_close();
        take_actions();
    }
    if (!m.closed) {
        m.now = m.now > m.close_deadline ? m.now : m.close_deadline;
        s7_pool_core_tick(m.core, m.now);
        take_actions();
    }
    while (count(is_closing) > 0) {
        finish_close();
        take_actions();
    }
    if (!m.closed || count(is_taken) > 0 || s7_pool_core_deadline(m.core) != S7_NEVER_NS)
        WRONG("the close does not end");
}

static void a_million_random_events_keep_every_promise(void **state)
{
    unsigned warm = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        begin(seed);
        for (unsigned i = 0; i < STEPS; i++) {
            act();
            take_actions();
            check_stats();
            check_promises();
        }
        close_down();
        s7_pool_core_free(m.core);
        warm += m.warm;
    }
    if (warm < 100)
        fail_msg("only %u warm leases were met", warm);
}

/* From any state: when the PLC answers everything at once, everybody is served soon. */
static void from_every_state_a_well_PLC_serves_all_who_wait(void **state)
{
    (void)state;
    for (uint64_t seed = 10001; seed <= 10000 + SEEDS; seed++) {
        begin(seed);
        for (unsigned i = 0; i < 300; i++) {
            act();
            take_actions();
        }
        int64_t until = m.now + GROW_MAX;
        m.resumed = true;
        m.down = m.down && !m.paused;
        m.paused = false;
        assert_int_equal(s7_pool_core_resume(m.core, m.now), S7_OK);
        allow();
        take_actions();
        while (m.now < until && waiting() > 0) {
            for (unsigned i = 0; i < MAX_SIZE; i++) {
                struct model_conn *conn = &m.conns[i];

                if (conn->link == DIALING) {
                    *conn =
                        (struct model_conn){.link = UP, .born = m.now, .idle_since = m.now, .last_check = -1};
                    m.down = false;
                    s7_pool_core_dialed(m.core, i, 1, draw(), m.now);
                } else if (conn->link == CLOSING) {
                    *conn = (struct model_conn){.link = NONE};
                    s7_pool_core_closed(m.core, i, m.now);
                }
                take_actions();
            }
            while (count(is_lent) > 0) {
                give_back();
                take_actions();
            }
            int64_t deadline = s7_pool_core_deadline(m.core);
            if (waiting() > 0 && deadline < until) {
                m.now = deadline;
                s7_pool_core_tick(m.core, m.now);
                take_actions();
            }
        }
        if (waiting() > 0)
            WRONG("%u callers are not served by a PLC that is well", waiting());
        s7_pool_core_free(m.core);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_random_events_keep_every_promise),
        cmocka_unit_test(from_every_state_a_well_PLC_serves_all_who_wait),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "pool model");
}
