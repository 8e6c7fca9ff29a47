/* Jobs 1A, 1B and 1C: a client gives this CPU a block. It asks for it with 1A; from then on the CPU asks,
 * with jobs and references of its own: for one piece after the other (1B), then for the end (1C), which says
 * whether the block is taken. It is on the shelf then, and counts once it is inserted (control_block.c).
 *
 *   NONE --1A--> PIECES --the last piece, or a wrong one--> END --1C answered--> NONE
 *
 * An answer that does not come in time, or says that the client has enough of it, ends it without the block.
 */
#include "protocol/block_jobs.h"

#include "block_file.h"
#include "told.h"
#include "userdata.h"

#define ANSWER_NS INT64_C(10000000000)

/* References of the CPU's jobs, as real ones count. */
#define FIRST_REF 0x0100
#define REF_STEP  0x0200

#define ERR_PARAMETERS 0xD202
#define ERR_LONG       0xD20F
#define ERR_NUMBER     0xD210
#define ERR_LENGTHS    0xD219
#define ERR_STRUCTURE  0xD230
#define ERR_OTHER_ONE  0xD232 /* another number than was announced */
#define ERR_RUNS       0xD240 /* a transfer does already */

/* ---- what may be announced ---- */

/* Status list 0015: records of the letter of a type, 00, how many, how long in KiB ... */
#define LIMITS_LIST   0x0015
#define LIMITS_RECORD 10
#define LIMITS_LEN_AT 4

static const struct plant_szl *limits(const struct sim_plc *plc)
{
    size_t n;
    const struct plant_szl *lists = plant_szl(plc->plant, plc->row, &n);

    for (size_t i = 0; i < n; i++)
        if (lists[i].list == LIMITS_LIST && lists[i].record_len == LIMITS_RECORD)
            return &lists[i];
    return NULL;
}

/* Bytes; without such a list nobody set a limit. */
static uint32_t longest_code(const struct sim_plc *plc, uint8_t type)
{
    uint8_t subtype = type == '8' ? 0x08 : (uint8_t)(type - 'A' + 0x0A);
    const struct plant_szl *list = limits(plc);

    for (uint32_t at = 0; list != NULL && at < list->len; at += LIMITS_RECORD) {
        const uint8_t *record = list->data + at;
        if (record[0] == subtype)
            return (uint32_t)(record[LIMITS_LEN_AT] << 8 | record[LIMITS_LEN_AT + 1]) * 1024;
    }
    return UINT32_MAX;
}

static uint16_t check_name(const struct s7_block_name *name)
{
    enum plant_kind kind;

    if (!sim_block_kind(name->type, &kind) || strchr("PAB", name->where) == NULL || name->where == '\0')
        return SIM_ERR_NAME;
    return name->number > UINT16_MAX || (kind == PLANT_DB && name->number == 0) ? ERR_NUMBER : 0;
}

static uint16_t check_lengths(const struct sim_plc *plc, const struct s7_download_request *request)
{
    if (request->load_len > PLANT_FILE_MAX || request->mc7_len > UINT16_MAX ||
        request->mc7_len > longest_code(plc, request->name.type))
        return ERR_LONG;
    return request->load_len < S7_BLOCK_FILE_HEAD + request->mc7_len + S7_BLOCK_FILE_FOOT ? ERR_LENGTHS : 0;
}

static uint16_t check_request(const struct sim_job *job, struct s7_download_request *request)
{
    s7_status status = s7_download_start_decode(job->pdu, request);
    uint16_t error = status == S7_E_FRAME ? ERR_PARAMETERS : SIM_ERR_NAME;

    if (status == S7_OK)
        error = check_name(&request->name);
    if (error == 0 && sim_job_is_barred(job, 1))
        error = SIM_ERR_PASSWORD;
    if (error == 0 && job->link->download.step != SIM_DOWNLOAD_NONE)
        error = ERR_RUNS;
    return error == 0 ? check_lengths(job->plc, request) : error;
}

/* ---- the client's job ---- */

static void answer(struct sim_job *job)
{
    size_t begin = s7_pdu_begin(job->answer, S7_ROSCTR_ACK_DATA, job->pdu->ref, 0);

    s7_wr_be(job->answer, 1, S7_FN_DOWNLOAD_START);
    s7_pdu_param_end(job->answer, begin);
    s7_pdu_end(job->answer, begin);
}

void sim_download_start(struct sim_job *job)
{
    struct s7_download_request request;
    uint8_t place = 0;
    uint16_t error = check_request(job, &request);

    if (error == 0)
        error = sim_shelf_take(job->shelf, job->link, request.name.type, (uint16_t)request.name.number,
                               request.load_len, &place);
    if (error != 0) {
        sim_job_refuse(job, error);
        return;
    }
    job->link->download = (struct sim_download){
        .step = SIM_DOWNLOAD_PIECES, .place = place, .len = request.load_len, .mc7_len = request.mc7_len};
    job->link->download.type = request.name.type;
    job->link->download.number = (uint16_t)request.name.number;
    job->link->tells |= SIM_TELLS_DOWNLOAD;
    answer(job);
}

