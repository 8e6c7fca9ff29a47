#include "client/download.h"

#include <stdio.h>

static struct s7_download *of(struct s7_work *work)
{
    return (struct s7_download *)work;
}

/* Ids of our jobs and of the PLC's. */
static uint64_t id_of(const struct s7_download *download)
{
    return (uint64_t)(uintptr_t)download;
}

static uint64_t peer_id_of(const struct s7_download *download)
{
    return id_of(download) + 1;
}

static void finish(struct s7_download *download, s7_status status, const char *detail)
{
    const char *text = detail[0] != '\0' ? detail : s7_strerror(status);

    download->done = true;
    download->due = false;
    download->status = status;
    if (download->step == S7_DOWNLOAD_GIVE)
        snprintf(download->detail, sizeof download->detail,
                 "%s, after %zu of %zu bytes; the block was not inserted", text, download->given,
                 download->len);
    else
        snprintf(download->detail, sizeof download->detail, "%s", detail);
}

static void refused(struct s7_download *download, uint16_t plc_error)
{
    finish(download, S7_E_PLC, "");
    download->plc_error = plc_error;
}

/* ---- the PLC's jobs ---- */

/* NULL, or what is wrong with it. */
static const char *misfit(const struct s7_download *download, const struct s7_download_job *job)
{
    bool piece = job->function == S7_FN_DOWNLOAD;

    if (download->due)
        return "the PLC asked again before it was answered";
    if (download->step == S7_DOWNLOAD_ASK)
        return "the PLC asked for a piece before it took the request";
    if (job->type != download->type || job->number != download->number)
        return "the PLC asked for a piece of another block";
    if (piece && download->given == download->len)
        return "the PLC asked for more than the block has";
    if (!piece && job->error == 0 && download->given < download->len)
        return "the PLC ended the download early";
    return NULL;
}

static void take_job(struct s7_download *download, const struct s7_pdu *pdu)
{
    struct s7_download_job job;
    const char *why = "the PLC sent a job that belongs to no download";

    if (download->done)
        return;
    if (s7_download_decode(pdu, &job) == S7_OK)
        why = misfit(download, &job);
    if (why != NULL) {
        finish(download, S7_E_PROTOCOL, why);
        return;
    }
    download->due = true;
    download->job = job;
    download->job_ref = pdu->ref;
}

/* A byte of the block as it goes out, if it is in the piece at the end of what was given. */
static void patch(struct s7_download *download, uint8_t *piece, size_t len, size_t at, uint8_t value)
{
    if (at >= download->given && at - download->given < len)
        piece[at - download->given] = value;
}

static void renumber(struct s7_download *download, uint8_t *piece, size_t len)
{
    size_t number = S7_BLOCK_FILE_NUMBER_AT, sum = download->len - S7_BLOCK_FILE_SUM_FROM;

    patch(download, piece, len, number, (uint8_t)(download->number >> 8));
    patch(download, piece, len, number + 1, (uint8_t)download->number);
    patch(download, piece, len, sum, 0);
    patch(download, piece, len, sum + 1, 0);
}

/* The next piece as data of the answer; returns how long it is. */
static size_t put_piece(struct s7_download *download, struct s7_wr *data, size_t pdu_len)
{
    size_t left = download->len - download->given, room = pdu_len - S7_DOWNLOAD_OVERHEAD;
    size_t len = left < room ? left : room;

    s7_download_piece_head_append(data, (uint16_t)len);
    uint8_t *piece = s7_wr_room(data, len);
    if (piece == NULL)
        return 0;
    memcpy(piece, download->block + download->given, len);
    if (download->renumbered)
        renumber(download, piece, len);
    return len;
}

static void ended(struct s7_download *download, s7_session *session)
{
    s7_session_expect_end(session);
    download->expecting = false;
    if (download->job.error != 0) {
        refused(download, download->job.error);
        return;
    }
    download->step = S7_DOWNLOAD_INSERT;
    snprintf(download->what, sizeof download->what, "insert %s, which was downloaded, in", download->name);
}

static void answer(struct s7_download *download, s7_session *session)
{
    uint8_t param[2];
    struct s7_wr params = {.buf = param, .cap = sizeof param};
    struct s7_wr data = {.buf = download->data, .cap = sizeof download->data};
    bool piece = download->job.function == S7_FN_DOWNLOAD;
    size_t len = piece ? put_piece(download, &data, s7_session_granted(session)->pdu_len) : 0;

    s7_download_answer_append(&params, download->job.function, download->given + len < download->len);
    struct s7_pdu pdu = {.rosctr = S7_ROSCTR_ACK_DATA,
                         .ref = download->job_ref,
                         .param = param,
                         .param_len = params.len,
                         .data = download->data,
                         .data_len = data.len};
    s7_status status = s7_session_answer(session, &pdu);
    download->due = false;
    download->given += len;
    if (status != S7_OK)
        finish(download, status, "the PLC does not take what is sent to it");
    else if (!piece)
        ended(download, session);
}

/* ---- our jobs ---- */

static void put_request(const struct s7_download *download, struct s7_wr *param)
{
    if (download->step == S7_DOWNLOAD_ASK)
        s7_download_start_append(param, download->type, download->number, (uint32_t)download->len,
                                 download->head.mc7_len);
    else
        s7_block_control_append(param, S7_BLOCK_INSERT, download->type, download->number);
}

