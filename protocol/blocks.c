#include "protocol/blocks.h"

#include "protocol/clock.h"
#include "protocol/control.h"

#define TYPE_LEAD       '0'
#define FS_ACTIVE       'A'
#define FS_PASSIVE      'P'
#define FS_BOTH         'B'
#define NAME_LEN        9
#define INFO_LEN_AT     0x004A
#define MORE            0x01
#define PIECE_MARK      0x00FB
#define BLOCK_FILE_MARK 0x7070

static void type_append(struct s7_wr *wr, uint8_t type)
{
    s7_wr_be(wr, 1, TYPE_LEAD);
    s7_wr_be(wr, 1, type);
}

/* Decimal digits, as many as unit (10000: five) has. */
static void digits_append(struct s7_wr *wr, uint32_t value, uint32_t unit)
{
    for (; unit > 0; unit /= 10)
        s7_wr_be(wr, 1, '0' + value / unit % 10);
}

/* Five ASCII digits. */
static void number_append(struct s7_wr *wr, uint16_t number)
{
    digits_append(wr, number, 10000);
}

/* "_0A00001P" behind its length: how jobs name a block. */
static void name_append(struct s7_wr *wr, uint8_t type, uint16_t number, uint8_t fs)
{
    s7_wr_be(wr, 1, NAME_LEN);
    s7_wr_be(wr, 1, '_');
    type_append(wr, type);
    number_append(wr, number);
    s7_wr_be(wr, 1, fs);
}

void s7_blocks_of_type_append(struct s7_wr *wr, uint8_t type)
{
    type_append(wr, type);
}

void s7_block_info_append(struct s7_wr *wr, uint8_t type, uint16_t number)
{
    type_append(wr, type);
    number_append(wr, number);
    s7_wr_be(wr, 1, FS_ACTIVE);
}

bool s7_block_count_decode(struct s7_rd *rd, uint8_t *type, uint16_t *count)
{
    uint8_t lead;

    return s7_rd_u8(rd, &lead) && lead == TYPE_LEAD && s7_rd_u8(rd, type) && s7_rd_u16(rd, count);
}

bool s7_block_listed_decode(struct s7_rd *rd, struct s7_block_listed *out)
{
    return s7_rd_u16(rd, &out->number) && s7_rd_u8(rd, &out->flags) && s7_rd_u8(rd, &out->language);
}

/* ---- details ---- */

static bool skip(struct s7_rd *rd, size_t len)
{
    const uint8_t *view;

    return s7_rd_view(rd, len, &view);
}

static bool rd_head(struct s7_rd *rd, struct s7_block_details *out)
{
    uint16_t info_len;

    return skip(rd, 2) && s7_rd_u16(rd, &info_len) && info_len == INFO_LEN_AT && skip(rd, 5) &&
           s7_rd_u8(rd, &out->flags) && s7_rd_u8(rd, &out->language) && s7_rd_u8(rd, &out->subtype) &&
           s7_rd_u16(rd, &out->number) && s7_rd_be(rd, 4, &out->load_len) && s7_rd_be(rd, 4, &out->security);
}

static bool rd_times_and_lengths(struct s7_rd *rd, struct s7_block_details *out)
{
    return s7_block_time_decode(rd, &out->code_time) == S7_OK &&
           s7_block_time_decode(rd, &out->interface_time) == S7_OK && s7_rd_u16(rd, &out->ssb_len) &&
           s7_rd_u16(rd, &out->add_len) && s7_rd_u16(rd, &out->local_len) && s7_rd_u16(rd, &out->mc7_len);
}

bool s7_block_details_decode(const uint8_t *payload, size_t len, struct s7_block_details *out)
{
    struct s7_rd rd = {payload, len};

    return len == S7_BLOCK_INFO_LEN && rd_head(&rd, out) && rd_times_and_lengths(&rd, out) &&
           s7_rd_text(&rd, 8, out->author) && s7_rd_text(&rd, 8, out->family) &&
           s7_rd_text(&rd, 8, out->name) && s7_rd_u8(&rd, &out->version) && skip(&rd, 1) &&
           s7_rd_u16(&rd, &out->checksum);
}

/* ---- upload ---- */

void s7_upload_start_append(struct s7_wr *wr, uint8_t type, uint16_t number)
{
    s7_wr_be(wr, 1, S7_FN_UPLOAD_START);
    s7_wr_be(wr, 3, 0); /* status, error */
    s7_wr_be(wr, 4, 0); /* the id is the CPU's to choose */
    name_append(wr, type, number, FS_ACTIVE);
}

static void by_id(struct s7_wr *wr, uint8_t function, uint32_t id)
{
    s7_wr_be(wr, 1, function);
    s7_wr_be(wr, 3, 0);
    s7_wr_be(wr, 4, id);
}

void s7_upload_append(struct s7_wr *wr, uint32_t id)
{
    by_id(wr, S7_FN_UPLOAD, id);
}

void s7_upload_end_append(struct s7_wr *wr, uint32_t id)
{
    by_id(wr, S7_FN_UPLOAD_END, id);
}

/* Decimal digits behind their number; anything else is a length that was not said. */
static uint32_t rd_digits(struct s7_rd *rd)
{
    uint8_t n, digit;
    uint32_t value = 0;

    if (!s7_rd_u8(rd, &n) || n > 8)
        return 0;
    for (; n > 0; n--) {
        if (!s7_rd_u8(rd, &digit) || digit < '0' || digit > '9')
            return 0;
        value = value * 10 + digit - '0';
    }
    return value;
}

