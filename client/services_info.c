/* Services that read system status lists. */
#include "client/services.h"

#include "protocol/szl.h"
#include "protocol/userdata.h"

#include <stdio.h>

_Static_assert(S7_SZL_HEAD_LEN <= S7_SERVICE_HEAD_CAP, "the head of a list fits the head of a service");

/* ---- any list ---- */

static void szl_service(struct s7_service *service, uint16_t id, uint16_t index, void *out, size_t cap)
{
    uint8_t payload[S7_SZL_REQUEST_LEN];
    struct s7_wr wr = {.buf = payload, .cap = sizeof payload};

    s7_szl_request_append(&wr, id, index);
    s7_service_userdata(service, S7_GROUP_CPU, S7_CPU_READ_SZL, payload, wr.len, out, cap);
}

/* The list is decoded, with the records of it that fitted out[0..cap). */
static s7_status read_list(const struct s7_service_call *call, uint16_t id, uint16_t index, uint8_t *out,
                           size_t cap, struct s7_szl *szl, size_t *records_len)
{
    struct s7_service service;

    szl_service(&service, id, index, out, cap);
    service.head_len = S7_SZL_HEAD_LEN;
    s7_status status = s7_services_call(call, &service);
    if (status != S7_OK)
        return status;
    if (service.len < S7_SZL_HEAD_LEN || s7_szl_decode(service.head, S7_SZL_HEAD_LEN, szl) != S7_OK)
        return s7_services_fail(call, S7_E_PROTOCOL, s7_services_short);
    if (szl->id != id)
        return s7_services_fail(call, S7_E_PROTOCOL, "the answer is another list");
    *records_len = service.len - S7_SZL_HEAD_LEN;
    szl->records = (struct s7_rd){out, *records_len < cap ? *records_len : cap};
    return S7_OK;
}

s7_status s7_szl_read(s7_client *client, const s7_ctx *ctx, uint16_t id, uint16_t index, s7_szl_head *head,
                      void *dst, size_t cap, size_t *len)
{
    char what[32];
    struct s7_service_call call = {client, ctx, what, false};
    struct s7_szl szl;

    if (len == NULL || (dst == NULL && cap > 0) || (head != NULL && !s7_services_struct(head)))
        return s7_client_refuse(client, ctx, "len or dst is NULL, or head has no struct_size");
    snprintf(what, sizeof what, "read SZL %04X/%04X of", id, index);
    s7_status status = read_list(&call, id, index, dst, cap, &szl, len);
    if (status != S7_OK)
        return status;
    if (head != NULL) {
        s7_szl_head said = {
            .id = szl.id, .index = szl.index, .record_len = szl.record_len, .n_records = szl.n_records};
        s7_services_give(head, &said, sizeof said);
    }
    return *len > cap && cap > 0 ? s7_services_too_large(&call, "bytes", *len, cap) : S7_OK;
}

/* ---- identification ---- */

#define COMPONENTS_CAP (16 * 34)

static void take_component(const struct s7_szl_component *component, s7_cpu_info *info)
{
    const struct {
        uint16_t index;
        char *text;
    } places[] = {
        {S7_COMPONENT_AS_NAME, info->as_name}, {S7_COMPONENT_MODULE_NAME, info->module_name},
        {S7_COMPONENT_PLANT, info->plant},     {S7_COMPONENT_COPYRIGHT, info->copyright},
        {S7_COMPONENT_SERIAL, info->serial},   {S7_COMPONENT_TYPE, info->module_type},
        {S7_COMPONENT_CARD, info->card},       {S7_COMPONENT_LOCATION, info->location},
    };

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (places[i].index == component->index)
            memcpy(places[i].text, component->text, sizeof component->text);
}

s7_status s7_cpu_info_get(s7_client *client, const s7_ctx *ctx, s7_cpu_info *info)
{
    struct s7_service_call call = {client, ctx, "read the component identification of", false};
    uint8_t records[COMPONENTS_CAP];
    struct s7_szl_component component;
    s7_cpu_info made = {.struct_size = sizeof made};
    struct s7_szl szl;
    struct s7_rd record;
    size_t len;

    if (!s7_services_struct(info))
        return s7_client_refuse(client, ctx, "info is NULL or has no struct_size");
    s7_status status = read_list(&call, S7_SZL_COMPONENT, 0, records, sizeof records, &szl, &len);
    if (status != S7_OK)
        return status;
    for (size_t i = 0; s7_szl_record(&szl, i, &record); i++)
        if (s7_szl_component_decode(record, &component))
            take_component(&component, &made);
    s7_services_give(info, &made, sizeof made);
    return S7_OK;
}

