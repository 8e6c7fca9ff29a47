/* fault_test.c - rows of `fault`: what a foreign program did to them is seen by the next turn, and what they
 * did is written back, but never over an edit. */
#include "test_plant.h"

#include "plant_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNTS "armed || ' ' || matched || ' ' || fired || ' ' || coalesce(error, '-')"

/* Of the row with this name; NULL: it is not listed. */
static const struct plant_fault *listed(struct rig *rig, const char *name)
{
    for (size_t i = 0; i < plant_fault_count(rig->plant); i++)
        if (strcmp(plant_fault_at(rig->plant, i)->name, name) == 0)
            return plant_fault_at(rig->plant, i);
    return NULL;
}

/* A copy, as a user keeps it over turns. */
static struct plant_fault get(struct rig *rig, const char *name)
{
    const struct plant_fault *fault = listed(rig, name);

    if (fault == NULL)
        fail_msg("%s is not listed", name);
    return *fault;
}

static void report(struct rig *rig, const char *name, uint64_t n, bool urgent)
{
    struct plant_fault fault = get(rig, name);

    plant_fault_report(rig->plant, &fault, n, n, true, NULL, urgent);
}

/* "armed matched fired error" of a row. */
static const char *counts(struct rig *rig, const char *name)
{
    return rig_select(rig, "SELECT " COUNTS " FROM fault WHERE name = '%s'", name);
}

static sqlite3 *hold(struct rig *rig, const char *sql)
{
    sqlite3 *db = rig_connect(rig);

    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    return db;
}

/* With one fault, "slow", that the server has seen. */
static int setup_slow(void **state)
{
    rig_setup_serving(state);
    rig_sql(*state, "INSERT INTO fault (name, args) VALUES ('slow', 'fn=read time=2s count=3')");
    rig_look(*state);
    return 0;
}

static int setup_slow_journal(void **state)
{
    struct plant_options options;

    rig_setup(state);
    rig_sql(*state, "INSERT INTO fault (name) VALUES ('slow')");
    plant_options_init(&options);
    options.journal_delete = true;
    rig_open(*state, &options);
    return 0;
}

/* ---- seeing ---- */

static void a_row_is_seen_by_the_next_turn_when_it_comes_changes_and_goes(void **state)
{
    struct rig *rig = *state;
    struct plant_fault first, edited;

    assert_int_equal(plant_fault_count(rig->plant), 0);
    rig_sql(rig, "INSERT INTO fault (name, args) VALUES ('slow', 'fn=read'), ('hang', '')");
    rig_look(rig);
    assert_int_equal(plant_fault_count(rig->plant), 2);
    first = get(rig, "slow");
    rig_same(first.args, "fn=read");
    assert_true(first.armed);
    assert_ptr_equal(first.plc, plant_plc_at(rig->plant, 0));
    rig_same(plant_fault_at(rig->plant, 1)->name, "hang");

    rig_sql(rig, "UPDATE fault SET args = 'fn=write', armed = 0 WHERE name = 'slow'");
    uint64_t hang = get(rig, "hang").version;
    rig_look(rig);
    edited = get(rig, "slow");
    rig_same(edited.args, "fn=write");
    assert_false(edited.armed);
    assert_int_equal(edited.id, first.id);
    assert_int_not_equal(edited.version, first.version);
    assert_int_equal(get(rig, "hang").version, hang);

    rig_sql(rig, "DELETE FROM fault WHERE name = 'slow'");
    rig_look(rig);
    assert_int_equal(plant_fault_count(rig->plant), 1);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM change"), 0);
}

static void rows_of_before_the_start_are_there_after_it(void **state)
{
    struct rig *rig = *state;

    report(rig, "slow", 4, false);
    rig_close_plant(rig);
    rig_sql(rig, "INSERT INTO fault (name) VALUES ('hang')");
    rig_open(rig, NULL);
    assert_int_equal(plant_fault_count(rig->plant), 2);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM change"), 0);
    report(rig, "slow", 5, false);
    report(rig, "hang", 6, false);
    rig_upkeep(rig);
    rig_same(counts(rig, "slow"), "1 5 5 -");
    rig_same(counts(rig, "hang"), "1 6 6 -");
}

