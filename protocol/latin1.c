#include "latin1.h"

bool s7_latin1_from_utf8(const char *utf8, size_t len, char *out, size_t cap, size_t *out_len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; n++) {
        unsigned char c = (unsigned char)utf8[i++];
        if (n == cap)
            return false;
        if (c >= 0x80) { /* C2 80 .. C3 BF is U+0080 .. U+00FF */
            if ((c != 0xC2 && c != 0xC3) || i == len || ((unsigned char)utf8[i] & 0xC0) != 0x80)
                return false;
            c = (unsigned char)((c & 3) << 6 | ((unsigned char)utf8[i++] & 0x3F));
        }
        out[n] = (char)c;
    }
    *out_len = n;
    return true;
}

size_t s7_latin1_to_utf8(const char *latin1, size_t len, char *out, size_t cap)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)latin1[i];
        unsigned char bytes[2] = {(unsigned char)(0xC0 | c >> 6), (unsigned char)(0x80 | (c & 0x3F))};
        size_t width = c < 0x80 ? 1 : 2;

        if (c < 0x80)
            bytes[0] = c;
        for (size_t k = 0; k < width; k++, n++)
            if (n < cap)
                out[n] = (char)bytes[k];
    }
    return n;
}

bool s7_latin1_take(struct s7_rd *rd, size_t len, char *text)
{
    const uint8_t *view;
    size_t n = 0;

    if (!s7_rd_view(rd, len, &view))
        return false;
    while (n < len && view[n] != 0)
        n++;
    while (n > 0 && view[n - 1] == ' ')
        n--;
    memcpy(text, view, n);
    text[n] = '\0';
    return true;
}
