#include "client/plan_impl.h"

#include "client/report.h"
#include "protocol/cotp.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- options ---- */

void s7_plan_options_init(s7_plan_options *options)
{
    if (options == NULL)
        return;
    *options = (s7_plan_options){.struct_size = sizeof *options,
                                 .max_gap = S7_PLAN_GAP_AUTO,
                                 .pdu_len = 480,
                                 .max_items = S7_ITEMS_PER_JOB};
}

static bool pdu_len_fits(unsigned pdu_len)
{
    return pdu_len >= S7_SESSION_PDU_LEN_MIN && pdu_len <= S7_PLAN_PDU_MAX;
}

/* NULL, or what is wrong. */
static const char *take_options(const s7_plan_options *from, s7_plan_options *to)
{
    s7_plan_options_init(to);
    if (from == NULL)
        return NULL;
    if (from->struct_size < sizeof *to)
        return "not plan options: set struct_size";
    *to = *from;
    if (to->max_gap < S7_PLAN_GAP_AUTO)
        return "max_gap is S7_PLAN_GAP_AUTO, 0 or more";
    if (to->max_items < S7_ITEMS_PER_JOB)
        return "max_items is 20..255";
    return pdu_len_fits(to->pdu_len) ? NULL : "pdu_len is 64..960";
}

/* ---- planning ---- */

bool s7_plan_whole_tag(const struct s7_plan *plan, const s7_item *tag)
{
    return plan->write && (s7_item_is_bit(&tag->address) || s7_item_bit_by_bit(tag, true));
}

static struct s7_plan_budget budget_for(bool write, size_t pdu_len, unsigned max_items)
{
    struct s7_plan_budget budget = {.pdu_len = pdu_len};
    unsigned fit = s7_max_items(pdu_len); /* requests carry them all, whichever way the bytes go */

    budget.empty = write ? S7_PDU_HEADER_LEN + 2 : S7_ACK_HEADER_LEN + 2;
    budget.item = write ? S7_ITEM_LEN + 4 : 4;
    budget.most = write ? s7_max_write(pdu_len) : s7_max_read(pdu_len);
    budget.max_items = fit < max_items ? fit : max_items;
    return budget;
}

static s7_address span_address(const struct s7_plan *plan, const struct s7_plan_span *span)
{
    const struct s7_plan_need *need = &plan->needs[plan->atoms[span->first_atom].first_need];
    s7_address address = plan->tags[need->tag].address;
    uint32_t first = (uint32_t)span->place;
    bool by_number = s7_item_by_number(&address);

    address.byte = by_number ? first / 2 : first;
    address.bit = 0;
    address.string_cap = 0;
    if (!by_number)
        address.type = S7_TYPE_BYTE;
    address.count = (uint16_t)(by_number ? span->len / 2 : span->len);
    return address;
}

/* Tell the needs which span brings them; returns the first of them. */
static struct s7_plan_need *claim_needs(struct s7_plan *plan, size_t span)
{
    const struct s7_plan_atom *first = &plan->atoms[plan->spans[span].first_atom];
    const struct s7_plan_atom *last = first + plan->spans[span].n_atoms - 1;

    for (size_t i = first->first_need; i < last->first_need + last->n_needs; i++)
        plan->needs[i].span = (uint32_t)span;
    return &plan->needs[first->first_need];
}

static void make_items(struct s7_plan *plan)
{
    uint8_t *data = plan->image;

    for (size_t i = 0; i < plan->n_spans; i++) {
        const struct s7_plan_span *span = &plan->spans[i];
        s7_item *tag = &plan->tags[claim_needs(plan, i)->tag];

        if (s7_plan_whole_tag(plan, tag)) {
            plan->items[i] = *tag;
            continue;
        }
        plan->items[i] = (s7_item){.address = span_address(plan, span), .data = data, .len = span->len};
        data += span->len;
    }
    assert((size_t)(data - plan->image) <= plan->image_cap);
}

static void count_job(struct s7_plan *plan, const struct s7_part *parts, unsigned n)
{
    size_t request = S7_DT_OVERHEAD + S7_PDU_HEADER_LEN + 2, answer = S7_DT_OVERHEAD + S7_ACK_HEADER_LEN + 2;
    size_t *carrying = plan->write ? &request : &answer;

    for (unsigned i = 0; i < n; i++) {
        request += S7_ITEM_LEN;
        *carrying += *carrying % 2 != S7_DT_OVERHEAD % 2; /* the fill byte of the part before */
        *carrying += 4 + parts[i].len;
        answer += plan->write;
    }
    plan->stats.jobs++;
    plan->stats.wire_request += request;
    plan->stats.wire_answer += answer;
}

