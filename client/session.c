#include "client/session_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool options_are_good(const struct s7_session_options *options)
{
    return options->pdu_len >= S7_PDU_LEN_MIN && options->pdu_len <= S7_PDU_LEN_MAX &&
           options->max_jobs >= 1 && options->max_jobs <= S7_SESSION_MAX_JOBS &&
           options->max_items >= S7_ITEMS_PER_JOB && options->handshake_ns > 0;
}

s7_status s7_session_new(const struct s7_session_options *options, s7_session **out)
{
    if (!options_are_good(options))
        return S7_E_ARG;
    struct s7_session *session = calloc(1, sizeof *session);

    if (session == NULL)
        return S7_E_NOMEM;
    session->options = *options;
    session->next_ref = options->first_ref;
    session->tpdu_len = S7_SESSION_TPDU_LEN;
    s7_status status = s7_session_make_room(session);
    if (status != S7_OK) {
        free(session);
        return status;
    }
    *out = session;
    return S7_OK;
}

void s7_session_free(s7_session *session)
{
    if (session == NULL)
        return;
    free(session->slots);
    free(session);
}

void s7_session_start(s7_session *session, int64_t now_ns)
{
    if (session->state != S7_SESSION_NEW && session->state != S7_SESSION_CLOSED)
        return;
    session->peer = (struct s7_expectation){.state = S7_SLOT_FREE};
    session->n_slots = 0;
    session->closed_event_due = false;
    session->rx_at = session->rx_end = session->join_len = 0;
    session->tx_at = session->tx_end = 0;
    session->granted = (struct s7_setup){0};
    session->tpdu_len = S7_SESSION_TPDU_LEN;
    session->src_ref++;
    if (session->src_ref == 0)
        session->src_ref = 1;
    session->handshake_deadline_ns = session->options.handshake_ns > S7_NEVER_NS - now_ns
                                         ? S7_NEVER_NS
                                         : now_ns + session->options.handshake_ns;
    session->state = S7_SESSION_CONNECTING;
    s7_session_send_cr(session);
}

void s7_session_want_pushes(s7_session *session, bool wanted)
{
    session->wants_pushes = wanted;
}

/* ---- slots ---- */

struct s7_slot *s7_session_slot_of_ref(struct s7_session *session, uint16_t ref)
{
    for (unsigned i = 0; i < session->n_slots; i++)
        if (session->slots[i].state != S7_SLOT_FREE && session->slots[i].ref == ref)
            return &session->slots[i];
    return NULL;
}

uint16_t s7_session_take_ref(struct s7_session *session)
{
    for (;;) {
        uint16_t ref = session->next_ref++;

        if (ref != 0 && s7_session_slot_of_ref(session, ref) == NULL)
            return ref;
    }
}

static void slot_fail(struct s7_session *session, struct s7_slot *slot, s7_status why)
{
    slot->owed = s7_session_tx_position(session) > slot->tx_begin;
    slot->cause = why;
    slot->status = slot->changes && slot->owed ? S7_E_OUTCOME_UNKNOWN : why;
    slot->state = S7_SLOT_FAILED;
    /* Once a part of it left, the rest must follow, or the peer takes the next frame for it. */
    if (!slot->owed)
        s7_session_tx_remove(session, slot);
}

void s7_session_close(struct s7_session *session, s7_status why, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(session->closed_detail, sizeof session->closed_detail, format, args);
    va_end(args);
    for (unsigned i = 0; i < session->n_slots; i++) {
        struct s7_slot *slot = &session->slots[i];

        if (slot->state == S7_SLOT_OPEN)
            slot_fail(session, slot, why);
        slot->owed = false; /* nothing comes any more */
        if (slot->state == S7_SLOT_OWED)
            slot->state = S7_SLOT_FREE;
    }
    if (session->peer.state == S7_SLOT_OPEN)
        session->peer.state = S7_SLOT_FAILED;
    session->rx_at = session->rx_end = session->join_len = 0;
    session->tx_at = session->tx_end = 0;
    session->granted = (struct s7_setup){0};
    session->closed_why = why;
    session->closed_cotp_reason = 0;
    session->closed_plc_error = 0;
    session->closed_event_due = true;
    session->closed_in = session->state;
    session->state = S7_SESSION_CLOSED;
}

