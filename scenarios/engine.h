/* engine.h - runs one scenario file: a fresh world (loop, plants, servers), its Lua text, and a report.
 *
 * Virtual: time jumps, the network is seeded memory, the same file and seed give the same trace. Real: the
 * kernel's TCP on loopback, pools and clients on the loop or on threads, every time of the scenario and its
 * pools divided by `scale`. */
#ifndef SCENARIOS_ENGINE_H
#define SCENARIOS_ENGINE_H

#include "scenarios/schedule.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Which faults search{} arms. */
enum sc_breaks {
    SC_BREAKS_OF_FILE, /* those of its replay{}; without one none */
    SC_BREAKS_DRAWN,   /* by the seed */
    SC_BREAKS_GIVEN
};

struct sc_options {
    uint64_t seed;  /* of the network, faults, pools' jitter and the scenario's random numbers */
    bool own_seed;  /* a file that says its seed, by replay{}, runs with that instead */
    bool real;      /* loopback sockets and the real clock */
    bool threads;   /* real only: the pool for threads and the blocking client */
    uint32_t scale; /* real only: times are divided by it; 1 and up */
    enum sc_breaks breaks;
    const struct sc_schedule *given; /* SC_BREAKS_GIVEN */
    bool plan_only; /* passed as soon as it is known what search{} arms; nothing is armed then */
    FILE *trace;    /* what went over the network, one line per event; NULL: not written */
};

enum sc_outcome {
    SC_PASSED,
    SC_FAILED,
    SC_SKIPPED,  /* it cannot run in this world, and says why */
    SC_NO_PARSE, /* the file is no Lua, or cannot be read */
    SC_NO_WORLD  /* the world could not be made: memory, files, sockets */
};

#define SC_TITLE_CAP 120
#define SC_KEY_CAP   160

#define SC_LIMIT_WALL_NS INT64_C(120000000000) /* real: a scenario that has not ended by then has failed */

struct sc_report {
    enum sc_outcome outcome;
    char title[SC_TITLE_CAP]; /* the scenario's own, else "" */
    char *text; /* why it did not pass, what it logged, several lines; owned by the report, may be NULL */
    bool slip;  /* failed by a mistake in its text rather than by what came */
    char key[SC_KEY_CAP]; /* failed: what it failed of, the same whatever values came */
    uint64_t seed;        /* it ran with */
    bool searched;        /* it came to its search{}; that arms: */
    struct sc_schedule schedule;
    unsigned expectations; /* checked */
    unsigned n_faults;     /* armed */
    uint64_t fired;        /* firings of all of them */
    int64_t scenario_ns;   /* how long it took in its own time */
    int64_t wall_ns;
    uint64_t trace_hash; /* virtual only */
    int64_t stalled_ns;  /* real only: the longest time in which this machine did not run us */
};

void sc_run_file(const char *path, const struct sc_options *options, struct sc_report *report);
/* Read and load it, run nothing: SC_PASSED, SC_NO_PARSE, SC_NO_WORLD (no memory); the text names the file by
 * its whole path. */
void sc_check_file(const char *path, struct sc_report *report);
void sc_report_free(struct sc_report *report);

#endif
