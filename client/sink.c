#include "client/sink.h"

#include <stdarg.h>
#include <stdio.h>

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
