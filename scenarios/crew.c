/* workers{...}: many callers of one pool at a time, each get, read or write, put, pause, again; or without a
 * lease. */
#include "scenarios/engine_impl.h"
#include "scenarios/sandbox.h"

#include <inttypes.h>
#include <stdio.h>

#define ADDRESSES_MAX 256
#define WORK_BYTES    65536

static const char crew_type[] = "workers";

struct declared {
    struct sc_work work;
    bool list, has_values; /* addresses are given as a list; so are values then */
    s7_address addresses[ADDRESSES_MAX];
    uint8_t values[WORK_BYTES];
};

/* ---- declaring ---- */

static void add_address(lua_State *lua, struct declared *crew, int at)
{
    struct sc_work *work = &crew->work;
    s7_address *address = &crew->addresses[work->n_addresses];

    sc_check_address(lua, at, address);
    size_t len = s7_address_size(address);
    if (work->n_addresses > 0 && len != work->value_len)
        luaL_error(lua, "Workers: address: all must have the same number of bytes; %s has %d, the first %d",
                   lua_tostring(lua, at), (int)len, (int)work->value_len);
    work->value_len = len;
    work->n_addresses++;
    if (work->n_addresses * len > WORK_BYTES)
        luaL_error(lua, "Workers: address: more than %d bytes in all", WORK_BYTES);
}

static void take_addresses(lua_State *lua, struct declared *crew)
{
    lua_getfield(lua, 1, "address");
    int at = lua_gettop(lua);
    crew->list = lua_istable(lua, at);
    size_t n = crew->list ? lua_rawlen(lua, at) : 1;

    if (n < 1 || n > ADDRESSES_MAX)
        luaL_error(lua, "Workers: address: expected an address or a list of 1 to %d", ADDRESSES_MAX);
    for (size_t i = 0; i < n; i++) {
        if (crew->list)
            lua_rawgeti(lua, at, (lua_Integer)i + 1);
        else
            lua_pushvalue(lua, at);
        add_address(lua, crew, at + 1);
        lua_settop(lua, at);
    }
    lua_pop(lua, 1);
}

static void take_values(lua_State *lua, struct declared *crew)
{
    struct sc_work *work = &crew->work;

    lua_getfield(lua, 1, "value");
    int at = lua_gettop(lua);
    crew->has_values = !lua_isnil(lua, at);
    if (work->write && !crew->has_values)
        luaL_error(lua, "Workers: value: expected what is to be written");
    if (crew->has_values && crew->list && (!lua_istable(lua, at) || lua_rawlen(lua, at) != work->n_addresses))
        luaL_error(lua, "Workers: value: expected a list of %d values, one for each address",
                   (int)work->n_addresses);
    for (size_t i = 0; i < work->n_addresses && crew->has_values; i++) {
        s7_address address = sc_item_address(&crew->addresses[i]);
        if (crew->list)
            lua_rawgeti(lua, at, (lua_Integer)i + 1);
        sc_check_value(lua, lua_gettop(lua), &address, crew->values + i * work->value_len);
        lua_settop(lua, at);
    }
    lua_pop(lua, 1);
}

static uint32_t take_timeout(lua_State *lua, const char *name)
{
    char what[32];

    snprintf(what, sizeof what, "Workers: %s", name);
    lua_getfield(lua, 1, name);
    uint32_t ms = sc_opt_timeout(lua, -1, what);
    lua_settop(lua, 2);
    return ms;
}

static int64_t take_pause(lua_State *lua)
{
    lua_getfield(lua, 1, "pause");
    int64_t ns = sc_opt_time(lua, -1, "Workers: pause", 0);
    lua_settop(lua, 2);
    return sc_scaled_ns(sc_engine_of(lua), ns);
}

static void take_op(lua_State *lua, struct declared *crew)
{
    lua_getfield(lua, 1, "op");
    const char *op = luaL_optstring(lua, -1, "read");
    crew->work.write = strcmp(op, "write") == 0;
    if (!crew->work.write && strcmp(op, "read") != 0)
        luaL_error(lua, "Workers: op: expected read or write, got %s", op);
    lua_settop(lua, 2);
}