void s7_session_lost(s7_session *session, s7_status why)
{
    bool refused = why == S7_E_CLOSED || why == S7_E_RESET;

    if (session->state == S7_SESSION_NEW || session->state == S7_SESSION_CLOSED)
        return;
    if (session->state == S7_SESSION_CONNECTING && refused)
        s7_session_close(session, S7_E_COTP_REFUSED,
                         "the peer %s the TCP connection instead of answering the CR",
                         why == S7_E_CLOSED ? "closed" : "reset");
    else if (session->state == S7_SESSION_NEGOTIATING)
        s7_session_close(session, why, "%s, before the answer to setup communication", s7_strerror(why));
    else
        s7_session_close(session, why, "%s", s7_strerror(why));
}

void s7_session_give_up(s7_session *session, const char *detail)
{
    if (session->state == S7_SESSION_READY)
        s7_session_close(session, S7_E_TIMEOUT, "%s", detail);
}

void s7_session_cancel(s7_session *session, uint64_t id)
{
    for (unsigned i = 0; i < session->n_slots; i++)
        if (session->slots[i].state == S7_SLOT_OPEN && session->slots[i].id == id)
            slot_fail(session, &session->slots[i], S7_E_CANCELLED);
    if (session->peer.state == S7_SLOT_OPEN && session->peer.id == id)
        s7_session_close(session, S7_E_CANCELLED, "given up while the PLC was asking for more");
}

/* ---- jobs of the peer ---- */

s7_status s7_session_expect(s7_session *session, uint64_t id, int64_t deadline_ns)
{
    if (session->state != S7_SESSION_READY || session->peer.state != S7_SLOT_FREE)
        return S7_E_MISUSE;
    session->peer = (struct s7_expectation){S7_SLOT_OPEN, id, deadline_ns};
    return S7_OK;
}

void s7_session_expect_end(s7_session *session)
{
    if (session->peer.state == S7_SLOT_OPEN)
        session->peer.state = S7_SLOT_FREE;
}

/* ---- time ---- */

static bool in_handshake(const struct s7_session *session)
{
    return session->state == S7_SESSION_CONNECTING || session->state == S7_SESSION_NEGOTIATING;
}

int64_t s7_session_deadline(const s7_session *session)
{
    int64_t earliest = in_handshake(session) ? session->handshake_deadline_ns : S7_NEVER_NS;

    for (unsigned i = 0; i < session->n_slots; i++) {
        const struct s7_slot *slot = &session->slots[i];

        if (slot->state == S7_SLOT_OPEN && slot->deadline_ns < earliest)
            earliest = slot->deadline_ns;
    }
    if (session->peer.state == S7_SLOT_OPEN && session->peer.deadline_ns < earliest)
        earliest = session->peer.deadline_ns;
    return earliest;
}

void s7_session_tick(s7_session *session, int64_t now_ns)
{
    if (in_handshake(session) && now_ns >= session->handshake_deadline_ns) {
        s7_session_close(session, S7_E_TIMEOUT, "%s",
                         session->state == S7_SESSION_CONNECTING ? "no answer to the COTP connection request"
                                                                 : "no answer to setup communication");
        return;
    }
    for (unsigned i = 0; i < session->n_slots; i++) {
        struct s7_slot *slot = &session->slots[i];

        if (slot->state == S7_SLOT_OPEN && now_ns >= slot->deadline_ns) {
            slot_fail(session, slot, S7_E_TIMEOUT);
            session->stats.timeouts++;
        }
    }
    if (session->peer.state == S7_SLOT_OPEN && now_ns >= session->peer.deadline_ns)
        s7_session_close(session, S7_E_TIMEOUT, "nothing more came from the PLC in time");
}

