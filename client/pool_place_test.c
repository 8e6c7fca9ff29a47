/* The warm place of a pool for threads, against one fake PLC that serves one connection at a time: that
 * whoever passes the mutex by is nobody's disadvantage, and that nothing of it is missing afterwards. */
#include "client/pool_thread_impl.h"
#include "client/pool_thread_rig.h"
#include "client/test_names.h"

#include <sys/wait.h>
#include <unistd.h>

/* The first lease warms the place up. Whatever takes the mutex, as stats() does, ends what is warm. */
static void warm_with(const s7_pool_options *options)
{
    open_with(options);
    assert_int_equal(s7_pool_put(pool, borrow()), S7_OK);
}

static void open_warm(enum act act, unsigned act_frame)
{
    s7_pool_options options = options_for(PATIENCE_MS);

    server_start(480, 1, act, act_frame);
    warm_with(&options);
}

static s7_status read_byte(s7_client *client)
{
    uint8_t value;

    return s7_read_u8(client, &patient, S7_AREA_DB, 1, 0, &value);
}

/* ---- warm ---- */

static void what_came_back_and_is_wanted_by_nobody_is_warm(void **state)
{
    (void)state;
    open_warm(ANSWER, 0);
    assert_true(s7_pool_place_is_warm(pool));
    s7_client *plc = borrow();
    assert_true(s7_pool_place_is_warm(pool));
    assert_int_equal(read_byte(plc), S7_OK);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    assert_true(s7_pool_place_is_warm(pool));
    assert_int_equal(stats().gets, 2);
    assert_false(s7_pool_place_is_warm(pool));
}

static void a_lease_that_is_over_is_told_apart_from_a_thousand_later_ones(void **state)
{
    (void)state;
    open_warm(ANSWER, 0);
    s7_client *first = borrow();
    assert_int_equal(s7_pool_put(pool, first), S7_OK);
    for (int i = 0; i < 1024; i++) {
        s7_client *next = borrow();

        assert_true(next != first);
        assert_int_equal(read_byte(first), S7_E_STALE_LEASE);
        assert_false(s7_client_is_connected(first));
        assert_int_equal(s7_pool_put(pool, first), S7_E_MISUSE);
        assert_int_equal(s7_pool_discard(pool, first, S7_OK), S7_E_MISUSE);
        assert_int_equal(s7_pool_put(pool, next), S7_OK);
    }
    assert_int_equal(stats().misuse, 3 * 1024 + 1024); /* asking whether it is connected is one as well */
    assert_int_equal(stats().puts, stats().gets);
}

static void every_part_of_a_client_is_foreign_but_its_beginning(void **state)
{
    (void)state;
    open_warm(ANSWER, 0);
    s7_client *plc = borrow();
    for (size_t i = 1; i < sizeof(struct s7_client); i++)
        assert_int_equal(s7_pool_put(pool, (s7_client *)((char *)plc + i)), S7_E_FOREIGN);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
}

/* ---- nothing of it is missing ---- */

static void expect_counted(uint64_t gets, uint64_t puts)
{
    s7_pool_stats s = stats();

    assert_int_equal(s.gets, gets);
    assert_int_equal(s.puts, puts);
    assert_int_equal(s.wait.count, gets);
    assert_int_equal(s.lease.count, puts);
    assert_int_equal(s.in_use, gets - puts);
    assert_int_equal(s.available, 1 - (gets - puts));
    assert_int_equal(s.total_connections, 1);
}

static void statistics_are_exact_whenever_they_are_taken(void **state)
{
    uint64_t n = 1;

    (void)state;
    open_warm(ANSWER, 0);
    for (unsigned i = 0; i < 2000; i++) {
        s7_client *plc = borrow();

        if (i % 7 == 0)
            assert_int_equal(read_byte(plc), S7_OK);
        if (i % 97 == 5)
            expect_counted(n + 1, n);
        assert_int_equal(s7_pool_put(pool, plc), S7_OK);
        n++;
        if (i % 101 == 3)
            expect_counted(n, n);
    }
    expect_counted(n, n);
}

