#include "protocol/block_jobs.h"

#include "protocol/control.h"

#define TYPE_LEAD    '0'
#define NAME_LEN     9 /* of "_" and a name */
#define FS_PASSIVE   'P'
#define LENGTHS_LEN  13
#define MORE         0x01
#define PIECE_MARK   0x00FB
#define REQUEST_SKIP 8 /* function, status, error, id */
#define CONTROL_SKIP 7 /* function, zeros */
#define CONTROL_MARK 0xFD

static bool skip(struct s7_rd *rd, size_t len)
{
    const uint8_t *view;

    return s7_rd_view(rd, len, &view);
}

static bool is(struct s7_rd *rd, uint8_t value)
{
    uint8_t got;

    return s7_rd_u8(rd, &got) && got == value;
}

static bool digits(struct s7_rd *rd, unsigned n, uint32_t *value)
{
    uint8_t digit;

    for (*value = 0; n > 0; n--) {
        if (!s7_rd_u8(rd, &digit) || digit < '0' || digit > '9')
            return false;
        *value = *value * 10 + digit - '0';
    }
    return true;
}

bool s7_block_name_decode(struct s7_rd *rd, struct s7_block_name *out)
{
    return is(rd, TYPE_LEAD) && s7_rd_u8(rd, &out->type) && digits(rd, 5, &out->number) &&
           s7_rd_u8(rd, &out->where);
}

/* ---- download ---- */

s7_status s7_download_start_decode(const struct s7_pdu *pdu, struct s7_download_request *out)
{
    struct s7_rd rd = {pdu->param, pdu->param_len}, name;

    if (pdu->param_len == 0 || pdu->param[0] != S7_FN_DOWNLOAD_START || !skip(&rd, REQUEST_SKIP) ||
        !is(&rd, NAME_LEN) || !is(&rd, '_'))
        return S7_E_FRAME;
    name = (struct s7_rd){rd.at, rd.left < S7_BLOCK_NAME_LEN ? rd.left : S7_BLOCK_NAME_LEN};
    if (!skip(&rd, S7_BLOCK_NAME_LEN) || !is(&rd, LENGTHS_LEN) || !is(&rd, '1') ||
        !digits(&rd, 6, &out->load_len) || !digits(&rd, 6, &out->mc7_len) || rd.left != 0)
        return S7_E_FRAME;
    return s7_block_name_decode(&name, &out->name) ? S7_OK : S7_E_ARG;
}

void s7_download_job_append(struct s7_wr *wr, const struct s7_download_job *job)
{
    s7_wr_be(wr, 1, job->function);
    s7_wr_be(wr, 1, 0);
    s7_wr_be(wr, 2, job->error);
    s7_wr_be(wr, 4, 0);
    s7_wr_be(wr, 1, NAME_LEN);
    s7_wr_be(wr, 1, '_');
    s7_wr_be(wr, 1, TYPE_LEAD);
    s7_wr_be(wr, 1, job->type);
    for (uint32_t unit = 10000; unit > 0; unit /= 10)
        s7_wr_be(wr, 1, '0' + job->number / unit % 10);
    s7_wr_be(wr, 1, FS_PASSIVE);
}

s7_status s7_download_piece_decode(const struct s7_pdu *pdu, struct s7_rd *piece, bool *more)
{
    struct s7_rd param = {pdu->param, pdu->param_len}, data = {pdu->data, pdu->data_len};
    uint8_t function, status;
    uint16_t len, mark;

    if (!s7_rd_u8(&param, &function) || function != S7_FN_DOWNLOAD || !s7_rd_u8(&param, &status) ||
        !s7_rd_u16(&data, &len) || !s7_rd_u16(&data, &mark) || mark != PIECE_MARK || len == 0 ||
        !s7_rd_view(&data, len, &piece->at) || data.left != 0)
        return S7_E_FRAME;
    piece->left = len;
    *more = (status & MORE) != 0;
    return S7_OK;
}

/* ---- control ---- */

static bool rd_service(struct s7_rd *rd, enum s7_block_control *control)
{
    static const char names[][6] = {[S7_BLOCK_INSERT] = "_INSE", [S7_BLOCK_DELETE] = "_DELE"};
    const uint8_t *name;

    if (!is(rd, 5) || !s7_rd_view(rd, 5, &name) || rd->left != 0)
        return false;
    for (size_t i = 0; i < 2; i++)
        if (memcmp(name, names[i], 5) == 0) {
            *control = (enum s7_block_control)i;
            return true;
        }
    return false;
}

s7_status s7_block_control_decode(const struct s7_pdu *pdu, enum s7_block_control *control,
                                  struct s7_rd *names)
{
    struct s7_rd rd = {pdu->param, pdu->param_len}, argument;
    uint16_t len;
    uint8_t n;

    if (pdu->param_len == 0 || pdu->param[0] != S7_FN_PI_SERVICE || !skip(&rd, CONTROL_SKIP) ||
        !is(&rd, CONTROL_MARK) || !s7_rd_u16(&rd, &len) || !s7_rd_view(&rd, len, &argument.at))
        return S7_E_FRAME;
    if (!rd_service(&rd, control))
        return S7_E_ARG;
    argument.left = len;
    if (!s7_rd_u8(&argument, &n) || !skip(&argument, 1) || n == 0 ||
        argument.left != (size_t)n * S7_BLOCK_NAME_LEN)
        return S7_E_SYNTAX;
    *names = argument;
    return S7_OK;
}
