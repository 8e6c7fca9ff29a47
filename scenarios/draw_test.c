/* Drawing schedules. */
#include "scenarios/schedule.h"

#include "plant/plant.h"
#include "simulator/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const plcs[] = {"press", "oven"};

static struct sc_draw draw_of(uint64_t seed, const char *const *faults, size_t n)
{
    return (struct sc_draw){.seed = seed,
                            .faults = faults,
                            .n_faults = n,
                            .plcs = plcs,
                            .n_plcs = 2,
                            .max = 8,
                            .over_ms = 30000,
                            .patience_ms = 5000};
}

static void drawn(uint64_t seed, const char *const *faults, size_t n, struct sc_schedule *out)
{
    struct sc_draw draw = draw_of(seed, faults, n);
    char error[256] = "";

    if (!sc_draw_schedule(&draw, out, error, sizeof error))
        fail_msg("seed %u: %s: %s", (unsigned)seed, out->at[out->n].name, error);
}

static void whatever_is_drawn_is_a_fault(void **state)
{
    bool seen[SIM_FAULT_TYPES] = {false}, second_plc = false, all_lengths[SC_SCHEDULE_MAX + 1] = {false};
    unsigned kinds = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 3000; seed++) {
        struct sc_schedule schedule;

        drawn(seed, NULL, 0, &schedule);
        assert_in_range(schedule.n, 1, 8);
        all_lengths[schedule.n] = true;
        for (unsigned i = 0; i < schedule.n; i++) {
            struct plant_error error;
            struct sim_fault fault;

            assert_int_equal(sim_fault_parse(schedule.at[i].name, schedule.at[i].args, &fault, &error),
                             S7_OK);
            kinds += !seen[fault.type];
            seen[fault.type] = true;
            second_plc |= strcmp(schedule.at[i].plc, "oven") == 0;
        }
    }
    assert_in_range(kinds, 50, SIM_FAULT_TYPES);
    assert_true(second_plc);
    for (unsigned n = 1; n <= 8; n++)
        assert_true(all_lengths[n]);
    assert_false(seen[SIM_FAULT_BITFLIP]); /* no client can notice it */
}

static void a_seed_draws_the_same_again_and_another_seed_something_else(void **state)
{
    struct sc_schedule one, again, other;
    unsigned same = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        drawn(seed, NULL, 0, &one);
        drawn(seed, NULL, 0, &again);
        drawn(seed + 1, NULL, 0, &other);
        assert_memory_equal(&one, &again, sizeof one);
        same += memcmp(&one, &other, sizeof one) == 0;
    }
    assert_int_equal(same, 0);
}

static void what_is_in_braces_is_drawn_and_the_rest_stays(void **state)
{
    static const char *const faults[] = {"slow fn=read nth={2..4} dist={20ms..3s} conn={1|2}"};
    bool nth[5] = {false}, conn[3] = {false};

    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct sc_schedule schedule;
        unsigned n, c;
        double time;
        char unit[4];

        drawn(seed, faults, 1, &schedule);
        for (unsigned i = 0; i < schedule.n; i++) {
            assert_string_equal(schedule.at[i].name, "slow");
            assert_int_equal(
                sscanf(schedule.at[i].args, "fn=read nth=%u dist=%lf%3[ms] conn=%u", &n, &time, unit, &c), 4);
            assert_in_range(n, 2, 4);
            assert_in_range(c, 1, 2);
            time *= strcmp(unit, "s") == 0 ? 1000 : 1;
            assert_true(time >= 20 && time <= 3000);
            nth[n] = conn[c] = true;
        }
    }
    assert_true(nth[2] && nth[3] && nth[4] && conn[1] && conn[2]);
}

static void late_is_just_beyond_what_the_clients_wait_for(void **state)
{
    static const char *const faults[] = {"late_after_timeout offset={late}"};

    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct sc_schedule schedule;
        struct plant_error error;
        struct sim_fault fault;

        drawn(seed, faults, 1, &schedule);
        assert_int_equal(sim_fault_parse(schedule.at[0].name, schedule.at[0].args, &fault, &error), S7_OK);
        assert_in_range(fault.own.span_ns / 1000000, 5000, 7501);
    }
}

static void a_name_without_words_gets_those_that_fit_it(void **state)
{
    static const char *const faults[] = {"bitflip", "rst_now", "refuse"};

    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct sc_schedule schedule;

        drawn(seed, faults, 3, &schedule);
        for (unsigned i = 0; i < schedule.n; i++)
            assert_true(strcmp(schedule.at[i].name, "refuse") != 0 ||
                        strncmp(schedule.at[i].args, "for=", 4) == 0);
    }
}

static void says(const char *fault, const char *text)
{
    struct sc_draw draw = draw_of(1, &fault, 1);
    struct sc_schedule schedule;
    char error[256] = "";

    if (sc_draw_schedule(&draw, &schedule, error, sizeof error))
        fail_msg("\"%s\": drew \"%s\"", fault, schedule.at[0].args);
    if (strstr(error, text) == NULL)
        fail_msg("\"%s\": expected \"%s\", got \"%s\"", fault, text, error);
}

static void what_cannot_be_drawn_from_is_told(void **state)
{
    char endless[400] = "slow dist=1s";

    (void)state;
    says("sloow", "no fault is called \"sloow\"; did you mean slow?");
    says("frozen", "db=, area= or value= is required");
    says("slow dist={1s..", "got {1s..}");
    says("slow dist={}", "got {}");
    says("slow dist={3s..1s}", "got {3s..1s}");
    says("slow dist={1..2y}", "got {1..2y}");
    says("slow dist=1s nth={0..0}", "nth");
    says("slow dist=1s nth={1..99999999999999}", "got {1..99999999999999}");
    says("slow dist=1s nth={1..1111111111111111111111111111111}", "got {1..");
    says("", "no fault is called");
    while (strlen(endless) < 280)
        strcat(endless, " nth=1");
    says(endless, "more than 255 characters of words");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_is_drawn_is_a_fault),
        cmocka_unit_test(a_seed_draws_the_same_again_and_another_seed_something_else),
        cmocka_unit_test(what_is_in_braces_is_drawn_and_the_rest_stays),
        cmocka_unit_test(late_is_just_beyond_what_the_clients_wait_for),
        cmocka_unit_test(a_name_without_words_gets_those_that_fit_it),
        cmocka_unit_test(what_cannot_be_drawn_from_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