static void take_lease(lua_State *lua, struct declared *crew)
{
    lua_getfield(lua, 1, "lease");
    if (!lua_isnil(lua, -1) && !lua_isboolean(lua, -1))
        luaL_error(lua, "Workers: lease: expected true or false, got %s", sc_safe_text(lua, -1));
    crew->work.direct = lua_isboolean(lua, -1) && !lua_toboolean(lua, -1);
    lua_getfield(lua, 1, "acquire_ms");
    if (crew->work.direct && !lua_isnil(lua, -1))
        luaL_error(lua, "Workers: acquire_ms: without a lease there is request_ms only");
    lua_settop(lua, 2);
}

static struct sc_pool *check_keys(lua_State *lua)
{
    static const char *const names[] = {"count", "times",      "op",         "address", "value",
                                        "pause", "acquire_ms", "request_ms", "lease",   NULL};

    if (!lua_istable(lua, 1) || lua_rawgeti(lua, 1, 1) == LUA_TNIL)
        luaL_error(lua, "Workers: expected a table with its pool first, as Workers {pool, count = 10, ...}");
    struct sc_pool *pool = sc_check_pool(lua, -1, "Workers");
    lua_settop(lua, 2);
    lua_pushnil(lua);
    while (lua_next(lua, 1) != 0) {
        size_t i = 0;
        const char *key = lua_type(lua, -2) == LUA_TSTRING ? lua_tostring(lua, -2) : NULL;
        while (key != NULL && names[i] != NULL && strcmp(names[i], key) != 0)
            i++;
        if (key != NULL && names[i] == NULL)
            sc_no_such(lua, "Workers", key, NULL, names);
        sc_check_key(lua, lua_gettop(lua) - 1, "Workers", "pool");
        lua_pop(lua, 1);
    }
    return pool;
}

static void on_ended(struct sc_call *call)
{
    struct sc_crew *crew = call->arg;

    crew->ended = true;
    sc_crews_look(crew->engine);
}

static int l_workers(lua_State *lua)
{
    struct sc_engine *engine = sc_engine_of(lua);

    lua_settop(lua, 1);
    struct declared *declared = lua_newuserdatauv(lua, sizeof *declared, 0);
    memset(declared, 0, sizeof *declared);
    struct sc_work *work = &declared->work;
    struct sc_pool *pool = check_keys(lua);
    work->count = sc_opt_count(lua, "Workers", "count", 1, 1000);
    work->times = sc_opt_count(lua, "Workers", "times", 1, 1000000);
    take_op(lua, declared);
    take_lease(lua, declared);
    take_addresses(lua, declared);
    take_values(lua, declared);
    work->pause_ns = take_pause(lua);
    work->acquire_ms = take_timeout(lua, "acquire_ms");
    work->request_ms = take_timeout(lua, "request_ms");
    work->addresses = declared->addresses;
    work->values = declared->has_values ? declared->values : NULL;
    struct sc_crew *crew = calloc(1, sizeof *crew);
    if (crew == NULL)
        return luaL_error(lua, "Workers: out of memory");
    *crew = (struct sc_crew){.engine = engine, .call = {.fn = on_ended, .arg = crew, .err = S7_ERRINFO_INIT}};
    s7_status status = sc_workers_start(pool, work, &crew->call, &crew->workers);
    if (status != S7_OK) {
        free(crew);
        return sc_raise_status(lua, "Workers", status, NULL);
    }
    engine->ledger.blind |= work->write;
    engine->ledger.uncounted |= work->write;
    crew->next = engine->crews;
    engine->crews = crew;
    sc_where(lua, crew->where, sizeof crew->where);
    sc_push_object(lua, crew, crew_type);
    return 1;
}

void sc_crews_free(struct sc_engine *engine)
{
    while (engine->crews != NULL) {
        struct sc_crew *crew = engine->crews;

        engine->crews = crew->next;
        free(crew);
    }
}

