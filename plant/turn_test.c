/* turn_test.c - the two promises: what was acknowledged is committed, what was committed is seen. */
#include "test_plant.h"

#include "plant_impl.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#define DB1_LEN 64

#define TIMES 1000

static const struct place {
    const char *name, *address;
    uint32_t offset, len;
} places[] = {{"byte", "DB1.DBB3", 3, 1},
              {"word", "DB1.DBW0", 0, 2},
              {"dword", "DB1.DBD0", 0, 4},
              {"odd", "DB1.DBD5", 5, 4},
              {"bit", "DB1.DBX7.0", 7, 1},
              {"last", "DB1.DBW62", 62, 2},
              {"list", "DB1.DBB20:BYTE[30]", 20, 30}};
#define N_PLACES (sizeof places / sizeof places[0])

static void add_places(struct rig *rig)
{
    for (size_t i = 0; i < N_PLACES; i++)
        rig_sql(rig, "INSERT INTO tag (name, address) VALUES ('%s', '%s')", places[i].name,
                places[i].address);
}

/* What a place shows, made from the model's bytes. */
static void shown(const uint8_t *model, const struct place *place, char *text, size_t cap)
{
    const uint8_t *at = model + place->offset;
    uint64_t number = 0;

    if (place->len > 4) {
        size_t len = (size_t)snprintf(text, cap, "[");
        for (uint32_t i = 0; i < place->len; i++)
            len += (size_t)snprintf(text + len, cap - len, "%s%u", i > 0 ? "," : "", at[i]);
        snprintf(text + len, cap - len, "]");
        return;
    }
    for (uint32_t i = 0; i < place->len; i++)
        number = number << 8 | at[i];
    snprintf(text, cap, "%llu", (unsigned long long)(strcmp(place->name, "bit") == 0 ? number & 1 : number));
}

static void check_place(struct rig *rig, const uint8_t *model, const struct place *place, bool touched)
{
    char expected[256];
    const char *applied = rig_select(rig, "SELECT applied FROM tag WHERE name = '%s'", place->name);

    shown(model, place, expected, sizeof expected);
    assert_string_equal(rig_tag(rig, place->name), expected);
    if (touched ? strcmp(applied, expected) != 0 : strcmp(applied, "untouched") != 0)
        fail_msg("%s: expected applied = %s, got %s", place->name, touched ? expected : "untouched", applied);
}

static void check_bytes(struct rig *rig, const uint8_t *model)
{
    char expected[2 * DB1_LEN + 1];

    for (size_t i = 0; i < DB1_LEN; i++)
        snprintf(expected + 2 * i, 3, "%02X", model[i]);
    assert_string_equal(rig_hex(rig, 1), expected);
    assert_string_equal(rig_ram(rig, 1), expected);
}

static void an_acknowledged_write_is_selected_with_the_tags_it_overlaps_and_no_others(void **state)
{
    struct rig *rig = *state;
    uint8_t model[DB1_LEN] = {0};

    add_places(rig);
    rig_look(rig);
    for (int times = 0; times < TIMES; times++) {
        uint32_t offset = rig_random(DB1_LEN), len = 1 + rig_random(DB1_LEN - offset);
        len = len > 12 ? len % 12 + 1 : len;
        for (uint32_t i = 0; i < len; i++)
            model[offset + i] = (uint8_t)rig_random(256);
        rig_sql(rig, "UPDATE tag SET applied = 'untouched'");
        rig_put(rig, 1, offset, model + offset, len);
        check_bytes(rig, model);
        for (size_t i = 0; i < N_PLACES; i++)
            check_place(rig, model, &places[i],
                        places[i].offset < offset + len && offset < places[i].offset + places[i].len);
    }
}

