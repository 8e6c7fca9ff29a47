/* Reads of several requests as one job: which go together, and how each gets its own again. */
#include "client/mux_core_impl.h"

#include "client/transfer_plan.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of the PDUs around the items, and of each item: of the request, and of the answer before its payload.
 */
#define REQUEST_EMPTY (S7_PDU_HEADER_LEN + 2)
#define ANSWER_EMPTY  (S7_ACK_HEADER_LEN + 2)
#define ANSWER_ITEM   4

/* ---- places ---- */

/* Memory that reading changes nothing of: not the peripherals; not timers and counters, which have no bytes.
 */
static bool is_plain_memory(s7_area area)
{
    return area == S7_AREA_DB || area == S7_AREA_DI || area == S7_AREA_M || area == S7_AREA_I ||
           area == S7_AREA_Q;
}

bool s7_mux_may_merge(const struct s7_mux_request *request)
{
    const struct s7_transfer *transfer = &request->unit.transfer;
    size_t len = 0;

    if (transfer->write || transfer->n_items > S7_ITEMS_PER_PDU)
        return false;
    for (size_t i = 0; i < transfer->n_items; i++) {
        if (!is_plain_memory(transfer->items[i].address.area))
            return false;
        len += transfer->items[i].len;
    }
    return len <= S7_PDU_LEN_MAX;
}

/* The bytes that an item is read with; a single bit with the byte that it is in. */
static struct s7_mux_span span_of(const s7_item *item)
{
    const s7_address *address = &item->address;

    return (struct s7_mux_span){.area = address->area,
                                .db = address->db,
                                .first = address->byte,
                                .end = address->byte + (uint32_t)item->len};
}

static int compare_blocks(const struct s7_mux_span *a, const struct s7_mux_span *b)
{
    if (a->area != b->area)
        return a->area < b->area ? -1 : 1;
    return a->db != b->db ? (a->db < b->db ? -1 : 1) : 0;
}

static bool covers(const struct s7_mux_span *span, const struct s7_mux_span *part)
{
    return compare_blocks(span, part) == 0 && span->first <= part->first && part->end <= span->end;
}

static unsigned covering(const struct s7_mux_spans *spans, const struct s7_mux_span *part)
{
    unsigned i = 0;

    while (i < spans->n && !covers(&spans->at[i], part))
        i++;
    return i;
}

/* ---- joining ---- */

static bool is_near(const struct s7_mux_span *a, const struct s7_mux_span *b, uint32_t gap)
{
    return compare_blocks(a, b) == 0 && a->first <= b->end + gap && b->first <= a->end + gap;
}

static bool is_before(const struct s7_mux_span *a, const struct s7_mux_span *b)
{
    int order = compare_blocks(a, b);

    return order != 0 ? order < 0 : a->first < b->first;
}

static void widen(struct s7_mux_span *span, const struct s7_mux_span *by)
{
    span->mixed |= by->mixed || span->first != by->first || span->end != by->end;
    span->first = by->first < span->first ? by->first : span->first;
    span->end = by->end > span->end ? by->end : span->end;
}

static void remove_span(struct s7_mux_spans *spans, unsigned at)
{
    memmove(&spans->at[at], &spans->at[at + 1], (--spans->n - at) * sizeof spans->at[0]);
}

/* Join it with all that are near. false: there are too many then. */
static bool insert(struct s7_mux_spans *spans, struct s7_mux_span span, uint32_t gap)
{
    unsigned at = 0;

    for (unsigned i = 0; i < spans->n;) {
        if (!is_near(&spans->at[i], &span, gap)) {
            i++;
            continue;
        }
        widen(&span, &spans->at[i]);
        remove_span(spans, i);
        i = 0; /* wider now, it may be near to others */
    }
    if (spans->n == S7_ITEMS_PER_PDU)
        return false;
    while (at < spans->n && is_before(&spans->at[at], &span))
        at++;
    memmove(&spans->at[at + 1], &spans->at[at], (spans->n - at) * sizeof spans->at[0]);
    spans->at[at] = span;
    spans->n++;
    return true;
}

