/* Reads and writes on a loop, from the caller's arguments to a request in the queue. */
#include "client/area.h"
#include "client/conn_impl.h"
#include "client/guard.h"
#include "client/report.h"

#include <stdio.h>

/* What is asked for. */
struct ask {
    bool write, list, ping;
    const s7_item *items;
    size_t n;
};

static struct s7_request *request_of(struct s7_work *work)
{
    return (struct s7_request *)(void *)((char *)work - offsetof(struct s7_request, its));
}

/* ---- the end of a transfer ---- */

static void name(s7_errinfo *err, bool list, bool write, const s7_item *items, size_t n, const char *where)
{
    if (list || items == NULL || n == 0)
        s7_report_list(err, write, items, items != NULL ? n : 0, err->item, where);
    else
        s7_report_place(err, write, items, n, where);
    if (!list)
        err->item = -1;
}

static void give_results(s7_item *results, const s7_item *items, size_t n)
{
    for (size_t i = 0; results != NULL && i < n; i++) {
        results[i].status = items[i].status;
        results[i].code = items[i].code;
        results[i].time_ns = items[i].time_ns;
    }
}

static s7_status end(struct s7_work *work, const char *where, s7_errinfo *err)
{
    struct s7_request *request = request_of(work);
    struct s7_transfer *transfer = &request->its.transfer.work.transfer;
    const s7_item *items = transfer->items;
    bool list = request->its.transfer.list;
    s7_status status = s7_transfer_result(transfer, err);

    give_results(request->its.transfer.results, items, transfer->n_items);
    if (status == S7_OK || (request->its.transfer.ping && s7_transfer_lives(status, &items[0])))
        return S7_OK;
    if (!list && status == S7_E_PARTIAL)
        status = items[err->item].status;
    err->status = status;
    name(err, list, transfer->write, items, transfer->n_items, where);
    return status;
}

static bool again(struct s7_work *work, s7_status why)
{
    struct s7_transfer_work *its = &request_of(work)->its.transfer.work;
    struct s7_transfer *transfer = &its->transfer;

    if (transfer->write || transfer->failed != why)
        return false;
    return s7_transfer_work_begin(its, false, transfer->items, transfer->n_items, work->deadline_ns, NULL) ==
           S7_OK;
}

static uint32_t facts(const struct s7_work *work)
{
    const struct s7_transfer *transfer = &((const struct s7_transfer_work *)work)->transfer;
    const s7_item *bad = NULL;

    for (size_t i = 0; i < transfer->n_items && bad == NULL; i++)
        if (transfer->items[i].status != S7_OK)
            bad = &transfer->items[i];
    return s7_hint_item_facts(transfer->write, bad);
}

static const struct s7_conn_kind transfer_kind = {.end = end, .again = again, .facts = facts};

/* ---- the beginning ---- */

/* Check the items, which stay where they are, and begin. */
static s7_status begin(s7_conn *conn, const s7_then *then, struct s7_request *request, const struct ask *ask,
                       s7_item *items, s7_errinfo *why)
{
    struct s7_transfer_work *its = &request->its.transfer.work;
    s7_status status =
        s7_transfer_work_begin(its, ask->write, items, ask->n, s7_request_deadline(conn, then), why);

    if (status == S7_OK && ask->write)
        status = s7_guard_items(conn->settings, items, ask->n, why);
    request->work = &its->work;
    request->kind = &transfer_kind;
    request->its.transfer.list = ask->list;
    request->its.transfer.ping = ask->ping;
    request->its.transfer.results = ask->write && then != NULL ? then->results : NULL;
    return status;
}

static s7_status refuse(s7_conn *conn, const s7_then *then, const struct ask *ask, s7_status status,
                        s7_errinfo *why)
{
    why->status = status;
    name(why, ask->list, ask->write, ask->items, ask->n, conn->settings->where);
    return s7_request_refuse(conn, then, status, why);
}

