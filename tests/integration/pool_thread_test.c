/* The pool under many threads against the real simulator over loopback, which loses its connections now and
 * then. What ThreadSanitizer and AddressSanitizer are to see. */
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

static void set_options(unsigned size)
{
    s7_pool_options_init(&options);
    options.size = (uint16_t)size;
    options.acquire_ms = PATIENCE_MS;
    options.health_check_ms = 5 * options.size; /* often enough to meet everything else */
}

static void start_set(void)
{
    open_pool();
    atomic_store(&good, 0);
    atomic_store(&bad, 0);
    atomic_store(&wrong, 0);
}

static void start(unsigned size)
{
    set_options(size);
    start_set();
}

/* Writes a place of its own and reads it back. */
static s7_status work(s7_client *client, void *arg)
{
    unsigned *n = arg;
    uint8_t number[4] = {(uint8_t)(*n >> 24), (uint8_t)(*n >> 16), (uint8_t)(*n >> 8), (uint8_t)*n}, back[4];
    uint32_t place = *n / EXECUTES % THREADS * 4;
    s7_status status = s7_write_db(client, NULL, 2, place, number, sizeof number);

    if (status == S7_OK)
        status = s7_read_db(client, NULL, 2, place, back, sizeof back);
    if (status == S7_OK && memcmp(number, back, sizeof back) != 0)
        atomic_fetch_add(&wrong, 1);
    return status;
}

static void *worker(void *arg)
{
    unsigned n = *(unsigned *)arg * EXECUTES;

    for (unsigned i = 0; i < EXECUTES; i++, n++)
        atomic_fetch_add(s7_pool_execute(pool, NULL, work, &n) == S7_OK ? &good : &bad, 1);
    return NULL;
}

static void a_hundred_threads_share(unsigned size)
{
    start(size);
    run_threads(THREADS, worker, NULL);
    assert_int_equal(atomic_load(&good), THREADS * EXECUTES);
    assert_int_equal(atomic_load(&wrong), 0);
    s7_pool_stats s = stats();
    assert_int_equal(s.gets, THREADS * EXECUTES);
    assert_int_equal(s.gets_failed, 0);
    assert_int_equal(s.in_use, 0);
    assert_in_range(s.connects, 1, size);
    assert_int_equal(s.health_check_failures, 0);
    close_pool();
}

static void a_hundred_threads_share_1_connection(void **state)
{
    (void)state;
    a_hundred_threads_share(1);
}

static void a_hundred_threads_share_5_connections(void **state)
{
    (void)state;
    a_hundred_threads_share(5);
}

static void a_hundred_threads_share_10_connections(void **state)
{
    (void)state;
    a_hundred_threads_share(10);
}

static void restart_now_and_then(void)
{
    while (atomic_load(&good) + atomic_load(&bad) < THREADS * EXECUTES * 9 / 10) {
        poll(NULL, 0, 60);
        house_thread_restart(&house);
    }
}

static void when_the_PLC_restarts_again_and_again_nothing_is_lost_but_calls(void **state)
{
    (void)state;
    for (unsigned size = 1; size <= 10; size += size == 1 ? 4 : 5) {
        start(size);
        run_threads(THREADS, worker, restart_now_and_then);
        assert_int_equal(atomic_load(&wrong), 0);
        assert_int_equal(atomic_load(&good) + atomic_load(&bad), THREADS * EXECUTES);
        s7_pool_stats s = stats();
        assert_int_equal(s.in_use, 0);
        assert_in_range(s.total_connections + s.connecting, 0, size);
        unsigned n = 0;
        assert_int_equal(s7_pool_execute(pool, NULL, work, &n), S7_OK); /* it is well again */
        close_pool();
    }
}

