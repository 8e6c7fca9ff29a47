#include "client/symbols_impl.h"

#include "client/report.h"
#include "protocol/names.h"
#include "protocol/nearest.h"
#include "protocol/value.h"

#include <stdio.h>
#include <string.h>

/* The text is copied once; names and comments stay where they are in the copy, unquoted in place. */

#define MAX_FIELDS 32

struct field {
    char *text;    /* zero-terminated when the line is cut */
    size_t column; /* of its first character, from 1 */
};

enum column { NAME, ADDRESS, TYPE, COMMENT, N_COLUMNS };

struct csv {
    char *at, *end; /* what is left of the text */
    char separator;
    size_t line;
    char *line_at;
    struct field fields[MAX_FIELDS];
    size_t n_fields;
    int columns[N_COLUMNS]; /* which field, -1: none */
    struct s7_symbols *symbols;
    s7_status status;
    s7_errinfo *err;
};

/* ---- errors ---- */

/* Always false, so that a failing function can return it. */
static bool fail_at(struct csv *csv, s7_status status, size_t column, const char *what, const char *hint)
{
    char came[S7_CAME_CAP];

    snprintf(came, sizeof came, "line %zu, column %zu: %s", csv->line, column, what);
    csv->status =
        s7_symbols_refuse(csv->err, status, csv->symbols->n, "a table of symbols from CSV", came, hint);
    return false;
}

static size_t column_of(const struct csv *csv, const char *at)
{
    return (size_t)(at - csv->line_at) + 1;
}

/* ---- lines and fields ---- */

static bool is_separator(char c)
{
    return c == ',' || c == ';' || c == '\t';
}

/* Blanks around fields do not count; a tab may be the separator. */
static bool is_blank(const struct csv *csv, char c)
{
    return c == ' ' || (c == '\t' && csv->separator != '\t');
}

static bool ends_field(const struct csv *csv, const char *at, const char *line_end)
{
    return at == line_end || *at == csv->separator || (csv->separator == '\0' && is_separator(*at));
}

/* *at is behind the opening quote; the text moves onto it. */
static bool quoted_field(struct csv *csv, char **at, const char *line_end, char **field_end)
{
    char *from = *at, *to = *at;

    for (; from < line_end; *to++ = *from++) {
        if (*from != '"')
            continue;
        if (from + 1 < line_end && from[1] == '"') {
            from++;
            continue;
        }
        *field_end = to;
        *at = from + 1;
        return true;
    }
    return fail_at(csv, S7_E_SYNTAX, column_of(csv, *at) - 1, "the quote is not closed on this line", "");
}

static void plain_field(struct csv *csv, char **at, const char *line_end, char **field_end)
{
    char *begin = *at;

    while (!ends_field(csv, *at, line_end))
        ++*at;
    *field_end = *at;
    while (*field_end > begin && is_blank(csv, (*field_end)[-1]))
        --*field_end;
}

/* One field and the separator behind it; *more: there was one. */
static bool next_field(struct csv *csv, char **at, char *line_end, bool *more)
{
    struct field *field = &csv->fields[csv->n_fields];
    char *field_end;

    while (*at < line_end && is_blank(csv, **at))
        ++*at;
    field->column = column_of(csv, *at);
    field->text = *at;
    if (*at < line_end && **at == '"') {
        field->text = ++*at;
        field->column++;
        if (!quoted_field(csv, at, line_end, &field_end))
            return false;
    } else {
        plain_field(csv, at, line_end, &field_end);
    }
    while (*at < line_end && !ends_field(csv, *at, line_end) && is_blank(csv, **at))
        ++*at;
    if (!ends_field(csv, *at, line_end))
        return fail_at(csv, S7_E_SYNTAX, column_of(csv, *at), "expected a separator behind the quote", "");
    *more = *at < line_end;
    if (*more && csv->separator == '\0')
        csv->separator = **at;
    *at += *more;
    *field_end = '\0'; /* the separator's place at the latest, which has been looked at */
    csv->n_fields++;
    return true;
}

