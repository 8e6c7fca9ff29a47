/* cotp.h - COTP class 0 (ISO 8073 / RFC 905), the TPDU inside each TPKT frame.
 *
 *   CR/CC  LI | E0/D0 | dst-ref:2 | src-ref:2 | class | parameters: code(1) len(1) value ...
 *   DT     02 | F0 | EOT bit 7, TPDU-NR bits 6..0 | user data
 *   DR     LI | 80 | dst-ref:2 | src-ref:2 | reason | parameters
 *   DC     05 | C0 | dst-ref:2 | src-ref:2
 *   ER     LI | 70 | dst-ref:2 | cause | parameters
 *
 * LI counts the header bytes after itself. Decoding keeps the order and the unknown parameters, so that
 * encoding gives the same bytes back. */
#ifndef PROTOCOL_COTP_H
#define PROTOCOL_COTP_H

#include "protocol/wire.h"

#include <s7rig/status.h>

/* TPDU codes, high nibble of the second byte. Source: ISO 8073 table 8; seen on the wire of real CPUs: CR,
 * CC, DT. */
enum s7_cotp_code {
    S7_COTP_CR = 0xE0,
    S7_COTP_CC = 0xD0,
    S7_COTP_DR = 0x80,
    S7_COTP_DC = 0xC0,
    S7_COTP_DT = 0xF0,
    S7_COTP_ER = 0x70
};

/* Parameter codes of CR and CC. */
#define S7_COTP_PARAM_TPDU_SIZE    0xC0 /* length 1: log2 of the size, 07..0D */
#define S7_COTP_PARAM_CALLING_TSAP 0xC1 /* length 1..32 */
#define S7_COTP_PARAM_CALLED_TSAP  0xC2 /* length 1..32 */

/* Reasons of a DR. Source: ISO 8073 section 13.5.3. */
#define S7_COTP_REASON_NONE            0x00
#define S7_COTP_REASON_CONGESTION      0x01 /* at the TSAP: no connection resource left */
#define S7_COTP_REASON_NOT_ATTACHED    0x02 /* no session entity at the TSAP: wrong rack or slot */
#define S7_COTP_REASON_ADDRESS_UNKNOWN 0x03
#define S7_COTP_REASON_NORMAL          0x80 /* normal disconnect */

/* "no connection resource at this TSAP"; static. */
const char *s7_cotp_reason_text(uint8_t reason);

#define S7_COTP_MAX_PARAMS 16
#define S7_COTP_TSAP_CAP   32

/* Bytes of TPKT + DT header in front of an unfragmented S7 PDU. */
#define S7_DT_OVERHEAD 7

struct s7_cotp_param {
    uint8_t code;
    uint8_t len;
    const uint8_t *value; /* view into the frame */
};

/* One TPDU. Which fields mean something is said by code. */
struct s7_cotp {
    uint8_t
        code; /* enum s7_cotp_code, or an unknown code (credit nibble masked off): then only code is set */
    uint16_t dst_ref;     /* CR CC DR DC ER */
    uint16_t src_ref;     /* CR CC DR DC */
    uint8_t class_option; /* CR CC */
    uint8_t reason;       /* DR reason, ER cause */
    bool eot;             /* DT: last fragment */
    uint8_t tpdu_nr;      /* DT: as received, to be ignored */
    const uint8_t
        *data; /* DT: user data, view into the frame; others: bytes behind the header, normally none */
    size_t data_len;
    unsigned n_params; /* CR CC DR ER */
    struct s7_cotp_param params[S7_COTP_MAX_PARAMS];
};

/* Decode the TPDU of a complete TPKT frame (frame_len as s7_tpkt_peek said). Views live as long as frame.
 * S7_E_FRAME: LI past the end or not what the code wants (DT exactly 2), a parameter past LI,
 * or more than 16 parameters. */
S7_MUST_CHECK s7_status s7_cotp_decode(const uint8_t *frame, size_t frame_len, struct s7_cotp *out);

/* Append TPKT + TPDU. The inverse of decode for every code of enum s7_cotp_code, but for what
 * class 0 does not have: a credit nibble is written as 0, header bytes behind the references of a DC are
 * dropped. wr->full when it does not fit the buffer, LI or the TPKT, and for codes that are no enum
 * s7_cotp_code. */
void s7_cotp_encode(struct s7_wr *wr, const struct s7_cotp *tpdu);

/* The parameter with that code, or NULL. */
const struct s7_cotp_param *s7_cotp_find(const struct s7_cotp *tpdu, uint8_t code);

/* Largest TPDU in bytes (LI byte onward, TPKT not counted) for a size code, 07..0D -> 128..8192; 0: not a
 * size code. */
size_t s7_cotp_tpdu_bytes(uint8_t size_code);

/* Write the 7 bytes TPKT + DT (EOT as given) in front of data_len bytes of user data. */
void s7_dt_write(uint8_t header[S7_DT_OVERHEAD], size_t data_len, bool eot);

#endif
