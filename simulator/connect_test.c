/* Conformance of connecting, framing and setup: raw bytes in, raw bytes out. */
#include "test_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CR_OP_2  "03000016 11e00000000100 c0010a c1020100 c2020202"
#define CC_OP_2  "03000016 11d00001000300 c0010a c1020100 c2020202"
#define SETUP    "03000019 02f080 3201 0000 0400 0008 0000 f000 0001 0001 01e0"
#define GRANT    "0300001b 02f080 3203 0000 0400 0008 0000 0000 f000 0001 0001 01e0"
#define READ_DB1 "0300001f 02f080 3201 0000 0500 000e 0000 0401 120a1002 0004 0001 84 000000"
#define DATA_DB1 "0300001d 02f080 3203 0000 0500 0002 0008 0000 0401 ff040020 00010203"

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

static void expect_end(struct rig *rig, enum sim_refusal how)
{
    if (!rig->ended || rig->last.close != how)
        fail_msg("expected the session to end in manner %d, %s (\"%s\")", how,
                 rig->ended ? "ended otherwise" : "it goes on", rig->last.note);
}

static void S7_001_another_tpkt_version_ends_the_connection(void **state)
{
    rig_ask(*state, "04000016 11e00000000100", "");
    expect_end(*state, SIM_REFUSE_FIN);
}

static void S7_002_bytes_may_come_one_by_one(void **state)
{
    uint8_t bytes[512];
    size_t len = rig_hex(CR_OP_2 SETUP READ_DB1, bytes, sizeof bytes);

    for (size_t i = 0; i < len; i++)
        rig_feed_bytes(*state, &bytes[i], 1);
    rig_expect(*state, CC_OP_2 GRANT DATA_DB1);
}

static void S7_003_frames_may_come_together(void **state)
{
    rig_ask(*state, CR_OP_2 SETUP READ_DB1 READ_DB1, CC_OP_2 GRANT DATA_DB1 DATA_DB1);
}

static void a_stream_cut_anywhere_gives_the_same_answers(void **state)
{
    uint8_t bytes[512];
    size_t len = rig_hex(CR_OP_2 SETUP READ_DB1 READ_DB1, bytes, sizeof bytes);

    for (size_t cut = 0; cut <= len; cut++) {
        rig_connect(*state);
        rig_feed_bytes(*state, bytes, cut);
        rig_feed_bytes(*state, bytes + cut, len - cut);
        rig_expect(*state, CC_OP_2 GRANT DATA_DB1 DATA_DB1);
    }
}

static void S7_004_a_length_below_7_ends_the_connection(void **state)
{
    rig_ask(*state, "03000006 0000", "");
    expect_end(*state, SIM_REFUSE_FIN);
}

static void S7_004_a_length_above_the_buffer_ends_the_connection(void **state)
{
    rig_ask(*state, "0300ffff", "");
    expect_end(*state, SIM_REFUSE_FIN);
}

static void S7_005_the_reserved_byte_is_ignored(void **state)
{
    rig_ask(*state, "03770016 11e00000000100 c0010a c1020100 c2020202", CC_OP_2);
}

static void S7_006_007_008_any_order_is_confirmed_as_C0_C1_C2_with_22_bytes(void **state)
{
    rig_ask(*state, "03000016 11e0 0000 002e 00 c1020100 c2020300 c0010a",
            "03000016 11d0 002e 0003 00 c0010a c1020100 c2020300");
}

static void S7_009_unknown_parameters_are_skipped(void **state)
{
    rig_ask(*state, "0300001d 18e0 0000 0001 00 c3020000 c0010a f00102 c1020100 c2020202",
            "03000016 11d0 0001 0003 00 c0010a c1020100 c2020202");
}

static void S7_010_a_missing_tpdu_size_does_not_fail_the_connect(void **state)
{
    rig_ask(*state, "03000013 0ee0 0000 0001 00 c1020100 c2020202", CC_OP_2);
}

