/* What stands at a tag's place, as SQL values; tag.value is a view of the block that people may also write.
 */
#include "plant_impl.h"

#include "protocol/value.h"

#include <math.h>

#define ERROR_CAP 256
#define GOT_MAX   80 /* bytes of a refused value that its error repeats */
#define VALUE     5  /* column of SQL_TAG_... */

/* ---- from the block to the row ---- */

static const uint8_t *bytes_of(const struct mirror_tag *tag)
{
    return tag->block->bytes + tag->offset;
}

size_t tag_utf8(plant *p, const struct mirror_tag *tag)
{
    size_t len = tag->block != NULL ? value_text(&tag->address, bytes_of(tag), p->utf8) : 0;

    p->utf8[len] = '\0';
    return len;
}

/* A row that was smuggled past the table's checks takes no update at all; that must not hold up what others
 * write. */
static int update_row(plant *p, enum plant_sql which)
{
    int rc = plant_sql_run(p, which);

    return (rc & 0xFF) == SQLITE_CONSTRAINT ? SQLITE_OK : rc;
}

static int flush_value(plant *p, struct mirror_tag *tag)
{
    sqlite3_stmt *q = p->sql[SQL_TAG_SET_VALUE];
    int rc;

    sqlite3_bind_int64(q, 1, tag->id);
    rc = value_bind(q, 2, &tag->address, bytes_of(tag), p->utf8);
    return rc == SQLITE_OK ? update_row(p, SQL_TAG_SET_VALUE) : rc;
}

/* A value that is written takes the place of a refused edit, so the reason goes, too. */
static int flush_error(plant *p, struct mirror_tag *tag)
{
    sqlite3_stmt *q = p->sql[SQL_TAG_SET_ERROR];
    const char *text = tag->dirty && tag->refused ? NULL : tag->error;
    int rc;

    sqlite3_bind_int64(q, 1, tag->id);
    rc = sqlite3_bind_text(q, 2, text, -1, SQLITE_TRANSIENT); /* NULL binds NULL */
    return rc == SQLITE_OK ? update_row(p, SQL_TAG_SET_ERROR) : rc;
}

int tag_flush(plant *p)
{
    int rc = SQLITE_OK;

    for (struct mirror_tag *tag = p->dirty_tags; tag != NULL && rc == SQLITE_OK; tag = tag->next_dirty) {
        if (tag->removed)
            continue;
        if (tag->dirty && tag->block != NULL)
            rc = flush_value(p, tag);
        if (rc == SQLITE_OK && (tag->error_dirty || (tag->dirty && tag->refused)))
            rc = flush_error(p, tag);
    }
    return rc;
}

/* ---- from the row to the block ---- */

/* A number as people write it: 2.0 is a whole number, too. -0.0 is not, for a REAL it is another value. */
static size_t double_text(double number, char *text)
{
    const struct s7_value value = {.type = S7_TYPE_LREAL, .f = number};

    if (number >= -1e15 && number <= 1e15 && number == (double)(int64_t)number &&
        !(number == 0 && signbit(number)))
        return (size_t)snprintf(text, PLANT_TEXT_CAP, "%lld", (long long)number);
    return s7_value_format(&value, text, PLANT_TEXT_CAP);
}

/* A row's value as text: what people see is what is parsed, whatever SQLite type it has. Asking a BLOB for
 * its text would make it one. NULL: a BLOB, or no memory. The text lives until the statement moves on. */
static const char *row_text(plant *p, sqlite3_stmt *q, size_t *len)
{
    int type = sqlite3_column_type(q, VALUE);
    const char *text;

    if (type == SQLITE_FLOAT) {
        *len = double_text(sqlite3_column_double(q, VALUE), p->text);
        return p->text;
    }
    text = type != SQLITE_BLOB ? (const char *)sqlite3_column_text(q, VALUE) : NULL;
    *len = text != NULL ? (size_t)sqlite3_column_bytes(q, VALUE) : 0;
    return text;
}

