/* pool_crowd.c - what it costs to share: a hundred threads at a pool of ten connections that read 32 bytes,
 * with a lease for each read or without one, beside ten threads that have a connection each. They take turns
 * in one process; the ratio of reads is taken within each round.
 *
 * What sharing costs at least is measured as well: a hundred threads that pass ten connections on in the
 * order in which they came, and nothing else: no deadline, check, count, error, or thread that gives up.
 *
 * usage: bench_pool_crowd ADDR:PORT [ROUNDS [MILLISECONDS]]
 * Exit status: 0 measured, 1 a read failed, 2 usage, 4 cannot connect. */
#include "bench/turns.h"
#include "loop/bell.h"

#include <s7rig/pool.h>
#include <s7rig/pool_direct.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/resource.h>

#define CROWD       100
#define CONNECTIONS 10
#define READ_LEN    32

static s7_pool *pool;
static s7_client *owned[CONNECTIONS];
static atomic_bool go, stop;
static atomic_uint reads;

static s7_status read_once(s7_client *client, void *arg)
{
    uint8_t data[READ_LEN];

    (void)arg;
    return s7_read_db(client, NULL, 1, 0, data, sizeof data);
}

static s7_status read_owned(s7_client *client)
{
    return read_once(client, NULL);
}

static s7_status read_leased(s7_client *client)
{
    (void)client;
    return s7_pool_execute(pool, NULL, read_once, NULL);
}

static s7_status read_shared(s7_client *client)
{
    uint8_t data[READ_LEN];

    (void)client;
    return s7_pool_read_db(pool, NULL, 1, 0, data, sizeof data);
}

/* ---- passed on, and nothing else ---- */

struct turn {
    struct turn *next;
    struct s7_bell bell;
    s7_client *got;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct turn *first, *last;
static s7_client *idle[CONNECTIONS];
static unsigned n_idle;

/* With the mutex, which is released. */
static s7_client *wait_for_turn(void)
{
    struct turn turn = {.next = NULL};

    *(first != NULL ? &last->next : &first) = &turn;
    last = &turn;
    pthread_mutex_unlock(&mutex);
    (void)s7_bell_wait(&turn.bell, S7_NEVER_NS);
    return turn.got;
}

static s7_client *take(void)
{
    s7_client *client;

    pthread_mutex_lock(&mutex);
    if (n_idle == 0)
        return wait_for_turn();
    client = idle[--n_idle];
    pthread_mutex_unlock(&mutex);
    return client;
}

static void pass_on(s7_client *client)
{
    struct turn *turn;

    pthread_mutex_lock(&mutex);
    if ((turn = first) != NULL)
        first = turn->next;
    else
        idle[n_idle++] = client;
    pthread_mutex_unlock(&mutex);
    if (turn == NULL)
        return;
    turn->got = client;
    s7_bell_ring(&turn->bell, 1);
}

static s7_status read_passed(s7_client *own)
{
    s7_client *client = take();
    s7_status status = read_once(client, NULL);

    (void)own;
    pass_on(client);
    return status;
}

/* ---- who is compared ---- */

struct crowd {
    const char *name;
    unsigned threads;
    s7_status (*read)(s7_client *own);
};

static const struct crowd owners = {"10 threads, a connection each", CONNECTIONS, read_owned},
                          few = {"10 threads, pool of 10", CONNECTIONS, read_leased},
                          leased = {"100 threads, pool of 10", CROWD, read_leased},
                          passed = {"100 threads, passed on", CROWD, read_passed},
                          shared = {"100 threads, without leases", CROWD, read_shared};

static const struct crowd *crowd; /* whose turn it is */

/* client: the thread's own, if it has one. */
static void *work(void *client)
{
    unsigned n = 0;

    while (!atomic_load(&go)) {
        struct timespec nap = {.tv_nsec = 1000000};

        nanosleep(&nap, NULL);
    }
    for (; !atomic_load_explicit(&stop, memory_order_relaxed); n++) {
        s7_status status = crowd->read(client);

        if (status == S7_OK)
            continue;
        fprintf(stderr, "bench_pool_crowd: %s\n", s7_errname(status));
        exit(1);
    }
    atomic_fetch_add(&reads, n);
    return NULL;
}

struct share {
    double rate, cpu_us, switches; /* reads per second; of this process, per read */
};

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static struct share measure(const struct crowd *who, unsigned ms)
{
    struct rusage before, after;
    pthread_t ids[CROWD];
    struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    crowd = who;
    atomic_store(&go, false);
    atomic_store(&stop, false);
    atomic_store(&reads, 0);
    for (unsigned i = 0; i < who->threads; i++)
        if (pthread_create(&ids[i], NULL, work, i < CONNECTIONS ? owned[i] : NULL) != 0)
            exit(1);
    double begin_s = now_s();
    getrusage(RUSAGE_SELF, &before);
    atomic_store(&go, true);
    nanosleep(&span, NULL);
    atomic_store(&stop, true);
    for (unsigned i = 0; i < who->threads; i++)
        pthread_join(ids[i], NULL);
    getrusage(RUSAGE_SELF, &after);
    double n = atomic_load(&reads) > 0 ? atomic_load(&reads) : 1;
    return (struct share){.rate = n / (now_s() - begin_s),
                          .cpu_us = (seconds_of(after.ru_utime) + seconds_of(after.ru_stime) -
                                     seconds_of(before.ru_utime) - seconds_of(before.ru_stime)) *
                                    1e6 / n,
                          .switches = (double)(after.ru_nvcsw - before.ru_nvcsw) / n};
}

static double column(const struct share *shares, size_t at, unsigned rounds)
{
    static double values[ROUNDS_MAX];

    for (unsigned i = 0; i < rounds; i++)
        values[i] = *(const double *)(const void *)((const char *)&shares[i] + at);
    return median(values, rounds);
}

/* Those that are compared with the owners. */
static const struct crowd *const others[] = {&few, &passed, &leased, &shared};
#define OTHERS (sizeof others / sizeof others[0])

static struct share own[ROUNDS_MAX], their[OTHERS][ROUNDS_MAX];

static void show(const char *who, const struct share *shares, unsigned rounds)
{
    static double ratios[ROUNDS_MAX];

    for (unsigned i = 0; i < rounds; i++)
        ratios[i] = shares[i].rate / own[i].rate;
    double middle = median(ratios, rounds);
    printf("%-30s %7.0f reads/s, ratio %.3f (%.3f..%.3f), %5.1f us and %.2f sleeps a read\n", who,
           column(shares, offsetof(struct share, rate), rounds), middle, ratios[0], ratios[rounds - 1],
           column(shares, offsetof(struct share, cpu_us), rounds),
           column(shares, offsetof(struct share, switches), rounds));
}

/* Whoever goes first in one round goes last in the next. */
static void take_turns(unsigned rounds, unsigned ms)
{
    for (unsigned i = 0; i < rounds; i++) {
        if (i % 2 == 0)
            own[i] = measure(&owners, ms);
        for (size_t k = 0; k < OTHERS; k++)
            their[k][i] = measure(others[k], ms);
        if (i % 2 != 0)
            own[i] = measure(&owners, ms);
    }
    show(owners.name, own, rounds);
    for (size_t k = 0; k < OTHERS; k++)
        show(others[k]->name, their[k], rounds);
    printf("%u rounds of %u ms\n", rounds, ms);
}

static bool open_all(const char *endpoint)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    s7_pool_options options;
    bool good = true;