static void S7_011_the_tpdu_size_is_granted_as_asked(void **state)
{
    rig_ask(*state, "03000016 11e0 0000 0001 00 c00109 c1020100 c2020202",
            "03000016 11d0 0001 0003 00 c00109 c1020100 c2020202");
}

static void S7_012_a_wrong_slot_gives_DR_and_close_on_a_300(void **state)
{
    rig_ask(*state, "03000016 11e0 0000 0007 00 c0010a c1020100 c2020201", "0300000b 0680 0007 0000 02");
    expect_end(*state, SIM_REFUSE_DR);
}

static void a_300_takes_its_own_slot_for_PG_OP_and_basic(void **state)
{
    for (int type = 1; type <= 3; type++) {
        char request[128], answer[128];
        snprintf(request, sizeof request, "03000016 11e0 0000 0001 00 c0010a c1020100 c202%02x02", type);
        snprintf(answer, sizeof answer, "03000016 11d0 0001 0003 00 c0010a c1020100 c202%02x02", type);
        rig_connect(*state);
        rig_ask(*state, request, answer);
    }
}

static void S7_014_a_second_CR_is_confirmed_and_resets_the_setup(void **state)
{
    struct rig *rig = *state;

    rig_ask(rig, CR_OP_2 SETUP, CC_OP_2 "0300001b 02f080 3203 0000 0400 0008 0000 0000 f000 0001 0001 00f0");
    rig_ask(rig, CR_OP_2, CC_OP_2);
    assert_int_equal(rig->plc.n_connections, 1);
    rig_ask(rig, READ_DB1, "03000013 02f080 3202 0000 0500 0000 0000 8104"); /* a 300 wants setup first */
}

static void S7_015_unknown_TPDUs_are_ignored(void **state)
{
    rig_ask(*state,
            CR_OP_2 "03000007 021080"
                    "03000009 0460000000" SETUP,
            CC_OP_2 GRANT);
}

static void S7_016_a_DR_is_answered_and_the_connection_closed(void **state)
{
    rig_ask(*state, CR_OP_2, CC_OP_2);
    rig_ask(*state, "0300000b 0680 0003 0001 00", "0300000a 05c0 0001 0003");
    expect_end(*state, SIM_REFUSE_FIN);
}

static void S7_017_018_172_empty_DTs_are_skipped(void **state)
{
    rig_ask(*state, CR_OP_2 "03000007 02f000" SETUP "03000007 02f000" READ_DB1 "03000007 02f080" READ_DB1,
            CC_OP_2 GRANT DATA_DB1 DATA_DB1);
}

static void S7_019_fragments_are_joined(void **state)
{
    rig_ask(*state, CR_OP_2 SETUP, CC_OP_2 GRANT);
    rig_feed(*state, "03000011 02f000 3201 0000 0500 000e 0000");
    rig_expect(*state, "");
    rig_ask(*state, "03000015 02f080 0401 120a1002 0004 0001 84 000000", DATA_DB1);
}

static void S7_019_joined_frames_of_one_segment_are_run_one_turn_at_a_time(void **state)
{
    const char *twice = "03000011 02f000 3201 0000 0500 000e 0000"
                        "03000015 02f080 0401 120a1002 0004 0001 84 000000"
                        "03000011 02f000 3201 0000 0500 000e 0000"
                        "03000015 02f080 0401 120a1002 0004 0001 84 000000";

    rig_ask(*state, CR_OP_2 SETUP, CC_OP_2 GRANT);
    rig_ask(*state, twice, DATA_DB1);
    rig_ask(*state, "03000007 02f000", DATA_DB1); /* the server comes back by itself; here any turn does */
}

static void S7_020_more_than_64_KiB_of_fragments_ends_the_connection(void **state)
{
    struct rig *rig = *state;
    uint8_t fragment[4096] = {3, 0, 0x10, 0, 2, 0xf0, 0};

    rig_ask(rig, CR_OP_2 SETUP, CC_OP_2 GRANT);
    for (int i = 0; i < 17 && !rig->ended; i++)
        rig_feed_bytes(rig, fragment, sizeof fragment);
    expect_end(rig, SIM_REFUSE_FIN);
}

