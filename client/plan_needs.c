#include "client/plan_impl.h"

#include <string.h>

/* ---- sorting ---- */

#define ELEMENT_MAX 64

static void swap(uint8_t *a, uint8_t *b, size_t size)
{
    uint8_t kept[ELEMENT_MAX];

    memcpy(kept, a, size);
    memcpy(a, b, size);
    memcpy(b, kept, size);
}

static void sift_down(uint8_t *base, size_t at, size_t n, size_t size,
                      int (*compare)(const void *a, const void *b))
{
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && compare(base + child * size, base + (child + 1) * size) < 0)
            child++;
        if (compare(base + at * size, base + child * size) >= 0)
            return;
        swap(base + at * size, base + child * size, size);
    }
}

/* A heap sort: qsort may allocate. */
void s7_plan_sort(void *base, size_t n, size_t size, int (*compare)(const void *a, const void *b))
{
    uint8_t *bytes = base;

    for (size_t i = n / 2; i > 0; i--)
        sift_down(bytes, i - 1, n, size, compare);
    for (size_t left = n; left > 1; left--) {
        swap(bytes, bytes + (left - 1) * size, size);
        sift_down(bytes, 0, left - 1, size, compare);
    }
}

/* ---- needs ---- */

/* Less than half of a job's most is never left out by cutting between elements. */
size_t s7_plan_needs_most(const s7_item *tag)
{
    size_t least = s7_max_write(S7_SESSION_PDU_LEN_MIN);

    return tag->len <= least ? 1 : tag->len / (least / 2) + 1;
}

/* Bytes are counted from the area's beginning; the sum never reaches the block's number. */
static uint64_t place_of(const s7_address *address)
{
    bool in_block = address->area == S7_AREA_DB || address->area == S7_AREA_DI;
    uint64_t first = s7_item_by_number(address) ? (uint64_t)address->byte * 2 : address->byte;

    return (uint64_t)address->area << 48 | (uint64_t)(in_block ? address->db : 0) << 32 | first;
}

static void add_need(struct s7_plan *plan, size_t tag, size_t at, size_t len)
{
    const struct s7_plan_mark *mark = &plan->marks[tag];

    plan->needs[plan->n_needs++] = (struct s7_plan_need){
        .place = place_of(&plan->tags[tag].address) + at,
        .len = (uint32_t)len,
        .tag = (uint32_t)tag,
        .tag_at = (uint32_t)at,
        .stage = mark->stage,
        .company = s7_plan_whole_tag(plan, &plan->tags[tag]) ? S7_COMPANY_NONE : mark->company};
}

/* What is longer than a PDU fills some, and its rest goes with others. */
static void add_tag(struct s7_plan *plan, size_t tag)
{
    const s7_item *item = &plan->tags[tag];
    size_t most = plan->budget.most, at = 0;

    if (item->len > most && !s7_plan_whole_tag(plan, item)) {
        size_t piece = most - most % s7_item_cut_unit(&item->address, most);

        for (; item->len - at > most; at += piece)
            add_need(plan, tag, at, piece);
    }
    add_need(plan, tag, at, item->len - at);
}

/* Those that keep to themselves lie beside the others, not among them. Of those that begin together the
 * longest is the first. */
static int compare_needs(const void *left, const void *right)
{
    const struct s7_plan_need *a = left, *b = right;
    bool a_alone = a->company == S7_COMPANY_NONE, b_alone = b->company == S7_COMPANY_NONE;

    if (a->stage != b->stage)
        return a->stage < b->stage ? -1 : 1;
    if (a_alone != b_alone)
        return a_alone ? 1 : -1;
    if (a->place != b->place)
        return a->place < b->place ? -1 : 1;
    if (a->len != b->len)
        return a->len > b->len ? -1 : 1;
    return a->tag < b->tag ? -1 : a->tag > b->tag;
}

/* ---- atoms ---- */

static bool may_share(const struct s7_plan_atom *atom, const struct s7_plan_need *need)
{
    return atom->company != S7_COMPANY_NONE && need->company != S7_COMPANY_NONE &&
           atom->stage == need->stage && atom->place >> 32 == need->place >> 32;
}

/* Where reading what nobody asked for may do something, or is no memory at all. */
static bool is_periphery(uint64_t place)
{
    uint64_t area = place >> 48;

    return area == S7_AREA_P || area == S7_AREA_AI || area == S7_AREA_AQ;
}

static uint32_t gap_between(const struct s7_plan *plan, const struct s7_plan_atom *atom,
                            const struct s7_plan_need *need)
{
    uint64_t end = atom->place + atom->len;
    bool touching_only = atom->company == S7_COMPANY_TOUCHING || need->company == S7_COMPANY_TOUCHING ||
                         is_periphery(need->place);

    if (!may_share(atom, need) || need->place < end ||
        need->place - end > (touching_only ? 0 : plan->max_gap))
        return S7_PLAN_NO_GAP;
    return (uint32_t)(need->place - end);
}

/* Does it join the atom? Overlapping ones do, until they would be longer than a PDU together: then their
 * common bytes are read twice. */
static bool join(const struct s7_plan *plan, struct s7_plan_atom *atom, const struct s7_plan_need *need)
{
    uint64_t end = atom->place + atom->len, need_end = need->place + need->len;

    if (!may_share(atom, need) || need->place >= end || need_end - atom->place > plan->budget.most)
        return false;
    if (need_end > end)
        atom->len = (uint32_t)(need_end - atom->place);
    if (need->company > atom->company)
        atom->company = need->company;
    atom->n_needs++;
    return true;
}

void s7_plan_make_atoms(struct s7_plan *plan)
{
    plan->n_needs = plan->n_atoms = 0;
    for (size_t i = 0; i < plan->n_tags; i++)
        add_tag(plan, i);
    s7_plan_sort(plan->needs, plan->n_needs, sizeof plan->needs[0], compare_needs);
    for (size_t i = 0; i < plan->n_needs; i++) {
        const struct s7_plan_need *need = &plan->needs[i];
        struct s7_plan_atom *last = plan->n_atoms > 0 ? &plan->atoms[plan->n_atoms - 1] : NULL;

        if (last != NULL && join(plan, last, need))
            continue;
        plan->atoms[plan->n_atoms++] =
            (struct s7_plan_atom){.place = need->place,
                                  .len = need->len,
                                  .gap = last != NULL ? gap_between(plan, last, need) : S7_PLAN_NO_GAP,
                                  .first_need = (uint32_t)i,
                                  .n_needs = 1,
                                  .stage = need->stage,
                                  .company = need->company};
    }
}
