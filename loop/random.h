/* random.h - reproducible random numbers: a draw is a pure function of its keys, so that removing one
 * consumer leaves the draws of all others unchanged. Integer arithmetic only: the same on every machine. */
#ifndef LOOP_RANDOM_H
#define LOOP_RANDOM_H

#include <stdint.h>

/* 64 bits for (seed, who, which one of its things, how many draws before). */
uint64_t s7_draw(uint64_t seed, uint64_t who, uint64_t which, uint64_t nth);

/* Evenly in low..high, both included; bits from s7_draw. high >= low. */
int64_t s7_draw_range(uint64_t bits, int64_t low, int64_t high);

#endif
