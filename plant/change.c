/* What foreign programs edited: the rows of `change`, filled by the file's own triggers. */
#include "plant_impl.h"

typedef s7_status change_fn(plant *p, int64_t row);

/* In this order: tags are defined in terms of PLCs and blocks, values in terms of tags; BLOB edits before tag
 * edits. Within a kind, in the order of the edits. */
static const struct {
    const char *what;
    change_fn *apply;
} kinds[] = {{"plc", mirror_plc_reread},
             {"block", mirror_block_reread},
             {"tag", tag_reread},
             {"value", tag_apply_edit}};

s7_status change_apply(plant *p)
{
    sqlite3_stmt *q = p->sql[SQL_CHANGE_ALL];

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        s7_status status = S7_OK;
        int rc = SQLITE_ROW;
        while (status == S7_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
            const char *what = (const char *)sqlite3_column_text(q, 0);
            if (what != NULL && strcmp(what, kinds[i].what) == 0)
                status = kinds[i].apply(p, sqlite3_column_int64(q, 1));
        }
        if (status == S7_OK && rc != SQLITE_DONE)
            status = plant_sql_fail(p, "read the table change");
        sqlite3_reset(q);
        if (status != S7_OK)
            return status;
    }
    return S7_OK;
}
