/* What a direct client does at its connection: bytes out and in, events to whom they belong, and one call's
 * work from its begin to its end. */
#include "client/client_impl.h"

#include "client/log.h"
#include "loop/blocking.h"

/* ---- bytes ---- */

static void disconnect(struct s7_direct *client)
{
    atomic_store(&client->up, false);
    if (client->pooled)
        s7_tcp_shutdown(client->fd);
    else
        s7_tcp_close(client->fd);
    client->fd = -1;
    client->owed_until_ns = S7_NEVER_NS;
    client->probing = false;
}

/* Is it the probe's? An answer that says anything well-formed proves life. */
static bool take_probe(struct s7_direct *client, const struct s7_event *event)
{
    if (!client->probing || !s7_transfer_event(&client->probe, event))
        return false;
    s7_status status = s7_transfer_result(&client->probe, NULL);
    client->probing = false;
    client->alive = s7_transfer_lives(status, &client->probe_item);
    return true;
}

void s7_direct_drain(struct s7_direct *client, struct s7_work *work)
{
    struct s7_event event;

    while (s7_session_next(client->session, &event)) {
        if (event.kind == S7_EVENT_PUSH) {
            s7_pushes_take(client->pushes, &event.pdu);
            continue;
        }
        s7_log_event(client, &event, atomic_load(&client->up));
        if (!take_probe(client, &event) && work != NULL)
            work->ops->event(work, &event);
        if (event.kind != S7_EVENT_CLOSED)
            continue;
        client->closed = event;
        disconnect(client);
        if (client->pushes != NULL)
            s7_pushes_end(client->pushes, &event);
        if (work != NULL)
            work->ops->cancel(work, client->session, event.status, event.detail);
    }
    s7_log_strays(client);
    if (s7_session_owed(client->session) == 0)
        client->owed_until_ns = S7_NEVER_NS;
}

static struct s7_limit limit(const struct s7_direct *client, int64_t until_ns)
{
    return (struct s7_limit){until_ns, s7_token_fd(client->cancel)};
}

/* Not the PLC's doing when its pool was closed and took the connection away. */
static s7_status broke(struct s7_direct *client, s7_status status)
{
    bool ended = status == S7_E_CLOSED || status == S7_E_RESET || status == S7_E_IO;

    return ended && atomic_load(&client->taken_away) ? S7_E_POOL_CLOSED : status;
}

s7_status s7_direct_flush(struct s7_direct *client, int64_t until_ns)
{
    const uint8_t *bytes;

    for (size_t len; (len = s7_session_pending(client->session, &bytes)) > 0;) {
        size_t sent;
        s7_status status = s7_tcp_send_by(client->fd, bytes, len, limit(client, until_ns), &sent, NULL);

        if (status != S7_OK)
            return broke(client, status);
        if (s7_flight_is_on(client->flight))
            s7_flight_bytes(client->flight, true, bytes, sent, s7_now_ns());
        s7_session_sent(client->session, sent);
    }
    return S7_OK;
}

static s7_status received(struct s7_direct *client, s7_status status, const uint8_t *bytes, size_t got)
{
    if (status == S7_OK) {
        int64_t now_ns = s7_now_ns();

        s7_flight_bytes(client->flight, false, bytes, got, now_ns);
        s7_session_received(client->session, got, now_ns);
    }
    return broke(client, status);
}

s7_status s7_direct_receive(struct s7_direct *client, int64_t until_ns)
{
    uint8_t *room;
    size_t cap = s7_session_room(client->session, &room), got = 0;
    s7_status status = s7_tcp_recv_by(client->fd, room, cap, limit(client, until_ns), &got, NULL);

    return received(client, status, room, got);
}

s7_status s7_direct_receive_ready(struct s7_direct *client)
{
    uint8_t *room;
    size_t cap = s7_session_room(client->session, &room), got = 0;
    s7_status status = s7_tcp_recv_ready(client->fd, room, cap, &got, NULL);

    return received(client, status, room, got);
}

void s7_direct_exchange(struct s7_direct *client, struct s7_work *work, int64_t until_ns)
{
    s7_status status =
        S7_E_CANCELLED; /* looked at here too: what always finds something to receive never waits */

    if (!s7_token_is_cancelled(client->cancel))
        status = s7_direct_flush(client, until_ns);
    if (status == S7_OK)
        status = s7_direct_receive(client, until_ns);
    if (status == S7_E_TIMEOUT)
        s7_session_tick(client->session, until_ns);
    else if (status == S7_E_CANCELLED && work != NULL)
        work->ops->cancel(work, client->session, S7_E_CANCELLED, "");
    else if (status != S7_OK)
        s7_session_lost(client->session, status);
    s7_direct_drain(client, work);
}

