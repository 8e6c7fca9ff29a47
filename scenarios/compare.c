/* Comparing values as expect does, and showing them in messages. */
#include "scenarios/engine_impl.h"
#include "scenarios/sandbox_impl.h"

#define DEPTH_MAX  16  /* tables in tables that are compared */
#define SHOWN_MAX  10  /* elements of a table in a message */
#define SHOWN_DEEP 3   /* tables in tables */
#define TEXT_SHOWN 200 /* bytes of a string */

static const char *const op_names[SC_OPS] = {"==", "~=", "<", "<=", ">", ">=", "is"};

const char *sc_op_name(enum sc_op op)
{
    return op_names[op];
}

enum sc_op sc_check_op(lua_State *lua, int index, const char *what)
{
    const char *name = lua_type(lua, index) == LUA_TSTRING ? lua_tostring(lua, index) : "";

    for (int op = 0; op < SC_OPS; op++)
        if (strcmp(op_names[op], name) == 0)
            return (enum sc_op)op;
    luaL_error(lua, "%s: expected an operator: == ~= < <= > or >=, got %s", what, sc_safe_text(lua, index));
    return SC_EQ;
}

/* ---- equality ---- */

/* A table that is no object of somebody's. */
static bool is_data(lua_State *lua, int index)
{
    if (!lua_istable(lua, index))
        return false;
    if (luaL_getmetafield(lua, index, "__tostring") == LUA_TNIL &&
        luaL_getmetafield(lua, index, "__eq") == LUA_TNIL)
        return true;
    lua_pop(lua, 1);
    return false;
}

static bool equal(lua_State *lua, int a, int b, int depth);

/* Is each value of table a in b as well? Counts them. */
static bool has_all(lua_State *lua, int a, int b, int depth, size_t *n)
{
    int top = lua_gettop(lua);
    bool same = true;

    *n = 0;
    luaL_checkstack(lua, 8, "tables in tables");
    lua_pushnil(lua);
    while (same && lua_next(lua, a) != 0) {
        sc_charge(lua, 1);
        lua_pushvalue(lua, top + 1);
        lua_rawget(lua, b);
        same = equal(lua, top + 2, top + 3, depth);
        lua_settop(lua, top + 1);
        *n += 1;
    }
    lua_settop(lua, top);
    return same;
}

static size_t count_keys(lua_State *lua, int table)
{
    size_t n = 0;

    for (lua_pushnil(lua); lua_next(lua, table) != 0; lua_pop(lua, 1))
        n++;
    return n;
}

/* Tables are equal when they have the same keys with equal values. */
static bool equal(lua_State *lua, int a, int b, int depth)
{
    size_t n;

    if (lua_rawequal(lua, a, b))
        return true;
    if (!is_data(lua, a) || !is_data(lua, b))
        return lua_compare(lua, a, b, LUA_OPEQ);
    if (depth == DEPTH_MAX)
        luaL_error(lua, "more than %d tables in each other cannot be compared", DEPTH_MAX);
    return has_all(lua, a, b, depth + 1, &n) && count_keys(lua, b) == n;
}

/* ---- order ---- */

static bool ordered(lua_State *lua, int a, int b)
{
    int type = lua_type(lua, a);

    return type == lua_type(lua, b) && (type == LUA_TNUMBER || type == LUA_TSTRING);
}

/* Values that have no order never hold. */
bool sc_compare(lua_State *lua, int actual, enum sc_op op, int expected)
{
    actual = lua_absindex(lua, actual);
    expected = lua_absindex(lua, expected);
    if (op == SC_EQ || op == SC_NE)
        return equal(lua, actual, expected, 0) == (op == SC_EQ);
    if (op == SC_IS)
        return lua_toboolean(lua, actual) == lua_toboolean(lua, expected);
    if (!ordered(lua, actual, expected))
        return false;
    switch (op) {
    case SC_LT:
        return lua_compare(lua, actual, expected, LUA_OPLT);
    case SC_LE:
        return lua_compare(lua, actual, expected, LUA_OPLE);
    case SC_GT:
        return lua_compare(lua, expected, actual, LUA_OPLT);
    default:
        return lua_compare(lua, expected, actual, LUA_OPLE);
    }
}

