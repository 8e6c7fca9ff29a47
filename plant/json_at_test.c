/* json_at_test.c - where a JSON text breaks, agreed with SQLite on whether it does, and where a path leads.
 */
#include "json_at.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

/* Where it breaks; -1: it does not. */
static int broken_at(const char *text)
{
    struct json_at json = {.text = text, .len = strlen(text)};

    if (json_skip(&json) && json.at == json.len)
        return -1;
    return (int)json.at;
}

static void what_is_json_is_skipped_as_a_whole(void **state)
{
    static const char *const texts[] = {"1",
                                        "-0.5e+10",
                                        "\"a\\u00e9\\\"\"",
                                        " [ ] ",
                                        "{}",
                                        "[1,2,[3,{\"a\":null}]]",
                                        " {\"a\" : [true,false]} ",
                                        "1E-3",
                                        "\"\xC3\xA4\""};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (broken_at(texts[i]) != -1)
            fail_msg("%s breaks at %d", texts[i], broken_at(texts[i]));
}

static void a_break_is_found_where_it_is(void **state)
{
    static const struct {
        const char *text;
        int at;
    } cases[] = {{"", 0},        {"[1,]", 3},    {"[1 2]", 3},       {"{\"a\" 1}", 5},
                 {"{a:1}", 1},   {"[01]", 1},    {"[1.]", 3},        {"[1e]", 3},
                 {"\"a", 0},     {"\"\\x\"", 2}, {"\"\\u12g4\"", 5}, {"\"a\nb\"", 2},
                 {"tru", 0},     {"[1] 2", 4},   {"{\"a\":1,}", 7},  {"[", 1},
                 {"{\"a\":", 5}, {"-", 1},       {"NaN", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (broken_at(cases[i].text) != cases[i].at)
            fail_msg("%s breaks at %d, not %d", cases[i].text, broken_at(cases[i].text), cases[i].at);
}

static void arrays_too_deep_in_each_other_are_refused(void **state)
{
    char text[4 * JSON_DEPTH_MAX] = "";

    (void)state;
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    assert_int_equal(broken_at(text), -1);
    memset(text, '[', 2 * JSON_DEPTH_MAX);
    assert_int_equal(broken_at(text), JSON_DEPTH_MAX);
}

static int is_valid(sqlite3 *db, const char *text, size_t len)
{
    sqlite3_stmt *q;

    assert_int_equal(sqlite3_prepare_v2(db, "SELECT json_valid(?1)", -1, &q, NULL), SQLITE_OK);
    sqlite3_bind_text(q, 1, text, (int)len, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    int valid = sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    return valid;
}

/* Ours may be stricter: what it takes, SQLite must take. */
static void what_is_taken_is_json_for_sqlite_as_well(void **state)
{
    static const char letters[] = "[]{},:\"\\u019.-+eE tfn\n";
    char text[12] = "";
    sqlite3 *db;
    uint32_t x = 1;
    int taken = 0;

    (void)state;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    for (int i = 0; i < 60000; i++) {
        size_t len = 1 + (x >> 8) % 6;
        for (size_t k = 0; k < len; k++) {
            x = x * 1664525 + 1013904223;
            text[k] = letters[(x >> 12) % (sizeof letters - 1)];
        }
        text[len] = '\0';
        if (broken_at(text) != -1)
            continue;
        taken++;
        if (!is_valid(db, text, len))
            fail_msg("taken, but not by SQLite: %s", text);
    }
    assert_true(taken > 100);
    sqlite3_close(db);
}

static void a_path_leads_to_where_its_value_begins(void **state)
{
    static const char text[] = " {\"x\": 1, \"plcs\": [ {\"a\": [1]}, {\"name\" : \"n\"} ] }";
    struct json_at json = {.text = text, .len = sizeof text - 1};

    (void)state;
    assert_true(json_member(&json, "plcs"));
    assert_true(json_element(&json, 1));
    assert_true(json_member(&json, "name"));
    assert_memory_equal(text + json.at, "\"n\"", 3);
}

static void a_path_that_leads_nowhere_stays_at_its_last_step(void **state)
{
    static const char text[] = "{\"plcs\": [{}, 5]}";
    struct json_at json = {.text = text, .len = sizeof text - 1};

    (void)state;
    assert_true(json_member(&json, "plcs"));
    assert_false(json_element(&json, 2));
    assert_int_equal(text[json.at], '[');
    assert_true(json_element(&json, 1));
    assert_false(json_member(&json, "name"));
    assert_int_equal(text[json.at], '5');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_json_is_skipped_as_a_whole),
        cmocka_unit_test(a_break_is_found_where_it_is),
        cmocka_unit_test(arrays_too_deep_in_each_other_are_refused),
        cmocka_unit_test(what_is_taken_is_json_for_sqlite_as_well),
        cmocka_unit_test(a_path_leads_to_where_its_value_begins),
        cmocka_unit_test(a_path_that_leads_nowhere_stays_at_its_last_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
