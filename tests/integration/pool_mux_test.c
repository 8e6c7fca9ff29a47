/* Calls without a lease against the real simulator, in virtual time: exact, and done in milliseconds. A way
 * takes 2.5 ms, so that an answer takes 5. */
#include "house.h"
#include "scarce.h"

#include "client/mux_loop.h"
#include "loop/loop_virtual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS      HOUSE_NS_PER_MS
#define SECOND  (1000 * MS)
#define RTT     (5 * MS)
#define WORKERS 100
#define AMQ     8 /* of the simulator's generic PLC */

static struct house house;
static s7_pool_loop *pool;
static s7_mux_loop *mux;
static s7_pool_options options;

static struct worker {
    struct s7_mux_op op;
    struct s7_pool_request lease; /* when it borrows instead */
    s7_item item;
    uint8_t data[4000];
    bool again; /* ask anew when it was answered */
    unsigned done;
    int64_t at; /* when it was answered last */
    s7_status status;
    s7_errinfo err;
} workers[WORKERS];

static unsigned answered; /* of all workers */

/* ---- the house with a pool ---- */

static int64_t now(void)
{
    return s7_loop_now_ns(house.loop);
}

static void run_for(int64_t ns)
{
    s7_virtual_run_until(house.loop, now() + ns);
}

/* Byte n of a block holds 7 n + its number. */
static uint8_t byte_of(unsigned db, unsigned n)
{
    return (uint8_t)(7 * n + db);
}

static void fill(unsigned db, unsigned len)
{
    struct guest guest;
    uint8_t bytes[4000];

    for (unsigned n = 0; n < len; n++)
        bytes[n] = byte_of(db, n);
    guest_open(&guest, &house, NULL);
    assert_int_equal(guest_write(&guest, (uint16_t)db, 0, bytes, len), S7_OK);
    guest_close(&guest);
}

static int enter(void **state)
{
    struct s7_virtual_options net;
    s7_loop *loop;

    (void)state;
    s7_virtual_options_init(&net);
    net.latency_min_ns = net.latency_max_ns = RTT / 2;
    assert_int_equal(s7_loop_virtual_new(&net, &loop), S7_OK);
    house_open(&house, loop, "generic");
    fill(1, 256);
    fill(2, 4000);
    s7_pool_options_init(&options);
    options.size = 2;
    memset(workers, 0, sizeof workers);
    answered = 0;
    return 0;
}

static void open_pool(void)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    if (s7_pool_loop_new(house.loop, house.endpoint, &options, &pool, &err) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
    assert_int_equal(s7_pool_loop_start(pool, 0, NULL, NULL), S7_OK);
    run_for(100 * MS);
    assert_int_equal(s7_mux_loop_new(pool, &mux), S7_OK);
}

static void close_pool(void)
{
    s7_mux_loop_free(mux);
    s7_pool_loop_free(pool);
    mux = NULL;
    pool = NULL;
}

static int leave(void **state)
{
    (void)state;
    allocations_left = -1;
    close_pool();
    house_close(&house);
    return 0;
}

static s7_pool_stats stats(void)
{
    s7_pool_stats s = {.struct_size = sizeof s};

    assert_int_equal(s7_pool_loop_stats(pool, &s), S7_OK);
    return s;
}

/* ---- workers ---- */

static void call(struct worker *w, bool write);

static void on_done(s7_mux_loop *which, struct s7_mux_op *op, s7_status status, const s7_errinfo *err,
                    void *arg)
{
    struct worker *w = arg;

    assert_ptr_equal(which, mux);
    assert_ptr_equal(op, &w->op);
    w->done++;
    w->at = now();
    w->status = status;
    if (err != NULL)
        w->err = *err;
    answered += status == S7_OK;
    if (w->again)
        call(w, op->request.unit.transfer.write);
}

static void call(struct worker *w, bool write)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    if (s7_mux_loop_call(mux, &w->op, write, &w->item, 1, 0, on_done, w, &err) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
}

static void read_at(unsigned i, unsigned db, unsigned first, unsigned len)
{
    workers[i].item = house_item((uint16_t)db, first, workers[i].data, len);
    call(&workers[i], false);
}

