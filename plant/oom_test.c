/* oom_test.c - every allocation fails once, ours and SQLite's: nothing crashes, leaks or lies, and what could
 * not be done is done when there is memory again. Linked with --wrap for the allocators that this room calls.
 */
#include "test_plant.h"

#include "exchange.h"
#include "plant_impl.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- allocators that fail ---- */

static atomic_long left;   /* until an allocation fails; below 1: none does */
static atomic_bool sticky; /* all later ones fail, too */
static atomic_bool sqlites_too;
static atomic_long ours; /* allocations of this room, counted */

static bool fails(bool is_ours)
{
    if (!is_ours && !atomic_load(&sqlites_too))
        return false;
    long before = atomic_fetch_sub(&left, 1);
    return before == 1 || (before < 1 && before > -1000000 && atomic_load(&sticky));
}

struct how {
    bool sticky, sqlites_too;
};

static void arm(long n, struct how how)
{
    atomic_store(&sticky, how.sticky);
    atomic_store(&sqlites_too, how.sqlites_too);
    atomic_store(&left, n);
}

/* True if the allocation that was to fail was reached. */
static bool disarm(void)
{
    bool reached = atomic_load(&left) < 1;

    arm(LONG_MIN / 2, (struct how){false, false});
    return reached;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t n, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t n, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
    atomic_fetch_add(&ours, 1);
    return fails(true) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    atomic_fetch_add(&ours, 1);
    return fails(true) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    atomic_fetch_add(&ours, 1);
    return fails(true) ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t n, size_t size)
{
    atomic_fetch_add(&ours, 1);
    return fails(true) ? NULL : __real_reallocarray(old, n, size);
}

char *__wrap_strdup(const char *text)
{
    atomic_fetch_add(&ours, 1);
    return fails(true) ? NULL : __real_strdup(text);
}

static sqlite3_mem_methods of_sqlite;

static void *sqlite_malloc(int size)
{
    return fails(false) ? NULL : of_sqlite.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size)
{
    return fails(false) ? NULL : of_sqlite.xRealloc(old, size);
}

static void fail_sqlite_too(void)
{
    sqlite3_mem_methods failing;

    disarm();
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &of_sqlite), SQLITE_OK);
    failing = of_sqlite;
    failing.xMalloc = sqlite_malloc;
    failing.xRealloc = sqlite_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &failing), SQLITE_OK);
}

/* ---- what is tried ---- */

/* Edits of every kind; the same end after each. */
static void edit_everything(struct rig *rig, unsigned n)
{
    rig_sql(
        rig,
        "BEGIN; DELETE FROM tag;"
        "INSERT INTO tag (name, address, value) VALUES ('word', 'DB1.DBW0', %u), ('bad', 'DB1.DBW2', 'x'),"
        " ('list', 'DB1.DBW4:INT[3]', '[1,2,3]'), ('lost', 'DB77.DBW0', NULL), ('new', 'DB5.DBW0', 7);"
        "DELETE FROM block WHERE number = 5; INSERT INTO block (kind, number, data) VALUES ('DB', 5, "
        "zeroblob(%u));"
        "UPDATE block SET data = randomblob(%u) WHERE number = 2; UPDATE plc SET slot = 2;"
        "DELETE FROM fault; INSERT INTO fault (name, args, plc) VALUES ('slow', %u, 1), ('lost', '', 9); "
        "COMMIT",
        n % 65536, 2 + n % 7, 200 + n % 3, n);
}

static void check_everything(struct rig *rig, unsigned n)
{
    static const uint16_t dbs[] = {1, 2, 5};

    rig_upkeep(rig);
    rig_look(rig);
    for (size_t i = 0; i < 3; i++)
        rig_same(rig_ram(rig, dbs[i]), rig_hex(rig, dbs[i]));
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM change"), 0);
    assert_int_equal(rig_int(rig, "SELECT value FROM tag WHERE name = 'word'"), n % 65536);
    assert_int_equal(rig_db1(rig)[0] << 8 | rig_db1(rig)[1], n % 65536);
    rig_same(rig_tag(rig, "list"), "[1,2,3]");
    rig_same(rig_tag(rig, "new"), "7");
    rig_says(rig_tag_error(rig, "bad"), "the text x", NULL);
    rig_says(rig_tag_error(rig, "lost"), "no such block", NULL);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM tag WHERE error IS NOT NULL"), 2);
    assert_int_equal(plant_fault_count(rig->plant), 1);
    assert_int_equal(strtol(plant_fault_at(rig->plant, 0)->args, NULL, 10), n);
    rig_has(rig_select(rig, "SELECT error FROM fault WHERE name = 'lost'"), "no PLC");
}

