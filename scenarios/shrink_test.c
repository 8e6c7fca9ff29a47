/* Shrinking schedules: what fails is a function here, so that the smallest is known. */
#include "scenarios/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ENOUGH 1000

static void plan(struct sc_schedule *schedule, const char *name, const char *args)
{
    struct sc_planned *planned = &schedule->at[schedule->n++];

    snprintf(planned->plc, sizeof planned->plc, "plc1");
    snprintf(planned->name, sizeof planned->name, "%s", name);
    snprintf(planned->args, sizeof planned->args, "%s", args);
}

static const struct sc_planned *find(const struct sc_schedule *schedule, const char *name)
{
    for (unsigned i = 0; i < schedule->n; i++)
        if (strcmp(schedule->at[i].name, name) == 0)
            return &schedule->at[i];
    return NULL;
}

static void plan_many(struct sc_schedule *schedule)
{
    plan(schedule, "refuse", "for=10s from=3s");
    plan(schedule, "cut", "fn=read bytes=12 then=rst nth=17");
    plan(schedule, "latency", "dist=37ms");
    plan(schedule, "slow", "fn=read dist=7300ms every=7 count=3 from=12s");
    plan(schedule, "hang", "nth=3");
    plan(schedule, "stop", "for=2s");
}

static bool fails_always(const struct sc_schedule *schedule, void *arg)
{
    (void)schedule;
    (void)arg;
    return true;
}

static void what_fails_without_any_fault_keeps_none(void **state)
{
    struct sc_schedule schedule = {0};

    (void)state;
    plan_many(&schedule);
    assert_int_equal(sc_shrink(&schedule, fails_always, NULL, ENOUGH), 1);
    assert_int_equal(schedule.n, 0);
}

static bool fails_with_both(const struct sc_schedule *schedule, void *arg)
{
    (void)arg;
    return find(schedule, "cut") != NULL && find(schedule, "hang") != NULL;
}

static void the_faults_that_it_takes_stay(void **state)
{
    struct sc_schedule schedule = {0};

    (void)state;
    plan_many(&schedule);
    sc_shrink(&schedule, fails_with_both, NULL, ENOUGH);
    assert_int_equal(schedule.n, 2);
    assert_string_equal(schedule.at[0].name, "cut");
    assert_string_equal(schedule.at[1].name, "hang");
    assert_string_equal(schedule.at[0].args, "bytes=1 nth=1"); /* bytes is required, nth says how often */
}

/* Only an answer that takes 5.2 s or longer is late, whatever else is said of it. */
static bool fails_late(const struct sc_schedule *schedule, void *arg)
{
    const struct sc_planned *slow = find(schedule, "slow");
    unsigned n = 0;
    char unit[4] = "";

    (void)arg;
    return slow != NULL && sscanf(strstr(slow->args, "dist="), "dist=%u%3s", &n, unit) == 2 &&
           n * (strcmp(unit, "s") == 0 ? 1000 : 1) >= 5200;
}

static void numbers_become_as_small_as_they_may(void **state)
{
    struct sc_schedule schedule = {0};

    (void)state;
    plan_many(&schedule);
    sc_shrink(&schedule, fails_late, NULL, ENOUGH);
    assert_int_equal(schedule.n, 1);
    assert_string_equal(schedule.at[0].args, "dist=7s nth=1");
}

static bool fails_the_fourth_time(const struct sc_schedule *schedule, void *arg)
{
    const struct sc_planned *hang = find(schedule, "hang");
    unsigned n;

    (void)arg;
    return hang != NULL && sscanf(hang->args, "nth=%u", &n) == 1 && n >= 4;
}

static void a_count_stops_where_it_must(void **state)
{
    struct sc_schedule schedule = {0};

    (void)state;
    plan(&schedule, "hang", "nth=31 fn=read");
    sc_shrink(&schedule, fails_the_fourth_time, NULL, ENOUGH);
    assert_string_equal(schedule.at[0].args, "nth=4");
}

struct counted {
    unsigned runs;
};

static bool counts(const struct sc_schedule *schedule, void *arg)
{
    ((struct counted *)arg)->runs++;
    return fails_with_both(schedule, NULL);
}

static void it_never_asks_more_often_than_it_may(void **state)
{
    (void)state;
    for (unsigned max = 0; max < 60; max++) {
        struct sc_schedule schedule = {0};
        struct counted counted = {0};

        plan_many(&schedule);
        unsigned runs = sc_shrink(&schedule, counts, &counted, max);
        assert_int_equal(runs, counted.runs);
        assert_true(counted.runs <= max);
        assert_true(fails_with_both(&schedule, NULL)); /* whenever it ends, it fails */
    }
}

/* Whatever fails: what comes out fails, has no fault that can be spared, and comes out of itself unchanged.
 */
static bool fails_by_sum(const struct sc_schedule *schedule, void *arg)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < schedule->n; i++)
        sum += (unsigned)strlen(schedule->at[i].name);
    return sum >= *(unsigned *)arg;
}

static void what_is_shrunk_cannot_be_shrunk_again(void **state)
{
    (void)state;
    for (unsigned sum = 1; sum <= 26; sum++) {
        struct sc_schedule schedule = {0}, again;

        plan_many(&schedule);
        sc_shrink(&schedule, fails_by_sum, &sum, ENOUGH);
        assert_true(fails_by_sum(&schedule, &sum));
        again = schedule;
        sc_shrink(&again, fails_by_sum, &sum, ENOUGH);
        assert_memory_equal(&again.n, &schedule.n, sizeof schedule.n);
        for (unsigned i = 0; i < again.n; i++) {
            struct sc_schedule less = again;

            memmove(&less.at[i], &less.at[i + 1], (less.n - i - 1) * sizeof less.at[0]);
            less.n--;
            assert_string_equal(again.at[i].args, schedule.at[i].args);
            assert_false(fails_by_sum(&less, &sum));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fails_without_any_fault_keeps_none),
        cmocka_unit_test(the_faults_that_it_takes_stay),
        cmocka_unit_test(numbers_become_as_small_as_they_may),
        cmocka_unit_test(a_count_stops_where_it_must),
        cmocka_unit_test(it_never_asks_more_often_than_it_may),
        cmocka_unit_test(what_is_shrunk_cannot_be_shrunk_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
