/* A plant as text: what export_csv.c and export_json.c share, and the way there. */
#include "export_impl.h"

#include "protocol/utf8.h"

#include <errno.h>

s7_status plant_open_to_look(const char *path, plant **out, struct plant_error *error)
{
    struct plant_options options;

    plant_options_init(&options);
    options.read_only = true;
    return plant_open(path, &options, out, error);
}

/* ---- texts ---- */

/* The next character and its length; a byte that is no UTF-8 counts as U+FFFD. */
static size_t next_char(const char *text, size_t len, uint32_t *c)
{
    size_t n = s7_utf8_take(text, len, c);

    if (n > 0)
        return n;
    *c = S7_REPLACEMENT;
    return 1;
}

static void put_char(FILE *out, uint32_t c)
{
    char bytes[S7_UTF8_MAX];

    fwrite(bytes, 1, s7_utf8_put(c, bytes), out);
}

void export_json_text(FILE *out, const char *text, size_t len)
{
    uint32_t c;

    fputc('"', out);
    for (size_t at = 0; at < len;) {
        at += next_char(text + at, len - at, &c);
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", (int)c);
        else if (c < 0x20 || (c >= 0x7F && c < 0xA0))
            fprintf(out, "\\u%04x", (unsigned)c);
        else
            put_char(out, c);
    }
    fputc('"', out);
}

/* What a reader would take for something else, or drop, without quotes. */
static bool wants_quotes(const char *text, size_t len)
{
    if (len == 0 || text[0] == ' ' || text[0] == '#' || text[len - 1] == ' ')
        return true;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || strchr(",;\"", text[i]) != NULL)
            return true;
    return false;
}

void export_csv_text(FILE *out, const char *text, size_t len)
{
    bool quotes = wants_quotes(text, len);
    uint32_t c;

    if (quotes)
        fputc('"', out);
    for (size_t at = 0; at < len;) {
        at += next_char(text + at, len - at, &c);
        if (c == '"')
            fputc('"', out);
        put_char(out, c);
    }
    if (quotes)
        fputc('"', out);
}

void export_hex(FILE *out, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        fprintf(out, "%02X", bytes[i]);
}

/* ---- tags ---- */

const char *export_column(sqlite3_stmt *q, int column)
{
    return (const char *)sqlite3_column_text(q, column);
}

/* Where the row's own spelling is none, it is kept: who imports it is told why. */
void export_place(struct export_place *place, const struct mirror_tag *tag, sqlite3_stmt *row)
{
    char *colon;

    place->type = "";
    if (!tag->parsed) {
        snprintf(place->text, sizeof place->text, "%s", row != NULL ? export_column(row, 0) : "");
        if (row != NULL && export_column(row, 1) != NULL)
            place->type = export_column(row, 1);
        return;
    }
    s7_address_format(&tag->address, place->text, S7_ADDRESS_TEXT_CAP);
    colon = strchr(place->text, ':');
    place->type = colon != NULL ? colon + 1 : s7_type_name(tag->address.type);
    if (colon != NULL)
        *colon = '\0';
}

sqlite3_stmt *export_rows(plant *p)
{
    sqlite3_stmt *q = NULL;

    if (sqlite3_prepare_v2(p->db, "SELECT address, type, comment FROM tag WHERE id = ?1", -1, &q, NULL) !=
        SQLITE_OK)
        plant_sql_fail(p, "read the table tag");
    return q;
}

int export_row(sqlite3_stmt *q, int64_t id)
{
    int rc = sqlite3_reset(q); /* what went wrong in getting at the columns of the last one shows here */

    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(q, 1, id);
    return rc == SQLITE_OK ? sqlite3_step(q) : rc;
}

s7_status export_tags(plant *p, const struct plant_plc *plc, export_tag_fn *fn, void *arg)
{
    size_t n;
    struct mirror_tag **sorted = tag_sorted(p, plc, &n);
    sqlite3_stmt *q = sorted != NULL ? export_rows(p) : NULL;
    int rc = SQLITE_DONE;

    if (sorted == NULL)
        return plant_fail(&p->last_error, S7_E_NOMEM, "%s: out of memory", p->path);
    for (size_t i = 0; i < n && q != NULL && (rc == SQLITE_ROW || rc == SQLITE_DONE); i++) {
        rc = export_row(q, sorted[i]->id);
        fn(p, sorted[i], rc == SQLITE_ROW ? q : NULL, arg);
    }
    free(sorted);
    if (q == NULL)
        return p->last_error.status;
    bool good = sqlite3_reset(q) == SQLITE_OK && (rc == SQLITE_ROW || rc == SQLITE_DONE);
    s7_status status = good ? S7_OK : plant_sql_fail(p, "read the table tag");
    sqlite3_finalize(q);
    return status;
}

/* ---- the whole ---- */

s7_status plant_export(const char *path, enum plant_format format, FILE *out, struct plant_error *error)
{
    plant *p;
    s7_status status = plant_open_to_look(path, &p, error);

    if (status != S7_OK)
        return status;
    status = format == PLANT_CSV ? export_csv(p, out) : export_json(p, out);
    if (status == S7_OK && (fflush(out) != 0 || ferror(out)))
        status = plant_fail(&p->last_error, S7_E_PLANT_IO, "cannot write: %s", strerror(errno));
    *error = p->last_error;
    plant_close(p);
    return status;
}
