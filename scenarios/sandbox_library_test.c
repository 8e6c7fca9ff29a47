/* What a scenario finds in the sandbox, and that it is the same in every run. */
#include "test_sandbox.h"

#include <lauxlib.h>
#include <string.h>

/* A walk over all that can be reached by names: a newer Lua may not bring more. */
static void only_what_is_on_the_list_exists(void **state)
{
    (void)state;
    assert_says("for k, v in pairs(_G) do if type(v) ~= 'table' then say(k) end end",
                "assert\nerror\ngetmetatable\nipairs\npairs\npcall\nsay\nselect\nsetmetatable\ntonumber\n"
                "tostring\ntype\nwait\nxpcall\n");
    assert_says("for k, v in pairs(_G) do if type(v) == 'table' then say(k) end end",
                "_G\nmath\nstring\ntable\nutf8\n");
    assert_says(
        "local all = {} for _, lib in pairs({math, string, table, utf8}) do "
        "for k in pairs(lib) do all[#all + 1] = k end end say(table.concat(all, ' '))",
        "abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger min mininteger modf pi "
        "rad random sin sqrt tan tointeger type ult "
        "byte char find format gmatch gsub len lower match pack packsize rep reverse sub unpack upper "
        "concat insert move pack remove sort unpack "
        "char charpattern codepoint codes len offset\n");
}

static void methods_of_strings_are_the_guarded_ones(void **state)
{
    (void)state;
    assert_says("say(('x').rep == string.rep, ('x').find == string.find, ('x').dump, #('ab'):rep(3))",
                "true true nil 6\n");
    assert_says("say(getmetatable(''), '10' + 1, 10 .. '')", "nil 11 10\n");
    assert_says("function string.twice(s) return s .. s end say(('ab'):twice())", "abab\n");
}

/* ---- text ---- */

static void nothing_shows_an_address(void **state)
{
    (void)state;
    assert_says("say({}, say, function() end, setmetatable({}, {__name = 'plc'}))",
                "table function function plc\n");
    assert_says("say(tostring({}), tostring(say), ('%s|%10s|%-7s|'):format({}, say, {}))",
                "table function table|  function|table  |\n");
    assert_says("say(setmetatable({}, {__tostring = function() return 'mine' end}), 1, 1.0, 'x', true, nil)",
                "mine 1 1.0 x true nil\n");
    assert_says("say(pcall(function() string.format('%d', {}) end))",
                "false test.lua:1: bad argument #2 to 'format' (number expected, got table)\n");
    assert_says("say(select(2, pcall(function() return {} .. 'x' end)))",
                "test.lua:1: attempt to concatenate a table value\n");
    assert_says("say(select(2, pcall(function() return {} < {} end)))",
                "test.lua:1: attempt to compare two table values\n");
    assert_says("say(select(2, pcall(error, {})))", "table\n");
    assert_says("say(pcall(table.concat, {1, {}}))",
                "false invalid value (table) at index 2 in table for 'concat'\n");
    assert_says("say(pcall(string.gsub, 'x', 'x', function() return {} end))",
                "false invalid replacement value (a table)\n");
    assert_says("local t = setmetatable({}, {__tostring = function() return {} end}) say(pcall(tostring, t))",
                "false '__tostring' must return a string, not a table\n");
    assert_refused("('%p'):format({})", "address");
    assert_refused("('%5p'):format('x')", "address");
    assert_refused("('%% %s %-9p'):format(1, {})", "address");
}

static void format_is_otherwise_as_lua_has_it(void **state)
{
    (void)state;
    assert_says("say(('%d%% %5.1f %q %x %s %.3s %c|%%s'):format(7, 2.25, 'a\"b', 255, nil, 'abcdef', 65))",
                "7%   2.2 \"a\\\"b\" ff nil abc A|%s\n");
    assert_refused("('%s'):format()", "bad argument #1 to 'format' (no value)");
    assert_refused("('%y'):format(1)", "invalid conversion '%y' to 'format'");
    assert_refused("('%'):format(1)", "invalid conversion '%' to 'format'");
    assert_refused("('%10'):format({})", "invalid conversion '%10' to 'format'");
}

