/* tpkt.h - TPKT (RFC 1006): the four bytes that cut a TCP stream into frames.
 *
 *   off  size  field
 *   0    1     version, 03
 *   1    1     reserved: sent as 00, ignored on receipt
 *   2    2     length of the whole frame, these 4 bytes included: 7..65535
 *
 * Source: RFC 1006 section 6; the minimum of 7 is TPKT + an empty DT. */
#ifndef PROTOCOL_TPKT_H
#define PROTOCOL_TPKT_H

#include <s7rig/status.h>

#define S7_TPKT_VERSION    0x03
#define S7_TPKT_HEADER_LEN 4
#define S7_TPKT_MIN_LEN    7
#define S7_TPKT_MAX_LEN    65535

/* Look at the beginning of a stream: how long is its first frame? On S7_OK the whole frame is there and
 * *frame_len is its length. S7_E_TRUNCATED: so far so good, more bytes are needed; *frame_len is the length
 * if it is known, else 0. S7_E_FRAME: version is not 3, or the length is below 7 or above max_len; no way to
 * find the next frame. */
S7_MUST_CHECK s7_status s7_tpkt_peek(const uint8_t *bytes, size_t len, size_t max_len, size_t *frame_len);

/* Write the header of a frame of frame_len bytes in all (7..65535). */
void s7_tpkt_write(uint8_t header[S7_TPKT_HEADER_LEN], size_t frame_len);

#endif
