/* Status lists: raw requests in, every unit of the answer out, at 240 bytes a PDU and at more. */
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

static int open_generic(void **state)
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

/* ---- a whole answer ---- */

struct list {
    uint8_t bytes[16384]; /* id, index, record length, records, all units joined */
    size_t len, units;
    uint16_t error;
    uint8_t unit_ref;
};

static unsigned word(const uint8_t *at)
{
    return (unsigned)(at[0] << 8 | at[1]);
}

/* One unit: its head is checked, its payload appended; does more follow? */
static bool take_unit(struct rig *rig, struct list *list, uint16_t pdu_len)
{
    uint8_t frame[1024];
    size_t len = rig_take(rig, frame, sizeof frame);

    assert_in_range(len, 33, 7 + pdu_len);
    assert_int_equal(word(frame + 2), len);
    assert_memory_equal(frame + 17, "\0\x01\x12\x08\x12\x84\x01\x01", 8); /* sequence 1, as a 300 has it */
    assert_int_equal(word(frame + 31), len - 33);
    list->error = (uint16_t)word(frame + 27);
    if (list->units == 0)
        list->unit_ref = frame[25];
    assert_int_equal(frame[25], list->unit_ref);
    assert_int_equal(frame[29], list->error == 0 ? 0xFF : 0x0A);
    memcpy(list->bytes + list->len, frame + 33, len - 33);
    list->len += len - 33;
    list->units++;
    if (frame[26] == 1) /* all but the last are as long as they can be */
        assert_int_equal(len, 7 + pdu_len);
    return frame[26] == 1;
}

static void read_list(struct rig *rig, uint16_t pdu_len, uint16_t id, uint16_t index, struct list *list)
{
    char request[128];

    *list = (struct list){.len = 0};
    snprintf(request, sizeof request,
             "03000021 02f080 3207 0000 0b00 0008 0008 000112041144 0100 ff090004 %04x %04x", id, index);
    rig_feed(rig, request);
    while (take_unit(rig, list, pdu_len))
        rig_feed(rig, "03000021 02f080 3207 0000 0c00 000c 0004 000112081244 0101 0000 0000 0a000000");
    if (list->units == 1)
        assert_int_equal(list->unit_ref, 0);
    else
        assert_int_not_equal(list->unit_ref, 0);
}

/* A list as it says it is: id, index, so many records of that length. */
static void check_head(const struct list *list, uint16_t id)
{
    assert_true(list->len >= 8);
    assert_int_equal(word(list->bytes), id);
    if ((id & 0x0F00) != 0x0F00)
        assert_int_equal(list->len, 8 + word(list->bytes + 4) * word(list->bytes + 6));
    else
        assert_int_equal(list->len, 8);
}

#define STOP "3201 0000 1400 0010 0000 290000000000 09 505f50524f4752414d", "3203 0000 1400 0001 0000 0000 29"
#define WARM                                                                                                 \
    "3201 0000 1500 0014 0000 28000000000000fd 0000 09 505f50524f4752414d", "3203 0000 1500 0001 0000 0000 " \
                                                                            "28"

/* Three entries of the diagnostic buffer for each start, one for each stop. */
static void stop_and_start(struct rig *rig, int times)
{
    for (int i = 0; i < times; i++) {
        rig_ask_pdu(rig, STOP);
        rig->plc.wall_ms += 1000;
        rig_ask_pdu(rig, WARM);
        rig->plc.wall_ms += 1000;
    }
}

/* ---- tests ---- */

/* All that 0000 tells, in whatever units: the same bytes, at 240 and at 480 and at 960. */
static void S7_104_118_190_every_list_is_the_same_in_any_units(void **state)
{
    static const uint16_t indices[] = {0, 1, 4, 0x0800, 0x07FE};
    static struct list ids, wide, narrow;
    struct rig *rig = *state;
    unsigned in_units = 0;

    stop_and_start(rig, 6);
    rig_ask_pdu(rig, STOP); /* the whole diagnostic buffer is long */
    read_list(rig, 240, 0x0000, 0, &ids);
    for (size_t i = 8; i + 2 <= ids.len; i += 2)
        for (size_t k = 0; k < sizeof indices / sizeof indices[0]; k++) {
            uint16_t id = (uint16_t)word(ids.bytes + i);
            read_list(rig, 240, id, indices[k], &narrow);
            if (narrow.error != 0)
                continue;
            check_head(&narrow, id);
            in_units += narrow.units > 1;
            rig_connect(rig);
            rig_handshake(rig, 480, 1);
            uint16_t granted = sim_plc_pdu_len(&rig->plc) < 480 ? sim_plc_pdu_len(&rig->plc) : 480;
            read_list(rig, granted, id, indices[k], &wide);
            if (id != 0x0131 || indices[k] != 3) /* which tells the PDU length itself */
                assert_memory_equal(wide.bytes, narrow.bytes, narrow.len);
            assert_int_equal(wide.len, narrow.len);
            rig_connect(rig);
            rig_handshake(rig, 240, 1);
        }
    assert_true(in_units > 0);
}