static void expect_bytes(unsigned i)
{
    const struct worker *w = &workers[i];

    if (w->done != 1 || w->status != S7_OK)
        fail_msg("worker %u: told %u times, %s: %s", i, w->done, s7_errname(w->status), w->err.came);
    for (unsigned n = 0; n < w->item.len; n++)
        assert_int_equal(w->data[n], byte_of(w->item.address.db, w->item.address.byte + n));
}

/* The same with leases: get, read, put. */
static void on_got(s7_pool_loop *which, struct s7_pool_request *request, s7_status status,
                   const s7_errinfo *err, void *arg);

static void on_read(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    struct worker *w = arg;

    (void)conn;
    (void)err;
    assert_int_equal(status, S7_OK);
    answered++;
    assert_int_equal(s7_pool_loop_put(pool, w->lease.lease), S7_OK);
    if (w->again)
        assert_int_equal(s7_pool_loop_get(pool, &w->lease, 0, "a test", on_got, w, NULL), S7_OK);
}

static void on_got(s7_pool_loop *which, struct s7_pool_request *request, s7_status status,
                   const s7_errinfo *err, void *arg)
{
    struct worker *w = arg;

    (void)err;
    assert_int_equal(status, S7_OK);
    w->done++;
    w->at = now();
    assert_int_equal(s7_pool_loop_submit(which, request->lease, false, &w->item, 1, 0, on_read, w, NULL),
                     S7_OK);
}

static void borrow(struct worker *w)
{
    w->item = house_item(1, 3, w->data, 1);
    assert_int_equal(s7_pool_loop_get(pool, &w->lease, 0, "a test", on_got, w, NULL), S7_OK);
}

/* How many reads 100 workers get done in a second. */
static unsigned per_second(bool leases, bool equal)
{
    open_pool();
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.again = true};
        if (leases)
            borrow(&workers[i]);
        else
            read_at(i, 1, equal ? 3 : i, 1);
    }
    run_for(SECOND); /* everything is up */
    answered = 0;
    run_for(SECOND);
    unsigned n = answered;
    for (unsigned i = 0; i < WORKERS; i++)
        workers[i].again = false;
    run_for(SECOND);
    close_pool();
    return n;
}

/* ---- what it is for ---- */

static void a_hundred_workers_share_2_connections(void **state)
{
    (void)state;
    unsigned leases = per_second(true, true);
    unsigned shared = per_second(false, true);
    options.coalesce_us = 1000;
    unsigned merged = per_second(false, true);
    unsigned spread = per_second(false, false);
    print_message("reads per second: leases %u, shared %u, equal ones merged %u, different ones %u\n", leases,
                  shared, merged, spread);
    assert_int_equal(leases, 2 * SECOND / RTT);
    assert_int_equal(shared, 2 * AMQ * SECOND / RTT);
    assert_true(shared >= 3 * leases);
    assert_true(merged >= 10 * leases);
    assert_true(spread >= 10 * leases);
}

static void each_gets_its_own_bytes(void **state)
{
    (void)state;
    for (unsigned merge = 0; merge < 2; merge++) {
        options.coalesce_us = merge * 1000;
        open_pool();
        for (unsigned i = 0; i < WORKERS; i++) {
            workers[i].done = 0;
            read_at(i, 1 + i % 2, i * 37 % 230, 1 + i % 20);
        }
        run_for(SECOND);
        for (unsigned i = 0; i < WORKERS; i++)
            expect_bytes(i);
        assert_true(merge == 0 || s7_mux_loop_stats(mux)->jobs < 20);
        close_pool();
    }
}

static void a_long_read_holds_up_nobody(void **state)
{
    (void)state;
    options.size = 1;
    options.client.pdu_len = 240; /* 18 jobs */
    open_pool();
    read_at(0, 2, 0, 4000);
    for (unsigned i = 1; i < 24; i++)
        read_at(i, 1, i, 1);
    run_for(SECOND);
    int64_t last = 0;
    for (unsigned i = 0; i < 24; i++)
        expect_bytes(i);
    for (unsigned i = 1; i < 24; i++)
        last = workers[i].at > last ? workers[i].at : last;
    assert_true(workers[0].at > last);
}

