/* utf8.h - text outside the PLC is UTF-8, one character at a time. */
#ifndef PROTOCOL_UTF8_H
#define PROTOCOL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define S7_UTF8_MAX    4      /* bytes of a character */
#define S7_REPLACEMENT 0xFFFD /* stands for what is no character */

/* The character at text[0..len): its number of bytes and *c; 0 if there is none. Too long forms, surrogates
 * and what lies above U+10FFFF are none. */
size_t s7_utf8_take(const char *text, size_t len, uint32_t *c);

/* Write the character, and return its number of bytes. A surrogate or what lies above U+10FFFF becomes
 * U+FFFD. */
size_t s7_utf8_put(uint32_t c, char bytes[S7_UTF8_MAX]);

/* Half of a UTF-16 pair, not a character. */
static inline bool s7_is_surrogate(uint32_t c)
{
    return c >= 0xD800 && c < 0xE000;
}

#endif
