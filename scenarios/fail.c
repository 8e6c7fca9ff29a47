/* Errors that a script may catch (a status of a client or pool call), and failures, which end the scenario
 * whether they are caught or not. */
#include "scenarios/engine_impl.h"
#include "scenarios/sandbox.h"

#include <ctype.h>
#include <stdio.h>

#define ERROR_TYPE  "s7 error"
#define CALLERS_MAX 20 /* in a report */

/* Statuses that calls of a scenario can end with, in the order of status.h. */
static const s7_status statuses[] = {S7_E_ARG,
                                     S7_E_MISUSE,
                                     S7_E_NOMEM,
                                     S7_E_UNSUPPORTED,
                                     S7_E_TIMEOUT,
                                     S7_E_CANCELLED,
                                     S7_E_RESOLVE,
                                     S7_E_REFUSED,
                                     S7_E_UNREACHABLE,
                                     S7_E_CLOSED,
                                     S7_E_RESET,
                                     S7_E_IO,
                                     S7_E_NOT_CONNECTED,
                                     S7_E_COTP_REFUSED,
                                     S7_E_FRAME,
                                     S7_E_NEGOTIATION,
                                     S7_E_PROTOCOL,
                                     S7_E_PLC,
                                     S7_E_ITEM_HARDWARE,
                                     S7_E_ITEM_ACCESS,
                                     S7_E_ITEM_ADDRESS,
                                     S7_E_ITEM_TYPE,
                                     S7_E_ITEM_INCONSISTENT,
                                     S7_E_ITEM_MISSING,
                                     S7_E_ITEM_OTHER,
                                     S7_E_PARTIAL,
                                     S7_E_TOO_LARGE,
                                     S7_E_CONVERT,
                                     S7_E_SYNTAX,
                                     S7_E_OUTCOME_UNKNOWN,
                                     S7_E_POOL_CLOSED,
                                     S7_E_POOL_EXHAUSTED,
                                     S7_E_POOL_QUEUE_FULL,
                                     S7_E_POOL_PAUSED,
                                     S7_E_PLC_DOWN,
                                     S7_E_BUDGET,
                                     S7_E_STALE_LEASE,
                                     S7_E_FOREIGN};

#define N_STATUSES (sizeof statuses / sizeof statuses[0])

void sc_status_name(s7_status status, char *buf, size_t cap)
{
    const char *name = s7_errname(status);
    size_t i = 0;

    if (strncmp(name, "S7_E_", 5) == 0)
        name += 5;
    for (; name[i] != '\0' && i + 1 < cap; i++)
        buf[i] = (char)tolower((unsigned char)name[i]);
    buf[i] = '\0';
}

s7_status sc_check_status(lua_State *lua, int index, const char *what, const char *expected)
{
    const char *name = lua_type(lua, index) == LUA_TSTRING ? lua_tostring(lua, index) : NULL;
    char known[N_STATUSES][48];

    if (name == NULL)
        luaL_error(lua, "%s: expected %s; got %s", what, expected, sc_safe_text(lua, index));
    struct s7_nearest nearest = {.word = name};

    for (size_t i = 0; i < N_STATUSES; i++) {
        sc_status_name(statuses[i], known[i], sizeof known[i]);
        if (strcmp(known[i], name) == 0)
            return statuses[i];
        if (strcmp(s7_errname(statuses[i]), name) == 0) /* as in C */
            luaL_error(lua, "%s: no such error: %s; did you mean %s?", what, name, known[i]);
        s7_nearest_try(&nearest, known[i]);
    }
    luaL_error(lua,
               nearest.best != NULL ? "%s: no such error: %s; did you mean %s?" : "%s: no such error: %s",
               what, name, nearest.best);
    return S7_OK;
}

/* ---- where ---- */

void sc_where(lua_State *lua, char *buf, size_t cap)
{
    lua_Debug ar;

    buf[0] = '\0';
    for (int level = 0; lua_getstack(lua, level, &ar) != 0; level++) {
        lua_getinfo(lua, "Sl", &ar);
        if (ar.currentline > 0) {
            snprintf(buf, cap, "%s:%d", ar.short_src, ar.currentline);
            return;
        }
    }
}

/* Does a message begin with that place, as Lua's own do? */
static bool is_from(const char *message, const char *place)
{
    size_t len = strlen(place);

    return strncmp(message, place, len) == 0 && message[len] == ':';
}

/* The lines that led there, unless the message begins with the innermost: a helper function says little by
 * itself. */
static void add_callers(lua_State *lua, const char *message, struct sc_text *out)
{
    lua_Debug ar;
    bool first = true;

    for (int level = 0; level < CALLERS_MAX && lua_getstack(lua, level, &ar) != 0; level++) {
        char place[128];

        lua_getinfo(lua, "Sl", &ar);
        if (ar.currentline <= 0)
            continue;
        snprintf(place, sizeof place, "%s:%d", ar.short_src, ar.currentline);
        if (!first || !is_from(message, place))
            sc_text_add(out, "  called from %s\n", place);
        first = false;
    }
}

/* ---- errors with a status ---- */

/* A scenario may have set them, to whatever it likes. */
static void push_own(lua_State *lua, int error, const char *field)
{
    error = lua_absindex(lua, error);
    lua_pushstring(lua, field);
    lua_rawget(lua, error);
}

static int error_field(lua_State *lua)
{
    return sc_no_such(lua, "an error", sc_safe_text(lua, 2), NULL,
                      (const char *const[]){"status", "text", "where", NULL});
}