/* ---- tables ---- */

static void pairs_goes_in_order(void **state)
{
    (void)state;
    assert_says("local t = {[true] = 1, b = 1, [-1] = 1, a = 1, [2.5] = 1, [2] = 1, aa = 1, [3] = 1, "
                "[false] = 1, [''] = 1, [math.huge] = 1, [-math.huge] = 1, [math.maxinteger] = 1, "
                "[math.mininteger] = 1, [2^63] = 1, [-2^64] = 1} "
                "for k in pairs(t) do say(k) end",
                "-inf\n-1.844674407371e+19\n-9223372036854775808\n-1\n2\n2.5\n3\n9223372036854775807\n"
                "9.2233720368548e+18\ninf\n\na\naa\nb\nfalse\ntrue\n");
    assert_says(
        "for k in pairs({['a\\0b'] = 1, a = 1, ['a\\0a'] = 1, ['\\xff'] = 1}) do say(#k, k:byte()) end",
        "1 97\n3 97\n3 97\n1 255\n");
    assert_refused("for k in pairs({[{}] = 1}) do end", "pairs: a key is a table");
    assert_refused("pairs()", "bad argument #1 to 'pairs'");
    assert_refused("pairs(1)", "table expected, got number");
}

static void a_table_may_change_while_pairs_goes_through_it(void **state)
{
    (void)state;
    assert_says("local t = {a = 1, b = 2, c = 3, d = 4} "
                "for k, v in pairs(t) do say(k, v) t.c = nil t.d = 5 t[k .. k] = 1 t[k] = nil end",
                "a 1\nb 2\nd 5\n");
    assert_says("local f, t = pairs({1, 2}) say(f(t)) say(f(t)) say(f(t)) say(f(t))", "1 1\n2 2\nnil\nnil\n");
    assert_says(
        "local m = {__pairs = function(t) return function(_, k) return not k and 'k' or nil end, t end} "
        "for k in pairs(setmetatable({}, m)) do say(k) end",
        "k\n");
    assert_says("local m = {__pairs = function(t) wait() return ipairs({7}) end} "
                "for _, v in pairs(setmetatable({}, m)) do say(v) end",
                "7\n");
}

static void the_collector_cannot_be_watched(void **state)
{
    (void)state;
    assert_refused("setmetatable({}, {__gc = function() end})", "cannot have __gc");
    assert_refused("setmetatable({}, {__mode = 'k'})", "cannot have __mode");
    assert_refused("setmetatable({}, {__close = function() end})", "cannot have __close");
    assert_refused("local m = {} setmetatable({}, m) m.__gc = say setmetatable({}, m)", "cannot have __gc");
    /* what comes later is not looked at by Lua */
    assert_says("local m = {} setmetatable({}, m) m.__gc = function() say('collected') end "
                "local s = 'x' for i = 1, 9 do s = ('x'):rep(1000):rep(1000) .. i end say('done')",
                "done\n");
    assert_refused("setmetatable(1, {})", "table expected");
    assert_refused("setmetatable(setmetatable({}, {__metatable = 1}), {})", "protected");
    assert_says("say(getmetatable(setmetatable({}, {__metatable = 'no'})), getmetatable({}))", "no nil\n");
}

static int touch(lua_State *lua)
{
    luaL_checkudata(lua, 1, "plc");
    return 0;
}

static void objects_of_the_engine_keep_their_metatables(void **state)
{
    lua_State *lua = sc_sandbox_new(1, NULL);
    const char *text = "return tostring(plc), getmetatable(plc) == nil, pcall(setmetatable, plc, {})";

    (void)state;
    lua_newuserdatauv(lua, 1, 0);
    luaL_newmetatable(lua, "plc");
    lua_pushcfunction(lua, touch);
    lua_setfield(lua, -2, "__gc");
    lua_setmetatable(lua, -2);
    lua_setglobal(lua, "plc");
    assert_int_equal(sc_sandbox_load(lua, text, strlen(text), "a"), LUA_OK);
    assert_int_equal(lua_pcall(lua, 0, 3, 0), LUA_OK);
    assert_string_equal(lua_tostring(lua, -3), "plc");
    assert_true(lua_toboolean(lua, -2));
    assert_false(lua_toboolean(lua, -1));
    sc_sandbox_free(lua);
}

