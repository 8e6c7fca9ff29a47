/* What becomes of a request under each fault that hits one: who is hit sees exactly this failure, the others
 * see nothing. In virtual time, so that times are exact. */
#include "fault_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* ---- rst_now ---- */

static void a_reset_comes_instead_of_the_answer_and_to_nobody_else(void **state)
{
    struct guest hit, other;

    (void)state;
    guest_open(&hit, &house, NULL);
    guest_open(&other, &house, NULL);
    arm(1, "rst_now", "conn=1 fn=read nth=2");
    assert_int_equal(guest_read_within(&hit, 0), S7_OK);
    assert_int_equal(guest_read_within(&other, 0), S7_OK);
    assert_int_equal(guest_read_within(&hit, 0), S7_E_RESET);
    assert_false(hit.up);
    assert_int_equal(guest_read_within(&other, 0), S7_OK);
    assert_int_equal(state_of(1).matched, 2);
    assert_int_equal(state_of(1).fired, 1);
    assert_false(state_of(1).armed);
    assert_int_equal(plc_stats().swallowed, 1);
    guest_close(&hit);
    guest_close(&other);
}

static void a_reset_write_is_not_run_unless_it_says_so(void **state)
{
    struct guest guest;

    (void)state;
    arm(1, "rst_now", "fn=write count=1");
    guest_open(&guest, &house, NULL);
    assert_int_not_equal(write_byte(&guest, 5), S7_OK);
    assert_int_equal(db1_byte0(), 0);
    guest_close(&guest);
    arm(2, "rst_now", "fn=write run=yes");
    guest_open(&guest, &house, NULL);
    assert_int_not_equal(write_byte(&guest, 6), S7_OK);
    assert_false(guest.up);
    assert_int_equal(db1_byte0(), 6);
    assert_int_equal(plc_stats().writes, 1);
    assert_int_equal(plc_stats().swallowed, 1);
    guest_close(&guest);
}

static void answers_before_the_reset_arrive(void **state)
{
    struct raw raw;

    (void)state;
    raw_open(&raw);
    arm(1, "rst_now", "ref=2");
    SEND(&raw, READ(1), READ(2), READ(3));
    run_for_ms(5);
    assert_int_equal(raw.len, READ_ANSWER_LEN);
    assert_true(raw.over);
    assert_int_equal(raw.how, S7_E_RESET);
    assert_int_equal(plc_stats().reads, 1);
    raw_close(&raw);
}

static void at_a_time_all_that_match_are_reset(void **state)
{
    struct guest guests[3];

    (void)state;
    guest_as(&guests[0], S7_CONN_OP);
    guest_as(&guests[1], S7_CONN_PG);
    guest_as(&guests[2], S7_CONN_OP);
    int64_t armed_ns = now_ns();
    arm(1, "rst_now", "at=2s role=op");
    run_for_ms(1999);
    assert_true(guests[0].up);
    assert_int_equal(s7_loop_run(house.loop), S7_OK); /* until the first of them hears it */
    assert_in_range(now_ns() - armed_ns - 2000 * HOUSE_NS_PER_MS, 0, ROUND_TRIP_NS);
    run_for_ms(1);
    assert_false(guests[0].up);
    assert_int_equal(guests[0].last, S7_E_RESET);
    assert_false(guests[2].up);
    assert_int_equal(guest_read_within(&guests[1], 0), S7_OK);
    assert_int_equal(state_of(1).fired, 2);
    assert_false(state_of(1).armed);
    for (int i = 0; i < 3; i++)
        guest_close(&guests[i]);
}

static void at_0_is_the_next_turn(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    arm(1, "rst_now", "at=0");
    run_for_ms(1);
    assert_false(guest.up);
    assert_int_equal(guest.last, S7_E_RESET);
    guest_close(&guest);
}

/* ---- cut ---- */

