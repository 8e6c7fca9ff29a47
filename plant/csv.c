#include "csv.h"

#include <string.h>

void csv_init(struct csv *csv, const char *source, size_t len, char *room)
{
    *csv = (struct csv){.source = source, .len = len, .room = room};
}

/* Always false, so that a failing function can return it. */
static bool broken(struct csv *csv, size_t at, const char *why)
{
    csv->at = at;
    csv->broken = why;
    return false;
}

static bool is_separator(const struct csv *csv, char c)
{
    return csv->separator != '\0' ? c == csv->separator : c == ',' || c == ';' || c == '\t';
}

/* Blanks around fields do not count; a tab may be the separator. */
static bool is_blank(const struct csv *csv, char c)
{
    return c == ' ' || (c == '\t' && csv->separator != '\t');
}

/* Bytes of the end of a line at this place: 0, 1 or 2. */
static size_t line_end(const struct csv *csv, size_t at)
{
    if (csv->source[at] == '\n')
        return 1;
    return csv->source[at] == '\r' && at + 1 < csv->len && csv->source[at + 1] == '\n' ? 2 : 0;
}

static bool ends_field(const struct csv *csv, size_t at)
{
    return at == csv->len || is_separator(csv, csv->source[at]) || line_end(csv, at) > 0;
}

static size_t skip_blanks(const struct csv *csv, size_t at)
{
    while (at < csv->len && is_blank(csv, csv->source[at]) && !ends_field(csv, at))
        at++;
    return at;
}

/* csv->at is behind the opening quote. The text goes where it lies in the source, so it never overlaps
 * another field's. */
static bool quoted_field(struct csv *csv, struct csv_field *field)
{
    char *to = csv->room + csv->at;
    size_t at = csv->at;

    field->text = to;
    field->at = at;
    field->quoted = true;
    for (; at < csv->len; *to++ = csv->source[at++]) {
        if (csv->source[at] != '"')
            continue;
        if (at + 1 < csv->len && csv->source[at + 1] == '"') {
            at++;
            continue;
        }
        field->len = (size_t)(to - field->text);
        csv->at = skip_blanks(csv, at + 1);
        return ends_field(csv, csv->at) ||
               broken(csv, csv->at, "expected a separator or the line's end behind the quote");
    }
    return broken(csv, csv->at - 1, "the quote is not closed");
}

static bool plain_field(struct csv *csv, struct csv_field *field)
{
    size_t at = csv->at, end;

    while (!ends_field(csv, at))
        if (csv->source[at++] == '\0')
            return broken(csv, at - 1, "a zero byte: this is not text");
    for (end = at; end > csv->at && is_blank(csv, csv->source[end - 1]);)
        end--;
    *field = (struct csv_field){.text = csv->room + csv->at, .len = end - csv->at, .at = csv->at};
    memcpy(csv->room + csv->at, csv->source + csv->at, field->len);
    csv->at = at;
    return true;
}

/* One field and the separator behind it; *more: there was one. */
static bool next_field(struct csv *csv, bool *more)
{
    struct csv_field none, *field = csv->n_fields < CSV_FIELDS_MAX ? &csv->fields[csv->n_fields++] : &none;
    bool taken;

    csv->at = skip_blanks(csv, csv->at);
    if (csv->at < csv->len && csv->source[csv->at] == '"') {
        csv->at++;
        taken = quoted_field(csv, field);
    } else {
        taken = plain_field(csv, field);
    }
    *more = taken && csv->at < csv->len && line_end(csv, csv->at) == 0;
    if (*more && csv->separator == '\0')
        csv->separator = csv->source[csv->at];
    if (*more)
        csv->at++;
    return taken;
}

/* Past lines that say nothing. */
static void skip_lines(struct csv *csv)
{
    while (csv->at < csv->len) {
        const char *line = csv->source + csv->at;
        const char *newline = memchr(line, '\n', csv->len - csv->at);
        size_t end = newline != NULL ? (size_t)(newline - csv->source) : csv->len, at = csv->at;

        while (at < end && strchr(" \t;,\r", csv->source[at]) != NULL && csv->source[at] != '\0')
            at++;
        if (at < end && csv->source[at] != '#')
            return;
        csv->at = newline != NULL ? end + 1 : csv->len;
    }
}

bool csv_next(struct csv *csv)
{
    bool more = true;

    if (csv->broken != NULL)
        return false;
    skip_lines(csv);
    if (csv->at == csv->len)
        return false;
    for (csv->n_fields = 0; more;)
        if (!next_field(csv, &more))
            return false;
    if (csv->at < csv->len)
        csv->at += line_end(csv, csv->at);
    return true;
}