/* More leases with calls than the place takes notes of. */
static void leases_are_as_long_as_they_were(void **state)
{
    int64_t most_ns = 0, sum_ns = 0;

    (void)state;
    open_warm(ANSWER, 0);
    s7_pool_stats before = stats();
    for (unsigned i = 0; i < 600; i++) {
        int64_t begun_ns = s7_now_ns();
        s7_client *plc = borrow();
        assert_int_equal(read_byte(plc), S7_OK);
        int64_t calls_ns = s7_now_ns();
        assert_int_equal(read_byte(plc), S7_OK);
        calls_ns = s7_now_ns() - calls_ns;
        assert_int_equal(s7_pool_put(pool, plc), S7_OK);
        sum_ns += s7_now_ns() - begun_ns;
        most_ns = calls_ns > most_ns ? calls_ns : most_ns;
    }
    s7_pool_stats after = stats();
    assert_int_equal(after.lease.count - before.lease.count, 600);
    assert_true(after.lease.sum_ns - before.lease.sum_ns <= sum_ns);
    assert_true(after.lease.max_ns >= most_ns);
}

static void a_long_lease_without_a_call_is_counted_roughly(void **state)
{
    int64_t held_ns = 5 * s7_rough_ns();

    (void)state;
    open_warm(ANSWER, 0);
    s7_client *plc = borrow();
    int64_t begun_ns = s7_now_ns();
    while (s7_now_ns() < begun_ns + held_ns)
        poll(NULL, 0, 1);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    assert_true(s7_pool_place_is_warm(pool));
    assert_true(stats().lease.max_ns >= held_ns - s7_rough_ns());
}

/* ---- whoever comes ---- */

struct waiter {
    pthread_t thread;
    s7_status status;
    atomic_bool over;
    s7_errinfo err;
};

static void *wait_for_it(void *arg)
{
    struct waiter *waiter = arg;
    s7_client *client;
    s7_ctx ctx = {
        .struct_size = sizeof ctx, .timeout_ms = PATIENCE_MS / 10, .label = "another", .err = &waiter->err};

    waiter->err = (s7_errinfo)S7_ERRINFO_INIT;
    waiter->status = s7_pool_get(pool, &ctx, &client);
    if (waiter->status == S7_OK)
        waiter->status = s7_pool_put(pool, client);
    atomic_store(&waiter->over, true);
    return NULL;
}

/* One that takes and gives all the time, without a mutex, and one that waits for it. */
static void who_waits_is_served_by_the_next_put(void **state)
{
    struct waiter waiter = {.status = S7_E_IO};

    (void)state;
    open_warm(ANSWER, 0);
    patient.timeout_ms = PATIENCE_MS / 4; /* shorter than the PLC's */
    for (unsigned i = 0; i < 20; i++) {
        atomic_store(&waiter.over, false);
        assert_int_equal(pthread_create(&waiter.thread, NULL, wait_for_it, &waiter), 0);
        while (!atomic_load(&waiter.over))
            assert_int_equal(s7_pool_put(pool, borrow()), S7_OK);
        pthread_join(waiter.thread, NULL);
        if (waiter.status != S7_OK)
            fail_msg("who waited got %s: %s", s7_errname(waiter.status), waiter.err.came);
    }
}

static void who_waits_in_vain_is_told_who_has_it(void **state)
{
    s7_client *other;
    s7_ctx impatient = {.struct_size = sizeof impatient, .timeout_ms = 20, .label = "no", .err = &err};

    (void)state;
    open_warm(ANSWER, 0);
    s7_client *plc = borrow();
    assert_int_equal(s7_pool_get(pool, &impatient, &other), S7_E_POOL_EXHAUSTED);
    assert_non_null(strstr(err.came, "by \"a test\""));
    assert_int_equal(read_byte(plc), S7_OK); /* the lease goes on */
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    assert_int_equal(stats().gets_timed_out, 1);
}

static void a_context_that_is_cancelled_or_none_gets_nothing(void **state)
{
    s7_token *token;
    s7_client *plc;
    s7_ctx ctx = {.struct_size = sizeof ctx, .label = "a test"};

    (void)state;
    open_warm(ANSWER, 0);
    assert_int_equal(s7_token_new(&token), S7_OK);
    ctx.cancel = token;
    assert_int_equal(s7_pool_get(pool, &ctx, &plc), S7_OK);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    assert_true(s7_pool_place_is_warm(pool));
    s7_token_cancel(token);
    assert_int_equal(s7_pool_get(pool, &ctx, &plc), S7_E_CANCELLED);
    ctx = (s7_ctx){.struct_size = 1, .label = "a test"};
    assert_int_equal(s7_pool_put(pool, borrow()), S7_OK);
    assert_int_equal(s7_pool_get(pool, &ctx, &plc), S7_E_ARG);
    s7_token_free(token);
}

