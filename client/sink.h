/* sink.h - writes text into a buffer that may be too short. Counts what does not fit, as snprintf does.
 *
 *   struct s7_sink out = {.buf = buf, .cap = cap};
 *   s7_sink_say(&out, "%u connections", n);
 *   return s7_sink_end(&out); */
#ifndef CLIENT_SINK_H
#define CLIENT_SINK_H

#include <stddef.h>

struct s7_sink {
    char *buf; /* may be NULL when cap is 0 */
    size_t cap, len;
};

void s7_sink_put(struct s7_sink *out, char c);

/* The character at text, which is not the end; U+FFFD for a byte that is none in UTF-8. Returns how many
 * bytes of text that was. */
size_t s7_sink_put_char(struct s7_sink *out, const char *text);

/* At most 255 bytes at a time. */
void s7_sink_say(struct s7_sink *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Terminate; the whole length. */
size_t s7_sink_end(struct s7_sink *out);

#endif
