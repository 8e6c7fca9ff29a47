/* Tags: named typed places in blocks; tag_value.c has what stands there. */
#include "plant_impl.h"

#define ERROR_CAP 256

void tag_free(struct mirror_tag *tag)
{
    if (tag == NULL)
        return;
    free(tag->name);
    free(tag->error);
    free(tag);
}

/* ---- dirty tags ---- */

static void list(plant *p, struct mirror_tag *tag)
{
    if (tag->listed)
        return;
    tag->listed = true;
    tag->next_dirty = p->dirty_tags;
    p->dirty_tags = tag;
}

void tag_show(plant *p, struct mirror_tag *tag)
{
    list(p, tag);
    tag->dirty = true;
}

/* While blocks move in a turn, the first error that goes is kept for the case that the turn is undone. */
static void put_away_error(plant *p, struct mirror_tag *tag)
{
    if (!p->keeps_errors || tag->keeps) {
        free(tag->error);
        return;
    }
    tag->keeps = true;
    tag->kept_error = tag->error;
    tag->kept_refused = tag->refused;
    tag->next_kept = p->kept_tags;
    p->kept_tags = tag;
}

void tag_errors_restore(plant *p)
{
    for (struct mirror_tag *tag = p->kept_tags; tag != NULL; tag = tag->next_kept) {
        free(tag->error);
        tag->error = tag->kept_error;
        tag->refused = tag->kept_refused;
        tag->kept_error = NULL;
    }
    tag_errors_forget(p);
}

void tag_errors_forget(plant *p)
{
    for (struct mirror_tag *tag = p->kept_tags; tag != NULL; tag = tag->next_kept) {
        free(tag->kept_error);
        tag->kept_error = NULL;
        tag->keeps = false;
    }
    p->kept_tags = NULL;
}

static void replace_error(plant *p, struct mirror_tag *tag, char *error)
{
    put_away_error(p, tag);
    tag->error = error;
    tag->refused = false;
    list(p, tag);
    tag->error_dirty = true;
}

s7_status tag_set_error(plant *p, struct mirror_tag *tag, const char *text)
{
    char *copy;

    if (tag->error != NULL && strcmp(tag->error, text) == 0)
        return S7_OK;
    copy = strdup(text);
    if (copy == NULL)
        return S7_E_NOMEM;
    replace_error(p, tag, copy);
    return S7_OK;
}

void tag_clear_error(plant *p, struct mirror_tag *tag)
{
    if (tag->error != NULL)
        replace_error(p, tag, NULL);
}

static void forget_refused_edit(struct mirror_tag *tag)
{
    free(tag->error);
    tag->error = NULL;
    tag->refused = false;
}

void tag_clean(plant *p, bool written)
{
    struct mirror_tag *next;

    for (struct mirror_tag *tag = p->dirty_tags; tag != NULL; tag = next) {
        next = tag->next_dirty;
        if (written && tag->dirty && tag->refused)
            forget_refused_edit(tag);
        tag->dirty = tag->error_dirty = tag->listed = false;
        if (tag->removed)
            tag_free(tag);
    }
    p->dirty_tags = NULL;
}

/* ---- where a tag lies ---- */

static bool is_numbered(s7_area area)
{
    return area == S7_AREA_T || area == S7_AREA_C;
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
    size_t at = block->tags_sorted ? lower_tag(block, tag->offset) : 0;
    while (block->tags[at] != tag)
        at++;
    block->n_tags--;
    memmove(&block->tags[at], &block->tags[at + 1], (block->n_tags - at) * sizeof(*block->tags));
    tag->block = NULL;
}

void tag_unbind_all(struct mirror_block *block)
{
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
        snprintf(text, sizeof text, "%s: the PLC has no such block%s", address,
                 mirror_kind(tag->address.area) != NULL ? "; INSERT INTO block makes it" : "");
        return tag_set_error(p, tag, text);
    }
    if (len > block->pub.len || tag->offset > block->pub.len - len) {
        snprintf(text, sizeof text, "%s: needs %zu bytes, the block has %u", address, tag->offset + len,
                 block->pub.len);
        return tag_set_error(p, tag, text);
    }
    tag->len = (uint32_t)len;
    return bind_list_add(block, tag);
}

/* One pass for any number of blocks. Blocks that stayed keep their tags. */
s7_status tag_rebind(plant *p)
{
    if (!p->blocks_moved)
        return S7_OK;
    for (size_t i = 0; i < p->tags_by_id.len; i++) {
        struct mirror_tag *tag = p->tags_by_id.entries[i].object;
        if (tag == NULL || tag->block != NULL)
            continue;
        s7_status status = bind(p, tag);
        if (status != S7_OK)
            return status;
        if (tag->block != NULL) {
            tag_clear_error(p, tag);
            tag_show(p, tag);
        }
    }
    p->blocks_moved = false;
    return S7_OK;
}

s7_status tag_rebind_kept(plant *p)
{
    s7_status status;

    p->keeps_errors = true;
    status = tag_rebind(p);
    p->keeps_errors = false;
    return status;
}

static size_t first_tag(struct mirror_block *block, uint32_t offset)
{
    if (!block->tags_sorted) {
        qsort(block->tags, block->n_tags, sizeof(*block->tags), by_offset);
        block->tags_sorted = true;
    }
    return lower_tag(block, offset > block->longest_tag ? offset - block->longest_tag : 0);
}

