#include "client/transfer.h"

#include "client/report.h"
#include "client/transfer_plan.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define BYTE_MAX 2097151 /* 24 bits of bit address */

/* ---- checking ---- */

static bool address_fits(const s7_address *address)
{
    size_t places = s7_item_by_number(address) ? address->count : s7_address_size(address);

    if (address->count == 0 || address->byte > BYTE_MAX || places == 0 ||
        places - 1 > BYTE_MAX - address->byte)
        return false;
    if (address->bit > (address->type == S7_TYPE_BOOL ? 7 : 0))
        return false;
    if (address->type == S7_TYPE_STRING && (address->string_cap < 1 || address->string_cap > 254))
        return false;
    if (address->type == S7_TYPE_WSTRING && (address->string_cap < 1 || address->string_cap > 16382))
        return false;
    return !s7_item_by_number(address) || s7_address_size(address) == (size_t)address->count * 2;
}

/* NULL, or what is wrong. */
static const char *item_fault(const s7_item *item)
{
    s7_address first = item->address;
    struct s7_var_item probe;

    if (item->data == NULL)
        return "no memory is given (data is NULL)";
    if (!address_fits(&item->address))
        return "the address is out of range";
    first.count = 1;
    if (s7_item_from_address(&first, &probe) != S7_OK)
        return "the address is out of range";
    if (item->len != s7_address_size(&item->address))
        return "len is not the size of the address";
    return NULL;
}

/* index -1: the list as a whole. */
static void name_fault(s7_errinfo *err, int32_t index, const char *fault)
{
    if (err == NULL)
        return;
    err->item = index;
    s7_report_came(err, S7_E_ARG, fault);
}

static s7_status check_items(s7_item *items, size_t n_items, s7_errinfo *err)
{
    s7_status status = S7_OK;

    if (n_items > INT32_MAX || (items == NULL && n_items > 0)) {
        name_fault(err, -1, items == NULL ? "items is NULL" : "more items than can be counted");
        return S7_E_ARG;
    }
    for (size_t i = 0; i < n_items; i++) {
        const char *fault = item_fault(&items[i]);

        items[i].code = 0;
        items[i].time_ns = 0;
        items[i].status = fault == NULL ? S7_OK : S7_E_ARG;
        if (fault == NULL || status != S7_OK)
            continue;
        status = S7_E_ARG;
        name_fault(err, (int32_t)i, fault);
    }
    for (size_t i = 0; status != S7_OK && i < n_items; i++)
        if (items[i].status == S7_OK)
            items[i].status = S7_E_CANCELLED;
    return status;
}

s7_status s7_transfer_begin(struct s7_transfer *transfer, bool write, s7_item *items, size_t n_items,
                            int64_t deadline_ns, s7_errinfo *err)
{
    s7_status status = check_items(items, n_items, err);

    if (status != S7_OK)
        return status;
    memset(transfer, 0, offsetof(struct s7_transfer, jobs));
    transfer->write = write;
    transfer->items = items;
    transfer->n_items = n_items;
    transfer->deadline_ns = deadline_ns;
    return S7_OK;
}

/* ---- sending ---- */

static uint64_t job_id(const struct s7_transfer_job *job)
{
    return (uint64_t)(uintptr_t)job;
}

static s7_status job_submit(const struct s7_transfer *transfer, s7_session *session,
                            const struct s7_transfer_job *job, const struct s7_part *parts)
{
    struct s7_var_item items[S7_ITEMS_PER_PDU];
    struct s7_data_unit units[S7_ITEMS_PER_PDU];
    uint8_t bits[S7_ITEMS_PER_PDU];

    for (unsigned i = 0; i < job->n_parts; i++) {
        s7_address address = s7_part_address(&parts[i], transfer->write);
        s7_status status = s7_item_from_address(&address, &items[i]);

        if (status != S7_OK)
            return status;
        if (transfer->write)
            units[i] = s7_part_unit(&parts[i], &bits[i]);
    }
    return transfer->write
               ? s7_session_write(session, items, units, job->n_parts, job_id(job), transfer->deadline_ns)
               : s7_session_read(session, items, job->n_parts, job_id(job), transfer->deadline_ns);
}

