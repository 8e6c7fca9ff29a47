/* sandbox.h - a Lua state in which a scenario can do no harm: no files, no clock, no processes, nothing that
 * differs from run to run, no endless loop, bounded memory.
 *
 * Beside the language a scenario has: assert error pcall xpcall select type tonumber tostring ipairs pairs
 * setmetatable getmetatable, math, string, table, utf8. Not there: os io debug package require load* dofile
 * next raw* collectgarbage coroutine print (the engine brings its own), string.dump, math.randomseed, "%p".
 *
 *   pairs         goes through keys in order: numbers, strings, booleans; other keys are an error. __pairs is
 *                 honoured. What is assigned on the way is not visited, what is removed is left out
 *   tostring      and string.format("%s") show no addresses: __tostring, __name, or the type
 *   math.random   is drawn from the seed; sin and its like are the C library's
 *   table.sort    is stable; table's functions take no table with __len
 *   setmetatable  refuses __gc, __mode, __close. Assigned later, Lua ignores __gc; __close does no harm under
 *                 the limits; with __mode a scenario that means to can watch the collector
 *   getmetatable  tells those of tables only
 *
 * Limits are sticky: once one is hit, every further instruction fails and pcall gives nothing back. What
 * Lua's hook does not see (patterns, ranges of tables, long strings) costs steps before it is done. Beyond
 * the limits below, 20000 calls in each other are one, too.
 *
 * A thread that failed is dropped, never given to lua_resetthread or lua_closethread: after a limit was hit,
 * Lua would run what is to be closed there with the hook switched off. */
#ifndef SCENARIOS_SANDBOX_H
#define SCENARIOS_SANDBOX_H

#include <lua.h>

#include <stddef.h>
#include <stdint.h>

struct sc_sandbox_limits {
    uint64_t steps;      /* [200 000 000] Lua instructions in all */
    uint64_t steps_turn; /* [20 000 000] between two calls of sc_sandbox_breathe */
    size_t memory;       /* [64 MiB] bytes; a quarter of them is for making strings only */
};

/* NULL limits: those in brackets. NULL: out of memory. Free with sc_sandbox_free (NULL is fine). */
lua_State *sc_sandbox_new(uint64_t seed, const struct sc_sandbox_limits *limits);
void sc_sandbox_free(lua_State *lua);

/* Load a chunk of text (never binary) and push it as a function; name is shown in messages as "name:line:".
 * LUA_OK, or LUA_ERRSYNTAX / LUA_ERRMEM with a message pushed. */
int sc_sandbox_load(lua_State *lua, const char *text, size_t len, const char *name);

/* The scenario waited: the limit between waits begins anew. */
void sc_sandbox_breathe(lua_State *lua);

/* Was a limit hit? Then why, a static text; else NULL. To be asked right after a call into Lua has failed. */
const char *sc_sandbox_over(lua_State *lua);

/* The text of any value without addresses ("table", "function", "plc line1"), pushed; as tostring does. May
 * run
 * __tostring and raise errors: to be called where they are caught. len may be NULL. */
const char *sc_sandbox_text(lua_State *lua, int index, size_t *len);

/* For each new thread made by lua_newthread. It has the limits of who made it already; this counts it. */
void sc_sandbox_adopt(lua_State *thread);

#endif
