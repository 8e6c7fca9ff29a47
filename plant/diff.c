/* How two plants differ: PLCs and what is set of them. */
#include "diff_impl.h"

const char *plant_part_name(enum plant_part part)
{
    static const char *const names[] = {
        [PLANT_PART_PLC] = "plc",        [PLANT_PART_SETTING] = "setting", [PLANT_PART_SZL] = "szl",
        [PLANT_PART_CODE] = "code",      [PLANT_PART_BLOCK] = "block",     [PLANT_PART_BYTES] = "bytes",
        [PLANT_PART_TAG] = "tag",        [PLANT_PART_ADDRESS] = "address", [PLANT_PART_VALUE] = "value",
        [PLANT_PART_COMMENT] = "comment"};

    return names[part];
}

void diff_tell(struct diff *diff, struct plant_difference difference)
{
    if (difference.plc == NULL)
        difference.plc = diff->plc[0]->name;
    diff->n++;
    if (diff->fn != NULL)
        diff->fn(&difference, diff->arg);
}

void diff_fail(struct diff *diff, const plant *p)
{
    if (diff->status != S7_OK)
        return;
    *diff->error = p->last_error;
    diff->status = p->last_error.status;
}

void diff_nomem(struct diff *diff)
{
    if (diff->status == S7_OK)
        diff->status = plant_fail(diff->error, S7_E_NOMEM, "out of memory");
}

/* ---- settings ---- */

static sqlite3_stmt *settings_of(struct diff *diff, int side)
{
    plant *p = diff->p[side];
    sqlite3_stmt *q = NULL;

    if (sqlite3_prepare_v2(p->db, "SELECT * FROM plc WHERE id = ?1", -1, &q, NULL) != SQLITE_OK ||
        sqlite3_bind_int64(q, 1, diff->plc[side]->id) != SQLITE_OK || sqlite3_step(q) != SQLITE_ROW) {
        plant_sql_fail(p, "read the table plc");
        diff_fail(diff, p);
    }
    return q;
}

/* What went wrong in getting at the columns shows here. */
static void settings_done(struct diff *diff, int side, sqlite3_stmt *q)
{
    if (sqlite3_finalize(q) == SQLITE_OK)
        return;
    plant_sql_fail(diff->p[side], "read the table plc");
    diff_fail(diff, diff->p[side]);
}

/* Both have the same schema, hence the same columns; the first is the id. */
static void settings(struct diff *diff)
{
    sqlite3_stmt *a = settings_of(diff, 0), *b = settings_of(diff, 1);

    for (int i = 1; diff->status == S7_OK && i < sqlite3_column_count(a); i++) {
        const char *left = export_column(a, i), *right = export_column(b, i);
        if ((left == NULL) != (right == NULL) || (left != NULL && strcmp(left, right) != 0))
            diff_tell(diff, (struct plant_difference){.part = PLANT_PART_SETTING,
                                                      .name = sqlite3_column_name(a, i),
                                                      .a = left,
                                                      .b = right});
    }
    settings_done(diff, 0, a);
    settings_done(diff, 1, b);
}

/* ---- status lists ---- */

static uint32_t key(const struct plant_szl *szl)
{
    return (uint32_t)szl->list << 16 | szl->index;
}

static void szl(struct diff *diff, const struct plant_szl *a, const struct plant_szl *b)
{
    const struct plant_szl *one = a != NULL ? a : b;
    char name[16], left[48], right[48];

    if (a != NULL && b != NULL && a->record_len == b->record_len && a->len == b->len &&
        memcmp(a->data, b->data, a->len) == 0)
        return;
    snprintf(name, sizeof name, "%04X/%u", one->list, one->index);
    if (a != NULL)
        snprintf(left, sizeof left, "%u bytes%s", a->len,
                 b != NULL && b->len == a->len ? ", other ones" : "");
    if (b != NULL)
        snprintf(right, sizeof right, "%u bytes", b->len);
    diff_tell(diff, (struct plant_difference){.part = PLANT_PART_SZL,
                                              .name = name,
                                              .a = a != NULL ? left : NULL,
                                              .b = b != NULL ? right : NULL});
}

