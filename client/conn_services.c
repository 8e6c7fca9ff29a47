/* The services of <s7rig/services.h> on a loop. */
#include "client/conn_impl.h"

#include "client/facts.h"
#include "client/guard.h"

#include <stdio.h>

static s7_status end(struct s7_work *work, const char *where, s7_errinfo *err)
{
    return s7_errand_end((struct s7_errand *)(void *)work, where, err);
}

static struct s7_request *request_of(struct s7_work *work)
{
    return (struct s7_request *)(void *)((char *)work - offsetof(struct s7_request, its));
}

static bool again(struct s7_work *work, s7_status why)
{
    struct s7_request *request = request_of(work);
    struct s7_errand *errand = &request->its.service.errand;

    if (errand->control || errand->service.changes || errand->service.status != why)
        return false;
    errand->service = request->its.service.first;
    return true;
}

static uint32_t facts(const struct s7_work *work)
{
    (void)work;
    return S7_FACT_SERVICE;
}

static const struct s7_conn_kind errand_kind = {.end = end, .again = again, .in_turn = true, .facts = facts};

static s7_status refuse(s7_conn *conn, const s7_then *then, const char *what, s7_status status,
                        const char *detail, s7_errinfo *why)
{
    s7_services_report(what, conn->settings->where, why, status, detail);
    return s7_request_refuse(conn, then, status, why);
}

/* A request for what (in words), if the options allow it; reports unless S7_OK. */
static s7_status new_request(s7_conn *conn, const s7_then *then, const char *what, bool control,
                             struct s7_request **out, s7_errinfo *why)
{
    const char *detail;
    s7_status status = control ? s7_guard_control(conn->settings, &detail, why) : S7_OK;

    if (status != S7_OK)
        return refuse(conn, then, what, status, detail, why);
    status = s7_request_new(conn, then, out, why);
    if (status == S7_OK)
        return S7_OK;
    snprintf(why->asked, sizeof why->asked, "%.40s %.80s", what, conn->settings->where);
    return s7_request_refuse(conn, then, status, why);
}

/* fault: what the s7_errand_... function returned. */
static s7_status carry(s7_conn *conn, const s7_then *then, const struct s7_errand *errand, const char *fault)
{
    s7_errinfo why = S7_ERRINFO_INIT;
    struct s7_request *request;

    if (conn == NULL)
        return s7_request_no_conn(then);
    if (fault != NULL)
        return refuse(conn, then, "a call to", S7_E_ARG, fault, &why);
    s7_status status = new_request(conn, then, errand->what, errand->control, &request, &why);
    if (status != S7_OK)
        return status;
    request->its.service.errand = *errand;
    request->work = &request->its.service.errand.service.work;
    request->kind = &errand_kind;
    request->work->deadline_ns = s7_request_deadline(conn, then);
    request->its.service.first = request->its.service.errand.service;
    s7_request_queue(conn, then, request);
    return S7_OK;
}

/* ---- who it is ---- */

s7_status s7_conn_szl_read(s7_conn *conn, const s7_then *then, uint16_t id, uint16_t index, s7_szl_head *head,
                           void *dst, size_t cap, size_t *len)
{
    struct s7_errand errand;

    return carry(conn, then, &errand, s7_errand_szl(&errand, id, index, head, dst, cap, len));
}

s7_status s7_conn_cpu_info(s7_conn *conn, const s7_then *then, s7_cpu_info *info)
{
    struct s7_errand errand;

    return carry(conn, then, &errand, s7_errand_cpu_info(&errand, info));
}

s7_status s7_conn_order_code(s7_conn *conn, const s7_then *then, s7_order_code *code)
{
    struct s7_errand errand;

    return carry(conn, then, &errand, s7_errand_order_code(&errand, code));
}

s7_status s7_conn_comm_info(s7_conn *conn, const s7_then *then, s7_comm_info *info)
{
    struct s7_errand errand;

    return carry(conn, then, &errand, s7_errand_comm_info(&errand, info));
}

s7_status s7_conn_protection(s7_conn *conn, const s7_then *then, s7_protection *protection)
{
    struct s7_errand errand;

    return carry(conn, then, &errand, s7_errand_protection(&errand, protection));
}

/* ---- how it is ---- */

s7_status s7_conn_cpu_mode(s7_conn *conn, const s7_then *then, s7_cpu_mode *mode, s7_datetime *since)
{
    struct s7_errand errand;

    return carry(conn, then, &errand, s7_errand_cpu_mode(&errand, mode, since));
}

s7_status s7_conn_leds(s7_conn *conn, const s7_then *then, s7_led *leds, size_t cap, size_t *n)
{
    struct s7_errand errand;

    return carry(conn, then, &errand, s7_errand_leds(&errand, leds, cap, n));
}

s7_status s7_conn_diag_read(s7_conn *conn, const s7_then *then, s7_diag_entry *entries, size_t cap, size_t *n)
{
    struct s7_errand errand;

    return carry(conn, then, &errand, s7_errand_diag(&errand, entries, cap, n));
}

/* ---- blocks ---- */

s7_status s7_conn_blocks_count(s7_conn *conn, const s7_then *then, s7_block_counts *counts)
{
    struct s7_errand errand;

    return carry(conn, then, &errand, s7_errand_blocks_count(&errand, counts));
}

