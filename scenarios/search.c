/* search {...}: work that goes on while faults come and go, and what must hold meanwhile and afterwards.
 * replay {...}: the faults, and the seed, of a search that failed.
 *
 * The search is a task of the scenario that waits; each copy of the work is another. First faults may come,
 * then all are off and every copy must succeed once more, then the copies end and the pools must have
 * settled. */
#include "scenarios/engine_impl.h"
#include "scenarios/sandbox.h"

#include <inttypes.h>
#include <stdio.h>

#define TASKS_MAX  100
#define FAULTS_MAX 64 /* in the list of those that may be drawn */
#define NS_PER_MS  INT64_C(1000000)
#define SECOND_NS  INT64_C(1000000000)
#define LOOK_NS    (10 * NS_PER_MS) /* how often it looks whether all is well again */

enum phase { BREAKS, RECOVERS, SETTLES, IS_OVER };

struct sc_search {
    enum phase phase;
    unsigned n_tasks, n_at_work, max;
    int64_t pause_ns, over_ns, recover_ns; /* of the scenario */
    int64_t off_ns;                        /* when the faults were off, and later when the work ended */
    uint64_t leases;                       /* out before it began */
    int invariant_ref, recovered_ref;
    bool well[TASKS_MAX]; /* went well since the faults are off */
    char last_error[256]; /* of the work */
};

/* ---- replay ---- */

static void take_planned(lua_State *lua, struct sc_planned *planned)
{
    char *const to[] = {planned->plc, planned->name, planned->args};
    const size_t cap[] = {sizeof planned->plc, sizeof planned->name, sizeof planned->args};

    for (int i = 0; i < 3; i++) {
        size_t len = 0;
        const char *text = NULL;

        if (lua_istable(lua, -1) && lua_rawgeti(lua, -1, i + 1) == LUA_TSTRING)
            text = lua_tolstring(lua, -1, &len);
        if (text == NULL || len >= cap[i])
            luaL_error(lua, "replay: expected faults as {\"plc1\", \"cut\", \"bytes=12 nth=3\"}");
        snprintf(to[i], cap[i], "%s", text);
        lua_pop(lua, 1);
    }
}

static void take_seed(lua_State *lua, struct sc_engine *engine)
{
    int whole = 1;
    lua_Integer seed = (lua_Integer)engine->options->seed;

    lua_getfield(lua, 1, "seed");
    if (!lua_isnil(lua, -1))
        seed = lua_tointegerx(lua, -1, &whole);
    if (!whole || seed < 0)
        luaL_error(lua, "replay: seed: expected a whole number, got %s", sc_safe_text(lua, -1));
    lua_pop(lua, 1);
    if ((uint64_t)seed == engine->options->seed || !engine->options->own_seed)
        return;
    engine->reseed = (uint64_t)seed;
    engine->reseeds = true;
    sc_engine_end(engine, SC_SKIPPED, "to be run with seed %" PRIu64 "\n", engine->reseed);
    luaL_error(lua, "skipped");
}

static int l_replay(lua_State *lua)
{
    struct sc_engine *engine = sc_engine_of(lua);

    if (!lua_istable(lua, 1) || lua_rawlen(lua, 1) > SC_SCHEDULE_MAX)
        return luaL_error(lua,
                          "replay: expected a seed and at most %d faults, as replay {seed = 7, {\"plc1\", "
                          "\"cut\", \"bytes=12 nth=3\"}}; got %s",
                          SC_SCHEDULE_MAX, sc_safe_text(lua, 1));
    if (engine->begun || engine->replays != NULL)
        return luaL_error(lua, "replay must be said once, and before the first PLC");
    take_seed(lua, engine);
    engine->replays = calloc(1, sizeof *engine->replays);
    if (engine->replays == NULL)
        return luaL_error(lua, "replay: out of memory");
    for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(lua, 1); i++) {
        lua_rawgeti(lua, 1, i);
        take_planned(lua, &engine->replays->at[i - 1]);
        engine->replays->n++;
        lua_pop(lua, 1);
    }
    return 0;
}

