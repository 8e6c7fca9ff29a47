/* The pool for threads against one fake PLC that serves one connection at a time: late answers, misuse, fork,
 * close. */
#include "client/pool_thread_rig.h"
#include "client/test_names.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- allocations that fail: the linker turns these calls to us ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);

static atomic_long allocations_left = -1; /* negative: any number */

static bool refuse_allocation(void)
{
    return atomic_load(&allocations_left) >= 0 && atomic_fetch_sub(&allocations_left, 1) == 0;
}

void *__wrap_malloc(size_t size)
{
    return refuse_allocation() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return refuse_allocation() ? NULL : __real_calloc(n, size);
}

static s7_status read_at(s7_client *client, uint32_t at, uint32_t ms)
{
    uint8_t value = 0;
    s7_status status = s7_read_u8(client, S7_WITHIN((int32_t)ms), S7_AREA_DB, 1, at, &value);

    if (status == S7_OK && value != db_byte(at))
        fail_msg("read byte %u, which holds %u: got %u", at, db_byte(at), value);
    return status;
}

/* ---- lending ---- */

static void a_lease_reads_and_writes_as_any_client(void **state)
{
    uint8_t bytes[700] = {1, 2, 3};
    s7_client_info info = {.struct_size = sizeof info};

    (void)state;
    open_pool(4, ANSWER, 0, PATIENCE_MS);
    s7_client *plc = borrow();
    assert_true(s7_client_is_connected(plc));
    assert_int_equal(s7_write_db(plc, &patient, 1, 100, bytes, sizeof bytes), S7_OK);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(s7_read_db(plc, &patient, 1, 100, bytes, sizeof bytes), S7_OK);
    assert_int_equal(bytes[2], 3);
    assert_int_equal(s7_client_info_get(plc, &info), S7_OK);
    assert_int_equal(info.amq_calling, 4);
    assert_int_equal(s7_client_connect(plc, &patient), S7_E_MISUSE);
    s7_client_close(plc); /* nothing happens */
    s7_client_free(plc);
    assert_int_equal(read_at(plc, 7, PATIENCE_MS), S7_OK);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    assert_int_equal(stats().available, 1);
    assert_int_equal(stats().connects, 1);
}

static s7_status refuse_to_work(s7_client *client, void *arg)
{
    *(s7_client **)arg = client;
    return S7_E_UNSUPPORTED;
}

static void execute_gives_the_client_back_whatever_the_function_returns(void **state)
{
    s7_client *seen = NULL;

    (void)state;
    open_pool(1, ANSWER, 0, PATIENCE_MS);
    for (int i = 0; i < 3; i++)
        assert_int_equal(s7_pool_execute(pool, &patient, refuse_to_work, &seen), S7_E_UNSUPPORTED);
    assert_int_equal(stats().available, 1);
    assert_int_equal(stats().gets, 3);
    assert_int_equal(read_at(seen, 0, 100), S7_E_STALE_LEASE);
}

static void exhausted_names_the_holder_and_comes_at_the_deadline(void **state)
{
    s7_client *other;
    s7_ctx impatient = {.struct_size = sizeof impatient, .timeout_ms = 30, .err = &err};

    (void)state;
    open_pool(1, ANSWER, 0, PATIENCE_MS);
    s7_client *plc = borrow();
    int64_t asked = s7_now_ns();
    assert_int_equal(s7_pool_get(pool, &impatient, &other), S7_E_POOL_EXHAUSTED);
    assert_true(s7_now_ns() >= asked + 30 * INT64_C(1000000));
    assert_non_null(strstr(err.asked, "borrow a connection to 127.0.0.1"));
    assert_non_null(strstr(err.came, "1 of 1 connections are in use"));
    assert_non_null(strstr(err.came, "by \"a test\""));
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
}

/* ---- late answers ---- */

static void p01_the_late_answer_is_discarded_before_the_connection_is_lent_again(void **state)
{
    (void)state;
    open_pool(1, HOLD, 2, PATIENCE_MS);
    s7_client *plc = borrow();
    assert_int_equal(read_at(plc, 10, 20), S7_E_TIMEOUT);
    server_wait_for_held();
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    assert_int_equal(stats().dirty, 1);
    server_release();
    UNTIL(stats().available == 1);
    assert_int_equal(stats().late_answers, 1);
    plc = borrow();
    for (uint32_t i = 2; i < 50; i++)
        assert_int_equal(read_at(plc, 10 * i, PATIENCE_MS), S7_OK);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    assert_int_equal(stats().connects, 1);
}

