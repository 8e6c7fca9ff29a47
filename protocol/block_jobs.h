/* block_jobs.h - the CPU's half of blocks.h: what a client asks for when it gives a block, has blocks
 * inserted or deletes them, and the jobs that the CPU sends then.
 *
 * A block is named by 8 bytes: '0', the letter of its type, five digits, a letter for where it is: 'A'
 * active, 'P' passive (loaded and not inserted), 'B' both. */
#ifndef PROTOCOL_BLOCK_JOBS_H
#define PROTOCOL_BLOCK_JOBS_H

#include "protocol/blocks.h"

#define S7_BLOCK_NAME_LEN 8

struct s7_block_name {
    uint8_t type;
    uint32_t number; /* 0..99999: more than a block can have */
    uint8_t where;   /* the letter */
};

/* The next name; false: there are fewer bytes, no '0', or no digits. */
bool s7_block_name_decode(struct s7_rd *rd, struct s7_block_name *out);

/* ---- download ---- */

struct s7_download_request {
    struct s7_block_name name;
    uint32_t load_len, mc7_len; /* 0..999999 */
};

/* Job 1A. S7_E_FRAME: another function, another form. S7_E_ARG: the form is right, the name is none. */
S7_MUST_CHECK s7_status s7_download_start_decode(const struct s7_pdu *pdu, struct s7_download_request *out);

/* The parameters of a job of the CPU. */
void s7_download_job_append(struct s7_wr *wr, const struct s7_download_job *job);

/* The answer to 1B: one piece, a view; more follow. S7_E_FRAME: another function, another form, no bytes. */
S7_MUST_CHECK s7_status s7_download_piece_decode(const struct s7_pdu *pdu, struct s7_rd *piece, bool *more);

/* ---- control of blocks (job 28) ---- */

/* Which, and the names: a whole number of them, from 1. S7_E_FRAME: another function, lengths beyond the
 * parameters. S7_E_ARG: another service. S7_E_SYNTAX: the argument has not the bytes of as many names as it
 * says. */
S7_MUST_CHECK s7_status s7_block_control_decode(const struct s7_pdu *pdu, enum s7_block_control *control,
                                                struct s7_rd *names);

#endif
