/* The adapter for libev that programs include: the contract, and what it does to their loop. */
#include "loop/blocking.h"
#include "loop/contract_rig.h"
#include "loop/contract_test.h"
#include "loop/loop_impl.h"

#include <pthread.h>
#include <s7rig/libev.h>
#include <stdatomic.h>

/* ---- the program ---- */

static s7_status make(s7_loop **out)
{
    struct ev_loop *ev = ev_loop_new(EVFLAG_NOENV);

    assert_non_null(ev);
    *out = s7_libev_attach(ev);
    if (*out != NULL)
        return S7_OK;
    ev_loop_destroy(ev);
    return S7_E_NOMEM;
}

static struct ev_loop *ev_of(s7_loop *loop)
{
    return ((s7_libev *)s7_loop_user(loop))->ev;
}

static s7_status run(s7_loop *loop)
{
    while (!loop->stopping && s7_loop_impl_alive(loop))
        ev_run(ev_of(loop), EVRUN_ONCE);
    loop->stopping = false;
    return S7_OK;
}

static void free_both(s7_loop *loop)
{
    if (loop == NULL)
        return;
    struct ev_loop *ev = ev_of(loop);

    s7_libev_detach(loop);
    assert_int_equal(ev_pending_count(ev), 0);
    ev_loop_destroy(ev);
}

/* ---- what keeps it running ---- */

static void an_attached_loop_does_not_keep_the_programs_running(void **state)
{
    s7_loop *loop;

    (void)state;
    assert_int_equal(make(&loop), S7_OK);
    assert_false(ev_run(ev_of(loop), 0)); /* returns */
    free_both(loop);
}

static void other_watchers_keep_it_running_after_it_is_detached(void **state)
{
    struct ev_loop *ev = ev_loop_new(EVFLAG_NOENV);
    s7_loop *loop;

    (void)state;
    assert_non_null(ev);
    for (int i = 0; i < 3; i++) {
        loop = s7_libev_attach(ev);
        assert_non_null(loop);
        s7_libev_detach(loop);
    }
    s7_libev_detach(NULL);
    ev_ref(ev); /* as a watcher of the program does */
    assert_true(ev_run(ev, EVRUN_NOWAIT));
    ev_unref(ev);
    assert_false(ev_run(ev, EVRUN_NOWAIT));
    ev_loop_destroy(ev);
}

static void connections_and_timers_keep_it_running(void **state)
{
    struct rig *rig = *state;
    struct ev_loop *ev = ev_of(rig->loop);

    rig_connect(rig);
    s7_listener_close(rig->listener);
    rig->listener = NULL;
    s7_timer_stop(&rig->guard);
    assert_true(ev_run(ev, EVRUN_NOWAIT));
    end_close(&rig->client, S7_CLOSE_FIN);
    end_close(&rig->server, S7_CLOSE_FIN);
    assert_false(ev_run(ev, EVRUN_NOWAIT));
    s7_timer_set(rig->loop, &rig->guard, s7_loop_now_ns(rig->loop) + INT64_C(3600000000000));
    assert_true(ev_run(ev, EVRUN_NOWAIT));
}

/* ---- life ---- */

static void detach(s7_timer *timer, void *arg)
{
    (void)timer;
    s7_libev_detach(arg);
}

static void it_may_be_detached_in_a_function_of_the_loop(void **state)
{
    struct ev_loop *ev = ev_loop_new(EVFLAG_NOENV);
    s7_timer timer;

    (void)state;
    assert_non_null(ev);
    s7_loop *loop = s7_libev_attach(ev);
    assert_non_null(loop);
    s7_timer_init(&timer, detach, loop);
    s7_timer_set(loop, &timer, 0);
    ev_run(ev, 0);
    ev_loop_destroy(ev);
}

