/* pool_pair.c - what it costs to borrow a connection and to give it back when nobody else wants one:
 * s7_pool_get and s7_pool_put, beside locking and unlocking a mutex of pthreads. The two take turns in one
 * process, whose other thread (the pool's) makes the mutex a real one; the ratio is taken within each round.
 *
 * usage: bench_pool_pair ADDR:PORT [ROUNDS [PAIRS]]
 * Exit status: 0 measured, 1 a get or put failed, 2 usage, 4 no pool. */
#include "bench/turns.h"

#include <s7rig/pool.h>

#include <pthread.h>
#include <stdio.h>

#define RUNS 10 /* a turn */

static s7_pool *pool;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const s7_ctx *context; /* of s7_pool_get */

static s7_status lock_and_unlock(void)
{
    return pthread_mutex_lock(&mutex) == 0 && pthread_mutex_unlock(&mutex) == 0 ? S7_OK : S7_E_IO;
}

/* A function of its own in any case: ci/instructions counts what it takes. */
static s7_status __attribute__((noinline)) get_and_put(void)
{
    s7_client *client;
    s7_status status = s7_pool_get(pool, context, &client);

    return status == S7_OK ? s7_pool_put(pool, client) : status;
}

static s7_status get_and_put_beside(void)
{
    s7_client *client;
    s7_status status = s7_pool_get(pool, context, &client);

    return status == S7_OK ? s7_pool_put(pool, client) : status;
}

/* Nanoseconds of one; ends the process when one fails. */
static double cost_of_run(s7_status (*pair)(void), unsigned pairs)
{
    double begin_s = now_s();

    for (unsigned i = 0; i < pairs; i++) {
        s7_status status = pair();

        if (status == S7_OK)
            continue;
        fprintf(stderr, "bench_pool_pair: %s\n", s7_errname(status));
        exit(1);
    }
    return (now_s() - begin_s) * 1e9 / pairs;
}

/* The best of some runs, which nothing has interrupted. */
static double cost(s7_status (*pair)(void), unsigned pairs)
{
    double least = cost_of_run(pair, pairs);

    for (unsigned i = 1; i < RUNS; i++) {
        double ns = cost_of_run(pair, pairs);

        least = ns < least ? ns : least;
    }
    return least;
}

static void take_turns(const char *what, s7_status (*pair)(void), unsigned rounds, unsigned pairs)
{
    static double ours[ROUNDS_MAX], theirs[ROUNDS_MAX], ratios[ROUNDS_MAX];

    for (unsigned i = 0; i < rounds; i++) {
        if (i % 2 == 0)
            ours[i] = cost(pair, pairs);
        theirs[i] = cost(lock_and_unlock, pairs);
        if (i % 2 != 0)
            ours[i] = cost(pair, pairs);
        ratios[i] = ours[i] / theirs[i];
    }
    double middle = median(ratios, rounds);
    printf("%-32s %6.1f ns, lock + unlock %5.1f ns, ratio %.2f (%.2f..%.2f), %u rounds of %u\n", what,
           median(ours, rounds), median(theirs, rounds), middle, ratios[0], ratios[rounds - 1], rounds,
           pairs);
}

static bool open_pool(const char *endpoint)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};

    if (s7_pool_new(endpoint, NULL, &pool, &err) == S7_OK && s7_pool_start(pool, &ctx) == S7_OK)
        return true;
    fprintf(stderr, "bench_pool_pair: %s: %s\n", err.asked, err.came);
    return false;
}

int main(int argc, char **argv)
{
    unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 101;
    unsigned long pairs = argc > 3 ? strtoul(argv[3], NULL, 10) : 1000;
    s7_ctx named = {.struct_size = sizeof named, .timeout_ms = 1000, .label = "bench"};
    s7_client *other = NULL;

    if (argc < 2 || argc > 4 || rounds < 1 || rounds > ROUNDS_MAX || pairs < 1 || pairs > 10000000) {
        fprintf(stderr, "usage: bench_pool_pair ADDR:PORT [ROUNDS [PAIRS]]    (1..%d rounds)\n", ROUNDS_MAX);
        return 2;
    }
    if (!open_pool(argv[1]))
        return 4;
    for (unsigned i = 0; i < 10; i++) /* warm */
        if (get_and_put_beside() != S7_OK)
            return 1;
    take_turns("get + put", get_and_put, (unsigned)rounds, (unsigned)pairs);
    context = &named;
    for (unsigned i = 0; i < 10; i++)
        if (get_and_put_beside() != S7_OK)
            return 1;
    take_turns("with a deadline and a label", get_and_put, (unsigned)rounds, (unsigned)pairs);
    if (s7_pool_get(pool, &named, &other) != S7_OK)
        return 1;
    take_turns("while another lease is out", get_and_put_beside, (unsigned)rounds, (unsigned)pairs);
    (void)s7_pool_put(pool, other);
    s7_pool_free(pool);
    return 0;
}
