/* seeds.h - options of the commands that run scenarios. */
#ifndef CLI_SEEDS_H
#define CLI_SEEDS_H

#include <stdbool.h>
#include <stdint.h>

#define CLI_SEED_TAKES "a whole number of at most 19 digits"
#define CLI_JOBS_TAKES "a number 1..%u, or auto (or 0) for one per processor"

/* False: it is none. */
bool cli_seed(const char *text, uint64_t *seed);
/* A number of runs at a time, or "auto", one for each processor that this process may use. */
bool cli_jobs(const char *text, unsigned *jobs);

#endif
