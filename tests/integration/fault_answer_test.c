/* Answers that are wrong, byte by byte, and refusals. */
#include "fault_wire.h"

#include "protocol/alarm.h"
#include "protocol/cotp.h"
#include "protocol/pdu.h"
#include "protocol/userdata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ASK(...) RAW_ASK(&raw, __VA_ARGS__)

/* A fresh connection that said nothing yet. */
static void dial_again(void)
{
    raw_close(&raw);
    raw_dial(&raw);
    rig_run_ms(5);
}

/* Arm, ask, expect, drop; the next answer is as it should be. */
#define SPOILS(name, args, question, ...)                                                                    \
    do {                                                                                                     \
        rig_arm(1, name, args);                                                                              \
        ASK(question);                                                                                       \
        RAW_EXPECT(&raw, __VA_ARGS__);                                                                       \
        assert_int_equal(rig_state(1).fired, 1);                                                             \
        rig_drop(1);                                                                                         \
        ASK(READ(99));                                                                                       \
        RAW_EXPECT(&raw, READ_ANSWER(99));                                                                   \
    } while (0)

/* DB1.DBB0 of 4 bytes, DB1.DBB0 of 3, DB1.DBB0 of 3 */
#define READ3(ref)                                                                                           \
    3, 0, 0, 55, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, ref, 0, 38, 0, 0, 4, 3, 0x12, 10, 16, 2, 0, 4, 0, 1, 0x84, \
        0, 0, 0, 0x12, 10, 16, 2, 0, 3, 0, 1, 0x84, 0, 0, 0, 0x12, 10, 16, 2, 0, 3, 0, 1, 0x84, 0, 0, 0
#define DT(len)             3, 0, 0, len, 2, 0xf0, 0x80
#define ACK3(ref, data_len) 0x32, 3, 0, 0, 0, ref, 0, 2, 0, data_len, 0, 0, 4, 3
#define READ3_ANSWER(ref)                                                                                    \
    DT(44), ACK3(ref, 23), 0xff, 4, 0, 32, 0, 0, 0, 0, 0xff, 4, 0, 24, 0, 0, 0, 0, 0xff, 4, 0, 24, 0, 0, 0

/* ---- TPKT ---- */

static void the_first_byte_is_another_version(void **state)
{
    (void)state;
    SPOILS("tpkt_version", "nth=1", READ(1), 0, 0, 0, 29, 2, 0xf0, 0x80, 0x32, 3, 0, 0, 0, 1, 0, 2, 0, 8, 0,
           0, 4, 1, 0xff, 4, 0, 32, 0, 0, 0, 0);
    SPOILS("tpkt_version", "value=0x47", READ(1), 0x47, 0, 0, 29, 2, 0xf0, 0x80, 0x32, 3, 0, 0, 0, 1, 0, 2, 0,
           8, 0, 0, 4, 1, 0xff, 4, 0, 32, 0, 0, 0, 0);
}

static void a_TPKT_is_longer_or_shorter_than_it_says(void **state)
{
    (void)state;
    SPOILS("tpkt_len_short", "delta=5", READ(1), 3, 0, 0, 24, 2, 0xf0, 0x80, 0x32, 3, 0, 0, 0, 1, 0, 2, 0, 8,
           0, 0, 4, 1, 0xff, 4, 0, 32, 0, 0, 0, 0);
    SPOILS("tpkt_len_long", "delta=300", READ(1), 3, 0, 1, 73, 2, 0xf0, 0x80, 0x32, 3, 0, 0, 0, 1, 0, 2, 0, 8,
           0, 0, 4, 1, 0xff, 4, 0, 32, 0, 0, 0, 0);
}

/* ---- COTP ---- */

static void a_connection_request_is_not_answered(void **state)
{
    (void)state;
    dial_again();
    rig_arm(1, "cotp_no_cc", "for=10s");
    ASK(CR);
    rig_run_ms(11000);
    assert_int_equal(raw.len, 0);
    assert_int_equal(rig_stats().sessions, 0);
    ASK(CR);
    assert_int_equal(raw.len, CC_LEN);
}

