/* What the audit is to note, and write_log: who wrote what, when, before and after.
 *
 * Rows are made while RAM changes, since only then both states are known; audit_flush.c writes them. */
#include "plant_impl.h"

#define TAG_LEN_MAX 256 /* bytes of a tag whose value a row repeats */

/* ---- settings ---- */

static const struct plant_audit defaults = {
    .writes = true, .connections = true, .slow_us = -1, .keep_writes = 10000, .keep_events = 10000};

/* Whatever was smuggled past the table's checks, as something that is allowed. */
static int64_t bounded(sqlite3_stmt *q, int column)
{
    int64_t value = sqlite3_column_int64(q, column);

    return value < 0 ? 0 : value > 10000000 ? 10000000 : value;
}

static void take_row(struct plant_audit *audit, sqlite3_stmt *q)
{
    audit->writes = sqlite3_column_int(q, 0) != 0;
    audit->connections = sqlite3_column_int(q, 1) != 0;
    audit->jobs = sqlite3_column_int(q, 2) != 0;
    audit->errors = sqlite3_column_int(q, 3) != 0;
    audit->slow_us = sqlite3_column_type(q, 4) == SQLITE_NULL ? -1 : sqlite3_column_int64(q, 4);
    audit->keep_writes = bounded(q, 5);
    audit->keep_events = bounded(q, 6);
}

/* Without its row everything is as in a new file. */
s7_status audit_reread(plant *p, int64_t row)
{
    sqlite3_stmt *q = p->sql[SQL_AUDIT];
    struct plant_audit fresh = defaults;

    (void)row;
    if (sqlite3_step(q) == SQLITE_ROW)
        take_row(&fresh, q);
    s7_status status = plant_sql_end(p, SQL_AUDIT, S7_OK, "read the table audit");
    if (status == S7_OK) {
        p->audit = fresh;
        p->log.prune = true;
    }
    return status;
}

const struct plant_audit *plant_audit_settings(const plant *p)
{
    return &p->audit;
}

/* ---- room ---- */

static bool is_on(const plant *p)
{
    return p->audit.writes && !p->options.read_only;
}

/* What cannot be committed at once must not fill the memory. A store that is committed with its turn always
 * has its row. */
static bool is_full(const plant *p, bool store)
{
    return p->log.n >= PLANT_LOG_WAITING && (!store || p->options.durability == PLANT_MEMORY);
}

static uint16_t kept(uint32_t len)
{
    return (uint16_t)(len < LOG_BYTES_MAX ? len : LOG_BYTES_MAX);
}

bool log_room(plant *p, uint32_t len)
{
    struct plant_log *log = &p->log;

    if (!is_on(p) || is_full(p, true))
        return true;
    return plant_grow((void **)&log->rows, &log->cap, log->n + 1, sizeof *log->rows) &&
           plant_grow((void **)&log->bytes, &log->cap_bytes, log->n_bytes + 2U * kept(len), 1);
}

/* For an edit: nobody can be told that there is no room for its row, so it is counted. */
static bool edit_room(plant *p, uint32_t len)
{
    if (!is_on(p))
        return false;
    if (!is_full(p, false) && log_room(p, len))
        return true;
    p->log.lost++;
    return false;
}

/* ---- tags ---- */

/* Bits share a byte: a write of one is no write of the others. */
static bool is_touched(const struct mirror_tag *tag, const struct mirror_block *block, uint32_t offset,
                       const uint8_t *src)
{
    if (tag->address.type != S7_TYPE_BOOL || tag->address.count > 1)
        return true;
    uint8_t moved = block->bytes[tag->offset] ^ src[tag->offset - offset];
    return (moved >> tag->address.bit & 1) != 0;
}

static void choose_tags(struct plant_log *log, struct mirror_block *block, uint32_t offset,
                        const uint8_t *src, uint32_t len)
{
    struct mirror_tag *tag;
    size_t at = 0;

    log->n_named = 0;
    log->more_named = false;
    while (!log->more_named && (tag = tag_next(block, offset, len, &at)) != NULL) {
        if (!is_touched(tag, block, offset, src))
            continue;
        if (log->n_named == LOG_TAGS_MAX)
            log->more_named = true;
        else
            log->named[log->n_named++] = tag;
    }
}

static void append(char *list, const char *text)
{
    size_t len = strlen(list), left = LOG_TEXT_CAP - len;
    const char *comma = len > 0 ? ", " : "";

    if (left <= strlen(comma))
        return;
    snprintf(list + len, left, "%s%.*s", comma, plant_utf8_clip(text, left - strlen(comma) - 1), text);
}

static void name_tags(const struct plant_log *log, char *out)
{
    out[0] = '\0';
    for (size_t i = 0; i < log->n_named; i++)
        append(out, log->named[i]->name);
    if (log->more_named)
        append(out, "...");
}

/* Until the next one. */
static const char *shown(plant *p, const struct mirror_tag *tag)
{
    if (tag->len > TAG_LEN_MAX)
        return "...";
    tag_utf8(p, tag);
    p->utf8[plant_utf8_clip(p->utf8, LOG_TEXT_CAP - 1)] = '\0';
    return p->utf8;
}

static void tag_values(plant *p, char *out)
{
    const struct plant_log *log = &p->log;

    out[0] = '\0';
    for (size_t i = 0; i < log->n_named; i++)
        append(out, shown(p, log->named[i]));
    if (log->more_named)
        append(out, "...");
}

/* ---- rows ---- */

static void keep_bytes(struct plant_log *log, const uint8_t *bytes, uint16_t len)
{
    if (len > 0)
        memcpy(log->bytes + log->n_bytes, bytes, len);
    log->n_bytes += len;
}

