/* engine_impl.h - what the files of the engine share: the world of one run, its tasks, and the ends of calls.
 *
 * A scenario is Lua text, run as a task: a coroutine that waits for one thing at a time. What it waits for
 * becomes ready in some callback of the loop; the engine's turn hook, the last of the turn, then resumes it,
 * so that Lua never runs inside anybody's callback and sees every turn's final state. */
#ifndef SCENARIOS_ENGINE_IMPL_H
#define SCENARIOS_ENGINE_IMPL_H

#include "scenarios/adapter.h"
#include "scenarios/engine.h"
#include "scenarios/exchange.h"
#include "scenarios/ledger.h"
#include "scenarios/text.h"

#include "plant/plant.h"
#include "protocol/nearest.h"
#include "protocol/value.h"
#include "simulator/server.h"

#include <lauxlib.h>
#include <lua.h>

#include <stdlib.h>
#include <string.h>

#define SC_HOME_CAP 1024

struct sc_task;
struct sc_crew;
struct sc_group;
struct sc_search;

/* What a task that waits for a condition waits for. */
enum sc_watch { SC_WATCH_NOT, SC_WATCH_WITHIN, SC_WATCH_ALWAYS };

enum sc_task_state {
    SC_TASK_READY, /* to be resumed in this turn's hook */
    SC_TASK_WAITING,
    SC_TASK_ENDED
};

struct sc_task {
    struct sc_task *next; /* of all that have not ended */
    struct sc_task **link;
    struct sc_task *next_ready;
    struct sc_engine *engine;
    lua_State *lua;
    int ref;   /* keeps lua from being collected */
    bool held; /* a value of the scenario names it */
    enum sc_task_state state;
    const char *what; /* what it waits for, in words */
    s7_timer timer;
    bool begun;
    struct sc_call call; /* one call of an adapter at a time */
    bool calling;        /* it has not ended */
    /* a condition */
    enum sc_watch watch;
    int watch_ref;          /* table {function, operator, expected} */
    bool watch_over;        /* the deadline passed */
    bool watch_held;        /* when it was last looked at */
    struct sc_task *joined; /* whose end it waits for */
    struct sc_crew *crew;   /* the same of workers */
};

struct sc_fault {
    struct sc_fault *next;
    struct sc_plc *plc;
    uint64_t id;
    char name[32];
    char args[PLANT_FAULT_ARGS_CAP];
    char where[80];              /* file:line */
    struct sim_fault_state last; /* what it did; kept when it was dropped */
    bool dropped;
    bool drawn; /* by search, or replayed: it need not fire */
};

#define SC_FOLDER_CAP 512
#define SC_LOG_MAX    65536 /* bytes that a report holds of the log */

struct sc_plc {
    struct sc_plc *next;
    struct sc_engine *engine;
    char name[PLANT_NAME_CAP];
    char path[SC_FOLDER_CAP + 24];
    plant *plant;
    sim_server *server;
    uint64_t writes_asked; /* writes that may have been done: see ledger.h */
};

struct sc_crew { /* workers */
    struct sc_crew *next;
    struct sc_engine *engine;
    struct sc_workers *workers;
    struct sc_call call;
    char where[128]; /* file:line */
    bool ended;
    bool looked_at; /* the scenario asked what failed */
};