static void a_connection_request_is_answered_by_a_disconnect_request(void **state)
{
    (void)state;
    dial_again();
    rig_arm(1, "cotp_dr", "reason=0x03");
    ASK(CR);
    RAW_EXPECT(&raw, 3, 0, 0, 11, 6, 0x80, 0, 1, 0, 0, 3);
    assert_true(raw.over);
    assert_int_equal(raw.how, S7_OK);
    assert_int_equal(rig_stats().refused, 1);
}

static void a_confirm_is_short(void **state)
{
    (void)state;
    dial_again();
    rig_arm(1, "cc_short", "");
    ASK(CR);
    RAW_EXPECT(&raw, 3, 0, 0, 14, 9, 0xd0, 0, 1, 0, 3, 0, 0xc0, 1, 10);
    ASK(SETUP);
    assert_int_equal(raw.len, 27);
}

static void a_confirm_has_another_TPDU_size(void **state)
{
    (void)state;
    dial_again();
    rig_arm(1, "cc_short", "variant=size");
    ASK(CR);
    assert_int_equal(raw.len, CC_LEN);
    assert_int_equal(raw.got[13], 9);
}

/* DB2.DBB0, 200 bytes: 225 of answer, of which a TPDU of 128 takes 125. */
#define READ_200                                                                                             \
    3, 0, 0, 31, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, 9, 0, 14, 0, 0, 4, 1, 0x12, 10, 16, 2, 0, 200, 0, 2, 0x84, \
        0, 0, 0

static void answers_come_in_small_TPDUs(void **state)
{
    size_t at = 0, len;

    (void)state;
    dial_again();
    rig_arm(1, "tpdu_small", "");
    ASK(CR);
    assert_int_equal(raw.got[13], 7);
    ASK(SETUP);
    raw_forget(&raw);
    ASK(READ_200);
    const uint8_t *frame = raw_frame(&raw, &at, &len);
    assert_int_equal(len, 4 + 128);
    assert_int_equal(frame[6], 0x00);
    frame = raw_frame(&raw, &at, &len);
    assert_int_equal(len, 7 + 218 - 125);
    assert_int_equal(frame[6], 0x80);
    assert_int_equal(at, raw.len);
}

static void a_client_puts_small_TPDUs_together(void **state)
{
    struct guest guest;
    uint8_t got[200];

    (void)state;
    rig_arm(1, "tpdu_small", "size=256");
    guest_open(&guest, &rig_house, NULL);
    assert_true(guest.up);
    assert_int_equal(guest_read(&guest, 2, 0, got, sizeof got), S7_OK);
    assert_int_equal(guest_read(&guest, 2, 100, got, sizeof got), S7_OK);
    guest_close(&guest);
}

static void the_last_TPDU_never_comes(void **state)
{
    (void)state;
    rig_arm(1, "eot_missing", "nth=1");
    ASK(READ(1));
    RAW_EXPECT(&raw, 3, 0, 0, 18, 2, 0xf0, 0, 0x32, 3, 0, 0, 0, 1, 0, 2, 0, 8, 0);
    dial_again();
    rig_arm(2, "tpdu_small", "");
    ASK(CR, SETUP);
    raw_forget(&raw);
    rig_arm(3, "eot_missing", "fn=read");
    ASK(READ_200);
    assert_int_equal(raw.len, 132); /* and its 93 bytes with EOT do not */
}

static void an_error_TPDU_comes_instead(void **state)
{
    (void)state;
    SPOILS("cotp_er", "cause=2 nth=1", READ(1), 3, 0, 0, 9, 4, 0x70, 0, 1, 2);
}

