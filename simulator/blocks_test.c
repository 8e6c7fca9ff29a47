/* Lists of blocks, details, and uploads: raw bytes in, raw bytes out. DB1 has 28 bytes, byte n holds n; there
 * are DB2, DB10 and 77 DBs from 100 on. */
#include "test_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MANY 77

static void open_with(struct rig *rig, size_t n_more)
{
    struct plant_new_block dbs[3 + MANY] = {{S7_AREA_DB, 1, 28}, {S7_AREA_DB, 2, 1000}, {S7_AREA_DB, 10, 2}};

    for (size_t i = 0; i < n_more; i++)
        dbs[3 + i] = (struct plant_new_block){S7_AREA_DB, (uint16_t)(100 + i), 10};
    rig_open_dbs(rig, "s7-300", dbs, 3 + n_more);
    rig_handshake(rig, 240, 1);
}

static int open_three(void **state)
{
    static struct rig rig;

    open_with(&rig, 0);
    *state = &rig;
    return 0;
}

static int open_many(void **state)
{
    static struct rig rig;

    open_with(&rig, MANY);
    *state = &rig;
    return 0;
}

static int close_rig(void **state)
{
    rig_close(*state);
    return 0;
}

/* ---- lists ---- */

static void S7_121_counts_of_seven_types(void **state)
{
    rig_ask_pdu(*state, "3207 0000 000e 0008 0004 000112041143 0100 0a000000",
                "3207 0000 000e 000c 0020 000112081283 0100 0000 0000 ff09001c"
                "30380000 30450000 30430000 30410003 30420000 30440000 30460000");
}

#define LIST(type)     "3207 0000 000f 0008 0006 000112041143 0200 ff090002 30" type
#define NO_LIST(error) "3207 0000 000f 000c 0004 000112081283 0201 0000" error "0a000000"
#define THREE_DBS      "3207 0000 000f 000c 0010 000112081283 0201 0000 0000 ff09000c 00012205 00022205 000a2205"

static void S7_122_lists_of_one_type(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"DBs", LIST("41"), THREE_DBS},
        {"DBs, as gos7 and libnodave ask", "3207 0000 000f 0008 0006 000112041143 0200 ff090002 3041",
         THREE_DBS},
        {"DBs, as python-snap7 asks", "3207 0000 000f 0008 0008 000112041143 0200 0a000004 30410a00",
         THREE_DBS},
        {"OBs", LIST("38"), NO_LIST("d20e")},
        {"FBs", LIST("45"), NO_LIST("d20e")},
        {"FCs", LIST("43"), NO_LIST("d20e")},
        {"SDBs", LIST("42"), NO_LIST("d20e")},
        {"SFCs", LIST("44"), NO_LIST("d20e")},
        {"SFBs", LIST("46"), NO_LIST("d20e")},
        {"no type", LIST("77"), NO_LIST("d405")},
        {"no zero in front", "3207 0000 000f 0008 0006 000112041143 0200 ff090002 4141", NO_LIST("d405")},
        {"half a type", "3207 0000 000f 0008 0005 000112041143 0200 ff090001 30", NO_LIST("d405")},
        {"nothing", "3207 0000 000f 0008 0004 000112041143 0200 0a000000", NO_LIST("d405")},
    };

    RIG_ASK_ALL(*state, exchanges);
}

/* 80 entries at 240: 52 and 28; each unit ends behind a whole one, and they go on where they were. */
static void S7_109_125_a_long_list_is_cut_behind_whole_entries(void **state)
{
    static const char follow_up[] =
        "03000021 02f080 3207 0000 0c00 000c 0004 000112081243 0201 0000 0000 0a000000";
    uint8_t first[512], second[512];
    struct rig *rig = *state;

    rig_feed(rig, "0300001f 02f080 3207 0000 000f 0008 0006 000112041143 0200 ff090002 3041");
    size_t first_len = rig_take(rig, first, sizeof first);
    assert_int_equal(first_len, 7 + 26 + 52 * 4);
    assert_int_equal(first[26], 1);
    assert_true(first[25] != 0);
    rig_feed(rig, follow_up);
    size_t second_len = rig_take(rig, second, sizeof second);
    assert_int_equal(second_len, 7 + 26 + 28 * 4);
    assert_int_equal(second[26], 0);
    assert_int_equal(second[25], first[25]);
    assert_memory_equal(first + 33, "\0\x01\x22\x05\0\x02\x22\x05\0\x0a\x22\x05\0\x64\x22\x05", 16);
    for (size_t i = 3; i < 80; i++) {
        const uint8_t *entry = i < 52 ? first + 33 + 4 * i : second + 33 + 4 * (i - 52);
        assert_int_equal(entry[0] << 8 | entry[1], 100 + (int)i - 3);
    }
    rig_ask(rig, follow_up, "03000021 02f080 3207 0000 0c00 000c 0004 000112081283 0201 0000 d406 0a000000");
}

