/* Calls without a lease from many threads against the real simulator over loopback, which loses its
 * connections now and then. What ThreadSanitizer and AddressSanitizer are to see. */
#include "pool_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define THREADS 50
#define CALLS   60

static atomic_uint good, bad, wrong, finished;
static s7_token *token; /* of some calls */

static void start(unsigned size, uint32_t coalesce_us)
{
    s7_pool_options_init(&options);
    options.size = (uint16_t)size;
    options.acquire_ms = PATIENCE_MS;
    options.health_check_ms = 5 * options.size; /* often enough to meet everything else */
    options.coalesce_us = coalesce_us;
    open_pool();
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
    assert_int_equal(s7_token_new(&token), S7_OK);
    run_threads(THREADS, worker, meanwhile);
    s7_token_free(token);
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
        house_thread_restart(&house);
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

    return cmocka_run_group_tests_name("calls without a lease, threads", tests, enter, leave);
}
