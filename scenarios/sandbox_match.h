/* sandbox_match.h - string.find, match, gmatch and gsub over sandbox_pattern.h. */
#ifndef SCENARIOS_SANDBOX_MATCH_H
#define SCENARIOS_SANDBOX_MATCH_H

#include <lua.h>

int sc_find(lua_State *lua);
int sc_match(lua_State *lua);
int sc_gmatch(lua_State *lua);
int sc_gsub(lua_State *lua);

#endif
