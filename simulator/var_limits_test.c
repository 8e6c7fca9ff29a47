/* Read Var and Write Var where they end: the longest payloads and lists of each PDU length, counts and
 * addresses at their limits, jobs behind one another. Raw bytes in, raw bytes out. */
#include "test_rig.h"

#include "protocol/tpkt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PDU_LENS 3
static const uint16_t pdu_lens[PDU_LENS] = {240, 480, 960};

#define REF "0003"

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
    rig_handshake(&rig, 240, 1);
    *state = &rig;
    return 0;
}

static int close_rig(void **state)
{
    rig_close(*state);
    return 0;
}

static void again(struct rig *rig, uint16_t pdu_len)
{
    rig_connect(rig);
    rig_handshake(rig, pdu_len, 8);
}

/* ---- texts of hex ---- */

struct text {
    char hex[16384];
    size_t len;
};

static void add(struct text *text, const char *hex)
{
    assert_true(text->len + strlen(hex) < sizeof text->hex);
    text->len += (size_t)snprintf(text->hex + text->len, sizeof text->hex - text->len, "%s", hex);
}

static void add_number(struct text *text, int digits, unsigned value)
{
    char hex[16];

    snprintf(hex, sizeof hex, "%0*x", digits, value);
    add(text, hex);
}

static void add_bytes(struct text *text, unsigned n, unsigned value)
{
    for (unsigned i = 0; i < n; i++)
        add_number(text, 2, value);
}

/* BYTE x count of DB2 from a byte on. */
static void add_item(struct text *text, unsigned count, unsigned byte)
{
    add(text, "120a1002");
    add_number(text, 4, count);
    add(text, "000284");
    add_number(text, 6, 8 * byte);
}

static void add_unit(struct text *text, unsigned code, unsigned bytes, bool last)
{
    add_number(text, 2, code);
    add(text, "04");
    add_number(text, 4, 8 * bytes);
    add_bytes(text, bytes, 0);
    if (bytes % 2 != 0 && !last)
        add(text, "00");
}

/* A PDU around parameters and data; rosctr 3 has its error of 0000. */
static void wrap(struct text *pdu, unsigned rosctr, const struct text *param, const struct text *data)
{
    *pdu = (struct text){.len = 0};
    add(pdu, "32");
    add_number(pdu, 2, rosctr);
    add(pdu, "0000" REF);
    add_number(pdu, 4, (unsigned)param->len / 2);
    add_number(pdu, 4, data == NULL ? 0 : (unsigned)data->len / 2);
    if (rosctr == 3)
        add(pdu, "0000");
    add(pdu, param->hex);
    if (data != NULL)
        add(pdu, data->hex);
}

static void refused(struct rig *rig, const struct text *request, const char *error)
{
    char answer[64];

    snprintf(answer, sizeof answer, "3202 0000 " REF " 0000 0000 %s", error);
    rig_ask_pdu(rig, request->hex, answer);
}

/* A list of n items of `bytes` each, read: served with zeros, or refused as a whole. */
static void read_list(struct rig *rig, unsigned n, const unsigned *bytes, bool fits)
{
    static struct text param, data, request, answer;

    param = data = (struct text){.len = 0};
    add(&param, "04");
    add_number(&param, 2, n);
    for (unsigned i = 0; i < n; i++) {
        add_item(&param, bytes[i], 0);
        add_unit(&data, 0xFF, bytes[i], i + 1 == n);
    }
    wrap(&request, 1, &param, NULL);
    if (!fits) {
        refused(rig, &request, "8500");
        return;
    }
    param.len = 4; /* function and count */
    param.hex[4] = '\0';
    wrap(&answer, 3, &param, &data);
    rig_ask_pdu(rig, request.hex, answer.hex);
}

