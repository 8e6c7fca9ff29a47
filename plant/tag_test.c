/* tag_test.c - tags as values: what is shown can be typed back, what cannot be applied says why for as long
 * as it is so. */
#include "test_plant.h"

#include "plant_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const types[] = {
    "DB1.DBX0.5",
    "DB1.DBX0.0:BOOL[13]",
    "DB1.DBX0.6:BOOL[3]",
    "DB1.DBB0",
    "DB1.DBB0:USINT",
    "DB1.DBB0:SINT",
    "DB1.DBB0:CHAR",
    "DB1.DBW0",
    "DB1.DBW0:UINT",
    "DB1.DBW0:INT",
    "DB1.DBD0",
    "DB1.DBD0:UDINT",
    "DB1.DBD0:DINT",
    "DB1.DBD0:REAL",
    "DB1.DBB0:LWORD",
    "DB1.DBB0:ULINT",
    "DB1.DBB0:LINT",
    "DB1.DBB0:LREAL",
    "DB1.DBB0:CHAR[9]",
    "DB1.DBD0:REAL[5]",
    "DB1.DBB0:LREAL[4]",
    "DB1.DBB0:STRING(20)",
    "DB1.DBW0:INT[32]",
    "DB1.DBB0:STRING(5)[3]",
    "DB1.DBB0:LINT[8]",
    "DI1.DIW0",
    "DB1.DBB0:WSTRING(9)",
    "DB1.DBB0:WSTRING(3)[4]",
    "DB1.DBW0:WCHAR",
    "DB1.DBW0:WCHAR[5]",
    "DB1.DBW0:DATE",
    "DB1.DBD0:TIME",
    "DB1.DBD0:TIME[4]",
    "DB1.DBD0:TOD",
    "DB1.DBB0:DT",
    "DB1.DBB0:DT[3]",
    "DB1.DBB0:LTIME",
    "DB1.DBB0:LTOD",
    "DB1.DBB0:LDT",
    "DB1.DBB0:DTL",
    "DB1.DBB0:DTL[2]",
    "DB1.DBW0:S5TIME",
    "DB1.DBW0:TIMER[8]",
    "DB1.DBW0:COUNTER",
    "DB1.DBW0:COUNTER[8]",
};
#define N_TYPES (sizeof types / sizeof types[0])

/* The foreign program keeps what it sees and types it in again, over other bytes. */
static void check_way_back(struct rig *rig, const char *address)
{
    rig_sql(rig, "DELETE FROM kept; INSERT INTO kept SELECT value FROM tag WHERE name = 't'");
    rig_sql(rig, "UPDATE block SET data = zeroblob(64) WHERE kind = 'DB' AND number = 1");
    rig_look(rig);
    rig_sql(rig, "UPDATE tag SET value = (SELECT value FROM kept) WHERE name = 't'");
    rig_look(rig);
    if (strcmp(rig_tag_error(rig, "t"), "NULL") != 0)
        fail_msg("%s: what was shown, %s, is refused: %s", address, rig_select(rig, "SELECT value FROM kept"),
                 rig_tag_error(rig, "t"));
    if (rig_int(rig, "SELECT value IS (SELECT value FROM kept) FROM tag WHERE name = 't'") != 1)
        fail_msg("%s: typed in %s, shown %s", address, rig_select(rig, "SELECT value FROM kept"),
                 rig_tag(rig, "t"));
}

static void what_is_shown_of_any_bytes_can_be_typed_in_again(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig,
            "CREATE TABLE kept (value ANY) STRICT; INSERT INTO tag (name, address) VALUES ('t', 'DB1.DBB0')");
    for (size_t i = 0; i < N_TYPES; i++) {
        rig_sql(rig, "UPDATE tag SET address = '%s'", types[i]);
        for (int times = 0; times < 40; times++) {
            uint8_t bytes[64];
            for (size_t k = 0; k < sizeof bytes; k++)
                bytes[k] = (uint8_t)(times < 20           ? rig_random(256)
                                     : rig_random(3) == 0 ? 0x7F
                                                          : rig_random(2) * 255);
            rig_put(rig, 1, 0, bytes, sizeof bytes);
            check_way_back(rig, types[i]);
        }
    }
}

