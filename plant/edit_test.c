/* Edits by foreign hands: tags both ways, blocks that come and go, and what cannot be applied. */
#include "test_plant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct rig rig;

static int open_rig(void **state)
{
    (void)state;
    rig_make(&rig);
    rig_open(&rig, NULL);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    rig_remove(&rig);
    return 0;
}

static const struct both_ways {
    const char *address, *type, *value; /* value as SQL */
    const char *shown;                  /* what tag.value is then */
    const char *bytes;                  /* hex of DB1 from byte 0 on */
} both_ways[] = {
    {"DB1.DBX0.3", "NULL", "1", "1", "08"},
    {"DB1.DBX0.3", "NULL", "'true'", "1", "08"},
    {"DB1.DBB0", "'BYTE'", "255", "255", "FF"},
    {"DB1.DBW0", "'INT'", "-2", "-2", "FFFE"},
    {"DB1.DBW0", "'INT'", "'16#7FFF'", "32767", "7FFF"},
    {"DB1.DBW0", "'WORD'", "65535", "65535", "FFFF"},
    {"DB1.DBW0", "'INT'", "3.0", "3", "0003"},
    {"DB1.DBD0", "'DINT'", "-2147483648", "-2147483648", "80000000"},
    {"DB1.DBD0", "'DWORD'", "4294967295", "4294967295", "FFFFFFFF"},
    {"DB1.DBD0", "'REAL'", "1.1", "1.1", "3F8CCCCD"},
    {"DB1.DBD0", "'REAL'", "2", "2.0", "40000000"},
    {"DB1.DBD0", "'REAL'", "'NaN'", "nan", "7FC00000"},
    {"DB1.DBB0", "'STRING(4)'",
     "'\xC3\x9C"
     "b'",
     "\xC3\x9C"
     "b",
     "0402DC62"},
    {"DB1.DBW0", "'INT[3]'", "'[1,-1,2]'", "[1,-1,2]", "0001FFFF0002"},
    {"DB1.DBB0", "'CHAR'", "'A'", "A", "41"},
    {"DB1.DBB0", "'LREAL'", "0.1", "0.1", "3FB999999999999A"},
    {"DB1.DBB0", "'ULINT'", "'18446744073709551615'", "18446744073709551615", "FFFFFFFFFFFFFFFF"},
};

static void every_type_goes_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof both_ways / sizeof both_ways[0]; i++) {
        const struct both_ways *way = &both_ways[i];
        rig_sql(&rig, "UPDATE block SET data = zeroblob(64) WHERE number = 1");
        rig_sql(&rig, "INSERT OR REPLACE INTO tag (name, address, type, value) VALUES ('t', '%s', %s, %s)",
                way->address, way->type, way->value);
        rig_look(&rig);
        rig_same(rig_select(&rig, "SELECT error FROM tag WHERE name = 't'"), "NULL");
        rig_same(rig_select(&rig, "SELECT hex(substr(data, 1, %zu)) FROM block WHERE number = 1",
                            strlen(way->bytes) / 2),
                 way->bytes);
        rig_same(rig_select(&rig, "SELECT value FROM tag WHERE name = 't'"), way->shown);
        /* and back: the same bytes by a store show the same value */
        rig_sql(&rig, "UPDATE tag SET value = NULL WHERE name = 't'");
        rig_look(&rig);
        rig_same(rig_select(&rig, "SELECT value FROM tag WHERE name = 't'"), way->shown);
    }
}

static const struct bad_edit {
    const char *address, *type, *value;
    const char *says[2];
} bad_edits[] = {
    {"DB1.DBW0", "'INT'", "'abc'", {"-32768..32767", "abc"}},
    {"DB1.DBW0", "'INT'", "32768", {"-32768..32767", "32768"}},
    {"DB1.DBW0", "'INT'", "1.5", {"-32768..32767", "1.5"}},
    {"DB1.DBW0", "'WORD'", "-1", {"0..65535", "-1"}},
    {"DB1.DBW0", "'INT'", "x'0102'", {"-32768..32767", "BLOB"}},
    {"DB1.DBW0", "'INT'", "'1; DROP TABLE tag'", {"-32768..32767", "1; DROP TABLE tag"}},
    {"DB1.DBB0", "'STRING(4)'", "'too long'", {"at most 4 characters", "too long"}},
    {"DB1.DBB0", "'STRING(4)'", "'\xE2\x82\xAC'", {"", "\xE2\x82\xAC"}},
    {"DB1.DBW0", "'INT[3]'", "'[1,2]'", {"list", "[1,2]"}},
    {"DB1.DBW64", "NULL", "1", {"66 bytes", "has 64"}},
    {"DB7.DBW0", "NULL", "1", {"DB7", "no such block"}},
    {"DB1.DBX0.9", "NULL", "1", {"0..7", "character"}},
    {"nonsense", "NULL", "1", {"nonsense", "character"}},
};