struct sc_engine {
    const struct sc_options *options;
    struct sc_report *report;
    const char *file;       /* as messages call it */
    char home[SC_HOME_CAP]; /* the folder in which it is, "": its name is too long */
    char *source;
    size_t source_len;
    char folder[SC_FOLDER_CAP]; /* of plant files; "" until one is needed */
    s7_loop *loop;
    struct sc_adapter *adapter;
    lua_State *lua;
    s7_turn_hook hook;
    s7_timer limit, heartbeat;
    int64_t start_ns, heartbeat_ns;
    struct sc_task *tasks, *running;
    struct sc_task *ready_head, **ready_tail;
    unsigned n_tasks; /* that have not ended */
    bool moved;       /* a task went on since sc_tasks_alive was asked */
    struct sc_plc *plcs;
    struct sc_fault *faults;
    struct sc_crew *crews;
    struct sc_group *groups;
    struct sc_ledger ledger;
    struct sc_search *search;    /* NULL: there is none */
    struct sc_schedule *replays; /* what the file says is to be broken; NULL: nothing */
    char search_where[128];      /* file:line */
    bool reseeds;                /* to be run again, with this seed: */
    uint64_t reseed;
    struct sc_exchange exchange;
    struct sc_text out; /* what the report will say */
    struct sc_text log; /* what the scenario says */
    bool log_cut;       /* it says more than a report holds */
    bool begun;         /* something of the world was made */
    bool over;          /* the outcome is known */
};