static void forget(struct sim_link *link)
{
    link->download.step = SIM_DOWNLOAD_NONE;
    link->download.asked = false;
    link->tells &= ~(unsigned)SIM_TELLS_DOWNLOAD;
}

/* ---- the CPU's jobs ---- */

bool sim_download_tell(struct sim_telling *telling)
{
    struct sim_link *link = telling->link;
    struct sim_download *download = &link->download;
    struct s7_download_job job = {.type = download->type, .number = download->number};
    size_t begin;

    if (download->asked) {
        if (telling->plc->now_ns >= download->by_ns)
            forget(link);
        return false;
    }
    job.function = download->step == SIM_DOWNLOAD_PIECES ? S7_FN_DOWNLOAD : S7_FN_DOWNLOAD_END;
    job.error = download->error;
    download->asked = true;
    download->by_ns = telling->plc->now_ns + ANSWER_NS;
    link->own_ref = link->own_ref == 0 ? FIRST_REF : (uint16_t)(link->own_ref + REF_STEP);
    begin = s7_pdu_begin(telling->wr, S7_ROSCTR_JOB, link->own_ref, 0);
    s7_download_job_append(telling->wr, &job);
    s7_pdu_param_end(telling->wr, begin);
    s7_pdu_end(telling->wr, begin);
    return true;
}

int64_t sim_download_due(const struct sim_telling *telling)
{
    const struct sim_download *download = &telling->link->download;

    return download->asked ? download->by_ns : telling->plc->now_ns;
}

/* ---- their answers ---- */

bool sim_download_awaits(const struct sim_link *link, const struct s7_pdu *pdu)
{
    return link->download.asked && pdu->ref == link->own_ref &&
           (pdu->rosctr == S7_ROSCTR_ACK_DATA || pdu->rosctr == S7_ROSCTR_ACK);
}

/* Is it the block that was announced, whole? */
static uint16_t check_file(const struct sim_download *download, const uint8_t *file)
{
    struct s7_block_file head;

    if (download->have != download->len)
        return ERR_LENGTHS;
    if (!s7_block_file_decode((struct s7_rd){file, download->len}, &head) ||
        s7_block_type_of(head.subtype) != download->type)
        return ERR_STRUCTURE;
    if (head.number != download->number)
        return ERR_OTHER_ONE;
    return head.len != download->len || head.mc7_len != download->mc7_len ||
                   (uint32_t)S7_BLOCK_FILE_HEAD + head.mc7_len + head.ssb_len + head.add_len +
                           S7_BLOCK_FILE_FOOT >
                       download->len
               ? ERR_LENGTHS
               : 0;
}

static void end(struct sim_download *download, uint16_t error)
{
    download->step = SIM_DOWNLOAD_END;
    download->error = error;
}

static void take_piece(struct sim_job *job)
{
    struct sim_download *download = &job->link->download;
    uint8_t *bytes = job->shelf->places[download->place].bytes;
    struct s7_rd piece;
    bool more;

    if (s7_download_piece_decode(job->pdu, &piece, &more) != S7_OK ||
        piece.left > (size_t)job->link->pdu_len - S7_DOWNLOAD_OVERHEAD) {
        end(download, S7_ERR_FRAME_SIZE);
        return;
    }
    if (piece.left > download->len - download->have) {
        end(download, ERR_LENGTHS);
        return;
    }
    memcpy(bytes + download->have, piece.at, piece.left);
    download->have += (uint32_t)piece.left;
    if (!more)
        end(download, check_file(download, bytes));
}

/* A block that was given before under this name is another one now. */
static void shelve(struct sim_job *job)
{
    struct sim_link *link = job->link;
    uint8_t before;

    if (sim_shelf_find(job->shelf, link, link->download.type, link->download.number, &before) != NULL)
        link->shelved &= ~(UINT32_C(1) << before);
    link->shelved |= UINT32_C(1) << link->download.place;
}

static bool is_end(const struct s7_pdu *pdu)
{
    return pdu->param_len > 0 && pdu->param[0] == S7_FN_DOWNLOAD_END;
}

void sim_download_answer(struct sim_job *job)
{
    struct sim_download *download = &job->link->download;

    download->asked = false;
    if (job->pdu->rosctr == S7_ROSCTR_ACK || job->pdu->error != 0) {
        forget(job->link);
    } else if (download->step == SIM_DOWNLOAD_PIECES) {
        take_piece(job);
    } else {
        if (download->error == 0 && is_end(job->pdu))
            shelve(job);
        forget(job->link);
    }
}
