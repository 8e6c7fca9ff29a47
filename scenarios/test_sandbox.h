/* test_sandbox.h - run a text in a sandbox as the engine does: on a thread that may wait. */
#ifndef SCENARIOS_TEST_SANDBOX_H
#define SCENARIOS_TEST_SANDBOX_H

#include "scenarios/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct outcome {
    int status;         /* LUA_OK, LUA_ERR... */
    const char *over;   /* as sc_sandbox_over */
    char text[1 << 16]; /* what say(...) said, a line each; then the error's text */
};

/* Texts may call say(...) and wait(). */
void run_limited(struct outcome *outcome, const char *text, uint64_t seed,
                 const struct sc_sandbox_limits *limits);

/* It ends well and says this. */
void assert_says(const char *text, const char *said);

/* It ends with an error that has this in it, and no limit was hit. */
void assert_refused(const char *text, const char *why);

/* It hits the limit of steps, and no pcall kept it from that. */
void assert_stopped(const char *text);

/* It uses up its memory. */
void assert_exhausted(const char *text);

#endif
