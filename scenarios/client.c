/* client{...}: a client without a pool, with the options of s7rig/client.h under their own names. */
#include "scenarios/engine_impl.h"
#include "scenarios/sandbox.h"

static const char client_type[] = "client";

/* Times that the kernel keeps are not scaled: they bound what the kernel does, whose times stay. */
#define CLIENT(field, type, max)                                                                             \
    {                                                                                                        \
#field, type, offsetof(s7_client_options, field), max                                                \
    }
static const struct sc_option options[] = {CLIENT(rack, SC_U8, 7),
                                           CLIENT(slot, SC_U8, 31),
                                           CLIENT(max_jobs, SC_U8, 32),
                                           CLIENT(local_tsap, SC_U16, 65535),
                                           CLIENT(remote_tsap, SC_U16, 65535),
                                           CLIENT(pdu_len, SC_U16, 960),
                                           CLIENT(connect_ms, SC_MS, 0),
                                           CLIENT(handshake_ms, SC_MS, 0),
                                           CLIENT(request_ms, SC_MS, 0),
                                           CLIENT(user_timeout_ms, SC_MS, 0),
                                           CLIENT(keepalive_idle_ms, SC_MS, 0),
                                           CLIENT(keepalive_interval_ms, SC_MS, 0),
                                           {NULL, SC_BOOL, 0, 0}};

void sc_client_scale_presets(const struct sc_engine *engine, s7_client_options *to)
{
    sc_options_scale(engine, options, to);
}

static uint8_t check_type(lua_State *lua, int value, const char *what)
{
    static const char *const names[] = {"pg", "op", "basic", NULL};

    for (uint8_t i = 0; lua_type(lua, value) == LUA_TSTRING && names[i] != NULL; i++)
        if (strcmp(names[i], lua_tostring(lua, value)) == 0)
            return (uint8_t)(S7_CONN_PG + i);
    luaL_error(lua, "%s: type: expected pg, op or basic, got %s", what, sc_shown(lua, value));
    return 0;
}

bool sc_client_option(lua_State *lua, s7_client_options *to, int key, int value, const char *what)
{
    if (strcmp(lua_tostring(lua, key), "type") == 0) {
        to->conn_type = check_type(lua, value, what);
        return true;
    }
    return sc_option_set(lua, options, to, key, value, what);
}

/* The PLC that a pool or client is for: the first of its table. */
struct sc_plc *sc_declared_plc(lua_State *lua, const char *what)
{
    if (!lua_istable(lua, 1))
        luaL_error(lua, "%s: expected a table, as %s {plc}, got %s", what, what, sc_safe_text(lua, 1));
    if (lua_rawgeti(lua, 1, 1) == LUA_TNIL)
        luaL_error(lua, "%s: expected its plc first, as %s {plc, ...}", what, what);
    struct sc_plc *plc = sc_check_plc(lua, -1, what);
    lua_pop(lua, 1);
    for (lua_pushnil(lua); lua_next(lua, 1) != 0; lua_pop(lua, 1))
        sc_check_key(lua, lua_gettop(lua) - 1, what, "plc");
    return plc;
}

static int l_client(lua_State *lua)
{
    struct sc_engine *engine = sc_engine_of(lua);
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_client_options client;
    struct sc_client *made;

    s7_client_options_init(&client);
    sc_client_scale_presets(engine, &client);
    const struct sc_plc *plc = sc_declared_plc(lua, "Client");
    lua_pushnil(lua);
    while (lua_next(lua, 1) != 0) {
        int value = lua_gettop(lua);
        if (lua_type(lua, value - 1) == LUA_TSTRING &&
            !sc_client_option(lua, &client, value - 1, value, "Client"))
            return sc_no_such(lua, "Client", lua_tostring(lua, value - 1), options,
                              (const char *const[]){"type", NULL});
        lua_pop(lua, 1);
    }
    s7_status status =
        sc_client_new(engine->adapter, sim_server_address(plc->server, 0), &client, &made, &err);
    if (status != S7_OK)
        return sc_raise_status(lua, "Client", status, &err);
    sc_engine_hook_last(engine);
    sc_push_object(lua, made, client_type);
    return 1;
}

static struct sc_client *check_client(lua_State *lua, const char *what)
{
    return sc_check_object(lua, 1, client_type, what);
}

static int client_connect(lua_State *lua)
{
    struct sc_client *client = check_client(lua, "client:connect");
    struct sc_task *task = sc_task_of(lua, "client:connect");

    sc_client_connect(client, sc_task_call(task));
    return sc_task_wait(lua, task, sc_task_call_ended);
}

static int client_close(lua_State *lua)
{
    struct sc_client *client = check_client(lua, "client:close");
    struct sc_task *task = sc_task_of(lua, "client:close");

    sc_client_close(client, sc_task_call(task));
    return sc_task_wait(lua, task, sc_task_call_ended);
}

static void submit(void *of, bool write, s7_item *items, size_t n_items, uint32_t timeout_ms,
                   struct sc_call *call)
{
    sc_client_submit(of, write, items, n_items, timeout_ms, call);
}

static int client_read(lua_State *lua)
{
    struct sc_client *client = check_client(lua, "client:read");

    return sc_transfer(lua, false, "client:read", sc_client_endpoint(client), submit, client);
}

static int client_write(lua_State *lua)
{
    struct sc_client *client = check_client(lua, "client:write");

    return sc_transfer(lua, true, "client:write", sc_client_endpoint(client), submit, client);
}

static int client_field(lua_State *lua)
{
    const struct sc_client *client = check_client(lua, "client");
    const char *name = luaL_checkstring(lua, 2);

    if (strcmp(name, "connected") != 0)
        return sc_no_such(lua, "a client", name, NULL,
                          (const char *const[]){"connected", "connect", "close", "read", "write", NULL});
    lua_pushboolean(lua, sc_client_is_up(client));
    return 1;
}

void sc_client_open(lua_State *lua)
{
    static const luaL_Reg functions[] = {{"Client", l_client}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"connect", client_connect},
                                       {"close", client_close},
                                       {"read", client_read},
                                       {"write", client_write},
                                       {NULL, NULL}};

    sc_object_type(lua, client_type, methods, client_field);
    sc_functions(lua, functions);
}
