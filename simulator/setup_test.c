/* Connection request and setup communication at their limits: what each foreign client asks for and gets,
 * wishes that nobody should have, a second time of each, and answers cut to every TPDU size. Raw bytes in,
 * raw bytes out. */
#include "test_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int open_generic(void **state)
{
    static struct rig rig;

    rig_open(&rig, "generic");
    *state = &rig;
    return 0;
}

static int open_300(void **state)
{
    static struct rig rig;

    rig_open(&rig, "s7-300");
    *state = &rig;
    return 0;
}

static int close_rig(void **state)
{
    rig_close(*state);
    return 0;
}

#define CR(tpdu)        "03000016 11e0 0000 0001 00 c001" tpdu "c1020100 c2020102"
#define CC(tpdu)        "03000016 11d0 0001 0003 00 c001" tpdu "c1020100 c2020102"
#define SETUP(values)   "3201 0000 0400 0008 0000 f000" values
#define GRANTED(values) "3203 0000 0400 0008 0000 0000 f000" values
#define READ_FRAME(ref) "0300001f 02f080 3201 0000" ref "000e 0000 0401 120a1002 0001 0001 84 000008"
#define DATA_FRAME(ref) "0300001a 02f080 3203 0000" ref "0002 0005 0000 0401 ff040008 01"

static void handshake(struct rig *rig)
{
    rig_ask(rig, CR("0a"), CC("0a"));
    rig_ask_pdu(rig, SETUP("0001 0001 01e0"), GRANTED("0001 0001 00f0"));
}

/* ---- setup ---- */

static void S7_029_to_032_what_each_client_asks_a_300_for(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"Snap7, nmap, python-snap7, Step7, TIA", SETUP("0001 0001 01e0"), GRANTED("0001 0001 00f0")},
        {"nodes7", SETUP("0008 0008 03c0"), GRANTED("0001 0002 00f0")},
        {"S7NetPlus", SETUP("0003 0003 03c0"), GRANTED("0001 0002 00f0")},
        {"Sally7", SETUP("000a 000a 03c0"), GRANTED("0001 0002 00f0")},
        {"libnodave", SETUP("0001 0001 03c0"), GRANTED("0001 0001 00f0")},
        {"older libnodave", SETUP("0001 0001 0780"), GRANTED("0001 0001 00f0")},
        {"WinCC flexible", SETUP("0001 0003 00f0"), GRANTED("0001 0002 00f0")},
        {"WinCC 7", SETUP("0002 0002 01e0"), GRANTED("0001 0002 00f0")},
        {"plc4x", SETUP("0008 0008 03f0"), GRANTED("0001 0002 00f0")},
    };

    rig_ask(*state, CR("0a"), CC("0a"));
    RIG_ASK_ALL(*state, exchanges);
}

static void S7_029_to_032_and_036_wishes_at_their_limits(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"nothing", SETUP("0000 0000 0000"), GRANTED("0000 0000 00f0")},
        {"a PDU of 1 byte", SETUP("0001 0001 0001"), GRANTED("0001 0001 00f0")},
        {"of 239", SETUP("0001 0001 00ef"), GRANTED("0001 0001 00f0")},
        {"of 240", SETUP("0001 0001 00f0"), GRANTED("0001 0001 00f0")},
        {"of 241", SETUP("0001 0001 00f1"), GRANTED("0001 0001 00f1")},
        {"of 480", SETUP("0001 0001 01e0"), GRANTED("0001 0001 01e0")},
        {"of 959", SETUP("0001 0001 03bf"), GRANTED("0001 0001 03bf")},
        {"of 960", SETUP("0001 0001 03c0"), GRANTED("0001 0001 03c0")},
        {"of 961", SETUP("0001 0001 03c1"), GRANTED("0001 0001 03c0")},
        {"everything", SETUP("ffff ffff ffff"), GRANTED("0008 0008 03c0")},
        {"each field by itself", SETUP("0000 ffff 0100"), GRANTED("0000 0008 0100")},
        {"a byte that is reserved", "3201 0000 0400 0008 0000 f077 0001 0001 01e0",
         GRANTED("0001 0001 01e0")},
        {"no lengths at all", "3201 0000 0400 0002 0000 f000", "3202 0000 0400 0000 0000 8500"},
        {"one byte too short", "3201 0000 0400 0007 0000 f000 0001 0001 01", "3202 0000 0400 0000 0000 8500"},
        {"which changed nothing", "3201 0000 0001 000e 0000 0401 120a1002 0001 0001 84 000008",
         "3203 0000 0001 0002 0005 0000 0401 ff040008 01"},
    };

    rig_ask(*state, CR("0a"), CC("0a"));
    RIG_ASK_ALL(*state, exchanges);
}

