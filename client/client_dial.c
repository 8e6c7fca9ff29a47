/* How a direct client comes up: dial, handshake, and dialing again by itself; and telling its user. */
#include "client/client_impl.h"

#include "client/facts.h"
#include "client/known.h"
#include "client/log.h"
#include "client/report.h"
#include "loop/blocking.h"

#include <stdio.h>

#define NS_PER_MS INT64_C(1000000)

/* ---- telling the user ---- */

static void tell_down(struct s7_direct *client)
{
    const struct s7_event *closed = &client->closed;
    s7_errinfo why = S7_ERRINFO_INIT;

    snprintf(why.asked, sizeof why.asked, "keep the connection to %.80s", client->settings->where);
    why.plc_error = closed->plc_error;
    s7_report_why(&why, closed->status,
                  closed->status == S7_E_CANCELLED ? "closed by s7_client_close" : closed->detail,
                  s7_facts_ended(client->settings, closed));
    client->settings->options.on_disconnect(&client->head, &why, client->settings->options.user);
}

void s7_direct_tell(struct s7_direct *client)
{
    const s7_client_options *options = &client->settings->options;
    bool up = atomic_load(&client->up);

    if (client->pooled || up == client->told_up)
        return;
    client->told_up = up;
    client->telling = true;
    if (up && options->on_connect != NULL)
        options->on_connect(&client->head, options->user);
    if (!up && options->on_disconnect != NULL)
        tell_down(client);
    client->telling = false;
}

/* ---- dialing ---- */

static void handshake(struct s7_direct *client, int64_t deadline_ns)
{
    s7_flight_connection(client->flight);
    s7_session_start(client->session, s7_now_ns());
    for (;;) {
        enum s7_session_state state = s7_session_state(client->session);
        int64_t until_ns = s7_session_deadline(client->session);

        if (state == S7_SESSION_READY || state == S7_SESSION_CLOSED)
            return;
        if (until_ns > deadline_ns) {
            if (s7_now_ns() >= deadline_ns)
                s7_session_tick(client->session,
                                until_ns); /* the caller's time is up: so is the handshake's */
            until_ns = deadline_ns;
        }
        s7_direct_exchange(client, NULL, until_ns);
    }
}

static s7_status dial_tcp(struct s7_direct *client, int64_t deadline_ns, int *os_errno)
{
    const s7_client_options *options = &client->settings->options;
    struct s7_tcp_options tcp = s7_settings_tcp(client->settings);
    int64_t limit_ns = s7_after_ms(s7_now_ns(), options->connect_ms);
    struct s7_limit limit = {limit_ns < deadline_ns ? limit_ns : deadline_ns, s7_token_fd(client->cancel)};
    s7_status status = s7_tcp_dial_by(client->settings->endpoint.host, client->settings->endpoint.port, limit,
                                      &tcp, &client->fd, os_errno);

    if (status != S7_OK)
        client->fd = -1;
    return status;
}

static s7_status dial(struct s7_direct *client, int64_t deadline_ns, s7_errinfo *err)
{
    const char *detail = "";
    uint32_t facts = s7_facts_of(client->settings) | S7_FACT_TCP;
    s7_status status = S7_E_CANCELLED;

    if (!s7_token_is_cancelled(client->cancel))
        status = dial_tcp(client, deadline_ns, &err->os_errno);
    if (status == S7_E_TIMEOUT)
        detail = "no answer to the TCP connection request";
    if (status == S7_OK) {
        handshake(client, deadline_ns);
        if (s7_session_state(client->session) == S7_SESSION_READY)
            return S7_OK;
        status = client->closed.status;
        detail = client->closed.detail;
        err->plc_error = client->closed.plc_error;
        facts = s7_facts_ended(client->settings, &client->closed);
    }
    s7_report_why(err, status, detail, facts);
    return status;
}

s7_status s7_direct_dial(struct s7_direct *client, int64_t deadline_ns, s7_errinfo *err)
{
    s7_direct_tell(client);
    s7_settings_asked(client->settings, err);
    s7_status status = dial(client, deadline_ns, err);
    s7_log_dialed(client, status, err);
    if (status == S7_OK) {
        s7_known_note(client->settings);
        client->connects++;
        client->up_since_ns = s7_now_ns();
        client->redial.failures = 0;
        client->redial.not_before_ns = 0;
        atomic_store(&client->up, true);
        s7_direct_tell(client);
    } else if (status != S7_E_CANCELLED) { /* a cancelled attempt says nothing of the PLC */
        client->redial.failures++;
        client->redial.not_before_ns =
            s7_now_ns() +
            s7_settings_pause_ns(&client->settings->options, client->redial.failures, s7_random_u64());
        client->redial.last = *err;
    }
    return status;
}

/* ---- dialing again ---- */

bool s7_direct_redials(const struct s7_direct *client)
{
    return client->settings->options.auto_reconnect && client->redial.wanted && !client->pooled;
}

/* Has the connection ended while nobody looked? Better known before a request leaves than after. */
static void look(struct s7_direct *client)
{
    s7_status status = s7_direct_receive(client, 0);

    if (status != S7_OK && status != S7_E_TIMEOUT && status != S7_E_CANCELLED)
        s7_session_lost(client->session, status);
    s7_direct_drain(client, NULL);
}

static s7_status too_early(struct s7_direct *client, int64_t now_ns, const char **detail)
{
    struct s7_redial *redial = &client->redial;
    int64_t left_ms = (redial->not_before_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS;

    snprintf(redial->detail, sizeof redial->detail,
             "%u failed in a row, the next attempt is allowed in %lld ms; last: %.100s", redial->failures,
             (long long)left_ms, redial->last.came);
    *detail = redial->detail;
    return S7_E_NOT_CONNECTED;
}

s7_status s7_direct_redial(struct s7_direct *client, int64_t deadline_ns, const char **detail)
{
    struct s7_redial *redial = &client->redial;
    s7_errinfo err = S7_ERRINFO_INIT;

    if (client->fd >= 0)
        look(client);
    if (client->fd >= 0)
        return S7_OK;
    int64_t now_ns = s7_now_ns();
    if (now_ns < redial->not_before_ns)
        return too_early(client, now_ns, detail);
    s7_log_redial(client);
    s7_status status = s7_direct_dial(client, deadline_ns, &err);
    if (status == S7_OK) {
        client->reconnects++;
        return S7_OK;
    }
    snprintf(redial->detail, sizeof redial->detail, "connecting again: %.160s", err.came);
    *detail = redial->detail;
    return status;
}

void s7_direct_advise(const struct s7_direct *client, s7_status status, s7_errinfo *err)
{
    const s7_errinfo *last = &client->redial.last;

    if (!s7_direct_redials(client) || (status != S7_E_NOT_CONNECTED && status != last->status))
        return;
    memcpy(err->hint, last->hint, sizeof err->hint);
    err->cause = last->cause;
}

bool s7_direct_may_repeat(const struct s7_direct *client, s7_status status, unsigned repeats)
{
    bool broke = status == S7_E_CLOSED || status == S7_E_RESET || status == S7_E_IO;

    return broke && client->fd < 0 && s7_direct_redials(client) &&
           repeats < client->settings->options.read_retries;
}