/* ---- details ---- */

#define INFO(name)     "3207 0000 0010 0008 000c 000112041143 0300 ff090008" name
#define NO_INFO(error) "3207 0000 0010 000c 0004 000112081283 0300 0000" error "0a000000"
#define DB1_DETAILS                                                                                          \
    "3207 0000 0010 000c 0052 000112081283 0300 0000 0000 ff09004e"                                          \
    "0100 004a 2200 7070 01 01 05 0a 0001 00000078 00000000 000000000000 000000000000 0014 0000 0000 001c"   \
    "0000000000000000 0000000000000000 0000000000000000 01 00 0000 0000000000000000"

static void S7_123_124_193_details_of_a_block(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"DB1, active and passive", INFO("3041 3030303031 41"), DB1_DETAILS},
        {"DB1, as Step7's monitor asks", INFO("3041 3030303031 42"), DB1_DETAILS},
        {"DB1, passive", INFO("3041 3030303031 50"), DB1_DETAILS},
        {"DB1, as python-snap7 asks", INFO("3041 41 3030303031"), DB1_DETAILS},
        {"DB3", INFO("3041 3030303033 41"), NO_INFO("d209")},
        {"DB0", INFO("3041 3030303030 41"), NO_INFO("d209")},
        {"DB99999", INFO("3041 3939393939 41"), NO_INFO("d209")},
        {"OB1", INFO("3038 3030303031 41"), NO_INFO("d209")},
        {"SFC1", INFO("3044 3030303031 41"), NO_INFO("d209")},
        {"no number", INFO("3041 3030202031 41"), NO_INFO("d405")},
        {"no zero in front", INFO("4141 3030303031 41"), NO_INFO("d405")},
        {"7 characters", "3207 0000 0010 0008 000b 000112041143 0300 ff090007 30413030303031",
         NO_INFO("d405")},
        {"nothing", "3207 0000 0010 0008 0004 000112041143 0300 0a000000", NO_INFO("d405")},
    };

    RIG_ASK_ALL(*state, exchanges);
}

/* ---- upload ---- */

#define START(name)      "3201 0000 001b 0012 0000 1d00000000000000 09 5f" name
#define STARTED(id, len) "3203 0000 001b 0010 0000 0000 1d000100000000" id "07" len
#define MORE(id)         "3201 0000 001c 0008 0000 1e000000000000" id
#define END(id)          "3201 0000 001d 0008 0000 1f000000000000" id
#define ENDED            "3203 0000 001d 0001 0000 0000 1f"
#define NOT_OPEN(ref)    "3202 0000" ref "0000 0000 8401"
#define DB1_FILE                                                                                             \
    "7070 01 01 05 0a 0001 00000078 00000000 000000000000 000000000000 0014 0000 0000 001c"                  \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b"                                               \
    "0000000000000000000000000000000000000000"                                                               \
    "0000000000000000 0000000000000000 0000000000000000 01 00 0000 0000000000000000"

/* As a 315 answers Snap7 and Step7; the file's length is the one that it says. */
static void S7_134_140_197_an_upload_from_start_to_end(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"start", START("3041 3030303031 41"), STARTED("07", "30303030313230")},
        {"the only piece", MORE("07"), "3203 0000 001c 0002 007c 0000 1e00 0078 00fb" DB1_FILE},
        {"one more", MORE("07"), NOT_OPEN("001c")},
        {"end", END("07"), ENDED},
        {"end once more", END("07"), NOT_OPEN("001d")},
        {"a piece behind the end", MORE("07"), NOT_OPEN("001c")},
        {"another, passive", START("3041 3030303031 50"), STARTED("08", "30303030313230")},
        {"a third takes its place", START("3041 3030303130 41"), STARTED("09", "30303030303934")},
        {"the second's id", MORE("08"), NOT_OPEN("001c")},
        {"an id of 0 is whichever is open", END("00"), ENDED},
        {"DB3", START("3041 3030303033 41"), "3202 0000 001b 0000 0000 d209"},
        {"and the connection goes on", "3201 0000 0001 000e 0000 0401 120a1002 0001 0001 84 000008",
         "3203 0000 0001 0002 0005 0000 0401 ff040008 01"},
    };

    RIG_ASK_ALL(*state, exchanges);
}

