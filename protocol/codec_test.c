#include <s7rig/codec.h>

#include "protocol/cmocka_test.h"
#include "protocol/prng_test.h"
#include "protocol/value.h"

#include <string.h>

static void numbers_are_big_endian_in_both_directions(void **state)
{
    static const uint8_t bytes[8] = {0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10};
    uint8_t back[8];

    (void)state;
    assert_int_equal(s7_get_u8(bytes), 0xFE);
    assert_int_equal(s7_get_i8(bytes), -2);
    assert_int_equal(s7_get_u16(bytes), 0xFEDC);
    assert_int_equal(s7_get_i16(bytes), -292);
    assert_int_equal(s7_get_u32(bytes), 0xFEDCBA98);
    assert_int_equal(s7_get_i32(bytes), -19088744);
    assert_true(s7_get_u64(bytes) == UINT64_C(0xFEDCBA9876543210));
    assert_true(s7_get_i64(bytes) == INT64_C(-81985529216486896));
#define THERE_AND_BACK(kind, size)                                                                           \
    memset(back, 0, sizeof back);                                                                            \
    s7_put_##kind(back, s7_get_##kind(bytes));                                                               \
    assert_memory_equal(back, bytes, size)
    THERE_AND_BACK(u8, 1);
    THERE_AND_BACK(i8, 1);
    THERE_AND_BACK(u16, 2);
    THERE_AND_BACK(i16, 2);
    THERE_AND_BACK(u32, 4);
    THERE_AND_BACK(i32, 4);
    THERE_AND_BACK(u64, 8);
    THERE_AND_BACK(i64, 8);
    THERE_AND_BACK(f32, 4);
    THERE_AND_BACK(f64, 8);
    static const uint8_t one_and_a_half[] = {0x3F, 0xC0, 0, 0}, minus_two[] = {0xC0, 0, 0, 0, 0, 0, 0, 0};
    assert_true(s7_get_f32(one_and_a_half) == 1.5F);
    assert_true(s7_get_f64(minus_two) == -2.0);
}

static void bits_leave_their_neighbours_alone(void **state)
{
    uint8_t bytes[2] = {0x81, 0x01};

    (void)state;
    assert_true(s7_get_bool(bytes, 0));
    assert_false(s7_get_bool(bytes, 6));
    assert_true(s7_get_bool(bytes, 7));
    assert_true(s7_get_bool(bytes, 8));
    s7_put_bool(bytes, 9, true);
    s7_put_bool(bytes, 0, false);
    assert_int_equal(bytes[0], 0x80);
    assert_int_equal(bytes[1], 0x03);
}

static void moments_are_those_of_the_value_texts(void **state)
{
    static const s7_moment want = {2026, 11, 26, 13, 45, 59, 5, 123000000};
    uint8_t bytes[12];
    s7_moment got;

    (void)state;
    assert_int_equal(s7_put_dt(bytes, &want), S7_OK);
    assert_memory_equal(bytes, "\x26\x11\x26\x13\x45\x59\x12\x35", 8);
    assert_int_equal(s7_get_dt(bytes, &got), S7_OK);
    assert_memory_equal(&got, &want, sizeof got);
    assert_int_equal(s7_put_dtl(bytes, &want), S7_OK);
    assert_int_equal(bytes[4], 5);
    assert_int_equal(s7_get_dtl(bytes, &got), S7_OK);
    assert_memory_equal(&got, &want, sizeof got);
    bytes[4] = 9; /* as it is stored */
    assert_int_equal(s7_get_dtl(bytes, &got), S7_OK);
    assert_int_equal(got.weekday, 9);
    assert_int_equal(s7_put_ldt(bytes, &want), S7_OK);
    assert_int_equal(s7_get_ldt(bytes, &got), S7_OK);
    assert_memory_equal(&got, &want, sizeof got);
    s7_moment day = {.year = 1990, .month = 1, .day = 2, .weekday = 3};
    assert_int_equal(s7_put_date(bytes, &day), S7_OK);
    assert_int_equal(s7_get_u16(bytes), 1);
    assert_int_equal(s7_get_date(bytes, &got), S7_OK);
    assert_memory_equal(&got, &day, sizeof got);
}

