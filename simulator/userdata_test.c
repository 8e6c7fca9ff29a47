/* Userdata and jobs that nobody serves, answers in several units, and requests of odd forms: never silence.
 * Raw bytes in, raw bytes out, on an S7-300 with PDU length 240. */
#include "test_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int open_300(void **state)
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

/* ---- what is not known ---- */

static void S7_102_103_an_unknown_subfunction_of_any_group_is_refused_with_8104(void **state)
{
    for (unsigned group = 0; group < 16; group++) {
        char request[128], answer[128];
        snprintf(request, sizeof request, "3207 0000 0700 0008 0008 00011204 11 4%x 7f 00 ff090004 01020304",
                 group);
        snprintf(answer, sizeof answer, "3207 0000 0700 000c 0004 00011208 12 8%x 7f 01 0000 8104 0a000000",
                 group);
        rig_ask_pdu(*state, request, answer);
        snprintf(request, sizeof request, "3207 0000 0700 000c 0004 00011208 12 4%x 7f 00 0000 0000 0a000000",
                 group);
        rig_ask_pdu(*state, request, answer); /* in the long form as well */
    }
}

/* Answers, pushes and what there is no name for: nobody should send them, and nobody waits in vain. */
static void S7_103_every_type_of_userdata_is_answered(void **state)
{
    uint8_t answer[512];

    for (unsigned type = 0; type < 16; type++) {
        char request[128];
        snprintf(request, sizeof request,
                 "0300001d 02f080 3207 0000 0700 0008 0004 00011204 11 %x4 01 00 0a000000", type);
        rig_feed(*state, request);
        assert_int_equal(rig_take(*state, answer, sizeof answer), 33);
        assert_memory_equal(answer + 7, "\x32\x07\0\0\x07\0\0\x0c\0\x04\0\x01\x12\x08\x12\x84\x01", 17);
        assert_true(answer[27] != 0); /* its error */
    }
}

static void S7_103_parameters_that_are_none_are_refused(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"none", "3207 0000 0700 0000 0000", "3202 0000 0700 0000 0000 8500"},
        {"half of them", "3207 0000 0700 0004 0000 00011204", "3202 0000 0700 0000 0000 8500"},
        {"another head", "3207 0000 0700 0008 0004 000113041144 0100 0a000000",
         "3202 0000 0700 0000 0000 8500"},
        {"a length that is not theirs", "3207 0000 0700 0008 0004 000112081144 0100 0a000000",
         "3202 0000 0700 0000 0000 8500"},
        {"a length that no form has", "3207 0000 0700 0009 0004 000112051144 010000 0a000000",
         "3202 0000 0700 0000 0000 8500"},
        {"data that is shorter than it says", "3207 0000 0700 0008 0006 000112041144 0100 ff090004 0424",
         "3202 0000 0700 0000 0000 8500"},
        {"data without its head", "3207 0000 0700 0008 0002 000112041144 0100 ff09",
         "3202 0000 0700 0000 0000 8500"},
        {"no data at all", "3207 0000 0700 0008 0000 000112041144 0100",
         "3207 0000 0700 000c 0004 000112081284 0101 0000 d405 0a000000"},
        {"and the connection goes on", "3207 0000 0700 0008 0008 000112041144 0100 ff090004 7777 0000",
         "3207 0000 0700 000c 0004 000112081284 0101 0000 d401 0a000000"},
    };

    RIG_ASK_ALL(*state, exchanges);
}

