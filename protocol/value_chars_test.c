/* value_chars_test.c - CHAR and STRING are Latin-1, WCHAR and WSTRING UTF-16, their texts UTF-8. */
#include "protocol/cmocka_test.h"
#include "protocol/prng_test.h"
#include "protocol/utf8.h"
#include "protocol/value.h"

#include <string.h>

#define N(array) (sizeof(array) / sizeof(array)[0])

static s7_address typed(s7_type type, uint16_t string_cap, uint16_t count)
{
    return (s7_address){.area = S7_AREA_M, .type = type, .string_cap = string_cap, .count = count};
}

static s7_status parse(const s7_address *address, const char *text, uint8_t *bytes)
{
    return s7_values_parse(address, text, strlen(text), bytes);
}

/* ---- one byte a character ---- */

static void every_latin1_byte_survives_the_way_to_text_and_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i <= 0xFF; i++) {
        s7_address address = typed(S7_TYPE_CHAR, 0, 1);
        uint8_t byte = (uint8_t)i, back = (uint8_t)~i;
        char text[8];
        size_t len = s7_values_format(&address, &byte, text, sizeof text);

        assert_int_equal(len, i < 0x80 ? 1 : 2);
        assert_int_equal(s7_values_parse(&address, text, len, &back), S7_OK);
        assert_int_equal(back, i);
    }
}

static void what_latin1_cannot_hold_is_refused(void **state)
{
    static const char *const bad[] = {"\xE2\x82\xAC", "\xC4\x80", "\xC3", "\xFF", "a\xC2q", "\x80"};
    s7_address address = typed(S7_TYPE_STRING, 8, 1);

    (void)state;
    for (size_t i = 0; i < N(bad); i++) {
        uint8_t bytes[10] = {0};
        static const uint8_t zeros[10];

        if (parse(&address, bad[i], bytes) != S7_E_CONVERT)
            fail_msg("text %zu is taken", i);
        assert_memory_equal(bytes, zeros, sizeof zeros);
    }
}

static void a_string_of_two_byte_texts_counts_characters(void **state)
{
    s7_address address = typed(S7_TYPE_STRING, 4, 1);
    uint8_t bytes[6] = {0};

    (void)state;
    assert_int_equal(parse(&address, "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F", bytes), S7_OK);
    assert_memory_equal(bytes, "\x04\x04\xE4\xF6\xFC\xDF", 6);
    assert_int_equal(parse(&address, "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9Fx", bytes), S7_E_CONVERT);
}

/* ---- UTF-16 ---- */

static void every_character_survives_the_way_to_utf16_and_back(void **state)
{
    s7_address address = typed(S7_TYPE_WSTRING, 2, 1);

    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        uint8_t bytes[8] = {0};
        char text[S7_UTF8_MAX], back[8];
        size_t len = s7_utf8_put(c, text);

        if (s7_values_parse(&address, text, len, bytes) != S7_OK || bytes[3] != (c < 0x10000 ? 1 : 2) ||
            s7_values_format(&address, bytes, back, sizeof back) != len || memcmp(back, text, len) != 0)
            fail_msg("U+%04X does not come back", c);
    }
}

static void a_wstring_has_two_lengths_in_front_of_its_characters(void **state)
{
    s7_address address = typed(S7_TYPE_WSTRING, 6, 1);
    uint8_t bytes[16] = {0};
    static const uint8_t want[16] = {0, 6, 0, 4, 0x20, 0xAC, 0xD8, 0x3D, 0xDE, 0x00, 0, 'x'};

    (void)state;
    assert_int_equal(s7_address_size(&address), sizeof bytes);
    assert_int_equal(parse(&address, "\xE2\x82\xAC\xF0\x9F\x98\x80x", bytes), S7_OK);
    assert_memory_equal(bytes, want, sizeof want);
}