static void write_list(struct rig *rig, unsigned n, const unsigned *bytes, bool fits)
{
    static struct text param, data, request, answer;

    param = data = (struct text){.len = 0};
    add(&param, "05");
    add_number(&param, 2, n);
    for (unsigned i = 0; i < n; i++) {
        add_item(&param, bytes[i], 0);
        add_unit(&data, 0, bytes[i], i + 1 == n);
    }
    wrap(&request, 1, &param, &data);
    if (!fits) {
        refused(rig, &request, "8500");
        return;
    }
    param.len = 4;
    param.hex[4] = '\0';
    data = (struct text){.len = 0};
    add_bytes(&data, n, 0xFF);
    wrap(&answer, 3, &param, &data);
    rig_ask_pdu(rig, request.hex, answer.hex);
}

/* ---- payloads ---- */

/* 222 and 223, 462 and 463, 942 and 943. */
static void S7_067_068_reads_end_at_L_minus_18_at_every_PDU_length(void **state)
{
    for (size_t i = 0; i < PDU_LENS; i++) {
        unsigned most = pdu_lens[i] - 18U, past = most + 1;
        again(*state, pdu_lens[i]);
        read_list(*state, 1, &most, true);
        read_list(*state, 1, &past, false);
    }
}

/* 212 and 213, 452 and 453, 932 and 933. */
static void S7_069_writes_end_at_L_minus_28_at_every_PDU_length(void **state)
{
    for (size_t i = 0; i < PDU_LENS; i++) {
        unsigned most = pdu_lens[i] - 28U, past = most + 1;
        again(*state, pdu_lens[i]);
        write_list(*state, 1, &most, true);
        write_list(*state, 1, &past, false);
    }
}

/* The answer, too, is counted with its fill bytes: 14 + 4 + 109 + 1 + 4 + 108 = 240. */
static void S7_034_055_068_fill_bytes_count_in_the_length_of_an_answer(void **state)
{
    again(*state, 240);
    read_list(*state, 2, (const unsigned[]){109, 108}, true);
    read_list(*state, 2, (const unsigned[]){109, 109}, false);
    read_list(*state, 2, (const unsigned[]){110, 108}, true);
    read_list(*state, 2, (const unsigned[]){110, 109}, false);
}

/* Many are written: 12 + 24 + 4 + 97 + 1 + 4 + 98 = 240. */
static void S7_055_069_fill_bytes_count_in_the_length_of_a_request(void **state)
{
    again(*state, 240);
    write_list(*state, 2, (const unsigned[]){97, 98}, true);
    write_list(*state, 2, (const unsigned[]){97, 99}, false);
    write_list(*state, 2, (const unsigned[]){98, 98}, true);
    write_list(*state, 2, (const unsigned[]){98, 99}, false);
}

/* ---- lists ---- */

#define LIST_MAX 80

static void S7_070_lists_end_where_the_request_fills_the_PDU(void **state)
{
    static const struct {
        uint16_t pdu_len;
        unsigned items;
        bool fits;
    } rows[] = {{240, 19, true}, {240, 20, false}, {240, 21, false}, {480, 20, true},
                {480, 21, true}, {480, 39, true},  {480, 40, false}, {960, 20, true},
                {960, 21, true}, {960, 40, true},  {960, 79, true},  {960, 80, false}};
    unsigned bytes[LIST_MAX];

    for (unsigned i = 0; i < LIST_MAX; i++)
        bytes[i] = 1 + i % 3;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        again(*state, rows[i].pdu_len);
        read_list(*state, rows[i].items, bytes, rows[i].fits);
    }
}

/* Each item takes 12 + 4 + 2 bytes of a write. */
static void S7_070_077_lists_of_writes_end_there_too_and_have_one_code_an_item(void **state)
{
    static const struct {
        uint16_t pdu_len;
        unsigned items;
        bool fits;
    } rows[] = {{240, 12, true},  {240, 13, false}, {480, 20, true}, {480, 26, true},
                {480, 27, false}, {960, 52, true},  {960, 53, false}};
    unsigned bytes[LIST_MAX];

    for (unsigned i = 0; i < LIST_MAX; i++)
        bytes[i] = 2;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        again(*state, rows[i].pdu_len);
        write_list(*state, rows[i].items, bytes, rows[i].fits);
    }
}

#define ITEM "120a1002 0001 0001 84 000000"

