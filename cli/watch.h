/* watch.h - what `s7rig watch` is made of: rows that remember, a screen, lines, and who interrupts. */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include "cli/cli.h"

#include <s7rig/plan.h>

/* ---- rows (watch_rows.c) ---- */

/* A tag, and what was last known of it. Times are of CLOCK_REALTIME. */
struct watch_row {
    const struct cli_tag *tag;
    s7_status status; /* S7_E_MISUSE: the PLC has not answered yet */
    uint8_t code;     /* return code of the item */
    char *text;       /* the value, or why there is none; NULL: not yet */
    uint8_t *bytes;   /* of the value that text tells */
    bool fresh;       /* changed in the last round, or seen for the first time */
    uint64_t changes; /* the first value is none */
    int64_t seen_ns;  /* since when it is what it is, as far as we know */
};

struct watch_rows {
    struct watch_row *rows;
    size_t n;
};

/* S7_E_NOMEM. The tags are the caller's and must stay. */
S7_MUST_CHECK s7_status watch_rows_new(const struct cli_tag *tags, size_t n, struct watch_rows *out);
void watch_rows_free(struct watch_rows *rows);

/* A round was answered: items[i] is that of rows[i]. S7_E_NOMEM: rows that could not be told are as before.
 */
S7_MUST_CHECK s7_status watch_rows_take(struct watch_rows *rows, const s7_item *items, int64_t now_ns);

/* A round was not answered: nothing is fresh. */
void watch_rows_pass(struct watch_rows *rows);

/* ---- the connection, as users see it ---- */

struct watch_line {
    bool up;
    int64_t since_ns;
    char why[S7_CAME_CAP]; /* it is not up */
};

/* ---- the screen (watch_screen.c) ---- */

struct watch_view {
    const struct watch_rows *rows;
    const struct watch_line *line;
    const char *endpoint;
    uint32_t every_ms;
    size_t first; /* row at the top */
};

/* How many rows of the table a screen of that height has room for. */
size_t watch_screen_room(size_t n_rows, unsigned height);

/* The whole screen, from its upper left corner on, for a terminal of that size. */
void watch_screen_draw(FILE *out, const struct watch_view *view, unsigned height, unsigned width);

/* The table alone as plain text, all rows and nothing cut. */
void watch_screen_table(FILE *out, const struct watch_rows *rows);

/* ---- lines (watch_lines.c) ---- */

/* What comes before everything. */
void watch_lines_begin(FILE *out, enum cli_format format);

/* A line for each row that is fresh, items as in watch_rows_take. */
void watch_lines_rows(FILE *out, enum cli_format format, const struct watch_rows *rows, const s7_item *items);

/* The connection came or went: to diagnostics, in JSON to out. */
void watch_lines_line(FILE *out, FILE *diagnostics, enum cli_format format, const struct watch_line *line);

#define WATCH_TIME_CAP 48
/* "2026-11-24 19:03:25.478"; iso: "2026-11-24T19:03:25.478+01:00". Local time. */
void watch_time_text(int64_t time_ns, bool iso, char text[WATCH_TIME_CAP]);

/* ---- keys and signals (watch_keys.c) ---- */

/* A thread takes keys and signals, so that a call that waits for the PLC is ended at once. */
struct watch_keys;

/* What was asked for since the last look. */
struct watch_wish {
    bool end;    /* q, Ctrl-C, SIGINT, SIGTERM, SIGHUP; it stays */
    bool redraw; /* the window has another size, or a key moved */
    int lines;   /* down; up: negative */
    int pages;
};

/* From now on signals are wishes; screen: stdin's keys as well (where it is a terminal), and the terminal is
 * in the state that the screen needs. token is cancelled when the end is asked for. S7_E_NOMEM, S7_E_IO. */
S7_MUST_CHECK s7_status watch_keys_new(s7_token *token, bool screen, struct watch_keys **out);

/* The terminal is as it was, signals do what they did. NULL is fine. */
void watch_keys_free(struct watch_keys *keys);

/* Wait for a wish, until deadline_ns (CLOCK_MONOTONIC) at most. */
struct watch_wish watch_keys_wait(struct watch_keys *keys, int64_t deadline_ns);

#endif
