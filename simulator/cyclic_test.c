/* Cyclic services: bytes in, bytes out, and what is told at which time. */
#include "simulator/test_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define MS INT64_C(1000000)

#define DBW16 "120a1002 0002 0001 84 000080"
#define DBB8  "120a1002 0001 0001 84 000040"
#define DBX_4 "120a1001 0001 0001 84 000024" /* bit 4 of byte 4 */
#define PARTS "120c b002 02 0001 0010 03 0001 0020"

static int open_rig(void **state)
{
    static struct rig rig;

    rig_open(&rig, "generic");
    rig_handshake(&rig, 240, 1);
    *state = &rig;
    return 0;
}

static int close_rig(void **state)
{
    rig_close(*state);
    return 0;
}

/* ---- what is said ---- */

/* A PDU of group 2: parameters in front of the sequence, the rest of them, the payload. */
static void pdu_of(char *out, size_t cap, const char *ref, const char *kind, const char *rest,
                   const char *payload)
{
    uint8_t bytes[512];
    bool is_long = rest[0] != '\0';
    size_t len = rig_hex(payload, bytes, sizeof bytes);

    snprintf(out, cap, "3207 0000 %s %s %04zx 000112%s %s %s %s %04zx %s", ref, is_long ? "000c" : "0008",
             4 + len, is_long ? "08 12" : "04 11", kind, rest, len > 0 ? "ff09" : "0a00", len, payload);
}

/* sub: subfunction and sequence of the request. answer: the same of the answer, and its error. */
static void ask(struct rig *rig, const char *sub, const char *data, const char *answer, const char *values)
{
    char request[512], wanted[512], kind[16], rest[32];

    snprintf(kind, sizeof kind, "42 %s", sub);
    pdu_of(request, sizeof request, "1f00", kind, "", data);
    snprintf(kind, sizeof kind, "82 %.4s", answer);
    snprintf(rest, sizeof rest, "0000 %s", answer + 4);
    pdu_of(wanted, sizeof wanted, "1f00", kind, rest, values);
    rig_ask_pdu(rig, request, wanted);
}

static void good(struct rig *rig, const char *sub, const char *data, const char *answer, const char *values)
{
    char whole[16];

    snprintf(whole, sizeof whole, "%s0000", answer);
    ask(rig, sub, data, whole, values);
}

static void bad(struct rig *rig, const char *sub, const char *data, const char *answer)
{
    ask(rig, sub, data, answer, "");
}

/* sub: subfunction and sequence. */
static void told(struct rig *rig, const char *sub, const char *values)
{
    char wanted[512], kind[16];

    snprintf(kind, sizeof kind, "02 %s", sub);
    pdu_of(wanted, sizeof wanted, "0000", kind, "0000 0000", values);
    rig_expect_pdu(rig, wanted);
}

/* sub: subfunction and sequence; without an error. */
static void told_answer(struct rig *rig, const char *sub, const char *values)
{
    char wanted[512], kind[16];

    snprintf(kind, sizeof kind, "82 %s", sub);
    pdu_of(wanted, sizeof wanted, "1f00", kind, "0000 0000", values);
    rig_expect_pdu(rig, wanted);
}

static void after_ms(struct rig *rig, int64_t ms)
{
    rig->now_ns += ms * MS;
    rig_turn(rig);
}

static void nothing_after_ms(struct rig *rig, int64_t ms)
{
    after_ms(rig, ms);
    rig_expect(rig, "");
}

static void store(struct rig *rig, uint16_t offset, uint8_t value)
{
    assert_int_equal(plant_turn_begin(rig->plant, true), S7_OK);
    struct plant_block *db = plant_block_find(rig->plant, rig->plc.row, S7_AREA_DB, 1);
    assert_int_equal(plant_store(rig->plant, db, offset, &value, 1), S7_OK);
    assert_int_equal(plant_turn_end(rig->plant), S7_OK);
}

/* ---- time-driven ---- */

