/* tag_test.c - tags between plain SQL and an S7 client: every type both ways, edits that belong together,
 * edits that cannot be. */
#include "house_virtual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BYTES_MAX 64

static struct guest guest;

static int open_with_guest(void **state)
{
    open_house(state);
    guest_open(&guest, &house, NULL);
    return 0;
}

static int close_with_guest(void **state)
{
    guest_close(&guest);
    return close_house(state);
}

static size_t from_hex(const char *hex, uint8_t *bytes)
{
    size_t n = strlen(hex) / 2;
    unsigned byte;

    for (size_t i = 0; i < n; i++) {
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        bytes[i] = (uint8_t)byte;
    }
    return n;
}

/* ---- every type ---- */

/* A value as SQL quotes it, and its bytes at byte 0 of DB 1: two of them for each type. */
struct sample {
    const char *address, *value, *hex, *other_value, *other_hex;
};

static const struct sample samples[] = {
    {"DB1.DBX0.3", "1", "08", "0", "00"},
    {"DB1.DBX0.6:BOOL[4]", "'[1,0,1,1]'", "4003", "'[0,1,0,0]'", "8000"},
    {"DB1.DBB0", "255", "FF", "0", "00"},
    {"DB1.DBB0:BYTE[3]", "'[1,2,255]'", "0102FF", "'[0,0,7]'", "000007"},
    {"DB1.DBB0:USINT", "200", "C8", "1", "01"},
    {"DB1.DBB0:SINT", "-128", "80", "127", "7F"},
    {"DB1.DBB0:CHAR", "'\xC3\xA4'", "E4", "'A'", "41"},
    {"DB1.DBB0:CHAR[3]", "'[\"a\",\"\\\"\",\"c\"]'", "612263", "'[\"x\",\"y\",\"z\"]'", "78797A"},
    {"DB1.DBW0", "65535", "FFFF", "1", "0001"},
    {"DB1.DBW0:UINT", "40000", "9C40", "0", "0000"},
    {"DB1.DBW0:INT", "-32768", "8000", "32767", "7FFF"},
    {"DB1.DBW0:INT[2]", "'[-1,258]'", "FFFF0102", "'[0,0]'", "00000000"},
    {"DB1.DBD0", "4294967295", "FFFFFFFF", "1", "00000001"},
    {"DB1.DBD0:UDINT", "3000000000", "B2D05E00", "0", "00000000"},
    {"DB1.DBD0:DINT", "-2147483648", "80000000", "2147483647", "7FFFFFFF"},
    {"DB1.DBD0:REAL", "1.1", "3F8CCCCD", "-0.0", "80000000"},
    {"DB1.DBD0:REAL", "'inf'", "7F800000", "'nan'", "7FC00000"},
    {"DB1.DBD0:REAL[2]", "'[1.5,-inf]'", "3FC00000FF800000", "'[0,2]'", "0000000040000000"},
    {"DB1.DBB0:LWORD", "9223372036854775807", "7FFFFFFFFFFFFFFF", "1", "0000000000000001"},
    {"DB1.DBB0:ULINT", "'18446744073709551615'", "FFFFFFFFFFFFFFFF", "0", "0000000000000000"},
    {"DB1.DBB0:LINT", "-9223372036854775808", "8000000000000000", "-1", "FFFFFFFFFFFFFFFF"},
    {"DB1.DBB0:LREAL", "1.7976931348623157e+308", "7FEFFFFFFFFFFFFF", "4.9406564584124654e-324",
     "0000000000000001"},
    {"DB1.DBB0:LREAL[2]", "'[0.1,-2]'", "3FB999999999999AC000000000000000", "'[0,0]'",
     "00000000000000000000000000000000"},
    {"DB1.DBB0:STRING(6)", "'say \"\"'", "0606736179202222", "'\xC3\xA4'", "0601E4"},
    {"DB1.DBB0:STRING(2)[2]", "'[\"ab\",\"\"]'", "0202616202000000", "'[\"c\",\"d\"]'", "0201636202016400"},
    {"DB1.DBW0:WCHAR", "'\xE2\x82\xAC'", "20AC", "'A'", "0041"},
    {"DB1.DBW0:WCHAR[2]", "'[\"\xC3\xA9\",\"x\"]'", "00E90078", "'[\"a\",\"b\"]'", "00610062"},
    {"DB1.DBB0:WSTRING(3)", "'a\xF0\x9F\x98\x80'", "000300030061D83DDE00", "''", "00030000"},
    {"DB1.DBB0:WSTRING(1)[2]", "'[\"\xE2\x82\xAC\",\"b\"]'", "0001000120AC000100010062", "'[\"\",\"c\"]'",
     "0001000020AC000100010063"},
    {"DB1.DBW0:S5TIME", "'S5T#2m10s'", "2130", "'S5T#10ms'", "0001"},
    {"DB1.DBW0:S5TIME[2]", "'[S5T#10ms,S5T#16m30s base 10s]'", "00013099", "'[S5T#2s base 1s,S5T#0ms]'",
     "20020000"},
    {"DB1.DBD0:TIME", "'T#-24d20h31m23s648ms'", "80000000", "'T#1s500ms'", "000005DC"},
    {"DB1.DBD0:TIME[2]", "'[T#1ms,T#-1ms]'", "00000001FFFFFFFF", "'[T#0ms,T#1m]'", "000000000000EA60"},
    {"DB1.DBB0:LTIME", "'LT#-5us'", "FFFFFFFFFFFFEC78", "'LT#1ns'", "0000000000000001"},
    {"DB1.DBW0:DATE", "'2168-12-31'", "FF62", "'1990-01-01'", "0000"},
    {"DB1.DBW0:DATE[2]", "'[2026-01-31,1990-01-02]'", "337B0001", "'[1990-01-01,1990-01-01]'", "00000000"},
    {"DB1.DBD0:TOD", "'23:59:59.999'", "05265BFF", "'00:00:00'", "00000000"},
    {"DB1.DBB0:LTOD", "'00:00:00.000000001'", "0000000000000001", "'12:00:00'", "0000274A48A78000"},
    {"DB1.DBB0:DT", "'2026-01-31T12:34:56.789'", "2601311234567897", "'1999-12-31T23:59:59'",
     "9912312359590006"},
    {"DB1.DBB0:LDT", "'2262-04-11T23:47:16.854775807'", "7FFFFFFFFFFFFFFF", "'1970-01-01T00:00:00'",
     "0000000000000000"},
    {"DB1.DBB0:DTL", "'2026-01-31T12:34:56.000000001'", "07EA011F070C223800000001", "'1970-01-01T00:00:00'",
     "07B201010500000000000000"},
    {"DB1.DBW0:COUNTER", "999", "0999", "0", "0000"},
    {"T0", "'S5T#2m10s'", "2130", "'S5T#0ms'", "0000"},
    {"T0:TIMER[2]", "'[S5T#10ms,S5T#2m10s]'", "00012130", "'[S5T#0ms,S5T#0ms]'", "00000000"},
    {"C0", "123", "0123", "0", "0000"},
    {"C0:COUNTER[2]", "'[1,999]'", "00010999", "'[0,7]'", "00000007"},
    {"M0.7", "1", "80", "0", "00"},
    {"MW0:INT", "-2", "FFFE", "3", "0003"},
};
#define N_SAMPLES (sizeof samples / sizeof samples[0])

