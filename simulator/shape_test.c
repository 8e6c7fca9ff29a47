/* Gates in the bytes that are to be sent. */
#include "simulator/shape.h"

#include "loop/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct sim_shape shape;
static int64_t next_ns;

static int fresh(void **state)
{
    (void)state;
    memset(&shape, 0, sizeof shape);
    return 0;
}

static struct sim_leaving at(int64_t ns)
{
    return (struct sim_leaving){.from_ns = ns};
}

static size_t may_send(size_t pending, int64_t now_ns)
{
    return sim_shape_may_send(&shape, pending, now_ns, &next_ns);
}

static void what_has_no_gate_waits_for_those_before_it_only(void **state)
{
    const struct sim_leaving late = at(50);

    (void)state;
    assert_int_equal(may_send(30, 0), 30);
    assert_int_equal(next_ns, S7_NEVER_NS);
    sim_shape_add(&shape, &late, 40, 10, 0); /* the last 10 of 40; 20 more come behind them */
    assert_int_equal(may_send(60, 0), 30);
    assert_int_equal(next_ns, 50);
    sim_shape_sent(&shape, 30);
    assert_int_equal(may_send(30, 49), 0);
    assert_int_equal(may_send(30, 50), 30);
    assert_int_equal(next_ns, S7_NEVER_NS);
}

static void order_is_kept_when_a_later_answer_is_due_earlier(void **state)
{
    const struct sim_leaving late = at(100), soon = at(10);

    (void)state;
    sim_shape_add(&shape, &late, 5, 5, 0);
    sim_shape_add(&shape, &soon, 10, 5, 0);
    assert_int_equal(may_send(10, 10), 0);
    assert_int_equal(next_ns, 100);
    assert_int_equal(may_send(10, 100), 10);
}

static void pieces_open_one_after_the_other_though_nobody_asked_meanwhile(void **state)
{
    const struct sim_leaving pieces = {.from_ns = 0, .piece = 3, .gap = {.low_ns = 10, .high_ns = 10}};

    (void)state;
    sim_shape_add(&shape, &pieces, 10, 10, 0);
    assert_int_equal(may_send(10, 0), 3);
    assert_int_equal(next_ns, 10);
    assert_int_equal(may_send(10, 20), 9);
    assert_int_equal(next_ns, 30);
    assert_int_equal(may_send(10, 1000), 10);
}

static void pieces_without_a_gap_are_not_one_moment_apart_for_ever(void **state)
{
    const struct sim_leaving pieces = {.piece = 1};

    (void)state;
    sim_shape_add(&shape, &pieces, 10, 10, 0);
    assert_int_equal(may_send(10, 0), 1);
    assert_int_equal(next_ns, 1);
    assert_int_equal(may_send(10, 9), 10);
}

static void more_gates_than_there_is_room_for_become_one(void **state)
{
    (void)state;
    for (size_t i = 1; i <= 3 * SIM_GATES; i++) {
        const struct sim_leaving late = at((int64_t)i);
        sim_shape_add(&shape, &late, i, 1, 0);
    }
    assert_int_equal(may_send(3 * SIM_GATES, SIM_GATES - 1), SIM_GATES - 1);
    assert_int_equal(may_send(3 * SIM_GATES, 3 * SIM_GATES - 1), SIM_GATES - 1);
    assert_int_equal(may_send(3 * SIM_GATES, 3 * SIM_GATES), 3 * SIM_GATES);
}

static void held_answers_go_together(void **state)
{
    const struct sim_leaving held = {.from_ns = 1000, .hold = 3};

    (void)state;
    sim_shape_add(&shape, &held, 4, 4, 0);
    sim_shape_add(&shape, &held, 8, 4, 5);
    assert_int_equal(may_send(8, 5), 0);
    assert_int_equal(next_ns, 1000);
    sim_shape_add(&shape, &held, 12, 4, 9);
    assert_int_equal(may_send(12, 9), 12);
}

static void one_that_was_held_in_vain_is_not_counted_with_the_next(void **state)
{
    struct sim_leaving held = {.from_ns = 20, .hold = 2};

    (void)state;
    sim_shape_add(&shape, &held, 4, 4, 0);
    assert_int_equal(may_send(4, 20), 4);
    sim_shape_sent(&shape, 4);
    held.from_ns = 60;
    sim_shape_add(&shape, &held, 4, 4, 40);
    assert_int_equal(may_send(4, 40), 0);
    assert_int_equal(next_ns, 60);
    sim_shape_add(&shape, &held, 8, 4, 41);
    assert_int_equal(may_send(8, 41), 8);
}

static void a_group_is_turned_round_when_it_is_complete_or_late(void **state)
{
    uint8_t bytes[] = "xaabbbc";
    struct sim_leaving how = {0};

    (void)state;
    sim_shape_begin_group(&shape, 3, 20);
    sim_shape_join(&shape, 3, 2, &how);
    sim_shape_join(&shape, 6, 3, &how);
    sim_shape_turn_round(&shape, bytes, 10);
    assert_memory_equal(bytes, "xaabbbc", 7);
    sim_shape_join(&shape, 7, 1, &how);
    assert_false(sim_shape_has_group(&shape, 10));
    sim_shape_turn_round(&shape, bytes, 10);
    assert_memory_equal(bytes, "xcbbbaa", 7);
    sim_shape_turn_round(&shape, bytes, 10);
    assert_memory_equal(bytes, "xcbbbaa", 7);
    sim_shape_begin_group(&shape, 3, 20);
    sim_shape_join(&shape, 2, 1, &how);
    sim_shape_join(&shape, 5, 3, &how);
    sim_shape_turn_round(&shape, bytes, 20);
    assert_memory_equal(bytes, "xbbbcaa", 7);
}

#define TEST(test) cmocka_unit_test_setup(test, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_has_no_gate_waits_for_those_before_it_only),
        TEST(order_is_kept_when_a_later_answer_is_due_earlier),
        TEST(pieces_open_one_after_the_other_though_nobody_asked_meanwhile),
        TEST(pieces_without_a_gap_are_not_one_moment_apart_for_ever),
        TEST(more_gates_than_there_is_room_for_become_one),
        TEST(held_answers_go_together),
        TEST(one_that_was_held_in_vain_is_not_counted_with_the_next),
        TEST(a_group_is_turned_round_when_it_is_complete_or_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
