/* Our patterns against Lua's own: the same calls in a plain Lua and in the sandbox, drawn at random. */
#include "test_sandbox.h"

#include "loop/random.h"
#include "scenarios/sandbox_pattern.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#define ROUNDS 5000

/* ---- texts at random ---- */

static uint64_t draws;

static size_t below(size_t n)
{
    return (size_t)s7_draw_range(s7_draw(5, 0, 0, draws++), 0, (int64_t)n - 1);
}

struct text {
    char bytes[64];
    size_t len;
};

static void append(struct text *text, const char *what)
{
    size_t len = strlen(what);

    if (len <= sizeof text->bytes - text->len) {
        memcpy(text->bytes + text->len, what, len);
        text->len += len;
    }
}

#define ANY_OF(list) list[below(sizeof list / sizeof list[0])]

static void draw_subject(struct text *subject)
{
    static const char *const pieces[] = {"a",  "b", "ab", "(", ")", "[", "]", "-",    "%", "1",
                                         "23", " ", "\t", "A", "^", "$", ".", "\xe4", "=", "aa"};

    *subject = (struct text){.len = 0};
    for (size_t n = below(12); n > 0; n--)
        append(subject, ANY_OF(pieces));
    if (below(8) == 0 && subject->len < sizeof subject->bytes)
        subject->bytes[subject->len++] = '\0';
}

/* Mostly well formed. */
static void draw_pattern(struct text *pattern)
{
    static const char *const singles[] = {
        "a",     "b",   ".",    "%a",   "%d",     "%s", "%W", "%p", "[ab]",   "[^a]",  "[%d]",
        "[a-c]", "[]]", "[^]]", "[a-]", "[%a-z]", "%.", "%%", "%(", "[%]-a]", "[+--]", "%x",
        "%u",    "%l",  "%c",   "%g",   "%z",     "$",  "^",  "%Z", "[%S%d]", "-"};
    static const char *const repeats[] = {"", "", "", "*", "+", "-", "?"};
    static const char *const odd[] = {"%b()", "%f[%a]", "%f[^%w]", "%1", "%2", "()",
                                      "(",    ")",      "%b",      "[a", "%",  "%f"};
    unsigned open = 0;

    *pattern = (struct text){.len = 0};
    if (below(4) == 0)
        append(pattern, "^");
    for (size_t n = below(6); n > 0; n--) {
        if (below(4) == 0)
            append(pattern, odd[below(below(6) == 0 ? 12 : 6)]);
        if (below(4) == 0) {
            append(pattern, "(");
            open++;
        }
        append(pattern, ANY_OF(singles));
        append(pattern, ANY_OF(repeats));
        if (open > 0 && below(2) == 0) {
            append(pattern, ")");
            open--;
        }
    }
    for (; open > 0; open--)
        append(pattern, ")");
    if (below(4) == 0)
        append(pattern, "$");
}

/* ---- the same call on both sides ---- */

static const char calls[] =
    "local s, p, init, repl, n = ... "
    "local out = {} "
    "local function note(...) for i = 1, select('#', ...) do out[#out + 1] = tostring((select(i, ...))) end "
    "out[#out + 1] = ';' end "
    "local function try(f, ...) note(pcall(f, ...)) end "
    "try(string.find, s, p, init) try(string.match, s, p, init) try(string.find, s, p, init, true) "
    "try(string.gsub, s, p, repl, n) try(string.gsub, s, p, {a = 'X', b = false, ['1'] = 7}) "
    "try(string.gsub, s, p, function(...) note(...) return select('#', ...) > 1 and '<' .. s .. '>' or nil "
    "end) "
    "try(function() for a, b, c in string.gmatch(s, p, init) do note(a, b, c) end end) "
    "return table.concat(out, '|')";

static const char *answer(lua_State *lua, const struct text *subject, const struct text *pattern, int init,
                          const char *replacement)
{
    lua_settop(lua, 1);
    lua_pushvalue(lua, 1);
    lua_pushlstring(lua, subject->bytes, subject->len);
    lua_pushlstring(lua, pattern->bytes, pattern->len);
    lua_pushinteger(lua, init);
    lua_pushstring(lua, replacement);
    lua_pushinteger(lua, init + 3);
    assert_int_equal(lua_pcall(lua, 5, 1, 0), LUA_OK);
    return lua_tostring(lua, -1);
}

/* A malformed pattern is refused at once by us, by Lua when it comes to the place. */
static bool is_well_formed(const struct text *text)
{
    static union {
        struct sc_pattern pattern;
        char room[sizeof(struct sc_pattern) + 100 * sizeof(struct sc_item)];
    } it;

    assert_true(sc_pattern_size(text->len) <= sizeof it);
    return sc_pattern_compile(&it.pattern, text->bytes, text->len, true) == NULL &&
           sc_pattern_compile(&it.pattern, text->bytes, text->len, false) == NULL;
}

