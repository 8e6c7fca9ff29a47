/* Services that read system status lists. */
#include "client/services.h"

#include "protocol/szl.h"
#include "protocol/userdata.h"

#include <stdio.h>

static const char no_info[] = "info is NULL or has no struct_size";

_Static_assert(S7_SZL_HEAD_LEN <= S7_SERVICE_HEAD_CAP, "the head of a list fits the head of a service");

/* ---- any list ---- */

/* The list goes to out[0..cap); NULL: the errand's own. */
static void list_errand(struct s7_errand *errand, const char *what, uint16_t id, uint16_t index, void *out,
                        size_t cap)
{
    uint8_t payload[S7_SZL_REQUEST_LEN];
    struct s7_wr wr = {.buf = payload, .cap = sizeof payload};

    s7_errand_init(errand, what, false);
    s7_szl_request_append(&wr, id, index);
    s7_service_userdata(&errand->service, S7_GROUP_CPU, S7_CPU_READ_SZL, payload, wr.len, out, cap);
    errand->service.head_len = S7_SZL_HEAD_LEN;
    errand->list = id;
}

static size_t records_len(const struct s7_errand *errand)
{
    return errand->service.len - S7_SZL_HEAD_LEN;
}

/* The list is decoded, with the records of it that fitted. */
static s7_status take_list(const struct s7_errand *errand, struct s7_szl *szl,
                           char detail[S7_ERRAND_DETAIL_CAP])
{
    const struct s7_service *service = &errand->service;

    if (service->len < S7_SZL_HEAD_LEN || s7_szl_decode(service->head, S7_SZL_HEAD_LEN, szl) != S7_OK)
        return s7_errand_bad(detail, s7_services_short);
    if (szl->id != errand->list)
        return s7_errand_bad(detail, "the answer is another list");
    size_t len = records_len(errand);
    szl->records = (struct s7_rd){service->out != NULL ? service->out : service->own,
                                  len < service->cap ? len : service->cap};
    return S7_OK;
}

static s7_status finish_szl(struct s7_errand *errand, char detail[S7_ERRAND_DETAIL_CAP])
{
    size_t cap = errand->service.cap;
    struct s7_szl szl;
    s7_status status = take_list(errand, &szl, detail);

    if (status != S7_OK)
        return status;
    *errand->n = records_len(errand);
    if (errand->to != NULL) {
        s7_szl_head said = {
            .id = szl.id, .index = szl.index, .record_len = szl.record_len, .n_records = szl.n_records};
        s7_services_give(errand->to, &said, sizeof said);
    }
    return *errand->n > cap && cap > 0 ? s7_errand_too_large(detail, "bytes", *errand->n, cap) : S7_OK;
}

const char *s7_errand_szl(struct s7_errand *errand, uint16_t id, uint16_t index, s7_szl_head *head, void *dst,
                          size_t cap, size_t *len)
{
    char what[S7_ERRAND_WHAT_CAP];

    snprintf(what, sizeof what, "read SZL %04X/%04X of", id, index);
    list_errand(errand, what, id, index, dst, cap);
    errand->finish = finish_szl;
    errand->to = head;
    errand->n = len;
    if (len == NULL || (dst == NULL && cap > 0) || (head != NULL && !s7_services_struct(head)))
        return "len or dst is NULL, or head has no struct_size";
    return NULL;
}

