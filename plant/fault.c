/* Faults: rows of `fault` in RAM, and what waits to be written back to them. */
#include "plant_impl.h"

/* ---- reading ---- */

/* Why a row is not listed. These texts in `error` are ours: they go when their reason does. */
static const char no_plc[] = "fault.plc is no PLC that is served; a new one is from the next start on";
static const char bad_name[] = "fault.name has 1 to 31 bytes, none of them 0";
static const char bad_args[] = "fault.args has at most 255 bytes, none of them 0";
static const char too_many[] = "not taken: only the first 1000 rows of fault are";

static bool is_ours(const char *error)
{
    const char *const ours[] = {no_plc, bad_name, bad_args, too_many};

    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (strcmp(error, ours[i]) == 0)
            return true;
    return false;
}

/* The table's checks want texts that fit, but a foreign program can switch checks off. */
static bool take_text(char *dst, size_t cap, sqlite3_stmt *q, int column)
{
    const char *text = (const char *)sqlite3_column_text(q, column);
    size_t len = (size_t)sqlite3_column_bytes(q, column);

    if (text == NULL || len >= cap || strlen(text) != len)
        return false;
    memcpy(dst, text, len + 1);
    return true;
}

static void set_error(struct mirror_fault *row, const char *text)
{
    snprintf(row->error, sizeof row->error, "%.*s", plant_utf8_clip(text, sizeof row->error - 1), text);
}

/* NULL: it can be listed. */
static const char *take_definition(plant *p, struct mirror_fault *row, sqlite3_stmt *q)
{
    const struct mirror_plc *plc = idmap_find(&p->plcs_by_id, sqlite3_column_int64(q, 1));

    if (plc == NULL || plc->pub.gone)
        return no_plc;
    if (!take_text(row->pub.name, sizeof row->pub.name, q, 2) || row->pub.name[0] == '\0')
        return bad_name;
    if (!take_text(row->pub.args, sizeof row->pub.args, q, 3))
        return bad_args;
    row->pub.plc = &plc->pub;
    return NULL;
}

static void take_counts(struct mirror_fault *row, sqlite3_stmt *q)
{
    const char *error = (const char *)sqlite3_column_text(q, 7);

    row->pub.armed = sqlite3_column_int(q, 4) != 0;
    row->matched = sqlite3_column_int64(q, 5);
    row->fired = sqlite3_column_int64(q, 6);
    set_error(row, error != NULL ? error : "");
}

/* What waits to be written is newer than the row. */
static void keep_counts(struct mirror_fault *row, const struct mirror_fault *old)
{
    row->pub.armed = old->pub.armed;
    row->matched = old->matched;
    row->fired = old->fired;
    memcpy(row->error, old->error, sizeof row->error);
    row->dirty = old->dirty;
}

