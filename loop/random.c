#include "loop/random.h"

/* The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection in which every input bit moves every
 * output bit. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15);

/* One mix per key, so that (1, 2) and (2, 1) have nothing in common. */
uint64_t s7_draw(uint64_t seed, uint64_t who, uint64_t which, uint64_t nth)
{
    uint64_t x = mix(seed + golden);

    x = mix((x ^ who) + golden);
    x = mix((x ^ which) + golden);
    return mix((x ^ nth) + golden);
}

/* Upper half of a 128-bit product, from 32-bit halves: not every target has a 128-bit type. */
static uint64_t multiply_high(uint64_t a, uint64_t b)
{
    uint64_t a_low = a & UINT32_MAX, a_high = a >> 32;
    uint64_t b_low = b & UINT32_MAX, b_high = b >> 32;
    uint64_t middle = a_high * b_low + ((a_low * b_low) >> 32);
    uint64_t cross = a_low * b_high + (middle & UINT32_MAX);

    return a_high * b_high + (middle >> 32) + (cross >> 32);
}

int64_t s7_draw_range(uint64_t bits, int64_t low, int64_t high)
{
    uint64_t span = (uint64_t)high - (uint64_t)low + 1; /* 0: all 2^64 values */
    uint64_t offset = span == 0 ? bits : multiply_high(bits, span);

    return (int64_t)((uint64_t)low + offset);
}
