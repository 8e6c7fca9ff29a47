/* The pool with its default settings against the real simulator, in virtual time: exact, and done in
 * milliseconds. */
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

#define MS          HOUSE_NS_PER_MS
#define SECOND      (1000 * MS)
#define PARCEL      INT64_C(150000) /* the longest that a segment travels */
#define MAX_WORKERS 100

static struct house house;
static s7_pool_loop *pool;
static s7_pool_options options;

/* Somebody who borrows, reads, puts. */
static struct worker {
    struct s7_pool_request request;
    bool asked, got, reading, done;
    s7_status status;
    s7_errinfo err;
    int64_t at; /* when the last thing happened */
    uint8_t value[4];
    s7_item item;
    unsigned left; /* reads to do */
} workers[MAX_WORKERS];

static bool ended;
static s7_status ended_with;
static s7_errinfo ended_err;

/* ---- allocations that fail: the linker turns these calls to us ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);

static long allocations_left = -1; /* negative: any number */

static bool refuse_allocation(void)
{
    return allocations_left >= 0 && allocations_left-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return refuse_allocation() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return refuse_allocation() ? NULL : __real_calloc(n, size);
}

/* ---- what the pool told ---- */

static unsigned told[S7_POOL_EVENTS];
static s7_pool_event last_told[S7_POOL_EVENTS];

static void on_event(s7_pool *none, const s7_pool_event *event, void *user)
{
    assert_null(none);
    assert_ptr_equal(user, told);
    told[event->kind]++;
    last_told[event->kind] = *event;
}

/* ---- the house with a pool ---- */

static void on_ended(s7_pool_loop *which, s7_status status, const s7_errinfo *err, void *arg)
{
    (void)which;
    (void)arg;
    ended = true;
    ended_with = status;
    if (err != NULL)
        ended_err = *err;
}

static int64_t now(void)
{
    return s7_loop_now_ns(house.loop);
}

static void run_to(int64_t at)
{
    s7_virtual_run_until(house.loop, at);
}

static void run_for(int64_t ns)
{
    run_to(now() + ns);
}

static void open_house(const char *cpu)
{
    s7_loop *loop;

    assert_int_equal(s7_loop_virtual_new(NULL, &loop), S7_OK);
    house_open(&house, loop, cpu);
    s7_pool_options_init(&options);
    memset(workers, 0, sizeof workers);
}

static void open_pool(void)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    if (s7_pool_loop_new(house.loop, house.endpoint, &options, &pool, &err) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
    ended = false;
    assert_int_equal(s7_pool_loop_start(pool, 0, on_ended, NULL), S7_OK);
    run_for(10 * MS);
    assert_true(ended);
}

static int generic(void **state)
{
    (void)state;
    open_house("generic");
    return 0;
}

static int s7_300(void **state)
{
    (void)state;
    open_house("s7-300");
    options.client.slot = 2;
    return 0;
}

static int leave(void **state)
{
    (void)state;
    allocations_left = -1;
    s7_pool_loop_free(pool);
    pool = NULL;
    house_close(&house);
    return 0;
}

static s7_pool_stats stats(void)
{
    s7_pool_stats s = {.struct_size = sizeof s};

    assert_int_equal(s7_pool_loop_stats(pool, &s), S7_OK);
    return s;
}

static unsigned served(void)
{
    struct sim_server_stats s;

    sim_server_stats_get(house.server, &s);
    return s.connections;
}

static void on_got(s7_pool_loop *which, struct s7_pool_request *request, s7_status status,
                   const s7_errinfo *err, void *arg)
{
    struct worker *worker = arg;

    (void)which;
    (void)request;
    worker->got = true;
    worker->status = status;
    worker->at = now();
    if (err != NULL)
        worker->err = *err;
}

