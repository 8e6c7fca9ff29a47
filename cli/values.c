/* Values of items, as lines and JSON have them. */
#include "cli/cli.h"

#include "protocol/value.h"

#include <stdlib.h>
#include <string.h>

s7_address cli_item_address(const s7_item *item)
{
    s7_address address = item->address;

    if (address.type == S7_TYPE_BOOL && address.count == 1)
        address.bit = 0;
    return address;
}

static bool is_number(s7_type type)
{
    enum s7_kind kind = s7_type_kind(type);

    return kind == S7_KIND_UINT || kind == S7_KIND_INT || kind == S7_KIND_FLOAT;
}

/* JSON has no dates, and no numbers for NaN, infinities and bytes that are no value: these are strings. */
static void print_plain(FILE *out, const struct s7_value *value, bool json)
{
    char text[64];

    s7_value_format(value, text, sizeof text);
    bool number = is_number(value->type) && !value->broken && strpbrk(text, "in") == NULL;
    fprintf(out, json && !number ? "\"%s\"" : "%s", text);
}

void cli_print_values(FILE *out, const s7_item *item, bool json)
{
    s7_address address = cli_item_address(item);

    bool array = item->address.count > 1;

    if (array)
        fputc('[', out);
    for (unsigned i = 0; i < item->address.count; i++) {
        struct s7_value value = s7_value_load(&address, item->data, i);

        if (i > 0)
            fputc(',', out);
        if (!s7_type_is_text(value.type))
            print_plain(out, &value, json);
        else if (json)
            cli_json_text(out, &value);
        else
            cli_print_text(out, &value, array);
    }
    if (array)
        fputc(']', out);
}

char *cli_values_text(const s7_item *item)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL)
        return NULL;
    cli_print_values(out, item, false);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
