#include "test_sandbox.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

static struct outcome now;

static void note(const char *text, size_t len, char end)
{
    size_t used = strlen(now.text);

    if (len + 2 > sizeof now.text - used)
        len = sizeof now.text - used - 2;
    memcpy(now.text + used, text, len);
    now.text[used + len] = end;
    now.text[used + len + 1] = '\0';
}

static int say(lua_State *lua)
{
    int n = lua_gettop(lua);

    for (int i = 1; i <= n; i++) {
        size_t len;
        const char *text = sc_sandbox_text(lua, i, &len);
        note(text, len, i == n ? '\n' : ' ');
    }
    return 0;
}

static int wait(lua_State *lua)
{
    return lua_yield(lua, 0);
}

static void run_thread(lua_State *lua, const char *text)
{
    lua_State *thread = lua_newthread(lua);
    int n_results;

    sc_sandbox_adopt(thread);
    now.status = sc_sandbox_load(thread, text, strlen(text), "test.lua");
    if (now.status == LUA_OK) {
        while ((now.status = lua_resume(thread, lua, 0, &n_results)) == LUA_YIELD)
            sc_sandbox_breathe(thread);
    }
    if (now.status != LUA_OK && lua_type(thread, -1) == LUA_TSTRING)
        note(lua_tostring(thread, -1), lua_rawlen(thread, -1), '\n');
    now.over = sc_sandbox_over(lua);
}

void run_limited(struct outcome *outcome, const char *text, uint64_t seed,
                 const struct sc_sandbox_limits *limits)
{
    lua_State *lua = sc_sandbox_new(seed, limits);

    assert_non_null(lua);
    now = (struct outcome){.status = LUA_OK};
    lua_register(lua, "say", say);
    lua_register(lua, "wait", wait);
    run_thread(lua, text);
    sc_sandbox_free(lua);
    *outcome = now;
}

static const struct sc_sandbox_limits few = {.steps = 3000000, .steps_turn = 1000000, .memory = 32 << 20};
static const struct sc_sandbox_limits small = {.steps = 3000000, .steps_turn = 1000000, .memory = 4 << 20};

#define WRONG(text, outcome)                                                                                 \
    fail_msg("%s\nended with %d, over: %s, said:\n%s", text, (outcome).status,                               \
             (outcome).over != NULL ? (outcome).over : "no", (outcome).text)

void assert_says(const char *text, const char *said)
{
    static struct outcome outcome;

    run_limited(&outcome, text, 1, &few);
    if (outcome.status != LUA_OK || outcome.over != NULL || strcmp(outcome.text, said) != 0)
        WRONG(text, outcome);
}

void assert_refused(const char *text, const char *why)
{
    static struct outcome outcome;

    run_limited(&outcome, text, 1, &few);
    if (outcome.status == LUA_OK || outcome.over != NULL || strstr(outcome.text, why) == NULL)
        WRONG(text, outcome);
}

void assert_stopped(const char *text)
{
    static struct outcome outcome;

    run_limited(&outcome, text, 1, &few);
    if (outcome.status != LUA_ERRRUN || outcome.over == NULL || strstr(outcome.over, "step limit") == NULL)
        WRONG(text, outcome);
    if (strstr(outcome.text, "step limit") == NULL)
        WRONG(text, outcome);
}

void assert_exhausted(const char *text)
{
    static struct outcome outcome;

    run_limited(&outcome, text, 1, &small);
    if (outcome.status == LUA_OK || outcome.over == NULL || strstr(outcome.over, "memory") == NULL)
        WRONG(text, outcome);
}