static void a_bad_neighbour_spoils_nobody(void **state)
{
    (void)state;
    options.coalesce_us = 1000;
    open_pool();
    read_at(0, 1, 250, 4);
    read_at(1, 1, 254, 4); /* past the end */
    read_at(2, 1, 252, 2);
    read_at(3, 1, 20, 2);
    read_at(4, 77, 0, 2); /* not there */
    read_at(5, 77, 0, 2);
    run_for(SECOND);
    for (unsigned i = 0; i < 6; i++)
        if (i != 1 && i < 4)
            expect_bytes(i);
    assert_int_equal(workers[1].status, S7_E_PARTIAL);
    assert_int_equal(workers[1].item.status, S7_E_ITEM_ADDRESS);
    assert_non_null(strstr(workers[1].err.asked, "DB1.DBB254"));
    assert_int_equal(workers[4].item.status, S7_E_ITEM_MISSING);
    assert_int_equal(workers[5].item.status, S7_E_ITEM_MISSING);
    assert_int_equal(s7_mux_loop_stats(mux)->jobs, 1 + 3); /* together, and the three that touched */
}

/* ---- beside borrowers ---- */

static void a_borrower_does_not_starve(void **state)
{
    (void)state;
    for (unsigned size = 1; size <= 2; size++) {
        options.size = (uint16_t)size;
        open_pool();
        for (unsigned i = 1; i < WORKERS; i++) {
            workers[i].again = true;
            read_at(i, 1, i, 1);
        }
        run_for(SECOND);
        assert_int_equal(stats().in_use, size);
        workers[0] = (struct worker){.again = false};
        for (unsigned n = 0; n < 10; n++) {
            int64_t asked = now();
            borrow(&workers[0]);
            run_for(3 * RTT);
            assert_int_equal(workers[0].done, n + 1);
            assert_true(workers[0].at - asked <= 2 * RTT); /* what is in flight comes first */
        }
        answered = 0;
        run_for(SECOND);
        assert_int_equal(answered, size * AMQ * SECOND / RTT); /* and gave back what it had */
        for (unsigned i = 1; i < WORKERS; i++)
            workers[i].again = false;
        run_for(SECOND);
        assert_int_equal(stats().in_use, 0);
        close_pool();
    }
}

static void callers_do_not_starve_among_borrowers(void **state)
{
    (void)state;
    options.size = 1;
    open_pool();
    for (unsigned i = 0; i < 10; i++) {
        workers[i].again = true;
        borrow(&workers[i]);
    }
    run_for(SECOND);
    int64_t asked = now();
    read_at(20, 1, 5, 1);
    run_for(SECOND);
    expect_bytes(20);
    assert_true(workers[20].at - asked <= 12 * RTT); /* behind the ten */
    for (unsigned i = 0; i < 10; i++)
        workers[i].again = false;
    run_for(SECOND);
}

static void no_more_connections_than_are_asked_for(void **state)
{
    (void)state;
    options.size = 5;
    options.mux_connections = 3;
    open_pool();
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i].again = true;
        read_at(i, 1, i, 1);
    }
    run_for(10 * SECOND);
    assert_int_equal(stats().in_use, 3);
    assert_int_equal(stats().connects, 3);
    for (unsigned i = 0; i < WORKERS; i++)
        workers[i].again = false;
    run_for(SECOND);
    assert_int_equal(stats().in_use, 0);
    assert_int_equal(stats().available, 3);
    run_for(301 * SECOND); /* nobody uses them */
    assert_int_equal(stats().total_connections, 0);
}

static void a_lone_caller_uses_one_connection(void **state)
{
    (void)state;
    open_pool();
    workers[0].again = true;
    read_at(0, 1, 0, 1);
    run_for(SECOND);
    assert_int_equal(stats().connects, 1);
    assert_int_equal(answered, SECOND / RTT);
    workers[0].again = false;
    run_for(RTT);
}

/* ---- when it breaks ---- */

