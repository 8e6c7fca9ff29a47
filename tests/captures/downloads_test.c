/* Downloads that were captured at real CPUs, done again: the CPU's frames go to a session of ours, and what
 * it sends must be what Step7 and TIA sent, byte for byte. Only the references of our own jobs are others. */
#include "cli/capture.h"

#include "client/download.h"
#include "protocol/cotp.h"
#include "protocol/tpkt.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SKIP            77
#define S7_PORT         102
#define FRAMES_MAX      64
#define FRAME_CAP       1024
#define REF_AT          11 /* of a frame */
#define PDU_LEN         240
#define DOWNLOADS_FLOOR 3 /* it may only rise */

struct frame {
    bool of_cpu;
    uint8_t bytes[FRAME_CAP];
    size_t len;
};

/* The download of one file: frames of functions 1A, 1B, 1C and 28, from 1A on. */
static struct {
    const char *path;
    struct frame frames[FRAMES_MAX];
    unsigned n;
    uint8_t block[65536];
    size_t block_len;
} seen;

static unsigned wrong, downloads, frames_compared;

static void complain(const char *what, unsigned frame)
{
    printf("%s, frame %u of the download: %s\n", seen.path, frame, what);
    wrong++;
}

/* ---- what was captured ---- */

/* NULL: no S7 PDU with parameters. */
static const struct s7_pdu *pdu_of(const uint8_t *bytes, size_t len)
{
    static struct s7_pdu pdu;
    struct s7_cotp tpdu;
    size_t frame_len;

    if (s7_tpkt_peek(bytes, len, FRAME_CAP, &frame_len) != S7_OK || frame_len != len ||
        s7_cotp_decode(bytes, len, &tpdu) != S7_OK || tpdu.code != S7_COTP_DT || tpdu.data_len == 0 ||
        s7_pdu_decode(tpdu.data, tpdu.data_len, &pdu) != S7_OK || pdu.param_len == 0)
        return NULL;
    return &pdu;
}

static void keep_piece(const struct s7_pdu *pdu)
{
    size_t len = pdu->data_len - 4;

    if (pdu->data_len < 4 || len > sizeof seen.block - seen.block_len)
        return;
    memcpy(seen.block + seen.block_len, pdu->data + 4, len);
    seen.block_len += len;
}

static bool is_of_download(const struct s7_pdu *pdu)
{
    uint8_t function = pdu->param[0];

    if (pdu->rosctr != S7_ROSCTR_JOB && pdu->rosctr != S7_ROSCTR_ACK_DATA)
        return false;
    return function == S7_FN_DOWNLOAD_START ||
           (seen.n > 0 && (function == S7_FN_DOWNLOAD || function == S7_FN_DOWNLOAD_END || function == 0x28));
}

static void on_segment(void *arg, const struct capture_segment *segment)
{
    bool of_cpu = segment->flow.src_port == S7_PORT;
    const struct s7_pdu *pdu =
        segment->kept >= 4 && segment->kept <= FRAME_CAP ? pdu_of(segment->data, segment->kept) : NULL;

    (void)arg;
    if (pdu == NULL || !is_of_download(pdu) || seen.n == FRAMES_MAX)
        return;
    struct frame *frame = &seen.frames[seen.n++];
    frame->of_cpu = of_cpu;
    frame->len = segment->kept;
    memcpy(frame->bytes, segment->data, segment->kept);
    if (!of_cpu && pdu->rosctr == S7_ROSCTR_ACK_DATA && pdu->param[0] == S7_FN_DOWNLOAD)
        keep_piece(pdu);
}

/* ---- doing it again ---- */

static void give(s7_session *session, const uint8_t *bytes, size_t len, struct s7_work *work)
{
    struct s7_event event;
    uint8_t *room;

    if (s7_session_room(session, &room) < len)
        return;
    memcpy(room, bytes, len);
    s7_session_received(session, len, 0);
    while (s7_session_next(session, &event))
        if (work != NULL)
            work->ops->event(work, &event);
}

static void drop_sent(s7_session *session)
{
    const uint8_t *bytes;

    s7_session_sent(session, s7_session_pending(session, &bytes));
}

