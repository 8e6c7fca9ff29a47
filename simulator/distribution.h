/* distribution.h - times and how they are drawn: integer arithmetic only, so that a draw is the same on every
 * machine. A draw is a function of its bits. */
#ifndef SIMULATOR_DISTRIBUTION_H
#define SIMULATOR_DISTRIBUTION_H

#include <stddef.h>
#include <stdint.h>

enum sim_dist_kind {
    SIM_DIST_UNIFORM,   /* low .. high, both included; a fixed time is one of these */
    SIM_DIST_NORMAL,    /* average low, deviation high; cut at 0, and 6 deviations from the average */
    SIM_DIST_LOGNORMAL, /* median low, sigma shape */
    SIM_DIST_PARETO,    /* not below low, exponent shape */
    SIM_DIST_EXP,       /* average low */
    SIM_DIST_TABLE      /* one of the samples, between low and high, divided by shape */
};

#define SIM_SHAPE_ONE (UINT32_C(1) << 16)

/* Times that were recorded, in any order; recording.h. */
struct sim_samples {
    struct sim_samples *next;
    size_t n; /* from 1 */
    int64_t ns[];
};

struct sim_dist {
    enum sim_dist_kind kind;
    int64_t low_ns, high_ns;           /* 0 .. 24h */
    uint32_t shape;                    /* of SIM_SHAPE_ONE */
    const struct sim_samples *samples; /* of a table; not owned */
};

/* 0 .. 24h, whatever the distribution's tail is. */
int64_t sim_dist_draw(const struct sim_dist *dist, uint64_t bits);

/* How far a normal draw is from its average: up to 6 deviations. deviation: 0 .. 10^18. */
int64_t sim_dist_deviation(int64_t deviation, uint64_t bits);

#endif