static void upkeep_sees_rows_when_nobody_sends_a_request(void **state)
{
    struct rig *rig = *state;
    uint64_t version = plant_faults_version(rig->plant);

    rig_sql(rig, "INSERT INTO fault (name) VALUES ('hang')");
    rig_upkeep(rig);
    assert_non_null(listed(rig, "hang"));
    assert_int_not_equal(plant_faults_version(rig->plant), version);
}

static void every_edit_makes_a_new_version_even_of_what_the_server_writes(void **state)
{
    static const char *const edits[] = {
        "UPDATE fault SET matched = 0",
        "UPDATE fault SET fired = 0",
        "UPDATE fault SET error = 'mine'",
        "UPDATE fault SET armed = 1",
        "UPDATE fault SET name = 'slow'",
        "UPDATE fault SET plc = 1",
        "INSERT OR REPLACE INTO fault (id, name) SELECT id, name FROM fault",
        "DELETE FROM fault; INSERT INTO fault (id, name) VALUES (1, 'slow')",
        "INSERT INTO fault (id, name) VALUES (2, 'slow'); UPDATE OR REPLACE fault SET id = 1 WHERE id = 2",
    };
    struct rig *rig = *state;
    uint64_t version = get(rig, "slow").version, table = plant_faults_version(rig->plant);

    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        rig_sql(rig, "%s", edits[i]);
        rig_look(rig);
        assert_int_equal(plant_fault_count(rig->plant), 1);
        assert_int_equal(get(rig, "slow").id, 1);
        if (get(rig, "slow").version == version || plant_faults_version(rig->plant) == table)
            fail_msg("\"%s\" made no new version", edits[i]);
        version = get(rig, "slow").version;
        table = plant_faults_version(rig->plant);
    }
}

static void what_is_no_edit_of_a_fault_leaves_its_version_and_that_of_the_table(void **state)
{
    struct rig *rig = *state;
    uint64_t version = get(rig, "slow").version, table = plant_faults_version(rig->plant);

    report(rig, "slow", 1, true);
    rig_look(rig);
    rig_sql(rig, "UPDATE block SET data = randomblob(8)");
    rig_look(rig);
    rig_put(rig, 1, 0, "x", 1);
    rig_upkeep(rig);
    assert_int_equal(plant_faults_version(rig->plant), table);
    rig_sql(rig, "UPDATE plc SET slot = 2"); /* read again, with nothing new */
    rig_look(rig);
    assert_int_equal(get(rig, "slow").version, version);
}

/* ---- writing back ---- */

static void an_urgent_report_is_in_the_file_when_its_turn_ends(void **state)
{
    struct rig *rig = *state;
    struct plant_fault slow = get(rig, "slow");

    assert_status(plant_turn_begin(rig->plant, false), S7_OK);
    plant_fault_report(rig->plant, &slow, 7, 3, false, "count=3 is used up", true);
    assert_status(plant_turn_end(rig->plant), S7_OK);
    rig_same(counts(rig, "slow"), "0 7 3 count=3 is used up");
    assert_false(get(rig, "slow").armed);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM change"), 0);
    assert_status(plant_turn_begin(rig->plant, true), S7_OK);
    plant_fault_report(rig->plant, &slow, 8, 4, true, "", true);
    assert_status(plant_turn_end(rig->plant), S7_OK);
    rig_same(counts(rig, "slow"), "1 8 4 -");
}

static void a_report_that_is_not_urgent_comes_with_the_next_commit_upkeep_or_close(void **state)
{
    struct rig *rig = *state;

    report(rig, "slow", 1, false);
    rig_look(rig);
    rig_same(counts(rig, "slow"), "1 0 0 -");
    rig_put(rig, 1, 0, "x", 1);
    rig_same(counts(rig, "slow"), "1 1 1 -");
    report(rig, "slow", 2, false);
    report(rig, "slow", 3, false);
    rig_upkeep(rig);
    rig_same(counts(rig, "slow"), "1 3 3 -");
    report(rig, "slow", 4, false);
    rig_sql(rig, "UPDATE block SET data = randomblob(8)"); /* its write-back is a commit, too */
    rig_look(rig);
    rig_same(counts(rig, "slow"), "1 4 4 -");
    report(rig, "slow", 5, false);
    rig_close_plant(rig);
    rig_same(counts(rig, "slow"), "1 5 5 -");
}