static struct s7_transfer_job *free_job(struct s7_transfer *transfer)
{
    for (unsigned i = 0; i < transfer->n_jobs; i++)
        if (!transfer->jobs[i].open)
            return &transfer->jobs[i];
    return transfer->n_jobs < S7_SESSION_MAX_JOBS ? &transfer->jobs[transfer->n_jobs++] : NULL;
}

static void call_failed(struct s7_transfer *transfer, s7_status status, uint16_t plc_error,
                        const char *detail)
{
    bool worse = status == S7_E_OUTCOME_UNKNOWN && transfer->failed != S7_E_OUTCOME_UNKNOWN;

    if (transfer->failed != S7_OK && !worse)
        return;
    transfer->failed = status;
    transfer->plc_error = plc_error;
    if (detail != transfer->detail)
        snprintf(transfer->detail, sizeof transfer->detail, "%s", detail);
}

bool s7_transfer_has_more(const struct s7_transfer *transfer)
{
    return transfer->failed == S7_OK && transfer->next_item < transfer->n_items &&
           transfer->in_flight < S7_SESSION_MAX_JOBS;
}

uint64_t s7_transfer_submit(struct s7_transfer *transfer, s7_session *session)
{
    struct s7_part parts[S7_ITEMS_PER_PDU];
    size_t item_at = transfer->next_item, offset_at = transfer->next_offset;
    struct s7_transfer_job *job;

    if (!s7_transfer_has_more(transfer) || s7_session_window(session) == 0 ||
        (job = free_job(transfer)) == NULL)
        return 0;
    unsigned n = s7_plan_job(transfer, s7_session_granted(session)->pdu_len, s7_session_max_items(session),
                             parts, &item_at, &offset_at);
    *job = (struct s7_transfer_job){.n_parts = (uint8_t)n,
                                    .first_item = (uint32_t)transfer->next_item,
                                    .first_offset = (uint32_t)transfer->next_offset};
    s7_status status = n > 0 ? job_submit(transfer, session, job, parts) : S7_E_TOO_LARGE;
    if (status != S7_OK) {
        call_failed(transfer, status, 0, "");
        return 0;
    }
    job->last_len = (uint16_t)parts[n - 1].len;
    job->open = true;
    transfer->in_flight++;
    transfer->next_item = item_at;
    transfer->next_offset = offset_at;
    return job_id(job);
}

void s7_transfer_pump(struct s7_transfer *transfer, s7_session *session)
{
    while (s7_transfer_submit(transfer, session) != 0)
        ;
}

/* ---- answers ---- */

/* The parts of a job in flight, again. */
struct job_walk {
    const struct s7_transfer *transfer;
    const struct s7_transfer_job *job;
    unsigned done;
    size_t item_at, offset_at;
};

static struct job_walk job_walk_begin(const struct s7_transfer *transfer, const struct s7_transfer_job *job)
{
    return (struct job_walk){transfer, job, 0, job->first_item, job->first_offset};
}

static bool job_walk_next(struct job_walk *walk, struct s7_part *part)
{
    if (walk->done == walk->job->n_parts)
        return false;
    s7_item *item = &walk->transfer->items[walk->item_at];
    size_t whole = s7_item_extent(item, walk->transfer->write), len = whole - walk->offset_at;

    if (++walk->done == walk->job->n_parts)
        len = walk->job->last_len;
    else if (s7_item_bit_by_bit(item, walk->transfer->write))
        len = 1;
    *part = (struct s7_part){item, walk->offset_at, len};
    walk->offset_at += len;
    if (walk->offset_at == whole) {
        walk->item_at++;
        walk->offset_at = 0;
    }
    return true;
}

static void item_failed(s7_item *item, s7_status status, uint8_t code)
{
    if (item->status != S7_OK)
        return;
    item->status = status;
    item->code = code;
}

static void item_good(s7_item *item)
{
    if (item->status == S7_OK)
        item->code = S7_ITEM_OK;
}

static void job_failed(struct s7_transfer *transfer, const struct s7_transfer_job *job, s7_status status,
                       uint16_t plc_error, const char *detail)
{
    struct job_walk walk = job_walk_begin(transfer, job);
    struct s7_part part;

    while (job_walk_next(&walk, &part))
        item_failed(part.item, status, 0);
    call_failed(transfer, status, plc_error, detail);
}

