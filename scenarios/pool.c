/* pool{...}: the pool under test, with the options of s7rig/pool.h under their own names. */
#include "scenarios/engine_impl.h"
#include "scenarios/sandbox.h"

#include <stdio.h>

static const char pool_type[] = "pool", lease_type[] = "lease";

struct lease {
    struct sc_pool *pool;
    struct sc_lease lease;
};

#define POOL(field, type, max)                                                                               \
    {                                                                                                        \
#field, type, offsetof(s7_pool_options, field), max                                                  \
    }
static const struct sc_option options[] = {POOL(size, SC_U16, 65535),
                                           POOL(min_idle, SC_U16, 65535),
                                           POOL(max_idle_ms, SC_MS, 0),
                                           POOL(health_check_ms, SC_MS, 0),
                                           POOL(health_timeout_ms, SC_MS, 0),
                                           POOL(acquire_ms, SC_MS, 0),
                                           POOL(max_waiters, SC_U16, 65535),
                                           POOL(max_connecting, SC_U16, 65535),
                                           POOL(fail_when_exhausted, SC_BOOL, 0),
                                           POOL(fail_fast_when_down, SC_BOOL, 0),
                                           POOL(lend_oldest, SC_BOOL, 0),
                                           POOL(tell_all, SC_BOOL, 0),
                                           POOL(backoff_min_ms, SC_MS, 0),
                                           POOL(backoff_max_ms, SC_MS, 0),
                                           POOL(probe_min_ms, SC_MS, 0),
                                           POOL(probe_max_ms, SC_MS, 0),
                                           POOL(backoff_factor_percent, SC_U16, 1000),
                                           POOL(backoff_jitter_percent, SC_U16, 100),
                                           POOL(max_lifetime_ms, SC_MS, 0),
                                           POOL(lifetime_jitter_percent, SC_U16, 100),
                                           POOL(leak_ms, SC_MS, 0),
                                           POOL(mux_connections, SC_U16, 65535),
                                           POOL(coalesce_us, SC_U32, 1000000),
                                           POOL(coalesce_gap, SC_AUTO, 960),
                                           {NULL, SC_BOOL, 0, 0}};

/* What else a Pool takes: for those who mistype it. */
static const char *const names_besides[] = {"name",
                                            "start",
                                            "group",
                                            "on_event",
                                            "health_check_at",
                                            "type",
                                            "rack",
                                            "slot",
                                            "max_jobs",
                                            "local_tsap",
                                            "remote_tsap",
                                            "pdu_len",
                                            "connect_ms",
                                            "handshake_ms",
                                            "request_ms",
                                            "user_timeout_ms",
                                            "keepalive_idle_ms",
                                            "keepalive_interval_ms",
                                            NULL};

struct sc_pool *sc_check_pool(lua_State *lua, int index, const char *what)
{
    return sc_check_object(lua, index, pool_type, what);
}

/* ---- declaring ---- */

/* The table keeps it. */
static const char *check_text(lua_State *lua, int value, const char *name)
{
    if (lua_type(lua, value) != LUA_TSTRING)
        luaL_error(lua, "Pool: %s: expected a text, got %s", name, sc_safe_text(lua, value));
    return lua_tostring(lua, value);
}

static s7_pool_start_policy check_start(lua_State *lua, int value)
{
    static const char *const names[] = {"one", "all", "background", NULL};
    static const s7_pool_start_policy policies[] = {S7_POOL_START_ONE, S7_POOL_START_ALL,
                                                    S7_POOL_START_BACKGROUND};
    const char *name = check_text(lua, value, "start");

    for (size_t i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0)
            return policies[i];
    luaL_error(lua, "Pool: start: expected one, all or background, got %s", sc_shown(lua, value));
    return S7_POOL_START_ONE;
}

static void declare(lua_State *lua, s7_pool_options *pool, int key, int value)
{
    const char *name = lua_tostring(lua, key);

    if (strcmp(name, "start") == 0)
        pool->start = check_start(lua, value);
    else if (strcmp(name, "name") == 0)
        pool->name = check_text(lua, value, name);
    else if (strcmp(name, "health_check_at") == 0)
        pool->health_check_at = check_text(lua, value, name);
    else if (strcmp(name, "group") == 0)
        pool->group = sc_check_group(lua, value, "Pool: group");
    else if (strcmp(name, "on_event") == 0)
        sc_declare_events(lua, value, pool);
    else if (!sc_option_set(lua, options, pool, key, value, "Pool") &&
             !sc_client_option(lua, &pool->client, key, value, "Pool"))
        sc_no_such(lua, "Pool", name, options, names_besides);
}