static void close_detach_and_note(struct end *end, unsigned ready)
{
    struct rig *rig = end->rig;

    (void)ready;
    end_close(&rig->client, S7_CLOSE_RST);
    end_close(&rig->server, S7_CLOSE_RST);
    s7_listener_close(rig->listener);
    s7_timer_stop(&rig->guard);
    s7_libev_detach(rig->loop);
    rig->loop = NULL;
}

static void also_by_the_last_connection(void **state)
{
    struct rig rig;
    s7_loop *loop;

    (void)state;
    assert_int_equal(make(&loop), S7_OK);
    struct ev_loop *ev = ev_of(loop);
    rig_open(&rig, loop);
    rig_connect(&rig);
    rig.server.then = close_detach_and_note;
    end_send(&rig.client, "x");
    ev_run(ev, 0);
    assert_null(rig.loop);
    ev_loop_destroy(ev);
}

/* ---- time ---- */

struct slow {
    s7_loop *loop;
    s7_timer timer;
    int64_t at_ns;
    bool fired;
};

static void on_slow(s7_timer *timer, void *arg)
{
    struct slow *slow = arg;

    (void)timer;
    assert_true(s7_now_ns() >= slow->at_ns);
    slow->fired = true;
}

/* A function of the program that takes long, so that ev_now is in the past, and then waits for us. */
static void take_long(struct ev_loop *ev, ev_idle *idle, int events)
{
    struct slow *slow = idle->data;

    (void)events;
    ev_idle_stop(ev, idle);
    slow->at_ns = s7_now_ns() + 20000000;
    while (s7_now_ns() < slow->at_ns)
        ;
    slow->at_ns += 10000000;
    s7_timer_set(slow->loop, &slow->timer, slow->at_ns);
}

static void a_timer_set_in_a_late_turn_of_the_program_is_not_early(void **state)
{
    struct slow slow = {0};
    ev_idle idle;

    (void)state;
    assert_int_equal(make(&slow.loop), S7_OK);
    struct ev_loop *ev = ev_of(slow.loop);
    s7_timer_init(&slow.timer, on_slow, &slow);
    ev_idle_init(&idle, take_long);
    idle.data = &slow;
    ev_idle_start(ev, &idle);
    ev_run(ev, 0);
    assert_true(slow.fired);
    free_both(slow.loop);
}

/* ---- other threads ---- */

struct waker {
    s7_loop *loop;
    atomic_bool woke;
};

static void *wake_once(void *arg)
{
    struct waker *waker = arg;

    atomic_store(&waker->woke, true);
    s7_loop_wake(waker->loop);
    return NULL;
}

static void stop_when_woken(s7_loop *loop, void *arg)
{
    struct waker *waker = arg;

    if (atomic_load(&waker->woke))
        s7_loop_stop(loop);
}

static void another_thread_wakes_it(void **state)
{
    struct rig *rig = *state;
    struct waker waker = {.loop = rig->loop};
    s7_turn_hook hook;
    pthread_t thread;

    s7_turn_hook_add(rig->loop, &hook, stop_when_woken, &waker);
    assert_int_equal(pthread_create(&thread, NULL, wake_once, &waker), 0);
    rig_run(rig);
    assert_int_equal(pthread_join(thread, NULL), 0);
    s7_turn_hook_remove(&hook);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_attached_loop_does_not_keep_the_programs_running),
        cmocka_unit_test(other_watchers_keep_it_running_after_it_is_detached),
        RIG_TEST(connections_and_timers_keep_it_running),
        cmocka_unit_test(it_may_be_detached_in_a_function_of_the_loop),
        cmocka_unit_test(also_by_the_last_connection),
        cmocka_unit_test(a_timer_set_in_a_late_turn_of_the_program_is_not_early),
        RIG_TEST(another_thread_wakes_it),
    };

    rig_run_loop = run;
    rig_free_loop = free_both;
    int n_failed = contract_run("contract over libev.h", make);
    return n_failed + cmocka_run_group_tests_name("libev_h", tests, NULL, NULL);
}
