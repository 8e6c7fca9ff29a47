/* userdata.h - ROSCTR 07: the services beside Read Var and Write Var, told apart by group and subfunction.
 *
 *   parameters  00 01 12 | length of the rest | method | type, group | subfunction | sequence
 *               answers, pushes and follow-ups: | data unit reference | last data unit | error:2
 *   data        return code | transport size | length:2 (bytes) | payload; "none" is 0A 00 0000
 *
 * An answer longer than a PDU comes in units: all but the last say "more follows" and carry a reference. The
 * next one is asked for by a follow-up with the sequence number of the last answer. */
#ifndef PROTOCOL_USERDATA_H
#define PROTOCOL_USERDATA_H

#include "protocol/pdu.h"

enum s7_userdata_type { S7_USERDATA_PUSH = 0x0, S7_USERDATA_REQUEST = 0x4, S7_USERDATA_ANSWER = 0x8 };

enum s7_userdata_method { S7_METHOD_REQUEST = 0x11, S7_METHOD_ANSWER = 0x12 };

enum s7_userdata_group {
    S7_GROUP_PROGRAMMER = 0x1,
    S7_GROUP_CYCLIC = 0x2,
    S7_GROUP_BLOCKS = 0x3,
    S7_GROUP_CPU = 0x4,
    S7_GROUP_SECURITY = 0x5,
    S7_GROUP_CLOCK = 0x7
};

/* Subfunctions of each group. */
enum s7_blocks_subfunction { S7_BLOCKS_COUNT = 0x01, S7_BLOCKS_OF_TYPE = 0x02, S7_BLOCKS_INFO = 0x03 };
enum s7_cpu_subfunction { S7_CPU_READ_SZL = 0x01, S7_CPU_MESSAGES = 0x02, S7_CPU_DIAG_PUSH = 0x03 };
enum s7_security_subfunction { S7_SECURITY_PASSWORD = 0x01, S7_SECURITY_CLEAR = 0x02 };
enum s7_clock_subfunction { S7_CLOCK_READ = 0x01, S7_CLOCK_SET = 0x02 };

#define S7_USERDATA_PARAM_SHORT 8
#define S7_USERDATA_PARAM_LONG  12
#define S7_USERDATA_DATA_HEADER 4

/* Most payload bytes that an answer can have in a PDU. */
static inline size_t s7_userdata_room(size_t pdu_len)
{
    return pdu_len - S7_PDU_HEADER_LEN - S7_USERDATA_PARAM_LONG - S7_USERDATA_DATA_HEADER;
}

struct s7_userdata {
    bool is_long;           /* 12 parameter bytes: unit_ref, last_unit and error are there */
    uint8_t method;         /* enum s7_userdata_method, any byte */
    uint8_t type, group;    /* the two halves of a byte */
    uint8_t subfunction;    /* enum s7_..._subfunction, any byte */
    uint8_t sequence;       /* 0 in a first request */
    uint8_t unit_ref;       /* data unit reference; 0: in one piece */
    uint8_t last_unit;      /* 0: the last, anything else: more follows */
    uint16_t error;         /* class << 8 | code as in errors.h; 0: none */
    bool has_data;          /* there is a data header; some pushes have none */
    uint8_t code, size;     /* return code and transport size of the data */
    const uint8_t *payload; /* view, payload_len bytes */
    size_t payload_len;
};

/* S7_E_FRAME: not ROSCTR 07, parameters that are none of the above, or a payload longer than what is left.
 * Bytes behind the payload are ignored. */
S7_MUST_CHECK s7_status s7_userdata_decode(const struct s7_pdu *pdu, struct s7_userdata *out);

/* Append the parameters, the data, or a whole PDU. */
void s7_userdata_param_append(struct s7_wr *wr, const struct s7_userdata *userdata);
void s7_userdata_data_append(struct s7_wr *wr, const struct s7_userdata *userdata);
void s7_userdata_encode(struct s7_wr *wr, uint16_t ref, const struct s7_userdata *userdata);

/* A first request. payload NULL: "no data". */
struct s7_userdata s7_userdata_request(uint8_t group, uint8_t subfunction, const uint8_t *payload,
                                       size_t payload_len);

/* The request for the unit after this answer. */
struct s7_userdata s7_userdata_follow_up(const struct s7_userdata *answer);

#endif
