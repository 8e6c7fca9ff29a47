/* download_test.c - blocks that a simulated CPU is given, has inserted and deleted: bytes in, bytes out. */
#include "download_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void write_db1(struct rig *rig, const char *byte)
{
    char request[128];

    snprintf(request, sizeof request,
             "3201 0000 0200 000e 0005 0501 120a1002 0001 0001 84 000050 00 04 0008 %s", byte);
    rig_ask_pdu(rig, request, "3203 0000 0200 0002 0001 0000 0501 ff");
}

/* ---- what it is for ---- */

/* A DB7 of 8 bytes, 80 bytes of load memory, in two pieces. */
static void s7_136_and_198_the_plc_asks_with_its_own_references_and_ends_it(void **state)
{
    struct rig *rig = *state;

    rig_ask(
        rig,
        "03000031 02f080 3201 0000 1e00 0020 0000 1a00010000000000 09 5f3041303030303750 0d 31 303030303830 "
        "303030303038",
        "03000014 02f080 3203 0000 1e00 0001 0000 0000 1a"
        "03000023 02f080 3201 0000 0100 0012 0000 1b00000000000000 09 5f3041303030303750");
    rig_ask(
        rig,
        "03000041 02f080 3203 0000 0100 0002 002c 0000 1b01 0028 00fb 70700101 050a 0007 00000050 00000000"
        "00000000 0000 00000000 0000 0000 0000 0000 0008 01020304",
        "03000023 02f080 3201 0000 0300 0012 0000 1b00000000000000 09 5f3041303030303750");
    rig_ask(rig,
            "03000041 02f080 3203 0000 0300 0002 002c 0000 1b00 0028 00fb 05060708 0000000000000000"
            "0000000000000000 0000000000000000 0100 0000 0000000000000000",
            "03000023 02f080 3201 0000 0500 0012 0000 1c00000000000000 09 5f3041303030303750");
    rig_ask(rig, "03000014 02f080 3203 0000 0500 0001 0000 0000 1c", "");
    rig_ask(
        rig,
        "0300002b 02f080 3201 0000 1f00 001a 0000 28000000000000fd 000a 01 00 3041303030303750 05 5f494e5345",
        "03000014 02f080 3203 0000 1f00 0001 0000 0000 28");
    assert_memory_equal(rig_db(rig, 7), "\1\2\3\4\5\6\7\10", 8);
    struct dl_file next = dl_make('A', 8, 8, 1);
    uint16_t ref;
    assert_int_equal(dl_give(rig, &next, &ref), 0);
    assert_int_equal(ref, 0x0900); /* 0700 had the only piece */
}

static void s7_138_a_block_counts_once_it_is_inserted(void **state)
{
    struct rig *rig = *state;
    struct dl_file db = dl_make('A', 7, 40, 1), ob = dl_make('8', 1, 300, 2);

    assert_int_equal(dl_download(rig, &db), 0);
    assert_int_equal(dl_download(rig, &ob), 0);
    assert_int_equal(dl_upload_error(rig, 'A', 7), 0xD209);
    assert_int_equal(dl_upload_error(rig, '8', 1), 0xD209);
    assert_null(plant_block_find(rig->plant, rig->plc.row, S7_AREA_DB, 7));
    assert_int_equal(dl_insert(rig, "0A00007P"), 0);
    assert_int_equal(dl_insert(rig, "0A00007P"), 0xD209); /* it is not on the shelf any more */
    assert_int_equal(dl_upload_error(rig, '8', 1), 0xD209);
    assert_int_equal(dl_insert(rig, "0800001P"), 0);
    dl_expect_uploads_as(rig, &db);
    dl_expect_uploads_as(rig, &ob);
}

static void s7_138_a_block_is_lost_with_its_connection(void **state)
{
    struct rig *rig = *state;
    struct dl_file db = dl_make('A', 7, 40, 1), half = dl_make('A', 9, 1000, 1);
    uint16_t ref;
    struct dl_came came;

    assert_int_equal(dl_download(rig, &db), 0);
    dl_say(rig, dl_start(&half), &came);
    (void)dl_job(&came, &ref);
    dl_say(rig, dl_piece(ref, half.bytes, 222, true), &came);
    rig_connect(rig);
    rig_handshake(rig, 240, 1);
    assert_int_equal(dl_insert(rig, "0A00007P"), 0xD209);
    assert_int_equal(dl_insert(rig, "0A00009P"), 0xD209);
    assert_int_equal(dl_download(rig, &half), 0);
}