enum module_index { MODULE = 1, HARDWARE = 6, FIRMWARE = 7 };

#define MODULES_CAP (16 * 28)

static void take_module(const struct s7_szl_module *module, s7_order_code *code)
{
    if (module->index == MODULE || (module->index == HARDWARE && code->order_code[0] == '\0'))
        memcpy(code->order_code, module->order_code, sizeof module->order_code);
    if (module->index == FIRMWARE && module->version[0] >> 8 == 'V')
        snprintf(code->firmware, sizeof code->firmware, "V%u.%u.%u", module->version[0] & 0xFFU,
                 module->version[1] >> 8, module->version[1] & 0xFFU);
}

s7_status s7_order_code_get(s7_client *client, const s7_ctx *ctx, s7_order_code *code)
{
    struct s7_service_call call = {client, ctx, "read the order code of", false};
    uint8_t records[MODULES_CAP];
    struct s7_szl_module module;
    s7_order_code made = {.struct_size = sizeof made};
    struct s7_szl szl;
    struct s7_rd record;
    size_t len;

    if (!s7_services_struct(code))
        return s7_client_refuse(client, ctx, "code is NULL or has no struct_size");
    s7_status status = read_list(&call, S7_SZL_MODULE, 0, records, sizeof records, &szl, &len);
    if (status != S7_OK)
        return status;
    for (size_t i = 0; s7_szl_record(&szl, i, &record); i++)
        if (s7_szl_module_decode(record, &module))
            take_module(&module, &made);
    s7_services_give(code, &made, sizeof made);
    return S7_OK;
}

/* ---- lists of one record ---- */

#define ONE_CAP 64

/* The first record; a list without one is no answer. */
static s7_status read_record(const struct s7_service_call *call, uint16_t id, uint16_t index,
                             uint8_t bytes[ONE_CAP], struct s7_rd *record)
{
    struct s7_szl szl;
    size_t len;
    s7_status status = read_list(call, id, index, bytes, ONE_CAP, &szl, &len);

    if (status != S7_OK)
        return status;
    return s7_szl_record(&szl, 0, record) ? S7_OK : s7_services_fail(call, S7_E_PROTOCOL, s7_services_short);
}

s7_status s7_comm_info_get(s7_client *client, const s7_ctx *ctx, s7_comm_info *info)
{
    struct s7_service_call call = {client, ctx, "read the communication limits of", false};
    uint8_t bytes[ONE_CAP];
    struct s7_szl_comm comm;
    struct s7_rd record;

    if (!s7_services_struct(info))
        return s7_client_refuse(client, ctx, "info is NULL or has no struct_size");
    s7_status status = read_record(&call, S7_SZL_COMM, 1, bytes, &record);
    if (status != S7_OK)
        return status;
    if (!s7_szl_comm_decode(record, &comm))
        return s7_services_fail(&call, S7_E_PROTOCOL, s7_services_short);
    s7_comm_info made = {.max_pdu_len = comm.pdu_len,
                         .max_connections = comm.connections,
                         .mpi_bps = comm.mpi_bps,
                         .bus_bps = comm.bus_bps,
                         .ethernet_bps = comm.ethernet_bps};
    s7_services_give(info, &made, sizeof made);
    return S7_OK;
}

s7_status s7_protection_get(s7_client *client, const s7_ctx *ctx, s7_protection *protection)
{
    struct s7_service_call call = {client, ctx, "read the protection level of", false};
    uint8_t bytes[ONE_CAP];
    struct s7_szl_protection said;
    struct s7_rd record;

    if (!s7_services_struct(protection))
        return s7_client_refuse(client, ctx, "protection is NULL or has no struct_size");
    s7_status status = read_record(&call, S7_SZL_PROTECTION, 4, bytes, &record);
    if (status != S7_OK)
        return status;
    if (!s7_szl_protection_decode(record, &said))
        return s7_services_fail(&call, S7_E_PROTOCOL, s7_services_short);
    s7_protection made = {.key_level = said.key_level,
                          .set_level = said.set_level,
                          .valid_level = said.valid_level,
                          .mode_switch = said.mode_switch,
                          .startup_switch = said.startup_switch};
    s7_services_give(protection, &made, sizeof made);
    return S7_OK;
}

/* ---- mode ---- */

