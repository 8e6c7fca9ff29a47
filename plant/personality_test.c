/* personality_test.c - personalities as rows: what an older file gets, what its table refuses, and how edits
 * of a foreign program reach the mirror. */
#include "schema.h"
#include "test_plant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct plant_plc *plc(struct rig *rig)
{
    return plant_plc_at(rig->plant, 0);
}

/* ---- older files ---- */

/* The rig's file is another one then, of an older schema and empty. */
static void make_old(struct rig *rig, int schema)
{
    sqlite3_close(rig->foreign);
    assert_int_equal(unlink(rig->path), 0);
    assert_int_equal(sqlite3_open(rig->path, &rig->foreign), SQLITE_OK);
    assert_int_equal(plant_schema_migrate(rig->foreign, 0, schema), SQLITE_OK);
}

static void schema_4_keeps_its_rows_and_gets_personalities(void **state)
{
    struct rig *rig = *state;
    size_t n;

    make_old(rig, 4);
    rig_sql(rig, "INSERT INTO plc (name, cpu, slot, mode) VALUES ('old', 's7-300', 4, 'STOP');"
                 "INSERT INTO block (kind, number, data) VALUES ('DB', 1, zeroblob(64)), ('M', 0, x'07');"
                 "INSERT INTO tag (name, address, value) VALUES ('t', 'DB1.DBW0', 258);"
                 "INSERT INTO szl (list, record_len, data) VALUES (0x25, 4, x'01020304');"
                 "INSERT INTO fault (name, args) VALUES ('slow', 'time=1s');"
                 "INSERT INTO diagnostic (data) VALUES (zeroblob(20))");
    int64_t last = rig_int(rig, "SELECT seq FROM sqlite_sequence WHERE name = 'change'");
    rig_open(rig, NULL);
    rig_same(plc(rig)->name, "old");
    assert_int_equal(plc(rig)->slot, 4);
    assert_int_equal(plc(rig)->state.mode, PLANT_STOP);
    assert_int_equal(plc(rig)->put_get, -1);
    assert_false(plc(rig)->service_time);
    rig_same(plc(rig)->identity.serial, "");
    rig_same(plc(rig)->who->name, "s7-300");
    assert_int_equal(plc(rig)->who->pdu_len, 240);
    assert_memory_equal(rig_db1(rig), "\x01\x02", 2); /* the edit that waited */
    assert_false(rig_block(rig, S7_AREA_DB, 1)->optimized);
    const struct plant_szl *lists = plant_szl(rig->plant, plc(rig), &n);
    assert_true(n > 20);
    for (size_t i = 0; i < n; i++)
        if (lists[i].list == 0x25)
            assert_memory_equal(lists[i].data, "\x01\x02\x03\x04", 4);
    assert_int_equal(plant_diag_count(rig->plant, plc(rig)), 1);
    assert_int_equal(plant_fault_count(rig->plant), 1);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM personality"), 8);
    rig_sql(rig, "UPDATE personality SET title = title");
    assert_true(rig_int(rig, "SELECT seq FROM change WHERE what = 'personality'") > last);
}

static void what_users_made_is_left_alone_by_a_newer_program(void **state)
{
    struct rig *rig = *state;

    make_old(rig, PLANT_SCHEMA_VERSION - 1);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM personality"), 0);
    rig_sql(rig, "INSERT INTO plc (name, cpu) VALUES ('p', 's7-1500');"
                 "INSERT INTO personality (name, title) VALUES ('mine', 'my own'), ('s7-1500', 'mine too')");
    rig_open(rig, NULL);
    rig_same(rig_select(rig, "SELECT title FROM personality WHERE name = 'mine'"), "my own");
    rig_same(rig_select(rig, "SELECT title FROM personality WHERE name = 's7-1500'"), "mine too");
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM personality_szl WHERE personality = 's7-1500'"), 0);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM personality"), 9);
    rig_same(plc(rig)->who->title, "mine too");
}

/* ---- the table ---- */