static void S7_021_answers_longer_than_the_TPDU_are_cut(void **state)
{
    uint8_t answer[1024];

    rig_ask(*state, "03000016 11e0 0000 0001 00 c00107 c1020100 c2020202",
            "03000016 11d0 0001 0003 00 c00107 c1020100 c2020202");
    rig_ask(*state, SETUP, GRANT);
    rig_feed(*state,
             "0300001f 02f080 3201 0000 0500 000e 0000 0401 120a1002 00c8 0001 84 000000"); /* 200 bytes */
    size_t len = rig_take(*state, answer, sizeof answer), at = 0, joined = 0, fragments = 0;
    for (; at < len; fragments++) {
        size_t frame = (size_t)answer[at + 2] << 8 | answer[at + 3];
        assert_true(frame - 4 <= 128);
        assert_int_equal(answer[at + 6] >> 7, at + frame == len); /* EOT on the last only */
        joined += frame - 7;
        at += frame;
    }
    assert_int_equal(joined, 12 + 2 + 4 + 200);
    assert_int_equal(fragments, 2);
}

static void S7_022_S7comm_plus_is_refused(void **state)
{
    rig_ask(*state, CR_OP_2, CC_OP_2);
    rig_ask(*state, "0300000b 02f080 72010000", "");
    expect_end(*state, SIM_REFUSE_FIN);
}

static void S7_023_another_protocol_id_ends_the_connection(void **state)
{
    rig_ask(*state, CR_OP_2, CC_OP_2);
    rig_ask(*state, "03000019 02f080 3301 0000 0400 0008 0000 f000 0001 0001 01e0", "");
    expect_end(*state, SIM_REFUSE_FIN);
}

static void S7_024_lengths_that_do_not_add_up_end_the_connection(void **state)
{
    rig_ask(*state, CR_OP_2, CC_OP_2);
    rig_ask(*state, "03000019 02f080 3201 0000 0400 0009 0000 f000 0001 0001 01e0", "");
    expect_end(*state, SIM_REFUSE_FIN);
}

static void S7_025_an_answer_from_a_client_ends_the_connection(void **state)
{
    rig_ask(*state, CR_OP_2, CC_OP_2);
    rig_ask(*state, GRANT, "");
    expect_end(*state, SIM_REFUSE_FIN);
}

static void S7_026_037_the_reference_is_echoed_and_redundancy_ignored(void **state)
{
    rig_ask(*state, CR_OP_2 SETUP, CC_OP_2 GRANT);
    rig_ask(*state, "0300001f 02f080 3201 abcd fffe 000e 0000 0401 120a1002 0004 0001 84 000000",
            "0300001d 02f080 3203 0000 fffe 0002 0008 0000 0401 ff040020 00010203");
}

static void S7_029_031_032_201_a_300_grants_its_own_limits(void **state)
{
    rig_ask(*state, CR_OP_2, CC_OP_2);
    rig_ask(*state, "03000019 02f080 3201 0000 0000 0008 0000 f000 0008 0008 03c0",
            "0300001b 02f080 3203 0000 0000 0008 0000 0000 f000 0001 0002 00f0");
    rig_ask(*state, "03000019 02f080 3201 0000 0000 0008 0000 f000 0001 0003 0780",
            "0300001b 02f080 3203 0000 0000 0008 0000 0000 f000 0001 0002 00f0");
}

static void S7_030_036_a_small_wish_is_raised_to_240_and_setup_may_come_again(void **state)
{
    rig_ask(*state, CR_OP_2, CC_OP_2);
    rig_ask(*state, "03000019 02f080 3201 0000 0000 0008 0000 f000 0001 0001 0010",
            "0300001b 02f080 3203 0000 0000 0008 0000 0000 f000 0001 0001 00f0");
    rig_ask(*state, "03000019 02f080 3201 0000 0000 0008 0000 f000 0009 0002 ffff",
            "0300001b 02f080 3203 0000 0000 0008 0000 0000 f000 0008 0002 03c0");
}

