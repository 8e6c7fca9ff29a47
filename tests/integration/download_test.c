/* download_test.c - blocks that a simulated CPU is given, has inserted and deleted: bytes in, bytes out. */
#include "simulator/test_rig.h"

#include "protocol/block_jobs.h"
#include "protocol/pdu.h"
#include "protocol/tpkt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sqlite3.h>

#define FILE_CAP 4096
#define TEN_S_NS INT64_C(10000000000)

struct file {
    uint8_t type;
    uint16_t number;
    size_t len;
    uint8_t bytes[FILE_CAP];
};

/* A block as a programming tool sends it: mc7 bytes of code or data, 28 of interface. */
static struct file make(uint8_t type, uint16_t number, uint16_t mc7, uint8_t seed)
{
    struct file file = {.type = type, .number = number, .len = 72U + mc7 + 28};
    struct s7_wr wr = {file.bytes, sizeof file.bytes, 0, false};

    for (size_t i = 0; i < file.len; i++)
        file.bytes[i] = (uint8_t)(i * 7 + seed);
    s7_wr_be(&wr, 4, 0x70700101);
    s7_wr_be(&wr, 1, type == '8' ? 1 : type == 'A' ? 5 : type == 'B' ? 7 : 2);
    s7_wr_be(&wr, 1, type == '8' ? 8 : type - 'A' + 0x0AU);
    s7_wr_be(&wr, 2, number);
    s7_wr_be(&wr, 4, (uint32_t)file.len);
    wr.len = 28;
    s7_wr_be(&wr, 2, 20);
    s7_wr_be(&wr, 2, 8);
    s7_wr_be(&wr, 2, 26);
    s7_wr_be(&wr, 2, mc7);
    return file;
}

/* ---- frames ---- */

struct frame {
    uint8_t bytes[1200];
    size_t len;
};

static struct frame frame_of(uint8_t rosctr, uint16_t ref, const struct s7_wr *param,
                             const struct s7_wr *data)
{
    struct frame frame;
    struct s7_wr wr = {frame.bytes + S7_DT_OVERHEAD, sizeof frame.bytes - S7_DT_OVERHEAD, 0, false};
    const struct s7_pdu pdu = {.rosctr = rosctr,
                               .ref = ref,
                               .param = param->buf,
                               .param_len = param->len,
                               .data = data != NULL ? data->buf : NULL,
                               .data_len = data != NULL ? data->len : 0};

    s7_pdu_encode(&wr, &pdu);
    s7_dt_write(frame.bytes, wr.len, true);
    frame.len = S7_DT_OVERHEAD + wr.len;
    return frame;
}

static struct frame start_frame(const struct file *file)
{
    uint8_t param[64];
    struct s7_wr wr = {param, sizeof param, 0, false};
    uint16_t mc7 = (uint16_t)(file->bytes[34] << 8 | file->bytes[35]);

    s7_download_start_append(&wr, file->type, file->number, (uint32_t)file->len, mc7);
    return frame_of(S7_ROSCTR_JOB, 0x1400, &wr, NULL);
}

static struct frame piece_frame(uint16_t ref, const uint8_t *bytes, size_t len, bool more)
{
    uint8_t param[2], data[1000];
    struct s7_wr params = {param, sizeof param, 0, false}, datas = {data, sizeof data, 0, false};

    s7_download_answer_append(&params, S7_FN_DOWNLOAD, more);
    s7_download_piece_head_append(&datas, (uint16_t)len);
    s7_wr_bytes(&datas, bytes, len);
    return frame_of(S7_ROSCTR_ACK_DATA, ref, &params, &datas);
}

static struct frame end_frame(uint16_t ref)
{
    uint8_t param[1] = {S7_FN_DOWNLOAD_END};
    const struct s7_wr wr = {param, sizeof param, sizeof param, false};

    return frame_of(S7_ROSCTR_ACK_DATA, ref, &wr, NULL);
}

/* names: one or more of 8 letters. */
static struct frame control_frame(const char *names, const char *service)
{
    uint8_t param[300];
    struct s7_wr wr = {param, sizeof param, 0, false};
    size_t len = strlen(names);

    s7_wr_be(&wr, 4, 0x28000000);
    s7_wr_be(&wr, 4, 0xFD);
    s7_wr_be(&wr, 2, (uint32_t)(2 + len));
    s7_wr_be(&wr, 2, (uint32_t)(len / 8 << 8));
    s7_wr_bytes(&wr, (const uint8_t *)names, len);
    s7_wr_be(&wr, 1, 5);
    s7_wr_bytes(&wr, (const uint8_t *)service, 5);
    return frame_of(S7_ROSCTR_JOB, 0x1500, &wr, NULL);
}

/* ---- conversations ---- */

/* PDUs that came, one after the other; empty: nothing did. */
struct came {
    struct s7_pdu pdus[4];
    size_t n;
    uint8_t bytes[2000];
};