s7_status s7_conn_blocks_list(s7_conn *conn, const s7_then *then, s7_block_type type, s7_block_entry *entries,
                              size_t cap, size_t *n)
{
    struct s7_errand errand;

    return carry(conn, then, &errand, s7_errand_blocks_list(&errand, type, entries, cap, n));
}

s7_status s7_conn_block_info(s7_conn *conn, const s7_then *then, s7_block_type type, uint16_t number,
                             s7_block_info *info)
{
    struct s7_errand errand;

    return carry(conn, then, &errand, s7_errand_block_info(&errand, type, number, info));
}

s7_status s7_conn_block_upload(s7_conn *conn, const s7_then *then, s7_block_type type, uint16_t number,
                               void *dst, size_t cap, size_t *len)
{
    struct s7_errand errand;

    return carry(conn, then, &errand, s7_errand_block_upload(&errand, type, number, dst, cap, len));
}

s7_status s7_conn_block_delete(s7_conn *conn, const s7_then *then, s7_block_type type, uint16_t number)
{
    struct s7_errand errand;

    return carry(conn, then, &errand, s7_errand_block_delete(&errand, type, number));
}

/* ---- download ---- */

static s7_status download_end(struct s7_work *work, const char *where, s7_errinfo *err)
{
    struct s7_download *download = (struct s7_download *)(void *)work;
    const char *detail;
    s7_status status = s7_download_result(download, &err->plc_error, &detail);

    return status == S7_OK ? S7_OK : s7_services_report(download->what, where, err, status, detail);
}

static const struct s7_conn_kind download_kind = {.end = download_end, .in_turn = true, .facts = facts};

/* The block is copied into the request. NULL, or what is wrong with it. */
static const char *download_begin(struct s7_request *request, s7_block_type type, uint16_t number,
                                  const void *block, size_t len)
{
    memcpy(request->own, block, len);
    request->work = &request->its.download.work;
    request->kind = &download_kind;
    return s7_download_begin(&request->its.download, (uint8_t)type, s7_block_type_name(type), number,
                             request->own, len);
}

s7_status s7_conn_block_download(s7_conn *conn, const s7_then *then, s7_block_type type, uint16_t number,
                                 const void *block, size_t len)
{
    const char *fault = s7_services_download_fault(type, block);
    s7_errinfo why = S7_ERRINFO_INIT;
    struct s7_request *request;
    char what[32];

    if (conn == NULL)
        return s7_request_no_conn(then);
    if (fault != NULL)
        return refuse(conn, then, "a call to", S7_E_ARG, fault, &why);
    snprintf(what, sizeof what, "download %s%u to", s7_block_type_name(type), number);
    s7_status status = new_request(conn, then, what, true, &request, &why);
    if (status != S7_OK)
        return status;
    if (len == 0 || s7_request_room(conn, request, len) != S7_OK)
        status = len == 0 ? S7_E_ARG : S7_E_NOMEM;
    else if ((fault = download_begin(request, type, number, block, len)) != NULL)
        status = S7_E_ARG;
    if (status != S7_OK) {
        s7_request_give_back(conn, request);
        return refuse(conn, then, what, status, fault != NULL ? fault : "", &why);
    }
    request->work->deadline_ns = s7_request_deadline(conn, then);
    s7_request_queue(conn, then, request);
    return S7_OK;
}

/* ---- clock and password ---- */

s7_status s7_conn_clock_get(s7_conn *conn, const s7_then *then, s7_datetime *datetime)
{
    struct s7_errand errand;

    return carry(conn, then, &errand, s7_errand_clock_get(&errand, datetime));
}

s7_status s7_conn_clock_set(s7_conn *conn, const s7_then *then, const s7_datetime *datetime)
{
    struct s7_errand errand;

    return carry(conn, then, &errand, s7_errand_clock_set(&errand, datetime));
}

s7_status s7_conn_password_set(s7_conn *conn, const s7_then *then, const char *password)
{
    struct s7_errand errand;

    return carry(conn, then, &errand, s7_errand_password_set(&errand, password));
}

s7_status s7_conn_password_clear(s7_conn *conn, const s7_then *then)
{
    struct s7_errand errand;

    return carry(conn, then, &errand, s7_errand_password_clear(&errand));
}

/* ---- stop, start, memory ---- */

static s7_status control(s7_conn *conn, const s7_then *then, enum s7_control what)
{
    struct s7_errand errand;

    return carry(conn, then, &errand, s7_errand_control(&errand, what));
}

s7_status s7_conn_plc_stop(s7_conn *conn, const s7_then *then)
{
    return control(conn, then, S7_CONTROL_STOP);
}

s7_status s7_conn_plc_start_warm(s7_conn *conn, const s7_then *then)
{
    return control(conn, then, S7_CONTROL_WARM);
}

s7_status s7_conn_plc_start_cold(s7_conn *conn, const s7_then *then)
{
    return control(conn, then, S7_CONTROL_COLD);
}

s7_status s7_conn_plc_compress(s7_conn *conn, const s7_then *then)
{
    return control(conn, then, S7_CONTROL_COMPRESS);
}

s7_status s7_conn_plc_copy_ram_to_rom(s7_conn *conn, const s7_then *then)
{
    return control(conn, then, S7_CONTROL_RAM_TO_ROM);
}
