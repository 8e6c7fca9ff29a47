#include "house_thread.h"

#include "loop/loop_ev.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void stop(struct house *house, void *arg)
{
    (void)arg;
    s7_loop_stop(house->loop);
}

static void grant_wish(s7_loop *loop, void *arg)
{
    struct house_thread *house = arg;

    (void)loop;
    pthread_mutex_lock(&house->mutex);
    if (house->wish != NULL)
        house->wish(&house->house, house->arg);
    house->wish = NULL;
    pthread_cond_signal(&house->done);
    pthread_mutex_unlock(&house->mutex);
}

static void *run(void *arg)
{
    struct house_thread *house = arg;

    return s7_loop_run(house->house.loop) == S7_OK ? NULL : house;
}

void house_thread_start(struct house_thread *house)
{
    house_thread_start_at(house, NULL, "127.0.0.1:0");
}

void house_thread_start_at(struct house_thread *house, const char *cpu, const char *listen)
{
    s7_loop *loop;

    assert_int_equal(s7_loop_ev_new(&loop), S7_OK);
    house_open_at(&house->house, loop, cpu, listen, PLANT_MEMORY);
    assert_int_equal(pthread_mutex_init(&house->mutex, NULL), 0);
    assert_int_equal(pthread_cond_init(&house->done, NULL), 0);
    house->wish = NULL;
    s7_turn_hook_add(loop, &house->hook, grant_wish, house);
    assert_int_equal(pthread_create(&house->thread, NULL, run, house), 0);
}

void house_thread_do(struct house_thread *house, void (*fn)(struct house *house, void *arg), void *arg)
{
    pthread_mutex_lock(&house->mutex);
    house->arg = arg;
    house->wish = fn;
    s7_loop_wake(house->house.loop);
    while (house->wish != NULL)
        pthread_cond_wait(&house->done, &house->mutex);
    pthread_mutex_unlock(&house->mutex);
}

void house_thread_stop(struct house_thread *house)
{
    void *result;

    house_thread_do(house, stop, NULL);
    pthread_join(house->thread, &result);
    assert_null(result);
    s7_turn_hook_remove(&house->hook);
    pthread_cond_destroy(&house->done);
    pthread_mutex_destroy(&house->mutex);
    house_close(&house->house);
}

static void restart(struct house *house, void *arg)
{
    struct sim_server_options options;

    sim_server_options_init(&options);
    options.listen = house->endpoint;
    sim_server_free(house->server);
    house->server = NULL;
    if (sim_server_new(house->loop, house->plant, &options, &house->server, arg) != S7_OK)
        house->server = NULL;
}

void house_thread_restart(struct house_thread *house)
{
    struct plant_error error;

    house_thread_do(house, restart, &error);
    if (house->house.server == NULL)
        fail_msg("%s", error.text);
}

static void look(struct house *house, void *arg)
{
    sim_server_plc_stats(house->server, 0, arg);
}

struct sim_plc_stats house_thread_seen(struct house_thread *house)
{
    struct sim_plc_stats seen;

    house_thread_do(house, look, &seen);
    return seen;
}

struct fault_wish {
    uint64_t id;
    const char *name, *args;
    s7_status status;
    struct plant_error error;
};

static void arm(struct house *house, void *arg)
{
    struct fault_wish *wish = arg;

    wish->status = S7_OK;
    if (wish->name == NULL)
        sim_server_fault_drop(house->server, wish->id);
    else
        wish->status = sim_server_fault_arm(house->server, 0, wish->id, wish->name, wish->args, &wish->error);
}

void house_thread_fault(struct house_thread *house, uint64_t id, const char *name, const char *args)
{
    struct fault_wish wish = {.id = id, .name = name, .args = args};

    house_thread_do(house, arm, &wish);
    if (wish.status != S7_OK)
        fail_msg("%s %s: %s", name, args, wish.error.text);
}