/* Cut a line into fields; what is behind the last that fits is skipped. */
static bool cut_line(struct csv *csv, char *line_end)
{
    bool more = true;

    csv->n_fields = 0;
    for (char *at = csv->line_at; more && csv->n_fields < MAX_FIELDS;)
        if (!next_field(csv, &at, line_end, &more))
            return false;
    return true;
}

/* The next line that says something, without its end; false: none is left. */
static bool next_line(struct csv *csv, char **line_end)
{
    while (csv->at < csv->end) {
        char *newline = memchr(csv->at, '\n', (size_t)(csv->end - csv->at));

        csv->line++;
        csv->line_at = csv->at;
        *line_end = newline != NULL ? newline : csv->end;
        csv->at = newline != NULL ? newline + 1 : csv->end;
        if (*line_end > csv->line_at && (*line_end)[-1] == '\r')
            --*line_end;
        bool comment = csv->line_at[strspn(csv->line_at, " \t")] == '#';
        bool empty = csv->line_at + strspn(csv->line_at, " \t;,") >= *line_end;
        if (!comment && !empty)
            return true;
    }
    return false;
}

/* ---- the header ---- */

static const struct {
    const char *name; /* upper case */
    enum column column;
} headings[] = {{"NAME", NAME}, {"ADDRESS", ADDRESS}, {"LOGICAL ADDRESS", ADDRESS},
                {"TYPE", TYPE}, {"DATA TYPE", TYPE},  {"COMMENT", COMMENT}};

static bool is_heading(const struct field *field, const char *name)
{
    return s7_name_equal(field->text, strlen(field->text), name);
}

static bool take_header(struct csv *csv)
{
    for (enum column c = NAME; c < N_COLUMNS; c++)
        csv->columns[c] = -1;
    for (size_t i = 0; i < csv->n_fields; i++)
        for (size_t h = 0; h < sizeof headings / sizeof headings[0]; h++)
            if (is_heading(&csv->fields[i], headings[h].name) && csv->columns[headings[h].column] < 0)
                csv->columns[headings[h].column] = (int)i;
    if (csv->columns[ADDRESS] >= 0)
        return true;
    return fail_at(csv, S7_E_SYNTAX, 1, "expected a column with the heading \"address\"", "");
}

/* ---- symbols ---- */

static const struct field *field_of(const struct csv *csv, enum column column)
{
    static char nothing[1];
    static const struct field none = {nothing, 1};
    int i = csv->columns[column];

    return i >= 0 && (size_t)i < csv->n_fields ? &csv->fields[i] : &none;
}

/* "STRING[20]" as the engineering tool writes it is "STRING(20)" here. */
static void type_text(const char *type, char *to, size_t cap)
{
    snprintf(to, cap, "%s", type);
    if (!s7_name_equal(type, strcspn(type, "[ ("), "STRING"))
        return;
    char *open = strchr(to, '['), *close = open != NULL ? strchr(open, ']') : NULL;
    if (close == NULL || strchr(to, '(') != NULL)
        return;
    *open = '(';
    *close = ')';
}

static void nearest_type(const char *type, char *hint, size_t cap)
{
    char word[16];
    struct s7_nearest nearest = {.word = word};
    size_t len = strcspn(type, "[( ");

    hint[0] = '\0';
    if (len == 0 || len >= sizeof word)
        return;
    for (size_t i = 0; i <= len; i++)
        word[i] = (char)(i == len ? '\0' : type[i] >= 'a' && type[i] <= 'z' ? type[i] - 'a' + 'A' : type[i]);
    for (s7_type t = S7_TYPE_BOOL; t <= S7_TYPE_LAST; t++)
        s7_nearest_try(&nearest, s7_type_name(t));
    if (nearest.best != NULL && nearest.mistakes > 0)
        snprintf(hint, cap, "did you mean %s?", nearest.best);
}

