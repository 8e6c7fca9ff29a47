#include "cli/cli.h"

static void put_utf8(FILE *out, unsigned char c)
{
    if (c < 0x80) {
        fputc(c, out);
    } else {
        fputc(0xC0 | c >> 6, out);
        fputc(0x80 | (c & 0x3F), out);
    }
}

/* C0, DEL and C1: what a terminal would obey instead of showing. */
static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

void cli_json_latin1(FILE *out, const char *text, size_t len)
{
    fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (is_control(c))
            fprintf(out, "\\u%04x", c);
        else
            put_utf8(out, c);
    }
    fputc('"', out);
}

void cli_print_latin1(FILE *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (is_control(c))
            fprintf(out, "\\x%02X", c);
        else
            put_utf8(out, c);
    }
}

/* Length of the UTF-8 sequence at s, 0 if there is none; *c is its character. Too long forms and surrogates
 * are none. */
static size_t utf8_take(const unsigned char *s, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = s[0] < 0x80             ? 1
                 : (s[0] & 0xE0) == 0xC0 ? 2
                 : (s[0] & 0xF0) == 0xE0 ? 3
                 : (s[0] & 0xF8) == 0xF0 ? 4
                                         : 0;

    if (len < 2) {
        *c = s[0];
        return len;
    }
    *c = s[0] & (0x7FU >> len);
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xC0) != 0x80) /* the terminating zero ends it here, too */
            return 0;
        *c = *c << 6 | (s[i] & 0x3F);
    }
    return *c < least[len] || *c > 0x10FFFF || (*c >= 0xD800 && *c < 0xE000) ? 0 : len;
}

/* The next character; one byte that is no UTF-8 counts as U+FFFD. */
static size_t utf8_next(const char *text, uint32_t *c, const char **bytes)
{
    size_t len = utf8_take((const unsigned char *)text, c);

    *bytes = len > 0 ? text : "\xEF\xBF\xBD";
    return len > 0 ? len : 1;
}

size_t cli_print_utf8(FILE *out, const char *text)
{
    size_t n = 0;

    while (*text != '\0') {
        uint32_t c;
        const char *bytes;
        size_t len = utf8_next(text, &c, &bytes);
        bool replaced = bytes != text, control = !replaced && is_control(c);

        if (out != NULL && control)
            fprintf(out, "\\x%02X", (unsigned)c);
        else if (out != NULL)
            fwrite(bytes, 1, replaced ? 3 : len, out);
        n += control ? 4 : 1;
        text += len;
    }
    return n;
}

void cli_json_utf8(FILE *out, const char *text)
{
    fputc('"', out);
    while (*text != '\0') {
        uint32_t c;
        const char *bytes;
        size_t len = utf8_next(text, &c, &bytes);

        if (bytes != text)
            fputs(bytes, out);
        else if (c == '"' || c == '\\')
            fprintf(out, "\\%c", (int)c);
        else if (is_control(c))
            fprintf(out, "\\u%04x", (unsigned)c);
        else
            fwrite(bytes, 1, len, out);
        text += len;
    }
    fputc('"', out);
}
