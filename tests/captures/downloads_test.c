/* Downloads that were captured at real CPUs, done again: the CPU's frames go to a session of ours, and what
 * it sends must be what Step7 and TIA sent, byte for byte. Only the references of our own jobs are others. */
#include "recorded_download.h"

#include "client/download.h"
#include "protocol/cotp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct recorded_download *seen;
static unsigned wrong, downloads, frames_compared;

static void complain(const char *what, unsigned frame)
{
    printf("%s, frame %u of the download: %s\n", seen->path, frame, what);
    wrong++;
}

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
    struct s7_setup setup = {1, 1, RECORDED_PDU_LEN};
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
static void set_ref(struct recorded_frame *frame, uint16_t ref)
{
    frame->bytes[RECORDED_REF_AT] = (uint8_t)(ref >> 8);
    frame->bytes[RECORDED_REF_AT + 1] = (uint8_t)ref;
}

static void compare(s7_session *session, const struct recorded_frame *want, unsigned i)
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

    for (unsigned i = 0; i < seen->n && wrong == 0; i++) {
        struct recorded_frame *frame = &seen->frames[i];
        bool job = recorded_is_job(frame);

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
        complain("the download is not done", seen->n);
}

static void download_again(struct recorded_download *recorded)
{
    static struct s7_download download;
    struct s7_block_file head;

    seen = recorded;
    if (!s7_block_file_decode((struct s7_rd){seen->block, seen->block_len}, &head)) {
        complain("the pieces are no block", 0);
        return;
    }
    const char *why = s7_download_begin(&download, s7_block_type_of(head.subtype), "", head.number,
                                        seen->block, seen->block_len);
    if (why != NULL) {
        complain(why, 0);
        return;
    }
    s7_session *session = ready_session();
    download.work.deadline_ns = INT64_MAX;
    replay(&download, session);
    s7_session_free(session);
    downloads++;
    printf("%s: a block of %zu bytes, %u frames\n", seen->path, seen->block_len, seen->n);
}

int main(void)
{
    const char *folder = recorded_folder();

    if (folder == NULL)
        return RECORDED_SKIP;
    if (recorded_downloads(folder, download_again, &wrong) == 0) {
        printf("skipped: no capture of a download in real/ of %s\n", folder);
        return RECORDED_SKIP;
    }
    printf("%u downloads, %u frames of ours compared\n", downloads, frames_compared);
    if (downloads < RECORDED_FLOOR)
        printf("expected at least %d downloads\n", RECORDED_FLOOR);
    return wrong > 0 || downloads < RECORDED_FLOOR;
}
