/* file_test.c - the plant as a file: replaced, deleted, linked, locked, damaged. */
#include "test_plant.h"

#include "plant_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void beside(const struct rig *rig, const char *name, char path[128])
{
    snprintf(path, 128, "%s/%s", rig->folder, name);
}

static bool exists(const struct rig *rig, const char *suffix)
{
    char path[128];

    snprintf(path, sizeof path, "%s%s", rig->path, suffix);
    return access(path, F_OK) == 0;
}

static void expect_refusal(const char *path, const struct plant_options *options, s7_status status,
                           const char *part)
{
    struct plant_error error = {.text = ""};
    plant *p = NULL;
    s7_status got = plant_open(path, options, &p, &error);

    if (got != status || p != NULL || error.status != status)
        fail_msg("%s: expected %s, got %s (%s)", path, s7_errname(status), s7_errname(got), error.text);
    rig_says(error.text, path, part, NULL);
}

/* ---- replaced ---- */

static void check_that_reads_go_on_and_writes_are_refused(struct rig *rig)
{
    assert_status(plant_upkeep(rig->plant), S7_E_PLANT_REPLACED);
    rig_says(plant_last_error(rig->plant)->text, rig->path, "replaced or deleted", NULL);
    assert_status(plant_upkeep(rig->plant), S7_E_PLANT_REPLACED);
    assert_status(rig_try_put(rig, 1, 0, "\x77", 1), S7_E_PLANT_REPLACED);
    rig_says(plant_last_error(rig->plant)->text, rig->path, "replaced or deleted", NULL);
    rig_look(rig);
    assert_memory_equal(rig_db1(rig), "\1\2", 2);
}

/* Another plant takes the name while the old one is served; its server's log lies where the old one lay. */
static void the_log_of_the_plant_that_took_the_name_is_left_alone(void **state)
{
    const struct plant_new_block block = {S7_AREA_DB, 1, 64};
    const struct plant_new_plc plc = {.name = "new", .cpu = "generic", .blocks = &block, .n_blocks = 1};
    struct rig *rig = *state;
    struct plant_error error;
    sqlite3 *db;
    char path[128];

    rig_put(rig, 1, 0, "\1\2", 2);
    beside(rig, "new", path);
    assert_status(plant_create(path, &plc, 1, &error), S7_OK);
    sqlite3_close(rig->foreign);
    assert_int_equal(rename(path, rig->path), 0);
    snprintf(path, sizeof path, "%s-wal", rig->path);
    unlink(path);
    snprintf(path, sizeof path, "%s-shm", rig->path);
    unlink(path);
    db = rig->foreign = rig_connect(rig);
    rig_sql(rig, "PRAGMA journal_mode = WAL; UPDATE plc SET slot = 7");
    check_that_reads_go_on_and_writes_are_refused(rig);
    rig_close_plant(rig);
    assert_true(exists(rig, "-wal"));
    assert_int_equal(rig_int(rig, "SELECT slot FROM plc"), 7);
    sqlite3_close(db);
    rig->foreign = rig_connect(rig);
    assert_int_equal(rig_int(rig, "SELECT slot FROM plc"), 7);
    rig_same(rig_select(rig, "PRAGMA integrity_check"), "ok");
}

static void a_deleted_file_refuses_writes_and_keeps_its_bytes_in_ram(void **state)
{
    struct rig *rig = *state;
    char path[128];

    rig_put(rig, 1, 0, "\1\2", 2);
    assert_int_equal(unlink(rig->path), 0);
    assert_status(plant_upkeep(rig->plant), S7_E_PLANT_REPLACED);
    (void)rig_try(rig,
                  "UPDATE block SET data = zeroblob(64) WHERE number = 1"); /* of the file without a name */
    sqlite3_close(rig->foreign);
    rig->foreign = NULL;
    check_that_reads_go_on_and_writes_are_refused(rig);
    plant_event(rig->plant, 0, NULL, "error", "", "nobody will read this");
    rig_close_plant(rig);
    assert_false(exists(rig, ""));
    assert_false(exists(rig, "-serve"));
    snprintf(path, sizeof path, "%s-wal", rig->path); /* what is left of the plant is for people to delete */
    unlink(path);
    snprintf(path, sizeof path, "%s-shm", rig->path);
    unlink(path);
}

