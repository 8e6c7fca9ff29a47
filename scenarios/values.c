/* Values of PLC memory as Lua sees them: BOOL true or false, whole numbers, floats; CHAR arrays and STRING as
 * strings of the stored bytes; arrays of anything else as lists. */
#include "scenarios/engine_impl.h"
#include "scenarios/sandbox.h"

s7_address sc_item_address(const s7_address *address)
{
    s7_address at = *address;

    if (at.type == S7_TYPE_BOOL && at.count == 1)
        at.bit = 0;
    return at;
}

void sc_check_address(lua_State *lua, int index, s7_address *address)
{
    s7_address_error error;

    if (lua_type(lua, index) != LUA_TSTRING)
        luaL_error(lua, "expected an address as \"DB1.DBW0\", got %s", sc_safe_text(lua, index));
    const char *text = lua_tostring(lua, index);
    if (s7_address_parse(text, address, &error) != S7_OK)
        luaL_error(lua, "wrong address \"%s\", at character %d: %s", text, (int)error.at + 1, error.text);
    if (s7_address_size(address) > SC_VALUE_MAX)
        luaL_error(lua, "address \"%s\" spans more than %d bytes", text, SC_VALUE_MAX);
}

static bool is_text(const s7_address *address)
{
    return address->type == S7_TYPE_CHAR && address->count > 1;
}

static void push_one(lua_State *lua, const struct s7_value *value)
{
    switch (s7_type_kind(value->type)) {
    case S7_KIND_UINT:
        if (value->type == S7_TYPE_BOOL)
            lua_pushboolean(lua, value->u != 0);
        else
            lua_pushinteger(lua, (lua_Integer)value->u);
        break;
    case S7_KIND_INT:
        lua_pushinteger(lua, value->i);
        break;
    case S7_KIND_FLOAT:
        lua_pushnumber(lua, value->f);
        break;
    case S7_KIND_TEXT:
        lua_pushlstring(lua, value->s.text, value->s.len);
        break;
    }
}

void sc_push_value(lua_State *lua, const s7_address *address, const uint8_t *bytes)
{
    if (is_text(address)) {
        lua_pushlstring(lua, (const char *)bytes, address->count);
        return;
    }
    if (address->count > 1)
        lua_createtable(lua, address->count, 0);
    for (unsigned i = 0; i < address->count; i++) {
        struct s7_value value = s7_value_load(address, bytes, i);

        push_one(lua, &value);
        if (address->count > 1)
            lua_rawseti(lua, -2, (lua_Integer)i + 1);
    }
}

static void bad_value(lua_State *lua, int index, const s7_address *address)
{
    char text[S7_ADDRESS_TEXT_CAP];

    s7_address_format(address, text, sizeof text);
    luaL_error(lua, "%s takes %s, got %s", text, s7_type_range(address->type), sc_safe_text(lua, index));
}

/* False: not a value of that kind; whether it is in range says s7_value_store. */
static bool to_value(lua_State *lua, int index, s7_type type, struct s7_value *value)
{
    int whole = 0;
    int lua_kind = lua_type(lua, index);

    *value = (struct s7_value){.type = type};
    switch (s7_type_kind(type)) {
    case S7_KIND_UINT:
        if (type == S7_TYPE_BOOL && lua_kind == LUA_TBOOLEAN) {
            value->u = (uint64_t)lua_toboolean(lua, index);
            return true;
        }
        value->u = (uint64_t)lua_tointegerx(lua, index, &whole);
        return lua_kind == LUA_TNUMBER && whole &&
               (type == S7_TYPE_ULINT || type == S7_TYPE_LWORD || (int64_t)value->u >= 0);
    case S7_KIND_INT:
        value->i = lua_tointegerx(lua, index, &whole);
        return lua_kind == LUA_TNUMBER && whole;
    case S7_KIND_FLOAT:
        value->f = lua_tonumber(lua, index);
        return lua_kind == LUA_TNUMBER;
    case S7_KIND_TEXT:
        value->s.text = lua_kind == LUA_TSTRING ? lua_tolstring(lua, index, &value->s.len) : NULL;
        return lua_kind == LUA_TSTRING;
    }
    return false;
}

static void store(lua_State *lua, int index, const s7_address *address, uint8_t *bytes, unsigned element)
{
    struct s7_value value;

    if (!to_value(lua, index, address->type, &value) ||
        s7_value_store(address, bytes, element, &value) != S7_OK)
        bad_value(lua, index, address);
}

static void store_text(lua_State *lua, int index, const s7_address *address, uint8_t *bytes)
{
    size_t len;
    const char *text = lua_tolstring(lua, index, &len);

    if (len != address->count)
        luaL_error(lua, "expected a string of %d bytes, got %d", (int)address->count, (int)len);
    memcpy(bytes, text, len);
}

void sc_check_value(lua_State *lua, int index, const s7_address *address, uint8_t *bytes)
{
    if (is_text(address) && lua_type(lua, index) == LUA_TSTRING) {
        store_text(lua, index, address, bytes);
        return;
    }
    if (address->count == 1) {
        store(lua, index, address, bytes, 0);
        return;
    }
    if (!lua_istable(lua, index) || lua_rawlen(lua, index) != address->count)
        luaL_error(lua, "expected a list of %d values, got %s", (int)address->count,
                   sc_safe_text(lua, index));
    for (unsigned i = 0; i < address->count; i++) {
        lua_rawgeti(lua, index, (lua_Integer)i + 1);
        store(lua, lua_gettop(lua), address, bytes, i);
        lua_pop(lua, 1);
    }
}
