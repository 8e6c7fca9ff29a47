#include "protocol/value.h"

#include "protocol/bytes.h"
#include "protocol/value_types.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- types ---- */

#define S5TIME_RANGE "milliseconds or S5T#1h2m3s, three digits of 10ms, 100ms, 1s or 10s"

static const struct s7_type_info types[] = {
    {S7_TYPE_BOOL, S7_KIND_UINT, 1, "0 or 1"},
    {S7_TYPE_BYTE, S7_KIND_UINT, UINT8_MAX, "a whole number 0..255"},
    {S7_TYPE_USINT, S7_KIND_UINT, UINT8_MAX, "a whole number 0..255"},
    {S7_TYPE_SINT, S7_KIND_INT, INT8_MAX, "a whole number -128..127"},
    {S7_TYPE_CHAR, S7_KIND_TEXT, 0, "one character"},
    {S7_TYPE_WORD, S7_KIND_UINT, UINT16_MAX, "a whole number 0..65535"},
    {S7_TYPE_UINT, S7_KIND_UINT, UINT16_MAX, "a whole number 0..65535"},
    {S7_TYPE_INT, S7_KIND_INT, INT16_MAX, "a whole number -32768..32767"},
    {S7_TYPE_DWORD, S7_KIND_UINT, UINT32_MAX, "a whole number 0..4294967295"},
    {S7_TYPE_UDINT, S7_KIND_UINT, UINT32_MAX, "a whole number 0..4294967295"},
    {S7_TYPE_DINT, S7_KIND_INT, INT32_MAX, "a whole number -2147483648..2147483647"},
    {S7_TYPE_REAL, S7_KIND_FLOAT, 0, "a number up to 3.4028235e+38"},
    {S7_TYPE_LWORD, S7_KIND_UINT, UINT64_MAX, "a whole number 0..18446744073709551615"},
    {S7_TYPE_ULINT, S7_KIND_UINT, UINT64_MAX, "a whole number 0..18446744073709551615"},
    {S7_TYPE_LINT, S7_KIND_INT, INT64_MAX, "a whole number -9223372036854775808..9223372036854775807"},
    {S7_TYPE_LREAL, S7_KIND_FLOAT, 0, "a number up to 1.7976931348623157e+308"},
    {S7_TYPE_STRING, S7_KIND_TEXT, 0, "a text, not longer than the STRING"},
    {S7_TYPE_TIMER, S7_KIND_TIME, 0, S5TIME_RANGE},
    {S7_TYPE_COUNTER, S7_KIND_UINT, 999, "a whole number 0..999"},
    {S7_TYPE_WCHAR, S7_KIND_WIDE, 0, "one character up to U+FFFF"},
    {S7_TYPE_WSTRING, S7_KIND_WIDE, 0, "a text, not longer than the WSTRING"},
    {S7_TYPE_DATE, S7_KIND_TIME, 0, "a date 1990-01-01..2169-06-06"},
    {S7_TYPE_TIME, S7_KIND_TIME, 0, "milliseconds or T#1h2m3s4ms, at most 24d20h31m23s647ms"},
    {S7_TYPE_TOD, S7_KIND_TIME, 0, "a time of day 00:00:00..23:59:59.999"},
    {S7_TYPE_DT, S7_KIND_TIME, 0, "a date and time 1990-01-01T00:00:00..2089-12-31T23:59:59.999"},
    {S7_TYPE_LTIME, S7_KIND_TIME, 0, "nanoseconds or LT#1h2m3s4ms5us6ns"},
    {S7_TYPE_LTOD, S7_KIND_TIME, 0, "a time of day 00:00:00..23:59:59.999999999"},
    {S7_TYPE_LDT, S7_KIND_TIME, 0, "a date and time 1970-01-01T00:00:00..2554-07-21T23:34:33.709551615"},
    {S7_TYPE_DTL, S7_KIND_TIME, 0, "a date and time 1970-01-01T00:00:00..2554-12-31T23:59:59.999999999"},
    {S7_TYPE_S5TIME, S7_KIND_TIME, 0, S5TIME_RANGE},
};

static const struct s7_type_info no_type = {0, S7_KIND_UINT, 0, "nothing: this is not a data type"};

const struct s7_type_info *s7_type_info(s7_type type)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].type == type)
            return &types[i];
    return &no_type;
}

enum s7_kind s7_type_kind(s7_type type)
{
    return s7_type_info(type)->kind;
}

const char *s7_type_range(s7_type type)
{
    return s7_type_info(type)->range;
}

bool s7_type_is_text(s7_type type)
{
    enum s7_kind kind = s7_type_kind(type);

    return kind == S7_KIND_TEXT || kind == S7_KIND_WIDE;
}

bool s7_type_has_raw(s7_type type)
{
    return s7_type_kind(type) == S7_KIND_TIME || type == S7_TYPE_COUNTER;
}

/* ---- bytes ---- */

static double load_float(const uint8_t *bytes, size_t size)
{
    uint64_t raw = s7_load_be(bytes, size);
    uint32_t raw32 = (uint32_t)raw;
    double wide;
    float narrow;

    if (size == sizeof narrow) {
        memcpy(&narrow, &raw32, sizeof narrow);
        return (double)narrow;
    }
    memcpy(&wide, &raw, sizeof wide);
    return wide;
}

