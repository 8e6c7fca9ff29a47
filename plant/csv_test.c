/* csv_test.c - records of CSV: separators, quotes, lines, and where it breaks. */
#include "csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char room[4096];

/* All records as "a|b/c|d", a quoted field in <>; where it breaks, "!4 why". */
static const char *records(const char *text, size_t len)
{
    static char all[4096];
    struct csv csv;
    size_t to = 0;

    all[0] = '\0';
    csv_init(&csv, text, len, room);
    for (bool first = true; csv_next(&csv); first = false) {
        to += (size_t)snprintf(all + to, sizeof all - to, "%s", first ? "" : "/");
        for (size_t i = 0; i < csv.n_fields; i++) {
            const struct csv_field *f = &csv.fields[i];
            to += (size_t)snprintf(all + to, sizeof all - to, "%s%s%.*s%s", i > 0 ? "|" : "",
                                   f->quoted ? "<" : "", (int)f->len, f->text, f->quoted ? ">" : "");
        }
    }
    if (csv.broken != NULL)
        snprintf(all + to, sizeof all - to, "!%zu %s", csv.at, csv.broken);
    return all;
}

#define expect_records(text, expected) assert_string_equal(records(text, sizeof(text) - 1), expected)

static void the_separator_is_what_follows_the_first_field(void **state)
{
    (void)state;
    expect_records("a,b;c\nd,e", "a|b;c/d|e");
    expect_records("a;b,c\nd;e", "a|b,c/d|e");
    expect_records("a\tb c\n\te", "a|b c/|e");
    expect_records("\"a,b\";c\n", "<a,b>|c");
    expect_records("a\nb,c\nd,e", "a/b|c/d|e");
}

static void blanks_around_fields_do_not_count_unless_they_are_quoted(void **state)
{
    (void)state;
    expect_records(" a , \" b \" ,c ", "a|< b >|c");
    expect_records("a,\t b\t,c", "a|b|c");
    expect_records("a\t \t\"\"\t", "a||<>|");
}

static void quotes_hold_separators_quotes_and_lines(void **state)
{
    (void)state;
    expect_records("\"a \"\"b\"\"\",\"c\r\nd\",\"\"\"\"\r\ne,f,g\r\n", "<a \"b\">|<c\r\nd>|<\">/e|f|g");
    expect_records("a\"b,c", "a\"b|c");
}

static void a_quoted_field_may_have_a_zero_byte(void **state)
{
    struct csv csv;

    (void)state;
    csv_init(&csv, "a,\"x\0y\"", 7, room);
    assert_true(csv_next(&csv));
    assert_int_equal(csv.fields[1].len, 3);
    assert_memory_equal(csv.fields[1].text, "x\0y", 3);
}

static void empty_lines_and_comments_are_skipped(void **state)
{
    (void)state;
    expect_records("", "");
    expect_records("\n \r\n;;\n# a,b\n  #c\na,b\n\n,\nc,\n", "a|b/c|");
    expect_records("\"#a\",b", "<#a>|b");
    expect_records("a,b", "a|b");
}

static void what_is_no_csv_says_where_it_breaks(void **state)
{
    (void)state;
    expect_records("a,b\nc,\"d\ne,f\n", "a|b!6 the quote is not closed");
    expect_records("\"a\"b,c", "!3 expected a separator or the line's end behind the quote");
    expect_records("a,b\0c", "!3 a zero byte: this is not text");
}

static void a_field_knows_where_it_stands(void **state)
{
    struct csv csv;

    (void)state;
    csv_init(&csv, "ab, cd ,\"e\"\n f", 14, room);
    assert_true(csv_next(&csv));
    assert_int_equal(csv.fields[0].at, 0);
    assert_int_equal(csv.fields[1].at, 4);
    assert_int_equal(csv.fields[2].at, 9);
    assert_true(csv_next(&csv));
    assert_int_equal(csv.fields[0].at, 13);
    assert_false(csv_next(&csv));
}

static void fields_beyond_the_last_that_is_kept_are_skipped(void **state)
{
    char text[4 * CSV_FIELDS_MAX] = "";
    struct csv csv;

    (void)state;
    memset(text, ',', 2 * CSV_FIELDS_MAX);
    strcat(text, "x\ny");
    csv_init(&csv, text, strlen(text), room);
    text[0] = 'a';
    assert_true(csv_next(&csv));
    assert_int_equal(csv.n_fields, CSV_FIELDS_MAX);
    assert_true(csv_next(&csv));
    assert_memory_equal(csv.fields[0].text, "y", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_separator_is_what_follows_the_first_field),
        cmocka_unit_test(blanks_around_fields_do_not_count_unless_they_are_quoted),
        cmocka_unit_test(quotes_hold_separators_quotes_and_lines),
        cmocka_unit_test(a_quoted_field_may_have_a_zero_byte),
        cmocka_unit_test(empty_lines_and_comments_are_skipped),
        cmocka_unit_test(what_is_no_csv_says_where_it_breaks),
        cmocka_unit_test(a_field_knows_where_it_stands),
        cmocka_unit_test(fields_beyond_the_last_that_is_kept_are_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