/* Numbers: not only is the text the same, the bytes are. */
static void the_bytes_of_numbers_survive_the_way_over_sql(void **state)
{
    static const struct {
        const char *address;
        size_t len;
    } exact[] = {{"DB1.DBW0:INT", 2},  {"DB1.DBD0:DINT", 4}, {"DB1.DBD0:UDINT", 4},
                 {"DB1.DBD0:REAL", 4}, {"DB1.DBB0:LINT", 8}, {"DB1.DBB0:LREAL", 8}};
    struct rig *rig = *state;
    uint8_t bytes[8];

    rig_sql(rig,
            "CREATE TABLE kept (value ANY) STRICT; INSERT INTO tag (name, address) VALUES ('t', 'DB1.DBB0')");
    for (size_t i = 0; i < sizeof exact / sizeof exact[0]; i++) {
        rig_sql(rig, "UPDATE tag SET address = '%s'", exact[i].address);
        for (int times = 0; times < 60; times++) {
            for (size_t k = 0; k < sizeof bytes; k++)
                bytes[k] = (uint8_t)rig_random(256);
            bytes[0] &= 0xBF; /* no NaNs, whose other bits are no value */
            rig_put(rig, 1, 0, bytes, sizeof bytes);
            check_way_back(rig, exact[i].address);
            if (memcmp(rig_db1(rig), bytes, exact[i].len) != 0)
                fail_msg("%s: %s came back as other bytes", exact[i].address, rig_tag(rig, "t"));
        }
    }
}

static void expect_shown(struct rig *rig, const char *address, const char *bytes, const char *quoted)
{
    rig_sql(rig, "UPDATE tag SET address = '%s' WHERE name = 't'", address);
    rig_sql(rig,
            "UPDATE block SET data = CAST(x'%s' || zeroblob(%zu) AS BLOB) WHERE kind = 'DB' AND number = 1",
            bytes, 64 - strlen(bytes) / 2);
    rig_look(rig);
    rig_same(rig_select(rig, "SELECT typeof(value) || ' ' || quote(value) FROM tag WHERE name = 't'"),
             quoted);
}

static void numbers_are_shown_as_people_write_them(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "INSERT INTO tag (name, address) VALUES ('t', 'DB1.DBB0')");
    expect_shown(rig, "DB1.DBD0:REAL", "3F8CCCCD", "real 1.1");
    expect_shown(rig, "DB1.DBD0:REAL", "42C80000", "real 100.0");
    expect_shown(rig, "DB1.DBD0:REAL", "7F800000", "text 'inf'");
    expect_shown(rig, "DB1.DBD0:REAL", "FF800000", "text '-inf'");
    expect_shown(rig, "DB1.DBD0:REAL", "7FC12345", "text 'nan'");
    expect_shown(rig, "DB1.DBB0:ULINT", "7FFFFFFFFFFFFFFF", "integer 9223372036854775807");
    expect_shown(rig, "DB1.DBB0:ULINT", "8000000000000000", "text '9223372036854775808'");
    expect_shown(rig, "DB1.DBB0:LINT", "8000000000000000", "integer -9223372036854775808");
    expect_shown(rig, "DB1.DBX0.7", "80", "integer 1");
    expect_shown(rig, "DB1.DBW0:INT[2]", "FFFF0001", "text '[-1,1]'");
    expect_shown(rig, "DB1.DBB0:STRING(2)", "FEFF41E4", "text 'A\xC3\xA4'");
    expect_shown(rig, "DB1.DBB0:WSTRING(2)", "0002000220AC0041",
                 "text '\xE2\x82\xAC"
                 "A'");
    expect_shown(rig, "DB1.DBD0:TIME", "000005DC", "text 'T#1s500ms'");
    expect_shown(rig, "DB1.DBW0:S5TIME", "2130", "text 'S5T#2m10s'");
    expect_shown(rig, "DB1.DBB0:DT", "2601311234567897", "text '2026-01-31T12:34:56.789'");
    expect_shown(rig, "DB1.DBB0:DTL", "000000000000000000000000", "text '16#000000000000000000000000'");
    expect_shown(rig, "DB1.DBW0:COUNTER", "0234", "integer 234");
    expect_shown(rig, "DB1.DBW0:COUNTER", "F234", "text '16#F234'");
}

