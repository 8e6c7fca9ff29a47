#include "protocol/utf8.h"

/* By the first byte; 0: none begins like this. */
static size_t sequence_len(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if ((first & 0xE0) == 0xC0)
        return 2;
    if ((first & 0xF0) == 0xE0)
        return 3;
    return (first & 0xF8) == 0xF0 ? 4 : 0;
}

size_t s7_utf8_take(const char *text, size_t len, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = len > 0 ? sequence_len((unsigned char)text[0]) : 0;

    if (n == 0 || n > len)
        return 0;
    uint32_t v = n == 1 ? (unsigned char)text[0] : (unsigned char)text[0] & (0x7FU >> n);
    for (size_t i = 1; i < n; i++) {
        unsigned char next = (unsigned char)text[i];
        if ((next & 0xC0) != 0x80)
            return 0;
        v = v << 6 | (next & 0x3FU);
    }
    if (v < least[n] || v > 0x10FFFF || s7_is_surrogate(v))
        return 0;
    *c = v;
    return n;
}

size_t s7_utf8_put(uint32_t c, char bytes[S7_UTF8_MAX])
{
    static const unsigned char mark[] = {0, 0, 0xC0, 0xE0, 0xF0};

    if (c > 0x10FFFF || s7_is_surrogate(c))
        c = S7_REPLACEMENT;
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    bytes[0] = (char)(mark[n] | c);
    return n;
}
