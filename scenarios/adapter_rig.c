#include "adapter_rig.h"

#include "loop/loop_ev.h"
#include "loop/loop_virtual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PATIENCE_NS (60000 * HOUSE_NS_PER_MS)

struct house house;
struct sc_adapter *adapter;
enum world world;
enum world worlds[3] = {WORLD_VIRTUAL, WORLD_EV, WORLD_THREADS};
s7_pool_options options;

/* ---- the world ---- */

int rig_open(void **state)
{
    s7_loop *loop;

    world = *(enum world *)*state;
    assert_int_equal(world == WORLD_VIRTUAL ? s7_loop_virtual_new(NULL, &loop) : s7_loop_ev_new(&loop),
                     S7_OK);
    house_open(&house, loop, NULL);
    assert_int_equal(
        world == WORLD_THREADS ? sc_adapter_thread(loop, &adapter) : sc_adapter_loop(loop, &adapter), S7_OK);
    s7_pool_options_init(&options);
    return 0;
}

int rig_close(void **state)
{
    (void)state;
    allocations_left = -1;
    sc_adapter_free(adapter);
    adapter = NULL;
    house_close(&house);
    return 0;
}

/* ---- waiting ---- */

static void on_told(struct sc_call *call)
{
    struct noted *noted = call->arg;

    noted->told++;
    if (noted->put && call->status == S7_OK)
        assert_int_equal(sc_pool_put(noted->pool, call->lease), S7_OK);
    s7_loop_stop(house.loop);
}

struct sc_call *note(struct noted *noted)
{
    noted->told = 0;
    noted->call.fn = on_told;
    noted->call.arg = noted;
    return &noted->call;
}

static void on_alarm(s7_timer *timer, void *arg)
{
    (void)timer;
    (void)arg;
    s7_loop_stop(house.loop);
}

/* Until something stops the loop, or at_ns. */
static void run_to(int64_t at_ns)
{
    s7_timer alarm;

    s7_timer_init(&alarm, on_alarm, NULL);
    s7_timer_set(house.loop, &alarm, at_ns);
    assert_int_equal(s7_loop_run(house.loop), S7_OK);
    s7_timer_stop(&alarm);
}

s7_status rig_wait(struct noted *noted)
{
    int64_t until_ns = s7_loop_now_ns(house.loop) + PATIENCE_NS;

    while (noted->told == 0 && s7_loop_now_ns(house.loop) < until_ns)
        run_to(until_ns);
    assert_int_equal(noted->told, 1);
    return noted->call.status;
}

void rig_until(rig_good_fn *good, void *arg)
{
    int64_t until_ns = s7_loop_now_ns(house.loop) + PATIENCE_NS;

    while (!good(arg)) {
        assert_true(s7_loop_now_ns(house.loop) < until_ns);
        run_to(s7_loop_now_ns(house.loop) + HOUSE_NS_PER_MS);
    }
}

void rig_run_for(int64_t ns)
{
    int64_t until_ns = s7_loop_now_ns(house.loop) + ns;

    while (s7_loop_now_ns(house.loop) < until_ns)
        run_to(until_ns);
}

/* ---- pools ---- */

struct sc_pool *rig_pool(const char *endpoint)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    struct sc_pool *pool;

    if (sc_pool_new(adapter, endpoint, &options, &pool, &err) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
    return pool;
}

struct sc_pool *rig_started(void)
{
    struct sc_pool *pool = rig_pool(house.endpoint);
    struct noted start = {0};

    sc_pool_start(pool, 0, note(&start));
    if (rig_wait(&start) != S7_OK)
        fail_msg("%s: %s", start.call.err.asked, start.call.err.came);
    return pool;
}

struct sc_lease rig_borrow(struct sc_pool *pool)
{
    struct noted get = {0};

    sc_pool_get(pool, 0, NULL, note(&get));
    if (rig_wait(&get) != S7_OK)
        fail_msg("%s: %s", get.call.err.asked, get.call.err.came);
    return get.call.lease;
}

s7_pool_stats rig_stats(struct sc_pool *pool)
{
    s7_pool_stats stats;

    sc_pool_stats(pool, &stats);
    return stats;
}

static void on_accept(s7_listener *listener, s7_stream *stream, void *arg)
{
    (void)listener;
    (void)arg;
    s7_stream_close(stream, S7_CLOSE_RST);
}

void rig_nobody(char *endpoint, size_t cap)
{
    s7_listener *listener;

    assert_int_equal(s7_loop_listen(house.loop, "127.0.0.1", 0, on_accept, NULL, &listener, NULL), S7_OK);
    snprintf(endpoint, cap, "127.0.0.1:%u", s7_listener_port(listener));
    s7_listener_close(listener);
}
