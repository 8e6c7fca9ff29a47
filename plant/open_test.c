/* Making and opening plants: what is a plant, who may serve it, how older ones come up to date. */
#include "test_plant.h"

#include "schema.h"

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

static void expect_refusal(const char *path, s7_status status, const char *part)
{
    struct plant_error error = {.text = ""};
    plant *p = NULL;
    s7_status got = plant_open(path, NULL, &p, &error);

    if (got != status || p != NULL)
        fail_msg("%s: expected %s, got %s (%s)", path, s7_errname(status), s7_errname(got), error.text);
    rig_has(error.text, path);
    rig_has(error.text, part);
}

static void what_is_no_plant_is_named_as_what_it_is(void **state)
{
    char path[128];
    FILE *file;
    sqlite3 *db;

    (void)state;
    snprintf(path, sizeof path, "%s/other", rig.folder);
    expect_refusal(path, S7_E_PLANT_MISSING, "plant new");
    expect_refusal(rig.folder, S7_E_PLANT_SCHEMA, "directory");
    file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    expect_refusal(path, S7_E_PLANT_SCHEMA, "empty");
    file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        fputs("this is no database ", file);
    fclose(file);
    expect_refusal(path, S7_E_PLANT_SCHEMA, "no SQLite database");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE t (a)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    expect_refusal(path, S7_E_PLANT_SCHEMA, "not a plant file");
    assert_int_equal(unlink(path), 0);
}

static void a_newer_schema_and_a_damaged_one_are_refused(void **state)
{
    (void)state;
    rig_close_plant(&rig);
    rig_sql(&rig, "PRAGMA user_version = %d", PLANT_SCHEMA_VERSION + 1);
    expect_refusal(rig.path, S7_E_PLANT_SCHEMA, "newer s7rig");
    rig_sql(&rig, "PRAGMA user_version = %d; DROP TABLE change", PLANT_SCHEMA_VERSION);
    expect_refusal(rig.path, S7_E_PLANT_SCHEMA, "damaged");
}

/* The rig is another file then, of an older schema and empty. */
static void make_empty(int schema)
{
    rig_close_plant(&rig);
    sqlite3_close(rig.foreign);
    assert_int_equal(unlink(rig.path), 0);
    assert_int_equal(sqlite3_open(rig.path, &rig.foreign), SQLITE_OK);
    assert_int_equal(plant_schema_migrate(rig.foreign, 0, schema), SQLITE_OK);
}

/* With rows that are changes still. */
static void make_old(int schema)
{
    make_empty(schema);
    rig_sql(&rig, "INSERT INTO plc (name) VALUES ('old');"
                  "INSERT INTO block (kind, number, data) VALUES ('DB', 1, x'0102');"
                  "INSERT INTO tag (name, address) VALUES ('t', 'DB1.DBW0')");
}

static void schema_1_comes_up_to_date_with_its_rows(void **state)
{
    (void)state;
    make_old(1);
    rig_open(&rig, NULL);
    rig_same(plant_plc_at(rig.plant, 0)->name, "old");
    assert_memory_equal(rig_db1(&rig), "\x01\x02", 2);
    plant_event(rig.plant, 0, NULL, "connect", "", "");
    rig_close_plant(&rig);
    assert_int_equal(rig_int(&rig, "PRAGMA user_version"), PLANT_SCHEMA_VERSION);
    rig_same(rig_select(&rig, "SELECT value FROM tag"), "258");
    rig_same(rig_select(&rig, "SELECT kind FROM event"), "connect");
}

static const char *all_changes(void)
{
    return rig_select(&rig, "SELECT group_concat(seq || ' ' || what || ' ' || row) FROM"
                            " (SELECT * FROM change ORDER BY seq)");
}