static void several_stores_of_one_turn_are_one_commit_in_their_order(void **state)
{
    struct rig *rig = *state;
    struct plant_block *block;

    add_places(rig);
    rig_look(rig);
    int64_t version = rig_int(rig, "PRAGMA data_version");
    assert_status(plant_turn_begin(rig->plant, true), S7_OK);
    block = rig_block(rig, S7_AREA_DB, 1);
    for (uint8_t i = 1; i <= 100; i++) {
        assert_status(plant_store(rig->plant, block, i % 4, (const uint8_t[]){i, i}, 2), S7_OK);
        assert_status(plant_store(rig->plant, rig_block(rig, S7_AREA_DB, 2), i, &i, 1), S7_OK);
    }
    assert_status(plant_store(rig->plant, block, DB1_LEN, NULL, 0), S7_OK);
    assert_status(plant_turn_end(rig->plant), S7_OK);
    assert_int_equal(rig_int(rig, "PRAGMA data_version"), version + 1);
    assert_memory_equal(rig_db1(rig), "\x64\x64\x62\x63", 4);
    assert_string_equal(rig_tag(rig, "dword"), "1684300387");
    rig_same(rig_select(rig, "SELECT hex(substr(data, 101, 1)) FROM block WHERE number = 2"), "64");
}

static void a_committed_edit_of_a_block_is_seen_by_the_next_turn(void **state)
{
    struct rig *rig = *state;

    add_places(rig);
    rig_look(rig);
    for (int i = 0; i < TIMES; i++) {
        rig_sql(rig, "UPDATE block SET data = randomblob(64) WHERE kind = 'DB' AND number = 1");
        rig_look(rig);
        assert_string_equal(rig_ram(rig, 1), rig_hex(rig, 1));
        assert_int_equal(rig_int(rig, "SELECT value IS applied FROM tag WHERE name = 'word'"), 1);
        assert_int_equal(strtol(rig_tag(rig, "word"), NULL, 10), rig_block(rig, S7_AREA_DB, 1)->data[0] << 8 |
                                                                     rig_block(rig, S7_AREA_DB, 1)->data[1]);
    }
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM change"), 0);
}

static void a_committed_edit_of_a_tag_is_seen_by_the_next_turn(void **state)
{
    struct rig *rig = *state;

    add_places(rig);
    rig_look(rig);
    for (int i = 0; i < TIMES; i++) {
        unsigned value = rig_random(65536);
        rig_sql(rig, "UPDATE tag SET value = %u WHERE name = 'word'", value);
        rig_look(rig);
        assert_int_equal(rig_block(rig, S7_AREA_DB, 1)->data[0] << 8 | rig_block(rig, S7_AREA_DB, 1)->data[1],
                         value);
        assert_string_equal(rig_ram(rig, 1), rig_hex(rig, 1));
    }
}

static void a_transaction_over_block_and_tags_is_seen_whole_and_its_tags_win(void **state)
{
    struct rig *rig = *state;

    add_places(rig);
    rig_look(rig);
    for (int i = 0; i < TIMES; i++) {
        unsigned byte = rig_random(256), odd = rig_random(1U << 31);
        rig_sql(rig,
                "BEGIN; UPDATE tag SET value = %u WHERE name = 'byte';"
                "UPDATE block SET data = randomblob(64) WHERE kind = 'DB' AND number = 1;"
                "UPDATE tag SET value = %u WHERE name = 'odd'; COMMIT",
                byte, odd);
        rig_look(rig);
        const uint8_t *data = rig_block(rig, S7_AREA_DB, 1)->data;
        assert_int_equal(data[3], byte);
        assert_int_equal((uint32_t)data[5] << 24 | (uint32_t)data[6] << 16 | (uint32_t)data[7] << 8 | data[8],
                         odd);
        assert_string_equal(rig_ram(rig, 1), rig_hex(rig, 1));
    }
}

static void overlapping_edits_apply_in_the_order_of_the_last_edit_of_each_tag(void **state)
{
    struct rig *rig = *state;

    add_places(rig);
    rig_look(rig);
    rig_sql(rig, "BEGIN; UPDATE tag SET value = 0x01020304 WHERE name = 'dword';"
                 "UPDATE tag SET value = 0xAABB WHERE name = 'word';"
                 "UPDATE tag SET value = 0x99 WHERE name = 'byte'; COMMIT");
    rig_look(rig);
    assert_memory_equal(rig_block(rig, S7_AREA_DB, 1)->data, "\xAA\xBB\x03\x99", 4);
    rig_sql(rig, "BEGIN; UPDATE tag SET value = 0x01020304 WHERE name = 'dword';"
                 "UPDATE tag SET value = 0xAABB WHERE name = 'word';"
                 "UPDATE tag SET value = 0x11121314 WHERE name = 'dword'; COMMIT");
    rig_look(rig);
    assert_memory_equal(rig_block(rig, S7_AREA_DB, 1)->data, "\x11\x12\x13\x14", 4);
    assert_string_equal(rig_tag(rig, "word"), "4370"); /* 0x1112: shown though it was edited */
    assert_string_equal(rig_tag(rig, "byte"), "20");
}

