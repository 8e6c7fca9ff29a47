/* Tags: named typed places in blocks. tag.value is a view of the block that people may also write. */
#include "plant_impl.h"

#include "protocol/latin1.h"
#include "protocol/value.h"

#define ERROR_CAP 256

void tag_free(struct mirror_tag *tag)
{
    free(tag->name);
    free(tag->error);
    free(tag);
}

/* ---- dirty tags ---- */

static void mark(plant *p, struct mirror_tag *tag)
{
    if (!tag->dirty && !tag->error_dirty) {
        tag->next_dirty = p->dirty_tags;
        p->dirty_tags = tag;
    }
}

static void show(plant *p, struct mirror_tag *tag)
{
    mark(p, tag);
    tag->dirty = true;
}

/* text NULL: no error. An error that cannot be kept for want of memory is lost, the row stays as it is. */
static void set_error(plant *p, struct mirror_tag *tag, const char *text)
{
    if (text == NULL ? tag->error == NULL : tag->error != NULL && strcmp(tag->error, text) == 0)
        return;
    mark(p, tag);
    free(tag->error);
    tag->error = text != NULL ? strdup(text) : NULL;
    tag->error_dirty = true;
}

void tag_clean(plant *p)
{
    for (struct mirror_tag *tag = p->dirty_tags; tag != NULL; tag = tag->next_dirty)
        tag->dirty = tag->error_dirty = false;
    p->dirty_tags = NULL;
}

/* ---- where a tag lies ---- */

static bool is_numbered(s7_area area)
{
    return area == S7_AREA_T || area == S7_AREA_C;
}

static s7_status bind_list_add(struct mirror_block *block, struct mirror_tag *tag)
{
    if (block->n_tags == block->cap_tags) {
        size_t cap = block->cap_tags == 0 ? 8 : block->cap_tags * 2;
        struct mirror_tag **grown = reallocarray(block->tags, cap, sizeof(*grown));
        if (grown == NULL)
            return S7_E_NOMEM;
        block->tags = grown;
        block->cap_tags = cap;
    }
    block->tags[block->n_tags++] = tag;
    block->tags_sorted = false;
    if (tag->len > block->longest_tag)
        block->longest_tag = tag->len;
    tag->block = block;
    return S7_OK;
}

static void unbind(struct mirror_tag *tag)
{
    struct mirror_block *block = tag->block;

    if (block == NULL)
        return;
    for (size_t i = 0; i < block->n_tags; i++)
        if (block->tags[i] == tag) {
            memmove(&block->tags[i], &block->tags[i + 1], (block->n_tags - i - 1) * sizeof(*block->tags));
            block->n_tags--;
            break;
        }
    tag->block = NULL;
}

void tag_unbind_all(plant *p, struct mirror_block *block)
{
    (void)p;
    for (size_t i = 0; i < block->n_tags; i++)
        block->tags[i]->block = NULL;
    block->n_tags = 0;
}

/* Find the tag's block and place. A definition that fits nothing is the tag's error; an error of the last
 * edit stays. */
static s7_status bind(plant *p, struct mirror_tag *tag)
{
    char text[ERROR_CAP], address[S7_ADDRESS_TEXT_CAP];
    struct mirror_block *block;
    size_t len;

    if (!tag->parsed)
        return S7_OK;
    block = mirror_block_find(tag->plc, tag->address.area, tag->address.db);
    len = s7_address_size(&tag->address);
    tag->offset = is_numbered(tag->address.area) ? tag->address.byte * 2 : tag->address.byte;
    s7_address_format(&tag->address, address, sizeof address);
    if (block == NULL) {
        snprintf(text, sizeof text, "%s: the PLC has no such block; INSERT INTO block makes it", address);
        set_error(p, tag, text);
        return S7_OK;
    }
    if (len > block->pub.len || tag->offset > block->pub.len - len) {
        snprintf(text, sizeof text, "%s: needs %zu bytes, the block has %u", address, tag->offset + len,
                 block->pub.len);
        set_error(p, tag, text);
        return S7_OK;
    }
    tag->len = (uint32_t)len;
    return bind_list_add(block, tag);
}

s7_status tag_rebind(plant *p, struct mirror_plc *plc, s7_area area, uint16_t number)
{
    for (size_t i = 0; i < p->tags_by_id.len; i++) {
        struct mirror_tag *tag = p->tags_by_id.entries[i].object;
        if (tag->plc != plc || !tag->parsed || tag->address.area != area || tag->address.db != number)
            continue;
        unbind(tag);
        set_error(p, tag, NULL);
        s7_status status = bind(p, tag);
        if (status != S7_OK)
            return status;
        if (tag->block != NULL)
            show(p, tag);
    }
    return S7_OK;
}

