/* A thousand pools on one loop, in virtual time: ten of their PLCs are dead, and the others do not notice. */
#include "house.h"

#include "client/pool_loop.h"
#include "loop/loop_virtual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND (1000 * HOUSE_NS_PER_MS)
#define POOLS  1000
#define DEAD   10
#define READS  20 /* of each pool, one a second */

/* ---- who reads ---- */

static struct house house;

static struct reader {
    s7_pool_loop *pool;
    struct s7_pool_request request;
    s7_timer timer;
    int64_t began_ns;
    unsigned done, failed;
    uint8_t value;
    s7_item item;
} readers[POOLS];

static int64_t times[POOLS * READS];
static unsigned n_times;

static void next_time(struct reader *reader)
{
    if (reader->done + reader->failed < READS)
        s7_timer_set(house.loop, &reader->timer, reader->began_ns + SECOND);
}

static void on_read(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    struct reader *reader = arg;

    (void)conn;
    (void)err;
    assert_int_equal(s7_pool_loop_put(reader->pool, reader->request.lease), S7_OK);
    if (status == S7_OK && reader->done++ > 0) /* the first one waits for its connection */
        times[n_times++] = s7_loop_now_ns(house.loop) - reader->began_ns;
    reader->failed += status != S7_OK;
    next_time(reader);
}

static void on_got(s7_pool_loop *pool, struct s7_pool_request *request, s7_status status,
                   const s7_errinfo *err, void *arg)
{
    struct reader *reader = arg;

    (void)err;
    if (status == S7_OK)
        status =
            s7_pool_loop_submit(pool, request->lease, false, &reader->item, 1, 1000, on_read, reader, NULL);
    if (status == S7_OK)
        return;
    reader->failed++;
    next_time(reader);
}

static void read_once(s7_timer *timer, void *arg)
{
    struct reader *reader = arg;

    (void)timer;
    reader->began_ns = s7_loop_now_ns(house.loop);
    assert_int_equal(
        s7_pool_loop_get(reader->pool, &reader->request, 10000, "a reader", on_got, reader, NULL), S7_OK);
}

/* Spread over a second; the last `dead` at an address that answers nothing. */
static void read_with(unsigned n, unsigned dead)
{
    s7_pool_options options;

    n_times = 0;
    s7_pool_options_init(&options);
    options.size = 1;
    options.start = S7_POOL_START_BACKGROUND;
    assert_int_equal(s7_virtual_set_dial(house.loop, "127.0.0.2", 102, S7_DIAL_VANISH), S7_OK);
    for (unsigned i = 0; i < n; i++) {
        struct reader *reader = &readers[i];
        const char *endpoint = i < n - dead ? house.endpoint : "127.0.0.2:102";

        *reader = (struct reader){.item = house_item(1, 0, NULL, 1)};
        reader->item.data = &reader->value;
        assert_int_equal(s7_pool_loop_new(house.loop, endpoint, &options, &reader->pool, NULL), S7_OK);
        assert_int_equal(s7_pool_loop_start(reader->pool, 0, NULL, NULL), S7_OK);
        s7_timer_init(&reader->timer, read_once, reader);
        s7_timer_set(house.loop, &reader->timer, s7_loop_now_ns(house.loop) + SECOND / n * i);
    }
    s7_virtual_run_until(house.loop, s7_loop_now_ns(house.loop) + (READS + 2) * SECOND);
}

static void end(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        s7_timer_stop(&readers[i].timer);
        s7_pool_loop_free(readers[i].pool);
    }
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int64_t p99(void)
{
    assert_true(n_times > 0);
    qsort(times, n_times, sizeof times[0], by_size);
    return times[n_times * 99 / 100];
}

static int enter(void **state)
{
    s7_loop *loop;

    (void)state;
    assert_int_equal(s7_loop_virtual_new(NULL, &loop), S7_OK);
    house_open(&house, loop, "generic");
    return 0;
}

static int leave(void **state)
{
    (void)state;
    house_close(&house);
    return 0;
}

static void a_thousand_pools_of_which_ten_are_dead_are_as_quick_as_ten(void **state)
{
    (void)state;
    read_with(10, 0);
    int64_t few = p99();
    end(10);
    read_with(POOLS, DEAD);
    for (unsigned i = 0; i < POOLS - DEAD; i++) {
        assert_int_equal(readers[i].done, READS);
        assert_int_equal(readers[i].failed, 0);
    }
    for (unsigned i = POOLS - DEAD; i < POOLS; i++)
        assert_int_equal(readers[i].done, 0);
    int64_t many = p99();
    if (many > few + few / 20)
        fail_msg("99 of 100 reads take %lld us, with ten pools %lld us", (long long)many / 1000,
                 (long long)few / 1000);
    end(POOLS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_thousand_pools_of_which_ten_are_dead_are_as_quick_as_ten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
