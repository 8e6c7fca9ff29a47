/* What scenarios see as objects: a pointer in a userdata with methods and fields, and tables of options. */
#include "scenarios/engine_impl.h"
#include "scenarios/sandbox.h"

void sc_functions(lua_State *lua, const luaL_Reg *functions)
{
    for (; functions->name != NULL; functions++) {
        lua_pushcfunction(lua, functions->func);
        lua_setglobal(lua, functions->name);
    }
}

void sc_push_object(lua_State *lua, void *object, const char *type)
{
    void **box = lua_newuserdatauv(lua, sizeof *box, 0);

    *box = object;
    luaL_setmetatable(lua, type);
}

void *sc_check_object(lua_State *lua, int index, const char *type, const char *what)
{
    void **box = luaL_testudata(lua, index, type);

    if (box == NULL)
        luaL_error(lua, "%s: expected a %s, got %s%s", what, type, sc_safe_text(lua, index),
                   index == 1 && lua_type(lua, 1) != LUA_TUSERDATA ? " (is it called with a colon?)" : "");
    return *box;
}

/* Methods first, then the fields of that type. */
static int object_index(lua_State *lua)
{
    lua_pushvalue(lua, 2);
    lua_rawget(lua, lua_upvalueindex(1));
    if (!lua_isnil(lua, -1))
        return 1;
    lua_CFunction field = lua_tocfunction(lua, lua_upvalueindex(2));
    lua_settop(lua, 2);
    return field(lua);
}

static int object_newindex(lua_State *lua)
{
    return luaL_error(lua, "a %s has no field that can be set; got %s",
                      lua_tostring(lua, lua_upvalueindex(1)), sc_safe_text(lua, 2));
}

static int object_text(lua_State *lua)
{
    lua_pushvalue(lua, lua_upvalueindex(1));
    return 1;
}

void sc_object_type(lua_State *lua, const char *type, const luaL_Reg *methods, lua_CFunction field)
{
    luaL_newmetatable(lua, type);
    lua_newtable(lua);
    luaL_setfuncs(lua, methods, 0);
    lua_pushcfunction(lua, field);
    lua_pushcclosure(lua, object_index, 2);
    lua_setfield(lua, -2, "__index");
    lua_pushstring(lua, type);
    lua_pushcclosure(lua, object_newindex, 1);
    lua_setfield(lua, -2, "__newindex");
    lua_pushstring(lua, type);
    lua_pushcclosure(lua, object_text, 1);
    lua_setfield(lua, -2, "__tostring");
    lua_pushstring(lua, type);
    lua_setfield(lua, -2, "__metatable"); /* not for scenarios to change */
    lua_pop(lua, 1);
}

const char *sc_nearest_key(lua_State *lua, int table, const char *word)
{
    struct s7_nearest nearest = {.word = word};

    lua_pushnil(lua);
    while (lua_next(lua, table) != 0) {
        if (lua_type(lua, -2) == LUA_TSTRING)
            s7_nearest_try(&nearest, lua_tostring(lua, -2));
        lua_pop(lua, 1);
    }
    return nearest.best;
}

static int strict_index(lua_State *lua)
{
    const char *word = sc_safe_text(lua, 2), *best = sc_nearest_key(lua, 1, word);

    return luaL_error(lua, best != NULL ? "%s has no %s; did you mean %s?" : "%s has no %s",
                      lua_tostring(lua, lua_upvalueindex(1)), word, best);
}

void sc_strict_table(lua_State *lua, const char *what)
{
    if (luaL_newmetatable(lua, what) != 0) {
        lua_pushstring(lua, what);
        lua_pushcclosure(lua, strict_index, 1);
        lua_setfield(lua, -2, "__index");
        lua_pushboolean(lua, false); /* not for scenarios to change: others share it */
        lua_setfield(lua, -2, "__metatable");
    }
    lua_setmetatable(lua, -2);
}

/* ---- options ---- */

static void no_such(lua_State *lua, const char *what, const char *word, const struct sc_option *options,
                    const char *const *others)
{
    struct s7_nearest nearest = {.word = word};

    luaL_Buffer all;

    luaL_buffinit(lua, &all);
    for (; options != NULL && options->name != NULL; options++) {
        s7_nearest_try(&nearest, options->name);
        luaL_addchar(&all, ' ');
        luaL_addstring(&all, options->name);
    }
    for (; others != NULL && *others != NULL; others++) {
        s7_nearest_try(&nearest, *others);
        luaL_addchar(&all, ' ');
        luaL_addstring(&all, *others);
    }
    luaL_pushresult(&all);
    if (nearest.best != NULL)
        luaL_error(lua, "%s has no %s; did you mean %s?", what, word, nearest.best);
    luaL_error(lua, "%s has no %s; there is:%s", what, word, lua_tostring(lua, -1));
}