/* ---- what search takes ---- */

static int64_t take_time(lua_State *lua, const char *name, int64_t preset_ns)
{
    char what[32];

    snprintf(what, sizeof what, "search: %s", name);
    lua_getfield(lua, 1, name);
    int64_t ns = sc_opt_time(lua, -1, what, preset_ns);
    lua_settop(lua, 1);
    return ns;
}

/* LUA_NOREF: there is none. */
static int take_function(lua_State *lua, const char *name)
{
    lua_getfield(lua, 1, name);
    if (!lua_isnil(lua, -1) && !lua_isfunction(lua, -1))
        luaL_error(lua, "search: %s: expected a function, got %s", name, sc_shown(lua, -1));
    if (!lua_isnil(lua, -1))
        return luaL_ref(lua, LUA_REGISTRYINDEX);
    lua_settop(lua, 1);
    return LUA_NOREF;
}

static void check_keys(lua_State *lua)
{
    static const char *const names[] = {"tasks",          "pause",     "over",      "max", "faults",
                                        "recover_within", "invariant", "recovered", NULL};

    if (!lua_istable(lua, 1) || lua_rawgeti(lua, 1, 1) != LUA_TFUNCTION)
        luaL_error(
            lua,
            "search: expected the work first, as search {function() pool:read(\"DB1.DBW0\") end}, got %s",
            sc_safe_text(lua, lua_istable(lua, 1) ? -1 : 1));
    lua_settop(lua, 1);
    for (lua_pushnil(lua); lua_next(lua, 1) != 0; lua_pop(lua, 1)) {
        size_t i = 0;
        const char *key = lua_type(lua, -2) == LUA_TSTRING ? lua_tostring(lua, -2) : NULL;

        while (key != NULL && names[i] != NULL && strcmp(names[i], key) != 0)
            i++;
        if (key != NULL && names[i] == NULL)
            sc_no_such(lua, "search", key, NULL, names);
        sc_check_key(lua, lua_gettop(lua) - 1, "search", "work");
    }
}

static struct sc_search *take_options(lua_State *lua, struct sc_engine *engine)
{
    check_keys(lua);
    if (engine->search != NULL)
        luaL_error(lua, "search: a scenario has one");
    engine->search = calloc(1, sizeof *engine->search);
    if (engine->search == NULL)
        luaL_error(lua, "search: out of memory");
    struct sc_search *search = engine->search;
    search->phase = IS_OVER; /* until it begins */
    search->n_tasks = sc_opt_count(lua, "search", "tasks", 1, TASKS_MAX);
    search->max = sc_opt_count(lua, "search", "max", 4, SC_SCHEDULE_MAX);
    search->pause_ns = take_time(lua, "pause", 10 * NS_PER_MS);
    search->over_ns = take_time(lua, "over", 60 * SECOND_NS);
    search->recover_ns = take_time(lua, "recover_within", 60 * SECOND_NS);
    if (search->over_ns < NS_PER_MS)
        luaL_error(lua, "search: over: expected a time from 1 ms on");
    search->invariant_ref = take_function(lua, "invariant");
    search->recovered_ref = take_function(lua, "recovered");
    sc_where(lua, engine->search_where, sizeof engine->search_where);
    return search;
}

/* ---- which faults ---- */

/* The longest that any of the pools waits for an answer, in the scenario's time. */
static uint32_t patience_ms(const struct sc_engine *engine)
{
    struct sc_pool *pool = NULL;
    uint32_t ms = 0;

    while ((pool = sc_pool_after(engine->adapter, pool)) != NULL)
        if (sc_pool_request_ms(pool) > ms)
            ms = sc_pool_request_ms(pool);
    return ms != 0 ? ms * engine->options->scale : 5000;
}