static void an_answer_can_be_cut_at_every_byte(void **state)
{
    (void)state;
    for (unsigned n = 0; n <= READ_ANSWER_LEN; n++) {
        char args[32];
        struct raw raw;
        snprintf(args, sizeof args, "bytes=%u", n);
        raw_open(&raw);
        arm(n, "cut", args);
        SEND(&raw, READ(1));
        run_for_ms(5);
        assert_int_equal(raw.len, n < READ_ANSWER_LEN ? n : READ_ANSWER_LEN - 1);
        assert_true(raw.over);
        assert_int_equal(raw.how, S7_E_RESET);
        raw_close(&raw);
        sim_server_fault_drop(house.server, n);
    }
}

static void an_answer_can_be_cut_where_a_part_of_it_begins(void **state)
{
    static const struct {
        const char *args;
        size_t len;
    } rows[] = {{"bytes=tpkt", 0},   {"bytes=cotp", 4},  {"bytes=header", 7},
                {"bytes=param", 19}, {"bytes=data", 21}, {"bytes=0%", 0},
                {"bytes=50%", 14},   {"bytes=99%", 28},  {"bytes=100%", 28}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct raw raw;
        raw_open(&raw);
        arm(1, "cut", rows[i].args);
        SEND(&raw, READ(1));
        run_for_ms(5);
        if (raw.len != rows[i].len)
            fail_msg("%s: expected %zu bytes, got %zu", rows[i].args, rows[i].len, raw.len);
        raw_close(&raw);
        sim_server_fault_drop(house.server, 1);
    }
}

static void a_confirm_can_be_cut_too(void **state)
{
    struct raw raw;

    (void)state;
    arm(1, "cut", "fn=connect bytes=10 then=fin");
    raw_dial(&raw);
    SEND(&raw, CR);
    run_for_ms(5);
    assert_int_equal(raw.len, 10);
    assert_true(raw.over);
    assert_int_equal(raw.how, S7_OK);
    assert_int_equal(plc_stats().sessions, 0);
    raw_close(&raw);
}

static void after_a_cut_comes_reset_end_or_silence(void **state)
{
    struct guest guest;

    (void)state;
    arm(1, "cut", "fn=read bytes=12 nth=1");
    guest_open(&guest, &house, NULL);
    assert_int_equal(guest_read_within(&guest, 0), S7_E_RESET);
    guest_close(&guest);
    arm(2, "cut", "fn=read bytes=12 then=fin nth=1");
    guest_open(&guest, &house, NULL);
    assert_int_equal(guest_read_within(&guest, 0), S7_E_CLOSED);
    guest_close(&guest);
    arm(3, "cut", "fn=read bytes=12 then=hang nth=1");
    guest_open(&guest, &house, NULL);
    assert_int_equal(guest_read_within(&guest, 100), S7_E_TIMEOUT);
    guest_close(&guest);
}

static void a_cut_write_is_committed(void **state)
{
    struct guest guest;

    (void)state;
    arm(1, "cut", "fn=write bytes=21");
    guest_open(&guest, &house, NULL);
    assert_int_not_equal(write_byte(&guest, 7), S7_OK);
    assert_int_equal(db1_byte0(), 7);
    guest_close(&guest);
}

/* Whatever comes after the silence began, garbage included, is dropped; the end is still seen. */
static void silence_is_for_good_and_holds_no_slot_when_the_peer_goes(void **state)
{
    struct raw raw;

    (void)state;
    raw_open(&raw);
    arm(1, "cut", "bytes=3 then=hang nth=1");
    SEND(&raw, READ(1), READ(2));
    run_for_ms(5);
    SEND(&raw, READ(3));
    run_for_ms(5);
    SEND(&raw, 0xff, 0xff, 0xff, 0xff, 0xff);
    run_for_ms(5);
    SEND(&raw, READ(4), 3, 0, 0);
    run_for_ms(3600 * 1000);
    assert_int_equal(raw.len, 3);
    assert_false(raw.over);
    assert_int_equal(plc_stats().reads, 1);
    assert_in_range(plc_stats().swallowed, 2, 3);
    raw_close(&raw);
    run_for_ms(5);
    assert_int_equal(plc_stats().connections + plc_stats().sessions, 0);
}