static void s7_139_what_was_downloaded_is_uploaded_byte_for_byte(void **state)
{
    static const uint8_t types[] = {'8', 'E', 'C', 'B', 'A'};
    static const uint16_t lens[] = {0, 1, 121, 122, 123, 1000, 3900};
    struct rig *rig = *state;

    for (size_t t = 0; t < sizeof types; t++)
        for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
            struct dl_file file = dl_make(types[t], (uint16_t)(10 + t), lens[i], (uint8_t)i);
            char name[16];

            assert_int_equal(dl_download(rig, &file), 0);
            snprintf(name, sizeof name, "0%c%05uP", types[t], 10U + (unsigned)t);
            assert_int_equal(dl_insert(rig, name), 0);
            dl_expect_uploads_as(rig, &file);
        }
    plant_close(rig->plant);
    struct plant_error error;
    assert_int_equal(plant_open(rig->path, NULL, &rig->plant, &error), S7_OK);
    assert_int_equal(sim_plc_init(&rig->plc, rig->plant, plant_plc_at(rig->plant, 0), &error), S7_OK);
    for (size_t t = 0; t < sizeof types; t++) {
        struct dl_file file = dl_make(types[t], (uint16_t)(10 + t), 3900, 6);
        dl_expect_uploads_as(rig, &file);
    }
}

static void s7_139_the_data_of_a_db_are_those_of_now(void **state)
{
    struct rig *rig = *state;
    struct dl_file db = dl_make('A', 1, 100, 3);

    assert_int_equal(dl_download(rig, &db), 0);
    assert_int_equal(dl_insert(rig, "0A00001P"), 0);
    write_db1(rig, "77");
    db.bytes[36 + 10] = 0x77;
    dl_expect_uploads_as(rig, &db);
    assert_int_equal(dl_download(rig, &db), 0); /* and so it goes back */
    assert_int_equal(dl_insert(rig, "0A00001P"), 0);
    dl_expect_uploads_as(rig, &db);
    dl_sql(rig, "UPDATE block SET data = zeroblob(101) WHERE number = 1"); /* the file fits no more */
    rig_turn(rig);
    uint8_t bytes[DL_FILE_CAP];
    uint16_t error;
    assert_int_equal(dl_upload(rig, 'A', 1, bytes, &error), 36 + 101 + 20 + 36);
    assert_int_equal(bytes[35], 101);
}

static void a_cold_start_and_only_that_gives_dbs_their_first_values(void **state)
{
    const char stop[] = "3201 0000 1400 0010 0000 290000000000 09 505f50524f4752414d";
    const char warm[] = "3201 0000 1500 0014 0000 28000000000000fd 0000 09 505f50524f4752414d";
    const char cold[] = "3201 0000 1600 0016 0000 28000000000000fd 0002 4320 09 505f50524f4752414d";
    const char rom[] = "3201 0000 1700 0012 0000 28000000000000fd 0002 4550 05 5f4d4f4455";
    struct rig *rig = *state;
    struct dl_file db = dl_make('A', 1, 100, 3);

    assert_int_equal(dl_download(rig, &db), 0);
    assert_int_equal(dl_insert(rig, "0A00001P"), 0);
    for (int round = 0; round < 2; round++) {
        write_db1(rig, "77");
        rig_ask_pdu(rig, stop, "3203 0000 1400 0001 0000 0000 29");
        rig_ask_pdu(rig, warm, "3203 0000 1500 0001 0000 0000 28");
        assert_int_equal(rig_db(rig, 1)[10], 0x77);
        rig_ask_pdu(rig, stop, "3203 0000 1400 0001 0000 0000 29");
        rig_ask_pdu(rig, cold, "3203 0000 1600 0001 0000 0000 28");
        assert_memory_equal(rig_db(rig, 1), db.bytes + 36, 100);
        assert_int_equal(rig_db(rig, 2)[0], 0);
        write_db1(rig, "66");
        rig_ask_pdu(rig, rom, "3203 0000 1700 0001 0000 0000 28");
        db.bytes[36 + 10] = 0x66;
    }
    dl_sql(rig, "UPDATE block SET data = zeroblob(90) WHERE number = 1"); /* the file fits no more */
    rig_turn(rig);
    rig_ask_pdu(rig, stop, "3203 0000 1400 0001 0000 0000 29");
    rig_ask_pdu(rig, cold, "3203 0000 1600 0001 0000 0000 28");
    assert_int_equal(rig_db(rig, 1)[10], 0);
}

