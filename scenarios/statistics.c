/* pool.stats: what a pool has counted, the fields of s7_pool_stats under their own names. */
#include "scenarios/engine_impl.h"

#define N_FIELDS 41 /* room for so many, to begin with: conditions ask again and again */

static void push_count(lua_State *lua, const char *name, uint64_t count)
{
    lua_pushinteger(lua, (lua_Integer)count);
    lua_setfield(lua, -2, name);
}

static void push_flag(lua_State *lua, const char *name, bool flag)
{
    lua_pushboolean(lua, flag);
    lua_setfield(lua, -2, name);
}

static void push_dial_failures(lua_State *lua, const s7_pool_stats *stats)
{
    lua_createtable(lua, 0, S7_POOL_DIAL_FAILURES);
    for (int kind = 0; kind < S7_POOL_DIAL_FAILURES; kind++)
        push_count(lua, s7_pool_dial_failure_name((s7_pool_dial_failure)kind), stats->dial_failures[kind]);
    sc_strict_table(lua, "pool.stats.dial_failures");
    lua_setfield(lua, -2, "dial_failures");
}

static void push_closed(lua_State *lua, const s7_pool_stats *stats)
{
    lua_createtable(lua, 0, S7_POOL_CLOSE_REASONS);
    for (int reason = 0; reason < S7_POOL_CLOSE_REASONS; reason++)
        push_count(lua, s7_pool_close_reason_name((s7_pool_close_reason)reason), stats->closed[reason]);
    sc_strict_table(lua, "pool.stats.closed");
    lua_setfield(lua, -2, "closed");
}

static void push_ms(lua_State *lua, const char *name, int64_t ns)
{
    lua_pushnumber(lua, (double)ns * sc_engine_of(lua)->options->scale / 1e6);
    lua_setfield(lua, -2, name);
}

/* what: "pool.stats.wait"; of the scenario's time. */
static void push_times(lua_State *lua, const char *what, const s7_pool_times *times)
{
    lua_createtable(lua, 0, 6);
    push_count(lua, "count", times->count);
    push_ms(lua, "sum_ms", times->sum_ns);
    push_ms(lua, "p50_ms", times->p50_ns);
    push_ms(lua, "p95_ms", times->p95_ns);
    push_ms(lua, "p99_ms", times->p99_ns);
    push_ms(lua, "max_ms", times->max_ns);
    sc_strict_table(lua, what);
    lua_setfield(lua, -2, what + strlen("pool.stats."));
}

/* nil would be a name that is not there. */
static void push_last_error(lua_State *lua, s7_status status)
{
    char name[48] = "ok";

    if (status != S7_OK)
        sc_status_name(status, name, sizeof name);
    lua_pushstring(lua, name);
    lua_setfield(lua, -2, "last_connect_error");
}

static void push_counts(lua_State *lua, const s7_pool_stats *stats)
{
#define COUNT(field) push_count(lua, #field, stats->field)
    COUNT(total_connections);
    COUNT(available);
    COUNT(in_use);
    COUNT(health_check_failures);
    COUNT(checking);
    COUNT(dirty);
    COUNT(closing);
    COUNT(connecting);
    COUNT(waiting);
    COUNT(size);
    COUNT(limit);
    COUNT(gets);
    COUNT(gets_waited);
    COUNT(gets_failed);
    COUNT(puts);
    COUNT(misuse);
    COUNT(health_checks);
    COUNT(late_answers);
    COUNT(connects);
    COUNT(connect_failures);
    COUNT(gets_timed_out);
    COUNT(gets_cancelled);
    COUNT(dials);
    COUNT(denials);
    COUNT(outages);
    COUNT(reconnects);
    COUNT(leaking);
    COUNT(leaks);
    COUNT(events_lost);
    COUNT(direct_calls);
    COUNT(direct_jobs);
    COUNT(direct_merged);
#undef COUNT
}

int sc_push_pool_stats(lua_State *lua, struct sc_pool *pool)
{
    s7_pool_stats stats = {.struct_size = sizeof stats};

    sc_pool_stats(pool, &stats);
    lua_createtable(lua, 0, N_FIELDS);
    push_counts(lua, &stats);
    push_flag(lua, "down", stats.down);
    push_flag(lua, "paused", stats.paused);
    push_flag(lua, "denied", stats.denied);
    push_last_error(lua, stats.last_connect_error);
    push_closed(lua, &stats);
    push_dial_failures(lua, &stats);
    push_times(lua, "pool.stats.wait", &stats.wait);
    push_times(lua, "pool.stats.lease", &stats.lease);
    push_times(lua, "pool.stats.connect", &stats.connect);
    sc_strict_table(lua, "pool.stats");
    return 1;
}