static struct mirror_fault *find(struct mirror_faults *faults, int64_t id)
{
    size_t low = 0, high = faults->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (faults->rows[mid].pub.id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low < faults->n && faults->rows[low].pub.id == id ? &faults->rows[low] : NULL;
}

/* The number that `change` gave to an edit is its version, so that an edit which is owed, and read again for
 * that, is not taken for another one. */
static void take_version(struct mirror_fault *row, const struct mirror_fault *old, sqlite3_stmt *q)
{
    if (sqlite3_column_type(q, 8) != SQLITE_NULL)
        row->pub.version = (uint64_t)sqlite3_column_int64(q, 8);
    else if (old != NULL)
        row->pub.version = old->pub.version;
}

static void take_row(plant *p, struct mirror_fault *row, sqlite3_stmt *q)
{
    const struct mirror_fault *old;
    const char *refused;

    *row = (struct mirror_fault){.pub.id = sqlite3_column_int64(q, 0)};
    old = find(&p->faults, row->pub.id);
    refused = take_definition(p, row, q);
    take_version(row, old, q);
    if (old != NULL && old->dirty && old->pub.version == row->pub.version)
        keep_counts(row, old);
    else
        take_counts(row, q);
    if (refused != NULL ? strcmp(row->error, refused) != 0 : is_ours(row->error)) {
        set_error(row, refused != NULL ? refused : "");
        row->dirty = true;
    }
}

static bool grow(struct mirror_faults *faults)
{
    size_t cap = faults->cap == 0 ? 8 : faults->cap * 2;
    struct mirror_fault *grown;

    if (faults->n < faults->cap)
        return true;
    grown = reallocarray(faults->rows, cap, sizeof *grown);
    if (grown == NULL)
        return false;
    faults->rows = grown;
    faults->cap = cap;
    return true;
}

static s7_status add(plant *p, struct mirror_faults *faults, sqlite3_stmt *q)
{
    struct mirror_fault *row;

    if (faults->n == PLANT_FAULTS_CAP) {
        faults->more_unsaid = true;
        return S7_OK;
    }
    if (!grow(faults))
        return S7_E_NOMEM;
    row = &faults->rows[faults->n];
    take_row(p, row, q);
    faults->dirty = faults->dirty || row->dirty;
    if (row->pub.plc != NULL)
        faults->listed[faults->n_listed++] = (uint16_t)faults->n;
    faults->n++;
    return S7_OK;
}

s7_status fault_note(plant *p, int64_t id)
{
    (void)id;
    p->faults_moved = true;
    return S7_OK;
}

/* All rows at once, since there are few: which are taken then depends on the table alone, not on the order of
 * edits. */
s7_status fault_reread(plant *p)
{
    sqlite3_stmt *q = p->sql[SQL_FAULT_ALL];
    struct mirror_faults fresh = {.urgent = p->faults.urgent};
    s7_status status = S7_OK;

    if (!p->faults_moved)
        return S7_OK;
    sqlite3_bind_int(q, 1, PLANT_FAULTS_CAP + 1);
    while (status == S7_OK && sqlite3_step(q) == SQLITE_ROW)
        status = add(p, &fresh, q);
    status = plant_sql_end(p, SQL_FAULT_ALL, status, "read the table fault");
    if (status != S7_OK) {
        free(fresh.rows);
        return status;
    }
    free(p->faults.rows);
    p->faults = fresh;
    p->faults_moved = false;
    p->faults_version++;
    return S7_OK;
}

/* ---- writing ---- */

/* A row that cannot be written, since a foreign program gave the table a constraint of its own, must not keep
 * the turn's writes from being committed. */
static int run(plant *p, enum plant_sql which)
{
    int rc = plant_sql_run(p, which);

    sqlite3_clear_bindings(p->sql[which]);
    return (rc & 0xFF) == SQLITE_CONSTRAINT ? SQLITE_OK : rc;
}

static int write_row(plant *p, const struct mirror_fault *row)
{
    sqlite3_stmt *q = p->sql[SQL_FAULT_REPORT];

    sqlite3_bind_int64(q, 1, row->pub.id);
    sqlite3_bind_int64(q, 2, (sqlite3_int64)row->pub.version);
    sqlite3_bind_int64(q, 3, row->matched);
    sqlite3_bind_int64(q, 4, row->fired);
    sqlite3_bind_int(q, 5, row->pub.armed);
    sqlite3_bind_text(q, 6, row->error[0] != '\0' ? row->error : NULL, -1, SQLITE_STATIC);
    return run(p, SQL_FAULT_REPORT);
}

static int refuse_more(plant *p)
{
    sqlite3_stmt *q = p->sql[SQL_FAULT_REFUSE_MORE];

    sqlite3_bind_int64(q, 1, p->faults.rows[p->faults.n - 1].pub.id);
    sqlite3_bind_text(q, 2, too_many, -1, SQLITE_STATIC);
    return run(p, SQL_FAULT_REFUSE_MORE);
}

bool fault_waits(const plant *p)
{
    return p->faults.dirty || p->faults.more_unsaid;
}

int fault_flush(plant *p)
{
    int rc = SQLITE_OK;

    for (size_t i = 0; p->faults.dirty && i < p->faults.n && rc == SQLITE_OK; i++)
        if (p->faults.rows[i].dirty)
            rc = write_row(p, &p->faults.rows[i]);
    if (rc == SQLITE_OK && p->faults.more_unsaid)
        rc = refuse_more(p);
    return rc;
}

void fault_clean(plant *p)
{
    for (size_t i = 0; p->faults.dirty && i < p->faults.n; i++)
        p->faults.rows[i].dirty = false;
    p->faults.dirty = p->faults.urgent = p->faults.more_unsaid = false;
}

/* ---- what users of plant.h see ---- */

uint64_t plant_faults_version(const plant *p)
{
    return p->faults_version;
}

size_t plant_fault_count(const plant *p)
{
    return p->faults.n_listed;
}

const struct plant_fault *plant_fault_at(const plant *p, size_t index)
{
    return &p->faults.rows[p->faults.listed[index]].pub;
}

static int64_t count_of(uint64_t n)
{
    return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

void plant_fault_report(plant *p, const struct plant_fault *fault, uint64_t matched, uint64_t fired,
                        bool armed, const char *error, bool urgent)
{
    struct mirror_fault *row = find(&p->faults, fault->id);

    if (p->options.read_only || row == NULL || row->pub.plc == NULL || row->pub.version != fault->version)
        return;
    row->matched = count_of(matched);
    row->fired = count_of(fired);
    row->pub.armed = armed;
    set_error(row, error != NULL ? error : "");
    row->dirty = p->faults.dirty = true;
    p->faults.urgent = p->faults.urgent || urgent;
}
