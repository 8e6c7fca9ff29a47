/* What a connection keeps while it is idle, in bytes, by what the PLC granted: alone or in a pool, for
 * threads or on a loop. The simulator has a thread of its own, whose memory is not counted. */
#include "house_thread.h"

#include "client/pool_loop.h"
#include "loop/loop_ev.h"

#include <s7rig/pool.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- how much memory: the linker turns these calls to us ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *old);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *old);

static _Thread_local bool is_plc; /* this thread */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct block {
    void *at; /* NULL: free */
    size_t size;
} blocks[4096];                      /* what is allocated, but for the PLC's */
static long kept;                    /* bytes of them */
static _Thread_local bool none_left; /* this thread gets no more */

static struct block *block_at(const void *at)
{
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        if (blocks[i].at == at)
            return &blocks[i];
    return NULL;
}

static void *count(void *at, size_t size)
{
    if (at == NULL || is_plc)
        return at;
    pthread_mutex_lock(&mutex);
    struct block *block = block_at(NULL);
    if (block == NULL)
        abort();
    *block = (struct block){at, size};
    kept += (long)size;
    pthread_mutex_unlock(&mutex);
    return at;
}

/* Before it goes: what libc has allocated is not known. */
static void count_back(const void *at)
{
    if (at == NULL || is_plc)
        return;
    pthread_mutex_lock(&mutex);
    struct block *block = block_at(at);
    if (block != NULL) {
        kept -= (long)block->size;
        block->at = NULL;
    }
    pthread_mutex_unlock(&mutex);
}

static long kept_now(void)
{
    pthread_mutex_lock(&mutex);
    long now = kept;
    pthread_mutex_unlock(&mutex);
    return now;
}

