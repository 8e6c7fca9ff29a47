/* When two answers are the same, what only reads, and what a PLC chooses. */
#include "cli/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A PDU of hex; its bytes live until the next call with the same slot. */
static struct s7_pdu pdu(unsigned slot, const char *text)
{
    static uint8_t bytes[4][256];
    struct s7_pdu decoded;
    const char *hex = text;
    size_t len = 0;
    unsigned value;

    for (int used; sscanf(hex, " %2x%n", &value, &used) == 1; hex += used)
        bytes[slot][len++] = (uint8_t)value;
    if (s7_pdu_decode(bytes[slot], len, &decoded) != S7_OK)
        fail_msg("no PDU: %s", text);
    return decoded;
}

static const char read_good[] = "32030000 0002 0002 0008 0000 0401 ff040020 deadbeef";
static const char two_items[] = "32030000 0002 0002 000a 0000 0402 ff040010 beef 0a000000";
static const char list_good[] = "32070000 0007 000c 000a 00011208 12840101 00000000 ff090006 00110000 0001";

/* why, when they differ; "" when they are the same. */
static const char *compare(const char *was_hex, const char *is_hex, bool exact, size_t kept)
{
    static char why[REPLAY_TEXT_CAP];
    struct s7_pdu was = pdu(0, was_hex), is = pdu(1, is_hex);
    const uint8_t *begin = was.param - (was.rosctr == S7_ROSCTR_USERDATA ? 10 : 12);

    bool same = replay_same(&was, begin + kept, &is, exact, why);
    assert_int_equal(same, why[0] == '\0');
    return why;
}

