#include "protocol/programmer.h"

#include "protocol/hex_test.h"

#define PARAM "00 00 00 01 00 00 00 10 00 01 00 01 00 01 00 01 00 01 02 00 "

/* Every payload that is shorter than this one is broken. */
static const char watch[] = "00 14 00 0e " PARAM "00 02 71 04 00 05 00 06 20 00 00 00 00 09";

static struct s7_test decoded(const char *text, uint8_t bytes[HEX_CAP])
{
    struct s7_test test;

    assert_int_equal(s7_test_decode(bytes, hex_bytes(text, bytes), &test), S7_OK);
    return test;
}

static void s7_187_parameters_come_first_and_every_prefix_is_broken(void **state)
{
    uint8_t bytes[HEX_CAP];
    struct s7_test test = decoded(watch, bytes);
    size_t len = hex_bytes(watch, bytes);

    (void)state;
    assert_int_equal(test.how_often, 0);
    assert_int_equal(test.result_len, 16);
    assert_int_equal(test.trigger, S7_TEST_CYCLE_BEGIN);
    assert_int_equal(test.data.left, 14);
    for (size_t n = 0; n < len; n++)
        assert_int_equal(s7_test_decode(bytes, n, &test), S7_E_FRAME);
    bytes[1] = 0x13; /* parameters that are too short */
    assert_int_equal(s7_test_decode(bytes, len, &test), S7_E_FRAME);
}

static void s7_147_items_are_those_of_a_read(void **state)
{
    static const struct {
        const char *item;
        uint8_t area, size;
        uint16_t count, db;
        uint32_t bit_addr;
    } items[] = {
        {"71 04 00 05 00 06", S7_AREA_DB, S7_SIZE_BYTE, 4, 5, 48},
        {"72 04 00 05 00 06", S7_AREA_DB, S7_SIZE_BYTE, 8, 5, 48},
        {"73 01 00 05 00 06", S7_AREA_DB, S7_SIZE_BYTE, 4, 5, 48},
        {"70 07 00 05 00 06", S7_AREA_DB, S7_SIZE_BIT, 1, 5, 55},
        {"00 00 00 00 ff ff", S7_AREA_M, S7_SIZE_BIT, 1, 0, 0x7FFF8},
        {"11 01 00 00 00 01", S7_AREA_I, S7_SIZE_BYTE, 1, 0, 8},
        {"21 01 00 00 00 01", S7_AREA_Q, S7_SIZE_BYTE, 1, 0, 8},
        {"31 01 00 00 00 01", S7_AREA_P, S7_SIZE_BYTE, 1, 0, 8},
        {"54 02 00 00 00 07", S7_AREA_T, S7_SIZE_TIMER, 2, 0, 7},
        {"64 01 00 00 00 07", S7_AREA_C, S7_SIZE_COUNTER, 1, 0, 7},
    };
    static const char *const none[] = {"75 01 00 05 00 06", "74 01 00 05 00 06", "70 08 00 05 00 06",
                                       "51 01 00 00 00 07", "41 01 00 00 00 07", "f1 01 00 00 00 07"};
    uint8_t bytes[HEX_CAP];
    struct s7_var_item item;

    (void)state;
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        struct s7_rd rd = {bytes, hex_bytes(items[i].item, bytes)};
        assert_int_equal(s7_test_item_next(&rd, &item), S7_OK);
        assert_int_equal(rd.left, 0);
        assert_int_equal(item.area, items[i].area);
        assert_int_equal(item.size, items[i].size);
        assert_int_equal(item.count, items[i].count);
        assert_int_equal(item.db, items[i].db);
        assert_int_equal(item.bit_addr, items[i].bit_addr);
    }
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        struct s7_rd rd = {bytes, hex_bytes(none[i], bytes)};
        assert_int_equal(s7_test_item_next(&rd, &item), S7_E_ARG);
    }
    struct s7_rd rd = {bytes, 5};
    assert_int_equal(s7_test_item_next(&rd, &item), S7_E_FRAME);
}

static void s7_187_a_job_is_named_by_function_and_number(void **state)
{
    uint8_t bytes[HEX_CAP], function, job;
    struct s7_test test = decoded("00 14 00 02 " PARAM "08 02", bytes);

    (void)state;
    assert_int_equal(s7_test_job_decode(S7_TEST_ENABLE, test.data, &function, &job), S7_OK);
    assert_int_equal(function, S7_TEST_MODIFY);
    assert_int_equal(job, 2);
    assert_int_equal(s7_test_job_decode(S7_TEST_DELETE, test.data, &function, &job), S7_E_FRAME);
    test = decoded("00 14 00 04 " PARAM "00 01 02 03", bytes);
    assert_int_equal(s7_test_job_decode(S7_TEST_DELETE, test.data, &function, &job), S7_OK);
    assert_int_equal(function, S7_TEST_VARIABLES);
    assert_int_equal(job, 3);
    assert_int_equal(s7_test_job_decode(S7_TEST_DISABLE, test.data, &function, &job), S7_E_FRAME);
}

static void s7_147_a_push_says_whether_it_was_triggered(void **state)
{
    uint8_t buf[64];
    struct s7_wr wr = {buf, sizeof buf, 0, false};
    size_t begin = s7_test_push_begin(&wr, true);

    (void)state;
    s7_wr_be(&wr, 4, 0x00020102);
    s7_test_push_end(&wr, begin);
    begin = s7_test_push_begin(&wr, false);
    s7_test_push_end(&wr, begin);
    expect_hex(&wr, "00 04 00 04 01 00 00 02 00 02 01 02 00 04 00 00 01 00 00 01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_187_parameters_come_first_and_every_prefix_is_broken),
        cmocka_unit_test(s7_147_items_are_those_of_a_read),
        cmocka_unit_test(s7_187_a_job_is_named_by_function_and_number),
        cmocka_unit_test(s7_147_a_push_says_whether_it_was_triggered),
    };

    return cmocka_run_group_tests_name("protocol.programmer", tests, NULL, NULL);
}
