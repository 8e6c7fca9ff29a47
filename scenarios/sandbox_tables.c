/* The table library: Lua's own functions, once their cost is paid, and a sort that is the same everywhere. */
#include "sandbox_impl.h"

#define MAX_RESULTS 65536

/* Elements of the table at argument 1, as Lua's function will count them in a moment: a __len could say
 * something else then. */
static lua_Integer length(lua_State *lua)
{
    luaL_checktype(lua, 1, LUA_TTABLE);
    if (luaL_getmetafield(lua, 1, "__len") != LUA_TNIL)
        luaL_argerror(lua, 1, "a table with __len is not taken");
    return (lua_Integer)lua_rawlen(lua, 1);
}

static int concat(lua_State *lua)
{
    lua_Integer n = length(lua);

    sc_charge(lua, sc_span(luaL_optinteger(lua, 3, 1), luaL_optinteger(lua, 4, n)));
    return sc_original(lua);
}

static int insert(lua_State *lua)
{
    lua_Integer n = length(lua);

    if (lua_gettop(lua) == 3)
        sc_charge(lua, sc_span(luaL_checkinteger(lua, 2), n));
    return sc_original(lua);
}

static int take_out(lua_State *lua)
{
    lua_Integer n = length(lua);

    sc_charge(lua, sc_span(luaL_optinteger(lua, 2, n), n));
    return sc_original(lua);
}

static int move(lua_State *lua)
{
    sc_charge(lua, sc_span(luaL_checkinteger(lua, 2), luaL_checkinteger(lua, 3)));
    return sc_original(lua);
}

static int unpack(lua_State *lua)
{
    lua_Integer n = length(lua);
    uint64_t results = sc_span(luaL_optinteger(lua, 2, 1), luaL_optinteger(lua, 3, n));

    if (results > MAX_RESULTS)
        return luaL_error(lua, "too many results to unpack (at most %d)", MAX_RESULTS);
    sc_charge(lua, results);
    return sc_original(lua);
}

/* ---- sort ---- */

/* Lua's sort asks the clock for a pivot, and what it does with equal elements hangs on it. This one merges
 * from one table into another and back: stable, n log n whatever the comparison says. */
enum { SUBJECT = 1, LESS, FROM, TO };

/* Does the element on top come before the one below it? */
static bool is_less(lua_State *lua)
{
    bool less;

    if (lua_isnil(lua, LESS))
        return lua_compare(lua, -1, -2, LUA_OPLT);
    lua_pushvalue(lua, LESS);
    lua_pushvalue(lua, -2);
    lua_pushvalue(lua, -4);
    lua_call(lua, 2, 1);
    less = lua_toboolean(lua, -1);
    lua_pop(lua, 1);
    return less;
}

/* The two sorted runs low..middle-1 and middle..high-1 */
static void merge(lua_State *lua, lua_Integer low, lua_Integer middle, lua_Integer high)
{
    lua_Integer left = low, right = middle;

    for (lua_Integer to = low; to < high; to++) {
        lua_rawgeti(lua, FROM, left);
        lua_rawgeti(lua, FROM, right);
        bool take_right = left == middle || (right < high && is_less(lua));
        lua_pop(lua, take_right ? 0 : 1);
        lua_rawseti(lua, TO, to);
        lua_settop(lua, TO);
        if (take_right)
            right++;
        else
            left++;
    }
}

static lua_Integer at_most(lua_Integer value, lua_Integer limit)
{
    return value < limit ? value : limit;
}

static void merge_all(lua_State *lua, lua_Integer n)
{
    for (lua_Integer width = 1; width < n; width *= 2) {
        sc_charge(lua, (uint64_t)n);
        for (lua_Integer low = 1; low <= n; low += 2 * width)
            merge(lua, low, at_most(low + width, n + 1), at_most(low + 2 * width, n + 1));
        lua_pushvalue(lua, FROM);
        lua_copy(lua, TO, FROM);
        lua_replace(lua, TO);
    }
}

static int sort(lua_State *lua)
{
    lua_Integer n = length(lua);

    if (!lua_isnoneornil(lua, 2))
        luaL_checktype(lua, 2, LUA_TFUNCTION);
    lua_settop(lua, LESS);
    sc_charge(lua, (uint64_t)n);
    lua_newtable(lua);
    lua_newtable(lua);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_geti(lua, SUBJECT, i);
        lua_rawseti(lua, FROM, i);
    }
    merge_all(lua, n);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(lua, FROM, i);
        lua_seti(lua, SUBJECT, i);
    }
    return 0;
}

const struct sc_entry sc_table_entries[] = {
    {"concat", concat},   {"insert", insert}, {"move", move},     {"pack", NULL},
    {"remove", take_out}, {"sort", sort},     {"unpack", unpack}, {NULL, NULL},
};
