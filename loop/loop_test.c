/* Timers and hooks of loop.c, over virtual time: exact, so that every order can be stated. */
#include "loop/loop_virtual.h"
#include "loop/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static int make(void **state)
{
    return s7_loop_virtual_new(NULL, (s7_loop **)state) == S7_OK ? 0 : -1;
}

static int drop(void **state)
{
    s7_loop_free(*state);
    return 0;
}

/* ---- timers against a model ---- */

#define N_TIMERS 64
#define N_STEPS  20000

struct model_timer {
    s7_timer timer;
    struct model *model;
    bool armed;
    int64_t at_ns;
    uint64_t seq;
};

struct model {
    s7_loop *loop;
    struct model_timer timers[N_TIMERS];
    uint64_t seq, n_draws;
    unsigned n_fired;
    bool in_a_turn;
    uint64_t turn_seq; /* what is armed after it waits for the next turn */
};

static int64_t model_draw(struct model *m, int64_t low, int64_t high)
{
    return s7_draw_range(s7_draw(42, 0, 0, m->n_draws++), low, high);
}

static struct model_timer *model_next(struct model *m)
{
    struct model_timer *next = NULL;

    for (size_t i = 0; i < N_TIMERS; i++) {
        struct model_timer *t = &m->timers[i];

        if (t->armed &&
            (next == NULL || t->at_ns < next->at_ns || (t->at_ns == next->at_ns && t->seq < next->seq)))
            next = t;
    }
    return next;
}

/* Arm, move or stop one of them, now or later or in the past. */
static void model_change(struct model *m)
{
    struct model_timer *t = &m->timers[model_draw(m, 0, N_TIMERS - 1)];
    int64_t now_ns = s7_loop_now_ns(m->loop), at_ns = now_ns + model_draw(m, -3, 12);

    if (model_draw(m, 0, 3) == 0) {
        t->armed = false;
        if (model_draw(m, 0, 1) == 0)
            s7_timer_stop(&t->timer);
        else
            s7_timer_set(m->loop, &t->timer, S7_NEVER_NS);
        return;
    }
    t->armed = true;
    t->at_ns = at_ns > now_ns ? at_ns : now_ns;
    t->seq = ++m->seq;
    s7_timer_set(m->loop, &t->timer, at_ns);
}

static void on_model_timer(s7_timer *timer, void *arg)
{
    struct model_timer *t = arg;
    struct model *m = t->model;

    (void)timer;
    if (!m->in_a_turn) {
        m->in_a_turn = true;
        m->turn_seq = m->seq;
    }
    if (t != model_next(m))
        fail_msg("after %u: timer %td fires, %td is next", m->n_fired, t - m->timers,
                 model_next(m) - m->timers);
    assert_true(t->at_ns == s7_loop_now_ns(m->loop));
    assert_true(t->seq <= m->turn_seq);
    t->armed = false;
    m->n_fired++;
    for (int64_t n = model_draw(m, 0, 2); n > 0; n--)
        model_change(m);
}

static void model_turn_ends(s7_loop *loop, void *arg)
{
    struct model *m = arg;

    (void)loop;
    m->in_a_turn = false;
    if (m->n_fired >= N_STEPS) {
        for (size_t i = 0; i < N_TIMERS; i++)
            s7_timer_stop(&m->timers[i].timer);
        return;
    }
    model_change(m);
    if (model_next(m) == NULL)
        model_change(m);
}

static void timers_fire_in_the_order_of_time_and_arming_however_they_are_moved(void **state)
{
    struct model *m = calloc(1, sizeof *m);
    s7_turn_hook hook;

    assert_non_null(m);
    m->loop = *state;
    for (size_t i = 0; i < N_TIMERS; i++) {
        m->timers[i].model = m;
        s7_timer_init(&m->timers[i].timer, on_model_timer, &m->timers[i]);
    }
    s7_turn_hook_add(m->loop, &hook, model_turn_ends, m);
    while (m->n_fired < N_STEPS) {
        model_change(m);
        assert_int_equal(s7_loop_run(m->loop), S7_OK);
    }
    s7_turn_hook_remove(&hook);
    free(m);
}

/* ---- timers by hand ---- */

static s7_loop *the_loop;

static void note_time(s7_timer *timer, void *arg)
{
    (void)timer;
    *(int64_t *)arg = s7_loop_now_ns(the_loop);
}

