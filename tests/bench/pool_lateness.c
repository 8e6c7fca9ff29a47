/* pool_lateness.c - when nobody gets a connection: how long after its deadline does a get return? 64 threads
 * wait for the only connection, which somebody keeps, each for 10 to 60 ms again and again, while twice as
 * many threads as there are processors do nothing but count. Beside it, the same threads wait as long for a
 * condition variable that nobody signals. They take turns.
 *
 * usage: bench_pool_lateness ADDR:PORT [ROUNDS [MILLISECONDS]]
 * Exit status: 0 measured, 1 a get ended before its deadline or with another status, 2 usage, 4 no pool. */
#include "bench/spans.h"

#include <s7rig/pool.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define THREADS   64
#define LEAST_MS  10
#define MOST_MS   60
#define COUNTERS  64 /* at most */
#define KEPT      20000
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

static s7_pool *pool;
static atomic_bool stop;

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* ---- two ways to wait in vain ---- */

static void get_in_vain(unsigned ms)
{
    s7_client *client;
    s7_status status = s7_pool_get(pool, S7_WITHIN((int32_t)ms), &client);

    if (status == S7_E_POOL_EXHAUSTED)
        return;
    fprintf(stderr, "bench_pool_lateness: %s\n", s7_errname(status));
    exit(1);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never;

static void wait_in_vain(unsigned ms)
{
    int64_t until_ns = now_ns() + ms * NS_PER_MS;
    struct timespec until = {.tv_sec = until_ns / NS_PER_S, .tv_nsec = until_ns % NS_PER_S};

    pthread_mutex_lock(&mutex);
    while (pthread_cond_timedwait(&never, &mutex, &until) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(&mutex);
}

static bool open_never(void)
{
    pthread_condattr_t attributes;

    return pthread_condattr_init(&attributes) == 0 &&
           pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
           pthread_cond_init(&never, &attributes) == 0;
}

/* ---- threads ---- */

struct waiter {
    pthread_t thread;
    void (*wait)(unsigned ms);
    unsigned number, n, early;
    int64_t late_ns[KEPT];
};

static void *wait_again_and_again(void *arg)
{
    struct waiter *waiter = arg;

    while (!atomic_load(&stop) && waiter->n < KEPT) {
        unsigned ms = LEAST_MS + (waiter->number * 7 + waiter->n * 13) % (MOST_MS - LEAST_MS + 1);
        int64_t begin_ns = now_ns();

        waiter->wait(ms);
        int64_t late_ns = now_ns() - begin_ns - ms * NS_PER_MS;
        waiter->early += late_ns < 0;
        waiter->late_ns[waiter->n++] = late_ns;
    }
    return NULL;
}

static void *count(void *arg)
{
    for (volatile unsigned n = 0; !atomic_load_explicit(&stop, memory_order_relaxed);)
        n = n + 1;
    return arg;
}

/* Returns how many ended too early. */
static unsigned measure(void (*wait)(unsigned), unsigned counters, unsigned ms, struct spans *spans)
{
    static struct waiter waiters[THREADS];
    struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * NS_PER_MS};
    pthread_t busy[COUNTERS];
    unsigned early = 0;

    atomic_store(&stop, false);
    for (unsigned i = 0; i < counters; i++)
        if (pthread_create(&busy[i], NULL, count, NULL) != 0)
            exit(1);
    for (unsigned i = 0; i < THREADS; i++) {
        struct waiter *waiter = &waiters[i];

        waiter->wait = wait;
        waiter->number = i;
        waiter->n = waiter->early = 0;
        if (pthread_create(&waiter->thread, NULL, wait_again_and_again, waiter) != 0)
            exit(1);
    }
    nanosleep(&span, NULL);
    atomic_store(&stop, true);
    for (unsigned i = 0; i < counters; i++)
        pthread_join(busy[i], NULL);
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(waiters[i].thread, NULL);
        early += waiters[i].early;
        for (unsigned k = 0; k < waiters[i].n; k++)
            span_add(spans, waiters[i].late_ns[k]);
    }
    return early;
}

static unsigned take_turns(unsigned counters, unsigned rounds, unsigned ms)
{
    static struct spans ours, theirs;
    unsigned early = 0, their_early = 0;

    ours.n = theirs.n = 0;
    for (unsigned i = 0; i < rounds; i++) {
        if (i % 2 == 0)
            early += measure(get_in_vain, counters, ms, &ours);
        their_early += measure(wait_in_vain, counters, ms, &theirs);
        if (i % 2 != 0)
            early += measure(get_in_vain, counters, ms, &ours);
    }
    printf("%u threads that wait in vain, %u that count; time after the deadline:\n", THREADS, counters);
    spans_show("s7_pool_get", &ours);
    spans_show("condition variable", &theirs);
    printf("  p50 %+.1f us, p99 ratio %.2f; before the deadline: %u, %u\n",
           percentile(&ours, 50) - percentile(&theirs, 50), percentile(&ours, 99) / percentile(&theirs, 99),
           early, their_early);
    return early;
}

static bool open_pool(const char *endpoint)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    s7_pool_options options;

    s7_pool_options_init(&options);
    options.size = 1;
    if (s7_pool_new(endpoint, &options, &pool, &err) == S7_OK && s7_pool_start(pool, &ctx) == S7_OK)
        return true;
    fprintf(stderr, "bench_pool_lateness: %s: %s\n", err.asked, err.came);
    return false;
}

int main(int argc, char **argv)
{
    unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 10;
    unsigned long ms = argc > 3 ? strtoul(argv[3], NULL, 10) : 1000;
    long counters = 2 * sysconf(_SC_NPROCESSORS_ONLN);
    s7_client *kept;

    if (argc < 2 || argc > 4 || rounds < 1 || rounds > ROUNDS_MAX || ms < 1 || ms > 100000) {
        fprintf(stderr, "usage: bench_pool_lateness ADDR:PORT [ROUNDS [MILLISECONDS]]    (1..%d rounds)\n",
                ROUNDS_MAX);
        return 2;
    }
    if (!open_never() || !open_pool(argv[1]) || s7_pool_get(pool, NULL, &kept) != S7_OK)
        return 4;
    unsigned early = take_turns(0, (unsigned)rounds, (unsigned)ms);
    early += take_turns(counters < COUNTERS ? (unsigned)counters : COUNTERS, (unsigned)rounds, (unsigned)ms);
    (void)s7_pool_put(pool, kept);
    s7_pool_free(pool);
    return early > 0;
}
