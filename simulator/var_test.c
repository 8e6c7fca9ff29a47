/* Conformance of Read Var and Write Var: request PDUs in, answer PDUs out, on a connection with PDU length
 * 240 unless a test says otherwise. DB1 holds n at byte n. */
#include "test_rig.h"

#include "protocol/var.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Items: size, count, DB, area, bit address. */
#define ITEM(size, count, db, area, bit_addr) "120a10" size count db area bit_addr
#define DB1_BYTES(count, bit_addr)            ITEM("02", count, "0001", "84", bit_addr)

static int open_300(void **state)
{
    static struct rig rig;

    rig_open(&rig, "s7-300");
    rig_handshake(&rig, 240, 1);
    *state = &rig;
    return 0;
}

static int open_generic(void **state)
{
    static struct rig rig;

    rig_open(&rig, "generic");
    rig_handshake(&rig, 960, 8);
    *state = &rig;
    return 0;
}

static int close_rig(void **state)
{
    rig_close(*state);
    return 0;
}

/* One Read Var of n items given as hex; the data part of the answer. */
static void read_items(struct rig *rig, unsigned n, const char *items, const char *data)
{
    uint8_t bytes[1024];
    char request[2048], answer[4096];

    snprintf(request, sizeof request, "3201 0000 0001 %04zx 0000 04%02x %s",
             2 + rig_hex(items, bytes, sizeof bytes), n, items);
    snprintf(answer, sizeof answer, "3203 0000 0001 0002 %04zx 0000 04%02x %s",
             rig_hex(data, bytes, sizeof bytes), n, data);
    rig_ask_pdu(rig, request, answer);
}

static void write_items(struct rig *rig, unsigned n, const char *items, const char *units, const char *codes)
{
    uint8_t bytes[1024];
    char request[4096], answer[512];

    snprintf(request, sizeof request, "3201 0000 0002 %04zx %04zx 05%02x %s %s",
             2 + rig_hex(items, bytes, sizeof bytes), rig_hex(units, bytes, sizeof bytes), n, items, units);
    snprintf(answer, sizeof answer, "3203 0000 0002 0002 %04x 0000 05%02x %s", n, n, codes);
    rig_ask_pdu(rig, request, answer);
}

static void refused(struct rig *rig, const char *request, const char *error)
{
    char answer[128];

    snprintf(answer, sizeof answer, "3202 0000 0003 0000 0000 %s", error);
    rig_ask_pdu(rig, request, answer);
}

static void S7_050_bytes_words_and_dwords_are_counted_in_bits(void **state)
{
    read_items(*state, 1, DB1_BYTES("0003", "000010"), "ff040018 020304");
    read_items(*state, 1, ITEM("04", "0002", "0001", "84", "000010"), "ff040020 02030405");
    read_items(*state, 1, ITEM("06", "0002", "0001", "84", "000000"), "ff040040 0001020304050607");
}

static void S7_051_a_bit_is_one_byte(void **state)
{
    read_items(*state, 1, ITEM("01", "0001", "0001", "84", "00001a"), "ff030001 00"); /* byte 3 = 03, bit 2 */
    read_items(*state, 1, ITEM("01", "0001", "0001", "84", "000019"), "ff030001 01");
}

static void S7_052_053_054_each_size_has_its_own_answer_size(void **state)
{
    read_items(*state, 1, ITEM("05", "0001", "0001", "84", "000010"), "ff050010 0203");
    read_items(*state, 1, ITEM("07", "0001", "0001", "84", "000010"), "ff050020 02030405");
    read_items(*state, 1, ITEM("08", "0001", "0001", "84", "000010"), "ff070004 02030405");
    read_items(*state, 1, ITEM("03", "0003", "0001", "84", "000010"), "ff090003 020304");
    read_items(*state, 1, ITEM("1d", "0002", "0000", "1d", "000003"), "ff090004 00000000");
    read_items(*state, 1, ITEM("1c", "0001", "0000", "1c", "000003"), "ff090002 0000");
}

static void S7_055_an_odd_item_is_filled_unless_last(void **state)
{
    read_items(*state, 2, DB1_BYTES("0001", "000028") DB1_BYTES("0001", "000030"),
               "ff040008 0500 ff040008 06");
}

static void S7_057_059_060_a_bad_item_is_four_bytes_and_spares_the_others(void **state)
{
    read_items(*state, 3,
               DB1_BYTES("0002", "0007f8") ITEM("02", "0001", "0063", "84", "000000")
                   DB1_BYTES("0001", "0007f8"),
               "05000000 0a000000 ff040008 ff");
}