static void store_float(uint8_t *bytes, size_t size, double f)
{
    float narrow = 0;
    uint32_t raw32;
    uint64_t raw;

    if (size == sizeof narrow) {
        narrow = (float)f;
        memcpy(&raw32, &narrow, sizeof raw32);
        raw = raw32;
    } else {
        memcpy(&raw, &f, sizeof raw);
    }
    s7_store_be(bytes, size, raw);
}

/* ---- counters ---- */

static void load_counter(const uint8_t *element, struct s7_value *value)
{
    uint32_t number;

    value->broken = !s7_bcd_load((uint32_t)s7_load_be(element, 2), &number) || number > 999;
    if (value->broken)
        memcpy(value->raw, element, 2);
    else
        value->u = number;
}

/* ---- elements ---- */

/* Where bit `index` of a BOOL address lies in its bytes. */
static size_t bit_position(const s7_address *address, unsigned index)
{
    return (size_t)address->bit + index;
}

static void load_number(s7_type type, const uint8_t *element, struct s7_value *value)
{
    size_t size = s7_type_size(type, 0);

    if (type == S7_TYPE_COUNTER)
        load_counter(element, value);
    else if (s7_type_kind(type) == S7_KIND_UINT)
        value->u = s7_load_be(element, size);
    else if (s7_type_kind(type) == S7_KIND_INT)
        value->i = s7_load_signed_be(element, size);
    else
        value->f = load_float(element, size);
}

struct s7_value s7_value_load(const s7_address *address, const uint8_t *bytes, unsigned index)
{
    struct s7_value value = {.type = address->type};
    const uint8_t *element = bytes + s7_type_size(address->type, address->string_cap) * index;

    if (address->type == S7_TYPE_BOOL) {
        size_t at = bit_position(address, index);
        value.u = (uint64_t)(bytes[at / 8] >> at % 8 & 1);
    } else if (s7_type_is_text(address->type)) {
        s7_chars_load(address, element, &value);
    } else if (s7_type_kind(address->type) == S7_KIND_TIME) {
        s7_time_load(address->type, element, &value);
    } else {
        load_number(address->type, element, &value);
    }
    return value;
}

static void store_bit(const s7_address *address, uint8_t *bytes, unsigned index, uint64_t bit)
{
    size_t at = bit_position(address, index);
    uint8_t mask = (uint8_t)(1U << at % 8);

    if (bit != 0)
        bytes[at / 8] |= mask;
    else
        bytes[at / 8] &= (uint8_t)~mask;
}

static void store_number(s7_type type, uint8_t *element, const struct s7_value *value)
{
    size_t size = s7_type_size(type, 0);

    if (type == S7_TYPE_COUNTER)
        s7_store_be(element, size, s7_bcd((uint32_t)value->u));
    else if (s7_type_kind(type) == S7_KIND_UINT)
        s7_store_be(element, size, value->u);
    else if (s7_type_kind(type) == S7_KIND_INT)
        s7_store_be(element, size, (uint64_t)value->i);
    else
        store_float(element, size, value->f);
}

static bool in_range(s7_type type, const struct s7_value *value)
{
    const struct s7_type_info *info = s7_type_info(type);

    switch (info->kind) {
    case S7_KIND_UINT:
        return value->u <= info->max;
    case S7_KIND_INT:
        return value->i <= (int64_t)info->max && value->i >= -(int64_t)info->max - 1;
    case S7_KIND_FLOAT: /* infinities and NaN are values of both types */
        return type != S7_TYPE_REAL || !isfinite(value->f) || fabs(value->f) <= (double)FLT_MAX;
    case S7_KIND_TEXT:
    case S7_KIND_WIDE:
    case S7_KIND_TIME: /* see their store functions */
        return true;
    }
    return false;
}

/* Bytes that are no value are stored as what they are. */
static s7_status store_broken(s7_type type, uint8_t *element, const struct s7_value *value)
{
    if (value->type != type || !s7_type_has_raw(type))
        return S7_E_CONVERT;
    memcpy(element, value->raw, s7_type_size(type, 0));
    return S7_OK;
}

/* Times of day and dates are stored in other members, and dates in others than durations: no type takes
 * another's. */
static bool same_kind(s7_type type, const struct s7_value *value)
{
    enum s7_kind kind = s7_type_kind(type);

    return s7_type_kind(value->type) == kind && (kind != S7_KIND_TIME || value->type == type);
}

s7_status s7_value_store(const s7_address *address, uint8_t *bytes, unsigned index,
                         const struct s7_value *value)
{
    uint8_t *element = bytes + s7_type_size(address->type, address->string_cap) * index;

    if (value->broken)
        return store_broken(address->type, element, value);
    if (!same_kind(address->type, value) || !in_range(address->type, value))
        return S7_E_CONVERT;
    if (s7_type_is_text(address->type))
        return s7_chars_store(address, element, value) ? S7_OK : S7_E_CONVERT;
    if (s7_type_kind(address->type) == S7_KIND_TIME)
        return s7_time_store(address->type, value, element) ? S7_OK : S7_E_CONVERT;
    if (address->type == S7_TYPE_BOOL)
        store_bit(address, bytes, index, value->u);
    else
        store_number(address->type, element, value);
    return S7_OK;
}