static void ask(struct s7_download *download, s7_session *session)
{
    uint8_t param[32];
    struct s7_wr params = {.buf = param, .cap = sizeof param};
    bool first = download->step == S7_DOWNLOAD_ASK;
    int64_t deadline_ns = download->work.deadline_ns;

    put_request(download, &params);
    struct s7_pdu pdu = {.rosctr = S7_ROSCTR_JOB, .param = param, .param_len = params.len};
    s7_status status = s7_session_request(session, &pdu, !first, id_of(download), deadline_ns);
    download->in_flight = status == S7_OK;
    if (status == S7_OK && first) {
        /* the PLC's first job may come right behind the answer */
        status = s7_session_expect(session, peer_id_of(download), deadline_ns);
        download->expecting = status == S7_OK;
    }
    if (status != S7_OK)
        finish(download, status, "");
}

static void take_answer(struct s7_download *download, const struct s7_event *event)
{
    download->in_flight = false;
    if (download->done) /* cancelled: only a change that left says something new */
        download->status = event->status == S7_E_OUTCOME_UNKNOWN ? event->status : download->status;
    else if (event->status == S7_E_PLC)
        refused(download, event->plc_error);
    else if (event->status != S7_OK)
        finish(download, event->status, event->detail);
    else if (download->step == S7_DOWNLOAD_ASK)
        download->step = S7_DOWNLOAD_GIVE;
    else
        finish(download, S7_OK, "");
}

/* ---- the work ---- */

/* It is over and jobs of the PLC are still expected: none comes after a request that was refused. */
static void withdraw(struct s7_download *download, s7_session *session)
{
    if (download->step == S7_DOWNLOAD_ASK && download->status == S7_E_PLC) {
        s7_session_expect_end(session);
        download->expecting = false;
    } else {
        s7_session_cancel(session, peer_id_of(download));
    }
}

static void pump(struct s7_work *work, s7_session *session)
{
    struct s7_download *download = of(work);

    if (download->due)
        answer(download, session);
    if (!download->done && !download->in_flight && download->step != S7_DOWNLOAD_GIVE &&
        s7_session_window(session) > 0)
        ask(download, session);
    if (download->done && download->expecting)
        withdraw(download, session);
}

static bool event(struct s7_work *work, const struct s7_event *event)
{
    struct s7_download *download = of(work);
    bool failed = event->kind == S7_EVENT_FAILED;

    if (event->kind == S7_EVENT_PEER_JOB && event->id == peer_id_of(download)) {
        take_job(download, &event->pdu);
    } else if (failed && download->expecting && event->id == peer_id_of(download)) {
        download->expecting = false;
        if (!download->done)
            finish(download, event->status, event->detail);
    } else if ((failed || event->kind == S7_EVENT_ANSWER) && download->in_flight &&
               event->id == id_of(download)) {
        take_answer(download, event);
    } else {
        return false;
    }
    return true;
}

static void cancel(struct s7_work *work, s7_session *session, s7_status why, const char *detail)
{
    struct s7_download *download = of(work);

    if (download->done)
        return;
    finish(download, why, detail);
    if (download->in_flight)
        s7_session_cancel(session, id_of(download));
    if (download->expecting)
        s7_session_cancel(session, peer_id_of(download));
}

static bool waits(const struct s7_work *work)
{
    const struct s7_download *download = (const struct s7_download *)work;

    return download->in_flight || download->expecting;
}

static bool done(const struct s7_work *work)
{
    return ((const struct s7_download *)work)->done && !waits(work);
}

static const struct s7_work_ops ops = {pump, event, cancel, waits, done};

/* ---- begin and end ---- */

const char *s7_download_check(const void *block, size_t len, struct s7_block_file *head, char *text,
                              size_t cap)
{
    if (!s7_block_file_decode((struct s7_rd){block, len}, head))
        return "no block: a block has a head of 36 bytes, which begins with 7070";
    if (head->len == len && len >= (size_t)S7_BLOCK_FILE_HEAD + head->mc7_len + S7_BLOCK_FILE_FOOT &&
        len <= S7_DOWNLOAD_MAX)
        return NULL;
    if (head->len != len)
        snprintf(text, cap, "the block says that it has %u bytes, and there are %zu", head->len, len);
    else if (len > S7_DOWNLOAD_MAX)
        snprintf(text, cap, "the block has %zu bytes, and %u can be downloaded", len, S7_DOWNLOAD_MAX);
    else
        snprintf(text, cap, "the block has %zu bytes, too few for head, foot and the %u that it says", len,
                 head->mc7_len);
    return text;
}

const char *s7_download_begin(struct s7_download *download, uint8_t type, const char *type_name,
                              uint16_t number, const void *block, size_t len)
{
    memset(download, 0, offsetof(struct s7_download, data));
    const char *why =
        s7_download_check(block, len, &download->head, download->detail, sizeof download->detail);

    if (why != NULL)
        return why;
    if (s7_block_type_of(download->head.subtype) != type)
        return "the block is of another type";
    download->work.ops = &ops;
    download->type = type;
    download->number = number;
    download->renumbered = number != download->head.number;
    download->block = block;
    download->len = len;
    snprintf(download->name, sizeof download->name, "%s%u", type_name, number);
    snprintf(download->what, sizeof download->what, "download %s to", download->name);
    return NULL;
}

s7_status s7_download_result(const struct s7_download *download, uint16_t *plc_error, const char **detail)
{
    *plc_error = download->plc_error;
    *detail = download->detail;
    return download->status;
}
