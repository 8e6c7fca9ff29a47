#include "client/pool_core_impl.h"

#include <assert.h>

/* The connection that is left to its borrowers. What may happen to it meanwhile is what would have moved it
 * to and fro between IDLE and LEASED, with nothing else to follow: so only where all is quiet, and for one.
 */

bool s7_pool_core_warm(s7_pool_core *core, unsigned index, int64_t now_ns)
{
    struct s7_pool_conn *conn = core->conns[index];

    if (conn->state != S7_POOL_IDLE || s7_pool_n(core, S7_POOL_LEASED) > 0 || core->rules.tell_all ||
        !s7_pool_is_quiet(core, now_ns))
        return false;
    s7_pool_move(core, conn, S7_POOL_WARM);
    s7_pool_note_warm(core, now_ns);
    return true;
}

void s7_pool_core_warm_leases(s7_pool_core *core, uint64_t n, int64_t each_ns)
{
    core->gets += n;
    core->puts += n;
    s7_histogram_add_many(&core->wait, 0, n);
    s7_histogram_add_many(&core->lease, each_ns, n);
}

/* WARM is what only one can be. */
static struct s7_pool_conn *warm_one(s7_pool_core *core)
{
    assert(s7_pool_n(core, S7_POOL_WARM) == 1);
    return core->lists[S7_POOL_WARM].first;
}

void s7_pool_core_cool_idle(s7_pool_core *core, int64_t since_ns)
{
    struct s7_pool_conn *conn = warm_one(core);

    conn->idle_since_ns = since_ns;
    s7_pool_rest(core, conn, since_ns);
    s7_pool_note_lease(core, conn);
}

struct s7_pool_lease s7_pool_core_cool_lent(s7_pool_core *core, const char *label, int64_t since_ns)
{
    struct s7_pool_conn *conn = warm_one(core);

    s7_pool_give(core, conn, label, since_ns);
    s7_histogram_add(&core->wait, 0);
    s7_pool_note_lease(core, conn);
    return (struct s7_pool_lease){conn->index, conn->number};
}