static s7_status refuse(plant *p, struct mirror_tag *tag, sqlite3_stmt *q)
{
    char text[ERROR_CAP], expected[ERROR_CAP / 2];
    int type = sqlite3_column_type(q, VALUE);
    const char *got = type == SQLITE_BLOB ? "a BLOB" : (const char *)sqlite3_column_text(q, VALUE);

    if (got == NULL)
        return S7_E_NOMEM;
    int clip = plant_utf8_clip(got, GOT_MAX);
    value_expected(&tag->address, bytes_of(tag), expected, sizeof expected);
    snprintf(text, sizeof text, "expected %s, got %s%.*s%s", expected, type == SQLITE_TEXT ? "the text " : "",
             clip, got, got[clip] != '\0' ? "..." : "");
    s7_status status = tag_set_error(p, tag, text);
    if (status == S7_OK)
        tag->refused = true;
    return status;
}

s7_status tag_check_value(plant *p, struct mirror_tag *tag, sqlite3_stmt *q, bool *fits)
{
    const char *text;
    size_t len;

    *fits = sqlite3_column_type(q, VALUE) == SQLITE_NULL;
    if (*fits)
        return S7_OK;
    memcpy(p->scratch, bytes_of(tag), tag->len);
    text = row_text(p, q, &len);
    *fits = text != NULL && s7_values_parse(&tag->address, text, len, p->scratch) == S7_OK;
    return *fits ? S7_OK : refuse(p, tag, q);
}

static void write_edit(plant *p, struct mirror_tag *tag)
{
    log_tag_begin(p, tag->block, tag->offset, p->scratch, tag->len);
    mirror_write(p, tag->block, tag->offset, p->scratch, tag->len);
    log_end(p, tag->block);
}

/* NULL means "show me". What does not fit stays in the row, beside its error. */
static s7_status apply_row(plant *p, struct mirror_tag *tag, sqlite3_stmt *q)
{
    bool fits, is_null = sqlite3_column_type(q, VALUE) == SQLITE_NULL;
    s7_status status = tag_check_value(p, tag, q, &fits);

    if (status != S7_OK)
        return status;
    if (!fits) {
        tag->dirty = false;
        return S7_OK;
    }
    tag_clear_error(p, tag);
    if (is_null)
        tag_show(p, tag);
    else
        write_edit(p, tag);
    return S7_OK;
}

s7_status tag_apply_edit(plant *p, int64_t id)
{
    struct mirror_tag *tag = idmap_find(&p->tags_by_id, id);
    sqlite3_stmt *q = p->sql[SQL_TAG_ONE];
    s7_status status = S7_OK;

    if (tag == NULL || tag->block == NULL)
        return S7_OK;
    sqlite3_bind_int64(q, 1, id);
    if (sqlite3_step(q) == SQLITE_ROW)
        status = apply_row(p, tag, q);
    return plant_sql_end(p, SQL_TAG_ONE, status, "read a row of tag");
}

/* ---- showing ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct mirror_tag *const *)a)->name, (*(struct mirror_tag *const *)b)->name);
}

struct mirror_tag **tag_sorted(plant *p, const struct plant_plc *plc, size_t *n)
{
    struct mirror_tag **sorted = calloc(p->tags_by_id.len + 1, sizeof(*sorted));

    *n = 0;
    for (size_t i = 0; sorted != NULL && !plc->gone && i < p->tags_by_id.len; i++) {
        struct mirror_tag *tag = p->tags_by_id.entries[i].object;
        if (tag != NULL && tag->plc != NULL && &tag->plc->pub == plc)
            sorted[(*n)++] = tag;
    }
    if (*n > 0)
        qsort(sorted, *n, sizeof(*sorted), by_name);
    return sorted;
}

static void view(plant *p, const struct mirror_tag *tag, void (*fn)(const struct plant_tag_view *, void *),
                 void *arg)
{
    char address[S7_ADDRESS_TEXT_CAP] = "";

    tag_utf8(p, tag);
    if (tag->parsed)
        s7_address_format(&tag->address, address, sizeof address);
    fn(&(struct plant_tag_view){tag->name, address, p->utf8, tag->error != NULL ? tag->error : ""}, arg);
}

void plant_tags(plant *p, const struct plant_plc *plc, void (*fn)(const struct plant_tag_view *, void *),
                void *arg)
{
    size_t n;
    struct mirror_tag **sorted = tag_sorted(p, plc, &n);

    for (size_t i = 0; i < n; i++)
        view(p, sorted[i], fn, arg);
    free(sorted);
}
