/* Read Var and Write Var, item by item: what each wrong item is answered with, alone and among good ones, and
 * the exchanges that descriptions of the protocol show. Raw bytes in, raw bytes out; DB1 has 5 bytes, byte n
 * holds n. */
#include "test_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int open_on(void **state, const char *cpu)
{
    static const struct plant_new_block dbs[] = {
        {S7_AREA_DB, 1, 5}, {S7_AREA_DB, 2, 100}, {S7_AREA_DB, 65535, 4}};
    static struct rig rig;

    rig_open_dbs(&rig, cpu, dbs, sizeof dbs / sizeof dbs[0]);
    rig_handshake(&rig, 240, 2);
    *state = &rig;
    return 0;
}

static int open_300(void **state)
{
    return open_on(state, "s7-300");
}

static int open_generic(void **state)
{
    return open_on(state, "generic");
}

static int close_rig(void **state)
{
    rig_close(*state);
    return 0;
}

#define ITEM(size, count, db, area, address) "120a10" size count db area address

#define READ1(item)  "3201 0000 0001 000e 0000 0401" item
#define CODE(code)   "3203 0000 0001 0002 0004 0000 0401" code "000000"
#define READ_1(data) "3203 0000 0001 0002 0005 0000 0401 ff040008" data

/* Area, DB, size, timers and counters, count, alignment, bounds: in this order. */
static void S7_061_to_065_wrong_items_of_a_read(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"area 0", READ1(ITEM("02", "0001", "0001", "00", "000000")), CODE("0a")},
        {"area FF", READ1(ITEM("02", "0001", "0001", "ff", "000000")), CODE("0a")},
        {"areas of an S7-200", READ1(ITEM("02", "0001", "0000", "05", "000000")), CODE("0a")},
        {"local data", READ1(ITEM("02", "0001", "0000", "86", "000000")), CODE("05")},
        {"the caller's local data", READ1(ITEM("02", "0001", "0000", "87", "000000")), CODE("05")},
        {"DB 0", READ1(ITEM("02", "0001", "0000", "84", "000000")), CODE("0a")},
        {"DB 3, which is missing", READ1(ITEM("02", "0001", "0003", "84", "000000")), CODE("0a")},
        {"DB 65534, which is missing", READ1(ITEM("02", "0001", "fffe", "84", "000000")), CODE("0a")},
        {"DB 65535, which is there", READ1(ITEM("02", "0001", "ffff", "84", "000000")), READ_1("00")},
        {"a missing instance DB", READ1(ITEM("02", "0001", "0003", "85", "000000")), CODE("0a")},
        {"size 00", READ1(ITEM("00", "0001", "0001", "84", "000000")), CODE("05")},
        {"size 09", READ1(ITEM("09", "0001", "0001", "84", "000000")), CODE("05")},
        {"size FF", READ1(ITEM("ff", "0001", "0001", "84", "000000")), CODE("05")},
        {"a missing DB counts before its size", READ1(ITEM("ff", "0001", "0003", "84", "000000")),
         CODE("0a")},
        {"TIMER in a DB", READ1(ITEM("1d", "0001", "0001", "84", "000000")), CODE("05")},
        {"COUNTER in a DB", READ1(ITEM("1c", "0001", "0001", "84", "000000")), CODE("05")},
        {"TIMER in M", READ1(ITEM("1d", "0001", "0000", "83", "000000")), CODE("05")},
        {"TIMER among counters", READ1(ITEM("1d", "0001", "0000", "1c", "000000")), CODE("05")},
        {"COUNTER among timers", READ1(ITEM("1c", "0001", "0000", "1d", "000000")), CODE("05")},
        {"BYTE among timers", READ1(ITEM("02", "0001", "0000", "1d", "000000")), CODE("05")},
        {"WORD among counters", READ1(ITEM("04", "0001", "0000", "1c", "000000")), CODE("05")},
        {"BIT among timers", READ1(ITEM("01", "0001", "0000", "1d", "000000")), CODE("05")},
        {"two bits", READ1(ITEM("01", "0002", "0001", "84", "000000")), CODE("06")},
        {"two bits past the end", READ1(ITEM("01", "0002", "0001", "84", "000028")), CODE("06")},
        {"BYTE inside a byte", READ1(ITEM("02", "0001", "0001", "84", "000001")), CODE("05")},
        {"WORD inside a byte", READ1(ITEM("04", "0001", "0001", "84", "000004")), CODE("05")},
        {"REAL inside a byte", READ1(ITEM("08", "0001", "0001", "84", "000007")), CODE("05")},
        {"past the end", READ1(ITEM("02", "0002", "0001", "84", "000020")), CODE("05")},
        {"far past the end", READ1(ITEM("02", "0001", "0001", "84", "fffff8")), CODE("05")},
        {"up to the end", READ1(ITEM("02", "0001", "0001", "84", "000020")), READ_1("04")},
    };

    RIG_ASK_ALL(*state, exchanges);
}

