/* prng_test.h - pseudo-random numbers with a fixed seed for the unit tests of this room: the same on every
 * run. */
#ifndef PROTOCOL_PRNG_TEST_H
#define PROTOCOL_PRNG_TEST_H

#include <stddef.h>
#include <stdint.h>

struct prng {
    uint64_t state; /* any seed but 0 */
};

/* xorshift64* */
static inline uint64_t prng_next(struct prng *prng)
{
    uint64_t x = prng->state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    prng->state = x;
    return x * 0x2545F4914F6CDD1DULL;
}

/* 0..bound-1. */
static inline uint32_t prng_below(struct prng *prng, uint32_t bound)
{
    return (uint32_t)((prng_next(prng) >> 32) % bound);
}

static inline void prng_fill(struct prng *prng, uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(prng_next(prng) >> 40);
}

#endif