static void S7_061_062_063_064_065_wrong_items_have_their_codes(void **state)
{
    read_items(*state, 1, ITEM("02", "0001", "0000", "99", "000000"), "0a000000"); /* unknown area */
    read_items(*state, 1, ITEM("55", "0001", "0001", "84", "000000"), "05000000"); /* unknown size */
    read_items(*state, 1, ITEM("01", "0002", "0001", "84", "000000"), "06000000"); /* two bits */
    read_items(*state, 1, ITEM("02", "0001", "0001", "84", "000003"), "05000000"); /* not at a byte */
    read_items(*state, 1, ITEM("1d", "0001", "0001", "84", "000000"), "05000000"); /* TIMER in a DB */
    read_items(*state, 1, ITEM("1c", "0001", "0000", "1d", "000000"), "05000000"); /* COUNTER among timers */
    read_items(*state, 1, ITEM("02", "0001", "0000", "1d", "000000"), "05000000"); /* BYTE among timers */
    read_items(*state, 1, ITEM("02", "0001", "0000", "86", "000000"), "05000000"); /* local data */
    write_items(*state, 1, ITEM("55", "0001", "0001", "84", "000000"), "00040008 01", "06");
}

static void S7_066_timers_are_addressed_by_number(void **state)
{
    write_items(*state, 1, ITEM("1d", "0001", "0000", "1d", "000005"), "00090002 2130", "ff");
    read_items(*state, 1, ITEM("1d", "0002", "0000", "1d", "000005"), "ff090004 21300000");
    read_items(*state, 1, ITEM("1d", "0001", "0000", "1d", "0000ff"), "ff090002 0000");
    read_items(*state, 1, ITEM("1d", "0001", "0000", "1d", "000100"), "05000000");
}

static void S7_067_068_the_largest_read_fits_and_one_more_byte_is_refused(void **state)
{
    uint8_t answer[512];

    rig_feed(*state, "0300001f 02f080 3201 0000 0003 000e 0000 0401 120a1002 00de 0002 84 000000");
    assert_int_equal(rig_take(*state, answer, sizeof answer), 7 + 240);
    refused(*state, "3201 0000 0003 000e 0000 0401 120a1002 00df 0002 84 000000", "8500");
}

static void S7_034_070_the_item_list_of_a_full_PDU_is_served_and_answers_stay_below_it(void **state)
{
    char items[1024] = "", data[1024] = "";

    for (int i = 0; i < 19; i++) {
        strcat(items, DB1_BYTES("0001", "000008"));
        strcat(data, i < 18 ? "ff040008 0100" : "ff040008 01");
    }
    read_items(*state, 19, items, data);
}

static void S7_070_generic_serves_more_than_20_items_that_fit(void **state)
{
    char items[4096] = "", data[4096] = "";

    for (int i = 0; i < 79; i++) {
        strcat(items, DB1_BYTES("0002", "000008"));
        strcat(data, "ff040010 0102");
    }
    read_items(*state, 79, items, data);
}

static void a_300_refuses_more_than_20_items(void **state)
{
    struct rig *rig = *state;
    char request[256] = "3201 0000 0003 0002 0000 0415";

    refused(rig, request, "8500");
}

static void write_bytes(struct rig *rig, unsigned n, const char *answer)
{
    char request[1024];
    size_t len = (size_t)snprintf(request, sizeof request,
                                  "3201 0000 0003 000e %04x 0501 120a1002 %04x 0002 84 000000 0004%04x",
                                  4 + n, n, 8 * n);

    for (unsigned i = 0; i < n; i++)
        len += (size_t)snprintf(request + len, sizeof request - len, "5a");
    rig_ask_pdu(rig, request, answer);
}

static void S7_069_the_largest_write_fits_and_one_more_byte_is_refused(void **state)
{
    write_bytes(*state, 213, "3202 0000 0003 0000 0000 8500");
    assert_int_equal(rig_db(*state, 2)[0], 0);
    write_bytes(*state, 212, "3203 0000 0003 0002 0001 0000 0501 ff");
    assert_int_equal(rig_db(*state, 2)[211], 0x5a);
}

static void S7_071_072_an_empty_list_and_a_count_of_0(void **state)
{
    rig_ask_pdu(*state, "3201 0000 0001 0002 0000 0400", "3203 0000 0001 0002 0000 0000 0400");
    rig_ask_pdu(*state, "3201 0000 0001 0001 0000 04", "3203 0000 0001 0002 0000 0000 0400");
    read_items(*state, 1, DB1_BYTES("0000", "000000"), "05000000");
}

static void S7_073_an_item_list_that_does_not_fill_its_parameters_is_refused(void **state)
{
    refused(*state, "3201 0000 0003 000e 0000 0402 120a1002 0001 0001 84 000000", "8500");
    refused(*state, "3201 0000 0003 000f 0000 0401 120a1002 0001 0001 84 000000 00", "8500");
    refused(*state, "3201 0000 0003 000d 0000 0401 120a1002 0001 0001 84 0000", "8500");
}