/* 10 records of 34 bytes behind 8: 214 bytes, then 134. Each chain has a number of its own. */
static void S7_104_190_components_of_a_300_come_in_two_units(void **state)
{
    static struct list list;
    uint8_t refs[3];

    for (size_t i = 0; i < 3; i++) {
        read_list(*state, 240, 0x001C, 0, &list);
        assert_int_equal(list.units, 2);
        assert_int_equal(list.len, 8 + 10 * 34);
        refs[i] = list.unit_ref;
        read_list(*state, 240, 0x0011, 0, &list);
        assert_int_equal(list.units, 1);
    }
    assert_int_equal(refs[1], refs[0] + 1);
    assert_int_equal(refs[2], refs[1] + 1);
}

#define ASK(list)   "3207 0000 0d00 0008 0008 000112041144 0100 ff090004" list
#define ERROR(code) "3207 0000 0d00 000c 0004 000112081284 0101 0000" code "0a000000"

static void S7_102_110_lists_and_indices_that_there_are_not(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"7777", ASK("7777 0000"), ERROR("d401")},
        {"FFFF", ASK("ffff ffff"), ERROR("d401")},
        {"0F77", ASK("0f77 0000"), ERROR("d401")},
        {"a known list's unknown extract", ASK("0811 0000"), ERROR("d401")},
        {"0131/00FF", ASK("0131 00ff"), ERROR("d402")},
        {"0132/FFFF", ASK("0132 ffff"), ERROR("d402")},
        {"0232/0000", ASK("0232 0005"), ERROR("d402")},
        {"0111/0077", ASK("0111 0077"), ERROR("d402")},
        {"011C/0000", ASK("011c 0000"), ERROR("d402")},
        {"0174/0077", ASK("0174 0077"), ERROR("d402")},
        {"no list", "3207 0000 0d00 0008 0004 000112041144 0100 ff090000", ERROR("d405")},
        {"half a list", "3207 0000 0d00 0008 0006 000112041144 0100 ff090002 0424", ERROR("d405")},
        {"more than a list", "3207 0000 0d00 0008 000a 000112041144 0100 ff090006 0424 0000 0000",
         ERROR("d405")},
    };

    RIG_ASK_ALL(*state, exchanges);
}

/* As gos7 and Snap7 ask; the time is that of the last change, and an index that counts for nothing comes back
 * as 0. */
static void S7_113_189_the_mode_and_its_time(void **state)
{
    struct rig *rig = *state;

    rig->plc.wall_ms -= 478;
    rig_ask_pdu(rig, STOP);
    rig_ask(rig, "03000021 02f080 3207 002c 0000 0008 0008 000112041144 0100 ff090004 0424 0000",
            "0300003d 02f080 3207 0000 0000 000c 0020 000112081284 0101 0000 0000 ff09001c"
            "0424 0000 0014 0001 5144 ff04 00000000 00000000 2611241903250003");
    rig_ask_pdu(rig, WARM);
    rig->plc.wall_ms += 3600000;
    rig_ask(rig, "03000021 02f080 3207 0000 000b 0008 0008 000112041144 0100 ff090004 0424 0000",
            "0300003d 02f080 3207 0000 000b 000c 0020 000112081284 0101 0000 0000 ff09001c"
            "0424 0000 0014 0001 5144 ff08 00000000 00000000 2611241903250003");
    rig_ask(rig, "03000021 02f080 3207 0000 000b 0008 0008 000112041144 0100 ff090004 0424 0004",
            "0300003d 02f080 3207 0000 000b 000c 0020 000112081284 0101 0000 0000 ff09001c"
            "0424 0000 0014 0001 5144 ff08 00000000 00000000 2611241903250003");
}

/* ---- what foreign programs look for, at their offsets ---- */

static void read_raw(struct rig *rig, const char *request, uint8_t *frame, size_t at_least)
{
    memset(frame, 0, 512);
    rig_feed(rig, request);
    assert_true(rig_take(rig, frame, 512) >= at_least);
}

static void is_text(const uint8_t *frame, size_t at, size_t len)
{
    if (frame[at] <= ' ' || memchr(frame + at, '\0', len + 1) == NULL)
        fail_msg("no text at %zu", at);
}

/* nmap's s7-info: module 43, basic hardware 71, version 122..124 of the first; 43, 77, 111, 145, 179 of the
 * second. */
static void S7_111_112_120_nmap_finds_its_texts_at_its_offsets(void **state)
{
    uint8_t frame[512];

    read_raw(*state, "03000021 02f080 3207 0000 0000 0008 0008 000112041144 0100 ff090004 0011 0001", frame,
             125);
    is_text(frame, 43, 27);
    is_text(frame, 71, 27);
    assert_int_equal(word(frame + 41), 1);
    assert_int_equal(word(frame + 69), 6);
    assert_int_equal(word(frame + 97), 7);
    assert_int_equal(frame[121], 'V');
    read_raw(*state, "03000021 02f080 3207 0000 0000 0008 0008 000112041144 0100 ff090004 001c 0001", frame,
             180);
    is_text(frame, 43, 31);
    is_text(frame, 77, 31);
    is_text(frame, 145, 31);
    is_text(frame, 179, 31);
}

