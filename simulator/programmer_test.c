/* Test functions: bytes in, bytes out, and the results that come behind the answers. */
#include "simulator/test_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define FRAME_CAP 1024

/* Parameters of a request: how often, trigger; the length of the result does not matter here. */
#define ONCE_AT_ONCE "0000 0000 0001 0012 0001 0001 0001 0001 0001 0000"
#define ONCE_CYCLE   "0000 0001 0001 0006 0001 0001 0001 0001 0001 0200"
#define EVERY_CYCLE  "0000 0001 0000 0012 0001 0001 0001 0001 0001 0200"
#define ON_STOP      "0000 0001 0000 0012 0001 0001 0001 0001 0001 0400"
#define PLAIN        "0000 0000 0001 0000 0000 0001 0001 0001 0001 0000"

#define DBB3_AND_DBW16 "0002 7101 0001 0003 7201 0001 0010"

static int open_rig(void **state)
{
    static struct rig rig;

    rig_open(&rig, "s7-300");
    rig_handshake(&rig, 240, 1);
    *state = &rig;
    return 0;
}

static int close_rig(void **state)
{
    rig_close(*state);
    return 0;
}

static size_t len_of(const char *hex)
{
    uint8_t bytes[FRAME_CAP];

    return rig_hex(hex, bytes, sizeof bytes);
}

/* The PDU of a test function; tail: the last four bytes of long parameters, "" for short ones. */
static void request_of(char *out, const char *sub, const char *param, const char *data, const char *tail)
{
    size_t payload = 4 + len_of(param) + len_of(data);

    snprintf(out, FRAME_CAP, "3207 0000 6800 %04zx %04zx 000112 %s 41 %s 00 %s ff09 %04zx %04zx %04zx %s %s",
             8 + len_of(tail), 4 + payload, tail[0] != '\0' ? "08 12" : "04 11", sub, tail, payload,
             len_of(param), len_of(data), param, data);
}

static void feed(struct rig *rig, const char *sub, const char *param, const char *data, const char *tail)
{
    char pdu[FRAME_CAP], frame[FRAME_CAP + 32];

    request_of(pdu, sub, param, data, tail);
    snprintf(frame, sizeof frame, "0300 %04zx 02f080 %s", 7 + len_of(pdu), pdu);
    rig_feed(rig, frame);
}

/* sub, then the sequence of the answer and its error: "02", "02 0000". */
static void answered(struct rig *rig, const char *sub, const char *with)
{
    char pdu[FRAME_CAP];

    snprintf(pdu, sizeof pdu, "3207 0000 6800 000c 0004 00011208 12 81 %s %.2s 0000 %s 0a000000", sub, with,
             with + 3);
    rig_expect_pdu(rig, pdu);
}

static void ask(struct rig *rig, const char *sub, const char *param, const char *data, const char *with)
{
    feed(rig, sub, param, data, "00000000");
    answered(rig, sub, with);
}

/* job: its function and number. */
static void pushed(struct rig *rig, const char *job, const char *trigger, const char *data)
{
    char pdu[FRAME_CAP];

    snprintf(pdu, sizeof pdu,
             "3207 0000 0000 000c %04zx 00011208 12 01 %s 0000 0000 ff09 %04zx 0004 %04zx 010000 %s %s",
             12 + len_of(data), job, 8 + len_of(data), len_of(data), trigger, data);
    rig_expect_pdu(rig, pdu);
}

static void s7_147_a_table_is_acknowledged_and_its_values_follow_at_once(void **state)
{
    struct rig *rig = *state;

    ask(rig, "02", ONCE_AT_ONCE, DBB3_AND_DBW16, "02 0000");
    pushed(rig, "02 02", "01", "0002 ff090001 03 00 ff090002 1011");
    rig_expect(rig, "");
    ask(rig, "0f", PLAIN, "0001 02 02", "03 d0a5"); /* once is over */
}

static void s7_147_a_triggered_table_is_told_once_for_each_time_it_is_enabled(void **state)
{
    struct rig *rig = *state;

    ask(rig, "02", EVERY_CYCLE, DBB3_AND_DBW16, "02 0000");
    rig_expect(rig, "");
    for (int i = 0; i < 3; i++) {
        ask(rig, "0e", PLAIN, "02 02", "03 0000");
        pushed(rig, "02 02", "02", "0002 ff090001 03 00 ff090002 1011");
        rig_expect(rig, "");
        rig_turn(rig);
        rig_expect(rig, "");
    }
}

