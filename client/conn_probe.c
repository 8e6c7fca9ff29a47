/* Signs of life: those a pool asks for, and the heartbeat. */
#include "client/conn_impl.h"

static const s7_address mb0 = {.area = S7_AREA_M, .type = S7_TYPE_BYTE, .count = 1};

static s7_status begin(s7_conn *conn, const s7_address *at, int64_t deadline_ns)
{
    struct s7_probe *probe = &conn->probe;

    probe->item = (s7_item){.address = *at, .data = probe->bytes, .len = s7_address_size(at)};
    s7_status status = s7_transfer_begin(&probe->transfer, false, &probe->item, 1, deadline_ns, NULL);
    probe->open = status == S7_OK;
    return status;
}

s7_status s7_conn_probe(s7_conn *conn, const s7_address *at, s7_conn_alive_fn *fn, void *arg)
{
    struct s7_probe *probe = &conn->probe;

    if (conn->state != S7_CONN_UP || conn->closing)
        return S7_E_NOT_CONNECTED;
    if (probe->open)
        return S7_E_MISUSE;
    s7_status status = begin(conn, at, S7_NEVER_NS);
    if (status != S7_OK)
        return status;
    probe->fn = fn;
    probe->arg = arg;
    s7_conn_wake(conn);
    return S7_OK;
}

/* The answer to a heartbeat, or none. */
static void beaten(s7_conn *conn, s7_status status)
{
    if (status == S7_E_TIMEOUT && conn->state == S7_CONN_UP)
        s7_conn_give_up(conn, "no answer to the heartbeat");
}

bool s7_conn_step_probe(s7_conn *conn)
{
    struct s7_probe *probe = &conn->probe;
    s7_conn_alive_fn *fn = probe->fn;

    if (!probe->open)
        return false;
    if (conn->state == S7_CONN_UP && !conn->closing)
        s7_transfer_pump(&probe->transfer, conn->session);
    if (!s7_transfer_done(&probe->transfer))
        return false;
    s7_status status = s7_transfer_result(&probe->transfer, NULL);
    probe->open = false;
    probe->fn = NULL;
    if (fn == NULL)
        beaten(conn, status);
    else
        fn(conn, s7_transfer_lives(status, &probe->item) ? S7_OK : status, probe->arg);
    return true;
}

void s7_conn_end_probe(s7_conn *conn)
{
    if (conn->probe.open)
        s7_transfer_cancel(&conn->probe.transfer, conn->session, conn->end.status, conn->end.came);
}

/* ---- heartbeat ---- */

/* S7_NEVER_NS: not as things are. What is in flight, or owed, has a deadline of its own. */
int64_t s7_conn_heartbeat_due(const s7_conn *conn)
{
    uint32_t every_ms = conn->settings->options.heartbeat_ms;

    if (every_ms == 0 || conn->pooled || conn->state != S7_CONN_UP || conn->probe.open ||
        conn->head != NULL || s7_session_owed(conn->session) > 0)
        return S7_NEVER_NS;
    return s7_after_ms(s7_session_stats(conn->session)->last_in_ns, every_ms);
}

void s7_conn_heartbeat(s7_conn *conn, int64_t now_ns)
{
    if (now_ns >= s7_conn_heartbeat_due(conn))
        (void)!begin(conn, &mb0, s7_after_ms(now_ns, conn->settings->options.request_ms));
}