static void ask(unsigned i, uint32_t timeout_ms)
{
    struct worker *worker = &workers[i];
    s7_errinfo err = S7_ERRINFO_INIT;

    *worker = (struct worker){.asked = true};
    if (s7_pool_loop_get(pool, &worker->request, timeout_ms, "a test", on_got, worker, &err) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
}

static struct s7_pool_lease borrow(unsigned i)
{
    ask(i, 10000);
    for (int ms = 0; ms < 20 && !workers[i].got; ms++)
        run_for(MS);
    if (!workers[i].got || workers[i].status != S7_OK)
        fail_msg("worker %u was not served: %s %s", i, s7_errname(workers[i].status), workers[i].err.came);
    return workers[i].request.lease;
}

static void on_read(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    struct worker *worker = arg;

    (void)conn;
    worker->done = true;
    worker->status = status;
    worker->at = now();
    if (err != NULL)
        worker->err = *err;
}

static void begin_read(unsigned i, uint32_t byte, uint32_t timeout_ms)
{
    struct worker *worker = &workers[i];
    s7_errinfo err = S7_ERRINFO_INIT;

    worker->done = false;
    worker->item = house_item(1, byte, worker->value, 1);
    if (s7_pool_loop_submit(pool, worker->request.lease, false, &worker->item, 1, timeout_ms, on_read, worker,
                            &err) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
}

static s7_status read_byte(unsigned i, uint32_t byte, uint32_t timeout_ms)
{
    begin_read(i, byte, timeout_ms);
    while (!workers[i].done)
        run_for(MS);
    return workers[i].status;
}

static void put(unsigned i)
{
    assert_int_equal(s7_pool_loop_put(pool, workers[i].request.lease), S7_OK);
}

/* DB1 holds 10 n at byte 10 n: an answer for another byte is another value. */
static void fill_db1(void)
{
    struct guest guest;

    guest_open(&guest, &house, NULL);
    for (unsigned n = 0; n < 25; n++) {
        uint8_t value = (uint8_t)(10 * n);
        assert_int_equal(guest_write(&guest, 1, 10 * n, &value, 1), S7_OK);
    }
    guest_close(&guest);
    run_for(MS);
}

static s7_stream *stream_of(unsigned conn)
{
    s7_stream *stream = s7_conn_stream(s7_pool_loop_conn(pool, conn));

    assert_non_null(stream);
    return stream;
}

static void set_dial(enum s7_virtual_dial how)
{
    uint16_t port = sim_server_port(house.server, 0);

    assert_int_equal(s7_virtual_set_dial(house.loop, "127.0.0.1", port, how), S7_OK);
}

/* ---- idle, health, the end of a connection ---- */

static void an_idle_connection_is_reaped_at_5_minutes_exactly_and_not_before(void **state)
{
    (void)state;
    open_pool();
    borrow(0);
    run_for(3 * SECOND);
    int64_t put_at = now();
    put(0);
    run_to(put_at + 300 * SECOND - 1);
    assert_int_equal(stats().available, 1);
    assert_int_equal(stats().health_checks, 5);
    assert_int_equal(served(), 1);
    run_to(put_at + 300 * SECOND);
    assert_int_equal(stats().available, 0);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_IDLE], 1);
    run_for(2 * PARCEL);
    assert_int_equal(stats().total_connections, 0);
    assert_int_equal(served(), 0);
    run_for(3600 * SECOND);
    assert_int_equal(stats().connects, 1);
    borrow(0); /* dials */
    assert_int_equal(stats().connects, 2);
}

static void a_health_check_finds_a_half_open_connection(void **state)
{
    (void)state;
    int64_t began = now();
    options.client.keepalive_idle_ms = 0; /* TCP would be faster */
    open_pool();
    run_for(SECOND);
    s7_virtual_vanish(stream_of(0), true, true);
    run_to(began + 62 * SECOND - 1);
    assert_int_equal(stats().checking, 1);
    assert_int_equal(stats().health_check_failures, 0);
    run_to(began + 62 * SECOND);
    assert_int_equal(stats().health_check_failures, 1);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_HEALTH] + stats().closing, 1);
    run_for(10 * MS);
    assert_int_equal(stats().total_connections, 0);
    borrow(0);
    assert_int_equal(read_byte(0, 0, 500), S7_OK);
}

static void checks_that_are_answered_keep_a_connection(void **state)
{
    (void)state;
    open_pool();
    run_for(200 * SECOND);
    assert_int_equal(stats().health_checks, 3);
    assert_int_equal(stats().health_check_failures, 0);
    assert_int_equal(stats().available, 1);
}

static void the_end_of_an_idle_connection_is_noticed(void **state)
{
    (void)state;
    for (int reset = 0; reset < 2; reset++) {
        open_pool();
        if (reset)
            s7_virtual_reset(stream_of(0));
        else
            s7_stream_shutdown(s7_virtual_peer(stream_of(0)));
        run_for(MS);
        assert_int_equal(stats().total_connections, 0);
        assert_int_equal(stats().closed[S7_POOL_CLOSE_PEER], 1);
        borrow(0);
        assert_int_equal(read_byte(0, 0, 500), S7_OK);
        s7_pool_loop_free(pool);
        pool = NULL;
    }
}

