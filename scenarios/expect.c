/* expect, within, always, fails: what a scenario demands. A demand that is not met ends the scenario. */
#include "scenarios/engine_impl.h"
#include "scenarios/sandbox.h"

#include <stdio.h>

/* On the real clock the machine has its own ideas of time: within waits somewhat longer, always ends somewhat
 * earlier. Virtual time is exact. */
#define WITHIN_GRACE_NS INT64_C(500000000)
#define ALWAYS_GRACE_NS INT64_C(100000000)

/* Raise the failure "expected == 5, got 4". */
static int unmet(lua_State *lua, const char *when, enum sc_op op, int expected, int actual)
{
    struct sc_text text = {0};

    sc_text_add(&text, "expected %s%s", op == SC_IS ? "" : sc_op_name(op), op == SC_IS ? "" : " ");
    sc_show(lua, expected, &text);
    sc_text_add(&text, "%s, got ", when);
    sc_show(lua, actual, &text);
    if (lua_isfunction(lua, actual))
        sc_text_add(&text, " (is it to be called?)");
    else if (op != SC_EQ && op != SC_NE && op != SC_IS && lua_type(lua, actual) != lua_type(lua, expected))
        sc_text_add(&text, " (a %s and a %s have no order; a time is a number: 5*min)",
                    luaL_typename(lua, actual), luaL_typename(lua, expected));
    return sc_fail_here(lua, &text);
}

/* (value) truth, (value, expected) equality, (value, op, expected): to (value, op, expected) from `first` on.
 */
static void normalise(lua_State *lua, int first, const char *what)
{
    int n = lua_gettop(lua) - first + 1;

    if (n < 1 || n > 3)
        luaL_error(lua,
                   "%s: expected a value and what it should be: (value), (value, expected) or (value, \"<\", "
                   "expected)",
                   what);
    if (n == 1) {
        lua_pushstring(lua, sc_op_name(SC_IS));
        lua_pushboolean(lua, true);
    } else if (n == 2) {
        lua_pushstring(lua, "==");
        lua_insert(lua, first + 1);
    }
}

/* ---- expect ---- */

static int l_expect(lua_State *lua)
{
    normalise(lua, 1, "expect");
    enum sc_op op = sc_check_op(lua, 2, "expect");
    if (!sc_compare(lua, 1, op, 3))
        return unmet(lua, "", op, 3, 1);
    sc_engine_of(lua)->report->expectations++;
    return 0;
}

/* ---- within, always ---- */

/* What a condition is made of, in the table watch_ref. */
enum { WATCH_FN = 1, WATCH_OP, WATCH_EXPECTED, WATCH_CAME };

/* In protected mode, since the scenario's own functions are called. Argument: the task. Returns whether its
 * condition holds. */
static int ask(lua_State *lua)
{
    const struct sc_task *task = lua_touserdata(lua, 1);

    lua_rawgeti(lua, LUA_REGISTRYINDEX, task->watch_ref);
    lua_rawgeti(lua, 2, WATCH_FN);
    lua_call(lua, 0, 1);
    lua_pushvalue(lua, 3);
    lua_rawseti(lua, 2, WATCH_CAME);
    lua_rawgeti(lua, 2, WATCH_OP);
    lua_rawgeti(lua, 2, WATCH_EXPECTED);
    lua_pushboolean(lua, sc_compare(lua, 3, (enum sc_op)lua_tointeger(lua, 4), 5));
    return 1;
}

bool sc_watch_holds(struct sc_task *task)
{
    lua_State *lua = task->engine->lua;

    sc_sandbox_breathe(lua);
    lua_pushcfunction(lua, ask);
    lua_pushlightuserdata(lua, task);
    bool good = lua_pcall(lua, 1, 1, 0) == LUA_OK, held = good && lua_toboolean(lua, -1);
    if (!good)
        sc_fail_task(task);
    lua_pop(lua, 1);
    return held;
}