static void S7_074_items_are_written_in_order_and_good_ones_stay(void **state)
{
    write_items(*state, 3,
                ITEM("02", "0001", "0002", "84", "000000") ITEM("02", "0001", "0063", "84", "000000")
                    ITEM("02", "0001", "0002", "84", "000000"),
                "00040008 1100 00040008 2200 00040008 33", "ff0aff");
    assert_int_equal(rig_db(*state, 2)[0], 0x33);
}

static void S7_075_a_payload_of_another_length_is_refused(void **state)
{
    write_items(*state, 1, ITEM("02", "0002", "0002", "84", "000000"), "00040008 11", "07");
    assert_int_equal(rig_db(*state, 2)[0], 0);
}

static void S7_076_a_bit_write_changes_that_bit_only(void **state)
{
    write_items(*state, 1, ITEM("01", "0001", "0001", "84", "000008"), "00030001 00", "ff"); /* byte 1 = 01 */
    assert_int_equal(rig_db(*state, 1)[1], 0x00);
    write_items(*state, 1, ITEM("01", "0001", "0001", "84", "00000f"), "00030001 01", "ff");
    assert_int_equal(rig_db(*state, 1)[1], 0x80);
}

static void S7_056_a_fill_byte_after_the_last_unit_is_tolerated(void **state)
{
    write_items(*state, 1, ITEM("02", "0001", "0002", "84", "000000"), "00040008 4400", "ff");
    assert_int_equal(rig_db(*state, 2)[0], 0x44);
}

static void S7_078_079_the_unit_follows_the_data_size(void **state)
{
    write_items(*state, 3,
                ITEM("08", "0001", "0002", "84", "000000") ITEM("03", "0003", "0002", "84", "000020")
                    ITEM("05", "0001", "0002", "84", "000040"),
                "00070004 3fc00000 00090003 41424300 00050010 fffe", "ffffff");
    assert_memory_equal(rig_db(*state, 2),
                        "\x3f\xc0\x00\x00"
                        "ABC\x00"
                        "\xff\xfe",
                        10);
}

static void S7_080_a_DB_number_outside_DBs_is_ignored(void **state)
{
    write_items(*state, 1, ITEM("02", "0001", "0042", "83", "000050"), "00040008 77", "ff");
    read_items(*state, 1, ITEM("02", "0001", "0000", "83", "000050"), "ff040008 77");
}

static void S7_081_the_highest_address_is_out_of_range_and_nothing_else(void **state)
{
    read_items(*state, 1, DB1_BYTES("ffff", "fffff8"), "05000000");
    read_items(*state, 1, ITEM("01", "0001", "0001", "84", "ffffff"), "05000000");
    read_items(*state, 1, ITEM("1d", "ffff", "0000", "1d", "ffffff"), "05000000");
}

static void S7_082_083_other_syntax_ids_are_skipped(void **state)
{
    /* DBREAD of 3 parts is 19 bytes, odd: a fill byte follows it unless it is the last */
    read_items(*state, 2, "1211b003 02004a006c 04004c0194 020051003c 00" DB1_BYTES("0001", "000008"),
               "0a000000 ff040008 01");
    read_items(*state, 2, DB1_BYTES("0001", "000008") "120882 01000100011a01", "ff040008 0100 0a000000");
}

static void S7_177_a_dbread_item_is_answered_by_one_unit_without_fill(void **state)
{
    read_items(*state, 1, "1211b003 0200010010 0400010063 0100010020", "ff09000a ff1011 ff63646566 ff20");
    read_items(*state, 2, "120cb002 0100010010 0200010020 " DB1_BYTES("0001", "000008"),
               "ff090005 ff10 ff2021 00 ff040008 01");
    read_items(*state, 2, "1211b003 0100010010 0100630000 01000100ff 00" DB1_BYTES("0001", "000008"),
               "ff090005 ff10 0a ffff 00 ff040008 01");
    read_items(*state, 1, "120cb002 0200010010 02000100ff", "ff090004 ff1011 05"); /* beyond the end */
    read_items(*state, 1, "120cb003 0200010010 0200010020", "0a000000");
    read_items(*state, 1, "1202b000", "0a000000");
    refused(*state,
            "3201 0000 0003 001f 0000 0401 121bb005 fa00020000 fa00020000 fa00020000 fa00020000 fa00020000",
            "8500");
}

static void S7_177_a_300_does_not_know_dbread(void **state)
{
    read_items(*state, 1, "120cb002 0200010010 0200010020", "0a000000");
}

static void S7_084_an_absent_module_is_a_hardware_fault(void **state)
{
    read_items(*state, 1, ITEM("02", "0001", "0000", "80", "000000"), "01000000");
}

static void S7_195_a_timer_takes_BCD_only(void **state)
{
    write_items(*state, 2,
                ITEM("1d", "0001", "0000", "1d", "000000") ITEM("1c", "0001", "0000", "1c", "000000"),
                "00090002 2a30 00090002 0123", "03ff");
}