static void s7_140_a_file_that_is_not_what_it_says_is_refused_at_the_end(void **state)
{
    static const struct {
        size_t at;
        uint8_t bits;
        uint16_t error;
    } wrongs[] = {{0, 1, 0xD230},     {5, 1, 0xD230},   {5, 0x80, 0xD230}, {6, 1, 0xD232},
                  {7, 1, 0xD232},     {8, 1, 0xD219},   {10, 1, 0xD219},   {11, 1, 0xD219},
                  {28, 0x80, 0xD219}, {29, 64, 0xD219}, {31, 128, 0xD219}};
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        struct dl_file db = dl_make('A', 1, 100, 3);
        db.bytes[wrongs[i].at] ^= wrongs[i].bits;
        assert_int_equal(dl_download(rig, &db), wrongs[i].error);
        assert_int_equal(dl_insert(rig, "0A00001P"), 0xD209);
    }
    struct dl_file db = dl_make('A', 1, 100, 3);
    struct dl_frame start = dl_start(&db);
    struct dl_came came;
    uint16_t ref;
    start.bytes[48] = '1'; /* MC7 length 101 */
    dl_say(rig, start, &came);
    (void)dl_job(&came, &ref);
    dl_say(rig, dl_piece(ref, db.bytes, db.len, false), &came);
    assert_int_equal(dl_job(&came, &ref).error, 0xD219);
    dl_say(rig, dl_end(ref), &came);
    assert_int_equal(rig_db(rig, 1)[5], 5);
    dl_expect_usable(rig);
}

static void s7_141_deleting_a_block_that_is_not_there_is_D209(void **state)
{
    struct rig *rig = *state;
    struct dl_file fc = dl_make('C', 5, 100, 3);

    assert_int_equal(dl_download(rig, &fc), 0);
    assert_int_equal(dl_insert(rig, "0C00005P"), 0);
    assert_int_equal(dl_delete(rig, "0A00077B"), 0xD209);
    assert_int_equal(dl_delete(rig, "0C00006A"), 0xD209);
    assert_int_equal(dl_delete(rig, "0D00001A"), 0xD209);
    assert_int_equal(dl_delete(rig, "0C00005P"), 0xD209);
    assert_int_equal(dl_delete(rig, "0C00005B"), 0);
    assert_int_equal(dl_delete(rig, "0C00005B"), 0xD209);
    assert_int_equal(dl_delete(rig, "0A00002A"), 0);
    assert_null(plant_block_find(rig->plant, rig->plc.row, S7_AREA_DB, 2));
    rig_ask_pdu(rig, "3201 0000 0100 000e 0000 0401 120a1002 0001 0002 84 000028",
                "3203 0000 0100 0002 0004 0000 0401 0a000000");
}

static void a_block_that_was_not_inserted_can_be_given_up(void **state)
{
    struct rig *rig = *state;
    struct dl_file fc = dl_make('C', 5, 100, 3), other = dl_make('C', 5, 90, 4);

    assert_int_equal(dl_download(rig, &fc), 0);
    assert_int_equal(dl_delete(rig, "0C00005P"), 0);
    assert_int_equal(dl_insert(rig, "0C00005P"), 0xD209);
    assert_int_equal(dl_download(rig, &fc), 0);
    assert_int_equal(dl_download(rig, &other), 0); /* the last one counts */
    assert_int_equal(dl_insert(rig, "0C00005P"), 0);
    dl_expect_uploads_as(rig, &other);
}

static void several_blocks_come_and_go_with_one_job_or_none(void **state)
{
    struct rig *rig = *state;
    struct dl_file ob = dl_make('8', 1, 50, 1), fb = dl_make('E', 2, 60, 2), db = dl_make('A', 3, 70, 3);

    assert_int_equal(dl_download(rig, &ob), 0);
    assert_int_equal(dl_download(rig, &fb), 0);
    assert_int_equal(dl_download(rig, &db), 0);
    assert_int_equal(dl_insert(rig, "0800001P0E00002P0E00003P"), 0xD209);
    assert_int_equal(dl_upload_error(rig, '8', 1), 0xD209);
    assert_int_equal(dl_insert(rig, "0800001P0E00002P0A00003P0800001P"), 0);
    dl_expect_uploads_as(rig, &ob);
    dl_expect_uploads_as(rig, &fb);
    dl_expect_uploads_as(rig, &db);
    assert_int_equal(dl_delete(rig, "0800001B0E00003B"), 0xD209);
    dl_expect_uploads_as(rig, &ob);
    assert_int_equal(dl_delete(rig, "0800001B0E00002A0A00003B0A00003B"), 0);
    assert_int_equal(dl_upload_error(rig, '8', 1), 0xD209);
    assert_int_equal(dl_upload_error(rig, 'A', 3), 0xD209);
}

