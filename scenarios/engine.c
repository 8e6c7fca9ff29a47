#include "scenarios/engine_impl.h"

#include "scenarios/sandbox.h"

#include "loop/blocking.h"
#include "loop/loop_ev.h"
#include "loop/loop_virtual.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#define SECOND_NS INT64_C(1000000000)

/* A scenario that has not ended by then never will, nor one that has done nothing for a day and will do
 * nothing by itself. */
#define LIMIT_NS (10 * DAY_NS)
#define DAY_NS   (24 * 3600 * SECOND_NS)

/* For real: how often the loop looks whether it was left standing. */
#define HEARTBEAT_NS INT64_C(1000000)

#define SOURCE_MAX (1 << 20)

#define NAME_MAX_SHOWN 50 /* what Lua's messages have room for is 60 */

#define CHECKED "it" /* what Lua calls a file that is only checked */

static const char engine_key; /* its address is the key in the registry */

struct sc_engine *sc_engine_of(lua_State *lua)
{
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &engine_key);
    struct sc_engine *engine = lua_touserdata(lua, -1);
    lua_pop(lua, 1);
    return engine;
}

void sc_engine_hook_last(struct sc_engine *engine)
{
    s7_turn_hook_remove(&engine->hook);
    s7_turn_hook_add(engine->loop, &engine->hook, engine->hook.fn, engine);
}

/* Where it failed: what follows the place in a message tells of values as well. */
static void set_key(struct sc_report *report, const char *text)
{
    const char *end = strstr(text, ": ");
    int len = end != NULL ? (int)(end - text) : (int)strcspn(text, "\n");

    snprintf(report->key, sizeof report->key, "%.*s", len, text);
}

void sc_engine_end(struct sc_engine *engine, enum sc_outcome outcome, const char *format, ...)
{
    va_list args;

    if (engine->over)
        return;
    engine->over = true;
    engine->report->outcome = outcome;
    size_t before = engine->out.len;
    va_start(args, format);
    sc_text_add_args(&engine->out, format, args);
    va_end(args);
    if (engine->report->key[0] == '\0' && engine->out.at != NULL)
        set_key(engine->report, engine->out.at + before);
    if (engine->loop != NULL)
        s7_loop_stop(engine->loop);
}

/* ---- the run ---- */

/* In protected mode: whatever has no memory left ends here. Argument: the engine. */
static int open_all(lua_State *lua)
{
    struct sc_engine *engine = lua_touserdata(lua, 1);

    lua_pushlightuserdata(lua, engine);
    lua_rawsetp(lua, LUA_REGISTRYINDEX, &engine_key);
    sc_errors_open(lua);
    sc_tasks_open(lua);
    sc_expect_open(lua);
    sc_plc_open(lua);
    sc_groups_open(lua);
    sc_pool_open(lua);
    sc_client_open(lua);
    sc_workers_open(lua);
    sc_faults_open(lua);
    sc_search_open(lua);
    sc_globals_open(lua);
    return 0;
}

static bool busy(const struct sc_engine *engine)
{
    return sc_tasks_busy(engine) || sc_crews_busy(engine);
}

/* All has ended: was anything demanded, did every fault do something? */
static void conclude(struct sc_engine *engine)
{
    sc_faults_look(engine);
    for (const struct sc_fault *fault = engine->faults; fault != NULL; fault = fault->next)
        if (fault->last.fired == 0 && !fault->last.optional && !fault->drawn) {
            sc_engine_end(engine, SC_FAILED,
                          "%s: the fault \"%s %s\" never fired (%" PRIu64 " matches)\n"
                          "  what a scenario breaks must break; say `optional` if it need not\n",
                          fault->where, fault->name, fault->args, fault->last.matched);
            return;
        }
    if (sc_crews_unseen(engine) != NULL)
        sc_engine_end(
            engine, SC_FAILED,
            "%s: workers failed, and nobody looked: say expect(crew.failed, 0), or how many may fail\n",
            sc_crews_unseen(engine)->where);
    else if (engine->report->expectations == 0)
        sc_engine_end(engine, SC_FAILED,
                      "%s: nothing was expected: a scenario needs expect, within, always or fails; silence "
                      "is no success\n",
                      engine->file);
    else
        sc_engine_end(engine, SC_PASSED, "%s", "");
}

