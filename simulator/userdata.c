#include "job.h"

/* Userdata parameters. Request: 00 01 12 len method(11) type/group subfunction sequence. Answer: 00 01 12 08
 * method(12) type 8/group subfunction sequence data-unit-ref last-unit error:2. Source: protocol captures of
 * 300 and 400 CPUs. */
#define HEAD            0x000112
#define METHOD_RESPONSE 0x12
#define TYPE_RESPONSE   0x80

/* No userdata service is played yet: each is answered with 8104, never with silence, since a client that gets
 * nothing waits for its whole timeout. */
void sim_userdata(struct sim_job *job)
{
    struct s7_rd rd = {job->pdu->param, job->pdu->param_len};
    uint32_t head, len, method, group, subfunction, sequence;
    struct s7_wr *answer = job->answer;

    if (!s7_rd_be(&rd, 3, &head) || head != HEAD || !s7_rd_be(&rd, 1, &len) || !s7_rd_be(&rd, 1, &method) ||
        !s7_rd_be(&rd, 1, &group) || !s7_rd_be(&rd, 1, &subfunction) || !s7_rd_be(&rd, 1, &sequence)) {
        sim_job_refuse(job, S7_ERR_FRAME_SIZE);
        return;
    }
    size_t begin = s7_pdu_begin(answer, S7_ROSCTR_USERDATA, job->pdu->ref, 0);
    s7_wr_be(answer, 3, HEAD);
    s7_wr_be(answer, 1, 8);
    s7_wr_be(answer, 1, METHOD_RESPONSE);
    s7_wr_be(answer, 1, TYPE_RESPONSE | (group & 0x0F));
    s7_wr_be(answer, 1, subfunction);
    s7_wr_be(answer, 1, sequence == 0 ? 1 : sequence);
    s7_wr_be(answer, 2, 0);
    s7_wr_be(answer, 2, S7_ERR_NOT_IMPLEMENTED);
    s7_pdu_param_end(answer, begin);
    s7_data_append(answer, &(struct s7_data_unit){.code = S7_ITEM_MISSING}, true);
    s7_pdu_end(answer, begin);
}
