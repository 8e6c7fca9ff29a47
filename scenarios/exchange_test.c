#include "scenarios/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct sc_exchange exchange;

/* A frame of connection 2 of a PLC, in hexadecimal. */
static void note(bool from_client, const char *hex, const char *fault, int64_t at_ns)
{
    uint8_t frame[128];
    struct sim_tap tap = {
        .plc = "line1", .conn = 2, .from_client = from_client, .frame = frame, .fault = fault};

    for (; hex[0] != '\0'; hex += 2) {
        unsigned byte;
        assert_int_equal(sscanf(hex, "%2x", &byte), 1);
        frame[tap.len++] = (uint8_t)byte;
    }
    sc_exchange_note(&exchange, &tap, at_ns);
}

static void assert_told(const char *expected)
{
    struct sc_text text = {0};

    sc_exchange_tell(&exchange, &text);
    assert_string_equal(text.at, expected);
    sc_text_free(&text);
}

static int begin(void **state)
{
    (void)state;
    memset(&exchange, 0, sizeof exchange);
    return 0;
}

#define READ_JOB "0300001f02f080320100000005000e00000401120a10020003000184000050"

static void before_any_frame_there_is_none(void **state)
{
    (void)state;
    assert_told("last on the wire: nothing, no frame reached a PLC\n");
}

static void a_read_and_its_answer_are_told_in_words_and_bytes(void **state)
{
    (void)state;
    note(true, READ_JOB, NULL, 1500000000);
    note(false, "0300001c02f0803203000000050002000700000401ff0400180a0b0c", "slow", 1600250000);
    assert_told("last on the wire:\n"
                "  -> 1.500000 s  line1 connection 2  read job, reference 5, DB1 byte 10 (3 BYTE)\n"
                "    0300001F 02F08032 01000000 05000E00 00040112 0A100200 03000184 000050 (31 bytes)\n"
                "  <- 1.600250 s  line1 connection 2  read answer, reference 5, FF with 3 bytes  [slow]\n"
                "    0300001C 02F08032 03000000 05000200 07000004 01FF0400 180A0B0C (28 bytes)\n");
}

static void a_request_without_an_answer_says_so(void **state)
{
    (void)state;
    note(true, READ_JOB, NULL, 0);
    note(false, "0300001602f080320300000005000200010000050aff", NULL, 1);
    note(true, READ_JOB, "hang", 2000);
    assert_told("last on the wire:\n"
                "  -> 0.000002 s  line1 connection 2  read job, reference 5, DB1 byte 10 (3 BYTE)  [hang]\n"
                "    0300001F 02F08032 01000000 05000E00 00040112 0A100200 03000184 000050 (31 bytes)\n"
                "  <- no answer\n");
}

static void other_frames_have_their_names(void **state)
{
    static const struct {
        const char *hex, *words;
    } rows[] = {{"0300001611e00000000100c0010ac1020100c2020101", "connection request"},
                {"0300001611d00001000200c0010ac1020100c2020101", "connection confirm"},
                {"0300000b06800001000200", "disconnect request, reason 0"},
                {"0300000702f080", "TPDU F0"},
                {"0300001902f08032010000000100080000f0000008000803c0", "setup job, reference 1"},
                {"03000016", "no whole frame"},
                {"ff", "no whole frame"},
                {"0300001302f0803202000000050000000085"
                 "00",
                 "no function answer, reference 5, error 8500"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sc_text text = {0};
        char line[128];

        note(true, rows[i].hex, NULL, 0);
        sc_exchange_tell(&exchange, &text);
        snprintf(line, sizeof line, "connection 2  %s\n", rows[i].words);
        if (strstr(text.at, line) == NULL)
            fail_msg("expected \"%s\" in: %s", line, text.at);
        sc_text_free(&text);
    }
}

static void a_frame_that_is_longer_than_what_is_kept_is_no_whole_one(void **state)
{
    static uint8_t frame[4096] = {3, 0, 0x10, 0, 2, 0xf0, 0x80};
    const struct sim_tap tap = {.plc = "line1", .conn = 1, .from_client = true, .frame = frame, .len = 4096};

    (void)state;
    sc_exchange_note(&exchange, &tap, 0);
    assert_told(
        "last on the wire:\n"
        "  -> 0.000000 s  line1 connection 1  no whole frame\n"
        "    03001000 02F08000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 "
        "00000000 00000000 ... (4096 bytes)\n"
        "  <- no answer\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(before_any_frame_there_is_none, begin),
        cmocka_unit_test_setup(a_read_and_its_answer_are_told_in_words_and_bytes, begin),
        cmocka_unit_test_setup(a_request_without_an_answer_says_so, begin),
        cmocka_unit_test_setup(other_frames_have_their_names, begin),
        cmocka_unit_test_setup(a_frame_that_is_longer_than_what_is_kept_is_no_whole_one, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
