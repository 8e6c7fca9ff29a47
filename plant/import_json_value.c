/* Values, objects and arrays of JSON, as SQLite's queries give them. */
#include "import_json.h"

#include "protocol/nearest.h"

/* ---- values ---- */

enum json_kind json_kind_of(const char *type)
{
    static const struct {
        const char *type;
        enum json_kind kind;
    } kinds[] = {{"null", JSON_NULL},   {"true", JSON_TRUTH}, {"false", JSON_TRUTH}, {"integer", JSON_NUMBER},
                 {"real", JSON_NUMBER}, {"text", JSON_TEXT},  {"array", JSON_ARRAY}, {"object", JSON_OBJECT}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (type != NULL && strcmp(type, kinds[i].type) == 0)
            return kinds[i].kind;
    return JSON_NOTHING;
}

void json_forget(struct json *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(values[i].text);
}

bool json_copy(struct import *im, sqlite3_stmt *q, int column, bool twice, struct json *to)
{
    const char *text = (const char *)sqlite3_column_text(q, column + 1);
    size_t len = text != NULL ? (size_t)sqlite3_column_bytes(q, column + 1) : 0;

    to->kind = json_kind_of((const char *)sqlite3_column_text(q, column));
    if (to->kind == JSON_NUMBER && twice && len >= 5) {
        text++;
        len = (len - 3) / 2;
    }
    free(to->text);
    to->text = malloc(len + 1);
    to->len = len;
    if (to->text == NULL)
        return import_nomem(im);
    if (len > 0)
        memcpy(to->text, text, len);
    to->text[len] = '\0';
    return true;
}

struct import_field json_named(const char *member)
{
    return (struct import_field){.member = member};
}

struct import_field json_field(const struct json_slot *slot)
{
    const struct json *json = slot->to;
    bool is_text = json->kind == JSON_TRUTH || json->kind == JSON_NUMBER || json->kind == JSON_TEXT;

    return (struct import_field){.text = is_text ? json->text : NULL,
                                 .len = is_text ? json->len : 0,
                                 .member = json->kind != JSON_NOTHING ? slot->name : NULL,
                                 .given = json->kind != JSON_NOTHING};
}

bool json_expect_text(struct import *im, const struct json_slot *slot)
{
    enum json_kind kind = slot->to->kind;
    const struct import_field field = json_named(slot->name);

    return kind == JSON_TEXT || kind == JSON_NULL || kind == JSON_NOTHING ||
           import_problem(im, &field, 0, "expected a text, got %.40s", slot->to->text);
}

bool json_expect_number(struct import *im, const struct json_slot *slot, uint32_t max, uint32_t *number)
{
    char *end = slot->to->text;
    const struct import_field field = json_named(slot->name);
    unsigned long n = slot->to->kind == JSON_NUMBER ? strtoul(slot->to->text, &end, 10) : 0;

    *number = (uint32_t)n;
    if (slot->to->kind == JSON_NUMBER && *end == '\0' && slot->to->text[0] != '-' && n <= max)
        return true;
    return import_problem(im, &field, 0, "expected a whole number 0..%u, got %.40s", max, slot->to->text);
}

bool json_expect_all(struct import *im, const struct json_slot *slots, size_t n)
{
    const struct import_field whole = json_named(NULL);

    for (size_t i = 0; i < n; i++)
        if (slots[i].to->kind == JSON_NOTHING)
            return import_problem(im, &whole, 0, "expected a \"%s\" in it", slots[i].name);
    return true;
}

/* ---- objects ---- */

static bool unknown(struct import *im, const char *key, const struct json_slot *slots, size_t n)
{
    struct s7_nearest nearest = {.word = key};
    const struct import_field field = json_named(key);

    for (size_t i = 0; i < n; i++)
        s7_nearest_try(&nearest, slots[i].name);
    return import_problem(im, &field, 0, "nothing here is called \"%.60s\"%s%s%s", key,
                          nearest.best != NULL ? "; did you mean \"" : "",
                          nearest.best != NULL ? nearest.best : "", nearest.best != NULL ? "\"?" : "");
}

static bool take_member(struct import *im, sqlite3_stmt *q, const struct json_slot *slots, size_t n)
{
    const char *key = (const char *)sqlite3_column_text(q, 0);

    for (size_t i = 0; key != NULL && i < n; i++)
        if (strcmp(key, slots[i].name) == 0)
            return json_copy(im, q, 1, true, slots[i].to);
    return key != NULL ? unknown(im, key, slots, n) : import_nomem(im);
}

bool json_object(struct import *im, const char *text, size_t len, const struct json_slot *slots, size_t n)
{
    sqlite3_stmt *q = im->sql[IMPORT_JSON_MEMBERS];
    bool taken = true;

    if (sqlite3_bind_text64(q, 1, text, len, SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK)
        return import_fail(im, "read JSON");
    while (im->status == S7_OK && sqlite3_step(q) == SQLITE_ROW)
        taken = take_member(im, q, slots, n) && taken;
    if (sqlite3_reset(q) != SQLITE_OK)
        return import_fail(im, "read JSON");
    return taken;
}

void json_array(struct import *im, enum import_sql which, const struct json *array, struct import_plc *plc,
                size_t *index, json_element_fn *fn)
{
    sqlite3_stmt *q = im->sql[which];
    const struct import_field whole = {.text = NULL};

    sqlite3_bind_text64(q, 1, array->text, array->len, SQLITE_STATIC, SQLITE_UTF8);
    for (*index = 0; im->status == S7_OK && sqlite3_step(q) == SQLITE_ROW; ++*index) {
        const char *text = (const char *)sqlite3_column_text(q, 1);
        if (json_kind_of((const char *)sqlite3_column_text(q, 0)) == JSON_OBJECT && text != NULL)
            fn(im, plc, text, (size_t)sqlite3_column_bytes(q, 1));
        else
            import_problem(im, &whole, 0, "expected an object {...}");
    }
    if (sqlite3_reset(q) != SQLITE_OK)
        import_fail(im, "read JSON");
}

/* ---- bytes ---- */

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool json_hex(struct import *im, const struct json_slot *slot, uint32_t max, uint32_t *len)
{
    const struct json *json = slot->to;
    const struct import_field field = json_named(slot->name);

    if (json->kind != JSON_TEXT || json->len % 2 != 0)
        return import_problem(im, &field, 0, "expected a text of pairs of hexadecimal digits");
    if (json->len / 2 > max)
        return import_problem(im, &field, 0, "expected at most %u bytes, got %zu", max, json->len / 2);
    for (size_t i = 0; i < json->len; i += 2) {
        int high = digit(json->text[i]), low = digit(json->text[i + 1]);
        if (high < 0 || low < 0)
            return import_problem(im, &field, i + 1, "expected hexadecimal digits, got %.2s", json->text + i);
        im->bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    *len = (uint32_t)(json->len / 2);
    return true;
}