static s7_cpu_mode mode_of(uint8_t state)
{
    static const s7_cpu_mode modes[16] = {
        [1] = S7_MODE_STOP,    [2] = S7_MODE_STOP,     [3] = S7_MODE_STOP,    [4] = S7_MODE_STOP,
        [5] = S7_MODE_STARTUP, [6] = S7_MODE_STARTUP,  [7] = S7_MODE_STARTUP, [8] = S7_MODE_RUN,
        [10] = S7_MODE_HOLD,   [11] = S7_MODE_LINK_UP, [13] = S7_MODE_DEFECT,
    };

    return modes[state & 0xF];
}

s7_status s7_cpu_mode_get(s7_client *client, const s7_ctx *ctx, s7_cpu_mode *mode, s7_datetime *since)
{
    struct s7_service_call call = {client, ctx, "read the mode of", false};
    uint8_t bytes[ONE_CAP];
    struct s7_szl_mode said;
    struct s7_rd record;

    if (mode == NULL)
        return s7_client_refuse(client, ctx, "mode is NULL");
    s7_status status = read_record(&call, S7_SZL_MODE, 0, bytes, &record);
    if (status != S7_OK)
        return status;
    if (!s7_szl_mode_decode(record, &said))
        return s7_services_fail(&call, S7_E_PROTOCOL, s7_services_short);
    *mode = mode_of(said.state);
    if (since != NULL)
        *since = said.since;
    return S7_OK;
}

const char *s7_cpu_mode_name(s7_cpu_mode mode)
{
    switch (mode) {
    case S7_MODE_STOP:
        return "STOP";
    case S7_MODE_STARTUP:
        return "STARTUP";
    case S7_MODE_RUN:
        return "RUN";
    case S7_MODE_HOLD:
        return "HOLD";
    case S7_MODE_LINK_UP:
        return "LINK-UP";
    case S7_MODE_DEFECT:
        return "DEFECT";
    default:
        return "unknown";
    }
}

/* ---- LEDs ---- */

#define LEDS_MAX 64
#define LED_LEN  4

s7_status s7_leds_get(s7_client *client, const s7_ctx *ctx, s7_led *leds, size_t cap, size_t *n)
{
    struct s7_service_call call = {client, ctx, "read the LEDs of", false};
    uint8_t records[LEDS_MAX * LED_LEN];
    struct s7_szl_led led;
    struct s7_szl szl;
    struct s7_rd record;
    size_t len, there = 0;

    if (n == NULL || (leds == NULL && cap > 0))
        return s7_client_refuse(client, ctx, "leds or n is NULL");
    s7_status status = read_list(&call, S7_SZL_LEDS_ALL, 0, records, sizeof records, &szl, &len);
    if (status != S7_OK)
        return status;
    for (; s7_szl_record(&szl, there, &record) && s7_szl_led_decode(record, &led); there++)
        if (there < cap)
            leds[there] = (s7_led){.id = led.id, .on = led.on, .blink = led.blink};
    *n = there;
    return there > cap ? s7_services_too_large(&call, "LEDs", there, cap) : S7_OK;
}

const char *s7_led_name(uint16_t id)
{
    return s7_led_id_text(id);
}

/* ---- diagnostic buffer ---- */

s7_status s7_diag_read(s7_client *client, const s7_ctx *ctx, s7_diag_entry *entries, size_t cap, size_t *n)
{
    struct s7_service_call call = {client, ctx, "read the diagnostic buffer of", false};
    uint8_t records[S7_DIAG_MAX * S7_SZL_DIAG_LEN];
    struct s7_szl_diag said;
    struct s7_szl szl;
    struct s7_rd record;
    size_t len, i = 0;

    if (n == NULL || (entries == NULL && cap > 0) || cap > S7_DIAG_MAX)
        return s7_client_refuse(client, ctx, "entries or n is NULL, or cap is more than S7_DIAG_MAX");
    s7_status status = read_list(&call, S7_SZL_DIAG, 0, records, sizeof records, &szl, &len);
    if (status != S7_OK)
        return status;
    for (; i < cap && s7_szl_record(&szl, i, &record) && s7_szl_diag_decode(record, &said); i++)
        entries[i] = (s7_diag_entry){.event = said.event,
                                     .priority = said.priority,
                                     .ob = said.ob,
                                     .data_id = said.data_id,
                                     .info1 = said.info1,
                                     .info2 = said.info2,
                                     .time = said.time};
    *n = i;
    return S7_OK;
}

const char *s7_diag_text(uint16_t event)
{
    return s7_diag_event_text(event);
}
