/* The life of a pool in which the n-th allocation fails, for every n: it says so or does without, nothing is
 * left, and with memory again it goes on. Both adapters, against the real simulator. */
#include "house_thread.h"

#include "client/pool_loop.h"
#include "loop/loop_virtual.h"

#include <s7rig/pool_direct.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MS          HOUSE_NS_PER_MS
#define PATIENCE_MS 30000

/* ---- allocations that fail: the linker turns these calls to us ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

static atomic_long allocations, failing; /* so many were asked for; the one that fails, from 1 */
static _Thread_local bool is_plc;        /* this thread has memory enough */

static bool refuse_allocation(void)
{
    return !is_plc && atomic_fetch_add(&allocations, 1) + 1 == atomic_load(&failing);
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

static void fail_at(long which)
{
    atomic_store(&allocations, 0);
    atomic_store(&failing, which);
}

/* ---- for threads ---- */

static struct house_thread plc;

static void be_plc(struct house *house, void *arg)
{
    (void)house;
    (void)arg;
    is_plc = true;
}

static int open_plc(void **state)
{
    (void)state;
    house_thread_start(&plc);
    house_thread_do(&plc, be_plc, NULL);
    return 0;
}

static int close_plc(void **state)
{
    (void)state;
    house_thread_stop(&plc);
    return 0;
}

static long which; /* allocation fails */
static unsigned lacked;

/* Nothing else may come of it; but who waits for the second connection, which cannot be made, waits in vain.
 */
static bool goes(const char *what, s7_status status)
{
    if (status == S7_OK)
        return true;
    if (status != S7_E_NOMEM && (status != S7_E_POOL_EXHAUSTED || which == 0))
        fail_msg("allocation %ld fails: %s: %s", which, what, s7_errname(status));
    lacked++;
    return false;
}

static s7_status read_one(s7_client *client, void *arg)
{
    uint8_t value;

    (void)arg;
    return s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value);
}

static void use(s7_pool *pool)
{
    s7_client *clients[3] = {NULL};
    s7_pool_stats stats = {.struct_size = sizeof stats};
    uint8_t bytes[4] = {0};

    for (int i = 0; i < 3; i++) {
        if (i == 2)
            goes("resize", s7_pool_resize(pool, 3));
        if (goes("get", s7_pool_get(pool, NULL, &clients[i])))
            goes("read", read_one(clients[i], NULL));
        if (i == 1 && lacked > 0) /* what failed may be the resize: there is no third one then */
            break;
    }
    for (int i = 0; i < 3; i++)
        if (clients[i] != NULL)
            goes("put", i == 1 ? s7_pool_discard(pool, clients[i], S7_OK) : s7_pool_put(pool, clients[i]));
    goes("execute", s7_pool_execute(pool, NULL, read_one, NULL));
    goes("read without a lease", s7_pool_read_db(pool, NULL, 1, 0, bytes, sizeof bytes));
    goes("write without a lease", s7_pool_write_db(pool, NULL, 1, 0, bytes, sizeof bytes));
    goes("refresh", s7_pool_refresh(pool));
    goes("pause", s7_pool_pause(pool, S7_WITHIN(PATIENCE_MS)));
    goes("resume", s7_pool_resume(pool));
    goes("stats", s7_pool_stats_get(pool, &stats));
}

static atomic_uint events;

static void count_event(s7_pool *pool, const s7_pool_event *event, void *user)
{
    (void)pool;
    (void)event;
    atomic_fetch_add((atomic_uint *)user, 1);
}

static s7_pool *new_pool(void)
{
    s7_pool_options options;
    s7_pool_group_options limits;
    s7_pool_group *group = NULL;
    s7_pool *pool = NULL;

    s7_pool_group_options_init(&limits);
    limits.plc_connections = 3;
    s7_pool_options_init(&options);
    options.on_event = count_event;
    options.user = &events;
    if (goes("group", s7_pool_group_new(&limits, &group, NULL)))
        options.group = group;
    options.size = 2;
    options.acquire_ms = which == 0 ? PATIENCE_MS : 500;
    if (!goes("new", s7_pool_new(plc.house.endpoint, &options, &pool, NULL)))
        assert_null(pool);
    s7_pool_group_free(group); /* the pool keeps it */
    return pool;
}

