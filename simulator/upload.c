/* Jobs 1D, 1E and 1F: a data block as a file, piece by piece. The bytes are those of the moment of each
 * piece; a block whose length changes meanwhile ends it. */
#include "protocol/blocks.h"

#include "block_file.h"
#include "userdata.h"

#define TYPE_DB     'A'
#define ACTIVE      'A'
#define PASSIVE     'P'
#define MORE        0x01
#define PIECE_MAX   222 /* TIA takes no longer ones, whatever was granted */
#define PIECE_EXTRA 18  /* of a PDU that are no bytes of the piece: header, parameters, length and mark */

#define NAME_AT    8 /* length and name */
#define ODD_LEN    16
#define ODD_LEN_AT 7

#define ERR_NAME 0xD201
#define ERR_LONG 0xD20F

/* ---- start ---- */

static bool is_char(struct s7_rd *rd, uint8_t wanted)
{
    uint8_t got;

    return s7_rd_u8(rd, &got) && got == wanted;
}

/* "_0A" behind its length 9. Some clients have "41" behind 8 instead, and that one byte earlier. */
static bool read_type(const struct s7_pdu *pdu, struct s7_rd *rd, uint8_t *type)
{
    bool is_odd = pdu->param_len == ODD_LEN && pdu->param[ODD_LEN_AT] == 8;
    const uint8_t *skipped, *digits;

    if (!s7_rd_view(rd, NAME_AT, &skipped))
        return false;
    if (!is_odd)
        return is_char(rd, 9) && is_char(rd, '_') && is_char(rd, '0') && s7_rd_u8(rd, type);
    if (!s7_rd_view(rd, 2, &digits) || digits[0] < '3' || digits[0] > '4')
        return false;
    *type = (uint8_t)((digits[0] - '0') << 4 | (digits[1] & 0xF));
    return true;
}

static bool read_number(struct s7_rd *rd, uint32_t *number)
{
    const uint8_t *digits;
    uint8_t system;

    if (!s7_rd_view(rd, 5, &digits) || !s7_rd_u8(rd, &system) || (system != ACTIVE && system != PASSIVE))
        return false;
    *number = 0;
    for (size_t i = 0; i < 5; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        *number = *number * 10 + digits[i] - '0';
    }
    return rd->left == 0;
}

static uint16_t find(struct sim_job *job, struct plant_block **block)
{
    struct s7_rd rd = {job->pdu->param, job->pdu->param_len};
    uint8_t type;
    uint32_t number;

    if (!read_type(job->pdu, &rd, &type) || !read_number(&rd, &number))
        return ERR_NAME;
    if (sim_job_is_barred(job, 2))
        return SIM_ERR_PASSWORD;
    *block = type == TYPE_DB && number > 0 && number <= UINT16_MAX
                 ? plant_block_find(job->plc->plant, job->plc->row, S7_AREA_DB, (uint16_t)number)
                 : NULL;
    if (*block == NULL)
        return SIM_ERR_NO_BLOCK;
    return (*block)->len > SIM_BLOCK_BYTES_MAX ? ERR_LONG : 0;
}

static void announce(struct s7_wr *answer, const struct sim_job *job, const struct sim_upload *upload,
                     uint32_t file_len)
{
    size_t begin = s7_pdu_begin(answer, S7_ROSCTR_ACK_DATA, job->pdu->ref, 0);

    s7_wr_be(answer, 1, S7_FN_UPLOAD_START);
    s7_wr_be(answer, 3, 0x000100);
    s7_wr_be(answer, 4, upload->id);
    s7_wr_be(answer, 1, 7);
    for (uint32_t unit = 1000000; unit > 0; unit /= 10)
        s7_wr_be(answer, 1, '0' + file_len / unit % 10);
    s7_pdu_param_end(answer, begin);
    s7_pdu_end(answer, begin);
}

/* One at a time on each connection: a new one takes the place of one that was not ended. */
void sim_upload_start(struct sim_job *job)
{
    struct sim_upload *upload = &job->link->upload;
    struct plant_block *block;
    uint16_t error = find(job, &block);

    if (error != 0) {
        sim_job_refuse(job, error);
        return;
    }
    if (++job->plc->upload_id == 0)
        job->plc->upload_id = 1;
    *upload =
        (struct sim_upload){.id = job->plc->upload_id, .number = block->number, .len = block->len, .at = 0};
    announce(job->answer, job, upload, sim_block_file_len(block));
}

/* ---- pieces ---- */

/* The connection's own; without an id, or with 0, whichever is open. */
static bool is_open(const struct sim_job *job)
{
    struct s7_rd rd = {job->pdu->param, job->pdu->param_len};
    const uint8_t *skipped;
    uint32_t id = 0;

    if (s7_rd_view(&rd, 4, &skipped))
        (void)s7_rd_be(&rd, 4, &id);
    return job->link->upload.id != 0 && (id == 0 || id == job->link->upload.id);
}

static void piece(struct sim_job *job, const struct plant_block *block)
{
    struct sim_upload *upload = &job->link->upload;
    struct s7_wr *answer = job->answer;
    uint32_t left = sim_block_file_len(block) - upload->at;
    uint32_t room =
        job->link->pdu_len - PIECE_EXTRA < PIECE_MAX ? job->link->pdu_len - PIECE_EXTRA : PIECE_MAX;
    uint32_t len = left < room ? left : room;
    size_t begin = s7_pdu_begin(answer, S7_ROSCTR_ACK_DATA, job->pdu->ref, 0);

    s7_wr_be(answer, 1, S7_FN_UPLOAD);
    s7_wr_be(answer, 1, left > room ? MORE : 0);
    s7_pdu_param_end(answer, begin);
    s7_download_piece_head_append(answer, (uint16_t)len);
    sim_block_file_append(answer, block, upload->at, len);
    s7_pdu_end(answer, begin);
    upload->at += len;
}

void sim_upload(struct sim_job *job)
{
    struct sim_upload *upload = &job->link->upload;
    const struct plant_block *block;

    if (!is_open(job)) {
        sim_job_refuse(job, S7_ERR_SEQUENCE);
        return;
    }
    block = plant_block_find(job->plc->plant, job->plc->row, S7_AREA_DB, upload->number);
    if (block == NULL || block->len != upload->len) {
        upload->id = 0;
        sim_job_refuse(job, block == NULL ? SIM_ERR_NO_BLOCK : S7_ERR_SEQUENCE);
    } else if (upload->at == sim_block_file_len(block)) {
        sim_job_refuse(job, S7_ERR_SEQUENCE);
    } else {
        piece(job, block);
    }
}

void sim_upload_end(struct sim_job *job)
{
    size_t begin;

    if (!is_open(job)) {
        sim_job_refuse(job, S7_ERR_SEQUENCE);
        return;
    }
    job->link->upload.id = 0;
    begin = s7_pdu_begin(job->answer, S7_ROSCTR_ACK_DATA, job->pdu->ref, 0);
    s7_wr_be(job->answer, 1, S7_FN_UPLOAD_END);
    s7_pdu_param_end(job->answer, begin);
    s7_pdu_end(job->answer, begin);
}
