#include "client/sink.h"

#include "protocol/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void s7_sink_put(struct s7_sink *out, char c)
{
    if (out->len + 1 < out->cap)
        out->buf[out->len] = c;
    out->len++;
}

void s7_sink_say(struct s7_sink *out, const char *format, ...)
{
    char piece[256];
    va_list args;

    va_start(args, format);
    vsnprintf(piece, sizeof piece, format, args);
    va_end(args);
    for (const char *c = piece; *c != '\0'; c++)
        s7_sink_put(out, *c);
}

size_t s7_sink_end(struct s7_sink *out)
{
    if (out->cap > 0)
        out->buf[out->len < out->cap ? out->len : out->cap - 1] = '\0';
    return out->len;
}

size_t s7_sink_put_char(struct s7_sink *out, const char *text)
{
    uint32_t c;
    char bytes[S7_UTF8_MAX];
    size_t len = s7_utf8_take(text, strnlen(text, S7_UTF8_MAX), &c);
    size_t n = s7_utf8_put(len > 0 ? c : S7_REPLACEMENT, bytes);

    for (size_t i = 0; i < n; i++)
        s7_sink_put(out, bytes[i]);
    return len > 0 ? len : 1;
}