/* The tag's place as bytes for a client; timers and counters as such. */
static s7_item item_of(const struct sample *sample, uint8_t *bytes, size_t len)
{
    s7_item item = house_item(1, 0, bytes, len);
    char first = sample->address[0];

    if (first == 'M')
        item.address.area = S7_AREA_M;
    if (first == 'T' || first == 'C') {
        item.address.area = first == 'T' ? S7_AREA_T : S7_AREA_C;
        item.address.type = first == 'T' ? S7_TYPE_TIMER : S7_TYPE_COUNTER;
        item.address.count = (uint16_t)(len / 2);
    }
    if (first != 'D')
        item.address.db = 0;
    return item;
}

static void transfer(bool write, const struct sample *sample, uint8_t *bytes, size_t len)
{
    s7_item item = item_of(sample, bytes, len);

    guest_begin(&guest, write, &item, 1, 0);
    if (guest_finish(&guest) != S7_OK)
        fail_msg("%s cannot be %s: %s", sample->address, write ? "written" : "read", guest.err.came);
}

static void client_reads(const struct sample *sample, const char *hex)
{
    uint8_t expected[BYTES_MAX], got[BYTES_MAX];
    size_t len = from_hex(hex, expected);

    transfer(false, sample, got, len);
    if (memcmp(got, expected, len) != 0) {
        for (size_t i = 0; i < len; i++)
            fprintf(stderr, "%02X", got[i]);
        fail_msg(" is read at %s, expected %s", sample->address, hex);
    }
}

