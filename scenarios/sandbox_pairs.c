/* pairs in order: what a loop visits, and when, does not depend on where keys lie in memory. */
#include "sandbox_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Copied out of the table, so that comparing needs no Lua; strings are kept alive by the table of keys. */
struct key {
    enum { INTEGER, FLOAT, STRING, BOOLEAN } type;
    union {
        lua_Integer integer;
        lua_Number number;
        struct {
            const char *bytes;
            size_t len;
        } string;
    } of;
    lua_Integer slot; /* in the table of keys */
};

static int order(bool less, bool more)
{
    return more - less;
}

/* Exact: a float key is never a whole number that an integer could be. */
static int order_mixed(lua_Integer integer, lua_Number number)
{
    if (number >= 0x1p63)
        return -1;
    if (number < -0x1p63)
        return 1;
    return integer <= (lua_Integer)floor(number) ? -1 : 1;
}

static int order_numbers(const struct key *a, const struct key *b)
{
    if (a->type == INTEGER && b->type == INTEGER)
        return order(a->of.integer<b->of.integer, a->of.integer> b->of.integer);
    if (a->type == INTEGER)
        return order_mixed(a->of.integer, b->of.number);
    if (b->type == INTEGER)
        return -order_mixed(b->of.integer, a->of.number);
    return order(a->of.number<b->of.number, a->of.number> b->of.number);
}

static int order_strings(const struct key *a, const struct key *b)
{
    size_t a_len = a->of.string.len, b_len = b->of.string.len;
    int by_bytes = memcmp(a->of.string.bytes, b->of.string.bytes, a_len < b_len ? a_len : b_len);

    return by_bytes != 0 ? by_bytes : order(a_len<b_len, a_len> b_len);
}

static int order_keys(const void *one, const void *other)
{
    const struct key *a = one, *b = other;

    if (a->type <= FLOAT && b->type <= FLOAT)
        return order_numbers(a, b);
    if (a->type != b->type)
        return order(a->type<b->type, a->type> b->type);
    if (a->type == STRING)
        return order_strings(a, b);
    return order(a->of.integer<b->of.integer, a->of.integer> b->of.integer);
}

/* The key on top of the stack, which must stay alive. */
static struct key look_at(lua_State *lua, lua_Integer slot)
{
    struct key key = {.slot = slot};

    switch (lua_type(lua, -1)) {
    case LUA_TNUMBER:
        key.type = lua_isinteger(lua, -1) ? INTEGER : FLOAT;
        if (key.type == INTEGER)
            key.of.integer = lua_tointeger(lua, -1);
        else
            key.of.number = lua_tonumber(lua, -1);
        break;
    case LUA_TSTRING:
        key.type = STRING;
        key.of.string.bytes = lua_tolstring(lua, -1, &key.of.string.len);
        break;
    case LUA_TBOOLEAN:
        key.type = BOOLEAN;
        key.of.integer = lua_toboolean(lua, -1);
        break;
    default:
        luaL_error(lua, "pairs: a key is a %s; only numbers, strings and booleans have an order",
                   luaL_typename(lua, -1));
    }
    return key;
}

/* Push a table with the keys of the one at argument 1 as they come; how many. */
static lua_Integer push_keys(lua_State *lua)
{
    lua_Integer n = 0;

    lua_newtable(lua);
    for (lua_pushnil(lua); lua_next(lua, 1) != 0; n++) {
        lua_pop(lua, 1);
        lua_pushvalue(lua, -1);
        lua_rawseti(lua, -3, n + 1);
    }
    return n;
}

/* n log n */
static uint64_t cost_of_sorting(lua_Integer n)
{
    uint64_t cost = 0;

    for (lua_Integer rest = n; rest > 0; rest /= 2)
        cost += (uint64_t)n;
    return cost;
}

/* Push an array of the keys, in order; the table of keys is on top. */
static void push_order(lua_State *lua, lua_Integer n)
{
    struct key *keys = lua_newuserdatauv(lua, (size_t)n * sizeof *keys + 1, 0);

    for (lua_Integer i = 0; i < n; i++) {
        lua_rawgeti(lua, -2, i + 1);
        keys[i] = look_at(lua, i + 1);
        lua_pop(lua, 1);
    }
    qsort(keys, (size_t)n, sizeof *keys, order_keys);
}

/* Upvalues: the table of keys, their order, how many, how many are done. Keys that are gone by now are left
 * out, as next does. */
static int next_in_order(lua_State *lua)
{
    const struct key *keys = lua_touserdata(lua, lua_upvalueindex(2));
    lua_Integer n = lua_tointeger(lua, lua_upvalueindex(3));
    lua_Integer at = lua_tointeger(lua, lua_upvalueindex(4));

    luaL_checktype(lua, 1, LUA_TTABLE);
    lua_settop(lua, 1);
    while (at < n) {
        lua_rawgeti(lua, lua_upvalueindex(1), keys[at++].slot);
        lua_pushvalue(lua, -1);
        if (lua_rawget(lua, 1) != LUA_TNIL)
            break;
        lua_settop(lua, 1);
    }
    lua_pushinteger(lua, at);
    lua_replace(lua, lua_upvalueindex(4));
    if (lua_gettop(lua) == 1)
        lua_pushnil(lua);
    return lua_gettop(lua) - 1;
}

static int three(lua_State *lua, int status, lua_KContext context)
{
    (void)lua, (void)status, (void)context;
    return 3;
}

int sc_pairs(lua_State *lua)
{
    luaL_checkany(lua, 1);
    if (luaL_getmetafield(lua, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(lua, 1);
        lua_callk(lua, 1, 3, 0, three);
        return 3;
    }
    luaL_checktype(lua, 1, LUA_TTABLE);
    lua_settop(lua, 1);
    lua_Integer n = push_keys(lua);
    sc_charge(lua, cost_of_sorting(n));
    push_order(lua, n);
    lua_pushinteger(lua, n);
    lua_pushinteger(lua, 0);
    lua_pushcclosure(lua, next_in_order, 4);
    lua_pushvalue(lua, 1);
    lua_pushnil(lua);
    return 3;
}
