/* Many at a pool, and many pools, against the real simulator in virtual time: outages, limits of the PLC,
 * maintenance in the midst of it, groups. */
#include "pool_loop_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- outage ---- */

static void after_10_seconds_of_refusals_all_20_who_wait_are_served(void **state)
{
    (void)state;
    open_pool();
    set_dial(S7_DIAL_REFUSE);
    s7_virtual_reset(stream_of(0));
    run_for(MS);
    for (unsigned i = 0; i < 20; i++)
        ask(i, i < 10 ? 9000 : 30000);
    int64_t asked = now();
    run_for(10 * SECOND);
    assert_true(stats().down);
    for (unsigned i = 0; i < 10; i++) {
        assert_true(workers[i].got);
        assert_int_equal(workers[i].status, S7_E_PLC_DOWN);
        assert_int_equal(workers[i].at - asked, 9 * SECOND);
        assert_non_null(strstr(workers[i].err.came, "connection refused"));
    }
    uint64_t failures = stats().connect_failures;
    if (failures > 40)
        fail_msg("%u dials in ten seconds", (unsigned)failures);
    set_dial(S7_DIAL_ACCEPT);
    int64_t well = now(), first = INT64_MAX;
    for (unsigned done = 0; done < 10;) {
        run_for(MS);
        if (now() > well + 10 * SECOND)
            fail_msg("%u of 10 were served 10 s after the PLC was back", done);
        done = 0;
        for (unsigned i = 10; i < 20; i++) {
            done += workers[i].got;
            if (!workers[i].got || !workers[i].asked)
                continue;
            assert_int_equal(workers[i].status, S7_OK);
            first = workers[i].at < first ? workers[i].at : first;
            workers[i].asked = false;
            put(i);
        }
    }
    if (first > well + 5 * SECOND + 10 * MS)
        fail_msg("the first was served %.3f s after the PLC was back", (double)(first - well) / 1e9);
    assert_false(stats().down);
    assert_int_equal(stats().waiting, 0);
}

static void a_start_at_a_dead_PLC_says_what_to_try(void **state)
{
    (void)state;
    set_dial(S7_DIAL_REFUSE);
    open_pool();
    assert_int_equal(ended_with, S7_E_REFUSED);
    assert_non_null(strstr(ended_err.asked, "connect to 127.0.0.1"));
    assert_non_null(strstr(ended_err.hint, "listens on this port"));
    set_dial(S7_DIAL_ACCEPT);
    ended = false;
    assert_int_equal(s7_pool_loop_start(pool, 0, on_ended, NULL), S7_OK);
    run_for(10 * MS);
    assert_true(ended);
    assert_int_equal(ended_with, S7_OK);
}

static void a_pool_of_20_settles_for_the_15_connections_that_an_S7_300_lends_to_one_class(void **state)
{
    (void)state;
    options.size = 20;
    open_pool();
    for (unsigned i = 0; i < 20; i++)
        ask(i, 3000);
    run_for(100 * MS);
    assert_int_equal(stats().in_use, 15);
    assert_int_equal(stats().limit, 15);
    assert_int_equal(stats().connect_failures, 1);
    run_for(3000 * MS);
    for (unsigned i = 15; i < 20; i++) {
        assert_int_equal(workers[i].status, S7_E_POOL_EXHAUSTED);
        assert_non_null(strstr(workers[i].err.came, "the PLC refuses more than 15"));
        assert_non_null(strstr(workers[i].err.came, "by \"a test\""));
    }
    struct guest guest; /* somebody else goes, and somebody else comes: there is one place */
    assert_int_equal(s7_pool_loop_discard(pool, workers[0].request.lease, S7_OK), S7_OK);
    run_for(MS);
    guest_open(&guest, &house, &options.client);
    assert_true(guest.up);
    guest_close(&guest);
}

/* ---- many ---- */

static void work_on(struct worker *worker);

