/* When a connection on a loop is dialed again: the rules of client_dial.c, kept by a timer. */
#include "client/conn_impl.h"

#include <stdio.h>

#define NS_PER_MS INT64_C(1000000)

bool s7_conn_redials(const s7_conn *conn)
{
    return conn->settings->options.auto_reconnect && !conn->pooled && !conn->closing;
}

/* A connection that lasted is dialed again at once; one that broke at once counts as an attempt that failed,
 * or a PLC that accepts and drops would be dialed without a pause. */
void s7_conn_wait(s7_conn *conn)
{
    const s7_client_options *options = &conn->settings->options;
    int64_t now_ns = s7_loop_now_ns(conn->loop);

    conn->state = S7_CONN_WAITING;
    conn->due_ns = now_ns;
    if (conn->was_up && now_ns - conn->up_since_ns >= options->backoff_min_ms * NS_PER_MS)
        return;
    conn->failures++;
    conn->due_ns += s7_settings_pause_ns(options, conn->failures, s7_loop_random(conn->loop));
}

void s7_conn_redial(s7_conn *conn)
{
    const char *detail;
    s7_status status = s7_conn_dial(conn, &detail);

    conn->redialed = true;
    if (status == S7_OK)
        return;
    conn->end = (s7_errinfo)S7_ERRINFO_INIT;
    conn->was_up = false;
    s7_conn_end(conn, status, detail);
}

void s7_conn_why_down(const s7_conn *conn, char *text, size_t cap)
{
    const char *last = conn->last.status != S7_OK ? conn->last.came : "";
    int64_t left_ms = (conn->due_ns - s7_loop_now_ns(conn->loop) + NS_PER_MS - 1) / NS_PER_MS;

    if (conn->closing)
        snprintf(text, cap, "the connection is being closed");
    else if (conn->state == S7_CONN_WAITING)
        snprintf(text, cap, "the next attempt is in %lld ms, %u failed in a row; last: %.100s",
                 (long long)left_ms, conn->failures, last);
    else if (conn->state == S7_CONN_DIALING || conn->state == S7_CONN_HANDSHAKE)
        snprintf(text, cap, "still connecting%s%.100s", last[0] != '\0' ? "; last: " : "", last);
    else
        snprintf(text, cap, "%s%.100s", last[0] != '\0' ? "the connection has ended: " : "", last);
}
