/* text.h - a text that grows, for reports. */
#ifndef SCENARIOS_TEXT_H
#define SCENARIOS_TEXT_H

#include <stdarg.h>
#include <stddef.h>

#define SC_TEXT_MAX 131072 /* bytes */

/* All zero: empty. */
struct sc_text {
    char *at; /* zero-terminated; NULL while empty */
    size_t len, cap;
};

/* Append; out of memory, or beyond SC_TEXT_MAX, the rest is dropped. */
void sc_text_add(struct sc_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sc_text_add_args(struct sc_text *text, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
void sc_text_add_bytes(struct sc_text *text, const char *bytes, size_t len);
/* Append at most max bytes as a string of Lua or C: quoted, and one line whatever is in it. */
void sc_text_add_quoted(struct sc_text *text, const char *bytes, size_t len, size_t max);
void sc_text_free(struct sc_text *text);

#endif