static void take(struct rig *rig, struct came *came)
{
    size_t len = rig_take(rig, came->bytes, sizeof came->bytes), frame_len;

    came->n = 0;
    for (size_t at = 0; at < len; at += frame_len) {
        assert_int_equal(s7_tpkt_peek(came->bytes + at, len - at, 2000, &frame_len), S7_OK);
        assert_in_range(came->n, 0, 3);
        assert_int_equal(s7_pdu_decode(came->bytes + at + S7_DT_OVERHEAD, frame_len - S7_DT_OVERHEAD,
                                       &came->pdus[came->n++]),
                         S7_OK);
    }
}

static void say(struct rig *rig, struct frame frame, struct came *came)
{
    rig_feed_bytes(rig, frame.bytes, frame.len);
    take(rig, came);
}

/* The CPU's job behind what came. */
static struct s7_download_job job_of(const struct came *came, uint16_t *ref)
{
    struct s7_download_job job = {0};

    assert_in_range(came->n, 1, 4);
    const struct s7_pdu *pdu = &came->pdus[came->n - 1];
    assert_int_equal(pdu->rosctr, S7_ROSCTR_JOB);
    assert_int_equal(s7_download_decode(pdu, &job), S7_OK);
    *ref = pdu->ref;
    return job;
}

/* All of it but the answer to 1C; returns the error that 1C told. */
static uint16_t give(struct rig *rig, const struct file *file, uint16_t *ref)
{
    struct came came;
    struct s7_download_job job;
    size_t given = 0;

    say(rig, start_frame(file), &came);
    assert_int_equal(came.n, 2);
    assert_int_equal(came.pdus[0].error, 0);
    for (job = job_of(&came, ref); job.function == S7_FN_DOWNLOAD; job = job_of(&came, ref)) {
        size_t len = file->len - given < 222 ? file->len - given : 222;
        assert_int_equal(job.type, file->type);
        assert_int_equal(job.number, file->number);
        say(rig, piece_frame(*ref, file->bytes + given, len, given + len < file->len), &came);
        given += len;
    }
    return job.error;
}

static uint16_t download(struct rig *rig, const struct file *file)
{
    struct came came;
    uint16_t ref, error = give(rig, file, &ref);

    say(rig, end_frame(ref), &came);
    assert_int_equal(came.n, 0);
    return error;
}

/* The error of a job that has one answer. */
static uint16_t error_of(struct rig *rig, struct frame frame)
{
    struct came came;

    say(rig, frame, &came);
    assert_int_equal(came.n, 1);
    if (came.pdus[0].rosctr == S7_ROSCTR_ACK_DATA && came.pdus[0].error != 0) {
        assert_int_equal(came.pdus[0].param_len, 2);
        assert_memory_equal(came.pdus[0].param, "\x28\x02", 2);
    }
    return came.pdus[0].error;
}

static uint16_t insert(struct rig *rig, const char *names)
{
    return error_of(rig, control_frame(names, "_INSE"));
}

static uint16_t delete_blocks(struct rig *rig, const char *names)
{
    return error_of(rig, control_frame(names, "_DELE"));
}

/* The block as the CPU has it; number of bytes, or 0 and the error. */
static size_t upload(struct rig *rig, uint8_t type, uint16_t number, uint8_t *out, uint16_t *error)
{
    uint8_t param[32];
    struct s7_wr wr = {param, sizeof param, 0, false};
    struct came came;
    uint32_t id, said;
    size_t len = 0;

    s7_upload_start_append(&wr, type, number);
    say(rig, frame_of(S7_ROSCTR_JOB, 1, &wr, NULL), &came);
    *error = came.pdus[0].error;
    if (*error != 0)
        return 0;
    assert_int_equal(s7_upload_start_decode(&came.pdus[0], &id, &said), S7_OK);
    for (bool last = false; !last;) {
        struct s7_rd piece;
        wr.len = 0;
        s7_upload_append(&wr, id);
        say(rig, frame_of(S7_ROSCTR_JOB, 2, &wr, NULL), &came);
        assert_int_equal(s7_upload_decode(&came.pdus[0], &piece, &last), S7_OK);
        memcpy(out + len, piece.at, piece.left);
        len += piece.left;
    }
    assert_int_equal(len, said);
    return len;
}

static uint16_t upload_error(struct rig *rig, uint8_t type, uint16_t number)
{
    uint8_t bytes[FILE_CAP];
    uint16_t error;

    (void)upload(rig, type, number, bytes, &error);
    return error;
}

static void expect_uploads_as(struct rig *rig, const struct file *file)
{
    uint8_t bytes[FILE_CAP];
    uint16_t error;

    assert_int_equal(upload(rig, file->type, file->number, bytes, &error), file->len);
    assert_memory_equal(bytes, file->bytes, file->len);
}

