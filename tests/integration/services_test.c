/* services_test.c - what a simulated CPU tells of itself and lets be done with it: bytes in, bytes out. */
#include "simulator/test_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sqlite3.h>

#define STOP "3201 0000 1400 0010 0000 290000000000 09 505f50524f4752414d"
#define WARM "3201 0000 1500 0014 0000 28000000000000fd 0000 09 505f50524f4752414d"
#define COLD "3201 0000 1600 0016 0000 28000000000000fd 0002 4320 09 505f50524f4752414d"

/* Userdata: a first request with this kind ("44 01") and data. */
static size_t call(struct rig *rig, const char *kind, const char *data, uint8_t *answer)
{
    char frame[512];
    uint8_t bytes[256], reply[1200];
    size_t data_len = rig_hex(data, bytes, sizeof bytes), len;

    snprintf(frame, sizeof frame, "0300 %04zx 02f080 3207 0000 0b00 0008 %04zx 00011204 11 %s 00 %s",
             17 + 8 + data_len, data_len, kind, data);
    rig_feed(rig, frame);
    len = rig_take(rig, reply, sizeof reply);
    assert_true(len > 7);
    memcpy(answer, reply + 7, len - 7);
    return len - 7;
}

static size_t szl(struct rig *rig, uint16_t id, uint16_t index, uint8_t *answer)
{
    char data[32];

    snprintf(data, sizeof data, "ff090004 %04x %04x", id, index);
    return call(rig, "44 01", data, answer);
}

static unsigned word(const uint8_t *at)
{
    return (unsigned)(at[0] << 8 | at[1]);
}

/* Offsets in an answer from the S7 header on. */
#define SEQUENCE 17
#define UNIT_REF 18
#define MORE     19
#define ERROR    20
#define PAYLOAD  26
#define RECORDS  34

static unsigned error_of(const uint8_t *answer)
{
    return word(answer + ERROR);
}

static unsigned szl_error(struct rig *rig, uint16_t id, uint16_t index)
{
    uint8_t answer[1000];

    szl(rig, id, index, answer);
    return error_of(answer);
}

