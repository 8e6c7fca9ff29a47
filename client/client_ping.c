#include "client/client_impl.h"

s7_status s7_client_ping(s7_client *client, const s7_ctx *ctx)
{
    uint8_t byte;
    s7_item item = {
        .address = {.area = S7_AREA_M, .type = S7_TYPE_BYTE, .count = 1}, .data = &byte, .len = 1};
    s7_status status = s7_client_call(client, ctx, false, &item, 1, true);

    return s7_transfer_lives(status, &item) ? S7_OK : status;
}