/* There is room for it. */
static struct log_row *add_row(plant *p, const struct mirror_block *block, uint32_t offset, uint32_t len)
{
    struct plant_log *log = &p->log;
    struct log_row *row = &log->rows[log->n++];

    row->wall_ms = log->wall_ms;
    row->plc = block->plc->pub.id;
    row->source = PLANT_BY_SQL;
    row->conn = 0;
    row->peer[0] = row->tag[0] = row->before[0] = row->after[0] = '\0';
    row->area = block->pub.area;
    row->number = block->pub.number;
    row->offset = offset;
    row->len = len;
    row->at = log->n_bytes;
    row->has_before = row->has_after = false;
    row->n_before = row->n_after = 0;
    return row;
}

static struct log_row *begin(plant *p, struct mirror_block *block, uint32_t offset, const uint8_t *src,
                             uint32_t len)
{
    struct log_row *row = add_row(p, block, offset, len);

    row->has_before = row->has_after = true;
    row->n_before = row->n_after = kept(len);
    keep_bytes(&p->log, block->bytes + offset, row->n_before);
    choose_tags(&p->log, block, offset, src, len);
    name_tags(&p->log, row->tag);
    tag_values(p, row->before);
    p->log.begun = true;
    return row;
}

/* A row of who stores now, which goes when the turn is undone. */
static void sign(struct plant_log *log, struct log_row *row)
{
    row->source = log->source;
    row->conn = log->conn;
    snprintf(row->peer, sizeof row->peer, "%s", log->peer);
    log->n_stored++;
}

void log_store_begin(plant *p, struct mirror_block *block, uint32_t offset, const uint8_t *src, uint32_t len)
{
    struct plant_log *log = &p->log;

    if (!is_on(p) || len == 0)
        return;
    if (is_full(p, true)) {
        log->lost++;
        return;
    }
    sign(log, begin(p, block, offset, src, len));
}

void log_tag_begin(plant *p, struct mirror_block *block, uint32_t offset, const uint8_t *src, uint32_t len)
{
    if (!p->log.again && memcmp(block->bytes + offset, src, len) != 0 && edit_room(p, len))
        begin(p, block, offset, src, len);
}

/* From the first byte that differs to the last one. */
static void differing(const uint8_t *a, const uint8_t *b, uint32_t len, uint32_t *from, uint32_t *to)
{
    *from = 0;
    *to = len;
    while (*from < *to && a[*from] == b[*from])
        ++*from;
    while (*to > *from && a[*to - 1] == b[*to - 1])
        --*to;
}

void log_block_begin(plant *p, struct mirror_block *block, const uint8_t *src)
{
    uint32_t from, to;

    if (!is_on(p) || p->log.again)
        return;
    differing(block->bytes, src, block->pub.len, &from, &to);
    if (from < to && edit_room(p, to - from))
        begin(p, block, from, src + from, to - from);
}

void log_end(plant *p, const struct mirror_block *block)
{
    struct plant_log *log = &p->log;

    if (!log->begun)
        return;
    struct log_row *row = &log->rows[log->n - 1];
    keep_bytes(log, block->bytes + row->offset, row->n_after);
    tag_values(p, row->after);
    log->begun = false;
}

/* ---- blocks that come and go ---- */

/* Bytes of one side from an offset on; a side that is not there has none. */
static void side(struct plant_log *log, const struct mirror_block *block, uint32_t offset, bool *has,
                 uint16_t *n)
{
    *has = block != NULL;
    *n = block == NULL || offset >= block->pub.len ? 0 : kept(block->pub.len - offset);
    if (*n > 0)
        keep_bytes(log, block->bytes + offset, *n);
}

/* NULL: it makes no row. */
static struct log_row *note_blocks(plant *p, const struct mirror_block *old, const struct mirror_block *fresh)
{
    uint32_t old_len = old != NULL ? old->pub.len : 0, fresh_len = fresh != NULL ? fresh->pub.len : 0;
    uint32_t len = old_len > fresh_len ? old_len : fresh_len, from = 0, to;

    if (old != NULL && fresh != NULL)
        differing(old->bytes, fresh->bytes, old_len < fresh_len ? old_len : fresh_len, &from, &to);
    if (!edit_room(p, len - from))
        return NULL;
    struct log_row *row = add_row(p, old != NULL ? old : fresh, from, len - from);
    side(&p->log, old, from, &row->has_before, &row->n_before);
    side(&p->log, fresh, from, &row->has_after, &row->n_after);
    return row;
}

static bool same_place(const struct mirror_block *a, const struct mirror_block *b)
{
    return a->plc == b->plc && a->pub.area == b->pub.area && a->pub.number == b->pub.number;
}

void log_blocks(plant *p, const struct mirror_block *old, const struct mirror_block *fresh)
{
    if (p->log.again)
        return;
    if (old != NULL && fresh != NULL && same_place(old, fresh)) {
        note_blocks(p, old, fresh);
        return;
    }
    if (old != NULL)
        note_blocks(p, old, NULL);
    if (fresh != NULL)
        note_blocks(p, NULL, fresh);
}

void log_load(plant *p, const struct mirror_block *old, const struct mirror_block *fresh)
{
    struct log_row *row = note_blocks(p, old, fresh);

    if (row != NULL)
        sign(&p->log, row);
}

/* ---- the end of rows ---- */

void log_undo(plant *p)
{
    struct plant_log *log = &p->log;

    log->n -= log->n_stored;
    log->n_stored = 0;
    log->n_bytes = 0;
    if (log->n > 0) {
        const struct log_row *last = &log->rows[log->n - 1];
        log->n_bytes = last->at + last->n_before + last->n_after;
    }
}

void log_free(plant *p)
{
    free(p->log.rows);
    free(p->log.bytes);
}