static void s7_142_values_come_at_once_then_at_each_period(void **state)
{
    struct rig *rig = *state;

    good(rig, "01 00", "0001 00 05" DBW16, "0101", "0001 ff040010 1011");
    assert_true(sim_session_due(rig->session) == rig->now_ns + 500 * MS);
    nothing_after_ms(rig, 499);
    store(rig, 17, 0xAA);
    after_ms(rig, 1);
    told(rig, "01 01", "0001 ff040010 10aa");
    rig_expect(rig, "");
    nothing_after_ms(rig, 499);
    after_ms(rig, 1);
    told(rig, "01 01", "0001 ff040010 10aa"); /* changed or not */
    rig_expect(rig, "");
}

static void s7_142_items_are_told_as_a_read_tells_them(void **state)
{
    struct rig *rig = *state;

    good(rig, "01 00", "0004 01 01" DBB8 DBX_4 "120a1002 0001 0063 84 000000" PARTS, "0101",
         "0004 ff040008 08 00 ff030001 00 00 0a000000 ff090007 ff1011 ff202122");
    after_ms(rig, 1000);
    told(rig, "01 01", "0004 ff040008 08 00 ff030001 00 00 0a000000 ff090007 ff1011 ff202122");
    rig_expect(rig, "");
}

static void a_period_that_nothing_was_sent_in_is_left_out(void **state)
{
    struct rig *rig = *state;

    good(rig, "01 00", "0001 00 05" DBW16, "0101", "0001 ff040010 1011");
    nothing_after_ms(rig, 1700);
    assert_true(sim_session_due(rig->session) == rig->now_ns + 300 * MS);
    after_ms(rig, 300);
    told(rig, "01 01", "0001 ff040010 1011");
    rig_expect(rig, "");
}

/* ---- change-driven ---- */

static void s7_179_and_180_changes_are_told_at_the_grid_complete_at_first_then_the_rest_as_FE(void **state)
{
    struct rig *rig = *state;

    good(rig, "05 00", "0001 01 01" PARTS, "0501", "0001 ff090007 ff1011 ff202122");
    nothing_after_ms(rig, 1000);
    store(rig, 0x20, 0xAA);
    nothing_after_ms(rig, 999); /* not faster than its grid */
    after_ms(rig, 1);
    told(rig, "05 01", "0001 ff090007 ff1011 ffaa2122");
    rig_expect(rig, "");
    store(rig, 0x10, 0xBB);
    after_ms(rig, 1000);
    told(rig, "05 01", "0001 ff090004 ffbb11 fe");
    rig_expect(rig, "");
    nothing_after_ms(rig, 1000);
    store(rig, 0x10, 0xCC);
    after_ms(rig, 1000);
    told(rig, "05 01", "0001 ff090007 ffcc11 ffaa2122"); /* after a pause */
    rig_expect(rig, "");
    store(rig, 0x10, 0xDD);
    store(rig, 0x10, 0xCC); /* there and back is no change */
    nothing_after_ms(rig, 1000);
}

static void s7_179_an_item_that_did_not_change_has_code_FE_and_no_data(void **state)
{
    struct rig *rig = *state;

    good(rig, "05 00", "0002 01 01" DBB8 DBW16, "0501", "0002 ff040008 08 00 ff040010 1011");
    store(rig, 8, 1);
    after_ms(rig, 1000);
    told(rig, "05 01", "0002 ff040008 01 00 ff040010 1011");
    store(rig, 8, 2);
    after_ms(rig, 1000);
    told(rig, "05 01", "0002 ff040008 02 00 fe000000");
    rig_expect(rig, "");
}

