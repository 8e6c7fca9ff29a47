/* Status lists: the rows of `szl` of each PLC in RAM. Nobody here changes them. */
#include "plant_impl.h"

struct lists {
    struct plant_szl *rows;
    size_t n, cap;
    uint8_t *data;
    size_t len, cap_data;
};

static bool room(void **array, size_t *cap, size_t need, size_t size)
{
    size_t fresh_cap = *cap > 0 ? *cap : 16;
    void *grown;

    if (need <= *cap)
        return true;
    while (fresh_cap < need)
        fresh_cap *= 2;
    grown = reallocarray(*array, fresh_cap, size);
    if (grown == NULL)
        return false;
    *array = grown;
    *cap = fresh_cap;
    return true;
}

/* The table's checks want whole records, but a foreign program can switch checks off: such a row is none. */
static bool is_good(sqlite3_stmt *q)
{
    int64_t list = sqlite3_column_int64(q, 0), index = sqlite3_column_int64(q, 1);
    int64_t record_len = sqlite3_column_int64(q, 2);
    int len = sqlite3_column_bytes(q, 3);

    return list >= 0 && list <= UINT16_MAX && index >= 0 && index <= UINT16_MAX && record_len > 0 &&
           record_len <= PLANT_SZL_RECORD_MAX && len <= PLANT_SZL_MAX && len % record_len == 0;
}

static s7_status add(struct lists *lists, sqlite3_stmt *q)
{
    const void *data = sqlite3_column_blob(q, 3);
    size_t len = (size_t)sqlite3_column_bytes(q, 3);

    if (!is_good(q))
        return S7_OK;
    if ((len > 0 && data == NULL) ||
        !room((void **)&lists->rows, &lists->cap, lists->n + 1, sizeof *lists->rows) ||
        !room((void **)&lists->data, &lists->cap_data, lists->len + len, 1))
        return S7_E_NOMEM;
    if (len > 0)
        memcpy(lists->data + lists->len, data, len);
    lists->rows[lists->n++] = (struct plant_szl){.list = (uint16_t)sqlite3_column_int(q, 0),
                                                 .index = (uint16_t)sqlite3_column_int(q, 1),
                                                 .record_len = (uint16_t)sqlite3_column_int(q, 2),
                                                 .len = (uint32_t)len};
    lists->len += len;
    return S7_OK;
}

/* Their places are known once nothing moves any more. */
static void place(struct lists *lists)
{
    const uint8_t *at = lists->data;

    for (size_t i = 0; i < lists->n; i++) {
        lists->rows[i].data = at;
        if (at != NULL)
            at += lists->rows[i].len;
    }
}

s7_status szl_reread(plant *p, int64_t id)
{
    struct mirror_plc *plc = idmap_find(&p->plcs_by_id, id);
    sqlite3_stmt *q = p->sql[SQL_SZL_OF];
    struct lists fresh = {0};
    s7_status status = S7_OK;

    if (plc == NULL)
        return S7_OK;
    sqlite3_bind_int64(q, 1, id);
    while (status == S7_OK && sqlite3_step(q) == SQLITE_ROW)
        status = add(&fresh, q);
    status = plant_sql_end(p, SQL_SZL_OF, status, "read the table szl");
    if (status != S7_OK) {
        free(fresh.rows);
        free(fresh.data);
        return status;
    }
    place(&fresh);
    free(plc->szl);
    free(plc->szl_data);
    plc->szl = fresh.rows;
    plc->n_szl = fresh.n;
    plc->szl_data = fresh.data;
    return S7_OK;
}

const struct plant_szl *plant_szl(const plant *p, const struct plant_plc *plc, size_t *n)
{
    const struct mirror_plc *mirror = (const struct mirror_plc *)plc; /* pub is its first member */

    (void)p;
    *n = mirror->n_szl;
    return mirror->szl;
}
