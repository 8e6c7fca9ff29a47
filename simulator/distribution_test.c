/* What draws look like when there are many of them. */
#include "simulator/distribution.h"

#include "loop/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define MS    INT64_C(1000000)
#define DAY   (INT64_C(24) * 3600 * 1000 * MS)
#define DRAWS 20001

static int64_t drawn[DRAWS];

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Sorted, so that drawn[DRAWS / 2] is the median. */
static int64_t average_of_many(struct sim_dist dist)
{
    int64_t sum = 0;

    for (uint64_t i = 0; i < DRAWS; i++) {
        drawn[i] = sim_dist_draw(&dist, s7_draw(1, 2, 3, i));
        sum += drawn[i] / DRAWS;
    }
    qsort(drawn, DRAWS, sizeof drawn[0], by_size);
    return sum;
}

static int64_t quantile(unsigned percent)
{
    return drawn[(size_t)DRAWS * percent / 100];
}

/* Within 2 percent. */
static void assert_near(int64_t is, int64_t wanted)
{
    if (llabs(is - wanted) > wanted / 50)
        fail_msg("expected about %lld ns, got %lld", (long long)wanted, (long long)is);
}

static void uniform_draws_are_within_their_limits(void **state)
{
    (void)state;
    assert_near(average_of_many((struct sim_dist){.low_ns = 10 * MS, .high_ns = 20 * MS}), 15 * MS);
    assert_true(drawn[0] >= 10 * MS && drawn[DRAWS - 1] <= 20 * MS);
}

static void normal_draws_have_average_and_deviation(void **state)
{
    const struct sim_dist dist = {.kind = SIM_DIST_NORMAL, .low_ns = 100 * MS, .high_ns = 20 * MS};

    (void)state;
    assert_near(average_of_many(dist), 100 * MS);
    assert_near(quantile(84) - quantile(16), 40 * MS); /* two deviations */
}

static void normal_draws_are_never_below_0(void **state)
{
    const struct sim_dist dist = {.kind = SIM_DIST_NORMAL, .low_ns = MS, .high_ns = 10 * MS};

    (void)state;
    average_of_many(dist);
    assert_int_equal(drawn[0], 0);
    assert_int_equal(quantile(40), 0);
}

static void lognormal_draws_have_their_median_and_sigma(void **state)
{
    const struct sim_dist dist = {.kind = SIM_DIST_LOGNORMAL, .low_ns = 50 * MS, .shape = SIM_SHAPE_ONE / 2};

    (void)state;
    average_of_many(dist);
    assert_near(quantile(50), 50 * MS);
    assert_near(quantile(84), 82 * MS); /* 50 * e^0.4972 */
    assert_near(quantile(16), 30412000);
}

static void exponential_draws_have_their_average_and_median(void **state)
{
    const struct sim_dist dist = {.kind = SIM_DIST_EXP, .low_ns = 100 * MS};

    (void)state;
    assert_near(average_of_many(dist), 100 * MS);
    assert_near(quantile(50), 69314718);
}

static void pareto_draws_are_not_below_their_least(void **state)
{
    const struct sim_dist dist = {.kind = SIM_DIST_PARETO, .low_ns = 10 * MS, .shape = 2 * SIM_SHAPE_ONE};

    (void)state;
    average_of_many(dist);
    assert_true(drawn[0] >= 10 * MS);
    assert_near(quantile(50), 14142136); /* 10 * 2^(1/2) */
    assert_near(quantile(75), 20 * MS);
}

static void no_tail_is_longer_than_a_day(void **state)
{
    static const struct sim_dist dists[] = {
        {.kind = SIM_DIST_NORMAL, .low_ns = DAY, .high_ns = DAY},
        {.kind = SIM_DIST_LOGNORMAL, .low_ns = DAY, .shape = 100 * SIM_SHAPE_ONE},
        {.kind = SIM_DIST_PARETO, .low_ns = DAY, .shape = 1},
        {.kind = SIM_DIST_EXP, .low_ns = DAY}};

    (void)state;
    for (size_t i = 0; i < sizeof dists / sizeof dists[0]; i++) {
        average_of_many(dists[i]);
        assert_true(drawn[0] >= 0);
        assert_true(drawn[DRAWS - 1] == DAY);
        (void)sim_dist_draw(&dists[i], UINT64_MAX);
        (void)sim_dist_draw(&dists[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uniform_draws_are_within_their_limits),
        cmocka_unit_test(normal_draws_have_average_and_deviation),
        cmocka_unit_test(normal_draws_are_never_below_0),
        cmocka_unit_test(lognormal_draws_have_their_median_and_sigma),
        cmocka_unit_test(exponential_draws_have_their_average_and_median),
        cmocka_unit_test(pareto_draws_are_not_below_their_least),
        cmocka_unit_test(no_tail_is_longer_than_a_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
