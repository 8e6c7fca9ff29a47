#include "pool_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct house_thread house;
s7_pool *pool;
s7_pool_options options;
s7_errinfo err;

int enter(void **state)
{
    (void)state;
    house_thread_start(&house);
    err = (s7_errinfo)S7_ERRINFO_INIT;
    s7_pool_options_init(&options);
    options.acquire_ms = options.client.request_ms = PATIENCE_MS;
    options.client.connect_ms = options.client.handshake_ms = PATIENCE_MS;
    return 0;
}

int leave(void **state)
{
    (void)state;
    s7_pool_free(pool);
    pool = NULL;
    house_thread_stop(&house);
    return 0;
}

void open_pool(void)
{
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};

    if (s7_pool_new(house.house.endpoint, &options, &pool, &err) != S7_OK ||
        s7_pool_start(pool, &ctx) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
}

s7_pool_stats stats(void)
{
    s7_pool_stats s = {.struct_size = sizeof s};

    assert_int_equal(s7_pool_stats_get(pool, &s), S7_OK);
    return s;
}

s7_client *borrow(void)
{
    s7_client *client = NULL;

    assert_int_equal(s7_pool_get(pool, NULL, &client), S7_OK);
    return client;
}

s7_pool_stats all_is_closed(void)
{
    s7_pool_stats s = stats();
    uint64_t closed = 0;

    for (int i = 0; i < S7_POOL_CLOSE_REASONS; i++)
        closed += s.closed[i];
    assert_int_equal(s.total_connections, 0);
    assert_int_equal(s.in_use, 0);
    assert_int_equal(s.waiting, 0);
    assert_int_equal(s.connects, closed);
    return s;
}

void close_pool(void)
{
    assert_int_equal(s7_pool_close(pool, S7_WITHIN(PATIENCE_MS)), S7_OK);
    s7_pool_stats s = all_is_closed();
    assert_int_equal(s.gets, s.puts);
    s7_pool_free(pool);
    pool = NULL;
}

void run_threads(unsigned n, void *(*worker)(void *), void (*meanwhile)(void))
{
    pthread_t threads[THREADS_MAX];
    unsigned numbers[THREADS_MAX];

    assert_in_range(n, 1, THREADS_MAX);
    for (unsigned i = 0; i < n; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, worker, &numbers[i]), 0);
    }
    if (meanwhile != NULL)
        meanwhile();
    for (unsigned i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
}
