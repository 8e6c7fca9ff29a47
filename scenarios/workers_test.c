/* Many callers of one pool: the same tests in virtual time, over libev, and with threads. */
#include "adapter_rig.h"

#include "loop/loop_virtual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MS      HOUSE_NS_PER_MS
#define HOUR_NS (3600000 * MS)
#define PLACES  8
#define LEN     2
#define MANY    UINT64_MAX

static s7_address addresses[PLACES]; /* of DB1 */
static uint8_t values[PLACES * LEN];
static struct sc_work work;
static struct sc_workers *workers;

static void want(unsigned count, uint64_t times)
{
    for (uint8_t i = 0; i < PLACES; i++) {
        addresses[i] = house_item(1, 10U * i, NULL, LEN).address;
        values[LEN * i] = 0xA0;
        values[LEN * i + 1] = i;
    }
    work = (struct sc_work){.count = count,
                            .times = times,
                            .addresses = addresses,
                            .n_addresses = PLACES,
                            .values = values,
                            .value_len = LEN};
}

static struct sc_work_stats counts(void)
{
    struct sc_work_stats stats;

    sc_workers_stats(workers, &stats);
    return stats;
}

static void begin(struct sc_pool *pool, struct noted *call)
{
    assert_int_equal(sc_workers_start(pool, &work, note(call), &workers), S7_OK);
}

static struct sc_work_stats finish(struct noted *call)
{
    assert_int_equal(rig_wait(call), S7_OK);
    assert_int_equal(counts().running, 0);
    return counts();
}

static struct sc_work_stats run(struct sc_pool *pool)
{
    struct noted call = {0};

    begin(pool, &call);
    return finish(&call);
}

static void must_be_good(const struct sc_work_stats *stats, uint64_t iterations)
{
    if (stats->failed > 0)
        fail_msg("%u failed; %s: %s", (unsigned)stats->failed, stats->last_err.asked, stats->last_err.came);
    assert_int_equal(stats->ok, iterations);
    assert_int_equal(stats->wrong, 0);
}

/* Every place holds its value. */
static void fill(struct sc_pool *pool)
{
    want(1, PLACES);
    work.write = true;
    struct sc_work_stats stats = run(pool);
    must_be_good(&stats, PLACES);
}

/* ---- work ---- */

static void a_hundred_workers_read_what_was_written(void **state)
{
    (void)state;
    options.size = 5;
    struct sc_pool *pool = rig_started();
    fill(pool);
    want(100, 10);
    struct sc_work_stats stats = run(pool);
    must_be_good(&stats, 1000);
    assert_int_equal(rig_stats(pool).gets, 1000 + PLACES);
    assert_int_equal(rig_stats(pool).puts, 1000 + PLACES);
    assert_in_range(rig_stats(pool).connects, 1, 5);
}

static void anothers_bytes_are_wrong(void **state)
{
    (void)state;
    struct sc_pool *pool = rig_started();
    fill(pool);
    want(3, 4);
    values[1] = 1; /* DB1.DBB0 should hold what only DB1.DBB10 does */
    values[LEN + 1] = 0;
    struct sc_work_stats stats = run(pool);
    /* workers 0, 1 and 2 begin with places 0, 1 and 2, and take the next one each time */
    assert_int_equal(stats.ok, 9);
    assert_int_equal(stats.failed, 3);
    assert_int_equal(stats.wrong, 3);
    assert_int_equal(stats.last, S7_E_PROTOCOL);
    assert_int_equal(stats.last_err.status, S7_E_PROTOCOL);
    assert_non_null(strstr(stats.last_err.asked, "which holds a00"));
    assert_non_null(strstr(stats.last_err.came, "came, the bytes of DB1.DBB"));
}

static void without_values_any_bytes_are_good(void **state)
{
    (void)state;
    struct sc_pool *pool = rig_started();
    want(5, 5);
    work.values = NULL;
    struct sc_work_stats stats = run(pool);
    must_be_good(&stats, 25);
}

static void what_fails_is_counted_and_the_lease_put_back(void **state)
{
    (void)state;
    struct sc_pool *pool = rig_started();
    want(4, 5);
    for (unsigned i = 0; i < PLACES; i++)
        addresses[i].db = 77;
    struct sc_work_stats stats = run(pool);
    assert_int_equal(stats.ok, 0);
    assert_int_equal(stats.failed, 20);
    assert_int_equal(stats.wrong, 0);
    assert_int_equal(stats.last, S7_E_ITEM_MISSING);
    assert_int_equal(stats.last_err.status, S7_E_ITEM_MISSING);
    assert_int_equal(rig_stats(pool).in_use, 0);
    assert_int_equal(rig_stats(pool).gets, 20);
}

