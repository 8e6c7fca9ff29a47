/* Bugs of other connection pools (P02, P20, P22: the numbers of docs/pool.md) that show only when something
 * happens at one particular moment: it is made to happen at each. The pool on a loop against the real
 * simulator, in virtual time. */
#include "house.h"

#include "client/pool_loop.h"
#include "loop/loop_virtual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MS         HOUSE_NS_PER_MS
#define SECOND     (1000 * MS)
#define US         INT64_C(1000)
#define N_CALLERS  8
#define EXCHANGE   (31 + 26) /* bytes of a read of one byte and its answer */
#define WRITE_SENT 36        /* bytes of a write of one */

static struct house house;
static s7_pool_loop *pool;
static s7_pool_options options;

/* Somebody who borrows, reads a byte, puts, and again. */
static struct caller {
    struct s7_pool_request request;
    unsigned asked, told; /* gets that were accepted, and outcomes */
    unsigned called, answered;
    s7_status status; /* of the last outcome */
    s7_item item;
    uint8_t value;
    unsigned left;
} callers[N_CALLERS];

static unsigned starts, closes, wrong; /* outcomes; values that are another's */
static bool freed;                     /* no function may be called any more */
static uint64_t call_id;

/* ---- the house with a pool ---- */

static int64_t now(void)
{
    return s7_loop_now_ns(house.loop);
}

static void run_for(int64_t ns)
{
    s7_virtual_run_until(house.loop, now() + ns);
}

static void on_started(s7_pool_loop *which, s7_status status, const s7_errinfo *err, void *arg)
{
    (void)which;
    (void)status;
    (void)err;
    (void)arg;
    assert_false(freed);
    starts++;
}

static void on_closed(s7_pool_loop *which, s7_status status, const s7_errinfo *err, void *arg)
{
    (void)which;
    (void)status;
    (void)err;
    (void)arg;
    assert_false(freed);
    closes++;
}

/* Byte 10 n of DB1 holds 10 n: an answer for another byte is another value. */
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

static void make_pool(void)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    if (s7_pool_loop_new(house.loop, house.endpoint, &options, &pool, &err) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
    memset(callers, 0, sizeof callers);
    starts = closes = wrong = 0;
    freed = false;
    assert_int_equal(s7_pool_loop_start(pool, 0, on_started, NULL), S7_OK);
    run_for(10 * MS);
    assert_int_equal(starts, 1);
}

static int enter(void **state)
{
    s7_loop *loop;

    (void)state;
    assert_int_equal(s7_loop_virtual_new(NULL, &loop), S7_OK);
    house_open(&house, loop, "generic");
    fill_db1();
    s7_pool_options_init(&options);
    return 0;
}

static void drop_pool(void)
{
    s7_pool_loop_free(pool);
    pool = NULL;
    freed = true;
}

