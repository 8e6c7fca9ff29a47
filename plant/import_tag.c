/* A tag of an import: its address, its value, its row. */
#include "import_impl.h"

#include "protocol/names.h"
#include "protocol/nearest.h"
#include "protocol/value.h"

#define ADDRESS_CAP 160 /* of address and type as one text */
#define GOT_MAX     80  /* bytes of a value that its problem repeats */

/* ---- address and type ---- */

/* "STRING[20]", as the engineering tool writes it, is "STRING(20)" here. */
static void type_text(const struct import_field *type, char *to, size_t cap)
{
    snprintf(to, cap, "%.*s", (int)type->len, type->text);
    size_t name_len = strcspn(to, "[ (");
    char *open = strchr(to, '['), *close = open != NULL ? strchr(open, ']') : NULL;

    if ((!s7_name_equal(to, name_len, "STRING") && !s7_name_equal(to, name_len, "WSTRING")) ||
        close == NULL || strchr(to, '(') != NULL)
        return;
    *open = '(';
    *close = ')';
}

static const char *nearest_type(const char *type)
{
    char word[16];
    struct s7_nearest nearest = {.word = word};
    size_t len = strcspn(type, "[( ");

    if (len == 0 || len >= sizeof word)
        return NULL;
    for (size_t i = 0; i <= len; i++)
        word[i] = (char)(i == len ? '\0' : type[i] >= 'a' && type[i] <= 'z' ? type[i] - 'a' + 'A' : type[i]);
    for (s7_type t = S7_TYPE_BOOL; t <= S7_TYPE_LAST; t++)
        s7_nearest_try(&nearest, s7_type_name(t));
    return nearest.mistakes > 0 ? nearest.best : NULL;
}

static bool has_zero(const struct import_field *field)
{
    return field->len > 0 && memchr(field->text, '\0', field->len) != NULL;
}

/* text: address and type as one, as s7_address_parse reads it. */
static bool join(struct import *im, const struct import_tag *tag, char text[ADDRESS_CAP])
{
    char type[ADDRESS_CAP / 2] = "";

    if (tag->address.len == 0)
        return import_problem(im, &tag->address, 0, "expected an address");
    if (has_zero(&tag->address) || has_zero(&tag->type))
        return import_problem(im, &tag->address, 0, "a zero byte in the address or its type");
    if (tag->address.len >= ADDRESS_CAP / 2 || tag->type.len >= sizeof type)
        return import_problem(im, &tag->address, 0, "the address is too long");
    if (tag->type.len > 0)
        type_text(&tag->type, type, sizeof type);
    snprintf(text, ADDRESS_CAP, "%.*s%s%s", (int)tag->address.len, tag->address.text,
             type[0] != '\0' ? ":" : "", type);
    return true;
}

static s7_status parse(const char *text, s7_address *address, s7_address_error *error)
{
    s7_status status = s7_address_parse(text, address, error);

    if (status == S7_OK && address->area == S7_AREA_DI) /* the same storage */
        address->area = S7_AREA_DB;
    return status;
}

static bool wrong_address(struct import *im, const struct import_tag *tag, const char *text,
                          const s7_address_error *error)
{
    const char *near = error->at > tag->address.len ? nearest_type(text + tag->address.len + 1) : NULL;

    if (error->at <= tag->address.len)
        return import_problem(im, &tag->address, error->at, "%s, got %.*s", error->text,
                              (int)tag->address.len, tag->address.text);
    return import_problem(im, &tag->type, error->at - tag->address.len - 1, "%s, got %.*s%s%s%s", error->text,
                          (int)tag->type.len, tag->type.text, near != NULL ? "; did you mean " : "",
                          near != NULL ? near : "", near != NULL ? "?" : "");
}

bool import_tag_define(struct import *im, struct import_tag *tag)
{
    char text[ADDRESS_CAP];
    s7_address_error error = {.at = 0};

    if (tag->name.len == 0)
        return import_problem(im, &tag->name, 0, "expected a name");
    if (has_zero(&tag->name))
        return import_problem(im, &tag->name, 0, "a zero byte in the name");
    if (!join(im, tag, text))
        return false;
    return parse(text, &tag->parsed, &error) == S7_OK || wrong_address(im, tag, text, &error);
}

/* ---- binding ---- */

