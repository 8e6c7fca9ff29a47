/* text.h - a text that grows, for reports. */
#ifndef SCENARIOS_TEXT_H
#define SCENARIOS_TEXT_H

#include <stddef.h>

struct sc_text {
    char *at; /* zero-terminated; NULL while empty */
    size_t len, cap;
};

/* Append; out of memory or beyond 64 KiB the rest is dropped. */
void sc_text_add(struct sc_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sc_text_add_bytes(struct sc_text *text, const char *bytes, size_t len);
void sc_text_free(struct sc_text *text);

#endif
