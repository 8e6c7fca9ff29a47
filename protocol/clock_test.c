#include "protocol/clock.h"

#include "protocol/cmocka_test.h"

static const uint8_t tuesday[] = {0x00, 0x20, 0x26, 0x11, 0x24, 0x19, 0x03, 0x25, 0x47, 0x83};

static void s7_126_a_clock_answer_is_read_field_by_field(void **state)
{
    s7_datetime out;

    (void)state;
    assert_int_equal(s7_clock_decode(tuesday, sizeof tuesday, &out), S7_OK);
    assert_int_equal(out.year, 2026);
    assert_int_equal(out.month, 11);
    assert_int_equal(out.day, 24);
    assert_int_equal(out.hour, 19);
    assert_int_equal(out.minute, 3);
    assert_int_equal(out.second, 25);
    assert_int_equal(out.millisecond, 478);
    assert_int_equal(out.weekday, 3);
}

static void s7_194_a_set_request_carries_19_and_the_weekday_of_the_date(void **state)
{
    static const uint8_t want[] = {0x00, 0x19, 0x26, 0x11, 0x24, 0x19, 0x03, 0x25, 0x47, 0x83};
    s7_datetime in = {2026, 11, 24, 19, 3, 25, .weekday = 7, .millisecond = 478};
    uint8_t buf[16];
    struct s7_wr wr = {buf, sizeof buf, 0, false};

    (void)state;
    s7_clock_encode(&wr, &in);
    assert_int_equal(wr.len, sizeof want);
    assert_memory_equal(buf, want, sizeof want);
}

static void s7_162_years_from_90_on_are_19xx(void **state)
{
    uint8_t bytes[] = {0x00, 0x19, 0x90, 0x01, 0x01, 0, 0, 0, 0, 0x02};
    s7_datetime out;

    (void)state;
    assert_int_equal(s7_clock_decode(bytes, sizeof bytes, &out), S7_OK);
    assert_int_equal(out.year, 1990);
    bytes[2] = 0x89;
    assert_int_equal(s7_clock_decode(bytes, sizeof bytes, &out), S7_OK);
    assert_int_equal(out.year, 2089);
}

static void bytes_that_are_no_date_are_refused(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } bad[] = {{2, 0xA0}, {2, 0x0F}, {3, 0x13}, {3, 0x00}, {3, 0xFF}, {4, 0x31}, {4, 0x00}, {4, 0x2A},
               {5, 0x24}, {6, 0x60}, {7, 0x60}, {7, 0xF0}, {8, 0xA0}, {8, 0x0A}, {9, 0xA3}};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t bytes[sizeof tuesday];
        s7_datetime out = {.year = 77};

        memcpy(bytes, tuesday, sizeof bytes);
        bytes[bad[i].at] = bad[i].value;
        if (s7_clock_decode(bytes, sizeof bytes, &out) != S7_E_FRAME || out.year != 77)
            fail_msg("byte %zu = %02X was taken", bad[i].at, bad[i].value);
    }
    for (size_t len = 0; len < sizeof tuesday; len++) {
        s7_datetime out;

        assert_int_equal(s7_clock_decode(tuesday, len, &out), S7_E_FRAME);
    }
}

/* Day by day through the whole range: each date has the weekday after the one before. */
static void every_day_survives_the_wire_with_its_weekday(void **state)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint8_t weekday = 2; /* 1990-01-01 was a Monday */

    (void)state;
    for (unsigned year = 1990; year <= 2089; year++)
        for (unsigned month = 1; month <= 12; month++)
            for (unsigned day = 1; day <= days[month - 1] + (unsigned)(month == 2 && year % 4 == 0); day++) {
                s7_datetime in = {.year = (uint16_t)year, .month = (uint8_t)month, .day = (uint8_t)day}, out;
                uint8_t buf[8];
                struct s7_wr wr = {buf, sizeof buf, 0, false};
                struct s7_rd rd = {buf, sizeof buf};

                assert_true(s7_datetime_is_good(&in));
                s7_datetime_encode(&wr, &in);
                assert_int_equal(s7_datetime_decode(&rd, &out), S7_OK);
                assert_int_equal(out.year, year);
                assert_int_equal(out.month, month);
                assert_int_equal(out.day, day);
                assert_int_equal(out.weekday, weekday);
                weekday = (uint8_t)(weekday % 7 + 1);
            }
}

struct block_time {
    uint8_t bytes[6];
    unsigned date; /* 19840101, 0: none */
    unsigned time; /* 235959999 */
};

static void the_times_of_blocks_count_from_1984(void **state)
{
    static const struct block_time times[] = {
        {{0, 0, 0, 0, 0, 0}, 19840101, 0},
        {{0, 0, 0, 1, 0x16, 0xA8}, 19991118, 1},
        {{0x05, 0x26, 0x5B, 0xFF, 0x16, 0xA8}, 19991118, 235959999},
        {{0x05, 0x26, 0x5C, 0x00, 0x16, 0xA8}, 0, 0}, /* 24:00 is no time of day */
        {{0xFF, 0xFF, 0xFF, 0xFF, 0, 1}, 0, 0},
        {{0, 0, 0, 0, 0xFF, 0xFF}, 21630606, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct s7_rd rd = {times[i].bytes, 6};
        s7_datetime out;

        assert_int_equal(s7_block_time_decode(&rd, &out), S7_OK);
        assert_int_equal(rd.left, 0);
        assert_int_equal(out.year * 10000 + out.month * 100 + out.day, times[i].date);
        assert_int_equal(((out.hour * 100 + out.minute) * 100 + out.second) * 1000 + out.millisecond,
                         times[i].time);
        rd = (struct s7_rd){times[i].bytes, 5};
        assert_int_equal(s7_block_time_decode(&rd, &out), S7_E_FRAME);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_126_a_clock_answer_is_read_field_by_field),
        cmocka_unit_test(s7_194_a_set_request_carries_19_and_the_weekday_of_the_date),
        cmocka_unit_test(s7_162_years_from_90_on_are_19xx),
        cmocka_unit_test(bytes_that_are_no_date_are_refused),
        cmocka_unit_test(every_day_survives_the_wire_with_its_weekday),
        cmocka_unit_test(the_times_of_blocks_count_from_1984),
    };

    return cmocka_run_group_tests_name("protocol.clock", tests, NULL, NULL);
}