static void status_lists(struct diff *diff)
{
    size_t n_a, n_b, i = 0, k = 0;
    const struct plant_szl *a = plant_szl(diff->p[0], diff->plc[0], &n_a);
    const struct plant_szl *b = plant_szl(diff->p[1], diff->plc[1], &n_b);

    while (i < n_a || k < n_b) {
        bool left = k == n_b || (i < n_a && key(&a[i]) <= key(&b[k]));
        bool right = i == n_a || (k < n_b && key(&b[k]) <= key(&a[i]));
        szl(diff, left ? &a[i] : NULL, right ? &b[k] : NULL);
        i += left;
        k += right;
    }
}

/* ---- downloaded blocks ---- */

static void code(struct diff *diff, const struct plant_code *a, const struct plant_code *b)
{
    const struct plant_code *one = a != NULL ? a : b;
    char name[16], left[48], right[48];

    if (a != NULL && b != NULL && a->len == b->len && memcmp(a->file, b->file, a->len) == 0)
        return;
    snprintf(name, sizeof name, "%s%u", plant_kind_name(one->kind), one->number);
    snprintf(left, sizeof left, "%u bytes%s", a != NULL ? a->len : 0,
             a != NULL && b != NULL && a->len == b->len ? ", other ones" : "");
    snprintf(right, sizeof right, "%u bytes", b != NULL ? b->len : 0);
    diff_tell(diff, (struct plant_difference){.part = PLANT_PART_CODE,
                                              .name = name,
                                              .a = a != NULL ? left : NULL,
                                              .b = b != NULL ? right : NULL});
}

static void code_of_a(const struct plant_code *mine, void *arg)
{
    struct diff *diff = arg;

    code(diff, mine, plant_code_find(diff->p[1], diff->plc[1], mine->kind, mine->number));
}

static void code_of_b(const struct plant_code *mine, void *arg)
{
    struct diff *diff = arg;

    if (plant_code_find(diff->p[0], diff->plc[0], mine->kind, mine->number) == NULL)
        code(diff, NULL, mine);
}

/* ---- PLCs ---- */

static const struct plant_plc *plc_named(const plant *p, const char *name)
{
    for (size_t i = 0; i < plant_plc_count(p); i++)
        if (strcmp(plant_plc_at(p, i)->name, name) == 0)
            return plant_plc_at(p, i);
    return NULL;
}

static void compare(struct diff *diff, const struct plant_plc *a, const struct plant_plc *b)
{
    diff->plc[0] = a;
    diff->plc[1] = b;
    settings(diff);
    if (strcmp(a->cpu, b->cpu) == 0) /* another CPU tells other things by itself */
        status_lists(diff);
    plant_codes(diff->p[0], diff->plc[0], code_of_a, diff);
    plant_codes(diff->p[1], diff->plc[1], code_of_b, diff);
    diff_blocks(diff);
    diff_tags(diff);
}

static void only(struct diff *diff, const struct plant_plc *plc, bool in_a)
{
    diff_tell(diff, (struct plant_difference){.part = PLANT_PART_PLC,
                                              .plc = plc->name,
                                              .name = plc->name,
                                              .a = in_a ? plc->cpu : NULL,
                                              .b = in_a ? NULL : plc->cpu});
}

static void compare_all(struct diff *diff)
{
    plant *a = diff->p[0], *b = diff->p[1];

    if (plant_plc_count(a) == 1 && plant_plc_count(b) == 1) {
        compare(diff, plant_plc_at(a, 0), plant_plc_at(b, 0));
        return;
    }
    for (size_t i = 0; i < plant_plc_count(a) && diff->status == S7_OK; i++) {
        const struct plant_plc *plc = plant_plc_at(a, i), *other = plc_named(b, plc->name);
        if (other != NULL)
            compare(diff, plc, other);
        else
            only(diff, plc, true);
    }
    for (size_t i = 0; i < plant_plc_count(b) && diff->status == S7_OK; i++)
        if (plc_named(a, plant_plc_at(b, i)->name) == NULL)
            only(diff, plant_plc_at(b, i), false);
}

s7_status plant_diff(const char *path_a, const char *path_b,
                     void (*fn)(const struct plant_difference *difference, void *arg), void *arg, size_t *n,
                     struct plant_error *error)
{
    struct diff diff = {.fn = fn, .arg = arg, .error = error};

    diff.status = plant_open_to_look(path_a, &diff.p[0], error);
    if (diff.status == S7_OK)
        diff.status = plant_open_to_look(path_b, &diff.p[1], error);
    if (diff.status == S7_OK)
        compare_all(&diff);
    plant_close(diff.p[0]);
    plant_close(diff.p[1]);
    *n = diff.n;
    return diff.status;
}
