/* Whole plants from JSON. SQLite reads it: each level is a query, whose values are the texts of the next. */
#include "import_json.h"

#include "json_at.h"

#define VERSION 1 /* of the form that is described in exchange.h */

static void count(struct plant_import_count *of, bool fresh, bool changed)
{
    *(fresh ? &of->fresh : changed ? &of->changed : &of->unchanged) += 1;
}

static bool bind_name(struct import *im, sqlite3_stmt *q, const struct json *name)
{
    return sqlite3_bind_text64(q, 1, name->text, name->len, SQLITE_TRANSIENT, SQLITE_UTF8) == SQLITE_OK ||
           import_nomem(im);
}

/* ---- PLCs ---- */

/* Blocks before tags. */
static const struct json_kind_of_row plc_row = {
    .table = "plc",
    .noun = "PLC",
    .columns = IMPORT_PLC_COLUMNS,
    .n_lists = 4,
    .lists = {{"blocks", json_block}, {"szl", json_szl}, {"code", json_code}, {"tags", json_tag}}};

static struct import_plc *add_plc(struct import *im, const struct json *name)
{
    sqlite3_stmt *q = im->sql[IMPORT_PLC_ADD];
    const struct import_field field = json_named("name");

    if (!bind_name(im, q, name) || !import_run(im, q, &field))
        return NULL;
    return import_plc_add(im, sqlite3_last_insert_rowid(im->db), name->text);
}

/* *fresh: it was not there yet. NULL: a problem. */
static struct import_plc *find_plc(struct import *im, const struct json *name, bool *fresh)
{
    const struct import_field field = json_named("name");
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
    struct json name = {JSON_NOTHING, NULL, 0}, parts[JSON_LISTS_MAX] = {{JSON_NOTHING, NULL, 0}};
    struct import_plc *plc = NULL;
    bool fresh;

    (void)none;
    if (json_parts(im, &plc_row, text, len, &name, parts))
        plc = find_plc(im, &name, &fresh);
    if (plc != NULL) {
        count(&im->result->plcs, fresh, json_columns(im, &plc_row, plc->id, text, len));
        json_lists(im, &plc_row, plc, parts);
    }
    json_forget(&name, 1);
    json_forget(parts, JSON_LISTS_MAX);
}

/* ---- personalities ---- */

static const struct json_kind_of_row personality_row = {.table = "personality",
                                                        .noun = "personality",
                                                        .columns = IMPORT_PERSONALITY_COLUMNS,
                                                        .n_lists = 1,
                                                        .lists = {{"szl", json_szl}}};

/* *id: its row. False: a problem. */
static bool find_personality(struct import *im, const struct json *name, int64_t *id, bool *fresh)
{
    sqlite3_stmt *find = im->sql[IMPORT_PERSONALITY_FIND], *add = im->sql[IMPORT_PERSONALITY_ADD];
    const struct import_field field = json_named("name");

    if (!bind_name(im, find, name))
        return false;
    *fresh = sqlite3_step(find) != SQLITE_ROW;
    if (!*fresh)
        *id = sqlite3_column_int64(find, 0);
    if (sqlite3_reset(find) != SQLITE_OK)
        return import_fail(im, "read a row of personality");
    if (!*fresh)
        return true;
    if (!bind_name(im, add, name) || !import_run(im, add, &field))
        return false;
    *id = sqlite3_last_insert_rowid(im->db);
    return true;
}

static void take_personality(struct import *im, struct import_plc *none, const char *text, size_t len)
{
    struct json name = {JSON_NOTHING, NULL, 0}, parts[JSON_LISTS_MAX] = {{JSON_NOTHING, NULL, 0}};
    struct import_plc owner = {.id = 0}; /* of status lists */
    bool fresh;

    (void)none;
    if (json_parts(im, &personality_row, text, len, &name, parts) &&
        find_personality(im, &name, &owner.id, &fresh)) {
        count(&im->result->personalities, fresh, json_columns(im, &personality_row, owner.id, text, len));
        json_lists(im, &personality_row, &owner, parts);
    }
    json_forget(&name, 1);
    json_forget(parts, JSON_LISTS_MAX);
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

/* PLCs name their personalities, which therefore come first. */
static void take_whole(struct import *im, const struct json_slot *slots)
{
    static json_element_fn *const fns[] = {take_personality, take_plc};

    for (size_t i = 0; i < 2; i++) {
        const struct import_field field = json_named(slots[i].name);
        im->where.object = IMPORT_NOWHERE;
        if (slots[i].to->kind != JSON_ARRAY && (i > 0 || slots[i].to->kind != JSON_NOTHING)) {
            import_problem(im, &field, 0, "expected an array [...]");
        } else if (slots[i].to->kind == JSON_ARRAY) {
            im->where.root = slots[i].name;
            json_array(im, IMPORT_JSON_ROWS, slots[i].to, NULL, &im->where.object, fns[i]);
        }
    }
}

void import_json(struct import *im)
{
    struct json values[3] = {{JSON_NOTHING, NULL, 0}};
    const struct json_slot slots[3] = {
        {"personalities", &values[0]}, {"plcs", &values[1]}, {"s7rig_plant", &values[2]}};
    size_t skip = im->source_len >= 3 && memcmp(im->source, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

    im->source += skip; /* places are counted from here */
    im->source_len -= skip;
    if (check_syntax(im) && json_object(im, im->source, im->source_len, slots, 3) &&
        check_version(im, &slots[2]))
        take_whole(im, slots);
    json_forget(values, 3);
}
