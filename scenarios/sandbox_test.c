/* Limits: nothing runs for ever, nothing takes all memory, and neither can be caught. */
#include "test_sandbox.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

/* ---- steps ---- */

static void an_endless_loop_ends(void **state)
{
    (void)state;
    assert_stopped("while true do end");
    assert_stopped("::again:: goto again");
    assert_stopped("local function f() return f() end f()");
    assert_stopped("for i = 1, math.maxinteger do end");
    assert_stopped("repeat local s = tostring(1) until false");
}

static void the_limit_cannot_be_caught(void **state)
{
    (void)state;
    assert_stopped("while true do pcall(function() while true do end end) end");
    assert_stopped("while true do pcall(pcall, function() while true do end end) end");
    assert_stopped("local function f() pcall(f) while true do end end while true do pcall(f) end");
    assert_stopped("while true do xpcall(function() while true do end end, function() end) end");
    assert_stopped("pcall(function() while true do end end) say('still here')");
}

static void a_message_handler_has_the_limit_too(void **state)
{
    const char *endless = "local function endless() while true do end end ";
    char text[300];

    (void)state;
    const char *const calls[] = {
        "xpcall(endless, endless)",
        "xpcall(error, endless)",
        "xpcall(endless, function() pcall(endless) end)",
        "xpcall(function() error({}) end, function() xpcall(endless, endless) end)",
        "xpcall(wait, endless) xpcall(function() wait() endless() end, endless)",
        "xpcall(function() ('a'):rep(1000):find(('.-'):rep(20) .. 'b') end, endless)",
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        strcpy(text, endless);
        strcat(text, calls[i]);
        assert_stopped(text);
    }
}

static void callbacks_have_the_limit_too(void **state)
{
    (void)state;
    assert_stopped("table.sort({3, 2, 1}, function() while true do end end)");
    assert_stopped("('abc'):gsub('.', function() while true do end end)");
    assert_stopped("('abc'):gsub('.', setmetatable({}, {__index = function() while true do end end}))");
    assert_stopped("tostring(setmetatable({}, {__tostring = function() while true do end end}))");
    assert_stopped("('%s'):format(setmetatable({}, {__tostring = function() while true do end end}))");
    assert_stopped("say(setmetatable({}, {__tostring = function() while true do end end}))");
    assert_stopped("local x = setmetatable({}, {__index = function() while true do end end}).x");
    assert_stopped("pairs(setmetatable({}, {__pairs = function() while true do end end}))");
    assert_stopped("ipairs(setmetatable({}, {__index = function(_, i) return i end})) "
                   "for _ in ipairs(setmetatable({}, {__index = function(_, i) return i end})) do end");
    assert_stopped("local m = {} local x <const> = setmetatable({}, m) "
                   "m.__close = function() while true do end end "
                   "while true do pcall(function() local c <close> = x error() end) end");
}

/* Functions in C never come by the hook: what they cost is counted before. The loops alone are far from the
 * limit. */
static void library_functions_pay_for_what_they_do(void **state)
{
    (void)state;
    assert_stopped("for _ = 1, 5000 do local s = ('x'):rep(1000000) end");
    assert_stopped("local s = ('x'):rep(1000000) for _ = 1, 5000 do local t = s .. 'y' end");
    assert_stopped("local s = ('x'):rep(1000000) for _ = 1, 5000 do s:upper() end");
    assert_stopped("local s = ('x'):rep(1000000) for _ = 1, 5000 do utf8.len(s) end");
    assert_stopped("local s = ('x'):rep(60000) for _ = 1, 5000 do s:byte(1, -1) end");
    assert_stopped("local t = {} for i = 1, 60000 do t[i] = i end for _ = 1, 5000 do table.unpack(t) end");
    assert_stopped("local t = {} for i = 1, 60000 do t[i] = i end for _ = 1, 5000 do pairs(t) end");
    assert_stopped("local t = {} for i = 1, 60000 do t[i] = i end for _ = 1, 5000 do table.sort(t) end");
    assert_stopped(
        "local t = {} for i = 1, 60000 do t[i] = i end for _ = 1, 5000 do table.insert(t, 1, 1) end");
    assert_stopped("local s = (' '):rep(1000000) for _ = 1, 5000 do tonumber(s) end");
    assert_stopped("local s = (' '):rep(1000000) for _ = 1, 5000 do string.unpack(s, s) end");
    assert_stopped("local s = ('x'):rep(1000000) for _ = 1, 5000 do s:find('y', 1, true) end");
    assert_stopped("local s = ('x'):rep(100000) for _ = 1, 5000 do s:find('y') end");
}

