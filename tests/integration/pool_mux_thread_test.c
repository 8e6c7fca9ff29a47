/* Calls without a lease from many threads against the real simulator over loopback, which loses its
 * connections now and then. What ThreadSanitizer and AddressSanitizer are to see. */
#include "house.h"

#include "loop/blocking.h"
#include "loop/loop_ev.h"

#include <s7rig/pool_direct.h>

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define THREADS     50
#define CALLS       60
#define PATIENCE_MS 60000

/* ---- the simulator on a thread of its own ---- */

static struct house house;
static struct sim_server_options server_options;
static char address[96];
static pthread_t house_thread;
static s7_turn_hook hook;
static atomic_int wish; /* of other threads, done at the end of a turn */
enum { NOTHING, STOP, RESTART };

static void grant_wish(s7_loop *loop, void *arg)
{
    int what = atomic_load(&wish);
    struct plant_error error;

    (void)arg;
    if (what == STOP) {
        s7_loop_stop(loop);
    } else if (what == RESTART) {
        sim_server_free(house.server); /* every connection ends */
        house.server = NULL;
        if (sim_server_new(loop, house.plant, &server_options, &house.server, &error) != S7_OK)
            s7_loop_stop(loop);
    }
    atomic_store(&wish, NOTHING);
}

static void *run_house(void *arg)
{
    (void)arg;
    return s7_loop_run(house.loop) == S7_OK ? NULL : &house;
}

static void ask_house(int what)
{
    atomic_store(&wish, what);
    while (atomic_load(&wish) != NOTHING) {
        s7_loop_wake(house.loop);
        poll(NULL, 0, 1);
    }
}

static int open_house(void **state)
{
    s7_loop *loop;

    (void)state;
    assert_int_equal(s7_loop_ev_new(&loop), S7_OK);
    house_open(&house, loop, NULL);
    snprintf(address, sizeof address, "%s", house.endpoint);
    sim_server_options_init(&server_options);
    server_options.listen = address;
    s7_turn_hook_add(house.loop, &hook, grant_wish, NULL);
    assert_int_equal(pthread_create(&house_thread, NULL, run_house, NULL), 0);
    return 0;
}

static int close_house(void **state)
{
    void *result;

    (void)state;
    ask_house(STOP);
    pthread_join(house_thread, &result);
    assert_null(result);
    s7_turn_hook_remove(&hook);
    house_close(&house);
    return 0;
}

/* ---- workers ---- */

static s7_pool *pool;
static atomic_uint good, bad, wrong, finished;
static s7_token *token; /* of some calls */

static void start(unsigned size, uint32_t coalesce_us)
{
    s7_pool_options options;
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};

    s7_pool_options_init(&options);
    options.size = (uint16_t)size;
    options.acquire_ms = PATIENCE_MS;
    options.health_check_ms = 5 * options.size; /* often enough to meet everything else */
    options.coalesce_us = coalesce_us;
    if (s7_pool_new(address, &options, &pool, &err) != S7_OK || s7_pool_start(pool, &ctx) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
    atomic_store(&good, 0);
    atomic_store(&bad, 0);
    atomic_store(&wrong, 0);
    atomic_store(&finished, 0);
}

static void judge(s7_status status)
{
    atomic_fetch_add(status == S7_OK ? &good : &bad, 1);
}

/* Writes a place of its own and reads it back, with its neighbours. */
static void write_and_read(unsigned who, unsigned n)
{
    uint8_t number[4] = {(uint8_t)who, (uint8_t)n, (uint8_t)(who + n), 7}, back[12];
    uint32_t place = 16 + who * 4;
    s7_status status = s7_pool_write_db(pool, NULL, 2, place, number, sizeof number);

    if (status == S7_OK)
        status = s7_pool_read_db(pool, NULL, 2, place - 4, back, sizeof back);
    if (status == S7_OK && memcmp(number, back + 4, sizeof number) != 0)
        atomic_fetch_add(&wrong, 1);
    judge(status);
}

static void read_much(void)
{
    static const uint8_t zeros[1500];
    uint8_t back[1500];
    s7_status status = s7_pool_read_db(pool, NULL, 2, 2000, back, sizeof back);

    if (status == S7_OK && memcmp(back, zeros, sizeof back) != 0)
        atomic_fetch_add(&wrong, 1);
    judge(status);
}

/* Withdrawn by somebody, or late: the caller's memory is its own again. */
static void read_in_vain(bool withdrawn)
{
    uint8_t back[200];
    s7_ctx ctx = {
        .struct_size = sizeof ctx, .timeout_ms = withdrawn ? 0 : 1, .cancel = withdrawn ? token : NULL};
    s7_status status = s7_pool_read_db(pool, &ctx, 2, 0, back, sizeof back);

    memset(back, 0, sizeof back);
    judge(status == S7_E_CANCELLED || status == S7_E_TIMEOUT || status == S7_E_POOL_EXHAUSTED ||
                  status == S7_E_PLC_DOWN
              ? S7_OK
              : status);
}

static void borrow_and_read(void)
{
    s7_client *plc;
    uint8_t byte;
    s7_status status = s7_pool_get(pool, NULL, &plc);

    if (status == S7_OK) {
        status = s7_read_db(plc, NULL, 1, 0, &byte, 1);
        (void)s7_pool_put(pool, plc);
    }
    judge(status);
}