static void sql(struct rig *rig, const char *text)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(rig->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void expect_usable(struct rig *rig)
{
    assert_false(rig->ended);
    rig_ask_pdu(rig, "3201 0000 0100 000e 0000 0401 120a1002 0001 0001 84 000028",
                "3203 0000 0100 0002 0005 0000 0401 ff040008 05");
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
    struct file next = make('A', 8, 8, 1);
    uint16_t ref;
    assert_int_equal(give(rig, &next, &ref), 0);
    assert_int_equal(ref, 0x0900); /* 0700 had the only piece */
}

static void s7_138_a_block_counts_once_it_is_inserted(void **state)
{
    struct rig *rig = *state;
    struct file db = make('A', 7, 40, 1), ob = make('8', 1, 300, 2);

    assert_int_equal(download(rig, &db), 0);
    assert_int_equal(download(rig, &ob), 0);
    assert_int_equal(upload_error(rig, 'A', 7), 0xD209);
    assert_int_equal(upload_error(rig, '8', 1), 0xD209);
    assert_null(plant_block_find(rig->plant, rig->plc.row, S7_AREA_DB, 7));
    assert_int_equal(insert(rig, "0A00007P"), 0);
    assert_int_equal(insert(rig, "0A00007P"), 0xD209); /* it is not on the shelf any more */
    assert_int_equal(upload_error(rig, '8', 1), 0xD209);
    assert_int_equal(insert(rig, "0800001P"), 0);
    expect_uploads_as(rig, &db);
    expect_uploads_as(rig, &ob);
}

static void s7_138_a_block_is_lost_with_its_connection(void **state)
{
    struct rig *rig = *state;
    struct file db = make('A', 7, 40, 1), half = make('A', 9, 1000, 1);
    uint16_t ref;
    struct came came;

    assert_int_equal(download(rig, &db), 0);
    say(rig, start_frame(&half), &came);
    (void)job_of(&came, &ref);
    say(rig, piece_frame(ref, half.bytes, 222, true), &came);
    rig_connect(rig);
    rig_handshake(rig, 240, 1);
    assert_int_equal(insert(rig, "0A00007P"), 0xD209);
    assert_int_equal(insert(rig, "0A00009P"), 0xD209);
    assert_int_equal(download(rig, &half), 0);
}

static void s7_139_what_was_downloaded_is_uploaded_byte_for_byte(void **state)
{
    static const uint8_t types[] = {'8', 'E', 'C', 'B', 'A'};
    static const uint16_t lens[] = {0, 1, 121, 122, 123, 1000, 3900};
    struct rig *rig = *state;

    for (size_t t = 0; t < sizeof types; t++)
        for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
            struct file file = make(types[t], (uint16_t)(10 + t), lens[i], (uint8_t)i);
            char name[16];

            assert_int_equal(download(rig, &file), 0);
            snprintf(name, sizeof name, "0%c%05uP", types[t], 10U + (unsigned)t);
            assert_int_equal(insert(rig, name), 0);
            expect_uploads_as(rig, &file);
        }
    plant_close(rig->plant);
    struct plant_error error;
    assert_int_equal(plant_open(rig->path, NULL, &rig->plant, &error), S7_OK);
    assert_int_equal(sim_plc_init(&rig->plc, rig->plant, plant_plc_at(rig->plant, 0), &error), S7_OK);
    for (size_t t = 0; t < sizeof types; t++) {
        struct file file = make(types[t], (uint16_t)(10 + t), 3900, 6);
        expect_uploads_as(rig, &file);
    }
}

static void s7_139_the_data_of_a_db_are_those_of_now(void **state)
{
    struct rig *rig = *state;
    struct file db = make('A', 1, 100, 3);

    assert_int_equal(download(rig, &db), 0);
    assert_int_equal(insert(rig, "0A00001P"), 0);
    rig_ask_pdu(rig, "3201 0000 0200 000e 0005 0501 120a1002 0001 0001 84 000050 00 04 0008 77",
                "3203 0000 0200 0002 0001 0000 0501 ff");
    db.bytes[36 + 10] = 0x77;
    expect_uploads_as(rig, &db);
    assert_int_equal(download(rig, &db), 0); /* and so it goes back */
    assert_int_equal(insert(rig, "0A00001P"), 0);
    expect_uploads_as(rig, &db);
    sql(rig, "UPDATE block SET data = zeroblob(101) WHERE number = 1"); /* the file fits no more */
    rig_turn(rig);
    uint8_t bytes[FILE_CAP];
    uint16_t error;
    assert_int_equal(upload(rig, 'A', 1, bytes, &error), 36 + 101 + 20 + 36);
    assert_int_equal(bytes[35], 101);
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
        struct file db = make('A', 1, 100, 3);
        db.bytes[wrongs[i].at] ^= wrongs[i].bits;
        assert_int_equal(download(rig, &db), wrongs[i].error);
        assert_int_equal(insert(rig, "0A00001P"), 0xD209);
    }
    struct file db = make('A', 1, 100, 3);
    struct frame start = start_frame(&db);
    struct came came;
    uint16_t ref;
    start.bytes[48] = '1'; /* MC7 length 101 */
    say(rig, start, &came);
    (void)job_of(&came, &ref);
    say(rig, piece_frame(ref, db.bytes, db.len, false), &came);
    assert_int_equal(job_of(&came, &ref).error, 0xD219);
    say(rig, end_frame(ref), &came);
    assert_int_equal(rig_db(rig, 1)[5], 5);
    expect_usable(rig);
}

