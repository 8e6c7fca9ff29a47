#include <s7rig/status.h>

#include "protocol/cmocka_test.h"

#include <string.h>

/* All statuses that exist lie in this range; the gaps must answer as unknown. */
#define LOWEST (-1000)

static void every_status_has_a_name_and_a_sentence(void **state)
{
    unsigned known = 0;

    (void)state;
    for (int i = LOWEST; i <= 0; i++) {
        const char *name = s7_errname((s7_status)i), *text = s7_strerror((s7_status)i);
        bool unknown = strcmp(name, "S7_E_?") == 0;

        assert_int_equal(unknown, strcmp(text, "unknown status") == 0);
        if (!unknown && (text[strlen(text) - 1] == '.' || strncmp(name, "S7_", 3) != 0))
            fail_msg("%d: %s, \"%s\"", i, name, text);
        known += !unknown;
    }
    assert_int_equal(known, 48);
    assert_string_equal(s7_errname(S7_E_PLANT_REPLACED), "S7_E_PLANT_REPLACED");
    assert_string_equal(s7_strerror(S7_E_REFUSED), "connection refused");
}

static void an_errinfo_becomes_one_line(void **state)
{
    s7_errinfo info = S7_ERRINFO_INIT;
    char line[200];

    (void)state;
    strcpy(info.asked, "read DB1.DBW0");
    strcpy(info.came, "item refused");
    strcpy(info.hint, "load the DB");
    size_t len = s7_errinfo_format(&info, line, sizeof line);
    assert_int_equal(len, strlen(line));
    assert_string_equal(line, "read DB1.DBW0: item refused; try: load the DB");

    info.hint[0] = '\0';
    s7_errinfo_format(&info, line, sizeof line);
    assert_string_equal(line, "read DB1.DBW0: item refused");

    info.came[0] = '\0';
    info.asked[0] = '\0';
    info.status = S7_E_TIMEOUT;
    s7_errinfo_format(&info, line, sizeof line);
    assert_string_equal(line, "the deadline passed");
}

static void an_errinfo_that_nobody_wrote_to_does_not_speak_of_success(void **state)
{
    s7_errinfo fresh = S7_ERRINFO_INIT, forgotten = {0};
    char line[200];

    (void)state;
    s7_errinfo_format(&fresh, line, sizeof line);
    assert_string_equal(line, "nothing more is known");
    s7_errinfo_format(&forgotten, line, sizeof line);
    assert_string_equal(line, "nothing more is known: struct_size was not set (S7_ERRINFO_INIT)");
}

static void a_line_is_cut_to_the_buffer_and_its_length_told(void **state)
{
    s7_errinfo info = S7_ERRINFO_INIT;
    char line[16];

    (void)state;
    strcpy(info.asked, "read DB1.DBW0");
    strcpy(info.came, "item refused");
    size_t whole = s7_errinfo_format(&info, NULL, 0);
    assert_int_equal(whole, strlen("read DB1.DBW0: item refused"));
    for (size_t cap = 1; cap <= sizeof line; cap++) {
        memset(line, 'x', sizeof line);
        assert_int_equal(s7_errinfo_format(&info, line, cap), whole);
        assert_int_equal(strlen(line), cap - 1);
    }
}

static void texts_without_a_terminating_zero_stay_inside_their_fields(void **state)
{
    s7_errinfo info = S7_ERRINFO_INIT;
    char line[1000];

    (void)state;
    memset(info.asked, 'a', sizeof info.asked);
    memset(info.came, 'c', sizeof info.came);
    memset(info.hint, 'h', sizeof info.hint);
    assert_int_equal(s7_errinfo_format(&info, line, sizeof line),
                     S7_ASKED_CAP + S7_CAME_CAP + S7_HINT_CAP + strlen(": ; try: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_name_and_a_sentence),
        cmocka_unit_test(an_errinfo_becomes_one_line),
        cmocka_unit_test(an_errinfo_that_nobody_wrote_to_does_not_speak_of_success),
        cmocka_unit_test(a_line_is_cut_to_the_buffer_and_its_length_told),
        cmocka_unit_test(texts_without_a_terminating_zero_stay_inside_their_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
