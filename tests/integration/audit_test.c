/* What the tables of the audit say about clients that come, write, wait and go. In virtual time. */
#include "raw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int count(const char *from)
{
    char text[256];

    snprintf(text, sizeof text, "SELECT count(*) FROM %s", from);
    return (int)select_int(text);
}

static void put(struct guest *guest, uint32_t byte, uint8_t value)
{
    assert_int_equal(guest_write(guest, 1, byte, &value, 1), S7_OK);
}

/* ---- writes ---- */

static void an_acknowledged_write_has_its_row(void **state)
{
    struct guest one, two;
    char time_text[64];

    (void)state;
    guest_open(&one, &house, NULL);
    guest_open(&two, &house, NULL);
    run_for_ms(61 * 1000);
    put(&two, 9, 42);
    assert_string_equal(selected("SELECT source || ' ' || conn || ' ' || kind || number || ' ' || offset ||"
                                 " '/' || length || ' ' || hex(before) || '>' || hex(after) FROM write_log"),
                        "s7 2 DB1 9/1 00>2A");
    assert_int_equal(count("write_log JOIN connection USING (plc, conn, peer)"), 1);
    snprintf(time_text, sizeof time_text, "%s", selected("SELECT substr(time, 1, 19) FROM last_writes"));
    assert_string_equal(time_text, "2026-01-01T00:01:01");
    guest_close(&one);
    guest_close(&two);
}

static void two_clients_writing_the_same_bytes_are_two_rows_in_the_order_in_which_they_were_run(void **state)
{
    struct guest one, two;
    const uint8_t ones[2] = {1, 1}, twos[2] = {2, 2};
    s7_item by_one = house_item(1, 0, ones, 2), by_two = house_item(1, 0, twos, 2);
    struct sim_server_stats stats;

    (void)state;
    guest_open(&one, &house, NULL);
    guest_open(&two, &house, NULL);
    sql("BEGIN IMMEDIATE"); /* so that both are run in the turn that gets the lock */
    guest_begin(&one, true, &by_one, 1, 0);
    guest_begin(&two, true, &by_two, 1, 0);
    run_for_ms(20);
    sim_server_stats_get(house.server, &stats);
    assert_int_equal(stats.parked, 2);
    sql("COMMIT");
    assert_int_equal(guest_finish(&one), S7_OK);
    assert_int_equal(guest_finish(&two), S7_OK);
    assert_int_equal(count("write_log a JOIN write_log b ON b.id = a.id + 1 AND a.time = b.time"
                           " AND b.before = a.after AND a.before = x'0000' AND a.conn <> b.conn"),
                     1);
    assert_int_equal(count("block, (SELECT after FROM write_log ORDER BY id DESC LIMIT 1)"
                           " WHERE number = 1 AND substr(data, 1, 2) = after"),
                     1);
    guest_close(&one);
    guest_close(&two);
}

static void a_turn_that_is_undone_leaves_no_row(void **state)
{
    struct guest guest;
    const uint8_t value = 9;
    s7_item item = house_item(1, 0, &value, 1);

    (void)state;
    sql("INSERT INTO tag (name, address, type) VALUES ('n', 'DB1.DBB0', 'BYTE')");
    guest_open(&guest, &house, NULL);
    sql("ALTER TABLE tag RENAME TO away");
    guest_begin(&guest, true, &item, 1, 0);
    assert_int_equal(guest_finish(&guest), S7_E_PARTIAL);
    sql("ALTER TABLE away RENAME TO tag");
    assert_int_equal(count("write_log"), 0);
    put(&guest, 0, 8);
    assert_string_equal(selected("SELECT what || ' ' || before || ' ' || after FROM last_writes"), "n 0 8");
    guest_close(&guest);
}

