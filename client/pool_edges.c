#include "client/pool_core_impl.h"

int64_t s7_pool_later(int64_t now_ns, int64_t by_ns)
{
    return by_ns > S7_NEVER_NS - now_ns ? S7_NEVER_NS : now_ns + by_ns;
}

void s7_pool_retire(s7_pool_core *core, struct s7_pool_conn *conn, s7_pool_close_reason reason)
{
    if (conn->todo == S7_POOL_DIAL) { /* not begun: simply free again */
        s7_pool_ask(core, conn, NOTHING_TO_DO);
        s7_pool_move(core, conn, S7_POOL_FREE);
        return;
    }
    conn->reason = reason;
    core->yields -= core->yields > 0;
    s7_pool_ask(core, conn,
                conn->state == S7_POOL_LEASED && conn->number != 0 ? S7_POOL_REVOKE : S7_POOL_CLOSE);
    s7_pool_move(core, conn, S7_POOL_CLOSING);
    core->n_condemned -= conn->condemned;
    conn->check_open = conn->condemned = conn->evicted = false;
    conn->number = 0;
    conn->label = NULL;
}

static void retire_all(s7_pool_core *core, enum s7_pool_state state, s7_pool_close_reason reason)
{
    while (core->lists[state].first != NULL)
        s7_pool_retire(core, core->lists[state].first, reason);
}

void s7_pool_retire_held(s7_pool_core *core, s7_pool_close_reason reason)
{
    retire_all(core, S7_POOL_IDLE, reason);
    retire_all(core, S7_POOL_CHECKING, reason);
    retire_all(core, S7_POOL_DIRTY, reason);
    retire_all(core, S7_POOL_DIALING, reason);
}

void s7_pool_condemn(s7_pool_core *core, struct s7_pool_conn *conn, s7_pool_close_reason reason)
{
    if (conn->state != S7_POOL_LEASED) {
        s7_pool_retire(core, conn, reason);
    } else if (!conn->condemned) {
        conn->condemned = true;
        conn->check_open = false;
        conn->reason = reason;
        core->n_condemned++;
    }
}

int64_t s7_pool_next_check_ns(const s7_pool_core *core, const struct s7_pool_conn *conn, int64_t now_ns)
{
    int64_t period_ns = core->rules.health_check_ns;

    if (period_ns == S7_NEVER_NS)
        return S7_NEVER_NS;
    int64_t turn = conn->index, size = core->rules.size;
    int64_t offset_ns = (turn < size ? turn : turn % size) * (period_ns / size); /* it may have been larger */
    int64_t past_ns = (now_ns - core->origin_ns - offset_ns) % period_ns;
    return s7_pool_later(now_ns, past_ns < 0 ? -past_ns : period_ns - past_ns);
}

void s7_pool_rest(s7_pool_core *core, struct s7_pool_conn *conn, int64_t now_ns)
{
    conn->check_at_ns = s7_pool_next_check_ns(core, conn, now_ns);
    s7_pool_move(core, conn, conn->check_open ? S7_POOL_CHECKING : S7_POOL_IDLE);
}

void s7_pool_begin_check(s7_pool_core *core, struct s7_pool_conn *conn, int64_t now_ns)
{
    conn->check_open = true;
    conn->until_ns = s7_pool_later(now_ns, core->rules.health_timeout_ns);
    core->health_checks++;
    s7_pool_ask(core, conn, S7_POOL_CHECK);
    s7_pool_move(core, conn, S7_POOL_CHECKING);
}

void s7_pool_check_failed(s7_pool_core *core, struct s7_pool_conn *conn)
{
    core->health_check_failures++;
    (void)s7_pool_tell(core, S7_POOL_EVENT_CHECK_FAILED, conn, core->now_ns);
    core->cause = S7_E_TIMEOUT;
    s7_pool_retire(core, conn, S7_POOL_CLOSE_HEALTH);
}

void s7_pool_dial(s7_pool_core *core, struct s7_pool_conn *conn)
{
    conn->since_ns = core->now_ns;
    s7_pool_ask(core, conn, S7_POOL_DIAL);
    s7_pool_move(core, conn, S7_POOL_DIALING);
}

void s7_pool_give(s7_pool_core *core, struct s7_pool_conn *conn, const char *label, int64_t now_ns)
{
    s7_pool_move(core, conn, S7_POOL_LEASED);
    conn->number = ++core->numbers;
    core->gets++;
    conn->leased_ns = now_ns;
    conn->leak_told = false;
    conn->label = label;
}

void s7_pool_lend(s7_pool_core *core, struct s7_pool_conn *conn, struct s7_pool_waiter *waiter,
                  int64_t now_ns)
{
    if (conn->todo == S7_POOL_CHECK) { /* not begun: not needed any more */
        conn->check_open = false;
        core->health_checks--;
    }
    s7_pool_ask(core, conn, NOTHING_TO_DO);
    s7_pool_give(core, conn, waiter->label, now_ns);
    waiter->status = S7_OK;
    waiter->lease = (struct s7_pool_lease){conn->index, conn->number};
    core->gets_waited += waiter->waited;
    s7_histogram_add(&core->wait, now_ns - waiter->since_ns);
    s7_pool_tell_wait(core, waiter, conn, S7_OK, now_ns);
    s7_pool_tell_borrow(core, conn, now_ns - waiter->since_ns, now_ns);
    s7_pool_settle_waiter(core, waiter);
}

void s7_pool_fail(s7_pool_core *core, struct s7_pool_waiter *waiter, s7_status status)
{
    waiter->status = status;
    core->gets_failed++;
    s7_pool_tell_wait(core, waiter, NULL, status, core->now_ns);
    s7_pool_settle_waiter(core, waiter);
}
