#include "client/mux_core_impl.h"

#include <stdio.h>
#include <stdlib.h>

#define NS_PER_MS INT64_C(1000000)

/* A request from its call to its outcome:
 *
 *   submit --> GATHERING --(a job has room)--> MERGED --scatter--> OVER
 *     |            |   ^                        |  |
 *     |            |   +---- the lane is lost --+  +-- refused together --> ALONE
 *     |            +-- nobody to be merged with --> ALONE
 *     +--> ALONE: ready <--> in flight --> OVER
 */

/* ---- life ---- */

s7_status s7_mux_core_new(const struct s7_mux_rules *rules, s7_mux_core **out)
{
    s7_mux_core *mux = calloc(1, sizeof *mux);

    if (mux == NULL)
        return S7_E_NOMEM;
    mux->rules = *rules;
    *out = mux;
    return S7_OK;
}

void s7_mux_core_free(s7_mux_core *mux)
{
    if (mux == NULL)
        return;
    s7_mux_free_batches(mux);
    free(mux);
}

/* ---- queues ---- */

void s7_mux_append(struct s7_mux_queue *queue, struct s7_mux_request *request)
{
    request->next = NULL;
    request->prev = queue->last;
    *(queue->last != NULL ? &queue->last->next : &queue->first) = request;
    queue->last = request;
}

static void prepend(struct s7_mux_queue *queue, struct s7_mux_request *request)
{
    request->prev = NULL;
    request->next = queue->first;
    *(queue->first != NULL ? &queue->first->prev : &queue->last) = request;
    queue->first = request;
}

void s7_mux_take_out(struct s7_mux_queue *queue, struct s7_mux_request *request)
{
    *(request->prev != NULL ? &request->prev->next : &queue->first) = request->next;
    *(request->next != NULL ? &request->next->prev : &queue->last) = request->prev;
}

void s7_mux_make_ready(s7_mux_core *mux, struct s7_mux_unit *unit)
{
    unit->ready = true;
    unit->turn = ++mux->turns;
    unit->next = NULL;
    unit->prev = mux->ready_last;
    *(mux->ready_last != NULL ? &mux->ready_last->next : &mux->ready_first) = unit;
    mux->ready_last = unit;
}

/* It has waited already. */
static void make_ready_first(s7_mux_core *mux, struct s7_mux_unit *unit)
{
    unit->ready = true;
    unit->turn = 0;
    unit->prev = NULL;
    unit->next = mux->ready_first;
    *(mux->ready_first != NULL ? &mux->ready_first->prev : &mux->ready_last) = unit;
    mux->ready_first = unit;
}

void s7_mux_unready(s7_mux_core *mux, struct s7_mux_unit *unit)
{
    if (!unit->ready)
        return;
    unit->ready = false;
    *(unit->prev != NULL ? &unit->prev->next : &mux->ready_first) = unit->next;
    *(unit->next != NULL ? &unit->next->prev : &mux->ready_last) = unit->prev;
}

/* ---- outcomes ---- */

void s7_mux_finish(s7_mux_core *mux, struct s7_mux_request *request)
{
    mux->due = s7_heap_remove(mux->due, &request->due);
    request->where = S7_MUX_OVER;
    s7_mux_append(&mux->over, request);
}

struct s7_mux_request *s7_mux_next_over(s7_mux_core *mux)
{
    struct s7_mux_request *request = mux->over.first;

    if (request == NULL)
        return NULL;
    s7_mux_take_out(&mux->over, request);
    request->where = S7_MUX_FREE;
    return request;
}

s7_status s7_mux_result(struct s7_mux_request *request, s7_errinfo *err)
{
    return s7_transfer_result(&request->unit.transfer, err);
}

/* ---- requests ---- */

static void enqueue(s7_mux_core *mux, struct s7_mux_request *request, int64_t now_ns)
{
    if (request->apart) {
        request->where = S7_MUX_ALONE;
        s7_mux_make_ready(mux, &request->unit);
        return;
    }
    request->where = S7_MUX_GATHERING;
    request->turn = ++mux->turns;
    request->since_ns = now_ns;
    s7_mux_append(&mux->gathering, request);
}

s7_status s7_mux_prepare(struct s7_mux_request *request, bool write, s7_item *items, size_t n_items,
                         s7_errinfo *err)
{
    struct s7_mux_unit *unit = &request->unit;

    request->where = S7_MUX_FREE;
    request->unserved = request->withdrawn = false;
    request->repeats = 0;
    unit->ready = false;
    unit->at = NULL;
    unit->broke = S7_OK;
    unit->request = request;
    unit->batch = NULL;
    return s7_transfer_begin(&unit->transfer, write, items, n_items, S7_NEVER_NS, err);
}

