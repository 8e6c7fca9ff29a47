/* A program's own loop: alarms and time, calls within calls, the end, other threads. */
#include "loop/blocking.h"
#include "loop/foreign_program.h"

#include <pthread.h>
#include <stdatomic.h>

/* ---- time ---- */

static void note(s7_timer *timer, void *arg)
{
    (void)timer;
    ++*(unsigned *)arg;
}

static void the_alarm_is_that_of_the_earliest_timer(void **state)
{
    struct rig *rig = *state;
    struct program *program = program_of(rig);
    unsigned n_fired = 0, n_alarms = program->n_alarms; /* one: the rig's guard */
    int64_t now_ns = s7_loop_now_ns(rig->loop);
    s7_timer timer;

    s7_timer_init(&timer, note, &n_fired);
    s7_timer_set(rig->loop, &timer, now_ns + HOUR_NS);
    assert_int_equal(program->n_alarms, n_alarms);
    s7_timer_set(rig->loop, &timer, now_ns + HOUR_NS / 3600);
    assert_int_equal(program->n_alarms, n_alarms + 1);
    assert_in_range(program->after_ns, 0, HOUR_NS / 3600);
    s7_timer_set(rig->loop, &timer, now_ns + HOUR_NS / 3600);
    assert_int_equal(program->n_alarms, n_alarms + 1);
    s7_timer_stop(&rig->guard);
    s7_timer_set(rig->loop, &timer, now_ns + 1000 * HOUR_NS);
    assert_int_equal(program->after_ns, S7_LOOP_ALARM_MAX_NS);
    s7_timer_set(rig->loop, &timer, 1);
    assert_int_equal(program->after_ns, 0);
    s7_timer_stop(&timer);
    assert_int_equal(program->after_ns, S7_LOOP_NEVER);
    assert_int_equal(n_fired, 0);
}

static void an_alarm_that_comes_too_early_is_asked_for_again(void **state)
{
    struct rig *rig = *state;
    struct program *program = program_of(rig);
    unsigned n_fired = 0;
    s7_timer timer;

    s7_timer_stop(&rig->guard);
    s7_timer_init(&timer, note, &n_fired);
    s7_timer_set(rig->loop, &timer, s7_loop_now_ns(rig->loop) + 2 * HOUR_NS);
    unsigned n_alarms = program->n_alarms;
    s7_loop_due(rig->loop);
    assert_int_equal(n_fired, 0);
    assert_int_equal(program->n_alarms, n_alarms + 1);
    assert_in_range(program->after_ns, HOUR_NS, 2 * HOUR_NS);
    s7_timer_stop(&timer);
}

struct busy {
    struct program *program;
    s7_loop *loop;
    s7_timer others[3];
    unsigned n_fired, n_alarms;
};

static void change_timers_often(s7_timer *timer, void *arg)
{
    struct busy *busy = arg;

    (void)timer;
    for (int i = 0; i < 3; i++)
        s7_timer_set(busy->loop, &busy->others[i], s7_loop_now_ns(busy->loop) + (3 - i) * 1000000);
    busy->n_alarms = busy->program->n_alarms;
}

static void in_a_turn_the_alarm_is_asked_for_once_and_at_its_end(void **state)
{
    struct rig *rig = *state;
    struct busy busy = {.program = program_of(rig), .loop = rig->loop};
    s7_timer timer;

    for (int i = 0; i < 3; i++)
        s7_timer_init(&busy.others[i], note, &busy.n_fired);
    s7_timer_init(&timer, change_timers_often, &busy);
    s7_timer_set(rig->loop, &timer, 0);
    unsigned n_alarms = busy.program->n_alarms;
    s7_loop_due(rig->loop);
    assert_int_equal(busy.n_alarms, n_alarms);
    assert_int_equal(busy.program->n_alarms, n_alarms + 1);
    assert_in_range(busy.program->after_ns, 0, 1000000);
    for (int i = 0; i < 3; i++)
        s7_timer_stop(&busy.others[i]);
}

struct times {
    s7_loop *loop;
    int64_t first_ns, later_ns;
};

static void let_the_clock_go_on(void)
{
    int64_t began_ns = s7_now_ns();

    while (s7_now_ns() == began_ns)
        ;
}

static void note_times(s7_timer *timer, void *arg)
{
    struct times *times = arg;

    (void)timer;
    times->first_ns = s7_loop_now_ns(times->loop);
    let_the_clock_go_on();
    times->later_ns = s7_loop_now_ns(times->loop);
}

static void time_stands_still_in_a_turn_and_goes_on_between_turns(void **state)
{
    struct rig *rig = *state;
    struct times times = {.loop = rig->loop};
    int64_t before_ns = s7_loop_now_ns(rig->loop);
    s7_timer timer;

    let_the_clock_go_on();
    assert_true(s7_loop_now_ns(rig->loop) > before_ns);
    s7_timer_init(&timer, note_times, &times);
    s7_timer_set(rig->loop, &timer, 0);
    s7_loop_due(rig->loop);
    assert_true(times.first_ns > before_ns);
    assert_int_equal(times.first_ns, times.later_ns);
}

/* ---- calls within calls ---- */

