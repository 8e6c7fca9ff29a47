#include "protocol/utf8.h"

#include "protocol/cmocka_test.h"

#include <string.h>

static void every_character_survives_the_way_to_utf8_and_back(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char bytes[S7_UTF8_MAX];
        size_t len = s7_utf8_put(c, bytes);
        uint32_t back = 0;

        if (s7_utf8_take(bytes, len, &back) != len || back != (s7_is_surrogate(c) ? S7_REPLACEMENT : c))
            fail_msg("U+%04X comes back as U+%04X", c, back);
        for (size_t cut = 0; cut < len; cut++)
            if (s7_utf8_take(bytes, cut, &back) != 0)
                fail_msg("U+%04X: %zu of %zu bytes are taken", c, cut, len);
    }
}

static void what_is_not_utf8_is_refused(void **state)
{
    static const char *const bad[] = {
        "\x80",         "\xBF",         "\xC0\x80",         "\xC1\xBF",         "\xC3q",
        "\xE0\x80\x80", "\xE0\x9F\xBF", "\xED\xA0\x80",     "\xED\xBF\xBF",     "\xE2\x82q",
        "\xFF",         "\xFE",         "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80",
    };
    uint32_t c = 77;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (s7_utf8_take(bad[i], strlen(bad[i]), &c) != 0 || c != 77)
            fail_msg("text %zu is taken", i);
    assert_int_equal(s7_utf8_take(NULL, 0, &c), 0);
}

static void what_is_no_character_is_written_as_the_replacement(void **state)
{
    char bytes[S7_UTF8_MAX];

    (void)state;
    assert_int_equal(s7_utf8_put(0x110000, bytes), 3);
    assert_memory_equal(bytes, "\xEF\xBF\xBD", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_survives_the_way_to_utf8_and_back),
        cmocka_unit_test(what_is_not_utf8_is_refused),
        cmocka_unit_test(what_is_no_character_is_written_as_the_replacement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