static void client_writes(const struct sample *sample, const char *hex)
{
    uint8_t bytes[BYTES_MAX];

    transfer(true, sample, bytes, from_hex(hex, bytes));
}

static void sql_sees(const struct sample *sample, const char *value)
{
    const char *got = selected("SELECT quote(value) FROM tag");
    double number;
    char shortest[64];

    /* SQL prints 15 digits of a number; what it holds shows in the client's bytes */
    if (sscanf(value, "%lf", &number) == 1 && strpbrk(value, ".e") != NULL && value[0] != '\'') {
        snprintf(shortest, sizeof shortest, "SELECT value = %s FROM tag", value);
        got = strcmp(selected(shortest), "1") == 0 ? value : "another number";
    }
    if (strcmp(got, value) != 0)
        fail_msg("SQL sees %s at %s, expected %s", got, sample->address, value);
    assert_string_equal(selected("SELECT error FROM tag"), "NULL");
}

/* Strings of an array keep what lies behind their text, so the bytes are those of a fresh place each time. */
static void clear(const struct sample *sample)
{
    sql("DELETE FROM tag");
    sql("UPDATE block SET data = zeroblob(length(data)) WHERE number < 2");
    sql("INSERT INTO tag (name, address) VALUES ('t', '%s')", sample->address);
}

static void every_type_is_the_same_to_sql_and_to_a_client_whoever_writes(void **state)
{
    (void)state;
    sql("INSERT INTO block (kind, data) VALUES ('T', zeroblob(16)), ('C', zeroblob(16))");
    for (size_t i = 0; i < N_SAMPLES; i++) {
        const struct sample *sample = &samples[i];

        clear(sample);
        sql("UPDATE tag SET value = %s", sample->value);
        client_reads(sample, sample->hex);
        sql_sees(sample, sample->value);
        client_writes(sample, sample->other_hex);
        sql_sees(sample, sample->other_value);
        client_writes(sample, sample->hex);
        sql_sees(sample, sample->value);
        sql("UPDATE tag SET value = %s", sample->other_value);
        client_reads(sample, sample->other_hex);
        sql_sees(sample, sample->other_value);
    }
}

/* ---- edits that belong together ---- */

static int32_t both[2];

/* Two tags of two blocks in one request. */
static void begin_both(uint8_t bytes[8])
{
    static s7_item items[2];

    items[0] = house_item(1, 0, bytes, 4);
    items[1] = house_item(2, 100, bytes + 4, 4);
    guest_begin(&guest, false, items, 2, 0);
}

static void finish_both(const uint8_t bytes[8])
{
    assert_int_equal(guest_finish(&guest), S7_OK);
    for (int i = 0; i < 2; i++)
        both[i] = (int32_t)((uint32_t)bytes[4 * i] << 24 | (uint32_t)bytes[4 * i + 1] << 16 |
                            (uint32_t)bytes[4 * i + 2] << 8 | bytes[4 * i + 3]);
}

static void run_for_ns(int64_t ns)
{
    int64_t until_ns = s7_loop_now_ns(house.loop) + ns;

    while (guest.waiting && s7_loop_now_ns(house.loop) < until_ns)
        s7_virtual_run_until(house.loop, until_ns);
}

/* The commit falls on every moment of the request's way there and back. */
static void tags_of_one_transaction_appear_to_a_client_together(void **state)
{
    int32_t before = 0;
    int old = 0, fresh = 0;

    (void)state;
    sql("INSERT INTO tag (name, address) VALUES ('a', 'DB1.DBD0:DINT'), ('b', 'DB2.DBD100:DINT')");
    for (int32_t round = 1; round <= 300; round++) {
        uint8_t bytes[8];

        begin_both(bytes);
        sql("BEGIN");
        sql("UPDATE tag SET value = %d WHERE name = 'a'", round);
        run_for_ns(round % 30 * 10000);
        sql("UPDATE tag SET value = %d WHERE name = 'b'", round);
        sql("COMMIT");
        finish_both(bytes);
        if (both[0] != both[1] || (both[0] != round && both[0] != before))
            fail_msg("round %d: a client sees %d and %d, before it was %d", round, both[0], both[1], before);
        *(both[0] == round ? &fresh : &old) += 1;
        begin_both(bytes);
        finish_both(bytes);
        assert_int_equal(both[0], round);
        assert_int_equal(both[1], round);
        before = round;
    }
    assert_true(fresh > 20);
    assert_true(old > 20);
}