s7_status s7_conn_items(s7_conn *conn, const s7_then *then, bool write, s7_item *items, size_t n_items,
                        uint64_t id)
{
    struct ask ask = {.write = write, .list = true, .items = items, .n = n_items};
    s7_errinfo why = S7_ERRINFO_INIT;
    struct s7_request *request;

    if (conn == NULL)
        return s7_request_no_conn(then);
    s7_status status = s7_request_new(conn, then, &request, &why);

    if (status != S7_OK) {
        for (size_t i = 0; items != NULL && i < n_items; i++) {
            items[i].status = status;
            items[i].code = 0;
        }
        return refuse(conn, then, &ask, status, &why);
    }
    status = begin(conn, then, request, &ask, items, &why);
    if (status != S7_OK) {
        s7_request_give_back(conn, request);
        return refuse(conn, then, &ask, status, &why);
    }
    request->id = id;
    s7_request_queue(conn, then, request);
    return S7_OK;
}

/* ---- items of its own ---- */

/* The data of the request's items, which were checked, move into its own memory, behind the items. */
static s7_status copy_data(s7_conn *conn, struct s7_request *request, size_t n)
{
    const s7_item *unmoved = (const s7_item *)(const void *)request->own;
    size_t len = n * sizeof *unmoved;

    if (n == 0)
        return S7_OK;
    for (size_t i = 0; i < n; i++)
        len += unmoved[i].len;
    s7_status status = s7_request_room(conn, request, len);
    if (status != S7_OK)
        return status;
    s7_item *items = (s7_item *)(void *)request->own;
    uint8_t *at = request->own + n * sizeof *items;
    request->its.transfer.work.transfer.items = items;
    for (size_t i = 0; i < n; i++) {
        memcpy(at, items[i].data, items[i].len);
        items[i].data = at;
        at += items[i].len;
    }
    return S7_OK;
}

/* Items, and data of writes, are copied into the request. */
static s7_status begin_copy(s7_conn *conn, const s7_then *then, struct s7_request *request,
                            const struct ask *ask, s7_errinfo *why)
{
    s7_item *items = (s7_item *)(uintptr_t)ask->items; /* left alone when there is something wrong with it */

    if (items != NULL && ask->n <= INT32_MAX) {
        s7_status status = s7_request_room(conn, request, ask->n * sizeof *items);
        if (status != S7_OK)
            return status;
        items = (s7_item *)(void *)request->own;
        if (ask->n > 0)
            memcpy(items, ask->items, ask->n * sizeof *items);
    }
    s7_status status = begin(conn, then, request, ask, items, why);
    if (status != S7_OK && items != ask->items)
        give_results(request->its.transfer.results, items, ask->n);
    return status == S7_OK && (ask->write || ask->ping) ? copy_data(conn, request, ask->n) : status;
}

static s7_status submit_copy(s7_conn *conn, const s7_then *then, const struct ask *ask)
{
    s7_errinfo why = S7_ERRINFO_INIT;
    struct s7_request *request;

    if (conn == NULL)
        return s7_request_no_conn(then);
    s7_status status = s7_request_new(conn, then, &request, &why);

    if (status != S7_OK)
        return refuse(conn, then, ask, status, &why);
    status = begin_copy(conn, then, request, ask, &why);
    if (status == S7_OK) {
        s7_request_queue(conn, then, request);
        return S7_OK;
    }
    s7_request_give_back(conn, request);
    if (status == S7_E_NOMEM)
        s7_report_came(&why, status, "");
    return refuse(conn, then, ask, status, &why);
}

/* An argument is at fault. */
static s7_status refuse_argument(s7_conn *conn, const s7_then *then, s7_status status, const char *asked,
                                 const char *fault)
{
    s7_errinfo why = S7_ERRINFO_INIT;

    snprintf(why.asked, sizeof why.asked, "%s %.60s", asked, conn->settings->where);
    s7_report_came(&why, status, fault);
    return s7_request_refuse(conn, then, status, &why);
}

/* ---- lists ---- */

s7_status s7_conn_read(s7_conn *conn, const s7_then *then, s7_item *items, size_t n_items)
{
    return s7_conn_items(conn, then, false, items, n_items, 0);
}

