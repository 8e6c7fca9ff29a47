/* Faults in the stream of bytes: when they come, in which pieces, and how the connection ends. In virtual
 * time, so that times are exact. */
#include "fault_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MS HOUSE_NS_PER_MS

static int64_t asked_ns;

#define ASK(...)                                                                                             \
    do {                                                                                                     \
        asked_ns = rig_now_ns();                                                                             \
        RAW_SEND(&raw, __VA_ARGS__);                                                                         \
    } while (0)

/* Segment n has so many bytes and came so long after the question, but for what is under way. */
static void assert_segment(size_t n, size_t len, int64_t ms)
{
    int64_t off_ns = raw.segments[n].at_ns - asked_ns - ms * MS;

    if (n >= raw.n_segments || raw.segments[n].len != len || off_ns < 0 || off_ns > RIG_ROUND_TRIP_NS)
        fail_msg("segment %zu of %zu: expected %zu bytes after %lld ms, got %zu, %lld us off", n,
                 raw.n_segments, len, (long long)ms, raw.segments[n].len, (long long)off_ns / 1000);
}

/* ---- ends ---- */

static void an_answer_comes_whole_before_the_reset(void **state)
{
    (void)state;
    rig_arm(1, "rst_after_reply", "fn=write nth=1");
    ASK(WRITE(1, 7));
    rig_run_ms(5);
    assert_int_equal(raw.how, S7_E_RESET);
    assert_true(raw.over);
    RAW_EXPECT(&raw, WRITE_ANSWER(1));
    assert_int_equal(rig_stats().writes, 1);
}

static void a_half_closed_connection_takes_requests_and_never_answers(void **state)
{
    (void)state;
    rig_arm(1, "fin_half", "fn=read nth=2");
    ASK(READ(1), READ(2), READ(3));
    rig_run_ms(5);
    assert_true(raw.over);
    assert_int_equal(raw.how, S7_OK);
    RAW_EXPECT(&raw, READ_ANSWER(1));
    for (unsigned i = 0; i < 100; i++) {
        RAW_SEND(&raw, WRITE(4, 5)); /* a closed connection would answer by a reset */
        rig_run_ms(100);
    }
    assert_int_equal(rig_stats().connections, 1);
    assert_int_equal(rig_stats().writes, 0);
    assert_int_equal(s7_stream_error(raw.stream), S7_OK);
}

/* ---- resurrect ---- */

static void a_resurrected_connection_delivers_what_was_held(void **state)
{
    (void)state;
    rig_arm(1, "resurrect", "fn=read nth=1 after=30s");
    ASK(READ(1));
    rig_run_ms(10000);
    RAW_SEND(&raw, READ(2));
    rig_run_ms(19999);
    assert_int_equal(raw.len, 0);
    assert_true(rig_state(1).acting);
    rig_run_ms(10);
    RAW_EXPECT(&raw, READ_ANSWER(1), READ_ANSWER(2));
    assert_false(rig_state(1).acting);
    assert_false(raw.over);
}

/* ---- zero_window ---- */

static void nobody_can_send_more_than_the_buffers_hold(void **state)
{
    static const uint8_t junk[20000];
    size_t taken = 0;
    ssize_t n;

    (void)state;
    rig_arm(1, "zero_window", "fn=read nth=1 rcvbuf=1000 for=10s");
    ASK(READ(1));
    rig_run_ms(5);
    RAW_EXPECT(&raw, READ_ANSWER(1));
    while ((n = s7_stream_write(raw.stream, junk, sizeof junk)) > 0) {
        taken += (size_t)n;
        rig_run_ms(10);
    }
    assert_int_equal(n, S7_AGAIN);
    assert_int_equal(taken, 1000);
    assert_false(raw.over);
    rig_run_ms(11000);
    assert_true(raw.over); /* it is read again, and is no S7 */
}