static void answers_are_compared_by_what_they_say_and_how_long_they_are(void **state)
{
    static const struct {
        const char *was, *is, *why, *why_exact;
    } cases[] = {
        {read_good, read_good, "", ""},
        {read_good, "32030000 7777 0002 0008 0000 0401 ff040020 deadbeef", "", ""},
        {read_good, "32030000 0002 0002 0008 0000 0401 ff040020 deadbe00", "",
         "item 1: byte 3 is 00, recorded EF"},
        {read_good, "32030000 0002 0002 0006 0000 0401 ff040010 dead", "item 1: 2 bytes, recorded 4", NULL},
        {read_good, "32030000 0002 0002 0004 0000 0401 0a000000",
         "item 1: return code 0A (object does not exist), recorded FF (good)", NULL},
        {read_good, "32030000 0002 0002 0008 0000 0401 ff040040 deadbeef",
         "item 1: its length is past the end of the answer", NULL},
        {read_good, "32030000 0002 0000 0000 8104",
         "error 8104 (service not implemented (also: PUT/GET not permitted)), recorded 0000 (none)", NULL},
        {read_good, "32030000 0002 0002 0001 0000 0501 ff", "function 05, recorded 04", NULL},
        {read_good, two_items, "items 2, recorded 1", NULL},
        {two_items, two_items, "", ""},
        {"32030000 0002 0002 0002 0000 0502 ffff", "32030000 0002 0002 0002 0000 0502 ff05",
         "item 2: return code 05 (address out of range), recorded FF (good)", NULL},
        {list_good, list_good, "", ""},
        {list_good, "32070000 0007 000c 000a 00011208 12840155 77000000 ff090006 00110000 0001", NULL, NULL},
        {read_good, list_good, "userdata, recorded an answer with data", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *why = cases[i].why != NULL ? cases[i].why : "";

        assert_string_equal(compare(cases[i].was, cases[i].is, false, 256), why);
        assert_string_equal(compare(cases[i].was, cases[i].is, true, 256),
                            cases[i].why_exact != NULL ? cases[i].why_exact : why);
    }
}

static void records_of_a_status_list_have_the_recorded_length(void **state)
{
    static const char first[] = "32070000 0007 0008 0008 00011204 11440100 ff090004 00110000";
    static const char next[] = "32070000 0007 000c 0004 00011208 12440101 00000000 0a000000";
    static const char of_28[] =
        "32070000 0007 000c 000c 00011208 12840101 00000000 ff090008 00110000 001c0000";
    static const char of_30[] =
        "32070000 0007 000c 000c 00011208 12840101 00000000 ff090008 00110000 001e0000";
    static const char error[] = "32070000 0007 000c 0004 00011208 12840101 0000d401 0a000000";
    struct s7_pdu asked = pdu(2, first), was = pdu(0, of_28), is = pdu(1, of_30);
    char why[REPLAY_TEXT_CAP] = "";

    (void)state;
    assert_false(replay_same_records(&asked, &was, &is, why));
    assert_string_equal(why, "records of 30 bytes, recorded 28");
    assert_true(replay_same_records(&asked, &was, &was, why));
    is = pdu(1, error);
    assert_true(replay_same_records(&asked, &was, &is, why));
    is = pdu(1, of_30);
    asked = pdu(2, next); /* whose answer begins anywhere */
    assert_true(replay_same_records(&asked, &was, &is, why));
}

static void what_was_not_captured_is_not_compared(void **state)
{
    const char *other = "32030000 0002 0002 0008 0000 0401 ff040020 de000000";

    (void)state;
    assert_string_equal(compare(read_good, other, true, 19), "");
    assert_string_equal(compare(read_good, other, true, 20), "item 1: byte 1 is 00, recorded AD");
    assert_string_equal(compare(read_good, "32030000 0002 0002 0004 0000 0401 0a000000", true, 17), "");
}

static void any_byte_that_lies_in_an_answer_is_compared_without_leaving_it(void **state)
{
    struct s7_pdu was = pdu(0, two_items);
    uint8_t bytes[64], *exact;
    char why[REPLAY_TEXT_CAP];
    size_t len = 12 + was.param_len + was.data_len;

    (void)state;
    memcpy(bytes, was.param - 12, len);
    for (size_t at = 12; at < len; at++)
        for (unsigned value = 0; value < 256; value++) {
            struct s7_pdu is;

            exact = malloc(len);
            memcpy(exact, bytes, len);
            exact[at] = (uint8_t)value;
            assert_int_equal(s7_pdu_decode(exact, len, &is), S7_OK);
            (void)replay_same(&was, was.data + was.data_len, &is, true, why);
            (void)replay_same(&is, is.data + is.data_len, &was, true, why);
            free(exact);
        }
}

static void only_what_is_known_to_read_is_taken_for_reading(void **state)
{
    static const struct {
        const char *request;
        bool reads;
        const char *text;
    } cases[] = {
        {"32010000 0001 000e 0000 0401 120a1002 0004 0001 84 000050", true,
         "read, 1 item, first DB1.DBX10.0 x 4"},
        {"32010000 0001 000e 0005 0501 120a1001 0001 0000 83 000003 00030001 01", false,
         "write, 1 item, first M0.3 x 1"},
        {"32010000 0001 0010 0000 2900000000 0009 505f50524f4752414d", false, "stop"},
        {"32010000 0001 0001 0000 55", false, "function 55"},
        {"32070000 0001 0008 0008 00011204 11440100 ff090004 0011 0000", true,
         "status list (SZL) 0011 index 0000"},
        {"32070000 0001 0008 0004 00011204 11470100 0a000000", true, "userdata, clock 01"},
        {"32070000 0001 0008 0004 00011204 11470200 0a000000", false, "userdata, clock 02"},
        {"32070000 0001 0008 0004 00011204 11430100 0a000000", true, "userdata, blocks 01"},
        {"32070000 0001 0008 0004 00011204 11410100 0a000000", false, "userdata, programming device 01"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct s7_pdu request = pdu(0, cases[i].request);
        char text[REPLAY_TEXT_CAP];

        replay_request_text(&request, text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(replay_only_reads(&request), cases[i].reads);
    }
}

static void what_a_plc_chooses_is_put_into_later_requests(void **state)
{
    struct replay_names names = {.has_upload = false};
    struct s7_pdu was = pdu(0, "32030000 0001 0010 0000 0000 1d 00 0100 00000007 07 30303030313830");
    struct s7_pdu is = pdu(1, "32030000 0001 0010 0000 0000 1d 00 0100 00004242 07 30303030313830");
    struct s7_pdu next = pdu(2, "32010000 0002 0008 0000 1e 00 0000 00000007");
    struct s7_pdu foreign = pdu(3, "32010000 0002 0008 0000 1e 00 0000 00000008");
    uint8_t param[16];

    (void)state;
    memcpy(param, next.param, next.param_len);
    replay_rename(&names, &next, param);
    assert_memory_equal(param, next.param, next.param_len);
    replay_learn(&names, &was, &is);
    replay_rename(&names, &next, param);
    assert_memory_equal(param + 4, "\x00\x00\x42\x42", 4);
    memcpy(param, foreign.param, foreign.param_len);
    replay_rename(&names, &foreign, param);
    assert_memory_equal(param, foreign.param, foreign.param_len);

    was = pdu(0, "32070000 0007 000c 0004 00011208 12840105 0c010000 ff090000");
    is = pdu(1, "32070000 0007 000c 0004 00011208 12840177 88010000 ff090000");
    next = pdu(2, "32070000 0008 000c 0004 00011208 12440105 0c000000 0a000000");
    replay_learn(&names, &was, &is);
    memcpy(param, next.param, next.param_len);
    replay_rename(&names, &next, param);
    assert_memory_equal(param + 7, "\x77\x88", 2);
    assert_memory_equal(param, next.param, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_compared_by_what_they_say_and_how_long_they_are),
        cmocka_unit_test(records_of_a_status_list_have_the_recorded_length),
        cmocka_unit_test(what_was_not_captured_is_not_compared),
        cmocka_unit_test(any_byte_that_lies_in_an_answer_is_compared_without_leaving_it),
        cmocka_unit_test(only_what_is_known_to_read_is_taken_for_reading),
        cmocka_unit_test(what_a_plc_chooses_is_put_into_later_requests),
    };

    return cmocka_run_group_tests_name("cli replay", tests, NULL, NULL);
}
