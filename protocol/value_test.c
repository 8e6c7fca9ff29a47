#include "protocol/value.h"

#include "protocol/cmocka_test.h"
#include "protocol/prng_test.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N(array) (sizeof(array) / sizeof(array)[0])

static s7_address typed(s7_type type, uint16_t string_cap, uint16_t count)
{
    return (s7_address){.area = S7_AREA_M, .type = type, .string_cap = string_cap, .count = count};
}

/* ---- texts of single values ---- */

struct text_case {
    s7_type type;
    const char *text;
    const char *hex; /* bytes of the block; NULL: not a value */
    const char *canonical;
};

static const struct text_case texts[] = {
    {S7_TYPE_BOOL, "1", "01", "1"},
    {S7_TYPE_BOOL, " True ", "01", "1"},
    {S7_TYPE_BOOL, "FALSE", "00", "0"},
    {S7_TYPE_BOOL, "2", NULL, NULL},
    {S7_TYPE_BOOL, "", NULL, NULL},
    {S7_TYPE_BYTE, "255", "FF", "255"},
    {S7_TYPE_BYTE, "256", NULL, NULL},
    {S7_TYPE_BYTE, "-1", NULL, NULL},
    {S7_TYPE_BYTE, "-0", "00", "0"},
    {S7_TYPE_BYTE, "0x1f", "1F", "31"},
    {S7_TYPE_BYTE, "16#1F", "1F", "31"},
    {S7_TYPE_BYTE, "16#", NULL, NULL},
    {S7_TYPE_BYTE, "0x", NULL, NULL},
    {S7_TYPE_BYTE, "0x1G", NULL, NULL},
    {S7_TYPE_BYTE, "1F", NULL, NULL},
    {S7_TYPE_BYTE, "1 2", NULL, NULL},
    {S7_TYPE_BYTE, "12\n", "0C", "12"},
    {S7_TYPE_USINT, "200", "C8", "200"},
    {S7_TYPE_SINT, "-128", "80", "-128"},
    {S7_TYPE_SINT, "128", NULL, NULL},
    {S7_TYPE_SINT, "-129", NULL, NULL},
    {S7_TYPE_INT, "+5", "0005", "5"},
    {S7_TYPE_INT, "32768", NULL, NULL},
    {S7_TYPE_INT, "-32768", "8000", "-32768"},
    {S7_TYPE_INT, "- 5", NULL, NULL},
    {S7_TYPE_INT, "1.5", NULL, NULL},
    {S7_TYPE_WORD, "16#ABCD", "ABCD", "43981"},
    {S7_TYPE_DINT, "-2147483648", "80000000", "-2147483648"},
    {S7_TYPE_UDINT, "4294967295", "FFFFFFFF", "4294967295"},
    {S7_TYPE_UDINT, "4294967296", NULL, NULL},
    {S7_TYPE_LINT, "-9223372036854775808", "8000000000000000", "-9223372036854775808"},
    {S7_TYPE_LINT, "9223372036854775808", NULL, NULL},
    {S7_TYPE_LINT, "-9223372036854775809", NULL, NULL},
    {S7_TYPE_ULINT, "18446744073709551615", "FFFFFFFFFFFFFFFF", "18446744073709551615"},
    {S7_TYPE_ULINT, "18446744073709551616", NULL, NULL},
    {S7_TYPE_LWORD, "0xFFFFFFFFFFFFFFFFF", NULL, NULL},
    {S7_TYPE_REAL, "1.5", "3FC00000", "1.5"},
    {S7_TYPE_REAL, "0.1", "3DCCCCCD", "0.1"},
    {S7_TYPE_REAL, "-0", "80000000", "-0"},
    {S7_TYPE_REAL, ".5", "3F000000", "0.5"},
    {S7_TYPE_REAL, "5.", "40A00000", "5"},
    {S7_TYPE_REAL, "1e5", "47C35000", "100000"},
    {S7_TYPE_REAL, "1E+20", "60AD78EC", "1e+20"},
    {S7_TYPE_REAL, "0.0001", "38D1B717", "0.0001"},
    {S7_TYPE_REAL, "0.00001", "3727C5AC", "1e-05"},
    {S7_TYPE_REAL, "16777216", "4B800000", "16777216"},
    {S7_TYPE_REAL, "3.4028235e38", "7F7FFFFF", "3.4028235e+38"},
    {S7_TYPE_REAL, "1e39", NULL, NULL},
    {S7_TYPE_REAL, "1e999", NULL, NULL},
    {S7_TYPE_REAL, "1e-60", "00000000", "0"},
    {S7_TYPE_REAL, "1e-45", "00000001", "1e-45"},
    {S7_TYPE_REAL, "inf", "7F800000", "inf"},
    {S7_TYPE_REAL, "-INF", "FF800000", "-inf"},
    {S7_TYPE_REAL, "1,5", NULL, NULL},
    {S7_TYPE_REAL, "0x10", NULL, NULL},
    {S7_TYPE_REAL, "1e", NULL, NULL},
    {S7_TYPE_REAL, ".", NULL, NULL},
    {S7_TYPE_REAL, "1.2.3", NULL, NULL},
    {S7_TYPE_REAL, "infinity", NULL, NULL},
    {S7_TYPE_REAL, "", NULL, NULL},
    {S7_TYPE_LREAL, "0.1", "3FB999999999999A", "0.1"},
    {S7_TYPE_LREAL, "1e39", "48078287F49C4A1D", "1e+39"},
    {S7_TYPE_LREAL, "1.7976931348623157e308", "7FEFFFFFFFFFFFFF", "1.7976931348623157e+308"},
    {S7_TYPE_LREAL, "1e309", NULL, NULL},
    {S7_TYPE_CHAR, "A", "41", "A"},
    {S7_TYPE_CHAR, " ", "20", " "},
    {S7_TYPE_CHAR, "AB", NULL, NULL},
    {S7_TYPE_CHAR, "", NULL, NULL},
    {S7_TYPE_STRING, "ab", "04026162 0000", "ab"},
    {S7_TYPE_STRING, "", "0400 00000000", ""},
    {S7_TYPE_STRING, " x\" ", "0404 20782220", " x\" "},
    {S7_TYPE_STRING, "abcde", NULL, NULL},
};

