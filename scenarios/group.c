/* Group{...}: pools that share the connections of a PLC, and how many of them dial at a time. */
#include "scenarios/engine_impl.h"
#include "scenarios/sandbox.h"

struct sc_group {
    struct sc_group *next;
    s7_pool_group *group;
};

static const char group_type[] = "group";

#define GROUP(field)                                                                                         \
    {                                                                                                        \
#field, SC_U16, offsetof(s7_pool_group_options, field), 65535                                        \
    }
static const struct sc_option options[] = {GROUP(plc_connections),
                                           GROUP(plc_reserved),
                                           GROUP(max_dials),
                                           {"turn_ms", SC_MS, offsetof(s7_pool_group_options, turn_ms), 0},
                                           {NULL, SC_BOOL, 0, 0}};

s7_pool_group *sc_check_group(lua_State *lua, int index, const char *what)
{
    return ((struct sc_group *)sc_check_object(lua, index, group_type, what))->group;
}

static void declare(lua_State *lua, s7_pool_group_options *group)
{
    if (!lua_istable(lua, 1))
        luaL_error(lua, "Group: expected a table, as Group {plc_connections = 8}, got %s",
                   sc_safe_text(lua, 1));
    for (lua_pushnil(lua); lua_next(lua, 1) != 0; lua_pop(lua, 1)) {
        if (lua_type(lua, -2) != LUA_TSTRING)
            luaL_error(lua,
                       "Group: expected names, as Group {plc_connections = 8}; its pools name it: Pool {plc, "
                       "group = it}; got the key %s",
                       sc_safe_text(lua, -2));
        if (!sc_option_set(lua, options, group, lua_gettop(lua) - 1, lua_gettop(lua), "Group"))
            sc_no_such(lua, "Group", lua_tostring(lua, -2), options, NULL);
    }
}

static int l_group(lua_State *lua)
{
    struct sc_engine *engine = sc_engine_of(lua);
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_pool_group_options group;

    s7_pool_group_options_init(&group);
    declare(lua, &group);
    sc_options_scale(engine, options, &group);
    struct sc_group *made = calloc(1, sizeof *made);
    if (made == NULL)
        return luaL_error(lua, "out of memory");
    made->next = engine->groups;
    engine->groups = made;
    s7_status status = s7_pool_group_new(&group, &made->group, &err);
    if (status != S7_OK)
        return sc_raise_status(lua, "Group", status, &err);
    sc_push_object(lua, made, group_type);
    return 1;
}

static int group_field(lua_State *lua)
{
    return luaL_error(lua, "a group has no fields; got %s", sc_safe_text(lua, 2));
}

void sc_groups_free(struct sc_engine *engine)
{
    while (engine->groups != NULL) {
        struct sc_group *group = engine->groups;

        engine->groups = group->next;
        s7_pool_group_free(group->group);
        free(group);
    }
}

void sc_groups_open(lua_State *lua)
{
    static const luaL_Reg functions[] = {{"Group", l_group}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{NULL, NULL}};

    sc_object_type(lua, group_type, methods, group_field);
    sc_functions(lua, functions);
}
