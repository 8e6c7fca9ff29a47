#include "client/plan_impl.h"

/* Two ways of packing are tried, and the better result is kept: fewest jobs, then fewest bytes.
 *
 * Runs: each job takes as many atoms, in the order of their places, as can fit it when the gaps that are not
 * read are chosen best: no other way of packing that keeps to this order needs fewer jobs. Best for many
 * small tags.
 *
 * First fit, longest first: spans of a limited length go into the first job that has room. Best for large
 * tags, which leave holes in a run's jobs that only tags from elsewhere can fill.
 *
 * Either way no span fits the job before its own, so that a transfer, which packs in order of sending, makes
 * the same jobs. */

static size_t even(size_t len)
{
    return len + len % 2;
}

/* ---- runs ---- */

/* Bytes of the PDU that carries the atoms first..first + n as they are cut. */
static size_t run_len(const struct s7_plan *plan, size_t first, size_t n)
{
    size_t len = plan->budget.empty;

    for (size_t k = first; k < first + n; k++) {
        const struct s7_plan_atom *atom = &plan->atoms[k];

        if (k == first || atom->cut)
            len = even(len) + plan->budget.item;
        else
            len += atom->gap;
        len += atom->len;
    }
    return len;
}

/* The widest gaps so far, the widest first. */
struct widest {
    size_t atoms[S7_ITEMS_PER_PDU];
    unsigned n, cap;
};

static void widest_add(const struct s7_plan *plan, struct widest *widest, size_t atom)
{
    unsigned at = widest->n < widest->cap ? widest->n++ : widest->cap;

    for (; at > 0 && plan->atoms[widest->atoms[at - 1]].gap < plan->atoms[atom].gap; at--)
        if (at < widest->cap)
            widest->atoms[at] = widest->atoms[at - 1];
    if (at < widest->cap)
        widest->atoms[at] = atom;
}

/* Cut the atoms first..first + n into spans so that they make the shortest PDU. false: it is too long. */
static bool cut_run(struct s7_plan *plan, size_t first, size_t n)
{
    struct widest widest = {.cap = plan->budget.max_items - 1};
    unsigned forced = 0;

    for (size_t k = first + 1; k < first + n; k++) {
        struct s7_plan_atom *atom = &plan->atoms[k];

        atom->cut = atom->gap == S7_PLAN_NO_GAP;
        forced += atom->cut;
        if (!atom->cut && atom->gap > plan->budget.item)
            widest_add(plan, &widest, k);
    }
    if (forced >= plan->budget.max_items)
        return false;
    for (unsigned i = 0; i < widest.n && i + forced < plan->budget.max_items - 1; i++)
        plan->atoms[widest.atoms[i]].cut = true;
    return run_len(plan, first, n) <= plan->budget.pdu_len;
}

/* The atom after the narrowest gap that is not read although that would be cheaper; NULL: none. */
static struct s7_plan_atom *narrowest_cut(struct s7_plan *plan, size_t first, size_t n)
{
    struct s7_plan_atom *narrowest = NULL;

    for (size_t k = first + 1; k < first + n; k++) {
        struct s7_plan_atom *atom = &plan->atoms[k];

        if (atom->cut && atom->gap < S7_PLAN_WIRE_ITEM && (narrowest == NULL || atom->gap < narrowest->gap))
            narrowest = atom;
    }
    return narrowest;
}

/* A PDU that has room left need not be the shortest: both directions together count. */
static void join_cheap(struct s7_plan *plan, size_t first, size_t n)
{
    for (struct s7_plan_atom *atom; (atom = narrowest_cut(plan, first, n)) != NULL;) {
        atom->cut = false;
        if (run_len(plan, first, n) <= plan->budget.pdu_len)
            continue;
        atom->cut = true;
        return;
    }
}

