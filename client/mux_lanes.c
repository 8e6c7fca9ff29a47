/* Lanes: what is submitted where, what its answers bring about, and when a lane goes. */
#include "client/mux_core_impl.h"

#include <string.h>

/* ---- sending ---- */

/* The first whose job may travel there. */
static struct s7_mux_unit *first_for(const s7_mux_core *mux, const struct s7_mux_lane *lane)
{
    struct s7_mux_unit *unit = mux->ready_first;

    while (unit != NULL && unit->at != NULL && unit->at != lane)
        unit = unit->next;
    return unit;
}

/* Whose turn it is; NULL: nobody's. */
static struct s7_mux_unit *next_for(s7_mux_core *mux, const struct s7_mux_lane *lane, int64_t now_ns)
{
    struct s7_mux_unit *unit = first_for(mux, lane);

    if (now_ns < s7_mux_ripe_at_ns(mux) || mux->gathering.first == NULL ||
        (unit != NULL && unit->turn < mux->gathering.first->turn))
        return unit;
    return s7_mux_gather(mux, s7_session_granted(lane->session)->pdu_len,
                         s7_session_max_items(lane->session));
}

static void unit_over(s7_mux_core *mux, struct s7_mux_unit *unit)
{
    struct s7_mux_request *request = unit->request;
    bool broke = unit->broke != S7_OK && unit->transfer.failed == unit->broke;

    s7_mux_unready(mux, unit);
    if (unit->batch != NULL)
        s7_mux_scatter(mux, unit->batch);
    else if (!broke || !s7_mux_repeat(mux, request))
        s7_mux_finish(mux, request);
}

/* A job of it was submitted, or is over: what follows? */
static void go_on(s7_mux_core *mux, struct s7_mux_unit *unit)
{
    if (unit->transfer.in_flight == 0)
        unit->at = NULL;
    if (s7_transfer_done(&unit->transfer))
        unit_over(mux, unit);
    else if (!unit->ready && s7_transfer_has_more(&unit->transfer))
        s7_mux_make_ready(mux, unit);
    if (unit->ready && unit->batch == NULL && unit->transfer.in_flight == 0)
        s7_mux_queued(mux, unit->request);
}

static void unit_sent(s7_mux_core *mux, struct s7_mux_unit *unit)
{
    if (unit->batch == NULL) {
        s7_mux_sent(mux, unit->request);
        return;
    }
    for (struct s7_mux_request *member = unit->batch->members.first; member != NULL; member = member->next)
        s7_mux_sent(mux, member);
}

static struct s7_mux_slot *slot_of(struct s7_mux_lane *lane, uint64_t id)
{
    for (unsigned i = 0; i < S7_SESSION_MAX_JOBS; i++)
        if (lane->slots[i].id == id)
            return &lane->slots[i];
    return NULL;
}

static void submit(s7_mux_core *mux, struct s7_mux_lane *lane, struct s7_mux_unit *unit)
{
    struct s7_mux_slot *slot = slot_of(lane, 0); /* a window is never larger than the number of slots */

    s7_mux_unready(mux, unit);
    slot->id = s7_transfer_submit(&unit->transfer, lane->session);
    slot->unit = unit;
    if (slot->id != 0) {
        mux->stats.jobs++;
        lane->in_flight++;
        lane->used = true;
        lane->stirred = true;
        if (unit->transfer.write)
            unit->at = lane;
        unit_sent(mux, unit);
    }
    go_on(mux, unit);
}

static void fill(s7_mux_core *mux, struct s7_mux_lane *lane, int64_t now_ns)
{
    struct s7_mux_unit *unit;

    while (!lane->leaving && !lane->lost && s7_session_window(lane->session) > 0 &&
           (unit = next_for(mux, lane, now_ns)) != NULL)
        submit(mux, lane, unit);
}

void s7_mux_feed(s7_mux_core *mux, int64_t now_ns)
{
    mux->fed_ns = now_ns;
    for (struct s7_mux_lane *lane = mux->lanes; lane != NULL; lane = lane->next)
        fill(mux, lane, now_ns);
}

/* ---- answers ---- */

static void take(s7_mux_core *mux, struct s7_mux_lane *lane, struct s7_mux_slot *slot,
                 const struct s7_event *event, s7_status broke)
{
    struct s7_mux_unit *unit = slot->unit;

    slot->id = 0;
    lane->in_flight--;
    if (broke != S7_OK)
        unit->broke = broke;
    (void)s7_transfer_event(&unit->transfer, event);
    go_on(mux, unit);
}

