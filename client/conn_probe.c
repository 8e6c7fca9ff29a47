#include "client/conn_impl.h"

s7_status s7_conn_probe(s7_conn *conn, s7_conn_alive_fn *fn, void *arg)
{
    struct probe *probe = &conn->probe;

    if (conn->state != UP || conn->closing)
        return S7_E_NOT_CONNECTED;
    if (probe->open)
        return S7_E_MISUSE;
    probe->item = (s7_item){
        .address = {.area = S7_AREA_M, .type = S7_TYPE_BYTE, .count = 1}, .data = &probe->byte, .len = 1};
    s7_status status = s7_transfer_begin(&probe->transfer, false, &probe->item, 1, S7_NEVER_NS, NULL);
    if (status != S7_OK)
        return status;
    probe->open = true;
    probe->fn = fn;
    probe->arg = arg;
    s7_conn_wake(conn);
    return S7_OK;
}

bool s7_conn_step_probe(s7_conn *conn)
{
    struct probe *probe = &conn->probe;

    if (!probe->open)
        return false;
    if (conn->state == UP && !conn->closing)
        s7_transfer_pump(&probe->transfer, conn->session);
    if (!s7_transfer_done(&probe->transfer))
        return false;
    s7_status status = s7_transfer_result(&probe->transfer, NULL);
    bool refused = status == S7_E_PLC || (status == S7_E_PARTIAL && probe->item.code != 0);
    probe->open = false;
    probe->fn(conn, refused ? S7_OK : status, probe->arg);
    return true;
}