static void begin_span(struct s7_plan *plan, size_t atom, uint32_t job)
{
    const struct s7_plan_atom *first = &plan->atoms[atom];

    plan->spans[plan->n_spans++] = (struct s7_plan_span){.place = first->place,
                                                         .len = first->len,
                                                         .job = job,
                                                         .first_atom = (uint32_t)atom,
                                                         .n_atoms = 1,
                                                         .stage = first->stage};
}

static void extend_span(struct s7_plan_span *span, const struct s7_plan_atom *atom)
{
    span->len = (uint32_t)(atom->place + atom->len - span->place);
    span->n_atoms++;
}

static void pack_runs(struct s7_plan *plan)
{
    uint32_t job = 0;

    plan->n_spans = 0;
    for (size_t first = 0, n; first < plan->n_atoms; first += n, job++) {
        n = 1;
        while (first + n < plan->n_atoms && plan->atoms[first + n].stage == plan->atoms[first].stage &&
               cut_run(plan, first, n + 1))
            n++;
        cut_run(plan, first, n);
        join_cheap(plan, first, n);
        for (size_t k = first; k < first + n; k++) {
            if (k == first || plan->atoms[k].cut)
                begin_span(plan, k, job);
            else
                extend_span(&plan->spans[plan->n_spans - 1], &plan->atoms[k]);
        }
    }
}

/* ---- first fit, longest first ---- */

/* How far back a job with room is looked for. */
#define REACH 512

static void make_spans(struct s7_plan *plan, size_t longest)
{
    plan->n_spans = 0;
    for (size_t k = 0; k < plan->n_atoms; k++) {
        const struct s7_plan_atom *atom = &plan->atoms[k];
        struct s7_plan_span *span = plan->n_spans > 0 ? &plan->spans[plan->n_spans - 1] : NULL;

        if (span != NULL && atom->gap <= S7_PLAN_WIRE_ITEM &&
            atom->place + atom->len - span->place <= longest)
            extend_span(span, atom);
        else
            begin_span(plan, k, 0);
    }
}

static int compare_spans(const void *left, const void *right)
{
    const struct s7_plan_span *a = left, *b = right;

    if (a->stage != b->stage)
        return a->stage < b->stage ? -1 : 1;
    if (a->job != b->job)
        return a->job < b->job ? -1 : 1;
    if (a->len != b->len)
        return a->len > b->len ? -1 : 1;
    return a->first_atom < b->first_atom ? -1 : a->first_atom > b->first_atom;
}

static bool bin_takes(const struct s7_plan *plan, struct s7_plan_bin *bin, size_t len)
{
    size_t more = even(bin->len) + plan->budget.item + len;

    if (bin->n_spans == plan->budget.max_items || (bin->n_spans > 0 && more > plan->budget.pdu_len))
        return false;
    bin->len = (uint32_t)more;
    bin->n_spans++;
    return true;
}

static void pack_first_fit(struct s7_plan *plan, size_t longest)
{
    uint32_t first = 0, n = 0; /* bins of this stage: first..n */

    make_spans(plan, longest);
    s7_plan_sort(plan->spans, plan->n_spans, sizeof plan->spans[0], compare_spans);
    for (size_t i = 0; i < plan->n_spans; i++) {
        struct s7_plan_span *span = &plan->spans[i];
        uint32_t bin;

        if (i > 0 && span->stage != span[-1].stage)
            first = n;
        bin = n - first > REACH ? n - REACH : first;
        while (bin < n && !bin_takes(plan, &plan->bins[bin], span->len))
            bin++;
        if (bin == n) {
            plan->bins[n] = (struct s7_plan_bin){.len = (uint32_t)plan->budget.empty};
            bin_takes(plan, &plan->bins[n++], span->len);
        }
        span->job = bin;
    }
    s7_plan_sort(plan->spans, plan->n_spans, sizeof plan->spans[0], compare_spans);
}

/* ---- the better one ---- */

struct cost {
    uint32_t jobs;
    uint64_t bytes;
};