/* The length that counts is that of the last setup. */
static void S7_036_068_a_second_setup_changes_what_fits(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"240", SETUP("0001 0001 00f0"), GRANTED("0001 0001 00f0")},
        {"223 bytes", "3201 0000 0001 000e 0000 0401 120a1002 00df 0002 84 000000",
         "3202 0000 0001 0000 0000 8500"},
        {"960", SETUP("0008 0008 03c0"), GRANTED("0008 0008 03c0")},
        {"1 byte", "3201 0000 0001 000e 0000 0401 120a1002 0001 0002 84 000000",
         "3203 0000 0001 0002 0005 0000 0401 ff040008 00"},
        {"943 bytes", "3201 0000 0001 000e 0000 0401 120a1002 03af 0002 84 000000",
         "3202 0000 0001 0000 0000 8500"},
        {"240 again", SETUP("0001 0001 00f0"), GRANTED("0001 0001 00f0")},
        {"223 bytes again", "3201 0000 0001 000e 0000 0401 120a1002 00df 0002 84 000000",
         "3202 0000 0001 0000 0000 8500"},
    };
    uint8_t answer[1024];

    rig_ask(*state, CR("0a"), CC("0a"));
    RIG_ASK_ALL(*state, exchanges);
    rig_feed(*state, "03000019 02f080 3201 0000 0400 0008 0000 f000 0008 0008 03c0");
    rig_feed(*state, "0300001f 02f080 3201 0000 0001 000e 0000 0401 120a1002 03ae 0002 84 000000");
    assert_int_equal(rig_take(*state, answer, sizeof answer), 27 + 7 + 960);
}

/* A CPU that insists on setup refuses what comes before it; userdata as well. */
static void before_setup_a_300_refuses_everything_else(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"read", "3201 0000 0001 000e 0000 0401 120a1002 0001 0001 84 000008",
         "3202 0000 0001 0000 0000 8104"},
        {"write", "3201 0000 0001 000e 0005 0501 120a1002 0001 0001 84 000008 00040008 77",
         "3202 0000 0001 0000 0000 8104"},
        {"a status list", "3207 0000 0001 0008 0008 000112041144 0100 ff090004 0424 0000",
         "3202 0000 0001 0000 0000 8104"},
        {"stop", "3201 0000 0001 0010 0000 290000000000 09 505f50524f4752414d",
         "3202 0000 0001 0000 0000 8104"},
    };

    rig_ask(*state, CR("0a"), CC("0a"));
    RIG_ASK_ALL(*state, exchanges);
    assert_int_equal(rig_db(*state, 1)[1], 1);
}

static void before_setup_generic_serves_at_240(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"1 byte", "3201 0000 0001 000e 0000 0401 120a1002 0001 0001 84 000008",
         "3203 0000 0001 0002 0005 0000 0401 ff040008 01"},
        {"223 bytes", "3201 0000 0001 000e 0000 0401 120a1002 00df 0002 84 000000",
         "3202 0000 0001 0000 0000 8500"},
    };

    rig_ask(*state, CR("0a"), CC("0a"));
    RIG_ASK_ALL(*state, exchanges);
}

/* ---- connection requests ---- */

