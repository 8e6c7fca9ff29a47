#include "protocol/latin1.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_latin1_byte_survives_the_way_to_utf8_and_back(void **state)
{
    char latin1[256], utf8[512], back[256];
    size_t len;

    (void)state;
    for (int i = 0; i < 256; i++)
        latin1[i] = (char)i;
    size_t n = s7_latin1_to_utf8(latin1, sizeof latin1, utf8, sizeof utf8);
    assert_int_equal(n, 128 + 2 * 128);
    assert_true(s7_latin1_from_utf8(utf8, n, back, sizeof back, &len));
    assert_int_equal(len, 256);
    assert_memory_equal(back, latin1, 256);
}

static void what_latin1_cannot_hold_is_refused(void **state)
{
    static const char *const bad[] = {"\xE2\x82\xAC", "\xC4\x80", "\xC3", "\xFF", "a\xC2q", "\x80"};
    char out[16];
    size_t len = 77;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (s7_latin1_from_utf8(bad[i], strlen(bad[i]), out, sizeof out, &len) || len != 77)
            fail_msg("text %zu was taken, or its length written", i);
}

static void text_that_does_not_fit_is_refused_or_cut(void **state)
{
    char out[3] = {'x', 'x', 'x'};
    size_t len;

    (void)state;
    assert_false(s7_latin1_from_utf8("abc", 3, out, 2, &len));
    assert_int_equal(s7_latin1_to_utf8("abcd", 4, out, 2), 4);
    assert_int_equal(out[2], 'x');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_latin1_byte_survives_the_way_to_utf8_and_back),
        cmocka_unit_test(what_latin1_cannot_hold_is_refused),
        cmocka_unit_test(text_that_does_not_fit_is_refused_or_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
