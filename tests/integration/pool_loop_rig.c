#include "pool_loop_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct house house;
s7_pool_loop *pool;
s7_pool_options options;
struct worker workers[MAX_WORKERS];
bool ended;
s7_status ended_with;
s7_errinfo ended_err;

/* ---- what the pool told ---- */

unsigned told[S7_POOL_EVENTS];
s7_pool_event last_told[S7_POOL_EVENTS];

void on_event(s7_pool *none, const s7_pool_event *event, void *user)
{
    assert_null(none);
    assert_ptr_equal(user, told);
    told[event->kind]++;
    last_told[event->kind] = *event;
}

/* ---- the house with a pool ---- */

void on_ended(s7_pool_loop *which, s7_status status, const s7_errinfo *err, void *arg)
{
    (void)which;
    (void)arg;
    ended = true;
    ended_with = status;
    if (err != NULL)
        ended_err = *err;
}

int64_t now(void)
{
    return s7_loop_now_ns(house.loop);
}

void run_to(int64_t at)
{
    s7_virtual_run_until(house.loop, at);
}

void run_for(int64_t ns)
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

void open_pool(void)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    if (s7_pool_loop_new(house.loop, house.endpoint, &options, &pool, &err) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
    ended = false;
    assert_int_equal(s7_pool_loop_start(pool, 0, on_ended, NULL), S7_OK);
    run_for(10 * MS);
    assert_true(ended);
}

int generic(void **state)
{
    (void)state;
    open_house("generic");
    return 0;
}

int s7_300(void **state)
{
    (void)state;
    open_house("s7-300");
    options.client.slot = 2;
    return 0;
}

int leave(void **state)
{
    (void)state;
    s7_pool_loop_free(pool);
    pool = NULL;
    house_close(&house);
    return 0;
}

s7_pool_stats stats(void)
{
    s7_pool_stats s = {.struct_size = sizeof s};

    assert_int_equal(s7_pool_loop_stats(pool, &s), S7_OK);
    return s;
}

unsigned served(void)
{
    struct sim_server_stats s;

    sim_server_stats_get(house.server, &s);
    return s.connections;
}

void on_got(s7_pool_loop *which, struct s7_pool_request *request, s7_status status, const s7_errinfo *err,
            void *arg)
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

void ask(unsigned i, uint32_t timeout_ms)
{
    struct worker *worker = &workers[i];
    s7_errinfo err = S7_ERRINFO_INIT;

    *worker = (struct worker){.asked = true};
    if (s7_pool_loop_get(pool, &worker->request, timeout_ms, "a test", on_got, worker, &err) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
}

struct s7_pool_lease borrow(unsigned i)
{
    ask(i, 10000);
    for (int ms = 0; ms < 20 && !workers[i].got; ms++)
        run_for(MS);
    if (!workers[i].got || workers[i].status != S7_OK)
        fail_msg("worker %u was not served: %s %s", i, s7_errname(workers[i].status), workers[i].err.came);
    return workers[i].request.lease;
}

void on_read(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    struct worker *worker = arg;

    (void)conn;
    worker->done = true;
    worker->status = status;
    worker->at = now();
    if (err != NULL)
        worker->err = *err;
}

void begin_read(unsigned i, uint32_t byte, uint32_t timeout_ms)
{
    struct worker *worker = &workers[i];
    s7_errinfo err = S7_ERRINFO_INIT;

    worker->done = false;
    worker->item = house_item(1, byte, worker->value, 1);
    if (s7_pool_loop_submit(pool, worker->request.lease, false, &worker->item, 1, timeout_ms, on_read, worker,
                            &err) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
}

s7_status read_byte(unsigned i, uint32_t byte, uint32_t timeout_ms)
{
    begin_read(i, byte, timeout_ms);
    while (!workers[i].done)
        run_for(MS);
    return workers[i].status;
}

void put(unsigned i)
{
    assert_int_equal(s7_pool_loop_put(pool, workers[i].request.lease), S7_OK);
}

void fill_db1(void)
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

s7_stream *stream_of(unsigned conn)
{
    s7_stream *stream = s7_conn_stream(s7_pool_loop_conn(pool, conn));

    assert_non_null(stream);
    return stream;
}

void set_dial(enum s7_virtual_dial how)
{
    uint16_t port = sim_server_port(house.server, 0);

    assert_int_equal(s7_virtual_set_dial(house.loop, "127.0.0.1", port, how), S7_OK);
}