static void reading_goes_on_when_the_fault_is_dropped(void **state)
{
    (void)state;
    rig_arm(1, "zero_window", "at=0");
    rig_run_ms(5);
    ASK(READ(1), READ(2));
    rig_run_ms(60000);
    assert_int_equal(raw.len, 0);
    assert_true(rig_state(1).acting);
    rig_drop(1);
    rig_run_ms(1);
    RAW_EXPECT(&raw, READ_ANSWER(1), READ_ANSWER(2));
}

/* ---- pieces ---- */

static void an_answer_dribbles_byte_by_byte(void **state)
{
    (void)state;
    rig_arm(1, "dribble", "interval=100ms nth=1");
    ASK(READ(1), READ(2));
    rig_run_ms(5000);
    for (size_t i = 0; i + 1 < READ_ANSWER_LEN; i++)
        assert_segment(i, 1, 100 * (int64_t)i);
    assert_segment(READ_ANSWER_LEN - 1, 1 + READ_ANSWER_LEN, 2800); /* what is behind waits for it, only */
    RAW_EXPECT(&raw, READ_ANSWER(1), READ_ANSWER(2));
}

static void pieces_have_the_size_that_is_asked_for(void **state)
{
    (void)state;
    rig_arm(1, "dribble", "k=10 interval=20ms");
    ASK(READ(1));
    rig_run_ms(1000);
    assert_int_equal(raw.n_segments, 3);
    assert_segment(0, 10, 0);
    assert_segment(1, 10, 20);
    assert_segment(2, 9, 40);
    RAW_EXPECT(&raw, READ_ANSWER(1));
}

static void an_answer_is_split_at_every_byte(void **state)
{
    (void)state;
    for (size_t at = 1; at < READ_ANSWER_LEN; at++) {
        char args[32];
        snprintf(args, sizeof args, "at=%zu gap=50ms", at);
        rig_arm(at, "split", args);
        ASK(READ(1));
        rig_run_ms(100);
        assert_int_equal(raw.n_segments, 2);
        assert_segment(0, at, 0);
        assert_segment(1, READ_ANSWER_LEN - at, 50);
        RAW_EXPECT(&raw, READ_ANSWER(1));
        rig_drop(at);
    }
}

static void an_answer_is_split_where_a_part_of_it_begins(void **state)
{
    (void)state;
    rig_arm(1, "split", "at=param nth=1");
    rig_arm(2, "split", "at=cotp nth=2");
    ASK(READ(1));
    rig_run_ms(100);
    assert_segment(0, 19, 0);
    raw_forget(&raw);
    ASK(READ(2));
    rig_run_ms(100);
    assert_segment(0, 4, 0);
}

static void several_answers_come_in_one_segment(void **state)
{
    (void)state;
    rig_arm(1, "coalesce", "n=3 window=1s");
    ASK(READ(1));
    for (uint8_t ref = 2; ref <= 4; ref++) {
        rig_run_ms(10);
        RAW_SEND(&raw, READ(ref));
    }
    rig_run_ms(100);
    assert_int_equal(raw.n_segments, 1);
    assert_segment(0, 3 * READ_ANSWER_LEN, 20);
    rig_run_ms(2000); /* the fourth waits for its window */
    assert_segment(1, READ_ANSWER_LEN, 1030);
    RAW_EXPECT(&raw, READ_ANSWER(1), READ_ANSWER(2), READ_ANSWER(3), READ_ANSWER(4));
}

/* ---- later ---- */

