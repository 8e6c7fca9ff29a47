/* Whole plants as JSON, a line for each setting, block, status list and tag, so that tools which compare
 * lines show what differs. */
#include "export_impl.h"

#include "protocol/value.h"

struct form {
    FILE *out;
    bool first; /* of the list that is being written */
};

static void text(struct form *form, const char *value)
{
    export_json_text(form->out, value, strlen(value));
}

static void next(struct form *form)
{
    fputs(form->first ? "\n    {" : ",\n    {", form->out);
    form->first = false;
}

static void list_begin(struct form *form, const char *name)
{
    fprintf(form->out, ",\n   \"%s\": [", name);
    form->first = true;
}

static void list_end(struct form *form)
{
    fputc(']', form->out);
}

/* ---- settings ---- */

static void setting(struct form *form, sqlite3_stmt *q, int column)
{
    const char *value = export_column(q, column);

    if (value == NULL)
        fputs("null", form->out);
    else if (sqlite3_column_type(q, column) == SQLITE_INTEGER)
        fputs(value, form->out);
    else
        text(form, value);
}

/* All columns but the id, so that those to come are exported as well. *gone: there is no such row any more.
 */
static s7_status columns(plant *p, const char *select, int64_t row, struct form *form, bool *gone)
{
    sqlite3_stmt *q = NULL;

    *gone = true;
    if (sqlite3_prepare_v2(p->db, select, -1, &q, NULL) != SQLITE_OK)
        return plant_sql_fail(p, "read the plant");
    sqlite3_bind_int64(q, 1, row);
    if (sqlite3_step(q) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(q); i++) {
            const char *name = sqlite3_column_name(q, i);
            if (name == NULL || strcmp(name, "id") == 0)
                continue;
            fputs(*gone ? "{" : ",\n   ", form->out);
            *gone = false;
            text(form, name);
            fputs(": ", form->out);
            setting(form, q, i);
        }
    return sqlite3_finalize(q) == SQLITE_OK ? S7_OK : plant_sql_fail(p, "read the plant");
}

static s7_status settings(plant *p, const struct plant_plc *plc, struct form *form)
{
    bool gone;
    s7_status status = columns(p, "SELECT * FROM plc WHERE id = ?1", plc->id, form, &gone);

    if (status != S7_OK || !gone)
        return status;
    return plant_fail(&p->last_error, S7_E_PLANT_BUSY, "%s: the PLC %s was deleted meanwhile", p->path,
                      plc->name);
}

/* ---- blocks and status lists ---- */

/* Zeros at its end are said by its length. */
static void block(const struct plant_block *block, void *arg)
{
    struct form *form = arg;
    uint32_t len = block->len;

    while (len > 0 && block->data[len - 1] == 0)
        len--;
    next(form);
    fprintf(form->out, "\"kind\": \"%s\", ", mirror_kind(block->area));
    if (block->area == S7_AREA_DB)
        fprintf(form->out, "\"number\": %u, ", block->number);
    fprintf(form->out, "\"length\": %u, \"data\": \"", block->len);
    export_hex(form->out, block->data, len);
    fprintf(form->out, "\"%s%s}", block->optimized ? ", \"optimized\": 1" : "",
            block->write_protected ? ", \"write_protected\": 1" : "");
}

static const char szl_of_plc[] =
    "SELECT list, idx, record_len, data FROM szl WHERE plc = ?1 ORDER BY list, idx";
static const char szl_of_personality[] =
    "SELECT list, idx, record_len, data FROM personality_szl"
    " WHERE personality = (SELECT name FROM personality WHERE rowid = ?1) ORDER BY list, idx";

static s7_status status_lists(plant *p, const char *select, int64_t owner, struct form *form)
{
    sqlite3_stmt *q = NULL;

    if (sqlite3_prepare_v2(p->db, select, -1, &q, NULL) != SQLITE_OK)
        return plant_sql_fail(p, "read status lists");
    sqlite3_bind_int64(q, 1, owner);
    list_begin(form, "szl");
    while (sqlite3_step(q) == SQLITE_ROW) {
        const uint8_t *data = sqlite3_column_blob(q, 3);
        next(form);
        fprintf(form->out, "\"list\": %d, \"index\": %d, \"record_len\": %d, \"data\": \"",
                sqlite3_column_int(q, 0), sqlite3_column_int(q, 1), sqlite3_column_int(q, 2));
        export_hex(form->out, data, data != NULL ? (size_t)sqlite3_column_bytes(q, 3) : 0);
        fputs("\"}", form->out);
    }
    list_end(form);
    return sqlite3_finalize(q) == SQLITE_OK ? S7_OK : plant_sql_fail(p, "read status lists");
}

