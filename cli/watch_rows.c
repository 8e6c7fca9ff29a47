/* What is known of each tag, from round to round. */
#include "cli/watch.h"

#include <stdlib.h>
#include <string.h>

s7_status watch_rows_new(const struct cli_tag *tags, size_t n, struct watch_rows *out)
{
    struct watch_rows made = {calloc(n, sizeof *made.rows), n};

    if (made.rows == NULL)
        return S7_E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        made.rows[i].tag = &tags[i];
        made.rows[i].status = S7_E_MISUSE;
        made.rows[i].bytes = calloc(1, s7_address_size(&tags[i].address));
        if (made.rows[i].bytes == NULL) {
            watch_rows_free(&made);
            return S7_E_NOMEM;
        }
    }
    *out = made;
    return S7_OK;
}

void watch_rows_free(struct watch_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        free(rows->rows[i].text);
        free(rows->rows[i].bytes);
    }
    free(rows->rows);
    *rows = (struct watch_rows){NULL, 0};
}

void watch_rows_pass(struct watch_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        rows->rows[i].fresh = false;
}

/* Formatting costs more than comparing bytes, which are the same most of the time. */
static bool is_same(const struct watch_row *row, const s7_item *item)
{
    if (row->text == NULL || row->status != item->status)
        return false;
    return item->status == S7_OK ? memcmp(row->bytes, item->data, item->len) == 0 : row->code == item->code;
}

static char *text_of(const s7_item *item)
{
    return item->status == S7_OK ? cli_values_text(item) : strdup(s7_strerror(item->status));
}

/* Other bytes may be the same value: what lies behind the text of a STRING. */
static s7_status take(struct watch_row *row, const s7_item *item, int64_t now_ns)
{
    bool first = row->text == NULL;

    row->fresh = false;
    if (is_same(row, item))
        return S7_OK;
    char *text = text_of(item);
    if (text == NULL)
        return S7_E_NOMEM;
    row->fresh = first || row->status != item->status || strcmp(row->text, text) != 0;
    free(row->text);
    row->text = text;
    row->status = item->status;
    row->code = item->code;
    if (item->status == S7_OK)
        memcpy(row->bytes, item->data, item->len);
    if (row->fresh) {
        row->seen_ns = now_ns;
        row->changes += !first;
    }
    return S7_OK;
}

s7_status watch_rows_take(struct watch_rows *rows, const s7_item *items, int64_t now_ns)
{
    s7_status status = S7_OK;

    for (size_t i = 0; i < rows->n; i++)
        if (take(&rows->rows[i], &items[i], now_ns) != S7_OK)
            status = S7_E_NOMEM;
    return status;
}
