/* expect, within, always, fails: what a scenario demands. A demand that is not met ends the scenario. */
#include "scenarios/engine_impl.h"
#include "scenarios/sandbox.h"

#include <stdio.h>

/* On the real clock the machine has its own ideas of time: within waits somewhat longer, always ends somewhat
 * earlier. Virtual time is exact. */
#define WITHIN_GRACE_NS INT64_C(500000000)
#define ALWAYS_GRACE_NS INT64_C(100000000)

#define SHOWN_MAX 10 /* elements of a list in a message */

/* ---- comparing ---- */

/* IS compares truth: anything but false and nil is true. */
enum op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_IS, N_OPS };
static const char *const op_names[N_OPS] = {"==", "~=", "<", "<=", ">", ">=", "is"};

static enum op check_op(lua_State *lua, int index, const char *what)
{
    const char *name = lua_type(lua, index) == LUA_TSTRING ? lua_tostring(lua, index) : "";

    for (int op = 0; op < N_OPS; op++)
        if (strcmp(op_names[op], name) == 0)
            return (enum op)op;
    luaL_error(lua, "%s: expected an operator: == ~= < <= > or >=, got %s", what,
               sc_sandbox_text(lua, index, NULL));
    return OP_EQ;
}

static bool is_list(lua_State *lua, int index)
{
    if (!lua_istable(lua, index))
        return false;
    if (luaL_getmetafield(lua, index, "__tostring") == LUA_TNIL)
        return true;
    lua_pop(lua, 1);
    return false;
}

/* Lists are equal when their elements are. */
static bool equal(lua_State *lua, int a, int b, int depth)
{
    if (!is_list(lua, a) || !is_list(lua, b) || depth > 4)
        return lua_compare(lua, a, b, LUA_OPEQ);
    size_t n = lua_rawlen(lua, a);
    bool same = lua_rawlen(lua, b) == n;
    luaL_checkstack(lua, 4, "lists too deep");
    for (size_t i = 1; i <= n && same; i++) {
        lua_rawgeti(lua, a, (lua_Integer)i);
        lua_rawgeti(lua, b, (lua_Integer)i);
        same = equal(lua, lua_gettop(lua) - 1, lua_gettop(lua), depth + 1);
        lua_pop(lua, 2);
    }
    return same;
}

static bool ordered(lua_State *lua, int a, int b)
{
    int type = lua_type(lua, a);

    return type == lua_type(lua, b) && (type == LUA_TNUMBER || type == LUA_TSTRING);
}

/* Values that have no order never hold. */
static bool holds(lua_State *lua, int actual, enum op op, int expected)
{
    actual = lua_absindex(lua, actual);
    expected = lua_absindex(lua, expected);
    if (op == OP_EQ || op == OP_NE)
        return equal(lua, actual, expected, 0) == (op == OP_EQ);
    if (op == OP_IS)
        return lua_toboolean(lua, actual) == lua_toboolean(lua, expected);
    if (!ordered(lua, actual, expected))
        return false;
    switch (op) {
    case OP_LT:
        return lua_compare(lua, actual, expected, LUA_OPLT);
    case OP_LE:
        return lua_compare(lua, actual, expected, LUA_OPLE);
    case OP_GT:
        return lua_compare(lua, expected, actual, LUA_OPLT);
    default:
        return lua_compare(lua, expected, actual, LUA_OPLE);
    }
}

/* ---- showing ---- */

static void show(lua_State *lua, int index, struct sc_text *out)
{
    index = lua_absindex(lua, index);
    if (lua_type(lua, index) == LUA_TSTRING) {
        sc_text_add(out, "\"%.200s\"", lua_tostring(lua, index));
        return;
    }
    if (!is_list(lua, index)) {
        sc_text_add(out, "%s", sc_sandbox_text(lua, index, NULL));
        lua_pop(lua, 1);
        return;
    }
    size_t n = lua_rawlen(lua, index);
    sc_text_add(out, "{");
    for (size_t i = 1; i <= n && i <= SHOWN_MAX; i++) {
        lua_rawgeti(lua, index, (lua_Integer)i);
        sc_text_add(out, "%s%s", i > 1 ? ", " : "", sc_sandbox_text(lua, -1, NULL));
        lua_pop(lua, 2);
    }
    sc_text_add(out, n > SHOWN_MAX ? ", ... %zu in all}" : "}", n);
}