static void p01_who_would_wait_for_it_gets_a_fresh_connection(void **state)
{
    (void)state;
    open_pool(1, SILENT, 2, PATIENCE_MS);
    s7_client *plc = borrow();
    assert_int_equal(read_at(plc, 10, 20), S7_E_TIMEOUT);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    plc = borrow();
    assert_int_equal(stats().connects, 2);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_TIMEOUT], 1);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
}

static void p27_an_answer_that_never_comes_closes_the_connection(void **state)
{
    (void)state;
    open_pool(1, SILENT, 2, 30);
    s7_client *plc = borrow();
    assert_int_equal(read_at(plc, 10, 20), S7_E_TIMEOUT);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    UNTIL(stats().closed[S7_POOL_CLOSE_TIMEOUT] == 1);
    assert_int_equal(stats().total_connections, 0);
}

static void a_connection_that_broke_is_replaced(void **state)
{
    (void)state;
    open_pool(1, RST, 3, PATIENCE_MS);
    s7_client *plc = borrow();
    assert_int_equal(read_at(plc, 0, PATIENCE_MS), S7_OK);
    assert_int_equal(read_at(plc, 1, PATIENCE_MS), S7_E_RESET);
    assert_false(s7_client_is_connected(plc));
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    plc = borrow();
    assert_int_equal(read_at(plc, 2, PATIENCE_MS), S7_OK);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_PEER], 1);
    assert_int_equal(s7_pool_discard(pool, plc, S7_OK), S7_OK);
    UNTIL(stats().closed[S7_POOL_CLOSE_BORROWER] == 1);
}

/* ---- chores ---- */

static void health_checks_and_reaping_happen_by_themselves(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);

    (void)state;
    server_start(480, 1, ANSWER, 0);
    options.health_check_ms = 20;
    options.max_idle_ms = 200;
    open_with(&options);
    UNTIL(stats().closed[S7_POOL_CLOSE_IDLE] == 1);
    assert_true(stats().health_checks >= 1);
    assert_int_equal(stats().health_check_failures, 0);
    s7_client *plc = borrow();
    assert_int_equal(read_at(plc, 3, PATIENCE_MS), S7_OK);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
}

static void a_check_that_is_refused_proves_life(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);

    (void)state;
    server_start(480, 1, ANSWER, 0);
    server.plc.refuse = 0x8104; /* the thread has not been asked for anything yet */
    options.health_check_ms = 10;
    options.health_timeout_ms = PATIENCE_MS;
    open_with(&options);
    UNTIL(stats().health_checks >= 3);
    assert_int_equal(stats().health_check_failures, 0);
    assert_int_equal(stats().connects, 1);
}

static void a_check_without_an_answer_closes(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);

    (void)state;
    server_start(480, 1, SILENT, 2);
    options.health_check_ms = 20;
    options.health_timeout_ms = 20;
    open_with(&options);
    UNTIL(stats().health_check_failures >= 1);
    UNTIL(stats().closed[S7_POOL_CLOSE_HEALTH] >= 1);
}

static void a_check_whose_connection_is_lent_is_answered_by_the_borrowers_calls(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);

    (void)state;
    server_start(480, 4, HOLD, 2);
    options.health_check_ms = 20;
    options.health_timeout_ms = PATIENCE_MS;
    open_with(&options);
    server_wait_for_held(); /* the check is at the PLC */
    s7_client *plc = borrow();
    assert_int_equal(stats().in_use, 1);
    assert_int_equal(read_at(plc, 5, PATIENCE_MS), S7_OK);
    server_release();
    assert_int_equal(read_at(plc, 6, PATIENCE_MS), S7_OK);
    UNTIL(read_at(plc, 7, PATIENCE_MS) == S7_OK);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    UNTIL(stats().available + stats().checking == 1);
    assert_int_equal(stats().health_check_failures, 0);
    assert_int_equal(stats().connects, 1);
}

/* One connection that does one thing at a time. */
static void who_waits_in_vain_for_a_check_is_told_so_and_the_next_one_is_served(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);
    s7_ctx impatient = {.struct_size = sizeof impatient, .timeout_ms = 20, .err = &err};
    s7_client *plc;

    (void)state;
    server_start(480, 1, HOLD, 2);
    options.health_check_ms = 20;
    options.health_timeout_ms = PATIENCE_MS;
    open_with(&options);
    server_wait_for_held(); /* the check is at the PLC */
    assert_int_equal(s7_pool_get(pool, &impatient, &plc), S7_E_POOL_EXHAUSTED);
    assert_non_null(strstr(err.came, "0 of 1 connections are in use, 1 under check"));
    assert_non_null(strstr(err.hint, "nobody holds a client: wait longer"));
    server_release();
    plc = borrow();
    assert_int_equal(read_at(plc, 5, PATIENCE_MS), S7_OK);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    assert_int_equal(stats().connects, 1);
}