static void s7_147_every_area_and_size_can_be_watched(void **state)
{
    struct rig *rig = *state;

    ask(rig, "02", ONCE_AT_ONCE,
        "000a 7101 0001 0003 7003 0001 0004 7202 0001 0010 7301 0001 0010 0101 0000 0000"
        "1101 0000 0000 2101 0000 0000 5401 0000 0001 6402 0000 0001 7101 0063 0000",
        "02 0000");
    pushed(rig, "02 02", "01",
           "000a ff090001 03 00 ff090001 00 00 ff090004 10111213 ff090004 10111213 ff090001 00 00"
           "ff090001 00 00 ff090001 00 00 ff090002 0000 ff090004 00000000 0a000000");
    ask(rig, "02", ONCE_AT_ONCE, "0002 7002 0001 0004 7001 0001 0004", "02 0000"); /* bits of 04 */
    pushed(rig, "02 02", "01", "0002 ff090001 01 00 ff090001 00 00");
    rig_expect(rig, "");
}

static void s7_187_jobs_are_enabled_disabled_and_deleted(void **state)
{
    struct rig *rig = *state;

    ask(rig, "02", EVERY_CYCLE, DBB3_AND_DBW16, "02 0000");
    ask(rig, "0d", PLAIN, "02 02", "03 d0a5"); /* not enabled */
    ask(rig, "0e", PLAIN, "02 02", "03 0000");
    pushed(rig, "02 02", "02", "0002 ff090001 03 00 ff090002 1011");
    ask(rig, "0d", PLAIN, "02 02", "03 d0a5"); /* has fired */
    ask(rig, "0e", PLAIN, "08 02", "03 d0a5"); /* another function */
    ask(rig, "0e", PLAIN, "02 03", "03 d0a5");
    ask(rig, "0f", PLAIN, "0001 02 02", "03 0000");
    ask(rig, "0f", PLAIN, "0001 02 02", "03 d0a5");
    ask(rig, "0e", PLAIN, "02 02", "03 d0a5");
    rig_expect(rig, "");
}

static void s7_187_a_job_that_waits_for_a_stop_can_be_disabled(void **state)
{
    struct rig *rig = *state;
    const char stop[] = "3201 0000 1400 0010 0000 290000000000 09 505f50524f4752414d";
    const char warm[] = "3201 0000 1500 0014 0000 28000000000000fd 0000 09 505f50524f4752414d";

    ask(rig, "02", ON_STOP, "0001 7101 0001 0003", "02 0000");
    ask(rig, "0e", PLAIN, "02 02", "03 0000");
    rig_expect(rig, "");
    ask(rig, "0d", PLAIN, "02 02", "03 0000");
    rig_ask_pdu(rig, stop, "3203 0000 1400 0001 0000 0000 29");
    rig_ask_pdu(rig, warm, "3203 0000 1500 0001 0000 0000 28");
    ask(rig, "0e", PLAIN, "02 02", "03 0000");
    rig_feed(rig, "03000021 02f080 3201 0000 1400 0010 0000 290000000000 09 505f50524f4752414d");
    rig_expect_pdu(rig, "3203 0000 1400 0001 0000 0000 29");
    pushed(rig, "02 02", "02", "0001 ff090001 03 00");
    rig_expect(rig, "");
}

static void s7_187_the_list_of_jobs_has_itself_and_those_of_the_connection(void **state)
{
    struct rig *rig = *state;

    feed(rig, "10", PLAIN, "00000000", "00000000");
    rig_expect_pdu(rig, "3207 0000 6800 000c 0010 00011208 12 81 10 01 0000 0000"
                        "ff09 000c 0004 0004 01000001 10 01 0000");
    ask(rig, "02", EVERY_CYCLE, DBB3_AND_DBW16, "02 0000");
    feed(rig, "10", PLAIN, "00000000", "00000000");
    rig_expect_pdu(rig, "3207 0000 6800 000c 0014 00011208 12 81 10 01 0000 0000"
                        "ff09 0010 0004 0008 01000001 10 01 0000 02 02 0000");
}

static void s7_188_a_modification_is_done_and_told_with_a_code_for_each_item(void **state)
{
    struct rig *rig = *state;
    const char data[] = "0003 7101 0001 0003 7004 0001 0005 7201 0063 0000"
                        "0009 0001 aa 00 0009 0001 01 00 0009 0002 dead";

    ask(rig, "08", ONCE_CYCLE, data, "02 0000");
    assert_int_equal(rig_db(rig, 1)[3], 3); /* not before it is enabled */
    rig_expect(rig, "");
    ask(rig, "0e", PLAIN, "08 02", "03 0000");
    pushed(rig, "08 02", "02", "0003 ffff0a 00");
    assert_int_equal(rig_db(rig, 1)[3], 0xAA);
    assert_int_equal(rig_db(rig, 1)[5], 0x15);
    rig_expect(rig, "");
    ask(rig, "08", ONCE_AT_ONCE, "0002 7101 0001 0003 7202 0001 0006 0009 0001 bb 00 0009 0004 11223344",
        "02 0000"); /* the number is free again */
    pushed(rig, "08 02", "01", "0002 ffff");
    assert_int_equal(rig_db(rig, 1)[3], 0xBB);
    assert_memory_equal(rig_db(rig, 1) + 6, "\x11\x22\x33\x44", 4);
    rig_expect(rig, "");
}