/* ---- the pool's thread ---- */

static void idle_time_counts_from_a_warm_put(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);

    (void)state;
    server_start(480, 1, ANSWER, 0);
    options.max_idle_ms = 200;
    warm_with(&options);
    int64_t put_ns = 0, begun_ns = s7_now_ns();
    while (s7_now_ns() < begun_ns + 300 * INT64_C(1000000)) {
        s7_client *plc = borrow();
        put_ns = s7_now_ns();
        assert_int_equal(s7_pool_put(pool, plc), S7_OK);
        poll(NULL, 0, 1);
    }
    uint64_t before = stats().closed[S7_POOL_CLOSE_IDLE]; /* a machine may be busy for so long */
    UNTIL(stats().closed[S7_POOL_CLOSE_IDLE] == before + 1);
    assert_true(s7_now_ns() >= put_ns + 200 * INT64_C(1000000));
}

static void a_warm_connection_is_checked_in_its_time(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);

    (void)state;
    server_start(480, 1, ANSWER, 0);
    options.health_check_ms = 20;
    warm_with(&options);
    UNTIL(!s7_pool_place_is_warm(pool)); /* by nobody but the pool's thread */
    UNTIL(stats().health_checks >= 1);
    assert_int_equal(stats().health_check_failures, 0);
    assert_int_equal(stats().connects, 1);
}

static void a_warm_connection_that_ended_is_not_lent_again(void **state)
{
    (void)state;
    open_warm(ANSWER, 0);
    assert_true(s7_pool_place_is_warm(pool));
    server_drop();
    UNTIL(!s7_pool_place_is_warm(pool));
    s7_client *plc = borrow();
    assert_int_equal(read_byte(plc), S7_OK);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    assert_int_equal(stats().connects, 2);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_PEER], 1);
}

static void a_warm_lease_that_is_out_too_long_is_told(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);

    (void)state;
    server_start(480, 1, ANSWER, 0);
    options.leak_ms = 20;
    warm_with(&options);
    s7_client *plc = borrow();
    int64_t lent_ns = s7_now_ns();
    UNTIL(stats().leaks >= 1);
    assert_true(s7_now_ns() >= lent_ns + 20 * INT64_C(1000000) - s7_rough_ns());
    assert_int_equal(stats().leaking, 1);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    assert_int_equal(stats().leaking, 0);
}

/* ---- maintenance ---- */

static void refresh_replaces_a_warm_connection(void **state)
{
    (void)state;
    open_warm(ANSWER, 0);
    assert_int_equal(s7_pool_refresh(pool), S7_OK); /* idle */
    UNTIL(stats().closed[S7_POOL_CLOSE_EVICTED] == 1);
    assert_int_equal(s7_pool_put(pool, borrow()), S7_OK);
    s7_client *plc = borrow();
    assert_int_equal(s7_pool_refresh(pool), S7_OK); /* lent */
    assert_int_equal(read_byte(plc), S7_OK);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    UNTIL(stats().closed[S7_POOL_CLOSE_EVICTED] == 2);
}

static void a_paused_pool_lends_nothing_warm(void **state)
{
    s7_client *plc;
    s7_ctx impatient = {.struct_size = sizeof impatient, .timeout_ms = 1, .label = "a test"};

    (void)state;
    open_warm(ANSWER, 0);
    assert_int_equal(s7_pool_pause(pool, &patient), S7_OK);
    assert_int_equal(s7_pool_get(pool, &impatient, &plc), S7_E_POOL_PAUSED);
    assert_int_equal(s7_pool_resume(pool), S7_OK);
    assert_int_equal(s7_pool_put(pool, borrow()), S7_OK);
}

static void close_takes_a_warm_lease_away(void **state)
{
    (void)state;
    open_warm(ANSWER, 0);
    s7_client *plc = borrow(), *next;
    assert_int_equal(s7_pool_close(pool, S7_WITHIN(1)), S7_E_TIMEOUT);
    assert_int_equal(read_byte(plc), S7_E_STALE_LEASE);
    assert_int_equal(s7_pool_put(pool, plc), S7_E_POOL_CLOSED);
    assert_int_equal(s7_pool_put(pool, plc), S7_E_MISUSE);
    assert_int_equal(s7_pool_get(pool, &patient, &next), S7_E_POOL_CLOSED);
}