/* Raise the failure "expected == 5, got 4". */
static int unmet(lua_State *lua, const char *when, enum op op, int expected, int actual)
{
    struct sc_text text = {0};

    sc_text_add(&text, "expected %s%s", op == OP_IS ? "" : op_names[op], op == OP_IS ? "" : " ");
    show(lua, expected, &text);
    sc_text_add(&text, "%s, got ", when);
    show(lua, actual, &text);
    lua_pushstring(lua, text.at != NULL ? text.at : "out of memory");
    sc_text_free(&text);
    return sc_fail_here(lua, lua_tostring(lua, -1));
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
        lua_pushstring(lua, op_names[OP_IS]);
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
    enum op op = check_op(lua, 2, "expect");
    if (!holds(lua, 1, op, 3))
        return unmet(lua, "", op, 3, 1);
    sc_engine_of(lua)->report->expectations++;
    return 0;
}

/* ---- within, always ---- */

/* Push what the condition function returns now, one value; false: it failed, and the scenario with it. */
static bool ask(lua_State *lua, struct sc_task *task)
{
    lua_rawgeti(lua, LUA_REGISTRYINDEX, task->watch_ref);
    lua_rawgeti(lua, -1, 1);
    lua_remove(lua, -2);
    sc_sandbox_breathe(lua);
    if (lua_pcall(lua, 0, 1, 0) == LUA_OK)
        return true;
    sc_engine_end(task->engine, SC_FAILED, "%s\n", sc_sandbox_text(lua, -1, NULL));
    return false;
}

bool sc_watch_holds(lua_State *lua, struct sc_task *task)
{
    int top = lua_gettop(lua);
    bool held = false;

    if (ask(lua, task)) {
        lua_rawgeti(lua, LUA_REGISTRYINDEX, task->watch_ref);
        lua_rawgeti(lua, -1, 2);
        enum op op = (enum op)lua_tointeger(lua, -1);
        lua_rawgeti(lua, -2, 3);
        held = holds(lua, top + 1, op, -1);
        lua_pushvalue(lua, top + 1);
        lua_rawseti(lua, top + 2, 4); /* what came last, for the message */
    }
    lua_settop(lua, top);
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
    lua_rawgeti(lua, -1, 4);
    double seconds = (double)sc_check_time(lua, 1, task->what) / 1e9;
    snprintf(when, sizeof when, task->what[0] == 'w' ? " within %g s" : " for %g s", seconds);
    if (!met)
        return unmet(lua, when, check_op(lua, 3, task->what), 4, -1);
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
                          what, what, sc_sandbox_text(lua, 2, NULL));
    normalise(lua, 2, what);
    enum op op = check_op(lua, 3, what);
    struct sc_task *task = sc_task_of(lua, what);
    lua_createtable(lua, 4, 0);
    lua_pushvalue(lua, 2);
    lua_rawseti(lua, -2, 1);
    lua_pushinteger(lua, op);
    lua_rawseti(lua, -2, 2);
    lua_pushvalue(lua, 4);
    lua_rawseti(lua, -2, 3);
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

/* Stack: status, then the error or what fn returned. Returns the error. */
static int failed(lua_State *lua, int status, lua_KContext context)
{
    char name[48];
    const char *expected = lua_tostring(lua, 1);

    (void)context;
    if (sc_engine_of(lua)->over)
        return status == LUA_OK || status == LUA_YIELD ? 0 : lua_error(lua);
    if (status == LUA_OK || status == LUA_YIELD) {
        lua_pushfstring(lua, "expected the error %s, got none", expected);
        return sc_fail_here(lua, lua_tostring(lua, -1));
    }
    bool ours = sc_error_status(lua, -1, name, sizeof name);
    if (!ours || strcmp(name, expected) != 0) {
        lua_pushfstring(lua, "expected the error %s, got %s", expected, sc_sandbox_text(lua, -1, NULL));
        return sc_fail_here(lua, lua_tostring(lua, -1));
    }
    sc_engine_of(lua)->report->expectations++;
    return 1;
}

static int l_fails(lua_State *lua)
{
    (void)sc_check_status(lua, 1, "fails");
    if (!lua_isfunction(lua, 2))
        return luaL_error(lua, "fails: expected the name of an error and a function, got %s",
                          sc_sandbox_text(lua, 2, NULL));
    lua_settop(lua, 2);
    return failed(lua, lua_pcallk(lua, 0, 0, 0, 0, failed), 0);
}

void sc_expect_open(lua_State *lua)
{
    static const luaL_Reg functions[] = {
        {"expect", l_expect}, {"within", l_within}, {"always", l_always}, {"fails", l_fails}, {NULL, NULL}};

    sc_functions(lua, functions);
}
