#include "loop/bell.h"

#include "loop/blocking.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ROUNDS 20000

static void what_was_rung_before_is_not_waited_for(void **state)
{
    struct s7_bell bell = {0};

    (void)state;
    s7_bell_ring(&bell, 7);
    assert_int_equal(s7_bell_wait(&bell, S7_NEVER_NS), 7);
    assert_int_equal(s7_bell_wait(&bell, S7_NEVER_NS), 7); /* until it is silenced */
}

static void a_tap_is_heard_only_where_nothing_was_rung(void **state)
{
    struct s7_bell bell = {0};

    (void)state;
    s7_bell_tap(&bell, 2);
    s7_bell_tap(&bell, 3);
    assert_int_equal(s7_bell_wait(&bell, S7_NEVER_NS), 2);
    s7_bell_ring(&bell, 1);
    s7_bell_silence(&bell, 2);
    assert_int_equal(s7_bell_wait(&bell, S7_NEVER_NS), 1);
    s7_bell_silence(&bell, 1);
    assert_int_equal(s7_bell_wait(&bell, s7_now_ns()), 0);
}

static void a_silent_bell_is_waited_for_until_the_deadline_and_no_less(void **state)
{
    struct s7_bell bell = {0};
    int64_t until_ns = s7_now_ns() + 3000000;

    (void)state;
    assert_int_equal(s7_bell_wait(&bell, until_ns), 0);
    assert_true(s7_now_ns() >= until_ns);
}

/* ---- two threads that wake each other ---- */

static struct s7_bell there, back;

static void *answer(void *arg)
{
    for (unsigned i = 1; i <= ROUNDS; i++) {
        if (s7_bell_wait(&there, S7_NEVER_NS) != i)
            return arg;
        s7_bell_silence(&there, i);
        s7_bell_ring(&back, i);
    }
    return NULL;
}

static void no_ring_is_missed(void **state)
{
    pthread_t thread;
    void *bad;

    assert_int_equal(pthread_create(&thread, NULL, answer, state), 0);
    for (unsigned i = 1; i <= ROUNDS; i++) {
        s7_bell_ring(&there, i);
        assert_int_equal(s7_bell_wait(&back, S7_NEVER_NS), i);
        s7_bell_silence(&back, i);
    }
    pthread_join(thread, &bad);
    assert_null(bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_rung_before_is_not_waited_for),
        cmocka_unit_test(a_tap_is_heard_only_where_nothing_was_rung),
        cmocka_unit_test(a_silent_bell_is_waited_for_until_the_deadline_and_no_less),
        cmocka_unit_test(no_ring_is_missed),
    };

    return cmocka_run_group_tests_name("loop.bell", tests, NULL, NULL);
}