s7_status s7_upload_start_decode(const struct s7_pdu *pdu, uint32_t *id, uint32_t *block_len)
{
    struct s7_rd rd = {pdu->param, pdu->param_len};
    uint8_t function;

    if (!s7_rd_u8(&rd, &function) || function != S7_FN_UPLOAD_START || !skip(&rd, 3) || !s7_rd_be(&rd, 4, id))
        return S7_E_FRAME;
    *block_len = rd_digits(&rd);
    return S7_OK;
}

s7_status s7_upload_decode(const struct s7_pdu *pdu, struct s7_rd *piece, bool *last)
{
    struct s7_rd param = {pdu->param, pdu->param_len}, data = {pdu->data, pdu->data_len};
    uint8_t function, status;
    uint16_t len, mark;

    if (!s7_rd_u8(&param, &function) || function != S7_FN_UPLOAD || !s7_rd_u8(&param, &status))
        return S7_E_FRAME;
    if (!s7_rd_u16(&data, &len) || !s7_rd_u16(&data, &mark) || mark != PIECE_MARK ||
        !s7_rd_view(&data, len, &piece->at))
        return S7_E_FRAME;
    piece->left = len;
    *last = (status & MORE) == 0;
    return S7_OK;
}

/* ---- download ---- */

void s7_download_start_append(struct s7_wr *wr, uint8_t type, uint16_t number, uint32_t load_len,
                              uint16_t mc7_len)
{
    s7_wr_be(wr, 1, S7_FN_DOWNLOAD_START);
    s7_wr_be(wr, 3, 0x000100);
    s7_wr_be(wr, 4, 0);
    name_append(wr, type, number, FS_PASSIVE);
    s7_wr_be(wr, 1, 13);
    s7_wr_be(wr, 1, '1');
    digits_append(wr, load_len, 100000);
    digits_append(wr, mc7_len, 100000);
}

static bool rd_is(struct s7_rd *rd, uint8_t value)
{
    uint8_t got;

    return s7_rd_u8(rd, &got) && got == value;
}

/* Five digits, 65535 at most. */
static bool rd_number(struct s7_rd *rd, uint16_t *number)
{
    uint32_t value = 0;
    uint8_t digit;

    for (unsigned i = 0; i < 5; i++) {
        if (!s7_rd_u8(rd, &digit) || digit < '0' || digit > '9')
            return false;
        value = value * 10 + digit - '0';
    }
    *number = (uint16_t)value;
    return value <= UINT16_MAX;
}

static bool rd_name(struct s7_rd *rd, uint8_t *type, uint16_t *number)
{
    return rd_is(rd, NAME_LEN) && rd_is(rd, '_') && rd_is(rd, TYPE_LEAD) && s7_rd_u8(rd, type) &&
           rd_number(rd, number) && skip(rd, 1) && rd->left == 0;
}

s7_status s7_download_decode(const struct s7_pdu *pdu, struct s7_download_job *out)
{
    struct s7_rd rd = {pdu->param, pdu->param_len};

    if (!s7_rd_u8(&rd, &out->function) ||
        (out->function != S7_FN_DOWNLOAD && out->function != S7_FN_DOWNLOAD_END))
        return S7_E_FRAME;
    if (!skip(&rd, 1) || !s7_rd_u16(&rd, &out->error) || !skip(&rd, 4) ||
        !rd_name(&rd, &out->type, &out->number))
        return S7_E_FRAME;
    return S7_OK;
}

void s7_download_answer_append(struct s7_wr *wr, uint8_t function, bool more)
{
    s7_wr_be(wr, 1, function);
    if (function == S7_FN_DOWNLOAD)
        s7_wr_be(wr, 1, more ? MORE : 0);
}

void s7_download_piece_head_append(struct s7_wr *wr, uint16_t len)
{
    s7_wr_be(wr, 2, len);
    s7_wr_be(wr, 2, PIECE_MARK);
}

/* ---- control of one block ---- */

void s7_block_control_append(struct s7_wr *wr, enum s7_block_control control, uint8_t type, uint16_t number)
{
    static const char *const names[] = {"_INSE", "_DELE"};

    s7_wr_be(wr, 1, S7_FN_PI_SERVICE);
    s7_wr_be(wr, 3, 0);
    s7_wr_be(wr, 4, 0xFD);
    s7_wr_be(wr, 2, 10);
    s7_wr_be(wr, 2, 0x0100); /* one block */
    type_append(wr, type);
    number_append(wr, number);
    s7_wr_be(wr, 1, control == S7_BLOCK_INSERT ? FS_PASSIVE : FS_BOTH);
    s7_wr_be(wr, 1, 5);
    s7_wr_bytes(wr, (const uint8_t *)names[control], 5);
}

/* ---- block files ---- */

bool s7_block_file_decode(struct s7_rd file, struct s7_block_file *out)
{
    uint16_t mark;

    return file.left >= S7_BLOCK_FILE_HEAD && s7_rd_u16(&file, &mark) && mark == BLOCK_FILE_MARK &&
           skip(&file, 2) && s7_rd_u8(&file, &out->language) && s7_rd_u8(&file, &out->subtype) &&
           s7_rd_u16(&file, &out->number) && s7_rd_be(&file, 4, &out->len) && skip(&file, 16) &&
           s7_rd_u16(&file, &out->ssb_len) && s7_rd_u16(&file, &out->add_len) && skip(&file, 2) &&
           s7_rd_u16(&file, &out->mc7_len);
}

uint8_t s7_block_type_of(uint8_t subtype)
{
    if (subtype == 8)
        return '8';
    return subtype >= 0xA && subtype <= 0xF ? (uint8_t)('A' + subtype - 0xA) : 0;
}

bool s7_block_file_len(struct s7_rd file, uint32_t *len)
{
    uint16_t mark;

    return s7_rd_u16(&file, &mark) && mark == BLOCK_FILE_MARK && skip(&file, 6) && s7_rd_be(&file, 4, len);
}