    s7_pool_options_init(&options);
    options.size = CONNECTIONS;
    options.start = S7_POOL_START_ALL;
    for (unsigned i = 0; good && i < CONNECTIONS; i++)
        good = s7_client_new(endpoint, NULL, &owned[i], &err) == S7_OK &&
               s7_client_connect(owned[i], &ctx) == S7_OK;
    for (; good && n_idle < CONNECTIONS; n_idle++)
        idle[n_idle] = owned[n_idle];
    if (good && s7_pool_new(endpoint, &options, &pool, &err) == S7_OK && s7_pool_start(pool, &ctx) == S7_OK)
        return true;
    fprintf(stderr, "bench_pool_crowd: %s: %s\n", err.asked, err.came);
    return false;
}

int main(int argc, char **argv)
{
    unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 15;
    unsigned long ms = argc > 3 ? strtoul(argv[3], NULL, 10) : 500;

    if (argc < 2 || argc > 4 || rounds < 1 || rounds > ROUNDS_MAX || ms < 1 || ms > 100000) {
        fprintf(stderr, "usage: bench_pool_crowd ADDR:PORT [ROUNDS [MILLISECONDS]]    (1..%d rounds)\n",
                ROUNDS_MAX);
        return 2;
    }
    if (!open_all(argv[1]))
        return 4;
    (void)measure(&leased, (unsigned)ms / 10 + 1); /* warm */
    (void)measure(&owners, (unsigned)ms / 10 + 1);
    take_turns((unsigned)rounds, (unsigned)ms);
    s7_pool_free(pool);
    for (unsigned i = 0; i < CONNECTIONS; i++)
        s7_client_free(owned[i]);
    return 0;
}