static void a_bad_edit_explains_itself_and_leaves_the_block_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_edits / sizeof bad_edits[0]; i++) {
        const struct bad_edit *bad = &bad_edits[i];
        char error[512];
        rig_sql(&rig, "BEGIN; DELETE FROM tag; UPDATE block SET data = zeroblob(64) WHERE number = 1");
        rig_sql(&rig, "INSERT INTO tag (name, address, type, value) VALUES ('good', 'DB1.DBB40', NULL, %zu)",
                i + 1);
        rig_sql(&rig, "INSERT INTO tag (name, address, type, value) VALUES ('bad', '%s', %s, %s); COMMIT",
                bad->address, bad->type, bad->value);
        rig_look(&rig);
        snprintf(error, sizeof error, "%s", rig_select(&rig, "SELECT error FROM tag WHERE name = 'bad'"));
        rig_has(error, bad->says[0]);
        rig_has(error, bad->says[1]);
        rig_same(rig_select(&rig, "SELECT hex(substr(data, 1, 8)) FROM block WHERE number = 1"),
                 "0000000000000000");
        assert_int_equal(rig_db1(&rig)[40], i + 1); /* others of the transaction go on */
        rig_sql(&rig, "UPDATE tag SET address = 'DB1.DBW0', type = NULL, value = 1 WHERE name = 'bad'");
        rig_look(&rig);
        rig_same(rig_select(&rig, "SELECT error FROM tag WHERE name = 'bad'"), "NULL");
        assert_int_equal(rig_db1(&rig)[1], 1);
    }
}

static void in_one_transaction_blocks_come_first_and_tags_in_the_order_of_their_last_edit(void **state)
{
    (void)state;
    rig_sql(&rig, "INSERT INTO tag (name, address) VALUES ('a', 'DB1.DBW0'), ('b', 'DB1.DBB1')");
    rig_look(&rig);
    rig_sql(
        &rig,
        "BEGIN; UPDATE tag SET value = 1 WHERE name = 'b'; UPDATE tag SET value = 0x0202 WHERE name = 'a';"
        "UPDATE tag SET value = 3 WHERE name = 'b';"
        "UPDATE block SET data = CAST(x'09090909' || substr(data, 5) AS BLOB) WHERE number = 1; COMMIT");
    rig_look(&rig);
    assert_memory_equal(rig_db1(&rig), "\x02\x03\x09\x09", 4);
    rig_same(rig_select(&rig, "SELECT value FROM tag WHERE name = 'a'"), "515");
}

static void edits_made_while_nobody_serves_are_applied_at_the_start(void **state)
{
    (void)state;
    rig_close_plant(&rig);
    rig_sql(&rig, "INSERT INTO tag (name, address, value) VALUES ('edit', 'DB1.DBW0', 258)");
    rig_sql(&rig, "INSERT INTO tag (name, address) VALUES ('show', 'DB1.DBB1')");
    rig_sql(&rig, "UPDATE block SET data = zeroblob(80) WHERE number = 1");
    rig_open(&rig, NULL);
    assert_int_equal(rig_block(&rig, S7_AREA_DB, 1)->len, 80);
    assert_memory_equal(rig_db1(&rig), "\x01\x02", 2);
    rig_same(rig_select(&rig, "SELECT value FROM tag WHERE name = 'show'"), "2");
    rig_same(rig_select(&rig, "SELECT hex(substr(data, 1, 2)) FROM block WHERE number = 1"), "0102");
    rig_same(rig_select(&rig, "SELECT count(*) FROM change"), "0");
}