static void values_that_make_no_sense_are_refused(void **state)
{
    static const char *const bad[] = {"name = ''",
                                      "pdu_length = 239",
                                      "pdu_length = 961",
                                      "pdu_length = NULL",
                                      "amq_called = 0",
                                      "connections = -1",
                                      "reserved_op = NULL",
                                      "rack = 8",
                                      "slots = ''",
                                      "slots = '32'",
                                      "slots = '0,1'",
                                      "slots = '0 100'",
                                      "slots = 'Any'",
                                      "tsaps = '2000'",
                                      "tsaps = '20.00,4D.57'",
                                      "tsaps = '20.0'",
                                      "tsaps = '2.000'",
                                      "tsaps = '20.00 '",
                                      "tsaps = '20.0g'",
                                      "any_tsap = 2",
                                      "max_items = 0",
                                      "wrong_tsap = 'rst'",
                                      "when_full = ''",
                                      "markers = 0",
                                      "timers = 32769",
                                      "absent_code = 255",
                                      "lacks = 'block'",
                                      "lacks = 'szl,blocks'",
                                      "put_get = NULL",
                                      "order_code = 'six times seven is 42.'",
                                      "firmware = '3.2.6'",
                                      "firmware = 'V3.2'",
                                      "keepalive_s = -1",
                                      "service_us = -1",
                                      "jitter = 'none'"};
    struct rig *rig = *state;
    char sql[160];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(sql, sizeof sql, "UPDATE personality SET %s WHERE name = 's7-300'", bad[i]);
        if (rig_try(rig, sql) != SQLITE_CONSTRAINT)
            fail_msg("taken: %s", bad[i]);
    }
    rig_sql(rig, "UPDATE personality SET slots = '31 0 3', tsaps = '20.00 4D.57', lacks = ' wchar  szl',"
                 " firmware = 'V12.0.10', connections = NULL, max_items = NULL WHERE name = 's7-300'");
    assert_int_equal(rig_try(rig, "UPDATE plc SET serial = 'more than twenty-four bytes'"),
                     SQLITE_CONSTRAINT);
    assert_int_equal(rig_try(rig, "UPDATE plc SET put_get = 2"), SQLITE_CONSTRAINT);
    assert_int_equal(rig_try(rig, "UPDATE block SET optimized = 2"), SQLITE_CONSTRAINT);
}

static void what_is_smuggled_past_the_checks_is_brought_within_them(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "PRAGMA ignore_check_constraints = 1;"
                 "UPDATE personality SET pdu_length = 100000, amq_called = 0, timers = 9999999,"
                 " slots = '40 1 x 2', tsaps = '20.00 bad 1 4D.57', lacks = 'szl nothing blocks',"
                 " when_full = '?', jitter = '?', keepalive_s = -5 WHERE name = 'generic'");
    rig_look(rig);
    const struct plant_personality *who = plc(rig)->who;
    assert_int_equal(who->pdu_len, 960);
    assert_int_equal(who->amq_called, 1);
    assert_int_equal(who->memory.timers, 32768);
    assert_int_equal(who->slots, 1U << 1 | 1U << 2 | 1U << 0);
    assert_int_equal(who->n_tsaps, 2);
    assert_int_equal(who->tsaps[1], 0x4D57);
    assert_int_equal(who->lacks, PLANT_LACKS_SZL | PLANT_LACKS_BLOCKS);
    assert_int_equal(who->full, PLANT_REFUSE_DR);
    assert_int_equal(who->keepalive_s, 0);
}

/* ---- edits ---- */

static void an_edit_is_seen_by_the_next_turn_at_the_same_place(void **state)
{
    struct rig *rig = *state;
    const struct plant_personality *who = plc(rig)->who;

    rig_sql(rig, "UPDATE personality SET reserved_op = 3, wrong_tsap = 'silence', jitter = 'exponential',"
                 " service_us = 7, retentive_timers = 9, rack = 5, slots = '3 4' WHERE name = 'generic'");
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM change WHERE what = 'personality'"), 1);
    rig_look(rig);
    assert_ptr_equal(plc(rig)->who, who);
    assert_int_equal(who->reserved[PLANT_OP], 3);
    assert_int_equal(who->wrong_tsap, PLANT_REFUSE_SILENCE);
    assert_int_equal(who->service.jitter, PLANT_EXPONENTIAL);
    assert_int_equal(who->service.base_us, 7);
    assert_int_equal(who->retentive.timers, 9);
    assert_int_equal(who->rack, 5);
    assert_int_equal(who->slots, 1U << 3 | 1U << 4);
}

