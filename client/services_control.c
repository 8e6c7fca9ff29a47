/* Services that change what the PLC does, and its clock. */
#include "client/services.h"

#include "protocol/clock.h"
#include "protocol/password.h"
#include "protocol/userdata.h"

/* ---- clock ---- */

static s7_status take_clock(struct s7_errand *errand, char detail[S7_ERRAND_DETAIL_CAP])
{
    const struct s7_service *service = &errand->service;

    return s7_clock_decode(service->own, service->len, errand->to) == S7_OK
               ? S7_OK
               : s7_errand_bad(detail, "what the clock says is no date");
}

const char *s7_errand_clock_get(struct s7_errand *errand, s7_datetime *datetime)
{
    s7_errand_init(errand, "read the clock of", false);
    s7_service_userdata(&errand->service, S7_GROUP_CLOCK, S7_CLOCK_READ, NULL, 0, NULL, S7_CLOCK_LEN);
    errand->finish = take_clock;
    errand->to = datetime;
    return datetime != NULL ? NULL : "datetime is NULL";
}

s7_status s7_clock_get(s7_client *client, const s7_ctx *ctx, s7_datetime *datetime)
{
    struct s7_errand errand;

    return s7_errand_run(client, ctx, &errand, s7_errand_clock_get(&errand, datetime));
}

const char *s7_errand_clock_set(struct s7_errand *errand, const s7_datetime *datetime)
{
    uint8_t payload[S7_CLOCK_LEN];
    struct s7_wr wr = {.buf = payload, .cap = sizeof payload};

    s7_errand_init(errand, "set the clock of", true);
    if (datetime == NULL || !s7_datetime_is_good(datetime))
        return "datetime is no date of 1990..2089";
    s7_clock_encode(&wr, datetime);
    s7_service_userdata(&errand->service, S7_GROUP_CLOCK, S7_CLOCK_SET, payload, wr.len, NULL, 0);
    errand->service.changes = true;
    return NULL;
}

s7_status s7_clock_set(s7_client *client, const s7_ctx *ctx, const s7_datetime *datetime)
{
    struct s7_errand errand;

    return s7_errand_run(client, ctx, &errand, s7_errand_clock_set(&errand, datetime));
}

/* ---- password ---- */

const char *s7_errand_password_set(struct s7_errand *errand, const char *password)
{
    uint8_t payload[S7_PASSWORD_LEN];

    s7_errand_init(errand, "log on to", true);
    if (password == NULL || !s7_password_scramble(password, strlen(password), payload))
        return "a password has at most 8 characters";
    s7_service_userdata(&errand->service, S7_GROUP_SECURITY, S7_SECURITY_PASSWORD, payload, sizeof payload,
                        NULL, 0);
    errand->service.changes = true;
    return NULL;
}

s7_status s7_password_set(s7_client *client, const s7_ctx *ctx, const char *password)
{
    struct s7_errand errand;

    return s7_errand_run(client, ctx, &errand, s7_errand_password_set(&errand, password));
}

const char *s7_errand_password_clear(struct s7_errand *errand)
{
    s7_errand_init(errand, "log off from", true);
    s7_service_userdata(&errand->service, S7_GROUP_SECURITY, S7_SECURITY_CLEAR, NULL, 0, NULL, 0);
    errand->service.changes = true;
    return NULL;
}

s7_status s7_password_clear(s7_client *client, const s7_ctx *ctx)
{
    struct s7_errand errand;

    return s7_errand_run(client, ctx, &errand, s7_errand_password_clear(&errand));
}

/* ---- stop, start, memory ---- */

static const char *control_words(enum s7_control what)
{
    switch (what) {
    case S7_CONTROL_STOP:
        return "stop";
    case S7_CONTROL_WARM:
        return "start (warm)";
    case S7_CONTROL_COLD:
        return "start (cold)";
    case S7_CONTROL_COMPRESS:
        return "compress the memory of";
    default:
        return "copy RAM to ROM in";
    }
}

const char *s7_errand_control(struct s7_errand *errand, enum s7_control what)
{
    s7_errand_init(errand, control_words(what), true);
    s7_service_control(&errand->service, what);
    return NULL;
}

static s7_status control(s7_client *client, const s7_ctx *ctx, enum s7_control what)
{
    struct s7_errand errand;

    return s7_errand_run(client, ctx, &errand, s7_errand_control(&errand, what));
}

s7_status s7_plc_stop(s7_client *client, const s7_ctx *ctx)
{
    return control(client, ctx, S7_CONTROL_STOP);
}

s7_status s7_plc_start_warm(s7_client *client, const s7_ctx *ctx)
{
    return control(client, ctx, S7_CONTROL_WARM);
}

s7_status s7_plc_start_cold(s7_client *client, const s7_ctx *ctx)
{
    return control(client, ctx, S7_CONTROL_COLD);
}

s7_status s7_plc_compress(s7_client *client, const s7_ctx *ctx)
{
    return control(client, ctx, S7_CONTROL_COMPRESS);
}

s7_status s7_plc_copy_ram_to_rom(s7_client *client, const s7_ctx *ctx)
{
    return control(client, ctx, S7_CONTROL_RAM_TO_ROM);
}