static void s7_178_a_living_job_is_given_another_list_and_period(void **state)
{
    struct rig *rig = *state;

    good(rig, "05 00", "0001 01 01" PARTS, "0501", "0001 ff090007 ff1011 ff202122");
    nothing_after_ms(rig, 700);
    good(rig, "07 01", "0001 01 02 1207 b001 01 0001 0030", "0701", "0001 ff090002 ff30");
    nothing_after_ms(rig, 1999);
    store(rig, 0x30, 1);
    store(rig, 0x10, 1); /* of the old list */
    after_ms(rig, 1);
    told(rig, "07 01", "0001 ff090002 ff01");
    store(rig, 0x10, 2);
    nothing_after_ms(rig, 2000);
    bad(rig, "07 02", "0001 01 02" PARTS, "0702d802");
    bad(rig, "07 01", "0001 01 00" PARTS, "0701d804"); /* the list stays */
    store(rig, 0x30, 2);
    after_ms(rig, 2000);
    told(rig, "07 01", "0001 ff090002 ff02");
    rig_expect(rig, "");
    good(rig, "01 00", "0001 01 01" DBB8, "0102", "0001 ff040008 08");
    bad(rig, "07 02", "0001 01 02" PARTS, "0702d802"); /* not change-driven */
}

/* ---- turns ---- */

static void a_turn_that_is_run_again_tells_the_same_once(void **state)
{
    struct rig *rig = *state;

    good(rig, "05 00", "0001 01 01" PARTS, "0501", "0001 ff090007 ff1011 ff202122");
    store(rig, 0x10, 0xAA);
    after_ms(rig, 1000);
    told(rig, "05 01", "0001 ff090007 ffaa11 ff202122");
    store(rig, 0x20, 0xBB);
    rig->now_ns += 1000 * MS;
    rig->plc.now_ns = rig->now_ns;
    sim_session_mark(rig->session);
    assert_true(sim_session_tell(rig->session));
    sim_session_rewind(rig->session);
    assert_true(sim_session_due(rig->session) == rig->now_ns);
    assert_true(sim_session_tell(rig->session));
    assert_false(sim_session_tell(rig->session));
    sim_session_turn_done(rig->session);
    told(rig, "05 01", "0001 ff090005 fe ffbb2122");
    rig_expect(rig, "");
    nothing_after_ms(rig, 1000);
}

static void a_turn_that_is_run_again_begins_modifies_and_ends_once(void **state)
{
    struct rig *rig = *state;
    const char change[] = /* 07 for job 1, 04 for it, 05 */
        "0300002d 02f080 3207 0000 1f00 0008 0014 00011204 11 42 07 01 ff09 0010 0001 01 01" DBB8
        "0300001f 02f080 3207 0000 1f00 0008 0006 00011204 11 42 04 00 ff09 0002 05 01"
        "0300002d 02f080 3207 0000 1f00 0008 0014 00011204 11 42 05 00 ff09 0010 0001 01 01" DBW16;
    uint8_t bytes[256], *room;
    size_t len = rig_hex(change, bytes, sizeof bytes);

    good(rig, "05 00", "0001 01 01" PARTS, "0501", "0001 ff090007 ff1011 ff202122");
    assert_true(sim_session_room(rig->session, &room) > len);
    memcpy(room, bytes, len);
    sim_session_received(rig->session, len, rig->now_ns);
    sim_session_mark(rig->session);
    for (int run = 0; run < 2; run++) {
        sim_session_rewind(rig->session);
        for (int i = 0; i < 3; i++) {
            sim_session_step(rig->session, &rig->last);
            assert_int_equal(rig->last.result, SIM_STEP_REQUEST);
            sim_session_run(rig->session, SIM_WRITES_RUN, &rig->last);
        }
    }
    sim_session_rewind(rig->session); /* and what is put back is what was */
    rig_turn(rig);
    told_answer(rig, "0701", "0001 ff040008 08");
    told_answer(rig, "0401", "");
    told_answer(rig, "0501", "0001 ff040010 1011");
    rig_expect(rig, "");
    store(rig, 0x20, 0xBB); /* of the first list */
    nothing_after_ms(rig, 1000);
    store(rig, 0x10, 0xBB);
    after_ms(rig, 1000);
    told(rig, "05 01", "0001 ff040010 bb11");
    rig_expect(rig, "");
}

