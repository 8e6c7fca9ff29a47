/* CHAR, STRING (Latin-1, one byte a character) and WCHAR, WSTRING (UTF-16, big-endian) as bytes and as UTF-8.
 */
#include "protocol/bytes.h"
#include "protocol/names.h"
#include "protocol/utf8.h"
#include "protocol/value_types.h"

#include <string.h>

/* Bytes of a unit: of a Latin-1 character or of half a surrogate pair. Lengths in a STRING are of this size,
 * too. */
static size_t unit_size(s7_type type)
{
    return s7_type_kind(type) == S7_KIND_WIDE ? 2 : 1;
}

/* ---- bytes ---- */

/* Units that fit the element: the maximum that it names, unless it is 0 or too large as in fresh blocks: then
 * the declaration counts. */
static size_t units_max(const s7_address *address, const uint8_t *element)
{
    if (!s7_type_has_cap(address->type))
        return 1;
    size_t named = s7_load_be(element, unit_size(address->type));
    return named == 0 || named > address->string_cap ? address->string_cap : named;
}

void s7_chars_load(const s7_address *address, const uint8_t *element, struct s7_value *value)
{
    size_t unit = unit_size(address->type), units = units_max(address, element);

    if (s7_type_has_cap(address->type)) {
        size_t actual = s7_load_be(element + unit, unit);
        units = actual < units ? actual : units;
        element += 2 * unit;
    }
    value->s.text = (const char *)element;
    value->s.len = units * unit;
}

/* Writes the lengths in front of so many units, and returns the place of the first. */
static uint8_t *begin(const s7_address *address, uint8_t *element, size_t units)
{
    size_t unit = unit_size(address->type);

    if (!s7_type_has_cap(address->type))
        return element;
    s7_store_be(element, unit, units_max(address, element));
    s7_store_be(element + unit, unit, units);
    return element + 2 * unit;
}

static bool units_fit(const s7_address *address, const uint8_t *element, size_t units)
{
    return s7_type_has_cap(address->type) ? units <= units_max(address, element) : units == 1;
}

bool s7_chars_store(const s7_address *address, uint8_t *element, const struct s7_value *value)
{
    size_t unit = unit_size(address->type);

    if (value->s.len % unit != 0 || !units_fit(address, element, value->s.len / unit))
        return false;
    uint8_t *at = begin(address, element, value->s.len / unit);
    if (value->s.len > 0)
        memmove(at, value->s.text, value->s.len);
    return true;
}

/* ---- one character after the other ---- */

bool s7_value_char(const struct s7_value *value, size_t *at, uint32_t *c)
{
    size_t unit = unit_size(value->type), left = (value->s.len - *at) / unit;
    const uint8_t *next = (const uint8_t *)value->s.text + *at;

    if (left == 0)
        return false;
    *c = (uint32_t)s7_load_be(next, unit);
    *at += unit;
    if (unit == 1 || left == 1 || *c < 0xD800 || *c >= 0xDC00)
        return true;
    uint32_t low = (uint32_t)s7_load_be(next + unit, unit);
    if (low >= 0xDC00 && low < 0xE000) {
        *c = 0x10000 + ((*c & 0x3FF) << 10 | (low & 0x3FF));
        *at += unit;
    }
    return true;
}

/* ---- text ---- */

enum next { NEXT_CHAR, NEXT_END, NEXT_BAD };

static enum next next_char(struct s7_chars *chars, uint32_t *c)
{
    if (chars->left == 0)
        return chars->quoted ? NEXT_BAD : NEXT_END;
    if (chars->quoted && *chars->at == '"') {
        chars->at++;
        chars->left--;
        return NEXT_END;
    }
    if (chars->quoted && *chars->at == '\\' && chars->left > 1) {
        chars->at++;
        chars->left--;
    }
    size_t len = s7_utf8_take(chars->at, chars->left, c);
    chars->at += len;
    chars->left -= len;
    return len > 0 ? NEXT_CHAR : NEXT_BAD;
}

/* 0: the type has no such character. */
static size_t units_of(s7_type type, uint32_t c)
{
    if (s7_type_kind(type) == S7_KIND_WIDE)
        return c < 0x10000 ? 1 : 2;
    return c <= UINT8_MAX ? 1 : 0;
}

static bool count_units(s7_type type, struct s7_chars chars, size_t *units)
{
    uint32_t c;
    enum next next;

    *units = 0;
    while ((next = next_char(&chars, &c)) == NEXT_CHAR) {
        size_t n = units_of(type, c);
        if (n == 0)
            return false;
        *units += n;
    }
    return next == NEXT_END;
}

static uint8_t *put_char(s7_type type, uint8_t *at, uint32_t c)
{
    size_t unit = unit_size(type);

    if (units_of(type, c) == 2) {
        c -= 0x10000;
        s7_store_be(at, unit, 0xD800 | c >> 10);
        at += unit;
        c = 0xDC00 | (c & 0x3FF);
    }
    s7_store_be(at, unit, c);
    return at + unit;
}

bool s7_chars_parse(const s7_address *address, struct s7_chars *chars, uint8_t *element)
{
    size_t units;
    uint32_t c;

    if (!count_units(address->type, *chars, &units) || !units_fit(address, element, units))
        return false;
    uint8_t *at = begin(address, element, units);
    while (next_char(chars, &c) == NEXT_CHAR)
        at = put_char(address->type, at, c);
    return true;
}