static size_t from_hex(const char *hex, uint8_t *bytes)
{
    size_t n = 0;
    unsigned byte;

    for (; *hex != '\0'; hex++)
        if (*hex != ' ' && sscanf(hex, "%2x", &byte) == 1) {
            bytes[n++] = (uint8_t)byte;
            hex++;
        }
    return n;
}

static void check_text(const struct text_case *c)
{
    s7_address address = typed(c->type, c->type == S7_TYPE_STRING ? 4 : 0, 1);
    uint8_t bytes[16] = {0}, want[16];
    char text[64];
    s7_status status = s7_values_parse(&address, c->text, strlen(c->text), bytes);

    if (status != (c->hex != NULL ? S7_OK : S7_E_CONVERT))
        fail_msg("%s \"%s\": %s", s7_type_name(c->type), c->text, s7_errname(status));
    if (c->hex == NULL)
        return;
    size_t size = from_hex(c->hex, want);
    assert_int_equal(size, s7_address_size(&address));
    if (memcmp(bytes, want, size) != 0)
        fail_msg("%s \"%s\" is not stored as %s", s7_type_name(c->type), c->text, c->hex);
    size_t len = s7_values_format(&address, bytes, text, sizeof text);
    if (len != strlen(c->canonical) || strcmp(text, c->canonical) != 0)
        fail_msg("%s \"%s\" is written as \"%s\"", s7_type_name(c->type), c->text, text);
}

static void texts_are_stored_and_written_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(texts); i++)
        check_text(&texts[i]);
}

/* Names of locales with a decimal comma; which of them a machine has is its own affair. */
static bool use_decimal_comma(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE",
                                        "fr_FR.UTF-8", "fr_FR.utf8", "ru_RU.UTF-8"};

    for (size_t i = 0; i < N(names); i++)
        if (setlocale(LC_ALL, names[i]) != NULL)
            return true;
    return false;
}

static void a_locale_with_a_decimal_comma_changes_nothing(void **state)
{
    (void)state;
    if (!use_decimal_comma()) {
        print_message("no locale with a decimal comma on this machine\n");
        skip();
    }
    texts_are_stored_and_written_again(state);
    setlocale(LC_ALL, "C");
}

/* ---- properties ---- */