/* ---- one server ---- */

static void the_side_files_are_gone_after_closing(void **state)
{
    struct rig *rig = *state;

    rig_put(rig, 1, 0, "\1\2", 2);
    assert_true(exists(rig, "-serve"));
    sqlite3_close(rig->foreign);
    rig->foreign = NULL;
    rig_close_plant(rig);
    assert_false(exists(rig, "-serve"));
    assert_false(exists(rig, "-wal"));
    rig->foreign = rig_connect(rig);
    rig_same(rig_select(rig, "SELECT hex(substr(data, 1, 2)) FROM block WHERE number = 1"), "0102");
}

static void a_second_server_is_refused_under_another_name_of_the_file_too(void **state)
{
    struct rig *rig = *state;
    char path[128];

    beside(rig, "link", path);
    assert_int_equal(symlink(rig->path, path), 0);
    expect_refusal(path, NULL, S7_E_PLANT_BUSY, "pid");
    snprintf(path, sizeof path, "%s/./plant", rig->folder);
    expect_refusal(path, NULL, S7_E_PLANT_BUSY, "pid");
    rig_put(rig, 1, 0, "\1", 1); /* the first one does not mind */
    beside(rig, "link", path);
    unlink(path);
}

/* A server that was killed leaves its side file behind, with a pid that says nothing any more. */
static void a_side_file_without_a_server_is_no_hindrance(void **state)
{
    struct rig *rig = *state;
    char path[128], text[64], expected[64];

    snprintf(path, sizeof path, "%s-serve", rig->path);
    snprintf(expected, sizeof expected, "%ld\n", (long)getpid());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("123456789012345\n", file);
    fclose(file);
    rig_open(rig, NULL);
    file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    rig_same(text, expected);
}

/* ---- only looking ---- */

static void looking_writes_nothing_and_refuses_writes(void **state)
{
    struct rig *rig = *state;
    struct plant_options options;
    struct stat before, after;

    rig_sql(rig,
            "INSERT INTO tag (name, address, value) VALUES ('t', 'DB1.DBB0', 9), ('bad', 'DB1.DBB1', 'x')");
    assert_int_equal(stat(rig->path, &before), 0);
    plant_options_init(&options);
    options.read_only = true;
    rig_open(rig, &options);
    assert_int_equal(rig_db1(rig)[0], 9);
    plant_event(rig->plant, 0, NULL, "warn", "", "");
    rig_upkeep(rig);
    assert_status(rig_try_put(rig, 1, 0, "\1", 1), S7_E_MISUSE);
    rig_says(plant_last_error(rig->plant)->text, rig->path, "reading only", NULL);
    rig_sql(rig, "UPDATE tag SET value = 10 WHERE name = 't'");
    rig_look(rig);
    assert_int_equal(rig_db1(rig)[0], 10);
    assert_false(exists(rig, "-serve"));
    rig_close_plant(rig);
    assert_int_equal(stat(rig->path, &after), 0);
    rig_same(rig_tag_error(rig, "bad"), "NULL");
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM event"), 0);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM change WHERE what = 'value'"), 2);
}

static void looking_does_not_bring_an_older_schema_up_to_date(void **state)
{
    struct rig *rig = *state;
    struct plant_options options;

    rig_sql(rig, "PRAGMA user_version = 1");
    plant_options_init(&options);
    options.read_only = true;
    expect_refusal(rig->path, &options, S7_E_PLANT_SCHEMA, "s7rig serve brings it up to date");
    assert_int_equal(rig_int(rig, "PRAGMA user_version"), 1);
}

/* ---- locked ---- */

static void a_plant_whose_lock_is_held_is_busy_and_not_damaged(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "BEGIN EXCLUSIVE");
    expect_refusal(rig->path, NULL, S7_E_PLANT_BUSY, "locked");
    rig_sql(rig, "ROLLBACK; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE");
    expect_refusal(rig->path, NULL, S7_E_PLANT_BUSY, "locked");
    rig_sql(rig, "ROLLBACK");
    rig_open(rig, NULL);
}