static void times_and_counters_count_in_their_units(void **state)
{
    uint8_t bytes[8];
    uint32_t ms;
    uint64_t ns;
    uint16_t count;

    (void)state;
    assert_int_equal(s7_put_s5time(bytes, 130000), S7_OK);
    assert_memory_equal(bytes, "\x21\x30", 2);
    assert_int_equal(s7_get_s5time(bytes, &ms), S7_OK);
    assert_int_equal(ms, 130000);
    assert_int_equal(s7_put_s5time(bytes, 9990000), S7_OK);
    assert_int_equal(s7_put_tod(bytes, 86399999), S7_OK);
    assert_int_equal(s7_get_tod(bytes, &ms), S7_OK);
    assert_int_equal(ms, 86399999);
    assert_int_equal(s7_put_ltod(bytes, UINT64_C(86399999999999)), S7_OK);
    assert_int_equal(s7_get_ltod(bytes, &ns), S7_OK);
    assert_true(ns == UINT64_C(86399999999999));
    assert_int_equal(s7_put_counter(bytes, 789), S7_OK);
    assert_memory_equal(bytes, "\x07\x89", 2);
    assert_int_equal(s7_get_counter(bytes, &count), S7_OK);
    assert_int_equal(count, 789);
}

static void what_is_no_value_is_refused_and_nothing_written(void **state)
{
    static const s7_moment early = {1989, 12, 31, 0, 0, 0, 0, 0}, half = {2020, 1, 1, 0, 0, 0, 0, 500000},
                           timed = {2020, 1, 1, 1, 0, 0, 0, 0}, never = {2020, 2, 30, 0, 0, 0, 0, 0};
    uint8_t bytes[12], bad[12];
    s7_moment got;
    uint32_t ms = 7;
    uint16_t count = 7;

    (void)state;
    memset(bytes, 0xEE, sizeof bytes);
    memset(bad, 0xEE, sizeof bad);
    assert_int_equal(s7_put_date(bytes, &early), S7_E_CONVERT);
    assert_int_equal(s7_put_date(bytes, &timed), S7_E_CONVERT);
    assert_int_equal(s7_put_dt(bytes, &half), S7_E_CONVERT);
    assert_int_equal(s7_put_dtl(bytes, &never), S7_E_CONVERT);
    assert_int_equal(s7_put_ldt(bytes, &never), S7_E_CONVERT);
    assert_int_equal(s7_put_tod(bytes, 86400000), S7_E_CONVERT);
    assert_int_equal(s7_put_tod(bytes, UINT32_MAX), S7_E_CONVERT);
    assert_int_equal(s7_put_ltod(bytes, UINT64_MAX), S7_E_CONVERT);
    assert_int_equal(s7_put_s5time(bytes, 15), S7_E_CONVERT);
    assert_int_equal(s7_put_s5time(bytes, 9990001), S7_E_CONVERT);
    assert_int_equal(s7_put_s5time(bytes, UINT32_MAX), S7_E_CONVERT);
    assert_int_equal(s7_put_counter(bytes, 1000), S7_E_CONVERT);
    assert_memory_equal(bytes, bad, sizeof bytes);
    memset(&got, 0xEE, sizeof got);
    assert_int_equal(s7_get_dt(bad, &got), S7_E_CONVERT);
    assert_int_equal(got.year, 0);
    assert_int_equal(s7_get_dtl(bad, &got), S7_E_CONVERT);
    assert_int_equal(s7_get_s5time(bad, &ms), S7_E_CONVERT);
    assert_int_equal(ms, 0);
    assert_int_equal(s7_get_counter(bad, &count), S7_E_CONVERT);
    assert_int_equal(count, 0);
}

