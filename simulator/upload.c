/* Jobs 1D, 1E and 1F: a block as a file, piece by piece. The bytes are those of the moment of each piece; a
 * block whose length changes meanwhile ends it. */
#include "protocol/block_jobs.h"

#include "block_file.h"
#include "userdata.h"

#define TYPE_OB     '8'
#define ACTIVE      'A'
#define PASSIVE     'P'
#define MORE        0x01
#define PIECE_MAX   222 /* TIA takes no longer ones, whatever was granted */
#define PIECE_EXTRA 18  /* of a PDU that are no bytes of the piece: header, parameters, length and mark */

#define NAME_AT    8 /* length and name */
#define ODD_LEN    16
#define ODD_LEN_AT 7

#define ERR_LONG    0xD20F
#define ERR_NO_TASK 0xD20C /* there is no such OB in this CPU */

/* ---- start ---- */

static bool is_char(struct s7_rd *rd, uint8_t wanted)
{
    uint8_t got;

    return s7_rd_u8(rd, &got) && got == wanted;
}

/* "_0A..." behind its length 9. Some clients have "41..." behind 8 instead, and that one byte earlier. */
static bool read_name(const struct s7_pdu *pdu, struct s7_block_name *out)
{
    bool is_odd = pdu->param_len == ODD_LEN && pdu->param[ODD_LEN_AT] == 8;
    struct s7_rd rd = {pdu->param, pdu->param_len}, name;
    uint8_t usual[S7_BLOCK_NAME_LEN] = {'0'};
    const uint8_t *skipped;

    if (!s7_rd_view(&rd, NAME_AT, &skipped) || (!is_odd && (!is_char(&rd, 9) || !is_char(&rd, '_'))) ||
        rd.left != sizeof usual)
        return false;
    memcpy(usual + is_odd, rd.at + is_odd, sizeof usual - is_odd);
    if (is_odd && rd.at[0] != '3' && rd.at[0] != '4')
        return false;
    if (is_odd)
        usual[1] = (uint8_t)((rd.at[0] - '0') << 4 | (rd.at[1] & 0xF));
    name = (struct s7_rd){usual, sizeof usual};
    return s7_block_name_decode(&name, out) && (out->where == ACTIVE || out->where == PASSIVE);
}

static uint16_t find(struct sim_job *job, struct sim_block *block)
{
    struct s7_block_name name;

    if (!read_name(job->pdu, &name))
        return SIM_ERR_NAME;
    if (sim_job_is_barred(job, 2))
        return SIM_ERR_PASSWORD;
    if (!sim_block_find(job->plc, name.type, name.number, block))
        return name.type == TYPE_OB && name.number == 0 ? ERR_NO_TASK : SIM_ERR_NO_BLOCK;
    return block->db != NULL && block->db->len > SIM_BLOCK_BYTES_MAX ? ERR_LONG : 0;
}

static void announce(struct s7_wr *answer, const struct sim_job *job, const struct sim_upload *upload)
{
    size_t begin = s7_pdu_begin(answer, S7_ROSCTR_ACK_DATA, job->pdu->ref, 0);

    s7_wr_be(answer, 1, S7_FN_UPLOAD_START);
    s7_wr_be(answer, 3, 0x000100);
    s7_wr_be(answer, 4, upload->id);
    s7_wr_be(answer, 1, 7);
    for (uint32_t unit = 1000000; unit > 0; unit /= 10)
        s7_wr_be(answer, 1, '0' + upload->len / unit % 10);
    s7_pdu_param_end(answer, begin);
    s7_pdu_end(answer, begin);
}

/* One at a time on each connection: a new one takes the place of one that was not ended. */
void sim_upload_start(struct sim_job *job)
{
    struct sim_upload *upload = &job->link->upload;
    struct sim_block block;
    uint16_t error = find(job, &block);

    if (error != 0) {
        sim_job_refuse(job, error);
        return;
    }
    if (++job->plc->upload_id == 0)
        job->plc->upload_id = 1;
    *upload = (struct sim_upload){.id = job->plc->upload_id,
                                  .type = block.type,
                                  .number = block.number,
                                  .len = sim_block_file_len(&block)};
    announce(job->answer, job, upload);
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

static void piece(struct sim_job *job, const struct sim_block *block)
{
    struct sim_upload *upload = &job->link->upload;
    struct s7_wr *answer = job->answer;
    uint32_t left = upload->len - upload->at;
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
    struct sim_block block;
    bool there;

    if (!is_open(job)) {
        sim_job_refuse(job, S7_ERR_SEQUENCE);
        return;
    }
    there = sim_block_find(job->plc, upload->type, upload->number, &block);
    if (!there || sim_block_file_len(&block) != upload->len) {
        upload->id = 0;
        sim_job_refuse(job, there ? S7_ERR_SEQUENCE : SIM_ERR_NO_BLOCK);
    } else if (upload->at == upload->len) {
        sim_job_refuse(job, S7_ERR_SEQUENCE);
    } else {
        piece(job, &block);
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