static void code(const struct plant_code *code, void *arg)
{
    struct form *form = arg;

    next(form);
    fprintf(form->out, "\"kind\": \"%s\", \"number\": %u, \"file\": \"", plant_kind_name(code->kind),
            code->number);
    export_hex(form->out, code->file, code->len);
    fputs("\"}", form->out);
}

/* ---- tags ---- */

/* Finite numbers, and arrays of them, are JSON as they are; everything else is a text. */
static bool is_number(const struct mirror_tag *tag, const char *value)
{
    s7_type type = tag->address.type;

    return !s7_type_is_text(type) && s7_type_kind(type) != S7_KIND_TIME && strpbrk(value, "in#") == NULL;
}

static void value(plant *p, const struct mirror_tag *tag, struct form *form)
{
    size_t len = tag_utf8(p, tag);

    if (tag->block == NULL || strlen(p->utf8) != len) /* SQLite's JSON ends at a zero byte */
        return;
    fputs(", \"value\": ", form->out);
    if (is_number(tag, p->utf8))
        fputs(p->utf8, form->out);
    else
        export_json_text(form->out, p->utf8, len);
}

static void tag(plant *p, const struct mirror_tag *tag, sqlite3_stmt *row, void *arg)
{
    struct form *form = arg;
    struct export_place place;

    export_place(&place, tag, row);
    next(form);
    fputs("\"name\": ", form->out);
    text(form, tag->name);
    fputs(", \"address\": ", form->out);
    text(form, place.text);
    if (place.type[0] != '\0') {
        fputs(", \"type\": ", form->out);
        text(form, place.type);
    }
    value(p, tag, form);
    if (row != NULL && export_column(row, 2) != NULL) {
        fputs(", \"comment\": ", form->out);
        text(form, export_column(row, 2));
    }
    fputc('}', form->out);
}

/* ---- the whole ---- */

static s7_status one_plc(plant *p, const struct plant_plc *plc, struct form *form)
{
    s7_status status = settings(p, plc, form);

    if (status != S7_OK)
        return status;
    list_begin(form, "blocks");
    plant_blocks(p, plc, block, form);
    list_end(form);
    status = status_lists(p, szl_of_plc, plc->id, form);
    if (status != S7_OK)
        return status;
    list_begin(form, "code");
    plant_codes(p, plc, code, form);
    list_end(form);
    list_begin(form, "tags");
    status = export_tags(p, plc, tag, form);
    list_end(form);
    fputc('}', form->out);
    return status;
}

static s7_status one_personality(plant *p, int64_t row, struct form *form)
{
    bool gone;
    s7_status status = columns(p, "SELECT * FROM personality WHERE rowid = ?1", row, form, &gone);

    if (status == S7_OK && !gone)
        status = status_lists(p, szl_of_personality, row, form);
    fputs(gone ? "{}" : "}", form->out);
    return status;
}

/* Those that are played. */
static s7_status personalities(plant *p, struct form *form)
{
    sqlite3_stmt *q = NULL;
    s7_status status = S7_OK;
    bool first = true;

    if (sqlite3_prepare_v2(p->db,
                           "SELECT rowid FROM personality WHERE name IN (SELECT cpu FROM plc) ORDER BY name",
                           -1, &q, NULL) != SQLITE_OK)
        return plant_sql_fail(p, "read the table personality");
    for (; status == S7_OK && sqlite3_step(q) == SQLITE_ROW; first = false) {
        fputs(first ? "\n  " : ",\n  ", form->out);
        status = one_personality(p, sqlite3_column_int64(q, 0), form);
    }
    if (sqlite3_finalize(q) != SQLITE_OK && status == S7_OK)
        status = plant_sql_fail(p, "read the table personality");
    return status;
}

s7_status export_json(plant *p, FILE *out)
{
    struct form form = {.out = out};

    fputs("{\"s7rig_plant\": 1, \"personalities\": [", out);
    s7_status status = personalities(p, &form);
    fputs("],\n \"plcs\": [", out);
    for (size_t i = 0; i < plant_plc_count(p) && status == S7_OK; i++) {
        fputs(i > 0 ? ",\n  " : "\n  ", out);
        status = one_plc(p, plant_plc_at(p, i), &form);
    }
    fputs("\n]}\n", out);
    return status;
}
