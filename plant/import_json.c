/* Whole plants from JSON. SQLite reads it: each level is a query, whose values are the texts of the next. */
#include "import_json.h"

#include "json_at.h"

#include "protocol/nearest.h"

#define VERSION 1 /* of the form that is described in exchange.h */

/* ---- PLCs ---- */

static const struct {
    const char *name;
    json_element_fn *fn;
} lists[] = {{"blocks", json_block}, {"szl", json_szl}, {"code", json_code}, {"tags", json_tag}};
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
    const struct import_field field = json_named(key);

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
    const struct import_field field = json_named(key);
    enum json_kind kind = json_kind_of((const char *)sqlite3_column_text(q, 1));
    sqlite3_stmt *set = NULL;

    if (!is_setting(im, key))
        return;
    if (kind == JSON_ARRAY || kind == JSON_OBJECT) {
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
            json_copy(im, q, 1, false, name);
        for (size_t i = 0; key != NULL && i < N_LISTS; i++)
            if (strcmp(key, lists[i].name) == 0)
                json_copy(im, q, 1, false, &parts[i]);
    }
    return sqlite3_reset(q) == SQLITE_OK || import_fail(im, "read JSON");
}

static struct import_plc *add_plc(struct import *im, const struct json *name)
{
    sqlite3_stmt *q = im->sql[IMPORT_PLC_ADD];
    const struct import_field field = json_named("name");

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
    const struct import_field field = json_named("name");

    if (name->kind != JSON_TEXT || name->len == 0) {
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
    struct json name = {JSON_NOTHING, NULL, 0}, parts[N_LISTS] = {{JSON_NOTHING, NULL, 0}};
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
        const struct import_field field = json_named(lists[i].name);
        im->where.list = NULL;
        if (parts[i].kind != JSON_ARRAY && parts[i].kind != JSON_NOTHING) {
            import_problem(im, &field, 0, "expected an array [...]");
        } else if (parts[i].kind == JSON_ARRAY) {
            im->where.list = lists[i].name;
            json_array(im, IMPORT_JSON_LIST, &parts[i], plc, &im->where.item, lists[i].fn);
        }
    }
    im->where.list = NULL;
    json_forget(&name, 1);
    json_forget(parts, N_LISTS);
}

/* ---- the whole ---- */

static bool check_syntax(struct import *im)
{
    struct json_at json = {.text = im->source, .len = im->source_len};

    if (!json_skip(&json))
        return import_problem_at(im, json.at, "%s", json.expected);
    return json.at == json.len || import_problem_at(im, json.at, "expected nothing behind the value");
}

static bool check_version(struct import *im, const struct json_slot *slot)
{
    const struct import_field field = json_named(slot->to->kind != JSON_NOTHING ? slot->name : NULL);
    uint32_t version;

    if (slot->to->kind == JSON_NOTHING)
        return import_problem(im, &field, 0, "expected {\"s7rig_plant\": %d, \"plcs\": [...]}", VERSION);
    if (!json_expect_number(im, slot, UINT16_MAX, &version))
        return false;
    return version == VERSION ||
           import_problem(im, &field, 0, "the form %u of a newer s7rig; this one knows %d", version, VERSION);
}

void import_json(struct import *im)
{
    struct json values[2] = {{JSON_NOTHING, NULL, 0}};
    const struct json_slot slots[2] = {{"s7rig_plant", &values[0]}, {"plcs", &values[1]}};
    const struct import_field plcs = json_named("plcs");
    size_t skip = im->source_len >= 3 && memcmp(im->source, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

    im->source += skip; /* places are counted from here */
    im->source_len -= skip;
    if (check_syntax(im) && json_object(im, im->source, im->source_len, slots, 2) &&
        check_version(im, &slots[0])) {
        if (values[1].kind == JSON_ARRAY)
            json_array(im, IMPORT_JSON_PLCS, &values[1], NULL, &im->where.plc, take_plc);
        else
            import_problem(im, &plcs, 0, "expected an array [...]");
    }
    json_forget(values, 2);
}
