/* code_test.c - blocks that are loaded and deleted in a turn, and the files that they came in. */
#include "test_plant.h"

#include "plant_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct plant_plc *plc(struct rig *rig)
{
    return plant_plc_at(rig->plant, 0);
}

/* A file of 80 bytes of this letter. */
static s7_status load(struct rig *rig, enum plant_kind kind, uint16_t number, char letter, uint32_t data_len)
{
    uint8_t file[80], data[400];
    const struct plant_code code = {.kind = kind, .number = number, .len = sizeof file, .file = file};

    memset(file, letter, sizeof file);
    memset(data, letter, sizeof data);
    return plant_load(rig->plant, plc(rig), &code, data, data_len);
}

static s7_status load_now(struct rig *rig, enum plant_kind kind, uint16_t number, char letter,
                          uint32_t data_len)
{
    s7_status status = plant_turn_begin(rig->plant, true);

    if (status == S7_OK)
        status = load(rig, kind, number, letter, data_len);
    s7_status ended = plant_turn_end(rig->plant);
    return status != S7_OK ? status : ended;
}

static s7_status delete_now(struct rig *rig, enum plant_kind kind, uint16_t number)
{
    s7_status status = plant_turn_begin(rig->plant, true);

    if (status == S7_OK)
        status = plant_delete(rig->plant, plc(rig), kind, number);
    s7_status ended = plant_turn_end(rig->plant);
    return status != S7_OK ? status : ended;
}

static const struct plant_code *code(struct rig *rig, enum plant_kind kind, uint16_t number)
{
    return plant_code_find(rig->plant, plc(rig), kind, number);
}

static char letter_of(struct rig *rig, enum plant_kind kind, uint16_t number)
{
    const struct plant_code *found = code(rig, kind, number);

    return found != NULL && found->len == 80 ? (char)found->file[79] : '-';
}

/* From now on a turn with a diagnostic entry cannot be committed. */
static void fail_commits(struct rig *rig)
{
    rig_sql(rig, "ALTER TABLE diagnostic ADD COLUMN no TEXT NOT NULL DEFAULT 'x' CHECK (event <> '4304')");
    rig_look(rig);
}

static void failing_turn_begin(struct rig *rig)
{
    const uint8_t entry[PLANT_DIAG_LEN] = {0x43, 0x04};

    assert_status(plant_turn_begin(rig->plant, true), S7_OK);
    assert_status(plant_diag_add(rig->plant, plc(rig), entry, ""), S7_OK);
}

/* ---- what it is for ---- */

static void what_was_loaded_is_in_the_file_and_there_after_a_restart(void **state)
{
    struct rig *rig = *state;

    assert_status(load_now(rig, PLANT_OB, 1, 'o', 0), S7_OK);
    assert_status(load_now(rig, PLANT_SDB, 0, 's', 0), S7_OK);
    assert_status(load_now(rig, PLANT_DB, 7, 'd', 5), S7_OK);
    rig_same(rig_select(rig, "SELECT group_concat(kind || number || length(file)) FROM code"),
             "OB180,SDB080,DB780");
    rig_same(rig_hex(rig, 7), "6464646464");
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM change"), 0);
    rig_close_plant(rig);
    rig_open(rig, NULL);
    assert_int_equal(letter_of(rig, PLANT_OB, 1), 'o');
    assert_int_equal(letter_of(rig, PLANT_SDB, 0), 's');
    assert_int_equal(letter_of(rig, PLANT_DB, 7), 'd');
    assert_null(code(rig, PLANT_FC, 1));
    rig_same(rig_ram(rig, 7), "6464646464");
}

static void a_block_takes_the_place_of_its_predecessor(void **state)
{
    static const uint32_t lens[] = {5, 5, 9, 0, 300};
    struct rig *rig = *state;
    int64_t id = rig_int(rig, "SELECT id FROM block WHERE number = 2");

    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        assert_status(load_now(rig, PLANT_DB, 2, (char)('a' + i), lens[i]), S7_OK);
        assert_int_equal(letter_of(rig, PLANT_DB, 2), 'a' + i);
        assert_int_equal(rig_block(rig, S7_AREA_DB, 2)->len, lens[i]);
        rig_same(rig_ram(rig, 2), rig_hex(rig, 2));
        assert_int_equal(rig_int(rig, "SELECT id FROM block WHERE number = 2"), id);
        assert_int_equal(rig_int(rig, "SELECT count(*) FROM code"), 1);
    }
}

