#include "loop/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Pinned: a change of these numbers changes every recorded seed and scenario. */
static void draws_are_the_same_on_every_machine(void **state)
{
    (void)state;
    assert_true(s7_draw(0, 0, 0, 0) == UINT64_C(0x2130748aaac80268));
    assert_true(s7_draw(1, 2, 3, 4) == UINT64_C(0xd55ccd4aeb3ccafb));
    assert_true(s7_draw(UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX) == UINT64_C(0x9c666618c8f279d7));
}

static void every_key_counts_and_so_does_its_place(void **state)
{
    static const uint64_t keys[][4] = {
        {0, 0, 0, 0}, {1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1},
        {1, 2, 3, 4}, {4, 3, 2, 1}, {1, 2, 4, 3}, {1, 3, 2, 4}, {2, 1, 3, 4},
    };
    const size_t n = sizeof keys / sizeof keys[0];

    (void)state;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (s7_draw(keys[i][0], keys[i][1], keys[i][2], keys[i][3]) ==
                s7_draw(keys[j][0], keys[j][1], keys[j][2], keys[j][3]))
                fail_msg("keys %zu and %zu draw the same", i, j);
}

static void a_range_is_kept_to_its_ends(void **state)
{
    static const int64_t ranges[][2] = {
        {0, 0},
        {-1, 1},
        {5, 9},
        {0, 255},
        {INT64_MIN, INT64_MAX},
        {INT64_MIN, INT64_MIN},
        {INT64_MAX - 1, INT64_MAX},
        {INT64_MIN, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        int64_t low = ranges[i][0], high = ranges[i][1];

        assert_true(s7_draw_range(0, low, high) == low || low == INT64_MIN);
        if (low != INT64_MIN || high != INT64_MAX) /* the whole range: bits as they are */
            assert_true(s7_draw_range(UINT64_MAX, low, high) == high);
        for (uint64_t nth = 0; nth < 1000; nth++) {
            int64_t drawn = s7_draw_range(s7_draw(7, i, 0, nth), low, high);

            if (drawn < low || drawn > high)
                fail_msg("range %zu, draw %llu is outside", i, (unsigned long long)nth);
        }
    }
}

static void a_range_is_drawn_evenly(void **state)
{
    unsigned n_of[10] = {0};

    (void)state;
    for (uint64_t nth = 0; nth < 100000; nth++)
        n_of[s7_draw_range(s7_draw(3, 1, 4, nth), -3, 6) + 3]++;
    for (int i = 0; i < 10; i++) /* 10000 each, standard deviation 95 */
        if (n_of[i] < 9500 || n_of[i] > 10500)
            fail_msg("value %d was drawn %u times in 100000", i - 3, n_of[i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_are_the_same_on_every_machine),
        cmocka_unit_test(every_key_counts_and_so_does_its_place),
        cmocka_unit_test(a_range_is_kept_to_its_ends),
        cmocka_unit_test(a_range_is_drawn_evenly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
