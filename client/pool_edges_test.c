/* The picture on top of pool_core.c is true: under random events of every kind, whether they fit or come too
 * late, connections take each of its edges and no other. The linker turns the mover to us. */
#include "client/pool_core_impl.h"
#include "client/pool_core_rig.h"
#include "loop/random.h"

#define SEEDS   200
#define STEPS   1000
#define CALLERS 8 /* and one who borrows what is warm */
#define PLACES  6 /* at most */

void __real_s7_pool_move(s7_pool_core *core, struct s7_pool_conn *conn, enum s7_pool_state to);
void __wrap_s7_pool_move(s7_pool_core *core, struct s7_pool_conn *conn, enum s7_pool_state to);

static const char *const names[S7_POOL_STATES] = {"FREE",   "DIALING", "IDLE",  "CHECKING",
                                                  "LEASED", "WARM",    "DIRTY", "CLOSING"};
static unsigned taken[S7_POOL_STATES][S7_POOL_STATES];
static uint64_t seed, draws;

void __wrap_s7_pool_move(s7_pool_core *core, struct s7_pool_conn *conn, enum s7_pool_state to)
{
    taken[conn->state][to]++;
    if (!s7_pool_is_edge(conn->state, to))
        fail_msg("seed %llu, draw %llu: from %s to %s there is no edge", (unsigned long long)seed,
                 (unsigned long long)draws, names[conn->state], names[to]);
    __real_s7_pool_move(core, conn, to);
}

static unsigned below(unsigned n)
{
    return (unsigned)s7_draw_range(s7_draw(seed, 1, 2, draws++), 0, (int64_t)n - 1);
}

static bool one_in(unsigned n)
{
    return below(n) == 0;
}

static void begin(uint64_t nth)
{
    seed = nth;
    draws = 0;
    rig_rules();
    rig.prompt = false;
    rig.rules.size = 1 + below(PLACES);
    rig.rules.min_idle = one_in(3) ? below(rig.rules.size + 1) : 0;
    rig.rules.max_connecting = 1 + below(rig.rules.size);
    rig.rules.start = (s7_pool_start_policy)below(3);
    rig.rules.fail_when_exhausted = one_in(4);
    rig.rules.health_check_ns = 5 * SECOND; /* so that checks are met by everything else */
    rig.rules.health_timeout_ns = rig.rules.dirty_ns = 20 * SECOND;
    if (one_in(3)) {
        rig.rules.max_lifetime_ns = (1 + below(100)) * SECOND;
        rig.rules.lifetime_jitter_ns = rig.rules.max_lifetime_ns / 2;
    }
    rig_start();
}

/* ---- events ---- */

static void ask(void)
{
    unsigned i = below(CALLERS);
    struct rig_caller *caller = &rig.callers[i];

    if (!s7_pool_core_is_waiting(&caller->waiter) && !s7_pool_core_is_current(rig.core, caller->lease))
        (void)get(i, below(5) * SECOND);
}

/* Asked and withdrawn before it is told. */
static void ask_in_vain(void)
{
    struct s7_pool_waiter waiter;

    if (s7_pool_core_get(rig.core, &waiter, NULL, rig.now + SECOND, rig.now) == S7_OK)
        s7_pool_core_forgo(rig.core, &waiter, rig.now);
}

static void give_back(void)
{
    static const enum s7_pool_condition conditions[] = {S7_POOL_PUT_CLEAN, S7_POOL_PUT_CLEAN,
                                                        S7_POOL_PUT_DIRTY, S7_POOL_PUT_DISCARD};

    for (unsigned i = below(CALLERS + 1), n = 0; n <= CALLERS; i = (i + 1) % (CALLERS + 1), n++)
        if (s7_pool_core_is_current(rig.core, rig.callers[i].lease)) {
            assert_int_equal(put_as(rig.callers[i].lease, conditions[below(4)]), S7_OK);
            return;
        }
}

