/* pdu.h - the S7 header and what follows it: parameters, then data.
 *
 *   off  size  field
 *   0    1     protocol id 32
 *   1    1     ROSCTR: 01 job, 02 ack, 03 ack_data, 07 userdata
 *   2    2     redundancy identification: sent as 0000, ignored
 *   4    2     PDU reference: chosen by the requester, echoed bit-exact
 *   6    2     parameter length
 *   8    2     data length
 *   10   1     error class   } only in ROSCTR 02 and 03
 *   11   1     error code    }
 *
 * The lengths must add up to the COTP payload exactly. */
#ifndef PROTOCOL_PDU_H
#define PROTOCOL_PDU_H

#include "protocol/wire.h"

#include <s7rig/status.h>

#define S7_PROTOCOL_ID      0x32
#define S7_PROTOCOL_ID_PLUS 0x72 /* S7comm-plus: another protocol, recognised only to be refused */

enum s7_rosctr {
    S7_ROSCTR_JOB = 0x01,
    S7_ROSCTR_ACK = 0x02,
    S7_ROSCTR_ACK_DATA = 0x03,
    S7_ROSCTR_USERDATA = 0x07
};

/* Job functions, first parameter byte. */
enum s7_function { S7_FN_READ_VAR = 0x04, S7_FN_WRITE_VAR = 0x05, S7_FN_SETUP = 0xF0 };

/* PDU lengths count from the 32 on; TPKT and COTP are not included. */
#define S7_PDU_HEADER_LEN 10  /* job, userdata */
#define S7_ACK_HEADER_LEN 12  /* ack, ack_data */
#define S7_PDU_LEN_MIN    240 /* no CPU grants less */
#define S7_PDU_LEN_MAX    960 /* no classic CPU grants more */

struct s7_pdu {
    uint8_t rosctr;
    uint16_t redundancy;
    uint16_t ref;         /* PDU reference */
    uint16_t error;       /* class << 8 | code; 0 unless ack or ack_data */
    const uint8_t *param; /* view, param_len bytes */
    size_t param_len;
    const uint8_t *data; /* view, data_len bytes */
    size_t data_len;
};

/* Decode a whole PDU (COTP payload, fragments joined). S7_E_FRAME: id is not 32, unknown ROSCTR, or the
 * lengths do not add up to len. */
S7_MUST_CHECK s7_status s7_pdu_decode(const uint8_t *bytes, size_t len, struct s7_pdu *out);

/* Begin a PDU: writes the header with lengths 0 and returns the offset to hand to the calls below. Then
 * append the parameters, call s7_pdu_param_end, append the data, call s7_pdu_end. error is written for ack
 * and ack_data only. */
size_t s7_pdu_begin(struct s7_wr *wr, uint8_t rosctr, uint16_t ref, uint16_t error);
void s7_pdu_param_end(struct s7_wr *wr, size_t begin);
void s7_pdu_end(struct s7_wr *wr, size_t begin);

/* Append a copy of a decoded PDU; the inverse of decode. */
void s7_pdu_encode(struct s7_wr *wr, const struct s7_pdu *pdu);

/* ---- setup communication (function F0), the same 8 parameter bytes both ways ----
 *   F0 00 | AmQ calling:2 | AmQ called:2 | PDU length:2 */
#define S7_SETUP_PARAM_LEN 8

struct s7_setup {
    uint16_t amq_calling; /* jobs that the client may have open at the PLC */
    uint16_t amq_called;  /* jobs that the PLC may have open at the client */
    uint16_t pdu_len;
};

/* S7_E_FRAME: fewer than 8 parameter bytes or not function F0. */
S7_MUST_CHECK s7_status s7_setup_decode(const struct s7_pdu *pdu, struct s7_setup *out);

/* Append a whole setup PDU: rosctr job asks, ack_data grants. */
void s7_setup_encode(struct s7_wr *wr, uint8_t rosctr, uint16_t ref, const struct s7_setup *setup);

/* Append a refusal of a whole job: ROSCTR 02, no parameters, no data. */
void s7_refusal_encode(struct s7_wr *wr, uint16_t ref, uint16_t error);

#endif
