/* sandbox.h - a Lua state in which a scenario can do no harm: no files, no clock, no processes, nothing that
 * differs from run to run, no endless loop, bounded memory.
 *
 * Beside the language a scenario has: assert error pcall xpcall select type tonumber tostring ipairs pairs
 * setmetatable getmetatable, math, string, table, utf8. Not there: os io debug package require load* dofile
 * next raw* collectgarbage coroutine print (the engine brings its own), string.dump, "%p". pairs goes through
 * keys in order (numbers first, then strings, then booleans; other keys are an error), tostring and
 * string.format show no addresses, math.random is drawn from the seed, __gc and __close from scenarios are
 * refused (__mode too). String functions refuse subjects and patterns whose cost could be endless, since they
 * never reach the step limit.
 *
 * The step limit is sticky: once hit, every further instruction fails, so that pcall cannot swallow it. */
#ifndef SCENARIOS_SANDBOX_H
#define SCENARIOS_SANDBOX_H

#include <lua.h>

#include <stddef.h>
#include <stdint.h>

struct sc_sandbox_limits {
    uint64_t steps;      /* [200 000 000] Lua instructions in all */
    uint64_t steps_turn; /* [20 000 000] between two calls of sc_sandbox_breathe */
    size_t memory;       /* [64 MiB] bytes */
};

/* NULL limits: those in brackets. NULL: out of memory. Free with sc_sandbox_free. */
lua_State *sc_sandbox_new(uint64_t seed, const struct sc_sandbox_limits *limits);
void sc_sandbox_free(lua_State *lua);

/* Load a chunk of text (never binary) and push it as a function; name is shown in messages as "name:line:".
 * LUA_OK, or LUA_ERRSYNTAX / LUA_ERRMEM with a message pushed. */
int sc_sandbox_load(lua_State *lua, const char *text, size_t len, const char *name);

/* The scenario waited: the limit between waits begins anew. */
void sc_sandbox_breathe(lua_State *lua);

/* Was a limit hit? Then why, a static text; else NULL. */
const char *sc_sandbox_over(lua_State *lua);

/* The text of any value without addresses ("table", "function", "plc line1"), pushed; as tostring does. */
const char *sc_sandbox_text(lua_State *lua, int index, size_t *len);

/* New threads made by lua_newthread for tasks must be given the limits too. */
void sc_sandbox_adopt(lua_State *thread);

#endif
