/* What idle connections cost: their checks and their end, and nothing between. Timers are counted in virtual
 * time, and the waits of the thread of a pool for threads by the linker, which turns epoll_wait to us. */
#include "pool_rig.h"

#include "client/pool_loop.h"
#include "loop/loop_virtual.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include <cmocka.h>

#define SECOND (1000 * HOUSE_NS_PER_MS)
#define HOUR   (3600 * SECOND)

/* ---- virtual time ---- */

struct counts {
    unsigned timers, segments;
};

static struct counts counts;

static void count_line(const char *line, void *arg)
{
    unsigned n = 0, ordinal = 0;

    (void)arg;
    if (sscanf(line, "%*s #%u timers %u", &ordinal, &n) == 2)
        counts.timers += n;
    counts.segments += strstr(line, " segment ") != NULL;
}

static void on_ended(s7_pool_loop *ended, s7_status status, const s7_errinfo *why, void *arg)
{
    (void)ended;
    (void)why;
    *(s7_status *)arg = status;
}

/* An hour of a PLC with a pool of 10 connections (NULL: alone). */
static struct counts an_hour(const s7_pool_options *with, s7_pool_stats *stats_then)
{
    struct house own;
    s7_loop *loop;
    s7_pool_loop *looped = NULL;
    s7_status status = S7_E_TIMEOUT;

    assert_int_equal(s7_loop_virtual_new(NULL, &loop), S7_OK);
    house_open(&own, loop, "generic");
    if (with != NULL) {
        assert_int_equal(s7_pool_loop_new(loop, own.endpoint, with, &looped, NULL), S7_OK);
        assert_int_equal(s7_pool_loop_start(looped, 0, on_ended, &status), S7_OK);
    }
    s7_virtual_run_until(loop, SECOND / 2);
    assert_int_equal(status, with != NULL ? S7_OK : S7_E_TIMEOUT);
    counts = (struct counts){0};
    s7_virtual_trace(loop, count_line, NULL);
    s7_virtual_run_until(loop, SECOND / 2 + HOUR);
    struct counts seen = counts;
    if (looped != NULL)
        assert_int_equal(s7_pool_loop_stats(looped, stats_then), S7_OK);
    s7_pool_loop_free(looped);
    house_close(&own);
    return seen;
}

static void idle_connections_cost_no_wake_up_but_their_checks_and_their_end(void **state)
{
    static const struct {
        uint32_t max_idle_ms, health_check_ms;
        unsigned checks, closed;
    } rows[] = {{0, 0, 0, 0},             /* nothing to do */
                {0, 60000, 600, 0},       /* ten, once a minute */
                {600000, 0, 0, 10},       /* ten ends */
                {300000, 60000, 50, 10}}; /* as a pool is by default */
    struct counts alone = an_hour(NULL, NULL);

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        s7_pool_stats then = {.struct_size = sizeof then};

        s7_pool_options_init(&options);
        options.size = 10;
        options.start = S7_POOL_START_ALL;
        options.max_idle_ms = rows[i].max_idle_ms;
        options.health_check_ms = rows[i].health_check_ms;
        struct counts with = an_hour(&options, &then);
        assert_int_equal(then.health_checks, rows[i].checks);
        assert_int_equal(then.closed[S7_POOL_CLOSE_IDLE], rows[i].closed);
        assert_int_equal(then.connects, 10);
        /* A request and an answer; and for that the pool is due, what it has to send, the answer's patience
         * anew, and the pool again when it came. Without a packet: it is due, it closes, it is told. */
        assert_int_equal(with.segments - alone.segments, 2 * rows[i].checks);
        assert_int_equal(with.timers - alone.timers, 4 * rows[i].checks + 3 * rows[i].closed);
    }
}

/* ---- the thread ---- */

int __real_epoll_wait(int fd, struct epoll_event *events, int cap, int timeout_ms);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int cap, int timeout_ms);

static atomic_uint waits; /* that have ended, of whoever is not the house's thread */

int __wrap_epoll_wait(int fd, struct epoll_event *events, int cap, int timeout_ms)
{
    int n = __real_epoll_wait(fd, events, cap, timeout_ms);

    if (!pthread_equal(pthread_self(), house.thread))
        atomic_fetch_add(&waits, 1);
    return n;
}

static void open_idle(uint32_t health_check_ms, uint32_t max_idle_ms)
{
    options.size = 10;
    options.start = S7_POOL_START_ALL;
    options.max_idle_ms = max_idle_ms;
    options.health_check_ms = health_check_ms;
    options.health_timeout_ms = 20000;
    open_pool();
}

/* One wait ends for a check that is due, one for its answer. */
static void the_threads_waits_end_for_checks_and_their_answers_only(void **state)
{
    (void)state;
    open_idle(400, 0);
    s7_pool_stats before = stats();
    unsigned begun = atomic_load(&waits);
    UNTIL(stats().health_checks >= before.health_checks + 40);
    unsigned ended = atomic_load(&waits) - begun; /* before the checks are counted again: never too many */
    uint64_t checks = stats().health_checks - before.health_checks;
    if (ended < 40 || ended > 2 * checks + 2)
        fail_msg("%u waits ended for %u checks", ended, (unsigned)checks);
    assert_int_equal(stats().health_check_failures, 0);
}

static void the_threads_waits_end_for_the_end_of_idle_connections_only(void **state)
{
    (void)state;
    open_idle(0, 50);
    UNTIL(stats().closed[S7_POOL_CLOSE_IDLE] == 10);
    unsigned begun = atomic_load(&waits);
    for (unsigned i = 0; i < 100; i++) /* an empty pool */
        (void)stats();
    assert_int_equal(atomic_load(&waits), begun);
}

/* No system call of get and put, and none that they cause. */
static void borrowers_wake_nobody(void **state)
{
    (void)state;
    open_idle(0, 0);
    unsigned begun = atomic_load(&waits);
    for (unsigned i = 0; i < 10000; i++) {
        assert_int_equal(s7_pool_put(pool, borrow()), S7_OK);
    }
    if (atomic_load(&waits) > begun + 1) /* the start's last */
        fail_msg("%u waits ended", atomic_load(&waits) - begun);
}

#define WITH_HOUSE(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_connections_cost_no_wake_up_but_their_checks_and_their_end),
        WITH_HOUSE(the_threads_waits_end_for_checks_and_their_answers_only),
        WITH_HOUSE(the_threads_waits_end_for_the_end_of_idle_connections_only),
        WITH_HOUSE(borrowers_wake_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