static void what_is_reported_once_is_written_once(void **state)
{
    struct rig *rig = *state;

    report(rig, "slow", 1, true);
    rig_look(rig);
    int64_t version = rig_int(rig, "PRAGMA data_version");
    for (int i = 0; i < 10; i++) {
        rig_look(rig);
        rig_upkeep(rig);
    }
    assert_int_equal(rig_int(rig, "PRAGMA data_version"), version);
}

static void counts_and_texts_beyond_measure_are_cut(void **state)
{
    struct rig *rig = *state;
    struct plant_fault slow = get(rig, "slow");
    char text[600];

    memset(text, 'e', 254);
    memcpy(text + 254, "\xC3\xA4 and more", sizeof "\xC3\xA4 and more");
    plant_fault_report(rig->plant, &slow, UINT64_MAX, 1, true, text, true);
    rig_look(rig);
    rig_same(rig_select(rig, "SELECT matched FROM fault"), "9223372036854775807");
    assert_int_equal(rig_int(rig, "SELECT length(CAST(error AS BLOB)) FROM fault"), 254);
}

static int refuse_commit(void *arg)
{
    (void)arg;
    return 1;
}

static void a_commit_that_fails_keeps_the_report_for_the_next(void **state)
{
    struct rig *rig = *state;

    sqlite3_commit_hook(rig->plant->db, refuse_commit, NULL);
    report(rig, "slow", 1, true);
    rig_look(rig); /* no failure of the turn */
    rig_says(plant_last_error(rig->plant)->text, rig->path, "faults", NULL);
    assert_int_not_equal(rig_try_put(rig, 1, 0, "x", 1), S7_OK);
    rig_same(counts(rig, "slow"), "1 0 0 -");
    sqlite3_commit_hook(rig->plant->db, NULL, NULL);
    rig_look(rig);
    rig_same(counts(rig, "slow"), "1 1 1 -");
}

static void a_constraint_of_a_foreign_program_costs_the_report_and_nothing_else(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig,
            "INSERT INTO fault (name, fired) VALUES ('hang', 1); CREATE UNIQUE INDEX mine ON fault(fired)");
    rig_look(rig);
    report(rig, "slow", 1, false);
    rig_put(rig, 1, 0, "\x77", 1);
    rig_same(counts(rig, "slow"), "1 0 0 -");
    assert_string_equal(rig_ram(rig, 1), rig_hex(rig, 1));
}

/* ---- edits against reports ---- */

static void an_edit_wins_over_a_report_that_waits(void **state)
{
    struct rig *rig = *state;

    report(rig, "slow", 9, false);
    rig_sql(rig, "UPDATE fault SET matched = 5, error = 'mine'");
    rig_upkeep(rig);
    rig_same(counts(rig, "slow"), "1 5 0 mine");
    report(rig, "slow", 9, false);
    rig_sql(rig, "DELETE FROM fault; INSERT INTO fault (id, name) VALUES (1, 'slow')");
    rig_put(rig, 1, 0, "x", 1);
    rig_same(counts(rig, "slow"), "1 0 0 -");
    report(rig, "slow", 9, false);
    rig_sql(rig, "DELETE FROM fault");
    rig_upkeep(rig);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM fault"), 0);
}

/* After the turn looked, before it writes: nobody has seen the edit yet. */
static void an_edit_in_the_middle_of_a_turn_wins_over_its_urgent_report(void **state)
{
    static const char *const edits[] = {
        "UPDATE fault SET args = 'new', matched = 5",
        "DELETE FROM fault; INSERT INTO fault (id, name, args, matched) VALUES (1, 'slow', 'new', 5)",
        "INSERT OR REPLACE INTO fault (id, name, args, matched) VALUES (1, 'slow', 'new', 5)",
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        uint64_t version = get(rig, "slow").version;
        assert_status(plant_turn_begin(rig->plant, false), S7_OK);
        rig_sql(rig, "%s; UPDATE block SET data = randomblob(64) WHERE kind = 'DB' AND number = 1", edits[i]);
        report(rig, "slow", 9, true);
        assert_status(plant_turn_end(rig->plant), S7_OK);
        rig_same(counts(rig, "slow"), "1 5 0 -");
        rig_look(rig); /* our commit did not hide the edits */
        assert_string_equal(rig_ram(rig, 1), rig_hex(rig, 1));
        rig_same(get(rig, "slow").args, "new");
        assert_int_not_equal(get(rig, "slow").version, version);
        rig_upkeep(rig);
        rig_same(counts(rig, "slow"), "1 5 0 -");
        rig_sql(rig, "UPDATE fault SET args = ''");
        rig_look(rig);
    }
}