static void a_pool_that_refuses_is_asked_as_often(void **state)
{
    (void)state;
    struct sc_pool *pool = rig_pool(house.endpoint); /* not started */
    want(10, 100);
    struct sc_work_stats stats = run(pool);
    assert_int_equal(stats.failed, 1000);
    assert_int_equal(stats.last, S7_E_MISUSE);
    assert_non_null(strstr(stats.last_err.came, "not started"));
}

static void no_iteration_is_none(void **state)
{
    (void)state;
    struct sc_pool *pool = rig_pool(house.endpoint);
    want(3, 0);
    struct sc_work_stats stats = run(pool);
    must_be_good(&stats, 0);
}

static void a_pause_is_made_between_two_iterations_only(void **state)
{
    (void)state;
    struct sc_pool *pool = rig_started();
    fill(pool);
    want(2, 3);
    work.pause_ns = 20 * MS;
    int64_t began_ns = s7_loop_now_ns(house.loop);
    struct sc_work_stats stats = run(pool);
    must_be_good(&stats, 6);
    int64_t took_ns = s7_loop_now_ns(house.loop) - began_ns;
    assert_true(took_ns >= 40 * MS);
    if (world == WORLD_VIRTUAL)
        assert_true(took_ns < 50 * MS);
}

/* ---- stopping ---- */

static bool each_has_done_one(void *arg)
{
    struct sc_work_stats stats = counts();

    (void)arg;
    return stats.ok == work.count;
}

static void who_pauses_is_woken_by_a_stop(void **state)
{
    struct noted call = {0};

    (void)state;
    struct sc_pool *pool = rig_started();
    fill(pool);
    want(20, MANY);
    work.pause_ns = HOUR_NS;
    begin(pool, &call);
    rig_until(each_has_done_one, NULL);
    assert_int_equal(counts().running, 20);
    sc_workers_stop(workers);
    assert_int_equal(call.told, 0);
    int64_t stopped_ns = s7_loop_now_ns(house.loop);
    struct sc_work_stats stats = finish(&call);
    must_be_good(&stats, 20);
    if (world == WORLD_VIRTUAL)
        assert_int_equal(s7_loop_now_ns(house.loop), stopped_ns);
    assert_int_equal(rig_stats(pool).in_use, 0);
}

static bool much_was_done(void *arg)
{
    (void)arg;
    return counts().ok >= 100;
}

static void who_works_ends_after_it(void **state)
{
    struct noted call = {0};

    (void)state;
    struct sc_pool *pool = rig_started();
    fill(pool);
    want(20, MANY);
    begin(pool, &call);
    rig_until(much_was_done, NULL);
    sc_workers_stop(workers);
    struct sc_work_stats stats = finish(&call);
    must_be_good(&stats, stats.ok);
    assert_int_equal(rig_stats(pool).gets, stats.ok + PLACES);
    assert_int_equal(rig_stats(pool).puts, stats.ok + PLACES);
}

static void an_adapter_is_freed_with_workers_at_work(void **state)
{
    static struct noted calls[2];

    (void)state;
    struct sc_pool *pool = rig_started();
    fill(pool);
    want(20, MANY);
    begin(pool, &calls[0]);
    work.pause_ns = HOUR_NS;
    begin(pool, &calls[1]);
    rig_until(each_has_done_one, NULL);
    sc_adapter_free(adapter);
    adapter = NULL;
    rig_run_for(20 * MS);
    assert_int_equal(calls[0].told + calls[1].told, 0);
}

/* ---- nothing was begun ---- */

static void what_makes_no_sense_is_refused(void **state)
{
    struct noted call = {0};

    (void)state;
    struct sc_pool *pool = rig_started();
    for (int i = 0; i < 6; i++) {
        want(1, 1);
        work.count = i == 0 ? 0 : i == 1 ? 1001 : 1;
        work.n_addresses = i == 2 ? 0 : PLACES;
        work.value_len = i == 3 ? 0 : LEN;
        work.pause_ns = i == 4 ? -1 : 0;
        work.write = i == 5;
        work.values = i == 5 ? NULL : values;
        assert_int_equal(sc_workers_start(pool, &work, note(&call), &workers), S7_E_ARG);
    }
    rig_run_for(5 * MS);
    assert_int_equal(call.told, 0);
    assert_int_equal(rig_stats(pool).gets, 0);
}