static void the_end_of_an_idle_connection_is_noticed(void **state)
{
    unsigned n = 0;

    (void)state;
    start(3);
    assert_int_equal(s7_pool_execute(pool, NULL, work, &n), S7_OK);
    house_thread_restart(&house);
    UNTIL(stats().closed[S7_POOL_CLOSE_PEER] > 0);
    assert_int_equal(stats().total_connections, 0);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_PEER], 1);
    close_pool();
}

/* ---- maintenance in the middle of it ---- */

static atomic_uint events;

static void count_event(s7_pool *which, const s7_pool_event *event, void *user)
{
    (void)which;
    (void)event;
    atomic_fetch_add((atomic_uint *)user, 1);
}

/* Everything that may be done to a pool in use, again and again. */
static void maintain(void)
{
    static const unsigned sizes[] = {1, 10, 5, 64, 2};

    for (unsigned i = 0; atomic_load(&good) + atomic_load(&bad) < THREADS * EXECUTES * 9 / 10; i++) {
        assert_int_equal(s7_pool_resize(pool, sizes[i % 5]), S7_OK);
        poll(NULL, 0, 3);
        assert_int_equal(s7_pool_refresh(pool), S7_OK);
        poll(NULL, 0, 3);
        if (i % 4 != 0)
            continue;
        assert_int_equal(s7_pool_pause(pool, S7_WITHIN(PATIENCE_MS)), S7_OK);
        assert_int_equal(stats().total_connections, 0);
        assert_int_equal(s7_pool_resume(pool), S7_OK);
    }
}

static void resize_refresh_and_pause_in_the_middle_of_it_fail_no_call(void **state)
{
    (void)state;
    for (unsigned size = 1; size <= 10; size += size == 1 ? 4 : 5) {
        set_options(size);
        options.on_event = count_event;
        options.user = &events;
        options.max_lifetime_ms = 50;
        options.leak_ms = 1;
        start_set();
        run_threads(THREADS, worker, maintain);
        assert_int_equal(atomic_load(&good), THREADS * EXECUTES);
        assert_int_equal(atomic_load(&wrong), 0);
        s7_pool_stats s = stats();
        assert_int_equal(s.gets_failed, 0);
        assert_int_equal(s.lease.count, THREADS * EXECUTES);
        assert_int_equal(s.wait.count, THREADS * EXECUTES);
        close_pool();
        assert_true(atomic_load(&events) > 0);
    }
}

/* ---- pools of a group ---- */

#define POOLS 8

static s7_pool *pools[POOLS];

static void *execute_on_each(void *arg)
{
    unsigned n = *(unsigned *)arg * EXECUTES;

    for (unsigned i = 0; i < EXECUTES; i++, n++)
        atomic_fetch_add(s7_pool_execute(pools[i % POOLS], NULL, work, &n) == S7_OK ? &good : &bad, 1);
    return NULL;
}

/* Eight pools of five at a PLC of which they may have six connections; idle ones go soon, for others. */
static void p12_pools_of_a_group_share_a_PLCs_connections(void **state)
{
    s7_pool_group_options limits;
    s7_pool_group *group;

    (void)state;
    s7_pool_group_options_init(&limits);
    limits.plc_connections = 8;
    limits.plc_reserved = 2;
    limits.max_dials = 2;
    assert_int_equal(s7_pool_group_new(&limits, &group, NULL), S7_OK);
    set_options(5);
    options.group = group;
    options.start = S7_POOL_START_BACKGROUND;
    options.max_idle_ms = 1;
    for (unsigned i = 0; i < POOLS; i++) {
        assert_int_equal(s7_pool_new(house.house.endpoint, &options, &pools[i], NULL), S7_OK);
        assert_int_equal(s7_pool_start(pools[i], NULL), S7_OK);
    }
    s7_pool_group_free(group); /* they keep it */
    atomic_store(&good, 0);
    run_threads(20, execute_on_each, NULL);
    assert_int_equal(atomic_load(&good), 20 * EXECUTES);
    for (unsigned i = 0; i < POOLS; i++)
        s7_pool_free(pools[i]);
}

