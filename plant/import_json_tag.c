/* Objects of JSON that are tags. */
#include "import_json.h"

#include "protocol/value.h"

enum { NAME, ADDRESS, TYPE, VALUE, COMMENT, N_TAG };

/* A list of texts as tag.value has it: characters in quotes, with a backslash before quote and backslash. */
static void put_element(FILE *out, sqlite3_stmt *q, bool quoted)
{
    const char *text = (const char *)sqlite3_column_text(q, 1);

    if (quoted)
        fputc('"', out);
    for (; text != NULL && *text != '\0'; text++) {
        if (quoted && (*text == '"' || *text == '\\'))
            fputc('\\', out);
        fputc(*text, out);
    }
    if (quoted)
        fputc('"', out);
}

/* An array of numbers is a list as it is written; one of texts is not: JSON escapes more than we do. */
static bool list_text(struct import *im, const s7_address *address, struct json *value)
{
    sqlite3_stmt *q = im->sql[IMPORT_JSON_ELEMENTS];
    char *list = NULL;
    size_t len = 0;
    bool texts = false;
    FILE *out = open_memstream(&list, &len);

    if (out == NULL)
        return import_nomem(im);
    sqlite3_bind_text64(q, 1, value->text, value->len, SQLITE_STATIC, SQLITE_UTF8);
    for (size_t i = 0; sqlite3_step(q) == SQLITE_ROW; i++) {
        texts = texts || json_kind_of((const char *)sqlite3_column_text(q, 0)) == JSON_TEXT;
        fputc(i == 0 ? '[' : ',', out);
        put_element(out, q, s7_type_is_text(address->type));
    }
    fputs("]", out);
    if (sqlite3_reset(q) != SQLITE_OK)
        import_fail(im, "read JSON");
    if (fclose(out) != 0)
        import_nomem(im);
    if (im->status != S7_OK || !texts) {
        free(list);
        return im->status == S7_OK;
    }
    free(value->text);
    *value = (struct json){JSON_ARRAY, list, len};
    return true;
}

static bool take_value(struct import *im, struct import_tag *tag, const struct json_slot *slot)
{
    const struct import_field at = json_named(slot->name);

    if (slot->to->kind == JSON_OBJECT)
        return import_problem(im, &at, 0, "expected a number, a text or an array, got an object");
    if (slot->to->kind == JSON_ARRAY && !list_text(im, &tag->parsed, slot->to))
        return false;
    tag->value = json_field(slot);
    if (slot->to->kind == JSON_ARRAY) {
        tag->value.text = slot->to->text;
        tag->value.len = slot->to->len;
    }
    tag->value.given = slot->to->kind != JSON_NOTHING && slot->to->kind != JSON_NULL;
    return true;
}

void json_tag(struct import *im, struct import_plc *plc, const char *text, size_t len)
{
    struct json values[N_TAG] = {{JSON_NOTHING, NULL, 0}};
    const struct json_slot slots[N_TAG] = {{"name", &values[NAME]},
                                           {"address", &values[ADDRESS]},
                                           {"type", &values[TYPE]},
                                           {"value", &values[VALUE]},
                                           {"comment", &values[COMMENT]}};
    struct import_tag tag = {.plc = plc};

    bool good = json_object(im, text, len, slots, N_TAG) && json_expect_text(im, &slots[NAME]) &&
                json_expect_text(im, &slots[ADDRESS]) && json_expect_text(im, &slots[TYPE]) &&
                json_expect_text(im, &slots[COMMENT]);
    tag.name = json_field(&slots[NAME]);
    tag.address = json_field(&slots[ADDRESS]);
    tag.type = json_field(&slots[TYPE]);
    tag.comment = json_field(&slots[COMMENT]);
    if (good && import_tag_define(im, &tag) && take_value(im, &tag, &slots[VALUE]))
        (void)import_tag_put(im, &tag, im->where.item);
    json_forget(values, N_TAG);
}