#define WRITE1(item, unit_len, unit) "3201 0000 0001 000e 00" unit_len "0501" item unit
#define WROTE(code)                  "3203 0000 0001 0002 0001 0000 0501" code
#define ONE_BYTE                     "00040008 77"

static void S7_062_065_075_wrong_items_of_a_write(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"area 0", WRITE1(ITEM("02", "0001", "0001", "00", "000000"), "05", ONE_BYTE), WROTE("0a")},
        {"local data", WRITE1(ITEM("02", "0001", "0000", "86", "000000"), "05", ONE_BYTE), WROTE("05")},
        {"an absent module", WRITE1(ITEM("02", "0001", "0000", "80", "000000"), "05", ONE_BYTE), WROTE("01")},
        {"DB 0", WRITE1(ITEM("02", "0001", "0000", "84", "000000"), "05", ONE_BYTE), WROTE("0a")},
        {"a missing DB", WRITE1(ITEM("02", "0001", "0003", "84", "000000"), "05", ONE_BYTE), WROTE("0a")},
        {"an unknown size", WRITE1(ITEM("55", "0001", "0001", "84", "000000"), "05", ONE_BYTE), WROTE("06")},
        {"COUNTER in a DB", WRITE1(ITEM("1c", "0001", "0001", "84", "000000"), "06", "00090002 0001"),
         WROTE("05")},
        {"COUNTER among timers", WRITE1(ITEM("1c", "0001", "0000", "1d", "000000"), "06", "00090002 0001"),
         WROTE("05")},
        {"two bits", WRITE1(ITEM("01", "0002", "0001", "84", "000000"), "06", "00030002 0101"), WROTE("06")},
        {"two bits with a byte each",
         WRITE1(ITEM("01", "0002", "0001", "84", "000000"), "06", "00040010 0101"), WROTE("06")},
        {"inside a byte", WRITE1(ITEM("02", "0001", "0001", "84", "000003"), "05", ONE_BYTE), WROTE("05")},
        {"past the end", WRITE1(ITEM("02", "0001", "0001", "84", "000028"), "05", ONE_BYTE), WROTE("05")},
        {"with its last byte past the end",
         WRITE1(ITEM("04", "0001", "0001", "84", "000020"), "06", "00040010 1234"), WROTE("05")},
        {"2097151.7", WRITE1(ITEM("01", "0001", "0001", "84", "ffffff"), "05", "00030001 01"), WROTE("05")},
        {"65535 bytes with one", WRITE1(ITEM("02", "ffff", "0002", "84", "000000"), "05", ONE_BYTE),
         WROTE("05")},
        {"no bytes with one", WRITE1(ITEM("02", "0000", "0002", "84", "000000"), "05", ONE_BYTE),
         WROTE("05")},
        {"two bytes with one", WRITE1(ITEM("02", "0002", "0002", "84", "000000"), "05", ONE_BYTE),
         WROTE("07")},
        {"one byte with two", WRITE1(ITEM("02", "0001", "0002", "84", "000000"), "06", "00040010 7777"),
         WROTE("07")},
        {"one byte with none", WRITE1(ITEM("02", "0001", "0002", "84", "000000"), "04", "00000000"),
         WROTE("07")},
        {"a DWORD with a word", WRITE1(ITEM("06", "0001", "0002", "84", "000000"), "06", "00040010 7777"),
         WROTE("07")},
        {"a bit with a word", WRITE1(ITEM("01", "0001", "0002", "84", "000000"), "06", "00040010 0001"),
         WROTE("07")},
    };

    RIG_ASK_ALL(*state, exchanges);
    for (uint8_t i = 0; i < 5; i++)
        assert_int_equal(rig_db(*state, 1)[i], i);
    assert_int_equal(rig_db(*state, 2)[0], 0);
}

