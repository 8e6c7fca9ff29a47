/* Conformance of dates and times: the same bytes are read and written. */
#include "client/conformance_script.h"

#define DT_ITEM   "12 0a 10 02 00 08 00 01 84 00 00 00"
#define DTL_ITEM  "12 0a 10 02 00 0c 00 01 84 00 00 40"
#define DATE_ITEM "12 0a 10 02 00 02 00 01 84 00 00 20"
#define T5_ITEM   "12 0a 10 1d 00 01 00 00 1d 00 00 05"

/* units: behind the return code, which is FF in an answer and 00 in a request. */
static void expect_both(const struct exchange *both, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct exchange x = both[i];
        char unit[96];

        x.unit = unit;
        snprintf(unit, sizeof unit, "ff %s", both[i].unit);
        expect_read(&x);
        snprintf(unit, sizeof unit, "00 %s", both[i].unit);
        expect_written(&x);
    }
}

static void s7_162_a_dt_from_90_on_is_19xx_and_below_20xx(void **state)
{
    static const struct exchange both[] = {
        {"DB1.DBB0:DT", DT_ITEM, "04 00 40 90 01 01 00 00 00 00 02", "1990-01-01T00:00:00"},
        {"DB1.DBB0:DT", DT_ITEM, "04 00 40 99 12 31 23 59 59 99 96", "1999-12-31T23:59:59.999"},
        {"DB1.DBB0:DT", DT_ITEM, "04 00 40 00 01 01 00 00 00 00 07", "2000-01-01T00:00:00"},
        {"DB1.DBB0:DT", DT_ITEM, "04 00 40 89 12 31 23 59 59 99 97", "2089-12-31T23:59:59.999"},
    };

    (void)state;
    expect_both(both, N(both));
}

static void s7_163_a_dtl_has_weekday_1_on_sunday_and_nanoseconds_at_8(void **state)
{
    static const struct exchange both[] = {
        {"DB1.DBB8:DTL", DTL_ITEM, "04 00 60 07 ea 01 1f 07 0c 22 38 2f 07 2f 40", "2026-01-31T12:34:56.789"},
        {"DB1.DBB8:DTL", DTL_ITEM, "04 00 60 07 ea 02 01 01 00 00 00 00 00 00 01",
         "2026-02-01T00:00:00.000000001"},
    };

    (void)state;
    expect_both(both, N(both));
}

static void s7_164_a_timer_has_a_base_and_three_bcd_digits(void **state)
{
    static const struct exchange both[] = {
        {"T5", T5_ITEM, "09 00 02 21 30", "S5T#2m10s"},
        {"T5", T5_ITEM, "09 00 02 01 23", "S5T#1s230ms"},
        {"T5", T5_ITEM, "09 00 02 19 99", "S5T#1m39s900ms"},
        {"T5", T5_ITEM, "09 00 02 39 99", "S5T#2h46m30s"},
        {"T5", T5_ITEM, "09 00 02 20 02", "S5T#2s base 1s"},
    };

    (void)state;
    expect_both(both, N(both));
}

static void s7_165_a_date_of_0_is_1990_01_01(void **state)
{
    static const struct exchange both[] = {
        {"DB1.DBW4:DATE", DATE_ITEM, "04 00 10 00 00", "1990-01-01"},
        {"DB1.DBW4:DATE", DATE_ITEM, "04 00 10 00 01", "1990-01-02"},
        {"DB1.DBW4:DATE", DATE_ITEM, "04 00 10 33 7b", "2026-01-31"},
    };

    (void)state;
    expect_both(both, N(both));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_162_a_dt_from_90_on_is_19xx_and_below_20xx),
        cmocka_unit_test(s7_163_a_dtl_has_weekday_1_on_sunday_and_nanoseconds_at_8),
        cmocka_unit_test(s7_164_a_timer_has_a_base_and_three_bcd_digits),
        cmocka_unit_test(s7_165_a_date_of_0_is_1990_01_01),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.conformance_types");
}
