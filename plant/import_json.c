/* Whole plants from JSON. SQLite reads it: each level is a query, whose values are the texts of the next. */
#include "import_impl.h"
#include "json_at.h"

#include "protocol/nearest.h"
#include "protocol/value.h"

#define VERSION 1 /* of the form that is described in exchange.h */

enum kind { NOTHING, NULL_, TRUTH, NUMBER, TEXT, ARRAY, OBJECT };

struct json {
    enum kind kind;
    char *text; /* zero-terminated; numbers as they are written, arrays and objects as JSON */
    size_t len;
};

struct slot {
    const char *name;
    struct json *to;
};

/* ---- values ---- */

static enum kind kind_of(const char *type)
{
    static const struct {
        const char *type;
        enum kind kind;
    } kinds[] = {{"null", NULL_},  {"true", TRUTH}, {"false", TRUTH}, {"integer", NUMBER},
                 {"real", NUMBER}, {"text", TEXT},  {"array", ARRAY}, {"object", OBJECT}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (type != NULL && strcmp(type, kinds[i].type) == 0)
            return kinds[i].kind;
    return NOTHING;
}

static void forget(struct json *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(values[i].text);
}

/* Type and value from two columns; of a number the second has [N,N]. */
static bool copy_value(struct import *im, sqlite3_stmt *q, int column, bool twice, struct json *to)
{
    const char *text = (const char *)sqlite3_column_text(q, column + 1);
    size_t len = text != NULL ? (size_t)sqlite3_column_bytes(q, column + 1) : 0;

    to->kind = kind_of((const char *)sqlite3_column_text(q, column));
    if (to->kind == NUMBER && twice && len >= 5) {
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

static struct import_field named(const char *member)
{
    return (struct import_field){.member = member};
}

static struct import_field field_of(const struct slot *slot)
{
    const struct json *json = slot->to;
    bool is_text = json->kind == TRUTH || json->kind == NUMBER || json->kind == TEXT;

    return (struct import_field){.text = is_text ? json->text : NULL,
                                 .len = is_text ? json->len : 0,
                                 .member = json->kind != NOTHING ? slot->name : NULL,
                                 .given = json->kind != NOTHING};
}

static bool expect_text(struct import *im, const struct slot *slot)
{
    enum kind kind = slot->to->kind;
    const struct import_field field = named(slot->name);

    return kind == TEXT || kind == NULL_ || kind == NOTHING ||
           import_problem(im, &field, 0, "expected a text, got %.40s", slot->to->text);
}

static bool expect_number(struct import *im, const struct slot *slot, uint32_t max, uint32_t *number)
{
    char *end = slot->to->text;
    const struct import_field field = named(slot->name);
    unsigned long n = slot->to->kind == NUMBER ? strtoul(slot->to->text, &end, 10) : 0;

    *number = (uint32_t)n;
    if (slot->to->kind == NUMBER && *end == '\0' && slot->to->text[0] != '-' && n <= max)
        return true;
    return import_problem(im, &field, 0, "expected a whole number 0..%u, got %.40s", max, slot->to->text);
}

/* ---- objects ---- */

static bool unknown(struct import *im, const char *key, const struct slot *slots, size_t n)
{
    struct s7_nearest nearest = {.word = key};
    const struct import_field field = named(key);

    for (size_t i = 0; i < n; i++)
        s7_nearest_try(&nearest, slots[i].name);
    return import_problem(im, &field, 0, "nothing here is called \"%.60s\"%s%s%s", key,
                          nearest.best != NULL ? "; did you mean \"" : "",
                          nearest.best != NULL ? nearest.best : "", nearest.best != NULL ? "\"?" : "");
}

static bool take_member(struct import *im, sqlite3_stmt *q, const struct slot *slots, size_t n)
{
    const char *key = (const char *)sqlite3_column_text(q, 0);

    for (size_t i = 0; key != NULL && i < n; i++)
        if (strcmp(key, slots[i].name) == 0)
            return copy_value(im, q, 1, true, slots[i].to);
    return key != NULL ? unknown(im, key, slots, n) : import_nomem(im);
}

/* All members of an object into their slots. */
static bool take_object(struct import *im, const char *text, size_t len, const struct slot *slots, size_t n)
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

typedef void element_fn(struct import *im, struct import_plc *plc, const char *text, size_t len);

/* fn for each object of an array; which: the statement, one for each level. */
static void take_array(struct import *im, enum import_sql which, const struct json *array,
                       struct import_plc *plc, size_t *index, element_fn *fn)
{
    sqlite3_stmt *q = im->sql[which];
    const struct import_field whole = {.text = NULL};

    sqlite3_bind_text64(q, 1, array->text, array->len, SQLITE_STATIC, SQLITE_UTF8);
    for (*index = 0; im->status == S7_OK && sqlite3_step(q) == SQLITE_ROW; ++*index) {
        const char *text = (const char *)sqlite3_column_text(q, 1);
        if (kind_of((const char *)sqlite3_column_text(q, 0)) == OBJECT && text != NULL)
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

/* Into im->bytes. */
static bool take_hex(struct import *im, const struct slot *slot, uint32_t max, uint32_t *len)
{
    const struct json *json = slot->to;
    const struct import_field field = named(slot->name);

    if (json->kind != TEXT || json->len % 2 != 0)
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

/* ---- blocks ---- */

enum { KIND, BLOCK_NUMBER, LENGTH, DATA, N_BLOCK };

static bool block_place(struct import *im, const struct slot *slots, s7_area *area, uint32_t *number)
{
    const struct import_field kind = named(slots[KIND].name), at = named(slots[BLOCK_NUMBER].name);

    *number = 0;
    if (slots[KIND].to->kind != TEXT || !mirror_area(slots[KIND].to->text, area))
        return import_problem(im, &kind, 0, "expected DB, I, Q, M, T or C, got %.40s",
                              slots[KIND].to->kind != NOTHING ? slots[KIND].to->text : "nothing");
    if (slots[BLOCK_NUMBER].to->kind != NOTHING &&
        !expect_number(im, &slots[BLOCK_NUMBER], UINT16_MAX, number))
        return false;
    return (*area == S7_AREA_DB) == (*number > 0) ||
           import_problem(im, &at, 0, "a DB has a number 1..65535, the others have none");
}

/* im->bytes has the n_data first bytes, if given. */
static void put_block(struct import *im, struct import_plc *plc, s7_area area, uint16_t number, uint32_t len,
                      bool given, uint32_t n_data)
{
    struct import_block *block = import_block_find(im, plc, area, number);
    const struct import_field length = named("length");
    bool fresh = block == NULL, longer;

    if (block == NULL && im->status == S7_OK)
        block = import_block_add(im, plc, area, number);
    if (block == NULL)
        return;
    if (len < block->len) {
        import_problem(im, &length, 0, "%s%.0u has %u bytes in the plant: an import makes no block shorter",
                       mirror_kind(area), number, block->len);
        return;
    }
    longer = len > block->len;
    if ((longer || fresh) && !import_block_grow(im, block, len))
        return;
    memset(im->bytes + n_data, 0, given ? len - n_data : 0);
    if (given && len > 0 && memcmp(block->bytes, im->bytes, len) != 0) {
        memcpy(block->bytes, im->bytes, len);
        block->dirty = true;
    }
    block->given = block->given || given;
    *(fresh          ? &im->result->blocks.fresh
      : block->dirty ? &im->result->blocks.changed
                     : &im->result->blocks.unchanged) += 1;
}

static void take_block(struct import *im, struct import_plc *plc, const char *text, size_t len)
{
    struct json values[N_BLOCK] = {{NOTHING, NULL, 0}};
    const struct slot slots[N_BLOCK] = {{"kind", &values[KIND]},
                                        {"number", &values[BLOCK_NUMBER]},
                                        {"length", &values[LENGTH]},
                                        {"data", &values[DATA]}};
    const struct import_field whole = {.text = NULL};
    bool given, sized;
    s7_area area;
    uint32_t number, n_bytes = 0, n_data = 0;

    bool good = take_object(im, text, len, slots, N_BLOCK) && block_place(im, slots, &area, &number);
    given = values[DATA].kind != NOTHING;
    sized = values[LENGTH].kind != NOTHING;
    if (good && !given && !sized)
        good = import_problem(im, &whole, 0, "expected the block's length, its data, or both");
    if (good && sized)
        good = expect_number(im, &slots[LENGTH], PLANT_BLOCK_MAX, &n_bytes);
    if (good && given)
        good = take_hex(im, &slots[DATA], sized ? n_bytes : PLANT_BLOCK_MAX, &n_data);
    if (good)
        put_block(im, plc, area, (uint16_t)number, sized ? n_bytes : n_data, given, n_data);
    forget(values, N_BLOCK);
}

/* ---- status lists ---- */

enum { LIST, INDEX, RECORD_LEN, SZL_DATA, N_SZL };

static bool bind_szl(sqlite3_stmt *q, const struct import_plc *plc, const uint32_t numbers[3],
                     const uint8_t *bytes, uint32_t len)
{
    int rc = sqlite3_bind_int64(q, 1, plc->id);

    for (int i = 0; i < 3 && rc == SQLITE_OK; i++)
        rc = sqlite3_bind_int64(q, 2 + i, numbers[i]);
    return rc == SQLITE_OK && sqlite3_bind_blob(q, 5, bytes, (int)len, SQLITE_STATIC) == SQLITE_OK;
}

static bool put_szl(struct import *im, struct import_plc *plc, const uint32_t numbers[3], uint32_t len)
{
    sqlite3_stmt *find = im->sql[IMPORT_SZL_FIND], *put = im->sql[IMPORT_SZL_PUT];
    const struct import_field whole = {.text = NULL};
    struct plant_import_count *count = &im->result->szls;

    if (!bind_szl(find, plc, numbers, im->bytes, len) || !bind_szl(put, plc, numbers, im->bytes, len))
        return import_nomem(im);
    bool there = sqlite3_step(find) == SQLITE_ROW, same = there && sqlite3_column_int(find, 0) != 0;
    if (sqlite3_reset(find) != SQLITE_OK)
        return import_fail(im, "read a row of szl");
    *(!there ? &count->fresh : same ? &count->unchanged : &count->changed) += 1;
    return same || import_run(im, put, &whole);
}

static void take_szl(struct import *im, struct import_plc *plc, const char *text, size_t len)
{
    struct json values[N_SZL] = {{NOTHING, NULL, 0}};
    const struct slot slots[N_SZL] = {{"list", &values[LIST]},
                                      {"index", &values[INDEX]},
                                      {"record_len", &values[RECORD_LEN]},
                                      {"data", &values[SZL_DATA]}};
    const struct import_field whole = {.text = NULL};
    uint32_t numbers[3], n_data;

    bool good = take_object(im, text, len, slots, N_SZL);
    for (int i = LIST; i < N_SZL && good; i++)
        if (values[i].kind == NOTHING)
            good =
                import_problem(im, &whole, 0, "expected \"%s\", which every status list has", slots[i].name);
    for (int i = LIST; i <= RECORD_LEN && good; i++)
        good = expect_number(im, &slots[i], UINT16_MAX, &numbers[i]);
    if (good && take_hex(im, &slots[SZL_DATA], PLANT_SZL_MAX, &n_data))
        (void)put_szl(im, plc, numbers, n_data);
    forget(values, N_SZL);
}

/* ---- tags ---- */

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
        texts = texts || kind_of((const char *)sqlite3_column_text(q, 0)) == TEXT;
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
    *value = (struct json){ARRAY, list, len};
    return true;
}

static bool take_value(struct import *im, struct import_tag *tag, const struct slot *slot)
{
    const struct import_field at = named(slot->name);

    if (slot->to->kind == OBJECT)
        return import_problem(im, &at, 0, "expected a number, a text or an array, got an object");
    if (slot->to->kind == ARRAY && !list_text(im, &tag->parsed, slot->to))
        return false;
    tag->value = field_of(slot);
    if (slot->to->kind == ARRAY) {
        tag->value.text = slot->to->text;
        tag->value.len = slot->to->len;
    }
    tag->value.given = slot->to->kind != NOTHING && slot->to->kind != NULL_;
    return true;
}

static void take_tag(struct import *im, struct import_plc *plc, const char *text, size_t len)
{
    struct json values[N_TAG] = {{NOTHING, NULL, 0}};
    const struct slot slots[N_TAG] = {{"name", &values[NAME]},
                                      {"address", &values[ADDRESS]},
                                      {"type", &values[TYPE]},
                                      {"value", &values[VALUE]},
                                      {"comment", &values[COMMENT]}};
    struct import_tag tag = {.plc = plc};

    bool good = take_object(im, text, len, slots, N_TAG) && expect_text(im, &slots[NAME]) &&
                expect_text(im, &slots[ADDRESS]) && expect_text(im, &slots[TYPE]) &&
                expect_text(im, &slots[COMMENT]);
    tag.name = field_of(&slots[NAME]);
    tag.address = field_of(&slots[ADDRESS]);
    tag.type = field_of(&slots[TYPE]);
    tag.comment = field_of(&slots[COMMENT]);
    if (good && import_tag_define(im, &tag) && take_value(im, &tag, &slots[VALUE]))
        (void)import_tag_put(im, &tag, im->where.item);
    forget(values, N_TAG);
}

/* ---- PLCs ---- */

static const struct {
    const char *name;
    element_fn *fn;
} lists[] = {{"blocks", take_block}, {"szl", take_szl}, {"tags", take_tag}};
#define N_LISTS (sizeof lists / sizeof lists[0])

static bool is_list(const char *key)
{
    for (size_t i = 0; i < N_LISTS; i++)
        if (strcmp(key, lists[i].name) == 0)
            return true;
    return false;
}

/* Is it a column of plc? */
static bool is_setting(struct import *im, const char *key)
{
    sqlite3_stmt *q = im->sql[IMPORT_PLC_COLUMNS];
    struct s7_nearest nearest = {.word = key};
    const struct import_field field = named(key);

    for (int i = 0; i < sqlite3_column_count(q); i++) {
        const char *column = sqlite3_column_name(q, i);
        if (column == NULL)
            return import_nomem(im);
        if (strcmp(column, "id") == 0)
            continue;
        if (strcmp(column, key) == 0)
            return true;
        s7_nearest_try(&nearest, column);
    }
    return import_problem(im, &field, 0, "a PLC has no \"%.60s\"%s%s%s", key,
                          nearest.best != NULL ? "; did you mean \"" : "",
                          nearest.best != NULL ? nearest.best : "", nearest.best != NULL ? "\"?" : "");
}

/* q: the row of a member: key, type, value. */
static void take_setting(struct import *im, const struct import_plc *plc, sqlite3_stmt *q, bool *changed)
{
    const char *key = (const char *)sqlite3_column_text(q, 0);
    const struct import_field field = named(key);
    enum kind kind = kind_of((const char *)sqlite3_column_text(q, 1));
    sqlite3_stmt *set = NULL;

    if (!is_setting(im, key))
        return;
    if (kind == ARRAY || kind == OBJECT) {
        import_problem(im, &field, 0, "expected a number or a text");
        return;
    }
    char *sql = sqlite3_mprintf("UPDATE plc SET \"%w\" = ?2 WHERE id = ?1 AND \"%w\" IS NOT ?2", key, key);
    if (sql == NULL || sqlite3_prepare_v2(im->db, sql, -1, &set, NULL) != SQLITE_OK ||
        sqlite3_bind_int64(set, 1, plc->id) != SQLITE_OK ||
        sqlite3_bind_value(set, 2, sqlite3_column_value(q, 2)) != SQLITE_OK)
        import_fail(im, "set a column of plc");
    else if (import_run(im, set, &field))
        *changed = *changed || sqlite3_changes(im->db) > 0;
    sqlite3_finalize(set);
    sqlite3_free(sql);
}

static bool take_settings(struct import *im, struct import_plc *plc, const char *text, size_t len)
{
    sqlite3_stmt *q = im->sql[IMPORT_JSON_PLC];
    bool changed = false;

    sqlite3_bind_text64(q, 1, text, len, SQLITE_STATIC, SQLITE_UTF8);
    while (im->status == S7_OK && sqlite3_step(q) == SQLITE_ROW) {
        const char *key = (const char *)sqlite3_column_text(q, 0);
        if (key != NULL && !is_list(key))
            take_setting(im, plc, q, &changed);
    }
    if (sqlite3_reset(q) != SQLITE_OK)
        import_fail(im, "read JSON");
    return changed;
}

/* The name and the lists; the settings come when it is known whose they are. */
static bool take_parts(struct import *im, const char *text, size_t len, struct json *name,
                       struct json parts[N_LISTS])
{
    sqlite3_stmt *q = im->sql[IMPORT_JSON_PLC];

    sqlite3_bind_text64(q, 1, text, len, SQLITE_STATIC, SQLITE_UTF8);
    while (im->status == S7_OK && sqlite3_step(q) == SQLITE_ROW) {
        const char *key = (const char *)sqlite3_column_text(q, 0);
        if (key != NULL && strcmp(key, "name") == 0)
            copy_value(im, q, 1, false, name);
        for (size_t i = 0; key != NULL && i < N_LISTS; i++)
            if (strcmp(key, lists[i].name) == 0)
                copy_value(im, q, 1, false, &parts[i]);
    }
    return sqlite3_reset(q) == SQLITE_OK || import_fail(im, "read JSON");
}

static struct import_plc *add_plc(struct import *im, const struct json *name)
{
    sqlite3_stmt *q = im->sql[IMPORT_PLC_ADD];
    const struct import_field field = named("name");

    if (sqlite3_bind_text64(q, 1, name->text, name->len, SQLITE_TRANSIENT, SQLITE_UTF8) != SQLITE_OK) {
        import_nomem(im);
        return NULL;
    }
    return import_run(im, q, &field) ? import_plc_add(im, sqlite3_last_insert_rowid(im->db), name->text)
                                     : NULL;
}

/* *fresh: it was not there yet. NULL: a problem. */
static struct import_plc *find_plc(struct import *im, const struct json *name, bool *fresh)
{
    const struct import_field field = named("name");

    if (name->kind != TEXT || name->len == 0) {
        import_problem(im, &field, 0, "expected the PLC's name");
        return NULL;
    }
    struct import_plc *plc = import_plc_find(im, name->text, name->len);
    *fresh = plc == NULL;
    if (plc == NULL)
        plc = add_plc(im, name);
    if (plc != NULL && plc->seen) {
        import_problem(im, &field, 0, "the PLC %s is there twice", plc->name);
        return NULL;
    }
    if (plc != NULL)
        plc->seen = true;
    return plc;
}

static void take_plc(struct import *im, struct import_plc *none, const char *text, size_t len)
{
    struct json name = {NOTHING, NULL, 0}, parts[N_LISTS] = {{NOTHING, NULL, 0}};
    struct import_plc *plc = NULL;
    bool fresh = false;

    (void)none;
    im->where.list = NULL;
    if (take_parts(im, text, len, &name, parts))
        plc = find_plc(im, &name, &fresh);
    if (plc != NULL) {
        bool changed = take_settings(im, plc, text, len);
        struct plant_import_count *count = &im->result->plcs;
        *(fresh ? &count->fresh : changed ? &count->changed : &count->unchanged) += 1;
    }
    for (size_t i = 0; i < N_LISTS && plc != NULL; i++) {
        const struct import_field field = named(lists[i].name);
        im->where.list = NULL;
        if (parts[i].kind != ARRAY && parts[i].kind != NOTHING) {
            import_problem(im, &field, 0, "expected an array [...]");
        } else if (parts[i].kind == ARRAY) {
            im->where.list = lists[i].name;
            take_array(im, IMPORT_JSON_LIST, &parts[i], plc, &im->where.item, lists[i].fn);
        }
    }
    im->where.list = NULL;
    forget(&name, 1);
    forget(parts, N_LISTS);
}

/* ---- the whole ---- */

static bool check_syntax(struct import *im)
{
    struct json_at json = {.text = im->source, .len = im->source_len};

    if (!json_skip(&json))
        return import_problem_at(im, json.at, "%s", json.expected);
    return json.at == json.len || import_problem_at(im, json.at, "expected nothing behind the value");
}

static bool check_version(struct import *im, const struct slot *slot)
{
    const struct import_field field = named(slot->to->kind != NOTHING ? slot->name : NULL);
    uint32_t version;

    if (slot->to->kind == NOTHING)
        return import_problem(im, &field, 0, "expected {\"s7rig_plant\": %d, \"plcs\": [...]}", VERSION);
    if (!expect_number(im, slot, UINT16_MAX, &version))
        return false;
    return version == VERSION ||
           import_problem(im, &field, 0, "the form %u of a newer s7rig; this one knows %d", version, VERSION);
}

void import_json(struct import *im)
{
    struct json values[2] = {{NOTHING, NULL, 0}};
    const struct slot slots[2] = {{"s7rig_plant", &values[0]}, {"plcs", &values[1]}};
    const struct import_field plcs = named("plcs");
    size_t skip = im->source_len >= 3 && memcmp(im->source, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

    im->source += skip; /* places are counted from here */
    im->source_len -= skip;
    if (check_syntax(im) && take_object(im, im->source, im->source_len, slots, 2) &&
        check_version(im, &slots[0])) {
        if (values[1].kind == ARRAY)
            take_array(im, IMPORT_JSON_PLCS, &values[1], NULL, &im->where.plc, take_plc);
        else
            import_problem(im, &plcs, 0, "expected an array [...]");
    }
    forget(values, 2);
}