/* The texts stay in the table. Returns how many; what is in the list stays on the stack. */
static size_t take_faults(lua_State *lua, const char *faults[FAULTS_MAX])
{
    size_t n = 0;

    if (lua_getfield(lua, 1, "faults") == LUA_TNIL)
        return 0;
    if (!lua_istable(lua, -1) || lua_rawlen(lua, -1) < 1 || lua_rawlen(lua, -1) > FAULTS_MAX)
        luaL_error(lua,
                   "search: faults: expected a list of 1 to %d, as {\"rst_now\", \"slow dist={1ms..5s}\"}",
                   FAULTS_MAX);
    for (n = 0; n < lua_rawlen(lua, 2); n++) {
        if (lua_rawgeti(lua, 2, (lua_Integer)n + 1) != LUA_TSTRING)
            luaL_error(lua, "search: faults: expected texts, got %s", sc_safe_text(lua, -1));
        faults[n] = lua_tostring(lua, -1);
        lua_pop(lua, 1);
    }
    return n;
}

static void draw(lua_State *lua, struct sc_engine *engine, struct sc_schedule *out)
{
    const char *faults[FAULTS_MAX], *plcs[FAULTS_MAX];
    char error[320] = "";
    struct sc_draw draw = {.seed = engine->options->seed,
                           .faults = faults,
                           .n_faults = take_faults(lua, faults),
                           .plcs = plcs,
                           .max = engine->search->max,
                           .over_ms = (uint32_t)(engine->search->over_ns / NS_PER_MS),
                           .patience_ms = patience_ms(engine)};

    for (const struct sc_plc *plc = engine->plcs; plc != NULL && draw.n_plcs < FAULTS_MAX; plc = plc->next)
        plcs[draw.n_plcs++] = plc->name;
    if (draw.n_plcs == 0)
        luaL_error(lua, "search: there is no PLC yet");
    if (!sc_draw_schedule(&draw, out, error, sizeof error))
        luaL_error(lua, "search: faults: %s", error);
    lua_settop(lua, 1);
}

/* What its faults are is said, and tried, whatever this run does with them. */
static void plan(lua_State *lua, struct sc_engine *engine)
{
    struct sc_schedule *schedule = &engine->report->schedule;

    draw(lua, engine, schedule);
    if (engine->options->breaks == SC_BREAKS_GIVEN)
        *schedule = *engine->options->given;
    else if (engine->options->breaks == SC_BREAKS_OF_FILE)
        *schedule = engine->replays != NULL ? *engine->replays : (struct sc_schedule){0};
    engine->report->searched = true;
    if (!engine->options->plan_only)
        return;
    sc_engine_end(engine, SC_PASSED, "%s", "");
    luaL_error(lua, "planned");
}

static void arm(lua_State *lua, const struct sc_engine *engine)
{
    const struct sc_schedule *schedule = &engine->report->schedule;

    for (unsigned i = 0; i < schedule->n; i++) {
        struct sc_plc *plc = engine->plcs;

        while (plc != NULL && strcmp(plc->name, schedule->at[i].plc) != 0)
            plc = plc->next;
        if (plc == NULL)
            luaL_error(lua, "replay: no PLC is called %s", schedule->at[i].plc);
        sc_fault_plan(lua, plc, &schedule->at[i]);
    }
}

/* ---- the work: one copy ---- */

enum { WORK = 1, NUMBER, BEGUN }; /* places on its stack */

static int work_again(lua_State *lua, int status, lua_KContext context);

static int work_ended(lua_State *lua, int status, lua_KContext context)
{
    struct sc_engine *engine = sc_engine_of(lua);
    struct sc_search *search = engine->search;
    bool raised = status != LUA_OK && status != LUA_YIELD;
    char name[48];

    (void)context;
    if (engine->over)
        return raised ? lua_error(lua) : 0;
    if (raised && !sc_error_status(lua, -1, name, sizeof name))
        return lua_error(lua); /* that is no trouble with the PLC */
    if (raised)
        snprintf(search->last_error, sizeof search->last_error, "%s", sc_safe_text(lua, -1));
    else if (search->phase == RECOVERS && lua_tointeger(lua, BEGUN) >= search->off_ns)
        search->well[lua_tointeger(lua, NUMBER)] = true;
    return sc_task_sleep(lua, sc_task_of(lua, "search"), search->pause_ns, work_again);
}

