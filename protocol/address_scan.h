/* address_scan.h - the scanner of address texts: skips blanks, knows where the first error is; for
 * address_parse.c. */
#ifndef PROTOCOL_ADDRESS_SCAN_H
#define PROTOCOL_ADDRESS_SCAN_H

#include <s7rig/address.h>

struct s7_scan {
    const char *text;
    size_t pos;
    s7_address_error *error; /* NULL: nobody wants to know */
};

/* The next character that is not a blank, '\0' at the end; pos is moved to it. */
char s7_scan_peek(struct s7_scan *scan);
bool s7_scan_digit_next(struct s7_scan *scan);

/* Move past c if it is next. */
bool s7_scan_accept(struct s7_scan *scan, char c);

/* Note an error at that offset, or at the next character. Both return S7_E_SYNTAX. */
s7_status s7_scan_fail(const struct s7_scan *scan, size_t at, const char *message);
s7_status s7_scan_fail_here(struct s7_scan *scan, const char *message);

/* A decimal number min..max; message says what is wanted, at the number's
 * first character. max is far below 2^32 / 10. */
s7_status s7_scan_number(struct s7_scan *scan, uint32_t min, uint32_t max, const char *message,
                         uint32_t *value);
s7_status s7_scan_number16(struct s7_scan *scan, uint32_t min, uint32_t max, const char *message,
                           uint16_t *value);

#define S7_WORD_LEN_MAX 16

struct s7_word {
    char text[S7_WORD_LEN_MAX]; /* not zero-terminated */
    size_t len;
    size_t at; /* where it begins in the address text */
};

bool s7_word_is(const struct s7_word *word, const char *upper_name);

/* Letters and underscores in a row, possibly none; of digits only those of S5TIME, as others begin an offset.
 * What does not fit is left unread, so nothing in a table equals the word. */
struct s7_word s7_scan_letters(struct s7_scan *scan);

/* A type name after a colon: also digits. */
struct s7_word s7_scan_type_word(struct s7_scan *scan);

#endif
