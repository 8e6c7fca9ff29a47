#include "client/pool_core_impl.h"

/* Dials that the pool's group does not allow: none is begun until it does. */

void s7_pool_core_denied(s7_pool_core *core, unsigned index, bool no_place, int64_t now_ns)
{
    struct s7_pool_conn *conn = &core->conns[index];

    if (conn->state != S7_POOL_DIALING)
        return;
    s7_pool_ask(core, conn, NOTHING_TO_DO);
    s7_pool_move(core, conn, S7_POOL_FREE);
    core->dials--;
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