static void what_is_deleted_is_gone_in_both(void **state)
{
    struct rig *rig = *state;

    assert_status(delete_now(rig, PLANT_FC, 3), S7_E_ARG);
    assert_status(load_now(rig, PLANT_FC, 3, 'f', 0), S7_OK);
    assert_status(load_now(rig, PLANT_DB, 1, 'd', 3), S7_OK);
    assert_status(delete_now(rig, PLANT_FC, 3), S7_OK);
    assert_status(delete_now(rig, PLANT_DB, 1), S7_OK);
    assert_status(delete_now(rig, PLANT_DB, 2), S7_OK); /* it never was loaded */
    assert_status(delete_now(rig, PLANT_DB, 2), S7_E_ARG);
    assert_null(code(rig, PLANT_FC, 3));
    assert_null(rig_block(rig, S7_AREA_DB, 1));
    assert_int_equal(
        rig_int(rig, "SELECT (SELECT count(*) FROM code) + (SELECT count(*) FROM block WHERE kind = 'DB')"),
        0);
    rig_sql(rig, "INSERT INTO block (kind, number, data) VALUES ('DB', 1, x'0102')");
    rig_look(rig);
    rig_same(rig_ram(rig, 1), "0102");
}

static void tags_follow_the_blocks(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "INSERT INTO tag (name, address) VALUES ('near', 'DB1.DBB0:CHAR'), ('far', 'DB1.DBW62'),"
                 " ('new', 'DB9.DBB1:CHAR')");
    rig_look(rig);
    assert_status(load_now(rig, PLANT_DB, 1, 'x', 10), S7_OK);
    rig_same(rig_tag(rig, "near"), "x");
    rig_has(rig_tag_error(rig, "far"), "needs 64 bytes, the block has 10");
    assert_status(load_now(rig, PLANT_DB, 9, 'y', 2), S7_OK);
    rig_same(rig_tag(rig, "new"), "y");
    rig_same(rig_tag_error(rig, "new"), "NULL");
    rig_put(rig, 9, 1, "z", 1);
    rig_same(rig_tag(rig, "new"), "z");
    assert_status(delete_now(rig, PLANT_DB, 1), S7_OK);
    rig_has(rig_tag_error(rig, "near"), "no such block");
    assert_status(load_now(rig, PLANT_DB, 1, 'w', 64), S7_OK);
    rig_same(rig_tag(rig, "near"), "w");
    rig_same(rig_tag(rig, "far"), "30583");
}

static void a_block_that_came_can_be_stored_to_in_the_same_turn(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "INSERT INTO tag (name, address) VALUES ('new', 'DB9.DBB1:CHAR')");
    assert_status(plant_turn_begin(rig->plant, true), S7_OK);
    assert_status(load(rig, PLANT_DB, 9, 'a', 3), S7_OK);
    assert_status(plant_store(rig->plant, rig_block(rig, S7_AREA_DB, 9), 1, (const uint8_t *)"b", 1), S7_OK);
    assert_status(load(rig, PLANT_DB, 8, 'c', 3), S7_OK);
    assert_status(plant_delete(rig->plant, plc(rig), PLANT_DB, 8), S7_OK);
    assert_status(plant_delete(rig->plant, plc(rig), PLANT_DB, 2), S7_OK);
    assert_status(load(rig, PLANT_DB, 2, 'd', 1), S7_OK);
    assert_status(plant_turn_end(rig->plant), S7_OK);
    rig_same(rig_hex(rig, 9), "616261");
    rig_same(rig_hex(rig, 2), "64");
    rig_same(rig_tag(rig, "new"), "b");
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM block WHERE number = 8"), 0);
}

/* ---- what foreign programs do ---- */

static void edits_of_code_are_seen_by_the_next_turn(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig,
            "INSERT INTO code (kind, number, file) VALUES ('FB', 4, zeroblob(72)), ('FB', 2, zeroblob(73))");
    rig_look(rig);
    assert_int_equal(code(rig, PLANT_FB, 2)->len, 73);
    assert_int_equal(code(rig, PLANT_FB, 4)->len, 72);
    rig_sql(rig, "UPDATE code SET number = 5 WHERE number = 4; DELETE FROM code WHERE number = 2");
    rig_look(rig);
    assert_null(code(rig, PLANT_FB, 2));
    assert_null(code(rig, PLANT_FB, 4));
    assert_non_null(code(rig, PLANT_FB, 5));
    rig_upkeep(rig);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM change"), 0);
    assert_int_not_equal(rig_try(rig, "UPDATE code SET file = zeroblob(71)"), SQLITE_OK);
    assert_int_not_equal(rig_try(rig, "UPDATE code SET kind = 'SFC'"), SQLITE_OK);
    assert_int_not_equal(rig_try(rig, "UPDATE code SET kind = 'DB', number = 0"), SQLITE_OK);
    assert_int_not_equal(rig_try(rig, "UPDATE code SET number = 65536"), SQLITE_OK);
    rig_sql(rig, "PRAGMA ignore_check_constraints = ON; UPDATE code SET file = zeroblob(5)");
    rig_look(rig);
    assert_null(code(rig, PLANT_FB, 5));
    rig_sql(rig, "PRAGMA foreign_keys = ON; DELETE FROM plc");
    rig_look(rig);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM code"), 0);
}