static void a_turn_that_writes_sees_the_edits_first_and_stores_over_them(void **state)
{
    struct rig *rig = *state;

    add_places(rig);
    rig_look(rig);
    rig_sql(rig, "UPDATE tag SET value = 0x01020304 WHERE name = 'dword'");
    assert_status(plant_turn_begin(rig->plant, true), S7_OK);
    assert_memory_equal(rig_block(rig, S7_AREA_DB, 1)->data, "\x01\x02\x03\x04", 4);
    assert_status(plant_store(rig->plant, rig_block(rig, S7_AREA_DB, 1), 1, (const uint8_t *)"\xEE", 1),
                  S7_OK);
    assert_status(plant_turn_end(rig->plant), S7_OK);
    rig_look(rig);
    assert_memory_equal(rig_block(rig, S7_AREA_DB, 1)->data, "\x01\xEE\x03\x04", 4);
    assert_string_equal(rig_tag(rig, "dword"), "32375556"); /* 0x01EE0304 */
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM change"), 0);
}

static void a_store_outside_a_turn_that_may_write_is_misuse(void **state)
{
    struct rig *rig = *state;

    assert_status(plant_turn_begin(rig->plant, false), S7_OK);
    assert_status(plant_store(rig->plant, rig_block(rig, S7_AREA_DB, 1), 0, (const uint8_t *)"x", 1),
                  S7_E_MISUSE);
    assert_status(plant_turn_end(rig->plant), S7_OK);
    assert_int_equal(rig_block(rig, S7_AREA_DB, 1)->data[0], 0);
}

static void an_edit_of_a_table_that_is_not_ours_makes_no_commit_of_ours(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "CREATE TABLE mine (x)");
    rig_look(rig);
    int64_t version = rig_int(rig, "PRAGMA data_version");
    for (int i = 0; i < 10; i++) {
        rig_sql(rig, "INSERT INTO mine VALUES (1)");
        rig_look(rig);
    }
    assert_int_equal(rig_int(rig, "PRAGMA data_version"), version);
}

/* ---- commits that fail ---- */

static int refuse_commit(void *arg)
{
    (void)arg;
    return 1;
}

static void check_that_a_failed_commit_leaves_no_trace(struct rig *rig, s7_status failure)
{
    const char *before = rig_hex(rig, 1);

    assert_int_not_equal(failure, S7_OK);
    rig_says(plant_last_error(rig->plant)->text, rig->path, NULL);
    assert_string_equal(rig_ram(rig, 1), before);
    rig_look(rig);
    assert_string_equal(rig_ram(rig, 1), rig_hex(rig, 1));
}

static void a_commit_that_fails_leaves_ram_and_file_as_they_were(void **state)
{
    struct rig *rig = *state;

    add_places(rig);
    rig_put(rig, 1, 0, "\1\2\3\4\5\6\7\10\11", 9);
    sqlite3_commit_hook(rig->plant->db, refuse_commit, NULL);
    assert_status(plant_turn_begin(rig->plant, true), S7_OK);
    for (uint32_t i = 0; i < 8; i++) /* overlapping, so that the order of undoing matters */
        assert_status(
            plant_store(rig->plant, rig_block(rig, S7_AREA_DB, 1), i, (const uint8_t *)"\xF1\xF2", 2), S7_OK);
    check_that_a_failed_commit_leaves_no_trace(rig, plant_turn_end(rig->plant));
    assert_string_equal(rig_tag(rig, "dword"), "16909060");
    sqlite3_commit_hook(rig->plant->db, NULL, NULL);
    rig_upkeep(rig);
    assert_string_equal(rig_tag(rig, "dword"), "16909060");
    rig_put(rig, 1, 0, "\x7F", 1);
    assert_string_equal(rig_tag(rig, "dword"), "2130838276"); /* 7F020304 */
}