/* Stack: time, function, op, expected. */
static int watched(lua_State *lua, int status, lua_KContext context)
{
    struct sc_task *task = (struct sc_task *)context;
    bool met = task->watch_held;
    char when[64];

    (void)status;
    lua_rawgeti(lua, LUA_REGISTRYINDEX, task->watch_ref);
    luaL_unref(lua, LUA_REGISTRYINDEX, task->watch_ref);
    task->watch_ref = LUA_NOREF;
    lua_rawgeti(lua, -1, WATCH_CAME);
    double seconds = (double)sc_check_time(lua, 1, task->what) / 1e9;
    snprintf(when, sizeof when, task->what[0] == 'w' ? " within %g s" : " for %g s", seconds);
    if (!met)
        return unmet(lua, when, sc_check_op(lua, 3, task->what), 4, -1);
    task->engine->report->expectations++;
    return 0;
}

static int64_t deadline(const struct sc_engine *engine, enum sc_watch watch, int64_t ns)
{
    int64_t now_ns = s7_loop_now_ns(engine->loop), scaled_ns = sc_scaled_ns(engine, ns);

    if (!engine->options->real)
        return now_ns + scaled_ns;
    if (watch == SC_WATCH_WITHIN)
        return now_ns + scaled_ns + WITHIN_GRACE_NS;
    return now_ns + scaled_ns - (scaled_ns / 4 < ALWAYS_GRACE_NS ? scaled_ns / 4 : ALWAYS_GRACE_NS);
}

static int begin_watch(lua_State *lua, enum sc_watch watch, const char *what)
{
    int64_t ns = sc_check_time(lua, 1, what);

    if (!lua_isfunction(lua, 2))
        return luaL_error(lua,
                          "%s: expected a function to ask, as %s(\"5s\", function() return "
                          "pool.stats.available end, 1); got %s",
                          what, what, sc_safe_text(lua, 2));
    normalise(lua, 2, what);
    enum sc_op op = sc_check_op(lua, 3, what);
    struct sc_task *task = sc_task_of(lua, what);
    lua_createtable(lua, 4, 0);
    lua_pushvalue(lua, 2);
    lua_rawseti(lua, -2, WATCH_FN);
    lua_pushinteger(lua, op);
    lua_rawseti(lua, -2, WATCH_OP);
    lua_pushvalue(lua, 4);
    lua_rawseti(lua, -2, WATCH_EXPECTED);
    task->watch_ref = luaL_ref(lua, LUA_REGISTRYINDEX);
    task->watch = watch;
    task->watch_over = false;
    s7_timer_set(task->engine->loop, &task->timer, deadline(task->engine, watch, ns));
    return sc_task_wait(lua, task, watched);
}

static int l_within(lua_State *lua)
{
    return begin_watch(lua, SC_WATCH_WITHIN, "within");
}

static int l_always(lua_State *lua)
{
    return begin_watch(lua, SC_WATCH_ALWAYS, "always");
}

/* ---- fails ---- */

/* Stack: status, then the error. Returns the error. */
static int failed(lua_State *lua, int status, lua_KContext context)
{
    struct sc_text text = {0};
    char name[48];
    const char *expected = lua_tostring(lua, 1);
    bool raised = status != LUA_OK && status != LUA_YIELD;

    (void)context;
    if (sc_engine_of(lua)->over)
        return raised ? lua_error(lua) : 0;
    if (raised && sc_error_status(lua, -1, name, sizeof name) && strcmp(name, expected) == 0) {
        sc_engine_of(lua)->report->expectations++;
        return 1;
    }
    sc_text_add(&text, "expected the error %s, got %s", expected, raised ? "" : "none");
    if (raised)
        sc_add_error(lua, lua_gettop(lua), &text);
    return sc_fail_here(lua, &text);
}

static int l_fails(lua_State *lua)
{
    (void)sc_check_status(lua, 1, "fails",
                          "the name of an error and a function, as fails(\"timeout\", function() ... end)");
    if (!lua_isfunction(lua, 2))
        return luaL_error(lua, "fails: expected the name of an error and a function, got %s",
                          sc_safe_text(lua, 2));
    lua_settop(lua, 2);
    return failed(lua, lua_pcallk(lua, 0, 0, 0, 0, failed), 0);
}

void sc_expect_open(lua_State *lua)
{
    static const luaL_Reg functions[] = {
        {"expect", l_expect}, {"within", l_within}, {"always", l_always}, {"fails", l_fails}, {NULL, NULL}};

    sc_functions(lua, functions);
}