static int by_offset(const void *a, const void *b)
{
    const struct mirror_tag *left = *(struct mirror_tag *const *)a, *right = *(struct mirror_tag *const *)b;

    return (left->offset > right->offset) - (left->offset < right->offset);
}

/* Index of the first tag that starts at or behind an offset. */
static size_t lower_tag(const struct mirror_block *block, uint32_t offset)
{
    size_t low = 0, high = block->n_tags;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (block->tags[mid]->offset < offset)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void tag_touch(plant *p, struct mirror_block *block, uint32_t offset, uint32_t len)
{
    uint32_t from = offset > block->longest_tag ? offset - block->longest_tag : 0;

    if (block->n_tags == 0)
        return;
    if (!block->tags_sorted) {
        qsort(block->tags, block->n_tags, sizeof(*block->tags), by_offset);
        block->tags_sorted = true;
    }
    for (size_t i = lower_tag(block, from); i < block->n_tags; i++) {
        struct mirror_tag *tag = block->tags[i];
        if (tag->offset >= offset + len)
            break;
        if (tag->offset + tag->len > offset)
            show(p, tag);
    }
}

/* ---- values ---- */

static const uint8_t *bytes_of(const struct mirror_tag *tag)
{
    return tag->block->bytes + tag->offset;
}

/* All values as UTF-8 in p->utf8; returns the length. */
static size_t values_utf8(plant *p, const struct mirror_tag *tag)
{
    size_t len = s7_values_format(&tag->address, bytes_of(tag), p->text, PLANT_TEXT_CAP);

    len =
        s7_latin1_to_utf8(p->text, len < PLANT_TEXT_CAP ? len : PLANT_TEXT_CAP - 1, p->utf8, PLANT_TEXT_CAP);
    return len < PLANT_TEXT_CAP ? len : PLANT_TEXT_CAP - 1;
}

/* A REAL goes by its shortest text, so that 1.1 shows as 1.1. False: no number (NaN, infinity). */
static bool real_as_double(plant *p, const struct s7_value *value, double *out)
{
    const s7_address lreal = {.type = S7_TYPE_LREAL, .count = 1};
    size_t len = s7_value_format(value, p->text, PLANT_TEXT_CAP);
    struct s7_value number;

    if (value->f - value->f != 0 || s7_value_parse(&lreal, p->text, len, &number) != S7_OK)
        return false;
    *out = number.f;
    return true;
}

/* Single numbers as numbers; everything else as text: strings, "[1,2,3]", and numbers that SQLite has not. */
static int bind_value(plant *p, sqlite3_stmt *q, int column, const struct mirror_tag *tag)
{
    enum s7_kind kind = s7_type_kind(tag->address.type);
    struct s7_value value = s7_value_load(&tag->address, bytes_of(tag), 0);
    double number;

    if (tag->address.count == 1 && kind == S7_KIND_UINT && value.u <= INT64_MAX)
        return sqlite3_bind_int64(q, column, (int64_t)value.u);
    if (tag->address.count == 1 && kind == S7_KIND_INT)
        return sqlite3_bind_int64(q, column, value.i);
    if (tag->address.count == 1 && kind == S7_KIND_FLOAT && real_as_double(p, &value, &number))
        return sqlite3_bind_double(q, column, number);
    size_t len = values_utf8(p, tag);
    return sqlite3_bind_text(q, column, p->utf8, (int)len, SQLITE_TRANSIENT);
}

static int flush_value(plant *p, struct mirror_tag *tag)
{
    sqlite3_stmt *q = p->sql[SQL_TAG_SET_VALUE];
    int rc;

    sqlite3_bind_int64(q, 1, tag->id);
    rc = bind_value(p, q, 2, tag);
    return rc == SQLITE_OK ? plant_sql_run(p, SQL_TAG_SET_VALUE) : rc;
}

static int flush_error(plant *p, struct mirror_tag *tag)
{
    sqlite3_stmt *q = p->sql[SQL_TAG_SET_ERROR];

    sqlite3_bind_int64(q, 1, tag->id);
    if (tag->error != NULL)
        sqlite3_bind_text(q, 2, tag->error, -1, SQLITE_TRANSIENT);
    else
        sqlite3_bind_null(q, 2);
    return plant_sql_run(p, SQL_TAG_SET_ERROR);
}

int tag_flush(plant *p)
{
    int rc = SQLITE_OK;

    for (struct mirror_tag *tag = p->dirty_tags; tag != NULL && rc == SQLITE_OK; tag = tag->next_dirty) {
        if (tag->dirty && tag->block != NULL)
            rc = flush_value(p, tag);
        if (rc == SQLITE_OK && tag->error_dirty)
            rc = flush_error(p, tag);
    }
    return rc;
}

/* ---- rows ---- */

static const char *column_text(sqlite3_stmt *q, int column)
{
    const char *text = (const char *)sqlite3_column_text(q, column);

    return text != NULL ? text : "";
}

/* Address and type of a row to the tag's address; what is wrong with them is the tag's error. */
static void define(plant *p, struct mirror_tag *tag, sqlite3_stmt *q)
{
    char text[2 * ERROR_CAP], message[ERROR_CAP];
    s7_address_error error;
    const char *type = column_text(q, 4);

    snprintf(text, sizeof text, "%s%s%s", column_text(q, 3), type[0] != '\0' ? ":" : "", type);
    tag->parsed = s7_address_parse(text, &tag->address, &error) == S7_OK;
    if (tag->parsed && tag->address.area == S7_AREA_DI) /* the same storage */
        tag->address.area = S7_AREA_DB;
    if (tag->parsed)
        return;
    snprintf(message, sizeof message, "address %.60s: %s, at character %zu", text, error.text, error.at + 1);
    set_error(p, tag, message);
}

static s7_status tag_take_row(plant *p, struct mirror_tag *tag, sqlite3_stmt *q)
{
    char *name = strdup(column_text(q, 2));

    if (name == NULL)
        return S7_E_NOMEM;
    free(tag->name);
    tag->name = name;
    unbind(tag);
    tag->plc = idmap_find(&p->plcs_by_id, sqlite3_column_int64(q, 1));
    tag->parsed = false;
    if (tag->plc == NULL) {
        set_error(p, tag, "tag.plc names no PLC");
        return S7_OK;
    }
    define(p, tag, q);
    return bind(p, tag);
}

static s7_status tag_add(plant *p, sqlite3_stmt *q, struct mirror_tag **out)
{
    struct mirror_tag *tag = calloc(1, sizeof *tag);

    if (tag == NULL)
        return S7_E_NOMEM;
    tag->id = sqlite3_column_int64(q, 0);
    if (sqlite3_column_type(q, 6) != SQLITE_NULL)
        tag->error = strdup(column_text(q, 6));
    if (!idmap_put(&p->tags_by_id, tag->id, tag)) {
        tag_free(tag);
        return S7_E_NOMEM;
    }
    *out = tag;
    return tag_take_row(p, tag, q);
}

static void tag_remove(plant *p, struct mirror_tag *tag)
{
    for (struct mirror_tag **link = &p->dirty_tags; *link != NULL; link = &(*link)->next_dirty)
        if (*link == tag) {
            *link = tag->next_dirty;
            break;
        }
    unbind(tag);
    idmap_remove(&p->tags_by_id, tag->id);
    tag_free(tag);
}

/* Start: definitions only. Values that differ from the blocks are rows of `change` or stale; both are settled
 * after this. */
s7_status tag_load(plant *p)
{
    sqlite3_stmt *q = p->sql[SQL_TAG_ALL];
    struct mirror_tag *tag;
    s7_status status = S7_OK;
    int rc;

    while (status == S7_OK && (rc = sqlite3_step(q)) == SQLITE_ROW)
        status = tag_add(p, q, &tag);
    if (status == S7_OK && rc != SQLITE_DONE)
        status = plant_sql_fail(p, "read the table tag");
    sqlite3_reset(q);
    return status;
}

/* The definition changed, or the tag is new, or gone. */
s7_status tag_reread(plant *p, int64_t id)
{
    struct mirror_tag *tag = idmap_find(&p->tags_by_id, id);
    sqlite3_stmt *q = p->sql[SQL_TAG_ONE];
    s7_status status = S7_OK;
    int rc;

    sqlite3_bind_int64(q, 1, id);
    rc = sqlite3_step(q);
    if (rc == SQLITE_ROW && tag != NULL) {
        set_error(p, tag, NULL);
        status = tag_take_row(p, tag, q);
    } else if (rc == SQLITE_ROW) {
        status = tag_add(p, q, &tag);
    } else if (rc == SQLITE_DONE) {
        if (tag != NULL)
            tag_remove(p, tag);
        tag = NULL;
    } else {
        status = plant_sql_fail(p, "read a row of tag");
    }
    sqlite3_reset(q);
    if (status == S7_OK && tag != NULL && tag->block != NULL)
        show(p, tag);
    return status;
}

/* ---- edits ---- */

/* A row's value as text in Latin-1: what people see is what is parsed, whatever SQLite type it has. */
static bool value_text(plant *p, sqlite3_stmt *q, int column, size_t *len)
{
    int type = sqlite3_column_type(q, column);
    double number = sqlite3_column_double(q, column);

    if (type == SQLITE_FLOAT && number >= -1e15 && number <= 1e15 && number == (double)(int64_t)number) {
        *len = (size_t)snprintf(p->text, PLANT_TEXT_CAP, "%lld", (long long)number);
        return true;
    }
    if (type == SQLITE_FLOAT) {
        const struct s7_value value = {.type = S7_TYPE_LREAL, .f = number};
        *len = s7_value_format(&value, p->text, PLANT_TEXT_CAP);
        return true;
    }
    const char *text = (const char *)sqlite3_column_text(q, column);
    size_t bytes = (size_t)sqlite3_column_bytes(q, column);
    return type != SQLITE_BLOB && text != NULL &&
           s7_latin1_from_utf8(text, bytes, p->text, PLANT_TEXT_CAP, len);
}

static void refuse_edit(plant *p, struct mirror_tag *tag, sqlite3_stmt *q)
{
    char text[ERROR_CAP];
    int type = sqlite3_column_type(q, 5);

    snprintf(text, sizeof text, "expected %s%s, got %s%.80s",
             tag->address.count > 1 ? "a list [a,b,...], each " : "", s7_type_range(tag->address.type),
             type == SQLITE_TEXT ? "the text " : "", type == SQLITE_BLOB ? "a BLOB" : column_text(q, 5));
    set_error(p, tag, text);
}

static void apply_row(plant *p, struct mirror_tag *tag, sqlite3_stmt *q)
{
    size_t len;

    if (sqlite3_column_type(q, 5) == SQLITE_NULL) { /* "show me" */
        set_error(p, tag, NULL);
        show(p, tag);
        return;
    }
    memcpy(p->scratch, bytes_of(tag), tag->len);
    if (!value_text(p, q, 5, &len) || s7_values_parse(&tag->address, p->text, len, p->scratch) != S7_OK) {
        refuse_edit(p, tag, q);
        return;
    }
    set_error(p, tag, NULL);
    mirror_write(p, tag->block, tag->offset, p->scratch, tag->len);
}

s7_status tag_apply_edit(plant *p, int64_t id)
{
    struct mirror_tag *tag = idmap_find(&p->tags_by_id, id);
    sqlite3_stmt *q = p->sql[SQL_TAG_ONE];
    s7_status status = S7_OK;
    int rc;

    if (tag == NULL || tag->block == NULL)
        return S7_OK;
    sqlite3_bind_int64(q, 1, id);
    rc = sqlite3_step(q);
    if (rc == SQLITE_ROW)
        apply_row(p, tag, q);
    else if (rc != SQLITE_DONE)
        status = plant_sql_fail(p, "read a row of tag");
    sqlite3_reset(q);
    return status;
}

/* ---- showing ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct mirror_tag *const *)a)->name, (*(struct mirror_tag *const *)b)->name);
}

static void view(plant *p, const struct mirror_tag *tag, void (*fn)(const struct plant_tag_view *, void *),
                 void *arg)
{
    char address[S7_ADDRESS_TEXT_CAP] = "";
    size_t len = tag->block != NULL ? values_utf8(p, tag) : 0;

    if (tag->parsed)
        s7_address_format(&tag->address, address, sizeof address);
    p->utf8[len] = '\0';
    fn(&(struct plant_tag_view){tag->name, address, p->utf8, tag->error != NULL ? tag->error : ""}, arg);
}

void plant_tags(plant *p, const struct plant_plc *plc, void (*fn)(const struct plant_tag_view *, void *),
                void *arg)
{
    struct mirror_tag **sorted = calloc(p->tags_by_id.len + 1, sizeof(*sorted));
    size_t n = 0;

    if (sorted == NULL)
        return;
    for (size_t i = 0; i < p->tags_by_id.len; i++) {
        struct mirror_tag *tag = p->tags_by_id.entries[i].object;
        if (tag->plc != NULL && &tag->plc->pub == plc)
            sorted[n++] = tag;
    }
    qsort(sorted, n, sizeof(*sorted), by_name);
    for (size_t i = 0; i < n; i++)
        view(p, sorted[i], fn, arg);
    free(sorted);
}