/* Their orders of parameters, references and TSAPs; the answer has one form. */
static void S7_006_to_008_what_each_client_asks_for(void **state)
{
    static const struct {
        const char *who, *request, *answer;
    } rows[] = {
        {"Snap7, gos7", "03000016 11e0 0000 0001 00 c0010a c1020100 c2020102",
         "03000016 11d0 0001 0003 00 c0010a c1020100 c2020102"},
        {"nodes7", "03000016 11e0 0000 0002 00 c0010a c1020100 c2020102",
         "03000016 11d0 0002 0003 00 c0010a c1020100 c2020102"},
        {"S7NetPlus", "03000016 11e0 0000 002e 00 c1020100 c2020300 c0010a",
         "03000016 11d0 002e 0003 00 c0010a c1020100 c2020300"},
        {"libnodave", "03000016 11e0 0000 0001 00 c1020100 c2020102 c00109",
         "03000016 11d0 0001 0003 00 c00109 c1020100 c2020102"},
        {"nmap", "03000016 11e0 0000 0014 00 c1020100 c2020102 c0010a",
         "03000016 11d0 0014 0003 00 c0010a c1020100 c2020102"},
        {"nmap once more", "03000016 11e0 0000 0005 00 c1020100 c2020200 c0010a",
         "03000016 11d0 0005 0003 00 c0010a c1020100 c2020200"},
        {"a LOGO!'s", "03000016 11e0 0000 0001 00 c0010a c1021000 c2022000",
         "03000016 11d0 0001 0003 00 c0010a c1021000 c2022000"},
        {"CP243-1's \"MW\"", "03000016 11e0 0000 0001 00 c1024d57 c2024d57 c00109",
         "03000016 11d0 0001 0003 00 c00109 c1024d57 c2024d57"},
        {"reference FFFF", "03000016 11e0 0000 ffff 00 c0010a c1020100 c2020102",
         "03000016 11d0 ffff 0003 00 c0010a c1020100 c2020102"},
        {"python-snap7, routing", "0300001e 19e0 0000 0001 00 c1020100 c2020102 c0010a c6020001 c7020102",
         "03000016 11d0 0001 0003 00 c0010a c1020100 c2020102"},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_connect(rig);
        rig->what = rows[i].who;
        rig_ask(rig, rows[i].request, rows[i].answer);
    }
}

static void S7_014_a_second_CR_may_ask_for_something_else(void **state)
{
    struct rig *rig = *state;

    handshake(rig);
    rig_feed(rig, "03000021 02f080 3207 0000 0b00 0008 0008 000112041144 0100 ff090004 001c0000");
    uint8_t first[512];
    assert_int_equal(rig_take(rig, first, sizeof first), 247);
    rig_ask(rig, "03000016 11e0 0000 0022 00 c00109 c1020200 c2020102",
            "03000016 11d0 0022 0003 00 c00109 c1020200 c2020102");
    assert_int_equal(rig->plc.n_connections, 1);
    rig_ask(rig, READ_FRAME("0001"), "03000013 02f080 3202 0000 0001 0000 0000 8104");
    rig_ask_pdu(rig, SETUP("0001 0001 01e0"), GRANTED("0001 0001 00f0"));
    rig_ask_pdu(
        rig, "3207 0000 0c00 000c 0004 000112081244 0101 0000 0000 0a000000",
        "3207 0000 0c00 000c 0004 000112081284 0101 0000 d406 0a000000"); /* nor does the list go on */
    rig_ask(rig, READ_FRAME("0001"), DATA_FRAME("0001"));
}

/* Codes that do not exist become the nearest that does. */
static void S7_011_every_TPDU_size_that_exists_is_granted(void **state)
{
    static const struct {
        const char *asked, *granted;
    } rows[] = {{"07", "07"}, {"08", "08"}, {"09", "09"}, {"0a", "0a"}, {"0b", "0b"}, {"0c", "0c"},
                {"0d", "0d"}, {"0e", "0d"}, {"0f", "0d"}, {"ff", "0d"}, {"00", "07"}, {"06", "07"}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char request[96], answer[96];
        snprintf(request, sizeof request, CR("%s"), rows[i].asked);
        snprintf(answer, sizeof answer, CC("%s"), rows[i].granted);
        rig_connect(*state);
        rig_ask(*state, request, answer);
    }
}

