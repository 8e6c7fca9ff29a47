/* pool_core_rig.h - for tests: a pool's core driven by hand. Time is a number; a PLC that answers dials and
 * closes at once may be switched on. */
#ifndef CLIENT_POOL_CORE_RIG_H
#define CLIENT_POOL_CORE_RIG_H

#include "client/pool_core.h"
#include "client/test_names.h"

#define MS     INT64_C(1000000)
#define SECOND (1000 * MS)
#define T0     (77 * SECOND) /* when tests begin */

#define RIG_CALLERS 128

struct rig_caller {
    bool done;
    s7_status status;
    struct s7_pool_lease lease;
    int64_t at; /* when it was told */
    struct s7_pool_waiter waiter;
};

static struct rig {
    s7_pool_core *core;
    struct s7_pool_rules rules;
    int64_t now;
    /* the PLC */
    bool prompt;      /* dials end, checks are answered, closes are done at once */
    s7_status refuse; /* what prompt dials end with */
    unsigned jobs;    /* granted */
    unsigned places;  /* connections that it has; more are refused */
    uint64_t random;  /* the next draw */
    s7_status why;    /* what borrowers say when they discard */
    /* what the core wanted */
    unsigned dials, checks, closes, listens, revokes;
    int64_t dialed_at[256];
    int64_t checked_at[S7_POOL_SIZE_MAX], closed_at[S7_POOL_SIZE_MAX];
    s7_pool_close_reason reason[S7_POOL_SIZE_MAX];
    bool started, paused, shut;
    s7_status start_status, pause_status, close_status;
    uint64_t order; /* grants so far */
    struct rig_caller callers[RIG_CALLERS];
} rig;

static inline s7_pool_stats stats(void)
{
    s7_pool_stats s;

    s7_pool_core_stats(rig.core, &s);
    return s;
}

static inline void rig_dial(unsigned conn)
{
    s7_pool_stats s = stats();

    rig.dialed_at[rig.dials++ % 256] = rig.now;
    if (!rig.prompt)
        return;
    s7_pool_core_dialing(rig.core, conn, rig.now);
    if (rig.refuse != S7_OK || s.total_connections >= rig.places)
        s7_pool_core_dial_failed(rig.core, conn, rig.refuse != S7_OK ? rig.refuse : S7_E_COTP_REFUSED,
                                 rig.random, rig.now);
    else
        s7_pool_core_dialed(rig.core, conn, rig.jobs, rig.random, rig.now);
}

static inline void rig_told(const struct s7_pool_action *action)
{
    struct rig_caller *caller =
        (struct rig_caller *)(void *)((char *)action->waiter - offsetof(struct rig_caller, waiter));

    assert_false(caller->done);
    caller->done = true;
    caller->status = action->status;
    caller->lease = action->lease;
    caller->at = rig.now;
}

static inline void act(void)
{
    struct s7_pool_action a;

    while (s7_pool_core_next(rig.core, &a)) {
        switch (a.kind) {
        case S7_POOL_DIAL:
            rig_dial(a.conn);
            break;
        case S7_POOL_CHECK:
            rig.checks++;
            rig.checked_at[a.conn] = rig.now;
            if (rig.prompt)
                s7_pool_core_checked(rig.core, a.conn, rig.now);
            break;
        case S7_POOL_LISTEN:
            rig.listens++;
            break;
        case S7_POOL_REVOKE:
        case S7_POOL_CLOSE:
            rig.closes++;
            rig.revokes += a.kind == S7_POOL_REVOKE;
            rig.closed_at[a.conn] = rig.now;
            rig.reason[a.conn] = a.reason;
            if (rig.prompt)
                s7_pool_core_closed(rig.core, a.conn, rig.now);
            break;
        case S7_POOL_GRANT:
        case S7_POOL_FAIL:
            rig_told(&a);
            break;
        case S7_POOL_STARTED:
            rig.started = true;
            rig.start_status = a.status;
            break;
        case S7_POOL_PAUSED:
            rig.paused = true;
            rig.pause_status = a.status;
            break;
        case S7_POOL_CLOSED:
            rig.shut = true;
            rig.close_status = a.status;
            break;
        }
    }
    const char *fault = s7_pool_core_fault(rig.core);
    if (fault != NULL)
        fail_msg("at %.6f s: %s", (double)(rig.now - T0) / 1e9, fault);
}

