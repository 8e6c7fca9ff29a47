/* audit_test.c - who wrote what, when, before and after; who is connected; and how much of it is kept. */
#include "test_plant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "plant_impl.h"

#define NOON INT64_C(1767268800000) /* 2026-01-01T12:00:00Z */

/* A turn in which a client writes DB1. */
static s7_status s7_write(struct rig *rig, const char *peer, uint32_t offset, const void *src, uint32_t len)
{
    plant_clock(rig->plant, NOON);
    s7_status begun = plant_turn_begin(rig->plant, true), stored = S7_OK, ended;

    plant_writer(rig->plant, PLANT_BY_S7, peer, 7);
    if (begun == S7_OK)
        stored = plant_store(rig->plant, rig_block(rig, S7_AREA_DB, 1), offset, src, len);
    ended = plant_turn_end(rig->plant);
    if (begun != S7_OK)
        return begun;
    return stored != S7_OK ? stored : ended;
}

/* All rows, oldest first, as one text: "s7 DB1+4/2 0000>0102". */
static const char *log_text(struct rig *rig)
{
    return rig_select(rig, "SELECT group_concat(source || ' ' || kind || number || '+' || offset || '/' ||"
                           " length || ' ' || iif(before IS NULL, '-', hex(before)) || '>' || iif(after IS "
                           "NULL, '-', hex(after)),"
                           " '; ') FROM (SELECT * FROM write_log ORDER BY id)");
}

static const char *values_text(struct rig *rig)
{
    return rig_select(rig, "SELECT group_concat(tag || ': ' || value_before || ' > ' || value_after, '; ')"
                           " FROM (SELECT * FROM write_log ORDER BY id)");
}

static int64_t count(struct rig *rig, const char *table)
{
    return rig_int(rig, "SELECT count(*) FROM %s", table);
}

/* ---- writes ---- */

static void a_write_says_who_when_where_before_and_after(void **state)
{
    struct rig *rig = *state;

    assert_status(s7_write(rig, "10.0.0.9:1234", 4, "\1\2", 2), S7_OK);
    assert_status(s7_write(rig, "10.0.0.9:1234", 5, "\3\4", 2), S7_OK);
    rig_same(log_text(rig), "s7 DB1+4/2 0000>0102; s7 DB1+5/2 0200>0304");
    rig_same(rig_select(rig, "SELECT time || ' ' || plc || ' ' || peer || ' ' || conn FROM write_log"),
             "2026-01-01T12:00:00.000Z 1 10.0.0.9:1234 7");
    rig_same(rig_select(rig, "SELECT time || ' ' || plc || ' ' || source || ' ' || peer || ' ' || what ||"
                             " ' ' || before || ' ' || after FROM last_writes"),
             "2026-01-01T12:00:00.000Z plc1 s7 10.0.0.9:1234 DB1.DBB5:BYTE[2] 0200 0304");
}

static void two_stores_of_one_turn_are_two_rows_in_their_order(void **state)
{
    struct rig *rig = *state;

    assert_status(plant_turn_begin(rig->plant, true), S7_OK);
    plant_writer(rig->plant, PLANT_BY_S7, "a", 1);
    assert_status(plant_store(rig->plant, rig_block(rig, S7_AREA_DB, 1), 0, (const uint8_t *)"\1", 1), S7_OK);
    plant_writer(rig->plant, PLANT_BY_S7, "b", 2);
    assert_status(plant_store(rig->plant, rig_block(rig, S7_AREA_DB, 1), 0, (const uint8_t *)"\2", 1), S7_OK);
    assert_status(plant_turn_end(rig->plant), S7_OK);
    rig_same(log_text(rig), "s7 DB1+0/1 00>01; s7 DB1+0/1 01>02");
    rig_same(rig_select(rig, "SELECT group_concat(peer || conn) FROM write_log"), "a1,b2");
}