static int bind_field(sqlite3_stmt *q, int column, const struct import_field *field)
{
    if (field->text == NULL)
        return sqlite3_bind_null(q, column);
    return sqlite3_bind_text64(q, column, field->text, field->len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

/* As the row of a tag has it. */
static int bind_type(sqlite3_stmt *q, int column, const struct import_field *type)
{
    char text[ADDRESS_CAP];

    if (type->len == 0)
        return sqlite3_bind_null(q, column);
    type_text(type, text, sizeof text);
    return sqlite3_bind_text(q, column, text, -1, SQLITE_TRANSIENT);
}

static bool bound(struct import *im, int rc)
{
    return rc == SQLITE_OK || import_fail(im, "bind a value");
}

/* ---- twice ---- */

static size_t seen_item(struct import *im, const struct import_tag *tag)
{
    sqlite3_stmt *q = im->sql[IMPORT_TAG_SEEN];
    size_t item = 0;

    sqlite3_bind_int64(q, 1, tag->plc->id);
    bind_field(q, 2, &tag->name);
    if (sqlite3_step(q) == SQLITE_ROW)
        item = (size_t)sqlite3_column_int64(q, 0);
    sqlite3_reset(q);
    return item;
}

/* item: offset of its line in CSV; index in the PLC's list in JSON. */
static bool see(struct import *im, const struct import_tag *tag, size_t item)
{
    sqlite3_stmt *q = im->sql[IMPORT_TAG_SEE];
    size_t now = im->where.item, first;

    sqlite3_bind_int64(q, 1, tag->plc->id);
    sqlite3_bind_int64(q, 3, (int64_t)item);
    if (!bound(im, bind_field(q, 2, &tag->name)) || !import_run(im, q, &tag->name))
        return false;
    if (sqlite3_changes(im->db) > 0)
        return true;
    first = seen_item(im, tag);
    if (im->options->format == PLANT_JSON) {
        im->where.item = first;
        first = import_offset(im, &tag->name);
        im->where.item = now;
    }
    return import_problem(im, &tag->name, 0, "the name \"%.*s\" is on line %zu already",
                          (int)(tag->name.len < GOT_MAX ? tag->name.len : GOT_MAX), tag->name.text,
                          import_line(im, first));
}

/* ---- the value ---- */

/* im->bytes gets the bytes of the text's value. */
static bool take_value(struct import *im, const struct import_tag *tag, const uint8_t *place)
{
    const struct import_field *value = &tag->value;
    char expected[160];
    int len = (int)(value->len < GOT_MAX ? value->len : GOT_MAX);

    memcpy(im->bytes, place, s7_address_size(&tag->parsed));
    if (s7_values_parse(&tag->parsed, value->text, value->len, im->bytes) == S7_OK)
        return true;
    value_expected(&tag->parsed, place, expected, sizeof expected);
    while (len > 0 && (size_t)len < value->len && ((unsigned char)value->text[len] & 0xC0) == 0x80)
        len--;
    return import_problem(im, value, 0, "expected %s, got %.*s%s", expected, len, value->text,
                          (size_t)len < value->len ? "..." : "");
}

/* Does the block, as the text has it, show this value by itself? Then it has what the value's text has not:
 * the bits of a NaN, the bytes behind a string. */
static bool is_shown(struct import *im, const struct import_tag *tag, const struct import_block *block,
                     const uint8_t *place)
{
    if (!block->given)
        return false;
    size_t len = value_text(&tag->parsed, im->bytes, im->text);
    return value_text(&tag->parsed, place, im->other) == len && memcmp(im->text, im->other, len) == 0;
}

/* ---- the row ---- */

struct row {
    int64_t id; /* 0: there is none */
    bool same_address, same_comment, same_value, refused;
};

static bool same_place(const s7_address *a, const s7_address *b)
{
    return a->area == b->area && a->db == b->db && a->byte == b->byte && a->bit == b->bit &&
           a->type == b->type && a->string_cap == b->string_cap && a->count == b->count;
}

static bool row_is_at(sqlite3_stmt *q, const s7_address *address)
{
    const char *place = (const char *)sqlite3_column_text(q, 1),
               *type = (const char *)sqlite3_column_text(q, 2);
    char text[ADDRESS_CAP];
    s7_address other;
    int len = snprintf(text, sizeof text, "%s%s%s", place != NULL ? place : "", type != NULL ? ":" : "",
                       type != NULL ? type : "");

    return len < (int)sizeof text && parse(text, &other, NULL) == S7_OK && same_place(&other, address);
}

static bool find_row(struct import *im, const struct import_tag *tag, struct row *row)
{
    sqlite3_stmt *q = im->sql[IMPORT_TAG_FIND];
    int rc = sqlite3_bind_int64(q, 1, tag->plc->id);

    *row = (struct row){.id = 0};
    if (rc == SQLITE_OK)
        rc = bind_field(q, 2, &tag->name);
    if (rc == SQLITE_OK)
        rc = bind_field(q, 3, &tag->comment);
    if (rc == SQLITE_OK && tag->value.given)
        rc = value_bind(q, 4, &tag->parsed, im->bytes, im->text);
    if (!bound(im, rc))
        return false;
    if (sqlite3_step(q) == SQLITE_ROW)
        *row = (struct row){sqlite3_column_int64(q, 0), row_is_at(q, &tag->parsed),
                            sqlite3_column_int(q, 3) != 0, sqlite3_column_int(q, 4) != 0,
                            sqlite3_column_int(q, 5) != 0};
    if (sqlite3_reset(q) != SQLITE_OK)
        return import_fail(im, "read a row of tag");
    sqlite3_clear_bindings(q);
    return true;
}

static bool add_row(struct import *im, const struct import_tag *tag, bool edit)
{
    sqlite3_stmt *q = im->sql[IMPORT_TAG_ADD];
    int rc = sqlite3_bind_int64(q, 1, tag->plc->id);

    if (rc == SQLITE_OK)
        rc = bind_field(q, 2, &tag->name);
    if (rc == SQLITE_OK)
        rc = bind_field(q, 3, &tag->address);
    if (rc == SQLITE_OK)
        rc = bind_type(q, 4, &tag->type);
    if (rc == SQLITE_OK)
        rc = bind_field(q, 5, &tag->comment);
    if (rc == SQLITE_OK && edit)
        rc = value_bind(q, 6, &tag->parsed, im->bytes, im->text);
    im->result->tags.fresh++;
    return bound(im, rc) && import_run(im, q, &tag->name);
}

static bool set_address(struct import *im, const struct import_tag *tag, int64_t id)
{
    sqlite3_stmt *q = im->sql[IMPORT_TAG_SET_ADDRESS];

    sqlite3_bind_int64(q, 1, id);
    return bound(im, bind_field(q, 2, &tag->address)) && bound(im, bind_type(q, 3, &tag->type)) &&
           import_run(im, q, &tag->address);
}

static bool set_comment(struct import *im, const struct import_tag *tag, int64_t id)
{
    sqlite3_stmt *q = im->sql[IMPORT_TAG_SET_COMMENT];

    sqlite3_bind_int64(q, 1, id);
    return bound(im, bind_field(q, 2, &tag->comment)) && import_run(im, q, &tag->comment);
}

static bool set_value(struct import *im, const struct import_tag *tag, int64_t id)
{
    sqlite3_stmt *q = im->sql[IMPORT_TAG_SET_VALUE];

    sqlite3_bind_int64(q, 1, id);
    return bound(im, value_bind(q, 2, &tag->parsed, im->bytes, im->text)) && import_run(im, q, &tag->value);
}

/* Only what differs, so that a server reads no more rows than it must. While edits of the block may be
 * pending that would go over it, a value is written though the row has it already. */
static bool change_row(struct import *im, const struct import_tag *tag, const struct row *row, bool edit)
{
    bool comment = tag->comment.given && !row->same_comment;
    bool value = edit && (!row->same_value || row->refused);

    *(row->same_address && !comment && !value ? &im->result->tags.unchanged : &im->result->tags.changed) += 1;
    return (row->same_address || set_address(im, tag, row->id)) &&
           (!comment || set_comment(im, tag, row->id)) &&
           (!(value || (edit && im->pending)) || set_value(im, tag, row->id));
}

bool import_tag_put(struct import *im, struct import_tag *tag, size_t item)
{
    struct import_block *block;
    struct row row;
    uint32_t offset;
    bool edit = tag->value.given;

    if (!see(im, tag, item))
        return false;
    block = import_block_need(im, tag, &offset);
    if (block == NULL)
        return false;
    if (edit && !take_value(im, tag, block->bytes + offset))
        return false;
    if (!find_row(im, tag, &row))
        return false;
    edit = edit && !is_shown(im, tag, block, block->bytes + offset);
    return row.id != 0 ? change_row(im, tag, &row, edit) : add_row(im, tag, edit);
}