/* The data of DTs that make one PDU; each but the last is full. */
static size_t join(const uint8_t *frames, size_t len, size_t tpdu, uint8_t *pdu)
{
    size_t joined = 0;

    for (size_t at = 0; at < len;) {
        size_t frame = (size_t)frames[at + 2] << 8 | frames[at + 3];
        bool last = at + frame == len;
        assert_int_equal(frames[at + 4], 2);
        assert_int_equal(frames[at + 6], last ? 0x80 : 0);
        assert_true(last ? frame - 4 <= tpdu : frame - 4 == tpdu);
        memcpy(pdu + joined, frames + at + 7, frame - 7);
        joined += frame - 7;
        at += frame;
    }
    return joined;
}

static void S7_021_answers_are_cut_to_every_TPDU_size(void **state)
{
    static const unsigned lens[] = {1, 107, 108, 109, 235, 236, 237, 942};
    uint8_t frames[2048], pdu[1024];

    for (unsigned code = 7; code <= 13; code++) {
        char text[160];
        snprintf(text, sizeof text, CR("%02x") "03000019 02f080 3201 0000 0400 0008 0000 f000 0001 0001 03c0",
                 code);
        rig_connect(*state);
        rig_feed(*state, text);
        assert_int_equal(rig_take(*state, frames, sizeof frames), 22 + 27);
        for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
            snprintf(text, sizeof text,
                     "0300001f 02f080 3201 0000 0001 000e 0000 0401 120a1002 %04x 0002 84 000000", lens[i]);
            rig_feed(*state, text);
            size_t len = rig_take(*state, frames, sizeof frames);
            assert_int_equal(join(frames, len, (size_t)1 << code, pdu), 18 + lens[i]);
            assert_memory_equal(pdu, "\x32\x03\0\0\0\x01\0\x02", 8);
        }
    }
}

/* ---- data ---- */

/* plc4x counts its DTs; the numbers mean nothing in class 0 and are not sent back. */
static void S7_169_the_number_of_a_DT_is_ignored_and_sent_as_0(void **state)
{
    handshake(*state);
    for (unsigned number = 0; number < 128; number++) {
        char request[128];
        snprintf(request, sizeof request,
                 "0300001f 02f0%02x 3201 0000 0001 000e 0000 0401 120a1002 0001 0001 84 000008",
                 0x80 | number);
        rig_ask(*state, request, DATA_FRAME("0001"));
    }
    rig_feed(*state, "03000011 02f015 3201 0000 0500 000e 0000");
    rig_ask(*state, "03000015 02f096 0401 120a1002 0001 0001 84 000008", DATA_FRAME("0500"));
}

/* One frame for each request, and none of 7 bytes. */
static void S7_173_nothing_is_sent_but_answers(void **state)
{
    static const char *const requests[] = {
        CR("0a"),
        "03000007 02f000",
        "03000019 02f080 3201 0000 0400 0008 0000 f000 0001 0001 01e0",
        "03000007 02f000",
        READ_FRAME("0001"),
        "03000007 02f000",
        "03000007 02f080",
        "03000021 02f080 3207 0000 0b00 0008 0008 000112041144 0100 ff090004 04240000",
        "03000007 02f000",
        "03000021 02f080 3201 0000 1400 0010 0000 290000000000 09 505f50524f4752414d",
        "03000007 02f000"};

    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        uint8_t answer[512];
        rig_feed(*state, requests[i]);
        size_t len = rig_take(*state, answer, sizeof answer);
        if (strlen(requests[i]) == 15)
            assert_int_equal(len, 0);
        else
            assert_int_equal(len, (size_t)answer[2] << 8 | answer[3]);
        assert_int_not_equal(len, 7);
    }
}