struct limits {
    size_t pdu_len;
    unsigned max_items;
    uint32_t gap;
};

static bool is_one_job(const struct s7_mux_spans *spans, const struct limits *limits)
{
    size_t answer = ANSWER_EMPTY;

    for (unsigned i = 0; i < spans->n; i++) {
        size_t len = spans->at[i].end - spans->at[i].first;

        answer += ANSWER_ITEM + len + len % 2;
    }
    return spans->n <= limits->max_items && REQUEST_EMPTY + spans->n * S7_ITEM_LEN <= limits->pdu_len &&
           answer <= limits->pdu_len;
}

/* Add all that a request reads. false: there is no room, and nothing was changed. */
static bool join(struct s7_mux_spans *spans, const struct s7_mux_request *request,
                 const struct limits *limits)
{
    const struct s7_transfer *transfer = &request->unit.transfer;
    struct s7_mux_spans joined = {.n = spans->n};

    memcpy(joined.at, spans->at, spans->n * sizeof spans->at[0]);
    for (size_t i = 0; i < transfer->n_items; i++)
        if (!insert(&joined, span_of(&transfer->items[i]), limits->gap))
            return false;
    if (!is_one_job(&joined, limits))
        return false;
    spans->n = joined.n;
    memcpy(spans->at, joined.at, joined.n * sizeof spans->at[0]);
    return true;
}

/* ---- batches ---- */

static void own(s7_mux_core *mux, struct s7_mux_batch *batch)
{
    batch->older = mux->batches;
    mux->batches = batch;
}

static struct s7_mux_batch *take_spare(s7_mux_core *mux)
{
    struct s7_mux_batch *batch = mux->spare;

    if (batch != NULL)
        mux->spare = batch->next;
    else if ((batch = malloc(sizeof *batch)) == NULL)
        return NULL;
    else
        own(mux, batch);
    batch->unit.ready = false;
    batch->unit.at = NULL;
    batch->unit.broke = S7_OK;
    batch->unit.request = NULL;
    batch->unit.batch = batch;
    batch->members = (struct s7_mux_queue){NULL, NULL};
    batch->n_members = 0;
    batch->spans.n = 0;
    return batch;
}

static void give_back(s7_mux_core *mux, struct s7_mux_batch *batch)
{
    batch->next = mux->spare;
    mux->spare = batch;
}

void s7_mux_free_batches(s7_mux_core *mux)
{
    for (struct s7_mux_batch *older, *batch = mux->batches; batch != NULL; batch = older) {
        older = batch->older;
        free(batch);
    }
}

static void begin(struct s7_mux_batch *batch)
{
    uint8_t *at = batch->data;

    for (unsigned i = 0; i < batch->spans.n; i++) {
        const struct s7_mux_span *span = &batch->spans.at[i];
        uint16_t len = (uint16_t)(span->end - span->first);

        batch->items[i] = (s7_item){.address = {.area = span->area,
                                                .db = span->db,
                                                .byte = span->first,
                                                .type = S7_TYPE_BYTE,
                                                .count = len},
                                    .data = at,
                                    .len = len};
        at += len;
    }
    (void)!s7_transfer_begin(&batch->unit.transfer, false, batch->items, batch->spans.n, S7_NEVER_NS, NULL);
}

static struct s7_mux_unit *alone(s7_mux_core *mux, struct s7_mux_request *request)
{
    s7_mux_take_out(&mux->gathering, request);
    request->where = S7_MUX_ALONE;
    return &request->unit;
}

/* From the first on, all that have room beside those before them. */
static void collect(s7_mux_core *mux, struct s7_mux_batch *batch, const struct limits *limits)
{
    struct s7_mux_request *next;

    for (struct s7_mux_request *request = mux->gathering.first; request != NULL; request = next) {
        next = request->next;
        if (!join(&batch->spans, request, limits))
            continue;
        s7_mux_take_out(&mux->gathering, request);
        request->where = S7_MUX_MERGED;
        request->batch = batch;
        s7_mux_append(&batch->members, request);
        batch->n_members++;
    }
}