/* ---- ends and limits ---- */

static void s7_143_and_181_an_end_names_what_made_the_job(void **state)
{
    struct rig *rig = *state;

    bad(rig, "04 00", "01 01", "0401d802");
    good(rig, "01 00", "0001 00 05" DBW16, "0101", "0001 ff040010 1011");
    good(rig, "05 00", "0001 01 01" PARTS, "0502", "0001 ff090007 ff1011 ff202122");
    good(rig, "07 02", "0001 01 01" DBB8, "0702", "0001 ff040008 08");
    bad(rig, "04 00", "05 01", "0401d802");
    bad(rig, "04 00", "07 02", "0402d802");
    good(rig, "04 00", "05 02", "0402", "");
    good(rig, "04 00", "01 01", "0401", "");
    bad(rig, "04 00", "01 01", "0401d802");
    bad(rig, "04 00", "01", "0400d405");
    store(rig, 8, 0x77);
    nothing_after_ms(rig, 5000);
    assert_true(sim_session_due(rig->session) == INT64_MAX);
}

static void s7_182_the_lowest_free_number_is_given_up_to_16(void **state)
{
    struct rig *rig = *state;
    char number[8];

    for (unsigned i = 1; i <= 16; i++) {
        snprintf(number, sizeof number, "01%02x", i);
        good(rig, "01 00", "0001 00 05" DBB8, number, "0001 ff040008 08");
    }
    bad(rig, "01 00", "0001 00 05" DBB8, "0100d805");
    good(rig, "04 00", "01 03", "0403", "");
    good(rig, "04 00", "01 02", "0402", "");
    good(rig, "05 00", "0001 00 05" DBB8, "0502", "0001 ff040008 08");
    good(rig, "01 00", "0001 00 05" DBB8, "0103", "0001 ff040008 08");
    bad(rig, "01 00", "0001 00 05" DBB8, "0100d805");
}

static void s7_144_jobs_end_with_their_connection(void **state)
{
    struct rig *rig = *state;

    good(rig, "01 00", "0001 00 05" DBB8, "0101", "0001 ff040008 08");
    rig_handshake(rig, 240, 1); /* a new session on the same connection */
    nothing_after_ms(rig, 1000);
    good(rig, "01 00", "0001 00 05" DBB8, "0101", "0001 ff040008 08");
    rig_connect(rig);
    rig_handshake(rig, 240, 1);
    nothing_after_ms(rig, 1000);
    bad(rig, "04 00", "01 01", "0401d802");
}

static void what_is_no_subscription_is_refused(void **state)
{
    struct rig *rig = *state;

    bad(rig, "01 00", "0001 00", "0100d405");
    bad(rig, "01 00", "0001 03 01" DBB8, "0100d804");
    bad(rig, "01 00", "0001 00 00" DBB8, "0100d804");
    bad(rig, "01 00", "0000 00 01", "0100d801");
    bad(rig, "01 00", "0002 00 01" DBB8, "0100d801");
    bad(rig, "01 00", "0001 00 01" DBB8 "00", "0100d801");
    bad(rig, "01 00", "0001 00 01 120a1002 0000 0001 84 000000", "0100d801");
    bad(rig, "01 00", "0001 00 01 120a1077 0001 0001 84 000000", "0100d801");
    bad(rig, "01 00", "0001 00 01 120a1001 0002 0001 84 000000", "0100d801");
    bad(rig, "01 00", "0001 00 01 1207 b002 01 0001 0030", "0100d801");
    bad(rig, "01 00", "0001 00 01 1202 b000", "0100d801");
    bad(rig, "01 00", "0001 00 01 120a1002 00d1 0001 84 000000", "01008500"); /* 209 bytes */
    bad(rig, "01 00", "0001 00 01 120a1006 ffff 0001 84 000000", "0100d801");
    bad(rig, "08 00", "0001 00 01", "08018104"); /* RDREC */
}