s7_status s7_conn_write(s7_conn *conn, const s7_then *then, const s7_item *items, size_t n_items)
{
    struct ask ask = {.write = true, .list = true, .items = items, .n = n_items};

    return submit_copy(conn, then, &ask);
}

s7_status s7_conn_submit(s7_conn *conn, bool write, s7_item *items, size_t n_items, uint32_t timeout_ms,
                         s7_conn_done_fn *done, void *arg, s7_errinfo *err)
{
    s7_then then = {.struct_size = sizeof then,
                    .timeout_ms = (int32_t)(timeout_ms < INT32_MAX ? timeout_ms : INT32_MAX),
                    .done = done,
                    .arg = arg,
                    .err = err};

    return s7_conn_items(conn, &then, write, items, n_items, 0);
}

/* ---- areas ---- */

/* data is written to by reads only. */
static s7_status area_call(s7_conn *conn, const s7_then *then, bool write, s7_area area, uint16_t db,
                           uint32_t start, void *data, size_t len)
{
    s7_item items[S7_AREA_PIECES_MAX];
    struct ask ask = {.write = write, .items = items};
    const char *fault = s7_area_pieces(area, db, start, data, len, items, &ask.n);

    if (conn == NULL)
        return s7_request_no_conn(then);
    if (fault != NULL)
        return refuse_argument(conn, then, S7_E_ARG, "a call to", fault);
    return submit_copy(conn, then, &ask);
}

s7_status s7_conn_read_area(s7_conn *conn, const s7_then *then, s7_area area, uint16_t db, uint32_t start,
                            void *dst, size_t len)
{
    return area_call(conn, then, false, area, db, start, dst, len);
}

s7_status s7_conn_write_area(s7_conn *conn, const s7_then *then, s7_area area, uint16_t db, uint32_t start,
                             const void *src, size_t len)
{
    return area_call(conn, then, true, area, db, start, (void *)(uintptr_t)src, len);
}

s7_status s7_conn_read_db(s7_conn *conn, const s7_then *then, uint16_t db, uint32_t start, void *dst,
                          size_t len)
{
    return s7_conn_read_area(conn, then, S7_AREA_DB, db, start, dst, len);
}

s7_status s7_conn_write_db(s7_conn *conn, const s7_then *then, uint16_t db, uint32_t start, const void *src,
                           size_t len)
{
    return s7_conn_write_area(conn, then, S7_AREA_DB, db, start, src, len);
}

/* ---- one place by its text ---- */

static s7_status at_call(s7_conn *conn, const s7_then *then, bool write, const char *text, void *data,
                         size_t len)
{
    s7_item item = {.data = data, .len = len};
    struct ask ask = {.write = write, .items = &item, .n = 1};
    s7_address_error error;
    char asked[64];

    if (conn == NULL)
        return s7_request_no_conn(then);
    if (text == NULL)
        return refuse_argument(conn, then, S7_E_ARG, "a call to", "address is NULL");
    if (s7_address_parse(text, &item.address, &error) != S7_OK) {
        snprintf(asked, sizeof asked, "%s \"%.40s\" %s", write ? "write" : "read", text,
                 write ? "to" : "from");
        return refuse_argument(conn, then, S7_E_SYNTAX, asked, error.text);
    }
    return submit_copy(conn, then, &ask);
}

s7_status s7_conn_read_at(s7_conn *conn, const s7_then *then, const char *address, void *dst, size_t len)
{
    return at_call(conn, then, false, address, dst, len);
}

s7_status s7_conn_write_at(s7_conn *conn, const s7_then *then, const char *address, const void *src,
                           size_t len)
{
    return at_call(conn, then, true, address, (void *)(uintptr_t)src, len);
}

/* ---- a sign of life ---- */

s7_status s7_conn_ping(s7_conn *conn, const s7_then *then)
{
    uint8_t byte = 0;
    s7_item item = {
        .address = {.area = S7_AREA_M, .type = S7_TYPE_BYTE, .count = 1}, .data = &byte, .len = 1};
    struct ask ask = {.ping = true, .items = &item, .n = 1};

    return submit_copy(conn, then, &ask);
}