static void S7_038_103_every_function_of_a_job_is_answered(void **state)
{
    uint8_t answer[512];

    for (unsigned function = 0; function < 256; function++) {
        static const uint8_t known[] = {0x04, 0x05, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E, 0x1F, 0x28, 0x29, 0xF0};
        char request[128];
        bool is_known = memchr(known, (int)function, sizeof known) != NULL;
        snprintf(request, sizeof request, "0300001a 02f080 3201 0000 0700 0009 0000 %02x 0000000000000000",
                 function);
        rig_feed(*state, request);
        size_t len = rig_take(*state, answer, sizeof answer);
        assert_in_range(len, 19, 247);
        assert_memory_equal(answer + 11, "\x07\0", 2);
        if (!is_known)
            assert_memory_equal(answer + 7, "\x32\x02\0\0\x07\0\0\0\0\0\x81\x04", 12);
    }
    rig_ask_pdu(*state, "3201 0000 0700 0000 0000", "3202 0000 0700 0000 0000 8104"); /* none */
}

/* ---- answers in several units ---- */

#define COMPONENTS "3207 0000 0b00 0008 0008 000112041144 0100 ff090004 001c 0000"
#define NONE(kind) "3207 0000 0c00 000c 0004 00011208128" kind "0000 d406 0a000000"

static void first_unit(struct rig *rig)
{
    uint8_t unit[512];

    rig_feed(rig, "03000021 02f080" COMPONENTS);
    assert_int_equal(rig_take(rig, unit, sizeof unit), 247);
    assert_int_equal(unit[26], 1); /* more follows */
}

static size_t next_unit(struct rig *rig, const char *pdu, uint8_t *unit)
{
    char frame[160];
    uint8_t bytes[64];

    snprintf(frame, sizeof frame, "0300 %04zx 02f080 %s", 7 + rig_hex(pdu, bytes, sizeof bytes), pdu);
    rig_feed(rig, frame);
    return rig_take(rig, unit, 512);
}

/* Snap7, Step7 and TIA ask in the long form, python-snap7 in the short one. */
static void S7_108_the_next_unit_is_asked_for_in_either_form(void **state)
{
    static const char *const forms[] = {"3207 0000 0c00 000c 0004 000112081244 0101 0000 0000 0a000000",
                                        "3207 0000 0c00 0008 0004 000112041144 0101 0a000000",
                                        "3207 0000 0c00 000c 0004 000112081144 0101 0000 0000 0a000000",
                                        "3207 0000 0c00 0008 0004 000112041244 0101 0a000000",
                                        "3207 0000 0c00 000c 0004 000112081244 0101 d501 0000 0a000000",
                                        "3207 0000 0c00 0008 0004 000112041144 0101 ff090000",
                                        "3207 0000 0c00 0008 0000 000112041144 0101"};
    uint8_t unit[512];

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        first_unit(*state);
        assert_int_equal(next_unit(*state, forms[i], unit), 7 + 26 + 134);
        assert_int_equal(unit[26], 0); /* the last */
    }
}

static void S7_106_units_that_do_not_follow_are_D406(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"no chain", "3207 0000 0c00 000c 0004 000112081244 0101 0000 0000 0a000000", NONE("4 0101")},
        {"no chain, another sequence", "3207 0000 0c00 000c 0004 000112081244 0177 0000 0000 0a000000",
         NONE("4 0177")},
        {"of the clock", "3207 0000 0c00 000c 0004 000112081247 0101 0000 0000 0a000000", NONE("7 0101")},
    };
    static const struct rig_exchange amid[] = {
        {"another sequence", "3207 0000 0c00 000c 0004 000112081244 0102 0000 0000 0a000000", NONE("4 0102")},
        {"another sequence, short", "3207 0000 0c00 0008 0004 000112041144 01ff 0a000000", NONE("4 01ff")},
        {"another group", "3207 0000 0c00 000c 0004 000112081243 0201 0000 0000 0a000000", NONE("3 0201")},
    };
    uint8_t unit[512];

    RIG_ASK_ALL(*state, exchanges);
    first_unit(*state);
    RIG_ASK_ALL(*state, amid);
    next_unit(*state, "3207 0000 0c00 000c 0004 000112081244 0101 0000 0000 0a000000", unit);
    assert_int_equal(unit[26], 0);
    RIG_ASK_ALL(*state, exchanges); /* behind the last */
}

