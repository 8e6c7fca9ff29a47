/* Tasks: coroutines that wait on the engine's loop. See engine_impl.h for why they are resumed in the turn
 * hook only. */
#include "scenarios/engine_impl.h"
#include "scenarios/sandbox.h"

#include <stdio.h>
#include <stdlib.h>

#define TASKS_MAX 10000

static void on_timer(s7_timer *timer, void *arg)
{
    struct sc_task *task = arg;

    (void)timer;
    if (task->watch != SC_WATCH_NOT)
        task->watch_over = true; /* looked at once more in this turn's hook */
    else
        sc_task_ready(task);
}

static void link_in(struct sc_engine *engine, struct sc_task *task)
{
    task->next = engine->tasks;
    task->link = &engine->tasks;
    if (task->next != NULL)
        task->next->link = &task->next;
    engine->tasks = task;
    engine->n_tasks++;
}

static void take_out(struct sc_task *task)
{
    *task->link = task->next;
    if (task->next != NULL)
        task->next->link = task->link;
    task->engine->n_tasks--;
}

struct sc_task *sc_task_new(struct sc_engine *engine, lua_State *from, int n_args)
{
    if (engine->n_tasks == TASKS_MAX) {
        luaL_error(from, "more than %d tasks at a time", TASKS_MAX);
        return NULL;
    }
    lua_State *lua = lua_newthread(from);
    sc_sandbox_adopt(lua);
    if (!lua_checkstack(lua, n_args + 1))
        luaL_error(from, "out of memory");
    int ref = luaL_ref(from, LUA_REGISTRYINDEX);
    struct sc_task *task = calloc(1, sizeof *task);
    if (task == NULL) {
        luaL_unref(from, LUA_REGISTRYINDEX, ref);
        luaL_error(from, "out of memory");
        return NULL;
    }
    lua_xmove(from, lua, n_args + 1);
    *task = (struct sc_task){.engine = engine, .lua = lua, .ref = ref};
    task->state = SC_TASK_WAITING;
    task->watch_ref = LUA_NOREF;
    s7_timer_init(&task->timer, on_timer, task);
    link_in(engine, task);
    return task;
}

void sc_task_ready(struct sc_task *task)
{
    struct sc_engine *engine = task->engine;

    if (task->state != SC_TASK_WAITING)
        return;
    task->state = SC_TASK_READY;
    task->next_ready = NULL;
    *engine->ready_tail = task;
    engine->ready_tail = &task->next_ready;
    s7_loop_wake(engine->loop);
}

/* ---- running ---- */

/* It goes at once when nothing in the scenario can ask for it any more, else with what can (forgotten). */
static void ended(struct sc_task *task)
{
    task->state = SC_TASK_ENDED;
    luaL_unref(task->engine->lua, LUA_REGISTRYINDEX, task->ref);
    task->ref = LUA_NOREF;
    task->lua = NULL;
    take_out(task);
    for (struct sc_task *other = task->engine->tasks; other != NULL; other = other->next)
        if (other->joined == task) {
            other->joined = NULL;
            sc_task_ready(other);
        }
    if (!task->held)
        free(task);
}

static void resume(struct sc_task *task)
{
    struct sc_engine *engine = task->engine;
    int n_results, n_args = task->begun ? 0 : lua_gettop(task->lua) - 1;

    engine->moved = true;
    task->begun = true;
    task->state = SC_TASK_WAITING;
    engine->running = task;
    sc_sandbox_breathe(engine->lua);
    int rc = lua_resume(task->lua, engine->lua, n_args, &n_results);
    engine->running = NULL;
    if (engine->over || rc == LUA_YIELD)
        return;
    if (rc == LUA_OK) {
        ended(task);
        return;
    }
    lua_xmove(task->lua, engine->lua, 1); /* what lies on a dead thread cannot be asked for its text */
    sc_fail_task(task);
    lua_pop(engine->lua, 1);
}

static bool run_ready(struct sc_engine *engine)
{
    bool any = false;

    while (engine->ready_head != NULL && !engine->over) {
        struct sc_task *task = engine->ready_head;

        engine->ready_head = task->next_ready;
        if (engine->ready_head == NULL)
            engine->ready_tail = &engine->ready_head;
        resume(task);
        any = true;
    }
    return any;
}

