/* string and utf8: Lua's own functions, once their cost is paid and addresses are out of their way. */
#include "sandbox_impl.h"
#include "sandbox_match.h"

#include <string.h>

#define MAX_RESULTS 65536
#define MAX_UTF8    ((size_t)1 << 20) /* bytes that utf8 takes: its iterator's steps cannot be counted */
#define STEP_BYTES  16

/* Functions that walk along the text at argument 1. */
static int by_length(lua_State *lua)
{
    size_t len;

    luaL_checklstring(lua, 1, &len);
    sc_charge(lua, len / STEP_BYTES);
    return sc_original(lua);
}

static int by_length_utf8(lua_State *lua)
{
    size_t len;

    luaL_checklstring(lua, 1, &len);
    luaL_argcheck(lua, len <= MAX_UTF8, 1, "text is longer than 1 MiB");
    return by_length(lua);
}

/* ---- results for each byte ---- */

static lua_Integer from_end(lua_Integer position, size_t len)
{
    return position < 0 ? position + (lua_Integer)len + 1 : position;
}

/* Bytes i..j of the text, one result for each. */
static void limit_results(lua_State *lua)
{
    size_t len;

    luaL_checklstring(lua, 1, &len);
    lua_Integer first = luaL_optinteger(lua, 2, 1);
    lua_Integer last = luaL_optinteger(lua, 3, first);
    first = from_end(first, len);
    last = from_end(last, len);
    if (last > (lua_Integer)len)
        last = (lua_Integer)len;
    uint64_t results = sc_span(first < 1 ? 1 : first, last);
    if (results > MAX_RESULTS)
        luaL_error(lua, "string slice too long (at most %d bytes)", MAX_RESULTS);
    sc_charge(lua, results);
}

static int byte(lua_State *lua)
{
    limit_results(lua);
    return sc_original(lua);
}

static int codepoint(lua_State *lua)
{
    limit_results(lua);
    return by_length_utf8(lua);
}

/* ---- rep ---- */

static size_t saturating_product(size_t a, size_t b)
{
    return b != 0 && a > SIZE_MAX / b ? SIZE_MAX : a * b;
}

/* Nothing, repeated, is nothing; Lua would count to the end. */
static int repeat(lua_State *lua)
{
    size_t len, separator_len;

    luaL_checklstring(lua, 1, &len);
    luaL_optlstring(lua, 3, "", &separator_len);
    lua_Integer n = luaL_checkinteger(lua, 2);
    if (n <= 0 || len + separator_len == 0) {
        lua_pushliteral(lua, "");
        return 1;
    }
    if (saturating_product(len + separator_len, (size_t)n) > sc_box_of(lua)->limits.memory / 4)
        return luaL_error(lua, "resulting string too large for a scenario");
    sc_charge(lua, (uint64_t)n / STEP_BYTES);
    return sc_original(lua);
}

/* ---- format ---- */

/* The letter of the conversion that begins behind a '%'; *format is moved behind it. */
static char conversion(const char **format, const char *end)
{
    const char *letter = *format;

    while (letter < end && *letter != '\0' && strchr("-+ #0123456789.", *letter) != NULL)
        letter++;
    *format = letter < end ? letter + 1 : end;
    return letter < end ? *letter : '\0';
}

/* Every conversion takes one argument; "%s" gets ours as text. */
static int format(lua_State *lua)
{
    size_t len;
    const char *at = luaL_checklstring(lua, 1, &len), *end = at + len;
    int n = lua_gettop(lua);

    sc_charge(lua, len / STEP_BYTES);
    for (int arg = 1; (at = memchr(at, '%', (size_t)(end - at))) != NULL;) {
        char letter = ++at < end && *at == '%' ? *at++ : conversion(&at, end);
        if (letter == '%')
            continue;
        if (letter == 'p')
            return luaL_error(lua, "'%%p' would show an address");
        if (++arg <= n && letter == 's') {
            sc_sandbox_text(lua, arg, NULL);
            lua_replace(lua, arg);
        }
    }
    return sc_original(lua);
}

const struct sc_entry sc_string_entries[] = {
    {"byte", byte},         {"char", NULL},      {"find", sc_find},       {"format", format},
    {"gmatch", sc_gmatch},  {"gsub", sc_gsub},   {"len", NULL},           {"lower", by_length},
    {"match", sc_match},    {"pack", by_length}, {"packsize", by_length}, {"rep", repeat},
    {"reverse", by_length}, {"sub", NULL},       {"unpack", by_length},   {"upper", by_length},
    {NULL, NULL},
};

const struct sc_entry sc_utf8_entries[] = {
    {"char", NULL},
    {"charpattern", NULL},
    {"codepoint", codepoint},
    {"codes", by_length_utf8},
    {"len", by_length_utf8},
    {"offset", by_length_utf8},
    {NULL, NULL},
};