static bool open_once(struct rig *rig, long n, struct how how)
{
    struct plant_error error = {S7_OK, ""};

    arm(n, how);
    s7_status status = plant_open(rig->path, NULL, &rig->plant, &error);
    bool reached = disarm();
    if (status == S7_OK)
        rig_close_plant(rig);
    else if (error.text[0] == '\0' || error.status != status || status == S7_E_PLANT_SCHEMA || !reached)
        fail_msg("allocation %ld failed: %s, \"%s\"", n, s7_errname(status), error.text);
    return reached;
}

/* SQLite makes thousands of allocations, all alike; each of ours is tried. S7_OK is right, too: some failures
 * SQLite gets over. */
static void opening(struct rig *rig, struct how how)
{
    unsigned n = 1, edit = 0;

    do
        edit_everything(rig, ++edit);
    while (open_once(rig, n, how) && (n += how.sqlites_too ? 1 + n / 32 : 1) > 0);
    rig_open(rig, NULL);
    check_everything(rig, edit);
    rig_close_plant(rig);
    rig_same(rig_select(rig, "PRAGMA integrity_check"), "ok");
}

static void an_open_that_runs_out_of_memory_says_so_and_changes_nothing(void **state)
{
    opening(*state, (struct how){.sticky = false, .sqlites_too = false});
    opening(*state, (struct how){.sticky = false, .sqlites_too = true});
}

static void an_open_without_any_more_memory_says_so_and_changes_nothing(void **state)
{
    opening(*state, (struct how){.sticky = true, .sqlites_too = false});
    opening(*state, (struct how){.sticky = true, .sqlites_too = true});
}

static void expect_reason(struct rig *rig, s7_status status, const char *what)
{
    if (status != S7_OK && plant_last_error(rig->plant)->text[0] == '\0')
        fail_msg("%s: %s without a reason", what, s7_errname(status));
}

static void show_nothing(const struct plant_tag_view *tag, void *arg)
{
    (void)tag, (void)arg;
}

/* What the last turn reported, of the fault that it knew. */
static struct plant_fault reported;

static void report(struct rig *rig, long n)
{
    reported = (struct plant_fault){.version = UINT64_MAX};
    if (plant_fault_count(rig->plant) == 0)
        return;
    reported = *plant_fault_at(rig->plant, 0);
    plant_fault_report(rig->plant, &reported, (uint64_t)n, 1, false, "why", n % 2 == 0);
}

/* A report for the row of before the edits may not be in it. */
static void check_report(struct rig *rig, long n)
{
    bool holds = plant_fault_at(rig->plant, 0)->version == reported.version;

    assert_int_equal(rig_int(rig, "SELECT matched FROM fault WHERE name = 'slow'"), holds ? n : 0);
    rig_same(rig_select(rig, "SELECT error FROM fault WHERE name = 'slow'"), holds ? "why" : "NULL");
}

/* DB6 gets another length and a file with this letter, a function is deleted and comes again. */
static s7_status move(struct rig *rig, long n)
{
    const struct plant_plc *plc = plant_plc_at(rig->plant, 0);
    uint8_t file[PLANT_FILE_MIN] = {(uint8_t)n};
    const struct plant_code db = {PLANT_DB, 6, sizeof file, file}, fc = {PLANT_FC, 1, sizeof file, file};
    s7_status status = plant_load(rig->plant, plc, &db, file, 1 + file[0] % 7U);

    if (status == S7_OK && plant_code_find(rig->plant, plc, PLANT_FC, 1) != NULL)
        status = plant_delete(rig->plant, plc, PLANT_FC, 1);
    return status == S7_OK ? plant_load(rig->plant, plc, &fc, NULL, 0) : status;
}