static void S7_071_073_lists_and_their_counts(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"no items, read", "3201 0000 0003 0002 0000 0400", "3203 0000 0003 0002 0000 0000 0400"},
        {"no items, written", "3201 0000 0003 0002 0000 0500", "3203 0000 0003 0002 0000 0000 0500"},
        {"not even a count", "3201 0000 0003 0001 0000 04", "3203 0000 0003 0002 0000 0000 0400"},
        {"no items, but one byte", "3201 0000 0003 0003 0000 0400 12", "3202 0000 0003 0000 0000 8500"},
        {"one more than there are", "3201 0000 0003 000e 0000 0402" ITEM, "3202 0000 0003 0000 0000 8500"},
        {"255 of 1", "3201 0000 0003 000e 0000 04ff" ITEM, "3202 0000 0003 0000 0000 8500"},
        {"one less than there are", "3201 0000 0003 001a 0000 0401" ITEM ITEM,
         "3202 0000 0003 0000 0000 8500"},
        {"one byte more", "3201 0000 0003 000f 0000 0401" ITEM "00", "3202 0000 0003 0000 0000 8500"},
        {"one byte less", "3201 0000 0003 000d 0000 0401 120a1002 0001 0001 84 0000",
         "3202 0000 0003 0000 0000 8500"},
        {"an item that says it is shorter", "3201 0000 0003 000e 0000 0401 12091002 0001 0001 84 000000",
         "3202 0000 0003 0000 0000 8500"},
        {"an item that says it is longer", "3201 0000 0003 000e 0000 0401 120b1002 0001 0001 84 000000",
         "3202 0000 0003 0000 0000 8500"},
        {"an item without syntax id", "3201 0000 0003 0004 0000 0401 1200", "3202 0000 0003 0000 0000 8500"},
        {"no variable specification", "3201 0000 0003 000e 0000 0401 110a1002 0001 0001 84 000000",
         "3202 0000 0003 0000 0000 8500"},
        {"a read with data", "3201 0000 0003 000e 0002 0401" ITEM "0000",
         "3203 0000 0003 0002 0005 0000 0401 ff040008 00"},
        {"a write without data", "3201 0000 0003 000e 0000 0501" ITEM, "3202 0000 0003 0000 0000 8500"},
        {"a write with half a unit", "3201 0000 0003 000e 0003 0501" ITEM "000400",
         "3202 0000 0003 0000 0000 8500"},
        {"a write with a unit too many", "3201 0000 0003 000e 000b 0501" ITEM "00040008 0000 00040008 00",
         "3202 0000 0003 0000 0000 8500"},
        {"and the connection is as it was", "3201 0000 0003 000e 0000 0401" ITEM,
         "3203 0000 0003 0002 0005 0000 0401 ff040008 00"},
    };

    RIG_ASK_ALL(*state, exchanges);
}

/* ---- counts and addresses ---- */

#define READ(size, count, db, area, address) "3201 0000 0003 000e 0000 0401 120a10" size count db area address
#define CODE(code)                           "3203 0000 0003 0002 0004 0000 0401" code "000000"

