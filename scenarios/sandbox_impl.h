/* sandbox_impl.h - shared by the files of the sandbox: its accounts, and how its libraries are put together.
 *
 * What costs time is counted in steps. Lua instructions are counted by the hook, a few at a time; whatever
 * else takes time in proportion to something (a pattern's attempts, a table's elements, a long string's
 * bytes) is counted by sc_charge before it is done, so that there is one limit and nothing goes round it. */
#ifndef SCENARIOS_SANDBOX_IMPL_H
#define SCENARIOS_SANDBOX_IMPL_H

#include "scenarios/sandbox.h"

#include <lauxlib.h>
#include <stdbool.h>

/* One for a state and all of its threads, found through the extra space, which lua_newthread copies. */
struct sc_box {
    struct sc_sandbox_limits limits;
    uint64_t steps, steps_turn;
    size_t memory;    /* bytes that the state holds */
    size_t refused;   /* the last request for memory, if it was refused */
    const char *over; /* what sc_sandbox_over says */
    uint64_t seed, draws;
};

struct sc_box *sc_box_of(lua_State *lua);

/* Count so many steps. Over the limit: an error, and all that follows fails. */
void sc_charge(lua_State *lua, uint64_t steps);

/* Steps that are left in this turn. */
uint64_t sc_steps_left(const struct sc_box *box);

/* A limit that is not counted in steps was hit. why: a static text. */
void sc_box_over(struct sc_box *box, const char *why);
extern const char sc_out_of_memory[];

/* A function of a library: as Lua has it (guard NULL), or ours, which finds Lua's own as its first upvalue.
 * Lists end with a NULL name; what is not on them does not exist, whatever a later Lua may bring. */
struct sc_entry {
    const char *name;
    lua_CFunction guard;
};

extern const struct sc_entry sc_base_entries[], sc_math_entries[], sc_string_entries[], sc_table_entries[],
    sc_utf8_entries[];

/* In a guard: go on with Lua's own function, in the same frame, so that messages name the caller's line. */
int sc_original(lua_State *lua);

int sc_pairs(lua_State *lua);

/* low..high, both included; UINT64_MAX if there are more. */
uint64_t sc_span(lua_Integer low, lua_Integer high);

#endif
