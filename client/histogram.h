/* histogram.h - time spans in buckets whose width grows with them: 8 per power of two, from 1024 ns to 2^42
 * ns (73 minutes). Fixed size, no allocation; zeroed memory is an empty one. */
#ifndef CLIENT_HISTOGRAM_H
#define CLIENT_HISTOGRAM_H

#include <stdint.h>

#define S7_HISTOGRAM_FIRST_BIT 10
#define S7_HISTOGRAM_LAST_BIT  42
#define S7_HISTOGRAM_SUB_BITS  3
#define S7_HISTOGRAM_BUCKETS   (1 + ((S7_HISTOGRAM_LAST_BIT - S7_HISTOGRAM_FIRST_BIT) << S7_HISTOGRAM_SUB_BITS))

struct s7_histogram {
    uint64_t count;
    int64_t sum_ns, min_ns, max_ns;         /* exact; the sum stops growing at its maximum */
    uint32_t buckets[S7_HISTOGRAM_BUCKETS]; /* the first: below 1024 ns; the last: all that is longer, too */
};

/* ns < 0 counts as 0. */
void s7_histogram_add(struct s7_histogram *histogram, int64_t ns);
void s7_histogram_add_many(struct s7_histogram *histogram, int64_t ns, uint64_t n); /* the same n times */

/* One that was added is none after all. min_ns and max_ns stay, unless it was the only one. */
void s7_histogram_take_back(struct s7_histogram *histogram, int64_t ns);

/* The least span that at least per_mille of 1000 do not exceed, off by 1/16 of itself at most. Between min_ns
 * and max_ns. 0 for an empty histogram. */
int64_t s7_histogram_quantile(const struct s7_histogram *histogram, unsigned per_mille);

#endif
