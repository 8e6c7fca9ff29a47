/* value.h - values of S7 data types as bytes of a block and as text.
 *
 * Bytes are big-endian as in the block. Text is what people type and read: "1" and "0" for BOOL ("true",
 * "false" are read too), decimal numbers, "0x1F" and "16#1F" for integers, "1.5" for REAL (shortest text that
 * reads back the same), strings as they are. The decimal point is a point whatever the locale. An array of n
 * elements is n texts separated by commas in brackets: "[1,2,3]"; a CHAR or STRING in an array is quoted,
 * with a backslash before a quote or backslash in it: ["a","say \"no\""]. */
#ifndef PROTOCOL_VALUE_H
#define PROTOCOL_VALUE_H

#include <s7rig/address.h>

/* One value, by kind of type. */
struct s7_value {
    s7_type type;
    union {
        uint64_t u; /* BOOL (0, 1), BYTE, USINT, WORD .. LWORD, UINT .. ULINT; TIMER, COUNTER: the raw word */
        int64_t i;  /* SINT, INT, DINT, LINT */
        double f;   /* REAL, LREAL */
        struct {
            const char *text; /* CHAR, STRING: view, not zero-terminated, Latin-1 as stored */
            size_t len;
        } s;
    };
};

/* Kind of a type, for switches over values. */
enum s7_kind { S7_KIND_UINT, S7_KIND_INT, S7_KIND_FLOAT, S7_KIND_TEXT };
enum s7_kind s7_type_kind(s7_type type);

/* Read element `index` of an address from the address's own bytes (bytes[0] is address->byte; s7_address_size
 * long). STRING: the actual length is clipped to the maximum; a maximum of 0 or above string_cap, as fresh
 * blocks have it, counts as string_cap. */
struct s7_value s7_value_load(const s7_address *address, const uint8_t *bytes, unsigned index);

/* Write element `index` into the address's own bytes. Other bits of the byte stay (BOOL); STRING keeps its
 * maximum length byte if it is 1..string_cap, else sets it to string_cap, and leaves the characters behind
 * the text alone. S7_E_CONVERT, with nothing written: a value of another kind, out of the type's range (REAL:
 * finite and above FLT_MAX; infinities and NaN are stored as such), or a string longer than its maximum. */
S7_MUST_CHECK s7_status s7_value_store(const s7_address *address, uint8_t *bytes, unsigned index,
                                       const struct s7_value *value);

/* Parse one element's text. Integers are range-checked, the whole text must be used (blanks around it are
 * fine). Text of CHAR and STRING is a view of text itself, blanks included. REAL and LREAL also take "inf"
 * and "nan", and at most 127 characters. S7_E_CONVERT: not a value of that type, or out of range. */
S7_MUST_CHECK s7_status s7_value_parse(const s7_address *address, const char *text, size_t text_len,
                                       struct s7_value *out);

/* What a type takes, for messages: "a whole number -32768..32767". */
const char *s7_type_range(s7_type type);

/* Text of one element; returns its length as snprintf does. STRING bytes are copied as stored. */
size_t s7_value_format(const struct s7_value *value, char *buf, size_t cap);

/* All elements of an address as text, arrays in brackets; returns the full length. */
size_t s7_values_format(const s7_address *address, const uint8_t *bytes, char *buf, size_t cap);

/* All elements from text into the address's bytes; S7_E_CONVERT: also when the number of elements differs. On
 * failure bytes are unchanged or, for arrays, changed up to the bad element: work on a copy. */
S7_MUST_CHECK s7_status s7_values_parse(const s7_address *address, const char *text, size_t text_len,
                                        uint8_t *bytes);

#endif