static void the_shelf_has_32_places(void **state)
{
    struct rig *rig = *state;
    struct dl_file file = dl_make('C', 0, 50, 1);

    for (uint16_t n = 0; n < 32; n++) {
        file = dl_make('C', n, 50, 1);
        assert_int_equal(dl_download(rig, &file), 0);
    }
    file = dl_make('C', 32, 50, 1);
    assert_int_equal(dl_error(rig, dl_start(&file)), 0xD208);
    assert_int_equal(dl_insert(rig, "0C00007P"), 0);
    assert_int_equal(dl_download(rig, &file), 0);
    assert_int_equal(dl_insert(rig, "0C00032P"), 0);
    dl_expect_usable(rig);
}

/* ---- what else is told of them ---- */

static size_t userdata(struct rig *rig, const char *kind, const char *data, uint8_t *answer)
{
    char frame[200];
    size_t len = 0;

    for (const char *c = data; *c != '\0'; c++)
        len += *c != ' ';
    snprintf(frame, sizeof frame, "0300 %04zx 02f080 3207 0000 0b00 0008 %04zx 00011204 11 %s 00 %s",
             25 + len / 2, len / 2, kind, data);
    rig_feed(rig, frame);
    return rig_take(rig, answer, 1200);
}

static void s7_121_and_193_counts_lists_and_details_know_all_kinds(void **state)
{
    struct rig *rig = *state;
    struct dl_file files[] = {dl_make('8', 1, 50, 1), dl_make('8', 35, 50, 1),  dl_make('E', 2, 60, 2),
                              dl_make('C', 3, 70, 3), dl_make('B', 2000, 8, 3), dl_make('A', 44, 80, 3)};
    uint8_t answer[1200];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char name[16];
        assert_int_equal(dl_download(rig, &files[i]), 0);
        snprintf(name, sizeof name, "0%c%05uP", files[i].type, files[i].number);
        assert_int_equal(dl_insert(rig, name), 0);
    }
    assert_int_equal(userdata(rig, "43 01", "0a000000", answer), 61);
    assert_memory_equal(answer + 33,
                        "08\0\2"
                        "0E\0\1"
                        "0C\0\1"
                        "0A\0\3"
                        "0B\0\1"
                        "0D\0\0"
                        "0F\0\0",
                        28);
    userdata(rig, "43 02", "ff090002 3038", answer);
    assert_memory_equal(answer + 31, "\0\10\0\1\x22\1\0\x23\x22\1", 10);
    userdata(rig, "43 02", "ff090002 3042", answer);
    assert_memory_equal(answer + 31, "\0\4\x07\xd0\x22\7", 6);
    userdata(rig, "43 02", "ff090002 3041", answer);
    assert_memory_equal(answer + 31, "\0\14\0\1\x22\5\0\2\x22\5\0\x2c\x22\5", 14);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct s7_block_details details;
        char data[64];
        snprintf(data, sizeof data, "ff090008 30%02x3%u3%u3%u3%u3%u41", files[i].type,
                 files[i].number / 10000, files[i].number / 1000 % 10, files[i].number / 100 % 10,
                 files[i].number / 10 % 10, files[i].number % 10);
        assert_int_equal(userdata(rig, "43 03", data, answer), 33 + 78);
        assert_memory_equal(answer + 33, "\1\0\0\x4a\x22\0", 6);
        assert_true(s7_block_details_decode(answer + 33, 78, &details));
        assert_int_equal(details.number, files[i].number);
        assert_int_equal(details.load_len, files[i].len);
        assert_int_equal(details.load_len, 72 + details.mc7_len + details.ssb_len + details.add_len);
        assert_int_equal(details.language, files[i].bytes[4]);
    }
}

static void s7_197_there_is_no_ob_0(void **state)
{
    assert_int_equal(dl_upload_error(*state, '8', 0), 0xD20C);
    assert_int_equal(dl_upload_error(*state, '8', 1), 0xD209);
    dl_expect_usable(*state);
}