static void *worker(void *arg)
{
    unsigned who = *(unsigned *)arg;

    for (unsigned n = 0; n < CALLS; n++) {
        if ((who + n) % 7 == 0)
            read_much();
        else if ((who + n) % 11 == 0)
            borrow_and_read();
        else if ((who + n) % 13 == 0)
            read_in_vain(n % 2 == 0);
        else
            write_and_read(who, n);
    }
    atomic_fetch_add(&finished, 1);
    return NULL;
}

static void run_workers(void (*meanwhile)(void))
{
    pthread_t threads[THREADS];
    unsigned numbers[THREADS];

    assert_int_equal(s7_token_new(&token), S7_OK);
    for (unsigned i = 0; i < THREADS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, worker, &numbers[i]), 0);
    }
    if (meanwhile != NULL)
        meanwhile();
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    s7_token_free(token);
}

static s7_pool_stats stats(void)
{
    s7_pool_stats s = {.struct_size = sizeof s};

    assert_int_equal(s7_pool_stats_get(pool, &s), S7_OK);
    return s;
}

static void close_pool(void)
{
    assert_int_equal(stats().in_use, 0);
    assert_int_equal(s7_pool_close(pool, S7_WITHIN(PATIENCE_MS)), S7_OK);
    assert_int_equal(stats().total_connections, 0);
    assert_int_equal(stats().gets, stats().puts);
    s7_pool_free(pool);
    pool = NULL;
}

static void fifty_threads_share_few_connections(void **state)
{
    (void)state;
    for (unsigned size = 1; size <= 3; size += 2) {
        for (uint32_t us = 0; us <= 300; us += 300) {
            start(size, us);
            run_workers(NULL);
            assert_int_equal(atomic_load(&wrong), 0);
            assert_int_equal(atomic_load(&bad), 0);
            assert_in_range(stats().total_connections + stats().connecting, 0, size);
            close_pool();
        }
    }
}

static void cancel_now_and_then(void)
{
    while (atomic_load(&finished) < THREADS) {
        poll(NULL, 0, 5);
        s7_token_cancel(token);
        s7_token_reset(token);
    }
}

static void tokens_and_deadlines_disturb_nobody(void **state)
{
    (void)state;
    for (uint32_t us = 0; us <= 300; us += 300) {
        start(2, us);
        run_workers(cancel_now_and_then);
        assert_int_equal(atomic_load(&wrong), 0);
        assert_int_equal(atomic_load(&bad), 0);
        close_pool();
    }
}

static void restart_now_and_then(void)
{
    while (atomic_load(&finished) < THREADS * 9 / 10) {
        poll(NULL, 0, 20);
        ask_house(RESTART);
        s7_token_cancel(token);
        s7_token_reset(token);
    }
}

static void when_the_PLC_restarts_again_and_again_nothing_is_lost_but_writes(void **state)
{
    uint8_t byte;

    (void)state;
    for (unsigned size = 1; size <= 3; size += 2) {
        for (uint32_t us = 0; us <= 300; us += 300) {
            start(size, us);
            run_workers(restart_now_and_then);
            assert_int_equal(atomic_load(&wrong), 0);
            assert_int_equal(s7_pool_read_db(pool, NULL, 1, 0, &byte, 1), S7_OK);
            close_pool();
        }
    }
}

static void resize_and_pause(void)
{
    while (atomic_load(&finished) < THREADS * 9 / 10) {
        poll(NULL, 0, 10);
        (void)s7_pool_resize(pool, 1);
        (void)s7_pool_refresh(pool);
        poll(NULL, 0, 10);
        (void)s7_pool_resize(pool, 4);
        assert_int_equal(s7_pool_pause(pool, S7_WITHIN(PATIENCE_MS)), S7_OK);
        assert_int_equal(s7_pool_resume(pool), S7_OK);
    }
}

static void maintenance_finds_its_way_in(void **state)
{
    (void)state;
    start(4, 0);
    run_workers(resize_and_pause);
    assert_int_equal(atomic_load(&wrong), 0);
    close_pool();
}

static void close_in_the_middle(void)
{
    while (atomic_load(&good) < THREADS)
        poll(NULL, 0, 1);
    (void)s7_pool_close(pool, S7_WITHIN(1));
}

static void closing_in_the_middle_ends_every_call(void **state)
{
    (void)state;
    for (uint32_t us = 0; us <= 300; us += 300) {
        start(2, us);
        run_workers(close_in_the_middle);
        assert_int_equal(atomic_load(&wrong), 0);
        assert_int_equal(stats().total_connections, 0);
        s7_pool_free(pool);
        pool = NULL;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fifty_threads_share_few_connections),
        cmocka_unit_test(tokens_and_deadlines_disturb_nobody),
        cmocka_unit_test(when_the_PLC_restarts_again_and_again_nothing_is_lost_but_writes),
        cmocka_unit_test(maintenance_finds_its_way_in),
        cmocka_unit_test(closing_in_the_middle_ends_every_call),
    };

    return cmocka_run_group_tests_name("calls without a lease, threads", tests, open_house, close_house);
}
