/* pool_queue.c - what it costs to hand connections over: 32 threads at a pool of eight that borrow one and
 * give it back at once, so that nearly everybody waits. Beside them, with the same threads:
 *
 *   passed on     eight things in a queue of a mutex and a condition variable for each who waits, handed over
 *                 in the order in which they came: the least that serves in order
 *   any order     the same eight, but whoever comes takes one, also before those who were woken up for it
 *   one mutex     locked and unlocked
 *
 * They take turns; ratios are taken within each round. Then the order is looked at: events of the pool tell
 * who began to wait and who was served, in the order in which both happened.
 *
 * usage: bench_pool_queue ADDR:PORT [ROUNDS [MILLISECONDS]]
 * Exit status: 0 measured, 1 a get failed, 2 usage, 4 no pool. */
#include "bench/crowd.h"
#include "bench/turns.h"

#include <s7rig/pool.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#define THREADS     32
#define CONNECTIONS 8

static s7_pool *pool;

static bool lets_others_run;

/* With what was borrowed. */
static void use(void)
{
    if (lets_others_run)
        sched_yield();
}

/* ---- the pool ---- */

static s7_status borrow(void *own)
{
    s7_client *client;
    s7_status status = s7_pool_get(pool, NULL, &client);

    (void)own;
    if (status != S7_OK)
        return status;
    use();
    return s7_pool_put(pool, client);
}

/* ---- eight things that are passed on ---- */

struct turn {
    struct turn *next;
    pthread_cond_t served;
    bool has_one;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct turn *first, *last;
static unsigned passed_idle = CONNECTIONS;

static void take_in_turn(void)
{
    struct turn turn = {.served = PTHREAD_COND_INITIALIZER};

    pthread_mutex_lock(&mutex);
    if (passed_idle > 0) {
        passed_idle--;
        pthread_mutex_unlock(&mutex);
        return;
    }
    *(first != NULL ? &last->next : &first) = &turn;
    last = &turn;
    while (!turn.has_one)
        pthread_cond_wait(&turn.served, &mutex);
    pthread_mutex_unlock(&mutex);
}

static void pass_on(void)
{
    pthread_mutex_lock(&mutex);
    struct turn *turn = first;
    if (turn != NULL) {
        first = turn->next;
        turn->has_one = true;
        pthread_cond_signal(&turn->served);
    } else {
        passed_idle++;
    }
    pthread_mutex_unlock(&mutex);
}

static s7_status pass(void *own)
{
    (void)own;
    take_in_turn();
    use();
    pass_on();
    return S7_OK;
}

/* ---- eight things that anybody may take ---- */

static pthread_cond_t one_is_back = PTHREAD_COND_INITIALIZER;
static unsigned idle = CONNECTIONS;

static s7_status take_any(void *own)
{
    (void)own;
    pthread_mutex_lock(&mutex);
    while (idle == 0)
        pthread_cond_wait(&one_is_back, &mutex);
    idle--;
    pthread_mutex_unlock(&mutex);
    use();
    pthread_mutex_lock(&mutex);
    idle++;
    pthread_cond_signal(&one_is_back);
    pthread_mutex_unlock(&mutex);
    return S7_OK;
}

static s7_status lock(void *own)
{
    (void)own;
    if (pthread_mutex_lock(&mutex) != 0)
        return S7_E_IO;
    use();
    return pthread_mutex_unlock(&mutex) == 0 ? S7_OK : S7_E_IO;
}

/* ---- turns ---- */

static const struct crowd ours = {"pool of 8", THREADS, borrow};
static const struct crowd others[] = {
    {"passed on", THREADS, pass}, {"any order", THREADS, take_any}, {"one mutex", THREADS, lock}};
#define OTHERS (sizeof others / sizeof others[0])

static struct crowd_share our[ROUNDS_MAX], their[OTHERS][ROUNDS_MAX];

/* Sleeps that are not those of waiters are for the pool's mutex. */
static void show_waits(const s7_pool_stats *before)
{
    s7_pool_stats after = {.struct_size = sizeof after};

    if (s7_pool_stats_get(pool, &after) == S7_OK)
        printf("  of the pool's gets %.2f waited for a connection\n",
               (double)(after.gets_waited - before->gets_waited) / (double)(after.gets - before->gets));
}

/* Whoever goes first in one round goes last in the next. */
static void take_turns(bool yielding, unsigned rounds, unsigned ms)
{
    s7_pool_stats before = {.struct_size = sizeof before};

    if (s7_pool_stats_get(pool, &before) != S7_OK)
        exit(1);
    lets_others_run = yielding;
    for (unsigned i = 0; i < rounds; i++) {
        if (i % 2 == 0)
            our[i] = crowd_measure(&ours, NULL, 0, ms);
        for (size_t k = 0; k < OTHERS; k++)
            their[k][i] = crowd_measure(&others[k], NULL, 0, ms);
        if (i % 2 != 0)
            our[i] = crowd_measure(&ours, NULL, 0, ms);
    }
    printf("%u threads, %u rounds of %u ms, %s; ratios to \"%s\":\n", THREADS, rounds, ms,
           yielding ? "others run meanwhile" : "given back at once", others[0].name);
    crowd_show(ours.name, "pair", our, their[0], rounds);
    for (size_t k = 0; k < OTHERS; k++)
        crowd_show(others[k].name, "pair", their[k], their[0], rounds);
    show_waits(&before);
}

/* ---- the order ---- */

#define EVENTS_KEPT 128 /* by the pool, pool.h says */

/* Who waits by the events so far, in order; anew after events that were lost, which may have come behind
 * those that were kept then. */
static struct {
    const char *waiting[THREADS];
    unsigned n, to_skip;
    uint64_t lost, told, late;
} order;

static void leave(unsigned at)
{
    order.n--;
    memmove(&order.waiting[at], &order.waiting[at + 1], (order.n - at) * sizeof order.waiting[0]);
}

static void on_event(s7_pool *which, const s7_pool_event *event, void *user)
{
    unsigned at = 0;

    (void)which;
    (void)user;
    if (event->lost != order.lost) {
        order.n = 0;
        order.to_skip = EVENTS_KEPT;
    }
    order.lost = event->lost;
    if (order.to_skip > 0) {
        order.to_skip--;
        return;
    }
    if (event->kind == S7_POOL_EVENT_WAIT_BEGAN && order.n < THREADS)
        order.waiting[order.n++] = event->label;
    if (event->kind != S7_POOL_EVENT_WAIT_ENDED)
        return;
    while (at < order.n && strcmp(order.waiting[at], event->label) != 0)
        at++;
    if (at == order.n)
        return; /* its beginning was lost */
    order.told++;
    order.late += at > 0;
    leave(at);
}

static s7_status borrow_by_name(void *own)
{
    static const struct timespec nap = {.tv_nsec = 1000000};
    s7_ctx ctx = {.struct_size = sizeof ctx, .label = own};
    s7_client *client;
    s7_status status = s7_pool_get(pool, &ctx, &client);

    if (status != S7_OK)
        return status;
    nanosleep(&nap, NULL);
    return s7_pool_put(pool, client);
}

static void look_at_the_order(unsigned ms)
{
    static const struct crowd named = {"pool of 8, with events", THREADS, borrow_by_name};
    static char names[THREADS][16];
    void *own[THREADS];

    for (unsigned i = 0; i < THREADS; i++) {
        snprintf(names[i], sizeof names[i], "thread %u", i);
        own[i] = names[i];
    }
    (void)crowd_measure(&named, own, THREADS, ms);
}

/* ---- ---- */

static bool open_pool(const char *endpoint, s7_pool_event_fn *fn)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    s7_pool_options options;

