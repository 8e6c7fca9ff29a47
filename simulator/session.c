#include "session_impl.h"

#include "told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEVER_NS INT64_MAX

s7_status sim_session_new(struct sim_plc *plc, const struct sim_session_options *options, int64_t now_ns,
                          sim_session **out)
{
    sim_session *session = calloc(1, sizeof *session);

    if (session == NULL)
        return S7_E_NOMEM;
    session->plc = plc;
    session->options = *options;
    session->now.state = SIM_WAIT_CR;
    session->now.link.pdu_len = S7_PDU_LEN_MIN;
    session->now.tpdu_len = s7_cotp_tpdu_bytes(SIM_DEFAULT_TPDU);
    session->connect_by_ns = now_ns + options->connect_ns;
    session->partial_since_ns = NEVER_NS;
    *out = session;
    return S7_OK;
}

void sim_session_free(sim_session *session)
{
    if (session != NULL && session->admitted)
        sim_plc_leave(session->plc, session->of);
    if (session != NULL)
        sim_messages_changed(session->plc, session->now.link.events, 0);
    for (size_t i = 0; session != NULL && i < 2; i++)
        free(session->replies[i].bytes);
    for (size_t i = 0; session != NULL && i < SIM_TASK_KINDS; i++)
        sim_tasks_free(session->tasks[i]);
    if (session != NULL)
        sim_shelf_clear(&session->shelf);
    free(session);
}

bool sim_session_is_open(const sim_session *session)
{
    return session->now.state == SIM_OPEN;
}

const struct sim_link *sim_session_link(const sim_session *session)
{
    return &session->now.link;
}

/* ---- framing ---- */

size_t sim_session_room(sim_session *session, uint8_t **room)
{
    *room = session->rx + session->rx_len;
    return session->bad || session->now.state == SIM_ENDED ? 0 : SIM_RX_CAP - session->rx_len;
}

/* A write shows in the first fragment's parameters; a frame whose kind does not show there may be one. */
static bool may_be_write(const uint8_t *frame, size_t len)
{
    if (len <= S7_DT_OVERHEAD || frame[5] >> 4 != S7_COTP_DT >> 4)
        return false;
    return (frame[6] & 0x80) == 0 || sim_job_may_write(frame + S7_DT_OVERHEAD, len - S7_DT_OVERHEAD);
}

static void frame_received(sim_session *session)
{
    size_t frame_len;

    while (!session->bad) {
        const uint8_t *frame = session->rx + session->framed;
        s7_status status = s7_tpkt_peek(frame, session->rx_len - session->framed, SIM_FRAME_MAX, &frame_len);

        if (status == S7_E_TRUNCATED)
            return;
        if (status != S7_OK) { /* of a muted session dropped by sim_session_turn_done */
            session->bad = true;
            snprintf(session->bad_why, sizeof session->bad_why, "no TPKT frame: bytes %02X %02X %02X %02X",
                     frame[0], frame[1], frame[2], frame[3]);
            return;
        }
        if (may_be_write(frame, frame_len))
            session->may_write++;
        session->framed += frame_len;
    }
}

void sim_session_received(sim_session *session, size_t len, int64_t now_ns)
{
    size_t framed_before = session->framed;

    session->received_ns = now_ns;
    session->rx_len += len;
    frame_received(session);
    if (session->rx_len == session->framed)
        session->partial_since_ns = NEVER_NS;
    else if (session->framed > framed_before || session->partial_since_ns == NEVER_NS)
        session->partial_since_ns = now_ns;
}

bool sim_session_ready(const sim_session *session)
{
    if (session->now.state == SIM_ENDED || session->now.joined_ran || session->now.chained)
        return false;
    return session->now.at < session->framed || (session->bad && !session->now.mute);
}

bool sim_session_may_write(const sim_session *session)
{
    return !session->now.mute && (session->may_write > 0 || session->now.joining);
}

/* ---- the turn ---- */