/* ---- events ---- */

static const char *failed_text(const struct s7_session *session, const struct s7_slot *slot)
{
    if (slot->cause == S7_E_TIMEOUT && session->state != S7_SESSION_CLOSED)
        return slot->owed ? "no answer came in time" : "the request could not be sent in time";
    if (slot->cause == S7_E_CANCELLED)
        return slot->owed ? "withdrawn before the answer came" : "withdrawn before it was sent";
    return session->closed_detail;
}

static bool next_failed(struct s7_session *session, struct s7_event *event)
{
    for (unsigned i = 0; i < session->n_slots; i++) {
        struct s7_slot *slot = &session->slots[i];

        if (slot->state != S7_SLOT_FAILED)
            continue;
        *event = (struct s7_event){.kind = S7_EVENT_FAILED,
                                   .status = slot->status,
                                   .id = slot->id,
                                   .withdrawn = slot->cause == S7_E_CANCELLED};
        snprintf(event->detail, sizeof event->detail, "%s", failed_text(session, slot));
        slot->state = slot->owed ? S7_SLOT_OWED : S7_SLOT_FREE;
        return true;
    }
    return false;
}

static bool next_expectation(struct s7_session *session, struct s7_event *event)
{
    if (session->peer.state != S7_SLOT_FAILED)
        return false;
    session->peer.state = S7_SLOT_FREE;
    *event =
        (struct s7_event){.kind = S7_EVENT_FAILED, .status = session->closed_why, .id = session->peer.id};
    memcpy(event->detail, session->closed_detail, sizeof event->detail);
    return true;
}

static bool next_closed(struct s7_session *session, struct s7_event *event)
{
    if (!session->closed_event_due)
        return false;
    session->closed_event_due = false;
    *event = (struct s7_event){.kind = S7_EVENT_CLOSED,
                               .status = session->closed_why,
                               .cotp_reason = session->closed_cotp_reason,
                               .plc_error = session->closed_plc_error,
                               .ended_in = session->closed_in};
    memcpy(event->detail, session->closed_detail, sizeof event->detail);
    return true;
}

bool s7_session_next(s7_session *session, struct s7_event *event)
{
    return next_failed(session, event) || s7_session_parse(session, event) ||
           next_failed(session, event) || /* parsing may have closed the session */
           next_expectation(session, event) || next_closed(session, event);
}

/* ---- state ---- */

enum s7_session_state s7_session_state(const s7_session *session)
{
    return session->state;
}

const struct s7_setup *s7_session_granted(const s7_session *session)
{
    return &session->granted;
}

static unsigned count(const struct s7_session *session, bool open)
{
    unsigned n = 0;

    for (unsigned i = 0; i < session->n_slots; i++) {
        const struct s7_slot *slot = &session->slots[i];
        bool owed = slot->state == S7_SLOT_OWED || (slot->state == S7_SLOT_FAILED && slot->owed);

        n += open ? slot->state == S7_SLOT_OPEN : owed;
    }
    return n;
}

unsigned s7_session_open(const s7_session *session)
{
    return count(session, true);
}

unsigned s7_session_owed(const s7_session *session)
{
    return count(session, false);
}

unsigned s7_session_window(const s7_session *session)
{
    if (session->state != S7_SESSION_READY)
        return 0;
    unsigned limit = s7_session_limit(session), used = 0;

    for (unsigned i = 0; i < session->n_slots; i++)
        used += session->slots[i].state != S7_SLOT_FREE;
    size_t by_room = s7_session_tx_room(session) / s7_session_job_cap(session);
    unsigned by_window = limit > used ? limit - used : 0;
    return by_room < by_window ? (unsigned)by_room : by_window;
}

const struct s7_session_stats *s7_session_stats(const s7_session *session)
{
    return &session->stats;
}