static void close_waits_for_a_warm_lease(void **state)
{
    struct waiter waiter = {.status = S7_E_IO};

    (void)state;
    open_warm(ANSWER, 0);
    assert_int_equal(pthread_create(&waiter.thread, NULL, wait_for_it, &waiter), 0);
    pthread_join(waiter.thread, NULL);
    assert_int_equal(waiter.status, S7_OK);
    assert_int_equal(s7_pool_close(pool, &patient), S7_OK);
    assert_int_equal(stats().total_connections, 0);
}

static void a_child_gets_nothing_of_a_warm_place(void **state)
{
    int how;

    (void)state;
    open_warm(ANSWER, 0);
    s7_client *plc = borrow();
    pid_t child = fork();
    if (child == 0)
        _exit(s7_pool_put(pool, plc) == S7_E_FORKED && read_byte(plc) == S7_E_FORKED ? 0 : 1);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    child = fork();
    if (child == 0)
        _exit(s7_pool_get(pool, &patient, &plc) == S7_E_FORKED ? 0 : 1);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    expect_counted(2, 2);
}

/* ---- calls ---- */

static void *read_held(void *arg)
{
    return read_byte(arg) == S7_OK ? NULL : arg;
}

static void a_put_while_a_call_is_inside_is_misuse_and_it_stays_lent(void **state)
{
    pthread_t thread;
    void *bad;

    (void)state;
    open_warm(HOLD, 2);
    s7_client *plc = borrow();
    assert_int_equal(pthread_create(&thread, NULL, read_held, plc), 0);
    server_wait_for_held();
    assert_int_equal(s7_pool_put(pool, plc), S7_E_MISUSE);
    assert_int_equal(s7_pool_discard(pool, plc, S7_OK), S7_E_MISUSE);
    assert_int_equal(read_byte(plc), S7_E_MISUSE);
    server_release();
    pthread_join(thread, &bad);
    assert_null(bad);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    assert_int_equal(stats().misuse, 2); /* a call beside another one is the client's */
}

static void a_warm_lease_that_owes_an_answer_comes_back_dirty(void **state)
{
    uint8_t value;

    (void)state;
    open_warm(HOLD, 2);
    s7_client *plc = borrow();
    assert_int_equal(s7_read_u8(plc, S7_WITHIN(20), S7_AREA_DB, 1, 0, &value), S7_E_TIMEOUT);
    server_wait_for_held();
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    assert_false(s7_pool_place_is_warm(pool));
    assert_int_equal(stats().dirty, 1);
    server_release();
    UNTIL(stats().available == 1);
    assert_int_equal(stats().late_answers, 1);
}

static void a_warm_lease_that_broke_is_closed(void **state)
{
    (void)state;
    open_warm(RST, 2);
    s7_client *plc = borrow();
    assert_int_equal(read_byte(plc), S7_E_RESET);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    UNTIL(stats().closed[S7_POOL_CLOSE_PEER] == 1);
    plc = borrow();
    assert_int_equal(s7_pool_discard(pool, plc, S7_OK), S7_OK);
    UNTIL(stats().closed[S7_POOL_CLOSE_BORROWER] == 1);
}

/* ---- all at once ---- */

#define WORKERS 4
#define LEASES  4000 /* of each */

static atomic_bool stop, held; /* held: there is one connection */
static atomic_uint wrong;

static void *take_and_give(void *arg)
{
    unsigned which = *(unsigned *)arg;

    for (unsigned i = 0; i < LEASES; i++) {
        s7_client *client;

        if (s7_pool_get(pool, &patient, &client) != S7_OK || atomic_exchange(&held, true))
            atomic_fetch_add(&wrong, 1);
        if (i % 64 == 0 && read_byte(client) != S7_OK)
            atomic_fetch_add(&wrong, 1);
        atomic_store(&held, false);
        if (s7_pool_put(pool, client) != S7_OK)
            atomic_fetch_add(&wrong, 1);
        if (i % (16U << which) == 0) /* so that sometimes one is alone */
            poll(NULL, 0, 1);
    }
    return NULL;
}

static void *disturb(void *arg)
{
    uint64_t seen = 0;

    (void)arg;
    for (unsigned i = 0; !atomic_load(&stop); i++) {
        s7_pool_stats s = {.struct_size = sizeof s};
        bool good = s7_pool_stats_get(pool, &s) == S7_OK && s.gets >= seen && s.gets == s.puts + s.in_use &&
                    s.lease.count == s.puts && s.wait.count == s.gets && s.in_use <= 1;

        seen = s.gets;
        if (i % 5 == 0)
            good = good && s7_pool_resize(pool, 1) == S7_OK;
        if (i % 50 == 1)
            good = good && s7_pool_refresh(pool) == S7_OK;
        if (i % 50 == 26)
            good = good && s7_pool_pause(pool, &patient) == S7_OK && s7_pool_resume(pool) == S7_OK;
        atomic_fetch_add(&wrong, !good);
        poll(NULL, 0, 1);
    }
    return NULL;
}

