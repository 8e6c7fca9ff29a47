#include "recorded_download.h"

#include "cli/capture.h"
#include "protocol/cotp.h"
#include "protocol/tpkt.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S7_PORT 102

static struct recorded_download seen;

const struct s7_pdu *recorded_pdu(const uint8_t *bytes, size_t len)
{
    static struct s7_pdu pdu;
    struct s7_cotp tpdu;
    size_t frame_len;

    if (s7_tpkt_peek(bytes, len, RECORDED_FRAME_CAP, &frame_len) != S7_OK || frame_len != len ||
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
    const struct s7_pdu *pdu = segment->kept >= 4 && segment->kept <= RECORDED_FRAME_CAP
                                   ? recorded_pdu(segment->data, segment->kept)
                                   : NULL;

    (void)arg;
    if (pdu == NULL || !is_of_download(pdu) || seen.n == RECORDED_FRAMES_MAX)
        return;
    struct recorded_frame *frame = &seen.frames[seen.n++];
    frame->of_cpu = of_cpu;
    frame->len = segment->kept;
    memcpy(frame->bytes, segment->data, segment->kept);
    if (!of_cpu && pdu->rosctr == S7_ROSCTR_ACK_DATA && pdu->param[0] == S7_FN_DOWNLOAD)
        keep_piece(pdu);
}

size_t recorded_downloads(const char *folder, void (*fn)(struct recorded_download *), unsigned *wrong)
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
        if (capture_read(seen.path, on_segment, NULL, &sum, why) != CAPTURE_WHOLE) {
            printf("%s: %s\n", seen.path, why);
            ++*wrong;
        }
        if (seen.n > 0)
            fn(&seen);
    }
    globfree(&found);
    return n;
}

const char *recorded_folder(void)
{
    const char *folder = getenv("S7RIG_CAPTURES");

    if (folder != NULL && folder[0] != '\0')
        return folder;
    printf("skipped: S7RIG_CAPTURES is not set to the folder with real/\n");
    return NULL;
}
