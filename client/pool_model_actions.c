/* What the core wants done: is it what it promised? And then it is done, or told. */
#include "client/pool_model.h"

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
        if (count(is_good) == 1 && m.now - conn->born < m.rules.turn_ns)
            WRONG("the last one was given up after %.9f s", (double)(m.now - conn->born) / 1e9);
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
        if (s7_pool_core_put(m.core, conn->lease, S7_POOL_PUT_CLEAN, S7_OK, m.now) != S7_E_POOL_CLOSED)
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

bool is_leak(const struct model_conn *conn)
{
    return conn->lent && m.now - conn->lent_since >= m.rules.leak_ns;
}

static void on_event(const s7_pool_event *event)
{
    if (!m.rules.tells || event->at_ns < m.told.at || event->at_ns > m.now || event->lost > 0)
        WRONG("event %s out of order", s7_pool_event_name(event->kind));
    m.told.at = event->at_ns;
    switch (event->kind) {
    case S7_POOL_EVENT_CONNECTING:
        m.told.dials++;
        break;
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
    case S7_POOL_EVENT_BORROWED:
        m.told.lent++;
        break;
    case S7_POOL_EVENT_RETURNED:
        m.told.returned++;
        m.told.lent--;
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

void take_actions(void)
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
