/* hunt.h - runs a scenario with one seed after the other until one fails, shortens what was broken then, and
 * writes it down as a scenario.
 *
 * Each run is a process, so that one that crashes is a failure like any other. Which seed is found, what it
 * is shrunk to and every text are functions of the file and the first seed: how many run at a time makes no
 * difference. */
#ifndef SCENARIOS_HUNT_H
#define SCENARIOS_HUNT_H

#include "scenarios/run.h"

struct sc_hunt_options {
    const char *path;
    struct sc_run_options run; /* one.seed: the first; jobs, signals; virtual time only */
    uint32_t seeds;            /* how many, at least 1 */
    unsigned max_runs;         /* to shrink */
};

enum sc_hunt_end {
    SC_HUNT_PASSED,
    SC_HUNT_FOUND,
    SC_HUNT_UNSTEADY,  /* a seed failed, and passed when it was run again */
    SC_HUNT_NO_SEARCH, /* the scenario never came to a search{} */
    SC_HUNT_NO_PARSE,  /* text: why; this and the next */
    SC_HUNT_NO_WORLD,
    SC_HUNT_INTERRUPTED /* a signal came */
};

struct sc_hunt {
    enum sc_hunt_end end;
    uint32_t passed;                  /* seeds */
    uint64_t seed;                    /* that failed, this and the next four */
    struct sc_schedule drawn, shrunk; /* what it broke, what is left of it */
    unsigned runs;                    /* that it took to shrink */
    bool crashed;                     /* its process did; the key says how */
    char key[SC_KEY_CAP];             /* what it failed of */
    char *text;                       /* the report, several lines; may be NULL; the hunt's */
};

/* Seed after seed, and the first that fails is shrunk. Free it with sc_hunt_free. */
void sc_hunt_seeds(const struct sc_hunt_options *options, struct sc_hunt *hunt);

/* Only the first seed; what is broken is what the file's own replay{} says, if it has one (with its seed,
 * unless own_seed is false). */
void sc_hunt_again(const struct sc_hunt_options *options, struct sc_hunt *hunt);

void sc_hunt_free(struct sc_hunt *hunt);

/* The scenario that fails in the same way whenever it is run: a replay{} before the text of the file, without
 * one that was written there before. False: the file cannot be read any more. Whether all was written, ferror
 * says. */
bool sc_hunt_write(FILE *out, const struct sc_hunt *hunt, const char *path);

#endif
