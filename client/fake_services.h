/* fake_services.h - for tests: what the fake PLC (fake_plc.h) has beside its memory: status lists, blocks, a
 * clock, a password, a mode. Long answers come in units as large as the PDU length takes. */
#ifndef CLIENT_FAKE_SERVICES_H
#define CLIENT_FAKE_SERVICES_H

#include "client/fake_store.h"
#include "protocol/blocks.h"
#include "protocol/clock.h"
#include "protocol/control.h"
#include "protocol/password.h"
#include "protocol/szl.h"
#include "protocol/userdata.h"

#define FAKE_DIAG_ENTRIES 300
#define FAKE_DBS          100
#define FAKE_BLOCK_LEN    500
#define FAKE_PASSWORD     "secret"

struct fake_services {
    uint8_t mode;
    s7_datetime clock;
    bool logged_on;
    uint8_t answer[8192]; /* of the last userdata request; sent up to answer_at */
    size_t answer_len, answer_at;
    size_t upload_at;
    struct fake_store store;
    const struct fake_block *going; /* an upload */
    unsigned units, controls;       /* it saw */
};

static inline void fake_services_init(struct fake_services *fake)
{
    *fake = (struct fake_services){
        .mode = 8, .clock = {.year = 2026, .month = 11, .day = 24, .hour = 19, .minute = 3, .second = 25}};
}

/* ---- status lists ---- */

static inline void fake_text(struct s7_wr *wr, const char *text, size_t len)
{
    uint8_t *room = s7_wr_room(wr, len);

    assert_non_null(room);
    memset(room, 0, len);
    memcpy(room, text, strlen(text));
}

static inline void fake_modules(struct s7_wr *wr)
{
    s7_szl_head_append(wr, S7_SZL_MODULE, 0, 28, 2);
    s7_wr_be(wr, 2, 1);
    fake_text(wr, "6ES7 315-2EH14-0AB0 ", 20);
    s7_wr_be(wr, 4, 0x00C00004);
    s7_wr_be(wr, 2, 1);
    s7_wr_be(wr, 2, 7);
    fake_text(wr, "                    ", 20);
    s7_wr_be(wr, 4, 0x00C05603);
    s7_wr_be(wr, 2, 0x0206);
}

static inline void fake_components(struct s7_wr *wr)
{
    static const struct {
        uint16_t index;
        const char *text;
    } components[] = {{1, "S7300 station_1"},
                      {2, "PLC_1"},
                      {3, "hall 4"},
                      {4, "Original Siemens Equipment"},
                      {5, "S C-X4U421302009"},
                      {7, "CPU 315-2 PN/DP"},
                      {8, "MMC 267FF11F"},
                      {9, ""},
                      {0xA, ""},
                      {0xB, "over there"}};

    s7_szl_head_append(wr, S7_SZL_COMPONENT, 0, 34, 10);
    for (size_t i = 0; i < 10; i++) {
        s7_wr_be(wr, 2, components[i].index);
        fake_text(wr, components[i].text, 32);
    }
}

static inline void fake_one_record(struct s7_wr *wr, uint16_t id, uint16_t index, uint16_t len,
                                   const char *record)
{
    struct bytes bytes = hex(record);

    s7_szl_head_append(wr, id, index, len, 1);
    s7_wr_bytes(wr, bytes.at, bytes.len);
    fake_text(wr, "", len - bytes.len);
}

static inline void fake_mode(const struct fake_services *fake, struct s7_wr *wr)
{
    s7_szl_head_append(wr, S7_SZL_MODE, 0, 20, 1);
    s7_wr_be(wr, 4, 0x5144FF00U | fake->mode);
    fake_text(wr, "", 8);
    s7_datetime_encode(wr, &(s7_datetime){.year = 2016, .month = 2, .day = 8, .hour = 14});
}

static inline void fake_diag(struct s7_wr *wr)
{
    s7_szl_head_append(wr, S7_SZL_DIAG, 0, 20, FAKE_DIAG_ENTRIES);
    for (uint32_t i = 0; i < FAKE_DIAG_ENTRIES; i++) {
        s7_wr_be(wr, 4, i % 2 == 0 ? 0x4302FF68 : 0x4304FF84);
        s7_wr_be(wr, 4, 0xC7000000);
        s7_wr_be(wr, 4, i);
        s7_datetime_encode(wr, &(s7_datetime){.year = 1994, .month = 1, .day = 9});
    }
}

static inline void fake_leds(const struct fake_services *fake, struct s7_wr *wr)
{
    s7_szl_head_append(wr, S7_SZL_LEDS_ALL, 0, 4, 3);
    s7_wr_be(wr, 4, 0x00010000);
    s7_wr_be(wr, 4, fake->mode == 8 ? 0x00040100 : 0x00040000);
    s7_wr_be(wr, 4, fake->mode == 8 ? 0x00050000 : 0x00050101);
}