static int work_again(lua_State *lua, int status, lua_KContext context)
{
    struct sc_engine *engine = sc_engine_of(lua);

    (void)status;
    (void)context;
    if (engine->search->phase >= SETTLES) {
        engine->search->n_at_work--;
        return 0;
    }
    lua_settop(lua, NUMBER);
    lua_pushinteger(lua, sc_now_ns(engine));
    lua_pushvalue(lua, WORK);
    return work_ended(lua, lua_pcallk(lua, 0, 0, 0, 0, work_ended), 0);
}

static int work_begins(lua_State *lua)
{
    return work_again(lua, LUA_OK, 0);
}

static void begin_work(lua_State *lua, struct sc_engine *engine)
{
    for (unsigned i = 0; i < engine->search->n_tasks; i++) {
        lua_pushcfunction(lua, work_begins);
        lua_rawgeti(lua, 1, 1);
        lua_pushinteger(lua, i);
        struct sc_task *task = sc_task_new(engine, lua, 2);
        task->what = "search";
        engine->search->n_at_work++;
        sc_task_ready(task);
    }
}

/* ---- is all well again? ---- */

static int fail_search(lua_State *lua, const char *key, struct sc_text *text)
{
    struct sc_engine *engine = sc_engine_of(lua);

    snprintf(engine->report->key, sizeof engine->report->key, "%s", key);
    return sc_fail_here(lua, text);
}

static int not_recovered(lua_State *lua, const struct sc_search *search)
{
    struct sc_text text = {0};
    unsigned n = 0;

    for (unsigned i = 0; i < search->n_tasks; i++)
        n += !search->well[i];
    sc_text_add(&text,
                "search: expected all to go well within %g s after the faults, got %u of %u tasks in trouble",
                (double)search->recover_ns / 1e9, n, search->n_tasks);
    if (search->last_error[0] != '\0')
        sc_text_add(&text, "; the last error: %s", search->last_error);
    return fail_search(lua, "the work has not recovered", &text);
}

static uint64_t leases_of(const struct sc_engine *engine, const char **unsettled)
{
    struct sc_pool *pool = NULL;
    uint64_t leases = 0;

    *unsettled = NULL;
    while ((pool = sc_pool_after(engine->adapter, pool)) != NULL) {
        s7_pool_stats stats;

        sc_pool_stats(pool, &stats);
        leases += stats.in_use;
        if (stats.waiting > 0)
            *unsettled = "somebody waits at a pool";
        else if (stats.dirty > 0)
            *unsettled = "a connection is dirty";
        else if (stats.closing > 0)
            *unsettled = "a connection is being closed";
    }
    return leases;
}

/* NULL: nothing is. */
static const char *what_is_left(const struct sc_engine *engine)
{
    const char *unsettled;
    uint64_t leases = leases_of(engine, &unsettled);

    if (engine->search->n_at_work > 0)
        return "work has not ended";
    if (leases > engine->search->leases)
        return "a lease was not given back";
    return leases < engine->search->leases ? "a lease was given back that was out before" : unsettled;
}

static bool all_well(const struct sc_search *search)
{
    for (unsigned i = 0; i < search->n_tasks; i++)
        if (!search->well[i])
            return false;
    return true;
}

/* ---- one phase after the other ---- */

static int ended(lua_State *lua, int status, lua_KContext context)
{
    struct sc_engine *engine = sc_engine_of(lua);

    (void)status;
    (void)context;
    engine->search->phase = IS_OVER;
    sc_ledger_stop(engine);
    engine->report->expectations++;
    return 0;
}