static void a_report_of_an_older_version_is_left_alone(void **state)
{
    struct rig *rig = *state;
    struct plant_fault old = get(rig, "slow");

    rig_sql(rig, "UPDATE fault SET armed = 0");
    rig_look(rig);
    plant_fault_report(rig->plant, &old, 9, 9, true, "late", true);
    rig_look(rig);
    rig_same(counts(rig, "slow"), "0 0 0 -");
    rig_sql(rig, "DELETE FROM fault");
    rig_look(rig);
    plant_fault_report(rig->plant, &old, 9, 9, true, "late", true);
    rig_look(rig);
    assert_int_equal(plant_fault_count(rig->plant), 0);
}

/* ---- beside a foreign lock ---- */

static void a_report_beside_a_foreign_lock_waits_and_fails_nothing(void **state)
{
    struct rig *rig = *state;
    sqlite3 *other = hold(rig, "BEGIN IMMEDIATE");

    report(rig, "slow", 1, true);
    rig_look(rig);
    rig_upkeep(rig);
    rig_same(counts(rig, "slow"), "1 0 0 -");
    sqlite3_close(other);
    rig_look(rig);
    rig_same(counts(rig, "slow"), "1 1 1 -");
    other = hold(rig, "BEGIN IMMEDIATE");
    report(rig, "slow", 2, true);
    rig_look(rig);
    sqlite3_close(other);
    rig_upkeep(rig);
    rig_same(counts(rig, "slow"), "1 2 2 -");
}

/* An edit that was seen under a foreign lock is read again once it can be taken out of `change`: it is no
 * other one, and what the fault did meanwhile holds. */
static void an_owed_edit_is_one_version_and_does_not_undo_reports(void **state)
{
    struct rig *rig = *state;
    uint64_t version;

    rig_sql(rig, "UPDATE fault SET args = 'new'");
    sqlite3 *other = hold(rig, "BEGIN IMMEDIATE");
    rig_look(rig);
    rig_same(get(rig, "slow").args, "new");
    version = get(rig, "slow").version;
    report(rig, "slow", 3, true);
    rig_look(rig);
    sqlite3_close(other);
    rig_look(rig); /* the report alone; the edit is owed still */
    rig_same(counts(rig, "slow"), "1 3 3 -");
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM change"), 1);
    report(rig, "slow", 4, false);
    rig_upkeep(rig);
    rig_same(counts(rig, "slow"), "1 4 4 -");
    assert_int_equal(get(rig, "slow").version, version);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM change"), 0);
}

static void memory_durability_writes_the_urgent_report_and_leaves_the_stores_for_upkeep(void **state)
{
    struct rig *rig = *state;

    rig_open_in_memory(rig);
    rig_put(rig, 1, 0, "\x77", 1);
    report(rig, "slow", 1, true);
    rig_look(rig);
    rig_same(counts(rig, "slow"), "1 1 1 -");
    rig_same(rig_select(rig, "SELECT hex(substr(data, 1, 1)) FROM block WHERE number = 1"), "00");
    rig_upkeep(rig);
    assert_string_equal(rig_ram(rig, 1), rig_hex(rig, 1));
}

static void with_a_rollback_journal_a_foreign_reader_makes_the_report_wait(void **state)
{
    struct rig *rig = *state;
    sqlite3 *other = hold(rig, "BEGIN; SELECT count(*) FROM fault");

    report(rig, "slow", 1, true);
    rig_look(rig);
    sqlite3_close(other);
    rig_same(counts(rig, "slow"), "1 0 0 -");
    rig_look(rig);
    rig_same(counts(rig, "slow"), "1 1 1 -");
    rig_sql(rig, "UPDATE fault SET args = 'new'");
    rig_look(rig);
    rig_same(get(rig, "slow").args, "new");
}