static void a_row_names_the_tags_and_has_their_values(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig,
            "INSERT INTO tag (name, address) VALUES ('speed', 'DB1.DBD0:REAL'), ('level', 'DB1.DBW4:INT'),"
            " ('on', 'DB1.DBX6.0'), ('off', 'DB1.DBX6.1'), ('name', 'DB1.DBB10:STRING(4)')");
    assert_status(s7_write(rig, "", 0, "\x3F\xC0\0\0\0\5", 6), S7_OK);
    assert_status(s7_write(rig, "", 6, "\2", 1), S7_OK);
    assert_status(s7_write(rig, "", 10, "\4\2Hi", 4), S7_OK);
    rig_same(values_text(rig), "speed, level: 0, 0 > 1.5, 5; off: 0 > 1; name:  > Hi");
    rig_same(
        rig_select(rig, "SELECT what || ' ' || before || ' ' || after FROM last_writes LIMIT 1 OFFSET 1"),
        "off 0 1");
}

static void a_row_about_many_tags_says_that_there_are_more(void **state)
{
    struct rig *rig = *state;
    uint8_t bytes[64] = {1, 2, 3};

    rig_sql(rig, "WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 63)"
                 " INSERT INTO tag (name, address) SELECT 'Ümläut ' || i, 'DB1.DBB' || i FROM n");
    assert_status(s7_write(rig, "", 0, bytes, sizeof bytes), S7_OK);
    rig_says(rig_select(rig, "SELECT value_after FROM write_log"), "1, 2, 3, 0", ", ...", NULL);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM write_log WHERE length(CAST(tag AS BLOB)) < 160"), 1);
}

static void long_writes_keep_their_first_kilobyte(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "INSERT INTO block (kind, number, data) VALUES ('DB', 9, zeroblob(3000))");
    rig_look(rig);
    rig_sql(rig, "UPDATE block SET data = CAST(replace(hex(zeroblob(1500)), '0', 'a') AS BLOB)"
                 " WHERE number = 9");
    rig_look(rig);
    assert_int_equal(rig_int(rig, "SELECT max(length) FROM write_log"), 3000);
    assert_int_equal(rig_int(rig, "SELECT max(length(after)) FROM write_log"), 1024);
    assert_int_equal(rig_int(rig, "SELECT after LIKE '6161%%...' FROM last_writes LIMIT 1"), 1);
}

static void a_block_that_a_client_loads_or_deletes_is_a_row(void **state)
{
    struct rig *rig = *state;
    const uint8_t file[72] = {0}, data[2] = {7, 8};
    const struct plant_code code = {.kind = PLANT_DB, .number = 2, .file = file, .len = sizeof file};
    const struct plant_plc *plc = plant_plc_at(rig->plant, 0);

    assert_status(plant_turn_begin(rig->plant, true), S7_OK);
    plant_writer(rig->plant, PLANT_BY_S7, "loader", 3);
    assert_status(plant_load(rig->plant, plc, &code, data, sizeof data), S7_OK);
    assert_status(plant_delete(rig->plant, plc, PLANT_DB, 1), S7_OK);
    assert_status(plant_turn_end(rig->plant), S7_OK);
    rig_same(rig_select(rig, "SELECT group_concat(peer || conn || ' DB' || number || '+' || offset || '/' ||"
                             " length || iif(after IS NULL, ' gone', ' ' || hex(after))) FROM write_log"),
             "loader3 DB2+0/300 0708,loader3 DB1+0/64 gone");
}

static int fail_commit(void *arg)
{
    (void)arg;
    return 1;
}

static void a_write_that_is_undone_leaves_no_row(void **state)
{
    struct rig *rig = *state;

    assert_status(s7_write(rig, "", 0, "\1", 1), S7_OK);
    sqlite3_commit_hook(rig->plant->db, fail_commit, NULL);
    assert_int_not_equal(s7_write(rig, "", 0, "\2", 1), S7_OK);
    sqlite3_commit_hook(rig->plant->db, NULL, NULL);
    assert_status(s7_write(rig, "", 0, "\3", 1), S7_OK);
    rig_same(log_text(rig), "s7 DB1+0/1 00>01; s7 DB1+0/1 01>03");
}

/* ---- edits ---- */