static void timers_and_counters_are_addressed_by_their_number(void **state)
{
    struct rig *rig = *state;
    const struct plant_block *timers = rig_block(rig, S7_AREA_T, 0);

    rig_sql(rig, "INSERT INTO tag (name, address, value) VALUES ('t', 'T2', '16#1234'), ('ms', 'T3', 20),"
                 " ('high', 'T4', 10)");
    rig_look(rig);
    assert_memory_equal(timers->data, "\0\0\0\0\x12\x34\0\x02", 8);
    rig_says(rig_tag_error(rig, "high"), "T4", "10 bytes", "has 8", NULL);
}

static void infinity_and_huge_numbers_are_values_where_the_type_has_them(void **state)
{
    struct rig *rig = *state;

    rig_sql(
        rig,
        "INSERT INTO tag (name, address, value) VALUES ('r', 'DB1.DBD0:REAL', 9e999),"
        " ('l', 'DB1.DBB8:LREAL', -9e999), ('big', 'DB1.DBD16:REAL', 1e39), ('int', 'DB1.DBW20:INT', 9e999),"
        " ('zero', 'DB1.DBD24:REAL', -0.0), ('u', 'DB1.DBB32:ULINT', 18446744073709551615)");
    rig_look(rig);
    assert_memory_equal(rig_db1(rig), "\x7F\x80\0\0", 4);
    assert_memory_equal(rig_db1(rig) + 8, "\xFF\xF0\0\0\0\0\0\0", 8);
    rig_says(rig_tag_error(rig, "big"), "3.4028235e+38", "1.0e+39", NULL);
    rig_says(rig_tag_error(rig, "int"), "-32768..32767", "Inf", NULL);
    assert_memory_equal(rig_db1(rig) + 24, "\x80\0\0\0", 4);
    rig_says(rig_tag_error(rig, "u"), "18446744073709551615", "e+19", NULL); /* SQL has no such integer */
}

static void dates_and_times_are_typed_as_people_write_them(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig,
            "INSERT INTO tag (name, address, value) VALUES ('time', 'DB1.DBD0:TIME', 1500),"
            " ('date', 'DB1.DBW4:DATE', 'D#2026-1-31'), ('dt', 'DB1.DBB6:DT', 'DT#2026-01-31-12:34:56.789'),"
            " ('wide', 'DB1.DBB14:WSTRING(4)', '\xF0\x9F\x98\x80'), ('bad', 'DB1.DBB32:DTL', "
            "'2026-02-30T00:00:00'),"
            " ('long', 'DB1.DBB14:WSTRING(4)', 'abcde'), ('fine', 'DB1.DBD44:TIME', 'T#1us')");
    rig_look(rig);
    assert_memory_equal(rig_db1(rig), "\0\0\x05\xDC\x33\x7B\x26\x01\x31\x12\x34\x56\x78\x97", 14);
    assert_memory_equal(rig_db1(rig) + 14, "\0\x04\0\x02\xD8\x3D\xDE\0", 8);
    assert_string_equal(rig_tag(rig, "time"), "T#1s500ms");
    assert_string_equal(rig_tag(rig, "date"), "2026-01-31");
    assert_string_equal(rig_tag(rig, "dt"), "2026-01-31T12:34:56.789");
    rig_says(rig_tag_error(rig, "bad"), "1970-01-01T00:00:00", "2026-02-30", NULL);
    rig_says(rig_tag_error(rig, "long"), "at most 4 characters", "abcde", NULL);
    rig_says(rig_tag_error(rig, "fine"), "T#1h2m3s4ms", "T#1us", NULL);
}

/* ---- errors ---- */

static int refuse_commit(void *arg)
{
    (void)arg;
    return 1;
}

static void expect_no_error(const struct plant_tag_view *tag, void *arg)
{
    (void)arg;
    rig_same(tag->error, "");
}