/* What is waited for. */
static void come_true(unsigned conn)
{
    uint64_t random = s7_draw(seed, 1, 3, draws++);

    switch (s7_pool_core_state(rig.core, conn)) {
    case S7_POOL_DIALING:
        s7_pool_core_dialed(rig.core, conn, 1 + below(2), random, rig.now);
        break;
    case S7_POOL_CHECKING:
        s7_pool_core_checked(rig.core, conn, rig.now);
        break;
    case S7_POOL_DIRTY:
        s7_pool_core_drained(rig.core, conn, rig.now);
        break;
    case S7_POOL_CLOSING:
        s7_pool_core_closed(rig.core, conn, rig.now);
        break;
    default:
        break;
    }
}

/* What may come at any time, as far as an adapter knows. */
static void happen(unsigned conn)
{
    uint64_t random = s7_draw(seed, 1, 3, draws++);

    switch (below(7)) {
    case 0:
        s7_pool_core_dialed(rig.core, conn, 1 + below(2), random, rig.now);
        break;
    case 1:
        s7_pool_core_dial_failed(rig.core, conn, one_in(2) ? S7_E_COTP_REFUSED : S7_E_IO, random, rig.now);
        break;
    case 2:
        s7_pool_core_denied(rig.core, conn, one_in(2), rig.now);
        break;
    case 3:
        s7_pool_core_checked(rig.core, conn, rig.now);
        break;
    case 4:
        s7_pool_core_drained(rig.core, conn, rig.now);
        break;
    case 5:
        s7_pool_core_ended(rig.core, conn, S7_E_RESET, rig.now);
        break;
    default:
        s7_pool_core_closed(rig.core, conn, rig.now);
        break;
    }
}

static void warm_up(unsigned conn)
{
    struct rig_caller *caller = &rig.callers[CALLERS];

    if (s7_pool_core_is_current(rig.core, caller->lease) || !s7_pool_core_warm(rig.core, conn, rig.now))
        return;
    if (one_in(2)) {
        s7_pool_core_cool_idle(rig.core, rig.now);
    } else {
        caller->lease = s7_pool_core_cool_lent(rig.core, NULL, rig.now);
    }
}

static void maintain(void)
{
    switch (below(4)) {
    case 0:
        (void)s7_pool_core_resize(rig.core, 1 + below(PLACES), rig.now);
        break;
    case 1:
        (void)s7_pool_core_refresh(rig.core, rig.now);
        break;
    case 2:
        (void)!s7_pool_core_pause(rig.core, rig.now + SECOND, rig.now);
        break;
    default:
        s7_pool_core_yield(rig.core, 1, rig.now);
        break;
    }
}

/* Whatever keeps the pool from making connections is over. */
static void let_go_on(void)
{
    (void)s7_pool_core_resume(rig.core, rig.now);
    s7_pool_core_allowed(rig.core, rig.now);
    if (rig.started && rig.start_status != S7_OK) {
        rig.started = false;
        (void)!s7_pool_core_start(rig.core, S7_NEVER_NS, rig.now);
    }
}

static void step(void)
{
    rig.now += below(3) * below(1000) * MS;
    switch (below(8)) {
    case 0:
        ask();
        break;
    case 1:
        give_back();
        break;
    case 2:
        ask_in_vain();
        break;
    case 3:
        warm_up(below(rig.core->n_places));
        break;
    case 4:
        one_in(8) ? maintain() : let_go_on();
        break;
    case 5:
        s7_pool_core_tick(rig.core, rig.now);
        break;
    case 6:
        happen(below(rig.core->n_places));
        break;
    default:
        come_true(below(rig.core->n_places));
        break;
    }
    act();
}

static void connections_take_every_edge_of_the_picture_and_no_other(void **state)
{
    (void)state;
    for (uint64_t nth = 1; nth <= SEEDS; nth++) {
        begin(nth);
        for (unsigned i = 0; i < STEPS; i++)
            step();
        (void)s7_pool_core_close(rig.core, rig.now + SECOND, rig.now);
        act();
        for (unsigned i = 0; i < STEPS / 10; i++)
            step();
        rig_free(state);
    }
    for (enum s7_pool_state from = S7_POOL_FREE; from < S7_POOL_STATES; from++)
        for (enum s7_pool_state to = S7_POOL_FREE; to < S7_POOL_STATES; to++)
            if (s7_pool_is_edge(from, to) && taken[from][to] == 0)
                fail_msg("nothing takes the edge from %s to %s", names[from], names[to]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(connections_take_every_edge_of_the_picture_and_no_other, rig_free),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "pool edges");
}
