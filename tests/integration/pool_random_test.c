/* Sixteen threads do at random whatever may be done with a pool, while it is resized, refreshed and paused
 * and the PLC restarts: what ThreadSanitizer, AddressSanitizer and, in a debug build, the core's look at
 * itself are to see. No lease is two threads' at a time, no value another's, and in the end every lease and
 * every connection is accounted for.
 *
 * usage: test_integration_pool_random [OPERATIONS [SEED]]     a long run: `ninja pool_soak` */
#include "pool_rig.h"

#include "loop/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define THREADS        16
#define OPERATIONS     20000
#define OPERATIONS_MAX 1000000000
#define SIZE           8

static uint64_t operations = OPERATIONS, seed = 1;

static struct {
    _Atomic(s7_client *) held[THREADS];
    _Atomic(const char *) wrong;                     /* what went wrong last */
    atomic_uint refused, cancelled, failed, working; /* cancelled: of refused */
    s7_token *token;
} all;

struct worker {
    unsigned number;
    uint64_t draws;
    uint32_t written; /* last, at a place of its own */
};

static void check(bool good, const char *what)
{
    if (!good)
        atomic_store(&all.wrong, what);
}

static unsigned below(struct worker *worker, unsigned n)
{
    return (unsigned)s7_draw_range(s7_draw(seed, worker->number, 0, worker->draws++), 0, (int64_t)n - 1);
}

/* Before the put: afterwards it may be anybody's. */
static void let_go(struct worker *worker)
{
    atomic_store(&all.held[worker->number], NULL);
}

/* Each thread says what it has before it looks at what others say. */
static void hold(struct worker *worker, s7_client *client)
{
    atomic_store(&all.held[worker->number], client);
    for (unsigned i = 0; i < THREADS; i++)
        check(i == worker->number || atomic_load(&all.held[i]) != client, "a lease of two threads");
}

/* ---- what a thread may do ---- */

static s7_client *get(struct worker *worker)
{
    s7_client *client;

    if (s7_pool_get(pool, NULL, &client) != S7_OK) {
        check(false, "a get failed");
        return NULL;
    }
    hold(worker, client);
    return client;
}

static void put(struct worker *worker, s7_client *client)
{
    let_go(worker);
    check(s7_pool_put(pool, client) == S7_OK, "a put failed");
}

static void borrow_only(struct worker *worker)
{
    s7_client *client = get(worker);

    if (client != NULL)
        put(worker, client);
}

static s7_status write_and_read(struct worker *worker, s7_client *client)
{
    uint32_t place = worker->number * 4, found = 0;
    s7_status status = s7_write_u32(client, NULL, S7_AREA_DB, 2, place, ++worker->written);

    if (status == S7_OK)
        status = s7_read_u32(client, NULL, S7_AREA_DB, 2, place, &found);
    check(status != S7_OK || found == worker->written, "a value that was not written");
    return status;
}

static void borrow_and_work(struct worker *worker)
{
    s7_client *client = get(worker);

    if (client == NULL)
        return;
    if (write_and_read(worker, client) != S7_OK)
        atomic_fetch_add(&all.failed, 1);
    put(worker, client);
}

static void borrow_and_discard(struct worker *worker)
{
    s7_client *client = get(worker);

    if (client == NULL)
        return;
    let_go(worker);
    check(s7_pool_discard(pool, client, S7_OK) == S7_OK, "a discard failed");
}

/* A call that is given up leaves an answer on the way: the connection is dirty. */
static void borrow_and_give_up(struct worker *worker)
{
    s7_ctx ctx = {.struct_size = sizeof ctx, .cancel = all.token};
    s7_client *client = get(worker);
    uint8_t bytes[400];

    if (client == NULL)
        return;
    if (s7_read_db(client, &ctx, 2, 1000, bytes, sizeof bytes) != S7_OK)
        atomic_fetch_add(&all.failed, 1);
    put(worker, client);
}

/* In vain, more often than not. */
static void borrow_briefly(struct worker *worker, const s7_ctx *ctx)
{
    s7_client *client;
    s7_status status = s7_pool_get(pool, ctx, &client);

    if (status == S7_OK) {
        hold(worker, client);
        put(worker, client);
        return;
    }
    atomic_fetch_add(&all.refused, 1);
    atomic_fetch_add(&all.cancelled, status == S7_E_CANCELLED);
    check(status == S7_E_POOL_EXHAUSTED || status == S7_E_CANCELLED || status == S7_E_PLC_DOWN ||
              status == S7_E_TIMEOUT || status == S7_E_POOL_PAUSED,
          s7_errname(status));
}

static void borrow_within_a_millisecond(struct worker *worker)
{
    borrow_briefly(worker, S7_WITHIN(1));
}

static void borrow_until_cancelled(struct worker *worker)
{
    s7_ctx ctx = {.struct_size = sizeof ctx, .label = "cancelled", .cancel = all.token};

    borrow_briefly(worker, &ctx);
}

/* Only one wins, whoever that is; the client of the loser may be another thread's by now. */
static void put_a_stranger(struct worker *worker)
{
    (void)worker;
    check(s7_pool_put(pool, NULL) == S7_E_FOREIGN, "nothing was put");
}

static void read_without_lease(struct worker *worker)
{
    uint8_t bytes[24];

    (void)worker;
    if (s7_pool_read_db(pool, NULL, 1, 10, bytes, sizeof bytes) != S7_OK)
        atomic_fetch_add(&all.failed, 1);
}