static s7_address random_address(struct prng *prng)
{
    s7_address a =
        typed((s7_type)(1 + prng_below(prng, S7_TYPE_LAST)), 0, (uint16_t)(1 + prng_below(prng, 4)));

    if (a.type == S7_TYPE_STRING || a.type == S7_TYPE_WSTRING)
        a.string_cap = (uint16_t)(1 + prng_below(prng, 20));
    if (a.type == S7_TYPE_BOOL)
        a.bit = (uint8_t)prng_below(prng, 8);
    return a;
}

/* Any bytes have a text, and that text gives values with the same text: exactly the same bytes unless
 * padding, NaN payloads, lone surrogates or a damaged STRING are in between. */
static void any_bytes_become_a_text_that_reads_back_the_same(void **state)
{
    struct prng prng = {0x7A1};

    (void)state;
    for (unsigned round = 0; round < 50000; round++) {
        s7_address address = random_address(&prng);
        uint8_t bytes[256], again[256];
        char text[1024], text_again[1024];
        size_t size = s7_address_size(&address);

        prng_fill(&prng, bytes, sizeof bytes);
        memcpy(again, bytes, sizeof bytes);
        size_t len = s7_values_format(&address, bytes, text, sizeof text);
        assert_true(len < sizeof text);
        s7_status status = s7_values_parse(&address, text, len, again);
        if (status != S7_OK)
            fail_msg("round %u: %s \"%s\": %s", round, s7_type_name(address.type), text, s7_errname(status));
        assert_int_equal(s7_values_format(&address, again, text_again, sizeof text_again), len);
        assert_memory_equal(text, text_again, len);
        assert_memory_equal(again + size, bytes + size, sizeof bytes - size);
        if (address.type != S7_TYPE_STRING && address.type != S7_TYPE_WSTRING &&
            strstr(text, "nan") == NULL && memmem(text, len, "\xEF\xBF\xBD", 3) == NULL)
            assert_memory_equal(again, bytes, size);
    }
}

static void a_real_is_written_with_the_fewest_digits_that_read_back(void **state)
{
    struct prng prng = {0xF10A7};

    (void)state;
    for (unsigned round = 0; round < 100000; round++) {
        uint32_t raw = (uint32_t)prng_next(&prng);
        struct s7_value value = {.type = S7_TYPE_REAL};
        char text[64], shorter[64];
        float f;

        memcpy(&f, &raw, sizeof f);
        if (!isfinite(f))
            continue;
        value.f = (double)f;
        s7_value_format(&value, text, sizeof text);
        if (strtof(text, NULL) != f)
            fail_msg("%a is written as %s", (double)f, text);
        int digits = 0;
        for (const char *c = text; *c != '\0' && *c != 'e'; c++)
            digits += (*c >= '1' && *c <= '9') || (*c == '0' && digits > 0);
        if (digits < 2 || digits > 9)
            continue; /* trailing zeros of 16777216000000 are no digits of ours */
        snprintf(shorter, sizeof shorter, "%.*e", digits - 2, (double)f);
        if (strtof(shorter, NULL) == f && strchr(text, 'e') != NULL)
            fail_msg("%s is written as %s", shorter, text);
    }
}

static void random_texts_never_crash(void **state)
{
    static const char alphabet[] = "0123456789+-.eExX#[],\"\\ \tinfa";
    struct prng prng = {0x7A2};

    (void)state;
    for (unsigned round = 0; round < 200000; round++) {
        s7_address address = random_address(&prng);
        uint8_t bytes[256] = {0};
        char text[32];
        size_t len = prng_below(&prng, sizeof text);

        for (size_t i = 0; i < len; i++)
            text[i] = alphabet[prng_below(&prng, sizeof alphabet - 1)];
        (void)!s7_values_parse(&address, text, len, bytes);
    }
}

static void a_text_is_cut_to_the_buffer_and_its_length_told(void **state)
{
    s7_address address = typed(S7_TYPE_INT, 0, 3);
    static const uint8_t bytes[] = {0, 1, 0xFF, 0xFE, 0, 3};
    const char *whole = "[1,-2,3]";

    (void)state;
    assert_int_equal(s7_values_format(&address, bytes, NULL, 0), strlen(whole));
    for (size_t cap = 1; cap < 12; cap++) {
        char text[12];

        assert_int_equal(s7_values_format(&address, bytes, text, cap), strlen(whole));
        assert_int_equal(strlen(text), cap - 1 < strlen(whole) ? cap - 1 : strlen(whole));
        assert_memory_equal(text, whole, strlen(text));
    }
}

