/* recorded_download.h - the downloads in captures of real CPUs: their frames, and the block that was given.
 */
#ifndef CAPTURES_RECORDED_DOWNLOAD_H
#define CAPTURES_RECORDED_DOWNLOAD_H

#include "protocol/blocks.h"

#define RECORDED_FRAMES_MAX 64
#define RECORDED_FRAME_CAP  1024
#define RECORDED_REF_AT     11 /* of a frame */
#define RECORDED_PDU_LEN    240
#define RECORDED_FLOOR      3 /* downloads that there are at least; it may only rise */

struct recorded_frame {
    bool of_cpu;
    uint8_t bytes[RECORDED_FRAME_CAP];
    size_t len;
};

/* The download of one file: frames of functions 1A, 1B, 1C and 28, from 1A on. */
struct recorded_download {
    const char *path;
    struct recorded_frame frames[RECORDED_FRAMES_MAX];
    unsigned n;
    uint8_t block[65536];
    size_t block_len;
};

/* What a frame carries; lives until the next call. NULL: no S7 PDU with parameters. */
const struct s7_pdu *recorded_pdu(const uint8_t *bytes, size_t len);

static inline bool recorded_is_job(const struct recorded_frame *frame)
{
    return recorded_pdu(frame->bytes, frame->len)->rosctr == S7_ROSCTR_JOB;
}

/* Call fn for the download of each capture of downloads below the folder of captures. Returns how many files
 * there are; *wrong counts those that cannot be read. */
size_t recorded_downloads(const char *folder, void (*fn)(struct recorded_download *), unsigned *wrong);

/* Where captures are, or NULL with the reason printed. */
const char *recorded_folder(void);

#define RECORDED_SKIP 77

#endif