/* Good or not, it is known since then. */
static void job_answered(const struct s7_transfer *transfer, const struct s7_transfer_job *job,
                         int64_t time_ns)
{
    struct job_walk walk = job_walk_begin(transfer, job);
    struct s7_part part;

    while (job_walk_next(&walk, &part))
        part.item->time_ns = time_ns;
}

static bool counts_bits(uint8_t data_size)
{
    return data_size >= S7_DATA_BIT && data_size <= S7_DATA_DINT;
}

/* Payload bytes of a good data unit. Some peers count the other way round (8 times off): what was asked for
 * decides. */
static size_t unit_bytes(uint8_t data_size, uint16_t length, size_t expected)
{
    size_t other = counts_bits(data_size) ? length : ((size_t)length + 7) / 8;

    return other == expected ? expected : s7_data_bytes(data_size, length);
}

static bool known_data_size(uint8_t data_size)
{
    return counts_bits(data_size) || data_size == S7_DATA_REAL || data_size == S7_DATA_OCTETS;
}

static void part_store(const struct s7_part *part, const uint8_t *payload)
{
    uint8_t *data = part->item->data;

    if (s7_item_is_bit(&part->item->address))
        data[0] = payload[0] & 1;
    else
        memcpy(data + part->offset, payload, part->len);
}

/* Take one data unit of a read answer; false: the list cannot be followed any further. */
static bool read_part(struct s7_transfer *transfer, struct s7_rd *rd, const struct s7_part *part, bool last)
{
    uint8_t code, data_size;
    uint16_t length;
    const uint8_t *payload, *fill;

    if (!s7_rd_u8(rd, &code) || !s7_rd_u8(rd, &data_size) || !s7_rd_u16(rd, &length))
        return false;
    if (code != S7_ITEM_OK) { /* whatever its length says, nothing follows */
        item_failed(part->item, s7_item_status(code), code);
        return true;
    }
    size_t bytes = unit_bytes(data_size, length, part->len);
    if (!s7_rd_view(rd, bytes, &payload))
        return false;
    if (bytes % 2 != 0 && !last && !s7_rd_view(rd, 1, &fill))
        return false;
    if (bytes == part->len && known_data_size(data_size)) {
        part_store(part, payload);
        item_good(part->item);
        return true;
    }
    if (transfer->detail[0] == '\0')
        snprintf(transfer->detail, sizeof transfer->detail,
                 "the item's answer has transport size %02X and %zu bytes, expected %zu bytes", data_size,
                 bytes, part->len);
    item_failed(part->item, S7_E_PROTOCOL, code);
    return true;
}

static void read_answer(struct s7_transfer *transfer, const struct s7_transfer_job *job,
                        const struct s7_pdu *pdu)
{
    struct s7_rd rd = {pdu->data, pdu->data_len};
    struct job_walk walk = job_walk_begin(transfer, job);
    struct s7_part part;

    while (job_walk_next(&walk, &part)) {
        if (read_part(transfer, &rd, &part, walk.done == job->n_parts))
            continue;
        job_failed(transfer, job, S7_E_PROTOCOL, 0, "the answer is shorter than its items");
        return;
    }
    if (rd.left > 1) /* one fill byte after the last item is tolerated */
        job_failed(transfer, job, S7_E_PROTOCOL, 0, "the answer is longer than its items");
}

static void write_answer(struct s7_transfer *transfer, const struct s7_transfer_job *job,
                         const struct s7_pdu *pdu)
{
    struct job_walk walk = job_walk_begin(transfer, job);
    struct s7_part part;

    if (pdu->data_len != job->n_parts) {
        job_failed(transfer, job, S7_E_PROTOCOL, 0,
                   "the answer has another number of return codes than items");
        return;
    }
    for (const uint8_t *code = pdu->data; job_walk_next(&walk, &part); code++) {
        if (*code == S7_ITEM_OK)
            item_good(part.item);
        else
            item_failed(part.item, s7_item_status(*code), *code);
    }
}

