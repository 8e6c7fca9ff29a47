#include "client/service.h"

#include "protocol/userdata.h"

#include <stdio.h>

/* ---- the work ---- */

static struct s7_service *of(struct s7_work *work)
{
    return (struct s7_service *)work;
}

static void finish(struct s7_service *service, s7_status status, const char *detail)
{
    service->done = true;
    service->status = status;
    snprintf(service->detail, sizeof service->detail, "%s", detail);
}

static void pump(struct s7_work *work, s7_session *session)
{
    struct s7_service *service = of(work);
    struct s7_pdu request = {.rosctr = service->rosctr,
                             .param = service->param,
                             .param_len = service->param_len,
                             .data = service->long_data != NULL ? service->long_data : service->data,
                             .data_len = service->data_len};

    if (service->done || service->in_flight || s7_session_window(session) == 0)
        return;
    s7_status status = s7_session_request(session, &request, service->changes, (uint64_t)(uintptr_t)service,
                                          work->deadline_ns);
    service->in_flight = status == S7_OK;
    if (status != S7_OK)
        finish(service, status, "");
}

static bool event(struct s7_work *work, const struct s7_event *event)
{
    struct s7_service *service = of(work);
    bool more = false;

    if ((event->kind != S7_EVENT_ANSWER && event->kind != S7_EVENT_FAILED) || !service->in_flight ||
        event->id != (uint64_t)(uintptr_t)service)
        return false;
    service->in_flight = false;
    if (service->done) /* cancelled: only a change that left says something new */
        service->status = event->status == S7_E_OUTCOME_UNKNOWN ? event->status : service->status;
    else if (event->status == S7_E_PLC && event->plc_error == service->empty_error)
        finish(service, S7_OK, "");
    else if (event->status != S7_OK) {
        service->plc_error = event->plc_error;
        finish(service, event->status, event->detail);
    } else {
        const char *why = service->take(service, &event->pdu, &more);
        if (why != NULL || !more)
            finish(service, why != NULL ? S7_E_PROTOCOL : S7_OK, why != NULL ? why : "");
    }
    return true;
}

static void cancel(struct s7_work *work, s7_session *session, s7_status why, const char *detail)
{
    struct s7_service *service = of(work);

    if (service->done)
        return;
    finish(service, why, detail);
    if (service->in_flight)
        s7_session_cancel(session, (uint64_t)(uintptr_t)service);
}

static bool waits(const struct s7_work *work)
{
    return ((const struct s7_service *)work)->in_flight;
}

static bool done(const struct s7_work *work)
{
    const struct s7_service *service = (const struct s7_service *)work;

    return service->done && !service->in_flight;
}

static const struct s7_work_ops ops = {pump, event, cancel, waits, done};

s7_status s7_service_result(const struct s7_service *service, uint16_t *plc_error, const char **detail)
{
    *plc_error = service->plc_error;
    *detail = service->detail;
    return service->status;
}

/* ---- requests and answers ---- */

static struct s7_wr param_writer(struct s7_service *service)
{
    return (struct s7_wr){.buf = service->param, .cap = sizeof service->param};
}

/* As many bytes as fit behind the first `used` ones; returns how many. */
static size_t fill(uint8_t *to, size_t cap, size_t used, const uint8_t *bytes, size_t len)
{
    size_t room = cap > used ? cap - used : 0, n = len < room ? len : room;

    if (n > 0)
        memcpy(to + used, bytes, n);
    return n;
}

/* false: this is no answer of a PLC. */
static bool gather(struct s7_service *service, const uint8_t *bytes, size_t len, size_t max)
{
    if (len > max - service->len)
        return false;
    size_t in_head = fill(service->head, service->head_len, service->len, bytes, len);

    service->len += in_head;
    if (in_head == len)
        return true;
    uint8_t *out = service->out != NULL ? service->out : service->own;
    fill(out, service->cap, service->len - service->head_len, bytes + in_head, len - in_head);
    service->len += len - in_head;
    return true;
}

/* ---- userdata ---- */

static void ask(struct s7_service *service, const struct s7_userdata *userdata, struct s7_wr *data)
{
    struct s7_wr param = param_writer(service);

    s7_userdata_param_append(&param, userdata);
    s7_userdata_data_append(data, userdata);
    service->rosctr = S7_ROSCTR_USERDATA;
    service->param_len = param.len;
    service->data_len = data->len;
}

void s7_service_ask(struct s7_service *service, const struct s7_userdata *request)
{
    struct s7_wr data = {.buf = service->data, .cap = sizeof service->data};

    service->long_data = NULL;
    ask(service, request, &data);
}