static void edits_seen_by_a_turn_whose_commit_fails_are_written_later(void **state)
{
    struct rig *rig = *state;

    add_places(rig);
    rig_look(rig);
    sqlite3_commit_hook(rig->plant->db, refuse_commit, NULL);
    rig_sql(rig,
            "UPDATE tag SET value = 'x' WHERE name = 'byte'; UPDATE tag SET value = 258 WHERE name = 'word'");
    assert_int_not_equal(rig_try_put(rig, 1, 10, "\x55", 1), S7_OK);
    assert_memory_equal(rig_block(rig, S7_AREA_DB, 1)->data, "\1\2", 2);
    assert_int_equal(rig_block(rig, S7_AREA_DB, 1)->data[10], 0);
    assert_string_equal(rig_tag_error(rig, "byte"), "NULL");
    assert_int_not_equal(plant_upkeep(rig->plant), S7_OK);
    rig_says(plant_last_error(rig->plant)->text, rig->path, "commit", NULL);
    sqlite3_commit_hook(rig->plant->db, NULL, NULL);
    rig_upkeep(rig);
    assert_string_equal(rig_ram(rig, 1), rig_hex(rig, 1));
    assert_string_equal(rig_tag(rig, "dword"), "16908288");
    rig_says(rig_tag_error(rig, "byte"), "0..255", "the text x", NULL);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM change"), 0);
}

/* The disk is full: no file may grow beyond what it has. */
static void limit_files(rlim_t max)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = max < limit.rlim_max ? max : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_refuses_the_write_and_the_next_one_with_room_works(void **state)
{
    struct rig *rig = *state;
    void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
    s7_status full = S7_OK;

    add_places(rig);
    rig_put(rig, 1, 0, "\1\2\3\4", 4);
    limit_files(256 * 1024);
    for (int i = 0; i < 200 && full == S7_OK; i++)
        full = rig_try_put(rig, 1, 0, (const uint8_t[]){1, 2, 3, (uint8_t)(i & 1)}, 4);
    limit_files(RLIM_INFINITY);
    signal(SIGXFSZ, old);
    check_that_a_failed_commit_leaves_no_trace(rig, full);
    rig_put(rig, 1, 0, "\1\2\3\x63", 4);
    assert_string_equal(rig_tag(rig, "byte"), "99");
}

static void a_disk_that_is_full_on_purpose_refuses_until_it_is_not(void **state)
{
    struct rig *rig = *state;

    add_places(rig);
    rig_put(rig, 1, 0, "\1\2\3\4", 4);
    plant_fill_disk(rig->plant, true);
    plant_fill_disk(rig->plant, true);
    check_that_a_failed_commit_leaves_no_trace(rig, rig_try_put(rig, 1, 0, "\x7F", 1));
    plant_fill_disk(rig->plant, false);
    assert_status(rig_try_put(rig, 1, 0, "\x7F", 1), S7_E_PLANT_IO);
    rig_says(plant_last_error(rig->plant)->text, rig->path, "disk is full", NULL);
    plant_fill_disk(rig->plant, false);
    rig_put(rig, 1, 3, "\x63", 1);
    assert_string_equal(rig_tag(rig, "dword"), "16909155"); /* 01020363 */
}

/* What was acknowledged is in RAM, and in the file once there is room. */
static void with_memory_durability_a_full_disk_is_found_at_the_flush(void **state)
{
    struct rig *rig = *state;

    rig_open_in_memory(rig);
    const char *before = rig_hex(rig, 1);
    plant_fill_disk(rig->plant, true);
    rig_put(rig, 1, 0, "\x7F", 1);
    assert_status(plant_upkeep(rig->plant), S7_E_PLANT_IO);
    assert_string_equal(rig_hex(rig, 1), before);
    assert_int_equal(rig_block(rig, S7_AREA_DB, 1)->data[0], 0x7F);
    plant_fill_disk(rig->plant, false);
    rig_upkeep(rig);
    assert_string_equal(rig_ram(rig, 1), rig_hex(rig, 1));
}

