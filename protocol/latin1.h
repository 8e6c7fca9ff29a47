/* latin1.h - CHAR and STRING hold one byte per character (Latin-1); files and terminals speak UTF-8. */
#ifndef PROTOCOL_LATIN1_H
#define PROTOCOL_LATIN1_H

#include "protocol/wire.h"

/* UTF-8 to Latin-1 into out[0..cap), which may be the input itself. False: not UTF-8, a character above
 * U+00FF, or more than cap characters. *out_len is written on success. */
bool s7_latin1_from_utf8(const char *utf8, size_t len, char *out, size_t cap, size_t *out_len);

/* Latin-1 to UTF-8 into out[0..cap), not zero-terminated; returns the length in full (at most 2 * len); more
 * than cap is cut. */
size_t s7_latin1_to_utf8(const char *latin1, size_t len, char *out, size_t cap);

/* A text field of the wire: the next len bytes, up to the first zero, without blanks at the end. text has
 * room for len characters and a zero. False: fewer bytes are left. */
bool s7_latin1_take(struct s7_rd *rd, size_t len, char *text);

#endif