/* The end of the items that are sent in one go. */
static size_t stage_end(const struct s7_plan *plan, size_t first)
{
    size_t end = first;

    while (end < plan->n_spans && plan->spans[end].stage == plan->spans[first].stage)
        end++;
    return end;
}

/* Which jobs a transfer makes of the items: it is asked itself. */
static void count_jobs(struct s7_plan *plan)
{
    struct s7_part parts[S7_ITEMS_PER_PDU];

    for (size_t first = 0, end; first < plan->n_spans; first = end) {
        struct s7_transfer transfer = {.write = plan->write, .items = plan->items + first};
        size_t at = 0, offset = 0;

        end = stage_end(plan, first);
        transfer.n_items = end - first;
        for (unsigned n; at < transfer.n_items; count_job(plan, parts, n)) {
            n = s7_plan_job(&transfer, plan->budget.pdu_len, plan->budget.max_items, parts, &at, &offset);
            for (unsigned i = 0; i < n; i++)
                if (parts[i].offset == 0)
                    plan->spans[first + (size_t)(parts[i].item - transfer.items)].job = plan->stats.jobs;
        }
    }
}

static void count_bytes(struct s7_plan *plan)
{
    for (size_t i = 0; i < plan->n_atoms; i++)
        plan->stats.bytes_asked += plan->atoms[i].len;
    for (size_t i = 0; i < plan->n_spans; i++)
        plan->stats.bytes_carried += plan->spans[i].len;
    for (size_t i = 0; i < plan->n_tags; i++)
        plan->stats.apart += plan->marks[i].company != S7_COMPANY_ANY;
}

void s7_plan_prepare(struct s7_plan *plan, size_t pdu_len, unsigned max_items)
{
    if (pdu_len == plan->budget.pdu_len && max_items == plan->max_items && !plan->learnt)
        return;
    plan->max_items = max_items;
    plan->budget = budget_for(plan->write, pdu_len, max_items);
    plan->stats = (s7_plan_stats){
        .struct_size = sizeof plan->stats, .tags = (uint32_t)plan->n_tags, .pdu_len = (uint16_t)pdu_len};
    s7_plan_make_atoms(plan);
    s7_plan_pack(plan);
    make_items(plan);
    count_jobs(plan);
    count_bytes(plan);
    plan->stats.items = (uint32_t)plan->n_spans;
    plan->learnt = false;
}

s7_status s7_plan_fit(s7_plan *plan, uint16_t pdu_len)
{
    if (plan == NULL || !pdu_len_fits(pdu_len))
        return S7_E_ARG;
    s7_plan_prepare(plan, pdu_len, plan->max_items);
    return S7_OK;
}

/* ---- life ---- */

void s7_plan_free(s7_plan *plan)
{
    if (plan == NULL)
        return;
    free(plan->tags);
    free(plan->marks);
    free(plan->values);
    free(plan->needs);
    free(plan->atoms);
    free(plan->spans);
    free(plan->bins);
    free(plan->gaps);
    free(plan->items);
    free(plan->image);
    free(plan->again);
    free(plan->again_tags);
    free(plan);
}

/* Room for what any PDU length makes of the tags, which are known by now. */
static bool make_room(struct s7_plan *plan, size_t values_len)
{
    size_t n = plan->n_tags + 1, n_needs = 1; /* an array of none may be NULL */

    for (size_t i = 0; i < plan->n_tags; i++)
        n_needs += s7_plan_needs_most(&plan->tags[i]);
    plan->image_cap = values_len + n * S7_PLAN_GAP_SHARE;
    plan->marks = calloc(n, sizeof *plan->marks);
    plan->values = calloc(values_len + 1, 1);
    plan->needs = calloc(n_needs, sizeof *plan->needs);
    plan->atoms = calloc(n_needs, sizeof *plan->atoms);
    plan->spans = calloc(n_needs, sizeof *plan->spans);
    plan->bins = calloc(n_needs, sizeof *plan->bins);
    plan->gaps = calloc(n_needs, sizeof *plan->gaps);
    plan->items = calloc(n_needs, sizeof *plan->items);
    plan->image = calloc(plan->image_cap, 1);
    plan->again = calloc(n, sizeof *plan->again);
    plan->again_tags = calloc(n, sizeof *plan->again_tags);
    return plan->marks != NULL && plan->values != NULL && plan->needs != NULL && plan->atoms != NULL &&
           plan->spans != NULL && plan->bins != NULL && plan->gaps != NULL && plan->items != NULL &&
           plan->image != NULL && plan->again != NULL && plan->again_tags != NULL;
}

