/* The table of `s7rig watch`, as bytes for a terminal. It always draws the whole screen: nothing that was
 * there before matters, so neither does a window that changed its size. */
#include "cli/watch.h"

#include <stdlib.h>
#include <string.h>

#define HOME       "\x1b[H"
#define CLEAR_LINE "\x1b[K"
#define CLEAR_REST "\x1b[J"
#define BOLD       "\x1b[1m"
#define REVERSE    "\x1b[7m"
#define DIM        "\x1b[2m"
#define NORMAL     "\x1b[0m"

#define TIME_WIDTH    12 /* "19:03:25.478" */
#define CHANGES_WIDTH 8
#define VALUE_MIN     12
#define AROUND        2 /* the mark, or the gap between two columns */
#define HEAD_LINES    2

/* Widths of the columns in characters. */
struct columns {
    size_t name, value;
};

/* ---- cells ---- */

static size_t width_of(const char *utf8)
{
    size_t n = 0;

    for (; *utf8 != '\0'; utf8++)
        n += ((unsigned char)*utf8 & 0xC0) != 0x80;
    return n;
}

/* The first n characters. */
static void put_some(FILE *out, const char *utf8, size_t n)
{
    for (; *utf8 != '\0'; utf8++) {
        if (((unsigned char)*utf8 & 0xC0) != 0x80 && n-- == 0)
            return;
        fputc(*utf8, out);
    }
}

/* Cut or filled to the width. */
static void put_cell(FILE *out, const char *utf8, size_t width)
{
    size_t len = width_of(utf8);

    if (len > width && width > 0) {
        put_some(out, utf8, width - 1);
        fputs("\u2026", out);
        return;
    }
    fputs(utf8, out);
    for (; len < width; len++)
        fputc(' ', out);
}

/* A name may be any bytes: as text, to be freed; NULL: out of memory. */
static char *shown(const char *name)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL)
        return NULL;
    cli_print_utf8(out, name);
    fclose(out);
    return text;
}

/* ---- rows ---- */

static struct columns measure(const struct watch_rows *rows)
{
    struct columns columns = {.name = 4, .value = VALUE_MIN};

    for (size_t i = 0; i < rows->n; i++) {
        size_t name = cli_print_utf8(NULL, cli_tag_name(rows->rows[i].tag));
        size_t value = rows->rows[i].text != NULL ? width_of(rows->rows[i].text) : 0;

        columns.name = name > columns.name ? name : columns.name;
        columns.value = value > columns.value ? value : columns.value;
    }
    return columns;
}

/* The name has at most two fifths, the value what times and changes leave. */
static struct columns fit(struct columns columns, size_t width)
{
    size_t rest = 4 * AROUND + TIME_WIDTH + CHANGES_WIDTH;

    if (columns.name > width * 2 / 5)
        columns.name = width * 2 / 5;
    rest += columns.name;
    columns.value = width > rest + VALUE_MIN ? width - rest : VALUE_MIN;
    return columns;
}

static void put_header(FILE *out, struct columns columns)
{
    fputs("  ", out);
    put_cell(out, "NAME", columns.name);
    fputs("  ", out);
    put_cell(out, "VALUE", columns.value);
    fprintf(out, "  %-*s  %*s", TIME_WIDTH, "CHANGED", CHANGES_WIDTH, "CHANGES");
}

static void put_row(FILE *out, const struct watch_row *row, struct columns columns)
{
    char time[WATCH_TIME_CAP] = "";
    char *name = shown(cli_tag_name(row->tag));

    if (row->changes > 0)
        watch_time_text(row->seen_ns, false, time);
    fputs(row->fresh && row->changes > 0 ? "* " : "  ", out);
    put_cell(out, name != NULL ? name : "?", columns.name);
    fputs("  ", out);
    put_cell(out, row->text != NULL ? row->text : "", columns.value);
    fprintf(out, "  %-*s  %*llu", TIME_WIDTH, time[0] != '\0' ? time + 11 : "-", CHANGES_WIDTH,
            (unsigned long long)row->changes);
    free(name);
}

/* ---- the screen ---- */

static void put_head(FILE *out, const struct watch_view *view)
{
    char since[WATCH_TIME_CAP];

    watch_time_text(view->line->since_ns, false, since);
    cli_print_utf8(out, view->endpoint);
    if (view->line->up) {
        fprintf(out, "  connected since %s, every %u ms; q ends", since + 11, view->every_ms);
    } else {
        fprintf(out, "  " REVERSE " NO VALUES since %s " NORMAL " ", since + 11);
        cli_print_utf8(out, view->line->why);
    }
}

static void put_styled_row(FILE *out, const struct watch_view *view, size_t i, struct columns columns)
{
    const struct watch_row *row = &view->rows->rows[i];
    const char *style = !view->line->up ? DIM : row->fresh && row->changes > 0 ? BOLD : "";

    fputs(style, out);
    put_row(out, row, columns);
    fputs(style[0] != '\0' ? NORMAL : "", out);
}

/* The last line says what is not shown, where one can be spared. */
static bool has_foot(size_t n_rows, unsigned height)
{
    return height > HEAD_LINES + 1 && n_rows > height - HEAD_LINES;
}

size_t watch_screen_room(size_t n_rows, unsigned height)
{
    size_t room = height > HEAD_LINES ? height - HEAD_LINES : 0;

    return room - has_foot(n_rows, height);
}

void watch_screen_draw(FILE *out, const struct watch_view *view, unsigned height, unsigned width)
{
    size_t n = view->rows->n, room = watch_screen_room(n, height);
    size_t end = n - view->first > room ? view->first + room : n;
    struct columns columns = fit(measure(view->rows), width);

    fputs(HOME, out);
    put_head(out, view);
    if (height > 1) {
        fputs(CLEAR_LINE "\r\n", out);
        put_header(out, columns);
    }
    for (size_t i = view->first; i < end; i++) {
        fputs(CLEAR_LINE "\r\n", out);
        put_styled_row(out, view, i, columns);
    }
    if (has_foot(n, height))
        fprintf(out, CLEAR_LINE "\r\n%zu to %zu of %zu tags; arrow keys and page keys move", view->first + 1,
                end, n);
    fputs(CLEAR_LINE CLEAR_REST, out);
}

void watch_screen_table(FILE *out, const struct watch_rows *rows)
{
    struct columns columns = measure(rows);

    put_header(out, columns);
    fputc('\n', out);
    for (size_t i = 0; i < rows->n; i++) {
        put_row(out, &rows->rows[i], columns);
        fputc('\n', out);
    }
}
