#include "scenarios/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 65536

static size_t room_for(struct sc_text *text, size_t more)
{
    size_t cap = text->cap == 0 ? 256 : text->cap;

    if (more > TEXT_MAX - text->len)
        more = TEXT_MAX - text->len;
    while (cap < text->len + more + 1)
        cap *= 2;
    if (cap > text->cap) {
        char *at = realloc(text->at, cap);

        if (at == NULL)
            return text->cap == 0 ? 0 : text->cap - text->len - 1;
        text->at = at;
        text->cap = cap;
    }
    return more;
}

void sc_text_add_bytes(struct sc_text *text, const char *bytes, size_t len)
{
    size_t room = room_for(text, len);

    if (text->at == NULL)
        return;
    len = len < room ? len : room;
    memcpy(text->at + text->len, bytes, len);
    text->len += len;
    text->at[text->len] = '\0';
}

void sc_text_add(struct sc_text *text, const char *format, ...)
{
    char line[1024];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (len > 0)
        sc_text_add_bytes(text, line, (size_t)len < sizeof line ? (size_t)len : sizeof line - 1);
}

void sc_text_free(struct sc_text *text)
{
    free(text->at);
    *text = (struct sc_text){0};
}