static void looking_writes_nothing(void **state)
{
    struct rig *rig = *state;
    struct plant_options options;

    rig_close_plant(rig);
    rig_sql(rig, "INSERT INTO fault (name, plc) VALUES ('lost', 9)");
    int64_t version = rig_int(rig, "PRAGMA data_version");
    plant_options_init(&options);
    options.read_only = true;
    rig_open(rig, &options);
    assert_int_equal(plant_fault_count(rig->plant), 1);
    report(rig, "slow", 1, true);
    rig_look(rig);
    rig_close_plant(rig);
    assert_int_equal(rig_int(rig, "PRAGMA data_version"), version);
    rig_same(counts(rig, "lost"), "1 0 0 -");
}

/* ---- PLCs ---- */

static void a_plc_that_goes_takes_its_faults_along_until_it_comes_back(void **state)
{
    struct rig *rig = *state;

    report(rig, "slow", 1, false);
    rig_sql(rig, "PRAGMA foreign_keys = OFF; DELETE FROM plc");
    rig_look(rig);
    assert_int_equal(plant_fault_count(rig->plant), 0);
    rig_says(counts(rig, "slow"), "1 1 1 ", "no PLC that is served", NULL);
    rig_sql(rig, "INSERT INTO plc (id, name) VALUES (1, 'back')");
    rig_look(rig);
    assert_non_null(listed(rig, "slow"));
    rig_same(counts(rig, "slow"), "1 1 1 -");
    rig_sql(rig, "PRAGMA foreign_keys = ON; DELETE FROM plc");
    rig_look(rig);
    assert_int_equal(plant_fault_count(rig->plant), 0);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM fault"), 0);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM change"), 0);
}

static void a_row_of_a_plc_that_is_not_served_says_so(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig,
            "INSERT INTO plc (id, name) VALUES (2, 'two'); INSERT INTO fault (plc, name) VALUES (2, 'hang')");
    rig_look(rig);
    assert_null(listed(rig, "hang"));
    rig_has(counts(rig, "hang"), "from the next start on");
    rig_close_plant(rig);
    rig_open(rig, NULL);
    rig_same(get(rig, "hang").plc->name, "two");
    rig_same(counts(rig, "hang"), "1 0 0 -");
}

/* ---- hostile rows ---- */

static void add_rows(struct rig *rig, int from, int to)
{
    rig_sql(rig,
            "WITH n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
            " INSERT INTO fault (id, name) SELECT i, 'n' || i FROM n",
            from, to);
}

static void the_first_thousand_rows_are_taken_and_the_others_say_so(void **state)
{
    struct rig *rig = *state;

    add_rows(rig, 2, 1003);
    rig_look(rig);
    assert_int_equal(plant_fault_count(rig->plant), PLANT_FAULTS_CAP);
    assert_null(listed(rig, "n1001"));
    assert_int_equal(rig_int(rig, "SELECT min(id) FROM fault WHERE error LIKE '%%first 1000 rows%%'"), 1001);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM fault WHERE error IS NOT NULL"), 3);
    rig_sql(rig, "DELETE FROM fault WHERE id IN (5, 7); INSERT INTO fault (id, name) VALUES (-1, 'early')");
    rig_look(rig);
    assert_int_equal(plant_fault_at(rig->plant, 0)->id, -1);
    assert_non_null(listed(rig, "n1001"));
    assert_null(listed(rig, "n1002"));
    assert_int_equal(rig_int(rig, "SELECT min(id) FROM fault WHERE error IS NOT NULL"), 1002);
    report(rig, "n1001", 2, true);
    rig_look(rig);
    rig_same(counts(rig, "n1001"), "1 2 2 -");
    rig_sql(rig, "DELETE FROM fault WHERE id > 1");
    rig_look(rig);
    assert_int_equal(plant_fault_count(rig->plant), 2);
}

static void expect_no_row(struct rig *rig, const char *columns, const char *values, const char *part)
{
    char sql[512];

    snprintf(sql, sizeof sql, "INSERT INTO fault (%s) VALUES (%s)", columns, values);
    assert_int_equal(rig_try(rig, sql), SQLITE_CONSTRAINT);
    rig_has(sqlite3_errmsg(rig->foreign), part);
}

