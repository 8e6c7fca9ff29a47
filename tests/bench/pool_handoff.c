/* pool_handoff.c - from the put of one thread to the get of another that waited for it: how long until that
 * one runs. Beside it, the same two threads and a mutex with a condition variable, and a single word that the
 * kernel watches (a futex): what waking a thread costs at least. They take turns, hand-over by hand-over,
 * with both threads on one core and then on a core each.
 *
 * usage: bench_pool_handoff ADDR:PORT [HANDOVERS]
 * Exit status: 0 measured, 1 a get failed, 2 usage, 4 no pool. */
#include "bench/spans.h"

#include <s7rig/pool.h>

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static s7_pool *pool;
static s7_client *held;
static _Atomic int64_t woke_ns; /* when the one that waited ran again */

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void must(s7_status status)
{
    if (status == S7_OK)
        return;
    fprintf(stderr, "bench_pool_handoff: %s\n", s7_errname(status));
    exit(1);
}

/* ---- three ways to wait for the other one ---- */

struct way {
    const char *name;
    void (*wait)(void);
    void (*hand_over)(void);
};

/* The only connection is lent to the first thread, except while the second one has it. */
static void wait_for_connection(void)
{
    s7_client *client;

    must(s7_pool_get(pool, NULL, &client));
    atomic_store(&woke_ns, now_ns());
    must(s7_pool_put(pool, client));
}

static void put_connection(void)
{
    must(s7_pool_put(pool, held));
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t told = PTHREAD_COND_INITIALIZER;
static bool is_told;

static void wait_for_condition(void)
{
    pthread_mutex_lock(&mutex);
    while (!is_told)
        pthread_cond_wait(&told, &mutex);
    is_told = false;
    pthread_mutex_unlock(&mutex);
    atomic_store(&woke_ns, now_ns());
}

static void signal_condition(void)
{
    pthread_mutex_lock(&mutex);
    is_told = true;
    pthread_cond_signal(&told);
    pthread_mutex_unlock(&mutex);
}

static atomic_uint word;

static void wait_for_word(void)
{
    while (atomic_load(&word) == 0)
        (void)syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL);
    atomic_store(&word, 0);
    atomic_store(&woke_ns, now_ns());
}

static void wake_word(void)
{
    atomic_store(&word, 1);
    (void)syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1);
}

static const struct way ways[] = {{"put -> the other one's get", wait_for_connection, put_connection},
                                  {"mutex and condition variable", wait_for_condition, signal_condition},
                                  {"futex", wait_for_word, wake_word}};
#define WAYS (sizeof ways / sizeof ways[0])

/* ---- the two threads ---- */

static sem_t begin, done;
static const struct way *way;
static atomic_bool about_to_wait;

static void run_on(int core)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((size_t)core, &set);
    (void)pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

/* The second thread: waits once for each turn, and for the next turn otherwise. */
static void *wait_again_and_again(void *core)
{
    run_on(*(int *)core);
    while (sem_wait(&begin) == 0 && way != NULL) {
        atomic_store(&about_to_wait, true);
        way->wait();
        sem_post(&done);
    }
    return NULL;
}

/* It has said so, and then had the time to fall asleep. */
static void let_the_other_one_wait(void)
{
    static const struct timespec nap = {.tv_nsec = 200000};

    sem_post(&begin);
    while (!atomic_load(&about_to_wait))
        sched_yield();
    nanosleep(&nap, NULL);
    atomic_store(&about_to_wait, false);
}

static int64_t hand_over(const struct way *which)
{
    way = which;
    must(s7_pool_get(pool, NULL, &held));
    if (which->wait != wait_for_connection)
        must(s7_pool_put(pool, held));
    let_the_other_one_wait();
    int64_t put_ns = now_ns();
    which->hand_over();
    sem_wait(&done);
    return atomic_load(&woke_ns) - put_ns;
}

static void take_turns(const int cores[2], unsigned handovers)
{
    static struct spans spans[WAYS];
    int second = cores[1];
    pthread_t thread;

    run_on(cores[0]);
    if (pthread_create(&thread, NULL, wait_again_and_again, &second) != 0)
        exit(1);
    for (size_t k = 0; k < WAYS; k++)
        spans[k].n = 0;
    for (unsigned i = 0; i < handovers; i++)
        for (size_t k = 0; k < WAYS; k++)
            span_add(&spans[(i + k) % WAYS], hand_over(&ways[(i + k) % WAYS]));
    way = NULL;
    sem_post(&begin);
    pthread_join(thread, NULL);
    printf("%s:\n", cores[0] == cores[1] ? "both threads on one core" : "a core each");
    for (size_t k = 0; k < WAYS; k++)
        spans_show(ways[k].name, &spans[k]);
    for (size_t k = 1; k < WAYS; k++)
        printf("  beside the %s: p50 %+.1f us, ratio %.2f; p99 ratio %.2f\n", ways[k].name,
               percentile(&spans[0], 50) - percentile(&spans[k], 50),
               percentile(&spans[0], 50) / percentile(&spans[k], 50),
               percentile(&spans[0], 99) / percentile(&spans[k], 99));
}

/* ---- ---- */

/* The first two cores that this process may use; the same one twice when there is one. */
static void find_cores(int cores[2])
{
    cpu_set_t set;
    int n = 0;

    cores[0] = cores[1] = 0;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return;
    for (int core = 0; core < CPU_SETSIZE && n < 2; core++)
        if (CPU_ISSET((size_t)core, &set))
            cores[n++] = core;
    if (n == 1)
        cores[1] = cores[0];
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
    fprintf(stderr, "bench_pool_handoff: %s: %s\n", err.asked, err.came);
    return false;
}

int main(int argc, char **argv)
{
    unsigned long handovers = argc > 2 ? strtoul(argv[2], NULL, 10) : 5000;
    int cores[2];

    if (argc < 2 || argc > 3 || handovers < 1 || handovers > SPANS_MAX) {
        fprintf(stderr, "usage: bench_pool_handoff ADDR:PORT [HANDOVERS]    (1..%d)\n", SPANS_MAX);
        return 2;
    }
    if (!open_pool(argv[1]) || sem_init(&begin, 0, 0) != 0 || sem_init(&done, 0, 0) != 0)
        return 4;
    find_cores(cores);
    take_turns((const int[]){cores[0], cores[0]}, (unsigned)handovers);
    if (cores[0] != cores[1])
        take_turns(cores, (unsigned)handovers);
    s7_pool_free(pool);
    return 0;
}