static void huge_ranges_are_not_walked(void **state)
{
    (void)state;
    assert_stopped("table.move({}, 1, 1 << 60, 2)");
    assert_stopped("table.move({}, math.mininteger + 1, -1, 5, setmetatable({}, {__newindex = type}))");
    assert_stopped("table.concat(setmetatable({}, {__index = tostring}), '', 1, 1 << 60)");
    assert_stopped("table.insert({}, math.mininteger, 1)");
    assert_stopped("local t = {[5] = 1, [9] = 1} for i = 0, 60 do t[1 << i] = 1 end table.insert(t, 1, 1)");
    assert_stopped("local t = {[5] = 1, [9] = 1} for i = 0, 60 do t[1 << i] = 1 end table.remove(t, 1)");
    assert_stopped("local t = {[5] = 1, [9] = 1} for i = 0, 60 do t[1 << i] = 1 end table.sort(t)");
    assert_refused("table.unpack({}, 1, 1 << 60)", "too many results");
    assert_refused("table.unpack({}, math.mininteger, math.maxinteger)", "too many results");
    assert_refused("table.insert(setmetatable({}, {__len = function() return 1 << 60 end}), 1, 1)", "__len");
    assert_says("say(#(''):rep(1 << 60), #(''):rep(1 << 60, ''))", "0 0\n");
}

static void patterns_pay_for_every_attempt(void **state)
{
    (void)state;
    assert_stopped("('a'):rep(1000):find(('.-'):rep(20) .. 'b')");
    assert_stopped("('a'):rep(1000):match(('a*'):rep(20) .. 'b')");
    assert_stopped("('a'):rep(100):find(('a?'):rep(100) .. ('b'):rep(100))");
    assert_stopped("('a'):rep(1000):gsub(('.-'):rep(20) .. 'b', '')");
    assert_stopped("for _ in ('a'):rep(1000):gmatch(('.-'):rep(20) .. 'b') do end");
    assert_stopped("('('):rep(100000):find('%b()')");
    assert_stopped("while true do pcall(string.find, ('a'):rep(1000), ('.-'):rep(20) .. 'b') end");
    assert_refused("('a'):find(('a?'):rep(201))", "pattern too complex");
}

static void ordinary_patterns_are_far_from_the_limit(void **state)
{
    (void)state;
    assert_says("local s = ('x'):rep(65536) .. 'y' say(s:find('y'), s:find('x*y'), #s:gsub('x', 'zz'))",
                "65537 1 131073\n");
    assert_says("local n = 0 for word in ('word '):rep(10000):gmatch('%a+') do n = n + 1 end say(n)",
                "10000\n");
    assert_says("say(('peer 127.0.0.1:1102 said 0x8104'):match('(%d+)%.(%d+)%.(%d+)%.(%d+):(%d+)'))",
                "127 0 0 1 1102\n");
    assert_says("local s = ('k = v\\n'):rep(400) say(#s:match('^(.-)\\n(.-)\\n(.*)$'))", "5\n");
}

static void many_values_in_dots_count(void **state)
{
    (void)state;
    assert_stopped("local function f(...) for _ = 1, 5000 do local n = select('#', ...) end end "
                   "f(table.unpack({}, 1, 60000))");
}

static void waiting_begins_a_new_turn_but_not_a_new_life(void **state)
{
    static struct outcome outcome;
    const struct sc_sandbox_limits limits = {.steps = 500000, .steps_turn = 100000, .memory = 1 << 20};
    const char *loop = "for i = 1, 5 do for j = 1, 30000 do end wait() end say('done')";
    const char *endless = "while true do for j = 1, 30000 do end wait() end";

    (void)state;
    run_limited(&outcome, loop, 1, &limits);
    assert_string_equal(outcome.text, "done\n");
    assert_null(outcome.over);
    run_limited(&outcome, "for i = 1, 150000 do end", 1, &limits);
    assert_string_equal(outcome.over, "step limit: too many Lua instructions without waiting");
    assert_non_null(strstr(outcome.text, "test.lua:1: step limit"));
    run_limited(&outcome, endless, 1, &limits);
    assert_string_equal(outcome.over, "step limit: too many Lua instructions");
}

