/* Objects of JSON that are rows with lists of their own: a PLC, a personality. */
#include "import_json.h"

#include "protocol/nearest.h"

static bool is_list(const struct json_kind_of_row *row, const char *key)
{
    for (size_t i = 0; i < row->n_lists; i++)
        if (strcmp(key, row->lists[i].name) == 0)
            return true;
    return false;
}

static bool is_column(struct import *im, const struct json_kind_of_row *row, const char *key)
{
    sqlite3_stmt *q = im->sql[row->columns];
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
    return import_problem(im, &field, 0, "a %s has no \"%.60s\"%s%s%s", row->noun, key,
                          nearest.best != NULL ? "; did you mean \"" : "",
                          nearest.best != NULL ? nearest.best : "", nearest.best != NULL ? "\"?" : "");
}

/* q: a member: key, type, value. */
static void set_column(struct import *im, const struct json_kind_of_row *row, int64_t id, sqlite3_stmt *q,
                       bool *changed)
{
    const char *key = (const char *)sqlite3_column_text(q, 0);
    const struct import_field field = json_named(key);
    enum json_kind kind = json_kind_of((const char *)sqlite3_column_text(q, 1));
    sqlite3_stmt *set = NULL;

    if (!is_column(im, row, key))
        return;
    if (kind == JSON_ARRAY || kind == JSON_OBJECT) {
        import_problem(im, &field, 0, "expected a number or a text");
        return;
    }
    char *sql = sqlite3_mprintf("UPDATE \"%w\" SET \"%w\" = ?2 WHERE rowid = ?1 AND \"%w\" IS NOT ?2",
                                row->table, key, key);
    if (sql == NULL || sqlite3_prepare_v2(im->db, sql, -1, &set, NULL) != SQLITE_OK ||
        sqlite3_bind_int64(set, 1, id) != SQLITE_OK ||
        sqlite3_bind_value(set, 2, sqlite3_column_value(q, 2)) != SQLITE_OK)
        import_fail(im, "set a column");
    else if (import_run(im, set, &field))
        *changed = *changed || sqlite3_changes(im->db) > 0;
    sqlite3_finalize(set);
    sqlite3_free(sql);
}

bool json_columns(struct import *im, const struct json_kind_of_row *row, int64_t id, const char *text,
                  size_t len)
{
    sqlite3_stmt *q = im->sql[IMPORT_JSON_ROW];
    bool changed = false;

    sqlite3_bind_text64(q, 1, text, len, SQLITE_STATIC, SQLITE_UTF8);
    while (im->status == S7_OK && sqlite3_step(q) == SQLITE_ROW) {
        const char *key = (const char *)sqlite3_column_text(q, 0);
        if (key != NULL && !is_list(row, key))
            set_column(im, row, id, q, &changed);
    }
    if (sqlite3_reset(q) != SQLITE_OK)
        import_fail(im, "read JSON");
    return changed;
}

bool json_parts(struct import *im, const struct json_kind_of_row *row, const char *text, size_t len,
                struct json *name, struct json parts[JSON_LISTS_MAX])
{
    sqlite3_stmt *q = im->sql[IMPORT_JSON_ROW];
    const struct import_field field = json_named("name");

    sqlite3_bind_text64(q, 1, text, len, SQLITE_STATIC, SQLITE_UTF8);
    while (im->status == S7_OK && sqlite3_step(q) == SQLITE_ROW) {
        const char *key = (const char *)sqlite3_column_text(q, 0);
        if (key != NULL && strcmp(key, "name") == 0)
            json_copy(im, q, 1, false, name);
        for (size_t i = 0; key != NULL && i < row->n_lists; i++)
            if (strcmp(key, row->lists[i].name) == 0)
                json_copy(im, q, 1, false, &parts[i]);
    }
    if (sqlite3_reset(q) != SQLITE_OK)
        return import_fail(im, "read JSON");
    return (name->kind == JSON_TEXT && name->len > 0) ||
           import_problem(im, &field, 0, "expected the %s's name", row->noun);
}

void json_lists(struct import *im, const struct json_kind_of_row *row, struct import_plc *owner,
                const struct json parts[JSON_LISTS_MAX])
{
    for (size_t i = 0; i < row->n_lists; i++) {
        const struct import_field field = json_named(row->lists[i].name);
        im->where.list = NULL;
        if (parts[i].kind != JSON_ARRAY && parts[i].kind != JSON_NOTHING) {
            import_problem(im, &field, 0, "expected an array [...]");
        } else if (parts[i].kind == JSON_ARRAY) {
            im->where.list = row->lists[i].name;
            json_array(im, IMPORT_JSON_LIST, &parts[i], owner, &im->where.item, row->lists[i].fn);
        }
    }
    im->where.list = NULL;
}