static void a_borrower_shares_a_connection_under_check(void **state)
{
    (void)state;
    int64_t began = now();
    open_pool();
    s7_virtual_set_latency(stream_of(0), 400 * MS, 400 * MS); /* what we send takes its time */
    run_to(began + 60 * SECOND + MS);
    assert_int_equal(stats().checking, 1);
    borrow(0);
    assert_int_equal(stats().connects, 1);
    s7_virtual_set_latency(stream_of(0), 0, PARCEL);
    assert_int_equal(read_byte(0, 0, 1000), S7_OK);
    put(0);
    run_for(SECOND);
    assert_int_equal(stats().available, 1);
    assert_int_equal(stats().health_check_failures, 0);
}

/* ---- late answers ---- */

static void p01_a_late_answer_never_reaches_the_next_borrower(void **state)
{
    (void)state;
    fill_db1();
    options.size = 1;
    open_pool();
    borrow(0);
    s7_stream *plc = s7_virtual_peer(stream_of(0));
    s7_virtual_set_latency(plc, 800 * MS, 800 * MS);
    begin_read(0, 10, 500);
    run_for(10 * MS);
    s7_virtual_set_latency(plc, 50000, PARCEL); /* all later answers are on time */
    run_for(500 * MS);
    assert_true(workers[0].done);
    assert_int_equal(workers[0].status, S7_E_TIMEOUT);
    put(0);
    assert_int_equal(stats().dirty, 1);
    run_for(SECOND);
    assert_int_equal(stats().available, 1);
    assert_int_equal(stats().late_answers, 1);
    for (unsigned n = 2; n < 25; n++) {
        borrow(n);
        assert_int_equal(read_byte(n, 10 * n, 500), S7_OK);
        if (workers[n].value[0] != 10 * n)
            fail_msg("read byte %u, which holds %u: got %u", 10 * n, 10 * n, workers[n].value[0]);
        put(n);
    }
    assert_int_equal(stats().connects, 1);
}

static void p01_who_would_wait_for_a_late_answer_gets_a_fresh_connection(void **state)
{
    (void)state;
    fill_db1();
    options.size = 1;
    open_pool();
    borrow(0);
    ask(1, 10000);
    s7_virtual_set_latency(s7_virtual_peer(stream_of(0)), 800 * MS, 800 * MS);
    assert_int_equal(read_byte(0, 10, 500), S7_E_TIMEOUT);
    put(0);
    run_for(5 * MS);
    assert_true(workers[1].got);
    assert_int_equal(workers[1].status, S7_OK);
    assert_int_equal(stats().connects, 2);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_TIMEOUT], 1);
    for (unsigned n = 2; n < 25; n++) {
        assert_int_equal(read_byte(1, 10 * n, 500), S7_OK);
        assert_int_equal(workers[1].value[0], 10 * n);
    }
}

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
    assert_int_equal(s7_pool_loop_discard(pool, workers[0].request.lease), S7_OK);
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

/* ---- misuse, close ---- */

static void misuse_is_a_status_and_changes_nothing(void **state)
{
    s7_item item = house_item(1, 0, workers[5].value, 1);
    s7_errinfo err = S7_ERRINFO_INIT;

    (void)state;
    open_pool();
    struct s7_pool_lease lease = borrow(0);
    begin_read(0, 0, 500);
    assert_int_equal(s7_pool_loop_put(pool, lease), S7_E_MISUSE); /* a call is outstanding */
    run_for(MS);
    assert_int_equal(workers[0].status, S7_OK);
    put(0);
    assert_int_equal(s7_pool_loop_put(pool, lease), S7_E_MISUSE);
    assert_int_equal(s7_pool_loop_discard(pool, lease), S7_E_MISUSE);
    assert_int_equal(s7_pool_loop_submit(pool, lease, false, &item, 1, 0, on_read, &workers[5], &err),
                     S7_E_STALE_LEASE);
    assert_int_equal(s7_pool_loop_put(pool, (struct s7_pool_lease){.conn = 99, .number = 1}), S7_E_FOREIGN);
    assert_int_equal(stats().misuse, 5);
    assert_int_equal(stats().available, 1);
    assert_int_equal(s7_pool_loop_start(pool, 0, NULL, NULL), S7_E_MISUSE);
}

static void discard_ends_the_calls_that_are_outstanding(void **state)
{
    (void)state;
    open_pool();
    struct s7_pool_lease lease = borrow(0);
    begin_read(0, 0, 500);
    assert_int_equal(s7_pool_loop_discard(pool, lease), S7_OK);
    run_for(MS);
    assert_true(workers[0].done);
    assert_int_equal(workers[0].status, S7_E_CANCELLED);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_BORROWER], 1);
    assert_int_equal(stats().total_connections, 0);
}