static void s7_141_deleting_a_block_that_is_not_there_is_D209(void **state)
{
    struct rig *rig = *state;
    struct file fc = make('C', 5, 100, 3);

    assert_int_equal(download(rig, &fc), 0);
    assert_int_equal(insert(rig, "0C00005P"), 0);
    assert_int_equal(delete_blocks(rig, "0A00077B"), 0xD209);
    assert_int_equal(delete_blocks(rig, "0C00006A"), 0xD209);
    assert_int_equal(delete_blocks(rig, "0D00001A"), 0xD209);
    assert_int_equal(delete_blocks(rig, "0C00005P"), 0xD209);
    assert_int_equal(delete_blocks(rig, "0C00005B"), 0);
    assert_int_equal(delete_blocks(rig, "0C00005B"), 0xD209);
    assert_int_equal(delete_blocks(rig, "0A00002A"), 0);
    assert_null(plant_block_find(rig->plant, rig->plc.row, S7_AREA_DB, 2));
    rig_ask_pdu(rig, "3201 0000 0100 000e 0000 0401 120a1002 0001 0002 84 000028",
                "3203 0000 0100 0002 0004 0000 0401 0a000000");
}

static void a_block_that_was_not_inserted_can_be_given_up(void **state)
{
    struct rig *rig = *state;
    struct file fc = make('C', 5, 100, 3), other = make('C', 5, 90, 4);

    assert_int_equal(download(rig, &fc), 0);
    assert_int_equal(delete_blocks(rig, "0C00005P"), 0);
    assert_int_equal(insert(rig, "0C00005P"), 0xD209);
    assert_int_equal(download(rig, &fc), 0);
    assert_int_equal(download(rig, &other), 0); /* the last one counts */
    assert_int_equal(insert(rig, "0C00005P"), 0);
    expect_uploads_as(rig, &other);
}

static void several_blocks_come_and_go_with_one_job_or_none(void **state)
{
    struct rig *rig = *state;
    struct file ob = make('8', 1, 50, 1), fb = make('E', 2, 60, 2), db = make('A', 3, 70, 3);

    assert_int_equal(download(rig, &ob), 0);
    assert_int_equal(download(rig, &fb), 0);
    assert_int_equal(download(rig, &db), 0);
    assert_int_equal(insert(rig, "0800001P0E00002P0E00003P"), 0xD209);
    assert_int_equal(upload_error(rig, '8', 1), 0xD209);
    assert_int_equal(insert(rig, "0800001P0E00002P0A00003P0800001P"), 0);
    expect_uploads_as(rig, &ob);
    expect_uploads_as(rig, &fb);
    expect_uploads_as(rig, &db);
    assert_int_equal(delete_blocks(rig, "0800001B0E00003B"), 0xD209);
    expect_uploads_as(rig, &ob);
    assert_int_equal(delete_blocks(rig, "0800001B0E00002A0A00003B0A00003B"), 0);
    assert_int_equal(upload_error(rig, '8', 1), 0xD209);
    assert_int_equal(upload_error(rig, 'A', 3), 0xD209);
}

static void the_shelf_has_32_places(void **state)
{
    struct rig *rig = *state;
    struct file file = make('C', 0, 50, 1);

    for (uint16_t n = 0; n < 32; n++) {
        file = make('C', n, 50, 1);
        assert_int_equal(download(rig, &file), 0);
    }
    file = make('C', 32, 50, 1);
    assert_int_equal(error_of(rig, start_frame(&file)), 0xD208);
    assert_int_equal(insert(rig, "0C00007P"), 0);
    assert_int_equal(download(rig, &file), 0);
    assert_int_equal(insert(rig, "0C00032P"), 0);
    expect_usable(rig);
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
    struct file files[] = {make('8', 1, 50, 1), make('8', 35, 50, 1),  make('E', 2, 60, 2),
                           make('C', 3, 70, 3), make('B', 2000, 8, 3), make('A', 44, 80, 3)};
    uint8_t answer[1200];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char name[16];
        assert_int_equal(download(rig, &files[i]), 0);
        snprintf(name, sizeof name, "0%c%05uP", files[i].type, files[i].number);
        assert_int_equal(insert(rig, name), 0);
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
    assert_int_equal(upload_error(*state, '8', 0), 0xD20C);
    assert_int_equal(upload_error(*state, '8', 1), 0xD209);
    expect_usable(*state);
}

static void rows_of_the_file_are_blocks(void **state)
{
    struct rig *rig = *state;
    struct file fc = make('C', 5, 100, 3);

    assert_int_equal(download(rig, &fc), 0);
    assert_int_equal(insert(rig, "0C00005P"), 0);
    sql(rig, "INSERT INTO code (kind, number, file) SELECT kind, 6, file FROM code");
    rig_turn(rig);
    fc.number = 6;
    fc.bytes[7] = 6;
    expect_uploads_as(rig, &fc);
    sql(rig, "DELETE FROM code");
    rig_turn(rig);
    assert_int_equal(upload_error(rig, 'C', 5), 0xD209);
}

/* ---- requests that are refused ---- */