void *__wrap_malloc(size_t size)
{
    return none_left ? NULL : count(__real_malloc(size), size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return none_left ? NULL : count(__real_calloc(n, size), n * size);
}

/* One that fails is none here. */
void *__wrap_realloc(void *old, size_t size)
{
    count_back(old);
    return count(__real_realloc(old, size), size);
}

void __wrap_free(void *old)
{
    count_back(old);
    __real_free(old);
}

/* ---- the PLC ---- */

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

/* ---- connections, each of which has read something ---- */

static s7_loop *loop;
static uint8_t value;

static s7_pool_options pool_of(const s7_client_options *client, uint16_t size)
{
    s7_pool_options options;

    s7_pool_options_init(&options);
    options.size = size;
    options.start = S7_POOL_START_ALL;
    options.client = *client;
    return options;
}

static long a_client(const s7_client_options *options)
{
    s7_client_info info = {.struct_size = sizeof info};
    s7_client *client;

    assert_int_equal(s7_client_new(plc.house.endpoint, options, &client, NULL), S7_OK);
    assert_int_equal(s7_client_connect(client, NULL), S7_OK);
    assert_int_equal(s7_read_db(client, NULL, 1, 0, &value, 1), S7_OK);
    assert_int_equal(s7_client_info_get(client, &info), S7_OK);
    assert_int_equal(info.pdu_len, options->pdu_len);
    assert_int_equal(info.amq_calling, options->max_jobs);
    long taken = kept_now();
    s7_client_free(client);
    return taken;
}

static s7_status ended; /* why the connection has, S7_OK while it is up */

static void on_state(s7_conn *conn, bool up, s7_status why, const s7_errinfo *err, void *arg)
{
    (void)conn;
    (void)err;
    (void)arg;
    assert_int_equal(up, why == S7_OK);
    ended = why;
    s7_loop_stop(loop);
}

/* Streams that were closed are freed by the loop. */
static void stop(s7_timer *timer, void *arg)
{
    (void)timer;
    (void)arg;
    s7_loop_stop(loop);
}

static void a_turn(void)
{
    s7_timer timer;

    s7_timer_init(&timer, stop, NULL);
    s7_timer_set(loop, &timer, s7_loop_now_ns(loop));
    assert_int_equal(s7_loop_run(loop), S7_OK);
}

static void on_read(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    (void)conn;
    (void)err;
    (void)arg;
    assert_int_equal(status, S7_OK);
    s7_loop_stop(loop);
}

static long a_conn(const s7_client_options *options)
{
    s7_item item = house_item(1, 0, &value, 1);
    s7_conn *conn;

    assert_int_equal(s7_conn_new(loop, plc.house.endpoint, options, on_state, NULL, &conn, NULL), S7_OK);
    assert_int_equal(s7_conn_open(conn, NULL), S7_OK);
    assert_int_equal(s7_loop_run(loop), S7_OK);
    assert_int_equal(ended, S7_OK);
    assert_int_equal(s7_conn_submit(conn, false, &item, 1, 0, on_read, NULL, NULL), S7_OK);
    assert_int_equal(s7_loop_run(loop), S7_OK);
    long taken = kept_now();
    s7_conn_free(conn);
    a_turn();
    return taken;
}

static s7_status read_one(s7_client *client, void *arg)
{
    (void)arg;
    return s7_read_db(client, NULL, 1, 0, &value, 1);
}

static long a_pool(const s7_client_options *client, uint16_t size)
{
    s7_pool_options options = pool_of(client, size);
    s7_client *lent[5];
    s7_pool *pool;

    assert_in_range(size, 1, 5);
    assert_int_equal(s7_pool_new(plc.house.endpoint, &options, &pool, NULL), S7_OK);
    assert_int_equal(s7_pool_start(pool, NULL), S7_OK);
    for (unsigned i = 0; i < size; i++) {
        assert_int_equal(s7_pool_get(pool, NULL, &lent[i]), S7_OK);
        assert_int_equal(read_one(lent[i], NULL), S7_OK);
    }
    for (unsigned i = 0; i < size; i++)
        assert_int_equal(s7_pool_put(pool, lent[i]), S7_OK);
    long taken = kept_now();
    s7_pool_free(pool);
    return taken;
}

static void on_started(s7_pool_loop *pool, s7_status status, const s7_errinfo *err, void *arg)
{
    (void)pool;
    (void)err;
    (void)arg;
    assert_int_equal(status, S7_OK);
    s7_loop_stop(loop);
}

static s7_item items[5];

/* All are held until the last one has come. */
static void on_got(s7_pool_loop *pool, struct s7_pool_request *request, s7_status status,
                   const s7_errinfo *err, void *arg)
{
    (void)err;
    assert_int_equal(status, S7_OK);
    assert_int_equal(
        s7_pool_loop_submit(pool, request->lease, false, (s7_item *)arg, 1, 0, on_read, NULL, NULL), S7_OK);
}

static long a_pool_on_the_loop(const s7_client_options *client, uint16_t size)
{
    s7_pool_options options = pool_of(client, size);
    struct s7_pool_request requests[5];
    s7_pool_loop *pool;

    assert_in_range(size, 1, 5);
    assert_int_equal(s7_pool_loop_new(loop, plc.house.endpoint, &options, &pool, NULL), S7_OK);
    assert_int_equal(s7_pool_loop_start(pool, 0, on_started, NULL), S7_OK);
    assert_int_equal(s7_loop_run(loop), S7_OK);
    for (unsigned i = 0; i < size; i++) {
        items[i] = house_item(1, 0, &value, 1);
        assert_int_equal(s7_pool_loop_get(pool, &requests[i], 0, NULL, on_got, &items[i], NULL), S7_OK);
        assert_int_equal(s7_loop_run(loop), S7_OK);
    }
    for (unsigned i = 0; i < size; i++)
        assert_int_equal(s7_pool_loop_put(pool, requests[i].lease), S7_OK);
    long taken = kept_now();
    s7_pool_loop_free(pool);
    a_turn();
    return taken;
}

/* ---- the figures ---- */

struct figures {
    long client, conn, pool, pool_conn, loop_pool, loop_pool_conn;
};

static struct figures measure(uint16_t pdu_len, uint8_t max_jobs)
{
    s7_client_options options;
    struct figures bytes;

    s7_client_options_init(&options);
    options.pdu_len = pdu_len;
    options.max_jobs = max_jobs;
    long before = kept_now();
    bytes.client = a_client(&options) - before;
    bytes.conn = a_conn(&options) - before;
    bytes.pool = a_pool(&options, 1) - before;
    bytes.pool_conn = (a_pool(&options, 5) - before - bytes.pool) / 4;
    bytes.loop_pool = a_pool_on_the_loop(&options, 1) - before;
    bytes.loop_pool_conn = (a_pool_on_the_loop(&options, 5) - before - bytes.loop_pool) / 4;
    assert_int_equal(kept_now(), before); /* all was given back */
    return bytes;
}

/* What is measured once is not what a loop or a library allocates for its first user. */
static int enter(void **state)
{
    (void)state;
    assert_int_equal(s7_loop_ev_new(&loop), S7_OK);
    s7_client_options options;
    s7_client_options_init(&options);
    (void)a_client(&options);
    (void)a_conn(&options);
    (void)a_pool(&options, 5);
    (void)a_pool_on_the_loop(&options, 5);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    s7_loop_free(loop);
    return 0;
}

static void print(uint16_t pdu_len, uint8_t jobs, const struct figures *bytes)
{
    print_message("%3u %4u %8ld %8ld %8ld %8ld %9ld %8ld\n", pdu_len, jobs, bytes->client, bytes->conn,
                  bytes->pool, bytes->pool_conn, bytes->loop_pool, bytes->loop_pool_conn);
}

static void at_most(const char *what, long bytes, long limit)
{
    if (bytes > limit)
        fail_msg("%s: %ld bytes, expected at most %ld", what, bytes, limit);
}

/* The figures of docs/performance.md, and little more. */
static void a_connection_of_a_usual_plc_takes_no_more_than_8_KiB(void **state)
{
    static const struct {
        uint8_t jobs;
        struct figures most;
    } rows[] = {{1, {7700, 10200, 107400, 7200, 18000, 9700}},
                {3, {8192, 10800, 108000, 7800, 18600, 10300}},
                {8, {9800, 12300, 109500, 9300, 20100, 11800}}};

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct figures *most = &rows[i].most;
        struct figures bytes = measure(240, rows[i].jobs);

        print(240, rows[i].jobs, &bytes);
        at_most("a client", bytes.client, most->client);
        at_most("a connection on a loop", bytes.conn, most->conn);
        at_most("a pool for threads with a connection", bytes.pool, most->pool);
        at_most("each further one", bytes.pool_conn, most->pool_conn);
        at_most("a pool on a loop with a connection", bytes.loop_pool, most->loop_pool);
        at_most("each further one", bytes.loop_pool_conn, most->loop_pool_conn);
    }
}