static void an_edit_of_a_block_is_the_bytes_that_differ(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "UPDATE block SET data = CAST(x'0001020300' || substr(data, 6) AS BLOB) WHERE number = 1");
    plant_clock(rig->plant, NOON);
    rig_look(rig);
    rig_same(log_text(rig), "sql DB1+1/3 000000>010203");
    rig_same(rig_select(rig, "SELECT time || coalesce(peer, ' nobody') FROM write_log"),
             "2026-01-01T12:00:00.000Z nobody");
    rig_sql(rig, "UPDATE block SET data = data");
    rig_look(rig);
    assert_int_equal(count(rig, "write_log"), 1);
}

static void an_edit_of_a_tag_has_its_values(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "INSERT INTO tag (name, address) VALUES ('level', 'DB1.DBW4:INT'), ('low', 'DB1.DBB5')");
    rig_look(rig);
    rig_sql(rig, "UPDATE tag SET value = 258 WHERE name = 'level'");
    rig_look(rig);
    rig_sql(rig, "UPDATE tag SET value = 258 WHERE name = 'level'");
    rig_look(rig);
    rig_sql(rig, "UPDATE tag SET value = 'much' WHERE name = 'level'");
    rig_look(rig);
    rig_same(log_text(rig), "sql DB1+4/2 0000>0102");
    rig_same(values_text(rig), "level, low: 0, 0 > 258, 2");
}

static void blocks_that_come_grow_and_go_are_rows(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "INSERT INTO block (kind, number, data) VALUES ('DB', 5, x'0102')");
    rig_look(rig);
    rig_sql(rig, "UPDATE block SET data = x'01030405' WHERE number = 5");
    rig_look(rig);
    rig_sql(rig, "UPDATE block SET number = 6 WHERE number = 5");
    rig_look(rig);
    rig_sql(rig, "DELETE FROM block WHERE number = 6");
    rig_look(rig);
    rig_same(log_text(rig), "sql DB5+0/2 ->0102; sql DB5+1/3 02>030405; sql DB5+0/4 01030405>-;"
                            " sql DB6+0/4 ->01030405; sql DB6+0/4 01030405>-");
    rig_same(
        rig_select(rig, "SELECT what || ' ' || before || ' ' || coalesce(after, 'gone') FROM last_writes"),
        "DB6.DBB0:BYTE[4] 01030405 gone");
}

static void an_edit_that_waits_for_a_lock_is_one_row(void **state)
{
    struct rig *rig = *state;
    sqlite3 *other = rig_connect(rig);

    rig_sql(rig, "INSERT INTO tag (name, address) VALUES ('level', 'DB1.DBW4:INT')");
    rig_look(rig);
    rig_sql(rig, "BEGIN; UPDATE block SET data = CAST(x'09' || substr(data, 2) AS BLOB) WHERE number = 1;"
                 "UPDATE tag SET value = 5; COMMIT");
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    rig_look(rig);
    rig_look(rig);
    assert_int_equal(count(rig, "write_log"), 0);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    rig_upkeep(rig);
    rig_same(log_text(rig), "sql DB1+0/1 00>09; sql DB1+4/2 0000>0005");
}

static void an_edit_whose_commit_fails_is_one_row_and_the_write_behind_it_none(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "INSERT INTO tag (name, address, value) VALUES ('level', 'DB1.DBW4:INT', 5)");
    sqlite3_commit_hook(rig->plant->db, fail_commit, NULL);
    assert_int_not_equal(s7_write(rig, "", 0, "\2", 1), S7_OK);
    sqlite3_commit_hook(rig->plant->db, NULL, NULL);
    rig_upkeep(rig);
    rig_same(log_text(rig), "sql DB1+4/2 0000>0005");
}

static void a_tag_that_was_edited_while_nobody_served_is_a_row_of_the_start(void **state)
{
    struct rig *rig = *state;
    struct plant_options options;

    rig_sql(rig, "INSERT INTO tag (name, address) VALUES ('level', 'DB1.DBW4:INT')");
    rig_close_plant(rig);
    rig_sql(rig, "UPDATE tag SET value = 5");
    plant_options_init(&options);
    options.wall_ms = NOON;
    rig_open(rig, &options);
    rig_same(log_text(rig), "sql DB1+4/2 0000>0005");
    rig_same(rig_select(rig, "SELECT time FROM write_log"), "2026-01-01T12:00:00.000Z");
}