static void telegrams_in_flight_are_all_late_by_the_same_time(void **state)
{
    (void)state;
    rig_arm(1, "latency", "dist=500ms");
    ASK(READ(1));
    rig_run_ms(100);
    RAW_SEND(&raw, READ(2));
    rig_run_ms(1000);
    assert_segment(0, READ_ANSWER_LEN, 500);
    assert_segment(1, READ_ANSWER_LEN, 600);
    RAW_EXPECT(&raw, READ_ANSWER(1), READ_ANSWER(2));
    rig_drop(1);
    rig_arm(2, "latency", "dist=500ms dir=rx");
    ASK(READ(1), WRITE(2, 1));
    rig_run_ms(499);
    assert_int_equal(rig_stats().writes, 0);
    rig_run_ms(1000);
    assert_segment(0, READ_ANSWER_LEN + WRITE_ANSWER_LEN, 500);
    raw_forget(&raw);
    rig_drop(2);
    rig_arm(3, "latency", "dist=500ms dir=both");
    ASK(READ(1));
    rig_run_ms(2000);
    assert_segment(0, READ_ANSWER_LEN, 1000);
}

static void the_order_of_telegrams_is_kept_whatever_is_drawn(void **state)
{
    (void)state;
    rig_arm(1, "latency", "dist=uniform(0,1s)");
    for (uint8_t ref = 1; ref <= 100; ref++) {
        RAW_SEND(&raw, READ(ref));
        rig_run_ms(10);
    }
    rig_run_ms(3000);
    assert_int_equal(raw.len, 100 * READ_ANSWER_LEN);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(raw.got[i * READ_ANSWER_LEN + 12], i + 1);
    assert_in_range(raw.n_segments, 5, 99);
}

static void a_lost_segment_costs_a_retransmission_timeout(void **state)
{
    (void)state;
    rig_arm(1, "loss_stall", "nth=1");
    ASK(READ(1), READ(2));
    rig_run_ms(1000);
    assert_segment(0, 2 * READ_ANSWER_LEN, 200);
    RAW_EXPECT(&raw, READ_ANSWER(1), READ_ANSWER(2));
}

static void retransmissions_are_lost_with_the_same_probability(void **state)
{
    unsigned counts[4] = {0}, late = 0;

    (void)state;
    rig_arm(1, "loss_stall", "p=0.5");
    for (unsigned i = 0; i < 400; i++) {
        ASK(READ(1));
        rig_run_ms(20000);
        int64_t ms = (raw.segments[0].at_ns - asked_ns) / MS;
        late += ms > 0;
        for (int64_t k = 0; k < 4; k++) /* 0, 200, 600, 1400 */
            counts[k] += ms == 200 * ((1 << k) - 1);
        raw_forget(&raw);
    }
    assert_int_equal(rig_state(1).fired, late);
    assert_in_range(counts[0], 170, 230);
    assert_in_range(counts[1], 75, 125);
    assert_in_range(counts[2], 35, 65);
    assert_in_range(counts[3], 12, 40);
}

static void losses_come_in_bursts_under_another_name(void **state)
{
    (void)state;
    rig_arm(1, "loss_stall", "gemodel(0.1,0.5)");
    for (unsigned i = 0; i < 300; i++) {
        ASK(READ(1));
        rig_run_ms(1000);
        raw_forget(&raw);
    }
    assert_in_range(rig_state(1).fired, 25, 80);
}

/* 29 bytes at 290 per second take 100 ms; the first 58 are free. */
static void bytes_pass_a_bucket_and_no_more_than_its_rate(void **state)
{
    (void)state;
    rig_arm(1, "bandwidth", "rate=290 burst=58");
    ASK(READ(1));
    rig_run_ms(50);
    assert_segment(0, READ_ANSWER_LEN, 0);
    rig_run_ms(10000);
    raw_forget(&raw);
    int64_t began_ns = rig_now_ns();
    for (uint8_t i = 0; i < 20; i++)
        RAW_SEND(&raw, READ(1));
    rig_run_ms(20000);
    assert_int_equal(raw.len, 20 * READ_ANSWER_LEN);
    int64_t took_ms = (raw.segments[raw.n_segments - 1].at_ns - began_ns) / MS;
    assert_in_range(took_ms, 1800,
                    2400); /* requests, 31 bytes each, take 2.1 s; answers go at the same time */
}

