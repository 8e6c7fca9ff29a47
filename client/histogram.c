#include "client/histogram.h"

#define SUBS (1U << S7_HISTOGRAM_SUB_BITS)

static unsigned bucket_of(uint64_t ns)
{
    if (ns < UINT64_C(1) << S7_HISTOGRAM_FIRST_BIT)
        return 0;
    unsigned bit = 63 - (unsigned)__builtin_clzll(ns);
    if (bit >= S7_HISTOGRAM_LAST_BIT)
        return S7_HISTOGRAM_BUCKETS - 1;
    unsigned sub = (unsigned)(ns >> (bit - S7_HISTOGRAM_SUB_BITS)) & (SUBS - 1);
    return 1 + (bit - S7_HISTOGRAM_FIRST_BIT) * SUBS + sub;
}

static int64_t middle_of(unsigned bucket)
{
    if (bucket == 0)
        return INT64_C(1) << (S7_HISTOGRAM_FIRST_BIT - 1);
    unsigned bit = S7_HISTOGRAM_FIRST_BIT + (bucket - 1) / SUBS;
    int64_t width = INT64_C(1) << (bit - S7_HISTOGRAM_SUB_BITS);
    return (INT64_C(1) << bit) + (bucket - 1) % SUBS * width + width / 2;
}

void s7_histogram_add_many(struct s7_histogram *histogram, int64_t ns, uint64_t n)
{
    if (n == 0)
        return;
    if (ns < 0)
        ns = 0;
    uint32_t *bucket = &histogram->buckets[bucket_of((uint64_t)ns)];
    int64_t sum_ns;

    if (histogram->count == 0 || ns < histogram->min_ns)
        histogram->min_ns = ns;
    if (ns > histogram->max_ns)
        histogram->max_ns = ns;
    histogram->count += n;
    if (__builtin_mul_overflow(ns, n, &sum_ns) ||
        __builtin_add_overflow(sum_ns, histogram->sum_ns, &histogram->sum_ns))
        histogram->sum_ns = INT64_MAX;
    *bucket = n > UINT32_MAX - *bucket ? UINT32_MAX : *bucket + (uint32_t)n;
}

void s7_histogram_add(struct s7_histogram *histogram, int64_t ns)
{
    s7_histogram_add_many(histogram, ns, 1);
}

void s7_histogram_take_back(struct s7_histogram *histogram, int64_t ns)
{
    if (histogram->count <= 1) {
        *histogram = (struct s7_histogram){0};
        return;
    }
    if (ns < 0)
        ns = 0;
    uint32_t *bucket = &histogram->buckets[bucket_of((uint64_t)ns)];

    histogram->count--;
    if (histogram->sum_ns != INT64_MAX)
        histogram->sum_ns -= ns;
    if (*bucket != UINT32_MAX)
        --*bucket;
}

int64_t s7_histogram_quantile(const struct s7_histogram *histogram, unsigned per_mille)
{
    uint64_t in_buckets = 0, seen = 0;
    unsigned i = 0;

    for (unsigned b = 0; b < S7_HISTOGRAM_BUCKETS; b++)
        in_buckets += histogram->buckets[b];
    if (in_buckets == 0)
        return 0;
    uint64_t rank = in_buckets / 1000 * per_mille + (in_buckets % 1000 * per_mille + 999) / 1000;
    for (; i + 1 < S7_HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen >= rank && seen > 0)
            break;
    }
    int64_t ns = middle_of(i);
    return ns < histogram->min_ns ? histogram->min_ns : ns > histogram->max_ns ? histogram->max_ns : ns;
}