static void a_request_must_have_the_form_and_a_name_and_lengths_that_fit(void **state)
{
    static const struct {
        size_t at; /* of the frame */
        uint8_t byte;
        uint16_t error;
    } wrongs[] = {{25, 8, 0xD202},   {26, 'x', 0xD202}, {27, '1', 0xD201}, {28, 'D', 0xD201},
                  {28, 'G', 0xD201}, {33, 'x', 0xD201}, {34, 'C', 0xD201}, {29, '7', 0xD210},
                  {33, '0', 0xD210}, {35, 12, 0xD202},  {36, '2', 0xD202}, {42, 'x', 0xD202},
                  {48, ' ', 0xD202}, {37, '2', 0xD20F}, {43, '1', 0xD20F}, {45, '1', 0xD219}};
    struct rig *rig = *state;
    struct file db = make('A', 1, 100, 3);

    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        struct frame frame = start_frame(&db);
        frame.bytes[wrongs[i].at] = wrongs[i].byte;
        struct came came;
        say(rig, frame, &came);
        assert_int_equal(came.n, 1);
        assert_int_equal(came.pdus[0].rosctr, S7_ROSCTR_ACK);
        if (came.pdus[0].error != wrongs[i].error)
            fail_msg("%c at %zu: %04X", wrongs[i].byte, wrongs[i].at, came.pdus[0].error);
    }
    expect_usable(rig);
}

static void a_block_may_be_as_long_as_the_cpus_list_says(void **state)
{
    struct rig *rig = *state;
    struct file fc = make('C', 1, 1024, 3), longer = make('C', 1, 1025, 3), db = make('A', 1, 1025, 3);

    sql(rig, "INSERT INTO szl (list, record_len, data) VALUES"
             " (0x15, 10, x'0C00001000010000FFFE0A00001000400000FFFE')");
    rig_turn(rig);
    assert_int_equal(error_of(rig, start_frame(&longer)), 0xD20F);
    assert_int_equal(download(rig, &fc), 0);
    assert_int_equal(download(rig, &db), 0);
}

static void one_block_at_a_time(void **state)
{
    struct rig *rig = *state;
    struct file db = make('A', 1, 100, 3), other = make('A', 2, 100, 3);
    struct came came;
    uint16_t ref;

    say(rig, start_frame(&db), &came);
    (void)job_of(&came, &ref);
    assert_int_equal(error_of(rig, start_frame(&other)), 0xD240);
    assert_int_equal(insert(rig, "0A00001P"), 0x8401); /* it is under way */
    assert_int_equal(insert(rig, "0A00002P"), 0xD209);
    expect_usable(rig); /* other jobs go on */
    say(rig, piece_frame(ref, db.bytes, db.len, false), &came);
    assert_int_equal(job_of(&came, &ref).function, S7_FN_DOWNLOAD_END);
    assert_int_equal(error_of(rig, start_frame(&other)), 0xD240);
    say(rig, end_frame(ref), &came);
    assert_int_equal(download(rig, &other), 0);
    assert_int_equal(insert(rig, "0A00001P0A00002P"), 0);
    expect_uploads_as(rig, &db);
}

static void protection_keeps_blocks_out_and_in(void **state)
{
    struct rig *rig = *state;
    struct file db = make('A', 1, 100, 3);
    struct came came;

    assert_int_equal(download(rig, &db), 0);
    sql(rig, "UPDATE plc SET protection = 2, password = 'secret'");
    assert_int_equal(error_of(rig, start_frame(&db)), 0xD241);
    assert_int_equal(insert(rig, "0A00001P"), 0xD241);
    say(rig, control_frame("0A00001B", "_DELE"), &came);
    assert_int_equal(came.pdus[0].rosctr, S7_ROSCTR_ACK);
    assert_int_equal(came.pdus[0].error, 0xD241);
    assert_int_equal(upload_error(rig, 'A', 1), 0);
    sql(rig, "UPDATE plc SET protection = 1");
    assert_int_equal(insert(rig, "0A00001P"), 0);
}

static void services_on_blocks_name_them_in_full(void **state)
{
    struct rig *rig = *state;
    struct frame frame = control_frame("0A00001P", "_INSE");

    frame.bytes[27] = 2; /* two names */
    assert_int_equal(error_of(rig, frame), 0xD202);
    assert_int_equal(insert(rig, "1A00001P"), 0xD201);
    assert_int_equal(insert(rig, "0A0000xP"), 0xD201);
    assert_int_equal(delete_blocks(rig, "0A00001x"), 0xD201);
    assert_int_equal(insert(rig, "0A99999P"), 0xD209);
    assert_int_equal(delete_blocks(rig, "0A65538A"), 0xD209);
    assert_int_equal(error_of(rig, control_frame("", "_INSE")), 0xD202);
    assert_int_equal(error_of(rig, control_frame("0A00001P", "_XXXX")), 0x8104);
    expect_usable(rig);
}

/* ---- answers that are wrong ---- */

static void s7_025_an_answer_to_nothing_ends_the_connection(void **state)
{
    struct rig *rig = *state;
    struct file db = make('A', 1, 100, 3);
    struct came came;
    uint16_t ref;

    rig_feed_bytes(rig, end_frame(0x0100).bytes, end_frame(0x0100).len);
    assert_true(rig->ended);
    rig_connect(rig);
    rig_handshake(rig, 240, 1);
    say(rig, start_frame(&db), &came);
    (void)job_of(&came, &ref);
    struct frame other = piece_frame((uint16_t)(ref + 1), db.bytes, db.len, false);
    rig_feed_bytes(rig, other.bytes, other.len);
    assert_true(rig->ended);
}