/* A period is at least 1 ms for each connection; what was one before it was scaled still is. */
static void keep_period(const struct sc_engine *engine, s7_pool_options *pool)
{
    if (engine->options->scale > 1 && pool->health_check_ms != 0 && pool->health_check_ms < pool->size)
        pool->health_check_ms = pool->size;
}

static int l_pool(lua_State *lua)
{
    struct sc_engine *engine = sc_engine_of(lua);
    s7_errinfo err = S7_ERRINFO_INIT;
    char where[128], name[256];
    s7_pool_options pool;
    struct sc_pool *made;

    s7_pool_options_init(&pool);
    sc_options_scale(engine, options, &pool);
    sc_client_scale_presets(engine, &pool.client);
    const struct sc_plc *plc = sc_declared_plc(lua, "Pool");
    lua_pushnil(lua);
    while (lua_next(lua, 1) != 0) {
        if (lua_type(lua, -2) == LUA_TSTRING)
            declare(lua, &pool, lua_gettop(lua) - 1, lua_gettop(lua));
        lua_pop(lua, 1);
    }
    keep_period(engine, &pool);
    s7_status status = sc_pool_new(engine->adapter, sim_server_address(plc->server, 0), &pool, &made, &err);
    if (status != S7_OK)
        return sc_raise_status(lua, "Pool", status, &err);
    sc_where(lua, where, sizeof where);
    snprintf(name, sizeof name, "%.63s at %s", pool.name != NULL ? pool.name : plc->name, where);
    sc_pool_name(made, name);
    sc_engine_hook_last(engine);
    sc_push_object(lua, made, pool_type);
    return 1;
}

/* ---- life ---- */

static int pool_start(lua_State *lua)
{
    struct sc_pool *pool = sc_check_pool(lua, 1, "pool:start");
    uint32_t timeout_ms = sc_opt_timeout(lua, 2, "pool:start");
    struct sc_task *task = sc_task_of(lua, "pool:start");

    sc_pool_start(pool, timeout_ms, sc_task_call(task));
    return sc_task_wait(lua, task, sc_task_call_ended);
}

static int pool_close(lua_State *lua)
{
    struct sc_pool *pool = sc_check_pool(lua, 1, "pool:close");
    uint32_t timeout_ms = sc_opt_timeout(lua, 2, "pool:close");
    struct sc_task *task = sc_task_of(lua, "pool:close");

    sc_pool_close(pool, timeout_ms, sc_task_call(task));
    return sc_task_wait(lua, task, sc_task_call_ended);
}

/* ---- maintenance ---- */

static int pool_pause(lua_State *lua)
{
    struct sc_pool *pool = sc_check_pool(lua, 1, "pool:pause");
    uint32_t timeout_ms = sc_opt_timeout(lua, 2, "pool:pause");
    struct sc_task *task = sc_task_of(lua, "pool:pause");

    sc_pool_pause(pool, timeout_ms, sc_task_call(task));
    return sc_task_wait(lua, task, sc_task_call_ended);
}

static int done(lua_State *lua, const char *what, s7_status status)
{
    return status == S7_OK ? 0 : sc_raise_status(lua, what, status, NULL);
}

static int pool_resize(lua_State *lua)
{
    struct sc_pool *pool = sc_check_pool(lua, 1, "pool:resize");
    int whole = 0;
    lua_Integer size = lua_type(lua, 2) == LUA_TNUMBER ? lua_tointegerx(lua, 2, &whole) : 0;

    if (!whole || size < 1 || size > S7_POOL_SIZE_MAX)
        return luaL_error(lua, "pool:resize: a pool has a size of 1..64 connections, got %s",
                          sc_shown(lua, 2));
    return done(lua, "pool:resize", sc_pool_resize(pool, (unsigned)size));
}

static int pool_resume(lua_State *lua)
{
    return done(lua, "pool:resume", sc_pool_resume(sc_check_pool(lua, 1, "pool:resume")));
}