/* ---- damaged ---- */

static void scribble(const struct rig *rig, long from, long to)
{
    FILE *file = fopen(rig->path, "r+");

    assert_non_null(file);
    assert_int_equal(fseek(file, from, SEEK_SET), 0);
    for (long i = from; i < to; i++)
        fputc(0x5A, file);
    fclose(file);
}

static void a_file_with_scribbled_pages_is_damaged_and_says_so(void **state)
{
    struct rig *rig = *state;
    struct stat st;

    sqlite3_close(rig->foreign);
    rig->foreign = NULL;
    assert_int_equal(stat(rig->path, &st), 0);
    scribble(rig, 4096, st.st_size);
    expect_refusal(rig->path, NULL, S7_E_PLANT_SCHEMA, "malformed");
    scribble(rig, 0, 10);
    expect_refusal(rig->path, NULL, S7_E_PLANT_SCHEMA, "no SQLite database");
    assert_false(exists(rig, "-serve"));
}

static void a_schema_of_no_number_is_damaged(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "PRAGMA user_version = 0");
    expect_refusal(rig->path, NULL, S7_E_PLANT_SCHEMA, "damaged");
    rig_sql(rig, "PRAGMA user_version = -3");
    expect_refusal(rig->path, NULL, S7_E_PLANT_SCHEMA, "damaged");
    rig_sql(rig, "PRAGMA user_version = %d; ALTER TABLE tag DROP COLUMN type", PLANT_SCHEMA_VERSION);
    expect_refusal(rig->path, NULL, S7_E_PLANT_SCHEMA, "type");
}

/* ---- durability ---- */

static void fsync_durability_commits_as_well(void **state)
{
    struct rig *rig = *state;
    struct plant_options options;
    sqlite3_stmt *q;

    plant_options_init(&options);
    options.durability = PLANT_FSYNC;
    rig_open(rig, &options);
    rig_put(rig, 1, 0, "\1\2", 2);
    assert_string_equal(rig_hex(rig, 1), rig_ram(rig, 1));
    assert_int_equal(sqlite3_prepare_v2(rig->plant->db, "PRAGMA synchronous", -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(q, 0), 2); /* FULL */
    sqlite3_finalize(q);
}

/* A foreign program that edits a file that was in WAL mode before keeps it so: the options decide. */
static void the_journal_is_what_the_options_say(void **state)
{
    struct rig *rig = *state;
    struct plant_options options;

    plant_options_init(&options);
    options.journal_delete = true;
    rig_open(rig, NULL);
    rig_same(rig_select(rig, "PRAGMA journal_mode"), "wal");
    rig_close_plant(rig);
    sqlite3_close(rig->foreign);
    rig->foreign = NULL;
    rig_open(rig, &options);
    rig->foreign = rig_connect(rig);
    rig_same(rig_select(rig, "PRAGMA journal_mode"), "delete");
}

int main(void)
{
#define MADE(test)   cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)
#define SERVED(test) cmocka_unit_test_setup_teardown(test, rig_setup_serving, rig_teardown)
    const struct CMUnitTest tests[] = {
        SERVED(the_log_of_the_plant_that_took_the_name_is_left_alone),
        SERVED(a_deleted_file_refuses_writes_and_keeps_its_bytes_in_ram),
        SERVED(the_side_files_are_gone_after_closing),
        SERVED(a_second_server_is_refused_under_another_name_of_the_file_too),
        MADE(a_side_file_without_a_server_is_no_hindrance),
        MADE(looking_writes_nothing_and_refuses_writes),
        MADE(looking_does_not_bring_an_older_schema_up_to_date),
        MADE(a_plant_whose_lock_is_held_is_busy_and_not_damaged),
        MADE(a_file_with_scribbled_pages_is_damaged_and_says_so),
        MADE(a_schema_of_no_number_is_damaged),
        MADE(fsync_durability_commits_as_well),
        MADE(the_journal_is_what_the_options_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