static struct s7_transfer_job *job_of(struct s7_transfer *transfer, uint64_t id)
{
    for (unsigned i = 0; i < transfer->n_jobs; i++)
        if (transfer->jobs[i].open && job_id(&transfer->jobs[i]) == id)
            return &transfer->jobs[i];
    return NULL;
}

/* A job that was withdrawn failed for what the transfer was given up for. */
static const char *why_job_failed(const struct s7_transfer *transfer, const struct s7_event *event)
{
    bool known = event->withdrawn && transfer->given_up && transfer->detail[0] != '\0';

    return known ? transfer->detail : event->detail;
}

bool s7_transfer_event(struct s7_transfer *transfer, const struct s7_event *event)
{
    struct s7_transfer_job *job = NULL;

    if (event->kind == S7_EVENT_ANSWER || event->kind == S7_EVENT_FAILED)
        job = job_of(transfer, event->id);
    if (job == NULL)
        return false;
    job->open = false;
    transfer->in_flight--;
    if (event->kind == S7_EVENT_ANSWER)
        job_answered(transfer, job, event->time_ns);
    if (event->status == S7_E_CANCELLED && transfer->failed != S7_OK)
        job_failed(transfer, job,
                   transfer->failed == S7_E_OUTCOME_UNKNOWN ? S7_E_CANCELLED : transfer->failed, 0, "");
    else if (event->status != S7_OK)
        job_failed(transfer, job, event->status, event->plc_error, why_job_failed(transfer, event));
    else if (transfer->write)
        write_answer(transfer, job, &event->pdu);
    else
        read_answer(transfer, job, &event->pdu);
    return true;
}

/* ---- the end ---- */

void s7_transfer_fail(struct s7_transfer *transfer, s7_status why, const char *detail)
{
    if (s7_transfer_done(transfer))
        return;
    transfer->given_up |= transfer->failed == S7_OK;
    call_failed(transfer, why, 0, detail);
}

void s7_transfer_cancel(struct s7_transfer *transfer, s7_session *session, s7_status why, const char *detail)
{
    if (s7_transfer_done(transfer))
        return;
    s7_transfer_fail(transfer, why, detail);
    for (unsigned i = 0; i < transfer->n_jobs; i++)
        if (transfer->jobs[i].open)
            s7_session_cancel(session, job_id(&transfer->jobs[i]));
}

void s7_transfer_settle(struct s7_transfer *transfer, const struct s7_transfer *like)
{
    transfer->next_item = transfer->n_items;
    transfer->failed = like->failed;
    transfer->plc_error = like->plc_error;
    memcpy(transfer->detail, like->detail, sizeof transfer->detail);
    for (size_t i = 0; like->failed != S7_OK && i < transfer->n_items; i++)
        item_failed(&transfer->items[i], like->failed, 0);
}

bool s7_transfer_done(const struct s7_transfer *transfer)
{
    return transfer->in_flight == 0 &&
           (transfer->failed != S7_OK || transfer->next_item == transfer->n_items);
}

static int32_t first_bad(const struct s7_transfer *transfer)
{
    for (size_t i = 0; i < transfer->n_items; i++)
        if (transfer->items[i].status != S7_OK)
            return (int32_t)i;
    return -1;
}

static void mark_undone(struct s7_transfer *transfer)
{
    s7_status status = transfer->failed == S7_E_OUTCOME_UNKNOWN ? S7_E_CANCELLED : transfer->failed;

    for (size_t i = transfer->next_item; i < transfer->n_items; i++)
        item_failed(&transfer->items[i], status, 0);
}

s7_status s7_transfer_result(struct s7_transfer *transfer, s7_errinfo *err)
{
    if (transfer->failed != S7_OK)
        mark_undone(transfer);
    int32_t bad = first_bad(transfer);
    s7_status status = transfer->failed != S7_OK ? transfer->failed : bad >= 0 ? S7_E_PARTIAL : S7_OK;

    if (status == S7_OK || err == NULL)
        return status;
    err->item = bad;
    err->plc_error = transfer->plc_error;
    err->item_code = transfer->failed == S7_OK ? transfer->items[bad].code : 0;
    s7_report_came(err, status, transfer->detail);
    return status;
}
