/* The pool with its default settings against the real simulator, in virtual time: what becomes of its
 * connections and of who borrows them. Exact, and done in milliseconds. */
#include "pool_loop_rig.h"
#include "scarce.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

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

/* ---- asleep ---- */

static void p24_a_pool_on_a_loop_notices_that_the_machine_slept(void **state)
{
    (void)state;
    options.start = S7_POOL_START_ALL;
    options.size = 3;
    options.health_check_ms = 0;
    open_pool();
    unsigned lent = borrow(0).conn;
    s7_virtual_sleep(house.loop, 8 * 3600 * SECOND);
    s7_virtual_vanish(stream_of((lent + 1) % 3), true, true); /* it is gone when the machine wakes up */
    run_for(SECOND);
    assert_int_equal(stats().health_checks, 0);
    put(0); /* something to do */
    run_for(4 * SECOND);
    assert_int_equal(stats().health_checks, 3);
    assert_int_equal(stats().health_check_failures, 1);
    run_for(10 * SECOND);
    assert_int_equal(stats().health_checks, 3);
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

/* ---- who learns what ---- */

static void a_name_instead_of_an_address_is_told_as_such(void **state)
{
    (void)state;
    options.start = S7_POOL_START_ONE;
    assert_int_equal(s7_pool_loop_new(house.loop, "plc.example:10102", &options, &pool, NULL), S7_OK);
    ended = false;
    assert_int_equal(s7_pool_loop_start(pool, 0, on_ended, NULL), S7_OK);
    run_for(MS);
    assert_true(ended);
    assert_int_equal(ended_with, S7_E_RESOLVE);
    assert_string_equal(ended_err.came, "a connection on a loop needs a numeric address");
}

static void who_borrows_in_vain_is_told_how_long_he_waited(void **state)
{
    (void)state;
    options.size = 1;
    open_pool();
    borrow(0);
    ask(1, 2500);
    run_for(3 * SECOND);
    assert_int_equal(workers[1].status, S7_E_POOL_EXHAUSTED);
    assert_non_null(strstr(workers[1].err.asked, ", waited 2.5 s"));
    set_dial(S7_DIAL_REFUSE);
    s7_virtual_reset(stream_of(0));
    run_for(MS);
    put(0);
    ask(2, 120);
    run_for(2 * SECOND);
    assert_int_equal(workers[2].status, S7_E_PLC_DOWN);
    assert_non_null(strstr(workers[2].err.asked, ", waited 120 ms"));
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
    assert_int_equal(s7_pool_loop_discard(pool, lease, S7_OK), S7_E_MISUSE);
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
    assert_int_equal(s7_pool_loop_discard(pool, lease, S7_OK), S7_OK);
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

#define GENERIC(name) cmocka_unit_test_setup_teardown(name, generic, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GENERIC(an_idle_connection_is_reaped_at_5_minutes_exactly_and_not_before),
        GENERIC(a_health_check_finds_a_half_open_connection),
        GENERIC(checks_that_are_answered_keep_a_connection),
        GENERIC(the_end_of_an_idle_connection_is_noticed),
        GENERIC(a_borrower_shares_a_connection_under_check),
        GENERIC(p24_a_pool_on_a_loop_notices_that_the_machine_slept),
        GENERIC(p01_a_late_answer_never_reaches_the_next_borrower),
        GENERIC(p01_who_would_wait_for_a_late_answer_gets_a_fresh_connection),
        GENERIC(a_name_instead_of_an_address_is_told_as_such),
        GENERIC(who_borrows_in_vain_is_told_how_long_he_waited),
        GENERIC(misuse_is_a_status_and_changes_nothing),
        GENERIC(discard_ends_the_calls_that_are_outstanding),
        GENERIC(close_waits_for_leases_and_then_takes_them),
        GENERIC(a_pool_may_be_freed_in_its_own_function),
        GENERIC(a_request_may_be_withdrawn),
        GENERIC(when_memory_runs_out_there_is_no_pool_and_nothing_leaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