bool s7_mux_event(s7_mux_core *mux, struct s7_mux_lane *lane, const struct s7_event *event)
{
    struct s7_mux_slot *slot = NULL;
    bool ended = s7_session_state(lane->session) == S7_SESSION_CLOSED;

    if ((event->kind == S7_EVENT_ANSWER || event->kind == S7_EVENT_FAILED) && event->id != 0)
        slot = slot_of(lane, event->id);
    if (slot == NULL)
        return false;
    take(mux, lane, slot, event, ended && event->kind == S7_EVENT_FAILED ? event->status : S7_OK);
    return true;
}

void s7_mux_lane_lost(s7_mux_core *mux, struct s7_mux_lane *lane, s7_status why, const char *detail)
{
    lane->lost = lane->leaving = true;
    for (unsigned i = 0; i < S7_SESSION_MAX_JOBS; i++) {
        struct s7_mux_slot *slot = &lane->slots[i];
        struct s7_event event = {.kind = S7_EVENT_FAILED, .status = why, .id = slot->id};

        if (slot->id == 0)
            continue;
        if (slot->unit->transfer.write)
            event.status = S7_E_OUTCOME_UNKNOWN;
        strncpy(event.detail, detail, sizeof event.detail - 1);
        take(mux, lane, slot, &event, event.status);
    }
}

/* ---- lanes ---- */

void s7_mux_lane_add(s7_mux_core *mux, struct s7_mux_lane *lane, s7_session *session, int64_t now_ns)
{
    *lane = (struct s7_mux_lane){
        .session = session, .prev = mux->lanes_last, .since_ns = now_ns, .owed_since_ns = S7_NEVER_NS};
    *(mux->lanes_last != NULL ? &mux->lanes_last->next : &mux->lanes) = lane;
    mux->lanes_last = lane;
    mux->n_lanes++;
}

static void note_owed(struct s7_mux_lane *lane, int64_t now_ns)
{
    if (s7_session_owed(lane->session) == 0)
        lane->owed_since_ns = S7_NEVER_NS;
    else if (lane->owed_since_ns == S7_NEVER_NS)
        lane->owed_since_ns = now_ns;
}

static bool is_spent(const s7_mux_core *mux, const struct s7_mux_lane *lane, int64_t now_ns)
{
    if (now_ns - lane->since_ns >= mux->rules.hold_ns)
        return true;
    return lane->owed_since_ns != S7_NEVER_NS && now_ns - lane->owed_since_ns >= mux->rules.owed_ns;
}

/* The one with the fewest jobs in flight, since it is free first; not one that has just come. */
static struct s7_mux_lane *least_busy(const s7_mux_core *mux)
{
    struct s7_mux_lane *least = NULL;

    for (struct s7_mux_lane *lane = mux->lanes; lane != NULL; lane = lane->next)
        if (lane->used && !lane->leaving && (least == NULL || lane->in_flight < least->in_flight))
            least = lane;
    return least;
}

static unsigned n_leaving(const s7_mux_core *mux)
{
    unsigned n = 0;

    for (const struct s7_mux_lane *lane = mux->lanes; lane != NULL; lane = lane->next)
        n += lane->leaving;
    return n;
}

void s7_mux_review(s7_mux_core *mux, struct s7_mux_demand demand, int64_t now_ns)
{
    unsigned keep = demand.up >= 2 ? 1 : 0;

    for (struct s7_mux_lane *lane = mux->lanes; lane != NULL; lane = lane->next) {
        if (!lane->lost)
            note_owed(lane, now_ns);
        lane->leaving |= is_spent(mux, lane, now_ns);
    }
    for (unsigned leaving = n_leaving(mux); leaving < demand.waiting && mux->n_lanes - leaving > keep;
         leaving++) {
        struct s7_mux_lane *lane = least_busy(mux);

        if (lane == NULL)
            return;
        lane->leaving = true;
    }
}

struct s7_mux_lane *s7_mux_next_leaver(s7_mux_core *mux)
{
    struct s7_mux_lane *lane = mux->lanes;

    while (lane != NULL && lane->in_flight > 0)
        lane = lane->next;
    if (lane == NULL)
        return NULL;
    *(lane->prev != NULL ? &lane->prev->next : &mux->lanes) = lane->next;
    *(lane->next != NULL ? &lane->next->prev : &mux->lanes_last) = lane->prev;
    mux->n_lanes--;
    return lane;
}

bool s7_mux_wants_lane(const s7_mux_core *mux, struct s7_mux_demand demand, int64_t now_ns)
{
    unsigned working = mux->n_lanes - n_leaving(mux);
    bool more =
        first_for(mux, NULL) != NULL || (mux->gathering.first != NULL && now_ns >= s7_mux_ripe_at_ns(mux));

    return more && mux->n_lanes < mux->rules.max_lanes && (working == 0 || demand.waiting == 0);
}