/* Who has little time gets his answer rather than company. */
static bool may_gather(const s7_mux_core *mux, const struct s7_mux_request *request, int64_t now_ns)
{
    int64_t left_ns = request->deadline_ns - now_ns;

    return mux->rules.coalesce_ns > 0 && mux->rules.coalesce_ns <= left_ns / 2 && s7_mux_may_merge(request);
}

void s7_mux_submit(s7_mux_core *mux, struct s7_mux_request *request, int64_t deadline_ns, int64_t answer_ns,
                   int64_t now_ns)
{
    request->deadline_ns = deadline_ns;
    request->answer_ns = answer_ns;
    request->asked_ns = now_ns;
    request->apart = !may_gather(mux, request, now_ns);
    request->due = (struct s7_heap_node){.at_ns = deadline_ns, .seq = mux->stats.calls++};
    mux->due = s7_heap_insert(mux->due, &request->due);
    if (request->unit.transfer.n_items > 0)
        enqueue(mux, request, now_ns);
    else
        s7_mux_finish(mux, request);
}

static void make_due(s7_mux_core *mux, struct s7_mux_request *request, int64_t at_ns)
{
    if (request->due.at_ns == at_ns)
        return;
    mux->due = s7_heap_remove(mux->due, &request->due);
    request->due.at_ns = at_ns;
    mux->due = s7_heap_insert(mux->due, &request->due);
}

void s7_mux_queued(s7_mux_core *mux, struct s7_mux_request *request)
{
    if (!request->withdrawn)
        make_due(mux, request, request->deadline_ns);
}

void s7_mux_sent(s7_mux_core *mux, struct s7_mux_request *request)
{
    request->sent_ns = mux->fed_ns;
    if (request->answer_ns < request->deadline_ns - mux->fed_ns)
        make_due(mux, request, mux->fed_ns + request->answer_ns);
}

void s7_mux_send_alone(s7_mux_core *mux, struct s7_mux_request *request)
{
    s7_mux_queued(mux, request);
    request->apart = true;
    request->where = S7_MUX_ALONE;
    make_ready_first(mux, &request->unit);
}

bool s7_mux_repeat(s7_mux_core *mux, struct s7_mux_request *request)
{
    struct s7_transfer *transfer = &request->unit.transfer;

    if (transfer->write || request->withdrawn || request->repeats == mux->rules.read_retries)
        return false;
    if (s7_transfer_begin(transfer, false, transfer->items, transfer->n_items, S7_NEVER_NS, NULL) != S7_OK)
        return false;
    request->repeats++;
    s7_mux_queued(mux, request);
    request->unit.broke = S7_OK;
    if (request->apart) {
        s7_mux_send_alone(mux, request);
        return true;
    }
    request->where = S7_MUX_GATHERING; /* and waited long enough */
    request->turn = 0;
    request->since_ns = INT64_MIN;
    prepend(&mux->gathering, request);
    return true;
}

/* ---- giving up ---- */

static void recall_in(struct s7_mux_lane *lane, const struct s7_mux_unit *unit)
{
    for (unsigned i = 0; i < S7_SESSION_MAX_JOBS; i++) {
        if (lane->slots[i].id == 0 || lane->slots[i].unit != unit)
            continue;
        s7_session_cancel(lane->session, lane->slots[i].id);
        lane->stirred = true;
    }
}

void s7_mux_recall(s7_mux_core *mux, struct s7_mux_unit *unit, s7_status why, const char *detail)
{
    s7_mux_unready(mux, unit);
    s7_transfer_fail(&unit->transfer, why, detail);
    for (struct s7_mux_lane *lane = mux->lanes; lane != NULL; lane = lane->next)
        recall_in(lane, unit);
}

void s7_mux_withdraw(s7_mux_core *mux, struct s7_mux_request *request, s7_status why, const char *detail)
{
    struct s7_mux_unit *unit = &request->unit;

    request->withdrawn = true;
    switch (request->where) {
    case S7_MUX_GATHERING:
        s7_mux_take_out(&mux->gathering, request);
        s7_transfer_fail(&unit->transfer, why, detail);
        s7_mux_finish(mux, request);
        break;
    case S7_MUX_MERGED:
        s7_mux_leave_batch(mux, request);
        s7_transfer_fail(&unit->transfer, why, detail);
        s7_mux_finish(mux, request);
        break;
    case S7_MUX_ALONE:
        s7_mux_recall(mux, unit, why, detail);
        if (unit->transfer.in_flight == 0)
            s7_mux_finish(mux, request);
        break;
    default:
        break;
    }
}

static bool is_in_flight(const struct s7_mux_request *request)
{
    return request->where == S7_MUX_MERGED ||
           (request->where == S7_MUX_ALONE && request->unit.transfer.in_flight > 0);
}