/* Snap7 looks at fixed places: its code in the first record of 0011, names in 001C in this order. */
static void S7_112_records_have_the_order_that_Snap7_counts_on(void **state)
{
    static const unsigned wanted[] = {1, 2, 3, 4, 5, 7};
    static struct list list;

    read_list(*state, 240, 0x001C, 0, &list);
    assert_int_equal(word(list.bytes + 4), 34);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(word(list.bytes + 8 + 34 * i), wanted[i]);
    read_list(*state, 240, 0x0011, 0, &list);
    assert_int_equal(word(list.bytes + 4), 28);
}

/* 0131/1 and 0131/3 say what is kept, whatever was granted. */
static void S7_115_116_191_limits(void **state)
{
    struct rig *rig = *state;
    static struct list list;

    read_list(rig, 240, 0x0131, 1, &list);
    assert_memory_equal(list.bytes, "\x01\x31\0\x01\0\x28\0\x01\0\x01", 10);
    assert_int_equal(word(list.bytes + 10), sim_plc_pdu_len(&rig->plc));
    read_list(rig, 240, 0x0131, 3, &list);
    assert_int_equal(word(list.bytes + 8 + 6), 240);
}

static void S7_114_0132_4_and_0232_4_are_the_same(void **state)
{
    static struct list one, other;

    read_list(*state, 240, 0x0132, 4, &one);
    read_list(*state, 240, 0x0232, 4, &other);
    assert_int_equal(one.len, 48);
    assert_memory_equal(one.bytes + 8, "\0\x04\0\x01\0\0\0\x01\0\x02", 10);
    assert_memory_equal(one.bytes + 8, other.bytes + 8, 40);
}

/* Each start and stop is an entry; 20 bytes, newest first; 01A0/n has n of them, 0FA0 says how many there can
 * be. */
static void S7_117_119_192_the_diagnostic_buffer(void **state)
{
    static struct list list, newest;
    struct rig *rig = *state;

    read_list(rig, 240, 0x0FA0, 0, &list);
    assert_memory_equal(list.bytes, "\x0f\xa0\0\0\0\x14\x01\xf4", 8);
    stop_and_start(rig, 6);
    read_list(rig, 240, 0x00A0, 0, &list);
    assert_int_equal(word(list.bytes + 6), 10);
    assert_int_equal(word(list.bytes + 8), 0x4302);
    for (size_t i = 1; i < 10; i++)
        assert_true(memcmp(list.bytes + 8 + 20 * i + 12, list.bytes + 8 + 20 * (i - 1) + 12, 7) <= 0);
    for (uint16_t n = 0; n <= 12; n += 3) {
        read_list(rig, 240, 0x01A0, n, &newest);
        assert_int_equal(word(newest.bytes + 6), n);
        assert_memory_equal(newest.bytes + 8, list.bytes + 8, n < 10 ? 20U * n : 200U);
    }
    rig_ask_pdu(rig, STOP);
    read_list(rig, 240, 0x00A0, 0, &list); /* at rest all of them are told */
    assert_int_equal(word(list.bytes + 6), 25);
    assert_int_equal(word(list.bytes + 8), 0x4304);
}

/* An extract that finds nothing has no records, and says no length. */
static void S7_189_a_group_without_records(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"0112/0200", ASK("0112 0200"),
         "3207 0000 0d00 000c 000c 000112081284 0101 0000 0000 ff090008 0112 0200 0000 0000"},
        {"0112/0100", ASK("0112 0100"),
         "3207 0000 0d00 000c 0010 000112081284 0101 0000 0000 ff09000c 0112 0100 0002 0002 0101 0104"},
    };

    RIG_ASK_ALL(*state, exchanges);
}

#define S300(test)    cmocka_unit_test_setup_teardown(test, open_300, close_rig)
#define GENERIC(test) cmocka_unit_test_setup_teardown(test, open_generic, close_rig)
#define BOTH(test)    S300(test), GENERIC(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(S7_104_118_190_every_list_is_the_same_in_any_units),
        S300(S7_104_190_components_of_a_300_come_in_two_units),
        S300(S7_102_110_lists_and_indices_that_there_are_not),
        BOTH(S7_113_189_the_mode_and_its_time),
        BOTH(S7_111_112_120_nmap_finds_its_texts_at_its_offsets),
        BOTH(S7_112_records_have_the_order_that_Snap7_counts_on),
        BOTH(S7_115_116_191_limits),
        BOTH(S7_114_0132_4_and_0232_4_are_the_same),
        BOTH(S7_117_119_192_the_diagnostic_buffer),
        S300(S7_189_a_group_without_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
