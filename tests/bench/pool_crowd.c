/* pool_crowd.c - what it costs to share: a hundred threads at a pool of ten connections that read 32 bytes,
 * with a lease for each read or without one, beside ten threads that have a connection each. They take turns
 * in one process; the ratio of reads is taken within each round.
 *
 * What sharing costs at least is measured as well: a hundred threads that pass ten connections on in the
 * order in which they came, and nothing else: no deadline, check, count, error, or thread that gives up.
 *
 * usage: bench_pool_crowd ADDR:PORT [ROUNDS [MILLISECONDS]]
 * Exit status: 0 measured, 1 a read failed, 2 usage, 4 cannot connect. */
#include "bench/crowd.h"
#include "bench/turns.h"
#include "loop/bell.h"

#include <s7rig/pool.h>
#include <s7rig/pool_direct.h>

#include <pthread.h>
#include <stdio.h>

#define CROWD       100
#define CONNECTIONS 10
#define READ_LEN    32

static s7_pool *pool;
static s7_client *owned[CONNECTIONS];

static s7_status read_once(s7_client *client, void *arg)
{
    uint8_t data[READ_LEN];

    (void)arg;
    return s7_read_db(client, NULL, 1, 0, data, sizeof data);
}

static s7_status read_owned(void *own)
{
    return read_once(own, NULL);
}

static s7_status read_leased(void *own)
{
    (void)own;
    return s7_pool_execute(pool, NULL, read_once, NULL);
}

static s7_status read_shared(void *own)
{
    uint8_t data[READ_LEN];

    (void)own;
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

static s7_status read_passed(void *own)
{
    s7_client *client = take();
    s7_status status = read_once(client, NULL);

    (void)own;
    pass_on(client);
    return status;
}

/* ---- who is compared ---- */

static const struct crowd owners = {"10 threads, a connection each", CONNECTIONS, read_owned},
                          few = {"10 threads, pool of 10", CONNECTIONS, read_leased},
                          leased = {"100 threads, pool of 10", CROWD, read_leased},
                          passed = {"100 threads, passed on", CROWD, read_passed},
                          shared = {"100 threads, without leases", CROWD, read_shared};

/* Those that are compared with the owners. */
static const struct crowd *const others[] = {&few, &passed, &leased, &shared};
#define OTHERS (sizeof others / sizeof others[0])

static struct crowd_share own[ROUNDS_MAX], their[OTHERS][ROUNDS_MAX];

static struct crowd_share measure(const struct crowd *who, unsigned ms)
{
    void *clients[CONNECTIONS];

    for (unsigned i = 0; i < CONNECTIONS; i++)
        clients[i] = owned[i];
    return crowd_measure(who, clients, CONNECTIONS, ms);
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
    crowd_show(owners.name, "read", own, own, rounds);
    for (size_t k = 0; k < OTHERS; k++)
        crowd_show(others[k]->name, "read", their[k], own, rounds);
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