static void schema_2_keeps_its_changes_and_their_numbers_on_the_way_to_3(void **state)
{
    char before[256];

    (void)state;
    make_old(2);
    rig_sql(&rig,
            "UPDATE tag SET value = 772 WHERE name = 't'; INSERT INTO tag (name, address) VALUES ('u', 'x');"
            "DELETE FROM change WHERE seq = (SELECT max(seq) FROM change)");
    snprintf(before, sizeof before, "%s", all_changes());
    rig_has(before, "value 1");
    int64_t last = rig_int(&rig, "SELECT seq FROM sqlite_sequence WHERE name = 'change'");
    assert_true(last > rig_int(&rig, "SELECT max(seq) FROM change"));
    rig_sql(&rig, "BEGIN IMMEDIATE");
    assert_int_equal(plant_schema_migrate(rig.foreign, 2, 3), SQLITE_OK);
    rig_sql(&rig, "COMMIT");
    rig_same(all_changes(), before);
    rig_sql(&rig, "UPDATE plc SET slot = 1"); /* an old trigger, the new table */
    assert_true(rig_int(&rig, "SELECT seq FROM change WHERE what = 'plc'") > last);
    assert_int_equal(rig_int(&rig, "SELECT count(*) FROM sqlite_sequence"), 1);
    assert_int_equal(rig_try(&rig, "INSERT INTO change (what, row) VALUES ('mine', 1)"), SQLITE_CONSTRAINT);
}

static void schema_2_comes_up_to_date_with_edits_that_wait(void **state)
{
    (void)state;
    make_old(2);
    rig_sql(&rig, "UPDATE tag SET value = 772 WHERE name = 't'");
    int64_t last = rig_int(&rig, "SELECT seq FROM sqlite_sequence WHERE name = 'change'");
    rig_open(&rig, NULL);
    assert_memory_equal(rig_db1(&rig), "\x03\x04", 2);
    assert_int_equal(rig_int(&rig, "SELECT count(*) FROM change"), 0);
    assert_int_equal(rig_int(&rig, "SELECT seq FROM sqlite_sequence WHERE name = 'change'"), last);
    rig_sql(&rig, "INSERT INTO fault (name) VALUES ('slow'); UPDATE tag SET value = 1 WHERE name = 't'");
    rig_look(&rig);
    assert_memory_equal(rig_db1(&rig), "\x00\x01", 2);
    rig_same(plant_fault_at(rig.plant, 0)->name, "slow");
    assert_int_equal(plant_fault_at(rig.plant, 0)->version, last + 1);
    rig_same(rig_select(&rig, "PRAGMA integrity_check"), "ok");
}

static void schema_5_keeps_its_events_and_notes_what_comes_as_a_new_file_does(void **state)
{
    (void)state;
    make_old(5);
    rig_sql(&rig, "INSERT INTO event (time, plc, kind, peer, text) VALUES ('then', 1, 'close', 'p', 'over');"
                  "UPDATE tag SET value = 772 WHERE name = 't'");
    rig_open(&rig, NULL);
    rig_same(rig_select(&rig, "SELECT time || kind || peer || text || coalesce(conn, '') || coalesce(fn, '')"
                              " FROM event"),
             "thenclosepover");
    rig_same(rig_select(&rig, "SELECT source || what || before || after FROM last_writes"), "sqlt258772");
    rig_same(rig_select(&rig, "SELECT writes || connections || jobs || errors || keep_writes || keep_events"
                              " FROM audit"),
             "11001000010000");
    rig_same(rig_select(&rig, "PRAGMA integrity_check"), "ok");
}

static void a_schema_2_without_any_change_ever_comes_up_to_date(void **state)
{
    (void)state;
    make_empty(2);
    rig_open(&rig, NULL);
    assert_int_equal(plant_plc_count(rig.plant), 0);
    rig_sql(&rig, "INSERT INTO plc (name) VALUES ('late')");
    assert_int_equal(rig_int(&rig, "SELECT seq FROM change"), 1);
}

static void a_second_server_is_told_who_serves_it_already(void **state)
{
    char pid[32];

    (void)state;
    snprintf(pid, sizeof pid, "pid %ld", (long)getpid());
    expect_refusal(rig.path, S7_E_PLANT_BUSY, pid);
    rig_close_plant(&rig);
    rig_open(&rig, NULL);
}