static void results_are_luas_own(void **state)
{
    static const char *const replacements[] = {"", "x", "%0%0", "<%1>", "%2", "%%", "%a", "%", "%9"};
    const struct sc_sandbox_limits limits = {UINT64_MAX, UINT64_MAX, SIZE_MAX};
    lua_State *lua = luaL_newstate(), *box = sc_sandbox_new(1, &limits);
    struct text subject, pattern;
    int well_formed = 0;

    (void)state;
    luaL_openlibs(lua);
    assert_int_equal(luaL_loadbuffer(lua, calls, strlen(calls), "@calls"), LUA_OK);
    assert_int_equal(sc_sandbox_load(box, calls, strlen(calls), "calls"), LUA_OK);
    for (int i = 0; i < ROUNDS; i++) {
        draw_subject(&subject);
        draw_pattern(&pattern);
        int init = (int)below(14) - 5;
        const char *replacement = ANY_OF(replacements);
        if (!is_well_formed(&pattern))
            continue;
        well_formed++;
        const char *ours = answer(box, &subject, &pattern, init, replacement);
        const char *theirs = answer(lua, &subject, &pattern, init, replacement);
        if (strcmp(ours, theirs) != 0)
            fail_msg("round %d, \"%.*s\" in \"%.*s\" from %d:\n%s\nLua says\n%s", i, (int)pattern.len,
                     pattern.bytes, (int)subject.len, subject.bytes, init, ours, theirs);
    }
    assert_true(well_formed > ROUNDS / 2);
    sc_sandbox_free(box);
    lua_close(lua);
}

/* Every set takes the bytes that Lua's does, in the locale that Lua starts with. */
static void classes_are_luas_own(void **state)
{
    const char *text =
        "local out = {} for _, class in ipairs({'a', 'c', 'd', 'g', 'l', 'p', 's', 'u', 'w', 'x', "
        "'z', 'b', 'f', '.'}) do for _, p in ipairs({'%' .. class, '%' .. class:upper(), "
        "'[%' .. class .. ']', '[^%' .. class .. 'e-g]'}) do for b = 0, 255 do "
        "out[#out + 1] = (class == 'b' or class == 'f') and p:byte() == 37 and '' or "
        "tostring(string.find(string.char(b), p)) end end end return table.concat(out, ' ')";
    lua_State *lua = luaL_newstate(), *box = sc_sandbox_new(1, NULL);

    (void)state;
    luaL_openlibs(lua);
    assert_int_equal(luaL_loadstring(lua, text), LUA_OK);
    assert_int_equal(sc_sandbox_load(box, text, strlen(text), "classes"), LUA_OK);
    assert_int_equal(lua_pcall(lua, 0, 1, 0), LUA_OK);
    assert_int_equal(lua_pcall(box, 0, 1, 0), LUA_OK);
    assert_string_equal(lua_tostring(lua, -1), lua_tostring(box, -1));
    sc_sandbox_free(box);
    lua_close(lua);
}

static void malformed_patterns_are_refused(void **state)
{
    static const struct {
        const char *pattern, *why;
    } wrong[] = {
        {"%", "malformed pattern (ends with '%')"},
        {"a[b", "malformed pattern (missing ']')"},
        {"[]", "malformed pattern (missing ']')"},
        {"[^]", "malformed pattern (missing ']')"},
        {"[%", "malformed pattern (missing ']')"},
        {"[%]", "malformed pattern (missing ']')"},
        {"%b", "malformed pattern (missing arguments to '%b')"},
        {"%bx", "malformed pattern (missing arguments to '%b')"},
        {"%f", "missing '[' after '%f' in pattern"},
        {"%fa", "missing '[' after '%f' in pattern"},
        {"(a", "unfinished capture"},
        {"a)", "invalid pattern capture"},
        {"%1", "invalid capture index in pattern"},
        {"(%1)", "invalid capture index in pattern"},
        {"%0", "invalid capture index in pattern"},
        {"()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()", "too many captures"},
    };
    char text[200];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        strcpy(text, "('abc'):find('");
        strcat(text, wrong[i].pattern);
        strcat(text, "')");
        assert_refused(text, wrong[i].why);
    }
}

/* Whatever the pattern, an attempt does not go on for long once the budget is used up. */
static void a_search_is_given_up_at_its_budget(void **state)
{
    static union {
        struct sc_pattern pattern;
        char room[sizeof(struct sc_pattern) + 100 * sizeof(struct sc_item)];
    } it;
    static char subject[1000];
    const char *patterns[] = {".-.-.-.-.-b", "a*a*a*a*a*b", "a?a?a?a?a?a?a?a?a?a*b", "(a*)(.-)%1%2b"};

    (void)state;
    memset(subject, 'a', sizeof subject);
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        struct sc_match match = {
            .pattern = &it.pattern, .subject = subject, .len = sizeof subject, .budget = 1000000};
        assert_null(sc_pattern_compile(&it.pattern, patterns[i], strlen(patterns[i]), true));
        assert_false(sc_pattern_search(&match, 0, SC_NO_MATCH));
        assert_true(match.spent > match.budget && match.spent < 2 * match.budget);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_luas_own),
        cmocka_unit_test(classes_are_luas_own),
        cmocka_unit_test(malformed_patterns_are_refused),
        cmocka_unit_test(a_search_is_given_up_at_its_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
