/* PLC {...}: a simulated PLC in a plant file of its own, served on the scenario's loop. */
#include "scenarios/engine_impl.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define BLOCKS_MAX 256

static const char plc_type[] = "plc";

struct sc_plc *sc_check_plc(lua_State *lua, int index, const char *what)
{
    return sc_check_object(lua, index, plc_type, what);
}

/* ---- declaring ---- */

struct declared {
    struct plant_new_plc plc;
    struct plant_plc limits;
    struct plant_new_block blocks[BLOCKS_MAX];
    size_t n_blocks;
};

static const struct sc_option limits[] = {
    {"rack", SC_I32, offsetof(struct plant_plc, rack), 7},
    {"slot", SC_I32, offsetof(struct plant_plc, slot), 31},
    {"pdu_len", SC_I32, offsetof(struct plant_plc, pdu_len), 960},
    {"amq", SC_I32, offsetof(struct plant_plc, amq), 32},
    {"connections", SC_I32, offsetof(struct plant_plc, connections), 65535},
    {NULL, SC_I32, 0, 0}};

static void add_block(lua_State *lua, struct declared *plc, s7_area area, lua_Integer number, int len_at)
{
    int whole = 0;
    lua_Integer len = lua_tointegerx(lua, len_at, &whole);

    if (!whole || len < 0 || len > 65536)
        luaL_error(lua, "PLC: a block has 0 to 65536 bytes, got %s", sc_safe_text(lua, len_at));
    if (number < 0 || number > 65535 || plc->n_blocks == BLOCKS_MAX)
        luaL_error(lua, "PLC: data blocks are numbered 1 to 65535, at most %d of them; got %d", BLOCKS_MAX,
                   (int)number);
    plc->blocks[plc->n_blocks++] =
        (struct plant_new_block){.area = area, .number = (uint16_t)number, .len = (uint32_t)len};
}

/* db = {[1] = 256, [7] = 10} */
static void add_dbs(lua_State *lua, struct declared *plc, int at)
{
    if (!lua_istable(lua, at))
        luaL_error(lua, "PLC: db: expected lengths by number, as {[1] = 256}, got %s", sc_safe_text(lua, at));
    lua_pushnil(lua);
    while (lua_next(lua, at) != 0) {
        int len_at = lua_gettop(lua);

        if (!lua_isinteger(lua, len_at - 1))
            luaL_error(lua, "PLC: db: expected lengths by number, as {[1] = 256}, got the key %s",
                       sc_safe_text(lua, len_at - 1));
        add_block(lua, plc, S7_AREA_DB, lua_tointeger(lua, len_at - 1), len_at);
        lua_pop(lua, 1);
    }
}

static int by_number(const void *a, const void *b)
{
    const struct plant_new_block *x = a, *y = b;

    if (x->area != y->area)
        return x->area < y->area ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

/* The table keeps it; a number would become a text that nothing keeps. */
static const char *check_text(lua_State *lua, int value, const char *key)
{
    if (lua_type(lua, value) != LUA_TSTRING)
        luaL_error(lua, "PLC: %s: expected a text, got %s", key, sc_safe_text(lua, value));
    return lua_tostring(lua, value);
}

static void declare(lua_State *lua, struct declared *plc, int key, int value)
{
    static const struct {
        const char *name;
        s7_area area;
    } areas[] = {{"m", S7_AREA_M}, {"i", S7_AREA_I}, {"q", S7_AREA_Q}, {"t", S7_AREA_T}, {"c", S7_AREA_C}};
    static const char *const others[] = {"name", "cpu", "db", "m", "i", "q", "t", "c", NULL};
    const char *name = lua_type(lua, key) == LUA_TSTRING ? lua_tostring(lua, key) : "such key";

    if (strcmp(name, "name") == 0) {
        plc->plc.name = check_text(lua, value, "name");
    } else if (strcmp(name, "cpu") == 0) {
        plc->plc.cpu = check_text(lua, value, "cpu");
    } else if (strcmp(name, "db") == 0) {
        add_dbs(lua, plc, value);
    } else if (!sc_option_set(lua, limits, &plc->limits, key, value, "PLC")) {
        for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++)
            if (strcmp(name, areas[i].name) == 0) {
                add_block(lua, plc, areas[i].area, 0, value);
                return;
            }
        sc_no_such(lua, "PLC", name, limits, others);
    }
}

static void add_default_m(struct declared *plc)
{
    for (size_t i = 0; i < plc->n_blocks; i++)
        if (plc->blocks[i].area == S7_AREA_M)
            return;
    if (plc->n_blocks < BLOCKS_MAX)
        plc->blocks[plc->n_blocks++] = (struct plant_new_block){.area = S7_AREA_M, .len = 256};
}

