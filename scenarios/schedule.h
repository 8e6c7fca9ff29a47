/* schedule.h - a list of faults, as search draws it, shrink shortens it and a file's replay{} says it.
 *
 * A schedule is drawn from templates, words of a fault with what is to be drawn in braces:
 *
 *     {1..40}        a whole number, small ones more often
 *     {10ms..5s}     a time, the same: two digits, so that it can be read
 *     {a|b|c}        one of these
 *     {when}         a time from 0 to the end of the search
 *     {late}         a time just beyond what the clients wait for
 *
 * A fault that is named without words gets those of the built-in templates, and triggers that fit it. Draws
 * are keyed by (seed, which fault, how many draws before): pure functions, integers only. */
#ifndef SCENARIOS_SCHEDULE_H
#define SCENARIOS_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SC_SCHEDULE_MAX 16

/* The words of a fault are as long as those of a row of the plant file. */
struct sc_planned {
    char plc[65]; /* its name */
    char name[32];
    char args[256];
};

struct sc_schedule {
    unsigned n;
    struct sc_planned at[SC_SCHEDULE_MAX];
};

struct sc_draw {
    uint64_t seed;
    const char *const *faults; /* "rst_now", or a template "slow fn=read dist={late}" */
    size_t n_faults;           /* 0: all that a client must survive */
    const char *const *plcs;   /* names; at least one */
    size_t n_plcs;
    unsigned max;         /* faults, 1..SC_SCHEDULE_MAX */
    uint32_t over_ms;     /* how long the search lasts */
    uint32_t patience_ms; /* how long the clients wait for an answer */
};

/* Draw a schedule of 1..max faults. false: one of the faults cannot be drawn from, whatever the seed is;
 * error says why. */
bool sc_draw_schedule(const struct sc_draw *draw, struct sc_schedule *out, char *error, size_t cap);

/* Does the schedule still fail in the same way? */
typedef bool sc_still_fn(const struct sc_schedule *schedule, void *arg);

/* The shortest list that still fails: first without faults, then each fault with fewer words, and in what is
 * left rounder and smaller numbers. `schedule` fails when it comes, and when it goes; still is asked at most
 * max_runs times. Returns how often it was. */
unsigned sc_shrink(struct sc_schedule *schedule, sc_still_fn *still, void *arg, unsigned max_runs);

#endif