static void texts_are_utf_8(void **state)
{
    uint8_t bytes[16] = {0};
    char text[24];

    (void)state;
    assert_int_equal(s7_put_string(bytes, 6,
                                   "Gr\xC3\xB6\xC3\x9F"
                                   "e"),
                     S7_OK);
    assert_memory_equal(bytes,
                        "\x06\x05Gr\xF6\xDF"
                        "e",
                        7);
    assert_int_equal(s7_get_string(bytes, 6, text, sizeof text), S7_OK);
    assert_string_equal(text, "Gr\xC3\xB6\xC3\x9F"
                              "e");
    assert_int_equal(s7_get_string(bytes, 6, text, 5), S7_E_TOO_LARGE);
    assert_string_equal(text, "Gr\xC3\xB6"); /* whole characters */
    assert_int_equal(s7_get_string(bytes, 6, text, 4), S7_E_TOO_LARGE);
    assert_string_equal(text, "Gr");
    assert_int_equal(s7_get_string(bytes, 6, text, 1), S7_E_TOO_LARGE);
    assert_string_equal(text, "");
    assert_int_equal(s7_put_string(bytes, 6, "\xE2\x82\xAC"), S7_E_CONVERT); /* the euro sign */
    assert_int_equal(s7_put_string(bytes, 6, "seventh"), S7_E_CONVERT);
    assert_int_equal(s7_put_string(bytes, 6, "\xC3"), S7_E_CONVERT);
    assert_int_equal(bytes[1], 5);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(s7_put_wstring(bytes, 4, "\xE2\x82\xAC\xF0\x9F\x98\x80"), S7_OK);
    assert_memory_equal(bytes, "\0\4\0\3\x20\xAC\xD8\x3D\xDE\0", 10);
    assert_int_equal(s7_get_wstring(bytes, 4, text, sizeof text), S7_OK);
    assert_string_equal(text, "\xE2\x82\xAC\xF0\x9F\x98\x80");
    assert_int_equal(s7_get_string(bytes, 0, text, sizeof text), S7_E_ARG);
    assert_int_equal(s7_get_string(bytes, 255, text, sizeof text), S7_E_ARG);
    assert_int_equal(s7_get_wstring(bytes, 16383, text, sizeof text), S7_E_ARG);
    assert_int_equal(s7_get_string(bytes, 4, text, 0), S7_E_ARG);
    assert_int_equal(s7_get_string(bytes, 4, NULL, 4), S7_E_ARG);
    assert_int_equal(s7_put_string(bytes, 4, NULL), S7_E_ARG);
}

/* ---- arrays ---- */

static void arrays_are_those_of_the_native_type(void **state)
{
    static const uint8_t reals[] = {0x3F, 0x80, 0, 0, 0xBF, 0x80, 0, 0}, bits[] = {0xF0, 0x01};
    s7_address address = {.type = S7_TYPE_REAL, .count = 2};
    float values[2];
    bool flags[6];
    uint8_t back[8] = {0};

    (void)state;
    assert_int_equal(s7_decode(&address, reals, values, sizeof values), S7_OK);
    assert_true(values[0] == 1.0F && values[1] == -1.0F);
    assert_int_equal(s7_encode(&address, back, values, sizeof values), S7_OK);
    assert_memory_equal(back, reals, sizeof reals);
    address = (s7_address){.type = S7_TYPE_BOOL, .bit = 3, .count = 6};
    assert_int_equal(s7_decode(&address, bits, flags, sizeof flags), S7_OK);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(flags[i], i != 0);
    back[0] = 0x07;
    back[1] = 0xFE;
    assert_int_equal(s7_encode(&address, back, flags, sizeof flags), S7_OK);
    assert_int_equal(back[0], 0xF7);
    assert_int_equal(back[1], 0xFF);
}

