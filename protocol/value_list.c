/* All elements of an address as text. */
#include "protocol/value_types.h"

#include <string.h>

size_t s7_values_format(const s7_address *address, const uint8_t *bytes, char *buf, size_t cap)
{
    struct s7_out out = {buf, cap, 0};
    bool list = address->count != 1;

    if (list)
        s7_out_put(&out, "[", 1);
    for (unsigned i = 0; i < address->count; i++) {
        struct s7_value value = s7_value_load(address, bytes, i);

        if (i > 0)
            s7_out_put(&out, ",", 1);
        s7_out_value(&out, &value, list);
    }
    if (list)
        s7_out_put(&out, "]", 1);
    return s7_out_finish(&out);
}

struct list {
    const char *at;
    size_t left;
};

static void list_blanks(struct list *list)
{
    while (list->left > 0 && s7_is_blank(*list->at)) {
        list->at++;
        list->left--;
    }
}

static bool list_accept(struct list *list, char c)
{
    list_blanks(list);
    if (list->left == 0 || *list->at != c)
        return false;
    list->at++;
    list->left--;
    return true;
}

/* Up to the next comma or the closing bracket. */
static bool plain_element(const s7_address *address, struct list *list, uint8_t *bytes, unsigned index)
{
    const char *start = list->at;
    struct s7_value value;

    while (list->left > 0 && *list->at != ',' && *list->at != ']') {
        list->at++;
        list->left--;
    }
    return s7_value_parse(address, start, (size_t)(list->at - start), &value) == S7_OK &&
           s7_value_store(address, bytes, index, &value) == S7_OK;
}

static bool quoted_element(const s7_address *address, struct list *list, uint8_t *element)
{
    if (!list_accept(list, '"'))
        return false;
    struct s7_chars chars = {list->at, list->left, true};
    if (!s7_chars_parse(address, &chars, element))
        return false;
    *list = (struct list){chars.at, chars.left};
    return true;
}

static bool list_element(const s7_address *address, struct list *list, uint8_t *bytes, unsigned index)
{
    if (s7_type_is_text(address->type))
        return quoted_element(address, list,
                              bytes + s7_type_size(address->type, address->string_cap) * index);
    return plain_element(address, list, bytes, index);
}

static s7_status parse_one(const s7_address *address, const char *text, size_t text_len, uint8_t *bytes)
{
    struct s7_value value;

    if (s7_type_is_text(address->type)) { /* blanks are characters, too */
        struct s7_chars chars = {text, text_len, false};
        return s7_chars_parse(address, &chars, bytes) ? S7_OK : S7_E_CONVERT;
    }
    s7_status status = s7_value_parse(address, text, text_len, &value);
    return status == S7_OK ? s7_value_store(address, bytes, 0, &value) : status;
}

s7_status s7_values_parse(const s7_address *address, const char *text, size_t text_len, uint8_t *bytes)
{
    struct list list = {text, text_len};

    if (address->count == 1)
        return parse_one(address, text, text_len, bytes);
    if (!list_accept(&list, '['))
        return S7_E_CONVERT;
    for (unsigned i = 0; i < address->count; i++) {
        if (i > 0 && !list_accept(&list, ','))
            return S7_E_CONVERT;
        if (!list_element(address, &list, bytes, i))
            return S7_E_CONVERT;
    }
    if (!list_accept(&list, ']'))
        return S7_E_CONVERT;
    list_blanks(&list);
    return list.left == 0 ? S7_OK : S7_E_CONVERT;
}
