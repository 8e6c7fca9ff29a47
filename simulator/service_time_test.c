/* service_time_test.c - how long an answer takes: the formula, and the two kinds of chance in it. */
#include "service_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define US INT64_C(1000)

static struct plant_personality who;
static struct plant_plc row;
static struct sim_plc plc;

static const uint8_t read_3[] = {0x04, 3}, szl[] = {0, 1, 0x12, 4, 0x11, 0x44, 1, 0};
static const struct s7_pdu read_job = {.rosctr = S7_ROSCTR_JOB, .param = read_3, .param_len = 2};
static const struct s7_pdu szl_request = {.rosctr = S7_ROSCTR_USERDATA, .param = szl, .param_len = 8};

static int fresh(void **state)
{
    (void)state;
    who = (struct plant_personality){.service = {.base_us = 4000, .per_item_us = 500, .szl_us = 2000}};
    row = (struct plant_plc){.id = 1, .service_time = true};
    plc = (struct sim_plc){.row = &row, .who = &who};
    return 0;
}

static void items_and_status_lists_take_more(void **state)
{
    static const struct s7_pdu empty = {.rosctr = S7_ROSCTR_JOB};

    (void)state;
    assert_int_equal(sim_service_ns(&plc, &read_job, 1, 1, 1), 5500 * US);
    assert_int_equal(sim_service_ns(&plc, &szl_request, 1, 1, 1), 6000 * US);
    assert_int_equal(sim_service_ns(&plc, &empty, 1, 1, 1), 4000 * US);
}

static void a_connection_request_and_a_plc_without_it_take_none(void **state)
{
    (void)state;
    assert_int_equal(sim_service_ns(&plc, NULL, 1, 1, 1), 0);
    row.service_time = false;
    assert_int_equal(sim_service_ns(&plc, &read_job, 1, 1, 1), 0);
}

static void chance_is_the_same_for_the_same_request_and_another_for_another(void **state)
{
    (void)state;
    who.service.jitter_us = 1000000;
    int64_t first = sim_service_ns(&plc, &read_job, 1, 1, 1);
    assert_int_equal(sim_service_ns(&plc, &read_job, 1, 1, 1), first);
    assert_int_not_equal(sim_service_ns(&plc, &read_job, 1, 1, 2), first);
    assert_int_not_equal(sim_service_ns(&plc, &read_job, 1, 2, 1), first);
    assert_int_not_equal(sim_service_ns(&plc, &read_job, 2, 1, 1), first);
}

#define DRAWS 20000

static int64_t draws[DRAWS];

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Microseconds of chance, sorted; their average. */
static int64_t draw_all(void)
{
    int64_t sum = 0;

    for (int i = 0; i < DRAWS; i++) {
        draws[i] = sim_service_ns(&plc, &szl_request, 7, 1, (uint64_t)i) / US - 6000;
        sum += draws[i];
    }
    qsort(draws, DRAWS, sizeof draws[0], compare);
    return sum / DRAWS;
}

static void uniform_chance_is_even_up_to_its_most(void **state)
{
    (void)state;
    who.service.jitter_us = 1000;
    assert_in_range(draw_all(), 490, 510);
    assert_in_range(draws[0], 0, 2);
    assert_in_range(draws[DRAWS - 1], 998, 1000);
    assert_in_range(draws[DRAWS / 4], 235, 265);
}

/* -ln(1 - u): 288 at a quarter, 693 at the half, 2303 at nine tenths, 4605 at 99 %. */
static void exponential_chance_has_its_average_and_a_long_tail(void **state)
{
    (void)state;
    who.service.jitter_us = 1000;
    who.service.jitter = PLANT_EXPONENTIAL;
    assert_in_range(draw_all(), 980, 1020);
    assert_in_range(draws[DRAWS / 4], 275, 301);
    assert_in_range(draws[DRAWS / 2], 670, 716);
    assert_in_range(draws[DRAWS / 10 * 9], 2220, 2390);
    assert_in_range(draws[DRAWS / 100 * 99], 4350, 4900);
    assert_in_range(draws[DRAWS - 1], 6500, 7700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(items_and_status_lists_take_more, fresh),
        cmocka_unit_test_setup(a_connection_request_and_a_plc_without_it_take_none, fresh),
        cmocka_unit_test_setup(chance_is_the_same_for_the_same_request_and_another_for_another, fresh),
        cmocka_unit_test_setup(uniform_chance_is_even_up_to_its_most, fresh),
        cmocka_unit_test_setup(exponential_chance_has_its_average_and_a_long_tail, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