static void S7_059_072_081_counts_and_addresses_at_their_limits(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"no elements", READ("02", "0000", "0001", "84", "000000"), CODE("05")},
        {"no bits", READ("01", "0000", "0001", "84", "000000"), CODE("05")},
        {"no timers", READ("1d", "0000", "0000", "1d", "000000"), CODE("05")},
        {"65535 bytes of 256", READ("02", "ffff", "0001", "84", "000000"), CODE("05")},
        {"65535 DATE_AND_TIMEs", READ("0f", "ffff", "0001", "84", "000000"), CODE("05")},
        {"65535 bits", READ("01", "ffff", "0001", "84", "000000"), CODE("06")},
        {"65535 timers", READ("1d", "ffff", "0000", "1d", "000000"), CODE("05")},
        {"bit 2097151.7", READ("01", "0001", "0001", "84", "ffffff"), CODE("05")},
        {"byte 2097151", READ("02", "0001", "0001", "84", "fffff8"), CODE("05")},
        {"byte 2097151, which is no byte address", READ("02", "0001", "0001", "84", "ffffff"), CODE("05")},
        {"65535 words from byte 2097150 on", READ("04", "ffff", "0001", "84", "fffff0"), CODE("05")},
        {"timer 16777215", READ("1d", "0001", "0000", "1d", "ffffff"), CODE("05")},
        {"counter 16777215", READ("1c", "0001", "0000", "1c", "ffffff"), CODE("05")},
        {"the byte behind the last", READ("02", "0001", "0001", "84", "000800"), CODE("05")},
        {"the word that begins with the last byte", READ("04", "0001", "0001", "84", "0007f8"), CODE("05")},
        {"the bit behind the last", READ("01", "0001", "0001", "84", "000800"), CODE("05")},
        {"the last byte", READ("02", "0001", "0001", "84", "0007f8"),
         "3203 0000 0003 0002 0005 0000 0401 ff040008 ff"},
        {"the last bit", READ("01", "0001", "0001", "84", "0007ff"),
         "3203 0000 0003 0002 0005 0000 0401 ff030001 01"},
        {"the last timer", READ("1d", "0001", "0000", "1d", "0000ff"),
         "3203 0000 0003 0002 0006 0000 0401 ff090002 0000"},
        {"the timer behind it", READ("1d", "0001", "0000", "1d", "000100"), CODE("05")},
        {"the last timer and one more", READ("1d", "0002", "0000", "1d", "0000ff"), CODE("05")},
    };

    RIG_ASK_ALL(*state, exchanges);
}

/* ---- jobs behind one another ---- */

#define READ_FRAME(ref, bytes)                                                                               \
    "0300001f 02f080 3201 0000" ref "000e 0000 0401 120a1002 00" bytes "0001 84 000000"
#define DATA_FRAME(ref) "0300001a 02f080 3203 0000" ref "0002 0005 0000 0401 ff040008 00"
#define WRITE_FRAME(ref, value)                                                                              \
    "03000024 02f080 3201 0000" ref "000e 0005 0501 120a1002 0001 0002 84 000000 00040008" value
#define DONE_FRAME(ref)         "03000016 02f080 3203 0000" ref "0002 0001 0000 0501 ff"
#define READ2_FRAME(ref)        "0300001f 02f080 3201 0000" ref "000e 0000 0401 120a1002 0001 0002 84 000000"
#define DATA2_FRAME(ref, value) "0300001a 02f080 3203 0000" ref "0002 0005 0000 0401 ff040008" value
#define MODE_FRAME(ref)         "03000021 02f080 3207 0000" ref "0008 0008 000112041144 0100 ff090004 7777 0000"
#define NONE_FRAME(ref)         "03000021 02f080 3207 0000" ref "000c 0004 000112081284 0101 0000 d401 0a000000"

/* A 300 grants one job (calling) and two (called): three at once are done in their order, and so are nine. */
static void S7_157_171_jobs_beyond_the_granted_ones_wait_and_are_answered_in_order(void **state)
{
    rig_ask(*state, READ_FRAME("0001", "01") READ_FRAME("0002", "01") READ_FRAME("0003", "01"),
            DATA_FRAME("0001") DATA_FRAME("0002") DATA_FRAME("0003"));
    rig_ask(*state,
            WRITE_FRAME("0001", "11") READ2_FRAME("0002") MODE_FRAME("0003") WRITE_FRAME("0004", "22")
                READ2_FRAME("0005") MODE_FRAME("0006") WRITE_FRAME("0007", "33") READ2_FRAME("0008")
                    READ_FRAME("0009", "01"),
            DONE_FRAME("0001") DATA2_FRAME("0002", "11") NONE_FRAME("0003") DONE_FRAME("0004")
                DATA2_FRAME("0005", "22") NONE_FRAME("0006") DONE_FRAME("0007") DATA2_FRAME("0008", "33")
                    DATA_FRAME("0009"));
}