/* A condition that holds ends `within`; one that does not ends `always`, as its deadline does both. The task
 * itself says what that means. */
static void look(struct sc_task *task)
{
    task->watch_held = sc_watch_holds(task);
    if (task->engine->over)
        return;
    if (task->watch_held != (task->watch == SC_WATCH_WITHIN) && !task->watch_over)
        return;
    s7_timer_stop(&task->timer);
    task->watch = SC_WATCH_NOT;
    sc_task_ready(task);
}

void sc_tasks_run(struct sc_engine *engine)
{
    do {
        run_ready(engine);
        for (struct sc_task *task = engine->tasks; task != NULL && !engine->over; task = task->next)
            if (task->watch != SC_WATCH_NOT)
                look(task);
    } while (engine->ready_head != NULL && !engine->over);
}

bool sc_tasks_busy(const struct sc_engine *engine)
{
    return engine->tasks != NULL;
}

bool sc_tasks_alive(struct sc_engine *engine)
{
    bool alive = engine->moved;

    engine->moved = false;
    for (const struct sc_task *task = engine->tasks; task != NULL; task = task->next)
        alive |= s7_timer_is_set(&task->timer);
    return alive;
}

void sc_tasks_free(struct sc_engine *engine)
{
    while (engine->tasks != NULL) {
        struct sc_task *task = engine->tasks;

        engine->tasks = task->next;
        s7_timer_stop(&task->timer);
        free(task);
    }
}

/* ---- waiting ---- */

struct sc_task *sc_task_of(lua_State *lua, const char *what)
{
    struct sc_task *task = sc_engine_of(lua)->running;

    if (task == NULL || !lua_isyieldable(lua)) {
        luaL_error(lua, "%s: nothing may wait here; a condition looks, it does not act", what);
        return NULL;
    }
    task->what = what;
    return task;
}

static void on_call_ended(struct sc_call *call)
{
    struct sc_task *task = call->arg;

    task->calling = false;
    sc_task_ready(task);
}

struct sc_call *sc_task_call(struct sc_task *task)
{
    task->call = (struct sc_call){.fn = on_call_ended, .arg = task, .err = S7_ERRINFO_INIT};
    task->calling = true;
    return &task->call;
}

int sc_task_call_ended(lua_State *lua, int status, lua_KContext context)
{
    const struct sc_task *task = (const struct sc_task *)context;

    (void)status;
    if (task->call.status != S7_OK)
        return sc_raise_status(lua, task->what, task->call.status, &task->call.err);
    return 0;
}

int sc_task_wait(lua_State *lua, struct sc_task *task, lua_KFunction k)
{
    return lua_yieldk(lua, 0, (lua_KContext)(intptr_t)task, k);
}

/* ---- wait, now, at, after, go ---- */

static int waited(lua_State *lua, int status, lua_KContext context)
{
    (void)lua;
    (void)status;
    (void)context;
    return 0;
}

static void set_timer(struct sc_task *task, int64_t in_ns)
{
    struct sc_engine *engine = task->engine;

    s7_timer_set(engine->loop, &task->timer, s7_loop_now_ns(engine->loop) + sc_scaled_ns(engine, in_ns));
}

int sc_task_sleep(lua_State *lua, struct sc_task *task, int64_t ns, lua_KFunction k)
{
    set_timer(task, ns);
    return sc_task_wait(lua, task, k);
}

static int l_wait(lua_State *lua)
{
    int64_t ns = sc_check_time(lua, 1, "wait");
    struct sc_task *task = sc_task_of(lua, "wait");

    return sc_task_sleep(lua, task, ns, waited);
}

static int l_now(lua_State *lua)
{
    lua_pushnumber(lua, (double)sc_now_ns(sc_engine_of(lua)) / 1e6);
    return 1;
}