static void look(struct worker *worker)
{
    s7_pool_stats s = {.struct_size = sizeof s};

    (void)worker;
    check(s7_pool_stats_get(pool, &s) == S7_OK, "no stats");
    check(s.total_connections == s.available + s.in_use + s.checking + s.dirty + s.closing,
          "connections that do not add up");
    check(s.gets == s.puts + s.in_use, "leases that do not add up");
}

static void *work(void *arg)
{
    static void (*const may[])(struct worker *) = {borrow_only,
                                                   borrow_only,
                                                   borrow_only,
                                                   borrow_only,
                                                   borrow_only,
                                                   borrow_within_a_millisecond,
                                                   borrow_and_work,
                                                   borrow_until_cancelled,
                                                   read_without_lease,
                                                   put_a_stranger,
                                                   look};
    struct worker worker = {.number = *(unsigned *)arg};

    for (uint64_t n = operations / THREADS; n > 0; n--) {
        if (below(&worker, 500) == 0)
            borrow_and_discard(&worker);
        else if (below(&worker, 200) == 0)
            borrow_and_give_up(&worker);
        else
            may[below(&worker, sizeof may / sizeof may[0])](&worker);
    }
    atomic_fetch_sub(&all.working, 1);
    return NULL;
}

/* ---- what is done to the pool meanwhile ---- */

static void maintain(void)
{
    struct worker me = {.number = THREADS};

    for (unsigned n = 0; atomic_load(&all.working) > 0; n++) {
        poll(NULL, 0, (int)below(&me, 20));
        if (n % 3 == 0) {
            s7_token_cancel(all.token);
            s7_token_reset(all.token);
        } else if (n % 5 == 0)
            check(s7_pool_resize(pool, 1 + below(&me, 2 * THREADS)) == S7_OK, "a resize failed");
        else if (n % 41 == 0)
            check(s7_pool_refresh(pool) == S7_OK, "a refresh failed");
        else if (n % 43 == 0)
            (void)!s7_pool_pause(pool, S7_WITHIN(5)); /* it may be too short for what is lent */
        else if (n % 97 == 0)
            house_thread_restart(&house);
        check(s7_pool_resume(pool) == S7_OK, "a resume failed");
    }
}

static void whatever_sixteen_threads_do_nothing_is_lost_and_nothing_is_anothers(void **state)
{
    uint8_t byte;

    (void)state;
    options.size = SIZE;
    options.health_check_ms = 40;
    options.backoff_min_ms = 10;
    options.backoff_max_ms = options.probe_min_ms = options.probe_max_ms = 100;
    open_pool();
    assert_int_equal(s7_token_new(&all.token), S7_OK);
    atomic_store(&all.working, THREADS);
    run_threads(THREADS, work, maintain);
    if (atomic_load(&all.wrong) != NULL)
        fail_msg("seed %llu: %s", (unsigned long long)seed, atomic_load(&all.wrong));
    assert_int_equal(s7_pool_read_db(pool, NULL, 1, 0, &byte, 1), S7_OK); /* it is well */
    s7_pool_stats s = stats();
    print_message("%llu operations: %llu leases, %u gets refused, %u calls failed, %llu connections\n",
                  (unsigned long long)operations, (unsigned long long)s.gets, atomic_load(&all.refused),
                  atomic_load(&all.failed), (unsigned long long)s.connects);
    /* Whose token was cancelled already has not asked for anything. */
    assert_in_range(s.gets_failed, atomic_load(&all.refused) - atomic_load(&all.cancelled),
                    atomic_load(&all.refused));
    assert_int_equal(s.gets_failed - s.gets_cancelled,
                     atomic_load(&all.refused) - atomic_load(&all.cancelled));
    close_pool();
    s7_token_free(all.token);
}

/* ---- deadlines ---- */

static void *wait_in_vain(void *arg)
{
    struct worker worker = {.number = *(unsigned *)arg};

    for (unsigned n = 0; n < 40; n++) {
        int32_t ms = 1 + (int32_t)below(&worker, 12);
        int64_t deadline_ns = s7_now_ns() + ms * HOUSE_NS_PER_MS;
        s7_client *client;

        check(s7_pool_get(pool, S7_WITHIN(ms), &client) == S7_E_POOL_EXHAUSTED, "a get did not end in vain");
        check(s7_now_ns() >= deadline_ns, "a get ended before its deadline");
    }
    return NULL;
}

static void among_many_who_wait_in_vain_nobody_gives_up_before_his_deadline(void **state)
{
    (void)state;
    options.size = 1;
    open_pool();
    s7_client *kept = borrow();
    run_threads(THREADS, wait_in_vain, NULL);
    if (atomic_load(&all.wrong) != NULL)
        fail_msg("%s", atomic_load(&all.wrong));
    assert_int_equal(stats().gets_timed_out, THREADS * 40);
    assert_int_equal(s7_pool_put(pool, kept), S7_OK);
    close_pool();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(whatever_sixteen_threads_do_nothing_is_lost_and_nothing_is_anothers),
        TEST(among_many_who_wait_in_vain_nobody_gives_up_before_his_deadline),
    };

    if (argc > 1)
        operations = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        seed = strtoull(argv[2], NULL, 10);
    if (argc > 3 || operations < THREADS || operations > OPERATIONS_MAX) {
        fprintf(stderr, "usage: test_integration_pool_random [OPERATIONS [SEED]]    (%d..%d)\n", THREADS,
                OPERATIONS_MAX);
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
