/* A scenario's own names: what it may set, what it says, and what becomes of a name that nobody knows. */
#include "scenarios/engine_impl.h"
#include "scenarios/sandbox.h"

#include <stdio.h>

#define LOG_VALUE_MAX 4096 /* bytes of each thing in the log */

/* A table by what is in it, unless it has a text of its own. */
static void add_value(lua_State *lua, int index, struct sc_text *log)
{
    int top = lua_gettop(lua);

    if (lua_istable(lua, index) && luaL_getmetafield(lua, index, "__tostring") == LUA_TNIL) {
        sc_show(lua, index, log);
        return;
    }
    sc_text_add(log, "%.*s", LOG_VALUE_MAX, sc_sandbox_text(lua, index, NULL));
    lua_settop(lua, top);
}

static int l_log(lua_State *lua)
{
    struct sc_engine *engine = sc_engine_of(lua);
    int n = lua_gettop(lua);

    engine->log_cut = engine->log.len > SC_LOG_MAX;
    if (engine->log_cut)
        return 0;
    sc_text_add(&engine->log, "  %.3f s  ", (double)sc_now_ns(engine) / 1e9);
    for (int i = 1; i <= n; i++) {
        sc_text_add(&engine->log, "%s", i > 1 ? " " : "");
        add_value(lua, i, &engine->log);
    }
    sc_text_add(&engine->log, "\n");
    return 0;
}

static int skip(lua_State *lua, struct sc_engine *engine)
{
    if (lua_type(lua, 3) != LUA_TSTRING || lua_rawlen(lua, 3) == 0)
        return luaL_error(lua, "virtual_only: expected the reason as a string, got %s", sc_safe_text(lua, 3));
    if (engine->begun)
        return luaL_error(lua, "virtual_only must be set before the first PLC");
    if (!engine->options->real)
        return 0;
    sc_engine_end(engine, SC_SKIPPED, "virtual only: %s\n", lua_tostring(lua, 3));
    return luaL_error(lua, "skipped");
}

/* One line, whatever is in it. */
static void set_title(struct sc_report *report, const char *title)
{
    snprintf(report->title, sizeof report->title, "%s", title);
    for (char *at = report->title; *at != '\0'; at++)
        if ((unsigned char)*at < ' ')
            *at = ' ';
}

static int global_set(lua_State *lua)
{
    struct sc_engine *engine = sc_engine_of(lua);
    const char *name = lua_type(lua, 2) == LUA_TSTRING ? lua_tostring(lua, 2) : "";

    if (strcmp(name, "virtual_only") == 0)
        skip(lua, engine);
    if (strcmp(name, "title") == 0 && lua_type(lua, 3) == LUA_TSTRING)
        set_title(engine->report, lua_tostring(lua, 3));
    lua_rawset(lua, 1);
    return 0;
}

/* A name that was never set is a slip of the pen. */
static int global_get(lua_State *lua)
{
    const char *word = sc_sandbox_text(lua, 2, NULL), *best = sc_nearest_key(lua, 1, word);

    return luaL_error(lua, best != NULL ? "no such name: %s; did you mean %s?" : "no such name: %s", word,
                      best);
}

static void set_number(lua_State *lua, const char *name, lua_Integer ms)
{
    lua_pushinteger(lua, ms);
    lua_setglobal(lua, name);
}

void sc_globals_open(lua_State *lua)
{
    static const luaL_Reg functions[] = {{"log", l_log}, {"print", l_log}, {NULL, NULL}};

    sc_functions(lua, functions);
    set_number(lua, "ms", 1);
    set_number(lua, "s", 1000);
    set_number(lua, "min", 60 * 1000);
    set_number(lua, "h", 3600 * 1000);
    lua_pushboolean(lua, !sc_engine_of(lua)->options->real);
    lua_setglobal(lua, "virtual");
    lua_pushglobaltable(lua);
    lua_createtable(lua, 0, 3);
    lua_pushcfunction(lua, global_set);
    lua_setfield(lua, -2, "__newindex");
    lua_pushcfunction(lua, global_get);
    lua_setfield(lua, -2, "__index");
    lua_pushboolean(lua, false);
    lua_setfield(lua, -2, "__metatable");
    lua_setmetatable(lua, -2);
    lua_pop(lua, 1);
}