static void on_turn(s7_loop *loop, void *arg)
{
    struct sc_engine *engine = arg;

    (void)loop;
    if (engine->over)
        return;
    sc_ledger_look(engine); /* what the servers' turns have left */
    if (!engine->over)
        sc_tasks_run(engine);
    if (!engine->over)
        sc_search_look(engine);
    if (!engine->over && engine->options->real)
        sc_faults_look(engine);
    if (!engine->over && !busy(engine))
        conclude(engine);
}

static void tell_waiting(const struct sc_engine *engine, struct sc_text *out)
{
    for (const struct sc_task *task = engine->tasks; task != NULL; task = task->next) {
        char where[128];
        sc_where(task->lua, where, sizeof where);
        sc_text_add(out, "  waits: %s%s%s\n", task->what, where[0] != '\0' ? " at " : "", where);
    }
    if (sc_crews_busy(engine))
        sc_text_add(out, "  workers are still at work\n");
}

static void stuck(struct sc_engine *engine, const char *why)
{
    struct sc_text text = {0};

    tell_waiting(engine, &text);
    sc_engine_end(engine, SC_FAILED, "%s: %s\n%s", engine->file, why, text.at != NULL ? text.at : "");
    sc_text_free(&text);
}

static void on_limit(s7_timer *timer, void *arg)
{
    struct sc_engine *engine = arg;
    int64_t now_ns = sc_now_ns(engine);
    bool alive = sc_tasks_alive(engine) || sc_crews_busy(engine);

    if (engine->options->real)
        stuck(engine, "it has not ended after two minutes");
    else if (now_ns >= LIMIT_NS)
        stuck(engine, "it has not ended after 10 days of its time");
    else if (!alive)
        stuck(engine, "nothing has gone on for 24 h of its time");
    else
        s7_timer_set(engine->loop, timer, engine->start_ns + now_ns + DAY_NS);
}

static void on_heartbeat(s7_timer *timer, void *arg)
{
    struct sc_engine *engine = arg;
    int64_t now_ns = s7_now_ns(), late_ns = now_ns - engine->heartbeat_ns;

    if (late_ns > engine->report->stalled_ns)
        engine->report->stalled_ns = late_ns;
    engine->heartbeat_ns = now_ns + HEARTBEAT_NS;
    s7_timer_set(engine->loop, timer, engine->heartbeat_ns);
}

static s7_status make_loop(struct sc_engine *engine)
{
    struct s7_virtual_options options;

    if (engine->options->real)
        return s7_loop_ev_new(&engine->loop);
    s7_virtual_options_init(&options);
    options.seed = engine->options->seed;
    return s7_loop_virtual_new(&options, &engine->loop);
}

static void on_trace(const char *line, void *arg)
{
    fprintf(arg, "%s\n", line);
}

void sc_engine_trace(struct sc_engine *engine, const struct sim_tap *tap)
{
    FILE *to = engine->options->trace;

    if (to == NULL || !engine->options->real)
        return;
    fprintf(to, "%.9f %s #%u %s %zu bytes ", (double)sc_now_ns(engine) / 1e9, tap->plc, tap->conn,
            tap->from_client ? ">" : "<", tap->len);
    for (size_t i = 0; i < tap->len; i++)
        fprintf(to, "%02x", tap->frame[i]);
    fprintf(to, tap->fault != NULL ? " [%s]\n" : "\n", tap->fault);
}

static void set_timers(struct sc_engine *engine)
{
    const struct sc_options *options = engine->options;

    s7_timer_init(&engine->limit, on_limit, engine);
    s7_timer_init(&engine->heartbeat, on_heartbeat, engine);
    s7_timer_set(engine->loop, &engine->limit,
                 engine->start_ns + (options->real ? SC_LIMIT_WALL_NS : DAY_NS));
    if (options->real) {
        engine->heartbeat_ns = s7_now_ns();
        s7_timer_set(engine->loop, &engine->heartbeat, engine->start_ns);
    } else if (options->trace != NULL) {
        s7_virtual_trace(engine->loop, on_trace, options->trace);
    }
}

static bool make_world(struct sc_engine *engine)
{
    const struct sc_options *options = engine->options;

    if (make_loop(engine) != S7_OK)
        return false;
    engine->start_ns = s7_loop_now_ns(engine->loop);
    set_timers(engine);
    s7_status status = options->threads ? sc_adapter_thread(engine->loop, &engine->adapter)
                                        : sc_adapter_loop(engine->loop, &engine->adapter);
    if (status == S7_OK)
        engine->lua = sc_sandbox_new(options->seed, NULL);
    if (engine->lua == NULL)
        return false;
    lua_pushcfunction(engine->lua, open_all);
    lua_pushlightuserdata(engine->lua, engine);
    s7_turn_hook_add(engine->loop, &engine->hook, on_turn, engine);
    return lua_pcall(engine->lua, 1, 0, 0) == LUA_OK;
}

