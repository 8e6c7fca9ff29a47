/* The state, its memory and its steps. */
#include "sandbox_impl.h"

#include <lualib.h>
#include <stdlib.h>
#include <string.h>

/* Instructions between two calls of the hook. A prime, so that no loop beats in time with it. */
#define INTERVAL   97
#define LONG_BYTES 4096 /* strings from here on cost steps: one for STEP_BYTES */
#define STEP_BYTES 64
#define MANY_EXTRA 1000 /* values in "..." which make an instruction a slow one */

#define MAX_CALLS 20000 /* one in another; Lua itself would stop at a million, out of memory by then */

static const struct sc_sandbox_limits defaults = {
    .steps = 200000000, .steps_turn = 20000000, .memory = (size_t)64 << 20};

static const char too_many_steps[] = "step limit: too many Lua instructions";
static const char too_many_in_turn[] = "step limit: too many Lua instructions without waiting";
static const char too_deep[] = "call limit: too many calls in each other";
const char sc_out_of_memory[] = "memory limit: the scenario's memory is used up";

struct sc_box *sc_box_of(lua_State *lua)
{
    struct sc_box *box;

    memcpy(&box, lua_getextraspace(lua), sizeof(struct sc_box *));
    return box;
}

/* ---- steps ---- */

static void add(uint64_t *sum, uint64_t n)
{
    *sum = n > UINT64_MAX - *sum ? UINT64_MAX : *sum + n;
}

void sc_box_over(struct sc_box *box, const char *why)
{
    if (box->over == NULL)
        box->over = why;
}

static void spend(struct sc_box *box, uint64_t steps)
{
    add(&box->steps, steps);
    add(&box->steps_turn, steps);
    if (box->steps_turn > box->limits.steps_turn)
        sc_box_over(box, too_many_in_turn);
    if (box->steps > box->limits.steps)
        sc_box_over(box, too_many_steps);
}

uint64_t sc_steps_left(const struct sc_box *box)
{
    uint64_t in_all = box->limits.steps > box->steps ? box->limits.steps - box->steps : 0;
    uint64_t in_turn =
        box->limits.steps_turn > box->steps_turn ? box->limits.steps_turn - box->steps_turn : 0;

    return in_all < in_turn ? in_all : in_turn;
}

static void count(lua_State *lua, lua_Debug *ar);

static void set_hook(lua_State *lua)
{
    lua_sethook(lua, count, LUA_MASKCOUNT, sc_box_of(lua)->over != NULL ? 1 : INTERVAL);
}

/* From here on the hook fires at every instruction: an error could be caught, this cannot. */
static void stop(lua_State *lua, int level)
{
    set_hook(lua);
    luaL_where(lua, level);
    lua_pushstring(lua, sc_box_of(lua)->over);
    lua_concat(lua, 2);
    lua_error(lua);
}

/* An instruction that takes "..." copies all that is in it. */
static uint64_t weight(lua_State *lua, const lua_Debug *ar)
{
    int extra = MANY_EXTRA;

    while (lua_getlocal(lua, ar, -extra) != NULL) {
        lua_pop(lua, 1);
        extra *= 2;
    }
    return extra == MANY_EXTRA ? 1 : (uint64_t)extra / 16;
}

static void count(lua_State *lua, lua_Debug *ar)
{
    struct sc_box *box = sc_box_of(lua);
    lua_Debug deepest;

    if (box->over == NULL)
        spend(box, INTERVAL * weight(lua, ar));
    if (lua_getstack(lua, MAX_CALLS, &deepest))
        sc_box_over(box, too_deep);
    if (box->over != NULL)
        stop(lua, 0);
}

void sc_charge(lua_State *lua, uint64_t steps)
{
    struct sc_box *box = sc_box_of(lua);

    spend(box, steps);
    if (box->over != NULL)
        stop(lua, 1);
}

void sc_sandbox_breathe(lua_State *lua)
{
    sc_box_of(lua)->steps_turn = 0;
}

const char *sc_sandbox_over(lua_State *lua)
{
    struct sc_box *box = sc_box_of(lua);

    if (box->refused != 0) /* and nobody asked again */
        sc_box_over(box, sc_out_of_memory);
    return box->over;
}

/* A thread pays its first interval in advance: many short ones cost what they do. */
void sc_sandbox_adopt(lua_State *thread)
{
    spend(sc_box_of(thread), INTERVAL);
    set_hook(thread);
}

/* ---- memory ---- */

/* Lua collects all garbage when it is refused and asks for the same again, which is work; whatever comes
 * instead, the first refusal was final. */
static void *refuse(struct sc_box *box, size_t wanted)
{
    if (box->refused != 0)
        sc_box_over(box, sc_out_of_memory);
    box->refused = wanted;
    spend(box, box->memory / STEP_BYTES);
    return NULL;
}

/* The buffers in which strings are made do not collect garbage and ask again, as objects do: the last quarter
 * is theirs, so that garbage never makes them fail. */
static bool has_room(const struct sc_box *box, bool object, size_t more)
{
    size_t limit = box->limits.memory - (object ? box->limits.memory / 4 : 0);

    return box->memory <= limit && more <= limit - box->memory;
}

