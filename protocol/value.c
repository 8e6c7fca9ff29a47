#include "protocol/value.h"

#include "protocol/value_types.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- types ---- */

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
    {S7_TYPE_TIMER, S7_KIND_UINT, UINT16_MAX, "the timer's word as a whole number 0..65535"},
    {S7_TYPE_COUNTER, S7_KIND_UINT, UINT16_MAX, "the counter's word as a whole number 0..65535"},
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

/* ---- bytes ---- */

static uint64_t load_be(const uint8_t *bytes, size_t size)
{
    uint64_t v = 0;

    for (size_t i = 0; i < size; i++)
        v = v << 8 | bytes[i];
    return v;
}

static void store_be(uint8_t *bytes, size_t size, uint64_t v)
{
    for (size_t i = size; i > 0; i--) {
        bytes[i - 1] = (uint8_t)v;
        v >>= 8;
    }
}

/* Two's complement of 1..8 bytes, without relying on how the compiler converts to signed. */
static int64_t sign_extend(uint64_t raw, size_t size)
{
    uint64_t sign = (uint64_t)1 << (size * 8 - 1);

    if ((raw & sign) == 0)
        return (int64_t)raw;
    uint64_t magnitude_less_1 = ~raw & (sign - 1);
    return -(int64_t)magnitude_less_1 - 1;
}

static double load_float(const uint8_t *bytes, size_t size)
{
    uint64_t raw = load_be(bytes, size);
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
    store_be(bytes, size, raw);
}

/* The maximum length byte, unless it is 0 or FF as in fresh blocks: then the declaration counts. */
static size_t string_max(const uint8_t *element, uint16_t string_cap)
{
    return element[0] == 0 || element[0] > string_cap ? string_cap : element[0];
}

static void load_text(const s7_address *address, const uint8_t *element, struct s7_value *value)
{
    if (address->type == S7_TYPE_CHAR) {
        value->s.text = (const char *)element;
        value->s.len = 1;
        return;
    }
    size_t max = string_max(element, address->string_cap);
    value->s.text = (const char *)element + 2;
    value->s.len = element[1] < max ? element[1] : max;
}

/* Where bit `index` of a BOOL address lies in its bytes. */
static size_t bit_position(const s7_address *address, unsigned index)
{
    return (size_t)address->bit + index;
}

struct s7_value s7_value_load(const s7_address *address, const uint8_t *bytes, unsigned index)
{
    struct s7_value value = {.type = address->type};
    size_t size = s7_type_size(address->type, address->string_cap);
    const uint8_t *element = bytes + size * index;

    if (address->type == S7_TYPE_BOOL) {
        size_t at = bit_position(address, index);
        value.u = (uint64_t)(bytes[at / 8] >> at % 8 & 1);
        return value;
    }
    switch (s7_type_kind(address->type)) {
    case S7_KIND_UINT:
        value.u = load_be(element, size);
        break;
    case S7_KIND_INT:
        value.i = sign_extend(load_be(element, size), size);
        break;
    case S7_KIND_FLOAT:
        value.f = load_float(element, size);
        break;
    case S7_KIND_TEXT:
        load_text(address, element, &value);
        break;
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

static s7_status store_text(const s7_address *address, uint8_t *element, const struct s7_value *value)
{
    if (address->type == S7_TYPE_CHAR) {
        if (value->s.len != 1)
            return S7_E_CONVERT;
        element[0] = (uint8_t)value->s.text[0];
        return S7_OK;
    }
    size_t max = string_max(element, address->string_cap);
    if (value->s.len > max)
        return S7_E_CONVERT;
    element[0] = (uint8_t)max;
    element[1] = (uint8_t)value->s.len;
    if (value->s.len > 0)
        memmove(element + 2, value->s.text, value->s.len);
    return S7_OK;
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
        return true;
    }
    return false;
}

s7_status s7_value_store(const s7_address *address, uint8_t *bytes, unsigned index,
                         const struct s7_value *value)
{
    size_t size = s7_type_size(address->type, address->string_cap);
    uint8_t *element = bytes + size * index;
    enum s7_kind kind = s7_type_kind(address->type);

    if (s7_type_kind(value->type) != kind || !in_range(address->type, value))
        return S7_E_CONVERT;
    if (address->type == S7_TYPE_BOOL)
        store_bit(address, bytes, index, value->u);
    else if (kind == S7_KIND_UINT)
        store_be(element, size, value->u);
    else if (kind == S7_KIND_INT)
        store_be(element, size, (uint64_t)value->i);
    else if (kind == S7_KIND_FLOAT)
        store_float(element, size, value->f);
    else
        return store_text(address, element, value);
    return S7_OK;
}
