/* lock_test.c - beside a foreign program that holds a lock: nothing waits, nothing is lost, nothing is
 * applied twice. */
#include "test_plant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A second foreign program that holds the write lock until it is let go. */
static sqlite3 *hold(struct rig *rig, const char *sql)
{
    sqlite3 *db = rig_connect(rig);

    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    return db;
}

static void let_go(sqlite3 *db)
{
    if (sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("ROLLBACK: %s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void add_tags(struct rig *rig)
{
    rig_sql(rig, "INSERT INTO tag (name, address) VALUES ('word', 'DB1.DBW0'), ('low', 'DB1.DBB1'),"
                 " ('far', 'DB1.DBW20:INT'), ('end', 'DB1.DBW62')");
    rig_look(rig);
}

static void a_write_turn_is_busy_at_once_and_the_edits_before_are_seen(void **state)
{
    struct rig *rig = *state;

    add_tags(rig);
    rig_sql(rig, "UPDATE tag SET value = 258 WHERE name = 'word'");
    sqlite3 *other = hold(rig, "BEGIN IMMEDIATE; UPDATE tag SET value = 7 WHERE name = 'far'");
    assert_status(rig_try_put(rig, 1, 30, "\x55", 1), S7_E_PLANT_BUSY);
    assert_memory_equal(rig_db1(rig), "\1\2", 2);
    assert_int_equal(rig_db1(rig)[30], 0);
    assert_int_equal(rig_db1(rig)[21], 0); /* not committed, so not seen */
    rig_look(rig);
    assert_status(rig_try_put(rig, 1, 30, "\x55", 1), S7_E_PLANT_BUSY);
    let_go(other);
    rig_put(rig, 1, 30, "\x55", 1);
    assert_string_equal(rig_ram(rig, 1), rig_hex(rig, 1));
    assert_string_equal(rig_tag(rig, "word"), "258");
}

static void check_what_is_owed_is_written(struct rig *rig)
{
    assert_string_equal(rig_hex(rig, 1), rig_ram(rig, 1));
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM change"), 0);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM tag WHERE value IS NOT applied AND error IS NULL"),
                     0);
}

/* Edits of every kind, seen while another program holds the lock. */
static void edit_all(struct rig *rig)
{
    rig_sql(rig, "BEGIN;"
                 "UPDATE block SET data = zeroblob(40) WHERE kind = 'DB' AND number = 1;"
                 "UPDATE tag SET value = 258 WHERE name = 'word';"
                 "UPDATE tag SET value = 'x' WHERE name = 'far';"
                 "DELETE FROM block WHERE kind = 'DB' AND number = 2;"
                 "INSERT INTO tag (name, address, value) VALUES ('new', 'DB1.DBB8', 9);"
                 "COMMIT");
}

static void check_all_in_ram(struct rig *rig)
{
    assert_int_equal(rig_block(rig, S7_AREA_DB, 1)->len, 40);
    assert_memory_equal(rig_db1(rig), "\1\2\0\0\0\0\0\0\x09", 9);
    assert_null(rig_block(rig, S7_AREA_DB, 2));
}

static void check_all_in_file(struct rig *rig)
{
    check_what_is_owed_is_written(rig);
    assert_string_equal(rig_tag(rig, "low"), "2");
    assert_string_equal(rig_tag(rig, "new"), "9");
    assert_string_equal(rig_tag(rig, "far"), "x");
    rig_says(rig_tag_error(rig, "far"), "-32768..32767", "the text x", NULL);
    rig_says(rig_tag_error(rig, "end"), "DB1.DBW62", "64 bytes", "has 40", NULL);
    rig_sql(rig, "UPDATE tag SET value = 3 WHERE name = 'far'");
    rig_look(rig);
    assert_string_equal(rig_tag_error(rig, "far"), "NULL");
}

static void edits_under_a_foreign_lock_are_in_ram_and_upkeep_writes_them_later(void **state)
{
    struct rig *rig = *state;

    add_tags(rig);
    edit_all(rig);
    sqlite3 *other = hold(rig, "BEGIN IMMEDIATE");
    rig_look(rig);
    check_all_in_ram(rig);
    assert_status(plant_upkeep(rig->plant), S7_OK); /* still locked: later */
    assert_int_not_equal(rig_int(rig, "SELECT count(*) FROM change"), 0);
    let_go(other);
    rig_look(rig); /* a look takes no lock and changes nothing */
    check_all_in_ram(rig);
    rig_upkeep(rig);
    check_all_in_ram(rig);
    check_all_in_file(rig);
}

static void edits_under_a_foreign_lock_are_written_by_the_next_turn_that_writes(void **state)
{
    struct rig *rig = *state;

    add_tags(rig);
    edit_all(rig);
    sqlite3 *other = hold(rig, "BEGIN IMMEDIATE");
    rig_look(rig);
    assert_status(rig_try_put(rig, 1, 0, "\x77", 1), S7_E_PLANT_BUSY);
    check_all_in_ram(rig);
    let_go(other);
    rig_put(rig, 1, 30, "\x55", 1);
    check_all_in_ram(rig);
    check_all_in_file(rig);
}

static void an_owed_edit_is_applied_once_and_never_over_a_later_one(void **state)
{
    struct rig *rig = *state;

    add_tags(rig);
    rig_sql(rig, "UPDATE tag SET value = 258 WHERE name = 'word'");
    sqlite3 *other = hold(rig, "BEGIN IMMEDIATE");
    rig_look(rig);
    let_go(other);
    rig_sql(rig, "UPDATE tag SET value = 99 WHERE name = 'low'"); /* a later foreign edit */
    other = hold(rig, "BEGIN IMMEDIATE");
    rig_look(rig);
    assert_memory_equal(rig_db1(rig), "\1\x63", 2);
    let_go(other);
    rig_put(rig, 1, 0, "\x77", 1); /* a later store */
    assert_memory_equal(rig_db1(rig), "\x77\x63", 2);
    rig_upkeep(rig);
    rig_look(rig);
    assert_memory_equal(rig_db1(rig), "\x77\x63", 2);
    check_what_is_owed_is_written(rig);
}

static void an_error_that_went_away_under_a_foreign_lock_goes_from_the_file_too(void **state)
{
    struct rig *rig = *state;

    add_tags(rig);
    rig_sql(rig, "UPDATE tag SET value = 'x' WHERE name = 'far'; UPDATE tag SET address = 'DB9.DBW0' WHERE "
                 "name = 'end'");
    rig_look(rig);
    rig_says(rig_tag_error(rig, "far"), "x", NULL);
    rig_says(rig_tag_error(rig, "end"), "DB9", NULL);
    rig_sql(rig, "UPDATE tag SET value = 4 WHERE name = 'far';"
                 "INSERT INTO block (kind, number, data) VALUES ('DB', 9, x'0105')");
    sqlite3 *other = hold(rig, "BEGIN IMMEDIATE");
    rig_look(rig);
    let_go(other);
    rig_upkeep(rig);
    assert_string_equal(rig_tag_error(rig, "far"), "NULL");
    assert_string_equal(rig_tag_error(rig, "end"), "NULL");
    assert_string_equal(rig_tag(rig, "far"), "4");
    assert_string_equal(rig_tag(rig, "end"), "261");
}

static void a_foreign_reader_does_not_keep_turns_from_committing(void **state)
{
    struct rig *rig = *state;

    add_tags(rig);
    sqlite3 *other = hold(rig, "BEGIN; SELECT count(*) FROM tag");
    for (uint8_t i = 0; i < 10; i++)
        rig_put(rig, 1, 0, &i, 1);
    assert_string_equal(rig_tag(rig, "word"), "2304");
    let_go(other);
}

/* ---- memory durability ---- */

static int setup_memory(void **state)
{
    rig_setup(state);
    rig_open_in_memory(*state);
    return 0;
}

static void memory_durability_is_written_by_upkeep_and_by_close(void **state)
{
    struct rig *rig = *state;

    add_tags(rig);
    rig_put(rig, 1, 0, "\1\2", 2);
    assert_string_equal(rig_tag(rig, "word"), "0");
    rig_upkeep(rig);
    assert_string_equal(rig_tag(rig, "word"), "258");
    assert_string_equal(rig_hex(rig, 1), rig_ram(rig, 1));
    rig_put(rig, 1, 0, "\1\3", 2);
    rig_close_plant(rig);
    assert_string_equal(rig_tag(rig, "word"), "259");
}

static void memory_durability_stores_beside_a_foreign_lock_and_writes_later(void **state)
{
    struct rig *rig = *state;

    add_tags(rig);
    sqlite3 *other = hold(rig, "BEGIN IMMEDIATE");
    rig_put(rig, 1, 0, "\1\2", 2);
    rig_upkeep(rig);
    assert_string_equal(rig_tag(rig, "word"), "0");
    let_go(other);
    rig_sql(rig, "UPDATE tag SET value = 5 WHERE name = 'far'");
    rig_look(rig); /* an edit brings the stores along */
    assert_string_equal(rig_tag(rig, "word"), "258");
    assert_string_equal(rig_hex(rig, 1), rig_ram(rig, 1));
}

static void memory_durability_stores_nothing_over_an_edit_that_is_owed(void **state)
{
    struct rig *rig = *state;

    add_tags(rig);
    rig_put(rig, 1, 10, "\x0A", 1);
    rig_sql(rig, "UPDATE tag SET value = 258 WHERE name = 'word'");
    sqlite3 *other = hold(rig, "BEGIN IMMEDIATE");
    assert_status(rig_try_put(rig, 1, 0, "\x77", 1), S7_E_PLANT_BUSY);
    assert_memory_equal(rig_db1(rig), "\1\2", 2);
    assert_int_equal(rig_db1(rig)[10], 10);
    assert_status(rig_try_put(rig, 1, 0, "\x77", 1), S7_E_PLANT_BUSY);
    let_go(other);
    rig_put(rig, 1, 0, "\x77", 1);
    assert_memory_equal(rig_db1(rig), "\x77\2", 2);
    rig_upkeep(rig);
    rig_look(rig);
    assert_memory_equal(rig_db1(rig), "\x77\2", 2);
    assert_int_equal(rig_db1(rig)[10], 10);
    check_what_is_owed_is_written(rig);
}

/* ---- rollback journal ---- */

static int setup_journal(void **state)
{
    struct plant_options options;

    rig_setup(state);
    plant_options_init(&options);
    options.journal_delete = true;
    rig_open(*state, &options);
    return 0;
}

static void a_rollback_journal_keeps_both_promises(void **state)
{
    struct rig *rig = *state;

    assert_string_equal(rig_select(rig, "PRAGMA journal_mode"), "delete");
    add_tags(rig);
    for (int i = 0; i < 50; i++) {
        rig_put(rig, 1, 0, (const uint8_t[]){1, (uint8_t)i}, 2);
        assert_int_equal(rig_int(rig, "SELECT value FROM tag WHERE name = 'low'"), i);
        rig_sql(rig, "UPDATE tag SET value = %d WHERE name = 'far'", i);
        rig_look(rig);
        assert_int_equal(rig_db1(rig)[21], i);
    }
    assert_string_equal(rig_hex(rig, 1), rig_ram(rig, 1));
}

static void with_a_rollback_journal_an_exclusive_lock_makes_writes_busy_and_reads_go_on(void **state)
{
    struct rig *rig = *state;

    add_tags(rig);
    sqlite3 *other = hold(rig, "BEGIN EXCLUSIVE");
    assert_status(rig_try_put(rig, 1, 0, "\x77", 1), S7_E_PLANT_BUSY);
    rig_look(rig);
    assert_int_equal(rig_db1(rig)[0], 0);
    if (sqlite3_exec(other, "UPDATE tag SET value = 258 WHERE name = 'word'; COMMIT; BEGIN", NULL, NULL,
                     NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(other));
    rig_look(rig);
    assert_memory_equal(rig_db1(rig), "\1\2", 2);
    let_go(other);
    rig_put(rig, 1, 0, "\x77", 1);
    assert_string_equal(rig_tag(rig, "word"), "30466");
}

static void with_a_rollback_journal_a_foreign_reader_makes_the_commit_busy_and_nothing_changes(void **state)
{
    struct rig *rig = *state;

    add_tags(rig);
    rig_put(rig, 1, 0, "\1\2", 2);
    sqlite3 *other = hold(rig, "BEGIN; SELECT count(*) FROM tag");
    assert_status(rig_try_put(rig, 1, 0, "\x77\x78", 2), S7_E_PLANT_BUSY);
    assert_memory_equal(rig_db1(rig), "\1\2", 2);
    assert_string_equal(rig_tag(rig, "word"), "258");
    let_go(other);
    rig_put(rig, 1, 0, "\x77\x78", 2);
    assert_string_equal(rig_tag(rig, "word"), "30584");
}

int main(void)
{
#define SERVED(test)  cmocka_unit_test_setup_teardown(test, rig_setup_serving, rig_teardown)
#define MEMORY(test)  cmocka_unit_test_setup_teardown(test, setup_memory, rig_teardown)
#define JOURNAL(test) cmocka_unit_test_setup_teardown(test, setup_journal, rig_teardown)
    const struct CMUnitTest tests[] = {
        SERVED(a_write_turn_is_busy_at_once_and_the_edits_before_are_seen),
        SERVED(edits_under_a_foreign_lock_are_in_ram_and_upkeep_writes_them_later),
        SERVED(edits_under_a_foreign_lock_are_written_by_the_next_turn_that_writes),
        SERVED(an_owed_edit_is_applied_once_and_never_over_a_later_one),
        SERVED(an_error_that_went_away_under_a_foreign_lock_goes_from_the_file_too),
        SERVED(a_foreign_reader_does_not_keep_turns_from_committing),
        MEMORY(memory_durability_is_written_by_upkeep_and_by_close),
        MEMORY(memory_durability_stores_beside_a_foreign_lock_and_writes_later),
        MEMORY(memory_durability_stores_nothing_over_an_edit_that_is_owed),
        JOURNAL(a_rollback_journal_keeps_both_promises),
        JOURNAL(with_a_rollback_journal_an_exclusive_lock_makes_writes_busy_and_reads_go_on),
        JOURNAL(with_a_rollback_journal_a_foreign_reader_makes_the_commit_busy_and_nothing_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
