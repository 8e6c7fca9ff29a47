/* What `s7rig watch` prints where nobody looks at a screen: a line for each change. */
#include "cli/watch.h"

#include <time.h>

#define NS_PER_S INT64_C(1000000000)

void watch_time_text(int64_t time_ns, bool iso, char text[WATCH_TIME_CAP])
{
    time_t seconds = (time_t)(time_ns / NS_PER_S);
    unsigned ms = (unsigned)(time_ns % NS_PER_S / 1000000);
    struct tm local = {0};
    char zone[8] = "";

    localtime_r(&seconds, &local);
    size_t len = strftime(text, WATCH_TIME_CAP, iso ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &local);
    if (iso)
        strftime(zone, sizeof zone, "%z", &local); /* +0100 */
    snprintf(text + len, WATCH_TIME_CAP - len, ".%03u%.3s%s%.2s", ms % 1000, zone, iso ? ":" : "",
             iso ? zone + 3 : "");
}

void watch_lines_begin(FILE *out, enum cli_format format)
{
    if (format == CLI_CSV)
        fprintf(out, "time,tag,status,value,error\n");
}

/* ---- one row ---- */

static void text_line(FILE *out, const char *time, const struct watch_row *row)
{
    fprintf(out, "%s ", time);
    cli_print_utf8(out, cli_tag_name(row->tag));
    fprintf(out, row->status == S7_OK ? " = %s\n" : ": %s\n", row->text);
}

static void csv_line(FILE *out, const char *time, const struct watch_row *row)
{
    fprintf(out, "%s,", time);
    cli_csv_utf8(out, cli_tag_name(row->tag));
    fprintf(out, ",%s,", s7_errname(row->status));
    if (row->status != S7_OK)
        fputc(',', out);
    cli_csv_utf8(out, row->text);
    fprintf(out, row->status == S7_OK ? ",\n" : "\n");
}

static void json_line(FILE *out, const char *time, const struct watch_row *row, const s7_item *item)
{
    fprintf(out, "{\"time\": \"%s\", ", time);
    if (row->tag->symbol != NULL) {
        fprintf(out, "\"name\": ");
        cli_json_utf8(out, row->tag->symbol);
        fprintf(out, ", ");
    }
    fprintf(out, "\"address\": \"%s\", \"status\": \"%s\"", row->tag->text, s7_errname(row->status));
    if (row->status == S7_OK) {
        fprintf(out, ", \"value\": ");
        cli_print_values(out, item, true);
    } else {
        fprintf(out, ", \"code\": %u, \"error\": \"%s\"", row->code, row->text);
    }
    fprintf(out, "}\n");
}

void watch_lines_rows(FILE *out, enum cli_format format, const struct watch_rows *rows, const s7_item *items)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct watch_row *row = &rows->rows[i];
        char time[WATCH_TIME_CAP];

        if (!row->fresh)
            continue;
        watch_time_text(row->seen_ns, format != CLI_TEXT, time);
        if (format == CLI_JSON)
            json_line(out, time, row, &items[i]);
        else if (format == CLI_CSV)
            csv_line(out, time, row);
        else
            text_line(out, time, row);
    }
}

/* ---- the connection ---- */

void watch_lines_line(FILE *out, FILE *diagnostics, enum cli_format format, const struct watch_line *line)
{
    char time[WATCH_TIME_CAP];

    watch_time_text(line->since_ns, format == CLI_JSON, time);
    if (format != CLI_JSON) {
        fprintf(diagnostics, "s7rig watch: %s %s%s\n", time,
                line->up ? "connected again" : "no values: ", line->up ? "" : line->why);
        return;
    }
    fprintf(out, "{\"time\": \"%s\", \"connected\": %s", time, line->up ? "true" : "false");
    if (!line->up) {
        fprintf(out, ", \"error\": ");
        cli_json_utf8(out, line->why);
    }
    fprintf(out, "}\n");
}