static void what_is_no_fault_is_refused_by_the_table(void **state)
{
    struct rig *rig = *state;

    expect_no_row(rig, "name", "''", "fault.name has 1 to 31 bytes");
    expect_no_row(rig, "name", "printf('%032d', 1)", "fault.name has 1 to 31 bytes");
    expect_no_row(rig, "name", "'slow' || char(0) || 'x'", "fault.name has 1 to 31 bytes");
    expect_no_row(rig, "name", "NULL", "fault.name");
    expect_no_row(rig, "name", "x'61'", "fault.name");
    expect_no_row(rig, "name, args", "'a', printf('%0256d', 1)", "fault.args has at most 255 bytes");
    expect_no_row(rig, "name, args", "'a', char(0)", "fault.args has at most 255 bytes");
    expect_no_row(rig, "name, args", "'a', NULL", "fault.args");
    expect_no_row(rig, "name, armed", "'a', 2", "fault.armed is 0 or 1");
    expect_no_row(rig, "name, armed", "'a', 'yes'", "fault.armed");
    expect_no_row(rig, "name, matched", "'a', 1.5", "fault.matched");
    expect_no_row(rig, "name, fired", "'a', NULL", "fault.fired");
    expect_no_row(rig, "name, plc", "'a', 'plc1'", "fault.plc");
    rig_sql(rig, "INSERT INTO fault (name, args) VALUES (printf('%%031d', 1), printf('%%0255d', 1))");
    rig_look(rig);
    assert_int_equal(strlen(plant_fault_at(rig->plant, 1)->name), 31);
    assert_int_equal(strlen(plant_fault_at(rig->plant, 1)->args), 255);
}

static void rows_smuggled_past_the_checks_are_not_listed_and_say_why(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig,
            "PRAGMA ignore_check_constraints = ON;"
            "INSERT INTO fault (name, args, armed) VALUES ('', '', 1), ('slow' || char(0) || 'x', '', 1),"
            " (printf('%%0100000d', 1), '', 1), ('args', printf('%%0100000d', 1), 1), ('nul', char(0), 1),"
            " ('armed', '', -7)");
    rig_look(rig);
    assert_int_equal(plant_fault_count(rig->plant), 2);
    assert_true(get(rig, "armed").armed);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM fault WHERE error LIKE 'fault.name has%%'"), 3);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM fault WHERE error LIKE 'fault.args has%%'"), 2);
    rig_sql(rig, "UPDATE fault SET name = 'mended' WHERE name = ''");
    rig_look(rig);
    assert_non_null(listed(rig, "mended"));
    rig_same(counts(rig, "mended"), "1 0 0 -");
}

static void a_foreign_error_of_any_length_is_taken(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig,
            "UPDATE fault SET error = printf('%%01000000d', 1), matched = -5, fired = 9223372036854775807");
    rig_look(rig);
    rig_upkeep(rig);
    assert_int_equal(rig_int(rig, "SELECT length(error) FROM fault"), 1000000);
    report(rig, "slow", 1, true);
    rig_look(rig);
    rig_same(counts(rig, "slow"), "1 1 1 -");
}

/* ---- anything, in any order ---- */

static void random_edit(struct rig *rig)
{
    unsigned id = 1 + rig_random(6), n = rig_random(1000);

    switch (rig_random(7)) {
    case 0:
        rig_sql(rig, "INSERT OR REPLACE INTO fault (id, name, args) VALUES (%u, 'n%u', 'a%u')", id, id, n);
        break;
    case 1:
        rig_sql(rig, "DELETE FROM fault WHERE id = %u", id);
        break;
    case 2:
        rig_sql(rig, "UPDATE fault SET args = 'a%u', matched = 0 WHERE id = %u", n, id);
        break;
    case 3:
        rig_sql(rig, "UPDATE OR REPLACE fault SET id = %u WHERE id = %u", id, 1 + rig_random(6));
        break;
    case 4:
        rig_sql(rig, "UPDATE fault SET plc = %u WHERE id = %u", 1 + rig_random(2), id);
        break;
    case 5:
        rig_sql(rig, "DELETE FROM plc");
        break;
    default:
        rig_sql(rig, "INSERT OR REPLACE INTO plc (id, name) VALUES (1, 'plc1')");
    }
}