static void reset_all(void)
{
    for (unsigned i = 0; i < options.size; i++)
        if (s7_conn_stream(s7_pool_loop_conn(pool, i)) != NULL)
            s7_virtual_reset(s7_conn_stream(s7_pool_loop_conn(pool, i)));
}

static void reads_outlive_their_connection_and_writes_are_not_repeated(void **state)
{
    (void)state;
    for (unsigned merge = 0; merge < 2; merge++) {
        options.coalesce_us = merge * 1000;
        open_pool();
        memset(workers, 0, sizeof workers);
        for (unsigned i = 0; i < 60; i++)
            read_at(i, 1, i, 1);
        for (unsigned i = 60; i < 64; i++) {
            workers[i].item = house_item(2, i, workers[i].data, 1);
            workers[i].data[0] = byte_of(2, i);
            call(&workers[i], true);
        }
        run_for(3 * MS); /* the first are on their way */
        reset_all();
        run_for(10 * SECOND);
        for (unsigned i = 0; i < 60; i++)
            expect_bytes(i);
        for (unsigned i = 60; i < 64; i++)
            assert_true(workers[i].done == 1 &&
                        (workers[i].status == S7_OK || workers[i].status == S7_E_OUTCOME_UNKNOWN));
        assert_int_equal(stats().closed[S7_POOL_CLOSE_PEER], 1);
        close_pool();
    }
}

static void a_write_in_flight_is_unknown_and_a_write_that_waits_is_done(void **state)
{
    (void)state;
    options.size = 1;
    open_pool();
    for (unsigned i = 0; i < AMQ + 1; i++) {
        workers[i].item = house_item(2, i, workers[i].data, 1);
        call(&workers[i], true);
    }
    run_for(3 * MS);
    reset_all();
    run_for(10 * SECOND);
    for (unsigned i = 0; i < AMQ; i++)
        assert_int_equal(workers[i].status, S7_E_OUTCOME_UNKNOWN);
    assert_int_equal(workers[AMQ].status, S7_OK);
}

static void who_is_late_disturbs_nobody(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    (void)state;
    options.size = 1;
    open_pool();
    workers[0].item = house_item(1, 0, workers[0].data, 1);
    assert_int_equal(
        s7_mux_loop_call(mux, &workers[0].op, false, &workers[0].item, 1, 3, on_done, &workers[0], &err),
        S7_OK);
    read_at(1, 1, 1, 1);
    int64_t asked = now();
    run_for(SECOND);
    assert_int_equal(workers[0].status, S7_E_TIMEOUT);
    assert_int_equal(workers[0].at, asked + 3 * MS);
    expect_bytes(1);
    assert_int_equal(workers[1].at, asked + RTT);
    assert_int_equal(stats().late_answers, 1);
    assert_int_equal(stats().connects, 1);
}

static void who_waits_in_vain_learns_that_the_plc_is_down(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    (void)state;
    open_pool();
    assert_int_equal(
        s7_virtual_set_dial(house.loop, "127.0.0.1", sim_server_port(house.server, 0), S7_DIAL_REFUSE),
        S7_OK);
    reset_all();
    run_for(SECOND);
    workers[0].item = house_item(1, 0, workers[0].data, 1);
    assert_int_equal(
        s7_mux_loop_call(mux, &workers[0].op, false, &workers[0].item, 1, 2000, on_done, &workers[0], &err),
        S7_OK);
    run_for(3 * SECOND);
    assert_int_equal(workers[0].status, S7_E_PLC_DOWN);
    assert_non_null(strstr(workers[0].err.asked, "read DB1"));
    assert_non_null(strstr(workers[0].err.asked, ", waited 2.0 s"));
    assert_non_null(strstr(workers[0].err.came, "refused"));
}

static void a_withdrawn_call_is_told_so(void **state)
{
    (void)state;
    for (unsigned merge = 0; merge < 2; merge++) {
        options.coalesce_us = merge * 1000;
        open_pool();
        memset(workers, 0, sizeof workers);
        for (unsigned i = 0; i < 20; i++)
            read_at(i, 1, i, 1);
        s7_mux_loop_cancel(mux, &workers[0].op); /* not sent */
        run_for(3 * MS);
        for (unsigned i = 1; i < 20; i += 2)
            s7_mux_loop_cancel(mux, &workers[i].op); /* on their way, or not */
        run_for(SECOND);
        for (unsigned i = 0; i < 20; i++) {
            if (i % 2 == 1 || i == 0)
                assert_int_equal(workers[i].status, S7_E_CANCELLED);
            else
                expect_bytes(i);
            assert_int_equal(workers[i].done, 1);
        }
        close_pool();
    }
}

