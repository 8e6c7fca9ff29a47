/* What concerns connections, as bytes over TCP: one body of tests over the kernel's loopback and in virtual
 * time, where every segment is cut at drawn places. */
#include "wire.h"

#include "loop/loop_ev.h"
#include "loop/loop_virtual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct house house;

static int open_ev(void **state)
{
    s7_loop *loop;

    assert_int_equal(s7_loop_ev_new(&loop), S7_OK);
    house_open(&house, loop, *state);
    *state = &house;
    return 0;
}

static int open_virtual(void **state)
{
    struct s7_virtual_options options;
    s7_loop *loop;

    s7_virtual_options_init(&options);
    options.split = true;
    assert_int_equal(s7_loop_virtual_new(&options, &loop), S7_OK);
    house_open(&house, loop, *state);
    *state = &house;
    return 0;
}

static int close_house(void **state)
{
    house_close(*state);
    return 0;
}

#define CR_OP_2   "03000016 11e0 0000 0001 00 c0010a c1020100 c2020202"
#define CC_OP_2   "03000016 11d0 0001 0003 00 c0010a c1020100 c2020202"
#define CR_PG_2   "03000016 11e0 0000 0001 00 c1020100 c2020102 c0010a"
#define CC_PG_2   "03000016 11d0 0001 0003 00 c0010a c1020100 c2020102"
#define SETUP     "03000019 02f080 3201 0000 0400 0008 0000 f000 0001 0001 00f0"
#define GRANT     "0300001b 02f080 3203 0000 0400 0008 0000 0000 f000 0001 0001 00f0"
#define READ(ref) "0300001f 02f080 3201 0000" ref "000e 0000 0401 120a1002 0004 0001 84 000000"
#define DATA(ref) "0300001d 02f080 3203 0000" ref "0002 0008 0000 0401 ff040020 00000000"

/* A connection that begins as usual. */
static void begin(struct wire *wire, struct house *h)
{
    wire_open(wire, h);
    wire_send(wire, CR_OP_2);
    wire_expect(wire, CC_OP_2);
    wire_send(wire, SETUP);
    wire_expect(wire, GRANT);
}

static void S7_001_004_022_to_025_what_is_no_S7_is_answered_by_FIN(void **state)
{
    static const char *const before[] = {"04000016 11e00000000100", "03000006 0000", "0300ffff 0000",
                                         READ("0001"), "03000007 ff0000"};
    static const char *const behind[] = {"0300000b 02f080 72010000",
                                         "03000019 02f080 3301 0000 0400 0008 0000 f000 0001 0001 01e0",
                                         "03000019 02f080 3201 0000 0400 0009 0000 f000 0001 0001 01e0",
                                         GRANT,
                                         "03000019 02f080 3208 0000 0400 0008 0000 f000 0001 0001 01e0",
                                         "04000007 02f080"};
    struct wire wire;

    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        wire_open(&wire, *state);
        wire_send(&wire, before[i]);
        wire_expect_end(&wire, S7_OK);
        wire_close(&wire, S7_CLOSE_FIN);
    }
    for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
        begin(&wire, *state);
        wire_send(&wire, behind[i]);
        wire_expect_end(&wire, S7_OK);
        wire_close(&wire, S7_CLOSE_FIN);
    }
}

static void S7_002_003_005_017_to_019_frames_come_in_every_shape(void **state)
{
#define PIECES                                                                                               \
    "03000011 02f000 3201 0000 0500 000e 0000"                                                               \
    "03000015 02f080 0401 120a1002 0004 0001 84 000000"
    struct wire wire;

    wire_open(&wire, *state);
    wire_send_bytewise(&wire, CR_OP_2 SETUP READ("0500"));
    wire_expect(&wire, CC_OP_2 GRANT DATA("0500"));
    wire_send(&wire,
              "03ff001f"
              "02f080 3201 0000 0001 000e 0000 0401 120a1002 0004 0001 84 000000" READ("0002") READ("0003"));
    wire_expect(&wire, DATA("0001") DATA("0002") DATA("0003"));
    wire_send(&wire,
              "03000007 02f000" READ("0004") "03000007 02f080" PIECES PIECES "03000007 02f000" READ("0005"));
    wire_expect(&wire, DATA("0004") DATA("0500") DATA("0500") DATA("0005"));
    wire_close(&wire, S7_CLOSE_FIN);
}