/* A foreign program edits the file. */
static void sql(struct rig *rig, const char *text)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(rig->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void select_text(struct rig *rig, const char *text, char *out, size_t cap)
{
    sqlite3 *db;
    sqlite3_stmt *q;

    assert_int_equal(sqlite3_open(rig->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    snprintf(out, cap, "%s", (const char *)sqlite3_column_text(q, 0));
    sqlite3_finalize(q);
    sqlite3_close(db);
}

/* ---- userdata ---- */

static void s7_100_to_102_answers_have_long_parameters_and_errors_no_data(void **state)
{
    rig_ask_pdu(*state, "3207 0000 0d00 0008 0008 000112041144 0100 ff090004 7777 0000",
                "3207 0000 0d00 000c 0004 000112081284 0101 0000 d401 0a000000");
}

static void s7_103_an_unknown_group_is_answered(void **state)
{
    rig_ask_pdu(*state, "3207 0000 0d00 0008 0004 000112041146 0900 0a000000",
                "3207 0000 0d00 000c 0004 000112081286 0901 0000 8104 0a000000");
}

static void s7_104_and_190_long_answers_come_in_units_of_one_reference(void **state)
{
    struct rig *rig = *state;
    uint8_t first[1000], second[1000];

    assert_int_equal(szl(rig, 0x001C, 0, first), 240);
    assert_int_equal(first[MORE], 1);
    assert_int_equal(first[UNIT_REF], 0xD5);
    assert_int_equal(word(first + 24), 214);
    rig_feed(rig, "03000021 02f080 3207 0000 0c00 000c 0004 000112081244 0101 0000 0000 0a000000");
    size_t len = rig_take(rig, second, sizeof second) - 7;
    assert_int_equal(second[7 + MORE], 0);
    assert_int_equal(second[7 + UNIT_REF], 0xD5);
    assert_int_equal(len - PAYLOAD, 134);
    (void)szl(rig, 0x001C, 0, first);
    assert_int_equal(first[UNIT_REF], 0xD6);
}

static void s7_106_nothing_follows_an_answer_that_is_over(void **state)
{
    const char follow_up[] = "3207 0000 0c00 000c 0004 000112081244 0101 0000 0000 0a000000";
    const char none[] = "3207 0000 0c00 000c 0004 000112081284 0101 0000 d406 0a000000";
    struct rig *rig = *state;
    uint8_t answer[1000];

    rig_ask_pdu(rig, follow_up, none);
    (void)szl(rig, 0x001C, 0, answer);
    (void)szl(rig, 0x0424, 0, answer); /* a first request ends the other */
    rig_ask_pdu(rig, follow_up, none);
}

static void s7_107_the_length_counts_not_the_return_code(void **state)
{
    uint8_t answer[1000];

    call(*state, "44 01", "0a000004 0424 0000", answer);
    assert_int_equal(error_of(answer), 0);
}

static void s7_108_a_follow_up_may_have_the_form_of_a_first_request(void **state)
{
    struct rig *rig = *state;
    uint8_t answer[1000];

    (void)szl(rig, 0x001C, 0, answer);
    rig_feed(rig, "0300001d 02f080 3207 0000 0c00 0008 0004 000112041144 0101 0a000000");
    assert_int_equal(rig_take(rig, answer, sizeof answer), 7 + PAYLOAD + 134);
}

static void requests_behind_a_long_answer_wait_for_the_next_turn(void **state)
{
    struct rig *rig = *state;
    uint8_t answer[2000];

    rig_feed(rig, "03000021 02f080 3207 0000 0b00 0008 0008 000112041144 0100 ff090004 001c0000"
                  "03000021 02f080 3207 0000 0c00 0008 0008 000112041144 0100 ff090004 04240000");
    assert_int_equal(rig_take(rig, answer, sizeof answer), 247);
    rig_feed(rig, "");
    rig_feed(rig, "03000007 02f000"); /* an empty DT: one more turn */
    assert_int_equal(rig_take(rig, answer, sizeof answer), 7 + RECORDS + 20);
}

/* ---- status lists ---- */

static void s7_110_an_unknown_list_is_D401_and_an_unknown_index_D402(void **state)
{
    assert_int_equal(szl_error(*state, 0x7777, 0), 0xD401);
    assert_int_equal(szl_error(*state, 0x0131, 0x77), 0xD402);
    assert_int_equal(szl_error(*state, 0x0111, 0x77), 0xD402);
    assert_int_equal(szl_error(*state, 0x0177, 0), 0xD401);
}

static void s7_111_identification_has_1_6_7_then_81(void **state)
{
    static const unsigned wanted[] = {1, 6, 7, 0x81};
    uint8_t answer[1000];

    szl(*state, 0x0011, 1, answer);
    assert_int_equal(word(answer + PAYLOAD + 4), 28);
    assert_int_equal(word(answer + PAYLOAD + 6), 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(word(answer + RECORDS + 28 * i), wanted[i]);
    assert_memory_equal(answer + RECORDS + 2, "6ES7 315-2EH14-0AB0 ", 20);
    szl(*state, 0x0111, 6, answer);
    assert_int_equal(word(answer + PAYLOAD + 6), 1);
    assert_int_equal(word(answer + RECORDS), 6);
}

static void s7_112_components_have_their_order(void **state)
{
    static const unsigned wanted[] = {1, 2, 3, 4, 5, 7};
    uint8_t answer[1000];

    szl(*state, 0x001C, 0, answer);
    assert_int_equal(word(answer + PAYLOAD + 4), 34);
    assert_int_equal(word(answer + PAYLOAD + 6), 10);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(word(answer + RECORDS + 34 * i), wanted[i]);
}

static void s7_113_and_130_to_132_stop_and_start_show_in_the_mode(void **state)
{
    struct rig *rig = *state;
    uint8_t answer[1000];
    char text[32];

    szl(rig, 0x0424, 4, answer);
    assert_memory_equal(answer + PAYLOAD, "\x04\x24\0\0\0\x14\0\x01\x51\x44\xff\x08", 12);
    rig_ask_pdu(rig, WARM, "3203 0000 1500 0002 0000 8402 2803");
    rig_ask_pdu(rig, STOP, "3203 0000 1400 0001 0000 0000 29");
    rig_ask_pdu(rig, STOP, "3203 0000 1400 0002 0000 8402 2907");
    szl(rig, 0x0424, 0, answer);
    assert_int_equal(answer[RECORDS + 3], 4);
    assert_memory_equal(answer + RECORDS + 12, "\x26\x11\x24\x19\x03\x25\x47\x83", 8);
    select_text(rig, "SELECT mode FROM plc", text, sizeof text);
    assert_string_equal(text, "STOP");
    rig_ask_pdu(rig, WARM, "3203 0000 1500 0001 0000 0000 28");
    szl(rig, 0x0424, 0, answer);
    assert_int_equal(answer[RECORDS + 3], 8);
    rig_ask_pdu(rig, STOP, "3203 0000 1400 0001 0000 0000 29");
    rig_ask_pdu(rig, COLD, "3203 0000 1600 0001 0000 0000 28");
}

static void the_mode_can_be_changed_in_the_file(void **state)
{
    struct rig *rig = *state;
    uint8_t answer[1000];

    sql(rig, "UPDATE plc SET mode = 'STOP'");
    szl(rig, 0x0424, 0, answer);
    assert_int_equal(answer[RECORDS + 3], 4);
    szl(rig, 0x0174, 5, answer);
    assert_memory_equal(answer + RECORDS, "\0\x05\x01\0", 4);
    szl(rig, 0x00A0, 0, answer);
    assert_int_equal(word(answer + RECORDS), 0x4303);
    rig_ask_pdu(rig, STOP, "3203 0000 1400 0002 0000 8402 2907");
}

static void s7_114_protection_is_told_in_both_lists(void **state)
{
    struct rig *rig = *state;
    uint8_t one[1000], other[1000];

    sql(rig, "UPDATE plc SET protection = 3, password = 'secret'");
    szl(rig, 0x0132, 4, one);
    szl(rig, 0x0232, 4, other);
    assert_memory_equal(one + RECORDS, other + RECORDS, 40);
    assert_memory_equal(one + RECORDS, "\0\x04\0\x01\0\x03\0\x03\0\x02", 10);
}

static void s7_115_116_and_191_limits_are_those_that_are_kept(void **state)
{
    uint8_t answer[1000];

    szl(*state, 0x0131, 1, answer);
    assert_memory_equal(answer + RECORDS, "\0\x01\0\xf0\0\x10\0\xb7\x1b\0\0\x02\xdc\x6c\x05\xf5\xe1\0", 18);
    szl(*state, 0x0131, 3, answer);
    assert_int_equal(word(answer + RECORDS + 6), 240);
    sql(*state, "UPDATE plc SET connections = 3");
    szl(*state, 0x0131, 1, answer);
    assert_int_equal(word(answer + RECORDS + 4), 3);
}

static void s7_117_and_192_the_diagnostic_buffer_is_newest_first_and_short_in_RUN(void **state)
{
    struct rig *rig = *state;
    uint8_t answer[1000];

    for (int i = 0; i < 4; i++) {
        rig_ask_pdu(rig, STOP, "3203 0000 1400 0001 0000 0000 29");
        rig_ask_pdu(rig, WARM, "3203 0000 1500 0001 0000 0000 28");
    }
    szl(rig, 0x00A0, 0, answer);
    assert_int_equal(word(answer + PAYLOAD + 6), 10);
    assert_int_equal(word(answer + RECORDS), 0x4302);
    assert_int_equal(word(answer + RECORDS + 20), 0x1381);
    assert_int_equal(word(answer + RECORDS + 60), 0x4304);
    szl(rig, 0x01A0, 2, answer);
    assert_int_equal(word(answer + PAYLOAD + 6), 2);
    szl(rig, 0x0FA0, 0, answer);
    assert_int_equal(word(answer + PAYLOAD + 6), 500);
    rig_ask_pdu(rig, STOP, "3203 0000 1400 0001 0000 0000 29");
    szl(rig, 0x00A0, 0, answer);
    assert_int_equal(word(answer + PAYLOAD + 6), 17);
}

static void s7_118_every_list_that_is_told_is_answered(void **state)
{
    struct rig *rig = *state;
    uint8_t answer[1000], rest[1000];

    size_t len = szl(rig, 0x0000, 0, answer); /* 112 ids, in two units */
    unsigned n = word(answer + PAYLOAD + 6);
    assert_int_equal(answer[MORE], 1);
    rig_feed(rig, "03000021 02f080 3207 0000 0c00 000c 0004 000112081244 0101 0000 0000 0a000000");
    size_t got = rig_take(rig, rest, sizeof rest);
    memcpy(answer + len, rest + 7 + PAYLOAD, got - 7 - PAYLOAD);
    assert_int_equal(len + got - 7 - PAYLOAD, RECORDS + 2 * n);
    for (unsigned i = 0; i < n; i++) {
        static const uint16_t indices[] = {1, 4, 0x0800, 0x07FE}; /* of each list one is there */
        uint16_t id = (uint16_t)word(answer + RECORDS + 2 * i);
        bool found = false;
        for (size_t k = 0; k < 4; k++)
            found = found || szl_error(rig, id, indices[k]) == 0;
        if (!found)
            fail_msg("%04X is told and not answered", id);
    }
}

static void s7_119_a_head_has_the_number_and_no_records(void **state)
{
    uint8_t answer[1000];

    assert_int_equal(szl(*state, 0x0F1C, 0, answer), RECORDS);
    assert_memory_equal(answer + PAYLOAD, "\x0f\x1c\0\0\0\x22\0\x0a", 8);
}

static void s7_189_an_extract_without_hits_is_no_error(void **state)
{
    uint8_t answer[1000];

    assert_int_equal(szl(*state, 0x0112, 0x0200, answer), RECORDS);
    assert_int_equal(error_of(answer), 0);
    assert_memory_equal(answer + PAYLOAD, "\x01\x12\x02\0\0\0\0\0", 8);
}

static void a_list_of_the_plc_takes_the_place_of_the_personalitys(void **state)
{
    struct rig *rig = *state;
    uint8_t answer[1000];

    sql(rig, "INSERT INTO szl (list, record_len, data) VALUES (0x0011, 4, x'00010203')");
    szl(rig, 0x0011, 0, answer);
    assert_memory_equal(answer + PAYLOAD, "\0\x11\0\0\0\x04\0\x01\0\x01\x02\x03", 12);
    assert_int_equal(szl_error(rig, 0x001C, 0), 0);
    sql(rig, "DELETE FROM personality_szl WHERE list = 0x001C");
    assert_int_equal(szl_error(rig, 0x001C, 0), 0xD401);
}

/* ---- blocks ---- */

static void s7_121_counts_have_seven_types(void **state)
{
    rig_ask_pdu(*state, "3207 0000 0e00 0008 0004 000112041143 0100 0a000000",
                "3207 0000 0e00 000c 0020 000112081283 0100 0000 0000 ff09001c"
                "30380000 30450000 30430000 30410002 30420000 30440000 30460000");
}

static void s7_122_a_type_without_blocks_is_D20E(void **state)
{
    uint8_t answer[1000];

    call(*state, "43 02", "ff090002 3038", answer);
    assert_int_equal(error_of(answer), 0xD20E);
    call(*state, "43 02", "ff090002 3077", answer);
    assert_int_equal(error_of(answer), 0xD405);
    call(*state, "43 02", "ff090004 30410a00", answer);
    assert_memory_equal(answer + PAYLOAD, "\0\x01\x22\x05\0\x02\x22\x05", 8);
}

static void s7_109_and_125_lists_are_cut_behind_whole_entries(void **state)
{
    struct rig *rig = *state;
    uint8_t answer[1000];

    sql(rig, "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 174)"
             " INSERT INTO block (kind, number, data) SELECT 'DB', i, x'00' FROM n");
    size_t len = call(rig, "43 02", "ff090002 3041", answer);
    assert_int_equal(len, PAYLOAD + 208);
    assert_int_equal(answer[MORE], 1);
    rig_feed(rig, "03000021 02f080 3207 0000 0c00 000c 0004 000112081243 0201 0000 0000 0a000000");
    assert_int_equal(rig_take(rig, answer, sizeof answer), 7 + PAYLOAD + 4 * 25);
}

static void s7_123_124_and_193_details_have_the_blocks_length(void **state)
{
    uint8_t answer[1000];

    call(*state, "43 03", "ff090008 3041303030373741", answer);
    assert_int_equal(error_of(answer), 0xD209);
    call(*state, "43 03", "ff090008 3041303030303241", answer);
    assert_memory_equal(answer + PAYLOAD, "\x01\0\0\x4a\x22\0\x70\x70\x01\x01\x05\x0a\0\x02", 14);
    assert_int_equal(word(answer + PAYLOAD + 40), 1000);
    assert_int_equal(word(answer + PAYLOAD + 16), 72 + 1000 + 20);
    call(*state, "43 03", "ff090008 3041413030303032", answer); /* the letter in front */
    assert_int_equal(word(answer + PAYLOAD + 40), 1000);
}

static void s7_134_a_block_is_uploaded_in_pieces(void **state)
{
    struct rig *rig = *state;
    uint8_t answer[300], file[400];
    size_t len = 0;

    rig_ask_pdu(rig, "3201 0000 1b00 0012 0000 1d00000000000000 09 5f3041303030303141",
                "3203 0000 1b00 0010 0000 0000 1d00010000000007 07 30303030333438");
    for (bool more = true; more;) {
        rig_feed(rig, "03000019 02f080 3201 0000 1c00 0008 0000 1e00000000000007");
        size_t got = rig_take(rig, answer, sizeof answer);
        more = answer[20] == 1;
        memcpy(file + len, answer + 25, got - 25);
        len += got - 25;
    }
    assert_int_equal(len, 348);
    assert_memory_equal(file, "\x70\x70\x01\x01\x05\x0a\0\x01\0\0\x01\x5c", 12);
    assert_memory_equal(file + 36, rig_db(rig, 1), 256);
    rig_ask_pdu(rig, "3201 0000 1d00 0008 0000 1f00000000000007", "3203 0000 1d00 0001 0000 0000 1f");
}

static void s7_135_and_197_a_refused_upload_leaves_the_connection_usable(void **state)
{
    rig_ask_pdu(*state, "3201 0000 1b00 0012 0000 1d00000000000000 09 5f3041303037373741",
                "3202 0000 1b00 0000 0000 d209");
    rig_ask_pdu(*state, "3201 0000 1c00 0008 0000 1e00000000000007", "3202 0000 1c00 0000 0000 8401");
    rig_ask_pdu(*state, "3201 0000 1b00 0010 0000 1d000000000000 08 3431303030303141",
                "3203 0000 1b00 0010 0000 0000 1d00010000000007 07 30303030333438");
    rig_ask_pdu(*state, "3201 0000 1c00 0008 0000 1e00000000000009", "3202 0000 1c00 0000 0000 8401");
    rig_ask_pdu(*state, "3201 0000 1c00 0007 0000 1f000000000000", "3203 0000 1c00 0001 0000 0000 1f");
}

/* ---- clock ---- */

static void s7_126_the_clock_tells_its_weekday(void **state)
{
    rig_ask_pdu(*state, "3207 0000 1100 0008 0004 000112041147 0100 0a000000",
                "3207 0000 1100 000c 000e 000112081287 0101 0000 0000 ff09000a 0019 2611241903254783");
}

static void s7_127_and_194_the_clock_runs_from_what_it_was_set_to(void **state)
{
    struct rig *rig = *state;
    char text[32];

    rig_ask_pdu(rig, "3207 0000 1200 0008 000e 000112041147 0200 ff09000a 0020 9401010000000000",
                "3207 0000 1200 000c 0004 000112081287 0201 0000 0000 0a000000");
    rig->plc.wall_ms += 61002;
    rig_ask_pdu(rig, "3207 0000 1100 0008 0004 000112041147 0100 0a000000",
                "3207 0000 1100 000c 000e 000112081287 0101 0000 0000 ff09000a 0019 9401010001010027");
    rig_ask_pdu(rig, "3207 0000 1200 0008 000e 000112041147 0200 ff09000a 0020 2613241903254783",
                "3207 0000 1200 000c 0004 000112081287 0201 0000 dc01 0a000000");
    select_text(rig, "SELECT clock_ms FROM plc", text, sizeof text);
    assert_string_equal(text, "-1038164605478");
}

/* ---- password ---- */

#define PASSWORD      "3207 0000 1300 0008 000c 000112041145 0100 ff090008 2630101720365543"
#define PASSWORD_SAYS "3207 0000 1300 000c 0004 000112081285 0101 0000 "

static void s7_093_and_094_a_password_is_right_wrong_or_not_asked_for(void **state)
{
    struct rig *rig = *state;

    rig_ask_pdu(rig, PASSWORD, PASSWORD_SAYS "d605 0a000000");
    sql(rig, "UPDATE plc SET protection = 3, password = 'other'");
    rig_ask_pdu(rig, PASSWORD, PASSWORD_SAYS "d602 0a000000");
    sql(rig, "UPDATE plc SET password = 'secret'");
    rig_ask_pdu(rig, PASSWORD, PASSWORD_SAYS "0000 0a000000");
}

static void s7_096_the_scrambling_of_python_snap7_is_taken(void **state)
{
    struct rig *rig = *state;

    sql(rig, "UPDATE plc SET protection = 3, password = 'secret'");
    rig_ask_pdu(rig, "3207 0000 1300 0008 000c 000112041145 0100 ff090008 3181b1398109aaaa",
                PASSWORD_SAYS "0000 0a000000");
}

static void s7_092_and_095_the_password_opens_this_connection_only(void **state)
{
    const char upload[] = "3201 0000 1b00 0012 0000 1d00000000000000 09 5f3041303030303141";
    struct rig *rig = *state;

    sql(rig, "UPDATE plc SET protection = 3, password = 'secret'");
    rig_ask_pdu(rig, upload, "3202 0000 1b00 0000 0000 d241");
    rig_ask_pdu(rig, STOP, "3202 0000 1400 0000 0000 d241");
    rig_ask_pdu(rig, "3207 0000 1200 0008 000e 000112041147 0200 ff09000a 0020 9401010000000000",
                "3207 0000 1200 000c 0004 000112081287 0201 0000 d241 0a000000");
    rig_ask_pdu(rig, PASSWORD, PASSWORD_SAYS "0000 0a000000");
    rig_ask_pdu(rig, upload, "3203 0000 1b00 0010 0000 0000 1d00010000000007 07 30303030333438");
    rig_connect(rig);
    rig_handshake(rig, 240, 1);
    rig_ask_pdu(rig, upload, "3202 0000 1b00 0000 0000 d241");
    sql(rig, "UPDATE plc SET protection = 2");
    rig_ask_pdu(rig, upload, "3203 0000 1b00 0010 0000 0000 1d00010000000008 07 30303030333438");
    rig_ask_pdu(rig, STOP, "3202 0000 1400 0000 0000 d241");
}

#define UPLOAD      "3201 0000 1b00 0012 0000 1d00000000000000 09 5f3041303030303141"
#define UPLOADS(id) "3203 0000 1b00 0010 0000 0000 1d000100000000" id " 07 30303030333438"
#define SET_CLOCK   "3207 0000 1200 0008 000e 000112041147 0200 ff09000a 0020 2611241903254783"
#define CLOCK_SAYS  "3207 0000 1200 000c 0004 000112081287 0201 0000 "
#define CLEAR       "3207 0000 1300 0008 0004 000112041145 0200 0a000000"
#define CLEAR_SAYS  "3207 0000 1300 000c 0004 000112081285 0201 0000 "
#define WRONG       "3207 0000 1300 0008 000c 000112041145 0100 ff090008 213a1b1d6e681b1d"
#define WRITE       "3201 0000 0100 000e 0005 0501 120a1002 0001 0002 84 000000 00040008 11"
#define WRITTEN     "3203 0000 0100 0002 0001 0000 0501 ff"
#define LIST_DBS    "3207 0000 0f00 0008 0006 000112041143 0200 ff090002 3041"
#define DBS         "3207 0000 0f00 000c 000c 000112081283 0201 0000 0000 ff090008 00012205 00022205"
#define COMPRESS    "3201 0000 1400 0010 0000 28000000000000fd 0000 05 5f47415242"
#define BARRED(ref) "3202 0000 " ref " 0000 0000 d241"

/* Level 2 keeps what changes the CPU from those without the password, level 3 uploads as well; nobody is kept
 * from reading and writing memory, and from asking what there is. */
static void s7_092_what_each_level_of_protection_bars(void **state)
{
    static const struct rig_exchange at_2[] = {
        {"write", WRITE, WRITTEN},
        {"list", LIST_DBS, DBS},
        {"upload", UPLOAD, UPLOADS("07")},
        {"stop", STOP, BARRED("1400")},
        {"warm start", WARM, BARRED("1500")},
        {"cold start", COLD, BARRED("1600")},
        {"compress", COMPRESS, BARRED("1400")},
        {"set the clock", SET_CLOCK, CLOCK_SAYS "d241 0a000000"},
    };
    static const struct rig_exchange at_3[] = {
        {"write", WRITE, WRITTEN},
        {"list", LIST_DBS, DBS},
        {"upload", UPLOAD, BARRED("1b00")},
        {"stop", STOP, BARRED("1400")},
        {"set the clock", SET_CLOCK, CLOCK_SAYS "d241 0a000000"},
    };
    struct rig *rig = *state;

    sql(rig, "UPDATE plc SET protection = 2, password = 'secret'");
    RIG_ASK_ALL(rig, at_2);
    sql(rig, "UPDATE plc SET protection = 3");
    RIG_ASK_ALL(rig, at_3);
}

static void s7_092_and_093_a_password_opens_until_it_is_cleared_or_mistaken(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"a wrong password", WRONG, PASSWORD_SAYS "d602 0a000000"},
        {"which opens nothing", UPLOAD, BARRED("1b00")},
        {"nothing to clear", CLEAR, CLEAR_SAYS "d604 0a000000"},
        {"the right one", PASSWORD, PASSWORD_SAYS "0000 0a000000"},
        {"upload", UPLOAD, UPLOADS("07")},
        {"set the clock", SET_CLOCK, CLOCK_SAYS "0000 0a000000"},
        {"stop", STOP, "3203 0000 1400 0001 0000 0000 29"},
        {"warm start", WARM, "3203 0000 1500 0001 0000 0000 28"},
        {"clear", CLEAR, CLEAR_SAYS "0000 0a000000"},
        {"which closes again", UPLOAD, BARRED("1b00")},
        {"clear once more", CLEAR, CLEAR_SAYS "d604 0a000000"},
        {"the right one, then a wrong one", PASSWORD, PASSWORD_SAYS "0000 0a000000"},
        {"which closes, too", WRONG, PASSWORD_SAYS "d602 0a000000"},
        {"upload", UPLOAD, BARRED("1b00")},
    };
    struct rig *rig = *state;

    sql(rig, "UPDATE plc SET protection = 3, password = 'secret'");
    RIG_ASK_ALL(rig, exchanges);
}

/* ---- modes ---- */

static void s7_133_services_are_told_by_their_names(void **state)
{
    rig_ask_pdu(*state, "3201 0000 1400 0010 0000 28000000000000fd 0000 05 5f47415242",
                "3203 0000 1400 0001 0000 0000 28");
    rig_ask_pdu(*state, "3201 0000 1400 0012 0000 28000000000000fd 0002 4550 05 5f4d4f4455",
                "3203 0000 1400 0001 0000 0000 28");
    rig_ask_pdu(*state, "3201 0000 1400 0010 0000 28000000000000fd 0000 05 5f58595a5a",
                "3202 0000 1400 0000 0000 8104");
    rig_ask_pdu(*state, "3201 0000 1400 000f 0000 28000000000000fd 0000 05 5f475242",
                "3202 0000 1400 0000 0000 8500");
}

#define WRITE_MB(byte, value)                                                                                \
    "3201 0000 0100 000e 0005 0501 120a10020001000083000" byte " 00040008" value,                            \
        "3203 0000 0100 0002 0001 0000 0501ff"
#define READ_MB(byte, value)                                                                                 \
    "3201 0000 0100 000e 0000 0401 120a10020001000083000" byte,                                              \
        "3203 0000 0100 0002 0005 0000 0401 ff040008" value

static void s7_155_a_start_clears_what_is_not_retentive_and_STOP_nothing(void **state)
{
    struct rig *rig = *state;

    rig_ask_pdu(rig, STOP, "3203 0000 1400 0001 0000 0000 29");
    rig_ask_pdu(rig, WRITE_MB("078", "aa")); /* MB15, the last that is retentive */
    rig_ask_pdu(rig, WRITE_MB("080", "bb"));
    rig_ask_pdu(rig, READ_MB("080", "bb"));
    rig_ask_pdu(rig, WARM, "3203 0000 1500 0001 0000 0000 28");
    rig_ask_pdu(rig, READ_MB("078", "aa"));
    rig_ask_pdu(rig, READ_MB("080", "00"));
    assert_int_equal(rig_db(rig, 1)[5], 5);
    rig_ask_pdu(rig, STOP, "3203 0000 1400 0001 0000 0000 29");
    rig_ask_pdu(rig, COLD, "3203 0000 1600 0001 0000 0000 28");
    rig_ask_pdu(rig, READ_MB("078", "00"));
}

/* Whatever is asked: an answer, or the end of the connection, and never more than was granted. */
static void any_bytes_are_answered_within_the_granted_length(void **state)
{
    struct rig *rig = *state;
    uint32_t seed = 815;
    uint8_t frame[64], answer[2000];

    for (int round = 0; round < 20000; round++) {
        static const uint8_t head[] = {3, 0, 0, 0, 2, 0xf0, 0x80, 0x32, 7,    0, 0,
                                       0, 1, 0, 8, 0, 0,    0,    1,    0x12, 4, 0x11};
        uint8_t len = (uint8_t)(25 + (seed >> 9) % 20);
        memcpy(frame, head, sizeof head);
        frame[3] = len;
        frame[16] = (uint8_t)(len - 25);
        for (size_t i = sizeof head; i < len; i++) {
            seed = seed * 1664525 + 1013904223;
            frame[i] = (uint8_t)(seed >> 24);
        }
        frame[22] = (uint8_t)(0x40 | (3 + frame[22] % 5));
        frame[23] %= 5;
        if (frame[24] % 4 != 0)
            frame[24] %= 2;
        if (len > 28) {
            frame[27] = 0;
            frame[28] = (uint8_t)(len - 29);
        }
        rig_feed_bytes(rig, frame, len);
        size_t got = rig_take(rig, answer, sizeof answer);
        assert_false(rig->ended);
        assert_in_range(got, 19, 247);
    }
}

static int setup(void **state)
{
    static struct rig rig;

    rig_open(&rig, "s7-300");
    rig_handshake(&rig, 240, 1);
    *state = &rig;
    return 0;
}

static int teardown(void **state)
{
    rig_close(*state);
    return 0;
}

#define ON_300(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_300(s7_100_to_102_answers_have_long_parameters_and_errors_no_data),
        ON_300(s7_103_an_unknown_group_is_answered),
        ON_300(s7_104_and_190_long_answers_come_in_units_of_one_reference),
        ON_300(s7_106_nothing_follows_an_answer_that_is_over),
        ON_300(s7_107_the_length_counts_not_the_return_code),
        ON_300(s7_108_a_follow_up_may_have_the_form_of_a_first_request),
        ON_300(requests_behind_a_long_answer_wait_for_the_next_turn),
        ON_300(s7_110_an_unknown_list_is_D401_and_an_unknown_index_D402),
        ON_300(s7_111_identification_has_1_6_7_then_81),
        ON_300(s7_112_components_have_their_order),
        ON_300(s7_113_and_130_to_132_stop_and_start_show_in_the_mode),
        ON_300(the_mode_can_be_changed_in_the_file),
        ON_300(s7_114_protection_is_told_in_both_lists),
        ON_300(s7_115_116_and_191_limits_are_those_that_are_kept),
        ON_300(s7_117_and_192_the_diagnostic_buffer_is_newest_first_and_short_in_RUN),
        ON_300(s7_118_every_list_that_is_told_is_answered),
        ON_300(s7_119_a_head_has_the_number_and_no_records),
        ON_300(s7_189_an_extract_without_hits_is_no_error),
        ON_300(a_list_of_the_plc_takes_the_place_of_the_personalitys),
        ON_300(s7_121_counts_have_seven_types),
        ON_300(s7_122_a_type_without_blocks_is_D20E),
        ON_300(s7_109_and_125_lists_are_cut_behind_whole_entries),
        ON_300(s7_123_124_and_193_details_have_the_blocks_length),
        ON_300(s7_134_a_block_is_uploaded_in_pieces),
        ON_300(s7_135_and_197_a_refused_upload_leaves_the_connection_usable),
        ON_300(s7_126_the_clock_tells_its_weekday),
        ON_300(s7_127_and_194_the_clock_runs_from_what_it_was_set_to),
        ON_300(s7_093_and_094_a_password_is_right_wrong_or_not_asked_for),
        ON_300(s7_096_the_scrambling_of_python_snap7_is_taken),
        ON_300(s7_092_and_095_the_password_opens_this_connection_only),
        ON_300(s7_092_what_each_level_of_protection_bars),
        ON_300(s7_092_and_093_a_password_opens_until_it_is_cleared_or_mistaken),
        ON_300(s7_133_services_are_told_by_their_names),
        ON_300(s7_155_a_start_clears_what_is_not_retentive_and_STOP_nothing),
        ON_300(any_bytes_are_answered_within_the_granted_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