static void a_wrong_piece_ends_the_download_and_not_the_connection(void **state)
{
    struct rig *rig = *state;
    struct file db = make('A', 1, 300, 3);

    for (unsigned wrong = 0; wrong < 6; wrong++) {
        struct came came;
        uint16_t ref;
        say(rig, start_frame(&db), &came);
        (void)job_of(&came, &ref);
        struct frame frame = piece_frame(ref, db.bytes, 200, wrong != 0); /* the last one, too soon */
        if (wrong == 1)
            frame.bytes[24] = 0xFA;
        else if (wrong == 2)
            frame.bytes[22] = 199;
        else if (wrong == 3)
            frame.bytes[19] = S7_FN_DOWNLOAD_END;
        else if (wrong == 4)
            frame = piece_frame(ref, db.bytes, 223, true); /* longer than a PDU of 240 */
        else if (wrong == 5)
            frame = piece_frame(ref, db.bytes, 0, true);
        say(rig, frame, &came);
        struct s7_download_job job = job_of(&came, &ref);
        assert_int_equal(job.function, S7_FN_DOWNLOAD_END);
        assert_int_equal(job.error, wrong == 0 ? 0xD219 : 0x8500);
        say(rig, end_frame(ref), &came);
        assert_int_equal(insert(rig, "0A00001P"), 0xD209);
    }
    assert_int_equal(download(rig, &db), 0);
    assert_int_equal(insert(rig, "0A00001P"), 0);
}

static void more_than_was_announced_is_not_taken(void **state)
{
    struct rig *rig = *state;
    struct file db = make('A', 1, 300, 3);
    struct came came;
    uint16_t ref;

    say(rig, start_frame(&db), &came);
    for (int i = 0; i < 2; i++) {
        (void)job_of(&came, &ref);
        say(rig, piece_frame(ref, db.bytes, 200, true), &came);
    }
    assert_int_equal(job_of(&came, &ref).function, S7_FN_DOWNLOAD); /* 400 of 400 */
    say(rig, piece_frame(ref, db.bytes, 1, false), &came);
    assert_int_equal(job_of(&came, &ref).error, 0xD219);
}

static void a_client_that_has_enough_ends_it_with_an_error(void **state)
{
    struct rig *rig = *state;
    struct file db = make('A', 1, 300, 3);
    struct came came;
    uint16_t ref;

    for (uint8_t rosctr = S7_ROSCTR_ACK; rosctr <= S7_ROSCTR_ACK_DATA; rosctr++) {
        say(rig, start_frame(&db), &came);
        (void)job_of(&came, &ref);
        struct frame frame = end_frame(ref);
        frame.bytes[8] = rosctr;
        frame.bytes[17] = 0x85;
        say(rig, frame, &came);
        assert_int_equal(came.n, 0);
        assert_int_equal(insert(rig, "0A00001P"), 0xD209);
    }
    assert_int_equal(download(rig, &db), 0);
}

static void an_answer_is_waited_for_ten_seconds(void **state)
{
    struct rig *rig = *state;
    struct file db = make('A', 1, 300, 3);
    struct came came;
    uint16_t ref;

    say(rig, start_frame(&db), &came);
    (void)job_of(&came, &ref);
    assert_int_equal(sim_session_due(rig->session), rig->now_ns + TEN_S_NS);
    rig->now_ns += TEN_S_NS - 1;
    rig_turn(rig);
    say(rig, piece_frame(ref, db.bytes, 222, true), &came);
    (void)job_of(&came, &ref);
    rig->now_ns += TEN_S_NS;
    rig_turn(rig);
    rig_expect(rig, "");
    expect_usable(rig);
    assert_int_equal(sim_session_due(rig->session), INT64_MAX);
    struct frame late = piece_frame(ref, db.bytes + 222, 178, false);
    rig_feed_bytes(rig, late.bytes, late.len);
    assert_true(rig->ended);
}

/* ---- turns that are run twice ---- */

/* Feed a frame, run its turn, undo that, run it again. */
static void say_twice(struct rig *rig, struct frame frame, struct came *came)
{
    sim_session *session = rig->session;
    uint8_t *room, first[2000];
    const uint8_t *bytes;
    struct sim_step step;
    size_t first_len = 0;

    assert_true(sim_session_room(session, &room) >= frame.len);
    memcpy(room, frame.bytes, frame.len);
    sim_session_received(session, frame.len, rig->now_ns);
    rig->plc.now_ns = rig->now_ns;
    for (int run = 0; run < 2; run++) {
        assert_int_equal(plant_turn_begin(rig->plant, run == 1), S7_OK); /* undone by storing nothing */
        if (run == 0)
            sim_session_mark(session);
        do {
            sim_session_step(session, &step);
            if (step.result == SIM_STEP_REQUEST)
                sim_session_run(session, run == 0 ? SIM_WRITES_REFUSE : SIM_WRITES_RUN, &step);
            while (sim_session_tell(session))
                continue;
        } while (step.result == SIM_STEP_DONE);
        assert_int_equal(plant_turn_end(rig->plant), S7_OK);
        if (run == 0) {
            first_len = sim_session_pending(session, &bytes);
            memcpy(first, bytes, first_len);
            sim_session_rewind(session);
        }
    }
    size_t len = sim_session_pending(session, &bytes);
    assert_int_equal(len, first_len);
    assert_memory_equal(bytes, first, len);
    sim_session_turn_done(session);
    take(rig, came);
}