s7_status s7_szl_read(s7_client *client, const s7_ctx *ctx, uint16_t id, uint16_t index, s7_szl_head *head,
                      void *dst, size_t cap, size_t *len)
{
    struct s7_errand errand;

    return s7_errand_run(client, ctx, &errand, s7_errand_szl(&errand, id, index, head, dst, cap, len));
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

static s7_status finish_cpu_info(struct s7_errand *errand, char detail[S7_ERRAND_DETAIL_CAP])
{
    struct s7_szl_component component;
    s7_cpu_info made = {.struct_size = sizeof made};
    struct s7_szl szl;
    struct s7_rd record;
    s7_status status = take_list(errand, &szl, detail);

    if (status != S7_OK)
        return status;
    for (size_t i = 0; s7_szl_record(&szl, i, &record); i++)
        if (s7_szl_component_decode(record, &component))
            take_component(&component, &made);
    s7_services_give(errand->to, &made, sizeof made);
    return S7_OK;
}

const char *s7_errand_cpu_info(struct s7_errand *errand, s7_cpu_info *info)
{
    list_errand(errand, "read the component identification of", S7_SZL_COMPONENT, 0, NULL, COMPONENTS_CAP);
    errand->finish = finish_cpu_info;
    errand->to = info;
    return s7_services_struct(info) ? NULL : no_info;
}

s7_status s7_cpu_info_get(s7_client *client, const s7_ctx *ctx, s7_cpu_info *info)
{
    struct s7_errand errand;

    return s7_errand_run(client, ctx, &errand, s7_errand_cpu_info(&errand, info));
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

static s7_status finish_order_code(struct s7_errand *errand, char detail[S7_ERRAND_DETAIL_CAP])
{
    struct s7_szl_module module;
    s7_order_code made = {.struct_size = sizeof made};
    struct s7_szl szl;
    struct s7_rd record;
    s7_status status = take_list(errand, &szl, detail);

    if (status != S7_OK)
        return status;
    for (size_t i = 0; s7_szl_record(&szl, i, &record); i++)
        if (s7_szl_module_decode(record, &module))
            take_module(&module, &made);
    s7_services_give(errand->to, &made, sizeof made);
    return S7_OK;
}

const char *s7_errand_order_code(struct s7_errand *errand, s7_order_code *code)
{
    list_errand(errand, "read the order code of", S7_SZL_MODULE, 0, NULL, MODULES_CAP);
    errand->finish = finish_order_code;
    errand->to = code;
    return s7_services_struct(code) ? NULL : "code is NULL or has no struct_size";
}

s7_status s7_order_code_get(s7_client *client, const s7_ctx *ctx, s7_order_code *code)
{
    struct s7_errand errand;

    return s7_errand_run(client, ctx, &errand, s7_errand_order_code(&errand, code));
}

/* ---- lists of one record ---- */

#define ONE_CAP 64

/* The first record; a list without one is no answer. */
static s7_status take_record(const struct s7_errand *errand, struct s7_rd *record,
                             char detail[S7_ERRAND_DETAIL_CAP])
{
    struct s7_szl szl;
    s7_status status = take_list(errand, &szl, detail);

    if (status != S7_OK)
        return status;
    return s7_szl_record(&szl, 0, record) ? S7_OK : s7_errand_bad(detail, s7_services_short);
}

static s7_status finish_comm_info(struct s7_errand *errand, char detail[S7_ERRAND_DETAIL_CAP])
{
    struct s7_szl_comm comm;
    struct s7_rd record;
    s7_status status = take_record(errand, &record, detail);

    if (status != S7_OK)
        return status;
    if (!s7_szl_comm_decode(record, &comm))
        return s7_errand_bad(detail, s7_services_short);
    s7_comm_info made = {.max_pdu_len = comm.pdu_len,
                         .max_connections = comm.connections,
                         .mpi_bps = comm.mpi_bps,
                         .bus_bps = comm.bus_bps,
                         .ethernet_bps = comm.ethernet_bps};
    s7_services_give(errand->to, &made, sizeof made);
    return S7_OK;
}

const char *s7_errand_comm_info(struct s7_errand *errand, s7_comm_info *info)
{
    list_errand(errand, "read the communication limits of", S7_SZL_COMM, 1, NULL, ONE_CAP);
    errand->finish = finish_comm_info;
    errand->to = info;
    return s7_services_struct(info) ? NULL : no_info;
}

s7_status s7_comm_info_get(s7_client *client, const s7_ctx *ctx, s7_comm_info *info)
{
    struct s7_errand errand;

    return s7_errand_run(client, ctx, &errand, s7_errand_comm_info(&errand, info));
}

static s7_status finish_protection(struct s7_errand *errand, char detail[S7_ERRAND_DETAIL_CAP])
{
    struct s7_szl_protection said;
    struct s7_rd record;
    s7_status status = take_record(errand, &record, detail);

    if (status != S7_OK)
        return status;
    if (!s7_szl_protection_decode(record, &said))
        return s7_errand_bad(detail, s7_services_short);
    s7_protection made = {.key_level = said.key_level,
                          .set_level = said.set_level,
                          .valid_level = said.valid_level,
                          .mode_switch = said.mode_switch,
                          .startup_switch = said.startup_switch};
    s7_services_give(errand->to, &made, sizeof made);
    return S7_OK;
}

const char *s7_errand_protection(struct s7_errand *errand, s7_protection *protection)
{
    list_errand(errand, "read the protection level of", S7_SZL_PROTECTION, 4, NULL, ONE_CAP);
    errand->finish = finish_protection;
    errand->to = protection;
    return s7_services_struct(protection) ? NULL : "protection is NULL or has no struct_size";
}

s7_status s7_protection_get(s7_client *client, const s7_ctx *ctx, s7_protection *protection)
{
    struct s7_errand errand;

    return s7_errand_run(client, ctx, &errand, s7_errand_protection(&errand, protection));
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

static s7_status finish_cpu_mode(struct s7_errand *errand, char detail[S7_ERRAND_DETAIL_CAP])
{
    s7_cpu_mode *mode = errand->to;
    s7_datetime *since = errand->also;
    struct s7_szl_mode said;
    struct s7_rd record;
    s7_status status = take_record(errand, &record, detail);

    if (status != S7_OK)
        return status;
    if (!s7_szl_mode_decode(record, &said))
        return s7_errand_bad(detail, s7_services_short);
    *mode = mode_of(said.state);
    if (since != NULL)
        *since = said.since;
    return S7_OK;
}

const char *s7_errand_cpu_mode(struct s7_errand *errand, s7_cpu_mode *mode, s7_datetime *since)
{
    list_errand(errand, "read the mode of", S7_SZL_MODE, 0, NULL, ONE_CAP);
    errand->finish = finish_cpu_mode;
    errand->to = mode;
    errand->also = since;
    return mode != NULL ? NULL : "mode is NULL";
}

s7_status s7_cpu_mode_get(s7_client *client, const s7_ctx *ctx, s7_cpu_mode *mode, s7_datetime *since)
{
    struct s7_errand errand;

    return s7_errand_run(client, ctx, &errand, s7_errand_cpu_mode(&errand, mode, since));
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

static s7_status finish_leds(struct s7_errand *errand, char detail[S7_ERRAND_DETAIL_CAP])
{
    s7_led *leds = errand->to;
    struct s7_szl_led led;
    struct s7_szl szl;
    struct s7_rd record;
    size_t there = 0;
    s7_status status = take_list(errand, &szl, detail);

    if (status != S7_OK)
        return status;
    for (; s7_szl_record(&szl, there, &record) && s7_szl_led_decode(record, &led); there++)
        if (there < errand->cap)
            leds[there] = (s7_led){.id = led.id, .on = led.on, .blink = led.blink};
    *errand->n = there;
    return there > errand->cap ? s7_errand_too_large(detail, "LEDs", there, errand->cap) : S7_OK;
}

const char *s7_errand_leds(struct s7_errand *errand, s7_led *leds, size_t cap, size_t *n)
{
    list_errand(errand, "read the LEDs of", S7_SZL_LEDS_ALL, 0, NULL, LEDS_MAX * LED_LEN);
    errand->finish = finish_leds;
    errand->to = leds;
    errand->n = n;
    errand->cap = cap;
    return n == NULL || (leds == NULL && cap > 0) ? "leds or n is NULL" : NULL;
}

s7_status s7_leds_get(s7_client *client, const s7_ctx *ctx, s7_led *leds, size_t cap, size_t *n)
{
    struct s7_errand errand;

    return s7_errand_run(client, ctx, &errand, s7_errand_leds(&errand, leds, cap, n));
}

const char *s7_led_name(uint16_t id)
{
    return s7_led_id_text(id);
}

/* ---- diagnostic buffer ---- */

_Static_assert(S7_SZL_DIAG_LEN <= sizeof(s7_diag_entry), "records are received where their entries will be");

/* Records and entries share the caller's memory: they are gone through from the side on which none is
 * overwritten before it was read. */
static size_t take_entries(const struct s7_szl *szl, s7_diag_entry *entries, size_t cap)
{
    bool backwards = szl->record_len <= sizeof *entries;
    size_t there = s7_szl_count(szl), n = there < cap ? there : cap;
    struct s7_szl_diag said;
    struct s7_rd record;

    for (size_t k = 0; k < n; k++) {
        size_t i = backwards ? n - 1 - k : k;

        if (!s7_szl_record(szl, i, &record) || !s7_szl_diag_decode(record, &said))
            return 0; /* all records are of one length: none can be read */
        entries[i] = (s7_diag_entry){.event = said.event,
                                     .priority = said.priority,
                                     .ob = said.ob,
                                     .data_id = said.data_id,
                                     .info1 = said.info1,
                                     .info2 = said.info2,
                                     .time = said.time};
    }
    return n;
}

static s7_status finish_diag(struct s7_errand *errand, char detail[S7_ERRAND_DETAIL_CAP])
{
    struct s7_szl szl;
    s7_status status = take_list(errand, &szl, detail);

    if (status == S7_OK)
        *errand->n = take_entries(&szl, errand->to, errand->cap);
    return status;
}

const char *s7_errand_diag(struct s7_errand *errand, s7_diag_entry *entries, size_t cap, size_t *n)
{
    list_errand(errand, "read the diagnostic buffer of", S7_SZL_DIAG, 0, entries,
                cap <= S7_DIAG_MAX ? cap * sizeof *entries : 0);
    errand->finish = finish_diag;
    errand->to = entries;
    errand->n = n;
    errand->cap = cap;
    if (n == NULL || (entries == NULL && cap > 0) || cap > S7_DIAG_MAX)
        return "entries or n is NULL, or cap is more than S7_DIAG_MAX";
    return NULL;
}

s7_status s7_diag_read(s7_client *client, const s7_ctx *ctx, s7_diag_entry *entries, size_t cap, size_t *n)
{
    struct s7_errand errand;

    return s7_errand_run(client, ctx, &errand, s7_errand_diag(&errand, entries, cap, n));
}

const char *s7_diag_text(uint16_t event)
{
    return s7_diag_event_text(event);
}