/* Its next reference is 2. */
static s7_session *ready_session(void)
{
    static const uint8_t cc[] = {0x03, 0x00, 0x00, 0x0B, 0x06, 0xD0, 0x00, 0x01, 0x00, 0x03, 0x00};
    struct s7_session_options options = {
        .pdu_len = 960, .max_jobs = 1, .max_items = S7_ITEMS_PER_JOB, .handshake_ns = 1, .first_ref = 1};
    struct s7_setup setup = {1, 1, PDU_LEN};
    uint8_t frame[64];
    struct s7_wr wr = {.buf = frame + S7_DT_OVERHEAD, .cap = sizeof frame - S7_DT_OVERHEAD};
    s7_session *session = NULL;

    if (s7_session_new(&options, &session) != S7_OK) {
        printf("no session can be made\n");
        exit(1);
    }
    s7_session_start(session, 0);
    give(session, cc, sizeof cc, NULL);
    s7_setup_encode(&wr, S7_ROSCTR_ACK_DATA, 1, &setup);
    s7_dt_write(frame, wr.len, true);
    give(session, frame, S7_DT_OVERHEAD + wr.len, NULL);
    drop_sent(session);
    return session;
}

/* Our jobs have references of their own. */
static void set_ref(struct frame *frame, uint16_t ref)
{
    frame->bytes[REF_AT] = (uint8_t)(ref >> 8);
    frame->bytes[REF_AT + 1] = (uint8_t)ref;
}

static void compare(s7_session *session, const struct frame *want, unsigned i)
{
    const uint8_t *bytes;
    size_t len = s7_session_pending(session, &bytes);

    frames_compared++;
    if (len < want->len || memcmp(bytes, want->bytes, want->len) != 0)
        complain("we send another frame", i);
    s7_session_sent(session, len < want->len ? len : want->len);
}

static void replay(struct s7_download *download, s7_session *session)
{
    struct s7_work *work = &download->work;
    uint16_t our_ref = 1;

    for (unsigned i = 0; i < seen.n && wrong == 0; i++) {
        struct frame *frame = &seen.frames[i];
        const struct s7_pdu *pdu = pdu_of(frame->bytes, frame->len);
        bool job = pdu->rosctr == S7_ROSCTR_JOB;

        if (job != frame->of_cpu) /* our job, or its answer */
            set_ref(frame, job ? ++our_ref : our_ref);
        if (frame->of_cpu) {
            give(session, frame->bytes, frame->len, work);
        } else {
            work->ops->pump(work, session);
            compare(session, frame, i);
        }
    }
    if (!work->ops->done(work) || download->status != S7_OK)
        complain("the download is not done", seen.n);
}

static void download_again(void)
{
    static struct s7_download download;
    struct s7_block_file head;

    if (!s7_block_file_decode((struct s7_rd){seen.block, seen.block_len}, &head)) {
        complain("the pieces are no block", 0);
        return;
    }
    const char *why = s7_download_begin(&download, s7_block_type_of(head.subtype), "", head.number,
                                        seen.block, seen.block_len);
    if (why != NULL) {
        complain(why, 0);
        return;
    }
    s7_session *session = ready_session();
    download.work.deadline_ns = INT64_MAX;
    replay(&download, session);
    s7_session_free(session);
    downloads++;
    printf("%s: a block of %zu bytes, %u frames\n", seen.path, seen.block_len, seen.n);
}

static size_t walk_files(const char *folder)
{
    char path[4096];
    struct capture_sum sum;
    char why[CAPTURE_WHY_CAP];
    glob_t found;
    size_t n = 0;

    snprintf(path, sizeof path, "%s/real/*download*", folder);
    if (glob(path, 0, NULL, &found) != 0)
        return 0;
    for (; n < found.gl_pathc; n++) {
        seen.path = found.gl_pathv[n];
        seen.n = 0;
        seen.block_len = 0;
        if (capture_read(seen.path, on_segment, NULL, &sum, why) != CAPTURE_WHOLE)
            complain(why, 0);
        if (seen.n > 0)
            download_again();
    }
    globfree(&found);
    return n;
}

int main(void)
{
    const char *folder = getenv("S7RIG_CAPTURES");

    if (folder == NULL || folder[0] == '\0') {
        printf("skipped: S7RIG_CAPTURES is not set to the folder with real/\n");
        return SKIP;
    }
    if (walk_files(folder) == 0) {
        printf("skipped: no capture of a download in real/ of %s\n", folder);
        return SKIP;
    }
    printf("%u downloads, %u frames of ours compared\n", downloads, frames_compared);
    if (downloads < DOWNLOADS_FLOOR)
        printf("expected at least %d downloads\n", DOWNLOADS_FLOOR);
    return wrong > 0 || downloads < DOWNLOADS_FLOOR;
}