static void edits_are_rows_of_their_own_between_the_writes(void **state)
{
    struct guest guest;
    uint8_t got;

    (void)state;
    sql("INSERT INTO tag (name, address, type) VALUES ('n', 'DB1.DBW0', 'INT')");
    guest_open(&guest, &house, NULL);
    put(&guest, 1, 1);
    sql("UPDATE tag SET value = 2");
    assert_int_equal(guest_read(&guest, 1, 0, &got, 1), S7_OK);
    sql("UPDATE block SET data = CAST(x'0003' || substr(data, 3) AS BLOB) WHERE number = 1");
    put(&guest, 1, 4);
    assert_string_equal(selected("SELECT source || ' ' || what || ' ' || before || ' ' || after"
                                 " FROM last_writes"),
                        "s7 n 3 4; sql n 2 3; sql n 1 2; s7 n 0 1");
    guest_close(&guest);
}

static void a_start_of_the_CPU_that_clears_memory_is_logged_as_what_it_is(void **state)
{
    (void)state;
    sql("UPDATE block SET data = CAST(x'01' || zeroblob(255) AS BLOB) WHERE kind = 'M'");
    run_for_ms(1100);
    sql("UPDATE plc SET mode = 'STOP'");
    run_for_ms(1100);
    sql("UPDATE plc SET mode = 'RUN'");
    run_for_ms(1100);
    assert_string_equal(selected("SELECT source || ' ' || kind || offset || '/' || length FROM write_log"
                                 " ORDER BY id DESC LIMIT 1"),
                        "sql M16/240");
}

/* ---- connections ---- */

static void who_is_connected_is_a_table(void **state)
{
    struct guest one, two;
    s7_client_options options;
    uint8_t got;

    (void)state;
    s7_client_options_init(&options);
    options.slot = 2;
    guest_open(&one, &house, NULL);
    guest_open(&two, &house, &options);
    for (int i = 0; i < 5; i++)
        assert_int_equal(guest_read(&two, 1, 0, &got, 1), S7_OK);
    run_for_ms(1100);
    assert_string_equal(
        selected("SELECT plc || ' ' || conn || ' ' || tsap || ' ' || (pdu_length >= 240) || ' '"
                 " || (amq > 0) || ' ' || jobs FROM connections WHERE until IS NULL"),
        "plc1 2 0202 1 1 6; plc1 1 0201 1 1 1");
    guest_close(&two);
    run_for_ms(1100);
    assert_string_equal(selected("SELECT conn || ' ' || jobs || ' ' || reason FROM connections"
                                 " WHERE until IS NOT NULL"),
                        "2 6 closed by the peer");
    assert_string_equal(selected("SELECT kind || conn FROM event WHERE conn IS NOT NULL ORDER BY id"),
                        "warn1; warn2; close2");
    guest_close(&one);
}

static void
connections_are_not_noted_when_that_is_off_and_those_that_are_there_when_it_is_on_again(void **state)
{
    struct guest guest;
    uint8_t got;

    (void)state;
    sql("UPDATE audit SET connections = 0");
    guest_open(&guest, &house, NULL);
    run_for_ms(2000);
    assert_int_equal(count("connection") + count("event"), 0);
    sql("UPDATE audit SET connections = 1");
    run_for_ms(1100);
    assert_int_equal(guest_read(&guest, 1, 0, &got, 1), S7_OK);
    run_for_ms(1100);
    assert_string_equal(selected("SELECT substr(since, 12, 8) FROM connections"), "00:00:00");
    guest_close(&guest);
}

/* ---- jobs ---- */

