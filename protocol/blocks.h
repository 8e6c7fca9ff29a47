/* blocks.h - what blocks a CPU holds (userdata group 3), reading one (upload, jobs 1D 1E 1F), giving it one
 * (download, jobs 1A 1B 1C) and what makes it count or go away (job 28).
 *
 *   01 counts       7 x | 30 | type | count:2 |
 *   02 of a type    number:2 | flags | language, one after the other
 *   03 of a block   78 bytes, see struct s7_block_details
 *
 * A type on the wire is the ASCII letter of enum s7_block_type after '0'. */
#ifndef PROTOCOL_BLOCKS_H
#define PROTOCOL_BLOCKS_H

#include "protocol/pdu.h"

#include <s7rig/datetime.h>

#define S7_BLOCK_COUNT_LEN 4
#define S7_BLOCK_ENTRY_LEN 4
#define S7_BLOCK_INFO_LEN  78

/* ---- requests: their payloads ---- */
void s7_blocks_of_type_append(struct s7_wr *wr, uint8_t type);
void s7_block_info_append(struct s7_wr *wr, uint8_t type, uint16_t number);

/* ---- answers; false: the bytes end before, or have another form ---- */

/* The next of "30 | type | count". */
bool s7_block_count_decode(struct s7_rd *rd, uint8_t *type, uint16_t *count);

struct s7_block_listed {
    uint16_t number;
    uint8_t flags;    /* 22 linked in RAM, 42 in the CPU's firmware */
    uint8_t language; /* as in s7_block_details */
};
bool s7_block_listed_decode(struct s7_rd *rd, struct s7_block_listed *out);

struct s7_block_details {
    uint8_t flags;    /* bit 0 linked, bit 3 standard block, bit 5 not retentive */
    uint8_t language; /* 1 STL, 2 LAD, 3 FBD, 4 SCL, 5 DB, 6 GRAPH, 7 SDB */
    uint8_t subtype;  /* 08 OB, 0A DB, 0B SDB, 0C FC, 0D SFC, 0E FB, 0F SFB */
    uint16_t number;
    uint32_t load_len; /* bytes of load memory */
    uint32_t security; /* 0 none, 3 know-how protected */
    s7_datetime code_time, interface_time;
    uint16_t ssb_len, add_len, local_len; /* interface, additions, local data */
    uint16_t mc7_len;                     /* code, or the bytes of a DB */
    char author[9], family[9], name[9];   /* Latin-1, without blanks at the end */
    uint8_t version;                      /* two halves: 21 is 2.1 */
    uint16_t checksum;
};
bool s7_block_details_decode(const uint8_t *payload, size_t len, struct s7_block_details *out);

/* ---- upload: parameters of the jobs, and what their answers carry ---- */

enum s7_upload_function { S7_FN_UPLOAD_START = 0x1D, S7_FN_UPLOAD = 0x1E, S7_FN_UPLOAD_END = 0x1F };

void s7_upload_start_append(struct s7_wr *wr, uint8_t type, uint16_t number);
void s7_upload_append(struct s7_wr *wr, uint32_t id);
void s7_upload_end_append(struct s7_wr *wr, uint32_t id);

/* The upload's id, and how many bytes the block has (0: not said). */
S7_MUST_CHECK s7_status s7_upload_start_decode(const struct s7_pdu *pdu, uint32_t *id, uint32_t *block_len);

/* One piece of the block, a view; last: no more follows. */
S7_MUST_CHECK s7_status s7_upload_decode(const struct s7_pdu *pdu, struct s7_rd *piece, bool *last);

/* ---- download: the client asks for it, then the CPU asks for the pieces ----
 *
 *   1A  client  00 01 00 00 00 00 00 | 09 | _ 0 type number P | 0D | 1 | load length | MC7 length (6 digits)
 *   1B  CPU     00 | error:2 | 00 00 00 00 | 09 | _ 0 type number P       answer: 1B more | length 00FB bytes
 *   1C  CPU     the same; an error: it does not take the block             answer: 1C
 *
 * The block counts once the client has had it inserted (_INSE). */

enum s7_download_function { S7_FN_DOWNLOAD_START = 0x1A, S7_FN_DOWNLOAD = 0x1B, S7_FN_DOWNLOAD_END = 0x1C };

/* Most that six digits can announce. */
#define S7_DOWNLOAD_MAX 999999U

/* What a piece takes in a PDU beside its bytes. */
#define S7_DOWNLOAD_OVERHEAD (S7_ACK_HEADER_LEN + 2 + 4)

void s7_download_start_append(struct s7_wr *wr, uint8_t type, uint16_t number, uint32_t load_len,
                              uint16_t mc7_len);

/* A job of the CPU: 1B or 1C. */
struct s7_download_job {
    uint8_t function, type;
    uint16_t number, error;
};

/* S7_E_FRAME: another function, or no name of a block. */
S7_MUST_CHECK s7_status s7_download_decode(const struct s7_pdu *pdu, struct s7_download_job *out);

/* Its answer: parameters; in front of the bytes of a piece. */
void s7_download_answer_append(struct s7_wr *wr, uint8_t function, bool more);
void s7_download_piece_head_append(struct s7_wr *wr, uint16_t len);

/* ---- control of one block (job 28) ---- */

enum s7_block_control { S7_BLOCK_INSERT, S7_BLOCK_DELETE };

/* Append the parameters. Delete takes active and passive copies. */
void s7_block_control_append(struct s7_wr *wr, enum s7_block_control control, uint8_t type, uint16_t number);

/* ---- block files: what uploads give and downloads take ---- */

#define S7_BLOCK_FILE_HEAD      36
#define S7_BLOCK_FILE_FOOT      36
#define S7_BLOCK_FILE_NUMBER_AT 6  /* 2 bytes */
#define S7_BLOCK_FILE_SUM_FROM  10 /* 2 bytes of checksum, counted from the end */

struct s7_block_file {
    uint8_t language, subtype; /* as in s7_block_details */
    uint16_t number;
    uint32_t len; /* of the whole file, as it says */
    uint16_t ssb_len, add_len, mc7_len;
};

/* From the first 36 bytes; false: there are fewer, or they do not begin with 7070. */
bool s7_block_file_decode(struct s7_rd file, struct s7_block_file *out);

/* The letter of a subtype's type; 0: it has none. */
uint8_t s7_block_type_of(uint8_t subtype);

/* The length that a block file (7070, its first bytes at least) says it has; false, with nothing changed: it
 * is none. */
bool s7_block_file_len(struct s7_rd file, uint32_t *len);

#endif