static int settling(lua_State *lua, int status, lua_KContext context)
{
    struct sc_engine *engine = sc_engine_of(lua);
    struct sc_search *search = engine->search;
    const char *left = what_is_left(engine);
    struct sc_text text = {0};

    (void)status;
    (void)context;
    if (left != NULL && sc_now_ns(engine) - search->off_ns < search->recover_ns)
        return sc_task_sleep(lua, sc_task_of(lua, "search"), LOOK_NS, settling);
    if (left != NULL) {
        sc_text_add(&text, "search: expected all to be quiet within %g s after the work, got: %s",
                    (double)search->recover_ns / 1e9, left);
        return fail_search(lua, left, &text);
    }
    if (search->recovered_ref == LUA_NOREF)
        return ended(lua, LUA_OK, 0);
    lua_rawgeti(lua, LUA_REGISTRYINDEX, search->recovered_ref);
    lua_callk(lua, 0, 0, 0, ended);
    return ended(lua, LUA_OK, 0);
}

static int recovering(lua_State *lua, int status, lua_KContext context)
{
    struct sc_engine *engine = sc_engine_of(lua);
    struct sc_search *search = engine->search;

    (void)status;
    (void)context;
    if (!all_well(search)) {
        if (sc_now_ns(engine) - search->off_ns >= search->recover_ns)
            return not_recovered(lua, search);
        return sc_task_sleep(lua, sc_task_of(lua, "search"), LOOK_NS, recovering);
    }
    search->phase = SETTLES;
    search->off_ns = sc_now_ns(engine);
    return settling(lua, LUA_OK, 0);
}

static int faults_off(lua_State *lua, int status, lua_KContext context)
{
    struct sc_engine *engine = sc_engine_of(lua);

    (void)context;
    sc_faults_end_drawn(engine);
    engine->search->phase = RECOVERS;
    engine->search->off_ns = sc_now_ns(engine);
    return recovering(lua, status, 0);
}

static int l_search(lua_State *lua)
{
    struct sc_engine *engine = sc_engine_of(lua);
    struct sc_task *task = sc_task_of(lua, "search");
    const char *unsettled;

    lua_settop(lua, 1);
    struct sc_search *search = take_options(lua, engine);
    plan(lua, engine);
    search->leases = leases_of(engine, &unsettled);
    arm(lua, engine);
    begin_work(lua, engine);
    search->phase = BREAKS;
    sc_ledger_start(engine);
    return sc_task_sleep(lua, task, search->over_ns, faults_off);
}

/* ---- after every event ---- */

/* In protected mode, since it is the scenario's own. Argument: the reference. */
static int ask(lua_State *lua)
{
    lua_rawgeti(lua, LUA_REGISTRYINDEX, lua_tointeger(lua, 1));
    lua_call(lua, 0, 1);
    if (lua_isboolean(lua, -1) && !lua_toboolean(lua, -1))
        return luaL_error(lua, "%s: search: the invariant does not hold", sc_engine_of(lua)->search_where);
    return 0;
}

static void ask_invariant(struct sc_engine *engine)
{
    lua_State *lua = engine->lua;

    sc_sandbox_breathe(lua);
    lua_pushcfunction(lua, ask);
    lua_pushinteger(lua, engine->search->invariant_ref);
    if (lua_pcall(lua, 1, 0, 0) == LUA_OK)
        return;
    sc_fail_of(engine, lua);
    lua_pop(lua, 1);
}

void sc_search_look(struct sc_engine *engine)
{
    if (engine->search == NULL || engine->search->phase == IS_OVER)
        return;
    sc_ledger_look(engine);
    sc_ledger_look_at_pools(engine);
    if (!engine->over && engine->search->invariant_ref != LUA_NOREF)
        ask_invariant(engine);
}

void sc_search_free(struct sc_engine *engine)
{
    free(engine->search);
    free(engine->replays);
    engine->search = NULL;
    engine->replays = NULL;
}

void sc_search_open(lua_State *lua)
{
    static const luaL_Reg functions[] = {{"search", l_search}, {"replay", l_replay}, {NULL, NULL}};

    sc_functions(lua, functions);
}
