/* Services that change what the PLC does, and its clock. */
#include "client/services.h"

#include "protocol/clock.h"
#include "protocol/password.h"
#include "protocol/userdata.h"

/* ---- clock ---- */

s7_status s7_clock_get(s7_client *client, const s7_ctx *ctx, s7_datetime *datetime)
{
    struct s7_service_call call = {client, ctx, "read the clock of", false};
    uint8_t bytes[S7_CLOCK_LEN];
    struct s7_service service;

    if (datetime == NULL)
        return s7_client_refuse(client, ctx, "datetime is NULL");
    s7_service_userdata(&service, S7_GROUP_CLOCK, S7_CLOCK_READ, NULL, 0, bytes, sizeof bytes);
    s7_status status = s7_services_call(&call, &service);
    if (status != S7_OK)
        return status;
    return s7_clock_decode(bytes, service.len, datetime) == S7_OK
               ? S7_OK
               : s7_services_fail(&call, S7_E_PROTOCOL, "what the clock says is no date");
}

s7_status s7_clock_set(s7_client *client, const s7_ctx *ctx, const s7_datetime *datetime)
{
    struct s7_service_call call = {client, ctx, "set the clock of", true};
    uint8_t payload[S7_CLOCK_LEN];
    struct s7_wr wr = {.buf = payload, .cap = sizeof payload};
    struct s7_service service;

    if (datetime == NULL || !s7_datetime_is_good(datetime))
        return s7_client_refuse(client, ctx, "datetime is no date of 1990..2089");
    s7_clock_encode(&wr, datetime);
    s7_service_userdata(&service, S7_GROUP_CLOCK, S7_CLOCK_SET, payload, wr.len, NULL, 0);
    service.changes = true;
    return s7_services_call(&call, &service);
}

/* ---- password ---- */

s7_status s7_password_set(s7_client *client, const s7_ctx *ctx, const char *password)
{
    struct s7_service_call call = {client, ctx, "log on to", true};
    uint8_t payload[S7_PASSWORD_LEN];
    struct s7_service service;

    if (password == NULL || !s7_password_scramble(password, strlen(password), payload))
        return s7_client_refuse(client, ctx, "a password has at most 8 characters");
    s7_service_userdata(&service, S7_GROUP_SECURITY, S7_SECURITY_PASSWORD, payload, sizeof payload, NULL, 0);
    service.changes = true;
    return s7_services_call(&call, &service);
}

s7_status s7_password_clear(s7_client *client, const s7_ctx *ctx)
{
    struct s7_service_call call = {client, ctx, "log off from", true};
    struct s7_service service;

    s7_service_userdata(&service, S7_GROUP_SECURITY, S7_SECURITY_CLEAR, NULL, 0, NULL, 0);
    service.changes = true;
    return s7_services_call(&call, &service);
}

/* ---- stop, start, memory ---- */

static s7_status control(s7_client *client, const s7_ctx *ctx, enum s7_control what, const char *words)
{
    struct s7_service_call call = {client, ctx, words, true};
    struct s7_service service;

    s7_service_control(&service, what);
    return s7_services_call(&call, &service);
}

s7_status s7_plc_stop(s7_client *client, const s7_ctx *ctx)
{
    return control(client, ctx, S7_CONTROL_STOP, "stop");
}

s7_status s7_plc_start_warm(s7_client *client, const s7_ctx *ctx)
{
    return control(client, ctx, S7_CONTROL_WARM, "start (warm)");
}

s7_status s7_plc_start_cold(s7_client *client, const s7_ctx *ctx)
{
    return control(client, ctx, S7_CONTROL_COLD, "start (cold)");
}

s7_status s7_plc_compress(s7_client *client, const s7_ctx *ctx)
{
    return control(client, ctx, S7_CONTROL_COMPRESS, "compress the memory of");
}

s7_status s7_plc_copy_ram_to_rom(s7_client *client, const s7_ctx *ctx)
{
    return control(client, ctx, S7_CONTROL_RAM_TO_ROM, "copy RAM to ROM in");
}