/* ---- misuse ---- */

static void p06_p08_misuse_is_a_status_and_changes_nothing(void **state)
{
    s7_client *own = NULL;
    uint8_t value;

    (void)state;
    open_pool(1, ANSWER, 0, PATIENCE_MS);
    assert_int_equal(s7_client_new("127.0.0.1:1", NULL, &own, NULL), S7_OK);
    s7_client *plc = borrow();
    assert_int_equal(s7_pool_put(pool, NULL), S7_E_FOREIGN);
    assert_int_equal(s7_pool_put(pool, own), S7_E_FOREIGN);
    assert_int_equal(s7_pool_put(pool, (s7_client *)((char *)plc + 8)), S7_E_FOREIGN);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    for (int i = 0; i < 1000; i++) {
        s7_client *next = borrow(); /* the same connection in other hands */
        assert_true(next != plc);
        assert_int_equal(s7_pool_put(pool, plc), S7_E_MISUSE);
        assert_int_equal(s7_pool_discard(pool, plc, S7_OK), S7_E_MISUSE);
        assert_int_equal(s7_read_u8(plc, &patient, S7_AREA_DB, 1, 0, &value), S7_E_STALE_LEASE);
        assert_false(s7_client_is_connected(plc));
        assert_int_equal(s7_pool_put(pool, next), S7_OK);
    }
    assert_non_null(strstr(err.came, "given back"));
    assert_int_equal(stats().connects, 1);
    assert_int_equal(stats().available, 1);
    assert_true(stats().misuse >= 3 + 3000);
    s7_client_free(own);
}

/* With min_idle no lease goes the short way of pool_place.c, which has a test of its own. */
static void a_lease_that_is_over_is_told_apart_from_a_thousand_later_ones(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);

    (void)state;
    server_start(480, 1, ANSWER, 0);
    options.min_idle = 1;
    open_with(&options);
    for (int lap = 0; lap < 2; lap++) { /* in the second one leases are used again */
        s7_client *first = borrow();

        assert_int_equal(s7_pool_put(pool, first), S7_OK);
        for (int i = 0; i < 1024; i++) {
            s7_client *next = borrow();

            assert_true(next != first);
            assert_int_equal(read_at(first, 1, PATIENCE_MS), S7_E_STALE_LEASE);
            assert_int_equal(s7_pool_put(pool, first), S7_E_MISUSE);
            assert_int_equal(s7_pool_put(pool, next), S7_OK);
        }
    }
    assert_int_equal(stats().misuse, 2 * 2 * 1024);
    assert_int_equal(stats().puts, stats().gets);
}

static void a_pool_that_is_not_started_or_closed_lends_nothing(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);
    s7_client *plc;

    (void)state;
    server_start(480, 1, ANSWER, 0);
    assert_int_equal(s7_pool_new(server.endpoint, &options, &pool, NULL), S7_OK);
    assert_int_equal(s7_pool_get(pool, NULL, &plc), S7_E_MISUSE);
    assert_int_equal(s7_pool_start(pool, NULL), S7_OK);
    assert_int_equal(s7_pool_start(pool, NULL), S7_E_MISUSE);
    assert_int_equal(s7_pool_close(pool, NULL), S7_OK);
    assert_int_equal(s7_pool_close(pool, NULL), S7_OK);
    assert_int_equal(s7_pool_get(pool, NULL, &plc), S7_E_POOL_CLOSED);
    assert_int_equal(s7_pool_start(pool, NULL), S7_E_POOL_CLOSED);
    s7_pool_free(pool);
    assert_int_equal(s7_pool_new(server.endpoint, &options, &pool, NULL),
                     S7_OK); /* and one that never starts */
}

