#include "sandbox_match.h"

#include "sandbox_impl.h"
#include "sandbox_pattern.h"

#include <string.h>

/* A comparison takes about a quarter of what a Lua instruction takes under the hook. */
#define COMPARISONS 4

/* ---- searching ---- */

/* Push the pattern that is the text at index. It lives as long as it is on the stack. */
static const struct sc_pattern *push_pattern(lua_State *lua, int index, bool caret)
{
    size_t len;
    const char *text = luaL_checklstring(lua, index, &len);

    sc_charge(lua, len);
    struct sc_pattern *pattern = lua_newuserdatauv(lua, sc_pattern_size(len), 0);
    const char *wrong = sc_pattern_compile(pattern, text, len, caret);
    if (wrong != NULL)
        luaL_error(lua, "%s", wrong);
    return pattern;
}

static bool search(lua_State *lua, struct sc_match *match, size_t from, size_t not_end)
{
    uint64_t left = sc_steps_left(sc_box_of(lua));

    match->budget = left > UINT64_MAX / COMPARISONS ? UINT64_MAX : left * COMPARISONS;
    bool found = sc_pattern_search(match, from, not_end);
    sc_charge(lua, match->spent / COMPARISONS + 1);
    return found;
}

/* Where argument 3 says to begin, from 0; SC_NO_MATCH: behind the subject. */
static size_t start(lua_State *lua, size_t len)
{
    lua_Integer init = luaL_optinteger(lua, 3, 1);

    if (init > 0)
        return (lua_Unsigned)init - 1 > len ? SC_NO_MATCH : (size_t)init - 1;
    if (init == 0 || init < -(lua_Integer)len)
        return 0;
    return len - (size_t)-init;
}

/* ---- captures ---- */

static void push_capture(lua_State *lua, const struct sc_match *match, unsigned n)
{
    const struct sc_capture *capture = &match->captures[n];

    if (match->pattern->positions >> n & 1)
        lua_pushinteger(lua, (lua_Integer)capture->begin + 1);
    else
        lua_pushlstring(lua, match->subject + capture->begin, capture->end - capture->begin);
}

/* All captures, or the whole match if there are none. */
static int push_captures(lua_State *lua, const struct sc_match *match)
{
    unsigned n = match->pattern->n_captures;

    luaL_checkstack(lua, SC_CAPTURES, "too many captures");
    if (n == 0)
        lua_pushlstring(lua, match->subject + match->begin, match->end - match->begin);
    for (unsigned i = 0; i < n; i++)
        push_capture(lua, match, i);
    return n == 0 ? 1 : (int)n;
}

/* ---- find, match ---- */

static int push_bounds(lua_State *lua, size_t begin, size_t end)
{
    lua_pushinteger(lua, (lua_Integer)begin + 1);
    lua_pushinteger(lua, (lua_Integer)end);
    return 2;
}

static int find_plain(lua_State *lua, const char *subject, size_t len, size_t from)
{
    size_t wanted_len;
    const char *wanted = luaL_checklstring(lua, 2, &wanted_len);

    sc_charge(lua, (len - from + wanted_len) / 16);
    const char *found = memmem(subject + from, len - from, wanted, wanted_len);
    if (found == NULL) {
        lua_pushnil(lua);
        return 1;
    }
    return push_bounds(lua, (size_t)(found - subject), (size_t)(found - subject) + wanted_len);
}

static int find_or_match(lua_State *lua, bool find)
{
    struct sc_match match;

    match.subject = luaL_checklstring(lua, 1, &match.len);
    luaL_checkstring(lua, 2);
    size_t from = start(lua, match.len);
    if (find && from != SC_NO_MATCH && lua_toboolean(lua, 4))
        return find_plain(lua, match.subject, match.len, from);
    match.pattern = push_pattern(lua, 2, true);
    if (from == SC_NO_MATCH || !search(lua, &match, from, SC_NO_MATCH)) {
        lua_pushnil(lua);
        return 1;
    }
    if (!find)
        return push_captures(lua, &match);
    push_bounds(lua, match.begin, match.end);
    return match.pattern->n_captures == 0 ? 2 : 2 + push_captures(lua, &match);
}

int sc_find(lua_State *lua)
{
    return find_or_match(lua, true);
}

int sc_match(lua_State *lua)
{
    return find_or_match(lua, false);
}

/* ---- gmatch ---- */

enum { SUBJECT = 1, PATTERN, NEXT, LAST_END }; /* upvalues of the iterator */

static void keep(lua_State *lua, int upvalue, size_t value)
{
    lua_pushinteger(lua, (lua_Integer)value);
    lua_replace(lua, lua_upvalueindex(upvalue));
}