static void blocks_come_go_shrink_and_move_while_they_are_served(void **state)
{
    (void)state;
    rig_sql(&rig, "INSERT INTO tag (name, address) VALUES ('t', 'DB1.DBW60')");
    rig_sql(&rig, "UPDATE block SET data = x'0102' WHERE number = 1");
    rig_look(&rig);
    assert_int_equal(rig_block(&rig, S7_AREA_DB, 1)->len, 2);
    rig_has(rig_select(&rig, "SELECT error FROM tag WHERE name = 't'"), "has 2");
    rig_sql(&rig, "UPDATE block SET data = zeroblob(100) WHERE number = 1");
    rig_look(&rig);
    rig_same(rig_select(&rig, "SELECT error FROM tag WHERE name = 't'"), "NULL");
    rig_sql(&rig, "DELETE FROM block WHERE number = 1");
    rig_look(&rig);
    assert_null(rig_block(&rig, S7_AREA_DB, 1));
    rig_has(rig_select(&rig, "SELECT error FROM tag WHERE name = 't'"), "no such block");
    rig_sql(&rig, "UPDATE block SET number = 1 WHERE number = 2");
    rig_look(&rig);
    assert_null(rig_block(&rig, S7_AREA_DB, 2));
    assert_int_equal(rig_block(&rig, S7_AREA_DB, 1)->len, 300);
    rig_sql(&rig,
            "INSERT OR REPLACE INTO block (kind, number, data) VALUES ('DB', 1, x'2a2b'), ('DB', 9, x'07')");
    rig_look(&rig);
    assert_int_equal(rig_block(&rig, S7_AREA_DB, 1)->len, 2);
    assert_int_equal(rig_db1(&rig)[0], 0x2a);
    assert_int_equal(rig_block(&rig, S7_AREA_DB, 9)->data[0], 7);
    assert_int_equal(rig_store(&rig, 1, "\x01", 1), S7_OK);
    rig_same(rig_select(&rig, "SELECT hex(data) FROM block WHERE number = 1"), "2A01");
}

static void tags_are_renamed_moved_and_deleted_while_they_are_served(void **state)
{
    (void)state;
    rig_sql(&rig, "INSERT INTO tag (name, address) VALUES ('t', 'DB1.DBB0')");
    rig_look(&rig);
    rig_sql(&rig, "UPDATE tag SET name = 'u', address = 'DB1.DBB1'");
    assert_int_equal(rig_store(&rig, 0, "\x05\x06", 2), S7_OK);
    rig_same(rig_select(&rig, "SELECT value FROM tag WHERE name = 'u'"), "6");
    rig_sql(&rig, "INSERT OR REPLACE INTO tag (name, address) VALUES ('u', 'DB1.DBB0')");
    assert_int_equal(rig_store(&rig, 0, "\x07\x08", 2), S7_OK);
    rig_same(rig_select(&rig, "SELECT value FROM tag WHERE name = 'u'"), "7");
    rig_sql(&rig, "DELETE FROM tag");
    assert_int_equal(rig_store(&rig, 0, "\x09", 1), S7_OK);
    rig_same(rig_select(&rig, "SELECT count(*) FROM tag"), "0");
}

static void plc_rows_are_edited_in_place_and_may_go(void **state)
{
    const struct plant_plc *plc = plant_plc_at(rig.plant, 0);

    (void)state;
    assert_int_equal(plc->slot, -1);
    rig_sql(&rig, "UPDATE plc SET slot = 3, connections = 2, pdu_length = 480");
    rig_look(&rig);
    assert_int_equal(plc->slot, 3);
    assert_int_equal(plc->connections, 2);
    assert_int_equal(plc->pdu_len, 480);
    rig_sql(&rig, "DELETE FROM plc");
    rig_look(&rig);
    assert_true(plc->gone);
}

static void what_a_table_cannot_hold_is_refused_by_the_file_itself(void **state)
{
    static const char *const wrong[] = {
        "UPDATE block SET data = 'text' WHERE number = 1",
        "UPDATE block SET data = zeroblob(65537) WHERE number = 1",
        "UPDATE block SET number = 0 WHERE number = 1",
        "INSERT INTO block (kind, number, data) VALUES ('M', 1, x'00')",
        "INSERT INTO block (kind, number, data) VALUES ('X', 0, x'00')",
        "UPDATE plc SET slot = 32",
        "UPDATE plc SET pdu_length = 200",
        "UPDATE plc SET listen = 'nowhere'",
        "UPDATE plc SET name = ''",
        "INSERT INTO tag (name, address) VALUES (NULL, 'DB1.DBB0')",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (rig_try(&rig, wrong[i]) != SQLITE_CONSTRAINT)
            fail_msg("the file takes: %s", wrong[i]);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_type_goes_both_ways),
        TEST(a_bad_edit_explains_itself_and_leaves_the_block_alone),
        TEST(in_one_transaction_blocks_come_first_and_tags_in_the_order_of_their_last_edit),
        TEST(edits_made_while_nobody_serves_are_applied_at_the_start),
        TEST(blocks_come_go_shrink_and_move_while_they_are_served),
        TEST(tags_are_renamed_moved_and_deleted_while_they_are_served),
        TEST(plc_rows_are_edited_in_place_and_may_go),
        TEST(what_a_table_cannot_hold_is_refused_by_the_file_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
