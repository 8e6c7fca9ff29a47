#include "client/pool_core_impl.h"

/* The pool's group: dials that it does not allow, of which none is begun until it does, and connections that
 * it asks for. */

void s7_pool_core_denied(s7_pool_core *core, unsigned index, bool no_place, int64_t now_ns)
{
    struct s7_pool_conn *conn = core->conns[index];

    if (conn->state != S7_POOL_DIALING)
        return;
    s7_pool_ask(core, conn, NOTHING_TO_DO);
    s7_pool_move(core, conn, S7_POOL_FREE);
    core->denied = true;
    if (no_place && !core->no_place) {
        core->denials++;
        s7_pool_tell(core, S7_POOL_EVENT_DENIED, NULL, now_ns)->count = s7_pool_total(core);
    }
    core->no_place = no_place;
    if (no_place && core->phase == S7_POOL_STARTING) {
        core->phase = S7_POOL_FAILING;
        core->start_status = S7_E_BUDGET;
    }
    s7_pool_settle(core, now_ns);
}

void s7_pool_core_allowed(s7_pool_core *core, int64_t now_ns)
{
    core->denied = core->no_place = false;
    s7_pool_settle(core, now_ns);
}

void s7_pool_core_yield(s7_pool_core *core, unsigned n, int64_t now_ns)
{
    core->yields += n;
    s7_pool_settle(core, now_ns);
}

/* The last one goes as well, but not at once: pools would do nothing but dial in turn. */
static int64_t may_go_at_ns(const s7_pool_core *core, const struct s7_pool_conn *conn)
{
    return s7_pool_up(core) > 1 ? INT64_MIN : s7_pool_later(conn->since_ns, core->rules.turn_ns);
}

bool s7_pool_may_yield(const s7_pool_core *core, const struct s7_pool_conn *conn, int64_t now_ns)
{
    return core->yields > 0 && now_ns >= may_go_at_ns(core, conn);
}

void s7_pool_yield_idle(s7_pool_core *core, int64_t now_ns)
{
    struct s7_pool_conn *conn;

    while ((conn = core->lists[S7_POOL_IDLE].last) != NULL && s7_pool_may_yield(core, conn, now_ns))
        s7_pool_retire(core, conn, S7_POOL_CLOSE_YIELDED);
}

int64_t s7_pool_yield_at_ns(const s7_pool_core *core)
{
    const struct s7_pool_conn *conn = core->lists[S7_POOL_IDLE].last;

    return core->yields > 0 && conn != NULL ? may_go_at_ns(core, conn) : S7_NEVER_NS;
}