/* ---- showing ---- */

static int text_of(lua_State *lua)
{
    sc_sandbox_text(lua, 1, NULL);
    return 1;
}

const char *sc_safe_text(lua_State *lua, int index)
{
    bool none = lua_type(lua, index) == LUA_TNONE;

    index = lua_absindex(lua, index);
    lua_pushcfunction(lua, text_of);
    if (none)
        lua_pushnil(lua);
    else
        lua_pushvalue(lua, index);
    if (lua_pcall(lua, 1, 1, 0) != LUA_OK && lua_type(lua, -1) != LUA_TSTRING)
        return "something that has no text";
    return none ? "nothing" : lua_tostring(lua, -1);
}

const char *sc_shown(lua_State *lua, int index)
{
    if (lua_type(lua, index) != LUA_TSTRING)
        return sc_safe_text(lua, index);
    return lua_pushfstring(lua, "\"%s\"", lua_tostring(lua, index));
}

static void show(lua_State *lua, int index, int depth, struct sc_text *out);

static bool before(lua_State *lua, int a, int b)
{
    return strcmp(lua_tostring(lua, a), lua_tostring(lua, b)) < 0;
}

/* Push the first name in the table that comes after the one at index last (nil: the very first); nil: no
 * more. */
static bool next_name(lua_State *lua, int table, int last)
{
    int best = lua_gettop(lua) + 1, key = best + 1;

    lua_pushnil(lua);
    for (lua_pushnil(lua); lua_next(lua, table) != 0; lua_settop(lua, key))
        if (lua_type(lua, key) == LUA_TSTRING && (lua_isnil(lua, last) || before(lua, last, key)) &&
            (lua_isnil(lua, best) || before(lua, key, best))) {
            lua_pushvalue(lua, key);
            lua_replace(lua, best);
        }
    return !lua_isnil(lua, best);
}

/* In order of names, since Lua's own order differs from run to run. */
static void show_names(lua_State *lua, int table, int depth, bool first, struct sc_text *out)
{
    int last = lua_gettop(lua) + 1, name = last + 1;

    lua_pushnil(lua);
    for (unsigned i = 0; next_name(lua, table, last); i++) {
        if (i == SHOWN_MAX) {
            sc_text_add(out, ", ...");
            break;
        }
        sc_text_add(out, "%s%.200s = ", first && i == 0 ? "" : ", ", lua_tostring(lua, name));
        lua_pushvalue(lua, name);
        lua_rawget(lua, table);
        show(lua, name + 1, depth, out);
        lua_settop(lua, name);
        lua_replace(lua, last);
    }
    lua_settop(lua, last - 1);
}

static void show_table(lua_State *lua, int table, int depth, struct sc_text *out)
{
    size_t n = lua_rawlen(lua, table);

    if (depth == SHOWN_DEEP || !lua_checkstack(lua, 20)) {
        sc_text_add(out, "{...}");
        return;
    }
    sc_text_add(out, "{");
    for (size_t i = 1; i <= n && i <= SHOWN_MAX; i++) {
        if (i > 1)
            sc_text_add(out, ", ");
        lua_rawgeti(lua, table, (lua_Integer)i);
        show(lua, lua_gettop(lua), depth + 1, out);
        lua_pop(lua, 1);
    }
    if (n > SHOWN_MAX)
        sc_text_add(out, ", ... %zu in all", n);
    show_names(lua, table, depth + 1, n == 0, out);
    sc_text_add(out, "}");
}

static void show(lua_State *lua, int index, int depth, struct sc_text *out)
{
    size_t len;

    if (lua_type(lua, index) == LUA_TSTRING) {
        const char *text = lua_tolstring(lua, index, &len);
        sc_text_add_quoted(out, text, len, TEXT_SHOWN);
    } else if (is_data(lua, index)) {
        show_table(lua, index, depth, out);
    } else {
        sc_text_add(out, "%.200s", sc_safe_text(lua, index));
        lua_pop(lua, 1);
    }
}

void sc_show(lua_State *lua, int index, struct sc_text *out)
{
    show(lua, lua_absindex(lua, index), 0, out);
}