struct s7_mux_unit *s7_mux_gather(s7_mux_core *mux, size_t pdu_len, unsigned max_items)
{
    struct limits limits = {pdu_len, max_items, mux->rules.gap};
    struct s7_mux_request *first = mux->gathering.first;
    struct s7_mux_batch *batch = first->next != NULL ? take_spare(mux) : NULL;

    if (batch == NULL || !join(&batch->spans, first, &limits)) {
        if (batch != NULL)
            give_back(mux, batch);
        return alone(mux, first);
    }
    batch->spans.n = 0;
    collect(mux, batch, &limits);
    if (batch->n_members == 1) {
        s7_mux_append(&mux->gathering, first); /* the others had no room; to be taken out again */
        give_back(mux, batch);
        return alone(mux, first);
    }
    begin(batch);
    mux->stats.merged += batch->n_members;
    return &batch->unit;
}

void s7_mux_leave_batch(s7_mux_core *mux, struct s7_mux_request *request)
{
    struct s7_mux_batch *batch = request->batch;

    s7_mux_take_out(&batch->members, request);
    if (batch->members.first == NULL)
        s7_mux_recall(mux, &batch->unit, S7_E_CANCELLED, "");
}

/* ---- answers ---- */

static void copy_item(s7_item *to, const s7_item *from, uint32_t offset)
{
    const uint8_t *bytes = (const uint8_t *)from->data + offset;

    if (s7_item_is_bit(&to->address))
        *(uint8_t *)to->data = bytes[0] >> to->address.bit & 1;
    else
        memcpy(to->data, bytes, to->len);
}

/* false: it may be somebody else's place that was refused. */
static bool give_item(const struct s7_mux_batch *batch, s7_item *to)
{
    struct s7_mux_span place = span_of(to);
    unsigned i = covering(&batch->spans, &place);
    const s7_item *from = &batch->items[i];

    if (from->status != S7_OK && batch->spans.at[i].mixed)
        return false;
    to->status = from->status;
    to->code = from->code;
    if (from->status == S7_OK)
        copy_item(to, from, place.first - batch->spans.at[i].first);
    return true;
}

static void clear_outcome(struct s7_transfer *transfer)
{
    for (size_t i = 0; i < transfer->n_items; i++) {
        transfer->items[i].status = S7_OK;
        transfer->items[i].code = 0;
    }
}

/* The job was answered. */
static void give(s7_mux_core *mux, struct s7_mux_batch *batch, struct s7_mux_request *request)
{
    struct s7_transfer *transfer = &request->unit.transfer;

    for (size_t i = 0; i < transfer->n_items; i++) {
        if (give_item(batch, &transfer->items[i]))
            continue;
        clear_outcome(transfer);
        s7_mux_send_alone(mux, request);
        return;
    }
    s7_transfer_settle(transfer, &batch->unit.transfer);
    s7_mux_finish(mux, request);
}

/* The job has failed as a whole: with its connection, or it was refused, perhaps for what another one asked.
 */
static void fail(s7_mux_core *mux, struct s7_mux_batch *batch, struct s7_mux_request *request)
{
    const struct s7_transfer *job = &batch->unit.transfer;
    bool broke = batch->unit.broke != S7_OK && job->failed == batch->unit.broke;

    if (!broke && (batch->spans.n > 1 || batch->spans.at[0].mixed)) {
        s7_mux_send_alone(mux, request);
    } else if (!broke || !s7_mux_repeat(mux, request)) {
        s7_transfer_settle(&request->unit.transfer, job);
        s7_mux_finish(mux, request);
    }
}

/* The last member first: those that go back to the head of a queue keep their order. */
void s7_mux_scatter(s7_mux_core *mux, struct s7_mux_batch *batch)
{
    struct s7_mux_request *request;

    (void)s7_transfer_result(&batch->unit.transfer, NULL);
    while ((request = batch->members.last) != NULL) {
        s7_mux_take_out(&batch->members, request);
        if (batch->unit.transfer.failed == S7_OK)
            give(mux, batch, request);
        else
            fail(mux, batch, request);
    }
    give_back(mux, batch);
}