static void jobs_are_events_while_that_is_on(void **state)
{
    struct guest guest;
    uint8_t got[2] = {0};
    s7_item items[2] = {house_item(1, 0, &got[0], 1), house_item(2, 0, &got[1], 1)};

    (void)state;
    guest_open(&guest, &house, NULL);
    assert_int_equal(guest_read(&guest, 1, 0, got, 1), S7_OK);
    sql("UPDATE audit SET jobs = 1");
    guest_begin(&guest, false, items, 2, 0);
    assert_int_equal(guest_finish(&guest), S7_OK);
    put(&guest, 0, 1);
    sql("UPDATE audit SET jobs = 0");
    assert_int_equal(guest_read(&guest, 1, 0, got, 1), S7_OK);
    run_for_ms(1100);
    assert_string_equal(selected("SELECT conn || ' ' || fn || ' ' || items || ' ' || coalesce(error, '-') ||"
                                 " ' ' || latency_us FROM event WHERE kind = 'job' ORDER BY id"),
                        "1 read 2 - 0; 1 write 1 - 0");
    guest_close(&guest);
}

static void errors_are_events_while_that_is_on(void **state)
{
    struct guest guest;
    uint8_t got[2] = {0};
    s7_item items[2] = {house_item(1, 0, &got[0], 1), house_item(77, 0, &got[1], 1)};

    (void)state;
    guest_open(&guest, &house, NULL);
    sql("UPDATE audit SET errors = 1");
    assert_int_equal(guest_read(&guest, 1, 0, got, 1), S7_OK);
    guest_begin(&guest, false, items, 2, 0);
    assert_int_equal(guest_finish(&guest), S7_E_PARTIAL);
    run_for_ms(1100);
    assert_string_equal(selected("SELECT fn || ' ' || error || ' ' || substr(text, 1, 12) FROM event"
                                 " WHERE kind = 'job'"),
                        "read 0A item 2 of 2:");
    guest_close(&guest);
}

static void a_refused_job_is_an_error(void **state)
{
    struct raw raw;

    (void)state;
    sql("UPDATE audit SET errors = 1");
    raw_dial(&raw);
    SEND(&raw, CR, 3, 0, 0, 18, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, 7, 0, 1, 0, 0, 0x66);
    run_for_ms(1100);
    assert_string_equal(selected("SELECT fn || ' ' || error FROM event WHERE kind = 'job'"), "job 8104");
    raw_close(&raw);
}

static void a_write_that_waited_for_a_lock_is_slow_by_that_time(void **state)
{
    struct guest guest;
    const uint8_t value = 3;
    uint8_t got;
    s7_item item = house_item(1, 0, &value, 1);

    (void)state;
    guest_open(&guest, &house, NULL);
    sql("UPDATE audit SET slow_us = 50000");
    assert_int_equal(guest_read(&guest, 1, 0, &got, 1), S7_OK);
    sql("BEGIN IMMEDIATE");
    guest_begin(&guest, true, &item, 1, 0);
    run_for_ms(300);
    sql("COMMIT");
    assert_int_equal(guest_finish(&guest), S7_OK);
    assert_int_equal(guest_read(&guest, 1, 0, &got, 1), S7_OK);
    run_for_ms(1100);
    assert_string_equal(selected("SELECT fn || conn || (latency_us BETWEEN 295000 AND 306000) FROM slow"),
                        "write11");
    guest_close(&guest);
}

int main(void)
{
#define HOUSE(test) cmocka_unit_test_setup_teardown(test, open_house, close_house)
    const struct CMUnitTest tests[] = {
        HOUSE(an_acknowledged_write_has_its_row),
        HOUSE(two_clients_writing_the_same_bytes_are_two_rows_in_the_order_in_which_they_were_run),
        HOUSE(a_turn_that_is_undone_leaves_no_row),
        HOUSE(edits_are_rows_of_their_own_between_the_writes),
        HOUSE(a_start_of_the_CPU_that_clears_memory_is_logged_as_what_it_is),
        HOUSE(who_is_connected_is_a_table),
        HOUSE(connections_are_not_noted_when_that_is_off_and_those_that_are_there_when_it_is_on_again),
        HOUSE(jobs_are_events_while_that_is_on),
        HOUSE(errors_are_events_while_that_is_on),
        HOUSE(a_refused_job_is_an_error),
        HOUSE(a_write_that_waited_for_a_lock_is_slow_by_that_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
