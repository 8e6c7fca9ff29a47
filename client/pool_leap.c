#include "client/pool_core_impl.h"

/* The process did not run for a while: it was stopped, its machine slept, a debugger had it. Nothing was
 * asked or answered meanwhile, so that nothing that is overdue now proves anything. */

/* Of those that are asked whether they live, so many are begun in the time that one may take. */
#define CHECKS_AT_A_TIME 8

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What the adapter was to come back for, as far as it would cost a connection. */
static int64_t due_ns(const s7_pool_core *core)
{
    const struct s7_pool_conn *conn = core->lists[S7_POOL_IDLE].last;
    int64_t at_ns = s7_pool_turnover_at_ns(core);

    if (conn != NULL && s7_pool_ready(core) > core->rules.min_idle)
        at_ns = earlier(at_ns, s7_pool_later(conn->idle_since_ns, core->rules.max_idle_ns));
    for (conn = core->lists[S7_POOL_IDLE].first; conn != NULL; conn = conn->next)
        at_ns = earlier(at_ns, conn->check_at_ns);
    for (conn = core->lists[S7_POOL_CHECKING].first; conn != NULL; conn = conn->next)
        at_ns = earlier(at_ns, conn->until_ns);
    for (conn = core->lists[S7_POOL_DIRTY].first; conn != NULL; conn = conn->next)
        at_ns = earlier(at_ns, conn->until_ns);
    return at_ns;
}

/* Time asleep is not time in which nobody wanted it; an answer may lie in the socket; and of those whose life
 * ended meanwhile each waits for its turn. */
static void forgive(s7_pool_core *core, enum s7_pool_state state, int64_t slept_ns, int64_t now_ns)
{
    for (struct s7_pool_conn *conn = core->lists[state].first; conn != NULL; conn = conn->next) {
        conn->idle_since_ns = earlier(conn->idle_since_ns + slept_ns, now_ns);
        conn->until_ns = s7_pool_later(conn->until_ns, slept_ns);
        if (conn->dies_at_ns <= now_ns)
            conn->dies_at_ns = s7_pool_later(conn->dies_at_ns, slept_ns);
    }
}

static void ask_one_after_the_other(s7_pool_core *core, int64_t now_ns)
{
    int64_t at_ns = now_ns;

    for (struct s7_pool_conn *conn = core->lists[S7_POOL_IDLE].first; conn != NULL; conn = conn->next) {
        conn->check_at_ns = at_ns;
        at_ns = s7_pool_later(at_ns, core->rules.health_timeout_ns / CHECKS_AT_A_TIME);
    }
}

/* The clock stands still while the machine sleeps: nothing is overdue then, and the PLC may be gone. */
void s7_pool_core_slept(s7_pool_core *core, int64_t so_far_ns, int64_t now_ns)
{
    int64_t slept_ns = so_far_ns - core->slept_ns;
    bool known = core->slept_ns != S7_NEVER_NS;

    if (!known || slept_ns > core->rules.health_timeout_ns) {
        core->slept_ns = so_far_ns;
        if (known)
            ask_one_after_the_other(core, now_ns);
    }
    s7_pool_settle(core, now_ns);
}

void s7_pool_note_leap(s7_pool_core *core, int64_t now_ns)
{
    int64_t slept_ns = now_ns - core->now_ns, patience_ns = core->rules.health_timeout_ns;

    if (slept_ns <= patience_ns || now_ns - patience_ns <= due_ns(core))
        return;
    forgive(core, S7_POOL_IDLE, slept_ns, now_ns);
    forgive(core, S7_POOL_CHECKING, slept_ns, now_ns);
    forgive(core, S7_POOL_DIRTY, slept_ns, now_ns);
    ask_one_after_the_other(core, now_ns);
}
