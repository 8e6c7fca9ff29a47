/* Downloads that were captured at real CPUs, done again: the client's frames go to a simulated CPU, and what
 * it sends must be what the real one sent, byte for byte. Only the references of the CPU's jobs are others,
 * and so are those of their answers. Then the block is uploaded, and must be the one that was given. */
#include "recorded_download.h"

#include "protocol/cotp.h"
#include "simulator/test_rig.h"

#include <stdio.h>
#include <string.h>

#define LATEST_FRAMES 4

static unsigned wrong, downloads, frames_compared;

static void complain(const struct recorded_download *seen, const char *what, unsigned frame)
{
    printf("%s, frame %u of the download: %s\n", seen->path, frame, what);
    wrong++;
}

static void put_ref(uint8_t *frame, uint16_t ref)
{
    frame[RECORDED_REF_AT] = (uint8_t)(ref >> 8);
    frame[RECORDED_REF_AT + 1] = (uint8_t)ref;
}

/* Take one frame of what the simulated CPU sent. */
static void compare(struct recorded_download *seen, unsigned i, const uint8_t **got, size_t *left,
                    uint16_t *ref)
{
    struct recorded_frame *want = &seen->frames[i];

    frames_compared++;
    if (*left < want->len) {
        complain(seen, "nothing is sent", i);
        *left = 0;
        return;
    }
    if (recorded_is_job(want)) {
        *ref = (uint16_t)((*got)[RECORDED_REF_AT] << 8 | (*got)[RECORDED_REF_AT + 1]);
        put_ref(want->bytes, *ref);
    }
    if (memcmp(*got, want->bytes, want->len) != 0)
        complain(seen, "another frame is sent", i);
    *got += want->len;
    *left -= want->len;
}

static void replay(struct recorded_download *seen, struct rig *rig)
{
    uint8_t bytes[LATEST_FRAMES * RECORDED_FRAME_CAP];
    uint16_t ref = 0;

    for (unsigned i = 0; i < seen->n && wrong == 0;) {
        struct recorded_frame *frame = &seen->frames[i++];
        if (!recorded_is_job(frame)) /* answers what the CPU asked */
            put_ref(frame->bytes, ref);
        rig_feed_bytes(rig, frame->bytes, frame->len);
        const uint8_t *got = bytes;
        size_t left = rig_take(rig, bytes, sizeof bytes);
        for (; i < seen->n && seen->frames[i].of_cpu; i++)
            compare(seen, i, &got, &left, &ref);
        if (left > 0)
            complain(seen, "more is sent", i);
    }
}

/* Job 1D, then 1E until the last piece. */
static size_t upload(struct rig *rig, const struct s7_block_file *head, uint8_t *out)
{
    char start[128];
    uint8_t answer[RECORDED_FRAME_CAP];
    size_t len = 0;

    snprintf(start, sizeof start,
             "03000023 02f080 3201 0000 0001 0012 0000 1d00000000000000 09 5f30%02x3%u3%u3%u3%u3%u41",
             s7_block_type_of(head->subtype), head->number / 10000 % 10U, head->number / 1000 % 10U,
             head->number / 100 % 10U, head->number / 10 % 10U, head->number % 10U);
    rig_feed(rig, start);
    if (rig_take(rig, answer, sizeof answer) != 35)
        return 0;
    for (bool more = true; more;) {
        rig_feed(rig, "03000019 02f080 3201 0000 0002 0008 0000 1e00000000000000");
        size_t got = rig_take(rig, answer, sizeof answer);
        if (got < 25)
            return 0;
        more = answer[20] == 1;
        memcpy(out + len, answer + 25, got - 25);
        len += got - 25;
    }
    return len;
}

static void download_again(struct recorded_download *seen)
{
    static struct rig rig;
    static uint8_t back[sizeof seen->block];
    struct s7_block_file head;

    if (!s7_block_file_decode((struct s7_rd){seen->block, seen->block_len}, &head)) {
        complain(seen, "the pieces are no block", 0);
        return;
    }
    rig_open(&rig, "s7-300");
    rig_handshake(&rig, RECORDED_PDU_LEN, 1);
    replay(seen, &rig);
    if (upload(&rig, &head, back) != seen->block_len || memcmp(back, seen->block, seen->block_len) != 0)
        complain(seen, "another block comes back", seen->n);
    rig_close(&rig);
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
    printf("%u downloads, %u frames of CPUs compared\n", downloads, frames_compared);
    if (downloads < RECORDED_FLOOR)
        printf("expected at least %d downloads\n", RECORDED_FLOOR);
    return wrong > 0 || downloads < RECORDED_FLOOR;
}