static void every_thread_has_the_limit(void **state)
{
    const struct sc_sandbox_limits limits = {.steps = 200000, .steps_turn = 200000, .memory = 1 << 20};
    const char *text = "while true do end";
    int n_results;

    (void)state;
    for (int adopted = 0; adopted < 2; adopted++) {
        lua_State *lua = sc_sandbox_new(1, &limits);
        lua_State *thread = lua_newthread(lua); /* takes the hook of who makes it */
        if (adopted)
            sc_sandbox_adopt(thread);
        assert_int_equal(sc_sandbox_load(thread, text, strlen(text), "a"), LUA_OK);
        assert_int_equal(lua_resume(thread, NULL, 0, &n_results), LUA_ERRRUN);
        assert_non_null(sc_sandbox_over(lua));

        /* what was made before and after fails as well */
        lua_State *late = lua_newthread(lua);
        sc_sandbox_adopt(late);
        assert_int_equal(sc_sandbox_load(late, "local a = 1", 11, "b"), LUA_OK);
        assert_int_equal(lua_resume(late, NULL, 0, &n_results), LUA_ERRRUN);
        assert_int_equal(sc_sandbox_load(lua, text, strlen(text), "c"), LUA_OK);
        assert_int_equal(lua_pcall(lua, 0, 0, 0), LUA_ERRRUN);
        sc_sandbox_free(lua);
    }
}

static void many_short_threads_cost_what_they_do(void **state)
{
    const struct sc_sandbox_limits limits = {.steps = 10000, .steps_turn = 10000, .memory = 1 << 20};
    lua_State *lua = sc_sandbox_new(1, &limits);
    int n = 0, n_results;

    (void)state;
    for (; n < 1000 && sc_sandbox_over(lua) == NULL; n++) {
        lua_State *thread = lua_newthread(lua);
        sc_sandbox_adopt(thread);
        sc_sandbox_load(thread, "for i = 1, 50 do end", 20, "short");
        lua_resume(thread, NULL, 0, &n_results);
        lua_settop(lua, 0);
    }
    assert_true(n < 1000);
    sc_sandbox_free(lua);
}

/* ---- memory ---- */

static void memory_is_bounded(void **state)
{
    (void)state;
    assert_exhausted("local s = 'x' while true do s = s .. s end");
    assert_exhausted("local t = {} while true do t[#t + 1] = {} end");
    assert_exhausted("local t = {} for i = 1, 1000 do t[i] = ('x'):rep(100000) .. i end");
    assert_exhausted(
        "local s = ('x'):rep(500000); ('%s%s%s%s%s%s%s%s%s%s'):format(s, s, s, s, s, s, s, s, s, s)");
    assert_exhausted("('x'):rep(4000):gsub('', ('y'):rep(4000))");
    assert_exhausted("local t = {} for i = 1, 100 do t[i] = ('x'):rep(100000) end table.concat(t)");
    assert_exhausted("string.pack('c100000000', '')");
    assert_refused("('x'):rep(1 << 40)", "resulting string too large");
    assert_refused("('x'):rep(math.maxinteger, 'y')", "resulting string too large");
}

static void exhaustion_cannot_be_caught(void **state)
{
    (void)state;
    assert_exhausted("pcall(function() local s = 'x' while true do s = s .. s end end) say('still here')");
    assert_exhausted("xpcall(string.pack, function() end, 'c100000000', '') say('still here')");
    assert_exhausted("local t = {} while true do pcall(function() t[#t + 1] = ('x'):rep(999) .. #t end) end");
}

/* 32 MiB: more garbage than that comes and goes. */
static void garbage_is_no_memory(void **state)
{
    (void)state;
    assert_says("local kilo = ('x'):rep(1000) for i = 1, 20 do local s = kilo:rep(1000) .. i end say('done')",
                "done\n");
    assert_says("local kilo = ('x'):rep(1000) for i = 1, 4 do local s = kilo:rep(7900 + i) end say('done')",
                "done\n");
}

static void recursion_without_end_is_a_limit_with_a_line(void **state)
{
    static struct outcome outcome;

    (void)state;
    run_limited(&outcome, "local function f()\nreturn 1 + f() end\nwhile true do pcall(f) end", 1, NULL);
    assert_string_equal(outcome.text, "test.lua:2: call limit: too many calls in each other\n");
    assert_says("local function f(n) return n == 0 and 0 or 1 + f(n - 1) end say(f(15000))", "15000\n");
}

/* Lua counts calls through C by itself, and fewer of them. */
static void recursion_through_c_is_an_error_like_others(void **state)
{
    (void)state;
    assert_says("local n = 0 local function f() n = n + 1 return pcall(f) end f() say(n > 100)", "true\n");
    assert_says("local m = {} local t = setmetatable({}, m) m.__index = function(_, k) return t[k] end "
                "local ok, why = pcall(function() return t.x end) say(ok, why:match('C stack overflow'))",
                "false C stack overflow\n");
}