static void S7_038_103_unknown_services_are_refused_with_8104(void **state)
{
    rig_ask(*state, CR_OP_2 SETUP, CC_OP_2 GRANT);
    rig_ask(*state, "03000012 02f080 3201 0000 0600 0001 0000 77",
            "03000013 02f080 3202 0000 0600 0000 0000 8104");
    rig_ask(*state, "03000021 02f080 3207 0000 0700 0008 0008 000112041144 7700 ff090004 00110001",
            "03000021 02f080 3207 0000 0700 000c 0004 000112081284 7701 0000 8104 0a000000");
}

static void data_before_the_connection_request_ends_the_connection(void **state)
{
    rig_ask(*state, READ_DB1, "");
    expect_end(*state, SIM_REFUSE_FIN);
}

static void S7_150_a_full_300_resets_and_takes_again_when_one_went(void **state)
{
    struct rig *rig = *state;
    sim_session *others[15]; /* all but the one for a PG */

    for (int i = 0; i < 15; i++) {
        rig_ask(rig, CR_OP_2, CC_OP_2);
        others[i] = rig->session;
        rig->session = NULL;
        rig_connect(rig);
    }
    assert_int_equal(rig->plc.n_connections, 15);
    rig_ask(rig, CR_OP_2, "");
    expect_end(rig, SIM_REFUSE_RST);
    sim_session_free(others[0]);
    rig_connect(rig);
    rig_ask(rig, CR_OP_2, CC_OP_2);
    for (int i = 1; i < 15; i++)
        sim_session_free(others[i]);
}

static void SIMATIC_ROOT_is_refused_and_routing_taken_by_generic(void **state)
{
    rig_ask(*state, "03000024 1fe0 0000 0009 00 c0010a c1020620 c210 53494d415449432d524f4f542d484d49",
            "0300000b 0680 0009 0000 03");
    expect_end(*state, SIM_REFUSE_DR);
    rig_connect(*state);
    rig_ask(*state, "03000012 0de0 0000 0009 00 c0010a c1020620",
            "03000012 0dd0 0009 0003 00 c0010a c1020620");
}

static void a_half_sent_frame_is_overdue_after_5_seconds(void **state)
{
    struct rig *rig = *state;
    const char *why;

    rig_ask(rig, CR_OP_2, CC_OP_2);
    assert_int_equal(sim_session_deadline(rig->session), INT64_MAX);
    rig->now_ns = 1000;
    rig_feed(rig, "0300");
    assert_int_equal(sim_session_deadline(rig->session), 5000001000);
    rig->now_ns = 3000000000;
    rig_feed(rig, "0019"); /* a byte now and then gives no more time */
    assert_false(sim_session_overdue(rig->session, 5000000999, &why));
    assert_true(sim_session_overdue(rig->session, 5000001000, &why));
    assert_int_equal(rig->plc.n_connections, 1);
    rig_connect(rig);
    assert_int_equal(rig->plc.n_connections, 0);
}

static void unfinished_fragments_are_overdue_too(void **state)
{
    struct rig *rig = *state;

    rig_ask(rig, CR_OP_2, CC_OP_2);
    rig->now_ns = 7;
    rig_feed(rig, "03000011 02f000 3201 0000 0500 000e 0000");
    assert_int_equal(sim_session_deadline(rig->session), 5000000007);
    rig_feed(rig, "03000015 02f080 0401 120a1002 0004 0001 84 000000");
    assert_int_equal(sim_session_deadline(rig->session), INT64_MAX);
}

static void a_connection_without_request_is_overdue_after_30_seconds(void **state)
{
    struct rig *rig = *state;
    const char *why;

    assert_false(sim_session_overdue(rig->session, 29999999999, &why));
    assert_true(sim_session_overdue(rig->session, 30000000000, &why));
}