/* Most connections have none. */
static void for_tasks(sim_session *session, void (*fn)(struct sim_tasks *))
{
    for (size_t i = 0; i < SIM_TASK_KINDS; i++)
        if (session->tasks[i] != NULL)
            fn(session->tasks[i]);
}

void sim_session_mark(sim_session *session)
{
    session->now.in_turn = 0;
    session->mark = session->now;
    for_tasks(session, sim_tasks_mark);
    sim_shelf_mark(&session->shelf, &session->now.link);
}

void sim_session_rewind(sim_session *session)
{
    sim_messages_changed(session->plc, session->now.link.events, session->mark.link.events);
    session->now = session->mark;
    for_tasks(session, sim_tasks_rewind);
}

static unsigned count_may_write(const sim_session *session)
{
    unsigned count = 0;
    size_t at = 0, len;

    while (at < session->framed &&
           s7_tpkt_peek(session->rx + at, session->framed - at, SIM_FRAME_MAX, &len) == S7_OK) {
        if (may_be_write(session->rx + at, len))
            count++;
        at += len;
    }
    return count;
}

void sim_session_turn_done(sim_session *session)
{
    size_t done = session->now.at;

    session->now.joined_ran = false;
    session->now.chained = false;
    for_tasks(session, sim_tasks_turn_done);
    sim_shelf_tidy(&session->shelf, &session->now.link);
    if (session->now.mute && session->bad) { /* what is no frame is dropped as well */
        session->bad = false;
        session->rx_len = session->framed;
    }
    if (done == 0)
        return;
    if (done < session->rx_len)
        memmove(session->rx, session->rx + done, session->rx_len - done);
    session->rx_len -= done;
    session->framed -= done;
    session->now.at = 0;
    session->may_write = session->framed == 0 ? 0 : count_may_write(session);
}

/* ---- out ---- */

size_t sim_session_pending(const sim_session *session, const uint8_t **bytes)
{
    *bytes = session->tx + session->tx_sent;
    return session->now.tx_len - session->tx_sent;
}

uint8_t *sim_session_unsent(sim_session *session)
{
    return session->tx + session->tx_sent;
}

void sim_session_sent(sim_session *session, size_t len)
{
    size_t left = session->now.tx_len - session->tx_sent - len;

    session->tx_sent += len;
    if (left > 0 && session->tx_sent < SIM_TX_CAP / 2)
        return;
    memmove(session->tx, session->tx + session->tx_sent, left);
    session->tx_sent = 0;
    session->now.tx_len = left;
}

/* ---- time ---- */

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t frame_deadline(const sim_session *session)
{
    int64_t since = session->partial_since_ns;

    if (session->now.joining)
        since = sooner(since, session->now.joining_since_ns);
    return since == NEVER_NS ? NEVER_NS : since + session->options.frame_ns;
}

int64_t sim_session_deadline(const sim_session *session)
{
    bool waits = session->now.state == SIM_WAIT_CR && !session->asked;

    if (session->now.state == SIM_ENDED || session->now.mute)
        return NEVER_NS;
    return sooner(waits ? session->connect_by_ns : NEVER_NS, frame_deadline(session));
}

void sim_session_wait(sim_session *session, int64_t ns)
{
    session->connect_by_ns += ns;
}

int64_t sim_session_received_ns(const sim_session *session)
{
    return session->received_ns;
}

bool sim_session_overdue(const sim_session *session, int64_t now_ns, const char **why)
{
    if (now_ns < sim_session_deadline(session))
        return false;
    *why = now_ns >= frame_deadline(session) ? "a frame was begun and not finished"
                                             : "no connection request came";
    return true;
}

void sim_session_resume(sim_session *session, int64_t now_ns)
{
    if (session->partial_since_ns != NEVER_NS)
        session->partial_since_ns = now_ns;
    if (session->now.joining)
        session->now.joining_since_ns = now_ns;
}