/* Address and type as one text, as s7_address_parse reads it. */
static bool parse_address(struct csv *csv, s7_address *address)
{
    const struct field *place = field_of(csv, ADDRESS), *type = field_of(csv, TYPE);
    size_t place_len = strlen(place->text);
    char text[128], type_part[64], hint[64] = "";
    s7_address_error error = {.at = 0};

    if (place_len == 0)
        return fail_at(csv, S7_E_SYNTAX, place->column, "expected an address", "");
    if (place_len + strlen(type->text) + 2 > sizeof text || strlen(type->text) >= sizeof type_part)
        return fail_at(csv, S7_E_SYNTAX, place->column, "the address is too long", "");
    type_text(type->text, type_part, sizeof type_part);
    snprintf(text, sizeof text, "%s%s%s", place->text, type_part[0] != '\0' ? ":" : "", type_part);
    s7_status status = s7_address_parse(text, address, &error);
    if (status == S7_OK)
        return true;
    if (error.at <= place_len)
        return fail_at(csv, status, place->column + error.at, error.text, "");
    nearest_type(type->text, hint, sizeof hint);
    return fail_at(csv, status, type->column + error.at - place_len - 1, error.text, hint);
}

static bool take_symbol(struct csv *csv)
{
    s7_symbol *symbol = &csv->symbols->list[csv->symbols->n];
    const struct field *name = field_of(csv, NAME), *comment = field_of(csv, COMMENT);

    if (name->text[0] == '\0')
        return fail_at(csv, S7_E_SYNTAX, name->column, "expected a name", "");
    if (!parse_address(csv, &symbol->address))
        return false;
    symbol->name = name->text;
    symbol->comment = comment->text[0] != '\0' ? comment->text : NULL;
    csv->symbols->n++;
    return true;
}

static bool take_line(struct csv *csv, char *line_end, bool first)
{
    const char *zero = memchr(csv->line_at, '\0', (size_t)(line_end - csv->line_at));

    if (zero != NULL)
        return fail_at(csv, S7_E_SYNTAX, column_of(csv, zero), "a zero byte: this is not text", "");
    if (!cut_line(csv, line_end))
        return false;
    if (first && is_heading(&csv->fields[0], "NAME"))
        return take_header(csv);
    return take_symbol(csv);
}

/* ---- the table ---- */

static size_t count_lines(const char *text, size_t len)
{
    size_t n = 1;

    for (size_t i = 0; i < len; i++)
        n += text[i] == '\n';
    return n;
}

/* Names lie where they lay in the text. */
static size_t line_of(const char *text, const struct s7_symbols *symbols, uint32_t symbol)
{
    return count_lines(text, (size_t)(symbols->list[symbol].name - symbols->text));
}

static bool check_names(struct csv *csv, const char *text)
{
    uint32_t first, again;
    char what[100];

    if (s7_symbols_index(csv->symbols, &first, &again))
        return true;
    csv->line = line_of(text, csv->symbols, again);
    snprintf(what, sizeof what, "the name \"%.40s\" is on line %zu already", csv->symbols->list[again].name,
             line_of(text, csv->symbols, first));
    csv->symbols->n = again;
    return fail_at(csv, S7_E_SYNTAX, 1, what, "");
}

static bool take_text(struct csv *csv, const char *text)
{
    char *line_end;

    for (bool first = true; next_line(csv, &line_end); first = false)
        if (!take_line(csv, line_end, first))
            return false;
    return check_names(csv, text);
}

s7_status s7_symbols_parse(const char *text, size_t len, s7_symbols **out, s7_errinfo *err)
{
    struct csv csv = {.columns = {0, 1, 2, 3}, .err = err};

    if (out == NULL)
        return s7_report_argument(err, "a table of symbols from CSV", "out is NULL");
    if ((text == NULL && len > 0) || len > INT32_MAX)
        return s7_symbols_refuse(err, S7_E_ARG, SIZE_MAX, "a table of symbols from CSV",
                                 text == NULL ? "text is NULL" : "the text is too long", "");
    csv.symbols = s7_symbols_room(count_lines(text, len), len);
    if (csv.symbols == NULL)
        return s7_symbols_refuse(err, S7_E_NOMEM, SIZE_MAX, "a table of symbols from CSV", "", "");
    if (len > 0)
        memcpy(csv.symbols->text, text, len);
    csv.at = csv.symbols->text;
    csv.end = csv.at + len;
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        csv.at += 3;
    if (take_text(&csv, text)) {
        *out = csv.symbols;
        return S7_OK;
    }
    s7_symbols_free(csv.symbols);
    return csv.status;
}
