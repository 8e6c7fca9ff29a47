#include "scenarios/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many of `more` bytes there is room for, after growing. */
static size_t room_for(struct sc_text *text, size_t more)
{
    size_t cap = text->cap == 0 ? 256 : text->cap;

    if (more > SC_TEXT_MAX - text->len)
        more = SC_TEXT_MAX - text->len;
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

void sc_text_add_args(struct sc_text *text, const char *format, va_list args)
{
    va_list again;

    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    size_t room = len > 0 ? room_for(text, (size_t)len) : 0;
    if (text->at != NULL && len > 0) {
        vsnprintf(text->at + text->len, room + 1, format, again);
        text->len += room;
    }
    va_end(again);
}

void sc_text_add(struct sc_text *text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    sc_text_add_args(text, format, args);
    va_end(args);
}

static void add_char(struct sc_text *text, char c)
{
    unsigned char byte = (unsigned char)c;

    if (c == '\n')
        sc_text_add_bytes(text, "\\n", 2);
    else if (c == '"' || c == '\\')
        sc_text_add(text, "\\%c", c);
    else if (byte < 0x20 || byte == 0x7f)
        sc_text_add(text, "\\x%02x", byte);
    else
        sc_text_add_bytes(text, &c, 1);
}

void sc_text_add_quoted(struct sc_text *text, const char *bytes, size_t len, size_t max)
{
    sc_text_add_bytes(text, "\"", 1);
    for (size_t i = 0; i < len && i < max; i++)
        add_char(text, bytes[i]);
    sc_text_add(text, len > max ? "\"... (%zu bytes)" : "\"", len);
}

void sc_text_free(struct sc_text *text)
{
    free(text->at);
    *text = (struct sc_text){0};
}