static struct cost cost_of(const struct s7_plan *plan)
{
    struct cost cost = {0, 0};

    for (size_t i = 0; i < plan->n_spans; i++) {
        if (plan->spans[i].job >= cost.jobs)
            cost.jobs = plan->spans[i].job + 1;
        cost.bytes += S7_PLAN_WIRE_ITEM + plan->spans[i].len;
    }
    return cost;
}

static bool cheaper(struct cost a, struct cost b)
{
    return a.jobs != b.jobs ? a.jobs < b.jobs : a.bytes < b.bytes;
}

/* 0: runs; else the share of a PDU that a span of the first fit may have. */
static const unsigned ways[] = {0, 1, 3, 8};

static void pack(struct s7_plan *plan, unsigned way)
{
    if (way == 0)
        pack_runs(plan);
    else
        pack_first_fit(plan, plan->budget.most / way);
}

void s7_plan_pack(struct s7_plan *plan)
{
    uint32_t bound = s7_plan_bound(plan);
    unsigned best = 0;

    pack(plan, best);
    struct cost least = cost_of(plan);
    for (size_t i = 1; i < sizeof ways / sizeof ways[0] && least.jobs > bound; i++) {
        pack(plan, ways[i]);
        if (!cheaper(cost_of(plan), least))
            continue;
        least = cost_of(plan);
        best = ways[i];
    }
    pack(plan, best);
    plan->stats.bound = bound;
}

/* ---- the lower bound ---- */

static size_t up(size_t n, size_t by)
{
    return (n + by - 1) / by;
}

/* Fewest jobs that hold so many items, or more of them, with so many bytes. */
static size_t jobs_for(const struct s7_plan_budget *budget, size_t items, size_t bytes)
{
    size_t by_items = up(items, budget->max_items);
    size_t by_bytes = up(bytes + items * budget->item, budget->pdu_len - budget->empty);
    size_t by_most = up(bytes, budget->most); /* each job has an item */
    size_t jobs = by_items > by_bytes ? by_items : by_bytes;

    return jobs > by_most ? jobs : by_most;
}

static int compare_gaps(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;

    return *a < *b ? -1 : *a > *b;
}

static bool same_block(const struct s7_plan_atom *a, const struct s7_plan_atom *b)
{
    return a->stage == b->stage && a->place >> 32 == b->place >> 32 && a->company != S7_COMPANY_NONE &&
           b->company != S7_COMPANY_NONE;
}

/* Every byte that was asked for travels, and with fewer items than there are islands of them some gaps do: at
 * least the narrowest. Whatever the number of items, this many jobs are needed to hold them, as if any of
 * them could be cut and combined at will. Tags that are known to be kept apart are items of their own. */
uint32_t s7_plan_bound(const struct s7_plan *plan)
{
    size_t n_gaps = 0, islands = 0, bytes = 0;
    uint64_t end = 0;

    for (size_t k = 0; k < plan->n_atoms; k++) {
        const struct s7_plan_atom *atom = &plan->atoms[k];
        uint64_t atom_end = atom->place + atom->len;
        bool apart = k == 0 || !same_block(atom - 1, atom);

        if (!apart && atom->place > end)
            plan->gaps[n_gaps++] = (uint32_t)(atom->place - end);
        if (apart || atom->place > end) {
            islands++;
            end = atom->place;
        }
        if (atom_end > end) {
            bytes += atom_end - end;
            end = atom_end;
        }
    }
    size_t fewest = jobs_for(&plan->budget, islands, bytes);
    s7_plan_sort(plan->gaps, n_gaps, sizeof plan->gaps[0], compare_gaps);
    for (size_t i = 0; i < n_gaps && !plan->write; i++) {
        bytes += plan->gaps[i];
        size_t jobs = jobs_for(&plan->budget, --islands, bytes);
        if (jobs < fewest)
            fewest = jobs;
    }
    return (uint32_t)fewest;
}
