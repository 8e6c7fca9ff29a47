#include "scenarios/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void what_is_added_is_there_in_order(void **state)
{
    struct sc_text text = {0};

    (void)state;
    sc_text_add(&text, "%s %d", "one", 2);
    sc_text_add(&text, "%s", "");
    sc_text_add_bytes(&text, "three four", 5);
    assert_string_equal(text.at, "one 2three");
    assert_int_equal(text.len, 10);
    sc_text_free(&text);
    assert_null(text.at);
    assert_int_equal(text.len, 0);
}

static void a_long_line_is_not_cut(void **state)
{
    struct sc_text text = {0};
    char line[5000];

    (void)state;
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    sc_text_add(&text, "%s!", line);
    assert_int_equal(text.len, 5000);
    assert_int_equal(text.at[4999], '!');
    sc_text_free(&text);
}

static void it_ends_at_its_maximum(void **state)
{
    struct sc_text text = {0};

    (void)state;
    for (unsigned i = 0; i < SC_TEXT_MAX / 7; i++)
        sc_text_add(&text, "seven..");
    for (unsigned i = 0; i < 3; i++) {
        sc_text_add(&text, "more and more");
        sc_text_add_bytes(&text, "more and more", 13);
    }
    assert_int_equal(text.len, SC_TEXT_MAX);
    assert_int_equal(strlen(text.at), SC_TEXT_MAX);
    sc_text_free(&text);
}

static void a_quoted_text_is_one_line_whatever_is_in_it(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *quoted;
    } rows[] = {{"", 0, "\"\""},
                {"plain", 5, "\"plain\""},
                {"a\nb\0c", 5, "\"a\\nb\\x00c\""},
                {"\"\\\x1b\x7f", 4, "\"\\\"\\\\\\x1b\\x7f\""},
                {"\xc3\xa4", 2, "\"\xc3\xa4\""},
                {"0123456789", 10, "\"0123456789\""},
                {"0123456789x", 11, "\"0123456789\"... (11 bytes)"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sc_text text = {0};

        sc_text_add_quoted(&text, rows[i].bytes, rows[i].len, 10);
        assert_string_equal(text.at, rows[i].quoted);
        sc_text_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_is_there_in_order),
        cmocka_unit_test(a_long_line_is_not_cut),
        cmocka_unit_test(it_ends_at_its_maximum),
        cmocka_unit_test(a_quoted_text_is_one_line_whatever_is_in_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
