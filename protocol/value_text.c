#include "protocol/value.h"

#include "protocol/names.h"
#include "protocol/real_text.h"
#include "protocol/value_types.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STRING_MAX 254

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void trim(const char **text, size_t *len)
{
    while (*len > 0 && is_blank((*text)[0])) {
        (*text)++;
        (*len)--;
    }
    while (*len > 0 && is_blank((*text)[*len - 1]))
        (*len)--;
}

/* ---- one element ---- */

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

static bool parse_element(const s7_address *address, const char *text, size_t len, struct s7_value *value)
{
    const struct s7_type_info *info = s7_type_info(address->type);

    if (info->kind == S7_KIND_TEXT) { /* blanks are characters, too */
        value->s.text = text;
        value->s.len = len;
        return address->type == S7_TYPE_CHAR ? len == 1 : len <= address->string_cap;
    }
    trim(&text, &len);
    if (address->type == S7_TYPE_BOOL)
        return parse_bool(text, len, value);
    if (info->kind == S7_KIND_FLOAT)
        return s7_real_parse(text, len, address->type == S7_TYPE_REAL, &value->f);
    return parse_integer(info, text, len, value);
}

s7_status s7_value_parse(const s7_address *address, const char *text, size_t text_len, struct s7_value *out)
{
    struct s7_value value = {.type = address->type};

    if (!parse_element(address, text, text_len, &value))
        return S7_E_CONVERT;
    *out = value;
    return S7_OK;
}

/* ---- output that counts on when it is full ---- */

struct out {
    char *buf;
    size_t cap;
    size_t len; /* of the whole text */
};

static void put(struct out *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++, out->len++)
        if (out->cap > 0 && out->len < out->cap - 1)
            out->buf[out->len] = text[i];
}

static size_t finish(const struct out *out)
{
    if (out->cap > 0)
        out->buf[out->len < out->cap ? out->len : out->cap - 1] = '\0';
    return out->len;
}

static void put_value(struct out *out, const struct s7_value *value)
{
    char text[S7_REAL_TEXT_CAP];
    int len = 0;

    switch (s7_type_kind(value->type)) {
    case S7_KIND_UINT:
        len = snprintf(text, sizeof text, "%" PRIu64, value->u);
        break;
    case S7_KIND_INT:
        len = snprintf(text, sizeof text, "%" PRId64, value->i);
        break;
    case S7_KIND_FLOAT:
        len = (int)s7_real_format(value->f, value->type == S7_TYPE_REAL, text);
        break;
    case S7_KIND_TEXT:
        put(out, value->s.text, value->s.len);
        return;
    }
    put(out, text, (size_t)len);
}

size_t s7_value_format(const struct s7_value *value, char *buf, size_t cap)
{
    struct out out = {buf, cap, 0};

    put_value(&out, value);
    return finish(&out);
}

/* ---- arrays ---- */

static void put_quoted(struct out *out, const struct s7_value *value)
{
    put(out, "\"", 1);
    for (size_t i = 0; i < value->s.len; i++) {
        if (value->s.text[i] == '"' || value->s.text[i] == '\\')
            put(out, "\\", 1);
        put(out, &value->s.text[i], 1);
    }
    put(out, "\"", 1);
}

size_t s7_values_format(const s7_address *address, const uint8_t *bytes, char *buf, size_t cap)
{
    struct out out = {buf, cap, 0};
    bool text = s7_type_kind(address->type) == S7_KIND_TEXT;

    if (address->count != 1)
        put(&out, "[", 1);
    for (unsigned i = 0; i < address->count; i++) {
        struct s7_value value = s7_value_load(address, bytes, i);

        if (i > 0)
            put(&out, ",", 1);
        if (text && address->count != 1)
            put_quoted(&out, &value);
        else
            put_value(&out, &value);
    }
    if (address->count != 1)
        put(&out, "]", 1);
    return finish(&out);
}

struct list {
    const char *at;
    size_t left;
};

static bool list_accept(struct list *list, char c)
{
    while (list->left > 0 && is_blank(*list->at)) {
        list->at++;
        list->left--;
    }
    if (list->left == 0 || *list->at != c)
        return false;
    list->at++;
    list->left--;
    return true;
}

/* Up to the next comma or the closing bracket. */
static bool plain_element(const s7_address *address, struct list *list, struct s7_value *value)
{
    const char *start = list->at;

    while (list->left > 0 && *list->at != ',' && *list->at != ']') {
        list->at++;
        list->left--;
    }
    return parse_element(address, start, (size_t)(list->at - start), value);
}

/* A quoted text without its backslashes goes to plain; value is a view of it. */
static bool quoted_element(const s7_address *address, struct list *list, char plain[STRING_MAX],
                           struct s7_value *value)
{
    size_t len = 0;

    if (!list_accept(list, '"'))
        return false;
    while (list->left > 0 && *list->at != '"') {
        if (*list->at == '\\' && list->left > 1) {
            list->at++;
            list->left--;
        }
        if (len == STRING_MAX)
            return false;
        plain[len++] = *list->at++;
        list->left--;
    }
    return list_accept(list, '"') && parse_element(address, plain, len, value);
}

static s7_status list_element(const s7_address *address, struct list *list, uint8_t *bytes, unsigned index)
{
    struct s7_value value = {.type = address->type};
    char plain[STRING_MAX];
    bool text = s7_type_kind(address->type) == S7_KIND_TEXT;

    if (!(text ? quoted_element(address, list, plain, &value) : plain_element(address, list, &value)))
        return S7_E_CONVERT;
    return s7_value_store(address, bytes, index, &value);
}

s7_status s7_values_parse(const s7_address *address, const char *text, size_t text_len, uint8_t *bytes)
{
    struct list list = {text, text_len};
    struct s7_value value;

    if (address->count == 1) {
        s7_status status = s7_value_parse(address, text, text_len, &value);
        return status == S7_OK ? s7_value_store(address, bytes, 0, &value) : status;
    }
    if (!list_accept(&list, '['))
        return S7_E_CONVERT;
    for (unsigned i = 0; i < address->count; i++) {
        if (i > 0 && !list_accept(&list, ','))
            return S7_E_CONVERT;
        s7_status status = list_element(address, &list, bytes, i);
        if (status != S7_OK)
            return status;
    }
    if (!list_accept(&list, ']'))
        return S7_E_CONVERT;
    trim(&list.at, &list.left);
    return list.left == 0 ? S7_OK : S7_E_CONVERT;
}