/* A PLC that takes 5 ms for a request, and 40 ms more for each value; as if its file were edited. */
static void make_slow(struct rig *rig)
{
    static struct plant_personality who;

    who = *rig->plc.who;
    who.service.base_us = 5000;
    who.service.per_item_us = 40000;
    rig->plc.who = &who;
    ((struct plant_plc *)(uintptr_t)rig->plc.row)->service_time = true;
}

static void s7_142_who_cannot_read_in_time_refuses(void **state)
{
    struct rig *rig = *state;

    bad(rig, "01 00", "0003 00 00" DBB8 DBB8 DBB8, "0100d804");
    make_slow(rig);
    bad(rig, "01 00", "0003 00 01" DBB8 DBB8 DBB8, "0100d807");
    good(rig, "01 00", "0002 00 01" DBB8 DBB8, "0101", "0002 ff040008 0800 ff040008 08");
    bad(rig, "05 00", "0002 00 01" PARTS DBB8, "0500d807"); /* each part of an item is a value */
    good(rig, "05 00", "0001 00 01" PARTS, "0502", "0001 ff090007 ff1011 ff202122");
    bad(rig, "07 02", "0002 00 01" PARTS DBB8, "0702d807");
    after_ms(rig, 100);
    told(rig, "0101", "0002 ff040008 0800 ff040008 08"); /* and the second goes on as it was */
}

static void the_longest_list_fills_its_pdu(void **state)
{
    struct rig *rig = *state;
    uint8_t got[300];

    rig_feed(rig, "0300002d 02f080 3207 0000 1f00 0008 0014 00011204 11 42 01 00 ff09 0010"
                  "0001 00 01 120a1002 00d0 0001 84 000000");
    assert_int_equal(rig_take(rig, got, sizeof got), 7 + 240);
    after_ms(rig, 100);
    assert_int_equal(rig_take(rig, got, sizeof got), 7 + 240);
}

static void a_push_that_does_not_fit_any_more_is_dropped(void **state)
{
    struct rig *rig = *state;
    uint8_t got[600];

    rig_handshake(rig, 480, 1);
    rig_feed(rig, "0300002d 02f080 3207 0000 1f00 0008 0014 00011204 11 42 01 00 ff09 0010"
                  "0001 00 01 120a1002 0100 0001 84 000000");
    assert_int_equal(rig_take(rig, got, sizeof got), 7 + 288);
    rig_feed(rig, "03000019 02f080 3201 0000 0000 0008 0000 f000 0001 0001 00f0");
    assert_int_equal(rig_take(rig, got, sizeof got), 27);
    nothing_after_ms(rig, 100);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_rig, close_rig)
    const struct CMUnitTest tests[] = {
        TEST(s7_142_values_come_at_once_then_at_each_period),
        TEST(s7_142_items_are_told_as_a_read_tells_them),
        TEST(a_period_that_nothing_was_sent_in_is_left_out),
        TEST(s7_179_and_180_changes_are_told_at_the_grid_complete_at_first_then_the_rest_as_FE),
        TEST(s7_179_an_item_that_did_not_change_has_code_FE_and_no_data),
        TEST(s7_178_a_living_job_is_given_another_list_and_period),
        TEST(a_turn_that_is_run_again_tells_the_same_once),
        TEST(a_turn_that_is_run_again_begins_modifies_and_ends_once),
        TEST(s7_143_and_181_an_end_names_what_made_the_job),
        TEST(s7_182_the_lowest_free_number_is_given_up_to_16),
        TEST(s7_144_jobs_end_with_their_connection),
        TEST(what_is_no_subscription_is_refused),
        TEST(s7_142_who_cannot_read_in_time_refuses),
        TEST(the_longest_list_fills_its_pdu),
        TEST(a_push_that_does_not_fit_any_more_is_dropped),
    };

    return cmocka_run_group_tests_name("simulator.cyclic", tests, NULL, NULL);
}