static void one_connection_has_one_borrower_whatever_happens(void **state)
{
    pthread_t workers[WORKERS], disturber;
    unsigned numbers[WORKERS];
    s7_pool_options options = options_for(PATIENCE_MS);

    (void)state;
    server_start(480, 1, ANSWER, 0);
    options.health_check_ms = 20;
    warm_with(&options);
    atomic_store(&stop, false);
    atomic_store(&wrong, 0);
    assert_int_equal(pthread_create(&disturber, NULL, disturb, NULL), 0);
    for (unsigned i = 0; i < WORKERS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&workers[i], NULL, take_and_give, &numbers[i]), 0);
    }
    for (unsigned i = 0; i < WORKERS; i++)
        pthread_join(workers[i], NULL);
    atomic_store(&stop, true);
    pthread_join(disturber, NULL);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_int_equal(stats().gets, 1 + WORKERS * LEASES);
    assert_int_equal(stats().puts, 1 + WORKERS * LEASES);
    assert_int_equal(stats().misuse, 0);
}

/* As many as can come back at the same moment as it is closed. */
static void *take_until_closed(void *arg)
{
    s7_client *client;
    s7_status status = S7_OK;

    (void)arg;
    while (status == S7_OK) {
        status = s7_pool_get(pool, &patient, &client);
        if (status == S7_OK)
            status = s7_pool_put(pool, client);
    }
    return status == S7_E_POOL_CLOSED ? NULL : &pool;
}

static void close_comes_at_any_moment_of_a_warm_lease(void **state)
{
    (void)state;
    server_start(480, 1, ANSWER, 0);
    for (unsigned i = 0; i < 30; i++) {
        s7_pool_options options = options_for(PATIENCE_MS);
        pthread_t thread;
        void *bad;

        warm_with(&options);
        assert_int_equal(pthread_create(&thread, NULL, take_until_closed, NULL), 0);
        poll(NULL, 0, (int)(i % 3));
        s7_status status = s7_pool_close(pool, i % 2 == 0 ? &patient : S7_WITHIN(1));
        assert_true(status == S7_OK || (i % 2 != 0 && status == S7_E_TIMEOUT));
        pthread_join(thread, &bad);
        assert_null(bad);
        assert_int_equal(stats().total_connections, 0);
        assert_int_equal(stats().in_use, 0);
        s7_pool_free(pool);
    }
    pool = NULL;
}

#define TEST(name) cmocka_unit_test_teardown(name, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_came_back_and_is_wanted_by_nobody_is_warm),
        TEST(a_lease_that_is_over_is_told_apart_from_a_thousand_later_ones),
        TEST(every_part_of_a_client_is_foreign_but_its_beginning),
        TEST(statistics_are_exact_whenever_they_are_taken),
        TEST(leases_are_as_long_as_they_were),
        TEST(a_long_lease_without_a_call_is_counted_roughly),
        TEST(who_waits_is_served_by_the_next_put),
        TEST(who_waits_in_vain_is_told_who_has_it),
        TEST(a_context_that_is_cancelled_or_none_gets_nothing),
        TEST(idle_time_counts_from_a_warm_put),
        TEST(a_warm_connection_is_checked_in_its_time),
        TEST(a_warm_connection_that_ended_is_not_lent_again),
        TEST(a_warm_lease_that_is_out_too_long_is_told),
        TEST(refresh_replaces_a_warm_connection),
        TEST(a_paused_pool_lends_nothing_warm),
        TEST(close_takes_a_warm_lease_away),
        TEST(close_waits_for_a_warm_lease),
        TEST(a_child_gets_nothing_of_a_warm_place),
        TEST(a_put_while_a_call_is_inside_is_misuse_and_it_stays_lent),
        TEST(a_warm_lease_that_owes_an_answer_comes_back_dirty),
        TEST(a_warm_lease_that_broke_is_closed),
        TEST(one_connection_has_one_borrower_whatever_happens),
        TEST(close_comes_at_any_moment_of_a_warm_lease),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.pool_place");
}