static void a_damaged_schema_refuses_writes_and_serves_reads_from_ram(void **state)
{
    struct rig *rig = *state;

    rig_put(rig, 1, 0, "\1\2\3\4", 4);
    rig_sql(rig, "ALTER TABLE change RENAME TO hidden");
    assert_status(rig_try_put(rig, 1, 0, "\x7F", 1), S7_E_PLANT_IO);
    rig_says(plant_last_error(rig->plant)->text, rig->path, "change", NULL);
    assert_memory_equal(rig_block(rig, S7_AREA_DB, 1)->data, "\1\2\3\4", 4);
    rig_sql(rig, "ALTER TABLE hidden RENAME TO change");
    rig_put(rig, 1, 0, "\x7F", 1);
    assert_string_equal(rig_ram(rig, 1), rig_hex(rig, 1));
}

/* ---- the hot turn ---- */

static int count_compilation(void *arg, int a, const char *b, const char *c, const char *d, const char *e)
{
    (void)a, (void)b, (void)c, (void)d, (void)e;
    ++*(unsigned *)arg;
    return SQLITE_OK;
}

static void check_nothing_is_busy(sqlite3 *db)
{
    for (sqlite3_stmt *q = sqlite3_next_stmt(db, NULL); q != NULL; q = sqlite3_next_stmt(db, q)) {
        if (sqlite3_stmt_busy(q))
            fail_msg("busy between turns: %s", sqlite3_sql(q));
        if (sqlite3_stmt_status(q, SQLITE_STMTSTATUS_REPREPARE, 0) != 0)
            fail_msg("prepared once more: %s", sqlite3_sql(q));
    }
    assert_int_equal(sqlite3_txn_state(db, NULL), SQLITE_TXN_NONE);
}

static void clear_status(sqlite3 *db)
{
    for (sqlite3_stmt *q = sqlite3_next_stmt(db, NULL); q != NULL; q = sqlite3_next_stmt(db, q))
        sqlite3_stmt_status(q, SQLITE_STMTSTATUS_REPREPARE, 1);
}

static void a_turn_prepares_no_statement_and_leaves_none_busy(void **state)
{
    struct rig *rig = *state;
    unsigned compilations = 0;

    add_places(rig);
    sqlite3_set_authorizer(rig->plant->db, count_compilation, &compilations);
    rig_put(rig, 1, 0, "warm", 4);
    rig_put(rig, 1, 0, "warm", 4);
    compilations = 0;
    clear_status(rig->plant->db);
    for (uint8_t i = 0; i < 100; i++) {
        rig_put(rig, 1, i % 60, &i, 1);
        check_nothing_is_busy(rig->plant->db);
        rig_look(rig);
        check_nothing_is_busy(rig->plant->db);
    }
    assert_int_equal(compilations, 0);
    rig_sql(rig, "UPDATE tag SET value = 5 WHERE name = 'word'"); /* and one with edits */
    rig_look(rig);
    check_nothing_is_busy(rig->plant->db);
    assert_int_equal(compilations, 0);
}

int main(void)
{
#define SERVED(test) cmocka_unit_test_setup_teardown(test, rig_setup_serving, rig_teardown)
    const struct CMUnitTest tests[] = {
        SERVED(an_acknowledged_write_is_selected_with_the_tags_it_overlaps_and_no_others),
        SERVED(several_stores_of_one_turn_are_one_commit_in_their_order),
        SERVED(a_committed_edit_of_a_block_is_seen_by_the_next_turn),
        SERVED(a_committed_edit_of_a_tag_is_seen_by_the_next_turn),
        SERVED(a_transaction_over_block_and_tags_is_seen_whole_and_its_tags_win),
        SERVED(overlapping_edits_apply_in_the_order_of_the_last_edit_of_each_tag),
        SERVED(a_turn_that_writes_sees_the_edits_first_and_stores_over_them),
        SERVED(a_store_outside_a_turn_that_may_write_is_misuse),
        SERVED(an_edit_of_a_table_that_is_not_ours_makes_no_commit_of_ours),
        SERVED(a_commit_that_fails_leaves_ram_and_file_as_they_were),
        SERVED(edits_seen_by_a_turn_whose_commit_fails_are_written_later),
        SERVED(a_full_disk_refuses_the_write_and_the_next_one_with_room_works),
        SERVED(a_disk_that_is_full_on_purpose_refuses_until_it_is_not),
        SERVED(with_memory_durability_a_full_disk_is_found_at_the_flush),
        SERVED(a_damaged_schema_refuses_writes_and_serves_reads_from_ram),
        SERVED(a_turn_prepares_no_statement_and_leaves_none_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
