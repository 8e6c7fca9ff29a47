/* crowd.h - threads that do the same again and again for a while, and what that costs: crowds take turns in
 * one process, and are compared within each round. A call that fails ends the process. */
#ifndef TESTS_BENCH_CROWD_H
#define TESTS_BENCH_CROWD_H

#include <s7rig/status.h>

#define CROWD_MAX 100

struct crowd {
    const char *name;
    unsigned threads; /* at most CROWD_MAX */
    s7_status (*once)(void *own);
};

struct crowd_share {
    double rate, cpu_us, sleeps; /* a second; of this process, each time */
};

/* own: one for each of the first n_own threads, the others get NULL. */
struct crowd_share crowd_measure(const struct crowd *who, void *const *own, unsigned n_own, unsigned ms);

/* One line: medians of the rounds, and its rate as a ratio to that of others, which may be itself. what: what
 * is done once. */
void crowd_show(const char *name, const char *what, const struct crowd_share *shares,
                const struct crowd_share *others, unsigned rounds);

#endif