static void turns_that_are_run_twice_take_a_block_once(void **state)
{
    struct rig *rig = *state;

    for (uint16_t round = 0; round < 3; round++) {
        struct file db = make('A', (uint16_t)(50 + round), (uint16_t)(900 + round), (uint8_t)round);
        struct came came;
        uint16_t ref, before = 0;
        size_t given = 0;

        say_twice(rig, start_frame(&db), &came);
        while (job_of(&came, &ref).function == S7_FN_DOWNLOAD) {
            size_t len = db.len - given < 222 ? db.len - given : 222;
            assert_true(before == 0 || ref == before + 0x0200);
            before = ref;
            say_twice(rig, piece_frame(ref, db.bytes + given, len, given + len < db.len), &came);
            given += len;
        }
        assert_int_equal(job_of(&came, &ref).error, 0);
        say_twice(rig, end_frame(ref), &came);
        char name[16];
        snprintf(name, sizeof name, "0A%05uP", 50U + round);
        assert_int_equal(insert(rig, name), 0);
        expect_uploads_as(rig, &db);
    }
}

/* Run what waits, as the server does. */
static s7_status run_turn(struct rig *rig, enum sim_writes writes)
{
    struct sim_step step;

    do {
        sim_session_step(rig->session, &step);
        if (step.result == SIM_STEP_REQUEST)
            sim_session_run(rig->session, writes, &step);
        while (sim_session_tell(rig->session))
            continue;
    } while (step.result == SIM_STEP_DONE);
    return plant_turn_end(rig->plant);
}

/* What the turn that cannot be committed did with the shelf is undone as well. */
static void an_insertion_that_cannot_be_committed_can_be_asked_for_again(void **state)
{
    struct rig *rig = *state;
    struct file db = make('A', 7, 40, 1);
    struct frame frame = control_frame("0A00007P", "_INSE");
    struct came came;
    uint8_t *room;

    assert_int_equal(download(rig, &db), 0);
    sql(rig, "INSERT INTO tag (name, address) VALUES ('t', 'DB7.DBB0');"
             "ALTER TABLE tag ADD COLUMN no TEXT DEFAULT '' CHECK (applied IS NULL)");
    rig_turn(rig);
    assert_true(sim_session_room(rig->session, &room) >= frame.len);
    memcpy(room, frame.bytes, frame.len);
    sim_session_received(rig->session, frame.len, rig->now_ns);
    assert_true(sim_session_may_write(rig->session));
    assert_int_equal(plant_turn_begin(rig->plant, true), S7_OK);
    sim_session_mark(rig->session);
    assert_int_not_equal(run_turn(rig, SIM_WRITES_RUN), S7_OK);
    sim_session_rewind(rig->session);
    assert_int_equal(plant_turn_begin(rig->plant, false), S7_OK);
    assert_int_equal(run_turn(rig, SIM_WRITES_REFUSE), S7_OK);
    sim_session_turn_done(rig->session);
    take(rig, &came);
    assert_int_equal(came.n, 1);
    assert_int_equal(came.pdus[0].error, 0x8302);
    assert_int_equal(upload_error(rig, 'A', 7), 0xD209);
    sql(rig, "ALTER TABLE tag DROP COLUMN no");
    assert_int_equal(insert(rig, "0A00007P"), 0);
    expect_uploads_as(rig, &db);
}

/* ---- two connections ---- */

static void two_connections_may_give_the_same_block(void **state)
{
    struct rig *rig = *state;
    struct file mine = make('A', 7, 40, 1), yours = make('A', 7, 60, 2);
    sim_session *other = NULL, *first = rig->session;

    assert_int_equal(download(rig, &mine), 0);
    rig->session = NULL;
    rig_connect(rig);
    rig_handshake(rig, 240, 1);
    other = rig->session;
    assert_int_equal(insert(rig, "0A00007P"), 0xD209); /* it is the other's */
    assert_int_equal(download(rig, &yours), 0);
    assert_int_equal(insert(rig, "0A00007P"), 0);
    expect_uploads_as(rig, &yours);
    rig->session = first;
    assert_int_equal(insert(rig, "0A00007P"), 0);
    expect_uploads_as(rig, &mine);
    sim_session_free(other);
}