static void what_is_rolled_back_or_half_done_is_never_seen(void **state)
{
    uint8_t bytes[8];

    (void)state;
    sql("INSERT INTO tag (name, address, value) VALUES ('a', 'DB1.DBD0:DINT', 1), ('b', 'DB2.DBD100:DINT', "
        "1)");
    sql("BEGIN; UPDATE tag SET value = 2 WHERE name = 'a'");
    begin_both(bytes);
    finish_both(bytes);
    assert_int_equal(both[0], 1);
    assert_int_equal(both[1], 1);
    sql("ROLLBACK");
    begin_both(bytes);
    finish_both(bytes);
    assert_int_equal(both[0], 1);
}

/* The blocks of a transaction go first, its tags win. */
static void a_transaction_may_edit_a_block_and_tags_in_it(void **state)
{
    uint8_t bytes[8];

    (void)state;
    sql("INSERT INTO tag (name, address, value) VALUES ('a', 'DB1.DBD0:DINT', 1), ('b', 'DB2.DBD100:DINT', "
        "1)");
    begin_both(bytes);
    finish_both(bytes);
    assert_int_equal(both[1], 1);
    sql("BEGIN; UPDATE tag SET value = 7 WHERE name = 'a';"
        "UPDATE block SET data = zeroblob(length(data)) WHERE kind = 'DB'; COMMIT");
    begin_both(bytes);
    finish_both(bytes);
    assert_int_equal(both[0], 7);
    assert_int_equal(both[1], 0);
}

/* ---- edits that cannot be ---- */

static const struct {
    const char *address, *value, *reason;
} wrong[] = {
    {"DB1.DBW0:INT", "32768", "expected a whole number -32768..32767, got 32768"},
    {"DB1.DBB0:SINT", "-129", "expected a whole number -128..127, got -129"},
    {"DB1.DBX0.0", "2", "got 2"},
    {"DB1.DBD0:UDINT", "-1", "expected a whole number 0..4294967295, got -1"},
    {"DB1.DBD0:REAL", "1e39", "expected a number up to 3.4028235e+38, got 1.0e+39"},
    {"DB1.DBW0:INT", "1.5", "expected a whole number -32768..32767, got 1.5"},
    {"DB1.DBW0:INT", "'fast'", "got the text fast"},
    {"DB1.DBW0:INT", "''", "got the text "},
    {"DB1.DBW0:INT", "x'0001'", "got a BLOB"},
    {"DB1.DBB0:STRING(3)", "'four'",
     "expected a text of at most 3 characters, none above U+00FF, got the text four"},
    {"DB1.DBB0:STRING(3)", "'\xE2\x82\xAC'", "none above U+00FF"},
    {"DB1.DBB0:WSTRING(1)", "'\xF0\x9F\x98\x80'", "expected a text of at most 1 characters"},
    {"DB1.DBB0:CHAR", "'ab'", "got the text ab"},
    {"DB1.DBW0:INT[2]", "'[1]'", "expected a list [a,b,...] of 2, each a whole number -32768..32767"},
    {"DB1.DBW0:INT[2]", "'[1,x]'", "got the text [1,x]"},
    {"DB1.DBB0:DT", "'2026-02-30T00:00:00'", "got the text 2026-02-30T00:00:00"},
    {"DB1.DBW0:DATE", "'1989-12-31'", "got the text 1989-12-31"},
    {"DB1.DBD0:TIME", "'T#25d'", "got the text T#25d"},
    {"DB1.DBD0:TOD", "'24:00:00'", "got the text 24:00:00"},
    {"DB1.DBW0:S5TIME", "'S5T#3h'", "got the text S5T#3h"},
    {"DB1.DBW0:COUNTER", "1000", "got 1000"},
    {"DB1.DBW0:RAEL", "1", "expected a data type"},
    {"DB1.DBX0.8", "1", "a bit number is 0..7"},
    {"DB1.DBX0.1:INT", "1", "address DB1.DBX0.1:INT"},
    {"DB1.DBY0", "1", "expected DBX, DBB, DBW or DBD"},
    {"DB1.DBB0:IEC_TIMER", "1", "structure"},
    {"DB1.DBD253:REAL", "1", "needs 257 bytes, the block has 256"},
    {"DB9.DBW0", "1", "the PLC has no such block; INSERT INTO block makes it"},
    {"PIW0", "1", "the PLC has no such block"},
};
#define N_WRONG (sizeof wrong / sizeof wrong[0])