/* ---- settings ---- */

static void writes_are_switched_off_and_on_while_serving(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "UPDATE audit SET writes = 0");
    assert_status(s7_write(rig, "", 0, "\1", 1), S7_OK);
    rig_sql(rig, "UPDATE block SET data = CAST(x'02' || substr(data, 2) AS BLOB) WHERE number = 1");
    rig_look(rig);
    assert_int_equal(count(rig, "write_log"), 0);
    rig_sql(rig, "UPDATE audit SET writes = 1");
    assert_status(s7_write(rig, "", 0, "\3", 1), S7_OK);
    rig_same(log_text(rig), "s7 DB1+0/1 02>03");
    assert_int_equal(count(rig, "change"), 0);
}

static void settings_are_as_in_a_new_file_when_their_row_is_deleted(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "UPDATE audit SET writes = 0, slow_us = 5000, keep_events = 3");
    rig_look(rig);
    assert_false(plant_audit_settings(rig->plant)->writes);
    assert_int_equal(plant_audit_settings(rig->plant)->slow_us, 5000);
    rig_sql(rig, "DELETE FROM audit");
    rig_look(rig);
    assert_true(plant_audit_settings(rig->plant)->writes);
    assert_int_equal(plant_audit_settings(rig->plant)->slow_us, -1);
    assert_int_equal(plant_audit_settings(rig->plant)->keep_events, 10000);
}

static void settings_out_of_range_are_refused_and_smuggled_ones_harmless(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(rig_try(rig, "UPDATE audit SET writes = 2"), SQLITE_CONSTRAINT);
    rig_says(sqlite3_errmsg(rig->foreign), "audit.writes is 0 or 1", NULL);
    assert_int_equal(rig_try(rig, "UPDATE audit SET keep_writes = -1"), SQLITE_CONSTRAINT);
    assert_int_equal(rig_try(rig, "INSERT INTO audit (id) VALUES (2)"), SQLITE_CONSTRAINT);
    assert_int_equal(rig_try(rig, "UPDATE audit SET slow_us = 'soon'"), SQLITE_CONSTRAINT);
    rig_sql(rig, "PRAGMA ignore_check_constraints = ON; UPDATE audit SET keep_writes = -9223372036854775808,"
                 " keep_events = 9223372036854775807, slow_us = -77");
    assert_status(s7_write(rig, "", 0, "\1", 1), S7_OK);
    rig_upkeep(rig);
    assert_int_equal(plant_audit_settings(rig->plant)->keep_writes, 0);
}

static void the_log_keeps_its_newest_rows(void **state)
{
    struct rig *rig = *state;
    int64_t most = 0;

    rig_sql(rig, "UPDATE audit SET keep_writes = 100");
    for (int i = 0; i < 2000; i++) {
        uint8_t byte = (uint8_t)i;
        assert_status(s7_write(rig, "", 0, &byte, 1), S7_OK);
        if (i % 50 == 49) {
            int64_t rows = count(rig, "write_log");
            most = rows > most ? rows : most;
        }
    }
    assert_in_range(most, 100, 100 + 256);
    rig_same(rig_select(rig, "SELECT hex(after) FROM write_log ORDER BY id DESC LIMIT 1"), "CF");
    rig_upkeep(rig);
    rig_sql(rig, "UPDATE audit SET keep_writes = 10");
    rig_look(rig);
    assert_int_equal(count(rig, "write_log"), 10);
}

/* No turn deletes more than a batch, and yet the bound is reached. */
static void a_bound_that_is_lowered_by_far_is_reached_step_by_step(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
                 " INSERT INTO write_log (time, plc, source, kind, number, offset, length)"
                 " SELECT '', 1, 'sql', 'DB', 1, 0, 1 FROM n;"
                 "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
                 " INSERT INTO event (time, kind) SELECT '', 'old' FROM n;"
                 "UPDATE audit SET keep_writes = 10, keep_events = 20");
    rig_look(rig);
    assert_int_equal(count(rig, "write_log"), 10000 - PRUNE_BATCH);
    for (int i = 0; i < 3; i++)
        rig_upkeep(rig);
    assert_int_equal(count(rig, "write_log"), 10);
    assert_int_equal(count(rig, "event"), 20);
}