/* Memory runs out at every point of a state's life. */
static void no_state_without_memory(void **state)
{
    bool made = false;

    (void)state;
    for (size_t memory = 0; !made; memory += 200) {
        const struct sc_sandbox_limits limits = {.steps = 100000, .steps_turn = 100000, .memory = memory};
        lua_State *lua = sc_sandbox_new(1, &limits);
        made = lua != NULL;
        sc_sandbox_free(lua);
        assert_true(memory < (size_t)1 << 20);
    }
}

static void loading_without_memory_is_a_status(void **state)
{
    const char *text = "local t = {1, 2, 3} local function f() return t, 'a longer string than that' end f()";
    int status = LUA_ERRMEM;

    (void)state;
    for (size_t memory = 10000; status != LUA_OK; memory += 50) {
        const struct sc_sandbox_limits limits = {.steps = 100000, .steps_turn = 100000, .memory = memory};
        lua_State *lua = sc_sandbox_new(1, &limits);
        if (lua == NULL)
            continue;
        status = sc_sandbox_load(lua, text, strlen(text), "a name");
        assert_true(status == LUA_OK || status == LUA_ERRMEM);
        assert_int_equal(lua_gettop(lua), 1);
        sc_sandbox_free(lua);
    }
}

/* ---- loading ---- */

static int keep(lua_State *lua, const void *bytes, size_t len, void *buffer)
{
    (void)lua;
    luaL_addlstring(buffer, bytes, len);
    return 0;
}

static void binary_chunks_are_refused(void **state)
{
    lua_State *lua = luaL_newstate();
    luaL_Buffer dump;
    size_t len;

    (void)state;
    assert_int_equal(luaL_loadstring(lua, "return 1"), LUA_OK);
    luaL_buffinit(lua, &dump);
    lua_pushvalue(lua, 1);
    lua_dump(lua, keep, &dump, 0);
    lua_pop(lua, 1);
    luaL_pushresult(&dump);
    const char *bytes = lua_tolstring(lua, -1, &len);

    lua_State *box = sc_sandbox_new(1, NULL);
    assert_int_equal(sc_sandbox_load(box, bytes, len, "binary"), LUA_ERRSYNTAX);
    assert_non_null(strstr(lua_tostring(box, -1), "binary"));
    sc_sandbox_free(box);
    lua_close(lua);
}

static void messages_name_file_and_line(void **state)
{
    (void)state;
    assert_refused("local x =\n\n", "test.lua:3: ");
    assert_refused("\n\nerror('mine')", "test.lua:3: mine");
    assert_refused("\ntable.insert(nil, 1)", "test.lua:2: bad argument #1 to 'insert'");
    assert_refused("\n('x'):rep({})", "test.lua:2: bad argument #1 to 'rep'");
    assert_refused("\n('x'):find('[')", "test.lua:2: malformed pattern (missing ']')");
    assert_refused("\n\nnowhere.x = 1", "test.lua:3: attempt to index a nil value (global 'nowhere')");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_endless_loop_ends),
        cmocka_unit_test(the_limit_cannot_be_caught),
        cmocka_unit_test(a_message_handler_has_the_limit_too),
        cmocka_unit_test(callbacks_have_the_limit_too),
        cmocka_unit_test(library_functions_pay_for_what_they_do),
        cmocka_unit_test(huge_ranges_are_not_walked),
        cmocka_unit_test(patterns_pay_for_every_attempt),
        cmocka_unit_test(ordinary_patterns_are_far_from_the_limit),
        cmocka_unit_test(many_values_in_dots_count),
        cmocka_unit_test(waiting_begins_a_new_turn_but_not_a_new_life),
        cmocka_unit_test(every_thread_has_the_limit),
        cmocka_unit_test(many_short_threads_cost_what_they_do),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(exhaustion_cannot_be_caught),
        cmocka_unit_test(garbage_is_no_memory),
        cmocka_unit_test(recursion_without_end_is_a_limit_with_a_line),
        cmocka_unit_test(recursion_through_c_is_an_error_like_others),
        cmocka_unit_test(no_state_without_memory),
        cmocka_unit_test(loading_without_memory_is_a_status),
        cmocka_unit_test(binary_chunks_are_refused),
        cmocka_unit_test(messages_name_file_and_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
