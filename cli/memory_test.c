#include "cli/memory.h"

#include "protocol/cmocka_test.h"

#include <string.h>

static void all_ways_to_name_memory(void **state)
{
    static const struct {
        const char *text;
        struct memory is;
    } rows[] = {
        {"DB1", {S7_AREA_DB, 1, 0, 0, true}},
        {"db65535", {S7_AREA_DB, 65535, 0, 0, true}},
        {"M", {S7_AREA_M, 0, 0, 0, true}},
        {"I", {S7_AREA_I, 0, 0, 0, true}},
        {"E", {S7_AREA_I, 0, 0, 0, true}},
        {"q", {S7_AREA_Q, 0, 0, 0, true}},
        {"V", {S7_AREA_DB, 1, 0, 0, true}},
        {"DB1.DBB10..", {S7_AREA_DB, 1, 10, 0, false}},
        {"DB1.DBB10..29", {S7_AREA_DB, 1, 10, 20, false}},
        {"DB1.DBB10..10", {S7_AREA_DB, 1, 10, 1, false}},
        {"MB4..7", {S7_AREA_M, 0, 4, 4, false}},
        {"DB1.DBW10", {S7_AREA_DB, 1, 10, 2, false}},
        {"DB1.DBB10:STRING(20)", {S7_AREA_DB, 1, 10, 22, false}},
        {"M3.7", {S7_AREA_M, 0, 3, 1, false}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct memory got, is = rows[i].is;
        s7_address_error error = {.at = 0};

        if (!memory_parse(rows[i].text, &got, &error))
            fail_msg("%s does not parse: %s", rows[i].text, error.text);
        if (got.area != is.area || got.db != is.db || got.byte != is.byte || got.len != is.len ||
            got.whole != is.whole)
            fail_msg("%s: area %02X, db %u, byte %u, len %u, whole %d", rows[i].text, got.area, got.db,
                     got.byte, got.len, got.whole);
    }
}

static void what_names_none_is_refused_with_the_place(void **state)
{
    static const struct {
        const char *text, *says;
        size_t at;
    } rows[] = {
        {"DB1.DBB10..x", "the last byte", 11},
        {"DB1.DBB10..9", "in front of", 11},
        {"DB1.DBB10..4294967295", "the last byte", 11},
        {"T5", "s7rig read", 0},
        {"C1..2", "s7rig read", 0},
        {"DB1.DBX0.9", "a bit number is 0..7", 9},
    };
    static const char *const none[] = {"", "..", "DB", "DB0", "DB65536", "DB1..5", "T", "X", "127.0.0.1"};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        s7_address_error error = {.at = 77};
        struct memory memory;

        assert_false(memory_parse(rows[i].text, &memory, &error));
        if (strstr(error.text, rows[i].says) == NULL || error.at != rows[i].at)
            fail_msg("%s: \"%s\" at %zu", rows[i].text, error.text, error.at);
    }
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        s7_address_error error = {.at = 77};
        struct memory memory;

        if (memory_parse(none[i], &memory, &error))
            fail_msg("\"%s\" was taken", none[i]);
        assert_true(error.at <= strlen(none[i]) && error.text[0] != '\0');
    }
}

static void a_text_of_any_length_is_looked_at(void **state)
{
    char text[300];
    s7_address_error error;
    struct memory memory;

    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        memset(text, 'M', sizeof text);
        text[len] = '\0';
        assert_int_equal(memory_parse(text, &memory, &error), len == 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ways_to_name_memory),
        cmocka_unit_test(what_names_none_is_refused_with_the_place),
        cmocka_unit_test(a_text_of_any_length_is_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