static void expect_all_wrong(void)
{
    char question[128];

    for (size_t i = 0; i < N_WRONG; i++) {
        snprintf(question, sizeof question, "SELECT error FROM tag WHERE name = 't%zu'", i);
        if (strstr(selected(question), wrong[i].reason) == NULL)
            fail_msg("%s = %s: expected \"%s\", tag.error is: %s", wrong[i].address, wrong[i].value,
                     wrong[i].reason, selected(question));
        snprintf(question, sizeof question, "SELECT value IS %s FROM tag WHERE name = 't%zu'", wrong[i].value,
                 i);
        if (strcmp(selected(question), "1") != 0)
            fail_msg("%s: the value that was typed, %s, is gone", wrong[i].address, wrong[i].value);
    }
}

static void an_edit_that_cannot_be_applied_stays_with_its_reason(void **state)
{
    uint8_t bytes[16], zeros[16] = {0};

    (void)state;
    for (size_t i = 0; i < N_WRONG; i++)
        sql("INSERT INTO tag (name, address, value) VALUES ('t%zu', '%s', %s)", i, wrong[i].address,
            wrong[i].value);
    assert_int_equal(guest_read(&guest, 1, 0, bytes, sizeof bytes), S7_OK);
    assert_memory_equal(bytes, zeros, sizeof bytes);
    expect_all_wrong();
    assert_int_equal(guest_write(&guest, 1, 200, "elsewhere", 9), S7_OK);
    expect_all_wrong();
    assert_int_equal(guest_write(&guest, 1, 0, zeros, sizeof zeros), S7_OK); /* takes their place */
    assert_string_equal(selected("SELECT group_concat(name) FROM tag WHERE error IS NOT NULL"),
                        "t21,t22,t23,t24,t25,t26,t27,t28"); /* those that have none */
}

static void a_tag_that_is_put_right_has_no_error_any_more(void **state)
{
    uint8_t bytes[4];

    (void)state;
    for (size_t i = 0; i < N_WRONG; i++)
        sql("INSERT INTO tag (name, address, value) VALUES ('t%zu', '%s', %s)", i, wrong[i].address,
            wrong[i].value);
    assert_int_equal(guest_read(&guest, 1, 0, bytes, 4), S7_OK);
    sql("UPDATE tag SET address = 'DB1.DBW0:INT', value = 5");
    assert_int_equal(guest_read(&guest, 1, 0, bytes, 4), S7_OK);
    assert_memory_equal(bytes, "\0\5", 2);
    assert_string_equal(selected("SELECT count(error) FROM tag"), "0");
}

static void a_block_that_becomes_long_enough_takes_the_tag_in(void **state)
{
    uint8_t bytes[4];

    (void)state;
    sql("INSERT INTO tag (name, address) VALUES ('far', 'DB1.DBD256:REAL'), ('lost', 'DB9.DBW0:INT')");
    assert_int_equal(guest_read(&guest, 1, 0, bytes, 4), S7_OK);
    assert_string_equal(selected("SELECT count(error) FROM tag"), "2");
    sql("UPDATE block SET data = CAST(data || zeroblob(4) AS BLOB) WHERE kind = 'DB' AND number = 1;"
        "INSERT INTO block (kind, number, data) VALUES ('DB', 9, x'0007');"
        "UPDATE tag SET value = 1.5 WHERE name = 'far'");
    assert_int_equal(guest_read(&guest, 1, 256, bytes, 4), S7_OK);
    assert_memory_equal(bytes, "\x3F\xC0\0\0", 4);
    assert_string_equal(selected("SELECT count(error) FROM tag"), "0");
    assert_string_equal(selected("SELECT value FROM tag WHERE name = 'lost'"), "7");
}

int main(void)
{
#define HOUSE(test) cmocka_unit_test_setup_teardown(test, open_with_guest, close_with_guest)
    const struct CMUnitTest tests[] = {
        HOUSE(every_type_is_the_same_to_sql_and_to_a_client_whoever_writes),
        HOUSE(tags_of_one_transaction_appear_to_a_client_together),
        HOUSE(what_is_rolled_back_or_half_done_is_never_seen),
        HOUSE(a_transaction_may_edit_a_block_and_tags_in_it),
        HOUSE(an_edit_that_cannot_be_applied_stays_with_its_reason),
        HOUSE(a_tag_that_is_put_right_has_no_error_any_more),
        HOUSE(a_block_that_becomes_long_enough_takes_the_tag_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