static void another_cpu_is_played_at_once_and_one_that_went_is_played_on(void **state)
{
    struct rig *rig = *state;
    size_t n;

    rig_sql(rig, "UPDATE plc SET cpu = 's7-1200'");
    rig_look(rig);
    rig_same(plc(rig)->who->name, "s7-1200");
    (void)plant_szl(rig->plant, plc(rig), &n);
    assert_int_equal(n, 1);
    rig_sql(rig, "PRAGMA foreign_keys = ON; DELETE FROM personality WHERE name = 's7-1200'");
    rig_look(rig);
    rig_same(plc(rig)->who->name, "s7-1200");
    rig_sql(rig, "INSERT INTO personality (name, title) VALUES ('s7-1200', 'again')");
    rig_look(rig);
    rig_same(plc(rig)->who->title, "again");
}

static void a_list_of_the_plc_takes_the_place_of_all_of_that_number(void **state)
{
    struct rig *rig = *state;
    size_t n, all;

    (void)plant_szl(rig->plant, plc(rig), &all);
    rig_sql(rig,
            "INSERT INTO szl (list, idx, record_len, data) VALUES (0x131, 9, 2, x'0009')"); /* had 1, 3 */
    rig_look(rig);
    const struct plant_szl *lists = plant_szl(rig->plant, plc(rig), &n);
    assert_int_equal(n, all - 1);
    for (size_t i = 1; i < n; i++)
        assert_true(lists[i].list > lists[i - 1].list ||
                    (lists[i].list == lists[i - 1].list && lists[i].index > lists[i - 1].index));
    rig_sql(rig, "DELETE FROM szl; DELETE FROM personality_szl WHERE list = 0x424");
    rig_look(rig);
    (void)plant_szl(rig->plant, plc(rig), &n);
    assert_int_equal(n, all - 1);
}

static void marks_of_a_block_are_seen_and_its_bytes_stay(void **state)
{
    struct rig *rig = *state;

    rig_put(rig, 1, 0, "\x11\x22", 2);
    rig_sql(rig, "UPDATE block SET optimized = 1, write_protected = 1 WHERE kind = 'DB' AND number = 1");
    rig_look(rig);
    assert_true(rig_block(rig, S7_AREA_DB, 1)->optimized);
    assert_true(rig_block(rig, S7_AREA_DB, 1)->write_protected);
    assert_memory_equal(rig_db1(rig), "\x11\x22", 2);
    rig_sql(rig, "UPDATE block SET optimized = 0, write_protected = 0");
    rig_look(rig);
    assert_false(rig_block(rig, S7_AREA_DB, 1)->optimized);
}

/* ---- lists of them ---- */

static void count(const struct plant_personality *who, void *arg)
{
    (void)who;
    ++*(int *)arg;
}

static void a_files_own_are_listed_with_the_others(void **state)
{
    struct rig *rig = *state;
    struct plant_error error;
    char names[32];
    int n = 0;

    rig_sql(rig, "INSERT INTO personality (name) VALUES ('mine')");
    assert_status(plant_personalities(rig->path, count, &n, &error), S7_OK);
    assert_int_equal(n, 9);
    assert_status(plant_personalities("/nowhere/at/all", count, &n, &error), S7_E_PLANT_MISSING);
    rig_has(error.text, "/nowhere/at/all");
    assert_status(plant_personalities("/etc/passwd", count, &n, &error), S7_E_PLANT_SCHEMA);
    plant_personality_names(rig->plant, names, sizeof names);
    rig_same(names, "generic, s7-300, cp343-1-lean, "); /* cut */
}

int main(void)
{
#define MADE(test)   cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)
#define SERVED(test) cmocka_unit_test_setup_teardown(test, rig_setup_serving, rig_teardown)
    const struct CMUnitTest tests[] = {
        MADE(schema_4_keeps_its_rows_and_gets_personalities),
        MADE(what_users_made_is_left_alone_by_a_newer_program),
        SERVED(values_that_make_no_sense_are_refused),
        SERVED(what_is_smuggled_past_the_checks_is_brought_within_them),
        SERVED(an_edit_is_seen_by_the_next_turn_at_the_same_place),
        SERVED(another_cpu_is_played_at_once_and_one_that_went_is_played_on),
        SERVED(a_list_of_the_plc_takes_the_place_of_all_of_that_number),
        SERVED(marks_of_a_block_are_seen_and_its_bytes_stay),
        SERVED(a_files_own_are_listed_with_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