/* ---- bits ---- */

static void a_bit_changes_no_other_bit(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 8; bit++)
        for (unsigned index = 0; index < 12; index++)
            for (unsigned value = 0; value < 2; value++) {
                s7_address address = typed(S7_TYPE_BOOL, 0, 12);
                uint8_t bytes[3], want[3];
                struct s7_value v = {.type = S7_TYPE_BOOL, .u = value};

                address.bit = (uint8_t)bit;
                memset(bytes, value == 1 ? 0x00 : 0xFF, sizeof bytes);
                memcpy(want, bytes, sizeof want);
                want[(bit + index) / 8] ^= (uint8_t)(1U << (bit + index) % 8);
                assert_int_equal(s7_value_store(&address, bytes, index, &v), S7_OK);
                assert_memory_equal(bytes, want, sizeof bytes);
                assert_int_equal(s7_value_load(&address, bytes, index).u, value);
            }
}

/* ---- strings ---- */

static void a_string_keeps_its_maximum_and_what_is_behind_the_text(void **state)
{
    s7_address address = typed(S7_TYPE_STRING, 6, 1);
    uint8_t bytes[] = {3, 1, 'x', 'y', 'z', 'u', 'v', 'w'};
    static const uint8_t want[] = {3, 2, 'a', 'b', 'z', 'u', 'v', 'w'};

    (void)state;
    assert_int_equal(s7_values_parse(&address, "ab", 2, bytes), S7_OK);
    assert_memory_equal(bytes, want, sizeof want);
    assert_int_equal(s7_values_parse(&address, "abcd", 4, bytes), S7_E_CONVERT);
    assert_memory_equal(bytes, want, sizeof want);
}

static void a_string_without_a_usable_maximum_gets_one(void **state)
{
    static const uint8_t maxima[] = {0, 7, 0xFF};

    (void)state;
    for (size_t i = 0; i < N(maxima); i++) {
        s7_address address = typed(S7_TYPE_STRING, 6, 1);
        uint8_t bytes[8] = {maxima[i], 0xFF};

        assert_int_equal(s7_value_load(&address, bytes, 0).s.len, 6);
        assert_int_equal(s7_values_parse(&address, "abcdef", 6, bytes), S7_OK);
        assert_int_equal(bytes[0], 6);
        assert_int_equal(bytes[1], 6);
    }
}

static void the_actual_length_is_clipped_to_the_maximum(void **state)
{
    s7_address address = typed(S7_TYPE_STRING, 6, 1);
    static const uint8_t bytes[8] = {4, 200, 'a', 'b', 'c', 'd', 'e', 'f'};

    (void)state;
    assert_int_equal(s7_value_load(&address, bytes, 0).s.len, 4);
}

/* ---- arrays ---- */

static void arrays_of_texts_are_quoted(void **state)
{
    s7_address address = typed(S7_TYPE_STRING, 4, 2);
    uint8_t bytes[12] = {0};
    char text[64];
    const char *list = "[ \"a\\\"b\" , \"\\\\,]\" ]";

    (void)state;
    assert_int_equal(s7_values_parse(&address, list, strlen(list), bytes), S7_OK);
    assert_int_equal(bytes[1], 3);
    assert_memory_equal(bytes + 2, "a\"b", 3);
    assert_memory_equal(bytes + 8, "\\,]", 3);
    s7_values_format(&address, bytes, text, sizeof text);
    assert_string_equal(text, "[\"a\\\"b\",\"\\\\,]\"]");
}

static void lists_of_another_shape_are_refused(void **state)
{
    static const char *const lists[] = {"",       "1,2",     "[1]",    "[1,2,3]",      "[1,2",
                                        "[1,2]x", "[1,,2]",  "[,1]",   "[1 2]",        "[1;2]",
                                        "]1,2[",  "[[1,2]]", "[1,2,]", "[\"1\",\"2\"]"};
    s7_address address = typed(S7_TYPE_INT, 0, 2);

    (void)state;
    for (size_t i = 0; i < N(lists); i++) {
        uint8_t bytes[4] = {0};

        if (s7_values_parse(&address, lists[i], strlen(lists[i]), bytes) != S7_E_CONVERT)
            fail_msg("\"%s\" is taken", lists[i]);
    }
    uint8_t bytes[4];
    assert_int_equal(s7_values_parse(&address, " [ 1 , -2 ] ", 12, bytes), S7_OK);
    assert_memory_equal(bytes, "\x00\x01\xFF\xFE", 4);
}