static void without_memory_nothing_is_begun(void **state)
{
    struct noted call = {0};
    s7_status status;
    long n = 0;

    (void)state;
    struct sc_pool *pool = rig_started();
    fill(pool);
    want(10, 10);
    do {
        allocations_left = n++;
        status = sc_workers_start(pool, &work, note(&call), &workers);
        allocations_left = -1;
        if (status == S7_OK)
            break;
        assert_int_equal(status, S7_E_NOMEM);
        rig_run_for(MS);
        assert_int_equal(rig_stats(pool).gets, PLACES);
        assert_int_equal(call.told, 0);
    } while (n < 100);
    assert_int_equal(n, 5); /* workers, addresses, values, bytes */
    struct sc_work_stats stats = finish(&call);
    must_be_good(&stats, 100);
}

static void there_are_no_more_threads_than_the_crew_may_have(void **state)
{
    struct noted call = {0}, other = {0}, get = {0};
    struct sc_workers *others;

    (void)state;
    options.size = 10;
    struct sc_pool *pool = rig_started();
    fill(pool);
    want(1000, MANY);
    work.pause_ns = HOUR_NS;
    begin(pool, &call);
    work.count = 101;
    assert_int_equal(sc_workers_start(pool, &work, note(&other), &others), S7_E_IO);
    sc_pool_get(pool, 0, NULL, note(&get)); /* one thread of the hundred that are left */
    assert_int_equal(rig_wait(&get), S7_OK);
    assert_int_equal(sc_pool_put(pool, get.call.lease), S7_OK);
    work.count = 100;
    assert_int_equal(sc_workers_start(pool, &work, note(&other), &others), S7_OK);
    sc_pool_get(pool, 0, NULL, note(&get));
    assert_int_equal(rig_wait(&get), S7_E_IO);
    assert_non_null(strstr(get.call.err.came, "no thread"));
    sc_workers_stop(workers);
    (void)finish(&call);
    assert_int_equal(other.told, 0);
    sc_workers_stop(others);
    assert_int_equal(rig_wait(&other), S7_OK);
}

/* ---- virtual time ---- */

static uint64_t hash_of_a_run(void)
{
    void *state = &worlds[WORLD_VIRTUAL];
    struct noted close = {0};

    rig_open(&state);
    options.size = 5;
    struct sc_pool *pool = rig_started();
    fill(pool);
    want(50, 20);
    work.pause_ns = MS / 10;
    struct sc_work_stats stats = run(pool);
    must_be_good(&stats, 1000);
    sc_pool_close(pool, 0, note(&close));
    assert_int_equal(rig_wait(&close), S7_OK);
    uint64_t hash = s7_virtual_trace_hash(house.loop);
    rig_close(&state);
    return hash;
}

static void the_same_seed_gives_the_same_trace(void **state)
{
    uint64_t first = hash_of_a_run(), second = hash_of_a_run();

    (void)state;
    assert_true(first == second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ALL_WORLDS(a_hundred_workers_read_what_was_written),
        IN_ALL_WORLDS(anothers_bytes_are_wrong),
        IN_ALL_WORLDS(without_values_any_bytes_are_good),
        IN_ALL_WORLDS(what_fails_is_counted_and_the_lease_put_back),
        IN_ALL_WORLDS(a_pool_that_refuses_is_asked_as_often),
        IN_ALL_WORLDS(no_iteration_is_none),
        IN_ALL_WORLDS(a_pause_is_made_between_two_iterations_only),
        IN_ALL_WORLDS(who_pauses_is_woken_by_a_stop),
        IN_ALL_WORLDS(who_works_ends_after_it),
        IN_ALL_WORLDS(an_adapter_is_freed_with_workers_at_work),
        IN_ALL_WORLDS(what_makes_no_sense_is_refused),
        IN_ALL_WORLDS(without_memory_nothing_is_begun),
        RIG_TEST(there_are_no_more_threads_than_the_crew_may_have, WORLD_THREADS,
                 "there_are_no_more_threads_than_the_crew_may_have"),
        cmocka_unit_test(the_same_seed_gives_the_same_trace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