static void read_table(lua_State *lua, struct declared *plc)
{
    if (!lua_istable(lua, 1))
        luaL_error(lua, "PLC: expected a table, as PLC {db = {[1] = 256}}, got %s", sc_safe_text(lua, 1));
    lua_pushnil(lua);
    while (lua_next(lua, 1) != 0) {
        int value = lua_gettop(lua);

        if (lua_type(lua, value - 1) != LUA_TSTRING)
            luaL_error(lua, "PLC: expected keys such as db and cpu, got %s", sc_safe_text(lua, value - 1));
        declare(lua, plc, value - 1, value);
        lua_pop(lua, 1);
    }
    add_default_m(plc);
    qsort(plc->blocks, plc->n_blocks, sizeof plc->blocks[0], by_number); /* tables have no order */
}

/* ---- making ---- */

static void on_tap(const struct sim_tap *tap, void *arg)
{
    struct sc_engine *engine = arg;

    sc_exchange_note(&engine->exchange, tap, sc_now_ns(engine));
    sc_engine_trace(engine, tap);
}

static bool make_folder(struct sc_engine *engine)
{
    const char *tmp = getenv("TMPDIR");
    size_t cap = sizeof engine->folder;

    if (engine->folder[0] != '\0')
        return true;
    int len =
        snprintf(engine->folder, cap, "%s/s7rig-run-XXXXXX", tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp");
    errno = ENAMETOOLONG;
    if ((size_t)len < cap && mkdtemp(engine->folder) != NULL)
        return true;
    engine->folder[0] = '\0';
    return false;
}

static s7_status serve(struct sc_plc *plc, const struct plant_new_plc *new, struct plant_error *error)
{
    struct sc_engine *engine = plc->engine;
    struct sim_server_options options;
    struct plant_options open;

    sim_server_options_init(&options);
    options.listen = "127.0.0.1:0";
    options.tap = on_tap;
    options.tap_arg = engine;
    options.seed = engine->options->seed;
    options.recordings = engine->home[0] != '\0' ? engine->home : NULL;
    options.time_scale = engine->options->scale;
    plant_options_init(&open);
    open.temporary = true;
    open.wall_ms = s7_loop_wall_ms(engine->loop);
    s7_status status = plant_create_temporary(plc->path, new, 1, error);
    if (status == S7_OK)
        status = plant_open(plc->path, &open, &plc->plant, error);
    if (status == S7_OK)
        status = sim_server_new(engine->loop, plc->plant, &options, &plc->server, error);
    return status;
}

static unsigned count_plcs(const struct sc_engine *engine)
{
    unsigned n = 0;

    for (const struct sc_plc *plc = engine->plcs; plc != NULL; plc = plc->next)
        n++;
    return n;
}

/* A PLC that is on the engine's list and not yet served; raises. */
static struct sc_plc *new_plc(lua_State *lua, const char *name)
{
    struct sc_engine *engine = sc_engine_of(lua);
    struct sc_plc *plc = make_folder(engine) ? calloc(1, sizeof *plc) : NULL;

    if (plc == NULL) {
        sc_engine_end(engine, SC_NO_WORLD, "cannot make a folder for plant files in $TMPDIR or /tmp: %s\n",
                      strerror(errno));
        luaL_error(lua, "no folder");
        return NULL;
    }
    plc->engine = engine;
    snprintf(plc->name, sizeof plc->name, "%s", name);
    snprintf(plc->path, sizeof plc->path, "%s/%u.plant", engine->folder, count_plcs(engine) + 1);
    plc->next = engine->plcs;
    engine->plcs = plc;
    engine->begun = true;
    return plc;
}

/* Without the name of the file, which the scenario does not know and which differs from run to run. */
static int not_served(lua_State *lua, const struct sc_plc *plc, s7_status status,
                      const struct plant_error *error)
{
    const char *text = error->text[0] != '\0' ? error->text : s7_strerror(status);
    size_t len = strlen(plc->path);

    if (strncmp(text, plc->path, len) == 0 && strncmp(text + len, ": ", 2) == 0)
        text += len + 2;
    return luaL_error(lua, "PLC: %s", text);
}

static int l_plc(lua_State *lua)
{
    struct sc_engine *engine = sc_engine_of(lua);
    struct plant_error error = {0};
    char name[PLANT_NAME_CAP];

    lua_settop(lua, 1);
    struct declared *declared = lua_newuserdatauv(lua, sizeof *declared, 0);
    memset(declared, 0, sizeof *declared);
    snprintf(name, sizeof name, "plc%u", count_plcs(engine) + 1);
    declared->limits =
        (struct plant_plc){.rack = -1, .slot = -1, .pdu_len = -1, .amq = -1, .connections = -1};
    declared->plc = (struct plant_new_plc){.name = name, .cpu = "generic", .limits = &declared->limits};
    read_table(lua, declared);
    declared->plc.blocks = declared->blocks;
    declared->plc.n_blocks = declared->n_blocks;
    struct sc_plc *plc = new_plc(lua, declared->plc.name);
    s7_status status = serve(plc, &declared->plc, &error);
    if (status != S7_OK)
        return not_served(lua, plc, status, &error);
    sc_engine_hook_last(engine);
    sc_push_object(lua, plc, plc_type);
    return 1;
}

void sc_plcs_free(struct sc_engine *engine)
{
    while (engine->plcs != NULL) {
        struct sc_plc *plc = engine->plcs;

        engine->plcs = plc->next;
        sim_server_free(plc->server);
        plant_close(plc->plant);
        unlink(plc->path);
        free(plc);
    }
    if (engine->folder[0] != '\0')
        rmdir(engine->folder);
}

/* ---- memory ---- */

static struct plant_block *find_block(lua_State *lua, struct sc_plc *plc, const s7_address *address)
{
    size_t len = s7_address_size(address);
    struct plant_block *block =
        plant_block_find(plc->plant, plant_plc_at(plc->plant, 0), address->area, address->db);

    if (block == NULL)
        luaL_error(lua, "%s has no %s%d", plc->name, s7_area_name(address->area), (int)address->db);
    else if (sc_byte_offset(address) + len > block->len)
        luaL_error(lua, "%s%d of %s has %d bytes", s7_area_name(address->area), (int)address->db, plc->name,
                   (int)block->len);
    return block;
}

/* Timers and counters are addressed by number, two bytes each. */
size_t sc_byte_offset(const s7_address *address)
{
    bool number = address->area == S7_AREA_T || address->area == S7_AREA_C;

    return number ? (size_t)address->byte * 2 : address->byte;
}

static int plc_get(lua_State *lua)
{
    struct sc_plc *plc = sc_check_plc(lua, 1, "plc:get");
    s7_address address;

    sc_check_address(lua, 2, &address);
    const struct plant_block *block = find_block(lua, plc, &address);
    sc_push_value(lua, &address, block->data + sc_byte_offset(&address));
    return 1;
}

static int plc_set(lua_State *lua)
{
    struct sc_plc *plc = sc_check_plc(lua, 1, "plc:set");
    s7_address address;

    lua_settop(lua, 3);
    sc_check_address(lua, 2, &address);
    size_t len = s7_address_size(&address);
    uint8_t *bytes = lua_newuserdatauv(lua, len, 0);
    struct plant_block *block = find_block(lua, plc, &address);
    memcpy(bytes, block->data + sc_byte_offset(&address), len);
    sc_check_value(lua, 3, &address, bytes);
    plant_clock(plc->plant, s7_loop_wall_ms(plc->engine->loop));
    s7_status status = plant_turn_begin(plc->plant, true);
    plant_writer(plc->plant, PLANT_BY_SCRIPT, "", 0);
    block = find_block(lua, plc, &address);
    if (status == S7_OK)
        status = plant_store(plc->plant, block, (uint32_t)sc_byte_offset(&address), bytes, (uint32_t)len);
    s7_status ended = plant_turn_end(plc->plant);
    if (status != S7_OK || ended != S7_OK)
        return luaL_error(lua, "plc:set: %s", plant_last_error(plc->plant)->text);
    return 0;
}

/* ---- what it saw ---- */

static void push_count(lua_State *lua, const char *name, uint64_t count)
{
    lua_pushinteger(lua, (lua_Integer)count);
    lua_setfield(lua, -2, name);
}

static int push_seen(lua_State *lua, const struct sc_plc *plc)
{
    struct sim_plc_stats seen;

    sim_server_plc_stats(plc->server, 0, &seen);
    lua_newtable(lua);
    push_count(lua, "connections", seen.connections);
    push_count(lua, "sessions", seen.sessions);
    push_count(lua, "sessions_max", seen.sessions_max);
    push_count(lua, "accepted", seen.accepted);
    push_count(lua, "admitted", seen.admitted);
    push_count(lua, "refused", seen.refused);
    push_count(lua, "closed_by_peer", seen.closed_by_peer);
    push_count(lua, "reset_by_peer", seen.reset_by_peer);
    push_count(lua, "setups", seen.setups);
    push_count(lua, "reads", seen.reads);
    push_count(lua, "writes", seen.writes);
    push_count(lua, "swallowed", seen.swallowed);
    sc_strict_table(lua, "plc.seen");
    return 1;
}

static int plc_field(lua_State *lua)
{
    const struct sc_plc *plc = sc_check_plc(lua, 1, "plc");
    const char *name = luaL_checkstring(lua, 2);

    if (strcmp(name, "seen") == 0)
        return push_seen(lua, plc);
    if (strcmp(name, "name") == 0)
        lua_pushstring(lua, plc->name);
    else if (strcmp(name, "address") == 0)
        lua_pushstring(lua, sim_server_address(plc->server, 0));
    else
        return sc_no_such(lua, "a plc", name, NULL,
                          (const char *const[]){"seen", "name", "address", "fault", "get", "set", NULL});
    return 1;
}

void sc_plc_open(lua_State *lua)
{
    static const luaL_Reg functions[] = {{"PLC", l_plc}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"get", plc_get}, {"set", plc_set}, {"fault", sc_plc_fault}, {NULL, NULL}};

    sc_object_type(lua, plc_type, methods, plc_field);
    sc_functions(lua, functions);
}
