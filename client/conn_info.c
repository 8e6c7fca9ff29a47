/* What a connection on a loop tells of itself. */
#include "client/conn_impl.h"

#define NS_PER_MS INT64_C(1000000)

s7_conn_state s7_conn_state_get(const s7_conn *conn)
{
    return conn != NULL ? conn->state : S7_CONN_CLOSED;
}

const char *s7_conn_where(const s7_conn *conn)
{
    return conn != NULL ? conn->settings->where : "";
}

const s7_session *s7_conn_session(const s7_conn *conn)
{
    return conn->session;
}

s7_stream *s7_conn_stream(const s7_conn *conn)
{
    return conn->stream;
}

s7_status s7_conn_info_get(const s7_conn *conn, s7_client_info *info)
{
    if (conn == NULL || info == NULL || info->struct_size < sizeof info->struct_size)
        return S7_E_ARG;
    const struct s7_setup *granted = s7_session_granted(conn->session);
    const struct s7_session_stats *stats = s7_session_stats(conn->session);
    s7_client_info now = {.struct_size = info->struct_size,
                          .pdu_len = granted->pdu_len,
                          .amq_calling = granted->amq_calling,
                          .amq_called = granted->amq_called,
                          .requests = stats->jobs,
                          .late_answers = stats->late_answers,
                          .connects = conn->connects};
    memcpy(info, &now, info->struct_size < sizeof now ? info->struct_size : sizeof now);
    return S7_OK;
}

s7_status s7_conn_metrics_get(const s7_conn *conn, s7_client_metrics *metrics)
{
    if (conn == NULL || metrics == NULL || metrics->struct_size < sizeof metrics->struct_size)
        return S7_E_ARG;
    s7_client_metrics now = {
        .connected = conn->state == S7_CONN_UP, .connects = conn->connects, .reconnects = conn->reconnects};
    if (now.connected)
        now.uptime_ns = s7_loop_now_ns(conn->loop) - conn->up_since_ns;
    s7_meter_take(&conn->meter, conn->session, &now);
    s7_meter_give(metrics, &now);
    return S7_OK;
}

/* ---- the flight recorder ---- */

static int64_t to_realtime_ns(const s7_conn *conn)
{
    return s7_loop_wall_ms(conn->loop) * NS_PER_MS - s7_loop_now_ns(conn->loop);
}

s7_status s7_conn_flight_each(const s7_conn *conn, s7_flight_fn *fn, void *arg)
{
    if (conn == NULL || fn == NULL)
        return S7_E_ARG;
    s7_flight_each(conn->flight, to_realtime_ns(conn), fn, arg);
    return S7_OK;
}

s7_status s7_conn_flight_pcapng(const s7_conn *conn, int fd)
{
    if (conn == NULL || fd < 0)
        return S7_E_ARG;
    return s7_flight_pcapng(conn->flight, to_realtime_ns(conn), conn->settings->endpoint.host, fd);
}
