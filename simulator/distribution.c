#include "distribution.h"

#include "loop/random.h"

#include <stdbool.h>

#define MAX_NS  (INT64_C(24) * 3600 * 1000000000)
#define Q       24 /* bits behind the point of logarithms and deviations */
#define ONE     (INT64_C(1) << Q)
#define LOG2_E  24204406 /* of ONE */
#define LN_2    11629080
#define NORMALS 12 /* as many even draws have a deviation of 1 */

/* 2^(1/2), 2^(1/4), 2^(1/8) ..., of 2^31. */
static const uint32_t roots[Q] = {0xB504F334, 0x9837F052, 0x8B95C1E4, 0x85AAC368, 0x82CD8699, 0x8164D1F4,
                                  0x80B1ED50, 0x8058D7D3, 0x802C6437, 0x8016302F, 0x800B179D, 0x80058BAF,
                                  0x8002C5D0, 0x800162E6, 0x8000B173, 0x800058B9, 0x80002C5D, 0x8000162E,
                                  0x80000B17, 0x8000058C, 0x800002C6, 0x80000163, 0x800000B1, 0x80000059};

static int64_t limit(int64_t ns)
{
    return ns < 0 ? 0 : ns > MAX_NS ? MAX_NS : ns;
}

/* ns * factor / 2^bits; factor below 2^32, bits 16..31. */
static int64_t times(int64_t ns, uint64_t factor, unsigned bits)
{
    uint64_t high = (uint64_t)ns >> bits, low = (uint64_t)ns & ((UINT64_C(1) << bits) - 1);

    return (int64_t)(high * factor + (low * factor >> bits));
}

/* ns * 2^(power / ONE) */
static int64_t times_power(int64_t ns, int64_t power)
{
    int64_t whole = power >= 0 ? power / ONE : -((-power + ONE - 1) / ONE);
    uint64_t part = (uint64_t)(power - whole * ONE), factor = UINT64_C(1) << 31;

    for (unsigned i = 0; i < Q; i++)
        if (part >> (Q - 1 - i) & 1)
            factor = factor * roots[i] >> 31;
    ns = times(ns, factor, 31);
    for (; whole > 0 && ns < MAX_NS; whole--)
        ns *= 2;
    for (; whole < 0 && ns > 0; whole++)
        ns /= 2;
    return limit(ns);
}

/* -log2 of an even draw between 0 and 1, of ONE; at most 32. */
static int64_t minus_log2(uint64_t bits)
{
    uint64_t x = (bits >> 32) + 1; /* 1 .. 2^32, of 2^32 */
    int64_t whole = 32, part = 0;

    while (x >> whole == 0)
        whole--;
    x = whole > 31 ? x >> (whole - 31) : x << (31 - whole);
    for (unsigned i = 0; i < Q; i++) {
        x = x * x >> 31;
        part = part * 2 + (int64_t)(x >> 32);
        x >>= x >> 32;
    }
    return (32 - whole) * ONE - part;
}

/* The deviation of a normal draw, of ONE: -6 .. 6. */
static int64_t normal(uint64_t bits)
{
    int64_t sum = 0;

    for (unsigned i = 0; i < NORMALS; i++)
        sum += (int64_t)(s7_draw(bits, i, 0, 0) >> (64 - Q));
    return sum - NORMALS / 2 * ONE;
}

int64_t sim_dist_deviation(int64_t deviation, uint64_t bits)
{
    int64_t n = normal(bits), off = times(deviation, (uint64_t)(n < 0 ? -n : n), Q);

    return n < 0 ? -off : off;
}

int64_t sim_dist_draw(const struct sim_dist *dist, uint64_t bits)
{
    switch (dist->kind) {
    case SIM_DIST_NORMAL:
        return limit(dist->low_ns + sim_dist_deviation(dist->high_ns, bits));
    case SIM_DIST_LOGNORMAL:
        return times_power(dist->low_ns, normal(bits) * dist->shape / (int64_t)SIM_SHAPE_ONE * LOG2_E / ONE);
    case SIM_DIST_PARETO:
        return times_power(dist->low_ns, minus_log2(bits) * (int64_t)SIM_SHAPE_ONE / dist->shape);
    case SIM_DIST_EXP:
        return limit(times(dist->low_ns, (uint64_t)(minus_log2(bits) * LN_2 / ONE), Q));
    case SIM_DIST_TABLE:
        return dist->samples->ns[s7_draw_range(bits, 0, (int64_t)dist->samples->n - 1)] / dist->shape;
    default:
        return s7_draw_range(bits, dist->low_ns, dist->high_ns);
    }
}
