#include "client/client_pooled.h"

#include "client/facts.h"
#include "client/known.h"
#include "client/report.h"
#include "loop/blocking.h"

s7_status s7_pooled_dial(const struct s7_direct *direct, unsigned nth, int *fd, unsigned *n_addresses,
                         s7_errinfo *err)
{
    const struct s7_client_endpoint *to = &direct->settings->endpoint;
    struct s7_tcp_options tcp = s7_settings_tcp(direct->settings);
    int os_errno = 0;
    s7_status status = s7_tcp_dial_begin(to->host, to->port, nth, &tcp, fd, n_addresses, &os_errno);

    if (status == S7_OK)
        return S7_OK;
    s7_settings_asked(direct->settings, err);
    err->os_errno = os_errno;
    s7_report_why(err, status, "", s7_facts_of(direct->settings) | S7_FACT_TCP);
    return status;
}

s7_status s7_pooled_connected(struct s7_direct *direct, int fd, s7_errinfo *err)
{
    int os_errno = 0;
    s7_status status = s7_tcp_dial_end(fd, &os_errno);

    if (status != S7_OK) {
        s7_settings_asked(direct->settings, err);
        err->os_errno = os_errno;
        s7_report_why(err, status, "", s7_facts_of(direct->settings) | S7_FACT_TCP);
        return status;
    }
    direct->pooled = true;
    direct->fd = fd;
    direct->probing = direct->alive = false;
    direct->owed_until_ns = S7_NEVER_NS;
    s7_flight_connection(direct->flight);
    s7_session_start(direct->session, s7_now_ns());
    s7_pooled_pump(direct);
    return S7_OK;
}

/* What the session has queued; a full socket is no failure. */
static bool send_queued(struct s7_direct *direct)
{
    s7_status status = s7_direct_flush(direct, s7_now_ns());

    if (status == S7_OK || status == S7_E_TIMEOUT)
        return true;
    s7_session_lost(direct->session, status);
    s7_direct_drain(direct, NULL);
    return false;
}

static void take_what_came(struct s7_direct *direct)
{
    s7_status status = s7_direct_receive(direct, s7_now_ns());

    if (status != S7_OK && status != S7_E_TIMEOUT)
        s7_session_lost(direct->session, status);
    s7_direct_drain(direct, NULL);
    if (s7_session_state(direct->session) == S7_SESSION_READY && !atomic_load(&direct->up)) {
        s7_known_note(direct->settings);
        direct->connects++;
        direct->up_since_ns = s7_now_ns();
        atomic_store(&direct->up, true);
    }
}

void s7_pooled_pump(struct s7_direct *direct)
{
    if (direct->fd < 0 || !send_queued(direct))
        return;
    take_what_came(direct);
    if (direct->fd >= 0)
        (void)send_queued(direct); /* the handshake's next step */
}

void s7_pooled_tick(struct s7_direct *direct, int64_t now_ns)
{
    if (direct->fd < 0)
        return;
    s7_session_tick(direct->session, now_ns);
    s7_direct_drain(direct, NULL);
}

bool s7_pooled_lost(const struct s7_direct *direct, s7_status *why, s7_errinfo *err)
{
    if (direct->fd >= 0)
        return false;
    *why = direct->closed.status;
    if (err != NULL) {
        s7_settings_asked(direct->settings, err);
        err->plc_error = direct->closed.plc_error;
        s7_report_why(err, direct->closed.status, direct->closed.detail,
                      s7_facts_ended(direct->settings, &direct->closed));
    }
    return true;
}

void s7_pooled_give_up(struct s7_direct *direct)
{
    if (direct->fd < 0)
        return;
    s7_session_lost(direct->session, S7_E_CANCELLED);
    s7_direct_drain(direct, NULL);
}

void s7_pooled_probe(struct s7_direct *direct, const s7_address *at)
{
    direct->alive = false;
    direct->probe_item = (s7_item){.address = *at, .data = direct->probe_bytes, .len = s7_address_size(at)};
    if (s7_transfer_begin(&direct->probe, false, &direct->probe_item, 1, S7_NEVER_NS, NULL) != S7_OK)
        return;
    direct->probing = true;
    s7_transfer_pump(&direct->probe, direct->session);
    (void)send_queued(direct);
}