/* DB6 and the function are of the same turn, in RAM and in the file. */
static void check_moves(struct rig *rig, long n, bool moved)
{
    const struct plant_plc *plc = plant_plc_at(rig->plant, 0);
    const struct plant_code *db = plant_code_find(rig->plant, plc, PLANT_DB, 6),
                            *fc = plant_code_find(rig->plant, plc, PLANT_FC, 1);
    struct plant_block *block = rig_block(rig, S7_AREA_DB, 6);

    assert_true((db != NULL) == (fc != NULL) && (db != NULL) == (block != NULL));
    assert_true(!moved || db != NULL);
    if (db == NULL)
        return;
    assert_true(db->file[0] == fc->file[0] && block->len == 1 + db->file[0] % 7U);
    assert_true((db->file[0] == (uint8_t)n) == moved);
    rig_same(rig_ram(rig, 6), rig_hex(rig, 6));
    assert_int_equal(rig_int(rig, "SELECT count(DISTINCT file) = 1 AND count(*) = 2 FROM code"), 1);
}

/* A turn with edits, a store of one byte, blocks that move, a fault's report, and upkeep. */
static bool turn_once(struct rig *rig, long n, struct how how)
{
    struct plant_block *block;
    s7_status begun, stored = S7_E_MISUSE, moved = S7_E_MISUSE, ended;
    uint8_t before, byte = (uint8_t)n;

    arm(n, how);
    begun = plant_turn_begin(rig->plant, true);
    expect_reason(rig, begun, "plant_turn_begin");
    block = rig_block(rig, S7_AREA_DB, 1);
    before = block->data[40];
    if (begun == S7_OK)
        stored = plant_store(rig->plant, block, 40, &byte, 1);
    if (stored == S7_OK)
        moved = move(rig, n);
    report(rig, n);
    ended = plant_turn_end(rig->plant);
    expect_reason(rig, ended, "plant_turn_end");
    assert_int_equal(block->data[40], stored == S7_OK && ended == S7_OK ? byte : before);
    plant_tags(rig->plant, plant_plc_at(rig->plant, 0), show_nothing, NULL);
    expect_reason(rig, plant_upkeep(rig->plant), "plant_upkeep");
    bool reached = disarm();
    check_moves(rig, n, moved == S7_OK && ended == S7_OK);
    return reached;
}

static void turns(struct rig *rig, bool all_later)
{
    const struct how how = {.sticky = all_later, .sqlites_too = true};
    unsigned n = 1;
    bool reached;

    do {
        edit_everything(rig, n);
        reached = turn_once(rig, n, how);
        check_everything(rig, n);
        check_report(rig, n++);
    } while (reached);
}

static void a_turn_that_runs_out_of_memory_is_made_up_for_later(void **state)
{
    turns(*state, false);
}

static void a_turn_without_any_more_memory_is_made_up_for_later(void **state)
{
    turns(*state, true);
}

static void a_plant_that_cannot_be_made_leaves_no_file(void **state)
{
    const struct plant_new_block block = {S7_AREA_DB, 1, 64};
    const struct plant_new_plc plc = {.name = "new", .cpu = "generic", .blocks = &block, .n_blocks = 1};
    struct rig *rig = *state;
    struct plant_error error;
    char path[128];
    bool reached;
    long n = 1;

    snprintf(path, sizeof path, "%s/new", rig->folder);
    do {
        arm(n, (struct how){.sticky = n % 2 == 0, .sqlites_too = true});
        s7_status status = plant_create(path, &plc, 1, &error);
        reached = disarm();
        if (status != S7_OK && !reached)
            fail_msg("%s", error.text);
        if ((remove(path) == 0) != (status == S7_OK))
            fail_msg("allocation %ld failed: %s, and the file is %s", n, s7_errname(status),
                     status == S7_OK ? "not there" : "there");
        n += 1 + n / 32;
    } while (reached);
}

static void a_turn_allocates_nothing_of_ours_once_it_is_warm(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "INSERT INTO tag (name, address) VALUES ('a', 'DB1.DBW0'), ('b', 'DB1.DBD0:REAL'),"
                 " ('c', 'DB1.DBB0:STRING(20)'), ('d', 'DB1.DBW0:INT[9]');"
                 "INSERT INTO fault (name) VALUES ('slow')");
    rig_put(rig, 1, 0, "warm", 4);
    long before = atomic_load(&ours);
    for (uint8_t i = 0; i < 100; i++) {
        rig_put(rig, 1, i % 60, &i, 1);
        plant_fault_report(rig->plant, plant_fault_at(rig->plant, 0), i, i, true, "", true);
        rig_look(rig);
    }
    assert_int_equal(atomic_load(&ours), before);
}

/* ---- texts ---- */

static s7_status import_text(struct rig *rig, enum plant_format format, const char *text,
                             struct plant_error *error)
{
    struct plant_import_options options;
    struct plant_import_result result;

