/* A run in which the n-th allocation fails: it ends, it says that it did not pass or passes, and nothing is
 * left. Every third n that is of interest, since each run makes a plant file; with the argument "all" every
 * one. */
#include "scenarios/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- allocations that fail: the linker turns these calls to us, Lua's among them ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

static atomic_long allocations, failing; /* so many were asked for; the one that fails, from 1 */
static atomic_bool lasting;              /* and all after it */

static bool refuse_allocation(void)
{
    long n = atomic_fetch_add(&allocations, 1) + 1, at = atomic_load(&failing);

    return n == at || (at > 0 && n > at && atomic_load(&lasting));
}

void *__wrap_malloc(size_t size)
{
    return refuse_allocation() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return refuse_allocation() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return refuse_allocation() ? NULL : __real_realloc(old, size);
}

/* ---- the scenario ---- */

static const char scenario[] =
    "title = \"a little of everything\"\n"
    "local plc = PLC { db = { [1] = 64 } }\n"
    "local told = 0\n"
    "local pool = Pool { plc, size = 2, request_ms = \"200ms\" }\n"
    "local told_of = Pool { plc, group = Group {}, on_event = function() told = told + 1 end }\n"
    "told_of:resize(2)\n"
    "local alone = Client { plc }\n"
    "plc:set(\"DB1.DBW0:INT[3]\", {1, 2, 3})\n"
    "plc:fault(\"rst_now\", {fn = \"read\", nth = 2, optional = true})\n"
    "pool:start()\n"
    "alone:connect()\n"
    "pcall(alone.read, alone, {\"DB1.DBW0:INT[3]\", \"MB1\"})\n"
    "pcall(alone.write, alone, \"DB1.DBB10:STRING(5)\", \"abc\")\n"
    "local function read(client) return client:read(\"DB1.DBB1\") end\n"
    "local task = go(function(...) pcall(pool.execute, pool, ...) end, read)\n"
    "task:join()\n"
    "local crew = Workers { pool, count = 3, times = 2, address = \"DB1.DBB1\", pause = 1 }\n"
    "crew:join()\n"
    "within(\"1s\", function() return pool.stats.in_use end, 0)\n"
    "expect(crew.ok + crew.failed, 6)\n"
    "fails(\"misuse\", function() pool:start() end)\n"
    "expect(told, \"<=\", 1)\n" /* a pool for threads tells nothing before it is started */
    "log(\"done\", plc.seen.reads)\n";

static char path[64];

static int write_scenario(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/s7rig-no-memory-XXXXXX");
    int fd = mkstemp(path);
    bool good = fd >= 0 && write(fd, scenario, strlen(scenario)) == (ssize_t)strlen(scenario);
    if (fd >= 0)
        close(fd);
    return good ? 0 : -1;
}

static int remove_scenario(void **state)
{
    (void)state;
    return unlink(path);
}

static void run(const struct sc_options *options, long which, struct sc_report *report)
{
    atomic_store(&failing, which);
    atomic_store(&allocations, 0);
    sc_run_file(path, options, report);
    atomic_store(&failing, 0);
}

/* How many allocations it takes when all are granted; it passes then. */
static long count_allocations(const struct sc_options *options)
{
    struct sc_report report;

    run(options, 0, &report);
    if (report.outcome != SC_PASSED)
        fail_msg("outcome %d: %s", report.outcome, report.text);
    sc_report_free(&report);
    return atomic_load(&allocations);
}

static long thrift = 3;

static void check_failing(const struct sc_options *options, long first, long step)
{
    step *= thrift;
    unsigned passed = 0, others = 0;
    long n = count_allocations(options);

    for (long which = first; which <= n; which += step) {
        struct sc_report report;

        run(options, which, &report);
        if (report.outcome != SC_FAILED && report.outcome != SC_NO_WORLD && report.outcome != SC_PASSED)
            fail_msg("allocation %ld of %ld: outcome %d: %s", which, n, report.outcome, report.text);
        passed += report.outcome == SC_PASSED;
        others += report.outcome != SC_PASSED;
        sc_report_free(&report);
    }
    print_message("%ld allocations, step %ld: %u runs passed without one, %u did not\n", n, step, passed,
                  others);
    assert_true(others > 0);
}

static void any_allocation_may_fail_in_virtual_time(void **state)
{
    const struct sc_options options = {.seed = 1, .scale = 1};

    (void)state;
    check_failing(&options, 1, 1);
}

static void memory_may_run_out_in_virtual_time(void **state)
{
    const struct sc_options options = {.seed = 1, .scale = 1};

    (void)state;
    atomic_store(&lasting, true);
    check_failing(&options, 1, 3);
    atomic_store(&lasting, false);
}

static void memory_may_run_out_with_threads(void **state)
{
    const struct sc_options options = {.seed = 1, .scale = 10, .real = true, .threads = true};

    (void)state;
    atomic_store(&lasting, true);
    check_failing(&options, 1, 11);
    atomic_store(&lasting, false);
}

static void any_allocation_may_fail_for_real(void **state)
{
    const struct sc_options options = {.seed = 1, .scale = 10, .real = true};

    (void)state;
    check_failing(&options, 1, 7);
}

static void any_allocation_may_fail_with_threads(void **state)
{
    const struct sc_options options = {.seed = 1, .scale = 10, .real = true, .threads = true};

    (void)state;
    check_failing(&options, 1, 5);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "all") == 0)
        thrift = 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_allocation_may_fail_in_virtual_time),
        cmocka_unit_test(any_allocation_may_fail_for_real),
        cmocka_unit_test(memory_may_run_out_in_virtual_time),
        cmocka_unit_test(memory_may_run_out_with_threads),
        cmocka_unit_test(any_allocation_may_fail_with_threads),
    };

    return cmocka_run_group_tests(tests, write_scenario, remove_scenario);
}