static void a_disconnect_request_comes_while_a_job_is_open(void **state)
{
    (void)state;
    rig_arm(1, "dr_mid", "fn=write nth=2");
    ASK(WRITE(1, 5), WRITE(2, 6), WRITE(3, 7));
    RAW_EXPECT(&raw, WRITE_ANSWER(1), 3, 0, 0, 11, 6, 0x80, 0, 1, 0, 0, 0x80);
    assert_true(raw.over);
    assert_int_equal(raw.how, S7_OK);
    assert_int_equal(rig_stats().writes, 1);
}

/* ---- setup ---- */

static void setup_is_refused(void **state)
{
    (void)state;
    SPOILS("setup_refuse", "class=0x85 code=0x01", SETUP, 3, 0, 0, 19, 2, 0xf0, 0x80, 0x32, 2, 0, 0, 0, 0, 0,
           0, 0, 0, 0x85, 1);
}

static void a_smaller_PDU_and_fewer_jobs_are_granted(void **state)
{
    (void)state;
    rig_arm(1, "pdu_shrink", "size=112 nth=1");
    ASK(SETUP);
    RAW_EXPECT(&raw, 3, 0, 0, 27, 2, 0xf0, 0x80, 0x32, 3, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0xf0, 0, 0, 8, 0, 8,
               0, 112);
    rig_arm(2, "amq_low", "");
    ASK(SETUP);
    RAW_EXPECT(&raw, 3, 0, 0, 27, 2, 0xf0, 0x80, 0x32, 3, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0xf0, 0, 0, 1, 0, 1,
               1, 0xe0);
}

static void jobs_beyond_what_was_granted_wait_are_refused_or_ignored(void **state)
{
    (void)state;
    rig_arm(1, "amq_low", "amq=2 nth=1");
    ASK(SETUP);
    raw_forget(&raw);
    ASK(READ(1), READ(2), READ(3));
    RAW_EXPECT(&raw, READ_ANSWER(1), READ_ANSWER(2), READ_ANSWER(3));
    rig_arm(2, "amq_low", "amq=2 extra=error nth=1");
    ASK(SETUP);
    raw_forget(&raw);
    ASK(READ(1), READ(2), READ(3));
    RAW_EXPECT(&raw, READ_ANSWER(1), READ_ANSWER(2), DT(19), 0x32, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0x83, 2);
    rig_arm(3, "amq_low", "amq=1 extra=drop nth=1");
    ASK(SETUP);
    raw_forget(&raw);
    ASK(READ(1), READ(2), READ(3));
    RAW_EXPECT(&raw, READ_ANSWER(1));
    ASK(READ(4));
    RAW_EXPECT(&raw, READ_ANSWER(4));
}

/* ---- S7 ---- */

static void an_answer_has_the_reference_of_another(void **state)
{
    (void)state;
    ASK(READ(7));
    raw_forget(&raw);
    SPOILS("wrong_ref", "nth=1", READ(20), READ_ANSWER(7));
    SPOILS("wrong_ref", "which=next", READ(20), READ_ANSWER(21));
    rig_arm(2, "wrong_ref", "which=random");
    for (unsigned i = 0; i < 50; i++) {
        ASK(READ(20));
        assert_int_equal(raw.len, READ_ANSWER_LEN);
        assert_false(raw.got[11] == 0 && raw.got[12] == 20);
        raw_forget(&raw);
    }
}

static void references_of_reads_and_writes_overlap(void **state)
{
    (void)state;
    ASK(READ(7), WRITE(8, 0));
    raw_forget(&raw);
    rig_arm(1, "ref_collision", "");
    ASK(READ(9), WRITE(10, 0), READ(11));
    RAW_EXPECT(&raw, READ_ANSWER(8), WRITE_ANSWER(9), READ_ANSWER(10));
    rig_drop(1);
    rig_arm(2, "ref_collision", "start=12");
    ASK(WRITE(11, 0), READ(12), WRITE(13, 0));
    RAW_EXPECT(&raw, WRITE_ANSWER(11), READ_ANSWER(11), WRITE_ANSWER(12));
    assert_int_equal(rig_state(2).fired, 2);
    assert_int_equal(rig_state(2).matched, 3);
}

