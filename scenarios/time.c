/* Time: what a scenario writes, and what the loop knows. */
#include "scenarios/engine_impl.h"

#include "simulator/fault_value.h"

#include <math.h>

#define NS_PER_MS   1000000
#define NS_PER_HOUR 3600e9
#define HOURS_MAX   240.0 /* as long as a scenario may last */

int64_t sc_now_ns(const struct sc_engine *engine)
{
    return (s7_loop_now_ns(engine->loop) - engine->start_ns) * engine->options->scale;
}

int64_t sc_scaled_ns(const struct sc_engine *engine, int64_t ns)
{
    return ns / engine->options->scale;
}

uint32_t sc_scaled_ms(const struct sc_engine *engine, int64_t ns)
{
    int64_t ms = (sc_scaled_ns(engine, ns) + NS_PER_MS - 1) / NS_PER_MS;

    if (ns == 0)
        return 0;
    return ms < 1 ? 1 : (uint32_t)ms;
}

static int bad_time(lua_State *lua, int index, const char *what)
{
    return luaL_error(lua,
                      "%s: expected a time from 0 to 10 days, in milliseconds or as \"500ms\", \"2s\", "
                      "\"5min\", \"3d\"; got %s",
                      what, sc_shown(lua, index));
}

/* "3d", "36h": what is too long for a fault is none for a scenario. */
static bool long_time(const char *text, int64_t *ns)
{
    size_t len = strspn(text, "0123456789.");
    char *unit;
    double n = strtod(text, &unit), hours = n * (*unit == 'd' ? 24 : 1);

    if (len == 0 || unit != text + len || (strcmp(unit, "d") != 0 && strcmp(unit, "h") != 0) ||
        hours > HOURS_MAX)
        return false;
    *ns = (int64_t)llround(hours * NS_PER_HOUR);
    return true;
}

int64_t sc_check_time(lua_State *lua, int index, const char *what)
{
    int64_t ns;

    if (lua_type(lua, index) == LUA_TSTRING) {
        const char *text = lua_tostring(lua, index);
        bool has_unit = text[0] != '\0' && strchr("smhnd", text[strlen(text) - 1]) != NULL;
        if (!has_unit || (!sim_value_time(text, &ns) && !long_time(text, &ns)))
            return bad_time(lua, index, what);
        return ns;
    }
    if (lua_type(lua, index) != LUA_TNUMBER)
        return bad_time(lua, index, what);
    double ms = lua_tonumber(lua, index);
    if (!(ms >= 0) || ms > HOURS_MAX * 3600 * 1000)
        return bad_time(lua, index, what);
    return (int64_t)llround(ms * NS_PER_MS);
}

int64_t sc_opt_time(lua_State *lua, int index, const char *what, int64_t preset_ns)
{
    return lua_isnoneornil(lua, index) ? preset_ns : sc_check_time(lua, index, what);
}

uint32_t sc_opt_timeout(lua_State *lua, int index, const char *what)
{
    if (lua_isnoneornil(lua, index))
        return 0;
    int64_t ns = sc_check_time(lua, index, what);
    return sc_scaled_ms(sc_engine_of(lua), ns > 0 ? ns : 1); /* none at all is the shortest there is */
}