static void arrays_of_texts_have_equal_shares(void **state)
{
    static const char names[2][8] = {"one", "three"};
    s7_address address = {.type = S7_TYPE_STRING, .string_cap = 5, .count = 2};
    uint8_t bytes[14] = {0};
    char back[2][4];

    (void)state;
    assert_int_equal(s7_encode(&address, bytes, names, sizeof names), S7_OK);
    assert_memory_equal(bytes, "\5\3one\0\0\5\5three", 14);
    assert_int_equal(s7_decode(&address, bytes, back, sizeof back), S7_E_TOO_LARGE);
    assert_string_equal(back[0], "one");
    assert_string_equal(back[1], "thr");
    assert_int_equal(s7_decode(&address, bytes, back, 7), S7_E_ARG);
}

static void a_size_that_is_not_the_arrays_is_refused(void **state)
{
    uint8_t bytes[64] = {0};
    char values[256];

    (void)state;
    for (int type = 0; type <= (int)S7_TYPE_LAST + 1; type++) {
        s7_address address = {.type = (s7_type)type, .string_cap = 4, .count = 3};
        size_t size = 3 * s7_native_size((s7_type)type);

        if (size == 0)
            continue;
        assert_int_equal(s7_decode(&address, bytes, values, size - 1), S7_E_ARG);
        assert_int_equal(s7_decode(&address, bytes, values, size + 1), S7_E_ARG);
        assert_int_equal(s7_encode(&address, bytes, values, size + 3), S7_E_ARG);
        address.count = 0;
        assert_int_equal(s7_decode(&address, bytes, values, 0), S7_E_ARG);
    }
    s7_address none = {.type = (s7_type)99, .count = 1};
    assert_int_equal(s7_decode(&none, bytes, values, 0), S7_E_ARG);
    assert_int_equal(s7_decode(NULL, bytes, values, 1), S7_E_ARG);
}

/* Bytes that are values come back as they were; so do native values that are taken. */
static void random_bytes_of_each_type_go_there_and_back(void **state)
{
    struct prng rng = {5};

    (void)state;
    for (unsigned round = 0; round < 200000; round++) {
        s7_type type = (s7_type)(1 + prng_below(&rng, S7_TYPE_LAST));
        s7_address address = {.type = type, .string_cap = 6, .count = 1};
        uint8_t bytes[32] = {0}, back[32] = {0};
        char native[64];
        size_t size = s7_native_size(type), len = s7_address_size(&address);

        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)prng_below(&rng, prng_below(&rng, 3) == 0 ? 0x100 : 0x24);
        if (s7_decode(&address, bytes, native, size != 0 ? size : sizeof native) != S7_OK)
            continue;
        if (size == 0) { /* lengths in front and what is behind the text */
            assert_int_equal(s7_encode(&address, back, native, sizeof native), S7_OK);
            continue;
        }
        if (s7_encode(&address, back, native, size) != S7_OK)
            fail_msg("%s is not taken back", s7_type_name(type));
        struct s7_value one = s7_value_load(&address, bytes, 0), two = s7_value_load(&address, back, 0);
        char text[64], text_back[64];
        one.odd = two.odd = 0; /* the time base, the weekday: the usual ones are written */
        s7_value_format(&one, text, sizeof text);
        s7_value_format(&two, text_back, sizeof text_back);
        if (strcmp(text, text_back) != 0)
            fail_msg("%s: %s is %s when it comes back", s7_type_name(type), text, text_back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_big_endian_in_both_directions),
        cmocka_unit_test(bits_leave_their_neighbours_alone),
        cmocka_unit_test(moments_are_those_of_the_value_texts),
        cmocka_unit_test(times_and_counters_count_in_their_units),
        cmocka_unit_test(what_is_no_value_is_refused_and_nothing_written),
        cmocka_unit_test(texts_are_utf_8),
        cmocka_unit_test(arrays_are_those_of_the_native_type),
        cmocka_unit_test(arrays_of_texts_have_equal_shares),
        cmocka_unit_test(a_size_that_is_not_the_arrays_is_refused),
        cmocka_unit_test(random_bytes_of_each_type_go_there_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