static void S7_006_to_011_014_015_and_036_requests_to_connect_are_confirmed(void **state)
{
    struct wire wire;

    wire_open(&wire, *state);
    wire_send(&wire, "0300001d 18e0 0000 002e 00 c3020000 c1020100 c2020300 f00102 c00109");
    wire_expect(&wire, "03000016 11d0 002e 0003 00 c00109 c1020100 c2020300");
    wire_send(&wire, "03000013 0ee0 0000 0001 00 c1020100 c2020202");
    wire_expect(&wire, CC_OP_2);
    wire_send(&wire, SETUP "03000007 021080" SETUP);
    wire_expect(&wire, GRANT GRANT);
    wire_send(&wire, CR_OP_2 SETUP READ("0001"));
    wire_expect(&wire, CC_OP_2 GRANT DATA("0001"));
    wire_close(&wire, S7_CLOSE_FIN);
}

static void S7_012_a_wrong_slot_is_answered_by_DR_and_FIN(void **state)
{
    struct wire wire;

    wire_open(&wire, *state);
    wire_send(&wire, "03000016 11e0 0000 0007 00 c0010a c1020100 c2020201");
    wire_expect(&wire, "0300000b 0680 0007 0000 02");
    wire_expect_end(&wire, S7_OK);
    wire_close(&wire, S7_CLOSE_FIN);
}

static void S7_016_a_DR_is_answered_by_DC_and_FIN(void **state)
{
    struct wire wire;

    begin(&wire, *state);
    wire_send(&wire, READ("0001") "0300000b 0680 0003 0001 00");
    wire_expect(&wire, DATA("0001") "0300000a 05c0 0001 0003");
    wire_expect_end(&wire, S7_OK);
    wire_close(&wire, S7_CLOSE_FIN);
}

static void S7_020_fragments_without_end_are_answered_by_FIN(void **state)
{
    static char fragment[2 * 4096 + 1];
    struct wire wire;

    snprintf(fragment, sizeof fragment, "0300100002f000");
    memset(fragment + 14, '0', sizeof fragment - 15);
    begin(&wire, *state);
    for (int i = 0; i < 17; i++)
        wire_send(&wire, fragment);
    wire_expect_end(&wire, S7_OK);
    wire_close(&wire, S7_CLOSE_FIN);
}

static void S7_021_an_answer_above_the_TPDU_size_comes_in_two(void **state)
{
    struct wire wire;
    char expected[512];
    size_t len = 0;

    wire_open(&wire, *state);
    wire_send(&wire, "03000016 11e0 0000 0001 00 c00107 c1020100 c2020202" SETUP
                     "0300001f 02f080 3201 0000 0500 000e 0000 0401 120a1002 0078 0001 84 000000");
    wire_expect(&wire, "03000016 11d0 0001 0003 00 c00107 c1020100 c2020202" GRANT);
    len += (size_t)snprintf(expected, sizeof expected,
                            "0300 0084 02f000 3203 0000 0500 0002 007c 0000 0401 ff0403c0");
    for (int i = 0; i < 120; i++)
        len +=
            (size_t)snprintf(expected + len, sizeof expected - len, i == 107 ? "0300 0014 02f080 00" : "00");
    wire_expect(&wire, expected);
    wire_close(&wire, S7_CLOSE_FIN);
}

static void S7_029_to_032_what_is_granted(void **state)
{
    struct wire wire;

    wire_open(&wire, *state);
    wire_send(&wire, CR_PG_2);
    wire_expect(&wire, CC_PG_2);
    wire_send(&wire, "03000019 02f080 3201 0000 0000 0008 0000 f000 0008 0008 03c0");
    wire_expect(&wire, "0300001b 02f080 3203 0000 0000 0008 0000 0000 f000 0001 0002 00f0");
    wire_send(&wire, "03000019 02f080 3201 0000 0000 0008 0000 f000 0001 0001 0010");
    wire_expect(&wire, "0300001b 02f080 3203 0000 0000 0008 0000 0000 f000 0001 0001 00f0");
    wire_close(&wire, S7_CLOSE_FIN);
}

/* One job is granted; four are sent before the first answer is looked at. */
static void S7_157_170_171_jobs_beyond_the_granted_ones_are_answered_in_order(void **state)
{
    struct wire wire;

    begin(&wire, *state);
    wire_send(
        &wire,
        READ("0001") READ("0002")
            READ("0001") "03000021 02f080 3207 0000 0b00 0008 0008 000112041144 0100 ff090004 77770000" READ(
                "0007"));
    wire_expect(
        &wire,
        DATA("0001") DATA("0002")
            DATA("0001") "03000021 02f080 3207 0000 0b00 000c 0004 000112081284 0101 0000 d401 0a000000" DATA(
                "0007"));
    wire_close(&wire, S7_CLOSE_FIN);
}

