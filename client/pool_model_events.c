/* Whatever may happen to a pool, told to the core and noted in the model. */
#include "client/pool_model.h"

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

static void withdraw(struct s7_pool_waiter *waiter)
{
    if (one_in(2))
        s7_pool_core_cancel(m.core, waiter, m.now);
    else
        s7_pool_core_forgo(m.core, waiter, m.now);
}

static void cancel(void)
{
    struct caller *caller = &m.callers[below(MAX_CALLERS)];

    if (!caller->waiting)
        return;
    caller->waiting = false;
    m.waited_at = m.now;
    withdraw(&caller->waiter);
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
    withdraw(&waiter);
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

void give_back(void)
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
    s7_status status = s7_pool_core_put(m.core, conn->lease, condition, S7_OK, m.now);
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
    if (s7_pool_core_put(m.core, lease, S7_POOL_PUT_CLEAN, S7_OK, m.now) != expected)
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
    s7_pool_core_dialing(m.core, number(conn), m.now);
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

void finish_close(void)
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

void allow(void)
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

/* Nobody wants anything, and the PLC does what it is asked. What is wanted is taken after each event, since
 * it is judged by what was known then. */
static void be_quiet(void)
{
    static void (*const events[])(void) = {end_dial, answer_check, finish_close};

    for (unsigned i = 0; i < 40; i++) {
        for (unsigned k = 0; k < sizeof events / sizeof events[0]; k++) {
            events[k]();
            take_actions();
        }
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

void act(void)
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
