/* A hundred threads at pools of 1, 5 and 10 while the PLC resets, closes, cuts, stalls, falls silent and
 * refuses: what ThreadSanitizer and AddressSanitizer are to see, and that nobody gets what is another's. */
#include "pool_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define THREADS  100
#define EXECUTES 100

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

static void start(unsigned size)
{
    s7_pool_options_init(&options);
    options.size = (uint16_t)size;
    options.acquire_ms = PATIENCE_MS;
    options.health_check_ms = 20;
    options.client.request_ms = 500;
    options.backoff_min_ms = 10;
    options.backoff_max_ms = options.probe_min_ms = options.probe_max_ms = 100;
    open_pool();
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

static void break_the_PLC(void)
{
    for (unsigned i = 0; i < N_FAULTS; i++)
        house_thread_fault(&house, i + 1, faults[i].name, faults[i].args);
}

static void a_crowd_at(unsigned size, void (*meanwhile)(void))
{
    struct worker last = {.place = THREADS};

    break_the_PLC();
    start(size);
    run_threads(THREADS, run_worker, meanwhile);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_int_equal(atomic_load(&good) + atomic_load(&bad), THREADS * EXECUTES);
    assert_in_range(atomic_load(&bad), 20, THREADS * EXECUTES / 10);
    assert_int_equal(stats().in_use, 0);
    assert_int_equal(stats().misuse, 0);
    for (unsigned i = 0; i < N_FAULTS; i++)
        house_thread_fault(&house, i + 1, NULL, NULL);
    assert_int_equal(s7_pool_execute(pool, S7_WITHIN(PATIENCE_MS), work, &last),
                     S7_OK); /* it is well again */
    close_pool();
}

static void a_hundred_threads_and_ten_faults_at_1_connection(void **state)
{
    (void)state;
    a_crowd_at(1, NULL);
}

static void a_hundred_threads_and_ten_faults_at_5_connections(void **state)
{
    (void)state;
    a_crowd_at(5, NULL);
}

static void a_hundred_threads_and_ten_faults_at_10_connections(void **state)
{
    (void)state;
    a_crowd_at(10, NULL);
}

/* ---- maintenance in the middle ---- */

static bool work_is_left(void)
{
    return atomic_load(&good) + atomic_load(&bad) < THREADS * EXECUTES - THREADS;
}

/* Each in turn, again and again, until the workers are nearly done; then all is as it was. */
static void maintain(void)
{
    unsigned size = stats().size;
    char text[2048];

    for (unsigned n = 0; work_is_left(); n++) {
        s7_pool_stats s = stats();

        if (n % 4 == 0)
            assert_int_equal(s7_pool_resize(pool, 1 + n / 4 % 10), S7_OK);
        else if (n % 4 == 1)
            assert_int_equal(s7_pool_refresh(pool), S7_OK);
        else if (n % 4 == 2)
            (void)!s7_pool_pause(pool, S7_WITHIN(5)); /* it may be too short for what is lent */
        assert_int_equal(s7_pool_resume(pool), S7_OK);
        assert_true(s7_pool_stats_text(&s, "crowd", text, sizeof text) > 0);
        poll(NULL, 0, 3); /* let some work be done */
    }
    assert_int_equal(s7_pool_resize(pool, size), S7_OK);
    assert_int_equal(s7_pool_resume(pool), S7_OK);
}

static void resize_refresh_and_pause_in_the_middle_of_a_crowd_and_faults_at_1_connection(void **state)
{
    (void)state;
    a_crowd_at(1, maintain);
}

static void resize_refresh_and_pause_in_the_middle_of_a_crowd_and_faults_at_5_connections(void **state)
{
    (void)state;
    a_crowd_at(5, maintain);
}

static void resize_refresh_and_pause_in_the_middle_of_a_crowd_and_faults_at_10_connections(void **state)
{
    (void)state;
    a_crowd_at(10, maintain);
}

/* ---- the end in the middle ---- */

static void close_early(void)
{
    while (atomic_load(&good) < THREADS * EXECUTES / 10)
        poll(NULL, 0, 1);
    s7_status status = s7_pool_close(pool, S7_WITHIN(20));
    assert_true(status == S7_OK || status == S7_E_TIMEOUT);
    (void)all_is_closed(); /* from here on, whoever is still inside */
}

static void closed_in_the_middle_at(unsigned size)
{
    break_the_PLC();
    start(size);
    run_threads(THREADS, run_worker, close_early);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_int_equal(atomic_load(&good) + atomic_load(&bad), THREADS * EXECUTES);
    assert_true(atomic_load(&bad) > THREADS * EXECUTES / 10); /* the close came early */
    s7_pool_stats s = all_is_closed();
    assert_in_range(s.gets - s.puts, 0, size); /* those that were taken away */
}

static void close_in_the_middle_of_a_crowd_and_faults_at_1_connection(void **state)
{
    (void)state;
    closed_in_the_middle_at(1);
}

static void close_in_the_middle_of_a_crowd_and_faults_at_5_connections(void **state)
{
    (void)state;
    closed_in_the_middle_at(5);
}

static void close_in_the_middle_of_a_crowd_and_faults_at_10_connections(void **state)
{
    (void)state;
    closed_in_the_middle_at(10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_hundred_threads_and_ten_faults_at_1_connection),
        TEST(a_hundred_threads_and_ten_faults_at_5_connections),
        TEST(a_hundred_threads_and_ten_faults_at_10_connections),
        TEST(resize_refresh_and_pause_in_the_middle_of_a_crowd_and_faults_at_1_connection),
        TEST(resize_refresh_and_pause_in_the_middle_of_a_crowd_and_faults_at_5_connections),
        TEST(resize_refresh_and_pause_in_the_middle_of_a_crowd_and_faults_at_10_connections),
        TEST(close_in_the_middle_of_a_crowd_and_faults_at_1_connection),
        TEST(close_in_the_middle_of_a_crowd_and_faults_at_5_connections),
        TEST(close_in_the_middle_of_a_crowd_and_faults_at_10_connections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
