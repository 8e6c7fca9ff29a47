/* What a PLC is beside its memory: its state and its diagnostic buffer, in RAM and as rows. */
#include "plant_impl.h"

static struct mirror_plc *mirror_of(const struct plant_plc *plc)
{
    return (struct mirror_plc *)(uintptr_t)plc; /* pub is its first member */
}

static void make_dirty(plant *p, struct mirror_plc *plc)
{
    p->cpu_stored = true;
    if (plc->is_dirty)
        return;
    plc->is_dirty = true;
    plc->next_dirty = p->dirty_plcs;
    p->dirty_plcs = plc;
}

/* ---- the buffer in RAM ---- */

static bool grow(struct mirror_plc *plc, size_t more)
{
    size_t cap = plc->cap_diag > 0 ? plc->cap_diag : 16;
    struct mirror_diag *grown;

    if (plc->n_diag + more <= plc->cap_diag)
        return true;
    while (cap < plc->n_diag + more)
        cap *= 2;
    grown = reallocarray(plc->diag, cap, sizeof *grown);
    if (grown == NULL)
        return false;
    plc->diag = grown;
    plc->cap_diag = cap;
    return true;
}

/* Forget the oldest, when they are as many again: entries move once in PLANT_DIAG_MAX. What the file lacks
 * stays. */
static void trim(struct mirror_plc *plc)
{
    size_t keep = plc->n_diag_new > PLANT_DIAG_MAX ? plc->n_diag_new : PLANT_DIAG_MAX;

    if (plc->n_diag < 2 * keep)
        return;
    memmove(plc->diag, plc->diag + plc->n_diag - keep, keep * sizeof *plc->diag);
    plc->n_diag = keep;
}

/* ---- reading ---- */

static bool take_entry(struct mirror_plc *plc, sqlite3_stmt *q)
{
    const void *data = sqlite3_column_blob(q, 0);

    if (data == NULL || sqlite3_column_bytes(q, 0) != PLANT_DIAG_LEN) /* smuggled past the table's checks */
        return true;
    if (!grow(plc, 1))
        return false;
    memcpy(plc->diag[plc->n_diag++].data, data, PLANT_DIAG_LEN);
    return true;
}

static void reverse(struct mirror_diag *entries, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        struct mirror_diag other = entries[i];
        entries[i] = entries[n - 1 - i];
        entries[n - 1 - i] = other;
    }
}

/* The rows, and behind them what waits to be one. On failure the buffer is as it was. */
static s7_status read_entries(plant *p, struct mirror_plc *plc)
{
    sqlite3_stmt *q = p->sql[SQL_DIAG_OF];
    struct mirror_plc fresh = {0};
    s7_status status = S7_OK;

    sqlite3_bind_int64(q, 1, plc->pub.id);
    sqlite3_bind_int(q, 2, PLANT_DIAG_MAX);
    while (status == S7_OK && sqlite3_step(q) == SQLITE_ROW)
        status = take_entry(&fresh, q) ? S7_OK : S7_E_NOMEM;
    status = plant_sql_end(p, SQL_DIAG_OF, status, "read the table diagnostic");
    if (status == S7_OK && !grow(&fresh, plc->n_diag_new))
        status = S7_E_NOMEM;
    if (status != S7_OK) {
        free(fresh.diag);
        return status;
    }
    reverse(fresh.diag, fresh.n_diag);
    if (plc->n_diag_new > 0)
        memcpy(fresh.diag + fresh.n_diag, plc->diag + plc->n_diag - plc->n_diag_new,
               plc->n_diag_new * sizeof *plc->diag);
    free(plc->diag);
    plc->diag = fresh.diag;
    plc->n_diag = fresh.n_diag + plc->n_diag_new;
    plc->cap_diag = fresh.cap_diag;
    return S7_OK;
}

s7_status cpu_diag_reread(plant *p, int64_t plc)
{
    struct mirror_plc *mirror = idmap_find(&p->plcs_by_id, plc);

    return mirror != NULL ? read_entries(p, mirror) : S7_OK;
}

s7_status cpu_load(plant *p)
{
    s7_status status = S7_OK;

    for (size_t i = 0; i < p->n_plcs && status == S7_OK; i++) {
        status = read_entries(p, p->plcs[i]);
        if (status == S7_OK)
            status = personality_reread(p, p->plcs[i]);
        if (status == S7_OK)
            status = szl_reread(p, p->plcs[i]->pub.id);
    }
    return status;
}

/* ---- the turn ---- */

s7_status plant_set_state(plant *p, const struct plant_plc *plc, const struct plant_state *state)
{
    struct mirror_plc *mirror = mirror_of(plc);

    assert(p->in_turn);
    if (!p->may_store)
        return S7_E_MISUSE;
    if (!mirror->set)
        mirror->before = mirror->pub.state;
    mirror->set = mirror->state_dirty = true;
    mirror->pub.state = *state;
    make_dirty(p, mirror);
    return S7_OK;
}