static void call_from_inside(struct end *end, unsigned ready)
{
    s7_loop *loop = end->rig->loop;

    (void)ready;
    if (end->n_calls > 1)
        fail_msg("called from inside its own function");
    s7_timer_set(loop, &end->rig->guard, 0);
    s7_loop_due(loop);
    s7_loop_ready(loop, watch_of(end), S7_LOOP_READ);
    if (end->rig->guard_fired)
        fail_msg("a timer fired inside a stream's function");
    s7_timer_set(loop, &end->rig->guard, s7_loop_now_ns(loop) + HOUR_NS);
    s7_loop_stop(loop);
}

static void a_nested_run_of_the_programs_loop_does_nothing(void **state)
{
    struct rig *rig = *state;
    struct program *program = program_of(rig);

    rig_connect(rig);
    rig->server.then = call_from_inside;
    rig->server.reads = false;
    end_send(&rig->client, "x");
    rig_run(rig);
    assert_int_equal(rig->server.n_calls, 1);
    assert_in_range(program->after_ns, HOUR_NS / 2, HOUR_NS); /* whatever was taken from it inside */
}

struct leaver {
    s7_loop *loop;
    struct program *program;
    s7_stream *stream;
    s7_timer timer;
};

static void leave(struct leaver *leaver)
{
    s7_stream_close(leaver->stream, S7_CLOSE_RST);
    s7_timer_stop(&leaver->timer);
    s7_loop_free(leaver->loop);
    assert_int_equal(leaver->program->after_ns, S7_LOOP_NEVER);
    leaver->program->gone = true;
}

static void leave_when_failed(s7_stream *stream, unsigned ready, void *arg)
{
    struct leaver *leaver = arg;

    assert_int_equal(ready, S7_READY_FAILED);
    leave(leaver);
    assert_int_equal(s7_stream_error(stream), S7_E_NOMEM); /* its memory is still there */
}

static void leave_at_alarm(s7_timer *timer, void *arg)
{
    (void)timer;
    leave(arg);
}

static void leaver_init(struct leaver *leaver)
{
    *leaver = (struct leaver){0};
    assert_int_equal(program_make_loop(&leaver->loop), S7_OK);
    leaver->program = s7_loop_user(leaver->loop);
    leaver->program->refuses = 1;
    leaver->program->refusal = S7_E_NOMEM;
    s7_timer_init(&leaver->timer, leave_at_alarm, leaver);
    s7_timer_set(leaver->loop, &leaver->timer, s7_loop_now_ns(leaver->loop) + HOUR_NS);
    assert_int_equal(s7_loop_dial(leaver->loop, "127.0.0.1", 1, leave_when_failed, leaver, &leaver->stream),
                     S7_OK);
}

static void the_loop_may_be_freed_in_any_function(void **state)
{
    struct leaver leaver;

    (void)state;
    leaver_init(&leaver);
    s7_loop_due(leaver.loop); /* by the stream's */
    assert_true(leaver.program->gone);
    program_free(leaver.program);

    leaver_init(&leaver);
    s7_timer_set(leaver.loop, &leaver.timer, 0);
    s7_stream_want(leaver.stream, 0);
    s7_stream_set_fn(leaver.stream, NULL, NULL);
    s7_loop_due(leaver.loop); /* by the timer's */
    assert_true(leaver.program->gone);
    program_free(leaver.program);
}

static void a_loop_that_nothing_was_on_is_freed_without_a_word(void **state)
{
    s7_loop *loop;

    (void)state;
    assert_int_equal(program_make_loop(&loop), S7_OK);
    struct program *program = s7_loop_user(loop);
    program->gone = true;
    program_free_loop(loop);
}

/* ---- other threads ---- */

#define N_WAKES 2000U

struct waker {
    s7_loop *loop;
    atomic_uint n_wakes;
};

static void *wake_often(void *arg)
{
    struct waker *waker = arg;

    for (unsigned i = 0; i < N_WAKES; i++) {
        atomic_fetch_add(&waker->n_wakes, 1);
        s7_loop_wake(waker->loop);
    }
    return NULL;
}

static void stop_after_all_wakes(s7_loop *loop, void *arg)
{
    struct waker *waker = arg;

    if (atomic_load(&waker->n_wakes) == N_WAKES)
        s7_loop_stop(loop);
}

static void no_wake_from_another_thread_is_lost(void **state)
{
    struct rig *rig = *state;
    struct waker waker = {.loop = rig->loop};
    s7_turn_hook hook;
    pthread_t thread;

    s7_turn_hook_add(rig->loop, &hook, stop_after_all_wakes, &waker);
    assert_int_equal(pthread_create(&thread, NULL, wake_often, &waker), 0);
    rig_run(rig);
    assert_int_equal(pthread_join(thread, NULL), 0);
    s7_turn_hook_remove(&hook);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(the_alarm_is_that_of_the_earliest_timer),
        RIG_TEST(an_alarm_that_comes_too_early_is_asked_for_again),
        RIG_TEST(in_a_turn_the_alarm_is_asked_for_once_and_at_its_end),
        RIG_TEST(time_stands_still_in_a_turn_and_goes_on_between_turns),
        RIG_TEST(a_nested_run_of_the_programs_loop_does_nothing),
        cmocka_unit_test(the_loop_may_be_freed_in_any_function),
        cmocka_unit_test(a_loop_that_nothing_was_on_is_freed_without_a_word),
        RIG_TEST(no_wake_from_another_thread_is_lost),
    };

    rig_run_loop = program_run_loop;
    rig_free_loop = program_free_loop;
    rig_make_loop = program_make_loop;
    return cmocka_run_group_tests_name("loop_foreign, turns", tests, NULL, NULL);
}