bool sc_crews_busy(const struct sc_engine *engine)
{
    for (const struct sc_crew *crew = engine->crews; crew != NULL; crew = crew->next)
        if (!crew->ended)
            return true;
    return false;
}

const struct sc_crew *sc_crews_unseen(const struct sc_engine *engine)
{
    struct sc_work_stats stats;

    for (const struct sc_crew *crew = engine->crews; crew != NULL; crew = crew->next) {
        sc_workers_stats(crew->workers, &stats);
        if (stats.failed > 0 && !crew->looked_at)
            return crew;
    }
    return NULL;
}

void sc_crew_tell(const struct sc_crew *crew, struct sc_text *out)
{
    char line[S7_ASKED_CAP + S7_CAME_CAP + S7_HINT_CAP + 32];
    struct sc_work_stats stats;

    sc_workers_stats(crew->workers, &stats);
    sc_text_add(out, "workers of %s: ok %" PRIu64 ", failed %" PRIu64 ", wrong %" PRIu64, crew->where,
                stats.ok, stats.failed, stats.wrong);
    if (stats.failed > 0) {
        s7_errinfo_format(&stats.last_err, line, sizeof line);
        sc_text_add(out, ", the last one: %s", line);
    }
    sc_text_add(out, "\n");
}

/* ---- watching ---- */

/* Whoever waits for a crew that is done goes on. */
void sc_crews_look(struct sc_engine *engine)
{
    for (struct sc_task *task = engine->tasks; task != NULL; task = task->next)
        if (task->crew != NULL && task->crew->ended) {
            task->crew = NULL;
            sc_task_ready(task);
        }
}

static int joined(lua_State *lua, int status, lua_KContext context)
{
    (void)lua;
    (void)status;
    (void)context;
    return 0;
}

static int crew_join(lua_State *lua)
{
    struct sc_crew *crew = sc_check_object(lua, 1, crew_type, "workers:join");

    if (crew->ended)
        return 0;
    struct sc_task *task = sc_task_of(lua, "workers:join");
    task->crew = crew;
    return sc_task_wait(lua, task, joined);
}

static int crew_stop(lua_State *lua)
{
    struct sc_crew *crew = sc_check_object(lua, 1, crew_type, "workers:stop");

    if (!crew->ended)
        sc_workers_stop(crew->workers);
    return 0;
}

static void push_error(lua_State *lua, const struct sc_work_stats *stats)
{
    char name[48];

    if (stats->last == S7_OK) {
        lua_pushnil(lua);
        return;
    }
    sc_status_name(stats->last, name, sizeof name);
    lua_pushstring(lua, name);
}

static int crew_field(lua_State *lua)
{
    static const char *const names[] = {"running", "ok", "failed", "wrong", "error", "join", "stop", NULL};
    struct sc_crew *crew = sc_check_object(lua, 1, crew_type, "workers");
    const char *name = luaL_checkstring(lua, 2);
    struct sc_work_stats stats;

    sc_workers_stats(crew->workers, &stats);
    crew->looked_at |=
        strcmp(name, "failed") == 0 || strcmp(name, "wrong") == 0 || strcmp(name, "error") == 0;
    if (strcmp(name, "running") == 0)
        lua_pushinteger(lua, (lua_Integer)stats.running);
    else if (strcmp(name, "ok") == 0)
        lua_pushinteger(lua, (lua_Integer)stats.ok);
    else if (strcmp(name, "failed") == 0)
        lua_pushinteger(lua, (lua_Integer)stats.failed);
    else if (strcmp(name, "wrong") == 0)
        lua_pushinteger(lua, (lua_Integer)stats.wrong);
    else if (strcmp(name, "error") == 0)
        push_error(lua, &stats);
    else
        return sc_no_such(lua, "workers", name, NULL, names);
    return 1;
}

void sc_workers_open(lua_State *lua)
{
    static const luaL_Reg functions[] = {{"Workers", l_workers}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"join", crew_join}, {"stop", crew_stop}, {NULL, NULL}};

    sc_object_type(lua, crew_type, methods, crew_field);
    sc_functions(lua, functions);
}
