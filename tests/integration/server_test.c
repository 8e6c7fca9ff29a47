/* The server's rules that need time or a foreign program: exact in virtual time. */
#include "raw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int open_300(void **state)
{
    (void)state;
    open_house_of("s7-300");
    return 0;
}

static void a_write_waits_for_a_foreign_lock_while_reads_go_on(void **state)
{
    struct guest writer, reader;
    struct sim_server_stats stats;
    uint8_t value = 42, got = 7;
    s7_item item = house_item(1, 0, &value, 1);

    (void)state;
    guest_open(&writer, &house, NULL);
    guest_open(&reader, &house, NULL);
    sql("BEGIN IMMEDIATE");
    guest_begin(&writer, true, &item, 1, 0);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(guest_read(&reader, 1, 0, &got, 1), S7_OK);
        assert_int_equal(got, 0);
    }
    run_for_ms(1000);
    assert_true(writer.waiting);
    sim_server_stats_get(house.server, &stats);
    assert_int_equal(stats.parked, 1);
    sql("COMMIT");
    assert_int_equal(guest_finish(&writer), S7_OK);
    assert_int_equal(select_int("SELECT hex(substr(data,1,1)) = '2A' FROM block WHERE number = 1"), 1);
    sim_server_stats_get(house.server, &stats);
    assert_int_equal(stats.parked, 0);
    guest_close(&writer);
    guest_close(&reader);
}

static void after_2_seconds_a_waiting_write_is_refused_with_01(void **state)
{
    struct guest guest;
    uint8_t value = 42;
    s7_item item = house_item(1, 0, &value, 1);

    (void)state;
    guest_open(&guest, &house, NULL);
    sql("BEGIN IMMEDIATE");
    int64_t asked_ms = now_ms();
    guest_begin(&guest, true, &item, 1, 0);
    assert_int_equal(guest_finish(&guest), S7_E_PARTIAL);
    assert_int_equal(item.code, 0x01);
    assert_in_range(now_ms() - asked_ms, 2000, 2006); /* busy_ms, the retry grid of 5 ms, two latencies */
    sql("COMMIT");
    assert_int_equal(guest_write(&guest, 1, 0, &value, 1), S7_OK);
    guest_close(&guest);
}

static void a_read_behind_a_waiting_write_on_the_same_connection_keeps_its_place(void **state)
{
    struct guest guest;
    uint8_t zero = 1, value[940] = {0}, got[940];
    s7_item write_item = house_item(2, 0, value, sizeof value);

    (void)state;
    memset(value, 0x5a, sizeof value);
    guest_open(&guest, &house, NULL);
    assert_int_equal(guest_read(&guest, 2, 0, &zero, 1), S7_OK);
    sql("BEGIN IMMEDIATE");
    guest_begin(&guest, true, &write_item, 1, 0);
    run_for_ms(100);
    sql("COMMIT");
    assert_int_equal(guest_finish(&guest), S7_OK);
    assert_int_equal(guest_read(&guest, 2, 0, got, sizeof got), S7_OK);
    assert_memory_equal(got, value, sizeof got);
    guest_close(&guest);
}

static void an_SQL_edit_is_seen_by_the_next_request(void **state)
{
    struct guest guest;

    (void)state;
    sql("INSERT INTO tag (name, address, type) VALUES ('n', 'DB1.DBD8', 'DINT')");
    guest_open(&guest, &house, NULL);
    for (int i = 0; i < 1000; i++) {
        uint8_t got[4];

        sql("UPDATE tag SET value = %d WHERE name = 'n'", i * 65537);
        assert_int_equal(guest_read(&guest, 1, 8, got, sizeof got), S7_OK);
        assert_int_equal(
            (int)((uint32_t)got[0] << 24 | (uint32_t)got[1] << 16 | (uint32_t)got[2] << 8 | got[3]),
            i * 65537);
    }
    guest_close(&guest);
}

