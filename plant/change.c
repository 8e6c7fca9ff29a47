/* What foreign programs edited: the rows of `change`, filled by the file's own triggers. */
#include "plant_impl.h"

typedef s7_status change_fn(plant *p, int64_t row);

static s7_status apply_kind(plant *p, const char *kind, change_fn *apply, bool *any)
{
    sqlite3_stmt *q = p->sql[SQL_CHANGE_ALL];
    s7_status status = S7_OK;

    while (status == S7_OK && sqlite3_step(q) == SQLITE_ROW) {
        const char *what = (const char *)sqlite3_column_text(q, 0);
        *any = true;
        if (what != NULL && strcmp(what, kind) == 0)
            status = apply(p, sqlite3_column_int64(q, 1));
    }
    return plant_sql_end(p, SQL_CHANGE_ALL, status, "read the table change");
}

/* In this order: faults are listed with PLCs, which play personalities; what follows is noted as `audit`
 * says; tags are defined in terms of PLCs and blocks, values in terms of tags; BLOB edits before tag edits.
 * Within a kind, in the order of the edits. */
s7_status change_apply(plant *p, bool *any)
{
    s7_status status;

    *any = false;
    status = apply_kind(p, "plc", mirror_plc_reread, any);
    if (status == S7_OK && *any)
        status = apply_kind(p, "fault", fault_note, any);
    if (status == S7_OK)
        status = fault_reread(p);
    if (status == S7_OK && *any)
        status = apply_kind(p, "personality", personality_edited, any);
    if (status == S7_OK && *any)
        status = apply_kind(p, "audit", audit_reread, any);
    if (status == S7_OK && *any)
        status = apply_kind(p, "szl", szl_reread, any);
    if (status == S7_OK && *any)
        status = apply_kind(p, "diagnostic", cpu_diag_reread, any);
    if (status == S7_OK && *any)
        status = apply_kind(p, "code", code_reread, any);
    if (status == S7_OK && *any)
        status = apply_kind(p, "block", mirror_block_reread, any);
    if (status == S7_OK)
        status = tag_rebind(p);
    if (status == S7_OK && *any)
        status = apply_kind(p, "tag", tag_reread, any);
    if (status == S7_OK && *any)
        status = apply_kind(p, "value", tag_apply_edit, any);
    if (status == S7_E_NOMEM)
        plant_fail(&p->last_error, status, "%s: out of memory", p->path);
    return status;
}