static void a_refused_edit_stays_in_its_row_until_its_bytes_are_written(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "INSERT INTO tag (name, address) VALUES ('n', 'DB1.DBW0:INT'), ('m', 'DB1.DBB1')");
    rig_sql(rig, "BEGIN; UPDATE block SET data = CAST(x'0007' || zeroblob(62) AS BLOB) WHERE number = 1;"
                 " UPDATE tag SET value = 'fast' WHERE name = 'n'; COMMIT");
    rig_look(rig);
    rig_same(rig_tag(rig, "n"), "fast");
    rig_same(rig_tag(rig, "m"), "7");
    rig_says(rig_tag_error(rig, "n"), "a whole number -32768..32767", "the text fast", NULL);
    rig_put(rig, 1, 10, "\1", 1);
    rig_same(rig_tag(rig, "n"), "fast");
    rig_says(rig_tag_error(rig, "n"), "the text fast", NULL);
    sqlite3_commit_hook(rig->plant->db, refuse_commit, NULL);
    assert_int_not_equal(rig_try_put(rig, 1, 1, "\x09", 1), S7_OK);
    sqlite3_commit_hook(rig->plant->db, NULL, NULL);
    rig_upkeep(rig);
    rig_same(rig_tag(rig, "n"), "fast");
    rig_says(rig_tag_error(rig, "n"), "the text fast", NULL);
    rig_put(rig, 1, 1, "\x09", 1);
    rig_same(rig_tag(rig, "n"), "9");
    rig_same(rig_tag_error(rig, "n"), "NULL");
    plant_tags(rig->plant, plant_plc_at(rig->plant, 0), expect_no_error, NULL);
}

static void a_refused_edit_goes_when_the_tag_is_to_be_shown_or_a_good_one_comes(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "INSERT INTO tag (name, address, value) VALUES ('n', 'DB1.DBW0:INT', 'fast'), ('m', "
                 "'DB1.DBW2', 'x')");
    rig_look(rig);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM tag WHERE error IS NOT NULL"), 2);
    rig_sql(rig, "UPDATE tag SET value = NULL WHERE name = 'n'; UPDATE tag SET value = 7 WHERE name = 'm'");
    rig_look(rig);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM tag WHERE error IS NOT NULL"), 0);
    rig_same(rig_tag(rig, "n"), "0");
    rig_same(rig_tag(rig, "m"), "7");
}

static void an_error_outlives_a_restart_only_while_its_reason_does(void **state)
{
    struct rig *rig = *state;

    rig_sql(
        rig,
        "INSERT INTO tag (name, address, value) VALUES ('bad', 'DB1.DBW0', 'x'), ('fixed', 'DB1.DBW2', 'x'),"
        " ('lost', 'DB5.DBW0', 5), ('typo', 'DB1.DBY4', NULL), ('short', 'DB2.DBW300', NULL)");
    rig_look(rig);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM tag WHERE error IS NOT NULL"), 5);
    rig_close_plant(rig);
    rig_open(rig, NULL);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM tag WHERE error IS NOT NULL"), 5);
    rig_same(rig_tag(rig, "bad"), "x");
    rig_close_plant(rig);
    rig_sql(rig, "UPDATE tag SET value = 3 WHERE name = 'fixed'; UPDATE tag SET address = 'DB1.DBX4.0' WHERE "
                 "name = 'typo';"
                 "INSERT INTO block (kind, number, data) VALUES ('DB', 5, x'0102');"
                 "UPDATE block SET data = zeroblob(302) WHERE kind = 'DB' AND number = 2");
    rig_open(rig, NULL);
    rig_says(rig_tag_error(rig, "bad"), "0..65535", NULL);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM tag WHERE error IS NOT NULL"), 1);
    rig_same(rig_tag(rig, "fixed"), "3");
    rig_same(rig_tag(rig, "lost"), "258");
    rig_same(rig_tag(rig, "short"), "0");
}

static void an_error_repeats_a_long_value_only_in_part_and_as_valid_text(void **state)
{
    struct rig *rig = *state;

    for (int shift = 0; shift < 3; shift++) {
        rig_sql(rig,
                "INSERT OR REPLACE INTO tag (name, address, value) VALUES ('t', 'DB1.DBB0:STRING(4)',"
                " substr('aaa', 1, %d) || replace(hex(zeroblob(100)), '00', '\xE2\x82\xAC'))",
                shift);
        rig_look(rig);
        const char *error = rig_tag_error(rig, "t");
        rig_says(error, "at most 4 characters", "U+00FF", "\xE2\x82\xAC...", NULL);
        assert_true(strlen(error) < 256);
        rig_sql(rig,
                "INSERT OR REPLACE INTO tag (name, address) VALUES ('t', substr('aaa', 1, %d) ||"
                " replace(hex(zeroblob(100)), '00', '\xE2\x82\xAC'))",
                shift);
        rig_look(rig);
        rig_says(rig_tag_error(rig, "t"), "\xE2\x82\xAC: ", NULL);
    }
}