static void references_go_on_behind_their_highest(void **state)
{
    (void)state;
    rig_arm(1, "ref_collision", "start=0xFFFF");
    ASK(READ(9));                     /* 0x0009, behind 0xFFFF */
    RAW_EXPECT(&raw, READ_ANSWER(8)); /* no write was there: the one before */
}

static void a_write_is_answered_like_a_read_and_the_reverse(void **state)
{
    (void)state;
    SPOILS("wrong_function", "", WRITE(3, 0), DT(25), 0x32, 3, 0, 0, 0, 3, 0, 2, 0, 4, 0, 0, 4, 1, 0xff, 4, 0,
           0);
    rig_arm(2, "wrong_function", "pair=write_for_read nth=1");
    ASK(READ(4));
    RAW_EXPECT(&raw, DT(22), 0x32, 3, 0, 0, 0, 4, 0, 2, 0, 1, 0, 0, 5, 1, 0xff);
}

static void an_answer_comes_twice(void **state)
{
    (void)state;
    SPOILS("duplicate", "", READ(1), READ_ANSWER(1), READ_ANSWER(1));
    rig_arm(2, "duplicate", "gap=1s nth=1");
    ASK(READ(1));
    RAW_EXPECT(&raw, READ_ANSWER(1));
    rig_run_ms(990);
    assert_int_equal(raw.len, 0);
    rig_run_ms(10);
    RAW_EXPECT(&raw, READ_ANSWER(1));
}

static void answers_in_parallel_change_places(void **state)
{
    (void)state;
    rig_arm(1, "reorder", "nth=1");
    ASK(READ(1), WRITE(2, 0), READ(3));
    RAW_EXPECT(&raw, WRITE_ANSWER(2), READ_ANSWER(1), READ_ANSWER(3));
    rig_arm(2, "reorder", "window=3 nth=1");
    RAW_SEND(&raw, READ(4));
    rig_run_ms(3);
    RAW_SEND(&raw, READ(5));
    rig_run_ms(3);
    assert_int_equal(raw.len, 0);
    ASK(WRITE(6, 0));
    RAW_EXPECT(&raw, WRITE_ANSWER(6), READ_ANSWER(5), READ_ANSWER(4));
    rig_arm(3, "reorder", "nth=1"); /* nobody else comes */
    ASK(READ(7));
    rig_run_ms(20);
    RAW_EXPECT(&raw, READ_ANSWER(7));
    ASK(READ(8));
    RAW_EXPECT(&raw, READ_ANSWER(8));
}

static void a_push_comes_before_the_answer(void **state)
{
    struct s7_pdu pdu;
    struct s7_userdata push;
    struct s7_alarm_walk walk;
    struct s7_alarm_object alarm;
    bool more;
    size_t at = 0, len;

    (void)state;
    rig_arm(1, "unsolicited", "nth=1");
    ASK(READ(1));
    const uint8_t *frame = raw_frame(&raw, &at, &len);
    assert_int_equal(s7_pdu_decode(frame + S7_DT_OVERHEAD, len - S7_DT_OVERHEAD, &pdu), S7_OK);
    assert_int_equal(s7_userdata_decode(&pdu, &push), S7_OK);
    assert_int_equal(push.type, S7_USERDATA_PUSH);
    assert_int_equal(push.payload_len, 20);
    memmove(raw.got, raw.got + at, raw.len - at);
    raw.len -= at;
    RAW_EXPECT(&raw, READ_ANSWER(1));
    rig_arm(3, "unsolicited", "kind=alarm nth=1");
    ASK(READ(3));
    at = 0;
    frame = raw_frame(&raw, &at, &len);
    assert_int_equal(s7_pdu_decode(frame + S7_DT_OVERHEAD, len - S7_DT_OVERHEAD, &pdu), S7_OK);
    assert_int_equal(s7_userdata_decode(&pdu, &push), S7_OK);
    assert_int_equal(push.subfunction, S7_CPU_ALARM_8);
    assert_int_equal(s7_alarm_begin(push.payload, push.payload_len, &walk), S7_OK);
    assert_int_equal(s7_alarm_next(&walk, &alarm, &more), S7_OK);
    assert_true(more);
    assert_int_equal(alarm.event, 1);
    raw_forget(&raw);
    rig_arm(2, "unsolicited", "kind=mode nth=1");
    ASK(READ(2));
    RAW_EXPECT(&raw, DT(25), 0x32, 7, 0, 0, 0, 0, 0, 8, 0, 0, 1, 0, 0x10, 0x10, 0, 0, 0, 0, READ_ANSWER(2));
}

