/* One number, date or time as text. */
#include "protocol/names.h"
#include "protocol/real_text.h"
#include "protocol/utf8.h"
#include "protocol/value_types.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool s7_is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void trim(const char **text, size_t *len)
{
    while (*len > 0 && s7_is_blank((*text)[0])) {
        (*text)++;
        (*len)--;
    }
    while (*len > 0 && s7_is_blank((*text)[*len - 1]))
        (*len)--;
}

/* ---- reading ---- */

/* -1: not a digit of any base. */
static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* "0x1F" and "16#1F": moves past the prefix. */
static unsigned take_base(const char **text, size_t *len)
{
    size_t prefix = 0;

    if (*len > 2 && s7_name_equal(*text, 2, "0X"))
        prefix = 2;
    else if (*len > 3 && s7_name_equal(*text, 3, "16#"))
        prefix = 3;
    *text += prefix;
    *len -= prefix;
    return prefix > 0 ? 16 : 10;
}

static bool parse_magnitude(const char *text, size_t len, uint64_t *magnitude)
{
    unsigned base = take_base(&text, &len);
    uint64_t v = 0;

    if (len == 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        int digit = digit_value(text[i]);

        if (digit < 0 || (unsigned)digit >= base)
            return false;
        if (v > (UINT64_MAX - (unsigned)digit) / base)
            return false;
        v = v * base + (unsigned)digit;
    }
    *magnitude = v;
    return true;
}

static bool parse_integer(const struct s7_type_info *info, const char *text, size_t len,
                          struct s7_value *value)
{
    bool negative = len > 0 && text[0] == '-';
    size_t sign = negative || (len > 0 && text[0] == '+') ? 1 : 0;
    uint64_t magnitude;

    if (!parse_magnitude(text + sign, len - sign, &magnitude))
        return false;
    if (info->kind == S7_KIND_UINT) {
        value->u = magnitude;
        return magnitude <= (negative ? 0 : info->max);
    }
    if (magnitude > info->max + (negative ? 1 : 0))
        return false;
    value->i = negative && magnitude > 0 ? -(int64_t)(magnitude - 1) - 1 : (int64_t)magnitude;
    return true;
}

static bool parse_bool(const char *text, size_t len, struct s7_value *value)
{
    value->u = s7_name_equal(text, len, "1") || s7_name_equal(text, len, "TRUE");
    return value->u != 0 || s7_name_equal(text, len, "0") || s7_name_equal(text, len, "FALSE");
}

/* Hexadecimal digits are the bytes themselves, leading zeros left out or not. */
static bool parse_raw(const s7_address *address, const char *text, size_t len, struct s7_value *value)
{
    size_t size = s7_type_size(address->type, 0);
    uint8_t bytes[S7_VALUE_RAW_MAX] = {0};

    for (; len > 0 && text[0] == '0'; text++)
        len--;
    if (len > 2 * size)
        return false;
    for (size_t i = 0; i < len; i++) {
        int digit = digit_value(text[len - 1 - i]);
        if (digit < 0)
            return false;
        bytes[size - 1 - i / 2] |= (uint8_t)(digit << 4 * (i % 2));
    }
    *value = s7_value_load(address, bytes, 0);
    return true;
}

/* Through the bytes, so that the value is as if it had been read from there. */
static bool parse_time(const s7_address *address, const char *text, size_t len, struct s7_value *value)
{
    uint8_t bytes[S7_VALUE_RAW_MAX];

    if (!s7_time_parse(text, len, value) || !s7_time_store(address->type, value, bytes))
        return false;
    s7_time_load(address->type, bytes, value);
    return true;
}

static bool parse_trimmed(const s7_address *address, const char *text, size_t len, struct s7_value *value)
{
    const struct s7_type_info *info = s7_type_info(address->type);
    const char *digits = text;
    size_t n_digits = len;

    if (s7_type_has_raw(address->type) && take_base(&digits, &n_digits) == 16)
        return parse_raw(address, digits, n_digits, value);
    if (info->kind == S7_KIND_TIME)
        return parse_time(address, text, len, value);
    if (address->type == S7_TYPE_BOOL)
        return parse_bool(text, len, value);
    if (info->kind == S7_KIND_FLOAT)
        return s7_real_parse(text, len, address->type == S7_TYPE_REAL, &value->f);
    if (address->type == S7_TYPE_COUNTER && len > 2 && s7_name_equal(text, 2, "C#"))
        return parse_integer(info, text + 2, len - 2, value);
    return !s7_type_is_text(address->type) && parse_integer(info, text, len, value);
}

s7_status s7_value_parse(const s7_address *address, const char *text, size_t text_len, struct s7_value *out)
{
    struct s7_value value = {.type = address->type};

    trim(&text, &text_len);
    if (!parse_trimmed(address, text, text_len, &value))
        return S7_E_CONVERT;
    *out = value;
    return S7_OK;
}

/* ---- writing ---- */

void s7_out_put(struct s7_out *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++, out->len++)
        if (out->cap > 0 && out->len < out->cap - 1)
            out->buf[out->len] = text[i];
}

size_t s7_out_finish(const struct s7_out *out)
{
    if (out->cap > 0)
        out->buf[out->len < out->cap ? out->len : out->cap - 1] = '\0';
    return out->len;
}

static void put_raw(struct s7_out *out, const struct s7_value *value)
{
    static const char digits[] = "0123456789ABCDEF";

    s7_out_put(out, "16#", 3);
    for (size_t i = 0; i < s7_type_size(value->type, 0); i++) {
        s7_out_put(out, &digits[value->raw[i] >> 4], 1);
        s7_out_put(out, &digits[value->raw[i] & 0xF], 1);
    }
}

static void put_text(struct s7_out *out, const struct s7_value *value, bool quoted)
{
    char bytes[S7_UTF8_MAX];
    size_t at = 0;
    uint32_t c;

    if (quoted)
        s7_out_put(out, "\"", 1);
    while (s7_value_char(value, &at, &c)) {
        if (quoted && (c == '"' || c == '\\'))
            s7_out_put(out, "\\", 1);
        s7_out_put(out, bytes, s7_utf8_put(c, bytes));
    }
    if (quoted)
        s7_out_put(out, "\"", 1);
}

static void put_number(struct s7_out *out, const struct s7_value *value)
{
    char text[S7_TIME_TEXT_CAP];
    size_t len = 0;

    _Static_assert(sizeof text >= S7_REAL_TEXT_CAP, "the buffer takes every number");
    switch (s7_type_kind(value->type)) {
    case S7_KIND_UINT:
        len = (size_t)snprintf(text, sizeof text, "%" PRIu64, value->u);
        break;
    case S7_KIND_INT:
        len = (size_t)snprintf(text, sizeof text, "%" PRId64, value->i);
        break;
    case S7_KIND_FLOAT:
        len = s7_real_format(value->f, value->type == S7_TYPE_REAL, text);
        break;
    case S7_KIND_TIME:
        len = s7_time_format(value, text);
        break;
    case S7_KIND_TEXT:
    case S7_KIND_WIDE:
        break;
    }
    s7_out_put(out, text, len);
}

void s7_out_value(struct s7_out *out, const struct s7_value *value, bool quoted)
{
    if (value->broken)
        put_raw(out, value);
    else if (s7_type_is_text(value->type))
        put_text(out, value, quoted);
    else
        put_number(out, value);
}

size_t s7_value_format(const struct s7_value *value, char *buf, size_t cap)
{
    struct s7_out out = {buf, cap, 0};

    s7_out_value(&out, value, false);
    return s7_out_finish(&out);
}