static void on_closed(s7_pool_loop *which, s7_status status, const s7_errinfo *err, void *arg)
{
    (void)which;
    (void)err;
    *(s7_status *)arg = status;
}

static void closing_in_the_middle_tells_everybody(void **state)
{
    s7_status closed = S7_E_MISUSE;

    (void)state;
    options.size = 1;
    open_pool();
    for (unsigned i = 0; i < 20; i++)
        read_at(i, 1, i, 1);
    run_for(3 * MS);
    s7_mux_loop_close(mux);
    s7_pool_loop_close(pool, 1000, on_closed, &closed);
    run_for(SECOND);
    assert_int_equal(closed, S7_OK);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(workers[i].done, 1);
        assert_int_equal(workers[i].status, i < AMQ ? S7_OK : S7_E_POOL_CLOSED);
    }
}

/* ---- memory ---- */

static void nothing_is_allocated_in_the_steady_state(void **state)
{
    (void)state;
    options.coalesce_us = 1000;
    open_pool();
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i].again = true;
        read_at(i, 1, i, 1);
    }
    run_for(10 * SECOND);
    answered = 0;
    struct s7_mux_stats before = *s7_mux_loop_stats(mux);
    allocations_left = 1000000; /* all that the simulator and the network take is counted as well */
    run_for(SECOND);
    long few = 1000000 - allocations_left;
    unsigned few_jobs = (unsigned)(s7_mux_loop_stats(mux)->jobs - before.jobs);
    for (unsigned i = 50; i < WORKERS; i++)
        workers[i].again = false;
    run_for(SECOND);
    allocations_left = -1;
    print_message("%u reads in %u jobs: %ld allocations, of the network in virtual time\n", answered,
                  few_jobs, few);
    assert_true(few <= 4 * (long)few_jobs); /* parcels; none for each read */
    for (unsigned i = 0; i < WORKERS; i++)
        workers[i].again = false;
    run_for(SECOND);
}

static void wherever_memory_fails_every_call_is_told(void **state)
{
    (void)state;
    options.coalesce_us = 1000;
    for (long n = 0; n < 12; n++) {
        open_pool();
        memset(workers, 0, sizeof workers);
        for (unsigned i = 0; i < 20; i++)
            read_at(i, 1, 3 * i, 1);
        allocations_left = n;
        s7_virtual_run_until(house.loop, now() + MS); /* borrows, gathers, sends */
        allocations_left = -1;
        run_for(60 * SECOND);
        for (unsigned i = 0; i < 20; i++) {
            assert_int_equal(workers[i].done, 1);
            if (workers[i].status != S7_E_NOMEM)
                expect_bytes(i);
        }
        close_pool();
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_hundred_workers_share_2_connections),
        TEST(each_gets_its_own_bytes),
        TEST(a_long_read_holds_up_nobody),
        TEST(a_bad_neighbour_spoils_nobody),
        TEST(a_borrower_does_not_starve),
        TEST(callers_do_not_starve_among_borrowers),
        TEST(no_more_connections_than_are_asked_for),
        TEST(a_lone_caller_uses_one_connection),
        TEST(reads_outlive_their_connection_and_writes_are_not_repeated),
        TEST(a_write_in_flight_is_unknown_and_a_write_that_waits_is_done),
        TEST(who_is_late_disturbs_nobody),
        TEST(who_waits_in_vain_learns_that_the_plc_is_down),
        TEST(a_withdrawn_call_is_told_so),
        TEST(closing_in_the_middle_tells_everybody),
        TEST(nothing_is_allocated_in_the_steady_state),
        TEST(wherever_memory_fails_every_call_is_told),
    };

    return cmocka_run_group_tests_name("calls without a lease, in virtual time", tests, NULL, NULL);
}