static void an_instance_DB_is_the_same_storage(void **state)
{
    read_items(*state, 1, ITEM("02", "0001", "0001", "85", "000018"), "ff040008 03");
}

static void a_broken_write_changes_nothing(void **state)
{
    /* the second unit is longer than what is left */
    refused(*state,
            "3201 0000 0003 001a 000b 0502" ITEM("02", "0001", "0002", "84", "000000")
                ITEM("02", "0002", "0002", "84", "000010") "00040008 1100 00040010 22",
            "8500");
    assert_int_equal(rig_db(*state, 2)[0], 0);
}

static void run_request(struct rig *rig, enum sim_writes writes, struct sim_step *step)
{
    sim_session_step(rig->session, step);
    assert_int_equal(step->result, SIM_STEP_REQUEST);
    sim_session_run(rig->session, writes, step);
}

static void a_refused_turn_answers_writes_with_01_and_reads_with_the_old_bytes(void **state)
{
    struct rig *rig = *state;
    uint8_t bytes[256];
    struct sim_step step;
    uint8_t *room;
    size_t len = rig_hex(
        "03000024 02f080 3201 0000 0009 000e 0005 0501" ITEM(
            "02", "0001", "0002", "84", "000000") "00040008 55"
                                                  "0300001f 02f080 3201 0000 000a 000e 0000 0401" ITEM(
                                                      "02", "0001", "0002", "84", "000000"),
        bytes, sizeof bytes);

    assert_true(sim_session_room(rig->session, &room) >= len);
    memcpy(room, bytes, len);
    sim_session_received(rig->session, len, 0);
    assert_int_equal(plant_turn_begin(rig->plant, true), S7_OK);
    sim_session_mark(rig->session);
    run_request(rig, SIM_WRITES_RUN, &step);
    run_request(rig, SIM_WRITES_RUN, &step);
    sim_session_rewind(rig->session);
    run_request(rig, SIM_WRITES_WAIT, &step);
    assert_int_equal(step.result, SIM_STEP_BLOCKED);
    run_request(rig, SIM_WRITES_REFUSE, &step);
    assert_int_equal(step.result, SIM_STEP_DONE);
    assert_int_equal(plant_turn_end(rig->plant), S7_OK);
    sim_session_turn_done(rig->session);
    rig_expect(rig, "03000016 02f080 3203 0000 0009 0002 0001 0000 0501 01");
}

#define S300(test)    cmocka_unit_test_setup_teardown(test, open_300, close_rig)
#define GENERIC(test) cmocka_unit_test_setup_teardown(test, open_generic, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        S300(S7_050_bytes_words_and_dwords_are_counted_in_bits),
        S300(S7_051_a_bit_is_one_byte),
        S300(S7_052_053_054_each_size_has_its_own_answer_size),
        S300(S7_055_an_odd_item_is_filled_unless_last),
        S300(S7_057_059_060_a_bad_item_is_four_bytes_and_spares_the_others),
        S300(S7_061_062_063_064_065_wrong_items_have_their_codes),
        S300(S7_066_timers_are_addressed_by_number),
        S300(S7_067_068_the_largest_read_fits_and_one_more_byte_is_refused),
        S300(S7_034_070_the_item_list_of_a_full_PDU_is_served_and_answers_stay_below_it),
        GENERIC(S7_070_generic_serves_more_than_20_items_that_fit),
        S300(a_300_refuses_more_than_20_items),
        S300(S7_069_the_largest_write_fits_and_one_more_byte_is_refused),
        S300(S7_071_072_an_empty_list_and_a_count_of_0),
        S300(S7_073_an_item_list_that_does_not_fill_its_parameters_is_refused),
        S300(S7_074_items_are_written_in_order_and_good_ones_stay),
        S300(S7_075_a_payload_of_another_length_is_refused),
        S300(S7_076_a_bit_write_changes_that_bit_only),
        S300(S7_056_a_fill_byte_after_the_last_unit_is_tolerated),
        S300(S7_078_079_the_unit_follows_the_data_size),
        S300(S7_080_a_DB_number_outside_DBs_is_ignored),
        S300(S7_081_the_highest_address_is_out_of_range_and_nothing_else),
        S300(S7_082_083_other_syntax_ids_are_skipped),
        GENERIC(S7_177_a_dbread_item_is_answered_by_one_unit_without_fill),
        S300(S7_177_a_300_does_not_know_dbread),
        S300(S7_084_an_absent_module_is_a_hardware_fault),
        S300(S7_195_a_timer_takes_BCD_only),
        S300(an_instance_DB_is_the_same_storage),
        S300(a_broken_write_changes_nothing),
        S300(a_refused_turn_answers_writes_with_01_and_reads_with_the_old_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
