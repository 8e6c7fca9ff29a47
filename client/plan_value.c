#include "client/plan_impl.h"

#include "client/plan_tag.h"

size_t s7_plan_count(const s7_plan *plan)
{
    return plan != NULL ? plan->n_tags : 0;
}

const s7_item *s7_plan_tags(const s7_plan *plan)
{
    return plan != NULL ? plan->tags : NULL;
}

/* ---- getting ---- */

/* S7_OK: the element has a value. */
static s7_status has_value(const s7_plan *plan, size_t tag, unsigned index)
{
    if (plan == NULL || tag >= plan->n_tags || index >= plan->tags[tag].address.count)
        return S7_E_ARG;
    if (plan->write)
        return plan->marks[tag].set ? S7_OK : S7_E_MISUSE;
    return plan->tags[tag].status;
}

s7_status s7_plan_int(const s7_plan *plan, size_t tag, unsigned index, int64_t *value)
{
    s7_status status = value != NULL ? has_value(plan, tag, index) : S7_E_ARG;

    return status == S7_OK ? s7_tag_int(&plan->tags[tag], index, value) : status;
}

s7_status s7_plan_real(const s7_plan *plan, size_t tag, unsigned index, double *value)
{
    s7_status status = value != NULL ? has_value(plan, tag, index) : S7_E_ARG;

    return status == S7_OK ? s7_tag_real(&plan->tags[tag], index, value) : status;
}

s7_status s7_plan_text(const s7_plan *plan, size_t tag, char *text, size_t cap)
{
    s7_status status = text != NULL && cap > 0 ? has_value(plan, tag, 0) : S7_E_ARG;

    return status == S7_OK ? s7_tag_text(&plan->tags[tag], text, cap) : status;
}

/* ---- setting ---- */

/* S7_OK: the element may be given a value. */
static s7_status takes_value(const s7_plan *plan, size_t tag, unsigned index)
{
    if (plan == NULL || !plan->write || tag >= plan->n_tags || index >= plan->tags[tag].address.count)
        return S7_E_ARG;
    return plan->tags[tag].address.count == 1 || plan->marks[tag].set ? S7_OK : S7_E_MISUSE;
}

static s7_status note_set(s7_plan *plan, size_t tag, s7_status status)
{
    if (status == S7_OK)
        plan->marks[tag].set = true;
    return status;
}

s7_status s7_plan_set_int(s7_plan *plan, size_t tag, unsigned index, int64_t value)
{
    s7_status status = takes_value(plan, tag, index);

    return status == S7_OK ? note_set(plan, tag, s7_tag_set_int(&plan->tags[tag], index, value)) : status;
}

s7_status s7_plan_set_real(s7_plan *plan, size_t tag, unsigned index, double value)
{
    s7_status status = takes_value(plan, tag, index);

    return status == S7_OK ? note_set(plan, tag, s7_tag_set_real(&plan->tags[tag], index, value)) : status;
}

/* Between two runs the image is free: it keeps the old value for the case that the text is bad. */
s7_status s7_plan_set_text(s7_plan *plan, size_t tag, const char *text)
{
    if (plan == NULL || !plan->write || tag >= plan->n_tags || text == NULL)
        return S7_E_ARG;
    const s7_item *item = &plan->tags[tag];
    memcpy(plan->image, item->data, item->len);
    s7_status status = s7_tag_set_text(item, text);
    if (status != S7_OK)
        memcpy(item->data, plan->image, item->len);
    return note_set(plan, tag, status);
}

s7_status s7_plan_set_bytes(s7_plan *plan, size_t tag, const void *bytes, size_t len)
{
    if (plan == NULL || !plan->write || tag >= plan->n_tags || bytes == NULL || len != plan->tags[tag].len)
        return S7_E_ARG;
    memcpy(plan->tags[tag].data, bytes, len);
    return note_set(plan, tag, S7_OK);
}