static void options_are_checked(void **state)
{
    s7_pool_options options;
    s7_errinfo why = S7_ERRINFO_INIT;

    (void)state;
    server_start(480, 1, ANSWER, 0);
    s7_pool_options_init(&options);
    assert_int_equal(options.size, 5);
    assert_int_equal(options.max_idle_ms, 300000);
    assert_int_equal(options.health_check_ms, 60000);
    assert_int_equal(options.client.rack, 0);
    assert_int_equal(options.client.slot, 1);
    options.size = 0;
    assert_int_equal(s7_pool_new("127.0.0.1", &options, &pool, &why), S7_E_ARG);
    assert_non_null(strstr(why.came, "1..64"));
    options.size = 65;
    assert_int_equal(s7_pool_new("127.0.0.1", &options, &pool, &why), S7_E_ARG);
    options.size = 5;
    options.min_idle = 6;
    assert_int_equal(s7_pool_new("127.0.0.1", &options, &pool, &why), S7_E_ARG);
    options.min_idle = 0;
    options.client.slot = 32;
    assert_int_equal(s7_pool_new("127.0.0.1", &options, &pool, &why), S7_E_ARG);
    assert_int_equal(s7_pool_new("127.0.0.1:x", NULL, &pool, &why), S7_E_SYNTAX);
    options.struct_size = 0;
    assert_int_equal(s7_pool_new("127.0.0.1", &options, &pool, &why), S7_E_ARG);
    assert_null(pool);
}

static void when_memory_runs_out_there_is_no_pool_and_nothing_leaks(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);
    long n;

    (void)state;
    server_start(480, 1, ANSWER, 0);
    options.size = 3;
    for (n = 0;; n++) {
        atomic_store(&allocations_left, n);
        s7_status status = s7_pool_new(server.endpoint, &options, &pool, NULL);

        atomic_store(&allocations_left, -1);
        if (status == S7_OK)
            break;
        assert_int_equal(status, S7_E_NOMEM);
        assert_null(pool);
    }
    assert_in_range(n, 7, 20);
}

static void getting_reading_and_putting_allocate_nothing(void **state)
{
    uint8_t value;

    (void)state;
    open_pool(1, ANSWER, 0, PATIENCE_MS);
    s7_client *plc = borrow();
    assert_int_equal(read_at(plc, 1, PATIENCE_MS), S7_OK);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    atomic_store(&allocations_left, 1000000);
    for (int i = 0; i < 100; i++) {
        plc = borrow();
        assert_int_equal(s7_read_u8(plc, &patient, S7_AREA_DB, 1, 1, &value), S7_OK);
        assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    }
    assert_int_equal(atomic_load(&allocations_left), 1000000);
    atomic_store(&allocations_left, -1);
}

static void a_start_that_fails_says_why_and_leaves_no_connection(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);

    (void)state;
    server_start(480, 1, DR, 0);
    err = (s7_errinfo)S7_ERRINFO_INIT;
    options.client.slot = 9; /* where no test has ever connected */
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    assert_int_equal(s7_pool_new(server.endpoint, &options, &pool, NULL), S7_OK);
    assert_int_equal(s7_pool_start(pool, &ctx), S7_E_COTP_REFUSED);
    assert_non_null(strstr(err.asked, "rack 0, slot 9"));
    assert_non_null(strstr(err.hint, "check rack and slot"));
    assert_int_equal(stats().total_connections + stats().connecting, 0);
    assert_int_equal(stats().connect_failures, 1);
}

static void names_are_looked_up_and_all_addresses_tried(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);
    char endpoint[32];

    (void)state;
    server_start(480, 1, ANSWER, 0); /* on 127.0.0.1; localhost may be ::1 as well */
    snprintf(endpoint, sizeof endpoint, "localhost:%u", server.port);
    assert_int_equal(s7_pool_new(endpoint, &options, &pool, NULL), S7_OK);
    assert_int_equal(s7_pool_start(pool, NULL), S7_OK);
    s7_pool_free(pool);
    assert_int_equal(s7_pool_new("no-such-host.invalid", &options, &pool, NULL), S7_OK);
    assert_int_equal(s7_pool_start(pool, NULL), S7_E_RESOLVE);
}

/* ---- close, fork ---- */

static void *read_held(void *arg)
{
    static s7_status status;
    uint8_t value;

    status = s7_read_u8(arg, S7_WITHIN(PATIENCE_MS), S7_AREA_DB, 1, 0, &value);
    return &status;
}

static void close_takes_a_lease_away_from_a_call_that_is_inside(void **state)
{
    pthread_t thread;
    void *result;
    uint8_t value;

    (void)state;
    open_pool(1, HOLD, 2, PATIENCE_MS);
    s7_client *plc = borrow();
    assert_int_equal(pthread_create(&thread, NULL, read_held, plc), 0);
    server_wait_for_held();
    assert_int_equal(s7_pool_put(pool, plc), S7_E_MISUSE); /* a call is inside */
    assert_int_equal(s7_pool_close(pool, S7_WITHIN(20)), S7_E_TIMEOUT);
    pthread_join(thread, &result);
    s7_status status = *(s7_status *)result;
    assert_int_equal(status, S7_E_POOL_CLOSED); /* not the PLC's doing */
    assert_int_equal(s7_read_u8(plc, NULL, S7_AREA_DB, 1, 0, &value), S7_E_STALE_LEASE);
    assert_int_equal(s7_pool_put(pool, plc), S7_E_POOL_CLOSED);
    assert_int_equal(s7_pool_put(pool, plc), S7_E_MISUSE);
    assert_int_equal(stats().total_connections, 0);
}