/* As Step7 does it: an empty DT behind every PDU that came, then the next request. */
static void S7_172_173_empty_DTs_of_the_client_change_nothing_and_none_are_sent(void **state)
{
    struct wire wire;

    begin(&wire, *state);
    for (int i = 0; i < 20; i++) {
        wire_send(&wire, "03000007 02f000");
        wire_send(&wire, READ("0001"));
        wire_expect(&wire, DATA("0001"));
    }
    wire_close(&wire, S7_CLOSE_FIN);
}

/* A 300 has 16 places, one of them for a PG only; Step7 ends with RST and is back at once. */
static void S7_174_a_RST_frees_its_place_at_once(void **state)
{
    struct wire wires[15], next;

    for (size_t i = 0; i < 15; i++)
        begin(&wires[i], *state);
    for (int i = 0; i < 5; i++) {
        wire_open(&next, *state);
        wire_send(&next, CR_OP_2);
        wire_expect_end(&next, S7_E_RESET); /* full */
        wire_close(&next, S7_CLOSE_RST);
        wire_close(&wires[0], S7_CLOSE_RST);
        begin(&wires[0], *state);
        wire_send(&wires[0], READ("0001"));
        wire_expect(&wires[0], DATA("0001"));
    }
    for (size_t i = 0; i < 15; i++)
        wire_close(&wires[i], S7_CLOSE_RST);
}

/* What was asked before it is still answered; no DR. */
static void S7_175_a_FIN_is_answered_by_FIN(void **state)
{
    struct wire wire;

    begin(&wire, *state);
    wire_send(&wire, READ("0001"));
    s7_stream_shutdown(wire.stream);
    wire_expect(&wire, DATA("0001"));
    wire_expect_end(&wire, S7_OK);
    wire_close(&wire, S7_CLOSE_FIN);
}

/* TIA opens six within seconds, all as PG, all open together. */
static void S7_085_176_several_PG_connections_live_side_by_side(void **state)
{
    struct wire wires[6];

    for (size_t i = 0; i < 6; i++) {
        wire_open(&wires[i], *state);
        wire_send(&wires[i], CR_PG_2);
        wire_expect(&wires[i], CC_PG_2);
    }
    for (size_t i = 0; i < 6; i++)
        wire_send(&wires[i], SETUP);
    for (size_t i = 6; i-- > 0;)
        wire_expect(&wires[i], GRANT);
    for (size_t i = 0; i < 6; i++) {
        wire_send(&wires[i], READ("0001"));
        wire_expect(&wires[i], DATA("0001"));
    }
    wire_send(&wires[2],
              "03000024 02f080 3201 0000 0009 000e 0005 0501 120a1002 0001 0001 84 000000 00040008 2a");
    wire_expect(&wires[2], "03000016 02f080 3203 0000 0009 0002 0001 0000 0501 ff");
    for (size_t i = 0; i < 6; i++) {
        wire_send(&wires[i], READ("0002"));
        wire_expect(&wires[i], "0300001d 02f080 3203 0000 0002 0002 0008 0000 0401 ff040020 2a000000");
        wire_close(&wires[i], i % 2 == 0 ? S7_CLOSE_FIN : S7_CLOSE_RST);
    }
}

#define ON(cpu, open, test) cmocka_unit_test_prestate_setup_teardown(test, open, close_house, cpu)
#define GENERIC(test)       ON("generic", open_ev, test), ON("generic", open_virtual, test)
#define S300(test)          ON("s7-300", open_ev, test), ON("s7-300", open_virtual, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GENERIC(S7_001_004_022_to_025_what_is_no_S7_is_answered_by_FIN),
        GENERIC(S7_002_003_005_017_to_019_frames_come_in_every_shape),
        GENERIC(S7_006_to_011_014_015_and_036_requests_to_connect_are_confirmed),
        S300(S7_012_a_wrong_slot_is_answered_by_DR_and_FIN),
        GENERIC(S7_016_a_DR_is_answered_by_DC_and_FIN),
        GENERIC(S7_020_fragments_without_end_are_answered_by_FIN),
        GENERIC(S7_021_an_answer_above_the_TPDU_size_comes_in_two),
        S300(S7_029_to_032_what_is_granted),
        S300(S7_157_170_171_jobs_beyond_the_granted_ones_are_answered_in_order),
        S300(S7_172_173_empty_DTs_of_the_client_change_nothing_and_none_are_sent),
        S300(S7_174_a_RST_frees_its_place_at_once),
        S300(S7_175_a_FIN_is_answered_by_FIN),
        S300(S7_085_176_several_PG_connections_live_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