s7_status plant_diag_add(plant *p, const struct plant_plc *plc, const uint8_t *entry, const char *text)
{
    struct mirror_plc *mirror = mirror_of(plc);

    assert(p->in_turn);
    if (!p->may_store)
        return S7_E_MISUSE;
    if (!grow(mirror, 1))
        return S7_E_NOMEM;
    struct mirror_diag *fresh = &mirror->diag[mirror->n_diag++];
    memcpy(fresh->data, entry, PLANT_DIAG_LEN);
    snprintf(fresh->text, sizeof fresh->text, "%.*s", plant_utf8_clip(text, sizeof fresh->text - 1), text);
    mirror->n_diag_new++;
    mirror->n_diag_turn++;
    make_dirty(p, mirror);
    return S7_OK;
}

/* A PLC that stays in the list without anything to write costs nothing but a look. */
void cpu_undo(plant *p)
{
    for (struct mirror_plc *plc = p->dirty_plcs; plc != NULL; plc = plc->next_dirty) {
        if (plc->set)
            plc->pub.state = plc->before;
        plc->n_diag -= plc->n_diag_turn;
        plc->n_diag_new -= plc->n_diag_turn;
    }
}

void cpu_turn_done(plant *p)
{
    if (p->cpu_stored)
        for (size_t i = 0; i < p->n_plcs; i++) {
            p->plcs[i]->set = false;
            p->plcs[i]->n_diag_turn = 0;
            trim(p->plcs[i]);
        }
    p->cpu_stored = false;
}

/* ---- writing ---- */

static int write_state(plant *p, const struct mirror_plc *plc)
{
    sqlite3_stmt *q = p->sql[SQL_PLC_SET_STATE];

    sqlite3_bind_int64(q, 1, plc->pub.id);
    sqlite3_bind_text(q, 2, plc->pub.state.mode == PLANT_STOP ? "STOP" : "RUN", -1, SQLITE_STATIC);
    sqlite3_bind_int64(q, 3, plc->pub.state.clock_ms);
    return plant_sql_run(p, SQL_PLC_SET_STATE);
}

static int write_entry(plant *p, const struct mirror_plc *plc, const struct mirror_diag *entry)
{
    sqlite3_stmt *q = p->sql[SQL_DIAG_ADD];

    sqlite3_bind_int64(q, 1, plc->pub.id);
    sqlite3_bind_blob(q, 2, entry->data, PLANT_DIAG_LEN, SQLITE_STATIC);
    sqlite3_bind_text(q, 3, entry->text, -1, SQLITE_STATIC);
    int rc = plant_sql_run(p, SQL_DIAG_ADD);
    sqlite3_clear_bindings(q);
    return rc;
}

static int prune(plant *p, const struct mirror_plc *plc)
{
    sqlite3_stmt *q = p->sql[SQL_DIAG_PRUNE];

    sqlite3_bind_int64(q, 1, plc->pub.id);
    sqlite3_bind_int(q, 2, PLANT_DIAG_MAX);
    return plant_sql_run(p, SQL_DIAG_PRUNE);
}

int cpu_flush(plant *p)
{
    int rc = SQLITE_OK;

    for (struct mirror_plc *plc = p->dirty_plcs; plc != NULL && rc == SQLITE_OK; plc = plc->next_dirty) {
        if (plc->pub.gone) /* rows without their PLC would belong to a later one of its id */
            continue;
        if (plc->state_dirty)
            rc = write_state(p, plc);
        for (size_t i = plc->n_diag - plc->n_diag_new; i < plc->n_diag && rc == SQLITE_OK; i++)
            rc = write_entry(p, plc, &plc->diag[i]);
        if (rc == SQLITE_OK && plc->n_diag_new > 0)
            rc = prune(p, plc);
    }
    return rc;
}

void cpu_clean(plant *p)
{
    for (struct mirror_plc *plc = p->dirty_plcs; plc != NULL; plc = plc->next_dirty) {
        plc->is_dirty = plc->state_dirty = false;
        plc->n_diag_new = 0;
    }
    p->dirty_plcs = NULL;
}

/* ---- what users of plant.h see ---- */

uint64_t plant_plcs_version(const plant *p)
{
    return p->plcs_version;
}

size_t plant_diag_count(const plant *p, const struct plant_plc *plc)
{
    size_t n = mirror_of(plc)->n_diag;

    (void)p;
    return n < PLANT_DIAG_MAX ? n : PLANT_DIAG_MAX;
}

const uint8_t *plant_diag_at(const plant *p, const struct plant_plc *plc, size_t index)
{
    const struct mirror_plc *mirror = mirror_of(plc);

    (void)p;
    return mirror->diag[mirror->n_diag - 1 - index].data;
}