/* Between the units of a list a client may read and write; another list, or the clock, ends it. */
static void S7_104_106_jobs_do_not_end_a_chain_and_first_requests_do(void **state)
{
    uint8_t unit[512];

    first_unit(*state);
    rig_ask_pdu(*state, "3201 0000 0001 000e 0000 0401 120a1002 0001 0001 84 000008",
                "3203 0000 0001 0002 0005 0000 0401 ff040008 01");
    rig_ask_pdu(*state, "3201 0000 0002 000e 0005 0501 120a1002 0001 0001 84 000008 00040008 02",
                "3203 0000 0002 0002 0001 0000 0501 ff");
    assert_int_equal(next_unit(*state, "3207 0000 0c00 000c 0004 000112081244 0101 0000 0000 0a000000", unit),
                     167);
    first_unit(*state);
    rig_ask_pdu(*state, "3207 0000 1100 0008 0004 000112041147 0100 0a000000",
                "3207 0000 1100 000c 000e 000112081287 0101 0000 0000 ff09000a 0019 2611241903254783");
    rig_ask_pdu(*state, "3207 0000 0c00 000c 0004 000112081244 0101 0000 0000 0a000000", NONE("4 0101"));
}

/* The chain belongs to its connection. */
static void S7_106_another_connection_does_not_get_the_next_unit(void **state)
{
    struct rig *rig = *state;
    uint8_t unit[512];

    first_unit(rig);
    sim_session *first = rig->session;
    rig->session = NULL;
    rig_connect(rig);
    rig_handshake(rig, 240, 1);
    rig_ask_pdu(rig, "3207 0000 0c00 000c 0004 000112081244 0101 0000 0000 0a000000", NONE("4 0101"));
    sim_session *second = rig->session;
    rig->session = first;
    assert_int_equal(next_unit(rig, "3207 0000 0c00 000c 0004 000112081244 0101 0000 0000 0a000000", unit),
                     167);
    sim_session_free(second);
}

/* ---- odd forms ---- */

/* The length counts; return code and transport size in front of it do not. */
static void S7_107_any_head_in_front_of_a_payload_is_taken(void **state)
{
    static const char *const heads[] = {"ff090004", "0a000004", "ff040004", "00000004", "0a090004"};
    uint8_t answer[512], first[512];
    char frame[160];

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        snprintf(frame, sizeof frame,
                 "03000021 02f080 3207 0000 0b00 0008 0008 000112041144 0100 %s 04240000", heads[i]);
        rig_feed(*state, frame);
        size_t len = rig_take(*state, answer, sizeof answer);
        assert_int_equal(len, 7 + 26 + 8 + 20);
        if (i == 0)
            memcpy(first, answer, len);
        assert_memory_equal(answer, first, len);
    }
}

/* "CPU state" of python-snap7: a read without even a count, which it takes for RUN. */
static void S7_071_a_read_without_a_count_is_what_python_snap7_sends_for_the_CPU_state(void **state)
{
    rig_ask(*state, "03000012 02f080 3201 0000 0005 0001 0000 04",
            "03000015 02f080 3203 0000 0005 0002 0000 0000 0400");
}

#define S300(test) cmocka_unit_test_setup_teardown(test, open_300, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        S300(S7_102_103_an_unknown_subfunction_of_any_group_is_refused_with_8104),
        S300(S7_103_every_type_of_userdata_is_answered),
        S300(S7_103_parameters_that_are_none_are_refused),
        S300(S7_038_103_every_function_of_a_job_is_answered),
        S300(S7_108_the_next_unit_is_asked_for_in_either_form),
        S300(S7_106_units_that_do_not_follow_are_D406),
        S300(S7_104_106_jobs_do_not_end_a_chain_and_first_requests_do),
        S300(S7_106_another_connection_does_not_get_the_next_unit),
        S300(S7_107_any_head_in_front_of_a_payload_is_taken),
        S300(S7_071_a_read_without_a_count_is_what_python_snap7_sends_for_the_CPU_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