static int leave(void **state)
{
    (void)state;
    drop_pool();
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

/* ---- one call at a time ---- */

static void on_got(s7_pool_loop *which, struct s7_pool_request *request, s7_status status,
                   const s7_errinfo *err, void *arg)
{
    struct caller *caller = arg;

    (void)which;
    (void)request;
    (void)err;
    assert_false(freed);
    caller->told++;
    caller->status = status;
}

static void borrow(struct caller *caller)
{
    unsigned told = caller->told;

    assert_int_equal(s7_pool_loop_get(pool, &caller->request, 10000, NULL, on_got, caller, NULL), S7_OK);
    for (int i = 0; i < 20000 && caller->told == told; i++)
        run_for(US); /* an answer that is under way is met */
    assert_int_equal(caller->told, told + 1);
    assert_int_equal(caller->status, S7_OK);
}

static void on_done(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    struct caller *caller = arg;

    (void)conn;
    (void)err;
    assert_false(freed);
    caller->answered++;
    caller->status = status;
    if (status == S7_OK && caller->value != caller->item.address.byte)
        wrong++;
}

static s7_conn *conn_of(const struct caller *caller)
{
    return s7_pool_loop_conn(pool, caller->request.lease.conn);
}

static void begin_read(struct caller *caller, uint32_t byte, int32_t timeout_ms)
{
    s7_then then = {
        .struct_size = sizeof then, .timeout_ms = timeout_ms, .done = on_done, .arg = caller, .id = &call_id};

    caller->called++;
    caller->item = house_item(1, byte, &caller->value, 1);
    assert_int_equal(s7_conn_read(conn_of(caller), &then, &caller->item, 1), S7_OK);
}

static void read_all(struct caller *caller, unsigned from)
{
    for (unsigned n = from; n < 25; n++) {
        begin_read(caller, 10 * n, 500);
        run_for(10 * MS);
        assert_int_equal(caller->answered, caller->called);
        assert_int_equal(caller->status, S7_OK);
    }
}

/* ---- P02 ---- */

/* Bytes travel one by one, so that there is a moment between each two. */
static void byte_by_byte(struct caller *caller, bool on)
{
    s7_stream *stream = s7_conn_stream(conn_of(caller));

    assert_non_null(stream);
    s7_virtual_set_buffer(stream, on ? 1 : 65536);
    s7_virtual_set_buffer(s7_virtual_peer(stream), on ? 1 : 65536);
}

static uint64_t bytes_so_far(const struct caller *caller)
{
    const struct s7_session_stats *s = s7_session_stats(s7_conn_session(conn_of(caller)));

    return s->bytes_in + s->bytes_out;
}

/* Cancel the call when that many of its bytes went either way, and give the connection back. */
static void cancel_at(struct caller *caller, unsigned offset)
{
    uint64_t began = bytes_so_far(caller);

    for (int i = 0; i < 100000 && bytes_so_far(caller) < began + offset; i++)
        run_for(US);
    assert_int_equal(bytes_so_far(caller), began + offset);
    assert_true(s7_conn_cancel(conn_of(caller), call_id));
    run_for(US);
    assert_int_equal(caller->answered, caller->called);
    byte_by_byte(caller, false);
    assert_int_equal(s7_pool_loop_put(pool, caller->request.lease), S7_OK);
}

static void next_borrower_reads(unsigned offset)
{
    borrow(&callers[1]);
    read_all(&callers[1], 2);
    if (wrong > 0)
        fail_msg("a call was cancelled after %u bytes: %u values of another call", offset, wrong);
    assert_int_equal(s7_pool_loop_put(pool, callers[1].request.lease), S7_OK);
}

/* patient: the next borrower comes when there was time for the answer. */
static void cancelled_read(unsigned offset, bool patient)
{
    make_pool();
    borrow(&callers[0]);
    read_all(&callers[0], 20);
    byte_by_byte(&callers[0], true);
    begin_read(&callers[0], 10, 4000);
    cancel_at(&callers[0], offset);
    assert_int_equal(callers[0].status, S7_E_CANCELLED);
    unsigned dirty = stats().dirty;
    if (patient) { /* drained, and the same one */
        run_for(SECOND);
        assert_int_equal(stats().available, 1);
        assert_int_equal(stats().late_answers, offset > 0);
    }
    next_borrower_reads(offset);
    assert_int_equal(dirty, offset > 0); /* not one byte left: nothing is owed */
    if (offset > 0 && !patient)          /* closed, and another one made */
        assert_int_equal(stats().closed[S7_POOL_CLOSE_TIMEOUT], 1);
    assert_int_equal(stats().connects, offset > 0 && !patient ? 2 : 1);
    drop_pool();
    run_for(MS);
}

static void p02_a_read_cancelled_at_any_byte_is_drained(void **state)
{
    (void)state;
    options.size = 1;
    for (unsigned offset = 0; offset < EXCHANGE; offset++)
        cancelled_read(offset, true);
}

static void p02_a_read_cancelled_at_any_byte_is_closed_when_somebody_waits(void **state)
{
    (void)state;
    options.size = 1;
    for (unsigned offset = 0; offset < EXCHANGE; offset++)
        cancelled_read(offset, false);
}

/* A write of which a byte left may have been done; it is done once or not at all. */
static void cancelled_write(unsigned offset, uint8_t value)
{
    s7_then then = {
        .struct_size = sizeof then, .timeout_ms = 4000, .done = on_done, .arg = &callers[0], .id = &call_id};
    uint8_t found = 0;
    s7_item item = house_item(2, 0, &value, 1);
    struct guest guest;

    make_pool();
    borrow(&callers[0]);
    byte_by_byte(&callers[0], true);
    callers[0].called++;
    assert_int_equal(s7_conn_write(conn_of(&callers[0]), &then, &item, 1), S7_OK);
    cancel_at(&callers[0], offset);
    assert_int_equal(callers[0].status, offset > 0 ? S7_E_OUTCOME_UNKNOWN : S7_E_CANCELLED);
    next_borrower_reads(offset);
    drop_pool();
    run_for(MS);
    guest_open(&guest, &house, NULL);
    assert_int_equal(guest_read(&guest, 2, 0, &found, 1), S7_OK);
    guest_close(&guest);
    if (offset == 0 && found == value)
        fail_msg("a write of which no byte left was done");
    if (offset >= WRITE_SENT && found != value)
        fail_msg("a write of which all bytes left was not done");
}

static void p02_a_write_cancelled_at_any_byte_harms_nobody(void **state)
{
    (void)state;
    options.size = 1;
    for (unsigned offset = 0; offset < WRITE_SENT + 22; offset++)
        cancelled_write(offset, (uint8_t)(offset + 1));
}

/* ---- P20 ---- */

enum where { NOBODY, IN_START, IN_GET, IN_CALL, IN_CLOSE };
static enum where frees; /* in which function */

static bool free_here(enum where where)
{
    if (frees != where)
        return false;
    drop_pool();
    return true;
}

static void ask(struct caller *caller);

static void work_done(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    struct caller *caller = arg;

    on_done(conn, status, err, arg);
    if (free_here(IN_CALL))
        return;
    (void)s7_pool_loop_put(pool, caller->request.lease);
    ask(caller);
}

static void work_got(s7_pool_loop *which, struct s7_pool_request *request, s7_status status,
                     const s7_errinfo *err, void *arg)
{
    struct caller *caller = arg;

    on_got(which, request, status, err, arg);
    if (free_here(IN_GET) || status != S7_OK)
        return;
    caller->item = house_item(1, 10 * (caller->left % 25), &caller->value, 1);
    if (s7_pool_loop_submit(which, request->lease, false, &caller->item, 1, 0, work_done, caller, NULL) ==
        S7_OK)
        caller->called++;
    else
        (void)s7_pool_loop_put(which, request->lease);
}

static void ask(struct caller *caller)
{
    if (caller->left-- > 0 &&
        s7_pool_loop_get(pool, &caller->request, 0, NULL, work_got, caller, NULL) == S7_OK)
        caller->asked++;
}

static void work_started(s7_pool_loop *which, s7_status status, const s7_errinfo *err, void *arg)
{
    on_started(which, status, err, arg);
    if (free_here(IN_START) || status != S7_OK)
        return;
    for (unsigned i = 0; i < N_CALLERS; i++) {
        callers[i].left = 6;
        ask(&callers[i]);
    }
}

static void work_closed(s7_pool_loop *which, s7_status status, const s7_errinfo *err, void *arg)
{
    on_closed(which, status, err, arg);
    (void)free_here(IN_CLOSE);
}

/* Eight callers at a pool of three: dialing, waiting, reading, giving back. */
static void begin_work(void)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    if (s7_pool_loop_new(house.loop, house.endpoint, &options, &pool, &err) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
    memset(callers, 0, sizeof callers);
    starts = closes = wrong = 0;
    freed = false;
    assert_int_equal(s7_pool_loop_start(pool, 0, work_started, NULL), S7_OK);
}

static void each_was_told_once(int64_t at)
{
    for (unsigned i = 0; i < N_CALLERS; i++)
        if (callers[i].told != callers[i].asked || callers[i].answered != callers[i].called)
            fail_msg("closed after %.3f ms: caller %u asked %u times and was told %u times; %u calls had %u "
                     "outcomes",
                     (double)at / MS, i, callers[i].asked, callers[i].told, callers[i].called,
                     callers[i].answered);
}

#define WORK_LASTS (8 * MS)

static void close_after(int64_t at, uint32_t timeout_ms)
{
    begin_work();
    run_for(at);
    s7_pool_loop_close(pool, timeout_ms, work_closed, NULL);
    run_for(SECOND);
    each_was_told_once(at);
    assert_int_equal(starts, 1);
    assert_int_equal(closes, 1);
    assert_int_equal(wrong, 0);
    if (stats().total_connections > 0 || served() > 0)
        fail_msg("closed after %.3f ms: %u connections are left, the PLC sees %u", (double)at / MS,
                 stats().total_connections, served());
    drop_pool();
}

static void p20_closed_at_any_moment_each_caller_is_told_once(void **state)
{
    (void)state;
    options.size = 3;
    for (int64_t at = 0; at < WORK_LASTS; at += 37 * US) {
        close_after(at, 0);
        close_after(at, 500);
    }
    run_for(0);
}

static void p20_freed_at_any_moment_nobody_is_told_any_more(void **state)
{
    (void)state;
    options.size = 3;
    for (int64_t at = 0; at < WORK_LASTS; at += 37 * US) {
        begin_work();
        run_for(at);
        drop_pool();
        run_for(SECOND);
        assert_int_equal(served(), 0);
    }
}

static void p20_a_pool_may_be_freed_in_each_of_its_functions(void **state)
{
    (void)state;
    options.size = 3;
    for (frees = IN_START; frees <= IN_CLOSE; frees++) {
        begin_work();
        run_for(frees == IN_CLOSE ? 2 * MS : SECOND);
        if (frees == IN_CLOSE)
            s7_pool_loop_close(pool, 0, work_closed, NULL);
        run_for(SECOND);
        assert_true(freed);
        assert_int_equal(served(), 0);
    }
    frees = NOBODY;
}

/* ---- P22 ---- */

static void p22_of_eight_calls_in_flight_only_the_withheld_one_fails(void **state)
{
    struct plant_error error;

    (void)state;
    options.size = 1;
    make_pool();
    assert_int_equal(sim_server_fault_arm(house.server, 0, 1, "hang", "fn=read nth=4", &error), S7_OK);
    for (unsigned i = 0; i < N_CALLERS; i++) {
        if (i == 0)
            borrow(&callers[0]);
        callers[i].request.lease = callers[0].request.lease;
        begin_read(&callers[i], 10 * i, 500);
    }
    run_for(SECOND);
    for (unsigned i = 0; i < N_CALLERS; i++) {
        assert_int_equal(callers[i].answered, 1);
        if (callers[i].status != (i == 3 ? S7_E_TIMEOUT : S7_OK))
            fail_msg("call %u of 8, of which the fourth had no answer: %s", i + 1,
                     s7_errname(callers[i].status));
    }
    assert_int_equal(wrong, 0);
    assert_int_equal(s7_session_owed(s7_conn_session(conn_of(&callers[0]))), 1); /* its reference is kept */
    read_all(&callers[0], 0);
    assert_int_equal(wrong, 0);
    assert_int_equal(s7_pool_loop_put(pool, callers[0].request.lease), S7_OK);
    assert_int_equal(stats().dirty, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(p02_a_read_cancelled_at_any_byte_is_drained),
        TEST(p02_a_read_cancelled_at_any_byte_is_closed_when_somebody_waits),
        TEST(p02_a_write_cancelled_at_any_byte_harms_nobody),
        TEST(p20_closed_at_any_moment_each_caller_is_told_once),
        TEST(p20_freed_at_any_moment_nobody_is_told_any_more),
        TEST(p20_a_pool_may_be_freed_in_each_of_its_functions),
        TEST(p22_of_eight_calls_in_flight_only_the_withheld_one_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