/* ---- turns that are undone ---- */

static void a_turn_that_cannot_be_committed_moved_nothing(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "INSERT INTO tag (name, address, value) VALUES ('near', 'DB1.DBB0', 5), ('bad', 'DB1.DBW62',"
                 " 'x'), ('new', 'DB9.DBB1', NULL), ('two', 'DB2.DBB0', 7)");
    assert_status(load_now(rig, PLANT_OB, 1, 'o', 0), S7_OK);
    fail_commits(rig);
    failing_turn_begin(rig);
    assert_status(load(rig, PLANT_DB, 1, 'x', 10), S7_OK);
    assert_status(load(rig, PLANT_DB, 9, 'y', 10), S7_OK);
    assert_status(plant_store(rig->plant, rig_block(rig, S7_AREA_DB, 9), 1, (const uint8_t *)"b", 1), S7_OK);
    assert_status(plant_store(rig->plant, rig_block(rig, S7_AREA_DB, 2), 1, (const uint8_t *)"b", 1), S7_OK);
    assert_status(plant_delete(rig->plant, plc(rig), PLANT_DB, 2), S7_OK);
    assert_status(load(rig, PLANT_DB, 2, 'z', 300), S7_OK);
    assert_status(load(rig, PLANT_OB, 1, 'p', 0), S7_OK);
    assert_status(plant_delete(rig->plant, plc(rig), PLANT_OB, 1), S7_OK);
    assert_status(load(rig, PLANT_FC, 1, 'f', 0), S7_OK);
    assert_true(plant_turn_end(rig->plant) != S7_OK);

    assert_int_equal(letter_of(rig, PLANT_OB, 1), 'o');
    assert_null(code(rig, PLANT_FC, 1));
    assert_null(code(rig, PLANT_DB, 1));
    assert_null(rig_block(rig, S7_AREA_DB, 9));
    assert_int_equal(rig_block(rig, S7_AREA_DB, 1)->len, 64);
    rig_same(rig_ram(rig, 1), rig_hex(rig, 1));
    rig_same(rig_ram(rig, 2), rig_hex(rig, 2));
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM code"), 1);
    rig_put(rig, 2, 0, "\x09", 1);
    rig_put(rig, 1, 0, "\x06", 1);
    rig_same(rig_tag(rig, "two"), "9");
    rig_same(rig_tag(rig, "near"), "6");
    rig_has(rig_tag_error(rig, "bad"), "the text x");
    rig_has(rig_tag_error(rig, "new"), "no such block");
    rig_put(rig, 1, 63, "\x01", 1); /* the refused edit was known all the time */
    rig_same(rig_tag(rig, "bad"), "1");
    rig_same(rig_tag_error(rig, "bad"), "NULL");
}

static void random_turns_that_are_undone_leave_everything_as_it_was(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig,
            "INSERT INTO tag (name, address) VALUES ('a', 'DB1.DBB0'), ('b', 'DB2.DBB4'), ('c', 'DB3.DBB2'),"
            " ('d', 'DB4.DBB0'), ('e', 'DB1.DBB9'), ('f', 'DB2.DBB0')");
    fail_commits(rig);
    for (unsigned round = 0; round < 400; round++) {
        bool fails = rig_random(2) == 0;
        char before[4][1024];
        for (uint16_t db = 1; db <= 4; db++)
            snprintf(before[db - 1], sizeof before[0], "%s", rig_ram(rig, db));
        if (fails)
            failing_turn_begin(rig);
        else
            assert_status(plant_turn_begin(rig->plant, true), S7_OK);
        for (unsigned n = rig_random(6); n > 0; n--) {
            uint16_t db = (uint16_t)(1 + rig_random(4));
            struct plant_block *block = rig_block(rig, S7_AREA_DB, db);
            unsigned what = rig_random(3);
            if (what == 0)
                assert_status(load(rig, PLANT_DB, db, (char)('a' + rig_random(26)), rig_random(12)), S7_OK);
            else if (what == 1 && block != NULL)
                assert_status(plant_delete(rig->plant, plc(rig), PLANT_DB, db), S7_OK);
            else if (block != NULL && block->len > 0)
                assert_status(plant_store(rig->plant, block, 0, (const uint8_t *)"!", 1), S7_OK);
        }
        s7_status ended = plant_turn_end(rig->plant);
        assert_true(fails == (ended != S7_OK));
        for (uint16_t db = 1; db <= 4; db++) {
            if (fails)
                rig_same(rig_ram(rig, db), before[db - 1]);
            if (rig_block(rig, S7_AREA_DB, db) != NULL)
                rig_same(rig_ram(rig, db), rig_hex(rig, db));
            assert_int_equal(rig_int(rig, "SELECT count(*) FROM block WHERE kind = 'DB' AND number = %u", db),
                             rig_block(rig, S7_AREA_DB, db) != NULL);
        }
    }
}