static void items_that_match_are_refused_and_the_others_served(void **state)
{
    (void)state;
    SPOILS("item_error", "item=2 code=0x05 fn=read nth=1", READ3(1), DT(40), ACK3(1, 19), 0xff, 4, 0, 32, 0,
           0, 0, 0, 5, 0, 0, 0, 0xff, 4, 0, 24, 0, 0, 0);
    rig_arm(2, "item_error", "db=1 fn=write");
    ASK(WRITE(2, 5));
    RAW_EXPECT(&raw, DT(22), 0x32, 3, 0, 0, 0, 2, 0, 2, 0, 1, 0, 0, 5, 1, 10);
    ASK(READ(3)); /* it was not written */
    RAW_EXPECT(&raw, READ_ANSWER(3));
}

static void a_whole_job_is_refused(void **state)
{
    (void)state;
    SPOILS("job_error", "class=0xD2 code=0x09 fn=write", WRITE(2, 5), DT(19), 0x32, 2, 0, 0, 0, 2, 0, 0, 0, 0,
           0xd2, 9);
    ASK(READ(3));
    RAW_EXPECT(&raw, READ_ANSWER(3));
}

static void an_item_is_shorter_than_asked_for(void **state)
{
    (void)state;
    SPOILS("short_item", "", READ(1), DT(28), 0x32, 3, 0, 0, 0, 1, 0, 2, 0, 7, 0, 0, 4, 1, 0xff, 4, 0, 24, 0,
           0, 0);
    SPOILS("short_item", "item=3 delta=2 nth=1", READ3(1), DT(42), ACK3(1, 21), 0xff, 4, 0, 32, 0, 0, 0, 0,
           0xff, 4, 0, 24, 0, 0, 0, 0, 0xff, 4, 0, 8, 0);
}

static void fill_bytes_are_missing_or_too_many(void **state)
{
    (void)state;
    SPOILS("pad_wrong", "nth=1", READ3(1), DT(43), ACK3(1, 22), 0xff, 4, 0, 32, 0, 0, 0, 0, 0xff, 4, 0, 24, 0,
           0, 0, 0xff, 4, 0, 24, 0, 0, 0);
    SPOILS("pad_wrong", "how=extra item=1 nth=1", READ3(1), DT(45), ACK3(1, 24), 0xff, 4, 0, 32, 0, 0, 0, 0,
           0, 0xff, 4, 0, 24, 0, 0, 0, 0, 0xff, 4, 0, 24, 0, 0, 0);
}

static void a_length_counts_something_else_than_it_says(void **state)
{
    (void)state;
    SPOILS("transport_wrong", "", READ(1), DT(29), 0x32, 3, 0, 0, 0, 1, 0, 2, 0, 8, 0, 0, 4, 1, 0xff, 9, 0,
           32, 0, 0, 0, 0);
}

static unsigned flipped_bits(const uint8_t *was, size_t from, size_t to)
{
    unsigned n = 0;

    for (size_t i = from; i < to; i++)
        n += (unsigned)__builtin_popcount((unsigned)(raw.got[i] ^ was[i]));
    return n;
}