static void worker_read(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    struct worker *worker = arg;

    (void)conn;
    (void)err;
    assert_int_equal(status, S7_OK);
    assert_int_equal(worker->value[0], worker->item.address.byte);
    assert_int_equal(s7_pool_loop_put(pool, worker->request.lease), S7_OK);
    worker->left--;
    work_on(worker);
}

static void worker_got(s7_pool_loop *which, struct s7_pool_request *request, s7_status status,
                       const s7_errinfo *err, void *arg)
{
    struct worker *worker = arg;

    (void)err;
    assert_int_equal(status, S7_OK);
    worker->item = house_item(1, 10 * (worker->left % 25), worker->value, 1);
    assert_int_equal(
        s7_pool_loop_submit(which, request->lease, false, &worker->item, 1, 0, worker_read, worker, NULL),
        S7_OK);
}

static void work_on(struct worker *worker)
{
    if (worker->left > 0)
        assert_int_equal(s7_pool_loop_get(pool, &worker->request, 0, NULL, worker_got, worker, NULL), S7_OK);
}

static void a_hundred_workers_share_ten_connections(void **state)
{
    (void)state;
    fill_db1();
    options.size = 10;
    open_pool();
    for (unsigned i = 0; i < 100; i++) {
        workers[i].left = 100;
        work_on(&workers[i]);
    }
    run_for(60 * SECOND);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(workers[i].left, 0);
    assert_int_equal(stats().gets, 10000);
    assert_int_equal(stats().connects, 10);
    assert_int_equal(stats().available, 10);
}

/* A day of outages at a busy pool: every event of it is the same the second time. */
static uint64_t a_day(void)
{
    uint64_t hash;

    generic(NULL);
    fill_db1();
    open_pool();
    for (int hour = 0; hour < 24; hour++) {
        for (unsigned i = 0; i < 20; i++) {
            workers[i].left = 20;
            work_on(&workers[i]);
        }
        run_for(10 * SECOND);
        set_dial(S7_DIAL_REFUSE);
        for (unsigned i = 0; i < 5; i++)
            if (s7_conn_stream(s7_pool_loop_conn(pool, i)) != NULL)
                s7_virtual_reset(stream_of(i));
        run_for(SECOND);
        for (unsigned i = 0; i < 20; i++)
            ask(i, 5000);
        run_for(600 * SECOND);
        set_dial(S7_DIAL_ACCEPT);
        run_for(3000 * SECOND);
    }
    hash = s7_virtual_trace_hash(house.loop);
    leave(NULL);
    return hash;
}

static void the_same_seed_gives_the_same_trace(void **state)
{
    (void)state;
    uint64_t first = a_day(), second = a_day();

    assert_true(first == second);
}

/* ---- maintenance ---- */

static void a_pool_is_resized_refreshed_and_paused_at_exact_times(void **state)
{
    (void)state;
    memset(told, 0, sizeof told);
    options.size = 3;
    options.on_event = on_event;
    options.user = told;
    options.name = "press 4";
    options.start = S7_POOL_START_ALL;
    open_pool();
    assert_int_equal(served(), 3);
    assert_int_equal(told[S7_POOL_EVENT_CONNECTED], 3);
    assert_string_equal(last_told[S7_POOL_EVENT_CONNECTED].name, "press 4");
    assert_int_equal(s7_pool_loop_resize(pool, 0), S7_E_ARG);
    assert_int_equal(s7_pool_loop_resize(pool, 1), S7_OK);
    run_for(MS);
    assert_int_equal(served(), 1);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_SHRINK], 2);
    assert_int_equal(s7_pool_loop_resize(pool, 9), S7_OK);
    for (unsigned i = 0; i < 9; i++)
        borrow(i);
    assert_int_equal(served(), 9);
    assert_int_equal(s7_pool_loop_refresh(pool), S7_OK);
    assert_int_equal(read_byte(8, 0, 500), S7_OK);
    for (unsigned i = 1; i < 9; i++)
        put(i);
    run_for(MS);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_EVICTED], 8);
    ended = false;
    assert_int_equal(s7_pool_loop_pause(pool, 5000, on_ended, NULL), S7_OK);
    run_for(3 * SECOND);
    assert_false(ended);
    put(0);
    run_for(MS);
    assert_true(ended);
    assert_int_equal(ended_with, S7_OK);
    assert_int_equal(served(), 0);
    ask(0, 10000);
    run_for(5 * SECOND);
    assert_false(workers[0].got);
    assert_int_equal(s7_pool_loop_resume(pool), S7_OK);
    run_for(MS);
    assert_true(workers[0].got);
    assert_int_equal(told[S7_POOL_EVENT_PAUSED] + told[S7_POOL_EVENT_RESUMED], 2);
    assert_int_equal(last_told[S7_POOL_EVENT_WAIT_ENDED].took_ns / SECOND, 5);
}