void s7_mux_fail_waiting(s7_mux_core *mux, s7_status why)
{
    struct s7_mux_unit *next;

    while (mux->gathering.first != NULL) {
        mux->gathering.first->unserved = true;
        s7_mux_withdraw(mux, mux->gathering.first, why, "");
    }
    for (struct s7_mux_unit *unit = mux->ready_first; unit != NULL; unit = next) {
        next = unit->next;
        if (unit->transfer.in_flight > 0 || unit->batch != NULL)
            continue;
        unit->request->unserved = true;
        s7_mux_withdraw(mux, unit->request, why, "");
    }
}

static struct s7_mux_request *next_due(const s7_mux_core *mux, int64_t now_ns)
{
    if (mux->due == NULL || mux->due->at_ns > now_ns)
        return NULL;
    return (struct s7_mux_request *)(void *)((char *)mux->due - offsetof(struct s7_mux_request, due));
}

typedef char detail_text[96];

static void say_unanswered(const struct s7_mux_request *request, int64_t now_ns, detail_text detail)
{
    long long ms = (now_ns - request->sent_ns) / NS_PER_MS;

    if (request->repeats == 0)
        snprintf(detail, sizeof(detail_text), "no answer within %lld ms", ms);
    else
        snprintf(detail, sizeof(detail_text), "no answer within %lld ms; it was asked for %u times", ms,
                 request->repeats + 1);
}

static void say_unsent(const struct s7_mux_request *request, int64_t now_ns, detail_text detail)
{
    const struct s7_transfer *transfer = &request->unit.transfer;
    const char *what = "it was not sent";

    if (request->repeats > 0)
        what = "it was not sent again";
    else if (transfer->next_item > 0 || transfer->next_offset > 0)
        what = "only a part of it was sent";
    snprintf(detail, sizeof(detail_text), "%s within %lld ms: no connection had room for it", what,
             (long long)((now_ns - request->asked_ns) / NS_PER_MS));
}

/* No answer came in time: none of its lanes is to be trusted. A read is begun anew in another one, once the
 * events of its jobs were taken. */
static void give_up_the_lanes(s7_mux_core *mux, struct s7_mux_request *request, int64_t now_ns)
{
    struct s7_mux_unit *unit = request->where == S7_MUX_MERGED ? &request->batch->unit : &request->unit;
    detail_text detail;

    make_due(mux, request, request->deadline_ns);
    for (struct s7_mux_lane *lane = mux->lanes; lane != NULL; lane = lane->next)
        for (unsigned i = 0; i < S7_SESSION_MAX_JOBS; i++)
            lane->leaving |= lane->slots[i].id != 0 && lane->slots[i].unit == unit;
    unit->broke = S7_E_TIMEOUT;
    say_unanswered(request, now_ns, detail);
    s7_mux_recall(mux, unit, S7_E_TIMEOUT, detail);
}

/* What is in flight stays in the heap until its events were taken: out of the way of the others. */
static void give_up(s7_mux_core *mux, struct s7_mux_request *request, s7_status vain, int64_t now_ns)
{
    bool left = is_in_flight(request);
    detail_text detail;

    if (left && request->due.at_ns < request->deadline_ns) {
        give_up_the_lanes(mux, request, now_ns);
        return;
    }
    make_due(mux, request, S7_NEVER_NS);
    request->unserved = !left && mux->n_lanes == 0;
    if (left)
        say_unanswered(request, now_ns, detail);
    else
        say_unsent(request, now_ns, detail);
    s7_mux_withdraw(mux, request, request->unserved ? vain : S7_E_TIMEOUT, detail);
}

void s7_mux_tick(s7_mux_core *mux, s7_status vain, int64_t now_ns)
{
    struct s7_mux_request *request;

    while ((request = next_due(mux, now_ns)) != NULL)
        give_up(mux, request, vain, now_ns);
}

/* When the oldest read has gathered for long enough. */
int64_t s7_mux_ripe_at_ns(const s7_mux_core *mux)
{
    const struct s7_mux_request *oldest = mux->gathering.first;

    if (oldest == NULL)
        return S7_NEVER_NS;
    return oldest->since_ns == INT64_MIN ? INT64_MIN : oldest->since_ns + mux->rules.coalesce_ns;
}

/* What was ripe when the lanes were fed waits for room, not for a time. */
int64_t s7_mux_deadline(const s7_mux_core *mux)
{
    int64_t ripe_ns = s7_mux_ripe_at_ns(mux), due_ns = mux->due != NULL ? mux->due->at_ns : S7_NEVER_NS;

    return ripe_ns > mux->fed_ns && ripe_ns < due_ns ? ripe_ns : due_ns;
}

/* ---- questions ---- */

unsigned s7_mux_lanes(const s7_mux_core *mux)
{
    return mux->n_lanes;
}

struct s7_mux_lane *s7_mux_first_lane(const s7_mux_core *mux)
{
    return mux != NULL ? mux->lanes : NULL;
}

bool s7_mux_is_idle(const s7_mux_core *mux)
{
    return mux->due == NULL;
}

const struct s7_mux_stats *s7_mux_stats_of(const s7_mux_core *mux)
{
    return &mux->stats;
}
