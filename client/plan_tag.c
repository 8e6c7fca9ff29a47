#include "client/plan_tag.h"

#include "client/single.h"
#include "protocol/value.h"

#include <math.h>
#include <string.h>

/* Whole numbers up to here are exact as double. */
#define EXACT_MAX (INT64_C(1) << 53)

static struct s7_value load(const s7_item *tag, unsigned index)
{
    s7_address address = s7_single_layout(tag);

    return s7_value_load(&address, tag->data, index);
}

static s7_status store(const s7_item *tag, unsigned index, const struct s7_value *value)
{
    s7_address address = s7_single_layout(tag);

    return s7_value_store(&address, tag->data, index, value);
}

s7_status s7_tag_int(const s7_item *tag, unsigned index, int64_t *value)
{
    struct s7_value found = load(tag, index);
    enum s7_kind kind = s7_type_kind(found.type);

    if (found.broken)
        return S7_E_CONVERT;
    if (kind == S7_KIND_INT)
        *value = found.i;
    else if (kind == S7_KIND_UINT && found.u <= INT64_MAX)
        *value = (int64_t)found.u;
    else
        return S7_E_CONVERT;
    return S7_OK;
}

s7_status s7_tag_real(const s7_item *tag, unsigned index, double *value)
{
    struct s7_value found = load(tag, index);
    int64_t whole;

    if (s7_type_kind(found.type) == S7_KIND_FLOAT) {
        *value = found.f;
        return S7_OK;
    }
    if (s7_tag_int(tag, index, &whole) != S7_OK || whole > EXACT_MAX || whole < -EXACT_MAX)
        return S7_E_CONVERT;
    *value = (double)whole;
    return S7_OK;
}

s7_status s7_tag_text(const s7_item *tag, char *text, size_t cap)
{
    s7_address address = s7_single_layout(tag);

    return s7_values_format(&address, tag->data, text, cap) < cap ? S7_OK : S7_E_TOO_LARGE;
}

s7_status s7_tag_set_int(const s7_item *tag, unsigned index, int64_t value)
{
    struct s7_value given = {.type = tag->address.type};

    switch (s7_type_kind(given.type)) {
    case S7_KIND_INT:
        given.i = value;
        break;
    case S7_KIND_UINT:
        if (value < 0)
            return S7_E_CONVERT;
        given.u = (uint64_t)value;
        break;
    case S7_KIND_FLOAT:
        if (value > EXACT_MAX || value < -EXACT_MAX)
            return S7_E_CONVERT;
        given.f = (double)value;
        break;
    default:
        return S7_E_CONVERT;
    }
    return store(tag, index, &given);
}

s7_status s7_tag_set_real(const s7_item *tag, unsigned index, double value)
{
    struct s7_value given = {.type = tag->address.type, .f = value};

    if (s7_type_kind(given.type) == S7_KIND_FLOAT)
        return store(tag, index, &given);
    if (!(value >= -(double)EXACT_MAX && value <= (double)EXACT_MAX) || value != floor(value))
        return S7_E_CONVERT;
    return s7_tag_set_int(tag, index, (int64_t)value);
}

s7_status s7_tag_set_text(const s7_item *tag, const char *text)
{
    s7_address address = s7_single_layout(tag);

    return s7_values_parse(&address, text, strlen(text), tag->data);
}