static void rows_of_the_file_are_blocks(void **state)
{
    struct rig *rig = *state;
    struct dl_file fc = dl_make('C', 5, 100, 3);

    assert_int_equal(dl_download(rig, &fc), 0);
    assert_int_equal(dl_insert(rig, "0C00005P"), 0);
    dl_sql(rig, "INSERT INTO code (kind, number, file) SELECT kind, 6, file FROM code");
    rig_turn(rig);
    fc.number = 6;
    fc.bytes[7] = 6;
    dl_expect_uploads_as(rig, &fc);
    dl_sql(rig, "DELETE FROM code");
    rig_turn(rig);
    assert_int_equal(dl_upload_error(rig, 'C', 5), 0xD209);
}

/* ---- two connections ---- */

static void two_connections_may_give_the_same_block(void **state)
{
    struct rig *rig = *state;
    struct dl_file mine = dl_make('A', 7, 40, 1), yours = dl_make('A', 7, 60, 2);
    sim_session *other = NULL, *first = rig->session;

    assert_int_equal(dl_download(rig, &mine), 0);
    rig->session = NULL;
    rig_connect(rig);
    rig_handshake(rig, 240, 1);
    other = rig->session;
    assert_int_equal(dl_insert(rig, "0A00007P"), 0xD209); /* it is the other's */
    assert_int_equal(dl_download(rig, &yours), 0);
    assert_int_equal(dl_insert(rig, "0A00007P"), 0);
    dl_expect_uploads_as(rig, &yours);
    rig->session = first;
    assert_int_equal(dl_insert(rig, "0A00007P"), 0);
    dl_expect_uploads_as(rig, &mine);
    sim_session_free(other);
}

static void a_block_that_is_deleted_or_replaced_ends_the_upload_of_it(void **state)
{
    struct rig *rig = *state;
    struct dl_file fc = dl_make('C', 5, 1000, 3), shorter = dl_make('C', 5, 999, 3);
    uint8_t param[32];
    struct s7_wr wr = {param, sizeof param, 0, false};
    struct dl_came came;
    uint32_t id, said;

    for (int deleted = 0; deleted < 2; deleted++) {
        assert_int_equal(dl_download(rig, &fc), 0);
        assert_int_equal(dl_insert(rig, "0C00005P"), 0);
        wr.len = 0;
        s7_upload_start_append(&wr, 'C', 5);
        dl_say(rig, dl_frame(S7_ROSCTR_JOB, 1, &wr, NULL), &came);
        assert_int_equal(s7_upload_start_decode(&came.pdus[0], &id, &said), S7_OK);
        if (deleted) {
            assert_int_equal(dl_delete(rig, "0C00005A"), 0);
        } else {
            assert_int_equal(dl_download(rig, &shorter), 0);
            assert_int_equal(dl_insert(rig, "0C00005P"), 0);
        }
        wr.len = 0;
        s7_upload_append(&wr, id);
        assert_int_equal(dl_error(rig, dl_frame(S7_ROSCTR_JOB, 2, &wr, NULL)), deleted ? 0xD209 : 0x8401);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DL_TEST(s7_136_and_198_the_plc_asks_with_its_own_references_and_ends_it),
        DL_TEST(s7_138_a_block_counts_once_it_is_inserted),
        DL_TEST(s7_138_a_block_is_lost_with_its_connection),
        DL_TEST(s7_139_what_was_downloaded_is_uploaded_byte_for_byte),
        DL_TEST(s7_139_the_data_of_a_db_are_those_of_now),
        DL_TEST(a_cold_start_and_only_that_gives_dbs_their_first_values),
        DL_TEST(s7_140_a_file_that_is_not_what_it_says_is_refused_at_the_end),
        DL_TEST(s7_141_deleting_a_block_that_is_not_there_is_D209),
        DL_TEST(a_block_that_was_not_inserted_can_be_given_up),
        DL_TEST(several_blocks_come_and_go_with_one_job_or_none),
        DL_TEST(the_shelf_has_32_places),
        DL_TEST(s7_121_and_193_counts_lists_and_details_know_all_kinds),
        DL_TEST(s7_197_there_is_no_ob_0),
        DL_TEST(rows_of_the_file_are_blocks),
        DL_TEST(two_connections_may_give_the_same_block),
        DL_TEST(a_block_that_is_deleted_or_replaced_ends_the_upload_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