/* Pushes the new task's function; a task is made in protected mode since it allocates. */
static int begin_main(lua_State *lua)
{
    struct sc_engine *engine = sc_engine_of(lua);
    struct sc_task *task = sc_task_new(engine, lua, 0);

    task->what = "the scenario";
    sc_task_ready(task);
    return 0;
}

static bool begin(struct sc_engine *engine)
{
    lua_State *lua = engine->lua;

    lua_pushcfunction(lua, begin_main);
    int rc = sc_sandbox_load(lua, engine->source, engine->source_len, engine->file);
    if (rc != LUA_OK) {
        sc_engine_end(engine, rc == LUA_ERRSYNTAX ? SC_NO_PARSE : SC_NO_WORLD, "%s\n", sc_safe_text(lua, -1));
        return false;
    }
    if (lua_pcall(lua, 1, 0, 0) == LUA_OK)
        return true;
    sc_engine_end(engine, SC_NO_WORLD, "%s\n", sc_safe_text(lua, -1));
    return false;
}

static void run(struct sc_engine *engine)
{
    if (!begin(engine))
        return;
    s7_status status = s7_loop_run(engine->loop);
    if (!engine->over)
        stuck(engine, status == S7_OK
                          ? "nothing can happen any more, and it has not ended"
                          : "time stands still: something is done again and again without waiting");
}

/* ---- the report ---- */

static void tell_faults(const struct sc_engine *engine, struct sc_text *out)
{
    for (const struct sc_fault *fault = engine->faults; fault != NULL; fault = fault->next)
        sc_text_add(out, "fault: %s at %s: \"%s %s\" matched %" PRIu64 ", fired %" PRIu64 "\n",
                    fault->plc->name, fault->where, fault->name, fault->args, fault->last.matched,
                    fault->last.fired);
}

static void tell_pools(const struct sc_engine *engine, struct sc_text *out)
{
    struct sc_pool *pool = NULL;

    while (engine->adapter != NULL && (pool = sc_pool_after(engine->adapter, pool)) != NULL) {
        char status[SC_STATUS_CAP];

        sc_pool_status(pool, status);
        sc_text_add(out, "pool: %s", status);
    }
}

static void tell(struct sc_engine *engine)
{
    struct sc_report *report = engine->report;
    const struct sc_options *options = engine->options;

    for (const struct sc_fault *fault = engine->faults; fault != NULL; fault = fault->next)
        report->fired += fault->last.fired;
    if (report->outcome == SC_FAILED) {
        sc_text_add(&engine->out, "at %.6f s of its time, seed %" PRIu64 ", ",
                    (double)report->scenario_ns / 1e9, options->seed);
        if (options->real)
            sc_text_add(&engine->out, "for real at scale %u, %s\n", options->scale,
                        options->threads ? "thread adapter" : "loop adapter");
        else
            sc_text_add(&engine->out, "virtual time\n");
        tell_faults(engine, &engine->out);
        for (const struct sc_crew *crew = engine->crews; crew != NULL; crew = crew->next)
            sc_crew_tell(crew, &engine->out);
        tell_pools(engine, &engine->out);
        if (!report->slip)
            sc_exchange_tell(&engine->exchange, &engine->out);
    }
    if (engine->log.len > 0)
        sc_text_add(&engine->out, "log:\n%s", engine->log.at);
    if (engine->log_cut)
        sc_text_add(&engine->out, "  (and more: a report holds %d KiB of the log)\n", SC_LOG_MAX / 1024);
    report->text = engine->out.at;
}

static void finish(struct sc_engine *engine)
{
    struct sc_report *report = engine->report;

    if (engine->loop != NULL) {
        report->scenario_ns = sc_now_ns(engine);
        sc_faults_look(engine);
        if (!engine->options->real)
            report->trace_hash = s7_virtual_trace_hash(engine->loop);
    }
    tell(engine);
    if (engine->loop != NULL) {
        s7_turn_hook_remove(&engine->hook);
        s7_timer_stop(&engine->limit);
        s7_timer_stop(&engine->heartbeat);
    }
    sc_adapter_free(engine->adapter); /* before the memory that calls under way write to */
    sc_groups_free(engine);
    sc_ledger_stop(engine);
    sc_search_free(engine);
    sc_crews_free(engine);
    sc_plcs_free(engine);
    sc_faults_free(engine);
    sc_sandbox_free(engine->lua);
    sc_tasks_free(engine); /* after the values that name them */
    s7_loop_free(engine->loop);
    sc_text_free(&engine->log);
    free(engine->source);
}