/* Any bytes at all: never a crash, never an answer that is no whole frame. */
static void garbage_never_harms(void **state)
{
    struct rig *rig = *state;
    uint32_t x = 12345;
    uint8_t bytes[256], out[65536];

    for (int round = 0; round < 3000; round++) {
        rig_connect(rig);
        if (round % 2 == 0)
            rig_feed(rig, CR_OP_2 SETUP);
        size_t len = rig_hex(round % 4 == 0 ? READ_DB1 : CR_OP_2 SETUP, bytes, sizeof bytes);
        for (int flips = 0; flips < 4; flips++) {
            x = x * 1664525 + 1013904223;
            bytes[(x >> 8) % len] = (uint8_t)(x >> 24);
        }
        rig_feed_bytes(rig, bytes, len);
        size_t got = rig_take(rig, out, sizeof out), at = 0;
        while (at < got) {
            size_t frame = (size_t)out[at + 2] << 8 | out[at + 3];
            if (out[at] != 3 || frame < 7 || frame > got - at)
                fail_msg("round %d: the answer is no whole frame at %zu", round, at);
            at += frame;
        }
    }
}

#define GENERIC(test) cmocka_unit_test_setup_teardown(test, open_generic, close_rig)
#define S300(test)    cmocka_unit_test_setup_teardown(test, open_300, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GENERIC(S7_001_another_tpkt_version_ends_the_connection),
        GENERIC(S7_002_bytes_may_come_one_by_one),
        GENERIC(S7_003_frames_may_come_together),
        GENERIC(a_stream_cut_anywhere_gives_the_same_answers),
        GENERIC(S7_004_a_length_below_7_ends_the_connection),
        GENERIC(S7_004_a_length_above_the_buffer_ends_the_connection),
        GENERIC(S7_005_the_reserved_byte_is_ignored),
        GENERIC(S7_006_007_008_any_order_is_confirmed_as_C0_C1_C2_with_22_bytes),
        GENERIC(S7_009_unknown_parameters_are_skipped),
        GENERIC(S7_010_a_missing_tpdu_size_does_not_fail_the_connect),
        GENERIC(S7_011_the_tpdu_size_is_granted_as_asked),
        S300(S7_012_a_wrong_slot_gives_DR_and_close_on_a_300),
        S300(a_300_takes_its_own_slot_for_PG_OP_and_basic),
        S300(S7_014_a_second_CR_is_confirmed_and_resets_the_setup),
        GENERIC(S7_015_unknown_TPDUs_are_ignored),
        GENERIC(S7_016_a_DR_is_answered_and_the_connection_closed),
        GENERIC(S7_017_018_172_empty_DTs_are_skipped),
        GENERIC(S7_019_fragments_are_joined),
        GENERIC(S7_019_joined_frames_of_one_segment_are_run_one_turn_at_a_time),
        GENERIC(S7_020_more_than_64_KiB_of_fragments_ends_the_connection),
        GENERIC(S7_021_answers_longer_than_the_TPDU_are_cut),
        GENERIC(S7_022_S7comm_plus_is_refused),
        GENERIC(S7_023_another_protocol_id_ends_the_connection),
        GENERIC(S7_024_lengths_that_do_not_add_up_end_the_connection),
        GENERIC(S7_025_an_answer_from_a_client_ends_the_connection),
        GENERIC(S7_026_037_the_reference_is_echoed_and_redundancy_ignored),
        S300(S7_029_031_032_201_a_300_grants_its_own_limits),
        GENERIC(S7_030_036_a_small_wish_is_raised_to_240_and_setup_may_come_again),
        GENERIC(S7_038_103_unknown_services_are_refused_with_8104),
        GENERIC(data_before_the_connection_request_ends_the_connection),
        S300(S7_150_a_full_300_resets_and_takes_again_when_one_went),
        GENERIC(SIMATIC_ROOT_is_refused_and_routing_taken_by_generic),
        GENERIC(a_half_sent_frame_is_overdue_after_5_seconds),
        GENERIC(unfinished_fragments_are_overdue_too),
        GENERIC(a_connection_without_request_is_overdue_after_30_seconds),
        GENERIC(garbage_never_harms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