/* The data's own size says how long it is, and may be another than the item's. */
static void S7_056_078_079_data_of_another_size_than_the_item(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"a REAL as 4 bytes in bits",
         WRITE1(ITEM("08", "0001", "0002", "84", "000000"), "08", "00040020 3fc00000"), WROTE("ff")},
        {"a REAL as octets", WRITE1(ITEM("08", "0001", "0002", "84", "000020"), "08", "00090004 40000000"),
         WROTE("ff")},
        {"a REAL as REAL, in bytes",
         WRITE1(ITEM("08", "0001", "0002", "84", "000040"), "08", "00070004 40400000"), WROTE("ff")},
        {"bytes as REAL", WRITE1(ITEM("02", "0004", "0002", "84", "000060"), "08", "00070004 01020304"),
         WROTE("ff")},
        {"bytes as INT", WRITE1(ITEM("02", "0004", "0002", "84", "000080"), "08", "00050020 05060708"),
         WROTE("ff")},
        {"a WORD as octets", WRITE1(ITEM("04", "0001", "0002", "84", "0000a0"), "06", "00090002 090a"),
         WROTE("ff")},
        {"characters as bytes", WRITE1(ITEM("03", "0002", "0002", "84", "0000b0"), "06", "00040010 4142"),
         WROTE("ff")},
        {"a bit as a byte", WRITE1(ITEM("01", "0001", "0002", "84", "0000c3"), "05", "00040008 01"),
         WROTE("ff")},
        {"a bit as a bit", WRITE1(ITEM("01", "0001", "0002", "84", "0000c4"), "05", "00030001 01"),
         WROTE("ff")},
        {"a bit and a fill byte", WRITE1(ITEM("01", "0001", "0002", "84", "0000c5"), "06", "00030001 0100"),
         WROTE("ff")},
        {"three bytes and a fill byte",
         WRITE1(ITEM("02", "0003", "0002", "84", "0000d0"), "08", "00040018 11121300"), WROTE("ff")},
        {"17 bits are three bytes",
         WRITE1(ITEM("02", "0003", "0002", "84", "0000e8"), "07", "00040011 141516"), WROTE("ff")},
        {"REAL in bits is too long",
         WRITE1(ITEM("08", "0001", "0002", "84", "000000"), "08", "00070020 3fc00000"),
         "3202 0000 0001 0000 0000 8500"},
        {"two fill bytes", WRITE1(ITEM("02", "0001", "0002", "84", "000000"), "07", "00040008 770000"),
         "3202 0000 0001 0000 0000 8500"},
    };
    static const char expected[] =
        "\x3f\xc0\0\0\x40\0\0\0\x40\x40\0\0\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a"
        "AB\x38\0\x11\x12\x13\x14\x15\x16";

    RIG_ASK_ALL(*state, exchanges);
    assert_memory_equal(rig_db(*state, 2), expected, sizeof expected - 1);
}

/* A bad item takes its four bytes wherever it is; fill bytes are where they were. */
static void S7_055_057_059_060_good_and_bad_items_of_one_read(void **state)
{
#define GOOD1    ITEM("02", "0001", "0001", "84", "000008")
#define GOOD2    ITEM("02", "0002", "0001", "84", "000010")
#define MISSING  ITEM("02", "0001", "0063", "84", "000000")
#define PAST     ITEM("04", "0001", "0001", "84", "000020")
#define TWO_BITS ITEM("01", "0002", "0001", "84", "000000")
#define NO_SLOT  ITEM("02", "0001", "0000", "80", "000000")
    static const struct rig_exchange exchanges[] = {
        {"the bad one first", "3201 0000 0001 001a 0000 0402" MISSING GOOD1,
         "3203 0000 0001 0002 0009 0000 0402 0a000000 ff040008 01"},
        {"the bad one last", "3201 0000 0001 001a 0000 0402" GOOD1 PAST,
         "3203 0000 0001 0002 000a 0000 0402 ff040008 0100 05000000"},
        {"the bad one between", "3201 0000 0001 0026 0000 0403" GOOD1 MISSING GOOD2,
         "3203 0000 0001 0002 0010 0000 0403 ff040008 0100 0a000000 ff040010 0203"},
        {"each of its own kind",
         "3201 0000 0001 0056 0000 0407" MISSING GOOD1 PAST TWO_BITS GOOD2 NO_SLOT GOOD1,
         "3203 0000 0001 0002 0021 0000 0407 0a000000 ff040008 0100 05000000 06000000 ff040010 0203 01000000 "
         "ff040008 01"},
        {"nothing but bad ones", "3201 0000 0001 0026 0000 0403" MISSING PAST NO_SLOT,
         "3203 0000 0001 0002 000c 0000 0403 0a000000 05000000 01000000"},
    };

    RIG_ASK_ALL(*state, exchanges);
}