/* ---- engine.c ---- */
struct sc_engine *sc_engine_of(lua_State *lua);
/* Something was added to the loop: the hook must stay the last. */
void sc_engine_hook_last(struct sc_engine *engine);
/* The end, unless it was known before; text is what the report says (printf). */
void sc_engine_end(struct sc_engine *engine, enum sc_outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void sc_engine_trace(struct sc_engine *engine,
                     const struct sim_tap *tap); /* one line, when traced for real */

/* ---- time (time.c) ---- */
int64_t sc_now_ns(const struct sc_engine *engine);                 /* scenario time */
int64_t sc_scaled_ns(const struct sc_engine *engine, int64_t ns);  /* of the scenario -> of the loop */
uint32_t sc_scaled_ms(const struct sc_engine *engine, int64_t ns); /* the same for options in ms; 0 stays 0 */
/* An argument that is a time: a number of milliseconds or a text with a unit. Raises an error otherwise. */
int64_t sc_check_time(lua_State *lua, int index, const char *what);
int64_t sc_opt_time(lua_State *lua, int index, const char *what, int64_t preset_ns);
/* How long a call may take, in ms of the loop; 0: not given, the call has its own. */
uint32_t sc_opt_timeout(lua_State *lua, int index, const char *what);

/* ---- task.c ---- */
/* The function on top of the stack of `from`, with n arguments above it, as a new task that begins in this
 * turn; pops them. NULL: no memory (an error was raised). */
struct sc_task *sc_task_new(struct sc_engine *engine, lua_State *from, int n_args);
void sc_task_ready(struct sc_task *task);
/* Resume who is ready, look at conditions, until nobody is. */
void sc_tasks_run(struct sc_engine *engine);
bool sc_tasks_busy(const struct sc_engine *engine); /* somebody has not ended */
/* Did one go on since this was last asked, or will one by itself, at a time that it waits for? */
bool sc_tasks_alive(struct sc_engine *engine);
void sc_tasks_free(struct sc_engine *engine);
/* The task that runs and may wait here; raises an error where nothing may wait (in a condition). */
struct sc_task *sc_task_of(lua_State *lua, const char *what);
/* Begin an adapter's call: use the returned call, then `return sc_task_wait(...)`. */
struct sc_call *sc_task_call(struct sc_task *task);
/* Yield for that long. */
int sc_task_sleep(lua_State *lua, struct sc_task *task, int64_t ns, lua_KFunction k);
/* Yield until the call ended; k goes on. */
int sc_task_wait(lua_State *lua, struct sc_task *task, lua_KFunction k);
/* k of calls that bring nothing: raises what the call failed with. */
int sc_task_call_ended(lua_State *lua, int status, lua_KContext context);
void sc_tasks_open(lua_State *lua); /* wait, now, at, after, go */

/* ---- fail.c: errors that scripts may catch, and failures, which end the scenario ---- */
/* "file:line" of the Lua code that called; "" unknown. */
void sc_where(lua_State *lua, char *buf, size_t cap);
/* Raise an error that carries a status. what: "pool:get". */
int sc_raise_status(lua_State *lua, const char *what, s7_status status, const s7_errinfo *err);
/* Is the value at index such an error? Then the name of its status. */
bool sc_error_status(lua_State *lua, int index, char *name, size_t cap);
/* "pool_exhausted" */
void sc_status_name(s7_status status, char *buf, size_t cap);
/* A status by its name; raises an error with the nearest one, or with what was expected. */
s7_status sc_check_status(lua_State *lua, int index, const char *what, const char *expected);
/* What an error says, whatever a scenario raised. Never raises. */
void sc_add_error(lua_State *lua, int index, struct sc_text *out);
/* An expectation failed here: the scenario is over; raises. text: what was expected and what came; is freed.
 */
int sc_fail_here(lua_State *lua, struct sc_text *text);
/* A task, or its condition, died of the error on top of the engine's own stack, where it stays. */
void sc_fail_task(struct sc_task *task);
/* The same; there: whose callers are told. */
void sc_fail_of(struct sc_engine *engine, lua_State *there);
void sc_errors_open(lua_State *lua);

/* ---- options in tables (objects.c) ---- */
enum sc_option_type { SC_U8, SC_U16, SC_U32, SC_MS, SC_BOOL, SC_I32, SC_AUTO /* int32_t; -1: automatic */ };
struct sc_option {
    const char *name;
    enum sc_option_type type;
    size_t offset;
    uint32_t max;
};
/* Set a field of `to` from the key on stack index key, value at index value; false: no option of that name.
 */
bool sc_option_set(lua_State *lua, const struct sc_option *options, void *to, int key, int value,
                   const char *what);
/* The presets in the public headers are times of a real pool or client; here they are the scenario's. */
void sc_options_scale(const struct sc_engine *engine, const struct sc_option *options, void *to);
/* Raise "WHAT has no NAME; did you mean X?" for the key at index; names end with NULL, lists may be NULL. */
int sc_no_such(lua_State *lua, const char *what, const char *word, const struct sc_option *options,
               const char *const *others);

/* A key of a table {FIRST, name = value, ...}: raises for other numbers than 1, and for what is no name. */
void sc_check_key(lua_State *lua, int key, const char *what, const char *first);

/* How many the field name of the table at 1 says, a whole number 1..max; preset where it is not there. */
unsigned sc_opt_count(lua_State *lua, const char *what, const char *name, unsigned preset, unsigned max);

/* ---- values of PLC memory (values.c) ---- */
#define SC_VALUE_MAX 65536
/* Where a value lies in an item's own bytes: a single BOOL is bit 0 of its one byte. */
s7_address sc_item_address(const s7_address *address);
/* The address at stack index; raises an error that points at the character. */
void sc_check_address(lua_State *lua, int index, s7_address *address);
void sc_push_value(lua_State *lua, const s7_address *address, const uint8_t *bytes);
/* Encode the value at index into the address's bytes; raises. */
void sc_check_value(lua_State *lua, int index, const s7_address *address, uint8_t *bytes);

/* ---- comparing and showing (compare.c) ---- */
/* IS compares truth: anything but false and nil is true. */
enum sc_op { SC_EQ, SC_NE, SC_LT, SC_LE, SC_GT, SC_GE, SC_IS, SC_OPS };
const char *sc_op_name(enum sc_op op);
/* The operator at index; raises. */
enum sc_op sc_check_op(lua_State *lua, int index, const char *what);
/* Tables compare by what is in them. May raise, since objects of the scenario compare themselves. */
bool sc_compare(lua_State *lua, int actual, enum sc_op op, int expected);
/* A value as a message shows it: one line, tables up to a certain size. Never raises. */
void sc_show(lua_State *lua, int index, struct sc_text *out);
/* As sc_sandbox_text, for where nothing may be raised. Pushes one value; the text lives as long as that. */
const char *sc_safe_text(lua_State *lua, int index);
/* The same for messages: a string in quotes, so that "5" does not pass for 5. Raises without memory. */
const char *sc_shown(lua_State *lua, int index);

/* ---- what scenarios are made of ---- */
void sc_expect_open(lua_State *lua); /* expect, within, always, fails */
/* Ask the task's condition; when it fails itself the scenario is over. */
bool sc_watch_holds(struct sc_task *task);
/* search, replay: search.c */
void sc_search_open(lua_State *lua);
/* What must hold while a search goes on; asked after every event. */
void sc_search_look(struct sc_engine *engine);
void sc_search_free(struct sc_engine *engine);
void sc_globals_open(lua_State *lua); /* log, min, virtual ... */
void sc_plc_open(lua_State *lua);
size_t sc_byte_offset(const s7_address *address); /* in its block */
/* The string key of the table that the word is nearest to; NULL: none. */
const char *sc_nearest_key(lua_State *lua, int table, const char *word);
/* The table on top raises an error when a field is asked for that it does not have. */
void sc_strict_table(lua_State *lua, const char *what);
struct sc_plc *sc_check_plc(lua_State *lua, int index, const char *what);
void sc_plcs_free(struct sc_engine *engine);
int sc_plc_fault(lua_State *lua); /* plc:fault(NAME, ARGS) */
void sc_faults_open(lua_State *lua);
/* Arm a fault that was drawn; raises. */
void sc_fault_plan(lua_State *lua, struct sc_plc *plc, const struct sc_planned *planned);
void sc_faults_end_drawn(struct sc_engine *engine); /* those are dropped, all others stay */
void sc_faults_free(struct sc_engine *engine);
void sc_faults_look(struct sc_engine *engine); /* counts, and what this system cannot do */
void sc_pool_open(lua_State *lua);
int sc_push_pool_stats(lua_State *lua, struct sc_pool *pool); /* a snapshot */
void sc_groups_open(lua_State *lua);
s7_pool_group *sc_check_group(lua_State *lua, int index, const char *what);
void sc_groups_free(struct sc_engine *engine);
/* on_event is the function at index value. */
void sc_declare_events(lua_State *lua, int value, s7_pool_options *to);
void sc_client_open(lua_State *lua);
void sc_workers_open(lua_State *lua);
struct sc_pool *sc_check_pool(lua_State *lua, int index, const char *what);
struct sc_plc *sc_declared_plc(lua_State *lua, const char *what); /* the first of the table at index 1 */
void sc_client_scale_presets(const struct sc_engine *engine, s7_client_options *to);
bool sc_client_option(lua_State *lua, s7_client_options *to, int key, int value, const char *what);
bool sc_crews_busy(const struct sc_engine *engine);
/* Workers whose failures nobody looked at; NULL: none. */
const struct sc_crew *sc_crews_unseen(const struct sc_engine *engine);
void sc_crew_tell(const struct sc_crew *crew, struct sc_text *out); /* one line */
void sc_crews_look(struct sc_engine *engine);
void sc_crews_free(struct sc_engine *engine);
/* read and write of leases and clients: transfer.c */
typedef void sc_submit_fn(void *of, bool write, s7_item *items, size_t n_items, uint32_t timeout_ms,
                          struct sc_call *call);
#define SC_TRANSFER_AT 5 /* where on the stack it lies while it is under way */
/* self:read(ADDRESS or list [, timeout]), self:write(ADDRESS, VALUE [, timeout]) */
int sc_transfer(lua_State *lua, bool write, const char *what, const char *endpoint, sc_submit_fn *submit,
                void *of);

/* A full userdata with a pointer in it and the metatable of that name. */
void sc_push_object(lua_State *lua, void *object, const char *type);
void *sc_check_object(lua_State *lua, int index, const char *type, const char *what);
/* Set global functions; the list ends with a name of NULL. */
void sc_functions(lua_State *lua, const luaL_Reg *functions);
/* Make the metatable: methods, and a function for other fields (may be NULL). */
void sc_object_type(lua_State *lua, const char *type, const luaL_Reg *methods, lua_CFunction field);

#endif