/* ---- calls ---- */

static const char never_came[] =
    "the answer to an earlier request that timed out never came: the connection was dropped";

/* Take late answers that are here already; give the connection up when one is overdue. */
static s7_status settle_owed(struct s7_direct *client, int64_t now_ns, const char **detail)
{
    while (client->fd >= 0 && s7_session_owed(client->session) > 0) {
        s7_status status = s7_direct_receive(client, now_ns); /* no waiting: its time is now */

        if (status == S7_E_TIMEOUT && now_ns < client->owed_until_ns)
            return S7_OK;
        if (status == S7_E_CANCELLED)
            return status;
        *detail = client->closed.detail;
        if (status == S7_E_TIMEOUT)
            *detail = never_came;
        if (status != S7_OK)
            s7_session_lost(client->session, status);
        s7_direct_drain(client, NULL);
    }
    return client->fd >= 0 ? S7_OK : client->closed.status;
}

s7_status s7_direct_listen(struct s7_direct *client, int64_t until_ns)
{
    int64_t owed_ns = client->owed_until_ns;
    int64_t limit_ns = owed_ns < until_ns ? owed_ns : until_ns;
    s7_status status = S7_E_CANCELLED;

    if (!s7_token_is_cancelled(client->cancel))
        status = s7_direct_flush(client, limit_ns);
    if (status == S7_OK)
        status = s7_direct_receive(client, limit_ns);
    bool overdue = status == S7_E_TIMEOUT && s7_now_ns() >= owed_ns;
    if (overdue)
        s7_session_give_up(client->session, never_came);
    else if (status != S7_OK && status != S7_E_TIMEOUT && status != S7_E_CANCELLED)
        s7_session_lost(client->session, status);
    s7_direct_drain(client, NULL);
    return overdue ? S7_OK : status;
}

/* No job is in flight and none may be sent: wait for owed answers, and give the connection up when they do
 * not come. */
static void wait_for_owed(struct s7_direct *client, struct s7_work *work, int64_t deadline_ns)
{
    int64_t until_ns = client->owed_until_ns < deadline_ns ? client->owed_until_ns : deadline_ns;

    s7_direct_exchange(client, work, until_ns);
    if (work->ops->done(work) || s7_session_window(client->session) > 0 || s7_now_ns() < until_ns)
        return;
    work->ops->cancel(work, client->session, S7_E_TIMEOUT, never_came);
    s7_session_lost(client->session, S7_E_TIMEOUT);
    s7_direct_drain(client, work);
}

s7_status s7_direct_ready(struct s7_direct *client, int64_t now_ns, int64_t deadline_ns, const char **detail)
{
    bool redials = s7_direct_redials(client);

    *detail = "";
    if (client->fd < 0 && !redials)
        return S7_E_NOT_CONNECTED;
    if (deadline_ns <= now_ns) {
        *detail = "the deadline had passed before the call: nothing was sent";
        return S7_E_TIMEOUT;
    }
    if (s7_token_is_cancelled(client->cancel)) {
        *detail = "cancelled before the call: nothing was sent";
        return S7_E_CANCELLED;
    }
    s7_status status = redials ? s7_direct_redial(client, deadline_ns, detail) : S7_OK;
    if (status != S7_OK)
        return status;
    return settle_owed(client, now_ns, detail);
}

void s7_direct_drive(struct s7_direct *client, struct s7_work *work)
{
    for (;;) {
        work->ops->pump(work, client->session);
        if (client->fd >= 0 && s7_session_state(client->session) == S7_SESSION_CLOSED)
            s7_direct_drain(client, work); /* the work gave the connection up */
        if (work->ops->done(work))
            break;
        if (work->ops->waits(work))
            s7_direct_exchange(client, work, work->deadline_ns);
        else
            wait_for_owed(client, work, work->deadline_ns);
    }
    if (client->owed_until_ns == S7_NEVER_NS && s7_session_owed(client->session) > 0)
        client->owed_until_ns = s7_after_ms(s7_now_ns(), client->settings->options.request_ms);
}