static void S7_074_075_077_good_and_bad_items_of_one_write(void **state)
{
#define DB2(byte) ITEM("02", "0001", "0002", "84", byte)
    static const struct rig_exchange exchanges[] = {
        {"one code an item, nothing filled",
         "3201 0000 0001 0026 0011 0503" DB2("000000")
             MISSING DB2("000008") "00040008 0100 00040008 0200 00040008 03",
         "3203 0000 0001 0002 0003 0000 0503 ff0aff"},
        {"a length that is wrong spoils no other",
         "3201 0000 0001 0026 0012 0503" DB2("000010") DB2("000018")
             DB2("000020") "00040008 0400 00040010 0505 00040008 0600",
         "3203 0000 0001 0002 0003 0000 0503 ff07ff"},
        {"five of them",
         "3201 0000 0001 003e 001d 0505" PAST DB2("000028") TWO_BITS NO_SLOT DB2(
             "000030") "00040010 1234 00040008 0700 00040008 0000 00040008 0000 00040008 08",
         "3203 0000 0001 0002 0005 0000 0505 05ff0601ff"},
    };

    RIG_ASK_ALL(*state, exchanges);
    assert_memory_equal(rig_db(*state, 2), "\x01\x03\x04\0\x06\x07\x08", 7);
    assert_memory_equal(rig_db(*state, 1), "\0\x01\x02\x03\x04", 5);
}

/* NCK, its metric and inch forms, Drive ES, symbolic, unknown ones: all lengths, even and odd. */
static void S7_082_083_items_of_other_syntax_spare_their_neighbours(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"NCK (10 bytes) before", "3201 0000 0001 0018 0000 0402 120882 01000100011a01" GOOD1,
         "3203 0000 0001 0002 0009 0000 0402 0a000000 ff040008 01"},
        {"NCK metric", "3201 0000 0001 0018 0000 0402 120883 01000100011a01" GOOD1,
         "3203 0000 0001 0002 0009 0000 0402 0a000000 ff040008 01"},
        {"NCK inch", "3201 0000 0001 0018 0000 0402 120884 01000100011a01" GOOD1,
         "3203 0000 0001 0002 0009 0000 0402 0a000000 ff040008 01"},
        {"Drive ES", "3201 0000 0001 001a 0000 0402 120aa2 02000100018400 0000" GOOD1,
         "3203 0000 0001 0002 0009 0000 0402 0a000000 ff040008 01"},
        {"symbolic", "3201 0000 0001 0022 0000 0402 1212b2 ff8a0e0001 12345678 20000001 40000002" GOOD1,
         "3203 0000 0001 0002 0009 0000 0402 0a000000 ff040008 01"},
        {"3 bytes and a fill byte", "3201 0000 0001 0012 0000 0402 120177 00" GOOD1,
         "3203 0000 0001 0002 0009 0000 0402 0a000000 ff040008 01"},
        {"5 bytes and a fill byte, between two", "3201 0000 0001 0020 0000 0403" GOOD1 "1203770102 00" GOOD1,
         "3203 0000 0001 0002 000f 0000 0403 ff040008 0100 0a000000 ff040008 01"},
        {"5 bytes at the end, without", "3201 0000 0001 0013 0000 0402" GOOD1 "1203770102",
         "3203 0000 0001 0002 000a 0000 0402 ff040008 0100 0a000000"},
        {"5 bytes at the end with one: the list is longer than its items",
         "3201 0000 0001 0014 0000 0402" GOOD1 "1203770102 00", "3202 0000 0001 0000 0000 8500"},
        {"5 bytes before another, without", "3201 0000 0001 0013 0000 0402 1203770102" GOOD1,
         "3202 0000 0001 0000 0000 8500"},
        {"longer than what is left", "3201 0000 0001 0012 0000 0402" GOOD1 "127f7701",
         "3202 0000 0001 0000 0000 8500"},
        {"written", "3201 0000 0001 0012 000b 0502 120177 00" DB2("000040") "00040008 1100 00040008 22",
         "3203 0000 0001 0002 0002 0000 0502 0aff"},
    };

    RIG_ASK_ALL(*state, exchanges);
    assert_int_equal(rig_db(*state, 2)[8], 0x22);
}