static void with_memory_durability_rows_come_with_the_flush_and_are_bounded(void **state)
{
    struct rig *rig = *state;

    rig_open_in_memory(rig);
    assert_status(s7_write(rig, "", 0, "\1", 1), S7_OK);
    assert_int_equal(count(rig, "write_log"), 0);
    rig_upkeep(rig);
    rig_same(log_text(rig), "s7 DB1+0/1 00>01");
    for (int i = 0; i < PLANT_LOG_WAITING + 5; i++)
        assert_status(s7_write(rig, "", 0, "\2", 1), S7_OK);
    rig_upkeep(rig);
    rig_same(rig_select(rig, "SELECT text FROM event WHERE kind = 'dropped'"),
             "5 rows of write_log found no room");
}

/* ---- events and connections ---- */

static void a_job_has_its_numbers(void **state)
{
    struct rig *rig = *state;
    struct plant_event event = {.wall_ms = NOON,
                                .plc = plant_plc_at(rig->plant, 0),
                                .kind = "job",
                                .peer = "p",
                                .text = "no",
                                .conn = 3,
                                .fn = "read",
                                .items = 2,
                                .error = 0x0A,
                                .latency_us = 1234};

    plant_event_add(rig->plant, &event);
    event.error = 0x8104;
    event.latency_us = 99;
    plant_event_add(rig->plant, &event);
    plant_event(rig->plant, NOON, NULL, "error", "", "");
    rig_upkeep(rig);
    rig_same(rig_select(rig, "SELECT group_concat(conn || fn || items || error || '/' || latency_us)"
                             " FROM event WHERE kind = 'job'"),
             "3read20A/1234,3read28104/99");
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM event WHERE kind = 'error' AND conn IS NULL AND fn IS"
                                  " NULL AND items IS NULL AND error IS NULL AND latency_us IS NULL"),
                     1);
    rig_same(rig_select(rig, "SELECT group_concat(latency_us || plc || peer || fn) FROM slow"),
             "1234plc1pread,99plc1pread");
    rig_sql(rig, "UPDATE audit SET slow_us = 100");
    assert_int_equal(count(rig, "slow"), 1);
}

static void many_events_do_not_wait_for_upkeep(void **state)
{
    struct rig *rig = *state;

    for (int i = 0; i < PLANT_EVENTS_MANY; i++)
        plant_event(rig->plant, NOON, NULL, "job", "", "");
    rig_look(rig);
    assert_int_equal(count(rig, "event"), PLANT_EVENTS_MANY);
}

static void a_connection_is_a_row_from_its_beginning_to_its_end(void **state)
{
    struct rig *rig = *state;
    const struct plant_plc *plc = plant_plc_at(rig->plant, 0);
    plant_conn *one = plant_conn_open(rig->plant, NOON, plc, 1, "10.0.0.1:5", "0102");
    plant_conn *two = plant_conn_open(rig->plant, NOON, plc, 2, "10.0.0.2:5", "");

    rig_upkeep(rig);
    plant_conn_set(rig->plant, one, 480, 8, 3);
    rig_upkeep(rig);
    rig_same(rig_select(rig, "SELECT plc || conn || ' ' || peer || ' ' || since || ' ' || tsap || ' ' ||"
                             " pdu_length || ' ' || amq || ' ' || jobs FROM connections WHERE conn = 1"),
             "plc11 10.0.0.1:5 2026-01-01T12:00:00.000Z 0102 480 8 3");
    plant_conn_close(rig->plant, NOON + 1500, two, 0, "closed by the peer");
    plant_conn_close(rig->plant, NOON + 2500, one, 9, "reset");
    rig_put(rig, 1, 0, "\1", 1);
    rig_same(rig_select(rig, "SELECT group_concat(conn || ' ' || until || ' ' || jobs || ' ' || reason)"
                             " FROM connections"),
             "2 2026-01-01T12:00:01.500Z 0 closed by the peer,1 2026-01-01T12:00:02.500Z 9 reset");
}