/* What is listed is what the table has, and what was reported for the version that is there is in its row. */
static void check_listed(struct rig *rig, const uint64_t *versions, const uint64_t *reports)
{
    assert_int_equal(plant_fault_count(rig->plant),
                     rig_int(rig, "SELECT count(*) FROM fault JOIN plc ON plc.id = fault.plc"));
    for (size_t i = 0; i < plant_fault_count(rig->plant); i++) {
        const struct plant_fault *fault = plant_fault_at(rig->plant, i);
        rig_same(rig_select(rig, "SELECT args FROM fault WHERE id = %d", (int)fault->id), fault->args);
        if (fault->version == versions[fault->id])
            assert_int_equal(rig_int(rig, "SELECT matched FROM fault WHERE id = %d", (int)fault->id),
                             reports[fault->id]);
    }
}

static void random_edits_and_reports_end_as_the_last_of_them(void **state)
{
    uint64_t versions[7] = {0}, reports[7] = {0};
    struct rig *rig = *state;

    for (uint64_t step = 1; step <= 600; step++) {
        sqlite3 *other = rig_random(3) == 0 ? hold(rig, "BEGIN IMMEDIATE") : NULL;
        assert_status(plant_turn_begin(rig->plant, false), S7_OK);
        for (size_t i = 0; i < plant_fault_count(rig->plant); i++) {
            const struct plant_fault *fault = plant_fault_at(rig->plant, i);
            if (rig_random(2) == 0)
                continue;
            plant_fault_report(rig->plant, fault, step, step, true, NULL, rig_random(2) == 0);
            versions[fault->id] = fault->version;
            reports[fault->id] = step;
        }
        if (other == NULL && !rig->plant->can_write)
            random_edit(rig);
        assert_status(plant_turn_end(rig->plant), S7_OK);
        if (other != NULL)
            sqlite3_close(other);
        for (uint32_t n = rig_random(3); n > 0; n--)
            random_edit(rig);
        if (rig_random(2) == 0) {
            rig_upkeep(rig);
            check_listed(rig, versions, reports);
        }
    }
}

int main(void)
{
#define SERVED(test) cmocka_unit_test_setup_teardown(test, rig_setup_serving, rig_teardown)
#define SLOW(test)   cmocka_unit_test_setup_teardown(test, setup_slow, rig_teardown)
    const struct CMUnitTest tests[] = {
        SERVED(a_row_is_seen_by_the_next_turn_when_it_comes_changes_and_goes),
        SLOW(rows_of_before_the_start_are_there_after_it),
        SLOW(upkeep_sees_rows_when_nobody_sends_a_request),
        SLOW(every_edit_makes_a_new_version_even_of_what_the_server_writes),
        SLOW(what_is_no_edit_of_a_fault_leaves_its_version_and_that_of_the_table),
        SLOW(an_urgent_report_is_in_the_file_when_its_turn_ends),
        SLOW(a_report_that_is_not_urgent_comes_with_the_next_commit_upkeep_or_close),
        SLOW(what_is_reported_once_is_written_once),
        SLOW(counts_and_texts_beyond_measure_are_cut),
        SLOW(a_commit_that_fails_keeps_the_report_for_the_next),
        SLOW(a_constraint_of_a_foreign_program_costs_the_report_and_nothing_else),
        SLOW(an_edit_wins_over_a_report_that_waits),
        SLOW(an_edit_in_the_middle_of_a_turn_wins_over_its_urgent_report),
        SLOW(a_report_of_an_older_version_is_left_alone),
        SLOW(a_report_beside_a_foreign_lock_waits_and_fails_nothing),
        SLOW(an_owed_edit_is_one_version_and_does_not_undo_reports),
        SLOW(memory_durability_writes_the_urgent_report_and_leaves_the_stores_for_upkeep),
        cmocka_unit_test_setup_teardown(with_a_rollback_journal_a_foreign_reader_makes_the_report_wait,
                                        setup_slow_journal, rig_teardown),
        SLOW(looking_writes_nothing),
        SLOW(a_plc_that_goes_takes_its_faults_along_until_it_comes_back),
        SLOW(a_row_of_a_plc_that_is_not_served_says_so),
        SLOW(the_first_thousand_rows_are_taken_and_the_others_say_so),
        SLOW(what_is_no_fault_is_refused_by_the_table),
        SLOW(rows_smuggled_past_the_checks_are_not_listed_and_say_why),
        SLOW(a_foreign_error_of_any_length_is_taken),
        SERVED(random_edits_and_reports_end_as_the_last_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
