/* Trouble of this machine and with the endpoint, at the pool for threads. */
#include "house_thread.h"

#include "loop/blocking.h"

#include <s7rig/pool.h>

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 30000

static struct house_thread house;
static s7_pool *pool;
static s7_pool_options options;
static s7_errinfo err;

/* Until something that another thread does is done. */
#define UNTIL(condition)                                                                                     \
    do {                                                                                                     \
        int64_t until = s7_now_ns() + PATIENCE_MS * HOUSE_NS_PER_MS;                                         \
        while (!(condition)) {                                                                               \
            if (s7_now_ns() > until)                                                                         \
                fail_msg("did not happen: %s", #condition);                                                  \
            poll(NULL, 0, 1);                                                                                \
        }                                                                                                    \
    } while (0)

static int enter(void **state)
{
    (void)state;
    house_thread_start(&house);
    err = (s7_errinfo)S7_ERRINFO_INIT;
    s7_pool_options_init(&options);
    options.acquire_ms = options.client.request_ms = PATIENCE_MS;
    options.client.connect_ms = options.client.handshake_ms = PATIENCE_MS;
    return 0;
}

static int leave(void **state)
{
    (void)state;
    s7_pool_free(pool);
    pool = NULL;
    house_thread_stop(&house);
    return 0;
}

static void open_pool(void)
{
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};

    if (s7_pool_new(house.house.endpoint, &options, &pool, &err) != S7_OK ||
        s7_pool_start(pool, &ctx) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
}

static s7_pool_stats stats(void)
{
    s7_pool_stats s = {.struct_size = sizeof s};

    assert_int_equal(s7_pool_stats_get(pool, &s), S7_OK);
    return s;
}

static s7_client *borrow(void)
{
    s7_client *client = NULL;

    assert_int_equal(s7_pool_get(pool, NULL, &client), S7_OK);
    return client;
}

/* ---- no descriptors ---- */

/* Returns the limit that was. */
static rlim_t limit_descriptors(rlim_t to)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = to;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return before;
}

static void a_process_without_descriptors_does_not_take_the_PLC_for_full(void **state)
{
    s7_client *second;
    s7_ctx impatient = {.struct_size = sizeof impatient, .timeout_ms = 300, .err = &err};

    (void)state;
    open_pool();
    s7_client *first = borrow();
    int next = dup(STDOUT_FILENO);
    close(next);
    rlim_t before = limit_descriptors((rlim_t)next);
    s7_status status = s7_pool_get(pool, &impatient, &second);
    limit_descriptors(before);
    assert_int_equal(status, S7_E_POOL_EXHAUSTED);
    if (strstr(err.came, "could not be made") == NULL || strstr(err.came, "PLC") != NULL)
        fail_msg("%s", err.came);
    s7_pool_stats s = stats();
    assert_int_equal(s.limit, 5);
    assert_true(s.dial_failures[S7_POOL_DIAL_LOCAL] >= 1);
    assert_int_equal(s.dial_failures[S7_POOL_DIAL_LOCAL], s.connect_failures);
    second = borrow(); /* and it goes on by itself */
    assert_int_equal(s7_pool_put(pool, second), S7_OK);
    assert_int_equal(s7_pool_put(pool, first), S7_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_process_without_descriptors_does_not_take_the_PLC_for_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