/* One byte less in front, "41" for the type, no underscore; pieces and end without an id. */
static void S7_134_an_upload_as_python_snap7_asks_for_it(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"start", "3201 0000 001b 0010 0000 1d000000000000 08 3431 3030303031 41",
         STARTED("07", "30303030313230")},
        {"piece", "3201 0000 001c 0007 0000 1e000000000000",
         "3203 0000 001c 0002 007c 0000 1e00 0078 00fb" DB1_FILE},
        {"end", "3201 0000 001d 0007 0000 1f000000000000", ENDED},
        {"end once more", "3201 0000 001d 0007 0000 1f000000000000", NOT_OPEN("001d")},
        {"one byte only", "3201 0000 001c 0001 0000 1e", NOT_OPEN("001c")},
    };

    RIG_ASK_ALL(*state, exchanges);
}

static void names_that_are_none_are_refused_with_D201(void **state)
{
#define NO_NAME "3202 0000 001b 0000 0000 d201"
    static const struct rig_exchange exchanges[] = {
        {"nothing", "3201 0000 001b 0001 0000 1d", NO_NAME},
        {"no name", "3201 0000 001b 0009 0000 1d00000000000000 09", NO_NAME},
        {"half a name", "3201 0000 001b 000e 0000 1d00000000000000 09 5f30413030", NO_NAME},
        {"no digits", START("3041 3030412d31 41"), NO_NAME},
        {"no file system", START("3041 3030303031 5a"), NO_NAME},
        {"one byte too many", "3201 0000 001b 0013 0000 1d00000000000000 09 5f3041303030303141 00", NO_NAME},
        {"another length", "3201 0000 001b 0012 0000 1d00000000000000 0a 5f3041303030303141", NO_NAME},
    };

    RIG_ASK_ALL(*state, exchanges);
}

/* DB2 with its 1092 bytes: 222 a piece, at 240 as at 480. */
static void S7_134_140_pieces_make_the_file(void **state)
{
    struct rig *rig = *state;
    uint8_t frame[512], file[1200];
    size_t len = 0, pieces = 0;
    bool more = true;

    rig_ask_pdu(rig, START("3041 3030303032 41"), STARTED("07", "30303031303932"));
    for (; more; pieces++) {
        rig_feed(rig, "03000019 02f080 3201 0000 001c 0008 0000 1e00000000000007");
        size_t got = rig_take(rig, frame, sizeof frame);
        assert_int_equal(frame[19], 0x1e);
        more = frame[20] == 1;
        assert_memory_equal(frame + 23, "\0\xfb", 2);
        assert_int_equal(frame[21] << 8 | frame[22], got - 25);
        if (more)
            assert_int_equal(got - 25, 222);
        memcpy(file + len, frame + 25, got - 25);
        len += got - 25;
    }
    assert_int_equal(pieces, 5);
    assert_int_equal(len, 1092);
    assert_int_equal(file[10] << 8 | file[11], 1092); /* what its head says */
    assert_int_equal(file[34] << 8 | file[35], 1000);
    assert_memory_equal(file + 36, rig_db(rig, 2), 1000);
    rig_ask_pdu(rig, END("07"), ENDED);
}

static void S7_135_another_connections_upload_is_not_ones_own(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"piece", MORE("07"), NOT_OPEN("001c")},
        {"of none", MORE("00"), NOT_OPEN("001c")},
        {"end", END("07"), NOT_OPEN("001d")},
        {"one's own", START("3041 3030303031 41"), STARTED("08", "30303030313230")},
        {"piece", MORE("07"), NOT_OPEN("001c")},
        {"end of one's own", END("08"), ENDED},
    };
    struct rig *rig = *state;

    rig_ask_pdu(rig, START("3041 3030303031 41"), STARTED("07", "30303030313230"));
    sim_session *first = rig->session;
    rig->session = NULL;
    rig_connect(rig);
    rig_handshake(rig, 240, 1);
    RIG_ASK_ALL(rig, exchanges);
    sim_session *second = rig->session;
    rig->session = first;
    rig_ask_pdu(rig, MORE("07"), "3203 0000 001c 0002 007c 0000 1e00 0078 00fb" DB1_FILE);
    sim_session_free(second);
}

#define THREE(test)    cmocka_unit_test_setup_teardown(test, open_three, close_rig)
#define MORE_DBS(test) cmocka_unit_test_setup_teardown(test, open_many, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        THREE(S7_121_counts_of_seven_types),
        THREE(S7_122_lists_of_one_type),
        MORE_DBS(S7_109_125_a_long_list_is_cut_behind_whole_entries),
        THREE(S7_123_124_193_details_of_a_block),
        THREE(S7_134_140_197_an_upload_from_start_to_end),
        THREE(S7_134_an_upload_as_python_snap7_asks_for_it),
        THREE(names_that_are_none_are_refused_with_D201),
        THREE(S7_134_140_pieces_make_the_file),
        THREE(S7_135_another_connections_upload_is_not_ones_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