static void either_stream_alone_is_lost_late_or_narrow(void **state)
{
    (void)state;
    rig_arm(1, "loss_stall", "stream=rx nth=1");
    ASK(WRITE(1, 1));
    rig_run_ms(190);
    assert_int_equal(rig_stats().writes, 0);
    rig_run_ms(1000);
    assert_segment(0, WRITE_ANSWER_LEN, 200);
    rig_arm(2, "loss_stall", "stream=tx nth=1");
    raw_forget(&raw);
    ASK(WRITE(2, 0));
    rig_run_ms(5);
    assert_int_equal(rig_stats().writes, 2);
    rig_run_ms(1000);
    assert_segment(0, WRITE_ANSWER_LEN, 200);
    raw_forget(&raw);
    rig_arm(3, "latency", "dist=500ms stream=rx");
    ASK(WRITE(3, 0));
    rig_run_ms(490);
    assert_int_equal(rig_stats().writes, 2);
    rig_run_ms(1000);
    rig_drop(3);
    rig_arm(4, "bandwidth", "rate=22 burst=22 stream=tx");
    raw_forget(&raw);
    ASK(WRITE(4, 0), WRITE(5, 0));
    rig_run_ms(5);
    assert_int_equal(rig_stats().writes, 5); /* what comes in has a line as wide as ever */
    rig_run_ms(3000);
    assert_segment(raw.n_segments - 1, WRITE_ANSWER_LEN, 1000);
}

static void a_peer_can_be_lost_in_one_stream(void **state)
{
    (void)state;
    rig_arm(1, "half_open", "stream=tx at=0 for=10s");
    rig_run_ms(5);
    ASK(WRITE(1, 1));
    rig_run_ms(1000);
    assert_int_equal(rig_stats().writes, 1);
    assert_int_equal(raw.len, 0);
}

static void answers_leave_at_the_end_of_a_cycle(void **state)
{
    (void)state;
    int64_t began_ns = rig_now_ns();
    rig_arm(1, "cycle_jitter", "dist=100ms");
    rig_run_ms(30);
    asked_ns = began_ns;
    RAW_SEND(&raw, READ(1), READ(2));
    rig_run_ms(10);
    RAW_SEND(&raw, READ(3));
    rig_run_ms(100);
    assert_segment(0, 3 * READ_ANSWER_LEN, 100);
    assert_int_equal(raw.n_segments, 1);
    rig_run_ms(3600 * 1000 + 10); /* cycles that nobody sees */
    raw_forget(&raw);
    RAW_SEND(&raw, READ(4));
    rig_run_ms(100);
    assert_int_equal((raw.segments[0].at_ns - began_ns) / MS % 100, 0);
}

static void an_answer_is_late_by_the_deadline_and_a_bit_more(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &rig_house, NULL);
    rig_arm(1, "late_after_timeout", "conn=2 offset=2s+20ms nth=1");
    assert_int_equal(rig_read(&guest, 2000), S7_E_TIMEOUT);
    rig_run_ms(30);
    assert_int_equal(rig_read(&guest, 2000), S7_OK); /* not with the answer to the first */
    assert_int_equal(rig_state(1).fired, 1);
    guest_close(&guest);
    rig_arm(2, "late_after_timeout", "conn=1 offset=300ms");
    ASK(READ(1));
    rig_run_ms(1000);
    assert_segment(0, READ_ANSWER_LEN, 300);
}

/* ---- idleness ---- */

static void an_idle_connection_is_ended(void **state)
{
    struct guest busy;

    (void)state;
    guest_open(&busy, &rig_house, NULL);
    int64_t began_ns = rig_now_ns();
    rig_arm(1, "idle_kill", "idle=30s");
    for (int i = 0; i < 29; i++) {
        assert_int_equal(rig_read(&busy, 0), S7_OK);
        rig_run_ms(1000);
    }
    assert_false(raw.over);
    rig_run_ms(2000);
    assert_int_equal(raw.how, S7_E_RESET);
    assert_in_range(raw.over_ns - began_ns - 30000 * MS, 0, RIG_ROUND_TRIP_NS);
    assert_true(busy.up);
    assert_int_equal(rig_state(1).fired, 1);
    rig_run_ms(28000 + 1000);
    assert_false(busy.up);
    assert_int_equal(rig_state(1).fired, 2);
    guest_close(&busy);
}

