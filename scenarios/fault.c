/* plc:fault(...): what a scenario breaks, and what came of it. */
#include "scenarios/engine_impl.h"
#include "scenarios/sandbox_impl.h"

#include <stdio.h>

static const char fault_type[] = "fault";

/* ---- declaring ---- */

/* Add "key=value", or the key alone for true. Stack from there on: text, key, value. */
static void add_arg(lua_State *lua, int text)
{
    int key = text + 1, value = text + 2;

    lua_pushvalue(lua, text);
    lua_pushstring(lua, lua_rawlen(lua, text) > 0 ? " " : "");
    sc_sandbox_text(lua, key, NULL);
    if (!lua_isboolean(lua, value) || !lua_toboolean(lua, value)) {
        lua_pushliteral(lua, "=");
        sc_sandbox_text(lua, value, NULL);
    }
    lua_concat(lua, lua_gettop(lua) - value);
    lua_replace(lua, text);
}

/* Push {time = "2s", nth = 3, optional = true} as "nth=3 optional time=2s": in the order of names, since the
 * text is part of the fault's identity. */
static void push_args(lua_State *lua, int table)
{
    int iterator = lua_gettop(lua) + 1, text = iterator + 3;

    lua_pushcfunction(lua, sc_pairs);
    lua_pushvalue(lua, table);
    lua_call(lua, 1, 3);
    lua_pushliteral(lua, "");
    for (;;) {
        for (int i = iterator; i < text; i++)
            lua_pushvalue(lua, i);
        lua_call(lua, 2, 2);
        if (lua_isnil(lua, text + 1))
            break;
        add_arg(lua, text);
        lua_settop(lua, text + 1);
        lua_replace(lua, iterator + 2); /* the key is where it goes on */
    }
    lua_settop(lua, text);
}

/* The same text gives the same number, whatever other faults there are. */
static uint64_t fault_id(const struct sc_engine *engine, const struct sc_fault *fault)
{
    uint64_t id = UINT64_C(14695981039346656037), again = 0;
    const char *parts[] = {fault->plc->name, fault->name, fault->args};

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        for (size_t at = 0; at <= strlen(parts[i]); at++) /* the end of each counts too */
            id = (id ^ (uint8_t)parts[i][at]) * UINT64_C(1099511628211);
    for (const struct sc_fault *other = engine->faults; other != NULL; other = other->next)
        again += other->plc == fault->plc && strcmp(other->name, fault->name) == 0 &&
                 strcmp(other->args, fault->args) == 0;
    return id + again;
}

/* ("cut", "nth=3 bytes=12"), ("cut", {nth = 3, bytes = 12}) or ("cut nth=3 bytes=12"). Stack: plc, name,
 * args. */
static void read_fault(lua_State *lua, struct sc_fault *fault)
{
    bool has_args = !lua_isnoneornil(lua, 3), good = lua_istable(lua, 3) || lua_type(lua, 3) == LUA_TSTRING;

    if (lua_type(lua, 2) != LUA_TSTRING || (has_args && !good))
        luaL_error(
            lua,
            "fault: expected its name and parameters, as plc:fault(\"slow\", \"fn=read time=2s\"), got %s",
            sc_safe_text(lua, lua_type(lua, 2) != LUA_TSTRING ? 2 : 3));
    const char *name = lua_tostring(lua, 2), *blank = strchr(name, ' ');
    int name_len = (int)(blank != NULL ? blank - name : (long)strlen(name));

    if (blank != NULL && has_args)
        luaL_error(lua, "fault: parameters are given twice, as \"%s\" and %s", name, sc_safe_text(lua, 3));
    if (lua_istable(lua, 3))
        push_args(lua, 3);
    else
        lua_pushstring(lua, blank != NULL ? blank + 1 : has_args ? lua_tostring(lua, 3) : "");
    if (lua_rawlen(lua, -1) >= sizeof fault->args)
        luaL_error(lua, "fault: more than %d characters of parameters", (int)sizeof fault->args - 1);
    if ((size_t)name_len >= sizeof fault->name)
        name_len = (int)sizeof fault->name - 1; /* there is none of that name */
    snprintf(fault->name, sizeof fault->name, "%.*s", name_len, name);
    snprintf(fault->args, sizeof fault->args, "%s", lua_tostring(lua, -1));
    sc_where(lua, fault->where, sizeof fault->where);
}