static void close_waits_for_leases_and_then_takes_them(void **state)
{
    (void)state;
    open_pool();
    borrow(0);
    borrow(1);
    ended = false;
    s7_pool_loop_close(pool, 1000, on_ended, NULL);
    put(1);
    run_for(999 * MS);
    assert_false(ended);
    begin_read(0, 0, 500);
    run_for(2 * MS);
    assert_true(ended);
    assert_int_equal(ended_with, S7_E_TIMEOUT);
    assert_true(workers[0].done);
    assert_int_equal(s7_pool_loop_put(pool, workers[0].request.lease), S7_E_POOL_CLOSED);
    assert_int_equal(stats().total_connections, 0);
    assert_int_equal(served(), 0);
    assert_int_equal(s7_pool_loop_get(pool, &workers[2].request, 0, NULL, on_got, NULL, NULL),
                     S7_E_POOL_CLOSED);
}

static void got_and_freed(s7_pool_loop *which, struct s7_pool_request *request, s7_status status,
                          const s7_errinfo *err, void *arg)
{
    (void)request;
    (void)status;
    (void)err;
    (void)arg;
    s7_pool_loop_free(which);
    pool = NULL;
}

static void a_pool_may_be_freed_in_its_own_function(void **state)
{
    (void)state;
    open_pool();
    ask(1, 1000);
    assert_int_equal(s7_pool_loop_get(pool, &workers[0].request, 0, NULL, got_and_freed, NULL, NULL), S7_OK);
    run_for(SECOND);
    assert_null(pool);
    assert_int_equal(served(), 0);
}

static void a_request_may_be_withdrawn(void **state)
{
    (void)state;
    open_pool();
    ask(0, 1000); /* granted, but not told yet */
    s7_pool_loop_cancel(pool, &workers[0].request);
    run_for(2 * SECOND);
    assert_false(workers[0].got);
    assert_int_equal(stats().available, 1);
    assert_int_equal(stats().in_use, 0);
}

static void when_memory_runs_out_there_is_no_pool_and_nothing_leaks(void **state)
{
    (void)state;
    long n;

    for (n = 0;; n++) {
        allocations_left = n;
        s7_status status = s7_pool_loop_new(house.loop, house.endpoint, &options, &pool, NULL);

        allocations_left = -1;
        if (status == S7_OK)
            break;
        assert_int_equal(status, S7_E_NOMEM);
        assert_null(pool);
    }
    assert_in_range(n, 1 + options.size, 100);
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

#define GENERIC(name) cmocka_unit_test_setup_teardown(name, generic, leave)
#define S7_300(name)  cmocka_unit_test_setup_teardown(name, s7_300, leave)

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
    assert_int_equal(s7_pool_loop_resize(pool, 0, NULL), S7_E_ARG);
    assert_int_equal(s7_pool_loop_resize(pool, 1, NULL), S7_OK);
    run_for(MS);
    assert_int_equal(served(), 1);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_SHRINK], 2);
    assert_int_equal(s7_pool_loop_resize(pool, 9, NULL), S7_OK);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        GENERIC(an_idle_connection_is_reaped_at_5_minutes_exactly_and_not_before),
        GENERIC(a_pool_is_resized_refreshed_and_paused_at_exact_times),
        GENERIC(a_pause_that_waits_in_vain_ends_at_its_deadline),
        GENERIC(p10_connections_of_a_busy_pool_are_replaced_when_they_are_old),
        GENERIC(p12_pools_of_a_group_share_a_PLCs_connections),
        GENERIC(p12_a_pool_of_a_group_does_not_starve_beside_a_greedy_one),
        GENERIC(a_health_check_finds_a_half_open_connection),
        GENERIC(checks_that_are_answered_keep_a_connection),
        GENERIC(the_end_of_an_idle_connection_is_noticed),
        GENERIC(a_borrower_shares_a_connection_under_check),
        GENERIC(p01_a_late_answer_never_reaches_the_next_borrower),
        GENERIC(p01_who_would_wait_for_a_late_answer_gets_a_fresh_connection),
        GENERIC(after_10_seconds_of_refusals_all_20_who_wait_are_served),
        GENERIC(a_start_at_a_dead_PLC_says_what_to_try),
        S7_300(a_pool_of_20_settles_for_the_15_connections_that_an_S7_300_lends_to_one_class),
        GENERIC(a_hundred_workers_share_ten_connections),
        GENERIC(misuse_is_a_status_and_changes_nothing),
        GENERIC(discard_ends_the_calls_that_are_outstanding),
        GENERIC(close_waits_for_leases_and_then_takes_them),
        GENERIC(a_pool_may_be_freed_in_its_own_function),
        GENERIC(a_request_may_be_withdrawn),
        GENERIC(when_memory_runs_out_there_is_no_pool_and_nothing_leaks),
        cmocka_unit_test(the_same_seed_gives_the_same_trace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