static void an_idle_connection_is_ended_in_good_order(void **state)
{
    (void)state;
    rig_arm(1, "idle_kill", "idle=10s how=fin");
    rig_run_ms(11000);
    assert_true(raw.over);
    assert_int_equal(raw.how, S7_OK);
}

static void fin_now_may_wait_for_idleness(void **state)
{
    (void)state;
    rig_arm(1, "fin_now", "idle=10s");
    rig_run_ms(9000);
    ASK(READ(1));
    rig_run_ms(9900);
    assert_false(raw.over);
    RAW_EXPECT(&raw, READ_ANSWER(1));
    rig_run_ms(200);
    assert_true(raw.over);
    assert_int_equal(raw.how, S7_OK);
}

static void an_idle_connection_is_forgotten_without_a_word(void **state)
{
    (void)state;
    rig_arm(1, "idle_kill", "idle=10s how=forget");
    rig_run_ms(11000);
    assert_false(raw.over);
    ASK(READ(1));
    rig_run_ms(60000);
    assert_int_equal(raw.len, 0);
    assert_int_equal(rig_state(1).fired, 1);
    assert_int_equal(rig_stats().reads, 0);
}

static void a_forgotten_flow_is_found_by_keep_alive_before_anything_is_sent(void **state)
{
    static const struct s7_tcp_options options = {.keepalive_idle_ms = 20000, .keepalive_interval_ms = 5000};

    (void)state;
    s7_stream_set_options(raw.stream, &options);
    rig_arm(1, "keepalive_silent", "after=30s");
    rig_run_ms(29900);
    assert_false(raw.over);
    assert_int_equal(rig_state(1).fired, 0);
    rig_run_ms(30000);
    assert_true(raw.over);
    assert_int_equal(raw.how, S7_E_TIMEOUT);
    assert_int_equal(rig_state(1).fired, 1);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, rig_open_raw, rig_close_raw)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_comes_whole_before_the_reset),
        TEST(a_half_closed_connection_takes_requests_and_never_answers),
        TEST(a_resurrected_connection_delivers_what_was_held),
        TEST(nobody_can_send_more_than_the_buffers_hold),
        TEST(reading_goes_on_when_the_fault_is_dropped),
        TEST(an_answer_dribbles_byte_by_byte),
        TEST(pieces_have_the_size_that_is_asked_for),
        TEST(an_answer_is_split_at_every_byte),
        TEST(an_answer_is_split_where_a_part_of_it_begins),
        TEST(several_answers_come_in_one_segment),
        TEST(telegrams_in_flight_are_all_late_by_the_same_time),
        TEST(the_order_of_telegrams_is_kept_whatever_is_drawn),
        TEST(a_lost_segment_costs_a_retransmission_timeout),
        TEST(retransmissions_are_lost_with_the_same_probability),
        TEST(losses_come_in_bursts_under_another_name),
        TEST(bytes_pass_a_bucket_and_no_more_than_its_rate),
        TEST(either_stream_alone_is_lost_late_or_narrow),
        TEST(a_peer_can_be_lost_in_one_stream),
        TEST(answers_leave_at_the_end_of_a_cycle),
        TEST(an_answer_is_late_by_the_deadline_and_a_bit_more),
        TEST(an_idle_connection_is_ended),
        TEST(an_idle_connection_is_ended_in_good_order),
        TEST(fin_now_may_wait_for_idleness),
        TEST(an_idle_connection_is_forgotten_without_a_word),
        TEST(a_forgotten_flow_is_found_by_keep_alive_before_anything_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