static void a_thousand_pools_on_a_loop_take_less_than_32_MiB_whatever_is_granted(void **state)
{
    static const uint16_t pdu_lens[] = {480, 960};
    static const uint8_t jobs[] = {1, 3, 8};

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        struct figures bytes = measure(pdu_lens[i / 3], jobs[i % 3]);

        print(pdu_lens[i / 3], jobs[i % 3], &bytes);
        at_most("a thousand pools", bytes.loop_pool * 1000, 32L * 1024 * 1024);
    }
}

/* ---- for want of it ---- */

static void a_client_without_memory_for_what_was_granted_says_so_and_connects_later(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = -1, .err = &err};
    s7_client *client;

    (void)state;
    assert_int_equal(s7_client_new(plc.house.endpoint, NULL, &client, NULL), S7_OK);
    none_left = true;
    s7_status status = s7_client_connect(client, &ctx);
    none_left = false;
    assert_int_equal(status, S7_E_NOMEM);
    assert_non_null(strstr(err.came, "as the PLC granted"));
    assert_false(s7_client_is_connected(client));
    assert_int_equal(s7_client_connect(client, NULL), S7_OK);
    none_left = true; /* what there is, is enough, also for the next one */
    assert_int_equal(read_one(client, NULL), S7_OK);
    s7_client_close(client);
    assert_int_equal(s7_client_connect(client, NULL), S7_OK);
    assert_int_equal(read_one(client, NULL), S7_OK);
    none_left = false;
    s7_client_free(client);
}

static void a_connection_on_a_loop_does_the_same(void **state)
{
    s7_conn *conn;

    (void)state;
    assert_int_equal(s7_conn_new(loop, plc.house.endpoint, NULL, on_state, NULL, &conn, NULL), S7_OK);
    assert_int_equal(s7_conn_open(conn, NULL), S7_OK);
    none_left = true;
    assert_int_equal(s7_loop_run(loop), S7_OK);
    none_left = false;
    assert_int_equal(ended, S7_E_NOMEM);
    assert_int_equal(s7_conn_open(conn, NULL), S7_OK);
    assert_int_equal(s7_loop_run(loop), S7_OK);
    assert_int_equal(ended, S7_OK);
    s7_conn_free(conn);
    a_turn();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_connection_of_a_usual_plc_takes_no_more_than_8_KiB, enter, leave),
        cmocka_unit_test_setup_teardown(a_thousand_pools_on_a_loop_take_less_than_32_MiB_whatever_is_granted,
                                        enter, leave),
        cmocka_unit_test(a_client_without_memory_for_what_was_granted_says_so_and_connects_later),
        cmocka_unit_test_setup_teardown(a_connection_on_a_loop_does_the_same, enter, leave),
    };

    print_message("PDU jobs   client     conn     pool  +1 conn loop pool  +1 conn\n");
    return cmocka_run_group_tests(tests, open_plc, close_plc);
}
