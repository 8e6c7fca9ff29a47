#include "protocol/tpkt.h"

s7_status s7_tpkt_peek(const uint8_t *bytes, size_t len, size_t max_len, size_t *frame_len)
{
    if (len > 0 && bytes[0] != S7_TPKT_VERSION)
        return S7_E_FRAME;
    if (len < S7_TPKT_HEADER_LEN) {
        *frame_len = 0;
        return S7_E_TRUNCATED;
    }

    size_t whole = (size_t)bytes[2] << 8 | bytes[3];
    if (whole < S7_TPKT_MIN_LEN || whole > max_len)
        return S7_E_FRAME;
    *frame_len = whole;
    return len < whole ? S7_E_TRUNCATED : S7_OK;
}

void s7_tpkt_write(uint8_t header[S7_TPKT_HEADER_LEN], size_t frame_len)
{
    header[0] = S7_TPKT_VERSION;
    header[1] = 0;
    header[2] = (uint8_t)(frame_len >> 8);
    header[3] = (uint8_t)frame_len;
}