    s7_pool_options_init(&options);
    options.size = CONNECTIONS;
    options.start = S7_POOL_START_ALL;
    options.on_event = fn;
    if (s7_pool_new(endpoint, &options, &pool, &err) == S7_OK && s7_pool_start(pool, &ctx) == S7_OK)
        return true;
    fprintf(stderr, "bench_pool_queue: %s: %s\n", err.asked, err.came);
    return false;
}

int main(int argc, char **argv)
{
    unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 15;
    unsigned long ms = argc > 3 ? strtoul(argv[3], NULL, 10) : 500;

    if (argc < 2 || argc > 4 || rounds < 1 || rounds > ROUNDS_MAX || ms < 1 || ms > 100000) {
        fprintf(stderr, "usage: bench_pool_queue ADDR:PORT [ROUNDS [MILLISECONDS]]    (1..%d rounds)\n",
                ROUNDS_MAX);
        return 2;
    }
    if (!open_pool(argv[1], NULL))
        return 4;
    (void)crowd_measure(&ours, NULL, 0, (unsigned)ms / 10 + 1); /* warm */
    take_turns(false, (unsigned)rounds, (unsigned)ms);
    take_turns(true, (unsigned)rounds, (unsigned)ms);
    s7_pool_free(pool);
    if (!open_pool(argv[1], on_event))
        return 4;
    look_at_the_order((unsigned)(ms * rounds));
    s7_pool_free(pool); /* nothing is told any more */
    printf("of %llu waits that were told %llu did not end in their turn; %llu events were lost\n",
           (unsigned long long)order.told, (unsigned long long)order.late, (unsigned long long)order.lost);
    return order.late > 0;
}