/* Returns the error. */
static inline uint16_t fake_szl(const struct fake_services *fake, const struct s7_userdata *request,
                                struct s7_wr *wr)
{
    uint16_t id, index;

    assert_int_equal(s7_szl_request_decode(request->payload, request->payload_len, &id, &index), S7_OK);
    switch ((uint32_t)id << 16 | index) {
    case S7_SZL_MODULE << 16:
        fake_modules(wr);
        return 0;
    case S7_SZL_COMPONENT << 16:
        fake_components(wr);
        return 0;
    case S7_SZL_LEDS_ALL << 16:
        fake_leds(fake, wr);
        return 0;
    case S7_SZL_DIAG << 16:
        fake_diag(wr);
        return 0;
    case S7_SZL_COMM << 16 | 1:
        fake_one_record(wr, id, 1, 40, "00 01 00 f0 00 10 00 b7 1b 00 00 02 dc 6c 05 f5 e1 00");
        return 0;
    case S7_SZL_PROTECTION << 16 | 4:
        fake_one_record(wr, id, 4, 40, "00 04 00 01 00 03 00 02 00 02 00 01");
        return 0;
    case S7_SZL_MODE << 16:
        fake_mode(fake, wr);
        return 0;
    default:
        return 0xD401;
    }
}

/* ---- blocks ---- */

static inline void fake_block_info(struct s7_wr *wr)
{
    struct bytes bytes =
        hex("01 00 00 4a 22 00 70 70 01 01 05 0a 00 01 00 00 00 66 00 00 00 03 00 00 00 01 16 a8 "
            "05 26 5b ff 16 a9 00 14 00 02 00 00 00 08 73 69 65 6d 65 6e 73 20 66 61 6d 00 00 00 "
            "00 00 20 20 20 20 20 20 20 20 21 00 ab cd 00 00 00 00 00 00 00 00");

    s7_wr_bytes(wr, bytes.at, bytes.len);
}

static inline uint16_t fake_blocks(const struct s7_userdata *request, struct s7_wr *wr)
{
    static const char counts[] =
        "30 38 00 00 30 45 00 02 30 43 00 03 30 41 00 64 30 42 00 05 30 44 00 06 30 46 00 07";
    struct bytes bytes = hex(counts);
    bool db = request->payload_len > 1 && request->payload[1] == 'A';

    if (request->subfunction == S7_BLOCKS_COUNT)
        s7_wr_bytes(wr, bytes.at, bytes.len);
    else if (request->subfunction == S7_BLOCKS_OF_TYPE && db)
        for (uint32_t i = 0; i < FAKE_DBS; i++)
            s7_wr_be(wr, 4, (FAKE_DBS - i) << 16 | 0x2205);
    else if (request->subfunction == S7_BLOCKS_OF_TYPE)
        return 0xD20E;
    else if (db && memcmp(request->payload, "0A00001A", 8) == 0)
        fake_block_info(wr);
    else
        return 0xD209;
    return 0;
}

/* ---- clock and password ---- */

static inline uint16_t fake_clock(struct fake_services *fake, const struct s7_userdata *request,
                                  struct s7_wr *wr)
{
    if (request->subfunction == S7_CLOCK_READ)
        s7_clock_encode(wr, &fake->clock);
    else
        return s7_clock_decode(request->payload, request->payload_len, &fake->clock) == S7_OK ? 0 : 0xDC01;
    return 0;
}

static inline uint16_t fake_security(struct fake_services *fake, const struct s7_userdata *request)
{
    char password[S7_PASSWORD_LEN];
    bool right = false;

    if (request->subfunction == S7_SECURITY_CLEAR && !fake->logged_on)
        return 0xD604;
    if (request->subfunction == S7_SECURITY_PASSWORD) {
        assert_int_equal(request->payload_len, S7_PASSWORD_LEN);
        s7_password_unscramble(request->payload, password);
        right = memcmp(password, FAKE_PASSWORD "  ", S7_PASSWORD_LEN) == 0;
    }
    fake->logged_on = right;
    return right || request->subfunction == S7_SECURITY_CLEAR ? 0 : 0xD602;
}

/* ---- userdata ---- */

static inline uint16_t fake_first_request(struct fake_services *fake, const struct s7_userdata *request)
{
    struct s7_wr wr = {fake->answer, sizeof fake->answer, 0, false};
    uint16_t error = request->group == S7_GROUP_CPU        ? fake_szl(fake, request, &wr)
                     : request->group == S7_GROUP_BLOCKS   ? fake_blocks(request, &wr)
                     : request->group == S7_GROUP_CLOCK    ? fake_clock(fake, request, &wr)
                     : request->group == S7_GROUP_SECURITY ? fake_security(fake, request)
                                                           : 0x8104;

    assert_false(wr.full);
    fake->answer_len = error == 0 ? wr.len : 0;
    fake->answer_at = 0;
    return error;
}

#define FAKE_SEQUENCE 3