static void a_pause_that_waits_in_vain_ends_at_its_deadline(void **state)
{
    (void)state;
    open_pool();
    borrow(0);
    ended = false;
    int64_t began = now();
    assert_int_equal(s7_pool_loop_pause(pool, 5000, on_ended, NULL), S7_OK);
    run_to(began + 5 * SECOND - 1);
    assert_false(ended);
    run_to(began + 5 * SECOND);
    assert_true(ended);
    assert_int_equal(ended_with, S7_E_TIMEOUT);
    assert_non_null(strstr(ended_err.came, "not been put back"));
}

static void p10_connections_of_a_busy_pool_are_replaced_when_they_are_old(void **state)
{
    (void)state;
    options.size = 1;
    options.max_lifetime_ms = 1000;
    open_pool();
    for (unsigned i = 0; i < 200; i++) {
        borrow(i % 2);
        run_for(100 * MS);
        assert_int_equal(read_byte(i % 2, 0, 500), S7_OK);
        put(i % 2);
    }
    assert_in_range(stats().closed[S7_POOL_CLOSE_LIFETIME], 15, 25);
}

/* ---- groups ---- */

#define POOLS 8

static s7_pool_loop *pools[POOLS];
static struct worker helpers[POOLS][5], greedy[2][20];

static void count_got(s7_pool_loop *which, struct s7_pool_request *request, s7_status status,
                      const s7_errinfo *err, void *arg)
{
    struct worker *helper = arg;

    (void)which;
    (void)err;
    (void)request;
    helper->got = status == S7_OK;
}

/* How many callers of all pools hold a connection; each of them puts it. */
static unsigned put_what_was_got(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < POOLS; i++)
        for (unsigned j = 0; j < 5; j++) {
            struct worker *helper = &helpers[i][j];

            if (!helper->got)
                continue;
            n++;
            helper->got = false;
            assert_int_equal(s7_pool_loop_put(pools[i], helper->request.lease), S7_OK);
        }
    return n;
}

/* Eight pools of five want 40 connections of a PLC that has 8, of which 2 are for others. */
static void p12_pools_of_a_group_share_a_PLCs_connections(void **state)
{
    s7_pool_group_options limits;
    s7_pool_group *group;
    unsigned done = 0, most = 0;

    (void)state;
    s7_pool_group_options_init(&limits);
    limits.plc_connections = 8;
    limits.plc_reserved = 2;
    limits.max_dials = 1;
    assert_int_equal(s7_pool_group_new(&limits, &group, NULL), S7_OK);
    options.group = group;
    options.start = S7_POOL_START_BACKGROUND;
    options.max_idle_ms = 100;
    for (unsigned i = 0; i < POOLS; i++) {
        assert_int_equal(s7_pool_loop_new(house.loop, house.endpoint, &options, &pools[i], NULL), S7_OK);
        assert_int_equal(s7_pool_loop_start(pools[i], 0, NULL, NULL), S7_OK);
        for (unsigned j = 0; j < 5; j++)
            assert_int_equal(s7_pool_loop_get(pools[i], &helpers[i][j].request, 60000, "a test", count_got,
                                              &helpers[i][j], NULL),
                             S7_OK);
    }
    for (unsigned ms = 0; ms < 5000 && done < 5 * POOLS; ms++) {
        run_for(MS);
        most = served() > most ? served() : most;
        assert_in_range(served(), 0, 6);
        if (ms % 10 == 9)
            done += put_what_was_got();
    }
    assert_int_equal(done, 5 * POOLS); /* nobody starves */
    assert_int_equal(most, 6);
    for (unsigned i = 0; i < POOLS; i++)
        s7_pool_loop_free(pools[i]);
    s7_pool_group_free(group);
}