static int pool_refresh(lua_State *lua)
{
    return done(lua, "pool:refresh", sc_pool_refresh(sc_check_pool(lua, 1, "pool:refresh")));
}

/* ---- lending ---- */

static void push_lease(lua_State *lua, struct sc_pool *pool, struct sc_lease lease)
{
    struct lease *box = lua_newuserdatauv(lua, sizeof *box, 0);

    *box = (struct lease){pool, lease};
    luaL_setmetatable(lua, lease_type);
}

static struct lease *check_lease(lua_State *lua, int index, const char *what)
{
    struct lease *lease = luaL_testudata(lua, index, lease_type);

    if (lease == NULL)
        luaL_error(lua, "%s: expected what pool:get gave, got %s%s", what, sc_shown(lua, index),
                   index == 1 ? " (is it called with a colon?)" : "");
    return lease;
}

static int got(lua_State *lua, int status, lua_KContext context)
{
    struct sc_task *task = (struct sc_task *)context;

    (void)status;
    if (task->call.status != S7_OK)
        return sc_raise_status(lua, "pool:get", task->call.status, &task->call.err);
    push_lease(lua, sc_check_pool(lua, 1, task->what), task->call.lease);
    return 1;
}

static struct sc_task *begin_get(lua_State *lua, const char *what, int timeout_at, const char *label)
{
    struct sc_pool *pool = sc_check_pool(lua, 1, what);
    uint32_t timeout_ms = sc_opt_timeout(lua, timeout_at, what);
    struct sc_task *task = sc_task_of(lua, what);

    sc_pool_get(pool, timeout_ms, label, sc_task_call(task));
    return task;
}

static int pool_get(lua_State *lua)
{
    if (!lua_isnoneornil(lua, 3) && lua_type(lua, 3) != LUA_TSTRING)
        return luaL_error(lua, "pool:get: expected a label, a text, as pool:get(\"1s\", \"press\"); got %s",
                          sc_safe_text(lua, 3));
    return sc_task_wait(lua, begin_get(lua, "pool:get", 2, luaL_optstring(lua, 3, "scenario")), got);
}

static int given_back(lua_State *lua, const char *what, s7_status status)
{
    return status == S7_OK ? 0 : sc_raise_status(lua, what, status, NULL);
}

static int pool_put(lua_State *lua)
{
    struct sc_pool *pool = sc_check_pool(lua, 1, "pool:put");
    const struct lease *lease = check_lease(lua, 2, "pool:put");

    return given_back(lua, "pool:put", sc_pool_put(pool, lease->lease));
}

static int pool_discard(lua_State *lua)
{
    struct sc_pool *pool = sc_check_pool(lua, 1, "pool:discard");
    const struct lease *lease = check_lease(lua, 2, "pool:discard");
    s7_status why = S7_OK;

    if (!lua_isnoneornil(lua, 3))
        why = sc_check_status(lua, 3, "pool:discard",
                              "the name of an error, as pool:discard(client, \"timeout\")");
    return given_back(lua, "pool:discard", sc_pool_discard(pool, lease->lease, why));
}

/* ---- without a lease ---- */

static void submit_direct(void *pool, bool write, s7_item *items, size_t n_items, uint32_t timeout_ms,
                          struct sc_call *call)
{
    sc_pool_direct(pool, write, items, n_items, timeout_ms, call);
}

static int pool_read(lua_State *lua)
{
    struct sc_pool *pool = sc_check_pool(lua, 1, "pool:read");

    return sc_transfer(lua, false, "pool:read", sc_pool_endpoint(pool), submit_direct, pool);
}

static int pool_write(lua_State *lua)
{
    struct sc_pool *pool = sc_check_pool(lua, 1, "pool:write");

    return sc_transfer(lua, true, "pool:write", sc_pool_endpoint(pool), submit_direct, pool);
}

/* ---- execute: get, fn, put; the connection comes back whatever fn does ---- */