static void a_string_says_how_much_its_first_byte_leaves(void **state)
{
    struct rig *rig = *state;

    rig_put(rig, 1, 0, "\3\1abc", 5);
    rig_sql(rig, "INSERT INTO tag (name, address, value) VALUES ('t', 'DB1.DBB0:STRING(20)', 'four')");
    rig_look(rig);
    rig_says(rig_tag_error(rig, "t"), "at most 3 characters", "the text four", NULL);
    assert_memory_equal(rig_db1(rig), "\3\1abc", 5);
}

static void a_tag_of_a_plc_that_is_not_served_says_so(void **state)
{
    struct rig *rig = *state;

    rig_sql(
        rig,
        "INSERT INTO plc (id, name) VALUES (2, 'plc2'); INSERT INTO block (plc, kind, number, data)"
        " VALUES (2, 'DB', 1, x'0102'); INSERT INTO tag (plc, name, address) VALUES (2, 't', 'DB1.DBW0')");
    rig_look(rig);
    rig_says(rig_tag_error(rig, "t"), "tag.plc", "next start", NULL);
    rig_close_plant(rig);
    rig_open(rig, NULL);
    rig_same(rig_tag_error(rig, "t"), "NULL");
    rig_same(rig_tag(rig, "t"), "258");
}

/* ---- showing ---- */

static void add_line(const struct plant_tag_view *tag, void *arg)
{
    char *text = arg;
    size_t len = strlen(text);

    snprintf(text + len, 1000 - len, "%s|%s|%s|%.10s\n", tag->name, tag->address, tag->value, tag->error);
}

static void tags_are_listed_by_name_with_canonical_addresses(void **state)
{
    struct rig *rig = *state;
    char text[1000] = "";

    rig_sql(rig, "INSERT INTO tag (name, address, type, value) VALUES ('c', 'db1.dbd4', 'real', 1.5),"
                 " ('a', 'MB1', NULL, 7), ('b', 'DB1,INT12.2', NULL, '[1,-2]'), ('e', 'DB1.DBB0:STRING(4)', "
                 "NULL, '\xC3\xA4'),"
                 " ('d', 'DB7.DBW0', NULL, NULL), ('f', 'nonsense', NULL, NULL)");
    rig_look(rig);
    plant_tags(rig->plant, plant_plc_at(rig->plant, 0), add_line, text);
    rig_same(text, "a|MB1|7|\nb|DB1.DBW12:INT[2]|[1,-2]|\nc|DB1.DBD4:REAL|1.5|\nd|DB7.DBW0||DB7.DBW0: \n"
                   "e|DB1.DBB0:STRING(4)|\xC3\xA4|\nf|||address no\n");
}

int main(void)
{
#define SERVED(test) cmocka_unit_test_setup_teardown(test, rig_setup_serving, rig_teardown)
    const struct CMUnitTest tests[] = {
        SERVED(what_is_shown_of_any_bytes_can_be_typed_in_again),
        SERVED(the_bytes_of_numbers_survive_the_way_over_sql),
        SERVED(numbers_are_shown_as_people_write_them),
        SERVED(timers_and_counters_are_addressed_by_their_number),
        SERVED(dates_and_times_are_typed_as_people_write_them),
        SERVED(infinity_and_huge_numbers_are_values_where_the_type_has_them),
        SERVED(a_refused_edit_stays_in_its_row_until_its_bytes_are_written),
        SERVED(a_refused_edit_goes_when_the_tag_is_to_be_shown_or_a_good_one_comes),
        SERVED(an_error_outlives_a_restart_only_while_its_reason_does),
        SERVED(an_error_repeats_a_long_value_only_in_part_and_as_valid_text),
        SERVED(a_string_says_how_much_its_first_byte_leaves),
        SERVED(a_tag_of_a_plc_that_is_not_served_says_so),
        SERVED(tags_are_listed_by_name_with_canonical_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