/* Two pools of ten, of whom the first has all eight and never lets one rest: the second has one when the
 * first comes back. */
static void p12_a_pool_of_a_group_does_not_starve_beside_a_greedy_one(void **state)
{
    s7_pool_group_options limits;
    s7_pool_group *group;
    s7_pool_stats stats = {.struct_size = sizeof stats};
    unsigned served_late = 0;

    (void)state;
    s7_pool_group_options_init(&limits);
    limits.plc_connections = 8;
    assert_int_equal(s7_pool_group_new(&limits, &group, NULL), S7_OK);
    options.group = group;
    options.size = 10;
    options.start = S7_POOL_START_BACKGROUND;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(s7_pool_loop_new(house.loop, house.endpoint, &options, &pools[i], NULL), S7_OK);
        assert_int_equal(s7_pool_loop_start(pools[i], 0, NULL, NULL), S7_OK);
        for (unsigned j = 0; j < (i == 0 ? 20 : 1); j++)
            assert_int_equal(s7_pool_loop_get(pools[i], &greedy[i][j].request, 60000, "a test", count_got,
                                              &greedy[i][j], NULL),
                             S7_OK);
        run_for(500 * MS);
    }
    for (unsigned ms = 0; ms < 1000; ms += 10) { /* whoever got one puts it and asks again */
        run_for(10 * MS);
        served_late += greedy[1][0].got;
        for (unsigned i = 0; i < 2; i++)
            for (unsigned j = 0; j < 20; j++)
                if (greedy[i][j].got) {
                    greedy[i][j].got = false;
                    assert_int_equal(s7_pool_loop_put(pools[i], greedy[i][j].request.lease), S7_OK);
                    assert_int_equal(s7_pool_loop_get(pools[i], &greedy[i][j].request, 60000, "a test",
                                                      count_got, &greedy[i][j], NULL),
                                     S7_OK);
                }
    }
    assert_in_range(served_late, 90, 100); /* nearly every time */
    assert_int_equal(s7_pool_loop_stats(pools[0], &stats), S7_OK);
    assert_int_equal(stats.closed[S7_POOL_CLOSE_YIELDED], 1);
    assert_int_equal(stats.total_connections, 7);
    for (unsigned i = 0; i < 2; i++)
        s7_pool_loop_free(pools[i]);
    s7_pool_group_free(group);
}

#define GENERIC(name) cmocka_unit_test_setup_teardown(name, generic, leave)
#define S7_300(name)  cmocka_unit_test_setup_teardown(name, s7_300, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GENERIC(a_pool_is_resized_refreshed_and_paused_at_exact_times),
        GENERIC(a_pause_that_waits_in_vain_ends_at_its_deadline),
        GENERIC(p10_connections_of_a_busy_pool_are_replaced_when_they_are_old),
        GENERIC(p12_pools_of_a_group_share_a_PLCs_connections),
        GENERIC(p12_a_pool_of_a_group_does_not_starve_beside_a_greedy_one),
        GENERIC(after_10_seconds_of_refusals_all_20_who_wait_are_served),
        GENERIC(a_start_at_a_dead_PLC_says_what_to_try),
        S7_300(a_pool_of_20_settles_for_the_15_connections_that_an_S7_300_lends_to_one_class),
        GENERIC(a_hundred_workers_share_ten_connections),
        cmocka_unit_test(the_same_seed_gives_the_same_trace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
