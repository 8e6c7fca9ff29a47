/* value.h - values of S7 data types as bytes of a block and as text.
 *
 * Bytes are big-endian as in the block. Text is UTF-8, what people type and read:
 *   BOOL              1 and 0 ("true" and "false" are read, too)
 *   whole numbers     decimal; "0x1F" and "16#1F" are read, too
 *   REAL LREAL        the shortest text that reads back the same, "1.5"; "inf", "nan"
 *   CHAR .. WSTRING   as they are; a surrogate without its partner is written as U+FFFD
 *   TIME LTIME        T#1h2m3s4ms, LT#-5us; a plain number counts milliseconds, for LTIME nanoseconds
 *   S5TIME TIMER      S5T#2m10s; of the time bases that could hold it, any but the finest is named: "S5T#2s
 * base 1s" COUNTER           0..999 TOD LTOD          12:34:56.789; the fraction has 3, 6 or 9 digits, none
 * if it is zero DATE              2026-01-31 DT LDT DTL        2026-01-31T12:34:56.789; a blank or "-"
 * instead of the T is read, too. Of DT and DTL the weekday follows from the date; another one in memory is
 * named: "2026-01-31T00:00:00 weekday 0" Prefixes as "D#", "TOD#", "DATE_AND_TIME#", "S5TIME#" may always
 * stand in front. Bytes that are no value of their type (BCD that is none, month 13) are written as "16#" and
 * all their digits, and any bytes of dates, times and COUNTER may be typed like this: so the text of any
 * bytes reads back as the same bytes; only NaN (one text for all), lone surrogates and a STRING's bytes
 * behind its text do not come back. The decimal point is a point whatever the locale. An array of n elements
 * is n texts separated by commas in brackets:
 * "[1,2,3]"; characters and strings in an array are quoted, with a backslash before a quote or backslash in
 * it:
 * ["a","say \"no\""]. */
#ifndef PROTOCOL_VALUE_H
#define PROTOCOL_VALUE_H

#include <s7rig/address.h>

#include "protocol/civil.h"

#define S7_TYPE_LAST     S7_TYPE_S5TIME /* types are S7_TYPE_BOOL .. this */
#define S7_VALUE_RAW_MAX 12

/* One value, by kind of type. */
struct s7_value {
    s7_type type;
    bool broken;  /* the bytes are no value of that type: raw has them, nothing else is set */
    uint16_t odd; /* 0: stored as usual; else 1 + the time base (S5TIME, TIMER: 0..3) or the weekday (DT:
                   * 0..15, DTL: 0..255) that is stored instead of the finest base, the right weekday */
    union {
        uint64_t u; /* BOOL (0, 1), BYTE, USINT, WORD .. LWORD, UINT .. ULINT, COUNTER */
        int64_t i;  /* SINT, INT, DINT, LINT */
        double f;   /* REAL, LREAL */
        struct {
            const char
                *text;  /* CHAR, STRING: Latin-1; WCHAR, WSTRING: UTF-16 big-endian. A view, as stored */
            size_t len; /* bytes */
        } s;
        int64_t ns;            /* TIME, LTIME, S5TIME, TIMER; TOD, LTOD: since midnight */
        struct s7_civil civil; /* DATE, DT, LDT, DTL */
        uint8_t raw[S7_VALUE_RAW_MAX];
    };
};

/* Kind of a type, for switches over values: member u, i, f, s (one byte a character), s (two bytes), ns or
 * civil. */
enum s7_kind { S7_KIND_UINT, S7_KIND_INT, S7_KIND_FLOAT, S7_KIND_TEXT, S7_KIND_WIDE, S7_KIND_TIME };
enum s7_kind s7_type_kind(s7_type type);

/* TEXT or WIDE. */
bool s7_type_is_text(s7_type type);

/* Read element `index` of an address from the address's own bytes (bytes[0] is address->byte; s7_address_size
 * long). STRING, WSTRING: the actual length is clipped to the maximum; a maximum of 0 or above string_cap, as
 * fresh blocks have it, counts as string_cap. */
struct s7_value s7_value_load(const s7_address *address, const uint8_t *bytes, unsigned index);

/* Write element `index` into the address's own bytes. Other bits of the byte stay (BOOL); STRING and WSTRING
 * keep their maximum length if it is 1..string_cap, else set it to string_cap, and leave the characters
 * behind the text alone. S7_E_CONVERT, with nothing written: a value of another kind, out of the type's range
 * (REAL: finite and above FLT_MAX; infinities and NaN are stored as such), finer than the type's resolution,
 * or a string longer than its maximum. */
S7_MUST_CHECK s7_status s7_value_store(const s7_address *address, uint8_t *bytes, unsigned index,
                                       const struct s7_value *value);

/* Is an array of so many bytes one of the address's native type and count (codec.h)? */
bool s7_values_fit(const s7_address *address, size_t size);

/* Parse the text of one number, date or time; blanks around it are fine, the whole text must be used. REAL
 * and LREAL also take "inf" and "nan", and at most 127 characters. S7_E_CONVERT: not a value of that type, or
 * out of range; also for text types, whose characters need memory: s7_values_parse. */
S7_MUST_CHECK s7_status s7_value_parse(const s7_address *address, const char *text, size_t text_len,
                                       struct s7_value *out);

/* What a type takes, for messages: "a whole number -32768..32767". */
const char *s7_type_range(s7_type type);

/* Text of one element; returns its length as snprintf does. */
size_t s7_value_format(const struct s7_value *value, char *buf, size_t cap);

/* The characters of a text value, one a call: *c, and *at (0 at first) moves on. False: no more. A surrogate
 * without its partner comes as it is. */
bool s7_value_char(const struct s7_value *value, size_t *at, uint32_t *c);

/* All elements of an address as text, arrays in brackets; returns the full length. */
size_t s7_values_format(const s7_address *address, const uint8_t *bytes, char *buf, size_t cap);

/* All elements from text into the address's bytes; S7_E_CONVERT: also when the number of elements differs. On
 * failure bytes are unchanged or, for arrays, changed up to the bad element: work on a copy. */
S7_MUST_CHECK s7_status s7_values_parse(const s7_address *address, const char *text, size_t text_len,
                                        uint8_t *bytes);

#endif