/* ---- slow ---- */

static void a_slow_answer_comes_exactly_so_much_later_and_others_do_not_wait(void **state)
{
    struct guest slow, quick;
    uint8_t got[4] = {0};
    s7_item item = house_item(1, 0, got, sizeof got);

    (void)state;
    guest_open(&slow, &house, NULL);
    guest_open(&quick, &house, NULL);
    arm(1, "slow", "conn=1 time=1.5s");
    int64_t asked_ns = now_ns();
    guest_begin(&slow, false, &item, 1, 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(guest_read_within(&quick, 0), S7_OK);
    assert_in_range(now_ns() - asked_ns, 0, 100 * ROUND_TRIP_NS);
    assert_int_equal(guest_finish(&slow), S7_OK);
    assert_in_range(now_ns() - asked_ns - 1500 * HOUSE_NS_PER_MS, 0, ROUND_TRIP_NS);
    assert_int_equal(state_of(1).matched, 1);
    guest_close(&slow);
    guest_close(&quick);
}

static void behind_a_slow_request_order_is_kept(void **state)
{
    struct raw raw;

    (void)state;
    raw_open(&raw);
    arm(1, "slow", "ref=1 time=100ms");
    SEND(&raw, READ(1), READ(2));
    run_for_ms(50);
    assert_int_equal(raw.len, 0);
    SEND(&raw, READ(3));
    run_for_ms(45);
    assert_int_equal(raw.len, 0);
    run_for_ms(10);
    assert_int_equal(raw.len, 3 * READ_ANSWER_LEN);
    for (int i = 0; i < 3; i++)
        assert_int_equal(raw.got[i * READ_ANSWER_LEN + 12], i + 1);
    assert_int_equal(state_of(1).matched, 1);
    raw_close(&raw);
}

static void a_late_answer_reaches_nobody_elses_request(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    arm(1, "slow", "nth=1 time=300ms");
    assert_int_equal(guest_read_within(&guest, 100), S7_E_TIMEOUT);
    run_for_ms(400);
    assert_true(guest.up);
    assert_int_equal(guest_read_within(&guest, 100), S7_OK);
    guest_close(&guest);
}

/* A full receive buffer behind a held request: the frame that could not be read whole is not late. */
static void what_waits_behind_an_hour_of_thinking_is_not_dropped(void **state)
{
    enum { N = 700 }; /* 700 reads are more than the session's buffer of 16 KiB */
    struct raw raw;

    (void)state;
    raw_open(&raw);
    arm(1, "slow", "ref=1 time=1h");
    SEND(&raw, READ(1));
    for (int i = 0; i < N; i++)
        SEND(&raw, READ(2));
    run_for_ms(3600 * 1000 - 50);
    assert_false(raw.over);
    assert_int_equal(raw.len, 0);
    run_for_ms(100);
    assert_int_equal(raw.len, (N + 1) * READ_ANSWER_LEN);
    assert_false(raw.over);
    raw_close(&raw);
}

static void a_slow_write_waits_for_a_foreign_lock_after_it_and_counts_once(void **state)
{
    struct guest writer, reader;
    uint8_t value = 4;
    s7_item item = house_item(1, 0, &value, 1);

    (void)state;
    guest_open(&writer, &house, NULL);
    guest_open(&reader, &house, NULL);
    arm(1, "slow", "fn=write time=100ms");
    sql("BEGIN IMMEDIATE");
    int64_t asked_ns = now_ns();
    guest_begin(&writer, true, &item, 1, 0);
    run_for_ms(50);
    for (int i = 0; i < 20; i++)
        assert_int_equal(guest_read_within(&reader, 0), S7_OK);
    run_for_ms(450);
    assert_true(writer.waiting);
    sql("COMMIT");
    assert_int_equal(guest_finish(&writer), S7_OK);
    assert_in_range((now_ns() - asked_ns) / HOUSE_NS_PER_MS, 500, 520);
    assert_int_equal(state_of(1).matched, 1);
    assert_int_equal(state_of(1).fired, 1);
    assert_int_equal(db1_byte0(), 4);
    guest_close(&writer);
    guest_close(&reader);
}

/* ---- hang ---- */

static void a_hung_request_is_never_answered_and_the_next_is(void **state)
{
    struct guest guest, other;

    (void)state;
    guest_open(&guest, &house, NULL);
    guest_open(&other, &house, NULL);
    arm(1, "hang", "conn=1 fn=write count=1");
    uint8_t value = 9;
    s7_item item = house_item(1, 0, &value, 1);
    guest_begin(&guest, true, &item, 1, 200);
    assert_int_equal(write_byte(&other, 3), S7_OK);
    assert_int_not_equal(guest_finish(&guest), S7_OK);
    assert_int_equal(db1_byte0(), 3);
    assert_true(guest.up);
    assert_int_equal(guest_read_within(&guest, 200), S7_OK);
    assert_int_equal(state_of(1).fired, 1);
    assert_int_equal(plc_stats().swallowed, 1);
    guest_close(&guest);
    guest_close(&other);
}

static void a_hang_for_a_time_ends(void **state)
{
    struct raw raw;

    (void)state;
    raw_open(&raw);
    arm(1, "hang", "after=1 count=1 for=10s");
    SEND(&raw, READ(1));
    run_for_ms(5);
    assert_int_equal(raw.len, READ_ANSWER_LEN);
    SEND(&raw, READ(2));
    run_for_ms(5);
    assert_true(state_of(1).acting);
    run_for_ms(9980);
    SEND(&raw, READ(3));
    run_for_ms(100);
    assert_int_equal(raw.len, READ_ANSWER_LEN);
    assert_false(state_of(1).acting);
    assert_false(state_of(1).armed);
    SEND(&raw, READ(4));
    run_for_ms(5);
    assert_int_equal(raw.len, 2 * READ_ANSWER_LEN);
    assert_int_equal(state_of(1).fired, 2);
    raw_close(&raw);
}

static void a_hung_connection_request_has_no_deadline(void **state)
{
    struct raw raw;

    (void)state;
    arm(1, "hang", "fn=connect");
    raw_dial(&raw);
    SEND(&raw, CR);
    run_for_ms(3600 * 1000);
    assert_int_equal(raw.len, 0);
    assert_false(raw.over);
    raw_close(&raw);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_house, close_house)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reset_comes_instead_of_the_answer_and_to_nobody_else),
        TEST(a_reset_write_is_not_run_unless_it_says_so),
        TEST(answers_before_the_reset_arrive),
        TEST(at_a_time_all_that_match_are_reset),
        TEST(at_0_is_the_next_turn),
        TEST(an_answer_can_be_cut_at_every_byte),
        TEST(an_answer_can_be_cut_where_a_part_of_it_begins),
        TEST(a_confirm_can_be_cut_too),
        TEST(after_a_cut_comes_reset_end_or_silence),
        TEST(a_cut_write_is_committed),
        TEST(silence_is_for_good_and_holds_no_slot_when_the_peer_goes),
        TEST(a_slow_answer_comes_exactly_so_much_later_and_others_do_not_wait),
        TEST(behind_a_slow_request_order_is_kept),
        TEST(a_late_answer_reaches_nobody_elses_request),
        TEST(what_waits_behind_an_hour_of_thinking_is_not_dropped),
        TEST(a_slow_write_waits_for_a_foreign_lock_after_it_and_counts_once),
        TEST(a_hung_request_is_never_answered_and_the_next_is),
        TEST(a_hang_for_a_time_ends),
        TEST(a_hung_connection_request_has_no_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