static void connections_of_a_server_that_was_killed_end_at_the_next_start(void **state)
{
    struct rig *rig = *state;
    struct plant_options options;

    rig_sql(rig, "INSERT INTO connection (plc, conn, peer, since) VALUES (1, 1, 'x', 'then')");
    rig_close_plant(rig);
    plant_options_init(&options);
    options.wall_ms = NOON;
    rig_open(rig, &options);
    rig_same(rig_select(rig, "SELECT until || ' ' || reason FROM connections"),
             "2026-01-01T12:00:00.000Z the simulator was killed");
}

static void connections_are_noted_only_when_that_is_wanted_and_the_ended_ones_are_bounded(void **state)
{
    struct rig *rig = *state;
    const struct plant_plc *plc = plant_plc_at(rig->plant, 0);

    rig_sql(rig, "UPDATE audit SET connections = 0, keep_events = 10");
    rig_look(rig);
    assert_null(plant_conn_open(rig->plant, NOON, plc, 1, "", ""));
    plant_conn_set(rig->plant, NULL, 1, 1, 1);
    plant_conn_close(rig->plant, NOON, NULL, 0, "");
    rig_sql(rig, "UPDATE audit SET connections = 1");
    rig_look(rig);
    plant_conn *lasting = plant_conn_open(rig->plant, NOON, plc, 1, "", "");
    for (unsigned i = 2; i < 50; i++)
        plant_conn_close(rig->plant, NOON, plant_conn_open(rig->plant, NOON, plc, i, "", ""), 0, "");
    rig_upkeep(rig);
    assert_int_equal(count(rig, "connection"), 11);
    assert_int_equal(rig_int(rig, "SELECT conn FROM connections WHERE until IS NULL"), 1);
    plant_conn_close(rig->plant, NOON, lasting, 0, "");
}

int main(void)
{
#define SERVED(test) cmocka_unit_test_setup_teardown(test, rig_setup_serving, rig_teardown)
    const struct CMUnitTest tests[] = {
        SERVED(a_write_says_who_when_where_before_and_after),
        SERVED(two_stores_of_one_turn_are_two_rows_in_their_order),
        SERVED(a_row_names_the_tags_and_has_their_values),
        SERVED(a_row_about_many_tags_says_that_there_are_more),
        SERVED(long_writes_keep_their_first_kilobyte),
        SERVED(a_block_that_a_client_loads_or_deletes_is_a_row),
        SERVED(a_write_that_is_undone_leaves_no_row),
        SERVED(an_edit_of_a_block_is_the_bytes_that_differ),
        SERVED(an_edit_of_a_tag_has_its_values),
        SERVED(blocks_that_come_grow_and_go_are_rows),
        SERVED(an_edit_that_waits_for_a_lock_is_one_row),
        SERVED(an_edit_whose_commit_fails_is_one_row_and_the_write_behind_it_none),
        SERVED(a_tag_that_was_edited_while_nobody_served_is_a_row_of_the_start),
        SERVED(writes_are_switched_off_and_on_while_serving),
        SERVED(settings_are_as_in_a_new_file_when_their_row_is_deleted),
        SERVED(settings_out_of_range_are_refused_and_smuggled_ones_harmless),
        SERVED(the_log_keeps_its_newest_rows),
        SERVED(a_bound_that_is_lowered_by_far_is_reached_step_by_step),
        SERVED(with_memory_durability_rows_come_with_the_flush_and_are_bounded),
        SERVED(a_job_has_its_numbers),
        SERVED(many_events_do_not_wait_for_upkeep),
        SERVED(a_connection_is_a_row_from_its_beginning_to_its_end),
        SERVED(connections_of_a_server_that_was_killed_end_at_the_next_start),
        SERVED(connections_are_noted_only_when_that_is_wanted_and_the_ended_ones_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