static void *grow(struct sc_box *box, void *old, size_t held, size_t new_size, int kind)
{
    bool object = old == NULL && kind != 0;

    if (box->refused != 0 && box->refused != new_size)
        sc_box_over(box, sc_out_of_memory);
    void *block = has_room(box, object, new_size - held) ? realloc(old, new_size) : NULL;
    if (block == NULL)
        return refuse(box, new_size);
    box->refused = 0;
    box->memory += new_size - held;
    if (object && kind == LUA_TSTRING && new_size >= LONG_BYTES)
        spend(box, new_size / STEP_BYTES);
    return block;
}

/* For a new block Lua passes the kind of object as old_size, 0: part of one, or a buffer. A block may always
 * become smaller. */
static void *allocate(void *arg, void *old, size_t old_size, size_t new_size)
{
    struct sc_box *box = arg;
    size_t held = old != NULL ? old_size : 0;

    if (new_size > held)
        return grow(box, old, held, new_size, old == NULL ? (int)old_size : 0);
    box->memory -= held - new_size;
    if (new_size == 0) {
        free(old);
        return NULL;
    }
    void *block = realloc(old, new_size);
    return block != NULL ? block : old;
}

/* ---- libraries ---- */

int sc_original(lua_State *lua)
{
    return lua_tocfunction(lua, lua_upvalueindex(1))(lua);
}

uint64_t sc_span(lua_Integer low, lua_Integer high)
{
    uint64_t between = (uint64_t)high - (uint64_t)low;

    if (high < low)
        return 0;
    return between == UINT64_MAX ? UINT64_MAX : between + 1;
}

/* Push a new table with what is on the list, taken from what open makes. */
static void push_library(lua_State *lua, lua_CFunction open, const struct sc_entry *entries)
{
    lua_pushcfunction(lua, open);
    lua_call(lua, 0, 1);
    lua_newtable(lua);
    for (const struct sc_entry *entry = entries; entry->name != NULL; entry++) {
        lua_getfield(lua, -2, entry->name);
        if (entry->guard != NULL)
            lua_pushcclosure(lua, entry->guard, 1);
        lua_setfield(lua, -2, entry->name);
    }
    lua_remove(lua, -2);
}

/* Methods of strings are looked up in our library (the globals are on top); Lua's own metatable keeps its
 * arithmetic. */
static void guard_methods(lua_State *lua)
{
    lua_pushliteral(lua, "");
    if (lua_getmetatable(lua, -1)) {
        lua_getfield(lua, -3, "string");
        lua_setfield(lua, -2, "__index");
        lua_pop(lua, 1);
    }
    lua_pop(lua, 1);
}

static int furnish(lua_State *lua)
{
    static const struct {
        const char *name;
        lua_CFunction open;
        const struct sc_entry *entries;
    } libraries[] = {{"math", luaopen_math, sc_math_entries},
                     {"string", luaopen_string, sc_string_entries},
                     {"table", luaopen_table, sc_table_entries},
                     {"utf8", luaopen_utf8, sc_utf8_entries}};

    push_library(lua, luaopen_base, sc_base_entries);
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
        push_library(lua, libraries[i].open, libraries[i].entries);
        lua_setfield(lua, -2, libraries[i].name);
    }
    lua_pushvalue(lua, -1);
    lua_setfield(lua, -2, "_G");
    lua_pushvalue(lua, -1);
    lua_rawseti(lua, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    guard_methods(lua);
    return 0;
}

/* ---- life ---- */

lua_State *sc_sandbox_new(uint64_t seed, const struct sc_sandbox_limits *limits)
{
    struct sc_box *box = calloc(1, sizeof *box);

    if (box == NULL)
        return NULL;
    box->limits = limits != NULL ? *limits : defaults;
    box->seed = seed;
    lua_State *lua = lua_newstate(allocate, box);
    if (lua == NULL) {
        free(box);
        return NULL;
    }
    memcpy(lua_getextraspace(lua), &box, sizeof(struct sc_box *));
    lua_pushcfunction(lua, furnish);
    if (lua_pcall(lua, 0, 0, 0) != LUA_OK) {
        sc_sandbox_free(lua);
        return NULL;
    }
    set_hook(lua);
    return lua;
}

void sc_sandbox_free(lua_State *lua)
{
    if (lua == NULL)
        return;
    struct sc_box *box = sc_box_of(lua);
    lua_close(lua);
    free(box);
}

struct chunk {
    const char *text, *name;
    size_t len;
    int status;
};

static int load(lua_State *lua)
{
    struct chunk *chunk = lua_touserdata(lua, 1);
    const char *name = lua_pushfstring(lua, "@%s", chunk->name);

    chunk->status = luaL_loadbufferx(lua, chunk->text, chunk->len, name, "t");
    return 1;
}

int sc_sandbox_load(lua_State *lua, const char *text, size_t len, const char *name)
{
    struct chunk chunk = {.text = text, .len = len, .name = name};

    lua_pushcfunction(lua, load);
    lua_pushlightuserdata(lua, &chunk);
    int status = lua_pcall(lua, 1, 1, 0);
    return status != LUA_OK ? status : chunk.status;
}
