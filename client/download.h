/* download.h - giving a PLC a block. The client asks for it; from then on the PLC asks, for one piece after
 * the other and then for the end; last the client has the block inserted, without which it does not count.
 *
 *   ASK --1A answered--> GIVE --the PLC's 1C--> INSERT --28 answered--> done
 *
 * A work (client/work.h): no I/O, no clock, no allocation. What breaks off between ASK and INSERT closes the
 * session, so that the PLC forgets its half and none of its jobs is taken for one of the next download. */
#ifndef CLIENT_DOWNLOAD_H
#define CLIENT_DOWNLOAD_H

#include "client/work.h"
#include "protocol/blocks.h"

enum s7_download_step { S7_DOWNLOAD_ASK, S7_DOWNLOAD_GIVE, S7_DOWNLOAD_INSERT };

struct s7_download {
    struct s7_work work;
    char what[64]; /* for reports, as far as it has come: "download DB1 to", "insert DB1, ..., in" */

    /* private */
    char name[16];
    const uint8_t *block;
    size_t len;
    struct s7_block_file head;
    uint8_t type;
    uint16_t number;
    bool renumbered; /* the block gets another number than it has */
    enum s7_download_step step;
    bool in_flight; /* a job of ours */
    bool expecting; /* jobs of the PLC */
    bool due;       /* one of them is to be answered: */
    struct s7_download_job job;
    uint16_t job_ref;
    size_t given; /* bytes that were handed out */
    bool done;
    s7_status status;
    uint16_t plc_error;
    char detail[160];
    uint8_t data[S7_PDU_LEN_MAX]; /* of the answer */
};

/* The block stays the caller's and where it is until the work is done. type: the letter on the wire;
 * type_name: "DB". A number that is not that of the block's head goes there instead, and the checksum becomes
 * 0 (not given), since it was another block's. NULL, or what is wrong with the block (lives as long as the
 * download): no block, another type, a length other than its head says. */
const char *s7_download_begin(struct s7_download *download, uint8_t type, const char *type_name,
                              uint16_t number, const void *block, size_t len);

/* The outcome of a done download; see s7_service_result. */
s7_status s7_download_result(const struct s7_download *download, uint16_t *plc_error, const char **detail);

/* NULL, or why these bytes are no block (text is used for it); head: what they say of themselves. */
const char *s7_download_check(const void *block, size_t len, struct s7_block_file *head, char *text,
                              size_t cap);

#endif
