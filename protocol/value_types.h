/* value_types.h - what the files about values share: limits of the types, and the ways between bytes, values
 * and text of single kinds. */
#ifndef PROTOCOL_VALUE_TYPES_H
#define PROTOCOL_VALUE_TYPES_H

#include "protocol/value.h"

struct s7_type_info {
    s7_type type;
    enum s7_kind kind;
    uint64_t max;      /* UINT: largest value; INT: largest positive value, the smallest is -max - 1 */
    const char *range; /* for s7_type_range */
};

/* Never NULL: a number that is no type has a row that takes nothing but 0. */
const struct s7_type_info *s7_type_info(s7_type type);

/* Bytes of this type may be no value of it, and are typed as "16#" and their digits. */
bool s7_type_has_raw(s7_type type);

/* ---- dates and times (value_time.c, time_format.c, time_parse.c) ---- */

/* The element's value; broken if there is none. */
void s7_time_load(s7_type type, const uint8_t *element, struct s7_value *value);

/* False, with nothing written: out of range, or finer than the type's resolution. */
bool s7_time_store(s7_type type, const struct s7_value *value, uint8_t *element);

/* "10ms", "100ms", "1s", "10s": the S5 time base 0..3. */
int64_t s7_s5_base_ns(unsigned base);

#define S7_TIME_TEXT_CAP 64

/* A value that is not broken; returns the length. */
size_t s7_time_format(const struct s7_value *value, char buf[S7_TIME_TEXT_CAP]);

/* Without blanks around it. value->type says which; whether it fits says s7_time_store. */
bool s7_time_parse(const char *text, size_t len, struct s7_value *value);

/* ---- characters (value_chars.c) ---- */

/* A text that is read: to its end or, quoted, to the closing quote, with backslashes before quotes and
 * backslashes. */
struct s7_chars {
    const char *at;
    size_t left;
    bool quoted;
};

void s7_chars_load(const s7_address *address, const uint8_t *element, struct s7_value *value);
bool s7_chars_store(const s7_address *address, uint8_t *element, const struct s7_value *value);

/* The text's characters into the element; *chars moves behind the text, and its quote. False, with nothing
 * written: not UTF-8, no closing quote, too long, or a character that the type has not. */
bool s7_chars_parse(const s7_address *address, struct s7_chars *chars, uint8_t *element);

/* ---- one element's text (value_text.c) ---- */

bool s7_is_blank(char c);

/* Text that counts on when its buffer is full. */
struct s7_out {
    char *buf;
    size_t cap;
    size_t len; /* of the whole text */
};

void s7_out_put(struct s7_out *out, const char *text, size_t len);
size_t s7_out_finish(const struct s7_out *out); /* ends with a zero; returns len */
void s7_out_value(struct s7_out *out, const struct s7_value *value, bool quoted);

#endif