static void a_wstring_keeps_its_maximum_and_what_is_behind_the_text(void **state)
{
    s7_address address = typed(S7_TYPE_WSTRING, 6, 1);
    uint8_t bytes[16] = {0, 3, 0, 1, 0, 'x', 0, 'y', 0, 'z', 0, 'u'};
    static const uint8_t want[16] = {0, 3, 0, 2, 0, 'a', 0, 'b', 0, 'z', 0, 'u'};

    (void)state;
    assert_int_equal(parse(&address, "ab", bytes), S7_OK);
    assert_memory_equal(bytes, want, sizeof want);
    assert_int_equal(parse(&address, "abcd", bytes), S7_E_CONVERT);
    assert_int_equal(parse(&address, "ab\xF0\x9F\x98\x80", bytes), S7_E_CONVERT); /* four units */
    assert_memory_equal(bytes, want, sizeof want);
}

static void the_actual_length_of_a_wstring_is_clipped_to_the_maximum(void **state)
{
    static const struct {
        uint8_t header[4];
        size_t units;
    } cases[] = {{{0, 2, 0, 6}, 2}, {{0, 0, 0xFF, 0xFF}, 6}, {{0xFF, 0xFF, 1, 0}, 6}, {{0, 7, 0, 5}, 5}};
    s7_address address = typed(S7_TYPE_WSTRING, 6, 1);

    (void)state;
    for (size_t i = 0; i < N(cases); i++) {
        uint8_t bytes[16] = {0};

        memcpy(bytes, cases[i].header, 4);
        assert_int_equal(s7_value_load(&address, bytes, 0).s.len, 2 * cases[i].units);
    }
}

static void a_lone_surrogate_is_told_and_written_as_the_replacement(void **state)
{
    static const struct {
        uint8_t bytes[6];
        uint32_t chars[3];
        size_t n;
        const char *text;
    } cases[] = {
        {{0xD8, 0x3D, 0, 'a', 0, 'b'},
         {0xD83D, 'a', 'b'},
         3,
         "\xEF\xBF\xBD"
         "ab"},
        {{0xDE, 0x00, 0xD8, 0x3D, 0, 'b'},
         {0xDE00, 0xD83D, 'b'},
         3,
         "\xEF\xBF\xBD\xEF\xBF\xBD"
         "b"},
        {{0, 'a', 0, 'b', 0xD8, 0x3D}, {'a', 'b', 0xD83D}, 3, "ab\xEF\xBF\xBD"},
        {{0xD8, 0x3D, 0xD8, 0x3D, 0xDE, 0x00}, {0xD83D, 0x1F600}, 2, "\xEF\xBF\xBD\xF0\x9F\x98\x80"},
    };
    s7_address address = typed(S7_TYPE_WSTRING, 3, 1);

    (void)state;
    for (size_t i = 0; i < N(cases); i++) {
        uint8_t bytes[10] = {0, 3, 0, 3};
        size_t at = 0;
        uint32_t c;
        char text[16];

        memcpy(bytes + 4, cases[i].bytes, 6);
        struct s7_value value = s7_value_load(&address, bytes, 0);
        for (size_t k = 0; k < cases[i].n; k++) {
            assert_true(s7_value_char(&value, &at, &c));
            assert_int_equal(c, cases[i].chars[k]);
        }
        assert_false(s7_value_char(&value, &at, &c));
        s7_values_format(&address, bytes, text, sizeof text);
        assert_string_equal(text, cases[i].text);
    }
}

static void a_wchar_is_one_unit(void **state)
{
    s7_address address = typed(S7_TYPE_WCHAR, 0, 1);
    uint8_t bytes[2] = {0};

    (void)state;
    assert_int_equal(parse(&address, "\xE2\x82\xAC", bytes), S7_OK);
    assert_memory_equal(bytes, "\x20\xAC", 2);
    assert_int_equal(parse(&address, "", bytes), S7_E_CONVERT);
    assert_int_equal(parse(&address, "ab", bytes), S7_E_CONVERT);
    assert_int_equal(parse(&address, "\xF0\x9F\x98\x80", bytes), S7_E_CONVERT);
    assert_memory_equal(bytes, "\x20\xAC", 2);
}