static int begin_later(lua_State *lua, const char *what, int64_t in_ns)
{
    struct sc_engine *engine = sc_engine_of(lua);

    if (!lua_isfunction(lua, 2))
        return luaL_error(lua, "%s: expected a time and a function, got %s", what, sc_safe_text(lua, 2));
    lua_settop(lua, 2);
    struct sc_task *task = sc_task_new(engine, lua, 0);
    task->what = what;
    set_timer(task, in_ns);
    return 0;
}

static int too_late(lua_State *lua, int64_t ns, int64_t now_ns)
{
    char text[96];

    snprintf(text, sizeof text, "expected a time to come, got %.3f s; it is %.3f s already", (double)ns / 1e9,
             (double)now_ns / 1e9);
    return luaL_error(lua, "at: %s", text);
}

static int l_at(lua_State *lua)
{
    const struct sc_engine *engine = sc_engine_of(lua);
    int64_t ns = sc_check_time(lua, 1, "at"), now_ns = sc_now_ns(engine);

    if (ns < now_ns && engine->options->real) /* that the text took its time is no mistake in it */
        ns = now_ns;
    return ns < now_ns ? too_late(lua, ns, now_ns) : begin_later(lua, "at", ns - now_ns);
}

static int l_after(lua_State *lua)
{
    return begin_later(lua, "after", sc_check_time(lua, 1, "after"));
}

static const char task_type[] = "task";

static int l_go(lua_State *lua)
{
    struct sc_engine *engine = sc_engine_of(lua);

    if (!lua_isfunction(lua, 1))
        return luaL_error(lua, "go: expected a function, got %s", sc_safe_text(lua, 1));
    struct sc_task *task = sc_task_new(engine, lua, lua_gettop(lua) - 1);
    task->what = "go";
    sc_task_ready(task);
    sc_push_object(lua, task, task_type);
    task->held = true;
    return 1;
}

/* The last value of the scenario that names the task is collected. */
static int forgotten(lua_State *lua)
{
    struct sc_task *task = sc_check_object(lua, 1, task_type, "task");

    task->held = false;
    if (task->state == SC_TASK_ENDED)
        free(task);
    return 0;
}

static int task_join(lua_State *lua)
{
    struct sc_task *other = sc_check_object(lua, 1, task_type, "task:join");

    if (other->state == SC_TASK_ENDED)
        return 0;
    struct sc_task *task = sc_task_of(lua, "task:join");
    if (task == other)
        return luaL_error(lua, "task:join: a task cannot wait for its own end");
    task->joined = other;
    return sc_task_wait(lua, task, waited);
}

/* Its call ends with the error `cancelled`, as by a token in C. */
static int task_cancel(lua_State *lua)
{
    struct sc_task *task = sc_check_object(lua, 1, task_type, "task:cancel");

    if (task->state != SC_TASK_WAITING) /* its call has its outcome */
        return 0;
    if (!task->calling)
        return luaL_error(
            lua,
            "task:cancel: expected a task that waits in a get, read, write or connect; this one is at: %s",
            task->what);
    if (!sc_call_cancel(&task->call))
        return luaL_error(lua, "task:cancel: %s cannot be cancelled%s", task->what,
                          task->engine->options->threads ? ", or too many calls are under way" : "");
    return 0;
}

static int task_field(lua_State *lua)
{
    const struct sc_task *task = sc_check_object(lua, 1, task_type, "task");
    const char *name = luaL_checkstring(lua, 2);

    if (strcmp(name, "done") != 0)
        return sc_no_such(lua, "a task", name, NULL, (const char *const[]){"join", "cancel", "done", NULL});
    lua_pushboolean(lua, task->state == SC_TASK_ENDED);
    return 1;
}

void sc_tasks_open(lua_State *lua)
{
    static const luaL_Reg functions[] = {{"wait", l_wait},   {"now", l_now}, {"at", l_at},
                                         {"after", l_after}, {"go", l_go},   {NULL, NULL}};
    static const luaL_Reg methods[] = {{"join", task_join}, {"cancel", task_cancel}, {NULL, NULL}};

    sc_object_type(lua, task_type, methods, task_field);
    luaL_getmetatable(lua, task_type);
    lua_pushcfunction(lua, forgotten);
    lua_setfield(lua, -2, "__gc");
    lua_pop(lua, 1);
    sc_functions(lua, functions);
}