static void s7_188_a_value_of_another_length_is_not_written(void **state)
{
    struct rig *rig = *state;

    ask(rig, "08", ONCE_AT_ONCE, "0002 7101 0001 0003 7101 0001 0004 0009 0002 aaaa 0009 0001 bb 00",
        "02 0000");
    pushed(rig, "08 02", "01", "0002 07ff");
    assert_int_equal(rig_db(rig, 1)[3], 3);
    assert_int_equal(rig_db(rig, 1)[4], 0xBB);
}

static void s7_199_short_and_long_parameters_are_taken(void **state)
{
    struct rig *rig = *state;

    feed(rig, "02", ONCE_AT_ONCE, DBB3_AND_DBW16, "");
    answered(rig, "02", "02 0000");
    pushed(rig, "02 02", "01", "0002 ff090001 03 00 ff090002 1011");
    feed(rig, "16", PLAIN, "", "");
    answered(rig, "16", "03 0000");
    feed(rig, "16", PLAIN, "", "00000000");
    answered(rig, "16", "03 0000");
    rig_expect(rig, "");
}

static void what_is_no_job_is_refused(void **state)
{
    struct rig *rig = *state;

    ask(rig, "02", "0000 0000", DBB3_AND_DBW16, "03 d033");
    ask(rig, "02", ONCE_AT_ONCE, "0003 7101 0001 0003 7201 0001 0010", "03 d033");
    ask(rig, "02", ONCE_AT_ONCE, "0000", "03 d05f");
    ask(rig, "02", ONCE_AT_ONCE, "0001 7500 0001 0003", "03 d015");
    ask(rig, "02", ONCE_AT_ONCE, "0001 7008 0001 0003", "03 d015");
    ask(rig, "02", ONCE_AT_ONCE, "0001 7401 0001 0003", "03 d015");
    ask(rig, "02", ONCE_AT_ONCE, "0001 8101 0001 0003", "03 d015");
    ask(rig, "02", ONCE_AT_ONCE, "0001 7100 0001 0003", "03 d015");
    ask(rig, "02", ONCE_AT_ONCE, "0001 71c9 0001 0003", "03 d032"); /* 201 bytes, with 240 */
    ask(rig, "02", "0000 0001 0000 0012 0001 0001 0001 0001 0001 0500", DBB3_AND_DBW16, "03 d00a");
    ask(rig, "08", ON_STOP, "0001 7101 0001 0003 0009 0001 aa", "03 d00a");
    ask(rig, "08", ONCE_AT_ONCE, "0001 7101 0001 0003", "03 d05f");
    ask(rig, "08", ONCE_AT_ONCE, "0001 7101 0001 0003 0009 0009 aa", "03 d05f");
    ask(rig, "0e", PLAIN, "02", "03 d033");
    ask(rig, "13", PLAIN, "", "01 8104");
    for (unsigned i = 2; i <= 16; i++) {
        char with[16];
        snprintf(with, sizeof with, "%02x 0000", i);
        ask(rig, "02", EVERY_CYCLE, DBB3_AND_DBW16, with);
    }
    ask(rig, "02", EVERY_CYCLE, DBB3_AND_DBW16, "03 d062");
    rig_expect(rig, "");
}

static void the_longest_result_fills_its_pdu(void **state)
{
    struct rig *rig = *state;
    uint8_t got[600];

    feed(rig, "02", ONCE_AT_ONCE, "0001 71c8 0001 0003", "00000000");
    assert_int_equal(rig_take(rig, got, sizeof got), 7 + 26 + 7 + 240);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_rig, close_rig)
    const struct CMUnitTest tests[] = {
        TEST(s7_147_a_table_is_acknowledged_and_its_values_follow_at_once),
        TEST(s7_147_a_triggered_table_is_told_once_for_each_time_it_is_enabled),
        TEST(s7_147_every_area_and_size_can_be_watched),
        TEST(s7_187_jobs_are_enabled_disabled_and_deleted),
        TEST(s7_187_a_job_that_waits_for_a_stop_can_be_disabled),
        TEST(s7_187_the_list_of_jobs_has_itself_and_those_of_the_connection),
        TEST(s7_188_a_modification_is_done_and_told_with_a_code_for_each_item),
        TEST(s7_188_a_value_of_another_length_is_not_written),
        TEST(s7_199_short_and_long_parameters_are_taken),
        TEST(what_is_no_job_is_refused),
        TEST(the_longest_result_fills_its_pdu),
    };

    return cmocka_run_group_tests_name("simulator.programmer", tests, NULL, NULL);
}