static void a_block_that_is_deleted_or_replaced_ends_the_upload_of_it(void **state)
{
    struct rig *rig = *state;
    struct file fc = make('C', 5, 1000, 3), shorter = make('C', 5, 999, 3);
    uint8_t param[32];
    struct s7_wr wr = {param, sizeof param, 0, false};
    struct came came;
    uint32_t id, said;

    for (int deleted = 0; deleted < 2; deleted++) {
        assert_int_equal(download(rig, &fc), 0);
        assert_int_equal(insert(rig, "0C00005P"), 0);
        wr.len = 0;
        s7_upload_start_append(&wr, 'C', 5);
        say(rig, frame_of(S7_ROSCTR_JOB, 1, &wr, NULL), &came);
        assert_int_equal(s7_upload_start_decode(&came.pdus[0], &id, &said), S7_OK);
        if (deleted) {
            assert_int_equal(delete_blocks(rig, "0C00005A"), 0);
        } else {
            assert_int_equal(download(rig, &shorter), 0);
            assert_int_equal(insert(rig, "0C00005P"), 0);
        }
        wr.len = 0;
        s7_upload_append(&wr, id);
        assert_int_equal(error_of(rig, frame_of(S7_ROSCTR_JOB, 2, &wr, NULL)), deleted ? 0xD209 : 0x8401);
    }
}

/* ---- anything ---- */

/* The whole conversation with one of its frames changed: an end or an answer, and no block in part. */
static void converse(struct rig *rig, const struct file *file, unsigned which, size_t at, uint8_t bits,
                     size_t cut)
{
    uint16_t ref = 0;
    size_t given = 0;

    for (unsigned i = 0; i < 6 && !rig->ended; i++) {
        struct frame frame;
        size_t len = file->len - given < 222 ? file->len - given : 222;
        if (i == 0)
            frame = start_frame(file);
        else if (i == 5)
            frame = control_frame("0A00007P", "_INSE");
        else if (i == 4)
            frame = end_frame(ref);
        else
            frame = piece_frame(ref, file->bytes + given, len, given + len < file->len);
        given += i > 0 && i < 4 ? len : 0;
        if (i == which) {
            frame.bytes[at % frame.len] ^= bits;
            frame.len -= cut % frame.len;
        }
        rig_feed_bytes(rig, frame.bytes, frame.len);
        uint8_t bytes[2000];
        size_t got = rig_take(rig, bytes, sizeof bytes);
        if (got >= 35)
            ref = (uint16_t)(bytes[got - 35 + 11] << 8 | bytes[got - 35 + 12]);
    }
}

static void expect_none_or_whole(struct rig *rig)
{
    const struct plant_block *block = plant_block_find(rig->plant, rig->plc.row, S7_AREA_DB, 7);

    assert_true(block == NULL || block->len == 400);
    assert_true((block == NULL) == (plant_code_find(rig->plant, rig->plc.row, PLANT_DB, 7) == NULL));
}

static void every_byte_may_be_another_and_every_frame_end_early(void **state)
{
    struct rig *rig = *state;
    struct file db = make('A', 7, 400, 1);

    for (unsigned which = 0; which < 6; which++) {
        size_t lens[] = {49, 247, 247, 81, 20, 43};
        for (size_t at = 0; at < lens[which]; at++)
            for (int kind = 0; kind < 4; kind++) {
                static const uint8_t bits[] = {0x01, 0x80, 0xFF, 0};
                rig_connect(rig);
                rig_handshake(rig, 240, 1);
                converse(rig, &db, which, at, bits[kind], kind == 3 ? at : 0);
                expect_none_or_whole(rig);
                rig_connect(rig);
                rig_handshake(rig, 240, 1);
                (void)delete_blocks(rig, "0A00007B");
            }
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
        ON_300(s7_136_and_198_the_plc_asks_with_its_own_references_and_ends_it),
        ON_300(s7_138_a_block_counts_once_it_is_inserted),
        ON_300(s7_138_a_block_is_lost_with_its_connection),
        ON_300(s7_139_what_was_downloaded_is_uploaded_byte_for_byte),
        ON_300(s7_139_the_data_of_a_db_are_those_of_now),
        ON_300(s7_140_a_file_that_is_not_what_it_says_is_refused_at_the_end),
        ON_300(s7_141_deleting_a_block_that_is_not_there_is_D209),
        ON_300(a_block_that_was_not_inserted_can_be_given_up),
        ON_300(several_blocks_come_and_go_with_one_job_or_none),
        ON_300(the_shelf_has_32_places),
        ON_300(s7_121_and_193_counts_lists_and_details_know_all_kinds),
        ON_300(s7_197_there_is_no_ob_0),
        ON_300(rows_of_the_file_are_blocks),
        ON_300(a_request_must_have_the_form_and_a_name_and_lengths_that_fit),
        ON_300(a_block_may_be_as_long_as_the_cpus_list_says),
        ON_300(one_block_at_a_time),
        ON_300(protection_keeps_blocks_out_and_in),
        ON_300(services_on_blocks_name_them_in_full),
        ON_300(s7_025_an_answer_to_nothing_ends_the_connection),
        ON_300(a_wrong_piece_ends_the_download_and_not_the_connection),
        ON_300(more_than_was_announced_is_not_taken),
        ON_300(a_client_that_has_enough_ends_it_with_an_error),
        ON_300(an_answer_is_waited_for_ten_seconds),
        ON_300(turns_that_are_run_twice_take_a_block_once),
        ON_300(an_insertion_that_cannot_be_committed_can_be_asked_for_again),
        ON_300(two_connections_may_give_the_same_block),
        ON_300(a_block_that_is_deleted_or_replaced_ends_the_upload_of_it),
        ON_300(every_byte_may_be_another_and_every_frame_end_early),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
