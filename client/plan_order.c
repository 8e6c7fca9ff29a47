#include "client/plan_impl.h"

#include <stdlib.h>

/* Tags that overlap are written one after the other, in the order of the list: a tag's stage is behind those
 * of all tags before it whose bits it shares. */

struct extent {
    uint64_t first, end; /* in bits, area and block included */
    uint64_t farthest;   /* end of this and of all that begin before it */
    size_t tag;
};

static struct extent extent_of(const struct s7_plan *plan, size_t tag)
{
    const s7_address *address = &plan->tags[tag].address;
    bool in_block = address->area == S7_AREA_DB || address->area == S7_AREA_DI;
    uint64_t block = (uint64_t)address->area << 16 | (in_block ? address->db : 0);
    uint64_t byte = s7_item_by_number(address) ? (uint64_t)address->byte * 2 : address->byte;
    uint64_t bits = address->type == S7_TYPE_BOOL ? address->count : (uint64_t)plan->tags[tag].len * 8;
    uint64_t first = block << 32 | (byte * 8 + address->bit);

    return (struct extent){.first = first, .end = first + bits, .tag = tag};
}

static int compare_extents(const void *left, const void *right)
{
    const struct extent *a = left, *b = right;

    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    return a->tag < b->tag ? -1 : a->tag > b->tag;
}

/* The stage of the tag at sorted[at], when all tags before it in the list have theirs. */
static uint32_t stage_of(const struct s7_plan *plan, const struct extent *sorted, size_t n, size_t at)
{
    const struct extent *self = &sorted[at];
    uint32_t stage = 0;

    for (size_t i = at; i > 0 && sorted[i - 1].farthest > self->first; i--)
        if (sorted[i - 1].end > self->first && sorted[i - 1].tag < self->tag &&
            plan->marks[sorted[i - 1].tag].stage >= stage)
            stage = plan->marks[sorted[i - 1].tag].stage + 1;
    for (size_t i = at + 1; i < n && sorted[i].first < self->end; i++)
        if (sorted[i].tag < self->tag && plan->marks[sorted[i].tag].stage >= stage)
            stage = plan->marks[sorted[i].tag].stage + 1;
    return stage;
}

s7_status s7_plan_order(struct s7_plan *plan)
{
    size_t n = plan->n_tags;
    struct extent *sorted = calloc(n + 1, sizeof *sorted);
    size_t *where = calloc(n + 1, sizeof *where); /* tag to its place in sorted */
    s7_status status = sorted != NULL && where != NULL ? S7_OK : S7_E_NOMEM;

    for (size_t i = 0; status == S7_OK && i < n; i++)
        sorted[i] = extent_of(plan, i);
    if (status == S7_OK)
        s7_plan_sort(sorted, n, sizeof *sorted, compare_extents);
    for (size_t i = 0; status == S7_OK && i < n; i++) {
        where[sorted[i].tag] = i;
        sorted[i].farthest =
            i > 0 && sorted[i - 1].farthest > sorted[i].end ? sorted[i - 1].farthest : sorted[i].end;
    }
    for (size_t tag = 0; status == S7_OK && tag < n; tag++)
        plan->marks[tag].stage = stage_of(plan, sorted, n, where[tag]);
    free(sorted);
    free(where);
    return status;
}