static void tables_are_as_lua_has_them(void **state)
{
    (void)state;
    assert_says("local t = {1, 2, 3} table.insert(t, 4) table.insert(t, 1, 0) say(table.concat(t, ' '), "
                "table.remove(t), table.remove(t, 1), table.concat(t, ',', 2, 3), table.unpack(t, 2))",
                "0 1 2 3 4 4 0 2,3 2 3\n");
    assert_says("say(table.concat(table.move({1, 2, 3}, 2, 3, 1), ' '), table.pack(1, nil, 3).n, #{n = 1})",
                "2 3 3 3 0\n");
    assert_says("say(table.remove({}), table.concat({}), table.unpack({}, 1, 2))", "nil  nil nil\n");
    assert_refused("table.insert({1}, 5, 1)", "position out of bounds");
    assert_refused("table.insert({}, 1, 2, 3)", "wrong number of arguments");
    assert_refused("table.concat({1, 2}, '', 1, 3)", "invalid value (nil) at index 3");
}

static void sort_is_stable_and_ends_whatever_the_comparison_says(void **state)
{
    (void)state;
    assert_says("local t = {3, 1, 2.5, -1, 10, 2} table.sort(t) say(table.concat(t, ' '))",
                "-1 1 2 2.5 3 10\n");
    assert_says("local t = {'b', 'a', 'c'} table.sort(t, function(a, b) return a > b end) "
                "say(table.concat(t, ' '))",
                "c b a\n");
    assert_says("local t = {} for i = 1, 1000 do t[i] = {key = i * 7 % 10, at = i} end "
                "table.sort(t, function(a, b) return a.key < b.key end) "
                "for i = 2, 1000 do local a, b = t[i - 1], t[i] "
                "assert(a.key < b.key or (a.key == b.key and a.at < b.at)) end",
                "");
    assert_says("for n = 0, 40 do local t, seen = {}, {} for i = 1, n do t[i] = math.random(20) end "
                "table.sort(t) assert(#t == n) for i = 2, n do assert(t[i - 1] <= t[i]) end end",
                "");
    assert_says("local t = {} for i = 1, 100 do t[i] = i end "
                "for _, lie in ipairs({true, false}) do table.sort(t, function() return lie end) "
                "table.sort(t, function() return math.random(2) == 1 end) end "
                "local sum = 0 for _, v in ipairs(t) do sum = sum + v end say(#t, sum)",
                "100 5050\n");
    assert_refused("table.sort({1, 'a'})", "attempt to compare");
    assert_refused("table.sort({1, 2}, 1)", "function expected");
}

/* ---- pcall and threads ---- */

static void pcall_is_as_lua_has_it(void **state)
{
    (void)state;
    assert_says("say(pcall(function(...) return ... end, 1, nil, 3))", "true 1 nil 3\n");
    assert_says("say(pcall(error, 'x', 0)) say(pcall(error)) say(pcall(1))",
                "false x\nfalse nil\nfalse attempt to call a number value\n");
    assert_says("say(xpcall(function(...) return ... end, say, 1, 2)) "
                "say(xpcall(error, function(m) return m .. '!' end, 'x', 0))",
                "true 1 2\nfalse x!\n");
    assert_refused("pcall()", "value expected");
    assert_refused("xpcall(say)", "bad argument #2 to 'xpcall'");
}