    plant_import_options_init(&options);
    options.format = format;
    return plant_import(rig->path, text, strlen(text), &options, &result, error);
}

/* Out of memory in all its places; SQLite tells some as an error of reading or writing. */
static void import_without_memory(struct rig *rig, enum plant_format format, const char *text)
{
    struct plant_error error;
    bool reached;
    long n = 1;

    do {
        arm(n, (struct how){.sticky = n % 2 == 0, .sqlites_too = true});
        s7_status status = import_text(rig, format, text, &error);
        reached = disarm();
        if (status != S7_OK && !reached)
            fail_msg("%s", error.text);
        const char *found =
            rig_select(rig, "SELECT count(*) || ' ' || (SELECT count(*) FROM block WHERE number = 9)"
                            " || ' ' || (SELECT mode FROM plc) FROM tag");
        rig_same(found, status != S7_OK ? "0 0 RUN" : format == PLANT_CSV ? "2 1 RUN" : "2 1 STOP");
        rig_sql(rig, "DELETE FROM tag; DELETE FROM block WHERE number = 9; UPDATE plc SET mode = 'RUN'");
        n += 1 + n / 24;
    } while (reached);
}

static void an_import_that_runs_out_of_memory_changes_nothing(void **state)
{
    import_without_memory(
        *state, PLANT_CSV,
        "name,address,value,comment\na,DB9.DBW0:INT,5,\"x\"\nb,DB1.DBB0:STRING(4),\"y\"\"\",z\n");
    import_without_memory(
        *state, PLANT_JSON,
        "{\"s7rig_plant\": 1, \"plcs\": [{\"name\": \"plc1\", \"mode\": \"STOP\","
        " \"blocks\": [{\"kind\": \"DB\", \"number\": 9, \"data\": \"0102\"}],"
        " \"szl\": [{\"list\": 17, \"index\": 0, \"record_len\": 1, \"data\": \"01\"}],"
        " \"tags\": [{\"name\": \"a\", \"address\": \"DB9.DBW0\", \"value\": 5},"
        " {\"name\": \"b\", \"address\": \"DB1.DBB0:STRING(4)[2]\", \"value\": [\"c\", \"d\"]}]}]}");
}

static void ignore(const struct plant_difference *difference, void *arg)
{
    (void)difference;
    (void)arg;
}

static void looking_without_memory_says_so(void **state)
{
    struct rig *rig = *state;
    struct plant_error error;
    bool reached;
    size_t count;
    long n = 1;
    FILE *out = fopen("/dev/null", "w");

    assert_non_null(out);
    rig_sql(rig, "INSERT INTO tag (name, address, value) VALUES ('a', 'DB1.DBW0', 5), ('b', 'nowhere', 6)");
    do {
        arm(n, (struct how){.sticky = n % 2 == 0, .sqlites_too = true});
        s7_status as_csv = plant_export(rig->path, PLANT_CSV, out, &error);
        s7_status as_json = as_csv == S7_OK ? plant_export(rig->path, PLANT_JSON, out, &error) : S7_OK;
        s7_status compared = S7_OK;
        if (as_csv == S7_OK && as_json == S7_OK)
            compared = plant_diff(rig->path, rig->path, ignore, NULL, &count, &error);
        reached = disarm();
        bool failed = as_csv != S7_OK || as_json != S7_OK || compared != S7_OK;
        if (failed && (!reached || error.text[0] == '\0'))
            fail_msg("allocation %ld: %s", n, error.text);
        if (!failed && count != 0)
            fail_msg("allocation %ld: a plant differs from itself", n);
        n += 1 + n / 24;
    } while (reached);
    fclose(out);
}

int main(void)
{
#define MADE(test)   cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)
#define SERVED(test) cmocka_unit_test_setup_teardown(test, rig_setup_serving, rig_teardown)
    const struct CMUnitTest tests[] = {
        MADE(an_open_that_runs_out_of_memory_says_so_and_changes_nothing),
        MADE(an_open_without_any_more_memory_says_so_and_changes_nothing),
        SERVED(a_turn_that_runs_out_of_memory_is_made_up_for_later),
        SERVED(a_turn_without_any_more_memory_is_made_up_for_later),
        MADE(a_plant_that_cannot_be_made_leaves_no_file),
        MADE(an_import_that_runs_out_of_memory_changes_nothing),
        MADE(looking_without_memory_says_so),
        SERVED(a_turn_allocates_nothing_of_ours_once_it_is_warm),
    };
    fail_sqlite_too();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
