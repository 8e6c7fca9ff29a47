/* Pool{..., on_event = FN}: FN(event) as a task of its own for each event, in their order. */
#include "scenarios/engine_impl.h"
#include "scenarios/sandbox.h"

/* Who is to be told; lives in Lua's registry. */
struct listener {
    struct sc_engine *engine;
    int fn; /* in the registry */
};

struct telling {
    const struct listener *to;
    const s7_pool_event *event;
};

static void push_ms(lua_State *lua, const char *name, int64_t ns)
{
    lua_pushnumber(lua, (double)ns / 1e6);
    lua_setfield(lua, -2, name);
}

static void push_number(lua_State *lua, const char *name, uint64_t n)
{
    lua_pushinteger(lua, (lua_Integer)n);
    lua_setfield(lua, -2, name);
}

static void push_text(lua_State *lua, const char *name, const char *text)
{
    lua_pushstring(lua, text != NULL ? text : "");
    lua_setfield(lua, -2, name);
}

static void push_status(lua_State *lua, const s7_pool_event *event)
{
    char name[48] = "ok", line[S7_ASKED_CAP + S7_CAME_CAP + S7_HINT_CAP + 32] = "";

    if (event->status != S7_OK)
        sc_status_name(event->status, name, sizeof name);
    if (event->err != NULL)
        s7_errinfo_format(event->err, line, sizeof line);
    push_text(lua, "status", name);
    push_text(lua, "text", line);
}

static void push_event(lua_State *lua, const s7_pool_event *event)
{
    const struct sc_engine *engine = sc_engine_of(lua);
    bool closed = event->kind == S7_POOL_EVENT_CLOSED;

    lua_newtable(lua);
    push_text(lua, "kind", s7_pool_event_name(event->kind));
    push_ms(lua, "at_ms", (event->at_ns - engine->start_ns) * engine->options->scale);
    push_ms(lua, "took_ms", event->took_ns * engine->options->scale);
    push_number(lua, "conn", event->conn);
    push_number(lua, "count", event->count);
    push_number(lua, "lost", event->lost);
    push_text(lua, "label", event->label);
    push_text(lua, "reason", closed ? s7_pool_close_reason_name(event->reason) : "");
    push_status(lua, event);
    sc_strict_table(lua, "an event");
}

/* In protected mode, since it allocates. Argument: struct telling. */
static int begin(lua_State *lua)
{
    const struct telling *telling = lua_touserdata(lua, 1);

    lua_rawgeti(lua, LUA_REGISTRYINDEX, telling->to->fn);
    push_event(lua, telling->event);
    struct sc_task *task = sc_task_new(telling->to->engine, lua, 1);
    task->what = "on_event";
    sc_task_ready(task);
    return 0;
}

static void on_event(s7_pool *pool, const s7_pool_event *event, void *user)
{
    struct telling telling = {user, event};
    struct sc_engine *engine = telling.to->engine;

    (void)pool;
    if (engine->over)
        return;
    lua_pushcfunction(engine->lua, begin);
    lua_pushlightuserdata(engine->lua, &telling);
    if (lua_pcall(engine->lua, 1, 0, 0) == LUA_OK)
        return;
    sc_engine_end(engine, SC_FAILED, "on_event: %s\n", sc_safe_text(engine->lua, -1));
    lua_settop(engine->lua, 0);
}

void sc_declare_events(lua_State *lua, int value, s7_pool_options *to)
{
    if (!lua_isfunction(lua, value))
        luaL_error(lua, "Pool: on_event: expected a function that takes an event, got %s",
                   sc_safe_text(lua, value));
    struct listener *listener = lua_newuserdatauv(lua, sizeof *listener, 0);
    luaL_ref(lua, LUA_REGISTRYINDEX); /* it stays as long as the scenario's state */
    lua_pushvalue(lua, value);
    *listener = (struct listener){sc_engine_of(lua), luaL_ref(lua, LUA_REGISTRYINDEX)};
    to->on_event = on_event;
    to->user = listener;
}