static void *wait_for_client(void *arg)
{
    s7_client *client;

    *(s7_status *)arg = s7_pool_get(pool, S7_WITHIN(PATIENCE_MS), &client);
    return NULL;
}

static void p20_close_wakes_all_who_wait(void **state)
{
    pthread_t threads[8];
    s7_status statuses[8];

    (void)state;
    open_pool(1, ANSWER, 0, PATIENCE_MS);
    s7_client *plc = borrow();
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_for_client, &statuses[i]), 0);
    UNTIL(stats().waiting == 8);
    assert_int_equal(s7_pool_close(pool, S7_WITHIN(1)), S7_E_TIMEOUT);
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(statuses[i], S7_E_POOL_CLOSED);
    }
    assert_int_equal(s7_pool_put(pool, plc), S7_E_POOL_CLOSED);
}

/* In the child: no assertion that prints, only a status. */
static int child_of(s7_client *plc, s7_client *idle)
{
    s7_client *client;
    uint8_t value;
    s7_pool_stats s = {.struct_size = sizeof s};

    (void)idle;
    if (s7_pool_get(pool, NULL, &client) != S7_E_FORKED || s7_pool_put(pool, plc) != S7_E_FORKED ||
        s7_read_u8(plc, NULL, S7_AREA_DB, 1, 0, &value) != S7_E_FORKED || s7_client_is_connected(plc) ||
        s7_pool_close(pool, NULL) != S7_E_FORKED || s7_pool_start(pool, NULL) != S7_E_FORKED ||
        s7_pool_stats_get(pool, &s) != S7_E_FORKED)
        return 1;
    s7_pool_free(pool);
    return 0;
}

static void p23_a_forked_child_is_refused_and_disturbs_nothing(void **state)
{
    int status;

    (void)state;
    open_pool(1, ANSWER, 0, PATIENCE_MS);
    s7_client *plc = borrow();
    assert_int_equal(read_at(plc, 1, PATIENCE_MS), S7_OK);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(child_of(plc, NULL));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(read_at(plc, 2, PATIENCE_MS), S7_OK);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    plc = borrow();
    assert_int_equal(read_at(plc, 3, PATIENCE_MS), S7_OK);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    assert_int_equal(stats().connects, 1);
}

#define TEST(name) cmocka_unit_test_teardown(name, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lease_reads_and_writes_as_any_client),
        TEST(execute_gives_the_client_back_whatever_the_function_returns),
        TEST(exhausted_names_the_holder_and_comes_at_the_deadline),
        TEST(p01_the_late_answer_is_discarded_before_the_connection_is_lent_again),
        TEST(p01_who_would_wait_for_it_gets_a_fresh_connection),
        TEST(p27_an_answer_that_never_comes_closes_the_connection),
        TEST(a_connection_that_broke_is_replaced),
        TEST(health_checks_and_reaping_happen_by_themselves),
        TEST(a_check_that_is_refused_proves_life),
        TEST(a_check_without_an_answer_closes),
        TEST(a_check_whose_connection_is_lent_is_answered_by_the_borrowers_calls),
        TEST(who_waits_in_vain_for_a_check_is_told_so_and_the_next_one_is_served),
        TEST(p06_p08_misuse_is_a_status_and_changes_nothing),
        TEST(a_lease_that_is_over_is_told_apart_from_a_thousand_later_ones),
        TEST(a_pool_that_is_not_started_or_closed_lends_nothing),
        TEST(options_are_checked),
        TEST(when_memory_runs_out_there_is_no_pool_and_nothing_leaks),
        TEST(getting_reading_and_putting_allocate_nothing),
        TEST(a_start_that_fails_says_why_and_leaves_no_connection),
        TEST(names_are_looked_up_and_all_addresses_tried),
        TEST(close_takes_a_lease_away_from_a_call_that_is_inside),
        TEST(p20_close_wakes_all_who_wait),
        TEST(p23_a_forked_child_is_refused_and_disturbs_nothing),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "pool for threads");
}