static void a_write_is_seen_by_the_next_SELECT(void **state)
{
    struct guest guest;

    (void)state;
    sql("INSERT INTO tag (name, address, type) VALUES ('n', 'DB1.DBW8', 'WORD')");
    guest_open(&guest, &house, NULL);
    for (int i = 0; i < 1000; i++) {
        uint8_t bytes[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        assert_int_equal(guest_write(&guest, 1, 8, bytes, sizeof bytes), S7_OK);
        assert_int_equal(select_int("SELECT value FROM tag WHERE name = 'n'"), i);
    }
    guest_close(&guest);
}

static void a_commit_that_fails_refuses_the_write_and_keeps_the_old_bytes(void **state)
{
    struct guest guest;
    uint8_t value = 9, got = 1;
    s7_item item = house_item(1, 0, &value, 1);

    (void)state;
    sql("INSERT INTO tag (name, address, type) VALUES ('n', 'DB1.DBB0', 'BYTE')");
    guest_open(&guest, &house, NULL);
    sql("ALTER TABLE tag RENAME TO away"); /* a hostile hand: our own UPDATE of the tag cannot work now */
    guest_begin(&guest, true, &item, 1, 0);
    assert_int_equal(guest_finish(&guest), S7_E_PARTIAL);
    assert_int_equal(item.code, 0x01);
    assert_int_equal(guest_read(&guest, 1, 0, &got, 1), S7_OK);
    assert_int_equal(got, 0);
    sql("ALTER TABLE away RENAME TO tag");
    assert_int_equal(guest_write(&guest, 1, 0, &value, 1), S7_OK);
    assert_int_equal(select_int("SELECT value FROM tag WHERE name = 'n'"), 9);
    guest_close(&guest);
}

static void a_replaced_file_refuses_writes_and_serves_reads(void **state)
{
    struct guest guest;
    uint8_t value = 9, got = 1;
    s7_item item = house_item(1, 0, &value, 1);
    char moved[128];

    (void)state;
    snprintf(moved, sizeof moved, "%s-away", house.path);
    guest_open(&guest, &house, NULL);
    assert_int_equal(rename(house.path, moved), 0);
    run_for_ms(1100);
    guest_begin(&guest, true, &item, 1, 0);
    assert_int_equal(guest_finish(&guest), S7_E_PARTIAL);
    assert_int_equal(item.code, 0x01);
    assert_int_equal(guest_read(&guest, 1, 0, &got, 1), S7_OK);
    assert_int_equal(got, 0);
    guest_close(&guest);
    assert_int_equal(rename(moved, house.path), 0);
    house.abandoned = true;
}

/* ---- raw streams ---- */

static void a_half_sent_frame_is_dropped_after_5_seconds_and_frees_its_slot(void **state)
{
    struct raw raw;
    struct sim_server_stats stats;

    (void)state;
    raw_dial(&raw);
    SEND(&raw, CR);
    run_for_ms(5);
    assert_int_equal(raw.len, CC_LEN);
    sim_server_stats_get(house.server, &stats);
    assert_int_equal(stats.sessions, 1);
    int64_t begun_ms = now_ms();
    SEND(&raw, 3, 0, 0);
    run_for_ms(6000);
    assert_true(raw.over);
    assert_in_range(raw.last_ns / HOUSE_NS_PER_MS - begun_ms, 5000, 5001);
    sim_server_stats_get(house.server, &stats);
    assert_int_equal(stats.sessions + stats.connections, 0);
    raw_close(&raw);
}

static void an_idle_session_stays_for_hours(void **state)
{
    struct guest guest;
    uint8_t got;

    (void)state;
    guest_open(&guest, &house, NULL);
    run_for_ms(4 * 3600 * 1000);
    assert_int_equal(guest_read(&guest, 1, 0, &got, 1), S7_OK);
    guest_close(&guest);
}

static void a_full_300_takes_one_more_when_one_has_gone(void **state)
{
    struct guest guests[16]; /* one more than there are for OPs */
    s7_client_options options;

    (void)state;
    s7_client_options_init(&options);
    options.slot = 2;
    for (int i = 0; i < 15; i++) {
        guest_open(&guests[i], &house, &options);
        assert_int_equal(guests[i].last, S7_OK);
    }
    guest_open(&guests[15], &house, &options);
    assert_int_equal(guests[15].last, S7_E_COTP_REFUSED);
    guest_close(&guests[15]);
    guest_close(&guests[0]);
    run_for_ms(5);
    guest_open(&guests[15], &house, &options);
    assert_int_equal(guests[15].last, S7_OK);
    for (int i = 1; i < 16; i++)
        guest_close(&guests[i]);
}

/* A peer that sends requests and reads nothing fills its own buffers and nobody else's. */
static void a_peer_that_does_not_read_stops_itself_only(void **state)
{
    static const uint8_t request[] = {3, 0, 0, 31,   2,  0xf0, 0x80, 0x32, 1,   0, 0, 0,    0, 0, 14, 0,
                                      0, 4, 1, 0x12, 10, 16,   2,    0,    200, 0, 1, 0x84, 0, 0, 0};
    struct raw raw;
    struct guest guest;
    uint8_t got;
    size_t sent = 0;

    (void)state;
    raw_dial(&raw);
    raw.deaf = true;
    s7_stream_want(raw.stream, 0);
    SEND(&raw, CR);
    for (int i = 0; i < 20000; i++) {
        ssize_t n = s7_stream_write(raw.stream, request, sizeof request);
        if (n != (ssize_t)sizeof request)
            break;
        sent++;
        if (i % 100 == 0)
            run_for_ms(1);
    }
    assert_in_range(sent, 100, 19999);
    guest_open(&guest, &house, NULL);
    assert_int_equal(guest_read(&guest, 1, 0, &got, 1), S7_OK);
    guest_close(&guest);
    s7_stream_close(raw.stream, S7_CLOSE_RST);
}

#define GENERIC(test) cmocka_unit_test_setup_teardown(test, open_house, close_house)
#define S300(test)    cmocka_unit_test_setup_teardown(test, open_300, close_house)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GENERIC(a_write_waits_for_a_foreign_lock_while_reads_go_on),
        GENERIC(after_2_seconds_a_waiting_write_is_refused_with_01),
        GENERIC(a_read_behind_a_waiting_write_on_the_same_connection_keeps_its_place),
        GENERIC(an_SQL_edit_is_seen_by_the_next_request),
        GENERIC(a_write_is_seen_by_the_next_SELECT),
        GENERIC(a_commit_that_fails_refuses_the_write_and_keeps_the_old_bytes),
        GENERIC(a_replaced_file_refuses_writes_and_serves_reads),
        GENERIC(a_half_sent_frame_is_dropped_after_5_seconds_and_frees_its_slot),
        GENERIC(an_idle_session_stays_for_hours),
        S300(a_full_300_takes_one_more_when_one_has_gone),
        GENERIC(a_peer_that_does_not_read_stops_itself_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