/* WinCC flexible: 0001 and 0002 in turns, and a client that counts nothing at all. */
static void S7_170_equal_references_are_no_duplicates(void **state)
{
    rig_ask(*state,
            WRITE_FRAME("0001", "01") WRITE_FRAME("0001", "02") READ2_FRAME("0001") READ2_FRAME("0001"),
            DONE_FRAME("0001") DONE_FRAME("0001") DATA2_FRAME("0001", "02") DATA2_FRAME("0001", "02"));
    rig_ask(*state, READ2_FRAME("0001") READ2_FRAME("0002") READ2_FRAME("0001") READ2_FRAME("0002"),
            DATA2_FRAME("0001", "02") DATA2_FRAME("0002", "02") DATA2_FRAME("0001", "02")
                DATA2_FRAME("0002", "02"));
}

/* As Siemens' own stacks send them, each in a segment of its own. */
static void S7_172_an_empty_DT_behind_every_answer_changes_nothing(void **state)
{
    for (int i = 0; i < 3; i++) {
        rig_ask(*state, WRITE_FRAME("0001", "05"), DONE_FRAME("0001"));
        rig_ask(*state, "03000007 02f000", "");
        rig_ask(*state, READ2_FRAME("0001"), DATA2_FRAME("0001", "05"));
        rig_ask(*state, "03000007 02f000", "");
        rig_ask(*state, MODE_FRAME("0003"), NONE_FRAME("0003"));
        rig_ask(*state, "03000007 02f000", "");
    }
}

/* WinCC flexible sends its first read right behind the call of the message service. */
static void S7_204_a_read_right_behind_the_message_service_is_answered_behind_it(void **state)
{
    uint8_t answers[256];

    rig_feed(*state, "03000027 02f080 3207 0000 0001 0008 000e 000112041144 0200 ff09000a 0100 "
                     "486d6952746d2020" READ_FRAME("0002", "01"));
    size_t len = rig_take(*state, answers, sizeof answers), first = (size_t)answers[2] << 8 | answers[3];
    assert_int_equal(answers[8], 7);
    assert_int_equal(answers[12], 1);
    assert_true(first < len);
    assert_int_equal(len - first, 0x1a);
    assert_memory_equal(answers + first, "\x03\0\0\x1a\x02\xf0\x80\x32\x03\0\0\0\x02", 13);
}

/* What one connection was told to be written, all others read. */
static void S7_085_connections_see_each_others_writes(void **state)
{
    struct rig *rig = *state;
    sim_session *first = rig->session;

    rig_ask(rig, WRITE_FRAME("0001", "aa"), DONE_FRAME("0001"));
    rig->session = NULL;
    rig_connect(rig);
    rig_handshake(rig, 240, 1);
    rig_ask(rig, READ2_FRAME("0001"), DATA2_FRAME("0001", "aa"));
    rig_ask(rig, WRITE_FRAME("0002", "bb") READ2_FRAME("0003"), DONE_FRAME("0002") DATA2_FRAME("0003", "bb"));
    sim_session *second = rig->session;
    rig->session = first;
    rig_ask(rig, READ2_FRAME("0007"), DATA2_FRAME("0007", "bb"));
    sim_session_free(second);
}

#define GENERIC(test) cmocka_unit_test_setup_teardown(test, open_generic, close_rig)
#define S300(test)    cmocka_unit_test_setup_teardown(test, open_300, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GENERIC(S7_067_068_reads_end_at_L_minus_18_at_every_PDU_length),
        GENERIC(S7_069_writes_end_at_L_minus_28_at_every_PDU_length),
        GENERIC(S7_034_055_068_fill_bytes_count_in_the_length_of_an_answer),
        GENERIC(S7_055_069_fill_bytes_count_in_the_length_of_a_request),
        GENERIC(S7_070_lists_end_where_the_request_fills_the_PDU),
        GENERIC(S7_070_077_lists_of_writes_end_there_too_and_have_one_code_an_item),
        S300(S7_071_073_lists_and_their_counts),
        S300(S7_059_072_081_counts_and_addresses_at_their_limits),
        S300(S7_157_171_jobs_beyond_the_granted_ones_wait_and_are_answered_in_order),
        S300(S7_170_equal_references_are_no_duplicates),
        S300(S7_172_an_empty_DT_behind_every_answer_changes_nothing),
        S300(S7_204_a_read_right_behind_the_message_service_is_answered_behind_it),
        S300(S7_085_connections_see_each_others_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
