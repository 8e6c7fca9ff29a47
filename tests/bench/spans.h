/* spans.h - times that something took, kept until the end, and what is printed of them. */
#ifndef TESTS_BENCH_SPANS_H
#define TESTS_BENCH_SPANS_H

#include "bench/turns.h"

#include <stdint.h>
#include <stdio.h>

#define SPANS_MAX 1000000

struct spans {
    unsigned n;
    double us[SPANS_MAX];
};

static inline void span_add(struct spans *spans, int64_t ns)
{
    if (spans->n < SPANS_MAX)
        spans->us[spans->n++] = (double)ns / 1e3;
}

/* Sorts them; 0 when there are none. */
static inline double percentile(struct spans *spans, double percent)
{
    if (spans->n == 0)
        return 0;
    qsort(spans->us, spans->n, sizeof spans->us[0], compare);
    return spans->us[(unsigned)((spans->n - 1) * percent / 100)];
}

static inline void spans_show(const char *name, struct spans *spans)
{
    printf("%-32s p50 %8.1f us, p99 %8.1f, p99.9 %8.1f, max %8.1f   (%u)\n", name, percentile(spans, 50),
           percentile(spans, 99), percentile(spans, 99.9), percentile(spans, 100), spans->n);
}

#endif