static void unclosed_quotes_are_refused(void **state)
{
    static const char *const lists[] = {"[\"a\",\"b]", "[\"a\",\"b\\\"]", "[\"a\",b]", "[\"a\" \"b\"]",
                                        "[\"a\",\"\\"};
    s7_address address = typed(S7_TYPE_CHAR, 0, 2);
    uint8_t bytes[2];

    (void)state;
    for (size_t i = 0; i < N(lists); i++)
        if (s7_values_parse(&address, lists[i], strlen(lists[i]), bytes) != S7_E_CONVERT)
            fail_msg("%s is taken", lists[i]);
}

/* ---- values that do not come from texts ---- */

static void values_out_of_range_are_refused_and_write_nothing(void **state)
{
    static const struct s7_value values[] = {
        {.type = S7_TYPE_BOOL, .u = 2},         {.type = S7_TYPE_BYTE, .u = 256},
        {.type = S7_TYPE_WORD, .u = 65536},     {.type = S7_TYPE_INT, .i = 32768},
        {.type = S7_TYPE_INT, .i = -32769},     {.type = S7_TYPE_SINT, .i = INT64_MIN},
        {.type = S7_TYPE_REAL, .f = 3.5e38},    {.type = S7_TYPE_REAL, .f = -1e300},
        {.type = S7_TYPE_CHAR, .s = {"ab", 2}}, {.type = S7_TYPE_STRING, .s = {"abcde", 5}},
    };

    (void)state;
    for (size_t i = 0; i < N(values); i++) {
        s7_address address = typed(values[i].type, values[i].type == S7_TYPE_STRING ? 4 : 0, 1);
        uint8_t bytes[8] = {0};
        static const uint8_t zeros[8];

        if (s7_value_store(&address, bytes, 0, &values[i]) != S7_E_CONVERT)
            fail_msg("value %zu of type %s is taken", i, s7_type_name(values[i].type));
        assert_memory_equal(bytes, zeros, sizeof zeros);
    }
}

static void a_value_of_another_kind_is_refused(void **state)
{
    s7_address address = typed(S7_TYPE_INT, 0, 1);
    struct s7_value value = {.type = S7_TYPE_REAL, .f = 1};
    uint8_t bytes[2];

    (void)state;
    assert_int_equal(s7_value_store(&address, bytes, 0, &value), S7_E_CONVERT);
}

static void every_type_says_what_it_takes(void **state)
{
    (void)state;
    for (int i = S7_TYPE_BOOL; i <= S7_TYPE_LAST; i++)
        assert_null(strstr(s7_type_range((s7_type)i), "not a data type"));
    assert_string_equal(s7_type_range(S7_TYPE_INT), "a whole number -32768..32767");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_stored_and_written_again),
        cmocka_unit_test(a_locale_with_a_decimal_comma_changes_nothing),
        cmocka_unit_test(any_bytes_become_a_text_that_reads_back_the_same),
        cmocka_unit_test(a_real_is_written_with_the_fewest_digits_that_read_back),
        cmocka_unit_test(random_texts_never_crash),
        cmocka_unit_test(a_text_is_cut_to_the_buffer_and_its_length_told),
        cmocka_unit_test(a_bit_changes_no_other_bit),
        cmocka_unit_test(a_string_keeps_its_maximum_and_what_is_behind_the_text),
        cmocka_unit_test(a_string_without_a_usable_maximum_gets_one),
        cmocka_unit_test(the_actual_length_is_clipped_to_the_maximum),
        cmocka_unit_test(arrays_of_texts_are_quoted),
        cmocka_unit_test(lists_of_another_shape_are_refused),
        cmocka_unit_test(unclosed_quotes_are_refused),
        cmocka_unit_test(values_out_of_range_are_refused_and_write_nothing),
        cmocka_unit_test(a_value_of_another_kind_is_refused),
        cmocka_unit_test(every_type_says_what_it_takes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