static void every_wchar_but_surrogates_comes_back(void **state)
{
    s7_address address = typed(S7_TYPE_WCHAR, 0, 2);

    (void)state;
    for (unsigned unit = 0; unit <= 0xFFFF; unit++) {
        const uint8_t bytes[4] = {(uint8_t)(unit >> 8), (uint8_t)unit, 0, 'q'};
        uint8_t again[4] = {0};
        char text[32];
        size_t len = s7_values_format(&address, bytes, text, sizeof text);

        assert_int_equal(s7_values_parse(&address, text, len, again), S7_OK);
        if (!s7_is_surrogate(unit) && memcmp(again, bytes, 4) != 0)
            fail_msg("unit %04X does not come back", unit);
    }
}

/* ---- arrays ---- */

static void arrays_of_wide_texts_are_quoted(void **state)
{
    s7_address address = typed(S7_TYPE_WSTRING, 4, 2);
    const char *list = "[ \"a\\\"\xE2\x82\xAC\" , \"\\\\,]\" ]";
    uint8_t bytes[24] = {0};
    char text[64];

    (void)state;
    assert_int_equal(parse(&address, list, bytes), S7_OK);
    assert_memory_equal(bytes, "\0\4\0\3\0a\0\"\x20\xAC", 10);
    s7_values_format(&address, bytes, text, sizeof text);
    assert_string_equal(text, "[\"a\\\"\xE2\x82\xAC\",\"\\\\,]\"]");
}

static void a_string_of_any_length_fits_an_array(void **state)
{
    s7_address address = typed(S7_TYPE_STRING, 254, 2);
    uint8_t bytes[512] = {0};
    char text[600];

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "[\"", 2);
    memcpy(text + 256, "\",\"\"]", 6);
    assert_int_equal(parse(&address, text, bytes), S7_OK);
    assert_int_equal(bytes[1], 254);
    memcpy(text + 256, "x\",\"\"]", 7);
    assert_int_equal(parse(&address, text, bytes), S7_E_CONVERT);
}

/* ---- values that do not come from texts ---- */

static void stored_characters_are_stored_as_they_are(void **state)
{
    s7_address address = typed(S7_TYPE_WSTRING, 4, 1);
    const struct s7_value value = {.type = S7_TYPE_WSTRING, .s = {"\xD8\x3D\0a", 4}};
    const struct s7_value odd = {.type = S7_TYPE_WSTRING, .s = {"\0ab", 3}};
    const struct s7_value narrow = {.type = S7_TYPE_STRING, .s = {"ab", 2}};
    uint8_t bytes[12] = {0};

    (void)state;
    assert_int_equal(s7_value_store(&address, bytes, 0, &value), S7_OK);
    assert_memory_equal(bytes, "\0\4\0\2\xD8\x3D\0a", 8);
    assert_int_equal(s7_value_store(&address, bytes, 0, &odd), S7_E_CONVERT);
    assert_int_equal(s7_value_store(&address, bytes, 0, &narrow), S7_E_CONVERT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_latin1_byte_survives_the_way_to_text_and_back),
        cmocka_unit_test(what_latin1_cannot_hold_is_refused),
        cmocka_unit_test(a_string_of_two_byte_texts_counts_characters),
        cmocka_unit_test(every_character_survives_the_way_to_utf16_and_back),
        cmocka_unit_test(a_wstring_has_two_lengths_in_front_of_its_characters),
        cmocka_unit_test(a_wstring_keeps_its_maximum_and_what_is_behind_the_text),
        cmocka_unit_test(the_actual_length_of_a_wstring_is_clipped_to_the_maximum),
        cmocka_unit_test(a_lone_surrogate_is_told_and_written_as_the_replacement),
        cmocka_unit_test(a_wchar_is_one_unit),
        cmocka_unit_test(every_wchar_but_surrogates_comes_back),
        cmocka_unit_test(arrays_of_wide_texts_are_quoted),
        cmocka_unit_test(a_string_of_any_length_fits_an_array),
        cmocka_unit_test(stored_characters_are_stored_as_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
