/* The pool's policy against a simple model: random events at random times, and after every step the promises
 * of pool.h, worked out anew from what the adapter has been told.
 *
 * usage: test_client_pool_model [EVENTS]     a long run (`ninja pool_soak`) has more than the million of
 * ctest */
#include "client/pool_model.h"
#include "client/test_names.h"

#include <stdlib.h>

#define SEEDS       800
#define STEPS       1500 /* a seed: more than a million in all */
#define SEEDS_MAX   10000000
#define OTHER_SEEDS (SEEDS_MAX + 1) /* of the second test */

static uint64_t seeds = SEEDS;

/* ---- after every step ---- */

/* What was told adds up to what is counted. */
static void check_events(const s7_pool_stats *s)
{
    bool good = m.told.connects == s->connects && m.told.failures == s->connect_failures &&
                m.told.leaks == s->leaks && m.told.waiting == s->waiting && (m.told.down || !s->down) &&
                (m.rules.tell_all || m.told.returned == m.returned) && !(m.told.down && count(is_good) > 0);

    for (unsigned i = 0; i < S7_POOL_CLOSE_REASONS; i++)
        good = good && m.told.closed[i] == s->closed[i];
    if (m.rules.tell_all)
        good = good && m.told.dials == s->dials && m.told.lent == s->in_use;
    if (!good && !m.closing && m.rules.tells)
        WRONG("events say %llu connects, %u waiting, %llu leaks of which %llu of %llu came back, down %d",
              (unsigned long long)m.told.connects, m.told.waiting, (unsigned long long)m.told.leaks,
              (unsigned long long)m.told.returned, (unsigned long long)m.returned, m.told.down);
}

static void check_times(void)
{
    s7_pool_stats s;

    if (m.grants % 8 != 0) /* what is wrong stays wrong, and looking takes its time */
        return;
    s7_pool_core_stats(m.core, &s);
    s7_pool_core_times(m.core, &s);
    if (s.wait.count != s.gets || s.lease.count != s.puts || s.connect.count != s.connects)
        WRONG("%u waits of %u gets, %u leases of %u puts", (unsigned)s.wait.count, (unsigned)s.gets,
              (unsigned)s.lease.count, (unsigned)s.puts);
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
                                     .turn_ns = below(5) * SECOND,
                                     .tells = one_in(2),
                                     .tell_all = one_in(3),
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
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        begin(seed);
        for (unsigned i = 0; i < STEPS; i++) {
            act();
            take_actions();
            check_stats();
            check_times();
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
    for (uint64_t seed = OTHER_SEEDS; seed < OTHER_SEEDS + seeds; seed++) {
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

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_random_events_keep_every_promise),
        cmocka_unit_test(from_every_state_a_well_PLC_serves_all_who_wait),
    };
    uint64_t events = argc > 1 ? strtoull(argv[1], NULL, 10) : (uint64_t)SEEDS * STEPS;

    seeds = (events + STEPS - 1) / STEPS;
    if (argc > 2 || seeds < SEEDS || seeds > SEEDS_MAX) {
        fprintf(stderr, "usage: test_client_pool_model [EVENTS]    (%d or more)\n", SEEDS * STEPS);
        return 2;
    }
    return run_sentences(tests, sizeof tests / sizeof tests[0], "pool model");
}