/* Stack: pool, fn, timeout, lease, then what fn left. */
static int executed(lua_State *lua, int status, lua_KContext context)
{
    const struct lease *lease = check_lease(lua, 4, "pool:execute");
    s7_status put = sc_pool_put(lease->pool, lease->lease);

    (void)context;
    if (status != LUA_OK && status != LUA_YIELD)
        return lua_error(lua);
    if (put != S7_OK && put != S7_E_POOL_CLOSED) /* taken away: what FN has done is done */
        return sc_raise_status(lua, "pool:execute: put", put, NULL);
    return lua_gettop(lua) - 4;
}

static int execute_got(lua_State *lua, int status, lua_KContext context)
{
    struct sc_task *task = (struct sc_task *)context;

    (void)status;
    if (task->call.status != S7_OK)
        return sc_raise_status(lua, "pool:execute", task->call.status, &task->call.err);
    push_lease(lua, sc_check_pool(lua, 1, task->what), task->call.lease);
    lua_pushvalue(lua, 2);
    lua_pushvalue(lua, 4);
    return executed(lua, lua_pcallk(lua, 1, LUA_MULTRET, 0, 0, executed), 0);
}

static int pool_execute(lua_State *lua)
{
    (void)sc_check_pool(lua, 1, "pool:execute");
    if (!lua_isfunction(lua, 2))
        return luaL_error(lua, "pool:execute: expected a function that takes the client, got %s",
                          sc_safe_text(lua, 2));
    lua_settop(lua, 3);
    return sc_task_wait(lua, begin_get(lua, "pool:execute", 3, "execute"), execute_got);
}

/* ---- what it is like ---- */

static int pool_status(lua_State *lua)
{
    char status[SC_STATUS_CAP];

    sc_pool_status(sc_check_pool(lua, 1, "pool:status"), status);
    lua_pushstring(lua, status);
    return 1;
}

static int pool_field(lua_State *lua)
{
    struct sc_pool *pool = sc_check_pool(lua, 1, "pool");
    const char *name = luaL_checkstring(lua, 2);

    if (strcmp(name, "stats") == 0)
        return sc_push_pool_stats(lua, pool);
    return sc_no_such(lua, "a pool", name, NULL,
                      (const char *const[]){"stats", "status", "start", "pause", "resume", "refresh",
                                            "resize", "close", "get", "put", "discard", "execute", "read",
                                            "write", NULL});
}

/* ---- leases ---- */

static void submit(void *of, bool write, s7_item *items, size_t n_items, uint32_t timeout_ms,
                   struct sc_call *call)
{
    const struct lease *lease = of;

    sc_pool_submit(lease->pool, lease->lease, write, items, n_items, timeout_ms, call);
}

static int lease_read(lua_State *lua)
{
    struct lease *lease = check_lease(lua, 1, "client:read");

    return sc_transfer(lua, false, "client:read", sc_pool_endpoint(lease->pool), submit, lease);
}

static int lease_write(lua_State *lua)
{
    struct lease *lease = check_lease(lua, 1, "client:write");

    return sc_transfer(lua, true, "client:write", sc_pool_endpoint(lease->pool), submit, lease);
}

static int lease_field(lua_State *lua)
{
    const char *name = sc_safe_text(lua, 2);

    if (strcmp(name, "put") == 0 || strcmp(name, "discard") == 0)
        return luaL_error(lua, "a lease has no %s; the pool takes it back: pool:%s(client)", name, name);
    return sc_no_such(lua, "a lease", name, NULL, (const char *const[]){"read", "write", NULL});
}

void sc_pool_open(lua_State *lua)
{
    static const luaL_Reg functions[] = {{"Pool", l_pool}, {NULL, NULL}};
    static const luaL_Reg pool_methods[] = {{"start", pool_start},     {"status", pool_status},
                                            {"pause", pool_pause},     {"resume", pool_resume},
                                            {"refresh", pool_refresh}, {"resize", pool_resize},
                                            {"close", pool_close},     {"get", pool_get},
                                            {"put", pool_put},         {"discard", pool_discard},
                                            {"execute", pool_execute}, {"read", pool_read},
                                            {"write", pool_write},     {NULL, NULL}};
    static const luaL_Reg lease_methods[] = {{"read", lease_read}, {"write", lease_write}, {NULL, NULL}};

    sc_object_type(lua, pool_type, pool_methods, pool_field);
    sc_object_type(lua, lease_type, lease_methods, lease_field);
    sc_functions(lua, functions);
}
