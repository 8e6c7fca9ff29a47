/* Blocks as they were downloaded: the rows of `code` of each PLC in RAM. move.c changes them. */
#include "plant_impl.h"

static const char *const kinds[] = {
    [PLANT_OB] = "OB", [PLANT_FB] = "FB", [PLANT_FC] = "FC", [PLANT_DB] = "DB", [PLANT_SDB] = "SDB"};
#define N_KINDS (sizeof kinds / sizeof kinds[0])

const char *plant_kind_name(enum plant_kind kind)
{
    return kinds[kind];
}

static bool kind_of(const char *text, enum plant_kind *kind)
{
    for (size_t i = 0; i < N_KINDS; i++)
        if (text != NULL && strcmp(kinds[i], text) == 0) {
            *kind = (enum plant_kind)i;
            return true;
        }
    return false;
}

/* ---- the list, by kind and number ---- */

static uint32_t key_of(enum plant_kind kind, uint16_t number)
{
    return (uint32_t)kind << 16 | number;
}

static size_t lower(const struct code_list *list, uint32_t key)
{
    size_t low = 0, high = list->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (key_of(list->codes[mid]->kind, list->codes[mid]->number) < key)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct plant_code *code_find(const struct code_list *list, enum plant_kind kind, uint16_t number)
{
    size_t at = lower(list, key_of(kind, number));

    return at < list->n && list->codes[at]->kind == kind && list->codes[at]->number == number
               ? list->codes[at]
               : NULL;
}

bool code_room(struct code_list *list)
{
    size_t cap = list->cap == 0 ? 8 : list->cap * 2;
    struct plant_code **grown;

    if (list->n < list->cap)
        return true;
    grown = reallocarray(list->codes, cap, sizeof(*grown));
    if (grown == NULL)
        return false;
    list->codes = grown;
    list->cap = cap;
    return true;
}

void code_link(struct code_list *list, struct plant_code *code)
{
    size_t at = lower(list, key_of(code->kind, code->number));

    memmove(&list->codes[at + 1], &list->codes[at], (list->n - at) * sizeof(*list->codes));
    list->codes[at] = code;
    list->n++;
}

void code_unlink(struct code_list *list, const struct plant_code *code)
{
    size_t at = lower(list, key_of(code->kind, code->number));

    memmove(&list->codes[at], &list->codes[at + 1], (list->n - at - 1) * sizeof(*list->codes));
    list->n--;
}

struct plant_code *code_new(enum plant_kind kind, uint16_t number, const void *file, uint32_t len)
{
    struct plant_code *code = malloc(sizeof *code + len);

    if (code == NULL)
        return NULL;
    *code = (struct plant_code){.kind = kind, .number = number, .len = len, .file = (uint8_t *)(code + 1)};
    memcpy(code + 1, file, len);
    return code;
}

void code_list_free(struct code_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->codes[i]);
    free(list->codes);
    *list = (struct code_list){NULL, 0, 0};
}

/* ---- reading ---- */

/* A row that slipped past the table's checks is no block. */
static bool is_good(sqlite3_stmt *q, enum plant_kind *kind)
{
    int64_t number = sqlite3_column_int64(q, 1);
    int len = sqlite3_column_bytes(q, 2);

    return kind_of((const char *)sqlite3_column_text(q, 0), kind) && number >= 0 && number <= UINT16_MAX &&
           sqlite3_column_type(q, 2) == SQLITE_BLOB && len >= PLANT_FILE_MIN && len <= PLANT_FILE_MAX;
}

static s7_status take_row(struct code_list *list, sqlite3_stmt *q)
{
    const void *file = sqlite3_column_blob(q, 2);
    enum plant_kind kind;
    struct plant_code *code;

    if (!is_good(q, &kind))
        return S7_OK;
    if (file == NULL || !code_room(list))
        return S7_E_NOMEM;
    code = code_new(kind, (uint16_t)sqlite3_column_int(q, 1), file, (uint32_t)sqlite3_column_bytes(q, 2));
    if (code == NULL)
        return S7_E_NOMEM;
    code_link(list, code);
    return S7_OK;
}

/* On failure what was there stays. */
s7_status code_reread(plant *p, int64_t id)
{
    struct mirror_plc *plc = idmap_find(&p->plcs_by_id, id);
    sqlite3_stmt *q = p->sql[SQL_CODE_OF];
    struct code_list fresh = {NULL, 0, 0};
    s7_status status = S7_OK;

    if (plc == NULL)
        return S7_OK;
    sqlite3_bind_int64(q, 1, id);
    while (status == S7_OK && sqlite3_step(q) == SQLITE_ROW)
        status = take_row(&fresh, q);
    status = plant_sql_end(p, SQL_CODE_OF, status, "read the table code");
    if (status != S7_OK) {
        code_list_free(&fresh);
        return status;
    }
    code_list_free(&plc->codes);
    plc->codes = fresh;
    return S7_OK;
}

s7_status code_load(plant *p)
{
    s7_status status = S7_OK;

    for (size_t i = 0; i < p->n_plcs && status == S7_OK; i++)
        status = code_reread(p, p->plcs[i]->pub.id);
    return status;
}

/* ---- what users of plant.h see ---- */

const struct plant_code *plant_code_find(const plant *p, const struct plant_plc *plc, enum plant_kind kind,
                                         uint16_t number)
{
    const struct mirror_plc *mirror = (const struct mirror_plc *)plc; /* pub is its first member */

    (void)p;
    return plc->gone ? NULL : code_find(&mirror->codes, kind, number);
}

void plant_codes(const plant *p, const struct plant_plc *plc, void (*fn)(const struct plant_code *, void *),
                 void *arg)
{
    const struct mirror_plc *mirror = (const struct mirror_plc *)plc;

    (void)p;
    for (size_t i = 0; !plc->gone && i < mirror->codes.n; i++)
        fn(mirror->codes.codes[i], arg);
}