static int error_text(lua_State *lua)
{
    push_own(lua, 1, "where");
    lua_pushstring(lua, ": ");
    push_own(lua, 1, "text");
    lua_concat(lua, 3);
    return 1;
}

int sc_raise_status(lua_State *lua, const char *what, s7_status status, const s7_errinfo *err)
{
    char where[128], line[S7_ASKED_CAP + S7_CAME_CAP + S7_HINT_CAP + 32], name[48];

    sc_where(lua, where, sizeof where);
    sc_status_name(status, name, sizeof name);
    if (err != NULL && err->asked[0] != '\0')
        s7_errinfo_format(err, line, sizeof line);
    else
        snprintf(line, sizeof line, "%s", s7_strerror(status));
    lua_newtable(lua);
    lua_pushstring(lua, name);
    lua_setfield(lua, -2, "status");
    lua_pushstring(lua, where);
    lua_setfield(lua, -2, "where");
    lua_pushfstring(lua, "%s: %s (%s)", what, line, name);
    lua_setfield(lua, -2, "text");
    luaL_setmetatable(lua, ERROR_TYPE);
    return lua_error(lua);
}

/* By the metatable itself: a scenario may give its own tables any name. */
static bool is_ours(lua_State *lua, int index)
{
    if (!lua_istable(lua, index) || !lua_getmetatable(lua, index))
        return false;
    luaL_getmetatable(lua, ERROR_TYPE);
    bool ours = lua_rawequal(lua, -1, -2);
    lua_pop(lua, 2);
    return ours;
}

bool sc_error_status(lua_State *lua, int index, char *name, size_t cap)
{
    if (!is_ours(lua, index))
        return false;
    push_own(lua, index, "status");
    snprintf(name, cap, "%s", lua_type(lua, -1) == LUA_TSTRING ? lua_tostring(lua, -1) : "?");
    lua_pop(lua, 1);
    return true;
}

void sc_errors_open(lua_State *lua)
{
    luaL_newmetatable(lua, ERROR_TYPE); /* it sets __name */
    lua_pushcfunction(lua, error_text);
    lua_setfield(lua, -2, "__tostring");
    lua_pushcfunction(lua, error_field);
    lua_setfield(lua, -2, "__index");
    lua_pushboolean(lua, false); /* not for scenarios to change */
    lua_setfield(lua, -2, "__metatable");
    lua_pop(lua, 1);
}

/* ---- failures ---- */

/* Line number n of the scenario, without its indentation. */
static const char *source_line(const struct sc_engine *engine, long n, int *len)
{
    const char *at = engine->source, *end = engine->source + engine->source_len;

    for (; n > 1 && at < end; n--) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline != NULL ? newline + 1 : end;
    }
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    *len = (int)strcspn(at, "\r\n"); /* the source ends with a zero */
    return at;
}

/* The line of the scenario that a message begins with. */
static void add_source_line(const struct sc_engine *engine, const char *message, struct sc_text *out)
{
    int len;

    if (!is_from(message, engine->file))
        return;
    const char *at = source_line(engine, strtol(message + strlen(engine->file) + 1, NULL, 10), &len);
    if (len > 0)
        sc_text_add(out, "  | %.*s\n", len < 200 ? len : 200, at);
}

/* lua: whose callers are told. */
static void fail(struct sc_engine *engine, lua_State *lua, const char *message)
{
    struct sc_text why = {0};

    sc_text_add(&why, "%s\n", message);
    add_source_line(engine, message, &why);
    add_callers(lua, message, &why);
    sc_engine_end(engine, SC_FAILED, "%s", why.at != NULL ? why.at : "out of memory\n");
    sc_text_free(&why);
}

/* The same for a message that may not say where. */
static void fail_there(struct sc_engine *engine, lua_State *lua, const char *message)
{
    struct sc_text text = {0};
    char where[128];

    sc_where(lua, where, sizeof where);
    if (where[0] != '\0' && !is_from(message, engine->file))
        sc_text_add(&text, "%s: ", where);
    sc_text_add(&text, "%s", message);
    fail(engine, lua, text.at != NULL ? text.at : message);
    sc_text_free(&text);
}

int sc_fail_here(lua_State *lua, struct sc_text *text)
{
    fail_there(sc_engine_of(lua), lua, text->at != NULL ? text->at : "out of memory");
    sc_text_free(text);
    return luaL_error(lua, "not as expected"); /* whoever catches it: the scenario is over */
}

void sc_add_error(lua_State *lua, int index, struct sc_text *out)
{
    int top = lua_gettop(lua);

    if (lua_istable(lua, index) && luaL_getmetafield(lua, index, "__tostring") == LUA_TNIL)
        sc_show(lua, index, out); /* what is in it says more than "table" */
    else
        sc_text_add(out, "%s", sc_safe_text(lua, index));
    lua_settop(lua, top);
}

void sc_fail_of(struct sc_engine *engine, lua_State *there)
{
    lua_State *lua = engine->lua;
    struct sc_text text = {0};

    engine->report->slip = !is_ours(lua, lua_gettop(lua));
    sc_add_error(lua, lua_gettop(lua), &text);
    const char *over = sc_sandbox_over(lua), *message = text.at != NULL ? text.at : "out of memory";
    if (over != NULL && strstr(message, over) == NULL)
        message = over;
    fail_there(engine, there, message);
    sc_text_free(&text);
}

void sc_fail_task(struct sc_task *task)
{
    sc_fail_of(task->engine, task->lua);
}
