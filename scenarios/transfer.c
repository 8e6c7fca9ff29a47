/* read and write of leases and clients: one address or a list of them. */
#include "scenarios/engine_impl.h"

#include <stdio.h>

#define ITEMS_MAX 100

/* Lives in a userdata on the task's stack until the call ended. */
struct transfer {
    const char *what;
    bool write, list;
    size_t n;
    struct sc_watched watched;
    s7_item items[];
};

static void add_item(lua_State *lua, struct transfer *transfer, size_t i, int address, int value)
{
    s7_item *item = &transfer->items[i];

    sc_check_address(lua, address, &item->address);
    item->len = s7_address_size(&item->address);
    item->data = lua_newuserdatauv(lua, item->len, 0); /* kept by its place on the stack */
    memset(item->data, 0, item->len);
    if (!transfer->write)
        return;
    s7_address at = sc_item_address(&item->address);
    sc_check_value(lua, value, &at, item->data);
}

static struct transfer *new_transfer(lua_State *lua, bool write, const char *what)
{
    bool list = lua_istable(lua, 2);
    size_t n = list ? lua_rawlen(lua, 2) : 1;

    if (n < 1 || n > ITEMS_MAX)
        luaL_error(lua, "%s: expected an address or a list of 1 to %d addresses, got %d", what, ITEMS_MAX,
                   (int)n);
    struct transfer *transfer = lua_newuserdatauv(lua, sizeof *transfer + n * sizeof transfer->items[0], 0);
    memset(transfer, 0, sizeof *transfer + n * sizeof transfer->items[0]);
    *transfer = (struct transfer){.what = what, .write = write, .list = list, .n = n};
    return transfer;
}

static void add_list(lua_State *lua, struct transfer *transfer)
{
    if (transfer->write && (!lua_istable(lua, 3) || lua_rawlen(lua, 3) != transfer->n))
        luaL_error(lua, "%s: expected a list of %d values", transfer->what, (int)transfer->n);
    luaL_checkstack(lua, (int)transfer->n + 10, "too many items");
    for (size_t i = 0; i < transfer->n; i++) {
        lua_rawgeti(lua, 2, (lua_Integer)i + 1);
        if (transfer->write)
            lua_rawgeti(lua, 3, (lua_Integer)i + 1);
        else
            lua_pushnil(lua);
        int value = lua_gettop(lua);
        add_item(lua, transfer, i, value - 1, value);
        lua_replace(lua, value - 1); /* the bytes stay where the address was */
        lua_settop(lua, value - 1);
    }
}

static void push_result(lua_State *lua, const s7_item *item)
{
    s7_address at = sc_item_address(&item->address);

    sc_push_value(lua, &at, item->data);
}

static int ended(lua_State *lua, int status, lua_KContext context)
{
    struct sc_task *task = (struct sc_task *)context;
    struct transfer *transfer = lua_touserdata(lua, SC_TRANSFER_AT);

    s7_status why = task->call.status;

    (void)status;
    sc_ledger_end(task->engine, &transfer->watched, transfer->what, why);
    if (why == S7_E_PARTIAL && !transfer->list) /* the only item says more */
        why = transfer->items[0].status;
    if (why != S7_OK)
        return sc_raise_status(lua, transfer->what, why, &task->call.err);
    if (transfer->write)
        return 0;
    if (!transfer->list) {
        push_result(lua, &transfer->items[0]);
        return 1;
    }
    lua_createtable(lua, (int)transfer->n, 0);
    for (size_t i = 0; i < transfer->n; i++) {
        push_result(lua, &transfer->items[i]);
        lua_rawseti(lua, -2, (lua_Integer)i + 1);
    }
    return 1;
}

int sc_transfer(lua_State *lua, bool write, const char *what, const char *endpoint, sc_submit_fn *submit,
                void *of)
{
    struct sc_task *task = sc_task_of(lua, what);
    uint32_t timeout_ms = sc_opt_timeout(lua, write ? 4 : 3, what);

    lua_settop(lua, SC_TRANSFER_AT - 1);
    struct transfer *transfer = new_transfer(lua, write, what);
    if (transfer->list)
        add_list(lua, transfer);
    else
        add_item(lua, transfer, 0, 2, 3);
    sc_ledger_begin(task->engine, &transfer->watched, endpoint, write, transfer->items, transfer->n);
    submit(of, write, transfer->items, transfer->n, timeout_ms, sc_task_call(task));
    return sc_task_wait(lua, task, ended);
}