/* How many allocations it takes. */
static long a_life(long n)
{
    which = n;
    lacked = 0;
    fail_at(n);
    s7_pool *pool = new_pool();

    if (pool != NULL && goes("start", s7_pool_start(pool, NULL)))
        use(pool);
    long took = atomic_load(&allocations);
    fail_at(0);
    if (pool != NULL && lacked > 0) { /* there is memory again */
        s7_status status = s7_pool_start(pool, NULL);

        assert_true(status == S7_OK || status == S7_E_MISUSE);
        assert_int_equal(s7_pool_execute(pool, S7_WITHIN(PATIENCE_MS), read_one, NULL), S7_OK);
    }
    if (pool != NULL)
        assert_int_equal(s7_pool_close(pool, S7_WITHIN(PATIENCE_MS)), S7_OK);
    s7_pool_free(pool);
    return took;
}

static void any_allocation_of_a_pool_for_threads_may_fail(void **state)
{
    unsigned failed = 0;

    (void)state;
    long n = a_life(0);
    assert_int_equal(lacked, 0);
    assert_true(n > 5);
    for (long i = 1; i <= n; i++) {
        (void)a_life(i);
        failed += lacked > 0;
    }
    assert_in_range(failed, 5, n);
}

/* ---- on a loop, simulator and all ---- */

static struct house house;
static bool started;
static unsigned told, served; /* gets that had an outcome, reads that went well */

struct caller {
    struct s7_pool_request request;
    s7_item item;
    uint8_t value;
};
static struct caller callers[4];

static void on_started(s7_pool_loop *pool, s7_status status, const s7_errinfo *err, void *arg)
{
    (void)pool;
    (void)err;
    (void)arg;
    started = status == S7_OK;
}

static void on_read(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    struct caller *caller = arg;

    (void)conn;
    (void)err;
    served += status == S7_OK;
    caller->value = 0;
}

static void on_got(s7_pool_loop *pool, struct s7_pool_request *request, s7_status status,
                   const s7_errinfo *err, void *arg)
{
    struct caller *caller = arg;

    (void)err;
    told++;
    if (status != S7_OK)
        return;
    caller->item = house_item(1, 0, &caller->value, 1);
    (void)!s7_pool_loop_submit(pool, request->lease, false, &caller->item, 1, 100, on_read, caller, NULL);
}

static void run_for(int64_t ns)
{
    s7_virtual_run_until(house.loop, s7_loop_now_ns(house.loop) + ns);
}

static void work(s7_pool_loop *pool)
{
    unsigned asked = 0;

    told = 0;
    for (unsigned i = 0; i < 4; i++)
        asked += s7_pool_loop_get(pool, &callers[i].request, 500, NULL, on_got, &callers[i], NULL) == S7_OK;
    run_for(2000 * MS);
    if (told != asked)
        fail_msg("allocation %ld fails: %u gets and %u outcomes", which, asked, told);
    for (unsigned i = 0; i < 4; i++)
        (void)s7_pool_loop_discard(pool, callers[i].request.lease, S7_OK);
    run_for(100 * MS);
}

static long a_life_on_a_loop(long n)
{
    s7_pool_options options;
    s7_pool_loop *pool = NULL;
    s7_loop *loop;

    which = n;
    assert_int_equal(s7_loop_virtual_new(NULL, &loop), S7_OK);
    house_open(&house, loop, "generic");
    s7_pool_options_init(&options);
    options.size = 4;
    options.start = S7_POOL_START_BACKGROUND;
    fail_at(n);
    s7_status status = s7_pool_loop_new(house.loop, house.endpoint, &options, &pool, NULL);
    assert_true(status == S7_OK || (status == S7_E_NOMEM && pool == NULL));
    if (pool != NULL && s7_pool_loop_start(pool, 0, on_started, NULL) == S7_OK)
        work(pool);
    long took = atomic_load(&allocations);
    fail_at(0);
    if (pool != NULL) { /* there is memory again */
        run_for(70000 * MS);
        served = 0;
        work(pool);
        if (served != 4)
            fail_msg("allocation %ld failed: only %u of 4 callers were served later", n, served);
    }
    s7_pool_loop_free(pool);
    house_close(&house);
    return took;
}

static void any_allocation_of_a_pool_on_a_loop_may_fail(void **state)
{
    (void)state;
    long n = a_life_on_a_loop(0);
    assert_true(n > 20);
    for (long i = 1; i <= n; i++)
        (void)a_life_on_a_loop(i);
    print_message("%ld allocations\n", n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_allocation_of_a_pool_for_threads_may_fail, open_plc, close_plc),
        cmocka_unit_test(any_allocation_of_a_pool_on_a_loop_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