static inline void fake_userdata(struct fake_services *fake, size_t pdu_len, const struct s7_pdu *job,
                                 struct s7_wr *wr)
{
    struct s7_userdata request;
    uint16_t error = 0;

    assert_int_equal(s7_userdata_decode(job, &request), S7_OK);
    if (request.sequence == 0)
        error = fake_first_request(fake, &request);
    else if (request.sequence != FAKE_SEQUENCE || fake->answer_at >= fake->answer_len)
        error = 0xD406;
    size_t left = fake->answer_len - fake->answer_at, room = s7_userdata_room(pdu_len);
    struct s7_userdata unit =
        s7_userdata_request(request.group, request.subfunction,
                            left > 0 ? fake->answer + fake->answer_at : NULL, left < room ? left : room);
    unit.is_long = true;
    unit.method = S7_METHOD_ANSWER;
    unit.type = S7_USERDATA_ANSWER;
    unit.sequence = FAKE_SEQUENCE;
    unit.error = error;
    unit.last_unit = left > room;
    unit.unit_ref = fake->answer_len > room ? 0xD5 : 0;
    fake->answer_at += unit.payload_len;
    fake->units++;
    s7_userdata_encode(wr, job->ref, &unit);
}

/* ---- control and upload ---- */

static inline uint16_t fake_control(struct fake_services *fake, const struct s7_pdu *job)
{
    enum s7_control control;
    uint8_t before = fake->mode;

    assert_int_equal(s7_control_decode(job, &control), S7_OK);
    fake->controls++;
    if (control == S7_CONTROL_OTHER)
        return fake_block_control(&fake->store, job);
    if (control == S7_CONTROL_STOP)
        fake->mode = 4;
    else if (control == S7_CONTROL_WARM || control == S7_CONTROL_COLD)
        fake->mode = 8;
    else
        return 0;
    return fake->mode == before ? 0x8402 : 0;
}

static inline uint8_t fake_block_byte(size_t i)
{
    return (uint8_t)(i * 7 + 1);
}

/* Blocks that were not downloaded are all alike. */
static inline void fake_upload_start(struct fake_services *fake, const struct s7_pdu *job, struct s7_wr *wr)
{
    char name[8], digits[9];

    fake_name(job, 10, name);
    fake->going = fake_block_find(&fake->store, name);
    if (fake->going != NULL && !fake->going->inserted)
        fake->going = NULL;
    fake->upload_at = 0;
    snprintf(digits, sizeof digits, "\7%07u",
             fake->going != NULL ? (unsigned)fake->going->len % 10000000 : FAKE_BLOCK_LEN);
    s7_wr_be(wr, 3, 0x000100);
    s7_wr_be(wr, 4, 7);
    fake_text(wr, digits, 8);
}

static inline void fake_upload(struct fake_services *fake, size_t pdu_len, const struct s7_pdu *job,
                               struct s7_wr *wr, size_t begin)
{
    size_t whole = fake->going != NULL ? fake->going->len : FAKE_BLOCK_LEN;
    size_t left = whole - fake->upload_at, n = left < pdu_len - 18 ? left : pdu_len - 18;

    s7_wr_be(wr, 1, job->param[0]);
    if (job->param[0] == S7_FN_UPLOAD_START) {
        fake_upload_start(fake, job, wr);
    } else if (job->param[0] == S7_FN_UPLOAD) {
        s7_wr_be(wr, 1, n < left);
        s7_pdu_param_end(wr, begin);
        s7_wr_be(wr, 2, (uint32_t)n);
        s7_wr_be(wr, 2, 0xFB);
        for (; n > 0; n--, fake->upload_at++)
            s7_wr_be(wr, 1,
                     fake->going != NULL ? fake->going->bytes[fake->upload_at]
                                         : fake_block_byte(fake->upload_at));
        return;
    }
    s7_pdu_param_end(wr, begin);
}

/* Answer a request that is neither setup nor a read or write. */
static inline void fake_service(struct fake_services *fake, size_t pdu_len, const struct s7_pdu *job,
                                struct s7_wr *wr)
{
    uint16_t error = 0;

    if (job->rosctr == S7_ROSCTR_USERDATA) {
        fake_userdata(fake, pdu_len, job, wr);
        return;
    }
    bool upload = job->param[0] >= S7_FN_UPLOAD_START && job->param[0] <= S7_FN_UPLOAD_END;
    if (job->param[0] == S7_FN_DOWNLOAD_START)
        error = fake_download(&fake->store, job);
    else if (!upload)
        error = fake_control(fake, job);
    size_t begin = s7_pdu_begin(wr, S7_ROSCTR_ACK_DATA, job->ref, error);
    if (upload) {
        fake_upload(fake, pdu_len, job, wr, begin);
    } else {
        s7_wr_be(wr, 1, job->param[0]);
        s7_pdu_param_end(wr, begin);
    }
    s7_pdu_end(wr, begin);
}

#endif