/* What was read, at its PLC and on the list; raises. */
static struct sc_fault *arm(lua_State *lua, struct sc_fault *read)
{
    struct sc_engine *engine = read->plc->engine;
    struct plant_error error = {0};

    read->id = fault_id(engine, read);
    struct sc_fault *fault = malloc(sizeof *fault);
    s7_status status =
        fault == NULL ? S7_E_NOMEM
                      : sim_server_fault_arm(read->plc->server, 0, read->id, read->name, read->args, &error);
    if (status != S7_OK) {
        free(fault);
        luaL_error(lua, "fault: %s", error.text[0] != '\0' ? error.text : s7_strerror(status));
        return NULL;
    }
    *fault = *read;
    fault->next = engine->faults;
    engine->faults = fault;
    engine->report->n_faults++;
    return fault;
}

int sc_plc_fault(lua_State *lua)
{
    struct sc_fault read = {.plc = sc_check_plc(lua, 1, "plc:fault")};

    read_fault(lua, &read);
    sc_push_object(lua, arm(lua, &read), fault_type);
    return 1;
}

void sc_fault_plan(lua_State *lua, struct sc_plc *plc, const struct sc_planned *planned)
{
    struct sc_fault read = {.plc = plc, .drawn = true};

    snprintf(read.name, sizeof read.name, "%s", planned->name);
    snprintf(read.args, sizeof read.args, "%s", planned->args);
    sc_where(lua, read.where, sizeof read.where);
    arm(lua, &read);
}

static void look_at(struct sc_fault *fault)
{
    if (!fault->dropped)
        (void)sim_server_fault_state(fault->plc->server, fault->id, &fault->last);
}

void sc_faults_look(struct sc_engine *engine)
{
    for (struct sc_fault *fault = engine->faults; fault != NULL; fault = fault->next) {
        look_at(fault);
        if (fault->last.unsupported != S7_OK)
            sc_engine_end(engine, SC_SKIPPED, "%s: the fault %s cannot be made here: %s\n", fault->where,
                          fault->name, s7_strerror(fault->last.unsupported));
    }
}

static void drop(struct sc_fault *fault)
{
    look_at(fault);
    sim_server_fault_drop(fault->plc->server, fault->id);
    fault->dropped = true;
    fault->last.armed = fault->last.acting = false;
}

static int fault_drop(lua_State *lua)
{
    drop(sc_check_object(lua, 1, fault_type, "fault:drop"));
    return 0;
}

void sc_faults_end_drawn(struct sc_engine *engine)
{
    for (struct sc_fault *fault = engine->faults; fault != NULL; fault = fault->next)
        if (fault->drawn)
            drop(fault);
}

static int fault_field(lua_State *lua)
{
    struct sc_fault *fault = sc_check_object(lua, 1, fault_type, "fault");
    const char *name = luaL_checkstring(lua, 2);

    look_at(fault);
    if (strcmp(name, "matched") == 0)
        lua_pushinteger(lua, (lua_Integer)fault->last.matched);
    else if (strcmp(name, "fired") == 0)
        lua_pushinteger(lua, (lua_Integer)fault->last.fired);
    else if (strcmp(name, "armed") == 0)
        lua_pushboolean(lua, fault->last.armed);
    else if (strcmp(name, "acting") == 0)
        lua_pushboolean(lua, fault->last.acting);
    else
        return sc_no_such(lua, "a fault", name, NULL,
                          (const char *const[]){"matched", "fired", "armed", "acting", "drop", NULL});
    return 1;
}

void sc_faults_free(struct sc_engine *engine)
{
    while (engine->faults != NULL) {
        struct sc_fault *fault = engine->faults;

        engine->faults = fault->next;
        free(fault);
    }
}

void sc_faults_open(lua_State *lua)
{
    static const luaL_Reg methods[] = {{"drop", fault_drop}, {NULL, NULL}};

    sc_object_type(lua, fault_type, methods, fault_field);
}