static void bits_are_flipped_where_they_are_to_be(void **state)
{
    static const uint8_t was[] = {READ_ANSWER(1)};

    (void)state;
    for (unsigned n = 1; n <= 8; n++) {
        char args[64];
        snprintf(args, sizeof args, "n=%u", n);
        rig_arm(1, "bitflip", args);
        ASK(READ(1));
        assert_int_equal(flipped_bits(was, 0, sizeof was), n);
        raw_forget(&raw);
        rig_drop(1);
        snprintf(args, sizeof args, "where=data n=%u", n);
        rig_arm(2, "bitflip", args);
        ASK(READ(1));
        assert_int_equal(flipped_bits(was, 21, sizeof was), n);
        assert_int_equal(flipped_bits(was, 0, 21), 0);
        raw_forget(&raw);
        rig_drop(2);
        snprintf(args, sizeof args, "where=length n=%u", n);
        rig_arm(3, "bitflip", args);
        ASK(READ(1));
        assert_int_equal(flipped_bits(was, 2, 4) + flipped_bits(was, 13, 17), n);
        assert_int_equal(flipped_bits(was, 0, sizeof was), n);
        raw_forget(&raw);
        rig_drop(3);
        snprintf(args, sizeof args, "where=header n=%u", n);
        rig_arm(4, "bitflip", args);
        ASK(READ(1));
        assert_int_equal(flipped_bits(was, 7, 13) + flipped_bits(was, 17, 21), n);
        assert_int_equal(flipped_bits(was, 0, sizeof was), n);
        raw_forget(&raw);
        rig_drop(4);
    }
}

static void garbage_comes_instead_of_the_answer(void **state)
{
    uint8_t first[16];

    (void)state;
    rig_arm(1, "garbage", "n=16");
    ASK(WRITE(1, 5));
    assert_int_equal(raw.len, 16);
    memcpy(first, raw.got, 16);
    raw_forget(&raw);
    ASK(WRITE(1, 5));
    assert_int_equal(raw.len, 16);
    assert_memory_not_equal(first, raw.got, 16);
    assert_int_equal(rig_stats().writes, 0);
}

static void an_acknowledgement_has_no_data(void **state)
{
    (void)state;
    SPOILS("ack_no_data", "", READ(1), DT(19), 0x32, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0);
}

/* ---- status lists ---- */

#define SZL(ref, high, low)                                                                                  \
    DT(33), 0x32, 7, 0, 0, 0, ref, 0, 8, 0, 8, 0, 1, 0x12, 4, 0x11, 0x44, 1, 0, 0xff, 9, 0, 4, high, low, 0, 0
#define SZL_MORE(ref, sequence)                                                                              \
    DT(33), 0x32, 7, 0, 0, 0, ref, 0, 12, 0, 4, 0, 1, 0x12, 8, 0x12, 0x44, 1, sequence, 0, 0, 0, 0, 10, 0,   \
        0, 0

static uint16_t userdata_error(void)
{
    struct s7_pdu pdu;
    struct s7_userdata answer;
    size_t at = 0, len;
    const uint8_t *frame = raw_frame(&raw, &at, &len);

    assert_int_equal(s7_pdu_decode(frame + S7_DT_OVERHEAD, len - S7_DT_OVERHEAD, &pdu), S7_OK);
    assert_int_equal(s7_userdata_decode(&pdu, &answer), S7_OK);
    uint16_t error = answer.error;
    raw_forget(&raw);
    return error;
}

static void a_status_list_is_missing(void **state)
{
    (void)state;
    rig_arm(1, "szl_missing", "id=0x0131|0x0011");
    ASK(SZL(1, 0x00, 0x11));
    assert_int_not_equal(userdata_error(), 0);
    ASK(SZL(2, 0x00, 0x1c));
    assert_int_equal(userdata_error(), 0);
    assert_int_equal(rig_state(1).matched, 1);
    rig_drop(1);
    ASK(SZL(3, 0x00, 0x11));
    assert_int_equal(userdata_error(), 0);
}