static int next_match(lua_State *lua)
{
    struct sc_match match = {.pattern = lua_touserdata(lua, lua_upvalueindex(PATTERN))};
    size_t from = (size_t)lua_tointeger(lua, lua_upvalueindex(NEXT));
    size_t last_end = (size_t)lua_tointeger(lua, lua_upvalueindex(LAST_END));

    match.subject = lua_tolstring(lua, lua_upvalueindex(SUBJECT), &match.len);
    if (from > match.len || !search(lua, &match, from, last_end)) {
        keep(lua, NEXT, SC_NO_MATCH);
        return 0;
    }
    keep(lua, NEXT, match.end);
    keep(lua, LAST_END, match.end);
    return push_captures(lua, &match);
}

int sc_gmatch(lua_State *lua)
{
    size_t len;

    luaL_checklstring(lua, 1, &len);
    luaL_checkstring(lua, 2);
    size_t from = start(lua, len);
    lua_pushvalue(lua, 1);
    push_pattern(lua, 2, false);
    lua_pushinteger(lua, (lua_Integer)from);
    lua_pushinteger(lua, (lua_Integer)SC_NO_MATCH);
    lua_pushcclosure(lua, next_match, 4);
    return 1;
}

/* ---- gsub ---- */

/* "%1" in a pattern without captures is the whole match, as "%0" is. */
static void add_capture(lua_State *lua, luaL_Buffer *out, const struct sc_match *match, char digit)
{
    unsigned n = (unsigned)(digit - '0');

    if (n == 0 || (n == 1 && match->pattern->n_captures == 0)) {
        luaL_addlstring(out, match->subject + match->begin, match->end - match->begin);
        return;
    }
    if (n > match->pattern->n_captures)
        luaL_error(lua, "invalid capture index %%%d", (int)n);
    push_capture(lua, match, n - 1);
    luaL_addvalue(out);
}

static void add_replacement(lua_State *lua, luaL_Buffer *out, const struct sc_match *match)
{
    size_t len;
    const char *text = lua_tolstring(lua, 3, &len);

    sc_charge(lua, len / 16);
    for (const char *end = text + len; text < end; text++) {
        if (*text != '%') {
            luaL_addchar(out, *text);
            continue;
        }
        text++; /* at worst the zero behind the text */
        if (*text == '%')
            luaL_addchar(out, '%');
        else if (*text >= '0' && *text <= '9')
            add_capture(lua, out, match, *text);
        else
            luaL_error(lua, "invalid use of '%%' in replacement string");
    }
}

/* What the table or the function at argument 3 says to the match; false or nil: it stays. */
static void add_answer(lua_State *lua, luaL_Buffer *out, const struct sc_match *match)
{
    if (lua_isfunction(lua, 3)) {
        lua_pushvalue(lua, 3);
        lua_call(lua, push_captures(lua, match), 1);
    } else {
        lua_pop(lua, push_captures(lua, match) - 1); /* the first */
        lua_gettable(lua, 3);
    }
    if (!lua_toboolean(lua, -1)) {
        lua_pop(lua, 1);
        lua_pushlstring(lua, match->subject + match->begin, match->end - match->begin);
    } else if (!lua_isstring(lua, -1)) {
        luaL_error(lua, "invalid replacement value (a %s)", luaL_typename(lua, -1));
    }
    luaL_addvalue(out);
}

static lua_Integer replace_all(lua_State *lua, luaL_Buffer *out, struct sc_match *match, lua_Integer max)
{
    bool by_text = lua_isstring(lua, 3);
    size_t done = 0, last_end = SC_NO_MATCH;
    lua_Integer n = 0;

    while (n < max && search(lua, match, done, last_end)) {
        luaL_addlstring(out, match->subject + done, match->begin - done);
        if (by_text)
            add_replacement(lua, out, match);
        else
            add_answer(lua, out, match);
        done = last_end = match->end;
        n++;
        if (match->pattern->anchored)
            break;
    }
    luaL_addlstring(out, match->subject + done, match->len - done);
    return n;
}

int sc_gsub(lua_State *lua)
{
    struct sc_match match;
    luaL_Buffer out;
    int type = lua_type(lua, 3);

    match.subject = luaL_checklstring(lua, 1, &match.len);
    luaL_checkstring(lua, 2);
    luaL_argexpected(
        lua, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
        "string/function/table");
    lua_Integer max = luaL_optinteger(lua, 4, (lua_Integer)match.len + 1);
    match.pattern = push_pattern(lua, 2, true);
    luaL_buffinit(lua, &out);
    lua_Integer n = replace_all(lua, &out, &match, max);
    luaL_pushresult(&out);
    lua_pushinteger(lua, n);
    return 2;
}
