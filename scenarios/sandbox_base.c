/* Base functions and math of the sandbox: those that could swallow a limit, show an address, or differ from
 * run to run are ours. */
#include "sandbox_impl.h"

#include "loop/random.h"

/* ---- errors ---- */

/* A limit that was hit is no error to be caught. Lua gives memory errors back like any other. */
static int caught(lua_State *lua, int status, lua_KContext before)
{
    struct sc_box *box = sc_box_of(lua);

    if (status == LUA_OK || status == LUA_YIELD)
        return lua_gettop(lua) - (int)before;
    if (status == LUA_ERRMEM)
        sc_box_over(box, sc_out_of_memory);
    if (box->over != NULL)
        return lua_error(lua);
    lua_pushboolean(lua, 0);
    lua_insert(lua, -2);
    return 2;
}

static int protected_call(lua_State *lua)
{
    luaL_checkany(lua, 1);
    lua_pushboolean(lua, 1); /* the first result, if all goes well */
    lua_insert(lua, 1);
    return caught(lua, lua_pcallk(lua, lua_gettop(lua) - 2, LUA_MULTRET, 0, 0, caught), 0);
}

/* The hook's own errors come here with the hook switched off: a handler that does not end would not end. */
static int handle(lua_State *lua)
{
    if (sc_box_of(lua)->over == NULL) {
        lua_pushvalue(lua, lua_upvalueindex(1));
        lua_insert(lua, 1);
        lua_call(lua, 1, 1);
    }
    return 1;
}

static int protected_call_handled(lua_State *lua)
{
    luaL_checktype(lua, 2, LUA_TFUNCTION);
    lua_pushvalue(lua, 2);
    lua_pushcclosure(lua, handle, 1);
    lua_replace(lua, 2);
    lua_pushboolean(lua, 1);
    lua_pushvalue(lua, 1);
    lua_rotate(lua, 3, 2); /* function, handler, true, function, arguments */
    return caught(lua, lua_pcallk(lua, lua_gettop(lua) - 4, LUA_MULTRET, 2, 2, caught), 2);
}

/* ---- text ---- */

static void push_type_name(lua_State *lua, int index)
{
    int name = luaL_getmetafield(lua, index, "__name");

    if (name == LUA_TSTRING)
        return;
    if (name != LUA_TNIL)
        lua_pop(lua, 1);
    lua_pushstring(lua, luaL_typename(lua, index));
}

const char *sc_sandbox_text(lua_State *lua, int index, size_t *len)
{
    int type = lua_type(lua, index);

    index = lua_absindex(lua, index);
    if (type == LUA_TNIL || type == LUA_TBOOLEAN || type == LUA_TNUMBER || type == LUA_TSTRING)
        return luaL_tolstring(lua, index, len);
    if (!luaL_callmeta(lua, index, "__tostring"))
        push_type_name(lua, index);
    else if (!lua_isstring(lua, -1))
        luaL_error(lua, "'__tostring' must return a string, not a %s", luaL_typename(lua, -1));
    return lua_tolstring(lua, -1, len);
}

static int to_string(lua_State *lua)
{
    luaL_checkany(lua, 1);
    sc_sandbox_text(lua, 1, NULL);
    return 1;
}

static int to_number(lua_State *lua)
{
    if (lua_type(lua, 1) == LUA_TSTRING)
        sc_charge(lua, lua_rawlen(lua, 1) / 16);
    return sc_original(lua);
}

/* ---- metatables ---- */

/* These would show when the collector runs, or run code after its end. */
static int set_metatable(lua_State *lua)
{
    static const char *const refused[] = {"__gc", "__mode", "__close"};

    for (size_t i = 0; lua_istable(lua, 2) && i < sizeof refused / sizeof refused[0]; i++) {
        lua_pushstring(lua, refused[i]);
        if (lua_rawget(lua, 2) != LUA_TNIL)
            return luaL_error(lua, "a scenario's metatable cannot have %s", refused[i]);
        lua_pop(lua, 1);
    }
    return sc_original(lua);
}

/* The metatables of strings and of the engine's objects are not for scenarios. */
static int get_metatable(lua_State *lua)
{
    luaL_checkany(lua, 1);
    if (lua_istable(lua, 1))
        return sc_original(lua);
    lua_pushnil(lua);
    return 1;
}

const struct sc_entry sc_base_entries[] = {
    {"assert", NULL},
    {"error", NULL},
    {"getmetatable", get_metatable},
    {"ipairs", NULL},
    {"pairs", sc_pairs},
    {"pcall", protected_call},
    {"select", NULL},
    {"setmetatable", set_metatable},
    {"tonumber", to_number},
    {"tostring", to_string},
    {"type", NULL},
    {"xpcall", protected_call_handled},
    {NULL, NULL},
};

/* ---- math ---- */

#define DRAWS_OF_SCENARIO 0x6c7561 /* who draws */

static lua_Number fraction(uint64_t bits)
{
    return (lua_Number)(bits >> 11) * 0x1p-53;
}

static int draw(lua_State *lua)
{
    struct sc_box *box = sc_box_of(lua);
    int n = lua_gettop(lua);
    lua_Integer low = n == 2 ? luaL_checkinteger(lua, 1) : 1;
    lua_Integer high = n > 0 ? luaL_checkinteger(lua, n) : 0;
    uint64_t bits = s7_draw(box->seed, DRAWS_OF_SCENARIO, 0, box->draws);

    if (n > 2)
        return luaL_error(lua, "wrong number of arguments");
    if (n == 0)
        lua_pushnumber(lua, fraction(bits));
    else if (n == 1 && high == 0)
        lua_pushinteger(lua, (lua_Integer)bits);
    else if (low > high)
        return luaL_argerror(lua, n, "interval is empty");
    else
        lua_pushinteger(lua, s7_draw_range(bits, low, high));
    box->draws++;
    return 1;
}

/* The last digits of sin and its like are the C library's: the same on one machine, no promise beyond. */
const struct sc_entry sc_math_entries[] = {
    {"abs", NULL},        {"acos", NULL}, {"asin", NULL}, {"atan", NULL},      {"ceil", NULL},
    {"cos", NULL},        {"deg", NULL},  {"exp", NULL},  {"floor", NULL},     {"fmod", NULL},
    {"huge", NULL},       {"log", NULL},  {"max", NULL},  {"min", NULL},       {"maxinteger", NULL},
    {"mininteger", NULL}, {"modf", NULL}, {"pi", NULL},   {"rad", NULL},       {"random", draw},
    {"sin", NULL},        {"sqrt", NULL}, {"tan", NULL},  {"tointeger", NULL}, {"type", NULL},
    {"ult", NULL},        {NULL, NULL},
};