static void S7_080_the_other_areas_and_their_DB_numbers(void **state)
{
    static const char *const areas[] = {"81", "82", "83"};

    for (size_t i = 0; i < 3; i++) {
        char request[160], answer[160];
        snprintf(request, sizeof request, WRITE1("120a1002 0001 0%02zx1 %s 000018", "05", "00040008 %02zx"),
                 i, areas[i], 0x40 + i);
        rig_ask_pdu(*state, request, WROTE("ff"));
        snprintf(request, sizeof request, READ1("120a1002 0001 ffff %s 000018"), areas[i]);
        snprintf(answer, sizeof answer, READ_1("%02zx"), 0x40 + i);
        rig_ask_pdu(*state, request, answer);
    }
}

/* Both kinds, several at once; what is no BCD spares the others. */
static void S7_066_195_timers_and_counters_by_number(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"T4 to T6",
         "3201 0000 0001 000e 000a 0501" ITEM("1d", "0003", "0000", "1d", "000004") "00090006 2130 0999 3001",
         WROTE("ff")},
        {"T5 and T6", READ1(ITEM("1d", "0002", "0000", "1d", "000005")),
         "3203 0000 0001 0002 0008 0000 0401 ff090004 09993001"},
        {"C2", "3201 0000 0001 000e 0006 0501" ITEM("1c", "0001", "0000", "1c", "000002") "00090002 0123",
         WROTE("ff")},
        {"C2 and C3", READ1(ITEM("1c", "0002", "0000", "1c", "000002")),
         "3203 0000 0001 0002 0008 0000 0401 ff090004 01230000"},
        {"one of two is no BCD: neither",
         "3201 0000 0001 000e 0008 0501" ITEM("1d", "0002", "0000", "1d", "000004") "00090004 0001 0a00",
         WROTE("03")},
        {"no BCD, and a counter",
         "3201 0000 0001 001a 000c 0502" ITEM("1d", "0001", "0000", "1d", "000004")
             ITEM("1c", "0001", "0000", "1c", "000003") "00090002 00fa 00090002 0077",
         "3203 0000 0001 0002 0002 0000 0502 03ff"},
        {"T4 and C3",
         "3201 0000 0001 001a 0000 0402" ITEM("1d", "0001", "0000", "1d", "000004")
             ITEM("1c", "0001", "0000", "1c", "000003"),
         "3203 0000 0001 0002 000c 0000 0402 ff090002 2130 ff090002 0077"},
        {"as bytes in bits",
         "3201 0000 0001 000e 0006 0501" ITEM("1d", "0001", "0000", "1d", "000007") "00040010 0042",
         WROTE("ff")},
        {"a timer with four bytes",
         "3201 0000 0001 000e 0008 0501" ITEM("1d", "0001", "0000", "1d", "000007") "00090004 00420042",
         WROTE("07")},
    };

    RIG_ASK_ALL(*state, exchanges);
}

/* Each size, with the data size and the unit that real CPUs answer with. */
static void S7_050_to_054_every_size_and_its_answer(void **state)
{
#define READ_N(len, unit) "3203 0000 0001 0002 00" len "0000 0401" unit
    static const struct rig_exchange exchanges[] = {
        {"BIT", READ1(ITEM("01", "0001", "0001", "84", "000018")), READ_N("05", "ff030001 01")},
        {"BYTE x 3", READ1(ITEM("02", "0003", "0001", "84", "000008")), READ_N("07", "ff040018 010203")},
        {"CHAR x 4", READ1(ITEM("03", "0004", "0001", "84", "000000")), READ_N("08", "ff090004 00010203")},
        {"WORD x 2", READ1(ITEM("04", "0002", "0001", "84", "000008")), READ_N("08", "ff040020 01020304")},
        {"INT x 2", READ1(ITEM("05", "0002", "0001", "84", "000008")), READ_N("08", "ff050020 01020304")},
        {"DWORD", READ1(ITEM("06", "0001", "0001", "84", "000008")), READ_N("08", "ff040020 01020304")},
        {"DINT", READ1(ITEM("07", "0001", "0001", "84", "000008")), READ_N("08", "ff050020 01020304")},
        {"REAL", READ1(ITEM("08", "0001", "0001", "84", "000008")), READ_N("08", "ff070004 01020304")},
        {"TOD", READ1(ITEM("0a", "0001", "0001", "84", "000008")), READ_N("08", "ff040020 01020304")},
        {"TIME", READ1(ITEM("0b", "0001", "0001", "84", "000008")), READ_N("08", "ff040020 01020304")},
        {"S5TIME", READ1(ITEM("0c", "0001", "0001", "84", "000008")), READ_N("06", "ff040010 0102")},
        {"DATE_AND_TIME", READ1(ITEM("0f", "0001", "0002", "84", "000008")),
         READ_N("0c", "ff040040 0000000000000000")},
    };

    RIG_ASK_ALL(*state, exchanges);
}