static void of_a_long_status_list_only_the_first_part_comes(void **state)
{
    (void)state;
    rig_arm(1, "pdu_shrink", "size=120 nth=1");
    ASK(SETUP);
    raw_forget(&raw);
    for (int round = 0; round < 2; round++) {
        ASK(SZL(1, 0x00, 0x1c));
        uint8_t sequence = raw.got[S7_DT_OVERHEAD + 10 + 7];
        assert_int_not_equal(raw.got[S7_DT_OVERHEAD + 10 + 9], 0); /* more follows */
        assert_int_equal(userdata_error(), 0);
        ASK(SZL_MORE(2, sequence));
        assert_int_equal(userdata_error() != 0, round == 1);
        if (round == 0)
            rig_arm(2, "szl_partial", "id=0x001c");
    }
    assert_int_equal(rig_state(2).fired, 1);
}

/* ---- CPU ---- */

static void a_write_is_acknowledged_and_ignored(void **state)
{
    (void)state;
    rig_arm(1, "write_ignored", "db=1 range=0..3");
    ASK(WRITE(1, 5), READ(2));
    RAW_EXPECT(&raw, WRITE_ANSWER(1), READ_ANSWER(2));
    rig_drop(1);
    rig_arm(2, "write_ignored", "db=1 range=1..9");
    ASK(WRITE(1, 5), READ(2));
    assert_int_equal(raw.got[WRITE_ANSWER_LEN + 25], 5);
}

static void a_block_becomes_optimized(void **state)
{
    (void)state;
    rig_arm(1, "optimized_db", "db=1 from=1s");
    ASK(READ(1));
    RAW_EXPECT(&raw, READ_ANSWER(1));
    rig_run_ms(1000);
    ASK(READ(2), WRITE(3, 1));
    assert_int_not_equal(raw.got[21], 0xff);
    assert_int_equal(raw.len, 25 + WRITE_ANSWER_LEN);
    rig_drop(1);
    raw_forget(&raw);
    ASK(READ(4));
    RAW_EXPECT(&raw, READ_ANSWER(4));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, rig_open_raw, rig_close_raw)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_byte_is_another_version),
        TEST(a_TPKT_is_longer_or_shorter_than_it_says),
        TEST(a_connection_request_is_not_answered),
        TEST(a_connection_request_is_answered_by_a_disconnect_request),
        TEST(a_confirm_is_short),
        TEST(a_confirm_has_another_TPDU_size),
        TEST(answers_come_in_small_TPDUs),
        TEST(a_client_puts_small_TPDUs_together),
        TEST(the_last_TPDU_never_comes),
        TEST(an_error_TPDU_comes_instead),
        TEST(a_disconnect_request_comes_while_a_job_is_open),
        TEST(setup_is_refused),
        TEST(a_smaller_PDU_and_fewer_jobs_are_granted),
        TEST(jobs_beyond_what_was_granted_wait_are_refused_or_ignored),
        TEST(an_answer_has_the_reference_of_another),
        TEST(references_of_reads_and_writes_overlap),
        TEST(references_go_on_behind_their_highest),
        TEST(a_write_is_answered_like_a_read_and_the_reverse),
        TEST(an_answer_comes_twice),
        TEST(answers_in_parallel_change_places),
        TEST(a_push_comes_before_the_answer),
        TEST(items_that_match_are_refused_and_the_others_served),
        TEST(a_whole_job_is_refused),
        TEST(an_item_is_shorter_than_asked_for),
        TEST(fill_bytes_are_missing_or_too_many),
        TEST(a_length_counts_something_else_than_it_says),
        TEST(bits_are_flipped_where_they_are_to_be),
        TEST(garbage_comes_instead_of_the_answer),
        TEST(an_acknowledgement_has_no_data),
        TEST(a_status_list_is_missing),
        TEST(of_a_long_status_list_only_the_first_part_comes),
        TEST(a_write_is_acknowledged_and_ignored),
        TEST(a_block_becomes_optimized),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