#define EMPTY_DT "03000007 02f000"
#define FIRST_DT "03000011 02f000 3201 0000 0500 000e 0000"
#define LAST_DT  "03000015 02f080 0401 120a1002 0001 0001 84 000008"

/* The same bytes as one PDU, in two TPDUs, with a first piece of 5 bytes, with its end in an empty DT, and
 * with an empty one between. */
static void S7_019_a_request_in_pieces_is_the_same_request(void **state)
{
    static const char *const pieces[] = {
        READ_FRAME("0500"), FIRST_DT LAST_DT,
        "0300000c 02f000 3201 0000 05 0300001a 02f080 00 000e 0000 0401 120a1002 0001 0001 84 000008",
        "0300001f 02f000 3201 0000 0500 000e 0000 0401 120a1002 0001 0001 84 000008 03000007 02f080",
        FIRST_DT EMPTY_DT LAST_DT};

    handshake(*state);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        rig_ask(*state, pieces[i], DATA_FRAME("0500"));
}

static void S7_023_to_025_headers_that_are_none_end_the_connection(void **state)
{
    static const struct {
        const char *what, *pdu;
    } rows[] = {
        {"S7comm-plus", "03000010 02f080 7201 0000 31 00 00 04 ca"},
        {"another protocol", "03000019 02f080 3301 0000 0400 0008 0000 f000 0001 0001 01e0"},
        {"an acknowledgement", "03000013 02f080 3202 0000 0400 0000 0000 0000"},
        {"an acknowledgement with data", "0300001b 02f080 3203 0000 0400 0008 0000 0000 f000 0001 0001 01e0"},
        {"ROSCTR 0", "03000019 02f080 3200 0000 0400 0008 0000 f000 0001 0001 01e0"},
        {"ROSCTR 8", "03000019 02f080 3208 0000 0400 0008 0000 f000 0001 0001 01e0"},
        {"parameters longer than the frame", "03000019 02f080 3201 0000 0400 0009 0000 f000 0001 0001 01e0"},
        {"data longer than the frame", "03000019 02f080 3201 0000 0400 0008 0001 f000 0001 0001 01e0"},
        {"a frame longer than both", "0300001a 02f080 3201 0000 0400 0008 0000 f000 0001 0001 01e0 00"},
        {"half a header", "0300000c 02f080 3201 0000 04"},
        {"one byte", "03000008 02f080 32"},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_connect(rig);
        handshake(rig);
        rig->what = rows[i].what;
        rig_ask(rig, rows[i].pdu, "");
        if (!rig->ended || rig->last.close != SIM_REFUSE_FIN)
            fail_msg("%s: the connection goes on", rows[i].what);
        rig->what = NULL;
    }
}

#define GENERIC(test) cmocka_unit_test_setup_teardown(test, open_generic, close_rig)
#define S300(test)    cmocka_unit_test_setup_teardown(test, open_300, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        S300(S7_029_to_032_what_each_client_asks_a_300_for),
        GENERIC(S7_029_to_032_and_036_wishes_at_their_limits),
        GENERIC(S7_036_068_a_second_setup_changes_what_fits),
        S300(before_setup_a_300_refuses_everything_else),
        GENERIC(before_setup_generic_serves_at_240),
        GENERIC(S7_006_to_008_what_each_client_asks_for),
        S300(S7_014_a_second_CR_may_ask_for_something_else),
        GENERIC(S7_011_every_TPDU_size_that_exists_is_granted),
        GENERIC(S7_021_answers_are_cut_to_every_TPDU_size),
        S300(S7_169_the_number_of_a_DT_is_ignored_and_sent_as_0),
        S300(S7_173_nothing_is_sent_but_answers),
        S300(S7_019_a_request_in_pieces_is_the_same_request),
        S300(S7_023_to_025_headers_that_are_none_end_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
