/* A hundred threads at pools of 1, 5 and 10 while the PLC resets, closes, cuts, stalls, falls silent and
 * refuses: what ThreadSanitizer and AddressSanitizer are to see, and that nobody gets what is another's. */
#include "house_thread.h"

#include <s7rig/pool.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define THREADS     100
#define EXECUTES    100
#define PATIENCE_MS 60000

static struct house_thread plc;
static s7_pool *pool;
static atomic_uint good, bad, wrong;

static const struct {
    const char *name, *args;
} faults[] = {{"rst_now", "fn=read|write every=137 count=30"},
              {"rst_now", "fn=write every=211 count=10 run=yes"},
              {"fin_now", "fn=read every=149 count=20"},
              {"cut", "fn=read every=173 count=10 bytes=12 then=rst"},
              {"cut", "fn=write every=197 count=10 bytes=50% then=fin"},
              {"slow", "fn=read time=uniform(1ms,20ms) every=31 count=50"},
              {"slow", "fn=read time=700ms every=503 count=5"}, /* too late for who asked */
              {"hang", "fn=write every=601 count=5"},
              {"conn_limit", "max=7 how=rst"},
              {"slot_leak", "hold=20ms every=3"}};

#define N_FAULTS (sizeof faults / sizeof faults[0])

static int enter(void **state)
{
    (void)state;
    house_thread_start(&plc);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    s7_pool_free(pool);
    pool = NULL;
    house_thread_stop(&plc);
    return 0;
}

static void start(unsigned size)
{
    s7_pool_options options;
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};

    s7_pool_options_init(&options);
    options.size = (uint16_t)size;
    options.acquire_ms = PATIENCE_MS;
    options.health_check_ms = 20;
    options.client.request_ms = 500;
    options.backoff_min_ms = 10;
    options.backoff_max_ms = options.probe_min_ms = options.probe_max_ms = 100;
    if (s7_pool_new(plc.house.endpoint, &options, &pool, &err) != S7_OK || s7_pool_start(pool, &ctx) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
    atomic_store(&good, 0);
    atomic_store(&bad, 0);
    atomic_store(&wrong, 0);
}

/* Each thread has a place of its own: what it read is what it wrote last, or a write that failed. */
struct worker {
    unsigned place;
    uint32_t written, maybe; /* maybe: a write of which nobody knows */
};

static s7_status work(s7_client *client, void *arg)
{
    struct worker *worker = arg;
    uint32_t next = worker->written > worker->maybe ? worker->written + 1 : worker->maybe + 1, found;
    s7_status status = s7_write_u32(client, NULL, S7_AREA_DB, 2, worker->place * 4, next);

    worker->maybe = next;
    if (status == S7_OK)
        worker->written = next;
    if (status == S7_OK)
        status = s7_read_u32(client, NULL, S7_AREA_DB, 2, worker->place * 4, &found);
    if (status == S7_OK && found != worker->written)
        atomic_fetch_add(&wrong, 1);
    return status;
}

static void *run_worker(void *arg)
{
    struct worker worker = {.place = *(unsigned *)arg};

    for (unsigned i = 0; i < EXECUTES; i++)
        atomic_fetch_add(s7_pool_execute(pool, NULL, work, &worker) == S7_OK ? &good : &bad, 1);
    return NULL;
}

static void run_workers(void)
{
    pthread_t threads[THREADS];
    unsigned places[THREADS];

    for (unsigned i = 0; i < THREADS; i++) {
        places[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, run_worker, &places[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static s7_pool_stats stats(void)
{
    s7_pool_stats s = {.struct_size = sizeof s};

    assert_int_equal(s7_pool_stats_get(pool, &s), S7_OK);
    return s;
}

static void close_pool(void)
{
    assert_int_equal(s7_pool_close(pool, S7_WITHIN(PATIENCE_MS)), S7_OK);
    s7_pool_stats s = stats();
    uint64_t closed = 0;
    for (int i = 0; i < S7_POOL_CLOSE_REASONS; i++)
        closed += s.closed[i];
    assert_int_equal(s.total_connections, 0);
    assert_int_equal(s.connects, closed);
    assert_int_equal(s.gets, s.puts);
    s7_pool_free(pool);
    pool = NULL;
}

static void a_crowd_at(unsigned size)
{
    struct worker last = {.place = THREADS};

    for (unsigned i = 0; i < N_FAULTS; i++)
        house_thread_fault(&plc, i + 1, faults[i].name, faults[i].args);
    start(size);
    run_workers();
    assert_int_equal(atomic_load(&wrong), 0);
    assert_int_equal(atomic_load(&good) + atomic_load(&bad), THREADS * EXECUTES);
    assert_in_range(atomic_load(&bad), 20, THREADS * EXECUTES / 10);
    assert_int_equal(stats().in_use, 0);
    assert_int_equal(stats().misuse, 0);
    for (unsigned i = 0; i < N_FAULTS; i++)
        house_thread_fault(&plc, i + 1, NULL, NULL);
    assert_int_equal(s7_pool_execute(pool, S7_WITHIN(PATIENCE_MS), work, &last),
                     S7_OK); /* it is well again */
    close_pool();
}

static void a_hundred_threads_and_ten_faults_at_1_connection(void **state)
{
    (void)state;
    a_crowd_at(1);
}

static void a_hundred_threads_and_ten_faults_at_5_connections(void **state)
{
    (void)state;
    a_crowd_at(5);
}

static void a_hundred_threads_and_ten_faults_at_10_connections(void **state)
{
    (void)state;
    a_crowd_at(10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_hundred_threads_and_ten_faults_at_1_connection),
        TEST(a_hundred_threads_and_ten_faults_at_5_connections),
        TEST(a_hundred_threads_and_ten_faults_at_10_connections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