int sc_no_such(lua_State *lua, const char *what, const char *word, const struct sc_option *options,
               const char *const *others)
{
    no_such(lua, what, word, options, others);
    return 0;
}

void sc_check_key(lua_State *lua, int key, const char *what, const char *first)
{
    bool is_first = lua_isinteger(lua, key) && lua_tointeger(lua, key) == 1;

    if (lua_type(lua, key) != LUA_TSTRING && !is_first)
        luaL_error(lua, "%s: expected its %s first and then names, as %s {%s, name = ...}; got the key %s",
                   what, first, what, first, sc_safe_text(lua, key));
}

static int64_t check_number(lua_State *lua, const struct sc_option *option, int value, const char *what)
{
    int whole = 0;
    lua_Integer n = lua_tointegerx(lua, value, &whole);

    if (!whole || lua_type(lua, value) != LUA_TNUMBER || n < 0 || n > (lua_Integer)option->max)
        luaL_error(lua, "%s: %s: expected a whole number 0..%d%s, got %s", what, option->name,
                   (int)option->max, option->type == SC_AUTO ? ", or -1" : "", sc_shown(lua, value));
    return n;
}

static int64_t check_automatic(lua_State *lua, const struct sc_option *option, int value, const char *what)
{
    return lua_isinteger(lua, value) && lua_tointeger(lua, value) == -1
               ? -1
               : check_number(lua, option, value, what);
}

static bool check_bool(lua_State *lua, const struct sc_option *option, int value, const char *what)
{
    if (!lua_isboolean(lua, value))
        luaL_error(lua, "%s: %s: expected true or false, got %s", what, option->name, sc_shown(lua, value));
    return lua_toboolean(lua, value);
}

static void set_option(lua_State *lua, const struct sc_option *option, void *to, int value, const char *what)
{
    char *at = (char *)to + option->offset;
    char name[64];

    switch (option->type) {
    case SC_BOOL:
        *(bool *)(void *)at = check_bool(lua, option, value, what);
        break;
    case SC_MS:
        snprintf(name, sizeof name, "%s: %s", what, option->name);
        *(uint32_t *)(void *)at = sc_scaled_ms(sc_engine_of(lua), sc_check_time(lua, value, name));
        break;
    case SC_U8:
        *(uint8_t *)at = (uint8_t)check_number(lua, option, value, what);
        break;
    case SC_U16:
        *(uint16_t *)(void *)at = (uint16_t)check_number(lua, option, value, what);
        break;
    case SC_U32:
        *(uint32_t *)(void *)at = (uint32_t)check_number(lua, option, value, what);
        break;
    case SC_I32:
        *(int32_t *)(void *)at = (int32_t)check_number(lua, option, value, what);
        break;
    case SC_AUTO:
        *(int32_t *)(void *)at = (int32_t)check_automatic(lua, option, value, what);
        break;
    }
}

void sc_options_scale(const struct sc_engine *engine, const struct sc_option *options, void *to)
{
    for (; options->name != NULL; options++)
        if (options->type == SC_MS) {
            uint32_t *ms = (uint32_t *)(void *)((char *)to + options->offset);
            *ms = sc_scaled_ms(engine, (int64_t)*ms * 1000000);
        }
}

bool sc_option_set(lua_State *lua, const struct sc_option *options, void *to, int key, int value,
                   const char *what)
{
    const char *name = lua_tostring(lua, key);

    for (; options->name != NULL; options++)
        if (strcmp(options->name, name) == 0) {
            set_option(lua, options, to, value, what);
            return true;
        }
    return false;
}

unsigned sc_opt_count(lua_State *lua, const char *what, const char *name, unsigned preset, unsigned max)
{
    int whole = 1;
    lua_Integer n = preset;

    lua_getfield(lua, 1, name);
    if (!lua_isnil(lua, -1))
        n = lua_type(lua, -1) == LUA_TNUMBER ? lua_tointegerx(lua, -1, &whole) : 0;
    if (!whole || n < 1 || n > (lua_Integer)max)
        luaL_error(lua, "%s: %s: expected a whole number 1..%d, got %s", what, name, (int)max,
                   sc_shown(lua, -1));
    lua_pop(lua, 1);
    return (unsigned)n;
}