/* ---- closing and misusing in the middle of it ---- */

static void close_early(void)
{
    poll(NULL, 0, 30);
    s7_status status = s7_pool_close(pool, S7_WITHIN(1));

    if (status != S7_OK && status != S7_E_TIMEOUT)
        fail_msg("close: %s", s7_errname(status));
}

static void close_may_come_at_any_time(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        start(5);
        run_threads(THREADS, worker, close_early);
        assert_int_equal(stats().total_connections, 0);
        s7_pool_free(pool);
        pool = NULL;
    }
}

static s7_client *shared;

static void *put_shared(void *arg)
{
    s7_status *status = arg;

    *status = s7_pool_put(pool, shared);
    return NULL;
}

static void *discard_shared(void *arg)
{
    s7_status *status = arg;

    *status = s7_pool_discard(pool, shared, S7_OK);
    return NULL;
}

static void p07_of_many_puts_and_discards_of_one_client_exactly_one_wins(void **state)
{
    pthread_t threads[4];
    s7_status statuses[4];

    (void)state;
    start(2);
    for (int round = 0; round < 200; round++) {
        unsigned won = 0;

        assert_int_equal(s7_pool_get(pool, NULL, &shared), S7_OK);
        for (int i = 0; i < 4; i++)
            assert_int_equal(pthread_create(&threads[i], NULL,
                                            (round + i) % 3 == 0 ? discard_shared : put_shared, &statuses[i]),
                             0);
        for (int i = 0; i < 4; i++) {
            pthread_join(threads[i], NULL);
            won += statuses[i] == S7_OK;
            assert_true(statuses[i] == S7_OK || statuses[i] == S7_E_MISUSE);
        }
        assert_int_equal(won, 1);
    }
    s7_pool_stats s = stats();
    assert_int_equal(s.puts, 200);
    assert_int_equal(s.in_use, 0);
    assert_in_range(s.total_connections + s.connecting, 0, 2);
    close_pool();
}

static s7_client *keepsake;

static void *use_after_put(void *arg)
{
    uint8_t value;

    (void)arg;
    for (int i = 0; i < 2000; i++) {
        s7_status status = s7_read_u8(keepsake, NULL, S7_AREA_DB, 1, 0, &value);
        if (status != S7_E_STALE_LEASE)
            return &keepsake;
    }
    return NULL;
}

static void p08_a_client_kept_after_its_put_harms_nobody(void **state)
{
    pthread_t thread;
    void *result;
    unsigned n = 0;

    (void)state;
    start(1);
    assert_int_equal(s7_pool_get(pool, NULL, &keepsake), S7_OK);
    assert_int_equal(s7_pool_put(pool, keepsake), S7_OK);
    assert_int_equal(pthread_create(&thread, NULL, use_after_put, NULL), 0);
    for (int i = 0; i < 500; i++)
        assert_int_equal(s7_pool_execute(pool, NULL, work, &n), S7_OK);
    pthread_join(thread, &result);
    assert_null(result);
    close_pool();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_threads_share_1_connection),
        cmocka_unit_test(a_hundred_threads_share_5_connections),
        cmocka_unit_test(a_hundred_threads_share_10_connections),
        cmocka_unit_test(when_the_PLC_restarts_again_and_again_nothing_is_lost_but_calls),
        cmocka_unit_test(the_end_of_an_idle_connection_is_noticed),
        cmocka_unit_test(resize_refresh_and_pause_in_the_middle_of_it_fail_no_call),
        cmocka_unit_test(p12_pools_of_a_group_share_a_PLCs_connections),
        cmocka_unit_test(close_may_come_at_any_time),
        cmocka_unit_test(p07_of_many_puts_and_discards_of_one_client_exactly_one_wins),
        cmocka_unit_test(p08_a_client_kept_after_its_put_harms_nobody),
    };

    return cmocka_run_group_tests(tests, enter, leave);
}