void s7_service_ask_long(struct s7_service *service, const struct s7_userdata *request, uint8_t *buf,
                         size_t cap)
{
    struct s7_wr data = {.buf = buf, .cap = cap};

    service->long_data = buf;
    ask(service, request, &data);
}

static const char *take_userdata(struct s7_service *service, const struct s7_pdu *answer, bool *more)
{
    struct s7_userdata userdata;

    if (s7_userdata_decode(answer, &userdata) != S7_OK)
        return "userdata whose lengths do not add up";
    if (service->begun && userdata.unit_ref != service->unit_ref)
        return "a unit of another answer (data unit reference)";
    service->begun = true;
    service->unit_ref = userdata.unit_ref;
    *more = userdata.last_unit != 0;
    if (*more && userdata.payload_len == 0)
        return "a unit without data that says more follows";
    struct s7_userdata next = s7_userdata_follow_up(&userdata);
    if (*more)
        s7_service_ask(service, &next);
    return gather(service, userdata.payload, userdata.payload_len, S7_SERVICE_MAX)
               ? NULL
               : "the answers carry more than 64 KiB";
}

void s7_service_userdata(struct s7_service *service, uint8_t group, uint8_t subfunction,
                         const uint8_t *payload, size_t payload_len, void *out, size_t cap)
{
    struct s7_userdata request = s7_userdata_request(group, subfunction, payload, payload_len);

    *service = (struct s7_service){.work.ops = &ops, .out = out, .cap = cap, .take = take_userdata};
    s7_service_ask(service, &request);
}

void s7_service_begin(struct s7_service *service,
                      const char *(*take)(struct s7_service *service, const struct s7_pdu *answer,
                                          bool *more))
{
    *service = (struct s7_service){.work.ops = &ops, .take = take};
}

/* ---- control ---- */

static const char *take_nothing(struct s7_service *service, const struct s7_pdu *answer, bool *more)
{
    (void)service;
    (void)answer;
    *more = false;
    return NULL;
}

static void begin_control(struct s7_service *service)
{
    *service =
        (struct s7_service){.work.ops = &ops, .changes = true, .rosctr = S7_ROSCTR_JOB, .take = take_nothing};
}

void s7_service_control(struct s7_service *service, enum s7_control control)
{
    begin_control(service);
    struct s7_wr param = param_writer(service);

    s7_control_append(&param, control);
    service->param_len = param.len;
}

void s7_service_block_control(struct s7_service *service, enum s7_block_control control, uint8_t type,
                              uint16_t number)
{
    begin_control(service);
    struct s7_wr param = param_writer(service);

    s7_block_control_append(&param, control, type, number);
    service->param_len = param.len;
}

/* ---- upload ---- */

/* Checked behind the end, which the PLC must be told of in any case. */
static const char *take_end(struct s7_service *service, const struct s7_pdu *answer, bool *more)
{
    (void)answer;
    *more = false;
    if (service->block_len != 0 && service->len != service->block_len)
        return "the block is longer or shorter than it says";
    return NULL;
}

static const char *take_piece(struct s7_service *service, const struct s7_pdu *answer, bool *more)
{
    struct s7_wr param = param_writer(service);
    struct s7_rd piece;
    bool last;

    if (s7_upload_decode(answer, &piece, &last) != S7_OK)
        return "a piece of a block whose lengths do not add up";
    if (!last && piece.left == 0)
        return "a piece of a block without data that says more follows";
    *more = true;
    if (last) {
        s7_upload_end_append(&param, service->upload_id);
        service->param_len = param.len;
        service->take = take_end;
    }
    if (service->len == 0) /* its own head counts more than what was announced */
        s7_block_file_len(piece, &service->block_len);
    return gather(service, piece.at, piece.left, S7_DOWNLOAD_MAX)
               ? NULL
               : "the block has more than 999999 bytes, which no request to download one can say";
}

static const char *take_start(struct s7_service *service, const struct s7_pdu *answer, bool *more)
{
    struct s7_wr param = param_writer(service);

    if (s7_upload_start_decode(answer, &service->upload_id, &service->block_len) != S7_OK)
        return "the answer to the start of an upload has no id";
    s7_upload_append(&param, service->upload_id);
    service->param_len = param.len;
    service->take = take_piece;
    *more = true;
    return NULL;
}

void s7_service_upload(struct s7_service *service, uint8_t type, uint16_t number, void *out, size_t cap)
{
    *service = (struct s7_service){
        .work.ops = &ops, .rosctr = S7_ROSCTR_JOB, .out = out, .cap = cap, .take = take_start};
    struct s7_wr param = param_writer(service);

    s7_upload_start_append(&param, type, number);
    service->param_len = param.len;
}
