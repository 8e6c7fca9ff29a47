#include "download_rig.h"

#include "protocol/tpkt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sqlite3.h>

struct dl_file dl_make(uint8_t type, uint16_t number, uint16_t mc7, uint8_t seed)
{
    struct dl_file file = {.type = type, .number = number, .len = 72U + mc7 + 28};
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

struct dl_frame dl_frame(uint8_t rosctr, uint16_t ref, const struct s7_wr *param, const struct s7_wr *data)
{
    struct dl_frame frame;
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

struct dl_frame dl_start(const struct dl_file *file)
{
    uint8_t param[64];
    struct s7_wr wr = {param, sizeof param, 0, false};
    uint16_t mc7 = (uint16_t)(file->bytes[34] << 8 | file->bytes[35]);

    s7_download_start_append(&wr, file->type, file->number, (uint32_t)file->len, mc7);
    return dl_frame(S7_ROSCTR_JOB, 0x1400, &wr, NULL);
}

struct dl_frame dl_piece(uint16_t ref, const uint8_t *bytes, size_t len, bool more)
{
    uint8_t param[2], data[1000];
    struct s7_wr params = {param, sizeof param, 0, false}, datas = {data, sizeof data, 0, false};

    s7_download_answer_append(&params, S7_FN_DOWNLOAD, more);
    s7_download_piece_head_append(&datas, (uint16_t)len);
    s7_wr_bytes(&datas, bytes, len);
    return dl_frame(S7_ROSCTR_ACK_DATA, ref, &params, &datas);
}

struct dl_frame dl_end(uint16_t ref)
{
    uint8_t param[1] = {S7_FN_DOWNLOAD_END};
    const struct s7_wr wr = {param, sizeof param, sizeof param, false};

    return dl_frame(S7_ROSCTR_ACK_DATA, ref, &wr, NULL);
}

struct dl_frame dl_control(const char *names, const char *service)
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
    return dl_frame(S7_ROSCTR_JOB, 0x1500, &wr, NULL);
}

/* ---- conversations ---- */

void dl_take(struct rig *rig, struct dl_came *came)
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

void dl_say(struct rig *rig, struct dl_frame frame, struct dl_came *came)
{
    rig_feed_bytes(rig, frame.bytes, frame.len);
    dl_take(rig, came);
}

struct s7_download_job dl_job(const struct dl_came *came, uint16_t *ref)
{
    struct s7_download_job job = {0};

    assert_in_range(came->n, 1, 4);
    const struct s7_pdu *pdu = &came->pdus[came->n - 1];
    assert_int_equal(pdu->rosctr, S7_ROSCTR_JOB);
    assert_int_equal(s7_download_decode(pdu, &job), S7_OK);
    *ref = pdu->ref;
    return job;
}

uint16_t dl_give(struct rig *rig, const struct dl_file *file, uint16_t *ref)
{
    struct dl_came came;
    struct s7_download_job job;
    size_t given = 0;

    dl_say(rig, dl_start(file), &came);
    assert_int_equal(came.n, 2);
    assert_int_equal(came.pdus[0].error, 0);
    for (job = dl_job(&came, ref); job.function == S7_FN_DOWNLOAD; job = dl_job(&came, ref)) {
        size_t len = file->len - given < 222 ? file->len - given : 222;
        assert_int_equal(job.type, file->type);
        assert_int_equal(job.number, file->number);
        dl_say(rig, dl_piece(*ref, file->bytes + given, len, given + len < file->len), &came);
        given += len;
    }
    return job.error;
}

uint16_t dl_download(struct rig *rig, const struct dl_file *file)
{
    struct dl_came came;
    uint16_t ref, error = dl_give(rig, file, &ref);

    dl_say(rig, dl_end(ref), &came);
    assert_int_equal(came.n, 0);
    return error;
}

uint16_t dl_error(struct rig *rig, struct dl_frame frame)
{
    struct dl_came came;

    dl_say(rig, frame, &came);
    assert_int_equal(came.n, 1);
    if (came.pdus[0].rosctr == S7_ROSCTR_ACK_DATA && came.pdus[0].error != 0) {
        assert_int_equal(came.pdus[0].param_len, 2);
        assert_memory_equal(came.pdus[0].param, "\x28\x02", 2);
    }
    return came.pdus[0].error;
}

uint16_t dl_insert(struct rig *rig, const char *names)
{
    return dl_error(rig, dl_control(names, "_INSE"));
}

uint16_t dl_delete(struct rig *rig, const char *names)
{
    return dl_error(rig, dl_control(names, "_DELE"));
}

size_t dl_upload(struct rig *rig, uint8_t type, uint16_t number, uint8_t *out, uint16_t *error)
{
    uint8_t param[32];
    struct s7_wr wr = {param, sizeof param, 0, false};
    struct dl_came came;
    uint32_t id, said;
    size_t len = 0;

    s7_upload_start_append(&wr, type, number);
    dl_say(rig, dl_frame(S7_ROSCTR_JOB, 1, &wr, NULL), &came);
    *error = came.pdus[0].error;
    if (*error != 0)
        return 0;
    assert_int_equal(s7_upload_start_decode(&came.pdus[0], &id, &said), S7_OK);
    for (bool last = false; !last;) {
        struct s7_rd piece;
        wr.len = 0;
        s7_upload_append(&wr, id);
        dl_say(rig, dl_frame(S7_ROSCTR_JOB, 2, &wr, NULL), &came);
        assert_int_equal(s7_upload_decode(&came.pdus[0], &piece, &last), S7_OK);
        memcpy(out + len, piece.at, piece.left);
        len += piece.left;
    }
    assert_int_equal(len, said);
    return len;
}

uint16_t dl_upload_error(struct rig *rig, uint8_t type, uint16_t number)
{
    uint8_t bytes[DL_FILE_CAP];
    uint16_t error;

    (void)dl_upload(rig, type, number, bytes, &error);
    return error;
}

void dl_expect_uploads_as(struct rig *rig, const struct dl_file *file)
{
    uint8_t bytes[DL_FILE_CAP];
    uint16_t error;

    assert_int_equal(dl_upload(rig, file->type, file->number, bytes, &error), file->len);
    assert_memory_equal(bytes, file->bytes, file->len);
}

void dl_sql(struct rig *rig, const char *text)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(rig->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    sqlite3_close(db);
}

void dl_expect_usable(struct rig *rig)
{
    assert_false(rig->ended);
    rig_ask_pdu(rig, "3201 0000 0100 000e 0000 0401 120a1002 0001 0001 84 000028",
                "3203 0000 0100 0002 0005 0000 0401 ff040008 05");
}

int dl_setup(void **state)
{
    static struct rig rig;

    rig_open(&rig, "s7-300");
    rig_handshake(&rig, 240, 1);
    *state = &rig;
    return 0;
}

int dl_teardown(void **state)
{
    rig_close(*state);
    return 0;
}