static void a_timer_fires_once_at_its_nanosecond(void **state)
{
    s7_timer timer;
    int64_t fired_ns = -1, other_ns = -1;

    the_loop = *state;
    s7_timer_init(&timer, note_time, &fired_ns);
    s7_timer_set(the_loop, &timer, INT64_C(300000000001)); /* five minutes and a nanosecond */
    assert_int_equal(s7_loop_run(the_loop), S7_OK);
    assert_true(fired_ns == INT64_C(300000000001));
    assert_true(s7_loop_now_ns(the_loop) == fired_ns);

    s7_timer_init(&timer, note_time, &other_ns);
    s7_timer_set(the_loop, &timer, S7_NEVER_NS);
    assert_int_equal(s7_loop_run(the_loop), S7_OK);
    assert_true(other_ns == -1);
    s7_timer_stop(&timer);
}

static void free_itself(s7_timer *timer, void *arg)
{
    ++*(unsigned *)arg;
    free(timer);
}

static void a_timer_may_be_freed_by_its_own_function(void **state)
{
    unsigned n_fired = 0;

    for (int i = 0; i < 3; i++) {
        s7_timer *timer = malloc(sizeof *timer);

        assert_non_null(timer);
        s7_timer_init(timer, free_itself, &n_fired);
        s7_timer_set(*state, timer, 5);
    }
    assert_int_equal(s7_loop_run(*state), S7_OK);
    assert_int_equal(n_fired, 3);
}

/* ---- hooks ---- */

#define N_HOOKS 4

struct hook_log {
    s7_turn_hook hooks[N_HOOKS], late;
    s7_timer timer;
    char called[64];
    size_t len;
    int remove; /* which one the second removes, -1: none, N_HOOKS: it adds the late one */
};

static struct hook_log hook_log;

static void on_hook(s7_loop *loop, void *arg)
{
    s7_turn_hook *hook = arg;
    int number = hook == &hook_log.late ? 9 : (int)(hook - hook_log.hooks);

    assert_true(hook_log.len < sizeof hook_log.called - 1);
    hook_log.called[hook_log.len++] = (char)('0' + number);
    if (number != 1)
        return;
    if (hook_log.remove == N_HOOKS)
        s7_turn_hook_add(loop, &hook_log.late, on_hook, &hook_log.late);
    else if (hook_log.remove >= 0)
        s7_turn_hook_remove(&hook_log.hooks[hook_log.remove]);
    hook_log.remove = -1;
}

static void do_nothing(s7_timer *timer, void *arg)
{
    (void)timer;
    (void)arg;
}

/* Two turns; the second hook does something to the list in the first. */
static void hooks_called(s7_loop *loop, int remove, const char *expected)
{
    hook_log = (struct hook_log){.remove = remove};
    for (int i = 0; i < N_HOOKS; i++)
        s7_turn_hook_add(loop, &hook_log.hooks[i], on_hook, &hook_log.hooks[i]);
    s7_timer_init(&hook_log.timer, do_nothing, NULL);
    for (int i = 0; i < 2; i++) {
        s7_timer_set(loop, &hook_log.timer, s7_loop_now_ns(loop));
        assert_int_equal(s7_loop_run(loop), S7_OK);
    }
    assert_string_equal(hook_log.called, expected);
    for (int i = 0; i < N_HOOKS; i++)
        s7_turn_hook_remove(&hook_log.hooks[i]);
    s7_turn_hook_remove(&hook_log.late);
}

static void hooks_are_called_in_the_order_of_adding(void **state)
{
    hooks_called(*state, -1, "01230123");
}

static void a_hook_may_remove_itself_or_any_other(void **state)
{
    hooks_called(*state, 0, "0123123");
    hooks_called(*state, 1, "0123023");
    hooks_called(*state, 2, "013013");
    hooks_called(*state, 3, "012012");
}

static void a_hook_added_by_a_hook_waits_for_the_next_turn(void **state)
{
    hooks_called(*state, N_HOOKS, "012301239");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timers_fire_in_the_order_of_time_and_arming_however_they_are_moved,
                                        make, drop),
        cmocka_unit_test_setup_teardown(a_timer_fires_once_at_its_nanosecond, make, drop),
        cmocka_unit_test_setup_teardown(a_timer_may_be_freed_by_its_own_function, make, drop),
        cmocka_unit_test_setup_teardown(hooks_are_called_in_the_order_of_adding, make, drop),
        cmocka_unit_test_setup_teardown(a_hook_may_remove_itself_or_any_other, make, drop),
        cmocka_unit_test_setup_teardown(a_hook_added_by_a_hook_waits_for_the_next_turn, make, drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
