#include "bench/crowd.h"

#include "bench/turns.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static atomic_bool go, stop;
static atomic_uint times;
static const struct crowd *crowd; /* whose turn it is */

static void *work(void *own)
{
    unsigned n = 0;

    while (!atomic_load(&go)) {
        struct timespec nap = {.tv_nsec = 1000000};

        nanosleep(&nap, NULL);
    }
    for (; !atomic_load_explicit(&stop, memory_order_relaxed); n++) {
        s7_status status = crowd->once(own);

        if (status == S7_OK)
            continue;
        fprintf(stderr, "%s: %s\n", crowd->name, s7_errname(status));
        exit(1);
    }
    atomic_fetch_add(&times, n);
    return NULL;
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double cpu_s(const struct rusage *usage)
{
    return seconds_of(usage->ru_utime) + seconds_of(usage->ru_stime);
}

struct crowd_share crowd_measure(const struct crowd *who, void *const *own, unsigned n_own, unsigned ms)
{
    struct rusage before, after;
    pthread_t ids[CROWD_MAX];
    struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    crowd = who;
    atomic_store(&go, false);
    atomic_store(&stop, false);
    atomic_store(&times, 0);
    for (unsigned i = 0; i < who->threads; i++)
        if (pthread_create(&ids[i], NULL, work, i < n_own ? own[i] : NULL) != 0)
            exit(1);
    double begin_s = now_s();
    getrusage(RUSAGE_SELF, &before);
    atomic_store(&go, true);
    nanosleep(&span, NULL);
    atomic_store(&stop, true);
    for (unsigned i = 0; i < who->threads; i++)
        pthread_join(ids[i], NULL);
    getrusage(RUSAGE_SELF, &after);
    double n = atomic_load(&times) > 0 ? atomic_load(&times) : 1;
    return (struct crowd_share){.rate = n / (now_s() - begin_s),
                                .cpu_us = (cpu_s(&after) - cpu_s(&before)) * 1e6 / n,
                                .sleeps = (double)(after.ru_nvcsw - before.ru_nvcsw) / n};
}

static double column(const struct crowd_share *shares, size_t at, unsigned rounds)
{
    static double values[ROUNDS_MAX];

    for (unsigned i = 0; i < rounds; i++)
        values[i] = *(const double *)(const void *)((const char *)&shares[i] + at);
    return median(values, rounds);
}

void crowd_show(const char *name, const char *what, const struct crowd_share *shares,
                const struct crowd_share *others, unsigned rounds)
{
    static double ratios[ROUNDS_MAX];

    for (unsigned i = 0; i < rounds; i++)
        ratios[i] = shares[i].rate / others[i].rate;
    double middle = median(ratios, rounds);
    printf("%-32s %8.0f %ss/s, ratio %.3f (%.3f..%.3f), %6.2f us and %.2f sleeps a %s\n", name,
           column(shares, offsetof(struct crowd_share, rate), rounds), what, middle, ratios[0],
           ratios[rounds - 1], column(shares, offsetof(struct crowd_share, cpu_us), rounds),
           column(shares, offsetof(struct crowd_share, sleeps), rounds), what);
}
