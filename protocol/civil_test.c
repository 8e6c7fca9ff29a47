#include "protocol/civil.h"

#include "protocol/cmocka_test.h"

/* The next day, by the rules that children learn. */
static void step(struct s7_civil *civil)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = civil->year % 4 == 0 && (civil->year % 100 != 0 || civil->year % 400 == 0);
    unsigned last = days[civil->month - 1] + (civil->month == 2 && leap ? 1U : 0U);

    if (civil->day++ < last)
        return;
    civil->day = 1;
    if (civil->month++ < 12)
        return;
    civil->month = 1;
    civil->year++;
}

static void every_day_of_9999_years_has_its_number_and_weekday(void **state)
{
    struct s7_civil civil = {.year = 1, .month = 1, .day = 1};
    int64_t days = s7_civil_days(&civil);
    unsigned weekday = s7_civil_weekday(&civil);

    (void)state;
    for (; civil.year <= 9999; days++, weekday = weekday % 7 + 1) {
        struct s7_civil found = {0};

        s7_civil_set_days(&found, days);
        if (!s7_civil_valid(&civil) || s7_civil_days(&civil) != days || s7_civil_weekday(&civil) != weekday ||
            found.year != civil.year || found.month != civil.month || found.day != civil.day)
            fail_msg("%u-%u-%u is day %lld, %u-%u-%u", civil.year, civil.month, civil.day, (long long)days,
                     found.year, found.month, found.day);
        step(&civil);
    }
}

static void some_days_are_where_everybody_knows_them(void **state)
{
    static const struct {
        struct s7_civil civil;
        int64_t days;
        unsigned weekday;
    } cases[] = {
        {{.year = 1970, .month = 1, .day = 1}, 0, 5},
        {{.year = 1969, .month = 12, .day = 31}, -1, 4},
        {{.year = 2000, .month = 2, .day = 29}, 11016, 3},
        {{.year = 2026, .month = 1, .day = 31}, 20484, 7},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(s7_civil_days(&cases[i].civil), cases[i].days);
        assert_int_equal(s7_civil_weekday(&cases[i].civil), cases[i].weekday);
    }
}

static void fields_out_of_range_are_no_date(void **state)
{
    static const struct s7_civil bad[] = {
        {.year = 0, .month = 1, .day = 1},
        {.year = 10000, .month = 1, .day = 1},
        {.year = 2026, .month = 0, .day = 1},
        {.year = 2026, .month = 13, .day = 1},
        {.year = 2026, .month = 1, .day = 0},
        {.year = 2026, .month = 4, .day = 31},
        {.year = 2025, .month = 2, .day = 29},
        {.year = 1900, .month = 2, .day = 29},
        {.year = 2026, .month = 1, .day = 1, .hour = 24},
        {.year = 2026, .month = 1, .day = 1, .minute = 60},
        {.year = 2026, .month = 1, .day = 1, .second = 60},
        {.year = 2026, .month = 1, .day = 1, .ns = 1000000000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (s7_civil_valid(&bad[i]))
            fail_msg("date %zu is taken", i);
}

static void a_clock_is_taken_apart_and_put_together(void **state)
{
    struct s7_civil civil = {0};

    (void)state;
    for (int64_t ns = 0; ns < S7_NS_PER_DAY; ns += 999983999983) {
        s7_civil_set_clock(&civil, ns);
        assert_int_equal(s7_civil_clock(&civil), ns);
    }
    s7_civil_set_clock(&civil, S7_NS_PER_DAY - 1);
    assert_int_equal(civil.hour, 23);
    assert_int_equal(civil.minute, 59);
    assert_int_equal(civil.second, 59);
    assert_int_equal(civil.ns, 999999999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_9999_years_has_its_number_and_weekday),
        cmocka_unit_test(some_days_are_where_everybody_knows_them),
        cmocka_unit_test(fields_out_of_range_are_no_date),
        cmocka_unit_test(a_clock_is_taken_apart_and_put_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