/* ---- the exchanges of the protocol's descriptions ---- */

static void examples_of_reading(void **state)
{
    static const struct rig_exchange prepare[] = {
        {"DB1.DBB0 to 4", WRITE1(ITEM("02", "0005", "0001", "84", "000000"), "09", "00040028 1122334400"),
         WROTE("ff")},
        {"T4", WRITE1(ITEM("1d", "0001", "0000", "1d", "000004"), "06", "00090002 2130"), WROTE("ff")},
    };
    static const struct rig_exchange three[] = {
        {"01 02 03, and bit 3 of byte 4",
         WRITE1(ITEM("02", "0005", "0001", "84", "000000"), "09", "00040028 0102030008"), WROTE("ff")},
    };

    RIG_ASK_ALL(*state, prepare);
    rig_ask(*state, "0300001f 02f080 3201 0000 0005 000e 0000 0401 120a1002 0004 0001 84 000000",
            "0300001d 02f080 3203 0000 0005 0002 0008 0000 0401 ff040020 11223344");
    RIG_ASK_ALL(*state, three);
    rig_ask(
        *state,
        "03000037 02f080 3201 0000 0006 0026 0000 0403 120a1002 0003 0001 84 000000"
        "120a1001 0001 0001 84 000023 120a101d 0001 0000 1d 000004",
        "03000029 02f080 3203 0000 0006 0002 0014 0000 0403 ff040018 01020300 ff030001 0100 ff090002 2130");
    rig_ask_pdu(*state,
                "3201 0000 0007 001a 0000 0402 120a1002 0001 0009 84 000000 120a1002 0002 0002 84 000000",
                "3203 0000 0007 0002 000a 0000 0402 0a000000 ff040010 0000");
    rig_ask_pdu(*state, "3201 0000 0000 000e 0000 0401 120a1002 0001 0009 84 000000",
                "3203 0000 0000 0002 0004 0000 0401 0a000000");
    rig_ask_pdu(*state, "3201 0000 0000 000e 0000 0401 120a1002 0001 0001 84 000028",
                "3203 0000 0000 0002 0004 0000 0401 05000000");
}

static void examples_of_writing(void **state)
{
    rig_ask_pdu(*state, "3201 0000 0008 000e 0005 0501 120a1001 0001 0000 83 000053 00030001 01",
                "3203 0000 0008 0002 0001 0000 0501 ff");
    rig_ask_pdu(*state,
                "3201 0000 0009 001a 000e 0502 120a1002 0003 0001 84 000000 120a1004 0001 0001 84 000020"
                "00040018 aabbcc00 00040010 1234",
                "3203 0000 0009 0002 0002 0000 0502 ff05");
    assert_memory_equal(rig_db(*state, 1), "\xaa\xbb\xcc\x03\x04", 5);
    rig_ask_pdu(*state, "3201 0000 0009 000e 0000 0401 120a1002 0001 0000 83 000050",
                "3203 0000 0009 0002 0005 0000 0401 ff040008 08");
}

#define S300(test)    cmocka_unit_test_setup_teardown(test, open_300, close_rig)
#define GENERIC(test) cmocka_unit_test_setup_teardown(test, open_generic, close_rig)
#define BOTH(test)    S300(test), GENERIC(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(S7_061_to_065_wrong_items_of_a_read),
        BOTH(S7_062_065_075_wrong_items_of_a_write),
        BOTH(S7_056_078_079_data_of_another_size_than_the_item),
        BOTH(S7_055_057_059_060_good_and_bad_items_of_one_read),
        BOTH(S7_074_075_077_good_and_bad_items_of_one_write),
        BOTH(S7_082_083_items_of_other_syntax_spare_their_neighbours),
        BOTH(S7_080_the_other_areas_and_their_DB_numbers),
        BOTH(S7_066_195_timers_and_counters_by_number),
        BOTH(S7_050_to_054_every_size_and_its_answer),
        BOTH(examples_of_reading),
        BOTH(examples_of_writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