static void looking_beside_a_server_changes_nothing(void **state)
{
    struct plant_options options;
    struct plant_error error;
    char before[64];
    plant *p;

    (void)state;
    rig_sql(&rig, "INSERT INTO tag (name, address, value) VALUES ('t', 'DB1.DBB0', 9)");
    snprintf(before, sizeof before, "%s", rig_select(&rig, "PRAGMA data_version"));
    plant_options_init(&options);
    options.read_only = true;
    if (plant_open(rig.path, &options, &p, &error) != S7_OK)
        fail_msg("%s", error.text);
    assert_int_equal(plant_block_find(p, plant_plc_at(p, 0), S7_AREA_DB, 1)->data[0], 9);
    plant_close(p);
    rig_same(rig_select(&rig, "PRAGMA data_version"), before);
    rig_same(rig_select(&rig, "SELECT applied FROM tag"), "NULL");
}

static void a_new_plant_needs_a_new_file_and_sensible_blocks(void **state)
{
    const struct plant_new_block zero = {S7_AREA_DB, 0, 1}, large = {S7_AREA_DB, 1, 65537};
    const struct plant_new_block twice[] = {{S7_AREA_DB, 1, 1}, {S7_AREA_DB, 1, 2}};
    const struct {
        struct plant_new_plc plc;
        const char *part;
    } wrong[] = {
        {{.name = "p", .cpu = "generic", .blocks = &zero, .n_blocks = 1}, "DB 1..65535"},
        {{.name = "p", .cpu = "generic", .blocks = &large, .n_blocks = 1}, "65536"},
        {{.name = "p", .cpu = "generic", .blocks = twice, .n_blocks = 2}, "twice"},
        {{.name = "", .cpu = "generic"}, "1 to 64"},
    };
    struct plant_error error;
    char path[128];

    (void)state;
    snprintf(path, sizeof path, "%s/new", rig.folder);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(plant_create(path, &wrong[i].plc, 1, &error), S7_E_ARG);
        rig_has(error.text, wrong[i].part);
        assert_int_not_equal(access(path, F_OK), 0);
    }
    const struct plant_new_plc good = {.name = "p", .cpu = "generic"};
    assert_int_equal(plant_create(rig.path, &good, 1, &error), S7_E_ARG);
    rig_has(error.text, "exists already");
}

static void nothing_of_a_new_plant_is_an_edit(void **state)
{
    struct rig *made = *state;

    assert_int_equal(rig_int(made, "SELECT count(*) FROM plc"), 1);
    assert_int_equal(rig_int(made, "SELECT count(*) FROM change"), 0);
}

/* Rows are indexed by id: opening a thousand PLCs with a hundred thousand tags must not be a product of both.
 */
static void a_thousand_PLCs_open(void **state)
{
    (void)state;
    rig_close_plant(&rig);
    rig_sql(&rig, "WITH n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
                  " INSERT INTO plc (id, name) SELECT i, 'plc' || i FROM n");
    rig_sql(&rig, "INSERT INTO block (plc, kind, number, data) SELECT id, 'DB', 5, zeroblob(400) FROM plc");
    rig_sql(&rig,
            "WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)"
            " INSERT INTO tag (plc, name, address) SELECT id, 't' || i, 'DB5.DBW' || (i * 4) FROM plc, n");
    rig_open(&rig, NULL);
    assert_int_equal(plant_plc_count(rig.plant), 1000);
    rig_same(rig_select(&rig, "SELECT count(*) FROM tag WHERE value = 0"), "100000");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_no_plant_is_named_as_what_it_is),
        TEST(a_newer_schema_and_a_damaged_one_are_refused),
        TEST(schema_1_comes_up_to_date_with_its_rows),
        TEST(schema_2_keeps_its_changes_and_their_numbers_on_the_way_to_3),
        TEST(schema_2_comes_up_to_date_with_edits_that_wait),
        TEST(schema_5_keeps_its_events_and_notes_what_comes_as_a_new_file_does),
        TEST(a_schema_2_without_any_change_ever_comes_up_to_date),
        TEST(a_second_server_is_told_who_serves_it_already),
        TEST(looking_beside_a_server_changes_nothing),
        TEST(a_new_plant_needs_a_new_file_and_sensible_blocks),
        cmocka_unit_test_setup_teardown(nothing_of_a_new_plant_is_an_edit, rig_setup, rig_teardown),
        TEST(a_thousand_PLCs_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