static bool cannot_read(struct sc_engine *engine, const char *path, const char *why)
{
    sc_engine_end(engine, SC_NO_PARSE, "%s: %s\n", path, why);
    return false;
}

/* False: said in the report. */
static bool read_source(struct sc_engine *engine, const char *path)
{
    engine->source = calloc(1, SOURCE_MAX + 2); /* one more than is allowed, and a zero */
    if (engine->source == NULL) {
        sc_engine_end(engine, SC_NO_WORLD, "%s: out of memory\n", path);
        return false;
    }
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return cannot_read(engine, path, strerror(errno));
    engine->source_len = fread(engine->source, 1, SOURCE_MAX + 1, file);
    int why = ferror(file) != 0 ? errno : 0;
    fclose(file);
    if (why != 0)
        return cannot_read(engine, path, strerror(why));
    return engine->source_len <= SOURCE_MAX || cannot_read(engine, path, "longer than 1 MiB");
}

/* What Lua shows of a long name is cut in front; the name without its folders says more. */
static const char *short_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    size_t len = strlen(name);

    if (strlen(path) < NAME_MAX_SHOWN)
        return path;
    return len < NAME_MAX_SHOWN ? name : name + len - NAME_MAX_SHOWN + 1;
}

static void keep_home(struct sc_engine *engine, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);

    if (len < sizeof engine->home)
        snprintf(engine->home, sizeof engine->home, "%.*s", (int)len, slash == NULL ? "." : path);
}

/* True: it is to be run again, with *seed. */
static bool run_once(const char *path, const struct sc_options *options, struct sc_report *report,
                     uint64_t *seed)
{
    int64_t begin_ns = s7_now_ns();
    struct sc_engine engine = {.options = options, .report = report, .file = short_name(path)};

    *report = (struct sc_report){.outcome = SC_NO_WORLD, .seed = options->seed};
    engine.ready_tail = &engine.ready_head;
    keep_home(&engine, path);
    if (read_source(&engine, path)) {
        if (make_world(&engine))
            run(&engine);
        else
            sc_engine_end(&engine, SC_NO_WORLD, "%s: no memory or no descriptors for a world to run in\n",
                          path);
    }
    finish(&engine);
    report->wall_ns = s7_now_ns() - begin_ns;
    *seed = engine.reseed;
    return engine.reseeds;
}

void sc_run_file(const char *path, const struct sc_options *options, struct sc_report *report)
{
    struct sc_options again = *options;

    if (!run_once(path, options, report, &again.seed))
        return;
    sc_report_free(report);
    again.own_seed = false;
    (void)run_once(path, &again, report, &again.seed);
}

/* Lua's message begins with the name that the text was loaded by. */
static void cannot_load(struct sc_engine *engine, const char *path, int rc)
{
    const char *message = sc_safe_text(engine->lua, -1);

    if (strncmp(message, CHECKED, strlen(CHECKED)) == 0)
        message += strlen(CHECKED);
    sc_engine_end(engine, rc == LUA_ERRSYNTAX ? SC_NO_PARSE : SC_NO_WORLD, "%s%s%s\n", path,
                  message[0] == ':' ? "" : ": ", message);
}

void sc_check_file(const char *path, struct sc_report *report)
{
    struct sc_engine engine = {.report = report};

    *report = (struct sc_report){.outcome = SC_PASSED};
    if (read_source(&engine, path)) {
        engine.lua = sc_sandbox_new(0, NULL);
        int rc = engine.lua == NULL ? LUA_ERRMEM
                                    : sc_sandbox_load(engine.lua, engine.source, engine.source_len, CHECKED);
        if (engine.lua == NULL)
            sc_engine_end(&engine, SC_NO_WORLD, "%s: out of memory\n", path);
        else if (rc != LUA_OK)
            cannot_load(&engine, path, rc);
    }
    report->text = engine.out.at;
    sc_sandbox_free(engine.lua);
    free(engine.source);
}

void sc_report_free(struct sc_report *report)
{
    free(report->text);
    report->text = NULL;
}