struct mirror_tag *tag_next(struct mirror_block *block, uint32_t offset, uint32_t len, size_t *at)
{
    if (block->n_tags == 0)
        return NULL;
    for (size_t i = *at > 0 ? *at : first_tag(block, offset); i < block->n_tags; i++) {
        struct mirror_tag *tag = block->tags[i];
        *at = i + 1;
        if (tag->offset >= offset + len)
            return NULL;
        if (tag->offset + tag->len > offset)
            return tag;
    }
    return NULL;
}

void tag_touch(plant *p, struct mirror_block *block, uint32_t offset, uint32_t len)
{
    struct mirror_tag *tag;
    size_t at = 0;

    while ((tag = tag_next(block, offset, len, &at)) != NULL)
        tag_show(p, tag);
}

/* ---- rows ---- */

static const char *column_text(sqlite3_stmt *q, int column)
{
    const char *text = (const char *)sqlite3_column_text(q, column);

    return text != NULL ? text : "";
}

/* Address and type of a row to the tag's address; what is wrong with them is the tag's error. */
static s7_status define(plant *p, struct mirror_tag *tag, sqlite3_stmt *q)
{
    char text[2 * ERROR_CAP], message[ERROR_CAP];
    s7_address_error error = {.text = "too long"};
    const char *type = column_text(q, 4);
    int len = snprintf(text, sizeof text, "%s%s%s", column_text(q, 3), type[0] != '\0' ? ":" : "", type);

    tag->parsed = (size_t)len < sizeof text && s7_address_parse(text, &tag->address, &error) == S7_OK;
    if (tag->parsed && tag->address.area == S7_AREA_DI) /* the same storage */
        tag->address.area = S7_AREA_DB;
    if (tag->parsed)
        return S7_OK;
    snprintf(message, sizeof message, "address %.*s: %s, at character %zu", plant_utf8_clip(text, 60), text,
             error.text, error.at + 1);
    return tag_set_error(p, tag, message);
}

static s7_status place(plant *p, struct mirror_tag *tag, sqlite3_stmt *q)
{
    unbind(tag);
    tag->plc = idmap_find(&p->plcs_by_id, sqlite3_column_int64(q, 1));
    tag->parsed = false;
    if (tag->plc == NULL)
        return tag_set_error(p, tag, "tag.plc is no PLC that is served; a new one is from the next start on");
    s7_status status = define(p, tag, q);
    return status == S7_OK ? bind(p, tag) : status;
}

/* Name and error as the row has them. */
static s7_status take_texts(struct mirror_tag *tag, sqlite3_stmt *q)
{
    bool has_error = sqlite3_column_type(q, 6) != SQLITE_NULL;
    char *name = strdup(column_text(q, 2)), *error = has_error ? strdup(column_text(q, 6)) : NULL;

    if (name == NULL || (has_error && error == NULL)) {
        free(name);
        free(error);
        return S7_E_NOMEM;
    }
    free(tag->name);
    free(tag->error);
    tag->name = name;
    tag->error = error;
    tag->refused = false;
    return S7_OK;
}

static s7_status tag_add(plant *p, sqlite3_stmt *q, struct mirror_tag **out)
{
    struct mirror_tag *tag = calloc(1, sizeof *tag);

    if (tag == NULL)
        return S7_E_NOMEM;
    tag->id = sqlite3_column_int64(q, 0);
    if (take_texts(tag, q) != S7_OK || !idmap_put(&p->tags_by_id, tag->id, tag)) {
        tag_free(tag);
        return S7_E_NOMEM;
    }
    *out = tag;
    return S7_OK;
}

static void tag_remove(plant *p, struct mirror_tag *tag)
{
    unbind(tag);
    idmap_remove(&p->tags_by_id, tag->id);
    tag->removed = true;
    if (!tag->listed)
        tag_free(tag);
}

/* An error in the row may be out of date: nobody was there when its reason went away. */
static s7_status check_error(plant *p, struct mirror_tag *tag, sqlite3_stmt *q)
{
    s7_status status;
    bool fits;

    if (tag->block == NULL || tag->error == NULL)
        return S7_OK;
    status = tag_check_value(p, tag, q, &fits);
    if (status == S7_OK && fits) {
        tag_clear_error(p, tag);
        tag_show(p, tag);
    }
    return status;
}

/* Start: definitions only; what was edited are rows of `change` and comes later. */
s7_status tag_load(plant *p)
{
    sqlite3_stmt *q = p->sql[SQL_TAG_ALL];
    struct mirror_tag *tag;
    s7_status status = S7_OK;

    while (status == S7_OK && sqlite3_step(q) == SQLITE_ROW) {
        status = tag_add(p, q, &tag);
        if (status == S7_OK)
            status = place(p, tag, q);
        if (status == S7_OK)
            status = check_error(p, tag, q);
    }
    return plant_sql_end(p, SQL_TAG_ALL, status, "read the table tag");
}

/* The row may have been another tag's before, so nothing that RAM knows of it holds. */
static s7_status tag_take_row(plant *p, sqlite3_stmt *q, struct mirror_tag *tag)
{
    s7_status status = tag != NULL ? take_texts(tag, q) : tag_add(p, q, &tag);

    if (status != S7_OK)
        return status;
    tag_clear_error(p, tag);
    status = place(p, tag, q);
    if (status == S7_OK && tag->block != NULL)
        tag_show(p, tag);
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
    if (rc == SQLITE_ROW)
        status = tag_take_row(p, q, tag);
    else if (rc == SQLITE_DONE && tag != NULL)
        tag_remove(p, tag);
    return plant_sql_end(p, SQL_TAG_ONE, status, "read a row of tag");
}