/* Whatever a transfer refuses is refused here. */
static s7_status check_tags(struct s7_plan *plan, s7_errinfo *err)
{
    struct s7_transfer probe;
    uint8_t some = 0;

    for (size_t i = 0; i < plan->n_tags; i++)
        plan->tags[i].data = &some;
    return s7_transfer_begin(&probe, plan->write, plan->tags, plan->n_tags, 0, err);
}

static s7_status take_tags(struct s7_plan *plan, const s7_address *tags, s7_errinfo *err)
{
    size_t values_len = 0;

    plan->tags = calloc(plan->n_tags + 1, sizeof *plan->tags);
    if (plan->tags == NULL)
        return S7_E_NOMEM;
    for (size_t i = 0; i < plan->n_tags; i++) {
        plan->tags[i].address = tags[i];
        plan->tags[i].len = s7_address_size(&tags[i]);
    }
    s7_status status = check_tags(plan, err);
    if (status != S7_OK)
        return status;
    for (size_t i = 0; i < plan->n_tags; i++)
        values_len += plan->tags[i].len;
    if (!make_room(plan, values_len))
        return S7_E_NOMEM;
    uint8_t *values = plan->values;
    for (size_t i = 0; i < plan->n_tags; i++) {
        plan->tags[i].data = values;
        plan->tags[i].status = S7_E_MISUSE;
        values += plan->tags[i].len;
    }
    return plan->write ? s7_plan_order(plan) : S7_OK;
}

static s7_status make_plan(struct s7_plan *plan, const s7_address *tags, const s7_plan_options *options,
                           s7_errinfo *err)
{
    plan->write = options->write;
    plan->max_gap = options->max_gap == S7_PLAN_GAP_AUTO ? S7_PLAN_NO_GAP - 1 : (uint32_t)options->max_gap;
    if (plan->write)
        plan->max_gap = 0;
    s7_status status = take_tags(plan, tags, err);
    if (status == S7_OK)
        s7_plan_prepare(plan, options->pdu_len, options->max_items);
    return status;
}

/* What was asked for, as far as it is known. */
static void name_asked(s7_errinfo *err, const s7_address *tags, size_t n_tags)
{
    char text[S7_ADDRESS_TEXT_CAP];

    if (err->item < 0 || tags == NULL) {
        snprintf(err->asked, sizeof err->asked, "a plan of %zu tags", n_tags);
        return;
    }
    s7_address_format(&tags[err->item], text, sizeof text);
    snprintf(err->asked, sizeof err->asked, "a plan with %s (tag %zu of %zu)", text, (size_t)err->item + 1,
             n_tags);
}

s7_status s7_plan_new(const s7_address *tags, size_t n_tags, const s7_plan_options *options, s7_plan **out,
                      s7_errinfo *err)
{
    s7_errinfo why = S7_ERRINFO_INIT;
    s7_plan_options own;
    const char *fault = take_options(options, &own);
    s7_status status = S7_E_ARG;
    struct s7_plan *plan = NULL;

    if (fault == NULL && out == NULL)
        fault = "out is NULL";
    if (fault == NULL && ((tags == NULL && n_tags > 0) || n_tags > INT32_MAX))
        fault = tags == NULL ? "tags is NULL" : "more tags than can be counted";
    if (fault == NULL) {
        plan = calloc(1, sizeof *plan);
        status = S7_E_NOMEM;
    }
    if (plan != NULL) {
        plan->n_tags = n_tags;
        status = make_plan(plan, tags, &own, &why);
    }
    if (status == S7_OK) {
        *out = plan;
        return S7_OK;
    }
    s7_plan_free(plan);
    name_asked(&why, tags, n_tags);
    if (why.came[0] == '\0')
        s7_report_came(&why, status, fault != NULL ? fault : "");
    s7_report_give(err, &why);
    return status;
}