/* The seed's defaults. */
static inline void rig_rules(void)
{
    memset(&rig, 0, sizeof rig);
    rig.now = T0;
    rig.prompt = true;
    rig.jobs = 8;
    rig.places = S7_POOL_SIZE_MAX;
    rig.random = UINT64_MAX;
    rig.rules = (struct s7_pool_rules){.size = 5,
                                       .max_connecting = 1,
                                       .max_idle_ns = 300 * SECOND,
                                       .max_lifetime_ns = S7_NEVER_NS,
                                       .leak_ns = S7_NEVER_NS,
                                       .backoff_factor = 200,
                                       .backoff_jitter = 100,
                                       .turn_ns = 3 * SECOND,
                                       .tells = true,
                                       .health_check_ns = 60 * SECOND,
                                       .health_timeout_ns = 2 * SECOND,
                                       .dirty_ns = 5 * SECOND,
                                       .backoff_min_ns = 250 * (SECOND / 1000),
                                       .backoff_max_ns = 5000 * (SECOND / 1000),
                                       .probe_min_ns = 5000 * (SECOND / 1000),
                                       .probe_max_ns = 60000 * (SECOND / 1000),
                                       .start = S7_POOL_START_ONE};
}

static inline void rig_start(void)
{
    assert_int_equal(s7_pool_core_new(&rig.rules, &rig.core), S7_OK);
    assert_int_equal(s7_pool_core_start(rig.core, S7_NEVER_NS, rig.now), S7_OK);
    act();
}

static inline int rig_free(void **state)
{
    (void)state;
    s7_pool_core_free(rig.core);
    rig.core = NULL;
    return 0;
}

/* Run from deadline to deadline up to `at`, which becomes the time. */
static inline void run_to(int64_t at)
{
    for (int64_t deadline; (deadline = s7_pool_core_deadline(rig.core)) <= at;) {
        if (deadline < rig.now)
            fail_msg("a deadline %.6f s ago", (double)(rig.now - deadline) / 1e9);
        rig.now = deadline;
        s7_pool_core_tick(rig.core, rig.now);
        act();
    }
    rig.now = at;
}

static inline void run_for(int64_t ns)
{
    run_to(rig.now + ns);
}

/* Caller i asks. */
static inline s7_status get(unsigned i, int64_t wait_ns)
{
    struct rig_caller *caller = &rig.callers[i];
    int64_t deadline = wait_ns == S7_NEVER_NS ? S7_NEVER_NS : rig.now + wait_ns;

    memset(caller, 0, sizeof *caller);
    s7_status status = s7_pool_core_get(rig.core, &caller->waiter, NULL, deadline, rig.now);
    act();
    return status;
}

/* ... and is served at once. */
static inline struct s7_pool_lease borrow(unsigned i)
{
    assert_int_equal(get(i, SECOND), S7_OK);
    if (!rig.callers[i].done || rig.callers[i].status != S7_OK)
        fail_msg("caller %u was not served at once", i);
    return rig.callers[i].lease;
}

static inline s7_status put_as(struct s7_pool_lease lease, enum s7_pool_condition condition)
{
    s7_status status = s7_pool_core_put(rig.core, lease, condition, rig.why, rig.now);

    act();
    return status;
}

static inline void put(struct s7_pool_lease lease)
{
    assert_int_equal(put_as(lease, S7_POOL_PUT_CLEAN), S7_OK);
}

static inline void expect_told(unsigned i, s7_status status)
{
    if (!rig.callers[i].done)
        fail_msg("caller %u was told nothing, expected %s", i, s7_errname(status));
    if (rig.callers[i].status != status)
        fail_msg("caller %u was told %s, expected %s", i, s7_errname(rig.callers[i].status),
                 s7_errname(status));
}

static inline void expect_state(unsigned conn, enum s7_pool_state state)
{
    static const char *const names[] = {"free",   "dialing", "idle",  "checking",
                                        "leased", "warm",    "dirty", "closing"};
    enum s7_pool_state is = s7_pool_core_state(rig.core, conn);

    if (is != state)
        fail_msg("connection %u is %s, expected %s", conn, names[is], names[state]);
}

#define AT(ns) assert_int_equal(rig.now - T0, ns)

#endif