static void a_scenario_may_wait_inside_of_pcall(void **state)
{
    (void)state;
    assert_says("say(pcall(function(a) wait() return a, 2 end, 1))", "true 1 2\n");
    assert_says("say(pcall(function() wait() error('x', 0) end))", "false x\n");
    assert_says("say(xpcall(function(a) wait() return a, 2 end, say, 1))", "true 1 2\n");
    assert_says("say(xpcall(function() wait() error('x', 0) end, function(m) return m .. '!' end))",
                "false x!\n");
    assert_stopped("pcall(function() wait() while true do end end) say('still here')");
    assert_exhausted("pcall(function() wait() string.pack('c100000000', '') end) say('still here')");
}

/* ---- chance ---- */

static void random_keeps_its_ranges(void **state)
{
    (void)state;
    assert_says("for i = 1, 1000 do local a, b, c = math.random(), math.random(6), math.random(-3, 3) "
                "assert(a >= 0 and a < 1 and math.type(a) == 'float') "
                "assert(b >= 1 and b <= 6 and c >= -3 and c <= 3) end",
                "");
    assert_says("say(math.random(5, 5), math.type(math.random(0)), "
                "math.type(math.random(math.mininteger, math.maxinteger)))",
                "5 integer integer\n");
    assert_refused("math.random(-1)", "interval is empty");
    assert_refused("math.random(2, 1)", "interval is empty");
    assert_refused("math.random(1, 2, 3)", "wrong number of arguments");
    assert_refused("math.random(1.5)", "no integer representation");
}

static const char everything[] =
    "local t = {} for i = 1, 300 do t['key' .. math.random(0)] = {i} end "
    "for k, v in pairs(t) do say(k, v, v[1], pcall(k)) t[k] = nil t[k .. '+'] = v end "
    "local list = {} for i = 1, 3000 do list[i] = {math.random(9)} end "
    "table.sort(list, function(a, b) return a[1] < b[1] end) "
    "for i = 1, 3000, 100 do say(i, list[i], list[i][1]) end "
    "say(select(2, pcall(function() local n = 0 local function f() n = n + 1 return pcall(f) end f() "
    "error(n) end))) "
    "say(('%s %s'):format(t, say), math.random(), math.random(1 << 40)) wait() "
    "local s = '' while true do s = s .. 'x' end";

static void the_same_seed_gives_the_same_text(void **state)
{
    const struct sc_sandbox_limits limits = {.steps = 3000000, .steps_turn = 2000000, .memory = 32 << 20};
    static struct outcome one, other;

    (void)state;
    for (uint64_t seed = 0; seed < 3; seed++) {
        run_limited(&one, everything, seed, &limits);
        run_limited(&other, everything, seed, &limits);
        assert_string_equal(one.text, other.text);
        assert_non_null(one.over);
    }
    run_limited(&other, everything, 77, &limits);
    assert_string_not_equal(one.text, other.text);
}

/* Pinned: a change of these numbers changes every recorded seed. */
static void chance_is_the_same_on_every_machine(void **state)
{
    (void)state;
    assert_says("say(math.random(0), math.random(100), math.random(100), math.random(100))",
                "8640760935271331771 74 85 69\n");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_on_the_list_exists),
        cmocka_unit_test(methods_of_strings_are_the_guarded_ones),
        cmocka_unit_test(nothing_shows_an_address),
        cmocka_unit_test(format_is_otherwise_as_lua_has_it),
        cmocka_unit_test(pairs_goes_in_order),
        cmocka_unit_test(a_table_may_change_while_pairs_goes_through_it),
        cmocka_unit_test(the_collector_cannot_be_watched),
        cmocka_unit_test(objects_of_the_engine_keep_their_metatables),
        cmocka_unit_test(tables_are_as_lua_has_them),
        cmocka_unit_test(sort_is_stable_and_ends_whatever_the_comparison_says),
        cmocka_unit_test(pcall_is_as_lua_has_it),
        cmocka_unit_test(a_scenario_may_wait_inside_of_pcall),
        cmocka_unit_test(random_keeps_its_ranges),
        cmocka_unit_test(the_same_seed_gives_the_same_text),
        cmocka_unit_test(chance_is_the_same_on_every_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