static void nothing_can_be_loaded_in_a_turn_that_only_reads(void **state)
{
    struct rig *rig = *state;

    assert_status(plant_turn_begin(rig->plant, false), S7_OK);
    assert_status(load(rig, PLANT_DB, 1, 'x', 10), S7_E_MISUSE);
    assert_status(plant_delete(rig->plant, plc(rig), PLANT_DB, 1), S7_E_MISUSE);
    assert_status(plant_turn_end(rig->plant), S7_OK);
    assert_int_equal(rig_block(rig, S7_AREA_DB, 1)->len, 64);
    assert_status(load_now(rig, PLANT_DB, 0, 'x', 10), S7_E_ARG);
}

/* A foreign program has a trigger of the same table forbid it. */
static void a_row_that_cannot_be_written_fails_the_whole_turn(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "CREATE UNIQUE INDEX one ON code (file)");
    assert_status(load_now(rig, PLANT_FC, 1, 'x', 0), S7_OK);
    assert_status(plant_turn_begin(rig->plant, true), S7_OK);
    assert_status(plant_store(rig->plant, rig_block(rig, S7_AREA_DB, 1), 0, (const uint8_t *)"b", 1), S7_OK);
    assert_true(load(rig, PLANT_FC, 2, 'x', 0) != S7_OK);
    assert_true(plant_turn_end(rig->plant) != S7_OK);
    rig_has(plant_last_error(rig->plant)->text, "UNIQUE");
    assert_null(code(rig, PLANT_FC, 2));
    rig_same(rig_ram(rig, 1), rig_hex(rig, 1));
    assert_status(load_now(rig, PLANT_FC, 2, 'y', 0), S7_OK);
}

/* ---- memory durability ---- */

static void with_memory_durability_blocks_are_in_the_file_at_once(void **state)
{
    struct rig *rig = *state;

    rig_open_in_memory(rig);
    rig_put(rig, 1, 0, "old", 3);
    assert_status(load_now(rig, PLANT_DB, 9, 'n', 2), S7_OK);
    rig_same(rig_hex(rig, 9), "6E6E");
    rig_same(rig_ram(rig, 1), rig_hex(rig, 1));
    rig_put(rig, 9, 0, "o", 1);
    rig_sql(rig, "BEGIN IMMEDIATE");
    assert_status(load_now(rig, PLANT_DB, 8, 'n', 2), S7_E_PLANT_BUSY);
    rig_sql(rig, "COMMIT");
    fail_commits(rig);
    rig_put(rig, 9, 1, "p", 1);
    failing_turn_begin(rig);
    assert_status(load(rig, PLANT_DB, 9, 'q', 4), S7_OK);
    assert_true(plant_turn_end(rig->plant) != S7_OK);
    rig_same(rig_ram(rig, 9), "6F70");
    rig_upkeep(rig);
    rig_same(rig_hex(rig, 9), "6F70");
}

#define SERVING(test) cmocka_unit_test_setup_teardown(test, rig_setup_serving, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVING(what_was_loaded_is_in_the_file_and_there_after_a_restart),
        SERVING(a_block_takes_the_place_of_its_predecessor),
        SERVING(what_is_deleted_is_gone_in_both),
        SERVING(tags_follow_the_blocks),
        SERVING(a_block_that_came_can_be_stored_to_in_the_same_turn),
        SERVING(edits_of_code_are_seen_by_the_next_turn),
        SERVING(a_turn_that_cannot_be_committed_moved_nothing),
        SERVING(random_turns_that_are_undone_leave_everything_as_it_was),
        SERVING(nothing_can_be_loaded_in_a_turn_that_only_reads),
        SERVING(a_row_that_cannot_be_written_fails_the_whole_turn),
        cmocka_unit_test_setup_teardown(with_memory_durability_blocks_are_in_the_file_at_once, rig_setup,
                                        rig_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
